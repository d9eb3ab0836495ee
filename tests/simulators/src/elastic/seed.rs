//! Generated worlds of any size.

use serde_json::{Value, json};

use super::{
    samples::{MAIN_ID, ORGANIZATION_ID, on_organization},
    world::World,
};
use crate::random::Random;

/// How much of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Members of the organization, the owner included.
    pub members: usize,
    /// Invitations.
    pub invitations: usize,
    /// Deployments: `main`, which has what follows, and others that have nothing in them.
    pub deployments: usize,
    /// Serverless projects.
    pub projects: usize,
    /// Native users of `main`, besides the seven reserved ones.
    pub users: usize,
    /// Roles of `main`, besides the thirty built-in ones.
    pub roles: usize,
    /// Most roles of a user.
    pub roles_per_user: usize,
    /// Role mappings of `main`.
    pub mappings: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            members: 40,
            invitations: 4,
            deployments: 1,
            projects: 3,
            users: 60,
            roles: 12,
            roles_per_user: 4,
            mappings: 8,
        }
    }
}

const FIRST: [&str; 12] = [
    "Amir", "Berta", "Chen", "Dilara", "Enzo", "Freya", "Goro", "Hilda", "Ines", "Jonas", "Kira",
    "Luan",
];
const LAST: [&str; 12] = [
    "Abebe", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "Gupta", "Haas", "Ito", "Jansen",
    "Kaya", "Lopez",
];
const AREA: [&str; 8] = [
    "orders", "billing", "search", "ledger", "shipping", "fraud", "catalog", "mail",
];
const PROJECTS: [(&str, &str); 3] = [
    ("elasticsearch", "elasticsearch-developer"),
    ("observability", "observability-viewer"),
    ("security", "security-t1-analyst"),
];

struct Generator {
    world: World,
    random: Random,
    deployments: Vec<String>,
    projects: Vec<String>,
    roles: Vec<String>,
}

impl World {
    /// A realistic organization and deployment; the same sizes and seed always give the same ones. The keys are those
    /// of the samples.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let mut generator = Generator {
            world: Self::with_keys(),
            random: Random::new(seed),
            deployments: vec![MAIN_ID.to_owned()],
            projects: Vec::new(),
            roles: Vec::new(),
        };
        generator.resources(sizes);
        generator.members(sizes);
        generator.roles(sizes);
        generator.users(sizes);
        generator.mappings(sizes);
        generator.world
    }
}

