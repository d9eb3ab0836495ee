//! Events that are bad whatever the connector is. They fail at the door: the vendor is not asked, and nothing is written.
//!
//! A connector gets all of it by one line, [`events!`](crate::events!), given its [`Inputs`]. Each of its operations is tried.

use Operation::{CreateAccount, DeleteAccount, Grant, Revoke, Sync};
use rollcall_engine::runtime::function::Operation;
use serde_json::{Map, Value, json};

use super::{Failure, Inputs, fails_unasked, failure, works};
use crate::conformance::Bench;

/// An operation, its event, and what is expected of it.
type Row = (Operation, Value, Failure);

/// A field of events.
struct Field {
    name: &'static str,
    holds: Holds,
    needed: bool,
    of: &'static [Operation],
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    TextOrNothing,
    Id,
    Flag,
    Texts,
    Account,
}

const STRING: &str = "expected a string";
const ACCESS: &[Operation] = &[Grant, Revoke];
const CHANGES: &[Operation] = &[Grant, Revoke, CreateAccount, DeleteAccount];

/// All fields that there are, in the order in which the events have them.
const FIELDS: &[Field] = &[
    optional("connection", Holds::Text, &Operation::ALL),
    optional("sync_id", Holds::TextOrNothing, &[Sync]),
    optional("accept", Holds::TextOrNothing, &[Sync]),
    needed("request_id", Holds::Text, CHANGES),
    needed("entitlement", Holds::Id, ACCESS),
    needed("principal", Holds::Id, &[Grant, Revoke, DeleteAccount]),
    needed("account", Holds::Account, &[CreateAccount]),
    optional("dry_run", Holds::Flag, CHANGES),
    optional("reason", Holds::TextOrNothing, CHANGES),
    optional("allow", Holds::Texts, ACCESS),
];

const fn optional(name: &'static str, holds: Holds, of: &'static [Operation]) -> Field {
    Field {
        name,
        holds,
        needed: false,
        of,
    }
}

const fn needed(name: &'static str, holds: Holds, of: &'static [Operation]) -> Field {
    Field {
        needed: true,
        ..optional(name, holds, of)
    }
}

impl Holds {
    /// What could be there.
    fn value(self) -> Value {
        match self {
            Self::Text | Self::TextOrNothing => json!("x"),
            Self::Id => json!("type:id:slug"),
            Self::Flag => json!(true),
            Self::Texts => json!([]),
            Self::Account => json!({"email": "new@example.com"}),
        }
    }

    /// What cannot be there, by what is said to be expected instead.
    fn misfits(self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Text | Self::Id => {
                vec![(STRING, json!([null, 7, true, ["x"], {"id": "x"}]))]
            }
            Self::TextOrNothing => {
                vec![(STRING, json!([7, true, ["x"], {"id": "x"}]))]
            }
            // Whoever means to try must not do it for real.
            Self::Flag => vec![("expected a boolean", json!([null, "true", "yes", 1, []]))],
            Self::Texts => vec![
                ("expected a sequence", json!([null, "x", {"x": true}, true])),
                (STRING, json!([[true], [["x"]], [null]])),
            ],
            Self::Account => vec![
                (
                    "expected a map",
                    json!([null, "a@b.c", ["a@b.c"], {"email": "a@b.c", "profile": ["x"]}]),
                ),
                (STRING, json!([{"email": null}, {"email": ["a@b.c"]}])),
            ],
        }
    }
}

const NAME: Failure = failure(
    "InvalidRequest",
    "BadConnectionName",
    "is not a valid connection name",
    "lower-case",
);
const REQUEST_ID: Failure = failure(
    "InvalidRequest",
    "BadRequestId",
    "is not a valid request id",
    "1 to 64 letters",
);
const SYNC_ID: Failure = failure(
    "InvalidRequest",
    "BadSyncId",
    "is not a sync id",
    "the `sync_id` of an earlier answer",
);
const ENTITLEMENT: Failure = failure(
    "InvalidRequest",
    "UnknownEntitlement",
    "is not a valid entitlement id",
    "`type:resource:slug`",
);
const PRINCIPAL: Failure = failure(
    "InvalidRequest",
    "UnknownPrincipal",
    "is not a valid principal id",
    "`type:id`",
);

const fn malformed(message: &'static str) -> Failure {
    failure(
        "InvalidRequest",
        "MalformedEvent",
        message,
        "Send the fields that the schema of this event has",
    )
}

/// The same, with more of what is said. The text is leaked: a test is short.
fn not_understood(why: &str) -> Failure {
    malformed(format!("the event is not understood: {why}").leak())
}

