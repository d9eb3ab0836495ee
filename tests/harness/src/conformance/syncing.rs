//! What every sync must hold.
#![expect(
    clippy::expect_used,
    reason = "test equipment: a panic is a failed test"
)]

use std::time::Duration;

use rollcall_connector::clock::{Clock, after};
use rollcall_engine::runtime::function::Operation;
use rollcall_simulators::{Fault, FaultKind};
use rollcall_snapshot::{Snapshot, compare};
use serde_json::{Value, json};

use super::{Bench, Subject, answer_of};

/// Same state, same snapshot, byte for byte: time and ids are the only other things in it, and they are injected.
pub async fn the_same_world_gives_the_same_bytes<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let first = bench.complete().await;
    let bytes = bench.snapshot(&first);
    bench.afresh();
    let second = bench.complete().await;
    assert_eq!(first, second);
    assert!(bytes == bench.snapshot(&second), "the bytes differ");
}

/// Pages of any size, with or without hollow ones, bring the same.
pub async fn pages_may_be_split_any_way<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let whole = bench.complete().await;
    for (size, hollow) in [(1, false), (1, true), (2, false), (3, true), (7, false)] {
        bench.afresh();
        bench.vendor.split_pages(size, hollow);
        let split = bench.complete().await;
        assert_eq!(
            whole["content_digest"], split["content_digest"],
            "pages of {size}, hollow: {hollow}"
        );
        assert_eq!(whole["counts"], split["counts"]);
    }
}

/// Nothing depends on the order in which lists come.
pub async fn the_order_of_answers_changes_nothing<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let first = bench.complete().await;
    for seed in 1..=3 {
        bench.afresh();
        bench.vendor.shuffle(seed);
        bench.vendor.split_pages(2, false);
        let other = bench.complete().await;
        assert_eq!(
            first["content_digest"], other["content_digest"],
            "seed {seed}"
        );
    }
}

/// Whatever goes wrong once, at whichever call, the sync recovers with the same result, or fails and publishes nothing.
pub async fn every_fault_at_every_call_recovers_or_publishes_nothing<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let whole = bench.complete().await;
    let calls = bench.vendor.requests().len();
    let kinds = || {
        [
            FaultKind::too_many_requests(None),
            FaultKind::too_many_requests(Some(2)),
            FaultKind::status(500),
            FaultKind::status(503),
            FaultKind::CutBody,
            FaultKind::Disconnect,
            FaultKind::InvalidJson,
        ]
    };
    for n in 1..=calls {
        for kind in kinds() {
            bench.afresh();
            let what = format!("{kind:?} at call {n}");
            bench.vendor.set_faults(vec![Fault::nth(n, kind)]);
            let answer = answer_of(bench.sync().await);
            assert_eq!(answer["status"], "complete", "{what}: {answer}");
            assert_eq!(answer["content_digest"], whole["content_digest"], "{what}");
        }
        // Something that does not pass: the run fails, with a type that says whether to come back.
        bench.afresh();
        bench
            .vendor
            .set_faults(vec![Fault::every(FaultKind::status(503)).from(n)]);
        let error = bench.sync().await.expect_err("an outage");
        assert_eq!(
            error.kind().as_str(),
            "Unavailable",
            "from call {n}: {error}"
        );
        assert!(
            !bench.is_published(),
            "an outage from call {n} published something"
        );
    }
    bench.vendor.set_faults(vec![]);
}

/// A key that is revoked, or loses a right, in the middle of a sync.
pub async fn a_refusal_halfway_publishes_nothing<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    bench.complete().await;
    let calls = bench.vendor.requests().len();
    for n in 1..=calls {
        bench.afresh();
        bench
            .vendor
            .set_faults(vec![Fault::every(FaultKind::status(401)).from(n)]);
        let error = bench.sync().await.expect_err("a refusal");
        let kind = error.kind().as_str();
        assert!(S::REFUSALS.contains(&kind), "at call {n}: {kind}: {error}");
        assert!(!error.fix().is_empty());
        assert!(!bench.is_published(), "401 at call {n} published something");
    }
    bench.vendor.set_faults(vec![]);
}

/// A cursor that leads to itself ends the run, not the world's patience.
pub async fn a_list_that_goes_in_a_circle_publishes_nothing<S: Subject>() {
    if !S::HAS_PAGES {
        return;
    }
    let bench = Bench::<S>::new().await;
    bench.vendor.split_pages(1, false);
    bench
        .vendor
        .set_faults(vec![Fault::every(FaultKind::RepeatCursor)]);
    let error = bench.sync().await.expect_err("a circle");
    assert_eq!(error.code(), "EndlessList", "{error}");
    assert!(!bench.is_published());
    bench.vendor.set_faults(vec![]);
}

