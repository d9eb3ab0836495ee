//! Roles on spaces: one at most per principal and space.

use rollcall::Error;
use rollcall::ErrorType;
use rollcall::event::GrantRef;
use rollcall::provision::{Plan, Proposal, State};
use serde_json::json;

use super::space::{find, not_skipped, not_the_last_admin, own, required, rows};
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
    let kind = change.check_principal().await?;
    with_roles(change).await?;
    not_skipped(change, &required(change, space).await?)?;
    let roles = change.connector.roles().await?;
    let Some(wanted) = roles.iter().find(|known| known.id == role) else {
        return Err(Error::new(
            ErrorType::NotFound,
            "UnknownRole",
            format!("the site has no role {role}"),
            "Use a role of the newest snapshot.",
        ));
    };
    let held = held(change, space).await?;
    let then = State {
        grants: vec![change.grant()],
        resource: None,
    };
    if held.as_ref().is_some_and(|held| held.role_id == role) {
        return Ok(Plan::Already(then));
    }
    change.not_oneself()?;
    let rows = rows(change, space).await?;
    let own = own(&rows, change.principal);
    if !includes(wanted, "administer", "space") {
        not_the_last_admin(change, &rows, &own)?;
    }
    let replaced: Vec<String> = match &held {
        Some(held) => vec![GrantRef::new(&assigned(space, &held.role_id), change.principal).id],
        None => own
            .iter()
            .map(|row| GrantRef::new(&access::permission_of(space, row), change.principal).id)
            .collect(),
    };
    Ok(Plan::Change(Proposal {
        change: set(space, kind, change, Some(role)),
        read: json!({"role": held.map(|held| held.role_id), "held": access::shown(&own)}),
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
    with_roles(change).await?;
    let Some(place) = find(change, space).await? else {
        return Ok(Plan::Already(State::default()));
    };
    not_skipped(change, &place)?;
    let held = held(change, space).await?;
    if held.is_none_or(|held| held.role_id != role) {
        return Ok(Plan::Already(State::default()));
    }
    change.not_oneself()?;
    let rows = rows(change, space).await?;
    let own = own(&rows, change.principal);
    not_the_last_admin(change, &rows, &own)?;
    Ok(Plan::Change(Proposal {
        change: set(space, kind, change, None),
        read: json!({"role": role, "held": access::shown(&own)}),
        replaced: Vec::new(),
        removed: vec![change.grant().id],
        then: State::default(),
    }))
}

async fn with_roles(change: &Change<'_>) -> Result<(), Error> {
    match change.connector.mode().await?.0 {
        Mode::Rows => Err(no_roles()),
        Mode::Both | Mode::Roles => Ok(()),
    }
}

/// The role that the principal has on the space.
pub(super) async fn held(change: &Change<'_>, space: &str) -> Result<Option<Assignment>, Error> {
    let all = change.connector.api.assignments(space).await?;
    Ok(all
        .into_iter()
        .find(|assignment| access::assignee(assignment) == *change.principal))
}

fn set(space: &str, kind: &str, change: &Change<'_>, role: Option<&str>) -> Write {
    Write::SetRole {
        space: space.to_owned(),
        kind: kind.to_uppercase(),
        principal: change.principal.id.clone(),
        role: role.map(str::to_owned),
    }
}
