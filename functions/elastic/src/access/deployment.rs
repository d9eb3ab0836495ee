//! Native users of a deployment, and their roles.

use std::collections::BTreeSet;

use rollcall_connector::Records;
use rollcall_model::{AccountType, Grant, Rank, Resource, ResourceTrait, State, brief, put};

use super::names::{DEPLOYMENT_USER, DeploymentScope, ROLE, put_names};
use crate::api::{Role, User};

/// A native user with all roles, and those of them that do not exist: Elasticsearch lets a user have such roles.
pub(crate) fn native_user<'a>(
    scope: DeploymentScope<'_>,
    name: &str,
    user: &'a User,
    is_defined: impl Fn(&str) -> bool,
) -> (Records, BTreeSet<&'a str>) {
    let resource = account(scope, name, user);
    let mut records = Records::default();
    let mut roles: BTreeSet<&str> = user.roles.iter().map(String::as_str).collect();
    for role in &roles {
        let entitlement = scope.member_of(ROLE, role);
        records.grants.push(Grant::new(entitlement, resource.id.clone()));
    }
    records.resources.push(resource);
    roles.retain(|role| !is_defined(role));
    for role in &roles {
        records.extend(dangling_role(scope, role));
    }
    (records, roles)
}

fn account(scope: DeploymentScope<'_>, name: &str, user: &User) -> Resource {
    let address = user.address();
    let full_name = user.full_name();
    let account_type = match user.is_reserved() {
        true => AccountType::System,
        false => AccountType::Human,
    };
    let email = Some(address.clone()).filter(|address| !address.is_empty());
    let resource_trait = ResourceTrait::account(account_type, email).with_login(name);
    let mut resource = scope.resource(DEPLOYMENT_USER, name, resource_trait);
    let profile = &mut resource.profile;
    put_names(profile, &full_name);
    put(profile, "login", address);
    put(profile, "user_id", name);
    put(profile, "realm", "native");
    profile.insert("reserved".into(), user.is_reserved().into());
    if let Some(enabled) = user.enabled.value() {
        profile.insert("enabled".into(), enabled.into());
        resource.state = state(enabled);
    }
    if !full_name.is_empty() {
        resource.display_name = full_name;
    }
    resource
}

/// A defined role.
pub(crate) fn role(scope: DeploymentScope<'_>, name: &str, role: &Role) -> Records {
    let mut resource = bare_role(scope, name);
    resource.description = brief(&role.description());
    resource.state = state(role.is_usable());
    if !role.is_usable() {
        resource.state_details = "the licence does not cover it".into();
    }
    let profile = &mut resource.profile;
    put(profile, "description", role.description());
    profile.insert("reserved".into(), role.is_reserved().into());
    for (kind, json) in role.privileges() {
        // A new kind of privileges may have the name of a key that is already used here.
        if !profile.contains_key(kind) {
            put(profile, kind, json);
        }
    }
    with_membership(scope, name, resource)
}

/// A role that somebody has but that does not exist.
pub(crate) fn dangling_role(scope: DeploymentScope<'_>, name: &str) -> Records {
    let mut resource = bare_role(scope, name);
    resource.rank = Rank::Stub;
    resource.state_details = "held, but not defined in the deployment".into();
    with_membership(scope, name, resource)
}

fn bare_role(scope: DeploymentScope<'_>, name: &str) -> Resource {
    let mut resource = scope.resource(ROLE, name, ResourceTrait::Role);
    put(&mut resource.profile, "role_name", name);
    put(&mut resource.profile, "role_id", name);
    resource
}

fn with_membership(scope: DeploymentScope<'_>, name: &str, role: Resource) -> Records {
    Records {
        resources: vec![role],
        entitlements: vec![scope.membership(ROLE, name, &[DEPLOYMENT_USER])],
        ..Records::default()
    }
}

/// The state of an object that can be disabled.
pub(super) fn state(enabled: bool) -> State {
    match enabled {
        true => State::Enabled,
        false => State::Disabled,
    }
}
