//! Sample worlds: the worked example, and generated ones of any size.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    BARE_DEPLOYMENT_KEY, EXPIRED_CLOUD_KEY, EXPIRED_DEPLOYMENT_KEY, READ_DEPLOYMENT_KEY,
    SCOPED_CLOUD_KEY, SECOND_DEPLOYMENT_KEY, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, WIDE_CLOUD_KEY,
    world::World,
};
use crate::{
    paging::patch,
    random::{Random, stretch},
};

/// When everything began.
pub const SINCE: &str = "2024-01-01T00:00:00Z";
/// The organization of all samples.
pub const ORGANIZATION_ID: &str = "198583657190";
/// The other organization of the rich world.
pub const SECOND_ORGANIZATION_ID: &str = "198583657191";
/// The id of the deployment `main`.
pub const MAIN_ID: &str = "ce03a623751b4fc98d48400fec58b9c0";
/// The id of the deployment `second`.
pub const SECOND_ID: &str = "d714b734862c50ad9e59511afd69cad1";

const ORG: &str = ORGANIZATION_ID;

/// Reserved users that every real deployment has, and their roles.
const USERS: [(&str, &[&str]); 7] = [
    ("elastic", &["superuser"]),
    ("kibana", &["kibana_system"]),
    ("kibana_system", &["kibana_system"]),
    ("logstash_system", &["logstash_system"]),
    ("beats_system", &["beats_system"]),
    ("apm_system", &["apm_system"]),
    ("remote_monitoring_user", &["remote_monitoring_collector", "remote_monitoring_agent"]),
];

/// Built-in roles; which there are depends on the version.
const ROLES: &str = "apm_system apm_user beats_admin beats_system data_frame_transforms_admin \
    data_frame_transforms_user editor enrich_user inference_admin ingest_admin kibana_admin kibana_system \
    logstash_admin logstash_system machine_learning_admin machine_learning_user monitoring_user \
    remote_monitoring_agent remote_monitoring_collector reporting_user rollup_admin rollup_user snapshot_user \
    superuser transform_admin transform_user transport_client viewer watcher_admin watcher_user";

/// What an invitation is that nobody has accepted yet.
fn invitation() -> Value {
    json!({"created_at": "2025-01-01T00:00:00Z", "expires_at": "2025-01-04T00:00:00Z", "expired": false})
}

/// The row with these fields instead of its own.
fn replaced(mut row: Value, fields: &Value) -> Value {
    patch(&mut row, fields);
    row
}

/// A role on the organization, as it is assigned.
fn on_organization(org: &str, role: &str) -> Value {
    json!({"organization": [{"organization_id": org, "role_id": role}]})
}

impl World {
    /// An organization and its deployment `main`, with all their keys and nothing else.
    fn with_keys() -> Self {
        let mut world = Self::empty();
        world.add_organization(ORG, "Acme").add_cluster("main", ORG, MAIN_ID);
        for secret in [TEST_CLOUD_KEY, SCOPED_CLOUD_KEY, EXPIRED_CLOUD_KEY] {
            world.add_cloud_key(secret, &[ORG]);
        }
        world
            .edit_cloud_key(SCOPED_CLOUD_KEY, |key| {
                key.deployments = Some(BTreeSet::from([MAIN_ID.to_owned()]));
            })
            .edit_cloud_key(EXPIRED_CLOUD_KEY, |key| key.expires = Some(Timestamp::UNIX_EPOCH));
        for (encoded, privileges) in [
            (TEST_DEPLOYMENT_KEY, ["manage_security"].as_slice()),
            (READ_DEPLOYMENT_KEY, &["read_security"]),
            (BARE_DEPLOYMENT_KEY, &[]),
            (EXPIRED_DEPLOYMENT_KEY, &["manage_security"]),
        ] {
            world.add_deployment_key("main", encoded, privileges);
        }
        world.edit_deployment_key("main", EXPIRED_DEPLOYMENT_KEY, |key| key.expired = true);
        world
    }

    /// The organization `Acme`: its owner, and a member without a name and without roles. Its deployment `main`: three
    /// users, one of them disabled and one without names; three roles; a role mapping, which names one of the users and
    /// a member. There are none of the reserved users and built-in roles of a real deployment.
    #[must_use]
    pub fn worked_example() -> Self {
        let mut world = Self::with_keys();
        world
            .add_member(ORG, "1001", "Ada Lovelace", "ada@acme.io")
            .assign(ORG, "1001", on_organization(ORG, "organization-admin"))
            .add_member(ORG, "1002", "", "bob@acme.io")
            .edit_member(ORG, "1002", |bob| bob["member_since"] = json!("2024-01-02T00:00:00Z"))
            .add_roles("main", &["admin", "superuser", "viewer"])
            .add_user("main", "jacknich", &["admin", "viewer"])
            .set_names("main", "jacknich", "Jack Nicholson", "jacknich@example.com")
            .set_metadata("main", "jacknich", json!({"intelligence": 7}))
            .add_user("main", "svc", &["viewer"])
            .add_user("main", "olduser", &[])
            .set_names("main", "olduser", "Old User", "old@example.com")
            .disable("main", "olduser")
            .add_mapping(
                "main",
                "mapping1",
                &["viewer"],
                json!({"field": {"username": ["jacknich", "1001"]}}),
            );
        world
    }

