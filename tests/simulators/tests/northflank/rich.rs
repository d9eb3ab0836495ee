//! Every oddity, as it is answered.

use rollcall_simulators::northflank::{ENGINEERING_ID, World, directory_group_id};
use serde_json::{Value, json};

use crate::client::{DEVELOPERS, all, get, sim};

fn row<'a>(rows: &'a [Value], id: &str) -> &'a Value {
    rows.iter().find(|row| row["id"] == id).unwrap()
}

#[tokio::test]
async fn members_are_odd() {
    let sim = sim(World::rich()).await;
    let members = all(&sim, "/v1/org-members").await;
    assert_eq!(*row(&members, "bare"), json!({"id": "bare"}));
    let nobody = row(&members, "nobody");
    assert_eq!((nobody.get("name"), nobody.get("emails")), (None, None));
    assert_eq!(row(&members, "no-addresses")["emails"], json!([]));
    let emails = row(&members, "many-addresses")["emails"]
        .as_array()
        .unwrap();
    let addresses: Vec<_> = emails
        .iter()
        .map(|email| email["address"].as_str())
        .collect();
    for wanted in ["Mia@Acme.test", "mia@acme.test", "", "not an address"] {
        assert!(addresses.contains(&Some(wanted)), "{wanted}");
    }
    assert!(emails.contains(&json!({})));
    assert_eq!(emails[0]["verified"], false);
    assert_eq!(
        row(&members, "64b0c0ffee64b0c0ffee64b9")["finalized"],
        false
    );
    assert_ne!(row(&members, "case"), row(&members, "Case"));
    assert!(
        row(&members, "odd-name")["name"]
            .as_str()
            .unwrap()
            .contains('"')
    );
    assert!(members.len() > 100);
}

#[tokio::test]
async fn roles_are_odd() {
    let sim = sim(World::rich()).await;
    let roles = all(&sim, "/v1/org-roles").await;
    assert_eq!(*row(&roles, "bare"), json!({"id": "bare", "name": "Bare"}));
    assert_eq!(row(&roles, "empty")["directoryGroups"], json!([]));
    assert_eq!(
        row(&roles, "reaches-nothing")["restrictions"],
        json!({"enabled": true, "teams": []})
    );
    let teams = &row(&roles, "restricted")["restrictions"]["teams"];
    assert_eq!(teams[0]["restrictions"]["restrictionMode"], "notIn");
    assert_eq!(teams[2], json!({"teamId": "infra"}));
    assert_eq!(
        get(&sim, "/v1/org-roles/empty/members").await.rows(),
        &[] as &[Value]
    );
    let both = get(&sim, DEVELOPERS).await;
    assert_eq!(both.row("in-both-ways")["type"], "explicit");
    let twice = get(&sim, "/v1/org-roles/two-groups/members").await;
    assert_eq!(
        twice.ids(),
        [
            "alice-w",
            "bob-k",
            "carol-p",
            "in-both-ways",
            "in-two-groups"
        ]
    );
    assert_eq!(all(&sim, "/v1/org-roles/crowd/members").await.len(), 105);
    let crowd = all(&sim, "/v1/org-roles/crowd-by-group/members").await;
    assert!(crowd.len() == 105 && crowd.iter().all(|row| row["type"] == "implicit"));
}

#[tokio::test]
async fn links_lead_nowhere_and_to_what_is_not_listed() {
    let sim = sim(World::rich()).await;
    let listed = get(&sim, "/v1/directory-groups").await;
    let links = &get(&sim, "/v1/org-roles/developer").await.json["data"]["directoryGroups"];
    assert_eq!(
        *links,
        json!([ENGINEERING_ID, directory_group_id("01GONE")])
    );
    for id in ["01GONE", "01HIDDEN"].map(directory_group_id) {
        assert!(!listed.ids().contains(&id.as_str()));
        let path = format!("/v1/directory-groups/{id}/members");
        assert_eq!(get(&sim, &path).await.status, 404);
    }
    let hidden = get(&sim, "/v1/org-roles/hidden-link/members").await;
    assert_eq!(hidden.row("in-hidden-group")["type"], "implicit");
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn groups_are_odd() {
    let sim = sim(World::rich()).await;
    let groups = get(&sim, "/v1/directory-groups").await;
    let [bare, empty, future] = ["01BARE", "01EMPTY", "01FUTURE"].map(directory_group_id);
    assert_eq!(*groups.row(&bare), json!({ "id": bare }));
    let path = |id: &str| format!("/v1/directory-groups/{id}/members");
    assert!(get(&sim, &path(&empty)).await.rows().is_empty());
    let nobody = get(&sim, &path(&future)).await;
    assert_eq!(nobody.ids(), ["null"; 3]);
    assert_eq!(nobody.rows()[0], json!({"id": null}));
    let everybody = all(&sim, "/v1/org-members").await;
    assert!(
        everybody
            .iter()
            .all(|row| row["id"] != "not-a-member" && row["id"] != "left-long-ago")
    );
    assert_eq!(get(&sim, &path(&bare)).await.ids(), ["not-a-member"]);
    let strangers = get(&sim, "/v1/org-roles/strangers/members").await;
    assert_eq!(
        strangers.rows(),
        [
            json!({"id": "left-long-ago", "emails": [], "type": "explicit"}),
            json!({
                "id": "not-a-member", "name": "Stan Stranger", "type": "implicit",
                "emails": [{"address": "stan@elsewhere.test"}],
            }),
        ]
    );
    assert_eq!(
        all(&sim, &path(&directory_group_id("01CROWD"))).await.len(),
        105
    );
}
