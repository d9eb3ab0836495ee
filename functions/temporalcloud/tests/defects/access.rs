//! What a snapshot shows of who may do what.

use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::{Feature, World};
use serde_json::json;

use super::{desk_of, shown_once};
use crate::Desk;

/// The public connector shows none of it: owners and admins seem to have no namespace.
#[tokio::test]
async fn owners_and_admins_are_shown_as_admins_of_every_namespace() {
    let shown = Shown::by(&Desk::new().await).await;
    for namespace in ["demo", "orders", "billing", "odd-state"] {
        let admin = format!("namespace:{namespace}.a1b23:admin");
        for role in ["owner", "admin"] {
            let grant = shown.grant(&format!("{admin}:account-role:a1b23-{role}"));
            assert!(grant.immutable && grant.direct);
            let through = grant.expandable.as_ref().expect("expandable");
            assert_eq!(
                through.entitlements,
                [format!("account-role:a1b23-{role}:member")]
            );
        }
        // The last one is an admin by its group.
        for holder in [
            "user:u1",
            "user:u-admin",
            "service-account:sa0",
            "group:g-google",
            "user:u-everything",
        ] {
            assert!(
                shown.grants.contains_key(&format!("{admin}:{holder}")),
                "{holder} on {namespace}"
            );
        }
        assert!(
            !shown
                .grants
                .contains_key(&format!("{admin}:user:u-capital"))
        );
    }
}

/// The public connector knows no groups: whoever has access by one seems to have none.
#[tokio::test]
async fn what_a_group_has_is_shown_of_the_group_and_of_its_members() {
    let shown = Shown::by(&Desk::new().await).await;
    let members: Vec<&str> = shown
        .grants
        .values()
        .filter(|g| g.entitlement == "group:g-cloud:member")
        .map(|g| g.principal.as_str())
        .collect();
    assert_eq!(
        members,
        [
            "user:u-no-access",
            "user:u-read",
            "user:u-suspended",
            "user:u2"
        ]
    );
    for entitlement in [
        "account-role:a1b23-developer:member",
        "namespace:orders.a1b23:write",
        "project:prj_2:admin",
    ] {
        let group = shown.grant(&format!("{entitlement}:group:g-cloud"));
        assert!(group.direct && group.expandable.is_some(), "{group:?}");
        let member = shown.grant(&format!("{entitlement}:user:u-no-access"));
        assert!(
            !member.direct && member.sources.contains_key("group:g-cloud:member"),
            "{member:?}"
        );
    }
    // By the role that the group has, and by the project that the namespace is in.
    for derived in [
        "project:prj_1:developer:user:u-no-access",
        "namespace:demo.a1b23:admin:user:u-no-access",
    ] {
        assert!(!shown.grant(derived).direct, "{derived}");
    }
    let kinds = ["g-cloud", "g-google", "g-scim"]
        .map(|id| shown.resource(&format!("group:{id}")).profile["kind"].clone());
    assert_eq!(kinds, [json!("cloud"), json!("google"), json!("scim")]);
}

/// The public connector knows neither custom roles nor projects.
#[tokio::test]
async fn custom_roles_and_project_roles_are_shown() {
    let shown = Shown::by(&Desk::new().await).await;
    for grant in [
        "custom-role:cr_1:assigned:user:u-custom",
        "custom-role:cr_2:assigned:user:u-custom",
        "custom-role:cr_1:assigned:user:u-everything",
        "custom-role:cr_1:assigned:group:g-scim",
        "project:prj_1:read:user:u-everything",
        "project:prj_2:contribute:user:u-everything",
        // Admins administer every project, and developers are its developers.
        "project:prj_1:admin:account-role:a1b23-admin",
        "project:prj_1:developer:account-role:a1b23-developer",
        // A project's roles reach the namespaces in it.
        "namespace:orders.a1b23:read:project:prj_1",
    ] {
        assert!(shown.grant(grant).direct, "{grant}");
    }
    assert!(
        !shown
            .grant("namespace:orders.a1b23:read:user:u-everything")
            .direct
    );
    assert!(
        !shown
            .grant("custom-role:cr_1:assigned:user:u-no-access")
            .direct
    );
    assert_eq!(shown.resource("custom-role:cr_1").display_name, "NsReader");
    assert_eq!(shown.resource("project:prj_1").display_name, "Payments");
}

