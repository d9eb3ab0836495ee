//! What goes wrong between a client's read and its write.

use rollcall_simulators::elastic::{Change, Elastic, Race, World};
use serde_json::json;

use crate::client::{es, get, put, second, sim, with_roles};

fn roles(sim: &Elastic, name: &str) -> Vec<String> {
    sim.with_world(|world| world.user("main", name).unwrap().roles.clone())
}

#[tokio::test]
async fn somebody_else_changes_the_user_right_after_they_were_read() {
    let sim = sim(World::rich()).await;
    let race = Race::new("svc", Change::AddRole("editor".to_owned()));
    sim.set_options(|options| options.race = Some(race.clone()));
    get(&sim, "/user/jacknich").await;
    get(&sim, "/role").await;
    assert_eq!(roles(&sim, "svc"), ["viewer"]);
    let read = get(&sim, "/user/svc").await.json;
    assert_eq!(read["svc"]["roles"], json!(["viewer"]));
    assert_eq!(roles(&sim, "svc"), ["viewer", "editor"]);
    put(&sim, "svc", &with_roles(&read["svc"], &["viewer", "admin"])).await;
    assert_eq!(roles(&sim, "svc"), ["viewer", "admin"], "an update is lost");
    get(&sim, "/user/svc").await;
    assert_eq!(roles(&sim, "svc"), ["viewer", "admin"], "once");

    sim.set_options(|options| options.race = Some(race.clone().times(2)));
    second(&sim, "/user").await;
    assert_eq!(roles(&sim, "svc"), ["viewer", "admin"]);
    for _ in 0..3 {
        get(&sim, "/user").await;
    }
    assert_eq!(roles(&sim, "svc"), ["viewer", "admin", "editor"]);
    assert_eq!(
        sim.set_options(|options| options.race.clone())
            .unwrap()
            .times,
        0
    );

    let race = Race::new("svc", Change::SetEnabled(false)).after(1);
    sim.set_options(|options| options.race = Some(race));
    let enabled =
        |sim: &Elastic| sim.with_world(|world| world.user("main", "svc").unwrap().enabled);
    get(&sim, "/user/svc").await;
    assert!(enabled(&sim), "the first read is let by");
    get(&sim, "/user/svc").await;
    assert!(!enabled(&sim));
}

#[tokio::test]
async fn every_change_can_be_made() {
    let sim = sim(World::worked_example()).await;
    let jack = sim.with_world(|world| world.user("main", "jacknich").unwrap().clone());
    for (change, user, after) in [
        (
            Change::RemoveRole("viewer".to_owned()),
            "svc",
            json!([[], true, {}]),
        ),
        (Change::SetEnabled(false), "svc", json!([[], false, {}])),
        (
            Change::SetMetadata("k".to_owned(), json!(1)),
            "svc",
            json!([[], false, {"k": 1}]),
        ),
        (
            Change::Become(jack.clone()),
            "new",
            json!([["admin", "viewer"], true, {"intelligence": 7}]),
        ),
    ] {
        sim.set_options(|options| options.race = Some(Race::new(user, change)));
        get(&sim, &format!("/user/{user}")).await;
        let now = sim.with_world(|world| world.user("main", user).unwrap().document(user));
        assert_eq!(
            json!([now["roles"], now["enabled"], now["metadata"]]),
            after
        );
    }
    sim.set_options(|options| options.race = Some(Race::new("svc", Change::Delete)));
    assert_eq!(get(&sim, "/user/svc").await.status, 200);
    let late = put(&sim, "svc", &json!({"roles": []})).await;
    assert_eq!((late.status, late.error().0), (400, "validation_exception"));
    assert_eq!(get(&sim, "/user/svc").await.status, 404);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn writes_collide_as_often_as_they_are_told_to() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| options.conflicts = 2);
    let body = json!({"roles": ["admin"]});
    for _ in 0..2 {
        let reply = put(&sim, "svc", &body).await;
        assert_eq!(
            (reply.status, reply.error().0),
            (409, "version_conflict_engine_exception")
        );
        assert_eq!(reply.json["status"], 409);
        assert_eq!(roles(&sim, "svc"), ["viewer"]);
    }
    assert_eq!(put(&sim, "svc", &body).await.status, 200);
    assert_eq!(roles(&sim, "svc"), ["admin"]);
}

#[tokio::test]
async fn a_write_can_be_answered_and_forgotten() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| options.forgotten_writes = 1);
    let before = sim.access_view();
    let body = json!({"roles": ["admin"]});
    let reply = put(&sim, "svc", &body).await;
    assert_eq!((reply.status, reply.json), (200, json!({"created": false})));
    assert_eq!(sim.access_view(), before);
    put(&sim, "svc", &body).await;
    assert_ne!(sim.access_view(), before);
}

#[tokio::test]
async fn a_user_who_is_there_may_not_be_found_at_first() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| options.hiccups = 1);
    let list = get(&sim, "/user").await;
    assert_eq!((list.status, list.keys().len()), (200, 3));
    let first = get(&sim, "/user/svc").await;
    assert_eq!((first.status, first.text.as_str()), (404, "{}"));
    assert_eq!(get(&sim, "/user/svc").await.status, 200);
}

#[tokio::test]
async fn a_serverless_project_has_no_native_users() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world.edit_cluster("main", |cluster| cluster.serverless = true);
    });
    for (method, path) in [
        ("GET", "/user"),
        ("GET", "/user/svc"),
        ("PUT", "/user/svc"),
        ("GET", "/role_mapping"),
    ] {
        let reply = es(&sim, method, path, None).await;
        assert_eq!(
            (reply.status, reply.error().0),
            (410, "api_not_available_exception")
        );
        assert_eq!(
            reply.error().1,
            format!(
                "Request for uri [/_security{path}] with method [{method}] exists but is not available when running in serverless mode"
            )
        );
    }
    assert_eq!(get(&sim, "/_authenticate").await.status, 200);
    assert_eq!(get(&sim, "/role").await.status, 200);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cluster_that_is_gone_is_the_proxy_s_business() {
    let sim = sim(World::worked_example()).await;
    sim.with_world(|world| {
        world.edit_cluster("main", |cluster| cluster.gone = true);
    });
    let reply = get(&sim, "/user").await;
    assert_eq!(
        (reply.status, &reply.json),
        (404, &json!({"ok": false, "message": "Unknown resource."}))
    );
    assert!(!reply.headers.contains_key("x-elastic-product"));
    sim.with_world(|world| world.deployments.clear());
    assert_eq!(get(&sim, "/user").await.json, reply.json);
}
