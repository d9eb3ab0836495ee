//! The facts about a connector, and its identity at the vendor.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rollcall_model::{ResourceId, ResourceType};

use crate::clock::after;
use crate::config::{Config, Field};
use crate::http::Session;
use crate::{Code, Error, Warning};

/// The facts about a connector that are known without running it.
#[derive(Debug)]
pub struct About {
    /// The name in events, function names and keys.
    pub name: &'static str,
    /// The vendor's name for people.
    pub display_name: &'static str,
    /// The resource types that it lists.
    pub resource_types: &'static [ResourceType],
    /// What it does not read, for the manifest: one sentence each.
    pub blind_spots: &'static [&'static str],
    /// The configuration keys that it accepts.
    pub fields: &'static [Field],
    /// What it takes to create an account: `email` and the keys of the event's `profile`. Empty if it creates none.
    pub account_fields: &'static [AccountField],
    /// The side effects of its changes, each of which happens only if the event's `allow` names it.
    pub side_effects: &'static [SideEffect],
    /// Whether the vendor reports when the credential expires: [`Identity::credential_expires_at`].
    pub reports_credential_end: bool,
    /// The window of the vendor's rate limit, if that limit splits a sync into slices.
    pub limit_window: Option<Duration>,
}

impl About {
    /// The resource type with this id.
    pub fn resource_type(&self, id: &str) -> Option<&'static ResourceType> {
        self.resource_types.iter().find(|t| t.id == id)
    }
}

/// A side effect of a change.
#[derive(Debug)]
pub struct SideEffect {
    /// Its name in the event's `allow`.
    pub name: &'static str,
    /// What it does, as the end of a sentence.
    pub meaning: &'static str,
}

/// A value that creating an account takes. All are texts.
#[derive(Debug)]
pub struct AccountField {
    /// `email`, or its key in the event's `profile`.
    pub key: &'static str,
    /// Its name for people.
    pub display_name: &'static str,
    /// Its help text.
    pub description: &'static str,
    /// An example of its value.
    pub placeholder: &'static str,
    /// Whether every account requires it.
    pub required: bool,
}

/// A connector, connected to one tenant of its vendor.
#[async_trait]
pub trait Connector: Sized + Send + Sync + 'static {
    /// The facts about it.
    const ABOUT: &'static About;

    /// Makes the client from a checked configuration. Sends nothing.
    fn connect(config: &Config, session: Session) -> Result<Self, Error>;

    /// Asks the vendor for the caller's identity, and fails if that cannot read what a sync needs.
    async fn identify(&self) -> Result<Identity, Error>;
}

/// The caller's identity at the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The vendor's id of the customer, which the first sync pins. A connection to several places has one `name=id` for
    /// each, separated by blanks: places may be added and removed, but no id may change. Empty if it is unknown.
    pub tenant: String,
    /// The account that the credential belongs to.
    pub caller: ResourceId,
    /// Its name for people.
    pub caller_name: String,
    /// What it may do, in the vendor's words.
    pub rights: String,
    /// When the credential expires.
    pub credential_expires_at: Option<Timestamp>,
    /// Warnings for the operator; a sync is possible all the same.
    pub warnings: Vec<Warning>,
}

/// A credential that expires sooner raises a warning.
const ENDS_SOON: Duration = Duration::from_secs(14 * 24 * 3600);

impl Identity {
    /// The warning that the credential expires soon, if it does.
    pub fn expiry_warning(&self, now: Timestamp) -> Option<Warning> {
        let end = self.credential_expires_at?;
        let warning = || Warning::new(Code::KeyEndsSoon, format!("the key expires at {end}"));
        (end < after(now, ENDS_SOON)).then(warning)
    }
}
