//! What a connector is: a few traits, each for what a function really uses.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::after;
use crate::config::{Config, Field};
use crate::error::{Error, ErrorType};
use crate::http::Session;
use crate::model::{Entitlement, Grant, Resource, ResourceId, ResourceType};

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
        let told = || Warning::new("KeyEndsSoon", format!("the key ends at {end}"));
        (end < after(now, ENDS_SOON)).then(told)
    }
}

/// Something that an operator should know although nothing failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// Stable, in UpperCamelCase.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl Warning {
    /// A warning.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }

    /// `field` of the row named `row` has a value that could not be read, and was left out.
    pub fn unreadable(row: impl Display, field: &str) -> Self {
        Self::new(
            "UnreadableField",
            format!("`{field}` of {row} is not in the documented form and was left out"),
        )
    }

    /// A part of the tenant could not be looked at: it stands in the warnings and among the manifest's blind spots.
    pub fn blind_spot(message: impl Into<String>) -> Self {
        Self::new(BLIND_SPOT, message)
    }
}

/// Numbers that steps add up, for [`Syncer::check`].
pub type Tallies = BTreeMap<String, u64>;

/// A connector that can say who has access to what.
///
/// A sync is a frontier of steps. The engine runs them with bounded concurrency, keeps what they yield, and may stop
/// after any of them to go on later, in another process.
#[async_trait]
pub trait Syncer: Connector {
    /// A request or a few: a small value that says all that is needed to run it. Two steps that serialize alike are
    /// the same step.
    type Step: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static;

    /// How many steps may run at the same time.
    const CONCURRENCY: usize;

    /// The steps that a sync begins with.
    fn start(&self, identity: &Identity) -> Vec<Self::Step>;

    /// The phase of a step. A phase starts when the one before is empty.
    fn phase(_step: &Self::Step) -> u8 {
        0
    }

    /// Runs a step. A list whose cursor the vendor no longer knows fails with [`stale_cursor`].
    async fn run(&self, identity: &Identity, step: &Self::Step)
    -> Result<Yield<Self::Step>, Error>;

    /// Steps that look up resources of one type, at the end of a phase: those that grants name and nobody listed so far,
    /// and those that were only seen in passing ([`crate::model::Rank::Member`]). `None`: not in this phase, or never.
    fn resolve(
        &self,
        _phase: u8,
        _resource_type: &str,
        _ids: &[String],
    ) -> Option<Vec<Self::Step>> {
        None
    }

    /// Looks at the whole once all steps are done: does it look like what the credential should see? What an operator
    /// should know of the numbers comes back.
    fn check(&self, _identity: &Identity, _tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        Ok(Vec::new())
    }
}

/// What a step brought.
#[derive(Debug)]
pub struct Yield<S> {
    /// What it found.
    pub records: Records,
    /// The step that goes on with the same list.
    pub next: Option<S>,
    /// Other steps that it found to do.
    pub spawn: Vec<S>,
    /// Numbers to add up.
    pub tallies: Tallies,
    /// What an operator should know.
    pub warnings: Vec<Warning>,
}

impl<S> Default for Yield<S> {
    fn default() -> Self {
        Self {
            records: Records::default(),
            next: None,
            spawn: Vec::new(),
            tallies: Tallies::new(),
            warnings: Vec::new(),
        }
    }
}

impl<S> From<Records> for Yield<S> {
    fn from(records: Records) -> Self {
        Self {
            records,
            ..Self::default()
        }
    }
}

impl<S> Yield<S> {
    /// What a page brings begins with where its list goes on.
    pub fn onward(next: Option<S>) -> Self {
        Self {
            next,
            ..Self::default()
        }
    }

    /// Adds to a number.
    pub fn tally(&mut self, key: &str, n: u64) {
        *self.tallies.entry(key.to_owned()).or_default() += n;
    }

    /// Adds a warning.
    pub fn warn(&mut self, code: &str, message: impl Into<String>) {
        self.warnings.push(Warning::new(code, message));
    }

    /// Adds a [`Warning::unreadable`] for each of these fields of the row named `row`.
    pub fn unreadable(
        &mut self,
        row: impl Display,
        fields: impl IntoIterator<Item = &'static str>,
    ) {
        let warnings = fields
            .into_iter()
            .map(|field| Warning::unreadable(&row, field));
        self.warnings.extend(warnings);
    }

    /// Adds a [`Warning::blind_spot`].
    pub fn blind_spot(&mut self, message: impl Into<String>) {
        self.warnings.push(Warning::blind_spot(message));
    }
}

/// What was found at the vendor.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Records {
    /// Resources.
    pub resources: Vec<Resource>,
    /// What can be held on them.
    pub entitlements: Vec<Entitlement>,
    /// Who holds it.
    pub grants: Vec<Grant>,
    /// Resources that a row shows as deleted, or that were looked up in vain. Where another row shows one with the same id
    /// alive, that one counts: names are given again. Otherwise grants on it are left out, and counted.
    pub gone: Vec<ResourceId>,
    /// Resources that were listed in this sync and then were no more. They are left out, whatever a list shows, with
    /// those that they are the parent of, what can be held on them, and what they hold.
    pub vanished: Vec<ResourceId>,
}

impl Records {
    /// A row shows this resource as deleted, or it was looked up in vain.
    pub fn gone(id: ResourceId) -> Self {
        Self {
            gone: vec![id],
            ..Self::default()
        }
    }

    /// This resource was listed in this sync and is no more: the vendor says so of it alone.
    pub fn vanished(id: ResourceId) -> Self {
        Self {
            vanished: vec![id],
            ..Self::default()
        }
    }

    /// Adds everything of `other`.
    pub fn extend(&mut self, other: Self) {
        self.resources.extend(other.resources);
        self.entitlements.extend(other.entitlements);
        self.grants.extend(other.grants);
        self.gone.extend(other.gone);
        self.vanished.extend(other.vanished);
    }
}

/// The code of [`Warning::blind_spot`].
pub(crate) const BLIND_SPOT: &str = "BlindSpot";

const STALE_CURSOR: &str = "StaleCursor";

/// The vendor no longer knows a list's cursor: the engine restarts the list and drops what it has of it.
pub fn stale_cursor(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(
        ErrorType::Unavailable,
        STALE_CURSOR,
        "the vendor no longer knows where a list was to go on",
        "Run again.",
    )
    .with_source(cause)
}

/// Whether `error` is [`stale_cursor`].
#[cfg(feature = "snapshot")]
pub(crate) fn is_stale_cursor(error: &Error) -> bool {
    error.code() == STALE_CURSOR
}
