//! Tokens that are wrong, or not good for everything, and organizations that a token does not reach. What a token that is
//! revoked halfway does is in `defects`.

use rollcall_engine::runtime::function::Operation::Sync;
use rollcall_harness::bad_input::{Failure, fails, failure, works};
use rollcall_harness::conformance::Subject;
use rollcall_simulators::buildkite::{
    ADA_ID, EXPIRED_TOKEN, MEMBER_TOKEN, ORGANIZATION, SECOND_ORGANIZATION, TEST_TOKEN,
    TOKEN_WITHOUT_ORGANIZATION, TOKEN_WITHOUT_READ_ORGANIZATIONS, TOKEN_WITHOUT_READ_TEAMS,
    TOKEN_WITHOUT_READ_USER, TOKEN_WITHOUT_SCOPES, WIDE_TOKEN, World, html_page,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

const REJECTED: Failure = failure(
    "Unauthenticated",
    "CredentialRejected",
    "does not accept the API token: it is wrong, has ended or was revoked",
    "a new one ends after seven days unless you pick another time",
);

const fn lacks(message: &'static str) -> Failure {
    failure(
        "PermissionDenied",
        "CredentialTooWeak",
        message,
        "https://buildkite.com/user/api-access-tokens",
    )
}

async fn desk() -> Desk {
    Desk::around(Simulated::of(World::rich()).await)
}

async fn with(desk: &Desk, keys: Value, wrong: &str, expected: Failure) {
    desk.set_keys(&keys);
    fails(desk, Sync, json!({}), wrong, expected).await;
}

#[tokio::test]
async fn a_token_that_nobody_knows_or_whose_time_is_over_is_told() {
    let desk = desk().await;
    for (token, wrong) in [
        ("hunter2", "a token that nobody knows"),
        (EXPIRED_TOKEN, "a token whose time is over"),
    ] {
        with(&desk, json!({"api-token": token}), wrong, REJECTED).await;
        assert_eq!(desk.vendor.sim.calls(), 1, "{wrong}: it went on");
    }
    desk.write_secret(&desk.vendor.secret());
    works(&desk, "wrong tokens").await;
    desk.vendor.sim.with_world(|w| {
        w.revoke_token(TEST_TOKEN);
    });
    fails(&desk, Sync, json!({}), "a revoked token", REJECTED).await;
}

/// The public connector does not look at scopes: what it says is a bare status.
#[tokio::test]
async fn each_scope_that_is_missing_is_named_as_the_tokens_page_names_it_and_all_at_once() {
    let desk = desk().await;
    for (token, message) in [
        (
            TOKEN_WITHOUT_READ_ORGANIZATIONS,
            "the API token lacks Read Organizations (read_organizations)",
        ),
        (
            TOKEN_WITHOUT_READ_TEAMS,
            "the API token lacks Read Teams (read_teams)",
        ),
        (
            TOKEN_WITHOUT_SCOPES,
            "the API token lacks Read Organizations (read_organizations) and Read Teams (read_teams)",
        ),
    ] {
        with(&desk, json!({"api-token": token}), token, lacks(message)).await;
        // What the token is says so already.
        assert_eq!(desk.vendor.sim.calls(), 1, "{token}");
    }
}

/// Nothing that is read needs it.
#[tokio::test]
async fn a_token_without_read_user_is_good_enough() {
    let desk = desk().await;
    let whole = desk.complete().await["content_digest"].clone();
    desk.set_keys(&json!({"api-token": TOKEN_WITHOUT_READ_USER}));
    let answer = works(&desk, "a token without read_user").await;
    assert_eq!(answer["content_digest"], whole);
}

/// The public connector never looks whether the organization is there, and tells nobody which ones are.
#[tokio::test]
async fn an_organization_that_the_token_does_not_reach_is_told_with_those_that_it_does() {
    let desk = desk().await;
    let of = |fix| {
        failure(
            "NotFound",
            "UnknownOrganization",
            "the API token has no access to the organization `",
            fix,
        )
    };
    for (keys, fix) in [
        (
            json!({"organization": "nobody"}),
            "one that the token reaches (acme-inc)",
        ),
        // The name instead of the slug.
        (
            json!({"organization": "Acme Inc"}),
            "one that the token reaches (acme-inc)",
        ),
        (
            json!({"organization": "https://buildkite.com/acme-inc"}),
            "one that the token reaches (acme-inc)",
        ),
        // It is there, and the token is not for it.
        (
            json!({"organization": SECOND_ORGANIZATION}),
            "one that the token reaches (acme-inc)",
        ),
        (
            json!({"organization": "acme", "api-token": WIDE_TOKEN}),
            "one that the token reaches (acme-inc, globex)",
        ),
    ] {
        with(&desk, keys.clone(), &keys.to_string(), of(fix)).await;
        assert_eq!(desk.vendor.sim.calls(), 2, "{keys}: it went on");
    }
    desk.write_secret(&desk.vendor.secret());
    works(&desk, "a wrong organization").await;
}

/// Whoever leaves an organization takes the access of their tokens along.
#[tokio::test]
async fn a_token_that_reaches_no_organization_is_told_where_to_tick_one() {
    let expected = failure(
        "PermissionDenied",
        "NoOrganization",
        "the API token has access to no organization",
        "Tick the organization under Organization Access",
    );
    let desk = desk().await;
    for organization in [json!(ORGANIZATION), json!(null)] {
        let keys = json!({"api-token": TOKEN_WITHOUT_ORGANIZATION, "organization": organization});
        with(&desk, keys, "a token for no organization", expected).await;
    }
    desk.vendor.sim.with_world(|w| {
        w.remove_member(ORGANIZATION, ADA_ID);
    });
    desk.write_secret(&desk.vendor.secret());
    fails(&desk, Sync, json!({}), "a leaver's token", expected).await;
}

/// With one organization nothing need be chosen; among two nothing is chosen for anybody.
#[tokio::test]
async fn without_an_organization_the_only_one_is_taken_and_of_several_all_are_named() {
    let desk = desk().await;
    let whole = desk.complete().await["content_digest"].clone();
    for organization in [json!(null), json!(" ")] {
        desk.set_keys(&json!({"organization": organization}));
        let answer = works(&desk, "no organization").await;
        assert_eq!(answer["content_digest"], whole);
    }
    let expected = failure(
        "Misconfigured",
        "SeveralOrganizations",
        "several organizations: acme-inc, globex",
        "Set `organization` to one of them",
    );
    let keys = json!({"api-token": WIDE_TOKEN, "organization": null});
    with(&desk, keys, "two organizations", expected).await;
}

/// Whose token it is, the API may refuse the members and teams to: some organizations let only administrators see them.
#[tokio::test]
async fn an_owner_who_may_not_see_members_is_told_apart_from_a_missing_scope() {
    let desk = desk().await;
    desk.vendor
        .sim
        .set_options(|options| options.members_may_view_teams = false);
    let expected = failure(
        "PermissionDenied",
        "CredentialTooWeak",
        "Forbidden",
        "Let somebody make the token who may see the organization's members and teams",
    );
    let keys = json!({"api-token": MEMBER_TOKEN});
    with(&desk, keys, "a member who sees no members", expected).await;
    desk.write_secret(&desk.vendor.secret());
    works(&desk, "a member's token").await;
}

/// Should the API want a scope that it does not document for this.
#[tokio::test]
async fn a_scope_that_the_api_names_when_it_refuses_is_passed_on() {
    for (scope, fix) in [
        (
            "read_teams",
            "Give the token the scope Read Teams (read_teams).",
        ),
        ("view_teams", "Give the token the scope view_teams."),
    ] {
        let desk = desk().await;
        let kind = FaultKind::Status {
            code: 403,
            headers: Vec::new(),
            body: Some(
                json!({"message": format!("Your access token doesn't have the {scope} scope")}),
            ),
        };
        let path = "/v2/organizations/acme-inc/teams/";
        desk.vendor
            .sim
            .set_faults(vec![Fault::nth_matching(3, "GET", path, kind)]);
        let expected = failure(
            "PermissionDenied",
            "CredentialTooWeak",
            "may not read this",
            fix,
        );
        fails(&desk, Sync, json!({}), scope, expected).await;
    }
}

/// A token may be good for some addresses alone, and so may an organization. No scope and no other owner helps then.
#[tokio::test]
async fn a_refusal_is_told_for_what_the_answer_shows_and_nothing_else() {
    let members = "/v2/organizations/acme-inc/members";
    let weak = |fix| {
        failure(
            "PermissionDenied",
            "CredentialTooWeak",
            "may not read this",
            fix,
        )
    };
    let address = failure(
        "PermissionDenied",
        "AddressNotAllowed",
        "from the address that Rollcall calls from",
        "Add that address to the allowed IP addresses",
    );
    let other = failure(
        "PermissionDenied",
        "VendorDenied",
        "does not name a missing scope",
        "See what the answer says",
    );
    let said = |message: &str| FaultKind::Status {
        code: 403,
        headers: Vec::new(),
        body: Some(json!({"message": message})),
    };
    for (path, kind, expected) in [
        (
            members,
            said("Your IP address 192.0.2.7 is not allowed"),
            address,
        ),
        (
            members,
            said("Not in the organization's API allowlist"),
            address,
        ),
        (members, said("IP not on the allow-list"), address),
        (
            "/v2/access-token",
            said("Forbidden (IP restricted)"),
            address,
        ),
        (
            members,
            said("Forbidden"),
            weak("who may see the organization's members"),
        ),
        (
            members,
            said("Your access token doesn't have the read_ips scope"),
            weak("read_ips"),
        ),
        // It takes no scope and no permission.
        ("/v2/access-token", said("Forbidden"), other),
        (members, said("Your plan doesn't include this"), other),
        (members, html_page(403), other),
    ] {
        let desk = desk().await;
        let wrong = format!("{kind:?} at {path}");
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("GET", path, kind)]);
        fails(&desk, Sync, json!({}), &wrong, expected).await;
    }
}

