//! Things as REST shows them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    caller::Caller,
    ids::graphql_id,
    options::{Options, TokenDates},
    tokens::Token,
    world::{Member, Organization, Team, TeamMember, User, World},
};

/// <https://buildkite.com/docs/apis/rest-api/access-token>
pub(crate) fn token(token: &Token, world: &World, options: &Options) -> Value {
    let date = |at: Timestamp| match options.token_dates {
        TokenDates::Spaced => at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        TokenDates::Rfc3339 => at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
    };
    let owner = world.users.get(&token.owner);
    let (name, email) = owner.map_or(("", ""), |user| (&user.name, &user.email));
    json!({
        "uuid": token.uuid, "scopes": token.scopes, "description": token.description,
        "created_at": date(token.created_at), "expires_at": token.expires_at.map(date),
        "user": {"name": name, "email": email},
    })
}

/// <https://buildkite.com/docs/apis/rest-api/organizations>
pub(crate) fn organization(org: &Organization, options: &Options) -> Value {
    let slug = &org.slug;
    let url = format!(
        "{}/organizations/{slug}",
        options.public_url.trim_end_matches('/')
    );
    json!({
        "id": org.id, "graphql_id": graphql_id("Organization", &org.id), "url": url,
        "web_url": format!("https://buildkite.com/{slug}"), "name": org.name, "slug": slug,
        "pipelines_url": format!("{url}/pipelines"), "agents_url": format!("{url}/agents"),
        "emojis_url": format!("{url}/emojis"), "created_at": org.created_at,
    })
}

/// <https://buildkite.com/docs/apis/rest-api/organizations/members>
pub(crate) fn member(
    member: &Member,
    org: &Organization,
    world: &World,
    caller: &Caller,
    options: &Options,
) -> Value {
    let user = world.users.get(&member.user);
    let (name, email) = user.map_or(("", ""), |user| (&user.name, &user.email));
    let mut row = json!({"id": member.user, "name": name, "email": email});
    if !options.omit_role {
        row["role"] = json!(member.role);
    }
    if caller.sees_sso_mode(org, &member.user, options) {
        row["sso_mode"] = json!(member.sso_mode);
    }
    row
}

/// <https://buildkite.com/docs/apis/rest-api/teams>
pub(crate) fn team(team: &Team, world: &World, options: &Options) -> Value {
    let creator = team.created_by.as_ref();
    let creator = creator.and_then(|id| world.users.get(id)).map(user);
    let mut row = json!({
        "id": team.id, "graphql_id": graphql_id("Team", &team.id), "name": team.name, "slug": team.slug,
        "description": team.description, "privacy": team.privacy, "default": team.default,
        "created_at": team.created_at, "created_by": creator,
    });
    if options.team_permissions {
        row["default_member_role"] = json!(team.default_member_role);
        for what in [
            "create_pipelines",
            "create_suites",
            "create_registries",
            "destroy_registries",
            "destroy_packages",
        ] {
            row[format!("members_can_{what}")] = json!(what == "create_pipelines");
        }
    }
    row
}

/// <https://buildkite.com/docs/apis/rest-api/teams/members>
pub(crate) fn team_member(member: &TeamMember, world: &World) -> Value {
    let user = world.users.get(&member.user);
    let name = user.map_or("", |user| &user.name);
    json!({
        "role": member.role, "created_at": member.created_at, "user_id": member.user, "user_name": name,
    })
}

/// <https://buildkite.com/docs/apis/rest-api/user>
pub(crate) fn user(user: &User) -> Value {
    json!({
        "id": user.id, "graphql_id": graphql_id("User", &user.id), "name": user.name, "email": user.email,
        "avatar_url": format!("https://www.gravatar.com/avatar/{}", user.id.replace('-', "")),
        "created_at": user.created_at,
    })
}
