//! What is not done: each with its code, what it says, and that nothing was sent.

use rollcall_connector::ErrorType::{self, InvalidRequest, NotFound, Refused};
use rollcall_engine::runtime::function::Operation::{
    self, CreateAccount, DeleteAccount, Grant, Revoke,
};
use rollcall_harness::conformance::Subject;
use rollcall_simulators::temporalcloud::World;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::grant;
use crate::Desk;

fn change(operation: Operation, what: &str, whom: &str) -> (Operation, Value) {
    let event = match operation {
        CreateAccount => json!({"request_id": "r1", "account": {"email": what}}),
        DeleteAccount => json!({"request_id": "r1", "principal": whom}),
        _ => json!({"request_id": "r1", "entitlement": what, "principal": whom}),
    };
    (operation, event)
}

/// Each of these fails, says why and what to do, and sends nothing.
async fn all_refused(desk: &Desk, rows: &[(Operation, &str, &str, ErrorType, &str)]) {
    let before = desk.vendor.sim.with_world(|world| world.clone());
    for (operation, what, whom, kind, code) in rows {
        let (operation, event) = change(*operation, what, whom);
        let row = format!("{} {event}", operation.as_str());
        let error = match desk.invoke(operation, event).await {
            Ok(answer) => panic!("{row}: {answer:#}"),
            Err(error) => error,
        };
        assert_eq!(
            (error.kind(), error.code().as_str()),
            (*kind, *code),
            "{row}: {error}"
        );
        assert!(
            error.to_string().len() > 10 && error.fix().len() > 10,
            "{row}"
        );
        assert_eq!(desk.writes().len(), 0, "{row}");
    }
    assert!(
        desk.vendor.sim.with_world(|world| *world == before),
        "the world has changed"
    );
    assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
}

/// The public connector does many of these, or reports success without doing anything.
#[tokio::test]
async fn what_must_not_be_done_is_refused_by_name_and_nothing_is_sent() {
    let rows: &[(Operation, &str, &str, ErrorType, &str)] = &[
        // Roles that the API cannot give or take.
        (
            Grant,
            "account-role:a1b23-owner:member",
            "user:u-read",
            Refused,
            "ImmutableRole",
        ),
        (
            Grant,
            "account-role:a1b23-owner:member",
            "service-account:sa1",
            Refused,
            "ImmutableRole",
        ),
        (
            Grant,
            "account-role:a1b23-owner:member",
            "group:g-cloud",
            Refused,
            "ImmutableRole",
        ),
        (
            Grant,
            "account-role:a1b23-finance-admin:member",
            "user:u-read",
            Refused,
            "ImmutableRole",
        ),
        (
            Revoke,
            "account-role:a1b23-owner:member",
            "user:u1",
            Refused,
            "ImmutableRole",
        ),
        (
            Revoke,
            "account-role:a1b23-finance-admin:member",
            "group:g-finance",
            Refused,
            "ImmutableRole",
        ),
        // Their holders.
        (
            Grant,
            "account-role:a1b23-admin:member",
            "user:u1",
            Refused,
            "ImmutableRole",
        ),
        (
            Grant,
            "account-role:a1b23-read:member",
            "service-account:sa-finance",
            Refused,
            "ImmutableRole",
        ),
        (
            Grant,
            "account-role:a1b23-read:member",
            "group:g-finance",
            Refused,
            "ImmutableRole",
        ),
        (
            Grant,
            "account-role:a1b23-read:member",
            "user:u-future",
            Refused,
            "ImmutableRole",
        ),
        (DeleteAccount, "", "user:u1", Refused, "ImmutableRole"),
        (
            DeleteAccount,
            "",
            "user:u-finance",
            Refused,
            "ImmutableRole",
        ),
        // The connector itself.
        (
            Grant,
            "account-role:a1b23-developer:member",
            "service-account:sa0",
            Refused,
            "OwnAccess",
        ),
        (
            Revoke,
            "account-role:a1b23-admin:member",
            "service-account:sa0",
            Refused,
            "OwnAccess",
        ),
        // Admins of everything.
        (
            Grant,
            "namespace:demo.a1b23:write",
            "user:u-admin",
            Refused,
            "ImplicitAccess",
        ),
        (
            Grant,
            "namespace:demo.a1b23:read",
            "group:g-google",
            Refused,
            "ImplicitAccess",
        ),
        (
            Revoke,
            "namespace:demo.a1b23:admin",
            "user:u1",
            Refused,
            "ImplicitAccess",
        ),
        // The last thing that somebody has.
        (
            Revoke,
            "account-role:a1b23-read:member",
            "user:u-read",
            Refused,
            "LowestRole",
        ),
        (
            Revoke,
            "account-role:a1b23-read:member",
            "service-account:sa1",
            Refused,
            "LowestRole",
        ),
        // Machines.
        (
            Grant,
            "account-role:a1b23-metrics-read:member",
            "user:u-read",
            Refused,
            "ServiceAccountsOnly",
        ),
        (
            Grant,
            "account-role:a1b23-metrics-read:member",
            "group:g-cloud",
            Refused,
            "ServiceAccountsOnly",
        ),
        (
            Grant,
            "namespace:demo.a1b23:read",
            "service-account:sa-ns",
            Refused,
            "ScopedServiceAccount",
        ),
        (
            Grant,
            "account-role:a1b23-developer:member",
            "service-account:sa-prj",
            Refused,
            "ScopedServiceAccount",
        ),
        (
            Revoke,
            "namespace:orders.a1b23:write",
            "service-account:sa-ns",
            Refused,
            "ScopedServiceAccount",
        ),
        (
            DeleteAccount,
            "",
            "service-account:sa1",
            InvalidRequest,
            "UnknownPrincipal",
        ),
        (
            DeleteAccount,
            "",
            "group:g-cloud",
            InvalidRequest,
            "UnknownPrincipal",
        ),
        // What is shown and not changed.
        (
            Grant,
            "group:g-cloud:member",
            "user:u-read",
            Refused,
            "NotProvisioned",
        ),
        (
            Revoke,
            "group:g-cloud:member",
            "user:u2",
            Refused,
            "NotProvisioned",
        ),
        (
            Grant,
            "group:g-scim:member",
            "user:u-read",
            Refused,
            "NotProvisioned",
        ),
        (
            Revoke,
            "group:g-google:member",
            "user:u-everything",
            Refused,
            "NotProvisioned",
        ),
        (
            Grant,
            "custom-role:cr_1:assigned",
            "user:u-read",
            Refused,
            "NotProvisioned",
        ),
        (
            Grant,
            "project:prj_1:read",
            "user:u-read",
            Refused,
            "NotProvisioned",
        ),
        // What does not exist.
        (
            Grant,
            "namespace:demo.a1b23:owner",
            "user:u-read",
            InvalidRequest,
            "UnknownEntitlement",
        ),
        (
            Grant,
            "namespace:nowhere.a1b23:read",
            "user:u-read",
            NotFound,
            "UnknownEntitlement",
        ),
        (
            Grant,
            "namespace:leaving.a1b23:read",
            "user:u-read",
            NotFound,
            "UnknownEntitlement",
        ),
        (
            Grant,
            "namespace:gone.a1b23:read",
            "user:u-read",
            NotFound,
            "UnknownEntitlement",
        ),
        (
            Grant,
            "account-role:a1b23-god:member",
            "user:u-read",
            InvalidRequest,
            "UnknownEntitlement",
        ),
        (
            Grant,
            "account-role:a1b23-read:assigned",
            "user:u-read",
            InvalidRequest,
            "UnknownEntitlement",
        ),
        (
            Grant,
            "namespace:demo.a1b23:read",
            "user:u-nobody",
            NotFound,
            "UnknownPrincipal",
        ),
        (
            Grant,
            "account-role:a1b23-read:member",
            "service-account:u2",
            NotFound,
            "UnknownPrincipal",
        ),
        (
            Grant,
            "account-role:a1b23-read:member",
            "namespace:demo.a1b23",
            InvalidRequest,
            "UnknownPrincipal",
        ),
        (
            Revoke,
            "namespace:demo.a1b23:read",
            "account-role:a1b23-admin",
            InvalidRequest,
            "UnknownPrincipal",
        ),
        // Accounts.
        (
            CreateAccount,
            "expired@example.com",
            "",
            Refused,
            "InvitationExpired",
        ),
        (CreateAccount, "nonsense", "", InvalidRequest, "BadEmail"),
        (
            CreateAccount,
            "a b@example.com",
            "",
            InvalidRequest,
            "BadEmail",
        ),
        (
            CreateAccount,
            "a@b@example.com",
            "",
            InvalidRequest,
            "BadEmail",
        ),
        (CreateAccount, "", "", InvalidRequest, "BadEmail"),
    ];
    all_refused(&Desk::new().await, rows).await;
}

