//! Reads: the steps of a sync.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_connector::Code;
use rollcall_connector::http::lenient::Lenient;
use rollcall_connector::pages::EmptyPages;
use rollcall_connector::{
    Chain, Error, ErrorType, Identity, Records, StepOutput, Syncer, Tallies, Warning, stale_cursor,
};
use rollcall_model::ResourceId;
use serde::{Deserialize, Serialize};

use crate::access::{self, ADMIN, TEAM, USER};
use crate::api::{At, Failure, GraphQl, Member, Membership, Taken, Team, TeamPage, text};
use crate::check::{
    self, MEMBERS, OWNER_ADMIN, OWNER_LISTED, OWNER_MEMBER, OWNER_UNTOLD, SSO_OF_OTHERS, TEAMS,
    UNKNOWN_ORGANIZATION_ROLES, UNKNOWN_ROLES,
};
use crate::choice::{Choice, Limits, Told, Way, choose};
use crate::connect::Buildkite;

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

/// So many empty pages of GraphQL in a row are followed.
const EMPTY_QUERIES: u64 = 5;

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

    async fn run(&self, _: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        match step {
            Step::Organization => {
                let organization = self.organization().await?;
                let mut out = StepOutput::from(access::organization(organization));
                left_out(
                    &mut out,
                    "organization",
                    &organization.id,
                    organization.unreadable(),
                );
                Ok(out)
            }
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
        let token = self.token.get();
        let owner_is_known = token.is_some_and(|token| !token.owner_email().is_empty());
        check::check(identity, owner_is_known, tallies)
    }
}

impl Buildkite {
    async fn members(&self, at: &At) -> Result<StepOutput<Step>, Error> {
        let organization = self.organization().await?;
        let page = self.api.members(&organization.slug, at).await?;
        let taken = at.take(page, |member| &member.id)?;
        let mut out = StepOutput::default();
        note_moves(&mut out, &taken, "members of the organization");
        out.next = taken.next.map(|at| Step::Members { at });
        let token = self.token().await?;
        for member in &taken.rows {
            out.tally(MEMBERS, 1);
            if is_same(token.owner_email(), &member.email)
                || is_same(token.owner_name(), &member.name)
            {
                out.tally(OWNER_LISTED, 1);
            }
            self.meet(member, &mut out).await?;
        }
        Ok(out)
    }

    /// Takes in somebody of the organization, and what their row tells of what our token sees.
    async fn meet(&self, member: &Member, out: &mut StepOutput<Step>) -> Result<(), Error> {
        let organization = self.organization().await?;
        out.records.extend(access::member(organization, member));
        left_out(out, "member", &member.id, member.unreadable());
        if !matches!(member.role.as_str(), "" | ADMIN | access::MEMBER) {
            out.tally(UNKNOWN_ORGANIZATION_ROLES, 1);
        }
        if is_same(self.token().await?.owner_email(), &member.email) {
            let role = match member.role.as_str() {
                "" => OWNER_UNTOLD,
                ADMIN => OWNER_ADMIN,
                _ => OWNER_MEMBER,
            };
            out.tally(role, 1);
        } else if !text(&member.sso_mode).is_empty() {
            out.tally(SSO_OF_OTHERS, 1);
        }
        Ok(())
    }

