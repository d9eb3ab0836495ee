//! Requests that are well formed and cannot, or must not, be carried out.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::{Failure, Inputs, every_operation_fails, fails, failure, works};
use rollcall_harness::conformance::{Subject, answer_of};
use serde_json::{Value, json};

use crate::{Desk, Simulated};
use Operation::{CreateAccount, DeleteAccount, Grant, Revoke, Sync};

const UNKNOWN_ENTITLEMENT: Failure = failure(
    "InvalidRequest",
    "UnknownEntitlement",
    "account a1b23 has no entitlement",
    "of the newest snapshot",
);
const NO_NAMESPACE: Failure = failure(
    "NotFound",
    "UnknownEntitlement",
    "or it is being deleted",
    "of the newest snapshot",
);
const ONLY_SHOWN: Failure = failure(
    "Refused",
    "NotProvisioned",
    "only shown, not changed",
    "in Temporal Cloud",
);
const UNKNOWN_PRINCIPAL: Failure = failure(
    "NotFound",
    "UnknownPrincipal",
    "in Temporal Cloud",
    "a principal of the newest snapshot",
);
const NOT_A_HOLDER: Failure = failure(
    "InvalidRequest",
    "UnknownPrincipal",
    "cannot hold access of its own",
    "a user, a service-account or a group",
);
const IMMUTABLE: Failure = failure(
    "Refused",
    "ImmutableRole",
    "can be neither granted nor revoked",
    "by Temporal's support",
);
pub(super) const HOLDS_IMMUTABLE: Failure = failure(
    "Refused",
    "ImmutableRole",
    "holds the role",
    "by Temporal's support",
);

/// A change of `entitlement` of `principal`.
fn change(entitlement: &str, principal: &str) -> Value {
    json!({"request_id": "r1", "entitlement": entitlement, "principal": principal})
}

/// Runs a table of changes: each is tried for real and as a dry run, which must fail alike.
async fn all_fail(rows: &[(Operation, &str, &str, Failure)]) {
    let desk = Desk::new().await;
    for (operation, entitlement, principal, expected) in rows {
        let mut event = change(entitlement, principal);
        fails(&desk, *operation, event.clone(), "for real", *expected).await;
        event["dry_run"] = true.into();
        fails(&desk, *operation, event, "as a dry run", *expected).await;
    }
}

#[tokio::test]
async fn an_entitlement_that_does_not_exist_is_not_changed() {
    all_fail(&[
        (
            Grant,
            "namespace:demo.a1b23:own",
            "user:u2",
            UNKNOWN_ENTITLEMENT,
        ),
        (
            Revoke,
            "namespace:demo.a1b23:Write",
            "user:u2",
            UNKNOWN_ENTITLEMENT,
        ),
        (
            Grant,
            "account-role:a1b23-god:member",
            "user:u2",
            UNKNOWN_ENTITLEMENT,
        ),
        (
            Grant,
            "account-role:a1b23-read:owner",
            "user:u2",
            UNKNOWN_ENTITLEMENT,
        ),
        (
            Grant,
            "account-role:zz999-read:member",
            "user:u2",
            UNKNOWN_ENTITLEMENT,
        ),
        (Grant, "namespace:nope.a1b23:read", "user:u2", NO_NAMESPACE),
        (Grant, "namespace:gone.a1b23:read", "user:u2", NO_NAMESPACE),
        (
            Grant,
            "namespace:leaving.a1b23:read",
            "user:u2",
            NO_NAMESPACE,
        ),
        (Grant, "group:g-cloud:member", "user:u-custom", ONLY_SHOWN),
        (
            Revoke,
            "custom-role:cr_1:member",
            "user:u-custom",
            ONLY_SHOWN,
        ),
        (Grant, "project:prj_1:read", "user:u2", ONLY_SHOWN),
        (Grant, "role:a1b23-read:member", "user:u2", ONLY_SHOWN),
    ])
    .await;
}

