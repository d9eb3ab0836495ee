//! Reads: the steps of a sync.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_connector::Code;
use rollcall_connector::pages::EmptyPages;
use rollcall_connector::{
    Error, ErrorType, Identity, Records, StepOutput, Syncer, Tallies, Warning,
};
use rollcall_model::ResourceId;
use serde::{Deserialize, Serialize};

use crate::access::{self, GROUP, ROLE, USER};
pub use crate::api::At;
use crate::api::{Failure, Member};
use crate::connect::{Northflank, no_members};

/// A step of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the list that it is named after")]
pub enum Step {
    Members {
        at: At,
    },
    /// The same once more, for whoever joined meanwhile.
    MembersAgain {
        at: At,
    },
    Groups,
    GroupMembers {
        group: String,
        at: At,
    },
    Roles {
        at: At,
    },
    /// `groups`: those whose members are shown to have the role.
    RoleMembers {
        role: String,
        groups: Vec<String>,
        at: At,
    },
}

const MEMBERS: &str = "members";
const ROLES: &str = "roles";
const UNKNOWN_KINDS: &str = "unknown ways to have a role";
const NO_ACCOUNT: &str = "group members without an account";

#[async_trait]
impl Syncer for Northflank {
    type Step = Step;

    /// A thousand requests an hour are for everybody in the organization.
    const CONCURRENCY: usize = 4;

    fn start(&self, _: &Identity) -> Vec<Step> {
        let at = At::beginning();
        vec![
            Step::Members { at: at.clone() },
            Step::Groups,
            Step::Roles { at },
        ]
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        match step {
            Step::Members { at } => {
                let page = self.members(at).await?;
                let next = page.next.map(|at| Step::Members { at });
                let mut out = people(next, &page.items)?;
                if !page.items.is_empty() {
                    out.tally(MEMBERS, page.items.len() as u64);
                }
                Ok(out)
            }
            Step::MembersAgain { at } => {
                let page = self.listed(at, self.api.members(at).await).await?;
                let next = page.next.map(|at| Step::MembersAgain { at });
                people(next, &page.items)
            }
            Step::Groups => self.list_groups().await,
            Step::GroupMembers { group, at } => self.group_members(group, at).await,
            Step::Roles { at } => self.list_roles(at).await,
            Step::RoleMembers { role, groups, at } => self.role_members(role, groups, at).await,
        }
    }

    /// There is no way to ask for one member: whoever is missing is looked for in the whole list, once.
    fn resolve(&self, _: u8, resource_type: &str, _: &[String]) -> Option<Vec<Step>> {
        let at = At::beginning();
        (resource_type == USER).then(|| vec![Step::MembersAgain { at }])
    }

    fn check(&self, _: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
        // The first page may have been empty and pointed to others.
        if count(MEMBERS) == 0 {
            return Err(no_members());
        }
        let mut warnings = Vec::new();
        // Every token is made from a role; *unknown*: whether those that the vendor makes itself are in the list.
        if count(ROLES) == 0 {
            warnings.push(Warning::new(
                Code::EmptyList,
                "the API shows no role of the organization, though the API token was made from one: whoever has a role that is not in the list is not shown with it",
            ));
        }
        if count(NO_ACCOUNT) > 0 {
            warnings.push(Warning::new(
                Code::MembersWithoutAccount,
                format!(
                    "{} members of directory groups have no account in Northflank, and no access",
                    count(NO_ACCOUNT)
                ),
            ));
        }
        if count(UNKNOWN_KINDS) > 0 {
            warnings.push(Warning::new(
                Code::UnknownValue,
                format!(
                    "{} members of roles have them in a way that Rollcall does not know, and are shown as if they were given them",
                    count(UNKNOWN_KINDS)
                ),
            ));
        }
        Ok(warnings)
    }
}

impl Northflank {
    async fn list_groups(&self) -> Result<StepOutput<Step>, Error> {
        let mut out = StepOutput::default();
        for group in self.groups().await? {
            check_id(&group.id)?;
            out.records.extend(access::group(group));
            left_out(&mut out, GROUP, &group.id, group.unreadable());
            out.spawn.push(Step::GroupMembers {
                group: group.id.clone(),
                at: At::beginning(),
            });
        }
        Ok(out)
    }

    async fn group_members(&self, group: &str, at: &At) -> Result<StepOutput<Step>, Error> {
        let answer = self.api.group_members(group, at).await;
        let page = match answer {
            Err(e) if e.is_not_found() => return self.vanished_group(group, e).await,
            answer => self.listed(at, answer).await?,
        };
        let mut out = StepOutput::onward(page.next.map(|at| Step::GroupMembers {
            group: group.to_owned(),
            at,
        }));
        for member in &page.items {
            match access::membership(group, member) {
                Some(grant) => {
                    check_id(&grant.principal.id)?;
                    out.records.grants.push(grant);
                }
                None => out.tally(NO_ACCOUNT, 1),
            }
        }
        Ok(out)
    }