    async fn teams(&self, at: &At, before: &[String]) -> Result<StepOutput<Step>, Error> {
        let organization = self.organization().await?;
        let taken = self.teams_at(at).await?;
        let mut out = StepOutput::default();
        note_moves(&mut out, &taken, "teams");
        for team in &taken.rows {
            out.tally(TEAMS, 1);
            out.records.extend(access::team(organization, team));
            left_out(&mut out, "team", &team.id, team.unreadable());
        }
        let mut ids = before.to_vec();
        ids.extend(taken.rows.into_iter().map(|team| team.id));
        if self.graphql().await?.is_none() {
            out.spawn = one_by_one(ids);
            ids = Vec::new();
        }
        match taken.next {
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

    async fn teams_at(&self, at: &At) -> Result<Taken<Team>, Error> {
        let organization = self.organization().await?;
        match self.api.teams(&organization.slug, at).await {
            // The organization is there: it was found among those that the token reaches.
            Err(e) if e.is_absent() => Err(no_teams(e)),
            page => at.take(page?, |team| &team.id),
        }
    }

    async fn team_members(&self, team: &str, at: &At) -> Result<StepOutput<Step>, Error> {
        let organization = self.organization().await?;
        let page = match self.api.team_members(&organization.slug, team, at).await {
            // Who was shown to be in it is taken back: from its beginning the list is not there, either.
            Err(e) if e.is_absent() && !at.is_beginning() => {
                return Err(stale_cursor(Error::from(e)));
            }
            Err(e) if e.is_absent() => return self.vanished(team, e).await,
            page => page?,
        };
        let taken = at.take(page, |member| &member.user_id)?;
        let mut out = StepOutput::default();
        note_moves(&mut out, &taken, &format!("members of team {team}"));
        take_in(team, &taken.rows, &mut out);
        out.next = taken.next.map(|at| Step::TeamMembers {
            team: team.to_owned(),
            at,
        });
        Ok(out)
    }

    /// A 404 may be a hiccup, or how Buildkite refuses: a team is gone, or was made secret, only if the list of teams
    /// does not have it any more. A list without any team confirms nothing.
    async fn vanished(&self, team: &str, no_members: Failure) -> Result<StepOutput<Step>, Error> {
        let (mut at, mut pages) = (Some(At::beginning()), EmptyPages::of("teams"));
        let (mut others, mut may_miss_it) = (0, false);
        while let Some(here) = at {
            let Taken {
                rows,
                next,
                may_miss_a_row,
            } = self.teams_at(&here).await?;
            may_miss_it |= may_miss_a_row;
            if rows.iter().any(|still| still.id == team) {
                return Err(not_vanished(team, "and still lists the team", no_members));
            }
            if next.is_some() {
                pages.count(rows.len())?;
            }
            others += rows.len();
            at = next;
        }
        if others == 0 {
            return Err(not_vanished(
                team,
                "and lists no team at all any more",
                no_members,
            ));
        }
        if may_miss_it {
            let why = "and its list of teams changed while it was read";
            return Err(not_vanished(team, why, no_members));
        }
        let mut out = StepOutput::from(Records::deleted_during_sync(ResourceId::new(TEAM, team)));
        out.warn(
            Code::DeletedDuringSync,
            format!("team {team} was deleted or hidden during the sync"),
        );
        Ok(out)
    }

    /// GraphQL is a shorter way and nothing else: whatever it does not tell, REST is asked for.
    async fn members_of_teams(
        &self,
        left: &BTreeSet<String>,
        after: Option<&str>,
        told: Told,
    ) -> Result<StepOutput<Step>, Error> {
        let organization = self.organization().await?;
        let by_rest = || StepOutput {
            spawn: one_by_one(left.iter().cloned()),
            ..StepOutput::default()
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
                    Code::GraphQlFailed,
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

    async fn missing_member(&self, id: &str) -> Result<StepOutput<Step>, Error> {
        let organization = self.organization().await?;
        match self.api.member(&organization.slug, id).await {
            Ok(member) => {
                let mut out = StepOutput::default();
                self.meet(&member, &mut out).await?;
                Ok(out)
            }
            // In a team and not in the organization: what the team tells of them stays.
            Err(e) if e.is_absent() => Ok(StepOutput::default()),
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

fn take_in(team: &str, members: &[Membership], out: &mut StepOutput<Step>) {
    for member in members {
        let (records, known) = access::membership(team, member);
        out.records.extend(records);
        let row = format!("{} in team {team}", member.user_id);
        left_out(out, "member", &row, member.unreadable());
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
) -> StepOutput<Step> {
    let mut out = StepOutput::default();
    let mut rest = left.clone();
    let is_empty = page.teams.is_empty();
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
    told.empty = if is_empty { told.empty + 1 } else { 0 };
    // An empty page that points to another is followed, as often as is cheap. A list that brings nothing new otherwise,
    // or does not move on, is left: REST tells the same.
    let brings = rest.len() < left.len() || (is_empty && told.empty <= EMPTY_QUERIES);
    let goes_on = page.next.filter(|next| after != Some(next) && brings);
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

/// What an organization without teams answers is not documented. One that was just switched off, or a hiccup, must not
/// look as if nobody had access any more.
fn no_teams(failure: Failure) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::NotAvailable,
        "Buildkite says that the organization has no list of teams: they may be switched off",
        "Switch teams on in the organization's settings. Without them everybody can do everything, and there is nothing to show.",
    )
    .with_source(Error::from(failure))
}

fn not_vanished(team: &str, but: &str, no_members: Failure) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::ContradictoryAnswers,
        format!("Buildkite answers 404 for the members of team {team}, {but}"),
        "Run again; if it persists, see whether the token's owner may see the members of this team.",
    )
    .with_source(Error::from(no_members))
}

/// Whether somebody's name or address is that of our token's owner. What is not told is nobody's.
fn is_same(owner: &str, theirs: &Lenient<String>) -> bool {
    !owner.is_empty() && text(theirs).eq_ignore_ascii_case(owner)
}

fn left_out(out: &mut StepOutput<Step>, kind: &str, id: &str, fields: Vec<&'static str>) {
    out.unreadable(format_args!("{kind} {id}"), fields);
}

fn note_moves<T>(out: &mut StepOutput<Step>, taken: &Taken<T>, list: &str) {
    if taken.may_miss_a_row {
        out.warn(
            Code::ListMoved,
            format!("the list of {list} changed while it was read: a row may be missing until the next sync"),
        );
    }
}
