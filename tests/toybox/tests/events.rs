//! Events that are invalid for every connector. They fail early: no request reaches the vendor, and nothing is written.

use Operation::{CreateAccount, DeleteAccount, Grant, Revoke, Sync};
use rollcall_engine::provision::Order;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::{Failure, fails, fails_unasked, failure, works};
use rollcall_harness::changes::outcome;
use rollcall_harness::conformance::Subject;
use serde_json::{Value, json};

use crate::world::{Desk, Simulated};

const TEXT: &str = r#"{"expected a string": [null, 7, true, ["x"], {"id": "x"}]}"#;
const OPTIONAL: &str = r#"{"expected a string": [7, true, ["x"], {"id": "x"}]}"#;
const TIME: &str = r#"{"expected a timestamp string": [7, true, ["x"]], "does not match its schema": ["", "soon", "2026-13-01T00:00:00Z", "2026-07-01"]}"#;
const FLAG: &str = r#"{"expected a boolean": [null, "true", "yes", 1, []]}"#;
const TEXTS: &str = r#"{
    "expected a sequence": [null, "x", {"x": true}], "expected a string": [[true], [["x"]], [null]]
}"#;
const ACCOUNT: &str = r#"{
    "expected a map": [null, "a@b.c", ["a@b.c"], {"email": "a@b.c", "profile": ["x"]}],
    "expected a string": [{"email": null}, {"email": ["a@b.c"]}],
    "missing field `email`": [{}],
    "unknown field `name`, expected `email` or `profile`": [{"email": "a@b.c", "name": "A"}]
}"#;

const ALL: &str = "sync grant revoke create-account delete-account";
const CHANGES: &str = "grant revoke create-account delete-account";

/// The fields of events, in their order: the operations that have it, and its invalid values, by their message. Nothing
/// is guessed: `"true"` is not `true`, and one text is not a list of texts.
const FIELDS: [(&str, &str, &str); 14] = [
    ("connection", ALL, TEXT),
    ("sync_id", "sync", OPTIONAL),
    ("start_as", "sync", OPTIONAL),
    ("cancel", "sync", OPTIONAL),
    ("accept", "sync", OPTIONAL),
    ("request_id", CHANGES, TEXT),
    ("entitlement", "grant revoke", TEXT),
    ("principal", "grant revoke delete-account", TEXT),
    ("account", "create-account", ACCOUNT),
    ("dry_run", CHANGES, FLAG),
    ("reason", CHANGES, OPTIONAL),
    ("allow", "grant revoke", TEXTS),
    ("expires_at", "grant", TIME),
    ("duration", "grant", OPTIONAL),
];

