//! The entitlements of a principal, and the ways by which they are granted.

use jiff::Timestamp;
use rollcall_connector::counted;
use rollcall_snapshot::{Access, AccessKind, Snapshot};
use serde::Serialize;

use super::source::Ends;
use crate::failure::Failure;
use crate::output::{self, Format, Listing, Row};

/// One path by which a principal has an entitlement.
#[derive(Serialize)]
struct AccessPath<'a> {
    entitlement: &'a str,
    display_name: &'a str,
    resource: &'a str,
    resource_name: &'a str,
    kind: AccessKind,
    immutable: bool,
    /// The entitlements on the way; the last is the entitlement itself.
    via: Vec<&'a str>,
    path: String,
    /// When the grant at the beginning of the path ends, if it is temporary.
    until: Option<Timestamp>,
}

impl Row for AccessPath<'_> {
    const COLUMNS: &'static [&'static str] =
        &["Entitlement", "Display name", "Resource name", "How", "Path", "Until"];

    fn cells(&self) -> Vec<String> {
        let how = match self.via.len() {
            1 => "direct",
            _ => "inherited",
        };
        let (id, name, on) = (self.entitlement, self.display_name, self.resource_name);
        let until = self.until.map(|at| at.to_string()).unwrap_or_default();
        [id, name, on, how, &self.path, &until].map(str::to_owned).into()
    }
}

/// Lists the entitlements of a principal.
pub(super) fn run(
    snapshot: &Snapshot,
    ends: &Ends,
    principal: &str,
    format: Format,
) -> Result<(), Failure> {
    let access = snapshot.access(principal)?;
    if format == Format::Table {
        let who = &access.principal;
        let status = who.status.map(|s| format!(" ({s})")).unwrap_or_default();
        output::line(&format!("{} {}{status}", who.id, who.display_name))?;
    }
    let mut list = Listing::new::<AccessPath<'_>>(format)?;
    for held in &access.holds {
        let mut paths: Vec<_> = held.paths.iter().map(Vec::as_slice).collect();
        if paths.is_empty() {
            // The snapshot states that the entitlement is inherited, but not from what.
            paths.push(&[]);
        }
        for hops in paths {
            list.row(&AccessPath {
                entitlement: &held.entitlement,
                display_name: &held.display_name,
                resource: &held.resource,
                resource_name: &held.resource_name,
                kind: held.kind,
                immutable: held.immutable,
                via: hops.iter().map(|hop| hop.entitlement.as_str()).collect(),
                path: match hops {
                    [] => "unknown".to_owned(),
                    hops => access.path(hops),
                },
                until: hops.first().and_then(|hop| ends.of(&hop.entitlement, &access.principal.id)),
            })?;
        }
    }
    list.finish()?;
    note_limits(&access);
    Ok(())
}

fn note_limits(access: &Access) {
    let holds = access.holds.iter();
    let implied = holds.clone().filter(|held| held.kind == AccessKind::Implied).count();
    if implied > 0 {
        output::note(&format!(
            "this snapshot is not expanded: its expandable grants imply {implied} of these entitlements"
        ));
    }
    let shortened = holds.filter(|held| held.more_paths).count();
    if shortened > 0 {
        output::note(&format!(
            "some paths are not shown: there are too many to {}",
            counted(shortened, "entitlement")
        ));
    }
}
