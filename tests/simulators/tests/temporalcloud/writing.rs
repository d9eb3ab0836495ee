//! The rules of writes.

use rollcall_simulators::temporalcloud::{MemberRepeat, StaleVersion, World, account_access};
use serde_json::{Value, json};

use crate::client::{VERSION, delete, get, post, quick, send, update_user, version_of};

fn role(role: &'static str) -> impl FnOnce(&mut Value) {
    move |spec| spec["access"]["accountAccess"]["role"] = json!(role)
}

#[tokio::test]
async fn grant_then_revoke_changes_nothing() {
    let sim = quick(World::worked_example()).await;
    let before = sim.with_world(|world| world.access_view());
    let path = "/cloud/namespaces/demo.a1b23/service-accounts/sa1/access";
    let grant = post(&sim, path, json!({"access": {"permission": "PERMISSION_READ"}, "resourceVersion": version_of(&sim, "sa1"), "asyncOperationId": "op-1"})).await;
    assert_eq!((grant.status, grant.state()), (200, "STATE_FULFILLED"));
    assert_eq!(
        sim.with_world(|world| world.namespace_permission("sa1", "demo.a1b23"))
            .as_deref(),
        Some("PERMISSION_READ")
    );
    let revoke = post(&sim, path, json!({"access": {}, "resource_version": version_of(&sim, "sa1"), "async_operation_id": "op-2"})).await;
    assert_eq!(revoke.status, 200, "{}", revoke.text);
    assert_eq!(sim.with_world(|world| world.access_view()), before);
    let again = post(
        &sim,
        path,
        json!({"resourceVersion": version_of(&sim, "sa1")}),
    )
    .await;
    assert_eq!((again.status, again.json["code"].as_u64()), (400, Some(3)));
    assert!(again.message().contains("nothing to change"));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn admins_hold_no_explicit_entries() {
    let sim = quick(World::rich()).await;
    for id in ["u-admin", "u1"] {
        let body = json!({"access": {"permission": "PERMISSION_READ"}, "resourceVersion": version_of(&sim, id)});
        let reply = post(
            &sim,
            &format!("/cloud/namespaces/demo.a1b23/users/{id}/access"),
            body,
        )
        .await;
        assert!(
            reply.message().contains("nothing to change"),
            "{}",
            reply.text
        );
    }
    assert_eq!(
        update_user(&sim, "test-key", VERSION, "u2", role("ROLE_ADMIN"))
            .await
            .status,
        200
    );
    assert_eq!(
        sim.with_world(|world| world.namespace_permission("u2", "demo.a1b23")),
        None
    );
    assert_eq!(
        update_user(&sim, "test-key", VERSION, "u2", role("ROLE_DEVELOPER"))
            .await
            .status,
        200
    );
    assert_eq!(
        sim.with_world(|world| world.namespace_permission("u2", "demo.a1b23")),
        None
    );
}

#[tokio::test]
async fn roles_that_cannot_be_assigned() {
    let sim = quick(World::rich()).await;
    let before = sim.with_world(|world| world.clone());
    assert!(
        update_user(&sim, "test-key", VERSION, "u1", role("ROLE_ADMIN"))
            .await
            .message()
            .contains("account owner")
    );
    assert!(
        update_user(&sim, "test-key", VERSION, "u2", role("ROLE_OWNER"))
            .await
            .message()
            .contains("account owner")
    );
    let metrics = update_user(&sim, "test-key", VERSION, "u2", role("ROLE_METRICS_READ")).await;
    assert_eq!(
        metrics.message(),
        "metrics account role is not supported for users (type: bad-request, retryable: false)"
    );
    assert_eq!(
        update_user(&sim, "test-key", VERSION, "u2", role("ROLE_FINANCE_ADMIN"))
            .await
            .status,
        403
    );
    assert_eq!(
        update_user(&sim, "test-key", VERSION, "u2", |spec| spec["email"] =
            json!("new@example.com"))
        .await
        .status,
        400
    );
    assert_eq!(
        update_user(
            &sim,
            "developer-key",
            VERSION,
            "u-read",
            role("ROLE_DEVELOPER")
        )
        .await
        .status,
        403
    );
    assert_eq!(
        post(
            &sim,
            "/cloud/users",
            json!({"spec": {"email": "o@example.com", "access": account_access("ROLE_OWNER")}})
        )
        .await
        .status,
        400
    );
    let owner = delete(
        &sim,
        &format!("/cloud/users/u1?resourceVersion={}", version_of(&sim, "u1")),
    )
    .await;
    assert_eq!(owner.status, 400);
    assert_eq!(sim.with_world(|world| world.clone()), before);
    assert_eq!(
        update_user(&sim, "owner-key", VERSION, "u2", role("ROLE_FINANCE_ADMIN"))
            .await
            .status,
        200
    );
    let metrics = json!({"spec": {"name": "m", "access": account_access("ROLE_METRICS_READ")}});
    assert_eq!(
        post(&sim, "/cloud/service-accounts", metrics).await.status,
        200
    );
}

#[tokio::test]
async fn stale_versions() {
    let sim = quick(World::worked_example()).await;
    for (stale, status, code) in [
        (StaleVersion::Aborted, 409, 10),
        (StaleVersion::FailedPrecondition, 400, 9),
        (StaleVersion::InvalidArgument, 400, 3),
    ] {
        sim.set_options(|options| options.stale_version = stale);
        let old = version_of(&sim, "u2");
        sim.with_world(|world| world.touch("u2"));
        let body = json!({"spec": {"email": "dev@example.com"}, "resourceVersion": old});
        let reply = post(&sim, "/cloud/users/u2", body).await;
        assert_eq!(
            (reply.status, reply.json["code"].as_u64()),
            (status, Some(code))
        );
        assert!(reply.message().contains("version"));
        assert_eq!(delete(&sim, "/cloud/users/u2").await.status, status);
    }
}

#[tokio::test]
async fn unknown_things_are_not_found() {
    let sim = quick(World::rich()).await;
    let access = json!({"access": {"permission": "PERMISSION_READ"}, "resourceVersion": version_of(&sim, "u-read")});
    assert_eq!(
        post(
            &sim,
            "/cloud/namespaces/nowhere.a1b23/users/u-read/access",
            access.clone()
        )
        .await
        .status,
        404
    );
    assert_eq!(
        post(
            &sim,
            "/cloud/namespaces/demo.a1b23/users/nobody/access",
            access.clone()
        )
        .await
        .status,
        404
    );
    assert_eq!(
        post(
            &sim,
            "/cloud/namespaces/gone.a1b23/users/u-read/access",
            access.clone()
        )
        .await
        .status,
        404
    );
    assert_eq!(
        post(
            &sim,
            "/cloud/namespaces/leaving.a1b23/users/u-read/access",
            access
        )
        .await
        .status,
        400
    );
    let roles = |spec: &mut Value| spec["access"]["accountAccess"]["customRoles"] = json!(["cr_9"]);
    assert_eq!(
        update_user(&sim, "test-key", VERSION, "u-read", roles)
            .await
            .status,
        404
    );
    assert_eq!(
        delete(&sim, "/cloud/users/nobody?resourceVersion=1")
            .await
            .status,
        404
    );
    assert_eq!(get(&sim, "/cloud/operations/none").await.status, 404);
}

#[tokio::test]
async fn invite_and_delete() {
    let sim = quick(World::rich()).await;
    let body = json!({"spec": {"email": "new@example.com", "access": account_access("ROLE_READ")}, "asyncOperationId": "create-1"});
    let created = post(&sim, "/cloud/users", body.clone()).await;
    let id = created.json["userId"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), created.state()), (32, "STATE_FULFILLED"));
    assert_eq!(
        post(&sim, "/cloud/users", body).await.json["userId"],
        id.as_str()
    );
    let user = get(&sim, &format!("/cloud/users/{id}")).await.json["user"].clone();
    assert_eq!(user["state"], "RESOURCE_STATE_ACTIVATING");
    assert!(user["invitation"]["expiredTime"].is_string());
    let duplicate = post(
        &sim,
        "/cloud/users",
        json!({"spec": {"email": "NEW@example.com"}}),
    )
    .await;
    assert_eq!(
        (duplicate.status, duplicate.json["code"].as_u64()),
        (409, Some(6))
    );
    assert_eq!(
        delete(
            &sim,
            &format!(
                "/cloud/users/{id}?resourceVersion={}&asyncOperationId=d",
                version_of(&sim, &id)
            )
        )
        .await
        .status,
        200
    );
    assert!(!sim.with_world(|world| world.exists(&id)));
    assert_eq!(
        post(
            &sim,
            "/cloud/users",
            json!({"spec": {"email": "new@example.com"}})
        )
        .await
        .status,
        200
    );
    assert_eq!(
        delete(
            &sim,
            &format!(
                "/cloud/users/u-read?resourceVersion={}",
                version_of(&sim, "u-read")
            )
        )
        .await
        .status,
        200
    );
    assert!(!sim.with_world(|world| world.is_member("g-cloud", "u-read")));
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn members() {
    let sim = quick(World::rich()).await;
    let body = |id: &str| json!({"memberId": {"userId": id}});
    assert_eq!(
        post(
            &sim,
            "/cloud/user-groups/g-cloud/members",
            body("u-capital")
        )
        .await
        .status,
        200
    );
    assert!(sim.with_world(|world| world.is_member("g-cloud", "u-capital")));
    assert!(
        post(
            &sim,
            "/cloud/user-groups/g-cloud/members",
            body("u-capital")
        )
        .await
        .message()
        .contains("nothing to change")
    );
    assert_eq!(
        post(
            &sim,
            "/cloud/user-groups/g-cloud/remove-member",
            body("u-capital")
        )
        .await
        .status,
        200
    );
    sim.set_options(|options| options.member_repeat = MemberRepeat::Conflict);
    assert_eq!(
        post(
            &sim,
            "/cloud/user-groups/g-cloud/remove-member",
            body("u-capital")
        )
        .await
        .status,
        404
    );
    assert_eq!(
        post(&sim, "/cloud/user-groups/g-cloud/members", body("u2"))
            .await
            .status,
        409
    );
    assert_eq!(
        post(&sim, "/cloud/user-groups/g-cloud/members", body("sa1"))
            .await
            .status,
        404
    );
    assert_eq!(
        post(&sim, "/cloud/user-groups/g-scim/members", body("u2"))
            .await
            .status,
        400
    );
    assert_eq!(
        sim.with_world(|world| world.access_view()),
        World::rich().access_view()
    );
    assert_eq!(
        send(
            &sim,
            "read-key",
            VERSION,
            "POST",
            "/cloud/user-groups/g-cloud/members",
            Some(&body("u1"))
        )
        .await
        .status,
        403
    );
}