#[tokio::test]
async fn an_address_where_the_api_is_not_is_told() {
    let desk = desk().await;
    let sim = desk.vendor.sim.base_url();
    let root = sim.strip_suffix("/v2").expect("a version").to_owned();
    let nothing = failure(
        "NotFound",
        "VendorNotFound",
        "GET /access-token was answered with 404",
        "the address in the configuration",
    );
    // Without the version; with one that is not; with a call.
    for url in [root.clone(), format!("{root}/v3"), format!("{sim}/user")] {
        with(&desk, json!({"base-url": url}), &url, nothing).await;
    }
    let unreachable = failure(
        "Unavailable",
        "VendorUnreachable",
        "GET /access-token was not answered",
        "Check the address in the configuration",
    );
    let dead = json!({"base-url": "http://127.0.0.1:1/v2"});
    with(&desk, dead, "nobody there", unreachable).await;

    // A slash at the end is none of these.
    desk.set_keys(&json!({"base-url": format!("{sim}/")}));
    works(&desk, "a slash").await;

    for (kind, wrong, expected) in [
        (
            html_page(200),
            "a page for people",
            failure(
                "Unavailable",
                "VendorUnavailable",
                "not JSON",
                "check the address in the configuration",
            ),
        ),
        (
            FaultKind::Redirect {
                to: "https://buildkite.com/login".into(),
            },
            "a redirect",
            failure(
                "Misconfigured",
                "Redirected",
                "https://buildkite.com/login",
                "Configure the address that the API really has",
            ),
        ),
    ] {
        desk.write_secret(&desk.vendor.secret());
        desk.vendor.sim.set_faults(vec![Fault::every(kind)]);
        fails(&desk, Sync, json!({}), wrong, expected).await;
        desk.vendor.sim.clear_faults();
        works(&desk, wrong).await;
    }
}
