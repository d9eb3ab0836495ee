//! Membership in groups.

use rollcall_connector::provision::{AccessState, Plan};
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_model::ResourceId;
use serde_json::{Value, json};

use super::{AccessRequest, Planned, proposal, removal, state};
use crate::access::{GROUP, USER, is_external};
use crate::api::{self, Group, Write, no_groups};

pub(super) async fn grant(change: &AccessRequest<'_>, id: &str) -> Planned {
    check_user(change)?;
    let group = changeable(change, id).await?.ok_or_else(|| unknown(id))?;
    change.check_principal().await?;
    let then = state(vec![change.grant()]);
    if is_member(change, id).await? {
        return Ok(Plan::Already(then));
    }
    let write = Write::AddMember { group: id.to_owned(), account: change.principal.id.clone() };
    Ok(Plan::Change(proposal(write, read(&group, false), then)))
}

pub(super) async fn revoke(change: &AccessRequest<'_>, id: &str) -> Planned {
    check_user(change)?;
    let Some(group) = changeable(change, id).await? else {
        // The group does not exist, so it has no members.
        return Ok(Plan::Already(AccessState::default()));
    };
    if !is_member(change, id).await? {
        return Ok(Plan::Already(AccessState::default()));
    }
    change.not_oneself()?;
    let write = Write::RemoveMember { group: id.to_owned(), account: change.principal.id.clone() };
    let removed = vec![change.grant().id];
    Ok(removal(write, read(&group, true), removed))
}

fn check_user(change: &AccessRequest<'_>) -> Result<(), Error> {
    match change.principal.resource_type == USER {
        true => Ok(()),
        false => Err(change.cannot_hold()),
    }
}

/// What was read, for the audit record.
fn read(group: &Group, member: bool) -> Value {
    json!({"group": &*group.name, "managed_by": &*group.managed_by, "member": member})
}

/// The group, if it exists; refused early if its members are managed elsewhere. A lookup that does not find it is not
/// proof: the list of all groups is read as well.
async fn changeable(change: &AccessRequest<'_>, id: &str) -> Result<Option<Group>, Error> {
    let found = match change.connector.api.group(id).await {
        Ok(group) => Some(group),
        Err(e) if e.is_unknown_id() => {
            let groups = change.connector.api.whole(&api::groups()).await?;
            if groups.is_empty() {
                return Err(no_groups());
            }
            groups.into_iter().find(|group| group.id == id)
        }
        Err(e) => return Err(e.into()),
    };
    match found {
        Some(group) if is_external(&group) => Err(Error::refused(
            Code::ExternalGroup,
            format!("the members of group `{}` are managed by an identity provider", group.name),
            "Change the group in the identity provider; Confluence shows the change after its next synchronization.",
        )),
        found => Ok(found),
    }
}

/// Whether the user is in the group, by the user's own groups, which are fewer than a group's members. If the vendor
/// shows none, or does not find the user, the group's members are read.
async fn is_member(change: &AccessRequest<'_>, id: &str) -> Result<bool, Error> {
    let (api, user) = (&change.connector.api, &change.principal.id);
    let groups = match api.whole(&api::groups_of(user)).await {
        Ok(groups) => groups,
        Err(e) if e.is_unknown_id() => Vec::new(),
        Err(e) => return Err(e.into()),
    };
    if !groups.is_empty() {
        return Ok(groups.iter().any(|group| group.id == id));
    }
    let members = api.whole(&api::members_of(id)).await?;
    Ok(members.iter().any(|member| member.account_id == *user))
}

fn unknown(id: &str) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::UnknownEntitlement,
        format!("there is no {} in Confluence", ResourceId::new(GROUP, id)),
        "Use a group id from the newest snapshot.",
    )
}
