//! The manifest of a snapshot: what is known about it besides its content.

use rollcall_engine::catalog::manifest::{Manifest, Status};

use crate::failure::Failure;
use crate::output::{self, Format, Report, stated_and_inherited};

/// Prints the manifest.
pub(super) fn run(manifest: &Manifest, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => Ok(output::json(manifest)?),
        Format::Csv => Err(Failure::Usage("a manifest is not a list: use -o json".into())),
        Format::Table => Ok(report(manifest).print()?),
    }
}

fn report(m: &Manifest) -> Report {
    let mut report = Report::default();
    let status = match m.status {
        Status::Published => "published",
        Status::Held => "held: quarantined after a sudden loss",
    };
    let (connection, usage, counts) = (&m.connection, &m.usage, &m.counts);
    report.add("connection", format!("{}/{connection}", m.connector));
    report.add("tenant", &m.tenant);
    let generation = m.generation;
    report.add("sync", format!("{} (generation {generation})", m.sync_id));
    report.add("status", status);
    report.add("began", m.started_at);
    report.add("ended", format!("{} ({} ms)", m.ended_at, m.duration_ms));
    report.add("snapshot", &m.snapshot.key);
    report.add("bytes", m.snapshot.bytes);
    report.add("sha256", &m.snapshot.sha256);
    report.add("content", &m.digests.content);
    report.add("resources", counts.resources);
    report.add("entitlements", counts.entitlements);
    report.add("grants", stated_and_inherited(counts.grants, counts.expanded));
    let (calls, retries) = (usage.calls, usage.retries);
    report.add("calls", format!("{calls}, {retries} of them repeated"));
    report.add("waits", format!("{} ({} ms)", usage.waits, usage.wait_ms));
    let versions = &m.versions;
    let versions = format!("rollcall {}, {}", versions.rollcall, versions.snapshot);
    report.add("versions", versions);
    report.each("key expires", m.credential_expires_at);
    let stubs = m.stubs.iter();
    report.each("not listed", stubs.map(|(kind, n)| format!("{n} {kind}")));
    report.each("loss", &m.losses);
    let warnings = m.warnings.iter();
    let warnings = warnings.map(|w| format!("{}: {}", w.code, w.message));
    report.each("warning", warnings);
    report.each("blind spot", &m.blind_spots);
    report
}
