//! Whatever the API does not document is refused, and counted.

use rollcall_simulators::temporalcloud::World;
use serde_json::json;

use crate::client::{VERSION, get, post, quick, raw, send};

const GOOD: [(&str, &str); 2] = [
    ("authorization", "Bearer test-key"),
    ("temporal-cloud-api-version", VERSION),
];

#[tokio::test]
async fn keys() {
    let sim = quick(World::rich()).await;
    for key in ["wrong", "expired-key", "disabled-key"] {
        let reply = send(&sim, key, VERSION, "GET", "/cloud/account", None).await;
        assert_eq!((reply.status, reply.json["code"].as_u64()), (401, Some(16)));
        assert_eq!(reply.json["details"], json!([]));
    }
    assert_eq!(
        raw(&sim, "GET", "/cloud/account", &GOOD[1..], "")
            .await
            .unwrap()
            .status,
        401
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn versions() {
    let sim = quick(World::worked_example()).await;
    for version in ["v9.9.9", "latest", "2024-01-01-00", "v0.19", "0.19.1"] {
        let reply = send(&sim, "test-key", version, "GET", "/cloud/account", None).await;
        assert_eq!(
            (reply.status, reply.message()),
            (400, "API version specified is invalid")
        );
    }
    assert_eq!(
        raw(&sim, "GET", "/cloud/account", &GOOD[..1], "")
            .await
            .unwrap()
            .status,
        400
    );
    assert_eq!(sim.violations().len(), 6);
    sim.set_options(|options| options.require_version = false);
    assert_eq!(
        raw(&sim, "GET", "/cloud/account", &GOOD[..1], "")
            .await
            .unwrap()
            .status,
        200
    );
}

#[tokio::test]
async fn unknown_things_are_violations() {
    let sim = quick(World::rich()).await;
    let paths = [
        ("GET", "/"),
        ("GET", "/cloud"),
        ("GET", "/cloud/"),
        ("GET", "/cloud/users/"),
        ("GET", "/api/v1/cloud/users"),
        ("GET", "/cloud/user"),
        ("PUT", "/cloud/users/u2"),
        ("PATCH", "/cloud/users/u2"),
        ("DELETE", "/cloud/users"),
        ("GET", "/cloud/users/u2/access"),
        ("GET", "/cloud/users?limit=5"),
        ("GET", "/cloud/users?pageSize=ten"),
        ("GET", "/cloud/users?pageSize=1&pageSize=2"),
        ("GET", "/cloud/users/u2?pageSize=5"),
        ("GET", "/cloud/service-accounts?namespace=demo.a1b23"),
    ];
    for (i, (method, path)) in paths.iter().enumerate() {
        let reply = send(&sim, "test-key", VERSION, method, path, None).await;
        assert_eq!(reply.status, 400, "{method} {path}");
        assert_eq!(sim.violations().len(), i + 1, "{method} {path}");
    }
    sim.clear_requests();
    let extra = [GOOD[0], GOOD[1], ("x-request-id", "1")];
    assert!(
        raw(&sim, "GET", "/cloud/account", &extra, "")
            .await
            .unwrap()
            .message()
            .contains("x-request-id")
    );
    assert_eq!(
        raw(&sim, "GET", "/cloud/account", &GOOD, "{}")
            .await
            .unwrap()
            .status,
        400
    );
    assert_eq!(
        raw(&sim, "POST", "/cloud/users", &GOOD, "{}")
            .await
            .unwrap()
            .status,
        400
    );
    let text = [GOOD[0], GOOD[1], ("content-type", "text/plain")];
    assert_eq!(
        raw(&sim, "POST", "/cloud/users", &text, "{}")
            .await
            .unwrap()
            .status,
        400
    );
    let bodies = [
        json!([]),
        json!({"spec": {"email": "a@example.com", "name": "x"}}),
        json!({"spec": {"email": 5}}),
        json!({"spec": {"email": "a@example.com", "access": {"accountAccess": {"role": "ROLE_BOGUS"}}}}),
        json!({"spec": {"email": "a@example.com"}, "resourceVersion": "1"}),
        json!({"spec": {"email": "a@example.com", "access": {"namespaceAccesses": {"demo.a1b23": "PERMISSION_READ"}}}}),
    ];
    for (i, body) in bodies.into_iter().enumerate() {
        let reply = post(&sim, "/cloud/users", body).await;
        assert_eq!(reply.status, 400, "{}", reply.text);
        assert_eq!(sim.violations().len(), 5 + i);
    }
    assert_eq!(sim.with_world(|world| world.clone()), World::rich());
}

#[tokio::test]
async fn addresses_are_decoded() {
    let sim = quick(World::worked_example()).await;
    assert_eq!(
        get(&sim, "/cloud/namespaces/demo%2Ea1b23").await.status,
        200
    );
    assert_eq!(
        get(&sim, "/cloud/users?email=owner%40example.com")
            .await
            .ids("users"),
        ["u1"]
    );
}
