//! The calls of REST. Scopes are checked before anything is looked up; *unknown* whether the vendor does so too.

use serde_json::Value;

use super::{
    ids::is_uuid,
    options::{InvisibleTeam, Options, Teams},
    paging::PARAMETERS,
    refusal::Refusal,
    routes::{Context, Good, Reply},
    rows,
    world::{Organization, Team, World},
};

impl Context<'_> {
    fn world(&self) -> &World {
        &self.inner.world
    }

    fn options(&self) -> &Options {
        &self.inner.options
    }

    fn organization(&self, slug: &str) -> Result<&Organization, Refusal> {
        let found = self.caller.organization(self.world(), slug);
        found.ok_or_else(Refusal::no_organization)
    }

    /// The organization, for somebody who may view its members or teams.
    fn viewed(&self, slug: &str) -> Result<&Organization, Refusal> {
        let org = self.organization(slug)?;
        if self.caller.may_view_teams(org, self.options()) {
            Ok(org)
        } else {
            Err(Refusal::forbidden())
        }
    }

    /// The organization, for a call about its teams.
    fn with_teams(&self, slug: &str) -> Result<&Organization, Refusal> {
        self.caller.scope("read_teams")?;
        let org = self.viewed(slug)?;
        match self.options().teams {
            Teams::On | Teams::Empty => Ok(org),
            Teams::Forbidden => Err(Refusal::forbidden()),
            Teams::NotFound => Err(Refusal::not_found()),
        }
    }

    /// The teams they see.
    fn seen<'o>(&self, org: &'o Organization) -> Vec<&'o Team> {
        if self.options().teams == Teams::Empty {
            return Vec::new();
        }
        let teams = org.teams.iter();
        teams.filter(|team| self.caller.sees(org, team)).collect()
    }

    fn team(&self, slug: &str, id: &str) -> Result<&Team, Refusal> {
        let org = self.with_teams(slug)?;
        known_form(id)?;
        if let Some(team) = self.seen(org).into_iter().find(|team| team.id == id) {
            return Ok(team);
        }
        match self.options().invisible_team {
            InvisibleTeam::Forbidden if org.team(id).is_some() => Err(Refusal::forbidden()),
            _ => Err(Refusal::not_found()),
        }
    }
}

/// *Unknown*: whether a slug will do for an id. Taken: only a UUID does, and nobody sends anything else.
fn known_form(id: &str) -> Result<(), Refusal> {
    if is_uuid(id) {
        Ok(())
    } else {
        Err(Refusal::not_found().wrong())
    }
}

/// `GET /v2/access-token`
pub(crate) fn access_token(context: &Context<'_>) -> Reply {
    context.query(&[])?;
    let token = rows::token(&context.caller.token, context.world(), context.options());
    Ok(Good::ok(token))
}

/// `GET /v2/user`
pub(crate) fn user(context: &Context<'_>) -> Reply {
    context.query(&[])?;
    context.caller.scope("read_user")?;
    let user = context.world().users.get(context.caller.user());
    let user = user.ok_or_else(Refusal::not_found)?;
    Ok(Good::ok(rows::user(user)))
}

/// `GET /v2/organizations`
pub(crate) fn organizations(context: &Context<'_>) -> Reply {
    let query = context.query(&PARAMETERS)?;
    context.caller.scope("read_organizations")?;
    let organizations = context.world().organizations.values();
    let seen = organizations.filter(|org| context.caller.reaches(org));
    let render = |org: &&Organization| rows::organization(org, context.options());
    context.page(seen.collect(), &query, render)
}

/// `GET /v2/organizations/{slug}`
pub(crate) fn organization(context: &Context<'_>, slug: &str) -> Reply {
    context.query(&[])?;
    context.caller.scope("read_organizations")?;
    let org = context.organization(slug)?;
    Ok(Good::ok(rows::organization(org, context.options())))
}

/// `GET /v2/organizations/{slug}/members`
pub(crate) fn members(context: &Context<'_>, slug: &str) -> Reply {
    let query = context.query(&PARAMETERS)?;
    context.caller.scope("read_organizations")?;
    let org = context.viewed(slug)?;
    context.page(org.members.iter().collect(), &query, |member| {
        let (world, options) = (context.world(), context.options());
        rows::member(member, org, world, &context.caller, options)
    })
}

/// `GET /v2/organizations/{slug}/members/{user}`
pub(crate) fn member(context: &Context<'_>, slug: &str, id: &str) -> Reply {
    context.query(&[])?;
    context.caller.scope("read_organizations")?;
    let org = context.viewed(slug)?;
    known_form(id)?;
    let member = org.member(id).ok_or_else(Refusal::not_found)?;
    let (world, options) = (context.world(), context.options());
    let row = rows::member(member, org, world, &context.caller, options);
    Ok(Good::ok(row))
}

/// `GET /v2/organizations/{slug}/teams`
pub(crate) fn teams(context: &Context<'_>, slug: &str) -> Reply {
    let [page, per_page] = PARAMETERS;
    let query = context.query(&[page, per_page, "user_id"])?;
    let org = context.with_teams(slug)?;
    let mut seen = context.seen(org);
    if let Some(user) = query.get("user_id") {
        if !is_uuid(user) {
            return Err(Refusal::violation(format!("user_id {user:?} is no UUID")));
        }
        seen.retain(|team| team.member(user).is_some());
    }
    let render = |team: &&Team| rows::team(team, context.world(), context.options());
    context.page(seen, &query, render)
}

/// `GET /v2/organizations/{slug}/teams/{team}`
pub(crate) fn team(context: &Context<'_>, slug: &str, id: &str) -> Reply {
    context.query(&[])?;
    let team = context.team(slug, id)?;
    Ok(Good::ok(rows::team(
        team,
        context.world(),
        context.options(),
    )))
}

/// `GET /v2/organizations/{slug}/teams/{team}/members`. The documentation calls the scope `view_teams`, which no token
/// can have.
pub(crate) fn team_members(context: &Context<'_>, slug: &str, id: &str) -> Reply {
    let query = context.query(&PARAMETERS)?;
    let team = context.team(slug, id)?;
    context.page(team.members.iter().collect(), &query, |member| {
        rows::team_member(member, context.world())
    })
}

/// `GET /v2/organizations/{slug}/teams/{team}/members/{user}`
pub(crate) fn team_member(context: &Context<'_>, slug: &str, id: &str, user: &str) -> Reply {
    context.query(&[])?;
    let team = context.team(slug, id)?;
    known_form(user)?;
    let member = team.member(user).ok_or_else(Refusal::not_found)?;
    Ok(Good::ok(rows::team_member(member, context.world())))
}

/// Whether a list of teams has a row with this id.
pub(crate) fn shows(body: &Value, id: &str) -> bool {
    let rows = body.as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter()
        .any(|row| row["id"] == id && row.get("privacy").is_some())
}
