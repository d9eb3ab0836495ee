//! Role mappings: who gets roles by signing in through a realm other than Elasticsearch's own.
//!
//! The native realm does not use them
//! (<https://www.elastic.co/docs/deploy-manage/users-roles/cluster-or-deployment-auth/mapping-users-groups-to-roles>):
//! a native user named in a mapping gets nothing from it.

use std::collections::BTreeSet;

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, Grant, Resource, ResourceId, ResourceTrait, brief, put,
};
use serde_json::Value;
use serde_json::value::RawValue;

use super::deployment::{dangling_role, state};
use super::names::{
    DeploymentScope, EXTERNAL_CLASS, EXTERNAL_GROUP, EXTERNAL_USER, ROLE, ROLE_MAPPING, USER,
};
use super::rule::{Rule, Truth, Who};
use crate::api::Mapping;

/// The records of a mapping, and what they leave undetermined.
pub(crate) struct Mapped {
    pub(crate) records: Records,
    /// The number of names and patterns that it covers under conditions that only an identity provider can evaluate.
    pub(crate) conditional: usize,
    /// Whether it covers, or may cover, people who have no other grant of it.
    pub(crate) covers_unnamed: bool,
    /// Its roles that do not exist.
    pub(crate) dangling: BTreeSet<String>,
    /// Whether roles are computed for each person who signs in.
    pub(crate) computes_roles: bool,
    /// Whether parts of its rules are outside the documented grammar.
    pub(crate) has_unknown_rules: bool,
}

/// A mapping. `members` are the ids of the organization's members: a person who signs in through Elastic Cloud has the
/// id as name. (*Unknown*: the vendor documents that such a name is numeric, not that it is this number.)
pub(crate) fn role_mapping(
    scope: DeploymentScope<'_>,
    name: &str,
    mapping: &Mapping,
    is_defined: impl Fn(&str) -> bool,
    members: &BTreeSet<&str>,
) -> Mapped {
    let json = serde_json::from_str(json(&mapping.rules));
    let rule = Rule::parse(&json.unwrap_or(Value::Null));
    let covered = Covered::by(&rule, mapping.enabled);
    let id = scope.member_of(ROLE_MAPPING, name);
    let mut records = Records {
        resources: vec![resource(scope, name, mapping, &covered)],
        entitlements: vec![Entitlement {
            // A wrong rule locks people out, so mappings are changed in Kibana.
            immutable: true,
            ..scope.membership(
                ROLE_MAPPING,
                name,
                &[EXTERNAL_USER, EXTERNAL_GROUP, EXTERNAL_CLASS, USER],
            )
        }],
        ..Records::default()
    };
    let mut cover = |principal: Resource, external_id: Option<&String>| {
        let mut grant = Grant::new(id.clone(), principal.id.clone()).immutable();
        if principal.id.resource_type != USER {
            grant.external_id = external_id.cloned();
            records.resources.push(principal);
        }
        records.grants.push(grant);
    };
    for user in &covered.users {
        let principal = match members.contains(user.as_str()) {
            true => Resource::new(ResourceId::new(USER, user), user, ResourceTrait::None),
            false => external(scope, EXTERNAL_USER, user),
        };
        cover(principal, Some(user));
    }
    for group in &covered.groups {
        cover(external(scope, EXTERNAL_GROUP, group), Some(group));
    }
    if covered.unnamed {
        cover(class(scope, name, &rule), None);
    }
    let mut dangling = BTreeSet::new();
    for role in mapping.roles.iter().collect::<BTreeSet<_>>() {
        if !is_defined(role) {
            dangling.insert(role.clone());
            records.extend(dangling_role(scope, role));
        }
        // A disabled mapping gives nobody anything.
        if mapping.enabled {
            let grant = Grant::new(scope.member_of(ROLE, role), id.resource.clone());
            records.grants.push(grant.immutable().through(id.clone()));
        }
    }
    Mapped {
        conditional: covered.conditional().map(|(_, names)| names.len()).sum(),
        covers_unnamed: covered.unnamed,
        dangling,
        computes_roles: templates(mapping).is_some(),
        has_unknown_rules: !rule.is_understood(),
        records,
    }
}

/// The named people and groups that a rule covers, and whether there may be others.
#[derive(Default)]
struct Covered {
    users: BTreeSet<String>,
    groups: BTreeSet<String>,
    possible_users: BTreeSet<String>,
    possible_groups: BTreeSet<String>,
    user_patterns: BTreeSet<String>,
    group_patterns: BTreeSet<String>,
    unnamed: bool,
}

