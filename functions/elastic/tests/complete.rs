//! Nothing missing and nothing wrong, at size: the snapshot against what the simulated world itself says. What that means
//! for access is worked out here once more, from the vendor's rules and not from the connector.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_harness::conformance::{Bench, Subject};
use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::{
    ORGANIZATION_ID, SECOND_ORGANIZATION_ID, Sizes, WIDE_CLOUD_KEY, World,
};
use serde_json::{Value, json};

use crate::expected::{Expected, entries};
use crate::{Desk, Several, Simulated};

/// Syncs, and compares with these organizations and deployments of the simulated world; a deployment comes with what
/// stands before the names in its ids.
async fn is_complete<S: Subject>(
    desk: &Bench<S>,
    world: &World,
    organizations: &[&str],
    deployments: &[(&str, &str)],
) -> (Shown, Expected) {
    let shown = Shown::by(desk).await;
    let view = desk.vendor.view();
    let mut expected = Expected::default();
    for &id in organizations {
        let invitations = world.organizations[id].invitations.values();
        let open = invitations.filter(|invitation| invitation.accepted_at.is_none());
        let emails: Vec<String> = open.map(|invitation| invitation.email.clone()).collect();
        expected.organization(id, &view["organizations"][id], &emails);
    }
    for (name, mark) in deployments {
        expected.deployment(&view["deployments"][name], mark);
    }

    shown.states(&expected.direct);
    let keys = |ids: Vec<&String>| -> BTreeSet<String> { ids.into_iter().cloned().collect() };
    same(
        "resources",
        &keys(shown.resources.keys().collect()),
        &expected.resources,
    );
    same(
        "entitlements",
        &keys(shown.entitlements.keys().collect()),
        &expected.entitlements,
    );
    let following = shown.grants.values().filter(|g| !g.direct);
    let following = following.map(|g| &g.id).collect();
    same("following grants", &keys(following), &expected.following);
    for (name, mark) in deployments {
        users_are_shown(&shown, &view["deployments"][name]["users"], mark);
    }
    for &id in organizations {
        members_are_shown(&shown, world, id, organizations);
    }
    (shown, expected)
}

fn same(what: &str, found: &BTreeSet<String>, expected: &BTreeSet<String>) {
    let missing: Vec<_> = expected.difference(found).take(5).collect();
    let wrong: Vec<_> = found.difference(expected).take(5).collect();
    assert!(
        missing.is_empty() && wrong.is_empty(),
        "{what}: missing {missing:?}, wrong {wrong:?}"
    );
}

/// Of every native user: name, address, whether they can sign in, and whose they are.
fn users_are_shown(shown: &Shown, users: &Value, mark: &str) {
    for (name, user) in entries(users) {
        let resource = shown.resource(&format!("deploymentUser:{mark}{name}"));
        let full_name = user["full_name"].as_str().unwrap_or(name);
        let emails: Vec<&str> = user["email"].as_str().into_iter().collect();
        let reserved = user["metadata"]["_reserved"] == true;
        assert_eq!(
            (
                resource.display_name.as_str(),
                resource.emails.as_slice(),
                resource.status,
                resource.account_type,
                resource.login.as_str(),
            ),
            (
                full_name,
                emails
                    .iter()
                    .map(|&e| e.to_owned())
                    .collect::<Vec<_>>()
                    .as_slice(),
                Some(if user["enabled"] == true {
                    "enabled"
                } else {
                    "disabled"
                }),
                Some(if reserved { "system" } else { "human" }),
                name.as_str(),
            )
        );
    }
}

/// Of every member: a name, an address, and where they are. Somebody who is in two organizations is in one of them.
fn members_are_shown(shown: &Shown, world: &World, id: &str, organizations: &[&str]) {
    for (member, about) in &world.organizations[id].members {
        let resource = shown.resource(&format!("user:{member}"));
        let name = about.name.as_ref().or(about.email.as_ref());
        assert_eq!(&resource.display_name, name.unwrap_or(member));
        let emails: Vec<&String> = about.email.iter().collect();
        assert_eq!(resource.emails.iter().collect::<Vec<_>>(), emails);
        assert_eq!(resource.status, Some("enabled"));
        let parents: Vec<String> = organizations
            .iter()
            .filter(|id| world.organizations[**id].members.contains_key(member))
            .map(|id| format!("organization:{id}"))
            .collect();
        assert!(parents.contains(resource.parent.as_ref().expect("a parent")));
    }
}

