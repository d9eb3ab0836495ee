//! The parts of a vendor's simulator: a tenant behind a lock, one or several hosts, and the test's access to both.

use std::{
    collections::BTreeMap,
    io,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

use crate::{
    clock::Clock,
    configuration::Configuration,
    paging::Ordering,
    refusal::Refusal,
    server::{Answer, Call, Server, lock},
};

/// A vendor: what is its own. Everything else is the kit's.
pub trait Api: Sized + Send + 'static {
    /// The people and their access.
    type World: Send;
    /// Its switches.
    type Options: Default + Send + DerefMut<Target = Common>;
    /// The counters; reset when the switches change.
    type Meters: Default + Send;

    /// Answers a request, changing the world if it is a write.
    fn answer(tenant: &mut Tenant<Self>, call: &Call) -> Answer;
    /// The body of an error.
    fn envelope(options: &Self::Options, call: &Call, refusal: &Refusal) -> Value;
    /// The cursor a request came with.
    fn cursor(call: &Call) -> Option<String>;
    /// The refusal of a cursor that is no longer valid.
    fn stale_cursor() -> Refusal;
    /// Changes a list's answer so that its cursor leads back to the page itself.
    fn repeat_cursor(options: &Self::Options, call: &Call, answer: &mut Answer);
    /// Adds the common parts of the vendor's answers to that of a fault, unless the fault overrides them.
    fn complete(_tenant: &mut Tenant<Self>, _answer: &mut Answer) {}
    /// Tells the world where its hosts are, by name.
    fn started(_world: &mut Self::World, _urls: &BTreeMap<String, String>) {}
    /// What a connector reaches it with, if the keys of the world are those of the samples.
    fn configuration(simulator: &Simulator<Self>) -> Configuration;
    /// The names of its hosts; the first is the one that [`Simulator`] dereferences to.
    fn hosts(_world: &Self::World) -> Vec<String> {
        vec![String::new()]
    }
}

/// The switches that all vendors have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Common {
    /// How long every request takes.
    pub latency: Duration,
    /// The order of lists.
    pub ordering: Ordering,
    /// Additional allowed header names, in lower case.
    pub extra_headers: Vec<String>,
    /// Pages have this many rows, whatever was requested.
    pub force_page_size: Option<usize>,
    /// This many pages at the beginning of every list have no rows, although more follow.
    pub empty_pages: usize,
}

/// A vendor's switches with their defaults, and those that all have.
#[macro_export]
#[doc(hidden)]
macro_rules! options {
    ($(#[$meta:meta])* $options:ident {
        $($(#[$doc:meta])* $name:ident: $type:ty = $default:expr,)*
    }) => {
        $(#[$meta])*
        pub struct $options {
            /// The common options of all vendors.
            pub common: $crate::kit::Common,
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Default for $options {
            fn default() -> Self {
                Self { common: $crate::kit::Common::default(), $($name: $default),* }
            }
        }

        impl std::ops::Deref for $options {
            type Target = $crate::kit::Common;

            fn deref(&self) -> &$crate::kit::Common {
                &self.common
            }
        }

        impl std::ops::DerefMut for $options {
            fn deref_mut(&mut self) -> &mut $crate::kit::Common {
                &mut self.common
            }
        }
    };
}

/// Switches with several positions, which their documentation names in their order.
#[macro_export]
#[doc(hidden)]
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($choice:ident),* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "described together")]
        pub enum $name { $($choice),* }
    )*};
}

