//! Giving and taking roles of the organization, of deployments and of projects.

use rollcall_simulators::elastic::{
    Elastic, MAIN_ID, RepeatedAssignment, SCOPED_CLOUD_KEY, SECOND_ID, TEST_CLOUD_KEY, World,
};
use serde_json::{Value, json};

use crate::client::{ORG, Reply, cloud_as, sim};

const PROJECT: &str = "c866244b611442d585e23a0cc8c9434c";

async fn write(sim: &Elastic, method: &str, user: &str, body: &Value) -> Reply {
    let path = format!("/users/{user}/role_assignments");
    cloud_as(sim, TEST_CLOUD_KEY, method, &path, Some(body)).await
}

fn on_deployment(role: &str, id: &str) -> Value {
    json!({"deployment": [{"organization_id": ORG, "role_id": role, "deployment_ids": [id]}]})
}

fn held(sim: &Elastic, user: &str) -> Value {
    sim.access_view()["organizations"][ORG]["members"][user].clone()
}

#[tokio::test]
async fn a_role_is_given_and_taken_and_nothing_is_left_of_it() {
    let sim = sim(World::rich()).await;
    let before = sim.access_view();
    for body in [
        on_deployment("deployment-viewer", MAIN_ID),
        json!({"deployment": [{"organization_id": ORG, "role_id": "deployment-admin", "all": true}]}),
        json!({"organization": [{"organization_id": ORG, "role_id": "billing-admin"}]}),
        json!({"project": {"elasticsearch": [{"organization_id": ORG, "role_id": "elasticsearch-viewer", "project_ids": [PROJECT]}]}}),
        json!({"project": {"security": [{"organization_id": ORG, "role_id": "security-editor", "all": true}]}}),
        json!({"deployment": [{"organization_id": ORG, "role_id": "deployment-viewer", "deployment_ids": [MAIN_ID], "application_roles": ["x"]}]}),
    ] {
        for user in ["1002", "1003"] {
            let given = write(&sim, "POST", user, &body).await;
            assert_eq!((given.status, given.json), (200, json!({})));
            assert_ne!(sim.access_view(), before, "{body}");
            let taken = write(&sim, "DELETE", user, &body).await;
            assert_eq!((taken.status, taken.json), (200, json!({})));
            assert_eq!(sim.access_view(), before, "{body}");
        }
    }
    assert!(sim.with_world(|world| world.member(ORG, "1002").unwrap().assignments.is_empty()));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn one_assignment_is_kept_for_each_role_and_resource() {
    let sim = sim(World::rich()).await;
    for id in [MAIN_ID, SECOND_ID] {
        write(
            &sim,
            "POST",
            "1002",
            &on_deployment("deployment-viewer", id),
        )
        .await;
    }
    write(
        &sim,
        "POST",
        "1002",
        &on_deployment("deployment-editor", MAIN_ID),
    )
    .await;
    assert_eq!(
        sim.with_world(
            |world| world.member(ORG, "1002").unwrap().assignments["deployment"].clone()
        ),
        json!([
            {"role_id": "deployment-viewer", "organization_id": ORG, "all": false, "deployment_ids": [MAIN_ID, SECOND_ID]},
            {"role_id": "deployment-editor", "organization_id": ORG, "all": false, "deployment_ids": [MAIN_ID]},
        ])
    );
    write(
        &sim,
        "DELETE",
        "1002",
        &on_deployment("deployment-viewer", MAIN_ID),
    )
    .await;
    assert_eq!(
        held(&sim, "1002"),
        json!([
            format!("deployment deployment-editor of {ORG} on {MAIN_ID}"),
            format!("deployment deployment-viewer of {ORG} on {SECOND_ID}"),
        ])
    );
    // Of all deployments is something of its own.
    let before = held(&sim, "1003");
    let all = json!({"deployment": [{"organization_id": ORG, "role_id": "deployment-viewer", "all": true}]});
    write(
        &sim,
        "DELETE",
        "1003",
        &on_deployment("deployment-viewer", MAIN_ID),
    )
    .await;
    assert_eq!(held(&sim, "1003"), before);
    write(&sim, "DELETE", "1003", &all).await;
    assert_ne!(held(&sim, "1003"), before);
}

#[tokio::test]
async fn repetition_is_done_or_refused() {
    let sim = sim(World::rich()).await;
    let owner =
        json!({"organization": [{"organization_id": ORG, "role_id": "organization-admin"}]});
    let before = sim.access_view();
    for (switch, status) in [
        (RepeatedAssignment::Done, 200),
        (RepeatedAssignment::Refused, 400),
    ] {
        sim.set_options(|options| options.repeated_assignment = switch);
        assert_eq!(write(&sim, "POST", "1001", &owner).await.status, status);
        assert_eq!(write(&sim, "DELETE", "1002", &owner).await.status, status);
        assert_eq!(sim.access_view(), before);
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn every_resource_must_be_there_and_in_the_key_s_scope() {
    let sim = sim(World::rich()).await;
    sim.with_world(|world| {
        world.edit_cluster("second", |cluster| cluster.hidden = true);
    });
    let before = sim.access_view();
    let hidden_too = json!({"deployment": [
        {"organization_id": ORG, "role_id": "deployment-admin", "deployment_ids": [MAIN_ID, SECOND_ID]},
    ]});
    for (method, body) in [
        ("DELETE", hidden_too),
        (
            "POST",
            on_deployment("deployment-viewer", "00000000000000000000000000000000"),
        ),
        (
            "POST",
            json!({"organization": [{"organization_id": "198583657191", "role_id": "billing-admin"}]}),
        ),
        (
            "POST",
            json!({"project": {"security": [{"organization_id": ORG, "role_id": "security-viewer", "project_ids": [PROJECT]}]}}),
        ),
    ] {
        let refused = write(&sim, method, "1005", &body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (403, "role_assignments.unauthorized_role_assignments"),
            "{body}"
        );
    }
    let stranger = write(
        &sim,
        "POST",
        "9",
        &on_deployment("deployment-viewer", MAIN_ID),
    )
    .await;
    assert_eq!(
        (stranger.status, stranger.code()),
        (400, "role_assignments.invalid_target_user_id")
    );
    assert_eq!(sim.access_view(), before);
    let path = "/users/1002/role_assignments";
    for (body, status) in [
        (on_deployment("deployment-viewer", MAIN_ID), 200),
        (on_deployment("deployment-viewer", SECOND_ID), 403),
        (
            json!({"organization": [{"organization_id": ORG, "role_id": "billing-admin"}]}),
            403,
        ),
    ] {
        let reply = cloud_as(&sim, SCOPED_CLOUD_KEY, "POST", path, Some(&body)).await;
        assert_eq!(reply.status, status);
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn bodies_that_mean_nothing_are_refused() {
    let sim = sim(World::rich()).await;
    let before = sim.access_view();
    let on = |more: Value| {
        let mut entry = json!({"organization_id": ORG, "role_id": "deployment-viewer"});
        for (key, value) in more.as_object().unwrap() {
            entry[key] = value.clone();
        }
        json!({"deployment": [entry]})
    };
    for (i, body) in [
        json!({}),
        json!([]),
        json!({"deployment": []}),
        json!({"deployment": {}}),
        json!({"deployments": []}),
        json!({"platform": [{"role_id": "platform-admin"}]}),
        json!({"project": {"deployment": []}}),
        json!({"project": []}),
        json!({"organization": [{"organization_id": ORG}]}),
        json!({"organization": [{"role_id": "billing-admin"}]}),
        json!({"organization": [{"organization_id": ORG, "role_id": "deployment-viewer"}]}),
        json!({"organization": [{"organization_id": ORG, "role_id": "billing-admin", "all": true}]}),
        on(json!({})),
        on(json!({"all": false})),
        on(json!({"all": "true"})),
        on(json!({"deployment_ids": []})),
        on(json!({"deployment_ids": MAIN_ID})),
        on(json!({"deployment_ids": [1]})),
        on(json!({"all": true, "deployment_ids": [MAIN_ID]})),
        on(json!({"project_ids": [MAIN_ID]})),
        on(json!({"deployment_ids": [MAIN_ID], "role_id": "deployment-owner"})),
    ]
    .iter()
    .enumerate()
    {
        let reply = write(&sim, "POST", "1002", body).await;
        assert_eq!(
            (reply.status, reply.code()),
            (400, "root.invalid_json_request"),
            "{body}"
        );
        assert_eq!(sim.violations().len(), i + 1);
    }
    assert_eq!(sim.access_view(), before);
    let forced = "/users/1003/role_assignments?force=";
    let body = json!({"deployment": [{"organization_id": ORG, "role_id": "deployment-viewer", "all": true}]});
    for (value, status) in [("true", 200), ("false", 200), ("yes", 400)] {
        let path = format!("{forced}{value}");
        let reply = cloud_as(&sim, TEST_CLOUD_KEY, "DELETE", &path, Some(&body)).await;
        assert_eq!(reply.status, status);
    }
}
