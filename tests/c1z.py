#!/usr/bin/env python3
"""An independent reader and checker of `.c1z` files, format version 1.

    python3 tests/c1z.py check FILE [--manifest FILE.json] [--expect expanded|unexpanded]
    python3 tests/c1z.py dump FILE
    python3 tests/c1z.py selftest

It shares no code with the writer: it has its own zstd frame parser, its own protobuf decoder, its own message tables and
its own, deliberately naive, grant expansion. What it demands is what readers of these files rely on; the public sources
are github.com/ConductorOne/baton-sdk (proto/c1/connector/v2, pkg/dotc1z, pkg/sync/expand), RFC 8878 (zstd frames), the
protobuf encoding guide and sqlite.org/fileformat2.html.

`check` prints one finding a line and exits 1 when there is an error. Lines that begin with `note` do not count.
Python 3.11, standard library and `zstandard`; without that package the `zstd` command is used.
"""

import argparse
import collections
import contextlib
import datetime
import hashlib
import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

try:
    import zstandard
except ImportError:
    zstandard = None

MAGIC = b"C1ZF\x00"
MAX_WINDOW = 8 << 20
FINDINGS_SHOWN_PER_CODE = 20

# ---------------------------------------------------------------------------------------------------------------------
# Messages
# ---------------------------------------------------------------------------------------------------------------------

PACKAGE = "c1.connector.v2."
TYPE_URL = "type.googleapis.com/"

ENUMS_TEXT = """
Trait: UNSPECIFIED USER GROUP ROLE APP SECRET SECURITY_INSIGHT SCOPE_BINDING VENDOR VENDOR_AGREEMENT LICENSE_PROFILE AGENT MANAGED_DEVICE
CreationSource: UNSPECIFIED LISTED DISCOVERED
Condition: UNSPECIFIED ENABLED DISABLED DELETED
Purpose: UNSPECIFIED ASSIGNMENT PERMISSION OWNERSHIP
AccountType: UNSPECIFIED HUMAN SERVICE SYSTEM
AppFlag: UNSPECIFIED HIDDEN INACTIVE SAML OIDC BOOKMARK
CredentialType: UNSPECIFIED STATIC_SECRET ASYMMETRIC_KEY CERTIFICATE
NhiType: UNSPECIFIED APP_REGISTRATION ASSUMABLE_ROLE MANAGED_IDENTITY
AgentCondition: UNSPECIFIED READY DISABLED DELETED
DeviceType: UNSPECIFIED SERVER DESKTOP LAPTOP TABLET MOBILE VIRTUAL OTHER=99
OsType: UNSPECIFIED WINDOWS WINDOWS_MOBILE LINUX ANDROID MACOS IOS IPADOS SOLARIS AIX HPUX CHROMEOS OTHER=99
Compliance: UNSPECIFIED COMPLIANT NONCOMPLIANT IN_GRACE_PERIOD ERROR
Management: UNSPECIFIED MANAGED UNMANAGED PENDING RETIRED WIPED
Severity: UNSPECIFIED LOW MEDIUM HIGH CRITICAL
NullValue: NULL_VALUE
RateStatus: UNSPECIFIED OK OVERLIMIT ERROR
"""

# `name number type`; `*` repeated; `%` a map from string. A type beginning with a capital is a message or an enum.
MESSAGES_TEXT = """
ResourceType: id 1 string, display_name 2 string, traits 3 *Trait, annotations 4 *Any, description 5 string, sourced_externally 6 bool
ResourceId: resource_type 1 string, resource 2 string, baton_resource 3 bool
Resource: id 1 ResourceId, parent_resource_id 2 ResourceId, display_name 3 string, annotations 4 *Any, description 5 string, baton_resource 6 bool, external_id 7 ExternalId, creation_source 8 CreationSource, profile 9 Struct, icon 10 AssetRef, status 11 Status, created_at 12 Timestamp
Status: status 1 Condition, details 2 string
AssetRef: id 1 string
ExternalId: id 1 string, link 2 string, description 3 string
Entitlement: resource 1 Resource, id 2 string, display_name 3 string, description 4 string, grantable_to 5 *ResourceType, annotations 6 *Any, purpose 7 Purpose, slug 8 string
Grant: entitlement 1 Entitlement, principal 2 Resource, id 3 string, annotations 4 *Any, sources 5 GrantSources
GrantSources: sources 1 %GrantSource
GrantSource: is_direct 1 bool
UserTrait: emails 1 *Email, status 2 Status, profile 3 Struct, icon 4 AssetRef, account_type 5 AccountType, login 6 string, login_aliases 7 *string, created_at 8 Timestamp, last_login 9 Timestamp, mfa_status 10 MfaStatus, sso_status 11 SsoStatus, structured_name 12 StructuredName, employee_ids 13 *string
Email: address 1 string, is_primary 2 bool
MfaStatus: mfa_enabled 1 bool
SsoStatus: sso_enabled 1 bool
StructuredName: given_name 1 string, family_name 2 string, middle_names 3 *string, prefix 4 string, suffix 5 string
GroupTrait: icon 1 AssetRef, profile 2 Struct, group_source_type 3 string, raw_group_source_type 4 string
RoleTrait: profile 1 Struct, role_scope_conditions 2 RoleScopeConditions
RoleScopeConditions: type 1 string, conditions 3 *RoleScopeCondition
RoleScopeCondition: expression 1 string
AppTrait: help_url 1 string, icon 2 AssetRef, logo 3 AssetRef, profile 4 Struct, flags 5 *AppFlag, app_source_type 6 string, raw_app_source_type 7 string
SecretTrait: profile 1 Struct, created_at 2 Timestamp, expires_at 3 Timestamp, last_used_at 4 Timestamp, created_by_id 5 ResourceId, identity_id 6 ResourceId, credential_type 7 CredentialType, credential_detail 8 string
ScopeBindingTrait: role_id 1 ResourceId, scope_resource_id 2 ResourceId
NonHumanIdentityTrait: nhi_type 1 NhiType, nhi_detail 2 string
AgentTrait: status 1 AgentCondition, identity_resource_id 2 ResourceId, profile 3 Struct
LicenseProfileTrait: license_name 1 string, purchased_seats 2 int64, consumed_seats 3 int64, cost_per_unit_in_cents 4 int64, currency 5 string, entitlement_ids 6 *string
ManagedDeviceTrait: serial 1 string, udid 2 string, hardware_hash 3 string, device_type 4 DeviceType, model 5 string, vendor 6 string, os 7 DeviceOS, compliance 8 Compliance, is_encrypted 9 BoolValue, is_supervised 10 BoolValue, is_personal 11 BoolValue, management_state 12 Management, enrolled_at 13 Timestamp
DeviceOS: type 1 OsType, name 2 string, version 3 string, build 4 string
SecurityInsightTrait: risk_score 1 RiskScore, issue 2 Issue, observed_at 3 Timestamp, user 4 InsightUser, resource_id 5 ResourceId, external_resource 6 InsightExternal, app_user 7 InsightAppUser
RiskScore: value 1 string, factors 2 *string, normalized_score 3 uint32, source_score 4 string, risk_factors 5 *RiskFactor
RiskFactor: description 1 string, severity 2 Severity
Issue: value 1 string, severity 2 string
InsightUser: email 1 string
InsightExternal: external_id 1 string, app_hint 2 string
InsightAppUser: email 1 string, external_id 2 string
VendorTrait: vendor_id 1 string, vendor_name 2 string, vendor_dba_name 3 string, website_domain 4 string, external_vendor_id 5 string, deep_link_url 6 string, source_business_id 7 string, source_entity_id 8 string, trailing_30d_spend 9 Money, trailing_365d_spend 10 Money, ytd_spend 11 Money
Money: amount_minor 1 int64, currency_code 2 string
VendorAgreementTrait: agreement_name 1 string, start_date 2 opaque, end_date 3 opaque, last_date_to_terminate 4 opaque, auto_renewal 5 bool, renewal_status 6 int32, renewal_status_raw 7 string, total_value 8 Money, line_items 9 *opaque, pricing_model 10 int32, external_account_manager_email 11 string, external_account_manager_name 12 string
SkipEntitlementsAndGrants:
SkipGrants:
SkipEntitlements:
ChildResourceType: resource_type_id 1 string
GrantExpandable: entitlement_ids 1 *string, shallow 2 bool, resource_type_ids 3 *string
GrantImmutable: source_id 1 string, metadata 2 Struct
GrantMetadata: metadata 1 Struct
GrantReplaced: replaced_grant_id 1 string
InsertResourceGrants:
EntitlementImmutable: source_id 1 string, metadata 2 Struct
EntitlementExclusionGroup: exclusion_group_id 1 string, order 2 uint32, is_default 3 bool, scope_to_resource 4 bool
GrantAlreadyExists:
GrantAlreadyRevoked:
ResourceDoesNotExist:
ResourceDeleted: resource_id 1 ResourceId
ExternalLink: url 1 string
V1Identifier: id 1 string
RawId: id 1 string
Aliases: ids 1 *string
RequestId: request_id 1 string
RateLimitDescription: status 1 RateStatus, limit 2 int64, remaining 3 int64, reset_at 4 Timestamp
RateLimitWaitReport: wait_ms 1 int64
ExternalResourceMatch: resource_type 1 Trait, key 2 string, value 3 string
ExternalResourceMatchAll: resource_type 1 Trait
ExternalResourceMatchID: id 1 string
BatonID:
ExternalTicketSettings: enabled 1 bool
ExternalTicketRef: id 1 string, external_ticket_provisioner_config_id 2 string
TypeScopedGrants:
TypeScopedEntitlements:
EnqueuePageTokens: page_tokens 1 *string, estimated_total 2 int64
OptInRequired:
Deprecated:
SkipSyncAnomalyDetection:
CapabilityPermissions: permissions 1 *CapabilityPermission
CapabilityPermission: permission 1 string
ETag: value 1 string, entitlement_id 2 string
ETagMetadata: metadata 1 Struct
ETagMatch: entitlement_id 1 string
Any: type_url 1 string, value 2 bytes
Struct: fields 1 %Value
Value: null_value 1 NullValue, number_value 2 double, string_value 3 string, bool_value 4 bool, struct_value 5 Struct, list_value 6 ListValue
ListValue: values 1 *Value
Timestamp: seconds 1 int64, nanos 2 int32
BoolValue: value 1 bool
"""

