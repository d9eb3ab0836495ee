//! Native users of a deployment, and the roles that they have.

use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::World;
use serde_json::json;

use super::{ADMIN, code, desk_of, grant, revoke, sent, small, small_with};
use crate::Desk;

/// The public connector says of a disabled user that the state is not known.
#[tokio::test]
async fn a_disabled_user_is_shown_as_disabled() {
    let shown = Shown::by(&small().await).await;
    for (name, status) in [
        ("olduser", "disabled"),
        ("jacknich", "enabled"),
        ("svc", "enabled"),
    ] {
        let user = shown.resource(&format!("deploymentUser:{name}"));
        assert_eq!(user.status, Some(status), "{name}");
        assert_eq!(user.profile["enabled"], status == "enabled");
    }
}

/// Without a full name a user has none in the public connector.
#[tokio::test]
async fn every_user_has_a_name() {
    let shown = Shown::by(&Desk::new().await).await;
    for (name, display, emails) in [
        (
            "jacknich",
            "Jack Nicholson",
            ["jacknich@example.com"].as_slice(),
        ),
        ("svc", "svc", &[]),
        ("only role", "only role", &["only@example.com"]),
        ("elastic", "elastic", &[]),
    ] {
        let user = shown.resource(&format!("deploymentUser:{name}"));
        assert_eq!(
            (user.display_name.as_str(), user.login.as_str()),
            (display, name)
        );
        assert_eq!(user.emails, emails, "{name}");
        assert_eq!(user.profile["user_id"], name);
        assert_eq!(user.profile["realm"], "native");
    }
    // Somebody who only looks like nobody.
    let desk = small_with(|world| {
        world.edit_user("main", "svc", |svc| svc.full_name = Some(String::new()));
    })
    .await;
    let svc = &Shown::by(&desk).await.resources["deploymentUser:svc"];
    assert_eq!(svc.display_name, "svc");
}

/// Reserved users are people to the public connector; it grants them roles, Elasticsearch refuses, and it says that all
/// went well.
#[tokio::test]
async fn reserved_users_are_shown_as_the_systems_own_and_refused() {
    let desk = Desk::new().await;
    let shown = Shown::by(&desk).await;
    for (name, account_type) in [
        ("elastic", "system"),
        ("kibana", "system"),
        ("remote_monitoring_user", "system"),
        ("jacknich", "human"),
    ] {
        let user = shown.resource(&format!("deploymentUser:{name}"));
        assert_eq!(user.account_type, Some(account_type), "{name}");
        assert_eq!(user.profile["reserved"], account_type == "system");
    }
    // What they have is shown all the same.
    assert_eq!(
        shown.held_directly("deploymentUser:elastic"),
        ["role:superuser:member"]
    );
    let superuser = "role:superuser:member";
    for (request, what) in [("g1", ADMIN), ("g2", superuser)] {
        let refused = grant(&desk, request, what, "deploymentUser:elastic").await;
        assert_eq!(code(refused), "ReservedUser");
    }
    for (request, what) in [("r1", ADMIN), ("r2", superuser)] {
        let refused = revoke(&desk, request, what, "deploymentUser:elastic").await;
        assert_eq!(code(refused), "ReservedUser");
    }
    assert!(sent(&desk).is_empty());
}

/// A role that is held and not defined is in none of the public connector's lists: when somebody defines it, its holders
/// have it.
#[tokio::test]
async fn a_role_that_is_held_and_not_defined_is_shown_as_such() {
    let shown = Shown::by(&Desk::new().await).await;
    assert_eq!(
        shown.held_directly("deploymentUser:dangling"),
        [
            // Names are told apart by case.
            "role:Viewer:member",
            "role:role-that-was:member",
            "role:viewer:member",
        ]
    );
    for role in ["Viewer", "role-that-was"] {
        let role = shown.resource(&format!("role:{role}"));
        assert_eq!(
            role.status_details,
            "held, but not defined in the deployment"
        );
    }
    assert_eq!(shown.resource("role:viewer").status_details, "");
    let warnings = shown.warnings().join("\n");
    assert!(
        warnings.contains("DanglingReference: ")
            && warnings.contains("users have roles that are not defined: Viewer, role-that-was"),
        "{warnings}"
    );
}

/// The public connector grants it, and it has an effect as soon as somebody makes a role of that name.
#[tokio::test]
async fn a_role_that_does_not_exist_is_not_granted_and_can_be_revoked() {
    let desk = Desk::new().await;
    for (n, role) in ["nonsense", "Viewer", "role-that-was", "un,known"]
        .iter()
        .enumerate()
    {
        let what = format!("role:{role}:member");
        let refused = grant(&desk, &format!("r{n}"), &what, "deploymentUser:svc").await;
        assert_eq!(code(refused), "UnknownEntitlement", "{role}");
    }
    assert!(sent(&desk).is_empty());
    let what = "role:role-that-was:member";
    let back = revoke(&desk, "back", what, "deploymentUser:dangling").await;
    super::outcome(back, "revoked");
    let roles = &super::user(&desk, "dangling")["roles"];
    assert_eq!(*roles, json!(["viewer", "Viewer"]));
}

/// The public connector shows of a role its name.
#[tokio::test]
async fn what_a_role_allows_is_in_its_profile() {
    let shown = Shown::by(&Desk::new().await).await;
    let role = shown.resource("role:logs reader");
    assert_eq!(role.description, "Reads logs");
    assert_eq!(role.profile["role_name"], "logs reader");
    assert_eq!(role.profile["cluster"], r#"["monitor"]"#);
    let indices = role.profile["indices"].as_str().expect("text");
    assert!(indices.contains("logs-*") && indices.contains("match_all"));
    let applications = role.profile["applications"].as_str().expect("text");
    assert!(applications.contains("kibana-.kibana"));
    assert_eq!(role.profile["run_as"], r#"["other_user"]"#);
    assert_eq!(role.profile["reserved"], false);
    assert_eq!(shown.resource("role:superuser").profile["reserved"], true);
    // Without a licence for it a role does nothing.
    assert_eq!(shown.resource("role:unlicensed").status, Some("disabled"));
}

/// The public connector reads all users once for every role. What is held twice is one grant.
#[tokio::test]
async fn everybody_has_what_the_list_of_users_says() {
    let mut world = World::rich();
    for n in 0..2_000 {
        world.add_user("main", &format!("u{n:04}"), &["viewer", "editor"]);
    }
    let expected: std::collections::BTreeSet<String> = world.deployments["main"]
        .users
        .iter()
        .flat_map(|(name, user)| {
            let id = move |role| format!("role:{role}:member:deploymentUser:{name}");
            user.roles.iter().map(id)
        })
        .collect();
    let shown = Shown::by(&desk_of(world).await).await;
    let found = shown.grants.values().filter(|g| {
        g.direct && g.resource.starts_with("role:") && g.principal.starts_with("deploymentUser:")
    });
    let found: std::collections::BTreeSet<String> = found.map(|g| g.id.clone()).collect();
    assert!(found == expected);
}
