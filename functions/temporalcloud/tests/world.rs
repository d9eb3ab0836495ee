//! The simulator, dressed for the conformance suite: a world with one of everything.

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::{Case, Leaves, Subject};
use rollcall_simulators::temporalcloud::{Options, Ordering, TEST_KEY, TemporalCloud, World};
use rollcall_simulators::{Fault, Request};
use serde_json::{Value, json};

pub(crate) struct Simulated {
    pub(crate) sim: TemporalCloud,
}

impl Simulated {
    pub(crate) async fn of(world: World) -> Self {
        let sim = TemporalCloud::start(world, Options::default())
            .await
            .expect("a simulator");
        Self { sim }
    }
}

#[async_trait]
impl Subject for Simulated {
    async fn start() -> Self {
        Self::of(World::rich()).await
    }

    fn entry() -> Entry {
        rollcall_temporalcloud::entry()
    }

    fn secret(&self) -> Value {
        json!({"api-key": TEST_KEY, "base-url": self.sim.base_url()})
    }

    fn tokens(&self) -> Vec<String> {
        vec![TEST_KEY.into()]
    }

    fn split_pages(&self, size: usize, hollow: bool) {
        self.sim.set_options(|o| {
            o.force_page_size = Some(size);
            o.empty_page_with_token = hollow;
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
        self.sim.with_world(|w| w.access_view())
    }

    fn hide_principal(&self) -> Option<String> {
        // A member whose account was deleted between the two lists.
        self.sim.with_world(|w| {
            w.add_member("g-cloud", "u-ghost");
        });
        Some("user:u-ghost".into())
    }

    fn become_another_tenant(&self) {
        self.sim.with_world(|w| w.account_id = "zz999".into());
    }

    fn minimum_calls(&self) -> usize {
        let (groups, projects) = self.sim.with_world(|w| (w.groups.len(), w.projects.len()));
        // Account, identity, six lists, the members of each group, the service accounts of each project, and the one
        // namespace that somebody has an entry for although no list shows it.
        2 + 6 + groups + projects + 1
    }

    fn cases() -> Vec<Case> {
        vec![
            Case {
                entitlement: "namespace:demo.a1b23:read",
                principal: "user:u-read",
                leaves: Leaves::AsBefore,
            },
            Case {
                entitlement: "namespace:billing.a1b23:admin",
                principal: "service-account:sa-deploy",
                leaves: Leaves::AsBefore,
            },
            Case {
                entitlement: "namespace:demo.a1b23:write",
                principal: "group:g-cloud",
                leaves: Leaves::AsBefore,
            },
            // Write gives way to read; taking read leaves nothing.
            Case {
                entitlement: "namespace:demo.a1b23:read",
                principal: "user:u2",
                leaves: Leaves::Changed(|view| remove_namespace(view, "u2", "demo.a1b23")),
            },
            // Read gives way to developer; taking developer leaves read.
            Case {
                entitlement: "account-role:a1b23-developer:member",
                principal: "user:u-read",
                leaves: Leaves::AsBefore,
            },
            // Read gives way to admin; taking admin leaves developer.
            Case {
                entitlement: "account-role:a1b23-admin:member",
                principal: "user:u-read",
                leaves: Leaves::Changed(|view| set_role(view, "u-read", "ROLE_DEVELOPER")),
            },
            // A group keeps no role.
            Case {
                entitlement: "account-role:a1b23-read:member",
                principal: "group:g-cloud",
                leaves: Leaves::Changed(|view| set_role(view, "g-cloud", "")),
            },
        ]
    }
}

fn remove_namespace(view: &mut Value, user: &str, namespace: &str) {
    let access = &mut view["users"][user]["access"];
    let entries = access["namespaceAccesses"]
        .as_object_mut()
        .expect("entries");
    entries.remove(namespace);
    if entries.is_empty() {
        access
            .as_object_mut()
            .expect("access")
            .remove("namespaceAccesses");
    }
}

fn set_role(view: &mut Value, principal: &str, role: &str) {
    let kind = if principal.starts_with("g-") {
        "groups"
    } else {
        "users"
    };
    let access = &mut view[kind][principal]["access"];
    if role.is_empty() {
        access
            .as_object_mut()
            .expect("access")
            .remove("accountAccess");
    } else {
        access["accountAccess"]["role"] = role.into();
    }
}
