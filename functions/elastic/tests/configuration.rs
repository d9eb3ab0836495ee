//! Keys of the secret: unusable ones, the host of each key, the rights of each key, and changes of a connection.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::{
    every_operation_fails, fails, fails_unasked, failure, told, unusable,
};
use rollcall_harness::changes::result_of;
use rollcall_harness::conformance::{Bench, Subject};
use rollcall_simulators::Fault;
use rollcall_simulators::elastic::{READ_DEPLOYMENT_KEY, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY};
use serde_json::{Value, json};

use crate::world::{ADMIN, SVC, change, fault, small_pair};
use crate::{Desk, Several, Simulated, rows};

fn parsed(keys: &str) -> Value {
    serde_json::from_str(keys).unwrap_or_else(|e| panic!("{keys}: {e}"))
}

/// The public connector checks what belongs together on its command line only: from the environment, it calls an
/// endpoint without a key with an empty one, and ignores a key without an endpoint. It tries keys and addresses that
/// are mixed up, and so shows one host the key of the other. Valid endpoints, keys and names are tested next to the
/// code.
const UNUSABLE: &str = r#"
{"api-key": null, $NO_DEPLOYMENT}                                | `api-key` and a deployment are both missing
{"api-key": " ", "deployment-endpoint": "", "deployment-api-key": " ", "deployments": []} | `api-key` and a deployment are both missing
{"deployment-api-key": null}                                     | `deployment-endpoint` is given without `deployment-api-key`
{"deployment-endpoint": " "}                                     | `deployment-api-key` is given without `deployment-endpoint`
{"api-key": null, "organization-id": "198583657190"}             | `organization-id` is given without `api-key`
{"api-key": "hunter2 hunter2"}                                   | `api-key` contains blanks
{"api-key": "$main_key"}                                         | `api-key` is also the key of a deployment
{"deployment-api-key": "$cloud_key"}                             | `deployment-api-key` is an Elastic Cloud key
{"deployment-api-key": "ApiKey $main_key"}                       | `deployment-api-key` contains blanks
{"deployment-api-key": "hunter2"}                                | `deployment-api-key` must be the *encoded* form of the key
{"deployment-endpoint": "https://elastic:hunter2@a.acme.example"} | `deployment-endpoint` must not contain a user name or password
{"deployment-endpoint": "$cloud_url"}                            | the endpoint of the deployment is the address of the Elastic Cloud API
{"deployment-endpoint": "$cloud_url//_security/.."}              | the endpoint of the deployment is the address of the Elastic Cloud API
{"base-url": "$main_url"}                                        | the endpoint of the deployment is the address of the Elastic Cloud API
{"api-key": null, "base-url": null, "deployment-endpoint": "https://api.elastic-cloud.com/"} | is the address of the Elastic Cloud API
{"base-url": "https://api.elastic-cloud.com/api/v1"}             | `base-url` must have no path
{"base-url": "http://api.elastic-cloud.com"}                     | `base-url` must begin with https://
{"deployments": [$SECOND]}                                       | `deployments` is given together with `deployment-endpoint`: move that deployment into the list, with `bare-ids`
{$ONLY_LISTED: [$MAIN, {"name": "main", "endpoint": "b.acme.example", "api-key": "$second_key"}]} | `deployments` has the name `main` twice
{$ONLY_LISTED: [$MAIN_BARE, $SECOND_BARE]}                       | `deployments` has `bare-ids` twice: only one deployment can have it
{$ONLY_LISTED: [$MAIN, {"name": "again", "endpoint": "$main_url//x/..", "api-key": "$second_key"}]} | `main` and `again` are the same deployment
{$ONLY_LISTED: [{"name": "a", "endpoint": "$cloud_url", "api-key": "$second_key"}]}           | the endpoint of a is the address of the Elastic Cloud API
{$ONLY_LISTED: [{"name": "a", "endpoint": "main.kb.us-east-1.aws.found.io", "api-key": "$second_key"}]} | `deployments` no. 1: `endpoint` is the address of Kibana
{$ONLY_LISTED: [$MAIN, {"name": "a", "endpoint": "b.acme.example", "api-key": "$cloud_key"}]} | `deployments` no. 2: `api-key` is an Elastic Cloud key
{$ONLY_LISTED: [{"name": "a›b", "endpoint": "a.acme.example", "api-key": "$second_key"}]}     | `deployments` no. 1: `name` must consist of at most 63 characters a-z, 0-9 and `-`
{$ONLY_LISTED: [{"name": "a", "endpoint": "a.acme.example", "api-key": "$second_key", "bare-ids": "yes"}]} | `deployments` no. 1: `bare-ids` must be `true` or `false`
{$ONLY_LISTED: [{"endpoint": " "}]}                              | no. 1: `name` is missing; `deployments` no. 1: `endpoint` is missing; `deployments` no. 1: `api-key` is missing
"#;