/// A list whose cursor the vendor has lost is read again from its beginning, and nothing is there twice.
pub async fn a_list_whose_cursor_is_lost_starts_over<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let whole = bench.complete().await;
    bench.afresh();
    bench.vendor.split_pages(1, false);
    bench.complete().await;
    let pages = bench.vendor.requests().len();
    for n in 1..=pages {
        bench.afresh();
        bench
            .vendor
            .set_faults(vec![Fault::nth(n, FaultKind::StaleCursor)]);
        let answer = bench.complete().await;
        assert_eq!(
            answer["content_digest"], whole["content_digest"],
            "cursor {n} lost"
        );
        // Nothing was asked for twice: there are fewer cursors, and each has been lost.
        if bench.vendor.requests().len() == pages {
            break;
        }
    }
    bench.vendor.set_faults(vec![]);
}

/// Cut after every step, or after a few, and resumed by other processes.
pub async fn a_sync_cut_at_any_step_ends_like_an_uninterrupted_one<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    bench.vendor.split_pages(2, false);
    let whole = bench.complete().await;
    let steps = bench.vendor.requests().len();
    for cut in 1..=steps {
        bench.afresh();
        bench.cx.settings.max_steps = Some(cut);
        let first = answer_of(bench.invoke(Operation::Sync, json!({})).await);
        if first["status"] == "complete" {
            break;
        }
        assert_eq!(
            (&first["status"], &first["reason"]),
            (&json!("continue"), &json!("deadline"))
        );
        assert!(!bench.is_published(), "half a sync is published");
        // Cut once, then once more at every step, or go through: both end the same.
        bench.cx.settings.max_steps = (cut % 2 == 0).then_some(1);
        let answer = answer_of(bench.finish(json!({"sync_id": first["sync_id"]})).await);
        assert_eq!(answer["status"], "complete");
        assert_eq!(
            answer["content_digest"], whole["content_digest"],
            "cut at step {cut}"
        );
        assert_eq!(answer["counts"], whole["counts"]);
        bench.cx.settings.max_steps = None;
    }
}

/// A rate limit that lasts longer than it pays to wait is an answer, with the time to come back.
pub async fn a_long_rate_limit_is_waited_for_outside<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let whole = bench.complete().await;
    // The last call of all: whoever is let in first has something to resume.
    let calls = bench.vendor.requests().len();
    bench.afresh();
    bench.vendor.set_faults(vec![Fault::nth(
        calls,
        FaultKind::too_many_requests(Some(600)),
    )]);
    let answer = answer_of(bench.invoke(Operation::Sync, json!({})).await);
    assert_eq!(
        (&answer["status"], &answer["reason"]),
        (&json!("continue"), &json!("rate_limit"))
    );
    let at: jiff::Timestamp = answer["resume_at"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("a time");
    let expected = after(bench.clock.now(), Duration::from_secs(600));
    assert!(at <= expected && at > bench.clock.now(), "{at}");
    let answer = answer_of(bench.finish(json!({"sync_id": answer["sync_id"]})).await);
    assert_eq!(answer["content_digest"], whole["content_digest"]);
}

/// The count of calls is a promise.
pub async fn no_more_calls_are_made_than_needed<S: Subject>() {
    let bench = Bench::<S>::new().await;
    let answer = bench.complete().await;
    assert_eq!(
        answer["calls"],
        json!(bench.vendor.minimum_calls()),
        "{:#?}",
        lines(&bench)
    );
    assert_eq!(bench.vendor.requests().len(), bench.vendor.minimum_calls());
}

fn lines<S: Subject>(bench: &Bench<S>) -> Vec<String> {
    bench
        .vendor
        .requests()
        .iter()
        .map(|r| format!("{} {}?{}", r.method, r.path, r.query))
        .collect()
}

/// The simulator is strict: a parameter, field or header that the vendor does not know is noticed.
pub async fn nothing_is_sent_that_the_vendor_does_not_document<S: Subject>() {
    let bench = Bench::<S>::new().await;
    bench.vendor.split_pages(2, false);
    bench.complete().await;
    assert_eq!(bench.vendor.violations(), Vec::<String>::new());
}

/// No file of the store holds a token, in whichever form.
pub async fn nothing_secret_is_written<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    bench.cx.settings.max_steps = Some(2);
    answer_of(bench.invoke(Operation::Sync, json!({})).await);
    bench.cx.settings.max_steps = None;
    let cases = S::cases();
    for (n, case) in cases.iter().enumerate() {
        let event = super::change_event(case, &format!("r{n}"));
        answer_of(bench.invoke(Operation::Grant, event).await);
    }
    bench.clock.advance(Duration::from_secs(3600));
    bench.complete().await;
    let tokens = bench.vendor.tokens();
    assert!(!tokens.is_empty() && !bench.written().is_empty());
    assert_eq!(bench.leak(&tokens), None);
}