/// The public connector shows members, and nobody's role; and of the rules of role mappings what it takes for user names.
#[tokio::test]
async fn a_large_organization_and_deployment_are_shown_to_the_last_grant() {
    for seed in 1..=3 {
        let sizes = Sizes {
            members: 200,
            invitations: 20,
            deployments: 5,
            projects: 9,
            users: 300,
            roles: 60,
            mappings: 40,
            ..Sizes::default()
        };
        let world = World::generate(&sizes, seed);
        let desk = Desk::around(Simulated::of(world.clone()).await);
        let (shown, expected) =
            is_complete(&desk, &world, &[ORGANIZATION_ID], &[("main", "")]).await;
        assert_eq!(shown.count("user"), 200);
        assert_eq!(shown.count("deploymentUser"), 300 + 7);
        assert_eq!(shown.count("role"), 60 + 30);
        assert_eq!(shown.count("roleMapping"), 40);
        assert_eq!(shown.count("invitation"), 20);
        // The worlds have something of everything.
        for (kind, least) in [
            ("organization", 200),
            ("deployment", 60),
            ("project", 5),
            ("role:", 300),
            ("roleMapping", 10),
        ] {
            let grants = expected.direct.iter().filter(|id| id.starts_with(kind));
            assert!(grants.count() >= least, "seed {seed}: few of {kind}");
        }
        assert!(!expected.following.is_empty());
    }
}

#[tokio::test]
async fn every_oddity_is_shown_as_what_it_is() {
    let world = World::rich();
    let desk = Desk::new().await;
    let (shown, _) = is_complete(&desk, &world, &[ORGANIZATION_ID], &[("main", "")]).await;
    // What cannot be shown is said.
    let mut codes: Vec<String> = shown.warnings();
    codes.sort();
    assert_eq!(
        codes,
        [
            "BlindSpot: Acme: 1 members have roles of kinds that Rollcall does not know, and that are not shown (connected_cluster, something_new): members 1006",
            "ComputedRoles: the deployment: 3 role mappings compute roles for whoever signs in; the templates are in their profiles",
            // One pattern each in `everybody`, `wildcard` and `expression`; a value that is no text in `number`, and two in
            // `mixed`; a name on condition of a realm in `all`, and of a group in `deep`. There the ninth is the group that
            // is shut out: somebody in it may still be called what lets everybody in.
            "ConditionalMembers: the deployment: 9 names in 7 role mappings are covered on conditions that only an identity provider can judge; they are in the mappings' profiles",
            "DanglingReference: the deployment: role mappings have roles that are not defined: role-that-was; the deployment: users have roles that are not defined: Viewer, role-that-was",
            "UnknownValue: the deployment: the rules of these role mappings are not wholly understood, and count as conditions: no-rules",
            "UnnamedMembers: the deployment: 14 role mappings cover people whom no list names; an `externalClass` stands for those of each: all, all-of-nothing, deep, dn, elastic-cloud-sso-kibana-do-not-change and 9 more",
        ]
    );
}

/// What the key reaches is shown, all of it: two organizations with a member in common, and two deployments whose users
/// have names in common and nothing else.
#[tokio::test]
async fn two_organizations_and_two_deployments_are_shown_side_by_side() {
    let world = World::rich();
    let desk = Bench::<Several>::new().await;
    desk.set_keys(&json!({"api-key": WIDE_CLOUD_KEY}));
    let (shown, expected) = is_complete(
        &desk,
        &world,
        &[ORGANIZATION_ID, SECOND_ORGANIZATION_ID],
        &[("main", ""), ("second", "second›")],
    )
    .await;
    let mut held = shown.held_directly("user:1001");
    held.retain(|id| id.starts_with("organization:"));
    assert_eq!(
        held,
        [
            "organization:198583657190:member",
            "organization:198583657190:organization-admin",
            "organization:198583657191:member"
        ]
    );
    let second = expected.resources.iter().filter(|id| id.contains('›'));
    assert_eq!(second.count(), 31 + 9);
}

