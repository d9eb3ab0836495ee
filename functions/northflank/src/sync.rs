//! The steps of a sync.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_connector::{
    Code, Error, ErrorType, Identity, Records, StepOutput, Syncer, Tallies, Warning, counted, pages,
};
use rollcall_model::ResourceId;
use serde::{Deserialize, Serialize};

use crate::access::{self, GROUP, ROLE, USER};
pub use crate::api::ListPlace;
use crate::api::{CallFailure, ListRow, Member, Page};
use crate::connect::{Northflank, no_members};

/// A step of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named after the list that it reads")]
pub enum Step {
    Members {
        at: ListPlace,
    },
    /// The same list again, for people who joined in the meantime.
    MembersAgain {
        at: ListPlace,
    },
    Groups,
    GroupMembers {
        group: String,
        at: ListPlace,
    },
    Roles {
        at: ListPlace,
    },
    /// `groups`: those whose members are shown to have the role.
    RoleMembers {
        role: String,
        groups: Vec<String>,
        at: ListPlace,
    },
}

type StepResult = Result<StepOutput<Step>, Error>;

const MEMBERS: &str = "members";
const ROLES: &str = "roles";
const UNKNOWN_KINDS: &str = "unknown ways to have a role";
const NO_ACCOUNT: &str = "group members without an account";

#[async_trait]
impl Syncer for Northflank {
    type Step = Step;

    /// The whole organization shares a thousand requests an hour.
    const CONCURRENCY: usize = 4;

