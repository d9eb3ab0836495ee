//! Building worlds. What is said of things that are not there is ignored.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::{Email, Group, GroupMember, Member, Permissions, Role, World};

/// When everything began.
pub const SINCE: &str = "2023-02-14T08:30:00.000Z";

/// A text that is there.
fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn email(address: &str, verified: bool) -> Email {
    Email {
        address: Some(address.to_owned()),
        verified: Some(verified),
    }
}

/// Members.
impl World {
    /// Adds a member whose account is set up. An empty name or address is one that is left out; the address is
    /// verified.
    pub fn add_member(&mut self, id: &str, name: &str, address: &str) -> &mut Self {
        let member = Member {
            name: some(name),
            emails: some(address).map(|address| vec![email(&address, true)]),
            joined_at: Some(SINCE.to_owned()),
            finalized: Some(true),
        };
        self.members.insert(id.to_owned(), member);
        self
    }

    /// Changes a member.
    pub fn edit_member(&mut self, id: &str, change: impl FnOnce(&mut Member)) -> &mut Self {
        if let Some(member) = self.members.get_mut(id) {
            change(member);
        }
        self
    }

    /// Gives a member one more address.
    pub fn add_email(&mut self, id: &str, address: &str, verified: bool) -> &mut Self {
        self.edit_member(id, |member| {
            let emails = member.emails.get_or_insert_default();
            emails.push(email(address, verified));
        })
    }

    /// The member's account is not set up yet, and no address verified.
    pub fn unfinalize(&mut self, id: &str) -> &mut Self {
        self.edit_member(id, |member| {
            member.finalized = Some(false);
            for email in member.emails.iter_mut().flatten() {
                email.verified = Some(false);
            }
        })
    }

    /// The member's account is set up at last, which changes their id everywhere.
    pub fn finalize(&mut self, id: &str, new_id: &str) -> &mut Self {
        if let Some(member) = self.members.remove(id) {
            self.members.insert(new_id.to_owned(), member);
        }
        for role in self.roles.values_mut() {
            if role.explicit.remove(id) {
                role.explicit.insert(new_id.to_owned());
            }
        }
        let groups = self.groups.values_mut();
        for member in groups.flat_map(|group| &mut group.members) {
            if member.id.as_deref() == Some(id) {
                member.id = Some(new_id.to_owned());
            }
        }
        self.edit_member(new_id, |member| member.finalized = Some(true))
    }

    /// Removes a member, from roles and groups too.
    pub fn remove_member(&mut self, id: &str) -> &mut Self {
        self.members.remove(id);
        for role in self.roles.values_mut() {
            role.explicit.remove(id);
        }
        for group in self.groups.values_mut() {
            let stays = |member: &GroupMember| member.id.as_deref() != Some(id);
            group.members.retain(stays);
        }
        self
    }
}

/// Roles.
impl World {
    /// Adds a role that reaches everything, without description, linked groups and people.
    pub fn add_role(&mut self, id: &str, name: &str) -> &mut Self {
        let role = Role {
            name: name.to_owned(),
            description: None,
            restrictions: json!({"enabled": false}),
            directory_groups: None,
            created_at: Some(SINCE.to_owned()),
            updated_at: Some(SINCE.to_owned()),
            permissions: Permissions::default(),
            explicit: BTreeSet::new(),
        };
        self.roles.insert(id.to_owned(), role);
        self
    }

    /// Changes a role.
    pub fn edit_role(&mut self, id: &str, change: impl FnOnce(&mut Role)) -> &mut Self {
        if let Some(role) = self.roles.get_mut(id) {
            change(role);
        }
        self
    }

    /// Describes a role.
    pub fn describe(&mut self, id: &str, description: &str) -> &mut Self {
        self.edit_role(id, |role| role.description = some(description))
    }

    /// What a role reaches, as the API has it: `json!([{"teamId": "web"}])`.
    pub fn restrict(&mut self, id: &str, teams: Value) -> &mut Self {
        self.edit_role(id, |role| {
            role.restrictions = json!({"enabled": true, "teams": teams});
        })
    }

    /// Removes a role.
    pub fn remove_role(&mut self, id: &str) -> &mut Self {
        self.roles.remove(id);
        self
    }

    /// Gives somebody a role by hand, whether or not they are a member.
    pub fn assign(&mut self, role: &str, user: &str) -> &mut Self {
        self.edit_role(role, |role| {
            role.explicit.insert(user.to_owned());
        })
    }

    /// Takes from somebody a role that was given by hand.
    pub fn unassign(&mut self, role: &str, user: &str) -> &mut Self {
        self.edit_role(role, |role| {
            role.explicit.remove(user);
        })
    }

    /// Links a group to a role, whether or not there is such a group.
    pub fn link(&mut self, role: &str, group: &str) -> &mut Self {
        self.edit_role(role, |role| {
            let groups = role.directory_groups.get_or_insert_default();
            groups.push(group.to_owned());
        })
    }

    /// Unlinks a group from a role.
    pub fn unlink(&mut self, role: &str, group: &str) -> &mut Self {
        self.edit_role(role, |role| {
            let groups = role.directory_groups.get_or_insert_default();
            groups.retain(|id| id != group);
        })
    }
}

/// Groups.
impl World {
    /// Adds a group without anybody in it. An empty name or id in the directory is one that is left out.
    pub fn add_group(&mut self, id: &str, name: &str, idp_id: &str) -> &mut Self {
        let since = "2024-05-02T10:00:00.000Z".to_owned();
        let group = Group {
            name: some(name),
            idp_id: some(idp_id),
            created_at: Some(since.clone()),
            updated_at: Some(since),
            listed: true,
            members: Vec::new(),
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

    /// Removes a group. Roles that are linked to it still say so.
    pub fn remove_group(&mut self, id: &str) -> &mut Self {
        self.groups.remove(id);
        self
    }

    /// Adds somebody to a group, with the name and the verified addresses they have as a member, or all addresses if
    /// none is verified.
    pub fn join(&mut self, group: &str, user: &str) -> &mut Self {
        let known = self.members.get(user).cloned().unwrap_or_default();
        let emails = known.emails.map(|emails| {
            let verified = |email: &&Email| email.verified == Some(true);
            let any = emails.iter().any(|email| verified(&email));
            let kept = emails.iter().filter(|email| !any || verified(email));
            kept.filter_map(|email| email.address.clone()).collect()
        });
        let member = GroupMember {
            id: Some(user.to_owned()),
            name: known.name,
            emails,
        };
        self.edit_group(group, |group| group.members.push(member))
    }

    /// Takes somebody out of a group.
    pub fn leave(&mut self, group: &str, user: &str) -> &mut Self {
        self.edit_group(group, |group| {
            let stays = |member: &GroupMember| member.id.as_deref() != Some(user);
            group.members.retain(stays);
        })
    }

    /// Adds somebody without an account to a group. An empty name or address is one that is left out.
    pub fn add_without_account(&mut self, group: &str, name: &str, address: &str) -> &mut Self {
        let member = GroupMember {
            id: None,
            name: some(name),
            emails: some(address).map(|address| vec![address]),
        };
        self.edit_group(group, |group| group.members.push(member))
    }
}
