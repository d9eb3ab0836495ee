"""The template, built and deployed by SAM's own command line to a simulated AWS, and read back from each service.

ROLLCALL_BUILT names the folder of `sam build`, ROLLCALL_ARCHITECTURE the processor that it was for."""

import io
import json
import os
import re
import struct
import subprocess
import sys
import unittest
import zipfile
from pathlib import Path

import boto3
from moto.events.models import EventPattern

from template import ROOT, Stack, connectors, source

BUILT = os.environ.get("ROLLCALL_BUILT")
HERE = Path(__file__).parent
# What the one function that was built for this is, and how large it may be as it is built here: without optimization.
# infra/size checks the size of what is deployed.
FUNCTION, BINARY, LIMIT = "TemporalCloudGrantFunction", "temporalcloud-grant", 32_000_000
# What a deployment of everything is told; see `sam deploy --parameter-overrides`.
CHOSEN = {"AuditLockDays": "30", "Architecture": os.environ.get("ROLLCALL_ARCHITECTURE", "x86_64"), "Tracing": "Active", "LogDays": "14", "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bound", "AlarmEmail": "ops@example.com"}


for connector in connectors():
    CHOSEN |= {f"{connector}Connections": "acme,beta", f"{connector}Schedule": "rate(12 hours)", f"{connector}MaxAgeHours": "24"}


def role_boundary(iam, role):
    found = iam.get_role(RoleName=role["RoleName"])["Role"].get("PermissionsBoundary", {})
    return found.get("PermissionsBoundaryArn")


