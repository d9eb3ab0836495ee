//! Role mappings: who gets roles of a deployment by signing in through an identity provider.

use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::{TEST_DEPLOYMENT_KEY, World};
use serde_json::{Value, json};

use super::{VIEWER, code, grant, revoke, sent, small, small_with};
use crate::Desk;

/// The public connector grants a mapping to native users, whom no mapping reaches, and to ids that nobody has.
#[tokio::test]
async fn a_native_user_gets_nothing_by_a_mapping_of_the_same_name() {
    let desk = small_with(|world| {
        world.add_mapping(
            "main",
            "of-olduser",
            &["superuser"],
            json!({"field": {"username": "olduser"}}),
        );
    })
    .await;
    let shown = Shown::by(&desk).await;
    assert!(shown.held_directly("deploymentUser:olduser").is_empty());
    let all = shown.grants.values();
    let wrong = all.filter(|g| g.principal == "deploymentUser:olduser");
    assert_eq!(wrong.count(), 0);
    let right = shown.grant("roleMapping:of-olduser:member:externalUser:olduser");
    assert_eq!(right.external_id.as_deref(), Some("olduser"));
    assert!(right.immutable);
    let mapped = [
        "roleMapping:mapping1:member:externalUser:jacknich",
        "roleMapping:mapping1:member:user:1001",
    ];
    for id in mapped {
        assert!(shown.grant(id).direct, "{id}");
    }
    let principals = shown.grants.values();
    assert!(!principals.clone().any(|g| {
        g.resource.starts_with("roleMapping:") && g.principal.starts_with("deploymentUser:")
    }));
    // Everybody whom a grant names is there.
    for grant in principals {
        shown.resource(&grant.principal);
    }
}

/// The public connector does not show that a mapping has roles at all.
#[tokio::test]
async fn whoever_a_mapping_covers_has_its_roles() {
    let shown = Shown::by(&small().await).await;
    let link = shown.grant("role:viewer:member:roleMapping:mapping1");
    assert!(link.direct && link.immutable);
    let through = link.expandable.as_ref().expect("passed on");
    assert_eq!(through.entitlements, ["roleMapping:mapping1:member"]);
    for who in ["user:1001", "externalUser:jacknich"] {
        let derived = shown.grant(&format!("{VIEWER}:{who}"));
        assert!(!derived.direct, "{who}");
        let sources: Vec<_> = derived.sources.keys().collect();
        assert_eq!(sources, ["roleMapping:mapping1:member"], "{who}");
    }
    // By the list of users, and not by the mapping.
    assert!(
        shown
            .grant("role:viewer:member:deploymentUser:jacknich")
            .direct
    );
    let shown = Shown::by(&Desk::new().await).await;
    for role in ["role-that-was", "a/b", "viewer"] {
        for who in ["1001", "1002"] {
            assert!(
                !shown
                    .grant(&format!("role:{role}:member:user:{who}"))
                    .direct
            );
        }
    }
}

/// A mapping that is switched off gives nobody anything; the public connector does not look.
#[tokio::test]
async fn a_mapping_that_is_switched_off_covers_nobody() {
    let shown = Shown::by(&Desk::new().await).await;
    let mapping = shown.resource("roleMapping:disabled");
    assert_eq!(mapping.status, Some("disabled"));
    assert_eq!(mapping.profile["enabled"], false);
    assert!(
        mapping.profile["roles"]
            .as_str()
            .expect("text")
            .contains("admin")
    );
    let about = |id: &str| id.contains("roleMapping:disabled");
    assert!(!shown.grants.keys().any(|id| about(id)));
    let all = shown.grants.values();
    assert!(!all.flat_map(|g| g.sources.keys()).any(|id| about(id)));
}

