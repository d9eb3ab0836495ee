//! A Lambda Runtime API on this machine: what AWS puts in front of a function's process
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).
//!
//! A test starts the server, starts a binary with `AWS_LAMBDA_RUNTIME_API` set to [`RuntimeApi::address`] and calls
//! [`RuntimeApi::invoke`].

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

/// The deadline and the function ARN that the emulator of `cargo lambda` always sends.
const EMULATED: (i64, &str) = (600_000, "function-arn");
/// The function ARN of all other invocations.
const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:rollcall";
const PAYLOAD: usize = 6 * 1024 * 1024;
/// How long a call may continue after its deadline before the test fails.
const GRACE: Duration = Duration::from_secs(5);
/// How long a call with a meaningless deadline may take.
const NO_DEADLINE: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// That many milliseconds from the moment a process takes the event.
    In(u64),
    /// As from the emulator of `cargo lambda`: a moment in 1970, and an ARN that is none.
    Emulator,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Response(Value),
    /// It failed, in the way that Lambda reports to the caller: `errorType` and `errorMessage`.
    Error(Value),
}

/// The answer, or why there is none: it was not JSON, or came later than the deadline and a little more.
type Outcome = Result<Answer, String>;

type Shares = State<Arc<Shared>>;

struct Job {
    id: String,
    event: String,
    deadline: Deadline,
    answer: oneshot::Sender<Outcome>,
}

struct Shared {
    jobs: tokio::sync::Mutex<mpsc::UnboundedReceiver<Job>>,
    taken: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    polls: watch::Sender<Vec<Instant>>,
    faults: Mutex<Vec<String>>,
}

/// The server. It ends with the runtime of its test.
pub struct RuntimeApi {
    address: String,
    jobs: mpsc::UnboundedSender<Job>,
    shared: Arc<Shared>,
    count: AtomicU64,
}

impl RuntimeApi {
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (jobs, receiver) = mpsc::unbounded_channel();
        let (polls, (taken, faults)) = (watch::Sender::new(Vec::new()), Default::default());
        let waiting = tokio::sync::Mutex::new(receiver);
        let shared = Arc::new(Shared { jobs: waiting, taken, polls, faults });
        let invocation = |path: &str| format!("/2018-06-01/runtime/invocation/{path}");
        let ends = |answer| post(async move |s, id, b| settle(s, id, b, answer));
        let router = Router::new()
            .route(&invocation("next"), get(next))
            .route(&invocation("{id}/response"), ends(Answer::Response))
            .route(&invocation("{id}/error"), ends(Answer::Error))
            .fallback(unknown)
            .layer(DefaultBodyLimit::max(PAYLOAD))
            .with_state(Arc::clone(&shared));
        // It only returns if the listener fails, and then every call times out.
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok(Self { address, jobs, shared, count: AtomicU64::new(1) })
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Hands an event to the next process that requests one, and waits for its answer.
    pub async fn invoke(&self, event: Value, deadline: Deadline) -> Outcome {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let (answer, receiver) = oneshot::channel();
        let (id, event) = (format!("00000000-0000-4000-8000-{number:012x}"), event.to_string());
        let sent = self.jobs.send(Job { id, event, deadline, answer });
        let limit = match deadline {
            Deadline::In(milliseconds) => Duration::from_millis(milliseconds) + GRACE,
            Deadline::Emulator => NO_DEADLINE,
        };
        let answered = tokio::time::timeout(limit, receiver).await;
        match (sent, answered) {
            (Ok(()), Ok(Ok(outcome))) => outcome,
            _ => Err("no answer within the deadline".into()),
        }
    }

    /// The time from `since` to the first request for an event after it; `None` when there was none within `limit`.
    pub async fn first_next(&self, since: Instant, limit: Duration) -> Option<Duration> {
        let after = |polls: &Vec<Instant>| polls.iter().copied().find(|poll| *poll > since);
        let mut polls = self.shared.polls.subscribe();
        let found = polls.wait_for(|polls| after(polls).is_some());
        let found = tokio::time::timeout(limit, found).await.ok()?.ok()?;
        after(&found).map(|poll| poll - since)
    }

    /// What processes did that the Runtime API does not allow: unknown paths, a second answer, an unexpected answer.
    pub fn faults(&self) -> Vec<String> {
        self.shared.faults.lock().expect("a lock").clone()
    }
}

async fn next(State(shared): Shares) -> Response {
    shared.polls.send_modify(|polls| polls.push(Instant::now()));
    // A poll whose connection breaks is dropped here, before it has taken anything: nothing is lost.
    let Some(job) = shared.jobs.lock().await.recv().await else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "Closed");
    };
    let (deadline, arn) = match job.deadline {
        Deadline::In(time) => {
            (Timestamp::now().as_millisecond().saturating_add_unsigned(time), ARN)
        }
        Deadline::Emulator => EMULATED,
    };
    shared.taken.lock().expect("a lock").insert(job.id.clone(), job.answer);
    let trace = "Root=1-00000001-000000000000000000000001;Parent=0000000000000001;Sampled=0";
    Response::builder()
        .header("content-type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", &job.id)
        .header("Lambda-Runtime-Deadline-Ms", deadline)
        .header("Lambda-Runtime-Invoked-Function-Arn", arn)
        .header("Lambda-Runtime-Trace-Id", trace)
        .body(Body::from(job.event))
        .unwrap_or_default()
}

async fn unknown(State(shared): Shares, method: Method, uri: Uri) -> Response {
    shared.faults.lock().expect("a lock").push(format!("{method} {uri} is not of the Runtime API"));
    plain(StatusCode::NOT_FOUND, "NotFound")
}

fn settle(
    State(shared): Shares,
    Path(id): Path<String>,
    body: Bytes,
    answer: fn(Value) -> Answer,
) -> Response {
    let fault = |why: &str| {
        let mut faults = shared.faults.lock().expect("a lock");
        faults.push(format!("an answer to {id}, {why}"));
    };
    let Some(sender) = shared.taken.lock().expect("a lock").remove(&id) else {
        fault("which was never handed out or is answered already");
        return plain(StatusCode::BAD_REQUEST, "InvalidRequestID");
    };
    let text = String::from_utf8_lossy(&body);
    let outcome = serde_json::from_slice(&body).map(answer);
    if sender.send(outcome.map_err(|_| format!("the answer is not JSON: {text}"))).is_err() {
        fault("for which nobody waits any longer");
    }
    plain(StatusCode::ACCEPTED, "OK")
}

fn plain(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(json!({"status": text}).to_string()));
    *response.status_mut() = status;
    response
}