# Where an annotation may stand in a stored record: T type, R resource, E entitlement, G grant. Whatever is not here
# belongs on an RPC response, was withdrawn, is reserved, or (GrantExpandable) lives in a column of its own.
PLACES = {
    "SkipEntitlementsAndGrants": "TR", "SkipGrants": "TR", "SkipEntitlements": "TR", "ChildResourceType": "R",
    "GrantImmutable": "G", "GrantMetadata": "G", "InsertResourceGrants": "G", "EntitlementImmutable": "E",
    "EntitlementExclusionGroup": "E", "ExternalLink": "TREG", "V1Identifier": "TREG", "RawId": "REG", "Aliases": "R",
    "ExternalResourceMatch": "G", "ExternalResourceMatchAll": "G", "ExternalResourceMatchID": "G",
    "ExternalTicketRef": "G", "TypeScopedGrants": "T", "TypeScopedEntitlements": "T", "OptInRequired": "T",
    "Deprecated": "T", "SkipSyncAnomalyDetection": "T", "CapabilityPermissions": "T",
    "UserTrait": "R", "GroupTrait": "R", "RoleTrait": "R", "AppTrait": "R", "SecretTrait": "R", "ScopeBindingTrait": "R",
    "NonHumanIdentityTrait": "R", "AgentTrait": "R", "LicenseProfileTrait": "R", "ManagedDeviceTrait": "R",
    "SecurityInsightTrait": "R", "VendorTrait": "R", "VendorAgreementTrait": "R",
}
TRAIT_MESSAGES = {
    "USER": "UserTrait", "GROUP": "GroupTrait", "ROLE": "RoleTrait", "APP": "AppTrait", "SECRET": "SecretTrait",
    "SECURITY_INSIGHT": "SecurityInsightTrait", "SCOPE_BINDING": "ScopeBindingTrait", "VENDOR": "VendorTrait",
    "VENDOR_AGREEMENT": "VendorAgreementTrait", "LICENSE_PROFILE": "LicenseProfileTrait", "AGENT": "AgentTrait",
    "MANAGED_DEVICE": "ManagedDeviceTrait",
}
REQUIRED_TRAITS = ("USER", "GROUP", "ROLE", "APP", "SECRET")
# Fields that moved from the traits to Resource: old readers look at one place, new readers at the other.
MIRRORED = {
    "UserTrait": ("profile", "status", "icon", "created_at"), "GroupTrait": ("profile", "icon"), "RoleTrait": ("profile",),
    "AppTrait": ("profile", "icon"), "SecretTrait": ("profile", "created_at"),
}

Field = collections.namedtuple("Field", "name number kind repeated mapped")


def _tables():
    enums, messages = {}, {}
    for line in ENUMS_TEXT.strip().splitlines():
        name, words = line.split(":")
        values = {}
        for index, word in enumerate(words.split()):
            label, _, number = word.partition("=")
            values[int(number) if number else index] = label
        enums[name] = values
    for line in MESSAGES_TEXT.strip().splitlines():
        name, fields = line.split(":")
        table = {}
        for field in filter(None, (part.strip() for part in fields.split(","))):
            label, number, kind = field.split()
            repeated, mapped = kind.startswith("*"), kind.startswith("%")
            table[int(number)] = Field(label, int(number), kind.lstrip("*%"), repeated, mapped)
        messages[name] = table
    return enums, messages


ENUMS, MESSAGES = _tables()
ENUM_NUMBERS = {name: {label: number for number, label in values.items()} for name, values in ENUMS.items()}


class Malformed(Exception):
    """Bytes that are not what they should be."""


# ---------------------------------------------------------------------------------------------------------------------
# Protobuf wire format
# ---------------------------------------------------------------------------------------------------------------------


def read_varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data):
            raise Malformed("varint is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                raise Malformed("varint is longer than 64 bits")
            return value, at
        shift += 7
        if shift > 63:
            raise Malformed("varint is longer than 64 bits")


def wire_fields(data):
    """Yields (field number, wire type, value, offset of the tag)."""
    at, end = 0, len(data)
    while at < end:
        start = at
        tag, at = read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise Malformed("field number 0")
        if wire == 0:
            value, at = read_varint(data, at)
        elif wire == 2:
            length, at = read_varint(data, at)
            if at + length > end:
                raise Malformed(f"field {number} is cut off")
            value, at = data[at:at + length], at + length
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
            if at + length > end:
                raise Malformed(f"field {number} is cut off")
            value, at = data[at:at + length], at + length
        else:
            raise Malformed(f"field {number} has wire type {wire}")
        yield number, wire, value, start


def _scalar(kind, wire, value, where):
    if kind == "string":
        _expect(wire, 2, where)
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed(f"{where} is not UTF-8") from None
    if kind in ("bytes", "opaque"):
        _expect(wire, 2, where)
        return value
    if kind == "double":
        _expect(wire, 1, where)
        return struct.unpack("<d", value)[0]
    _expect(wire, 0, where)
    if kind == "bool":
        if value > 1:
            raise Malformed(f"{where} is a bool with value {value}")
        return bool(value)
    if kind in ("int64", "int32"):
        return value - (1 << 64) if value >> 63 else value
    if kind == "uint32":
        return value
    if kind in ENUMS:
        if value not in ENUMS[kind]:
            raise Malformed(f"{where}: {kind} has no value {value}")
        return ENUMS[kind][value]
    raise AssertionError(kind)


def _expect(wire, wanted, where):
    if wire != wanted:
        raise Malformed(f"{where} has wire type {wire} instead of {wanted}")


def decode(name, data, where=None):
    """A message as a dict. Strict: known fields only, in ascending order, no singular field twice, map keys sorted."""
    where = where or name
    table, out, last = MESSAGES[name], {}, 0
    for number, wire, value, _ in wire_fields(data):
        field = table.get(number)
        if field is None:
            raise Malformed(f"{where} has an unknown field {number}")
        if number < last:
            raise Malformed(f"{where}: field {number} after field {last}; not a deterministic encoding")
        last = number
        inner = f"{where}.{field.name}"
        if field.mapped:
            _expect(wire, 2, inner)
            key, item = "", b""
            for part, part_wire, part_value, _ in wire_fields(value):
                if part == 1:
                    key = _scalar("string", part_wire, part_value, inner)
                elif part == 2:
                    _expect(part_wire, 2, inner)
                    item = part_value
                else:
                    raise Malformed(f"{inner} has an unknown field {part}")
            entries = out.setdefault(field.name, {})
            if entries and list(entries)[-1].encode() >= key.encode():
                raise Malformed(f"{inner}: key {key!r} out of order; not a deterministic encoding")
            entries[key] = decode(field.kind, item, f"{inner}[{key}]")
        elif field.kind == "Any":
            _expect(wire, 2, inner)
            out.setdefault(field.name, []).append(decode_any(value, inner))
        elif field.kind in MESSAGES:
            _expect(wire, 2, inner)
            item = decode(field.kind, value, inner)
            if field.repeated:
                out.setdefault(field.name, []).append(item)
            elif field.name in out:
                raise Malformed(f"{inner} stands twice")
            else:
                out[field.name] = item
        elif field.repeated:
            items = out.setdefault(field.name, [])
            if wire == 2 and field.kind not in ("string", "bytes", "opaque"):
                at = 0
                while at < len(value):
                    number_value, at = read_varint(value, at)
                    items.append(_scalar(field.kind, 0, number_value, inner))
            else:
                items.append(_scalar(field.kind, wire, value, inner))
        elif field.name in out:
            raise Malformed(f"{inner} stands twice")
        else:
            out[field.name] = _scalar(field.kind, wire, value, inner)
    return out


def decode_any(data, where):
    """An Any as the message inside, with `@type` for its short name (or the whole URL, and `@value`, when unknown)."""
    url, value = "", b""
    for number, wire, item, _ in wire_fields(data):
        if number == 1:
            url = _scalar("string", wire, item, where)
        elif number == 2:
            value = _scalar("bytes", wire, item, where)
        else:
            raise Malformed(f"{where} has an unknown field {number}")
    name = url.removeprefix(TYPE_URL + PACKAGE)
    if name == url or name not in MESSAGES:
        return {"@type": url, "@value": value}
    return {"@type": name, **decode(name, value, f"{where}({name})")}


def write_varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _length_prefixed(number, value):
    return write_varint(number << 3 | 2) + write_varint(len(value)) + value


def encode(name, message):
    """The opposite of `decode`, for the self test: deterministic, zero scalars left out."""
    by_name = {field.name: field for field in MESSAGES[name].values()}
    out = []
    for label, value in message.items():
        if label == "@type":
            continue
        field = by_name[label]
        number = field.number
        if field.mapped:
            for key in sorted(value, key=str.encode):
                entry = _length_prefixed(1, key.encode()) + _length_prefixed(2, encode(field.kind, value[key]))
                out.append((number, _length_prefixed(number, entry)))
        elif field.repeated and field.kind in ENUMS:
            packed = b"".join(write_varint(ENUM_NUMBERS[field.kind][item]) for item in value)
            out.append((number, _length_prefixed(number, packed)))
        else:
            for item in value if field.repeated else [value]:
                out.append((number, _encode_one(field, item)))
    return b"".join(part for _, part in sorted(out, key=lambda pair: pair[0]))


def _encode_one(field, value):
    if field.kind == "Any":
        url = value["@type"] if "/" in value["@type"] else TYPE_URL + PACKAGE + value["@type"]
        body = value["@value"] if "@value" in value else encode(value["@type"], value)
        return _length_prefixed(field.number, _length_prefixed(1, url.encode()) + (_length_prefixed(2, body) if body else b""))
    if field.kind in MESSAGES:
        return _length_prefixed(field.number, encode(field.kind, value))
    if field.kind == "string":
        return _length_prefixed(field.number, value.encode())
    if field.kind in ("bytes", "opaque"):
        return _length_prefixed(field.number, value)
    if field.kind == "double":
        return write_varint(field.number << 3 | 1) + struct.pack("<d", value)
    plain = ENUM_NUMBERS[field.kind][value] if field.kind in ENUMS else int(value)
    return write_varint(field.number << 3) + write_varint(plain) if plain else b""


def without_sources(data):
    """The bytes of a Grant before its field 5 (`sources`), which is the last one."""
    for number, _, _, start in wire_fields(data):
        if number == 5:
            return data[:start]
    return data


# ---------------------------------------------------------------------------------------------------------------------
# Container: magic, zstd frame
# ---------------------------------------------------------------------------------------------------------------------

Frame = collections.namedtuple("Frame", "content_size window end")


def parse_frame(data, at=0):
    """Header and extent of the zstd frame at `at` (RFC 8878, 3.1.1), without decompressing it."""
    def take(count):
        nonlocal at
        if at + count > len(data):
            raise Malformed("zstd frame is cut off")
        at += count
        return bytes(data[at - count:at])

    if take(4) != b"\x28\xb5\x2f\xfd":
        raise Malformed("no zstd frame after the magic")
    descriptor = take(1)[0]
    single_segment = bool(descriptor & 0x20)
    window = None
    if not single_segment:
        byte = take(1)[0]
        base = 1 << (10 + (byte >> 3))
        window = base + (base >> 3) * (byte & 7)
    take((0, 1, 2, 4)[descriptor & 3])
    size_bytes = (1 if single_segment else 0, 2, 4, 8)[descriptor >> 6]
    content_size = None
    if size_bytes:
        content_size = int.from_bytes(take(size_bytes), "little") + (256 if size_bytes == 2 else 0)
    if single_segment:
        window = content_size
    while True:
        header = int.from_bytes(take(3), "little")
        take(1 if header >> 1 & 3 == 1 else header >> 3)
        if header & 1:
            break
    if descriptor & 4:
        take(4)
    return Frame(content_size, window, at)


def decompress(compressed, target):
    """Decompresses what follows the magic of the file `compressed` into the file `target`."""
    with open(compressed, "rb") as source, open(target, "wb") as sink:
        source.seek(len(MAGIC))
        if zstandard is not None:
            try:
                zstandard.ZstdDecompressor(max_window_size=1 << 27).copy_stream(source, sink)
            except zstandard.ZstdError as error:
                raise Malformed(f"zstd: {error}") from None
        elif shutil.which("zstd"):
            child = subprocess.Popen(["zstd", "-d", "-c", "--long=27"], stdin=subprocess.PIPE, stdout=sink, stderr=subprocess.PIPE)
            with contextlib.suppress(BrokenPipeError):
                shutil.copyfileobj(source, child.stdin)
            _, complaint = child.communicate()
            if child.returncode:
                raise Malformed(f"zstd: {complaint.decode(errors='replace').strip()}")
        else:
            raise SystemExit("c1z.py needs the package `zstandard` or the command `zstd`")


# ---------------------------------------------------------------------------------------------------------------------
# Schema
# ---------------------------------------------------------------------------------------------------------------------

# `!` not null, `=` default. Every table begins with `id integer primary key`.
TABLES_TEXT = """
v1_resource_types: external_id text! data blob! sync_id text! discovered_at datetime!
v1_resources: resource_type_id text! external_id text! parent_resource_type_id text parent_resource_id text data blob! sync_id text! discovered_at datetime!
v1_entitlements: resource_type_id text! resource_id text! external_id text! data blob! sync_id text! discovered_at datetime!
v1_grants: resource_type_id text! resource_id text! entitlement_id text! principal_resource_type_id text! principal_resource_id text! external_id text! expansion blob needs_expansion integer!=0 data blob! sync_id text! discovered_at datetime!
v1_assets: external_id text! content_type text! data blob! sync_id text! discovered_at datetime!
v1_connector_sessions: sync_id text! key text! value blob!
v1_sync_runs: sync_id text! started_at datetime! ended_at datetime sync_token text! sync_type text!='full' parent_sync_id text!='' linked_sync_id text!='' supports_diff integer!=0 grants_backfilled integer!=0 stats text ingest_invariant_generation text!='' ingest_invariant_coverage text!='' ingest_invariant_mode text!=''
"""
# name: table(columns) [unique] [where …]. The second and third of v1_resources have each other's name: readers create
# what is missing by name, so the swap in the public SDK has to be kept.
INDEXES_TEXT = """
idx_resource_types_external_sync_v1: v1_resource_types(external_id,sync_id) unique
idx_resources_resource_type_id_v1: v1_resources(resource_type_id)
idx_resources_external_sync_v1: v1_resources(parent_resource_type_id,parent_resource_id)
idx_resources_parent_resource_id_v1: v1_resources(external_id,sync_id) unique
idx_entitlements_resource_id_v1: v1_entitlements(resource_type_id,resource_id)
idx_entitlements_external_sync_v1: v1_entitlements(external_id,sync_id) unique
idx_grants_resource_type_id_resource_id_v1: v1_grants(resource_type_id,resource_id)
idx_grants_principal_id_v1: v1_grants(principal_resource_type_id,principal_resource_id)
idx_grants_entitlement_id_principal_id_v1: v1_grants(entitlement_id,principal_resource_type_id,principal_resource_id)
idx_grants_external_sync_v1: v1_grants(external_id,sync_id) unique
idx_grants_entitlement_sync_grant_v1: v1_grants(entitlement_id,sync_id,id)
idx_grants_sync_expansion_v1: v1_grants(sync_id) where expansion is not null
idx_grants_sync_needs_expansion_v1: v1_grants(sync_id) where needs_expansion = 1
idx_assets_external_sync_v1: v1_assets(external_id,sync_id) unique
idx_session_store_sync_key_v1: v1_connector_sessions(sync_id,key) unique
idx_sync_runs_sync_id_v1: v1_sync_runs(sync_id) unique
"""

Column = collections.namedtuple("Column", "name type not_null default")
Index = collections.namedtuple("Index", "table columns unique where")


def _schema():
    tables, indexes = {}, {}
    for line in TABLES_TEXT.strip().splitlines():
        name, words = line.split(": ")
        words = words.split()
        columns = []
        for label, kind in zip(words[::2], words[1::2]):
            kind, _, default = kind.partition("=")
            columns.append(Column(label, kind.rstrip("!"), kind.endswith("!"), default or None))
        tables[name] = columns
    for line in INDEXES_TEXT.strip().splitlines():
        name, table, columns, rest = re.fullmatch(r"(\w+): (\w+)\(([\w,]+)\) ?(.*)", line).groups()
        indexes[name] = Index(table, tuple(columns.split(",")), rest == "unique", rest.removeprefix("where ") if rest.startswith("where") else None)
    return tables, indexes


TABLES, INDEXES = _schema()


def create_statements():
    """The schema as SQL, for the self test."""
    for name, columns in TABLES.items():
        parts = ["id integer primary key"]
        for column in columns:
            parts.append(column.name + " " + column.type + (" not null" if column.not_null else "") + (f" default {column.default}" if column.default else ""))
        yield f"create table {name} ({', '.join(parts)})"
    for name, index in INDEXES.items():
        where = f" where {index.where}" if index.where else ""
        yield f"create {'unique ' if index.unique else ''}index {name} on {index.table} ({', '.join(index.columns)}){where}"


# ---------------------------------------------------------------------------------------------------------------------
# Small rules
# ---------------------------------------------------------------------------------------------------------------------

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KSUID_EPOCH = 1_400_000_000
EARLIEST = datetime.datetime(2020, 1, 1)
TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{9})")