/// The fields of an operation's event.
fn fields(operation: Operation) -> impl Iterator<Item = &'static Field> {
    let all = FIELDS.iter();
    all.filter(move |field| field.of.contains(&operation))
}

fn operations<S: Inputs>() -> impl Iterator<Item = Operation> {
    S::entry().operations.iter().copied()
}

/// The good events that have this field, with this in it, `null` too.
fn with<S: Inputs>(name: &str, value: &Value, expected: Failure) -> Vec<Row> {
    operations::<S>()
        .filter(|&operation| fields(operation).any(|field| field.name == name))
        .map(|operation| {
            let mut event = S::good(operation);
            event[name] = value.clone();
            (operation, event, expected)
        })
        .collect()
}

/// Tries bad events on one desk: none may leave anything behind that the next one meets.
async fn all_fail<S: Inputs>(rows: impl IntoIterator<Item = Row>) {
    let desk = Bench::<S>::new().await;
    for (operation, event, expected) in rows {
        fails_at_the_door(&desk, operation, event, expected).await;
    }
}

async fn fails_at_the_door<S: Inputs>(
    desk: &Bench<S>,
    operation: Operation,
    event: Value,
    expected: Failure,
) {
    let before = desk.written();
    let wrong = format!("{}: {event}", operation.as_str());
    fails_unasked(desk, operation, event, "a bad event", expected).await;
    assert_eq!(desk.written(), before, "{wrong}");
}

/// In a field of a good event none of these texts will do, and in a dry run neither.
async fn no_such_text<S: Inputs>(table: &[(&str, &[&str], Failure)]) {
    let mut rows = Vec::new();
    for (name, texts, expected) in table {
        for text in *texts {
            rows.extend(with::<S>(name, &json!(text), *expected));
        }
    }
    let mut dry = rows.clone();
    dry.retain(|(operation, ..)| CHANGES.contains(operation));
    for (_, event, _) in &mut dry {
        event["dry_run"] = true.into();
    }
    all_fail::<S>(rows.into_iter().chain(dry)).await;
}

/// Not even a list of what the fields would hold, in their order: nobody would see what is what.
pub async fn an_event_that_is_no_object_is_malformed<S: Inputs>() {
    let rows = operations::<S>().flat_map(|operation| {
        let ordered: Vec<_> = fields(operation).map(|field| field.holds.value()).collect();
        let events = [
            json!(null),
            json!(true),
            json!(7),
            json!("default"),
            json!([]),
            json!([{}]),
            json!(["default"]),
            json!(ordered),
        ];
        events.map(|event| (operation, event, malformed("expected a map")))
    });
    all_fail::<S>(rows).await;
}

/// What one event has is still unknown to another, and a name is spelled in one way.
pub async fn an_unknown_field_is_malformed_and_named<S: Inputs>() {
    let mut rows = Vec::new();
    for operation in operations::<S>() {
        let known: Vec<_> = fields(operation).map(|f| format!("`{}`", f.name)).collect();
        let known = known.join(", ");
        let strange = FIELDS.iter().filter(|field| !field.of.contains(&operation));
        let strange = strange.map(|field| (field.name, field.holds.value()));
        let misspelled = [("dryrun", json!(true)), ("Connection", json!("default"))];
        for (name, value) in strange.chain(misspelled) {
            let why = format!("unknown field `{name}`, expected one of {known}");
            let event = S::with(operation, name, value);
            rows.push((operation, event, not_understood(&why)));
        }
    }
    let account = json!({"email": "a@example.com", "name": "A"});
    let unknown = not_understood("unknown field `name`, expected `email` or `profile`");
    rows.extend(with::<S>("account", &account, unknown));
    all_fail::<S>(rows).await;
}

/// What is left out is not made up, in an account neither.
pub async fn a_missing_field_is_malformed_and_named<S: Inputs>() {
    let mut rows = Vec::new();
    for operation in operations::<S>() {
        for Field { name, .. } in fields(operation).filter(|field| field.needed) {
            let missing = not_understood(&format!("missing field `{name}`"));
            rows.push((operation, S::with(operation, name, Value::Null), missing));
        }
    }
    let missing = not_understood("missing field `email`");
    rows.extend(with::<S>("account", &json!({}), missing));
    all_fail::<S>(rows).await;
}

/// What looks as if it could be meant is not guessed: `"true"` is no `true`, and one text is no list of texts.
pub async fn a_field_of_another_type_is_malformed<S: Inputs>() {
    let mut rows = Vec::new();
    for field in FIELDS {
        for (expected, values) in field.holds.misfits() {
            for value in values.as_array().into_iter().flatten() {
                rows.extend(with::<S>(field.name, value, malformed(expected)));
            }
        }
    }
    all_fail::<S>(rows).await;
}

