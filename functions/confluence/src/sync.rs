//! The steps of a sync.
//!
//! The members of groups and the permission rows of spaces are read once. Every user in the search, a group or a row is
//! looked up at the end, 250 at a time: the search hides deactivated accounts and ends at ten thousand, and no list
//! shows whether an account is active.

mod check;
mod people;
mod spaces;

use async_trait::async_trait;
use rollcall_connector::{Error, Identity, StepOutput, Syncer, Tallies, Warning, stale_cursor};
use serde::{Deserialize, Serialize};

use crate::access::{AccessMode, GROUP, USER};
use crate::api::{BULK, Failure, ListPosition};
use crate::connect::Confluence;

/// A step of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named after the list or object that it reads")]
pub enum Step {
    /// The site's mode; then its spaces.
    Mode,
    Users {
        at: ListPosition,
    },
    Groups {
        at: ListPosition,
    },
    Members {
        group: String,
        at: ListPosition,
    },
    Roles,
    Spaces {
        mode: AccessMode,
        at: ListPosition,
    },
    /// The role assignments on the space with this id and name; then its rows.
    Assignments {
        space: String,
        name: String,
        mode: AccessMode,
    },
    /// `by_role`: the principals whose rows come from a role, as `type:id`, sorted.
    Permissions {
        space: String,
        mode: AccessMode,
        by_role: Vec<String>,
        at: ListPosition,
    },
    Accounts {
        ids: Vec<String>,
    },
    Group {
        id: String,
    },
}

type StepResult = Result<StepOutput<Step>, Error>;

#[async_trait]
impl Syncer for Confluence {
    type Step = Step;

    /// More than the client ever sends at once: while some answers are processed, other requests are ready.
    const CONCURRENCY: usize = 24;

    fn start(&self, _: &Identity) -> Vec<Step> {
        let at = ListPosition::default;
        vec![Step::Mode, Step::Groups { at: at() }, Step::Users { at: at() }]
    }

    async fn run(&self, identity: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        let mut out = match step {
            Step::Mode => self.mode_and_spaces().await,
            Step::Users { at } => self.users(at).await,
            Step::Groups { at } => self.groups(at).await,
            Step::Members { group, at } => self.members(group, at).await,
            Step::Roles => self.site_roles().await,
            Step::Spaces { mode, at } => self.spaces(*mode, at).await,
            Step::Assignments { space, name, mode } => self.assignments(space, name, *mode).await,
            Step::Permissions { space, mode, by_role, at } => {
                self.permissions(space, *mode, by_role, at).await
            }
            Step::Accounts { ids } => self.accounts(ids).await,
            Step::Group { id } => self.unlisted_group(id).await,
        }?;
        check::count_caller(&mut out, &identity.caller);
        Ok(out)
    }

    fn resolve(&self, _: u8, resource_type: &str, ids: &[String]) -> Option<Vec<Step>> {
        let accounts = |ids: &[String]| Step::Accounts { ids: ids.to_vec() };
        let group = |id: &String| Step::Group { id: id.clone() };
        match resource_type {
            USER => Some(ids.chunks(BULK).map(accounts).collect()),
            GROUP => Some(ids.iter().map(group).collect()),
            _ => None,
        }
    }

    fn check(&self, identity: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        check::check(identity, tallies)
    }
}

/// A page, or why not. *Unknown*: what the API answers to a cursor that it no longer knows; a 400 to a request with one
/// is taken for that, and the list is read again, as if rows had moved.
fn listed<P>(at: &ListPosition, answer: Result<P, Failure>) -> Result<P, Error> {
    answer.map_err(|e| {
        let is_stale = e.is_moved() || at.has_cursor() && e.status() == Some(400);
        if is_stale { stale_cursor(e) } else { e.into() }
    })
}
