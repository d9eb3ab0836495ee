//! Lists that do not end as they should.

use rollcall_connector::Chain;
use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{ENGINEERING_ID, TEST_TOKEN};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use super::{DEVELOPERS, engineers, failure, fault, queries, small, small_with};

/// The vendor's client stops there; the number of the page goes on.
#[tokio::test]
async fn a_list_that_goes_on_without_a_cursor_goes_on_by_number() {
    let desk = small().await;
    let whole = desk.complete().await;
    desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
    desk.vendor.sim.clear_requests();
    desk.vendor
        .sim
        .set_faults(vec![Fault::every(FaultKind::without("pagination/cursor"))]);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.answer["content_digest"], whole["content_digest"]);
    assert_eq!(
        queries(&desk, DEVELOPERS),
        ["per_page=100", "per_page=100&page=2", "per_page=100&page=3"]
    );
    assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_full_page_that_does_not_say_whether_it_is_the_last_publishes_nothing() {
    for (rows, good) in [(99, true), (100, false), (101, false)] {
        let desk = small_with(|w| {
            w.members.clear();
            w.roles.clear();
            w.groups.clear();
            for i in 0..rows {
                w.add_member(&format!("p-{i}"), "", "");
            }
        })
        .await;
        fault(&desk, "/v1/org-members", FaultKind::without("pagination"));
        if good {
            assert_eq!(Shown::by(&desk).await.count("user"), rows);
        } else {
            let error = failure(&desk, "a full page").await;
            assert_eq!(error.code(), "UnexpectedAnswer", "{error}");
            assert!(error.to_string().contains("whether it is the last"));
        }
    }
}

#[tokio::test]
async fn a_cursor_that_leads_back_to_its_page_publishes_nothing() {
    for path in ["/v1/org-members", "/v1/org-roles", DEVELOPERS, &engineers()] {
        let desk = small().await;
        desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
        fault(&desk, path, FaultKind::RepeatCursor);
        let error = failure(&desk, path).await;
        assert_eq!(error.code(), "EndlessList", "{path}: {error}");
        assert!(queries(&desk, path).len() <= 3, "{path}");
    }
    let desk = small().await;
    desk.vendor.sim.set_options(|o| {
        o.force_page_size = Some(1);
        o.paged_groups = true;
    });
    fault(&desk, "/v1/directory-groups", FaultKind::RepeatCursor);
    let error = failure(&desk, "groups").await;
    assert_eq!(error.code(), "EndlessList", "{error}");
}

/// The first page was read by whoever asked whether the token may: it is read anew, since its cursor is the one that was
/// lost.
#[tokio::test]
async fn a_list_whose_cursor_is_lost_is_asked_for_from_its_first_page() {
    let desk = small().await;
    let whole = desk.complete().await;
    for path in [
        "/v1/org-members",
        "/v1/org-roles",
        "/v1/directory-groups",
        DEVELOPERS,
        &engineers(),
    ] {
        let desk = small().await;
        desk.vendor.sim.set_options(|o| {
            o.force_page_size = Some(1);
            o.paged_groups = true;
        });
        let stale = Fault::matching("GET", path, FaultKind::StaleCursor).exactly();
        desk.vendor.sim.set_faults(vec![stale.times(1)]);
        let shown = Shown::by(&desk).await;
        assert_eq!(
            shown.answer["content_digest"], whole["content_digest"],
            "{path}"
        );
        let first = queries(&desk, path);
        let first = first.iter().filter(|q| !q.contains("cursor")).count();
        assert_eq!(first, 2, "{path}");
    }
}

#[tokio::test]
async fn a_list_that_never_keeps_its_cursors_publishes_nothing() {
    let desk = small().await;
    desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
    fault(&desk, "/v1/org-members", FaultKind::StaleCursor);
    let error = failure(&desk, "stale cursors").await;
    assert_eq!(error.code(), "EndlessList", "{error}");
}

/// A page without rows does not end a list that goes on, but neither does a list go on for ever for them.
#[tokio::test]
async fn empty_pages_that_point_to_others_are_followed_as_long_as_lists_end() {
    let desk = small().await;
    let whole = desk.complete().await;
    for empty_pages in [1, 2, 9] {
        desk.vendor.sim.set_options(|o| {
            o.empty_pages = empty_pages;
            o.paged_groups = true;
        });
        let answer = desk.complete().await;
        assert_eq!(answer["content_digest"], whole["content_digest"]);
    }
    for paged_groups in [true, false] {
        let desk = small().await;
        desk.vendor.sim.set_options(|o| {
            o.empty_pages = 1_000;
            o.paged_groups = paged_groups;
        });
        let error = failure(&desk, "a list without an end").await;
        assert_eq!(error.code(), "EndlessList", "{error}");
    }
}

#[tokio::test]
async fn a_list_of_members_without_an_end_publishes_nothing() {
    let desk = small_with(|w| w.groups.clear()).await;
    desk.vendor.sim.set_options(|o| o.empty_pages = 1_000);
    // Only the members are without an end.
    let no_roles = json!({"data": {"roles": []}, "pagination": {"hasNextPage": false}});
    let kind = FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(no_roles),
    };
    fault(&desk, "/v1/org-roles", kind);
    let error = failure(&desk, "members without an end").await;
    assert_eq!(error.code(), "EndlessList", "{error}");
    assert!(queries(&desk, "/v1/org-members").len() < 60);
}

/// Rows move to the next page when somebody is added before them.
#[tokio::test]
async fn a_row_that_is_on_two_pages_is_there_once() {
    let desk = small().await;
    desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
    desk.vendor.sim.before(DEVELOPERS, |_| {});
    desk.vendor.sim.before(DEVELOPERS, |w| {
        w.add_member("aaron-a", "Aaron", "")
            .assign("developer", "aaron-a");
    });
    let shown = Shown::by(&desk).await;
    // Aaron came in before those who were on the page that had been read; the last of them is seen twice.
    assert_eq!(queries(&desk, DEVELOPERS).len(), 4);
    let held: Vec<&str> = shown
        .grants
        .values()
        .filter(|g| g.entitlement == "role:developer:assigned")
        .map(|g| g.principal.as_str())
        .collect();
    assert_eq!(
        held,
        [
            format!("group:{ENGINEERING_ID}").as_str(),
            "user:alice-w",
            "user:bob-k",
            "user:carol-p"
        ]
    );
}

/// Whoever breaks in after everything was checked finds nothing of a token.
#[tokio::test]
async fn a_failure_says_what_the_vendor_said_and_no_token() {
    let desk = small().await;
    let body =
        json!({"error": {"status": 403, "message": format!("no: Bearer {TEST_TOKEN}"), "id": "x"}});
    let kind = FaultKind::Status {
        code: 403,
        headers: Vec::new(),
        body: Some(body),
    };
    fault(&desk, DEVELOPERS, kind);
    let error = failure(&desk, "a refusal").await;
    let chain = Chain(&error).to_string();
    assert!(chain.contains("403: no: "), "{chain}");
    assert!(
        !format!("{chain} {error:?}").contains(TEST_TOKEN),
        "{chain}"
    );
}
