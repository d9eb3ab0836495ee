//! Account roles: granted and revoked.

use rollcall_simulators::temporalcloud::World;
use serde_json::{Value, json};

use super::{code, desk_of, grant, ids, outcome, revoke, spec, stored};
use crate::Desk;

fn member(role: &str) -> String {
    format!("account-role:a1b23-{role}:member")
}

fn role(desk: &Desk, id: &str) -> Value {
    spec(desk, id)["access"]["accountAccess"]["role"].clone()
}

/// The public connector can change the roles of users alone.
#[tokio::test]
async fn a_role_is_granted_and_revoked_for_every_kind_of_principal() {
    for (principal, granted, left) in [
        ("user:u-read", "developer", json!("ROLE_READ")),
        ("user:u-read", "admin", json!("ROLE_DEVELOPER")),
        ("service-account:sa1", "developer", json!("ROLE_READ")),
        ("service-account:sa1", "admin", json!("ROLE_DEVELOPER")),
        // A group needs no role.
        ("group:g-empty", "read", Value::Null),
        ("group:g-empty", "developer", Value::Null),
        ("group:g-empty", "admin", Value::Null),
    ] {
        let desk = Desk::new().await;
        let id = principal.split(':').nth(1).expect("a part");
        outcome(
            grant(&desk, "r1", &member(granted), principal).await,
            "granted",
        );
        let name = format!("ROLE_{}", granted.to_uppercase());
        assert_eq!(role(&desk, id), name);
        outcome(
            grant(&desk, "r2", &member(granted), principal).await,
            "already_granted",
        );
        let answer = outcome(
            revoke(&desk, "r3", &member(granted), principal).await,
            "revoked",
        );
        assert_eq!(role(&desk, id), left, "{principal} without {granted}");
        let kept = left.as_str().map(|left| {
            let slug = left.trim_start_matches("ROLE_").to_lowercase();
            format!("{}:{principal}", member(&slug))
        });
        assert_eq!(ids(&answer, "grants"), Vec::from_iter(kept.as_deref()));
        assert_eq!(desk.writes().len(), 2);
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    }
    let desk = Desk::new().await;
    outcome(
        grant(&desk, "r1", &member("metrics-read"), "service-account:sa1").await,
        "granted",
    );
    assert_eq!(role(&desk, "sa1"), "ROLE_METRICS_READ");
}

