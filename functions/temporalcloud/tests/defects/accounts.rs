//! Accounts: created and deleted.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::changes::outcome;
use rollcall_harness::conformance::Subject;
use rollcall_simulators::temporalcloud::EmailFilter;
use serde_json::json;

use crate::script::{ask, play};
use crate::{Desk, answered, edit, set_options, stored};

#[tokio::test]
async fn a_new_account_is_invited_with_the_configured_role() {
    let desk = Desk::new().await;
    for (key, role) in [("", "read"), ("developer", "developer"), ("admin", "admin")] {
        desk.set_keys(&json!({"default-account-role": Some(key).filter(|key| !key.is_empty())}));
        let email = format!("New-{role}@Example.com");
        let event = json!({"request_id": role, "account": {"email": format!(" {email} ")}});
        let answer = outcome(desk.invoke(Operation::CreateAccount, event).await, "created");
        let id = answer["resource"]["id"].as_str().expect("an id");
        let shown = json!({"id": id, "display_name": email, "status": "invited"});
        assert_eq!(answer["resource"], shown);
        let role = format!("ROLE_{}", role.to_uppercase());
        let spec = json!({"email": email, "access": {"accountAccess": {"role": role}}});
        assert_eq!(stored(&desk, id.trim_start_matches("user:"))["spec"], spec);
        play(&desk, "1 writes").await;
    }
}

#[tokio::test]
async fn an_address_that_has_an_account_is_found_however_it_is_written() {
    let desk = Desk::new().await;
    for (filter, size) in [
        (EmailFilter::IgnoreCase, None),
        (EmailFilter::Exact, Some(2)),
        (EmailFilter::Contains, None),
    ] {
        set_options(&desk, |o| {
            o.email_filter = filter;
            o.force_page_size = size;
            o.empty_pages = usize::from(size.is_some());
        });
        let script = "
            create dev@example.com = already_exists user:u2 enabled
            create DEV@example.com = already_exists user:u2 enabled
            create mixed.case@example.com = already_exists user:u-capital enabled
            create invited@example.com = already_exists user:u-invited invited
            create suspended@example.com = already_exists user:u-suspended suspended
            0 writes";
        play(&desk, script).await;
    }
    // Somebody else was faster.
    let others = json!({"users": [stored(&desk, "u1")]});
    desk.vendor.set_faults([answered("/cloud/users", others).times(1)]);
    play(&desk, "create dev@example.com = already_exists user:u2 enabled\n1 writes").await;
}

#[tokio::test]
async fn an_expired_invitation_is_not_renewed_silently() {
    let desk = Desk::new().await;
    // By the clock, if the state does not show it yet.
    let ended = json!({"expiredTime": "2026-05-31T00:00:00Z"});
    edit(&desk, |w| w.set_field("u-invited", "invitation", ended));
    let script = "
        create expired@example.com = Refused InvitationExpired
        create invited@example.com = Refused InvitationExpired
        0 writes
        delete user:u-expired = deleted, removed role:read";
    play(&desk, script).await;
    // Deleted, it can be invited again.
    outcome(ask(&desk, "create expired@example.com").await, "created");
}

rollcall_harness::scripts! { crate::script::plays;
    a_deletion_names_all_that_goes_with_it: "
        delete user:u-everything = deleted, removed role:developer custom-role:cr_1:assigned billing:read orders:admin project:prj_1:read project:prj_2:contribute
        delete user:u-everything = already_deleted
        1 writes"
    an_account_that_does_not_exist_is_already_deleted: "
        u2 is DELETED
        delete user:u2 = already_deleted
        delete user:u-nobody = already_deleted
        0 writes"
    the_connector_does_not_delete_itself: r#"
        delete user:u1 with {"api-key": "owner-key"} = Refused OwnAccess
        0 writes"#
    a_list_of_users_without_anybody_or_without_an_end_proves_nothing: r#"
        create new@example.com ! {"users": []} /cloud/users = Unavailable IncompleteAnswer
        create new@example.com ! {"nextPageToken": "a"} /cloud/users = Unavailable EndlessList
        delete user:u-admin ! {"nextPageToken": "a"} /cloud/users = Unavailable EndlessList
        0 writes"#
}
