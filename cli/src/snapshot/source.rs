//! Finds and opens the snapshot that a command names: a connector's newest one, a path, or an object in a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rollcall_connector::event::check_connection;
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::catalog::file::{self, absent};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::manifest::{Manifest, Status};
use rollcall_engine::context::Context;
use rollcall_engine::expiration::Ends;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Store, get_json};
use rollcall_snapshot::Snapshot;

use super::Of;
use crate::args::Place;
use crate::connectors;
use crate::failure::Failure;
use crate::output;
use crate::shell::CommandLine;

/// Finds snapshots.
pub(crate) struct Source {
    place: Place,
    /// The command that asks, without the snapshot.
    command: Vec<&'static str>,
    /// The principal that it is about.
    principal: Option<String>,
}

/// A snapshot with what the store has beside it. A file has nothing beside it.
pub(crate) struct Exportable {
    pub(crate) snapshot: Snapshot,
    pub(crate) manifest: Option<Manifest>,
    /// The published snapshot before it.
    pub(crate) previous: Option<Snapshot>,
    pub(crate) ends: Ends,
}

/// Where a snapshot is.
pub(crate) enum Found {
    File(PathBuf),
    Object { store: Arc<dyn Store>, key: String },
}

/// The newest snapshot of a connection, if it has one.
pub(crate) async fn newest(
    store: &dyn Store,
    keys: Keys<'_>,
) -> Result<Option<(Latest, Snapshot)>, Error> {
    let Some((latest, _)) = get_json::<Latest>(store, &keys.latest()).await? else {
        return Ok(None);
    };
    let snapshot = read(store, &latest.snapshot).await?;
    Ok(Some((latest, snapshot)))
}

/// Opens the snapshot with this key. If its manifest is beside it, the file is the one that it describes.
pub(crate) async fn read(store: &dyn Store, key: &str) -> Result<Snapshot, Error> {
    let manifest = manifest(store, key).await?;
    file::open(store, key, manifest.as_ref()).await
}

/// The manifest of the snapshot with this key, if there is one.
pub(crate) async fn manifest(store: &dyn Store, key: &str) -> Result<Option<Manifest>, Error> {
    Ok(get_json(store, &manifest_beside(key)).await?.map(|(manifest, _)| manifest))
}

/// The manifest beside a file, if there is one.
pub(crate) fn manifest_of_file(path: &Path) -> Result<Option<Manifest>, Failure> {
    let beside = manifest_beside(&path.to_string_lossy());
    match Path::new(&beside).exists() {
        true => from_file(Path::new(&beside)).map(Some),
        false => Ok(None),
    }
}

/// The keys of the snapshots of a connection that are older than its newest one, the youngest first.
pub(crate) async fn before(store: &dyn Store, latest: &Latest) -> Result<Vec<String>, Error> {
    let Some((folder, _)) = latest.snapshot.rsplit_once('/') else {
        return Ok(Vec::new());
    };
    let keys = store.list(&format!("{folder}/")).await?;
    let mut older: Vec<_> = keys
        .into_iter()
        .filter_map(|key| Some((generation(&key)?, key)))
        .filter(|(generation, _)| *generation < latest.generation)
        .collect();
    older.sort_unstable();
    Ok(older.into_iter().rev().map(|(_, key)| key).collect())
}

/// The manifest of the snapshot with this key, if that was published.
pub(crate) async fn published(store: &dyn Store, key: &str) -> Result<Option<Manifest>, Error> {
    Ok(manifest(store, key).await?.filter(|m| m.status == Status::Published))
}

