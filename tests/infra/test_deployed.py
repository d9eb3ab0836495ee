"""The template, built and deployed by SAM's own command line to a simulated AWS, and read back from each service.

ROLLCALL_BUILT names the folder of `sam build`, ROLLCALL_ARCHITECTURE the processor that it was for, AWS_ENDPOINT_URL the
simulated AWS (local_aws.py), which is emptied before each deployment."""

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
from cfnlint.api import lint

from template import ROOT, Stack, connectors

BUILT = os.environ.get("ROLLCALL_BUILT")
# What the one function that was built for this is, and how large it may be as it is built here: without optimization.
# infra/size checks the size of what is deployed.
FUNCTION, BINARY, LIMIT = "TemporalCloudGrantFunction", "temporalcloud-grant", 32_000_000
# What a deployment of everything is told; see `sam deploy --parameter-overrides`.
CHOSEN = {
    "AuditLockDays": "30", "Architecture": os.environ.get("ROLLCALL_ARCHITECTURE", "x86_64"), "Tracing": "Active", "LogDays": "14",
    "PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/bound", "AlarmEmail": "ops@example.com",
    "SweepSchedule": "rate(1 hour)",
    "TableDays": "500",
}
for connector in connectors():
    CHOSEN |= {f"{connector}Connections": "acme,beta", f"{connector}Schedule": "rate(12 hours)", f"{connector}MaxAgeHours": "24"}


