//! Lists: their pages, their ends, and what is not in them.

use std::time::Duration;

use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::{EmptyPage, READER_EMAIL, READER_TOKEN, World};
use serde_json::json;

use super::desk_of;
use crate::Desk;

/// The public connector asks for less than there is on a page, and for more than is allowed elsewhere.
#[tokio::test]
async fn every_list_is_read_in_the_largest_pages_that_it_has() {
    let desk = desk_of(World::rich_with_roles()).await;
    Shown::by(&desk).await;
    let mut seen = 0;
    for request in desk.vendor.sim.requests() {
        let limit = request
            .query
            .split('&')
            .find_map(|pair| pair.strip_prefix("limit="));
        let expected = match request.path.as_str() {
            path if path.ends_with("/search/user") => "100",
            path if path.starts_with("/wiki/rest/api/group") && !path.ends_with("/by-id") => "200",
            path if path.ends_with("/permissions")
                || path.ends_with("/role-assignments")
                || path.ends_with("/space-roles") =>
            {
                "250"
            }
            _ => continue,
        };
        assert_eq!(limit, Some(expected), "{}", request.path);
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
    assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
}

/// The public connector takes an empty first page for the end, and a later one for an error.
#[tokio::test]
async fn an_empty_page_that_goes_on_is_no_end_and_one_that_leads_to_itself_is_no_circle() {
    let mut desk = Desk::new().await;
    let expected = desk.complete().await["content_digest"].clone();
    for (v1, v2) in [
        (EmptyPage::Last, EmptyPage::Never),
        (EmptyPage::Never, EmptyPage::First),
        (EmptyPage::Never, EmptyPage::Last),
        (EmptyPage::Last, EmptyPage::First),
        (EmptyPage::First, EmptyPage::Never),
        (EmptyPage::Between, EmptyPage::Between),
    ] {
        desk.afresh();
        desk.vendor.sim.set_options(|o| {
            (o.v1_empty_page, o.v2_empty_page) = (v1, v2);
            o.force_page_size = Some(2);
        });
        assert_eq!(
            desk.complete().await["content_digest"],
            expected,
            "{v1:?} {v2:?}"
        );
    }
}

/// The public connector sends one request at a time.
#[tokio::test]
async fn requests_are_sent_side_by_side_within_bounds() {
    let mut world = World::worked_example();
    for n in 0..60 {
        world.add_space(99_000 + n, &format!("S{n}"), "S", "global");
        world.grant(99_000 + n, "user", "712020:a1", "read/space");
    }
    let desk = desk_of(world).await;
    desk.vendor
        .sim
        .set_options(|o| o.latency = Duration::from_millis(5));
    Shown::by(&desk).await;
    let peak = desk.vendor.sim.peak_concurrency();
    assert!((4..=16).contains(&peak), "{peak}");
}

/// The public connector is content with any token, and shows less with a lesser one, without a hint.
#[tokio::test]
async fn a_token_that_sees_little_is_told_of() {
    let desk = Desk::new().await;
    desk.set_keys(&json!({"username": READER_EMAIL, "api-key": READER_TOKEN}));
    let shown = Shown::by(&desk).await;
    assert!(
        shown
            .warnings()
            .iter()
            .any(|w| w.starts_with("MayNotBeAdministrator")),
        "{:?}",
        shown.warnings()
    );
    // What no token is told, the manifest says.
    assert!(!shown.resources.contains_key("space:98323"));
    let spots = rollcall_confluence::entry().about.blind_spots;
    assert!(
        spots.iter().any(|spot| spot.contains("cannot view")),
        "{spots:?}"
    );
}

/// The public connector does not look whether there is anything to see.
#[tokio::test]
async fn a_token_that_sees_no_space_is_told_of() {
    let mut world = World::worked_example();
    for id in [98310, 98311] {
        world.edit_space(id, |space| space.permissions.clear());
    }
    let desk = desk_of(world).await;
    let shown = Shown::by(&desk).await;
    assert!(
        shown.warnings().iter().any(|w| w.starts_with("EmptyList")),
        "{:?}",
        shown.warnings()
    );
}
