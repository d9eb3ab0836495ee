//! Answers that lack something: what must be there, or what not every account has.

use std::collections::BTreeMap;
use std::time::Duration;

use rollcall_connector::Error;
use rollcall_connector::clock::Clock as _;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::World;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{always, desk_of, shown_once};
use crate::Desk;

fn manifest(desk: &Desk, answer: &Value) -> Value {
    let sync_id = answer["sync_id"].as_str().expect("an id");
    let key = format!("snapshots/temporalcloud/default/{sync_id}.json");
    let text = std::fs::read(desk.file(&key)).expect("the manifest");
    serde_json::from_slice(&text).expect("JSON")
}

/// An account that has a project and a custom role which nobody holds directly.
fn with_unheld_lists() -> World {
    let mut world = World::worked_example();
    world
        .add_project("prj_1", "Payments")
        .set_namespace_project("demo.a1b23", "prj_1");
    world.add_custom_role("cr_1", "NsReader", "namespace", &["cloud.namespace.get"]);
    world
}

fn fails(result: Result<Value, Error>, kind: &str, code: &str) -> Error {
    let error = result.expect_err("a failure");
    assert_eq!(
        (error.kind().as_str(), error.code().as_str()),
        (kind, code),
        "{error}"
    );
    assert!(!error.fix().is_empty());
    error
}

/// The public connector publishes that nobody is there.
#[tokio::test]
async fn a_list_without_those_who_must_be_on_it_publishes_nothing() {
    let answers = |path: &str, body: &Value| {
        let kind = FaultKind::Status {
            code: 200,
            headers: Vec::new(),
            body: Some(body.clone()),
        };
        Fault::matching("GET", path, kind).exactly()
    };
    for (key, path, body, named) in [
        ("test-key", "/cloud/users", json!({}), "Account Owner"),
        ("test-key", "/cloud/service-accounts", json!({}), "sa0"),
        ("owner-key", "/cloud/users", json!({}), "user:u1"),
        (
            "owner-key",
            "/cloud/users",
            json!({"users": [{"id": "u2", "spec": {"access": {}}}]}),
            "user:u1",
        ),
        (
            "test-key",
            "/cloud/current-identity",
            json!({}),
            "whose key",
        ),
    ] {
        let desk = Desk::new().await;
        desk.set_keys(&json!({"api-key": key}));
        desk.vendor.sim.set_faults(vec![answers(path, &body)]);
        let error = fails(desk.sync().await, "Unavailable", "IncompleteAnswer");
        assert!(error.to_string().contains(named), "{path}: {error}");
        assert!(!desk.is_published());
    }
    // A person's key needs no service accounts, and pages may be cut in any way.
    let mut world = World::rich();
    world.service_accounts.clear();
    let desk = desk_of(world).await;
    desk.set_keys(&json!({"api-key": "owner-key"}));
    for (size, hollow) in [(None, false), (Some(1), true)] {
        desk.vendor.sim.set_options(|o| {
            o.force_page_size = size;
            o.empty_pages = usize::from(hollow);
        });
        desk.complete().await;
    }
}

/// The public connector asks for neither. What is absent stays so on a second look.
#[tokio::test]
async fn a_list_that_is_refused_once_is_read_all_the_same() {
    let desk = Desk::new().await;
    let whole = desk.complete().await;
    for (path, statuses) in [
        ("/cloud/projects", &[403, 404, 501][..]),
        ("/cloud/custom-roles", &[403, 404, 501]),
        ("/cloud/projects/prj_1/service-accounts", &[403, 404, 501]),
        ("/cloud/user-groups/g-google/members", &[400, 404, 501]),
        ("/cloud/user-groups/g-cloud/members", &[404]),
    ] {
        for status in statuses {
            desk.vendor
                .sim
                .set_faults(vec![always(path, *status).times(1)]);
            let again = desk.complete().await;
            assert_eq!(
                (&again["content_digest"], &again["warnings"]),
                (&whole["content_digest"], &whole["warnings"]),
                "{path} {status}"
            );
        }
    }
}

