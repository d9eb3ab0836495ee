//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of what it says, and a part
//! of what to do about it. Whatever it is, nothing is published, nothing is changed, and no token shows.

mod credentials;
mod event;
mod secret;

use rollcall::Chain;
use rollcall::function::Operation;
use rollcall_harness::conformance::Subject;
use rollcall_simulators::confluence::{BEARER_TOKEN, READER_TOKEN, SCOPED_TOKEN, TEST_TOKEN};
use serde_json::{Value, json};

use crate::shown::Desk;

/// Texts that nobody may ever show: the tokens of the simulated world, and what tests put into secrets.
const TOKENS: &[&str] = &[
    TEST_TOKEN,
    SCOPED_TOKEN,
    BEARER_TOKEN,
    READER_TOKEN,
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
        _ => {
            json!({"request_id": "r1", "entitlement": "space:98320:export-space", "principal": "user:712020:reader"})
        }
    }
}

/// What this connector can be asked for.
const OPERATIONS: [Operation; 3] = [Operation::Sync, Operation::Grant, Operation::Revoke];

/// Sends an event that must fail like this, and looks at everything that a failure must leave alone.
async fn fails(desk: &Desk, operation: Operation, event: Value, wrong: &str, expected: Failure) {
    let wrong = format!("{}, {wrong}: {event}", operation.as_str());
    let before = desk.vendor.view();
    desk.vendor.clear_requests();
    let error = match desk.invoke(operation, event).await {
        Ok(answer) => panic!("{wrong}: it succeeded: {answer:#}"),
        Err(error) => error,
    };
    let chain = Chain(&error).to_string();
    assert_eq!(
        (error.kind().as_str(), error.code()),
        (expected.kind, expected.code),
        "{wrong}: {chain}"
    );
    assert!(chain.contains(expected.message), "{wrong}: {chain}");
    assert!(
        !expected.fix.is_empty() && error.fix().contains(expected.fix),
        "{wrong}: {}",
        error.fix()
    );
    for text in [chain, error.fix().to_owned(), format!("{error:?}")] {
        let token = TOKENS.iter().find(|token| text.contains(**token));
        assert_eq!(token, None, "{wrong}: a token shows: {text}");
    }
    assert!(
        !desk.is_published() && desk.vendor.view() == before,
        "{wrong}: something was published or changed"
    );
    let sent = desk
        .vendor
        .requests()
        .into_iter()
        .find(|r| r.method != "GET" && !r.path.ends_with("/users-bulk"));
    assert!(sent.is_none(), "{wrong}: {sent:?} was sent");
    for path in desk.written() {
        let bytes = std::fs::read(&path).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        let token = TOKENS.iter().find(|token| text.contains(**token));
        assert_eq!(token, None, "{wrong}: {} holds a token", path.display());
    }
}
