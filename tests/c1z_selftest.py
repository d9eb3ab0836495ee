"""The checker checks itself: messages as bytes, a sample that must pass, and the sample broken in every way that must be found."""

import collections
import contextlib
import datetime
import json
import os
import sqlite3
import tempfile

import zstandard

import c1z
import c1z_format as form
import c1z_rules
from c1z_format import MESSAGES, PACKAGE, Malformed, decode


def encode(name, message):
    """The opposite of `decode`; a field that is None is left out."""
    fields = {label: value for label, value in message.items() if label != "@type"}
    if fields.get("annotations"):
        fields["annotations"] = list(map(wrapped, fields["annotations"]))
    return MESSAGES[name](**fields).SerializeToString(deterministic=True)


def wrapped(annotation):
    name = annotation["@type"]
    return {"type_url": PACKAGE + name, "value": encode(name, annotation) or None} if name in MESSAGES else {"type_url": name}


def frame(data, content_size=True):
    """A zstd frame whose window is smaller than its content, so that byte 5 states the window."""
    parameters = zstandard.ZstdCompressionParameters(window_log=10, write_content_size=content_size)
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


def ident(key):
    kind, _, name = key.partition(":")
    return {"resource_type": kind, "resource": name}


def columns(what, key):
    return {f"{what}_type_id": key.get("resource_type"), f"{what}_id": key.get("resource")}


def sources(plain):
    return {"sources": [{"key": source, "value": {"is_direct": True} if direct else {}} for source, direct in sorted(plain.items())]}


def expandable(*entitlements, **more):
    return encode("GrantExpandable", {"entitlement_ids": list(entitlements), **more})


# What the sample has in its grants: group, principal, what the grant expands from; and what follows from that by the public engine.
M1, M2 = "group:g1:member", "group:g2:member"
STATED = (
    ("g1", "user:u1", None), ("g1", "user:u2", None), ("g2", "group:g1", expandable(M1)), ("g2", "user:u1", None),
    ("g3", "group:g2", expandable(M2)), ("g4", "group:g2", expandable(M2, shallow=True)),
)
DERIVED = (
    ("g2", "user:u2", {M1: True}), ("g3", "group:g1", {M2: True}), ("g3", "user:u1", {M2: True}), ("g3", "user:u2", {M2: False}),
    ("g4", "group:g1", {M2: True}), ("g4", "user:u1", {M2: True}),
)


