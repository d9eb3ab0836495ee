//! Changes of access, asked for in a line each.
#![expect(
    clippy::expect_used,
    reason = "test equipment: a panic is a failed test"
)]

use rollcall_connector::Error;
use rollcall_engine::runtime::function::Operation;
use serde_json::{Value, json};

use crate::conformance::{Bench, Subject, answer_of};

/// Asks for a grant.
pub async fn grant<S: Subject>(
    desk: &Bench<S>,
    request: &str,
    entitlement: &str,
    principal: &str,
) -> Result<Value, Error> {
    let event = json!({"request_id": request, "entitlement": entitlement, "principal": principal});
    desk.invoke(Operation::Grant, event).await
}

/// Asks for a revocation.
pub async fn revoke<S: Subject>(
    desk: &Bench<S>,
    request: &str,
    entitlement: &str,
    principal: &str,
) -> Result<Value, Error> {
    let event = json!({"request_id": request, "entitlement": entitlement, "principal": principal});
    desk.invoke(Operation::Revoke, event).await
}

/// Asks for an account.
pub async fn create<S: Subject>(
    desk: &Bench<S>,
    request: &str,
    email: &str,
) -> Result<Value, Error> {
    let event = json!({"request_id": request, "account": {"email": email}});
    desk.invoke(Operation::CreateAccount, event).await
}

/// Asks that an account goes.
pub async fn delete<S: Subject>(
    desk: &Bench<S>,
    request: &str,
    principal: &str,
) -> Result<Value, Error> {
    let event = json!({"request_id": request, "principal": principal});
    desk.invoke(Operation::DeleteAccount, event).await
}

/// The answer of a change that must come to this outcome.
pub fn outcome(result: Result<Value, Error>, expected: &str) -> Value {
    let answer = answer_of(result);
    assert_eq!(answer["outcome"], expected, "{answer:#}");
    answer
}

/// The code of something that must fail.
pub fn code(result: Result<Value, Error>) -> &'static str {
    match result {
        Ok(answer) => panic!("it succeeded: {answer:#}"),
        Err(error) => error.code().as_str(),
    }
}

/// The ids of the grants in one field of an answer.
pub fn ids<'a>(answer: &'a Value, field: &str) -> Vec<&'a str> {
    let list = answer[field].as_array().expect("a list");
    list.iter()
        .map(|item| item.as_str().or(item["id"].as_str()).expect("an id"))
        .collect()
}
