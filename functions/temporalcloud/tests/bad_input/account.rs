//! Accounts that cannot be made, and accounts that must not go.

use rollcall_engine::runtime::function::Operation::{CreateAccount, DeleteAccount};
use rollcall_harness::bad_input::{Inputs, fails, failure};
use serde_json::json;

use super::request::HOLDS_IMMUTABLE;
use crate::{Desk, Simulated};

#[tokio::test]
async fn an_account_that_cannot_be_made_or_must_not_go_is_refused() {
    let address = failure(
        "InvalidRequest",
        "BadEmail",
        "is not an e-mail address",
        "that the invitation shall go to",
    );
    let profile = failure(
        "InvalidRequest",
        "UnknownProfileKey",
        "has no `name`",
        "Send an empty `profile`",
    );
    let expired = failure(
        "Refused",
        "InvitationExpired",
        "(user:u-expired) was invited, and the invitation has expired",
        "Delete the account user:u-expired first, then create it again",
    );
    let not_a_user = failure(
        "InvalidRequest",
        "UnknownPrincipal",
        "only users can be deleted",
        "in Temporal Cloud",
    );
    let account = |email: &str| Simulated::with(CreateAccount, "account", json!({"email": email}));
    let named = json!({"email": "new@example.com", "profile": {"name": "New"}});
    let rows = [
        (CreateAccount, account(""), address),
        (CreateAccount, account("nobody"), address),
        (CreateAccount, account("a@b@c"), address),
        (CreateAccount, account("a b@example.com"), address),
        (
            CreateAccount,
            Simulated::with(CreateAccount, "account", named),
            profile,
        ),
        (CreateAccount, account("expired@example.com"), expired),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "principal", json!("service-account:sa1")),
            not_a_user,
        ),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "principal", json!("service-account:sa0")),
            not_a_user,
        ),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "principal", json!("group:g-cloud")),
            not_a_user,
        ),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "principal", json!("user:u1")),
            HOLDS_IMMUTABLE,
        ),
        (
            DeleteAccount,
            Simulated::with(DeleteAccount, "principal", json!("user:u-finance")),
            HOLDS_IMMUTABLE,
        ),
    ];
    let desk = Desk::new().await;
    for (operation, mut event, expected) in rows {
        fails(&desk, operation, event.clone(), "for real", expected).await;
        event["dry_run"] = true.into();
        fails(&desk, operation, event, "as a dry run", expected).await;
    }
}
