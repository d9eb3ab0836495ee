//! Buildkite: the REST API, version 2, as far as people, teams and access go, and the two GraphQL queries that read the
//! same. One server plays both hosts: `/v2/…` is REST and `/v1` is GraphQL.
//!
//! Written from the vendor's public documentation (<https://buildkite.com/docs/apis>), its GraphQL schema and public
//! issues of its official clients. Where those are silent a comment says *unknown* and which side is taken; what a client
//! might get wrong by guessing is a switch in [`Options`].

mod builder;
mod caller;
mod clock;
mod graphql;
mod ids;
mod meter;
mod options;
mod paging;
mod reading;
mod refusal;
mod rich;
mod routes;
mod rows;
mod samples;
mod seed;
mod tokens;
mod view;
mod world;

use std::{
    io,
    ops::Deref,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

pub use builder::SINCE;
pub use clock::Clock;
pub use options::{
    ECHOED_KEY, InvisibleTeam, Limits, MissingOrganization, Options, Paging, Shift, SsoMode, Teams,
    TokenDates,
};
pub use rich::{LARGE_TEAM_ID, SECOND_ORGANIZATION};
pub use samples::{
    ADA_ID, BEN_ID, CLEO_ID, EVERYONE_ID, ORGANIZATION, ORGANIZATION_ID, PLATFORM_ID,
};
pub use seed::Sizes;
pub use tokens::{
    DOCUMENTED_SCOPES, EXPIRED_TOKEN, GRAPHQL_TOKEN, MEMBER_TOKEN, TEST_TOKEN,
    TOKEN_WITHOUT_ORGANIZATION, TOKEN_WITHOUT_READ_ORGANIZATIONS, TOKEN_WITHOUT_READ_TEAMS,
    TOKEN_WITHOUT_READ_USER, TOKEN_WITHOUT_SCOPES, Token, WIDE_TOKEN,
};
pub use world::{Member, Organization, Team, TeamMember, User, World};

pub use crate::lists::Ordering;
use crate::{
    fault::FaultKind,
    server::{Answer, Call, Server, Vendor, lock},
};

/// Something somebody else does to the world.
type Change = Box<dyn FnOnce(&mut World) + Send>;

/// Everything behind the API.
pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) options: Options,
    pub(crate) rest: meter::Meter,
    pub(crate) graphql: meter::Meter,
    pub(crate) time: clock::Time,
    /// Requests since the switches were last changed.
    pub(crate) answered: usize,
    /// What happens before a request for this path is answered.
    before: Vec<(String, Change)>,
}

impl Inner {
    /// Does what was to be done before this request.
    pub(crate) fn let_others_go_first(&mut self, call: &Call) {
        let due = self.before.iter().position(|(path, _)| *path == call.path);
        if let Some(due) = due {
            let (_, change) = self.before.remove(due);
            change(&mut self.world);
        }
    }
}

struct Cloud(Mutex<Inner>);

/// A running simulator; it stops when dropped.
pub struct Buildkite {
    server: Server,
    cloud: Arc<Cloud>,
}

impl Buildkite {
    /// Starts on a free port.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start(world: World, options: Options) -> io::Result<Self> {
        Self::start_on(0, world, options).await
    }

    /// Starts on a given port.
    ///
    /// # Errors
    /// If the port cannot be bound.
    pub async fn start_on(port: u16, world: World, options: Options) -> io::Result<Self> {
        let cloud = Arc::new(Cloud(Mutex::new(Inner {
            world,
            options,
            rest: meter::Meter::default(),
            graphql: meter::Meter::default(),
            time: clock::Time::new(),
            answered: 0,
            before: Vec::new(),
        })));
        let server = Server::start(Arc::clone(&cloud) as Arc<dyn Vendor>, port).await?;
        Ok(Self { server, cloud })
    }

    /// The REST API: `http://127.0.0.1:PORT/v2`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v2", self.server.url())
    }

    /// The GraphQL API: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn graphql_url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// Looks at the world or changes it.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.cloud.0).world)
    }

    /// Changes the world right before the next request for exactly this path is answered: what somebody else does
    /// meanwhile. Several changes before the same path are made before one request each.
    pub fn before(&self, path: &str, change: impl FnOnce(&mut World) + Send + 'static) {
        let change: Change = Box::new(change);
        lock(&self.cloud.0).before.push((path.to_owned(), change));
    }

    /// Who has what: [`World::access_view`].
    #[must_use]
    pub fn access_view(&self) -> Value {
        self.with_world(|world| world.access_view())
    }

    /// Looks at the switches or changes them. All windows and counts begin anew.
    pub fn set_options<T>(&self, change: impl FnOnce(&mut Options) -> T) -> T {
        let inner = &mut *lock(&self.cloud.0);
        inner.rest = meter::Meter::default();
        inner.graphql = meter::Meter::default();
        inner.answered = 0;
        change(&mut inner.options)
    }

    /// The points of GraphQL that have been used of the fullest window of a user.
    #[must_use]
    pub fn points_used(&self) -> u64 {
        lock(&self.cloud.0).graphql.used_by_users()
    }

    /// Puts the clock forward: windows end, tokens expire.
    pub fn advance(&self, by: Duration) {
        lock(&self.cloud.0).time.advanced += by;
    }
}

/// The log and the faults.
impl Deref for Buildkite {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Vendor for Cloud {
    fn answer(&self, call: &Call) -> Answer {
        routes::answer(&mut lock(&self.0), call)
    }

    fn latency(&self) -> Duration {
        lock(&self.0).options.latency
    }

    fn error_body(&self, call: &Call, status: u16) -> Value {
        refusal::body_for_status(refusal::Api::of(&call.path), status)
    }

    fn carries_cursor(&self, call: &Call) -> bool {
        graphql::carries_cursor(call)
    }

    fn stale_cursor(&self, _call: &Call) -> Answer {
        graphql::stale_cursor()
    }

    fn repeat_cursor(&self, call: &Call, answer: &mut Answer) {
        if refusal::Api::of(&call.path) == refusal::Api::Rest {
            paging::repeat(call, &lock(&self.0).options, answer);
        } else {
            graphql::repeat(call, answer);
        }
    }
}

/// What the proxy in front of the API says when what is behind it does not answer: a page for people.
#[must_use]
pub fn html_page(status: u16) -> FaultKind {
    FaultKind::Status {
        code: status,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: Some(json!(format!(
            "<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
        ))),
    }
}

/// A refusal because there are too many requests, whatever has been used: of `rest` or of `rest_user`, with the headers
/// and the body that go with it. Answers to other faults have no such headers.
#[must_use]
pub fn too_many_requests(scope: &str, reset: u64) -> FaultKind {
    let (prefix, limit) = match scope {
        "rest_user" => ("ratelimit-user", Limits::REST.per_user),
        _ => ("ratelimit", Limits::REST.per_organization),
    };
    let current = limit + 1;
    FaultKind::Status {
        code: 429,
        headers: [
            ("scope", scope.to_owned()),
            ("remaining", "-1".to_owned()),
            ("limit", limit.to_string()),
            ("reset", reset.to_string()),
        ]
        .map(|(name, value)| (format!("{prefix}-{name}"), value))
        .into(),
        body: Some(json!({
            "message": meter::message(refusal::Api::Rest, reset), "scope": scope, "limit": limit,
            "current": current, "reset": reset,
        })),
    }
}
