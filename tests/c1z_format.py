"""The `.c1z` format, version 1, as the independent reader `c1z.py` knows it: zstd frame, protobuf, messages, database schema.

Nothing of it is shared with the writer. The public sources are github.com/ConductorOne/baton-sdk (proto/c1/connector/v2,
pkg/dotc1z), RFC 8878 (zstd frames), the protobuf encoding guide and sqlite.org/fileformat2.html.
"""

import collections
import contextlib
import datetime
import functools
import re
import sqlite3

import zstandard
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

MAGIC = b"C1ZF\x00"
MAX_WINDOW = 8 << 20
PACKAGE = "type.googleapis.com/c1.connector.v2."


class Malformed(ValueError):
    """Bytes that are not what they should be."""


# -- messages

ENUMS_TEXT = """
Trait: UNSPECIFIED USER GROUP ROLE APP SECRET SECURITY_INSIGHT SCOPE_BINDING VENDOR VENDOR_AGREEMENT LICENSE_PROFILE AGENT MANAGED_DEVICE
CreationSource: UNSPECIFIED LISTED DISCOVERED
Condition: UNSPECIFIED ENABLED DISABLED DELETED
Purpose: UNSPECIFIED ASSIGNMENT PERMISSION OWNERSHIP
AccountType: UNSPECIFIED HUMAN SERVICE SYSTEM
AppFlag: UNSPECIFIED HIDDEN INACTIVE SAML OIDC BOOKMARK
CredentialType: UNSPECIFIED STATIC_SECRET ASYMMETRIC_KEY CERTIFICATE
NullValue: NULL_VALUE
"""

# A field is `name number type`; `*` repeated; a type with a capital is a message or an enum. A map is a list of entries, as it is
# encoded: a writer may leave out the value of an entry. After a message's name: the records in which it may be an annotation
# (T type, R resource, E entitlement, G grant). Of Baton's other annotations none belongs into a snapshot of Rollcall;
# GrantExpandable has a column of its own.
MESSAGES_TEXT = """
ResourceType: id 1 string, display_name 2 string, traits 3 *Trait, annotations 4 *Any, description 5 string, sourced_externally 6 bool
ResourceId: resource_type 1 string, resource 2 string, baton_resource 3 bool
Resource: id 1 ResourceId, parent_resource_id 2 ResourceId, display_name 3 string, annotations 4 *Any, description 5 string, baton_resource 6 bool, external_id 7 ExternalId, creation_source 8 CreationSource, profile 9 Struct, icon 10 AssetRef, status 11 Status, created_at 12 Timestamp
Status: status 1 Condition, details 2 string
AssetRef: id 1 string
ExternalId: id 1 string, link 2 string, description 3 string
Entitlement: resource 1 Resource, id 2 string, display_name 3 string, description 4 string, grantable_to 5 *ResourceType, annotations 6 *Any, purpose 7 Purpose, slug 8 string
Grant: entitlement 1 Entitlement, principal 2 Resource, id 3 string, annotations 4 *Any, sources 5 GrantSources
GrantSources: sources 1 *GrantSourcesEntry
GrantSourcesEntry: key 1 string, value 2 GrantSource
GrantSource: is_direct 1 bool
UserTrait @R: emails 1 *Email, status 2 Status, profile 3 Struct, icon 4 AssetRef, account_type 5 AccountType, login 6 string, login_aliases 7 *string, created_at 8 Timestamp, last_login 9 Timestamp, mfa_status 10 MfaStatus, sso_status 11 SsoStatus, structured_name 12 StructuredName, employee_ids 13 *string
Email: address 1 string, is_primary 2 bool
MfaStatus: mfa_enabled 1 bool
SsoStatus: sso_enabled 1 bool
StructuredName: given_name 1 string, family_name 2 string, middle_names 3 *string, prefix 4 string, suffix 5 string
GroupTrait @R: icon 1 AssetRef, profile 2 Struct, group_source_type 3 string, raw_group_source_type 4 string
RoleTrait @R: profile 1 Struct, role_scope_conditions 2 RoleScopeConditions
RoleScopeConditions: type 1 string, conditions 3 *RoleScopeCondition
RoleScopeCondition: expression 1 string
AppTrait @R: help_url 1 string, icon 2 AssetRef, logo 3 AssetRef, profile 4 Struct, flags 5 *AppFlag, app_source_type 6 string, raw_app_source_type 7 string
SecretTrait @R: profile 1 Struct, created_at 2 Timestamp, expires_at 3 Timestamp, last_used_at 4 Timestamp, created_by_id 5 ResourceId, identity_id 6 ResourceId, credential_type 7 CredentialType, credential_detail 8 string
ScopeBindingTrait @R: role_id 1 ResourceId, scope_resource_id 2 ResourceId
SkipEntitlementsAndGrants @TR:
ChildResourceType @R: resource_type_id 1 string
GrantExpandable: entitlement_ids 1 *string, shallow 2 bool, resource_type_ids 3 *string
GrantImmutable @G: source_id 1 string, metadata 2 Struct
EntitlementImmutable @E: source_id 1 string, metadata 2 Struct
EntitlementExclusionGroup @E: exclusion_group_id 1 string, order 2 uint32, is_default 3 bool, scope_to_resource 4 bool
ExternalLink @TREG: url 1 string
V1Identifier @TREG: id 1 string
Aliases @R: ids 1 *string
ExternalResourceMatchID @G: id 1 string
Any: type_url 1 string, value 2 bytes
Struct: fields 1 *StructEntry
StructEntry: key 1 string, value 2 Value
Value: null_value 1 NullValue, number_value 2 double, string_value 3 string, bool_value 4 bool, struct_value 5 Struct, list_value 6 ListValue
ListValue: values 1 *Value
Timestamp: seconds 1 int64, nanos 2 int32
"""