/// The public connector goes by the role that is revoked and not by the one that is held: revoking admin from a reader
/// makes a developer, and revoking it from an owner tries to demote the owner.
#[tokio::test]
async fn a_revoke_raises_nobody_and_leaves_owners_alone() {
    let desk = Desk::new().await;
    for (request, revoked, principal, held) in [
        ("r1", "admin", "user:u-read", "read"),
        ("r2", "developer", "user:u-read", "read"),
        ("r3", "admin", "user:u2", "developer"),
        ("r4", "admin", "user:u1", "owner"),
        ("r5", "read", "user:u1", "owner"),
        ("r6", "admin", "user:u-finance", "finance-admin"),
        ("r7", "owner", "user:u-read", "read"),
    ] {
        let before = stored(&desk, principal.trim_start_matches("user:"));
        let answer = outcome(
            revoke(&desk, request, &member(revoked), principal).await,
            "already_revoked",
        );
        assert_eq!(
            ids(&answer, "grants"),
            [format!("{}:{principal}", member(held))]
        );
        assert_eq!(stored(&desk, principal.trim_start_matches("user:")), before);
    }
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector sends back the three fields that it knows: whatever else the user had is cleared, as soon as it
/// names an API version that has such fields.
#[tokio::test]
async fn a_change_of_role_leaves_everything_else_as_it_was() {
    for (request, wanted) in [("r1", "read"), ("r2", "developer")] {
        let desk = Desk::new().await;
        desk.vendor.sim.with_world(|world| {
            let role = if wanted == "read" {
                "ROLE_DEVELOPER"
            } else {
                "ROLE_READ"
            };
            world.edit("u-everything", |access| {
                access["accountAccess"]["role"] = role.into()
            });
        });
        let mut expected = spec(&desk, "u-everything");
        let held = expected["access"].as_object().expect("an object");
        assert!(held["namespaceAccesses"].is_object() && held["projectAccesses"].is_object());
        assert!(held["accountAccess"]["customRoles"].is_array());
        outcome(
            grant(&desk, request, &member(wanted), "user:u-everything").await,
            "granted",
        );
        expected["access"]["accountAccess"]["role"] =
            format!("ROLE_{}", wanted.to_uppercase()).into();
        assert_eq!(spec(&desk, "u-everything"), expected);
    }
    let desk = Desk::new().await;
    let mut expected = spec(&desk, "g-cloud");
    outcome(
        revoke(&desk, "r3", &member("developer"), "group:g-cloud").await,
        "revoked",
    );
    expected["access"]
        .as_object_mut()
        .expect("an object")
        .remove("accountAccess");
    assert_eq!(spec(&desk, "g-cloud"), expected);
}

/// The public connector loses a field that the vendor has added since.
#[tokio::test]
async fn a_field_that_nobody_here_knows_is_sent_back_as_it_came() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        let mut spec = world.users["u-read"]["spec"].clone();
        spec["preferences"] = json!({"theme": ["dark"]});
        spec["access"]["regionAccesses"] = json!({"eu": {"permission": "SOME"}});
        world.set_field("u-read", "spec", spec);
    });
    // The simulator has no such fields and says so.
    assert_eq!(
        code(grant(&desk, "r1", &member("developer"), "user:u-read").await),
        "VendorRefused"
    );
    let sent = desk.writes().remove(0).body.expect("a body");
    assert_eq!(sent["spec"]["preferences"], json!({"theme": ["dark"]}));
    assert_eq!(
        sent["spec"]["access"]["regionAccesses"],
        json!({"eu": {"permission": "SOME"}})
    );
    assert_eq!(
        sent["spec"]["access"]["accountAccess"]["role"],
        "ROLE_DEVELOPER"
    );
}

