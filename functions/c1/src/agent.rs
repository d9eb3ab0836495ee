//! The agent of one connection: introduces the connector, polls for tasks, and has them worked off, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::{after, before, between, whole_second};
use rollcall_connector::event::check_connection;
use rollcall_connector::{Chain, Code, Error, ErrorType};
use rollcall_engine::context::Context;
use rollcall_engine::store::lease::{Acquired, Lease, LeaseRequest};
use sha2::{Digest, Sha256};

use crate::client::Client;
use crate::credentials::AgentSettings;
use crate::desk::Desk;
use crate::event::{AgentAnswer, AgentEvent, AgentStatus, TaskReport};
use crate::functions::Functions;
use crate::metadata;
use crate::proto::{BuildInfo, ConnectorMetadata, HelloRequest, OsInfo};
use crate::shift::Shift;
use crate::state::{self, AgentState};

/// The part of an invocation that is kept for the last calls and for saving.
const RESERVE: Duration = Duration::from_secs(60);

/// The owner in the lease: every agent of a connection resumes what another one left.
const OWNER: &str = "c1-agent";

/// How often a process renews its lease.
pub(crate) const TICK: Duration = Duration::from_secs(30);

/// When to look again for what another run, request or agent holds: it may be released long before it expires.
pub(crate) const LEASE_CHECK: Duration = Duration::from_secs(20);

/// How long the agent lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Until no task is left that can be worked on now: the caller comes back.
    Invocation,
    /// Until the operator asks to stop.
    Process,
}

/// Receives what the agent does, one line at a time.
pub trait Listener: Send + Sync {
    /// Called with each line.
    fn note(&self, text: &str);
}

/// The agent of one connection.
pub struct Agent<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) functions: &'a dyn Functions,
    pub(crate) connector: &'a str,
    pub(crate) connection: &'a str,
    pub(crate) client: Client,
    pub(crate) metadata: ConnectorMetadata,
    pub(crate) listener: &'a dyn Listener,
    pub(crate) provisioning: bool,
    pub(crate) lifetime: Lifetime,
    secret_provisioning: Option<bool>,
    /// The time from which on nothing new is begun.
    pub(crate) stop_at: Timestamp,
    /// Identifies what Hello says.
    pub(crate) hello: String,
}

/// The name of an installation that gives itself none: it stays the same wherever the agent runs.
fn default_host_id(connector: &str, connection: &str) -> String {
    format!("rollcall-{connector}-{connection}")
}

impl<'a> Agent<'a> {
    /// The agent of the event's connection, with the credentials in its secret; `None` if there are none. Sends nothing to
    /// ConductorOne.
    pub async fn connect(
        cx: &'a Context,
        functions: &'a dyn Functions,
        connector: &'a str,
        event: &'a AgentEvent,
        listener: &'a dyn Listener,
    ) -> Result<Option<Self>, Error> {
        let connection = &event.connection;
        check_connection(connection)?;
        let metadata = metadata::read(&event.metadata)?;
        let place = cx.secrets.place(connector, connection);
        let secret = cx.secrets.get(connector, connection).await?;
        let Some(settings) = AgentSettings::read(&secret, &place)? else { return Ok(None) };
        let host_id = settings.host_id.unwrap_or_else(|| default_host_id(connector, connection));
        let credentials = Arc::new(settings.credentials);
        let identity = format!("{host_id} {} {}", env!("CARGO_PKG_VERSION"), event.metadata);
        let client = Client::new(credentials, host_id, &cx.transport, cx.clock.clone())?;
        Ok(Some(Self {
            cx,
            functions,
            connector,
            connection,
            client,
            metadata,
            listener,
            provisioning: settings.provisioning.unwrap_or(false),
            lifetime: Lifetime::Invocation,
            secret_provisioning: settings.provisioning,
            stop_at: cx
                .deadline
                .map_or(Timestamp::MAX, |at| before(at, RESERVE.min(cx.remaining() / 3))),
            hello: hex::encode(Sha256::digest(identity)),
        }))
    }

    /// Whether the connection's secret allows changes; `None`: it does not say.
    pub fn secret_provisioning(&self) -> Option<bool> {
        self.secret_provisioning
    }

    /// The name of this installation.
    pub fn host_id(&self) -> &str {
        self.client.host_id()
    }

    /// Whether ConductorOne may change access.
    pub fn provisioning(&self) -> bool {
        self.provisioning
    }

    /// Overrides whether ConductorOne may change access.
    #[must_use]
    pub fn with_provisioning(mut self, provisioning: bool) -> Self {
        self.provisioning = provisioning;
        self
    }

