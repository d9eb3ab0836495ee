//! Takes back what expansion added: gives the file that the same sync writes without it.

use std::path::Path;

use jiff::Timestamp;
use prost::bytes::Buf;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message};
use prost_types::Any;
use rollcall_model::Code;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::read::{ReadError, Snapshot};
use super::rows::{Filter, text};
use super::write::{GrantRow, Writer, pack};
use rollcall_model::proto::{Annotation, GrantExpandable};
use rollcall_model::{Error, ErrorType};

/// What taking back the expansion came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unexpanded {
    /// Grants that stayed.
    pub grants: u64,
    /// Grants that followed from others, and are gone.
    pub dropped: u64,
    /// The size of the new file.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// SHA-256 of what the vendor stated, in hex: the same as of the file it was made from.
    pub content_digest: String,
}

/// Writes to `to` the file that a sync without expansion would have written in place of `from`. An existing file stays.
pub fn unexpand(from: &Snapshot, to: &Path) -> Result<Unexpanded, Error> {
    let folder = tempfile::tempdir().map_err(|e| no_room(from, e))?;
    let database = folder.path().join("snapshot.db");
    let started_at = from.sync.started_at.unwrap_or(Timestamp::UNIX_EPOCH);
    let mut writer = Writer::create(&database, &from.sync.sync_id, started_at)?;
    copy_objects(from, &mut writer)?;
    let dropped = copy_grants(from, &mut writer)?;
    let (stats, content_digest) = writer.finish(from.sync.ended_at.unwrap_or(started_at))?;
    let packed = publish(&database, to)?;
    Ok(Unexpanded {
        grants: stats.grants,
        dropped,
        bytes: packed.bytes,
        sha256: packed.sha256,
        content_digest,
    })
}

fn copy_objects(from: &Snapshot, writer: &mut Writer) -> Result<(), Error> {
    let sync: &[&str] = &[&from.sync.sync_id];
    let failed = |e: rusqlite::Error| Error::from(from.database(e));
    let sql = "SELECT external_id, data FROM v1_resource_types WHERE sync_id = ?1 ORDER BY id";
    from.each(sql, sync, |row| {
        let data = row
            .get_ref(1)
            .and_then(|v| Ok(v.as_blob()?))
            .map_err(failed)?;
        writer.resource_type(text(row, 0).map_err(failed)?, data)
    })?;
    let sql =
        "SELECT resource_type_id, external_id, data, parent_resource_type_id, parent_resource_id
               FROM v1_resources WHERE sync_id = ?1 ORDER BY id";
    from.each(sql, sync, |row| {
        let kind = text(row, 0).map_err(failed)?;
        let external_id = text(row, 1).map_err(failed)?;
        let data = row
            .get_ref(2)
            .and_then(|v| Ok(v.as_blob()?))
            .map_err(failed)?;
        let parent_type = row
            .get_ref(3)
            .and_then(|v| Ok(v.as_str_or_null()?))
            .map_err(failed)?;
        let parent_id = row
            .get_ref(4)
            .and_then(|v| Ok(v.as_str_or_null()?))
            .map_err(failed)?;
        let own = external_id
            .strip_prefix(kind)
            .and_then(|rest| rest.strip_prefix(':'));
        let id = own.unwrap_or(external_id);
        writer.resource((kind, id), parent_type.zip(parent_id), data)
    })?;
    let sql = "SELECT external_id, resource_type_id, resource_id, data FROM v1_entitlements
               WHERE sync_id = ?1 ORDER BY id";
    from.each(sql, sync, |row| {
        let id = text(row, 0).map_err(failed)?;
        let on = (text(row, 1).map_err(failed)?, text(row, 2).map_err(failed)?);
        let data = row
            .get_ref(3)
            .and_then(|v| Ok(v.as_blob()?))
            .map_err(failed)?;
        writer.entitlement(id, on, data)
    })
}

