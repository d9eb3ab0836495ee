//! Reads: the steps of a sync.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall::connector::{Identity, Records, Syncer, Tallies, Warning, Yield, stale_cursor};
use rollcall::model::ResourceId;
use rollcall::{Chain, Error, ErrorType};
use serde::{Deserialize, Serialize};

use crate::access::{self, ADMIN, TEAM, USER};
use crate::api::{Failure, GraphQl, Member, Membership, Next, Page, TeamPage};
use crate::choice::{Choice, Limits, Told, Way, choose};
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
        /// The teams of the pages before, if GraphQL may tell who is in them.
        before: Vec<String>,
    },
    TeamMembers {
        team: String,
        at: At,
    },
    /// The members of all these teams: which way is chosen anew after each page of GraphQL.
    MembersOfTeams {
        left: BTreeSet<String>,
        /// Where GraphQL goes on.
        after: Option<String>,
        told: Told,
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
                before: Vec::new(),
            },
        ]
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<Yield<Step>, Error> {
        match step {
            Step::Organization => Ok(access::organization(self.organization().await?).into()),
            Step::Members { at } => self.members(at).await,
            Step::Teams { at, before } => self.teams(at, before).await,
            Step::TeamMembers { team, at } => self.team_members(team, at).await,
            Step::MembersOfTeams { left, after, told } => {
                self.members_of_teams(left, after.as_deref(), *told).await
            }
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

    async fn teams(&self, at: &At, before: &[String]) -> Result<Yield<Step>, Error> {
        let organization = self.organization().await?;
        let page = match self.api.teams(&organization.slug, at.page).await {
            // The organization is there: it was found among those that the token reaches.
            Err(e) if e.is_absent() => return Err(no_teams(e)),
            page => page?,
        };
        let (teams, next) = taken(at, page, |team| &team.id).unwrap_or_default();
        let mut out = Yield::default();
        for team in &teams {
            out.tally(TEAMS, 1);
            out.records.extend(access::team(organization, team));
        }
        let mut ids = before.to_vec();
        ids.extend(teams.into_iter().map(|team| team.id));
        if self.graphql().await?.is_none() {
            out.spawn = one_by_one(ids);
            ids = Vec::new();
        }
        match next {
            Some(at) => out.next = Some(Step::Teams { at, before: ids }),
            None if ids.is_empty() => {}
            None => out.spawn.push(Step::MembersOfTeams {
                left: ids.into_iter().collect(),
                after: None,
                told: Told::default(),
            }),
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
            // Who was shown to be in it is taken back: from its beginning the list is not there, either.
            Err(e) if e.is_absent() && at.page > 1 => return Err(stale_cursor(Error::from(e))),
            // Buildkite says that there is no such team any more, or that it was just made secret.
            Err(e) if e.is_absent() => {
                let mut out = Yield::from(Records::vanished(ResourceId::new(TEAM, team)));
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
        take_in(team, &members, &mut out);
        Ok(out)
    }

    /// GraphQL is a shorter way and nothing else: whatever it does not tell, REST is asked for.
    async fn members_of_teams(
        &self,
        left: &BTreeSet<String>,
        after: Option<&str>,
        told: Told,
    ) -> Result<Yield<Step>, Error> {
        let organization = self.organization().await?;
        let by_rest = || Yield {
            spawn: one_by_one(left.iter().cloned()),
            ..Yield::default()
        };
        let Some(graphql) = self.graphql().await? else {
            return Ok(by_rest());
        };
        let first = match self.choose(graphql, left.len(), told) {
            Way::GraphQl(first) => first,
            Way::Wait(until) => return Err(GraphQl::put_off(until).into()),
            Way::Rest => return Ok(by_rest()),
        };
        let page = graphql.team_members(&organization.slug, first, after);
        match page.await {
            Ok(page) => Ok(told_by_graphql(left, after, told, page)),
            Err(e) if e.is_rejection() => Err(e.into()),
            Err(e) => {
                // Others may have spent what was there: then it is known now until when it is gone.
                let is_sooner = || matches!(self.choose(graphql, left.len(), told), Way::Wait(_));
                if e.is_put_off() && is_sooner() {
                    return Err(e.into());
                }
                let mut out = by_rest();
                out.warn(
                    "GraphQlFailed",
                    format!(
                        "who is in {} teams is asked of REST, since GraphQL failed: {}",
                        left.len(),
                        Chain(&e)
                    ),
                );
                Ok(out)
            }
        }
    }

    fn choose(&self, graphql: &GraphQl, teams: usize, told: Told) -> Way {
        let now = self.session.clock.now();
        let rest = Limits::of_rest(self.api.rooms(), now);
        let limits = Limits::of_graphql(graphql.rooms(), now);
        let Choice {
            way,
            points,
            rest,
            graphql,
        } = choose(teams as u64, told, &rest, &limits, now);
        tracing::info!(
            ?way,
            teams,
            points_per_team = points,
            wait_for_rest_s = rest.as_secs(),
            wait_for_graphql_s = graphql.as_secs(),
            "how the members of teams are read"
        );
        way
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

fn one_by_one(teams: impl IntoIterator<Item = String>) -> Vec<Step> {
    let of = |team| Step::TeamMembers {
        team,
        at: At::beginning(),
    };
    teams.into_iter().map(of).collect()
}

fn take_in(team: &str, members: &[Membership], out: &mut Yield<Step>) {
    for member in members {
        let (records, known) = access::membership(team, member);
        out.records.extend(records);
        if !known {
            out.tally(UNKNOWN_ROLES, 1);
        }
    }
}

/// Takes in the teams of a page that are told whole, and sees where the others are read.
fn told_by_graphql(
    left: &BTreeSet<String>,
    after: Option<&str>,
    mut told: Told,
    page: TeamPage,
) -> Yield<Step> {
    let mut out = Yield::default();
    let mut rest = left.clone();
    for team in page.teams {
        told.teams += 1;
        told.whole += u64::from(team.is_whole);
        told.members += team.members.len() as u64;
        // Another one is new since the list, or came twice.
        if !rest.remove(&team.team) {
            continue;
        }
        if team.is_whole {
            take_in(&team.team, &team.members, &mut out);
        } else {
            out.spawn.extend(one_by_one([team.team]));
        }
    }
    // A list that moves on without bringing anything, or not at all, is not followed for ever.
    let goes_on = page
        .next
        .filter(|next| after != Some(next) && rest.len() < left.len());
    match goes_on {
        _ if rest.is_empty() => {}
        None => out.spawn.extend(one_by_one(rest)),
        after => {
            out.next = Some(Step::MembersOfTeams {
                left: rest,
                after,
                told,
            });
        }
    }
    out
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
