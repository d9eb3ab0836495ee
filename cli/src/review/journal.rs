//! The evidence of a review: numbered records in the store, each written once, with its own digest and that of the one
//! before it.

use std::process::Command;

use jiff::Timestamp;
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::store::{Body, PutError, PutMode, Store};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::row::Review;
use crate::failure::Failure;
use crate::output::Row;

/// How often a record is given the next number, if another run took its own.
const ATTEMPTS: usize = 5;

/// A record.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record<T> {
    /// The SHA-256 of this record with an empty text here, in hex. It is the first field: nothing before it looks like it.
    sha256: String,
    pub(super) review: String,
    pub(super) what: What,
    pub(super) at: Timestamp,
    pub(super) by: By,
    /// The SHA-256 of the record before it, as a file, in hex.
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

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Decided => "decided",
            Self::Done => "done",
        }
    }
}

/// Who ran the command.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct By {
    /// The user's name in the operating system; `None`: it has none, and the reviewer is named.
    pub(super) user: Option<String>,
    /// The reviewer, as given on the command line.
    pub(super) reviewer: Option<String>,
}

impl By {
    /// Whoever runs this process, for this reviewer. Fails if neither has a name.
    pub(super) fn this_user(reviewer: Option<String>) -> Result<Self, Failure> {
        // Unlike a variable, it cannot be set by mistake. An image without a shell does not have it.
        let named = Command::new("id").arg("-un").output().ok();
        let named = named.filter(|output| output.status.success());
        let named = named.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        let variables = ["USER", "LOGNAME"].map(|name| std::env::var(name).ok());
        let mut names = [named].into_iter().chain(variables).flatten();
        let user = names.find(|name| !name.is_empty());
        if user.is_none() && reviewer.is_none() {
            let what = "the evidence needs a name, and the user of this process has none";
            let fix = "set the variable USER, or add --reviewer, which `review apply` accepts";
            return Err(Failure::Usage(format!("{what}: {fix}")));
        }
        Ok(Self { user, reviewer })
    }
}

/// A record that was added.
#[derive(Debug)]
pub(super) struct Added {
    /// Where it is.
    pub(super) place: String,
    /// The SHA-256 of its file, in hex.
    pub(super) sha256: String,
}

/// The records of a review.
pub(super) struct Journal<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) review: &'a str,
    pub(super) by: By,
}

impl Journal<'_> {
    /// Adds a record.
    pub(super) async fn add<T: Serialize>(
        &self,
        what: What,
        at: Timestamp,
        file: Option<&[u8]>,
        content: &T,
    ) -> Result<Added, Error> {
        let mut attempt = 1;
        loop {
            let keys = self.store.list(&folder(self.review)).await?;
            let previous = match keys.last() {
                Some(key) => self.store.get(key).await?.map(|object| sha256(&object.bytes)),
                None => None,
            };
            let mut record = Record {
                sha256: String::new(),
                review: self.review.to_owned(),
                what,
                at,
                by: self.by.clone(),
                previous,
                file_sha256: file.map(sha256),
                content,
            };
            record.sha256 = sha256(&text(&record)?);
            let bytes = text(&record)?;
            let key = key(self.review, keys.len());
            match self.store.put(&key, Body::Bytes(&bytes), PutMode::Create).await {
                Ok(_) => {
                    return Ok(Added { place: self.store.place(&key), sha256: sha256(&bytes) });
                }
                Err(PutError::Condition(_)) if attempt < ATTEMPTS => attempt += 1,
                Err(e) => return Err(e.into_error("the evidence of the review")),
            }
        }
    }
}

/// The text of a record.
fn text<T: Serialize>(record: &Record<T>) -> Result<Vec<u8>, Error> {
    let mut bytes = serde_json::to_vec_pretty(record).map_err(Error::not_json)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// What was shown in the review with this id, whose records are verified.
pub(super) async fn shown(store: &dyn Store, id: &str) -> Result<Review, Error> {
    let records = records(store, id).await?;
    verify(id, &records)?;
    let first = records.first().ok_or_else(|| unknown(store, id))?;
    let record: Record<Review> = serde_json::from_slice(&first.1).map_err(Error::not_json)?;
    Ok(record.content)
}

/// A record that was verified.
#[derive(Debug, Serialize)]
pub(super) struct Verified {
    number: usize,
    what: What,
    at: Timestamp,
    by: By,
    /// The SHA-256 of its file, in hex, which the next record has.
    pub(super) sha256: String,
}

impl Row for Verified {
    const COLUMNS: &'static [&'static str] =
        &["Record", "What", "At", "User", "Reviewer", "SHA-256"];

    fn cells(&self) -> Vec<String> {
        let By { user, reviewer } = &self.by;
        vec![
            format!("{:04}", self.number),
            self.what.name().to_owned(),
            format!("{:.0}", self.at),
            user.clone().unwrap_or_default(),
            reviewer.clone().unwrap_or_default(),
            self.sha256.clone(),
        ]
    }
}

/// The records of the review with this id, by number.
pub(super) async fn records(store: &dyn Store, id: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let is_id = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let keys = if is_id { store.list(&folder(id)).await? } else { Vec::new() };
    let mut records = Vec::with_capacity(keys.len());
    for key in keys {
        let found = store.get(&key).await?.map(|object| object.bytes);
        records.push((key, found.unwrap_or_default()));
    }
    match records.is_empty() {
        true => Err(unknown(store, id)),
        false => Ok(records),
    }
}

