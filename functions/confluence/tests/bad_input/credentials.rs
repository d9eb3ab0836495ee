//! Tokens that are wrong, or not good for everything. What a token that is revoked halfway does is in `defects/answers.rs`.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::{Failure, every_operation_fails, fails, failure};
use rollcall_harness::conformance::Subject;
use rollcall_simulators::confluence::{ALL_SCOPES, BEARER_TOKEN, SCOPED_TOKEN, World};
use serde_json::json;

use crate::{Desk, Simulated};

const STRANGER: Failure = failure(
    "Unauthenticated",
    "CredentialRejected",
    "does not accept the token",
    "Put a valid API token into the secret",
);
const SCOPE: Failure = failure(
    "PermissionDenied",
    "CredentialTooWeak",
    "lacks a scope",
    "the connector's README lists",
);

#[tokio::test]
async fn a_token_that_nobody_knows_is_refused() {
    let desk = Desk::new().await;
    for (change, wrong) in [
        (json!({"api-key": "hunter2"}), "another token"),
        (json!({"username": "eve@acme.io"}), "another account"),
        (
            json!({"api-key": SCOPED_TOKEN}),
            "a scoped token on the site",
        ),
        (
            json!({"domain-url": desk.vendor.sim.gateway_url(), "username": null}),
            "a person's token without the person",
        ),
        (
            json!({"domain-url": desk.vendor.sim.gateway_url(), "api-key": BEARER_TOKEN}),
            "a service account's token with a person",
        ),
    ] {
        desk.set_keys(&change);
        every_operation_fails(&desk, wrong, STRANGER).await;
    }
    desk.write_secret(&desk.vendor.secret());
    desk.complete().await;
}

#[tokio::test]
async fn a_token_of_an_account_that_was_deactivated_is_refused() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|w| {
        w.revoke_token("test-token");
    });
    every_operation_fails(&desk, "a revoked token", STRANGER).await;
}

/// Without any one of its scopes a sync must fail: what it cannot see, it must not show as empty.
#[tokio::test]
async fn a_scoped_token_without_one_of_its_scopes_publishes_nothing() {
    for missing in ALL_SCOPES {
        let desk = Desk::around(Simulated::of(World::with_roles()).await);
        let scopes: Vec<&str> = ALL_SCOPES
            .into_iter()
            .filter(|scope| *scope != missing)
            .collect();
        desk.vendor.sim.with_world(|w| {
            w.set_scopes(SCOPED_TOKEN, &scopes);
        });
        let gateway = desk.vendor.sim.gateway_url();
        desk.set_keys(&json!({"domain-url": gateway, "api-key": SCOPED_TOKEN}));
        if missing.starts_with("write:") {
            // Reading takes no such scope.
            desk.complete().await;
            let what = if missing.contains("group") {
                "group:11-adm:member"
            } else {
                "space_role_assignment:98310:r2:assigned"
            };
            let event =
                json!({"request_id": "r1", "entitlement": what, "principal": "user:712020:c3"});
            let error = desk
                .invoke(Operation::Grant, event)
                .await
                .expect_err(missing);
            assert_eq!(
                (error.kind().as_str(), error.code().as_str()),
                (SCOPE.kind, SCOPE.code),
                "{missing}: {error}"
            );
        } else {
            fails(&desk, Operation::Sync, json!({}), missing, SCOPE).await;
        }
    }
}

#[tokio::test]
async fn a_cloud_id_that_is_not_the_sites_is_told() {
    let desk = Desk::new().await;
    let url = format!(
        "{}/ex/confluence/11111111-0000-4000-8000-000000000000",
        desk.vendor.sim.base_url()
    );
    desk.set_keys(&json!({"domain-url": url}));
    let expected = failure(
        "NotFound",
        "VendorNotFound",
        "404",
        "the address in the configuration",
    );
    every_operation_fails(&desk, "a wrong cloud id", expected).await;
}
