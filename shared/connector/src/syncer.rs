//! The trait of connectors that sync, and the output of their steps.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

use async_trait::async_trait;
use rollcall_model::{Entitlement, Grant, Resource, ResourceId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Code, Connector, Error, ErrorType, Identity, Warning};

/// Sums of counts from the steps of a sync, for [`Syncer::check`].
pub type Tallies = BTreeMap<String, u64>;

/// A connector that reads who has access to what.
///
/// A sync is a frontier of steps. The engine runs them with bounded concurrency, stores their output, and may stop after
/// any of them to resume in another process.
#[async_trait]
pub trait Syncer: Connector {
    /// One or a few vendor requests, as a small value. Two steps with the same serialization are the same step.
    type Step: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static;

    /// How many steps may run at the same time.
    const CONCURRENCY: usize;

    /// The first steps of a sync.
    fn start(&self, identity: &Identity) -> Vec<Self::Step>;

    /// The phase of a step. A phase starts when no step of the previous one is left.
    fn phase(_step: &Self::Step) -> u8 {
        0
    }

    /// Runs a step. A list whose cursor the vendor no longer knows fails with [`stale_cursor`].
    async fn run(
        &self,
        identity: &Identity,
        step: &Self::Step,
    ) -> Result<StepOutput<Self::Step>, Error>;

    /// The steps that look up resources of one type at the end of a phase: those that grants name but no list has
    /// shown, and those of [`rollcall_model::Rank::Member`]. `None`: not in this phase, or never.
    fn resolve(
        &self,
        _phase: u8,
        _resource_type: &str,
        _ids: &[String],
    ) -> Option<Vec<Self::Step>> {
        None
    }

    /// Checks, when all steps are done, whether the counts are what the credential should see. Returns warnings about
    /// them.
    fn check(&self, _identity: &Identity, _tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        Ok(Vec::new())
    }
}

/// The records and further steps that a step produced.
#[derive(Debug)]
pub struct StepOutput<S> {
    /// The records.
    pub records: Records,
    /// The step that reads the next page of the same list.
    pub next: Option<S>,
    /// Other further steps.
    pub spawn: Vec<S>,
    /// Counts to add up.
    pub tallies: Tallies,
    /// Warnings for the operator.
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
        Self { records, ..Self::default() }
    }
}

impl<S> StepOutput<S> {
    /// An empty output with the step that reads the next page.
    pub fn with_next(next: Option<S>) -> Self {
        Self { next, ..Self::default() }
    }

    /// Adds to a count.
    pub fn tally(&mut self, key: &str, n: u64) {
        // A page that counts nothing stays an empty page.
        if n > 0 {
            *self.tallies.entry(key.to_owned()).or_default() += n;
        }
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
        let warnings = fields.into_iter().map(|field| Warning::unreadable(&row, field));
        self.warnings.extend(warnings);
    }

    /// Adds a [`Warning::blind_spot`].
    pub fn blind_spot(&mut self, message: impl Into<String>) {
        self.warnings.push(Warning::blind_spot(message));
    }
}

/// The records in a vendor's answers.
#[derive(Debug, Default, Clone, PartialEq)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct Records {
    pub resources: Vec<Resource>,
    pub entitlements: Vec<Entitlement>,
    pub grants: Vec<Grant>,
    /// Resources that a row shows as deleted, or whose lookup found nothing. A live row with the same id wins, since
    /// names are reused. Otherwise grants on the resource are left out, and counted.
    pub not_found: Vec<ResourceId>,
    /// Resources that this sync listed and that were deleted later. They are left out, even if a list shows them,
    /// together with their children, their entitlements, and the grants on them and to them.
    pub deleted_during_sync: Vec<ResourceId>,
}

impl Records {
    /// A row shows this resource as deleted, or its lookup found nothing.
    pub fn not_found(id: ResourceId) -> Self {
        Self { not_found: vec![id], ..Self::default() }
    }

    /// This resource was listed in this sync and deleted later: the vendor reports that of exactly this resource.
    pub fn deleted_during_sync(id: ResourceId) -> Self {
        Self { deleted_during_sync: vec![id], ..Self::default() }
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

/// The error of a list whose cursor the vendor no longer knows: the engine restarts the list and drops its records.
pub fn stale_cursor(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::StaleCursor,
        "the vendor no longer knows the cursor of a list",
        "Run again.",
    )
    .with_source(cause)
}

/// Whether `error` is [`stale_cursor`].
pub fn is_stale_cursor(error: &Error) -> bool {
    error.code() == Code::StaleCursor
}
