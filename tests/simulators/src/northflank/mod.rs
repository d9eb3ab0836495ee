//! Northflank: the part of the API that says who is in an organization, which roles it has, and who holds them, by
//! hand or through a group of the directory.
//!
//! Written from the vendor's public API reference (<https://northflank.com/docs/v1/api/introduction>), its
//! documentation and the types of its client `@northflank/js-client`. Where those are silent a comment says *unknown*
//! and which side is taken; what a client might get wrong by guessing is a switch in [`Options`]. The vendor also has
//! calls that change roles and who holds them; the simulator does not.

mod auth;
mod builder;
mod caller;
mod clock;
mod groups;
mod holders;
mod meter;
mod options;
mod paging;
mod refusal;
mod rich;
mod roles;
mod routes;
mod rows;
mod samples;
mod seed;
mod tokens;
mod view;
mod world;

use std::{
    collections::BTreeMap,
    io,
    ops::Deref,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

pub use builder::SINCE;
pub use options::{Both, Denial, ErrorBody, Options, PageSizes, RateLimit};
pub use samples::{ENGINEERING_ID, OPERATIONS_ID, directory_group_id};
pub use seed::Sizes;
pub use tokens::{
    EXPIRED_TOKEN, Entity, NO_MEMBERS_TOKEN, NO_ROLES_TOKEN, Permission, REVOKED_TOKEN, TEAM_TOKEN,
    TEST_TOKEN, Token,
};
pub use world::{Email, Group, GroupMember, Member, Permissions, Role, World};

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
    pub(crate) meter: meter::Meter,
    pub(crate) clock: clock::Clock,
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

/// A running simulator; it stops when dropped.
pub struct Northflank {
    server: Server,
    inner: Arc<Mutex<Inner>>,
}

impl Northflank {
    /// Starts it on a free port.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start(world: World, options: Options) -> io::Result<Self> {
        Self::start_on(0, world, options).await
    }

    /// Starts it on a given port.
    ///
    /// # Errors
    /// If the port cannot be bound.
    pub async fn start_on(port: u16, world: World, options: Options) -> io::Result<Self> {
        let inner = Arc::new(Mutex::new(Inner {
            world,
            options,
            meter: meter::Meter::default(),
            clock: clock::Clock::new(),
            before: Vec::new(),
        }));
        let vendor = Arc::new(Api(Arc::clone(&inner)));
        let server = Server::start(vendor, port).await?;
        Ok(Self { server, inner })
    }

    /// Where the API is, `/v1` being part of every path: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.server.url()
    }

    /// Looks at the world or changes it.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.inner).world)
    }

    /// Changes the world right before the next request for exactly this path is answered: what somebody else does
    /// meanwhile. Several changes before the same path are made before one request each.
    pub fn before(&self, path: &str, change: impl FnOnce(&mut World) + Send + 'static) {
        let change: Change = Box::new(change);
        lock(&self.inner).before.push((path.to_owned(), change));
    }

    /// Who has what: [`World::access_view`].
    #[must_use]
    pub fn access_view(&self) -> Value {
        self.with_world(|world| world.access_view())
    }

    /// Looks at the switches or changes them. The count of requests begins anew.
    pub fn set_options<T>(&self, change: impl FnOnce(&mut Options) -> T) -> T {
        let inner = &mut *lock(&self.inner);
        inner.meter = meter::Meter::default();
        change(&mut inner.options)
    }

    /// Puts the simulator's clock forward: what it counts, what it lets expire and what it says of times is as if so
    /// much time had passed, besides what really does.
    pub fn advance(&self, by: Duration) {
        lock(&self.inner).clock.advance(by);
    }

    /// How many requests there were for each path.
    #[must_use]
    pub fn calls_by_path(&self) -> BTreeMap<String, usize> {
        let mut calls = BTreeMap::new();
        for request in self.requests() {
            *calls.entry(request.path).or_default() += 1;
        }
        calls
    }
}

/// The log and the faults.
impl Deref for Northflank {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

/// The vendor's side of the server.
struct Api(Arc<Mutex<Inner>>);

impl Vendor for Api {
    fn answer(&self, call: &Call) -> Answer {
        routes::answer(&mut lock(&self.0), call)
    }

    fn latency(&self) -> Duration {
        lock(&self.0).options.latency
    }

    fn error_body(&self, _call: &Call, status: u16) -> Value {
        refusal::body_for_status(lock(&self.0).options.errors, status)
    }

    fn carries_cursor(&self, call: &Call) -> bool {
        paging::asked(call).is_some()
    }

    fn stale_cursor(&self) -> Answer {
        paging::bad_cursor().answer(lock(&self.0).options.errors)
    }

    fn repeat_cursor(&self, call: &Call, answer: &mut Answer) {
        paging::repeat(call, answer);
    }

    /// All answers say how many requests are left, and all requests count.
    fn complete(&self, answer: &mut Answer) {
        let inner = &mut *lock(&self.0);
        let now = inner.clock.running();
        let (headers, _) = inner.meter.pass(&inner.options.rate_limit, now);
        for (name, value) in headers {
            let none = answer.status == 429 && name == meter::REMAINING;
            let value = if none { "0".to_owned() } else { value };
            if !answer.headers.iter().any(|(said, _)| *said == name) {
                answer.headers.push((name, value));
            }
        }
        refusal::say_html(answer);
    }
}

/// What the proxy in front of the API says when what is behind it does not answer: a page for people.
#[must_use]
pub fn html_page(status: u16) -> FaultKind {
    FaultKind::Status {
        code: status,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: Some(refusal::page(status)),
    }
}
