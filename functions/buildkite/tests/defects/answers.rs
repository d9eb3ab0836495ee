//! What the vendor's refusals mean, and what is no answer of the API at all.

use rollcall_connector::Chain;
use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::buildkite::{
    ADA_ID, BEN_ID, CLEO_ID, DOCUMENTED_SCOPES, EVERYONE_ID, ORGANIZATION, ORGANIZATION_ID,
    PLATFORM_ID, World, html_page,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

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
        assert_eq!(error.code(), "CredentialRejected", "after {after} calls");
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

const MEMBERS: &str = "/v2/organizations/acme-inc/members";
const TEAMS: &str = "/v2/organizations/acme-inc/teams";
const EVERYONE: &str =
    "/v2/organizations/acme-inc/teams/e0000000-0000-4000-8000-000000000001/members";

fn said(body: Value) -> FaultKind {
    FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(body),
    }
}

/// What a call answers for the small organization, with another value for a field of the first row.
fn with(path: &str, field: &str, value: &Value) -> FaultKind {
    let member = |id: &str, name: &str, role: &str| json!({"id": id, "name": name, "email": format!("{role}@example.com"), "role": role});
    let membership = |id: &str, role: &str| json!({"user_id": id, "user_name": "", "role": role});
    let mut body = match path {
        "/v2/access-token" => json!({"scopes": DOCUMENTED_SCOPES, "user": {"name": "Ada Admin"}}),
        "/v2/organizations" => {
            json!([{"id": ORGANIZATION_ID, "name": "Acme Inc", "slug": ORGANIZATION}])
        }
        // Two have the name of the token's owner.
        MEMBERS => json!([
            member(ADA_ID, "Ada Admin", "admin"),
            member(BEN_ID, "Ada Admin", "member"),
            member(CLEO_ID, "Cleo", "member"),
        ]),
        TEAMS => json!([
            {"id": EVERYONE_ID, "name": "Everyone", "slug": "everyone"},
            {"id": PLATFORM_ID, "name": "Platform", "slug": "platform"},
        ]),
        _ => json!([
            membership(ADA_ID, "maintainer"),
            membership(BEN_ID, "member"),
            membership(CLEO_ID, "member"),
        ]),
    };
    let row = match body.is_array() {
        true => &mut body[0],
        false => &mut body,
    };
    row[field] = value.clone();
    said(body)
}

/// One row of an unknown form must not keep everybody else from being shown, nor be dropped for it.
#[tokio::test]
async fn a_field_that_decides_nothing_fails_nothing_in_any_form_and_is_told() {
    let whole = Shown::by(&desk_of(World::worked_example(), |_| {}).await).await;
    let odd = [json!(""), json!("soon"), json!(7), json!([7])];
    for (path, fields, texts_are_odd) in [
        ("/v2/access-token", ["expires_at", "user"].as_slice(), true),
        ("/v2/organizations", &["created_at"], true),
        ("/v2/organizations", &["name"], false),
        (MEMBERS, &["name", "email", "sso_mode"], false),
        (TEAMS, &["created_at", "created_by", "default"], true),
        (
            TEAMS,
            &[
                "name",
                "slug",
                "description",
                "privacy",
                "default_member_role",
            ],
            false,
        ),
        (EVERYONE, &["user_name"], false),
    ] {
        for field in fields {
            for value in odd.iter().chain([&json!(null)]) {
                let what = format!("{field} of {path} is {value}");
                let desk = desk_of(World::worked_example(), |_| {}).await;
                let kind = with(path, field, value);
                let fault = Fault::matching("GET", path, kind).exactly();
                desk.vendor.sim.set_faults(vec![fault]);
                let shown = Shown::by(&desk).await;
                assert_eq!(shown.direct(), whole.direct(), "{what}");
                let told = shown.warnings().into_iter();
                let told = told
                    .filter(|w| w.starts_with("UnreadableField"))
                    .collect::<Vec<_>>();
                // An empty text counts as missing, like null.
                let is_missing = value.is_null() || *value == json!("");
                let is_odd = !is_missing && (texts_are_odd || !value.is_string());
                assert_eq!(told.len(), usize::from(is_odd), "{what}: {told:?}");
                assert!(
                    told.iter().all(|w| w.contains(&format!("`{field}` of "))),
                    "{told:?}"
                );
            }
        }
    }
}

/// Who somebody is, and what they may do, is never guessed.
#[tokio::test]
async fn a_row_whose_id_or_role_is_of_another_form_publishes_nothing() {
    for (path, field, values) in [
        (MEMBERS, "id", [json!(null), json!(7)]),
        (MEMBERS, "role", [json!(["admin"]), json!(7)]),
        (TEAMS, "id", [json!(null), json!(7)]),
        (EVERYONE, "user_id", [json!(null), json!(7)]),
        (EVERYONE, "role", [json!(["member"]), json!(7)]),
        (
            "/v2/access-token",
            "scopes",
            [json!(null), json!("read_teams")],
        ),
    ] {
        for value in values {
            let desk = desk_of(World::worked_example(), |_| {}).await;
            let kind = with(path, field, &value);
            let fault = Fault::matching("GET", path, kind).exactly();
            desk.vendor.sim.set_faults(vec![fault]);
            let what = format!("{field} of {path} is {value}");
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
}

/// A list that is an object, and rows without what they are nothing without, are no empty lists.
#[tokio::test]
async fn an_answer_of_another_form_publishes_nothing() {
    let object = said(json!({"items": [], "links": {}}));
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
