//! Role mappings of every shape.

use serde_json::{Value, json};

use super::world::World;

impl World {
    pub(crate) fn rich_mappings(&mut self) {
        for (name, rules) in single().into_iter().chain(nested()) {
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

/// One field.
fn single() -> Vec<(&'static str, Value)> {
    vec![
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
    ]
}

/// Rules in rules.
fn nested() -> Vec<(&'static str, Value)> {
    vec![
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
            json!({"all": [
                {"field": {"username": ["1001", "1002", "1003"]}},
                {"except": {"field": {"username": "1002"}}},
            ]}),
        ),
        (
            "deep",
            json!({"any": [
                {"all": [
                    {"any": [{"field": {"username": "1003"}}, {"field": {"dn": "cn=deep"}}]},
                    {"except": {"any": [{"field": {"groups": "cn=blocked"}}, {"field": {"username": "1004"}}]}},
                ]},
                {"field": {"username": "1005"}},
            ]}),
        ),
    ]
}
