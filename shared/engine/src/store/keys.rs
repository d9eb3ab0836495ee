//! The keys of objects. The class comes first, so that lifecycle rules and permissions can use prefixes.

use jiff::civil::Date;
use sha2::{Digest, Sha256};

/// What the keys of all reports begin with.
pub const REPORTS: &str = "reports/";

/// The keys of a connection's objects.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
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

    /// A snapshot, written by the holder of the lease of this generation: a holder that outlived its lease cannot
    /// replace its successor's file.
    pub fn snapshot(&self, sync_id: &str, generation: u64) -> String {
        format!("{}/{sync_id}-{generation}.c1z", self.of("snapshots"))
    }

    /// The manifest of a snapshot.
    pub fn manifest(&self, sync_id: &str) -> String {
        format!("{}/{sync_id}.json", self.of("snapshots"))
    }

    /// What the keys of all snapshots and manifests begin with.
    pub fn snapshots(&self) -> String {
        format!("{}/", self.of("snapshots"))
    }

    /// A part of the checkpoint of an unfinished run.
    pub fn part(&self, generation: u64, sync_id: &str, number: usize) -> String {
        format!("{}/{generation}-{sync_id}/part-{number:06}.zst", self.of("runs"))
    }

    /// The lease of the connection.
    pub fn lease(&self) -> String {
        format!("{}.json", self.of("locks"))
    }

    /// The lease of a principal, held while its access is changed. Its name is a hash: ids can be e-mail addresses, and
    /// object keys appear in logs and in listings of the bucket.
    pub fn principal_lease(&self, principal: &str) -> String {
        let name = hex::encode(Sha256::digest(principal));
        format!("{}/{name}.json", self.of("locks"))
    }

    /// The id of the expiration of a grant. It contains nothing of the principal's id, and names one grant of all connections.
    pub fn expiration_id(&self, grant_id: &str) -> String {
        let name = format!("{}/{}\n{grant_id}", self.connector, self.connection);
        let mut id = hex::encode(Sha256::digest(name));
        id.truncate(32);
        id
    }

    /// The beginning of the keys of all expirations. The slash keeps `acme` apart from `acme-2`.
    pub fn expirations(&self) -> String {
        format!("{}/", self.of("expirations"))
    }

    /// The expiration with this id.
    pub fn expiration(&self, id: &str) -> String {
        format!("{}{id}.json", self.expirations())
    }

    /// A table of the snapshot of a sync, which began on this day. Readers of tables take the columns `connector`,
    /// `connection` and `day` from the key; Athena reads all that is below a day.
    pub fn table(&self, table: &str, day: Date, sync_id: &str) -> String {
        let Self { connector, connection } = self;
        format!(
            "tables/{table}/connector={connector}/day={day}/connection={connection}/{sync_id}.parquet"
        )
    }

    /// The report on a snapshot.
    pub fn report(&self, sync_id: &str) -> String {
        format!("{REPORTS}{}/{}/{sync_id}.html", self.connector, self.connection)
    }

    /// The record of what was made of a published snapshot.
    pub fn published(&self, sync_id: &str) -> String {
        format!("{}/{sync_id}.json", self.of("published"))
    }

    /// The changes since the snapshot before: a line of JSON for each.
    pub fn changes(&self, sync_id: &str) -> String {
        format!("{}/{sync_id}.jsonl", self.of("changes"))
    }

    /// The lease for making what follows a snapshot. Its name is no hash: no principal has it.
    pub fn publishing_lease(&self) -> String {
        format!("{}/publishing.json", self.of("locks"))
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
    fn the_key_of_a_principals_lease_is_one_file_name_and_holds_nothing_of_its_id() {
        let keys = Keys { connector: "c", connection: "d" };
        for id in ["user:ada@example.com", "../../x", "\0", &"x".repeat(1000)] {
            let key = keys.principal_lease(id);
            let name = key.strip_prefix("locks/c/d/").expect("the prefix");
            let hash = name.strip_suffix(".json").expect("the suffix");
            assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{key}");
        }
        let two = ["user:a", "user:b"].map(|id| keys.principal_lease(id));
        assert_ne!(two[0], two[1]);
    }
}
