//! Tokens that are wrong, or not good for everything, and something else where the API should be. What happens to a token
//! halfway is in `defects.rs`.

use rollcall_engine::runtime::function::Operation::Sync;
use rollcall_harness::bad_input::{Failure, fails, failure, works};
use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{
    Denial, EXPIRED_TOKEN, ErrorBody, NO_MEMBERS_TOKEN, NO_ROLES_TOKEN, Permission, REVOKED_TOKEN,
    TEAM_TOKEN, World, html_page,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

const REJECTED: Failure = failure(
    "Unauthenticated",
    "CredentialRejected",
    "does not accept the API token: it is wrong, has ended or was revoked",
    "make an API token of the organization",
);
const MEMBERS: &str = "organization members (Organisation > Admin > Members > Read)";
const ROLES: &str = "organization roles (Organisation > Admin > Roles > Read)";
const GROUPS: &str = "directory groups (Organisation > Admin > Roles > Read)";
/// The fix of lists that the token may not read.
const GIVE: &str = "Make a role that may read members and roles";
/// The fix of lists that are not there.
const CHECK: &str = "The token must be one of an organization, not of a team";

async fn small() -> Desk {
    Desk::around(Simulated::of(World::worked_example()).await)
}

#[tokio::test]
async fn a_token_that_is_wrong_expired_or_revoked_is_reported_as_rejected_and_the_right_one_works()
{
    let desk = small().await;
    for (token, wrong) in [
        ("hunter2", "a token that nobody knows"),
        (EXPIRED_TOKEN, "a token whose time is over"),
        (REVOKED_TOKEN, "a revoked token"),
    ] {
        for errors in [ErrorBody::Nested, ErrorBody::Flat, ErrorBody::Html] {
            for auth in [true, false] {
                desk.vendor.sim.set_options(|o| {
                    o.errors = errors;
                    o.auth = auth;
                });
                desk.set_keys(&json!({"northflank-api-token": token}));
                fails(&desk, Sync, json!({}), wrong, REJECTED).await;
            }
        }
    }
    desk.write_secret(&desk.vendor.secret());
    works(&desk, "wrong tokens").await;
}

/// Both permissions, alone and together, by each status that may mean it.
#[tokio::test]
async fn whatever_the_token_may_not_read_is_named_in_one_error() {
    for (denial, kind, code, fix) in [
        (
            Denial::Forbidden,
            "PermissionDenied",
            "CredentialTooWeak",
            GIVE,
        ),
        (
            Denial::Unauthorized,
            "PermissionDenied",
            "CredentialTooWeak",
            GIVE,
        ),
        (Denial::NotFound, "Misconfigured", "NotAvailable", CHECK),
    ] {
        let desk = small().await;
        desk.vendor.sim.set_options(|o| o.no_permission = denial);
        desk.vendor.sim.with_world(|w| {
            w.add_token("nf-hunter2-none", "None", &[]);
        });
        for (token, missing) in [
            (NO_MEMBERS_TOKEN, vec![MEMBERS]),
            (NO_ROLES_TOKEN, vec![ROLES, GROUPS]),
            ("nf-hunter2-none", vec![MEMBERS, ROLES, GROUPS]),
        ] {
            desk.set_keys(&json!({"northflank-api-token": token}));
            let wrong = format!("{denial:?} without {missing:?}");
            for part in [MEMBERS, ROLES, GROUPS] {
                if missing.contains(&part) {
                    let expected = failure(kind, code, part, fix);
                    fails(&desk, Sync, json!({}), &wrong, expected).await;
                } else {
                    let error = desk.sync().await.expect_err(&wrong);
                    let text = rollcall_connector::Chain(&error).to_string();
                    assert!(!text.contains(part), "{wrong}: {text}");
                }
            }
        }
        desk.write_secret(&desk.vendor.secret());
        works(&desk, "a weak token").await;
    }
}

/// Where nothing can be read, the call that says what a token is tells a token that is no good from one that may nothing.
#[tokio::test]
async fn a_401_at_every_list_is_a_bad_token_only_if_the_api_does_not_know_it() {
    for (auth, expected) in [
        (
            None,
            failure("PermissionDenied", "CredentialTooWeak", MEMBERS, GIVE),
        ),
        (Some(401), REJECTED),
        // It does not say.
        (Some(404), REJECTED),
    ] {
        let desk = small().await;
        let mut faults = ["/v1/org-members", "/v1/org-roles", "/v1/directory-groups"]
            .map(|path| Fault::matching("GET", path, FaultKind::status(401)))
            .to_vec();
        faults.extend(auth.map(|s| Fault::matching("GET", "/v1/auth", FaultKind::status(s))));
        desk.vendor.sim.set_faults(faults);
        fails(&desk, Sync, json!({}), &format!("{auth:?}"), expected).await;
    }
}

/// The same of a list in the middle, by what the API says of the token then.
#[tokio::test]
async fn a_401_during_a_sync_is_explained_by_what_the_api_says_of_the_token_then() {
    let list = "/v1/org-roles/developer/members";
    let weak = |said| failure("PermissionDenied", "CredentialTooWeak", said, GIVE);
    let only = "may not read organization roles (Organisation > Admin > Roles > Read):";
    for (refusal, auth, expected) in [
        (401, None, weak(only)),
        (403, Some(401), weak(only)),
        (401, Some(401), REJECTED),
        (401, Some(404), weak("or is not good any more")),
    ] {
        let desk = small().await;
        let refusal_ = Fault::matching("GET", list, FaultKind::status(refusal));
        let auth_ = auth.map(|s| Fault::matching("GET", "/v1/auth", FaultKind::status(s)).from(2));
        desk.vendor
            .sim
            .set_faults([refusal_].into_iter().chain(auth_).collect());
        let wrong = format!("{refusal}, {auth:?}");
        fails(&desk, Sync, json!({}), &wrong, expected).await;
    }
}

/// Lists that say no in different ways are all named, too.
#[tokio::test]
async fn refusals_of_different_kinds_are_named_together() {
    let desk = small().await;
    desk.vendor.sim.set_faults(vec![
        Fault::matching("GET", "/v1/org-members", FaultKind::status(401)),
        Fault::matching("GET", "/v1/directory-groups", FaultKind::status(404)),
    ]);
    for part in [MEMBERS, GROUPS] {
        let expected = failure("PermissionDenied", "CredentialTooWeak", part, GIVE);
        fails(&desk, Sync, json!({}), "401 and 404", expected).await;
    }
}

#[tokio::test]
async fn a_token_of_a_team_is_reported_as_one_and_fails_even_where_the_api_does_not_describe_it() {
    let desk = small().await;
    desk.set_keys(&json!({"northflank-api-token": TEAM_TOKEN}));
    let team = failure(
        "PermissionDenied",
        "CredentialTooWeak",
        "the API token is one of a team",
        "Make an API token of the organization",
    );
    for denial in [Denial::Forbidden, Denial::Unauthorized, Denial::NotFound] {
        desk.vendor.sim.set_options(|o| {
            o.team_token = denial;
            o.auth = true;
        });
        fails(&desk, Sync, json!({}), "a team's token", team).await;
        desk.vendor.sim.set_options(|o| o.auth = false);
        let expected = match denial {
            Denial::Forbidden => failure("PermissionDenied", "CredentialTooWeak", MEMBERS, GIVE),
            Denial::Unauthorized => REJECTED,
            Denial::NotFound => failure("Misconfigured", "NotAvailable", GROUPS, CHECK),
        };
        fails(&desk, Sync, json!({}), "a team's token, unsaid", expected).await;
    }
}

/// The vendor unlocks Directory Sync; what the list says before that is not documented.
#[tokio::test]
async fn where_the_list_of_groups_is_refused_the_error_says_that_directory_sync_may_be_off() {
    for status in [400, 404, 405, 409] {
        let desk = small().await;
        desk.vendor.sim.set_faults(vec![Fault::matching(
            "GET",
            "/v1/directory-groups",
            FaultKind::status(status),
        )]);
        for part in [GROUPS, "cannot be read with this token"] {
            let expected = failure(
                "Misconfigured",
                "NotAvailable",
                part,
                "Directory Sync may not be switched on",
            );
            fails(&desk, Sync, json!({}), &status.to_string(), expected).await;
        }
    }
    for status in [401, 403] {
        let desk = small().await;
        desk.vendor.sim.set_faults(vec![Fault::matching(
            "GET",
            "/v1/directory-groups",
            FaultKind::status(status),
        )]);
        let expected = failure("PermissionDenied", "CredentialTooWeak", GROUPS, GIVE);
        fails(&desk, Sync, json!({}), &status.to_string(), expected).await;
    }
}

/// An empty list of groups is the normal case of many; an empty list of members is a view that was cut.
#[tokio::test]
async fn nobody_at_all_is_a_failure_and_no_groups_are_none() {
    let mut world = World::worked_example();
    world.groups.clear();
    let desk = Desk::around(Simulated::of(world).await);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.count("group"), 0);

    let mut world = World::worked_example();
    world.members.clear();
    let desk = Desk::around(Simulated::of(world).await);
    let expected = failure(
        "PermissionDenied",
        "EmptyList",
        "no member of the organization",
        GIVE,
    );
    for empty_pages in [0, 1, 3] {
        desk.vendor.sim.set_options(|o| o.empty_pages = empty_pages);
        fails(&desk, Sync, json!({}), "no members", expected).await;
    }
}

