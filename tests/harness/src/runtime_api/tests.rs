use super::*;
use crate::http::{Reply, request};

const NEXT: &str = "/2018-06-01/runtime/invocation/next";

async fn post(address: &str, path: &str, body: &str) -> Reply {
    request(
        address,
        "POST",
        &format!("/2018-06-01/runtime/{path}"),
        &[],
        body.as_bytes(),
    )
    .await
    .unwrap()
}

/// Takes one event and answers with it, or with an error when it has the key `fail`.
async fn serve_one(address: &str) -> Reply {
    let event = request(address, "GET", NEXT, &[], b"").await.unwrap();
    let id = event.header("lambda-runtime-aws-request-id").unwrap();
    let reply = if event.json().unwrap().get("fail").is_some() {
        post(
            address,
            &format!("invocation/{id}/error"),
            r#"{"errorType":"Conflict","errorMessage":"no","stackTrace":[]}"#,
        )
        .await
    } else {
        post(address, &format!("invocation/{id}/response"), &event.text()).await
    };
    assert_eq!(reply.status, 202);
    event
}

#[tokio::test]
async fn events_go_out_and_answers_come_back() {
    let api = RuntimeApi::start().await.unwrap();
    let address = api.address();
    let (answer, event) = tokio::join!(
        api.invoke(json!({"a": 1}), Deadline::In(30_000)),
        serve_one(&address)
    );
    assert_eq!(answer.unwrap(), Answer::Response(json!({"a": 1})));
    let deadline: u64 = event
        .header("lambda-runtime-deadline-ms")
        .unwrap()
        .parse()
        .unwrap();
    assert!((now() + 20_000..=now() + 30_000).contains(&deadline));
    assert_eq!(
        event.header("lambda-runtime-invoked-function-arn"),
        Some(ARN)
    );
    assert!(
        event
            .header("lambda-runtime-trace-id")
            .unwrap()
            .starts_with("Root=")
    );

    let (answer, event) = tokio::join!(
        api.invoke(json!({"fail": true}), Deadline::Emulator),
        serve_one(&address)
    );
    let body = json!({"errorType": "Conflict", "errorMessage": "no", "stackTrace": []});
    assert_eq!(
        answer.unwrap(),
        Answer::Error {
            error_type: "Conflict".into(),
            error_message: "no".into(),
            body
        }
    );
    assert_eq!(event.header("lambda-runtime-deadline-ms"), Some("600000"));
    assert_eq!(
        event.header("lambda-runtime-invoked-function-arn"),
        Some("function-arn")
    );
    assert_eq!(api.faults(), Vec::<String>::new());
}

#[tokio::test]
async fn a_broken_poll_and_a_withdrawn_event_lose_nothing() {
    let api = RuntimeApi::start().await.unwrap();
    let address = api.address();
    // A process that asks and dies.
    let poll = request(&address, "GET", NEXT, &[], b"");
    assert!(
        tokio::time::timeout(Duration::from_millis(100), poll)
            .await
            .is_err()
    );
    // A caller that asks and goes away.
    let call = api.invoke(json!("withdrawn"), Deadline::In(1000));
    assert!(
        tokio::time::timeout(Duration::from_millis(10), call)
            .await
            .is_err()
    );
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (answer, _) = tokio::join!(
        api.invoke(json!("kept"), Deadline::In(5000)),
        serve_one(&address)
    );
    assert_eq!(answer.unwrap(), Answer::Response(json!("kept")));
}

#[tokio::test]
async fn a_failed_start_is_told_to_the_caller() {
    let api = RuntimeApi::start().await.unwrap();
    let address = api.address();
    let (answer, reply) = tokio::join!(
        api.invoke(json!({}), Deadline::In(30_000)),
        post(
            &address,
            "init/error",
            r#"{"errorType":"Config","errorMessage":"no store"}"#
        )
    );
    assert_eq!(reply.status, 202);
    assert!(
        matches!(answer, Err(InvokeError::Init { error_type, error_message, .. }) if error_type == "Config" && error_message == "no store")
    );
    api.clear_init_error();
    let (answer, _) = tokio::join!(
        api.invoke(json!(2), Deadline::In(30_000)),
        serve_one(&address)
    );
    assert_eq!(answer.unwrap(), Answer::Response(json!(2)));
}

#[tokio::test]
async fn breaches_of_the_protocol_are_noted() {
    let api = RuntimeApi::start().await.unwrap();
    assert_eq!(
        post(&api.address(), "invocation/none/response", "{}")
            .await
            .status,
        400
    );
    assert_eq!(post(&api.address(), "elsewhere", "{}").await.status, 404);
    assert_eq!(api.faults().len(), 2);
}

#[tokio::test]
async fn the_first_request_for_an_event_is_timed() {
    let api = RuntimeApi::start().await.unwrap();
    let start = Instant::now();
    assert_eq!(api.first_next(start, Duration::from_millis(20)).await, None);
    let address = api.address();
    let poll = tokio::spawn(async move {
        request(&address, "GET", NEXT, &[], b"")
            .await
            .map(|reply| reply.status)
    });
    let took = api.first_next(start, Duration::from_secs(5)).await.unwrap();
    assert!(took >= Duration::from_millis(20) && took < Duration::from_secs(5));
    assert_eq!(
        api.first_next(Instant::now(), Duration::from_millis(20))
            .await,
        None
    );
    poll.abort();
}
