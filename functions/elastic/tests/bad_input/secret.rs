//! Secrets with keys that cannot be used.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::bad_input::all_are_unusable;
use rollcall_harness::changes::code;
use rollcall_simulators::elastic::{
    SECOND_DEPLOYMENT_KEY, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World,
};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

async fn all_fail(rows: impl IntoIterator<Item = (Value, &'static str)>) {
    let desk = Desk::around(Simulated::of(World::worked_example()).await);
    all_are_unusable(&desk, rows).await;
}

/// The public connector needs a key of Elastic Cloud; in its first version half a pair passes, if it comes by the
/// environment: an endpoint without a key sends an empty one, and a key without an endpoint is ignored.
#[tokio::test]
async fn what_is_missing_is_named() {
    all_fail([
        (
            json!({"api-key": null, "deployment-endpoint": null, "deployment-api-key": null}),
            "`api-key` is missing, or a deployment",
        ),
        (
            json!({"api-key": " ", "deployment-endpoint": "", "deployment-api-key": " ", "deployments": []}),
            "`api-key` is missing, or a deployment",
        ),
        (
            json!({"deployment-api-key": null}),
            "`deployment-endpoint` is given without `deployment-api-key`",
        ),
        (
            json!({"deployment-endpoint": " "}),
            "`deployment-api-key` is given without `deployment-endpoint`",
        ),
        (
            json!({"api-key": null, "deployment-endpoint": null}),
            "`deployment-api-key` is given without `deployment-endpoint`",
        ),
        (
            json!({"api-key": null, "organization-id": "198583657190"}),
            "`organization-id` is given without `api-key`",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_key_that_is_none_is_never_quoted() {
    all_fail([
        (
            json!({"api-key": "hunter2 hunter2"}),
            "`api-key` holds blanks",
        ),
        (
            json!({"api-key": ["hunter2"]}),
            "`api-key` must be text, not a list",
        ),
        (
            json!({"BATON_API_KEY": "hunter2"}),
            "`api-key` is given twice, with different values",
        ),
        (
            json!({"deployment-api-key": "hunter2 hunter2"}),
            "`deployment-api-key` holds blanks",
        ),
        (
            json!({"deployment-api-key": TEST_CLOUD_KEY}),
            "`deployment-api-key` is a key of Elastic Cloud; here belongs one that was made in the deployment",
        ),
        // The secret alone, id and secret as they are, and other things in Base64.
        (
            json!({"deployment-api-key": "ui2lp2axTNmsyakw9tvNnw"}),
            "`deployment-api-key` must be the *encoded* form of the key, Base64 of `id:secret`",
        ),
        (
            json!({"deployment-api-key": "VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw"}),
            "the *encoded* form",
        ),
        (
            json!({"deployment-api-key": "aHVudGVyMg=="}),
            "the *encoded* form",
        ),
        // The end was lost in copying.
        (
            json!({"deployment-api-key": TEST_DEPLOYMENT_KEY.trim_end_matches('=')}),
            "the *encoded* form",
        ),
        // What is said to be sent is not part of it.
        (
            json!({"deployment-api-key": format!("ApiKey {TEST_DEPLOYMENT_KEY}")}),
            "`deployment-api-key` holds blanks",
        ),
    ])
    .await;
}

/// What the public connector makes of most of these is an error of its own language, at the first request; and of
/// `https://host//` that it sends the organization owner's key to the deployment.
#[tokio::test]
async fn an_endpoint_that_is_none_is_told_before_anybody_is_asked() {
    let rows = [
        ("not a url", "is not a URL"),
        ("https://", "is not a URL"),
        ("my-dep.es.io:port", "is not a URL"),
        // A Cloud ID, which the console shows beside the endpoint.
        ("main:dXMtZWFzdC0xLmF3cy5mb3VuZC5pbyQ", "is not a URL"),
        ("http://es.acme.example:9200", "must begin with https://"),
        ("ftp://es.acme.example", "must begin with https://"),
        (
            "https://elastic:hunter2@es.acme.example",
            "must not hold a user name or password",
        ),
        (
            "elastic:hunter2@es.acme.example",
            "must not hold a user name or password",
        ),
        (
            "https://es.acme.example?pretty",
            "must not hold a query or fragment",
        ),
        (
            "https://es.acme.example/#/app",
            "must not hold a query or fragment",
        ),
        (
            "https://main.kb.us-east-1.aws.found.io:9243",
            "is the address of Kibana: copy the Elasticsearch endpoint",
        ),
        (
            "main.apm.us-east-1.aws.elastic.cloud",
            "is the address of APM",
        ),
    ];
    all_fail(rows.map(|(text, message)| (json!({"deployment-endpoint": text}), message))).await;
    let rows = rows.map(|(text, message)| {
        let row = json!({"name": "main", "endpoint": text, "api-key": TEST_DEPLOYMENT_KEY});
        (
            json!({"deployment-endpoint": null, "deployment-api-key": null, "deployments": [row]}),
            message,
        )
    });
    all_fail(rows).await;
}

#[tokio::test]
async fn a_base_url_is_https_and_without_a_path() {
    all_fail(
        [
            (
                "https://api.elastic-cloud.com/api/v1",
                "`base-url` must have no path",
            ),
            (
                "https://api.elastic-cloud.com//",
                "`base-url` must have no path",
            ),
            (
                "http://api.elastic-cloud.com",
                "`base-url` must begin with https:// (http is for this machine alone)",
            ),
            ("api.elastic-cloud.com", "`base-url` is not a URL"),
            (
                "https://hunter2@api.elastic-cloud.com",
                "`base-url` must not hold a user name or password",
            ),
            (
                "https://api.elastic-cloud.com?key=hunter2",
                "`base-url` must not hold a query or fragment",
            ),
        ]
        .map(|(url, message)| (json!({"base-url": url}), message)),
    )
    .await;
}

fn row(name: &str, endpoint: &str, key: &str) -> Value {
    json!({"name": name, "endpoint": endpoint, "api-key": key})
}

fn bare(mut row: Value) -> Value {
    row["bare-ids"] = true.into();
    row
}

fn only(deployments: Value) -> Value {
    json!({"deployment-endpoint": null, "deployment-api-key": null, "deployments": deployments})
}

#[tokio::test]
async fn deployments_that_cannot_be_told_apart_are_refused() {
    let first = || row("first", "https://a.acme.example", TEST_DEPLOYMENT_KEY);
    let second = || row("second", "https://b.acme.example", SECOND_DEPLOYMENT_KEY);
    let hosted = |name: &str, endpoint: &str| row(name, endpoint, TEST_DEPLOYMENT_KEY);
    all_fail([
        (
            json!({"deployments": [second()]}),
            "`deployments` is given beside `deployment-endpoint`: put that one into the list, with `bare-ids`",
        ),
        (
            only(json!([first(), row("first", "https://b.acme.example", SECOND_DEPLOYMENT_KEY)])),
            "`deployments` has the name `first` twice",
        ),
        (
            only(json!([bare(first()), bare(second())])),
            "`deployments` has `bare-ids` twice: only one can keep them",
        ),
        (
            only(json!([first(), row("second", "https://a.acme.example/", SECOND_DEPLOYMENT_KEY)])),
            "`first` and `second` are the same deployment",
        ),
        // A hosted deployment is behind each of its usual ports.
        (
            only(json!([
                hosted("first", "main.es.us-east-1.aws.found.io"),
                second(),
                hosted("third", "https://MAIN.es.us-east-1.aws.found.io:9243//"),
            ])),
            "`first` and `third` are the same deployment",
        ),
    ])
    .await;
}

/// Two clusters on one machine are two, whatever their ports are.
#[tokio::test]
async fn clusters_of_ones_own_are_told_apart_by_any_port() {
    let desk = Desk::around(Simulated::of(World::worked_example()).await);
    let dead = |name: &str, port: u16| {
        row(
            name,
            &format!("http://127.0.0.1:{port}"),
            TEST_DEPLOYMENT_KEY,
        )
    };
    let event = json!({
        "request_id": "r1", "entitlement": "role:c›x:member", "principal": "deploymentUser:c›y",
    });
    for (rows, expected) in [
        (
            json!([dead("a", 9200), dead("b", 9243)]),
            "UnknownEntitlement",
        ),
        (
            json!([dead("a", 9200), dead("b", 9200)]),
            "BadConfiguration",
        ),
    ] {
        desk.set_keys(&only(rows));
        let result = desk.invoke(Operation::Grant, event.clone()).await;
        assert_eq!(code(result), expected);
    }
}

/// What is said of a list is not said of a pair beside it.
#[tokio::test]
async fn the_pair_beside_a_list_with_bare_ids_is_one_mistake_and_not_two() {
    let desk = Desk::around(Simulated::of(World::worked_example()).await);
    let second = row("second", "https://b.acme.example", SECOND_DEPLOYMENT_KEY);
    desk.set_keys(&json!({"deployments": [bare(second)]}));
    let error = desk.sync().await.expect_err("both");
    let text = rollcall_connector::Chain(&error).to_string();
    assert!(text.contains("is given beside"), "{text}");
    assert!(!text.contains("twice"), "{text}");
}

#[tokio::test]
async fn a_row_of_the_list_is_checked_like_the_pair_and_told_by_its_number() {
    let good = || row("main", "https://a.acme.example", TEST_DEPLOYMENT_KEY);
    let without = |key: &str| {
        let mut row = good();
        row[key] = Value::Null;
        row
    };
    let with = |key: &str, value: Value| {
        let mut row = good();
        row[key] = value;
        row
    };
    let name = "must be of a-z, 0-9 and `-`, at most 63 of them";
    let rows = [
        (
            json!([without("name")]),
            "`deployments` no. 1: `name` is missing",
        ),
        (
            json!([good(), with("endpoint", json!(" "))]),
            "`deployments` no. 2: `endpoint` is missing",
        ),
        (
            json!([without("api-key")]),
            "`deployments` no. 1: `api-key` is missing",
        ),
        (json!([with("name", json!("Main"))]), name),
        (json!([with("name", json!("-main"))]), name),
        (json!([with("name", json!("a_b"))]), name),
        (json!([with("name", json!("a b"))]), name),
        (json!([with("name", json!("a›b"))]), name),
        (json!([with("name", json!("a".repeat(64)))]), name),
        (
            json!([with("api-key", json!(TEST_CLOUD_KEY))]),
            "`deployments` no. 1: `api-key` is a key of Elastic Cloud",
        ),
        (
            json!([with("api-key", json!("hunter2"))]),
            "`deployments` no. 1: `api-key` must be the *encoded* form",
        ),
        (
            json!([with("bare-ids", json!("yes"))]),
            "`deployments` no. 1: `bare-ids` must be `true` or `false`",
        ),
        (
            json!([with("bare_ids", json!(true))]),
            "`deployments` no. 1: the key `bare_ids` is unknown",
        ),
    ];
    all_fail(rows.map(|(rows, message)| (only(rows), message))).await;
}

#[tokio::test]
async fn a_list_that_is_none_is_told_and_not_quoted() {
    let rows = [
        (
            json!("[{\"name\": \"main\", \"api-key\": \"hunter2\""),
            "as JSON",
        ),
        (
            json!("hunter2"),
            "`deployments` must be a list of objects, as JSON",
        ),
        (
            json!("{\"name\": \"hunter2\"}"),
            "a list of objects, as JSON",
        ),
        (json!("[\"hunter2\"]"), "a list of objects, as JSON"),
        (
            json!({"name": "main", "api-key": "hunter2"}),
            "`deployments` must be a list of objects, not an object",
        ),
        (json!(7), "a list of objects, as JSON"),
        (
            json!(["hunter2"]),
            "`deployments` must be a list of objects",
        ),
        (
            json!("[{\"name\": \"main\", \"endpoint\": \"https://a.acme.example\"}]"),
            "`deployments` no. 1: `api-key` is missing",
        ),
    ];
    all_fail(rows.map(|(list, message)| (only(list), message))).await;
}
