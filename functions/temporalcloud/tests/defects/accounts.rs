//! Accounts: created and deleted.

use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::EmailFilter;
use serde_json::json;

use super::{code, create, delete, ids, outcome, shown_once, stored};
use crate::Desk;

/// The public connector shows somebody who was only invited as if they had come.
#[tokio::test]
async fn a_new_account_is_invited_with_the_configured_role() {
    for (configured, role) in [
        (None, "ROLE_READ"),
        (Some("developer"), "ROLE_DEVELOPER"),
        (Some("admin"), "ROLE_ADMIN"),
    ] {
        let desk = Desk::new().await;
        let mut secret = desk.vendor.secret();
        if let Some(configured) = configured {
            secret["default-account-role"] = configured.into();
        }
        desk.write_secret(&secret);
        let answer = outcome(create(&desk, "r1", " New@Example.com ").await, "created");
        let resource = &answer["resource"];
        assert_eq!(
            (&resource["display_name"], &resource["status"]),
            (&json!("New@Example.com"), &json!("invited"))
        );
        let id = resource["id"]
            .as_str()
            .and_then(|id| id.strip_prefix("user:"))
            .expect("an id");
        let user = stored(&desk, id);
        assert_eq!(
            user["spec"],
            json!({"email": "New@Example.com", "access": {"accountAccess": {"role": role}}})
        );
        assert_eq!(desk.writes().len(), 1);
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
        let shown = Shown::by(&desk).await;
        let user = shown.resource(&format!("user:{id}"));
        assert_eq!(
            (user.status, user.status_details.as_str()),
            (Some("enabled"), "invited")
        );
    }
}

