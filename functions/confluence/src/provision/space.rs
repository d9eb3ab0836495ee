//! Permissions on spaces, row by row.

use rollcall_connector::event::GrantRef;
use rollcall_connector::provision::{Plan, Proposal, State};
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_model::ResourceId;
use serde_json::json;

use super::{Change, Principal, cannot_hold, role};
use crate::access::{self, HOLDERS, Mode, Pair, SPACE, includes, permission};
use crate::api::{Assignment, Permission, Space, Write};

/// The verb that everything needs.
const READ: (&str, &str) = ("read", "space");
/// The verb of which a space needs somebody.
const ADMINISTER: (&str, &str) = ("administer", "space");

pub(super) async fn grant(change: &Change<'_>, id: &str, pair: Pair) -> Result<Plan<Write>, Error> {
    let principal = change.check_principal().await?;
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
    // All that is known to be refused is refused before the first of two writes.
    can_hold(change, &principal, pair)?;
    let (mode, assignments) = by_role(change, id).await?;
    by_rows(change, &space, pair, (mode, &assignments)).await?;
    if mode == Mode::Rows && pair.of_role_era {
        return Err(only_with_roles(change));
    }
    // One write at a time: the next plan finds what this one did.
    let (verb, noun) = if holds(&own, READ.0, READ.1) {
        (pair.verb, pair.noun)
    } else {
        READ
    };
    Ok(Plan::Change(Proposal {
        change: Write::AddPermission {
            key: space.key.clone(),
            kind: principal.kind.to_owned(),
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
    let space = required(change, id).await?;
    let there = Held::read(change, id).await?;
    let own = own(&there.rows, change.principal);
    let Some(row) = own.iter().find(|row| is(row, pair.verb, pair.noun)) else {
        // Rows need not show what a role gives.
        if let Some(role) = role::of(&there.assignments, change)
            && includes_perhaps(change, role, pair).await?
        {
            return Err(holds_role(change, &space, role));
        }
        return Ok(Plan::Already(State::default()));
    };
    by_rows(change, &space, pair, (there.mode, &there.assignments)).await?;
    change.not_oneself()?;
    let removed = taken_along(change, &own, row);
    let takes_all = (pair.verb, pair.noun) == READ;
    if takes_all && removed.len() > 1 && !change.cascades {
        return Err(cascade(change, &removed));
    }
    if takes_all || (pair.verb, pair.noun) == ADMINISTER {
        not_the_last_admin(change, &there).await?;
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

/// Who has what on a space, by whatever gives access on this site.
pub(super) struct Held {
    mode: Mode,
    pub(super) rows: Vec<Permission>,
    assignments: Vec<Assignment>,
}

impl Held {
    async fn read(change: &Change<'_>, space: &str) -> Result<Self, Error> {
        let (mode, assignments) = by_role(change, space).await?;
        Self::with(change, space, mode, assignments).await
    }

    /// With the rows, where it is known who has which role.
    pub(super) async fn with(
        change: &Change<'_>,
        space: &str,
        mode: Mode,
        assignments: Vec<Assignment>,
    ) -> Result<Self, Error> {
        let rows = rows(change, space).await?;
        // Every space has an administrator, and somebody by whom we can view it: such an answer is none.
        if rows.is_empty() && assignments.is_empty() {
            return Err(Error::new(
                ErrorType::Unavailable,
                Code::EmptyList,
                format!(
                    "Confluence shows nobody who has access to the space {space}, though the token's account can view it"
                ),
                "Send the same event again; if it persists, look at the space's permissions in Confluence.",
            ));
        }
        Ok(Self {
            mode,
            rows,
            assignments,
        })
    }
}

/// How the site gives access, and who has which role on a space.
async fn by_role(change: &Change<'_>, space: &str) -> Result<(Mode, Vec<Assignment>), Error> {
    let mode = change.connector.mode().await?.0;
    let assignments = match mode.has_roles() {
        true => change.connector.api.assignments(space).await?,
        false => Vec::new(),
    };
    Ok((mode, assignments))
}

/// Refuses where rows are not what gives this principal access.
async fn by_rows(
    change: &Change<'_>,
    space: &Space,
    pair: Pair,
    (mode, assignments): (Mode, &[Assignment]),
) -> Result<(), Error> {
    not_skipped(change, space)?;
    if mode == Mode::Roles {
        return Err(roles_only(change, space, pair).await?);
    }
    match role::of(assignments, change) {
        Some(held) => Err(holds_role(change, space, held)),
        None => Ok(()),
    }
}

fn holds_role(change: &Change<'_>, space: &Space, held: &Assignment) -> Error {
    Error::refused(
        Code::HoldsRole,
        format!(
            "{} has a role on the space `{}`, and its permissions follow from that",
            change.principal, space.key
        ),
        format!(
            "Change the role instead: `{}`.",
            access::assigned(&space.id, &held.role_id)
        ),
    )
}

/// Whether a role that somebody has includes a permission, or does not show what it includes.
async fn includes_perhaps(
    change: &Change<'_>,
    held: &Assignment,
    pair: Pair,
) -> Result<bool, Error> {
    let roles = change.connector.roles().await?;
    let role = roles.iter().find(|role| role.id == held.role_id);
    Ok(role.is_none_or(|role| {
        role.space_permissions.is_empty() || includes(role, pair.verb, pair.noun)
    }))
}

/// Guests cannot administer, export or restrict (support.atlassian.com, *What guests can see and do*).
fn can_hold(change: &Change<'_>, principal: &Principal, pair: Pair) -> Result<(), Error> {
    if !principal.is_guest || !matches!(pair.verb, "administer" | "export" | "restrict_content") {
        return Ok(());
    }
    Err(Error::refused(
        Code::GuestLimit,
        format!(
            "{} is a guest, and guests cannot {} on a space",
            change.principal, pair.title
        ),
        "Give the account access to Confluence as a user first, or choose another permission.",
    ))
}

fn only_with_roles(change: &Change<'_>) -> Error {
    Error::invalid(
        Code::UnknownEntitlement,
        format!(
            "this site has no `{}`: only sites with roles have it",
            change.entitlement
        ),
        "Use an entitlement id of the newest snapshot.",
    )
}

/// What is not shown is not changed.
pub(super) fn not_skipped(change: &Change<'_>, space: &Space) -> Result<(), Error> {
    if !change.connector.skips(space) {
        return Ok(());
    }
    Err(Error::refused(
        Code::ExcludedByConfiguration,
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
        Code::RolesOnly,
        "this site gives access to spaces by roles alone",
        fix,
    ))
}

/// The space. The vendor has one answer for a space that does not exist and one that the token's account cannot view: on
/// the latter, access is as it was.
pub(super) async fn required(change: &Change<'_>, id: &str) -> Result<Space, Error> {
    match change.connector.api.space(id).await {
        Ok(space) => Ok(space),
        Err(e) if e.is_absent() => Err(Error::new(
            ErrorType::NotFound,
            Code::UnknownEntitlement,
            format!(
                "there is no {} that the token's account can see",
                ResourceId::new(SPACE, id)
            ),
            "Use the id of a space of the newest snapshot, and see to it that the account may view it. If the space was deleted, so was all access to it.",
        )
        .with_source(e)),
        Err(e) => Err(e.into()),
    }
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

/// A space without an administrator can only be mended by the site's. Decided by what is in force. Where the vendor does
/// not show that of anybody who may administer it, rows decide for those whose role does not show what it includes.
pub(super) async fn not_the_last_admin(change: &Change<'_>, there: &Held) -> Result<(), Error> {
    let Held {
        mode,
        rows,
        assignments,
    } = there;
    let roles = match assignments.is_empty() {
        true => &[],
        false => change.connector.roles().await?,
    };
    let all = access::administrators(*mode, rows, assignments, roles);
    let is_seen = |who: &ResourceId| all.get(who) == Some(&Some(true));
    let is_other = |who: &&ResourceId| *who != change.principal;
    let own = match all.get(change.principal) {
        None | Some(Some(false)) => return Ok(()),
        Some(own) => own.is_some(),
    };
    if all.keys().filter(is_other).any(is_seen) {
        return Ok(());
    }
    let by_row: Vec<ResourceId> = rows
        .iter()
        .filter(|row| is(row, ADMINISTER.0, ADMINISTER.1))
        .map(access::holder_of)
        .filter(|who| all.get(who) == Some(&None))
        .collect();
    match own {
        false if by_row.is_empty() => return Err(nobody_seen_to_administer(change)),
        false if by_row.iter().any(|who| is_other(&who)) => return Ok(()),
        _ => {}
    }
    Err(Error::refused(
        Code::LastAdmin,
        format!(
            "{} is the only one who administers the space",
            change.principal
        ),
        "Make somebody else an administrator of the space first.",
    ))
}

fn nobody_seen_to_administer(change: &Change<'_>) -> Error {
    Error::refused(
        Code::AdministratorsNotShown,
        format!(
            "Confluence does not show what the role of {} allows, nor who else administers the space: it may be the last one",
            change.principal
        ),
        "Make the change in Confluence, where the space's settings show who administers it.",
    )
}

fn cascade(change: &Change<'_>, removed: &[String]) -> Error {
    let own = change.grant().id;
    let others: Vec<&str> = removed
        .iter()
        .map(String::as_str)
        .filter(|id| *id != own)
        .collect();
    Error::refused(
        Code::Cascade,
        format!(
            "without the permission to view the space, {} loses its other permissions on it, too: {}",
            change.principal,
            others.join(", ")
        ),
        "If that is meant, send a new request with \"allow\":[\"cascade\"]; otherwise revoke the others one by one.",
    )
}
