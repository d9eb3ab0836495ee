//! Reads the file of a snapshot from the store.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rollcall_connector::{Code, Error, ErrorType};
use rollcall_snapshot::{ScratchError, Snapshot};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::manifest::Manifest;
use crate::store::Store;

/// Copies the file of a snapshot to `to`, and compares its SHA-256 with the manifest's, if there is a manifest.
pub async fn download(
    store: &dyn Store,
    key: &str,
    manifest: Option<&Manifest>,
    to: &Path,
) -> Result<(), Error> {
    store.download(key, to).await?.ok_or_else(|| absent(&store.place(key)))?;
    let expected = manifest.map(|manifest| manifest.snapshot.sha256.as_str());
    if expected.is_some() && expected != Some(&*hex::encode(sha256(to.to_owned()).await?)) {
        return Err(Error::new(
            ErrorType::Internal,
            Code::UnreadableObject,
            format!("{} is not the file that its manifest describes", store.place(key)),
            "Sync again. If it happens again, check who writes to the store.",
        ));
    }
    Ok(())
}

/// Opens the snapshot with this key, as [`download`] does.
pub async fn open(
    store: &dyn Store,
    key: &str,
    manifest: Option<&Manifest>,
) -> Result<Snapshot, Error> {
    let file = NamedTempFile::with_prefix("rollcall-").map_err(scratch)?.into_temp_path();
    download(store, key, manifest, &file).await?;
    let bytes = File::open(&file).map_err(scratch)?;
    // The open file is enough: without a name, nothing is left behind however this process ends.
    drop(file);
    Snapshot::read(bytes, &store.place(key))
}

/// The SHA-256 of a file. A large one takes seconds, in which the caller has other things to do.
pub async fn sha256(path: PathBuf) -> Result<Vec<u8>, Error> {
    let hashing = tokio::task::spawn_blocking(move || {
        let (mut hash, mut file) = (Sha256::new(), File::open(path)?);
        let mut piece = vec![0; 1 << 19];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(hash.finalize().to_vec()),
                n => hash.update(&piece[..n]),
            }
        }
    });
    let hash: std::io::Result<_> = hashing.await.map_err(|e| {
        Error::internal(Code::FinishPanicked, "reading a snapshot panicked").with_source(e)
    })?;
    hash.map_err(scratch)
}

/// There is no such snapshot.
pub fn absent(place: &str) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::SnapshotNotFound,
        format!("there is no snapshot {place}"),
        "Check the name, --connection, and where the store is (--store). Old snapshots expire in S3: sync again.",
    )
}

fn scratch(e: std::io::Error) -> Error {
    ScratchError::from(e).into()
}
