//! What must hold of roles: after expansion, those who hold a role are those whom the vendor lists as its members, whether
//! by hand or through a group. What the vendor calls implicit is a grant of its own only where no group that is shown
//! explains it, and then a warning says so.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{Both, ENGINEERING_ID, Sizes, World, directory_group_id};
use rollcall_simulators::{Fault, FaultKind};
use rollcall_snapshot::{Filter, Snapshot};
use serde_json::json;

use crate::{Desk, Simulated};

/// All ways in which somebody may be listed who holds a role by hand and through a group.
const BOTH: [Both; 3] = [Both::Explicit, Both::Implicit, Both::TwoRows];

type Pair = (String, String);

/// Who holds which role, in a snapshot.
fn holders(shown: &Shown) -> BTreeSet<Pair> {
    let role = |grant: &&rollcall_snapshot::Grant| grant.resource.starts_with("role:");
    let grants = shown.grants.values().filter(role);
    grants
        .filter_map(|g| {
            assert_eq!(g.entitlement, format!("{}:assigned", g.resource));
            let user = g.principal.strip_prefix("user:")?;
            let role = g.resource.strip_prefix("role:")?;
            Some((role.to_owned(), user.to_owned()))
        })
        .collect()
}

/// What is to be expected, worked out from the world and not from what the API makes of it.
#[derive(Debug, Default)]
struct Expected {
    holders: BTreeSet<Pair>,
    /// By hand, as far as the API tells.
    by_hand: BTreeSet<Pair>,
    /// Listed as implicit, and explained by no group that shows.
    unexplained: BTreeSet<Pair>,
}

fn expected(world: &World, both: Both) -> Expected {
    let mut expected = Expected::default();
    for (role_id, role) in &world.roles {
        let pair = |user: &str| (role_id.clone(), user.to_owned());
        let (mut through, mut shown) = (BTreeSet::new(), BTreeSet::new());
        for group in role.directory_groups.iter().flatten() {
            let Some(group) = world.groups.get(group) else {
                continue;
            };
            let people = group.members.iter().filter_map(|m| m.id.clone());
            let people: BTreeSet<String> = people.collect();
            if group.listed {
                shown.extend(people.clone());
            }
            through.extend(people);
        }
        for user in &role.explicit {
            expected.holders.insert(pair(user));
            if !(both == Both::Implicit && through.contains(user)) {
                expected.by_hand.insert(pair(user));
            }
        }
        for user in &through {
            expected.holders.insert(pair(user));
            let hidden = role.explicit.contains(user) && both != Both::Implicit;
            if !shown.contains(user) && !hidden {
                expected.unexplained.insert(pair(user));
            }
        }
    }
    expected
}

/// The snapshot shows who holds which role, and how, as it is in this world.
fn check(world: &World, both: Both, shown: &Shown) {
    let expected = expected(world, both);
    assert_eq!(holders(shown), expected.holders, "{both:?}");
    let own = |immutable: bool| -> BTreeSet<Pair> {
        let grants = shown.grants.values().filter(|g| {
            g.direct && g.resource.starts_with("role:") && g.principal.starts_with("user:")
        });
        grants
            .filter(|g| g.immutable == immutable)
            .filter_map(|g| {
                let role = g.resource.strip_prefix("role:")?;
                let user = g.principal.strip_prefix("user:")?;
                Some((role.to_owned(), user.to_owned()))
            })
            .collect()
    };
    assert_eq!(own(false), expected.by_hand, "by hand, {both:?}");
    assert_eq!(own(true), expected.unexplained, "unexplained, {both:?}");
    let warned: Vec<String> = shown.warnings();
    let warned: Vec<&String> = warned
        .iter()
        .filter(|w| w.starts_with("UnexplainedGrants"))
        .collect();
    let n = expected.unexplained.len();
    let text = format!("UnexplainedGrants: the vendor shows {n} grants");
    assert_eq!(warned.len(), usize::from(n > 0), "{warned:?}");
    assert!(warned.iter().all(|w| w.starts_with(&text)), "{warned:?}");
    let dangling = world.roles.values().map(|role| {
        let missing = |group: &&String| world.listed_group(group).is_none();
        let links = role.directory_groups.iter().flatten().filter(missing);
        links.collect::<BTreeSet<_>>().len()
    });
    assert_eq!(links_that_dangle(shown), dangling.sum::<usize>());
}

