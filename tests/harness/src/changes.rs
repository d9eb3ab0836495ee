//! Changes of access, one request per line.

use rollcall_connector::Error;
use rollcall_engine::runtime::function::Operation;
use serde_json::{Value, json};

use crate::conformance::{Bench, Subject, answer_of};

type Changed = Result<Value, Error>;

pub async fn grant<S: Subject>(desk: &Bench<S>, id: &str, what: &str, whom: &str) -> Changed {
    let event = json!({"request_id": id, "entitlement": what, "principal": whom});
    desk.invoke(Operation::Grant, event).await
}

pub async fn revoke<S: Subject>(desk: &Bench<S>, id: &str, what: &str, whom: &str) -> Changed {
    let event = json!({"request_id": id, "entitlement": what, "principal": whom});
    desk.invoke(Operation::Revoke, event).await
}

pub async fn create<S: Subject>(desk: &Bench<S>, id: &str, email: &str) -> Changed {
    let event = json!({"request_id": id, "account": {"email": email}});
    desk.invoke(Operation::CreateAccount, event).await
}

pub async fn delete<S: Subject>(desk: &Bench<S>, id: &str, principal: &str) -> Changed {
    desk.invoke(Operation::DeleteAccount, json!({"request_id": id, "principal": principal})).await
}

pub fn outcome(result: Changed, expected: &str) -> Value {
    let answer = answer_of(result);
    assert_eq!(answer["outcome"], expected, "{answer:#}");
    answer
}

pub fn code(result: Changed) -> &'static str {
    match result {
        Ok(answer) => panic!("it succeeded: {answer:#}"),
        Err(error) => error.code().as_str(),
    }
}

pub fn ids<'a>(answer: &'a Value, field: &str) -> Vec<&'a str> {
    let list = answer[field].as_array().expect("a list");
    let id = |item: &'a Value| item.as_str().or(item["id"].as_str()).expect("an id");
    list.iter().map(id).collect()
}
