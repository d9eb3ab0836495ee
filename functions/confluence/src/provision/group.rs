//! Membership in groups.

use rollcall_connector::provision::{Plan, Proposal, State};
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_model::ResourceId;
use serde_json::json;

use super::{Change, cannot_hold};
use crate::access::{USER, is_external};
use crate::api::{Group, Write};
use crate::sync::no_groups;

pub(super) async fn grant(change: &Change<'_>, id: &str) -> Result<Plan<Write>, Error> {
    check_kind(change)?;
    let group = changeable(change, id).await?.ok_or_else(|| unknown(id))?;
    change.check_principal().await?;
    let then = State {
        grants: vec![change.grant()],
        resource: None,
    };
    if is_member(change, id).await? {
        return Ok(Plan::Already(then));
    }
    Ok(Plan::Change(Proposal {
        change: Write::AddMember {
            group: id.to_owned(),
            account: change.principal.id.clone(),
        },
        read: json!({"group": &*group.name, "managed_by": &*group.managed_by, "member": false}),
        replaced: Vec::new(),
        removed: Vec::new(),
        then,
    }))
}

pub(super) async fn revoke(change: &Change<'_>, id: &str) -> Result<Plan<Write>, Error> {
    check_kind(change)?;
    let Some(group) = changeable(change, id).await? else {
        // There is no such group: nobody is in it.
        return Ok(Plan::Already(State::default()));
    };
    if !is_member(change, id).await? {
        return Ok(Plan::Already(State::default()));
    }
    change.not_oneself()?;
    Ok(Plan::Change(Proposal {
        change: Write::RemoveMember {
            group: id.to_owned(),
            account: change.principal.id.clone(),
        },
        read: json!({"group": &*group.name, "managed_by": &*group.managed_by, "member": true}),
        replaced: Vec::new(),
        removed: vec![change.grant().id],
        then: State::default(),
    }))
}

fn check_kind(change: &Change<'_>) -> Result<(), Error> {
    match change.principal.resource_type.as_str() {
        USER => Ok(()),
        other => Err(cannot_hold(other, change.entitlement)),
    }
}

/// The group, if there is one; refused early if its members are kept elsewhere.
async fn changeable(change: &Change<'_>, id: &str) -> Result<Option<Group>, Error> {
    let found = match change.connector.api.group(id).await {
        Ok(group) => Some(group),
        Err(e) if e.is_unknown_id() => listed(change, id).await?,
        Err(e) => return Err(e.into()),
    };
    if let Some(group) = found.as_ref().filter(|group| is_external(group)) {
        return Err(Error::refused(
            Code::ExternalGroup,
            format!(
                "the members of group `{}` are kept by an identity provider",
                group.name
            ),
            "Change the group there; it will be so here after the next synchronization.",
        ));
    }
    Ok(found)
}

/// The group as the list of all groups has it: whether there is one that a look-up did not find.
async fn listed(change: &Change<'_>, id: &str) -> Result<Option<Group>, Error> {
    let groups = change.connector.api.all_groups().await?;
    if groups.is_empty() {
        return Err(no_groups());
    }
    Ok(groups.into_iter().find(|group| group.id == id))
}

/// Whether the user is in the group, by the user's own groups, which are fewer than a group's members. Where the vendor
/// shows none of them, or does not find the user, the group's members tell.
async fn is_member(change: &Change<'_>, id: &str) -> Result<bool, Error> {
    let (api, user) = (&change.connector.api, &change.principal.id);
    let groups = match api.groups_of(user).await {
        Ok(groups) => groups,
        Err(e) if e.is_unknown_id() => Vec::new(),
        Err(e) => return Err(e.into()),
    };
    if !groups.is_empty() {
        return Ok(groups.iter().any(|group| group.id == id));
    }
    let members = api.all_members(id).await?;
    Ok(members.iter().any(|person| person.account_id == *user))
}

fn unknown(id: &str) -> Error {
    let group = ResourceId::new(crate::access::GROUP, id);
    Error::new(
        ErrorType::NotFound,
        Code::UnknownEntitlement,
        format!("there is no {group} in Confluence"),
        "Use the id of a group of the newest snapshot.",
    )
}
