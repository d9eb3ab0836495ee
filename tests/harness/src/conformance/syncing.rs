//! The requirements of every sync.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use rollcall_engine::runtime::function::Operation;
use rollcall_simulators::{Fault, FaultKind};
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

/// With or without hollow pages; and nothing is sent that the vendor does not document.
pub async fn lists_may_come_in_pages_of_any_size_and_in_any_order<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let whole = bench.complete().await;
    for (size, hollow, seed) in
        [(1, false, 0), (1, true, 0), (2, false, 1), (2, false, 2), (3, true, 3), (7, false, 0)]
    {
        bench.afresh();
        bench.vendor.split_pages(size, hollow);
        if seed > 0 {
            bench.vendor.shuffle(seed);
        }
        let what = format!("pages of {size}, hollow: {hollow}, order {seed}");
        is_like(&bench.complete().await, &whole, &what);
    }
}

fn is_like(answer: &Value, whole: &Value, what: &str) {
    for same in ["status", "counts", "content_digest"] {
        assert_eq!(answer[same], whole[same], "{what}: {answer}");
    }
}

pub async fn whatever_goes_wrong_once_at_each_call_changes_nothing<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let (whole, calls) = (bench.complete().await, bench.vendor.requests().len());
    for kind in [
        FaultKind::too_many_requests(None),
        FaultKind::too_many_requests(Some(2)),
        FaultKind::status(500),
        FaultKind::status(503),
        FaultKind::CutBody,
        FaultKind::Disconnect,
        FaultKind::InvalidJson,
    ] {
        let what = format!("{kind:?} at each call");
        bench.afresh();
        bench.vendor.set_faults([Fault::each_once(kind)]);
        is_like(&answer_of(bench.sync().await), &whole, &what);
        assert!(bench.vendor.requests().len() > calls, "{what}: no faults");
    }
}

/// The vendor is down, or the key is revoked in the middle: the type of the failure says whether to retry.
pub async fn an_outage_or_a_refusal_after_any_call_publishes_nothing<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    bench.complete().await;
    let kinds = [(503, &["Unavailable"][..]), (401, S::REFUSALS)];
    for n in 1..=bench.vendor.requests().len() {
        for (status, kinds) in kinds {
            bench.afresh();
            bench.vendor.set_faults([Fault::every(FaultKind::status(status)).from(n)]);
            let error = bench.sync().await.expect_err("a failure");
            let what = format!("{status} from call {n} on: {error}");
            assert!(kinds.contains(&error.kind().as_str()), "{what}");
            assert!(!error.fix().is_empty() && !bench.is_published(), "{what}");
        }
    }
}

pub async fn a_list_that_goes_in_a_circle_publishes_nothing<S: Subject>() {
    if !S::HAS_PAGES {
        return;
    }
    let bench = Bench::<S>::new().await;
    bench.vendor.split_pages(1, false);
    bench.vendor.set_faults([Fault::every(FaultKind::RepeatCursor)]);
    let error = bench.sync().await.expect_err("a circle");
    assert_eq!(error.code(), "EndlessList", "{error}");
    assert!(!bench.is_published());
}

/// Nothing is there twice. Of each path one cursor is lost, then another one.
pub async fn a_list_whose_cursor_is_lost_starts_over<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    let whole = bench.complete().await;
    bench.afresh();
    bench.vendor.split_pages(1, false);
    bench.complete().await;
    let requests = bench.vendor.requests();
    let paths: BTreeSet<_> = requests.iter().map(|r| (&r.method, &r.path)).collect();
    let mut n = 1;
    loop {
        bench.afresh();
        let lost = |(method, path): &(&String, &String)| {
            Fault::nth_matching(n, method, path, FaultKind::StaleCursor).exactly()
        };
        bench.vendor.set_faults(paths.iter().map(lost));
        is_like(&bench.complete().await, &whole, &format!("cursors {n} lost"));
        // Nothing was requested twice: there are fewer cursors.
        if bench.vendor.requests().len() == requests.len() {
            break;
        }
        n += 1 + n / 2;
    }
}