/// How many links the warning tells of; it names the first three.
fn links_that_dangle(shown: &Shown) -> usize {
    let warnings = shown.warnings();
    let mut found = warnings
        .iter()
        .filter(|w| w.starts_with("DanglingReference: "));
    let Some(warning) = found.next() else {
        return 0;
    };
    assert_eq!(found.next(), None);
    let more = warning.split("; and ").nth(1);
    let more = more.map_or(0, |more| {
        let n = more.strip_suffix(" more like these").expect("a number");
        n.parse().expect("a number")
    });
    warning.matches(", which is not there").count() + more
}

async fn holds_of(world: World) {
    for both in BOTH {
        let desk = Desk::around(Simulated::of(world.clone()).await);
        desk.vendor.sim.set_options(|o| o.both = both);
        check(&world, both, &Shown::by(&desk).await);
    }
}

#[tokio::test]
async fn with_every_oddity_there_is_a_role_is_held_by_whom_the_vendor_lists() {
    holds_of(World::rich()).await;
}

#[tokio::test]
async fn in_a_middling_organization_a_role_is_held_by_whom_the_vendor_lists() {
    holds_of(World::generate(&Sizes::default(), 11)).await;
}

/// A group that no list shows explains nothing: those whom the vendor lists through it keep the role, each by a grant
/// that nobody can take away by itself.
#[tokio::test]
async fn who_holds_a_role_through_a_group_that_does_not_show_holds_it_all_the_same() {
    let hidden = directory_group_id("01HIDDEN");
    let gone = directory_group_id("01GONE");
    let mut world = World::worked_example();
    world
        .add_group(&hidden, "Hidden", "h")
        .edit_group(&hidden, |group| group.listed = false)
        .join(&hidden, "carol-p")
        .join(&hidden, "alice-w")
        .join(&hidden, "bob-k")
        .link("developer", &hidden)
        .link("developer", &gone)
        .link("org-admin", &hidden);
    holds_of(world.clone()).await;

    let desk = Desk::around(Simulated::of(world).await);
    let shown = Shown::by(&desk).await;
    // Engineering explains Alice and Carol as developers, and Bob was given the role; nothing explains them as admins.
    let direct: Vec<&str> = shown.held_directly("user:carol-p");
    assert_eq!(
        direct,
        [
            format!("group:{ENGINEERING_ID}:member").as_str(),
            "role:org-admin:assigned"
        ]
    );
    assert!(shown.grant("role:org-admin:assigned:user:bob-k").immutable);
    assert!(
        !shown
            .grant("role:org-admin:assigned:user:alice-w")
            .immutable
    );
    let warnings = shown.warnings();
    for warning in [
        format!(
            "DanglingReference: role developer is linked to the directory group {gone}, which is not there; role developer is linked to the directory group {hidden}, which is not there; role org-admin is linked to the directory group {hidden}, which is not there"
        ),
        "UnexplainedGrants: the vendor shows 2 grants as following from others, which it does not show: they are kept, as grants of their own".to_owned(),
    ] {
        assert!(warnings.contains(&warning), "{warning}: {warnings:#?}");
    }
    assert!(!shown.resources.contains_key(&format!("group:{hidden}")));
}