/// The public connector reports success where an owner or finance admin was to get another role, and has done nothing.
#[tokio::test]
async fn a_holder_of_an_immutable_role_is_not_reported_to_have_got_another() {
    let desk = Desk::new().await;
    for (n, principal) in [
        "user:u1",
        "user:u-finance",
        "service-account:sa-finance",
        "group:g-finance",
    ]
    .iter()
    .enumerate()
    {
        for wanted in ["admin", "developer", "read"] {
            let result = grant(&desk, &format!("{wanted}{n}"), &member(wanted), principal).await;
            assert_eq!(code(result), "ImmutableRole", "{wanted} to {principal}");
        }
    }
    // What they have already, they have.
    outcome(
        grant(&desk, "own", &member("owner"), "user:u1").await,
        "already_granted",
    );
    outcome(
        grant(&desk, "fin", &member("finance-admin"), "user:u-finance").await,
        "already_granted",
    );
    for (request, role, principal) in [
        ("o", "owner", "user:u1"),
        ("f", "finance-admin", "user:u-finance"),
    ] {
        assert_eq!(
            code(revoke(&desk, request, &member(role), principal).await),
            "ImmutableRole"
        );
    }
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector lowers a role without a word where a lower one is granted.
#[tokio::test]
async fn a_role_that_gives_way_to_another_is_named() {
    let desk = Desk::new().await;
    let answer = outcome(
        grant(&desk, "r1", &member("read"), "user:u2").await,
        "granted",
    );
    let developer = [format!("{}:user:u2", member("developer"))];
    assert_eq!(
        (ids(&answer, "replaced"), ids(&answer, "removed")),
        (vec![developer[0].as_str()], vec![developer[0].as_str()])
    );
    assert_eq!(role(&desk, "u2"), "ROLE_READ");
}

/// The public connector says nothing of the permissions that the vendor erases when somebody becomes an admin.
#[tokio::test]
async fn a_promotion_to_admin_names_the_permissions_that_are_lost() {
    let desk = Desk::new().await;
    let answer = outcome(
        grant(&desk, "r1", &member("admin"), "user:u-everything").await,
        "granted",
    );
    let developer = format!("{}:user:u-everything", member("developer"));
    assert_eq!(ids(&answer, "replaced"), [developer.as_str()]);
    let lost = [
        developer.as_str(),
        "namespace:billing.a1b23:read:user:u-everything",
        "namespace:orders.a1b23:admin:user:u-everything",
    ];
    assert_eq!(ids(&answer, "removed"), lost);
    let after = spec(&desk, "u-everything");
    assert_eq!(after["access"].get("namespaceAccesses"), None);
    assert_eq!(
        after["access"]["accountAccess"]["customRoles"],
        json!(["cr_1"])
    );
    let group = outcome(
        grant(&desk, "g", &member("admin"), "group:g-cloud").await,
        "granted",
    );
    assert!(
        ids(&group, "removed").contains(&"namespace:orders.a1b23:write:group:g-cloud"),
        "{group:#}"
    );
    // Nothing of it comes back with the demotion.
    outcome(
        revoke(&desk, "r2", &member("admin"), "user:u-everything").await,
        "revoked",
    );
    assert_eq!(
        spec(&desk, "u-everything")["access"].get("namespaceAccesses"),
        None
    );
}

/// The public connector always fails to revoke `read` and does not say what to do instead.
#[tokio::test]
async fn the_lowest_role_is_not_revoked_and_the_way_out_is_named() {
    let desk = Desk::new().await;
    for (request, revoked, principal) in [
        ("r1", "read", "user:u-read"),
        ("r2", "read", "service-account:sa1"),
        ("r3", "metrics-read", "service-account:sa-metrics"),
    ] {
        let error = revoke(&desk, request, &member(revoked), principal)
            .await
            .expect_err("refused");
        assert_eq!(
            (error.kind().as_str(), error.code().as_str()),
            ("Refused", "LowestRole")
        );
        assert!(error.fix().contains("delete-account"), "{}", error.fix());
    }
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector takes admin from the last one who has it, and from itself.
#[tokio::test]
async fn an_account_keeps_an_administrator_and_the_connector_its_own_role() {
    let mut world = World::empty("a1b23");
    world
        .add_user("u-last", "last@example.com", "ROLE_ADMIN")
        .add_user("u-out", "out@example.com", "ROLE_ADMIN");
    world.set_state("u-out", "RESOURCE_STATE_SUSPENDED");
    world
        .add_service_account("sa0", "rollcall", "ROLE_ADMIN")
        .add_api_key("test-key", "sa0");
    let desk = desk_of(world).await;
    assert_eq!(
        code(revoke(&desk, "r1", &member("admin"), "user:u-last").await),
        "LastAdmin"
    );
    assert_eq!(
        code(grant(&desk, "r2", &member("read"), "user:u-last").await),
        "LastAdmin"
    );
    assert_eq!(
        code(super::delete(&desk, "r3", "user:u-last").await),
        "LastAdmin"
    );
    assert_eq!(
        code(revoke(&desk, "r4", &member("admin"), "service-account:sa0").await),
        "OwnAccess"
    );
    assert_eq!(
        code(grant(&desk, "r5", &member("read"), "service-account:sa0").await),
        "OwnAccess"
    );
    assert_eq!(desk.writes().len(), 0);
    // With another one it can be done; pages that are empty and go on do not hide that one.
    desk.vendor.sim.with_world(|world| {
        world.set_state("u-out", "RESOURCE_STATE_ACTIVE");
    });
    desk.vendor.sim.set_options(|o| {
        o.force_page_size = Some(1);
        o.empty_pages = 1;
    });
    outcome(
        revoke(&desk, "r6", &member("admin"), "user:u-last").await,
        "revoked",
    );
    assert_eq!(role(&desk, "u-last"), "ROLE_DEVELOPER");
}
