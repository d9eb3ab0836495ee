//! Where everything that lasts is kept: a folder, or an S3 bucket. One small trait, the same promises from both.

pub mod folder;
pub mod keys;
pub mod lease;
pub mod s3;

use std::path::Path;

use async_trait::async_trait;
use rollcall_connector::Code;
use serde::Serialize;
use serde::de::DeserializeOwned;

use rollcall_connector::{Error, ErrorType};

/// Which content an object has; opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub(crate) String);

/// An object as it was read.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Which content that is.
    pub version: Version,
}

/// When a write may happen.
#[derive(Debug, Clone, Copy)]
pub enum PutMode<'a> {
    /// Always.
    Overwrite,
    /// Only if there is no such object.
    Create,
    /// Only if the object still has this content.
    Update(&'a Version),
}

/// What a write stores.
#[derive(Debug, Clone, Copy)]
pub enum Body<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// The content of this file.
    File(&'a Path),
}

/// Why a write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// Its condition does not hold: somebody else was there.
    #[error("the condition on `{0}` does not hold")]
    Condition(String),
    /// It failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl PutError {
    /// As an error, where a failed condition has no meaning of its own. `what` names the object for people.
    pub fn into_error(self, what: &str) -> Error {
        match self {
            Self::Failed(error) => error,
            Self::Condition(key) => Error::new(
                ErrorType::Conflict,
                Code::WrittenByAnother,
                format!("{what} was written by another run meanwhile (`{key}`)"),
                "Nothing was overwritten. Run again.",
            ),
        }
    }
}

/// A place for objects. Reads see the last complete write; a write is complete or did not happen.
#[async_trait]
pub trait Store: Send + Sync {
    /// Reads an object; `None` only if the store says that there is none.
    async fn get(&self, key: &str) -> Result<Option<Object>, Error>;

    /// Writes an object.
    async fn put(&self, key: &str, body: Body<'_>, mode: PutMode<'_>) -> Result<Version, PutError>;

    /// The keys that begin with `prefix`, sorted.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error>;

    /// Where an object lies, for people.
    fn place(&self, key: &str) -> String;
}

/// Writes a small object as `key`, and says whether the store leaves an object alone that is there already: without that,
/// two runs could overwrite each other.
pub async fn keeps_conditions(store: &dyn Store, key: &str) -> Result<bool, Error> {
    let written = store
        .put(key, Body::Bytes(b"{}\n"), PutMode::Overwrite)
        .await;
    written.map_err(|e| e.into_error("the probe"))?;
    // Other bytes: the same ones would be taken for a write of ours whose answer was lost.
    let other = Body::Bytes(b"{\"other\":true}\n");
    match store.put(key, other, PutMode::Create).await {
        Ok(_) => Ok(false),
        Err(PutError::Condition(_)) => Ok(true),
        Err(PutError::Failed(error)) => Err(error),
    }
}

/// Reads an object that is JSON.
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
            format!("{} is not what Rollcall writes there", store.place(key)),
            "Was it edited, or written by a newer version? Restore an earlier version of the object.",
        )
        .with_source(e)
    })?;
    Ok(Some((value, object.version)))
}

/// Writes an object as JSON, readable for people.
pub async fn put_json<T: Serialize + Sync>(
    store: &dyn Store,
    key: &str,
    value: &T,
    mode: PutMode<'_>,
) -> Result<Version, PutError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(Error::no_json)?;
    bytes.push(b'\n');
    store.put(key, Body::Bytes(&bytes), mode).await
}

#[cfg(test)]
pub(crate) mod conformance {
    //! What every store must do; each backend runs it.

    use super::*;

    pub(crate) async fn holds(store: &dyn Store) {
        assert!(store.get("a/none").await.expect("get").is_none());

        let one = put(store, "a/x.json", b"one", PutMode::Create)
            .await
            .expect("created");
        let again = put(store, "a/x.json", b"two", PutMode::Create).await;
        assert!(
            matches!(again, Err(PutError::Condition(_))),
            "create never overwrites"
        );

        let two = put(store, "a/x.json", b"two", PutMode::Update(&one))
            .await
            .expect("updated");
        let stale = put(store, "a/x.json", b"three", PutMode::Update(&one)).await;
        assert!(
            matches!(stale, Err(PutError::Condition(_))),
            "a stale version never wins"
        );
        let absent = put(store, "a/y.json", b"one", PutMode::Update(&one)).await;
        assert!(
            matches!(absent, Err(PutError::Condition(_))),
            "an update creates nothing"
        );

        let read = store.get("a/x.json").await.expect("get").expect("present");
        assert_eq!(
            (read.bytes.as_slice(), &read.version),
            (b"two".as_slice(), &two)
        );

        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), b"from a file").expect("written");
        store
            .put("a/b/z", Body::File(file.path()), PutMode::Overwrite)
            .await
            .expect("stored");
        assert_eq!(
            store
                .get("a/b/z")
                .await
                .expect("get")
                .expect("present")
                .bytes,
            b"from a file"
        );
        assert_eq!(store.list("a/").await.expect("list"), ["a/b/z", "a/x.json"]);
        assert!(store.list("b/").await.expect("list").is_empty());
        assert!(keeps_conditions(store, "c/x.json").await.expect("probed"));
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
