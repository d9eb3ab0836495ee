//! Nothing missing and nothing wrong: the snapshot against what the simulated organization itself says.

use std::collections::BTreeSet;

use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{Sizes, World};
use serde_json::{Map, Value};

use crate::{Desk, Simulated};

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Ids that must be in the snapshot.
#[derive(Default)]
struct Whole {
    resources: BTreeSet<String>,
    entitlements: BTreeSet<String>,
    /// What is stated.
    stated: BTreeSet<String>,
    /// What is stated, and what follows.
    held: BTreeSet<String>,
    without_account: u64,
}

/// What the view of a world means. Hidden groups are in no list.
fn whole(world: &World) -> Whole {
    let view = world.access_view();
    let mut whole = Whole::default();
    let groups: Vec<(&String, &Value)> = entries(&view["groups"])
        .filter(|(id, _)| world.listed_group(id).is_some())
        .collect();
    for user in texts(&view["members"]) {
        whole.resources.insert(format!("user:{user}"));
    }
    for (id, group) in &groups {
        whole.resources.insert(format!("group:{id}"));
        whole.entitlements.insert(format!("group:{id}:member"));
        for user in texts(&group["members"]) {
            whole
                .stated
                .insert(format!("group:{id}:member:user:{user}"));
        }
        whole.without_account += group["without_account"].as_u64().expect("a number");
    }
    for (id, role) in entries(&view["roles"]) {
        whole.resources.insert(format!("role:{id}"));
        let assigned = format!("role:{id}:assigned");
        let linked: Vec<&Value> = groups
            .iter()
            .filter(|(group, _)| texts(&role["groups"]).any(|id| id == group.as_str()))
            .map(|(group, value)| {
                whole.stated.insert(format!("{assigned}:group:{group}"));
                *value
            })
            .collect();
        for (user, kind) in entries(&role["members"]) {
            let grant = format!("{assigned}:user:{user}");
            let explained = linked
                .iter()
                .any(|group| texts(&group["members"]).any(|id| id == user));
            if kind == "explicit" || !explained {
                whole.stated.insert(grant.clone());
            }
            whole.held.insert(grant);
        }
        whole.entitlements.insert(assigned);
    }
    // Whoever is named is shown, in a list or not.
    for grant in &whole.stated {
        let user = grant.split(":user:").nth(1);
        whole
            .resources
            .extend(user.map(|user| format!("user:{user}")));
    }
    whole.held.extend(whole.stated.iter().cloned());
    whole
}

async fn is_whole(world: World) -> Shown {
    let desk = Desk::around(Simulated::of(world.clone()).await);
    let shown = Shown::by(&desk).await;
    let whole = whole(&world);
    let resources: BTreeSet<String> = shown.resources.keys().cloned().collect();
    let entitlements: BTreeSet<String> = shown.entitlements.keys().cloned().collect();
    let held: BTreeSet<String> = shown.grants.keys().cloned().collect();
    assert_eq!(resources, whole.resources);
    assert_eq!(entitlements, whole.entitlements);
    shown.states(&whole.stated);
    assert_eq!(held, whole.held);
    let warned = shown
        .warnings()
        .into_iter()
        .find(|w| w.starts_with("MembersWithoutAccount"));
    let n = whole.without_account;
    assert_eq!(
        warned,
        (n > 0).then(|| format!(
            "MembersWithoutAccount: {n} members of directory groups have no account in Northflank, and no access"
        ))
    );
    shown
}

#[tokio::test]
async fn every_oddity_is_shown_and_nothing_else() {
    let shown = is_whole(World::rich()).await;
    // Names for all, however little is known of them.
    for (id, name) in [
        ("user:nobody", "nobody"),
        ("user:bare", "bare"),
        ("user:one-word", "Cher"),
        ("user:no-addresses", "Nora None"),
        (
            "user:odd-name",
            "Zoë \"Q\" O'Néill <root> / 你好: +50 %, & Söhne\\",
        ),
        ("role:odd-name", "R&D / \"Ops\": 你好, 50 % <b>"),
    ] {
        assert_eq!(shown.resource(id).display_name, name);
    }
    // Ids differ by case alone.
    assert_eq!(shown.resource("user:Case").display_name, "Upper Case");
    assert_eq!(shown.resource("user:case").display_name, "Lower Case");
}

#[tokio::test]
async fn generated_organizations_are_shown_to_the_last_grant() {
    for seed in 1..=3 {
        is_whole(World::generate(&Sizes::default(), seed)).await;
    }
    let large = Sizes {
        members: 400,
        roles: 110,
        groups: 40,
        members_per_role: 150,
        members_per_group: 220,
        groups_per_role: 4,
    };
    let shown = is_whole(World::generate(&large, 9)).await;
    assert!(shown.grants.len() > 10_000, "{}", shown.grants.len());
}
