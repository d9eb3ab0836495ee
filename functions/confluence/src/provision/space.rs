//! Permissions on spaces, row by row.

use rollcall::event::GrantRef;
use rollcall::model::ResourceId;
use rollcall::provision::{Plan, Proposal, State};
use rollcall::{Error, ErrorType};
use serde_json::json;

use super::role::held;
use super::{Change, cannot_hold};
use crate::access::{self, HOLDERS, Mode, Pair, SPACE, includes, permission};
use crate::api::{Permission, Space, Write};

/// The verb that everything needs.
const READ: (&str, &str) = ("read", "space");
/// The verb of which a space needs somebody.
const ADMINISTER: (&str, &str) = ("administer", "space");

pub(super) async fn grant(change: &Change<'_>, id: &str, pair: Pair) -> Result<Plan<Write>, Error> {
    let kind = change.check_principal().await?;
    let space = required(change, id).await?;
    let rows = rows(change, id).await?;
    let own = own(&rows, change.principal);
    let then = State {
        grants: granted(change, id, pair),
        resource: None,
    };
    if holds(&own, pair.verb, pair.noun) {
        return Ok(Plan::Already(then));
    }
    by_rows(change, &space, pair).await?;
    // One write at a time: the next plan finds what this one did.
    let (verb, noun) = if holds(&own, READ.0, READ.1) {
        (pair.verb, pair.noun)
    } else {
        READ
    };
    Ok(Plan::Change(Proposal {
        change: Write::AddPermission {
            key: space.key.clone(),
            kind: kind.to_owned(),
            principal: change.principal.id.clone(),
            verb: verb.to_owned(),
            noun: noun.to_owned(),
        },
        read: json!({"space": space.key, "held": access::shown(&own)}),
        replaced: Vec::new(),
        removed: Vec::new(),
        then,
    }))
}

pub(super) async fn revoke(
    change: &Change<'_>,
    id: &str,
    pair: Pair,
) -> Result<Plan<Write>, Error> {
    if !HOLDERS.contains(&change.principal.resource_type.as_str()) {
        return Err(cannot_hold(
            &change.principal.resource_type,
            change.entitlement,
        ));
    }
    let Some(space) = find(change, id).await? else {
        return Ok(Plan::Already(State::default()));
    };
    let rows = rows(change, id).await?;
    let own = own(&rows, change.principal);
    let Some(row) = own.iter().find(|row| is(row, pair.verb, pair.noun)) else {
        return Ok(Plan::Already(State::default()));
    };
    by_rows(change, &space, pair).await?;
    change.not_oneself()?;
    let removed = taken_along(change, &own, row);
    let takes_all = (pair.verb, pair.noun) == READ;
    if takes_all && removed.len() > 1 && !change.cascades {
        return Err(cascade(change, &removed));
    }
    if takes_all || (pair.verb, pair.noun) == ADMINISTER {
        not_the_last_admin(change, &rows, &own)?;
    }
    Ok(Plan::Change(Proposal {
        change: Write::RemovePermission {
            key: space.key.clone(),
            id: row.id.clone(),
        },
        read: json!({"space": space.key, "held": access::shown(&own)}),
        replaced: Vec::new(),
        removed,
        then: State::default(),
    }))
}

/// What a grant brings about: itself, and the permission to view the space, which it needs.
fn granted(change: &Change<'_>, space: &str, pair: Pair) -> Vec<GrantRef> {
    let mut grants = vec![change.grant()];
    if (pair.verb, pair.noun) != READ {
        let read = permission(space, READ.0, READ.1);
        grants.push(GrantRef::new(&read, change.principal));
    }
    grants
}

