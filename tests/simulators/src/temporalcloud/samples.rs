//! Two small worlds made by hand.

use serde_json::json;

use super::state::World;

/// The key of every sample and generated world, unless another is asked for.
pub const TEST_KEY: &str = "test-key";

impl World {
    /// Account `a1b23`: an owner, a developer who may write to the one namespace, a service account, and the admin
    /// service account `sa0` (`rollcall`) that [`TEST_KEY`] belongs to.
    #[must_use]
    pub fn worked_example() -> Self {
        let mut world = Self::empty("a1b23");
        world.add_namespace("demo");
        world
            .add_user("u1", "owner@example.com", "ROLE_OWNER")
            .add_user("u2", "dev@example.com", "ROLE_DEVELOPER");
        world
            .set_namespace_permission("u2", "demo.a1b23", "PERMISSION_WRITE")
            .set_field("u2", "lastModifiedTime", json!("2026-02-01T00:00:00Z"));
        world
            .add_service_account("sa0", "rollcall", "ROLE_ADMIN")
            .add_service_account("sa1", "ci-bot", "ROLE_READ");
        world.add_api_key(TEST_KEY, "sa0");
        world
    }

    /// Every oddity once: all roles, states, group kinds and service-account forms, missing and unknown values. The
    /// ids say what is odd.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example();
        world
            .add_project("prj_1", "Payments")
            .add_project("prj_2", "Research");
        world
            .add_namespace("orders")
            .add_namespace("billing")
            .add_namespace("leaving")
            .add_namespace("gone")
            .add_namespace("odd-state");
        world
            .set_namespace_project("orders.a1b23", "prj_1")
            .set_namespace_project("billing.a1b23", "prj_1")
            .set_namespace_project("demo.a1b23", "prj_2");
        world.set_field(
            "orders.a1b23",
            "tags",
            json!({"team": "orders", "costCenter": "42"}),
        );
        world
            .set_state("leaving.a1b23", "RESOURCE_STATE_DELETING")
            .set_state("gone.a1b23", "RESOURCE_STATE_DELETED");
        world.set_state("odd-state.a1b23", "RESOURCE_STATE_FUTURE");
        world.add_custom_role(
            "cr_1",
            "NsReader",
            "namespace",
            &["cloud.namespace.get", "cloud.namespace.list"],
        );
        world.add_custom_role(
            "cr_2",
            "UserReader",
            "user",
            &["cloud.user.get", "cloud.user.list"],
        );

        world
            .add_user("u-admin", "admin@example.com", "ROLE_ADMIN")
            .add_user("u-finance", "finance@example.com", "ROLE_FINANCE_ADMIN");
        world
            .add_user("u-read", "read@example.com", "ROLE_READ")
            .add_user("u-future", "future@example.com", "ROLE_FUTURE");
        world.add_user("u-no-access", "scim-only@example.com", "");
        world.add_user("u-no-role", "no-role@example.com", "");
        world.set_namespace_permission("u-no-role", "orders.a1b23", "PERMISSION_READ");
        world.add_user(
            "u-unspecified",
            "unspecified@example.com",
            "ROLE_UNSPECIFIED",
        );
        world
            .add_user("u-custom", "custom@example.com", "")
            .set_custom_roles("u-custom", &["cr_1", "cr_2"]);
        world
            .add_user("u-everything", "everything@example.com", "ROLE_DEVELOPER")
            .set_custom_roles("u-everything", &["cr_1"]);
        world.set_namespace_permission("u-everything", "orders.a1b23", "PERMISSION_ADMIN");
        world.set_namespace_permission("u-everything", "billing.a1b23", "PERMISSION_READ");
        world
            .set_project_role("u-everything", "prj_1", "PROJECT_ROLE_READ")
            .set_project_role("u-everything", "prj_2", "PROJECT_ROLE_CONTRIBUTE");
        world.add_user(
            "u-odd-permission",
            "odd-permission@example.com",
            "ROLE_READ",
        );
        world.set_namespace_permission("u-odd-permission", "orders.a1b23", "PERMISSION_FUTURE");
        world.set_namespace_permission(
            "u-odd-permission",
            "billing.a1b23",
            "PERMISSION_UNSPECIFIED",
        );
        world.set_namespace_permission("u-odd-permission", "leaving.a1b23", "PERMISSION_WRITE");
        world.set_namespace_permission("u-odd-permission", "never-was.a1b23", "PERMISSION_WRITE");
        world
            .add_user("u-invited", "invited@example.com", "ROLE_READ")
            .set_invited("u-invited", false);
        world
            .add_user("u-expired", "expired@example.com", "ROLE_READ")
            .set_invited("u-expired", true);
        world
            .add_user("u-suspended", "suspended@example.com", "ROLE_DEVELOPER")
            .set_state("u-suspended", "RESOURCE_STATE_SUSPENDED");
        world
            .add_user("u-deleting", "deleting@example.com", "ROLE_READ")
            .set_state("u-deleting", "RESOURCE_STATE_DELETING");
        world
            .add_user("u-update-failed", "failed@example.com", "ROLE_READ")
            .set_state("u-update-failed", "RESOURCE_STATE_UPDATE_FAILED");
        world
            .add_user("u-odd-state", "odd-state@example.com", "ROLE_READ")
            .set_state("u-odd-state", "RESOURCE_STATE_FUTURE");
        world
            .add_user("u-no-time", "no-time@example.com", "ROLE_READ")
            .set_field("u-no-time", "createdTime", json!(null));
        world.add_user("u-capital", "Mixed.Case@Example.com", "ROLE_READ");