def ksuid_time(text):
    """When a KSUID was made (UTC, naive); github.com/segmentio/ksuid."""
    if len(text) != 27 or any(character not in BASE62 for character in text):
        raise Malformed("is not 27 base62 characters")
    value = 0
    for character in text:
        value = value * 62 + BASE62.index(character)
    if value >> 160:
        raise Malformed("does not decode to 20 bytes")
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=(value >> 128) + KSUID_EPOCH)


def make_ksuid(seconds, payload):
    value = (seconds - KSUID_EPOCH) << 128 | int.from_bytes(payload, "big")
    out = ""
    while len(out) < 27:
        value, digit = divmod(value, 62)
        out = BASE62[digit] + out
    return out


def parse_timestamp(text):
    match = TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise Malformed(f"{text!r} is not YYYY-MM-DD HH:MM:SS with a fraction of nine digits")
    try:
        return datetime.datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S") + datetime.timedelta(microseconds=int(match[2]) // 1000)
    except ValueError:
        raise Malformed(f"{text!r} is no time") from None


def expand(stated, expandable):
    """Grant expansion as a naive least fixpoint.

    `stated`: entitlement -> set of holders (type, id) that the vendor states.
    `expandable`: (destination entitlement, GrantExpandable as a dict) for each expandable grant.
    Gives (entitlement, holder) -> {source entitlement: is_direct} for everyone who holds anything.

    Membership flows round in a cycle until nothing changes. An entitlement is never its own source through an edge: a
    self-loop gives nobody anything.
    """
    edges = []
    for destination, rule in expandable:
        for source in rule.get("entitlement_ids", []):
            if source in stated and source != destination:
                edges.append((source, destination, rule.get("shallow", False), frozenset(rule.get("resource_type_ids", []))))
    holders = {entitlement: set(direct) for entitlement, direct in stated.items()}

    def passing(source, shallow, kinds):
        flow = stated[source] if shallow else holders[source]
        return {holder for holder in flow if holder[0] in kinds} if kinds else set(flow)

    changed = True
    while changed:
        changed = False
        for source, destination, shallow, kinds in edges:
            new = passing(source, shallow, kinds) - holders[destination]
            if new:
                holders[destination] |= new
                changed = True
    result = {(entitlement, holder): {} for entitlement, all_holders in holders.items() for holder in all_holders}
    for source, destination, shallow, kinds in edges:
        for holder in passing(source, shallow, kinds):
            result[destination, holder][source] = holder in stated[source]
    for (entitlement, holder), sources in result.items():
        if sources and holder in stated[entitlement]:
            sources[entitlement] = True
    return result


class Digest:
    """The content digest: SHA-256 over kind, id, data and expansion of every record in id order."""

    def __init__(self):
        self.state = hashlib.sha256()

    def row(self, kind, external_id, data, expansion=None):
        self.state.update(kind)
        for part in (external_id.encode(), data, expansion):
            if part is None:
                self.state.update(b"\xff" * 8)
            else:
                self.state.update(struct.pack(">Q", len(part)) + part)

    def hex(self):
        return self.state.hexdigest()


# ---------------------------------------------------------------------------------------------------------------------
# The check
# ---------------------------------------------------------------------------------------------------------------------


class Report:
    def __init__(self):
        self.errors = []
        self.notes = []

    def error(self, code, text):
        self.errors.append((code, text))

    def note(self, code, text):
        self.notes.append((code, text))

    def codes(self):
        return {code for code, _ in self.errors}

    def lines(self):
        for label, findings in (("error", self.errors), ("note", self.notes)):
            seen = collections.Counter()
            for code, text in findings:
                seen[code] += 1
                if seen[code] <= FINDINGS_SHOWN_PER_CODE:
                    yield f"{label} [{code}] {text}"
            for code, count in seen.items():
                if count > FINDINGS_SHOWN_PER_CODE:
                    yield f"{label} [{code}] … and {count - FINDINGS_SHOWN_PER_CODE} more of these"


@contextlib.contextmanager
def opened(path, report=None):
    """The database of a `.c1z`, or None with the reason in the report. Without a report a fault is raised."""
    problems = report or Report()
    with tempfile.TemporaryDirectory(prefix="c1z-") as folder:
        connection = None
        database = os.path.join(folder, "db")
        try:
            _container(path, database, problems)
            connection = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            connection.execute("select count(*) from sqlite_master").fetchone()
        except Malformed as fault:
            problems.error("container", str(fault))
        except (sqlite3.Error, OSError) as fault:
            problems.error("database", str(fault))
            if connection:
                connection.close()
                connection = None
        if report is None and connection is None:
            raise Malformed("; ".join(text for _, text in problems.errors))
        try:
            yield connection
        finally:
            if connection:
                connection.close()


