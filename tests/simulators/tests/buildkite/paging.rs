//! Pages and the links between them.

use rollcall_simulators::{
    Fault, FaultKind,
    buildkite::{ECHOED_KEY, LARGE_TEAM_ID, Ordering, Paging, Shift, WIDE_TOKEN, World},
};
use serde_json::json;

use crate::client::{ORG, get, get_as, sim};

const DECOY: &str = "https://api.buildkite.invalid/v2/organizations/acme-inc";

#[tokio::test]
async fn a_page_has_thirty_rows_and_at_most_a_hundred() {
    let sim = sim(World::rich()).await;
    let team = format!("{ORG}/teams/{LARGE_TEAM_ID}/members");
    for list in [format!("{ORG}/members"), team] {
        for (query, rows) in [
            ("", 30),
            ("?per_page=7", 7),
            ("?per_page=100", 100),
            ("?per_page=500", 100),
            (
                "?page=2&per_page=120",
                if list.ends_with("c/members") { 43 } else { 30 },
            ),
            ("?page=9", 0),
        ] {
            let reply = get(&sim, &format!("{list}{query}")).await;
            assert_eq!(
                (reply.status, reply.rows().len()),
                (200, rows),
                "{list}{query}"
            );
        }
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn links_lead_away_from_the_server() {
    let sim = sim(World::rich()).await;
    let url = |page: usize| Some(format!("{DECOY}/members?page={page}&per_page=60"));
    for (page, next, last, prev, first) in [
        (1, url(2), url(3), None, None),
        (2, url(3), url(3), url(1), url(1)),
        (3, None, None, url(2), url(1)),
    ] {
        let path = format!("{ORG}/members?page={page}&per_page=60");
        let reply = get(&sim, &path).await;
        assert_eq!(reply.link("next"), next.as_deref());
        assert_eq!(reply.link("last"), last.as_deref());
        assert_eq!(reply.link("prev"), prev.as_deref());
        assert_eq!(reply.link("first"), first.as_deref());
    }
    let whole = get_as(&sim, WIDE_TOKEN, "/organizations").await;
    assert!(!whole.headers.contains_key("link"));
    let one = get_as(&sim, WIDE_TOKEN, "/organizations?per_page=1").await;
    assert_eq!(
        one.link("next").unwrap(),
        "https://api.buildkite.invalid/v2/organizations?page=2&per_page=1"
    );
}

#[tokio::test]
async fn links_keep_filters_and_may_echo_a_key() {
    let sim = sim(World::rich()).await;
    sim.set_options(|options| {
        options.links_echo_key = true;
        options.public_url = "https://proxy.invalid/bk/".to_owned();
    });
    let user = "c0000000-0000-4000-8000-00000000000c";
    let path = format!("{ORG}/teams?user_id={user}&per_page=2");
    assert_eq!(
        get(&sim, &path).await.link("next").unwrap(),
        format!(
            "https://proxy.invalid/bk/organizations/acme-inc/teams?api_key={ECHOED_KEY}&page=2&per_page=2&user_id={user}"
        )
    );
}

#[tokio::test]
async fn there_may_be_no_links_or_no_pages() {
    let sim = sim(World::rich()).await;
    sim.set_options(|options| options.paging = Paging::NoLinks);
    let path = format!("{ORG}/members?per_page=100");
    let first = get(&sim, &path).await;
    assert_eq!(first.rows().len(), 100);
    assert!(!first.headers.contains_key("link"));
    let second = get(&sim, &format!("{path}&page=2")).await;
    assert_eq!(second.rows().len(), 43);
    sim.set_options(|options| options.paging = Paging::Ignored);
    for page in 1..3 {
        let all = get(&sim, &format!("{path}&page={page}")).await;
        assert_eq!(all.rows().len(), 143);
        assert_eq!(all.rows()[0], first.rows()[0]);
        assert!(!all.headers.contains_key("link"));
    }
}

#[tokio::test]
async fn pages_can_be_smaller_than_asked() {
    let sim = sim(World::worked_example()).await;
    sim.set_options(|options| options.force_page_size = Some(2));
    let path = format!("{ORG}/members?per_page=100");
    let first = get(&sim, &path).await;
    assert_eq!(first.rows().len(), 2);
    assert!(first.link("next").unwrap().ends_with("page=2&per_page=100"));
    let second = get(&sim, &format!("{path}&page=2")).await;
    assert_eq!((second.rows().len(), second.link("next")), (1, None));
}

#[tokio::test]
async fn a_row_may_be_on_two_pages_or_on_none() {
    let sim = sim(World::rich()).await;
    for (shift, total, distinct) in [
        (Shift::None, 143, 143),
        (Shift::Repeats, 144, 143),
        (Shift::Skips, 142, 142),
    ] {
        sim.set_options(|options| options.shift = shift);
        let mut ids = Vec::new();
        for page in 1.. {
            let path = format!("{ORG}/members?per_page=50&page={page}");
            let reply = get(&sim, &path).await;
            ids.extend(reply.column("id").into_iter().map(str::to_owned));
            if reply.link("next").is_none() {
                break;
            }
        }
        assert_eq!(ids.len(), total, "{shift:?}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), distinct, "{shift:?}");
    }
}

#[tokio::test]
async fn lists_come_in_any_order() {
    let sim = sim(World::worked_example()).await;
    let path = format!("{ORG}/members");
    sim.set_options(|options| options.ordering = Ordering::Reversed);
    let reversed = get(&sim, &path).await;
    assert_eq!(
        reversed.column("name"),
        ["Cleo Coder", "Ben Builder", "Ada Admin"]
    );
}

#[tokio::test]
async fn a_list_may_never_end() {
    let sim = sim(World::worked_example()).await;
    sim.set_faults(vec![Fault::every(FaultKind::RepeatCursor)]);
    let reply = get(&sim, &format!("{ORG}/members?per_page=2&page=2")).await;
    assert!(reply.link("next").unwrap().ends_with("?page=2&per_page=2"));
    let one = get(&sim, ORG).await;
    assert!(!one.headers.contains_key("link"));
    assert_eq!(one.json["name"], json!("Acme Inc"));
}
