//! How much there is in a snapshot.

use rollcall_connector::Error;
use rollcall_snapshot::Snapshot;
use serde::Serialize;

use crate::failure::{Exit, Failure};
use crate::output::{self, Format, Listing, Row};

/// How much there is of a resource type.
#[derive(Serialize)]
struct TypeRow<'a> {
    resource_type: &'a str,
    resources: u64,
    entitlements: u64,
    grants: u64,
}

impl Row for TypeRow<'_> {
    fn cells(&self) -> Vec<String> {
        let numbers = [self.resources, self.entitlements, self.grants].map(|n| n.to_string());
        std::iter::once(self.resource_type.to_owned())
            .chain(numbers)
            .collect()
    }
}

/// Shows it.
pub(super) fn run(snapshot: &Snapshot, format: Format) -> Result<Exit, Failure> {
    let stats = snapshot.stats()?;
    match format {
        Format::Json => {
            let value = serde_json::to_value(&stats);
            return output::json(&value.map_err(Error::no_json)?);
        }
        Format::Csv => {}
        Format::Table => {
            let time = |at: Option<jiff::Timestamp>| at.map(|t| t.to_string()).unwrap_or_default();
            output::pairs(&[
                ("snapshot", snapshot.name().to_owned()),
                (
                    "sync",
                    format!("{} ({})", stats.sync.sync_id, stats.sync.sync_type),
                ),
                ("began", time(stats.sync.started_at)),
                ("ended", time(stats.sync.ended_at)),
                (
                    "bytes",
                    format!("{}, decoded {}", stats.bytes, stats.decoded_bytes),
                ),
                ("resource types", stats.resource_types.to_string()),
                ("resources", stats.resources.to_string()),
                ("entitlements", stats.entitlements.to_string()),
                (
                    "grants",
                    format!(
                        "{}: {} direct, {} derived; {} are passed on to members",
                        stats.grants,
                        stats.direct_grants,
                        stats.derived_grants,
                        stats.expandable_grants
                    ),
                ),
            ])?;
        }
    }
    let mut list = Listing::new(
        format,
        &["Resource type", "Resources", "Entitlements", "Grants"],
    );
    for (resource_type, n) in &stats.by_resource_type {
        list.row(&TypeRow {
            resource_type,
            resources: n.resources,
            entitlements: n.entitlements,
            grants: n.grants,
        })?;
    }
    list.finish()?;
    Ok(Exit::Done)
}
