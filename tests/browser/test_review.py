"""The page of an access review: made by the command line from simulated vendors, and read by it again."""

import csv
import io
import json

from vendors import VendorTest

HOSTILE = "=<script>alert(1)</script>\"><img src=x onerror=alert(2)>\u202e\u2066{{style}}&lt; " + "x" * 300


class Review(VendorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.name_user(HOSTILE, "viewer")
        for connector in ("elastic", "temporalcloud"):
            cls.rollcall("sync", connector)
        cls.rollcall("review", "new", "--out", "q")
        cls.rows = json.loads((cls.place / "q" / "review.json").read_text())["rows"]

    def filter(self, page, words):
        """Shows the rows with these words. Returns their lines; the first one is current."""
        page.keyboard.press("/")
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.type(words)
        page.keyboard.press("Enter")
        return page.locator("tbody tr")

    def test_decisions_by_keys_and_buttons_are_those_that_apply_reads(self):
        page, left = self.open(self.place / "q" / "review.html"), len(self.rows)
        expect_left = lambda count: self.assertEqual(page.get_by_role("status").text_content(), f"to decide: {count}")
        expect_left(left)

        viewer = self.filter(page, "elastic/default deploymentUser:jacknich role:viewer:member")
        self.assertEqual(viewer.count(), 1)
        page.keyboard.press("r")
        self.assertEqual(viewer.get_attribute("class"), "revoke")
        page.keyboard.press("u")
        expect_left(left)
        page.keyboard.press("r")
        page.keyboard.press("c")
        page.keyboard.type('=no need, he says: "k, r"')
        page.keyboard.press("Escape")

        account = self.filter(page, "temporalcloud/default user:u2").first
        self.assertIn("The account itself", account.text_content())
        held = sum(row["connector"] == "temporalcloud" and row["account"] == "user:u2" for row in self.rows)
        account.get_by_role("button", name="Revoke", exact=True).click()
        self.assertEqual(page.get_by_text("goes with the account").filter(visible=True).count(), held - 1)
        expect_left(left - 1 - held)
        # A grant that is kept longer than its account is a contradiction, and open until it is undone.
        conflict = page.get_by_text("contradicts: its account goes earlier").filter(visible=True)
        page.keyboard.press("ArrowDown")
        for key, day, count in (("k", None, 1), ("d", "2999-12-31", 1), ("r", None, 0), ("k", None, 1), ("u", None, 0)):
            page.keyboard.press(key)
            if key in "kr":
                page.keyboard.press("ArrowUp")
            if day:
                page.keyboard.press("Escape")
                page.locator("tr[aria-current]").get_by_label("Day").fill(day)
                page.keyboard.press("Escape")
            self.assertEqual(conflict.count(), count, key)
            expect_left(left - 1 - held + count)

        later = self.filter(page, "elastic/default deploymentUser:svc role:viewer:member")
        page.keyboard.press("d")
        expect_left(left - 1 - held)
        later.get_by_label("Day").fill("2999-12-31")
        page.keyboard.press("Enter")
        expect_left(left - 2 - held)

        # All others are kept; no more rows are in the document than fit a few screens.
        lines = self.filter(page, " ")
        page.get_by_label("Show rows", exact=True).select_option("rows to decide")
        page.keyboard.press("Escape")
        self.assertEqual(page.locator("#range").text_content(), f"1–50 of {left - 2 - held}")
        page.get_by_role("button", name="Next rows").click()
        page.get_by_role("button", name="Previous rows").click()
        for _ in range(left - 2 - held):
            page.keyboard.press("k")
        self.assertEqual(page.get_by_role("status").text_content(), "all rows are decided")
        self.assertLessEqual(lines.count(), 50)

        name, sheet = self.download(page, "Download review.csv")
        written = list(csv.DictReader(io.StringIO((self.place / "q" / "review.csv").read_text("utf-8-sig"))))
        read = list(csv.DictReader(io.StringIO(sheet.decode("utf-8-sig"))))
        shown = lambda row: {column: cell for column, cell in row.items() if column not in ("decision", "comment")}
        self.assertEqual([shown(row) for row in read], [shown(row) for row in written])
        (self.place / "q" / name).write_bytes(sheet)
        planned = self.rollcall("review", "apply", "q")
        found = {(item["account"], item["entitlement"]): (item["decision"], item["result"], item["comment"]) for item in planned}
        self.assertEqual(found[("deploymentUser:jacknich", "role:viewer:member")], ("revoke", "planned", "'=no need, he says: \"k, r\""))
        self.assertEqual(found[("deploymentUser:svc", "role:viewer:member")], ("revoke on 2999-12-31", "not_due", ""))
        self.assertEqual(found[("user:u2", "")], ("revoke", "planned", ""))
        self.assertEqual(len(found), 2 + held)

    def test_a_hostile_name_stays_text_in_every_window(self):
        (written,) = {row["name"] for row in self.rows if row["account"] == "deploymentUser:jacknich"}
        self.assertEqual(written, HOSTILE)
        shown = "'" + HOSTILE.replace("\u202e", "\\u{202e}").replace("\u2066", "\\u{2066}")
        for name, size in {
            "light": {}, "dark": {"dark": True}, "narrow": {"width": 400}, "narrow-dark": {"width": 400, "dark": True},
        }.items():
            with self.subTest(name):
                page = self.open(self.place / "q" / "review.html", **size)
                self.shot(page, name)
                lines = self.filter(page, "<script>alert(1)</script>")
                self.assertEqual(lines.first.locator("td").first.locator("span").text_content(), shown)
                page.keyboard.press("k")
                page.keyboard.press("r")
                self.shot(page, f"{name}-hostile")
                self.assertEqual((page.locator("img").count(), page.locator("script").count()), (0, 2))
                self.assertFits(page)
