//! Finding deployments and serverless projects.

use rollcall_simulators::{
    Fault, FaultKind,
    elastic::{MAIN_ID, SCOPED_CLOUD_KEY, SECOND_ID, Sizes, TEST_CLOUD_KEY, World},
};
use serde_json::{Value, json};

use crate::client::{cloud, cloud_as, sim};

const SEARCH: &str = "/deployments/_search";

fn ids(body: &Value) -> Vec<String> {
    let deployments = body["deployments"].as_array().unwrap().iter();
    deployments
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_search_finds_the_endpoints() {
    let sim = sim(World::rich()).await;
    let body = json!({"size": 100});
    let found = cloud_as(&sim, TEST_CLOUD_KEY, "POST", SEARCH, Some(&body)).await;
    assert_eq!(found.status, 200);
    assert_eq!(
        (&found.json["return_count"], &found.json["match_count"]),
        (&json!(2), &json!(2))
    );
    assert!(found.json.get("cursor").is_none());
    assert_eq!(ids(&found.json), [MAIN_ID, SECOND_ID]);
    let url = "/resources/elasticsearch/0/info/metadata/aliased_url";
    for (i, name) in ["main", "second"].into_iter().enumerate() {
        let found = found.json["deployments"][i].pointer(url).unwrap();
        assert_eq!(*found, sim.deployment_url(name));
    }
    let seen = cloud_as(&sim, SCOPED_CLOUD_KEY, "POST", SEARCH, Some(&body)).await;
    assert_eq!(ids(&seen.json), [MAIN_ID]);
    let path = format!("/deployments/{SECOND_ID}");
    let refused = cloud_as(&sim, SCOPED_CLOUD_KEY, "GET", &path, None).await;
    assert_eq!(
        (refused.status, refused.code()),
        (403, "root.permission_denied")
    );
    assert!(
        refused
            .text
            .contains(&format!("r:/deployments/{SECOND_ID}"))
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_deployment_that_was_shut_down_is_not_found_but_can_be_asked_for() {
    let sim = sim(World::rich()).await;
    sim.with_world(|world| {
        world.edit_cluster("main", |cluster| cluster.hidden = true);
    });
    let found = cloud_as(&sim, TEST_CLOUD_KEY, "POST", SEARCH, Some(&json!({}))).await;
    assert_eq!(ids(&found.json), [SECOND_ID]);
    let one = cloud(&sim, &format!("/deployments/{MAIN_ID}")).await;
    assert_eq!(
        (one.status, &one.json["metadata"]["hidden"]),
        (200, &json!(true))
    );
    let missing = cloud(&sim, "/deployments/0").await;
    assert_eq!(
        (missing.status, missing.code()),
        (404, "deployments.deployment_not_found")
    );
}

#[tokio::test]
async fn a_search_has_pages() {
    let sizes = Sizes {
        deployments: 5,
        ..Sizes::default()
    };
    let sim = sim(World::generate(&sizes, 1)).await;
    let (mut seen, mut body) = (Vec::new(), json!({"size": 2}));
    loop {
        let page = cloud_as(&sim, TEST_CLOUD_KEY, "POST", SEARCH, Some(&body)).await;
        assert_eq!(page.json["match_count"], 5);
        seen.extend(ids(&page.json));
        let Some(cursor) = page.json.get("cursor") else {
            break;
        };
        body["cursor"] = cursor.clone();
    }
    assert_eq!((seen.len(), sim.calls()), (5, 3));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);

    sim.set_options(|options| options.force_page_size = Some(1));
    let first = cloud_as(&sim, TEST_CLOUD_KEY, "POST", SEARCH, Some(&json!({}))).await;
    assert_eq!(ids(&first.json).len(), 1);
    let next = json!({"cursor": first.json["cursor"]});
    sim.set_faults(vec![Fault::every(FaultKind::RepeatCursor)]);
    let again = cloud_as(&sim, TEST_CLOUD_KEY, "POST", SEARCH, Some(&next)).await;
    assert_eq!(again.json["cursor"], next["cursor"]);
    sim.set_faults(vec![Fault::every(FaultKind::StaleCursor)]);
    let stale = cloud_as(&sim, TEST_CLOUD_KEY, "POST", SEARCH, Some(&next)).await;
    assert_eq!(stale.status, 400);
    let fresh = cloud_as(&sim, TEST_CLOUD_KEY, "POST", SEARCH, Some(&json!({}))).await;
    assert_eq!(fresh.status, 200);
    assert_eq!(sim.violations(), Vec::<String>::new());
    sim.clear_faults();
    for body in [
        json!({"size": 0}),
        json!({"size": "9"}),
        json!({"cursor": "x"}),
        json!({"query": {}}),
    ] {
        let reply = cloud_as(&sim, TEST_CLOUD_KEY, "POST", SEARCH, Some(&body)).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    assert_eq!(sim.violations().len(), 4);
}

#[tokio::test]
async fn projects_and_their_roles_are_listed_by_kind() {
    let sim = sim(World::rich()).await;
    let list = cloud(&sim, "/serverless/projects/security").await;
    let items = list.json["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["name"]), (1, &json!("siem")));
    let id = items[0]["id"].as_str().unwrap();
    let roles = cloud(&sim, &format!("/serverless/projects/security/{id}/roles")).await;
    assert_eq!(
        roles.json,
        json!({id: {"roles": [{"name": "hunters", "description": "People who hunt"}]}})
    );
    let wrong = format!("/serverless/projects/elasticsearch/{id}/roles");
    assert_eq!(cloud(&sim, &wrong).await.status, 404);
    assert_eq!(sim.violations(), Vec::<String>::new());
    let hidden = cloud_as(
        &sim,
        SCOPED_CLOUD_KEY,
        "GET",
        "/serverless/projects/security",
        None,
    )
    .await;
    assert_eq!(hidden.json, json!({"items": []}));
}
