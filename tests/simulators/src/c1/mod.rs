//! ConductorOne's connector service (C1): the token endpoint, and the gRPC service from which a connector takes tasks.
//!
//! It is no vendor: a connector does not read it, it works for it. Calls that are not as the protocol documents them are
//! refused and recorded in [`C1::violations`].
//!
//! ```no_run
//! use rollcall_simulators::c1::{C1, CallFault, CallEffect, NewTask, Options, Rpc, messages::*};
//!
//! # async fn example() -> std::io::Result<()> {
//! let c1 = C1::start(Options::default()).await?;
//! let credential = c1.credential(); // BATON_CLIENT_ID and BATON_CLIENT_SECRET
//! let dev = Entitlement::new(Resource::new("role", "dev", "Developer"), "role:dev:member");
//! let grant = GrantTask {
//!     entitlement: Some(dev),
//!     principal: Some(Resource::new("user", "u1", "Ann")),
//!     ..GrantTask::default()
//! };
//! let grant = c1.give(grant);
//! let sync = c1.give(NewTask::from(SyncFullTask::default()).cancelled_at(2));
//! c1.set_faults([CallFault::once(Rpc::FinishTask, CallEffect::Status(14))]);
//! // The agent runs with `credential` until `c1.open_tasks()` is 0.
//! let finish = c1.finish(&grant).expect("a finish");
//! assert!(finish.response::<GrantManagerServiceGrantResponse>().is_some());
//! assert_eq!(c1.task(&sync).expect("a task").heartbeats.len(), 2);
//! assert_eq!(c1.violations(), Vec::<String>::new());
//! # Ok(())
//! # }
//! ```

use std::{
    io,
    net::SocketAddr,
    os::fd::AsFd,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{Router, serve::ListenerExt};
use jiff::Timestamp;
use prost::{Message, Name};
use prost_types::Any;
use tokio::sync::{Notify, oneshot};

mod fault;
pub mod messages;
mod service;
mod state;
mod strict;
mod task;
mod token;

pub use fault::{CallEffect, CallFault, Rpc};
pub use task::NewTask;
pub use token::Credential;

use service::{Service, handle};
use state::ServiceState;

use crate::server::bind;

/// The service's switches.
#[derive(Clone)]
pub struct Options {
    /// The present, for tokens, assertions, leases and the log.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How long a token is valid.
    pub token_lifetime: Duration,
    /// When to poll again.
    pub next_poll: Duration,
    /// When to send the next heartbeat.
    pub next_heartbeat: Duration,
    /// A task whose worker is silent for so long is handed out again.
    pub lease: Duration,
    /// Whether "nothing to do" is a task of its own, or the absence of one.
    pub nothing_is_a_task: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(Timestamp::now),
            token_lifetime: Duration::from_secs(300),
            next_poll: Duration::from_secs(10),
            next_heartbeat: Duration::from_secs(30),
            lease: Duration::from_secs(600),
            nothing_is_a_task: true,
        }
    }
}

/// A call in the log, in order of arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRecord {
    /// When it arrived.
    pub at: Timestamp,
    /// Which it is; `None` if there is no such call.
    pub rpc: Option<Rpc>,
    /// Its path.
    pub path: String,
    /// The task that it is about; empty if it is about none, or never got so far.
    pub task_id: String,
    /// The number of its connection, from 0.
    pub connection: usize,
    /// How long the client waits for the answer.
    pub timeout: Option<Duration>,
    /// The gRPC status, or an HTTP status from 100 on; `None` if it was not answered.
    pub code: Option<u16>,
}

/// The end of a task.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of FinishTask")]
pub struct FinishedTask {
    pub at: Timestamp,
    pub task_id: String,
    pub success: bool,
    pub code: i32,
    pub message: String,
    pub details: Vec<Any>,
    pub non_retryable: bool,
    pub annotations: Vec<Any>,
    pub response: Option<Any>,
}

impl FinishedTask {
    /// The response, if it is of this type.
    #[must_use]
    pub fn response<M: Message + Name + Default>(&self) -> Option<M> {
        self.response.as_ref()?.to_msg().ok()
    }

    /// The first annotation of this type.
    #[must_use]
    pub fn annotation<M: Message + Name + Default>(&self) -> Option<M> {
        self.annotations.iter().find_map(|any| any.to_msg().ok())
    }

    /// The first detail of this type of the status.
    #[must_use]
    pub fn detail<M: Message + Name + Default>(&self) -> Option<M> {
        self.details.iter().find_map(|any| any.to_msg().ok())
    }
}

/// A file that was uploaded completely, with the right hash.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asset {
    /// When its upload ended.
    pub at: Timestamp,
    /// Its task.
    pub task_id: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// The length of each message's data.
    pub messages: Vec<usize>,
}

