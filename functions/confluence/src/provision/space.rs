//! Permissions on spaces, row by row.

use rollcall_connector::provision::{AccessState, Plan, Proposal};
use rollcall_connector::{Code, Error};
use serde_json::json;

use super::held::{SpaceAccess, by_role, not_skipped, required, role_of, rows_of};
use super::{AccessRequest, Planned, proposal, removal, roles_only, state};
use crate::access::{
    self, ADMINISTER, AccessMode, READ, SpacePermission, includes, is, permission,
};
use crate::api::{Assignment, Permission, Space, Write, permissions_on};

pub(super) async fn grant(
    change: &AccessRequest<'_>,
    id: &str,
    wanted: SpacePermission,
) -> Planned {
    let is_guest = change.check_principal().await?;
    let space = required(change, id).await?;
    let rows = change.connector.api.whole(&permissions_on(id)).await?;
    let own = rows_of(&rows, change);
    let holds = |pair| own.iter().any(|row| is(row, pair));
    let mut grants = vec![change.grant()];
    if wanted.pair() != READ {
        grants.push(change.grant_of(&permission(id, READ)));
    }
    let then = state(grants);
    if holds(wanted.pair()) {
        return Ok(Plan::Already(then));
    }
    // Known refusals come before the first of two writes.
    if is_guest {
        guest_limit(change, wanted)?;
    }
    let (mode, assignments) = by_role(change, id).await?;
    check_by_rows(change, &space, wanted, (mode, &assignments)).await?;
    if !wanted.exists_in(mode) {
        let entitlement = change.entitlement;
        return Err(Error::invalid(
            Code::UnknownEntitlement,
            format!("this site has no `{entitlement}`: only sites with roles have it"),
            "Use an entitlement id from the newest snapshot.",
        ));
    }
    // One write at a time: the next plan finds what this one did.
    let (verb, noun) = if holds(READ) { wanted.pair() } else { READ };
    let is_further = wanted.pair() != (verb, noun);
    let further = is_further.then(|| change.grant_of(&permission(id, READ)).id);
    let write = Write::AddPermission {
        key: space.key.clone(),
        kind: change.principal.resource_type.clone(),
        principal: change.principal.id.clone(),
        verb: verb.to_owned(),
        noun: noun.to_owned(),
    };
    let read = json!({"space": space.key, "held": access::shown(&own)});
    let further = further.into_iter().collect();
    Ok(Plan::Change(Proposal { further, ..proposal(write, read, then) }))
}

pub(super) async fn revoke(
    change: &AccessRequest<'_>,
    id: &str,
    unwanted: SpacePermission,
) -> Planned {
    change.check_holder()?;
    let space = required(change, id).await?;
    let there = SpaceAccess::read(change, id, by_role(change, id).await?).await?;
    let own = rows_of(&there.rows, change);
    let Some(row) = own.iter().find(|row| is(row, unwanted.pair())) else {
        // Rows may not show the permissions that a role gives.
        if let Some(role) = role_of(&there.assignments, change)
            && may_include(change, role, unwanted).await?
        {
            return Err(holds_role(change, &space, role));
        }
        return Ok(Plan::Already(AccessState::default()));
    };
    let how = (there.mode, &*there.assignments);
    check_by_rows(change, &space, unwanted, how).await?;
    change.not_oneself()?;
    let removed = removed_with(change, &own, row);
    let removes_all = unwanted.pair() == READ;
    let removes_more = own.iter().any(|other| !is(other, READ) && !is_companion(other, READ));
    if removes_all && removes_more && !change.cascades {
        return Err(cascade(change, &removed));
    }
    if removes_all || unwanted.pair() == ADMINISTER {
        there.not_the_last_admin(change).await?;
    }
    let write = Write::RemovePermission { key: space.key.clone(), id: row.id.clone() };
    let read = json!({"space": space.key, "held": access::shown(&own)});
    Ok(removal(write, read, removed))
}

/// Whether a row comes and goes with another, on sites that have roles. *Unknown*: the whole list.
fn is_companion(row: &Permission, of: (&str, &str)) -> bool {
    let companion = match of {
        READ => ("export_content", "space"),
        ("create", "page") => ("update", "page"),
        _ => return false,
    };
    is(row, companion)
}

/// The ids of the grants that are revoked with a row: with `read-space`, all of the principal's; with others, also companions.
fn removed_with(change: &AccessRequest<'_>, own: &[Permission], row: &Permission) -> Vec<String> {
    let ends = own.iter().filter(|other| {
        let pair = (&*row.operation.key, &*row.operation.target_type);
        is(row, READ) || other.operation == row.operation || is_companion(other, pair)
    });
    let space = &change.entitlement.resource.id;
    let id = |row| change.grant_of(&access::permission_of(space, row)).id;
    let mut ids: Vec<String> = ends.map(id).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Refuses if the principal's access does not come from rows.
async fn check_by_rows(
    change: &AccessRequest<'_>,
    space: &Space,
    permission: SpacePermission,
    (mode, assignments): (AccessMode, &[Assignment]),
) -> Result<(), Error> {
    not_skipped(change, space)?;
    if mode == AccessMode::Roles {
        let roles = change.connector.roles().await?;
        // They are sorted weakest first: the weakest that includes it.
        let weakest = roles.iter().find(|role| includes(role, permission.pair()));
        return Err(roles_only(match weakest {
            Some(role) => {
                let id = access::assigned(&space.id, &role.id);
                format!("Request the role {} instead: `{id}`.", role.name)
            }
            None => "No role of this site includes it: change a role in Confluence.".into(),
        }));
    }
    match role_of(assignments, change) {
        Some(held) => Err(holds_role(change, space, held)),
        None => Ok(()),
    }
}

fn holds_role(change: &AccessRequest<'_>, space: &Space, held: &Assignment) -> Error {
    let (who, key) = (change.principal, &space.key);
    let role = access::assigned(&space.id, &held.role_id);
    Error::refused(
        Code::HoldsRole,
        format!("{who} has its permissions on the space `{key}` through a role"),
        format!("Change the role instead: `{role}`."),
    )
}

/// Whether a role that somebody has includes a permission, or does not show what it includes.
async fn may_include(
    change: &AccessRequest<'_>,
    held: &Assignment,
    permission: SpacePermission,
) -> Result<bool, Error> {
    let mut roles = change.connector.roles().await?.iter();
    let role = roles.find(|role| role.id == held.role_id);
    Ok(role
        .is_none_or(|role| role.space_permissions.is_empty() || includes(role, permission.pair())))
}

/// Guests cannot administer, export or restrict (support.atlassian.com, *What guests can see and do*).
fn guest_limit(change: &AccessRequest<'_>, permission: SpacePermission) -> Result<(), Error> {
    if !matches!(permission.verb, "administer" | "export" | "restrict_content") {
        return Ok(());
    }
    let (who, what) = (change.principal, permission.title);
    Err(Error::refused(
        Code::GuestLimit,
        format!("{who} is a guest, and guests cannot {what} on a space"),
        "Give the account access to Confluence as a user first, or choose another permission.",
    ))
}

fn cascade(change: &AccessRequest<'_>, removed: &[String]) -> Error {
    let (who, own) = (change.principal, change.grant().id);
    let others = removed.iter().map(String::as_str).filter(|id| *id != own);
    let others = others.collect::<Vec<_>>().join(", ");
    Error::refused(
        Code::Cascade,
        format!(
            "without the permission to view the space, {who} loses its other permissions on it, too: {others}"
        ),
        "If that is intended, send a new request with \"allow\":[\"cascade\"]; otherwise revoke the others one by one.",
    )
}
