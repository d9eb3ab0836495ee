//! The audit record of a request. *intended*, one object for each write, before the vendor is told anything; *observed*,
//! once, with what was read back in the end; *failed*, one object for each call that sent something or met an outage and
//! did not get there, with what was carried out: so the attempts are counted. Each is written once.
//!
//! A repetition of the request reads the intentions: whatever became of the process, the request knows what it sent.

use jiff::Timestamp;
use rollcall_connector::Code;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Order;
use crate::store::keys::Keys;
use crate::store::{PutError, PutMode, Store, get_json, put_json};
use rollcall_connector::event::ChangeAnswer;
use rollcall_connector::provision::Proposal;
use rollcall_connector::{About, Chain, Error, ErrorType, Identity};

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
    /// What was sent last, if anything.
    sent: Option<Value>,
    /// What the request was answered with: grants and resource as they were read back.
    answer: ChangeAnswer,
}

#[derive(Serialize)]
struct Failed<'a> {
    #[serde(flatten)]
    head: Head,
    error_type: &'a str,
    code: &'a str,
    message: String,
    /// The writes of this call that the vendor carried out, the first one first. They stay.
    carried_out: &'a [Value],
}

/// The part of a failure that a repetition needs.
#[derive(Deserialize)]
struct Failure {
    at: Timestamp,
}

/// The part of an intention that a repetition needs.
#[derive(Deserialize)]
struct Intention<C> {
    #[serde(flatten)]
    head: Head,
    proposal: Proposal<C>,
}

/// The audit record of one request.
pub(super) struct Record<'a> {
    store: &'a dyn Store,
    keys: Keys<'a>,
    request_id: &'a str,
    head: Head,
}

impl<'a> Record<'a> {
    pub(super) fn new(
        store: &'a dyn Store,
        keys: Keys<'a>,
        about: &About,
        order: &'a Order,
        at: Timestamp,
    ) -> Self {
        Self {
            store,
            keys,
            request_id: &order.request.id,
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

    /// The key of the record, without the names of its objects.
    pub(super) fn key(&self) -> String {
        self.object("intended")
            .trim_end_matches("/intended.json")
            .to_owned()
    }

    fn object(&self, name: &str) -> String {
        self.keys.audit(self.request_id, name)
    }

    /// The `number`th object of a kind: `intended`, `intended-2` …
    fn numbered(&self, name: &str, number: usize) -> String {
        match number {
            1 => self.object(name),
            n => self.object(&format!("{name}-{n}")),
        }
    }

    /// The answer that was given before, if this request was done before.
    pub(super) async fn answered(&self) -> Result<Option<ChangeAnswer>, Error> {
        let observed = self.object("observed");
        if let Some((observed, _)) = get_json::<Observed>(self.store, &observed).await? {
            self.same(&observed.head)?;
            return Ok(Some(observed.answer));
        }
        Ok(None)
    }

    fn same(&self, other: &Head) -> Result<(), Error> {
        if other.request_sha256 == self.head.request_sha256 {
            return Ok(());
        }
        Err(Error::new(
            ErrorType::Conflict,
            Code::RequestIdUsed,
            format!(
                "this request id was used at {} for another request ({})",
                other.at, other.operation
            ),
            "Use a new `request_id` for a new request.",
        ))
    }

    /// What earlier calls of this request sent, or were about to send, the first one first; and since when.
    pub(super) async fn intentions<C: DeserializeOwned>(
        &self,
    ) -> Result<(Option<Timestamp>, Vec<Proposal<C>>), Error> {
        let (mut since, mut intentions) = (None, Vec::new());
        loop {
            let key = self.numbered("intended", intentions.len() + 1);
            let Some((found, _)) = get_json::<Intention<C>>(self.store, &key).await? else {
                return Ok((since, intentions));
            };
            self.same(&found.head)?;
            since.get_or_insert(found.head.at);
            intentions.push(found.proposal);
        }
    }

    /// Writes down what is about to be sent, as the `number`th write of this request.
    pub(super) async fn intend(
        &self,
        number: usize,
        identity: &Identity,
        proposal: &Value,
    ) -> Result<(), Error> {
        let intended = Intended {
            head: self.head.clone(),
            tenant: &identity.tenant,
            caller: identity.caller.to_string(),
            proposal,
        };
        let key = self.numbered("intended", number);
        self.create(&key, &intended).await
    }

    /// Writes down what came of it.
    pub(super) async fn observe(
        &self,
        answer: &ChangeAnswer,
        sent: Option<Value>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let observed = Observed {
            head: self.head_at(at),
            sent,
            answer: answer.clone(),
        };
        self.create(&self.object("observed"), &observed).await
    }

    /// When a call of this request failed for the first time.
    pub(super) async fn failed_at(&self) -> Result<Option<Timestamp>, Error> {
        let found = get_json::<Failure>(self.store, &self.object("failed")).await?;
        Ok(found.map(|(failure, _)| failure.at))
    }

    /// Writes down that a call failed, and what of it was carried out. The result is the number of the failure, from 1.
    pub(super) async fn fail(
        &self,
        error: &Error,
        carried_out: &[Value],
        at: Timestamp,
    ) -> Result<u32, Error> {
        let failed = Failed {
            head: self.head_at(at),
            error_type: error.kind().as_str(),
            code: error.code().as_str(),
            message: Chain(error).to_string(),
            carried_out,
        };
        let mut number = 1;
        loop {
            let key = self.numbered("failed", number as usize);
            match put_json(self.store, &key, &failed, PutMode::Create).await {
                Ok(_) => return Ok(number),
                // An earlier call failed, too.
                Err(PutError::Condition(_)) => number += 1,
                Err(PutError::Failed(error)) => return Err(error),
            }
        }
    }

    fn head_at(&self, at: Timestamp) -> Head {
        Head {
            at,
            ..self.head.clone()
        }
    }

    async fn create(&self, key: &str, object: &(impl Serialize + Sync)) -> Result<(), Error> {
        let written = put_json(self.store, key, object, PutMode::Create).await;
        written
            .map(|_| ())
            .map_err(|e| e.into_error("the audit record"))
    }
}
