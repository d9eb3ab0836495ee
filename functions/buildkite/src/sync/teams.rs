//! The steps that read teams and their members, over REST, or over GraphQL if that is faster.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rollcall_connector::{
    Chain, Code, Error, ErrorType, Records, StepOutput, counted, pages, stale_cursor,
};
use rollcall_model::ResourceId;

use super::check::{TEAMS, UNKNOWN_ROLES};
use super::choice::{ApiLimits, GraphQlStats, MembersFrom, SourceChoice, choose};
use super::{Step, StepResult, warn_of_moves};
use crate::access::{self, TEAM};
use crate::api::{Failure, GraphQl, Membership, NewRows, PagePosition, Team, TeamPage};
use crate::connect::Buildkite;

/// The maximum number of consecutive empty GraphQL pages that are followed.
const EMPTY_PAGES: u64 = 5;

impl Buildkite {
    pub(super) async fn teams(&self, at: &PagePosition, before: &[String]) -> StepResult {
        let organization = self.organization().await?;
        let page = self.teams_at(at).await?;
        let mut out = StepOutput::default();
        warn_of_moves(&mut out, &page, "teams");
        for team in &page.rows {
            out.tally(TEAMS, 1);
            out.records.extend(access::team(organization, team));
            out.unreadable(format_args!("team {}", team.id), team.unreadable());
        }
        let mut ids = before.to_vec();
        ids.extend(page.rows.into_iter().map(|team| team.id));
        if self.graphql().await?.is_none() {
            out.spawn = one_by_one(ids.drain(..));
        }
        match page.next {
            Some(at) => out.next = Some(Step::Teams { at, before: ids }),
            None if ids.is_empty() => {}
            None => out.spawn.push(Step::MembersOfTeams {
                left: ids.into_iter().collect(),
                after: None,
                stats: GraphQlStats::default(),
            }),
        }
        Ok(out)
    }

    async fn teams_at(&self, at: &PagePosition) -> Result<NewRows<Team>, Error> {
        let organization = self.organization().await?;
        match self.api.teams(&organization.slug, at).await {
            // The organization exists: it is among those that the token can access.
            Err(e) if e.is_absent() => Err(no_teams(e)),
            page => Ok(page?),
        }
    }

    pub(super) async fn team_members(&self, team: &str, at: &PagePosition) -> StepResult {
        let organization = self.organization().await?;
        let page = match self.api.team_members(&organization.slug, team, at).await {
            Err(e) if e.is_absent() && *at == PagePosition::default() => {
                return self.deleted_team(team, e).await;
            }
            // The list is read from the beginning; if that is not found either, none of its members are shown.
            Err(e) if e.is_absent() => return Err(stale_cursor(Error::from(e))),
            page => page?,
        };
        let mut out = StepOutput::default();
        warn_of_moves(&mut out, &page, &format!("members of team {team}"));
        add_memberships(&mut out, team, &page.rows);
        let team = team.to_owned();
        out.next = page.next.map(|at| Step::TeamMembers { team, at });
        Ok(out)
    }

    /// A single 404 is not proof: a team was deleted, or made secret, only if the list of teams no longer has it. A
    /// list without any team confirms nothing.
    async fn deleted_team(&self, team: &str, cause: Failure) -> StepResult {
        let may_miss_it = &AtomicBool::new(false);
        let read = |at: PagePosition| async move {
            let page = self.teams_at(&at).await?;
            may_miss_it.fetch_or(page.may_miss_a_row, Relaxed);
            Ok::<_, Error>(page.into())
        };
        let mut others = 0;
        let found = pages::find("teams", read, |other: &Team| {
            others += 1;
            other.id == team
        });
        let but = match found.await? {
            Some(_) => "but still lists the team",
            None if others == 0 => "but no longer lists any team",
            None if may_miss_it.load(Relaxed) => "and its list of teams changed while it was read",
            None => {
                let id = ResourceId::new(TEAM, team);
                let mut out = StepOutput::from(Records::deleted_during_sync(id));
                out.warn(
                    Code::DeletedDuringSync,
                    format!("team {team} was deleted or hidden during the sync"),
                );
                return Ok(out);
            }
        };
        Err(Error::new(
            ErrorType::Unavailable,
            Code::ContradictoryAnswers,
            format!("Buildkite answers 404 for the members of team {team} {but}"),
            "Run again; if it persists, check that the token's owner can see the members of this team.",
        )
        .with_source(Error::from(cause)))
    }

