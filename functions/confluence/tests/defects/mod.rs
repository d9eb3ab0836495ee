//! What the public Baton connector for Confluence does wrong, and this one must not. Each test is named after what must
//! hold, and says what the public connector does instead.

mod answers;
mod groups;
mod people;
mod permissions;
mod reads;
mod roles;
mod spaces;

use rollcall::Error;
use rollcall::function::Operation;
use rollcall_harness::conformance::{Subject, answer_of};
use rollcall_simulators::Request;
use rollcall_simulators::confluence::World;
use serde_json::{Value, json};

use crate::Simulated;
use crate::shown::Desk;

/// All that can be selected.
const EVERY_NOUN: &str = "attachment,blogpost,comment,page,space";
const EVERY_VERB: &str = "administer,archive,create,delete,export,read,restrict_content,update";

/// A desk before this site.
async fn desk_of(world: World) -> Desk {
    Desk::around(Simulated::of(world).await)
}

/// A desk before the small site, with these keys in the secret.
async fn desk_with(keys: Value) -> Desk {
    let desk = desk_of(World::worked_example()).await;
    set_keys(&desk, keys);
    desk
}

/// Puts keys into the secret.
fn set_keys(desk: &Desk, keys: Value) {
    let mut secret = desk.vendor.secret();
    for (key, value) in keys.as_object().expect("keys") {
        secret[key] = value.clone();
    }
    desk.write_secret(&secret);
}

async fn grant(desk: &Desk, request: &str, what: &str, whom: &str) -> Result<Value, Error> {
    let event = json!({"request_id": request, "entitlement": what, "principal": whom});
    desk.invoke(Operation::Grant, event).await
}

async fn revoke(desk: &Desk, request: &str, what: &str, whom: &str) -> Result<Value, Error> {
    let event = json!({"request_id": request, "entitlement": what, "principal": whom});
    desk.invoke(Operation::Revoke, event).await
}

/// A revocation that may take other permissions along.
async fn cascade(desk: &Desk, request: &str, what: &str, whom: &str) -> Result<Value, Error> {
    let event = json!({"request_id": request, "entitlement": what, "principal": whom, "allow": ["cascade"]});
    desk.invoke(Operation::Revoke, event).await
}

/// The answer of a change that must come to this outcome.
fn outcome(result: Result<Value, Error>, expected: &str) -> Value {
    let answer = answer_of(result);
    assert_eq!(answer["outcome"], expected, "{answer:#}");
    answer
}

/// The code of something that must fail.
fn code(result: Result<Value, Error>) -> &'static str {
    match result {
        Ok(answer) => panic!("it succeeded: {answer:#}"),
        Err(error) => error.code(),
    }
}

/// Every change that was sent. `users-bulk` is a read that is posted.
fn writes(desk: &Desk) -> Vec<Request> {
    let requests = desk.vendor.sim.requests();
    let is_write = |r: &Request| r.method != "GET" && !r.path.ends_with("/users-bulk");
    requests.into_iter().filter(is_write).collect()
}

/// The same as method and path.
fn sent(desk: &Desk) -> Vec<String> {
    let line = |r: &Request| format!("{} {}", r.method, r.path);
    writes(desk).iter().map(line).collect()
}

/// The ids of the grants in one field of an answer.
fn ids<'a>(answer: &'a Value, field: &str) -> Vec<&'a str> {
    let list = answer[field].as_array().expect("a list");
    list.iter()
        .map(|item| item.as_str().or(item["id"].as_str()).expect("an id"))
        .collect()
}

/// What a principal holds on a space, in the simulated world.
fn held(desk: &Desk, space: &str, principal: &str) -> Value {
    desk.vendor.sim.access_view()["spaces"][space]["permissions"][principal].clone()
}
