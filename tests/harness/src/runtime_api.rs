//! A Lambda Runtime API on this machine: what AWS puts in front of a function's process
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).
//!
//! A test starts the server, starts a binary with `AWS_LAMBDA_RUNTIME_API` set to [`RuntimeApi::address`] and calls
//! [`RuntimeApi::invoke`]. Several processes may poll the same server, as several environments of one function would.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// The deadline that the emulator of `cargo lambda` sends, in milliseconds since 1970 and whatever the time is.
pub const EMULATOR_DEADLINE: u64 = 600_000;
/// The function ARN that the emulator of `cargo lambda` sends.
pub const EMULATOR_ARN: &str = "function-arn";
/// The function ARN of all other invocations.
pub const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:rollcall";

/// Lambda's limit for an event or an answer.
const PAYLOAD: usize = 6 * 1024 * 1024;
/// How long a call may go on after its deadline before the test is told that nobody answered.
const GRACE: Duration = Duration::from_secs(5);
/// How long a call may take whose deadline says nothing.
const RESUME_GRACE: Duration = Duration::from_secs(120);

/// Until when an invocation may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// That many milliseconds from the moment a process takes the event.
    In(u64),
    /// As from the emulator of `cargo lambda`: a moment in 1970, and an ARN that is none.
    Emulator,
}

/// What a function said.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It answered.
    Response(Value),
    /// It failed, in the way that Lambda reports to the caller.
    Error {
        /// `errorType`.
        error_type: String,
        /// `errorMessage`.
        error_message: String,
        /// The whole report.
        body: Value,
    },
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum InvokeError {
    /// A process reported that it could not start.
    Init {
        /// `errorType`.
        error_type: String,
        /// `errorMessage`.
        error_message: String,
        /// The whole report.
        body: Value,
    },
    /// Nobody answered within the deadline and a little more. Real Lambda would have killed the process at the deadline.
    TimedOut,
    /// The answer was not JSON.
    NotJson(String),
}

impl std::fmt::Display for InvokeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Init {
                error_type,
                error_message,
                ..
            } => write!(
                formatter,
                "the process could not start: {error_type}: {error_message}"
            ),
            Self::TimedOut => formatter.write_str("no answer within the deadline"),
            Self::NotJson(text) => write!(formatter, "the answer is not JSON: {text}"),
        }
    }
}

impl std::error::Error for InvokeError {}

type Outcome = Result<Answer, InvokeError>;

struct Job {
    id: String,
    event: Vec<u8>,
    deadline: Deadline,
    answer: oneshot::Sender<Outcome>,
}

