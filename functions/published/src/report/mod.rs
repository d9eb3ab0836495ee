//! The report: a page on a snapshot for people, in one file that loads nothing, and the page over all connections.
//!
//! The page has its first view as plain JSON, and the data of all others compressed. Its bytes depend on what it is made
//! from alone.

mod background;
mod changes;
mod chart;
mod data;
mod holders;
mod index;
mod privileged;
mod records;
mod summary;

use rollcall_connector::Error;
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_engine::expiration::Expiration;
use rollcall_engine::store::{Body, PutMode, Store};
use rollcall_snapshot::Snapshot;

use crate::html::{policy_hash, script_json};
use crate::source::Published;
use background::Background;
use chart::chart;
use holders::Holders;
use records::Records;
use summary::{Point, Summary};

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("page/data.js"),
    include_str!("page/access.js"),
    include_str!("page/parts.js"),
    include_str!("page/overview.js"),
    include_str!("page/views.js"),
    include_str!("page/main.js")
);

/// What a report is made from.
struct Sources<'a> {
    snapshot: &'a Snapshot,
    previous: Option<&'a Snapshot>,
    manifest: Option<&'a Manifest>,
    /// The published snapshots up to this one, oldest first.
    history: &'a [Manifest],
    /// A newer snapshot that waits to be accepted.
    waiting: Option<&'a Manifest>,
    /// Whether this is known to be the newest published snapshot.
    is_latest: bool,
    /// The open ends of temporary grants; `None`: unknown.
    ends: Option<&'a [Expiration]>,
}

/// The report on a snapshot that no store is known of: without history, changes and ends of temporary grants.
pub fn of_file(snapshot: &Snapshot, manifest: Option<&Manifest>) -> Result<String, Error> {
    let (previous, waiting, ends) = (None, None, None);
    page(&Sources { snapshot, previous, manifest, history: &[], waiting, is_latest: false, ends })
}

/// The report on a snapshot in a store.
pub async fn of_published(store: &dyn Store, published: &Published) -> Result<String, Error> {
    let background = Background::read(store, &published.manifest).await?;
    page(&Sources {
        snapshot: &published.snapshot,
        previous: published.previous.as_ref(),
        manifest: Some(&published.manifest),
        history: &background.history,
        waiting: background.waiting.as_ref(),
        is_latest: background.is_latest,
        ends: Some(&background.ends),
    })
}

/// Writes the report on a snapshot into the store, and then the page over all connections. Returns their keys.
pub async fn write(store: &dyn Store, published: &Published) -> Result<Vec<String>, Error> {
    let key = published.keys().report(&published.manifest.sync_id);
    let page = of_published(store, published).await?;
    let written = store.put(&key, Body::Bytes(page.as_bytes()), PutMode::Overwrite).await;
    written.map_err(|e| e.into_error("the report"))?;
    Ok(vec![key, index::write(store).await?])
}

fn page(sources: &Sources<'_>) -> Result<String, Error> {
    let records = Records::read(sources.snapshot)?;
    let holders = Holders::of(&records);
    let summary = Summary::of(sources, &records, &holders)?;
    let ends = sources.ends.unwrap_or_default();
    let data = data::packed(sources.snapshot, &records, &holders, ends)?;
    let counts = |count: fn(&Point) -> u64| -> Vec<_> {
        summary.history().iter().map(|point| (point.at, count(point))).collect()
    };
    let accounts = chart("accounts", "Accounts", &counts(|point| point.accounts))?;
    let grants = chart("grants", "Grants", &counts(|point| point.grants))?;
    Ok(PAGE
        .replace("{{style_hash}}", &policy_hash(STYLE))
        .replace("{{script_hash}}", &policy_hash(SCRIPT))
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT)
        .replace("{{accounts_chart}}", accounts.as_deref().unwrap_or_default())
        .replace("{{grants_chart}}", grants.as_deref().unwrap_or_default())
        .replace("{{data}}", data.as_deref().unwrap_or_default())
        // Last, so that nothing in it is replaced.
        .replace("{{summary}}", &script_json(&summary)?))
}
