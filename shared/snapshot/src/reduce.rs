//! Writes a reduced copy of a snapshot: without what expansion added, without grants, or with its resources alone.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message};
use prost_types::Any;
use rollcall_model::proto::{Annotation, GrantExpandable};
use rollcall_model::{Code, Error, ErrorType};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::failure::SnapshotFault;
use crate::read::Snapshot;
use crate::record::GrantColumns;
use crate::rows::Filter;
use crate::workdir::WorkDir;
use crate::write::{Packed, RESOURCES_ONLY, SnapshotWriter, pack};

/// What a reduced copy of a snapshot contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Everything except derived grants: the file that the same sync writes without expansion.
    Unexpanded,
    /// Resources and entitlements.
    WithoutGrants,
    /// Resources. The type of the sync is `resources_only`.
    ResourcesOnly,
}

/// The result of [`reduce`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reduced {
    /// Grants in the copy.
    pub grants: u64,
    /// Grants that were left out.
    pub dropped: u64,
    /// The size of the new file, in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// The content digest of the copy, in hex. An unexpanded copy has the same one as the snapshot.
    pub content_digest: String,
}

/// Writes a reduced copy of `from` to `to`. An existing file stays.
pub fn reduce(from: &Snapshot, content: Content, to: &Path) -> Result<Reduced, Error> {
    let no_room = |e| SnapshotFault::Scratch.of(&from.name).with_source(e);
    let folder = WorkDir::create(&std::env::temp_dir()).map_err(no_room)?;
    let database = folder.path().join("snapshot.db");
    let started_at = from.sync.started_at.unwrap_or(Timestamp::UNIX_EPOCH);
    let mut writer = SnapshotWriter::create(&database, &from.sync.sync_id, started_at)?;
    copy_resources(from, &mut writer)?;
    if content != Content::ResourcesOnly {
        copy_entitlements(from, &mut writer)?;
    }
    if content == Content::ResourcesOnly || from.sync.sync_type == RESOURCES_ONLY {
        writer.contains_resources_only()?;
    }
    let dropped = match content {
        Content::Unexpanded => copy_grants(from, &mut writer)?,
        _ => count_grants(from)?,
    };
    let (stats, content_digest) = writer.finish(from.sync.ended_at.unwrap_or(started_at))?;
    let packed = publish(&database, to)?;
    Ok(Reduced {
        grants: stats.grants,
        dropped,
        bytes: packed.bytes,
        sha256: packed.sha256,
        content_digest,
    })
}

fn copy_resources(from: &Snapshot, writer: &mut SnapshotWriter) -> Result<(), Error> {
    let sync: &[&str] = &[&from.sync.sync_id];
    let sql = "SELECT external_id, data FROM v1_resource_types WHERE sync_id = ?1 ORDER BY id";
    from.each(sql, sync, |row| -> Result<(), Error> {
        Ok(writer.resource_type(row.text(0)?, row.blob(1)?)?)
    })?;
    let sql =
        "SELECT resource_type_id, external_id, data, parent_resource_type_id, parent_resource_id
               FROM v1_resources WHERE sync_id = ?1 ORDER BY id";
    from.each(sql, sync, |row| -> Result<(), Error> {
        let (kind, external_id) = (row.text(0)?, row.text(1)?);
        let id = external_id.strip_prefix(kind);
        let id = id.and_then(|id| id.strip_prefix(':'));
        let parent = row.text_or_null(3)?.zip(row.text_or_null(4)?);
        Ok(writer.resource((kind, id.unwrap_or(external_id)), parent, row.blob(2)?)?)
    })
}

fn copy_entitlements(from: &Snapshot, writer: &mut SnapshotWriter) -> Result<(), Error> {
    let sync: &[&str] = &[&from.sync.sync_id];
    let sql = "SELECT external_id, resource_type_id, resource_id, data FROM v1_entitlements
               WHERE sync_id = ?1 ORDER BY id";
    from.each(sql, sync, |row| -> Result<(), Error> {
        let on = (row.text(1)?, row.text(2)?);
        Ok(writer.entitlement(row.text(0)?, on, row.blob(3)?)?)
    })
}

/// Copies the grants that the vendor stated. Returns the number of the others.
fn copy_grants(from: &Snapshot, writer: &mut SnapshotWriter) -> Result<u64, Error> {
    let mut dropped = 0;
    from.grant_rows(&Filter::default(), |row| -> Result<(), Error> {
        let bad = |e| from.bad_record(row.id, e);
        let rest = from.rest(row)?;
        if !rest.is_direct(row.entitlement) {
            dropped += 1;
            return Ok(());
        }
        // Older writers keep it in the message, where readers of the new file do not look.
        let moved = match row.expansion {
            Some(_) => None,
            None => rest.expandable(None).map_err(bad)?,
        };
        let moved = moved.map(|expandable| expandable.encode_to_vec());
        let data = stated(row.data).map_err(bad)?;
        writer.grant(&GrantColumns {
            expansion: row.expansion.or(moved.as_deref()),
            data: &data,
            ..*row
        })?;
        Ok(())
    })?;
    Ok(dropped)
}

fn count_grants(from: &Snapshot) -> Result<u64, Error> {
    let (sql, mut grants) = ("SELECT count(*) FROM v1_grants WHERE sync_id = ?1", 0);
    from.each(sql, &[&from.sync.sync_id], |row| -> Result<(), Error> {
        grants = row.count(0)?;
        Ok(())
    })?;
    Ok(grants)
}

