//! Tests of restarted and cyclic lists in the working database.

use rollcall_model::proto::ResourceId;

use super::commit::{Commit, CommitKind, NewResource, NewStep};
use super::work::Work;

fn work() -> (tempfile::TempDir, Work) {
    let folder = tempfile::tempdir().expect("a folder");
    let work = Work::create(&folder.path().join("work.db"), None).expect("a database");
    (folder, work)
}

/// A working database with these steps, all in progress; and their ids.
fn begun(steps: &[&str]) -> (tempfile::TempDir, Work, Vec<i64>) {
    let (folder, mut work) = work();
    let start =
        Commit { spawn: steps.iter().map(|body| step(body)).collect(), ..Commit::default() };
    work.apply(&start).expect("applied");
    let taken = work.take(0, 9).expect("steps");
    (folder, work, taken.iter().map(|s| s.id).collect())
}

fn step(body: &str) -> NewStep {
    NewStep { phase: 0, body: body.into() }
}

fn user(id: &str) -> NewResource {
    NewResource {
        id: ResourceId { resource_type: "user".into(), resource: id.into() },
        parent: None,
        rank: 2,
        data: vec![],
    }
}

fn page(step_id: i64, users: &[&str], next: Option<&str>, children: &[&str]) -> Commit {
    Commit {
        kind: CommitKind::Done as i32,
        step: step_id,
        resources: users.iter().map(|id| user(id)).collect(),
        next: next.map(step),
        spawn: children.iter().map(|body| step(body)).collect(),
        ..Commit::default()
    }
}

fn users(work: &Work) -> Vec<String> {
    let mut select =
        work.connection().prepare("SELECT id FROM resources ORDER BY id").expect("sql");
    let rows = select.query_map([], |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

#[test]
fn a_list_that_starts_over_drops_its_half_and_what_came_of_it() {
    let (_folder, mut work, ids) = begun(&["a", "z"]);
    work.apply(&page(ids[1], &["z1"], None, &[])).expect("applied");
    work.apply(&page(ids[0], &["a1"], Some("a?2"), &["a1/children"])).expect("applied");
    let more = work.take(0, 9).expect("steps");
    let child = more.iter().find(|s| s.body == "a1/children").expect("the child").id;
    let second = more.iter().find(|s| s.body == "a?2").expect("the second page").id;
    work.apply(&page(child, &["c1"], None, &[])).expect("applied");
    assert_eq!(users(&work), ["a1", "c1", "z1"]);

    assert!(work.apply(&Commit::restart(second)).expect("applied"));
    assert_eq!(users(&work), ["z1"]);
    assert!(
        !work.apply(&page(second, &["late"], None, &[])).expect("applied"),
        "an overtaken page is discarded"
    );
    let again: Vec<_> = work.take(0, 9).expect("steps").into_iter().map(|s| s.body).collect();
    assert_eq!(again, ["a"]);
}

#[test]
fn what_another_list_wants_too_outlives_a_restart() {
    let (_folder, mut work, ids) = begun(&["a", "b"]);
    work.apply(&page(ids[0], &["a1"], Some("a?2"), &["shared"])).expect("applied");
    work.apply(&page(ids[1], &["b1"], None, &["shared"])).expect("applied");
    let more = work.take(0, 9).expect("steps");
    let id = |body: &str| more.iter().find(|s| s.body == body).expect("the step").id;
    work.apply(&page(id("shared"), &["s1"], None, &[])).expect("applied");
    work.apply(&Commit::restart(id("a?2"))).expect("applied");
    assert_eq!(users(&work), ["b1", "s1"]);
}

/// Its references to others are dropped with it: it may have been read at the wrong moment.
#[test]
fn a_list_that_starts_over_takes_back_what_it_said_to_be_no_more() {
    let (_folder, mut work, ids) = begun(&["a", "z"]);
    work.apply(&page(ids[1], &["z1", "z2"], None, &[])).expect("applied");
    let name = |id: &str| user(id).id;
    let half = Commit {
        names: vec![name("x")],
        deleted_during_sync: vec![name("z1")],
        ..page(ids[0], &[], Some("a?2"), &[])
    };
    work.apply(&half).expect("applied");
    let said = |work: &Work| {
        let sql = "SELECT (SELECT count(*) FROM deleted), (SELECT count(*) FROM not_found),
                          (SELECT count(*) FROM names WHERE state = 2)";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let counts: (i64, i64, i64) = work.connection().query_row(sql, [], row).expect("counts");
        counts
    };
    assert_eq!(said(&work), (1, 1, 1));
    let second = work.take(0, 9).expect("steps")[0].id;
    work.apply(&Commit::restart(second)).expect("applied");
    assert_eq!(said(&work), (0, 0, 0));
    assert_eq!(users(&work), ["z1", "z2"]);
}

#[test]
fn a_list_that_goes_in_a_circle_fails() {
    let (_folder, mut work, ids) = begun(&["a"]);
    let error = work.apply(&page(ids[0], &[], Some("a"), &[])).expect_err("a circle");
    assert_eq!(error.code(), "EndlessList");
}

/// Commits empty pages, each of which points to the next, until that fails.
fn empty_pages(
    mut rows_at: impl FnMut(usize) -> bool,
    most: usize,
) -> Option<rollcall_connector::Error> {
    let (_folder, mut work, _) = begun(&[]);
    work.apply(&Commit { spawn: vec![step("p0")], ..Commit::default() }).expect("applied");
    (0..most).find_map(|n| {
        let id = work.take(0, 1).expect("steps").first().expect("a page").id;
        let users: &[&str] = if rows_at(n) { &["u"] } else { &[] };
        let next = format!("p{}", n + 1);
        work.apply(&page(id, users, Some(&next), &[])).err()
    })
}

#[test]
fn empty_pages_that_point_to_another_are_followed_and_too_many_in_a_row_fail_the_run() {
    assert!(empty_pages(|n| n % 7 == 0, 300).is_none());
    let error = empty_pages(|n| n < 3, 300).expect("a list without an end");
    assert_eq!(error.code(), "EndlessList");
    assert!(error.to_string().contains("p53"), "{error}");
}
