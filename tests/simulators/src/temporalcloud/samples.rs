//! Sample worlds: the worked example, one with every oddity, and generated ones of any size.

use serde_json::{Map, Value, json};

use super::world::World;
use crate::{
    paging::Rows,
    random::{Random, stretch},
};

/// The key of every sample and generated world, unless another is requested.
pub const TEST_KEY: &str = "test-key";

impl World {
    /// An owner, a developer who may write to the one namespace, a service account, and the one of [`TEST_KEY`].
    #[must_use]
    pub fn worked_example() -> Self {
        let mut world = Self::empty("a1b23");
        world
            .add_namespace("demo")
            .add_user("u1", "owner@example.com", "ROLE_OWNER")
            .add_user("u2", "dev@example.com", "ROLE_DEVELOPER")
            .set_namespace_permission("u2", "demo.a1b23", "PERMISSION_WRITE")
            .add_service_account("sa0", "rollcall", "ROLE_ADMIN")
            .add_service_account("sa1", "ci-bot", "ROLE_READ")
            .add_api_key(TEST_KEY, "sa0");
        world
    }

    /// Every oddity once: roles, states, kinds, missing and unknown values. The ids describe the oddities.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example();
        for name in ["orders", "billing", "leaving", "gone", "odd-state"] {
            world.add_namespace(name);
        }
        world
            .add_project("prj_1", "Payments")
            .add_project("prj_2", "Research")
            .add_custom_role("cr_1", "NsReader", "namespace", &["cloud.namespace.get"])
            .add_custom_role("cr_2", "UserReader", "user", &["cloud.user.get"]);
        for row in RICH.split("\n- ") {
            let (id, fields) = row.split_once(": ").unwrap_or_default();
            match (id.split('-').next(), id.split('-').next_back()) {
                (_, Some("key")) => world.add_api_key(id, "sa0"),
                (Some("u"), _) => world.add_user(id, "", ""),
                (Some("sa"), _) => world.add_service_account(id, "", ""),
                (Some("g"), _) => world.add_group(id, "", "", &[]),
                _ => &mut world,
            };
            let fields: Map<String, Value> = serde_json::from_str(fields).unwrap_or_default();
            for (name, mut value) in fields {
                if let Some(role) = value["access"].as_str() {
                    value["access"] = json!({"accountAccess": {"role": format!("ROLE_{role}")}});
                }
                world.set_field(id, &name, value);
            }
        }
        for (group, users) in [
            ("g-cloud", "u2 u-read u-no-access u-suspended"),
            ("g-google", "u-everything"),
            ("g-scim", "u-no-access u-custom"),
            ("g-finance", "u-finance"),
        ] {
            let users = users.split(' ');
            users.for_each(|user| _ = world.add_member(group, user));
        }
        world
    }
}

/// Rows of their own, and fields of others. A text as `access` is an account role.
const RICH: &str = r#"
- orders.a1b23: {"projectId": "prj_1", "tags": {"team": "orders", "costCenter": "42"}}
- billing.a1b23: {"projectId": "prj_1"}
- demo.a1b23: {"projectId": "prj_2"}
- leaving.a1b23: {"state": "RESOURCE_STATE_DELETING"}
- gone.a1b23: {"state": "RESOURCE_STATE_DELETED"}
- odd-state.a1b23: {"state": "RESOURCE_STATE_FUTURE"}
- u-admin: {"spec": {"email": "admin@example.com", "access": "ADMIN"}}
- u-finance: {"spec": {"email": "finance@example.com", "access": "FINANCE_ADMIN"}}
- u-read: {"spec": {"email": "read@example.com", "access": "READ"}}
- u-future: {"spec": {"email": "future@example.com", "access": "FUTURE"}}
- u-no-access: {"spec": {"email": "scim-only@example.com"}}
- u-no-role: {"spec": {"email": "no-role@example.com", "access": {"namespaceAccesses": {"orders.a1b23": {"permission": "PERMISSION_READ"}}}}}
- u-unspecified: {"spec": {"email": "unspecified@example.com", "access": "UNSPECIFIED"}}
- u-custom: {"spec": {"email": "custom@example.com", "access": {"accountAccess": {"customRoles": ["cr_1", "cr_2"]}}}}
- u-everything: {"spec": {"email": "everything@example.com", "access": {"accountAccess": {"role": "ROLE_DEVELOPER", "customRoles": ["cr_1"]},
    "namespaceAccesses": {"orders.a1b23": {"permission": "PERMISSION_ADMIN"}, "billing.a1b23": {"permission": "PERMISSION_READ"}},
    "projectAccesses": {"prj_1": {"role": "PROJECT_ROLE_READ"}, "prj_2": {"role": "PROJECT_ROLE_CONTRIBUTE"}}}}}
