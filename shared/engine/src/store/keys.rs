//! The keys of objects. The class comes first, so that lifecycle rules and permissions can go by prefix.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

const SAFE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'@');

/// The keys of a connection's objects.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "each says it all")]
pub struct Keys<'a> {
    pub connector: &'a str,
    pub connection: &'a str,
}

impl Keys<'_> {
    fn of(&self, class: &str) -> String {
        format!("{class}/{}/{}", self.connector, self.connection)
    }

    /// The pointer to the newest snapshot.
    pub fn latest(&self) -> String {
        format!("{}.json", self.of("latest"))
    }

    /// A snapshot, as the holder of the lease of this generation writes it: a holder that outlived its lease cannot
    /// replace the file of its successor.
    pub fn snapshot(&self, sync_id: &str, generation: u64) -> String {
        format!("{}/{sync_id}-{generation}.c1z", self.of("snapshots"))
    }

    /// The manifest of a snapshot.
    pub fn manifest(&self, sync_id: &str) -> String {
        format!("{}/{sync_id}.json", self.of("snapshots"))
    }

    /// A part of the checkpoint of an unfinished run.
    pub fn part(&self, generation: u64, sync_id: &str, number: usize) -> String {
        format!(
            "{}/{generation}-{sync_id}/part-{number:06}.zst",
            self.of("runs")
        )
    }

    /// The lease of the connection.
    pub fn lease(&self) -> String {
        format!("{}.json", self.of("locks"))
    }

    /// The lease of a principal, held while its access is changed.
    pub fn principal_lease(&self, principal: &str) -> String {
        let mut name = utf8_percent_encode(principal, SAFE).to_string();
        if name.len() > 128 {
            // A file name has 255 bytes at most.
            name = hex::encode(Sha256::digest(principal));
        }
        format!("{}/{name}.json", self.of("locks"))
    }

    /// An audit object of a request: `intended` or `observed`.
    pub fn audit(&self, request_id: &str, which: &str) -> String {
        format!("{}/{request_id}/{which}.json", self.of("audit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_one_safe_file_name_whatever_its_id() {
        let keys = Keys {
            connector: "c",
            connection: "d",
        };
        assert_eq!(
            keys.principal_lease("user:a@b"),
            "locks/c/d/user%3Aa@b.json"
        );
        for hostile in ["../../x", "a/b", "a\\b", "\0", &"x".repeat(1000)] {
            let key = keys.principal_lease(hostile);
            let name = key.strip_prefix("locks/c/d/").expect("the prefix");
            assert!(
                !name.contains(['/', '\\', '\0']) && name.len() < 255,
                "{key}"
            );
        }
    }
}
