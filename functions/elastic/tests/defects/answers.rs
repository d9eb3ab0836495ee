//! What the vendor's refusals mean: the public connector never looks at the status of an answer.

use std::time::Duration;

use rollcall_connector::{Chain, ErrorType};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::{
    BARE_DEPLOYMENT_KEY, READ_DEPLOYMENT_KEY, SCOPED_CLOUD_KEY, TEST_CLOUD_KEY,
    TEST_DEPLOYMENT_KEY, World, html_page,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use super::{
    ADMIN, LISTS, VIEWER, assigned, code, desk_of, elasticsearch_says, grant, is_cloud, revoke,
    small, small_with, user,
};
use crate::Desk;

/// The public connector takes every refusal of Elastic Cloud for an empty list: a key that is wrong or has ended, or one
/// rate limit, and nobody has anything any more. Refusals of Elasticsearch it shows as errors of its own parser.
#[tokio::test]
async fn a_refusal_of_any_list_publishes_nothing_and_says_whose_it_is() {
    let mut desk = small().await;
    let empty = FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(json!({})),
    };
    let page_of_cloud = ("WrongAddress", "not the Elastic Cloud API");
    let page_of_deployment = ("WrongAddress", "is not Elasticsearch");
    for list in LISTS {
        for (kind, of_cloud, of_deployment) in [
            (
                FaultKind::status(401),
                ("CredentialRejected", "Elastic Cloud does not accept"),
                (
                    "CredentialRejected",
                    "Elasticsearch of the deployment does not accept",
                ),
            ),
            (
                FaultKind::status(403),
                ("CredentialTooWeak", "may not see the organization"),
                ("CredentialTooWeak", "the key of the deployment lacks"),
            ),
            (
                FaultKind::status(404),
                ("UnknownOrganization", ""),
                ("WrongAddress", "no cluster at the endpoint"),
            ),
            (
                FaultKind::status(410),
                ("VendorRejected", ""),
                ("Serverless", ""),
            ),
            (
                html_page(200),
                ("VendorUnavailable", ""),
                ("WrongAddress", ""),
            ),
            // A page for people is no word of the API on a key.
            (html_page(401), page_of_cloud, page_of_deployment),
            (html_page(403), page_of_cloud, page_of_deployment),
            (
                html_page(404),
                page_of_cloud,
                ("WrongAddress", "no cluster at the endpoint"),
            ),
            (
                html_page(502),
                ("VendorUnavailable", ""),
                ("VendorUnavailable", ""),
            ),
            (
                empty.clone(),
                ("UnexpectedAnswer", ""),
                ("WrongAddress", ""),
            ),
        ] {
            desk.afresh();
            let what = format!("{kind:?} at {list}");
            let mut fault = Fault::matching("GET", list, kind).exactly();
            fault.times = None;
            desk.vendor.sim.set_faults(vec![fault]);
            let error = desk.sync().await.expect_err(&what);
            let (expected, part) = if is_cloud(list) {
                of_cloud
            } else {
                of_deployment
            };
            let text = Chain(&error).to_string();
            assert_eq!(error.code(), expected, "{what}: {text}");
            assert!(text.contains(part), "{what}: {text}");
            assert!(!error.fix().is_empty(), "{what}");
            assert!(!desk.is_published(), "{what}");
        }
    }
}

/// A limit that does not pass: the public connector shows that nobody has anything.
#[tokio::test]
async fn a_limit_that_does_not_pass_is_come_back_for() {
    let mut desk = small().await;
    let whole = desk.complete().await["content_digest"].clone();
    for list in LISTS {
        desk.afresh();
        let limited = FaultKind::too_many_requests(Some(3600));
        let fault = Fault::matching("GET", list, limited).exactly();
        desk.vendor.sim.set_faults(vec![fault]);
        let first = answer_of(desk.invoke(Operation::Sync, json!({})).await);
        assert_eq!(first["status"], "continue", "{list}: {first}");
        assert!(!desk.is_published(), "{list}");
        desk.vendor.sim.set_faults(Vec::new());
        desk.clock.advance(Duration::from_secs(3600));
        let event = json!({"sync_id": first["sync_id"]});
        let answer = answer_of(desk.finish(event).await);
        assert_eq!(answer["content_digest"], whole, "{list}");
    }
}

