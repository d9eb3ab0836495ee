"""The template as data: what a deployment would have, and what it would not."""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import policy
from samcli.yamlhelper import yaml_dump
from samtranslator.yaml_helper import yaml_parse
from template import ACCOUNT, ROOT, URL_SUFFIXES, Stack, connectors, listed, parameters, source, statements

FULL = Stack()
LOCKED = Stack(AuditLockDays=365, Tracing="Active", Architecture="x86_64", PermissionsBoundaryArn="arn:aws:iam::1:policy/b", VpcSubnetIds="subnet-1,subnet-2", VpcSecurityGroupIds="sg-1", SyncStorage=4096)
ENGINE = "".join(f.read_text() for f in sorted((ROOT / "shared").rglob("*.rs")))
TELEMETRY = next((ROOT / "shared").rglob("telemetry.rs")).read_text().split("mod tests")[0]
ALARMING = set(re.findall(r'"(\w+)"', re.search(r"const ALARMING.* = \[(.*)\];", TELEMETRY)[1]))
NUMBERS = set(re.findall(r'"(\w+)", "(?:Count|Milliseconds|Seconds|Bytes|None)"', TELEMETRY) + re.findall(r'\("(\w+)", "/counts', TELEMETRY))


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


def rules(bus):
    """The rules on a bus; the account's own has no name."""
    return {n: r for n, r in FULL.of_type("AWS::Events::Rule").items() if r.get("EventBusName") == bus}


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
        explained = (ROOT / "README.md").read_text()
        for f in functions(LOCKED).values():
            variables = f["Environment"]["Variables"]
            self.assertEqual(variables["ROLLCALL_STORE"], "s3://rollcall-bucket")
            self.assertEqual(variables["ROLLCALL_AUDIT_STORE"], "s3://rollcall-auditbucket")
            for name in variables:
                self.assertIn(f'"{name}"', ENGINE)
                self.assertIn(f"| `{name}` |", explained)
        self.assertNotIn("ROLLCALL_AUDIT_STORE", next(iter(functions(FULL).values()))["Environment"]["Variables"])

    def test_network_and_disk_are_parameters(self):
        for stack, vpc, disk in ((FULL, None, 2048), (LOCKED, {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}, 4096)):
            for f in functions(stack).values():
                self.assertEqual(f.get("VpcConfig"), vpc)
                if f["FunctionName"].endswith("-sync"):
                    self.assertEqual(f["EphemeralStorage"], {"Size": disk})
                # Lambda may make network interfaces for the function; the function's own code may not.
                code = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{f['FunctionName']}"
                for context, allowed in (({}, vpc is not None), ({"lambda:SourceFunctionArn": code}, False)):
                    self.assertEqual(policy.allows(stack.role(f["Role"]), "ec2:CreateNetworkInterface", "*", context), allowed)

    def test_a_build_for_another_processor_is_refused(self):
        (script,) = re.findall(r'sed -i\.bak "(.*?)"', (ROOT / "infra/build").read_text(), re.DOTALL)
        for built in ("arm64", "x86_64"):
            with tempfile.TemporaryDirectory() as folder:
                template = Path(folder) / "template.yaml"
                template.write_text(yaml_dump(source()))  # as `sam build` writes it
                subprocess.run(["sed", "-i.bak", script.replace("$architecture", built).replace("\\$", "$"), template], check=True)
                sealed, expected = yaml_parse(template.read_text()), source()
            expected["Parameters"]["Architecture"] |= {"AllowedValues": [built], "Default": built}
            self.assertEqual(sealed, expected)


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

    def test_nothing_is_due_before_a_first_secret_can_be_there(self):
        # A rate begins at once, a cron expression at the next such time.
        for connector in connectors():
            self.assertRegex(parameters()[f"{connector}Schedule"], r"^cron\(")
        for name, alarm in FULL.of_type("AWS::CloudWatch::Alarm").items():
            self.assertNotEqual(alarm["TreatMissingData"], "breaching", name)

    def test_what_starts_a_workflow_may_start_it_and_no_other(self):
        machines = [FULL.resolve({"Ref": n}) for n in FULL.of_type("AWS::StepFunctions::StateMachine")]
        targets = [s["Target"] for s in FULL.of_type("AWS::Scheduler::Schedule").values()] + [t for r in rules("rollcall").values() for t in r["Targets"]]
        self.assertEqual(sorted(t["Arn"] for t in targets), sorted(machines))
        for target in targets:
            role = FULL.role(target["RoleArn"])
            self.assertEqual([m for m in machines if policy.allows(role, "states:StartExecution", m)], [target["Arn"]])
            self.assertTrue(policy.allows(role, "sqs:SendMessage", target["DeadLetterConfig"]["Arn"]))

    def test_dead_letters_of_rules_reach_the_queue(self):
        allowed = FULL.properties("DeadLettersPolicy")["PolicyDocument"]["Statement"][0]
        self.assertEqual(allowed["Principal"], {"Service": "events.amazonaws.com"})
        for rule in FULL.of_type("AWS::Events::Rule").values():
            arn = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/" + "/".join(filter(None, [rule.get("EventBusName"), rule["Name"]]))
            self.assertTrue(any(policy.like(p, arn) for p in allowed["Condition"]["ArnLike"]["aws:SourceArn"]), arn)
            for target in rule["Targets"]:
                self.assertTrue(target["DeadLetterConfig"]["Arn"].endswith(":rollcall-dead-letters"))


