//! The simulated API of Lambda, in front of a closure and of the real binary.

use std::time::Duration;

use rollcall_harness::conformance::Subject as _;
use rollcall_harness::lambda_api::{ApiError, LambdaApi, killed};
use rollcall_harness::wire::exchange;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::world::{Desk, Simulated};

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";
const KIND: &str = "x-amz-invocation-type: RequestResponse";
const NAMES: [&str; 2] = ["x-amzn-errortype", "x-amz-function-error"];

/// Status, name of an error of the API or the word of a failed function, and body.
async fn post(api: &LambdaApi, path: &str, header: &str, body: &str) -> (u16, String, Value) {
    let lines = format!("POST /2015-03-31/functions/{path}\nauthorization: {SIGNED}\n{header}");
    let (status, head, body) = exchange(api.endpoint(), &lines, body).await;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let error = lines.find(|(name, _)| NAMES.contains(name)).map_or("", |(_, value)| value);
    (status, error.to_owned(), serde_json::from_slice(&body).expect("JSON"))
}

async fn call(api: &LambdaApi, function: &str, event: &Value) -> (u16, String, Value) {
    post(api, &format!("{function}/invocations"), KIND, &event.to_string()).await
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
    let api = LambdaApi::start().await.expect("started");
    api.handle("closure", async |event| Ok(event));
    for (path, header, body, error) in [
        (
            "closure/invocations",
            "x-amz-invocation-type: Event",
            "{}",
            "InvalidParameterValueException",
        ),
        ("closure/invocations", "x-amz-log-type: Tail", "{}", "InvalidParameterValueException"),
        ("closure/invocations?Qualifier=1", KIND, "{}", "InvalidParameterValueException"),
        ("closure:1/invocations", KIND, "{}", "InvalidParameterValueException"),
        ("closure/invocations", KIND, "{", "InvalidRequestContentException"),
        ("closure/invoke", KIND, "{}", "UnknownOperationException"),
    ] {
        let violations = api.violations().len();
        assert_eq!(post(&api, path, header, body).await.1, error);
        assert_eq!(api.violations().len(), violations + 1);
    }
    assert!(api.calls().is_empty());
}
