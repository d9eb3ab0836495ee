//! Who has what, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::world::{Cluster, Organization, World};

/// Assignments one by one, in a form in which two ways to write the same are the same: `deployment deployment-viewer of
/// 198583657190 on ce03…`. What nobody knows stays as it is.
pub(crate) fn flat(assignments: &Map<String, Value>) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for (kind, value) in assignments {
        match value {
            Value::Array(entries) => flatten(kind, entries, &mut rows),
            Value::Object(kinds) if kind == "project" => {
                for (kind, value) in kinds {
                    let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    flatten(&format!("project/{kind}"), entries, &mut rows);
                }
            }
            other => {
                rows.insert(format!("{kind}: {other}"));
            }
        }
    }
    rows
}

fn flatten(kind: &str, entries: &[Value], rows: &mut BTreeSet<String>) {
    for entry in entries {
        let text = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
        let head = format!("{kind} {} of {}", text("role_id"), text("organization_id"));
        let tail = match entry["application_roles"].as_array() {
            Some(roles) if !roles.is_empty() => format!(" with {}", json!(roles)),
            _ => String::new(),
        };
        let ids = ["deployment_ids", "project_ids"]
            .iter()
            .filter_map(|name| entry[name].as_array())
            .flatten()
            .filter_map(Value::as_str);
        let mut wheres: Vec<String> = ids.map(|id| format!(" on {id}")).collect();
        if entry["all"] == true {
            wheres.push(" on all".to_owned());
        } else if wheres.is_empty() {
            wheres.push(String::new());
        }
        rows.extend(wheres.into_iter().map(|on| format!("{head}{on}{tail}")));
    }
}

fn organization(org: &Organization) -> Value {
    let members = org.members.iter();
    let members: Map<String, Value> = members
        .map(|(id, member)| (id.clone(), json!(flat(&member.assignments))))
        .collect();
    let invitations = org.invitations.iter();
    let invitations: Map<String, Value> = invitations
        .map(|(token, invitation)| (token.clone(), json!(flat(&invitation.assignments))))
        .collect();
    json!({"members": members, "invitations": invitations})
}

fn cluster(cluster: &Cluster) -> Value {
    let users = cluster.users.iter().map(|(name, user)| {
        let mut document = user.document(name);
        document["password"] = Value::from(user.password.as_str());
        (name.clone(), document)
    });
    json!({
        "users": users.collect::<Map<_, _>>(),
        "roles": cluster.roles,
        "mappings": cluster.mappings,
    })
}

impl World {
    /// Members with what is assigned to them, invitations likewise; users with everything about them, roles and role
    /// mappings of every deployment.
    ///
    /// `{"organizations": {id: {"members": {user id: [assignment]}, "invitations": {token: [assignment]}}},
    /// "deployments": {name: {"users": {…}, "roles": {…}, "mappings": {…}}}}`
    #[must_use]
    pub fn access_view(&self) -> Value {
        let organizations = self.organizations.iter();
        let organizations: Map<String, Value> = organizations
            .map(|(id, org)| (id.clone(), organization(org)))
            .collect();
        let deployments = self.deployments.iter();
        let deployments: Map<String, Value> = deployments
            .map(|(name, deployment)| (name.clone(), cluster(deployment)))
            .collect();
        json!({"organizations": organizations, "deployments": deployments})
    }
}
