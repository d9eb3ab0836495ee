//! The page over all connections: the newest snapshot of each, and a link to its report. It has no script.

use std::fmt::Write;

use jiff::Timestamp;
use rollcall_connector::Error;
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_engine::store::keys::{Keys, REPORTS};
use rollcall_engine::store::{Body, PutError, PutMode, Store, get_json};

use super::chart::grouped;
use crate::html::{escaped, policy_hash};
use crate::stored::{Stored, manifest_of};

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/page.css");

/// How often it is tried to write the page while others write it.
const ATTEMPTS: usize = 8;

/// The newest snapshot of a connection.
struct Row {
    connector: String,
    connection: String,
    latest: Latest,
    manifest: Option<Manifest>,
    waiting: Option<Manifest>,
    /// The report's key, if there is one.
    report: Option<String>,
}

/// Writes the page. Whoever writes last has read what all others wrote before, so that no row is lost.
pub(super) async fn write(store: &dyn Store) -> Result<String, Error> {
    let key = format!("{REPORTS}index.html");
    for attempt in 1.. {
        let found = store.get(&key).await?;
        let page = page(&rows(store).await?);
        let mode = match &found {
            Some(object) if object.bytes == page.as_bytes() => break,
            Some(object) => PutMode::Update(&object.version),
            None => PutMode::Create,
        };
        match store.put(&key, Body::Bytes(page.as_bytes()), mode).await {
            Ok(_) => break,
            Err(PutError::Condition(_)) if attempt < ATTEMPTS => {}
            Err(e) => return Err(e.into_error("the page over all reports")),
        }
    }
    Ok(key)
}

async fn rows(store: &dyn Store) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for pointer in store.list("latest/").await? {
        let name = pointer.strip_prefix("latest/").and_then(|name| name.strip_suffix(".json"));
        let Some((connector, connection)) = name.and_then(|name| name.split_once('/')) else {
            continue;
        };
        let Some((latest, _)) = get_json::<Latest>(store, &pointer).await? else { continue };
        let keys = Keys { connector, connection };
        let report = keys.report(&latest.sync_id);
        let exists = store.list(&report).await?.contains(&report);
        rows.push(Row {
            connector: connector.to_owned(),
            connection: connection.to_owned(),
            manifest: manifest_of(store, keys, &latest.sync_id).await?,
            waiting: Stored::list(store, keys)
                .await?
                .waiting(store, keys, latest.generation)
                .await?,
            report: exists.then_some(report),
            latest,
        });
    }
    Ok(rows)
}

fn page(rows: &[Row]) -> String {
    let mut lines = String::new();
    rows.iter().for_each(|row| row.write(&mut lines));
    let total: u64 = rows.iter().filter_map(Row::grants).sum();
    PAGE.replace("{{style_hash}}", &policy_hash(STYLE))
        .replace("{{style}}", STYLE)
        .replace("{{connections}}", &grouped(rows.len() as u64))
        .replace("{{grants}}", &grouped(total))
        .replace("{{rows}}", &lines)
}

impl Row {
    fn grants(&self) -> Option<u64> {
        self.manifest.as_ref().map(|m| m.counts.grants + m.counts.expanded)
    }

    fn write(&self, page: &mut String) {
        let name = format!(
            "<span class=\"kind\">{}</span> {}",
            escaped(&self.connector),
            escaped(&self.connection)
        );
        let name = match self.report.as_deref().and_then(|key| key.strip_prefix(REPORTS)) {
            Some(link) => format!("<a href=\"{}\">{name}</a>", escaped(link)),
            None => name,
        };
        let tenant = match &*self.latest.tenant {
            "" => String::new(),
            tenant => format!("<div class=\"muted\"><bdi>{}</bdi></div>", escaped(tenant)),
        };
        let resources = self.manifest.as_ref().map(|m| m.counts.resources);
        let [resources, grants] = [resources, self.grants()]
            .map(|count| count.map_or_else(|| "unknown".to_owned(), grouped));
        // Writing to a text cannot fail.
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{name}{tenant}</th><td>{}</td><td class=\"number\">{resources}</td><td class=\"number\">{grants}</td><td>{}</td></tr>",
            time(self.latest.ended_at),
            self.state()
        );
    }

    /// What a reader should know about the snapshot, in words.
    fn state(&self) -> String {
        let mut words = Vec::new();
        if let Some(waiting) = &self.waiting {
            let at = time(waiting.ended_at);
            words.push(format!(
                "<span class=\"badge bad\">A newer snapshot of {at} is held back after a sudden loss</span>"
            ));
        }
        match self.manifest.as_ref().map(|m| m.warnings.len()) {
            None => words.push("<span class=\"badge\">Manifest expired</span>".to_owned()),
            Some(0) => words.push("<span class=\"badge good\">No warnings</span>".to_owned()),
            Some(1) => words.push("<span class=\"badge warn\">1 warning</span>".to_owned()),
            Some(n) => words.push(format!("<span class=\"badge warn\">{n} warnings</span>")),
        }
        if self.report.is_none() {
            words.push("<span class=\"badge\">No report</span>".to_owned());
        }
        words.join(" ")
    }
}

/// A time for people.
fn time(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}
