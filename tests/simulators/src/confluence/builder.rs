//! Building worlds. What is said of things that are not there is ignored.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Group, Permission, Principal, Role, RoleMode, Space, User, World};

impl Space {
    pub(crate) fn push(&mut self, id: u64, who: &Principal, verb: &str, noun: &str) {
        self.permissions.push(Permission {
            id,
            principal: who.clone(),
            verb: verb.to_owned(),
            noun: noun.to_owned(),
        });
    }
}

impl World {
    /// Adds an active, licensed person.
    pub fn add_user(&mut self, id: &str, name: &str, email: &str) -> &mut Self {
        let user = User {
            account_id: id.to_owned(),
            account_type: "atlassian".to_owned(),
            display_name: name.to_owned(),
            public_name: name.to_owned(),
            email: email.to_owned(),
            email_hidden: false,
            status: "active".to_owned(),
            licensed: true,
            guest: false,
            indexed: true,
        };
        self.users.insert(id.to_owned(), user);
        self
    }

    /// Adds an app, which has no address.
    pub fn add_app(&mut self, id: &str, name: &str) -> &mut Self {
        self.add_user(id, name, "");
        self.edit_user(id, |user| user.account_type = "app".to_owned())
    }

    /// Adds a guest.
    pub fn add_guest(&mut self, id: &str, name: &str, email: &str) -> &mut Self {
        self.add_user(id, name, email);
        self.edit_user(id, |user| user.guest = true)
    }

    /// Changes a user.
    pub fn edit_user(&mut self, id: &str, change: impl FnOnce(&mut User)) -> &mut Self {
        if let Some(user) = self.users.get_mut(id) {
            change(user);
        }
        self
    }

    /// Hides a user's address from everybody else.
    pub fn hide_email(&mut self, id: &str) -> &mut Self {
        self.edit_user(id, |user| user.email_hidden = true)
    }

    /// Deactivates a user as live sites do: out of search, out of all groups. Permissions in spaces stay.
    pub fn deactivate(&mut self, id: &str) -> &mut Self {
        for group in self.groups.values_mut() {
            group.members.remove(id);
        }
        self.edit_user(id, |user| {
            user.status = "inactive".to_owned();
            user.licensed = false;
        })
    }

    /// Removes a user from the site and all groups. Permissions in spaces stay, and nobody knows whose they are.
    pub fn remove_user(&mut self, id: &str) -> &mut Self {
        self.deactivate(id);
        self.users.remove(id);
        self.tokens.retain(|token| token.owner != id);
        self
    }

    /// Adds a group that administrators manage.
    pub fn add_group(&mut self, id: &str, name: &str, members: &[&str]) -> &mut Self {
        let group = Group {
            id: id.to_owned(),
            name: name.to_owned(),
            usage_type: Some("USERBASE_GROUP".to_owned()),
            managed_by: Some("ADMINS".to_owned()),
            access: BTreeSet::from(["user".to_owned()]),
            members: members.iter().map(|&member| member.to_owned()).collect(),
        };
        self.groups.insert(id.to_owned(), group);
        self
    }

    /// Changes a group.
    pub fn edit_group(&mut self, id: &str, change: impl FnOnce(&mut Group)) -> &mut Self {
        if let Some(group) = self.groups.get_mut(id) {
            change(group);
        }
        self
    }

    /// Says who manages a group: `ADMINS`, `EXTERNAL`, `TEAM_MEMBERS`, `OPEN`.
    pub fn set_managed_by(&mut self, id: &str, managed_by: &str) -> &mut Self {
        self.edit_group(id, |group| group.managed_by = Some(managed_by.to_owned()))
    }

    /// Makes the members of a group site administrators.
    pub fn set_site_admins(&mut self, id: &str) -> &mut Self {
        self.edit_group(id, |group| {
            group.access = ["user", "admin", "site-admin"].map(str::to_owned).into();
        })
    }

    /// Adds a member, who need not be a user of this world.
    pub fn add_member(&mut self, group: &str, user: &str) -> &mut Self {
        self.edit_group(group, |group| {
            group.members.insert(user.to_owned());
        })
    }

    /// Adds a current space without any permissions.
    pub fn add_space(&mut self, id: u64, key: &str, name: &str, kind: &str) -> &mut Self {
        let space = Space {
            id,
            key: key.to_owned(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            status: "current".to_owned(),
            author: String::new(),
            labels: BTreeSet::new(),
            permissions: Vec::new(),
            roles: BTreeMap::new(),
        };
        self.spaces.insert(id, space);
        self
    }

    /// Changes a space.
    pub fn edit_space(&mut self, id: u64, change: impl FnOnce(&mut Space)) -> &mut Self {
        if let Some(space) = self.spaces.get_mut(&id) {
            change(space);
        }
        self
    }

    /// Archives a space.
    pub fn archive(&mut self, id: u64) -> &mut Self {
        self.edit_space(id, |space| space.status = "archived".to_owned())
    }

    /// Adds a row with this id: `row(98310, 1002, "user", "712020:a1", "read/space")`.
    pub fn row(&mut self, space: u64, id: u64, kind: &str, who: &str, pair: &str) -> &mut Self {
        let (verb, noun) = pair.split_once('/').unwrap_or((pair, ""));
        let who = Principal::new(kind, who);
        self.edit_space(space, |space| space.push(id, &who, verb, noun))
    }

    /// Adds a row with the next id, unless the principal has the permission.
    pub fn grant(&mut self, space: u64, kind: &str, who: &str, pair: &str) -> &mut Self {
        let (verb, noun) = pair.split_once('/').unwrap_or((pair, ""));
        let who = Principal::new(kind, who);
        let id = self.next_permission;
        self.next_permission += 2;
        self.edit_space(space, |space| {
            if !space.has(&who, verb, noun) {
                space.push(id, &who, verb, noun);
            }
        })
    }

    /// Adds a role of the site.
    pub fn add_role(
        &mut self,
        id: &str,
        kind: &str,
        name: &str,
        permissions: &[&str],
    ) -> &mut Self {
        self.roles.push(Role {
            id: id.to_owned(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            description: format!("{name} of a space"),
            permissions: permissions.iter().map(|&pair| pair.to_owned()).collect(),
        });
        self
    }

    /// Gives a principal a role, which takes its permissions.
    pub fn set_role(&mut self, space: u64, kind: &str, who: &str, role: &str) -> &mut Self {
        let who = Principal::new(kind, who).plain();
        self.edit_space(space, |space| {
            space.permissions.retain(|row| row.principal.plain() != who);
            space.roles.insert(who, role.to_owned());
        })
    }

    /// Switches between permissions and roles. Nobody's access is converted.
    pub fn set_mode(&mut self, mode: RoleMode) -> &mut Self {
        self.mode = mode;
        self
    }
}
