"""The definitions of the workflows, as AWS has them: valid by cfn-lint, and good for every partition."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from template import ROOT

FILES = sorted((ROOT / "infra/workflows").glob("*.asl.json"))


def definition(file, partition):
    text = file.read_text()
    functions = f"arn:{partition}:lambda:us-east-1:123456789012:function:rollcall-"
    for name, value in {"Partition": partition, "SyncFunction": f"{functions}toybox-sync", "FunctionPrefix": functions, "Bus": "rollcall"}.items():
        text = text.replace(f"${{{name}}}", value)
    return text


class Workflows(unittest.TestCase):
    def test_cfn_lint_finds_nothing(self):
        resources = {}
        for file in FILES:
            properties = {"RoleArn": "arn:aws:iam::123456789012:role/r", "Definition": json.loads(definition(file, "aws"))}
            resources[file.name.split(".")[0].title()] = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
        self.assertEqual(set(resources), {"Sync", "Provision"})
        with tempfile.TemporaryDirectory() as folder:
            template = Path(folder) / "template.json"
            template.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}))
            linted = subprocess.run([Path(sys.executable).parent / "cfn-lint", template], capture_output=True, text=True)
        self.assertEqual((linted.returncode, linted.stdout), (0, ""))

    def test_no_partition_is_taken_for_granted(self):
        for file in FILES:
            self.assertNotIn("arn:aws:", definition(file, "aws-cn"), file.name)
            self.assertNotIn("${", definition(file, "aws-cn"), file.name)


if __name__ == "__main__":
    unittest.main()
