"""Opens pages of this machine in a headless Chromium, for tests.

As a program: finds the browser, or installs Debian's where it may, and prints its path. ROLLCALL_CHROMIUM names another one.
Screenshots are written into the folder ROLLCALL_SCREENSHOTS, if that is set."""

import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"
INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
# It opens files alone: no sandbox (which root cannot have), and nothing that asks the network.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]
MISSING = f"""The tests of pages need Chromium or Chrome, and found none of {os.environ.get("ROLLCALL_CHROMIUM") or ", ".join(NAMES)}.
Install it (on Debian, as root: {" ".join(INSTALL)}), or name its program in ROLLCALL_CHROMIUM.
With ROLLCALL_CHROMIUM=none, tests/run leaves these tests out, and says so at its end."""


def find():
    """The path of a browser, or None."""
    named = os.environ.get("ROLLCALL_CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


def find_or_install():
    """The path of a browser, which root gets from Debian's packages. Exits if there is none."""
    may_install = "ROLLCALL_CHROMIUM" not in os.environ and os.geteuid() == 0 and shutil.which("apt-get")
    if not find() and may_install:
        for command in [["apt-get", "update"], INSTALL]:
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                sys.exit(f"{done.stdout}\n{' '.join(command)}: failed\n{MISSING}")
    return find() or sys.exit(MISSING)


class PageTest(unittest.TestCase):
    """Tests of pages. Each page must be quiet: no error, no message box, and no request but for itself."""

    @classmethod
    def setUpClass(cls):
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        # It has a user data folder of its own, which is empty.
        cls.chromium = playwright.chromium.launch(executable_path=find_or_install(), args=ARGUMENTS)
        cls.addClassCleanup(cls.chromium.close)

    def open(self, file, *, width=1280, height=900, dark=False):
        """Opens a file in a fresh context."""
        url = Path(file).resolve().as_uri()
        scheme = "dark" if dark else "light"
        context = self.chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, accept_downloads=True)
        self.addCleanup(context.close)
        page, noise = context.new_page(), []
        page.set_default_timeout(10_000)
        page.on("console", lambda message: noise.append(f"console: {message.text}") if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: noise.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (noise.append(f"message box: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: noise.append(f"request: {request.url}") if request.url != url else None)
        page.goto(url)
        self.addCleanup(lambda: self.assertEqual(noise, [], file))
        return page

    def download(self, page, button):
        """The name and bytes of the file that a click on this button downloads."""
        with page.expect_download() as expected:
            page.get_by_role("button", name=button).click()
        return expected.value.suggested_filename, Path(expected.value.path()).read_bytes()

    def assertFits(self, page):
        """Nothing is wider than the window."""
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.assertLessEqual(width, 0, "the page scrolls sideways")

    def shot(self, page, name):
        """Takes a screenshot, if somebody wants to look at it."""
        if folder := os.environ.get("ROLLCALL_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{name}.png")


if __name__ == "__main__":
    print("no browser, as ROLLCALL_CHROMIUM says" if os.environ.get("ROLLCALL_CHROMIUM") == "none" else find_or_install())
