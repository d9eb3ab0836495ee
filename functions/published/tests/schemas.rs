//! The schemas of the function's event and answer match the types, and the sample event does. `ROLLCALL_ACCEPT=1 cargo
//! test -p rollcall-published --test published schemas` writes them.

use rollcall_harness::stored::is_current;
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
        is_current(file, &current);
    }
}
