//! What every connector is, and who it is at its vendor.

use std::time::Duration;

use crate::Code;
use async_trait::async_trait;
use jiff::Timestamp;
use rollcall_model::{ResourceId, ResourceType};

use crate::clock::after;
use crate::config::{Config, Field};
use crate::http::Session;
use crate::{Error, Warning};

/// What there is to know about a connector without running it.
#[derive(Debug)]
pub struct About {
    /// Its name in events, function names and keys.
    pub name: &'static str,
    /// The vendor's name for people.
    pub display_name: &'static str,
    /// The resource types that it lists.
    pub resource_types: &'static [ResourceType],
    /// What it does not look at, for the manifest: one sentence each.
    pub blind_spots: &'static [&'static str],
    /// The configuration keys that it takes.
    pub fields: &'static [Field],
    /// Whether the vendor says when the credential ends: [`Identity::credential_expires_at`].
    pub reports_credential_end: bool,
    /// The window of the vendor's rate limit, where that limit cuts a sync into slices.
    pub limit_window: Option<Duration>,
}

impl About {
    /// One of its resource types.
    pub fn resource_type(&self, id: &str) -> Option<&'static ResourceType> {
        self.resource_types.iter().find(|t| t.id == id)
    }
}

/// A vendor that can be connected to.
#[async_trait]
pub trait Connector: Sized + Send + Sync + 'static {
    /// What it is.
    const ABOUT: &'static About;

    /// Makes a client of a checked configuration. Talks to nobody.
    fn connect(config: &Config, session: Session) -> Result<Self, Error>;

    /// Asks the vendor who we are, and fails if that identity cannot see what a sync has to show.
    async fn identify(&self) -> Result<Identity, Error>;
}

/// Who we are at the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The vendor's id of the customer: pinned at the first sync. Where a connection leads to several places, it is one
    /// `name=id` for each, with a blank between: one may be added or taken away, and none may become another one. Empty
    /// where the vendor does not tell.
    pub tenant: String,
    /// The account that the credential belongs to.
    pub caller: ResourceId,
    /// Its name for people.
    pub caller_name: String,
    /// What it is allowed, in the vendor's words.
    pub rights: String,
    /// When the credential ends.
    pub credential_expires_at: Option<Timestamp>,
    /// What an operator should know although the sync can go on.
    pub warnings: Vec<Warning>,
}

/// A credential that ends sooner is told of, and has to be renewed.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 3600);

impl Identity {
    /// A warning that the credential ends soon, if it does.
    pub fn ends_soon(&self, now: Timestamp) -> Option<Warning> {
        let end = self.credential_expires_at?;
        let told = || Warning::new(Code::KeyEndsSoon, format!("the key ends at {end}"));
        (end < after(now, ENDS_SOON)).then(told)
    }
}
