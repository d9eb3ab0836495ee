//! Roles on spaces: one at most per principal and space.

use rollcall_connector::event::GrantRef;
use rollcall_connector::provision::{Plan, Proposal, State};
use rollcall_connector::{Code, Error, ErrorType};
use serde_json::json;

use super::space::{Held, not_skipped, not_the_last_admin, own, required};
use super::{Change, cannot_hold};
use crate::access::{self, HOLDERS, Mode, assigned, includes};
use crate::api::{Assignment, Write};
use crate::sync::no_roles;

/// Gives a role. Another one that is held gives way, and so do permissions that were given one by one; the answer names
/// them.
pub(super) async fn grant(
    change: &Change<'_>,
    space: &str,
    role: &str,
) -> Result<Plan<Write>, Error> {
    let kind = change.check_principal().await?.kind;
    let mode = with_roles(change).await?;
    not_skipped(change, &required(change, space).await?)?;
    let roles = change.connector.roles().await?;
    let Some(wanted) = roles.iter().find(|known| known.id == role) else {
        return Err(Error::new(
            ErrorType::NotFound,
            Code::UnknownEntitlement,
            format!("the site has no role {role}"),
            "Use a role of the newest snapshot.",
        ));
    };
    let assignments = change.connector.api.assignments(space).await?;
    let held = of(&assignments, change);
    let then = State {
        grants: vec![change.grant()],
        resource: None,
    };
    if held.is_some_and(|held| held.role_id == role) {
        return Ok(Plan::Already(then));
    }
    change.not_oneself()?;
    let there = Held::with(change, space, mode, assignments.clone()).await?;
    let own = own(&there.rows, change.principal);
    if !includes(wanted, "administer", "space") {
        not_the_last_admin(change, &there).await?;
    }
    let replaced: Vec<String> = match held {
        Some(held) => vec![GrantRef::new(&assigned(space, &held.role_id), change.principal).id],
        None => own
            .iter()
            .map(|row| GrantRef::new(&access::permission_of(space, row), change.principal).id)
            .collect(),
    };
    Ok(Plan::Change(Proposal {
        change: set(space, kind, change, Some(role)),
        read: json!({"role": held.map(|held| &held.role_id), "held": access::shown(&own)}),
        removed: replaced.clone(),
        replaced,
        then,
    }))
}

/// Takes a role, if it is the one that is held.
pub(super) async fn revoke(
    change: &Change<'_>,
    space: &str,
    role: &str,
) -> Result<Plan<Write>, Error> {
    let kind = match change.principal.resource_type.as_str() {
        kind if HOLDERS.contains(&kind) => kind,
        other => return Err(cannot_hold(other, change.entitlement)),
    };
    let mode = with_roles(change).await?;
    let place = required(change, space).await?;
    not_skipped(change, &place)?;
    let assignments = change.connector.api.assignments(space).await?;
    if of(&assignments, change).is_none_or(|held| held.role_id != role) {
        if assignments.is_empty() {
            // Perhaps nobody has a role here yet; then rows must show somebody.
            Held::with(change, space, mode, assignments).await?;
        }
        return Ok(Plan::Already(State::default()));
    }
    change.not_oneself()?;
    let there = Held::with(change, space, mode, assignments).await?;
    let own = own(&there.rows, change.principal);
    not_the_last_admin(change, &there).await?;
    Ok(Plan::Change(Proposal {
        change: set(space, kind, change, None),
        read: json!({"role": role, "held": access::shown(&own)}),
        replaced: Vec::new(),
        removed: vec![change.grant().id],
        then: State::default(),
    }))
}

/// How the site gives access, if that is by roles.
async fn with_roles(change: &Change<'_>) -> Result<Mode, Error> {
    match change.connector.mode().await?.0 {
        Mode::Rows => Err(no_roles()),
        mode => Ok(mode),
    }
}

/// The role that the principal has.
pub(super) fn of<'a>(all: &'a [Assignment], change: &Change<'_>) -> Option<&'a Assignment> {
    all.iter()
        .find(|assignment| access::assignee(assignment) == *change.principal)
}

fn set(space: &str, kind: &str, change: &Change<'_>, role: Option<&str>) -> Write {
    Write::SetRole {
        space: space.to_owned(),
        kind: kind.to_uppercase(),
        principal: change.principal.id.clone(),
        role: role.map(str::to_owned),
    }
}
