//! Roles and role mappings.

use rollcall_simulators::elastic::World;
use serde_json::json;

use crate::client::{es, get, sim};

#[tokio::test]
async fn the_worked_example_is_answered_as_documented() {
    let sim = sim(World::worked_example()).await;
    let bare = json!({"cluster": [], "indices": [], "applications": [], "run_as": [], "metadata": {}, "transient_metadata": {"enabled": true}});
    let roles = get(&sim, "/role").await;
    assert_eq!(
        (roles.status, roles.json),
        (
            200,
            json!({"admin": bare, "superuser": bare, "viewer": bare})
        )
    );
    let mappings = get(&sim, "/role_mapping").await;
    assert_eq!(
        mappings.json,
        json!({"mapping1": {"enabled": true, "roles": ["viewer"], "rules": {"field": {"username": ["jacknich", "1001"]}}, "metadata": {}}})
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn they_are_found_by_name() {
    let sim = sim(World::rich()).await;
    assert_eq!(
        get(&sim, "/role/viewer,nothing,admin").await.keys(),
        ["admin", "viewer"]
    );
    assert_eq!(get(&sim, "/role/a%2Fb").await.keys(), ["a/b"]);
    assert_eq!(
        get(&sim, "/role_mapping/mapping1").await.keys(),
        ["mapping1"]
    );
    for path in ["/role/nothing", "/role_mapping/nothing", "/role/one%2Ctwo"] {
        let none = get(&sim, path).await;
        assert_eq!((none.status, none.text.as_str()), (404, "{}"));
    }
    let roles = get(&sim, "/role").await.json;
    let reserved = roles.as_object().unwrap().values();
    let reserved = reserved.filter(|role| role["metadata"]["_reserved"] == true);
    assert!(reserved.count() >= 29);
    assert_eq!(roles["unlicensed"]["transient_metadata"]["enabled"], false);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

/// A deployment can be configured so that nobody can come in any more.
#[tokio::test]
async fn they_are_never_written() {
    let sim = sim(World::worked_example()).await;
    let before = sim.access_view();
    let mapping =
        json!({"enabled": true, "roles": ["viewer"], "rules": {"field": {"username": "x"}}});
    for (i, (method, path, body)) in [
        ("PUT", "/role_mapping/mapping1", Some(&mapping)),
        ("POST", "/role_mapping/new", Some(&mapping)),
        ("DELETE", "/role_mapping/mapping1", None),
        ("PUT", "/role/viewer", Some(&json!({}))),
        ("DELETE", "/role/viewer", None),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = es(&sim, method, path, body).await;
        assert_eq!(reply.status, 400);
        assert_eq!(sim.violations().len(), i + 1);
        assert!(sim.violations()[i].ends_with("must not be written"));
    }
    assert_eq!(sim.access_view(), before);
}
