//! Nothing missing and nothing wrong: after expansion, the holders of a role are those that the vendor lists as its
//! members, directly or through a group. What the vendor calls implicit is a separate grant only if no shown group
//! explains it, and then a warning says so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{Both, ENGINEERING_ID, Sizes, World, directory_group_id};
use rollcall_simulators::{FaultKind, Ordering};

use crate::world::{
    Desk, ENGINEERS, ROLES, at, calls, desk_of, entries, hide, is_listed, nobody, texts,
};

/// All ways to list somebody who has a role directly and through a group.
const BOTH: [Both; 3] = [Both::Explicit, Both::Implicit, Both::TwoRows];

/// The snapshot shows what this world states and implies, and nothing else: for each grant, whether it is stated and
/// whether it is immutable.
fn check(world: &World, both: Both, shown: &Shown) {
    let view = world.access_view();
    let (mut without_account, mut unexplained, mut dangling) = (0, 0, Vec::new());
    let (mut grants, mut entitlements) = (BTreeMap::new(), BTreeSet::new());
    let members = texts(&view["members"]).map(|id| format!("user:{id}"));
    let mut resources: BTreeSet<String> = members.collect();
    for (id, group) in entries(&view["groups"]).filter(|(id, _)| is_listed(world, id)) {
        resources.insert(format!("group:{id}"));
        entitlements.insert(format!("group:{id}:member"));
        without_account += group["without_account"].as_u64().expect("a number");
        for user in texts(&group["members"]) {
            grants.insert(format!("group:{id}:member:user:{user}"), (true, true));
        }
    }
    for (id, role) in entries(&view["roles"]) {
        let assigned = format!("role:{id}:assigned");
        resources.insert(format!("role:{id}"));
        let (known, missing): (Vec<&str>, Vec<&str>) =
            texts(&role["groups"]).partition(|group| is_listed(world, group));
        let link = |g: &&str| format!("role {id} is linked to the directory group {g}, which");
        dangling.extend(missing.iter().map(link));
        for group in &known {
            grants.insert(format!("{assigned}:group:{group}"), (true, false));
        }
        for (user, kind) in entries(&role["members"]) {
            let has = |group: &&str| texts(&view["groups"][group]["members"]).any(|id| id == user);
            let is_explained = known.iter().any(has);
            let is_through = is_explained || missing.iter().any(has);
            let by_hand = kind == "explicit" && !(both == Both::Implicit && is_through);
            unexplained += u64::from(!by_hand && !is_explained);
            grants.insert(format!("{assigned}:user:{user}"), (by_hand || !is_explained, !by_hand));
        }
        entitlements.insert(assigned);
    }
    // Everybody who is named is shown, listed or not.
    let named = grants.keys().filter_map(|id| id.split_once(":user:"));
    resources.extend(named.map(|(_, user)| format!("user:{user}")));
    let found = shown.grants.values();
    let found = found.map(|g| (g.id.clone(), (g.direct, g.immutable)));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), grants, "{both:?}");
    assert!(shown.resources.keys().eq(&resources), "{resources:?}");
    assert!(shown.entitlements.keys().eq(&entitlements));
    let warnings = shown.warnings();
    let told = |code: &str| warnings.iter().find(|w| w.starts_with(code));
    let number = |w: &String| w.split(' ').find_map(|word| word.parse().ok());
    let counted = |code: &str| told(code).and_then(number).unwrap_or(0);
    assert_eq!(counted("MembersWithoutAccount"), without_account);
    assert_eq!(counted("UnexplainedGrants"), unexplained);
    // The message names the first three.
    let links = told("DanglingReference").map_or("", String::as_str);
    let named = dangling.iter().filter(|link| links.contains(*link));
    assert_eq!(named.count(), dangling.len().min(3), "{links}");
}

/// An organization of so many people, who hold a role through a group if there is one.
fn crowd(people: usize, group: Option<&str>) -> World {
    let mut world = nobody();
    if let Some(group) = group {
        let world = world.add_group(group, "All", "a").add_role("all", "All");
        world.link("all", group);
    }
    for n in 0..people {
        let id = format!("p-{n:03}");
        world.add_member(&id, "Somebody", "");
        world.join(group.unwrap_or_default(), &id);
    }
    world
}

/// Everything is shown, and each page of each list is read once. Two hundred and fifty people who have a role through a
/// group are one grant of the role, and the rows are read to know that.
#[tokio::test]
async fn every_oddity_is_shown_and_nothing_else_at_a_call_per_hundred_rows_of_each_list() {
    let mut sizes = Sizes::default();
    (sizes.members, sizes.roles, sizes.members_per_group) = (230, 101, 150);
    let all = directory_group_id("01ALL");
    let worlds = [
        (World::worked_example(), 8),
        (crowd(1, None), 4),
        (crowd(100, None), 4),
        (crowd(101, None), 5),
        (crowd(250, Some(&all)), 2 + 3 + 1 + 3 + 3),
        (World::generate(&sizes, 1), 161),
        (World::rich(), 2 + 4 + 1 + 7 + 14),
        (World::rich(), 2 + 4 + 1 + 7 + 14),
        (World::rich(), 2 + 4 + 1 + 7 + 14),
    ];
    for (n, (world, total)) in worlds.into_iter().enumerate() {
        let both = BOTH[n % 3];
        let desk = desk_of(world.clone()).await;
        desk.vendor.set(|o| o.both = both);
        let shown = Shown::by(&desk).await;
        check(&world, both, &shown);
        assert_eq!(desk.vendor.sim.calls_by_path(), calls(&world));
        assert_eq!(shown.answer["calls"], total);
        let told = shown.warnings().join("; ");
        let no_role = told.contains("EmptyList: the API returns no roles");
        assert_eq!(no_role, shown.count("role") == 0, "{told}");
    }
}