- u-odd-permission: {"spec": {"email": "odd-permission@example.com", "access": {"accountAccess": {"role": "ROLE_READ"},
    "namespaceAccesses": {"orders.a1b23": {"permission": "PERMISSION_FUTURE"}, "billing.a1b23": {"permission": "PERMISSION_UNSPECIFIED"},
    "leaving.a1b23": {"permission": "PERMISSION_WRITE"}, "never-was.a1b23": {"permission": "PERMISSION_WRITE"}}}}}
- u-invited: {"spec": {"email": "invited@example.com", "access": "READ"}, "state": "RESOURCE_STATE_ACTIVATING",
    "invitation": {"createdTime": "2026-01-01T00:00:00Z", "expiredTime": "2099-01-01T00:00:00Z"}}
- u-expired: {"spec": {"email": "expired@example.com", "access": "READ"}, "state": "RESOURCE_STATE_EXPIRED",
    "invitation": {"createdTime": "2026-01-01T00:00:00Z", "expiredTime": "2026-01-08T00:00:00Z"}}
- u-suspended: {"spec": {"email": "suspended@example.com", "access": "DEVELOPER"}, "state": "RESOURCE_STATE_SUSPENDED"}
- u-deleting: {"spec": {"email": "deleting@example.com", "access": "READ"}, "state": "RESOURCE_STATE_DELETING"}
- u-update-failed: {"spec": {"email": "failed@example.com", "access": "READ"}, "state": "RESOURCE_STATE_UPDATE_FAILED"}
- u-odd-state: {"spec": {"email": "odd-state@example.com", "access": "READ"}, "state": "RESOURCE_STATE_FUTURE"}
- u-no-time: {"spec": {"email": "no-time@example.com", "access": "READ"}, "createdTime": null}
- u-capital: {"spec": {"email": "Mixed.Case@Example.com", "access": "READ"}}
- sa-metrics: {"spec": {"name": "metrics", "access": "METRICS_READ"}}
- sa-finance: {"spec": {"name": "invoices", "access": "FINANCE_ADMIN"}}
- sa-deploy: {"spec": {"name": "deploy", "access": {"accountAccess": {"role": "ROLE_DEVELOPER"},
    "namespaceAccesses": {"orders.a1b23": {"permission": "PERMISSION_ADMIN"}}}}}
- sa-nameless: {"spec": {"access": "READ"}}
- sa-ns: {"spec": {"name": "orders-worker", "namespaceScopedAccess": {"namespace": "orders.a1b23", "access": {"permission": "PERMISSION_WRITE"}}}}
- sa-prj: {"spec": {"name": "payments-worker", "projectScopedAccess": {"projectId": "prj_1", "access": {"role": "PROJECT_ROLE_WRITE"}}}}
- g-cloud: {"spec": {"displayName": "devs", "cloudGroup": {}, "access": {"accountAccess": {"role": "ROLE_DEVELOPER"},
    "namespaceAccesses": {"orders.a1b23": {"permission": "PERMISSION_WRITE"}}, "projectAccesses": {"prj_2": {"role": "PROJECT_ROLE_ADMIN"}}}}}
- g-google: {"spec": {"displayName": "google-ops", "googleGroup": {"emailAddress": "ops@example.com"}, "access": "ADMIN"}}
- g-scim: {"spec": {"displayName": "scim-readers", "scimGroup": {"idpId": "idp-7"}, "access": {"accountAccess": {"customRoles": ["cr_1"]}}}}
- g-empty: {"spec": {"displayName": "nobody", "cloudGroup": {}}}
- g-finance: {"spec": {"displayName": "finance", "cloudGroup": {}, "access": "FINANCE_ADMIN"}}
- owner-key: {"ownerId": "u1"}
- read-key: {"ownerId": "u-read"}
- developer-key: {"ownerId": "u2"}
- namespace-admin-key: {"ownerId": "u-everything"}
- expired-key: {"expiryTime": "2026-01-02T00:00:00Z"}
- disabled-key: {"disabled": true}
"#;

crate::sizes! {
    /// Users, the owner included.
    users 50
    /// Namespaces.
    namespaces 10
    /// Service accounts in addition to the key's owner.
    service_accounts 10
    /// Groups.
    groups 5
    /// Most members of a group.
    members_per_group 10
    /// Most explicit namespace entries of a principal.
    namespaces_per_principal 4
    /// Custom roles.
    custom_roles 3
    /// Projects.
    projects 2
}

