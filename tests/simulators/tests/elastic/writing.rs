//! What a write does to a user.

use rollcall_simulators::elastic::{Elastic, User, World};
use serde_json::json;

use crate::client::{es, get, put, sim, with_roles};

fn user(sim: &Elastic, name: &str) -> User {
    sim.with_world(|world| world.user("main", name).unwrap().clone())
}

#[tokio::test]
async fn a_user_written_as_read_stays_as_they_are() {
    let sim = sim(World::rich()).await;
    let before = sim.access_view();
    for name in [
        "jacknich",
        "svc",
        "olduser",
        "disabled",
        "numbers",
        "a%2Fb",
        "one%2Ctwo",
        "100%25",
    ] {
        let users = get(&sim, "/user").await.json;
        let decoded = name
            .replace("%2F", "/")
            .replace("%2C", ",")
            .replace("%25", "%");
        let read = &users[&decoded];
        let roles: Vec<&str> = read["roles"]
            .as_array()
            .unwrap()
            .iter()
            .map(|role| role.as_str().unwrap())
            .collect();
        let mut more = roles.clone();
        more.push("editor");
        for roles in [&more, &roles] {
            let reply = put(&sim, name, &with_roles(read, roles)).await;
            assert_eq!((reply.status, reply.json), (200, json!({"created": false})));
            assert_eq!(user(&sim, &decoded).roles, *roles);
        }
    }
    assert_eq!(sim.access_view(), before);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_left_out_is_erased_and_the_user_enabled() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world.set_metadata("main", "olduser", json!({"left": "2024"}));
    });
    let password = user(&sim, "olduser").password;
    let reply = put(&sim, "olduser", &json!({"roles": ["viewer"]})).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        get(&sim, "/user/olduser").await.json["olduser"],
        json!({"username": "olduser", "roles": ["viewer"], "full_name": null, "email": null, "metadata": {}, "enabled": true})
    );
    assert_eq!(user(&sim, "olduser").password, password);
}

#[tokio::test]
async fn null_names_stay_null_and_empty_ones_are_empty() {
    let sim = sim(World::worked_example()).await;
    let body = json!({"roles": [], "full_name": null, "email": ""});
    put(&sim, "jacknich", &body).await;
    let read = get(&sim, "/user/jacknich").await.json;
    assert_eq!(read["jacknich"]["full_name"], json!(null));
    assert_eq!(read["jacknich"]["email"], "");
}

#[tokio::test]
async fn metadata_are_merged_deeply_and_nothing_is_removed() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world.set_metadata("main", "svc", json!({"a": {"b": 1, "c": [1, 2]}, "d": 1}));
    });
    let write = async |metadata| {
        let body = json!({"roles": [], "metadata": metadata});
        assert_eq!(put(&sim, "svc", &body).await.status, 200);
        json!(user(&sim, "svc").metadata)
    };
    assert_eq!(
        write(json!({})).await,
        json!({"a": {"b": 1, "c": [1, 2]}, "d": 1})
    );
    assert_eq!(
        write(json!({"a": {"c": [3], "e": {"f": null}}, "d": {"g": 1}})).await,
        json!({"a": {"b": 1, "c": [3], "e": {"f": null}}, "d": {"g": 1}})
    );
    assert_eq!(
        write(json!({"d": 12_345_678_901_234_567_890_u64})).await["d"],
        json!(12_345_678_901_234_567_890_u64)
    );
}

#[tokio::test]
async fn roles_are_replaced_as_sent_twice_if_they_are_there_twice() {
    let sim = sim(World::worked_example()).await;
    for (sent, kept) in [
        (json!(["b", "a", "b"]), json!(["b", "a", "b"])),
        (json!([]), json!([])),
        (json!("viewer,admin"), json!(["viewer", "admin"])),
        (json!(""), json!([])),
    ] {
        let reply = put(&sim, "svc", &json!({"roles": sent})).await;
        assert_eq!(reply.status, 200);
        assert_eq!(json!(user(&sim, "svc").roles), kept);
    }
}

#[tokio::test]
async fn only_a_password_makes_a_user_and_with_one_nothing_is_merged() {
    let sim = sim(World::worked_example()).await;
    let body = json!({"roles": ["viewer"], "password": "long enough", "username": "new one", "metadata": {"a": 1}});
    let made = put(&sim, "new%20one", &body).await;
    assert_eq!((made.status, made.json), (200, json!({"created": true})));
    assert_eq!(user(&sim, "new one").password, "long enough");
    let body = json!({"roles": ["viewer"], "password": "another one", "metadata": {"b": 2}});
    let again = put(&sim, "new%20one", &body).await;
    assert_eq!(again.json, json!({"created": false}));
    assert_eq!(json!(user(&sim, "new one").metadata), json!({"b": 2}));
    assert_eq!(user(&sim, "new one").password, "another one");
    let hash = json!({"roles": [], "password_hash": "$2a$"});
    assert_eq!(put(&sim, "hashed", &hash).await.status, 200);
    let short = json!({"roles": [], "password": "12345"});
    assert_eq!(
        put(&sim, "short", &short).await.error().0,
        "validation_exception"
    );
}

#[tokio::test]
async fn post_is_the_same_and_refresh_has_three_values() {
    let sim = sim(World::worked_example()).await;
    let body = json!({"roles": ["admin"]});
    for refresh in [
        "",
        "?refresh",
        "?refresh=true",
        "?refresh=false",
        "?refresh=wait_for",
    ] {
        let path = format!("/user/svc{refresh}");
        assert_eq!(es(&sim, "POST", &path, Some(&body)).await.status, 200);
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
    for query in ["refresh=now", "refresh=true&refresh=true", "pretty"] {
        let path = format!("/user/svc?{query}");
        let reply = es(&sim, "PUT", &path, Some(&body)).await;
        assert_eq!(
            (reply.status, reply.error().0),
            (400, "illegal_argument_exception")
        );
    }
    assert_eq!(sim.violations().len(), 3);
}