class Sample:
    """A small tenant: four nested groups, one of them shallow."""

    def __init__(self, expanded=True):
        self.time = "2026-05-28 20:26:40.000000001"
        self.run = {
            "sync_id": "3EMsv647kFra4guLTwoUKsbEXct", "started_at": self.time, "ended_at": "2026-05-28 20:26:49.500000000",
            "sync_token": "", "sync_type": "full", "supports_diff": 1, "grants_backfilled": 1,
        }
        self.types = {
            "user": {"id": "user", "display_name": "User", "traits": ["USER"], "annotations": [{"@type": "SkipEntitlementsAndGrants"}]},
            "group": {"id": "group", "display_name": "Group", "traits": ["GROUP"]},
        }
        self.resources, self.entitlements, self.grants, self.expansions = {}, {}, {}, {}
        for name in ("u1", "u2"):
            profile = [{"key": "first_name", "value": {"string_value": name}}, {"key": "logins", "value": {"number_value": 3.0}}]
            both = {"profile": {"fields": profile}, "status": {"status": "ENABLED"}}
            emails = [{"address": f"{name}@example.com", "is_primary": True}, {"address": f"{name}@example.org"}]
            trait = {"@type": "UserTrait", "emails": emails, "account_type": "HUMAN", "login": name, **both}
            self.resources[f"user:{name}"] = {"id": ident(f"user:{name}"), "display_name": name, "annotations": [trait], **both}
        for name in ("g1", "g2", "g3", "g4"):
            self.resources[f"group:{name}"] = {"id": ident(f"group:{name}"), "display_name": name, "annotations": [{"@type": "GroupTrait"}]}
            self.entitlements[f"group:{name}:member"] = {
                "resource": {"id": ident(f"group:{name}")}, "id": f"group:{name}:member", "slug": "member", "purpose": "ASSIGNMENT",
                "grantable_to": [{"id": "user"}, {"id": "group"}],
            }
        self.resources["group:g4"]["parent_resource_id"] = ident("group:g3")
        for group, holder, rule in STATED:
            self.expansions[self.grant(group, holder)] = rule
        for group, holder, found in DERIVED if expanded else ():
            self.grants[self.grant(group, holder)] |= {"annotations": [{"@type": "GrantImmutable"}], "sources": sources(found)}
        if expanded:
            self.grants[f"{M2}:user:u1"]["sources"] = sources({M1: True, M2: True})
        self.stats = {
            "resource_types": 2, "resources": 6, "entitlements": 4, "grants": len(self.grants), "resources_by_resource_type": {"user": 2, "group": 4},
            "entitlements_by_resource_type": {"group": 4}, "grants_by_resource_type": {"group": len(self.grants)},
        }
        self.sql, self.after, self.raw = [], [], {}
        self.magic, self.frame, self.tail = form.MAGIC, frame, b""

    def grant(self, group, holder):
        entitlement = f"group:{group}:member"
        name = f"{entitlement}:{holder}"
        self.grants[name] = {"entitlement": {"id": entitlement, "resource": {"id": ident(f"group:{group}")}}, "principal": {"id": ident(holder)}, "id": name}
        return name

    def write(self, path):
        with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection, open(path, "wb") as out:
            connection.executescript(form.SCHEMA)
            for table, row in self.rows():
                connection.execute(f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))})", list(row.values()))
            for statement in [*self.sql, "vacuum", *self.after]:
                connection.execute(statement)
            out.write(self.magic + self.frame(connection.serialize()) + self.tail)

    def rows(self):
        common = {"sync_id": self.run["sync_id"], "discovered_at": self.time}
        for name, message in self.types.items():
            yield "v1_resource_types", {"external_id": name, "data": encode("ResourceType", message), **common}
        for key, message in self.resources.items():
            parent = columns("parent_resource", message.get("parent_resource_id", {}))
            own = {"resource_type_id": key.partition(":")[0], "external_id": key, "data": encode("Resource", message)}
            yield "v1_resources", {**own, **parent, **common}
        for name, message in self.entitlements.items():
            owner = columns("resource", message["resource"]["id"])
            yield "v1_entitlements", {**owner, "external_id": name, "data": encode("Entitlement", message), **common}
        for name, message in self.grants.items():
            rule, data = self.expansions.get(name), self.raw.get(name) or encode("Grant", message)
            owner, holder = message["entitlement"]["resource"]["id"], message["principal"]["id"]
            yield "v1_grants", {
                **columns("resource", owner), **columns("principal_resource", holder), "entitlement_id": message["entitlement"]["id"],
                "external_id": name, "expansion": rule, "needs_expansion": int(rule is not None), "data": data, **common}
        yield "v1_sync_runs", {**self.run, "stats": json.dumps(self.stats)}


DIRECT, INDIRECT, NESTED = f"{M2}:user:u1", "group:g3:member:user:u2", "group:g3:member:group:g2"
IMMUTABLE = [{"@type": "GrantImmutable"}]


def sql(*statements):
    return lambda s: s.sql.extend(statements)


def at(*path, **values):
    """Sets attributes of the sample, or fields of what the path leads to: attribute, key, field or position … What is set to `None`
    is taken away."""
    def damage(s):
        message = vars(s)
        for step in path:
            message = message[step]
        for field, value in values.items():
            message.pop(field, None) if value is None else message.update({field: value})
    return damage


def both(*damages):
    return lambda s: [damage(s) for damage in damages]


def fewer(*kinds):
    """Takes away all records of these kinds, also in the stats."""
    def damage(s):
        for kind in kinds:
            vars(s)[kind].clear()
            for count in (kind, f"{kind}_by_resource_type"):
                s.stats.pop(count)
    return damage