/// The vendor lists somebody as implicit, and the role as linked to nothing: the link was cut in between.
#[tokio::test]
async fn an_implicit_member_of_a_role_without_groups_is_reported() {
    let desk = Desk::around(Simulated::of(World::worked_example()).await);
    desk.vendor
        .sim
        .set_faults(vec![Fault::every(FaultKind::without(
            "data/roles/*/directoryGroups",
        ))]);
    let shown = Shown::by(&desk).await;
    assert_eq!(
        shown.held_directly("user:carol-p"),
        [
            format!("group:{ENGINEERING_ID}:member").as_str(),
            "role:developer:assigned"
        ]
    );
    assert!(
        shown
            .grant("role:developer:assigned:user:carol-p")
            .immutable
    );
    assert!(
        shown
            .warnings()
            .iter()
            .any(|w| w.starts_with("UnexplainedGrants: the vendor shows 2 grants")),
        "{:?}",
        shown.warnings()
    );
}

/// The list of groups is read once by each process: if a group hides in between, its members have been read and nothing
/// passes the role on to them.
#[tokio::test]
async fn a_group_that_hides_while_a_sync_is_cut_explains_nothing() {
    // The roles have pages, so that the last may be read after the group's members.
    let mut world = World::worked_example();
    for n in 0..6 {
        world.add_role(&format!("filler-{n}"), "Filler");
    }
    world.link("org-admin", ENGINEERING_ID);
    let mut desk = Desk::around(Simulated::of(world.clone()).await);
    desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
    let mut lost = 0;
    for cut in 1..=24 {
        desk.afresh();
        desk.vendor.sim.with_world(|w| *w = world.clone());
        desk.cx.settings.max_steps = Some(cut);
        let first = answer_of(desk.invoke(Operation::Sync, json!({})).await);
        desk.cx.settings.max_steps = None;
        if first["status"] == "complete" {
            break;
        }
        desk.vendor.sim.with_world(|w| {
            w.edit_group(ENGINEERING_ID, |group| group.listed = false);
        });
        let answer = answer_of(desk.finish(json!({"sync_id": first["sync_id"]})).await);
        assert_eq!(answer["status"], "complete", "{answer}");
        let shown = published(&desk, answer);
        let expected: BTreeSet<Pair> = [
            ("developer", "alice-w"),
            ("developer", "bob-k"),
            ("developer", "carol-p"),
            ("org-admin", "alice-w"),
            ("org-admin", "carol-p"),
        ]
        .map(|(role, user)| (role.to_owned(), user.to_owned()))
        .into();
        assert_eq!(holders(&shown), expected, "cut at {cut}");
        lost += usize::from(
            shown
                .warnings()
                .iter()
                .any(|w| w.starts_with("UnexplainedGrants")),
        );
    }
    assert!(lost > 0, "it never hid in time");
}

/// The grants of a finished sync.
fn published(desk: &Desk, answer: serde_json::Value) -> Shown {
    let snapshot =
        Snapshot::read(desk.snapshot(&answer).as_slice(), "the snapshot").expect("readable");
    let mut grants = BTreeMap::new();
    let read = snapshot.grants(
        &Filter::default(),
        |g| -> Result<(), rollcall_connector::Error> {
            grants.insert(g.id.clone(), g);
            Ok(())
        },
    );
    read.expect("grants");
    Shown {
        answer,
        resources: BTreeMap::new(),
        entitlements: BTreeMap::new(),
        grants,
    }
}

#[derive(Debug, Clone)]
struct SampleGroup {
    listed: bool,
    people: BTreeSet<usize>,
    without_account: usize,
}

#[derive(Debug, Clone)]
struct SampleRole {
    by_hand: BTreeSet<usize>,
    /// Beyond the groups that there are: groups that are not.
    links: Vec<usize>,
}

#[derive(Debug, Clone)]
struct Sample {
    /// The last two are not members.
    people: usize,
    groups: Vec<SampleGroup>,
    roles: Vec<SampleRole>,
    both: Both,
    page: Option<usize>,
    hollow: bool,
    seed: u64,
    cut: Option<usize>,
}