ENUMS = {name: labels.split() for name, labels in (line.split(":") for line in ENUMS_TEXT.strip().splitlines())}
TRAIT_MESSAGES = {label: label.title().replace("_", "") + "Trait" for label in ENUMS["Trait"][1:]}
PLACES = {}  # what stands after the names


def _declare():
    """The classes of the messages by name, made by protobuf from the tables."""
    file = descriptor_pb2.FileDescriptorProto(name="c1z.proto", package="c1.connector.v2", syntax="editions", edition="EDITION_2023")
    file.options.features.enum_type = descriptor_pb2.FeatureSet.CLOSED  # a number without a label is an unknown field
    for name, labels in ENUMS.items():
        values = [{"name": label, "number": number} for number, label in enumerate(labels)]
        file.message_type.add(name=name).enum_type.add(name="Label", value=values)  # two enums may have the same label
    for line in MESSAGES_TEXT.strip().splitlines():
        head, fields = line.split(":")
        name, _, places = head.partition(" @")
        PLACES[name] = places
        message = file.message_type.add(name=name)
        for label, number, kind in (field.split() for field in fields.split(",") if field):
            field = message.field.add(name=label, number=int(number), label="LABEL_REPEATED" if kind.startswith("*") else "LABEL_OPTIONAL")
            kind = kind.removeprefix("*")
            if kind.islower():
                field.type = field.Type.Value(f"TYPE_{kind.upper()}")
            else:
                field.type_name = f"{kind}.Label" if kind in ENUMS else kind
    declared = descriptor_pool.DescriptorPool().AddSerializedFile(file.SerializeToString()).message_types_by_name
    return {name: message_factory.GetMessageClass(declared[name]) for name in PLACES}


MESSAGES = _declare()


def decode(name, data):
    """A message as a dict. Strict: known fields and labels only, in the bytes of the deterministic encoding."""
    try:
        message = MESSAGES[name].FromString(data)
    except DecodeError as error:
        raise Malformed(f"{name}: {error}") from None
    message.DiscardUnknownFields()
    if message.SerializeToString(deterministic=True) != data:
        raise Malformed(f"{name} has an unknown field or label, or is not in the deterministic encoding: {data.hex()}")
    return plain(message)