/// The public connector asks for none of them. The namespaces do not wait for the second look at the projects, and the
/// second looks at many groups wait together.
#[tokio::test]
async fn second_looks_delay_nothing_else_and_a_function_that_ends_leaves_them_to_the_next() {
    let desk = desk_of(with_unheld_lists()).await;
    desk.vendor
        .sim
        .set_faults(vec![always("/cloud/projects", 501).times(1)]);
    desk.complete().await;
    let requests = desk.vendor.sim.requests();
    let namespaces = requests.iter().filter(|r| r.path == "/cloud/namespaces");
    assert_eq!(namespaces.count(), 2);

    let desk = desk_of(World::worked_example()).await;
    let mut faults = Vec::new();
    desk.vendor.sim.with_world(|world| {
        for n in 0..20 {
            let google = json!({"googleGroup": {"emailAddress": "g@example.com"}});
            world.add_group_of(&format!("g-{n}"), "g", "", google, &[]);
            faults.push(always(&format!("/cloud/user-groups/g-{n}/members"), 501));
        }
    });
    desk.vendor.sim.set_faults(faults);
    let begun = desk.clock.now();
    desk.complete().await;
    // One by one they would wait 40 seconds. This clock jumps, so that looks under way then wait once more.
    let waited = desk.clock.now().duration_since(begun).as_secs();
    assert!((2..20).contains(&waited), "{waited}");

    let mut desk = desk_of(with_unheld_lists()).await;
    let refused = ["/cloud/projects", "/cloud/custom-roles"];
    desk.vendor
        .sim
        .set_faults(refused.map(|path| always(path, 404).times(1)).to_vec());
    desk.cx.deadline = Some(desk.clock.now() + Duration::from_secs(2));
    let cut = desk.invoke(Operation::Sync, json!({})).await;
    let cut = cut.expect("an answer");
    assert_eq!(
        (&cut["status"], &cut["reason"]),
        (&json!("continue"), &json!("rate_limit"))
    );
    desk.cx.deadline = None;
    desk.clock.advance(Duration::from_secs(2));
    let event = json!({"sync_id": cut["sync_id"]});
    let done = desk
        .invoke(Operation::Sync, event)
        .await
        .expect("an answer");
    assert_eq!(
        (&done["status"], &done["warnings"]),
        (&json!("complete"), &json!([]))
    );
}

/// The public connector asks for neither. Inherited project admins would go without a word.
#[tokio::test]
async fn a_list_that_is_absent_is_a_blind_spot_and_what_was_on_it_is_held() {
    for (path, lost) in [
        ("/cloud/projects", "project"),
        ("/cloud/custom-roles", "custom-role"),
    ] {
        for status in [403, 404, 501] {
            let desk = desk_of(with_unheld_lists()).await;
            desk.vendor.sim.set_faults(vec![always(path, status)]);
            let first = desk.complete().await;
            let blind = manifest(&desk, &first)["blind_spots"].to_string();
            assert!(blind.contains(path), "{status}: {blind}");
            assert!(first["warnings"].to_string().contains("BlindSpot"));

            let desk = desk_of(with_unheld_lists()).await;
            let whole = desk.complete().await;
            desk.vendor.sim.set_faults(vec![always(path, status)]);
            let held = desk.sync().await.expect("an answer");
            assert_eq!(held["status"], "held", "{path} {status}");
            let losses = manifest(&desk, &held)["losses"].to_string();
            assert!(losses.contains(&format!("\"{lost}\"")), "{losses}");
            desk.vendor.sim.set_faults(vec![]);
            assert_eq!(
                desk.complete().await["content_digest"],
                whole["content_digest"]
            );
        }
    }
}

/// The public connector asks for no such list. A missing right is no missing feature, and neither is what a proxy says.
#[tokio::test]
async fn a_list_that_is_denied_or_not_answered_by_the_api_is_not_absent() {
    let page = |path: &str| {
        let kind = FaultKind::Redirect {
            to: "https://login.example.com/".into(),
        };
        Fault::matching("GET", path, kind).exactly()
    };
    for (fault, code) in [
        (
            always("/cloud/projects/prj_1/service-accounts", 403),
            "VendorDenied",
        ),
        (
            always("/cloud/projects/prj_1/service-accounts", 404),
            "ContradictoryAnswers",
        ),
        (page("/cloud/projects"), "Redirected"),
    ] {
        let desk = desk_of(with_unheld_lists()).await;
        desk.vendor.sim.set_faults(vec![fault]);
        assert_eq!(desk.sync().await.expect_err("a failure").code(), code);
        assert!(!desk.is_published());
    }
}

/// The public connector knows no projects.
#[tokio::test]
async fn a_namespace_that_is_looked_up_keeps_its_project_although_that_one_is_refused() {
    let desk = desk_of(with_unheld_lists()).await;
    let whole = desk.complete().await;
    for status in [403, 404, 501] {
        desk.vendor.sim.set_faults(vec![
            shown_once(1, "/cloud/namespaces", json!({"namespaces": []})),
            always("/cloud/projects/prj_1", status),
        ]);
        let again = desk.complete().await;
        assert_eq!(again["content_digest"], whole["content_digest"], "{status}");
    }
}

