//! Decodes the file: magic, then a compressed stream. Nothing in it is trusted.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

use rollcall_model::Error;

use crate::failure::SnapshotFault;
use crate::format::MAGIC;

/// The first bytes of a file of version 3.
const VERSION_THREE: &[u8; 5] = b"C1Z3\0";

/// The first bytes of every SQLite database.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// The largest window that writers use and readers accept: 2^27 bytes.
const WINDOW_LOG: u32 = 27;

/// The size of a file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileSizes {
    pub packed: u64,
    pub decoded: u64,
}

/// Decodes the file `name` into `to`: at most `limit` bytes.
pub(crate) fn unpack(
    from: impl Read,
    to: &mut File,
    name: &str,
    limit: u64,
) -> Result<FileSizes, Error> {
    let counted = Counted { inner: from, bytes: 0 };
    let mut from = BufReader::with_capacity(1 << 17, counted);
    let declared = open_stream(&mut from, name)?;
    if declared.is_some_and(|size| size > limit) {
        return Err(SnapshotFault::TooLarge.of(name));
    }
    let decoded = inflate(&mut from, to, name, limit)?;
    let packed = from.get_ref().bytes;
    Ok(FileSizes { packed, decoded })
}

/// Checks the first bytes and moves past them. Returns the decoded size if the stream declares it.
fn open_stream(from: &mut impl BufRead, name: &str) -> Result<Option<u64>, Error> {
    let not_readable = |e: io::Error| SnapshotFault::NotReadable.of(name).with_source(e);
    let mut magic = Vec::with_capacity(MAGIC.len());
    let mut start = from.by_ref().take(MAGIC.len() as u64);
    let count = start.read_to_end(&mut magic).map_err(not_readable)?;
    let fault = match count {
        0 => SnapshotFault::Empty,
        _ if magic == VERSION_THREE => SnapshotFault::VersionThree,
        n if magic != MAGIC[..n] => SnapshotFault::NotASnapshot,
        n if n < MAGIC.len() => SnapshotFault::Truncated,
        _ => match from.fill_buf().map_err(not_readable)? {
            [] => SnapshotFault::Truncated,
            head => return Ok(zstd::zstd_safe::get_frame_content_size(head).ok().flatten()),
        },
    };
    Err(fault.of(name))
}

fn inflate(from: &mut impl BufRead, to: &mut File, name: &str, limit: u64) -> Result<u64, Error> {
    let scratch = |e: io::Error| SnapshotFault::Scratch.of(name).with_source(e);
    let mut decoder = zstd::Decoder::with_buffer(from).map_err(scratch)?;
    decoder.window_log_max(WINDOW_LOG).map_err(scratch)?;
    let mut buffer = vec![0; 1 << 17];
    let mut decoded = 0;
    loop {
        let undecodable = |e: io::Error| SnapshotFault::of_decoding(&e).of(name).with_source(e);
        let n = decoder.read(&mut buffer).map_err(undecodable)?;
        if decoded == 0 && !buffer[..n].starts_with(SQLITE) {
            return Err(SnapshotFault::NotADatabase.of(name));
        }
        if n == 0 {
            return Ok(decoded);
        }
        decoded += n as u64;
        if decoded > limit {
            return Err(SnapshotFault::TooLarge.of(name));
        }
        to.write_all(&buffer[..n]).map_err(scratch)?;
    }
}

struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.bytes += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_file_that_would_fill_the_disk_is_refused_before_it_does() {
        let content = [SQLITE.as_slice(), &[0; 100_000]].concat();
        let declared = testing::packed(&content);
        let mut encoder = zstd::Encoder::new(MAGIC.to_vec(), 1).expect("an encoder");
        encoder.include_contentsize(false).expect("a setting");
        encoder.write_all(&content).expect("compressed");
        let silent = encoder.finish().expect("compressed");
        for bytes in [declared, silent] {
            let mut file = tempfile::tempfile().expect("a file");
            let result = unpack(bytes.as_slice(), &mut file, "x", 50_000);
            let error = result.expect_err("too large");
            assert_eq!(error.code(), "SnapshotTooLarge", "{error}");
            assert!(file.metadata().expect("a size").len() <= 50_000);
        }
    }
}
