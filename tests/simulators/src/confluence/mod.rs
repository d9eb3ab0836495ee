//! Confluence Cloud: the REST API, v1 and v2, as far as people, groups, spaces and access go.
//!
//! Written from the vendor's public API definitions and documentation, and from what public projects have measured on
//! live sites. Where those are silent a comment says *unknown* and which side is taken; what a client might get wrong
//! by guessing is a switch in [`Options`].

mod builder;
mod caller;
mod cql;
mod grants;
mod groups;
mod head;
mod limits;
mod membership;
mod options;
mod paging;
mod pairs;
mod people;
mod permissions;
mod refusal;
mod rich;
mod roles;
mod routes;
mod samples;
mod search;
mod seed;
mod spaces;
mod tokens;
mod view;
mod world;

use std::{
    io,
    ops::Deref,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

pub use options::{
    AddMemberAgain, AnonymousRow, BeforeRoles, EmptyPage, ExternalGroups, GatewayRefusal,
    GrantToRoleHolder, HiddenEmail, ModeAnswer, NameTails, Options, RateLimit,
};
pub use rich::{READER_EMAIL, READER_TOKEN};
pub use samples::{CLOUD_ID, SITE};
pub use seed::Sizes;
pub use tokens::{
    ALL_SCOPES, BEARER_TOKEN, SCOPED_TOKEN, TEST_EMAIL, TEST_TOKEN, Token, TokenKind,
};
pub use world::{Group, Permission, Principal, Role, RoleMode, Space, User, World};

pub use crate::lists::Ordering;
use crate::server::{Answer, Call, Server, Vendor, lock};

/// Everything behind the API.
pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) options: Options,
    pub(crate) limiter: limits::Limiter,
}

struct Cloud(Mutex<Inner>);

/// A running simulator; it stops when dropped.
pub struct Confluence {
    server: Server,
    cloud: Arc<Cloud>,
}

impl Confluence {
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
            limiter: limits::Limiter::default(),
        })));
        let server = Server::start(Arc::clone(&cloud) as Arc<dyn Vendor>, port).await?;
        Ok(Self { server, cloud })
    }

    /// The site: `http://127.0.0.1:PORT`, with `/wiki/rest/api` and `/wiki/api/v2` below it.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.server.url()
    }

    /// The gateway to the site, with the same below it: `http://127.0.0.1:PORT/ex/confluence/{cloudId}`.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        let cloud_id = lock(&self.cloud.0).world.cloud_id.clone();
        format!("{}/ex/confluence/{cloud_id}", self.base_url())
    }

    /// Looks at the world or changes it.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.cloud.0).world)
    }

    /// Who has what: [`World::access_view`].
    #[must_use]
    pub fn access_view(&self) -> Value {
        self.with_world(|world| world.access_view())
    }

    /// Changes the switches. A budget begins anew.
    pub fn set_options(&self, change: impl FnOnce(&mut Options)) {
        let inner = &mut *lock(&self.cloud.0);
        change(&mut inner.options);
        inner.limiter = limits::Limiter::default();
    }
}

/// The log and the faults.
impl Deref for Confluence {
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
        refusal::body_for_status(call, status, lock(&self.0).options.newer_errors)
    }

    fn carries_cursor(&self, call: &Call) -> bool {
        paging::asked(call).is_some()
    }

    fn stale_cursor(&self, _call: &Call) -> Answer {
        paging::bad_cursor().answer(refusal::Family::V2, false)
    }

    fn repeat_cursor(&self, call: &Call, answer: &mut Answer) {
        paging::repeat(call, answer);
    }
}
