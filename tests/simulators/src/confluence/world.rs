//! The world: one site. Rows have the form of the API. Changes of missing objects are ignored.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value, json};

use super::{BEARER_TOKEN, SITE, owner};
use crate::Rows;

/// The first id of the rows that come from roles, which no granted row reaches.
const FIRST_OF_ROLES: u64 = 1 << 40;

/// A site and everything in it, by id.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct World {
    pub cloud_id: String,
    pub mode: RoleMode,
    /// In the form for a user requested by id, without the suffix for users without access. In addition: `operations`,
    /// `emailHidden` and `indexed`, whether search finds them. The index of a big site has holes.
    pub users: Rows,
    pub groups: BTreeMap<String, Group>,
    pub spaces: BTreeMap<u64, Space>,
    /// In the order in which they are listed: `id`, `type`, `name`, `description`, `spacePermissions`.
    pub roles: Vec<Value>,
    /// API tokens by what they are: `owner`, whose rights they have, and, of those for the gateway, `scopes`.
    pub tokens: Rows,
    /// The id of the next permission that is granted. Every grant takes two, the second for its companion.
    pub next_permission: u64,
}

/// A group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// `type`, `name`, `id`, `usageType`, `managedBy`, `resourceAri`, `_links`.
    pub row: Value,
    /// Account ids. They need not be users of this world.
    pub members: BTreeSet<String>,
}

/// A space.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// `id`.
    pub id: u64,
    /// `id`, `key`, `name`, `type`, `status` (`current` or `archived`) and the rest.
    pub row: Value,
    /// The rows of its permissions, without those that come from roles.
    pub permissions: Vec<Permission>,
    /// The role of each principal here.
    pub roles: BTreeMap<String, String>,
}

/// A row of a space's permissions: who may do what, such as `user:712020:a1` and `read/space`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "described above")]
pub struct Permission {
    pub id: u64,
    pub who: String,
    pub pair: String,
}

/// How far a site has come from permissions to roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoleMode {
    /// Permissions only.
    #[default]
    PreRoles,
    /// A principal has either a role or permissions of its own.
    Transition,
    /// Roles only.
    Roles,
}

/// Whom access is given to: `user:712020:a1`, `group:22-eng`, `access-class:all-licensed-users` as the role calls spell
/// it, or anything else. `anonymous:anonymous` is everybody, without an account.
pub(super) fn principal(kind: &str, id: &str) -> String {
    match kind {
        "access-class" => format!("{kind}:{}", id.to_lowercase().replace('_', "-")),
        _ => format!("{kind}:{id}"),
    }
}

pub(super) fn is_guest(user: &Value) -> bool {
    user["isExternalCollaborator"] == true
}

/// Makes a user odd in one way, by a word for it.
pub(super) fn make_odd(user: &mut Value, odd: &str) {
    let (field, value) = match odd {
        "inactive" | "closed" | "unknown" => ("accountStatus", json!(odd)),
        "unlicensed" => ("operations", json!([])),
        "unindexed" => ("indexed", json!(false)),
        "hidden" => ("emailHidden", json!(true)),
        "guest" => ("isExternalCollaborator", json!(true)),
        "typeless" => ("accountType", json!("")),
        kind => ("accountType", json!(kind)),
    };
    user[field] = value;
}

impl Group {
    /// `ADMINS`, `EXTERNAL`, `TEAM_MEMBERS`, `OPEN`, or empty: then neither it nor its use is returned.
    pub(super) fn be_managed_by(&mut self, who: &str) {
        self.row["managedBy"] = json!(who);
        match (who, self.row.as_object_mut()) {
            ("TEAM_MEMBERS", _) => self.row["usageType"] = json!("TEAM_COLLABORATION"),
            ("", Some(row)) => row.retain(|name, _| !["managedBy", "usageType"].contains(&&**name)),
            _ => {}
        }
    }
}

impl Space {
    /// Whether the principal itself has the permission by a row, not by a role, class or group.
    pub(super) fn has(&self, who: &str, pair: &str) -> bool {
        let mut rows = self.permissions.iter();
        rows.any(|row| row.who == who && row.pair == pair)
    }

    /// Adds a row, unless the principal has the permission.
    pub(super) fn add(&mut self, id: u64, who: &str, pair: &str) {
        if !self.has(who, pair) {
            self.permissions.push(Permission::new(id, who, pair));
        }
    }

