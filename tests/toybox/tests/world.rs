//! The simulator, dressed for the conformance suite.

use async_trait::async_trait;
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_harness::bad_input::Inputs;
use rollcall_harness::conformance::{Bench, Case, Leaves, Subject};
use rollcall_simulators::{Fault, Request};
use serde_json::{Value, json};

use crate::simulator::{KEY, Toybox, World};

/// Thirty users, all in one group, some in groups within groups.
pub(crate) struct Simulated(pub(crate) Toybox);

/// A workbench for Toybox.
pub(crate) type Desk = Bench<Simulated>;

#[async_trait]
impl Subject for Simulated {
    async fn start() -> Self {
        let users: Vec<String> = (0..30).map(|n| format!("u{n:03}")).collect();
        let group = |name: &str, range: std::ops::Range<usize>, within: &[&str]| {
            let members = users[range].iter().map(|user| format!("user:{user}"));
            let within = within.iter().map(|name| format!("group:{name}"));
            (name.to_owned(), members.chain(within).collect())
        };
        let groups = [
            group("all", 0..30, &[]),
            group("builders", 3..9, &["testers"]),
            group("outer", 1..2, &["builders"]),
            group("testers", 8..12, &["outer"]),
        ];
        let world = World {
            tenant: "t-1".into(),
            users: users.iter().cloned().collect(),
            groups: groups.into(),
            page_size: 10,
            ..World::default()
        };
        Self(Toybox::start(world).await)
    }

    fn entry() -> Entry {
        rollcall_toybox::entry()
    }

    fn secret(&self) -> Value {
        json!({"api-key": KEY, "base-url": self.0.server.url()})
    }

    fn tokens(&self) -> Vec<String> {
        vec![KEY.into()]
    }

    fn split_pages(&self, size: usize, hollow: bool) {
        self.0
            .with_world(|w| (w.page_size, w.hollow) = (size, hollow));
    }

    fn shuffle(&self, seed: u64) {
        self.0.with_world(|w| w.reversed = seed % 2 == 1);
    }

    fn set_faults(&self, faults: Vec<Fault>) {
        self.0.server.set_faults(faults);
    }

    fn requests(&self) -> Vec<Request> {
        self.0.server.requests()
    }

    fn clear_requests(&self) {
        self.0.server.clear_requests();
    }

    fn violations(&self) -> Vec<String> {
        self.0.server.violations()
    }

    fn view(&self) -> Value {
        self.0.with_world(|w| json!(w.groups))
    }

    fn hide_principal(&self) -> Option<String> {
        self.0.with_world(|w| {
            let all = w.groups.get_mut("all").expect("a group");
            all.insert("user:ghost".into());
        });
        Some("user:ghost".into())
    }

    fn become_another_tenant(&self) {
        self.0.with_world(|w| w.tenant = "t-2".into());
    }

    fn minimum_calls(&self) -> usize {
        self.0.with_world(|w| {
            let pages = |rows: usize| rows.div_ceil(w.page_size).max(1);
            let of_groups: usize = w.groups.values().map(|members| pages(members.len())).sum();
            1 + pages(w.users.len()) + pages(w.groups.len()) + of_groups
        })
    }

    fn cases() -> Vec<Case> {
        let case = |entitlement, principal| Case {
            entitlement,
            principal,
            leaves: Leaves::AsBefore,
        };
        vec![
            case("group:builders:member", "user:u020"),
            case("group:testers:member", "group:all"),
        ]
    }
}

impl Inputs for Simulated {
    const TOKENS: &'static [&'static str] = &[KEY, "hunter2"];

    fn good(operation: Operation) -> Value {
        let change = |id: &str, user: &str| json!({"request_id": id, "entitlement": "group:builders:member", "principal": user});
        match operation {
            Operation::Sync => json!({}),
            Operation::Grant => change("g1", "user:u020"),
            _ => change("v1", "user:u003"),
        }
    }
}