    fn start(&self, _: &Identity) -> Vec<Step> {
        let at = ListPlace::default();
        vec![Step::Members { at: at.clone() }, Step::Groups, Step::Roles { at }]
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        match step {
            Step::Members { at } => {
                let page = self.members(at).await?;
                let next = page.next.map(|at| Step::Members { at });
                let mut out = people(next, &page.items)?;
                out.tally(MEMBERS, page.items.len() as u64);
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

    /// A single member cannot be requested: missing people are looked for in the whole list, once.
    fn resolve(&self, _: u8, resource_type: &str, _: &[String]) -> Option<Vec<Step>> {
        let at = ListPlace::default();
        (resource_type == USER).then(|| vec![Step::MembersAgain { at }])
    }

    fn check(&self, _: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
        // The first page may have been empty and pointed to others.
        if count(MEMBERS) == 0 {
            return Err(no_members());
        }
        // Every token is created from a role; *unknown*: whether the vendor's built-in roles are in the list.
        let no_roles = (count(ROLES) == 0).then(|| {
            Warning::new(
                Code::EmptyList,
                "the API returns no roles of the organization, although the API token was created from one: access through a role that is not listed is not shown",
            )
        });
        let mut warnings: Vec<Warning> = no_roles.into_iter().collect();
        for (key, code, whose, what) in [
            (
                NO_ACCOUNT,
                Code::MembersWithoutAccount,
                "directory group member",
                "without an account in Northflank, and without access",
            ),
            (
                UNKNOWN_KINDS,
                Code::UnknownValue,
                "role member",
                "of a kind that Rollcall does not know, shown as holding the role directly",
            ),
        ] {
            if count(key) > 0 {
                let who = counted(count(key), whose);
                warnings.push(Warning::new(code, format!("{who} {what}")));
            }
        }
        Ok(warnings)
    }
}

impl Northflank {
    async fn list_groups(&self) -> StepResult {
        let mut out = StepOutput::default();
        for group in self.groups().await? {
            show(&mut out, GROUP, group, access::group(group))?;
            out.spawn
                .push(Step::GroupMembers { group: group.id.clone(), at: ListPlace::default() });
        }
        Ok(out)
    }

    async fn group_members(&self, group: &str, at: &ListPlace) -> StepResult {
        let page = match self.api.group_members(group, at).await {
            Err(e) if e.is_not_found() => {
                let read = |at| self.groups_page(at);
                return deleted_during_sync(GROUP, group, e, read).await;
            }
            answer => self.listed(at, answer).await?,
        };
        let mut out = StepOutput::default();
        for member in &page.items {
            match access::membership(group, member) {
                Some(grant) => {
                    check_id(&grant.principal.id)?;
                    out.records.grants.push(grant);
                }
                None => out.tally(NO_ACCOUNT, 1),
            }
        }
        let group = group.to_owned();
        out.next = page.next.map(|at| Step::GroupMembers { group, at });
        Ok(out)
    }

    async fn list_roles(&self, at: &ListPlace) -> StepResult {
        let page = self.roles(at).await?;
        let groups = self.groups().await?.iter();
        let known: BTreeSet<&str> = groups.map(|group| group.id.as_str()).collect();
        let mut out = StepOutput::with_next(page.next.map(|at| Step::Roles { at }));
        for role in &page.items {
            let (records, missing) = access::role(role, &known);
            // The role itself is granted to those of its groups that exist.
            let groups = records.grants.iter();
            let groups = groups.map(|grant| grant.principal.id.clone()).collect();
            out.tally(ROLES, 1);
            show(&mut out, ROLE, role, records)?;
            let role = role.id.clone();
            for group in missing {
                let what = format!(
                    "role {role} is linked to the directory group {group}, which is not listed"
                );
                out.warn(Code::DanglingReference, what);
            }
            let at = ListPlace::default();
            out.spawn.push(Step::RoleMembers { role, groups, at });
        }
        Ok(out)
    }

    async fn role_members(&self, role: &str, groups: &[String], at: &ListPlace) -> StepResult {
        let page = match self.api.role_members(role, at).await {
            Err(e) if e.is_not_found() => {
                let read = |at| self.roles_page(at);
                return deleted_during_sync(ROLE, role, e, read).await;
            }
            answer => self.listed(at, answer).await?,
        };
        let mut out = StepOutput::default();
        for member in &page.items {
            check_id(&member.id)?;
            let (grant, is_known) = access::holder(role, groups, member);
            out.records.grants.push(grant);
            if !is_known {
                out.tally(UNKNOWN_KINDS, 1);
            }
        }
        let (role, groups) = (role.to_owned(), groups.to_vec());
        out.next = page.next.map(|at| Step::RoleMembers { role, groups, at });
        Ok(out)
    }
}

/// A role or group whose members are answered with 404. That may hide a refusal: it counts as deleted only if its list
/// no longer contains it. An empty list confirms nothing.
async fn deleted_during_sync<T: ListRow, F: Future<Output = Result<Page<T>, Error>>>(
    kind: &str,
    id: &str,
    not_found: CallFailure,
    read: impl FnMut(ListPlace) -> F,
) -> StepResult {
    let mut others = 0;
    let wanted = |row: &T| {
        others += 1;
        row.id() == Some(id)
    };
    let listed = pages::find(&format!("{kind}s"), read, wanted).await?;
    if listed.is_some() || others == 0 {
        return Err(not_found.into());
    }
    let mut out = StepOutput::from(Records::deleted_during_sync(ResourceId::new(kind, id)));
    out.warn(Code::DeletedDuringSync, format!("{kind} {id} was deleted during the sync"));
    Ok(out)
}

fn people(next: Option<Step>, members: &[Member]) -> StepResult {
    let mut out = StepOutput::with_next(next);
    for member in members {
        show(&mut out, USER, member, access::user(member))?;
    }
    Ok(out)
}

/// Adds the records of a row, and warns about its unreadable fields.
fn show<T: ListRow>(
    out: &mut StepOutput<Step>,
    kind: &str,
    row: &T,
    records: Records,
) -> Result<(), Error> {
    let id = row.id().unwrap_or_default();
    check_id(id)?;
    out.unreadable(format_args!("{kind} {id}"), row.unreadable());
    out.records.extend(records);
    Ok(())
}

/// The documented ids have no colon, and with one, ours could not be parsed.
fn check_id(id: &str) -> Result<(), Error> {
    if !id.is_empty() && !id.contains(|c: char| c == ':' || c.is_control()) {
        return Ok(());
    }
    Err(Error::new(
        ErrorType::Internal,
        Code::UnexpectedAnswer,
        format!("the vendor has the id {id:?}, which contradicts its documentation"),
        "Report this message to the project.",
    ))
}
