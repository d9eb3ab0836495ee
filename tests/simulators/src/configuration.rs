//! The configuration by which a connector reaches a simulator: as variables, and as a file.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// Configuration keys, as the connector's README documents them, and their values.
#[derive(Clone, Debug)]
pub struct Configuration(Vec<(&'static str, String)>);

impl Configuration {
    /// These keys and values.
    #[must_use]
    pub fn new<const N: usize>(entries: [(&'static str, String); N]) -> Self {
        Self(entries.into())
    }

    /// Replaces the value of a key.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        for (_, old) in self.0.iter_mut().filter(|(known, _)| *known == key) {
            value.clone_into(old);
        }
        self
    }

    /// Environment variables and their values: `api-key` is `BATON_API_KEY`.
    pub fn variables(&self) -> impl Iterator<Item = (String, String)> {
        let variable = |key: &str| format!("BATON_{}", key.to_uppercase().replace('-', "_"));
        self.0.iter().map(move |(key, value)| (variable(key), value.clone()))
    }

    /// Writes `<folder>/<connector>/<connection>.json`, which only its owner can read. Returns the path.
    ///
    /// # Errors
    /// If the folder or the file cannot be written; the message has the path.
    pub fn write(&self, folder: &Path, connector: &str, connection: &str) -> io::Result<PathBuf> {
        let path = folder.join(connector).join(format!("{connection}.json"));
        let written = self.write_to(&path);
        written.map_err(|e| {
            io::Error::new(e.kind(), format!("{} cannot be written: {e}", path.display()))
        })?;
        Ok(path)
    }

    fn write_to(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let entries = self.0.iter().map(|(key, value)| ((*key).to_owned(), value.clone().into()));
        let text = format!("{:#}\n", Value::from(Map::from_iter(entries)));
        let mut file = OpenOptions::new();
        let mut file = file.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        // A file that was there keeps the mode it had.
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())
    }
}
