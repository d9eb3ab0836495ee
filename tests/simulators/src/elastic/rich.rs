//! Every oddity once. The names say what is odd.

use serde_json::{Value, json};

use super::{
    MAIN_ID, ORGANIZATION_ID, SECOND_DEPLOYMENT_KEY, SECOND_ID, SECOND_ORGANIZATION_ID,
    WIDE_CLOUD_KEY, samples::on_organization, world::World,
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
            org.row["billing_contacts"] = json!(["money@acme.io"])
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
            .edit_invitation(ORG, "exp1red", |row| row["expired"] = json!(true))
            .invite(ORG, "acc3pted", "cy@acme.io", json!({}))
            .edit_invitation(ORG, "acc3pted", |row| {
                row["accepted_at"] = json!("2025-01-02T00:00:00Z");
            });
    }

    fn rich_projects(&mut self) {
        self.add_project(ORG, SEARCH, "elasticsearch", "search")
            .add_project(ORG, LOGS, "observability", "logs")
            .add_project(ORG, SIEM, "security", "siem");
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

impl World {
    fn rich_mappings(&mut self) {
        for (name, rules) in rules() {
            self.add_mapping("main", name, &["viewer"], rules);
        }
        self.put_mapping(
            "main",
            "disabled",
            json!({"enabled": false, "roles": ["admin"], "rules": {"field": {"username": "jacknich"}}, "metadata": {"why": "left"}}),
        );
        self.put_mapping(
            "main",
            "template-text",
            json!({
                "enabled": true, "rules": {"field": {"realm.name": "saml1"}}, "metadata": {"version": 1},
                "role_templates": [{"template": "{\"source\":\"_user_{{username}}\"}", "format": "string"}],
            }),
        );
        self.put_mapping(
            "main",
            "template-object",
            json!({
                "enabled": true, "rules": {"field": {"username": "1003"}}, "metadata": {},
                "role_templates": [
                    {"template": {"source": "{{#tojson}}groups{{/tojson}}"}, "format": "json"},
                    {"template": {"id": "stored-template"}},
                ],
            }),
        );
        self.put_mapping(
            "main",
            "no-rules",
            json!({"enabled": true, "roles": ["viewer"], "metadata": {}}),
        );
        // The vendor's own on hosted deployments. *Unknown*: its exact body. Taken: whoever comes in from Elastic Cloud has
        // the roles that come along.
        self.put_mapping(
            "main",
            "elastic-cloud-sso-kibana-do-not-change",
            json!({
                "enabled": true, "metadata": {},
                "role_templates": [{"template": "{\"source\":\"{{#tojson}}groups{{/tojson}}\"}", "format": "json"}],
                "rules": {"all": [{"field": {"realm.name": "cloud-saml-kibana"}}]},
            }),
        );
        self.add_mapping(
            "main",
            "many roles, none known",
            &["role-that-was", "a/b", "viewer"],
            json!({"field": {"username": ["1001", "1002"]}}),
        );
    }
}

/// Rules of one field, and rules in rules.
fn rules() -> [(&'static str, Value); 21] {
    [
        ("one-name", json!({"field": {"username": "bob"}})),
        ("two-names", json!({"field": {"username": ["a", "b"]}})),
        ("member", json!({"field": {"username": "1001"}})),
        ("everybody", json!({"field": {"username": "*"}})),
        ("wildcard", json!({"field": {"username": "adm?n-*"}})),
        (
            "expression",
            json!({"field": {"username": "/ad(a|min).*/"}}),
        ),
        (
            "spaces",
            json!({"field": {"username": ["John Smith", "b"]}}),
        ),
        ("number", json!({"field": {"username": 7}})),
        ("null", json!({"field": {"username": null}})),
        (
            "mixed",
            json!({"field": {"username": ["1002", 7, true, null]}}),
        ),
        (
            "groups",
            json!({"field": {"groups": "cn=admins,dc=example,dc=com"}}),
        ),
        ("two-groups", json!({"field": {"groups": ["cn=a", "cn=b"]}})),
        ("realm", json!({"field": {"realm.name": "s"}})),
        (
            "dn",
            json!({"field": {"dn": "*,ou=people,dc=example,dc=com"}}),
        ),
        (
            "metadata",
            json!({"field": {"metadata.department": ["hr", 12]}}),
        ),
        (
            "any",
            json!({"any": [{"field": {"username": "1001"}}, {"field": {"groups": "cn=x"}}]}),
        ),
        (
            "all",
            json!({"all": [{"field": {"username": "1001"}}, {"field": {"realm.name": "cloud-saml-kibana"}}]}),
        ),
        ("any-of-nothing", json!({"any": []})),
        ("all-of-nothing", json!({"all": []})),
        (
            "except",
            json!({"all": [ {"field": {"username": ["1001", "1002", "1003"]}}, {"except": {"field": {"username": "1002"}}}, ]}),
        ),
        (
            "deep",
            json!({"any": [ {"all": [ {"any": [{"field": {"username": "1003"}}, {"field": {"dn": "cn=deep"}}]}, {"except": {"any": [{"field": {"groups": "cn=blocked"}}, {"field": {"username": "1004"}}]}}, ]}, {"field": {"username": "1005"}}, ]}),
        ),
    ]
}

/// Metadata that are not the same any more after a detour through floating point or through lists.
fn numbers() -> Value {
    json!({
        "big": 12_345_678_901_234_567_890_u64, "unsafe": 9_007_199_254_740_993_u64, "negative": -9_007_199_254_740_993_i64,
        "float": 0.1, "large": 1.5e10, "nothing": null, "list": [1, "two", null, {"three": 3}],
        "nested": {"a": {"b": {"c": 12_345_678_901_234_567_u64}}, "d": ""}, "ünï": "cødé \"quoted\" \\ \u{1F600}",
    })
}