/// The public connector shows neither rules nor templates.
#[tokio::test]
async fn what_a_mapping_says_is_in_its_profile_word_by_word() {
    let shown = Shown::by(&Desk::new().await).await;
    let profile = |name: &str, key: &str| -> Value {
        let mapping = shown.resource(&format!("roleMapping:{name}"));
        serde_json::from_str(mapping.profile[key].as_str().expect("text")).expect("JSON")
    };
    assert_eq!(
        profile("one-name", "rules"),
        json!({"field": {"username": "bob"}})
    );
    assert_eq!(
        profile("many roles, none known", "roles")[0],
        "role-that-was"
    );
    let template = profile("template-text", "role_templates");
    assert_eq!(template[0]["format"], "string");
    assert_eq!(
        profile("template-object", "role_templates")[1]["template"]["id"],
        "stored-template"
    );
    let warnings = shown.warnings().join("\n");
    assert!(
        warnings.contains("ComputedRoles: the deployment: 3 role mappings"),
        "{warnings}"
    );
    assert!(
        warnings.contains("role mappings have roles that are not defined: role-that-was"),
        "{warnings}"
    );
}

/// The public connector panics where a mapping has no rules.
#[tokio::test]
async fn a_mapping_without_rules_names_nobody_may_cover_anybody_and_is_named() {
    let shown = Shown::by(&Desk::new().await).await;
    shown.resource("roleMapping:no-rules");
    let entitlement = "roleMapping:no-rules:member";
    let grants = shown.grants.values();
    let held = grants.filter(|g| g.entitlement == entitlement);
    let who: Vec<&str> = held.map(|g| g.principal.as_str()).collect();
    assert_eq!(who, ["externalClass:no-rules"]);
    let warnings = shown.warnings().join("\n");
    assert!(
        warnings.contains("UnknownValue: ") && warnings.contains("no-rules"),
        "{warnings}"
    );
}

/// Without the organization nobody knows who a number is.
#[tokio::test]
async fn members_are_recognized_only_where_the_organization_is_looked_at() {
    let desk = small().await;
    desk.write_secret(&json!({
        "deployment-endpoint": desk.vendor.sim.deployment_url("main"),
        "deployment-api-key": TEST_DEPLOYMENT_KEY,
    }));
    let shown = Shown::by(&desk).await;
    shown.grant("roleMapping:mapping1:member:externalUser:1001");
    assert_eq!(shown.count("user"), 0);
}

/// The public connector writes a mapping anew: its groups are gone, it is switched on, and it has the roles of whoever
/// was added.
#[tokio::test]
async fn a_mapping_is_never_written() {
    let desk = Desk::new().await;
    let before = desk.vendor.sim.access_view();
    for (n, (what, whom)) in [
        ("roleMapping:groups:member", "deploymentUser:jacknich"),
        ("roleMapping:one-name:member", "externalUser:bob"),
        ("roleMapping:member:member", "user:1001"),
        ("roleMapping:disabled:member", "deploymentUser:svc"),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = grant(&desk, &format!("g{n}"), what, whom).await;
        assert_eq!(code(refused), "NotProvisioned", "{what}");
        let refused = revoke(&desk, &format!("r{n}"), what, whom).await;
        assert_eq!(code(refused), "NotProvisioned", "{what}");
    }
    // What somebody has through a mapping is not theirs to be taken, and a mapping is nobody to give a role to.
    for (n, whom) in ["user:1001", "externalUser:bob", "roleMapping:member"]
        .into_iter()
        .enumerate()
    {
        let refused = revoke(&desk, &format!("x{n}"), VIEWER, whom).await;
        assert_eq!(code(refused), "UnknownPrincipal", "{whom}");
        let refused = grant(&desk, &format!("y{n}"), VIEWER, whom).await;
        assert_eq!(code(refused), "UnknownPrincipal", "{whom}");
    }
    assert!(sent(&desk).is_empty());
    assert_eq!(desk.vendor.sim.access_view(), before);
    let shown = Shown::by(&desk).await;
    assert!(shown.entitlement("roleMapping:groups:member").immutable);
}

/// The public connector reads all mappings once for each of them.
#[tokio::test]
async fn many_mappings_are_one_request() {
    let mut world = World::worked_example();
    for n in 0..300 {
        let rules = json!({"field": {"username": format!("sso-{n}")}});
        world.add_mapping("main", &format!("m{n}"), &["viewer"], rules);
    }
    let desk = super::desk_of(world).await;
    let shown = Shown::by(&desk).await;
    assert_eq!(
        (shown.count("roleMapping"), shown.count("externalUser")),
        (301, 301)
    );
    assert_eq!(desk.vendor.sim.deployment_requests("main").len(), 3);
}
