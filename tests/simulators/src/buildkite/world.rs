//! The world: organizations, their members and teams, users and API tokens. Rows have the form of REST, so that a test
//! can put anything into them. Changes of missing objects are ignored.

use std::collections::{BTreeMap, BTreeSet};

use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::SINCE;
use crate::paging::{Rows, edit};

/// An organization admin's, with the scopes [`DOCUMENTED_SCOPES`].
pub const TEST_TOKEN: &str = "bkua_admin-token";
/// The token of a member who is not an admin, with the same scopes.
pub const MEMBER_TOKEN: &str = "bkua_member-token";
/// The admin's, for GraphQL too.
pub const GRAPHQL_TOKEN: &str = "bkua_graphql-token";
/// The admin's, whose time is over.
pub const EXPIRED_TOKEN: &str = "bkua_expired-token";
/// The admin's, without `read_organizations`.
pub const TOKEN_WITHOUT_READ_ORGANIZATIONS: &str = "bkua_token-without-read-organizations";
/// The admin's, without `read_teams`.
pub const TOKEN_WITHOUT_READ_TEAMS: &str = "bkua_token-without-read-teams";
/// The admin's, without `read_user`.
pub const TOKEN_WITHOUT_READ_USER: &str = "bkua_token-without-read-user";
/// The admin's, without any scope.
pub const TOKEN_WITHOUT_SCOPES: &str = "bkua_token-without-scopes";
/// The admin's, for no organization.
pub const TOKEN_WITHOUT_ORGANIZATION: &str = "bkua_token-without-organization";
/// The admin's, for both organizations of the rich world.
pub const WIDE_TOKEN: &str = "bkua_wide-token";

/// The scopes that are enough for every REST call.
pub const DOCUMENTED_SCOPES: [&str; 3] = ["read_organizations", "read_teams", "read_user"];

/// Everything behind the API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// By slug.
    pub organizations: BTreeMap<String, Organization>,
    /// By id, a UUID; owned by no organization: `name`, `email`, `created_at`.
    pub users: Rows,
    /// API tokens.
    pub tokens: Vec<Token>,
}

/// An organization.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "as the API has them")]
pub struct Organization {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub created_at: String,
    /// In the order in which they are listed: `user` (an id), `role`, `sso_mode`.
    pub members: Vec<Value>,
    /// In the order in which they are listed.
    pub teams: Vec<Team>,
}

/// A team.
#[derive(Clone, Debug, PartialEq)]
pub struct Team {
    /// A UUID.
    pub id: String,
    /// `slug`, `name`, `description`, `privacy`, `default`, `created_at`, `created_by` (a user's id or null),
    /// `default_member_role`.
    pub row: Value,
    /// In the order in which they are listed: `user_id` (who need not be a member of the organization any more), `role`,
    /// `created_at`.
    pub members: Vec<Value>,
}

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token in requests.
    pub secret: String,
    /// `uuid`.
    pub uuid: String,
    /// The id of the user whose rights it has.
    pub owner: String,
    /// `scopes`.
    pub scopes: BTreeSet<String>,
    /// Slugs of the organizations it is good for.
    pub organizations: Vec<String>,
    /// `created_at`.
    pub created_at: Timestamp,
    /// `expires_at`; never if it is `None`.
    pub expires_at: Option<Timestamp>,
}

/// The GraphQL id of something: base64 of its type and its UUID, as the ids in the samples of
/// <https://buildkite.com/docs/apis/rest-api/teams> read when they are decoded.
pub(super) fn base64_id(kind: &str, uuid: &str) -> String {
    BASE64_STANDARD.encode(format!("{kind}---{uuid}"))
}