/// The public connector lists service accounts and says nothing of what they may do; the role metrics-read it does not
/// know at all.
#[tokio::test]
async fn what_service_accounts_may_do_is_shown_in_all_three_forms() {
    let shown = Shown::by(&Desk::new().await).await;
    for (account, held) in [
        ("sa0", &["account-role:a1b23-admin:member"][..]),
        ("sa-metrics", &["account-role:a1b23-metrics-read:member"]),
        (
            "sa-deploy",
            &[
                "account-role:a1b23-developer:member",
                "namespace:orders.a1b23:admin",
            ],
        ),
        (
            "sa-ns",
            &[
                "account-role:a1b23-read:member",
                "namespace:orders.a1b23:write",
            ],
        ),
        ("sa-prj", &["project:prj_1:write"]),
    ] {
        assert_eq!(
            shown.held_directly(&format!("service-account:{account}")),
            held,
            "{account}"
        );
    }
    assert!(
        !shown
            .grant("namespace:orders.a1b23:write:service-account:sa-prj")
            .sources
            .is_empty()
    );
    let grantable = &shown.entitlement("namespace:demo.a1b23:read").grantable_to;
    assert_eq!(grantable, &["user", "service-account", "group"]);
}

/// The public connector shows every account as enabled, and one without a date as made in 1970.
#[tokio::test]
async fn the_state_of_every_account_is_shown() {
    let shown = Shown::by(&Desk::new().await).await;
    for (id, status, details) in [
        ("u2", Some("enabled"), ""),
        ("u-invited", Some("enabled"), "invited"),
        ("u-expired", Some("disabled"), "expired"),
        ("u-suspended", Some("disabled"), "suspended"),
        ("u-update-failed", Some("disabled"), "update failed"),
        ("u-deleting", Some("deleted"), "deleting"),
        ("u-odd-state", None, "future"),
    ] {
        let user = shown.resource(&format!("user:{id}"));
        assert_eq!(
            (user.status, user.status_details.as_str()),
            (status, details),
            "{id}"
        );
    }
    assert_eq!(shown.resource("user:u-no-time").created_at, None);
    let invited = &shown.resource("user:u-invited").profile;
    assert_eq!(invited["invited_at"], "2026-01-01T00:00:00Z");
    assert_eq!(invited["invitation_expires_at"], "2099-01-01T00:00:00Z");
    assert_eq!(
        (&invited["state"], &invited["account_role"]),
        (&json!("activating"), &json!("read"))
    );
    assert_eq!(
        shown.resource("user:u2").profile["last_modified"],
        "2026-02-01T00:00:00Z"
    );
}

/// The public connector shows namespaces that are being deleted, and grants of entitlements that do not exist.
#[tokio::test]
async fn nothing_is_shown_on_what_is_not_there() {
    let shown = Shown::by(&Desk::new().await).await;
    for gone in ["leaving", "gone", "never-was"] {
        let name = format!("namespace:{gone}.a1b23");
        let named = |id: &String| id.starts_with(&name);
        assert!(
            !shown.resources.keys().any(named) && !shown.entitlements.keys().any(named),
            "{gone}"
        );
        assert!(!shown.grants.keys().any(named), "{gone}");
    }
    for grant in shown.grants.values() {
        assert!(
            shown.entitlements.contains_key(&grant.entitlement),
            "{grant:?}"
        );
        assert!(shown.resources.contains_key(&grant.principal), "{grant:?}");
    }
    assert_eq!(
        shown.held_directly("user:u-odd-permission"),
        ["account-role:a1b23-read:member"]
    );
    // What is new at the vendor is not lost without a word.
    let warnings = shown.warnings();
    for (code, what) in [
        ("UnknownValue", "PERMISSION_FUTURE"),
        ("UnknownValue", "ROLE_FUTURE"),
        ("GrantsLeftOut", "2 grants"),
    ] {
        assert!(
            warnings
                .iter()
                .any(|w| w.starts_with(code) && w.contains(what)),
            "{warnings:?}"
        );
    }
    assert!(
        shown
            .grant("account-role:a1b23-future:member:user:u-future")
            .immutable
    );
}