/// The public connector fails for an address that is there already.
#[tokio::test]
async fn an_address_that_has_an_account_is_found_however_it_is_written() {
    let desk = Desk::new().await;
    let filters = [
        EmailFilter::IgnoreCase,
        EmailFilter::Exact,
        EmailFilter::Contains,
    ];
    for (n, filter) in filters.into_iter().enumerate() {
        for hollow in [false, true] {
            desk.vendor.sim.set_options(|o| {
                o.email_filter = filter;
                o.force_page_size = hollow.then_some(2);
                o.empty_pages = usize::from(hollow);
            });
            for (m, (email, id, status)) in [
                ("dev@example.com", "user:u2", "enabled"),
                ("DEV@example.com", "user:u2", "enabled"),
                ("mixed.case@example.com", "user:u-capital", "enabled"),
                ("invited@example.com", "user:u-invited", "invited"),
                ("suspended@example.com", "user:u-suspended", "suspended"),
            ]
            .into_iter()
            .enumerate()
            {
                let answer = outcome(
                    create(&desk, &format!("r{n}{m}{hollow}"), email).await,
                    "already_exists",
                );
                assert_eq!(
                    (&answer["resource"]["id"], &answer["resource"]["status"]),
                    (&json!(id), &json!(status))
                );
            }
        }
    }
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector fails where somebody else was faster.
#[tokio::test]
async fn an_address_that_was_invited_a_moment_ago_is_no_failure() {
    let desk = Desk::new().await;
    let others = json!({"users": [stored(&desk, "u1")]});
    desk.vendor
        .sim
        .set_faults(vec![shown_once(1, "/cloud/users", others)]);
    let answer = outcome(
        create(&desk, "r1", "dev@example.com").await,
        "already_exists",
    );
    assert_eq!(answer["resource"]["id"], "user:u2");
    assert_eq!(desk.writes().len(), 1);
}

/// The public connector does not tell an invitation that has run out from one that is open.
#[tokio::test]
async fn an_invitation_that_has_run_out_is_not_renewed_behind_anybodys_back() {
    let desk = Desk::new().await;
    let expired = create(&desk, "r1", "expired@example.com")
        .await
        .expect_err("expired");
    assert_eq!(
        (expired.kind().as_str(), expired.code().as_str()),
        ("Refused", "InvitationExpired")
    );
    assert!(
        expired
            .fix()
            .contains("Delete the account user:u-expired first"),
        "{}",
        expired.fix()
    );
    assert!(expired.to_string().contains("user:u-expired"), "{expired}");
    // By the clock, where the state does not say so yet.
    desk.vendor.sim.with_world(|world| {
        let invitation =
            json!({"createdTime": "2026-01-01T00:00:00Z", "expiredTime": "2026-05-31T00:00:00Z"});
        world.set_field("u-invited", "invitation", invitation);
    });
    assert_eq!(
        code(create(&desk, "r2", "invited@example.com").await),
        "InvitationExpired"
    );
    assert_eq!(desk.writes().len(), 0);
    // Deleted, it can be invited again.
    outcome(delete(&desk, "r3", "user:u-expired").await, "deleted");
    outcome(create(&desk, "r4", "expired@example.com").await, "created");
}

/// The public connector does not say what goes with an account.
#[tokio::test]
async fn a_deletion_names_all_that_goes_with_it() {
    let desk = Desk::new().await;
    let answer = outcome(delete(&desk, "r1", "user:u-everything").await, "deleted");
    let mut removed = ids(&answer, "removed");
    removed.sort_unstable();
    let expected = [
        "account-role:a1b23-developer:member:user:u-everything",
        "custom-role:cr_1:assigned:user:u-everything",
        "namespace:billing.a1b23:read:user:u-everything",
        "namespace:orders.a1b23:admin:user:u-everything",
        "project:prj_1:read:user:u-everything",
        "project:prj_2:contribute:user:u-everything",
    ];
    assert_eq!(removed, expected);
    assert!(
        !desk
            .vendor
            .sim
            .with_world(|world| world.principal("u-everything").is_some())
    );
    assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
}

/// The public connector fails to delete what is gone.
#[tokio::test]
async fn an_account_that_does_not_exist_is_deleted_already() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        world.set_state("u2", "RESOURCE_STATE_DELETED");
    });
    for (request, principal) in [("r1", "user:u-nobody"), ("r2", "user:u2")] {
        let answer = outcome(delete(&desk, request, principal).await, "already_deleted");
        assert_eq!(ids(&answer, "removed"), Vec::<&str>::new());
    }
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector deletes the account that it uses itself.
#[tokio::test]
async fn the_connector_does_not_delete_itself() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        world
            .add_user("u-self", "self@example.com", "ROLE_ADMIN")
            .add_api_key("self-key", "u-self");
    });
    let mut secret = desk.vendor.secret();
    secret["api-key"] = "self-key".into();
    desk.write_secret(&secret);
    assert_eq!(code(delete(&desk, "r1", "user:u-self").await), "OwnAccess");
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector takes a list of users that leads back to itself for one that has ended.
#[tokio::test]
async fn a_list_of_users_that_goes_in_a_circle_is_no_proof_that_somebody_is_not_there() {
    let page = |n, next: &str| {
        shown_once(
            n,
            "/cloud/users",
            json!({"users": [], "nextPageToken": next}),
        )
    };
    let immediately = vec![page(1, "a"), page(2, "a")];
    let later = vec![page(1, "a"), page(2, "b"), page(3, "c"), page(4, "a")];
    for (circle, calls) in [(immediately, 2), (later, 4)] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_faults(circle);
        let error = create(&desk, "r1", "new@example.com")
            .await
            .expect_err("no end");
        assert_eq!(
            (error.kind().as_str(), error.code().as_str()),
            ("Unavailable", "EndlessList")
        );
        let requests = desk.vendor.sim.requests();
        let pages = requests.iter().filter(|r| r.path == "/cloud/users").count();
        assert_eq!((pages, desk.writes().len()), (calls, 0));
    }
    // Nor that somebody is the last admin.
    let desk = Desk::new().await;
    let circle = vec![page(2, "a"), page(3, "b"), page(4, "a")];
    desk.vendor.sim.set_faults(circle);
    assert_eq!(
        code(delete(&desk, "r1", "user:u-admin").await),
        "EndlessList"
    );
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector believes a list of users that is empty, and follows one that never ends for ever.
#[tokio::test]
async fn a_list_of_users_without_anybody_or_without_an_end_proves_nothing() {
    let empty = |n: usize, next: String| {
        let page = json!({"users": [], "nextPageToken": next});
        shown_once(n, "/cloud/users", page)
    };
    let endless: Vec<_> = (1..=60).map(|n| empty(n, format!("t{n}"))).collect();
    for (faults, expected) in [
        (vec![empty(1, String::new())], "IncompleteAnswer"),
        (endless, "EndlessList"),
    ] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_faults(faults);
        let error = create(&desk, "r1", "new@example.com")
            .await
            .expect_err("no list");
        assert_eq!(
            (error.kind().as_str(), error.code().as_str()),
            ("Unavailable", expected)
        );
        assert_eq!(desk.writes().len(), 0);
    }
}