#[tokio::test]
async fn keys_that_cannot_be_used_are_named_before_anything_is_sent() {
    let desk = Desk::around(Simulated::of(small_pair()).await);
    desk.complete().await;
    let mut operations = [Operation::Sync, Operation::Grant, Operation::Revoke].iter().cycle();
    for [keys, message] in rows(desk.vendor.written_out(UNUSABLE)) {
        let operation = *operations.next().expect("one of three");
        desk.set_keys(&parsed(keys));
        fails_unasked(&desk, operation, Several::good(operation), keys, unusable(message)).await;
    }
    for (half, value) in
        [("deployment-endpoint", "a.acme.example"), ("deployment-api-key", TEST_DEPLOYMENT_KEY)]
    {
        let variable = format!("BATON_{}", half.replace('-', "_").to_uppercase());
        desk.write_secret(&json!({"BATON_API_KEY": TEST_CLOUD_KEY, variable: value}));
        let error = desk.sync().await.expect_err(half).to_string();
        assert!(error.contains(&format!("`{half}` is given without")), "{error}");
    }
    // A message about a list is not repeated for the pair next to it.
    desk.set_keys(&json!({"deployments": [desk.vendor.row("second", "second", true)]}));
    let error = desk.sync().await.expect_err("both");
    assert!(!error.to_string().contains("twice"), "{error}");
}

/// The public connector chooses keys by a part of the address: with `//`, `/./` or `/x/..` in the endpoint the key of the
/// organization's owner goes to the deployment.
#[tokio::test]
async fn no_key_goes_to_another_host_however_an_endpoint_is_written() {
    let mut desk = Bench::around(Several::of(small_pair()).await);
    let whole = desk.complete().await["content_digest"].clone();
    for end in ["//", "/./", "/x/..", "/%2e/", "/x/%2e%2e", "\\", "/x\\..\\", "  "] {
        desk.afresh();
        let mut main = desk.vendor.row("main", "main", true);
        main["endpoint"] = format!("{}{end}", desk.vendor.sim.deployment_url("main")).into();
        desk.set_keys(&json!({"deployments": [main, desk.vendor.row("second", "second", false)]}));
        assert_eq!(desk.complete().await["content_digest"], whole, "{end}");
        for (operation, expected) in [("grant", "granted"), ("revoke", "revoked")] {
            let result = change(&desk, operation, operation, (ADMIN, SVC)).await;
            assert_eq!(result_of(&result), expected, "{end}");
        }
        desk.vendor.each_host_saw_its_own_key(end);
    }
}

/// The public connector follows redirects.
#[tokio::test]
async fn no_key_follows_a_redirect() {
    let desk = Desk::small().await;
    for (from, to, expected) in
        [("/_security/", "$cloud_url", "WrongAddress"), ("/api/", "$main_url", "Redirected")]
    {
        let to = format!("redirect {}/elsewhere", desk.vendor.written_out(to));
        desk.vendor.set_faults([Fault::matching("GET", from, fault(&to))]);
        assert_eq!(result_of(&desk.sync().await), expected, "{from}");
        desk.vendor.each_host_saw_its_own_key(from);
        let elsewhere = |r: &rollcall_simulators::Request| r.path.contains("elsewhere");
        assert!(!desk.vendor.requests().iter().any(elsewhere));
    }
}

/// Keys, and how a sync fails, or with `!` each operation: type and code, a part of the message, and one of the fix.
/// With a wrong or expired key, the public connector shows an organization without members.
const REFUSED: &str = r#"
{"api-key": "hunter2"}                                     |   | Unauthenticated | CredentialRejected | Elastic Cloud does not accept the key | Have an organization owner create a key
{"api-key": "$ended_cloud_key"}                            |   | Unauthenticated | CredentialRejected | Elastic Cloud does not accept the key | Have an organization owner create a key
{"api-key": "$second_key"}                                 |   | Unauthenticated | CredentialRejected | Elastic Cloud does not accept the key | Have an organization owner create a key
{"api-key": "hunter2", $NO_DEPLOYMENT}                     |   | Unauthenticated | CredentialRejected | Elastic Cloud does not accept the key | Have an organization owner create a key
{"api-key": "$scoped_key"}                                 |   | PermissionDenied | CredentialTooWeak | cannot see who owns the organization Acme, and therefore not all roles | Have an organization owner create a key with that role
{"organization-id": "999"}                                 |   | NotFound | UnknownOrganization | has no such organization | Correct or remove `organization-id`
{"organization-id": "$other_organization"}                 |   | PermissionDenied | CredentialTooWeak | the key is not allowed to read the organization | Check `organization-id`
{"api-key": "$wide_key", "organization-id": "$other_organization"} |   | Conflict | AnotherTenant | but its key now leads to | Store the right key in the secret
{"deployment-api-key": "aHVudGVyMjpodW50ZXIy"}             | ! | Unauthenticated | CredentialRejected | Elasticsearch of the deployment does not accept the key | store its encoded form
{"deployment-api-key": "$ended_key"}                       | ! | Unauthenticated | CredentialRejected | Elasticsearch of the deployment does not accept the key | store its encoded form
{"deployment-api-key": "$second_key"}                      | ! | Unauthenticated | CredentialRejected | Elasticsearch of the deployment does not accept the key | store its encoded form
{"deployment-api-key": "$bare_key"}                        | ! | PermissionDenied | CredentialTooWeak | is unauthorized for API key id | `manage_security`
{"deployment-api-key": "$reading_key"}                     |   | PermissionDenied | CredentialTooWeak | role_mapping/get | `manage_security`
{"deployment-endpoint": "http://127.0.0.1:1"}              | ! | Unavailable | VendorUnreachable | /_security/ | Check the address in the configuration
{"base-url": "http://127.0.0.1:1"}                         |   | Unavailable | VendorUnreachable | GET /api/v1/organizations was not answered | Check the address in the configuration
"#;

