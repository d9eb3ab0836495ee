//! Keys that see too little: Temporal Cloud hides other people's access from them and answers 200 all the same.

use rollcall_connector::Chain;
use rollcall_harness::conformance::Subject;
use rollcall_simulators::temporalcloud::{TEST_KEY, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use super::{code, grant};
use crate::Desk;

/// The public connector notices nothing and shows that nobody has any access.
#[tokio::test]
async fn a_key_of_less_than_an_admin_fails_and_names_the_role_to_use() {
    let mut desk = Desk::new().await;
    let grow = |world: &mut World| {
        world
            .add_api_key("scoped-key", "sa-ns")
            .add_api_key("roleless-key", "u-no-role");
        world
            .add_api_key("metrics-key", "sa-metrics")
            .add_api_key("finance-key", "u-finance");
    };
    desk.vendor.sim.with_world(grow);
    let keys = [
        "read-key",
        "developer-key",
        "namespace-admin-key",
        "scoped-key",
        "roleless-key",
        "metrics-key",
        "finance-key",
    ];
    for key in keys {
        desk.afresh();
        let mut secret = desk.vendor.secret();
        secret["api-key"] = key.into();
        desk.write_secret(&secret);
        let error = desk.sync().await.expect_err("a weak key");
        assert_eq!(
            (error.kind().as_str(), error.code().as_str()),
            ("PermissionDenied", "CredentialTooWeak"),
            "{key}: {error}"
        );
        assert!(error.fix().contains("Global Admin"), "{}", error.fix());
        assert!(!desk.is_published());
        // It stops before anything is listed.
        assert_eq!(desk.vendor.sim.calls(), 2, "{key}");
        let result = grant(&desk, "r1", "namespace:demo.a1b23:read", "user:u-read").await;
        assert_eq!(code(result), "CredentialTooWeak", "{key}");
        assert_eq!(desk.writes().len(), 0);
    }
}

/// The public connector does not ask whose key it has.
#[tokio::test]
async fn the_key_of_an_owner_shows_the_same_as_that_of_an_admin() {
    let mut desk = Desk::new().await;
    let by_admin = desk.complete().await;
    desk.afresh();
    let mut secret = desk.vendor.secret();
    secret["api-key"] = "owner-key".into();
    desk.write_secret(&secret);
    assert_eq!(
        desk.complete().await["content_digest"],
        by_admin["content_digest"]
    );
}

/// The public connector shows that nobody has any access.
#[tokio::test]
async fn access_that_is_hidden_although_the_key_is_an_admins_publishes_nothing() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        for user in world.users.values_mut() {
            user["spec"]
                .as_object_mut()
                .expect("a spec")
                .remove("access");
        }
    });
    let error = desk.sync().await.expect_err("hidden access");
    assert_eq!(error.code(), "CredentialTooWeak", "{error}");
    assert!(error.to_string().contains("no access is shown"), "{error}");
    assert!(!desk.is_published());
}

/// The public connector cannot be told by what its key will not do much longer.
#[tokio::test]
async fn a_key_that_ends_soon_is_announced() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        // By the clock of the simulator it is far off; by that of the bench it is a fortnight.
        world.set_field(TEST_KEY, "expiryTime", "2098-01-10T00:00:00Z".into());
    });
    let warned =
        |answer: &serde_json::Value| answer["warnings"].to_string().contains("KeyEndsSoon");
    assert!(!warned(&desk.complete().await));
    let until: jiff::Timestamp = "2098-01-01T00:00:00Z".parse().expect("a time");
    desk.clock.advance(rollcall_connector::clock::between(
        rollcall_connector::clock::Clock::now(&*desk.clock),
        until,
    ));
    assert!(warned(&desk.complete().await));
}

/// The public connector passes on whatever the vendor writes, and follows it wherever it points.
#[tokio::test]
async fn a_vendor_that_quotes_the_key_does_not_make_us_show_it() {
    let said = format!("no such key: Bearer {TEST_KEY}");
    let status = |code| FaultKind::Status {
        code,
        headers: vec![("x-request-id".into(), TEST_KEY.into())],
        body: Some(json!({"code": 3, "message": said})),
    };
    let redirect = FaultKind::Redirect {
        to: format!("https://login.example.com/{TEST_KEY}?key={TEST_KEY}"),
    };
    let operation = json!({"id": "o", "state": "STATE_FAILED", "failureReason": said});
    let failed = FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(json!({"asyncOperation": operation})),
    };
    for (method, kind, shown) in [
        ("GET", status(401), "no such key: Bearer … (request id …)"),
        ("GET", status(403), "no such key: Bearer …"),
        ("GET", redirect, "`https://login.example.com/…`"),
        ("POST", status(400), "no such key: Bearer …"),
        ("POST", failed, "no such key: Bearer …"),
    ] {
        let desk = Desk::new().await;
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching(method, "/cloud/", kind)]);
        let error = grant(&desk, "r1", "namespace:demo.a1b23:read", "user:u-read")
            .await
            .expect_err("a failure");
        assert!(error.to_string().contains(shown), "{error}");
        let all = format!("{error} {error:?} {} {}", Chain(&error), error.fix());
        assert!(!all.contains(TEST_KEY), "{all}");
        for file in desk.written() {
            let text = std::fs::read(&file).expect("readable");
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains(TEST_KEY), "{}", file.display());
        }
    }
}
