//! Deployments: native users, and the roles that they have.

use std::collections::BTreeSet;

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, Grant, Purpose, Rank, Resource, ResourceId, ResourceTrait, State,
    brief, put,
};

use super::names::{DEPLOYMENT_USER, DeploymentScope, ROLE, has_role};
use super::organization::names;
use crate::api::{Role, User};

/// A native user, with all roles. `known` are the roles that exist: Elasticsearch lets a user have others.
pub(crate) fn native_user<'a>(
    within: DeploymentScope<'_>,
    name: &str,
    user: &'a User,
    known: impl Fn(&str) -> bool,
) -> (Records, BTreeSet<&'a str>) {
    let resource = account(within, name, user);
    let mut records = Records::default();
    let roles: BTreeSet<&str> = user.roles.iter().map(String::as_str).collect();
    for role in &roles {
        let entitlement = has_role(within, role);
        records
            .grants
            .push(Grant::new(entitlement, resource.id.clone()));
    }
    records.resources.push(resource);
    let dangling: BTreeSet<&str> = roles.into_iter().filter(|role| !known(role)).collect();
    for role in &dangling {
        records.extend(dangling_role(within, role));
    }
    (records, dangling)
}

fn account(within: DeploymentScope<'_>, name: &str, user: &User) -> Resource {
    let id = ResourceId::new(DEPLOYMENT_USER, within.id(name));
    let address = user.address();
    let full_name = user.name();
    let reserved = user.is_reserved();
    let kind = match reserved {
        true => AccountType::System,
        false => AccountType::Human,
    };
    let email = Some(address.clone()).filter(|address| !address.is_empty());
    let resource_trait = ResourceTrait::account(kind, email).with_login(name);
    let shown = if full_name.is_empty() {
        name
    } else {
        &full_name
    };
    let mut resource = Resource::new(id, shown, resource_trait);
    resource.state = match user.enabled.get() {
        Some(true) => State::Enabled,
        Some(false) => State::Disabled,
        None => State::Unknown,
    };
    let profile = &mut resource.profile;
    names(profile, &full_name);
    put(profile, "login", address);
    put(profile, "user_id", name);
    put(profile, "realm", "native");
    put(profile, "deployment", within.0.unwrap_or_default());
    if let Some(enabled) = user.enabled.get() {
        profile.insert("enabled".into(), (*enabled).into());
    }
    profile.insert("reserved".into(), reserved.into());
    resource
}

/// A role.
pub(crate) fn role(within: DeploymentScope<'_>, name: &str, role: &Role) -> Records {
    let mut resource = bare_role(within, name);
    resource.description = brief(&role.description());
    (resource.state, resource.state_details) = match role.is_usable() {
        true => (State::Enabled, String::new()),
        false => (State::Disabled, "the licence does not cover it".into()),
    };
    let profile = &mut resource.profile;
    put(profile, "description", role.description());
    profile.insert("reserved".into(), role.is_reserved().into());
    for (kind, json) in role.privileges() {
        // What is new may have a name that stands for something here already.
        if !profile.contains_key(kind) {
            put(profile, kind, json);
        }
    }
    Records {
        resources: vec![resource],
        entitlements: vec![entitlement(within, name)],
        ..Records::default()
    }
}

/// A role that somebody has, and that does not exist.
pub(crate) fn dangling_role(within: DeploymentScope<'_>, name: &str) -> Records {
    let mut resource = bare_role(within, name);
    resource.rank = Rank::Stub;
    resource.state_details = "held, but not defined in the deployment".into();
    Records {
        resources: vec![resource],
        entitlements: vec![entitlement(within, name)],
        ..Records::default()
    }
}

fn bare_role(within: DeploymentScope<'_>, name: &str) -> Resource {
    let mut resource = Resource::new(
        ResourceId::new(ROLE, within.id(name)),
        name,
        ResourceTrait::Role,
    );
    let profile = &mut resource.profile;
    put(profile, "role_name", name);
    put(profile, "role_id", name);
    put(profile, "deployment", within.0.unwrap_or_default());
    resource
}

fn entitlement(within: DeploymentScope<'_>, name: &str) -> Entitlement {
    Entitlement {
        id: has_role(within, name),
        display_name: format!("{name} Role member"),
        description: format!("Member of {name} elasticsearch role"),
        grantable_to: &[DEPLOYMENT_USER],
        purpose: Purpose::Assignment,
        immutable: false,
        exclusive: None,
        v1_identifier: None,
    }
}
