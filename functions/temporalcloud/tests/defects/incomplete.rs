//! Answers that lack something: required data, or features that not every account has.

use std::time::Duration;

use rollcall_connector::clock::Clock as _;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::{Subject, answer_of};
use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::World;
use serde_json::{Value, json};

use crate::script::play;
use crate::{Desk, answered, desk_of, edit, refused, set_options};

const PROJECTS: &str = "/cloud/projects";
const CUSTOM_ROLES: &str = "/cloud/custom-roles";

/// An account that has a project and a custom role which nobody holds directly.
pub(super) async fn with_unheld_lists() -> Desk {
    let mut world = World::worked_example();
    world
        .add_project("prj_1", "Payments")
        .set_namespace_project("demo.a1b23", "prj_1")
        .add_custom_role("cr_1", "NsReader", "namespace", &["cloud.namespace.get"]);
    desk_of(world).await
}

rollcall_harness::scripts! { crate::script::plays;
    /// A person's key needs no service accounts.
    a_list_without_those_who_must_be_on_it_publishes_nothing: r#"
        sync ! {} /cloud/users = Unavailable IncompleteAnswer ~ Account Owner
        sync ! {} /cloud/service-accounts = Unavailable IncompleteAnswer ~ sa0
        sync ! {} /cloud/current-identity = Unavailable IncompleteAnswer ~ whose key
        sync with {"api-key": "owner-key"} ! {} /cloud/users = Unavailable IncompleteAnswer ~ user:u1
        sync with {"api-key": "owner-key"} ! {"users": [{"id": "u2", "spec": {"access": {}}}]} /cloud/users = Unavailable IncompleteAnswer ~ user:u1
        sync with {"api-key": "owner-key"} ! {} /cloud/service-accounts = complete"#
    a_list_that_is_refused_once_is_read_all_the_same: "
        sync = complete
        sync ! 403 /cloud/projects x1 ! 501 /cloud/custom-roles x1 ! 404 /cloud/projects/prj_1/service-accounts x1 = same
        sync ! 404 /cloud/projects x1 ! 403 /cloud/custom-roles x1 ! 501 /cloud/projects/prj_1/service-accounts x1 = same
        sync ! 501 /cloud/projects x1 ! 404 /cloud/custom-roles x1 ! 404 /cloud/user-groups/g-google/members x1 = same
        sync ! 400 /cloud/user-groups/g-google/members x1 ! 404 /cloud/user-groups/g-cloud/members x1 = same
        sync ! 501 /cloud/user-groups/g-google/members x1 = same"
    /// A missing right is no missing feature.
    a_list_that_is_denied_although_its_project_is_there_is_not_absent: "
        sync ! 403 /cloud/projects/prj_1/service-accounts = PermissionDenied VendorDenied
        sync ! 404 /cloud/projects/prj_1/service-accounts = Unavailable ContradictoryAnswers"
}

/// The namespaces do not wait for the second look at the projects, and the second looks at many groups wait together.
#[tokio::test]
async fn second_looks_delay_nothing_else_and_a_function_that_ends_leaves_them_to_the_next() {
    let mut desk = with_unheld_lists().await;
    let lists = [PROJECTS, CUSTOM_ROLES].map(|path| refused(path, 404).times(1));
    desk.vendor.set_faults(lists.clone());
    desk.complete().await;
    let requests = desk.vendor.sim.requests();
    assert_eq!(requests.iter().filter(|r| r.path == "/cloud/namespaces").count(), 2);

    desk.vendor.set_faults(lists);
    desk.cx.deadline = Some(desk.clock.now() + Duration::from_secs(2));
    let cut = answer_of(desk.invoke(Operation::Sync, json!({})).await);
    assert_eq!([&cut["status"], &cut["reason"]], ["continue", "rate_limit"]);
    desk.cx.deadline = None;
    let done = answer_of(desk.finish(json!({"sync_id": cut["sync_id"]})).await);
    assert_eq!(done["warnings"], json!([]));

    let groups = (0..20).map(|n| format!("g-{n}"));
    let faults = groups.map(|group| {
        let google = json!({"googleGroup": {"emailAddress": "g@example.com"}});
        edit(&desk, |w| w.add_group_of(&group, "g", "", google, &[]));
        refused(&format!("/cloud/user-groups/{group}/members"), 501)
    });
    desk.vendor.set_faults(faults);
    let begun = desk.clock.now();
    desk.complete().await;
    // One by one they would wait 40 seconds. This clock jumps, so that looks under way then wait once more.
    let waited = desk.clock.now().duration_since(begun).as_secs();
    assert!((2..20).contains(&waited), "{waited}");
}

