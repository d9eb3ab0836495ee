//! The rules of role mappings, shape by shape: whom the public connector takes for covered, and who is.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_harness::shown::Shown;
use serde_json::{Value, json};

use super::small_with;
use crate::Desk;

/// Who is shown as covered by a mapping, by name.
fn covered(shown: &Shown, mapping: &str) -> BTreeSet<String> {
    let entitlement = format!("roleMapping:{mapping}:member");
    let grants = shown.grants.values();
    grants
        .filter(|g| g.entitlement == entitlement && !g.principal.starts_with("externalClass:"))
        .map(|g| g.principal.clone())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What depends on what only an identity provider knows.
fn open(shown: &Shown, mapping: &str) -> BTreeMap<String, Value> {
    let profile = &shown.resource(&format!("roleMapping:{mapping}")).profile;
    let open = profile.iter();
    open.filter(|(key, _)| key.starts_with("conditional_") || key.ends_with("_patterns"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn fields(object: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(object).expect("an object")
}

/// The public connector makes `%!s(<nil>)`, `*`, `John` and `Smith` members, and leaves out whoever is in a rule within a
/// rule.
#[tokio::test]
async fn whoever_a_rule_covers_is_shown_and_nobody_else() {
    let shown = Shown::by(&Desk::new().await).await;
    let by_name: &[(&str, &[&str], Value)] = &[
        ("one-name", &["externalUser:bob"], json!({})),
        (
            "two-names",
            &["externalUser:a", "externalUser:b"],
            json!({}),
        ),
        ("member", &["user:1001"], json!({})),
        ("everybody", &[], json!({"username_patterns": ["*"]})),
        ("wildcard", &[], json!({"username_patterns": ["adm?n-*"]})),
        (
            "expression",
            &[],
            json!({"username_patterns": ["/ad(a|min).*/"]}),
        ),
        (
            "spaces",
            &["externalUser:John Smith", "externalUser:b"],
            json!({}),
        ),
        ("number", &[], json!({"username_patterns": ["7"]})),
        ("null", &[], json!({})),
        (
            "mixed",
            &["user:1002"],
            json!({"username_patterns": ["7", "true"]}),
        ),
        (
            "groups",
            &["externalGroup:cn=admins,dc=example,dc=com"],
            json!({}),
        ),
        (
            "two-groups",
            &["externalGroup:cn=a", "externalGroup:cn=b"],
            json!({}),
        ),
        ("realm", &[], json!({})),
        ("dn", &[], json!({})),
        ("metadata", &[], json!({})),
        ("any", &["user:1001", "externalGroup:cn=x"], json!({})),
        ("all", &[], json!({"conditional_usernames": ["1001"]})),
        ("any-of-nothing", &[], json!({})),
        ("all-of-nothing", &[], json!({})),
        ("except", &["user:1001", "user:1003"], json!({})),
        (
            "deep",
            &["user:1005"],
            json!({"conditional_usernames": ["1003"], "conditional_groups": ["cn=blocked"]}),
        ),
        ("template-object", &["user:1003"], json!({})),
        ("elastic-cloud-sso-kibana-do-not-change", &[], json!({})),
    ];
    for (mapping, who, conditions) in by_name {
        assert_eq!(covered(&shown, mapping), set(who), "{mapping}");
        assert_eq!(
            open(&shown, mapping),
            fields(conditions.clone()),
            "{mapping}"
        );
    }
    let warnings = shown.warnings().join("\n");
    assert!(warnings.contains("ConditionalMembers: "), "{warnings}");
}

/// The public connector reads one level of rules at most, and not what they leave out.
#[tokio::test]
async fn rules_in_rules_are_judged_to_the_bottom() {
    let named = |name: &str| json!({"field": {"username": name}});
    let group = |name: &str| json!({"field": {"groups": name}});
    let realm = json!({"field": {"realm.name": "saml1"}});
    let cases: Vec<(&str, Value, &[&str], &[&str])> = vec![
        // Somebody who is left out again.
        (
            "nobody-left",
            json!({"all": [named("1001"), {"except": named("1001")}]}),
            &[],
            &[],
        ),
        (
            "all-but-a-pattern",
            json!({"all": [{"field": {"username": ["ann", "adm-1"]}}, {"except": named("adm-*")}]}),
            &["externalUser:ann"],
            &[],
        ),
        (
            "all-but-a-group",
            json!({"all": [named("ann"), {"except": group("cn=out")}]}),
            &[],
            &["ann"],
        ),
        (
            "any-beside-a-realm",
            json!({"any": [realm, {"all": [named("ann"), {"any": [named("ann"), realm]}]}]}),
            &["externalUser:ann"],
            &[],
        ),
        (
            "two-names-at-once",
            json!({"all": [named("ann"), named("bob")]}),
            &[],
            &[],
        ),
        (
            "everybody-in-a-group",
            json!({"all": [named("*"), group("cn=x")]}),
            &["externalGroup:cn=x"],
            &[],
        ),
        (
            "group-and-realm",
            json!({"all": [group("cn=x"), realm]}),
            &[],
            &[],
        ),
        (
            "case-counts",
            json!({"all": [named("Ann"), named("ann")]}),
            &[],
            &[],
        ),
        // Not of the grammar: whatever it means, nobody is claimed to be covered by it.
        (
            "two-keys",
            json!({"any": [named("ann")], "all": [named("bob")]}),
            &[],
            &[],
        ),
        (
            "unknown-key",
            json!({"all": [named("ann"), {"sometimes": []}]}),
            &[],
            &["ann"],
        ),
        (
            "two-fields",
            json!({"field": {"username": "ann", "groups": "cn=x"}}),
            &[],
            &[],
        ),
        ("a-text", json!("username"), &[], &[]),
        ("nothing", Value::Null, &[], &[]),
    ];
    let desk = small_with(|world| {
        for (name, rules, ..) in &cases {
            world.add_mapping("main", name, &["viewer"], rules.clone());
        }
    })
    .await;
    let shown = Shown::by(&desk).await;
    for (name, _, who, perhaps) in &cases {
        assert_eq!(covered(&shown, name), set(who), "{name}");
        let open = open(&shown, name);
        let found = open.get("conditional_usernames").cloned();
        assert_eq!(found.unwrap_or(json!([])), json!(perhaps), "{name}");
    }
    let warnings = shown.warnings();
    let strange = warnings.iter().find(|w| w.starts_with("UnknownValue"));
    let strange = strange.expect("a warning");
    for name in ["two-keys", "unknown-key", "two-fields", "a-text", "nothing"] {
        assert!(strange.contains(name), "{strange}");
    }
    assert!(!strange.contains("nobody-left"), "{strange}");
}

/// Of everybody whom a mapping does not name the public connector shows nothing: one that gives everybody all rights
/// looks like one that gives nobody any.
#[tokio::test]
async fn whoever_a_mapping_covers_without_a_name_is_one_class_that_says_the_condition() {
    let all = || json!({"all": []});
    let bob = || json!({"field": {"username": "bob"}});
    let realm = || json!({"field": {"realm.name": "saml1"}});
    let rows: [(&str, Value, Option<&str>, &[&str]); 14] = [
        ("all", all(), Some("everybody"), &[]),
        (
            "star",
            json!({"field": {"username": "*"}}),
            Some(r#"username matches "*""#),
            &[],
        ),
        ("realm", realm(), Some(r#"realm.name is "saml1""#), &[]),
        (
            "dn",
            json!({"field": {"dn": "*,dc=io"}}),
            Some(r#"dn matches "*,dc=io""#),
            &[],
        ),
        (
            "metadata",
            json!({"field": {"metadata.a": ["hr", 12]}}),
            Some(r#"metadata.a is "hr" or metadata.a matches "12""#),
            &[],
        ),
        (
            "group-pattern",
            json!({"field": {"groups": ["cn=adm*"]}}),
            Some(r#"groups matches "cn=adm*""#),
            &[],
        ),
        (
            "all-but-bob",
            json!({"all": [{"except": bob()}]}),
            Some(r#"not (username is "bob")"#),
            &[],
        ),
        (
            "bob-and-others",
            json!({"any": [bob(), realm()]}),
            Some(r#"username is "bob" or realm.name is "saml1""#),
            &["externalUser:bob"],
        ),
        // Nobody is claimed to be covered who may not be.
        (
            "bob-perhaps",
            json!({"all": [bob(), realm()]}),
            Some(r#"username is "bob" and realm.name is "saml1""#),
            &[],
        ),
        (
            "new-grammar",
            json!({"sometimes": []}),
            Some("something that Rollcall does not understand"),
            &[],
        ),
        // Nobody else is covered.
        ("bob", bob(), None, &["externalUser:bob"]),
        ("nobody", json!({"any": []}), None, &[]),
        (
            "group",
            json!({"field": {"groups": "cn=x"}}),
            None,
            &["externalGroup:cn=x"],
        ),
        (
            "group-or-bob-in-it",
            json!({"any": [{"field": {"groups": "cn=x"}}, {"all": [bob(), {"field": {"groups": "cn=x"}}]}]}),
            None,
            &["externalGroup:cn=x"],
        ),
    ];
    let desk = small_with(|world| {
        for (name, rules, ..) in &rows {
            world.add_mapping("main", name, &["superuser"], rules.clone());
        }
        let off =
            json!({"enabled": false, "roles": ["superuser"], "rules": {"all": []}, "metadata": {}});
        world.put_mapping("main", "off", off);
    })
    .await;
    let shown = Shown::by(&desk).await;
    for (name, _, condition, who) in &rows {
        assert_eq!(covered(&shown, name), set(who), "{name}");
        let class = format!("externalClass:{name}");
        let found = shown.resources.get(&class);
        let said = found.and_then(|class| class.profile["condition"].as_str());
        assert_eq!(said, *condition, "{name}");
        if let Some(found) = found {
            assert_eq!(found.display_name, format!("People covered by {name}"));
            assert_eq!(found.traits, ["group"], "{name}");
            let member = shown.grant(&format!("roleMapping:{name}:member:{class}"));
            assert!(member.direct && member.immutable, "{name}");
            // It holds the roles of the mapping, as whoever is named does.
            let role = shown.grant(&format!("role:superuser:member:{class}"));
            assert!(!role.direct && role.sources.len() == 1, "{name}");
        }
    }
    assert!(!shown.resources.contains_key("externalClass:off"));
    let everybody = shown.resource("externalClass:all");
    assert_eq!(
        everybody.description,
        "Everybody who signs in through an identity provider"
    );
    let warnings = shown.warnings();
    let unnamed = warnings.iter().find(|w| w.starts_with("UnnamedMembers"));
    let unnamed = unnamed.expect("a warning");
    assert!(
        unnamed.contains("10 role mappings") && unnamed.ends_with("dn and 5 more"),
        "{unnamed}"
    );
}

/// A pattern of groups is a group to the public connector, or nobody.
#[tokio::test]
async fn a_pattern_is_nobody_and_is_named() {
    let desk = small_with(|world| {
        world.edit_cluster("main", |main| main.mappings.clear());
        world.add_mapping(
            "main",
            "patterns",
            &["viewer"],
            json!({"any": [
                {"field": {"groups": ["cn=adm*", "/cn=(a|b)/", null]}},
                {"field": {"username": ["svc-*", "?"]}},
            ]}),
        );
    })
    .await;
    let shown = Shown::by(&desk).await;
    assert_eq!(covered(&shown, "patterns"), set(&[]));
    assert_eq!(
        open(&shown, "patterns"),
        fields(json!({
            "group_patterns": ["/cn=(a|b)/", "cn=adm*"], "username_patterns": ["?", "svc-*"],
        }))
    );
    let warnings = shown.warnings().join("\n");
    assert!(
        warnings.contains("4 names in 1 role mappings are covered on conditions"),
        "{warnings}"
    );
}

/// The public connector's groups are of a type that it does not have, and lead to themselves.
#[tokio::test]
async fn a_group_is_shown_with_the_name_that_the_identity_provider_has_for_it() {
    let shown = Shown::by(&Desk::new().await).await;
    let id = "externalGroup:cn=admins,dc=example,dc=com";
    let group = shown.resource(id);
    assert_eq!(group.traits, ["group"]);
    assert_eq!(group.profile["name"], "cn=admins,dc=example,dc=com");
    let grant = shown.grant(&format!("roleMapping:groups:member:{id}"));
    assert_eq!(
        grant.external_id.as_deref(),
        Some("cn=admins,dc=example,dc=com")
    );
    assert_eq!(grant.expandable, None);
    assert!(!shown.grant(&format!("role:viewer:member:{id}")).direct);
}
