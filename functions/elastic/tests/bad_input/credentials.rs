//! Keys and addresses that are wrong, or not good for everything. What a key that is revoked halfway does is in
//! `defects`.

use rollcall_engine::runtime::function::Operation::{Grant, Sync};
use rollcall_harness::bad_input::{Failure, Inputs, every_operation_fails, fails, failure, works};
use rollcall_harness::changes::{grant, outcome};
use rollcall_harness::conformance::Subject;
use rollcall_simulators::elastic::{
    BARE_DEPLOYMENT_KEY, EXPIRED_CLOUD_KEY, EXPIRED_DEPLOYMENT_KEY, READ_DEPLOYMENT_KEY,
    SCOPED_CLOUD_KEY, SECOND_DEPLOYMENT_KEY, SECOND_ORGANIZATION_ID, html_page,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use crate::{Desk, Simulated};

const CLOUD: Failure = failure(
    "Unauthenticated",
    "CredentialRejected",
    "Elastic Cloud does not accept the key",
    "An organization owner makes a key",
);
const DEPLOYMENT: Failure = failure(
    "Unauthenticated",
    "CredentialRejected",
    "Elasticsearch of the deployment does not accept the key",
    "store its encoded form",
);
const WEAK: Failure = failure(
    "PermissionDenied",
    "CredentialTooWeak",
    "lacks a privilege",
    "`manage_security`",
);
const STRANGER: Failure = failure(
    "Misconfigured",
    "WrongAddress",
    "at the endpoint of the deployment",
    "Copy the deployment's Elasticsearch endpoint",
);

/// With a wrong key, or one whose time is over, the public connector validates, and then shows an organization without
/// members: everybody's access is gone.
#[tokio::test]
async fn a_key_that_elastic_cloud_does_not_know_shows_nothing() {
    let desk = Desk::new().await;
    for (key, wrong) in [
        ("hunter2", "a key that nobody knows"),
        (EXPIRED_CLOUD_KEY, "a key whose time is over"),
        (SECOND_DEPLOYMENT_KEY, "a deployment's key"),
    ] {
        desk.set_keys(&json!({"api-key": key}));
        fails(&desk, Sync, json!({}), wrong, CLOUD).await;
        // Nor without a deployment.
        let alone =
            json!({"api-key": key, "deployment-endpoint": null, "deployment-api-key": null});
        desk.set_keys(&alone);
        fails(&desk, Sync, json!({}), wrong, CLOUD).await;
    }
    desk.write_secret(&desk.vendor.secret());
    works(&desk, "wrong keys").await;
}

/// A leaver's rights can be taken while somebody looks for the owner.
#[tokio::test]
async fn a_change_in_a_deployment_takes_no_key_of_elastic_cloud() {
    for key in [json!("hunter2"), json!(null)] {
        let desk = Desk::new().await;
        desk.set_keys(&json!({"api-key": key}));
        let answer = grant(&desk, "r1", "role:admin:member", "deploymentUser:svc").await;
        outcome(answer, "granted");
        assert!(desk.vendor.sim.cloud_requests().is_empty());
    }
}

/// Such a key sees members, and of their roles those on one deployment. The public connector does not look at roles.
#[tokio::test]
async fn a_key_that_does_not_see_who_owns_the_organization_shows_nothing() {
    let desk = Desk::new().await;
    desk.set_keys(&json!({"api-key": SCOPED_CLOUD_KEY}));
    let expected = failure(
        "PermissionDenied",
        "CredentialTooWeak",
        "does not see who owns the organization Acme, and so not all roles",
        "An organization owner makes a key with that role",
    );
    fails(&desk, Sync, json!({}), "a scoped key", expected).await;
}

#[tokio::test]
async fn an_organization_that_the_key_does_not_reach_is_told() {
    let desk = Desk::new().await;
    for (id, expected) in [
        (
            "999",
            failure(
                "NotFound",
                "UnknownOrganization",
                "knows no such organization",
                "Correct `organization-id`",
            ),
        ),
        // It exists, and is somebody else's.
        (
            SECOND_ORGANIZATION_ID,
            failure(
                "PermissionDenied",
                "CredentialTooWeak",
                "the key may not see the organization",
                "`organization-id`",
            ),
        ),
    ] {
        desk.set_keys(&json!({"organization-id": id}));
        fails(&desk, Sync, json!({}), id, expected).await;
    }
}

#[tokio::test]
async fn a_key_that_the_deployment_does_not_know_is_told_whatever_is_asked_for() {
    let desk = Desk::new().await;
    for (key, wrong) in [
        ("aHVudGVyMjpodW50ZXIy", "a key that nobody knows"),
        (EXPIRED_DEPLOYMENT_KEY, "a key whose time is over"),
        (SECOND_DEPLOYMENT_KEY, "another deployment's key"),
    ] {
        desk.set_keys(&json!({"deployment-api-key": key}));
        every_operation_fails(&desk, wrong, DEPLOYMENT).await;
    }
    desk.write_secret(&desk.vendor.secret());
    works(&desk, "wrong keys").await;
}

#[tokio::test]
async fn a_key_without_a_privilege_is_told_which_it_needs() {
    let desk = Desk::new().await;
    desk.set_keys(&json!({"deployment-api-key": BARE_DEPLOYMENT_KEY}));
    every_operation_fails(&desk, "a key without privileges", WEAK).await;
}

/// The public connector takes the answer of a write for done, whatever it says.
#[tokio::test]
async fn a_key_that_may_read_changes_nothing_and_says_why() {
    let desk = Desk::new().await;
    desk.set_keys(&json!({"deployment-api-key": READ_DEPLOYMENT_KEY}));
    // By its specification, that does not even do for reading role mappings.
    fails(&desk, Sync, json!({}), "a reader's key", WEAK).await;
    desk.vendor
        .sim
        .set_options(|o| o.mappings_need_manage_security = false);
    works(&desk, "mappings can be read").await;

    let before = desk.vendor.view();
    let error = desk.invoke(Grant, Simulated::<false>::good(Grant)).await;
    let error = error.expect_err("a reader's key");
    WEAK.is(&error, "a reader's key", &desk.vendor.tokens());
    let chain = rollcall_connector::Chain(&error).to_string();
    // The vendor's own words are there, too.
    assert!(
        chain.contains("cluster:admin/xpack/security/user/put"),
        "{chain}"
    );
    assert_eq!(desk.vendor.view(), before);
}

/// What the public connector says to all of these is `invalid deployment api key`, or the words of a parser.
#[tokio::test]
async fn what_answers_in_place_of_elasticsearch_is_told_apart() {
    let answers = |code: u16, body| FaultKind::Status {
        code,
        headers: Vec::new(),
        body: Some(body),
    };
    for (wrong, kind) in [
        ("a page for people", html_page(200)),
        ("an object", answers(200, json!({}))),
        (
            "a redirect to a page for people",
            FaultKind::Redirect {
                to: "https://cloud.elastic.co/login".into(),
            },
        ),
    ] {
        let desk = Desk::new().await;
        let fault = Fault::matching("GET", "/_security", kind);
        desk.vendor.set_faults(vec![fault]);
        every_operation_fails(&desk, wrong, STRANGER).await;
        desk.vendor.set_faults(Vec::new());
        works(&desk, wrong).await;
    }
}

#[tokio::test]
async fn a_serverless_project_and_a_cluster_that_is_gone_are_told() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|w| {
        w.edit_cluster("main", |main| main.serverless = true)
            .clone()
    });
    let serverless = failure(
        "Misconfigured",
        "Serverless",
        "is a serverless project, which has no users and roles of its own",
        "Remove it from the configuration",
    );
    every_operation_fails(&desk, "a serverless project", serverless).await;
    desk.vendor.sim.with_world(|w| {
        w.edit_cluster("main", |main| {
            main.serverless = false;
            main.gone = true;
        })
        .clone()
    });
    let gone = failure(
        "Misconfigured",
        "WrongAddress",
        "there is no cluster at the endpoint of the deployment",
        "Copy the deployment's Elasticsearch endpoint",
    );
    every_operation_fails(&desk, "a cluster that is gone", gone).await;
}

