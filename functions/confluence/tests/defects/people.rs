//! Who is shown, and as what.

use std::collections::BTreeSet;

use rollcall_harness::shown::Shown;
use rollcall_simulators::Request;
use rollcall_simulators::confluence::World;

use serde_json::json;

use super::desk_of;
use crate::Desk;

/// The public connector asks for pages of two hundred, gets a hundred, takes that for the end, and misses everybody else.
#[tokio::test]
async fn everybody_is_found_although_no_page_of_the_search_is_ever_full() {
    let mut world = World::worked_example();
    for n in 0..345 {
        world.add_user(&format!("712020:n{n:03}"), "N", "");
    }
    let desk = desk_of(world).await;
    let shown = Shown::by(&desk).await;
    let users = shown
        .resources
        .values()
        .filter(|r| r.resource_type == "user");
    assert_eq!(users.count(), 348);
    let starts = |r: &Request| {
        let start = r
            .query
            .split('&')
            .find_map(|pair| pair.strip_prefix("start="));
        start.expect("a start").to_owned()
    };
    let requests = desk.vendor.sim.requests();
    let search: Vec<&Request> = requests
        .iter()
        .filter(|r| r.path.ends_with("/search/user"))
        .collect();
    assert!(
        search.iter().all(|r| r.query.contains("limit=100")),
        "{search:?}"
    );
    let starts: Vec<String> = search.into_iter().map(starts).collect();
    // Bob is deactivated, and the search hides him.
    assert_eq!(starts, ["0", "100", "200", "300", "347"]);
}

/// The public connector reads groups and their members twice, and shows a user once for the search and each group.
#[tokio::test]
async fn nothing_is_read_twice() {
    for world in [World::rich(), World::rich_with_roles()] {
        let desk = desk_of(world).await;
        Shown::by(&desk).await;
        let requests = desk.vendor.sim.requests();
        let lines = requests
            .iter()
            .map(|r| format!("{} {}?{} {:?}", r.method, r.path, r.query, r.body));
        let different: BTreeSet<String> = lines.collect();
        assert_eq!(different.len(), requests.len());
    }
}

/// The public connector shows access of people that it does not show; deactivated ones are in no list, and keep theirs.
#[tokio::test]
async fn whoever_a_permission_names_is_shown() {
    let shown = Shown::by(&Desk::new().await).await;
    for (id, status) in [
        ("user:712020:deactivated", "disabled"),
        ("user:712020:unindexed", "enabled"),
        ("user:712020:app", "enabled"),
        ("user:712020:guest", "enabled"),
    ] {
        shown.grant(&format!("space:98320:read-space:{id}"));
        assert_eq!(shown.resource(id).status, Some(status), "{id}");
    }
    // Whom nobody knows is shown with all that is known: the id.
    shown.grant("space:98320:read-space:user:712020:never-was");
    shown.resource("user:712020:never-was");
    shown.grant("space:98320:read-space:group:99-never-was");
    shown.resource("group:99-never-was");
}

/// The public connector leaves out whoever is not of the type `atlassian`, and does not tell guests.
#[tokio::test]
async fn apps_guests_and_accounts_without_a_type_are_shown_as_what_they_are() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|w| {
        w.grant(98320, "user", "qm:customer", "read/space");
    });
    let shown = Shown::by(&desk).await;
    for (id, kind, guest) in [
        ("user:712020:a1", Some("human"), false),
        ("user:712020:guest", Some("human"), true),
        ("user:712020:app", Some("service"), false),
        ("user:712020:c3", Some("service"), false),
        ("user:qm:customer", Some("human"), false),
        ("user:plain-id-without-colon", Some("human"), false),
    ] {
        let user = shown.resource(id);
        assert_eq!(
            (user.account_type, &user.profile["is_guest"]),
            (kind, &guest.into()),
            "{id}"
        );
    }
    shown.resource("user:712020:no-type");
}

/// The public connector takes whoever has no licence for disabled, in one of two places, and says enabled in the other.
#[tokio::test]
async fn the_state_of_every_account_is_what_the_vendor_says() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|w| {
        w.add_member("35-bare", "712020:closed");
    });
    let shown = Shown::by(&desk).await;
    for (id, status, details) in [
        ("user:712020:a1", Some("enabled"), ""),
        ("user:557058:b2", Some("disabled"), "inactive"),
        ("user:712020:closed", Some("disabled"), "closed"),
        // Without a licence, but not deactivated.
        ("user:712020:unlicensed", Some("enabled"), ""),
    ] {
        let user = shown.resource(id);
        assert_eq!(
            (user.status, user.status_details.as_str()),
            (status, details),
            "{id}"
        );
    }
    let odd = shown.resource("user:712020:odd-status");
    assert!(
        !matches!(odd.status, Some("enabled" | "disabled")),
        "{odd:?}"
    );
}

/// The public connector shows an empty address.
#[tokio::test]
async fn a_hidden_address_is_no_address_however_it_is_hidden() {
    for hidden in [Some(json!("")), Some(json!(null)), None] {
        let desk = Desk::new().await;
        desk.vendor
            .sim
            .set_options(|o| o.hidden_email = hidden.clone());
        let shown = Shown::by(&desk).await;
        let hana = shown.resource("user:712020:hidden");
        assert!(
            hana.emails.is_empty() && !hana.profile.contains_key("email"),
            "{hidden:?}: {hana:?}"
        );
        assert_eq!(
            shown.resource("user:712020:capital").emails,
            ["Carl.Capital@Acme.io"]
        );
    }
}
