//! The evidence of a review: numbered records in the store, each written once and with the digest of the one before it.

use std::process::Command;

use jiff::Timestamp;
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::store::{Body, PutError, PutMode, Store, get_json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How often a record is given the next number, if another run took its own.
const ATTEMPTS: usize = 5;

/// A record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record<T> {
    pub(super) review: String,
    pub(super) what: What,
    pub(super) at: Timestamp,
    pub(super) by: By,
    /// The SHA-256 of the record before it, in hex.
    pub(super) previous: Option<String>,
    /// The SHA-256 of the file that was shown or read, in hex.
    pub(super) file_sha256: Option<String>,
    pub(super) content: T,
}

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// The rows that the reviewer gets.
    Shown,
    /// The decisions, before they are carried out.
    Decided,
    /// The result for each row.
    Done,
}

/// Who ran the command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct By {
    /// The user's name in the operating system.
    pub(super) user: String,
    /// The reviewer, as given on the command line.
    pub(super) reviewer: Option<String>,
}

impl By {
    /// Whoever runs this process, for this reviewer.
    pub(super) fn this_user(reviewer: Option<String>) -> Self {
        // Unlike a variable, it cannot be set by mistake.
        let named = Command::new("id").arg("-un").output();
        let named = named.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        let user = named.ok().filter(|name| !name.is_empty());
        Self { user: user.unwrap_or_else(|| "unknown".to_owned()), reviewer }
    }
}

/// The records of a review.
pub(super) struct Journal<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) review: &'a str,
    pub(super) by: By,
}

impl Journal<'_> {
    /// Adds a record. The result is where it is.
    pub(super) async fn add<T: Serialize>(
        &self,
        what: What,
        at: Timestamp,
        file: Option<&[u8]>,
        content: &T,
    ) -> Result<String, Error> {
        let mut attempt = 1;
        loop {
            let keys = self.store.list(&folder(self.review)).await?;
            let previous = match keys.last() {
                Some(key) => self.store.get(key).await?.map(|object| sha256(&object.bytes)),
                None => None,
            };
            let record = Record {
                review: self.review.to_owned(),
                what,
                at,
                by: self.by.clone(),
                previous,
                file_sha256: file.map(sha256),
                content,
            };
            let mut bytes = serde_json::to_vec_pretty(&record).map_err(Error::not_json)?;
            bytes.push(b'\n');
            let key = key(self.review, keys.len());
            match self.store.put(&key, Body::Bytes(&bytes), PutMode::Create).await {
                Ok(_) => return Ok(self.store.place(&key)),
                Err(PutError::Condition(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(e) => return Err(e.into_error("the evidence of the review")),
            }
        }
    }
}

/// What was shown in the review with this id.
pub(super) async fn shown<T: DeserializeOwned>(store: &dyn Store, id: &str) -> Result<T, Error> {
    let key = key(id, 0);
    let found = get_json::<Record<T>>(store, &key).await?;
    found.map(|(record, _)| record.content).ok_or_else(|| {
        Error::new(
            ErrorType::NotFound,
            Code::UnknownReview,
            format!("the store has no review {id}: {} does not exist", store.place(&key)),
            "Name the store in which the review was made with --store.",
        )
    })
}

fn folder(review: &str) -> String {
    format!("reviews/{review}/")
}

/// The number alone names a record: of two that are written at the same time, one gets the next number.
fn key(review: &str, number: usize) -> String {
    format!("{}{number:04}.json", folder(review))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