/// Functions in Lambda have no address of their own unless they are given one: no key helps.
#[tokio::test]
async fn an_address_that_is_not_let_in_is_not_taken_for_a_weak_key() {
    let expected = failure(
        "PermissionDenied",
        "AddressNotAllowed",
        "lets in only addresses that its traffic filters name",
        "a NAT gateway",
    );
    for message in [
        "Forbidden due to traffic filtering. Please see the Elastic documentation on Traffic Filtering for more information.",
        "Forbidden",
    ] {
        let desk = Desk::new().await;
        let refused = FaultKind::Status {
            code: 403,
            headers: Vec::new(),
            body: Some(json!({"ok": false, "message": message})),
        };
        let fault = Fault::matching("GET", "/_security", refused);
        desk.vendor.set_faults(vec![fault]);
        every_operation_fails(&desk, message, expected).await;
        desk.vendor.set_faults(Vec::new());
        works(&desk, message).await;
    }
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_told_by_the_request_that_it_did_not_answer() {
    let dead = "http://127.0.0.1:1";
    let desk = Desk::new().await;
    let unreachable = |call| {
        failure(
            "Unavailable",
            "VendorUnreachable",
            call,
            "Check the address in the configuration",
        )
    };
    desk.set_keys(&json!({"deployment-endpoint": dead}));
    let expected = unreachable("/_security/");
    every_operation_fails(&desk, "a dead deployment", expected).await;
    desk.set_keys(&json!({"base-url": dead}));
    let expected = unreachable("GET /api/v1/organizations was not answered");
    fails(&desk, Sync, json!({}), "a dead Cloud API", expected).await;
}

/// A key is sent to the host that it is for, whatever becomes of the other.
#[tokio::test]
async fn no_key_is_ever_sent_to_the_other_host() {
    let desk = Desk::new().await;
    // What misleads the public connector, which tells hosts apart by looking for the endpoint in the address.
    let endpoint = desk.vendor.sim.deployment_url("main");
    for path in ["//", "/./", "/x/../", "/"] {
        desk.set_keys(&json!({"deployment-endpoint": format!("{endpoint}{path}")}));
        works(&desk, path).await;
        let sim = &desk.vendor.sim;
        let sent = |requests: Vec<rollcall_simulators::Request>| -> Vec<String> {
            let headers = requests.iter().map(|r| r.header("authorization"));
            let mut headers: Vec<String> = headers.flatten().map(str::to_owned).collect();
            headers.sort();
            headers.dedup();
            headers
        };
        let secret = desk.vendor.secret();
        for (requests, key) in [
            (sim.cloud_requests(), "api-key"),
            (sim.deployment_requests("main"), "deployment-api-key"),
        ] {
            let key = secret[key].as_str().expect("a key");
            assert_eq!(sent(requests), [format!("ApiKey {key}")], "{path}");
        }
        assert_eq!(desk.vendor.violations(), Vec::<String>::new());
    }
}
