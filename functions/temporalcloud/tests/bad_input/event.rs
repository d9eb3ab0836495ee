//! Events that are malformed.

use rollcall::function::Operation;
use rollcall_harness::bad_input::{Failure, Inputs, fails, failure, works};
use serde_json::{Value, json};

use crate::{Desk, Simulated};
use Operation::{CreateAccount, DeleteAccount, Grant, Revoke, Sync};

const MALFORMED: Failure = malformed("the event is not understood");
const NAME: Failure = failure(
    "InvalidRequest",
    "BadConnectionName",
    "is no name of a connection",
    "lower-case",
);
const REQUEST_ID: Failure = failure(
    "InvalidRequest",
    "BadRequestId",
    "is no request id",
    "1 to 64 letters",
);
const SYNC_ID: Failure = failure(
    "InvalidRequest",
    "BadSyncId",
    "is no sync id",
    "the `sync_id` of an earlier answer",
);

const fn malformed(message: &'static str) -> Failure {
    failure(
        "InvalidRequest",
        "MalformedEvent",
        message,
        "Send the fields that the schema of this event has",
    )
}

/// Runs a table against one desk: no row may leave anything behind that the next one meets.
async fn all_fail(rows: impl IntoIterator<Item = (Operation, Value, Failure)>) {
    let desk = Desk::new().await;
    for (operation, event, expected) in rows {
        fails(&desk, operation, event, "a bad event", expected).await;
        assert!(desk.written().is_empty(), "{:?}", desk.written());
    }
    assert!(
        desk.vendor.sim.requests().is_empty(),
        "the vendor was asked"
    );
}

#[tokio::test]
async fn an_event_that_is_no_object_is_malformed() {
    let ordered = json!([
        "default",
        "r1",
        "namespace:demo.a1b23:read",
        "user:u-read",
        false
    ]);
    let events = [
        json!(null),
        json!(true),
        json!(7),
        json!("default"),
        json!([]),
        json!([{}]),
        ordered,
    ];
    all_fail(
        Operation::ALL
            .into_iter()
            .flat_map(|o| events.clone().map(|event| (o, event, MALFORMED))),
    )
    .await;
}

#[tokio::test]
async fn an_unknown_field_is_malformed_and_named() {
    let unknown = malformed("unknown field `dryrun`");
    let mut rows: Vec<_> = Operation::ALL
        .map(|o| (o, Simulated::with(o, "dryrun", json!(true)), unknown))
        .into();
    // What one event has is still unknown to another.
    rows.extend([
        (
            Sync,
            Simulated::with(Sync, "request_id", json!("r1")),
            malformed("unknown field `request_id`"),
        ),
        (
            Grant,
            Simulated::with(Grant, "sync_id", json!("x")),
            malformed("unknown field `sync_id`"),
        ),
        (
            Revoke,
            Simulated::with(Revoke, "accept", json!("x")),
            malformed("unknown field `accept`"),
        ),
        (
            CreateAccount,
            Simulated::with(CreateAccount, "principal", json!("user:u2")),
            malformed("unknown field `principal`"),
        ),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "allow", json!([])),
            malformed("unknown field `allow`"),
        ),
        (
            CreateAccount,
            Simulated::with(
                CreateAccount,
                "account",
                json!({"email": "a@example.com", "name": "A"}),
            ),
            malformed("unknown field `name`"),
        ),
    ]);
    all_fail(rows).await;
}