class Requests(unittest.TestCase):
    def test_a_rule_takes_the_requests_that_there_are_functions_for(self):
        names = {f["FunctionName"].removeprefix("rollcall-") for f in functions().values()}
        taken = set()
        for rule in rules("rollcall").values():
            self.assertEqual(rule["EventPattern"]["source"], ["rollcall.provision"])
            taken.update(rule["EventPattern"]["detail-type"])
        self.assertEqual(taken, {n for n in names if not n.endswith("-sync")})

    def test_a_workflow_may_do_what_it_does_and_nothing_of_another(self):
        machines = FULL.of_type("AWS::StepFunctions::StateMachine")
        self.assertEqual(len({m["RoleArn"] for m in machines.values()}), len(machines))
        arns = {FULL.resolve({"Fn::GetAtt": [n, "Arn"]}) for n in functions()}
        for name, machine in machines.items():
            role, text = FULL.role(machine["RoleArn"]), FULL.definition(name)
            self.assertNotIn("${", text)
            itself = FULL.resolve({"Ref": name})
            executions = itself.replace(":stateMachine:", ":execution:")
            if name.endswith("SyncWorkflow"):
                called = {a for a in arns if a in text}
                # The executions of a Distributed Map.
                self.assertEqual(json.loads(text)["States"]["Connections"]["ItemProcessor"]["ProcessorConfig"]["Mode"], "DISTRIBUTED")
                self.assertTrue(policy.allows(role, "states:StartExecution", itself))
                for action in ("states:DescribeExecution", "states:StopExecution"):
                    for execution in (f"{executions}:a", f"{executions}/Connections:a"):
                        self.assertTrue(policy.allows(role, action, execution))
            else:
                rule = FULL.properties(name.replace("ProvisionWorkflow", "Requests"))
                called = {machine["DefinitionSubstitutions"]["FunctionPrefix"] + d for d in rule["EventPattern"]["detail-type"]}
                bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/rollcall"
                self.assertTrue(policy.allows(role, "events:PutEvents", bus, {"events:source": "rollcall.outcome"}))
                self.assertFalse(policy.allows(role, "events:PutEvents", bus, {"events:source": "rollcall.provision"}))
                self.assertFalse(policy.allows(role, "states:StartExecution", itself))
            self.assertEqual({a for a in arns if policy.allows(role, "lambda:InvokeFunction", a)}, called, name)


class Partitions(unittest.TestCase):
    def test_no_arn_is_of_the_commercial_partition_elsewhere(self):
        for partition in sorted(set(URL_SUFFIXES) - {"aws"}):
            stack = Stack(partition=partition, AuditLockDays=1, Tracing="Active", AlarmEmail="ops@example.com", VpcSubnetIds="subnet-1")
            definitions = [stack.definition(m) for m in stack.of_type("AWS::StepFunctions::StateMachine")]
            text = json.dumps(stack.resources) + "".join(definitions)
            self.assertEqual(re.findall(r"arn:aws:[^\"]*", text), [])
            self.assertIn(f"s3.us-east-1.{URL_SUFFIXES[partition]}", text)


