//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of its message, and a part
//! of its fix. In every case nothing is published or changed, and no token is shown.

use rollcall_connector::{Chain, Error};
use rollcall_engine::runtime::function::Operation;
use serde_json::Value;

use crate::conformance::{Bench, Subject, answer_of};

type Text = &'static str;

/// The expected failure: `errorType`, code, and a part of message and fix.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    pub kind: Text,
    pub code: Text,
    pub message: Text,
    pub fix: Text,
}

pub const fn failure(kind: Text, code: Text, message: Text, fix: Text) -> Failure {
    Failure { kind, code, message, fix }
}

/// A failure in a row of a table: kind, code, message and fix with ` | ` between. The text is leaked: a test is short.
pub fn told(text: impl Into<String>) -> Failure {
    match text.into().leak().split(" | ").collect::<Vec<_>>()[..] {
        [kind, code, message, fix] => failure(kind, code, message, fix),
        ref parts => panic!("no failure: {parts:?}"),
    }
}

impl Failure {
    /// Asserts that an error is this one, has a fix, and shows none of these tokens.
    pub fn is(&self, error: &Error, wrong: &str, tokens: &[impl AsRef<str>]) {
        let (chain, fix) = (Chain(error).to_string(), error.fix());
        let found = (error.kind().as_str(), error.code().as_str());
        assert_eq!(found, (self.kind, self.code), "{wrong}: {chain}");
        assert!(chain.contains(self.message), "{wrong}: {chain}");
        assert!(fix.contains(self.fix) && !self.fix.is_empty(), "{wrong}: {fix}");
        let shown = format!("{error} {chain} {fix} {error:?} {error:#?}");
        let found = tokens.iter().any(|token| shown.contains(token.as_ref()));
        assert!(!found, "{wrong}: a token shows: {shown}");
    }
}

/// Sends an event that must fail like this, and looks at everything that a failure must leave alone.
pub async fn fails<S: Subject>(
    desk: &Bench<S>,
    operation: Operation,
    event: Value,
    wrong: &str,
    expected: Failure,
) {
    let wrong = format!("{}, {wrong}: {event}", operation.as_str());
    let before = (desk.published(), desk.vendor.view());
    desk.vendor.clear_requests();
    let error = match desk.invoke(operation, event).await {
        Ok(answer) => panic!("{wrong}: it succeeded: {answer:#}"),
        Err(error) => error,
    };
    let mut tokens = desk.vendor.tokens();
    tokens.extend(S::TOKENS.iter().map(|&token| token.to_owned()));
    expected.is(&error, &wrong, &tokens);
    let is_as_before = (desk.published(), desk.vendor.view()) == before;
    assert!(is_as_before, "{wrong}: something was published or changed");
    let (sent, leak) = (desk.writes(), desk.leak(&tokens));
    assert!(sent.is_empty(), "{wrong}: {sent:?} was sent");
    assert_eq!(leak, None, "{wrong}: a file holds a token");
}

pub async fn fails_unasked<S: Subject>(
    desk: &Bench<S>,
    operation: Operation,
    event: Value,
    wrong: &str,
    expected: Failure,
) {
    fails(desk, operation, event, wrong, expected).await;
    let asked = desk.vendor.requests();
    assert!(asked.is_empty(), "{wrong}: the vendor was asked: {asked:?}");
}

pub async fn every_operation_fails<S: Subject>(desk: &Bench<S>, wrong: &str, expected: Failure) {
    for &operation in S::entry().operations {
        fails(desk, operation, S::good(operation), wrong, expected).await;
    }
}

pub const fn unusable(message: Text) -> Failure {
    let fix = "Correct these keys in the connection's secret";
    failure("Misconfigured", "BadConfiguration", message, fix)
}

/// A table of bad keys in the secret: every operation fails unasked, and works once the secret is right.
pub async fn all_are_unusable<S: Subject>(
    desk: &Bench<S>,
    rows: impl IntoIterator<Item = (Value, Text)>,
) {
    for (keys, message) in rows {
        desk.set_keys(&keys);
        let (wrong, expected) = (keys.to_string(), unusable(message));
        for &operation in S::entry().operations {
            fails_unasked(desk, operation, S::good(operation), &wrong, expected).await;
        }
        desk.write_secret(&desk.vendor.secret());
        works(desk, &wrong).await;
    }
}

/// After the failure is mended, the connection works as if nothing had been.
pub async fn works<S: Subject>(desk: &Bench<S>, wrong: &str) -> Value {
    let answer = answer_of(desk.sync().await);
    assert_eq!(answer["status"], "complete", "after {wrong}: {answer}");
    answer
}