/// The ids of the grants that end with a row: of `read-space`, all of the principal's; of `create-page`, on sites that
/// have it, the companion `update-page`, too.
fn taken_along(change: &Change<'_>, own: &[Permission], row: &Permission) -> Vec<String> {
    let all = is(row, READ.0, READ.1);
    let ends = own.iter().filter(|other| {
        all || (other.operation == row.operation)
            || (is(row, "create", "page") && is(other, "update", "page"))
    });
    let mut ids: Vec<String> = ends
        .map(|row| {
            let space = &change.entitlement.resource.id;
            GrantRef::new(&access::permission_of(space, row), change.principal).id
        })
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Refuses where rows are not what gives this principal access.
async fn by_rows(change: &Change<'_>, space: &Space, pair: Pair) -> Result<(), Error> {
    not_skipped(change, space)?;
    match change.connector.mode().await?.0 {
        Mode::Rows => Ok(()),
        Mode::Roles => Err(roles_only(change, space, pair).await?),
        Mode::Both => match held(change, &space.id).await? {
            None => Ok(()),
            Some(held) => Err(Error::refused(
                "HoldsRole",
                format!(
                    "{} has a role on the space `{}`, and its permissions follow from that",
                    change.principal, space.key
                ),
                format!(
                    "Change the role instead: `{}`.",
                    access::assigned(&space.id, &held.role_id)
                ),
            )),
        },
    }
}

/// What is not shown is not changed.
pub(super) fn not_skipped(change: &Change<'_>, space: &Space) -> Result<(), Error> {
    if !change.connector.skips(space) {
        return Ok(());
    }
    Err(Error::refused(
        "PersonalSpace",
        format!(
            "`{}` is a personal space, which the configuration leaves out",
            space.key
        ),
        "Set `skip-personal-spaces` to false to manage personal spaces.",
    ))
}

async fn roles_only(change: &Change<'_>, space: &Space, pair: Pair) -> Result<Error, Error> {
    let roles = change.connector.roles().await?;
    // They come weakest first: the least that includes it.
    let weakest = roles
        .iter()
        .find(|role| includes(role, pair.verb, pair.noun));
    let fix = match weakest {
        Some(role) => format!(
            "Ask for the role {} instead: `{}`.",
            role.name,
            access::assigned(&space.id, &role.id)
        ),
        None => "No role of this site includes it: change a role in Confluence.".into(),
    };
    Ok(Error::refused(
        "RolesOnly",
        "this site gives access to spaces by roles alone",
        fix,
    ))
}

/// The space, if the vendor does not say that it does not exist.
pub(super) async fn find(change: &Change<'_>, id: &str) -> Result<Option<Space>, Error> {
    match change.connector.api.space(id).await {
        Ok(space) => Ok(Some(space)),
        Err(e) if e.is_absent() => Ok(None),
        Err(e) => Err(e.into()),
    }
}

pub(super) async fn required(change: &Change<'_>, id: &str) -> Result<Space, Error> {
    find(change, id).await?.ok_or_else(|| {
        Error::new(
            ErrorType::NotFound,
            "UnknownSpace",
            format!("there is no {} that the token's account can see", ResourceId::new(SPACE, id)),
            "Use the id of a space of the newest snapshot, and see to it that the account may view it.",
        )
    })
}

/// All rows of a space.
pub(super) async fn rows(change: &Change<'_>, id: &str) -> Result<Vec<Permission>, Error> {
    Ok(change.connector.api.all_permissions(id).await?)
}

pub(super) fn own(rows: &[Permission], principal: &ResourceId) -> Vec<Permission> {
    let is_own = |row: &&Permission| access::holder_of(row) == *principal;
    rows.iter().filter(is_own).cloned().collect()
}

fn is(row: &Permission, verb: &str, noun: &str) -> bool {
    row.operation.key == verb && row.operation.target_type == noun
}

fn holds(rows: &[Permission], verb: &str, noun: &str) -> bool {
    rows.iter().any(|row| is(row, verb, noun))
}

/// A space without an administrator can only be mended by the site's.
pub(super) fn not_the_last_admin(
    change: &Change<'_>,
    rows: &[Permission],
    own: &[Permission],
) -> Result<(), Error> {
    if !holds(own, ADMINISTER.0, ADMINISTER.1) {
        return Ok(());
    }
    let others = rows.iter().any(|row| {
        is(row, ADMINISTER.0, ADMINISTER.1) && access::holder_of(row) != *change.principal
    });
    if others {
        return Ok(());
    }
    Err(Error::refused(
        "LastAdmin",
        format!(
            "{} is the only one who administers the space",
            change.principal
        ),
        "Make somebody else an administrator of the space first.",
    ))
}

fn cascade(change: &Change<'_>, removed: &[String]) -> Error {
    let own = change.grant().id;
    let others: Vec<&str> = removed
        .iter()
        .map(String::as_str)
        .filter(|id| *id != own)
        .collect();
    Error::refused(
        "Cascade",
        format!(
            "without the permission to view the space, {} loses its other permissions on it, too: {}",
            change.principal,
            others.join(", ")
        ),
        "If that is meant, send a new request with \"allow\":[\"cascade\"]; otherwise revoke the others one by one.",
    )
}
