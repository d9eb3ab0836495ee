//! Secrets with keys that cannot be used.

use rollcall_harness::bad_input::{Failure, keys_are_unusable, unusable};
use serde_json::{Value, json};

use crate::Desk;

const NAMELESS: Failure = Failure {
    fix: "Put the e-mail address of the token's account into the secret",
    ..unusable("`username` is missing")
};

async fn all_fail(rows: Vec<(Value, Failure)>) {
    let desk = Desk::new().await;
    for (keys, expected) in rows {
        keys_are_unusable(&desk, &keys, expected).await;
    }
}

#[tokio::test]
async fn a_key_that_is_missing_or_unknown_in_its_value_is_named_and_never_quoted_if_secret() {
    all_fail(vec![
        (
            json!({"domain-url": null}),
            unusable("`domain-url` is missing"),
        ),
        (
            json!({"domain-url": " "}),
            unusable("`domain-url` is missing"),
        ),
        (json!({"api-key": ""}), unusable("`api-key` is missing")),
        (
            json!({"api-key": "hunter2 hunter2"}),
            unusable("`api-key` holds blanks"),
        ),
        (
            json!({"api-key": ["hunter2"]}),
            unusable("`api-key` must be text, not a list"),
        ),
        (
            json!({"BATON_API_KEY": "hunter2"}),
            unusable("`api-key` is given twice"),
        ),
        (json!({"username": null}), NAMELESS),
        (json!({"username": " "}), NAMELESS),
        (
            json!({"skip-personal-spaces": "yes"}),
            unusable("`skip-personal-spaces` must be `true` or `false`"),
        ),
        (
            json!({"use-rbac": "1"}),
            unusable("`use-rbac` must be `true` or `false`"),
        ),
        // The public connector's own documentation names these.
        (
            json!({"noun": "space,whiteboard"}),
            unusable(
                "`noun` must be of attachment, blogpost, comment, page, space, not `whiteboard`",
            ),
        ),
        (json!({"noun": "Space"}), unusable("not `Space`")),
        (json!({"verb": "read,copy"}), unusable("not `copy`")),
        (
            json!({"verb": "read;export"}),
            unusable("not `read;export`"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_domain_that_names_no_site_is_refused() {
    let rows = [
        ("127.0.0.1:8080", "needs a scheme"),
        ("localhost:8080", "needs a scheme"),
        ("http://acme.atlassian.net", "must begin with https://"),
        ("ftp://acme.atlassian.net", "must begin with https://"),
        ("https://", "is not a URL"),
        ("/wiki", "names no host"),
        (
            "https://ada:hunter2@acme.atlassian.net",
            "must not hold a user name or password",
        ),
        (
            "https://acme.atlassian.net?token=hunter2",
            "must not hold a query or fragment",
        ),
        (
            "https://api.atlassian.com",
            "must be https://api.atlassian.com/ex/confluence/<cloud id>",
        ),
        (
            "https://api.atlassian.com/ex/confluence/",
            "without a cloud id",
        ),
    ];
    let rows = rows.map(|(url, message)| (json!({"domain-url": url}), unusable(message)));
    all_fail(rows.into()).await;
}
