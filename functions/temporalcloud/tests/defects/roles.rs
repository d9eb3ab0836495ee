//! Account roles: granted and revoked, and their ids: what is written can be read back, and nothing else is accepted.

use rollcall_harness::conformance::Subject;
use rollcall_simulators::temporalcloud::World;
use serde_json::json;

use super::answers::spellings;
use crate::script::play;
use crate::{Desk, desk_of, edit, set_options, spec};

rollcall_harness::scripts! { crate::script::plays;
    a_role_is_granted_and_revoked_for_every_kind_of_principal: r#"
        each $id; $whom | u-read; user:u-read | sa1; service-account:sa1
        grant role:developer to $whom = granted role:developer, replaced role:read, removed role:read
        revoke role:developer from $whom = revoked role:read, removed role:developer
        grant role:admin to $whom = granted role:admin, replaced role:read, removed role:read
        revoke role:admin from $whom = revoked role:developer, removed role:admin
        grant role:read to $whom = granted role:read, replaced role:developer, removed role:developer
        grant role:read to $whom = already_granted role:read
        5 writes
        $id has {"accountAccess": {"role": "ROLE_READ"}}"#
    a_role_is_granted_and_revoked_for_groups_which_need_none: "
        each $role | read | developer | admin
        grant role:$role to group:g-empty = granted role:$role
        revoke role:$role from group:g-empty = revoked, removed role:$role
        g-empty has null"
    a_service_account_can_have_the_role_that_is_for_service_accounts: r#"
        grant role:metrics-read to service-account:sa1 = granted role:metrics-read, replaced role:read, removed role:read
        sa1 has {"accountAccess": {"role": "ROLE_METRICS_READ"}}"#
    a_grant_to_a_holder_of_an_immutable_role_is_not_reported_as_success: "
        each $whom; $held
        | user:u1; role:owner | user:u-finance; role:finance-admin
        | service-account:sa-finance; role:finance-admin | group:g-finance; role:finance-admin
        grant role:admin to $whom = Refused ImmutableRole
        grant role:read to $whom = Refused ImmutableRole
        grant $held to $whom = already_granted $held
        revoke $held from $whom = Refused ImmutableRole
        0 writes"
    finance_admin_has_an_id_that_reads_back_and_an_alias: "
        grant role:finance-admin to user:u-read = Refused ImmutableRole
        grant account-role:a1b23-finance-_-admin:member to user:u-read = Refused ImmutableRole
        grant account-role:a1b23-finance-_-admin:member to user:u-finance = already_granted role:finance-admin
        0 writes"
    /// One old form of the admin role is known to be in use: a domain before the account's id.
    a_role_of_another_account_or_of_no_account_is_refused: "
        grant account-role:zz999-read:member to user:u-read = InvalidRequest UnknownEntitlement
        grant account-role:xa1b23:member to user:u-read = InvalidRequest UnknownEntitlement
        grant account-role:domain-a1b23:member to user:u-read = InvalidRequest UnknownEntitlement
        0 writes
        grant account-role:example.com-a1b23:member to user:u-read = granted role:admin, replaced role:read, removed role:read"
    a_revoke_promotes_nobody_and_does_not_change_owners: "
        revoke role:admin from user:u-read = already_revoked role:read
        revoke role:developer from user:u-read = already_revoked role:read
        revoke role:owner from user:u-read = already_revoked role:read
        revoke role:admin from user:u2 = already_revoked role:developer
        revoke role:admin from user:u1 = already_revoked role:owner
        revoke role:read from user:u1 = already_revoked role:owner
        revoke role:admin from user:u-finance = already_revoked role:finance-admin
        0 writes"
    /// Nothing of it comes back with the demotion.
    a_promotion_to_admin_names_the_permissions_that_are_lost: r#"
        grant role:admin to group:g-cloud = granted role:admin, replaced role:developer, removed role:developer orders:write
        grant role:admin to user:u-everything = granted role:admin, replaced role:developer, removed role:developer billing:read orders:admin
        revoke role:admin from user:u-everything = revoked role:developer, removed role:admin
        u-everything has {"accountAccess": {"role": "ROLE_DEVELOPER", "customRoles": ["cr_1"]}, "projectAccesses": {"prj_1": {"role": "PROJECT_ROLE_READ"}, "prj_2": {"role": "PROJECT_ROLE_CONTRIBUTE"}}}"#
}

