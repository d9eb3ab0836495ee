//! The world: one organization, its people, its roles, the groups of its directory and its API tokens. Changes of
//! missing objects are ignored.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::SINCE;
use crate::paging::{Rows, edit};

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

/// Everything behind the API. Rows are as the API has them; what a row does not have is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct World {
    /// The organization's id.
    pub organization_id: String,
    /// Its other id.
    pub organization_uid: String,
    /// By id, which is the user name: `name`, `emails`, `joinedAt`, `finalized`. The schema requires `finalized` and the
    /// vendor's examples leave it out.
    pub members: Rows,
    /// By id.
    pub roles: BTreeMap<String, Role>,
    /// By id.
    pub groups: BTreeMap<String, Group>,
    /// API tokens.
    pub tokens: Vec<Token>,
}

/// A role of the organization.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// `name`, `description`, `restrictions` (required by the schema, left out of the vendor's examples),
    /// `directoryGroups` (the groups whose members hold this role, whether or not there are such groups), `createdAt`,
    /// `updatedAt`.
    pub row: Value,
    /// The direct holders of the role, whether or not they are members of the organization.
    pub explicit: BTreeSet<String>,
}

/// A group of the directory.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// `name`, `idpId`, `createdAt`, `updatedAt`.
    pub row: Value,
    /// Whether the group is listed and can be requested. Roles that are linked to it have its members anyway.
    pub listed: bool,
    /// Its people: `id` (null without an account), `name`, `emails` (plain texts).
    pub members: Vec<Value>,
}

/// An API token. Each is made from a role and may do what that role may do:
/// <https://northflank.com/docs/v1/application/secure/grant-api-access>.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Token {
    /// The token in requests.
    pub value: String,
    /// `name`.
    pub name: String,
    /// The team that it is a token of; `None` for one of the organization.
    pub team: Option<String>,
    /// Its permissions.
    pub permissions: BTreeSet<Permission>,
    /// Until when it is good; for ever if it is `None`.
    pub expires_at: Option<Timestamp>,
}

/// The permissions of the simulator's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Organisation > Admin > Members > Read.
    MembersRead,
    /// Organisation > Admin > Roles > Read.
    RolesRead,
}

/// A text of a row; empty if there is none.
pub(super) fn text<'r>(row: &'r Value, field: &str) -> &'r str {
    row[field].as_str().unwrap_or_default()
}

/// The row with those of these texts that are not empty.
fn put_texts(mut row: Value, texts: &[(&str, &str)]) -> Value {
    for (name, text) in texts.iter().filter(|(_, text)| !text.is_empty()) {
        row[*name] = Value::from(*text);
    }
    row
}

impl Role {
    /// The ids of the linked groups.
    pub fn linked(&self) -> impl Iterator<Item = &str> {
        let groups = self.row["directoryGroups"].as_array();
        groups.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// Members.
impl World {
    /// An organization without anybody in it, and with the tokens of all samples.
    #[must_use]
    pub fn empty() -> Self {
        let mut world = Self {
            organization_id: "acme".to_owned(),
            organization_uid: "64b0c0ffee64b0c0ffee64b0".to_owned(),
            ..Self::default()
        };
        let all = [Permission::MembersRead, Permission::RolesRead];
        world
            .add_token(TEST_TOKEN, "C1 sync", &all)
            .add_token(NO_MEMBERS_TOKEN, "No members", &all[1..])
            .add_token(NO_ROLES_TOKEN, "No roles", &all[..1])
            .add_token(TEAM_TOKEN, "Team", &all)
            .add_token(EXPIRED_TOKEN, "Expired", &all)
            .add_token(REVOKED_TOKEN, "Revoked", &all);
        world.edit_token(TEAM_TOKEN, |token| token.team = Some("web".to_owned()));
        for gone in [EXPIRED_TOKEN, REVOKED_TOKEN] {
            world.edit_token(gone, |token| token.expires_at = Some(Timestamp::UNIX_EPOCH));
        }
        world
    }

    /// Adds a token of the organization that never expires.
    pub fn add_token(&mut self, value: &str, name: &str, permissions: &[Permission]) -> &mut Self {
        self.tokens.push(Token {
            value: value.to_owned(),
            name: name.to_owned(),
            permissions: permissions.iter().copied().collect(),
            ..Token::default()
        });
        self
    }

    /// Changes a token.
    pub fn edit_token(&mut self, value: &str, change: impl FnOnce(&mut Token)) -> &mut Self {
        edit(self.tokens.iter_mut().find(|token| token.value == value), change);
        self
    }

    /// Adds a member whose account is set up. An empty name or address is one that is left out; the address is
    /// verified.
    pub fn add_member(&mut self, id: &str, name: &str, address: &str) -> &mut Self {
        let row = json!({"joinedAt": SINCE, "finalized": true});
        let mut row = put_texts(row, &[("name", name)]);
        if !address.is_empty() {
            row["emails"] = json!([{"address": address, "verified": true}]);
        }
        self.members.insert(id.to_owned(), row);
        self
    }

    /// Changes a member's row.
    pub fn edit_member(&mut self, id: &str, change: impl FnOnce(&mut Value)) -> &mut Self {
        edit(self.members.get_mut(id), change);
        self
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
        for member in self.groups.values_mut().flat_map(|group| &mut group.members) {
            if member["id"] == id {
                member["id"] = json!(new_id);
            }
        }
        self.edit_member(new_id, |row| row["finalized"] = json!(true))
    }

    /// Removes a member, from roles and groups too.
    pub fn remove_member(&mut self, id: &str) -> &mut Self {
        self.members.remove(id);
        for role in self.roles.values_mut() {
            role.explicit.remove(id);
        }
        for group in self.groups.values_mut() {
            group.members.retain(|member| member["id"] != id);
        }
        self
    }
}

/// Roles.
impl World {
    /// Adds a role that reaches everything, without description, linked groups and people.
    pub fn add_role(&mut self, id: &str, name: &str) -> &mut Self {
        let row = json!({"name": name, "restrictions": {"enabled": false}, "createdAt": SINCE, "updatedAt": SINCE});
        let explicit = BTreeSet::new();
        self.roles.insert(id.to_owned(), Role { row, explicit });
        self
    }

    /// Changes a role.
    pub fn edit_role(&mut self, id: &str, change: impl FnOnce(&mut Role)) -> &mut Self {
        edit(self.roles.get_mut(id), change);
        self
    }

    /// Removes a role.
    pub fn remove_role(&mut self, id: &str) -> &mut Self {
        self.roles.remove(id);
        self
    }

    /// Grants somebody a role directly, whether or not they are a member.
    pub fn assign(&mut self, role: &str, user: &str) -> &mut Self {
        self.edit_role(role, |role| _ = role.explicit.insert(user.to_owned()))
    }

    /// Links a group to a role, whether or not there is such a group.
    pub fn link(&mut self, role: &str, group: &str) -> &mut Self {
        self.edit_role(role, |role| {
            let links = role.linked().chain([group]).map(Value::from);
            role.row["directoryGroups"] = links.collect();
        })
    }
}

/// Groups.
impl World {
    /// Adds a group without anybody in it. An empty name or id in the directory is one that is left out.
    pub fn add_group(&mut self, id: &str, name: &str, idp_id: &str) -> &mut Self {
        let since = "2024-05-02T10:00:00.000Z";
        let row = json!({"createdAt": since, "updatedAt": since});
        let group = Group {
            row: put_texts(row, &[("name", name), ("idpId", idp_id)]),
            listed: true,
            members: Vec::new(),
        };
        self.groups.insert(id.to_owned(), group);
        self
    }

    /// The group, unless it is hidden.
    #[must_use]
    pub fn listed_group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id).filter(|group| group.listed)
    }