def plain(message):
    """A message as a dict; an Any as the message inside, with `@type` for its short name (or the whole URL, and `@value`, when unknown)."""
    if isinstance(message, MESSAGES["Any"]):
        name = message.type_url.removeprefix(PACKAGE)
        known = name != message.type_url and name in MESSAGES
        return {"@type": name, **decode(name, message.value)} if known else {"@type": message.type_url, "@value": message.value}

    def one(field, value):
        if field.message_type:
            return plain(value)
        return field.enum_type.values_by_number[value].name if field.enum_type else value

    out = {}
    for field, value in message.ListFields():
        out[field.name] = [one(field, item) for item in value] if field.is_repeated else one(field, value)
        if field.message_type and field.message_type.name.endswith("Entry"):
            keys = [entry.key for entry in value]
            if keys != sorted(set(keys)):
                raise Malformed(f"{field.full_name}: the keys {keys} are out of order or stand twice")
    return out


def without_sources(data):
    """The bytes of a Grant without its field `sources`."""
    grant = MESSAGES["Grant"].FromString(data)
    grant.ClearField("sources")
    return grant.SerializeToString(deterministic=True)


# -- the container: magic, zstd frame

def unpack(path):
    """The database of a `.c1z`, and what is wrong with the container, as pairs of a code and a text."""
    with open(path, "rb") as file:
        data = file.read()
    if not data.startswith(MAGIC):
        raise Malformed(f"magic is {data[:5].hex(' ')} instead of {MAGIC.hex(' ')}" if data else "the file is empty")
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    try:
        declared = zstandard.get_frame_parameters(data[len(MAGIC):])
        content = reader.decompress(data[len(MAGIC):])
    except zstandard.ZstdError as error:
        raise Malformed(f"zstd: {error}") from None
    if not reader.eof:
        raise Malformed("zstd frame is cut off")
    if not content.startswith(b"SQLite format 3\x00"):
        raise Malformed("the content is no SQLite database")
    page, pages = int.from_bytes(content[16:18], "big"), int.from_bytes(content[28:32], "big")
    rules = (
        (not reader.unused_data, "frame", f"{len(reader.unused_data)} bytes after the zstd frame: not a single frame"),
        (declared.content_size == len(content), "frame", f"declared content size {declared.content_size}, real size {len(content)}"),
        (declared.window_size <= MAX_WINDOW, "frame", f"zstd window of {declared.window_size} bytes is over {MAX_WINDOW}"),
        (content[18:20] == b"\x01\x01", "journal", f"header bytes 18-19 are {content[18:20].hex(',')} instead of 01,01 (WAL mode?)"),
        (len(content) == (65536 if page == 1 else page) * pages, "database", "file size is not page size times page count"),
    )
    return content, [(code, text) for good, code, text in rules if not good]


# -- the database

# The second and third index of v1_resources have each other's name: readers create what is missing by name, so the swap in
# the public SDK has to be kept.
SCHEMA = """
create table v1_resource_types (id integer primary key, external_id text not null, data blob not null, sync_id text not null, discovered_at datetime not null);
create table v1_resources (id integer primary key, resource_type_id text not null, external_id text not null, parent_resource_type_id text, parent_resource_id text, data blob not null, sync_id text not null, discovered_at datetime not null);
create table v1_entitlements (id integer primary key, resource_type_id text not null, resource_id text not null, external_id text not null, data blob not null, sync_id text not null, discovered_at datetime not null);
create table v1_grants (id integer primary key, resource_type_id text not null, resource_id text not null, entitlement_id text not null, principal_resource_type_id text not null, principal_resource_id text not null, external_id text not null, expansion blob, needs_expansion integer not null default 0, data blob not null, sync_id text not null, discovered_at datetime not null);
create table v1_assets (id integer primary key, external_id text not null, content_type text not null, data blob not null, sync_id text not null, discovered_at datetime not null);
create table v1_connector_sessions (id integer primary key, sync_id text not null, key text not null, value blob not null);
create table v1_sync_runs (id integer primary key, sync_id text not null, started_at datetime not null, ended_at datetime, sync_token text not null, sync_type text not null default 'full', parent_sync_id text not null default '', linked_sync_id text not null default '', supports_diff integer not null default 0, grants_backfilled integer not null default 0, stats text, ingest_invariant_generation text not null default '', ingest_invariant_coverage text not null default '', ingest_invariant_mode text not null default '');
create unique index idx_resource_types_external_sync_v1 on v1_resource_types (external_id, sync_id);
create index idx_resources_resource_type_id_v1 on v1_resources (resource_type_id);
create index idx_resources_external_sync_v1 on v1_resources (parent_resource_type_id, parent_resource_id);
create unique index idx_resources_parent_resource_id_v1 on v1_resources (external_id, sync_id);
create index idx_entitlements_resource_id_v1 on v1_entitlements (resource_type_id, resource_id);
create unique index idx_entitlements_external_sync_v1 on v1_entitlements (external_id, sync_id);
create index idx_grants_resource_type_id_resource_id_v1 on v1_grants (resource_type_id, resource_id);
create index idx_grants_principal_id_v1 on v1_grants (principal_resource_type_id, principal_resource_id);
create index idx_grants_entitlement_id_principal_id_v1 on v1_grants (entitlement_id, principal_resource_type_id, principal_resource_id);
create unique index idx_grants_external_sync_v1 on v1_grants (external_id, sync_id);
create index idx_grants_entitlement_sync_grant_v1 on v1_grants (entitlement_id, sync_id, id);
create index idx_grants_sync_expansion_v1 on v1_grants (sync_id) where expansion is not null;
create index idx_grants_sync_needs_expansion_v1 on v1_grants (sync_id) where needs_expansion = 1;
create unique index idx_assets_external_sync_v1 on v1_assets (external_id, sync_id);
create unique index idx_session_store_sync_key_v1 on v1_connector_sessions (sync_id, key);
create unique index idx_sync_runs_sync_id_v1 on v1_sync_runs (sync_id);
"""