/// Else a name could lead to another connection's records, or out of the store.
pub async fn names_that_would_become_parts_of_keys_are_checked<S: Inputs>() {
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
        "acme\n",
        "\u{e9}",
        &long,
    ];
    let long = "r".repeat(65);
    let requests = [
        "", "r 1", "r/1", "../r", "..", "r.1", "r\n", "\u{e9}", &long,
    ];
    let (short, long) = ("a".repeat(26), "a".repeat(28));
    let latest = format!("../../../latest/{}", S::entry().about.name);
    let runs = ["", "x", &short, &long, &format!("{short}/"), &latest];
    no_such_text::<S>(&[
        ("connection", &names, NAME),
        ("request_id", &requests, REQUEST_ID),
        ("sync_id", &runs, SYNC_ID),
        ("accept", &runs, SYNC_ID),
    ])
    .await;
}

/// Whatever the vendor has, ids have their parts, and none is empty.
pub async fn an_id_that_no_snapshot_could_have_is_refused<S: Inputs>() {
    no_such_text::<S>(&[
        (
            "entitlement",
            &["", "x", "type:id", ":id:slug", "type::slug", "type:id:"],
            ENTITLEMENT,
        ),
        ("principal", &["", "x", "type:", ":id"], PRINCIPAL),
    ])
    .await;
}

/// However good the event would be for another connector.
pub async fn what_the_connector_does_not_do_is_refused<S: Inputs>() {
    let name = S::entry().about.display_name;
    let all = Operation::ALL.into_iter();
    let rows = all.filter(|operation| !S::entry().operations.contains(operation));
    let rows = rows.map(|operation| {
        let needed = fields(operation).filter(|field| field.needed);
        let event: Map<_, _> = needed
            .map(|field| (field.name.to_owned(), field.holds.value()))
            .collect();
        let message = format!("{name} does not {}", operation.as_str());
        let expected = failure(
            "InvalidRequest",
            "UnknownOperation",
            message.leak(),
            "`rollcall capabilities`",
        );
        (operation, Value::Object(event), expected)
    });
    all_fail::<S>(rows).await;
}

/// A mistyped name is told as one, and has no effect on others.
pub async fn a_connection_without_a_secret_is_unknown<S: Inputs>() {
    let name = S::entry().about.name;
    let message = format!("there is no secret for connection `nobody` of {name} at");
    let expected = failure(
        "Misconfigured",
        "UnknownConnection",
        message.leak(),
        "correct the connection's name in the event",
    );
    let desk = Bench::<S>::new().await;
    for (operation, event, expected) in with::<S>("connection", &json!("nobody"), expected) {
        fails_unasked(&desk, operation, event, "no secret", expected).await;
    }
    for operation in operations::<S>() {
        let answer = desk.invoke(operation, S::good(operation)).await;
        assert!(answer.is_ok(), "{}: {answer:?}", operation.as_str());
    }
}

/// Nothing begins by a mistyped id, whether the connection has a snapshot or none yet.
pub async fn a_run_or_a_snapshot_that_does_not_exist_is_not_found<S: Inputs>() {
    let id = "2aaaaaaaaaaaaaaaaaaaaaaaaaa";
    let run = failure(
        "NotFound",
        "UnknownRun",
        "there is no unfinished run 2aaa",
        "without `sync_id`",
    );
    let snapshot = failure(
        "NotFound",
        "SnapshotNotFound",
        "connection `default` has no snapshot 2aaa",
        "whose status was `held`",
    );
    let both = failure(
        "InvalidRequest",
        "MalformedEvent",
        "either resumes a run or accepts a snapshot",
        "not both",
    );
    let desk = Bench::<S>::new().await;
    for round in ["in an empty store", "beside a snapshot"] {
        for (event, expected) in [
            (json!({"sync_id": id}), run),
            (json!({"accept": id}), snapshot),
            (json!({"accept": id, "sync_id": id}), both),
        ] {
            fails_at_the_door(&desk, Sync, event, expected).await;
        }
        works(&desk, round).await;
    }
}

/// Makes a test of every requirement, for one [`Inputs`].
#[macro_export]
macro_rules! events {
    ($inputs:ty) => {
        $crate::each_a_test!(events::<$inputs>:
            an_event_that_is_no_object_is_malformed,
            an_unknown_field_is_malformed_and_named,
            a_missing_field_is_malformed_and_named,
            a_field_of_another_type_is_malformed,
            names_that_would_become_parts_of_keys_are_checked,
            an_id_that_no_snapshot_could_have_is_refused,
            what_the_connector_does_not_do_is_refused,
            a_connection_without_a_secret_is_unknown,
            a_run_or_a_snapshot_that_does_not_exist_is_not_found,
        );
    };
}
