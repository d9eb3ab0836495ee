"""What follows a published snapshot: its event, its function, and the tables for Athena."""

import io
import itertools
import json
import re
import threading
import unittest
import zipfile

import boto3
import policy
import requests
from moto import mock_aws

from template import ACCOUNT, ROOT, Stack, connectors
from test_template import BUS, DEAD_LETTERS, FULL, LOCKED, matches, roles, rules


class Followed(unittest.TestCase):
    """What follows a published snapshot."""

    FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rollcall-snapshot-published"
    PRODUCTS = {"Changes": "changes", "Reports": "report", "Tables": "tables"}  # parameters, and what ROLLCALL_PUBLISH calls them

    def put(self, connector):
        """The event that the sync workflow puts on the bus, as EventBridge delivers it."""
        definition = json.loads(FULL.definition(f"{connector}SyncWorkflow"))
        (entry,) = definition["States"]["Connections"]["ItemProcessor"]["States"]["Put it on the bus"]["Parameters"]["Entries"]
        self.assertEqual(entry["EventBusName"], "rollcall")
        detail = {name.removesuffix(".$"): value for name, value in entry["Detail"].items()}
        return {"source": entry["Source"], "detail-type": entry["DetailType"], "detail": {**detail, "connection": "acme", "sync_id": "2Zk"}}

    def test_one_function_gets_the_strict_event_of_every_connectors_snapshots(self):
        for connector in connectors():
            event = self.put(connector)
            self.assertEqual(event["detail-type"], f"{connector.lower()}-sync")
            (target,) = [t for r in rules("rollcall").values() if matches(r, event) for t in r["Targets"]]
            self.assertEqual((target["Arn"], target["RetryPolicy"]["MaximumRetryAttempts"]), (self.FUNCTION, 100))
            paths = target["InputTransformer"]["InputPathsMap"]
            # A string takes its quotes along.
            filled = re.sub(r"<(\w+)>", lambda m: json.dumps(event["detail"][paths[m[1]].removeprefix("$.detail.")]), target["InputTransformer"]["InputTemplate"])
            self.assertEqual(json.loads(filled), {"connector": connector.lower(), "connection": "acme", "sync_id": "2Zk"})
        permission = FULL.properties("SnapshotPublishedPermission")
        self.assertEqual((permission["Principal"], permission["SourceArn"]), ("events.amazonaws.com", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/rollcall/rollcall-snapshot-published"))

    def test_an_event_that_the_function_cannot_handle_is_repeated_and_kept(self):
        repeated = FULL.properties("SnapshotPublishedRepetitions")
        self.assertEqual((repeated["FunctionName"], repeated["Qualifier"], repeated["MaximumRetryAttempts"]), ("rollcall-snapshot-published", "$LATEST", 2))
        self.assertEqual(repeated["DestinationConfig"], {"OnFailure": {"Destination": DEAD_LETTERS}})
        (own,) = roles(FULL, "published")
        self.assertTrue(policy.allows(own[1], "sqs:SendMessage", DEAD_LETTERS))

    def test_each_product_can_be_switched_off_and_without_any_there_is_no_function(self):
        everything = {n for n in FULL.resources if n.startswith(("SnapshotPublished", "Tables"))} | set(FULL.of_type("AWS::Glue::Table")) | set(FULL.of_type("AWS::Athena::NamedQuery"))
        for on in ({}, {"Changes"}, {"Reports"}, {"Tables"}, {"Changes", "Tables"}):
            stack = Stack(**{name: "yes" if name in on else "no" for name in self.PRODUCTS})
            left = {n for n in stack.resources if n in everything}
            wanted = {n for n in everything if n.startswith("SnapshotPublished")} if on else set()
            self.assertEqual(left, everything if "Tables" in on else wanted, on)
            if not on:
                self.assertNotIn("snapshot-published", json.dumps(stack.resources))
                continue
            variables = stack.properties("SnapshotPublishedFunction")["Environment"]["Variables"]
            self.assertEqual(variables["ROLLCALL_PUBLISH"].split(","), [p for name, p in self.PRODUCTS.items() if name in on])
            ((_, role),) = roles(stack, "published")
            for name in self.PRODUCTS:
                key = f"arn:aws:s3:::rollcall-bucket/{name.lower()}/elastic/acme/x"
                self.assertEqual(policy.allows(role, "s3:PutObject", key), name in on, name)
            for source in ("change", "snapshot", "provision", "outcome"):
                allowed = policy.allows(role, "events:PutEvents", BUS, {"events:source": f"rollcall.{source}"})
                self.assertEqual(allowed, source == "change" and "Changes" in on, source)

    def test_the_function_reads_snapshots_and_ends_and_no_secrets_and_changes_none_of_it(self):
        ((_, role),) = roles(LOCKED, "published")
        for key in ("latest/elastic/acme.json", "snapshots/elastic/acme/x.c1z", "expirations/elastic/acme/0123.json"):
            allowed = [policy.allows(role, f"s3:{action}Object", f"arn:aws:s3:::rollcall-bucket/{key}") for action in ("Get", "Put")]
            self.assertEqual(allowed, [True, False], key)
        for key in ("audit/elastic/acme/r1/intended.json", "runs/elastic/acme/1-x/part", "locks/elastic/acme.json", "c1/elastic/acme.json", "athena-results/x.csv"):
            for bucket, action in itertools.product(("bucket", "auditbucket"), ("Get", "Put")):
                self.assertFalse(policy.allows(role, f"s3:{action}Object", f"arn:aws:s3:::rollcall-{bucket}/{key}"), key)
        self.assertNotIn("secretsmanager", json.dumps(role))


@mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}})
class Run(unittest.TestCase):
    """A connection in the sync workflow by moto's own interpreter, and what a queue in the function's place gets."""

    ANSWER = {
        "status": "complete", "connection": "acme", "sync_id": "2Zk", "previous_sync_id": None, "snapshot": "snapshots/x.c1z", "reason": None,
        "resume_at": None, "content_digest": "00", "counts": {"resources": 1}, "calls": 1, "warnings": [],
    }

    def test_a_published_snapshot_reaches_the_target_of_the_rule_and_a_held_one_does_not(self):
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as file:
            file.writestr("bootstrap", "")
        role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        code = {"ZipFile": package.getvalue()}
        boto3.client("lambda").create_function(FunctionName="rollcall-elastic-sync", Runtime="provided.al2023", Role=role, Handler="bootstrap", Code=code)
        sqs, events, states = boto3.client("sqs"), boto3.client("events"), boto3.client("stepfunctions")
        queue = sqs.create_queue(QueueName="function")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.create_event_bus(Name="rollcall")
        pattern = json.dumps(FULL.properties("SnapshotPublishedRule")["EventPattern"])
        events.put_rule(Name="published", EventBusName="rollcall", EventPattern=pattern)
        events.put_targets(Rule="published", EventBusName="rollcall", Targets=[{"Id": "1", "Arn": arn}])
        # Around it is a path that selects failures; moto takes it for an error if there are none.
        each = json.loads(FULL.definition("ElasticSyncWorkflow"))["States"]["Connections"]["ItemProcessor"]
        definition = json.dumps({field: each[field] for field in ("StartAt", "States")})
        machine = states.create_state_machine(name="sync", definition=definition, roleArn=role)["stateMachineArn"]
        for status, expected in (("held", []), ("complete", ["2Zk"])):
            answers = {"results": [json.dumps({**self.ANSWER, "status": status})]}
            requests.post("http://motoapi.amazonaws.com/moto-api/static/lambda-simple/response", json=answers)
            others = set(threading.enumerate())
            execution = states.start_execution(stateMachineArn=machine, name=status, input='{"connection":"acme","sync_id":null}')["executionArn"]
            for thread in set(threading.enumerate()) - others:
                thread.join(30)
            ended = states.describe_execution(executionArn=execution)
            self.assertEqual(ended["status"], "SUCCEEDED", ended)
            arrived = [json.loads(m["Body"]) for m in sqs.receive_message(QueueUrl=queue).get("Messages", [])]
            self.assertEqual([e["detail"]["sync_id"] for e in arrived], expected, status)


