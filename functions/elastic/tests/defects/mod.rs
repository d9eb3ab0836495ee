//! What the public Baton connector for Elastic does wrong, and this one must not. Each test is named after what must hold,
//! and says what the public connector does instead.

mod answers;
mod changes;
mod deployments;
mod hosts;
mod mappings;
mod names;
mod odd;
mod organizations;
mod races;
mod rules;
mod users;

use rollcall_harness::changes::{code, grant, ids, outcome, revoke};
use rollcall_simulators::elastic::{ORGANIZATION_ID, World};
use rollcall_simulators::{FaultKind, Request};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

/// A list of a sync, by the path that is asked.
const LISTS: &[&str] = &[
    "/api/v1/organizations",
    "/api/v1/organizations/198583657190/members",
    "/api/v1/organizations/198583657190/invitations",
    "/_security/user",
    "/_security/role",
    "/_security/role_mapping",
];

/// A role that most people here do not have.
const ADMIN: &str = "role:admin:member";
const VIEWER: &str = "role:viewer:member";

/// A desk before this world.
async fn desk_of(world: World) -> Desk {
    Desk::around(Simulated::of(world).await)
}

/// A desk before the small world.
async fn small() -> Desk {
    desk_of(World::worked_example()).await
}

/// The small world with a change.
async fn small_with(change: impl FnOnce(&mut World)) -> Desk {
    let mut world = World::worked_example();
    change(&mut world);
    desk_of(world).await
}

/// Whether a list is one of Elastic Cloud.
fn is_cloud(list: &str) -> bool {
    list.starts_with("/api/")
}

/// Every change that was sent, as method and path.
fn sent(desk: &Desk) -> Vec<String> {
    desk.writes().iter().map(Request::line).collect()
}

/// A user of the deployment `main`, as it is in the simulated world.
fn user(desk: &Desk, name: &str) -> Value {
    desk.vendor.sim.access_view()["deployments"]["main"]["users"][name].clone()
}

/// 200 with this text as JSON, from something that says that it is Elasticsearch.
fn elasticsearch_says(json: &str) -> FaultKind {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    FaultKind::Status {
        code: 200,
        headers: vec![
            header("content-type", "application/json"),
            header("x-elastic-product", "Elasticsearch"),
        ],
        body: Some(json.into()),
    }
}

/// A role on something, as it is assigned in the organization.
fn assigned(kind: &str, role: &str, more: Value) -> Value {
    let mut entry = json!({"organization_id": ORGANIZATION_ID, "role_id": role});
    for (key, value) in more.as_object().expect("fields") {
        entry[key] = value.clone();
    }
    json!({kind: [entry]})
}
