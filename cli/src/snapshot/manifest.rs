//! What is known about a snapshot besides what is in it.

use rollcall_connector::Error;
use rollcall_engine::catalog::manifest::{Manifest, Status};

use crate::failure::{Exit, Failure};
use crate::output::{self, Format};

/// Shows it.
pub(super) fn run(manifest: Manifest, format: Format) -> Result<Exit, Failure> {
    match format {
        Format::Json => {
            let value = serde_json::to_value(&manifest);
            output::json(&value.map_err(Error::no_json)?)
        }
        Format::Csv => Err(Failure::Usage("a manifest is no list: use -o json".into())),
        Format::Table => {
            output::pairs(&describe(&manifest))?;
            Ok(Exit::Done)
        }
    }
}

fn describe(m: &Manifest) -> Vec<(&'static str, String)> {
    let status = match m.status {
        Status::Published => "published",
        Status::Held => "held for a sudden loss",
    };
    let usage = &m.usage;
    let mut lines = vec![
        ("connection", format!("{}/{}", m.connector, m.connection)),
        ("tenant", m.tenant.clone()),
        (
            "sync",
            format!("{} (generation {})", m.sync_id, m.generation),
        ),
        ("status", status.to_owned()),
        ("began", m.started_at.to_string()),
        ("ended", format!("{} ({} ms)", m.ended_at, m.duration_ms)),
        ("snapshot", m.snapshot.key.clone()),
        ("bytes", m.snapshot.bytes.to_string()),
        ("sha256", m.snapshot.sha256.clone()),
        ("content", m.digests.content.clone()),
        ("resources", m.counts.resources.to_string()),
        ("entitlements", m.counts.entitlements.to_string()),
        (
            "grants",
            format!("{} stated, {} derived", m.counts.grants, m.counts.expanded),
        ),
        (
            "calls",
            format!("{}, {} of them repeated", usage.calls, usage.retries),
        ),
        ("waits", format!("{} ({} ms)", usage.waits, usage.wait_ms)),
        (
            "versions",
            format!("rollcall {}, {}", m.versions.rollcall, m.versions.snapshot),
        ),
    ];
    lines.extend(
        m.credential_expires_at
            .map(|at| ("key ends", at.to_string())),
    );
    lines.extend(
        m.stubs
            .iter()
            .map(|(kind, n)| ("not shown", format!("{n} {kind}"))),
    );
    lines.extend(m.losses.iter().map(|loss| ("loss", loss.to_string())));
    lines.extend(
        m.warnings
            .iter()
            .map(|w| ("warning", format!("{}: {}", w.code, w.message))),
    );
    lines.extend(
        m.blind_spots
            .iter()
            .map(|spot| ("blind spot", spot.clone())),
    );
    lines
}
