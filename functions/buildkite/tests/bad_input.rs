//! Bad input, each with its message: what is wrong, the type and code of the failure, a part of what it says, and a part
//! of what to do about it. Whatever it is, nothing is published, and no token shows.

use rollcall_engine::runtime::function::Operation::Sync;
use rollcall_harness::bad_input::{all_are_unusable, fails, told, works};
use rollcall_harness::conformance::Subject;
use rollcall_simulators::buildkite::{
    EVERYONE_ID, EXPIRED_TOKEN, GRAPHQL_TOKEN, SECOND_ORGANIZATION, TOKEN_WITHOUT_ORGANIZATION,
    TOKEN_WITHOUT_READ_ORGANIZATIONS, TOKEN_WITHOUT_READ_TEAMS, TOKEN_WITHOUT_READ_USER,
    TOKEN_WITHOUT_SCOPES, WIDE_TOKEN, World, html_page,
};
use rollcall_simulators::{FaultKind, Request};
use serde_json::{Value, json};

use crate::world::{Desk, MEMBERS, answered, desk_of, of_team, said};

#[tokio::test]
async fn keys_that_cannot_be_used_are_named_all_at_once_and_nobody_is_asked() {
    let none = json!({"api-token": null, "base-url": "ftp://x", "graphql-url": "x"});
    let [token, base] = ["`api-token` is missing", "`base-url` must begin with https://"];
    let rows = [
        (none.clone(), token),
        (none.clone(), base),
        (none, "`graphql-url` is not a URL"),
        // What is said to be sent is not part of it.
        (json!({"api-token": "Bearer hunter2"}), "contains blanks"),
        (json!({"BATON_ORGANIZATION": "globex"}), "is given twice"),
    ];
    all_are_unusable(&Desk::small().await, rows).await;
}

/// The public connector looks neither at scopes nor whether the organization is there, and what it says is a bare status.
#[tokio::test]
async fn an_unusable_token_or_organization_is_reported_with_all_that_is_missing() {
    let desk = desk_of(World::rich(), |_| {}).await;
    let sim = desk.vendor.sim.base_url();
    let root = sim.strip_suffix("/v2").expect("a version");
    let rejected = "Unauthenticated | CredentialRejected | does not accept the API token: it is wrong, has expired or was revoked | A new token expires after seven days unless you choose otherwise";
    let lacks = "PermissionDenied | CredentialTooWeak | lacks WHAT | https://buildkite.com/user/api-access-tokens";
    let unknown = "NotFound | UnknownOrganization | the API token has no access to the organization ` | one that the token can access ";
    let several = "Misconfigured | SeveralOrganizations | several organizations: acme-inc, globex | Set `organization` to one of them";
    let none = "PermissionDenied | NoOrganization | the API token does not have access to any organization | Select the organization under Organization Access";
    let nothing = "NotFound | VendorNotFound | GET /access-token was answered with 404 | the address in the configuration";
    let table = json!([
        [{"api-token": "hunter2"}, 1, rejected],
        [{"api-token": EXPIRED_TOKEN}, 1, rejected],
        [{"api-token": TOKEN_WITHOUT_READ_ORGANIZATIONS}, 1, lacks.replace("WHAT", "Read Organizations (read_organizations)")],
        [{"api-token": TOKEN_WITHOUT_READ_TEAMS}, 1, lacks.replace("WHAT", "Read Teams (read_teams)")],
        [{"api-token": TOKEN_WITHOUT_SCOPES}, 1, lacks.replace("WHAT", "Read Organizations (read_organizations) and Read Teams (read_teams)")],
        // The name instead of the slug; and one that is there, and that the token is not for.
        [{"organization": "Acme Inc"}, 2, format!("{unknown}(acme-inc)")],
        [{"organization": SECOND_ORGANIZATION}, 2, format!("{unknown}(acme-inc)")],
        [{"organization": "acme", "api-token": WIDE_TOKEN}, 2, format!("{unknown}(acme-inc, globex)")],
        [{"organization": null, "api-token": WIDE_TOKEN}, 2, several],
        [{"api-token": TOKEN_WITHOUT_ORGANIZATION}, 2, none],
        [{"organization": null, "api-token": TOKEN_WITHOUT_ORGANIZATION}, 2, none],
        // The address without the version, and with a call.
        [{"base-url": root}, 1, nothing],
        [{"base-url": format!("{sim}/user")}, 1, nothing],
    ]);
    let rows: Vec<(Value, usize, String)> = serde_json::from_value(table).expect("rows");
    for (keys, calls, expected) in rows {
        desk.set_keys(&keys);
        fails(&desk, Sync, json!({}), &keys.to_string(), told(expected)).await;
        assert_eq!(desk.vendor.sim.calls(), calls, "{keys}: it went on");
    }
    // Wrong addresses are no calls that the vendor documents.
    desk.vendor.clear_requests();
    desk.write_secret(&desk.vendor.secret());
    works(&desk, "wrong keys").await;
}

