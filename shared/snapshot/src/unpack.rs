//! From the file to the database in it: magic, then a compressed stream of which nothing is trusted.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

use super::MAGIC;
use super::failure::ReadError;

/// The first bytes of a file of version 3.
const VERSION_THREE: &[u8; 5] = b"C1Z3\0";

/// The first bytes of every SQLite database.
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// No writer uses a larger window, and readers refuse one: 2^27 bytes.
const WINDOW_LOG: u32 = 27;

/// How large a file is, packed and unpacked, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    pub packed: u64,
    pub decoded: u64,
}

/// Decodes a file into `to`, of which it must not make more than `limit` bytes.
pub(super) fn unpack(
    from: impl Read,
    to: &mut File,
    name: &str,
    limit: u64,
) -> Result<Sizes, ReadError> {
    let mut from = BufReader::with_capacity(
        1 << 17,
        Counted {
            inner: from,
            bytes: 0,
        },
    );
    let declared = open_stream(&mut from, name)?;
    if declared.is_some_and(|size| size > limit) {
        return Err(ReadError::TooLarge {
            name: name.to_owned(),
        });
    }
    let decoded = inflate(&mut from, to, name, limit)?;
    Ok(Sizes {
        packed: from.get_ref().bytes,
        decoded,
    })
}

/// Checks the first bytes and moves past them. Gives the decoded size if the stream declares it.
fn open_stream(from: &mut impl BufRead, name: &str) -> Result<Option<u64>, ReadError> {
    let name = name.to_owned();
    let mut magic = Vec::with_capacity(MAGIC.len());
    let count = from
        .by_ref()
        .take(MAGIC.len() as u64)
        .read_to_end(&mut magic);
    match count {
        Err(source) => return Err(ReadError::NotReadable { name, source }),
        Ok(0) => return Err(ReadError::Empty { name }),
        Ok(_) if magic == VERSION_THREE => return Err(ReadError::VersionThree { name }),
        Ok(n) if magic != MAGIC[..n] => return Err(ReadError::NotASnapshot { name }),
        Ok(n) if n < MAGIC.len() => return Err(ReadError::Truncated { name }),
        Ok(_) => {}
    }
    match from.fill_buf() {
        Err(source) => Err(ReadError::NotReadable { name, source }),
        Ok([]) => Err(ReadError::Truncated { name }),
        Ok(head) => Ok(zstd::zstd_safe::get_frame_content_size(head).ok().flatten()),
    }
}

fn inflate(
    from: &mut impl BufRead,
    to: &mut File,
    name: &str,
    limit: u64,
) -> Result<u64, ReadError> {
    let scratch = |source| ReadError::Scratch {
        name: name.to_owned(),
        source,
    };
    let mut decoder = zstd::Decoder::with_buffer(from).map_err(scratch)?;
    decoder.window_log_max(WINDOW_LOG).map_err(scratch)?;
    let mut buffer = vec![0; 1 << 17];
    let mut decoded = 0;
    loop {
        let n = decoder
            .read(&mut buffer)
            .map_err(|e| undecodable(e, name))?;
        if n == 0 {
            break;
        }
        if decoded == 0 && !buffer[..n].starts_with(SQLITE) {
            return Err(ReadError::NotADatabase {
                name: name.to_owned(),
            });
        }
        decoded += n as u64;
        if decoded > limit {
            return Err(ReadError::TooLarge {
                name: name.to_owned(),
            });
        }
        to.write_all(&buffer[..n]).map_err(scratch)?;
    }
    if decoded == 0 {
        return Err(ReadError::NotADatabase {
            name: name.to_owned(),
        });
    }
    Ok(decoded)
}

fn undecodable(source: io::Error, name: &str) -> ReadError {
    let name = name.to_owned();
    if source.raw_os_error().is_some() {
        // The decoder's own errors carry no number of the system.
        return ReadError::NotReadable { name, source };
    }
    match source.kind() {
        io::ErrorKind::UnexpectedEof => ReadError::Truncated { name },
        _ => ReadError::Damaged { name, source },
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
            assert!(
                matches!(result, Err(ReadError::TooLarge { .. })),
                "{result:?}"
            );
            assert!(file.metadata().expect("a size").len() <= 50_000);
        }
    }
}
