//! The world: one site with everything in it. Fields are open strings where the API's are, so that a test can put
//! anything into them, oddities included.

use std::collections::{BTreeMap, BTreeSet};

use super::{pairs, tokens::Token};

/// A person, an app, or a customer of a service desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `accountId`; contains a colon in its usual form.
    pub account_id: String,
    /// `accountType`: `atlassian`, `app`, `customer`, or nothing.
    pub account_type: String,
    /// `displayName`, without the tail the API gives to deactivated and unlicensed ones.
    pub display_name: String,
    /// `publicName`.
    pub public_name: String,
    /// `email`.
    pub email: String,
    /// Whether the profile hides the address from everybody else.
    pub email_hidden: bool,
    /// `accountStatus`: `active`, `inactive`, `closed` or `unknown`.
    pub status: String,
    /// Whether they may use Confluence: `operations` has `use/application`.
    pub licensed: bool,
    /// `isGuest` and `isExternalCollaborator`.
    pub guest: bool,
    /// Whether search finds them while they are active. The index of a big site has holes.
    pub indexed: bool,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `id`.
    pub id: String,
    /// `name`.
    pub name: String,
    /// `usageType`: `USERBASE_GROUP` or `TEAM_COLLABORATION`; left out if it is `None`.
    pub usage_type: Option<String>,
    /// `managedBy`: `ADMINS`, `EXTERNAL`, `TEAM_MEMBERS` or `OPEN`; left out if it is `None`.
    pub managed_by: Option<String>,
    /// What the group gives on the site, for the `accessType` filter: `user`, `admin`, `site-admin`. Members of a group
    /// with `site-admin` are site administrators.
    pub access: BTreeSet<String>,
    /// Account ids. They need not be users of this world.
    pub members: BTreeSet<String>,
}

/// A space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// `id`.
    pub id: u64,
    /// `key`.
    pub key: String,
    /// `name`.
    pub name: String,
    /// `type`: `global`, `collaboration`, `knowledge_base`, `personal`, `system`, `onboarding`, `xflow_sample_space`.
    pub kind: String,
    /// `status`: `current` or `archived`.
    pub status: String,
    /// `authorId`, for a personal space its owner.
    pub author: String,
    /// Labels, for the filter.
    pub labels: BTreeSet<String>,
    /// The rows of its permissions, without those that come from roles.
    pub permissions: Vec<Permission>,
    /// Who has which role here: one each.
    pub roles: BTreeMap<Principal, String>,
}

/// Whom access is given to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Principal {
    /// `user`, `group`, `access-class`, or anything else. `anonymous` is everybody, without an account.
    pub kind: String,
    /// The account id, group id or name of the class. The spelling of a class does not matter.
    pub id: String,
}

/// A row of a space's permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// `id`.
    pub id: u64,
    /// `principal`.
    pub principal: Principal,
    /// `operation.key`.
    pub verb: String,
    /// `operation.targetType`.
    pub noun: String,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// `id`.
    pub id: String,
    /// `name`.
    pub name: String,
    /// `type`: `SYSTEM` or `CUSTOM`.
    pub kind: String,
    /// `description`.
    pub description: String,
    /// `spacePermissions`, each `verb/noun`.
    pub permissions: Vec<String>,
}

/// How far a site has come from permissions to roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleMode {
    /// Permissions only.
    PreRoles,
    /// A principal has either a role or permissions of its own.
    Transition,
    /// Roles only.
    Roles,
}

impl RoleMode {
    /// The name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PreRoles => "PRE_ROLES",
            Self::Transition => "ROLES_TRANSITION",
            Self::Roles => "ROLES",
        }
    }
}

/// A site and everything in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The site's address as links show it, whatever the simulator's own is.
    pub site: String,
    /// The site's id at the gateway.
    pub cloud_id: String,
    /// Permissions or roles.
    pub mode: RoleMode,
    /// By account id.
    pub users: BTreeMap<String, User>,
    /// By id.
    pub groups: BTreeMap<String, Group>,
    /// By id.
    pub spaces: BTreeMap<u64, Space>,
    /// Roles of the site, in the order in which they are listed.
    pub roles: Vec<Role>,
    /// All tokens.
    pub tokens: Vec<Token>,
    /// The id of the next permission that is granted. Every grant takes two, the second for what comes along with it.
    pub next_permission: u64,
}

