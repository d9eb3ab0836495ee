//! The record of a temporary grant.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_connector::event::GrantRef;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Records by their ids.
pub(crate) type Book = BTreeMap<String, Expiration>;

/// The record of a temporary grant. It is never deleted: a closed one says how the grant ended, until the same grant
/// is made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiration {
    /// Its id, which the answer to the grant contains.
    pub id: String,
    /// The connector.
    pub connector: String,
    /// The connection.
    pub connection: String,
    /// The entitlement, `type:resource:slug`.
    pub entitlement: String,
    /// The principal, `type:id`.
    pub principal: String,
    /// The request that made the grant.
    pub request_id: String,
    /// Later requests for the same grant: the latest end counts.
    pub extended_by: Vec<String>,
    /// When that was.
    pub granted_at: Timestamp,
    /// When the grant ends.
    pub ends_at: Timestamp,
    /// What the grant removed, to be granted again at its end, in this order; empty if it was new.
    pub puts_back: Vec<PutBack>,
    /// The ids of the expirations of grants that this one needs: they end after it.
    pub further: Vec<String>,
    /// The expiration of the temporary grant that replaced this one.
    pub covered_by: Option<String>,
    /// Whether the grant is known to be made. It is recorded before it is sent: if the process was killed then, its end
    /// finds out.
    pub(crate) is_confirmed: bool,
    /// The writes of the end, once it has begun.
    pub(crate) steps: Vec<Step>,
    /// How it ended, if it has.
    pub closed: Option<Closed>,
}

/// A grant that a temporary one removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutBack {
    /// The entitlement.
    pub entitlement: String,
    /// Whether that grant is temporary, too: it is granted again only if it has not ended by then.
    pub temporary: bool,
}

/// A write of an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Whether it grants; otherwise it revokes.
    pub(crate) grants: bool,
    pub(crate) entitlement: String,
    /// The ids of the grants that the write must replace; if they are others, somebody changed them.
    pub(crate) replaces: Vec<String>,
    /// How often it began anew, because another request changed the principal while it was interrupted.
    pub(crate) attempt: u32,
}

/// The end of a temporary grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// When it ended.
    pub at: Timestamp,
    /// How it ended.
    pub how: How,
}

/// How a temporary grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// What it changed was taken back.
    Ended,
    /// Somebody had changed it: nothing was taken back.
    Changed,
    /// It was revoked, or replaced, before its end.
    Revoked,
    /// It was granted again without an end.
    Permanent,
    /// The vendor refused it: it never was.
    NotGranted,
}

impl Step {
    /// Whether it takes the temporary grant. Otherwise it only puts something back.
    pub(crate) fn takes(&self) -> bool {
        !self.grants || !self.replaces.is_empty()
    }
}

impl Expiration {
    /// Whether its end is still to come, or to be carried out.
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether it is open, and its time has come.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_open() && self.ends_at <= now
    }

    /// Whether this request made or extended the grant.
    pub(crate) fn is_of(&self, request_id: &str) -> bool {
        self.request_id == request_id || self.extended_by.iter().any(|id| id == request_id)
    }

    /// The id of its grant.
    pub fn grant_id(&self) -> String {
        self.grant_id_of(&self.entitlement)
    }

    /// The id of the grant of another entitlement to the same principal.
    pub(crate) fn grant_id_of(&self, entitlement: &str) -> String {
        format!("{entitlement}:{}", self.principal)
    }

    /// The grant of an entitlement to the principal.
    pub(crate) fn grant_of(&self, entitlement: &str) -> GrantRef {
        GrantRef {
            id: self.grant_id_of(entitlement),
            entitlement: entitlement.to_owned(),
            principal: self.principal.clone(),
        }
    }

    /// The request id of the `number`th step of its end: the same whenever it is repeated, and used for nothing else.
    pub(crate) fn step_id(&self, number: usize) -> Option<String> {
        let Step { grants, entitlement, attempt, .. } = self.steps.get(number)?;
        let (id, request) = (&self.id, self.extended_by.last().unwrap_or(&self.request_id));
        let name = format!("{id}\n{request}\n{number}\n{attempt}\n{grants}\n{entitlement}");
        Some(format!("end-{}", &hex::encode(Sha256::digest(name))[..40]))
    }
}