/// Whoever is named by a grant is in the snapshot, even if the vendor shows nothing of them.
pub async fn a_principal_that_nobody_lists_becomes_a_stub<S: Subject>() {
    let bench = Bench::<S>::new().await;
    let whole = bench.complete().await;
    let Some(principal) = bench.vendor.hide_principal() else {
        return;
    };
    let answer = answer_of(bench.sync().await);
    let stubs = |answer| {
        let manifest = bench.manifest(answer);
        let stubs = manifest["stubs"].as_object().expect("stubs").values();
        stubs.filter_map(Value::as_u64).sum::<u64>()
    };
    assert_eq!(stubs(&answer), stubs(&whole) + 1, "{principal}");
    let warned = answer["warnings"].as_array().expect("a list").iter();
    assert!(
        warned
            .into_iter()
            .any(|w| w["code"] == "UnresolvedPrincipals"),
        "{answer:#}"
    );
    assert_ne!(answer["content_digest"], whole["content_digest"]);
}

/// An outage at the vendor must not become a mass revocation downstream.
pub async fn a_sudden_loss_is_held_until_accepted<S: Subject>() {
    let bench = Bench::<S>::new().await;
    let before = bench.complete().await;
    bench.vendor.lose_nearly_everything();
    let held = answer_of(bench.sync().await);
    assert_eq!(
        (&held["status"], &held["reason"]),
        (&json!("held"), &json!("loss")),
        "{held}"
    );
    let lost = held["warnings"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|w| w["code"] == "SuddenLoss");
    assert!(lost, "it says what was lost: {held}");
    assert_eq!(
        latest(&bench)["sync_id"],
        before["sync_id"],
        "`latest` did not move"
    );

    let again = answer_of(bench.sync().await);
    assert_eq!(
        again["status"], "held",
        "later runs are compared with `latest` too"
    );
    let event = json!({"accept": held["sync_id"]});
    let accepted = answer_of(bench.invoke(Operation::Sync, event.clone()).await);
    assert_eq!(accepted["status"], "complete");
    assert_eq!(latest(&bench)["sync_id"], held["sync_id"]);
    let twice = answer_of(bench.invoke(Operation::Sync, event).await);
    assert_eq!(accepted, twice, "accepting twice is accepting once");

    let event = json!({"accept": before["sync_id"]});
    let error = bench
        .invoke(Operation::Sync, event)
        .await
        .expect_err("not held");
    assert_eq!(error.code(), "NotHeld");
    bench.complete().await;
}

fn latest<S: Subject>(bench: &Bench<S>) -> Value {
    let key = format!("latest/{}/default.json", S::entry().about.name);
    let text = std::fs::read(bench.file(&key)).expect("the pointer");
    serde_json::from_slice(&text).expect("JSON")
}

/// A secret that suddenly leads to another customer is a mistake.
pub async fn another_tenant_behind_the_same_connection_fails<S: Subject>() {
    let bench = Bench::<S>::new().await;
    let before = bench.complete().await;
    bench.vendor.become_another_tenant();
    bench.write_secret(&bench.vendor.secret());
    let error = bench.sync().await.expect_err("another tenant");
    assert_eq!(
        (error.kind().as_str(), error.code().as_str()),
        ("Conflict", "AnotherTenant"),
        "{error}"
    );
    assert_eq!(latest(&bench)["sync_id"], before["sync_id"]);
}

/// While a run is unfinished, another event has to wait; when its time is over, the next event resumes it, and whoever
/// resumes it by its id gets the same answer.
pub async fn two_runs_of_a_connection_exclude_each_other<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    bench.cx.settings.max_steps = Some(1);
    let first = answer_of(bench.invoke(Operation::Sync, json!({})).await);
    bench.cx.settings.max_steps = None;
    let busy = answer_of(bench.invoke(Operation::Sync, json!({})).await);
    assert_eq!(
        (&busy["status"], &busy["reason"], &busy["sync_id"]),
        (&json!("busy"), &json!("lease"), &first["sync_id"])
    );
    assert_eq!(busy["warnings"][0]["code"], "RunWaiting");

    bench.clock.advance(Duration::from_secs(2 * 3600));
    let resumed = bench.complete().await;
    assert_eq!(resumed["sync_id"], first["sync_id"]);
    let again = answer_of(bench.finish(json!({"sync_id": first["sync_id"]})).await);
    assert_eq!(
        again, resumed,
        "called again after its end, a run gives the same answer"
    );
}

