//! Proper requests.

use rollcall_simulators::temporalcloud::{Options, TemporalCloud, World};
use serde_json::{Value, json};

pub(crate) use crate::wire::Reply;
use crate::wire::exchange;

pub(crate) const VERSION: &str = "v0.19.1";

impl Reply {
    pub(crate) fn message(&self) -> &str {
        self.json["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn state(&self) -> &str {
        self.json["asyncOperation"]["state"]
            .as_str()
            .unwrap_or_default()
    }

    pub(crate) fn ids(&self, list: &str) -> Vec<String> {
        self.json[list]
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| item["id"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

/// Sends a request with exactly these headers; `None` if the connection closes without an answer.
pub(crate) async fn raw(
    sim: &TemporalCloud,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Reply> {
    exchange(&sim.base_url(), method, path, headers, body).await
}

/// Sends a proper request with this key and version.
pub(crate) async fn send(
    sim: &TemporalCloud,
    key: &str,
    version: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Reply {
    let bearer = format!("Bearer {key}");
    let mut headers = vec![
        ("authorization", bearer.as_str()),
        ("temporal-cloud-api-version", version),
    ];
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    raw(
        sim,
        method,
        path,
        &headers,
        &body.map(Value::to_string).unwrap_or_default(),
    )
    .await
    .unwrap()
}

pub(crate) async fn get(sim: &TemporalCloud, path: &str) -> Reply {
    send(sim, "test-key", VERSION, "GET", path, None).await
}

pub(crate) async fn post(sim: &TemporalCloud, path: &str, body: Value) -> Reply {
    send(sim, "test-key", VERSION, "POST", path, Some(&body)).await
}

pub(crate) async fn delete(sim: &TemporalCloud, path: &str) -> Reply {
    send(sim, "test-key", VERSION, "DELETE", path, None).await
}

/// A simulator whose writes take effect at once.
pub(crate) async fn quick(world: World) -> TemporalCloud {
    let mut options = Options::default();
    options.operations.polls = 0;
    TemporalCloud::start(world, options).await.unwrap()
}

/// Reads a user, changes its spec, and sends it back with this version of the API.
pub(crate) async fn update_user(
    sim: &TemporalCloud,
    key: &str,
    version: &str,
    id: &str,
    change: impl FnOnce(&mut Value),
) -> Reply {
    let user = send(
        sim,
        "test-key",
        version,
        "GET",
        &format!("/cloud/users/{id}"),
        None,
    )
    .await
    .json["user"]
        .clone();
    let mut spec = user["spec"].clone();
    change(&mut spec);
    let body = json!({"spec": spec, "resourceVersion": user["resourceVersion"]});
    send(
        sim,
        key,
        version,
        "POST",
        &format!("/cloud/users/{id}"),
        Some(&body),
    )
    .await
}

/// The present version of any principal.
pub(crate) fn version_of(sim: &TemporalCloud, id: &str) -> String {
    sim.with_world(|world| {
        world.principal(id).unwrap()["resourceVersion"]
            .as_str()
            .unwrap()
            .to_owned()
    })
}
