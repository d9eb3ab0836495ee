//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of what it says, and a part
//! of what to do about it. Whatever it is, nothing is published, nothing is changed, and no token shows.

mod account;
mod environment;
mod event;
mod request;
mod secret;
mod snapshot;
mod store;

use std::collections::BTreeMap;
use std::path::PathBuf;

use rollcall::function::Operation;
use rollcall::{Chain, Error};
use rollcall_harness::conformance::{Bench, Subject, answer_of};
use rollcall_simulators::temporalcloud::TEST_KEY;
use serde_json::{Value, json};

use crate::Simulated;

type Desk = Bench<Simulated>;

/// Texts that nobody may ever show: the keys of the simulated world, and what tests put into secrets.
const TOKENS: &[&str] = &[
    TEST_KEY,
    "owner-key",
    "read-key",
    "developer-key",
    "namespace-admin-key",
    "expired-key",
    "disabled-key",
    "hunter2",
];

/// What is expected of a failure.
#[derive(Debug, Clone, Copy)]
struct Failure {
    /// `errorType`.
    kind: &'static str,
    code: &'static str,
    /// A part of the message.
    message: &'static str,
    /// A part of the fix.
    fix: &'static str,
}

const fn failure(
    kind: &'static str,
    code: &'static str,
    message: &'static str,
    fix: &'static str,
) -> Failure {
    Failure {
        kind,
        code,
        message,
        fix,
    }
}

/// An event that is good in the simulated world.
fn good(operation: Operation) -> Value {
    match operation {
        Operation::Sync => json!({}),
        Operation::Grant => {
            json!({"request_id": "g1", "entitlement": "namespace:demo.a1b23:read", "principal": "user:u-read"})
        }
        Operation::Revoke => {
            json!({"request_id": "v1", "entitlement": "namespace:demo.a1b23:write", "principal": "user:u2"})
        }
        Operation::CreateAccount => {
            json!({"request_id": "c1", "account": {"email": "new@example.com"}})
        }
        Operation::DeleteAccount => json!({"request_id": "d1", "principal": "user:u-read"}),
    }
}

/// A good event with one field set, or, with `null`, left out.
fn with(operation: Operation, field: &str, value: Value) -> Value {
    let mut event = good(operation);
    let fields = event.as_object_mut().expect("an object");
    match value {
        Value::Null => fields.remove(field),
        value => fields.insert(field.into(), value),
    };
    event
}

/// Sends an event that must fail like this, and looks at everything that a failure must leave alone.
async fn fails(desk: &Desk, operation: Operation, event: Value, wrong: &str, expected: Failure) {
    let wrong = format!("{}, {wrong}: {event}", operation.as_str());
    let before = (published(desk), desk.vendor.view());
    desk.vendor.clear_requests();
    let error = match desk.invoke(operation, event).await {
        Ok(answer) => panic!("{wrong}: it succeeded: {answer:#}"),
        Err(error) => error,
    };
    is(&error, &wrong, expected);
    assert_eq!(
        (published(desk), desk.vendor.view()),
        before,
        "{wrong}: something was published or changed"
    );
    let sent = desk
        .vendor
        .requests()
        .into_iter()
        .find(|request| request.method != "GET");
    assert!(sent.is_none(), "{wrong}: {sent:?} was sent");
    for path in desk.written() {
        let bytes = std::fs::read(&path).expect("a file");
        let token = TOKENS.iter().find(|token| {
            bytes
                .windows(token.len())
                .any(|part| part == token.as_bytes())
        });
        assert_eq!(token, None, "{wrong}: {} holds a token", path.display());
    }
}

/// Whether an error is the expected one, tells what to do, and keeps secrets.
fn is(error: &Error, wrong: &str, expected: Failure) {
    let chain = Chain(error).to_string();
    assert_eq!(
        (error.kind().as_str(), error.code()),
        (expected.kind, expected.code),
        "{wrong}: {chain}"
    );
    assert!(chain.contains(expected.message), "{wrong}: {chain}");
    assert!(
        error.fix().contains(expected.fix) && !expected.fix.is_empty(),
        "{wrong}: {}",
        error.fix()
    );
    let shown = [
        error.to_string(),
        chain,
        error.fix().to_owned(),
        format!("{error:?}"),
        format!("{error:#?}"),
    ];
    for text in shown {
        let token = TOKENS.iter().find(|token| text.contains(**token));
        assert_eq!(token, None, "{wrong}: a token shows: {text}");
    }
}

/// What readers of a store go by: pointers, snapshots with their manifests, and observations. Byte for byte.
fn published(desk: &Desk) -> BTreeMap<PathBuf, Vec<u8>> {
    let counts = |path: &PathBuf| {
        let key = path.strip_prefix(desk.store()).expect("a key");
        key.starts_with("latest") || key.starts_with("snapshots") || key.ends_with("observed.json")
    };
    let files = desk.written().into_iter().filter(counts);
    files
        .map(|path| (path.clone(), std::fs::read(path).expect("a file")))
        .collect()
}

/// After the failure is mended, the connection works as if nothing had been.
async fn works(desk: &Desk, wrong: &str) -> Value {
    let answer = answer_of(desk.sync().await);
    assert_eq!(answer["status"], "complete", "after {wrong}: {answer}");
    answer
}
