//! Snapshot files that are cut off, damaged, or something else.

use std::path::Path;

use rollcall_harness::bad_input::{Failure, Inputs, failure, works};
use rollcall_snapshot::Snapshot;

use crate::{Desk, Simulated};

const EMPTY: Failure = failure(
    "InvalidRequest",
    "SnapshotTruncated",
    "is empty",
    "fetch it again",
);
const NO_SNAPSHOT: Failure = failure(
    "InvalidRequest",
    "NotASnapshot",
    "does not begin with `C1ZF`",
    "Name a file that a sync wrote",
);
const NO_DATABASE: Failure = failure(
    "InvalidRequest",
    "NotASnapshot",
    "is not a SQLite database",
    "Name a file that a sync wrote",
);
const TRUNCATED: Failure = failure(
    "InvalidRequest",
    "SnapshotTruncated",
    "is truncated",
    "compare its size and SHA-256 with the manifest",
);
const DAMAGED: Failure = failure(
    "InvalidRequest",
    "SnapshotDamaged",
    "is damaged",
    "compare its SHA-256 with the manifest",
);
const NEWER: Failure = failure(
    "InvalidRequest",
    "UnsupportedSnapshot",
    "of version 3, which holds no SQLite",
    "its SQLite storage engine",
);
const ABSENT: Failure = failure(
    "NotFound",
    "SnapshotNotFound",
    "could not open",
    "Check the file's name",
);

fn opening_fails(file: &Path, wrong: &str, expected: Failure) {
    match Snapshot::open(file) {
        Ok(_) => panic!("{wrong}: it opens"),
        Err(e) => expected.is(&e, wrong, Simulated::TOKENS),
    }
}

/// A file as a snapshot has it, around other bytes: the magic, then a frame of one uncompressed block (RFC 8878).
fn packed(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("a short text");
    let block = (u32::from(length) << 3 | 1).to_le_bytes();
    [
        b"C1ZF\0",
        [0x28, 0xb5, 0x2f, 0xfd, 0x20, length].as_slice(),
        &block[..3],
        bytes,
    ]
    .concat()
}

#[tokio::test]
async fn a_file_that_is_no_whole_snapshot_is_not_opened() {
    let desk = Desk::new().await;
    let answer = works(&desk, "nothing").await;
    let whole = desk.snapshot(&answer);
    let file = desk.file("copy.c1z");
    std::fs::write(&file, &whole).expect("written");
    assert!(Snapshot::open(&file).is_ok());

    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    let rows: Vec<(String, Vec<u8>, Failure)> = vec![
        ("nothing".into(), Vec::new(), EMPTY),
        (
            "text".into(),
            b"hunter2, and no snapshot".to_vec(),
            NO_SNAPSHOT,
        ),
        (
            "a database as it is".into(),
            b"SQLite format 3\0".to_vec(),
            NO_SNAPSHOT,
        ),
        ("a bare stream".into(), whole[5..].to_vec(), NO_SNAPSHOT),
        (
            "a newer version".into(),
            [b"C1Z3\0", &whole[5..]].concat(),
            NEWER,
        ),
        ("the head alone".into(), whole[..5].to_vec(), TRUNCATED),
        (
            "a packed text".into(),
            packed(b"hunter2, and no database"),
            NO_DATABASE,
        ),
        ("a packed nothing".into(), packed(b""), NO_DATABASE),
        ("bytes turned over".into(), damaged, DAMAGED),
    ];
    let cut = (6..whole.len())
        .step_by(whole.len() / 40)
        .chain([whole.len() - 1]);
    let cut = cut.map(|end| {
        (
            format!("the first {end} of {} bytes", whole.len()),
            whole[..end].to_vec(),
            TRUNCATED,
        )
    });
    for (wrong, bytes, expected) in rows.into_iter().chain(cut) {
        std::fs::write(&file, bytes).expect("written");
        opening_fails(&file, &wrong, expected);
    }
    opening_fails(&desk.file("nowhere.c1z"), "no file", ABSENT);
}