/// The snapshot of a sync of the same connection as the snapshot with this key, if it is still there: snapshots expire.
async fn beside(store: &dyn Store, key: &str, sync_id: &str) -> Result<Option<Snapshot>, Error> {
    let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
    let found = get_json::<Manifest>(store, &format!("{folder}/{sync_id}.json")).await?;
    let Some((manifest, _)) = found else {
        return Ok(None);
    };
    // The key of an S3 object begins with the store's prefix; that in the manifest does not.
    let name = manifest.snapshot.key.rsplit('/').next().unwrap_or_default();
    match file::open(store, &format!("{folder}/{name}"), Some(&manifest)).await {
        Err(e) if e.code() == Code::SnapshotNotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// What a pointer holds that must be there.
async fn pointed_to(store: &dyn Store, pointer: &str) -> Result<Latest, Error> {
    let found = get_json::<Latest>(store, pointer).await?;
    found.map(|(latest, _)| latest).ok_or_else(|| nothing(&store.place(pointer)))
}

impl Source {
    pub(crate) fn new(place: Place, command: &[&'static str]) -> Result<Self, Error> {
        place.connection.as_deref().map(check_connection).transpose()?;
        Ok(Self { place, command: command.to_vec(), principal: None })
    }

    /// For a command that is about this principal.
    pub(super) fn about(self, principal: Option<String>) -> Self {
        Self { principal, ..self }
    }

    /// Opens a snapshot.
    pub(super) async fn open(&self, of: &Of) -> Result<Snapshot, Failure> {
        self.find(of.snapshot.as_deref()).await?.open().await
    }

    /// Opens a snapshot, and reads when the temporary grants of its connection end.
    pub(super) async fn open_with_ends(&self, of: &Of) -> Result<(Snapshot, Ends), Failure> {
        let found = self.find(of.snapshot.as_deref()).await?;
        Ok((found.open().await?, found.ends().await))
    }

    /// Opens a snapshot, and reads what the store has beside it.
    pub(crate) async fn open_to_export(&self, of: &Of) -> Result<Exportable, Failure> {
        let found = self.find(of.snapshot.as_deref()).await?;
        let (snapshot, ends) = (found.open().await?, found.ends().await);
        let Found::Object { store, key } = found else {
            return Ok(Exportable { snapshot, manifest: None, previous: None, ends });
        };
        let manifest = manifest(&*store, &key).await?;
        let previous = match manifest.as_ref().and_then(|m| m.previous_sync_id.as_deref()) {
            Some(sync_id) => beside(&*store, &key, sync_id).await?,
            None => None,
        };
        Ok(Exportable { snapshot, manifest, previous, ends })
    }

    /// Opens the two snapshots to compare. Where only a connection is known, these are its two newest ones.
    pub(super) async fn open_two(
        &self,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<(Snapshot, Snapshot), Failure> {
        let (old, new) = match old.filter(|old| new.is_some() || !connectors::is_name(old)) {
            Some(name) => {
                let old = self.find(Some(name)).await?;
                let new = match (new, &old) {
                    (None, Found::Object { store, key }) => self.newest_beside(store, key).await?,
                    (new, _) => self.find(new).await?,
                };
                (old, new)
            }
            None => self.two_newest(old).await?,
        };
        Ok((old.open().await?, new.open().await?))
    }

    /// Reads the manifest beside a snapshot.
    pub(super) async fn manifest(&self, of: &Of) -> Result<Manifest, Failure> {
        match self.find(of.snapshot.as_deref()).await? {
            Found::File(path) => from_file(Path::new(&manifest_beside(&path.to_string_lossy()))),
            Found::Object { store, key } => {
                let found = manifest(&*store, &key).await?;
                Ok(found.ok_or_else(|| absent(&store.place(&manifest_beside(&key))))?)
            }
        }
    }

    /// The snapshot that SNAPSHOT names. A connector's name comes before a file's; a path after all other forms.
    pub(crate) async fn find(&self, name: Option<&str>) -> Result<Found, Failure> {
        let Some(name) = name.filter(|name| !connectors::is_name(name)) else {
            let store = self.store()?;
            let key = self.latest(&*store, name).await?.snapshot;
            return Ok(Found::Object { store, key });
        };
        if let Some(rest) = name.strip_prefix("s3://") {
            let parts = rest.split_once('/').filter(|(_, key)| !key.is_empty());
            let (bucket, key) = parts.ok_or_else(|| {
                Failure::Usage(format!("{name} names a bucket and no object in it"))
            })?;
            // What precedes the class of objects is the store's prefix.
            let (prefix, key) = match key.find("snapshots/") {
                Some(at) if at == 0 || key[..at].ends_with('/') => key.split_at(at),
                _ => ("", key),
            };
            let store = format!("s3://{bucket}/{prefix}");
            let store = Context::from_environment_with_store(Some(store))?.store;
            return Ok(Found::Object { store, key: key.to_owned() });
        }
        if !Path::new(name).exists() {
            if name.starts_with("snapshots/") {
                return Ok(Found::Object { store: self.store()?, key: name.to_owned() });
            }
            if is_sync_id(name) {
                let store = self.store()?;
                let key = self.by_id(&*store, name).await?;
                return Ok(Found::Object { store, key });
            }
        }
        Ok(Found::File(name.into()))
    }

    fn store(&self) -> Result<Arc<dyn Store>, Error> {
        Ok(Context::from_environment_with_store(self.place.store.clone())?.store)
    }

    /// The pointer to the newest snapshot of this connector, or of the only connection in the store.
    async fn latest(&self, store: &dyn Store, connector: Option<&str>) -> Result<Latest, Error> {
        let pointer = match connector {
            Some(connector) => {
                let connection = self.place.connection.as_deref().unwrap_or("default");
                Keys { connector, connection }.latest()
            }
            None => self.only_pointer(store).await?,
        };
        pointed_to(store, &pointer).await
    }

    /// The key of the pointer of the only connection in the store.
    async fn only_pointer(&self, store: &dyn Store) -> Result<String, Error> {
        let mut pointers = store.list("latest/").await?;
        if let Some(connection) = &self.place.connection {
            pointers.retain(|key| key.ends_with(&format!("/{connection}.json")));
        }
        if pointers.len() > 1 {
            return Err(self.several(&pointers));
        }
        pointers.pop().ok_or_else(|| nothing(&store.place("latest/")))
    }

    fn several(&self, pointers: &[String]) -> Error {
        let names =
            pointers.iter().map(|key| key.trim_start_matches("latest/").trim_end_matches(".json"));
        let names: Vec<_> = names.collect();
        let first = names.first().and_then(|name| name.split_once('/'));
        let (connector, connection) = first.unwrap_or(("CONNECTOR", "NAME"));
        let principal = &self.principal;
        let mut example = CommandLine::new(&[&*self.command, &[connector]].concat());
        if let Some(principal) = principal {
            example = example.word(principal);
        }
        let connection = Some(connection).filter(|name| *name != "default");
        let example = example.option("--connection", connection);
        let mut fix = format!("Name a connector, as in: {example}");
        if let Some(person) = principal.as_deref().filter(|who| who.contains('@')) {
            let everywhere = CommandLine::new(&["access", person]);
            fix.push_str(&format!("; or see a person's access at all of them: {everywhere}"));
        }
        Error::invalid(
            Code::AmbiguousSnapshot,
            format!("the store has snapshots of several connections: {}", names.join(", ")),
            fix,
        )
    }

    /// The key of the snapshot of a sync: its manifest names it.
    async fn by_id(&self, store: &dyn Store, sync_id: &str) -> Result<String, Error> {
        let wanted = match &self.place.connection {
            Some(connection) => format!("/{connection}/{sync_id}.json"),
            None => format!("/{sync_id}.json"),
        };
        let keys = store.list("snapshots/").await?;
        let key = keys.into_iter().find(|key| key.ends_with(&wanted)).ok_or_else(|| {
            absent(&format!("of sync {sync_id} in {}", store.place("snapshots/")))
        })?;
        match get_json::<Manifest>(store, &key).await? {
            Some((manifest, _)) => Ok(manifest.snapshot.key),
            None => Err(absent(&format!("of sync {sync_id}: no {}", store.place(&key)))),
        }
    }

    /// The newest snapshot of the connection that the snapshot with this key is of.
    async fn newest_beside(&self, store: &Arc<dyn Store>, key: &str) -> Result<Found, Failure> {
        let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
        // The key of an S3 object begins with the store's prefix; those in the pointer do not.
        let Some((prefix, connection)) = folder.rsplit_once("snapshots/") else {
            return self.find(None).await;
        };
        let pointer = format!("{prefix}latest/{connection}.json");
        let latest = pointed_to(&**store, &pointer).await?;
        let key = format!("{prefix}{}", latest.snapshot);
        Ok(Found::Object { store: store.clone(), key })
    }

    /// The newest snapshot of a connection and the published one before it, the older one first.
    async fn two_newest(&self, connector: Option<&str>) -> Result<(Found, Found), Failure> {
        let store = self.store()?;
        let latest = self.latest(&*store, connector).await?;
        for key in before(&*store, &latest).await? {
            if let Some(manifest) = published(&*store, &key).await? {
                let (from, to) = (manifest.sync_id, &latest.sync_id);
                output::note(&format!("from sync {from} to {to}"));
                let [old, new] = [manifest.snapshot.key, latest.snapshot]
                    .map(|key| Found::Object { store: store.clone(), key });
                return Ok((old, new));
            }
        }
        let place = store.place(&latest.snapshot);
        Err(Failure::from(Error::new(
            ErrorType::NotFound,
            Code::SnapshotNotFound,
            format!("there is only one snapshot, {place}, and none to compare it with"),
            "Sync again, or name two snapshots.",
        )))
    }
}

/// Reads when temporary grants end. Without it, grants are still shown.
pub(crate) async fn ends(store: &dyn Store, prefix: &str) -> Ends {
    Ends::read(store, prefix).await.unwrap_or_else(|e| {
        output::note(&format!("the ends of temporary grants are not shown: {e}"));
        Ends::default()
    })
}

impl Found {
    /// When the temporary grants of the snapshot's connection end. A file has no store that knows it.
    async fn ends(&self) -> Ends {
        let Self::Object { store, key } = self else { return Ends::default() };
        let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
        let Some((prefix, connection)) = folder.rsplit_once("snapshots/") else {
            return Ends::default();
        };
        ends(&**store, &format!("{prefix}expirations/{connection}/")).await
    }

    async fn open(&self) -> Result<Snapshot, Failure> {
        match self {
            Self::File(path) => Ok(Snapshot::open(path)?),
            Self::Object { store, key } => Ok(read(&**store, key).await?),
        }
    }
}

/// The generation in the key of a snapshot.
fn generation(key: &str) -> Option<u64> {
    key.strip_suffix(".c1z")?.rsplit_once('-')?.1.parse().ok()
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

/// No connection, or not this one, has a snapshot.
pub(crate) fn nothing(place: &str) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::NoSnapshot,
        format!("there is no snapshot yet: {place} does not exist"),
        "Run `rollcall sync CONNECTOR` first, name another snapshot or --connection, or another store with --store.",
    )
}
