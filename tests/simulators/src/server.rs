//! The server every simulator runs on: binds the loopback interface, records requests, applies faults.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    response::Response,
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot};

pub use crate::log::Request;
use crate::{
    fault::{Fault, FaultKind, Faults},
    line::{Line, Lines},
    log::Log,
    response::{cut, leave_out, plain, spoiled},
};

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Call {
    /// Upper-case method.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query without its question mark, still percent-encoded; empty if there is none.
    pub query: String,
    /// Header names (lower case) and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// Requests in flight when this one arrived, including itself.
    pub running: usize,
    /// The name of the host that it came to; empty where the simulator has one.
    pub host: String,
}

impl Call {
    /// The value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A vendor's answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, without the length, and without the content type if it is JSON.
    pub headers: Vec<(String, String)>,
    /// The JSON body; `null` is an empty body. With another content type, a string is sent verbatim.
    pub body: Value,
    /// Violations: what a well-behaved client would not have sent.
    pub violations: Vec<String>,
}

/// The vendor behind a server.
pub trait Vendor: Send + Sync + 'static {
    /// Answers a request, changing the vendor's world if it is a write.
    fn answer(&self, call: &Call) -> Answer;
    /// The name of the host; empty where the simulator has one.
    fn host(&self) -> &str {
        ""
    }
    /// How long every request takes.
    fn latency(&self) -> Duration;
    /// The usual error body for a status, in answer to this request.
    fn error_body(&self, call: &Call, status: u16) -> Value;
    /// Whether the request asks for a further page of a list.
    fn carries_cursor(&self, call: &Call) -> bool;
    /// The answer to a cursor that is no longer valid.
    fn stale_cursor(&self, call: &Call) -> Answer;
    /// Changes a list's answer so that its cursor is the requested one.
    fn repeat_cursor(&self, call: &Call, answer: &mut Answer);
    /// Adds the common parts of the vendor's answers to that of a fault, unless the fault overrides them.
    fn complete(&self, _answer: &mut Answer) {}
}

/// The shared state of a simulator's servers.
#[derive(Default)]
struct Common {
    log: Mutex<Log>,
    faults: Mutex<Faults>,
}

struct Shared {
    vendor: Arc<dyn Vendor>,
    address: SocketAddr,
    common: Arc<Common>,
}

/// A running server; it stops when dropped.
///
/// A simulator of a vendor with several hosts has several servers. They share the log and the faults, so that order of
/// arrival and counts are those of the whole simulator, whichever host a request went to.
pub struct Server {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
}

