//! Casings, default values and API versions.

use rollcall_simulators::temporalcloud::{Casing, Defaults, World};
use serde_json::{Value, json};

use crate::client::{VERSION, get, post, quick, send, update_user};

#[tokio::test]
async fn snake_case_answers_keep_the_keys_of_maps() {
    let sim = quick(World::rich()).await;
    sim.set_options(|options| options.casing = Casing::Snake);
    let user = get(&sim, "/cloud/users/u-everything").await.json["user"].clone();
    assert_eq!(
        user["spec"]["access"]["account_access"]["custom_roles"],
        json!(["cr_1"])
    );
    assert_eq!(
        user["spec"]["access"]["namespace_accesses"]["orders.a1b23"]["permission"],
        "PERMISSION_ADMIN"
    );
    let namespace = get(&sim, "/cloud/namespaces/orders.a1b23").await.json["namespace"].clone();
    assert_eq!(namespace["tags"]["costCenter"], "42");
    assert_eq!(
        get(&sim, "/cloud/service-accounts").await.json["service_account"]
            .as_array()
            .unwrap()
            .len(),
        8
    );
}

#[tokio::test]
async fn defaults_are_omitted_emitted_or_null() {
    let sim = quick(World::rich()).await;
    let list = get(&sim, "/cloud/projects").await.json;
    assert!(list.get("nextPageToken").is_none());
    sim.set_options(|options| options.defaults = Defaults::Emitted);
    let user = get(&sim, "/cloud/users/u-no-role").await.json["user"].clone();
    assert_eq!(user["asyncOperationId"], "");
    assert_eq!(user["invitation"], Value::Null);
    assert_eq!(user["spec"]["access"]["projectAccesses"], json!({}));
    assert_eq!(get(&sim, "/cloud/projects").await.json["nextPageToken"], "");
    let entry = get(&sim, "/cloud/users/u-odd-permission").await.json["user"]["spec"]["access"]["namespaceAccesses"]["billing.a1b23"].clone();
    assert_eq!(entry["permission"], "PERMISSION_UNSPECIFIED");
    let group = get(&sim, "/cloud/user-groups/g-empty").await.json["group"]["spec"].clone();
    assert_eq!(
        (
            group.get("scimGroup"),
            &group["cloudGroup"],
            &group["access"]
        ),
        (None, &json!({}), &Value::Null)
    );
    sim.set_options(|options| options.defaults = Defaults::Null);
    assert_eq!(
        get(&sim, "/cloud/users/u-no-role").await.json["user"]["asyncOperationId"],
        Value::Null
    );
}

#[tokio::test]
async fn a_spec_survives_the_round_trip_in_every_encoding() {
    for casing in [Casing::Camel, Casing::Snake] {
        for defaults in [Defaults::Omitted, Defaults::Emitted, Defaults::Null] {
            let sim = quick(World::rich()).await;
            sim.set_options(|options| (options.casing, options.defaults) = (casing, defaults));
            let users = get(&sim, "/cloud/users?pageSize=1000").await.json["users"].clone();
            for user in users
                .as_array()
                .unwrap()
                .iter()
                .filter(|user| user["id"] != "u1")
            {
                let version = user.get("resourceVersion").or(user.get("resource_version"));
                let reply = post(
                    &sim,
                    &format!("/cloud/users/{}", user["id"].as_str().unwrap()),
                    json!({"spec": user["spec"], "resourceVersion": version}),
                )
                .await;
                assert!(
                    reply.message().contains("nothing to change"),
                    "{user} {}",
                    reply.text
                );
            }
            assert_eq!(sim.violations(), Vec::<String>::new());
            assert_eq!(
                sim.with_world(|world| world.access_view()),
                World::rich().access_view()
            );
        }
    }
}

#[tokio::test]
async fn strings_beside_enums_at_the_date_version_only() {
    let sim = quick(World::rich()).await;
    let read = async |version: &str| {
        send(&sim, "test-key", version, "GET", "/cloud/users/u2", None)
            .await
            .json["user"]
            .clone()
    };
    let (old, date, new) = (
        read("v0.2.0").await,
        read("2024-10-01-00").await,
        read(VERSION).await,
    );
    let role = |user: &Value, field: &str| user["spec"]["access"]["accountAccess"][field].clone();
    assert_eq!(
        (role(&old, "role"), role(&old, "roleDeprecated")),
        (Value::Null, json!("developer"))
    );
    assert_eq!(
        (role(&date, "role"), role(&date, "roleDeprecated")),
        (json!("ROLE_DEVELOPER"), json!("developer"))
    );
    assert_eq!(
        (role(&new, "role"), role(&new, "roleDeprecated")),
        (json!("ROLE_DEVELOPER"), Value::Null)
    );
    assert_eq!(old["stateDeprecated"], "active");
    // A client of strings can write with strings.
    let reply = update_user(&sim, "test-key", "v0.2.0", "u2", |spec| {
        spec["access"]["accountAccess"]["roleDeprecated"] = json!("read")
    })
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(
        sim.with_world(|world| world.account_role("u2")),
        Some("ROLE_READ".to_owned())
    );
}

#[tokio::test]
async fn what_a_version_cannot_express_is_kept_and_what_it_can_is_cleared() {
    let rebuilt = |spec: &mut Value| {
        *spec = json!({"email": spec["email"], "access": {"accountAccess": {"role": "ROLE_READ"}, "namespaceAccesses": {"orders.a1b23": {"permission": "PERMISSION_READ"}}}});
    };
    for (version, roles, projects) in [
        ("2024-10-01-00", 1, true),
        ("v0.13.0", 0, true),
        ("v0.17.3", 0, true),
        ("v0.18.0", 0, false),
        (VERSION, 0, false),
    ] {
        let sim = quick(World::rich()).await;
        let reply = update_user(&sim, "test-key", version, "u-everything", rebuilt).await;
        assert_eq!(reply.status, 200, "{version} {}", reply.text);
        sim.with_world(|world| {
            assert_eq!(
                world.custom_roles_of("u-everything").len(),
                roles,
                "{version}"
            );
            assert_eq!(
                world.project_role("u-everything", "prj_1").is_some(),
                projects,
                "{version}"
            );
            assert_eq!(
                world.namespace_permission("u-everything", "billing.a1b23"),
                None
            );
        });
    }
}

#[tokio::test]
async fn a_field_newer_than_the_version_is_ignored_and_counted() {
    let sim = quick(World::rich()).await;
    let reply = update_user(&sim, "test-key", "v0.17.0", "u2", |spec| {
        spec["access"]["projectAccesses"] = json!({"prj_1": {"role": "PROJECT_ROLE_READ"}});
        spec["access"]["accountAccess"]["role"] = json!(5);
    })
    .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(
        sim.with_world(|world| world.project_role("u2", "prj_1")),
        None
    );
    assert_eq!(
        sim.with_world(|world| world.account_role("u2")),
        Some("ROLE_READ".to_owned())
    );
    assert_eq!(sim.violations().len(), 1);
}