/// How much there is of everything in a generated world: the arguments of the command line and their defaults.
#[macro_export]
#[doc(hidden)]
macro_rules! sizes {
    ($($(#[$doc:meta])* $name:ident $default:literal)*) => {
        /// How much there is of everything in a generated world.
        #[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
        pub struct Sizes {$(
            $(#[$doc])*
            #[arg(long, default_value_t = $default)]
            pub $name: usize,
        )*}

        impl Default for Sizes {
            fn default() -> Self {
                $crate::kit::defaults()
            }
        }
    };
}

/// Arguments that are all at their defaults.
#[must_use]
pub fn defaults<A: clap::Args>() -> A {
    #[derive(clap::Parser)]
    struct Line<A: clap::Args> {
        #[command(flatten)]
        args: A,
    }
    <Line<A> as clap::Parser>::parse_from([""]).args
}

/// A concurrent change of the world.
type Change<A> = Box<dyn FnOnce(&mut <A as Api>::World) + Send>;

/// Everything behind the API.
pub struct Tenant<A: Api> {
    /// The access in the world.
    pub world: A::World,
    /// The switches.
    pub options: A::Options,
    /// The counters.
    pub meters: A::Meters,
    pub(crate) clock: Clock,
    /// The change before a request for this path is answered.
    before: Vec<(String, Change<A>)>,
}

/// A running simulator; it stops when dropped.
pub struct Simulator<A: Api> {
    hosts: Vec<(String, Server)>,
    tenant: Arc<Mutex<Tenant<A>>>,
}

impl<A: Api> Simulator<A> {
    /// Starts it on free ports.
    ///
    /// # Errors
    /// If no port can be bound.
    pub async fn start(world: A::World, options: A::Options) -> io::Result<Self> {
        Self::start_on(0, world, options).await
    }

    /// Starts its first host on this port, others on the ports that follow; 0 picks free ones.
    ///
    /// # Errors
    /// If a port cannot be bound.
    pub async fn start_on(port: u16, world: A::World, options: A::Options) -> io::Result<Self> {
        let names = A::hosts(&world);
        let tenant = Arc::new(Mutex::new(Tenant {
            world,
            options,
            meters: A::Meters::default(),
            clock: Clock::default(),
            before: Vec::new(),
        }));
        let mut hosts: Vec<(String, Server)> = Vec::new();
        let (mut next, shared) = (port, Arc::default());
        for name in names {
            let (tenant, shared) = (Arc::clone(&tenant), Arc::clone(&shared));
            let server = Server::start(tenant, name.clone(), next, shared).await?;
            next = next.saturating_add(u16::from(port > 0));
            hosts.push((name, server));
        }
        let urls = hosts.iter().map(|(name, server)| (name.clone(), server.url()));
        A::started(&mut lock(&tenant).world, &urls.collect());
        Ok(Self { hosts, tenant })
    }

    /// What a connector reaches it with, if the keys of the world are those of the samples.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        A::configuration(self)
    }

    /// The server of the host of this name, if there is one.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&Server> {
        let found = self.hosts.iter().find(|(host, _)| host == name);
        found.map(|(_, server)| server)
    }

    /// Looks at the world or changes it.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut A::World) -> T) -> T {
        look(&mut lock(&self.tenant).world)
    }

    /// Looks at the switches or changes them. Everything that is counted begins anew.
    pub fn set_options<T>(&self, change: impl FnOnce(&mut A::Options) -> T) -> T {
        let tenant = &mut *lock(&self.tenant);
        tenant.meters = A::Meters::default();
        change(&mut tenant.options)
    }

    /// Looks at what is counted.
    pub fn with_meters<T>(&self, look: impl FnOnce(&mut A::Meters) -> T) -> T {
        look(&mut lock(&self.tenant).meters)
    }

    /// Changes the world right before the next request for exactly this path is answered, like a concurrent writer.
    /// Several changes for the same path apply to one request each.
    pub fn before(&self, path: &str, change: impl FnOnce(&mut A::World) + Send + 'static) {
        let change: Change<A> = Box::new(change);
        lock(&self.tenant).before.push((path.to_owned(), change));
    }

    /// Advances the simulator's clock by this much, in addition to real time.
    pub fn advance(&self, by: Duration) {
        lock(&self.tenant).clock.advance(by);
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

/// The log and the faults, which all hosts share, and the first host.
impl<A: Api> Deref for Simulator<A> {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.hosts[0].1
    }
}

impl<A: Api> Tenant<A> {
    /// Does what was to be done before this request.
    pub(crate) fn let_others_go_first(&mut self, call: &Call) {
        let due = self.before.iter().position(|(path, _)| *path == call.path);
        if let Some(due) = due {
            let (_, change) = self.before.remove(due);
            change(&mut self.world);
        }
    }

    /// The answer that a refusal is.
    pub(crate) fn refuse(&self, call: &Call, refusal: &Refusal) -> Answer {
        let body = refusal.body.clone();
        Answer {
            status: refusal.status,
            headers: refusal.headers.clone(),
            body: body.unwrap_or_else(|| A::envelope(&self.options, call, refusal)),
            violations: refusal.violation.iter().cloned().collect(),
        }
        .saying_html()
    }
}
