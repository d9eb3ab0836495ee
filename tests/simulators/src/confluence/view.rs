//! Who has what, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::world::{Principal, Space, World};

impl World {
    /// Who is in which group, and who has which permission or role in which space: no ids of rows, no names, no
    /// states. Two worlds with the same view grant the same access. Groups and spaces without anybody are left out.
    ///
    /// `{"groups": {id: [account id]}, "spaces": {id: {"permissions": {"user:id": ["read/space"]}, "roles": {"group:id": role}}}}`
    #[must_use]
    pub fn access_view(&self) -> Value {
        let groups = self
            .groups
            .values()
            .filter(|group| !group.members.is_empty());
        let groups: Map<String, Value> = groups
            .map(|group| (group.id.clone(), json!(group.members)))
            .collect();
        let spaces: Map<String, Value> = self
            .spaces
            .values()
            .filter(|space| !space.permissions.is_empty() || !space.roles.is_empty())
            .map(|space| (space.id.to_string(), view(space)))
            .collect();
        json!({"groups": groups, "spaces": spaces})
    }
}

fn name(principal: &Principal) -> String {
    let principal = principal.plain();
    format!("{}:{}", principal.kind, principal.id)
}

fn view(space: &Space) -> Value {
    let mut permissions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in &space.permissions {
        permissions
            .entry(name(&row.principal))
            .or_default()
            .insert(row.pair());
    }
    let roles = space.roles.iter();
    let roles: BTreeMap<String, &String> = roles.map(|(who, role)| (name(who), role)).collect();
    let mut out = Map::new();
    if !permissions.is_empty() {
        out.insert("permissions".to_owned(), json!(permissions));
    }
    if !roles.is_empty() {
        out.insert("roles".to_owned(), json!(roles));
    }
    Value::Object(out)
}
