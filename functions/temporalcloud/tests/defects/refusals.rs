//! Refusals: each with its code, its message, its fix, and nothing is sent.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::changes::result_of;
use rollcall_harness::conformance::Subject;
use serde_json::json;

use crate::script::{event, play};
use crate::{Desk, Simulated};

/// Messages and fixes, with their requests.
const REFUSED: &str = "
InvalidRequest UnknownEntitlement | account a1b23 has no entitlement | from the newest snapshot
    grant demo:owner to user:u-read
    revoke demo:Write from user:u2
    grant role:god to user:u-read
    grant account-role:a1b23-read:assigned to user:u-read
NotFound UnknownEntitlement | there is no namespace | from the newest snapshot
    grant nowhere:read to user:u-read
    grant gone:read to user:u-read
Refused NotProvisioned | but does not change them | Change it in Temporal Cloud
    grant group:g-cloud:member to user:u-read
    grant custom-role:cr_1:assigned to user:u-read
    grant project:prj_1:read to user:u-read
NotFound UnknownPrincipal | in Temporal Cloud | a principal id from the newest snapshot
    grant demo:read to user:u-nobody
    grant demo:read to user:../service-accounts/sa1
    grant role:read to service-account:u2
InvalidRequest UnknownPrincipal | cannot be granted access | a user, a service-account or a group
    grant role:read to namespace:demo.a1b23
    revoke demo:read from account-role:a1b23-admin
InvalidRequest UnknownPrincipal | can delete only users | Delete it in Temporal Cloud
    delete service-account:sa0
    delete group:g-cloud
Refused ImmutableRole | can neither grant nor revoke | Only Temporal's support
    grant role:owner to user:u-read
    grant role:owner to group:g-cloud
    revoke role:owner from user:u1
Refused ImmutableRole | has the role | Only Temporal's support
    grant role:admin to user:u1
    grant role:read to user:u-future
    delete user:u1
Refused OwnAccess | that this connector itself uses | another administrator
    revoke role:admin from service-account:sa0
Refused ImplicitAccess | by its account role | Change the account role instead
    grant demo:write to user:u-admin
    revoke demo:admin from user:u1
Refused LowestRole | is the lowest role | Delete the account instead (`delete-account`
    revoke role:read from user:u-read
    revoke role:metrics-read from service-account:sa-metrics
Refused ServiceAccountsOnly | is only for service accounts | Grant `read` instead
    grant role:metrics-read to user:u-read
    grant role:metrics-read to group:g-cloud
Refused ScopedServiceAccount | its scope cannot be widened | Use another service account
    grant demo:read to service-account:sa-ns
Refused ScopedServiceAccount | whose account role is fixed | Use another service account
    grant role:read to service-account:sa-prj
Refused ScopedServiceAccount | that is scoped to this namespace | Delete the service account
    revoke orders:write from service-account:sa-ns
Refused InvitationExpired | (user:u-expired) was invited, and the invitation has expired | delete the account user:u-expired first
    create expired@example.com
InvalidRequest BadEmail | is not an e-mail address | the address to invite
    create nonsense
    create a@b@example.com
    create @example.com
";

#[tokio::test]
async fn what_must_not_be_done_is_refused_by_name_and_nothing_is_sent() {
    let desk = Desk::new().await;
    let before = desk.vendor.sim.with_world(|world| world.clone());
    let mut end = String::new();
    for line in REFUSED.lines().filter(|line| !line.is_empty()) {
        let Some(asked) = line.strip_prefix("    ") else {
            end = line.replace(" | ", " ~ ");
            continue;
        };
        play(&desk, &format!("{asked} = {end}")).await;
        let (operation, mut event) = event(asked);
        (event["request_id"], event["dry_run"]) = ("dry".into(), true.into());
        let result = desk.invoke(operation, event).await;
        assert!(end.contains(result_of(&result)), "a dry run of {asked}: {result:?}");
    }
    let profile = json!({"email": "new@example.com", "profile": {"name": "New"}});
    let create = Operation::CreateAccount;
    for (account, expected) in
        [(profile, "UnknownProfileKey"), (json!({"email": "a b@c"}), "BadEmail")]
    {
        let event = Simulated::with(create, "account", account);
        assert_eq!(result_of(&desk.invoke(create, event).await), expected);
    }
    play(&desk, "0 writes").await;
    assert!(desk.vendor.sim.with_world(|world| *world == before));
    assert_eq!(desk.vendor.violations(), Vec::<String>::new());
}

rollcall_harness::scripts! { crate::script::plays;
    what_the_vendor_refuses_is_told_in_its_own_words: r#"
        grant demo:read to user:u-read ! 400 {"code": 3, "message": "the moon is full"} POST /cloud/ = Refused VendorRefused ~ the moon is full ~ its quoted message says why
        1 writes"#
}
