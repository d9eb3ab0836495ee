//! What a connector that can be synced implements, and what its steps give.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use async_trait::async_trait;
use rollcall_model::{Entitlement, Grant, Resource, ResourceId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Code, Connector, Error, ErrorType, Identity, Warning};

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
    async fn run(
        &self,
        identity: &Identity,
        step: &Self::Step,
    ) -> Result<StepOutput<Self::Step>, Error>;

    /// Steps that look up resources of one type, at the end of a phase: those that grants name and nobody listed so far,
    /// and those that were only seen in passing ([`rollcall_model::Rank::Member`]). `None`: not in this phase, or never.
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
pub struct StepOutput<S> {
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

impl<S> Default for StepOutput<S> {
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

impl<S> From<Records> for StepOutput<S> {
    fn from(records: Records) -> Self {
        Self {
            records,
            ..Self::default()
        }
    }
}

impl<S> StepOutput<S> {
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
    pub fn warn(&mut self, code: Code, message: impl Into<String>) {
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
    pub not_found: Vec<ResourceId>,
    /// Resources that were listed in this sync and then were no more. They are left out, whatever a list shows, with
    /// those that they are the parent of, what can be held on them, and what they hold.
    pub deleted_during_sync: Vec<ResourceId>,
}

impl Records {
    /// A row shows this resource as deleted, or it was looked up in vain.
    pub fn not_found(id: ResourceId) -> Self {
        Self {
            not_found: vec![id],
            ..Self::default()
        }
    }

    /// This resource was listed in this sync and is no more: the vendor says so of it alone.
    pub fn deleted_during_sync(id: ResourceId) -> Self {
        Self {
            deleted_during_sync: vec![id],
            ..Self::default()
        }
    }

    /// Adds everything of `other`.
    pub fn extend(&mut self, other: Self) {
        self.resources.extend(other.resources);
        self.entitlements.extend(other.entitlements);
        self.grants.extend(other.grants);
        self.not_found.extend(other.not_found);
        self.deleted_during_sync.extend(other.deleted_during_sync);
    }
}

/// The vendor no longer knows a list's cursor: the engine restarts the list and drops what it has of it.
pub fn stale_cursor(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::StaleCursor,
        "the vendor no longer knows where a list was to go on",
        "Run again.",
    )
    .with_source(cause)
}

/// Whether `error` is [`stale_cursor`].
pub fn is_stale_cursor(error: &Error) -> bool {
    error.code() == Code::StaleCursor
}
