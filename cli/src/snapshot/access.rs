//! The entitlements of a principal, and the ways by which they are granted.

use jiff::Timestamp;
use rollcall_connector::counted;
use rollcall_engine::expiration::Ends;
use rollcall_snapshot::{Access, AccessKind, Hop, Resource, Snapshot};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{self, Format, Listing, Row};

/// One path by which a principal has an entitlement.
#[derive(Serialize)]
pub(crate) struct AccessPath<'a> {
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
        output::line(&heading(&access.principal))?;
    }
    list(&access, ends, format)?;
    note_limits(&access);
    Ok(())
}

/// The principal in one line.
pub(crate) fn heading(who: &Resource) -> String {
    let status = who.status.map(|s| format!(" ({s})")).unwrap_or_default();
    format!("{} {}{status}", who.id, who.display_name)
}

/// Prints the list.
pub(crate) fn list(access: &Access, ends: &Ends, format: Format) -> Result<(), Failure> {
    let mut list = Listing::new::<AccessPath<'_>>(format)?;
    paths(access, ends).try_for_each(|path| list.row(&path))?;
    Ok(list.finish()?)
}

/// Every path to every entitlement.
pub(crate) fn paths<'a>(
    access: &'a Access,
    ends: &'a Ends,
) -> impl Iterator<Item = AccessPath<'a>> {
    access.holds.iter().flat_map(move |held| {
        let mut paths: Vec<&[Hop]> = held.paths.iter().map(Vec::as_slice).collect();
        if paths.is_empty() {
            // The snapshot states that the entitlement is inherited, but not from what.
            paths.push(&[]);
        }
        paths.into_iter().map(move |hops| AccessPath {
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
        })
    })
}

/// Reports what the list cannot show.
pub(crate) fn note_limits(access: &Access) {
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
