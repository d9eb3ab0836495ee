//! Hosted deployments: how the Elasticsearch endpoints of an organization are found.

use serde_json::{Value, json};

use super::{
    refusal::Refusal,
    routes::{Context, Reply},
};
use crate::{
    elastic::world::Cluster,
    lists::{cursor, read_cursor},
    server::{Answer, Call},
};

/// What cursors of the search belong to.
const LIST: &str = "deployments";
/// A page without `size`. *Unknown*. Taken: as many as the documented example asks for.
const DEFAULT_PAGE: usize = 100;

/// The answer to a cursor that is no good. *Unknown*: status and code. Taken: 400 and a code like the others.
pub(crate) fn bad_cursor() -> Refusal {
    Refusal::new(400, "deployments.invalid_cursor", "The cursor is invalid").field("cursor")
}

/// The cursor a search came with.
pub(crate) fn asked(call: &Call) -> Option<String> {
    let body: Value = serde_json::from_slice(&call.body).ok()?;
    let cursor = body.get("cursor")?.as_str()?;
    let search = call.path.ends_with("/deployments/_search");
    (search && !cursor.is_empty()).then(|| cursor.to_owned())
}

/// Makes an answer point to the page it is, for ever.
pub(crate) fn repeat(call: &Call, answer: &mut Answer) {
    if let Some(body) = answer.body.as_object_mut()
        && body.contains_key("deployments")
    {
        let again = asked(call).unwrap_or_else(|| cursor(LIST, 0));
        body.insert("cursor".to_owned(), Value::from(again));
    }
}

/// `POST /deployments/_search`, of which only `size` and `cursor` are simulated. Deployments that have been shut down are
/// not found.
pub(crate) fn search(context: &mut Context<'_>) -> Reply {
    context.query(&[])?;
    let body = context.body(&["size", "cursor"])?;
    let size = match body.get("size") {
        None => DEFAULT_PAGE,
        Some(size) => size
            .as_u64()
            .and_then(|size| usize::try_from(size).ok())
            .filter(|&size| size > 0)
            .ok_or_else(|| Refusal::bad_body("size is not a number of deployments"))?,
    };
    let size = context.inner.options.force_page_size.unwrap_or(size).max(1);
    let start = match body.get("cursor") {
        None => 0,
        Some(cursor) => cursor
            .as_str()
            .and_then(read_cursor)
            .filter(|(list, _)| list == LIST)
            .map(|(_, offset)| offset)
            .ok_or_else(|| bad_cursor().wrong())?,
    };
    let world = &context.inner.world;
    let seen = world
        .deployments
        .iter()
        .filter(|(_, cluster)| !cluster.hidden && !cluster.serverless && context.sees(cluster));
    let all = context.arranged(seen.map(|(name, cluster)| row(context, name, cluster)));
    let (found, end) = (all.len(), start.saturating_add(size));
    let page: Vec<Value> = all.into_iter().take(end).skip(start).collect();
    let mut body = json!({"return_count": page.len(), "match_count": found, "deployments": page});
    if end < found {
        body["cursor"] = Value::from(cursor(LIST, end));
    }
    Ok(body)
}

/// `GET /deployments/{id}`, which also finds those that have been shut down.
pub(crate) fn by_id(context: &Context<'_>, id: &str) -> Reply {
    let mut all = context.inner.world.deployments.iter();
    let found = all.find(|(_, cluster)| cluster.id == id && !cluster.serverless);
    let (name, cluster) = found.ok_or_else(|| {
        let message = format!("Deployment [{id}] could not be found");
        Refusal::new(404, "deployments.deployment_not_found", message)
    })?;
    if !context.sees(cluster) {
        let message = format!("You do not have the permission r:/deployments/{id}");
        return Err(Refusal::new(403, "root.permission_denied", message));
    }
    Ok(row(context, name, cluster))
}

impl Context<'_> {
    fn sees(&self, cluster: &Cluster) -> bool {
        self.caller.reaches(&cluster.organization) && self.caller.sees_deployment(&cluster.id)
    }
}

/// What clients look at to find the endpoint; there is much more. The addresses lead to the simulator.
fn row(context: &Context<'_>, name: &str, cluster: &Cluster) -> Value {
    let url = context.inner.urls.get(name);
    let url = url.map(String::as_str).unwrap_or("http://127.0.0.1:9");
    let (endpoint, port) = url.rsplit_once(':').unwrap_or((url, "443"));
    let endpoint = endpoint.trim_start_matches("http://");
    let port: u16 = port.parse().unwrap_or(443);
    json!({
        "id": cluster.id, "name": name, "alias": name,
        "metadata": {"hidden": cluster.hidden, "organization_id": cluster.organization},
        "resources": {"elasticsearch": [{
            "ref_id": "main-elasticsearch", "id": cluster.id, "region": "us-east-1",
            "info": {"cluster_id": cluster.id, "healthy": true, "status": "started", "metadata": {
                "endpoint": endpoint, "aliased_endpoint": endpoint, "ports": {"http": port, "https": port},
                "service_url": url, "aliased_url": url,
            }},
        }]},
    })
}