/// The vendor lists somebody as implicit, but the role as linked to nothing, or the group is no longer listed when its
/// members are requested: it was changed in between.
#[tokio::test]
async fn an_implicit_member_that_no_group_explains_keeps_the_role_and_is_reported() {
    for hides in [false, true] {
        let desk = Desk::small().await;
        let hide = move |w: &mut World| {
            if hides {
                hide(w, ENGINEERING_ID)
            }
        };
        desk.vendor.sim.before(ENGINEERS, hide);
        let unlinked = at(ROLES, FaultKind::without("data/roles/*/directoryGroups"));
        desk.vendor.set_faults((!hides).then_some(unlinked));
        let shown = Shown::by(&desk).await;
        for user in ["alice-w", "carol-p"] {
            let grant = shown.grant(&format!("role:developer:assigned:user:{user}"));
            assert!(grant.direct && grant.immutable, "{user}");
        }
        let told = "UnexplainedGrants: the vendor shows 2 grants";
        assert!(shown.warnings().iter().any(|w| w.starts_with(told)));
    }
}

/// The list of groups is read once by each process: if a group disappears in between, its members have been read but
/// the role no longer expands to them.
#[tokio::test]
async fn a_group_that_hides_while_a_sync_is_cut_explains_nothing() {
    // The roles have pages, so that the last may be read after the group's members.
    let mut world = World::worked_example();
    for n in 0..3 {
        world.add_role(&format!("filler-{n}"), "Filler");
    }
    world.link("org-admin", ENGINEERING_ID);
    let mut desk = desk_of(world.clone()).await;
    desk.vendor.set(|o| o.force_page_size = Some(1));
    let mut lost = 0;
    for cut in 1.. {
        desk.afresh();
        desk.vendor.sim.with_world(|w| *w = world.clone());
        let first = desk.cut(cut).await;
        if first["status"] == "complete" {
            break;
        }
        desk.vendor.sim.with_world(|w| hide(w, ENGINEERING_ID));
        // The next event resumes it.
        desk.clock.advance(Duration::from_secs(2 * 3600));
        let shown = Shown::by(&desk).await;
        assert_eq!(shown.answer["sync_id"], first["sync_id"]);
        let held = shown.grants.keys().filter(|id| id.contains(":assigned:user:"));
        let expected = [
            "role:developer:assigned:user:alice-w",
            "role:developer:assigned:user:bob-k",
            "role:developer:assigned:user:carol-p",
            "role:org-admin:assigned:user:alice-w",
            "role:org-admin:assigned:user:carol-p",
        ];
        assert_eq!(held.collect::<Vec<_>>(), expected, "cut at {cut}");
        lost += usize::from(shown.warnings().join("; ").contains("UnexplainedGrants"));
    }
    assert!(lost > 0, "it never hid in time");
}

#[test]
fn a_roles_holders_are_its_listed_members_whatever_the_groups_and_links() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let desk = std::cell::RefCell::new(runtime.block_on(desk_of(World::empty())));
    let config =
        Config { failure_persistence: None, max_shrink_iters: 100, ..Config::with_cases(40) };
    let someone = || btree_set(0_usize..8, 0..6);
    // Some are listed, with these people and this many without an account.
    let groups = vec((prop::bool::weighted(0.75), someone(), 0_usize..3), 0..5);
    // Some links lead to missing groups.
    let roles = vec((someone(), vec(0_usize..6, 0..5)), 0..5);
    let (page, cut) = (option::of(1_usize..4), option::of(1_usize..12));
    let listing = (0_usize..3, page, any::<bool>(), any::<u64>());
    let samples = (3_usize..8, groups, roles, listing, cut);
    let result = TestRunner::new(config).run(&samples, |(people, groups, roles, listing, cut)| {
        let mut world = nobody();
        let person = |n: &usize| format!("p-{n}");
        let group = |n: &usize| directory_group_id(&format!("01G{n}"));
        for n in 0..people {
            let address = format!("p-{n}@acme.test");
            world.add_member(&person(&n), "Somebody", &address);
        }
        for (n, (listed, people, without_account)) in groups.iter().enumerate() {
            world.add_group(&group(&n), "Group", "g");
            for someone in people {
                world.join(&group(&n), &person(someone));
            }
            for _ in 0..*without_account {
                // With the same address as somebody who has an account, which proves nothing.
                world.add_without_account(&group(&n), "Somebody", "p-0@acme.test");
            }
            if !listed {
                hide(&mut world, &group(&n));
            }
        }
        for (n, (by_hand, links)) in roles.iter().enumerate() {
            let id = format!("role-{n}");
            world.add_role(&id, "Role");
            for someone in by_hand {
                world.assign(&id, &person(someone));
            }
            for link in links {
                world.link(&id, &group(link));
            }
        }
        let mut desk = desk.borrow_mut();
        let (both, page, hollow, seed) = listing;
        desk.vendor.sim.with_world(|w| *w = world.clone());
        desk.vendor.set(|o| {
            (o.both, o.force_page_size) = (BOTH[both], page);
            (o.empty_pages, o.ordering) = (usize::from(hollow), Ordering::Shuffled(seed));
        });
        desk.afresh();
        desk.cx.settings.max_steps = cut;
        check(&world, BOTH[both], &runtime.block_on(Shown::by(&desk)));
        Ok(())
    });
    if let Err(e) = result {
        panic!("{e}");
    }
}
