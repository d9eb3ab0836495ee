//! Pages, by cursor and by number.

use std::{collections::BTreeSet, time::Duration};

use rollcall_simulators::{
    Fault, FaultKind, Ordering,
    northflank::{Northflank, Sizes, World},
};

use crate::client::{DEVELOPERS, all, get, sim, sim_with};

/// An organization with so many members.
async fn with_members(members: usize) -> Northflank {
    let sizes = Sizes {
        members,
        ..Sizes::default()
    };
    sim(World::generate(&sizes, 3)).await
}

#[tokio::test]
async fn a_page_has_fifty_rows_unless_asked() {
    let sim = with_members(101).await;
    let page = get(&sim, "/v1/org-members").await;
    assert_eq!(page.rows().len(), 50);
    assert_eq!(page.json["pagination"]["count"], 50);
    assert_eq!(
        get(&sim, "/v1/org-members?per_page=7").await.rows().len(),
        7
    );
    sim.clear_requests();
    let rows = all(&sim, "/v1/org-members").await;
    assert_eq!((rows.len(), sim.calls()), (101, 2));
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 101);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_exact_page_is_the_last_and_an_empty_list_has_one() {
    let sim = with_members(100).await;
    assert_eq!(all(&sim, "/v1/org-members").await.len(), 100);
    assert_eq!(sim.calls(), 1);
    let sim = with_members(0).await;
    let page = get(&sim, "/v1/org-members").await;
    assert_eq!(
        page.text,
        r#"{"data":{"members":[]},"pagination":{"count":0,"hasNextPage":false}}"#
    );
}