/// Every mapping of the rich world by itself, since so much depends on the rules: whom it covers, and who may be.
#[tokio::test]
async fn whom_each_mapping_covers_is_as_the_rules_say() {
    let desk = Desk::new().await;
    let shown = Shown::by(&desk).await;
    let covered: BTreeMap<&str, Vec<&str>> = [
        ("one-name", vec!["externalUser:bob"]),
        ("two-names", vec!["externalUser:a", "externalUser:b"]),
        ("member", vec!["user:1001"]),
        // Blanks are part of a name.
        ("spaces", vec!["externalUser:John Smith", "externalUser:b"]),
        ("mixed", vec!["user:1002"]),
        ("groups", vec!["externalGroup:cn=admins,dc=example,dc=com"]),
        (
            "two-groups",
            vec!["externalGroup:cn=a", "externalGroup:cn=b"],
        ),
        ("any", vec!["externalGroup:cn=x", "user:1001"]),
        ("except", vec!["user:1001", "user:1003"]),
        ("deep", vec!["user:1005"]),
        ("template-object", vec!["user:1003"]),
        ("many roles, none known", vec!["user:1001", "user:1002"]),
        ("mapping1", vec!["externalUser:jacknich", "user:1001"]),
    ]
    .into();
    // Whoever else they cover, or may cover, is a class.
    let others = [
        "all",
        "all-of-nothing",
        "deep",
        "dn",
        "elastic-cloud-sso-kibana-do-not-change",
        "everybody",
        "expression",
        "metadata",
        "mixed",
        "no-rules",
        "number",
        "realm",
        "template-text",
        "wildcard",
    ];
    let mappings = shown.resources.values();
    for mapping in mappings.filter(|r| r.resource_type == "roleMapping") {
        let name = mapping.display_name.as_str();
        let grants = shown.grants.values().filter(|g| g.resource == mapping.id);
        let mut found: Vec<&str> = grants.map(|g| g.principal.as_str()).collect();
        let class = format!("externalClass:{name}");
        let has_class = found.contains(&class.as_str());
        assert_eq!(has_class, others.contains(&name), "{name}");
        found.retain(|who| *who != class);
        let expected = covered.get(name).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{name}");
    }
    // Who may be covered is in the profile.
    for (name, key, expected) in [
        ("all", "conditional_usernames", json!(["1001"])),
        ("deep", "conditional_usernames", json!(["1003"])),
        ("everybody", "username_patterns", json!(["*"])),
        ("wildcard", "username_patterns", json!(["adm?n-*"])),
        ("expression", "username_patterns", json!(["/ad(a|min).*/"])),
    ] {
        let profile = &shown.resource(&format!("roleMapping:{name}")).profile;
        assert_eq!(profile[key], expected, "{name}");
    }
    // One that is switched off gives nobody anything, and what it would give is in its profile.
    let off = shown.resource("roleMapping:disabled");
    assert_eq!(
        (off.status, &off.profile["roles"], &off.profile["rules"]),
        (
            Some("disabled"),
            &json!("[\"admin\"]"),
            &json!("{\"field\":{\"username\":\"jacknich\"}}")
        )
    );
    let gives = shown.held_directly("roleMapping:disabled");
    assert_eq!(gives, Vec::<&str>::new());
}

/// Whoever a pattern shuts out is not among those whom the mapping may cover.
#[tokio::test]
async fn a_pattern_that_shuts_people_out_is_none_that_lets_them_in() {
    let mut world = World::worked_example();
    world.add_mapping(
        "main",
        "but-for-machines",
        &["viewer"],
        json!({"all": [
            {"field": {"username": ["1002", "svc-logs"]}}, {"except": {"field": {"username": "svc-*"}}},
        ]}),
    );
    let desk = Desk::around(Simulated::of(world).await);
    let shown = Shown::by(&desk).await;
    let mapping = shown.resource("roleMapping:but-for-machines");
    let grants = shown.grants.values().filter(|g| g.resource == mapping.id);
    let found: Vec<&str> = grants.map(|g| g.principal.as_str()).collect();
    assert_eq!(found, ["user:1002"]);
    assert!(!mapping.profile.contains_key("username_patterns"));
    assert_eq!(shown.warnings(), Vec::<String>::new());
}

/// A member of two organizations is one person, whatever order the answers come in.
#[tokio::test]
async fn the_order_of_organizations_changes_nothing() {
    let mut digests = BTreeSet::new();
    for seed in 0..4 {
        let desk = Bench::<Several>::new().await;
        desk.set_keys(&json!({"api-key": WIDE_CLOUD_KEY}));
        desk.vendor.shuffle(seed);
        let shown = Shown::by(&desk).await;
        digests.insert(shown.answer["content_digest"].to_string());
    }
    assert_eq!(digests.len(), 1);
}

/// Of somebody who is invited anew after an invitation ended, the one counts that can be accepted.
#[tokio::test]
async fn an_invitation_that_ended_does_not_hide_one_that_stands() {
    let mut shown_as = BTreeSet::new();
    for (ended, standing) in [("aa", "zz"), ("zz", "aa")] {
        for (old, before, address) in [
            ("2025-01-04", "new@acme.io", "new@acme.io"),
            ("2025-12-04", "new@acme.io", "new@acme.io"),
            ("2025-01-04", "new@acme.io", "NEW@acme.io"),
            ("2025-01-04", "NEW@acme.io", "new@acme.io"),
        ] {
            let new = "2025-06-04";
            let mut world = World::worked_example();
            world
                .invite(ORGANIZATION_ID, ended, before, json!({}))
                .edit_invitation(ORGANIZATION_ID, ended, |one| {
                    one.expired = true;
                    one.expires_at = format!("{old}T00:00:00Z");
                })
                .invite(ORGANIZATION_ID, standing, address, json!({}))
                .edit_invitation(ORGANIZATION_ID, standing, |one| {
                    one.expires_at = format!("{new}T00:00:00Z");
                });
            let desk = Desk::around(Simulated::of(world).await);
            let shown = Shown::by(&desk).await;
            assert_eq!(shown.count("invitation"), 1);
            let one = shown.resource("invitation:198583657190/new@acme.io");
            shown_as.insert((
                one.status_details.clone(),
                one.profile["expires_at"].to_string(),
            ));
        }
    }
    assert_eq!(
        shown_as,
        BTreeSet::from([("invited".to_owned(), "\"2025-06-04T00:00:00Z\"".to_owned())])
    );
}
