//! Account roles: one at most per principal.

use rollcall_connector::provision::{AccessState, Plan, Proposal};
use rollcall_connector::{Code, Error};
use rollcall_model::ResourceId;

use super::planner::{BUSY_RETRY_DELAY, Planned, Planner};
use super::principal::Principal;
use crate::access::{GROUP, USER, is_immutable, role_member};
use crate::api::{ApiEnum, Role, WriteCall};

/// The fix for roles that Rollcall does not change.
pub(super) const IMMUTABLE_ROLES: &str = "Only Temporal's support can change owners; an owner can change finance admins in Temporal Cloud.";

impl Planner<'_> {
    /// Grants a role. It replaces another one, and, for admins, all permissions on namespaces: the vendor erases them,
    /// and the answer names them.
    pub(super) async fn grant_role(self, wanted: &Role, principal: &ResourceId) -> Planned {
        if *wanted == Role::MetricsRead && [USER, GROUP].contains(&&*principal.resource_type) {
            return Err(Error::refused(
                Code::ServiceAccountsOnly,
                format!(
                    "the role metrics-read is only for service accounts, and {principal} is not one"
                ),
                "Grant `read` instead.",
            ));
        }
        let principal = self.required(principal).await?;
        let held = principal.access.role();
        let tenant = &self.identity.tenant;
        let then = principal.holding(Some(role_member(tenant, wanted)));
        if held.as_ref() == Some(wanted) {
            return Ok(Plan::Already(then));
        }
        self.check(wanted, &principal, held.as_ref())?;
        if self.is_busy(&principal).await? {
            return Ok(Plan::Later(BUSY_RETRY_DELAY));
        }
        self.not_the_last_admin(&principal).await?;
        let replaced = held.map(|held| principal.grant_id(&role_member(tenant, &held)));
        let mut removed: Vec<String> = replaced.iter().cloned().collect();
        if *wanted == Role::Admin {
            removed.extend(principal.namespace_grants());
        }
        Ok(Plan::Change(Proposal {
            change: self.set_role(&principal, Some(wanted)),
            read: principal.read_value(),
            replaced: replaced.into_iter().collect(),
            removed,
            further: Vec::new(),
            then,
        }))
    }

    /// Revokes a role, if the principal has it. A person or a service account keeps the next lower role, since the
    /// vendor has no account without one; a group keeps none.
    pub(super) async fn revoke_role(self, unwanted: &Role, principal: &ResourceId) -> Planned {
        let Some(principal) = self.principal(principal).await? else {
            return Ok(Plan::Already(AccessState::default()));
        };
        let held = principal.access.role();
        let holding = |role: Option<&Role>| {
            principal.holding(role.map(|role| role_member(&self.identity.tenant, role)))
        };
        if held.as_ref() != Some(unwanted) {
            return Ok(Plan::Already(holding(held.as_ref())));
        }
        self.check(unwanted, &principal, held.as_ref())?;
        let lower = lower(&principal, unwanted)?;
        if self.is_busy(&principal).await? {
            return Ok(Plan::Later(BUSY_RETRY_DELAY));
        }
        self.not_the_last_admin(&principal).await?;
        Ok(Plan::Change(Proposal {
            change: self.set_role(&principal, lower.as_ref()),
            read: principal.read_value(),
            replaced: Vec::new(),
            removed: vec![principal.grant_id(&role_member(&self.identity.tenant, unwanted))],
            further: Vec::new(),
            then: holding(lower.as_ref()),
        }))
    }

    /// Refuses roles that Rollcall does not change, and principals that have one.
    fn check(self, role: &Role, principal: &Principal, held: Option<&Role>) -> Result<(), Error> {
        if is_immutable(role) {
            let what = format!("Rollcall can neither grant nor revoke the role {}", role.slug());
            return Err(Error::refused(Code::ImmutableRole, what, IMMUTABLE_ROLES));
        }
        let id = &principal.id;
        if let Some(held) = held.filter(|held| is_immutable(held)) {
            let held = held.slug();
            return Err(Error::refused(
                Code::ImmutableRole,
                format!("{id} has the role {held}, which Rollcall does not change"),
                IMMUTABLE_ROLES,
            ));
        }
        if principal.scoped {
            return Err(Error::refused(
                Code::ScopedServiceAccount,
                format!("{id} is a scoped service account, whose account role is fixed"),
                "Use another service account.",
            ));
        }
        self.not_oneself(id)
    }

    fn set_role(self, principal: &Principal, role: Option<&Role>) -> WriteCall {
        let (id, version) = (principal.id.to_string(), &principal.resource_version);
        let wanted = role.map(Role::slug).unwrap_or_default();
        principal.update(role, self.operation_id(&[&id, version, &wanted]))
    }
}

/// The role that remains after a revocation.
fn lower(principal: &Principal, role: &Role) -> Result<Option<Role>, Error> {
    match role {
        _ if principal.id.resource_type == GROUP => Ok(None),
        Role::Admin => Ok(Some(Role::Developer)),
        Role::Developer => Ok(Some(Role::Read)),
        _ => Err(Error::refused(
            Code::LowestRole,
            format!(
                "{} is the lowest role: without it, {} has no account",
                role.slug(),
                principal.id
            ),
            "Delete the account instead (`delete-account`; a service account in Temporal Cloud), or grant another role.",
        )),
    }
}
