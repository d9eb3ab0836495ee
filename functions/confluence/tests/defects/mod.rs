//! What the public Baton connector for Confluence does wrong, and this one must not. Each test is named after what must
//! hold, and says what the public connector does instead.

mod answers;
mod groups;
mod lists;
mod looks;
mod people;
mod permissions;
mod reads;
mod roles;
mod shapes;
mod spaces;

use rollcall_connector::Error;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::changes::{code, grant, ids, outcome, revoke};
use rollcall_simulators::confluence::World;
use rollcall_simulators::{Fault, FaultKind, Request};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

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
    desk.set_keys(&keys);
    desk
}

/// A revocation that may take other permissions along.
async fn cascade(desk: &Desk, request: &str, what: &str, whom: &str) -> Result<Value, Error> {
    let event = json!({"request_id": request, "entitlement": what, "principal": whom, "allow": ["cascade"]});
    desk.invoke(Operation::Revoke, event).await
}

/// The vendor answers this.
fn says(code: u16, body: Value) -> FaultKind {
    FaultKind::Status {
        code,
        headers: Vec::new(),
        body: Some(body),
    }
}

/// A page of the API v2 with these rows and no other after it.
fn page(rows: Value) -> FaultKind {
    says(200, json!({"results": rows, "_links": {}}))
}

/// What an answer of the API v2 says of something that does not exist.
fn absent(what: &str) -> FaultKind {
    says(
        404,
        json!({"errors": [{"status": 404, "code": "NOT_FOUND", "title": format!("Cannot find {what}"), "detail": null}]}),
    )
}

/// The ways in which a site does not say its mode.
fn modes_unsaid() -> Vec<Fault> {
    let ways = [FaultKind::without("mode"), absent("the mode")];
    let way = |way| Fault::matching("GET", "/wiki/api/v2/space-role-mode", way);
    ways.map(way).into()
}

/// Every change that was sent, as method and path.
fn sent(desk: &Desk) -> Vec<String> {
    let line = |r: &Request| format!("{} {}", r.method, r.path);
    desk.writes().iter().map(line).collect()
}

/// What a principal holds on a space, in the simulated world.
fn held(desk: &Desk, space: &str, principal: &str) -> Value {
    desk.vendor.sim.access_view()["spaces"][space]["permissions"][principal].clone()
}