#[tokio::test]
async fn the_last_admin_stays_whatever_is_asked() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        *world = World::empty("a1b23");
        world.add_user("u1", "only@example.com", "ROLE_ADMIN");
        world
            .add_service_account("sa0", "rollcall", "ROLE_ADMIN")
            .add_api_key("test-key", "sa0");
    });
    let rows = &[
        (
            Revoke,
            "account-role:a1b23-admin:member",
            "user:u1",
            Refused,
            "LastAdmin",
        ),
        (
            Grant,
            "account-role:a1b23-developer:member",
            "user:u1",
            Refused,
            "LastAdmin",
        ),
        (DeleteAccount, "", "user:u1", Refused, "LastAdmin"),
    ];
    all_refused(&desk, rows).await;
}

#[tokio::test]
async fn whoever_the_key_belongs_to_stays_as_they_are() {
    let desk = Desk::new().await;
    let mut secret = desk.vendor.secret();
    secret["api-key"] = "owner-key".into();
    desk.write_secret(&secret);
    all_refused(
        &desk,
        &[(DeleteAccount, "", "user:u1", Refused, "OwnAccess")],
    )
    .await;
}

#[tokio::test]
async fn a_side_effect_that_does_not_exist_cannot_be_allowed() {
    let desk = Desk::new().await;
    for operation in [Grant, Revoke] {
        let (operation, mut event) = change(operation, "namespace:demo.a1b23:read", "user:u-read");
        event["allow"] = json!(["cascade"]);
        let error = desk
            .invoke(operation, event)
            .await
            .expect_err("no such side effect");
        assert_eq!(
            (error.kind(), error.code().as_str()),
            (InvalidRequest, "UnknownSideEffect")
        );
    }
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector passes the vendor's error on without its own.
#[tokio::test]
async fn what_the_vendor_refuses_is_told_in_its_own_words() {
    let desk = Desk::new().await;
    let refusal = FaultKind::Status {
        code: 400,
        headers: Vec::new(),
        body: Some(json!({"code": 3, "message": "the moon is full", "details": []})),
    };
    desk.vendor
        .sim
        .set_faults(vec![Fault::matching("POST", "/cloud/", refusal)]);
    let error = grant(&desk, "r1", "namespace:demo.a1b23:read", "user:u-read")
        .await
        .expect_err("refused");
    assert_eq!(
        (error.kind(), error.code().as_str()),
        (Refused, "VendorRefused")
    );
    assert!(error.to_string().contains("the moon is full"), "{error}");
    assert_eq!(desk.writes().len(), 1);
}