/// The process that published a snapshot may die before it moves the pointer: asked again, the run sees to it.
pub async fn a_pointer_that_was_not_moved_is_moved_by_asking_again<S: Subject>() {
    let bench = Bench::<S>::new().await;
    bench.complete().await;
    let pointer = bench.file(&format!("latest/{}/default.json", S::entry().about.name));
    let older = std::fs::read(&pointer).expect("the pointer");
    let newer = bench.complete().await;
    std::fs::write(&pointer, older).expect("written");
    let again = answer_of(bench.finish(json!({"sync_id": newer["sync_id"]})).await);
    assert_eq!(again, newer);
    assert_eq!(latest(&bench)["sync_id"], newer["sync_id"]);
}

/// A run that died between the snapshot file and its manifest is resumed; a wrong id harms nobody's run.
pub async fn a_run_that_failed_is_gone_on_with_by_its_id<S: Subject>() {
    let bench = Bench::<S>::new().await;
    let calls = bench.vendor.minimum_calls();
    bench
        .vendor
        .set_faults(vec![Fault::every(FaultKind::status(503)).from(calls)]);
    let error = bench.sync().await.expect_err("an outage");
    let sync_id = error
        .resumable_sync_id()
        .expect("the run to resume")
        .to_owned();
    bench.vendor.set_faults(vec![]);

    let event = json!({"sync_id": "0".repeat(27)});
    let other = bench
        .invoke(Operation::Sync, event)
        .await
        .expect_err("unknown");
    assert_eq!(other.code(), "UnknownRun");
    let key = format!(
        "snapshots/{}/default/{sync_id}-1.c1z",
        S::entry().about.name
    );
    std::fs::create_dir_all(bench.file(&key).parent().expect("a folder")).expect("a folder");
    std::fs::write(bench.file(&key), "half a snapshot").expect("written");

    bench.vendor.clear_requests();
    let answer = answer_of(bench.finish(json!({"sync_id": sync_id})).await);
    assert_eq!(
        (&answer["status"], &answer["sync_id"]),
        (&json!("complete"), &json!(sync_id))
    );
    assert!(
        bench.vendor.requests().len() < calls,
        "what was read is not read again"
    );
    assert_ne!(bench.snapshot(&answer), b"half a snapshot");
}

/// The checker in Python shares no line with the writer. Runs where the test script provides it.
pub async fn an_independent_reader_finds_nothing_wrong<S: Subject>() {
    let Some(python) = std::env::var_os("ROLLCALL_PYTHON") else {
        return;
    };
    let mut bench = Bench::<S>::new().await;
    for expand in [true, false] {
        bench.cx.settings.expand = expand;
        let answer = bench.complete().await;
        let file = bench.file(answer["snapshot"].as_str().expect("a snapshot"));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../c1z.py");
        let checked = std::process::Command::new(&python)
            .args([script, "check"])
            .arg(&file)
            .arg("--manifest")
            .arg(bench.manifest_file(&answer))
            .args(["--expect", if expand { "expanded" } else { "unexpanded" }])
            .output()
            .expect("python runs");
        let said = String::from_utf8_lossy(&checked.stdout);
        assert!(
            checked.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&checked.stderr)
        );
    }
}

/// What the vendor stated is the same with and without expansion, and the one can be made of the other.
pub async fn the_unexpanded_snapshot_says_the_same<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let expanded = bench.complete().await;
    let file = bench.file(expanded["snapshot"].as_str().expect("a snapshot"));
    let stripped = file.with_extension("unexpanded.c1z");
    let before = Snapshot::open(&file).expect("a snapshot");
    rollcall_snapshot::unexpand(&before, &stripped).expect("unexpanded");
    bench.cx.settings.expand = false;
    let plain = bench.complete().await;
    assert_eq!(expanded["content_digest"], plain["content_digest"]);
    assert_eq!(expanded["counts"]["grants"], plain["counts"]["grants"]);
    assert_eq!(plain["counts"]["expanded"], json!(0));
    let asked_for = bench.file(plain["snapshot"].as_str().expect("a snapshot"));
    let (stripped, asked_for) = (Snapshot::open(&stripped), Snapshot::open(&asked_for));
    let mut changes = Vec::new();
    compare::<rollcall_connector::Error>(
        &stripped.expect("a snapshot"),
        &asked_for.expect("a snapshot"),
        |change| {
            changes.push(change);
            Ok(())
        },
    )
    .expect("comparable");
    assert!(changes.is_empty(), "{changes:?}");
}
