//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of its message, and a part
//! of its fix. In every case nothing is published or changed, and no token is shown. Temporal Cloud hides other
//! people's access from weak keys, and still answers 200.

use rollcall_connector::clock::{Clock, between};
use rollcall_harness::bad_input::{all_are_unusable, works};
use rollcall_harness::conformance::Subject as _;
use rollcall_simulators::temporalcloud::TEST_KEY;
use serde_json::{Value, json};

use crate::script::play;
use crate::{Desk, edit};

#[tokio::test]
async fn a_secret_with_unusable_keys_says_which_and_why() {
    let desk = Desk::new().await;
    all_are_unusable(&desk, [(json!({"api-key": null}), "`api-key` is missing")]).await;
    desk.vendor.clear_requests();
    let script = r#"
        sync with {"api-key": " \n"} = Misconfigured BadConfiguration ~ `api-key` is missing
        sync with {"api-key": "two\nwords"} = Misconfigured BadConfiguration ~ `api-key` contains blanks
        sync with {"api-key": "schl\u00fcssel"} = Misconfigured BadConfiguration ~ characters that a key cannot contain
        sync with {"api-key": {"value": "x"}} = Misconfigured BadConfiguration ~ `api-key` must be text, not an object
        sync with {"BATON_API_KEY": "x"} = Misconfigured BadConfiguration ~ `api-key` is given twice
        sync with {"default-account-role": "owner"} = Misconfigured BadConfiguration ~ must be one of read, developer, admin
        sync with {"allow-insecure": "yes"} = Misconfigured BadConfiguration ~ `allow-insecure` must be `true` or `false`
        0 calls"#;
    play(&desk, script).await;
}

#[tokio::test]
async fn the_base_url_is_a_url_and_the_key_leaves_this_machine_encrypted_only() {
    let desk = Desk::new().await;
    let base = desk.vendor.sim.base_url();
    for good in [format!("{base}/"), base.replace("127.0.0.1", "localhost")] {
        desk.set_keys(&json!({"base-url": good}));
        works(&desk, &good).await;
    }
    desk.vendor.clear_requests();
    let script = r#"
        sync with {"base-url": "127.0.0.1:8233"} = Misconfigured BadConfiguration ~ `base-url` is not a URL such as https://
        sync with {"base-url": "saas-api.tmprl.cloud:443"} = Misconfigured BadConfiguration ~ `base-url` has no host
        sync with {"base-url": "http://saas-api.tmprl.cloud", "allow-insecure": true} = Misconfigured BadConfiguration ~ must begin with https://
        sync with {"base-url": "http://127.0.0.1.example.com", "allow-insecure": true} = Misconfigured BadConfiguration ~ must begin with https://
        sync with {"base-url": "https://me:x@example.com"} = Misconfigured BadConfiguration ~ must not contain a user name or password
        sync with {"base-url": "https://example.com?key=x"} = Misconfigured BadConfiguration ~ must not contain a query or fragment
        0 calls"#;
    play(&desk, script).await;
}

#[tokio::test]
async fn a_key_of_less_than_an_admin_fails_and_names_the_role_to_use() {
    let desk = Desk::new().await;
    for owner in ["sa-ns", "u-no-role", "sa-metrics", "u-finance"] {
        edit(&desk, |w| w.add_api_key(&format!("{owner}-key"), owner));
    }
    let rejected = "Unauthenticated CredentialRejected ~ was answered with 401 ~ make a new one";
    let weak = "PermissionDenied CredentialTooWeak ~ cannot see other users' access ~ Global Admin (ROLE_ADMIN)";
    let weak_keys = "read developer namespace-admin sa-ns u-no-role sa-metrics u-finance";
    // It stops before anything is listed.
    for (keys, end, calls) in [("no expired disabled", rejected, 1), (weak_keys, weak, 2)] {
        for key in keys.split(' ') {
            for asked in ["sync", "grant demo:read to user:u-read", "delete user:u-read"] {
                let with = json!({"api-key": format!("{key}-key")});
                play(&desk, &format!("{asked} with {with} = {end}\n{calls} calls")).await;
            }
        }
    }
}

/// And an owner's key shows the same as that of an admin.
#[tokio::test]
async fn access_that_is_hidden_although_the_key_is_an_admins_publishes_nothing() {
    let mut desk = Desk::new().await;
    let by_admin = desk.complete().await;
    desk.set_keys(&json!({"api-key": "owner-key"}));
    assert_eq!(desk.complete().await["content_digest"], by_admin["content_digest"]);
    desk.afresh();
    desk.vendor.sim.with_world(|world| {
        for user in world.users.values_mut() {
            user["spec"]["access"] = Value::Null;
        }
    });
    play(&desk, "sync = PermissionDenied CredentialTooWeak ~ no access is shown").await;
}

#[tokio::test]
async fn a_key_that_ends_soon_is_announced() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        // By the clock of the simulator it is far off; by that of the bench it is a fortnight.
        world.set_field(TEST_KEY, "expiryTime", "2098-01-10T00:00:00Z".into());
    });
    for (until, is_warned) in [("2026-06-02", false), ("2098-01-01", true)] {
        let until = format!("{until}T00:00:00Z").parse().expect("a time");
        desk.clock.advance(between(desk.clock.now(), until));
        let warnings = desk.complete().await["warnings"].to_string();
        assert_eq!(warnings.contains("KeyEndsSoon"), is_warned, "{warnings}");
    }
}
