//! Serverless projects and their custom roles.

use serde_json::{Map, Value, json};

use super::{
    refusal::Refusal,
    routes::{Context, Reply},
};
use crate::elastic::{builder::SINCE, keys::Scope, world::Project};

/// Kinds of projects.
pub(crate) const KINDS: [&str; 3] = ["elasticsearch", "observability", "security"];

/// `GET /serverless/projects/{type}`, all on one page. *Unknown*: what a key sees that is not the owner's. Taken: nothing.
pub(crate) fn list(context: &Context<'_>, kind: &str) -> Reply {
    let projects = context.inner.world.projects.values();
    let seen = projects.filter(|project| project.kind == kind && context.sees_project(project));
    Ok(json!({"items": context.arranged(seen.map(row))}))
}

/// `GET /serverless/projects/{type}/{id}/roles`
pub(crate) fn roles(context: &Context<'_>, kind: &str, id: &str) -> Reply {
    let found = context.inner.world.projects.get(id);
    let found = found
        .filter(|project| project.kind == kind && context.sees_project(project))
        .ok_or_else(|| {
            let message = format!("Project [{id}] could not be found");
            Refusal::new(404, "root.resource_not_found", message)
        })?;
    let roles = found.roles.iter();
    let roles = roles.map(|(name, about)| json!({"name": name, "description": about}));
    let mut body = Map::new();
    body.insert(id.to_owned(), json!({"roles": context.arranged(roles)}));
    Ok(Value::Object(body))
}

impl Context<'_> {
    fn sees_project(&self, project: &Project) -> bool {
        self.caller.scope == Scope::Owner && self.caller.reaches(&project.organization)
    }
}

fn row(project: &Project) -> Value {
    json!({
        "id": project.id, "name": project.name, "alias": project.name, "type": project.kind,
        "region_id": "aws-us-east-1",
        "metadata": {"created_at": SINCE, "organization_id": project.organization},
        "endpoints": {"elasticsearch": format!("https://{}.es.us-east-1.aws.elastic.cloud", project.name)},
    })
}
