//! Organizations, members and invitations.

use rollcall_simulators::elastic::{
    Ordering, SCOPED_CLOUD_KEY, SECOND_ORGANIZATION_ID, WIDE_CLOUD_KEY, World,
};
use serde_json::json;

use crate::client::{ORG, cloud, cloud_as, sim};

#[tokio::test]
async fn the_worked_example_is_answered_as_documented() {
    let sim = sim(World::worked_example()).await;
    let organizations = cloud(&sim, "/organizations").await;
    assert_eq!(
        (organizations.status, organizations.json),
        (200, json!({"organizations": [{"id": ORG, "name": "Acme"}]}))
    );
    let one = cloud(&sim, &format!("/organizations/{ORG}")).await;
    assert_eq!(one.json, json!({"id": ORG, "name": "Acme"}));
    let members = cloud(&sim, &format!("/organizations/{ORG}/members")).await;
    assert_eq!(
        members.json,
        json!({"members": [
            {"organization_id": ORG, "user_id": "1001", "name": "Ada Lovelace", "email": "ada@acme.io",
             "member_since": "2024-01-01T00:00:00Z",
             "role_assignments": {"organization": [{"organization_id": ORG, "role_id": "organization-admin"}]}},
            {"organization_id": ORG, "user_id": "1002", "email": "bob@acme.io", "member_since": "2024-01-02T00:00:00Z"},
        ]})
    );
    let invitations = cloud(&sim, &format!("/organizations/{ORG}/invitations")).await;
    assert_eq!(invitations.json, json!({"invitations": []}));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_key_sees_the_organizations_it_is_of() {
    let sim = sim(World::rich()).await;
    let one = cloud(&sim, "/organizations").await;
    assert_eq!(one.json["organizations"].as_array().unwrap().len(), 1);
    let both = cloud_as(&sim, WIDE_CLOUD_KEY, "GET", "/organizations", None).await;
    assert_eq!(both.json["organizations"].as_array().unwrap().len(), 2);

    let other = format!("/organizations/{SECOND_ORGANIZATION_ID}");
    let refused = cloud(&sim, &other).await;
    assert_eq!(
        (refused.status, refused.code()),
        (403, "organization.invalid_access")
    );
    for path in [
        format!("{other}/members"),
        format!("{other}/invitations"),
        "/organizations/1".to_owned(),
        "/organizations/1/members".to_owned(),
    ] {
        let missing = cloud(&sim, &path).await;
        assert_eq!(
            (missing.status, missing.code()),
            (404, "organization.not_found"),
            "{path}"
        );
        assert_eq!(
            missing.headers["x-cloud-error-codes"],
            "organization.not_found"
        );
    }
    let members = cloud_as(
        &sim,
        WIDE_CLOUD_KEY,
        "GET",
        &format!("{other}/members"),
        None,
    )
    .await;
    assert_eq!(members.json["members"].as_array().unwrap().len(), 2);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_list_can_claim_that_there_is_more() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| options.next_page = Some("bW9yZQ".to_owned()));
    let list = cloud(&sim, "/organizations").await;
    assert_eq!(list.json["next_page"], "bW9yZQ");
    let guessed = cloud(&sim, "/organizations?next_page=bW9yZQ").await;
    assert_eq!((guessed.status, sim.violations().len()), (400, 1));
}

#[tokio::test]
async fn a_weaker_key_sees_only_what_is_assigned_in_its_scope() {
    let sim = sim(World::rich()).await;
    let path = format!("/organizations/{ORG}/members");
    let members = cloud_as(&sim, SCOPED_CLOUD_KEY, "GET", &path, None).await;
    let members = members.json["members"].as_array().unwrap().clone();
    assert_eq!(members.len(), 7);
    let held: Vec<_> = members
        .iter()
        .filter(|member| member.get("role_assignments").is_some())
        .map(|member| member["user_id"].as_str().unwrap())
        .collect();
    assert_eq!(held, ["1003", "1005"]);
    assert_eq!(
        members[2]["role_assignments"],
        json!({"deployment": [{"organization_id": ORG, "role_id": "deployment-editor", "all": false,
            "deployment_ids": ["ce03a623751b4fc98d48400fec58b9c0"], "application_roles": ["logs_reader"]}]})
    );
}

#[tokio::test]
async fn invitations_are_pending_expired_or_accepted() {
    let sim = sim(World::rich()).await;
    let reply = cloud(&sim, &format!("/organizations/{ORG}/invitations")).await;
    let invitations = reply.json["invitations"].as_array().unwrap();
    assert_eq!(invitations.len(), 3);
    let find = |token: &str| {
        let mut all = invitations.iter();
        all.find(|one| one["token"] == token).unwrap()
    };
    assert_eq!(
        *find("t0k"),
        json!({"token": "t0k", "email": "new@acme.io", "created_at": "2025-01-01T00:00:00Z",
            "expires_at": "2025-01-04T00:00:00Z", "expired": false,
            "organization": {"id": ORG, "name": "Acme", "billing_contacts": ["money@acme.io"]},
            "role_assignments": {"organization": [{"organization_id": ORG, "role_id": "billing-admin"}]}})
    );
    assert_eq!(find("exp1red")["expired"], true);
    assert_eq!(find("acc3pted")["accepted_at"], "2025-01-02T00:00:00Z");
    assert!(find("acc3pted").get("role_assignments").is_none());
}

#[tokio::test]
async fn lists_come_in_any_order() {
    let sim = sim(World::rich()).await;
    let path = format!("/organizations/{ORG}/members");
    let mut orders = Vec::new();
    for ordering in [
        Ordering::Documented,
        Ordering::Reversed,
        Ordering::Shuffled(3),
    ] {
        sim.set_options(|options| options.ordering = ordering);
        let reply = cloud(&sim, &path).await;
        let members = reply.json["members"].as_array().unwrap().iter();
        let ids: Vec<_> = members.map(|one| one["user_id"].to_string()).collect();
        orders.push(ids);
    }
    let reversed: Vec<_> = orders[0].iter().rev().cloned().collect();
    assert_eq!(orders[1], reversed);
    assert!(orders[2] != orders[0] && orders[2] != orders[1]);
    orders[2].sort();
    assert_eq!(orders[2], orders[0]);
}
