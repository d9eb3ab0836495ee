//! The audit record of a request. *intended*: one object per write, stored before the write is sent. *observed*: one object,
//! the state read at the end. *failed*: one object per failed call that sent something or met an outage, with the writes that
//! were carried out; they count the attempts. Each object is written once.
//!
//! A repeated request reads the intentions: even if the process was killed, the request knows what it sent.

use jiff::Timestamp;
use rollcall_connector::Code;
use rollcall_connector::clock::after;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Order;
use crate::context::IN_A_ROW;
use crate::store::keys::Keys;
use crate::store::{PutError, PutMode, Store, get_json, put_json};
use rollcall_connector::event::ChangeAnswer;
use rollcall_connector::provision::Proposal;
use rollcall_connector::{About, Chain, Error, ErrorType, Identity};

/// The beginning of every object.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Head {
    /// The operation: `grant`, `revoke` …
    operation: String,
    connector: String,
    connection: String,
    /// The event.
    request: Value,
    /// SHA-256 of the event, in hex: a request id is valid for one event.
    request_sha256: String,
    at: Timestamp,
}

#[derive(Serialize)]
struct Intended<'a> {
    #[serde(flatten)]
    head: Head,
    tenant: &'a str,
    caller: String,
    /// What was read before, what will be sent, and its effects.
    proposal: &'a Value,
}

#[derive(Serialize, Deserialize)]
struct Observed {
    #[serde(flatten)]
    head: Head,
    /// What was sent last, if anything.
    sent: Option<Value>,
    /// The answer to the request: grants and resource as they were read back.
    answer: ChangeAnswer,
}

#[derive(Serialize)]
struct Failed<'a> {
    #[serde(flatten)]
    head: Head,
    error_type: &'a str,
    code: &'a str,
    message: String,
    /// The writes of this call that the vendor carried out, in order. They remain in effect.
    carried_out: &'a [Value],
}

/// The part of a record's object that identifies its request and time.
#[derive(Deserialize)]
struct Begun {
    #[serde(flatten)]
    head: Head,
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
        self.object("intended").trim_end_matches("/intended.json").to_owned()
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

    /// The earlier answer, if this request is already done.
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

    /// What earlier calls of this request sent, or were about to send, in order; and since when.
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

    /// Stores the write that is about to be sent, as the `number`th of this request.
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

    /// Stores the observed result.
    pub(super) async fn observe(
        &self,
        answer: &ChangeAnswer,
        sent: Option<Value>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let observed = Observed { head: self.head_at(at), sent, answer: answer.clone() };
        self.create(&self.object("observed"), &observed).await
    }

    /// When a call of this request failed for the first time. Fails if the record is that of another request.
    pub(super) async fn failed_at(&self) -> Result<Option<Timestamp>, Error> {
        self.begun("intended").await?;
        self.begun("failed").await
    }

    async fn begun(&self, name: &str) -> Result<Option<Timestamp>, Error> {
        let Some((found, _)) = get_json::<Begun>(self.store, &self.object(name)).await? else {
            return Ok(None);
        };
        self.same(&found.head)?;
        Ok(Some(found.head.at))
    }

    /// Stores that a call failed, with the writes that it carried out. The result is the number of failures in a row.
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
        let mut in_a_row = 1;
        for number in 1.. {
            let key = self.numbered("failed", number);
            match put_json(self.store, &key, &failed, PutMode::Create).await {
                Ok(_) => break,
                // An earlier call failed, too.
                Err(PutError::Condition(_)) => {
                    let earlier = get_json::<Begun>(self.store, &key).await?;
                    in_a_row +=
                        u32::from(earlier.is_some_and(|(e, _)| after(e.head.at, IN_A_ROW) > at));
                }
                Err(PutError::Failed(error)) => return Err(error),
            }
        }
        Ok(in_a_row)
    }

    fn head_at(&self, at: Timestamp) -> Head {
        Head { at, ..self.head.clone() }
    }

    async fn create(&self, key: &str, object: &(impl Serialize + Sync)) -> Result<(), Error> {
        let written = put_json(self.store, key, object, PutMode::Create).await;
        written.map(|_| ()).map_err(|e| e.into_error("the audit record"))
    }
}