    /// Changes a group.
    pub fn edit_group(&mut self, id: &str, change: impl FnOnce(&mut Group)) -> &mut Self {
        edit(self.groups.get_mut(id), change);
        self
    }

    /// Removes a group. Roles stay linked to it.
    pub fn remove_group(&mut self, id: &str) -> &mut Self {
        self.groups.remove(id);
        self
    }

    /// Adds somebody to a group, with the name and the verified addresses they have as a member, or all addresses if
    /// none is verified.
    pub fn join(&mut self, group: &str, user: &str) -> &mut Self {
        let known = self.members.get(user).cloned().unwrap_or_else(|| json!({}));
        let mut row = put_texts(json!({"id": user}), &[("name", text(&known, "name"))]);
        if let Some(emails) = known["emails"].as_array() {
            let any = emails.iter().any(|email| email["verified"] == true);
            let kept = emails.iter().filter(|email| !any || email["verified"] == true);
            row["emails"] = kept.filter_map(|email| email.get("address").cloned()).collect();
        }
        self.edit_group(group, |group| group.members.push(row))
    }

    /// Adds somebody without an account to a group. An empty name or address is one that is left out.
    pub fn add_without_account(&mut self, group: &str, name: &str, address: &str) -> &mut Self {
        let mut row = put_texts(json!({"id": null}), &[("name", name)]);
        if !address.is_empty() {
            row["emails"] = json!([address]);
        }
        self.edit_group(group, |group| group.members.push(row))
    }
}

/// The access in the world, and nothing else.
impl World {
    /// Members; roles with those who were given them by hand, the groups they are linked to and, worked out from these,
    /// all holders; groups with their members. A holder in both ways counts as explicit.
    ///
    /// `{"members": [id], "roles": {id: {"explicit": [id], "groups": [id], "members": {id: "explicit" or "implicit"}}},
    /// "groups": {id: {"members": [id], "without_account": number}}}`
    #[must_use]
    pub fn access_view(&self) -> Value {
        let members: Vec<&String> = self.members.keys().collect();
        let role = |(id, role): (&String, &Role)| {
            let holders: Map<String, Value> = self
                .holders(role)
                .into_iter()
                .map(|(id, holding)| {
                    let kind = if holding.explicit { "explicit" } else { "implicit" };
                    (id.to_owned(), Value::from(kind))
                })
                .collect();
            let groups: BTreeSet<&str> = role.linked().collect();
            let view = json!({"explicit": role.explicit, "groups": groups, "members": holders});
            (id.clone(), view)
        };
        let group = |(id, group): (&String, &Group)| {
            let people = group.members.iter().filter_map(|row| row["id"].as_str());
            let people: Vec<&str> = people.collect();
            let without = group.members.len() - people.len();
            let people: BTreeSet<&str> = people.into_iter().collect();
            (id.clone(), json!({"members": people, "without_account": without}))
        };
        let roles: Map<String, Value> = self.roles.iter().map(role).collect();
        let groups: Map<String, Value> = self.groups.iter().map(group).collect();
        json!({"members": members, "roles": roles, "groups": groups})
    }
}
