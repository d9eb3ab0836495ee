"""A folder in which the command line works on simulated vendors, for tests of the pages that it writes.

ROLLCALL_BUILD names the folder with the programs (default: target/debug)."""

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.request import Request, urlopen

from browser import PageTest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ROLLCALL_BUILD", ROOT / "target" / "debug"))


class VendorTest(PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(place.cleanup)
        cls.place = Path(place.name)
        simulate = [BUILD / "simulate", "all", "--sample", "rich", "--port", "0", "--config", "secrets"]
        vendors = subprocess.Popen(simulate, cwd=cls.place, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(vendors.communicate)
        cls.addClassCleanup(vendors.send_signal, signal.SIGINT)
        # The last line comes when all of them are ready.
        if not any(line.startswith("export ROLLCALL_SECRETS") for line in vendors.stdout):
            raise AssertionError("the simulators did not start")

    @classmethod
    def name_user(cls, name, role):
        """Gives a native user of Elastic this name and role."""
        elastic = json.loads((cls.place / "secrets" / "elastic" / "default.json").read_text())
        user = json.dumps({"full_name": name, "email": "jack@example.com", "roles": [role]}).encode()
        kind = dict.fromkeys(["Accept", "Content-Type"], "application/json")
        headers = {"Authorization": f"ApiKey {elastic['deployment-api-key']}", **kind}
        url = f"{elastic['deployment-endpoint']}/_security/user/jacknich?refresh=true"
        urlopen(Request(url, user, headers, method="PUT")).close()

    @classmethod
    def rollcall(cls, *arguments):
        """Runs the command line; returns its JSON, or the line of a command that has none."""
        environment = {"ROLLCALL_SECRETS": "file:secrets", "PATH": os.environ["PATH"]}
        is_json = arguments[0] != "report"
        command = [BUILD / "rollcall", *arguments, *(["-o", "json"] if is_json else [])]
        ran = subprocess.run(command, cwd=cls.place, env=environment, capture_output=True, text=True)
        if ran.returncode:
            raise AssertionError(f"{arguments}: {ran.stdout}{ran.stderr}")
        return json.loads(ran.stdout) if is_json else ran.stdout.strip()
