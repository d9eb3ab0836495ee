//! The schemas in `infra/schemas` match the types. `ROLLCALL_ACCEPT=1 cargo test -p rollcall-engine --test schemas`
//! writes them.

use std::path::Path;

use rollcall_connector::event::{
    ChangeAnswer, ChangeEvent, CreateEvent, DeleteEvent, EndEvent, GrantEvent, SweepAnswer,
    SweepEvent, SyncAnswer, SyncEvent,
};
use schemars::{Schema, schema_for};

fn schemas() -> [(&'static str, Schema); 10] {
    [
        ("sync-event", schema_for!(SyncEvent)),
        ("sync-answer", schema_for!(SyncAnswer)),
        ("grant-event", schema_for!(GrantEvent)),
        ("end-event", schema_for!(EndEvent)),
        ("sweep-event", schema_for!(SweepEvent)),
        ("sweep-answer", schema_for!(SweepAnswer)),
        ("revoke-event", schema_for!(ChangeEvent)),
        ("create-account-event", schema_for!(CreateEvent)),
        ("delete-account-event", schema_for!(DeleteEvent)),
        ("change-answer", schema_for!(ChangeAnswer)),
    ]
}

#[test]
fn the_schemas_in_the_repository_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/schemas");
    for (name, schema) in schemas() {
        let path = folder.join(format!("{name}.json"));
        let current = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
        if std::env::var_os("ROLLCALL_ACCEPT").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, &current).expect("written");
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == current, "{} is not current: run with ROLLCALL_ACCEPT=1", path.display());
    }
}