def _container(path, database, report):
    with open(path, "rb") as file:
        data = file.read()
    if not data:
        raise Malformed("the file is empty")
    if data[:5] != MAGIC:
        raise Malformed(f"magic is {data[:5].hex(' ')} instead of {MAGIC.hex(' ')}")
    frame = parse_frame(data, len(MAGIC))
    if frame.end != len(data):
        report.error("frame", f"{len(data) - frame.end} bytes after the zstd frame: not a single frame")
    if frame.content_size is None:
        report.error("frame", "the zstd frame does not declare its content size")
    if frame.window is not None and frame.window > MAX_WINDOW:
        report.error("frame", f"zstd window of {frame.window} bytes is over {MAX_WINDOW}")
    del data
    decompress(path, database)
    size = os.path.getsize(database)
    if frame.content_size not in (None, size):
        report.error("frame", f"declared content size {frame.content_size}, real size {size}")
    with open(database, "rb") as file:
        header = file.read(100)
    if header[:16] != b"SQLite format 3\x00":
        raise Malformed("the content is no SQLite database")
    if header[18:20] != b"\x01\x01":
        report.error("journal", f"header bytes 18-19 are {header[18]},{header[19]} instead of 1,1 (WAL mode?)")
    page = int.from_bytes(header[16:18], "big")
    page = 65536 if page == 1 else page
    if size != page * int.from_bytes(header[28:32], "big"):
        report.error("database", "file size is not page size times page count")


def check(path, manifest=None, expect=None):
    report = Report()
    with opened(path, report) as connection:
        if connection is None:
            return report
        try:
            checker = Checker(connection, report, expect)
            checker.run()
        except sqlite3.Error as fault:
            report.error("database", str(fault))
            return report
        if manifest is not None:
            checker.manifest(manifest, path)
    return report