impl Generator {
    fn pick(&mut self, items: &[&'static str]) -> &'static str {
        self.random.pick(items).copied().unwrap_or_default()
    }

    fn name(&mut self) -> String {
        format!("{} {}", self.pick(&FIRST), self.pick(&LAST))
    }

    fn resources(&mut self, sizes: &Sizes) {
        for i in 1..sizes.deployments {
            let id = self.random.hex32();
            let name = format!("{}-{i}", self.pick(&AREA));
            self.world.add_cluster(&name, ORGANIZATION_ID, &id);
            self.deployments.push(id);
        }
        for i in 0..sizes.projects {
            let id = self.random.hex32();
            let (kind, _) = PROJECTS[i % PROJECTS.len()];
            let name = format!("{}-project-{i}", self.pick(&AREA));
            self.world.add_project(ORGANIZATION_ID, &id, kind, &name);
            self.projects.push(id);
        }
    }

    fn members(&mut self, sizes: &Sizes) {
        for i in 0..sizes.members {
            let id = (1001 + i).to_string();
            let name = self.name();
            let email = format!("{}{i}@acme.io", name.to_lowercase().replace(' ', "."));
            let name = if self.random.chance(8) { "" } else { &name };
            self.world.add_member(ORGANIZATION_ID, &id, name, &email);
            let assignments = match (i, self.random.below(100)) {
                (0, _) | (_, 0..4) => on_organization(ORGANIZATION_ID, "organization-admin"),
                (_, 4..8) => on_organization(ORGANIZATION_ID, "billing-admin"),
                (_, 8..80) => self.assignments(),
                _ => json!({}),
            };
            self.world.assign(ORGANIZATION_ID, &id, assignments);
        }
        for i in 0..sizes.invitations {
            let token = self.random.hex32();
            let email = format!("invited{i}@acme.io");
            let assignments = self.assignments();
            self.world
                .invite(ORGANIZATION_ID, &token, &email, assignments);
            if i % 4 == 3 {
                self.world
                    .edit_invitation(ORGANIZATION_ID, &token, |one| one.expired = true);
            }
        }
    }

    /// Something on deployments, and sometimes on a project.
    fn assignments(&mut self) -> Value {
        let role = self.pick(&["deployment-admin", "deployment-editor", "deployment-viewer"]);
        let mut entry = json!({"organization_id": ORGANIZATION_ID, "role_id": role});
        if self.random.chance(30) {
            entry["all"] = json!(true);
        } else {
            entry["all"] = json!(false);
            entry["deployment_ids"] = json!([self.random.pick(&self.deployments)]);
        }
        let mut assignments = json!({"deployment": [entry]});
        if self.random.chance(25)
            && let Some(i) = self.random.below(self.projects.len() + 1).checked_sub(1)
        {
            let (kind, role) = PROJECTS[i % PROJECTS.len()];
            let id = self.projects.get(i);
            assignments["project"] = json!({kind: [
                {"organization_id": ORGANIZATION_ID, "role_id": role, "project_ids": [id]},
            ]});
        }
        assignments
    }

    fn roles(&mut self, sizes: &Sizes) {
        self.world.add_reserved_users("main");
        self.world.add_builtin_roles("main");
        self.roles = ["viewer", "editor", "monitoring_user"]
            .map(str::to_owned)
            .into();
        for i in 0..sizes.roles {
            let area = self.pick(&AREA);
            let name = format!("{area}-readers-{i}");
            let role = json!({
                "description": format!("Reads {area}"),
                "indices": [{"names": [format!("{area}-*")], "privileges": ["read"], "allow_restricted_indices": false}],
            });
            self.world.add_role("main", &name, role);
            self.roles.push(name);
        }
    }

    fn users(&mut self, sizes: &Sizes) {
        for i in 0..sizes.users {
            let full = self.name();
            let name = format!("{}{i}", full.to_lowercase().replace(' ', "."));
            let count = self.random.below(sizes.roles_per_user + 1);
            let mut held: Vec<String> = Vec::new();
            for _ in 0..count {
                match self.random.pick(&self.roles) {
                    Some(role) if !held.contains(role) => held.push(role.clone()),
                    _ => {}
                }
            }
            let held: Vec<&str> = held.iter().map(String::as_str).collect();
            self.world.add_user("main", &name, &held);
            if self.random.chance(85) {
                let email = format!("{name}@example.com");
                self.world.set_names("main", &name, &full, &email);
            }
            let number = self.random.next_u64();
            self.world.set_metadata(
                "main",
                &name,
                json!({"employee": number, "area": self.random.pick(&AREA)}),
            );
            if self.random.chance(6) {
                self.world.disable("main", &name);
            }
        }
    }

    fn mappings(&mut self, sizes: &Sizes) {
        for i in 0..sizes.mappings {
            let member = (1001 + self.random.below(sizes.members.max(1))).to_string();
            let area = self.pick(&AREA);
            let rules = match i % 4 {
                0 => json!({"field": {"username": [member, format!("{area}-bot")]}}),
                1 => json!({"field": {"groups": format!("cn={area},dc=acme,dc=io")}}),
                2 => {
                    json!({"all": [{"field": {"realm.name": "saml1"}}, {"field": {"username": member}}]})
                }
                _ => {
                    json!({"any": [{"field": {"username": member}}, {"field": {"metadata.area": area}}]})
                }
            };
            let role = self.random.pick(&self.roles).cloned().unwrap_or_default();
            self.world
                .add_mapping("main", &format!("{area}-mapping-{i}"), &[&role], rules);
        }
    }
}
