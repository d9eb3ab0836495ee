//! Changing access, safely: read first, change the least, look again, and leave a record.
//!
//! A connector says by [`Provisioner::plan`] what a request would take, given what it reads. The engine carries the plan
//! out and then asks for the plan again: a request that is done has nothing left to do. So there is one place that knows
//! what a request means, and calling twice is calling once. A request that takes several writes is planned one write at
//! a time.

mod answer;
mod audit;
mod postpone;
#[cfg(test)]
mod recovery;
mod run;
mod writer;

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use run::run;

use crate::connector::{Connector, Identity};
use crate::error::Error;
use crate::event::{
    self, Account, ChangeEvent, CreateEvent, DeleteEvent, GrantRef, Outcome, ResourceRef,
};
use crate::model::{EntitlementId, ResourceId};

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

    /// Whose access it changes: one change at a time.
    fn subject(&self) -> String {
        match self {
            Self::Grant { principal, .. }
            | Self::Revoke { principal, .. }
            | Self::Delete { principal } => principal.to_string(),
            Self::Create { account } => format!("account:{}", account.email.to_lowercase()),
        }
    }

    fn outcome(&self, changed: bool) -> Outcome {
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

/// An event of a write function, reduced to what the engine needs.
#[derive(Debug, Clone)]
pub struct Order {
    /// Which connection.
    pub connection: String,
    /// What to do.
    pub request: Request,
    /// Only look.
    pub dry_run: bool,
    /// The event itself, for the audit record and to recognize it again.
    pub event: Value,
}

impl Order {
    /// Reads the event of the grant function.
    pub fn grant(event: &Value) -> Result<Self, Error> {
        Self::change(event, |entitlement, principal| Action::Grant {
            entitlement,
            principal,
        })
    }

    /// Reads the event of the revoke function.
    pub fn revoke(event: &Value) -> Result<Self, Error> {
        Self::change(event, |entitlement, principal| Action::Revoke {
            entitlement,
            principal,
        })
    }

    fn change(
        event: &Value,
        action: fn(EntitlementId, ResourceId) -> Action,
    ) -> Result<Self, Error> {
        let change: ChangeEvent = event::parse(event)?;
        let action = action(
            event::entitlement(&change.entitlement)?,
            event::principal(&change.principal)?,
        );
        let (connection, request_id) = (&change.connection, &change.request_id);
        let mut order = Self::new(&change, connection, request_id, action, change.dry_run)?;
        order.request.allow = change.allow;
        Ok(order)
    }

    /// Reads the event of the create-account function.
    pub fn create(event: &Value) -> Result<Self, Error> {
        let create: CreateEvent = event::parse(event)?;
        let action = Action::Create {
            account: create.account.clone(),
        };
        Self::new(
            &create,
            &create.connection,
            &create.request_id,
            action,
            create.dry_run,
        )
    }

    /// Reads the event of the delete-account function.
    pub fn delete(event: &Value) -> Result<Self, Error> {
        let delete: DeleteEvent = event::parse(event)?;
        let action = Action::Delete {
            principal: event::principal(&delete.principal)?,
        };
        Self::new(
            &delete,
            &delete.connection,
            &delete.request_id,
            action,
            delete.dry_run,
        )
    }

    fn new<E: Serialize>(
        event: &E,
        connection: &str,
        request_id: &str,
        action: Action,
        dry_run: bool,
    ) -> Result<Self, Error> {
        event::check_connection(connection)?;
        event::check_request_id(request_id)?;
        // Written out again, defaults included: two spellings of one event are the same event.
        let event = serde_json::to_value(event)
            .map_err(|e| Error::internal("NotJson", "an event has no JSON form").with_source(e))?;
        Ok(Self {
            connection: connection.to_owned(),
            request: Request {
                id: request_id.to_owned(),
                action,
                allow: Vec::new(),
            },
            dry_run,
            event,
        })
    }
}
