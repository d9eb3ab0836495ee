"""The template, built and deployed by SAM's own command line to a simulated AWS, and read back from each service.

ROLLCALL_BUILT names the folder of `sam build`, ROLLCALL_ARCHITECTURE the processor that it was for, AWS_ENDPOINT_URL the
simulated AWS (local_aws.py), which is emptied first."""

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
from urllib.request import Request, urlopen

import boto3

from template import ROOT, Stack, connectors, source

BUILT = os.environ.get("ROLLCALL_BUILT")
# What the one function that was built for this is, and how large it may be as it is built here: without link-time
# optimization. infra/size checks the size of what is deployed.
FUNCTION, BINARY, LIMIT = "TemporalCloudGrantFunction", "temporalcloud-grant", 16_000_000
# What a deployment of everything is told; see `sam deploy --parameter-overrides`.
CHOSEN = {
    "AuditLockDays": "30", "Architecture": os.environ.get("ROLLCALL_ARCHITECTURE", "x86_64"), "Tracing": "Active", "LogDays": "14",
    "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bound", "AlarmEmail": "ops@example.com",
}
for connector in connectors():
    CHOSEN |= {f"{connector}Connections": "acme,beta", f"{connector}Schedule": "rate(12 hours)", f"{connector}MaxAgeHours": "24"}