#[tokio::test]
async fn a_key_that_is_refused_leaves_the_last_snapshot_and_says_whose_it_is_and_what_to_do() {
    let mut desk = Desk::new().await;
    desk.complete().await;
    for [keys, of_each, kind, code, message, fix] in rows(desk.vendor.written_out(REFUSED)) {
        let expected = failure(kind, code, message, fix);
        if code == "VendorUnreachable" {
            // Otherwise the other address would count as another tenant's.
            desk.afresh();
        }
        desk.set_keys(&parsed(keys));
        match of_each {
            "!" => every_operation_fails(&desk, keys, expected).await,
            _ => fails(&desk, Operation::Sync, json!({}), keys, expected).await,
        }
    }
    // With a key that may also read role mappings, a sync works, but no change.
    desk.set_keys(&json!({"deployment-api-key": READ_DEPLOYMENT_KEY}));
    desk.vendor.sim.set_options(|o| o.mappings_need_manage_security = false);
    desk.complete().await;
    let expected = told(
        "PermissionDenied | CredentialTooWeak | cluster:admin/xpack/security/user/put | `manage_security`",
    );
    let before = desk.vendor.view();
    let result = change(&desk, "grant", "r1", (ADMIN, SVC)).await;
    expected.is(&result.expect_err("weak"), "a key that may read", &desk.vendor.tokens());
    assert_eq!(desk.vendor.view(), before);
}

/// Deployments of a connection, before and after; and the results of a sync and a grant in `main`. The public connector
/// has one deployment, and does not notice when another one replaces it.
const BEFORE_AND_AFTER: &str = r#"
$MAIN_BARE          | $MAIN_BARE, $SECOND   | complete      | granted
$MAIN_BARE, $SECOND | $MAIN_BARE            | complete      | granted
$MAIN_BARE, $SECOND | $SECOND               | held          | UnknownEntitlement
# Ids without a name, or a name, that lead elsewhere.
$MAIN_BARE, $SECOND | $SECOND_BARE          | AnotherTenant | AnotherTenant
$MAIN_BARE, $SECOND | $MAIN, $SECOND_BARE   | AnotherTenant | AnotherTenant
$MAIN_BARE, $SECOND | $SECOND_IS_MAIN       | AnotherTenant | UnknownEntitlement
"#;

#[tokio::test]
async fn deployments_may_come_and_go_and_none_takes_over_the_ids_of_another() {
    let mut desk = Bench::around(Several::of(small_pair()).await);
    for [before, after, sync, grant] in rows(desk.vendor.written_out(BEFORE_AND_AFTER)) {
        desk.afresh();
        desk.set_keys(&json!({"deployments": parsed(&format!("[{before}]"))}));
        desk.complete().await;
        desk.set_keys(&json!({"deployments": parsed(&format!("[{after}]"))}));
        assert_eq!(result_of(&desk.sync().await), sync, "{after}");
        assert_eq!(result_of(&change(&desk, "grant", "r1", (ADMIN, SVC)).await), grant, "{after}");
        let result = change(&desk, "revoke", "r2", (ADMIN, SVC)).await;
        assert_eq!(result.is_ok(), grant == "granted", "{after}");
    }
    // And a change that uses the name.
    desk.set_keys(&json!({"deployments": [desk.vendor.row("second", "main", false)]}));
    let ids = ("role:second›admin:member", "deploymentUser:second›svc");
    assert_eq!(result_of(&change(&desk, "grant", "r3", ids).await), "AnotherTenant");
}

#[tokio::test]
async fn one_deployment_that_refuses_publishes_nothing_of_any() {
    let desk = Bench::around(Several::of(small_pair()).await);
    let mut second = desk.vendor.row("second", "second", false);
    second["api-key"] = "aHVudGVyMjpodW50ZXIy".into();
    desk.set_keys(&json!({"deployments": [second, desk.vendor.row("main", "main", true)]}));
    let error = desk.sync().await.expect_err("a wrong key");
    assert_eq!(error.code(), "CredentialRejected");
    assert!(error.to_string().contains("of second"), "{error}");
    assert!(!desk.is_published());
}
