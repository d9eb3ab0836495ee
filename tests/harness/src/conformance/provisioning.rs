//! What every change of access must hold.
#![expect(
    clippy::expect_used,
    reason = "test equipment: a panic is a failed test"
)]

use rollcall_engine::runtime::function::Operation;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{Bench, Case, Leaves, Subject, answer_of};

/// The event that grants or revokes a case.
pub fn change_event(case: &Case, request_id: &str) -> Value {
    json!({"request_id": request_id, "entitlement": case.entitlement, "principal": case.principal})
}

/// A second request for what is so already changes nothing and says so.
pub async fn granting_twice_is_granting_once<S: Subject>() {
    for case in S::cases() {
        let bench = Bench::<S>::new().await;
        let first = answer_of(
            bench
                .invoke(Operation::Grant, change_event(&case, "r1"))
                .await,
        );
        assert_eq!(first["outcome"], "granted", "{case:?}: {first}");
        let view = bench.vendor.view();
        bench.vendor.clear_requests();
        let second = answer_of(
            bench
                .invoke(Operation::Grant, change_event(&case, "r2"))
                .await,
        );
        assert_eq!(second["outcome"], "already_granted", "{case:?}: {second}");
        assert_eq!(first["grants"], second["grants"]);
        assert_eq!(bench.vendor.view(), view);
        assert_eq!(bench.writes().len(), 0, "a look changes nothing");
        assert_eq!(bench.vendor.violations(), Vec::<String>::new());
    }
}

/// After grant and revoke the world is as it was, or changed in exactly the way that is stated; a second revoke does
/// nothing.
pub async fn a_revoke_leaves_what_it_says<S: Subject>() {
    for case in S::cases() {
        let bench = Bench::<S>::new().await;
        let mut expected = bench.vendor.view();
        answer_of(
            bench
                .invoke(Operation::Grant, change_event(&case, "r1"))
                .await,
        );
        assert_ne!(bench.vendor.view(), expected, "{case:?} changed nothing");
        let first = answer_of(
            bench
                .invoke(Operation::Revoke, change_event(&case, "r2"))
                .await,
        );
        assert_eq!(first["outcome"], "revoked", "{case:?}: {first}");
        assert_eq!(first["removed"].as_array().map(Vec::len), Some(1));
        if let Leaves::Changed(change) = case.leaves {
            change(&mut expected);
        }
        assert_eq!(bench.vendor.view(), expected, "{case:?}");
        let second = answer_of(
            bench
                .invoke(Operation::Revoke, change_event(&case, "r3"))
                .await,
        );
        assert_eq!(second["outcome"], "already_revoked", "{case:?}: {second}");
        assert_eq!(bench.vendor.view(), expected);
        assert_eq!(bench.vendor.violations(), Vec::<String>::new());
    }
}

/// The same request with the same body gives the stored answer and asks nobody; with another body it is a conflict. Both
/// audit objects are there and say what happened.
pub async fn a_repeated_request_is_answered_from_its_record<S: Subject>() {
    let Some(case) = S::cases().into_iter().next() else {
        return;
    };
    let bench = Bench::<S>::new().await;
    let event = change_event(&case, "r1");
    let first = answer_of(bench.invoke(Operation::Grant, event.clone()).await);
    bench.vendor.clear_requests();
    let again = answer_of(bench.invoke(Operation::Grant, event.clone()).await);
    assert_eq!(first, again);
    assert_eq!(bench.vendor.requests().len(), 0);

    let mut other = event.clone();
    other["reason"] = "something else".into();
    let error = bench
        .invoke(Operation::Grant, other)
        .await
        .expect_err("another body");
    assert_eq!(
        (error.kind().as_str(), error.code().as_str()),
        ("Conflict", "RequestIdUsed")
    );
    let error = bench
        .invoke(Operation::Revoke, event)
        .await
        .expect_err("another operation");
    assert_eq!(error.code(), "RequestIdUsed");

    let audit = first["audit"].as_str().expect("a key");
    for (name, part) in [
        ("intended", "proposal"),
        ("observed", "sent"),
        ("observed", "answer"),
    ] {
        let text =
            std::fs::read(bench.file(&format!("{audit}/{name}.json"))).expect("an audit object");
        let record: Value = serde_json::from_slice(&text).expect("JSON");
        assert_eq!(record["request"]["entitlement"], case.entitlement);
        assert!(record[part].is_object(), "{record:#}");
    }
}

/// A dry run sends nothing, writes nothing, and answers what the real one then does.
pub async fn a_dry_run_changes_nothing_and_says_the_same<S: Subject>() {
    for case in S::cases() {
        let bench = Bench::<S>::new().await;
        let view = bench.vendor.view();
        let mut event = change_event(&case, "r1");
        event["dry_run"] = true.into();
        let rehearsed = answer_of(bench.invoke(Operation::Grant, event).await);
        assert_eq!(rehearsed["dry_run"], true);
        assert_eq!((bench.vendor.view(), bench.writes().len()), (view, 0));
        assert!(bench.written().is_empty(), "{:?}", bench.written());
        let real = answer_of(
            bench
                .invoke(Operation::Grant, change_event(&case, "r1"))
                .await,
        );
        for same in ["outcome", "grants", "replaced", "removed"] {
            assert_eq!(rehearsed[same], real[same], "{case:?}: {same}");
        }
    }
}

/// Whatever goes wrong once, at whichever call of a grant: sending the same event again, as the answers say, brings it to
/// its end, and the vendor carries it out once.
pub async fn every_fault_of_a_write_is_survived_by_sending_it_again<S: Subject>() {
    let Some(case) = S::cases().into_iter().next() else {
        return;
    };
    let mut bench = Bench::<S>::new().await;
    answer_of(
        bench
            .invoke(Operation::Grant, change_event(&case, "r1"))
            .await,
    );
    let calls = bench.vendor.requests().len();
    let expected = bench.vendor.view();
    let kinds = || {
        [
            FaultKind::too_many_requests(Some(1)),
            FaultKind::too_many_requests(Some(3600)),
            FaultKind::status(500),
            FaultKind::status(503),
            FaultKind::CutBody,
            FaultKind::Disconnect,
            FaultKind::LoseAnswer,
        ]
    };
    for n in 1..=calls {
        for kind in kinds() {
            let what = format!("{kind:?} at call {n}");
            bench = bench.renewed().await;
            bench.cx.settings.retries = 6;
            bench.vendor.set_faults(vec![Fault::nth(n, kind)]);
            let outcome = bench.change(Operation::Grant, change_event(&case, "r1"));
            let answer = answer_of(outcome.await);
            assert!(
                answer["outcome"] == "granted" || answer["outcome"] == "already_granted",
                "{what}: {answer}"
            );
            assert_eq!(bench.vendor.view(), expected, "{what}");
        }
    }
}

/// The pin of the first sync holds for writes too.
pub async fn a_write_to_another_tenant_is_refused<S: Subject>() {
    let Some(case) = S::cases().into_iter().next() else {
        return;
    };
    let bench = Bench::<S>::new().await;
    bench.complete().await;
    bench.vendor.clear_requests();
    bench.vendor.become_another_tenant();
    bench.write_secret(&bench.vendor.secret());
    let error = bench
        .invoke(Operation::Grant, change_event(&case, "r1"))
        .await
        .expect_err("another tenant");
    assert_eq!(error.code(), "AnotherTenant", "{error}");
    assert_eq!(bench.writes().len(), 0);
}
