//! Permissions on namespaces: granted and revoked.

use rollcall_harness::shown::Shown;
use serde_json::{Value, json};

use super::{code, grant, ids, outcome, revoke, shown_once, spec, stored};
use crate::Desk;

/// The public connector cannot grant anything to service accounts, and knows no groups.
#[tokio::test]
async fn a_permission_is_granted_and_revoked_for_every_kind_of_principal() {
    for (principal, path) in [
        ("user:u-read", "users/u-read"),
        ("service-account:sa1", "service-accounts/sa1"),
        ("group:g-empty", "user-groups/g-empty"),
    ] {
        for permission in ["admin", "write", "read"] {
            let desk = Desk::new().await;
            let entitlement = format!("namespace:demo.a1b23:{permission}");
            let id = format!("{entitlement}:{principal}");
            let granted = outcome(grant(&desk, "r1", &entitlement, principal).await, "granted");
            assert_eq!(
                (ids(&granted, "grants"), ids(&granted, "removed")),
                (vec![id.as_str()], vec![])
            );
            let entry = &spec(&desk, path.rsplit('/').next().expect("a part"))["access"]["namespaceAccesses"]
                ["demo.a1b23"];
            assert_eq!(
                entry,
                &json!({"permission": format!("PERMISSION_{}", permission.to_uppercase())})
            );
            let revoked = outcome(
                revoke(&desk, "r2", &entitlement, principal).await,
                "revoked",
            );
            assert_eq!(
                (ids(&revoked, "grants"), ids(&revoked, "removed")),
                (vec![], vec![id.as_str()])
            );
            // One entry is touched, by the call that can touch no other.
            let paths: Vec<String> = desk.writes().into_iter().map(|r| r.path).collect();
            assert_eq!(
                paths,
                [(); 2].map(|()| format!("/cloud/namespaces/demo.a1b23/{path}/access"))
            );
            assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
        }
    }
}

/// The public connector removes whatever permission is held.
#[tokio::test]
async fn a_revoke_removes_that_permission_and_no_other() {
    let desk = Desk::new().await;
    let before = stored(&desk, "u2");
    for (request, permission) in [("r1", "admin"), ("r2", "read")] {
        let result = revoke(
            &desk,
            request,
            &format!("namespace:demo.a1b23:{permission}"),
            "user:u2",
        )
        .await;
        let answer = outcome(result, "already_revoked");
        assert_eq!(
            ids(&answer, "grants"),
            ["namespace:demo.a1b23:write:user:u2"]
        );
    }
    assert_eq!((stored(&desk, "u2"), desk.writes().len()), (before, 0));
    outcome(
        revoke(&desk, "r3", "namespace:demo.a1b23:write", "user:u2").await,
        "revoked",
    );
    assert_eq!(
        spec(&desk, "u2").pointer("/access/namespaceAccesses/demo.a1b23"),
        None
    );
}

/// The public connector crashes on users that have no access of their own, such as those of an identity provider.
#[tokio::test]
async fn somebody_without_any_access_can_be_granted_some() {
    let desk = Desk::new().await;
    outcome(
        grant(&desk, "r1", "namespace:demo.a1b23:read", "user:u-no-access").await,
        "granted",
    );
    let access = json!({"namespaceAccesses": {"demo.a1b23": {"permission": "PERMISSION_READ"}}});
    assert_eq!(spec(&desk, "u-no-access")["access"], access);
    let desk = Desk::new().await;
    outcome(
        grant(
            &desk,
            "r1",
            "account-role:a1b23-read:member",
            "user:u-no-access",
        )
        .await,
        "granted",
    );
    assert_eq!(
        spec(&desk, "u-no-access")["access"],
        json!({"accountAccess": {"role": "ROLE_READ"}})
    );
}

/// The public connector turns write into read without a word, and shows the three as unrelated.
#[tokio::test]
async fn a_permission_that_gives_way_to_another_is_named() {
    let desk = Desk::new().await;
    let answer = outcome(
        grant(&desk, "r1", "namespace:demo.a1b23:read", "user:u2").await,
        "granted",
    );
    let write = ["namespace:demo.a1b23:write:user:u2"];
    assert_eq!(
        (ids(&answer, "replaced"), ids(&answer, "removed")),
        (write.to_vec(), write.to_vec())
    );
    outcome(
        grant(&desk, "r2", "namespace:demo.a1b23:read", "user:u2").await,
        "already_granted",
    );
    assert_eq!(desk.writes().len(), 1);

    let shown = Shown::by(&desk).await;
    let group = |slug: &str| {
        shown
            .entitlement(&format!("namespace:demo.a1b23:{slug}"))
            .exclusion_group
            .clone()
    };
    assert!(
        group("admin").is_some()
            && group("admin") == group("write")
            && group("write") == group("read")
    );
    let roles = ["owner", "admin", "developer", "read"];
    let groups = roles.map(|role| {
        shown
            .entitlement(&format!("account-role:a1b23-{role}:member"))
            .exclusion_group
            .clone()
    });
    assert!(groups[0].is_some() && groups.iter().all(|group| *group == groups[0]));
}

