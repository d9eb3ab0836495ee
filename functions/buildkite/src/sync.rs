//! Reads: the steps of a sync.

use async_trait::async_trait;
use rollcall::Error;
use rollcall::connector::{Identity, Records, Syncer, Tallies, Warning, Yield};
use rollcall::model::ResourceId;
use serde::{Deserialize, Serialize};

use crate::access::{self, ADMIN, TEAM, USER};
use crate::api::{Member, Next, Page};
use crate::connect::Buildkite;

/// Where a list is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct At {
    /// The number of the page, from one.
    page: u32,
    /// The first id of the page before, if nobody said that there is another one: it may be the same again.
    unless: Option<String>,
}

impl At {
    fn beginning() -> Self {
        Self {
            page: 1,
            unless: None,
        }
    }
}

/// A step of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each is the list or object that it is named after"
)]
pub enum Step {
    Organization,
    Members {
        at: At,
    },
    Teams {
        at: At,
    },
    TeamMembers {
        team: String,
        at: At,
    },
    /// Somebody who is in a team and was not listed.
    Member {
        id: String,
    },
}

const TEAMS: &str = "teams";
const UNKNOWN_ROLES: &str = "unknown roles";

#[async_trait]
impl Syncer for Buildkite {
    type Step = Step;

    /// Fifty requests a minute are soon spent.
    const CONCURRENCY: usize = 8;

    fn start(&self, _: &Identity) -> Vec<Step> {
        vec![
            Step::Organization,
            Step::Members {
                at: At::beginning(),
            },
            Step::Teams {
                at: At::beginning(),
            },
        ]
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<Yield<Step>, Error> {
        match step {
            Step::Organization => Ok(access::organization(self.organization().await?).into()),
            Step::Members { at } => self.members(at).await,
            Step::Teams { at } => self.teams(at).await,
            Step::TeamMembers { team, at } => self.team_members(team, at).await,
            Step::Member { id } => self.missing_member(id).await,
        }
    }

    fn resolve(&self, _: u8, resource_type: &str, ids: &[String]) -> Option<Vec<Step>> {
        let step = |id: &String| Step::Member { id: id.clone() };
        (resource_type == USER).then(|| ids.iter().map(step).collect())
    }

    fn check(&self, _: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
        let mut warnings = Vec::new();
        if count(TEAMS) == 0 {
            warnings.push(Warning::new(
                "NoTeams",
                "the API shows no team: there is none, teams are switched off, or all are hidden from the token's owner",
            ));
        }
        if count(UNKNOWN_ROLES) > 0 {
            warnings.push(Warning::new(
                "UnknownTeamRole",
                format!(
                    "{} memberships in teams have a role that Rollcall does not know, and are shown as `member`",
                    count(UNKNOWN_ROLES)
                ),
            ));
        }
        Ok(warnings)
    }
}

impl Buildkite {
    async fn members(&self, at: &At) -> Result<Yield<Step>, Error> {
        let organization = self.organization().await?;
        let page = self.api.members(&organization.slug, at.page).await?;
        let Some((members, next)) = taken(at, page, |member| &member.id) else {
            return Ok(Yield::default());
        };
        let mut out = Yield::onward(next.map(|at| Step::Members { at }));
        let owner = &self.token().await?.user.email;
        for member in &members {
            out.records.extend(access::member(organization, member));
            let is_owner = !owner.is_empty() && member.email.eq_ignore_ascii_case(owner);
            if is_owner && !sees_all(member, &members) {
                out.warn(
                    "TeamsMayBeHidden",
                    format!(
                        "nothing says that {} administers the organization: secret teams that they are not in are missing then",
                        member.name
                    ),
                );
            }
        }
        Ok(out)
    }

    async fn teams(&self, at: &At) -> Result<Yield<Step>, Error> {
        let organization = self.organization().await?;
        let page = self.api.teams(&organization.slug, at.page).await?;
        let Some((teams, next)) = taken(at, page, |team| &team.id) else {
            return Ok(Yield::default());
        };
        let mut out = Yield::onward(next.map(|at| Step::Teams { at }));
        for team in &teams {
            out.records.extend(access::team(organization, team));
            out.tally(TEAMS, 1);
            out.spawn.push(Step::TeamMembers {
                team: team.id.clone(),
                at: At::beginning(),
            });
        }
        Ok(out)
    }

    async fn team_members(&self, team: &str, at: &At) -> Result<Yield<Step>, Error> {
        let organization = self.organization().await?;
        let page = match self
            .api
            .team_members(&organization.slug, team, at.page)
            .await
        {
            // Buildkite says that there is no such team any more, or that it was just made secret.
            Err(e) if e.is_absent() => {
                let mut out = Yield::from(Records::gone(ResourceId::new(TEAM, team)));
                out.warn(
                    "TeamVanished",
                    format!("team {team} was deleted or hidden during the sync"),
                );
                return Ok(out);
            }
            page => page?,
        };
        let Some((members, next)) = taken(at, page, |member| &member.user_id) else {
            return Ok(Yield::default());
        };
        let mut out = Yield::onward(next.map(|at| Step::TeamMembers {
            team: team.to_owned(),
            at,
        }));
        for member in &members {
            let (records, known) = access::membership(team, member);
            out.records.extend(records);
            if !known {
                out.tally(UNKNOWN_ROLES, 1);
            }
        }
        Ok(out)
    }

    async fn missing_member(&self, id: &str) -> Result<Yield<Step>, Error> {
        let organization = self.organization().await?;
        match self.api.member(&organization.slug, id).await {
            Ok(member) => Ok(access::member(organization, &member).into()),
            // In a team and not in the organization: what the team tells of them stays.
            Err(e) if e.is_absent() => Ok(Yield::default()),
            Err(e) => Err(e.into()),
        }
    }
}

/// Whether the owner of our token sees every team, as administrators do. Where the API does not tell roles yet, it tells by
/// what it says of others: administrators alone see how they sign in.
fn sees_all(owner: &Member, page: &[Member]) -> bool {
    match owner.role.as_str() {
        "" => page
            .iter()
            .any(|m| m.id != owner.id && !m.sso_mode.is_empty()),
        role => role == ADMIN,
    }
}

/// The rows of a page, and where the list goes on. `None`: the page was only asked for because nothing said that the one
/// before was the last, and it is that one again, or empty.
fn taken<T>(at: &At, page: Page<T>, id: impl Fn(&T) -> &String) -> Option<(Vec<T>, Option<At>)> {
    let first = page.items.first().map(&id).cloned();
    if at.unless.is_some() && (first.is_none() || first == at.unless) {
        return None;
    }
    let next = match page.next {
        Next::End => None,
        Next::Page(page) => Some(At { page, unless: None }),
        Next::Perhaps(page) => Some(At {
            page,
            unless: first,
        }),
    };
    Some((page.items, next))
}