#[tokio::test]
async fn scoped_service_accounts_and_projects() {
    let sim = quick(World::rich()).await;
    let set = |id: &str, permission: &str| json!({"access": {"permission": permission}, "resourceVersion": version_of(&sim, id)});
    assert_eq!(
        post(
            &sim,
            "/cloud/namespaces/orders.a1b23/service-accounts/sa-ns/access",
            set("sa-ns", "PERMISSION_READ")
        )
        .await
        .status,
        200
    );
    assert_eq!(
        sim.with_world(|world| world.namespace_permission("sa-ns", "orders.a1b23"))
            .as_deref(),
        Some("PERMISSION_READ")
    );
    assert_eq!(
        post(
            &sim,
            "/cloud/namespaces/demo.a1b23/service-accounts/sa-ns/access",
            set("sa-ns", "PERMISSION_READ")
        )
        .await
        .status,
        400
    );
    let project = json!({"access": {"role": "PROJECT_ROLE_WRITE"}, "resourceVersion": version_of(&sim, "u2")});
    assert_eq!(
        post(&sim, "/cloud/projects/prj_1/users/u2/access", project)
            .await
            .status,
        200
    );
    assert_eq!(
        sim.with_world(|world| world.project_role("u2", "prj_1"))
            .as_deref(),
        Some("PROJECT_ROLE_WRITE")
    );
    let both = json!({"spec": {"name": "x", "access": {}, "namespaceScopedAccess": {"namespace": "demo.a1b23"}}});
    assert_eq!(
        post(&sim, "/cloud/service-accounts", both).await.status,
        400
    );
    assert_eq!(
        post(
            &sim,
            "/cloud/user-groups",
            json!({"spec": {"displayName": "ok-name", "cloudGroup": {}}})
        )
        .await
        .status,
        200
    );
    assert_eq!(
        post(
            &sim,
            "/cloud/user-groups",
            json!({"spec": {"displayName": "Not ok", "cloudGroup": {}}})
        )
        .await
        .status,
        400
    );
}