    /// Grants a principal a role, which removes its permissions.
    pub(super) fn set_role(&mut self, who: String, role: String) {
        self.permissions.retain(|row| row.who != who);
        self.roles.insert(who, role);
    }
}

impl Permission {
    fn new(id: u64, who: &str, pair: &str) -> Self {
        let (who, pair) = (who.to_owned(), pair.to_owned());
        Self { id, who, pair }
    }
}

impl World {
    /// Adds an active, licensed person.
    pub fn add_user(&mut self, id: &str, name: &str, email: &str) -> &mut Self {
        let picture = format!("/wiki/aa-avatar/{id}");
        let row = json!({
            "accountId": id, "accountType": "atlassian", "accountStatus": "active", "email": email, "publicName": name,
            "displayName": name, "profilePicture": {"path": picture, "width": 48, "height": 48, "isDefault": false},
            "isExternalCollaborator": false, "operations": [{"operation": "use", "targetType": "application"}],
            "emailHidden": false, "indexed": true,
        });
        self.users.insert(id.to_owned(), row);
        self
    }

    /// Adds a guest.
    pub fn add_guest(&mut self, id: &str, name: &str, email: &str) -> &mut Self {
        self.add_user(id, name, email);
        self.edit_user(id, |user| make_odd(user, "guest"))
    }

    /// Changes a user.
    pub fn edit_user(&mut self, id: &str, change: impl FnOnce(&mut Value)) -> &mut Self {
        self.users.get_mut(id).map(change);
        self
    }

    /// Adds a group that administrators manage. Those in `site-admins` are site administrators.
    pub fn add_group(&mut self, id: &str, name: &str, members: &[&str]) -> &mut Self {
        let row = json!({
            "type": "group", "name": name, "id": id, "usageType": "USERBASE_GROUP", "managedBy": "ADMINS",
            "resourceAri": format!("ari:cloud:identity::group/{id}"),
            "_links": {"self": format!("{SITE}/wiki/rest/api/group/by-id?id={id}")},
        });
        let group =
            Group { row, members: members.iter().map(|&member| member.to_owned()).collect() };
        self.groups.insert(id.to_owned(), group);
        self
    }

    /// Adds a member, who need not be a user of this world.
    pub fn add_member(&mut self, group: &str, user: &str) -> &mut Self {
        let group = self.groups.get_mut(group);
        group.map(|group| group.members.insert(user.to_owned()));
        self
    }

    /// Whether the user is in the group.
    #[must_use]
    pub fn is_member(&self, group: &str, user: &str) -> bool {
        let group = self.groups.get(group);
        group.is_some_and(|group| group.members.contains(user))
    }

    /// Adds a current space without any permissions.
    pub fn add_space(&mut self, id: u64, key: &str, name: &str, kind: &str) -> &mut Self {
        let row = json!({
            "id": id.to_string(), "key": key, "name": name, "type": kind, "status": "current", "authorId": "712020:a1",
            "createdAt": "2025-01-02T03:04:05.678Z", "homepageId": (id + 90).to_string(), "description": null,
            "icon": null, "currentActiveAlias": key, "_links": {"webui": format!("/spaces/{key}")},
        });
        let space = Space { id, row, permissions: Vec::new(), roles: BTreeMap::new() };
        self.spaces.insert(id, space);
        self
    }

    /// Changes a space.
    pub fn edit_space(&mut self, id: u64, change: impl FnOnce(&mut Space)) -> &mut Self {
        self.spaces.get_mut(&id).map(change);
        self
    }

    /// Adds a row with the next id, unless the principal has the permission: `read/space`.
    pub fn grant(&mut self, space: u64, kind: &str, who: &str, pair: &str) -> &mut Self {
        let (id, who) = (self.next_permission, principal(kind, who));
        self.next_permission += 2;
        self.edit_space(space, |space| space.add(id, &who, pair))
    }

    /// Adds a role of the site, `SYSTEM` or `CUSTOM`.
    pub fn add_role(&mut self, id: &str, kind: &str, name: &str, pairs: &[&str]) -> &mut Self {
        let text = format!("{name} of a space");
        self.roles.push(json!({"id": id, "type": kind, "name": name, "description": text, "spacePermissions": pairs}));
        self
    }

