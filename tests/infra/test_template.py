"""The template as data: what a deployment would have, and what it would not."""

import json
import re
import subprocess
import sys
import unittest

import policy
from template import ACCOUNT, ROOT, Stack, connectors, definition, listed, parameters, source, statements

sys.path.insert(0, str(ROOT / "infra"))
import cost

FULL = Stack()
LOCKED = Stack(AuditLockDays=365, Tracing="Active", Architecture="x86_64", PermissionsBoundaryArn="arn:aws:iam::1:policy/b")


def functions(stack=FULL):
    return stack.of_type("AWS::Lambda::Function")


def roles(stack, kind):
    """The roles of functions of a kind, by the function's name."""
    by_arn = {f"arn:aws:iam::{ACCOUNT}:role/rollcall-{n.lower()}": r for n, r in stack.of_type("AWS::IAM::Role").items()}
    return {
        f["FunctionName"]: by_arn[f["Role"]]
        for f in functions(stack).values()
        if f["FunctionName"].endswith("-sync") == (kind == "sync")
    }


def watched(alarm):
    """The metrics that an alarm looks at."""
    return [m["MetricStat"]["Metric"] for m in alarm["Metrics"] if "MetricStat" in m] if "Metrics" in alarm else [alarm]


class Functions(unittest.TestCase):
    def test_every_binary_of_every_connector_is_a_function(self):
        binaries = {p.stem for p in ROOT.glob("functions/*/src/bin/*.rs")}
        self.assertGreaterEqual(len(binaries), 5)
        self.assertEqual(binaries, {f["FunctionName"].removeprefix("rollcall-") for f in functions().values()})
        for name, resource in source()["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                metadata = resource["Metadata"]
                self.assertEqual(metadata["BuildMethod"], "rust-cargolambda", name)
                binary = metadata["BuildProperties"]["Binary"]
                self.assertIn(binary, str(resource["Properties"]["FunctionName"]))
                built = ROOT / "infra" / resource["Properties"]["CodeUri"]
                self.assertTrue((built / "src" / "bin" / f"{binary}.rs").is_file(), name)

    def test_the_processor_is_a_parameter(self):
        for stack, expected in ((FULL, "arm64"), (LOCKED, "x86_64")):
            for name, f in functions(stack).items():
                self.assertEqual((f["Runtime"], f["Handler"], f["Architectures"]), ("provided.al2023", "bootstrap", [expected]), name)

    def test_logs_expire_and_a_function_can_write_no_other(self):
        groups = {g["LogGroupName"]: g for g in FULL.of_type("AWS::Logs::LogGroup").values()}
        for name, f in functions().items():
            self.assertEqual(groups[f["LoggingConfig"]["LogGroup"]]["RetentionInDays"], 30, name)

    def test_variables_are_those_of_local_use(self):
        read = (ROOT / "shared/engine/src/context/mod.rs").read_text() + (ROOT / "shared/engine/src/runtime/telemetry.rs").read_text()
        explained = (ROOT / "README.md").read_text()
        for f in functions(LOCKED).values():
            variables = f["Environment"]["Variables"]
            self.assertEqual(variables["ROLLCALL_STORE"], "s3://rollcall-bucket")
            self.assertEqual(variables["ROLLCALL_AUDIT_STORE"], "s3://rollcall-auditbucket")
            for name in variables:
                self.assertIn(f'"{name}"', read)
                self.assertIn(f"| `{name}` |", explained)
        self.assertNotIn("ROLLCALL_AUDIT_STORE", next(iter(functions(FULL).values()))["Environment"]["Variables"])


class Switches(unittest.TestCase):
    def test_a_connector_that_is_off_leaves_nothing(self):
        for connector in connectors():
            off = Stack(**{connector: "no"})
            self.assertEqual([n for n in off.resources if n.startswith(connector)], [])
            self.assertNotIn(connector.lower(), json.dumps(list(off.resources.values())).lower())

    def test_without_provisioning_nothing_can_change_anything(self):
        provisioning = [c for c in connectors() if f"{c}Provisioning" in source()["Parameters"]]
        for connector in provisioning:
            stack = Stack(**{f"{connector}Provisioning": "no"})
            own = [n for n in stack.resources if n.startswith(connector)]
            of_functions = [f["FunctionName"] for n, f in functions(stack).items() if n in own]
            self.assertEqual(of_functions, [f"rollcall-{connector.lower()}-sync"])
            self.assertFalse([n for n in own if "Provision" in n or "Requests" in n], own)
            self.assertNotIn(f"{connector.lower()}-grant", json.dumps(stack.resources))

    def test_nothing_is_on_unless_somebody_says_so(self):
        self.assertEqual({parameters()[c] for c in connectors()}, {"no"})
        self.assertEqual({v for n, v in parameters().items() if n.endswith("Provisioning")}, {"no"})


class Schedules(unittest.TestCase):
    def test_a_schedule_starts_the_workflow_with_all_connections(self):
        names = {f"{c}Connections": "acme,beta-2" for c in connectors()}
        stack = Stack(**names)
        schedules = stack.of_type("AWS::Scheduler::Schedule")
        self.assertEqual(len(schedules), len(connectors()))
        for connector in connectors():
            schedule = schedules[f"{connector}SyncSchedule"]
            self.assertEqual(schedule["FlexibleTimeWindow"]["Mode"], "FLEXIBLE")
            self.assertEqual((schedule["State"], schedule["ScheduleExpression"]), ("ENABLED", stack.parameters[f"{connector}Schedule"]))
            target = schedule["Target"]
            self.assertEqual(json.loads(target["Input"]), {"connections": ["acme", "beta-2"]})
            self.assertTrue(target["Arn"].endswith(f"stateMachine:rollcall-{connector.lower()}-sync"))
            self.assertTrue(target["DeadLetterConfig"]["Arn"].endswith(":rollcall-dead-letters"))

    def test_what_starts_a_workflow_may_start_it(self):
        for name, target in [(n, s["Target"]) for n, s in FULL.of_type("AWS::Scheduler::Schedule").items()] + [
            (n, t) for n, r in FULL.of_type("AWS::Events::Rule").items() for t in r["Targets"]
        ]:
            role = FULL.properties(next(n for n in FULL.of_type("AWS::IAM::Role") if target["RoleArn"].endswith(n.lower())))
            self.assertTrue(policy.allows(statements(role), "states:StartExecution", target["Arn"], {}), name)
            self.assertTrue(policy.allows(statements(role), "sqs:SendMessage", target["DeadLetterConfig"]["Arn"], {}), name)

    def test_dead_letters_of_rules_reach_the_queue(self):
        rules = FULL.properties("DeadLettersPolicy")["PolicyDocument"]["Statement"][0]
        self.assertEqual(rules["Principal"], {"Service": "events.amazonaws.com"})
        for rule in FULL.of_type("AWS::Events::Rule").values():
            arn = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{rule['EventBusName']}/{rule['Name']}"
            self.assertTrue(policy.like(rules["Condition"]["ArnLike"]["aws:SourceArn"], arn))


class Requests(unittest.TestCase):
    def test_a_rule_takes_the_requests_that_there_are_functions_for(self):
        names = {f["FunctionName"].removeprefix("rollcall-") for f in functions().values()}
        taken = set()
        for rule in FULL.of_type("AWS::Events::Rule").values():
            self.assertEqual((rule["EventBusName"], rule["EventPattern"]["source"]), ("rollcall", ["rollcall.provision"]))
            taken.update(rule["EventPattern"]["detail-type"])
        self.assertEqual(taken, {n for n in names if not n.endswith("-sync")})

    def test_a_workflow_may_call_what_it_calls(self):
        for name, machine in FULL.of_type("AWS::StepFunctions::StateMachine").items():
            role = FULL.properties(next(n for n in FULL.of_type("AWS::IAM::Role") if machine["RoleArn"].endswith(n.lower())))
            given = machine["DefinitionSubstitutions"]
            self.assertEqual(set(re.findall(r"\$\{(\w+)\}", definition(name))), set(given))
            if "SyncFunction" in given:
                called = [given["SyncFunction"]]
            else:
                rule = FULL.properties(name.replace("ProvisionWorkflow", "Requests"))
                called = [given["FunctionPrefix"] + d for d in rule["EventPattern"]["detail-type"]]
                bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{given['Bus']}"
                outcome = {"events:source": "rollcall.outcome"}
                self.assertTrue(policy.allows(statements(role), "events:PutEvents", bus, outcome))
                self.assertFalse(policy.allows(statements(role), "events:PutEvents", bus, {"events:source": "rollcall.provision"}))
            for function in called:
                self.assertTrue(policy.allows(statements(role), "lambda:InvokeFunction", function, {}), function)
        everything = {s for r in FULL.of_type("AWS::IAM::Role").values() for st in statements(r) if "lambda:InvokeFunction" in listed(st["Action"]) for s in listed(st["Resource"])}
        self.assertEqual(len(everything), len(functions()))


class Permissions(unittest.TestCase):
    def test_no_resource_is_a_wildcard_but_where_there_are_no_others(self):
        for stack in (FULL, LOCKED):
            for name, role in stack.of_type("AWS::IAM::Role").items():
                for s in statements(role):
                    for resource in listed(s["Resource"]):
                        if s["Sid"] == "Trace":
                            self.assertTrue(all(a.startswith("xray:") for a in s["Action"]))
                        else:
                            self.assertGreaterEqual(len(resource.split(":", 5)), 6, f"{name} {s['Sid']}")
                            self.assertNotIn("*", resource.split(":", 5)[5].split("/")[0].removesuffix(":*"), f"{name} {s['Sid']}")
                    self.assertNotIn("*", "".join(listed(s["Action"])), f"{name} {s['Sid']}")

    def test_a_sync_writes_no_record_and_a_change_writes_no_snapshot(self):
        for stack, audit in ((FULL, "bucket"), (LOCKED, "auditbucket")):
            for function, role in roles(stack, "sync").items():
                for bucket in ("bucket", "auditbucket"):
                    for action in ("s3:PutObject", "s3:GetObject"):
                        record = f"arn:aws:s3:::rollcall-{bucket}/audit/{function.split('-')[1]}/acme/r1/intended.json"
                        self.assertFalse(policy.allows(statements(role), action, record, {}), function)
            for function, role in roles(stack, "write").items():
                connector = function.split("-")[1]
                for key in (f"snapshots/{connector}/acme/x.c1z", f"latest/{connector}/acme.json", f"runs/{connector}/acme/1-x/part", f"locks/{connector}/acme.json"):
                    self.assertFalse(policy.allows(statements(role), "s3:PutObject", f"arn:aws:s3:::rollcall-bucket/{key}", {}), key)
                record = f"arn:aws:s3:::rollcall-{audit}/audit/{connector}/acme/r1/intended.json"
                self.assertTrue(policy.allows(statements(role), "s3:PutObject", record, {}))

    def test_a_function_reads_the_secrets_of_its_own_connector_alone(self):
        for kind in ("sync", "write"):
            for function, role in roles(FULL, kind).items():
                own = function.split("-")[1]
                for connector in ["temporalcloud", "confluence", "elastic", "buildkite", "northflank"]:
                    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rollcall/{connector}/acme-Ab12Cd"
                    allowed = policy.allows(statements(role), "secretsmanager:GetSecretValue", secret, {})
                    self.assertEqual(allowed, connector == own, (function, connector))

    def test_nobody_deletes_anything(self):
        text = json.dumps(FULL.of_type("AWS::IAM::Role"))
        self.assertNotIn("Delete", text)

    def test_every_role_is_bounded_if_asked_for(self):
        for name, role in LOCKED.of_type("AWS::IAM::Role").items():
            self.assertEqual(role["PermissionsBoundary"], "arn:aws:iam::1:policy/b", name)

    def test_a_role_trusts_one_service_of_this_account(self):
        for name, role in FULL.of_type("AWS::IAM::Role").items():
            (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
            services = listed(trust["Principal"]["Service"])
            self.assertEqual(list(trust["Principal"]), ["Service"])
            if services != ["lambda.amazonaws.com"]:  # a function is named by its role, and not the other way round
                self.assertEqual(trust["Condition"], {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, name)


class Buckets(unittest.TestCase):
    def test_buckets_are_private_encrypted_versioned_and_kept(self):
        for stack in (FULL, LOCKED, Stack(KeyArn=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/own")):
            policies = {p["Bucket"]: p for p in stack.of_type("AWS::S3::BucketPolicy").values()}
            for name, bucket in stack.of_type("AWS::S3::Bucket").items():
                (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
                key = rule["ServerSideEncryptionByDefault"]
                own = "own" if stack.parameters["KeyArn"] else "rollcall-key"
                self.assertEqual(key, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{own}"})
                self.assertTrue(rule["BucketKeyEnabled"])
                self.assertEqual(bucket["VersioningConfiguration"], {"Status": "Enabled"})
                self.assertEqual(set(bucket["PublicAccessBlockConfiguration"].values()), {True})
                self.assertEqual(len(bucket["PublicAccessBlockConfiguration"]), 4)
                self.assertEqual(stack.resources[name]["DeletionPolicy"], "Retain")
                (deny,) = policies[f"rollcall-{name}".lower()]["PolicyDocument"]["Statement"]
                self.assertEqual((deny["Effect"], deny["Principal"], deny["Action"]), ("Deny", "*", "s3:*"))
                self.assertEqual(deny["Condition"], {"Bool": {"aws:SecureTransport": "false"}})
                arn = f"arn:aws:s3:::rollcall-{name}".lower()
                self.assertEqual(deny["Resource"], [arn, f"{arn}/*"])

    def test_unfinished_runs_and_old_snapshots_expire_and_records_do_not(self):
        rules = FULL.properties("Bucket")["LifecycleConfiguration"]["Rules"]
        expiring = {r["Prefix"]: r["ExpirationInDays"] for r in rules if "ExpirationInDays" in r}
        self.assertEqual(expiring, {"runs/": 7, "snapshots/": 90})

    def test_records_can_be_locked(self):
        self.assertNotIn("AuditBucket", FULL.resources)
        lock = LOCKED.properties("AuditBucket")
        self.assertTrue(lock["ObjectLockEnabled"])
        self.assertEqual(lock["ObjectLockConfiguration"]["Rule"]["DefaultRetention"], {"Mode": "COMPLIANCE", "Days": 365})


class Alarms(unittest.TestCase):
    def test_every_connector_has_its_alarms_and_each_reaches_the_topic(self):
        alarms = FULL.of_type("AWS::CloudWatch::Alarm")
        for name, alarm in alarms.items():
            self.assertEqual(alarm["AlarmActions"], [f"arn:aws:sns:us-east-1:{ACCOUNT}:rollcall-alarms"], name)
            self.assertGreater(len(alarm["AlarmDescription"]), 40, name)
        for connector in connectors():
            for what in ("SyncFailed", "SnapshotOld", "NoSync", "SnapshotHeld"):
                self.assertIn(f"{connector}{what}", alarms)
            # Not every vendor tells when a key ends.
            sources = (ROOT / "functions" / connector.lower() / "src").rglob("*.rs")
            told = not any("credential_expires_at: None" in s.read_text() for s in sources)
            self.assertEqual(f"{connector}KeyEnds" in alarms, told, connector)
            hours = Stack(**{f"{connector}MaxAgeHours": 48})
            self.assertEqual(hours.properties(f"{connector}SnapshotOld")["Threshold"], 48)
            self.assertEqual(hours.properties(f"{connector}NoSync")["EvaluationPeriods"], 48)
            if told:
                self.assertEqual(alarms[f"{connector}KeyEnds"]["Threshold"], 14)

    def test_alarms_watch_metrics_that_exist(self):
        told = (ROOT / "shared/engine/src/runtime/telemetry.rs").read_text()
        alarming = re.search(r"const ALARMING.* = \[(.*)\];", told)[1]
        machines = {m["StateMachineName"] for m in FULL.of_type("AWS::StepFunctions::StateMachine").values()}
        for name, alarm in FULL.of_type("AWS::CloudWatch::Alarm").items():
            for metric in watched(alarm):
                dimensions = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
                if metric["Namespace"] == "Rollcall":
                    self.assertIn(f'"{metric["MetricName"]}"', alarming, name)
                    self.assertEqual(list(dimensions), ["Connector"])
                    self.assertTrue((ROOT / "functions" / dimensions["Connector"]).is_dir(), name)
                elif metric["Namespace"] == "AWS/States":
                    self.assertIn(dimensions["StateMachineArn"].split(":")[-1], machines, name)
                else:
                    self.assertEqual((metric["Namespace"], dimensions), ("AWS/SQS", {"QueueName": "rollcall-dead-letters"}), name)

    def test_the_dashboard_is_json_and_shows_metrics_that_exist(self):
        body = json.loads(FULL.properties("Dashboard")["DashboardBody"])
        told = (ROOT / "shared/engine/src/runtime/telemetry.rs").read_text()
        shown = set()
        for widget in body["widgets"]:
            for metric in widget["properties"]["metrics"]:
                if isinstance(metric[0], dict):
                    shown.update(re.findall(r'"(\w+)"', metric[0]["expression"]))
        self.assertGreaterEqual(len(shown), 10)
        for name in shown:
            self.assertIn(f'"{name}"', told)

    def test_mail_is_sent_to_whoever_is_named(self):
        self.assertNotIn("AlarmSubscription", FULL.resources)
        named = Stack(AlarmEmail="ops@example.com").properties("AlarmSubscription")
        self.assertEqual((named["Protocol"], named["Endpoint"]), ("email", "ops@example.com"))


class Costs(unittest.TestCase):
    """What infra/cost.py takes for given."""

    README = (ROOT / "infra/README.md").read_text()

    def run_with(self, *arguments):
        return subprocess.run([sys.executable, ROOT / "infra/cost.py", *arguments], capture_output=True, text=True)

    def test_the_connectors_are_those_of_the_template(self):
        self.assertEqual(set(cost.CONNECTORS), {c.lower() for c in connectors()})
        switches = [name for name in parameters() if name.endswith("Provisioning")]
        reading = Stack(**dict.fromkeys(switches, "no"))
        declared = source()["Parameters"]
        for connector in connectors():
            known = cost.CONNECTORS[connector.lower()]
            self.assertEqual(declared[connector]["Description"], f"Deploy the connector for {known.name}")
            changing = [n for n in functions() if n.startswith(connector) and not n.endswith("SyncFunction")]
            self.assertEqual(known.changing, len(changing), connector)
            with_changes = known.alarm_metrics + (cost.ALARM_METRICS_OF_CHANGES if changing else 0)
            for stack, expected in ((FULL, with_changes), (reading, known.alarm_metrics)):
                alarms = {n: a for n, a in stack.of_type("AWS::CloudWatch::Alarm").items() if n.startswith(connector)}
                self.assertEqual(expected, sum(len(watched(a)) for a in alarms.values()), connector)
                self.assertEqual(known.key_ends, f"{connector}KeyEnds" in alarms, connector)
        others = [a for n, a in FULL.of_type("AWS::CloudWatch::Alarm").items() if not n.startswith(tuple(connectors()))]
        self.assertEqual(cost.ALARM_METRICS_OF_ALL, sum(len(watched(a)) for a in others))

    def test_memory_and_days_are_those_of_the_template(self):
        for name, f in functions().items():
            expected = cost.MEMORY_GB if name.endswith("SyncFunction") else cost.CHANGE_MEMORY_GB
            self.assertEqual(f["MemorySize"], expected * 1024, name)
        rules = {r["Id"]: r for r in FULL.properties("Bucket")["LifecycleConfiguration"]["Rules"]}
        replaced = rules["replaced-objects"]["NoncurrentVersionExpiration"]["NoncurrentDays"]
        self.assertEqual(cost.KEPT_DAYS, rules["old-snapshots"]["ExpirationInDays"] + replaced)

    def test_metrics_are_those_that_are_told(self):
        told = (ROOT / "shared/engine/src/runtime/telemetry.rs").read_text().split("mod tests")[0]
        common, of_answer = told.split("fn common(")[1].split("fn of_answer(")
        # Every invocation tells the former but the size of a snapshot that it wrote, and a sync whether that is held.
        always = set(re.findall(r'"(\w+)", "\w+"', common)) - {"SnapshotSize"} | {"Held"}
        of_snapshot = {"SnapshotSize", *re.findall(r'\("(\w+)", "/counts', of_answer)}
        alarming = re.findall(r'"(\w+)"', re.search(r"const ALARMING.* = \[(.*)\];", told)[1])
        self.assertEqual(cost.METRICS_OF_SLICE, len(always - {"CredentialDaysLeft"}))
        self.assertEqual(cost.METRICS_OF_SNAPSHOT, len(of_snapshot))
        self.assertEqual(cost.METRICS_OF_CONNECTOR, len(set(alarming) - {"CredentialDaysLeft"}))
        # Only a sync knows the newest snapshot.
        self.assertEqual(cost.METRICS_OF_CHANGE, len(always - {"Held", "SnapshotAge"}))

    def test_transitions_are_those_of_the_workflows(self):
        # Those of a sync in one slice are counted where a workflow runs, in functions/temporalcloud/tests/workflow.rs.
        sync = json.loads((ROOT / "infra/workflows/sync.asl.json").read_text())
        each = sync["States"]["Connections"]["ItemProcessor"]["States"]
        path = [each["Answered"]["Choices"][0]["Next"]]
        while path[-1] != "Answered":
            path.append(each[path[-1]]["Next"])
        self.assertEqual(cost.TRANSITIONS_A_SLICE, len(path), path)
        change = json.loads((ROOT / "infra/workflows/provision.asl.json").read_text())
        path = [change["StartAt"]]
        while path[-1] != "Succeeded":
            state = change["States"][path[-1]]
            ways = [state["Next"]] if "Next" in state else [state["Choices"][0]["Next"], state["Default"]]
            path.append(next(way for way in ways if way != "Wait"))
        self.assertEqual(cost.TRANSITIONS_OF_CHANGE, len(path), path)

    def test_the_sizes_can_be(self):
        timeout = json.loads((ROOT / "infra/workflows/sync.asl.json").read_text())["TimeoutSeconds"]
        for size in cost.SIZES:
            for name, sync in size.syncs.items():
                self.assertLessEqual(sync.seconds, sync.slices * cost.SLICE_SECONDS, (size.name, name))
                waited = (sync.slices - 1) / cost.CONNECTORS[name].slices_an_hour * 3600
                self.assertLess(waited + sync.seconds, timeout, (size.name, name))
                if cost.CONNECTORS[name].slices_an_hour == float("inf"):
                    self.assertEqual(sync.slices, 1, (size.name, name))
        for size in cost.SIZES[1:]:
            self.assertEqual(set(size.syncs), set(cost.CONNECTORS), size.name)

    def test_the_tables_of_the_readme_are_what_is_printed(self):
        shown = re.search(r"<!-- cost.py -->\n(.*)<!-- /cost.py -->", self.README, re.DOTALL)[1]
        self.assertEqual(shown, self.run_with().stdout)

    def test_the_formula_of_the_readme_is_the_one_that_counts(self):
        section = self.README.split("## What it costs")[1].split("<!-- cost.py -->")[0]
        formula = {}
        for part, text in re.findall(r"^    (\S+(?: \S+)*)  +(.+)$", section, re.MULTILINE):
            formula[part] = re.sub(r"\$| GB| days| transitions", "", text.replace("·", "*"))
        self.assertEqual(len(formula), 6)
        for size in cost.SIZES:
            for name, sync in size.syncs.items():
                connector = cost.CONNECTORS[name]
                (C, t, s, m), n, e, w = sync[:4], size.syncs_a_day, connector.key_ends, connector.slices_an_hour
                a = connector.alarm_metrics + (cost.ALARM_METRICS_OF_CHANGES if size.changes and connector.changing else 0)
                counted = cost.of_connector(connector, sync, n, size.changes > 0)
                for part, text in formula.items():
                    value = eval(text, {"C": C, "n": n, "t": t, "s": s, "m": m, "e": e, "w": w, "a": a, "min": min})
                    # The formula leaves out calls of secrets.
                    self.assertAlmostEqual(value, counted[part], delta=0.05 if part == "Secrets Manager" else 1e-9, msg=(name, part))
                self.assertLess(sum(counted[p] for p in counted if p not in formula), 0.25, "no longer next to nothing")
        change = cost.of_changes(1, 1)
        shown = float(re.search(r"together \$([\d.]+\d)", section)[1])
        self.assertAlmostEqual(shown, change["Step Functions"] + change["CloudWatch metrics"], places=4)
        self.assertLess(sum(change.values()) - shown, 0.0001)

    def test_numbers_of_ones_own_are_counted_like_the_sizes(self):
        medium = cost.SIZES[1]
        self.assertEqual(cost.asked(["elastic=1", "buildkite=2", "syncs=0.5"])[1:], (0.5, 0))
        asked = [f"{name}={sync.connections}" for name, sync in medium.syncs.items()]
        total = f"{sum(cost.month(medium.syncs, medium.syncs_a_day, medium.changes).values()):.2f}"
        for arguments in (asked, [f"{n}={','.join(map(str, s[:4]))}" for n, s in medium.syncs.items()]):
            printed = self.run_with(*arguments, f"changes={medium.changes}").stdout
            self.assertRegex(printed, rf"in all +{total}\n$")
        # What does not fit into a slice takes more of them.
        self.assertEqual(cost.asked(["confluence=1,1681"])[0]["confluence"].slices, 3)
        example = re.search(r"`infra/cost.py (\w+=.*?)`", self.README)[1]
        self.assertEqual(self.run_with(*example.split()).returncode, 0)

    def test_bad_input_is_told_in_a_line(self):
        for arguments in (
            "3 4 40 30 2", "toybox=1", "buildkite", "buildkite=", "buildkite=0", "buildkite=1.5", "buildkite=1,nan", "buildkite=1,-1",
            "buildkite=1,1,0", "buildkite=1,1,1,1e400", "buildkite=1,1,1,1,1", "buildkite=1 buildkite=1", "syncs=4", "changes=1",
            "buildkite=1 syncs=x", "buildkite=1 changes=1", "elastic=1 changes=0.5", "elastic=1 syncs=1 syncs=1",
        ):
            ended = self.run_with(*arguments.split())
            self.assertEqual((ended.returncode, ended.stdout), (2, ""), arguments)
            self.assertRegex(ended.stderr, r"^cost\.py: [^\n]+\n$", arguments)

    def test_the_price_in_the_first_readme_is_that_of_the_medium_size(self):
        medium = cost.SIZES[1]
        total = sum(cost.month(medium.syncs, medium.syncs_a_day, medium.changes).values())
        shown = (ROOT / "README.md").read_text().split("## What it costs")[1]
        self.assertIn(f"{medium.changes} changes a month are about ${total:.0f} a month", shown)


class Readme(unittest.TestCase):
    README = (ROOT / "infra/README.md").read_text()

    def test_every_parameter_metric_and_alarm_is_explained(self):
        for name in parameters():
            family = next((c for c in connectors() if name.startswith(c)), None)
            shown = f"…{name.removeprefix(family)}" if family and name != family else name if not family else "<Connector>"
            self.assertIn(f"`{shown}`", self.README, name)
        told = (ROOT / "shared/engine/src/runtime/telemetry.rs").read_text().split("mod tests")[0]
        for metric in re.findall(r'"(\w+)", "(?:Count|Milliseconds|Seconds|Bytes|None)"', told) + re.findall(r'\("(\w+)", "/counts', told):
            self.assertIn(f"`{metric}`", self.README)
        for alarm in FULL.of_type("AWS::CloudWatch::Alarm").values():
            name = re.sub(r"^rollcall-", "", alarm["AlarmName"])
            for connector in connectors():
                name = name.removeprefix(f"{connector.lower()}-")
            self.assertIn(f"| `…-{name}` |", self.README)


if __name__ == "__main__":
    unittest.main()
