//! Adds users and groups to groups, and removes them.

use async_trait::async_trait;
use rollcall_connector::event::GrantRef;
use rollcall_connector::provision::{
    AccessState, Plan, Proposal, Provisioner, Request, WriteProgress,
};
use rollcall_connector::{Code, Error, ErrorType, Identity};
use serde_json::json;

use crate::access::{GROUP, USER, member_of};
use crate::api::{Member, Write};
use crate::connect::Toybox;

#[async_trait]
impl Provisioner for Toybox {
    type Change = Write;

    async fn plan(&self, _: &Identity, request: &Request) -> Result<Plan<Write>, Error> {
        let change = request.action.access("Toybox makes accounts by itself.")?;
        let (group, member) = (&change.entitlement.resource.id, change.principal);
        if *change.entitlement != member_of(group) {
            let message = format!("`{}` cannot be changed", change.entitlement);
            return Err(Error::invalid(
                Code::UnknownEntitlement,
                message,
                "Use group:<id>:member.",
            ));
        }
        if ![USER, GROUP].contains(&member.resource_type.as_str()) {
            let message = format!("`{member}` cannot be in a group");
            return Err(Error::invalid(Code::UnknownPrincipal, message, "Name a user or a group."));
        }
        let grant = GrantRef::new(change.entitlement, member);
        let is = |m: &Member| m.kind == member.resource_type && m.id == member.id;
        let is_member = self.all_members(group).await?.iter().any(is);
        let grants = Vec::from_iter(change.grants.then(|| grant.clone()));
        let then = AccessState { grants, resource: None };
        if is_member == change.grants {
            return Ok(Plan::Already(then));
        }
        let removed = (!change.grants).then_some(grant.id);
        Ok(Plan::Change(Proposal {
            change: Write { group: group.clone(), member: member.clone(), adds: change.grants },
            read: json!({ "is_member": is_member }),
            replaced: Vec::new(),
            removed: removed.into_iter().collect(),
            further: Vec::new(),
            then,
        }))
    }

    async fn send(&self, write: &Write) -> Result<WriteProgress, Error> {
        self.api.write(write).await?;
        Ok(WriteProgress::Done(None))
    }

    /// Toybox keeps no record of writes: reading again shows whether this one arrived.
    async fn poll(&self, _: &Write) -> Result<WriteProgress, Error> {
        Ok(WriteProgress::Unclear)
    }
}

impl Toybox {
    async fn all_members(&self, group: &str) -> Result<Vec<Member>, Error> {
        let (mut members, mut cursor) = (Vec::new(), Some(String::new()));
        while let Some(at) = cursor {
            let page = self.api.members(group, &at).await;
            let page = page.map_err(|e| match e.status() {
                Some(404) => no_group(group).with_source(e),
                _ => e.into(),
            })?;
            members.extend(page.items);
            cursor = page.next;
        }
        Ok(members)
    }
}

fn no_group(group: &str) -> Error {
    let message = format!("there is no group `{group}`");
    let fix = "Use a group id from the newest snapshot.";
    Error::new(ErrorType::NotFound, Code::UnknownEntitlement, message, fix)
}