    /// Every oddity of organizations and deployments once; the names say what is odd. The mapping
    /// `elastic-cloud-sso-kibana-do-not-change` is the vendor's own on hosted deployments. *Unknown*: its exact body. Taken:
    /// whoever comes in from Elastic Cloud has the roles that come along. The deployment `second` has users of the same names
    /// as `main` and other people behind them.
    #[must_use]
    pub fn rich() -> Self {
        let rich: Value = serde_json::from_str(include_str!("rich.json")).unwrap_or_default();
        let rows = |list: &str| rich[list].as_object().cloned().unwrap_or_default();
        let mut world = Self::worked_example();
        world.edit_organization(ORG, |org| {
            org.row["billing_contacts"] = rich["billing_contacts"].clone();
            for (id, fields) in rows("members") {
                org.members.insert(id, replaced(json!({ "member_since": SINCE }), &fields));
            }
            for (token, fields) in rows("invitations") {
                org.invitations.insert(token, replaced(invitation(), &fields));
            }
        });
        for (id, project) in rows("projects") {
            let text = |n: usize| project[n].as_str().unwrap_or_default();
            world.add_project(ORG, &id, text(0), text(1));
        }
        world.add_reserved_users("main").add_builtin_roles("main");
        for (name, fields) in rows("roles") {
            world.add_role("main", &name, fields);
        }
        for (name, fields) in rows("users") {
            world.add_user("main", &name, &["viewer"]);
            world.edit_user("main", &name, |user| patch(&mut user.row, &fields));
        }
        for (name, rules) in rows("rules") {
            world.add_mapping("main", &name, &["viewer"], rules);
        }
        for (name, mapping) in rows("mappings") {
            world.put_mapping("main", &name, mapping);
        }
        let other = SECOND_ORGANIZATION_ID;
        world
            .add_organization(other, "Other & Sons")
            .add_member(other, "2001", "Olga Other", "olga@other.io")
            .assign(other, "2001", on_organization(other, "organization-admin"))
            .add_member(other, "1001", "Ada Lovelace", "ada@acme.io")
            .add_cloud_key(WIDE_CLOUD_KEY, &[ORG, other])
            .add_cluster("second", ORG, SECOND_ID)
            .add_deployment_key("second", SECOND_DEPLOYMENT_KEY, &["all"])
            .add_reserved_users("second")
            .add_builtin_roles("second")
            .add_role("second", "only-here", json!({}))
            .add_user("second", "jacknich", &["viewer", "only-here"])
            .set_names("second", "jacknich", "Jacqueline Nichols", "jn@example.com")
            .add_user("second", "svc", &["editor"]);
        world
    }

    /// Adds the seven reserved users.
    pub fn add_reserved_users(&mut self, deployment: &str) -> &mut Self {
        for (name, roles) in USERS {
            self.add_reserved_user(deployment, name, roles);
        }
        self.edit_user(deployment, "kibana", |user| {
            user.row["metadata"]["_deprecated"] = json!(true);
            user.row["metadata"]["_deprecated_reason"] =
                json!("Please use the [kibana_system] user instead.");
        })
    }

    /// Adds the thirty built-in roles.
    pub fn add_builtin_roles(&mut self, deployment: &str) -> &mut Self {
        for name in ROLES.split(' ') {
            let role = json!({
                "description": format!("Built-in: {name}."), "cluster": ["monitor"],
                "metadata": {"_reserved": true},
            });
            self.add_role(deployment, name, role);
        }
        self
    }
}

crate::sizes! {
    /// Members of the organization, the owner included.
    members 40
    /// Invitations.
    invitations 4
    /// Deployments: `main`, which has what follows, and others that have nothing in them.
    deployments 1
    /// Serverless projects.
    projects 3
    /// Native users of `main`, besides the seven reserved ones.
    users 60
    /// Roles of `main`, besides the thirty built-in ones.
    roles 12
    /// Most roles of a user.
    roles_per_user 4
    /// Role mappings of `main`.
    mappings 8
}

const AREA: [&str; 6] = ["orders", "billing", "search", "ledger", "shipping", "fraud"];
const PROJECTS: [(&str, &str); 3] = [
    ("elasticsearch", "elasticsearch-developer"),
    ("observability", "observability-viewer"),
    ("security", "security-t1-analyst"),
];

