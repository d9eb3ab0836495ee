"""The template as data: what a deployment would have, and what it would not."""

import itertools
import json
import os
import re
import subprocess
import unittest

import policy
from cfnlint.api import lint
from moto.events.models import EventPattern
from template import ACCOUNT, ROOT, URL_SUFFIXES, Stack, connectors, listed, parameters, source, statements

FULL = Stack()
LOCKED = Stack(AuditLockDays=365, Tracing="Active", Architecture="x86_64", PermissionsBoundaryArn="arn:aws:iam::1:policy/b",
               VpcSubnetIds="subnet-1,subnet-2", VpcSecurityGroupIds="sg-1", SyncStorage=4096, MaxGrantDays=30, AlarmEmail="ops@example.com")
GRANTING = [c for c in connectors() if f"{c}Provisioning" in parameters()]
ENGINE = "".join(f.read_text() for folder in ("shared", "functions/c1/src", "functions/published/src") for f in sorted((ROOT / folder).rglob("*.rs")))
TELEMETRY = next((ROOT / "shared").rglob("telemetry.rs")).read_text().split("mod tests")[0]
ALARMING = set(re.findall(r'"(\w+)"', re.search(r"const ALARMING.* = \[(.*)\];", TELEMETRY)[1]))
NUMBERS = set(re.findall(r'"(\w+)", "(?:Count|Milliseconds|Seconds|Bytes|None)"', TELEMETRY) + re.findall(r'\("(\w+)", "/counts', TELEMETRY))
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:rollcall-alarms"
DEAD_LETTERS = f"arn:aws:sqs:us-east-1:{ACCOUNT}:rollcall-dead-letters"
BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/rollcall"
# The command line, for the templates of one connector: tests/run says where it is.
ROLLCALL = os.environ.get("ROLLCALL")


def functions(stack=FULL):
    return stack.of_type("AWS::Lambda::Function")


def roles(stack, kind):
    """The statements of the roles of functions of a kind, `sync`, `c1`, `published` or `write`, by connector."""
    found = [(f["FunctionName"].split("-"), f["Role"]) for f in functions(stack).values()]
    return [(name[1], stack.role(role)) for name, role in found if (name[2] if name[2] in ("sync", "c1", "published") else "write") == kind]


def watched(alarm):
    return [m["MetricStat"]["Metric"] for m in alarm["Metrics"] if "MetricStat" in m] if "Metrics" in alarm else [alarm]


def rules(bus):
    """The rules on a bus; the account's own has no name."""
    return {n: r for n, r in FULL.of_type("AWS::Events::Rule").items() if r.get("EventBusName") == bus}


def matches(rule, event):
    """Whether a rule takes an event, by EventBridge's rules for patterns as moto has them."""
    frame = {"id": "1", "account": "1", "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": []}
    return EventPattern.load(json.dumps(rule["EventPattern"])).matches_event({**frame, **event})


