//! Finds and opens the snapshot that a command names: a path, or an object in a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_engine::context::Context;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Store, get_json};
use rollcall_snapshot::Snapshot;

use super::Place;
use crate::failure::Failure;

/// Finds snapshots.
pub(super) struct Source {
    place: Place,
}

/// Where a snapshot is.
enum Found {
    File(PathBuf),
    Object { store: Arc<dyn Store>, key: String },
}

impl Source {
    pub(super) fn new(place: Place) -> Self {
        Self { place }
    }

    /// Opens the snapshot that `file` names.
    pub(super) async fn open(&self, file: &Option<String>) -> Result<Snapshot, Failure> {
        match self.find(file).await? {
            Found::File(path) => Ok(Snapshot::open(&path)?),
            Found::Object { store, key } => {
                let place = store.place(&key);
                let object = store.get(&key).await?.ok_or_else(|| absent(&place))?;
                Ok(Snapshot::read(object.bytes.as_slice(), &place)?)
            }
        }
    }

    /// Reads the manifest beside the snapshot that `file` names.
    pub(super) async fn manifest(&self, file: &Option<String>) -> Result<Manifest, Failure> {
        match self.find(file).await? {
            Found::File(path) => from_file(Path::new(&manifest_beside(&path.to_string_lossy()))),
            Found::Object { store, key } => {
                let key = manifest_beside(&key);
                let found = get_json::<Manifest>(&*store, &key).await?;
                Ok(found.ok_or_else(|| absent(&store.place(&key)))?.0)
            }
        }
    }

    async fn find(&self, file: &Option<String>) -> Result<Found, Failure> {
        let Some(name) = file else {
            let store = self.store()?;
            let key = self.newest(&*store).await?;
            return Ok(Found::Object { store, key });
        };
        if let Some(rest) = name.strip_prefix("s3://") {
            let parts = rest.split_once('/').filter(|(_, key)| !key.is_empty());
            let (bucket, key) = parts.ok_or_else(|| {
                Failure::Usage(format!("{name} names a bucket and no object in it"))
            })?;
            let store = Context::from_environment_with_store(Some(format!("s3://{bucket}")))?.store;
            let key = key.to_owned();
            return Ok(Found::Object { store, key });
        }
        if Path::new(name).exists() {
            return Ok(Found::File(name.into()));
        }
        if name.starts_with("snapshots/") {
            let (store, key) = (self.store()?, name.to_owned());
            return Ok(Found::Object { store, key });
        }
        if is_sync_id(name) {
            let store = self.store()?;
            let key = self.by_id(&*store, name).await?;
            return Ok(Found::Object { store, key });
        }
        Ok(Found::File(name.into()))
    }

    fn store(&self) -> Result<Arc<dyn Store>, Error> {
        Ok(Context::from_environment_with_store(self.place.store.clone())?.store)
    }

    /// The key of the newest snapshot.
    async fn newest(&self, store: &dyn Store) -> Result<String, Error> {
        let pointer = match &self.place.connector {
            Some(connector) => self.keys(connector).latest(),
            None => self.only_pointer(store).await?,
        };
        match get_json::<Latest>(store, &pointer).await? {
            Some((latest, _)) => Ok(latest.snapshot),
            None => Err(nothing(&store.place(&pointer))),
        }
    }

    /// The pointer of the only connection in the store.
    async fn only_pointer(&self, store: &dyn Store) -> Result<String, Error> {
        let mut pointers = store.list("latest/").await?;
        if let Some(connection) = &self.place.connection {
            pointers.retain(|key| key.ends_with(&format!("/{connection}.json")));
        }
        if pointers.len() > 1 {
            let names = pointers
                .iter()
                .map(|key| key.trim_start_matches("latest/").trim_end_matches(".json"));
            return Err(Error::invalid(
                Code::AmbiguousSnapshot,
                format!(
                    "the store has snapshots of several connections: {}",
                    names.collect::<Vec<_>>().join(", ")
                ),
                "Name one with --connector and --connection.",
            ));
        }
        pointers.pop().ok_or_else(|| nothing(&store.place("latest/")))
    }

    /// The key of the snapshot of a sync: its manifest names it.
    async fn by_id(&self, store: &dyn Store, sync_id: &str) -> Result<String, Error> {
        let key = match &self.place.connector {
            Some(connector) => self.keys(connector).manifest(sync_id),
            None => {
                let wanted = format!("/{sync_id}.json");
                let keys = store.list("snapshots/").await?;
                let found = keys.into_iter().find(|key| key.ends_with(&wanted));
                found.ok_or_else(|| {
                    absent(&format!("sync {sync_id} in {}", store.place("snapshots/")))
                })?
            }
        };
        match get_json::<Manifest>(store, &key).await? {
            Some((manifest, _)) => Ok(manifest.snapshot.key),
            None => Err(absent(&format!("sync {sync_id}: no {}", store.place(&key)))),
        }
    }

    fn keys<'a>(&'a self, connector: &'a str) -> Keys<'a> {
        Keys { connector, connection: self.place.connection.as_deref().unwrap_or("default") }
    }
}

/// The name of the manifest of a snapshot. In a store, the name of a snapshot ends with the generation of its writer.
fn manifest_beside(name: &str) -> String {
    let stem = name.trim_end_matches(".c1z").trim_end_matches(".json");
    let without_generation = stem.rsplit_once('-').filter(|(id, generation)| {
        is_sync_id(id.rsplit('/').next().unwrap_or_default())
            && generation.bytes().all(|b| b.is_ascii_digit())
    });
    format!("{}.json", without_generation.map_or(stem, |(id, _)| id))
}

fn is_sync_id(name: &str) -> bool {
    name.len() == 27 && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn from_file(path: &Path) -> Result<Manifest, Failure> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(
            ErrorType::NotFound,
            Code::ManifestNotReadable,
            format!("could not read the manifest {}", path.display()),
            "A sync writes it beside the snapshot: copy both, or name the snapshot in its store.",
        )
        .with_source(e)
    };
    let bytes = std::fs::read(path).map_err(|e| failed(e.into()))?;
    Ok(serde_json::from_slice(&bytes).map_err(|e| failed(e.into()))?)
}

fn nothing(place: &str) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::NoSnapshot,
        format!("there is no snapshot yet: {place} names none"),
        "Make one with `rollcall sync CONNECTOR`, name a file, or name another store with --store.",
    )
}

fn absent(place: &str) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::SnapshotNotFound,
        format!("there is no snapshot {place}"),
        "Check the name, --connector and --connection, and where the store is (--store).",
    )
}