/// The public connector empties the snapshot when a key ends, and says that all went well.
#[tokio::test]
async fn a_key_that_ends_leaves_the_last_snapshot_as_it_is() {
    let desk = small().await;
    desk.complete().await;
    let before = desk.published();
    desk.vendor.sim.with_world(|world| {
        world.edit_cloud_key(TEST_CLOUD_KEY, |key| {
            key.expires = Some("2024-01-01T00:00:00Z".parse().expect("a time"));
        });
    });
    assert_eq!(code(desk.sync().await), "CredentialRejected");
    desk.vendor.sim.with_world(|world| {
        world.edit_cloud_key(TEST_CLOUD_KEY, |key| key.expires = None);
        world.edit_deployment_key("main", TEST_DEPLOYMENT_KEY, |key| key.expired = true);
    });
    assert_eq!(code(desk.sync().await), "CredentialRejected");
    assert!(desk.published() == before);
}

/// A key that sees some roles only: the public connector does not look at roles at all.
#[tokio::test]
async fn a_key_that_does_not_see_all_roles_fails() {
    let desk = small().await;
    desk.set_keys(&json!({"api-key": SCOPED_CLOUD_KEY}));
    let error = desk.sync().await.expect_err("a weak key");
    assert_eq!(
        (error.kind(), error.code().as_str()),
        (ErrorType::PermissionDenied, "CredentialTooWeak")
    );
    assert!(error.fix().contains("organization owner"), "{error}");
    assert!(!desk.is_published());
    // One of no organization.
    let desk = small_with(|world| {
        world.edit_cloud_key(TEST_CLOUD_KEY, |key| key.organizations.clear());
    })
    .await;
    assert_eq!(code(desk.sync().await), "NoOrganization");
}

/// No organization is without an owner, and no cluster without roles and users: where none shows, none is shown. To the
/// public connector nobody has anything.
#[tokio::test]
async fn a_list_that_cannot_be_empty_and_is_publishes_nothing() {
    let nothing = || elasticsearch_says("{}");
    let cloud = |body| FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(body),
    };
    let [organizations, members, _, users, roles, _] = LISTS else {
        panic!("six lists");
    };
    let mut desk = small().await;
    for (list, kind, expected) in [
        (
            organizations,
            cloud(json!({"organizations": []})),
            "NoOrganization",
        ),
        (members, cloud(json!({"members": []})), "CredentialTooWeak"),
        (users, nothing(), "EmptyList: shows no users"),
        (roles, nothing(), "EmptyList: shows no roles"),
    ] {
        desk.afresh();
        let mut fault = Fault::matching("GET", list, kind).exactly();
        fault.times = None;
        desk.vendor.sim.set_faults(vec![fault]);
        let error = desk.sync().await.expect_err(list);
        let text = format!("{error}; {}", error.fix());
        let (code, part) = expected.split_once(": ").unwrap_or((expected, ""));
        assert_eq!(error.code(), code, "{list}");
        assert!(text.contains(part), "{list}: {text}");
        assert_eq!(text.contains("reserved realm"), list == users, "{text}");
        assert!(!desk.is_published(), "{list}");
    }
    // Where the built-in users are switched off, there are native ones; and nobody need be invited, nor have a mapping.
    desk.afresh();
    desk.vendor.sim.set_faults(Vec::new());
    desk.vendor.sim.with_world(|world| {
        world.edit_cluster("main", |main| main.mappings.clear());
    });
    desk.complete().await;
}