#[tokio::test]
async fn an_answer_without_its_list_is_never_an_empty_list() {
    for (path, without) in [
        ("/v1/org-members", "data"),
        ("/v1/org-members", "data/members"),
        ("/v1/org-roles", "data"),
        ("/v1/org-roles", "data/roles"),
        ("/v1/directory-groups", "data"),
        ("/v1/directory-groups", "data/directoryGroups"),
        ("/v1/org-roles/developer/members", "data"),
        ("/v1/org-roles/developer/members", "data/members"),
        ("/v1/directory-groups/", "data"),
        ("/v1/directory-groups/", "data/members"),
    ] {
        let desk = small().await;
        let mut fault = Fault::matching("GET", path, FaultKind::without(without));
        if !path.ends_with('/') {
            fault = fault.exactly();
        }
        desk.vendor.sim.set_faults(vec![fault]);
        let expected = failure(
            "Internal",
            "UnexpectedAnswer",
            "was answered in an unknown form",
            "report it",
        );
        fails(
            &desk,
            Sync,
            json!({}),
            &format!("{path} {without}"),
            expected,
        )
        .await;
    }
}

#[tokio::test]
async fn a_page_for_people_is_no_answer() {
    let page = Value::from("<!doctype html><html><title>Sign in</title></html>");
    for path in [
        "/v1/org-members",
        "/v1/org-roles",
        "/v1/directory-groups",
        "/v1/org-roles/developer/members",
    ] {
        let desk = small().await;
        let html = FaultKind::Status {
            code: 200,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: Some(page.clone()),
        };
        let fault = Fault::matching("GET", path, html).exactly();
        desk.vendor.sim.set_faults(vec![fault]);
        let expected = failure(
            "Unavailable",
            "VendorUnavailable",
            "not JSON",
            "something else than the API may be there",
        );
        fails(&desk, Sync, json!({}), path, expected).await;

        let fault = Fault::matching("GET", path, html_page(502)).exactly();
        desk.vendor.sim.set_faults(vec![fault]);
        let expected = failure(
            "Unavailable",
            "VendorUnavailable",
            "502: an HTML page: 502",
            "run again later",
        );
        fails(&desk, Sync, json!({}), path, expected).await;
    }
}

