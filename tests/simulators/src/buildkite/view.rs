//! Who has what, and nothing else.

use serde_json::{Map, Value, json};

use super::world::{Organization, World};

fn organization(org: &Organization) -> Value {
    let members = org.members.iter();
    let members: Map<String, Value> = members
        .map(|member| (member.user.clone(), json!(member.role)))
        .collect();
    let teams = org.teams.iter().map(|team| {
        let members = team.members.iter();
        let members: Map<String, Value> = members
            .map(|member| (member.user.clone(), json!(member.role)))
            .collect();
        (team.id.clone(), Value::Object(members))
    });
    json!({"members": members, "teams": teams.collect::<Map<_, _>>()})
}

impl World {
    /// Members of organizations and of teams, with their roles, as an admin sees them.
    ///
    /// `{"organizations": {slug: {"members": {user id: role}, "teams": {team id: {user id: role}}}}}`
    #[must_use]
    pub fn access_view(&self) -> Value {
        let organizations = self.organizations.iter();
        let organizations: Map<String, Value> = organizations
            .map(|(slug, org)| (slug.clone(), organization(org)))
            .collect();
        json!({"organizations": organizations})
    }
}