impl World {
    /// A realistic organization and deployment; the same sizes and seed always give the same ones. The keys are those
    /// of the samples.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let (mut world, random) = (Self::with_keys(), &mut Random::new(seed));
        let (mut deployments, mut projects) = (vec![MAIN_ID.to_owned()], Vec::new());
        for i in 1..sizes.deployments {
            deployments.push(random.hex32());
            let name = format!("{}-{i}", random.word(&AREA));
            world.add_cluster(&name, ORG, &deployments[i]);
        }
        for i in 0..sizes.projects {
            projects.push(random.hex32());
            let name = format!("{}-project-{i}", random.word(&AREA));
            world.add_project(ORG, &projects[i], PROJECTS[i % PROJECTS.len()].0, &name);
        }
        for i in 0..sizes.members {
            let (id, name) = ((1001 + i).to_string(), random.person());
            let email = format!("{}{i}@acme.io", name.to_lowercase().replace(' ', "."));
            let name = if random.chance(8) { "" } else { &name };
            world.add_member(ORG, &id, name, &email);
            let assignments = match (i, random.below(100)) {
                (0, _) | (_, 0..4) => on_organization(ORG, "organization-admin"),
                (_, 4..8) => on_organization(ORG, "billing-admin"),
                (_, 8..80) => assignments(random, &deployments, &projects),
                _ => json!({}),
            };
            world.assign(ORG, &id, assignments);
        }
        for i in 0..sizes.invitations {
            let token = random.hex32();
            let assignments = assignments(random, &deployments, &projects);
            let row = json!({"email": format!("invited{i}@acme.io"), "expired": i % 4 == 3, "role_assignments": assignments});
            world.edit_organization(ORG, |org| {
                _ = org.invitations.insert(token, replaced(invitation(), &row))
            });
        }
        world.fill_main(sizes, random);
        world
    }

    fn fill_main(&mut self, sizes: &Sizes, random: &mut Random) {
        self.add_reserved_users("main").add_builtin_roles("main");
        let mut roles = ["viewer", "editor", "monitoring_user"].map(str::to_owned).to_vec();
        for i in 0..sizes.roles {
            let area = random.word(&AREA);
            let name = format!("{area}-readers-{i}");
            self.add_role("main", &name, json!({"description": format!("Reads {area}"), "indices": [
                {"names": [format!("{area}-*")], "privileges": ["read"], "allow_restricted_indices": false}]}));
            roles.push(name);
        }
        for i in 0..sizes.users {
            let full = random.person();
            let name = format!("{}{i}", full.to_lowercase().replace(' ', "."));
            let held = stretch(random, &roles, sizes.roles_per_user).into_iter();
            let held: Vec<&str> = held.map(String::as_str).collect();
            let metadata = json!({"employee": random.next_u64(), "area": random.word(&AREA)});
            self.add_user("main", &name, &held).set_metadata("main", &name, metadata);
            if random.chance(85) {
                self.set_names("main", &name, &full, &format!("{name}@example.com"));
            }
            if random.chance(6) {
                self.disable("main", &name);
            }
        }
        for i in 0..sizes.mappings {
            let member = (1001 + random.below(sizes.members.max(1))).to_string();
            let (area, field) =
                (random.word(&AREA), |name: &str, value: Value| json!({"field": {name: value}}));
            let rules = match i % 4 {
                0 => field("username", json!([member, format!("{area}-bot")])),
                1 => field("groups", json!(format!("cn={area},dc=acme,dc=io"))),
                2 => {
                    json!({"all": [field("realm.name", json!("saml1")), field("username", json!(member))]})
                }
                _ => {
                    json!({"any": [field("username", json!(member)), field("metadata.area", json!(area))]})
                }
            };
            let role = random.pick(&roles).cloned().unwrap_or_default();
            self.add_mapping("main", &format!("{area}-mapping-{i}"), &[&role], rules);
        }
    }
}

/// Something on deployments, and sometimes on a project.
fn assignments(random: &mut Random, deployments: &[String], projects: &[String]) -> Value {
    let role = random.word(&["deployment-admin", "deployment-editor", "deployment-viewer"]);
    let mut entry = json!({"organization_id": ORG, "role_id": role, "all": random.chance(30)});
    if entry["all"] == false {
        entry["deployment_ids"] = json!([random.pick(deployments)]);
    }
    let mut assignments = json!({"deployment": [entry]});
    if random.chance(25)
        && let Some(i) = random.below(projects.len() + 1).checked_sub(1)
    {
        let (kind, role) = PROJECTS[i % PROJECTS.len()];
        let entry = json!({"organization_id": ORG, "role_id": role, "project_ids": [projects[i]]});
        assignments["project"] = json!({ kind: [entry] });
    }
    assignments
}
