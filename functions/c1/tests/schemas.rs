//! The schemas of the agent's event and answer match the types, and the sample event does. `ROLLCALL_ACCEPT=1 cargo test -p
//! rollcall-c1 --test c1 schemas` writes them.

use rollcall_c1::{AgentAnswer, AgentEvent};
use rollcall_engine::runtime::capabilities::metadata;
use rollcall_harness::stored::is_current;
use schemars::schema_for;
use serde_json::json;

use crate::world::entry;

#[test]
fn the_schemas_and_the_sample_in_the_repository_are_current() {
    let sample = json!({"connection": "default", "metadata": metadata(&entry("temporalcloud"))});
    for (file, value) in [
        ("infra/schemas/c1-event.json", schema_for!(AgentEvent).to_value()),
        ("infra/schemas/c1-answer.json", schema_for!(AgentAnswer).to_value()),
        ("tests/events/temporalcloud-c1.json", sample),
    ] {
        let current = serde_json::to_string_pretty(&value).expect("JSON") + "\n";
        is_current(file, &current);
    }
}
