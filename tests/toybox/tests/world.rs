//! The simulator, dressed for the conformance suite.

use async_trait::async_trait;
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_harness::bad_input::Inputs;
use rollcall_harness::conformance::{Bench, Case, Leaves, Subject};
use rollcall_simulators::Server;
use serde_json::{Value, json};

pub(crate) use crate::simulator::Simulated;
use crate::simulator::{KEY, World};

/// A workbench for Toybox.
pub(crate) type Desk = Bench<Simulated>;

#[async_trait]
impl Subject for Simulated {
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
        Self::of(World {
            tenant: "t-1".into(),
            users: users().collect(),
            groups: groups.into(),
            page_size: 10,
            ..World::default()
        })
        .await
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn entry() -> Entry {
        rollcall_toybox::entry()
    }

    fn secret(&self) -> Value {
        json!({"api-key": KEY, "base-url": self.server.url()})
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
        let case =
            |entitlement, principal| Case { entitlement, principal, leaves: Leaves::AsBefore };
        let user = case("group:builders:member", "user:u020");
        vec![user, case("group:testers:member", "group:all")]
    }
}

impl Inputs for Simulated {
    const TOKENS: &'static [&'static str] = &[KEY, "hunter2"];

    fn good(operation: Operation) -> Value {
        let change = |id: &str, user: &str| {
            let what = "group:builders:member";
            json!({"request_id": id, "entitlement": what, "principal": user})
        };
        match operation {
            Operation::Sync => json!({}),
            Operation::Grant => change("g1", "user:u020"),
            _ => change("v1", "user:u003"),
        }
    }
}
