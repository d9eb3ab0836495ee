//! The simulator, dressed for the conformance suite: two sites with one of everything.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_engine::runtime::function::Entry;
use rollcall_harness::conformance::{Case, Leaves, Subject};
use rollcall_simulators::confluence::{
    Confluence, EmptyPage, Options, TEST_EMAIL, TEST_TOKEN, World,
};
use rollcall_simulators::{Fault, Ordering, Request};
use serde_json::{Value, json};

/// One of two sites: one that gives access by permissions, or one on the way to roles.
pub(crate) struct Simulated<const ROLES: bool = false> {
    pub(crate) sim: Confluence,
}

/// The site on the way to roles.
pub(crate) type WithRoles = Simulated<true>;

impl<const ROLES: bool> Simulated<ROLES> {
    pub(crate) async fn of(world: World) -> Self {
        let sim = Confluence::start(world, Options::default())
            .await
            .expect("a simulator");
        Self { sim }
    }
}

/// All that is odd about roles. What is odd about anything else the other site has, and to have it here too would take
/// most of the time that both take.
fn roles() -> World {
    let mut world = World::rich_with_roles();
    let spaces = [98310, 98323, 98330, 98331];
    world.spaces.retain(|id, _| spaces.contains(id));
    let groups = ["11-adm", "22-eng", "33-team", "35-bare"];
    world.groups.retain(|id, _| groups.contains(&id.as_str()));
    let members = world.groups.values().flat_map(|group| &group.members);
    let holders = world.spaces.values().flat_map(|space| {
        let rows = space.permissions.iter().map(|row| &row.principal);
        rows.chain(space.roles.keys()).map(|who| &who.id)
    });
    let named: BTreeSet<String> = members.chain(holders).cloned().collect();
    world.users.retain(|id, _| named.contains(id));
    world
}

#[async_trait]
impl<const ROLES: bool> Subject for Simulated<ROLES> {
    async fn start() -> Self {
        Self::of(if ROLES { roles() } else { World::rich() }).await
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

    fn only_reads(request: &Request) -> bool {
        // One list of ids is posted.
        request.method == "GET" || request.path.ends_with("/users-bulk")
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

    fn become_another_tenant(&self) {
        self.sim
            .with_world(|w| w.cloud_id = "00000000-0000-4000-8000-000000000bad".into());
    }

    fn minimum_calls(&self) -> usize {
        self.sim.with_world(|w| {
            let pages = |rows: usize, most: usize| rows.div_ceil(most).max(1);
            let members: usize = w.groups.values().map(|g| pages(g.members.len(), 200)).sum();
            // Those that Ada may view: all but one.
            let spaces = w.spaces.len() - 1;
            // Who we are (three), the mode, the search until nobody comes, groups and their members, spaces, and who was
            // only met.
            let both = 3 + 1 + 2 + pages(w.groups.len(), 200) + members + 1 + 1;
            // The roles; each space's rows and assignments. Or its rows alone; and one group that only they name.
            let own = if ROLES { 1 + 2 * spaces } else { spaces + 1 };
            both + own
        })
    }

    fn cases() -> Vec<Case> {
        if ROLES {
            cases_of_roles()
        } else {
            cases_of_permissions()
        }
    }
}

/// Members of groups, and permissions.
fn cases_of_permissions() -> Vec<Case> {
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

/// One role, another in its place, and a group.
fn cases_of_roles() -> Vec<Case> {
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