/// The public connector sends entries for owners and admins; the server drops them, and the connector reports success.
#[tokio::test]
async fn who_is_admin_of_every_namespace_gets_no_entry_and_loses_none() {
    let desk = Desk::new().await;
    let before = desk.vendor.sim.with_world(|world| world.access_view());
    for (n, principal) in [
        "user:u1",
        "user:u-admin",
        "service-account:sa0",
        "group:g-google",
    ]
    .iter()
    .enumerate()
    {
        let request = |name: &str| format!("{name}{n}");
        let has = outcome(
            grant(
                &desk,
                &request("a"),
                "namespace:demo.a1b23:admin",
                principal,
            )
            .await,
            "already_granted",
        );
        assert_eq!(
            ids(&has, "grants"),
            [format!("namespace:demo.a1b23:admin:{principal}")]
        );
        for permission in ["write", "read"] {
            let entitlement = format!("namespace:demo.a1b23:{permission}");
            assert_eq!(
                code(grant(&desk, &request(permission), &entitlement, principal).await),
                "ImplicitAccess"
            );
            outcome(
                revoke(
                    &desk,
                    &request(&format!("no-{permission}")),
                    &entitlement,
                    principal,
                )
                .await,
                "already_revoked",
            );
        }
        let taken = revoke(
            &desk,
            &request("z"),
            "namespace:demo.a1b23:admin",
            principal,
        )
        .await;
        assert_eq!(code(taken), "ImplicitAccess");
    }
    assert_eq!(
        desk.vendor.sim.with_world(|world| world.access_view()),
        before
    );
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector does not know what service accounts hold.
#[tokio::test]
async fn a_scoped_service_account_keeps_its_scope() {
    let desk = Desk::new().await;
    for (request, entitlement, principal) in [
        ("r1", "namespace:orders.a1b23:write", "sa-ns"),
        ("r2", "account-role:a1b23-read:member", "sa-ns"),
    ] {
        let principal = format!("service-account:{principal}");
        outcome(
            grant(&desk, request, entitlement, &principal).await,
            "already_granted",
        );
        assert_eq!(
            code(revoke(&desk, &format!("{request}x"), entitlement, &principal).await),
            "ScopedServiceAccount"
        );
    }
    for (request, entitlement, principal) in [
        ("r3", "namespace:orders.a1b23:admin", "sa-ns"),
        ("r4", "namespace:demo.a1b23:read", "sa-ns"),
        ("r5", "namespace:orders.a1b23:read", "sa-prj"),
        ("r6", "account-role:a1b23-developer:member", "sa-ns"),
        ("r7", "account-role:a1b23-read:member", "sa-prj"),
    ] {
        let principal = format!("service-account:{principal}");
        assert_eq!(
            code(grant(&desk, request, entitlement, &principal).await),
            "ScopedServiceAccount",
            "{request}"
        );
    }
    outcome(
        revoke(
            &desk,
            "r8",
            "namespace:demo.a1b23:read",
            "service-account:sa-ns",
        )
        .await,
        "already_revoked",
    );
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector reports an error where a revoke meets `nothing to change`.
#[tokio::test]
async fn a_change_that_somebody_else_has_just_made_is_no_failure() {
    // What is read is a moment old: its version is the present one, its entries are not.
    let outdated = |desk: &Desk, entries: Value| {
        let mut user = stored(desk, "u-read");
        user["spec"]["access"]["namespaceAccesses"] = entries;
        shown_once(1, "/cloud/users/u-read", json!({"user": user}))
    };
    let desk = Desk::new().await;
    let fault = outdated(
        &desk,
        json!({"demo.a1b23": {"permission": "PERMISSION_READ"}}),
    );
    desk.vendor.sim.set_faults(vec![fault]);
    outcome(
        revoke(&desk, "r1", "namespace:demo.a1b23:read", "user:u-read").await,
        "already_revoked",
    );
    assert_eq!(desk.writes().len(), 1);

    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|w| {
        w.set_namespace_permission("u-read", "demo.a1b23", "PERMISSION_READ");
    });
    desk.vendor.sim.set_faults(vec![outdated(&desk, json!({}))]);
    outcome(
        grant(&desk, "r1", "namespace:demo.a1b23:read", "user:u-read").await,
        "already_granted",
    );
    assert_eq!(desk.writes().len(), 1);
}

/// The public connector fails where there is nothing left to revoke.
#[tokio::test]
async fn a_revoke_from_somebody_who_does_not_exist_is_done() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        world.set_state("u2", "RESOURCE_STATE_DELETED");
    });
    let entitlements = [
        "namespace:demo.a1b23:write",
        "account-role:a1b23-developer:member",
        "account-role:a1b23-admin:member",
    ];
    for (n, entitlement) in entitlements.iter().enumerate() {
        for (m, principal) in [
            "user:u-nobody",
            "user:u2",
            "service-account:sa-nobody",
            "group:g-nobody",
        ]
        .iter()
        .enumerate()
        {
            let answer = outcome(
                revoke(&desk, &format!("r{n}{m}"), entitlement, principal).await,
                "already_revoked",
            );
            assert_eq!(ids(&answer, "grants"), Vec::<&str>::new());
        }
    }
    assert_eq!(desk.writes().len(), 0);
}