    async fn list_roles(&self, at: &At) -> Result<StepOutput<Step>, Error> {
        let page = self.roles(at).await?;
        let known = self.known_groups().await?;
        let mut out = StepOutput::onward(page.next.map(|at| Step::Roles { at }));
        for role in &page.items {
            check_id(&role.id)?;
            let (records, missing) = access::role(role, &known);
            let groups = role.directory_groups.iter();
            let groups: BTreeSet<String> =
                groups.filter(|id| known.contains(*id)).cloned().collect();
            out.records.extend(records);
            out.tally(ROLES, 1);
            left_out(&mut out, ROLE, &role.id, role.unreadable());
            for group in missing {
                out.warn(
                    Code::DanglingReference,
                    format!(
                        "role {} is linked to the directory group {group}, which is not there",
                        role.id
                    ),
                );
            }
            out.spawn.push(Step::RoleMembers {
                role: role.id.clone(),
                groups: groups.into_iter().collect(),
                at: At::beginning(),
            });
        }
        Ok(out)
    }

    async fn role_members(
        &self,
        role: &str,
        groups: &[String],
        at: &At,
    ) -> Result<StepOutput<Step>, Error> {
        let answer = self.api.role_members(role, at).await;
        let page = match answer {
            Err(e) if e.is_not_found() => return self.vanished_role(role, e).await,
            answer => self.listed(at, answer).await?,
        };
        let mut out = StepOutput::onward(page.next.map(|at| Step::RoleMembers {
            role: role.to_owned(),
            groups: groups.to_vec(),
            at,
        }));
        for member in &page.items {
            check_id(&member.id)?;
            let (grant, is_known) = access::holder(role, groups, member);
            out.records.grants.push(grant);
            if !is_known {
                out.tally(UNKNOWN_KINDS, 1);
            }
        }
        Ok(out)
    }

    /// A 404 may hide a refusal: the role is gone only if it is not in the list any more. A list without any role confirms
    /// nothing.
    async fn vanished_role(
        &self,
        role: &str,
        no_members: Failure,
    ) -> Result<StepOutput<Step>, Error> {
        let (mut at, mut pages) = (Some(At::beginning()), EmptyPages::of("roles"));
        let mut others = 0;
        while let Some(here) = at {
            let page = self.listed(&here, self.api.roles(&here).await).await?;
            if page.items.iter().any(|still| still.id == role) {
                return Err(no_members.into());
            }
            if page.next.is_some() {
                pages.count(page.items.len())?;
            }
            others += page.items.len();
            at = page.next;
        }
        match others {
            0 => Err(no_members.into()),
            _ => Ok(vanished(ROLE, role)),
        }
    }

    /// The same of a group.
    async fn vanished_group(
        &self,
        group: &str,
        no_members: Failure,
    ) -> Result<StepOutput<Step>, Error> {
        let groups = self.groups_again().await?;
        match groups.is_empty() || groups.iter().any(|still| still.id == group) {
            false => Ok(vanished(GROUP, group)),
            true => Err(no_members.into()),
        }
    }
}

fn people(next: Option<Step>, members: &[Member]) -> Result<StepOutput<Step>, Error> {
    let mut out = StepOutput::onward(next);
    for member in members {
        check_id(&member.id)?;
        out.records.resources.push(access::user(member));
        left_out(&mut out, USER, &member.id, member.unreadable());
    }
    Ok(out)
}

fn left_out(out: &mut StepOutput<Step>, kind: &str, id: &str, fields: Vec<&'static str>) {
    out.unreadable(format_args!("{kind} {id}"), fields);
}

fn vanished(kind: &str, id: &str) -> StepOutput<Step> {
    let mut out = StepOutput::from(Records::deleted_during_sync(ResourceId::new(kind, id)));
    out.warn(
        Code::DeletedDuringSync,
        format!("{kind} {id} was deleted during the sync"),
    );
    out
}

/// The documented ids have no colon, and ours could not be taken apart again with one.
fn check_id(id: &str) -> Result<(), Error> {
    if !id.is_empty() && !id.contains(|c: char| c == ':' || c.is_control()) {
        return Ok(());
    }
    Err(Error::new(
        ErrorType::Internal,
        Code::UnexpectedAnswer,
        format!("the vendor has the id {id:?}, which its documentation rules out"),
        "Please report this with the message.",
    ))
}
