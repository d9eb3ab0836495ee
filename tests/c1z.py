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


def lines(errors):
    for code, texts in errors.items():
        yield from (f"error [{code}] {text}" for text in texts[:SHOWN_PER_CODE])
        if len(texts) > SHOWN_PER_CODE:
            yield f"error [{code}] … and {len(texts) - SHOWN_PER_CODE} more of these"


def check(path, manifest=None, expect=None):
    """The errors in a file by their codes, and what its manifest has to say."""
    errors, facts = collections.defaultdict(list), {}
    try:
        database, faults = unpack(path)
        for code, fault in faults:
            errors[code].append(fault)
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(database)
            facts = Checker(connection, errors, expect).run(path, manifest)
    except Malformed as fault:
        errors["container"].append(str(fault))
    except (sqlite3.Error, OSError) as fault:
        errors["database"].append(str(fault))
    return errors, facts


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
    errors, _ = check(arguments.file, arguments.manifest, arguments.expect)
    print(*lines(errors), f"{arguments.file}: {sum(map(len, errors.values()))} errors", sep="\n")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
