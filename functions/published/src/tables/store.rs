//! Puts the tables of a published snapshot into the store.

use std::fs::File;

use jiff::tz::TimeZone;
use rollcall_connector::Error;
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_engine::context::Context;
use rollcall_engine::expiration::Ends;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Body, PutMode};
use rollcall_snapshot::{WorkDir, scratch};

use super::{Table, Tables, write_parquet};
use crate::source::Published;

impl Table {
    /// The key of this table of the snapshot with this manifest.
    pub fn key(self, of: &Manifest) -> String {
        let keys = Keys { connector: &of.connector, connection: &of.connection };
        let day = of.started_at.to_zoned(TimeZone::UTC).date();
        keys.table(self.name(), day, &of.sync_id)
    }
}

/// Writes each table of the snapshot into the store. Returns the keys.
pub(crate) async fn store(cx: &Context, published: &Published) -> Result<Vec<String>, Error> {
    let ends = Ends::read(&*cx.store, &published.keys().expirations()).await?;
    let tables = Tables {
        snapshot: &published.snapshot,
        previous: published.previous.as_ref(),
        ends: &ends,
        origin: (&published.manifest).into(),
    };
    let parent = cx.settings.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let folder = WorkDir::create(&parent).map_err(scratch)?;
    let path = folder.path().join("table.parquet");
    let mut written = Vec::new();
    for table in Table::ALL {
        write_parquet(&tables, table, File::create(&path).map_err(scratch)?)?;
        let key = table.key(&published.manifest);
        let put = cx.store.put(&key, Body::File(&path), PutMode::Overwrite).await;
        put.map_err(|e| e.into_error("a table"))?;
        written.push(key);
    }
    Ok(written)
}