impl Covered {
    fn by(rule: &Rule, enabled: bool) -> Self {
        if !enabled {
            return Self::default();
        }
        let named = rule.named();
        let [users, possible_users] = evaluate(rule, &named.users, Who::Named);
        let [groups, possible_groups] = evaluate(rule, &named.groups, Who::InGroup);
        let mut covered = Self {
            users,
            groups,
            possible_users,
            possible_groups,
            user_patterns: named.user_patterns,
            group_patterns: named.group_patterns,
            unnamed: false,
        };
        covered.unnamed = covered.leaves_out_somebody(rule);
        covered
    }

    /// Whether the rule covers, or may cover, somebody who is not in `users` and in none of `groups`: without a
    /// principal for them, the mapping would seem to cover nobody else.
    fn leaves_out_somebody(&self, rule: &Rule) -> bool {
        let groups = &self.groups;
        let names = self.possible_users.iter().map(|name| Some(name.as_str()));
        [None].into_iter().chain(names).any(|name| {
            let who = Who::Outside { name, groups };
            rule.is_true_of(who) != Truth::No
        })
    }

    /// The names and patterns that it covers under conditions, by their keys in the profile.
    fn conditional(&self) -> impl Iterator<Item = (&'static str, &BTreeSet<String>)> {
        [
            ("conditional_usernames", &self.possible_users),
            ("conditional_groups", &self.possible_groups),
            ("username_patterns", &self.user_patterns),
            ("group_patterns", &self.group_patterns),
        ]
        .into_iter()
    }
}

/// The names that the rule covers, and those that it covers under conditions.
fn evaluate<'a>(
    rule: &Rule,
    names: &'a BTreeSet<String>,
    who: fn(&'a str) -> Who<'a>,
) -> [BTreeSet<String>; 2] {
    let [mut covered, mut possible] = [BTreeSet::new(), BTreeSet::new()];
    for name in names {
        match rule.is_true_of(who(name)) {
            Truth::Yes => covered.insert(name.clone()),
            Truth::Unknown => possible.insert(name.clone()),
            Truth::No => false,
        };
    }
    [covered, possible]
}

/// A person or a group that only an identity provider knows.
fn external(scope: DeploymentScope<'_>, resource_type: &str, name: &str) -> Resource {
    let resource_trait = match resource_type {
        EXTERNAL_GROUP => ResourceTrait::Group,
        _ => ResourceTrait::account(AccountType::Unknown, None).with_login(name),
    };
    let mut resource = scope.resource(resource_type, name, resource_trait);
    resource.state_details = "named by a role mapping; known to an identity provider".into();
    put(&mut resource.profile, "name", name);
    resource
}

/// Everybody that a mapping covers, or may cover, and who has no other grant of it. Each mapping has its own class,
/// since each has its own condition.
fn class(scope: DeploymentScope<'_>, mapping: &str, rule: &Rule) -> Resource {
    let mut resource = scope.resource(EXTERNAL_CLASS, mapping, ResourceTrait::Group);
    resource.display_name = format!("People covered by {mapping}");
    let condition = rule.in_words();
    resource.description = match condition.as_str() {
        "everybody" => "Everybody who signs in through an identity provider".into(),
        condition => brief(&format!(
            "Whoever signs in through an identity provider, provided that {condition}"
        )),
    };
    resource.state_details = "known to an identity provider".into();
    put(&mut resource.profile, "condition", condition);
    put(&mut resource.profile, "role_mapping", mapping);
    resource
}

fn resource(
    scope: DeploymentScope<'_>,
    name: &str,
    mapping: &Mapping,
    covered: &Covered,
) -> Resource {
    let mut resource = scope.resource(ROLE_MAPPING, name, ResourceTrait::Role);
    resource.state = state(mapping.enabled);
    let profile = &mut resource.profile;
    put(profile, "role_mapping_id", name);
    put(profile, "role_mapping_name", name);
    profile.insert("enabled".into(), mapping.enabled.into());
    let roles = Value::from(mapping.roles.clone());
    put(profile, "roles", roles.to_string());
    put(profile, "rules", json(&mapping.rules));
    let templates = templates(mapping).unwrap_or_default();
    put(profile, "role_templates", templates);
    for (key, names) in covered.conditional() {
        if !names.is_empty() {
            let names: Value = names.iter().map(String::as_str).collect();
            profile.insert(key.into(), names);
        }
    }
    resource
}

/// The source from which roles are computed, if they are.
fn templates(mapping: &Mapping) -> Option<&str> {
    Some(json(&mapping.role_templates)).filter(|text| !matches!(*text, "" | "[]" | "null"))
}

fn json(field: &Option<Box<RawValue>>) -> &str {
    field.as_deref().map_or("", RawValue::get)
}
