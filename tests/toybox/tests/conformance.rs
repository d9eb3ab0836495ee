//! The requirements of every connector; every fault at every call; the checker on unexpanded snapshots.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::{
    Subject, answer_of, change_event, check, check_file, faults_of_a_change, is_survived,
    temporary_grants_may_overlap,
};
use rollcall_simulators::Fault;
use rollcall_snapshot::{Content, Snapshot, reduce};

use crate::world::{Desk, Simulated};

rollcall_harness::conformance!(Simulated);

#[tokio::test]
async fn temporary_grants_that_overlap_leave_everything_as_it_was() {
    temporary_grants_may_overlap::<Simulated>(&Simulated::cases(), 50).await;
}

#[tokio::test]
async fn a_change_survives_every_fault_at_every_call() {
    let (case, mut desk) = (&Simulated::cases()[0], Desk::new().await);
    answer_of(desk.invoke(Operation::Grant, change_event(case, "r1")).await);
    let expected = desk.vendor.view();
    for n in 1..=desk.vendor.requests().len() {
        for kind in faults_of_a_change() {
            let what = format!("{kind:?} at call {n}");
            desk = desk.renewed().await;
            is_survived(&mut desk, case, Fault::nth(n, kind), &expected, &what).await;
        }
    }
}

#[tokio::test]
async fn an_independent_reader_finds_nothing_wrong_where_nothing_is_expanded() {
    let Some(python) = std::env::var_os("ROLLCALL_PYTHON") else { return };
    let mut desk = Desk::new().await;
    desk.cx.settings.expand = false;
    check(&desk, &python, "unexpanded").await;
}

#[tokio::test]
async fn an_independent_reader_finds_nothing_wrong_with_reduced_copies() {
    let Some(python) = std::env::var_os("ROLLCALL_PYTHON") else { return };
    let (desk, folder) = (Desk::new().await, tempfile::tempdir().expect("a folder"));
    let answer = desk.complete().await;
    let file = desk.file(answer["snapshot"].as_str().expect("a snapshot"));
    let snapshot = Snapshot::open(&file).expect("readable");
    for content in [Content::Unexpanded, Content::WithoutGrants, Content::ResourcesOnly] {
        let copy = folder.path().join(format!("{content:?}"));
        reduce(&snapshot, content, &copy).expect("written");
        check_file(&copy, None, &python, "unexpanded");
    }
}