/// A grant's bytes without its sources, and without what belongs into the column `expansion`. All other bytes are
/// copied, since they may contain unknown fields.
fn stated(data: &[u8]) -> Result<Vec<u8>, DecodeError> {
    const ANNOTATIONS: u32 = 4;
    const SOURCES: u32 = 5;
    let mut kept = Vec::with_capacity(data.len());
    let mut rest = data;
    while rest.has_remaining() {
        let field = rest;
        let (tag, wire_type) = decode_key(&mut rest)?;
        let drop = match tag {
            SOURCES => true,
            ANNOTATIONS if wire_type == WireType::LengthDelimited => is_expandable(rest)?,
            _ => false,
        };
        skip_field(wire_type, tag, &mut rest, DecodeContext::default())?;
        if !drop {
            kept.extend_from_slice(&field[..field.len() - rest.len()]);
        }
    }
    Ok(kept)
}

/// Whether an annotation, which begins with its length, is a [`GrantExpandable`].
fn is_expandable(mut field: &[u8]) -> Result<bool, DecodeError> {
    let length = usize::try_from(decode_varint(&mut field)?).unwrap_or(usize::MAX);
    let any = Any::decode(field.get(..length).unwrap_or_default())?;
    Ok(any.type_url.rsplit('.').next() == Some(GrantExpandable::NAME))
}

/// Writes next to the target and then renames, so that the target is never incomplete.
fn publish(database: &Path, to: &Path) -> Result<Packed, Error> {
    let beside = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let file = NamedTempFile::new_in(beside).map_err(|e| not_written(to, e))?;
    let packed = pack(database, file.path())?;
    file.persist_noclobber(to).map_err(|e| not_written(to, e.error))?;
    Ok(packed)
}

fn not_written(to: &Path, e: io::Error) -> Error {
    let fix = match e.kind() {
        io::ErrorKind::AlreadyExists => "Choose another name, or remove that file first.",
        _ => "Choose an existing folder that this user has permission to write to.",
    };
    Error::new(
        ErrorType::Misconfigured,
        Code::SnapshotNotWritten,
        format!("could not write {}", to.display()),
        fix,
    )
    .with_source(e)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use rollcall_model::proto::{GrantSource, GrantSources};
    use rollcall_model::{encode, proto};

    #[test]
    fn the_result_is_the_very_file_that_a_sync_without_expansion_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("plain.c1z");
        let expanded = testing::open(&testing::world());
        let result = reduce(&expanded, Content::Unexpanded, &to).expect("written");
        assert_eq!((result.grants, result.dropped), (5, 4));
        let bytes = std::fs::read(&to).expect("readable");
        let expected = testing::bytes(&testing::world().unexpanded());
        assert!(bytes == expected, "byte for byte");
        assert_eq!(result.bytes, bytes.len() as u64);

        let plain = Snapshot::open(&to).expect("readable");
        let again = reduce(&plain, Content::Unexpanded, &folder.path().join("again.c1z"));
        let again = again.expect("written");
        assert_eq!((again.dropped, again.sha256), (0, result.sha256));
    }

    #[test]
    fn a_copy_without_grants_or_with_resources_alone_is_the_file_of_a_sync_that_read_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let world = testing::open(&testing::world());
        let mut less = testing::world();
        less.grants.clear();
        for (content, sync_type) in
            [(Content::WithoutGrants, "full"), (Content::ResourcesOnly, "resources_only")]
        {
            let to = folder.path().join(sync_type);
            let result = reduce(&world, content, &to).expect("written");
            assert_eq!((result.grants, result.dropped), (0, 9));
            let copy = Snapshot::open(&to).expect("readable");
            assert_eq!(copy.sync().sync_type, sync_type);
            if content == Content::ResourcesOnly {
                less.entitlements.clear();
            }
            let again = reduce(&copy, Content::Unexpanded, &folder.path().join("again"));
            assert_eq!(again.expect("written").sha256, result.sha256);
            std::fs::remove_file(folder.path().join("again")).expect("removed");
            let same = crate::compare(&copy, &testing::open(&less), |difference| {
                panic!("{difference:?}");
            });
            let same: Result<_, Error> = same;
            same.expect("no difference");
        }
    }

    #[test]
    fn an_existing_file_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("precious");
        std::fs::write(&to, b"mine").expect("written");
        let world = testing::open(&testing::world());
        let error = reduce(&world, Content::WithoutGrants, &to).expect_err("refused");
        assert_eq!(error.code(), "SnapshotNotWritten");
        assert_eq!(std::fs::read(&to).expect("readable"), b"mine");
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1, "nothing else is left");
    }

    #[test]
    fn fields_of_other_writers_survive_and_their_expansion_moves() {
        let expandable = GrantExpandable {
            entitlement_ids: vec!["group:g:member".into()],
            ..Default::default()
        };
        let grant = proto::Grant {
            id: "x".into(),
            annotations: vec![expandable.to_any(), proto::GrantImmutable::default().to_any()],
            ..Default::default()
        };
        let mut kept =
            proto::Grant { annotations: grant.annotations[1..].to_vec(), ..grant.clone() }
                .encode_to_vec();
        let unknown = [0xf8, 0x07, 0x01];
        kept.extend(unknown);
        let mut data = grant.encode_to_vec();
        let sources = [("x".into(), GrantSource { is_direct: true })].into();
        encode::append_sources(&mut data, GrantSources { sources });
        data.extend(unknown);
        assert_eq!(stated(&data).expect("a message"), kept);
        assert!(stated(&[0x2a]).is_err(), "a field that is cut off");
    }
}
