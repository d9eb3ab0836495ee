//! The store: a folder or an S3 bucket behind one small trait, with the same guarantees.

pub mod folder;
pub mod keys;
pub mod lease;
pub mod s3;

use std::io;
use std::path::Path;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use rollcall_connector::{Code, Error, ErrorType};

/// Identifies the content of an object; opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub(crate) String);

/// An object as it was read.
#[expect(missing_docs, reason = "the names are self-explanatory")]
#[derive(Debug, Clone)]
pub struct Object {
    pub bytes: Vec<u8>,
    pub version: Version,
}

/// The condition of a write.
#[derive(Debug, Clone, Copy)]
pub enum PutMode<'a> {
    /// Always.
    Overwrite,
    /// Only if the object does not exist.
    Create,
    /// Only if the object still has this content.
    Update(&'a Version),
}

/// The content of a write.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// The content of this file.
    File(&'a Path),
}

/// The failure of a write.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// Its condition is not met: another process wrote the object.
    #[error("the condition on `{0}` does not hold")]
    Condition(String),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl PutError {
    /// Converts to an [`Error`], if a failed condition has no special meaning. `what` names the object for people.
    pub fn into_error(self, what: &str) -> Error {
        match self {
            Self::Failed(error) => error,
            Self::Condition(key) => Error::new(
                ErrorType::Conflict,
                Code::WrittenByAnother,
                format!("another run wrote {what} in the meantime (`{key}`)"),
                "Nothing was overwritten. Run again.",
            ),
        }
    }
}

/// A store of objects. Reads see the last complete write; a write is complete or did not happen.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads an object; `None` only if the store reports that it does not exist.
    async fn get(&self, key: &str) -> Result<Option<Object>, Error>;

    /// Copies an object into a file, which it replaces, with little memory. Returns its size in bytes; `None` only if the
    /// store reports that it does not exist. After a failure, the file is as it was.
    async fn download(&self, key: &str, to: &Path) -> Result<Option<u64>, Error>;

    /// Writes an object.
    async fn put(&self, key: &str, body: Body<'_>, mode: PutMode<'_>) -> Result<Version, PutError>;

    /// The keys that begin with `prefix`, sorted.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error>;

    /// The location of an object, for people.
    fn place(&self, key: &str) -> String;
}

/// A temporary file next to `to`, to be renamed to it when it is complete.
fn beside(to: &Path) -> Result<NamedTempFile, Error> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
    file.map_err(|e| not_downloaded(to, e))
}

fn not_downloaded(to: &Path, e: io::Error) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::ScratchFailed,
        format!("could not write {}", to.display()),
        "Check that its folder exists, can be written, and has enough free space.",
    )
    .with_source(e)
}

/// Writes a small object at `key`, and returns whether the store refuses to create it again; otherwise two runs could
/// overwrite each other.
pub async fn supports_conditional_writes(store: &dyn Store, key: &str) -> Result<bool, Error> {
    let (first, other) = (Body::Bytes(b"{}\n"), Body::Bytes(b"{\"other\":true}\n"));
    let written = store.put(key, first, PutMode::Overwrite).await;
    written.map_err(|e| e.into_error("the probe"))?;
    // With the same bytes it would look like a write of ours whose answer was lost.
    match store.put(key, other, PutMode::Create).await {
        Ok(_) => Ok(false),
        Err(PutError::Condition(_)) => Ok(true),
        Err(PutError::Failed(error)) => Err(error),
    }
}

/// Reads a JSON object.
pub async fn get_json<T: DeserializeOwned>(
    store: &dyn Store,
    key: &str,
) -> Result<Option<(T, Version)>, Error> {
    let Some(object) = store.get(key).await? else {
        return Ok(None);
    };
    let value = serde_json::from_slice(&object.bytes).map_err(|e| {
        Error::new(
            ErrorType::Internal,
            Code::UnreadableObject,
            format!("{} does not contain what Rollcall writes there", store.place(key)),
            "If it was edited, or written by a newer version of Rollcall, restore an earlier version of the object.",
        )
        .with_source(e)
    })?;
    Ok(Some((value, object.version)))
}

/// Writes an object as indented JSON.
pub async fn put_json<T: Serialize + Sync>(
    store: &dyn Store,
    key: &str,
    value: &T,
    mode: PutMode<'_>,
) -> Result<Version, PutError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(Error::not_json)?;
    bytes.push(b'\n');
    store.put(key, Body::Bytes(&bytes), mode).await
}

#[cfg(test)]
pub(crate) mod conformance {
    //! The test of every store; each backend runs it.

    use super::*;

    pub(crate) async fn holds(store: &dyn Store) {
        assert!(store.get("a/none").await.expect("get").is_none());

        let one = put(store, "a/x.json", b"one", PutMode::Create).await.expect("created");
        let again = put(store, "a/x.json", b"two", PutMode::Create).await;
        assert!(matches!(again, Err(PutError::Condition(_))), "create never overwrites");

        let two = put(store, "a/x.json", b"two", PutMode::Update(&one)).await.expect("updated");
        let stale = put(store, "a/x.json", b"three", PutMode::Update(&one)).await;
        assert!(matches!(stale, Err(PutError::Condition(_))), "a stale version never wins");
        let absent = put(store, "a/y.json", b"one", PutMode::Update(&one)).await;
        assert!(matches!(absent, Err(PutError::Condition(_))), "an update creates nothing");

        let read = store.get("a/x.json").await.expect("get").expect("present");
        assert_eq!((read.bytes.as_slice(), &read.version), (b"two".as_slice(), &two));

        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), b"from a file").expect("written");
        store.put("a/b/z", Body::File(file.path()), PutMode::Overwrite).await.expect("stored");
        assert_eq!(store.get("a/b/z").await.expect("get").expect("present").bytes, b"from a file");
        assert_eq!(store.list("a/").await.expect("list"), ["a/b/z", "a/x.json"]);
        assert!(store.list("b/").await.expect("list").is_empty());
        downloads(store).await;
        assert!(supports_conditional_writes(store, "c/x.json").await.expect("probed"));
    }

    async fn downloads(store: &dyn Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("x");
        assert_eq!(store.download("a/none", &to).await.expect("asked"), None);
        assert!(!to.exists());
        let large: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        put(store, "d/large", &large, PutMode::Overwrite).await.expect("stored");
        for (key, bytes) in [("d/large", large.as_slice()), ("a/b/z", b"from a file")] {
            let length = Some(bytes.len() as u64);
            assert_eq!(store.download(key, &to).await.expect("copied"), length);
            assert!(std::fs::read(&to).expect("a file") == bytes, "an older file is replaced");
        }
        assert!(store.download("a/b/z", &folder.path().join("none/x")).await.is_err());
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    async fn put(
        store: &dyn Store,
        key: &str,
        bytes: &[u8],
        mode: PutMode<'_>,
    ) -> Result<Version, PutError> {
        store.put(key, Body::Bytes(bytes), mode).await
    }
}
