//! Searching for people.

use rollcall_simulators::confluence::{Sizes, World};
use serde_json::json;

use crate::client::{get, sim};

const SEARCH: &str = "/wiki/rest/api/search/user?cql=type%3Duser";
const IDS: &str = "/user/accountId";

#[tokio::test]
async fn pages_end_at_a_hundred_rows_and_never_say_that_there_are_more() {
    let sizes = Sizes {
        users: 250,
        apps: 0,
        ..Sizes::default()
    };
    let sim = sim(World::generate(&sizes, 3)).await;
    let expected = sim.with_world(|world| {
        let found = world
            .users
            .values()
            .filter(|user| user.status == "active" && !user.guest);
        found.count()
    });
    assert!((200..300).contains(&expected));
    let mut seen = 0;
    for (start, rows) in [
        (0, 100),
        (100, 100),
        (200, expected - 200),
        (expected, 0),
        (5000, 0),
    ] {
        let page = get(&sim, &format!("{SEARCH}&limit=200&start={start}")).await;
        assert_eq!(page.status, 200);
        let told =
            ["start", "limit", "size", "totalSize"].map(|field| page.json[field].as_u64().unwrap());
        assert_eq!(told, [start as u64, 200, rows as u64, rows as u64]);
        assert!(page.next().is_none());
        assert_eq!(page.rows().len(), rows);
        seen += rows;
    }
    assert_eq!(seen, expected);
    assert_eq!(get(&sim, SEARCH).await.rows().len(), 25);
    sim.set_options(|options| options.search_total = 120);
    assert_eq!(
        get(&sim, &format!("{SEARCH}&limit=100&start=100"))
            .await
            .rows()
            .len(),
        20
    );
    sim.set_options(|options| options.force_page_size = Some(7));
    assert_eq!(
        get(&sim, &format!("{SEARCH}&limit=100")).await.rows().len(),
        7
    );
}

#[tokio::test]
async fn the_filter_chooses_between_guests_and_others_and_deactivated_are_nowhere() {
    let sim = sim(World::rich()).await;
    let found = async |filter: &str| {
        let page = get(&sim, &format!("{SEARCH}&limit=100{filter}")).await;
        page.all(IDS)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let licensed = [
        "712020:a1",
        "712020:app",
        "712020:c3",
        "712020:capital",
        "712020:hidden",
        "712020:no-type",
        "712020:odd-status",
        "712020:reader",
        "712020:unlicensed",
        "plain-id-without-colon",
    ];
    assert_eq!(found("").await, licensed);
    assert_eq!(found("&sitePermissionTypeFilter=none").await, licensed);
    assert_eq!(
        found("&sitePermissionTypeFilter=externalCollaborator").await,
        ["712020:guest"]
    );
    assert_eq!(found("&sitePermissionTypeFilter=all").await.len(), 11);
    sim.set_options(|options| {
        options.search_apps = false;
        options.search_unlicensed = false;
    });
    assert_eq!(found("").await.len(), 7);
}

#[tokio::test]
async fn a_row_is_a_user_with_trimmings() {
    let sim = sim(World::worked_example()).await;
    let page = get(&sim, &format!("{SEARCH}&expand=operations")).await;
    assert_eq!(page.all(IDS), ["712020:a1", "712020:c3"]);
    let row = &page.rows()[0];
    assert_eq!(row["entityType"], "user");
    assert_eq!(
        row["user"],
        json!({
            "type": "known", "accountId": "712020:a1", "accountType": "atlassian", "email": "ada@acme.io",
            "publicName": "Ada Admin", "displayName": "Ada Admin",
            "profilePicture": {"path": "/wiki/aa-avatar/712020:a1", "width": 48, "height": 48, "isDefault": false},
            "isExternalCollaborator": false, "isGuest": false,
            "operations": [{"operation": "use", "targetType": "application"}],
            "_expandable": {"personalSpace": ""},
            "_links": {"self": "https://acme.atlassian.net/wiki/rest/api/user?accountId=712020:a1"},
        })
    );
    let plain = get(&sim, SEARCH).await;
    assert!(plain.rows()[0]["user"].get("operations").is_none());
    assert_eq!(
        plain.rows()[0]["user"]["_expandable"],
        json!({"operations": "", "personalSpace": ""})
    );
}

#[tokio::test]
async fn queries_find_words_that_begin_so() {
    let sim = sim(World::rich()).await;
    for (cql, status, rows, wrong) in [
        ("type=user%20and%20user.fullname~%22a*%22", 200, 2, false),
        ("type%3Duser+AND+user.fullname~%22ADM*%22", 200, 1, false),
        ("user.fullname~%22rita%22", 200, 1, false),
        ("user.fullname~%22rit%22", 200, 0, false),
        ("user.fullname~%22r*+r*%22", 200, 1, false),
        ("type+%3D+%22user%22", 200, 10, false),
        ("type%3Dpage", 200, 0, false),
        ("user.shoesize%3D43", 200, 0, true),
        ("user.fullname~%22%22", 500, 0, true),
        ("type", 400, 0, true),
        ("type%3Duser+or+type%3Dpage", 400, 0, true),
        ("type~user", 400, 0, true),
        ("", 400, 0, true),
    ] {
        sim.clear_requests();
        let reply = get(
            &sim,
            &format!("/wiki/rest/api/search/user?limit=100&cql={cql}"),
        )
        .await;
        assert_eq!((reply.status, reply.rows().len()), (status, rows), "{cql}");
        assert_eq!(!sim.violations().is_empty(), wrong, "{cql}");
    }
}