impl Principal {
    /// A principal.
    #[must_use]
    pub fn new(kind: &str, id: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.to_owned(),
        }
    }

    /// The same principal with classes in one spelling, for comparisons.
    #[must_use]
    pub fn plain(&self) -> Self {
        if self.kind == "access-class" {
            Self::new("access-class", &class_name(&self.id))
        } else {
            self.clone()
        }
    }
}

/// The name of an access class as the role calls spell it: `ALL_LICENSED_USERS` is `all-licensed-users`.
pub(crate) fn class_name(id: &str) -> String {
    id.to_lowercase().replace('_', "-")
}

impl Permission {
    /// `verb/noun`.
    #[must_use]
    pub fn pair(&self) -> String {
        format!("{}/{}", self.verb, self.noun)
    }

    /// Whether it is this one, of this principal.
    pub(crate) fn is(&self, principal: &Principal, verb: &str, noun: &str) -> bool {
        self.verb == verb && self.noun == noun && self.principal.plain() == principal.plain()
    }
}

impl Space {
    /// Whether the principal itself has the permission by a row, not by a role, class or group.
    #[must_use]
    pub fn has(&self, principal: &Principal, verb: &str, noun: &str) -> bool {
        self.permissions
            .iter()
            .any(|row| row.is(principal, verb, noun))
    }
}

impl World {
    /// A site with nothing in it, not even a token.
    #[must_use]
    pub fn empty(site: &str, cloud_id: &str) -> Self {
        Self {
            site: site.to_owned(),
            cloud_id: cloud_id.to_owned(),
            mode: RoleMode::PreRoles,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            spaces: BTreeMap::new(),
            roles: Vec::new(),
            tokens: Vec::new(),
            next_permission: 2001,
        }
    }

    /// The space with that key, letter for letter.
    #[must_use]
    pub fn space_by_key(&self, key: &str) -> Option<&Space> {
        self.spaces.values().find(|space| space.key == key)
    }

    /// The space with that key, to change.
    pub fn space_by_key_mut(&mut self, key: &str) -> Option<&mut Space> {
        self.spaces.values_mut().find(|space| space.key == key)
    }

    /// A role of the site.
    #[must_use]
    pub fn role(&self, id: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// Whether the user is in the group.
    #[must_use]
    pub fn is_member(&self, group: &str, user: &str) -> bool {
        self.groups
            .get(group)
            .is_some_and(|group| group.members.contains(user))
    }

    /// Whether the user is in a group of site administrators.
    #[must_use]
    pub fn is_site_admin(&self, user: &str) -> bool {
        self.groups
            .values()
            .any(|group| group.access.contains("site-admin") && group.members.contains(user))
    }

    /// The rows that the roles of a space come down to; none before there are roles.
    #[must_use]
    pub fn rows_of_roles(&self, space: &Space) -> Vec<Permission> {
        if self.mode == RoleMode::PreRoles {
            return Vec::new();
        }
        let held = space
            .roles
            .iter()
            .filter_map(|(principal, role)| Some((principal, self.role(role)?)));
        let rows = held.flat_map(|(principal, role)| {
            let pairs = role
                .permissions
                .iter()
                .filter_map(|pair| pair.split_once('/'));
            pairs.map(|(verb, noun)| pairs::row_of_role(space.id, principal, verb, noun))
        });
        rows.collect()
    }

    /// Whether anything in the space says that somebody holds the permission.
    pub(crate) fn holders<'a>(
        &'a self,
        space: &'a Space,
        verb: &'a str,
        noun: &'a str,
    ) -> impl Iterator<Item = &'a Principal> {
        let rows = space
            .permissions
            .iter()
            .filter(move |row| row.verb == verb && row.noun == noun)
            .map(|row| &row.principal);
        let in_force = self.mode != RoleMode::PreRoles;
        let roles = space.roles.iter().filter(move |(_, role)| {
            in_force
                && self.role(role).is_some_and(|role| {
                    role.permissions
                        .iter()
                        .any(|pair| pair.split_once('/') == Some((verb, noun)))
                })
        });
        rows.chain(roles.map(|(principal, _)| principal))
    }
}
