//! Reading users, and what is done to them besides writing them.

use rollcall_simulators::elastic::{Numbers, Ordering, Sizes, World};
use serde_json::{Value, json};

use crate::client::{es, get, second, sim};

#[tokio::test]
async fn the_worked_example_is_answered_as_documented() {
    let sim = sim(World::worked_example()).await;
    let users = get(&sim, "/user").await;
    assert_eq!(
        (users.status, users.json),
        (
            200,
            json!({
                "jacknich": {"username": "jacknich", "roles": ["admin", "viewer"], "full_name": "Jack Nicholson",
                    "email": "jacknich@example.com", "metadata": {"intelligence": 7}, "enabled": true},
                "olduser": {"username": "olduser", "roles": [], "full_name": "Old User", "email": "old@example.com",
                    "metadata": {}, "enabled": false},
                "svc": {"username": "svc", "roles": ["viewer"], "full_name": null, "email": null, "metadata": {},
                    "enabled": true},
            })
        )
    );
    assert_eq!(users.headers["x-elastic-product"], "Elasticsearch");
    assert_eq!(users.headers["content-type"], "application/json");
    assert_eq!(users.headers["x-cloud-request-id"].len(), 22);
    let again = get(&sim, "/user").await;
    assert_ne!(
        again.headers["x-cloud-request-id"],
        users.headers["x-cloud-request-id"]
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn users_are_found_by_name_and_those_who_are_not_there_are_left_out() {
    let sim = sim(World::worked_example()).await;
    assert_eq!(get(&sim, "/user/svc").await.keys(), ["svc"]);
    let some = get(&sim, "/user/svc,nobody,jacknich").await;
    assert_eq!(
        (some.status, some.keys()),
        (200, vec!["jacknich".to_owned(), "svc".to_owned()])
    );
    for path in ["/user/nobody", "/user/no,body", "/user/Svc"] {
        let none = get(&sim, path).await;
        assert_eq!((none.status, none.text.as_str()), (404, "{}"));
        assert_eq!(none.headers["x-elastic-product"], "Elasticsearch");
    }
    let profiled = get(&sim, "/user/svc?with_profile_uid=true").await;
    assert_eq!(profiled.keys(), ["svc"]);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn names_are_decoded_and_a_comma_separates_them_even_if_escaped() {
    let sim = sim(World::rich()).await;
    for (escaped, name) in [
        ("a%2Fb", "a/b"),
        ("100%25", "100%"),
        ("50%2525", "50%25"),
        ("space%20in%20name", "space in name"),
        ("ann%40example.com", "ann@example.com"),
        ("ann@example.com", "ann@example.com"),
        ("a%3Ab", "a:b"),
        ("a+b", "a+b"),
        ("a%2Bb", "a+b"),
        ("q%3Fx%3D1%23y", "q?x=1#y"),
    ] {
        assert_eq!(get(&sim, &format!("/user/{escaped}")).await.keys(), [name]);
    }
    for path in ["/user/one%2Ctwo", "/user/one,two"] {
        assert_eq!(get(&sim, path).await.status, 404);
    }
    assert!(
        get(&sim, "/user")
            .await
            .keys()
            .contains(&"one,two".to_owned())
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
    // What is not escaped is another address, or none.
    assert_eq!(get(&sim, "/user/a/b").await.status, 400);
    assert_eq!(get(&sim, "/user/100%").await.status, 400);
    assert_eq!(sim.violations().len(), 2);
}

#[tokio::test]
async fn the_list_has_reserved_and_disabled_users_and_is_never_cut() {
    let world = sim(World::rich()).await;
    let users = get(&world, "/user").await.json;
    for name in [
        "elastic",
        "kibana",
        "kibana_system",
        "logstash_system",
        "beats_system",
        "apm_system",
        "remote_monitoring_user",
    ] {
        assert_eq!(users[name]["metadata"]["_reserved"], true, "{name}");
    }
    assert_eq!(users["elastic"]["roles"], json!(["superuser"]));
    assert_eq!(users["kibana"]["metadata"]["_deprecated"], true);
    assert_eq!(users["disabled"]["enabled"], false);
    assert_eq!(users["disabled"]["roles"], json!(["admin", "viewer"]));
    assert_eq!(
        users["twice"]["roles"],
        json!(["viewer", "admin", "viewer"])
    );
    assert_eq!(users["svc"]["roles"], json!(["viewer"]));
    assert_eq!(
        second(&world, "/user").await.json["svc"]["roles"],
        json!(["editor"])
    );
    let sizes = Sizes {
        users: 5000,
        ..Sizes::default()
    };
    let many = sim(World::generate(&sizes, 1)).await;
    let users = get(&many, "/user").await;
    assert_eq!(users.json.as_object().unwrap().len(), 5007);
    assert_eq!(many.calls(), 1);
}

#[tokio::test]
async fn names_come_in_any_order() {
    let sim = sim(World::worked_example()).await;
    for (ordering, order) in [
        (Ordering::Documented, ["jacknich", "olduser", "svc"]),
        (Ordering::Reversed, ["svc", "olduser", "jacknich"]),
    ] {
        sim.set_options(|options| options.ordering = ordering);
        assert_eq!(get(&sim, "/user").await.keys(), order);
    }
    let mut orders: Vec<Vec<String>> = Vec::new();
    for seed in 0..8 {
        sim.set_options(|options| options.ordering = Ordering::Shuffled(seed));
        orders.push(get(&sim, "/user").await.keys());
    }
    orders.sort();
    orders.dedup();
    assert!(orders.len() > 1);
}

#[tokio::test]
async fn numbers_are_written_as_java_does() {
    let sim = sim(World::rich()).await;
    let java = get(&sim, "/user/numbers").await;
    for wanted in [
        "\"big\":12345678901234567890",
        "\"unsafe\":9007199254740993",
        "\"negative\":-9007199254740993",
        "\"c\":12345678901234567",
        "\"float\":0.1",
        "\"large\":1.5E10",
    ] {
        assert!(java.text.contains(wanted), "{wanted} in {}", java.text);
    }
    sim.set_options(|options| options.numbers = Numbers::Plain);
    let plain = get(&sim, "/user/numbers").await;
    assert!(plain.text.contains("\"large\":15000000000.0"));
    assert_eq!(java.json, plain.json);
    assert_eq!(java.json["numbers"]["metadata"]["nothing"], Value::Null);
}

#[tokio::test]
async fn users_are_enabled_disabled_and_deleted() {
    let sim = sim(World::rich()).await;
    let before = sim.access_view();
    for (method, switch, enabled) in [("PUT", "_disable", false), ("POST", "_enable", true)] {
        for name in ["svc", "elastic"] {
            let path = format!("/user/{name}/{switch}");
            let reply = es(&sim, method, &path, None).await;
            assert_eq!((reply.status, reply.json), (200, json!({})));
            let user = sim.with_world(|world| world.user("main", name).unwrap().clone());
            assert_eq!(user.enabled, enabled);
        }
    }
    assert_eq!(sim.access_view(), before, "nothing else is changed");
    let nobody = es(&sim, "PUT", "/user/nobody/_enable", None).await;
    assert_eq!(
        (nobody.status, nobody.error().0),
        (400, "validation_exception")
    );
    let gone = es(&sim, "DELETE", "/user/svc?refresh=wait_for", None).await;
    assert_eq!((gone.status, gone.json), (200, json!({"found": true})));
    let again = es(&sim, "DELETE", "/user/svc", None).await;
    assert_eq!((again.status, again.json), (404, json!({"found": false})));
    assert_eq!(es(&sim, "DELETE", "/user/elastic", None).await.status, 400);
    assert_eq!(second(&sim, "/user/svc").await.status, 200, "another one");
    assert_eq!(sim.violations(), Vec::<String>::new());
}
