//! Generated worlds of any size.

use serde_json::json;

use super::{samples::TEST_KEY, state::World};
use crate::random::Random;

/// How much of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Users, the owner included.
    pub users: usize,
    /// Namespaces.
    pub namespaces: usize,
    /// Service accounts, besides the one the key belongs to.
    pub service_accounts: usize,
    /// Groups.
    pub groups: usize,
    /// Most members of a group.
    pub members_per_group: usize,
    /// Most explicit namespace entries of a principal.
    pub namespaces_per_principal: usize,
    /// Custom roles.
    pub custom_roles: usize,
    /// Projects.
    pub projects: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            users: 50,
            namespaces: 10,
            service_accounts: 10,
            groups: 5,
            members_per_group: 10,
            namespaces_per_principal: 4,
            custom_roles: 3,
            projects: 2,
        }
    }
}

const FIRST: [&str; 12] = [
    "ada", "bela", "chidi", "dana", "emil", "fatima", "goran", "hana", "ivo", "jun", "kofi", "lena",
];
const LAST: [&str; 12] = [
    "moreau", "novak", "okafor", "petrov", "quist", "rossi", "sato", "torres", "usman", "vega",
    "weber", "yilmaz",
];
const AREA: [&str; 8] = [
    "orders", "billing", "search", "ledger", "shipping", "fraud", "catalog", "mail",
];
const STAGE: [&str; 3] = ["dev", "staging", "prod"];
const PERMISSIONS: [&str; 3] = ["PERMISSION_ADMIN", "PERMISSION_WRITE", "PERMISSION_READ"];
const PROJECT_ROLES: [&str; 4] = [
    "PROJECT_ROLE_ADMIN",
    "PROJECT_ROLE_WRITE",
    "PROJECT_ROLE_READ",
    "PROJECT_ROLE_CONTRIBUTE",
];

struct Generator {
    world: World,
    random: Random,
    namespaces: Vec<String>,
    projects: Vec<String>,
    roles: Vec<String>,
}

impl World {
    /// A realistic account; the same sizes and seed always give the same one. [`TEST_KEY`] belongs to the admin
    /// service account `rollcall`.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let admin = random.hex32();
        let mut world = Self::empty("a1b23");
        world
            .add_service_account(&admin, "rollcall", "ROLE_ADMIN")
            .add_api_key(TEST_KEY, &admin);
        let mut generator = Generator {
            world,
            random,
            namespaces: Vec::new(),
            projects: Vec::new(),
            roles: Vec::new(),
        };
        generator.objects(sizes);
        let users = generator.users(sizes);
        generator.service_accounts(sizes);
        generator.groups(sizes, &users);
        generator.world
    }
}

