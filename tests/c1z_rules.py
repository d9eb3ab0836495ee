"""The rules that a snapshot must satisfy, as the independent reader `c1z.py` checks them."""

import collections
import datetime
import graphlib
import hashlib
import json
import pathlib
import struct

from c1z_format import PLACES, SHAPE, TABLES, TRAIT_MESSAGES, Malformed, decode, ksuid_time, parse_timestamp, shape, without_sources

REQUIRED_TRAITS = ("USER", "GROUP", "ROLE", "APP", "SECRET")
# Fields that moved from the traits to Resource: old readers look at one place, new readers at the other.
MIRRORED = {
    "UserTrait": ("profile", "status", "icon", "created_at"), "GroupTrait": ("profile", "icon"), "RoleTrait": ("profile",),
    "AppTrait": ("profile", "icon"), "SecretTrait": ("profile", "created_at"),
}
# What a complete and finished sync has in its row.
RUN = {
    "sync_type": "full", "parent_sync_id": "", "linked_sync_id": "", "supports_diff": 1, "grants_backfilled": 1,
    "ingest_invariant_generation": "", "ingest_invariant_coverage": "", "ingest_invariant_mode": "",
}
# What is different in the row of one that read resources only: nobody may conclude from it that grants are gone.
RESOURCES_ONLY = {"sync_type": "resources_only", "supports_diff": 0}
EARLIEST = datetime.datetime(2020, 1, 1)


def expand(stated, expandable):
    """Grant expansion as a naive least fixpoint.

    `stated`: entitlement -> set of holders (type, id) that the vendor states. `expandable`: (destination entitlement,
    GrantExpandable as a dict) for each expandable grant. Gives (entitlement, holder) -> {source entitlement: is_direct} for
    everyone who holds anything. A self-loop gives nobody anything.
    """
    edges = [
        (source, destination, rule.get("shallow", False), frozenset(rule.get("resource_type_ids", [])))
        for destination, rule in expandable for source in rule.get("entitlement_ids", []) if source in stated and source != destination
    ]
    holders = {entitlement: set(direct) for entitlement, direct in stated.items()}

    def passing(source, shallow, kinds):
        flow = stated[source] if shallow else holders[source]
        return {holder for holder in flow if not kinds or holder[0] in kinds}

    changed = True
    while changed:
        changed = False
        for source, destination, shallow, kinds in edges:
            before = len(holders[destination])
            holders[destination] |= passing(source, shallow, kinds)
            changed = changed or len(holders[destination]) > before
    result = {(entitlement, holder): {} for entitlement, all_holders in holders.items() for holder in all_holders}
    for source, destination, shallow, kinds in edges:
        for holder in passing(source, shallow, kinds):
            result[destination, holder][source] = holder in stated[source]
    for (entitlement, holder), sources in result.items():
        if sources and holder in stated[entitlement]:
            sources[entitlement] = True
    return result


def resource_id(message):
    return tuple((message or {}).get(field, "") for field in ("resource_type", "resource"))