/// What became of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskRecord {
    /// The task.
    pub id: String,
    /// How often it was handed out.
    pub deliveries: usize,
    /// How often it was finished, or answered by a Hello.
    pub ends: usize,
    /// When its heartbeats came.
    pub heartbeats: Vec<Timestamp>,
    /// How many assets were uploaded for it.
    pub assets: usize,
    /// Whether it is to be handed out, or is not finished.
    pub open: bool,
}

/// A running service; it stops when dropped.
pub struct C1 {
    service: Arc<Service>,
    address: SocketAddr,
    credential: Credential,
    /// The service ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl C1 {
    /// Starts it on a free port of the loopback interface.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        Self::start_on(0, options).await
    }

    /// Starts it on this port.
    ///
    /// # Errors
    /// If the port cannot be bound.
    pub async fn start_on(port: u16, options: Options) -> io::Result<Self> {
        let listener = bind(port).await?;
        let address = listener.local_addr()?;
        let (credential, client) = token::generate(&format!("rollcall@{address}/test"))?;
        let state = Mutex::new(ServiceState::new(options, client));
        let service = Arc::new(Service { state, arrivals: Notify::new() });
        let connected = Arc::clone(&service);
        let listener = listener.tap_io(move |stream| {
            _ = stream.set_nodelay(true);
            // A second handle, because the first belongs to the server until the connection ends.
            let handle = stream.as_fd().try_clone_to_owned();
            if let (Ok(peer), Ok(handle)) = (stream.peer_addr(), handle) {
                connected.state().connections.push((peer, handle.into()));
            }
        });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&service));
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let stopped = async { _ = stopped.await };
            // Accepting never fails for good.
            _ = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
        });
        Ok(Self { service, address, credential, _stop: stop })
    }

    fn state(&self) -> MutexGuard<'_, ServiceState> {
        self.service.state()
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What its one client authenticates with.
    #[must_use]
    pub fn credential(&self) -> Credential {
        self.credential.clone()
    }

    /// The client's id with a key that is not the client's.
    ///
    /// # Errors
    /// If there is no randomness.
    pub fn credential_with_wrong_key(&self) -> io::Result<Credential> {
        Ok(token::generate(&self.credential.client_id)?.0)
    }

    /// Puts a task into the queue. Returns its id.
    pub fn give(&self, task: impl Into<NewTask>) -> String {
        self.state().order(task.into())
    }

    /// Looks at the switches or changes them.
    pub fn set_options<T>(&self, change: impl FnOnce(&mut Options) -> T) -> T {
        change(&mut self.state().options)
    }

    /// Replaces the faults.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = CallFault>) {
        self.state().faults = faults.into_iter().collect();
    }

    /// Forgets all tokens: calls with them are refused as unauthenticated.
    pub fn forget_tokens(&self) {
        self.state().tokens.values_mut().for_each(|end| *end = None);
    }

    /// Closes all connections.
    pub fn close_connections(&self) {
        let state = self.state();
        (0..state.connections.len()).for_each(|connection| state.disconnect(connection));
    }

    /// How many connections there were.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state().connections.len()
    }

    /// All calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        self.state().log.clone()
    }

    /// The calls of one kind so far.
    #[must_use]
    pub fn calls_to(&self, rpc: Rpc) -> Vec<CallRecord> {
        self.calls().into_iter().filter(|call| call.rpc == Some(rpc)).collect()
    }

    /// Waits until so many calls of one kind have arrived, whatever becomes of them.
    pub async fn arrival(&self, rpc: Rpc, count: usize) {
        loop {
            let next = self.service.arrivals.notified();
            if self.calls_to(rpc).len() >= count {
                return;
            }
            next.await;
        }
    }

    /// What a well-behaved client would not have sent.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// All tasks in the order in which they were given.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskRecord> {
        self.state().records()
    }

    /// What became of a task.
    #[must_use]
    pub fn task(&self, id: &str) -> Option<TaskRecord> {
        self.tasks().into_iter().find(|task| task.id == id)
    }

    /// How many tasks are to be handed out, or are not finished.
    #[must_use]
    pub fn open_tasks(&self) -> usize {
        self.tasks().iter().filter(|task| task.open).count()
    }

    /// The ends of tasks, in order of arrival.
    #[must_use]
    pub fn finishes(&self) -> Vec<FinishedTask> {
        self.state().finishes.clone()
    }

    /// The last end of a task.
    #[must_use]
    pub fn finish(&self, id: &str) -> Option<FinishedTask> {
        self.finishes().into_iter().rfind(|finish| finish.task_id == id)
    }

    /// What was uploaded, in order of arrival.
    #[must_use]
    pub fn assets(&self) -> Vec<Asset> {
        self.state().assets.clone()
    }

    /// The accepted Hellos, in order of arrival.
    #[must_use]
    pub fn hellos(&self) -> Vec<messages::HelloRequest> {
        self.state().hellos.clone()
    }
}