/// The token would go along.
#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let desk = small().await;
    let elsewhere = Desk::around(Simulated::of(World::worked_example()).await);
    desk.vendor.sim.set_faults(vec![Fault::matching(
        "GET",
        "/v1/org-members",
        FaultKind::Redirect {
            to: format!("{}/v1/org-members", elsewhere.vendor.sim.base_url()),
        },
    )]);
    let expected = failure(
        "Misconfigured",
        "Redirected",
        "redirect",
        "the address that the API really has",
    );
    fails(&desk, Sync, json!({}), "a redirect", expected).await;
    assert_eq!(elsewhere.vendor.sim.calls(), 0);
}

/// Not every installation says what a token is, and nothing else hangs on it.
#[tokio::test]
async fn what_a_token_says_of_itself_is_not_needed() {
    let desk = small().await;
    let whole = desk.complete().await;
    for status in [401, 403, 404, 405] {
        let mut desk = small().await;
        desk.afresh();
        desk.vendor.sim.set_faults(vec![Fault::matching(
            "GET",
            "/v1/auth",
            FaultKind::status(status),
        )]);
        let shown = Shown::by(&desk).await;
        assert_eq!(shown.answer["content_digest"], whole["content_digest"]);
        let warnings = shown.warnings();
        let unknown = warnings.iter().find(|w| w.starts_with("TenantUnknown"));
        let why = format!("was answered with {status}");
        assert!(unknown.is_some_and(|w| w.contains(&why)), "{warnings:?}");
    }
}

