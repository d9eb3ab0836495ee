//! API tokens. Each is made from a role and may do what that role may do:
//! <https://northflank.com/docs/v1/application/secure/grant-api-access>.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::world::World;

/// A token of the organization that may read everything.
pub const TEST_TOKEN: &str = "nf-eyJhbGciOiJIUzI1NiJ9.eyJzaW0iOiJhbGwifQ.dGVzdC10b2tlbg";
/// A token of the organization that may not read members.
pub const NO_MEMBERS_TOKEN: &str = "nf-eyJhbGciOiJIUzI1NiJ9.eyJzaW0iOiJyb2xlcyJ9.bm8tbWVtYmVycw";
/// A token of the organization that may not read roles.
pub const NO_ROLES_TOKEN: &str = "nf-eyJhbGciOiJIUzI1NiJ9.eyJzaW0iOiJtZW1iZXJzIn0.bm8tcm9sZXM";
/// A token of a team, which has no business with the organization.
pub const TEAM_TOKEN: &str = "nf-eyJhbGciOiJIUzI1NiJ9.eyJzaW0iOiJ0ZWFtIn0.dGVhbS10b2tlbg";
/// A token whose time is over.
pub const EXPIRED_TOKEN: &str = "nf-eyJhbGciOiJIUzI1NiJ9.eyJzaW0iOiJleHBpcmVkIn0.ZXhwaXJlZA";
/// A token that has been revoked.
pub const REVOKED_TOKEN: &str = "nf-eyJhbGciOiJIUzI1NiJ9.eyJzaW0iOiJyZXZva2VkIn0.cmV2b2tlZA";

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What is sent.
    pub value: String,
    /// `id`.
    pub id: String,
    /// `name`.
    pub name: String,
    /// What it is a token of.
    pub entity: Entity,
    /// What it may read.
    pub permissions: BTreeSet<Permission>,
    /// Id and name of the role it was made from. *Unknown*: whether that one is in the list of roles. Here it need not
    /// be.
    pub role: (String, String),
    /// Until when it is good; for ever if it is `None`.
    pub expires_at: Option<Timestamp>,
    /// Whether its time is over, whatever the clock says.
    pub expired: bool,
    /// Whether it has been revoked.
    pub revoked: bool,
}

/// What a token is a token of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entity {
    /// The organization.
    Organization,
    /// A team of it.
    Team {
        /// The team's id.
        id: String,
        /// Its other id.
        uid: String,
    },
}

/// What the calls of the simulator need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Organisation > Admin > Members > Read.
    MembersRead,
    /// Organisation > Admin > Roles > Read.
    RolesRead,
}

impl Permission {
    /// As the vendor's documentation has it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::MembersRead => "Organisation > Admin > Members > Read",
            Self::RolesRead => "Organisation > Admin > Roles > Read",
        }
    }
}

impl Token {
    /// Whether it is good for anything at this time.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        !self.expired && !self.revoked && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Tokens.
impl World {
    /// Adds a token of the organization that never expires.
    pub fn add_token(&mut self, value: &str, name: &str, permissions: &[Permission]) -> &mut Self {
        let token = Token {
            value: value.to_owned(),
            id: name.to_lowercase().replace(' ', "-"),
            name: name.to_owned(),
            entity: Entity::Organization,
            permissions: permissions.iter().copied().collect(),
            role: ("auditor".to_owned(), "Auditor".to_owned()),
            expires_at: None,
            expired: false,
            revoked: false,
        };
        self.tokens.push(token);
        self
    }

    /// Changes a token.
    pub fn edit_token(&mut self, value: &str, change: impl FnOnce(&mut Token)) -> &mut Self {
        if let Some(token) = self.tokens.iter_mut().find(|token| token.value == value) {
            change(token);
        }
        self
    }

    /// Adds the tokens of all samples.
    pub(crate) fn add_test_tokens(&mut self) -> &mut Self {
        let all = [Permission::MembersRead, Permission::RolesRead];
        self.add_token(TEST_TOKEN, "C1 sync", &all)
            .add_token(NO_MEMBERS_TOKEN, "No members", &[Permission::RolesRead])
            .add_token(NO_ROLES_TOKEN, "No roles", &[Permission::MembersRead])
            .add_token(TEAM_TOKEN, "Team", &all)
            .edit_token(TEAM_TOKEN, |token| {
                token.entity = Entity::Team {
                    id: "web".to_owned(),
                    uid: "64b0c0ffee64b0c0ffee64b1".to_owned(),
                };
            })
            .add_token(EXPIRED_TOKEN, "Expired", &all)
            .edit_token(EXPIRED_TOKEN, |token| {
                token.expired = true;
                token.expires_at = Some(Timestamp::UNIX_EPOCH);
            })
            .add_token(REVOKED_TOKEN, "Revoked", &all)
            .edit_token(REVOKED_TOKEN, |token| token.revoked = true)
    }
}