/// Copies the grants that the vendor stated. Gives how many others there were.
fn copy_grants(from: &Snapshot, writer: &mut Writer) -> Result<u64, Error> {
    let mut dropped = 0;
    from.grant_rows(&Filter::default(), |row| -> Result<(), Error> {
        let bad = |e| Error::from(from.bad_record(row.id, e));
        let rest = from.rest(row)?;
        if !rest.is_direct(row.entitlement) {
            dropped += 1;
            return Ok(());
        }
        // Older writers leave it in the message, where readers of this file would not look.
        let moved = match row.expansion {
            Some(_) => None,
            None => rest
                .expandable(None)
                .map_err(bad)?
                .map(|e| e.encode_to_vec()),
        };
        let data = stated(row.data).map_err(bad)?;
        writer.grant(&GrantRow {
            resource_type: row.resource.0,
            resource_id: row.resource.1,
            entitlement: row.entitlement,
            principal_type: row.principal.0,
            principal_id: row.principal.1,
            id: row.id,
            expansion: row.expansion.or(moved.as_deref()),
            data: &data,
        })?;
        Ok(())
    })?;
    Ok(dropped)
}

/// A grant's bytes without its sources, and without what belongs into the column for expansion. All other bytes are
/// copied as they are: they may hold what this program does not know.
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

/// Whether an annotation, from its length on, is what says that a grant is expandable.
fn is_expandable(mut field: &[u8]) -> Result<bool, DecodeError> {
    let length = usize::try_from(decode_varint(&mut field)?).unwrap_or(usize::MAX);
    let any = Any::decode(field.get(..length).unwrap_or_default())?;
    Ok(any.type_url.rsplit('.').next() == Some(GrantExpandable::NAME))
}

/// Packs beside the target, then gives the file its name: nobody ever sees half of it.
fn publish(database: &Path, to: &Path) -> Result<super::write::Packed, Error> {
    let beside = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let file = NamedTempFile::new_in(beside).map_err(|e| not_written(to, e))?;
    let packed = pack(database, file.path())?;
    file.persist_noclobber(to)
        .map_err(|e| not_written(to, e.error))?;
    Ok(packed)
}

fn not_written(to: &Path, e: std::io::Error) -> Error {
    let fix = match e.kind() {
        std::io::ErrorKind::AlreadyExists => "Choose another name, or remove that file first.",
        _ => "Choose a folder that exists and that this user may write to.",
    };
    Error::new(
        ErrorType::Misconfigured,
        Code::SnapshotNotWritten,
        format!("could not write {}", to.display()),
        fix,
    )
    .with_source(e)
}

fn no_room(from: &Snapshot, source: std::io::Error) -> Error {
    let name = from.name.clone();
    ReadError::Scratch { name, source }.into()
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
        let result = unexpand(&expanded, &to).expect("written");
        assert_eq!((result.grants, result.dropped), (5, 4));
        let bytes = std::fs::read(&to).expect("readable");
        assert!(
            bytes == testing::bytes(&testing::world().unexpanded()),
            "byte for byte"
        );
        assert_eq!(result.bytes, bytes.len() as u64);

        let again = unexpand(
            &Snapshot::open(&to).expect("readable"),
            &folder.path().join("again.c1z"),
        );
        let again = again.expect("written");
        assert_eq!((again.dropped, again.sha256), (0, result.sha256));
    }

    #[test]
    fn an_existing_file_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("precious");
        std::fs::write(&to, b"mine").expect("written");
        let error = unexpand(&testing::open(&testing::world()), &to).expect_err("refused");
        assert_eq!(error.code(), "SnapshotNotWritten");
        assert_eq!(std::fs::read(&to).expect("readable"), b"mine");
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            1,
            "nothing else is left"
        );
    }

    #[test]
    fn fields_of_other_writers_survive_and_their_expansion_moves() {
        let expandable = GrantExpandable {
            entitlement_ids: vec!["group:g:member".into()],
            ..Default::default()
        };
        let grant = proto::Grant {
            id: "x".into(),
            annotations: vec![
                expandable.to_any(),
                proto::GrantImmutable::default().to_any(),
            ],
            ..Default::default()
        };
        let mut kept = proto::Grant {
            annotations: grant.annotations[1..].to_vec(),
            ..grant.clone()
        }
        .encode_to_vec();
        let unknown = [0xf8, 0x07, 0x01];
        kept.extend(unknown);
        let mut data = grant.encode_to_vec();
        encode::append_sources(
            &mut data,
            GrantSources {
                sources: [("x".into(), GrantSource { is_direct: true })].into(),
            },
        );
        data.extend(unknown);
        assert_eq!(stated(&data).expect("a message"), kept);
        assert!(stated(&[0x2a]).is_err(), "a field that is cut off");
    }
}