class Aws:
    """A simulated AWS that the template was deployed to, by the command line, with these answers to its questions."""

    def __init__(self, answers):
        self.process = subprocess.Popen([sys.executable, HERE / "local_aws.py"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.environment = {}
        for line in self.process.stdout:
            if line.startswith("export "):
                self.environment.update(word.split("=", 1) for word in line.split()[1:])
            if "AWS_SECRET_ACCESS_KEY" in self.environment:
                break
        sam = [Path(sys.executable).parent / "sam", "deploy", "--config-file", ROOT / "samconfig.toml", "--template-file", Path(BUILT) / "template.yaml", "--no-confirm-changeset"]
        sam += ["--parameter-overrides", *(f'{name}="{value}"' for name, value in answers.items() if value)]
        environment = {**os.environ, **self.environment, "SAM_CLI_TELEMETRY": "0"}
        done = subprocess.run(sam, env=environment, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            self.end()
            raise AssertionError(done.stdout + done.stderr)

    def end(self):
        self.process.kill()
        self.process.communicate()

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@unittest.skipUnless(BUILT, "nothing was built: run tests/run")
class WithoutAnAccount(unittest.TestCase):
    def test_the_command_of_the_readme_deploys_the_defaults(self):
        (command,) = re.findall(r"(?m)^sam deploy --parameter-overrides (.*) --no-confirm-changeset$", (ROOT / "infra/README.md").read_text())
        answers = dict(word.split("=") for word in command.split())
        aws = Aws({**answers, "Architecture": CHOSEN["Architecture"]})
        self.addCleanup(aws.end)
        (stack,) = aws.client("cloudformation").describe_stacks(StackName="rollcall")["Stacks"]
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE")
        functions = {f["FunctionName"] for f in aws.client("lambda").list_functions()["Functions"]}
        on = [name.lower() for name, value in answers.items() if value == "yes" and not name.endswith("Provisioning")]
        self.assertTrue(functions and all(f.split("-")[1] in on for f in functions), functions)
        self.assertNotIn("AuditBucket", [o["OutputKey"] for o in stack["Outputs"]])


@unittest.skipUnless(BUILT, "nothing was built: run tests/run")
class Deployed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(**CHOSEN)
        cls.aws = Aws(cls.stack.parameters)
        cls.addClassCleanup(cls.aws.end)

    def client(self, service):
        return self.aws.client(service)

    def outputs(self):
        (stack,) = self.client("cloudformation").describe_stacks(StackName="rollcall")["Stacks"]
        return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}

    def test_the_functions_are_there(self):
        functions = {f["FunctionName"]: f for f in self.client("lambda").list_functions()["Functions"]}
        expected = {f["FunctionName"]: f for f in self.stack.of_type("AWS::Lambda::Function").values()}
        self.assertEqual(set(functions), set(expected))
        for name, function in functions.items():
            for same in ("Runtime", "Handler", "MemorySize", "Timeout", "Description"):
                self.assertEqual(function[same], expected[name][same], name)
            variables = function["Environment"]["Variables"]
            self.assertEqual(variables["ROLLCALL_STORE"], f"s3://{self.outputs()['Bucket']}")
            self.assertEqual(variables["ROLLCALL_AUDIT_STORE"], f"s3://{self.outputs()['AuditBucket']}")
            self.assertEqual(set(variables), set(expected[name]["Environment"]["Variables"]))

    def test_the_package_holds_one_binary_for_the_processor_and_the_system(self):
        package = zipfile.ZipFile(io.BytesIO(self.package(f"rollcall-{BINARY}")))
        (entry,) = package.infolist()
        properties = self.stack.properties(FUNCTION)
        self.assertEqual(entry.filename, properties["Handler"])
        self.assertTrue(entry.external_attr >> 16 & 0o111, "not executable")
        self.assertLess(entry.file_size, LIMIT)
        binary = package.read(entry)
        self.assertEqual(binary[:4], b"\x7fELF")
        machine = {0x3E: "x86_64", 0xB7: "arm64"}[struct.unpack_from("<H", binary, 18)[0]]
        self.assertEqual([machine], properties["Architectures"])
        # Amazon Linux 2023 has glibc 2.34 (https://docs.aws.amazon.com/linux/al2023/).
        needed = max(tuple(map(int, v.split(b"."))) for v in re.findall(rb"GLIBC_(\d+\.\d+)", binary))
        self.assertLessEqual(needed, (2, 34))

    def package(self, function):
        """What was uploaded for a function: of its size."""
        size = self.client("lambda").get_function(FunctionName=function)["Configuration"]["CodeSize"]
        s3 = self.client("s3")
        for bucket in s3.list_buckets()["Buckets"]:
            for found in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
                if found["Size"] == size:
                    return s3.get_object(Bucket=bucket["Name"], Key=found["Key"])["Body"].read()
        raise AssertionError("nothing was uploaded")

    def test_roles_have_the_policies(self):
        iam = self.client("iam")
        roles = {r["RoleName"].split("-")[1]: r for r in iam.list_roles()["Roles"]}
        expected = self.stack.of_type("AWS::IAM::Role")
        self.assertEqual(set(roles), set(expected))
        for name, role in roles.items():
            self.assertEqual(role["AssumeRolePolicyDocument"], expected[name]["AssumeRolePolicyDocument"])
            self.assertEqual(role_boundary(iam, role), self.stack.parameters["PermissionsBoundaryArn"])
            for policy in expected[name]["Policies"]:
                held = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy["PolicyName"])["PolicyDocument"]
                sids = [s["Sid"] for s in held["Statement"]]
                self.assertEqual(sids, [s["Sid"] for s in policy["PolicyDocument"]["Statement"]])
                # Every name in it was resolved.
                self.assertNotIn("Fn::", json.dumps(held))
                for s in held["Statement"]:
                    self.assertTrue(s["Sid"] == "Trace" or s["Resource"] != "*", s)

    def test_workflows_have_their_definitions(self):
        states = self.client("stepfunctions")
        machines = {m["name"]: m["stateMachineArn"] for m in states.list_state_machines()["stateMachines"]}
        expected = self.stack.of_type("AWS::StepFunctions::StateMachine").values()
        self.assertEqual(set(machines), {m["StateMachineName"] for m in expected})
        functions = {f["FunctionArn"] for f in self.client("lambda").list_functions()["Functions"]}
        for name, arn in machines.items():
            text = states.describe_state_machine(stateMachineArn=arn)["definition"]
            self.assertNotIn("${", text)
            called = set(re.findall(r"arn:aws:lambda:[a-z0-9:-]+", text))
            self.assertTrue(called and all(any(f.startswith(c) for f in functions) for c in called), called)

    def test_every_schedule_is_on(self):
        scheduler = self.client("scheduler")
        machines = [m["stateMachineArn"] for m in self.client("stepfunctions").list_state_machines()["stateMachines"]]
        found = scheduler.list_schedules()["Schedules"]
        self.assertEqual({s["Name"] for s in found}, {f"rollcall-{c.lower()}-sync" for c in connectors()})
        for name in (s["Name"] for s in found):
            schedule = scheduler.get_schedule(Name=name)
            self.assertEqual((schedule["State"], schedule["ScheduleExpression"]), ("ENABLED", "rate(12 hours)"))
            self.assertEqual(schedule["FlexibleTimeWindow"], {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
            self.assertEqual(json.loads(schedule["Target"]["Input"]), {"connections": ["acme", "beta"]})
            self.assertIn(schedule["Target"]["Arn"], machines)
            self.assertTrue(schedule["Target"]["Arn"].endswith(f":{name}"))
            self.assertIn("ScheduleRole", schedule["Target"]["RoleArn"])

    def test_requests_on_the_bus_reach_their_workflow(self):
        events = self.client("events")
        bus = self.outputs()["Bus"]
        frame = {"id": "1", "account": "1", "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": []}
        provisioning = {n.split("-")[1] for n in (f["FunctionName"] for f in self.client("lambda").list_functions()["Functions"]) if n.endswith("-grant")}
        rules = events.list_rules(EventBusName=bus)["Rules"]
        self.assertEqual(len(rules), len(provisioning))
        for rule in rules:
            connector = rule["Name"].split("-")[1]
            (target,) = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
            self.assertTrue(target["Arn"].endswith(f":rollcall-{connector}-provision"))
            self.assertTrue(target["DeadLetterConfig"]["Arn"].endswith(":rollcall-dead-letters"))
            request = {"source": "rollcall.provision", "detail-type": f"{connector}-grant", "detail": {"connection": "acme"}}
            outcome = {**request, "source": "rollcall.outcome"}
            unknown = {**request, "detail-type": f"{connector}-sync"}
            another = {**request, "detail-type": "another-grant"}
            for event, taken in ((request, True), (outcome, False), (unknown, False), (another, False)):
                self.assertEqual(EventPattern.load(rule["EventPattern"]).matches_event({**frame, **event}), taken, event)

    def test_failed_executions_are_reported(self):
        events, topic = self.client("events"), self.outputs()["AlarmTopic"]
        rules = [r for r in events.list_rules()["Rules"] if r["Name"].endswith("-failed")]
        self.assertEqual({r["Name"] for r in rules}, {f"rollcall-{c.lower()}-failed" for c in connectors()})
        frame = {"id": "1", "account": "1", "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [], "source": "aws.states", "detail-type": "Step Functions Execution Status Change"}
        for machine in self.client("stepfunctions").list_state_machines()["stateMachines"]:
            for status, expected in (("FAILED", 1), ("TIMED_OUT", 1), ("SUCCEEDED", 0)):
                event = {**frame, "detail": {"status": status, "stateMachineArn": machine["stateMachineArn"]}}
                matching = [r for r in rules if EventPattern.load(r["EventPattern"]).matches_event(event)]
                self.assertEqual(len(matching), expected, (machine["name"], status))
        for rule in rules:
            (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            self.assertEqual(target["Arn"], topic)

    def test_buckets_are_private_encrypted_versioned_and_cleaned(self):
        s3 = self.client("s3")
        outputs = self.outputs()
        for bucket in (outputs["Bucket"], outputs["AuditBucket"]):
            (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
            self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": outputs["KeyArn"]})
            self.assertEqual(s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled")
            block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
            self.assertEqual(set(block.values()), {True})
            tls, once = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
            self.assertEqual((tls["Effect"], tls["Condition"]), ("Deny", {"Bool": {"aws:SecureTransport": "false"}}))
            self.assertIn(f"arn:aws:s3:::{bucket}/*", tls["Resource"])
            self.assertEqual((once["Effect"], once["Resource"]), ("Deny", f"arn:aws:s3:::{bucket}/audit/*"))
        rules = s3.get_bucket_lifecycle_configuration(Bucket=outputs["Bucket"])["Rules"]
        expiring = {r["Filter"]["Prefix"]: r["Expiration"]["Days"] for r in rules if "Expiration" in r}
        self.assertEqual(expiring, {"runs/": 7, "snapshots/": 90})
        lock = s3.get_object_lock_configuration(Bucket=outputs["AuditBucket"])["ObjectLockConfiguration"]
        retention = lock["Rule"]["DefaultRetention"]
        self.assertEqual((retention["Mode"], retention["Days"]), ("COMPLIANCE", 30))

    def test_the_key_rotates_and_has_a_name(self):
        kms = self.client("kms")
        (alias,) = [a for a in kms.list_aliases()["Aliases"] if a["AliasName"] == "alias/rollcall"]
        self.assertTrue(self.outputs()["KeyArn"].endswith(alias["TargetKeyId"]))
        self.assertTrue(kms.get_key_rotation_status(KeyId=alias["TargetKeyId"])["KeyRotationEnabled"])

    def test_alarms_reach_somebody(self):
        alarms = {a["AlarmName"]: a for a in self.client("cloudwatch").describe_alarms()["MetricAlarms"]}
        expected = {a["AlarmName"]: a for a in self.stack.of_type("AWS::CloudWatch::Alarm").values()}
        self.assertEqual(set(alarms), set(expected))
        for name, alarm in alarms.items():
            actions = alarm["InsufficientDataActions" if name.endswith("-no-sync") else "AlarmActions"]
            self.assertEqual(actions, [self.outputs()["AlarmTopic"]], name)
            self.assertEqual(alarm["Threshold"], float(expected[name]["Threshold"]), name)
            self.assertEqual(alarm["TreatMissingData"], expected[name]["TreatMissingData"], name)
        for connector in connectors():
            self.assertEqual(alarms[f"rollcall-{connector.lower()}-snapshot-old"]["Threshold"], 24)
        (subscription,) = self.client("sns").list_subscriptions_by_topic(TopicArn=self.outputs()["AlarmTopic"])["Subscriptions"]
        self.assertEqual((subscription["Protocol"], subscription["Endpoint"]), ("email", "ops@example.com"))

    def test_logs_expire(self):
        groups = {g["logGroupName"]: g.get("retentionInDays") for g in self.client("logs").describe_log_groups()["logGroups"]}
        self.assertEqual(groups, {f"/aws/lambda/rollcall-{c.lower()}": 14 for c in connectors()})

    def test_dead_letters_are_kept_and_the_dashboard_is_there(self):
        sqs = self.client("sqs")
        (url,) = sqs.list_queues()["QueueUrls"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(attributes["MessageRetentionPeriod"], "1209600")
        self.assertEqual([s["Sid"] for s in json.loads(attributes["Policy"])["Statement"]], ["FromRules", "OnlyOverTls"])
        body = self.client("cloudwatch").get_dashboard(DashboardName="rollcall")["DashboardBody"]
        self.assertEqual(len(json.loads(body)["widgets"]), 4)

    def test_what_was_built_has_no_aliases(self):
        # CloudFormation does not take the aliases of YAML; SAM writes them out.
        built = (Path(BUILT) / "template.yaml").read_text()
        self.assertEqual(re.findall(r"(?m)^.*[:-] [&*]\w+.*$", built), [])
        self.assertIn("&Encrypted", (ROOT / "infra/template.yaml").read_text())
        self.assertIn(FUNCTION, source()["Resources"])


if __name__ == "__main__":
    unittest.main()