#[tokio::test]
async fn a_missing_field_is_malformed_and_named() {
    all_fail([
        (
            Grant,
            Simulated::with(Grant, "request_id", Value::Null),
            malformed("missing field `request_id`"),
        ),
        (
            Grant,
            Simulated::with(Grant, "entitlement", Value::Null),
            malformed("missing field `entitlement`"),
        ),
        (
            Grant,
            Simulated::with(Grant, "principal", Value::Null),
            malformed("missing field `principal`"),
        ),
        (
            Revoke,
            Simulated::with(Revoke, "request_id", Value::Null),
            malformed("missing field `request_id`"),
        ),
        (
            Revoke,
            Simulated::with(Revoke, "entitlement", Value::Null),
            malformed("missing field `entitlement`"),
        ),
        (
            Revoke,
            Simulated::with(Revoke, "principal", Value::Null),
            malformed("missing field `principal`"),
        ),
        (
            CreateAccount,
            Simulated::with(CreateAccount, "request_id", Value::Null),
            malformed("missing field `request_id`"),
        ),
        (
            CreateAccount,
            Simulated::with(CreateAccount, "account", Value::Null),
            malformed("missing field `account`"),
        ),
        (
            CreateAccount,
            Simulated::with(CreateAccount, "account", json!({})),
            malformed("missing field `email`"),
        ),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "request_id", Value::Null),
            malformed("missing field `request_id`"),
        ),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "principal", Value::Null),
            malformed("missing field `principal`"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_field_of_another_type_is_malformed() {
    let email = json!(["new@example.com"]);
    all_fail([
        (
            Sync,
            Simulated::with(Sync, "connection", json!(7)),
            malformed("expected a string"),
        ),
        (
            Sync,
            Simulated::with(Sync, "sync_id", json!(["x"])),
            malformed("expected a string"),
        ),
        (
            Sync,
            Simulated::with(Sync, "accept", json!(true)),
            malformed("expected a string"),
        ),
        (
            Grant,
            Simulated::with(Grant, "dry_run", json!("true")),
            malformed("expected a boolean"),
        ),
        (
            Grant,
            Simulated::with(Grant, "entitlement", json!({"id": "x"})),
            malformed("expected a string"),
        ),
        (
            Grant,
            Simulated::with(Grant, "allow", json!("cascade")),
            malformed("expected a sequence"),
        ),
        (
            Revoke,
            Simulated::with(Revoke, "principal", json!(["user", "u2"])),
            malformed("expected a string"),
        ),
        (
            Revoke,
            Simulated::with(Revoke, "dry_run", json!(1)),
            malformed("expected a boolean"),
        ),
        (
            CreateAccount,
            Simulated::with(CreateAccount, "account", json!("new@example.com")),
            MALFORMED,
        ),
        (
            CreateAccount,
            Simulated::with(CreateAccount, "account", email.clone()),
            MALFORMED,
        ),
        (
            CreateAccount,
            Simulated::with(CreateAccount, "account", json!({"email": email})),
            malformed("expected a string"),
        ),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "request_id", json!(1)),
            malformed("expected a string"),
        ),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "reason", json!({})),
            malformed("expected a string"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn names_that_would_become_parts_of_keys_are_checked() {
    let long = "a".repeat(64);
    let names = [
        "",
        "Acme",
        "-acme",
        "acme/prod",
        "../acme",
        "..",
        "acme prod",
        "acme.prod",
        "\u{e9}",
        &long,
    ];
    let connections = names.map(|name| {
        Operation::ALL.map(|o| (o, Simulated::with(o, "connection", json!(name)), NAME))
    });
    let long = "r".repeat(65);
    let ids = [
        "", "r 1", "r/1", "../r", "..", "r.1", "r\n", "\u{e9}", &long,
    ];
    let writes = [Grant, Revoke, CreateAccount, DeleteAccount];
    let requests =
        ids.map(|id| writes.map(|o| (o, Simulated::with(o, "request_id", json!(id)), REQUEST_ID)));
    let long = "a".repeat(28);
    let ids = [
        "",
        "x",
        "../../../latest/temporalcloud",
        "aaaaaaaaaaaaaaaaaaaaaaaaaa/",
        &long,
    ];
    let syncs = ids.map(|id| {
        ["sync_id", "accept"].map(|field| (Sync, Simulated::with(Sync, field, json!(id)), SYNC_ID))
    });
    all_fail(
        connections
            .into_iter()
            .flatten()
            .chain(requests.into_iter().flatten())
            .chain(syncs.into_iter().flatten()),
    )
    .await;
}

#[tokio::test]
async fn a_connection_without_a_secret_is_unknown() {
    let expected = failure(
        "Misconfigured",
        "UnknownConnection",
        "there is no secret for connection `nobody` of temporalcloud",
        "correct the connection's name in the event",
    );
    let desk = Desk::new().await;
    for operation in Operation::ALL {
        let event = Simulated::with(operation, "connection", json!("nobody"));
        fails(&desk, operation, event, "a bad event", expected).await;
    }
    // Its neighbour is none the worse for it.
    for operation in Operation::ALL {
        assert!(
            desk.invoke(operation, Simulated::good(operation))
                .await
                .is_ok(),
            "{}",
            operation.as_str()
        );
    }
}

#[tokio::test]
async fn a_run_or_a_snapshot_that_does_not_exist_is_not_found() {
    let id = "2aaaaaaaaaaaaaaaaaaaaaaaaaa";
    let run = failure(
        "NotFound",
        "UnknownRun",
        "there is no unfinished run 2aaa",
        "without `sync_id`",
    );
    let snapshot = failure(
        "NotFound",
        "UnknownSnapshot",
        "connection `default` has no snapshot 2aaa",
        "whose status was `held`",
    );
    let both = failure(
        "InvalidRequest",
        "MalformedEvent",
        "either goes on with a run or accepts one",
        "not both",
    );
    let desk = Desk::new().await;
    for round in ["in an empty store", "beside a snapshot"] {
        fails(&desk, Sync, json!({"sync_id": id}), round, run).await;
        fails(&desk, Sync, json!({"accept": id}), round, snapshot).await;
        fails(
            &desk,
            Sync,
            json!({"accept": id, "sync_id": id}),
            round,
            both,
        )
        .await;
        works(&desk, round).await;
    }
}
