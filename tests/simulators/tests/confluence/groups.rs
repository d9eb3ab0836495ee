//! Groups and their members.

use rollcall_simulators::confluence::{AddMemberAgain, ExternalGroups, NameTails, World};
use serde_json::{Value, json};

use crate::client::{READER, delete, get, post, send, sim};

const MEMBERS: &str = "/wiki/rest/api/group/22-eng/membersByGroupId";
const CHANGE: &str = "/wiki/rest/api/group/userByGroupId?groupId=";

#[tokio::test]
async fn groups_are_listed_by_name_with_what_is_known_of_them() {
    let sim = sim(World::rich()).await;
    let list = get(&sim, "/wiki/rest/api/group?limit=200").await;
    assert_eq!(
        list.all("/name"),
        [
            "bare",
            "empty",
            "eng",
            "ghosts",
            "hr",
            "odd: id & name",
            "open door",
            "site-admins",
            "team-apollo"
        ]
    );
    assert_eq!(
        list.rows()[2],
        json!({
            "type": "group", "name": "eng", "id": "22-eng", "usageType": "USERBASE_GROUP", "managedBy": "EXTERNAL",
            "resourceAri": "ari:cloud:identity::group/22-eng",
            "_links": {"self": "https://acme.atlassian.net/wiki/rest/api/group/by-id?id=22-eng"},
        })
    );
    assert!(list.rows()[0].get("managedBy").is_none() && list.rows()[0].get("usageType").is_none());
    assert_eq!(list.rows()[8]["usageType"], "TEAM_COLLABORATION");
    let admins = get(&sim, "/wiki/rest/api/group?accessType=site-admin").await;
    assert_eq!(admins.all("/id"), ["11-adm"]);
    let one = get(&sim, "/wiki/rest/api/group/by-id?id=38%2Fodd%20id").await;
    assert_eq!(
        (one.status, &one.json["name"]),
        (200, &json!("odd: id & name"))
    );
    let path = "/wiki/rest/api/user/memberof?accountId=712020%3Areader";
    assert_eq!(
        get(&sim, path).await.all("/id"),
        ["35-bare", "37-ghosts", "33-team"]
    );
    assert_eq!(
        get(&sim, "/wiki/rest/api/user/memberof?accountId=nobody")
            .await
            .status,
        404
    );
    assert_eq!(
        get(&sim, "/wiki/rest/api/group/by-id?id=nothing")
            .await
            .status,
        404
    );
    sim.set_options(|options| options.unknown_group_status = 400);
    assert_eq!(
        get(&sim, "/wiki/rest/api/group/by-id?id=nothing")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn members_are_users_and_an_unknown_group_has_none() {
    let sim = sim(World::rich()).await;
    let members = get(&sim, &format!("{MEMBERS}?limit=200&expand=operations")).await;
    assert_eq!(
        members.all("/accountId"),
        ["557058:b2", "712020:a1", "712020:c3"]
    );
    assert_eq!(members.all("/displayName"), ["Bob", "Ada Admin", "Bot"]);
    assert_eq!(members.rows()[0]["operations"], json!([]));
    assert!(members.json.get("totalSize").is_none());
    let odd = get(&sim, "/wiki/rest/api/group/38%2Fodd%20id/membersByGroupId").await;
    assert_eq!(odd.all("/accountId"), ["plain-id-without-colon"]);
    let ghosts = get(
        &sim,
        "/wiki/rest/api/group/37-ghosts/membersByGroupId?shouldReturnTotalSize=true",
    )
    .await;
    assert_eq!(
        ghosts.all("/accountId"),
        ["712020:never-was-member", "712020:reader"]
    );
    assert_eq!(
        (ghosts.all("/type")[0], &ghosts.json["totalSize"]),
        ("unknown", &json!(2))
    );
    let none = get(
        &sim,
        "/wiki/rest/api/group/nothing/membersByGroupId?limit=200",
    )
    .await;
    assert_eq!(
        (none.status, none.rows().len(), none.next()),
        (200, 0, None)
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
    for limit in ["201", "0", "-1", "x"] {
        assert_eq!(
            get(&sim, &format!("{MEMBERS}?limit={limit}")).await.status,
            400
        );
    }
    assert_eq!(
        get(&sim, "/wiki/rest/api/group?limit=201").await.status,
        400
    );
    assert_eq!(sim.violations().len(), 5);
    sim.set_options(|options| {
        options.large_group_pages = true;
        options.hide_deactivated_members = true;
        options.name_tails = NameTails::Everywhere;
    });
    assert_eq!(
        get(&sim, "/wiki/rest/api/group?limit=201").await.status,
        200
    );
    assert_eq!(
        get(&sim, MEMBERS).await.all("/accountId"),
        ["712020:a1", "712020:c3"]
    );
    assert_eq!(
        get(&sim, "/wiki/rest/api/group/35-bare/membersByGroupId")
            .await
            .all("/displayName")[2],
        "Lev Less (Unlicensed)"
    );
    sim.set_options(|options| options.members_visible = false);
    assert_eq!(get(&sim, MEMBERS).await.status, 403);
}

#[tokio::test]
async fn membership_writes_answer_by_what_is_wrong_with_them() {
    let sim = sim(World::rich()).await;
    let before = sim.access_view();
    let someone = json!({"accountId": "712020:hidden"});
    for (group, user, status) in [
        ("nothing", "712020:hidden", 404),
        ("36-empty", "nobody", 404),
        ("22-eng", "712020:hidden", 403),
        ("39-hr", "712020:capital", 403),
    ] {
        let added = post(
            &sim,
            &format!("{CHANGE}{group}"),
            &json!({"accountId": user}),
        )
        .await;
        assert_eq!(added.status, status, "{group} {user}");
        let id = user.replace(':', "%3A");
        assert_eq!(
            delete(&sim, &format!("{CHANGE}{group}&accountId={id}"))
                .await
                .status,
            status
        );
    }
    let path = format!("{CHANGE}36-empty");
    assert_eq!(
        send(&sim, READER, "POST", &path, Some(&someone))
            .await
            .status,
        403
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
    assert_eq!(sim.access_view(), before);
    for (path, body) in [
        (path.as_str(), json!({})),
        (path.as_str(), json!({"accountId": ""})),
        (
            path.as_str(),
            json!({"accountId": "712020:hidden", "name": "Hana"}),
        ),
        ("/wiki/rest/api/group/userByGroupId", someone.clone()),
        (
            "/wiki/rest/api/group/userByGroupId?name=empty",
            someone.clone(),
        ),
    ] {
        assert_eq!(post(&sim, path, &body).await.status, 400, "{path} {body}");
    }
    assert_eq!(delete(&sim, &path).await.status, 400);
    assert_eq!(sim.violations().len(), 6);
    assert_eq!(sim.access_view(), before);
}

#[tokio::test]
async fn what_is_not_known_of_membership_writes_can_be_chosen() {
    let sim = sim(World::rich()).await;
    let add = async |group: &str| {
        let body = json!({"accountId": "712020:capital"});
        let reply = post(&sim, &format!("{CHANGE}{group}"), &body).await;
        (reply.status, reply.text)
    };
    assert_eq!(add("34-open").await, (201, String::new()));
    for (again, status) in [
        (AddMemberAgain::BadRequest, 400),
        (AddMemberAgain::Conflict, 409),
    ] {
        sim.set_options(|options| options.add_member_again = again);
        let (answered, text) = add("34-open").await;
        assert_eq!(answered, status);
        assert!(text.contains("already a member"));
    }
    sim.set_options(|options| options.external_groups = ExternalGroups::BadRequest);
    assert_eq!(add("22-eng").await.0, 400);
    sim.set_options(|options| {
        options.external_groups = ExternalGroups::Writable;
        options.member_added_text = "done".to_owned();
    });
    assert_eq!(add("22-eng").await, (201, "done".to_owned()));
    assert_eq!(
        sim.access_view()["groups"]["22-eng"]
            .as_array()
            .map(Vec::len),
        Some(4)
    );
    assert_ne!(sim.access_view(), Value::Null);
}