    /// GraphQL is a shortcut only: whatever it does not show is read over REST.
    pub(super) async fn members_of_teams(
        &self,
        left: &BTreeSet<String>,
        after: Option<&str>,
        stats: GraphQlStats,
    ) -> StepResult {
        let organization = self.organization().await?;
        let by_rest =
            || StepOutput { spawn: one_by_one(left.iter().cloned()), ..StepOutput::default() };
        let Some(graphql) = self.graphql().await? else {
            return Ok(by_rest());
        };
        let first = match self.choose(graphql, left.len(), stats) {
            MembersFrom::GraphQl(first) => first,
            MembersFrom::GraphQlAfter(until) => return Err(GraphQl::put_off(until).into()),
            MembersFrom::Rest => return Ok(by_rest()),
        };
        let page = graphql.team_members(&organization.slug, first, after);
        match page.await {
            Ok(page) => Ok(add_page(left, after, stats, page)),
            Err(e) if e.is_rejection() => Err(e.into()),
            Err(e) => {
                // Others may have spent the points; the answer says when to retry.
                let choice = || self.choose(graphql, left.len(), stats);
                if e.is_put_off() && matches!(choice(), MembersFrom::GraphQlAfter(_)) {
                    return Err(e.into());
                }
                let mut out = by_rest();
                out.warn(
                    Code::GraphQlFailed,
                    format!(
                        "GraphQL failed, so the members of {} are read over REST: {}",
                        counted(left.len(), "team"),
                        Chain(&e)
                    ),
                );
                Ok(out)
            }
        }
    }

    fn choose(&self, graphql: &GraphQl, teams: usize, stats: GraphQlStats) -> MembersFrom {
        let now = self.session.clock.now();
        let rest = ApiLimits::of_rest(self.api.remaining_budgets(), now);
        let limits = ApiLimits::of_graphql(graphql.remaining_budgets(), now);
        let SourceChoice { from, points, rest, graphql } =
            choose(teams as u64, stats, &rest, &limits, now);
        tracing::info!(
            way = ?from,
            teams,
            points_per_team = points,
            wait_for_rest_s = rest.as_secs(),
            wait_for_graphql_s = graphql.as_secs(),
            "how the members of teams are read"
        );
        from
    }
}

fn one_by_one(teams: impl IntoIterator<Item = String>) -> Vec<Step> {
    let at = PagePosition::default;
    let step = |team| Step::TeamMembers { team, at: at() };
    teams.into_iter().map(step).collect()
}

fn add_memberships(out: &mut StepOutput<Step>, team: &str, members: &[Membership]) {
    for member in members {
        out.records.extend(access::membership(team, member));
        let row = format_args!("member {} in team {team}", member.user_id);
        out.unreadable(row, member.unreadable());
        if !access::is_team_role(&member.role) {
            out.tally(UNKNOWN_ROLES, 1);
        }
    }
}

/// Adds the teams of a page that GraphQL returns completely, and the steps for the others.
fn add_page(
    left: &BTreeSet<String>,
    after: Option<&str>,
    mut stats: GraphQlStats,
    page: TeamPage,
) -> StepOutput<Step> {
    let mut out = StepOutput::default();
    let mut rest = left.clone();
    let is_empty = page.teams.is_empty();
    for team in page.teams {
        stats.teams += 1;
        stats.whole += u64::from(team.is_whole);
        stats.members += team.members.len() as u64;
        // A team that is not among the remaining ones is newer than the list of teams, or came twice.
        if !rest.remove(&team.team) {
            continue;
        }
        if team.is_whole {
            add_memberships(&mut out, &team.team, &team.members);
        } else {
            out.spawn.extend(one_by_one([team.team]));
        }
    }
    stats.empty = if is_empty { stats.empty + 1 } else { 0 };
    // An empty page that points to another is followed, as often as is cheap. A list that otherwise shows nothing new,
    // or does not advance, is abandoned: REST shows the same.
    let is_new = rest.len() < left.len() || (is_empty && stats.empty <= EMPTY_PAGES);
    let next = page.next.filter(|next| after != Some(next) && is_new);
    match next {
        _ if rest.is_empty() => {}
        None => out.spawn.extend(one_by_one(rest)),
        after => {
            out.next = Some(Step::MembersOfTeams { left: rest, after, stats });
        }
    }
    out
}

/// *Unknown*: what an organization without teams answers. A feature that was just switched off, or a fault, must not
/// look as if nobody had access.
fn no_teams(failure: Failure) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::NotAvailable,
        "Buildkite answers that the organization has no list of teams: teams may be switched off",
        "Switch teams on in the organization's settings. Without teams everybody can do everything, and there is nothing to show.",
    )
    .with_source(Error::from(failure))
}
