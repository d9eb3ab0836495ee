//! Permissions on namespaces: granted and revoked.

use rollcall_harness::conformance::Subject;
use serde_json::json;

use crate::script::play;
use crate::{Desk, answered, edit, stored};

/// One entry is touched, by the call that can touch no other.
#[tokio::test]
async fn a_permission_is_granted_and_revoked_for_every_kind_of_principal() {
    let desk = Desk::new().await;
    for (what, whom, path) in [
        ("demo:admin", "user:u-read", "users/u-read"),
        ("demo:write", "service-account:sa1", "service-accounts/sa1"),
        ("demo:read", "group:g-empty", "user-groups/g-empty"),
    ] {
        let script = "
            grant WHAT to WHOM = granted WHAT
            revoke WHAT from WHOM = revoked, removed WHAT";
        play(&desk, &script.replace("WHAT", what).replace("WHOM", whom)).await;
        let path = format!("/cloud/namespaces/demo.a1b23/{path}/access");
        assert_eq!(desk.writes().iter().filter(|r| r.path == path).count(), 2, "{path}");
    }
    play(&desk, "6 writes").await;
}

rollcall_harness::scripts! { crate::script::plays;
    a_revoke_removes_that_permission_and_no_other: "
        revoke demo:admin from user:u2 = already_revoked demo:write
        revoke demo:read from user:u2 = already_revoked demo:write
        0 writes
        revoke demo:write from user:u2 = revoked, removed demo:write
        revoke demo:write from user:u2 = already_revoked
        1 writes"
    a_permission_that_another_replaces_is_named: "
        grant demo:read to user:u2 = granted demo:read, replaced demo:write, removed demo:write
        grant demo:read to user:u2 = already_granted demo:read
        1 writes"
    /// As users of an identity provider are.
    a_user_without_access_can_be_granted_access: r#"
        grant demo:read to user:u-no-access = granted demo:read
        u-no-access has {"namespaceAccesses": {"demo.a1b23": {"permission": "PERMISSION_READ"}}}
        grant role:read to group:g-empty = granted role:read
        g-empty has {"accountAccess": {"role": "ROLE_READ"}}"#
    a_scoped_service_account_keeps_its_scope: "
        grant orders:write to service-account:sa-ns = already_granted orders:write
        grant role:read to service-account:sa-ns = already_granted role:read
        revoke demo:read from service-account:sa-ns = already_revoked
        revoke role:read from service-account:sa-ns = Refused ScopedServiceAccount
        grant orders:admin to service-account:sa-ns = Refused ScopedServiceAccount
        grant role:developer to service-account:sa-ns = Refused ScopedServiceAccount
        grant orders:read to service-account:sa-prj = Refused ScopedServiceAccount
        0 writes"
    a_revoke_from_a_principal_that_does_not_exist_is_already_done: "
        u2 is DELETED
        revoke demo:write from user:u2 = already_revoked
        revoke demo:write from user:u-nobody = already_revoked
        revoke demo:write from group:g-nobody = already_revoked
        revoke role:developer from user:u2 = already_revoked
        revoke role:developer from service-account:sa-nobody = already_revoked
        0 writes"
    admins_of_every_namespace_get_no_entry_and_lose_none: "
        each $whom | user:u1 | user:u-admin | service-account:sa0 | group:g-google
        grant demo:admin to $whom = already_granted demo:admin
        grant demo:write to $whom = Refused ImplicitAccess
        grant demo:read to $whom = Refused ImplicitAccess
        revoke demo:write from $whom = already_revoked
        revoke demo:admin from $whom = Refused ImplicitAccess
        0 writes"
}

/// The data is a moment old: its version is current, its entries are not.
#[tokio::test]
async fn a_change_that_somebody_else_has_just_made_is_no_failure() {
    let desk = Desk::new().await;
    let read = json!({"demo.a1b23": {"permission": "PERMISSION_READ"}});
    let revoke = "revoke demo:read from user:u-read = already_revoked";
    let grant = "grant demo:read to user:u-read = already_granted demo:read";
    for (is, old, script) in [("", read, revoke), ("PERMISSION_READ", json!({}), grant)] {
        edit(&desk, |w| w.set_namespace_permission("u-read", "demo.a1b23", is));
        let mut user = stored(&desk, "u-read");
        user["spec"]["access"]["namespaceAccesses"] = old;
        desk.vendor.set_faults([answered("/cloud/users/u-read", json!({"user": user})).times(1)]);
        play(&desk, &format!("{script}\n1 writes")).await;
    }
}
