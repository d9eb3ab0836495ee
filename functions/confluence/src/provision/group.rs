//! Membership in groups.

use rollcall::model::ResourceId;
use rollcall::provision::{Plan, Proposal, State};
use rollcall::{Error, ErrorType};
use serde_json::json;

use super::{Change, cannot_hold};
use crate::access::{USER, is_external};
use crate::api::{Group, Write};

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
        read: json!({"group": group.name, "managed_by": group.managed_by, "member": false}),
        replaced: Vec::new(),
        removed: Vec::new(),
        then,
    }))
}

pub(super) async fn revoke(change: &Change<'_>, id: &str) -> Result<Plan<Write>, Error> {
    check_kind(change)?;
    let Some(group) = changeable(change, id).await? else {
        // The vendor says that there is no such group: nobody is in it.
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
        read: json!({"group": group.name, "managed_by": group.managed_by, "member": true}),
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
    let group = match change.connector.api.group(id).await {
        Ok(group) => group,
        Err(e) if e.is_unknown_id() => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    if is_external(&group) {
        return Err(Error::refused(
            "ExternalGroup",
            format!(
                "the members of group `{}` are kept by an identity provider",
                group.name
            ),
            "Change the group there; it will be so here after the next synchronization.",
        ));
    }
    Ok(Some(group))
}

/// Whether the user is in the group, by the user's own groups: fewer than a group's members, and of a user that does not
/// exist the vendor says so.
async fn is_member(change: &Change<'_>, id: &str) -> Result<bool, Error> {
    let mut start = 0;
    loop {
        let page = match change
            .connector
            .api
            .groups_of(&change.principal.id, start)
            .await
        {
            Ok(page) => page,
            Err(e) if e.is_absent() => return Ok(false),
            Err(e) => return Err(e.into()),
        };
        if page.items.iter().any(|group| group.id == id) {
            return Ok(true);
        }
        match page.next {
            Some(next) => start = next,
            None => return Ok(false),
        }
    }
}

fn unknown(id: &str) -> Error {
    let group = ResourceId::new(crate::access::GROUP, id);
    Error::new(
        ErrorType::NotFound,
        "UnknownGroup",
        format!("there is no {group} in Confluence"),
        "Use the id of a group of the newest snapshot.",
    )
}