#[tokio::test]
async fn cursors_must_be_escaped() {
    let sim = with_members(3).await;
    let page = get(&sim, "/v1/org-members?per_page=1").await;
    let cursor = page.json["pagination"]["cursor"].as_str().unwrap();
    for sign in ['+', '/', '='] {
        assert!(cursor.contains(sign), "{cursor}");
    }
    let raw = get(&sim, &format!("/v1/org-members?per_page=1&cursor={cursor}")).await;
    assert_eq!(raw.status, 400);
    assert_eq!(sim.violations().len(), 1);
    let next = page.cursor().unwrap();
    let good = get(&sim, &format!("/v1/org-members?per_page=1&cursor={next}")).await;
    assert_eq!(good.status, 200);
    assert_ne!(good.ids(), page.ids());
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_and_filters() {
    let sim = sim(World::worked_example()).await;
    let path = format!("{DEVELOPERS}?type=implicit&per_page=1");
    let cursor = get(&sim, &path).await.cursor().unwrap();
    for path in [
        format!("/v1/org-members?per_page=1&cursor={cursor}"),
        format!("{DEVELOPERS}?per_page=1&cursor={cursor}"),
        format!("{DEVELOPERS}?type=explicit&per_page=1&cursor={cursor}"),
        format!("{DEVELOPERS}?type=implicit&userIds=bob-k&cursor={cursor}"),
        format!("{DEVELOPERS}?type=implicit&page=2&cursor={cursor}"),
    ] {
        assert_eq!(get(&sim, &path).await.status, 400, "{path}");
        assert_eq!(sim.violations().len(), 1, "{path}");
        sim.clear_requests();
    }
    // The size may change, and the order of parameters.
    let path = format!("{DEVELOPERS}?cursor={cursor}&per_page=2&type=implicit");
    assert_eq!(get(&sim, &path).await.ids(), ["carol-p"]);
}

#[tokio::test]
async fn pages_have_numbers_too() {
    let sim = sim(World::worked_example()).await;
    let path = |page: &str| format!("/v1/org-members?per_page=2&page={page}");
    let first = get(&sim, &path("1")).await;
    assert_eq!(first.ids(), ["alice-w", "bob-k"]);
    assert!(first.cursor().is_some());
    let second = get(&sim, &path("2")).await;
    assert_eq!(second.ids(), ["carol-p"]);
    assert_eq!(second.cursor(), None);
    for page in ["3", "18446744073709551615"] {
        let past = get(&sim, &path(page)).await;
        assert!(past.rows().is_empty());
        assert_eq!(past.json["pagination"]["hasNextPage"], false);
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn pages_can_be_short_or_empty_or_in_any_order() {
    let sim = with_members(10).await;
    let usual = all(&sim, "/v1/org-members").await;
    sim.set_options(|options| options.force_page_size = Some(3));
    sim.clear_requests();
    assert_eq!(all(&sim, "/v1/org-members").await, usual);
    assert_eq!(sim.calls(), 4);
    sim.set_options(|options| options.empty_pages = 2);
    let mut cursors = BTreeSet::new();
    let mut next = String::new();
    while let Some(cursor) = get(&sim, &format!("/v1/org-members?per_page=5{next}"))
        .await
        .cursor()
    {
        assert!(cursors.insert(cursor.clone()));
        next = format!("&cursor={cursor}");
    }
    assert_eq!(cursors.len(), 2 + 3);
    assert_eq!(all(&sim, "/v1/org-members").await, usual);
    sim.set_options(|options| options.ordering = Ordering::Reversed);
    let mut reversed = all(&sim, "/v1/org-members").await;
    reversed.reverse();
    assert_eq!(reversed, usual);
    sim.set_options(|options| options.ordering = Ordering::Shuffled(7));
    assert_ne!(all(&sim, "/v1/org-members").await, usual);
}

#[tokio::test]
async fn groups_can_have_pages() {
    let sim = sim_with(|options| {
        options.paged_groups = true;
        options.force_page_size = Some(1);
    })
    .await;
    let page = get(&sim, "/v1/directory-groups").await;
    assert_eq!(page.json["pagination"]["hasNextPage"], true);
    assert_eq!(all(&sim, "/v1/directory-groups").await.len(), 2);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cursor_can_be_repeated_stale_or_missing() {
    let sim = with_members(5).await;
    let first = get(&sim, "/v1/org-members?per_page=2")
        .await
        .cursor()
        .unwrap();
    let second = format!("/v1/org-members?per_page=2&cursor={first}");
    sim.set_faults(vec![Fault::every(FaultKind::RepeatCursor)]);
    assert_eq!(get(&sim, &second).await.cursor().unwrap(), first);
    let whole = get(&sim, "/v1/org-members").await;
    assert_eq!(whole.json["pagination"]["hasNextPage"], true);
    assert!(whole.cursor().is_some());
    sim.set_faults(vec![Fault::every(FaultKind::StaleCursor).times(1)]);
    assert_eq!(get(&sim, "/v1/org-members").await.status, 200);
    assert_eq!(get(&sim, &second).await.status, 400);
    assert_eq!(get(&sim, &second).await.status, 200);
    sim.set_faults(vec![Fault::every(FaultKind::without("pagination/cursor"))]);
    let page = get(&sim, &second).await;
    assert_eq!(page.json["pagination"]["hasNextPage"], true);
    assert_eq!(page.cursor(), None);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_cursor_can_grow_old() {
    let sim = with_members(5).await;
    sim.set_options(|options| options.cursor_life = Some(Duration::from_secs(600)));
    let page = get(&sim, "/v1/org-members?per_page=2").await;
    let second = format!(
        "/v1/org-members?per_page=2&cursor={}",
        page.cursor().unwrap()
    );
    sim.advance(Duration::from_secs(500));
    let next = get(&sim, &second).await.cursor().unwrap();
    sim.advance(Duration::from_secs(200));
    assert_eq!(get(&sim, &second).await.status, 400);
    let third = format!("/v1/org-members?per_page=2&cursor={next}");
    assert_eq!(get(&sim, &third).await.rows().len(), 1);
    assert_eq!(sim.violations(), Vec::<String>::new());
}
