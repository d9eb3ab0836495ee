//! Secrets and keys.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::{
    Failure, Inputs, every_operation_fails, fails, failure, keys_are_unusable, unusable, works,
};
use rollcall_harness::conformance::Subject;
use serde_json::{Value, json};

use crate::{Desk, Simulated};

const MISSING: Failure = failure(
    "Misconfigured",
    "UnknownConnection",
    "there is no secret for connection `default` of temporalcloud at",
    "Create the secret",
);
const REJECTED: Failure = failure(
    "Unauthenticated",
    "CredentialRejected",
    "was answered with 401",
    "make a new one",
);
const WEAK: Failure = failure(
    "PermissionDenied",
    "CredentialTooWeak",
    "cannot see other users' access",
    "a service account with the account role Global Admin (ROLE_ADMIN)",
);

const fn malformed(message: &'static str) -> Failure {
    failure(
        "Misconfigured",
        "MalformedSecret",
        message,
        "Store a JSON object there",
    )
}

/// Every operation fails with it, and the sync works once the secret is right.
async fn all_fail_until_it_is_right(desk: &Desk, wrong: &str, expected: Failure) {
    every_operation_fails(desk, wrong, expected).await;
    desk.write_secret(&desk.vendor.secret());
    works(desk, wrong).await;
}

fn path(desk: &Desk) -> std::path::PathBuf {
    desk.store()
        .with_file_name("secrets")
        .join("temporalcloud/default.json")
}

#[tokio::test]
async fn a_secret_that_is_not_there_or_no_json_object_is_named_and_never_quoted() {
    let desk = Desk::new().await;
    std::fs::remove_file(path(&desk)).expect("removed");
    all_fail_until_it_is_right(&desk, "no secret", MISSING).await;

    std::fs::remove_file(path(&desk)).expect("removed");
    std::fs::create_dir(path(&desk)).expect("a folder");
    let expected = failure(
        "Misconfigured",
        "SecretNotReadable",
        "cannot be read",
        "Let this user read the file",
    );
    fails(
        &desk,
        Operation::Sync,
        Simulated::good(Operation::Sync),
        "a folder instead of a secret",
        expected,
    )
    .await;
    std::fs::remove_dir(path(&desk)).expect("removed");

    for (text, expected) in [
        ("hunter2", malformed("it is not JSON (line 1, column 1)")),
        (
            "{\"api-key\": hunter2}",
            malformed("it is not JSON (line 1, column 13)"),
        ),
        (
            "{\"api-key\": \"hunter2\"",
            malformed("it is not JSON (line 1, column 21)"),
        ),
        ("", malformed("it is not JSON")),
        ("\"hunter2\"", malformed("it is JSON, but not an object")),
        ("[\"hunter2\"]", malformed("it is JSON, but not an object")),
        ("null", malformed("it is JSON, but not an object")),
    ] {
        std::fs::write(path(&desk), text).expect("written");
        all_fail_until_it_is_right(&desk, text, expected).await;
    }
}

#[tokio::test]
async fn a_secret_with_unusable_keys_says_which_and_why() {
    let rows: &[(Value, Failure)] = &[
        (json!({"api-key": null}), unusable("`api-key` is missing")),
        (json!({"api-key": ""}), unusable("`api-key` is missing")),
        (json!({"api-key": " \n"}), unusable("`api-key` is missing")),
        (
            json!({"api-key": "hunter2 hunter2"}),
            unusable("`api-key` holds blanks"),
        ),
        (
            json!({"api-key": "hunter2\nhunter2"}),
            unusable("`api-key` holds blanks"),
        ),
        (
            json!({"api-key": "hunter2\u{fc}"}),
            unusable("characters that no key has"),
        ),
        (
            json!({"api-key": ["hunter2"]}),
            unusable("`api-key` must be text, not a list"),
        ),
        (
            json!({"api-key": {"value": "hunter2"}}),
            unusable("`api-key` must be text, not an object"),
        ),
        (
            json!({"BATON_API_KEY": "hunter2"}),
            unusable("`api-key` is given twice"),
        ),
        (
            json!({"default-account-role": "owner"}),
            unusable("`default-account-role` must be one of read, developer"),
        ),
        (
            json!({"allow-insecure": "yes"}),
            unusable("`allow-insecure` must be `true` or `false`"),
        ),
    ];
    let desk = Desk::new().await;
    for (change, expected) in rows {
        keys_are_unusable(&desk, change, *expected).await;
    }
}

#[tokio::test]
async fn an_address_that_is_none_or_would_show_the_key_is_refused() {
    let rows = [
        ("127.0.0.1:8233", "`base-url` is not a URL such as https://"),
        ("saas-api.tmprl.cloud:443", "`base-url` names no host"),
        (
            "saas-api.tmprl.cloud",
            "`base-url` is not a URL such as https://",
        ),
        ("https://", "`base-url` is not a URL such as https://"),
        (
            "ftp://saas-api.tmprl.cloud",
            "`base-url` must begin with https://, not ftp:",
        ),
        (
            "http://saas-api.tmprl.cloud",
            "`base-url` must begin with https:// (http is for this machine alone)",
        ),
        (
            "http://192.0.2.1:8233",
            "`base-url` must begin with https:// (http is for this machine alone)",
        ),
        (
            "http://127.0.0.1.example.com",
            "`base-url` must begin with https:// (http is for this machine alone)",
        ),
        (
            "https://me:hunter2@saas-api.tmprl.cloud",
            "`base-url` must not hold a user name or password",
        ),
        (
            "https://hunter2@saas-api.tmprl.cloud",
            "`base-url` must not hold a user name or password",
        ),
        (
            "https://saas-api.tmprl.cloud?key=hunter2",
            "`base-url` must not hold a query or fragment",
        ),
        (
            "https://saas-api.tmprl.cloud#hunter2",
            "`base-url` must not hold a query or fragment",
        ),
    ];
    let desk = Desk::new().await;
    for (url, message) in rows {
        keys_are_unusable(&desk, &json!({"base-url": url}), unusable(message)).await;
    }
}

#[tokio::test]
async fn an_address_where_nobody_answers_is_unavailable() {
    let desk = Desk::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    desk.set_keys(&json!({"base-url": format!("http://{address}")}));
    let expected = failure(
        "Unavailable",
        "VendorUnreachable",
        "was not answered",
        "Check the address",
    );
    all_fail_until_it_is_right(&desk, "a port that is closed", expected).await;
}

#[tokio::test]
async fn a_key_that_is_wrong_expired_disabled_or_weak_fails_before_anything_is_read() {
    let desk = Desk::new().await;
    for (key, expected) in [
        ("hunter2", REJECTED),
        ("expired-key", REJECTED),
        ("disabled-key", REJECTED),
        ("read-key", WEAK),
        ("developer-key", WEAK),
        ("namespace-admin-key", WEAK),
    ] {
        desk.set_keys(&json!({"api-key": key}));
        for operation in Operation::ALL {
            fails(&desk, operation, Simulated::good(operation), key, expected).await;
            assert!(
                desk.vendor.requests().len() <= 2,
                "{key}: {:?}",
                desk.vendor.requests()
            );
        }
        all_fail_until_it_is_right(&desk, key, expected).await;
    }
}
