//! Users by id.

use rollcall_simulators::confluence::{HiddenEmail, NameTails, World};
use serde_json::{Value, json};

use crate::client::{READER, get, post, send, sim};

const BULK: &str = "/wiki/api/v2/users-bulk";

async fn user(sim: &rollcall_simulators::confluence::Confluence, id: &str) -> Value {
    get(
        sim,
        &format!("/wiki/rest/api/user?accountId={}", id.replace(':', "%3A")),
    )
    .await
    .json
}

#[tokio::test]
async fn the_caller_is_somebody() {
    let sim = sim(World::rich()).await;
    let me = get(&sim, "/wiki/rest/api/user/current?expand=operations").await;
    assert_eq!(
        (me.status, &me.json["accountId"]),
        (200, &json!("712020:a1"))
    );
    assert_eq!(me.json["accountStatus"], "active");
    assert_eq!(me.json["operations"][0]["operation"], "use");
    let reader = send(&sim, READER, "GET", "/wiki/rest/api/user/current", None).await;
    assert_eq!(reader.json["accountId"], "712020:reader");
}

#[tokio::test]
async fn every_state_and_kind_shows_when_asked_by_id() {
    let sim = sim(World::rich()).await;
    for (id, status, name, v1, v2, guest) in [
        (
            "712020:a1",
            "active",
            "Ada Admin",
            "atlassian",
            "atlassian",
            false,
        ),
        (
            "557058:b2",
            "inactive",
            "Bob (Deactivated)",
            "atlassian",
            "atlassian",
            false,
        ),
        (
            "712020:unlicensed",
            "active",
            "Lev Less (Unlicensed)",
            "atlassian",
            "atlassian",
            false,
        ),
        (
            "712020:closed",
            "closed",
            "Former user",
            "atlassian",
            "atlassian",
            false,
        ),
        (
            "712020:odd-status",
            "unknown",
            "Uma Unknown",
            "atlassian",
            "atlassian",
            false,
        ),
        ("712020:app", "active", "Deploy App", "app", "app", false),
        (
            "712020:guest",
            "active",
            "Gus Guest",
            "atlassian",
            "atlassian",
            true,
        ),
        (
            "qm:customer",
            "active",
            "Cleo Customer",
            "",
            "customer",
            false,
        ),
        (
            "712020:no-type",
            "active",
            "Nadia None",
            "",
            "unknown",
            false,
        ),
    ] {
        let one = user(&sim, id).await;
        let bulk = post(&sim, BULK, &json!({"accountIds": [id]})).await.json["results"][0].clone();
        for (value, kind) in [(one, v1), (bulk, v2)] {
            assert_eq!(value["accountId"], id);
            assert_eq!(value["accountStatus"], status, "{id}");
            assert_eq!(value["displayName"], name);
            assert_eq!(value["accountType"], kind, "{id}");
            assert_eq!(value["isExternalCollaborator"], guest);
        }
    }
    sim.set_options(|options| options.name_tails = NameTails::Nowhere);
    assert_eq!(user(&sim, "557058:b2").await["displayName"], "Bob");
    sim.set_options(|options| options.v1_customers = true);
    assert_eq!(user(&sim, "qm:customer").await["accountType"], "customer");
    let unknown = get(&sim, "/wiki/rest/api/user?accountId=nobody").await;
    assert_eq!(
        (unknown.status, unknown.reason().as_str()),
        (404, "No user found with id: nobody")
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn hidden_addresses_are_empty_unless_they_are_ones_own() {
    let sim = sim(World::rich()).await;
    let email = async |id: &str| user(&sim, id).await.get("email").cloned();
    assert_eq!(email("712020:hidden").await, Some(json!("")));
    assert_eq!(
        email("712020:capital").await,
        Some(json!("Carl.Capital@Acme.io"))
    );
    sim.set_options(|options| {
        options.hide_emails = true;
        options.hidden_email = HiddenEmail::Null;
    });
    assert_eq!(email("712020:capital").await, Some(Value::Null));
    assert_eq!(email("712020:a1").await, Some(json!("ada@acme.io")));
    sim.set_options(|options| options.hidden_email = HiddenEmail::Absent);
    assert_eq!(email("712020:capital").await, None);
}

#[tokio::test]
async fn bulk_leaves_out_whom_nobody_knows() {
    let sim = sim(World::rich()).await;
    let body = json!({"accountIds": ["712020:reader", "nobody", "557058:b2", "712020:reader"]});
    let reply = post(&sim, BULK, &body).await;
    assert_eq!(
        (reply.status, reply.all("/accountId")),
        (200, vec!["712020:reader", "557058:b2"])
    );
    assert_eq!(reply.rows()[0]["personalSpaceId"], "98322");
    assert_eq!(reply.rows()[1]["personalSpaceId"], Value::Null);
    let many: Vec<String> = (0..250).map(|i| format!("id{i}")).collect();
    assert_eq!(
        post(&sim, BULK, &json!({"accountIds": many})).await.status,
        200
    );
    let v1 =
        "/wiki/rest/api/user/bulk?accountId=712020%3Areader&accountId=nobody&accountId=557058%3Ab2";
    assert_eq!(
        get(&sim, v1).await.all("/accountId"),
        ["557058:b2", "712020:reader"]
    );
    assert_eq!(sim.violations(), Vec::<String>::new());

    let many: Vec<String> = (0..251).map(|i| format!("id{i}")).collect();
    for body in [
        json!({"accountIds": many}),
        json!({"accountIds": []}),
        json!({}),
        json!({"accountIds": [5]}),
    ] {
        assert_eq!(post(&sim, BULK, &body).await.status, 400);
    }
    let query: Vec<String> = (0..201).map(|i| format!("accountId=id{i}")).collect();
    let path = format!("/wiki/rest/api/user/bulk?{}", query.join("&"));
    assert_eq!(get(&sim, &path).await.status, 400);
    assert_eq!(sim.violations().len(), 5);
}
