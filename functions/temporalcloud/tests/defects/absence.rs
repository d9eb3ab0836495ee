//! Principals and namespaces that a single 404 denies: nothing is concluded from it alone.

use crate::script::play;
use crate::{Desk, set_options};

rollcall_harness::scripts! { crate::script::plays;
    /// To say that it is done would leave the access in place, and the record would repeat that for the same request.
    one_404_revokes_nothing_and_deletes_nobody: "
        revoke demo:write from user:u2 ! 404 /cloud/users/u2 = Unavailable ContradictoryAnswers
        revoke role:developer from user:u2 ! 404 /cloud/users/u2 = Unavailable ContradictoryAnswers
        delete user:u2 ! 404 /cloud/users/u2 = Unavailable ContradictoryAnswers
        revoke orders:admin from service-account:sa-deploy ! 404 /cloud/service-accounts/sa-deploy = Unavailable ContradictoryAnswers
        revoke orders:write from group:g-cloud ! 404 /cloud/user-groups/g-cloud = Unavailable ContradictoryAnswers
        0 writes
        revoke role:developer from user:u2 ! 404 /cloud/users/u2 x2 = revoked role:read, removed role:developer
        revoke demo:write from user:u2 ! 404 /cloud/users/u2 x2 = revoked, removed demo:write
        delete user:u2 ! 404 /cloud/users/u2 x2 = deleted, removed role:read
        revoke orders:admin from service-account:sa-deploy ! 404 /cloud/service-accounts/sa-deploy x2 = revoked, removed orders:admin
        revoke orders:write from group:g-cloud ! 404 /cloud/user-groups/g-cloud x2 = revoked, removed orders:write"
    a_grant_denies_neither_principal_nor_namespace_that_a_list_shows: "
        grant demo:write to user:u-read ! 404 /cloud/users/u-read = Unavailable ContradictoryAnswers
        grant demo:write to user:u-read ! 404 /cloud/users/u-read x1 = granted demo:write
        grant demo:read to user:u-read ! 404 /cloud/namespaces/demo.a1b23 = Unavailable ContradictoryAnswers
        grant demo:write to user:u-custom ! 404 /cloud/namespaces/demo.a1b23 x1 = granted demo:write"
    a_list_that_is_empty_confirms_no_absence: r#"
        revoke demo:write from user:u2 ! 404 /cloud/users/u2 ! {} /cloud/users = Unavailable IncompleteAnswer
        revoke demo:write from service-account:sa1 ! 404 /cloud/service-accounts/sa1 ! {} /cloud/service-accounts = Unavailable IncompleteAnswer
        revoke demo:write from user:u2 with {"api-key": "owner-key"} ! 404 /cloud/users/u2 ! {"users": [{"id": "u-read", "spec": {}}]} /cloud/users = Unavailable IncompleteAnswer"#
    another_object_than_was_asked_for_is_not_changed: r#"
        revoke demo:write from user:u2 ! {"user": {"id": "u-read", "spec": {}}} /cloud/users/u2 = Internal UnexpectedAnswer
        0 writes"#
    /// The vendor may deny a namespace that was made a moment ago.
    a_403_on_one_object_is_believed_only_when_it_stays: "
        grant demo:write to user:u-read ! 403 /cloud/namespaces/demo.a1b23 x2 = granted demo:write
        grant demo:read to user:u-no-role ! 403 POST /cloud/namespaces/demo.a1b23 x3 = granted demo:read
        grant demo:read to user:u-custom ! 403 /cloud/namespaces/demo.a1b23 x4 = PermissionDenied VendorDenied
        grant demo:read to user:u-custom ! 403 POST /cloud/namespaces/demo.a1b23 x4 = PermissionDenied VendorDenied"
}

/// Whether the list of all service accounts has those of a project is not documented.
#[tokio::test]
async fn a_service_account_that_only_its_project_lists_is_not_taken_for_deleted() {
    let desk = Desk::new().await;
    set_options(&desk, |o| o.scoped_on_main_list = false);
    // Nor where the project's list is denied, once or for good, as long as the project is there or listed. A project that
    // is being deleted hides nobody.
    let script = "
        revoke demo:write from ONE ! 404 LIST/sa-prj = Unavailable ContradictoryAnswers
        revoke demo:write from ONE ! 404 LIST/sa-prj ! 404 PROJECT/service-accounts x1 = Unavailable ContradictoryAnswers
        revoke demo:write from ONE ! 404 LIST/sa-prj ! 501 PROJECT/service-accounts x1 = Unavailable ContradictoryAnswers
        revoke demo:write from ONE ! 404 LIST/sa-prj ! 404 PROJECT/service-accounts = Unavailable ContradictoryAnswers
        revoke demo:write from ONE ! 404 LIST/sa-prj ! 404 PROJECT/service-accounts ! 404 PROJECT = Unavailable ContradictoryAnswers
        revoke demo:write from service-account:sa-nobody = already_revoked
        revoke demo:write from service-account:sa-nobody ! 501 PROJECT/service-accounts = already_revoked
        prj_1 is DELETING
        revoke demo:write from service-account:sa-nobody ! 404 PROJECT/service-accounts = already_revoked";
    let script = script.replace("LIST", "/cloud/service-accounts");
    let script = script.replace("PROJECT", "/cloud/projects/prj_1");
    play(&desk, &script.replace("ONE", "service-account:sa-prj")).await;
}

#[tokio::test]
async fn a_stop_ends_the_wait_for_an_answer_to_settle() {
    let desk = Desk::new().await;
    desk.cx.interrupt.raise();
    let began = desk.cx.clock.now();
    let script = "
        grant demo:read to user:u-custom ! 403 /cloud/namespaces/demo.a1b23 = in_progress ~ interrupted
        grant demo:write to user:u-read ! 404 /cloud/users/u-read = in_progress ~ interrupted
        revoke demo:write from user:u2 ! 404 /cloud/users/u2 = in_progress ~ interrupted
        0 writes";
    play(&desk, script).await;
    assert_eq!(desk.cx.clock.now(), began);
}
