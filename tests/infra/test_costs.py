"""What infra/cost.py computes, and what infra/README.md shows of it."""

import json
import os
import re
import subprocess
import sys
import unittest

from template import ROOT, connectors, parameters
from test_template import ALARMING, FULL, functions, watched

sys.path.insert(0, str(ROOT / "infra"))
import cost

SYNC, CHANGE, WORK = (json.loads((ROOT / f"infra/workflows/{name}.asl.json").read_text()) for name in ("sync", "provision", "c1-work"))
MEDIUM = cost.MEDIUM
TOTAL = sum(cost.month(MEDIUM.syncs, MEDIUM.syncs_a_day, MEDIUM.changes).values())


class Costs(unittest.TestCase):
    README = (ROOT / "infra/README.md").read_text()

    def run_with(self, *arguments):
        return subprocess.run([sys.executable, ROOT / "infra/cost.py", *arguments], capture_output=True, text=True)

    def test_connectors_and_alarms_are_those_of_the_template(self):
        self.assertEqual(set(cost.CONNECTORS), {c.lower() for c in connectors()})
        looks = {n: len(watched(a)) for n, a in FULL.of_type("AWS::CloudWatch::Alarm").items()}
        for connector in connectors():
            known = cost.CONNECTORS[connector.lower()]
            changing = [n for n in functions() if n.startswith(connector) and not n.endswith(("SyncFunction", "C1Function"))]
            alarms = sum(count for n, count in looks.items() if n.startswith(connector))
            expected = cost.ALARMS + known.key_ends + cost.C1_ALARMS + cost.SWEEP_ALARMS * bool(changing)
            self.assertEqual((known.changing, expected), (len(changing), alarms), connector)
        self.assertEqual(cost.ALARMS_OF_ALL, sum(count for n, count in looks.items() if not n.startswith(tuple(connectors()))))
        self.assertEqual(cost.METRICS + cost.SWEEP_METRICS, len(ALARMING - {"CredentialDaysLeft"}))

    def test_memory_and_days_are_those_of_the_template(self):
        for name, f in functions().items():
            expected = cost.MEMORY_GB if name.endswith(("SyncFunction", "PublishedFunction")) else cost.C1_MEMORY_GB if name.endswith("C1Function") else cost.CHANGE_MEMORY_GB
            self.assertEqual(f["MemorySize"], expected * 1024, name)
        rules = {r["Id"]: r for r in FULL.properties("Bucket")["LifecycleConfiguration"]["Rules"]}
        for kept, days in (("snapshots", cost.KEPT_DAYS), *((name.lower(), product.days) for name, product in cost.PRODUCTS.items())):
            old = rules[f"old-{kept}"]
            self.assertEqual(days, old["ExpirationInDays"] + old["NoncurrentVersionExpiration"]["NoncurrentDays"], kept)

    def test_transitions_are_those_of_the_workflows(self):
        # Those of a sync in one slice are counted where a workflow runs, in functions/temporalcloud/tests/workflow.rs.
        each = SYNC["States"]["Connections"]["ItemProcessor"]["States"]
        path = [each["Answered"]["Choices"][0]["Next"]]
        while path[-1] != "Answered":
            path.append(each[path[-1]]["Next"])
        self.assertEqual(cost.TRANSITIONS_A_SLICE, len(path), path)
        path = [next(c["Next"] for c in each["Answered"]["Choices"] if c["StringEquals"] == "complete")]
        while path[-1] != "Done":
            path.append(each[path[-1]]["Next"])
        self.assertEqual(cost.TRANSITIONS_TO_FOLLOW, len(path) - 1, path)
        path = [CHANGE["StartAt"]]
        while path[-1] != "Succeeded":
            state = CHANGE["States"][path[-1]]
            choices = [c["Next"] for c in state.get("Choices", [])]
            path.append("Succeeded" if "Succeeded" in choices else state.get("Next") or state["Default"])
            self.assertLess(len(path), 20, path)
        self.assertEqual(cost.TRANSITIONS_OF_CHANGE, len(path), path)
        path = [next(c["Next"] for c in CHANGE["States"]["Is there an answer?"]["Choices"] if "And" in c)]
        while path[-1] != "Succeeded":
            state = CHANGE["States"][path[-1]]
            path.append(state.get("Next") or state["Default"])
        self.assertEqual(cost.TRANSITIONS_TO_SCHEDULE, len(path) - 1, path)

        self.assertEqual(cost.C1_TRANSITIONS_TO_START, [WORK["StartAt"], WORK["States"][WORK["StartAt"]]["Next"]].index("Work"))
        path = ["Work"]
        while path.count("Work") == 1:
            state = WORK["States"][path[-1]]
            path.append(state["Choices"][-1]["Next"] if "Choices" in state else state["Next"])
        self.assertEqual(cost.C1_TRANSITIONS, len(path) - 1, path)

    def test_conductorone_costs_less_than_a_dollar_for_an_idle_connection(self):
        idle = cost.of_polls(1, 1)
        self.assertLess(sum(idle.values()), 1)
        self.assertLess(sum(cost.of_polls(1, 5).values()), 0.4)
        # One workflow asks for all connections.
        self.assertLess(sum(cost.of_polls(2, 1).values()), 2 * sum(idle.values()))

    def test_a_temporary_grant_costs_two_changes_and_a_schedule_as_the_readme_says(self):
        thousand = sum(cost.of_temporary(1000).values())
        self.assertIn(f"A thousand temporary grants a month cost ${thousand:.2f}", self.README)
        self.assertLess(thousand, 2.5 * sum(cost.of_changes(2000).values()))
        with_changes = [sum(cost.month(MEDIUM.syncs, changes=1, temporary=n).values()) for n in (0, 1000)]
        self.assertLess(abs(with_changes[1] - with_changes[0] - thousand), 1e-9)

    def test_a_sweep_costs_cents_and_only_where_there_is_something_to_end(self):
        elastic = {"elastic": MEDIUM.syncs["elastic"]}
        sweeps, changes = (sum(bill.values()) for bill in (cost.of_sweeps(1), cost.of_changes(1)))
        self.assertLess(sweeps, 0.15)
        without, one = (sum(cost.month(elastic, changes=n).values()) for n in (0, 1))
        self.assertLess(abs(one - without - sweeps - changes), 1e-9)

    def test_what_follows_a_snapshot_can_be_switched_off_as_in_the_template(self):
        self.assertTrue(set(cost.PRODUCTS) <= set(parameters()))
        everything, nothing = (sum(cost.month(MEDIUM.syncs, products=products).values()) for products in (cost.PRODUCTS, ()))
        for name in cost.PRODUCTS:
            self.assertEqual(cost.asked(["elastic=1", f"{name}=no"])[-1], [other for other in cost.PRODUCTS if other != name])
            only = sum(cost.month(MEDIUM.syncs, products=[name]).values())
            self.assertTrue(nothing < only < everything, name)
        self.assertLess(everything - nothing, 2)

    def test_the_sizes_can_be(self):
        for what, sync, connector in ((f"{s.name}: {n}", sync, cost.CONNECTORS[n]) for s in cost.SIZES for n, sync in s.syncs.items()):
            self.assertLessEqual(sync.seconds, sync.slices * cost.SLICE_SECONDS, what)
            self.assertLess((sync.slices - 1) / connector.slices_an_hour * 3600 + sync.seconds, SYNC["TimeoutSeconds"], what)
            if connector.slices_an_hour == float("inf"):
                self.assertEqual(sync.slices, 1, what)

    def test_the_tables_of_the_readme_are_what_is_printed(self):
        current = self.README
        for command, arguments in (("cost.py", ()), ("cost.py c1", ("c1",)), ("cost.py follows", ("follows",))):
            tables = f"<!-- {command} -->\n{self.run_with(*arguments).stdout}<!-- /{command} -->"
            current, found = re.subn(rf"<!-- {command} -->\n.*<!-- /{command} -->", lambda _: tables, current, flags=re.DOTALL)
            self.assertEqual(found, 1, command)
        if os.environ.get("ROLLCALL_ACCEPT"):
            (ROOT / "infra/README.md").write_text(current)
        self.assertEqual((ROOT / "infra/README.md").read_text(), current, "run `just accept`")

    def test_the_medium_size_costs_less_than_eight_dollars_and_the_first_readme_says_what(self):
        self.assertLess(TOTAL, 8)
        shown = (ROOT / "README.md").read_text().split("## Cost")[1]
        self.assertIn(f"{MEDIUM.changes} changes a month are about ${TOTAL:.0f} a month", shown)

    def test_numbers_of_ones_own_are_counted_like_the_sizes(self):
        self.assertEqual(cost.asked(["elastic=1", "buildkite=2", "syncs=0.5"])[1:-1], (0.5, 0, None, 0))
        self.assertEqual(cost.asked(["elastic=1", "c1=5"])[1:-1], (4, 0, 5, 0))
        self.assertEqual(cost.asked(["elastic=1", "temporary=1000"])[1:-1], (4, 0, None, 1000))
        asked = [f"{name}={sync.connections}" for name, sync in MEDIUM.syncs.items()]
        for arguments in (asked, [f"{n}={','.join(map(str, s[:4]))}" for n, s in MEDIUM.syncs.items()]):
            printed = self.run_with(*arguments, f"changes={MEDIUM.changes}").stdout
            self.assertRegex(printed, rf"in all +{TOTAL:.2f}\n$")
        # What does not fit into a slice takes more of them.
        self.assertEqual(cost.asked(["confluence=1,1681"])[0]["confluence"].slices, 3)
        example = re.search(r"`infra/cost.py (\w+=.*?)`", self.README)[1]
        self.assertEqual(self.run_with(*example.split()).returncode, 0)
        self.assertRegex(self.run_with("elastic=1", "c1=5").stdout, r"between polls 5\n(.+\n|\n)+Data transfer")

    def test_bad_input_is_told_in_a_line(self):
        for arguments in (
            "3 4 40 30 2", "toybox=1", "buildkite", "buildkite=", "buildkite=0", "buildkite=1.5", "buildkite=1,nan", "buildkite=1,-1",
            "buildkite=1,1,0", "buildkite=1,1,1,1e400", "buildkite=1,1,1,1,1", "buildkite=1 buildkite=1", "syncs=4", "changes=1",
            "buildkite=1 syncs=x", "buildkite=1 changes=1", "buildkite=1 temporary=1", "elastic=1 temporary=0.5", "elastic=1 changes=0.5", "elastic=1 syncs=1 syncs=1", "c1=1",
            "elastic=1 Tables=0", "elastic=1 tables=no", "Tables=no", "elastic=1 Tables=no Tables=no", "elastic=1 c1=0", "elastic=1 c1=0.5", "elastic=1 c1=1 c1=1",
        ):
            ended = self.run_with(*arguments.split())
            self.assertEqual((ended.returncode, ended.stdout), (2, ""), arguments)
            self.assertRegex(ended.stderr, r"^cost\.py: [^\n]+\n$", arguments)
