//! Nothing missing and nothing wrong, at size and under limits: the snapshot against what the simulated site itself says.

use std::collections::BTreeSet;
use std::time::Duration;

use rollcall_harness::answers::{entries, texts};
use rollcall_harness::conformance::Subject as _;
use rollcall_simulators::confluence::{Options, RateLimit, Sizes, World};
use serde_json::Value;

use crate::script::Stage;

/// What a sync of a generated site shows if all permissions are selected, which must be all that the site states.
async fn whole(change: impl FnOnce(&mut Options)) -> Stage {
    let mut stage = Stage::of(World::generate(&Sizes::default(), 3)).await;
    stage.desk.vendor.sim.set_options(change);
    let keys = r#"{"noun": "attachment,blogpost,comment,page,space", "verb": "administer,archive,create,delete,export,read,restrict_content"}"#;
    stage.play(&format!("keys {keys}\n sync")).await;
    let stated = stated(&stage.desk.vendor.view());
    assert!(stated.len() > 100, "{}", stated.len());
    stage.shown().states(&stated);
    stage
}

/// The ids of the grants that the site itself states, on the spaces that Ada may view.
fn stated(view: &Value) -> BTreeSet<String> {
    let ada = "712020:a1";
    // Classes of people include her.
    let includes_ada = |principal: &str| match principal.split_once(':') {
        Some(("user", id)) => id == ada,
        Some(("group", id)) => texts(&view["groups"][id]).any(|member| member == ada),
        _ => true,
    };
    let mut ids = BTreeSet::new();
    for (group, members) in entries(&view["groups"]) {
        ids.extend(texts(members).map(|user| format!("group:{group}:member:user:{user}")));
    }
    for (space, held) in entries(&view["spaces"]) {
        let held = || entries(&held["permissions"]);
        let reads = |pairs| texts(pairs).any(|pair| pair == "read/space");
        if !held().any(|(principal, pairs)| includes_ada(principal) && reads(pairs)) {
            continue;
        }
        for (principal, pairs) in held() {
            let principal = principal.replace("access-class:", "access_class:");
            let who = principal.replace("anonymous:", "access_class:role:");
            let slugs = texts(pairs).map(|pair| pair.replace('/', "-"));
            ids.extend(slugs.map(|slug| format!("space:{space}:{slug}:{who}")));
        }
    }
    ids
}

/// The public connector misses people, and shows access of people that it does not show. The search never has deactivated
/// accounts, may lack others, and ends somewhere: groups and permissions name them, and their states are known all the same.
#[tokio::test]
async fn a_large_site_is_shown_to_the_last_grant_however_little_the_search_finds() {
    let mut states = BTreeSet::new();
    for total in [0, 10_000] {
        let stage = whole(|o| o.search_total = total).await;
        let shown = stage.shown();
        let state = |id: String| (shown.resource(&shown.grant(&id).principal).status, id);
        states.insert(shown.direct().into_iter().map(state).collect::<Vec<_>>());
    }
    assert_eq!(states.len(), 1);
}

/// The public connector sends one request at a time. The limit is unpublished, so it is felt for.
#[tokio::test]
async fn requests_are_sent_side_by_side_as_many_as_the_site_lets_through() {
    for limit in [None, Some((2, 1))] {
        let limit = limit.map(|(most, retry_after)| RateLimit { most, retry_after });
        let latency = Duration::from_millis(2);
        let stage = whole(|o| (o.latency, o.rate_limit) = (latency, limit.clone())).await;
        let sim = &stage.desk.vendor.sim;
        let (requests, peak) = (sim.requests(), sim.peak_concurrency());
        let refused = requests.iter().filter(|r| r.status == 429).count();
        match limit {
            None => assert!((4..=16).contains(&peak) && refused == 0, "{peak}"),
            Some(_) => assert!(refused > 0 && refused * 2 < requests.len(), "{refused}"),
        }
    }
}
