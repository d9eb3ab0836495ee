//! Lists that do not end properly, and deletions and refusals while they are read.

use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::FaultKind;
use rollcall_simulators::northflank::{ENGINEERING_ID, World, html_page};
use serde_json::json;

use crate::world::{
    AUTH, DEVELOPERS, Desk, ENGINEERS, GROUPS, MEMBERS, ROLES, asked, at, desk_of, digest, nobody,
    said, sync_fails,
};

/// The small organization, one row a page.
async fn paged() -> Desk {
    let desk = Desk::small().await;
    desk.vendor.split_pages(1, false);
    desk
}

/// The vendor's client stops without a cursor; page numbers continue. And rows move to the next page when somebody is
/// added before them: duplicates are shown once.
#[tokio::test]
async fn a_list_without_a_cursor_continues_by_number_and_a_row_on_two_pages_is_shown_once() {
    let whole = digest(&Desk::small().await).await;
    let desk = paged().await;
    desk.vendor.set_faults([at(DEVELOPERS, FaultKind::without("pagination/cursor"))]);
    assert_eq!(digest(&desk).await, whole);
    let requests = desk.vendor.requests().into_iter();
    let queries = requests.filter(|r| r.path == DEVELOPERS).map(|r| r.query);
    let expected = ["per_page=100", "per_page=100&page=2", "per_page=100&page=3"];
    assert_eq!(queries.collect::<Vec<_>>(), expected);

    let desk = paged().await;
    desk.vendor.sim.before(DEVELOPERS, |_| {});
    desk.vendor.sim.before(DEVELOPERS, |w| {
        let world = w.add_member("aaron-a", "Aaron", "");
        world.assign("developer", "aaron-a");
    });
    assert_eq!((digest(&desk).await, asked(&desk, DEVELOPERS)), (whole, 4));
}

#[tokio::test]
async fn a_full_page_that_does_not_say_whether_it_is_the_last_publishes_nothing() {
    for (rows, code) in [(99, None), (100, Some("UnexpectedAnswer"))] {
        let mut world = nobody();
        for n in 0..rows {
            world.add_member(&format!("p-{n}"), "", "");
        }
        let desk = desk_of(world).await;
        desk.vendor.set_faults([at(MEMBERS, FaultKind::without("pagination"))]);
        let found = desk.sync().await.err().map(|e| e.code().as_str());
        assert_eq!((found, desk.is_published()), (code, code.is_none()));
    }
}

/// An empty page does not end a list that has more pages, but a list of empty pages ends.
#[tokio::test]
async fn a_list_without_an_end_publishes_nothing() {
    for (groups, empty, kind) in
        [(true, 1_000, None), (false, 1_000, None), (false, 0, Some(FaultKind::StaleCursor))]
    {
        let desk = paged().await;
        desk.vendor.set(|o| (o.paged_groups, o.empty_pages) = (groups, empty));
        desk.vendor.set_faults(kind.map(|kind| at(MEMBERS, kind)));
        sync_fails(&desk, "EndlessList", "", "it never ends").await;
        assert!(desk.vendor.sim.calls() < 220);
    }
}

/// The list has shown it, but it is left out with its holders. The list decides: a 404 for the role itself would prove
/// no more than the first one.
#[tokio::test]
async fn a_role_or_group_that_is_deleted_during_a_sync_has_and_holds_nothing_and_is_reported() {
    type Change = fn(&mut World) -> &mut World;
    let no_role: Change = |w| w.remove_role("developer");
    let no_group: Change = |w| w.remove_group(ENGINEERING_ID);
    for (path, kind, id, change) in
        [(DEVELOPERS, "role", "developer", no_role), (ENGINEERS, "group", ENGINEERING_ID, no_group)]
    {
        let desk = paged().await;
        desk.vendor.sim.before(path, move |w| {
            change(w);
        });
        let shown = Shown::by(&desk).await;
        let told = format!("DeletedDuringSync: {kind} {id} was deleted during the sync");
        assert!(shown.warnings().contains(&told), "{:?}", shown.warnings());
        // A role that was read earlier still names the group.
        let (resources, grants) = (shown.resources.keys(), shown.grants.keys());
        let ids = format!("{resources:?} {:?} {grants:?}", shown.entitlements.keys());
        assert!(!ids.contains(id), "{ids}");
        // Direct holders of other roles keep them.
        assert!(ids.contains("role:org-admin:assigned:user:alice-w"));
        assert_eq!(ids.contains("role:developer:assigned:user:bob-k"), kind == "group");
        let next = Shown::by(&desk).await.warnings();
        assert!(!next.contains(&told), "{next:?}");
    }
}

/// A 404 may be a refusal. It is not a deletion either if the list is now empty, which may be a fault, or also a 404,
/// for a revoked permission; nor is a web page.
#[tokio::test]
async fn a_404_for_something_that_is_still_listed_is_not_a_deletion() {
    for (path, list, field) in
        [(DEVELOPERS, ROLES, "roles"), (ENGINEERS, GROUPS, "directoryGroups")]
    {
        let empty = json!({"data": {field: []}, "pagination": {"hasNextPage": false}});
        let absent = FaultKind::status(404);
        for (kind, listed) in [
            (absent.clone(), None),
            (absent.clone(), Some(said(200, empty))),
            (absent.clone(), Some(absent)),
            (html_page(404), None),
        ] {
            let desk = Desk::small().await;
            let listed = listed.map(|kind| at(list, kind).from(2));
            desk.vendor.set_faults([at(path, kind)].into_iter().chain(listed));
            sync_fails(&desk, "NotAvailable", "", path).await;
        }
    }
}

/// By the permission that the list needs, and by the token's properties: it may no longer be valid.
#[tokio::test]
async fn a_refusal_halfway_names_the_permission_unless_the_token_is_invalid() {
    let (weak, rejected) = ("CredentialTooWeak", "CredentialRejected");
    let members = "may not read organization members (Organisation > Admin > Members > Read):";
    let roles = "may not read organization roles (Organisation > Admin > Roles > Read):";
    for (path, status, auth, code, part) in [
        (MEMBERS, 401, 200, weak, members),
        (ROLES, 401, 200, weak, roles),
        (DEVELOPERS, 401, 200, weak, roles),
        (ENGINEERS, 401, 200, weak, members),
        (ENGINEERS, 403, 200, weak, members),
        (DEVELOPERS, 403, 401, weak, roles),
        (DEVELOPERS, 401, 401, rejected, "has expired or was revoked"),
        (DEVELOPERS, 401, 404, weak, "or is no longer valid"),
    ] {
        let desk = paged().await;
        let refusal = at(path, FaultKind::status(status)).from(2);
        let described = (auth != 200).then_some(at(AUTH, FaultKind::status(auth)).from(2));
        desk.vendor.set_faults([refusal].into_iter().chain(described));
        sync_fails(&desk, code, part, &format!("{path} {status} {auth}")).await;
    }
}
