//! The counts of a snapshot.

use rollcall_snapshot::Snapshot;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{self, Format, Listing, Report, Row, stated_and_inherited};

/// The counts of a resource type.
#[derive(Serialize)]
struct TypeCounts<'a> {
    resource_type: &'a str,
    resources: u64,
    entitlements: u64,
    grants: u64,
}

impl Row for TypeCounts<'_> {
    const COLUMNS: &'static [&'static str] =
        &["Resource type", "Resources", "Entitlements", "Grants"];

    fn cells(&self) -> Vec<String> {
        let [resources, entitlements, grants] =
            [self.resources, self.entitlements, self.grants].map(|n| n.to_string());
        vec![self.resource_type.to_owned(), resources, entitlements, grants]
    }
}

/// Prints the counts.
pub(super) fn run(snapshot: &Snapshot, format: Format) -> Result<(), Failure> {
    let stats = snapshot.stats()?;
    if format == Format::Json {
        return Ok(output::json(&stats)?);
    }
    if format == Format::Table {
        let mut report = Report::default();
        let time = |at: Option<jiff::Timestamp>| at.map(|t| t.to_string()).unwrap_or_default();
        let sync = &stats.sync;
        report.add("snapshot", snapshot.name());
        report.add("sync", format!("{} ({})", sync.sync_id, sync.sync_type));
        report.add("began", time(sync.started_at));
        report.add("ended", time(sync.ended_at));
        let bytes = format!("{} ({} decoded)", stats.bytes, stats.decoded_bytes);
        report.add("bytes", bytes);
        report.add("resource types", stats.resource_types);
        report.add("resources", stats.resources);
        report.add("entitlements", stats.entitlements);
        let (stated, inherited) = (stats.direct_grants, stats.derived_grants);
        let grants = stated_and_inherited(stated, inherited);
        let grants = format!("{grants}; {} expandable", stats.expandable_grants);
        report.add("grants", grants);
        report.print()?;
    }
    let mut list = Listing::new::<TypeCounts<'_>>(format)?;
    for (resource_type, n) in &stats.by_resource_type {
        list.row(&TypeCounts {
            resource_type,
            resources: n.resources,
            entitlements: n.entitlements,
            grants: n.grants,
        })?;
    }
    Ok(list.finish()?)
}
