//! Events that ask for what cannot be, or must not.

use rollcall_engine::runtime::function::Operation::{Grant, Revoke};
use rollcall_harness::bad_input::{Failure, Inputs, fails, failure};
use rollcall_harness::changes::{outcome, revoke};
use rollcall_harness::conformance::{Bench, Subject};
use rollcall_simulators::elastic::SECOND_DEPLOYMENT_KEY;
use serde_json::json;

use crate::{Desk, Several, Simulated};

const ENTITLEMENT: Failure = failure(
    "InvalidRequest",
    "UnknownEntitlement",
    "this connector cannot change",
    "role:<role>:member",
);
const HOLDER: Failure = failure(
    "InvalidRequest",
    "UnknownPrincipal",
    "cannot be given `role:admin:member`",
    "deploymentUser:<name>",
);
const MAPPING: Failure = failure(
    "Refused",
    "NotProvisioned",
    "role mappings are not changed",
    "in Kibana",
);
const USER: Failure = failure(
    "NotFound",
    "UnknownPrincipal",
    "there is no native user",
    "the id of a deployment user of the newest snapshot",
);
const ROLE: Failure = failure(
    "NotFound",
    "UnknownEntitlement",
    "there is no role",
    "the id of a role of the newest snapshot",
);
const RESERVED: Failure = failure(
    "Refused",
    "ReservedUser",
    "keeps the user",
    "The roles of reserved users cannot be changed",
);
const DEPLOYMENT: Failure = failure(
    "NotFound",
    "UnknownEntitlement",
    "the configuration has no deployment `third`",
    "add the deployment to `deployments`",
);
const MIXED: Failure = failure(
    "InvalidRequest",
    "OtherDeployment",
    "are of different deployments",
    "only that deployment's roles",
);

#[tokio::test]
async fn no_side_effect_can_be_allowed_since_there_is_none() {
    let desk = Desk::new().await;
    let expected = failure(
        "InvalidRequest",
        "UnknownSideEffect",
        "is not a side effect of this connector",
        "Leave `allow` out",
    );
    for operation in [Grant, Revoke] {
        for allow in [json!(["everything"]), json!([""])] {
            let event = Simulated::<false>::with(operation, "allow", allow);
            fails(&desk, operation, event, "allow", expected).await;
        }
    }
    assert!(desk.vendor.requests().is_empty(), "the vendor was asked");
}

/// The public connector changes role mappings, and ruins them: rules are flattened, a disabled mapping is enabled, and
/// its roles become the principal's own.
#[tokio::test]
async fn what_is_no_role_of_a_deployment_is_neither_given_nor_taken() {
    let (svc, admin) = ("deploymentUser:svc", "role:admin:member");
    let rows: &[(&str, &str, Failure)] = &[
        ("role:admin:owner", svc, ENTITLEMENT),
        ("role:admin:Member", svc, ENTITLEMENT),
        ("Role:admin:member", svc, ENTITLEMENT),
        ("deploymentUser:svc:member", svc, ENTITLEMENT),
        // What the organization says is shown, and changed elsewhere.
        ("organization:198583657190:member", "user:1002", ENTITLEMENT),
        (
            "organization:198583657190:billing-admin",
            "user:1002",
            ENTITLEMENT,
        ),
        (
            "deployment:ce03a623751b4fc98d48400fec58b9c0:deployment-viewer",
            "user:1002",
            ENTITLEMENT,
        ),
        ("roleMapping:one-name:member", svc, MAPPING),
        ("roleMapping:one-name:member", "externalUser:bob", MAPPING),
        ("roleMapping:never-was:member", svc, MAPPING),
        (admin, "user:1001", HOLDER),
        (admin, "externalUser:bob", HOLDER),
        (admin, "roleMapping:one-name", HOLDER),
        (admin, "role:viewer", HOLDER),
        (admin, "deploymentuser:svc", HOLDER),
        (admin, "deploymentUser:elastic", RESERVED),
        ("role:superuser:member", "deploymentUser:elastic", RESERVED),
        (
            "role:third›admin:member",
            "deploymentUser:third›svc",
            DEPLOYMENT,
        ),
        ("role:third›admin:member", svc, DEPLOYMENT),
        (admin, "deploymentUser:third›svc", MIXED),
    ];
    let desk = Desk::new().await;
    for (entitlement, principal, expected) in rows {
        for operation in [Grant, Revoke] {
            for dry_run in [false, true] {
                let event = json!({"request_id": "r1", "entitlement": entitlement, "principal": principal, "dry_run": dry_run});
                fails(&desk, operation, event, "for nothing", *expected).await;
            }
        }
    }
}

