//! A small world with one of everything. The names say what is odd.

use serde_json::{Map, Value, json};

use super::{
    keys::{SECOND_DEPLOYMENT_KEY, WIDE_CLOUD_KEY},
    samples::{MAIN_ID, ORGANIZATION_ID, SECOND_ID, SECOND_ORGANIZATION_ID, on_organization},
    world::World,
};

const ORG: &str = ORGANIZATION_ID;
const OTHER: &str = SECOND_ORGANIZATION_ID;
/// A deployment that is assigned and that nobody knows.
const NOWHERE: &str = "00000000000000000000000000000000";
const SEARCH: &str = "c866244b611442d585e23a0cc8c9434c";
const LOGS: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const SIEM: &str = "b2c3d4e5f60718293a4b5c6d7e8f90a1";

impl World {
    /// Every oddity of organizations and deployments once.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example();
        world.rich_members();
        world.rich_invitations();
        world.rich_projects();
        world.rich_deployments();
        world.rich_roles();
        world.rich_users();
        world.rich_mappings();
        world
    }

    fn rich_members(&mut self) {
        self.edit_organization(ORG, |org| {
            org.extra
                .insert("billing_contacts".to_owned(), json!(["money@acme.io"]));
        });
        self.add_member(ORG, "1003", "Cy Young", "cy@acme.io").assign(
            ORG,
            "1003",
            json!({
                "deployment": [
                    {"organization_id": ORG, "role_id": "deployment-viewer", "all": true},
                    {"organization_id": ORG, "role_id": "deployment-editor", "all": false, "deployment_ids": [MAIN_ID], "application_roles": ["logs_reader"]},
                ],
                "project": {
                    "elasticsearch": [{"organization_id": ORG, "role_id": "elasticsearch-developer", "project_ids": [SEARCH]}],
                    "observability": [], "security": [],
                },
            }),
        );
        self.add_member(ORG, "1004", "", "").assign(
            ORG,
            "1004",
            on_organization(ORG, "billing-admin"),
        );
        self.add_member(ORG, "1005", "Dana", "").assign(
            ORG,
            "1005",
            json!({"deployment": [
                {"organization_id": ORG, "role_id": "deployment-admin", "deployment_ids": [SECOND_ID, NOWHERE]},
                {"organization_id": ORG, "role_id": "deployment-of-the-future", "deployment_ids": [MAIN_ID]},
            ]}),
        );
        self.add_member(ORG, "1006", "Eve  Double Space", "Eve.Capital@Acme.io")
            .assign(
                ORG,
                "1006",
                json!({
                    "connected_cluster": [{"organization_id": ORG, "role_id": "connected-cluster-viewer", "all": true}],
                    "platform": [{"role_id": "platform-viewer"}],
                    "something_new": {"a": 1},
                }),
            );
        self.add_member(ORG, "1007", "Finn", "finn@acme.io").assign(
            ORG,
            "1007",
            json!({"project": {
                "observability": [{"organization_id": ORG, "role_id": "observability-editor", "all": true}],
                "security": [{"organization_id": ORG, "role_id": "security-t1-analyst", "project_ids": [SIEM], "application_roles": ["hunters"]}],
                "project_of_the_future": [{"organization_id": ORG, "role_id": "future-viewer", "all": true}],
            }}),
        );
        self.add_organization(OTHER, "Other & Sons")
            .add_member(OTHER, "2001", "Olga Other", "olga@other.io")
            .assign(OTHER, "2001", on_organization(OTHER, "organization-admin"))
            .add_member(OTHER, "1001", "Ada Lovelace", "ada@acme.io")
            .add_cloud_key(WIDE_CLOUD_KEY, &[ORG, OTHER]);
    }

    fn rich_invitations(&mut self) {
        self.invite(ORG, "t0k", "new@acme.io", on_organization(ORG, "billing-admin"))
            .invite(
                ORG,
                "exp1red",
                "late@acme.io",
                json!({"deployment": [{"organization_id": ORG, "role_id": "deployment-viewer", "deployment_ids": [MAIN_ID]}]}),
            )
            .edit_invitation(ORG, "exp1red", |invitation| invitation.expired = true)
            .invite(ORG, "acc3pted", "cy@acme.io", json!({}))
            .edit_invitation(ORG, "acc3pted", |invitation| {
                invitation.accepted_at = Some("2025-01-02T00:00:00Z".to_owned());
            });
    }

    fn rich_projects(&mut self) {
        self.add_project(ORG, SEARCH, "elasticsearch", "search")
            .add_project(ORG, LOGS, "observability", "logs")
            .add_project(ORG, SIEM, "security", "siem");
        if let Some(project) = self.projects.get_mut(SIEM) {
            let about = "People who hunt".to_owned();
            project.roles.insert("hunters".to_owned(), about);
        }
    }

    /// `second` has users of the same names as `main` and other people behind them.
    fn rich_deployments(&mut self) {
        self.add_cluster("second", ORG, SECOND_ID)
            .add_deployment_key("second", SECOND_DEPLOYMENT_KEY, &["all"])
            .add_reserved_users("second")
            .add_builtin_roles("second")
            .add_role("second", "only-here", json!({}))
            .add_user("second", "jacknich", &["viewer", "only-here"])
            .set_names("second", "jacknich", "Jacqueline Nichols", "jn@example.com")
            .add_user("second", "svc", &["editor"]);
    }

    fn rich_roles(&mut self) {
        self.add_builtin_roles("main")
            .add_role(
                "main",
                "logs reader",
                json!({
                    "description": "Reads logs", "cluster": ["monitor"],
                    "indices": [{"names": ["logs-*"], "privileges": ["read"], "allow_restricted_indices": false,
                        "field_security": {"grant": ["title"]}, "query": "{\"match_all\":{}}"}],
                    "applications": [{"application": "kibana-.kibana", "privileges": ["all"], "resources": ["*"]}],
                    "run_as": ["other_user"], "metadata": {"version": 1},
                }),
            )
            .add_role(
                "main",
                "newer",
                json!({"global": {}, "remote_indices": [], "remote_cluster": []}),
            )
            .add_role("main", "unlicensed", json!({"transient_metadata": {"enabled": false}}));
        for name in ["a/b", "100%", "r:w", "one,two", "a+b", "nobody's"] {
            self.add_role("main", name, json!({}));
        }
    }

    fn rich_users(&mut self) {
        self.add_reserved_users("main")
            .add_user("main", "disabled", &["admin", "viewer"])
            .disable("main", "disabled")
            .add_user("main", "dangling", &["viewer", "role-that-was", "Viewer"])
            .add_user("main", "twice", &["viewer", "admin", "viewer"])
            .add_user("main", "only role", &["viewer"])
            .set_names("main", "only role", "", "only@example.com")
            .add_user(
                "main",
                "odd-roles",
                &["a/b", "100%", "r:w", "one,two", "a+b"],
            )
            .add_user("main", "1003", &["viewer"]);
        for name in [
            "space in name",
            "a/b",
            "100%",
            "50%25",
            "one,two",
            "ann@example.com",
            "a:b",
            "a+b",
            "q?x=1#y",
        ] {
            self.add_user("main", name, &["viewer"]);
        }
        self.add_user("main", "numbers", &["viewer"])
            .set_metadata("main", "numbers", numbers());
    }
}

/// Metadata that are not the same any more after a detour through floating point or through lists.
fn numbers() -> Value {
    let mut metadata = Map::new();
    let mut put = |key: &str, value: Value| metadata.insert(key.to_owned(), value);
    put("big", json!(12_345_678_901_234_567_890_u64));
    put("unsafe", json!(9_007_199_254_740_993_u64));
    put("negative", json!(-9_007_199_254_740_993_i64));
    put("float", json!(0.1));
    put("large", json!(1.5e10));
    put("nothing", Value::Null);
    put("list", json!([1, "two", null, {"three": 3}]));
    put(
        "nested",
        json!({"a": {"b": {"c": 12_345_678_901_234_567_u64}}, "d": ""}),
    );
    put("ünï", json!("cødé \"quoted\" \\ \u{1F600}"));
    Value::Object(metadata)
}