ONLY = both(fewer("grants", "entitlements"), at("run", sync_type="resources_only", supports_diff=0))
TRAIT = ("resources", "user:u1", "annotations", 0)
G4 = ("entitlements", "group:g4:member")
DEFAULT = [{"@type": "EntitlementExclusionGroup", "exclusion_group_id": "x", "is_default": True}]
# What is broken, the code that must be reported, and how it is broken.
BREAKS = (
    ("wrong magic", "container", at(magic=b"C1Z3\x00")),
    ("content size not declared", "frame", at(frame=lambda data: frame(data, content_size=False))),
    ("window of 16 MiB", "frame", at(frame=lambda data: frame(data)[:5] + b"\x70" + frame(data)[6:])),
    ("two frames", "frame", at(frame=lambda data: frame(data[:8192]) + frame(data[8192:]))),
    ("bytes after the frame", "frame", at(tail=b"\x50\x2a\x4d\x18\x00\x00\x00\x00")),
    ("frame cut off", "container", at(frame=lambda data: frame(data)[:-100])),
    ("no database inside", "container", at(frame=lambda data: frame(b"x" * 5000))),
    ("WAL mode", "journal", at(frame=lambda data: frame(data[:18] + b"\x02\x02" + data[20:]))),
    ("free pages", "free-pages", at(after=["create table t (a)", "insert into t values (zeroblob(50000))", "drop table t"])),
    ("index and table disagree", "integrity", at(frame=lambda data: frame(b"group:g1:mumber".join(data.rsplit(b"group:g1:member", 1))))),
    ("index missing", "schema", sql("drop index idx_grants_principal_id_v1")),
    ("index on other columns", "schema", sql("drop index idx_resources_external_sync_v1", "create index idx_resources_external_sync_v1 on v1_resources (external_id, sync_id)")),
    ("index not unique", "schema", sql("drop index idx_grants_external_sync_v1", "create index idx_grants_external_sync_v1 on v1_grants (external_id, sync_id)")),
    ("partial index with another condition", "schema", sql("drop index idx_grants_sync_expansion_v1", "create index idx_grants_sync_expansion_v1 on v1_grants (sync_id) where expansion is null")),
    ("index too many", "schema", sql("create index mine on v1_grants (data)")),
    ("extra column", "schema", sql("alter table v1_grants add column mine text")),
    ("table missing", "schema", sql("drop table v1_assets")),
    ("trigger", "schema", sql("create trigger t after insert on v1_grants begin select 1; end")),
    ("unfinished", "run", at("run", ended_at=None)),
    ("partial sync", "run", at("run", sync_type="partial")),
    ("resources only with entitlements", "run", at("run", sync_type="resources_only", supports_diff=0)),
    ("resources only that can be compared", "run", both(ONLY, at("run", supports_diff=1))),
    ("supports_diff 0", "run", at("run", supports_diff=0)),
    ("grants_backfilled 0", "run", at("run", grants_backfilled=0)),
    ("second run", "run", sql("insert into v1_sync_runs (sync_id, started_at, sync_token) values ('x', '2026-05-28 00:00:00.000000000', '')")),
    ("sync id is no KSUID", "ksuid", at("run", sync_id="run-1")),
    ("KSUID from another time", "ksuid", at("run", sync_id="0ujtsYcgvSTl8PAuAdqWYSMnLOv")),
    ("row of another sync", "sync-id", sql("update v1_grants set sync_id = 'other' where id = 1")),
    ("fraction trimmed", "time", sql("update v1_resources set discovered_at = '2026-05-28 20:26:40.5' where id = 1")),
    ("discovered before the run", "time", sql("update v1_resources set discovered_at = '2020-05-28 20:26:40.000000000' where id = 1")),
    ("session left", "sessions", lambda s: s.sql.append(f"insert into v1_connector_sessions (sync_id, key, value) values ('{s.run['sync_id']}', 'k', x'00')")),
    ("stats wrong", "stats", at("stats", resources=5)),
    ("column differs from blob", "column", sql("update v1_grants set principal_resource_id = 'u2' where external_id = 'group:g1:member:user:u1'")),
    ("blob stored as text", "column", sql("update v1_resource_types set data = cast(data as text) where id = 2")),
    ("resource id not composed", "id", sql("update v1_resources set external_id = 'u1' where external_id = 'user:u1'")),
    ("grant id not composed", "id", lambda s: s.grants.update(odd={**s.grants.pop(DIRECT), "id": "odd"})),
    ("entitlement id on another resource", "id", at(*G4, resource={"id": ident("group:g3")})),
    ("slug empty", "entitlement", at(*G4, slug=None)),
    ("purpose unset", "entitlement", at(*G4, purpose=None)),
    ("grantable to nobody", "entitlement", at(*G4, grantable_to=[])),
    ("grantable to a type that is not there", "reference", at(*G4, grantable_to=[{"id": "robot"}])),
    ("empty parent", "parent", sql("update v1_resources set parent_resource_type_id = '', parent_resource_id = '' where id = 1")),
    ("parent missing", "reference", at("resources", "group:g4", parent_resource_id=ident("group:g9"))),
    ("parent in a circle", "parent", at("resources", "group:g3", parent_resource_id=ident("group:g4"))),
    ("resource type missing", "reference", at("resources", **{"robot:r": {"id": ident("robot:r")}})),
    ("principal missing", "reference", lambda s: s.grant("g1", "user:u9")),
    ("entitlement missing", "reference", at("entitlements", **{"group:g4:member": None})),
    ("resource missing", "reference", at("resources", **{"group:g4": None})),
    ("trait missing", "trait", at("resources", "group:g1", annotations=None)),
    ("user without profile", "user", both(at(*TRAIT, profile=None), at("resources", "user:u1", profile=None))),
    ("user without status", "user", both(at(*TRAIT, status=None), at("resources", "user:u1", status=None))),
    ("status only in the trait", "mirror", at("resources", "user:u1", status=None)),
    ("two primary e-mails", "user", at(*TRAIT, "emails", 1, is_primary=True)),
    ("no primary e-mail", "user", at(*TRAIT, "emails", 0, is_primary=None)),
    ("id too long", "limit", at("types", **{"x" * 1025: {"id": "x" * 1025}})),
    ("display name too long", "limit", at("types", "group", display_name="é" * 513)),
    ("link not https", "limit", at("types", "group", annotations=[{"@type": "ExternalLink", "url": "http://example.com"}])),
    ("unknown annotation", "annotation", at("types", "group", annotations=[{"@type": "type.googleapis.com/x.Y"}])),
    ("annotation in the wrong place", "annotation", at("types", "group", annotations=IMMUTABLE)),
    ("GrantExpandable in data", "expandable-in-data", at("grants", NESTED, annotations=[{"@type": "GrantExpandable", "entitlement_ids": [M2]}])),
    ("expansion of nothing", "expansion", at("expansions", **{"group:g1:member:user:u1": expandable(shallow=True)})),
    ("expansion from another's entitlement", "expansion", at("expansions", **{NESTED: expandable(M1)})),
    ("needs_expansion 0", "expansion", sql("update v1_grants set needs_expansion = 0 where expansion is not null")),
    ("needs_expansion without expansion", "expansion", sql("update v1_grants set needs_expansion = 1 where expansion is null")),
    ("derived grant not immutable", "derived", at("grants", INDIRECT, annotations=None)),
    ("direct grant does not list itself", "derived", at("grants", DIRECT, sources=sources({M1: True}))),
    ("lists itself as indirect", "sources", at("grants", DIRECT, sources=sources({M1: True, M2: False}))),
    ("is_direct wrong", "expansion", at("grants", INDIRECT, sources=sources({M2: True}))),
    ("a source is missing", "expansion", at("grants", DIRECT, sources=None)),
    ("derived grant missing", "expansion", at("grants", **{INDIRECT: None})),
    ("shallow ignored", "expansion", lambda s: s.grants[s.grant("g4", "user:u2")].update(annotations=IMMUTABLE, sources=sources({M2: False}))),
    ("type filter ignored", "expansion", at("expansions", **{NESTED: expandable(M2, resource_type_ids=["user"])})),
    ("fields out of order", "blob", lambda s: s.raw.update({DIRECT: encode("Grant", {"id": DIRECT}) + encode("Grant", {**s.grants[DIRECT], "id": None})})),
    ("unknown field", "blob", lambda s: s.raw.update({DIRECT: encode("Grant", s.grants[DIRECT]) + b"\x4a\x00"})),
    ("sources out of order", "blob", lambda s: s.grants[DIRECT]["sources"]["sources"].reverse()),
    ("blob cut off", "blob", lambda s: s.raw.update({DIRECT: encode("Grant", s.grants[DIRECT])[:-1]})),
    ("two defaults in an exclusion group", "exclusion", both(at(*G4, annotations=DEFAULT), at("entitlements", M1, annotations=DEFAULT))),
)
# Messages as other writers encode them: name, kind, bytes in hexadecimal (text stands in quotes), the message.
GRANT = {"entitlement": {"resource": {"id": ident("group:g1")}, "id": M1}, "principal": {"id": ident("user:u1")}, "id": f"{M1}:user:u1"}
GRANT_HEX = f"0a20 0a0d0a0b0a05 'group' 1202 'g1' 120f '{M1}' 120c 0a0a0a04 'user' 1202 'u1' 1a17 '{M1}:user:u1'"
GOLDEN = (
    ("ResourceType", "0a04 'user' 1204 'User' 1a0101", {"id": "user", "display_name": "User", "traits": ["USER"]}),
    ("GrantExpandable", f"0a0f '{M1}'", {"entitlement_ids": [M1]}),
    ("Resource", "2230 0a2e 'type.googleapis.com/c1.connector.v2.GroupTrait'", {"annotations": [{"@type": "GroupTrait"}]}),
    ("Grant", f"{GRANT_HEX} 2a17 0a15 0a0f '{M1}' 1202 0801", {**GRANT, "sources": sources({M1: True})}),
    ("Grant", f"{GRANT_HEX} 2a15 0a13 0a0f '{M1}' 1200", {**GRANT, "sources": sources({M1: False})}),
    ("Grant", f"{GRANT_HEX} 2a13 0a11 0a0f '{M1}'", {**GRANT, "sources": {"sources": [{"key": M1}]}}),
)