/// The public connector says `invalid deployment api key` to everything, or that a number is not a text.
#[tokio::test]
async fn a_refusal_of_elasticsearch_is_quoted_and_names_the_privilege() {
    for (key, list) in [
        (BARE_DEPLOYMENT_KEY, "user"),
        (READ_DEPLOYMENT_KEY, "role_mapping"),
    ] {
        let desk = small().await;
        desk.set_keys(&json!({"deployment-api-key": key}));
        let error = desk.sync().await.expect_err("a weak key");
        let said = Chain(&error).to_string();
        assert_eq!(error.code(), "CredentialTooWeak", "{said}");
        assert!(said.contains("is unauthorized for API key id"), "{said}");
        assert!(
            said.contains(&format!("{list}/get")) || key == BARE_DEPLOYMENT_KEY,
            "{said}"
        );
        assert!(error.fix().contains("`manage_security`"), "{error}");
        let error = grant(&desk, "r1", ADMIN, "deploymentUser:svc")
            .await
            .expect_err("a weak key");
        assert_eq!(error.code(), "CredentialTooWeak");
        assert!(error.fix().contains("`manage_security`"), "{error}");
    }
    // A key that may read role mappings as well can sync, and not change.
    let desk = small().await;
    desk.vendor
        .sim
        .set_options(|o| o.mappings_need_manage_security = false);
    desk.set_keys(&json!({"deployment-api-key": READ_DEPLOYMENT_KEY}));
    desk.complete().await;
    let refused = grant(&desk, "r1", ADMIN, "deploymentUser:svc").await;
    assert_eq!(code(refused), "CredentialTooWeak");
}

/// The public connector takes any JSON for success: what was refused is reported as granted or revoked.
#[tokio::test]
async fn a_write_that_is_refused_is_no_success() {
    for (status, expected) in [
        (400, "VendorRefused"),
        (401, "CredentialRejected"),
        (403, "CredentialTooWeak"),
        (404, "WrongAddress"),
        (409, "Contended"),
        (410, "Serverless"),
    ] {
        let desk = small().await;
        let before = desk.vendor.sim.access_view();
        let refusal = FaultKind::status(status);
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("PUT", "/_security/user/", refusal)]);
        let granted = grant(&desk, "r1", ADMIN, "deploymentUser:svc").await;
        assert_eq!(code(granted), expected, "{status}");
        let revoked = revoke(&desk, "r2", VIEWER, "deploymentUser:svc").await;
        assert_eq!(code(revoked), expected, "{status}");
        assert_eq!(desk.vendor.sim.access_view(), before, "{status}");
    }
}

/// The public connector does not look again.
#[tokio::test]
async fn a_write_that_is_answered_well_and_has_no_effect_is_no_success() {
    let desk = small().await;
    let before = user(&desk, "svc");
    desk.vendor.sim.set_options(|o| o.forgotten_writes = 100);
    let error = grant(&desk, "r1", ADMIN, "deploymentUser:svc")
        .await
        .expect_err("nothing happened");
    assert_eq!(
        (error.kind(), error.code().as_str()),
        (ErrorType::Unavailable, "NotObserved")
    );
    let revoked = revoke(&desk, "r2", VIEWER, "deploymentUser:svc").await;
    assert_eq!(code(revoked), "NotObserved");
    assert_eq!(user(&desk, "svc"), before);
}

/// The public connector has one try, and no end to how long that takes.
#[tokio::test]
async fn trouble_that_passes_is_waited_out() {
    let mut desk = small().await;
    let whole = desk.complete().await["content_digest"].clone();
    for kind in [
        FaultKind::too_many_requests(Some(7)),
        FaultKind::too_many_requests(None),
        html_page(502),
        FaultKind::status(503),
        FaultKind::status(504),
        FaultKind::Disconnect,
        FaultKind::CutBody,
    ] {
        desk.afresh();
        let faults = LISTS.iter().map(|list| {
            Fault::matching("GET", list, kind.clone())
                .exactly()
                .times(2)
        });
        desk.vendor.sim.set_faults(faults.collect());
        assert_eq!(desk.complete().await["content_digest"], whole, "{kind:?}");
    }
}

/// The public connector does not read what is left of the quota.
#[tokio::test]
async fn a_quota_that_is_used_up_is_waited_for() {
    let desk = small().await;
    let whole = desk.complete().await["content_digest"].clone();
    desk.vendor.sim.set_options(|o| {
        o.quota.limit = 2;
        o.quota.forgive_after = Some(1);
    });
    assert_eq!(desk.complete().await["content_digest"], whole);
}

