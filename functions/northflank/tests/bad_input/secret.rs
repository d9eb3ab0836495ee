//! Secrets with keys that cannot be used, and addresses in all the forms in which people paste them.

use rollcall_harness::bad_input::{all_are_unusable, works};
use rollcall_simulators::northflank::World;
use serde_json::{Value, json};

use crate::{Desk, Simulated};

async fn small() -> Desk {
    Desk::around(Simulated::of(World::worked_example()).await)
}

async fn all_fail(rows: impl IntoIterator<Item = (Value, &'static str)>) {
    let desk = small().await;
    all_are_unusable(&desk, rows).await;
}

#[tokio::test]
async fn a_token_that_is_none_is_named_and_never_quoted() {
    all_fail([
        (
            json!({"northflank-api-token": null}),
            "`northflank-api-token` is missing",
        ),
        (
            json!({"northflank-api-token": " \n"}),
            "`northflank-api-token` is missing",
        ),
        (
            json!({"northflank-api-token": "hunter2 hunter2"}),
            "`northflank-api-token` holds blanks",
        ),
        (
            json!({"northflank-api-token": "hunter2\u{7}"}),
            "`northflank-api-token` holds blanks or characters that no key has",
        ),
        (
            json!({"northflank-api-token": "Bearer hunter2"}),
            "`northflank-api-token` holds blanks",
        ),
        (
            json!({"northflank-api-token": ["hunter2"]}),
            "`northflank-api-token` must be text, not a list",
        ),
        (
            json!({"BATON_NORTHFLANK_API_TOKEN": "hunter2"}),
            "`northflank-api-token` is given twice",
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_address_that_leads_nowhere_safe_is_refused_before_anybody_is_asked() {
    let rows = [
        ("not a url", "is not a URL such as https://"),
        ("https://", "is not a URL"),
        (
            "http://api.northflank.com",
            "must begin with https:// (http is for this machine alone)",
        ),
        ("http://10.0.0.7", "must begin with https://"),
        ("ftp://api.northflank.com", "must begin with https://"),
        (
            "https://ada:hunter2@api.northflank.com",
            "must not hold a user name or password",
        ),
        (
            "https://api.northflank.com?token=hunter2",
            "must not hold a query or fragment",
        ),
        (
            "https://api.northflank.com/#v1",
            "must not hold a query or fragment",
        ),
    ];
    all_fail(rows.map(|(url, message)| (json!({"northflank-base-url": url}), message))).await;
}

/// Every path has the version already.
#[tokio::test]
async fn an_address_may_end_with_a_slash_or_the_version() {
    let desk = small().await;
    let whole = desk.complete().await;
    for end in ["/", "//", "/v1", "/v1/", "/v1//"] {
        desk.set_keys(&json!({
            "northflank-base-url": format!(" {}{end} ", desk.vendor.sim.base_url()),
        }));
        desk.vendor.sim.clear_requests();
        let answer = works(&desk, end).await;
        assert_eq!(answer["content_digest"], whole["content_digest"], "{end}");
        let requests = desk.vendor.sim.requests();
        assert!(
            requests
                .iter()
                .all(|r| r.path.starts_with("/v1/") && !r.path.starts_with("/v1/v1")),
            "{end}"
        );
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    }
}

/// A line end that was copied along.
#[tokio::test]
async fn blanks_around_a_token_are_no_part_of_it() {
    let desk = small().await;
    let token = desk.vendor.sim.with_world(|w| w.tokens[0].value.clone());
    desk.set_keys(&json!({"northflank-api-token": format!(" {token}\n")}));
    works(&desk, "blanks").await;
    for request in desk.vendor.sim.requests() {
        assert_eq!(
            request.header("authorization"),
            Some(format!("Bearer {token}").as_str())
        );
    }
}
