//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of its message, and a part
//! of its fix. In every case nothing is published or changed, and no token is shown.

use std::collections::BTreeMap;

use rollcall_engine::runtime::function::Operation::Sync;
use rollcall_harness::bad_input::{all_are_unusable, fails, told, works};
use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::FaultKind;
use rollcall_simulators::northflank::{
    Denial, EXPIRED_TOKEN, ErrorBody, NO_MEMBERS_TOKEN, NO_ROLES_TOKEN, REVOKED_TOKEN, TEAM_TOKEN,
    TEST_TOKEN, html_page,
};
use serde_json::{Map, Value, json};

use crate::world::{
    AUTH, DEVELOPERS, Desk, GROUPS, MEMBERS, ROLES, at, desk_of, digest, nobody, said,
};

#[tokio::test]
async fn unusable_keys_are_named_and_never_quoted_before_any_request() {
    let rows = [
        (json!({"northflank-api-token": " \n"}), "is missing"),
        // The advice in the fix is not part of it.
        (json!({"northflank-api-token": "Bearer hunter2"}), "blanks"),
        (json!({"BATON_NORTHFLANK_API_TOKEN": "hunter2"}), "twice"),
        (json!({"northflank-base-url": "http://x.io"}), "https://"),
    ];
    all_are_unusable(&Desk::small().await, rows).await;
}

/// Every path already has the version; and a copied line end is not part of a token.
#[tokio::test]
async fn an_address_may_end_with_a_slash_or_the_version_and_a_token_with_blanks() {
    let desk = Desk::small().await;
    let whole = digest(&desk).await;
    for end in ["/", "//", "/v1", "/v1/", "/v1//"] {
        desk.set_keys(&json!({
            "northflank-base-url": format!(" {}{end} ", desk.vendor.sim.base_url()),
            "northflank-api-token": format!(" {TEST_TOKEN}\n"),
        }));
        assert_eq!(digest(&desk).await, whole, "{end}");
    }
}

const REJECTED: &str = "Unauthenticated | CredentialRejected | does not accept the API token: it is wrong, has expired or was revoked | create an API token of the organization";
/// With the permissions of these lists.
const M: &str = "organization members (Organisation > Admin > Members > Read)";
const R: &str = "organization roles (Organisation > Admin > Roles > Read)";
const G: &str = "directory groups (Organisation > Admin > Roles > Read)";

const WEAK: &str = "PermissionDenied | CredentialTooWeak | the API token may not read WHAT: | Create a role that can read members and roles";
const NONE: &str = "Misconfigured | NotAvailable | WHAT cannot be read with this token: | Use a token of an organization, not of a team";

/// One error names what a token may not read, and nothing else.
fn missing(error: &str, parts: &[&str]) -> String {
    error.replace("WHAT", &parts.join("; "))
}

fn weak(parts: &[&str]) -> String {
    missing(WEAK, parts)
}

/// Whatever the vendor's errors look like, for each status that may mean it, and also if the API does not return a
/// token's properties.
#[tokio::test]
async fn an_invalid_token_a_teams_token_and_a_weak_token_are_told_apart() {
    let nothing = "nf-eyJhbGci-nothing";
    let team = "PermissionDenied | CredentialTooWeak | the API token is one of a team | Make an API token of the organization";
    let desk = Desk::small().await;
    desk.vendor.sim.with_world(|w| {
        w.add_token(nothing, "None", &[]);
    });
    for (denial, errors, error) in [
        (Denial::Forbidden, ErrorBody::Nested, WEAK),
        (Denial::Unauthorized, ErrorBody::Flat, WEAK),
        (Denial::NotFound, ErrorBody::Html, NONE),
    ] {
        let all = missing(error, &[M, R, G]);
        let is_401 = denial == Denial::Unauthorized;
        let unsaid = if is_401 { REJECTED } else { &all };
        for (token, auth, expected) in [
            ("hunter2", true, REJECTED),
            (EXPIRED_TOKEN, true, REJECTED),
            (REVOKED_TOKEN, false, REJECTED),
            (NO_MEMBERS_TOKEN, true, &missing(error, &[M])),
            (NO_ROLES_TOKEN, true, &missing(error, &[R, G])),
            (nothing, true, &all),
            (TEAM_TOKEN, true, team),
            (TEAM_TOKEN, false, unsaid),
        ] {
            desk.vendor.set(|o| {
                (o.no_permission, o.team_token) = (denial, denial);
                (o.errors, o.auth) = (errors, auth);
            });
            desk.set_keys(&json!({"northflank-api-token": token}));
            let wrong = format!("{token}, {denial:?}, {errors:?}, {auth}");
            fails(&desk, Sync, json!({}), &wrong, told(expected)).await;
        }
    }
    desk.write_secret(&desk.vendor.secret());
    works(&desk, "wrong tokens").await;
}

