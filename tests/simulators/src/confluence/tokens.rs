//! API tokens, and what the scoped ones among them are good for.

use std::collections::BTreeSet;

use super::world::World;

/// The address that goes with [`TEST_TOKEN`] and [`SCOPED_TOKEN`] in every sample and generated world.
pub const TEST_EMAIL: &str = "ada@acme.io";
/// A classic token of the administrator's, for the site and the gateway.
pub const TEST_TOKEN: &str = "test-token";
/// A scoped token of the administrator's, for the gateway only, with all scopes that are needed.
pub const SCOPED_TOKEN: &str = "scoped-token";
/// A service account's token, for the gateway only, sent as `Bearer`, with all scopes that are needed.
pub const BEARER_TOKEN: &str = "bearer-token";

/// The granular scopes that are enough for every call.
pub const ALL_SCOPES: [&str; 8] = [
    "read:content-details:confluence",
    "read:group:confluence",
    "read:user:confluence",
    "write:group:confluence",
    "read:space:confluence",
    "read:space.permission:confluence",
    "write:space.permission:confluence",
    "read:configuration:confluence",
];

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `Basic email:token`, anywhere, for everything its owner may do.
    Classic,
    /// `Basic email:token`, at the gateway, within its scopes.
    Scoped,
    /// `Bearer token`, at the gateway, within its scopes.
    Service,
}

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token itself.
    pub secret: String,
    /// Its kind.
    pub kind: TokenKind,
    /// The account id of the user whose rights it has.
    pub owner: String,
    /// What it is good for; means nothing for a classic one.
    pub scopes: BTreeSet<String>,
    /// Whether it has been revoked, or has expired.
    pub revoked: bool,
}

impl World {
    /// Adds a token with all scopes.
    pub fn add_token(&mut self, secret: &str, kind: TokenKind, owner: &str) -> &mut Self {
        self.tokens.push(Token {
            secret: secret.to_owned(),
            kind,
            owner: owner.to_owned(),
            scopes: ALL_SCOPES.iter().map(|&scope| scope.to_owned()).collect(),
            revoked: false,
        });
        self
    }

    /// Revokes a token.
    pub fn revoke_token(&mut self, secret: &str) -> &mut Self {
        for token in &mut self.tokens {
            token.revoked |= token.secret == secret;
        }
        self
    }

    /// Gives a token these scopes and no others.
    pub fn set_scopes(&mut self, secret: &str, scopes: &[&str]) -> &mut Self {
        for token in self.tokens.iter_mut().filter(|t| t.secret == secret) {
            token.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        }
        self
    }
}

/// What a call needs of a scoped token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// `/user`, `/user/current`, `/user/bulk`.
    User,
    /// `/search/user`.
    Search,
    /// `/group`, `/group/by-id`.
    Groups,
    /// The members of a group, the groups of a user.
    Members,
    /// Adding and removing members.
    SetMembers,
    /// Spaces and their permissions.
    Spaces,
    /// Granting a permission.
    Grant,
    /// Taking a permission.
    Revoke,
    /// Roles and who has them.
    Roles,
    /// Giving roles.
    SetRoles,
    /// Whether there are roles.
    Mode,
    /// `users-bulk`.
    Users,
}

impl Need {
    /// The sets of scopes of which one is enough.
    fn enough(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::User => &[
                &["read:confluence-user"],
                &["read:content-details:confluence"],
            ],
            Self::Search => &[&["read:content-details:confluence"]],
            Self::Groups => &[&["read:confluence-groups"], &["read:group:confluence"]],
            Self::Members => &[
                &["read:confluence-groups"],
                &["read:group:confluence", "read:user:confluence"],
            ],
            Self::SetMembers => &[&["write:confluence-groups"], &["write:group:confluence"]],
            Self::Spaces => &[&["read:space:confluence"]],
            Self::Grant => &[&[
                "read:space.permission:confluence",
                "write:space.permission:confluence",
            ]],
            Self::Revoke | Self::SetRoles => &[&["write:space.permission:confluence"]],
            Self::Roles => &[&["read:space.permission:confluence"]],
            Self::Mode => &[&["read:configuration:confluence"]],
            Self::Users => &[&["read:user:confluence"]],
        }
    }

    /// Whether these scopes are enough.
    pub(crate) fn met_by(self, scopes: &BTreeSet<String>) -> bool {
        self.enough()
            .iter()
            .any(|set| set.iter().all(|scope| scopes.contains(*scope)))
    }
}