/// A panic elsewhere with the lock is reported by that test; the data is unchanged.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// Serves the vendor on `127.0.0.1`; port 0 picks a free one.
    ///
    /// # Errors
    /// If the port cannot be bound.
    pub async fn start(vendor: Arc<dyn Vendor>, port: u16) -> io::Result<Self> {
        Self::start_with(vendor, port, Arc::default()).await
    }

    /// Serves another host of the same simulator: with the same log and the same faults.
    ///
    /// # Errors
    /// If the port cannot be bound.
    pub async fn start_beside(&self, vendor: Arc<dyn Vendor>, port: u16) -> io::Result<Self> {
        Self::start_with(vendor, port, Arc::clone(&self.shared.common)).await
    }

    async fn start_with(
        vendor: Arc<dyn Vendor>,
        port: u16,
        common: Arc<Common>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = Lines(listener.map_err(|e| {
            let why = match e.kind() {
                io::ErrorKind::AddrInUse => "is in use".to_owned(),
                _ => format!("cannot be used ({e})"),
            };
            io::Error::new(e.kind(), format!("port {port} {why}"))
        })?);
        let address = listener.0.local_addr()?;
        let shared = Arc::new(Shared { vendor, address, common });
        let (stop, stopped) = oneshot::channel();
        let service = Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&shared))
            .into_make_service_with_connect_info::<Line>();
        tokio::spawn(async move {
            // Either a stop signal or the sender's drop ends the service. Accepting never fails for good.
            let _ = axum::serve(listener, service)
                .with_graceful_shutdown(async {
                    let _ = stopped.await;
                })
                .await;
        });
        Ok(Self { shared, stop: Some(stop) })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.shared.common.log)
    }

    /// All requests so far, to every host, in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.log().requests(None)
    }

    /// The requests to this host alone.
    #[must_use]
    pub fn own_requests(&self) -> Vec<Request> {
        self.log().requests(Some(self.shared.address))
    }

    /// Number of requests so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.log().entries.len()
    }

    /// Forgets requests and violations, and begins a new peak.
    pub fn clear_requests(&self) {
        self.log().clear();
    }

    /// What a well-behaved client would not have sent, each with the request it was found in.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.log().violations.clone()
    }

    /// The maximum number of concurrent requests.
    #[must_use]
    pub fn peak_concurrency(&self) -> usize {
        self.log().peak
    }

    /// Replaces the faults and starts counting anew.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        lock(&self.shared.common.faults).set(faults);
    }

    /// No more faults.
    pub fn clear_faults(&self) {
        self.set_faults(Vec::new());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The service may already be gone with its runtime.
            let _ = stop.send(());
        }
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 8 << 20).await.unwrap_or_default();
    let mut call = Call {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect(),
        body,
        running: 0,
        host: shared.vendor.host().to_owned(),
    };
    let common = &shared.common;
    let number = lock(&common.log).arrived(shared.address, &mut call);
    let fault = lock(&common.faults).take(&call, shared.vendor.as_ref());
    // A guard, because a client that hangs up drops this future at any await.
    let _running = Running(Arc::clone(common));
    tokio::time::sleep(shared.vendor.latency()).await;
    let (status, response) = respond(&shared, &call, &line, fault, number).await;
    lock(&common.log).answered(number, status);
    response
}

struct Running(Arc<Common>);

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.0.log).ended();
    }
}

/// Gets the vendor's answer and keeps the violations of the request.
fn ask(shared: &Shared, call: &Call) -> Answer {
    let answer = shared.vendor.answer(call);
    lock(&shared.common.log).violated(call, &answer.violations);
    answer
}

async fn respond(
    shared: &Shared,
    call: &Call,
    line: &Line,
    fault: Option<FaultKind>,
    number: u64,
) -> (u16, Response) {
    let Some(fault) = fault else {
        return plain(&ask(shared, call));
    };
    let instead = |mut answer: Answer| {
        shared.vendor.complete(&mut answer);
        plain(&answer)
    };
    match fault {
        FaultKind::Status { code, headers, body } => {
            let body = body.unwrap_or_else(|| shared.vendor.error_body(call, code));
            instead(Answer { status: code, headers, body, violations: Vec::new() })
        }
        FaultKind::Redirect { to } => instead(Answer {
            status: 307,
            headers: vec![("location".to_owned(), to)],
            body: Value::Null,
            violations: Vec::new(),
        }),
        FaultKind::StaleCursor => instead(shared.vendor.stale_cursor(call)),
        FaultKind::Disconnect => {
            line.cut();
            (0, Response::new(Body::empty()))
        }
        FaultKind::LoseAnswer => {
            ask(shared, call);
            line.cut();
            (0, Response::new(Body::empty()))
        }
        FaultKind::Slow(delay) => {
            let answer = ask(shared, call);
            // In the log before the wait is over: the client may disconnect in between.
            lock(&shared.common.log).answered(number, answer.status);
            tokio::time::sleep(delay).await;
            plain(&answer)
        }
        FaultKind::RepeatCursor => {
            let mut answer = ask(shared, call);
            shared.vendor.repeat_cursor(call, &mut answer);
            plain(&answer)
        }
        FaultKind::Without(path) => {
            let mut answer = ask(shared, call);
            leave_out(&mut answer.body, &path);
            plain(&answer)
        }
        FaultKind::InvalidJson => {
            let answer = ask(shared, call);
            spoiled(&answer)
        }
        FaultKind::CutBody => {
            let answer = ask(shared, call);
            cut(&answer)
        }
    }
}