/// Whether it is a UUID in its usual form.
pub(super) fn is_uuid(text: &str) -> bool {
    let fits = |(i, byte): (usize, u8)| match i {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

impl Organization {
    /// The membership of a user.
    #[must_use]
    pub fn member(&self, user: &str) -> Option<&Value> {
        self.members.iter().find(|member| member["user"] == user)
    }

    /// Whether a user administers it.
    #[must_use]
    pub fn is_admin(&self, user: &str) -> bool {
        self.member(user).is_some_and(|member| member["role"] == "admin")
    }
}

impl Team {
    /// The membership of a user.
    #[must_use]
    pub fn member(&self, user: &str) -> Option<&Value> {
        self.members.iter().find(|member| member["user_id"] == user)
    }
}

/// Organizations, users and tokens.
impl World {
    /// Adds an organization without anybody in it.
    pub fn add_organization(&mut self, id: &str, slug: &str, name: &str) -> &mut Self {
        let organization = Organization {
            id: id.to_owned(),
            slug: slug.to_owned(),
            name: name.to_owned(),
            created_at: SINCE.to_owned(),
            members: Vec::new(),
            teams: Vec::new(),
        };
        self.organizations.insert(slug.to_owned(), organization);
        self
    }

    /// Changes an organization.
    pub fn edit_organization(&mut self, org: &str, f: impl FnOnce(&mut Organization)) -> &mut Self {
        edit(self.organizations.get_mut(org), f);
        self
    }

    /// Adds a user, who is in no organization yet.
    pub fn add_user(&mut self, id: &str, name: &str, email: &str) -> &mut Self {
        let row = json!({"name": name, "email": email, "created_at": SINCE});
        self.users.insert(id.to_owned(), row);
        self
    }

    /// Adds a token that never expires.
    pub fn add_token(&mut self, secret: &str, owner: &str, may: &[&str], on: &[&str]) -> &mut Self {
        let number = self.tokens.len() + 1;
        self.tokens.push(Token {
            secret: secret.to_owned(),
            uuid: format!("0d9d6b3e-5a51-4a7e-9a55-0c3f7d8d{number:04x}"),
            owner: owner.to_owned(),
            scopes: may.iter().map(|&scope| scope.to_owned()).collect(),
            organizations: on.iter().map(|&slug| slug.to_owned()).collect(),
            // 2026-08-01 06:07:42 UTC.
            created_at: Timestamp::constant(1_785_564_462, 0),
            expires_at: None,
        });
        self
    }

    /// Changes a token.
    pub fn edit_token(&mut self, secret: &str, f: impl FnOnce(&mut Token)) -> &mut Self {
        edit(self.tokens.iter_mut().find(|one| one.secret == secret), f);
        self
    }

    /// Adds all tokens of the samples, but for [`WIDE_TOKEN`].
    pub(super) fn add_test_tokens(&mut self, org: &str, admin: &str, member: &str) -> &mut Self {
        let [organizations, teams, user] = DOCUMENTED_SCOPES;
        let all = &DOCUMENTED_SCOPES[..];
        for (secret, owner, scopes) in [
            (TEST_TOKEN, admin, all),
            (MEMBER_TOKEN, member, all),
            (GRAPHQL_TOKEN, admin, &["graphql", organizations, teams, user]),
            (EXPIRED_TOKEN, admin, all),
            (TOKEN_WITHOUT_ORGANIZATION, admin, all),
            (TOKEN_WITHOUT_READ_ORGANIZATIONS, admin, &[teams, user]),
            (TOKEN_WITHOUT_READ_TEAMS, admin, &[organizations, user]),
            (TOKEN_WITHOUT_READ_USER, admin, &[organizations, teams]),
            (TOKEN_WITHOUT_SCOPES, admin, &[]),
        ] {
            self.add_token(secret, owner, scopes, &[org]);
        }
        self.edit_token(TOKEN_WITHOUT_ORGANIZATION, |token| token.organizations.clear());
        self.edit_token(EXPIRED_TOKEN, |token| {
            // The vendor's default: a week.
            token.created_at = Timestamp::UNIX_EPOCH;
            token.expires_at = Some(Timestamp::constant(7 * 24 * 60 * 60, 0));
        })
    }
}

/// Members of organizations, and teams.
impl World {
    /// Puts a user into an organization, who must use single sign-on there.
    pub fn add_member(&mut self, org: &str, user: &str, role: &str) -> &mut Self {
        let member = json!({"user": user, "role": role, "sso_mode": "required"});
        self.edit_organization(org, |org| org.members.push(member))
    }

    /// Changes a membership of an organization.
    pub fn edit_member(&mut self, org: &str, user: &str, f: impl FnOnce(&mut Value)) -> &mut Self {
        self.edit_organization(org, |org| {
            edit(org.members.iter_mut().find(|one| one["user"] == user), f);
        })
    }

    /// Removes a user from an organization. The account stays, and so do its memberships in teams.
    pub fn remove_member(&mut self, org: &str, user: &str) -> &mut Self {
        self.edit_organization(org, |org| org.members.retain(|one| one["user"] != user))
    }

    /// Adds a visible team without members, description and creator.
    pub fn add_team(&mut self, org: &str, id: &str, slug: &str, name: &str) -> &mut Self {
        let team = Team {
            id: id.to_owned(),
            row: json!({
                "slug": slug, "name": name, "description": null, "privacy": "visible", "default": false,
                "created_at": SINCE, "created_by": null, "default_member_role": "member",
            }),
            members: Vec::new(),
        };
        self.edit_organization(org, |org| org.teams.push(team))
    }

    /// Changes a team.
    pub fn edit_team(&mut self, org: &str, id: &str, f: impl FnOnce(&mut Team)) -> &mut Self {
        self.edit_organization(org, |org| edit(org.teams.iter_mut().find(|team| team.id == id), f))
    }

    /// Makes a team secret.
    pub fn make_secret(&mut self, org: &str, id: &str) -> &mut Self {
        self.edit_team(org, id, |team| team.row["privacy"] = json!("secret"))
    }

    /// Deletes a team.
    pub fn remove_team(&mut self, org: &str, id: &str) -> &mut Self {
        self.edit_organization(org, |org| org.teams.retain(|team| team.id != id))
    }

    /// Puts a user into a team, whether or not they are in its organization.
    pub fn add_to_team(&mut self, org: &str, team: &str, user: &str, role: &str) -> &mut Self {
        let member = json!({"user_id": user, "role": role, "created_at": SINCE});
        self.edit_team(org, team, |team| team.members.push(member))
    }

    /// Takes a user out of a team.
    pub fn remove_from_team(&mut self, org: &str, team: &str, user: &str) -> &mut Self {
        self.edit_team(org, team, |team| team.members.retain(|one| one["user_id"] != user))
    }

    /// Members of organizations and of teams, with their roles, as an admin sees them.
    ///
    /// `{"organizations": {slug: {"members": {user id: role}, "teams": {team id: {user id: role}}}}}`
    #[must_use]
    pub fn access_view(&self) -> Value {
        let roles = |rows: &[Value], user: &str| -> Map<String, Value> {
            let id = |row: &Value| row[user].as_str().unwrap_or_default().to_owned();
            rows.iter().map(|row| (id(row), row["role"].clone())).collect()
        };
        let organizations = self.organizations.iter().map(|(slug, org)| {
            let teams = org.teams.iter();
            let teams = teams.map(|team| (team.id.clone(), json!(roles(&team.members, "user_id"))));
            let teams: Map<String, Value> = teams.collect();
            (slug.clone(), json!({"members": roles(&org.members, "user"), "teams": teams}))
        });
        json!({"organizations": organizations.collect::<Map<_, _>>()})
    }
}
