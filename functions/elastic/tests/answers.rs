//! The meaning of the vendor's answers. The public connector ignores their status: it takes a refusal of Elastic Cloud
//! for an empty list, and everybody's access is gone.

use rollcall_connector::clock::{Clock, between};
use rollcall_connector::{Chain, Error};
use rollcall_harness::answers::at;
use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::Fault;
use rollcall_simulators::elastic::{ORGANIZATION_ID, TEST_CLOUD_KEY, World};
use serde_json::{Value, json};

use crate::worked_example::shows;
use crate::world::{ADMIN, SVC, begin_again, change, fault, small_world};
use crate::{Desk, rows};

/// The lists of a sync: three of Elastic Cloud, and three of a deployment.
const LISTS: [&str; 6] =
    ["organizations", "members", "invitations", "user", "role", "role_mapping"];

/// The path of a list that a table names.
fn path(list: &str) -> String {
    match list {
        "organizations" => "/api/v1/organizations".to_owned(),
        "members" | "invitations" => format!("/api/v1/organizations/198583657190/{list}"),
        of_deployment => format!("/_security/{of_deployment}"),
    }
}

fn type_and_code(error: &Error) -> String {
    format!("{} {}", error.kind(), error.code())
}

/// Answers, and their meaning at Elastic Cloud and at a deployment: type and code, with a part of the message and one
/// of the fix. A web page is not an API's answer. Elasticsearch decodes its key before it compares it, and may quote
/// either form.
const REFUSALS: &str = r#"
401      | Unauthenticated CredentialRejected: Elastic Cloud does not accept the key; Have an organization owner create a key | Unauthenticated CredentialRejected: Elasticsearch of the deployment does not accept the key; store its encoded form
401 {"error": {"type": "security_exception", "reason": "bad key [$main_key], that is [VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw], with [ui2lp2axTNmsyakw9tvNnw]"}, "status": 401} | - | Unauthenticated CredentialRejected: bad key […], that is […], with […]; encoded
403      | PermissionDenied CredentialTooWeak: the key is not allowed to read the organization; `organization-id` | PermissionDenied CredentialTooWeak: the key of the deployment lacks a privilege; `manage_security`
403 {"ok": false, "message": "Forbidden"} | PermissionDenied CredentialTooWeak: ; | PermissionDenied AddressNotAllowed: accepts only addresses that its traffic filters allow; a NAT gateway
403 {"ok": false, "message": "Forbidden due to traffic filtering. Please see …"} | PermissionDenied CredentialTooWeak: ; | PermissionDenied AddressNotAllowed: accepts only addresses that its traffic filters allow; a NAT gateway
404      | NotFound UnknownOrganization: has no such organization; `organization-id` | Misconfigured WrongAddress: there is no cluster at the endpoint of the deployment; Copy the deployment's Elasticsearch endpoint
404 {}   | NotFound UnknownOrganization: ; | Misconfigured WrongAddress: there is no cluster at the endpoint; Copy
404 {"ok": false, "message": "Unknown resource."} | NotFound UnknownOrganization: ; | Misconfigured WrongAddress: there is no cluster at the endpoint; Copy
410      | Internal VendorRejected: ; | Misconfigured Serverless: is a serverless project, which has no users and roles of its own; Remove it from the configuration
page 200 | Unavailable VendorUnavailable: ; | Misconfigured WrongAddress: is not Elasticsearch; Copy
page 401 | Misconfigured WrongAddress: not the Elastic Cloud API; `base-url` | Misconfigured WrongAddress: is not Elasticsearch; Copy
page 403 | Misconfigured WrongAddress: not the Elastic Cloud API; `base-url` | Misconfigured WrongAddress: is not Elasticsearch; Copy
page 404 | Misconfigured WrongAddress: not the Elastic Cloud API; `base-url` | Misconfigured WrongAddress: there is no cluster at the endpoint; Copy
page 502 | Unavailable VendorUnavailable: ; | Unavailable VendorUnavailable: ;
200 {}   | Internal UnexpectedAnswer: ; | Misconfigured WrongAddress: does not identify itself as Elasticsearch; Copy
redirect https://cloud.elastic.co/login | Misconfigured Redirected: ; | Misconfigured WrongAddress: is not Elasticsearch; Copy
"#;

