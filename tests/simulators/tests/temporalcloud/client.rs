//! The smallest HTTP client that will do, so that nothing between the tests and the wire is lenient.

use std::collections::BTreeMap;

use rollcall_simulators::temporalcloud::{Options, TemporalCloud, World};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const VERSION: &str = "v0.19.1";

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) json: Value,
}

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
    let address = sim.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    stream
        .write_all(format!("{head}\r\n{body}").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    // A reset is as good as a close here.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, text) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Some(Reply {
        status,
        headers,
        text: text.to_owned(),
        json: serde_json::from_str(text).unwrap_or_default(),
    })
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
