//! Changes access: reads first, changes the least, reads again, and records it.
//!
//! [`Provisioner::plan`] reads the present state and plans the next write of a request. The engine sends the write and
//! plans again, until no write is left: so only `plan` interprets a request, and a repeated request is safe.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{Account, GrantRef, Outcome, ResourceRef};
use crate::{Code, Connector, Error, Identity, SideEffect};
use rollcall_model::{EntitlementId, ResourceId};

/// A connector that can change access.
#[async_trait]
pub trait Provisioner: Connector {
    /// A complete write of the vendor's API. It is stored before it is sent, and must be recognizable when sent again.
    type Change: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static;

    /// Returns the caller's identity, as far as this request needs it; by default [`Connector::identify`].
    async fn identify_for(&self, _request: &Request) -> Result<Identity, Error> {
        self.identify().await
    }

    /// Reads the present state and plans the next write; refuses what must not be done. Changes nothing.
    async fn plan(
        &self,
        identity: &Identity,
        request: &Request,
    ) -> Result<Plan<Self::Change>, Error>;

    /// Sends the write.
    async fn send(&self, change: &Self::Change) -> Result<WriteProgress, Error>;

    /// Requests the progress of a write that was sent, or may have been.
    async fn poll(&self, change: &Self::Change) -> Result<WriteProgress, Error>;
}

/// A request to change access.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct Request {
    pub id: String,
    pub action: Action,
    /// The side effects that the caller accepts.
    pub allow: Vec<String>,
}

impl Request {
    /// Refuses side effects that the connector does not have.
    pub fn check_allow(&self, known: &[SideEffect]) -> Result<(), Error> {
        let is_unknown = |name: &&String| known.iter().all(|effect| effect.name != **name);
        self.allow.iter().find(is_unknown).map_or(Ok(()), |name| {
            let message = format!("`{name}` is not a side effect of this connector");
            let all =
                known.iter().map(|SideEffect { name, meaning }| format!("`{name}`: {meaning}"));
            let fix = match all.collect::<Vec<_>>().join("; ") {
                none if none.is_empty() => "Remove `allow` from the event.".to_owned(),
                all => format!("Name only what is there. {all}."),
            };
            Err(Error::invalid(Code::UnknownSideEffect, message, fix))
        })
    }

    /// Whether this side effect is accepted.
    pub fn allows(&self, side_effect: &str) -> bool {
        self.allow.iter().any(|name| name == side_effect)
    }
}

/// A grant to create or revoke.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the other names are self-explanatory")]
pub struct AccessChange<'a> {
    pub entitlement: &'a EntitlementId,
    pub principal: &'a ResourceId,
    /// Whether it is granted; otherwise it is revoked.
    pub grants: bool,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Action {
    Grant { entitlement: EntitlementId, principal: ResourceId },
    Revoke { entitlement: EntitlementId, principal: ResourceId },
    Create { account: Account },
    Delete { principal: ResourceId },
}

impl Action {
    /// The operation's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Grant { .. } => "grant",
            Self::Revoke { .. } => "revoke",
            Self::Create { .. } => "create-account",
            Self::Delete { .. } => "delete-account",
        }
    }

    /// The grant to create or revoke. Fails with `fix` for accounts, for connectors that do not manage them.
    pub fn access(&self, fix: &'static str) -> Result<AccessChange<'_>, Error> {
        let grants = matches!(self, Self::Grant { .. });
        match self {
            Self::Grant { entitlement, principal } | Self::Revoke { entitlement, principal } => {
                Ok(AccessChange { entitlement, principal, grants })
            }
            Self::Create { .. } | Self::Delete { .. } => Err(Error::invalid(
                Code::UnknownOperation,
                "this connector does not support creating or deleting accounts",
                fix,
            )),
        }
    }

    /// The key of the object whose access it changes: each has one change at a time.
    pub fn subject(&self) -> String {
        match self {
            Self::Grant { principal, .. }
            | Self::Revoke { principal, .. }
            | Self::Delete { principal } => principal.to_string(),
            Self::Create { account } => format!("account:{}", account.email.to_lowercase()),
        }
    }

    /// The outcome of this action, by whether it changed something or found it already done.
    pub fn outcome(&self, changed: bool) -> Outcome {
        match (self, changed) {
            (Self::Grant { .. }, true) => Outcome::Granted,
            (Self::Grant { .. }, false) => Outcome::AlreadyGranted,
            (Self::Revoke { .. }, true) => Outcome::Revoked,
            (Self::Revoke { .. }, false) => Outcome::AlreadyRevoked,
            (Self::Create { .. }, true) => Outcome::Created,
            (Self::Create { .. }, false) => Outcome::AlreadyExists,
            (Self::Delete { .. }, true) => Outcome::Deleted,
            (Self::Delete { .. }, false) => Outcome::AlreadyDeleted,
        }
    }
}

/// The remaining work of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan<C> {
    /// Nothing is left: the state is as requested.
    Already(AccessState),
    /// A write.
    Change(Proposal<C>),
    /// The vendor is still applying another change to this object. Plan again after this delay.
    Later(Duration),
}

/// The current or future state of what a request changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AccessState {
    /// The requested grant, if it exists.
    pub grants: Vec<GrantRef>,
    /// The requested account.
    pub resource: Option<ResourceRef>,
}

/// A write, and its effects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal<C> {
    /// The write.
    pub change: C,
    /// What was read, for the audit record.
    pub read: Value,
    /// The ids of grants that the new one replaces.
    pub replaced: Vec<String>,
    /// The ids of the removed grants.
    pub removed: Vec<String>,
    /// The ids of the grants that it creates because the requested one needs them.
    #[serde(default)]
    pub further: Vec<String>,
    /// The state afterwards.
    pub then: AccessState,
}

/// The progress of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteProgress {
    /// The vendor carried it out, as the operation with this id.
    Done(Option<String>),
    /// The vendor is carrying it out. Poll again after this delay.
    Pending(Duration),
    /// It was not carried out, because the state has changed since it was read. Plan again.
    Overtaken,
    /// The vendor does not know it: it never arrived.
    Unknown,
    /// The vendor does not show whether it arrived. If the state is as planned, this request caused it.
    Unclear,
}
