//! Reads: the steps of a sync.

use async_trait::async_trait;
use rollcall::connector::{Identity, Records, Syncer, Tallies, Warning, Yield, stale_cursor};
use rollcall::model::ResourceId;
use rollcall::{Error, ErrorType};
use serde::{Deserialize, Serialize};

use crate::access::{self, ADMIN, TEAM, USER};
use crate::api::{Failure, Member, Next, Page, Team};
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
    /// The team is shown with the first of its members, so that one that vanishes before is not shown.
    TeamMembers {
        team: Box<Team>,
        at: At,
    },
    /// Somebody who is in a team and was not listed.
    Member {
        id: String,
    },
}

const TEAMS: &str = "teams";
const UNKNOWN_ROLES: &str = "unknown roles";
const UNKNOWN_ORGANIZATION_ROLES: &str = "unknown roles in the organization";
/// The rows of our token's owner, by the role that they tell.
const OWNER_ADMIN: &str = "owner: admin";
const OWNER_MEMBER: &str = "owner: member";
const OWNER_UNTOLD: &str = "owner: untold";
/// The rows of others that tell how they sign in.
const SSO_OF_OTHERS: &str = "how others sign in";

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

    fn check(&self, identity: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
        let mut warnings = Vec::new();
        if !sees_all(count) {
            warnings.push(Warning::new(
                "TeamsMayBeHidden",
                format!(
                    "nothing says that {} administers the organization: secret teams that they are not in are missing then",
                    identity.caller_name
                ),
            ));
        }
        if count(UNKNOWN_ORGANIZATION_ROLES) > 0 {
            warnings.push(Warning::new(
                "UnknownOrganizationRole",
                format!(
                    "{} members of the organization have a role that Rollcall does not know, and are shown as `member`",
                    count(UNKNOWN_ORGANIZATION_ROLES)
                ),
            ));
        }
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
        for member in &members {
            self.meet(member, &mut out).await?;
        }
        Ok(out)
    }

    /// Takes in somebody of the organization, and what their row tells of what our token sees.
    async fn meet(&self, member: &Member, out: &mut Yield<Step>) -> Result<(), Error> {
        let organization = self.organization().await?;
        out.records.extend(access::member(organization, member));
        if !matches!(member.role.as_str(), "" | ADMIN | access::MEMBER) {
            out.tally(UNKNOWN_ORGANIZATION_ROLES, 1);
        }
        let owner = &self.token().await?.user.email;
        if !owner.is_empty() && member.email.eq_ignore_ascii_case(owner) {
            let role = match member.role.as_str() {
                "" => OWNER_UNTOLD,
                ADMIN => OWNER_ADMIN,
                _ => OWNER_MEMBER,
            };
            out.tally(role, 1);
        } else if !member.sso_mode.is_empty() {
            out.tally(SSO_OF_OTHERS, 1);
        }
        Ok(())
    }

    async fn teams(&self, at: &At) -> Result<Yield<Step>, Error> {
        let organization = self.organization().await?;
        let page = match self.api.teams(&organization.slug, at.page).await {
            // The organization is there: it was found among those that the token reaches.
            Err(e) if e.is_absent() => return Err(no_teams(e)),
            page => page?,
        };
        let Some((teams, next)) = taken(at, page, |team| &team.id) else {
            return Ok(Yield::default());
        };
        let mut out = Yield::onward(next.map(|at| Step::Teams { at }));
        for team in teams {
            out.tally(TEAMS, 1);
            out.spawn.push(Step::TeamMembers {
                team: Box::new(team),
                at: At::beginning(),
            });
        }
        Ok(out)
    }

    async fn team_members(&self, team: &Team, at: &At) -> Result<Yield<Step>, Error> {
        let organization = self.organization().await?;
        let page = match self
            .api
            .team_members(&organization.slug, &team.id, at.page)
            .await
        {
            // What was shown of it is taken back: from its beginning the list is not there, either.
            Err(e) if e.is_absent() && at.page > 1 => return Err(stale_cursor(Error::from(e))),
            // Buildkite says that there is no such team any more, or that it was just made secret.
            Err(e) if e.is_absent() => {
                let mut out = Yield::from(Records::gone(ResourceId::new(TEAM, &team.id)));
                out.warn(
                    "TeamVanished",
                    format!("team {} was deleted or hidden during the sync", team.id),
                );
                return Ok(out);
            }
            page => page?,
        };
        let Some((members, next)) = taken(at, page, |member| &member.user_id) else {
            return Ok(Yield::default());
        };
        let mut out = Yield::onward(next.map(|at| Step::TeamMembers {
            team: Box::new(team.clone()),
            at,
        }));
        if at.page == 1 {
            out.records.extend(access::team(organization, team));
        }
        for member in &members {
            let (records, known) = access::membership(&team.id, member);
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
            Ok(member) => {
                let mut out = Yield::default();
                self.meet(&member, &mut out).await?;
                Ok(out)
            }
            // In a team and not in the organization: what the team tells of them stays.
            Err(e) if e.is_absent() => Ok(Yield::default()),
            Err(e) => Err(e.into()),
        }
    }
}

/// Whether the owner of our token sees every team, as administrators do. Where the API does not tell their role, it tells
/// by what it says of others: administrators alone see how they sign in.
fn sees_all(count: impl Fn(&str) -> u64) -> bool {
    if count(OWNER_ADMIN) + count(OWNER_MEMBER) > 0 {
        return count(OWNER_ADMIN) > 0;
    }
    // Without a row that is known to be the owner's, one of these is.
    let own = u64::from(count(OWNER_UNTOLD) == 0);
    count(SSO_OF_OTHERS) > own
}

/// What an organization without teams answers is not documented. One that was just switched off, or a hiccup, must not
/// look as if nobody had access any more.
fn no_teams(failure: Failure) -> Error {
    Error::new(
        ErrorType::NotFound,
        "NoTeams",
        "Buildkite says that the organization has no list of teams: they may be switched off",
        "Switch teams on in the organization's settings. Without them everybody can do everything, and there is nothing to show.",
    )
    .with_source(Error::from(failure))
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