class Checker:
    def __init__(self, connection, report, expect):
        self.db = connection
        self.report = report
        self.error = report.error
        self.note = report.note
        self.expect = expect
        self.sync_id = None
        self.started = self.ended = None
        self.types = {}          # id -> ResourceType
        self.resources = {}      # (type, id) -> parent or None
        self.entitlements = {}   # id -> (type, id), grantable types
        self.grants = {}         # (entitlement, holder) -> id, is it derived, sources, GrantExpandable or None
        self.expanded = False
        self.digest_rows = {"T": [], "R": [], "E": [], "G": []}

    def run(self):
        self.database()
        if not self.schema():
            return
        self.sync_run()
        self.resource_types()
        self.resource_rows()
        self.entitlement_rows()
        self.grant_rows()
        self.other_rows()
        self.references()
        self.expansion()
        self.stats()

    # -- file and schema

    def database(self):
        answers = [row[0] for row in self.db.execute("pragma integrity_check")]
        if answers != ["ok"]:
            for answer in answers[:5]:
                self.error("integrity", answer)
        free = self.db.execute("pragma freelist_count").fetchone()[0]
        if free:
            self.error("free-pages", f"{free} free pages in the database")
        encoding = self.db.execute("pragma encoding").fetchone()[0]
        if encoding != "UTF-8":
            self.error("database", f"encoding is {encoding}")

    def schema(self):
        found = {}
        for kind, name, table, sql in self.db.execute("select type, name, tbl_name, sql from sqlite_master"):
            found.setdefault(kind, {})[name] = (table, sql)
        for kind in ("trigger", "view"):
            for name in found.get(kind, {}):
                self.error("schema", f"{kind} {name}: there must be none")
        complete = True
        for name, columns in TABLES.items():
            if name not in found.get("table", {}):
                self.error("schema", f"table {name} is missing")
                complete = False
                continue
            wanted = [("id", "integer", None, None)] + [tuple(column) for column in columns]
            real = []
            for _, label, kind, not_null, default, key in self.db.execute(f"pragma table_info({name})"):
                if label == "id":
                    if key != 1:
                        self.error("schema", f"{name}.id is not the primary key")
                    real.append(("id", kind.lower(), None, None))
                    continue
                if key:
                    self.error("schema", f"{name}.{label} is part of the primary key")
                real.append((label, kind.lower(), bool(not_null), default.strip("() ") if default is not None else None))
            for column in wanted:
                if column not in real:
                    self.error("schema", f"{name}.{column[0]} is {next((c for c in real if c[0] == column[0]), 'missing')}, wanted {column}")
                    complete = complete and column[0] in [c[0] for c in real]
            for column in real:
                if column[0] not in [c[0] for c in wanted]:
                    self.error("schema", f"{name} has an extra column {column[0]}")
            if [c[0] for c in real] != [c[0] for c in wanted] and sorted(c[0] for c in real) == sorted(c[0] for c in wanted):
                self.error("schema", f"columns of {name} are in another order")
            if re.search(r"without\s+rowid", found["table"][name][1] or "", re.I):
                self.error("schema", f"{name} has no rowid")
            if self.db.execute(f"pragma foreign_key_list({name})").fetchall():
                self.error("schema", f"{name} has foreign keys")
            for _, index, _, origin, _ in self.db.execute(f"pragma index_list({name})"):
                if origin != "c":
                    self.error("schema", f"{name} has a unique constraint of its own ({index})")
                elif index not in INDEXES:
                    self.error("schema", f"{name} has an extra index {index}")
        for name in found.get("table", {}):
            if re.match(r"create\s+virtual", found["table"][name][1] or "", re.I):
                self.error("schema", f"{name} is a virtual table")
            elif name not in TABLES and not name.startswith("sqlite_"):
                self.note("schema", f"extra table {name}")
        for name, wanted in INDEXES.items():
            if name not in found.get("index", {}):
                self.error("schema", f"index {name} is missing")
                continue
            table, sql = found["index"][name]
            keys = [row for row in self.db.execute(f"pragma index_xinfo({name})") if row[5]]
            columns = tuple(row[2] or "?" for row in keys)
            unique = next((bool(row[2]) for row in self.db.execute(f"pragma index_list({table})") if row[1] == name), None)
            where = re.search(r"\bwhere\b(.*)$", sql or "", re.I | re.S)
            where = re.sub(r"\s*=\s*", " = ", " ".join(where[1].lower().strip(" ()").split())) if where else None
            real = Index(table, columns, unique, where)
            if real != wanted:
                self.error("schema", f"index {name} is {tuple(real)}, wanted {tuple(wanted)}")
            if any(row[3] or row[4] != "BINARY" for row in keys):
                self.error("schema", f"index {name} has a descending or collated column")
        return complete

    def rows(self, table, key):
        """The rows of a table as dicts, storage classes, sync id and discovery time checked."""
        columns = TABLES[table]
        names = [column.name for column in columns]
        classes = {"text": str, "datetime": str, "blob": bytes, "integer": int}
        for values in self.db.execute(f"select {', '.join(names)} from {table} order by id"):
            row = dict(zip(names, values))
            usable = True
            for column, value in zip(columns, values):
                if value is None:
                    if column.not_null:
                        usable = False
                        self.error("column", f"{table} {row[key]}: {column.name} is NULL")
                elif not isinstance(value, classes[column.type]):
                    usable = False
                    self.error("column", f"{table} {row[key]}: {column.name} is stored as {type(value).__name__}, wanted {column.type}")
                elif isinstance(value, str):
                    try:
                        value.encode()
                    except UnicodeEncodeError:
                        usable = False
                        self.error("column", f"{table}: {column.name} is not UTF-8 ({value!r})")
            if usable and "sync_id" in row and table != "v1_sync_runs" and row["sync_id"] != self.sync_id:
                self.error("sync-id", f"{table} {row[key]} belongs to sync {row['sync_id']!r}")
            if usable and "discovered_at" in row:
                try:
                    found = parse_timestamp(row["discovered_at"])
                    if self.started and self.ended and not self.started <= found <= self.ended:
                        self.error("time", f"{table} {row[key]}: discovered_at {row['discovered_at']} outside of the run")
                except Malformed as fault:
                    self.error("time", f"{table} {row[key]}: discovered_at {fault}")
            if usable:
                yield row

    def decoded(self, kind, row):
        try:
            return decode(kind, row["data"])
        except Malformed as fault:
            self.error("blob", f"{row['external_id']}: {fault}")
            return None

    # -- the run

    def sync_run(self):
        runs = list(self.rows("v1_sync_runs", "sync_id"))
        if len(runs) != 1:
            self.error("run", f"{len(runs)} rows in v1_sync_runs instead of one")
        if not runs:
            return
        run = self.run_row = runs[0]
        self.sync_id = run["sync_id"]
        for column, wanted in (("sync_type", "full"), ("parent_sync_id", ""), ("linked_sync_id", ""), ("supports_diff", 1), ("grants_backfilled", 1),
                               ("ingest_invariant_generation", ""), ("ingest_invariant_coverage", ""), ("ingest_invariant_mode", "")):
            if run[column] != wanted:
                self.error("run", f"{column} is {run[column]!r} instead of {wanted!r}")
        if run["sync_token"]:
            try:
                json.loads(run["sync_token"])
            except ValueError:
                self.error("run", "sync_token is neither empty nor JSON")
        if run["ended_at"] is None:
            self.error("run", "ended_at is NULL: the sync is not finished")
        times = {}
        for column in ("started_at", "ended_at"):
            if run[column] is not None:
                try:
                    times[column] = parse_timestamp(run[column])
                except Malformed as fault:
                    self.error("time", f"{column} {fault}")
        self.started, self.ended = times.get("started_at"), times.get("ended_at")
        if self.started and self.ended and self.ended < self.started:
            self.error("time", "the sync ended before it started")
        try:
            made = ksuid_time(self.sync_id)
            if made < EARLIEST or (self.started and abs(made - self.started) > datetime.timedelta(days=1)):
                self.error("ksuid", f"sync id {self.sync_id} says {made}, the run started at {run['started_at']}")
        except Malformed as fault:
            self.error("ksuid", f"sync id {self.sync_id!r} {fault}")

    # -- the four lists

    def limits(self, who, message):
        for field, limit in (("display_name", 1024), ("description", 2048)):
            if len(message.get(field, "").encode()) > limit:
                self.error("limit", f"{who}: {field} is longer than {limit} bytes")

    def identifier(self, who, value):
        if not value:
            self.error("empty-id", f"{who}: an id is empty")
        elif len(value.encode()) > 1024:
            self.error("limit", f"{who}: an id is longer than 1024 bytes")

    def annotations(self, place, who, message):
        """The annotations by short name; each one known and allowed in this place."""
        out = {}
        for annotation in message.get("annotations", []):
            name = annotation["@type"]
            if "@value" in annotation:
                self.error("annotation", f"{who}: unknown annotation {name!r}")
                continue
            if name == "GrantExpandable":
                self.error("expandable-in-data", f"{who}: GrantExpandable is left in data: readers would not expand it")
            elif place not in PLACES.get(name, ""):
                self.error("annotation", f"{who}: annotation {name} does not belong here")
            if name in out and name not in ("ChildResourceType", "ExternalLink", "EntitlementExclusionGroup"):
                self.error("annotation", f"{who}: annotation {name} stands twice")
            out[name] = annotation
            if name == "ExternalLink" and not annotation.get("url", "").startswith("https://"):
                self.error("limit", f"{who}: ExternalLink is not https")
            if name == "ChildResourceType" and annotation.get("resource_type_id") not in self.types:
                self.error("reference", f"{who}: child resource type {annotation.get('resource_type_id')!r} does not exist")
            if name == "Aliases":
                ids = annotation.get("ids", [])
                if not 1 <= len(ids) <= 100 or len(set(ids)) != len(ids) or any(not 1 <= len(alias) <= 256 for alias in ids):
                    self.error("limit", f"{who}: aliases must be 1-100, unique, of 1-256 characters")
        return out

    def resource_types(self):
        for row in self.rows("v1_resource_types", "external_id"):
            message = self.decoded("ResourceType", row)
            if message is None:
                continue
            who = f"resource type {row['external_id']}"
            self.digest_rows["T"].append((row["external_id"].encode(), row["external_id"], row["data"], None))
            self.identifier(who, row["external_id"])
            if message.get("id", "") != row["external_id"]:
                self.error("column", f"{who}: data says id {message.get('id', '')!r}")
            traits = message.get("traits", [])
            if "UNSPECIFIED" in traits or len(set(traits)) != len(traits):
                self.error("trait", f"{who}: traits {traits}")
            self.limits(who, message)
            if row["external_id"] in self.types:
                self.error("duplicate", f"{who} stands twice")
            self.types[row["external_id"]] = message
        for name, message in self.types.items():
            self.annotations("T", f"resource type {name}", message)

    def resource_rows(self):
        for row in self.rows("v1_resources", "external_id"):
            message = self.decoded("Resource", row)
            if message is None:
                continue
            who = f"resource {row['external_id']}"
            key = self.resource_id(message.get("id"))
            self.digest_rows["R"].append((tuple(part.encode() for part in key), row["external_id"], row["data"], None))
            for part in key:
                self.identifier(who, part)
            if row["resource_type_id"] != key[0]:
                self.error("column", f"{who}: resource_type_id is {row['resource_type_id']!r}, data says {key[0]!r}")
            if row["external_id"] != ":".join(key):
                self.error("id", f"{who}: external_id is not {':'.join(key)}")
            self.parent(who, row, message)
            self.limits(who, message)
            if len(message.get("status", {}).get("details", "").encode()) > 1024:
                self.error("limit", f"{who}: status.details is longer than 1024 bytes")
            if message.get("baton_resource") or message.get("id", {}).get("baton_resource"):
                self.error("annotation", f"{who}: baton_resource is reserved")
            self.traits(who, key, message)
            if key in self.resources:
                self.error("duplicate", f"{who} stands twice")
            self.resources[key] = self.resource_id(message["parent_resource_id"]) if "parent_resource_id" in message else None

    @staticmethod
    def resource_id(message):
        message = message or {}
        return message.get("resource_type", ""), message.get("resource", "")

    def parent(self, who, row, message):
        columns = row["parent_resource_type_id"], row["parent_resource_id"]
        if "" in columns:
            self.error("parent", f"{who}: a parent column is '' instead of NULL")
        wanted = self.resource_id(message["parent_resource_id"]) if "parent_resource_id" in message else (None, None)
        if columns != wanted:
            self.error("parent", f"{who}: parent columns {columns}, data says {wanted}")

    def traits(self, who, key, message):
        found = self.annotations("R", who, message)
        declared = self.types.get(key[0], {}).get("traits", [])
        for trait in REQUIRED_TRAITS:
            if trait in declared and TRAIT_MESSAGES[trait] not in found:
                self.error("trait", f"{who}: {TRAIT_MESSAGES[trait]} is missing, its type has the trait {trait}")
        for trait, name in TRAIT_MESSAGES.items():
            if name in found and trait not in declared:
                self.note("trait", f"{who} carries {name}, its type has no trait {trait}")
        for name, fields in MIRRORED.items():
            for field in fields if name in found else ():
                if found[name].get(field) != message.get(field):
                    self.error("mirror", f"{who}: {field} of {name} and of the resource differ: {found[name].get(field)} and {message.get(field)}")
        user = found.get("UserTrait")
        if user is not None:
            for field in ("profile", "status"):
                if field not in user:
                    self.error("user", f"{who}: UserTrait without {field}")
            if len(user.get("status", {}).get("details", "").encode()) > 1024:
                self.error("limit", f"{who}: status.details is longer than 1024 bytes")
            emails = user.get("emails", [])
            primary = sum(email.get("is_primary", False) for email in emails)
            if emails and primary != 1:
                self.error("user", f"{who}: {primary} of {len(emails)} e-mail addresses are primary")
            if any(not email.get("address") for email in emails):
                self.error("user", f"{who}: an e-mail without address")
        group = found.get("GroupTrait", {})
        if len(group.get("group_source_type", "")) > 64 or len(group.get("raw_group_source_type", "")) > 256:
            self.error("limit", f"{who}: group source type is too long")
        help_url = found.get("AppTrait", {}).get("help_url", "")
        if help_url and not help_url.startswith("https://"):
            self.error("limit", f"{who}: help_url is not https")
        binding = found.get("ScopeBindingTrait")
        if binding is not None and not ("role_id" in binding and "scope_resource_id" in binding):
            self.error("trait", f"{who}: ScopeBindingTrait needs role_id and scope_resource_id")
        if found.get("SecurityInsightTrait", {}).get("risk_score", {}).get("normalized_score", 0) > 100:
            self.error("limit", f"{who}: normalized_score is over 100")

    def entitlement_rows(self):
        exclusive = collections.defaultdict(list)
        for row in self.rows("v1_entitlements", "external_id"):
            message = self.decoded("Entitlement", row)
            if message is None:
                continue
            name = row["external_id"]
            who = f"entitlement {name}"
            self.digest_rows["E"].append((name.encode(), name, row["data"], None))
            self.identifier(who, name)
            owner = row["resource_type_id"], row["resource_id"]
            if message.get("id", "") != name:
                self.error("column", f"{who}: data says id {message.get('id', '')!r}")
            if self.resource_id(message.get("resource", {}).get("id")) != owner:
                self.error("column", f"{who}: resource columns {owner}, data says {self.resource_id(message.get('resource', {}).get('id'))}")
            prefix = f"{owner[0]}:{owner[1]}:"
            if not name.startswith(prefix) or len(name) == len(prefix):
                self.error("id", f"{who}: its id does not begin with {prefix} and a slug")
            if not message.get("slug"):
                self.error("entitlement", f"{who}: slug is empty")
            if message.get("purpose", "UNSPECIFIED") == "UNSPECIFIED":
                self.error("entitlement", f"{who}: purpose is not set")
            found = self.annotations("E", who, message)
            grantable = [kind.get("id", "") for kind in message.get("grantable_to", [])]
            if not grantable and "EntitlementImmutable" not in found:
                self.error("entitlement", f"{who}: grantable_to is empty")
            for kind in grantable:
                if kind not in self.types:
                    self.error("reference", f"{who}: grantable_to names the type {kind!r}, which does not exist")
            self.limits(who, message)
            if name in self.entitlements:
                self.error("duplicate", f"{who} stands twice")
            self.entitlements[name] = owner, frozenset(grantable)
            for annotation in message.get("annotations", []):
                if annotation["@type"] == "EntitlementExclusionGroup":
                    exclusive[annotation.get("exclusion_group_id", "")].append((owner, annotation.get("is_default", False), annotation.get("scope_to_resource", False)))
        for group, members in exclusive.items():
            # A group that is scoped to the resource is one group a resource.
            sets = collections.defaultdict(list)
            for owner, default, scoped in members:
                sets[owner if scoped else None].append(default)
            if len({owner[0] for owner, _, _ in members}) > 1:
                self.error("exclusion", f"exclusion group {group!r} spans several resource types")
            for defaults in sets.values():
                if len(defaults) > 50 or sum(defaults) > 1:
                    self.error("exclusion", f"exclusion group {group!r}: {len(defaults)} entitlements, {sum(defaults)} defaults")

    def grant_rows(self):
        for row in self.rows("v1_grants", "external_id"):
            message = self.decoded("Grant", row)
            if message is None:
                continue
            name = row["external_id"]
            who = f"grant {name}"
            entitlement = row["entitlement_id"]
            holder = row["principal_resource_type_id"], row["principal_resource_id"]
            self.identifier(who, name)
            for part in holder:
                self.identifier(who, part)
            if message.get("id", "") != name:
                self.error("column", f"{who}: data says id {message.get('id', '')!r}")
            embedded = message.get("entitlement", {})
            if embedded.get("id", "") != entitlement:
                self.error("column", f"{who}: entitlement_id is {entitlement!r}, data says {embedded.get('id', '')!r}")
            owner = self.resource_id(embedded.get("resource", {}).get("id"))
            if owner != (row["resource_type_id"], row["resource_id"]):
                self.error("column", f"{who}: resource columns {(row['resource_type_id'], row['resource_id'])}, data says {owner}")
            if self.resource_id(message.get("principal", {}).get("id")) != holder:
                self.error("column", f"{who}: principal columns {holder}, data says {self.resource_id(message.get('principal', {}).get('id'))}")
            if name != f"{entitlement}:{holder[0]}:{holder[1]}":
                self.error("id", f"{who}: its id is not entitlement:principal type:principal id")
            if entitlement in self.entitlements and self.entitlements[entitlement][0] != (row["resource_type_id"], row["resource_id"]):
                self.error("reference", f"{who}: its entitlement is on {self.entitlements[entitlement][0]}")
            found = self.annotations("G", who, message)
            rule = self.expansion_column(who, row)
            sources = message.get("sources", {}).get("sources", {})
            if "sources" in message and not sources:
                self.error("sources", f"{who}: sources is there but empty")
            derived = bool(sources) and entitlement not in sources
            if sources:
                self.expanded = True
                for source in sources:
                    if source not in self.entitlements:
                        self.error("reference", f"{who}: source {source!r} does not exist")
            if derived:
                if "GrantImmutable" not in found:
                    self.error("derived", f"{who}: has sources, not its own entitlement among them, and no GrantImmutable")
                if row["expansion"] is not None:
                    self.error("derived", f"{who}: a derived grant with an expansion")
            elif sources and not sources[entitlement].get("is_direct"):
                self.error("sources", f"{who}: lists its own entitlement, but not as direct")
            if not derived:
                self.digest_rows["G"].append(((entitlement.encode(), holder[0].encode(), holder[1].encode()), name, without_sources(row["data"]), row["expansion"]))
                if entitlement in self.entitlements and self.entitlements[entitlement][1] and holder[0] not in self.entitlements[entitlement][1]:
                    self.note("grantable", f"{who}: {holder[0]} is not in grantable_to of its entitlement")
            if (entitlement, holder) in self.grants:
                self.error("duplicate", f"{who} stands twice")
            self.grants[entitlement, holder] = name, derived, sources, rule

    def expansion_column(self, who, row):
        wanted = 0 if row["expansion"] is None else 1
        if row["needs_expansion"] != wanted:
            self.error("expansion", f"{who}: needs_expansion is {row['needs_expansion']} instead of {wanted}")
        if row["expansion"] is None:
            return None
        try:
            rule = decode("GrantExpandable", row["expansion"])
        except Malformed as fault:
            self.error("blob", f"{who}: expansion: {fault}")
            return None
        if not any(source.strip() for source in rule.get("entitlement_ids", [])):
            self.error("expansion", f"{who}: expansion without entitlement ids")
        for source in rule.get("entitlement_ids", []):
            holder = row["principal_resource_type_id"], row["principal_resource_id"]
            if source not in self.entitlements:
                self.note("expansion", f"{who}: expands from {source!r}, which does not exist")
            elif self.entitlements[source][0] != holder:
                self.error("expansion", f"{who}: expands from {source!r}, which is no entitlement of its principal")
        for kind in rule.get("resource_type_ids", []):
            if kind not in self.types:
                self.error("reference", f"{who}: expansion names the type {kind!r}, which does not exist")
        return rule

    def other_rows(self):
        self.assets = sum(1 for _ in self.rows("v1_assets", "external_id"))
        sessions = sum(1 for _ in self.rows("v1_connector_sessions", "key"))
        if sessions:
            self.error("sessions", f"{sessions} rows of connector scratch space in a finished file")

    # -- across the lists

    def references(self):
        for key, parent in self.resources.items():
            if key[0] not in self.types:
                self.error("reference", f"resource {':'.join(key)}: its type does not exist")
            if parent is not None and parent not in self.resources:
                self.error("reference", f"resource {':'.join(key)}: its parent {':'.join(parent)} does not exist")
        for key in self.resources:
            seen, at = set(), key
            while at is not None and at not in seen:
                seen.add(at)
                at = self.resources.get(at)
            if at == key:
                self.error("parent", f"resource {':'.join(key)} is its own ancestor")
        for name, (owner, _) in self.entitlements.items():
            if owner not in self.resources:
                self.error("reference", f"entitlement {name}: its resource {':'.join(owner)} does not exist")
        for (entitlement, holder), (name, *_) in self.grants.items():
            if entitlement not in self.entitlements:
                self.error("reference", f"grant {name}: its entitlement does not exist")
            if holder not in self.resources:
                self.error("reference", f"grant {name}: its principal {':'.join(holder)} does not exist")

    def expansion(self):
        if self.expect == "expanded":
            self.expanded = True
        elif self.expect == "unexpanded":
            if self.expanded:
                self.error("expansion", "there are sources in a file that should not be expanded")
            return
        if not self.expanded:
            return
        stated = {entitlement: set() for entitlement in self.entitlements}
        rules = []
        for (entitlement, holder), (_, derived, _, rule) in self.grants.items():
            if not derived:
                stated.setdefault(entitlement, set()).add(holder)
                if rule is not None:
                    rules.append((entitlement, rule))
        wanted = expand(stated, rules)
        for key, sources in sorted(wanted.items()):
            who = f"{key[0]}:{':'.join(key[1])}"
            if key not in self.grants:
                self.error("expansion", f"derived grant {who} is missing (sources {_show(sources)})")
                continue
            real = {source: value.get("is_direct", False) for source, value in self.grants[key][2].items()}
            if real != sources:
                self.error("expansion", f"grant {who}: sources {_show(real)}, recomputed {_show(sources)}")
        for key in sorted(set(self.grants) - set(wanted)):
            self.error("expansion", f"derived grant {self.grants[key][0]} follows from nothing")

    def stats(self):
        text = getattr(self, "run_row", {}).get("stats")
        if text is None:
            self.error("stats", "stats is missing")
            return
        try:
            real = json.loads(text)
        except ValueError:
            real = None
        if not isinstance(real, dict):
            self.error("stats", "stats is not a JSON object")
            return
        wanted = {
            "resource_types": len(self.types), "resources": len(self.resources), "entitlements": len(self.entitlements),
            "grants": len(self.grants), "assets": self.assets,
            "resources_by_resource_type": collections.Counter(key[0] for key in self.resources),
            "entitlements_by_resource_type": collections.Counter(owner[0] for owner, _ in self.entitlements.values()),
            "grants_by_resource_type": collections.Counter(
                self.entitlements[entitlement][0][0] for entitlement, _ in self.grants if entitlement in self.entitlements),
        }
        free = ("step_durations_ms", "connector_call_stats", "session_store_stats")
        for key, value in real.items():
            if key not in wanted and key not in free:
                self.error("stats", f"unknown key {key}")
            elif value in (0, {}, None):
                self.error("stats", f"{key} is zero and should be left out")
        for key, value in wanted.items():
            found = real.get(key, {} if isinstance(value, dict) else 0)
            if isinstance(found, dict):
                found = {kind: count for kind, count in found.items() if count != 0}
            if found != (dict(value) if isinstance(value, dict) else value):
                self.error("stats", f"{key} is {found}, counted {dict(value) if isinstance(value, dict) else value}")

    # -- the manifest

    def content_digest(self):
        digest = Digest()
        for kind in "TREG":
            for _, name, data, expansion in sorted(self.digest_rows[kind], key=lambda row: row[0]):
                digest.row(kind.encode(), name, data, expansion)
        return digest.hex()

    def facts(self, path):
        derived = sum(1 for _, is_derived, _, _ in self.grants.values() if is_derived)
        with open(path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return {
            "sync_id": self.sync_id, "counts.resources": len(self.resources), "counts.entitlements": len(self.entitlements),
            "counts.grants": len(self.grants) - derived, "counts.expanded": derived, "snapshot.sha256": sha256,
            "snapshot.bytes": os.path.getsize(path), "digests.content": self.content_digest(),
        }

    def manifest(self, manifest, path):
        try:
            with open(manifest, encoding="utf-8") as file:
                content = json.load(file)
        except (OSError, ValueError) as fault:
            self.error("manifest", str(fault))
            return
        for key, wanted in self.facts(path).items():
            found = content
            for part in key.split("."):
                found = found.get(part) if isinstance(found, dict) else None
            if found is None:
                self.error("manifest", f"{key} is missing, wanted {wanted}")
            elif type(found) is not type(wanted) or (found.lower() if isinstance(found, str) and key != "sync_id" else found) != wanted:
                self.error("manifest", f"{key} is {found!r}, wanted {wanted!r}")


def _show(sources):
    return "{" + ", ".join(f"{source}: {'direct' if direct else 'indirect'}" for source, direct in sorted(sources.items())) + "}"


# ---------------------------------------------------------------------------------------------------------------------
# Dump
# ---------------------------------------------------------------------------------------------------------------------


def dump(path, out=sys.stdout):
    """One JSON line a record, in an order and a form that depend on the records alone."""
    queries = (
        ("resource_type", "ResourceType", "v1_resource_types", "external_id", "null"),
        ("resource", "Resource", "v1_resources", "external_id", "null"),
        ("entitlement", "Entitlement", "v1_entitlements", "external_id", "null"),
        ("grant", "Grant", "v1_grants", "external_id", "expansion"),
    )
    with opened(path) as connection:
        for label, kind, table, key, expansion in queries:
            for external_id, data, rule in connection.execute(f"select {key}, data, {expansion} from {table} order by {key}, id"):
                line = {"kind": label, "id": external_id}
                try:
                    line["message"] = decode(kind, data)
                    if rule is not None:
                        line["expansion"] = decode("GrantExpandable", rule)
                except Malformed as fault:
                    line["malformed"] = str(fault)
                    line["hex"] = data.hex()
                out.write(json.dumps(line, ensure_ascii=False, sort_keys=True, default=lambda value: value.hex()) + "\n")


# ---------------------------------------------------------------------------------------------------------------------
# Self test
# ---------------------------------------------------------------------------------------------------------------------


def raw_frame(data, *, declare=True, window_log=20):
    """A zstd frame of uncompressed blocks: enough to try every header."""
    out = bytearray(b"\x28\xb5\x2f\xfd")
    out += bytes([0xC0 if declare else 0x00, (window_log - 10) << 3])
    if declare:
        out += struct.pack("<Q", len(data))
    step = 1 << 17
    for at in range(0, len(data), step):
        block = data[at:at + step]
        out += (len(block) << 3 | (at + step >= len(data))).to_bytes(3, "little") + block
    return bytes(out)


def message_id(key):
    return {"resource_type": key[0], "resource": key[1]}


def u(name):
    return "user", name


def g(name):
    return "group", name


class Sample:
    """A small tenant: four nested groups, one of them shallow, with the expansion that the public engine makes of it."""

    def __init__(self, expanded=True):
        seconds = 1_780_000_000
        self.sync_id = make_ksuid(seconds, bytes(range(16)))
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
        self.time = f"{moment:%Y-%m-%d %H:%M:%S}.000000001"
        self.run = {
            "sync_id": self.sync_id, "started_at": self.time, "ended_at": f"{moment + datetime.timedelta(seconds=9):%Y-%m-%d %H:%M:%S}.500000000",
            "sync_token": "", "sync_type": "full", "supports_diff": 1, "grants_backfilled": 1,
        }
        self.types = {
            "user": {"id": "user", "display_name": "User", "traits": ["USER"], "annotations": [{"@type": "SkipEntitlementsAndGrants"}]},
            "group": {"id": "group", "display_name": "Group", "traits": ["GROUP"]},
        }
        self.resources = {}
        for name in ("u1", "u2"):
            profile = {"fields": {"first_name": {"string_value": name.upper()}, "logins": {"number_value": 3.0}}}
            self.resources[u(name)] = {
                "id": message_id(u(name)), "display_name": name, "profile": profile, "status": {"status": "ENABLED"},
                "annotations": [{
                    "@type": "UserTrait", "emails": [{"address": f"{name}@example.com", "is_primary": True}, {"address": f"{name}@example.org"}],
                    "status": {"status": "ENABLED"}, "profile": profile, "account_type": "HUMAN", "login": name,
                }],
            }
        self.entitlements = {}
        for name in ("g1", "g2", "g3", "g4"):
            self.resources[g(name)] = {"id": message_id(g(name)), "display_name": name, "annotations": [{"@type": "GroupTrait"}]}
            if name == "g4":
                self.resources[g(name)]["parent_resource_id"] = message_id(g("g3"))
            self.entitlements[f"group:{name}:member"] = {
                "resource": {"id": message_id(g(name))}, "id": f"group:{name}:member", "display_name": f"{name} member", "slug": "member",
                "purpose": "ASSIGNMENT", "grantable_to": [{"id": "user"}, {"id": "group"}],
            }
        self.grants = {}
        self.expansions = {}
        m1, m2 = "group:g1:member", "group:g2:member"
        for group, holder, rule in (("g1", u("u1"), None), ("g1", u("u2"), None), ("g2", g("g1"), {"entitlement_ids": [m1]}), ("g2", u("u1"), None),
                                    ("g3", g("g2"), {"entitlement_ids": [m2]}), ("g4", g("g2"), {"entitlement_ids": [m2], "shallow": True})):
            name = self.grant(group, holder)
            if rule:
                self.expansions[name] = encode("GrantExpandable", rule)
        if expanded:
            self.grants["group:g2:member:user:u1"]["sources"] = self.sources({m1: True, m2: True})
            for group, holder, sources in (("g2", u("u2"), {m1: True}), ("g3", g("g1"), {m2: True}), ("g3", u("u1"), {m2: True}),
                                           ("g3", u("u2"), {m2: False}), ("g4", g("g1"), {m2: True}), ("g4", u("u1"), {m2: True})):
                name = self.grant(group, holder)
                self.grants[name] |= {"annotations": [{"@type": "GrantImmutable"}], "sources": self.sources(sources)}
        self.rows = {}
        self.sql = []
        self.after = []
        self.raw = {}
        self.stats = None
        self.journal = "delete"
        self.frame = raw_frame
        self.magic = MAGIC
        self.tail = b""

    @staticmethod
    def sources(plain):
        return {"sources": {source: {"is_direct": True} if direct else {} for source, direct in plain.items()}}

    def grant(self, group, holder):
        entitlement = f"group:{group}:member"
        name = f"{entitlement}:{holder[0]}:{holder[1]}"
        self.grants[name] = {"entitlement": {"id": entitlement, "resource": {"id": message_id(g(group))}}, "principal": {"id": message_id(holder)}, "id": name}
        return name

    def write(self, path):
        with tempfile.TemporaryDirectory(prefix="c1z-") as folder:
            database = os.path.join(folder, "db")
            connection = sqlite3.connect(database, isolation_level=None)
            connection.execute(f"pragma journal_mode={self.journal}")
            connection.execute("pragma synchronous=off")
            for statement in create_statements():
                connection.execute(statement)
            self.fill(connection)
            for statement in self.sql:
                connection.execute(statement)
            connection.execute("vacuum")
            for statement in self.after:
                connection.execute(statement)
            connection.close()
            with open(database, "rb") as file:
                data = file.read()
        with open(path, "wb") as file:
            file.write(self.magic + self.frame(data) + self.tail)

    def fill(self, connection):
        common = {"sync_id": self.sync_id, "discovered_at": self.time}
        for name, message in self.types.items():
            self.insert(connection, "v1_resource_types", {"external_id": name, "data": encode("ResourceType", message), **common})
        for key, message in self.resources.items():
            parent = message.get("parent_resource_id", {})
            self.insert(connection, "v1_resources", {
                "resource_type_id": key[0], "external_id": ":".join(key), "parent_resource_type_id": parent.get("resource_type"),
                "parent_resource_id": parent.get("resource"), "data": encode("Resource", message), **common})
        for name, message in self.entitlements.items():
            owner = message["resource"]["id"]
            self.insert(connection, "v1_entitlements", {
                "resource_type_id": owner["resource_type"], "resource_id": owner["resource"], "external_id": name, "data": encode("Entitlement", message), **common})
        for name, message in self.grants.items():
            owner, holder = message["entitlement"]["resource"]["id"], message["principal"]["id"]
            self.insert(connection, "v1_grants", {
                "resource_type_id": owner["resource_type"], "resource_id": owner["resource"], "entitlement_id": message["entitlement"]["id"],
                "principal_resource_type_id": holder["resource_type"], "principal_resource_id": holder["resource"], "external_id": name,
                "expansion": self.expansions.get(name), "needs_expansion": int(name in self.expansions),
                "data": self.raw.get(name) or encode("Grant", message), **common})
        stats = self.stats or {
            "resource_types": len(self.types), "resources": len(self.resources), "entitlements": len(self.entitlements), "grants": len(self.grants),
            "resources_by_resource_type": dict(collections.Counter(key[0] for key in self.resources)),
            "entitlements_by_resource_type": {"group": len(self.entitlements)}, "grants_by_resource_type": {"group": len(self.grants)},
        }
        self.insert(connection, "v1_sync_runs", {**self.run, "stats": json.dumps(stats)})

    @staticmethod
    def insert(connection, table, row):
        connection.execute(f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))


