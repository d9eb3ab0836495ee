//! The simulated Toybox, adapted to the conformance suite: `GET /me`, `/users`, `/groups`; `/groups/{id}/members`, also
//! written.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::{Bench, Case, Subject};
use rollcall_simulators::kit::{Api, Tenant};
use rollcall_simulators::{Answer, Call, Common, Configuration, Refusal, Server, Simulator};
use serde_json::{Value, json};

pub(crate) type Desk = Bench<Simulated>;

pub(crate) const KEY: &str = "toy-key-8f1d";

#[derive(Default)]
pub(crate) struct World {
    pub(crate) tenant: String,
    pub(crate) users: BTreeSet<String>,
    /// Groups with their members, `kind:id`.
    pub(crate) groups: BTreeMap<String, BTreeSet<String>>,
    pub(crate) page_size: usize,
    pub(crate) hollow: bool,
    pub(crate) reversed: bool,
}

pub(crate) struct Simulated {
    pub(crate) sim: Simulator<Toy>,
}

impl Simulated {
    pub(crate) async fn of(world: World) -> Self {
        let sim = Simulator::start(world, Box::default()).await;
        Self { sim: sim.expect("a port") }
    }

    pub(crate) fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.sim.with_world(look)
    }
}

pub(crate) struct Toy;

fn answer(status: u16, body: Value) -> Answer {
    Answer { status, body, ..Answer::default() }
}

fn refusal(status: u16, message: &str) -> Answer {
    answer(status, json!({ "error": message }))
}

fn violation(what: String) -> Answer {
    let mut answer = refusal(400, "unknown request");
    answer.violations.push(what);
    answer
}

impl Api for Toy {
    type World = World;
    type Options = Box<Common>;
    type Meters = ();

    fn configuration(sim: &Simulator<Self>) -> Configuration {
        Configuration::new([("api-key", KEY.to_owned()), ("base-url", sim.url())])
    }

    fn answer(tenant: &mut Tenant<Self>, call: &Call) -> Answer {
        let world = &mut tenant.world;
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
                let (puts, of) = (call.method == "PUT", members);
                let _ = if puts { of.insert(member) } else { of.remove(&member) };
                answer(200, json!({}))
            }
            _ => violation(format!("{} {}?{}", call.method, call.path, call.query)),
        }
    }

    fn envelope(_: &Self::Options, _: &Call, refusal: &Refusal) -> Value {
        json!({ "error": refusal.reason })
    }

    fn cursor(call: &Call) -> Option<String> {
        call.query.strip_prefix("cursor=").map(str::to_owned)
    }

    fn stale_cursor() -> Refusal {
        Refusal::new(410, "that cursor is too old")
    }

    fn repeat_cursor(_: &Self::Options, call: &Call, answer: &mut Answer) {
        if let Some(cursor) = Self::cursor(call) {
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

#[async_trait]
impl Subject for Simulated {
    const TOKENS: &'static [&'static str] = &[KEY, "hunter2"];

    /// Thirty users, all in one group, some in groups within groups.
    async fn start() -> Self {
        let users = || (0..30).map(|n| format!("u{n:03}"));
        let group = |name: &str, from: usize, to: usize, within: &[&str]| {
            let members = users().skip(from).take(to - from);
            let members = members.map(|user| format!("user:{user}"));
            let within = within.iter().map(|name| format!("group:{name}"));
            (name.to_owned(), members.chain(within).collect())
        };
        let groups = [
            group("all", 0, 30, &[]),
            group("builders", 3, 9, &["testers"]),
            group("outer", 1, 2, &["builders"]),
            group("testers", 8, 12, &["outer"]),
        ];
        let (tenant, users) = ("t-1".into(), users().collect());
        let world =
            World { tenant, users, groups: groups.into(), page_size: 10, ..World::default() };
        Self::of(world).await
    }

    fn server(&self) -> &Server {
        &self.sim
    }

    fn entry() -> Entry {
        rollcall_toybox::entry()
    }

    fn secret(&self) -> Value {
        json!({"api-key": KEY, "base-url": self.sim.url()})
    }

    fn tokens(&self) -> Vec<String> {
        vec![KEY.into()]
    }

    fn split_pages(&self, size: usize, hollow: bool) {
        self.with_world(|w| (w.page_size, w.hollow) = (size, hollow));
    }

    fn shuffle(&self, seed: u64) {
        self.with_world(|w| w.reversed = seed % 2 == 1);
    }

    fn view(&self) -> Value {
        self.with_world(|w| json!(w.groups))
    }

    fn hide_principal(&self) -> Option<String> {
        let ghost = "user:ghost".to_owned();
        self.with_world(|w| w.groups.get_mut("all")?.insert(ghost.clone()).then_some(ghost))
    }

    fn become_another_tenant(&self) {
        self.with_world(|w| w.tenant = "t-2".into());
    }

    fn minimum_calls(&self) -> usize {
        self.with_world(|w| {
            let pages = |rows: usize| rows.div_ceil(w.page_size).max(1);
            let of_groups: usize = w.groups.values().map(|members| pages(members.len())).sum();
            1 + pages(w.users.len()) + pages(w.groups.len()) + of_groups
        })
    }

    fn cases() -> Vec<Case> {
        let groups = Case::new("group:testers:member", "group:all");
        vec![Case::new("group:builders:member", "user:u020"), groups]
    }
}