/// Inherited project admins would disappear silently.
#[tokio::test]
async fn a_list_that_is_absent_is_a_blind_spot_and_what_was_on_it_is_held() {
    let desk = with_unheld_lists().await;
    for status in [403, 404, 501] {
        desk.vendor.set_faults([PROJECTS, CUSTOM_ROLES].map(|path| refused(path, status)));
        let shown = Shown::by(&desk).await;
        let blind = desk.manifest(&shown.answer)["blind_spots"].to_string();
        let warnings = shown.warnings().concat();
        assert!(warnings.starts_with("BlindSpot"), "{warnings}");
        for path in [PROJECTS, CUSTOM_ROLES] {
            assert!(blind.contains(path) && warnings.contains(path), "{blind}");
        }
        let lost = ["project", "custom-role"].map(|kind| shown.count(kind));
        let mut grants = shown.grants.values();
        assert!(lost == [0; 2] && grants.all(|g| !g.principal.starts_with("project")));
        assert!(shown.grant("namespace:demo.a1b23:write:user:u2").direct);
    }
    for (path, lost) in [(PROJECTS, "\"project\""), (CUSTOM_ROLES, "\"custom-role\"")] {
        desk.vendor.set_faults([]);
        play(&desk, "sync = complete").await;
        desk.vendor.set_faults([refused(path, 404)]);
        let held = answer_of(desk.sync().await);
        let losses = desk.manifest(&held)["losses"].to_string();
        assert_eq!((losses.contains(lost), &held["status"]), (true, &json!("held")));
    }
}

/// Whether the list of all service accounts has those of a project is not documented.
#[tokio::test]
async fn service_accounts_of_a_project_are_shown_once_whichever_list_has_them() {
    let mut desk = Desk::new().await;
    let on_both = desk.complete().await;
    set_options(&desk, |o| o.scoped_on_main_list = false);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.answer["content_digest"], on_both["content_digest"]);
    assert_eq!(shown.held_directly("service-account:sa-prj"), ["project:prj_1:write"]);
    desk.afresh();
    // The vendor may not have that list; the project may be gone by then.
    let (list, project) = ("/cloud/projects/prj_1/service-accounts", "/cloud/projects/prj_1");
    let script = format!(
        "sync ! 501 {list} = complete ~ BlindSpot ~ only the list of project prj_1 has
        sync ! 404 {list} ! 404 {project} = Unavailable ContradictoryAnswers"
    );
    play(&desk, &script).await;
    desk.afresh();
    let no_more = answered(PROJECTS, json!({})).from(2);
    desk.vendor.set_faults([refused(list, 404), refused(project, 404), no_more]);
    let shown = Shown::by(&desk).await;
    let warnings = shown.warnings().concat();
    assert!(warnings.contains("project prj_1 was deleted"), "{warnings}");
    assert!(!shown.resources.contains_key("project:prj_1"));
    assert!((shown.grants.values()).all(|g| g.principal != "project:prj_1"));
}

/// One unreadable date must not fail the whole sync.
#[tokio::test]
async fn a_field_that_decides_nothing_drops_nobody_whatever_its_form() {
    let mut desk = Desk::new().await;
    let whole = Shown::by(&desk).await;
    desk.afresh();
    let mut users: Vec<Value> = vec![];
    desk.vendor.sim.with_world(|w| users.extend(w.users.values().cloned()));
    for user in &mut users {
        user["createdTime"] = "yesterday".into();
        user["lastModifiedTime"] = json!({"seconds": 7});
        user["state"] = json!([3]);
    }
    desk.vendor.set_faults([answered("/cloud/users", json!({"users": users}))]);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.direct(), whole.direct());
    assert!(shown.resources.keys().eq(whole.resources.keys()));
    let warnings = shown.warnings().concat();
    assert!(warnings.contains("UnreadableField"), "{warnings}");
}

/// It is new since the list, or was left out of it.
#[tokio::test]
async fn a_namespace_with_grants_that_no_list_shows_is_looked_up() {
    // It is reached by the roles of its project, even where that one by itself is refused.
    let script = "
        sync = complete
        sync ! {} /cloud/namespaces x1 = same
        sync ! {} /cloud/namespaces x1 ! 403 /cloud/namespaces/demo.a1b23 x2 = same
        sync ! {} /cloud/namespaces x1 ! 403 /cloud/projects/prj_1 = same
        sync ! {} /cloud/namespaces x1 ! 404 /cloud/projects/prj_1 = same
        sync ! {} /cloud/namespaces x1 ! 501 /cloud/projects/prj_1 = same";
    play(&with_unheld_lists().await, script).await;
    // A namespace may name a project that the account cannot see.
    let mut world = World::worked_example();
    world
        .add_namespace("extra")
        .set_namespace_permission("u2", "extra.a1b23", "PERMISSION_READ")
        .set_namespace_project("extra.a1b23", "prj_default")
        .set_namespace_project("demo.a1b23", "prj_default");
    let desk = desk_of(world).await;
    for status in [403, 404, 501] {
        // Two looks at the projects by the lookups, however many; two at namespaces, and each at its project.
        let script = format!(
            "sync ! {status} GET /cloud/projects = complete
            9 calls
            sync ! {{}} /cloud/namespaces x1 ! {status} GET /cloud/projects = same
            15 calls"
        );
        play(&desk, &script).await;
    }
}
