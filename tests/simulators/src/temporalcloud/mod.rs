//! Temporal Cloud: the Cloud Ops API over HTTP/JSON, as far as people and access go.
//!
//! Written from the public API definitions (`temporalio/cloud-api`), the vendor's documentation ("Cloud Ops API",
//! "Manage access", "Limits") and public issues of its official clients. Where those are silent a comment says
//! *unknown* and which side is taken; what a client might get wrong by guessing is a switch in [`Options`].

mod access;
mod assignments;
mod builder;
mod caller;
mod decode;
mod encode;
mod incoming;
mod membership;
mod operations;
mod options;
mod paging;
mod reading;
mod refusal;
mod routes;
mod rules;
mod samples;
mod schema;
mod seed;
mod state;
mod version;
mod writing;

use std::{
    io,
    ops::Deref,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

pub use builder::{CREATED, FAR_FUTURE, account_access};
pub use options::{
    Casing, Defaults, EmailFilter, End, Feature, MemberRepeat, Operations, Options, StaleVersion,
};
pub use samples::TEST_KEY;
pub use seed::Sizes;
pub use state::{ApiKey, Kind, World};

pub use crate::lists::Ordering;
use crate::server::{Answer, Call, Server, Vendor, lock};

/// Everything behind the API.
pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) options: Options,
    pub(crate) operations: operations::Operations,
}

struct Cloud(Mutex<Inner>);

/// A running simulator; it stops when dropped.
pub struct TemporalCloud {
    server: Server,
    cloud: Arc<Cloud>,
}

impl TemporalCloud {
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
            operations: operations::Operations::default(),
        })));
        let server = Server::start(Arc::clone(&cloud) as Arc<dyn Vendor>, port).await?;
        Ok(Self { server, cloud })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.server.url()
    }

    /// Looks at the world or changes it.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.cloud.0).world)
    }

    /// Changes the switches.
    pub fn set_options(&self, change: impl FnOnce(&mut Options)) {
        change(&mut lock(&self.cloud.0).options);
    }

    /// Operations that have not ended.
    #[must_use]
    pub fn running_operations(&self) -> usize {
        lock(&self.cloud.0).operations.running()
    }

    /// Ends everything still running, without waiting for polls.
    pub fn finish_operations(&self) {
        let inner = &mut *lock(&self.cloud.0);
        inner
            .operations
            .finish_all(&mut inner.world, &inner.options);
    }
}

/// The log and the faults.
impl Deref for TemporalCloud {
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

    fn error_body(&self, _call: &Call, status: u16) -> Value {
        refusal::body_for_status(status)
    }

    fn carries_cursor(&self, call: &Call) -> bool {
        cursor(call).is_some()
    }

    fn stale_cursor(&self, _call: &Call) -> Answer {
        paging::bad_token().answer()
    }

    fn repeat_cursor(&self, call: &Call, answer: &mut Answer) {
        paging::repeat(call, cursor(call).as_deref(), &mut answer.body);
    }
}

/// The page token a request came with.
fn cursor(call: &Call) -> Option<String> {
    let pairs = call
        .query
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let found = pairs
        .into_iter()
        .find(|(name, value)| matches!(*name, "pageToken" | "page_token") && !value.is_empty());
    // Tokens are hexadecimal, so that there is nothing to decode.
    found.map(|(_, value)| value.to_owned())
}
