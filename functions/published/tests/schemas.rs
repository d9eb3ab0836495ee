//! The schemas of the function's event and answer match the types, and the sample event does. `ROLLCALL_ACCEPT=1 cargo
//! test -p rollcall-published --test published schemas` writes them.

use std::path::Path;

use rollcall_published::{PublishedAnswer, PublishedEvent};
use schemars::schema_for;
use serde_json::json;

#[test]
fn the_schemas_and_the_sample_in_the_repository_are_current() {
    let sample = json!({
        "connector": "temporalcloud",
        "connection": "default",
        "sync_id": "2ZkPbV7yQ3aXn5GdJ8mRtLwC1fH",
    });
    for (file, value) in [
        ("infra/schemas/published-event.json", schema_for!(PublishedEvent).to_value()),
        ("infra/schemas/published-answer.json", schema_for!(PublishedAnswer).to_value()),
        ("tests/events/snapshot-published.json", sample),
    ] {
        let current = serde_json::to_string_pretty(&value).expect("JSON") + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
        if std::env::var_os("ROLLCALL_ACCEPT").is_some() {
            std::fs::write(&path, &current).expect("written");
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == current, "{file} is not current: run with ROLLCALL_ACCEPT=1");
    }
}
