//! Proper requests.

use rollcall_simulators::elastic::{
    Elastic, Options, SECOND_DEPLOYMENT_KEY, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World,
};
use serde_json::{Value, json};

pub(crate) use crate::wire::Reply;
use crate::wire::exchange;

pub(crate) const ORG: &str = "198583657190";

impl Reply {
    /// The code of a Cloud error.
    pub(crate) fn code(&self) -> &str {
        self.json["errors"][0]["code"].as_str().unwrap_or_default()
    }

    /// Type and reason of an Elasticsearch error.
    pub(crate) fn error(&self) -> (&str, &str) {
        let text = |name: &str| self.json["error"][name].as_str().unwrap_or_default();
        (text("type"), text("reason"))
    }

    /// The names that an object is keyed by, in the order in which they were sent.
    pub(crate) fn keys(&self) -> Vec<String> {
        let object = self.json.as_object().unwrap();
        let place = |name: &str| self.text.find(&format!("{}:{{", Value::from(name)));
        let mut keys: Vec<String> = object.keys().cloned().collect();
        keys.sort_by_key(|name| place(name));
        keys
    }
}

pub(crate) async fn sim(world: World) -> Elastic {
    Elastic::start(world, Options::default()).await.unwrap()
}

/// A proper request with this key.
pub(crate) async fn send(
    base: &str,
    key: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Reply {
    let key = format!("ApiKey {key}");
    let mut headers = vec![
        ("authorization", key.as_str()),
        ("accept", "application/json"),
    ];
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    exchange(base, method, path, &headers, &body).await.unwrap()
}

/// `GET /api/v1…` by the owner.
pub(crate) async fn cloud(sim: &Elastic, path: &str) -> Reply {
    cloud_as(sim, TEST_CLOUD_KEY, "GET", path, None).await
}

pub(crate) async fn cloud_as(
    sim: &Elastic,
    key: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Reply {
    let path = format!("/api/v1{path}");
    send(&sim.cloud_url(), key, method, &path, body).await
}

/// `GET /_security…` of the deployment `main`.
pub(crate) async fn get(sim: &Elastic, path: &str) -> Reply {
    es(sim, "GET", path, None).await
}

/// A request to `/_security…` of the deployment `main`.
pub(crate) async fn es(sim: &Elastic, method: &str, path: &str, body: Option<&Value>) -> Reply {
    es_as(sim, TEST_DEPLOYMENT_KEY, method, path, body).await
}

pub(crate) async fn es_as(
    sim: &Elastic,
    key: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Reply {
    let path = format!("/_security{path}");
    send(&sim.deployment_url("main"), key, method, &path, body).await
}

/// `GET /_security…` of the deployment `second`.
pub(crate) async fn second(sim: &Elastic, path: &str) -> Reply {
    let path = format!("/_security{path}");
    let url = sim.deployment_url("second");
    send(&url, SECOND_DEPLOYMENT_KEY, "GET", &path, None).await
}

/// Writes a user of `main`.
pub(crate) async fn put(sim: &Elastic, name: &str, body: &Value) -> Reply {
    es(sim, "PUT", &format!("/user/{name}"), Some(body)).await
}

/// Writes a user of `main` with a body that need not be JSON.
pub(crate) async fn put_text(sim: &Elastic, name: &str, body: &str) -> Reply {
    let key = format!("ApiKey {TEST_DEPLOYMENT_KEY}");
    let headers = [
        ("authorization", key.as_str()),
        ("accept", "application/json"),
        ("content-type", "application/json"),
    ];
    let path = format!("/_security/user/{name}");
    exchange(&sim.deployment_url("main"), "PUT", &path, &headers, body)
        .await
        .unwrap()
}

/// What a careful client sends: the user as read, with other roles.
pub(crate) fn with_roles(read: &Value, roles: &[&str]) -> Value {
    json!({
        "roles": roles, "full_name": read["full_name"], "email": read["email"],
        "metadata": read["metadata"], "enabled": read["enabled"],
    })
}
