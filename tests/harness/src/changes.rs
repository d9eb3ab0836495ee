//! Changes of access, asked for in a line each.
#![expect(clippy::expect_used, reason = "a panic is a failed test")]

use rollcall_connector::Error;
use rollcall_engine::runtime::function::Operation;
use serde_json::{Value, json};

use crate::conformance::{Bench, Subject, answer_of};

/// What a change comes to.
type Changed = Result<Value, Error>;

/// Asks for a grant.
pub async fn grant<S: Subject>(desk: &Bench<S>, id: &str, what: &str, whom: &str) -> Changed {
    let event = json!({"request_id": id, "entitlement": what, "principal": whom});
    desk.invoke(Operation::Grant, event).await
}

/// Asks for a revocation.
pub async fn revoke<S: Subject>(desk: &Bench<S>, id: &str, what: &str, whom: &str) -> Changed {
    let event = json!({"request_id": id, "entitlement": what, "principal": whom});
    desk.invoke(Operation::Revoke, event).await
}

/// Asks for an account.
pub async fn create<S: Subject>(desk: &Bench<S>, id: &str, email: &str) -> Changed {
    let event = json!({"request_id": id, "account": {"email": email}});
    desk.invoke(Operation::CreateAccount, event).await
}

/// Asks that an account goes.
pub async fn delete<S: Subject>(desk: &Bench<S>, id: &str, principal: &str) -> Changed {
    let event = json!({"request_id": id, "principal": principal});
    desk.invoke(Operation::DeleteAccount, event).await
}

/// The answer of a change that must come to this outcome.
pub fn outcome(result: Changed, expected: &str) -> Value {
    let answer = answer_of(result);
    assert_eq!(answer["outcome"], expected, "{answer:#}");
    answer
}

/// The code of something that must fail.
pub fn code(result: Changed) -> &'static str {
    match result {
        Ok(answer) => panic!("it succeeded: {answer:#}"),
        Err(error) => error.code().as_str(),
    }
}

/// The ids of the grants in one field of an answer.
pub fn ids<'a>(answer: &'a Value, field: &str) -> Vec<&'a str> {
    let list = answer[field].as_array().expect("a list");
    let id = |item: &'a Value| item.as_str().or(item["id"].as_str()).expect("an id");
    list.iter().map(id).collect()
}