def deploy(answers):
    """Empties the simulated AWS and deploys there, with these answers to the template's questions."""
    urlopen(Request(f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")).close()
    sam = [Path(sys.executable).parent / "sam", "deploy", "--config-file", ROOT / "samconfig.toml", "--no-confirm-changeset"]
    sam += ["--template-file", Path(BUILT) / "template.yaml", "--parameter-overrides", *(f'{n}="{v}"' for n, v in answers.items() if v)]
    done = subprocess.run(sam, env={**os.environ, "SAM_CLI_TELEMETRY": "0"}, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)


def outputs():
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName="rollcall")["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}, stack["StackStatus"]


@unittest.skipUnless(BUILT, "nothing was built: run tests/run")
class WithoutAnAccount(unittest.TestCase):
    def test_the_command_of_the_readme_deploys_the_defaults(self):
        (command,) = re.findall(r"(?m)^sam deploy --parameter-overrides (.*) --no-confirm-changeset$", (ROOT / "infra/README.md").read_text())
        answers = dict(word.split("=") for word in command.split())
        deploy({**answers, "Architecture": CHOSEN["Architecture"]})
        made, status = outputs()
        self.assertEqual((status, "AuditBucket" in made), ("CREATE_COMPLETE", False))
        functions = {f["FunctionName"].split("-")[1] for f in boto3.client("lambda").list_functions()["Functions"]}
        self.assertEqual(functions, {name.lower() for name, value in answers.items() if value == "yes" and not name.endswith("Provisioning")})


@unittest.skipUnless(BUILT, "nothing was built: run tests/run")
class Deployed(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(**CHOSEN)
        deploy(cls.stack.parameters)
        cls.outputs, _ = outputs()
        made = boto3.client("cloudformation").describe_stack_resources(StackName="rollcall")["StackResources"]
        cls.names = {r["PhysicalResourceId"]: r["LogicalResourceId"] for r in made}

    def same(self, real, expected, *fields):
        """Compares these fields, or all that are expected; names that CloudFormation made up are as those that `Stack` makes up."""
        text = json.dumps({field: real.get(field) for field in fields or expected}, default=str)
        for physical, logical in self.names.items():
            if f"rollcall-{logical}".lower() in json.dumps(expected):
                text = text.replace(physical.rsplit("/", 1)[-1], f"rollcall-{logical}".lower())
        self.assertEqual(json.loads(text), {field: expected[field] for field in fields or expected})

    def each(self, kind, name, real):
        """Pairs of what there is, by its name, and what is expected of it."""
        expected = {p[name]: p for p in self.stack.of_type(kind).values()}
        self.assertEqual(set(real), set(expected))
        return [(real[n], expected[n]) for n in expected]

    def test_the_functions_are_there(self):
        functions = {f["FunctionName"]: f for f in boto3.client("lambda").list_functions()["Functions"]}
        for real, expected in self.each("AWS::Lambda::Function", "FunctionName", functions):
            self.same(real, expected, "Runtime", "Handler", "MemorySize", "Timeout", "Description", "Environment", "Role")

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
        size = boto3.client("lambda").get_function(FunctionName=function)["Configuration"]["CodeSize"]
        s3 = boto3.client("s3")
        for bucket in (b["Name"] for b in s3.list_buckets()["Buckets"]):
            for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                if found["Size"] == size:
                    return s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
        raise AssertionError("nothing was uploaded")

    def test_roles_have_the_policies(self):
        iam = boto3.client("iam")
        roles = {self.names[r["RoleName"]]: r for r in iam.list_roles()["Roles"]}
        expected = self.stack.of_type("AWS::IAM::Role")
        self.assertEqual(set(roles), set(expected))
        for name, role in roles.items():
            self.same(role, expected[name], "AssumeRolePolicyDocument")
            bound = iam.get_role(RoleName=role["RoleName"])["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
            self.assertEqual(bound, self.stack.parameters["PermissionsBoundaryArn"])
            for policy in expected[name]["Policies"]:
                held = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=policy["PolicyName"])
                self.same(held, policy, "PolicyDocument")

    def test_workflows_have_their_definitions(self):
        states = boto3.client("stepfunctions")
        machines = {m["name"]: states.describe_state_machine(stateMachineArn=m["stateMachineArn"]) for m in states.list_state_machines()["stateMachines"]}
        written = {p["StateMachineName"]: self.stack.definition(n) for n, p in self.stack.of_type("AWS::StepFunctions::StateMachine").items()}
        for real, expected in self.each("AWS::StepFunctions::StateMachine", "StateMachineName", machines):
            self.assertEqual(json.loads(real["definition"]), json.loads(written[real["name"]]))
            self.same({"RoleArn": real["roleArn"]}, expected, "RoleArn")

    def test_every_schedule_is_on(self):
        scheduler = boto3.client("scheduler")
        schedules = {s["Name"]: scheduler.get_schedule(Name=s["Name"]) for s in scheduler.list_schedules()["Schedules"]}
        for real, expected in self.each("AWS::Scheduler::Schedule", "Name", schedules):
            self.same(real, expected)

    def test_rules_have_their_patterns_and_targets(self):
        events, rules = boto3.client("events"), {}
        for bus in ("default", "rollcall"):
            for rule in events.list_rules(EventBusName=bus)["Rules"]:
                targets = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
                rules[rule["Name"]] = {**rule, "EventPattern": json.loads(rule["EventPattern"]), "Targets": targets, "Bus": bus}
        for real, expected in self.each("AWS::Events::Rule", "Name", rules):
            self.assertEqual(real["Bus"], expected.get("EventBusName", "default"))
            self.same(real, expected, "EventPattern", "State")
            for one, other in zip(real["Targets"], expected["Targets"], strict=True):
                self.same(one, other, "Arn", "DeadLetterConfig")

    def test_buckets_are_private_encrypted_versioned_and_cleaned(self):
        s3 = boto3.client("s3")
        for name, expected in self.stack.of_type("AWS::S3::Bucket").items():
            bucket = self.outputs[name]
            self.same({
                "BucketEncryption": s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"],
                "VersioningConfiguration": {"Status": s3.get_bucket_versioning(Bucket=bucket)["Status"]},
                "PublicAccessBlockConfiguration": s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
                "Policy": json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]),
            }, {
                "BucketEncryption": expected["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"],
                "VersioningConfiguration": expected["VersioningConfiguration"],
                "PublicAccessBlockConfiguration": expected["PublicAccessBlockConfiguration"],
                "Policy": self.stack.properties(f"{name}Policy")["PolicyDocument"],
            })
        rules = s3.get_bucket_lifecycle_configuration(Bucket=self.outputs["Bucket"])["Rules"]
        self.assertEqual({r["Filter"]["Prefix"]: r["Expiration"]["Days"] for r in rules if "Expiration" in r}, {"runs/": 7, "snapshots/": 90})
        lock = s3.get_object_lock_configuration(Bucket=self.outputs["AuditBucket"])["ObjectLockConfiguration"]
        self.assertEqual(lock["Rule"]["DefaultRetention"] | {"Years": None}, {"Mode": "COMPLIANCE", "Days": 30, "Years": None})

    def test_the_key_rotates_and_has_a_name(self):
        kms = boto3.client("kms")
        (alias,) = [a for a in kms.list_aliases()["Aliases"] if a["AliasName"] == "alias/rollcall"]
        self.assertTrue(self.outputs["KeyArn"].endswith(alias["TargetKeyId"]))
        self.assertTrue(kms.get_key_rotation_status(KeyId=alias["TargetKeyId"])["KeyRotationEnabled"])

    def test_alarms_reach_somebody(self):
        alarms = {a["AlarmName"]: a for a in boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]}
        for real, expected in self.each("AWS::CloudWatch::Alarm", "AlarmName", alarms):
            fields = {"AlarmActions", "InsufficientDataActions", "Threshold", "TreatMissingData", "EvaluationPeriods", "ComparisonOperator"}
            self.same(real, expected, *fields & set(expected))
        topic = self.outputs["AlarmTopic"]
        (subscription,) = boto3.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.same(subscription, self.stack.properties("AlarmSubscription"))

    def test_logs_expire(self):
        groups = {g["logGroupName"]: g.get("retentionInDays") for g in boto3.client("logs").describe_log_groups()["logGroups"]}
        self.assertEqual(groups, {f"/aws/lambda/rollcall-{c.lower()}": 14 for c in connectors()})

    def test_dead_letters_are_kept_and_the_dashboard_is_there(self):
        sqs = boto3.client("sqs")
        (url,) = sqs.list_queues()["QueueUrls"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(attributes["MessageRetentionPeriod"], "1209600")
        self.assertEqual(json.loads(attributes["Policy"]), self.stack.properties("DeadLettersPolicy")["PolicyDocument"])
        body = boto3.client("cloudwatch").get_dashboard(DashboardName="rollcall")["DashboardBody"]
        self.assertEqual(json.loads(body), json.loads(self.stack.properties("Dashboard")["DashboardBody"]))

    def test_what_was_built_has_no_aliases(self):
        # CloudFormation does not take the aliases of YAML; SAM writes them out.
        self.assertEqual(re.findall(r"(?m)^.*[:-] [&*]\w+.*$", (Path(BUILT) / "template.yaml").read_text()), [])
        self.assertIn("&Encrypted", (ROOT / "infra/template.yaml").read_text())
        self.assertIn(FUNCTION, source()["Resources"])
