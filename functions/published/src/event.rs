//! The event that names a published snapshot, and the answer to it.

use rollcall_connector::event::{check_connection, check_connector, check_sync_id};
use rollcall_connector::{Error, Warning};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The event that a snapshot was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedEvent {
    /// The connector.
    pub connector: String,
    /// The connection.
    #[serde(default = "default_connection")]
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,62}$"))]
    pub connection: String,
    /// The sync that made the snapshot.
    pub sync_id: String,
}

impl PublishedEvent {
    /// Checks what becomes part of keys.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_connector(&self.connector)?;
        check_connection(&self.connection)?;
        check_sync_id(&self.sync_id)
    }
}

fn default_connection() -> String {
    "default".into()
}

/// What is made of a snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Products {
    pub changes: bool,
    pub report: bool,
    pub tables: bool,
}

/// What was made of a snapshot. It is stored: what is made once is not made again, however often the event is delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishedAnswer {
    /// The connector.
    pub connector: String,
    /// The connection.
    pub connection: String,
    /// The sync that made the snapshot.
    pub sync_id: String,
    /// The sync of the snapshot that it is compared with, if there is one.
    pub previous_sync_id: Option<String>,
    /// What was made.
    pub made: Products,
    /// The event buses that the changes were put on.
    pub buses: Vec<String>,
    /// The keys of the objects that were written.
    pub written: Vec<String>,
    /// What could not be made, and why.
    pub warnings: Vec<Warning>,
}
