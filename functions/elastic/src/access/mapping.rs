//! Role mappings: who gets roles by signing in through a realm other than Elasticsearch's own.
//!
//! The native realm does not use them (<https://www.elastic.co/docs/deploy-manage/users-roles/cluster-or-deployment-auth/mapping-users-groups-to-roles>):
//! a native user of a name that a mapping has gets nothing by it.

use std::collections::BTreeSet;

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, Grant, Purpose, Resource, ResourceId, ResourceTrait, State, brief,
    put,
};
use serde_json::Value;
use serde_json::value::RawValue;

use super::deployment::dangling_role;
use super::names::{
    DeploymentScope, EXTERNAL_CLASS, EXTERNAL_GROUP, EXTERNAL_USER, ROLE_MAPPING, USER, covered_by,
    has_role,
};
use super::rule::{Rule, Truth, Who};
use crate::api::Mapping;

/// A mapping, and what it leaves open.
pub(crate) struct Mapped {
    pub(crate) records: Records,
    /// How many names it covers on conditions that only an identity provider can judge, patterns included.
    pub(crate) conditional: usize,
    /// Whether it covers, or may cover, people whom no other grant of it stands for.
    pub(crate) unnamed: bool,
    /// Its roles that do not exist.
    pub(crate) dangling: BTreeSet<String>,
    /// Roles are computed for each person who signs in.
    pub(crate) computed: bool,
    /// Its rules have parts that are not of the documented grammar.
    pub(crate) strange: bool,
}

/// A mapping. `known` are the roles that exist, `members` the ids of the organization's members: somebody who comes in
/// through Elastic Cloud has the id as name. (*Unknown*: the vendor documents that such a name is numeric, not that it
/// is this number.)
pub(crate) fn role_mapping(
    within: DeploymentScope<'_>,
    name: &str,
    mapping: &Mapping,
    known: impl Fn(&str) -> bool,
    members: &BTreeSet<String>,
) -> Mapped {
    let rules = mapping.rules.as_deref().map(RawValue::get);
    let json = rules.and_then(|text| serde_json::from_str(text).ok());
    let rule = Rule::parse(&json.unwrap_or(Value::Null));
    let covered = Covered::by(&rule, mapping.enabled);
    let id = covered_by(within, name);
    let mut records = Records {
        resources: vec![resource(within, name, mapping, &covered)],
        entitlements: vec![entitlement(within, name)],
        ..Records::default()
    };
    for (who, resource) in covered.people(within, members) {
        let mut grant = Grant::new(id.clone(), resource.id.clone()).immutable();
        if resource.id.resource_type != USER {
            grant.external_id = Some(who.to_owned());
            records.resources.push(resource);
        }
        records.grants.push(grant);
    }
    if covered.unnamed {
        let class = class(within, name, &rule);
        let grant = Grant::new(id.clone(), class.id.clone()).immutable();
        records.grants.push(grant);
        records.resources.push(class);
    }
    let mut dangling = BTreeSet::new();
    for role in mapping.roles.iter().collect::<BTreeSet<_>>() {
        if !known(role) {
            dangling.insert(role.clone());
            records.extend(dangling_role(within, role));
        }
        // Nobody gets anything by a mapping that is switched off.
        if mapping.enabled {
            let grant = Grant::new(has_role(within, role), id.resource.clone());
            records.grants.push(grant.immutable().through(id.clone()));
        }
    }
    Mapped {
        conditional: covered.conditional(),
        unnamed: covered.unnamed,
        dangling,
        computed: templates(mapping).is_some(),
        strange: !rule.is_understood(),
        records,
    }
}

/// Who a rule covers, of those that it names, and whether there may be others.
#[derive(Default)]
struct Covered {
    users: BTreeSet<String>,
    groups: BTreeSet<String>,
    users_perhaps: BTreeSet<String>,
    groups_perhaps: BTreeSet<String>,
    patterns: BTreeSet<String>,
    group_patterns: BTreeSet<String>,
    unnamed: bool,
}

impl Covered {
    fn by(rule: &Rule, enabled: bool) -> Self {
        if !enabled {
            return Self::default();
        }
        let named = rule.named();
        let mut covered = Self {
            patterns: named.patterns,
            group_patterns: named.group_patterns,
            ..Self::default()
        };
        for name in named.usernames {
            match rule.says(Who::Named(&name)) {
                Truth::Yes => covered.users.insert(name),
                Truth::Unknown => covered.users_perhaps.insert(name),
                Truth::No => false,
            };
        }
        for group in named.groups {
            match rule.says(Who::InGroup(&group)) {
                Truth::Yes => covered.groups.insert(group),
                Truth::Unknown => covered.groups_perhaps.insert(group),
                Truth::No => false,
            };
        }
        covered.unnamed = covered.leaves_out_somebody(rule);
        covered
    }