/// Whose it is must be told to be checked: a warning says that it was not.
#[tokio::test]
async fn a_token_that_names_no_organization_is_reported_and_odd_fields_of_it_fail_nothing() {
    let token = |uid: Value, name: Value, end: Value| {
        json!({"data": {
            "tokenKind": "api", "name": name, "entityId": "acme", "entityUid": uid, "entityType": "org", "expiresAt": end,
        }})
    };
    let uid = || json!("64b0c0ffee64b0c0ffee64b0");
    for (body, told) in [
        (token(uid(), json!("Sync"), json!(null)), None),
        (
            token(json!(null), json!("Sync"), json!(null)),
            Some("TenantUnknown"),
        ),
        (
            token(json!(" "), json!("Sync"), json!(null)),
            Some("TenantUnknown"),
        ),
        (token(uid(), json!(7), json!(null)), Some("UnreadableField")),
        (
            token(uid(), json!("Sync"), json!("")),
            Some("UnreadableField"),
        ),
        (
            token(uid(), json!("Sync"), json!("soon")),
            Some("UnreadableField"),
        ),
    ] {
        let desk = small().await;
        let kind = FaultKind::Status {
            code: 200,
            headers: Vec::new(),
            body: Some(body.clone()),
        };
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("GET", "/v1/auth", kind)]);
        let warnings = Shown::by(&desk).await.warnings();
        let told: Vec<&str> = told.into_iter().chain(["MembersWithoutAccount"]).collect();
        let mut codes: Vec<&str> = warnings
            .iter()
            .filter_map(|w| w.split(':').next())
            .collect();
        codes.sort_by_key(|code| *code == "MembersWithoutAccount");
        assert_eq!(codes, told, "{body}");
    }
}

#[tokio::test]
async fn a_token_that_ends_within_two_weeks_is_reported() {
    for (end, told) in [
        ("2026-06-10T00:00:00Z", true),
        ("2026-06-20T00:00:00Z", false),
    ] {
        let desk = small().await;
        let fault = json!({"data": {
            "tokenKind": "api", "name": "C1 sync", "entityId": "acme", "entityUid": "64b0c0ffee64b0c0ffee64b0",
            "entityType": "org", "expiresAt": end,
        }});
        desk.vendor.sim.set_faults(vec![Fault::matching(
            "GET",
            "/v1/auth",
            FaultKind::Status {
                code: 200,
                headers: Vec::new(),
                body: Some(fault),
            },
        )]);
        let warnings = Shown::by(&desk).await.warnings();
        let soon = format!("KeyEndsSoon: the key ends at {end}");
        assert_eq!(warnings.contains(&soon), told, "{warnings:?}");
    }
}

#[tokio::test]
async fn a_token_with_both_permissions_and_no_more_is_enough() {
    let desk = small().await;
    desk.vendor.sim.with_world(|w| {
        let both = [Permission::MembersRead, Permission::RolesRead];
        w.add_token("nf-hunter2-both", "Both", &both);
    });
    desk.set_keys(&json!({"northflank-api-token": "nf-hunter2-both"}));
    desk.complete().await;
}
