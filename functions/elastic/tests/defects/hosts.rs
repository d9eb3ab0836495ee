//! Which key goes to which host: the public connector chooses by a part of the address.

use rollcall_harness::changes::outcome;
use rollcall_harness::conformance::Subject;
use rollcall_simulators::elastic::{TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{ADMIN, code, grant, revoke, small};
use crate::Desk;

/// Each host has seen its own key, and no other.
fn each_host_saw_its_own_key(desk: &Desk, what: &str) {
    let sim = &desk.vendor.sim;
    let (cloud, main) = (sim.cloud_requests(), sim.deployment_requests("main"));
    assert_eq!(cloud.len() + main.len(), sim.requests().len(), "{what}");
    for (requests, key) in [(cloud, TEST_CLOUD_KEY), (main, TEST_DEPLOYMENT_KEY)] {
        for request in requests {
            let expected = format!("ApiKey {key}");
            let sent = request.header("authorization");
            assert_eq!(sent, Some(expected.as_str()), "{what}: {}", request.line());
        }
    }
    assert_eq!(sim.violations(), Vec::<String>::new(), "{what}");
}

/// With `//`, `/./` or `/x/..` in the endpoint the public connector sends the key of the organization's owner to the
/// deployment.
#[tokio::test]
async fn no_key_goes_to_another_host_however_an_endpoint_is_written() {
    let mut desk = small().await;
    let whole = desk.complete().await["content_digest"].clone();
    for end in [
        "/",
        "//",
        "/./",
        "/x/..",
        "/x/../",
        "/.",
        "///",
        "/%2e/",
        "/x/%2e%2e",
        "\\",
        "/x\\..\\",
        "  ",
    ] {
        desk.afresh();
        let endpoint = format!("{}{end}", desk.vendor.sim.deployment_url("main"));
        desk.set_keys(&json!({"deployment-endpoint": endpoint}));
        assert_eq!(desk.complete().await["content_digest"], whole, "{end}");
        outcome(
            grant(&desk, "r1", ADMIN, "deploymentUser:svc").await,
            "granted",
        );
        outcome(
            revoke(&desk, "r2", ADMIN, "deploymentUser:svc").await,
            "revoked",
        );
        each_host_saw_its_own_key(&desk, end);
    }
}

/// The public connector follows redirects.
#[tokio::test]
async fn no_key_follows_a_redirect() {
    for (from, expected) in [("/_security/", "WrongAddress"), ("/api/", "Redirected")] {
        let desk = small().await;
        let to = match from {
            "/api/" => desk.vendor.sim.deployment_url("main"),
            _ => desk.vendor.sim.cloud_url(),
        };
        let to = format!("{to}/elsewhere?a=b");
        desk.vendor.sim.set_faults(vec![Fault::matching(
            "GET",
            from,
            FaultKind::Redirect { to },
        )]);
        assert_eq!(code(desk.sync().await), expected, "{from}");
        assert!(!desk.is_published());
        each_host_saw_its_own_key(&desk, from);
        let requests = desk.vendor.sim.requests();
        assert!(!requests.iter().any(|r| r.path.contains("elsewhere")));
    }
}

/// The public connector tries, and so shows one host the key of the other.
#[tokio::test]
async fn keys_and_addresses_that_are_mixed_up_are_noticed_before_anything_is_sent() {
    let desk = small().await;
    let cloud = desk.vendor.sim.cloud_url();
    let main = desk.vendor.sim.deployment_url("main");
    for (keys, expected) in [
        (
            json!({"deployment-api-key": TEST_CLOUD_KEY}),
            "is a key of Elastic Cloud",
        ),
        (
            json!({"api-key": TEST_DEPLOYMENT_KEY, "deployment-api-key": TEST_CLOUD_KEY}),
            "is a key of Elastic Cloud",
        ),
        (
            json!({"api-key": TEST_DEPLOYMENT_KEY}),
            "`api-key` is the key of a deployment as well",
        ),
        (
            json!({"deployment-endpoint": cloud}),
            "is the address of the Elastic Cloud API",
        ),
        (
            json!({"deployment-endpoint": format!("{cloud}//_security/..")}),
            "is the address of the Elastic Cloud API",
        ),
        (
            json!({"base-url": main}),
            "is the address of the Elastic Cloud API",
        ),
    ] {
        desk.set_keys(&keys);
        let failures = [
            desk.sync().await,
            grant(&desk, "r1", ADMIN, "deploymentUser:svc").await,
        ];
        for failed in failures {
            let error = failed.expect_err("mixed up");
            assert_eq!(error.code(), "BadConfiguration", "{keys}");
            assert!(error.to_string().contains(expected), "{error}");
            assert!(!error.to_string().contains(TEST_CLOUD_KEY));
        }
        assert!(desk.vendor.sim.requests().is_empty(), "{keys}");
    }
    // Without a key of Elastic Cloud its API is no deployment, either.
    desk.write_secret(&json!({
        "deployment-endpoint": "https://api.elastic-cloud.com/", "deployment-api-key": TEST_DEPLOYMENT_KEY,
    }));
    assert_eq!(code(desk.sync().await), "BadConfiguration");
}

/// The public connector checks what belongs together on its command line only: from the environment an endpoint without a
/// key is asked with an empty one, and a key without an endpoint is not used.
#[tokio::test]
async fn an_endpoint_and_its_key_come_together_or_not_at_all() {
    let desk = small().await;
    let secret = desk.vendor.secret();
    let without = |gone: &[&str], environment: bool| {
        let fields = secret.as_object().expect("fields").iter();
        let fields = fields.filter(|(key, _)| !gone.contains(&key.as_str()));
        let named = |key: &str| match environment {
            true => format!("BATON_{}", key.replace('-', "_").to_uppercase()),
            false => key.to_owned(),
        };
        let fields = fields.map(|(key, value)| (named(key), value.clone()));
        Value::Object(fields.collect())
    };
    for environment in [false, true] {
        for (gone, expected) in [
            (
                ["deployment-api-key"].as_slice(),
                "`deployment-endpoint` is given without `deployment-api-key`",
            ),
            (
                &["deployment-endpoint"],
                "`deployment-api-key` is given without `deployment-endpoint`",
            ),
            (
                &["api-key", "deployment-endpoint", "deployment-api-key"],
                "`api-key` is missing, or a deployment",
            ),
        ] {
            desk.write_secret(&without(gone, environment));
            let error = desk.sync().await.expect_err("half a deployment");
            assert_eq!(error.code(), "BadConfiguration");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
    assert!(desk.vendor.sim.requests().is_empty());
}

/// The public connector needs a key of Elastic Cloud, and without a deployment's lists nothing of it.
#[tokio::test]
async fn either_half_does_without_the_other() {
    let desk = small().await;
    let sim = &desk.vendor.sim;
    desk.write_secret(&json!({"api-key": TEST_CLOUD_KEY, "base-url": sim.cloud_url()}));
    desk.complete().await;
    assert!(sim.deployment_requests("main").is_empty());
    let desk = small().await;
    let sim = &desk.vendor.sim;
    desk.write_secret(&json!({
        "deployment-endpoint": sim.deployment_url("main"), "deployment-api-key": TEST_DEPLOYMENT_KEY,
    }));
    desk.complete().await;
    outcome(
        grant(&desk, "r1", ADMIN, "deploymentUser:svc").await,
        "granted",
    );
    assert!(sim.cloud_requests().is_empty());
}