def breaks():
    """(name, error code that must appear, what to do to the sample)."""
    derived, direct = "group:g3:member:user:u2", "group:g2:member:user:u1"
    user = u("u1")

    def trait(sample):
        return sample.resources[user]["annotations"][0]

    def sql(statement):
        return lambda sample: sample.sql.append(statement)

    def flip(data):
        """Changes an id in one index alone."""
        before, _, after = data.rpartition(b"group:g1:member")
        return raw_frame(before + b"group:g1:mumber" + after)

    yield "wrong magic", "container", lambda s: setattr(s, "magic", b"C1Z3\x00")
    yield "content size not declared", "frame", lambda s: setattr(s, "frame", lambda data: raw_frame(data, declare=False))
    yield "window of 16 MiB", "frame", lambda s: setattr(s, "frame", lambda data: raw_frame(data, window_log=24))
    yield "two frames", "frame", lambda s: setattr(s, "frame", lambda data: raw_frame(data[:8192]) + raw_frame(data[8192:]))
    yield "bytes after the frame", "frame", lambda s: setattr(s, "tail", b"\x50\x2a\x4d\x18\x00\x00\x00\x00")
    yield "frame cut off", "container", lambda s: setattr(s, "frame", lambda data: raw_frame(data)[:-100])
    yield "no database inside", "container", lambda s: setattr(s, "frame", lambda data: raw_frame(b"x" * 5000))
    yield "WAL mode", "journal", lambda s: setattr(s, "journal", "wal")
    yield "free pages", "free-pages", lambda s: s.after.extend(["create table t (a)", "insert into t values (zeroblob(50000))", "drop table t"])
    yield "index and table disagree", "integrity", lambda s: setattr(s, "frame", flip)
    yield "index missing", "schema", sql("drop index idx_grants_principal_id_v1")
    yield "index on other columns", "schema", lambda s: s.sql.extend([
        "drop index idx_resources_external_sync_v1", "create index idx_resources_external_sync_v1 on v1_resources (external_id, sync_id)"])
    yield "index not unique", "schema", lambda s: s.sql.extend([
        "drop index idx_grants_external_sync_v1", "create index idx_grants_external_sync_v1 on v1_grants (external_id, sync_id)"])
    yield "partial index with another condition", "schema", lambda s: s.sql.extend([
        "drop index idx_grants_sync_expansion_v1", "create index idx_grants_sync_expansion_v1 on v1_grants (sync_id) where expansion is null"])
    yield "extra column", "schema", sql("alter table v1_grants add column mine text")
    yield "table missing", "schema", sql("drop table v1_assets")
    yield "trigger", "schema", sql("create trigger t after insert on v1_grants begin select 1; end")
    yield "unfinished", "run", lambda s: s.run.update(ended_at=None)
    yield "partial sync", "run", lambda s: s.run.update(sync_type="partial")
    yield "supports_diff 0", "run", lambda s: s.run.update(supports_diff=0)
    yield "grants_backfilled 0", "run", lambda s: s.run.update(grants_backfilled=0)
    yield "second run", "run", sql("insert into v1_sync_runs (sync_id, started_at, sync_token) values ('x', '2026-05-28 00:00:00.000000000', '')")
    yield "sync id is no KSUID", "ksuid", lambda s: (s.run.update(sync_id="run-1"), setattr(s, "sync_id", "run-1"))
    yield "KSUID from another time", "ksuid", lambda s: (setattr(s, "sync_id", make_ksuid(1_500_000_000, bytes(16))), s.run.update(sync_id=s.sync_id))
    yield "row of another sync", "sync-id", sql("update v1_grants set sync_id = 'other' where id = 1")
    yield "fraction trimmed", "time", sql("update v1_resources set discovered_at = '2026-05-28 20:26:40.5' where id = 1")
    yield "discovered before the run", "time", sql("update v1_resources set discovered_at = '2020-05-28 20:26:40.000000000' where id = 1")
    yield "stats wrong", "stats", lambda s: setattr(s, "stats", {"resource_types": 2, "resources": 5, "entitlements": 4, "grants": 12})
    yield "column differs from blob", "column", sql("update v1_grants set principal_resource_id = 'u2' where external_id = 'group:g1:member:user:u1'")
    yield "blob stored as text", "column", sql("update v1_resource_types set data = cast(data as text) where id = 2")
    yield "resource id not composed", "id", sql("update v1_resources set external_id = 'u1' where external_id = 'user:u1'")
    yield "grant id not composed", "id", lambda s: (s.grants.update({"odd": {**s.grants.pop(direct), "id": "odd"}}))
    yield "entitlement id on another resource", "id", lambda s: s.entitlements["group:g4:member"].update(resource={"id": message_id(g("g3"))})
    yield "slug empty", "entitlement", lambda s: s.entitlements["group:g4:member"].pop("slug")
    yield "purpose unset", "entitlement", lambda s: s.entitlements["group:g4:member"].pop("purpose")
    yield "grantable to a type that is not there", "reference", lambda s: s.entitlements["group:g4:member"]["grantable_to"].append({"id": "robot"})
    yield "empty parent", "parent", sql("update v1_resources set parent_resource_type_id = '', parent_resource_id = '' where id = 1")
    yield "parent missing", "reference", lambda s: s.resources[g("g4")].update(parent_resource_id=message_id(g("g9")))
    yield "resource type missing", "reference", lambda s: s.resources.update({("robot", "r"): {"id": message_id(("robot", "r"))}})
    yield "principal missing", "reference", lambda s: s.grant("g1", u("u9"))
    yield "entitlement missing", "reference", lambda s: s.entitlements.pop("group:g4:member")
    yield "resource missing", "reference", lambda s: s.resources.pop(g("g4"))
    yield "trait missing", "trait", lambda s: s.resources[g("g1")].pop("annotations")
    yield "user without profile", "user", lambda s: (trait(s).pop("profile"), s.resources[user].pop("profile"))
    yield "user without status", "user", lambda s: (trait(s).pop("status"), s.resources[user].pop("status"))
    yield "status only in the trait", "mirror", lambda s: s.resources[user].pop("status")
    yield "two primary e-mails", "user", lambda s: trait(s)["emails"][1].update(is_primary=True)
    yield "no primary e-mail", "user", lambda s: trait(s)["emails"][0].pop("is_primary")
    yield "id too long", "limit", lambda s: s.types.update({"x" * 1025: {"id": "x" * 1025}})
    yield "display name too long", "limit", lambda s: s.types["group"].update(display_name="é" * 513)
    yield "link not https", "limit", lambda s: s.resources[g("g1")]["annotations"].append({"@type": "ExternalLink", "url": "http://example.com"})
    yield "unknown annotation", "annotation", lambda s: s.resources[g("g1")]["annotations"].append({"@type": TYPE_URL + "x.Y", "@value": b""})
    yield "annotation in the wrong place", "annotation", lambda s: s.types["group"].update(annotations=[{"@type": "GrantImmutable"}])
    yield "GrantExpandable in data", "expandable-in-data", lambda s: s.grants["group:g3:member:group:g2"].update(
        annotations=[{"@type": "GrantExpandable", "entitlement_ids": ["group:g2:member"]}])
    yield "expansion of nothing", "expansion", lambda s: s.expansions.update({"group:g1:member:user:u1": encode("GrantExpandable", {"shallow": True})})
    yield "expansion from another's entitlement", "expansion", lambda s: s.expansions.update(
        {"group:g3:member:group:g2": encode("GrantExpandable", {"entitlement_ids": ["group:g1:member"]})})
    yield "needs_expansion 0", "expansion", sql("update v1_grants set needs_expansion = 0 where expansion is not null")
    yield "needs_expansion without expansion", "expansion", sql("update v1_grants set needs_expansion = 1 where expansion is null")
    yield "derived grant not immutable", "derived", lambda s: s.grants[derived].pop("annotations")
    yield "direct grant does not list itself", "derived", lambda s: s.grants[direct].update(sources=s.sources({"group:g1:member": True}))
    yield "lists itself as indirect", "sources", lambda s: s.grants[direct].update(sources=s.sources({"group:g1:member": True, "group:g2:member": False}))
    yield "is_direct wrong", "expansion", lambda s: s.grants[derived].update(sources=s.sources({"group:g2:member": True}))
    yield "a source is missing", "expansion", lambda s: s.grants[direct].pop("sources")
    yield "derived grant missing", "expansion", lambda s: s.grants.pop(derived)
    yield "shallow ignored", "expansion", lambda s: s.grants[s.grant("g4", u("u2"))].update(
        annotations=[{"@type": "GrantImmutable"}], sources=s.sources({"group:g2:member": False}))
    yield "type filter ignored", "expansion", lambda s: s.expansions.update(
        {"group:g3:member:group:g2": encode("GrantExpandable", {"entitlement_ids": ["group:g2:member"], "resource_type_ids": ["user"]})})
    yield "fields out of order", "blob", lambda s: s.raw.update(
        {direct: _length_prefixed(3, direct.encode()) + encode("Grant", {**s.grants[direct], "id": ""})})
    yield "unknown field", "blob", lambda s: s.raw.update({direct: encode("Grant", s.grants[direct]) + _length_prefixed(9, b"")})
    yield "blob cut off", "blob", lambda s: s.raw.update({direct: encode("Grant", s.grants[direct])[:-1]})
    yield "two defaults in an exclusion group", "exclusion", lambda s: [
        entitlement.update(annotations=[{"@type": "EntitlementExclusionGroup", "exclusion_group_id": "x", "is_default": True}]) for entitlement in s.entitlements.values()]


