"""The Dockerfile, as far as this can be seen without an engine that builds it."""

import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from template import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
RUST = re.search(r'^rust-version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]


class Image(unittest.TestCase):
    def test_it_is_built_by_the_oldest_toolchain_that_the_workspace_supports(self):
        self.assertIn(f"\nFROM rust:{RUST}-", DOCKERFILE)

    def test_what_is_copied_is_enough_for_cargo_to_know_every_binary_that_it_names(self):
        with tempfile.TemporaryDirectory() as folder:
            for path in re.findall("^!(.+)$", (ROOT / ".dockerignore").read_text(), re.M):
                source, copy = ROOT / path, Path(folder, path)
                copy.parent.mkdir(exist_ok=True)
                (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
            cargo = "cargo metadata --locked --offline --no-deps --format-version 1"
            packages = json.loads(subprocess.run(cargo.split(), cwd=folder, check=True, capture_output=True).stdout)["packages"]
            named = subprocess.run(re.search(r"\$\((sed .*?)\) ", DOCKERFILE)[1], shell=True, cwd=folder, check=True, capture_output=True)
            functions = {file.stem for file in Path(folder).glob("functions/*/src/bin/*.rs")}
        binaries = {p["name"]: {t["name"] for t in p["targets"] if t["kind"] == ["bin"]} for p in packages}
        self.assertTrue(set(re.findall(r"--bin (\S+)", DOCKERFILE)) <= binaries["rollcall-cli"])
        built = named.stdout.decode().replace("--package", "").split()
        self.assertEqual(set().union(*(binaries[package] for package in built)), functions)
