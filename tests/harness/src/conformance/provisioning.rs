//! The requirements of every change of access.

use Operation::{Grant, Revoke};
use rollcall_engine::runtime::function::Operation;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{Bench, Case, Subject, answer_of};
use crate::changes::outcome;

pub fn change_event(case: &Case, request_id: &str) -> Value {
    json!({"request_id": request_id, "entitlement": case.entitlement, "principal": case.principal})
}

/// A dry run sends nothing, writes nothing, and returns what the real one then does. A second request for an existing
/// state changes nothing and reports that. After grant and revoke the world is as before, or changed exactly as stated.
pub async fn a_change_is_rehearsed_then_made_once_and_taken_back<S: Subject>() {
    for case in S::cases() {
        let bench = Bench::<S>::new().await;
        let change = async |operation, id: &str, expected: &str| {
            bench.vendor.clear_requests();
            let answer = outcome(bench.invoke(operation, change_event(&case, id)).await, expected);
            (answer, bench.vendor.view(), bench.writes().len())
        };
        let (before, mut event) = (bench.vendor.view(), change_event(&case, "r1"));
        event["dry_run"] = true.into();
        let rehearsed = answer_of(bench.invoke(Grant, event).await);
        assert_eq!(rehearsed["dry_run"], true);
        assert_eq!(bench.vendor.view(), before, "{case:?}");
        assert_eq!(bench.writes().len(), 0);
        assert!(bench.written().is_empty(), "{:?}", bench.written());

        let (granted, view, _) = change(Grant, "r1", "granted").await;
        for same in ["outcome", "grants", "replaced", "removed"] {
            assert_eq!(rehearsed[same], granted[same], "{case:?}: {same}");
        }
        assert_ne!(view, before, "{case:?} changed nothing");
        let (again, unchanged, writes) = change(Grant, "r2", "already_granted").await;
        assert_eq!((&again["grants"], writes), (&granted["grants"], 0));
        assert_eq!(unchanged, view, "{case:?}");

        let mut expected = before;
        if let Some(change) = case.leaves {
            change(&mut expected);
        }
        let (revoked, view, _) = change(Revoke, "r3", "revoked").await;
        assert_eq!(revoked["removed"].as_array().map(Vec::len), Some(1));
        assert_eq!(view, expected, "{case:?}");
        let (_, view, writes) = change(Revoke, "r4", "already_revoked").await;
        assert_eq!((view, writes), (expected, 0));
    }
}

pub fn faults_of_a_change() -> [FaultKind; 7] {
    [
        FaultKind::too_many_requests(Some(1)),
        FaultKind::too_many_requests(Some(600)),
        FaultKind::status(500),
        FaultKind::status(503),
        FaultKind::CutBody,
        FaultKind::Disconnect,
        FaultKind::LoseAnswer,
    ]
}

/// Sending the same event again, as the answers request, completes it, and the vendor carries it out once.
pub async fn a_change_survives_whatever_goes_wrong_once_at_each_call<S: Subject>() {
    let Some(case) = S::cases().into_iter().next() else { return };
    let mut bench = Bench::<S>::new().await;
    answer_of(bench.invoke(Grant, change_event(&case, "r1")).await);
    let expected = bench.vendor.view();
    for kind in faults_of_a_change() {
        let what = format!("{kind:?} at each call");
        bench = bench.renewed().await;
        is_survived(&mut bench, &case, Fault::each_once(kind), &expected, &what).await;
    }
}

pub async fn is_survived<S: Subject>(
    bench: &mut Bench<S>,
    case: &Case,
    fault: Fault,
    expected: &Value,
    what: &str,
) {
    bench.cx.settings.retries = 6;
    bench.vendor.set_faults([fault]);
    let answer = answer_of(bench.change(Grant, change_event(case, "r1")).await);
    let is_granted = answer["outcome"] == "granted" || answer["outcome"] == "already_granted";
    assert!(is_granted, "{what}: {answer}");
    assert_eq!(bench.vendor.view(), *expected, "{what}");
}
