//! Changing access, safely: read first, change the least, look again, and leave a record.
//!
//! A connector says by [`Provisioner::plan`] what a request would take, given what it reads. The engine carries the plan
//! out and then asks for the plan again: a request that is done has nothing left to do. So there is one place that knows
//! what a request means, and calling twice is calling once. A request that takes several writes is planned one write at
//! a time.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{Account, GrantRef, Outcome, ResourceRef};
use crate::{Code, Connector, Error, Identity};
use rollcall_model::{EntitlementId, ResourceId};

/// A connector that can change access.
#[async_trait]
pub trait Provisioner: Connector {
    /// A write of the vendor's API, complete: it is stored before it is sent, and must be recognizable when it is sent
    /// again.
    type Change: Serialize + DeserializeOwned + Clone + PartialEq + Debug + Send + Sync + 'static;

    /// Says who we are, as far as this request needs it; [`Connector::identify`] unless less will do.
    async fn identify_for(&self, _request: &Request) -> Result<Identity, Error> {
        self.identify().await
    }

    /// Reads, and says what the request takes; refuses what must not be done. Changes nothing.
    async fn plan(
        &self,
        identity: &Identity,
        request: &Request,
    ) -> Result<Plan<Self::Change>, Error>;

    /// Sends the write.
    async fn send(&self, change: &Self::Change) -> Result<Progress, Error>;

    /// Asks how a write that was sent, or may have been, is getting on.
    async fn poll(&self, change: &Self::Change) -> Result<Progress, Error>;
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Names the request.
    pub id: String,
    /// What to do.
    pub action: Action,
    /// Side effects that are accepted.
    pub allow: Vec<String>,
}

impl Request {
    /// Refuses side effects that the connector does not have. `fix` says what `allow` may name.
    pub fn check_allow(&self, known: &[&str], fix: &'static str) -> Result<(), Error> {
        match self
            .allow
            .iter()
            .find(|name| !known.contains(&name.as_str()))
        {
            None => Ok(()),
            Some(unknown) => Err(Error::invalid(
                Code::UnknownSideEffect,
                format!("`{unknown}` is not a side effect of this connector"),
                fix,
            )),
        }
    }

    /// Whether this side effect is accepted.
    pub fn allows(&self, side_effect: &str) -> bool {
        self.allow.iter().any(|name| name == side_effect)
    }
}

/// A grant to make or to take away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AccessChange<'a> {
    /// What is granted or revoked.
    pub entitlement: &'a EntitlementId,
    /// Who gets or loses it.
    pub principal: &'a ResourceId,
    /// Whether it is granted; revoked otherwise.
    pub grants: bool,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each says it all")]
pub enum Action {
    Grant {
        entitlement: EntitlementId,
        principal: ResourceId,
    },
    Revoke {
        entitlement: EntitlementId,
        principal: ResourceId,
    },
    Create {
        account: Account,
    },
    Delete {
        principal: ResourceId,
    },
}

impl Action {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Grant { .. } => "grant",
            Self::Revoke { .. } => "revoke",
            Self::Create { .. } => "create-account",
            Self::Delete { .. } => "delete-account",
        }
    }

    /// The grant that it makes or takes away. Fails for accounts, with `fix`: for connectors that leave accounts to others.
    pub fn access(&self, fix: &'static str) -> Result<AccessChange<'_>, Error> {
        let (entitlement, principal, grants) = match self {
            Self::Grant {
                entitlement,
                principal,
            } => (entitlement, principal, true),
            Self::Revoke {
                entitlement,
                principal,
            } => (entitlement, principal, false),
            Self::Create { .. } | Self::Delete { .. } => {
                let what = "this connector does not create or delete accounts";
                return Err(Error::invalid(Code::UnknownOperation, what, fix));
            }
        };
        Ok(AccessChange {
            entitlement,
            principal,
            grants,
        })
    }

    /// Whose access it changes: one change at a time.
    pub fn subject(&self) -> String {
        match self {
            Self::Grant { principal, .. }
            | Self::Revoke { principal, .. }
            | Self::Delete { principal } => principal.to_string(),
            Self::Create { account } => format!("account:{}", account.email.to_lowercase()),
        }
    }

    /// The outcome of this action, where it changed something or found it done.
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

/// What a request takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan<C> {
    /// Nothing: it is so.
    Already(State),
    /// A write.
    Change(Proposal<C>),
    /// Not to be said yet: the vendor is at another change of the same object. Ask again after so long.
    Later(Duration),
}

/// What a request is about, as it is or would be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The grant in question, if it exists.
    pub grants: Vec<GrantRef>,
    /// The account in question.
    pub resource: Option<ResourceRef>,
}

/// A write, and what it brings about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal<C> {
    /// The write.
    pub change: C,
    /// What was read, for the audit record.
    pub read: Value,
    /// Ids of grants that give way to the new one.
    pub replaced: Vec<String>,
    /// Ids of grants that will be no more.
    pub removed: Vec<String>,
    /// How it will be.
    pub then: State,
}

/// How a write is getting on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Carried out, by the vendor's operation of this id.
    Done(Option<String>),
    /// The vendor is at it; ask again after so long.
    Pending(Duration),
    /// Not carried out: what was read has changed meanwhile. Plan again.
    Overtaken,
    /// The vendor knows nothing of it: it never arrived.
    Unknown,
    /// The vendor cannot tell whether it arrived. If the state is as it was to become, this request did it.
    Unclear,
}