#[tokio::test]
async fn a_refusal_of_any_list_publishes_nothing_and_says_whose_it_is() {
    let mut desk = Desk::small().await;
    let tokens = desk.vendor.tokens();
    let table = rows(desk.vendor.written_out(REFUSALS));
    for (n, [kind, of_cloud, of_deployment]) in table.enumerate() {
        let fails = |what: &str, result: Result<Value, Error>, expected: &str| {
            let what = format!("{kind} {what}");
            let error = result.expect_err(&what);
            let (code, parts) = expected.split_once(": ").expect("a code");
            let (message, fix) = parts.split_once(';').expect("a message and a fix");
            let said = format!("{} {error:?}", Chain(&error));
            assert_eq!(type_and_code(&error), code, "{what}: {said}");
            assert!(said.contains(message), "{what}: {said}");
            assert!(error.fix().contains(fix.trim()) && !error.fix().is_empty(), "{said}");
            assert!(!tokens.iter().any(|token| said.contains(token)), "{said}");
        };
        // Each status at each list, and the other answers at one of each host.
        let is_due = |i: &usize| !kind.contains(' ') || (n + i).is_multiple_of(3);
        for list in (0..6).filter(is_due).map(|i| LISTS[i]) {
            desk.afresh();
            desk.vendor.set_faults([at(&path(list), fault(kind))]);
            let expected = match path(list).starts_with("/api") {
                true if of_cloud == "-" => continue,
                true => of_cloud,
                false => of_deployment,
            };
            fails(list, desk.sync().await, expected);
            assert!(!desk.is_published(), "{kind} {list}");
        }
        // Only Elasticsearch says that a user does not exist.
        desk.vendor.set_faults([Fault::matching("GET", "/_security/", fault(kind))]);
        for operation in ["grant", "revoke"] {
            let result = change(&desk, operation, operation, (ADMIN, SVC)).await;
            fails(operation, result, of_deployment);
        }
        assert!(desk.writes().is_empty(), "{kind}");
        assert_eq!(desk.leak(&tokens), None, "{kind}");
    }
}

/// Lists that are empty, have more pages, or lack identities or rights: nothing is guessed. `OWNER` is a member who
/// owns the organization.
const ODD_LISTS: &str = r#"
organizations | 200 {"organizations": []} | PermissionDenied NoOrganization: Have an organization owner create a key
organizations | 200 {"organizations": [{"id": "198583657190", "name": "Acme"}], "next_page": "MTIz"} | Misconfigured SeveralOrganizations: Set `organization-id`
organizations | 200 {"organizations": [{"id": "198583657190", "name": "Acme"}], "next_page": ""} | complete:
members | 200 {"members": []} | PermissionDenied CredentialTooWeak: cannot see who owns
members | 200 {"members": [{"user_id": "1001", "role_assignments": {"organization": [{"organization_id": "198583657191", "role_id": "organization-admin"}]}}]} | PermissionDenied CredentialTooWeak: cannot see who owns
members | 200 {"members": [OWNER], "next_page": "MTIz"} | Internal UnexpectedAnswer:
members | 200 {"members": [OWNER, {"user_id": null}]} | Internal UnexpectedAnswer:
members | 200 {"members": [OWNER, {"user_id": "1002", "role_assignments": {"deployment": [{"all": true}]}}]} | Internal UnexpectedAnswer:
members | 200 {"members": [OWNER, {"user_id": "1002", "role_assignments": {"project": {"security": [{"role_id": 7}]}}}]} | Internal UnexpectedAnswer:
invitations | 200 {"invitations": [], "next_page": "MTIz"} | Internal UnexpectedAnswer:
invitations | 200 {"invitations": null} | complete:
user | elasticsearch {} | PermissionDenied EmptyList: If the reserved realm of this cluster is switched off
user | elasticsearch {"u": {"roles": null, "full_name": null, "email": null, "metadata": {}, "enabled": true}} | Internal UnexpectedAnswer:
user | elasticsearch {"u": {"roles": [7], "full_name": null, "email": null, "metadata": {}, "enabled": true}} | Internal UnexpectedAnswer:
user | elasticsearch {"u": {"enabled": true}} | Internal UnexpectedAnswer:
role | elasticsearch {} | PermissionDenied EmptyList: Give the key the cluster privilege `read_security`.
role_mapping | elasticsearch {"m": {"roles": ["viewer"], "rules": {}}} | Internal UnexpectedAnswer:
role_mapping | elasticsearch {"m": {"enabled": true, "roles": [7]}} | Internal UnexpectedAnswer:
role_mapping | elasticsearch {} | complete:
"#;
const OWNER: &str = r#"{"organization_id": "198583657190", "user_id": "1001", "name": "Ada Lovelace", "email": "ada@acme.io", "member_since": "2024-01-01T00:00:00Z", "role_assignments": {"organization": [{"organization_id": "198583657190", "role_id": "organization-admin"}]}}"#;