#[tokio::test]
async fn a_change_of_role_leaves_everything_else_as_it_was() {
    let mut desk = Desk::new().await;
    for spelling in spellings() {
        set_options(&desk, |o| (o.casing, o.defaults) = spelling);
        let script = r#"
            grant role:read to user:u-everything = granted role:read, replaced role:developer, removed role:developer
            grant demo:write to user:u-everything = granted demo:write
            revoke billing:read from user:u-everything = revoked, removed billing:read
            u-everything has {"accountAccess": {"role": "ROLE_READ", "customRoles": ["cr_1"]}, "namespaceAccesses": {"demo.a1b23": {"permission": "PERMISSION_WRITE"}, "orders.a1b23": {"permission": "PERMISSION_ADMIN"}}, "projectAccesses": {"prj_1": {"role": "PROJECT_ROLE_READ"}, "prj_2": {"role": "PROJECT_ROLE_CONTRIBUTE"}}}
            revoke role:developer from group:g-cloud = revoked, removed role:developer
            g-cloud has {"namespaceAccesses": {"orders.a1b23": {"permission": "PERMISSION_WRITE"}}, "projectAccesses": {"prj_2": {"role": "PROJECT_ROLE_ADMIN"}}}"#;
        play(&desk, script).await;
        assert_eq!(spec(&desk, "u-everything")["email"], "everything@example.com");
        assert_eq!(spec(&desk, "g-cloud")["displayName"], "devs");
        desk = desk.renewed().await;
    }
}

#[tokio::test]
async fn an_unknown_field_is_sent_back_unchanged() {
    let desk = Desk::new().await;
    let mut spec = spec(&desk, "u-read");
    spec["preferences"] = json!({"theme": ["dark"]});
    spec["access"]["regionAccesses"] = json!({"eu": {"permission": "SOME"}});
    edit(&desk, |w| w.set_field("u-read", "spec", spec.clone()));
    // The simulator has no such fields and says so.
    play(&desk, "grant role:developer to user:u-read = Refused VendorRefused").await;
    spec["access"]["accountAccess"]["role"] = "ROLE_DEVELOPER".into();
    assert_eq!(desk.writes().remove(0).body.expect("a body")["spec"], spec);
}

#[tokio::test]
async fn an_account_keeps_an_administrator_and_the_connector_its_own_role() {
    let mut world = World::empty("a1b23");
    world
        .add_user("u-last", "last@example.com", "ROLE_ADMIN")
        .add_user("u-out", "out@example.com", "ROLE_ADMIN")
        .add_user("u-dev", "dev@example.com", "ROLE_DEVELOPER")
        .add_service_account("sa0", "rollcall", "ROLE_ADMIN")
        .add_api_key("test-key", "sa0");
    let desk = desk_of(world).await;
    // Empty pages that point to the next do not hide another one.
    desk.vendor.split_pages(1, true);
    let script = "
        u-out is SUSPENDED
        revoke role:admin from user:u-last = Refused LastAdmin
        grant role:read to user:u-last = Refused LastAdmin
        delete user:u-last = Refused LastAdmin
        revoke role:admin from service-account:sa0 = Refused OwnAccess
        grant role:read to service-account:sa0 = Refused OwnAccess
        0 writes
        u-last is SUSPENDED
        grant role:read to user:u-dev = granted role:read, replaced role:developer, removed role:developer
        u-last is ACTIVE
        u-out is ACTIVE
        revoke role:admin from user:u-last = revoked role:developer, removed role:admin";
    play(&desk, script).await;
}

#[tokio::test]
async fn an_account_id_that_is_not_a_plain_word_fails_everything() {
    let desk = desk_of(World::worked_example()).await;
    for id in ["", "a-b", "a:b", "A1B23", "a.b"] {
        desk.vendor.sim.with_world(|w| w.account_id = id.into());
        let script = "
            sync = Internal UnexpectedAnswer
            grant role:read to user:u2 = Internal UnexpectedAnswer
            0 writes";
        play(&desk, script).await;
    }
}
