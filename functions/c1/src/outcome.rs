//! The results of tasks, as ConductorOne takes them.

use jiff::Timestamp;
use prost::Message;
use prost_types::{Any, Duration};
use rollcall_connector::ErrorType;
use rollcall_connector::clock::between;
use rollcall_model::proto::Annotation;
use tonic::Code;

use crate::functions::FunctionFailure;
use crate::proto::{
    Conclusion, ErrorInfo, FinishError, FinishSuccess, FinishTaskRequest, RetryInfo, Status,
};

/// The longest message of a failure, in characters: it may quote what the task says.
const LONGEST_MESSAGE: usize = 2000;

/// The result of a task.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TaskOutcome {
    /// The result for people: a few words.
    pub(crate) summary: String,
    status: Option<Status>,
    conclusion: Conclusion,
}

impl TaskOutcome {
    /// Success without a response.
    pub(crate) fn success(summary: impl Into<String>) -> Self {
        let conclusion = Conclusion::Success(FinishSuccess::default());
        Self { summary: summary.into(), status: None, conclusion }
    }

    /// Success with a response. Annotations of the response stand beside it, too.
    pub(crate) fn response(
        summary: impl Into<String>,
        response: &impl Annotation,
        annotations: Vec<Any>,
    ) -> Self {
        let response = Some(response.to_any());
        let conclusion = Conclusion::Success(FinishSuccess { annotations, response });
        Self { summary: summary.into(), status: None, conclusion }
    }

    /// Failure. `is_final` says that a repetition cannot help.
    pub(crate) fn error(code: Code, message: impl Into<String>, is_final: bool) -> Self {
        Self::failure(code, message.into(), Vec::new(), is_final)
    }

    /// The failure of a function. `is_change` says that the function changes access: what refused it once refuses it again.
    pub(crate) fn of_failure(failure: &FunctionFailure, now: Timestamp, is_change: bool) -> Self {
        let FunctionFailure { kind, code, message, fix, retry_at, .. } = failure;
        let info = ErrorInfo { reason: code.clone(), domain: "rollcall".into() };
        let mut details = vec![detail("ErrorInfo", &info)];
        if let Some(at) = retry_at {
            let delay = Duration::try_from(between(now, *at)).ok();
            details.push(detail("RetryInfo", &RetryInfo { retry_delay: delay }));
        }
        let text = format!("{code}: {message}. {fix}");
        let is_final = is_change && !kind.is_retryable() && *kind != ErrorType::Conflict;
        Self::failure(grpc_code(*kind), text, details, is_final)
    }

    fn failure(code: Code, message: String, details: Vec<Any>, non_retryable: bool) -> Self {
        let message: String = message.chars().take(LONGEST_MESSAGE).collect();
        Self {
            summary: format!("failed ({code:?}): {message}"),
            status: Some(Status { code: code.into(), message, details }),
            conclusion: Conclusion::Error(FinishError { non_retryable }),
        }
    }

    /// The request that reports it.
    pub(crate) fn request(self, host_id: &str, task_id: &str) -> FinishTaskRequest {
        FinishTaskRequest {
            host_id: host_id.to_owned(),
            task_id: task_id.to_owned(),
            status: self.status,
            conclusion: Some(self.conclusion),
        }
    }
}

fn detail(name: &str, message: &impl Message) -> Any {
    Any {
        type_url: format!("type.googleapis.com/google.rpc.{name}"),
        value: message.encode_to_vec(),
    }
}

/// The one table from the types of our errors to gRPC's codes.
fn grpc_code(kind: ErrorType) -> Code {
    match kind {
        ErrorType::RateLimited => Code::ResourceExhausted,
        ErrorType::Unavailable => Code::Unavailable,
        ErrorType::Unauthenticated => Code::Unauthenticated,
        ErrorType::PermissionDenied => Code::PermissionDenied,
        ErrorType::InvalidRequest => Code::InvalidArgument,
        ErrorType::NotFound => Code::NotFound,
        ErrorType::Refused | ErrorType::Misconfigured => Code::FailedPrecondition,
        ErrorType::Conflict => Code::Aborted,
        ErrorType::Internal => Code::Internal,
    }
}