/// Every organization has an owner, and every cluster roles and users. The public connector shows nobody with access,
/// or only people on the first page.
#[tokio::test]
async fn a_list_that_cannot_be_as_it_is_publishes_nothing() {
    let mut desk = Desk::small().await;
    for [list, kind, expected] in rows(&ODD_LISTS.replace("OWNER", OWNER)) {
        desk.afresh();
        desk.vendor.set_faults([at(&path(list), fault(kind))]);
        let result = desk.sync().await;
        let (code, part) = expected.split_once(':').expect("a code");
        assert_eq!(result.is_ok(), code == "complete", "{list} {kind}");
        if let Err(error) = result {
            assert_eq!(type_and_code(&error), code, "{list} {kind}");
            let said = format!("{error} {}", error.fix());
            assert!(said.contains(part.trim()), "{list} {kind}: {said}");
        }
        assert_eq!(desk.is_published(), code == "complete", "{list} {kind}");
    }
}

/// Because of one date in another form, the public connector shows an empty organization, or no users at all.
#[tokio::test]
async fn an_odd_row_is_shown_with_all_roles_and_counted() {
    let members = r#"200 {"members": [OWNER,
        {"user_id": "1002", "email": "bob@acme.io", "name": 7, "member_since": "yesterday"},
        {"user_id": "1003", "email": ["x"], "name": null, "member_since": "", "role_assignments": null}]}"#;
    let invitations = r#"200 {"invitations": [
        {"token": "t1", "email": "a@acme.io", "created_at": "", "expires_at": 1735689600, "expired": "no", "accepted_at": ""},
        {"token": "t2", "email": "b@acme.io"},
        {"token": "t3", "email": "c@acme.io", "accepted_at": "2025-01-02T00:00:00Z"}]}"#;
    let users = r#"elasticsearch {
        "bare": {"username": "bare", "roles": ["viewer"]},
        "odd": {"roles": ["viewer"], "full_name": 7, "email": {}, "metadata": [], "enabled": "yes", "new": {"a": 1}},
        "good": {"username": "good", "roles": ["viewer"], "full_name": "", "email": null, "metadata": {}, "enabled": false}}"#;
    let roles = r#"elasticsearch {"viewer": {
        "description": 7, "transient_metadata": "none", "cluster": null, "remote_indices": [{"clusters": ["c1"]}],
        "remote_cluster": [{"privileges": ["monitor_enrich"]}], "global": {"application": {}}, "workflows": ["w"]}}"#;
    let lists =
        [("members", members), ("invitations", invitations), ("user", users), ("role", roles)];
    let desk = Desk::small().await;
    let odd = |(list, answer): (_, &str)| at(&path(list), fault(&answer.replace("OWNER", OWNER)));
    desk.vendor.set_faults(lists.map(odd));
    let shown = Shown::by(&desk).await;
    assert_eq!((shown.count("user"), shown.count("invitation")), (3, 2));
    shows(&shown, ODD);
    let warnings = shown.warnings().concat();
    assert!(warnings.starts_with("UnreadableField: `accepted_at` of the invitation of a@acme.io"));
    assert!(warnings.ends_with("; and 15 more like these"), "{warnings}");
}

const ODD: &str = r#"
user:1002 | ‘bob@acme.io’ | user | enabled | human | bob@acme.io | signs in as bob@acme.io | in organization:198583657190 | first_name= last_name= login=bob@acme.io org_id=198583657190 user_id=1002
user:1003 | ‘1003’ | user | enabled | human | in organization:198583657190 | first_name= last_name= org_id=198583657190 user_id=1003
invitation:198583657190/a@acme.io | ‘a@acme.io’ | user | - invited | human | a@acme.io | in organization:198583657190 | email=a@acme.io org_id=198583657190
deploymentUser:bare | ‘bare’ | user | - | human | signs in as bare | first_name= last_name= realm=native reserved=false user_id=bare
deploymentUser:odd | ‘odd’ | user | - | human | signs in as odd | first_name= last_name= realm=native reserved=false user_id=odd
deploymentUser:good | ‘good’ | user | disabled | human | signs in as good | enabled=false first_name= last_name= realm=native reserved=false user_id=good
role:viewer | ‘viewer’ | role | enabled | global={"application": {}} remote_cluster=[{"privileges": ["monitor_enrich"]}] remote_indices=[{"clusters": ["c1"]}] reserved=false role_id=viewer role_name=viewer workflows=["w"]
# Grants
organization:198583657190:member:user:1003
role:viewer:member:deploymentUser:bare
role:viewer:member:deploymentUser:odd
role:viewer:member:deploymentUser:good
"#;

