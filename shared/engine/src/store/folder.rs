//! A store that is a folder. Conditional writes work among processes of this machine, by a lock on the folder.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::{Body, Object, PutError, PutMode, Store, Version};
use rollcall_connector::{Code, Error, ErrorType};

/// The folder for files that are being written. It is not part of the store.
const UNFINISHED: &str = ".unfinished";

/// A store that is a folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The store in this folder, which the first write creates.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn read(&self, key: &str) -> Result<Option<Object>, Error> {
        match fs::read(self.root.join(key)) {
            Ok(bytes) => {
                let version = version(&bytes);
                Ok(Some(Object { bytes, version }))
            }
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.failed("read", key, e)),
        }
    }

    fn write(&self, key: &str, body: Body<'_>, mode: PutMode<'_>) -> Result<Version, PutError> {
        let failed = |e| self.failed("write", key, e);
        let target = self.root.join(key);
        let folder = target.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(self.root.join(".lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let now = match mode {
            PutMode::Overwrite => None,
            PutMode::Create | PutMode::Update(_) => self.read(key)?.map(|object| object.version),
        };
        let holds = match mode {
            PutMode::Overwrite => true,
            PutMode::Create => now.is_none(),
            PutMode::Update(version) => now.as_ref() == Some(version),
        };
        if !holds {
            return Err(PutError::Condition(key.to_owned()));
        }
        self.replace(&target, body).map_err(|e| failed(e).into())
    }

    /// Writes a temporary file and renames it, so that no reader sees part of it. The caller holds the lock: other
    /// temporary files were left by killed processes.
    fn replace(&self, target: &Path, body: Body<'_>) -> io::Result<Version> {
        let folder = self.root.join(UNFINISHED);
        match fs::remove_dir_all(&folder) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
            _ => fs::create_dir(&folder)?,
        }
        let mut temporary = tempfile::NamedTempFile::new_in(&folder)?;
        let mut hash = Sha256::new();
        match body {
            Body::Bytes(bytes) => {
                hash.update(bytes);
                temporary.write_all(bytes)?;
            }
            Body::File(path) => copy_hashed(path, temporary.as_file_mut(), &mut hash)?,
        }
        temporary.as_file().sync_all()?;
        temporary.persist(target).map_err(|e| e.error)?;
        Ok(Version(hex::encode(hash.finalize())))
    }

    fn collect(&self, folder: &Path, keys: &mut Vec<String>) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                self.collect(&path, keys)?;
            } else if let Ok(key) = path.strip_prefix(&self.root) {
                keys.push(key.to_string_lossy().into_owned());
            }
        }
        Ok(())
    }

    fn failed(&self, verb: &str, key: &str, e: io::Error) -> Error {
        let code = if verb == "read" { Code::StoreNotReadable } else { Code::StoreNotWritable };
        Error::new(
            ErrorType::Misconfigured,
            code,
            format!("could not {verb} {}", self.place(key)),
            "Give this user permission to write to the store's folder, check that its disk has free space, or choose another folder with ROLLCALL_STORE.",
        )
        .with_source(e)
    }
}

fn version(bytes: &[u8]) -> Version {
    Version(hex::encode(Sha256::digest(bytes)))
}

fn copy_hashed(from: &Path, to: &mut File, hash: &mut Sha256) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(()),
            n => {
                hash.update(&buffer[..n]);
                to.write_all(&buffer[..n])?;
            }
        }
    }
}

#[async_trait]
impl Store for Folder {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        self.read(key)
    }

    async fn download(&self, key: &str, to: &Path) -> Result<Option<u64>, Error> {
        let mut from = match File::open(self.root.join(key)) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|e| self.failed("read", key, e))?,
        };
        let mut file = super::beside(to)?;
        let failed = |e| super::not_downloaded(to, e);
        let length = io::copy(&mut from, &mut file).map_err(failed)?;
        file.persist(to).map_err(|e| failed(e.error))?;
        Ok(Some(length))
    }

    async fn put(&self, key: &str, body: Body<'_>, mode: PutMode<'_>) -> Result<Version, PutError> {
        self.write(key, body, mode)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut keys = Vec::new();
        self.collect(&self.root.join(folder), &mut keys)
            .map_err(|e| self.failed("read", prefix, e))?;
        keys.retain(|key| key.starts_with(prefix) && !key.starts_with('.'));
        keys.sort();
        Ok(keys)
    }

    fn place(&self, key: &str) -> String {
        self.root.join(key).display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_keeps_the_promises_of_a_store() {
        let folder = tempfile::tempdir().expect("a folder");
        super::super::conformance::holds(&Folder::new(folder.path())).await;
    }

    #[tokio::test]
    async fn what_a_killed_process_left_half_written_is_no_object_and_goes_with_the_next_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Folder::new(folder.path());
        let unfinished = folder.path().join(UNFINISHED);
        fs::create_dir_all(&unfinished).expect("a folder");
        fs::write(unfinished.join("half"), "ha").expect("written");
        assert!(store.list("").await.expect("listed").is_empty());
        let one = store.put("a/x", Body::Bytes(b"1"), PutMode::Create).await;
        one.expect("written");
        assert_eq!(store.list("").await.expect("listed"), ["a/x"]);
        assert_eq!(fs::read_dir(&unfinished).expect("a folder").count(), 0);
    }
}
