//! What the vendor's refusals mean, and what is no answer of the API at all.

use rollcall::Chain;
use rollcall_harness::conformance::Subject;
use rollcall_simulators::Fault;
use rollcall_simulators::buildkite::{World, html_page};

use super::{desk_of, digest_of};

/// Whoever takes the refusals of a token that was revoked for empty lists, shows that nobody has access.
#[tokio::test]
async fn a_token_that_is_revoked_during_a_sync_publishes_nothing_whenever_it_happens() {
    let calls = {
        let desk = desk_of(World::worked_example(), |_| {}).await;
        desk.complete().await;
        desk.vendor.sim.calls()
    };
    for after in 0..calls {
        let desk = desk_of(World::worked_example(), |o| o.revoke_after = Some(after)).await;
        let error = desk.sync().await.expect_err("a revoked token");
        assert_eq!(error.code(), "TokenRejected", "after {after} calls");
        assert!(error.fix().contains("a new one ends after seven days"));
        // What the vendor says is there, too.
        let chain = Chain(&error).to_string();
        assert!(chain.contains("Authentication required"), "{chain}");
        assert!(!desk.is_published(), "after {after} calls");
        assert_eq!(desk.leak(&desk.vendor.tokens()), None);
    }
    let desk = desk_of(World::worked_example(), |o| o.revoke_after = Some(calls)).await;
    desk.complete().await;
}

/// The public connector shows the status of an error and drops what was said.
#[tokio::test]
async fn the_page_of_a_proxy_is_asked_again_and_named_by_its_title_if_it_stays() {
    let whole = digest_of(World::worked_example()).await;
    for status in [500, 502, 503, 504] {
        for n in 1..=6 {
            let desk = desk_of(World::worked_example(), |_| {}).await;
            let fault = Fault::nth(n, html_page(status));
            desk.vendor.sim.set_faults(vec![fault]);
            let answer = desk.complete().await;
            assert_eq!(answer["content_digest"], whole, "{status} at call {n}");
        }
        for path in [
            "/v2/access-token",
            "/v2/organizations",
            "/v2/organizations/acme-inc/members",
            "/v2/organizations/acme-inc/teams",
            "/v2/organizations/acme-inc/teams/",
        ] {
            let desk = desk_of(World::worked_example(), |_| {}).await;
            let mut fault = Fault::matching("GET", path, html_page(status));
            fault.exact = !path.ends_with('/');
            desk.vendor.sim.set_faults(vec![fault]);
            let error = desk.sync().await.expect_err("a page");
            assert_eq!(error.code(), "VendorUnavailable", "{status} at {path}");
            let chain = Chain(&error).to_string();
            let title = format!("was answered with {status}: an HTML page: {status}");
            assert!(chain.contains(&title), "{chain}");
            assert!(!chain.contains("<h1>"), "{chain}");
            assert!(!desk.is_published(), "{status} at {path}");
        }
    }
}

/// A list that is an object, and rows without what they are nothing without, are no empty lists.
#[tokio::test]
async fn an_answer_of_another_form_publishes_nothing() {
    use rollcall_simulators::FaultKind;
    let object = FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(serde_json::json!({"items": [], "links": {}})),
    };
    for (path, kind) in [
        ("/v2/organizations", object.clone()),
        ("/v2/organizations/acme-inc/members", object.clone()),
        ("/v2/organizations/acme-inc/teams", object),
        ("/v2/access-token", FaultKind::without("scopes")),
        ("/v2/organizations", FaultKind::without("*/slug")),
        ("/v2/organizations", FaultKind::without("*/id")),
        (
            "/v2/organizations/acme-inc/members",
            FaultKind::without("*/id"),
        ),
        (
            "/v2/organizations/acme-inc/teams",
            FaultKind::without("*/id"),
        ),
        (
            "/v2/organizations/acme-inc/teams/e0000000-0000-4000-8000-000000000001/members",
            FaultKind::without("*/user_id"),
        ),
    ] {
        let desk = desk_of(World::worked_example(), |_| {}).await;
        let what = format!("{kind:?} at {path}");
        let fault = Fault::matching("GET", path, kind).exactly();
        desk.vendor.sim.set_faults(vec![fault]);
        let error = desk.sync().await.expect_err(&what);
        assert_eq!(
            error.code(),
            "UnexpectedAnswer",
            "{what}: {}",
            Chain(&error)
        );
        assert!(!desk.is_published(), "{what}");
    }
}
