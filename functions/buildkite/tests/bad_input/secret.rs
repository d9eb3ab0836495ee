//! Secrets with keys that cannot be used: nobody is asked then.

use rollcall_harness::bad_input::all_are_unusable;
use rollcall_simulators::buildkite::World;
use serde_json::{Value, json};

use crate::{Desk, Simulated};

async fn all_fail(rows: impl IntoIterator<Item = (Value, &'static str)>) {
    let desk = Desk::around(Simulated::of(World::worked_example()).await);
    all_are_unusable(&desk, rows).await;
}

#[tokio::test]
async fn a_token_that_is_none_is_told_and_never_quoted() {
    all_fail([
        (json!({"api-token": null}), "`api-token` is missing"),
        (json!({"api-token": ""}), "`api-token` is missing"),
        (json!({"api-token": " \n"}), "`api-token` is missing"),
        (
            json!({"api-token": "hunter2 hunter2"}),
            "`api-token` holds blanks",
        ),
        // What is said to be sent is not part of it.
        (
            json!({"api-token": "Bearer hunter2"}),
            "`api-token` holds blanks",
        ),
        (
            json!({"api-token": ["hunter2"]}),
            "`api-token` must be text, not a list",
        ),
        (
            json!({"BATON_API_TOKEN": "hunter2"}),
            "`api-token` is given twice, with different values",
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_organization_or_an_address_that_is_none_is_told() {
    all_fail([
        (
            json!({"organization": ["acme-inc"]}),
            "`organization` must be text, not a list",
        ),
        (
            json!({"BATON_ORGANIZATION": "globex"}),
            "`organization` is given twice, with different values",
        ),
        (json!({"base-url": "buildkite"}), "`base-url`"),
        (json!({"base-url": "https://"}), "`base-url`"),
        (
            json!({"base-url": "http://api.buildkite.com/v2"}),
            "must begin with https://",
        ),
        (
            json!({"base-url": "ftp://api.buildkite.com/v2"}),
            "must begin with https://",
        ),
        (
            json!({"base-url": "https://ada:hunter2@api.buildkite.com/v2"}),
            "must not hold a user name or password",
        ),
        (
            json!({"base-url": "https://api.buildkite.com/v2?api_key=hunter2"}),
            "must not hold a query or fragment",
        ),
    ])
    .await;
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    all_fail([
        (
            json!({"api-token": null, "base-url": "ftp://x"}),
            "`api-token` is missing",
        ),
        (
            json!({"api-token": null, "base-url": "ftp://x"}),
            "must begin with https://",
        ),
    ])
    .await;
}
