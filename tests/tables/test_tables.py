"""Others read the tables: DuckDB and pyarrow, and the queries of functions/published/README.md and infra/queries.

The store is made by the command line: two syncs of every simulated vendor, with a change in between. ROLLCALL names the
program; `simulate` is beside it."""

import csv
import datetime
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import duckdb
import pyarrow.dataset
import pyarrow.parquet
import sqlglot

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ["ROLLCALL"]).resolve()
TABLES = ["resources", "entitlements", "grants", "changes"]
CONNECTORS = re.findall(r"^    ([a-z]+),$", (ROOT / "functions/connectors.rs").read_text(), re.M)
README = (ROOT / "functions/published/README.md").read_text()
QUERIES = {path.stem: path.read_text() for path in sorted((ROOT / "infra/queries").glob("*.sql"))}
PERSON, DAY = "dev@example.com", "2026-01-31"
# The person's grant replaces another one, so that its access does not grow.
GRANTED = {"user:u2": "namespace:demo.a1b23:read", "service-account:sa1": "namespace:demo.a1b23:read"}


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.variables = {"PATH": os.environ["PATH"], "ROLLCALL_SECRETS": f"file:{cls.folder}/secrets"}
        arguments = ["all", "--port", "0", "--sample", "small", "--config", f"{cls.folder}/secrets"]
        vendors = subprocess.Popen([PROGRAM.with_name("simulate"), *arguments], stdout=subprocess.PIPE, text=True)
        try:
            next(line for line in vendors.stdout if line.startswith("export"))
            for connector in CONNECTORS:
                cls.rollcall("sync", connector)
            for principal, entitlement in GRANTED.items():
                cls.rollcall("grant", "temporalcloud", "--entitlement", entitlement, "--principal", principal, "--for", "4h", "--yes")
            for connector in CONNECTORS:
                cls.rollcall("sync", connector)
        finally:
            vendors.send_signal(signal.SIGINT)
            vendors.communicate()
        os.chdir(cls.folder)

    @classmethod
    def rollcall(cls, *arguments):
        ran = subprocess.run([PROGRAM, *arguments], cwd=cls.folder, env=cls.variables, capture_output=True, text=True)
        assert ran.returncode == 0, f"{arguments}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def setUp(self):
        self.db = duckdb.connect()
        self.addCleanup(self.db.close)
        for view in self.documented()[0].split(";"):
            self.db.execute(view)

    def documented(self):
        """The SQL of the README: the views, then the queries."""
        return re.findall(r"^```sql\n(.*?)^```$", README, re.M | re.S)

    def rows(self, query):
        found = self.db.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row)) for row in found.fetchall()]

    def stats(self, sync_id):
        return json.loads(self.rollcall("snapshot", "stats", sync_id, "-o", "json"))

    def test_duckdb_and_pyarrow_count_the_rows_that_the_snapshot_has(self):
        syncs = self.rows("SELECT DISTINCT connector, sync_id FROM resources")
        self.assertEqual(sorted(sync["connector"] for sync in syncs), sorted(CONNECTORS * 2))
        for table in TABLES[:3]:
            dataset = pyarrow.dataset.dataset(f"rollcall-data/tables/{table}", partitioning="hive")
            for sync_id in [sync["sync_id"] for sync in syncs]:
                expected = self.stats(sync_id)[table]
                counted = self.rows(f"SELECT count(*) AS n FROM {table} WHERE sync_id = '{sync_id}'")[0]["n"]
                self.assertEqual((counted, dataset.count_rows(filter=pyarrow.dataset.field("sync_id") == sync_id)), (expected, expected), table)

    def test_every_reader_sees_the_columns_and_types_of_athena(self):
        duck = {"VARCHAR": "string", "BOOLEAN": "boolean", "TIMESTAMP WITH TIME ZONE": "timestamp"}
        arrow = {"string": "string", "bool": "boolean", "timestamp[ms, tz=UTC]": "timestamp"}
        for table, columns in json.loads((ROOT / "infra/tables.json").read_text()).items():
            expected = [(column["name"], column["type"]) for column in columns]
            partitions = [("connector", "string")]
            seen = [(row["column_name"], duck.get(row["column_type"])) for row in self.rows(f"DESCRIBE {table}")]
            self.assertEqual(seen, [*partitions, *expected, ("day", None)])
            for file in Path("rollcall-data/tables", table).rglob("*.parquet"):
                schema = pyarrow.parquet.read_schema(file)
                self.assertEqual([(field.name, arrow[str(field.type)]) for field in schema], [*partitions, *expected])

    def test_a_file_says_where_it_is_from_and_is_compressed_by_dictionaries(self):
        for file in Path("rollcall-data/tables/grants/connector=temporalcloud").rglob("*.parquet"):
            read = pyarrow.parquet.ParquetFile(file)
            self.assertEqual(read.metadata.metadata[b"rollcall.sync_id"].decode(), file.stem)
            self.assertEqual(len(read.metadata.metadata[b"rollcall.content_digest"]), 64)
            column = read.metadata.row_group(0).column(2)
            self.assertEqual((column.compression, column.has_dictionary_page, column.statistics.min), ("ZSTD", True, file.stem))

    def test_the_documented_queries_answer_their_questions(self):
        admins, held, grown = self.documented()[1:]
        self.hold_what_was_set_up(*(self.rows(query) for query in (admins, self.of_today(held), grown)))

    def test_the_queries_for_athena_answer_their_questions(self):
        # Athena compares days as texts.
        for table in TABLES:
            self.db.execute(f"CREATE OR REPLACE VIEW {table} AS FROM read_parquet('rollcall-data/tables/{table}/**/*.parquet', hive_types = {{'day': VARCHAR}})")
        answers = {}
        for name, query in QUERIES.items():
            self.assertRegex(query, r"\A-- [A-Z]")
            translated = sqlglot.transpile(self.of_today(query), read="athena", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)
            self.assertEqual(len(translated), 1, name)
            answers[name] = self.rows(translated[0])
        self.hold_what_was_set_up(*(answers[name] for name in ("admins", "held-on-a-day", "grown-access")))
        unused = {(row["connector"], row["id"]): row["grants"] for row in answers["unused-accounts"]}
        holders = {(row["connector"], row["principal"]) for row in self.rows("SELECT connector, principal FROM grants")}
        accounts = self.rows("SELECT DISTINCT connector, id FROM resources WHERE traits LIKE '%\"user\"%' AND coalesce(status, 'enabled') = 'enabled'")
        self.assertEqual(set(unused), {(row["connector"], row["id"]) for row in accounts} - holders)

    def of_today(self, query):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        return query.replace(DAY, str(today)).replace("2026-01-24", str(today - datetime.timedelta(7)))

    def hold_what_was_set_up(self, admins, held, grown):
        found = {(row["connector"], row["principal_email"]) for row in admins}
        self.assertIn(("temporalcloud", "owner@example.com"), found)
        self.assertNotIn(("temporalcloud", PERSON), found)
        self.assertEqual({row["connector"] for row in admins}, set(CONNECTORS))
        # By the newest snapshot of the day, after the change.
        listed = json.loads(self.rollcall("access", PERSON, "-o", "json"))
        listed = {(row["connector"], row["entitlement"]) for row in listed if row.get("entitlement")}
        self.assertEqual({(row["connector"], row["entitlement"]) for row in held}, listed)
        self.assertIsNotNone(next(row["until"] for row in held if row["entitlement"] == GRANTED["user:u2"]))
        self.assertEqual([(row["connector"], row["principal"], row["gained"]) for row in grown], [("temporalcloud", "service-account:sa1", 1)])

    def test_the_other_formats_have_the_same_rows(self):
        self.rollcall("export", "temporalcloud", "--format", "csv", "--out", "flat")
        self.rollcall("export", "temporalcloud", "--format", "jsonl", "--out", "flat")
        self.rollcall("export", "temporalcloud", "--out", "flat")
        for table in TABLES:
            rows = pyarrow.parquet.read_table(f"flat/{table}.parquet").to_pylist()
            lines = [json.loads(line) for line in Path(f"flat/{table}.jsonl").read_text().splitlines()]
            with open(f"flat/{table}.csv", newline="") as file:
                cells = list(csv.DictReader(file))
            self.assertTrue(len(rows) == len(lines) == len(cells) and rows, table)
            for row, line, cell in zip(rows, lines, cells):
                self.assertEqual(list(row), list(line))
                self.assertEqual(list(row), list(cell))
                for name, value in row.items():
                    text = self.as_text(value)
                    same = line[name] if isinstance(line[name], (str, type(None))) else json.dumps(line[name], separators=(",", ":"), ensure_ascii=False)
                    self.assertEqual((same or "", cell[name].lstrip("'")), (text, text), f"{table}.{name}")

    def as_text(self, value):
        match value:
            case None:
                return ""
            case bool():
                return str(value).lower()
            case datetime.datetime():
                return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
        return value


if __name__ == "__main__":
    unittest.main()
