//! Ids: what is written can be read back, and nothing else is taken for it.

use rollcall_simulators::temporalcloud::World;

use crate::desk_of;
use crate::script::{play, scripts};

scripts! {
    finance_admin_has_an_id_that_reads_back_and_an_alias: "
        grant role:finance-admin to user:u-read = Refused ImmutableRole
        grant account-role:a1b23-finance-_-admin:member to user:u-read = Refused ImmutableRole
        grant account-role:a1b23-finance-_-admin:member to user:u-finance = already_granted role:finance-admin
        0 writes";
    /// One old form of the admin role is known to be in use: a domain before the account's id.
    a_role_of_another_account_or_of_no_account_is_refused: "
        grant account-role:zz999-read:member to user:u-read = InvalidRequest UnknownEntitlement
        grant account-role:xa1b23:member to user:u-read = InvalidRequest UnknownEntitlement
        grant account-role:domain-a1b23:member to user:u-read = InvalidRequest UnknownEntitlement
        0 writes
        grant account-role:example.com-a1b23:member to user:u-read = granted role:admin, replaced role:read, removed role:read";
}

#[tokio::test]
async fn an_account_id_that_is_no_plain_word_fails_everything() {
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
