//! Answers that are not quite as documented: one odd row fails no list, loses nobody, and is counted; what says who
//! somebody is or what they may do is not guessed.

use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::ORGANIZATION_ID;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{assigned, code, elasticsearch_says, small, small_with};

/// 200 with this body, from Elastic Cloud.
fn cloud_says(body: Value) -> FaultKind {
    FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(body),
    }
}

fn owner() -> Value {
    json!({
        "organization_id": ORGANIZATION_ID, "user_id": "1001", "name": "Ada Lovelace", "email": "ada@acme.io",
        "member_since": "2024-01-01T00:00:00Z",
        "role_assignments": assigned("organization", "organization-admin", json!({})),
    })
}

/// One date in another form, and the public connector shows an empty organization.
#[tokio::test]
async fn an_odd_member_or_invitation_is_shown_and_counted() {
    let members = json!({"members": [
        owner(),
        {"user_id": "1002", "email": "bob@acme.io", "name": 7, "member_since": "yesterday"},
        {"user_id": "1003", "email": ["x"], "name": null, "member_since": "", "role_assignments": null},
    ]});
    let invitations = json!({"invitations": [
        {"token": "t1", "email": "a@acme.io", "created_at": "", "expires_at": 1_735_689_600, "expired": "no", "accepted_at": ""},
        {"token": "t2", "email": "b@acme.io"},
        {"token": "t3", "email": "c@acme.io", "accepted_at": "2025-01-02T00:00:00Z"},
    ]});
    let mut desk = small().await;
    let path = |list: &str| format!("/api/v1/organizations/{ORGANIZATION_ID}/{list}");
    desk.vendor.sim.set_faults(vec![
        Fault::matching("GET", &path("members"), cloud_says(members)),
        Fault::matching("GET", &path("invitations"), cloud_says(invitations)),
    ]);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.count("user"), 3);
    assert_eq!(shown.resource("user:1002").display_name, "bob@acme.io");
    assert_eq!(shown.resource("user:1003").display_name, "1003");
    assert_eq!(shown.count("invitation"), 2);
    let warnings = shown.warnings().join("\n");
    assert!(
        warnings.contains("UnreadableField: ")
            && warnings.contains("of the invitation of a@acme.io")
            && warnings.contains("and 2 more"),
        "{warnings}"
    );
    // Null for the list is nobody, where nobody has access by it.
    desk.afresh();
    let nobody = cloud_says(json!({"invitations": null}));
    desk.vendor
        .sim
        .set_faults(vec![Fault::matching("GET", &path("invitations"), nobody)]);
    assert_eq!(Shown::by(&desk).await.count("invitation"), 0);
}

/// The public connector shows no users at all.
#[tokio::test]
async fn an_odd_user_is_shown_with_all_roles_and_counted() {
    let users = json!({
        "bare": {"username": "bare", "roles": ["viewer"]},
        "odd": {"roles": ["viewer"], "full_name": 7, "email": {}, "metadata": [], "enabled": "yes", "new": {"a": 1}},
        "good": {"username": "good", "roles": ["viewer"], "full_name": "G", "email": null, "metadata": {}, "enabled": false},
    });
    let desk = small().await;
    let users = elasticsearch_says(&users.to_string());
    desk.vendor
        .sim
        .set_faults(vec![Fault::matching("GET", "/_security/user", users)]);
    let shown = Shown::by(&desk).await;
    for (name, status) in [("bare", None), ("odd", None), ("good", Some("disabled"))] {
        let user = format!("deploymentUser:{name}");
        assert_eq!(shown.resource(&user).status, status, "{name}");
        assert_eq!(shown.held_directly(&user), ["role:viewer:member"], "{name}");
    }
    let warnings = shown.warnings().join("\n");
    assert!(
        warnings.contains("`email` of user bare of the deployment")
            && warnings.contains("and 5 more"),
        "{warnings}"
    );
}

