//! Answers in every form that the vendor may give them, and lists that are refused.

use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::{Casing, Defaults};
use serde_json::json;

use super::incomplete::with_unheld_lists;
use crate::script::{play, plays};
use crate::{Desk, answered, refused, set_options, stored};

/// Every spelling of an answer.
pub(super) fn spellings() -> impl Iterator<Item = (Casing, Defaults)> {
    let defaults = [Defaults::Omitted, Defaults::Emitted, Defaults::Null].into_iter();
    defaults.flat_map(|defaults| [(Casing::Camel, defaults), (Casing::Snake, defaults)])
}

#[tokio::test]
async fn answers_mean_the_same_in_every_spelling() {
    let desk = Desk::new().await;
    let mut digests = Vec::new();
    for spelling in spellings() {
        set_options(&desk, |o| (o.casing, o.defaults) = spelling);
        digests.push(desk.complete().await["content_digest"].clone());
    }
    assert!(digests[0].is_string());
    assert_eq!(digests, vec![digests[0].clone(); 6]);
}

/// People with access to something on such a list would seem to have none. Custom roles are looked up one by one.
#[tokio::test]
async fn a_list_that_is_refused_although_it_is_in_use_publishes_nothing() {
    let script = "
        sync = complete
        sync ! 403 /cloud/custom-roles = same
        sync ! 501 /cloud/custom-roles = same
        sync ! 403 /cloud/custom-roles ! 404 GET /cloud/custom-roles/ = PermissionDenied CredentialTooWeak ~ list of custom-roles
        sync ! 404 GET /cloud/custom-roles = Unavailable ContradictoryAnswers ~ list of custom-roles
        sync ! 501 GET /cloud/custom-roles = Internal VendorRejected ~ /cloud/custom-roles
        sync ! 403 /cloud/projects = PermissionDenied CredentialTooWeak ~ list of projects
        sync ! 404 /cloud/projects = Unavailable ContradictoryAnswers ~ list of projects
        sync ! 501 /cloud/projects = Unavailable ContradictoryAnswers ~ list of projects
        sync ! 403 GET /cloud/projects = PermissionDenied VendorDenied ~ /cloud/projects
        sync ! 404 GET /cloud/projects = Unavailable ContradictoryAnswers ~ list of projects
        sync ! 403 /cloud/user-groups = PermissionDenied VendorDenied ~ /cloud/user-groups
        sync ! 404 /cloud/user-groups = NotFound VendorNotFound ~ /cloud/user-groups
        sync ! 501 /cloud/user-groups = Internal VendorRejected ~ /cloud/user-groups";
    plays(script).await;
    // Nobody has a role in the project, and a namespace that is looked up is in it.
    let script = "
        sync ! {} /cloud/namespaces x1 ! 403 /cloud/projects = PermissionDenied CredentialTooWeak ~ list of projects
        sync ! {} /cloud/namespaces x1 ! 501 /cloud/projects = Unavailable ContradictoryAnswers ~ list of projects";
    play(&with_unheld_lists().await, script).await;
}

/// Whether Google's groups can be listed is not documented: if not, it is reported.
#[tokio::test]
async fn members_that_the_vendor_does_not_list_are_announced_or_end_the_sync() {
    let desk = Desk::new().await;
    let script = "
        sync ! 400 /cloud/user-groups/g-google/members = complete ~ BlindSpot ~ not list the members of Google group g-google
        sync ! 501 /cloud/user-groups/g-google/members = same ~ BlindSpot ~ not list the members of Google group g-google
        sync ! 403 /cloud/user-groups/g-google/members = PermissionDenied VendorDenied ~ g-google
        sync ! 404 /cloud/user-groups/g-google/members = Unavailable ContradictoryAnswers ~ g-google
        sync ! 400 /cloud/user-groups/g-cloud/members = Internal VendorRejected ~ g-cloud
        sync ! 501 /cloud/user-groups/g-cloud/members = Internal VendorRejected ~ g-cloud
        sync ! 403 /cloud/user-groups/g-scim/members = PermissionDenied VendorDenied ~ g-scim";
    play(&desk, script).await;
    // What the group itself has is there.
    desk.vendor.set_faults([refused("/cloud/user-groups/g-google/members", 501)]);
    let held = Shown::by(&desk).await;
    let held = held.held_directly("group:g-google").concat();
    assert_eq!(held, "account-role:a1b23-admin:member");
}

#[tokio::test]
async fn a_group_is_taken_for_deleted_only_where_the_group_itself_says_so() {
    let (list, path) = ("/cloud/user-groups", "/cloud/user-groups/g-cloud");
    let mut desk = Desk::new().await;
    let group = stored(&desk, "g-cloud");
    let in_state = |state: &str| {
        let mut group = group.clone();
        group["state"] = state.into();
        vec![answered(path, json!({"group": group}))]
    };
    // The list no longer contains it.
    let listed = answered(list, json!({"groups": [group]})).times(1);
    let gone = vec![refused(path, 404), listed, answered(list, json!({})).from(2)];
    let contradictory = "Unavailable ContradictoryAnswers ~ g-cloud";
    let denied = "PermissionDenied VendorDenied ~ g-cloud";
    for (page, faults, failure) in [
        // It is deleted or being deleted, whichever page of its members was read.
        (1, gone.clone(), ""),
        (2, gone, ""),
        (1, in_state("RESOURCE_STATE_DELETING"), ""),
        (1, in_state("RESOURCE_STATE_DELETED"), ""),
        // It exists, the list contains it, or it is unknown.
        (1, vec![], contradictory),
        (2, vec![], contradictory),
        (1, vec![refused(path, 404)], contradictory),
        (1, vec![refused(path, 403)], denied),
    ] {
        desk.afresh();
        let members = refused("/cloud/user-groups/g-cloud/members", 404);
        desk.vendor.set_faults(faults.into_iter().chain([members.from(page)]));
        set_options(&desk, |o| o.force_page_size = (page == 2).then_some(1));
        if !failure.is_empty() {
            play(&desk, &format!("sync = {failure}")).await;
            continue;
        }
        let shown = Shown::by(&desk).await;
        let warnings = shown.warnings().concat();
        assert!(warnings.contains("group g-cloud was deleted"), "{warnings}");
        assert!(!shown.resources.contains_key("group:g-cloud"));
        assert!((shown.grants.values()).all(|g| g.principal != "group:g-cloud"));
    }
}