def run():
    results = collections.Counter()

    def that(name, good, detail=""):
        results[bool(good)] += 1
        if not good:
            print(f"FAILED {name}: {detail}")

    for kind, text, message in GOLDEN:
        data = b"".join(part.encode() if odd % 2 else bytes.fromhex(part) for odd, part in enumerate(text.split("'")))
        that(f"{kind} {text}", (decode(kind, data), encode(kind, message)) == (message, data), decode(kind, data))
    that("sources are cut off", form.without_sources(data) == encode("Grant", GRANT))
    # From the README of github.com/segmentio/ksuid.
    that("KSUID of another maker", form.ksuid_time("0ujtsYcgvSTl8PAuAdqWYSMnLOv") == datetime.datetime(2017, 10, 10, 4, 0, 47))
    for text in ("z" * 27, "0ujtsYcgvSTl8PAuAdqWYSMnLO", "0ujtsYcgvSTl8PAuAdqWYSMnLO-"):
        with contextlib.suppress(Malformed):
            that(f"KSUID {text} is refused", False, form.ksuid_time(text))
    a, b = ("user", "a"), ("group", "b")
    rules = [("y", {"entitlement_ids": ["x"]}), ("z", {"entitlement_ids": ["y", "z"], "resource_type_ids": ["user"]}), ("x", {"entitlement_ids": ["z", "gone"]})]
    wanted = {("x", a): {"z": False, "x": True}, ("y", a): {"x": True}, ("z", a): {"y": False}, ("z", b): {}, ("x", b): {"z": True}, ("y", b): {"x": False}}
    that("a cycle, and a self-loop in it", c1z_rules.expand({"x": {a}, "y": set(), "z": {b}}, rules) == wanted)

    with tempfile.TemporaryDirectory(prefix="c1z-") as folder:
        path, manifest = os.path.join(folder, "sample.c1z"), os.path.join(folder, "sample.json")

        def found(sample, **options):
            sample.write(path)
            errors, facts = c1z.check(path, **options)
            return set(errors), list(c1z.lines(errors)), facts

        for expanded, expect, wanted in ((True, None, set()), (True, "unexpanded", {"expansion"}), (False, None, set()), (False, "expanded", {"expansion"})):
            codes, lines, _ = found(Sample(expanded), expect=expect)
            that(f"{expanded=}, {expect=}", codes == wanted and (codes or not lines), lines)
        (_, _, unexpanded), (_, _, truth) = found(Sample(expanded=False)), found(Sample())
        that("the content digest does not see expansion", truth["digests.content"] == unexpanded["digests.content"])
        that("counts", (truth["counts.grants"], truth["counts.expanded"], unexpanded["counts.expanded"]) == (6, 6, 0), truth)
        for wrong in (None, *truth):
            content = collections.defaultdict(dict, other=[1])
            for key, value in truth.items():
                value = value if key != wrong else value + 1 if isinstance(value, int) else f"{value[:-1]}!"
                outer, _, inner = key.partition(".")
                content[outer] = {**content[outer], inner: value} if inner else value
            with open(manifest, "w", encoding="utf-8") as file:
                json.dump(content, file)
            codes, lines, _ = found(Sample(), manifest=manifest)
            that(f"manifest with a wrong {wrong}", codes == ({"manifest"} if wrong else set()), lines)
        for name, less in (("without grants", fewer("grants")), ("resources only", ONLY)):
            sample = Sample(expanded=False)
            less(sample)
            codes, lines, _ = found(sample, expect="unexpanded")
            that(name, not codes, lines)
        for name, code, damage in BREAKS:
            sample = Sample()
            damage(sample)
            codes, lines, _ = found(sample)
            that(f"broken: {name}", code in codes, lines or "nothing was reported")
    print(f"{results[True]} passed, {results[False]} failed")
    return 1 if results[False] else 0
