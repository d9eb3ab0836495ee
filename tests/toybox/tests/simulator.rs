//! The simulator of Toybox: `GET /me`, `/users`, `/groups`, `/groups/{id}/members`; `PUT` and `DELETE` of a member.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rollcall_simulators::{Answer, Call, Server, Vendor};
use serde_json::{Value, json};

/// The key that is good.
pub(crate) const KEY: &str = "toy-key-8f1d";

/// A tenant of Toybox and how its lists are cut.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) tenant: String,
    pub(crate) users: BTreeSet<String>,
    /// Groups with their members, `kind:id`.
    pub(crate) groups: BTreeMap<String, BTreeSet<String>>,
    pub(crate) page_size: usize,
    /// Each list begins with an empty page.
    pub(crate) hollow: bool,
    /// Lists are the other way round.
    pub(crate) reversed: bool,
}

/// A running simulator.
pub(crate) struct Simulated {
    pub(crate) server: Server,
    world: Arc<Mutex<World>>,
}

impl Simulated {
    pub(crate) async fn of(world: World) -> Self {
        let world = Arc::new(Mutex::new(world));
        let vendor = Arc::new(Api(world.clone()));
        let server = Server::start(vendor, 0).await.expect("a port");
        Self { server, world }
    }

    pub(crate) fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Api(Arc<Mutex<World>>);

fn answer(status: u16, body: Value) -> Answer {
    Answer { status, headers: Vec::new(), body, violations: Vec::new() }
}

fn refusal(status: u16, message: &str) -> Answer {
    answer(status, json!({ "error": message }))
}

/// The refusal of a request that the API does not know.
fn violation(what: String) -> Answer {
    let mut answer = refusal(400, "unknown request");
    answer.violations.push(what);
    answer
}

impl Vendor for Api {
    fn answer(&self, call: &Call) -> Answer {
        let world = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if call.header("authorization") != Some(&format!("Bearer {KEY}")) {
            return refusal(401, "who are you?");
        }
        let path: Vec<&str> = call.path.split('/').skip(1).collect();
        match (&*call.method, &path[..]) {
            ("GET", ["me"]) if call.query.is_empty() => {
                answer(200, json!({"id": "u000", "tenant": world.tenant}))
            }
            ("GET", ["users"]) => {
                let row = |id: &String| json!({"id": id, "name": format!("User {id}")});
                page(world, call, world.users.iter().map(row).collect())
            }
            ("GET", ["groups"]) => {
                let row = |id: &String| json!({"id": id, "name": ""});
                page(world, call, world.groups.keys().map(row).collect())
            }
            ("GET", ["groups", group, "members"]) => match world.groups.get(*group) {
                Some(members) => {
                    let row = |member: &String| {
                        let (kind, id) = member.split_once(':').expect("kind:id");
                        json!({"kind": kind, "id": id})
                    };
                    page(world, call, members.iter().map(row).collect())
                }
                None => refusal(404, "no such group"),
            },
            ("PUT" | "DELETE", ["groups", group, "members", kind, id]) if call.query.is_empty() => {
                let Some(members) = world.groups.get_mut(*group) else {
                    return refusal(404, "no such group");
                };
                let member = format!("{kind}:{id}");
                match call.method == "PUT" {
                    true => members.insert(member),
                    false => members.remove(&member),
                };
                answer(200, json!({}))
            }
            _ => violation(format!("{} {}?{}", call.method, call.path, call.query)),
        }
    }

    fn latency(&self) -> Duration {
        Duration::ZERO
    }

    fn error_body(&self, _: &Call, status: u16) -> Value {
        json!({"error": format!("status {status}")})
    }

    fn carries_cursor(&self, call: &Call) -> bool {
        call.query.starts_with("cursor=")
    }

    fn stale_cursor(&self, _call: &Call) -> Answer {
        refusal(410, "that cursor is too old")
    }

    fn repeat_cursor(&self, call: &Call, answer: &mut Answer) {
        if let Some(cursor) = call.query.strip_prefix("cursor=") {
            answer.body["next"] = cursor.into();
        }
    }
}

/// A page of a list. A cursor is `e` for the page after an empty one, or the number of the first row.
fn page(world: &World, call: &Call, mut rows: Vec<Value>) -> Answer {
    if world.reversed {
        rows.reverse();
    }
    let from = match &*call.query {
        "" if world.hollow => return answer(200, json!({"items": [], "next": "e"})),
        "" | "cursor=e" => 0,
        query => match query.strip_prefix("cursor=").map(str::parse) {
            Some(Ok(from)) => from,
            _ => return violation(format!("{}?{query}", call.path)),
        },
    };
    let to = (from + world.page_size).min(rows.len());
    let next = (to < rows.len()).then(|| to.to_string());
    answer(200, json!({"items": rows.get(from..to), "next": next}))
}
