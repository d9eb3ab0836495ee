"""The report on a snapshot, made by the command line from simulated vendors, against what `rollcall snapshot` prints."""

import json
import re
from collections import Counter, defaultdict
from urllib.parse import quote

from vendors import ROOT, VendorTest

CONNECTORS = re.findall(r"(?m)^    ([a-z]+),$", (ROOT / "functions" / "connectors.rs").read_text())
HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>\u202e\u2066\"' admin " + "x" * 300

# What a page says: for each entitlement, the paths that lead to it; or, for each entitlement, who holds it.
PATHS = """() => [...document.querySelectorAll("main tr")].flatMap((row) => {
  const entitlement = row.querySelector("[data-entitlement]")?.dataset.entitlement;
  return [...row.querySelectorAll("[data-via]")].map((path) => [entitlement, JSON.parse(path.dataset.via)]);
})"""
HOLDERS = """() => [...document.querySelectorAll("main .card")].flatMap((card) => {
  const entitlement = card.querySelector("[data-holders]")?.dataset.holders;
  const links = [...card.querySelectorAll("tbody td:first-child > a")];
  return entitlement ? links.map((link) => [entitlement, decodeURIComponent(link.hash.split("/")[2])]) : [];
})"""


class Report(VendorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for connector in CONNECTORS:
            cls.rollcall("sync", connector)
        cls.name_user(HOSTILE, "superuser")
        cls.rollcall("sync", "elastic")
        cls.reports = {connector: cls.place / cls.rollcall("report", connector) for connector in CONNECTORS}

    def report(self, connector, **options):
        """The report on a connector's snapshot, its data decoded."""
        page = self.open(self.reports[connector], **options)
        page.wait_for_selector("html[data-ready=true]")
        return page

    def go(self, page, route):
        """Shows the page of an account or resource, all of its rows."""
        page.evaluate("route => { location.hash = route; }", route)
        page.wait_for_function("route => document.getElementById('main').dataset.route === route", arg=route)
        page.evaluate("document.querySelectorAll('main button.more').forEach((more) => more.click())")

    def test_pages_of_principals_have_the_paths_that_snapshot_access_prints(self):
        lengths = defaultdict(set)
        for connector in CONNECTORS:
            page, count = self.report(connector), Counter(grant["principal"] for grant in self.rollcall("snapshot", "grants", connector))
            resources = sorted(self.rollcall("snapshot", "resources", connector), key=lambda resource: -count[resource["id"]])
            for resource in resources[:20]:
                expected = [[held["entitlement"], held["via"]] for held in self.rollcall("snapshot", "access", connector, resource["id"])]
                kind = "person" if "user" in resource["traits"] else "resource"
                self.go(page, f"#/{kind}/{quote(resource['id'], safe='')}")
                self.assertCountEqual(page.evaluate(PATHS), expected, f"{connector} {resource['id']}")
                lengths[kind].update(len(via) for _, via in expected)
        self.assertLessEqual({1, 2, 3}, lengths["person"], "direct, through a group, through a group and a role")

    def test_pages_of_resources_have_the_holders_that_snapshot_grants_prints(self):
        for connector in CONNECTORS:
            page, holders = self.report(connector), defaultdict(list)
            for grant in self.rollcall("snapshot", "grants", connector):
                holders[grant["resource"]].append([grant["entitlement"], grant["principal"]])
            for resource, expected in sorted(holders.items(), key=lambda item: -len(item[1]))[:20]:
                self.go(page, f"#/resource/{quote(resource, safe='')}")
                self.assertCountEqual(page.evaluate(HOLDERS), expected, f"{connector} {resource}")

    def test_everything_is_reached_by_keys(self):
        page = self.report("temporalcloud")
        page.keyboard.press("Tab")
        self.assertEqual(page.evaluate("document.activeElement.textContent"), "Skip to the content")
        page.keyboard.press("/")
        page.keyboard.type("dev@EXAMPLE")
        self.assertEqual(page.get_by_role("option").count(), 1)
        page.keyboard.press("Enter")
        page.wait_for_url("**#/person/**")
        name = page.locator("h1").text_content()
        self.assertEqual(page.evaluate("document.activeElement.tagName"), "H1")
        self.shot(page, "report-person")
        page.keyboard.press("/")
        page.keyboard.type("namespace")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowDown")
        self.assertEqual(page.locator("[aria-selected=true]").get_attribute("id"), "result-1")
        self.shot(page, "report-search")
        page.keyboard.press("Enter")
        page.wait_for_url("**#/resource/**")
        self.shot(page, "report-resource")
        page.go_back()
        self.assertEqual(page.locator("h1").text_content(), name)
        page.keyboard.press("/")
        page.keyboard.type("nobody has this name")
        self.assertIn("Nothing matches", page.locator("#results").text_content())
        page.keyboard.press("Escape")
        self.assertTrue(page.locator("#results").is_hidden())

    def test_a_hostile_name_is_text_everywhere(self):
        page = self.report("elastic")
        for view in ("overview", "people", "user"):
            if view != "overview":
                [user] = [r["id"] for r in self.rollcall("snapshot", "resources", "elastic") if r["display_name"] == HOSTILE]
                self.go(page, "#/people" if view == "people" else f"#/person/{quote(user, safe='')}")
            self.assertIn(HOSTILE, page.locator("main").text_content(), view)
            self.assertEqual(page.locator("img, main script").count(), 0)
            self.assertEqual(page.evaluate("getComputedStyle(document.querySelector('main bdi')).unicodeBidi"), "isolate")
            self.shot(page, f"report-hostile-{view}")

    def test_the_first_view_suits_small_windows_dark_rooms_and_paper(self):
        for connector in CONNECTORS:
            self.assertFits(self.report(connector, width=390))
        narrow = self.report("temporalcloud", width=390)
        self.shot(narrow, "report-narrow")
        colors = [self.background(self.report("temporalcloud", dark=dark)) for dark in (False, True)]
        self.assertNotEqual(*colors)
        page = self.report("temporalcloud")
        self.assertIn("What changed since the snapshot before", page.locator("main").text_content())
        page.emulate_media(media="print")
        self.assertTrue(page.locator(".bar").is_hidden())

    def background(self, page):
        self.shot(page, f"report-{page.evaluate('matchMedia(`(prefers-color-scheme: dark)`).matches')}")
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    def test_a_printed_page_of_an_account_is_complete(self):
        page = self.report("confluence")
        [most] = page.evaluate("[...document.querySelectorAll('.bars a')].slice(0, 1).map((link) => link.hash)")
        page.evaluate("route => { location.hash = route; }", most)
        page.wait_for_url("**" + most)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        self.assertEqual(page.locator("main button.more, main details:not([open])").count(), 0)

    def test_a_report_from_a_file_alone_says_what_it_lacks(self):
        [file] = (self.place / "rollcall-data" / "snapshots" / "northflank" / "default").glob("*.c1z")
        (self.place / "bare.c1z").write_bytes(file.read_bytes())
        page = self.open(self.place / self.rollcall("report", "bare.c1z"))
        text = page.locator("main").text_content()
        self.assertIn("made from a file alone", text)
        self.assertNotIn("There is no snapshot before", text)
