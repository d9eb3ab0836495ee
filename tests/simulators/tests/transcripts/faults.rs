//! Every simulator misbehaves on demand, which is the kit's: shown on Northflank.

use rollcall_simulators::{
    Fault, FaultKind,
    northflank::{Northflank, Options, World},
};
use serde_json::{Value, json};

use crate::{
    northflank::Vendor,
    player::Stage,
    wire::{Reply, exchange},
};

const MEMBERS: &str = "/v1/org-members";

async fn get(sim: &Northflank, path: &str) -> Option<Reply> {
    let headers = Vendor::headers("");
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
    exchange(&sim.url(), "GET", path, &headers, "").await
}

async fn start() -> Northflank {
    Northflank::start(World::worked_example(), Options::default()).await.expect("a simulator")
}

#[tokio::test]
async fn a_fault_takes_the_requests_it_names_and_no_others() {
    let sim = start().await;
    let status = |code| FaultKind::status(code);
    for (fault, statuses) in [
        (Fault::every(status(500)), [500, 500, 500, 500]),
        (Fault::nth(2, status(404)), [200, 404, 200, 200]),
        (Fault::matching("GET", MEMBERS, status(403)), [403, 200, 403, 403]),
        (Fault::matching("GET", MEMBERS, status(403)).exactly(), [403, 200, 403, 403]),
        (Fault::matching("POST", MEMBERS, status(403)), [200, 200, 200, 200]),
        (Fault::nth_matching(2, "GET", MEMBERS, status(502)), [200, 200, 502, 200]),
        (Fault::every(status(429)).from(2).times(2), [200, 429, 429, 200]),
    ] {
        sim.set_faults(vec![fault.clone()]);
        let mut found = Vec::new();
        for path in [MEMBERS, "/v1/org-roles", "/v1/org-members?page=1", MEMBERS] {
            found.push(get(&sim, path).await.expect("an answer").status);
        }
        assert_eq!(found, statuses, "{fault:?}");
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_can_be_wrong_in_every_way() {
    let sim = start().await;
    let spoil = async |kind| {
        sim.set_faults(vec![Fault::every(kind)]);
        get(&sim, "/v1/org-members?per_page=1").await
    };
    let whole = get(&sim, "/v1/org-members?per_page=1").await.expect("an answer").json;
    for (what, pointer) in [("data", "/data"), ("data/members/*/name", "/data/members/0/name")] {
        let json = spoil(FaultKind::without(what)).await.expect("an answer").json;
        assert!(json.pointer(pointer).is_none() && whole.pointer(pointer).is_some());
    }
    assert_eq!(spoil(FaultKind::without("nothing/*/like/this")).await.expect("one").json, whole);
    for kind in [FaultKind::InvalidJson, FaultKind::CutBody] {
        let reply = spoil(kind).await.expect("an answer");
        assert_eq!((reply.status, reply.json), (200, Value::Null));
    }
    for kind in [FaultKind::Disconnect, FaultKind::LoseAnswer] {
        assert!(spoil(kind).await.is_none());
    }
    let limited = spoil(FaultKind::too_many_requests(Some(3))).await.expect("an answer");
    assert_eq!((limited.status, &*limited.headers["retry-after"]), (429, "3"));
    let to = "http://elsewhere.test/".to_owned();
    let sent_on = spoil(FaultKind::Redirect { to: to.clone() }).await.expect("an answer");
    assert_eq!((sent_on.status, &sent_on.headers["location"]), (307, &to));
    let again = spoil(FaultKind::RepeatCursor).await.expect("an answer").json;
    assert_eq!(again["pagination"]["hasNextPage"], json!(true));
    assert_eq!(spoil(FaultKind::StaleCursor).await.expect("an answer").status, 200);
    sim.set_faults(Vec::new());
    assert_eq!(get(&sim, MEMBERS).await.expect("an answer").status, 200);
}
