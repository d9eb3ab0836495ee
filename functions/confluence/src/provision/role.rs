//! Roles on spaces: one at most per principal and space.

use rollcall_connector::provision::{AccessState, Plan, Proposal};
use rollcall_connector::{Code, Error, ErrorType};
use serde_json::json;

use super::held::{SpaceAccess, not_skipped, required, role_of, rows_of};
use super::{AccessRequest, Planned, proposal, removal, state};
use crate::access::{self, ADMINISTER, AccessMode, assigned, includes};
use crate::api::{Write, assignments_on};

/// Grants a role. It replaces another role of the principal, or its individual permissions; the answer names them.
pub(super) async fn grant(change: &AccessRequest<'_>, space: &str, role: &str) -> Planned {
    change.check_principal().await?;
    let mode = with_roles(change).await?;
    not_skipped(change, &required(change, space).await?)?;
    let roles = change.connector.roles().await?;
    let Some(wanted) = roles.iter().find(|known| known.id == role) else {
        return Err(Error::new(
            ErrorType::NotFound,
            Code::UnknownEntitlement,
            format!("the site has no role {role}"),
            "Use a role from the newest snapshot.",
        ));
    };
    let assignments = change.connector.api.whole(&assignments_on(space)).await?;
    let held = role_of(&assignments, change).map(|held| held.role_id.clone());
    let then = state(vec![change.grant()]);
    if held.as_deref() == Some(role) {
        return Ok(Plan::Already(then));
    }
    change.not_oneself()?;
    let there = SpaceAccess::read(change, space, (mode, assignments)).await?;
    let own = rows_of(&there.rows, change);
    if !includes(wanted, ADMINISTER) {
        there.not_the_last_admin(change).await?;
    }
    let replaced: Vec<String> = match &held {
        Some(held) => vec![change.grant_of(&assigned(space, held)).id],
        None => {
            own.iter().map(|row| change.grant_of(&access::permission_of(space, row)).id).collect()
        }
    };
    let read = json!({"role": held, "held": access::shown(&own)});
    Ok(Plan::Change(Proposal {
        removed: replaced.clone(),
        replaced,
        ..proposal(set(space, change, Some(role)), read, then)
    }))
}

/// Revokes a role, if the principal has it.
pub(super) async fn revoke(change: &AccessRequest<'_>, space: &str, role: &str) -> Planned {
    change.check_holder()?;
    let mode = with_roles(change).await?;
    not_skipped(change, &required(change, space).await?)?;
    let assignments = change.connector.api.whole(&assignments_on(space)).await?;
    if role_of(&assignments, change).is_none_or(|held| held.role_id != role) {
        if assignments.is_empty() {
            // Maybe nobody has a role here yet; then the rows must not be empty.
            SpaceAccess::read(change, space, (mode, assignments)).await?;
        }
        return Ok(Plan::Already(AccessState::default()));
    }
    change.not_oneself()?;
    let there = SpaceAccess::read(change, space, (mode, assignments)).await?;
    let own = rows_of(&there.rows, change);
    there.not_the_last_admin(change).await?;
    let read = json!({"role": role, "held": access::shown(&own)});
    let removed = vec![change.grant().id];
    Ok(removal(set(space, change, None), read, removed))
}

/// The site's mode, if it has roles.
async fn with_roles(change: &AccessRequest<'_>) -> Result<AccessMode, Error> {
    match change.connector.mode().await?.0 {
        AccessMode::Rows => Err(Error::refused(
            Code::PermissionsOnly,
            "this site gives access to spaces through permissions, not roles",
            "Grant permissions on the space instead.",
        )),
        mode => Ok(mode),
    }
}

fn set(space: &str, change: &AccessRequest<'_>, role: Option<&str>) -> Write {
    Write::SetRole {
        space: space.to_owned(),
        kind: change.principal.resource_type.to_uppercase(),
        principal: change.principal.id.clone(),
        role: role.map(str::to_owned),
    }
}