    /// Introduces the connector: it is visible in ConductorOne afterwards. Takes no task.
    pub async fn say_hello(&self) -> Result<(), Error> {
        self.client.hello(self.introduction("")).await.map_err(Error::from)
    }

    pub(crate) fn introduction(&self, task_id: &str) -> HelloRequest {
        // Every one of these must be given. What there is no fact about is filled as the public connectors fill it.
        let os = std::env::consts::OS.to_owned();
        HelloRequest {
            host_id: self.client.host_id().to_owned(),
            task_id: task_id.to_owned(),
            build_info: Some(BuildInfo {
                lang_version: "rust".into(),
                package: format!("rollcall/{}", self.connector),
                package_version: env!("CARGO_PKG_VERSION").into(),
            }),
            os_info: Some(OsInfo {
                hostname: self.client.host_id().to_owned(),
                platform: os.clone(),
                platform_version: "unknown".into(),
                platform_family: os.clone(),
                os,
                kernel_version: "unknown".into(),
                kernel_arch: std::env::consts::ARCH.into(),
                virtualization_system: "none".into(),
            }),
            connector_metadata: Some(self.metadata.clone()),
        }
    }

    /// Polls for tasks and works them off, as long as `lifetime` says.
    pub async fn run(mut self, lifetime: Lifetime) -> Result<AgentAnswer, Error> {
        self.lifetime = lifetime;
        let lease = loop {
            match self.acquire().await? {
                Acquired::Held(lease) => break lease,
                Acquired::Busy(holder) => {
                    let until = holder.expires_at;
                    if lifetime == Lifetime::Invocation {
                        let soon = until.min(after(self.cx.clock.now(), LEASE_CHECK));
                        return Ok(self.answer(AgentStatus::Busy, Some(soon), Vec::new()));
                    }
                    self.listener.note(&format!("another agent serves this connection, or was killed; its lease ends at {until:.0}"));
                    let wait = between(self.cx.clock.now(), until).min(TICK);
                    if !self.cx.interrupt.sleep(&*self.cx.clock, wait).await {
                        return Ok(self.answer(AgentStatus::Busy, Some(until), Vec::new()));
                    }
                }
            }
        };
        let desk = Desk::new(self.cx, lease);
        let mut shift = Shift::new(&self, &desk);
        let ended = shift.run().await;
        // Work that was not finished is dropped here, and repeated by whoever comes next.
        let Shift { reports, published, failure, .. } = shift;
        let open = desk.close().await?;
        ended?;
        match failure {
            // What was published is reported: the caller puts it on the bus.
            Some(e) if open.is_empty() && published.is_empty() => return Err(e),
            Some(e) => self.listener.note(&Chain(&e).to_string()),
            None => {}
        }
        let next =
            open.iter().map(|task| task.next_at().unwrap_or_else(|| self.cx.clock.now())).min();
        let mut answer = match next {
            None => self.answer(AgentStatus::Idle, None, reports),
            Some(at) => self.answer(AgentStatus::Continue, Some(at), reports),
        };
        answer.task = open.into_iter().next().map(|task| task.id);
        answer.published = published;
        Ok(answer)
    }

    async fn acquire(&self) -> Result<Acquired<AgentState>, Error> {
        let key = state::key(self.connector, self.connection);
        let request = LeaseRequest { owner: OWNER, floor: 0, ttl: self.cx.lease_duration() };
        Lease::acquire(&*self.cx.store, &*self.cx.clock, &key, &request).await
    }

    fn answer(
        &self,
        status: AgentStatus,
        resume_at: Option<Timestamp>,
        tasks: Vec<TaskReport>,
    ) -> AgentAnswer {
        let idle = AgentAnswer::idle(self.connection.to_owned());
        AgentAnswer { status, resume_at: resume_at.map(whole_second), tasks, ..idle }
    }

    /// Whether nothing new is to be begun.
    pub(crate) fn is_stopping(&self) -> bool {
        self.cx.interrupt.is_raised() || self.cx.clock.now() >= self.stop_at
    }
}

/// The error that a connection has no credentials for ConductorOne.
pub fn no_credentials(cx: &Context, connector: &str, connection: &str) -> Error {
    let place = cx.secrets.place(connector, connection);
    Error::new(
        ErrorType::Misconfigured,
        Code::C1CredentialsMalformed,
        format!("there are no credentials for ConductorOne in {place}"),
        "Add `client-id` and `client-secret` (BATON_CLIENT_ID and BATON_CLIENT_SECRET), which ConductorOne shows when a connector is added there.",
    )
}
