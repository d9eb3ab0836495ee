//! The changes as events for a bus: each by itself or, if there are many, one that names the file.

use std::io::{BufRead, BufReader};

use rollcall_connector::Error;
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_snapshot::scratch;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Activity, Changes};
use crate::bus::{Bus, BusEvent, MAX_BYTES, MAX_ENTRIES};

/// The most changes that are put onto the bus one by one.
const MOST: u64 = 1000;

/// What an event is cut to if it is too large: bytes of a text and entries of a list. The rest of it has fewer than a
/// hundred texts, and JSON takes six bytes for one at most.
const TEXT: usize = 256;
const ENTRIES: usize = 32;

const SOURCE: &str = "rollcall.change";

/// The part of a line that becomes the event's type.
#[derive(Deserialize)]
struct Head {
    class_name: String,
}

#[derive(Serialize)]
struct Count<'a> {
    #[serde(flatten)]
    activity: &'a Activity,
    count: u64,
}

/// Puts the changes onto the bus.
pub(super) async fn send(
    bus: &Bus,
    manifest: &Manifest,
    key: &str,
    changes: &Changes,
) -> Result<(), Error> {
    if changes.count() > MOST {
        return bus.put(&[summary(manifest, key, changes)?]).await;
    }
    let file = changes.file.reopen().map_err(scratch)?;
    let mut lines = BufReader::new(file).lines().peekable();
    while lines.peek().is_some() {
        let batch = lines.by_ref().take(MAX_ENTRIES);
        let batch = batch.map(|line| notice(line.map_err(scratch)?));
        bus.put(&batch.collect::<Result<Vec<_>, _>>()?).await?;
    }
    Ok(())
}

/// The event of a line.
fn notice(detail: String) -> Result<BusEvent, Error> {
    let head: Head = serde_json::from_str(&detail).map_err(Error::not_json)?;
    let mut notice = BusEvent { source: SOURCE, detail_type: head.class_name, detail };
    if notice.size() > MAX_BYTES {
        let mut detail: Value = serde_json::from_str(&notice.detail).map_err(Error::not_json)?;
        shorten(&mut detail);
        notice.detail = detail.to_string();
    }
    Ok(notice)
}

/// The event that stands for many changes.
fn summary(manifest: &Manifest, key: &str, changes: &Changes) -> Result<BusEvent, Error> {
    let Manifest { connector, connection, tenant, sync_id, previous_sync_id, .. } = manifest;
    let counts = changes.counts.iter().map(|(activity, count)| Count { activity, count: *count });
    let detail = json!({
        "connector": connector, "connection": connection, "tenant": tenant, "sync_id": sync_id,
        "previous_sync_id": previous_sync_id, "time": manifest.started_at.as_millisecond(), "key": key,
        "changes": changes.count(), "counts": counts.collect::<Vec<_>>(),
    });
    Ok(BusEvent { source: SOURCE, detail_type: "Changes".to_owned(), detail: detail.to_string() })
}

/// Shortens an event that is too large, and marks it: what changed is left out of its fields, long texts and lists are cut.
/// The line in the file is complete.
fn shorten(detail: &mut Value) {
    let rollcall = &mut detail["unmapped"]["rollcall"];
    for field in rollcall["fields"].as_array_mut().into_iter().flatten() {
        *field = json!({"name": field["name"].take()});
    }
    rollcall["shortened"] = true.into();
    cut(detail);
}

fn cut(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > TEXT => {
            text.truncate(text.floor_char_boundary(TEXT));
            text.push('…');
        }
        Value::Array(entries) => {
            entries.truncate(ENTRIES);
            entries.iter_mut().for_each(cut);
        }
        Value::Object(fields) => fields.values_mut().for_each(cut),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_is_too_large_is_shortened_and_says_so() {
        let (text, many) = ("\u{1}".repeat(10_000), vec![json!("\u{1}".repeat(1000)); 40]);
        let fields = vec![json!({"name": text, "old": text, "new": many}); 100];
        let line = |text: &str, sources: &[Value], fields: &[Value]| {
            let rollcall = json!({"id": text, "sources": sources, "fields": fields});
            let user = json!({"uid": text, "name": text, "display_name": text});
            json!({"class_name": "Account Change", "message": text, "user": user, "unmapped": {"rollcall": rollcall}})
        };
        let small = line("a", &[json!("b")], &[json!({"name": "c", "old": 1, "new": 2})]);
        let whole = notice(small.to_string()).expect("an event");
        assert_eq!((&*whole.detail_type, whole.detail), ("Account Change", small.to_string()));
        let large = notice(line(&text, &many, &fields).to_string()).expect("an event");
        assert!(large.size() <= MAX_BYTES, "{}", large.size());
        let detail: Value = serde_json::from_str(&large.detail).expect("JSON");
        let rollcall = &detail["unmapped"]["rollcall"];
        assert_eq!(rollcall["shortened"], true);
        assert_eq!(rollcall["fields"][31], json!({"name": rollcall["id"]}));
        assert_eq!(detail["user"]["name"].as_str().map(|name| name.chars().count()), Some(257));
    }
}
