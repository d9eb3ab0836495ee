//! The folder of working files in this process.
//!
//! Each folder has a locked file next to it. A free lock shows that its process was killed, and the folder is removed:
//! otherwise a warm Lambda environment would fill its disk.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

const PREFIX: &str = "rollcall-";
const SUFFIX: &str = ".lock";

/// A folder for working files. Dropping it removes it.
#[derive(Debug)]
pub struct WorkDir {
    folder: PathBuf,
    /// Locked while the folder exists, and removed with it.
    _lock: NamedTempFile,
}

impl WorkDir {
    /// A new folder in `parent`. Those of dead processes are removed first.
    pub fn create(parent: &Path) -> io::Result<Self> {
        remove_abandoned(parent);
        let lock = locked(parent)?;
        // The lock comes first: a folder without one is never removed by others.
        let folder = lock.path().with_extension("");
        fs::create_dir(&folder)?;
        Ok(Self { folder, _lock: lock })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        // The next run removes what cannot be removed now.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A new lock file. Another process may take it for one of a dead process and lock it first: then the next one.
fn locked(parent: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(parent)?;
        match file.as_file().try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => return Err(e),
        }
    }
}

/// Removes the folders of dead processes. Those that cannot be read or removed belong to another user, or are in use.
fn remove_abandoned(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for lock in entries.flatten().map(|entry| entry.path()) {
        let name = lock.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
            continue;
        }
        let Ok(file) = File::open(&lock) else {
            continue;
        };
        if file.try_lock().is_ok() {
            let _ = fs::remove_dir_all(lock.with_extension(""));
            let _ = fs::remove_file(&lock);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_killed_processes_are_removed_and_no_others() {
        let parent = tempfile::tempdir().expect("a folder");
        let path = |name: &str| parent.path().join(name);
        // The state after a killed process: the lock is free.
        fs::create_dir(path("rollcall-dead")).expect("a folder");
        fs::write(path("rollcall-dead/work.db"), "x").expect("written");
        fs::write(path("rollcall-dead.lock"), "").expect("written");
        fs::create_dir(path("rollcall-without-lock")).expect("a folder");
        fs::write(path("other.lock"), "").expect("written");

        let one = WorkDir::create(parent.path()).expect("a folder");
        let two = WorkDir::create(parent.path()).expect("a folder");
        assert!(one.path().is_dir() && two.path().is_dir());
        assert!(!path("rollcall-dead").exists() && !path("rollcall-dead.lock").exists());
        drop((one, two));
        let mut left: Vec<_> = fs::read_dir(parent.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["other.lock", "rollcall-without-lock"]);
    }
}
