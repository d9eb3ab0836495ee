//! What the public Baton connector for Temporal Cloud does wrong, and this one must not. Each test is named after what
//! must hold, and says what the public connector does instead.

mod access;
mod accounts;
mod answers;
mod conflicts;
mod ids;
mod keys;
mod namespaces;
mod operations;
mod refusals;
mod roles;

use rollcall::Error;
use rollcall::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_simulators::temporalcloud::World;
use rollcall_simulators::{Fault, FaultKind, Request};
use serde_json::{Value, json};

use crate::shown::Desk;

/// A desk before an account of one's own making.
async fn desk_of(world: World) -> Desk {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|w| *w = world);
    desk
}

async fn grant(
    desk: &Desk,
    request: &str,
    entitlement: &str,
    principal: &str,
) -> Result<Value, Error> {
    let event = json!({"request_id": request, "entitlement": entitlement, "principal": principal});
    desk.invoke(Operation::Grant, event).await
}

async fn revoke(
    desk: &Desk,
    request: &str,
    entitlement: &str,
    principal: &str,
) -> Result<Value, Error> {
    let event = json!({"request_id": request, "entitlement": entitlement, "principal": principal});
    desk.invoke(Operation::Revoke, event).await
}

async fn create(desk: &Desk, request: &str, email: &str) -> Result<Value, Error> {
    let event = json!({"request_id": request, "account": {"email": email}});
    desk.invoke(Operation::CreateAccount, event).await
}

async fn delete(desk: &Desk, request: &str, principal: &str) -> Result<Value, Error> {
    let event = json!({"request_id": request, "principal": principal});
    desk.invoke(Operation::DeleteAccount, event).await
}

/// The answer of a change that must come to this outcome.
fn outcome(result: Result<Value, Error>, expected: &str) -> Value {
    let answer = answer_of(result);
    assert_eq!(answer["outcome"], expected, "{answer:#}");
    answer
}

/// The code of a change that must fail.
fn code(result: Result<Value, Error>) -> &'static str {
    match result {
        Ok(answer) => panic!("it succeeded: {answer:#}"),
        Err(error) => error.code(),
    }
}

/// Every change that was sent.
fn writes(desk: &Desk) -> Vec<Request> {
    let requests = desk.vendor.sim.requests();
    requests.into_iter().filter(|r| r.method != "GET").collect()
}

/// The operation ids of every change that was sent.
fn operation_ids(desk: &Desk) -> Vec<String> {
    let of = |r: &Request| {
        r.body.as_ref().expect("a body")["asyncOperationId"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    writes(desk).iter().map(of).collect()
}

/// The ids of the grants in one field of an answer.
fn ids<'a>(answer: &'a Value, field: &str) -> Vec<&'a str> {
    let list = answer[field].as_array().expect("a list");
    list.iter()
        .map(|item| item.as_str().or(item["id"].as_str()).expect("an id"))
        .collect()
}

/// A user, service account or group as the vendor keeps it.
fn stored(desk: &Desk, id: &str) -> Value {
    desk.vendor
        .sim
        .with_world(|world| world.principal(id).expect("a principal").clone())
}

/// What a user, service account or group is set to.
fn spec(desk: &Desk, id: &str) -> Value {
    stored(desk, id)["spec"].clone()
}

/// Lets the `n`-th look at something bring this instead of how it is: what was so a moment ago, or will be.
fn shown_once(n: usize, path: &str, body: Value) -> Fault {
    let kind = FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(body),
    };
    Fault::nth_matching(n, "GET", path, kind)
}