class Tables(unittest.TestCase):
    COLUMNS = json.loads((ROOT / "infra/tables.json").read_text())

    def test_athena_knows_every_column_and_the_place_of_every_file(self):
        tables = {t["TableInput"]["Name"]: t["TableInput"] for t in FULL.of_type("AWS::Glue::Table").values()}
        self.assertEqual(set(tables), set(self.COLUMNS))
        for name, table in tables.items():
            columns = [(c["Name"], c["Type"]) for c in table["StorageDescriptor"]["Columns"]]
            self.assertEqual(columns, [(c["name"], c["type"]) for c in self.COLUMNS[name]])
            keys = {k["Name"] for k in table["PartitionKeys"]}
            self.assertEqual((keys, keys & {n for n, _ in columns}), ({"connector", "day"}, set()))
            given = table["Parameters"]
            self.assertEqual(given["projection.connector.values"], ",".join(c.lower() for c in connectors()))
            self.assertEqual(given["projection.day.range"], "NOW-400DAYS,NOW")
            self.assertEqual(given["storage.location.template"], f"s3://rollcall-bucket/tables/{name}/connector=${{connector}}/day=${{day}}/")
            self.assertTrue(given["storage.location.template"].startswith(table["StorageDescriptor"]["Location"]))
            # The keys of the files: Athena reads everything below a day.
            (key,) = re.findall(r'"(tables/\{table\}/.*)"', (ROOT / "shared/engine/src/store/keys.rs").read_text())
            template = given["storage.location.template"].replace("${", "{").replace(f"/{name}/", "/{table}/")
            self.assertTrue(f"s3://rollcall-bucket/{key}".startswith(template), (key, template))
        only = Stack(**{c: "no" for c in connectors()[1:]}, TableDays=30).properties("GrantsTable")["TableInput"]["Parameters"]
        self.assertEqual((only["projection.connector.values"], only["projection.day.range"]), (connectors()[0].lower(), "NOW-30DAYS,NOW"))

    def test_results_are_encrypted_in_the_bucket_and_queries_are_limited(self):
        settings = FULL.properties("TablesWorkgroup")["WorkGroupConfiguration"]
        self.assertTrue(settings["EnforceWorkGroupConfiguration"])
        self.assertLessEqual(settings["BytesScannedCutoffPerQuery"], 10 << 30)
        result = settings["ResultConfiguration"]
        self.assertEqual(result["OutputLocation"], "s3://rollcall-bucket/athena-results/")
        self.assertEqual(result["EncryptionConfiguration"], {"EncryptionOption": "SSE_KMS", "KmsKey": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/rollcall-key"})

    def test_a_query_is_that_of_its_file_and_reads_tables_and_columns_that_exist(self):
        queries = {q["Name"]: q for q in FULL.of_type("AWS::Athena::NamedQuery").values()}
        files = {f.stem: f.read_text() for f in (ROOT / "infra/queries").glob("*.sql")}
        self.assertEqual({n: q["QueryString"] for n, q in queries.items()}, files)
        for name, query in queries.items():
            self.assertEqual((query["Database"], query["WorkGroup"]), ("rollcall", "rollcall"))
            self.assertGreater(len(query["Description"]), 20, name)
