//! From a query to its data. Enumerated values are in capitals here.

use serde_json::{Map, Value, json};

use super::{
    connection::{connection, object},
    schema::Field,
};
use crate::buildkite::{
    Inner,
    caller::Caller,
    options::{MissingOrganization, Teams},
    refusal::Refusal,
    world::{Member, Organization, Team, TeamMember},
};

type Data = Result<Value, Refusal>;

/// A query on its way.
pub(crate) struct Run<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) caller: &'a Caller,
}

impl Run<'_> {
    pub(crate) fn query(&self, fields: &[Field]) -> Data {
        let mut data = Map::new();
        for field in fields {
            let value = match field.name.as_str() {
                "organization" => self.organization(field)?,
                _ => self.team_by_slug(field)?,
            };
            data.insert(field.name.clone(), value);
        }
        Ok(Value::Object(data))
    }

    fn organization(&self, field: &Field) -> Data {
        let found = self.caller.organization(&self.inner.world, &field.slug);
        let Some(org) = found else {
            return match self.inner.options.missing_organization {
                MissingOrganization::Null => Ok(Value::Null),
                MissingOrganization::Error => Err(Refusal::new(200, "No Organization found")),
            };
        };
        // *Unknown*: what somebody gets who may not view teams. Taken: the error of REST.
        if !self.caller.may_view_teams(org, &self.inner.options) {
            return Err(Refusal::new(200, "Forbidden"));
        }
        object(field, |part| match part.name.as_str() {
            "teams" => self.teams(org, part),
            _ => self.members(org, part),
        })
    }

    /// *Unknown*: what there is if the organization has no teams. Taken: none.
    fn seen<'o>(&self, org: &'o Organization) -> Vec<&'o Team> {
        let teams = org.teams.iter();
        teams
            .filter(|team| self.inner.options.teams == Teams::On && self.caller.sees(org, team))
            .collect()
    }

    fn teams(&self, org: &Organization, field: &Field) -> Data {
        let list = format!("{}/teams", org.slug);
        let options = &self.inner.options;
        connection(options, &list, self.seen(org), field, |team, node| {
            self.team(team, node)
        })
    }

    /// `team(slug: "organization/team")`; null if nobody sees it.
    fn team_by_slug(&self, field: &Field) -> Data {
        let (org, slug) = field.slug.split_once('/').unwrap_or_default();
        let org = self.caller.organization(&self.inner.world, org);
        let org = org.filter(|org| self.caller.may_view_teams(org, &self.inner.options));
        let seen = org.map(|org| self.seen(org)).unwrap_or_default();
        match seen.into_iter().find(|team| team.slug == slug) {
            Some(team) => self.team(team, field),
            None => Ok(Value::Null),
        }
    }

    fn team(&self, team: &Team, field: &Field) -> Data {
        object(field, |part| {
            Ok(match part.name.as_str() {
                "uuid" => json!(team.id),
                "name" => json!(team.name),
                "slug" => json!(team.slug),
                "description" => json!(team.description),
                "privacy" => json!(team.privacy.to_uppercase()),
                "isDefaultTeam" => json!(team.default),
                "defaultMemberRole" => json!(team.default_member_role.to_uppercase()),
                "createdAt" => json!(team.created_at),
                _ => self.team_members(team, part)?,
            })
        })
    }

    fn team_members(&self, team: &Team, field: &Field) -> Data {
        let list = format!("{}/members", team.id);
        let members: Vec<&TeamMember> = team.members.iter().collect();
        let options = &self.inner.options;
        connection(options, &list, members, field, |member, node| {
            object(node, |part| {
                Ok(match part.name.as_str() {
                    "role" => json!(member.role.to_uppercase()),
                    "createdAt" => json!(member.created_at),
                    _ => self.user(&member.user, part)?,
                })
            })
        })
    }

    fn members(&self, org: &Organization, field: &Field) -> Data {
        let list = format!("{}/members", org.slug);
        let members: Vec<&Member> = org.members.iter().collect();
        let options = &self.inner.options;
        connection(options, &list, members, field, |member, node| {
            object(node, |part| self.member(org, member, part))
        })
    }

    /// *Unknown*: what those see of `sso` who do not see it in REST. Taken: null.
    fn member(&self, org: &Organization, member: &Member, part: &Field) -> Data {
        let options = &self.inner.options;
        Ok(match part.name.as_str() {
            "role" => json!(member.role.to_uppercase()),
            "createdAt" => json!(member.created_at),
            "lastSeenAt" => json!(member.last_seen_at),
            "complimentary" => json!(member.complimentary),
            "security" => json!({"twoFactorEnabled": member.two_factor}),
            "sso" if self.caller.sees_sso_mode(org, &member.user, options) => {
                json!({"mode": member.sso_mode.to_uppercase()})
            }
            "sso" => Value::Null,
            _ => self.user(&member.user, part)?,
        })
    }

    fn user(&self, id: &str, field: &Field) -> Data {
        let user = self.inner.world.users.get(id);
        object(field, |part| {
            Ok(match part.name.as_str() {
                "uuid" => json!(id),
                "name" => json!(user.map_or("", |user| &user.name)),
                "email" => json!(user.map_or("", |user| &user.email)),
                "bot" => json!(user.is_some_and(|user| user.bot)),
                _ => json!(user.is_some_and(|user| user.machine_user)),
            })
        })
    }
}