def deploy(answers):
    """Deploys to the emptied AWS with these answers to the template's questions, and gives the outputs of the stack."""
    urlopen(Request(f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset", method="POST")).close()
    sam = [Path(sys.executable).parent / "sam", "deploy", "--config-file", ROOT / "samconfig.toml", "--no-confirm-changeset"]
    sam += ["--template-file", Path(BUILT) / "template.yaml", "--parameter-overrides", *(f'{n}="{v}"' for n, v in answers.items() if v)]
    done = subprocess.run(sam, env={**os.environ, "SAM_CLI_TELEMETRY": "0"}, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    (stack,) = boto3.client("cloudformation").describe_stacks(StackName="rollcall")["Stacks"]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise AssertionError(stack)
    return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}


@unittest.skipUnless(BUILT, "nothing was built: run tests/run")
class WithoutAnAccount(unittest.TestCase):
    def test_the_command_of_the_readme_deploys_the_defaults(self):
        (command,) = re.findall(r"(?m)^sam deploy --parameter-overrides (.*) --no-confirm-changeset$", (ROOT / "infra/README.md").read_text())
        answers = dict(word.split("=") for word in command.split())
        on = [name.removesuffix("Provisioning") for name, value in answers.items() if value == "yes"]
        # The README builds the template of one connector; this is that of all.
        answers |= {connector: "yes" for connector in on} | {"Architecture": CHOSEN["Architecture"]}
        self.assertNotIn("AuditBucket", deploy(answers))
        functions = {f["FunctionName"] for f in boto3.client("lambda").list_functions()["Functions"]}
        on = [connector.lower() for connector in on]
        self.assertEqual({f.split("-")[1] for f in functions}, {*on, "snapshot"})


@unittest.skipUnless(BUILT, "nothing was built: run tests/run")
class Deployed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(**CHOSEN)
        cls.outputs = deploy(cls.stack.parameters)
        roles = [r["RoleName"] for r in boto3.client("iam").list_roles()["Roles"]]
        # What CloudFormation calls a resource that the template does not name, and what `Stack` does.
        cls.names = {n: n.rpartition("-")[0].lower() for n in (cls.outputs["Bucket"], cls.outputs["AuditBucket"], *roles)}
        cls.names[cls.outputs["KeyArn"].rpartition("/")[2]] = "rollcall-key"

    def called(self, text):
        """What a JSON text says, with the names that `Stack` gives to resources in place of CloudFormation's."""
        for made, called in self.names.items():
            text = text.replace(made, called)
        return json.loads(text)

    def same(self, kind, real, *fields):
        """What was read back of all resources of a kind, by name, is as the template says: these properties, or all."""
        real, expected = self.called(json.dumps(real, default=str)), {self.stack.physical(n): p for n, p in self.stack.of_type(kind).items()}
        self.assertEqual(set(real), set(expected))
        for name, properties in expected.items():
            for field in fields or properties:
                self.assertEqual(real[name].get(field), properties.get(field), f"{field} of {name}")

    def test_the_functions_are_there(self):
        functions = {f["FunctionName"]: f for f in boto3.client("lambda").list_functions()["Functions"]}
        self.same("AWS::Lambda::Function", functions, "Runtime", "Handler", "MemorySize", "Timeout", "Description", "Environment", "Role")

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
        s3, uploads = boto3.client("s3"), {}
        for bucket in (b["Name"] for b in s3.list_buckets()["Buckets"]):
            uploads |= {o["Size"]: {"Bucket": bucket, "Key": o["Key"]} for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
        return s3.get_object(**uploads[size])["Body"].read()

    def test_roles_have_the_policies(self):
        iam, roles = boto3.client("iam"), {}
        for name in (r["RoleName"] for r in iam.list_roles()["Roles"]):
            policies = [iam.get_role_policy(RoleName=name, PolicyName=p) for p in iam.list_role_policies(RoleName=name)["PolicyNames"]]
            role = iam.get_role(RoleName=name)["Role"]
            bound = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
            roles[name] = {**role, "PermissionsBoundary": bound, "Policies": [{f: p[f] for f in ("PolicyName", "PolicyDocument")} for p in policies]}
        self.same("AWS::IAM::Role", roles)

    def test_workflows_have_their_definitions(self):
        states, kind = boto3.client("stepfunctions"), "AWS::StepFunctions::StateMachine"
        arns = {m["name"]: m["stateMachineArn"] for m in states.list_state_machines()["stateMachines"]}
        machines = {name: states.describe_state_machine(stateMachineArn=arn) for name, arn in arns.items()}
        self.same(kind, {name: {"RoleArn": machine["roleArn"]} for name, machine in machines.items()}, "RoleArn")
        for name in self.stack.of_type(kind):
            self.assertEqual(self.called(machines[self.stack.physical(name)]["definition"]), json.loads(self.stack.definition(name)), name)

    def test_every_schedule_is_on(self):
        scheduler = boto3.client("scheduler")
        self.same("AWS::Scheduler::Schedule", {s["Name"]: scheduler.get_schedule(Name=s["Name"]) for s in scheduler.list_schedules()["Schedules"]})

    def test_every_connector_that_changes_access_has_a_group_for_the_ends_of_grants(self):
        groups = boto3.client("scheduler").list_schedule_groups()["ScheduleGroups"]
        self.same("AWS::Scheduler::ScheduleGroup", {g["Name"]: g for g in groups if g["Name"] != "default"})

    def test_rules_have_their_patterns_and_targets(self):
        events, rules = boto3.client("events"), {}
        for bus in ("default", "rollcall"):
            for rule in events.list_rules(EventBusName=bus)["Rules"]:
                own = {"EventPattern": json.loads(rule["EventPattern"]), "EventBusName": bus if bus != "default" else None}
                targets = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
                rules[rule["Name"]] = {**rule, **own, "Targets": targets}
        self.same("AWS::Events::Rule", rules)

    def test_buckets_are_private_encrypted_versioned_and_cleaned(self):
        s3, buckets, policies = boto3.client("s3"), {}, {}
        for name in ("Bucket", "AuditBucket"):
            bucket = self.outputs[name]
            (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
            self.assertEqual(rule["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.outputs["KeyArn"]})
            status, block = s3.get_bucket_versioning(Bucket=bucket)["Status"], s3.get_public_access_block(Bucket=bucket)
            buckets[bucket] = {"VersioningConfiguration": {"Status": status}, **block}
            policies[f"rollcall-{name}Policy".lower()] = {"PolicyDocument": json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])}
        self.same("AWS::S3::Bucket", buckets, "VersioningConfiguration", "PublicAccessBlockConfiguration")
        self.same("AWS::S3::BucketPolicy", policies, "PolicyDocument")
        rules = s3.get_bucket_lifecycle_configuration(Bucket=self.outputs["Bucket"])["Rules"]
        expiring = {r["Filter"]["Prefix"]: r["Expiration"]["Days"] for r in rules if "Expiration" in r}
        self.assertEqual((expiring["runs/"], expiring["snapshots/"], expiring["tables/"]), (7, 90, 500))
        retention = s3.get_object_lock_configuration(Bucket=self.outputs["AuditBucket"])["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
        self.assertEqual((retention["Mode"], retention["Days"]), ("COMPLIANCE", 30))

    def test_athena_has_tables_and_queries(self):
        glue, athena = boto3.client("glue"), boto3.client("athena")
        self.same("AWS::Glue::Database", {d["Name"]: {"DatabaseInput": {k: d[k] for k in ("Name", "Description")}} for d in glue.get_databases()["DatabaseList"]}, "DatabaseInput")
        tables = {t["Name"]: t for t in glue.get_tables(DatabaseName="rollcall")["TableList"]}
        kept = ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
        self.same("AWS::Glue::Table", {n: {"DatabaseName": "rollcall", "TableInput": {k: t[k] for k in kept}} for n, t in tables.items()}, "DatabaseName", "TableInput")
        group = athena.get_work_group(WorkGroup="rollcall")["WorkGroup"]
        (expected,) = self.stack.of_type("AWS::Athena::WorkGroup").values()
        self.assertEqual(self.called(json.dumps(group["Configuration"]["ResultConfiguration"])), expected["WorkGroupConfiguration"]["ResultConfiguration"])
        queries = [athena.get_named_query(NamedQueryId=q)["NamedQuery"] for q in athena.list_named_queries(WorkGroup="rollcall")["NamedQueryIds"]]
        self.same("AWS::Athena::NamedQuery", {q["Name"]: q for q in queries})

    def test_a_published_snapshot_calls_the_function_and_what_it_gives_up_is_kept(self):
        functions = boto3.client("lambda")
        (permission,) = json.loads(functions.get_policy(FunctionName="rollcall-snapshot-published")["Policy"])["Statement"]
        self.assertEqual((permission["Principal"], permission["Action"]), ({"Service": "events.amazonaws.com"}, "lambda:InvokeFunction"))
        config = functions.get_function_event_invoke_config(FunctionName="rollcall-snapshot-published")
        (expected,) = self.stack.of_type("AWS::Lambda::EventInvokeConfig").values()
        self.assertEqual({k: config[k] for k in expected if k in config}, {k: v for k, v in expected.items() if k in config})
        self.assertEqual(config["DestinationConfig"]["OnFailure"], expected["DestinationConfig"]["OnFailure"])

    def test_the_rule_of_the_readme_sends_a_new_admin_to_its_queue(self):
        (template,) = re.findall(r"```yaml\n(AWSTemplateFormatVersion.*?)```", (ROOT / "infra/README.md").read_text(), re.DOTALL)
        self.assertEqual(lint(template), [])
        boto3.client("cloudformation").create_stack(StackName="became-admin", TemplateBody=template)
        sqs, events = boto3.client("sqs"), boto3.client("events")
        (url,) = [u for u in sqs.list_queues()["QueueUrls"] if "became-admin" in u]
        self.addCleanup(sqs.delete_queue, QueueUrl=url)
        for kind, activity, privilege in (
            ("User Access Management", 1, "Namespace Admin"), ("User Access Management", 2, "Namespace Admin"),
            ("User Access Management", 1, "Read"), ("Account Change", 1, "admin"), ("User Access Management", 1, "org:owner"),
        ):
            detail = {"activity_id": activity, "privileges": [privilege], "message": f"{kind} {activity} {privilege}"}
            entry = {"EventBusName": self.outputs["Bus"], "Source": "rollcall.change", "DetailType": kind, "Detail": json.dumps(detail)}
            self.assertEqual(events.put_events(Entries=[entry])["FailedEntryCount"], 0)
        arrived = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        told = [json.loads(m["Body"])["detail"]["message"] for m in arrived]
        self.assertEqual(sorted(told), ["User Access Management 1 Namespace Admin", "User Access Management 1 org:owner"])

    def test_the_key_rotates_and_has_a_name(self):
        kms = boto3.client("kms")
        (alias,) = [a for a in kms.list_aliases()["Aliases"] if a["AliasName"] == "alias/rollcall"]
        self.assertTrue(self.outputs["KeyArn"].endswith(alias["TargetKeyId"]))
        self.assertTrue(kms.get_key_rotation_status(KeyId=alias["TargetKeyId"])["KeyRotationEnabled"])

    def test_alarms_reach_somebody(self):
        self.same("AWS::CloudWatch::Alarm", {a["AlarmName"]: a for a in boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]})
        (subscription,) = boto3.client("sns").list_subscriptions_by_topic(TopicArn=self.outputs["AlarmTopic"])["Subscriptions"]
        self.same("AWS::SNS::Subscription", {"rollcall-alarmsubscription": subscription})

    def test_logs_expire(self):
        groups = boto3.client("logs").describe_log_groups()["logGroups"]
        self.same("AWS::Logs::LogGroup", {g["logGroupName"]: {"RetentionInDays": g.get("retentionInDays")} for g in groups}, "RetentionInDays")

    def test_dead_letters_are_kept_and_the_dashboard_is_there(self):
        sqs = boto3.client("sqs")
        (url,) = [u for u in sqs.list_queues()["QueueUrls"] if u.endswith("rollcall-dead-letters")]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual(attributes["MessageRetentionPeriod"], "1209600")
        self.assertEqual(json.loads(attributes["Policy"]), self.stack.properties("DeadLettersPolicy")["PolicyDocument"])
        body = boto3.client("cloudwatch").get_dashboard(DashboardName="rollcall")["DashboardBody"]
        self.assertEqual(json.loads(body), json.loads(self.stack.properties("Dashboard")["DashboardBody"]))

    def test_what_was_built_has_no_aliases(self):
        # CloudFormation does not take the aliases of YAML; SAM writes them out.
        self.assertEqual(re.findall(r"(?m)^.*[:-] [&*]\w+.*$", (Path(BUILT) / "template.yaml").read_text()), [])
        self.assertIn("&Encrypted", (ROOT / "infra/template.yaml").read_text())
