//! Who has what, and nothing else.

use serde_json::{Map, Value, json};

use super::world::{Group, Role, World};

impl World {
    /// Members; roles with those who were given them by hand, the groups they are linked to and, worked out from these,
    /// everybody who holds them; groups with their members. Who holds a role in both ways holds it explicitly.
    ///
    /// `{"members": [id], "roles": {id: {"explicit": [id], "groups": [id], "members": {id: "explicit" or "implicit"}}},
    /// "groups": {id: {"members": [id], "without_account": number}}}`
    #[must_use]
    pub fn access_view(&self) -> Value {
        let members: Vec<&String> = self.members.keys().collect();
        let roles = self.roles.iter();
        let roles: Map<String, Value> = roles
            .map(|(id, role)| (id.clone(), self.role_view(role)))
            .collect();
        let groups = self.groups.iter();
        let groups: Map<String, Value> = groups
            .map(|(id, group)| (id.clone(), group_view(group)))
            .collect();
        json!({"members": members, "roles": roles, "groups": groups})
    }

    fn role_view(&self, role: &Role) -> Value {
        let holders = self.holders(role).into_iter();
        let holders: Map<String, Value> = holders
            .map(|(id, holding)| {
                let kind = if holding.explicit {
                    "explicit"
                } else {
                    "implicit"
                };
                (id.to_owned(), Value::from(kind))
            })
            .collect();
        let mut groups = role.directory_groups.clone().unwrap_or_default();
        groups.sort_unstable();
        groups.dedup();
        json!({"explicit": role.explicit, "groups": groups, "members": holders})
    }
}

fn group_view(group: &Group) -> Value {
    let mut members: Vec<&String> = group.members.iter().flat_map(|m| &m.id).collect();
    members.sort_unstable();
    let without = group.members.len() - members.len();
    json!({"members": members, "without_account": without})
}
