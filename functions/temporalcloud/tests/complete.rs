//! Nothing missing and nothing wrong, at size: the snapshot against what the simulated account itself says.

use std::collections::BTreeSet;

use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::{Sizes, World};
use serde_json::{Map, Value};

use crate::{Desk, Simulated};

/// The public connector gets some grants of such an account wrong, and misses others.
#[tokio::test]
async fn a_large_account_is_shown_to_the_last_grant() {
    let sizes = Sizes {
        users: 1000,
        namespaces: 200,
        service_accounts: 50,
        groups: 50,
        members_per_group: 40,
        custom_roles: 10,
        projects: 5,
        ..Sizes::default()
    };
    for seed in 1..=3 {
        let world = World::generate(&sizes, seed);
        let expected = stated(&world);
        let desk = Desk::around(Simulated::of(world).await);
        let shown = Shown::by(&desk).await;
        shown.states(&expected);
        assert!(expected.len() > 4000, "only {} grants", expected.len());
        assert_eq!(shown.warnings(), Vec::<String>::new());
    }
}

/// The ids of the grants that the account's own books state.
fn stated(world: &World) -> BTreeSet<String> {
    let view = world.access_view();
    let account = &world.account_id;
    let mut ids = BTreeSet::new();
    for (list, kind) in [
        ("users", "user"),
        ("serviceAccounts", "service-account"),
        ("groups", "group"),
    ] {
        for (id, object) in entries(&view[list]) {
            let holder = format!("{kind}:{id}");
            ids.extend(held(account, &object["access"]).map(|held| format!("{held}:{holder}")));
            ids.extend(scoped(account, object).map(|held| format!("{held}:{holder}")));
        }
    }
    for (group, members) in entries(&view["members"]) {
        let members = members.as_array().expect("a list").iter();
        ids.extend(members.map(|user| format!("group:{group}:member:user:{}", text(user))));
    }
    ids.extend(inherited(world));
    ids
}

/// What an access object gives.
fn held<'a>(account: &'a str, access: &'a Value) -> impl Iterator<Item = String> + 'a {
    let role = access["accountAccess"]["role"].as_str();
    let role = role.filter(|role| *role != "ROLE_UNSPECIFIED");
    let role = role.map(|role| format!("account-role:{account}-{}:member", slug(role, "ROLE_")));
    let custom = access["accountAccess"]["customRoles"].as_array();
    let custom = custom.into_iter().flatten();
    let custom = custom.map(|role| format!("custom-role:{}:assigned", text(role)));
    role.into_iter().chain(custom).chain(maps(access))
}

/// What the two maps of an access object give.
fn maps(access: &Value) -> impl Iterator<Item = String> + '_ {
    let namespaces = entries(&access["namespaceAccesses"]).map(|(namespace, entry)| {
        let permission = slug(text(&entry["permission"]), "PERMISSION_");
        format!("namespace:{namespace}:{permission}")
    });
    let projects = entries(&access["projectAccesses"]).map(|(project, entry)| {
        let role = slug(text(&entry["role"]), "PROJECT_ROLE_");
        format!("project:{project}:{role}")
    });
    namespaces.chain(projects)
}

/// What the scoped forms of a service account give.
fn scoped<'a>(account: &'a str, object: &'a Value) -> impl Iterator<Item = String> + 'a {
    let one = &object["namespaceScopedAccess"];
    let one = one["namespace"]
        .as_str()
        .into_iter()
        .flat_map(move |namespace| {
            let permission = slug(text(&one["access"]["permission"]), "PERMISSION_");
            [
                format!("account-role:{account}-read:member"),
                format!("namespace:{namespace}:{permission}"),
            ]
        });
    let project = &object["projectScopedAccess"];
    let role = project["projectId"].as_str().map(|id| {
        let role = slug(text(&project["access"]["role"]), "PROJECT_ROLE_");
        format!("project:{id}:{role}")
    });
    one.chain(role).chain(maps(project))
}

/// What roles and projects give everywhere.
fn inherited(world: &World) -> impl Iterator<Item = String> + '_ {
    let account = &world.account_id;
    let role = move |slug: &str| format!("account-role:{account}-{slug}");
    let projects = world.projects.keys().flat_map(move |id| {
        let inherits = [
            ("admin", "owner"),
            ("admin", "admin"),
            ("developer", "developer"),
        ];
        inherits.map(|(what, who)| format!("project:{id}:{what}:{}", role(who)))
    });
    let namespaces = world.namespaces.iter().flat_map(move |(id, namespace)| {
        let roles = ["owner", "admin"].map(|who| format!("namespace:{id}:admin:{}", role(who)));
        let project = namespace["projectId"]
            .as_str()
            .filter(|project| !project.is_empty());
        let project = project.into_iter().flat_map(move |project| {
            ["admin", "write", "read"]
                .map(|what| format!("namespace:{id}:{what}:project:{project}"))
        });
        roles.into_iter().chain(project)
    });
    projects.chain(namespaces)
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn slug(name: &str, prefix: &str) -> String {
    let name = name.strip_prefix(prefix).expect("a known name");
    name.to_lowercase().replace('_', "-")
}