/// If nothing can be read, the call for a token's properties distinguishes an invalid token from one without rights.
/// The answer of the list of groups before the vendor enables Directory Sync is not documented.
#[tokio::test]
async fn refusals_are_reported_together_and_foreign_answers_as_such() {
    let sync = "Misconfigured | NotAvailable | directory groups (Organisation > Admin > Roles > Read) cannot be read with this token | Directory Sync may be off";
    let page = "Unavailable | VendorUnavailable | not JSON | another server may be answering";
    let down = "Unavailable | VendorUnavailable | 502: an HTML page: 502 | run again later";
    let redirect = "Misconfigured | Redirected | https://elsewhere.invalid/ | to that of the API";
    let quoted = "PermissionDenied | CredentialTooWeak | 403: no: | Create a role that can read members and roles";
    let table = json!([
        [{MEMBERS: 401, ROLES: 401, GROUPS: 401}, weak(&[M, R, G])],
        [{MEMBERS: 401, ROLES: 401, GROUPS: 401, AUTH: 401}, REJECTED],
        // Its type is missing.
        [{MEMBERS: 401, ROLES: 401, GROUPS: 401, AUTH: 404}, REJECTED],
        [{MEMBERS: 401, GROUPS: 404}, weak(&[M, G])],
        [{GROUPS: 400}, sync], [{GROUPS: 404}, sync], [{GROUPS: 405}, sync], [{GROUPS: 409}, sync],
        [{GROUPS: 401}, weak(&[G])], [{GROUPS: 403}, weak(&[G])],
        [{MEMBERS: 200}, page], [{ROLES: 200}, page], [{GROUPS: 200}, page], [{DEVELOPERS: 200}, page],
        [{MEMBERS: 502}, down], [{GROUPS: 502}, down], [{DEVELOPERS: 502}, down],
        [{MEMBERS: 307}, redirect],
        // The vendor's message is shown, without the token that it repeats.
        [{DEVELOPERS: {"error": {"status": 403, "message": format!("no: Bearer {TEST_TOKEN}"), "id": "x"}}}, quoted],
    ]);
    let rows: Vec<(BTreeMap<String, Value>, String)> = serde_json::from_value(table).expect("rows");
    for (answers, expected) in rows {
        let desk = Desk::small().await;
        let wrong = format!("{answers:?}");
        let kind = |answer: Value| match answer.as_u64().and_then(|n| u16::try_from(n).ok()) {
            None => said(403, answer),
            Some(307) => FaultKind::Redirect { to: "https://elsewhere.invalid/".to_owned() },
            Some(status @ (200 | 502)) => html_page(status),
            Some(status) => FaultKind::status(status),
        };
        desk.vendor.set_faults(answers.into_iter().map(|(path, answer)| at(&path, kind(answer))));
        fails(&desk, Sync, json!({}), &wrong, told(expected)).await;
    }
}

/// An empty list of groups is normal; an empty list of members is filtered.
#[tokio::test]
async fn an_organization_without_members_is_a_failure() {
    let desk = desk_of(nobody()).await;
    let nobody = "PermissionDenied | EmptyList | no members of the organization | Create a role that can read members";
    for empty_pages in [0, 1, 3] {
        desk.vendor.set(|o| o.empty_pages = empty_pages);
        fails(&desk, Sync, json!({}), "nobody", told(nobody)).await;
    }
}

/// Not every installation returns a token's properties, and nothing else depends on them. Without the owner, the tenant
/// cannot be checked, and a warning says so.
#[tokio::test]
async fn a_tokens_properties_are_optional_and_missing_ones_are_reported() {
    let whole = digest(&Desk::small().await).await;
    let soon = "KeyEndsSoon: the key ends at 2026-06-10T00:00:00Z";
    let table = json!([
        [401, {}, "TenantUnknown: "], [403, {}, "TenantUnknown: "], [404, {}, "TenantUnknown: "], [405, {}, "TenantUnknown: "],
        [200, {"entityUid": null}, "TenantUnknown: "], [200, {"entityUid": " "}, "TenantUnknown: "],
        [200, {"name": 7}, "UnreadableField: "],
        [200, {"expiresAt": ""}, "UnreadableField: "], [200, {"expiresAt": "soon"}, "UnreadableField: "],
        [200, {"expiresAt": null}, ""],
        [200, {"expiresAt": "2026-06-10T00:00:00Z"}, soon], [200, {"expiresAt": "2026-06-20T00:00:00Z"}, ""],
    ]);
    let rows: Vec<(u16, Map<String, Value>, String)> = serde_json::from_value(table).expect("rows");
    for (status, fields, expected) in rows {
        let what = format!("{status}, {fields:?}");
        let mut token = json!({"name": "Sync", "entityUid": "64b0", "entityType": "org"});
        token.as_object_mut().expect("fields").extend(fields);
        let desk = Desk::small().await;
        let kind = match status {
            200 => said(200, json!({"data": token})),
            status => FaultKind::status(status),
        };
        desk.vendor.set_faults([at(AUTH, kind)]);
        let shown = Shown::by(&desk).await;
        assert_eq!(shown.answer["content_digest"], whole, "{what}");
        let mut told = shown.warnings();
        told.retain(|w| !w.starts_with("MembersWithoutAccount"));
        let told = told.join("; ");
        assert_eq!(told.is_empty(), expected.is_empty(), "{what}: {told}");
        assert!(told.starts_with(&expected), "{what}: {told}");
        assert!(!told.contains("; "), "{what}: {told}");
        let refused = format!("was answered with {status}");
        assert_eq!(told.contains(&refused), status != 200, "{what}: {told}");
    }
}
