//! Nothing missing and nothing wrong, at size and under limits: the snapshot against what the simulated site itself says.

use std::collections::BTreeSet;
use std::time::Duration;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::{RateLimit, Sizes, World};
use serde_json::{Map, Value, json};

use crate::{Desk, Simulated};

/// A site whose every permission is one that can be selected, and a desk before it at which all are.
async fn desk_of(world: World) -> Desk {
    let desk = Desk::around(Simulated::of(world).await);
    desk.set_keys(&json!({
        "noun": "attachment,blogpost,comment,page,space",
        "verb": "administer,archive,create,delete,export,read,restrict_content,update",
    }));
    desk
}

fn sizes() -> Sizes {
    Sizes {
        users: 300,
        apps: 10,
        groups: 20,
        members_per_group: 30,
        spaces: 50,
        personal_spaces: 15,
        principals_per_space: 8,
    }
}

/// The ids of the grants that the site itself states.
fn stated(desk: &Desk) -> BTreeSet<String> {
    let view = desk.vendor.sim.access_view();
    // What Ada may not view, her token does not see.
    let visible: BTreeSet<String> = desk.vendor.sim.with_world(|w| {
        let sees = |who: &str| match who.split_once(':') {
            Some(("user", id)) => id == "712020:a1",
            Some(("group", id)) => w.is_member(id, "712020:a1"),
            // Classes of people include her.
            _ => true,
        };
        let spaces = w.spaces.values();
        let spaces = spaces.filter(|s| {
            s.permissions
                .iter()
                .any(|row| row.pair == "read/space" && sees(&row.who))
        });
        spaces.map(|s| s.id.to_string()).collect()
    });
    let mut ids = BTreeSet::new();
    for (group, members) in entries(&view["groups"]) {
        let members = members.as_array().expect("a list").iter();
        ids.extend(members.map(|user| format!("group:{group}:member:user:{}", text(user))));
    }
    for (space, held) in entries(&view["spaces"]).filter(|(space, _)| visible.contains(*space)) {
        for (principal, pairs) in entries(&held["permissions"]) {
            let principal = principal
                .replace("access-class:", "access_class:")
                .replace("anonymous:anonymous", "access_class:role:anonymous");
            for pair in pairs.as_array().expect("a list") {
                let slug = text(pair).replace('/', "-");
                ids.insert(format!("space:{space}:{slug}:{principal}"));
            }
        }
    }
    ids
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// The public connector misses people, and shows access of people that it does not show.
#[tokio::test]
async fn a_large_site_is_shown_to_the_last_grant() {
    for seed in 1..=2 {
        let desk = desk_of(World::generate(&sizes(), seed)).await;
        let shown = Shown::by(&desk).await;
        shown.states(&stated(&desk));
        let grants = shown.direct().len();
        assert!(grants > 500, "only {grants} grants");
    }
}

/// The search never has deactivated accounts, may lack others, and ends somewhere: groups and permissions name them.
#[tokio::test]
async fn nobody_who_has_access_is_missed_however_little_the_search_finds() {
    let named = |desk: &Desk| -> BTreeSet<String> {
        desk.vendor.sim.with_world(|w| {
            let members = w.groups.values().flat_map(|g| g.members.iter());
            let rows = w.spaces.values().flat_map(|s| s.permissions.iter());
            let rows = rows
                .filter(|row| row.who.starts_with("user:"))
                .map(|row| row.who.clone());
            members.map(|id| format!("user:{id}")).chain(rows).collect()
        })
    };
    let mut digests = BTreeSet::new();
    for total in [0, 3, 10_000] {
        let mut world = World::generate(&sizes(), 3);
        // Ada sees every space, so that whoever has access to any must be shown.
        let spaces: Vec<u64> = world.spaces.keys().copied().collect();
        for space in spaces {
            world.grant(space, "user", "712020:a1", "read/space");
        }
        let people: Vec<String> = world.users.keys().cloned().collect();
        for (n, id) in people.iter().enumerate().skip(1) {
            world.edit_user(id, |user| match n % 4 {
                0 => user["indexed"] = false.into(),
                1 => user["accountStatus"] = "inactive".into(),
                _ => {}
            });
        }
        world.edit_user("712020:a1", |ada| ada["accountStatus"] = "active".into());
        let desk = desk_of(world).await;
        desk.vendor.sim.set_options(|o| o.search_total = total);
        let shown = Shown::by(&desk).await;
        shown.states(&stated(&desk));
        let users: BTreeSet<String> = shown
            .resources
            .values()
            .filter(|r| r.resource_type == "user")
            .map(|r| r.id.clone())
            .collect();
        let missing: Vec<String> = named(&desk).difference(&users).take(5).cloned().collect();
        assert_eq!(
            missing,
            Vec::<String>::new(),
            "found by the search: {total}"
        );
        // And their states are known, whether the search knows them or not.
        let states = shown
            .resources
            .values()
            .filter(|r| named(&desk).contains(&r.id));
        let states: Vec<String> = states.map(|r| format!("{} {:?}", r.id, r.status)).collect();
        digests.insert(states);
    }
    assert_eq!(digests.len(), 1);
}

/// The limit is unpublished, so it is felt for.
#[tokio::test]
async fn a_sync_finds_out_how_much_it_may_ask_at_once() {
    for most in [1, 2, 5] {
        let desk = desk_of(World::generate(&sizes(), 4)).await;
        desk.vendor.sim.set_options(|o| {
            o.latency = Duration::from_millis(1);
            o.rate_limit = Some(RateLimit::Concurrency {
                most,
                retry_after: 1,
            });
        });
        let shown = Shown::by(&desk).await;
        shown.states(&stated(&desk));
        let requests = desk.vendor.sim.requests();
        let refused = requests.iter().filter(|r| r.status == 429).count();
        // With room for one alone, every second try for more is one too many; with room for more, few are.
        assert!(
            refused > 0 && refused * 2 < requests.len(),
            "{most}: {refused} of {}",
            requests.len()
        );
    }
}

/// A quota that is used up is not waited for inside: the sync stops, and goes on where it was.
#[tokio::test]
async fn a_sync_goes_on_after_the_quota_is_there_again() {
    let desk = desk_of(World::generate(&sizes(), 5)).await;
    let whole = desk.complete().await["content_digest"].clone();
    let calls = desk.vendor.sim.calls();

    let desk = desk_of(World::generate(&sizes(), 5)).await;
    desk.vendor.sim.set_options(|o| {
        // An hour, of which the clock of the test will pretend to wait.
        o.rate_limit = Some(RateLimit::Budget {
            requests: calls / 2,
            window: Duration::from_secs(3600),
            forgive_after: Some(1),
        });
    });
    let mut event = json!({});
    let mut slices = 0;
    let answer = loop {
        let answer = answer_of(desk.invoke(Operation::Sync, event).await);
        if answer["status"] != "continue" {
            break answer;
        }
        assert!(!desk.is_published());
        let at: jiff::Timestamp = text(&answer["resume_at"]).parse().expect("a time");
        let now = rollcall_connector::clock::Clock::now(&*desk.clock);
        let wait = rollcall_connector::clock::between(now, at);
        assert!(wait > Duration::from_secs(3000), "{wait:?}");
        desk.clock.advance(wait);
        event = json!({"sync_id": answer["sync_id"]});
        slices += 1;
    };
    assert_eq!(
        (answer["status"].as_str(), &answer["content_digest"]),
        (Some("complete"), &whole)
    );
    assert!((1..=3).contains(&slices), "{slices}");
    // Nothing is read again but what was under way.
    let more = desk.vendor.sim.calls() - calls;
    assert!(more < 60, "{more} calls more");
}
