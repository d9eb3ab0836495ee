//! The agent as a Lambda function, and the connector's functions as it calls them there.

use std::env;

use async_trait::async_trait;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use jiff::Timestamp;
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::aws;
use rollcall_engine::context::Context;
use rollcall_engine::operation::Operation;
use rollcall_engine::runtime::lambda::{RuntimeError, serve};
use serde::Deserialize;
use serde_json::Value;

use crate::agent::{Agent, Lifetime, Listener, no_credentials};
use crate::event::{AgentAnswer, AgentEvent};
use crate::functions::{FunctionFailure, Functions};

/// Serves the agent of the connector that the environment names: `ROLLCALL_CONNECTOR`, `ROLLCALL_FUNCTION_PREFIX` (the
/// names of its functions up to the operation) and `ROLLCALL_C1_PROVISIONING` (whether those that change access are
/// deployed).
pub fn run() -> Result<(), RuntimeError> {
    let connector = env::var("ROLLCALL_CONNECTOR").unwrap_or_default();
    serve(connector.clone(), "c1", async |cx, event| {
        let answer = invoked(&cx, &connector, &event).await?;
        serde_json::to_value(answer).map_err(Error::not_json)
    })
}

async fn invoked(cx: &Context, connector: &str, event: &Value) -> Result<AgentAnswer, Error> {
    let event: AgentEvent = rollcall_connector::event::parse(event)?;
    let prefix = env::var("ROLLCALL_FUNCTION_PREFIX").ok().filter(|text| !text.is_empty());
    let (Some(prefix), false) = (prefix, connector.is_empty()) else {
        return Err(Error::new(
            ErrorType::Misconfigured,
            Code::BadEnvironment,
            "ROLLCALL_CONNECTOR or ROLLCALL_FUNCTION_PREFIX is not set",
            "Deploy the function by Rollcall's template, which sets both.",
        ));
    };
    let client = aws_sdk_lambda::Client::new(cx.aws.config().await);
    let functions = Invoked { client, prefix };
    let can_change = env::var("ROLLCALL_C1_PROVISIONING").is_ok_and(|text| text == "yes");
    let agent = Agent::connect(cx, &functions, connector, &event, &Log).await?;
    let Some(agent) = agent else {
        // The schedule names every connection; not each of them has to be in ConductorOne.
        tracing::warn!("{}", no_credentials(cx, connector, &event.connection));
        return Ok(AgentAnswer::idle(event.connection));
    };
    // Functions that are not deployed cannot be called, whatever the secret says.
    let provisioning = can_change && agent.secret_provisioning() != Some(false);
    agent.with_provisioning(provisioning).run(Lifetime::Invocation).await
}

struct Log;

impl Listener for Log {
    fn note(&self, text: &str) {
        tracing::info!("{text}");
    }
}

/// The functions of a connector in AWS, by Lambda's `Invoke`
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>).
struct Invoked {
    client: aws_sdk_lambda::Client,
    /// Their names up to the operation.
    prefix: String,
}

#[async_trait]
impl Functions for Invoked {
    async fn call(&self, operation: Operation, event: &Value) -> Result<Value, FunctionFailure> {
        let name = format!("{}{}", self.prefix, operation.as_str());
        let payload = Blob::new(serde_json::to_vec(event).map_err(Error::not_json)?);
        let call = self.client.invoke().function_name(&name).payload(payload);
        let answer = call.invocation_type(InvocationType::RequestResponse).send().await;
        let answer = answer.map_err(|e| {
            let e = aws::error(Code::FunctionNotCalled, &format!("call the function {name}"), e);
            FunctionFailure { was_cut: e.kind() == ErrorType::Unavailable, ..e.into() }
        })?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        if answer.function_error.is_some() {
            return Err(of_payload(&name, &payload));
        }
        serde_json::from_slice(&payload).map_err(|e| {
            let message = format!("the answer of the function {name} is not JSON");
            Error::internal(Code::UnreadableAnswer, message).with_source(e).into()
        })
    }
}

/// The failure of a function as Lambda reports it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Reported {
    error_type: String,
    error_message: String,
}

/// The content of `errorMessage` if the function itself failed.
#[derive(Deserialize)]
struct Message {
    code: String,
    message: String,
    fix: String,
    retry_at: Option<Timestamp>,
}

fn of_payload(name: &str, payload: &[u8]) -> FunctionFailure {
    let reported: Reported = serde_json::from_slice(payload).unwrap_or_default();
    let kind = ErrorType::ALL.iter().find(|kind| kind.as_str() == reported.error_type);
    let message = serde_json::from_str::<Message>(&reported.error_message);
    match (kind, message) {
        (Some(kind), Ok(Message { code, message, fix, retry_at })) => {
            FunctionFailure { kind: *kind, code, message, fix, retry_at, was_cut: false }
        }
        // A timeout, lack of memory, a crash: Lambda's own words.
        _ => {
            let Reported { error_type, error_message } = reported;
            let message = format!("the function {name} was killed ({error_type}): {error_message}");
            let failed = Error::new(
                ErrorType::Unavailable,
                Code::FunctionKilled,
                message,
                "Check the function's log: it may need more time or memory.",
            );
            FunctionFailure { was_cut: true, ..failed.into() }
        }
    }
}
