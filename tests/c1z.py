#!/usr/bin/env python3
"""An independent reader and checker of `.c1z` files, format version 1.

    python3 tests/c1z.py check FILE [--manifest FILE.json] [--expect expanded|unexpanded]
    python3 tests/c1z.py selftest

It shares no code with the writer: `c1z_format.py` reads the bytes, `c1z_rules.py` demands what readers of these files rely on,
and expands grants in a way of its own, which is deliberately naive.

`check` prints one error a line and exits 1 when there is one.
Python 3.11, standard library, `protobuf` and `zstandard`.
"""

import argparse
import collections
import contextlib
import sqlite3
import sys

from c1z_format import Malformed, unpack
from c1z_rules import Checker

SHOWN_PER_CODE = 20


class Report:
    def __init__(self):
        self.errors = collections.defaultdict(list)
        self.facts = {}  # what the manifest has to say

    def lines(self):
        for code, texts in self.errors.items():
            yield from (f"error [{code}] {text}" for text in texts[:SHOWN_PER_CODE])
            if len(texts) > SHOWN_PER_CODE:
                yield f"error [{code}] … and {len(texts) - SHOWN_PER_CODE} more of these"


def check(path, manifest=None, expect=None):
    report = Report()
    try:
        database, faults = unpack(path)
        for code, fault in faults:
            report.errors[code].append(fault)
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(database)
            Checker(connection, report, expect).run(path, manifest)
    except Malformed as fault:
        report.errors["container"].append(str(fault))
    except (sqlite3.Error, OSError) as fault:
        report.errors["database"].append(str(fault))
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("check", "selftest"), help="check a file, or check the checker")
    parser.add_argument("file", nargs="?" if "selftest" in sys.argv[1:2] else None)
    parser.add_argument("--manifest", help="the JSON manifest that describes the file")
    parser.add_argument("--expect", choices=("expanded", "unexpanded"), help="whether grants must be expanded; by default the file says so")
    arguments = parser.parse_args()
    if arguments.command == "selftest":
        import c1z_selftest

        return c1z_selftest.run()
    report = check(arguments.file, arguments.manifest, arguments.expect)
    for line in report.lines():
        print(line)
    print(f"{arguments.file}: {sum(map(len, report.errors.values()))} errors")
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