impl Generator {
    fn pick(&mut self, items: &[&'static str]) -> &'static str {
        self.random.pick(items).copied().unwrap_or_default()
    }

    fn objects(&mut self, sizes: &Sizes) {
        for i in 0..sizes.projects {
            let id = format!("prj_{}", &self.random.hex32()[..12]);
            let name = format!("{}-{i}", self.pick(&AREA));
            self.world.add_project(&id, &name);
            self.projects.push(id);
        }
        for i in 0..sizes.custom_roles {
            let id = format!("cr_{}", &self.random.hex32()[..12]);
            self.world.add_custom_role(
                &id,
                &format!("Role{i}"),
                "namespace",
                &["cloud.namespace.get", "cloud.namespace.list"],
            );
            self.roles.push(id);
        }
        for i in 0..sizes.namespaces {
            let name = format!("{}-{}-{i}", self.pick(&AREA), self.pick(&STAGE));
            let id = format!("{name}.{}", self.world.account_id);
            self.world.add_namespace(&name);
            if let Some(project) = self.random.pick(&self.projects).cloned() {
                self.world.set_namespace_project(&id, &project);
            }
            if self.random.chance(30) {
                self.world
                    .set_field(&id, "tags", json!({"team": AREA[i % AREA.len()]}));
            }
            self.namespaces.push(id);
        }
    }

    fn users(&mut self, sizes: &Sizes) -> Vec<String> {
        let mut ids = Vec::new();
        for i in 0..sizes.users {
            let id = self.random.hex32();
            let email = format!("{}.{}{i}@example.com", self.pick(&FIRST), self.pick(&LAST));
            // "-" is a user with custom roles only, "" one without any access of their own.
            let role = match (i, self.random.below(100)) {
                (0, _) => "ROLE_OWNER",
                (_, 0..6) => "ROLE_ADMIN",
                (_, 6..50) => "ROLE_DEVELOPER",
                (_, 50..53) => "ROLE_FINANCE_ADMIN",
                (_, 53..90) => "ROLE_READ",
                (_, 90..95) if !self.roles.is_empty() => "-",
                _ => "",
            };
            self.world
                .add_user(&id, &email, if role == "-" { "" } else { role });
            if role == "-" || (role == "ROLE_READ" && self.random.chance(10)) {
                self.custom_role(&id);
            }
            if matches!(role, "ROLE_DEVELOPER" | "ROLE_READ" | "ROLE_FINANCE_ADMIN") {
                self.entries(&id, sizes.namespaces_per_principal);
            }
            if i > 0 {
                match self.random.below(100) {
                    0..5 => self.world.set_invited(&id, false),
                    5..7 => self.world.set_invited(&id, true),
                    7..9 => self.world.set_state(&id, "RESOURCE_STATE_SUSPENDED"),
                    _ => &mut self.world,
                };
            }
            self.dates(&id);
            ids.push(id);
        }
        ids
    }

    fn service_accounts(&mut self, sizes: &Sizes) {
        for i in 0..sizes.service_accounts {
            let id = self.random.hex32();
            let name = format!("{}-bot-{i}", self.pick(&AREA));
            let namespace = self.random.pick(&self.namespaces).cloned();
            let project = self.random.pick(&self.projects).cloned();
            match (self.random.below(100), namespace, project) {
                (0..30, Some(namespace), _) => {
                    let permission = self.pick(&PERMISSIONS);
                    self.world
                        .add_namespace_scoped(&id, &name, &namespace, permission);
                }
                (30..45, _, Some(project)) => {
                    let role = self.pick(&PROJECT_ROLES);
                    self.world.add_project_scoped(&id, &name, &project, role);
                }
                _ => {
                    let role = self.pick(&[
                        "ROLE_READ",
                        "ROLE_READ",
                        "ROLE_DEVELOPER",
                        "ROLE_ADMIN",
                        "ROLE_METRICS_READ",
                    ]);
                    self.world.add_service_account(&id, &name, role);
                    if role != "ROLE_ADMIN" {
                        self.entries(&id, sizes.namespaces_per_principal);
                    }
                }
            }
            self.dates(&id);
        }
    }

    fn groups(&mut self, sizes: &Sizes, users: &[String]) {
        for i in 0..sizes.groups {
            let id = self.random.hex32();
            let name = format!("{}-team-{i}", self.pick(&AREA));
            let kind = match i % 4 {
                1 => json!({"googleGroup": {"emailAddress": format!("{name}@example.com")}}),
                2 => json!({"scimGroup": {"idpId": format!("idp-{i}")}}),
                _ => json!({"cloudGroup": {}}),
            };
            let role = self.pick(&["", "", "ROLE_READ", "ROLE_DEVELOPER", "ROLE_ADMIN"]);
            self.world.add_group_of(&id, &name, role, kind, &[]);
            if role != "ROLE_ADMIN" && self.random.chance(60) {
                self.entries(&id, sizes.namespaces_per_principal);
            }
            for _ in 0..self.random.below(sizes.members_per_group + 1) {
                if let Some(user) = self.random.pick(users) {
                    self.world.add_member(&id, user);
                }
            }
            self.dates(&id);
        }
    }

    fn custom_role(&mut self, id: &str) {
        if let Some(role) = self.random.pick(&self.roles).cloned() {
            self.world.set_custom_roles(id, &[role.as_str()]);
        }
    }

    fn entries(&mut self, id: &str, most: usize) {
        for _ in 0..self.random.below(most + 1) {
            if let Some(namespace) = self.random.pick(&self.namespaces).cloned() {
                let permission = self.pick(&PERMISSIONS);
                self.world
                    .set_namespace_permission(id, &namespace, permission);
            }
        }
        if self.random.chance(10)
            && let Some(project) = self.random.pick(&self.projects).cloned()
        {
            let role = self.pick(&PROJECT_ROLES);
            self.world.set_project_role(id, &project, role);
        }
    }

    /// Replaces the times of building by made-up ones, so that the world does not depend on the clock.
    fn dates(&mut self, id: &str) {
        let mut date = || {
            format!(
                "2025-{:02}-{:02}T{:02}:30:00Z",
                self.random.below(12) + 1,
                self.random.below(28) + 1,
                self.random.below(24)
            )
        };
        let (created, modified) = (json!(date().replacen("2025", "2024", 1)), json!(date()));
        let changed = self.random.chance(40);
        self.world.set_field(id, "createdTime", created);
        self.world.set_field(
            id,
            "lastModifiedTime",
            if changed { modified } else { json!(null) },
        );
    }
}