    /// Grants a principal a role, which removes its permissions.
    pub fn set_role(&mut self, space: u64, kind: &str, who: &str, role: &str) -> &mut Self {
        let (who, role) = (principal(kind, who), role.to_owned());
        self.edit_space(space, |space| space.set_role(who, role))
    }

    /// Switches between permissions and roles. Nobody's access is converted.
    pub fn set_mode(&mut self, mode: RoleMode) -> &mut Self {
        self.mode = mode;
        self
    }

    /// Gives a token these scopes and no others.
    pub fn set_scopes(&mut self, secret: &str, scopes: &[&str]) -> &mut Self {
        if let Some(token) = self.tokens.get_mut(secret) {
            token["scopes"] = json!(scopes.join(" "));
        }
        self
    }

    /// The caller of a request with this token, if the token's owner is admitted.
    pub(super) fn header(&self, secret: &str) -> Option<String> {
        let owner = self.users.get(owner(self.tokens.get(secret)?))?;
        let plain = format!("{}:{secret}", owner["email"].as_str()?);
        match owner["accountStatus"] == "active" && owner["operations"] != json!([]) {
            false => None,
            true if secret == BEARER_TOKEN => Some(format!("Bearer {secret}")),
            true => Some(format!("Basic {}", BASE64_STANDARD.encode(plain))),
        }
    }

    /// Whether the user is in a group of site administrators.
    pub(super) fn is_site_admin(&self, user: &str) -> bool {
        let mut groups = self.groups.values();
        groups.any(|group| group.row["name"] == "site-admins" && group.members.contains(user))
    }

    /// Whether the user has the permission in the space in any way.
    pub(super) fn may(&self, user: &str, space: &Space, pair: &str) -> bool {
        let has = |who: &str| match who.split_once(':').unwrap_or_default() {
            ("user", id) => id == user,
            ("group", id) => self.is_member(id, user),
            ("access-class", "all-licensed-users") => !is_guest(&self.users[user]),
            ("access-class", "all-product-admins") => self.is_site_admin(user),
            ("access-class", "anonymous-users" | "authenticated-users") => true,
            (kind, _) => kind == "anonymous",
        };
        let roles = self.rows_of_roles(space);
        let mut rows = space.permissions.iter().chain(&roles);
        rows.any(|row| row.pair == pair && has(&row.who))
    }

    /// The rows that the roles of a space give; none without roles. The id of such a row stays the same as long as
    /// somebody has the role.
    pub(super) fn rows_of_roles(&self, space: &Space) -> Vec<Permission> {
        let mut rows = Vec::new();
        if self.mode == RoleMode::PreRoles {
            return rows;
        }
        for (who, role) in &space.roles {
            let role = self.roles.iter().find(|known| known["id"] == **role);
            let pairs = role.and_then(|role| role["spacePermissions"].as_array());
            for pair in pairs.into_iter().flatten().filter_map(Value::as_str) {
                let mut hash = DefaultHasher::new();
                (space.id, who, pair).hash(&mut hash);
                let id = FIRST_OF_ROLES + hash.finish() % FIRST_OF_ROLES;
                rows.push(Permission::new(id, who, pair));
            }
        }
        rows
    }

    /// The members of each group, and the permissions and roles in each space, without row ids, names and states. Two
    /// worlds with the same view grant the same access. Groups and spaces without principals are left out.
    ///
    /// `{"groups": {id: [account id]}, "spaces": {id: {"permissions": {"user:id": ["read/space"]}, "roles": {"group:id": role}}}}`
    #[must_use]
    pub fn access_view(&self) -> Value {
        let (mut groups, mut spaces) = (Map::new(), Map::new());
        for (id, group) in self.groups.iter().filter(|(_, g)| !g.members.is_empty()) {
            groups.insert(id.clone(), json!(group.members));
        }
        for (id, space) in &self.spaces {
            let mut pairs: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
            for row in &space.permissions {
                pairs.entry(&row.who).or_default().insert(&row.pair);
            }
            if let Value::Object(mut view) = json!({"permissions": pairs, "roles": space.roles}) {
                view.retain(|_, held| *held != json!({}));
                spaces.insert(id.to_string(), Value::Object(view));
            }
        }
        spaces.retain(|_, view| *view != json!({}));
        json!({"groups": groups, "spaces": spaces})
    }
}