/// Cut after every step, and resumed by another process: nothing is kept from one step to the next but what is saved.
pub async fn a_sync_of_one_step_at_a_time_ends_like_an_uninterrupted_one<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    bench.vendor.split_pages(2, false);
    let whole = bench.complete().await;
    bench.afresh();
    let first = bench.cut(1).await;
    assert_eq!([&first["status"], &first["reason"]], ["continue", "deadline"]);
    assert!(!bench.is_published(), "half a sync is published");
    bench.cx.settings.max_steps = Some(1);
    let rest = bench.finish(json!({"sync_id": first["sync_id"]})).await;
    is_like(&answer_of(rest), &whole, "step by step");
}

pub async fn no_more_calls_are_made_than_needed<S: Subject>() {
    let bench = Bench::<S>::new().await;
    let (answer, requests) = (bench.complete().await, bench.vendor.requests());
    let lines: Vec<_> = requests.iter().map(|r| r.line()).collect();
    let needed = bench.vendor.minimum_calls();
    assert_eq!((&answer["calls"], lines.len()), (&json!(needed), needed), "{lines:#?}");
}

pub async fn nothing_secret_is_written<S: Subject>() {
    let mut bench = Bench::<S>::new().await;
    bench.cut(2).await;
    for (n, case) in S::cases().iter().enumerate() {
        let event = super::change_event(case, &format!("r{n}"));
        answer_of(bench.invoke(Operation::Grant, event).await);
    }
    bench.clock.advance(Duration::from_secs(3600));
    bench.complete().await;
    let tokens = bench.vendor.tokens();
    assert!(!tokens.is_empty() && !bench.written().is_empty());
    assert_eq!(bench.leak(&tokens), None);
}

pub async fn a_principal_that_nobody_lists_becomes_a_stub<S: Subject>() {
    let bench = Bench::<S>::new().await;
    let whole = bench.complete().await;
    let Some(principal) = bench.vendor.hide_principal() else { return };
    let answer = answer_of(bench.sync().await);
    let stubs = |answer| {
        let manifest = bench.manifest(answer);
        let stubs = manifest["stubs"].as_object().expect("stubs").values();
        stubs.filter_map(Value::as_u64).sum::<u64>()
    };
    assert_eq!(stubs(&answer), stubs(&whole) + 1, "{principal}");
    let mut warnings = answer["warnings"].as_array().expect("a list").iter();
    assert!(warnings.any(|w| w["code"] == "UnresolvedPrincipals"), "{answer:#}");
    assert_ne!(answer["content_digest"], whole["content_digest"]);
}

pub async fn another_tenant_behind_the_same_connection_fails<S: Subject>() {
    let bench = Bench::<S>::new().await;
    let before = bench.complete().await;
    bench.vendor.clear_requests();
    bench.vendor.become_another_tenant();
    bench.write_secret(&bench.vendor.secret());
    let (sync, changes) = ((Operation::Sync, json!({})), S::cases().into_iter().take(1));
    let changes = changes.map(|case| (Operation::Grant, super::change_event(&case, "r1")));
    for (operation, event) in changes.chain([sync]) {
        let error = bench.invoke(operation, event).await;
        let error = error.expect_err("another tenant");
        let found = (error.kind().as_str(), error.code().as_str());
        assert_eq!(found, ("Conflict", "AnotherTenant"), "{error}");
    }
    assert_eq!(bench.writes().len(), 0);
    assert_eq!(bench.latest()["sync_id"], before["sync_id"]);
}

/// The checker in Python shares no line with the writer. Runs where the test script provides it.
pub async fn an_independent_reader_finds_nothing_wrong<S: Subject>() {
    let Some(python) = std::env::var_os("ROLLCALL_PYTHON") else { return };
    check(&Bench::<S>::new().await, &python, "expanded").await;
}

pub async fn check<S: Subject>(bench: &Bench<S>, python: &OsStr, expected: &str) {
    let answer = bench.complete().await;
    let file = bench.file(answer["snapshot"].as_str().expect("a snapshot"));
    check_file(&file, Some(&bench.manifest_file(&answer)), python, expected);
}

pub fn check_file(file: &Path, manifest: Option<&Path>, python: &OsStr, expected: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../c1z.py");
    let checked = std::process::Command::new(python)
        .args([script, "check"])
        .arg(file)
        .args(
            manifest
                .into_iter()
                .flat_map(|manifest| [OsStr::new("--manifest"), manifest.as_os_str()]),
        )
        .args(["--expect", expected])
        .output();
    let checked = checked.expect("python runs");
    let said = [checked.stdout, checked.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(checked.status.success(), "{said}");
}