/// Checks that the records are those that were written: none is missing before the last one, and each has its own digest
/// and that of the one before it. Whoever can write all of them can compute other digests.
pub(super) fn verify(id: &str, records: &[(String, Vec<u8>)]) -> Result<Vec<Verified>, Error> {
    let mut previous = None;
    let mut verified = Vec::with_capacity(records.len());
    for (number, (found, bytes)) in records.iter().enumerate() {
        let expected = key(id, number);
        if *found != expected {
            return Err(altered(format!("{expected} is missing: {found} is in its place")));
        }
        let record: Record<Value> = serde_json::from_slice(bytes)
            .map_err(|e| altered(format!("{found} is not a record: {e}")))?;
        if !is_as_written(bytes, &record.sha256) {
            return Err(altered(format!("{found} does not have its own digest")));
        }
        if record.review != id || record.previous != previous {
            return Err(altered(format!("{found} does not follow the record before it")));
        }
        let is_first = record.what == What::Shown;
        if is_first != (number == 0) || (is_first && !is_shown(id, &record.content)) {
            return Err(altered(format!("{found} is not what was shown")));
        }
        let sha256 = sha256(bytes);
        previous = Some(sha256.clone());
        let Record { what, at, by, .. } = record;
        verified.push(Verified { number, what, at, by, sha256 });
    }
    Ok(verified)
}

/// Whether the text of a record has this digest.
fn is_as_written(bytes: &[u8], digest: &str) -> bool {
    let field = format!("\"sha256\": \"{digest}\"");
    let text = String::from_utf8_lossy(bytes).replacen(&field, "\"sha256\": \"\"", 1);
    sha256(text.as_bytes()) == digest
}

fn is_shown(id: &str, content: &Value) -> bool {
    let review = Review::deserialize(content);
    review.is_ok_and(|review| review.id == id && review.is_whole())
}

fn altered(what: String) -> Error {
    Error::invalid(
        Code::EvidenceAltered,
        format!("the evidence of the review was altered: {what}"),
        "Compare with a copy or an earlier version of the objects under reviews/, if the store keeps them.",
    )
}

fn unknown(store: &dyn Store, id: &str) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::UnknownReview,
        format!("the store has no review `{id}` in {}", store.place("reviews/")),
        "Name the store in which the review was made with --store.",
    )
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

#[cfg(test)]
mod tests {
    use super::super::decision::tests::review;
    use super::*;
    use rollcall_engine::store::folder::Folder;

    /// The records of a review that was decided, with this change to them.
    async fn check(edit: fn(&mut Vec<(String, Vec<u8>)>)) -> Result<usize, String> {
        let (folder, review) = (tempfile::tempdir().expect("a folder"), review());
        let store = Folder::new(folder.path());
        let by = By { user: Some("u".into()), reviewer: None };
        let journal = Journal { store: &store, review: &review.id, by };
        let at = Timestamp::UNIX_EPOCH;
        journal.add(What::Shown, at, None, &review).await.expect("written");
        journal.add(What::Decided, at, Some(b"file"), &1).await.expect("written");
        journal.add(What::Done, at, None, &2).await.expect("written");
        let mut records = records(&store, &review.id).await.expect("records");
        edit(&mut records);
        verify(&review.id, &records).map(|all| all.len()).map_err(|e| e.to_string())
    }

    fn replace(record: &mut (String, Vec<u8>), from: &str, to: &str) {
        let text = String::from_utf8_lossy(&record.1).replace(from, to);
        record.1 = text.into_bytes();
    }

    /// Replaces with a new digest of the record, as somebody would who knows how records are made.
    fn forge(record: &mut (String, Vec<u8>), from: &str, to: &str) {
        let old: Record<Value> = serde_json::from_slice(&record.1).expect("a record");
        replace(record, &old.sha256, "");
        replace(record, from, to);
        let new = format!("\"sha256\": \"{}\"", sha256(&record.1));
        replace(record, "\"sha256\": \"\"", &new);
    }

    #[tokio::test]
    async fn a_record_that_is_altered_missing_or_of_another_review_is_found() {
        type Edit = fn(&mut Vec<(String, Vec<u8>)>);
        let own = "does not have its own digest";
        let table: [(Edit, &str); 14] = [
            (|_| {}, ""),
            (|all| drop(all.remove(0)), "0000.json is missing"),
            (|all| drop(all.remove(1)), "0001.json is missing"),
            (|all| all[1].1.truncate(20), "0001.json is not a record"),
            (|all| replace(&mut all[1], "\"content\": 1", "\"content\": 3"), own),
            (|all| replace(&mut all[0], "\"u\"", "\"v\""), own),
            // Nothing follows the last one.
            (|all| replace(&mut all[2], "\"content\": 2", "\"content\": 3"), own),
            (|all| replace(&mut all[2], "\"u\"", "\"v\""), own),
            (|all| replace(&mut all[2], "1970", "1971"), own),
            (|all| all[2].1.push(b' '), own),
            (
                |all| forge(&mut all[1], "\"content\": 1", "\"content\": 3"),
                "0002.json does not follow",
            ),
            (|all| forge(&mut all[0], "user:b", "user:a"), "0000.json is not what was shown"),
            (|all| forge(&mut all[2], "\"done\"", "\"shown\""), "0002.json is not what was shown"),
            // What the help says of whoever can write all records.
            (|all| forge(&mut all[2], "\"content\": 2", "\"content\": 3"), ""),
        ];
        for (edit, expected) in table {
            match check(edit).await {
                Ok(count) => assert_eq!((count, expected), (3, "")),
                Err(e) => assert!(!expected.is_empty() && e.contains(expected), "{expected}: {e}"),
            }
        }
    }
}