    /// Whether the rule covers, or may cover, somebody who is none of `users` and in none of `groups`: without a
    /// principal that stands for them, whoever reads a snapshot would take the mapping to cover nobody else.
    fn leaves_out_somebody(&self, rule: &Rule) -> bool {
        let groups = &self.groups;
        let may_be = |name| rule.says(Who::Outside { name, groups }) != Truth::No;
        let mut perhaps = self.users_perhaps.iter();
        may_be(None) || perhaps.any(|name| may_be(Some(name.as_str())))
    }

    fn conditional(&self) -> usize {
        let names = self.users_perhaps.len() + self.groups_perhaps.len();
        names + self.patterns.len() + self.group_patterns.len()
    }

    /// Those who are covered whatever else is so: what they are called, and who they are.
    fn people<'a>(
        &'a self,
        within: DeploymentScope<'a>,
        members: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = (&'a str, Resource)> {
        let users = self.users.iter().map(move |name| {
            let who = match members.contains(name) {
                true => Resource::new(ResourceId::new(USER, name), name, ResourceTrait::None),
                false => external(within, EXTERNAL_USER, name),
            };
            (name.as_str(), who)
        });
        let groups = self.groups.iter();
        let groups =
            groups.map(move |name| (name.as_str(), external(within, EXTERNAL_GROUP, name)));
        users.chain(groups)
    }
}

/// Somebody, or some people, whom only an identity provider knows.
fn external(within: DeploymentScope<'_>, kind: &'static str, name: &str) -> Resource {
    let resource_trait = match kind {
        EXTERNAL_GROUP => ResourceTrait::Group,
        _ => ResourceTrait::account(AccountType::Unknown, None).with_login(name),
    };
    let mut resource = Resource::new(ResourceId::new(kind, within.id(name)), name, resource_trait);
    resource.state_details = "named by a role mapping; known to an identity provider".into();
    put(&mut resource.profile, "name", name);
    put(
        &mut resource.profile,
        "deployment",
        within.0.unwrap_or_default(),
    );
    resource
}

/// Everybody whom a mapping covers, or may cover, and whom no other grant of it stands for. Each mapping has a class of
/// its own, since each has a condition of its own.
fn class(within: DeploymentScope<'_>, mapping: &str, rule: &Rule) -> Resource {
    let id = ResourceId::new(EXTERNAL_CLASS, within.id(mapping));
    let name = format!("People covered by {mapping}");
    let mut resource = Resource::new(id, name, ResourceTrait::Group);
    let condition = rule.words();
    resource.description = brief(&match condition.as_str() {
        "everybody" => "Everybody who signs in through an identity provider".to_owned(),
        condition => {
            format!("Whoever signs in through an identity provider, provided that {condition}")
        }
    });
    resource.state_details = "known to an identity provider".into();
    let profile = &mut resource.profile;
    put(profile, "condition", condition);
    put(profile, "role_mapping", mapping);
    put(profile, "deployment", within.0.unwrap_or_default());
    resource
}

fn resource(
    within: DeploymentScope<'_>,
    name: &str,
    mapping: &Mapping,
    covered: &Covered,
) -> Resource {
    let id = ResourceId::new(ROLE_MAPPING, within.id(name));
    let mut resource = Resource::new(id, name, ResourceTrait::Role);
    resource.state = match mapping.enabled {
        true => State::Enabled,
        false => State::Disabled,
    };
    let profile = &mut resource.profile;
    put(profile, "role_mapping_id", name);
    put(profile, "role_mapping_name", name);
    put(profile, "deployment", within.0.unwrap_or_default());
    profile.insert("enabled".into(), mapping.enabled.into());
    let roles = Value::from(mapping.roles.clone());
    put(profile, "roles", roles.to_string());
    let rules = mapping.rules.as_deref().map(RawValue::get);
    put(profile, "rules", rules.unwrap_or_default());
    put(
        profile,
        "role_templates",
        templates(mapping).unwrap_or_default(),
    );
    for (key, names) in [
        ("conditional_usernames", &covered.users_perhaps),
        ("conditional_groups", &covered.groups_perhaps),
        ("username_patterns", &covered.patterns),
        ("group_patterns", &covered.group_patterns),
    ] {
        if !names.is_empty() {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            profile.insert(key.into(), names.into());
        }
    }
    resource
}

/// Where the roles are computed, the source of the computation.
fn templates(mapping: &Mapping) -> Option<&str> {
    let text = mapping.role_templates.as_deref()?.get();
    (!matches!(text, "[]" | "null")).then_some(text)
}

fn entitlement(within: DeploymentScope<'_>, name: &str) -> Entitlement {
    Entitlement {
        id: covered_by(within, name),
        display_name: format!("{name} Role member"),
        description: format!("Member of {name} elasticsearch role"),
        grantable_to: &[EXTERNAL_USER, EXTERNAL_GROUP, EXTERNAL_CLASS, USER],
        purpose: Purpose::Assignment,
        // Rules are rewritten as a whole, and a wrong one locks people out: they are changed in Kibana.
        immutable: true,
        exclusive: None,
        v1_identifier: None,
    }
}