class Permissions(unittest.TestCase):
    def test_no_resource_is_a_wildcard_but_where_there_are_no_others(self):
        for stack in (FULL, LOCKED):
            for name, role in stack.of_type("AWS::IAM::Role").items():
                for s in (s for s in statements(role) if s["Effect"] == "Allow"):
                    for resource in listed(s["Resource"]):
                        if s["Sid"] in ("Trace", "Network"):
                            self.assertTrue(all(a.startswith(("xray:", "ec2:")) for a in s["Action"]))
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
                        self.assertFalse(policy.allows(statements(role), action, record), function)
            for function, role in roles(stack, "write").items():
                connector = function.split("-")[1]
                for key in (f"snapshots/{connector}/acme/x.c1z", f"latest/{connector}/acme.json", f"runs/{connector}/acme/1-x/part", f"locks/{connector}/acme.json"):
                    self.assertFalse(policy.allows(statements(role), "s3:PutObject", f"arn:aws:s3:::rollcall-bucket/{key}"), key)
                record = f"arn:aws:s3:::rollcall-{audit}/audit/{connector}/acme/r1/intended.json"
                self.assertTrue(policy.allows(statements(role), "s3:PutObject", record))

    def test_a_function_reads_the_secrets_of_its_own_connector_alone(self):
        for kind in ("sync", "write"):
            for function, role in roles(FULL, kind).items():
                own = function.split("-")[1]
                for connector in (c.lower() for c in connectors()):
                    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rollcall/{connector}/acme-Ab12Cd"
                    allowed = policy.allows(statements(role), "secretsmanager:GetSecretValue", secret)
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
                self.assertEqual(stack.resources[name]["DeletionPolicy"], "RetainExceptOnCreate")
                deny = policies[f"rollcall-{name}".lower()]["PolicyDocument"]["Statement"][0]
                self.assertEqual((deny["Effect"], deny["Principal"], deny["Action"]), ("Deny", "*", "s3:*"))
                self.assertEqual(deny["Condition"], {"Bool": {"aws:SecureTransport": "false"}})
                arn = f"arn:aws:s3:::rollcall-{name}".lower()
                self.assertEqual(deny["Resource"], [arn, f"{arn}/*"])

    def test_a_deployment_that_fails_leaves_nothing_and_one_that_ends_leaves_the_data(self):
        for name in ("Key", "Bucket", "AuditBucket"):
            kept = {k: v for k, v in LOCKED.resources[name].items() if k.endswith("Policy")}
            self.assertEqual(kept, {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"})

    def test_unfinished_runs_and_old_snapshots_expire_and_records_never_do(self):
        rules = FULL.properties("Bucket")["LifecycleConfiguration"]["Rules"]
        expiring = {r["Prefix"]: r["ExpirationInDays"] for r in rules if "ExpirationInDays" in r}
        self.assertEqual(expiring, {"runs/": 7, "snapshots/": 90})
        for rule in rules:
            if set(rule) - {"Id", "Status", "Prefix", "AbortIncompleteMultipartUpload"}:
                self.assertFalse("audit/".startswith(rule["Prefix"]), rule)
        self.assertNotIn("LifecycleConfiguration", LOCKED.properties("AuditBucket"))

    def test_a_record_is_created_and_never_replaced(self):
        for bucket in ("Bucket", "AuditBucket"):
            denying = LOCKED.properties(f"{bucket}Policy")["PolicyDocument"]["Statement"]
            anybody = [*denying, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
            for key, context, allowed in (
                ("audit/elastic/acme/r1/intended.json", {"s3:if-none-match": "*"}, True),
                ("audit/elastic/acme/r1/intended.json", {}, False),
                ("audit/elastic/acme/r1/intended.json", {"s3:if-match": "abc"}, False),
                ("latest/elastic/acme.json", {}, True),
            ):
                resource = f"arn:aws:s3:::rollcall-{bucket.lower()}/{key}"
                self.assertEqual(policy.allows(anybody, "s3:PutObject", resource, context), allowed, (key, context))

    def test_records_can_be_locked(self):
        self.assertNotIn("AuditBucket", FULL.resources)
        lock = LOCKED.properties("AuditBucket")
        self.assertTrue(lock["ObjectLockEnabled"])
        self.assertEqual(lock["ObjectLockConfiguration"]["Rule"]["DefaultRetention"], {"Mode": "COMPLIANCE", "Days": 365})


class Alarms(unittest.TestCase):
    TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:rollcall-alarms"

    def test_every_connector_has_its_alarms_and_each_reaches_the_topic(self):
        alarms = FULL.of_type("AWS::CloudWatch::Alarm")
        for name, alarm in alarms.items():
            actions = alarm["InsufficientDataActions" if name.endswith("NoSync") else "AlarmActions"]
            self.assertEqual(actions, [self.TOPIC], name)
            self.assertGreater(len(alarm["AlarmDescription"]), 40, name)
        for connector in connectors():
            for what in ("SnapshotOld", "NoSync", "SnapshotHeld"):
                self.assertIn(f"{connector}{what}", alarms)
            # Not every vendor says when a key ends.
            sources = (ROOT / "functions" / connector.lower() / "src").rglob("*.rs")
            known = not any("credential_expires_at: None" in s.read_text() for s in sources)
            self.assertEqual(f"{connector}KeyEnds" in alarms, known, connector)
            hours = Stack(**{f"{connector}MaxAgeHours": 48})
            self.assertEqual(hours.properties(f"{connector}SnapshotOld")["Threshold"], 48)
            self.assertEqual(hours.properties(f"{connector}NoSync")["EvaluationPeriods"], 48)
            if known:
                self.assertEqual(alarms[f"{connector}KeyEnds"]["Threshold"], 14)

    def test_every_execution_that_fails_is_reported(self):
        watching = rules(None)
        self.assertEqual(set(watching), {f"{c}Failures" for c in connectors()})
        machines = []
        for rule in watching.values():
            detail = rule["EventPattern"]["detail"]
            self.assertEqual((rule["EventPattern"]["source"], detail["status"]), (["aws.states"], ["FAILED", "TIMED_OUT"]))
            machines += detail["stateMachineArn"]
            (target,) = rule["Targets"]
            self.assertEqual(target["Arn"], self.TOPIC)
            self.assertIn("<execution>", json.loads(target["InputTransformer"]["InputTemplate"]))
        self.assertEqual(sorted(machines), sorted(FULL.resolve({"Ref": n}) for n in FULL.of_type("AWS::StepFunctions::StateMachine")))
        publishers = {s["Principal"]["Service"] for s in FULL.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]}
        self.assertEqual(publishers, {"cloudwatch.amazonaws.com", "events.amazonaws.com"})

    def test_alarms_watch_metrics_that_exist(self):
        for name, alarm in FULL.of_type("AWS::CloudWatch::Alarm").items():
            for metric in watched(alarm):
                dimensions = {d["Name"]: d["Value"] for d in metric["Dimensions"]}
                if metric["Namespace"] == "Rollcall":
                    self.assertIn(metric["MetricName"], ALARMING, name)
                    self.assertEqual(list(dimensions), ["Connector"])
                    self.assertTrue((ROOT / "functions" / dimensions["Connector"]).is_dir(), name)
                else:
                    self.assertEqual((metric["Namespace"], dimensions), ("AWS/SQS", {"QueueName": "rollcall-dead-letters"}), name)

    def test_the_dashboard_shows_metrics_and_numbers_that_exist(self):
        shown = [w["properties"] for w in json.loads(FULL.properties("Dashboard")["DashboardBody"])["widgets"]]
        searches = [m[0]["expression"] for w in shown for m in w.get("metrics", []) if isinstance(m[0], dict)]
        self.assertEqual({re.search(r'MetricName="(\w+)"', s)[1] for s in searches}, ALARMING)
        groups = {g["LogGroupName"] for g in FULL.of_type("AWS::Logs::LogGroup").values()}
        of_line = NUMBERS | {"Connector", "Connection", "Operation"}
        read = set()
        for query in (w["query"] for w in shown if "query" in w):
            self.assertEqual(set(re.findall(r"SOURCE '(.*?)'", query)), groups)
            read.update(re.findall(r"(?:latest|ispresent)\((\w+)\)", query))
            read.update(re.findall(r"\w+", re.search(r"fields @timestamp, (.*?) \|", query)[1]) if "fields" in query else ())
        self.assertLessEqual(read, of_line)
        self.assertEqual(NUMBERS - read, set())

    def test_mail_is_sent_to_whoever_is_named(self):
        self.assertNotIn("AlarmSubscription", FULL.resources)
        named = Stack(AlarmEmail="ops@example.com").properties("AlarmSubscription")
        self.assertEqual((named["Protocol"], named["Endpoint"]), ("email", "ops@example.com"))


class Readme(unittest.TestCase):
    README = (ROOT / "infra/README.md").read_text()

    def test_every_parameter_number_and_alarm_is_explained(self):
        for name in parameters():
            family = next((c for c in connectors() if name.startswith(c)), None)
            shown = f"…{name.removeprefix(family)}" if family and name != family else name if not family else "<Connector>"
            self.assertIn(f"`{shown}`", self.README, name)
        for number in NUMBERS:
            self.assertIn(f"`{number}`", self.README)
        for alarm in FULL.of_type("AWS::CloudWatch::Alarm").values():
            name = re.sub(r"^rollcall-", "", alarm["AlarmName"])
            for connector in connectors():
                name = name.removeprefix(f"{connector.lower()}-")
            self.assertIn(f"| `…-{name}` |", self.README)


if __name__ == "__main__":
    unittest.main()
