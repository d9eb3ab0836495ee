//! What the vendor's refusals mean, and where it is asked.

use rollcall_connector::ErrorType;
use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::{BEARER_TOKEN, SCOPED_TOKEN, TEST_TOKEN, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{absent, code, desk_of, grant, outcome, revoke, says};
use crate::Desk;

/// A place in a sync, by the path that is asked.
const PLACES: &[&str] = &[
    "/wiki/rest/api/user/current",
    "/wiki/api/v2/spaces",
    "/wiki/rest/api/search/user",
    "/wiki/rest/api/group",
    "/wiki/rest/api/group/22-eng/membersByGroupId",
    "/wiki/api/v2/spaces/98310/permissions",
    "/wiki/api/v2/spaces/98310/role-assignments",
    "/wiki/api/v2/space-roles",
    "/wiki/api/v2/users-bulk",
];

/// The public connector takes the vendor's 404 to a stranger for an empty list, and shows a site in which nobody has
/// anything.
#[tokio::test]
async fn a_token_that_is_revoked_halfway_empties_nothing() {
    for (n, place) in PLACES.iter().enumerate() {
        let desk = desk_of(World::with_roles()).await;
        let v2 = place.contains("/api/v2/");
        let (status, body) = if v2 {
            (
                404,
                json!({"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null}]}),
            )
        } else {
            (
                403,
                json!({"statusCode": 403, "message": "com.atlassian.confluence.api.service.exceptions.PermissionException: Current user not permitted to use Confluence"}),
            )
        };
        let kind = FaultKind::Status {
            code: status,
            headers: Vec::new(),
            body: Some(body),
        };
        let mut fault = Fault::every(kind).exactly();
        fault.path_prefix = (*place).to_owned();
        desk.vendor.sim.set_faults(vec![fault]);
        let error = desk.sync().await.expect_err(place);
        assert_eq!(
            (error.kind(), error.code().as_str()),
            (ErrorType::Unauthenticated, "CredentialRejected"),
            "{n} {place}: {error}"
        );
        assert!(!desk.is_published(), "{place}");
    }
}

/// The same of revocations: a stranger is not told that the access is gone.
#[tokio::test]
async fn a_revoke_with_a_token_that_is_revoked_halfway_is_no_success() {
    let bare = json!({"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null}]});
    for (world, what) in [
        (World::worked_example(), "space:98310:read-space"),
        (
            World::with_roles(),
            "space_role_assignment:98310:r2:assigned",
        ),
    ] {
        let desk = desk_of(world).await;
        let kind = FaultKind::Status {
            code: 404,
            headers: Vec::new(),
            body: Some(bare.clone()),
        };
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("GET", "/wiki/api/v2/spaces/", kind)]);
        assert_eq!(
            code(revoke(&desk, "r1", what, "group:22-eng").await),
            "CredentialRejected"
        );
        assert!(desk.writes().is_empty());
    }
}

/// A page for people, or what the gateway says where it knows no way, is nobody's word on a space or a group.
#[tokio::test]
async fn only_the_vendors_own_404_says_that_something_is_gone() {
    let page = Value::from("<!doctype html><html><title>Gone fishing</title></html>");
    let html = vec![("content-type".to_owned(), "text/html".to_owned())];
    let gateway = json!({"timestamp": "2026-06-01T12:00:00Z", "status": 404, "error": "Not Found", "path": "/x", "message": "No message available"});
    for (headers, body) in [(html, page), (Vec::new(), gateway)] {
        let kind = FaultKind::Status {
            code: 404,
            headers,
            body: Some(body),
        };
        for (place, what) in [
            ("/wiki/api/v2/spaces/98310", "space:98310:delete-space"),
            ("/wiki/rest/api/group/by-id", "group:11-adm:member"),
        ] {
            let desk = desk_of(World::worked_example()).await;
            let fault = Fault::matching("GET", place, kind.clone());
            desk.vendor.sim.set_faults(vec![fault]);
            let failed = revoke(&desk, "r1", what, "user:557058:b2").await;
            assert!(failed.is_err(), "{place}: {failed:?}");
        }
        // Nor on the site's mode and roles.
        for place in [
            "/wiki/api/v2/spaces/98310/permissions",
            "/wiki/api/v2/space-role",
        ] {
            let desk = desk_of(World::with_roles()).await;
            let fault = Fault::matching("GET", place, kind.clone());
            desk.vendor.sim.set_faults(vec![fault]);
            desk.sync().await.expect_err(place);
            assert!(!desk.is_published());
        }
    }
}

/// The public connector does not heed how long it is asked to wait, and gives up at a 502.
#[tokio::test]
async fn trouble_that_passes_is_waited_out() {
    for kind in [
        FaultKind::too_many_requests(Some(7)),
        FaultKind::too_many_requests(None),
        FaultKind::status(502),
        FaultKind::status(503),
        FaultKind::status(504),
        FaultKind::Disconnect,
        FaultKind::CutBody,
    ] {
        let desk = desk_of(World::worked_example()).await;
        desk.vendor.sim.set_faults(vec![
            Fault::matching("GET", "/wiki/api/v2/spaces/98310/permissions", kind.clone()).times(2),
        ]);
        Shown::by(&desk).await;
    }
}

/// A kind of write: on which site, whether it is a grant, of what to whom, and where its request goes.
type Change = (World, bool, &'static str, &'static str, &'static str);

fn every_kind_of_write() -> Vec<Change> {
    let mut new = World::worked_example();
    new.add_user("712020:new", "N", "");
    let (members, space, roles) = (
        "/wiki/rest/api/group/userByGroupId",
        "/wiki/rest/api/space/ENG/permission",
        "/wiki/api/v2/spaces/98310/role-assignments",
    );
    let (open, viewer) = (
        "group:34-open:member",
        "space_role_assignment:98310:r2:assigned",
    );
    let (bot, eng) = ("user:712020:c3", "group:22-eng");
    vec![
        (World::rich(), true, open, "user:712020:reader", members),
        (World::rich(), false, open, "user:712020:capital", members),
        (
            World::worked_example(),
            true,
            "space:98310:export-space",
            bot,
            space,
        ),
        // Two writes, of which the answer to the first is lost.
        (
            new,
            true,
            "space:98310:create-page",
            "user:712020:new",
            space,
        ),
        (
            World::worked_example(),
            false,
            "space:98310:delete-space",
            eng,
            space,
        ),
        (World::with_roles(), true, viewer, bot, roles),
        (World::with_roles(), false, viewer, eng, roles),
    ]
}

/// A change of which no answer came may have been made: it is looked at again, and not sent twice if it was.
#[tokio::test]
async fn a_change_whose_answer_is_lost_is_made_once() {
    for (kind, more) in [
        (FaultKind::LoseAnswer, 0),
        (FaultKind::CutBody, 0),
        (FaultKind::Disconnect, 1),
        (FaultKind::status(500), 1),
        (FaultKind::status(503), 1),
        (FaultKind::status(504), 1),
        (FaultKind::too_many_requests(Some(3)), 1),
    ] {
        for (world, grants, what, whom, path) in every_kind_of_write() {
            let change = async |faults| {
                let desk = desk_of(world.clone()).await;
                desk.vendor.sim.set_faults(faults);
                let answer = if grants {
                    outcome(grant(&desk, "r1", what, whom).await, "granted")
                } else {
                    outcome(revoke(&desk, "r1", what, whom).await, "revoked")
                };
                let fields = ["grants", "replaced", "removed"].map(|field| answer[field].clone());
                (desk.vendor.sim.access_view(), fields, desk.writes().len())
            };
            let method = if grants || path.contains("v2") {
                "POST"
            } else {
                "DELETE"
            };
            let fault = Fault::nth_matching(1, method, path, kind.clone());
            let (quiet, lost) = (change(Vec::new()).await, change(vec![fault]).await);
            assert_eq!((lost.0, lost.1), (quiet.0, quiet.1), "{kind:?} {what}");
            assert_eq!(lost.2, quiet.2 + more, "{kind:?} {what}");
        }
    }
}

/// Only what an answer proves is called the cause.
#[tokio::test]
async fn a_refusal_is_not_called_a_missing_right_if_something_else_refuses() {
    let filtered = json!({"errorMessages": ["The IP address has been rejected because it is not on the allowed list. See your admin for more information."], "errors": {}});
    let html = FaultKind::Status {
        code: 403,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: Some("<!doctype html><html><title>Forbidden</title></html>".into()),
    };
    let scope = json!({"code": 401, "message": "Unauthorized; scope does not match"});
    for (kind, expected) in [
        (says(403, filtered.clone()), "AddressNotAllowed"),
        (says(401, filtered), "AddressNotAllowed"),
        (html, "BlockedOnTheWay"),
        (says(401, scope), "CredentialTooWeak"),
    ] {
        let desk = desk_of(World::worked_example()).await;
        for method in ["GET", "POST"] {
            let fault = Fault::matching(method, "/wiki/rest/api/", kind.clone());
            desk.vendor.sim.set_faults(vec![fault]);
            let export = grant(&desk, method, "space:98310:export-space", "user:712020:c3").await;
            let error = export.expect_err("refused");
            assert_eq!(error.code(), expected, "{method}");
            let fix = error.fix();
            assert!(
                !fix.contains("administrator of that space"),
                "{method}: {fix}"
            );
        }
    }
}

/// The API v2 says that it finds nothing to whoever may not change what it shows.
#[tokio::test]
async fn who_may_not_change_roles_is_told_so() {
    let desk = desk_of(World::with_roles()).await;
    let path = "/wiki/api/v2/spaces/98310/role-assignments";
    let fault = Fault::matching("POST", path, absent("a space with id [98310]"));
    desk.vendor.sim.set_faults(vec![fault]);
    let what = "space_role_assignment:98310:r2:assigned";
    assert_eq!(
        code(grant(&desk, "r1", what, "user:712020:c3").await),
        "CredentialTooWeak"
    );
    assert_eq!(desk.writes().len(), 1);
}

/// The public connector drops the gateway's path, so that scoped tokens cannot be used.
#[tokio::test]
async fn scoped_tokens_and_service_accounts_work_through_the_gateway() {
    let mut digests = Vec::new();
    for (username, token, scheme) in [
        (Some("ada@acme.io"), TEST_TOKEN, "Basic "),
        (Some("ada@acme.io"), SCOPED_TOKEN, "Basic "),
        (None, BEARER_TOKEN, "Bearer "),
    ] {
        let desk = desk_of(World::with_roles()).await;
        let mut secret = json!({"domain-url": desk.vendor.sim.gateway_url(), "api-key": token});
        if let Some(username) = username {
            secret["username"] = username.into();
        }
        desk.write_secret(&secret);
        digests.push(desk.complete().await["content_digest"].clone());
        let what = "space_role_assignment:98310:r2:assigned";
        outcome(grant(&desk, "r1", what, "user:712020:c3").await, "granted");
        outcome(revoke(&desk, "r2", what, "user:712020:c3").await, "revoked");
        for request in desk.vendor.sim.requests() {
            assert!(
                request.path.starts_with("/ex/confluence/"),
                "{}",
                request.path
            );
            assert!(
                request
                    .header("authorization")
                    .expect("a header")
                    .starts_with(scheme)
            );
        }
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    }
    assert!(
        digests.iter().all(|digest| *digest == digests[0]),
        "{digests:?}"
    );
}

/// Unknown is whether the gateway passes the site's own words on.
#[tokio::test]
async fn a_bad_token_is_known_for_one_on_the_site_and_behind_the_gateway() {
    let own = says(401, json!({"code": 401, "message": "Unauthorized"}));
    for refusal in [None, Some(own)] {
        let desk = Desk::new().await;
        let faults = refusal
            .iter()
            .map(|own| Fault::matching("GET", "/ex/confluence/", own.clone()));
        desk.vendor.sim.set_faults(faults.collect());
        for url in [desk.vendor.sim.base_url(), desk.vendor.sim.gateway_url()] {
            desk.set_keys(&json!({"domain-url": url, "api-key": "no-such-token"}));
            assert_eq!(code(desk.sync().await), "CredentialRejected", "{refusal:?}");
        }
    }
    // It is the token that is wrong, not its kind.
    let desk = Desk::new().await;
    desk.set_keys(&json!({"api-key": SCOPED_TOKEN}));
    let error = desk.sync().await.expect_err("a scoped token on the site");
    assert_eq!(error.code(), "CredentialRejected");
    assert!(
        error
            .fix()
            .contains("https://api.atlassian.com/ex/confluence/<cloud id>"),
        "{}",
        error.fix()
    );
}
