//! The simulator, dressed for the conformance suite: two sites with one of everything.

use async_trait::async_trait;
use rollcall::function::Entry;
use rollcall_harness::conformance::{Case, Leaves, Subject};
use rollcall_simulators::confluence::{
    Confluence, EmptyPage, Options, TEST_EMAIL, TEST_TOKEN, World,
};
use rollcall_simulators::{Fault, Ordering, Request};
use serde_json::{Value, json};

/// A site that gives access by permissions.
pub(crate) struct Simulated {
    pub(crate) sim: Confluence,
}

impl Simulated {
    pub(crate) async fn of(world: World) -> Self {
        let sim = Confluence::start(world, Options::default())
            .await
            .expect("a simulator");
        Self { sim }
    }

    /// The spaces that Ada may view: all but one.
    fn spaces(&self) -> usize {
        self.sim.with_world(|w| w.spaces.len()) - 1
    }

    /// The calls of a sync: who we are (three), the mode, the search until nobody comes, groups and their members,
    /// spaces and their lists, and who was only met.
    fn minimum(&self) -> usize {
        self.sim.with_world(|w| {
            let pages = |rows: usize, most: usize| rows.div_ceil(most).max(1);
            let members: usize = w.groups.values().map(|g| pages(g.members.len(), 200)).sum();
            3 + 1 + 2 + pages(w.groups.len(), 200) + members + 1
        })
    }
}

#[async_trait]
impl Subject for Simulated {
    async fn start() -> Self {
        Self::of(World::rich()).await
    }

    fn entry() -> Entry {
        rollcall_confluence::entry()
    }

    fn secret(&self) -> Value {
        json!({"domain-url": self.sim.base_url(), "username": TEST_EMAIL, "api-key": TEST_TOKEN})
    }

    fn tokens(&self) -> Vec<String> {
        // The header that it is sent in, too.
        vec![TEST_TOKEN.into(), "YWRhQGFjbWUuaW86".into()]
    }

    fn split_pages(&self, size: usize, hollow: bool) {
        self.sim.set_options(|o| {
            o.force_page_size = Some(size);
            (o.v1_empty_page, o.v2_empty_page) = if hollow {
                (EmptyPage::Last, EmptyPage::First)
            } else {
                (EmptyPage::Never, EmptyPage::Never)
            };
        });
    }

    fn shuffle(&self, seed: u64) {
        self.sim
            .set_options(|o| o.ordering = Ordering::Shuffled(seed));
    }

    fn set_faults(&self, faults: Vec<Fault>) {
        self.sim.set_faults(faults);
    }

    fn requests(&self) -> Vec<Request> {
        self.sim.requests()
    }

    fn clear_requests(&self) {
        self.sim.clear_requests();
    }

    fn violations(&self) -> Vec<String> {
        self.sim.violations()
    }

    fn view(&self) -> Value {
        self.sim.access_view()
    }

    fn hide_principal(&self) -> Option<String> {
        self.sim.with_world(|w| {
            w.grant(98310, "user", "712020:ghost", "export/space");
        });
        Some("user:712020:ghost".into())
    }

    fn lose_nearly_everything(&self) {
        self.sim.with_world(|w| {
            for group in w.groups.values_mut() {
                group.members.clear();
            }
        });
    }

    fn become_another_tenant(&self) {
        self.sim
            .with_world(|w| w.cloud_id = "00000000-0000-4000-8000-000000000bad".into());
    }

    fn minimum_calls(&self) -> usize {
        // Each space's rows; one look-up of accounts; one group that only a permission names.
        self.minimum() + self.spaces() + 1 + 1
    }

    fn cases() -> Vec<Case> {
        vec![
            Case {
                entitlement: "group:34-open:member",
                principal: "user:712020:reader",
                leaves: Leaves::AsBefore,
            },
            Case {
                entitlement: "space:98320:export-space",
                principal: "user:712020:reader",
                leaves: Leaves::AsBefore,
            },
            Case {
                entitlement: "space:98320:create-page",
                principal: "group:33-team",
                leaves: Leaves::AsBefore,
            },
            // Viewing comes with it, and stays.
            Case {
                entitlement: "space:98310:create-page",
                principal: "user:712020:capital",
                leaves: Leaves::Changed(|view| {
                    view["spaces"]["98310"]["permissions"]["user:712020:capital"] =
                        json!(["read/space"]);
                }),
            },
        ]
    }
}

/// A site on the way to roles.
pub(crate) struct WithRoles(Simulated);

#[async_trait]
impl Subject for WithRoles {
    async fn start() -> Self {
        Self(Simulated::of(World::rich_with_roles()).await)
    }

    fn entry() -> Entry {
        Simulated::entry()
    }

    fn secret(&self) -> Value {
        self.0.secret()
    }

    fn tokens(&self) -> Vec<String> {
        self.0.tokens()
    }

    fn split_pages(&self, size: usize, hollow: bool) {
        self.0.split_pages(size, hollow);
    }

    fn shuffle(&self, seed: u64) {
        self.0.shuffle(seed);
    }

    fn set_faults(&self, faults: Vec<Fault>) {
        self.0.set_faults(faults);
    }

    fn requests(&self) -> Vec<Request> {
        self.0.requests()
    }

    fn clear_requests(&self) {
        self.0.clear_requests();
    }

    fn violations(&self) -> Vec<String> {
        self.0.violations()
    }

    fn view(&self) -> Value {
        self.0.view()
    }

    fn hide_principal(&self) -> Option<String> {
        self.0.hide_principal()
    }

    fn lose_nearly_everything(&self) {
        self.0.lose_nearly_everything();
    }

    fn become_another_tenant(&self) {
        self.0.become_another_tenant();
    }

    fn minimum_calls(&self) -> usize {
        self.0.minimum() + 1 + 2 * self.0.spaces() + 1 + 1
    }

    fn cases() -> Vec<Case> {
        vec![
            Case {
                entitlement: "space_role_assignment:98331:role-viewer:assigned",
                principal: "user:712020:reader",
                leaves: Leaves::AsBefore,
            },
            Case {
                entitlement: "space_role_assignment:98330:role-manager:assigned",
                principal: "group:35-bare",
                leaves: Leaves::AsBefore,
            },
            // One role gives way to the other.
            Case {
                entitlement: "space_role_assignment:98330:role-manager:assigned",
                principal: "user:712020:reader",
                leaves: Leaves::Changed(|view| {
                    let roles = view["spaces"]["98330"]["roles"].as_object_mut();
                    roles.expect("roles").remove("user:712020:reader");
                }),
            },
        ]
    }
}
