"""A template of one connector deploys what the template of all deploys with the same answers. ROLLCALL says where the
command line is that makes it."""

import os
import subprocess
import unittest

from template import Stack, connectors

ROLLCALL = os.environ.get("ROLLCALL")


@unittest.skipUnless(ROLLCALL, "no command line: run tests/run")
class Alone(unittest.TestCase):
    def test_one_connector_is_deployed_as_among_others(self):
        for connector in connectors():
            others = {other: "no" for other in connectors() if other != connector}
            among = Stack(**others).resources
            for options in ([], ["--all-parameters"]):
                command = [ROLLCALL, "template", connector.lower(), *options]
                text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                self.assertEqual(settled(Stack(text).resources), settled(among), (connector, options))


def settled(value):
    """A value without the settings that say what is so anyway."""
    if isinstance(value, list):
        return [settled(v) for v in value]
    if not isinstance(value, dict):
        return value
    usual = ({"Enabled": False}, {"Mode": "PassThrough"})
    return {k: settled(v) for k, v in value.items() if v not in usual}


if __name__ == "__main__":
    unittest.main()