class Checker:
    def __init__(self, connection, errors, expect):
        self.db, self.errors, self.expect = connection, errors, expect
        self.run_row = {}
        self.sync_id = self.started = self.ended = None
        self.types = {}          # id -> ResourceType
        self.resources = {}      # (type, id) -> parent or None
        self.entitlements = {}   # id -> (type, id)
        self.grants = {}         # (entitlement, holder) -> id, is it derived, sources, GrantExpandable or None
        self.expanded = expect == "expanded"
        self.stated = {"ResourceType": [], "Resource": [], "Entitlement": [], "Grant": []}  # key to sort by, id, data, expansion

    def run(self, path, manifest):
        """Checks everything, and gives what the manifest has to say."""
        self.database()
        if not self.schema():
            return {}
        records = self.resource_types, self.resource_rows, self.entitlement_rows, self.grant_rows
        for part in (self.sync_run, *records, self.references, self.expansion, self.stats):
            part()
        sessions = len(list(self.rows("v1_connector_sessions", "key")))
        self.must(sessions == 0, "sessions", f"{sessions} rows of connector scratch space in a finished file")
        facts = self.facts(path)
        if manifest is not None:
            self.manifest(manifest, facts)
        return facts

    def error(self, code, text):
        self.errors[code].append(text)

    def must(self, good, code, text):
        if not good:
            self.error(code, text)

    def parsed(self, code, who, parse, *given):
        """What `parse` makes of something; None, and an error, if it cannot."""
        try:
            return parse(*given)
        except (Malformed, ValueError, OSError) as fault:
            self.error(code, f"{who}: {fault}")

    def database(self):
        for pragma, code, wanted in (("integrity_check(5)", "integrity", "ok"), ("freelist_count", "free-pages", 0), ("encoding", "database", "UTF-8")):
            for (real,) in self.db.execute(f"pragma {pragma}"):
                self.must(real == wanted, code, f"{pragma} is {real}")

    def schema(self):
        """Whether every table is there with all its columns."""
        found = shape(self.db)
        for name in {**SHAPE, **found}:
            real, wanted = found.get(name, "missing"), SHAPE.get(name, "nothing of this name")
            self.must(real == wanted, "schema", f"{name} is {real}, wanted {wanted}")
        return all(name in found for name in SHAPE if name.startswith("column"))

    def rows(self, table, key):
        """The rows of a table as dicts, except those with values of another type; sync id and discovery time are checked."""
        columns = TABLES[table]
        for values in self.db.execute(f"select {', '.join(columns)} from {table} order by id"):
            row = dict(zip(columns, values))
            who = f"{table} {row[key]}"
            misfits = [f"{name} is {type(value).__name__}" for name, value in row.items() if not isinstance(value, columns[name])]
            if misfits:
                self.error("column", f"{who}: {', '.join(misfits)}")
                continue
            if table != "v1_sync_runs":
                self.must(row["sync_id"] == self.sync_id, "sync-id", f"{who} belongs to sync {row['sync_id']!r}")
            if "discovered_at" in row:
                found = self.parsed("time", who, parse_timestamp, row["discovered_at"])
                if found and self.started and self.ended:
                    self.must(self.started <= found <= self.ended, "time", f"{who}: discovered_at {found} outside of the run")
            yield row

    def sync_run(self):
        runs = list(self.rows("v1_sync_runs", "sync_id"))
        self.must(len(runs) == 1, "run", f"{len(runs)} rows in v1_sync_runs instead of one")
        if not runs:
            return
        run = self.run_row = runs[0]
        self.sync_id = run["sync_id"]
        wanted_run = RUN | RESOURCES_ONLY if run["sync_type"] == "resources_only" else RUN
        for column, wanted in wanted_run.items():
            self.must(run[column] == wanted, "run", f"{column} is {run[column]!r} instead of {wanted!r}")
        self.parsed("run", "sync_token is neither empty nor JSON", json.loads, run["sync_token"] or "null")
        self.must(run["ended_at"] is not None, "run", "ended_at is NULL: the sync is not finished")
        self.started = self.parsed("time", "started_at", parse_timestamp, run["started_at"])
        self.ended = run["ended_at"] and self.parsed("time", "ended_at", parse_timestamp, run["ended_at"])
        self.must(not (self.started and self.ended and self.ended < self.started), "time", "the sync ended before it started")
        made = self.parsed("ksuid", f"sync id {self.sync_id!r}", ksuid_time, self.sync_id)
        if made:
            near = not self.started or abs(made - self.started) <= datetime.timedelta(days=1)
            self.must(made >= EARLIEST and near, "ksuid", f"sync id {self.sync_id} says {made}, the run started at {run['started_at']}")

    def records(self, kind, table):
        """The records of a list: what each is called, its row, its message, its annotations by short name. No record can
        stand twice: an index of the schema keeps external ids unique, and they are composed of all that records are kept by here."""
        for row in self.rows(table, "external_id"):
            name = row["external_id"]
            who = f"{kind} {name}"
            message = self.parsed("blob", who, decode, kind, row["data"])
            if message is None:
                continue
            if kind != "Resource":  # whose row has an id made of two
                self.identifier(who, name)
                self.must(message.get("id", "") == name, "column", f"{who}: data says id {message.get('id', '')!r}")
            self.within(who, message, display_name=1024, description=2048)
            yield who, row, message, self.annotations(kind, who, message)

    def within(self, who, message, **limits):
        for field, limit in limits.items():
            self.must(len(message.get(field, "").encode()) <= limit, "limit", f"{who}: {field} is longer than {limit} bytes")

    def identifier(self, who, *values):
        for value in values:
            self.must(value, "empty-id", f"{who}: an id is empty")
            self.must(len(value.encode()) <= 1024, "limit", f"{who}: an id is longer than 1024 bytes")

    def annotations(self, kind, who, message):
        """The annotations by short name; each one known and allowed in a record of this kind."""
        out, place = {}, "T" if kind == "ResourceType" else kind[0]
        for annotation in message.get("annotations", []):
            name = annotation["@type"]
            if "@value" in annotation:
                self.error("annotation", f"{who}: unknown annotation {name!r}")
                continue
            code = "expandable-in-data" if name == "GrantExpandable" else "annotation"  # readers would not expand it
            self.must(place in PLACES[name], code, f"{who}: annotation {name} does not belong here")
            repeatable = name in ("ChildResourceType", "ExternalLink", "EntitlementExclusionGroup")
            self.must(repeatable or name not in out, "annotation", f"{who}: annotation {name} stands twice")
            out[name] = annotation
            secure = name != "ExternalLink" or annotation.get("url", "").startswith("https://")
            self.must(secure, "limit", f"{who}: ExternalLink is not https")
            child = annotation.get("resource_type_id")
            self.must(name != "ChildResourceType" or child in self.types, "reference", f"{who}: child resource type {child!r} does not exist")
            if name == "Aliases":
                ids = annotation.get("ids", [])
                good = 1 <= len(ids) <= 100 and len(set(ids)) == len(ids) and all(1 <= len(alias) <= 256 for alias in ids)
                self.must(good, "limit", f"{who}: aliases must be 1-100, unique, of 1-256 characters")
        return out

    def resource_types(self):
        for who, row, message, _ in self.records("ResourceType", "v1_resource_types"):
            name, traits = row["external_id"], message.get("traits", [])
            self.stated["ResourceType"].append((name, name, row["data"], None))
            self.must("UNSPECIFIED" not in traits and len(set(traits)) == len(traits), "trait", f"{who}: traits {traits}")
            self.types[name] = message

    def resource_rows(self):
        for who, row, message, found in self.records("Resource", "v1_resources"):
            key = resource_id(message.get("id"))
            self.stated["Resource"].append((key, row["external_id"], row["data"], None))
            self.identifier(who, *key)
            self.must(row["resource_type_id"] == key[0], "column", f"{who}: resource_type_id is {row['resource_type_id']!r}, data says {key[0]!r}")
            self.must(row["external_id"] == ":".join(key), "id", f"{who}: external_id is not {':'.join(key)}")
            columns = row["parent_resource_type_id"], row["parent_resource_id"]
            parent = resource_id(message["parent_resource_id"]) if "parent_resource_id" in message else None
            self.must("" not in columns and columns == (parent or (None, None)), "parent", f"{who}: parent columns {columns}, data says {parent}")
            reserved = message.get("baton_resource") or message.get("id", {}).get("baton_resource")
            self.must(not reserved, "annotation", f"{who}: baton_resource is reserved")
            self.within(who, message.get("status", {}), details=1024)
            self.traits(who, self.types.get(key[0], {}).get("traits", []), message, found)
            self.resources[key] = parent

    def traits(self, who, declared, message, found):
        for trait, name in TRAIT_MESSAGES.items():
            needed = trait in REQUIRED_TRAITS and trait in declared
            self.must(name in found or not needed, "trait", f"{who}: {name} is missing, its type has the trait {trait}")
            self.must(name not in found or trait in declared, "trait", f"{who} carries {name}, its type has no trait {trait}")
        for name, fields in MIRRORED.items():
            for field in fields if name in found else ():
                one, other = found[name].get(field), message.get(field)
                self.must(one == other, "mirror", f"{who}: {field} of {name} and of the resource differ: {one} and {other}")
        if "UserTrait" in found:
            user = found["UserTrait"]
            self.must("profile" in user and "status" in user, "user", f"{who}: UserTrait without profile or status")
            self.within(who, user.get("status", {}), details=1024)
            emails = user.get("emails", [])
            primary = sum(email.get("is_primary", False) for email in emails)
            self.must(not emails or primary == 1, "user", f"{who}: {primary} of {len(emails)} e-mail addresses are primary")
            self.must(all(email.get("address") for email in emails), "user", f"{who}: an e-mail without address")
        group, app = found.get("GroupTrait", {}), found.get("AppTrait", {})
        for field, limit in (("group_source_type", 64), ("raw_group_source_type", 256)):
            self.must(len(group.get(field, "")) <= limit, "limit", f"{who}: {field} is longer than {limit} characters")
        self.must(app.get("help_url", "").startswith("https://") or not app.get("help_url"), "limit", f"{who}: help_url is not https")
        bound = {"role_id", "scope_resource_id"} <= set(found.get("ScopeBindingTrait", ("role_id", "scope_resource_id")))
        self.must(bound, "trait", f"{who}: ScopeBindingTrait needs role_id and scope_resource_id")

    def entitlement_rows(self):
        kinds, defaults = collections.defaultdict(set), collections.defaultdict(list)
        for who, row, message, found in self.records("Entitlement", "v1_entitlements"):
            name, owner = row["external_id"], (row["resource_type_id"], row["resource_id"])
            self.stated["Entitlement"].append((name, name, row["data"], None))
            real = resource_id(message.get("resource", {}).get("id"))
            self.must(real == owner, "column", f"{who}: resource columns {owner}, data says {real}")
            prefix = f"{owner[0]}:{owner[1]}:"
            self.must(name.startswith(prefix) and name != prefix, "id", f"{who}: its id does not begin with {prefix} and a slug")
            self.must(message.get("slug"), "entitlement", f"{who}: slug is empty")
            self.must(message.get("purpose", "UNSPECIFIED") != "UNSPECIFIED", "entitlement", f"{who}: purpose is not set")
            grantable = {kind.get("id", "") for kind in message.get("grantable_to", [])}
            self.must(grantable or "EntitlementImmutable" in found, "entitlement", f"{who}: grantable_to is empty")
            for kind in grantable - set(self.types):
                self.error("reference", f"{who}: grantable_to names the type {kind!r}, which does not exist")
            self.entitlements[name] = owner
            for group in message.get("annotations", []):
                if group["@type"] == "EntitlementExclusionGroup":
                    # A group that is scoped to the resource is one group a resource.
                    label, scope = group.get("exclusion_group_id", ""), owner if group.get("scope_to_resource") else None
                    kinds[label].add(owner[0])
                    defaults[label, scope].append(group.get("is_default", False))
        for label, found in kinds.items():
            self.must(len(found) == 1, "exclusion", f"exclusion group {label!r} spans several resource types")
        for (label, _), found in defaults.items():
            self.must(len(found) <= 50 and sum(found) <= 1, "exclusion", f"exclusion group {label!r}: {len(found)} entitlements, {sum(found)} defaults")

    def grant_rows(self):
        for who, row, message, found in self.records("Grant", "v1_grants"):
            name, entitlement = row["external_id"], row["entitlement_id"]
            holder = row["principal_resource_type_id"], row["principal_resource_id"]
            self.identifier(who, *holder)
            embedded = message.get("entitlement", {})
            columns = entitlement, (row["resource_type_id"], row["resource_id"]), holder
            real = embedded.get("id", ""), resource_id(embedded.get("resource", {}).get("id")), resource_id(message.get("principal", {}).get("id"))
            self.must(real == columns, "column", f"{who}: entitlement, resource and principal are {columns}, data says {real}")
            self.must(name == f"{entitlement}:{holder[0]}:{holder[1]}", "id", f"{who}: its id is not entitlement:principal type:principal id")
            owner = self.entitlements.get(entitlement, columns[1])
            self.must(owner == columns[1], "reference", f"{who}: its entitlement is on {owner}")
            rule = self.expansion_column(who, row, holder)
            entries = message.get("sources", {}).get("sources", [])
            sources = {entry.get("key", ""): entry.get("value", {}).get("is_direct", False) for entry in entries}
            self.must(sources or "sources" not in message, "sources", f"{who}: sources is there but empty")
            self.expanded = self.expanded or bool(sources)
            for source in set(sources) - set(self.entitlements):
                self.error("reference", f"{who}: source {source!r} does not exist")
            derived = bool(sources) and entitlement not in sources
            if derived:
                self.must("GrantImmutable" in found, "derived", f"{who}: has sources, not its own entitlement among them, and no GrantImmutable")
                self.must(row["expansion"] is None, "derived", f"{who}: a derived grant with an expansion")
            else:
                self.must(not sources or sources[entitlement], "sources", f"{who}: lists its own entitlement, but not as direct")
                self.stated["Grant"].append(((entitlement, *holder), name, without_sources(row["data"]), row["expansion"]))
            self.grants[entitlement, holder] = name, derived, sources, rule

    def expansion_column(self, who, row, holder):
        wanted = int(row["expansion"] is not None)
        self.must(row["needs_expansion"] == wanted, "expansion", f"{who}: needs_expansion is {row['needs_expansion']} instead of {wanted}")
        rule = self.parsed("blob", f"{who}: expansion", decode, "GrantExpandable", row["expansion"]) if wanted else None
        if rule is None:
            return None
        sources = rule.get("entitlement_ids", [])
        self.must(any(source.strip() for source in sources), "expansion", f"{who}: expansion without entitlement ids")
        for source in sources:  # one that does not exist gives nobody anything
            self.must(self.entitlements.get(source, holder) == holder, "expansion", f"{who}: expands from {source!r}, which is no entitlement of its principal")
        for kind in set(rule.get("resource_type_ids", [])) - set(self.types):
            self.error("reference", f"{who}: expansion names the type {kind!r}, which does not exist")
        return rule

    def references(self):
        more = len(self.entitlements) + len(self.grants)
        self.must(not more or self.run_row.get("sync_type") != "resources_only", "run", f"{more} entitlements and grants in a sync of resources only")
        for key, parent in self.resources.items():
            who = f"resource {':'.join(key)}"
            self.must(key[0] in self.types, "reference", f"{who}: its type does not exist")
            self.must(parent is None or parent in self.resources, "reference", f"{who}: its parent does not exist")
        try:
            graphlib.TopologicalSorter({key: [parent] for key, parent in self.resources.items()}).prepare()
        except graphlib.CycleError as cycle:
            self.error("parent", f"resources are their own ancestors: {cycle.args[1]}")
        for name, owner in self.entitlements.items():
            self.must(owner in self.resources, "reference", f"entitlement {name}: its resource {':'.join(owner)} does not exist")
        for (entitlement, holder), (name, *_) in self.grants.items():
            self.must(entitlement in self.entitlements, "reference", f"grant {name}: its entitlement does not exist")
            self.must(holder in self.resources, "reference", f"grant {name}: its principal {':'.join(holder)} does not exist")

    def expansion(self):
        if self.expect == "unexpanded":
            return self.must(not self.expanded, "expansion", "there are sources in a file that should not be expanded")
        if not self.expanded:
            return
        stated, rules = {entitlement: set() for entitlement in self.entitlements}, []
        for (entitlement, holder), (_, derived, _, rule) in self.grants.items():
            if not derived:
                stated.setdefault(entitlement, set()).add(holder)
                rules += [(entitlement, rule)] if rule is not None else []
        wanted, real = expand(stated, rules), {key: sources for key, (_, _, sources, _) in self.grants.items()}
        for key in sorted({**real, **wanted}):
            found, recomputed = real.get(key, "of a grant that is missing"), wanted.get(key, "no such grant")
            self.must(found == recomputed, "expansion", f"grant {key[0]}:{':'.join(key[1])}: sources {found}, recomputed {recomputed}")

    def stats(self):
        real = self.parsed("stats", "stats", json.loads, self.run_row.get("stats") or "null")
        if not isinstance(real, dict):
            return self.error("stats", "stats is not a JSON object")
        owners = [self.entitlements[entitlement] for entitlement, _ in self.grants if entitlement in self.entitlements]
        wanted = {
            "resource_types": len(self.types), "resources": len(self.resources), "entitlements": len(self.entitlements),
            "grants": len(self.grants), "assets": len(list(self.rows("v1_assets", "external_id"))),
            "resources_by_resource_type": dict(collections.Counter(kind for kind, _ in self.resources)),
            "entitlements_by_resource_type": dict(collections.Counter(kind for kind, _ in self.entitlements.values())),
            "grants_by_resource_type": dict(collections.Counter(kind for kind, _ in owners)),
        }
        for key in {*real, *wanted} - {"step_durations_ms", "connector_call_stats", "session_store_stats"}:
            counted = wanted.get(key) or None  # zero is left out
            self.must(real.get(key) == counted, "stats", f"{key} is {real.get(key)}, counted {counted}")

    def content_digest(self):
        """SHA-256 over kind, id, data and expansion of every record that the vendor stated, in id order."""
        state = hashlib.sha256()
        for kind, records in self.stated.items():
            for _, name, data, expansion in sorted(records, key=lambda record: record[0]):
                state.update(b"T" if kind == "ResourceType" else kind[:1].encode())
                for part in (name.encode(), data, expansion):
                    state.update(b"\xff" * 8 if part is None else struct.pack(">Q", len(part)) + part)
        return state.hexdigest()

    def facts(self, path):
        derived = sum(is_derived for _, is_derived, _, _ in self.grants.values())
        file = pathlib.Path(path).read_bytes()
        return {
            "sync_id": self.sync_id, "counts.resources": len(self.resources), "counts.entitlements": len(self.entitlements),
            "counts.grants": len(self.grants) - derived, "counts.expanded": derived, "snapshot.sha256": hashlib.sha256(file).hexdigest(),
            "snapshot.bytes": len(file), "digests.content": self.content_digest(),
        }

    def manifest(self, manifest, facts):
        content = self.parsed("manifest", manifest, lambda: json.loads(pathlib.Path(manifest).read_text(encoding="utf-8")))
        for key, wanted in facts.items():
            found = content
            for part in key.split("."):
                found = found.get(part) if isinstance(found, dict) else None
            self.must(found == wanted and type(found) is type(wanted), "manifest", f"{key} is {found!r}, wanted {wanted!r}")