/// The public connector reports both as granted: nothing happens for somebody who is not there, and a role that does
/// not exist is stored, to be had by whoever defines it one day.
#[tokio::test]
async fn what_does_not_exist_is_not_given_and_nothing_is_to_be_taken_from_it() {
    let (svc, admin) = ("deploymentUser:svc", "role:admin:member");
    let rows: &[(&str, &str, Failure)] = &[
        (admin, "deploymentUser:nobody", USER),
        (admin, "deploymentUser:Svc", USER),
        (admin, "deploymentUser: svc", USER),
        (admin, "deploymentUser:svc,jacknich", USER),
        (admin, "deploymentUser:svc/_disable", USER),
        (admin, "deploymentUser:..", USER),
        (admin, "deploymentUser:*", USER),
        // A member of the organization is no native user.
        (admin, "deploymentUser:1001", USER),
        ("role:never-was:member", svc, ROLE),
        ("role:Admin:member", svc, ROLE),
        ("role:admin,viewer:member", svc, ROLE),
        ("role:*:member", svc, ROLE),
        ("role:.:member", svc, ROLE),
        // Somebody holds it, and it does not exist all the same.
        ("role:role-that-was:member", svc, ROLE),
    ];
    let desk = Desk::new().await;
    for (n, (entitlement, principal, expected)) in rows.iter().enumerate() {
        for dry_run in [false, true] {
            let event = json!({"request_id": "r1", "entitlement": entitlement, "principal": principal, "dry_run": dry_run});
            fails(&desk, Grant, event, "for nothing", *expected).await;
        }
        let view = desk.vendor.view();
        let answer = revoke(&desk, &format!("revoke-{n}"), entitlement, principal).await;
        let answer = outcome(answer, "already_revoked");
        assert_eq!(answer["removed"], json!([]), "{entitlement} {principal}");
        assert_eq!(desk.vendor.view(), view, "{entitlement} {principal}");
    }
    assert_eq!(desk.vendor.violations(), Vec::<String>::new());
}

/// There can be such a user, and no client can say such a path: `..` is a direction to every reader of addresses.
#[tokio::test]
async fn a_user_whose_name_has_no_place_in_a_path_is_not_mistaken_for_another() {
    let desk = Desk::new().await;
    for name in [".", ".."] {
        desk.vendor.sim.with_world(|w| {
            w.add_user("main", name, &["viewer"]);
        });
        let expected = failure(
            "InvalidRequest",
            "UnusableName",
            "have no place in a path",
            "change it there",
        );
        let principal = format!("deploymentUser:{name}");
        for (operation, entitlement) in
            [(Grant, "role:admin:member"), (Revoke, "role:viewer:member")]
        {
            // Nothing is known to be sent before it fails, so that the request stays open: each has an id of its own.
            let request = format!("{}-{}", operation.as_str(), name.len());
            let event =
                json!({"request_id": request, "entitlement": entitlement, "principal": principal});
            fails(&desk, operation, event, name, expected).await;
        }
    }
}

#[tokio::test]
async fn ids_of_several_deployments_are_not_mixed_up() {
    let desk = Bench::<Several>::new().await;
    let rows: &[(&str, &str, Failure)] = &[
        ("role:second›viewer:member", "deploymentUser:svc", MIXED),
        ("role:viewer:member", "deploymentUser:second›svc", MIXED),
        (
            "role:third›viewer:member",
            "deploymentUser:third›svc",
            DEPLOYMENT,
        ),
        // It is `main` that is listed with bare ids.
        (
            "role:main›viewer:member",
            "deploymentUser:main›svc",
            failure(
                "NotFound",
                "UnknownEntitlement",
                "no deployment `main`",
                "newest snapshot",
            ),
        ),
        (
            "role:second›admin:member",
            "deploymentUser:second›svc",
            ROLE,
        ),
        ("role:second›:member", "deploymentUser:second›svc", ROLE),
        (
            "role:second›editor:member",
            "deploymentUser:second›olduser",
            USER,
        ),
        ("role:second›editor:member", "deploymentUser:second›", USER),
        // Twice is the mark itself, and not a border.
        ("role:second››viewer:member", "deploymentUser:svc", ROLE),
    ];
    for (entitlement, principal, expected) in rows {
        let event = json!({"request_id": "r1", "entitlement": entitlement, "principal": principal});
        // Only a grant looks whether there is such a role or user: a revocation finds nothing to do.
        fails(&desk, Grant, event, "mixed up", *expected).await;
    }
}

#[tokio::test]
async fn where_no_deployment_has_bare_ids_one_is_not_guessed() {
    let desk = Desk::new().await;
    let endpoint = desk.vendor.sim.deployment_url("second");
    let second = json!({"name": "second", "endpoint": endpoint, "api-key": SECOND_DEPLOYMENT_KEY});
    let expected = failure(
        "NotFound",
        "UnknownEntitlement",
        "no deployment with bare ids",
        "<deployment>›<name>",
    );
    for keys in [
        json!({"deployment-endpoint": null, "deployment-api-key": null, "deployments": [second]}),
        // Or there is none at all.
        json!({"deployment-endpoint": null, "deployment-api-key": null}),
    ] {
        desk.set_keys(&keys);
        for operation in [Grant, Revoke] {
            let event = Simulated::<false>::good(operation);
            fails(&desk, operation, event, "bare ids", expected).await;
        }
    }
}