fn sample() -> impl Strategy<Value = Sample> {
    let someone = || proptest::collection::btree_set(0_usize..8, 0..6);
    let group = (prop::bool::weighted(0.75), someone(), 0_usize..3);
    let group = group.prop_map(|(listed, people, without_account)| SampleGroup {
        listed,
        people,
        without_account,
    });
    let role = (someone(), proptest::collection::vec(0_usize..6, 0..5));
    let role = role.prop_map(|(by_hand, links)| SampleRole { by_hand, links });
    (
        3_usize..8,
        proptest::collection::vec(group, 0..5),
        proptest::collection::vec(role, 0..5),
        prop_oneof![
            Just(Both::Explicit),
            Just(Both::Implicit),
            Just(Both::TwoRows)
        ],
        proptest::option::of(1_usize..4),
        any::<bool>(),
        any::<u64>(),
        proptest::option::of(1_usize..12),
    )
        .prop_map(
            |(people, groups, roles, both, page, hollow, seed, cut)| Sample {
                people,
                groups,
                roles,
                both,
                page,
                hollow,
                seed,
                cut,
            },
        )
}

fn group_id(n: usize) -> String {
    directory_group_id(&format!("01G{n}"))
}

impl Sample {
    fn world(&self) -> World {
        let mut world = World::worked_example();
        world.members.clear();
        world.groups.clear();
        world.roles.clear();
        let person = |n: &usize| format!("p-{n}");
        for n in 0..self.people {
            world.add_member(&person(&n), &format!("Person {n}"), "");
        }
        for (n, group) in self.groups.iter().enumerate() {
            let id = group_id(n);
            world
                .add_group(&id, "Group", "g")
                .edit_group(&id, |g| g.listed = group.listed);
            for someone in &group.people {
                world.join(&id, &person(someone));
            }
            for _ in 0..group.without_account {
                // Of the same address as somebody who has an account: that says nothing.
                world.add_without_account(&id, "Person 0", "p-0@acme.test");
            }
        }
        for (n, role) in self.roles.iter().enumerate() {
            let id = format!("role-{n}");
            world.add_role(&id, "Role");
            for someone in &role.by_hand {
                world.assign(&id, &person(someone));
            }
            for link in &role.links {
                world.link(&id, &group_id(*link));
            }
        }
        world
    }
}

#[test]
fn whatever_the_groups_and_links_a_role_is_held_by_whom_the_vendor_lists() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let desk = runtime.block_on(async { Desk::around(Simulated::of(World::empty()).await) });
    let desk = RefCell::new(desk);
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::with_cases(40)
    };
    let result = TestRunner::new(config).run(&sample(), |sample| {
        let mut desk = desk.borrow_mut();
        let world = sample.world();
        desk.vendor.sim.with_world(|w| *w = world.clone());
        desk.vendor.sim.set_options(|o| {
            o.both = sample.both;
            o.force_page_size = sample.page;
            o.empty_pages = usize::from(sample.hollow);
            o.ordering = rollcall_simulators::Ordering::Shuffled(sample.seed);
        });
        desk.afresh();
        desk.cx.settings.max_steps = sample.cut;
        let shown = runtime.block_on(Shown::by(&desk));
        check(&world, sample.both, &shown);
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
        Ok(())
    });
    if let Err(e) = result {
        panic!("{e}");
    }
}

/// However often it is cut: what was read before and what is read after explain each other.
#[tokio::test]
async fn a_sync_that_is_cut_anywhere_still_knows_what_groups_explain() {
    let mut world = World::worked_example();
    let hidden = directory_group_id("01HIDDEN");
    world
        .add_group(&hidden, "Hidden", "h")
        .edit_group(&hidden, |group| group.listed = false)
        .join(&hidden, "bob-k")
        .link("org-admin", &hidden);
    let mut desk = Desk::around(Simulated::of(world.clone()).await);
    for cut in 1..=8 {
        desk.afresh();
        desk.cx.settings.max_steps = Some(cut);
        check(&world, Both::Explicit, &Shown::by(&desk).await);
    }
}