def selftest():
    results = collections.Counter()

    def that(name, good, detail=""):
        results["passed" if good else "failed"] += 1
        if not good:
            print(f"FAILED {name}: {detail}")

    def golden(name, kind, text, message):
        data = b"".join(part.encode() if quoted else bytes.fromhex(part) for quoted, part in text)
        try:
            that(f"golden {name} decodes", decode(kind, data) == message, decode(kind, data))
        except Malformed as fault:
            that(f"golden {name} decodes", False, fault)
        that(f"golden {name} encodes", encode(kind, message) == data, encode(kind, message).hex())

    member = "group:g1:member"
    hexed, quoted = lambda text: (False, text), lambda text: (True, text)
    golden("resource id", "ResourceId", [hexed("0a0475736572 12027531")], {"resource_type": "user", "resource": "u1"})
    golden("resource type", "ResourceType", [hexed("0a0475736572 120455736572 1a0101")], {"id": "user", "display_name": "User", "traits": ["USER"]})
    golden("expandable", "GrantExpandable", [hexed("0a0f67726f75703a67313a6d656d626572")], {"entitlement_ids": [member]})
    url = "type.googleapis.com/c1.connector.v2.GroupTrait"
    golden("trait", "Resource", [hexed("2230 0a2e"), quoted(url)], {"annotations": [{"@type": "GroupTrait"}]})
    grant = {"entitlement": {"resource": {"id": message_id(g("g1"))}, "id": member}, "principal": {"id": message_id(u("u1"))}, "id": member + ":user:u1"}
    plain = [hexed("0a20 0a0d0a0b0a0567726f757012026731 120f67726f75703a67313a6d656d626572 120c 0a0a0a0475736572 12027531 1a17"), quoted(member + ":user:u1")]
    golden("grant", "Grant", plain, grant)
    that("golden grant is 73 bytes", len(encode("Grant", grant)) == 73)
    direct = [*plain, hexed("2a17 0a15 0a0f"), quoted(member), hexed("1202 0801")]
    golden("sources direct", "Grant", direct, {**grant, "sources": {"sources": {member: {"is_direct": True}}}})
    golden("sources indirect", "Grant", [*plain, hexed("2a15 0a13 0a0f"), quoted(member), hexed("1200")], {**grant, "sources": {"sources": {member: {}}}})
    short = encode("Grant", grant) + bytes.fromhex("2a13 0a11 0a0f") + member.encode()
    that("map entry without value", decode("Grant", short)["sources"] == {"sources": {member: {}}})
    that("sources are cut off", without_sources(short) == encode("Grant", grant))

    seconds = 1_780_000_000
    that("KSUID", (ksuid_time(make_ksuid(seconds, b"\xff" * 16)) - datetime.datetime(1970, 1, 1)).total_seconds() == seconds)
    # From the README of github.com/segmentio/ksuid: 2017-10-10 04:00:47 UTC.
    that("KSUID of another maker", ksuid_time("0ujtsYcgvSTl8PAuAdqWYSMnLOv") == datetime.datetime(2017, 10, 10, 4, 0, 47), ksuid_time("0ujtsYcgvSTl8PAuAdqWYSMnLOv"))
    for text in ("zzzzzzzzzzzzzzzzzzzzzzzzzzz", "0ujtsYcgvSTl8PAuAdqWYSMnLO", "0ujtsYcgvSTl8PAuAdqWYSMnLO-"):
        try:
            ksuid_time(text)
            that(f"KSUID {text} is refused", False)
        except Malformed:
            that("KSUID is refused", True)

    a, b = u("a"), g("b")
    ring = expand({"x": {a}, "y": set(), "z": {b}}, [("y", {"entitlement_ids": ["x"]}), ("z", {"entitlement_ids": ["y", "z"], "resource_type_ids": ["user"]}),
                                                      ("x", {"entitlement_ids": ["z", "gone"]})])
    wanted = {("x", a): {"z": False, "x": True}, ("y", a): {"x": True}, ("z", a): {"y": False}, ("z", b): {}, ("x", b): {"z": True}, ("y", b): {"x": False}}
    that("a cycle", ring == wanted, ring)
    that("a self-loop", expand({"x": {a}}, [("x", {"entitlement_ids": ["x"]})]) == {("x", a): {}})

    with tempfile.TemporaryDirectory(prefix="c1z-") as folder:
        path, manifest = os.path.join(folder, "sample.c1z"), os.path.join(folder, "sample.json")

        def errors_of(sample, **options):
            sample.write(path)
            return check(path, **options)

        report = errors_of(Sample())
        that("the sample passes", not report.errors and not report.notes, list(report.lines()))
        report = errors_of(Sample(), expect="unexpanded")
        that("expanded, though unexpanded was asked for", report.codes() == {"expansion"}, list(report.lines()))
        with opened(path) as connection:
            checker = Checker(connection, Report(), None)
            checker.run()
            facts = checker.facts(path)
        report = errors_of(Sample(expanded=False))
        that("the unexpanded sample passes", not report.errors, list(report.lines()))
        report = errors_of(Sample(expanded=False), expect="expanded")
        that("unexpanded, though expanded was asked for", report.codes() == {"expansion"}, list(report.lines()))
        with opened(path) as connection:
            checker = Checker(connection, Report(), None)
            checker.run()
            that("the content digest does not see expansion", checker.facts(path)["digests.content"] == facts["digests.content"])
        that("counts in the manifest", (facts["counts.grants"], facts["counts.expanded"]) == (6, 6), facts)

        def nested():
            content = {"other": [1]}
            for key, value in facts.items():
                at = content
                *parents, last = key.split(".")
                for part in parents:
                    at = at.setdefault(part, {})
                at[last] = value
            return content

        sample = Sample()
        for key in [None, *facts]:
            content = nested()
            if key:
                *parents, last = key.split(".")
                at = content[parents[0]] if parents else content
                at[last] = at[last] + 1 if isinstance(at[last], int) else "0" + at[last][1:-1] + "!"
            with open(manifest, "w", encoding="utf-8") as file:
                json.dump(content, file)
            report = errors_of(sample, manifest=manifest)
            that(f"manifest with a wrong {key}" if key else "manifest", report.codes() == ({"manifest"} if key else set()), list(report.lines()))

        for name, code, damage in breaks():
            sample = Sample()
            damage(sample)
            try:
                report = errors_of(sample)
                that(f"broken: {name}", code in report.codes(), list(report.lines()) or "nothing was reported")
            except Exception as fault:  # a checker that falls over has not reported anything
                that(f"broken: {name}", False, repr(fault))

        class Lines(list):
            write = list.append

        sample = Sample()
        sample.write(path)
        lines = Lines()
        dump(path, lines)
        that("dump has every record", len(lines) == 2 + 6 + 4 + 12 and all(json.loads(line)["message"] for line in lines), len(lines))
        if zstandard is not None or shutil.which("zstd"):
            real = raw_frame(b"abc" * 1000)
            compressed = zstandard.ZstdCompressor(write_checksum=True).compress(b"abc" * 1000) if zstandard else \
                subprocess.run(["zstd", "-c"], input=b"abc" * 1000, capture_output=True, check=True).stdout
            that("frame of a real compressor", parse_frame(compressed).end == len(compressed) and parse_frame(real).content_size == 3000)

    print(f"{results['passed']} passed, {results['failed']} failed")
    return 1 if results["failed"] else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("check", help="check a file")
    one.add_argument("file")
    one.add_argument("--manifest", help="the JSON manifest that describes the file")
    one.add_argument("--expect", choices=("expanded", "unexpanded"), help="whether grants must be expanded; by default the file says so itself")
    two = commands.add_parser("dump", help="one JSON line a record")
    two.add_argument("file")
    commands.add_parser("selftest", help="check the checker")
    arguments = parser.parse_args()
    if arguments.command == "selftest":
        return selftest()
    if arguments.command == "dump":
        try:
            dump(arguments.file)
        except Malformed as fault:
            print(f"error {fault}", file=sys.stderr)
            return 1
        except BrokenPipeError:
            sys.stdout = None
        return 0
    report = check(arguments.file, arguments.manifest, arguments.expect)
    for line in report.lines():
        print(line)
    print(f"{arguments.file}: {len(report.errors)} errors, {len(report.notes)} notes")
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