struct Shared {
    jobs: tokio::sync::Mutex<mpsc::UnboundedReceiver<Job>>,
    taken: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    polls: watch::Sender<Vec<Instant>>,
    init_error: watch::Sender<Option<InvokeError>>,
    faults: Mutex<Vec<String>>,
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The server. Dropping it ends it.
pub struct RuntimeApi {
    address: String,
    jobs: mpsc::UnboundedSender<Job>,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
    count: AtomicU64,
}

impl std::fmt::Debug for RuntimeApi {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RuntimeApi")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (jobs, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            jobs: tokio::sync::Mutex::new(receiver),
            taken: Mutex::default(),
            polls: watch::Sender::new(Vec::new()),
            init_error: watch::Sender::new(None),
            faults: Mutex::default(),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .fallback(unknown)
            .layer(DefaultBodyLimit::max(PAYLOAD))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            // It only returns when the listener is broken, and then every call says so by timing out.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            jobs,
            shared,
            server,
            count: AtomicU64::new(0),
        })
    }

    /// `127.0.0.1:port`, for `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Hands an event to the next process that asks for one, and waits for what it says.
    ///
    /// Dropping the future withdraws the event if no process has it yet; an answer that comes later is ignored.
    ///
    /// # Errors
    /// When a process cannot start, when nobody answers in time, or when the answer is not JSON.
    pub async fn invoke(&self, event: Value, deadline: Deadline) -> Result<Answer, InvokeError> {
        let id = format!(
            "00000000-0000-4000-8000-{:012x}",
            self.count.fetch_add(1, Ordering::Relaxed) + 1
        );
        let (sender, receiver) = oneshot::channel();
        let job = Job {
            id,
            event: event.to_string().into_bytes(),
            deadline,
            answer: sender,
        };
        self.jobs.send(job).map_err(|_| InvokeError::TimedOut)?;
        let limit = match deadline {
            Deadline::In(milliseconds) => Duration::from_millis(milliseconds) + GRACE,
            Deadline::Emulator => RESUME_GRACE,
        };
        let mut failed = self.shared.init_error.subscribe();
        tokio::select! {
            biased;
            outcome = receiver => outcome.unwrap_or(Err(InvokeError::TimedOut)),
            report = failed.wait_for(Option::is_some) => Err(report.ok().and_then(|report| report.clone()).unwrap_or(InvokeError::TimedOut)),
            () = tokio::time::sleep(limit) => Err(InvokeError::TimedOut),
        }
    }

    /// The time from `since` (when a process was started, say) to the first request for an event that came after it;
    /// waits for it, at most `limit`. `None` when there was none.
    ///
    /// One server can time one process after another this way: start, ask, start the next.
    pub async fn first_next(&self, since: Instant, limit: Duration) -> Option<Duration> {
        let after = |polls: &Vec<Instant>| polls.iter().copied().find(|poll| *poll > since);
        let mut polls = self.shared.polls.subscribe();
        let found =
            tokio::time::timeout(limit, polls.wait_for(|polls| after(polls).is_some())).await;
        found
            .ok()?
            .ok()
            .and_then(|polls| after(&polls))
            .map(|poll| poll - since)
    }

    /// Forgets a reported start failure, so that another process can be tried.
    pub fn clear_init_error(&self) {
        self.shared.init_error.send_replace(None);
    }

    /// What processes did that the Runtime API does not allow: unknown paths, a second answer, an answer that nobody waits for.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        hold(&self.shared.faults).clone()
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.polls.send_modify(|polls| polls.push(Instant::now()));
    // A poll whose connection breaks is dropped here, before it has taken anything: nothing is lost.
    let job = {
        let mut jobs = shared.jobs.lock().await;
        loop {
            match jobs.recv().await {
                Some(job) if job.answer.is_closed() => {}
                other => break other,
            }
        }
    };
    let Some(job) = job else {
        return plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({"errorType": "Closed"}),
        );
    };
    let (deadline, arn) = match job.deadline {
        Deadline::In(milliseconds) => (now() + milliseconds, ARN),
        Deadline::Emulator => (EMULATOR_DEADLINE, EMULATOR_ARN),
    };
    hold(&shared.taken).insert(job.id.clone(), job.answer);
    Response::builder()
        .header("content-type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", &job.id)
        .header("Lambda-Runtime-Deadline-Ms", deadline)
        .header("Lambda-Runtime-Invoked-Function-Arn", arn)
        .header(
            "Lambda-Runtime-Trace-Id",
            "Root=1-00000001-000000000000000000000001;Parent=0000000000000001;Sampled=0",
        )
        .body(Body::from(job.event))
        .unwrap_or_default()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| {
            u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
        })
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let outcome = serde_json::from_slice(&body)
        .map(Answer::Response)
        .map_err(|_| InvokeError::NotJson(String::from_utf8_lossy(&body).into_owned()));
    settle(&shared, &id, outcome)
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (error_type, error_message, body) = report(&headers, &body);
    settle(
        &shared,
        &id,
        Ok(Answer::Error {
            error_type,
            error_message,
            body,
        }),
    )
}

async fn init_error(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (error_type, error_message, body) = report(&headers, &body);
    shared.init_error.send_replace(Some(InvokeError::Init {
        error_type,
        error_message,
        body,
    }));
    plain(StatusCode::ACCEPTED, json!({"status": "OK"}))
}

async fn unknown(State(shared): State<Arc<Shared>>, method: Method, uri: Uri) -> Response {
    hold(&shared.faults).push(format!("{method} {uri} is not of the Runtime API"));
    plain(StatusCode::NOT_FOUND, json!({"errorType": "NotFound"}))
}

fn settle(shared: &Shared, id: &str, outcome: Outcome) -> Response {
    let Some(sender) = hold(&shared.taken).remove(id) else {
        hold(&shared.faults).push(format!(
            "an answer to {id}, which was never handed out or is answered already"
        ));
        return plain(
            StatusCode::BAD_REQUEST,
            json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"}),
        );
    };
    if sender.send(outcome).is_err() {
        hold(&shared.faults).push(format!(
            "an answer to {id}, for which nobody waits any longer"
        ));
    }
    plain(StatusCode::ACCEPTED, json!({"status": "OK"}))
}

/// Type, message and the whole of an error report; the type may also stand in a header.
fn report(headers: &HeaderMap, body: &[u8]) -> (String, String, Value) {
    let body = serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()));
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let header = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    (
        text("errorType").or(header).unwrap_or_default(),
        text("errorMessage").unwrap_or_default(),
        body,
    )
}

fn plain(status: StatusCode, body: Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
