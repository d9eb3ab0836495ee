//! Requests that are well formed and cannot, or must not, be carried out.

use Operation::{CreateAccount, DeleteAccount, Sync};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::{fails, failure};
use serde_json::{Value, json};

use crate::Desk;

/// Under each failure (its type, its code, parts of what it says and of what to do) the requests that fail like this.
const REFUSED: &str = r#"
# InvalidRequest | UnknownEntitlement | account a1b23 has no entitlement | of the newest snapshot
grant namespace:demo.a1b23:own user:u2
revoke namespace:demo.a1b23:Write user:u2
grant account-role:a1b23-god:member user:u2
grant account-role:a1b23-read:owner user:u2
grant account-role:zz999-read:member user:u2
# NotFound | UnknownEntitlement | or it is being deleted | of the newest snapshot
grant namespace:nope.a1b23:read user:u2
grant namespace:gone.a1b23:read user:u2
grant namespace:leaving.a1b23:read user:u2
# Refused | NotProvisioned | only shown, not changed | in Temporal Cloud
grant group:g-cloud:member user:u-custom
revoke custom-role:cr_1:member user:u-custom
grant project:prj_1:read user:u2
grant role:a1b23-read:member user:u2
# NotFound | UnknownPrincipal | in Temporal Cloud | a principal of the newest snapshot
grant namespace:demo.a1b23:read user:nobody
grant namespace:demo.a1b23:read service-account:nobody
grant namespace:demo.a1b23:read group:nobody
grant namespace:demo.a1b23:read user:sa1
grant namespace:demo.a1b23:read user:../service-accounts/sa1
grant account-role:a1b23-read:member user:nobody
# InvalidRequest | UnknownPrincipal | cannot hold access of its own | a user, a service-account or a group
grant namespace:demo.a1b23:read namespace:orders.a1b23
revoke namespace:demo.a1b23:read account-role:a1b23-read
grant account-role:a1b23-read:member project:prj_1
revoke account-role:a1b23-read:member person:u2
# Refused | ImmutableRole | can be neither granted nor revoked | by Temporal's support
grant account-role:a1b23-owner:member user:u2
revoke account-role:a1b23-owner:member user:u1
grant account-role:a1b23-finance-admin:member user:u2
revoke account-role:a1b23-finance-admin:member user:u-finance
# Refused | ImmutableRole | holds the role | by Temporal's support
grant account-role:a1b23-read:member user:u1
grant account-role:a1b23-admin:member user:u-finance
delete-account user:u1
delete-account user:u-finance
# Refused | ImplicitAccess | by its account role | Change the account role instead
grant namespace:demo.a1b23:read user:u-admin
revoke namespace:demo.a1b23:admin user:u1
# Refused | OwnAccess | that this connector itself uses | by another administrator
grant account-role:a1b23-read:member service-account:sa0
revoke account-role:a1b23-admin:member service-account:sa0
# Refused | ScopedServiceAccount | is a scoped service account | Use another service account
grant namespace:demo.a1b23:read service-account:sa-ns
# Refused | LowestRole | is the lowest role | Delete the account instead
revoke account-role:a1b23-read:member user:u-read
# Refused | ServiceAccountsOnly | is for service accounts | Grant `read` instead
grant account-role:a1b23-metrics-read:member user:u-read
# InvalidRequest | UnknownSideEffect | `cascade` is not a side effect | Leave `allow` empty
grant namespace:demo.a1b23:read user:u-read cascade
# InvalidRequest | BadEmail | is not an e-mail address | that the invitation shall go to
create-account {"email": ""}
create-account {"email": "nobody"}
create-account {"email": "a@b@c"}
create-account {"email": "a b@example.com"}
# InvalidRequest | UnknownProfileKey | has no `name` | Send an empty `profile`
create-account {"email": "new@example.com", "profile": {"name": "New"}}
# Refused | InvitationExpired | (user:u-expired) was invited, and the invitation has expired | Delete the account user:u-expired first, then create it again
create-account {"email": "expired@example.com"}
# InvalidRequest | UnknownPrincipal | only users can be deleted | in Temporal Cloud
delete-account service-account:sa1
delete-account service-account:sa0
delete-account group:g-cloud"#;

fn request(line: &str) -> (Operation, Value) {
    let (operation, what) = line.split_once(' ').expect("an operation");
    let mut all = Operation::ALL.into_iter();
    let operation = all.find(|one| one.as_str() == operation).expect("known");
    let words: Vec<&str> = what.split(' ').collect();
    let event = match operation {
        Sync => json!({}),
        CreateAccount => json!({"account": serde_json::from_str::<Value>(what).expect("JSON")}),
        DeleteAccount => json!({"principal": what}),
        _ => json!({"entitlement": words[0], "principal": words[1], "allow": words[2..]}),
    };
    (operation, event)
}

#[tokio::test]
async fn what_cannot_or_must_not_be_changed_is_refused_also_in_a_dry_run() {
    let desk = Desk::new().await;
    for section in REFUSED.split("\n# ").skip(1) {
        let mut lines = section.lines();
        let head: Vec<&str> = lines.next().expect("a failure").split(" | ").collect();
        let expected = failure(head[0], head[1], head[2], head[3]);
        for line in lines {
            let (operation, mut event) = request(line);
            event["request_id"] = "r1".into();
            fails(&desk, operation, event.clone(), "for real", expected).await;
            event["dry_run"] = true.into();
            fails(&desk, operation, event, "as a dry run", expected).await;
        }
    }
}
