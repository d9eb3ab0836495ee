//! The steps of a sync.

mod check;
mod choice;
mod members;
mod teams;

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_connector::{Code, Error, Identity, StepOutput, Syncer, Tallies, Warning};
use serde::{Deserialize, Serialize};

use crate::access::{self, USER};
use crate::api::{NewRows, PagePosition};
use crate::connect::Buildkite;
pub use choice::GraphQlStats;

/// A step of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named after the list or object that it reads")]
pub enum Step {
    Organization,
    Members {
        at: PagePosition,
    },
    Teams {
        at: PagePosition,
        /// The teams of earlier pages, if GraphQL may read their members.
        before: Vec<String>,
    },
    TeamMembers {
        team: String,
        at: PagePosition,
    },
    /// The members of all these teams: after each GraphQL page, the API for the others is chosen again.
    MembersOfTeams {
        left: BTreeSet<String>,
        /// The cursor of GraphQL.
        after: Option<String>,
        stats: GraphQlStats,
    },
    /// A member of a team who was not listed.
    Member {
        id: String,
    },
}

type StepResult = Result<StepOutput<Step>, Error>;

#[async_trait]
impl Syncer for Buildkite {
    type Step = Step;

    /// Fifty requests a minute are used up quickly.
    const CONCURRENCY: usize = 8;

    fn start(&self, _: &Identity) -> Vec<Step> {
        let (at, before) = (PagePosition::default(), Vec::new());
        vec![Step::Organization, Step::Members { at: at.clone() }, Step::Teams { at, before }]
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        match step {
            Step::Organization => {
                let organization = self.organization().await?;
                let mut out = StepOutput::from(access::organization(organization));
                let row = format_args!("organization {}", organization.id);
                out.unreadable(row, organization.unreadable());
                Ok(out)
            }
            Step::Members { at } => self.members(at).await,
            Step::Teams { at, before } => self.teams(at, before).await,
            Step::TeamMembers { team, at } => self.team_members(team, at).await,
            Step::MembersOfTeams { left, after, stats } => {
                self.members_of_teams(left, after.as_deref(), *stats).await
            }
            Step::Member { id } => self.unlisted_member(id).await,
        }
    }

    fn resolve(&self, _: u8, resource_type: &str, ids: &[String]) -> Option<Vec<Step>> {
        let step = |id: &String| Step::Member { id: id.clone() };
        (resource_type == USER).then(|| ids.iter().map(step).collect())
    }

    fn check(&self, identity: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        let token = self.token.get();
        let owner_is_known = token.is_some_and(|token| !token.owner_email().is_empty());
        check::check(identity, owner_is_known, tallies)
    }
}

/// Warns if the list changed so much that a row may be on none of its pages.
fn warn_of_moves<T>(out: &mut StepOutput<Step>, page: &NewRows<T>, list: &str) {
    if page.may_miss_a_row {
        out.warn(
            Code::ListMoved,
            format!("the list of {list} changed while it was read: a row may be missing until the next sync"),
        );
    }
}
