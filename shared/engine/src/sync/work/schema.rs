//! The tables of the working database.

use rollcall_model::Rank;

pub(super) const SCHEMA: &str = "
    CREATE TABLE steps(id INTEGER PRIMARY KEY AUTOINCREMENT, phase INTEGER NOT NULL, list INTEGER NOT NULL,
        body TEXT NOT NULL UNIQUE, state INTEGER NOT NULL DEFAULT 0,
        restarts INTEGER NOT NULL DEFAULT 0, empty_pages INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX pending ON steps(phase, id) WHERE state = 0;
    CREATE INDEX lists ON steps(list);
    CREATE TABLE wanted(child INTEGER NOT NULL, list INTEGER NOT NULL, PRIMARY KEY(child, list)) WITHOUT ROWID;
    CREATE TABLE resources(type TEXT NOT NULL, id TEXT NOT NULL, parent_type TEXT, parent_id TEXT,
        rank INTEGER NOT NULL, data BLOB NOT NULL, list INTEGER NOT NULL);
    CREATE TABLE entitlements(id TEXT NOT NULL, type TEXT NOT NULL, resource TEXT NOT NULL, data BLOB NOT NULL,
        list INTEGER NOT NULL);
    CREATE TABLE grants(entitlement TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, annotations BLOB NOT NULL,
        expansion BLOB, list INTEGER NOT NULL, implied_by TEXT);
    CREATE TABLE targets(entitlement TEXT PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE not_found(type TEXT NOT NULL, id TEXT NOT NULL, list INTEGER NOT NULL);
    CREATE TABLE deleted(type TEXT NOT NULL, id TEXT NOT NULL, list INTEGER NOT NULL);
    CREATE TABLE names(type TEXT NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL,
        looked_up INTEGER NOT NULL DEFAULT 0, principal INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY(type, id)) WITHOUT ROWID;
    CREATE INDEX missing ON names(type, id) WHERE state IN (0, 3);
    CREATE TABLE rounds(phase INTEGER PRIMARY KEY, n INTEGER NOT NULL);
    CREATE TABLE tallies(key TEXT NOT NULL, n INTEGER NOT NULL, list INTEGER NOT NULL);
    CREATE TABLE warnings(code TEXT NOT NULL, message TEXT NOT NULL, list INTEGER NOT NULL);
";

/// Tables whose rows name the list that they come from.
pub(super) const OUTPUT_TABLES: [&str; 7] =
    ["resources", "entitlements", "grants", "not_found", "deleted", "tallies", "warnings"];

/// The states of a step.
pub(super) const PENDING: i64 = 0;
pub(super) const RUNNING: i64 = 1;
pub(super) const DONE: i64 = 2;

/// The states of a name: a grant or a child names it; a list shows it; the vendor reports that it does not exist; only
/// a member row shows it.
pub(super) const NAMED: i64 = 0;
pub(super) const LISTED: i64 = 1;
pub(super) const NOT_FOUND: i64 = 2;
pub(super) const SEEN: i64 = 3;

/// The rank of the object itself.
pub(super) const FULL: u32 = Rank::Full as u32;