/// Texts that are neither names nor ids. A name could lead to another connection's records, or out of the store; and
/// ids have no empty parts.
const NO_NAMES: &str = r#"
connection | BadConnectionName | is not a valid connection name | lower-case | ["", "Acme", "-acme", "acme/prod", "../acme", "..", "acme prod", "acme.prod", "acme\n", "\u00e9", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
request_id | BadRequestId | is not a valid request id | 1 to 64 letters | ["", "r 1", "r/1", "../r", "..", "r.1", "r\n", "\u00e9", "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"]
sync_id | BadSyncId | is not a sync id | the `sync_id` of an earlier answer | ["", "x", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaa/", "../../../latest/toybox"]
start_as | BadSyncId | is not a sync id | for `start_as` 27 letters and digits | ["", "x", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaa/", "../../../latest/toybox"]
cancel | BadSyncId | is not a sync id | the `sync_id` of an earlier answer | ["", "x", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaa/", "../../../latest/toybox"]
accept | BadSyncId | is not a sync id | the `sync_id` of an earlier answer | ["", "x", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaa/", "../../../latest/toybox"]
entitlement | UnknownEntitlement | is not a valid entitlement id | `type:resource:slug` | ["", "x", "type:id", ":id:slug", "type::slug", "type:id:"]
principal | UnknownPrincipal | is not a valid principal id | `type:id` | ["", "x", "type:", ":id"]"#;

/// Events that name something that does not exist, or two things at once.
const NOT_FOUND: &str = r#"
{"sync_id": "2aaaaaaaaaaaaaaaaaaaaaaaaaa"} | NotFound | UnknownRun | there is no unfinished run 2aaa | without `sync_id`
{"accept": "2aaaaaaaaaaaaaaaaaaaaaaaaaa"} | NotFound | SnapshotNotFound | connection `default` has no snapshot 2aaa | whose status was `held`
{"sync_id": "2aaaaaaaaaaaaaaaaaaaaaaaaaa", "accept": "2aaaaaaaaaaaaaaaaaaaaaaaaaa"} | InvalidRequest | MalformedEvent | more than one run or snapshot | Send only one of
{"sync_id": "2aaaaaaaaaaaaaaaaaaaaaaaaaa", "start_as": "2aaaaaaaaaaaaaaaaaaaaaaaaaa"} | InvalidRequest | MalformedEvent | more than one run or snapshot | Send only one of
{"cancel": "2aaaaaaaaaaaaaaaaaaaaaaaaaa"} | NotFound | UnknownRun | there is no unfinished run 2aaa | Check the id
{"start_as": "2aaaaaaaaaaaaaaaaaaaaaaaaaa", "cancel": "2aaaaaaaaaaaaaaaaaaaaaaaaaa"} | InvalidRequest | MalformedEvent | more than one run or snapshot | Send only one of
{"start_as": "2aaaaaaaaaaaaaaaaaaaaaaaaaa", "accept": "2aaaaaaaaaaaaaaaaaaaaaaaaaa"} | InvalidRequest | MalformedEvent | more than one run or snapshot | Send only one of
{"connection": "nobody"} | Misconfigured | UnknownConnection | there is no secret for connection `nobody` of toybox at | correct the connection's name in the event"#;

/// Refused events, which do not use up their request id.
const REFUSED: &str = r#"
allow | ["cascade"] | InvalidRequest | UnknownSideEffect | `cascade` is not a side effect | Remove `allow`
entitlement | "group:x:member" | NotFound | UnknownEntitlement | there is no group `x` | from the newest snapshot
entitlement | "group:builders:owner" | InvalidRequest | UnknownEntitlement | cannot be changed | Use group:<id>:member"#;

/// Ends that a grant cannot have, by the message: at noon of 1 June 2026, with a limit of 90 days.
const NO_ENDS: &str = r#"
duration | is not a valid `duration` | such as PT4H or P7D | ["", "4h", "P", "PT", "4", "P1M", "P1Y", "P-7D", "PT4X", "P99999999999999999999D"]
duration | is not longer than zero | in the future | ["PT0S", "-PT4H", "-P7D"]
duration | may last 90 days | ROLLCALL_MAX_GRANT_DAYS | ["P91D", "PT2160H1S"]
expires_at | is in the past | in the future | ["2026-06-01T12:00:00Z", "1970-01-01T00:00:00Z", "2026-06-01T13:00:00+02:00"]
expires_at | may last 90 days | ROLLCALL_MAX_GRANT_DAYS | ["2026-08-30T12:00:01Z", "9999-01-01T00:00:00Z"]"#;

fn has(of: &str, operation: Operation) -> bool {
    of.split(' ').any(|name| name == operation.as_str())
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).map(|line| line.split(" | ").collect())
}

async fn all_fail(rows: impl IntoIterator<Item = (Operation, Value, Failure)>) {
    let desk = Desk::new().await;
    for (operation, event, expected) in rows {
        // Toybox changes no accounts: those events are only read.
        if matches!(operation, CreateAccount | DeleteAccount) {
            let error = Order::parse(operation, &event).err();
            let error = error.unwrap_or_else(|| panic!("it is understood: {event}"));
            expected.is(&error, &event.to_string(), Simulated::TOKENS);
        } else {
            fails_unasked(&desk, operation, event, "a bad event", expected).await;
        }
        assert!(desk.written().is_empty(), "{:?}", desk.written());
    }
}

#[tokio::test]
async fn a_field_that_is_unknown_missing_or_of_another_type_is_malformed_and_named() {
    let mut rows = Vec::new();
    let mut add = |operation, event: Value, why: String| {
        let fix = "Send only the fields of this event's schema";
        // The text is leaked: a test is short.
        rows.push((operation, event, failure("InvalidRequest", "MalformedEvent", why.leak(), fix)));
    };
    for operation in Operation::ALL {
        let known = FIELDS.iter().filter(|(_, of, _)| has(of, operation));
        let known: Vec<_> = known.map(|(name, ..)| format!("`{name}`")).collect();
        let known = known.join(", ");
        let unknown = |name: &str| format!("unknown field `{name}`, expected one of {known}");
        for (name, of, misfits) in FIELDS {
            if !has(of, operation) {
                add(operation, Simulated::with(operation, name, json!("x")), unknown(name));
                continue;
            }
            let misfits: Value = serde_json::from_str(misfits).expect("JSON");
            for (why, values) in misfits.as_object().expect("a table") {
                for value in values.as_array().expect("a list") {
                    add(operation, Simulated::with(operation, name, value.clone()), why.clone());
                }
            }
            let mut event = Simulated::good(operation);
            if event.as_object_mut().expect("an object").remove(name).is_some() {
                add(operation, event, format!("missing field `{name}`"));
            }
        }
        // A name is spelled in one way.
        for name in ["dryrun", "Connection"] {
            add(operation, Simulated::with(operation, name, json!("default")), unknown(name));
        }
        // Not even a list of what the fields would hold, in their order: nobody would see what is what.
        let event = Simulated::good(operation);
        let ordered: Vec<_> = event.as_object().expect("an object").values().collect();
        let objects = json!([null, true, 7, "default", [], [{}], ordered]);
        for event in objects.as_array().expect("a list") {
            add(operation, event.clone(), "expected a map".into());
        }
    }
    all_fail(rows).await;
}

#[tokio::test]
async fn a_text_that_cannot_be_a_name_or_an_id_is_refused_also_in_a_dry_run() {
    let mut all = Vec::new();
    for row in rows(NO_NAMES) {
        let expected = failure("InvalidRequest", row[1], row[2], row[3]);
        let texts: Vec<String> = serde_json::from_str(row[4]).expect("JSON");
        let field = FIELDS.iter().find(|field| field.0 == row[0]);
        let (_, of, _) = field.expect("a field");
        for operation in Operation::ALL.into_iter().filter(|one| has(of, *one)) {
            for text in &texts {
                let mut event = Simulated::with(operation, row[0], json!(text));
                all.push((operation, event.clone(), expected));
                if operation != Sync {
                    event["dry_run"] = true.into();
                    all.push((operation, event, expected));
                }
            }
        }
    }
    all_fail(all).await;
}

#[tokio::test]
async fn what_the_connector_does_not_do_is_refused() {
    let desk = Desk::new().await;
    let (code, message) = ("UnknownOperation", "Toybox does not ");
    let expected = failure("InvalidRequest", code, message, "`rollcall capabilities toybox`");
    for operation in [CreateAccount, DeleteAccount] {
        fails_unasked(&desk, operation, Simulated::good(operation), "an operation", expected).await;
    }
}

#[tokio::test]
async fn an_end_that_is_past_too_late_or_unclear_is_refused() {
    let mut all = Vec::new();
    for row in rows(NO_ENDS) {
        let texts: Vec<String> = serde_json::from_str(row[3]).expect("JSON");
        for text in texts {
            let mut event = Simulated::with(Grant, row[0], json!(text));
            let expected = failure("InvalidRequest", "BadExpiry", row[1], row[2]);
            all.push((Grant, event.clone(), expected));
            event["dry_run"] = true.into();
            all.push((Grant, event, expected));
        }
    }
    let mut both = Simulated::with(Grant, "duration", json!("PT4H"));
    both["expires_at"] = json!("2026-06-01T16:00:00Z");
    let fix = "Send only one";
    all.push((Grant, both, failure("InvalidRequest", "BadExpiry", "has both", fix)));
    all_fail(all).await;
}

#[tokio::test]
async fn an_end_is_ended_by_its_id_alone() {
    let id = "0123456789abcdef0123456789abcdef";
    let (code, fix) = ("UnknownExpiration", "`expiration` in the answer");
    let bad = failure("InvalidRequest", code, "is not the id of a temporary grant", fix);
    let unknown =
        failure("NotFound", code, "there is no temporary grant", "`rollcall expirations`");
    let fields = "unknown field `dry_run`";
    let malformed = failure("InvalidRequest", "MalformedEvent", fields, "Send only the fields");
    all_fail([
        (Revoke, json!({"expiration": ""}), bad),
        (Revoke, json!({"expiration": "../../latest"}), bad),
        (Revoke, json!({"expiration": id.to_uppercase()}), bad),
        (Revoke, json!({"expiration": id}), unknown),
        (Revoke, json!({"expiration": id, "dry_run": true}), malformed),
    ])
    .await;
}

#[tokio::test]
async fn a_sweep_names_a_connection_and_nothing_else() {
    let id = "0123456789abcdef0123456789abcdef";
    let malformed = |why| {
        failure("InvalidRequest", "MalformedEvent", why, "Send only the fields of this event")
    };
    let mut rows = vec![
        (Revoke, json!({"overdue": false}), malformed("`overdue` can only be `true`")),
        (Revoke, json!({"overdue": true, "expiration": id}), malformed("unknown field `overdue`")),
        (Revoke, json!({"overdue": true, "dry_run": true}), malformed("unknown field `dry_run`")),
        (
            Revoke,
            json!({"overdue": true, "request_id": "r"}),
            malformed("unknown field `request_id`"),
        ),
        (Grant, json!({"overdue": true}), malformed("unknown field `overdue`")),
    ];
    for value in [json!(null), json!("true"), json!(1), json!([true])] {
        rows.push((Revoke, json!({"overdue": value}), malformed("expected a boolean")));
    }
    for name in ["", "../acme", "acme/", "Acme"] {
        let expected = failure(
            "InvalidRequest",
            "BadConnectionName",
            "is not a valid connection name",
            "lower-case",
        );
        rows.push((Revoke, json!({"connection": name, "overdue": true}), expected));
    }
    all_fail(rows).await;
}

/// A mistyped id or name starts nothing, whether the connection has a snapshot or not.
#[tokio::test]
async fn a_connection_a_run_or_a_snapshot_that_does_not_exist_is_not_found() {
    let desk = Desk::new().await;
    for round in ["in an empty store", "beside a snapshot"] {
        let before = desk.written();
        for row in rows(NOT_FOUND) {
            let event = serde_json::from_str(row[0]).expect("JSON");
            fails_unasked(&desk, Sync, event, round, failure(row[1], row[2], row[3], row[4])).await;
            let is_same = desk.written() == before;
            assert!(is_same || row[2] == "UnknownConnection", "{row:?}");
        }
        works(&desk, round).await;
    }
}

#[tokio::test]
async fn what_is_refused_uses_no_request_id_up() {
    let desk = Desk::new().await;
    for row in rows(REFUSED) {
        let value: Value = serde_json::from_str(row[1]).expect("JSON");
        let expected = failure(row[2], row[3], row[4], row[5]);
        for operation in [Grant, Revoke] {
            let event = Simulated::with(operation, row[0], value.clone());
            fails(&desk, operation, event, "a refusal", expected).await;
        }
    }
    outcome(desk.invoke(Grant, Simulated::good(Grant)).await, "granted");
}
