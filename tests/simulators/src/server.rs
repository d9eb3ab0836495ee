//! The server every simulator runs on: binds the loopback interface, records requests, applies faults.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{Router, body::Bytes, extract::State, response::Response, serve::ListenerExt};
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot};

pub use crate::log::Request;
use crate::{
    fault::{Fault, FaultKind, Faults},
    kit::{Api, Tenant},
    log::Log,
    refusal::Refusal,
    response::{broken, cut, leave_out, plain, spoiled},
};

/// A request on its way: what the log has of it, and the rest.
#[derive(Clone, Debug)]
pub struct Call {
    /// What the log has of it.
    pub request: Request,
    /// The body as it was sent.
    pub bytes: Bytes,
    /// Requests under way when this one arrived, itself included.
    pub running: usize,
    /// The name of the host that it came to; empty where the simulator has one.
    pub host: String,
}

impl Deref for Call {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.request
    }
}

/// What a vendor says to a request.
#[derive(Clone, Debug, Default)]
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

/// What the servers of a simulator have in common.
#[derive(Default)]
pub(crate) struct Shared {
    log: Mutex<Log>,
    faults: Mutex<Faults>,
}

/// One host of a simulator.
struct Host<A: Api> {
    tenant: Arc<Mutex<Tenant<A>>>,
    name: String,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// A running server; it stops when dropped.
///
/// A simulator of a vendor with several hosts has several servers. They share the log and the faults, so that order of
/// arrival and counts are those of the whole simulator, whichever host a request went to.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// The service ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

/// A panic elsewhere with the lock is reported by that test; the data is unchanged.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens on a port of the loopback interface; 0 takes a free one.
pub(crate) async fn bind(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(|e| {
        let why = match e.kind() {
            io::ErrorKind::AddrInUse => "is in use".to_owned(),
            _ => format!("cannot be used ({e})"),
        };
        io::Error::new(e.kind(), format!("port {port} {why}"))
    })
}

impl Server {
    /// Serves a host on `127.0.0.1`; port 0 takes a free one.
    pub(crate) async fn start<A: Api>(
        tenant: Arc<Mutex<Tenant<A>>>,
        name: String,
        port: u16,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let listener = bind(port).await?;
        let address = listener.local_addr()?;
        // Best effort: without it small answers wait for the peer's delayed acknowledgement.
        let listener = listener.tap_io(|stream| _ = stream.set_nodelay(true));
        let host = Host { tenant, name, address, shared: Arc::clone(&shared) };
        let service = Router::new().fallback(handle::<A>).with_state(Arc::new(host));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            // Accepting never fails for good.
            let stopped = async { _ = stopped.await };
            _ = axum::serve(listener, service).with_graceful_shutdown(stopped).await;
        });
        Ok(Self { shared, address, _stop: stop })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.shared.log)
    }

    /// All requests so far, to every host, in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.log().requests(None)
    }

    /// The requests to this host alone.
    #[must_use]
    pub fn own_requests(&self) -> Vec<Request> {
        self.log().requests(Some(self.address))
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
        lock(&self.shared.faults).set(faults);
    }
}

async fn handle<A: Api>(
    State(host): State<Arc<Host<A>>>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 8 << 20).await.unwrap_or_default();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = parts.headers.iter();
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        status: 0,
        body: serde_json::from_slice(&bytes).ok(),
        headers: headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
    };
    let shared = &host.shared;
    let (number, running) = lock(&shared.log).arrived(host.address, &request);
    // A guard, because a client that hangs up drops this future at any await.
    let _running = Running(shared);
    let call = Call { request, bytes, running, host: host.name.clone() };
    let fault = lock(&shared.faults).take(&call, A::cursor(&call).is_some());
    let latency = lock(&host.tenant).options.latency;
    tokio::time::sleep(latency).await;
    let (status, response) = host.respond(&call, fault, number).await;
    lock(&shared.log).answered(number, status);
    response
}

struct Running<'a>(&'a Shared);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(&self.0.log).ended();
    }
}

impl<A: Api> Host<A> {
    /// Lets the vendor answer and keeps what it found wrong with the request.
    fn ask(&self, call: &Call) -> Answer {
        let tenant = &mut *lock(&self.tenant);
        tenant.let_others_go_first(call);
        let answer = A::answer(tenant, call);
        lock(&self.shared.log).violated(call, &answer.violations);
        answer
    }

    /// The answer of a fault, which the vendor's logic never sees.
    fn instead(&self, mut answer: Answer) -> (u16, Response) {
        A::complete(&mut lock(&self.tenant), &mut answer);
        plain(&answer)
    }

    async fn respond(&self, call: &Call, fault: Option<FaultKind>, number: u64) -> (u16, Response) {
        let Some(fault) = fault else {
            return plain(&self.ask(call));
        };
        match fault {
            FaultKind::Status { code, headers, body } => {
                let refusal = Refusal::usual(code);
                let usual = || A::envelope(&lock(&self.tenant).options, call, &refusal);
                let body = body.unwrap_or_else(usual);
                self.instead(Answer { status: code, headers, body, ..Answer::default() })
            }
            FaultKind::Redirect { to } => {
                let headers = vec![("location".to_owned(), to)];
                self.instead(Answer { status: 307, headers, ..Answer::default() })
            }
            FaultKind::StaleCursor => {
                let answer = lock(&self.tenant).refuse(call, &A::stale_cursor());
                self.instead(answer)
            }
            FaultKind::Disconnect => broken(),
            FaultKind::LoseAnswer => {
                self.ask(call);
                broken()
            }
            FaultKind::Slow(delay) => {
                let answer = self.ask(call);
                // In the log before the wait is over: the client may hang up meanwhile.
                lock(&self.shared.log).answered(number, answer.status);
                tokio::time::sleep(delay).await;
                plain(&answer)
            }
            FaultKind::RepeatCursor => {
                let mut answer = self.ask(call);
                A::repeat_cursor(&lock(&self.tenant).options, call, &mut answer);
                plain(&answer)
            }
            FaultKind::Without(path) => {
                let mut answer = self.ask(call);
                leave_out(&mut answer.body, &path);
                plain(&answer)
            }
            FaultKind::InvalidJson => spoiled(&self.ask(call)),
            FaultKind::CutBody => cut(&self.ask(call)),
        }
    }
}
