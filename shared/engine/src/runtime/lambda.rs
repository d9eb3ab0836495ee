//! Serves the functions on Lambda.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
pub use lambda_runtime::Error as RuntimeError;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::context::Context;
use crate::context::gauges::Gauges;
use crate::runtime::function::Operation;
use crate::runtime::{function, telemetry};
use rollcall_connector::clock::{after, whole_second};
use rollcall_connector::provision::Provisioner;
use rollcall_connector::{Chain, Error, Syncer};

/// The `main` of a Lambda function: `function!(Elastic, Grant)`. Functions that write lack the sync engine.
#[macro_export]
macro_rules! function {
    ($connector:ty, Sync) => {
        fn main() -> Result<(), $crate::runtime::lambda::RuntimeError> {
            $crate::runtime::lambda::sync::<$connector>()
        }
    };
    ($connector:ty, $operation:ident) => {
        fn main() -> Result<(), $crate::runtime::lambda::RuntimeError> {
            use $crate::runtime::function::Operation;
            $crate::runtime::lambda::write::<$connector>(Operation::$operation)
        }
    };
}

/// Serves the sync function of a connector.
pub fn sync<C: Syncer>() -> Result<(), RuntimeError> {
    let operation = Operation::Sync.as_str();
    serve(C::ABOUT.name, operation, async |cx, event| function::sync::<C>(&cx, &event).await)
}

/// Serves a function of a connector that changes access.
pub fn write<C: Provisioner>(operation: Operation) -> Result<(), RuntimeError> {
    serve(C::ABOUT.name, operation.as_str(), async |cx, event| {
        function::write::<C>(&cx, operation, &event).await
    })
}

/// Serves a function: connector and operation name it in logs and metrics. Lambda runs one invocation at a time in a
/// process: one thread is enough.
pub fn serve<F, R>(
    connector: impl Into<String>,
    operation: &'static str,
    handler: F,
) -> Result<(), RuntimeError>
where
    F: Fn(Context, Value) -> R,
    R: Future<Output = Result<Value, Error>>,
{
    telemetry::init();
    let base = Context::from_environment();
    let base = &base;
    let handler = &handler;
    let connector = &connector.into();
    let service = service_fn(move |event: LambdaEvent<Value>| async move {
        let invocation = telemetry::Invocation::begin(connector, operation, &event.payload);
        let gauges = Arc::<Gauges>::default();
        let outcome = match base {
            Ok(base) => {
                let (now, timeout) = (base.clock.now(), base.settings.timeout);
                let cx = Context {
                    gauges: gauges.clone(),
                    deadline: deadline(event.context.deadline, now, timeout),
                    ..base.clone()
                };
                handler(cx, event.payload).await
            }
            Err(e) => {
                let (message, fix) = (Chain(e).to_string(), e.fix().to_owned());
                Err(Error::new(e.kind(), e.code(), message, fix))
            }
        };
        invocation.end(&outcome, &gauges);
        outcome.map_err(|e| Refusal::new(e, invocation.request_id()))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_runtime::run(service))
}

/// The end of the invocation. A time before the call began (the emulator of `cargo lambda watch` sends one in 1970) is
/// ignored: then the configured timeout counts, if there is one.
fn deadline(epoch_ms: u64, now: Timestamp, timeout: Option<Duration>) -> Option<Timestamp> {
    let given = i64::try_from(epoch_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    given.filter(|at| *at > now).or_else(|| Some(after(now, timeout?)))
}

/// An error as Lambda reports it: `errorType` from the closed set, `errorMessage` a JSON object.
struct Refusal {
    error: Error,
    request_id: Option<String>,
}

/// The form in which the runtime logs an error. It omits the cause, which may contain a whole answer of the SDK; the
/// summary line has the message.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error.kind(), self.error.code())
    }
}

impl Refusal {
    fn new(error: Error, request_id: Option<&str>) -> Self {
        Self { error, request_id: request_id.map(str::to_owned) }
    }
}

impl From<Refusal> for Diagnostic {
    fn from(refusal: Refusal) -> Self {
        let message = error_message(&refusal.error, refusal.request_id.as_deref());
        Self {
            error_type: refusal.error.kind().as_str().to_owned(),
            error_message: message.to_string(),
        }
    }
}

/// The content of `errorMessage`.
fn error_message(error: &Error, request_id: Option<&str>) -> Value {
    let mut message = json!({
        "code": error.code(),
        "message": Chain(error).to_string(),
        "fix": error.fix(),
        "request_id": request_id,
    });
    if let Some(sync_id) = error.resumable_sync_id() {
        message["sync_id"] = sync_id.into();
    }
    if let Some(at) = error.retry_at() {
        message["retry_at"] = whole_second(at).to_string().into();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_in_the_past_says_nothing() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        let (short, long) = (Duration::from_secs(5), Duration::from_secs(60));
        assert_eq!(deadline(600_000, now, None), None);
        assert_eq!(deadline(600_000, now, Some(long)), Some(after(now, long)));
        let soon = u64::try_from(now.as_millisecond()).expect("positive") + 5_000;
        assert_eq!(deadline(soon, now, Some(long)), Some(after(now, short)));
    }

    #[test]
    fn an_error_tells_lambda_its_type_and_the_operator_what_to_do() {
        let code = rollcall_connector::Code::ImmutableRole;
        let error = Error::refused(code, "owners stay owners", "Ask the vendor.");
        let diagnostic = Diagnostic::from(Refusal::new(error, Some("r1")));
        assert_eq!(diagnostic.error_type, "Refused");
        let message: Value = serde_json::from_str(&diagnostic.error_message).expect("JSON");
        assert_eq!(
            message,
            json!({"code": "ImmutableRole", "message": "owners stay owners", "fix": "Ask the vendor.", "request_id": "r1"})
        );
    }
}
