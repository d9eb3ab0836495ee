//! Files of the repository that are made from code.

use std::path::Path;

/// Fails unless the file, by its path in the repository, has this text. With `ROLLCALL_ACCEPT` it is written first.
#[track_caller]
pub fn is_current(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    if std::env::var_os("ROLLCALL_ACCEPT").is_some() {
        std::fs::write(&path, text).expect("written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "{file} is not current: run with ROLLCALL_ACCEPT=1");
}
