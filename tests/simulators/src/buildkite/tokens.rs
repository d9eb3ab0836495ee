//! API tokens: whose they are, what they are good for, and where.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::world::World;

/// An organization admin's, with the scopes [`DOCUMENTED_SCOPES`].
pub const TEST_TOKEN: &str = "bkua_admin-token";
/// Of a member who is no admin, with the same scopes.
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

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What is sent.
    pub secret: String,
    /// `uuid`.
    pub uuid: String,
    /// `description`.
    pub description: String,
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

/// 2026-08-01 06:07:42 UTC.
const CREATED: i64 = 1_785_564_462;

impl World {
    /// Adds a token that never expires.
    pub fn add_token(
        &mut self,
        secret: &str,
        owner: &str,
        scopes: &[&str],
        organizations: &[&str],
    ) -> &mut Self {
        let number = self.tokens.len() + 1;
        self.tokens.push(Token {
            secret: secret.to_owned(),
            uuid: format!("0d9d6b3e-5a51-4a7e-9a55-0c3f7d8d{number:04x}"),
            description: "C1 Integration".to_owned(),
            owner: owner.to_owned(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            organizations: organizations.iter().map(|&slug| slug.to_owned()).collect(),
            created_at: Timestamp::from_second(CREATED).unwrap_or(Timestamp::UNIX_EPOCH),
            expires_at: None,
        });
        self
    }

    /// Changes a token.
    pub fn edit_token(&mut self, secret: &str, change: impl FnOnce(&mut Token)) -> &mut Self {
        if let Some(token) = self.tokens.iter_mut().find(|one| one.secret == secret) {
            change(token);
        }
        self
    }

    /// Revokes a token: nobody knows it any more.
    pub fn revoke_token(&mut self, secret: &str) -> &mut Self {
        self.tokens.retain(|token| token.secret != secret);
        self
    }

    /// Adds all tokens of the samples, but for [`WIDE_TOKEN`].
    pub(crate) fn add_test_tokens(&mut self, org: &str, admin: &str, member: &str) {
        let all = DOCUMENTED_SCOPES.as_slice();
        let lacking = [
            TOKEN_WITHOUT_READ_ORGANIZATIONS,
            TOKEN_WITHOUT_READ_TEAMS,
            TOKEN_WITHOUT_READ_USER,
        ];
        let with_graphql: Vec<&str> = ["graphql"].iter().chain(all).copied().collect();
        self.add_token(TEST_TOKEN, admin, all, &[org])
            .add_token(MEMBER_TOKEN, member, all, &[org])
            .add_token(GRAPHQL_TOKEN, admin, &with_graphql, &[org])
            .add_token(EXPIRED_TOKEN, admin, all, &[org])
            .edit_token(EXPIRED_TOKEN, |token| {
                // The vendor's default: a week.
                token.created_at = Timestamp::UNIX_EPOCH;
                token.expires_at = Timestamp::from_second(7 * 24 * 60 * 60).ok();
            })
            .add_token(TOKEN_WITHOUT_ORGANIZATION, admin, all, &[]);
        for (secret, lacks) in lacking.into_iter().zip(all) {
            let scopes = all.iter().filter(|scope| *scope != lacks);
            let scopes: Vec<&str> = scopes.copied().collect();
            self.add_token(secret, admin, &scopes, &[org]);
        }
        self.add_token(TOKEN_WITHOUT_SCOPES, admin, &[], &[org]);
    }
}