/// A role with nothing but privileges of a new kind would look like one that allows nothing.
#[tokio::test]
async fn whatever_a_role_allows_is_in_its_profile_however_new_it_is() {
    let desk = small_with(|world| {
        let role = json!({
            "description": 7, "transient_metadata": "none", "cluster": null, "remote_indices": [{"clusters": ["c1"]}],
            "remote_cluster": [{"privileges": ["monitor_enrich"]}], "global": {"application": {}}, "workflows": ["w"],
        });
        world.edit_cluster("main", |main| {
            main.roles.insert("new".to_owned(), role);
        });
    })
    .await;
    let shown = Shown::by(&desk).await;
    let role = shown.resource("role:new");
    for (key, expected) in [
        ("remote_indices", r#"[{"clusters":["c1"]}]"#),
        ("remote_cluster", r#"[{"privileges":["monitor_enrich"]}]"#),
        ("global", r#"{"application":{}}"#),
        ("workflows", r#"["w"]"#),
    ] {
        assert_eq!(role.profile[key], expected, "{key}");
    }
    assert!(!role.profile.contains_key("cluster"));
    assert_eq!(role.status, Some("enabled"));
    assert_eq!(
        shown.warnings(),
        [
            "UnreadableField: `description` of role new of the deployment is not in the documented form and was left out; `transient_metadata` of role new of the deployment is not in the documented form and was left out"
        ]
    );
}

/// Of what somebody may do nothing is guessed: the public connector takes what is missing for nothing.
#[tokio::test]
async fn what_is_missing_of_an_identity_or_a_right_fails_the_list() {
    let user = |roles: Value| json!({"u": {"roles": roles, "full_name": null, "email": null, "metadata": {}, "enabled": true}});
    let mapping = |more: Value| json!({"m": more}).to_string();
    let member = |more: Value| {
        let mut second = json!({"user_id": "1002"});
        for (key, value) in more.as_object().expect("fields") {
            second[key] = value.clone();
        }
        cloud_says(json!({"members": [owner(), second]}))
    };
    let members = format!("/api/v1/organizations/{ORGANIZATION_ID}/members");
    let mut desk = small().await;
    for (path, kind) in [
        (
            "/_security/user",
            elasticsearch_says(&user(Value::Null).to_string()),
        ),
        (
            "/_security/user",
            elasticsearch_says(&user(json!([7])).to_string()),
        ),
        (
            "/_security/user",
            elasticsearch_says(r#"{"u":{"enabled":true}}"#),
        ),
        (
            "/_security/role_mapping",
            elasticsearch_says(&mapping(json!({"roles": ["viewer"], "rules": {}}))),
        ),
        (
            "/_security/role_mapping",
            elasticsearch_says(&mapping(json!({"enabled": true, "roles": [7]}))),
        ),
        (members.as_str(), member(json!({"user_id": null}))),
        (
            members.as_str(),
            member(json!({"role_assignments": {"deployment": [{"all": true}]}})),
        ),
        (
            members.as_str(),
            member(json!({"role_assignments": {"project": {"security": [{"role_id": 7}]}}})),
        ),
    ] {
        desk.afresh();
        let what = format!("{kind:?}");
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("GET", path, kind).exactly()]);
        assert_eq!(code(desk.sync().await), "UnexpectedAnswer", "{what}");
        assert!(!desk.is_published(), "{what}");
    }
}

/// The public connector says nothing of roles that are not defined.
#[tokio::test]
async fn a_message_stays_small_however_many_names_it_is_about() {
    let roles: Vec<String> = (0..2_000).map(|n| format!("missing-{n:04}")).collect();
    let desk = small_with(|world| {
        world.edit_user("main", "svc", |svc| svc.roles = roles.clone());
        for role in &roles[..200] {
            world.put_mapping(
                "main",
                role,
                json!({"enabled": true, "roles": [role], "metadata": {}}),
            );
        }
    })
    .await;
    let shown = Shown::by(&desk).await;
    let warnings = shown.warnings();
    let text = warnings.join("\n");
    for part in [
        "users have roles that are not defined: missing-0000, missing-0001, missing-0002, missing-0003, missing-0004 and 1995 more",
        "role mappings have roles that are not defined: missing-0000, missing-0001, missing-0002, missing-0003, missing-0004 and 195 more",
        "UnknownRules: the deployment: the rules of these role mappings are not wholly understood, and count as conditions: missing-0000, missing-0001, missing-0002, missing-0003, missing-0004 and 195 more",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(warnings.iter().all(|warning| warning.len() < 500), "{text}");
}