const WORDS: [&str; 6] = ["orders", "billing", "search", "ledger", "fraud", "mail"];
const PERMISSIONS: [&str; 3] = ["PERMISSION_ADMIN", "PERMISSION_WRITE", "PERMISSION_READ"];
const STATES: [&str; 2] = ["RESOURCE_STATE_ACTIVATING", "RESOURCE_STATE_SUSPENDED"];
const PROJECT_ROLES: [&str; 2] = ["PROJECT_ROLE_READ", "PROJECT_ROLE_CONTRIBUTE"];
/// The account roles of users, by frequency; `none` means no access.
const ROLES: &str = "ADMIN DEVELOPER DEVELOPER DEVELOPER DEVELOPER DEVELOPER DEVELOPER FINANCE_ADMIN READ READ READ READ READ UNSPECIFIED none";

impl World {
    /// A realistic account, always the same for the same sizes and seed. [`TEST_KEY`] is that of an admin.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let (mut world, random) = (Self::empty("a1b23"), &mut Random::new(seed));
        let admin = random.hex32();
        world.add_service_account(&admin, "rollcall", "ROLE_ADMIN");
        world.add_api_key(TEST_KEY, &admin);
        for i in 0..sizes.projects {
            world.add_project(&format!("prj_{i}"), random.word(&WORDS));
        }
        for i in 0..sizes.custom_roles {
            world.add_custom_role(&format!("cr_{i}"), random.word(&WORDS), "namespace", &[]);
        }
        for i in 0..sizes.namespaces {
            let name = format!("{}-{i}", random.word(&WORDS));
            world.add_namespace(&name);
            if let Some(project) = any(&world.projects, random) {
                world.set_namespace_project(&format!("{name}.a1b23"), &project);
            }
        }
        let (mut users, roles): (Vec<_>, Vec<_>) = (Vec::new(), ROLES.split(' ').collect());
        for i in 0..sizes.users {
            let (id, name) = (random.hex32(), random.word(&WORDS));
            let role = if i == 0 { "OWNER" } else { random.word(&roles) };
            let spec = json!({"email": format!("{name}{i}@example.com"), "access": world.access(role, sizes, random)});
            world.add(|world| &mut world.users, &id, spec);
            if i > 0 && random.chance(9) {
                world.set_state(&id, random.word(&STATES));
            }
            users.push(id);
        }
        for i in 0..sizes.service_accounts {
            let (id, name) = (random.hex32(), format!("bot-{i}"));
            let role = ["DEVELOPER", "READ", "METRICS_READ", "ADMIN", "READ"][i % 5];
            let (permission, on_project) = (random.word(&PERMISSIONS), random.word(&PROJECT_ROLES));
            let [on, within] = [&world.namespaces, &world.projects].map(|rows| any(rows, random));
            let spec = match (i % 4, on, within) {
                (0, Some(on), _) => json!({"name": name, "namespaceScopedAccess": {
                    "namespace": on, "access": {"permission": permission}}}),
                (1, _, Some(within)) => json!({"name": name, "projectScopedAccess": {
                    "projectId": within, "access": {"role": on_project}}}),
                _ => json!({"name": name, "access": world.access(role, sizes, random)}),
            };
            world.add(|world| &mut world.service_accounts, &id, spec);
        }
        for i in 0..sizes.groups {
            let (id, name) = (random.hex32(), format!("team-{i}"));
            let mut spec = match i % 4 {
                1 => json!({"googleGroup": {"emailAddress": format!("{name}@example.com")}}),
                2 => json!({"scimGroup": {"idpId": format!("idp-{i}")}}),
                _ => json!({"cloudGroup": {}}),
            };
            let role = ["UNSPECIFIED", "READ", "none", "DEVELOPER", "ADMIN"][i % 5];
            spec["access"] = world.access(role, sizes, random);
            spec["displayName"] = json!(name);
            world.add(|world| &mut world.groups, &id, spec);
            for user in stretch(random, &users, sizes.members_per_group) {
                world.add_member(&id, user);
            }
        }
        world
    }

    /// A role, and some of everything else.
    fn access(&self, role: &str, sizes: &Sizes, random: &mut Random) -> Value {
        let mut access = json!({"accountAccess": {"role": format!("ROLE_{role}")}});
        let entries = match role {
            "none" => return Value::Null,
            "OWNER" | "ADMIN" => 0,
            _ => random.below(sizes.namespaces_per_principal + 1),
        };
        for on in (0..entries).filter_map(|_| any(&self.namespaces, random)) {
            access["namespaceAccesses"][on] = json!({"permission": PERMISSIONS[entries % 3]});
        }
        if let Some(project) = any(&self.projects, random).filter(|_| random.chance(10)) {
            access["projectAccesses"][project] = json!({"role": random.word(&PROJECT_ROLES)});
        }
        if let Some(custom) = any(&self.custom_roles, random).filter(|_| random.chance(8)) {
            access["accountAccess"]["customRoles"] = json!([custom]);
        }
        access
    }
}

/// The id of any row.
fn any(rows: &Rows, random: &mut Random) -> Option<String> {
    rows.keys().nth(random.below(rows.len())).cloned()
}
