//! The audit record of a request: two objects, each written once. *intended* before the vendor is told anything,
//! *observed* after it, with what was read back. An intention without an observation is a request that failed, or whose
//! end nobody saw; sending it again finds out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Order;
use crate::connector::{About, Identity};
use crate::error::{Error, ErrorType};
use crate::event::ChangeAnswer;
use crate::store::keys::Keys;
use crate::store::{PutError, PutMode, Store, get_json, put_json};

/// What both objects begin with.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Head {
    /// The operation: `grant`, `revoke` …
    operation: String,
    connector: String,
    connection: String,
    /// The event.
    request: Value,
    /// SHA-256 of the event, in hex: a request id is good for one event.
    request_sha256: String,
    at: Timestamp,
}

#[derive(Serialize)]
struct Intended<'a> {
    #[serde(flatten)]
    head: Head,
    tenant: &'a str,
    caller: String,
    /// What was read before; what will be sent; what that brings about.
    proposal: &'a Value,
}

#[derive(Serialize, Deserialize)]
struct Observed {
    #[serde(flatten)]
    head: Head,
    /// What was sent last, if anything: another one than intended, if what was read had changed meanwhile.
    sent: Option<Value>,
    /// What the request was answered with: grants and resource as they were read back.
    answer: ChangeAnswer,
}

/// The audit record of one request.
pub(super) struct Record<'a> {
    store: &'a dyn Store,
    intended: String,
    observed: String,
    head: Head,
}

impl<'a> Record<'a> {
    pub(super) fn new(
        store: &'a dyn Store,
        keys: Keys<'_>,
        about: &About,
        order: &Order,
        at: Timestamp,
    ) -> Self {
        Self {
            store,
            intended: keys.audit(&order.request.id, "intended"),
            observed: keys.audit(&order.request.id, "observed"),
            head: Head {
                operation: order.request.action.name().into(),
                connector: about.name.into(),
                connection: order.connection.clone(),
                request: order.event.clone(),
                request_sha256: hex::encode(Sha256::digest(format!(
                    "{}\n{}",
                    order.request.action.name(),
                    order.event
                ))),
                at,
            },
        }
    }

    /// The key of the record, without the names of its two objects.
    pub(super) fn key(&self) -> String {
        self.intended.trim_end_matches("/intended.json").to_owned()
    }

    /// The answer that was given before, if this request was done before.
    pub(super) async fn answered(&self) -> Result<Option<ChangeAnswer>, Error> {
        if let Some((observed, _)) = get_json::<Observed>(self.store, &self.observed).await? {
            self.same(&observed.head)?;
            return Ok(Some(observed.answer));
        }
        if let Some((head, _)) = get_json::<Head>(self.store, &self.intended).await? {
            self.same(&head)?;
        }
        Ok(None)
    }

    fn same(&self, other: &Head) -> Result<(), Error> {
        if other.request_sha256 == self.head.request_sha256 {
            return Ok(());
        }
        Err(Error::new(
            ErrorType::Conflict,
            "RequestIdUsed",
            format!(
                "this request id was used at {} for another request ({})",
                other.at, other.operation
            ),
            "Use a new `request_id` for a new request.",
        ))
    }

    /// Writes down what is about to be done. A repetition finds it written.
    pub(super) async fn intend(&self, identity: &Identity, proposal: &Value) -> Result<(), Error> {
        let intended = Intended {
            head: self.head.clone(),
            tenant: &identity.tenant,
            caller: identity.caller.to_string(),
            proposal,
        };
        match put_json(self.store, &self.intended, &intended, PutMode::Create).await {
            Ok(_) => Ok(()),
            Err(PutError::Condition(_)) => {
                match get_json::<Head>(self.store, &self.intended).await? {
                    Some((head, _)) => self.same(&head),
                    None => Ok(()),
                }
            }
            Err(PutError::Failed(error)) => Err(error),
        }
    }

    /// Writes down what came of it.
    pub(super) async fn observe(
        &self,
        answer: &ChangeAnswer,
        sent: Option<Value>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let observed = Observed {
            head: Head {
                at,
                ..self.head.clone()
            },
            sent,
            answer: answer.clone(),
        };
        let written = put_json(self.store, &self.observed, &observed, PutMode::Create).await;
        written
            .map(|_| ())
            .map_err(|e| e.into_error("the audit record"))
    }
}
