//! The simulated API of Lambda, in front of a closure and of the real binary.

use std::time::Duration;

use rollcall_harness::conformance::Subject as _;
use rollcall_harness::lambda_api::{ApiError, LambdaApi, killed};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::world::{Desk, Simulated};

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";

/// Status, name of an error of the API or the word of a failed function, and body.
async fn post(
    api: &LambdaApi,
    path: &str,
    header: (&str, &str),
    body: &str,
) -> (u16, String, Value) {
    let url = format!("{}/2015-03-31/functions/{path}", api.endpoint());
    let request = reqwest::Client::new().post(url).header("authorization", SIGNED);
    let answer =
        request.header(header.0, header.1).body(body.to_owned()).send().await.expect("sent");
    let headers = ["x-amzn-errortype", "x-amz-function-error"];
    let error = headers.iter().find_map(|name| answer.headers().get(*name)?.to_str().ok());
    let (status, error) = (answer.status().as_u16(), error.unwrap_or_default().to_owned());
    (status, error, serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON"))
}

async fn call(api: &LambdaApi, function: &str, event: &Value) -> (u16, String, Value) {
    let kind = ("x-amz-invocation-type", "RequestResponse");
    post(api, &format!("{function}/invocations"), kind, &event.to_string()).await
}

#[tokio::test]
async fn a_function_is_called_by_name_or_arn_whether_it_is_a_closure_or_a_process() {
    let desk = Desk::new().await;
    let api = LambdaApi::start().await.expect("started");
    let (binary, long) = (env!("CARGO_BIN_EXE_toybox"), Duration::from_secs(60));
    api.serve("toybox-sync", binary, desk.variables(), long);
    api.handle("closure", async |event: Value| match event["fail"].as_bool() {
        None => Ok(json!({"got": event})),
        Some(_) => Err(killed()),
    });

    let event = json!({"connection": "default"});
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:toybox-sync".replace(':', "%3A");
    for function in ["toybox-sync", &arn] {
        let (status, error, answer) = call(&api, function, &event).await;
        assert_eq!((status, &*error, &answer["status"]), (200, "", &json!("complete")));
    }
    let (status, error, body) = call(&api, "toybox-sync", &json!({"full": true})).await;
    let found = (status, &*error, &body["errorType"]);
    assert_eq!(found, (200, "Unhandled", &json!("InvalidRequest")));

    assert_eq!(call(&api, "closure", &event).await, (200, String::new(), json!({"got": event})));
    let (_, error, body) = call(&api, "closure", &json!({"fail": true})).await;
    assert_eq!((&*error, &body["errorType"]), ("Unhandled", &json!("Runtime.ExitError")));
    api.refuse_next([ApiError::too_many_requests()]);
    for (function, status, name) in
        [("closure", 429, "TooManyRequestsException"), ("nobody", 404, "ResourceNotFoundException")]
    {
        let (found, error, _) = call(&api, function, &event).await;
        assert_eq!((found, &*error), (status, name));
    }
    let names: Vec<_> = api.calls().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.join(" "), "toybox-sync toybox-sync toybox-sync closure closure");

    desk.vendor.set_faults([Fault::every(FaultKind::Slow(long))]);
    api.serve("toybox-sync", binary, desk.variables(), Duration::from_millis(500));
    let (_, error, body) = call(&api, "toybox-sync", &event).await;
    assert_eq!((&*error, &body["errorType"]), ("Unhandled", &json!("Sandbox.Timedout")));
    assert_eq!(api.end(Simulated::TOKENS).await.len(), 1, "one process for three calls");
}

#[tokio::test]
async fn a_call_that_lambda_or_this_simulation_does_not_know_is_refused_and_recorded() {
    let (api, kind) = (LambdaApi::start().await.expect("started"), "x-amz-invocation-type");
    api.handle("closure", async |event| Ok(event));
    for (path, header, body, error) in [
        ("closure/invocations", (kind, "Event"), "{}", "InvalidParameterValueException"),
        ("closure/invocations", ("x-amz-log-type", "Tail"), "{}", "InvalidParameterValueException"),
        ("closure/invocations?Qualifier=1", (kind, ""), "{}", "InvalidParameterValueException"),
        (
            "closure:1/invocations",
            (kind, "RequestResponse"),
            "{}",
            "InvalidParameterValueException",
        ),
        ("closure/invocations", (kind, "RequestResponse"), "{", "InvalidRequestContentException"),
        ("closure/invoke", (kind, "RequestResponse"), "{}", "UnknownOperationException"),
    ] {
        let violations = api.violations().len();
        assert_eq!(post(&api, path, header, body).await.1, error);
        assert_eq!(api.violations().len(), violations + 1);
    }
    assert!(api.calls().is_empty());
}