        world
            .add_service_account("sa-metrics", "metrics", "ROLE_METRICS_READ")
            .add_service_account("sa-finance", "invoices", "ROLE_FINANCE_ADMIN");
        world
            .add_service_account("sa-deploy", "deploy", "ROLE_DEVELOPER")
            .set_namespace_permission("sa-deploy", "orders.a1b23", "PERMISSION_ADMIN");
        world.add_service_account("sa-nameless", "", "ROLE_READ");
        world.add_namespace_scoped("sa-ns", "orders-worker", "orders.a1b23", "PERMISSION_WRITE");
        world.add_project_scoped("sa-prj", "payments-worker", "prj_1", "PROJECT_ROLE_WRITE");

        world.add_group(
            "g-cloud",
            "devs",
            "ROLE_DEVELOPER",
            &["u2", "u-read", "u-no-access", "u-suspended"],
        );
        world
            .set_namespace_permission("g-cloud", "orders.a1b23", "PERMISSION_WRITE")
            .set_project_role("g-cloud", "prj_2", "PROJECT_ROLE_ADMIN");
        world.add_group_of(
            "g-google",
            "google-ops",
            "ROLE_ADMIN",
            json!({"googleGroup": {"emailAddress": "ops@example.com"}}),
            &["u-everything"],
        );
        world.add_group_of(
            "g-scim",
            "scim-readers",
            "",
            json!({"scimGroup": {"idpId": "idp-7"}}),
            &["u-no-access", "u-custom"],
        );
        world.set_custom_roles("g-scim", &["cr_1"]);
        world.add_group("g-empty", "nobody", "", &[]);
        world.add_group("g-finance", "finance", "ROLE_FINANCE_ADMIN", &["u-finance"]);

        for (key, owner) in [
            ("owner-key", "u1"),
            ("read-key", "u-read"),
            ("developer-key", "u2"),
            ("namespace-admin-key", "u-everything"),
        ] {
            world.add_api_key(key, owner);
        }
        world
            .add_api_key("expired-key", "sa0")
            .add_api_key("disabled-key", "sa0");
        for key in &mut world.api_keys {
            match key.secret.as_str() {
                "expired-key" => key.expiry = "2026-01-02T00:00:00Z".to_owned(),
                "disabled-key" => key.disabled = true,
                _ => {}
            }
        }
        // Not the time of building: the world is the same whenever it is made.
        for object in world
            .users
            .values_mut()
            .chain(world.service_accounts.values_mut())
            .chain(world.groups.values_mut())
        {
            if object.get("lastModifiedTime").is_some() {
                object["lastModifiedTime"] = json!("2026-02-01T00:00:00Z");
            }
        }
        world
    }
}