class Functions(unittest.TestCase):
    def test_every_binary_of_every_connector_is_a_function(self):
        binaries = {p.stem for p in ROOT.glob("functions/*/src/bin/*.rs")}
        names = {f["FunctionName"].removeprefix("rollcall-") for f in functions().values()}
        agents = {f"{c.lower()}-c1" for c in connectors()}  # one program for all of them
        self.assertEqual(binaries, names - agents | {"c1-agent"})
        self.assertLessEqual(agents, names)
        for name, resource in source()["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                metadata, properties = resource["Metadata"], resource["Properties"]
                binary = metadata["BuildProperties"]["Binary"]
                named = binary in str(properties["FunctionName"]) or binary == "c1-agent" and name.endswith("C1Function")
                self.assertEqual((metadata["BuildMethod"], named), ("rust-cargolambda", True), name)
                self.assertTrue((ROOT / "infra" / properties["CodeUri"] / "src" / "bin" / f"{binary}.rs").is_file(), name)

    def test_processor_logs_network_and_disk_are_parameters(self):
        vpc = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
        for stack, processor, network, disk in ((FULL, "arm64", None, 2048), (LOCKED, "x86_64", vpc, 4096)):
            groups = {g["LogGroupName"]: g["RetentionInDays"] for g in stack.of_type("AWS::Logs::LogGroup").values()}
            for name, f in functions(stack).items():
                self.assertEqual((f["Runtime"], f["Handler"], f["Architectures"]), ("provided.al2023", "bootstrap", [processor]), name)
                self.assertEqual((f.get("VpcConfig"), groups[f["LoggingConfig"]["LogGroup"]]), (network, 30), name)
                if name.endswith(("SyncFunction", "C1Function", "PublishedFunction")):
                    self.assertEqual(f["EphemeralStorage"], {"Size": disk})
                # Lambda may make network interfaces for the function; the function's own code may not.
                code = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{f['FunctionName']}"
                for context, allowed in (({}, network is not None), ({"lambda:SourceFunctionArn": code}, False)):
                    self.assertEqual(policy.allows(stack.role(f["Role"]), "ec2:CreateNetworkInterface", "*", context), allowed, name)

    def test_variables_are_those_of_local_use(self):
        explained = "".join((ROOT / page).read_text() for page in ("README.md", "infra/README.md"))
        for stack, audit in ((LOCKED, "s3://rollcall-auditbucket"), (FULL, None)):
            for f in functions(stack).values():
                variables = f["Environment"]["Variables"]
                self.assertEqual((variables["ROLLCALL_STORE"], variables.get("ROLLCALL_AUDIT_STORE")), ("s3://rollcall-bucket", audit))
                days = variables.get("ROLLCALL_MAX_GRANT_DAYS")
                self.assertEqual(days, ("30" if stack is LOCKED else "90") if f["FunctionName"].endswith("-grant") else None)
                for name in variables:
                    self.assertTrue(f'"{name}"' in ENGINE and f"| `{name}` |" in explained, name)


class Switches(unittest.TestCase):
    def test_a_connector_that_is_off_leaves_nothing(self):
        for connector in connectors():
            off = Stack(**{connector: "no"})
            self.assertEqual([n for n in off.resources if n.startswith(connector)], [])
            self.assertNotIn(connector.lower(), json.dumps(list(off.resources.values())).lower())

    def test_without_provisioning_nothing_can_change_anything(self):
        for connector in GRANTING:
            stack = Stack(**{f"{connector}Provisioning": "no"})
            own = [n for n in stack.resources if n.startswith(connector)]
            names = [f"rollcall-{connector.lower()}-{what}" for what in ("sync", "c1")]
            self.assertEqual([f["FunctionName"] for n, f in functions(stack).items() if n in own], names)
            self.assertFalse([n for n in own if re.search("Provision|Requests|Sweep|Overdue|Ends(Role)?$", n.replace("KeyEnds", ""))], own)
            self.assertNotIn(f"{connector.lower()}-grant", json.dumps(stack.resources))

    def test_without_a_schedule_nothing_sweeps(self):
        off = {n for n in FULL.resources if n not in Stack(SweepSchedule="").resources}
        kinds = ("SweepWorkflow", "SweepWorkflowRole", "SweepSchedule", "SweepScheduleRole", "Overdue")
        self.assertEqual(off, {connector + kind for connector in GRANTING for kind in kinds})

    def test_nothing_is_on_unless_somebody_says_so(self):
        self.assertEqual({v for n, v in parameters().items() if n in connectors() or n.endswith(("Provisioning", "C1"))}, {"no"})

    @unittest.skipUnless(ROLLCALL, "no command line: run tests/run")
    def test_one_connector_alone_is_deployed_as_among_others(self):
        for connector in connectors():
            among = Stack(**{other: "no" for other in connectors() if other != connector}).resources
            for options in ([], ["--all-parameters"]):
                text = subprocess.run([ROLLCALL, "template", connector.lower(), *options], capture_output=True, text=True, check=True).stdout
                self.assertEqual(settled(Stack(text).resources), settled(among), (connector, options))


def settled(value):
    """A value without the settings that say what is so anyway."""
    if isinstance(value, list):
        return [settled(v) for v in value]
    if not isinstance(value, dict):
        return value
    return {k: settled(v) for k, v in value.items() if v not in ({"Enabled": False}, {"Mode": "PassThrough"})}


class Schedules(unittest.TestCase):
    def test_a_schedule_starts_the_workflow_with_all_connections(self):
        stack = Stack(**{f"{c}Connections": "acme,beta-2" for c in connectors()})
        schedules = stack.of_type("AWS::Scheduler::Schedule")
        kinds = [(c, *kind) for c in connectors() for kind in (("Sync", f"{c}", "sync", "FLEXIBLE"), ("C1Poll", f"{c}C1", "c1-poll", "OFF"))]
        kinds += [(c, "Sweep", "Sweep", "sweep", "OFF") for c in GRANTING]
        self.assertEqual(set(schedules), {f"{c}{kind}Schedule" for c, kind, *_ in kinds})
        for connector, kind, parameter, machine, window in kinds:
            schedule = schedules[f"{connector}{kind}Schedule"]
            target, expression = schedule["Target"], stack.parameters[f"{parameter}Schedule"]
            self.assertEqual(schedule["FlexibleTimeWindow"]["Mode"], window)
            self.assertEqual((schedule["State"], schedule["ScheduleExpression"]), ("ENABLED", expression))
            sent = json.loads(target["Input"])
            self.assertEqual(sent.pop("connections"), ["acme", "beta-2"])
            # An event of EventBridge Scheduler has 256 KB at most.
            self.assertLess(len(target["Input"]), 100_000)
            self.assertEqual(list(sent), ["metadata"] if kind == "C1Poll" else [])
            self.assertTrue(target["Arn"].endswith(f"stateMachine:rollcall-{connector.lower()}-{machine}"))

    def test_nothing_is_due_before_a_first_secret_can_be_there(self):
        # A rate begins at once, a cron expression at the next such time.
        for schedule in ("Sweep", *connectors()):
            self.assertRegex(parameters()[f"{schedule}Schedule"], r"^cron\(")
        for name, alarm in FULL.of_type("AWS::CloudWatch::Alarm").items():
            self.assertNotEqual(alarm["TreatMissingData"], "breaching", name)

    def test_what_starts_a_workflow_may_start_it_and_no_other(self):
        machines = [FULL.resolve({"Ref": n}) for n in FULL.of_type("AWS::StepFunctions::StateMachine")]
        started = [r for r in rules("rollcall").values() if r["EventPattern"]["source"] != ["rollcall.snapshot"]]
        targets = [s["Target"] for s in FULL.of_type("AWS::Scheduler::Schedule").values()] + [t for r in started for t in r["Targets"]]
        # Long tasks of ConductorOne are started by the workflow that polls.
        self.assertEqual(sorted(t["Arn"] for t in targets), sorted(m for m in machines if not m.endswith("-c1-work")))
        for target in targets:
            role = FULL.role(target["RoleArn"])
            self.assertEqual([m for m in machines if policy.allows(role, "states:StartExecution", m)], [target["Arn"]])
            # A poll that was missed is made up for by the next one.
            kept = not target["Arn"].endswith("-c1-poll")
            self.assertEqual("DeadLetterConfig" in target, kept)
            self.assertEqual(target.get("DeadLetterConfig", {"Arn": DEAD_LETTERS})["Arn"], DEAD_LETTERS)
            self.assertEqual(target["RetryPolicy"]["MaximumRetryAttempts"] > 0, kept)
            self.assertEqual(policy.allows(role, "sqs:SendMessage", DEAD_LETTERS), kept)

    def test_dead_letters_of_rules_reach_the_queue(self):
        allowed = FULL.properties("DeadLettersPolicy")["PolicyDocument"]["Statement"][0]
        self.assertEqual(allowed["Principal"], {"Service": "events.amazonaws.com"})
        for rule in FULL.of_type("AWS::Events::Rule").values():
            arn = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/" + "/".join(filter(None, [rule.get("EventBusName"), rule["Name"]]))
            self.assertTrue(any(policy.like(p, arn) for p in allowed["Condition"]["ArnLike"]["aws:SourceArn"]), arn)
            self.assertEqual({target["DeadLetterConfig"]["Arn"] for target in rule["Targets"]}, {DEAD_LETTERS})


class Requests(unittest.TestCase):
    def test_a_rule_takes_the_requests_that_there_are_functions_for_and_no_outcomes(self):
        names = {f["FunctionName"].removeprefix("rollcall-") for f in functions().values()}
        for name in [*names, "another-grant"]:
            for origin in ("provision", "outcome"):
                event = {"source": f"rollcall.{origin}", "detail-type": name, "detail": {"connection": "acme"}}
                taken = [t["Arn"].split(":rollcall-")[1] for r in rules("rollcall").values() if matches(r, event) for t in r["Targets"]]
                served = origin == "provision" and name in names and not name.endswith(("-sync", "-c1", "-published"))
                self.assertEqual(taken, [f"{name.split('-')[0]}-provision"] if served else [], event)

    def test_a_workflow_may_do_what_it_does_and_nothing_of_another(self):
        machines = FULL.of_type("AWS::StepFunctions::StateMachine")
        self.assertEqual(len({m["RoleArn"] for m in machines.values()}), len(machines))
        arns = {FULL.resolve({"Fn::GetAtt": [n, "Arn"]}) for n in functions()}
        for name, machine in machines.items():
            role, text, itself = FULL.role(machine["RoleArn"]), FULL.definition(name), FULL.resolve({"Ref": name})
            self.assertNotIn("${", text)
            for connector in connectors():
                context = {"events:source": "rollcall.snapshot", "events:detail-type": f"{connector.lower()}-sync"}
                reports = name in (f"{connector}SyncWorkflow", f"{connector}C1WorkWorkflow")
                self.assertEqual(policy.allows(role, "events:PutEvents", BUS, context), reports, (name, connector))
                self.assertEqual(f'"{context["events:detail-type"]}"' in text, reports, (name, connector))
            if name.endswith("SyncWorkflow"):
                called = {a for a in arns if a in text}
                # The executions of a Distributed Map.
                self.assertEqual(json.loads(text)["States"]["Connections"]["ItemProcessor"]["ProcessorConfig"]["Mode"], "DISTRIBUTED")
                self.assertTrue(policy.allows(role, "states:StartExecution", itself))
                executions = itself.replace(":stateMachine:", ":execution:")
                for action, suffix in ((a, s) for a in ("DescribeExecution", "StopExecution") for s in (":a", "/Connections:a")):
                    self.assertTrue(policy.allows(role, f"states:{action}", executions + suffix))
            elif "C1" in name:
                called = {a for a in arns if a in text}
                started = [n for n in machines if policy.allows(role, "states:StartExecution", FULL.resolve({"Ref": n}))]
                self.assertEqual(started, [name.replace("Poll", "Work")])
                self.assertEqual(machine["StateMachineType"], "EXPRESS" if "Poll" in name else "STANDARD")
            elif name.endswith("SweepWorkflow"):
                called = {a for a in arns if a in text}
                self.assertEqual([c.rpartition("-")[2] for c in called], ["revoke"])
                # AWS counts nine events for each end: the answer, which has this many at most, fits into an execution.
                most = int(re.search(r"MAX_IDS: usize = (\d+)", ENGINE)[1])
                self.assertLess(5 * 9 * most, 25_000)
                self.assertEqual([s["Sid"] for s in role], ["Call", "RequestEnds"])
            else:
                rule = FULL.properties(name.replace("ProvisionWorkflow", "Requests"))
                called = {machine["DefinitionSubstitutions"]["FunctionPrefix"] + d for d in rule["EventPattern"]["detail-type"]}
                for origin in ("outcome", "provision"):
                    self.assertEqual(policy.allows(role, "events:PutEvents", BUS, {"events:source": f"rollcall.{origin}"}), origin == "outcome")
                self.assertFalse(policy.allows(role, "states:StartExecution", itself))
            self.assertEqual({a for a in arns if policy.allows(role, "lambda:InvokeFunction", a)}, called, name)

    def test_a_workflow_schedules_ends_in_its_group_as_requests_to_itself_and_nothing_else(self):
        groups = {n.removesuffix("Ends"): g["Name"] for n, g in FULL.of_type("AWS::Scheduler::ScheduleGroup").items()}
        self.assertEqual(sorted(groups), sorted(GRANTING))
        roles = {n: FULL.resolve({"Fn::GetAtt": [n, "Arn"]}) for n in FULL.of_type("AWS::IAM::Role")}
        for connector, group in groups.items():
            machine, own = FULL.properties(f"{connector}ProvisionWorkflow"), roles[f"{connector}EndsRole"]
            states = json.loads(FULL.definition(f"{connector}ProvisionWorkflow"))["States"]
            schedule, (request,) = states["Schedule the end"]["Parameters"], states["Request the end"]["Parameters"]["Entries"]
            self.assertEqual(schedule, states["Reschedule the end"]["Parameters"])
            target = schedule["Target"]
            self.assertEqual((schedule["GroupName"], target["Arn"], target["RoleArn"]), (group, BUS, own))
            self.assertEqual(target["DeadLetterConfig"], {"Arn": DEAD_LETTERS})
            self.assertGreater(target["RetryPolicy"]["MaximumRetryAttempts"], 0)
            event = {"source": target["EventBridgeParameters"]["Source"], "detail-type": target["EventBridgeParameters"]["DetailType"]}
            self.assertEqual(event, {"source": request["Source"], "detail-type": request["DetailType"]})
            self.assertEqual(event, {"source": "rollcall.provision", "detail-type": f"{connector.lower()}-revoke"})
            # The sweep requests the same.
            (swept,) = json.loads(FULL.definition(f"{connector}SweepWorkflow"))["States"]["Connections"]["ItemProcessor"]["States"]["Ends"]["ItemProcessor"]["States"]["Request the end"]["Parameters"]["Entries"]
            self.assertEqual({**swept, "Detail.$": request["Detail.$"]}, request)
            taken = [t["Arn"] for r in rules("rollcall").values() if matches(r, {**event, "detail": {}}) for t in r["Targets"]]
            self.assertEqual(taken, [FULL.resolve({"Ref": f"{connector}ProvisionWorkflow"})])

            role, ending = FULL.role(machine["RoleArn"]), FULL.role(own)
            sweeping = FULL.role(FULL.properties(f"{connector}SweepWorkflow")["RoleArn"])
            for action in ("CreateSchedule", "UpdateSchedule", "DeleteSchedule", "CreateScheduleGroup"):
                arns = {g: f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/{g}/0123" for g in [*groups.values(), "default"]}
                allowed = [g for g, arn in arns.items() if policy.allows(role, f"scheduler:{action}", arn)]
                self.assertEqual(allowed, [group] if action in ("CreateSchedule", "UpdateSchedule") else [], action)
            for service in ("scheduler", "lambda"):
                context = {"iam:PassedToService": f"{service}.amazonaws.com"}
                passed = [arn for arn in roles.values() if policy.allows(role, "iam:PassRole", arn, context)]
                self.assertEqual(passed, [own] if service == "scheduler" else [])
            for source, kind in itertools.product(("provision", "outcome"), ("revoke", "grant")):
                context = {"events:source": f"rollcall.{source}", "events:detail-type": f"{connector.lower()}-{kind}"}
                allowed = [policy.allows(r, "events:PutEvents", BUS, context) for r in (ending, sweeping, role)]
                is_end = (source, kind) == ("provision", "revoke")
                self.assertEqual(allowed, [is_end, is_end, is_end or source == "outcome"], context)
            self.assertEqual([s["Sid"] for s in ending], ["RequestEnds", "SendDeadLetters"])

    def test_cfn_lint_finds_nothing_in_the_workflows(self):
        resources = {}
        for name in (n for n in FULL.of_type("AWS::StepFunctions::StateMachine") if n.startswith("TemporalCloud")):
            properties = {"RoleArn": "arn:aws:iam::123456789012:role/r", "Definition": json.loads(FULL.definition(name))}
            resources[name] = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
        self.assertEqual(lint(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})), [])


