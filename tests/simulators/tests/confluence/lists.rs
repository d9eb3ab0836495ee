//! Pages, however they are cut.

use rollcall_simulators::{
    Fault, FaultKind, Ordering,
    confluence::{Confluence, EmptyPage, Sizes, World},
};

use crate::client::{get, sim};

/// Follows `next` to the end; gives one text of every row, and the number of pages.
async fn follow(sim: &Confluence, first: &str, pointer: &str) -> (Vec<String>, usize) {
    let (mut rows, mut pages, mut path) = (Vec::new(), 0, first.to_owned());
    loop {
        let page = get(sim, &path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        rows.extend(page.all(pointer).into_iter().map(str::to_owned));
        pages += 1;
        let Some(next) = page.next() else {
            return (rows, pages);
        };
        assert_ne!(next, path);
        // v1 is relative to /wiki, v2 is not.
        path = if next.starts_with("/rest") {
            format!("/wiki{next}")
        } else {
            next.to_owned()
        };
    }
}

#[tokio::test]
async fn lists_are_complete_in_any_cut_and_order() {
    let sim = sim(World::generate(&Sizes::default(), 5)).await;
    let group = sim.with_world(|world| {
        let largest = world
            .groups
            .values()
            .max_by_key(|group| group.members.len());
        largest.unwrap().id.clone()
    });
    for (path, pointer) in [
        ("/wiki/rest/api/group?limit=3".to_owned(), "/id"),
        (
            format!("/wiki/rest/api/group/{group}/membersByGroupId?expand=operations"),
            "/accountId",
        ),
        (
            "/wiki/api/v2/spaces?limit=7&status=current".to_owned(),
            "/id",
        ),
        ("/wiki/api/v2/spaces/98304/permissions".to_owned(), "/id"),
    ] {
        sim.set_options(|options| *options = Default::default());
        let (mut whole, _) = follow(&sim, &path, pointer).await;
        for size in [1, 2, 5] {
            sim.set_options(|options| options.force_page_size = Some(size));
            let (rows, pages) = follow(&sim, &path, pointer).await;
            assert_eq!(rows, whole);
            assert!(pages >= whole.len().div_ceil(size), "{path}");
            sim.set_options(|options| {
                options.v1_empty_page = EmptyPage::First;
                options.v2_empty_page = EmptyPage::First;
            });
            assert_eq!(
                follow(&sim, &path, pointer).await,
                (whole.clone(), pages + 1),
                "{path}"
            );
            sim.set_options(|options| {
                options.v1_empty_page = EmptyPage::Between;
                options.v2_empty_page = EmptyPage::Between;
            });
            assert_eq!(
                follow(&sim, &path, pointer).await,
                (whole.clone(), 2 * pages - 1),
                "{path}"
            );
            sim.set_options(|options| {
                options.v1_empty_page = EmptyPage::Never;
                options.v2_empty_page = EmptyPage::Never;
            });
        }
        sim.set_options(|options| options.ordering = Ordering::Shuffled(3));
        let (mut shuffled, _) = follow(&sim, &path, pointer).await;
        assert_ne!(shuffled, whole);
        shuffled.sort();
        whole.sort();
        assert_eq!(shuffled, whole);
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_empty_last_page_leads_to_itself() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| {
        options.v1_empty_page = EmptyPage::Last;
        options.v2_empty_page = EmptyPage::Last;
    });
    for (path, wiki) in [
        ("/wiki/rest/api/group?limit=200", "/wiki"),
        ("/wiki/api/v2/spaces?limit=250", ""),
    ] {
        let full = get(&sim, path).await;
        assert_eq!(full.rows().len(), 2);
        let next = format!("{wiki}{}", full.next().unwrap());
        let empty = get(&sim, &next).await;
        assert_eq!((empty.status, empty.rows().len()), (200, 0));
        assert_eq!(format!("{wiki}{}", empty.next().unwrap()), next);
    }
}

#[tokio::test]
async fn a_list_may_have_no_end() {
    for (rows, set) in [
        (0, (EmptyPage::All, None)),
        (1, (EmptyPage::Never, Some("/group"))),
        (1, (EmptyPage::Never, Some("/spaces"))),
    ] {
        let sim = sim(World::worked_example()).await;
        sim.set_options(|options| {
            (options.v1_empty_page, options.stuck_list) = set;
            options.v2_empty_page = set.0;
            options.force_page_size = Some(1);
        });
        let (mut path, wiki) = match set.1 {
            Some("/spaces") => ("/wiki/api/v2/spaces?limit=250".to_owned(), ""),
            _ => ("/wiki/rest/api/group?limit=200".to_owned(), "/wiki"),
        };
        let mut seen = Vec::new();
        for _ in 0..5 {
            let page = get(&sim, &path).await;
            assert_eq!(page.rows().len(), rows);
            assert!(!seen.contains(&path), "{path}");
            seen.push(path);
            path = format!("{wiki}{}", page.next().unwrap());
        }
    }
}

#[tokio::test]
async fn the_envelopes_are_as_documented() {
    let sim = sim(World::rich()).await;
    let v1 = get(&sim, "/wiki/rest/api/group?limit=2&start=2").await;
    assert_eq!(v1.json["start"], 2);
    assert_eq!(v1.json["limit"], 2);
    assert_eq!(v1.json["size"], 2);
    assert_eq!(
        v1.json["_links"],
        serde_json::json!({
            "base": "https://acme.atlassian.net/wiki", "context": "/wiki",
            "self": "https://acme.atlassian.net/wiki/rest/api/group", "next": "/rest/api/group?next=true&limit=2&start=4",
        })
    );
    let past = get(&sim, "/wiki/rest/api/group?start=500").await;
    assert_eq!((past.rows().len(), past.next()), (0, None));
    let v2 = get(&sim, "/wiki/api/v2/spaces?limit=2").await;
    let next = v2.next().unwrap();
    assert!(next.starts_with("/wiki/api/v2/spaces?limit=2&cursor="));
    assert_eq!(v2.headers["link"], format!("<{next}>; rel=\"next\""));
    assert_eq!(v2.json["_links"]["base"], "https://acme.atlassian.net/wiki");
    assert!(v2.json.get("size").is_none());
}

#[tokio::test]
async fn cursors_belong_to_their_list_and_get_lost_on_demand() {
    let sim = sim(World::rich()).await;
    let first = get(&sim, "/wiki/api/v2/spaces?limit=2&status=current").await;
    let (_, cursor) = first.next().unwrap().split_once("cursor=").unwrap();
    let other = get(
        &sim,
        &format!("/wiki/api/v2/spaces?limit=2&cursor={cursor}"),
    )
    .await;
    assert_eq!((other.status, sim.violations().len()), (400, 1));
    assert_eq!(
        get(&sim, "/wiki/api/v2/spaces?cursor=nonsense")
            .await
            .status,
        400
    );
    assert_eq!(sim.violations().len(), 1);
    sim.set_faults(vec![Fault::nth(1, FaultKind::StaleCursor)]);
    assert_eq!(get(&sim, "/wiki/api/v2/spaces?limit=2").await.status, 200);
    let lost = get(&sim, first.next().unwrap()).await;
    assert_eq!(
        (lost.status, lost.reason().as_str()),
        (400, "The provided cursor is invalid")
    );
    assert_eq!(get(&sim, first.next().unwrap()).await.status, 200);
}

#[tokio::test]
async fn lists_go_in_circles_on_demand() {
    let sim = sim(World::rich()).await;
    sim.set_faults(vec![Fault::every(FaultKind::RepeatCursor)]);
    for (first, wiki) in [
        ("/wiki/rest/api/group?limit=3", "/wiki"),
        ("/wiki/api/v2/spaces?limit=3", ""),
    ] {
        let page = get(&sim, first).await;
        let next = format!("{wiki}{}", page.next().unwrap());
        let again = get(&sim, &next).await;
        assert_eq!(again.rows(), page.rows());
        assert_eq!(format!("{wiki}{}", again.next().unwrap()), next);
        if wiki.is_empty() {
            assert_eq!(again.headers["link"], format!("<{next}>; rel=\"next\""));
        }
    }
    assert!(
        get(&sim, "/wiki/rest/api/search/user?cql=type%3Duser")
            .await
            .next()
            .is_none()
    );
}