/// The public connector does not report undefined roles.
#[tokio::test]
async fn a_message_stays_small_however_many_names_it_is_about() {
    let names: Vec<String> = (0..300).map(|n| format!("missing-{n:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = small_world(|world| {
        world.add_user("main", "svc", &names);
        for name in &names[..200] {
            let mapping = json!({"enabled": true, "roles": [name], "metadata": {}});
            world.put_mapping("main", name, mapping);
        }
    });
    let mut desk = Desk::small().await;
    begin_again(&mut desk, world);
    let warnings = Shown::by(&desk).await.warnings();
    let first = "missing-0000, missing-0001, missing-0002, missing-0003, missing-0004 and";
    for part in [
        format!("users have roles that are not defined: {first} 295 more"),
        format!("role mappings have roles that are not defined: {first} 195 more"),
        format!("are not fully understood and count as conditions: {first} 195 more"),
    ] {
        assert!(warnings.concat().contains(&part), "{warnings:?}");
    }
    assert!(warnings.iter().all(|warning| warning.len() < 500));
}

/// The public connector reads neither the remaining quota nor the key's expiry.
#[tokio::test]
async fn an_exhausted_quota_is_waited_for_and_the_keys_expiry_is_reported() {
    let mut desk = Desk::new().await;
    let whole = desk.complete().await["content_digest"].clone();
    let end = "2099-02-01T00:00:00Z".parse().expect("a time");
    let mut world = World::rich();
    world.edit_cloud_key(TEST_CLOUD_KEY, |key| key.expires = Some(end));
    begin_again(&mut desk, world);
    desk.vendor.sim.set_options(|o| {
        o.quota.requests = 2;
        o.quota.forgive_after = Some(1);
    });
    let before = desk.clock.now();
    assert_eq!(desk.complete().await["content_digest"], whole);
    let waited = between(before, desk.clock.now());
    assert!(waited.as_secs() >= 60, "{waited:?}, and the window has a minute");
    assert_eq!(desk.cx.gauges.credential_expires_at(), Some(end));
}

/// Assignments of Bob that cannot be shown, and their blind spot, if any. `HERE` and `THERE` name the organization. A
/// new kind of roles has empty lists for everybody.
const ASSIGNMENTS: &str = r#"
{"organization": [{THERE, "role_id": "organization-admin"}]}                    | -
{"deployment": [{THERE, "role_id": "deployment-admin", "all": true}]}           | -
{"project": {"security": [{THERE, "role_id": "security-admin", "all": true}]}}  | -
{"region": [], "fleet": {}, "tag": null, "project": {"stream": {"all": []}}}    | -
{"region": [{"role_id": "x"}], "project": {"stream": {"role_id": "y"}}}         | project/stream, region
{"deployment": [{HERE, "role_id": "deployment-viewer", "deployment_ids": []}]}  | deployment-viewer on no deployment
{"project": {"security": [{HERE, "role_id": "security-admin", "region_ids": ["us-east-1"]}]}} | security-admin on no project
"#;

/// The public connector shows no roles. A member's row may also have roles in another organization.
#[tokio::test]
async fn a_role_elsewhere_does_not_count_and_one_that_cannot_be_shown_is_a_blind_spot() {
    let mut desk = Desk::small().await;
    let table = ASSIGNMENTS
        .replace("THERE", r#""organization_id": "198583657191""#)
        .replace("HERE", r#""organization_id": "198583657190""#);
    for [assignments, spot] in rows(&table) {
        let given: Value = serde_json::from_str(assignments).expect("JSON");
        let world = small_world(|world| {
            world.assign(ORGANIZATION_ID, "1002", given);
        });
        begin_again(&mut desk, world);
        let shown = Shown::by(&desk).await;
        let member = "organization:198583657190:member";
        assert_eq!(shown.held_directly("user:1002"), [member], "{assignments}");
        let expected = match spot {
            "-" => Vec::new(),
            kinds => vec![format!(
                "BlindSpot: Acme: 1 member with roles of kinds that Rollcall does not know and does not show ({kinds}): 1002"
            )],
        };
        assert_eq!(shown.warnings(), expected, "{assignments}");
        let spots = desk.manifest(&shown.answer)["blind_spots"].to_string();
        assert_eq!(spots.contains("1 member with roles"), spot != "-", "{assignments}");
    }
}
