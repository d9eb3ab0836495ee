//! Roles and groups that are deleted during a sync, and refusals that look like it.

use rollcall_connector::Chain;
use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{Denial, ENGINEERING_ID, Permission, TEST_TOKEN};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use super::{DEVELOPERS, engineers, failure, fault, queries, small};

/// The list has shown it, and some of those who held it: it is gone all the same, and so are they.
#[tokio::test]
async fn a_role_that_is_deleted_during_a_sync_is_not_shown_and_is_reported() {
    let desk = small().await;
    desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
    desk.vendor.sim.before(DEVELOPERS, |w| {
        w.remove_role("developer");
    });
    let shown = Shown::by(&desk).await;
    let told = "DeletedDuringSync: role developer was deleted during the sync";
    assert!(shown.warnings().contains(&told.to_owned()));
    assert!(!shown.resources.contains_key("role:developer"));
    assert!(
        !shown
            .grants
            .keys()
            .any(|id| id.starts_with("role:developer"))
    );
    assert!(
        shown
            .grants
            .contains_key("role:org-admin:assigned:user:alice-w")
    );
    // It was looked for in the list: a 404 to the role itself would say no more than the first one.
    assert_eq!(
        queries(&desk, "/v1/org-roles/developer"),
        Vec::<String>::new()
    );

    let next = Shown::by(&desk).await;
    assert_eq!(
        next.answer["content_digest"],
        shown.answer["content_digest"]
    );
    assert!(
        !next
            .warnings()
            .iter()
            .any(|w| w.starts_with("DeletedDuringSync"))
    );
}

#[tokio::test]
async fn a_group_that_is_deleted_during_a_sync_has_and_holds_nothing_and_is_reported() {
    let desk = small().await;
    desk.vendor.sim.before(&engineers(), |w| {
        w.unlink("developer", ENGINEERING_ID)
            .remove_group(ENGINEERING_ID);
    });
    let shown = Shown::by(&desk).await;
    let told = format!("DeletedDuringSync: group {ENGINEERING_ID} was deleted during the sync");
    assert!(shown.warnings().contains(&told));
    // A role that was read before names it still.
    let group = format!("group:{ENGINEERING_ID}");
    assert!(!shown.resources.contains_key(&group));
    assert!(!shown.grants.keys().any(|id| id.ends_with(&group)));
    let inside = format!("{group}:member:");
    assert!(!shown.grants.keys().any(|id| id.starts_with(&inside)));
    // Whoever was given roles by hand has them.
    assert!(shown.grant("role:developer:assigned:user:bob-k").direct);
    assert!(shown.grant("role:org-admin:assigned:user:alice-w").direct);

    let next = Shown::by(&desk).await;
    assert!(!next.resources.contains_key(&group));
}

/// Its members keep the role as far as the vendor still lists them, and now without a group to explain it.
#[tokio::test]
async fn a_group_that_is_missing_from_the_list_alone_takes_nobodys_role() {
    let desk = small().await;
    desk.vendor.sim.before(&engineers(), |w| {
        w.edit_group(ENGINEERING_ID, |group| group.listed = false);
    });
    let shown = Shown::by(&desk).await;
    for user in ["alice-w", "carol-p"] {
        let grant = shown.grant(&format!("role:developer:assigned:user:{user}"));
        assert!(grant.direct && grant.immutable, "{user}");
    }
    assert!(
        shown
            .warnings()
            .iter()
            .any(|w| w.starts_with("UnexplainedGrants: the vendor shows 2 grants")),
        "{:?}",
        shown.warnings()
    );
}

/// A 404 may be how the vendor refuses.
#[tokio::test]
async fn a_404_for_something_that_is_listed_still_is_no_deletion() {
    for path in [DEVELOPERS.to_owned(), engineers()] {
        let desk = small().await;
        fault(&desk, &path, FaultKind::status(404));
        let error = failure(&desk, &path).await;
        assert_eq!(error.code(), "NotAvailable", "{path}: {error}");
        // Nor is it one if the list has nothing at all any more, which may be a hiccup as well.
        let (list, rows) = match path.contains("role") {
            true => ("/v1/org-roles", json!({"roles": []})),
            false => ("/v1/directory-groups", json!({"directoryGroups": []})),
        };
        let empty = FaultKind::Status {
            code: 200,
            headers: Vec::new(),
            body: Some(json!({"data": rows, "pagination": {"hasNextPage": false, "count": 0}})),
        };
        desk.vendor.sim.set_faults(vec![
            Fault::matching("GET", &path, FaultKind::status(404)).exactly(),
            Fault::matching("GET", list, empty).exactly().from(2),
        ]);
        let error = failure(&desk, &path).await;
        assert_eq!(error.code(), "NotAvailable", "{path}: {error}");
        // Nor is a page for people.
        fault(
            &desk,
            &path,
            rollcall_simulators::northflank::html_page(404),
        );
        failure(&desk, &path).await;
    }
}

/// If it is for a permission that was taken away meanwhile, every look at roles is a 404, and no role is gone for that.
#[tokio::test]
async fn a_permission_that_is_taken_away_during_a_sync_is_no_deletion() {
    for denial in [Denial::NotFound, Denial::Forbidden, Denial::Unauthorized] {
        for (path, permission, part) in [
            (
                DEVELOPERS.to_owned(),
                Permission::RolesRead,
                "organization roles",
            ),
            (engineers(), Permission::MembersRead, "organization members"),
        ] {
            let desk = small().await;
            desk.vendor.sim.set_options(|o| o.no_permission = denial);
            desk.vendor.sim.before(&path, move |w| {
                w.edit_token(TEST_TOKEN, |token| {
                    token.permissions.remove(&permission);
                });
            });
            let error = failure(&desk, &path).await;
            let expected = match denial {
                Denial::NotFound => "NotAvailable",
                _ => "CredentialTooWeak",
            };
            let chain = Chain(&error).to_string();
            assert_eq!(error.code(), expected, "{denial:?} {path}: {chain}");
            assert!(chain.contains(part), "{denial:?} {path}: {chain}");
        }
    }
}

#[tokio::test]
async fn a_refusal_at_the_second_page_of_a_list_publishes_nothing_and_names_the_permission() {
    for (path, part) in [
        ("/v1/org-members", "Members > Read"),
        ("/v1/org-roles", "Roles > Read"),
        (DEVELOPERS, "Roles > Read"),
        (engineers().as_str(), "Members > Read"),
    ] {
        for status in [401, 403] {
            let desk = small().await;
            desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
            let fault = Fault::matching("GET", path, FaultKind::status(status)).exactly();
            desk.vendor.sim.set_faults(vec![fault.from(2)]);
            let error = failure(&desk, path).await;
            assert_eq!(
                error.code(),
                "CredentialTooWeak",
                "{path} {status}: {error}"
            );
            assert!(error.to_string().contains(part), "{path}: {error}");
        }
    }
}