def shape(db):
    """What a database consists of: by name, what makes each table, column, index, trigger and view what it is."""
    found = {}
    bare = {name: (kind, without_rowid) for _, name, kind, _, without_rowid, _ in db.execute("pragma table_list")}
    for kind, name, sql in db.execute("select type, name, sql from sqlite_master order by type = 'table' desc").fetchall():
        if kind == "table":
            found[f"table {name}"] = bare[name], db.execute(f"pragma foreign_key_list({name})").fetchall()
            for position, label, declared, not_null, default, key in db.execute(f"pragma table_info({name})"):
                not_null, default = (None, None) if key else (not_null, default and default.strip("() "))
                found[f"column {name}.{label}"] = position, declared.lower(), not_null, default, key
            for _, index, unique, origin, _ in db.execute(f"pragma index_list({name})"):
                columns = [row[2:5] for row in db.execute(f"pragma index_xinfo({index})") if row[5]]  # name, descending, collation
                found[f"index {index}"] = name, columns, unique, origin, None
        elif kind == "index" and sql and re.search(r"\bwhere\b", sql, re.I):
            where = re.split(r"\bwhere\b", sql, flags=re.I)[1].lower().strip(" ()")
            found[f"index {name}"] = *found[f"index {name}"][:4], re.sub(r"\s*=\s*", " = ", " ".join(where.split()))
        elif kind in ("trigger", "view"):
            found[f"{kind} {name}"] = sql
    return found


with contextlib.closing(sqlite3.connect(":memory:")) as _empty:
    _empty.executescript(SCHEMA)
    SHAPE = shape(_empty)
STORAGE = {"text": str, "datetime": str, "blob": bytes, "integer": int}
TABLES = collections.defaultdict(dict)  # the columns of each table, with the types that a value may have
for _kind, _table, _column, _facts in ((*re.split("[ .]", name), facts) for name, facts in SHAPE.items() if "." in name):
    TABLES[_table][_column] = STORAGE[_facts[1]] if _facts[2] else STORAGE[_facts[1]] | None


# -- ids and times

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def ksuid_time(text):
    """When a KSUID was made (UTC, naive); github.com/segmentio/ksuid."""
    if not re.fullmatch("[0-9A-Za-z]{27}", text):
        raise Malformed("is not 27 base62 characters")
    value = functools.reduce(lambda value, character: value * 62 + BASE62.index(character), text, 0)
    if value >> 160:
        raise Malformed("does not decode to 20 bytes")
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=(value >> 128) + 1_400_000_000)


def parse_timestamp(text):
    if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}", text):
        raise Malformed(f"{text!r} is not a time as YYYY-MM-DD HH:MM:SS with a fraction of nine digits")
    return datetime.datetime.fromisoformat(text)
