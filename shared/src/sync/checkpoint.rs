//! The checkpoint of an unfinished run: its commits, in parts. Each part holds what is new since the one before, so that
//! nothing is ever uploaded twice.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use prost::Message;

use super::commit::Commit;
use super::scratch;
use super::work::Work;
use crate::error::{Error, ErrorType};
use crate::store::keys::Keys;
use crate::store::{Body, PutMode, Store};

/// Collects commits for the next part.
pub(super) struct Log {
    path: PathBuf,
    encoder: zstd::Encoder<'static, BufWriter<File>>,
    commits: usize,
}

impl Log {
    /// A log that collects in the file `path`.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let file = BufWriter::new(File::create(path).map_err(scratch)?);
        Ok(Self {
            path: path.to_owned(),
            encoder: zstd::Encoder::new(file, 1).map_err(scratch)?,
            commits: 0,
        })
    }

    /// Adds a commit.
    pub(super) fn add(&mut self, commit: &Commit) -> Result<(), Error> {
        self.commits += 1;
        self.encoder
            .write_all(&commit.encode_length_delimited_to_vec())
            .map_err(scratch)
    }

    /// Uploads what was added since the last time as the part `key`; `false` if there was nothing.
    pub(super) async fn upload(&mut self, store: &dyn Store, key: &str) -> Result<bool, Error> {
        if self.commits == 0 {
            return Ok(false);
        }
        let finished = std::mem::replace(self, Self::create(&self.path.with_extension("next"))?);
        let file = finished.encoder.finish().map_err(scratch)?;
        file.into_inner()
            .map_err(|e| scratch(e.into_error()))?
            .sync_all()
            .map_err(scratch)?;
        store
            .put(key, Body::File(&finished.path), PutMode::Create)
            .await
            .map_err(|e| e.into_error("the checkpoint"))?;
        std::fs::rename(&self.path, &finished.path).map_err(scratch)?;
        self.path = finished.path;
        Ok(true)
    }
}

/// The key of the part that follows `parts`.
pub(super) fn next_part(
    keys: Keys<'_>,
    generation: u64,
    sync_id: &str,
    parts: &[String],
) -> String {
    keys.part(generation, sync_id, parts.len() + 1)
}

/// Brings a new database to where the parts of a checkpoint end.
pub(super) async fn replay(
    store: &dyn Store,
    parts: &[String],
    work: &mut Work,
) -> Result<(), Error> {
    for key in parts {
        let object = store.get(key).await?.ok_or_else(|| {
            Error::new(
                ErrorType::Conflict,
                "CheckpointGone",
                format!(
                    "a part of this run's checkpoint is missing: {}",
                    store.place(key)
                ),
                "Start a new run: send the event without `sync_id`.",
            )
        })?;
        let unreadable = |e: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(
                ErrorType::Internal,
                "CheckpointUnreadable",
                format!(
                    "a part of this run's checkpoint cannot be read: {}",
                    store.place(key)
                ),
                "Start a new run: send the event without `sync_id`.",
            )
            .with_source(e)
        };
        let decoder =
            zstd::Decoder::new(object.bytes.as_slice()).map_err(|e| unreadable(e.into()))?;
        let mut reader = BufReader::new(decoder);
        while let Some(commit) = read(&mut reader).map_err(unreadable)? {
            work.apply(&commit)?;
        }
    }
    Ok(())
}

fn read(
    reader: &mut impl Read,
) -> Result<Option<Commit>, Box<dyn std::error::Error + Send + Sync>> {
    let mut length = 0_u64;
    for shift in (0..63).step_by(7) {
        let mut byte = [0];
        if reader.read(&mut byte)? == 0 {
            return if shift == 0 {
                Ok(None)
            } else {
                Err("cut short".into())
            };
        }
        length |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        return Err("cut short".into());
    }
    Ok(Some(Commit::decode(bytes.as_slice())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::folder::Folder;

    #[tokio::test]
    async fn a_checkpoint_uploads_only_what_is_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Folder::new(folder.path().join("store"));
        let mut log = Log::create(&folder.path().join("log")).expect("a log");
        let keys = Keys {
            connector: "c",
            connection: "d",
        };
        let mut parts = Vec::new();
        for n in 1..=3 {
            log.add(&Commit {
                step: n,
                ..Commit::default()
            })
            .expect("added");
            let key = next_part(keys, 1, "s", &parts);
            assert!(log.upload(&store, &key).await.expect("uploaded"));
            assert!(!log.upload(&store, "never").await.expect("nothing new"));
            parts.push(key);
        }
        for (n, key) in (1..=3).zip(&parts) {
            let bytes = store.get(key).await.expect("get").expect("a part").bytes;
            let bytes = zstd::decode_all(bytes.as_slice()).expect("zstd");
            let commits: Vec<_> = std::iter::from_fn({
                let mut rest = bytes.as_slice();
                move || read(&mut rest).expect("whole")
            })
            .collect();
            assert_eq!(commits.iter().map(|c| c.step).collect::<Vec<_>>(), [n]);
        }
    }
}
