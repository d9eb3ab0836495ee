//! The checkpoint of an unfinished run: its commits, in parts. Each part contains only new commits, so nothing is ever
//! uploaded twice.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use prost::Message;
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_snapshot::ScratchError;

use super::commit::Commit;
use super::work::Work;
use crate::store::{Body, PutMode, Store};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Collects commits for the next part.
pub(super) struct Log {
    folder: PathBuf,
    encoder: zstd::Encoder<'static, BufWriter<File>>,
    commits: usize,
    /// The number of files so far.
    files: usize,
    /// The complete part that could not be uploaded yet.
    complete: Option<PathBuf>,
}

impl Log {
    /// A log that collects in files in `folder`.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            folder: folder.to_owned(),
            encoder: encoder(&path(folder, 0))?,
            commits: 0,
            files: 1,
            complete: None,
        })
    }

    /// Adds a commit.
    pub(super) fn add(&mut self, commit: &Commit) -> Result<(), ScratchError> {
        self.commits += 1;
        Ok(self.encoder.write_all(&commit.encode_length_delimited_to_vec())?)
    }

    /// Uploads what was added since the last time as the part `key`; `false` if there was nothing. A part that could
    /// not be uploaded is uploaded first the next time. The key carries the generation of the lease: nobody else writes
    /// it, so writing it twice is harmless.
    pub(super) async fn upload(&mut self, store: &dyn Store, key: &str) -> Result<bool, Error> {
        if self.complete.is_none() && self.commits > 0 {
            self.complete = Some(self.cut().map_err(ScratchError::from)?);
        }
        let Some(file) = &self.complete else {
            return Ok(false);
        };
        store
            .put(key, Body::File(file), PutMode::Overwrite)
            .await
            .map_err(|e| e.into_error("the checkpoint"))?;
        std::fs::remove_file(file).map_err(ScratchError::from)?;
        self.complete = None;
        Ok(true)
    }

    /// Drops what was not uploaded. Nothing can be added afterwards.
    pub(super) fn discard(&mut self) {
        self.commits = 0;
        self.complete = None;
    }

    /// Ends the current file and begins the next one.
    fn cut(&mut self) -> io::Result<PathBuf> {
        let next = encoder(&path(&self.folder, self.files))?;
        let encoder = std::mem::replace(&mut self.encoder, next);
        encoder.finish()?.into_inner().map_err(|e| e.into_error())?;
        let ended = path(&self.folder, self.files - 1);
        self.files += 1;
        self.commits = 0;
        Ok(ended)
    }
}

fn path(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("commits-{number}.zst"))
}

fn encoder(path: &Path) -> io::Result<zstd::Encoder<'static, BufWriter<File>>> {
    zstd::Encoder::new(BufWriter::new(File::create(path)?), 1)
}

/// Applies the parts of a checkpoint to a new database.
pub(super) async fn replay(
    store: &dyn Store,
    parts: &[String],
    work: &mut Work,
) -> Result<(), Error> {
    let unusable = |kind, code, what: &str, key: &str| {
        let message = format!("a part of this run's checkpoint {what}: {}", store.place(key));
        let fix = "Start a new run: send the event without `sync_id`.";
        Error::new(kind, code, message, fix).with_run_restart()
    };
    for key in parts {
        let object = store.get(key).await?.ok_or_else(|| {
            unusable(ErrorType::Conflict, Code::CheckpointUnreadable, "is missing", key)
        })?;
        let unreadable = |e: Cause| {
            let (kind, code) = (ErrorType::Internal, Code::CheckpointUnreadable);
            unusable(kind, code, "cannot be read", key).with_source(e)
        };
        let decoder = zstd::Decoder::new(object.bytes.as_slice());
        let mut reader = BufReader::new(decoder.map_err(|e| unreadable(e.into()))?);
        while let Some(commit) = read(&mut reader).map_err(unreadable)? {
            work.apply(&commit)?;
        }
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> Result<Option<Commit>, Cause> {
    if reader.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut length = Vec::new();
    while length.last().is_none_or(|byte| byte & 0x80 != 0) && length.len() < 10 {
        let mut byte = [0];
        reader.read_exact(&mut byte)?;
        length.extend(byte);
    }
    let length = prost::decode_length_delimiter(length.as_slice())?;
    let mut bytes = Vec::new();
    reader.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() != length {
        return Err("cut short".into());
    }
    Ok(Some(Commit::decode(bytes.as_slice())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::folder::Folder;

    fn commit(step: i64) -> Commit {
        Commit { step, ..Commit::default() }
    }

    /// The steps of the commits in a part.
    async fn steps(store: &dyn Store, key: &str) -> Vec<i64> {
        let bytes = store.get(key).await.expect("get").expect("a part").bytes;
        let bytes = zstd::decode_all(bytes.as_slice()).expect("zstd");
        let mut rest = bytes.as_slice();
        std::iter::from_fn(|| read(&mut rest).expect("whole")).map(|c| c.step).collect()
    }

    #[tokio::test]
    async fn a_checkpoint_uploads_only_what_is_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Folder::new(folder.path().join("store"));
        let mut log = Log::create(folder.path()).expect("a log");
        for n in 1..=3 {
            log.add(&commit(n)).expect("added");
            let key = format!("part-{n}");
            assert!(log.upload(&store, &key).await.expect("uploaded"));
            assert!(!log.upload(&store, "never").await.expect("nothing new"));
            assert_eq!(steps(&store, &key).await, [n]);
        }
    }

    #[tokio::test]
    async fn a_part_that_could_not_be_uploaded_is_uploaded_before_anything_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let blocked = folder.path().join("store");
        std::fs::write(&blocked, "a file, not a folder").expect("written");
        let store = Folder::new(&blocked);
        let mut log = Log::create(folder.path()).expect("a log");
        log.add(&commit(1)).expect("added");
        log.upload(&store, "part-1").await.expect_err("no store");
        log.add(&commit(2)).expect("added");
        std::fs::remove_file(&blocked).expect("removed");
        for (key, step) in [("part-1", 1), ("part-2", 2)] {
            // The second time is as after a lost answer.
            assert!(log.upload(&store, key).await.expect("uploaded"));
            assert_eq!(steps(&store, key).await, [step]);
        }
    }
}