class Permissions(unittest.TestCase):
    def test_no_arn_is_of_the_commercial_partition_elsewhere(self):
        for partition in sorted(set(URL_SUFFIXES) - {"aws"}):
            stack = Stack(partition=partition, AuditLockDays=1, Tracing="Active", AlarmEmail="ops@example.com", VpcSubnetIds="subnet-1")
            text = json.dumps(stack.resources) + "".join(map(stack.definition, stack.of_type("AWS::StepFunctions::StateMachine")))
            self.assertEqual(re.findall(r"arn:aws:[^\"]*", text), [])
            self.assertIn(f"s3.us-east-1.{URL_SUFFIXES[partition]}", text)

    def test_no_resource_is_a_wildcard_but_where_there_are_no_others(self):
        for stack in (FULL, LOCKED):
            for name, role in stack.of_type("AWS::IAM::Role").items():
                for s in (s for s in statements(role) if s["Effect"] == "Allow"):
                    self.assertNotIn("*", "".join(listed(s["Action"])), f"{name} {s['Sid']}")
                    if s["Sid"] in ("Trace", "Network"):
                        self.assertTrue(all(a.startswith(("xray:", "ec2:")) for a in s["Action"]))
                        continue
                    for resource in listed(s["Resource"]):
                        parts = resource.split(":", 5)
                        self.assertTrue(len(parts) == 6 and "*" not in parts[5].split("/")[0].removesuffix(":*"), f"{name} {s['Sid']}")

    def test_a_sync_writes_no_record_and_a_change_writes_no_snapshot(self):
        for stack, audit in ((FULL, "bucket"), (LOCKED, "auditbucket")):
            def allowed(statements, action, bucket, key):
                return policy.allows(statements, f"s3:{action}", f"arn:aws:s3:::rollcall-{bucket}/{key}")

            for connector, role in roles(stack, "sync"):
                for bucket, action in ((b, a) for b in ("bucket", "auditbucket") for a in ("PutObject", "GetObject")):
                    self.assertFalse(allowed(role, action, bucket, f"audit/{connector}/acme/r1/intended.json"), connector)
            for connector, role in roles(stack, "write"):
                self.assertTrue(allowed(role, "PutObject", audit, f"audit/{connector}/acme/r1/intended.json"))
                ends = f"expirations/{connector}/acme/0123.json"
                self.assertEqual([allowed(role, a, "bucket", ends) for a in ("GetObject", "PutObject", "DeleteObject")], [True, True, False])
                self.assertFalse(allowed(role, "GetObject", "bucket", "expirations/another/acme/0123.json"))
                for key in ("snapshots/@/acme/x.c1z", "latest/@/acme.json", "runs/@/acme/1-x/part", "locks/@/acme.json"):
                    self.assertFalse(allowed(role, "PutObject", "bucket", key.replace("@", connector)), key)

    def test_a_function_reads_the_secrets_of_its_own_connector_alone(self):
        for own, role in roles(FULL, "sync") + roles(FULL, "write") + roles(FULL, "c1"):
            for connector in (c.lower() for c in connectors()):
                secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rollcall/{connector}/acme-Ab12Cd"
                self.assertEqual(policy.allows(role, "secretsmanager:GetSecretValue", secret), connector == own, (own, connector))

    def test_the_agent_calls_its_connector_keeps_its_tasks_reads_snapshots_and_does_nothing_else(self):
        for stack in (FULL, LOCKED, Stack(**{n: "no" for n in parameters() if n.endswith("Provisioning")})):
            arns = [stack.resolve({"Fn::GetAtt": [n, "Arn"]}) for n in functions(stack)]
            for connector, role in roles(stack, "c1"):
                own = {a for a in arns if f":rollcall-{connector}-" in a and not a.endswith("-c1")}
                self.assertEqual({a for a in arns if policy.allows(role, "lambda:InvokeFunction", a)}, own, connector)
                for prefix in ("c1", "snapshots", "latest", "runs", "locks", "expirations", "audit"):
                    key = f"arn:aws:s3:::rollcall-{'auditbucket' if stack is LOCKED and prefix == 'audit' else 'bucket'}/{prefix}/{connector}/acme.json"
                    allowed = [policy.allows(role, f"s3:{action}", key) for action in ("GetObject", "PutObject")]
                    self.assertEqual(allowed, [prefix in ("c1", "snapshots"), prefix == "c1"], (connector, prefix))
        switch = {c: FULL.properties(f"{c}C1Function")["Environment"]["Variables"]["ROLLCALL_C1_PROVISIONING"] for c in connectors()}
        self.assertEqual(switch, {c: "yes" if f"{c}Provisioning" in parameters() else "no" for c in connectors()})

    def test_nobody_deletes_anything(self):
        self.assertNotIn("Delete", json.dumps(FULL.of_type("AWS::IAM::Role")))

    def test_a_role_trusts_one_service_of_this_account_and_is_bounded_if_asked_for(self):
        for name, role in LOCKED.of_type("AWS::IAM::Role").items():
            self.assertEqual(role["PermissionsBoundary"], "arn:aws:iam::1:policy/b", name)
            (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual(list(trust["Principal"]), ["Service"])
            if listed(trust["Principal"]["Service"]) != ["lambda.amazonaws.com"]:  # a function is named by its role, and not the other way round
                self.assertEqual(trust["Condition"], {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, name)


class Buckets(unittest.TestCase):
    def test_buckets_are_private_encrypted_versioned_and_kept(self):
        for stack in (FULL, LOCKED, Stack(KeyArn=f"arn:aws:kms:us-east-1:{ACCOUNT}:key/own")):
            policies = {p["Bucket"]: p["PolicyDocument"]["Statement"] for p in stack.of_type("AWS::S3::BucketPolicy").values()}
            key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{'own' if stack.parameters['KeyArn'] else 'rollcall-key'}"
            for name, bucket in stack.of_type("AWS::S3::Bucket").items():
                (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
                self.assertEqual(rule, {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}})
                self.assertEqual(bucket["VersioningConfiguration"], {"Status": "Enabled"})
                blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
                self.assertEqual(bucket["PublicAccessBlockConfiguration"], dict.fromkeys(blocked, True))
                arn = f"arn:aws:s3:::rollcall-{name}".lower()
                deny = {k: v for k, v in policies[f"rollcall-{name}".lower()][0].items() if k != "Sid"}
                self.assertEqual(deny, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
                                        "Condition": {"Bool": {"aws:SecureTransport": "false"}}})

    def test_a_deployment_that_fails_leaves_nothing_and_one_that_ends_leaves_the_data(self):
        for name in ("Key", "Bucket", "AuditBucket"):
            kept = {k: v for k, v in LOCKED.resources[name].items() if k.endswith("Policy")}
            self.assertEqual(kept, {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"})

    def test_unfinished_runs_and_old_snapshots_expire_and_records_never_do(self):
        rules = FULL.properties("Bucket")["LifecycleConfiguration"]["Rules"]
        expiring = {"runs/": 7, "athena-results/": 7, "tables/": 400, **dict.fromkeys(("snapshots/", "changes/", "reports/", "published/"), 90)}
        self.assertEqual({r["Prefix"]: r["ExpirationInDays"] for r in rules if "ExpirationInDays" in r}, expiring)
        replaced = {r["Prefix"]: r["NoncurrentVersionExpiration"]["NoncurrentDays"] for r in rules if "NoncurrentVersionExpiration" in r}
        self.assertEqual(replaced, {**dict.fromkeys([*expiring, "latest/", "locks/", "expirations/"], 7), "c1/": 1})
        for rule in rules:
            if set(rule) - {"Id", "Status", "Prefix", "AbortIncompleteMultipartUpload"}:
                self.assertFalse(any(kept.startswith(rule["Prefix"]) for kept in ("audit/", "reviews/")), rule)
        self.assertNotIn("LifecycleConfiguration", LOCKED.properties("AuditBucket"))

    def test_a_record_is_created_and_never_replaced(self):
        for bucket in ("Bucket", "AuditBucket"):
            denying = LOCKED.properties(f"{bucket}Policy")["PolicyDocument"]["Statement"]
            anybody = [*denying, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
            for key, context, allowed in (
                ("audit/elastic/acme/r1/intended.json", {"s3:if-none-match": "*"}, True),
                ("audit/elastic/acme/r1/intended.json", {}, False),
                ("audit/elastic/acme/r1/intended.json", {"s3:if-match": "abc"}, False),
                ("reviews/0123abcd/0000.json", {"s3:if-none-match": "*"}, True),
                ("reviews/0123abcd/0000.json", {}, False),
                ("latest/elastic/acme.json", {}, True),
            ):
                resource = f"arn:aws:s3:::rollcall-{bucket.lower()}/{key}"
                self.assertEqual(policy.allows(anybody, "s3:PutObject", resource, context), allowed, (key, context))


class Alarms(unittest.TestCase):
    def test_every_connector_has_its_alarms_and_each_reaches_the_topic(self):
        alarms = FULL.of_type("AWS::CloudWatch::Alarm")
        for name, alarm in alarms.items():
            self.assertEqual(alarm["InsufficientDataActions" if name.endswith("NoSync") else "AlarmActions"], [TOPIC], name)
            self.assertGreater(len(alarm["AlarmDescription"]), 40, name)
        hours = Stack(**{f"{connector}MaxAgeHours": 48 for connector in connectors()})
        for connector in connectors():
            # Not every vendor says when a key ends.
            sources = (ROOT / "functions" / connector.lower() / "src").rglob("*.rs")
            known = not any("credential_expires_at: None" in s.read_text() for s in sources)
            expected = {f"{connector}{what}" for what in ("SnapshotOld", "NoSync", "SnapshotHeld", "C1Failing", *["KeyEnds"] * known, *["Overdue"] * (connector in GRANTING))}
            self.assertEqual({n for n in alarms if n.startswith(connector)}, expected)
            self.assertEqual(hours.properties(f"{connector}SnapshotOld")["Threshold"], 48)
            self.assertEqual(hours.properties(f"{connector}NoSync")["EvaluationPeriods"], 48)
            self.assertEqual(alarms.get(f"{connector}KeyEnds", {}).get("Threshold"), 14 if known else None)

    def test_every_execution_that_fails_is_reported(self):
        watching = rules(None)
        self.assertEqual(set(watching), {f"{c}Failures" for c in connectors()})
        for name, machine in FULL.of_type("AWS::StepFunctions::StateMachine").items():
            if machine["StateMachineType"] == "EXPRESS":  # AWS reports nothing of those: the only one catches everything
                self.assertNotIn('"Fail"', FULL.definition(name))
                continue
            for status, reports in (("FAILED", 1), ("TIMED_OUT", 1), ("SUCCEEDED", 0)):
                event = {"source": "aws.states", "detail-type": "Step Functions Execution Status Change",
                         "detail": {"status": status, "stateMachineArn": FULL.resolve({"Ref": name})}}
                self.assertEqual(sum(matches(r, event) for r in watching.values()), reports, (name, status))
        for rule in watching.values():
            (target,) = rule["Targets"]
            self.assertEqual(target["Arn"], TOPIC)
            self.assertIn("<execution>", json.loads(target["InputTransformer"]["InputTemplate"]))
        publishers = {s["Principal"]["Service"] for s in FULL.properties("AlarmTopicPolicy")["PolicyDocument"]["Statement"]}
        self.assertEqual(publishers, {"cloudwatch.amazonaws.com", "events.amazonaws.com"})

    def test_alarms_watch_metrics_that_exist(self):
        known = [("AWS/SQS", {"QueueName": "rollcall-dead-letters"}), *(("Rollcall", {"Connector": c.lower()}) for c in connectors())]
        known += [("AWS/Lambda", {"FunctionName": f"rollcall-{c.lower()}-c1"}) for c in connectors()]
        for name, alarm in FULL.of_type("AWS::CloudWatch::Alarm").items():
            for metric in watched(alarm):
                self.assertIn((metric["Namespace"], {d["Name"]: d["Value"] for d in metric["Dimensions"]}), known, name)
                self.assertTrue(metric["Namespace"] != "Rollcall" or metric["MetricName"] in ALARMING, name)

    def test_the_dashboard_shows_metrics_and_numbers_that_exist(self):
        shown = [w["properties"] for w in json.loads(FULL.properties("Dashboard")["DashboardBody"])["widgets"]]
        searches = [m[0]["expression"] for w in shown for m in w.get("metrics", []) if isinstance(m[0], dict)]
        self.assertEqual({re.search(r'MetricName="(\w+)"', s)[1] for s in searches}, ALARMING)
        groups = {g["LogGroupName"] for g in FULL.of_type("AWS::Logs::LogGroup").values()}
        read = set()
        for query in (w["query"] for w in shown if "query" in w):
            self.assertEqual(set(re.findall(r"SOURCE '(.*?)'", query)), groups)
            read.update(re.findall(r"(?:latest|ispresent)\((\w+)\)", query))
            read.update(re.findall(r"\w+", re.search(r"fields @timestamp, (.*?) \|", query)[1]) if "fields" in query else ())
        self.assertEqual((read - NUMBERS - {"Connector", "Connection", "Operation"}, NUMBERS - read), (set(), set()))

    def test_mail_is_sent_to_whoever_is_named(self):
        self.assertNotIn("AlarmSubscription", FULL.resources)
        named = LOCKED.properties("AlarmSubscription")
        self.assertEqual((named["Protocol"], named["Endpoint"]), ("email", "ops@example.com"))


class Readme(unittest.TestCase):
    def test_every_parameter_number_and_alarm_is_explained(self):
        readme = (ROOT / "infra/README.md").read_text()
        for name in parameters():
            family = next((c for c in connectors() if name.startswith(c)), None)
            shown = f"…{name.removeprefix(family)}" if family and name != family else name if not family else "<Connector>"
            self.assertIn(f"`{shown}`", readme, name)
        for number in NUMBERS:
            self.assertIn(f"`{number}`", readme)
        for alarm in FULL.of_type("AWS::CloudWatch::Alarm").values():
            name = re.sub(rf"^rollcall-({'|'.join(connectors()).lower()})?-?", "", alarm["AlarmName"])
            self.assertIn(f"| `…-{name}` |", readme)
