//! Account roles: one at most per principal.

use rollcall_connector::provision::{Plan, Proposal, Request, State};
use rollcall_connector::{Code, Error, Identity};
use rollcall_model::ResourceId;

use super::principal::{
    BUSY_RETRY_DELAY, Principal, kind_of, not_oneself, not_the_last_admin, operation_id,
};
use crate::TemporalCloud;
use crate::access::{is_immutable, role_member, role_slug};
use crate::api::{Kind, Role, Write};

/// Gives a role. Another one that is held gives way; so do, for admins, all permissions on namespaces: the vendor
/// erases them, and the answer names them.
pub(super) async fn grant(
    connector: &TemporalCloud,
    identity: &Identity,
    request: &Request,
    wanted: &Role,
    principal: &ResourceId,
) -> Result<Plan<Write>, Error> {
    let kind = kind_of(principal)?;
    if *wanted == Role::MetricsRead && kind != Kind::ServiceAccount {
        return Err(Error::refused(
            Code::ServiceAccountsOnly,
            format!("the role metrics-read is for service accounts, and {principal} is none"),
            "Grant `read` instead.",
        ));
    }
    let principal = Principal::required(connector, identity, principal).await?;
    let held = principal.access.role();
    let then = State {
        grants: vec![principal.grant(&role_member(&identity.tenant, wanted))],
        resource: None,
    };
    if held.as_ref() == Some(wanted) {
        return Ok(Plan::Already(then));
    }
    check_mutable(wanted)?;
    check_holder(&principal, held.as_ref())?;
    not_oneself(identity, &principal.id)?;
    if principal.is_busy(connector).await? {
        return Ok(Plan::Later(BUSY_RETRY_DELAY));
    }
    not_the_last_admin(connector, &principal).await?;
    let replaced = held.map(|held| principal.grant(&role_member(&identity.tenant, &held)).id);
    let mut removed: Vec<String> = replaced.iter().cloned().collect();
    if *wanted == Role::Admin {
        removed.extend(principal.namespace_grants());
    }
    Ok(Plan::Change(Proposal {
        change: update(identity, request, &principal, Some(wanted)),
        read: principal.read_value(),
        replaced: replaced.into_iter().collect(),
        removed,
        then,
    }))
}

/// Takes a role, if it is the one that is held. A person or a service account keeps the next lower role, since the
/// vendor has no account without one; a group keeps none.
pub(super) async fn revoke(
    connector: &TemporalCloud,
    identity: &Identity,
    request: &Request,
    unwanted: &Role,
    principal: &ResourceId,
) -> Result<Plan<Write>, Error> {
    kind_of(principal)?;
    let Some(principal) = Principal::read(connector, identity, principal).await? else {
        return Ok(Plan::Already(State::default()));
    };
    let held = principal.access.role();
    if held.as_ref() != Some(unwanted) {
        return Ok(Plan::Already(holding(identity, &principal, held.as_ref())));
    }
    check_mutable(unwanted)?;
    check_holder(&principal, held.as_ref())?;
    not_oneself(identity, &principal.id)?;
    let lower = lower(&principal, unwanted)?;
    if principal.is_busy(connector).await? {
        return Ok(Plan::Later(BUSY_RETRY_DELAY));
    }
    not_the_last_admin(connector, &principal).await?;
    Ok(Plan::Change(Proposal {
        change: update(identity, request, &principal, lower.as_ref()),
        read: principal.read_value(),
        replaced: Vec::new(),
        removed: vec![principal.grant(&role_member(&identity.tenant, unwanted)).id],
        then: holding(identity, &principal, lower.as_ref()),
    }))
}

fn holding(identity: &Identity, principal: &Principal, role: Option<&Role>) -> State {
    let grant = role.map(|role| principal.grant(&role_member(&identity.tenant, role)));
    State {
        grants: grant.into_iter().collect(),
        resource: None,
    }
}

/// What is left when a role is taken.
fn lower(principal: &Principal, role: &Role) -> Result<Option<Role>, Error> {
    match (principal.kind, role) {
        (Kind::Group, _) => Ok(None),
        (_, Role::Admin) => Ok(Some(Role::Developer)),
        (_, Role::Developer) => Ok(Some(Role::Read)),
        _ => Err(Error::refused(
            Code::LowestRole,
            format!(
                "{} is the lowest role: without it, {} has no account",
                role_slug(role),
                principal.id
            ),
            "Delete the account instead (`delete-account`; a service account in Temporal Cloud), or grant another role.",
        )),
    }
}

fn check_mutable(role: &Role) -> Result<(), Error> {
    if !is_immutable(role) {
        return Ok(());
    }
    Err(Error::refused(
        Code::ImmutableRole,
        format!(
            "the role {} can be neither granted nor revoked from here",
            role_slug(role)
        ),
        "Owners are changed by Temporal's support, finance admins by an owner in Temporal Cloud.",
    ))
}

fn check_holder(principal: &Principal, held: Option<&Role>) -> Result<(), Error> {
    match held {
        Some(role) if is_immutable(role) => Err(Error::refused(
            Code::ImmutableRole,
            format!(
                "{} holds the role {}, which is not changed from here",
                principal.id,
                role_slug(role)
            ),
            "Owners are changed by Temporal's support, finance admins by an owner in Temporal Cloud.",
        )),
        _ if principal.scoped => Err(Error::refused(
            Code::ScopedServiceAccount,
            format!(
                "{} is a scoped service account, whose account role is fixed",
                principal.id
            ),
            "Use another service account.",
        )),
        _ => Ok(()),
    }
}

fn update(
    identity: &Identity,
    request: &Request,
    principal: &Principal,
    role: Option<&Role>,
) -> Write {
    let wanted = role.map(role_slug).unwrap_or_default();
    let parts = [
        &principal.id.to_string(),
        &principal.resource_version,
        &wanted,
    ];
    let id = operation_id(identity, request, &parts.map(String::as_str));
    principal.update(principal.spec_with_role(role), id)
}
