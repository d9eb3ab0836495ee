//! The world: organizations, their members and teams, users and API tokens. What the API writes as a text is a text here,
//! so that a test can put anything into it.

use std::collections::BTreeMap;

use super::tokens::Token;

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// `id`, a UUID.
    pub id: String,
    /// `slug`, under which paths have it.
    pub slug: String,
    /// `name`.
    pub name: String,
    /// `created_at`.
    pub created_at: String,
    /// In the order in which they are listed.
    pub members: Vec<Member>,
    /// In the order in which they are listed.
    pub teams: Vec<Team>,
}

/// A user, who is owned by no organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `id`, a UUID.
    pub id: String,
    /// `name`.
    pub name: String,
    /// `email`, the primary one.
    pub email: String,
    /// `created_at`.
    pub created_at: String,
    /// GraphQL `bot`: run by the vendor.
    pub bot: bool,
    /// GraphQL `machineUser`.
    pub machine_user: bool,
}

/// That a user is in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The user's id.
    pub user: String,
    /// `role`: `admin` or `member`.
    pub role: String,
    /// `sso_mode`: `required` or `optional`.
    pub sso_mode: String,
    /// GraphQL `createdAt`: when they joined.
    pub created_at: String,
    /// GraphQL `lastSeenAt`.
    pub last_seen_at: Option<String>,
    /// GraphQL `complimentary`.
    pub complimentary: bool,
    /// GraphQL `security { twoFactorEnabled }`.
    pub two_factor: bool,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// `id`, a UUID.
    pub id: String,
    /// `slug`.
    pub slug: String,
    /// `name`.
    pub name: String,
    /// `description`, which may be empty or null.
    pub description: Option<String>,
    /// `privacy`: `visible` or `secret`.
    pub privacy: String,
    /// `default`: new members of the organization are added to it.
    pub default: bool,
    /// `created_at`.
    pub created_at: String,
    /// The id of the user in `created_by`; null if it is `None`.
    pub created_by: Option<String>,
    /// `default_member_role`: `member` or `maintainer`.
    pub default_member_role: String,
    /// In the order in which they are listed.
    pub members: Vec<TeamMember>,
}

/// That a user is in a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamMember {
    /// The user's id, who need not be a member of the organization any more.
    pub user: String,
    /// `role`: `member` or `maintainer`.
    pub role: String,
    /// `created_at`.
    pub created_at: String,
}

/// Everything behind the API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// By slug.
    pub organizations: BTreeMap<String, Organization>,
    /// By id.
    pub users: BTreeMap<String, User>,
    /// API tokens.
    pub tokens: Vec<Token>,
}

impl Organization {
    /// The membership of a user.
    #[must_use]
    pub fn member(&self, user: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.user == user)
    }

    /// The team with this id.
    #[must_use]
    pub fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    /// Whether a user administers it.
    #[must_use]
    pub fn is_admin(&self, user: &str) -> bool {
        self.member(user)
            .is_some_and(|member| member.role == "admin")
    }
}

impl Team {
    /// The membership of a user.
    #[must_use]
    pub fn member(&self, user: &str) -> Option<&TeamMember> {
        self.members.iter().find(|member| member.user == user)
    }
}