/// The public connector does not read when the key ends.
#[tokio::test]
async fn when_the_key_of_elastic_cloud_ends_is_told() {
    let end = "2099-02-01T00:00:00Z".parse().expect("a time");
    let desk = small_with(|world| {
        world.edit_cloud_key(TEST_CLOUD_KEY, |key| key.expires = Some(end));
    })
    .await;
    desk.complete().await;
    assert_eq!(desk.cx.gauges.credential_expires_at(), Some(end));
}

/// The public connector goes on with the first page, and shows everybody else as gone.
#[tokio::test]
async fn a_list_of_organizations_that_goes_on_publishes_nothing() {
    let desk = small().await;
    desk.vendor
        .sim
        .set_options(|o| o.next_page = Some("MTIz".to_owned()));
    let error = desk.sync().await.expect_err("half a list");
    assert_eq!(
        (error.kind(), error.code().as_str()),
        (ErrorType::Misconfigured, "SeveralOrganizations")
    );
    assert!(error.fix().contains("`organization-id`"), "{error}");
    assert!(!desk.is_published());
    desk.set_keys(&json!({"organization-id": "198583657190"}));
    desk.complete().await;
    // An empty cursor leads nowhere.
    let desk = small().await;
    desk.vendor
        .sim
        .set_options(|o| o.next_page = Some(String::new()));
    desk.complete().await;
}

/// No list but that of organizations is documented to go on. One that does is half a list, and to the public connector
/// the whole.
#[tokio::test]
async fn a_list_of_members_or_invitations_that_goes_on_publishes_nothing() {
    let owner = json!({
        "organization_id": "198583657190", "user_id": "1001",
        "role_assignments": assigned("organization", "organization-admin", json!({})),
    });
    let mut desk = small().await;
    for (list, body) in [
        (LISTS[1], json!({"members": [owner], "next_page": "MTIz"})),
        (LISTS[2], json!({"invitations": [], "next_page": "MTIz"})),
    ] {
        desk.afresh();
        let kind = FaultKind::Status {
            code: 200,
            headers: Vec::new(),
            body: Some(body),
        };
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("GET", list, kind).exactly()]);
        assert_eq!(code(desk.sync().await), "UnexpectedAnswer", "{list}");
        assert!(!desk.is_published(), "{list}");
    }
}

/// Elasticsearch decodes a key before it compares it, and may quote either form. The public connector shows all answers.
#[tokio::test]
async fn no_form_of_a_key_is_quoted() {
    let (id, secret) = ("VuaCfGcBCdbkQm-e5aOx", "ui2lp2axTNmsyakw9tvNnw");
    let said = format!(
        "bad key [{TEST_DEPLOYMENT_KEY}], that is [{id}:{secret}], with the secret [{secret}]"
    );
    let body = json!({"error": {"type": "security_exception", "reason": said}, "status": 401});
    let kind = FaultKind::Status {
        code: 401,
        headers: Vec::new(),
        body: Some(body),
    };
    let desk = small().await;
    desk.vendor
        .sim
        .set_faults(vec![Fault::matching("GET", "/_security/", kind)]);
    for error in [
        desk.sync().await.expect_err("a bad key"),
        grant(&desk, "r1", ADMIN, "deploymentUser:svc")
            .await
            .expect_err("a bad key"),
    ] {
        let shown = Chain(&error).to_string();
        assert!(
            shown.contains("bad key […], that is […], with the secret […]"),
            "{shown}"
        );
    }
    let secrets = [TEST_DEPLOYMENT_KEY, secret].map(String::from);
    assert_eq!(desk.leak(&secrets), None);
}

/// The public connector reads all users once for every role, and all mappings once for every mapping.
#[tokio::test]
async fn every_list_is_read_once_however_much_is_in_it() {
    for world in [World::worked_example(), World::rich()] {
        let desk: Desk = desk_of(world).await;
        Shown::by(&desk).await;
        let mut asked: Vec<String> = desk
            .vendor
            .sim
            .requests()
            .iter()
            .map(|r| r.line())
            .collect();
        asked.sort();
        let mut expected: Vec<String> = LISTS.iter().map(|list| format!("GET {list}")).collect();
        expected.sort();
        assert_eq!(asked, expected);
    }
}
