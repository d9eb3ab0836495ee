//! What a principal holds, and how it comes to it.

use rollcall_snapshot::{Access, AccessKind, Snapshot};
use serde::Serialize;

use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Listing, Row};

/// A way to an entitlement.
#[derive(Serialize)]
struct Way<'a> {
    entitlement: &'a str,
    display_name: &'a str,
    resource: &'a str,
    resource_name: &'a str,
    kind: AccessKind,
    immutable: bool,
    /// The entitlements held on the way, the one itself last.
    via: Vec<&'a str>,
    path: String,
}

impl Row for Way<'_> {
    fn cells(&self) -> Vec<String> {
        let how = match self.via.len() {
            0 | 1 => "direct",
            _ => "through",
        };
        [
            self.entitlement,
            self.display_name,
            self.resource_name,
            how,
            &self.path,
        ]
        .map(str::to_owned)
        .into()
    }
}

/// Shows it.
pub(super) fn run(snapshot: &Snapshot, principal: &str, format: Format) -> Result<Exit, Failure> {
    let access = snapshot.access(principal)?;
    if format == Format::Table {
        let who = &access.principal;
        let status = who.status.map(|s| format!(" ({s})")).unwrap_or_default();
        output::line(&format!("{} {}{status}", who.id, who.display_name))?;
    }
    let mut list = Listing::new(
        format,
        &[
            "Entitlement",
            "Display name",
            "Resource name",
            "How",
            "Path",
        ],
    );
    for held in &access.holds {
        let mut ways: Vec<_> = held.paths.iter().map(Vec::as_slice).collect();
        if ways.is_empty() {
            // The snapshot says that it follows, and not from what.
            ways.push(&[]);
        }
        for hops in ways {
            list.row(&Way {
                entitlement: &held.entitlement,
                display_name: &held.display_name,
                resource: &held.resource,
                resource_name: &held.resource_name,
                kind: held.kind,
                immutable: held.immutable,
                via: hops.iter().map(|hop| hop.entitlement.as_str()).collect(),
                path: if hops.is_empty() {
                    "unknown".to_owned()
                } else {
                    access.path(hops)
                },
            })?;
        }
    }
    list.finish()?;
    remarks(&access);
    Ok(Exit::Done)
}

fn remarks(access: &Access) {
    let implied = access
        .holds
        .iter()
        .filter(|held| held.kind == AccessKind::Implied)
        .count();
    if implied > 0 {
        output::note(&format!(
            "this snapshot is not expanded: {implied} of these entitlements were worked out from its expandable grants"
        ));
    }
    let shortened = access.holds.iter().filter(|held| held.more_paths).count();
    if shortened > 0 {
        output::note(&format!(
            "there are more paths to {shortened} of these entitlements than are shown"
        ));
    }
}