/// The public connector drops no such grant, but its entitlement and resource are nowhere.
#[tokio::test]
async fn a_namespace_that_somebody_has_access_to_and_no_list_shows_is_looked_up() {
    let desk = desk_of(World::worked_example()).await;
    let whole = Shown::by(&desk).await;
    desk.vendor.sim.clear_requests();
    desk.vendor.sim.set_faults(vec![shown_once(
        1,
        "/cloud/namespaces",
        json!({"namespaces": []}),
    )]);
    let shown = Shown::by(&desk).await;
    assert_eq!(
        shown.resource("namespace:demo.a1b23"),
        whole.resource("namespace:demo.a1b23")
    );
    assert!(shown.grant("namespace:demo.a1b23:write:user:u2").direct);
    assert!(
        shown
            .grants
            .contains_key("namespace:demo.a1b23:admin:user:u1")
    );
    assert_eq!(desk.vendor.sim.calls(), 2 + 6 + 1);
}

/// The public connector knows no projects.
#[tokio::test]
async fn a_namespace_that_is_looked_up_is_reached_by_the_roles_of_its_project() {
    let desk = Desk::new().await;
    let whole = Shown::by(&desk).await;
    desk.vendor.sim.clear_requests();
    let nothing = json!({"namespaces": []});
    desk.vendor
        .sim
        .set_faults(vec![shown_once(1, "/cloud/namespaces", nothing)]);
    let shown = Shown::by(&desk).await;
    for grant in [
        "namespace:orders.a1b23:read:project:prj_1",
        "namespace:orders.a1b23:read:user:u-everything",
        "namespace:demo.a1b23:admin:project:prj_2",
    ] {
        assert_eq!(shown.grant(grant), whole.grant(grant));
    }
    for kind in ["project:prj_1", "project:prj_2"] {
        assert_eq!(shown.resource(kind), whole.resource(kind));
    }
}

/// The public connector knows no projects.
#[tokio::test]
async fn a_namespace_that_is_looked_up_in_an_account_without_projects_is_shown_without_one() {
    for absent in [
        Feature::Forbidden,
        Feature::NotFound,
        Feature::Unimplemented,
    ] {
        let desk = desk_of(World::worked_example()).await;
        desk.vendor.sim.with_world(|world| {
            world.add_namespace("extra");
            world.set_namespace_permission("u2", "extra.a1b23", "PERMISSION_READ");
            for namespace in ["demo.a1b23", "extra.a1b23"] {
                world.set_namespace_project(namespace, "prj_default");
            }
        });
        desk.vendor.sim.set_options(|o| o.projects = absent);
        let nothing = json!({"namespaces": []});
        desk.vendor
            .sim
            .set_faults(vec![shown_once(1, "/cloud/namespaces", nothing)]);
        let shown = Shown::by(&desk).await;
        assert!(shown.grant("namespace:demo.a1b23:write:user:u2").direct);
        assert!(
            !shown
                .grants
                .values()
                .any(|g| g.principal.starts_with("project:")),
            "{absent:?}"
        );
        // Two looks by the sync and two by the look-ups, however many; and each project once.
        let requests = desk.vendor.sim.requests();
        let calls = |path: &str| requests.iter().filter(|r| r.path == path).count();
        assert_eq!(calls("/cloud/projects"), 4, "{absent:?}");
        assert_eq!(calls("/cloud/projects/prj_default"), 2, "{absent:?}");
    }
}
