"""infra/build, with a cargo and a SAM that record how they were called."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from samcli.yamlhelper import yaml_dump
from samtranslator.yaml_helper import yaml_parse
from template import ROOT, source

RECORD = '#!/bin/sh\necho "$(basename "$0") $*" >>called\n'
TEMPLATES = {"infra/one.yaml": "Binary: elastic-sync }\nBinary: elastic-grant\nBinary: elastic-sync\n",
             "none.yaml": "Resources: {}\n", "unknown.yaml": "Binary: jira-sync\n"}


class Build(unittest.TestCase):
    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for folder in ("bin", "infra", ".aws-sam/build"):
            (self.root / folder).mkdir(parents=True)
        for file in ("infra/build", "infra/template.yaml", "samconfig.toml"):
            shutil.copy(ROOT / file, self.root / file)
        (self.root / "functions").symlink_to(ROOT / "functions")
        for file, text in TEMPLATES.items() | {f"bin/{tool}": RECORD for tool in ("cargo", "cargo-lambda", "sam")}.items():
            (self.root / file).write_text(text)
            (self.root / file).chmod(0o755)
        (self.root / ".aws-sam/build/template.yaml").write_text(yaml_dump(source()))  # as `sam build` writes it

    def build(self, *options):
        """Exit code, the functions that cargo built, the options that SAM was given, and what was said."""
        (self.root / "called").unlink(missing_ok=True)
        path = {"PATH": f"{self.root / 'bin'}:/usr/bin:/bin"}
        ran = subprocess.run([self.root / "infra/build", *options], env=os.environ | path, cwd="/", capture_output=True, text=True)
        called = (self.root / "called").read_text().splitlines() if (self.root / "called").exists() else ["", ""]
        words = called[0].split()
        return ran.returncode, {words[i + 1] for i, w in enumerate(words) if w == "--bin"}, called[1], ran.stderr

    def test_the_functions_of_the_template_are_built_and_no_others(self):
        one = {"elastic-sync", "elastic-grant"}
        for options, functions in (([], {p.stem for p in ROOT.glob("functions/*/src/bin/*.rs")}), (["-t", "infra/one.yaml"], one),
                                   (["--template-file", "infra/one.yaml", "--debug"], one), (["--template-file=infra/one.yaml"], one)):
            code, built, sam, said = self.build("x86_64", *options)
            self.assertEqual((code, built, said), (0, functions, ""), options)
            self.assertTrue(sam.endswith(" ".join(["Architecture=x86_64", *options])), sam)

    def test_a_template_without_functions_is_an_error(self):
        for file, code, word in (("none.yaml", 1, "names no function"), ("unknown.yaml", 1, "`jira-sync`"), ("absent.yaml", 2, "cannot read")):
            failed, built, _, said = self.build("arm64", "--template-file", file)
            self.assertEqual((failed, built, word in said, file in said), (code, set(), True, True), said)

    def test_a_tool_that_is_missing_is_named_before_anything_is_built(self):
        for tool in ("sam", "cargo-lambda"):
            (self.root / "bin" / tool).unlink()
            failed, built, _, said = self.build("arm64")
            self.assertEqual((failed, built, f"`{tool}` is missing" in said), (2, set(), True), said)

    def test_a_build_for_another_processor_is_refused(self):
        for built in ("arm64", "x86_64"):
            (self.root / ".aws-sam/build/template.yaml").write_text(yaml_dump(source()))
            self.assertEqual(self.build(built)[0], 0)
            expected = source()
            expected["Parameters"]["Architecture"] |= {"AllowedValues": [built], "Default": built}
            self.assertEqual(yaml_parse((self.root / ".aws-sam/build/template.yaml").read_text()), expected)
