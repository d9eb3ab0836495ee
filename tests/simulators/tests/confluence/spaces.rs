//! Spaces and the rows of their permissions.

use rollcall_simulators::confluence::{AnonymousRow, World};
use serde_json::json;

use crate::client::{READER, get, send, sim};

const SPACES: &str = "/wiki/api/v2/spaces";

#[tokio::test]
async fn only_spaces_that_the_caller_can_view_are_there() {
    let sim = sim(World::rich()).await;
    let ada = get(&sim, &format!("{SPACES}?limit=250")).await;
    assert_eq!(
        ada.all("/key"),
        [
            "ENG",
            "~ada",
            "OPS",
            "OLD",
            "~712020reader",
            "ONE",
            "FUTURE"
        ]
    );
    let reader = send(&sim, READER, "GET", SPACES, None).await;
    assert_eq!(
        reader.all("/key"),
        ["ENG", "OPS", "~712020reader", "FUTURE"]
    );
    for path in ["", "/permissions"] {
        let hidden = get(&sim, &format!("{SPACES}/98323{path}")).await;
        assert_eq!(
            (hidden.status, hidden.reason().as_str()),
            (404, "Cannot find a space with id [98323]")
        );
        assert_eq!(
            get(&sim, &format!("{SPACES}/98399{path}")).await.status,
            404
        );
    }
    sim.with_world(|world| {
        world.grant(98323, "anonymous", "anonymous", "read/space");
    });
    assert_eq!(get(&sim, &format!("{SPACES}/98323")).await.status, 200);
    assert_eq!(
        get(&sim, &format!("{SPACES}/98310")).await.json,
        json!({
            "id": "98310", "key": "ENG", "name": "Engineering", "type": "global", "status": "current",
            "authorId": "712020:a1", "createdAt": "2025-01-02T03:04:05.678Z", "homepageId": "98400",
            "description": null, "icon": null, "currentActiveAlias": "ENG", "_links": {"webui": "/spaces/ENG"},
        })
    );
}

#[tokio::test]
async fn filters_choose_spaces() {
    let sim = sim(World::rich()).await;
    sim.with_world(|world| {
        world.edit_space(98310, |space| {
            space.labels.insert("code".to_owned());
        });
    });
    for (query, keys) in [
        ("type=personal", vec!["~ada", "~712020reader"]),
        ("status=archived", vec!["OLD"]),
        ("status=current&type=knowledge_base", vec![]),
        ("keys=eng,~ADA", vec!["ENG", "~ada"]),
        ("keys=SECRET", vec![]),
        ("ids=98320,98323", vec!["OPS"]),
        ("ids=98320&ids=98310", vec!["ENG", "OPS"]),
        ("labels=code", vec!["ENG"]),
        ("sort=-key&type=global", vec!["OPS", "ENG"]),
        ("sort=name&type=personal", vec!["~ada", "~712020reader"]),
    ] {
        assert_eq!(
            get(&sim, &format!("{SPACES}?{query}")).await.all("/key"),
            keys,
            "{query}"
        );
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
    sim.set_options(|options| options.archived_by_default = false);
    assert!(!get(&sim, SPACES).await.all("/key").contains(&"OLD"));
    for query in [
        "type=wiki",
        "status=deleted",
        "ids=ENG",
        "sort=size",
        "limit=251",
        "limit=0",
        "limit=x",
    ] {
        assert_eq!(
            get(&sim, &format!("{SPACES}?{query}")).await.status,
            400,
            "{query}"
        );
    }
    assert_eq!(sim.violations().len(), 7);
}

#[tokio::test]
async fn permissions_are_rows_with_open_principals() {
    let sim = sim(World::rich()).await;
    let eng = get(&sim, &format!("{SPACES}/98310/permissions")).await;
    assert_eq!(
        eng.all("/id"),
        ["1001", "1002", "1003", "1004", "1005", "1006", "1007"]
    );
    assert_eq!(
        eng.rows()[5],
        json!({"id": "1006", "principal": {"type": "access-class", "id": "ALL_LICENSED_USERS"}, "operation": {"key": "read", "targetType": "space"}})
    );
    let types = async || {
        let reply = get(&sim, &format!("{SPACES}/98320/permissions?limit=250")).await;
        let mut kinds: Vec<String> = reply
            .all("/principal/type")
            .into_iter()
            .map(str::to_owned)
            .collect();
        let rows = kinds.len();
        kinds.sort();
        kinds.dedup();
        (rows, kinds, reply.json.to_string())
    };
    let (rows, kinds, text) = types().await;
    assert_eq!(kinds, ["access-class", "device", "group", "role", "user"]);
    assert!(
        text.contains(r#"{"id":"anonymous","type":"role"}"#),
        "{text}"
    );
    for (row, wanted) in [
        (
            AnonymousRow::AccessClass,
            r#"{"id":"ANONYMOUS_USERS","type":"access-class"}"#,
        ),
        (AnonymousRow::User, r#"{"id":"anonymous","type":"user"}"#),
        (AnonymousRow::RoleWithoutId, r#"{"type":"role"}"#),
    ] {
        sim.set_options(|options| options.anonymous_row = row);
        assert!(types().await.2.contains(wanted), "{wanted}");
    }
    sim.set_options(|options| options.repeat_class_rows = true);
    assert_eq!(types().await.0, rows + 3);
}

#[tokio::test]
async fn what_is_included_in_a_space_ends_at_fifty_rows() {
    let sim = sim(World::rich()).await;
    sim.with_world(|world| {
        for i in 0..60 {
            world.grant(98310, "user", &format!("ghost{i}"), "read/space");
        }
    });
    let space = get(&sim, &format!("{SPACES}/98310?include-permissions=true"))
        .await
        .json;
    assert_eq!(
        space["permissions"]["results"].as_array().map(Vec::len),
        Some(50)
    );
    assert_eq!(space["permissions"]["meta"]["hasMore"], true);
}