/// The public connector knows no projects. Whether the list of all service accounts has those of a project is not
/// documented.
#[tokio::test]
async fn service_accounts_of_a_project_are_shown_once_whichever_list_has_them() {
    let desk = Desk::new().await;
    let mut digests = Vec::new();
    for on_both in [true, false] {
        desk.vendor
            .sim
            .set_options(|o| o.scoped_on_main_list = on_both);
        let shown = Shown::by(&desk).await;
        assert_eq!(
            shown.held_directly("service-account:sa-prj"),
            ["project:prj_1:write"]
        );
        digests.push(shown.answer["content_digest"].clone());
    }
    assert_eq!(digests[0], digests[1]);
    // The vendor may not have that list; the project may be gone by then.
    let list = "/cloud/projects/prj_1/service-accounts";
    desk.vendor.sim.set_faults(vec![always(list, 501)]);
    let shown = Shown::by(&desk).await;
    let mut warnings = shown.warnings().into_iter();
    assert!(warnings.any(|w| w.starts_with("BlindSpot") && w.contains("prj_1")));
    let gone = [always(list, 404), always("/cloud/projects/prj_1", 404)];
    desk.vendor.sim.set_faults(gone.to_vec());
    fails(desk.sync().await, "Unavailable", "ContradictoryAnswers");
    let kind = FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(json!({})),
    };
    let no_more = Fault::matching("GET", "/cloud/projects", kind).exactly();
    let faults = gone.into_iter().chain([no_more.from(2)]);
    desk.vendor.sim.set_faults(faults.collect());
    let shown = Shown::by(&desk).await;
    let mut warnings = shown.warnings().into_iter();
    assert!(warnings.any(|w| w.starts_with("DeletedDuringSync") && w.contains("prj_1")));
    assert!(!shown.resources.contains_key("project:prj_1"));
    assert!((shown.grants.values()).all(|g| g.principal != "project:prj_1"));
}

/// The public connector knows no groups. Who is in a group of Google's or of an identity provider's is decided there.
#[tokio::test]
async fn membership_that_others_decide_is_immutable() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        // A kind of the future.
        world.add_group_of("g-new", "new", "", json!({}), &["u2"]);
    });
    let shown = Shown::by(&desk).await;
    for (group, user, immutable) in [
        ("g-cloud", "u2", false),
        ("g-google", "u-everything", true),
        ("g-scim", "u-custom", true),
        ("g-new", "u2", true),
    ] {
        let member = format!("group:{group}:member");
        assert_eq!(shown.entitlement(&member).immutable, immutable, "{group}");
        let grant = shown.grant(&format!("{member}:user:{user}"));
        assert_eq!(grant.immutable, immutable, "{group}");
    }
}

/// The public connector speaks the binary protocol. Here one odd date would fail the whole sync.
#[tokio::test]
async fn a_field_that_decides_nothing_drops_nobody_whatever_its_form() {
    let desk = Desk::new().await;
    let whole = Shown::by(&desk).await;
    type Objects = fn(&World) -> &BTreeMap<String, Value>;
    let list = |field: &str, of: Objects, change: fn(&mut Value)| {
        let mut rows: Vec<Value> = desk
            .vendor
            .sim
            .with_world(|world| of(world).values().cloned().collect());
        rows.iter_mut().for_each(change);
        json!({ field: rows })
    };
    desk.vendor.sim.set_faults(vec![
        shown_once(
            1,
            "/cloud/users",
            list(
                "users",
                |w| &w.users,
                |user| {
                    user["createdTime"] = "yesterday".into();
                    user["lastModifiedTime"] = json!({"seconds": 7});
                    user["state"] = json!([3]);
                },
            ),
        ),
        shown_once(
            1,
            "/cloud/service-accounts",
            list(
                "serviceAccount",
                |w| &w.service_accounts,
                |account| {
                    account["createdTime"] = "".into();
                    account["spec"]["description"] = json!({"text": "x"});
                    account["resourceVersion"] = 7.into();
                },
            ),
        ),
        shown_once(
            1,
            "/cloud/user-groups",
            list(
                "groups",
                |w| &w.groups,
                |group| {
                    group["spec"]["displayName"] = 7.into();
                    group["createdTime"] = 7.into();
                },
            ),
        ),
    ]);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.direct(), whole.direct());
    let everybody = |shown: &Shown| shown.resources.keys().cloned().collect::<Vec<_>>();
    assert_eq!(everybody(&shown), everybody(&whole));
    let warnings = shown.warnings().join("\n");
    assert!(warnings.contains("UnreadableField"), "{warnings}");
    assert_eq!(shown.resource("group:g-cloud").display_name, "g-cloud");
}