#[tokio::test]
async fn a_principal_that_does_not_exist_or_holds_nothing_is_not_changed() {
    let read = "namespace:demo.a1b23:read";
    all_fail(&[
        (Grant, read, "user:nobody", UNKNOWN_PRINCIPAL),
        (Grant, read, "service-account:nobody", UNKNOWN_PRINCIPAL),
        (Grant, read, "group:nobody", UNKNOWN_PRINCIPAL),
        // The right id in the wrong place, and one that would be another path.
        (Grant, read, "user:sa1", UNKNOWN_PRINCIPAL),
        (
            Grant,
            read,
            "user:../service-accounts/sa1",
            UNKNOWN_PRINCIPAL,
        ),
        (
            Grant,
            "account-role:a1b23-read:member",
            "user:nobody",
            UNKNOWN_PRINCIPAL,
        ),
        (Grant, read, "namespace:orders.a1b23", NOT_A_HOLDER),
        (Revoke, read, "account-role:a1b23-read", NOT_A_HOLDER),
        (
            Grant,
            "account-role:a1b23-read:member",
            "project:prj_1",
            NOT_A_HOLDER,
        ),
        (
            Revoke,
            "account-role:a1b23-read:member",
            "person:u2",
            NOT_A_HOLDER,
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_must_not_be_changed_is_refused() {
    let implicit = failure(
        "Refused",
        "ImplicitAccess",
        "by its account role",
        "Change the account role instead",
    );
    let oneself = failure(
        "Refused",
        "OwnAccess",
        "that this connector itself uses",
        "by another administrator",
    );
    let scoped = failure(
        "Refused",
        "ScopedServiceAccount",
        "is a scoped service account",
        "Use another service account",
    );
    let lowest = failure(
        "Refused",
        "LowestRole",
        "is the lowest role",
        "Delete the account instead",
    );
    let metrics = failure(
        "Refused",
        "ServiceAccountsOnly",
        "is for service accounts",
        "Grant `read` instead",
    );
    all_fail(&[
        (
            Grant,
            "account-role:a1b23-owner:member",
            "user:u2",
            IMMUTABLE,
        ),
        (
            Revoke,
            "account-role:a1b23-owner:member",
            "user:u1",
            IMMUTABLE,
        ),
        (
            Grant,
            "account-role:a1b23-finance-admin:member",
            "user:u2",
            IMMUTABLE,
        ),
        (
            Revoke,
            "account-role:a1b23-finance-admin:member",
            "user:u-finance",
            IMMUTABLE,
        ),
        (
            Grant,
            "account-role:a1b23-read:member",
            "user:u1",
            HOLDS_IMMUTABLE,
        ),
        (
            Grant,
            "account-role:a1b23-admin:member",
            "user:u-finance",
            HOLDS_IMMUTABLE,
        ),
        (Grant, "namespace:demo.a1b23:read", "user:u-admin", implicit),
        (Revoke, "namespace:demo.a1b23:admin", "user:u1", implicit),
        (
            Grant,
            "account-role:a1b23-read:member",
            "service-account:sa0",
            oneself,
        ),
        (
            Revoke,
            "account-role:a1b23-admin:member",
            "service-account:sa0",
            oneself,
        ),
        (
            Grant,
            "namespace:demo.a1b23:read",
            "service-account:sa-ns",
            scoped,
        ),
        (
            Revoke,
            "account-role:a1b23-read:member",
            "user:u-read",
            lowest,
        ),
        (
            Grant,
            "account-role:a1b23-metrics-read:member",
            "user:u-read",
            metrics,
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_side_effect_that_is_not_known_is_not_allowed() {
    let expected = failure(
        "InvalidRequest",
        "UnknownSideEffect",
        "`cascade` is not a side effect",
        "Leave `allow` empty",
    );
    let desk = Desk::new().await;
    for operation in [Grant, Revoke] {
        fails(
            &desk,
            operation,
            Simulated::with(operation, "allow", json!(["cascade"])),
            "a side effect",
            expected,
        )
        .await;
    }
}

#[tokio::test]
async fn a_request_id_is_good_for_one_request() {
    let used = failure(
        "Conflict",
        "RequestIdUsed",
        "this request id was used at 2026-06-01T",
        "Use a new `request_id`",
    );
    let desk = Desk::new().await;
    let first = answer_of(desk.invoke(Grant, Simulated::good(Grant)).await);
    for (operation, field, value) in [
        (Grant, "entitlement", json!("namespace:demo.a1b23:admin")),
        (Grant, "principal", json!("user:u2")),
        (Grant, "reason", json!("another one")),
        (Revoke, "request_id", json!("g1")),
        (CreateAccount, "request_id", json!("g1")),
        (DeleteAccount, "request_id", json!("g1")),
    ] {
        fails(
            &desk,
            operation,
            Simulated::with(operation, field, value),
            "a used request id",
            used,
        )
        .await;
        assert!(
            desk.vendor.sim.requests().is_empty(),
            "the vendor was asked"
        );
    }
    // The same request, however it is spelled, is no other one.
    let spelled = json!({
        "principal": "user:u-read", "entitlement": "namespace:demo.a1b23:read", "request_id": "g1",
        "connection": "default", "dry_run": false, "allow": [], "reason": null,
    });
    assert_eq!(answer_of(desk.invoke(Grant, spelled).await), first);
}

#[tokio::test]
async fn another_tenant_behind_a_connection_is_noticed_by_every_operation() {
    let expected = failure(
        "Conflict",
        "AnotherTenant",
        "belongs to `a1b23`, but its key now leads to `zz999`",
        "right key",
    );
    let desk = Desk::new().await;
    works(&desk, "nothing").await;
    desk.vendor.become_another_tenant();
    every_operation_fails(&desk, "another tenant", expected).await;
    desk.vendor
        .sim
        .with_world(|world| world.account_id = "a1b23".into());
    works(&desk, "another tenant").await;
    // A run that is under way is pinned too.
    let mut desk = Desk::new().await;
    desk.cx.settings.max_steps = Some(1);
    let begun = answer_of(desk.invoke(Sync, json!({})).await);
    desk.cx.settings.max_steps = None;
    desk.vendor.become_another_tenant();
    fails(
        &desk,
        Sync,
        json!({"sync_id": begun["sync_id"]}),
        "another tenant halfway",
        expected,
    )
    .await;
}
