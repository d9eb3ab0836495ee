//! The format of a `.c1z` file, version 1: five bytes of magic, then one zstd frame that holds a SQLite database with the
//! layout that the Baton SDK publishes (`pkg/dotc1z`).

/// The first bytes of a file.
pub(crate) const MAGIC: &[u8; 5] = b"C1ZF\0";

/// The largest size of a decoded database that is read, in bytes: the same as in the Baton SDK.
pub(crate) const LIMIT: u64 = 10 << 30;

/// The tables, in the order in which the SDK creates them.
pub(crate) const TABLES: &str = "
CREATE TABLE v1_resource_types (id integer primary key, external_id text not null, data blob not null,
    sync_id text not null, discovered_at datetime not null);
CREATE TABLE v1_resources (id integer primary key, resource_type_id text not null, external_id text not null,
    parent_resource_type_id text, parent_resource_id text, data blob not null, sync_id text not null,
    discovered_at datetime not null);
CREATE TABLE v1_entitlements (id integer primary key, resource_type_id text not null, resource_id text not null,
    external_id text not null, data blob not null, sync_id text not null, discovered_at datetime not null);
CREATE TABLE v1_sync_runs (id integer primary key, sync_id text not null, started_at datetime not null,
    ended_at datetime, sync_token text not null, sync_type text not null default 'full',
    parent_sync_id text not null default '', linked_sync_id text not null default '',
    supports_diff integer not null default 0, grants_backfilled integer not null default 0, stats text,
    ingest_invariant_generation text not null default '', ingest_invariant_coverage text not null default '',
    ingest_invariant_mode text not null default '');
CREATE TABLE v1_grants (id integer primary key, resource_type_id text not null, resource_id text not null,
    entitlement_id text not null, principal_resource_type_id text not null, principal_resource_id text not null,
    external_id text not null, expansion blob, needs_expansion integer not null default 0, data blob not null,
    sync_id text not null, discovered_at datetime not null);
CREATE TABLE v1_assets (id integer primary key, external_id text not null, content_type text not null,
    data blob not null, sync_id text not null, discovered_at datetime not null);
CREATE TABLE v1_connector_sessions (id integer primary key, sync_id text not null, key text not null,
    value blob not null);
";

/// The indexes, built last. The SDK swaps the names of the third and fourth; so do these.
pub(crate) const INDEXES: &str = "
CREATE UNIQUE INDEX idx_resource_types_external_sync_v1 ON v1_resource_types (external_id, sync_id);
CREATE INDEX idx_resources_resource_type_id_v1 ON v1_resources (resource_type_id);
CREATE INDEX idx_resources_external_sync_v1 ON v1_resources (parent_resource_type_id, parent_resource_id);
CREATE UNIQUE INDEX idx_resources_parent_resource_id_v1 ON v1_resources (external_id, sync_id);
CREATE INDEX idx_entitlements_resource_id_v1 ON v1_entitlements (resource_type_id, resource_id);
CREATE UNIQUE INDEX idx_entitlements_external_sync_v1 ON v1_entitlements (external_id, sync_id);
CREATE UNIQUE INDEX idx_grants_external_sync_v1 ON v1_grants (external_id, sync_id);
CREATE INDEX idx_grants_resource_type_id_resource_id_v1 ON v1_grants (resource_type_id, resource_id);
CREATE INDEX idx_grants_principal_id_v1 ON v1_grants (principal_resource_type_id, principal_resource_id);
CREATE INDEX idx_grants_entitlement_id_principal_id_v1 ON v1_grants (entitlement_id, principal_resource_type_id,
    principal_resource_id);
CREATE INDEX idx_grants_entitlement_sync_grant_v1 ON v1_grants (entitlement_id, sync_id, id);
CREATE INDEX idx_grants_sync_expansion_v1 ON v1_grants (sync_id) WHERE expansion IS NOT NULL;
CREATE INDEX idx_grants_sync_needs_expansion_v1 ON v1_grants (sync_id) WHERE needs_expansion = 1;
CREATE UNIQUE INDEX idx_assets_external_sync_v1 ON v1_assets (external_id, sync_id);
CREATE UNIQUE INDEX idx_session_store_sync_key_v1 ON v1_connector_sessions (sync_id, key);
CREATE UNIQUE INDEX idx_sync_runs_sync_id_v1 ON v1_sync_runs (sync_id);
";
