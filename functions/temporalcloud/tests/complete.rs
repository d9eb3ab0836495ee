//! A large account: nothing missing and nothing wrong, compared with the simulated account, and no needless request.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_harness::answers::entries;
use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::{Sizes, World};
use serde_json::Value;

use crate::script::play;
use crate::{Desk, desk_of};

#[tokio::test]
async fn a_sync_of_a_thousand_users_and_five_hundred_namespaces_takes_60_calls() {
    let mut sizes = Sizes::default();
    (sizes.users, sizes.namespaces, sizes.service_accounts) = (1000, 500, 100);
    (sizes.groups, sizes.members_per_group) = (50, 40);
    let world = World::generate(&sizes, 7);
    let expected = stated(&world);
    let mut desk = desk_of(world).await;
    // Expanding these grants is the engine's work.
    desk.cx.settings.expand = false;
    let shown = Shown::by(&desk).await;
    shown.states(&expected);
    assert!(expected.len() > 4000, "only {} grants", expected.len());
    assert_eq!(shown.warnings(), Vec::<String>::new());

    // All access is in the lists, so nothing is looked up separately; and a page has up to a thousand rows, so each
    // list is one page. Two projects have their own service accounts.
    let mut calls = BTreeMap::new();
    for request in desk.vendor.sim.requests() {
        let list = request.path.rsplit('/').next().expect("a path");
        *calls.entry(list.to_owned()).or_insert(0) += 1;
    }
    let calls: Vec<String> = calls.iter().map(|(list, n)| format!("{list} {n}")).collect();
    let expected = "account 1, current-identity 1, custom-roles 1, members 50, namespaces 1, projects 1, service-accounts 3, user-groups 1, users 1";
    assert_eq!(calls.join(", "), expected);
    assert_eq!(shown.answer["calls"], 60);
    let kinds = ["user", "namespace", "group", "service-account"];
    // The connector's own service account is additional.
    assert_eq!(kinds.map(|kind| shown.count(kind)), [1000, 500, 50, 101]);
}

/// For the decision: the account, the key, the principal and the namespace. For the result: the operation and the
/// principal.
#[tokio::test]
async fn a_grant_takes_seven_calls_and_each_names_the_version_that_it_was_written_for() {
    let desk = Desk::new().await;
    let script = "
        grant demo:write to user:u2 = already_granted demo:write
        3 calls
        grant demo:write to user:u-read = granted demo:write";
    play(&desk, script).await;
    for request in desk.vendor.sim.requests() {
        let version = request.header("temporal-cloud-api-version");
        assert_eq!(version, Some("v0.19.1"), "{}", request.path);
    }
    play(&desk, "7 calls").await;
}

/// The ids of the grants in the simulated account.
fn stated(world: &World) -> BTreeSet<String> {
    let (view, account) = (world.access_view(), &world.account_id);
    let mut ids = BTreeSet::new();
    let kinds = ["user", "service-account", "group"];
    for (list, kind) in ["users", "serviceAccounts", "groups"].into_iter().zip(kinds) {
        for (id, holder) in entries(&view[list]) {
            let held = held(account, holder).into_iter();
            ids.extend(held.map(|held| format!("{held}:{kind}:{id}")));
        }
    }
    for (group, members) in entries(&view["members"]) {
        let members = members.as_array().into_iter().flatten();
        ids.extend(members.map(|user| format!("group:{group}:member:user:{}", text(user))));
    }
    let role = |role: &str| format!("account-role:{account}-{role}");
    for id in world.projects.keys() {
        ids.extend(["owner", "admin"].map(|who| format!("project:{id}:admin:{}", role(who))));
        ids.insert(format!("project:{id}:developer:{}", role("developer")));
    }
    for (id, namespace) in &world.namespaces {
        ids.extend(["owner", "admin"].map(|who| format!("namespace:{id}:admin:{}", role(who))));
        if let Some(project) = namespace["projectId"].as_str().filter(|id| !id.is_empty()) {
            let reach = ["admin", "write", "read"];
            ids.extend(reach.map(|what| format!("namespace:{id}:{what}:project:{project}")));
        }
    }
    ids
}

/// A principal's own access, in each of its forms.
fn held(account: &str, holder: &Value) -> Vec<String> {
    let mut held = Vec::new();
    let mut role = |role: &Value| match role.is_null() {
        true => (),
        false => held.push(format!("account-role:{account}-{}:member", slug(role))),
    };
    let access = &holder["access"];
    role(&access["accountAccess"]["role"]);
    let (scope, in_project) = (&holder["namespaceScopedAccess"], &holder["projectScopedAccess"]);
    if !scope.is_null() {
        role(&"ROLE_READ".into());
        let permission = slug(&scope["access"]["permission"]);
        held.push(format!("namespace:{}:{permission}", text(&scope["namespace"])));
    }
    if !in_project.is_null() {
        let role = slug(&in_project["access"]["role"]);
        held.push(format!("project:{}:{role}", text(&in_project["projectId"])));
    }
    let custom = access["accountAccess"]["customRoles"].as_array();
    let custom = custom.into_iter().flatten().map(text);
    held.extend(custom.map(|role| format!("custom-role:{role}:assigned")));
    for access in [access, in_project] {
        let namespaces = entries(&access["namespaceAccesses"]);
        held.extend(namespaces.map(|(id, e)| format!("namespace:{id}:{}", slug(&e["permission"]))));
    }
    let projects = entries(&access["projectAccesses"]);
    held.extend(projects.map(|(id, e)| format!("project:{id}:{}", slug(&e["role"]))));
    held
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn slug(right: &Value) -> String {
    let prefixes = ["PROJECT_ROLE_", "PERMISSION_", "ROLE_"];
    let mut names = prefixes.iter().filter_map(|prefix| text(right).strip_prefix(prefix));
    names.next().expect("a known right").to_lowercase().replace('_', "-")
}