/// With one organization nothing need be chosen; addresses of browsers take any case, and paths of the API may not; nothing
/// that is read needs `read_user`; and no token goes to Buildkite's own GraphQL where another address is before its REST API.
#[tokio::test]
async fn optional_configuration_keys_change_nothing() {
    let desk = Desk::small().await;
    let whole = desk.complete().await["content_digest"].clone();
    for keys in [
        json!({"organization": null}),
        json!({"organization": " "}),
        json!({"organization": " ACME-inc\n"}),
        json!({"api-token": TOKEN_WITHOUT_READ_USER}),
        json!({"api-token": GRAPHQL_TOKEN, "graphql-url": null}),
        json!({"base-url": format!("{}/", desk.vendor.sim.base_url())}),
    ] {
        desk.set_keys(&keys);
        desk.vendor.clear_requests();
        let answer = works(&desk, "odd keys").await;
        assert_eq!(answer["content_digest"], whole, "{keys}");
        assert_eq!(answer["warnings"], json!([]), "{keys}");
        for Request { path, .. } in desk.vendor.requests() {
            let places = ["v2/access-token", "v2/organizations", "v2/organizations/acme-inc"];
            let place = path.split('/').skip(1).take(3).collect::<Vec<_>>().join("/");
            assert!(places.contains(&place.as_str()), "{path}");
        }
    }
}

/// A token may be good for some addresses alone, and so may an organization: no scope and no other owner helps then.
#[tokio::test]
async fn a_refusal_is_reported_by_what_the_answer_shows() {
    const TOKEN: &str = "/v2/access-token";
    let everyone = &of_team(EVERYONE_ID);
    let address = "PermissionDenied | AddressNotAllowed | from the address that Rollcall calls from | Add that address to the allowed IP addresses";
    let weak = "PermissionDenied | CredentialTooWeak | the API token may not read this | ";
    let owner = "Use a token of a user who can see the organization's members and teams";
    let other =
        "PermissionDenied | VendorDenied | does not name a missing scope | Read Buildkite's answer";
    let plan = "PermissionDenied | VendorDenied | 403: Your plan doesn't include this | Read Buildkite's answer";
    let page =
        "Unavailable | VendorUnavailable | not JSON | check the address in the configuration";
    let down = "Unavailable | VendorUnavailable | 502: an HTML page: 502 | again";
    let login = "Misconfigured | Redirected | https://buildkite.com/login | to that of the API";
    let table = json!([
        [MEMBERS, 403, {"message": "Your IP address 192.0.2.7 is not allowed"}, address],
        [MEMBERS, 403, {"message": "Not in the organization's API allowlist"}, address],
        [MEMBERS, 403, {"message": "Address not on the allow-list"}, address],
        [TOKEN, 403, {"message": "Forbidden (IP restricted)"}, address],
        [MEMBERS, 403, {"message": "Forbidden"}, format!("{weak}{owner}")],
        [MEMBERS, 403, {"message": "Your access token doesn't have the read_ips scope"}, format!("{weak}the scope read_ips.")],
        [everyone, 403, {"message": "Your access token doesn't have the read_teams scope"}, format!("{weak}the scope Read Teams (read_teams).")],
        // It takes no scope and no permission.
        [TOKEN, 403, {"message": "Forbidden"}, other],
        [MEMBERS, 403, {"message": "Your plan doesn't include this"}, plan],
        [MEMBERS, 403, null, other],
        // No answers of the API at all.
        [TOKEN, 200, null, page],
        [everyone, 502, null, down],
        [TOKEN, 307, null, login],
    ]);
    let rows: Vec<(String, u16, Value, String)> = serde_json::from_value(table).expect("rows");
    for (path, status, body, expected) in rows {
        let wrong = format!("{status} at {path}: {body}");
        let to = "https://buildkite.com/login".to_owned();
        let kind = match (status, body) {
            (307, _) => FaultKind::Redirect { to },
            (_, Value::Null) => html_page(status),
            (_, body) => said(status, body),
        };
        fails(&answered(&path, kind).await, Sync, json!({}), &wrong, told(expected)).await;
    }
}
