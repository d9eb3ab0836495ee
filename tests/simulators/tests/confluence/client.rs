//! Proper requests.

use rollcall_simulators::confluence::{Confluence, Options, World};
use serde_json::{Value, json};

pub(crate) use crate::wire::Reply;
use crate::wire::exchange;

/// The administrator's classic token.
pub(crate) const ADA: &str = "Basic YWRhQGFjbWUuaW86dGVzdC10b2tlbg==";
/// The administrator's scoped token.
pub(crate) const SCOPED: &str = "Basic YWRhQGFjbWUuaW86c2NvcGVkLXRva2Vu";
/// The token of somebody who administers nothing.
pub(crate) const READER: &str = "Basic cmVhZGVyQGFjbWUuaW86cmVhZGVyLXRva2Vu";
/// The service account's token.
pub(crate) const SERVICE: &str = "Bearer bearer-token";

impl Reply {
    pub(crate) fn message(&self) -> &str {
        self.json["message"].as_str().unwrap_or_default()
    }

    /// The reason in any of the envelopes.
    pub(crate) fn reason(&self) -> String {
        let text = self.json["errors"][0]["title"].as_str();
        let text = text.unwrap_or_else(|| self.message());
        text.rsplit("Exception: ")
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn rows(&self) -> &[Value] {
        self.json["results"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// One text of every row.
    pub(crate) fn all(&self, pointer: &str) -> Vec<&str> {
        let rows = self.rows().iter();
        rows.map(|row| {
            row.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        })
        .collect()
    }

    pub(crate) fn next(&self) -> Option<&str> {
        self.json["_links"]["next"].as_str()
    }
}

pub(crate) async fn sim(world: World) -> Confluence {
    Confluence::start(world, Options::default()).await.unwrap()
}

/// A proper request with these credentials; `path` includes `/wiki`.
pub(crate) async fn send(
    sim: &Confluence,
    who: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Reply {
    let mut headers = vec![("authorization", who), ("accept", "application/json")];
    if method != "GET" && path.contains("/rest/api/") {
        headers.push(("x-atlassian-token", "no-check"));
    }
    if body.is_some() {
        headers.push(("content-type", "application/json"));
    }
    let body = body.map(Value::to_string).unwrap_or_default();
    exchange(&sim.base_url(), method, path, &headers, &body)
        .await
        .unwrap()
}

pub(crate) async fn get(sim: &Confluence, path: &str) -> Reply {
    send(sim, ADA, "GET", path, None).await
}

pub(crate) async fn post(sim: &Confluence, path: &str, body: &Value) -> Reply {
    send(sim, ADA, "POST", path, Some(body)).await
}

pub(crate) async fn delete(sim: &Confluence, path: &str) -> Reply {
    send(sim, ADA, "DELETE", path, None).await
}

/// Grants a permission such as `read/space`.
pub(crate) async fn grant(sim: &Confluence, key: &str, kind: &str, who: &str, pair: &str) -> Reply {
    let (verb, noun) = pair.split_once('/').unwrap();
    let body = json!({"subject": {"type": kind, "identifier": who}, "operation": {"key": verb, "target": noun}});
    post(
        sim,
        &format!("/wiki/rest/api/space/{key}/permission"),
        &body,
    )
    .await
}

/// The permissions of somebody in a space, as `id verb/noun`.
pub(crate) async fn held(sim: &Confluence, space: u64, who: &str) -> Vec<String> {
    let reply = get(
        sim,
        &format!("/wiki/api/v2/spaces/{space}/permissions?limit=250"),
    )
    .await;
    let rows = reply
        .rows()
        .iter()
        .filter(|row| row["principal"]["id"] == who);
    let text =
        |row: &Value, pointer: &str| row.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    rows.map(|row| {
        let operation = [
            text(row, "/operation/key"),
            text(row, "/operation/targetType"),
        ];
        format!("{} {}", text(row, "/id"), operation.join("/"))
    })
    .collect()
}
