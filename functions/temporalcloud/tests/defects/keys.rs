//! Keys that see too little: Temporal Cloud hides other people's access from them and answers 200 all the same.

use rollcall_connector::clock::{Clock, between};
use rollcall_simulators::temporalcloud::TEST_KEY;
use serde_json::{Value, json};

use crate::script::play;
use crate::{Desk, edit};

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
                let script = format!("{asked} with {with} = {end}\n{calls} calls");
                play(&desk, &script).await;
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
    let by_owner = desk.complete().await;
    assert_eq!(by_owner["content_digest"], by_admin["content_digest"]);
    desk.afresh();
    desk.vendor.sim.with_world(|world| {
        for user in world.users.values_mut() {
            user["spec"]["access"] = Value::Null;
        }
    });
    let script = "sync = PermissionDenied CredentialTooWeak ~ no access is shown";
    play(&desk, script).await;
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
