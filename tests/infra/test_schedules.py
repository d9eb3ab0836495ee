"""The workflows of the ends of temporary grants, run by moto's own interpreter: the schedule of an end, read back; and what a sweep
requests, as it arrives behind the bus."""

import datetime
import io
import json
import threading
import unittest
import uuid
import zipfile

import boto3
import requests
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.implementations.is_operator import IsTimestamp
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import _SERVICE_ERROR_NAMES
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError, extract_json

from template import Stack


def extracted(path, data):
    """What is at a path. AWS gives an empty list for a filter that nothing passes; moto fails."""
    try:
        return extract_json(path, data)
    except NoSuchJsonPathError:
        if "[?(" in path:
            return []
        raise


# moto does not know how AWS calls the errors of this service, and does not read the times that it writes itself.
_SERVICE_ERROR_NAMES["scheduler"] = "Scheduler"
IsTimestamp.string_to_timestamp = staticmethod(datetime.datetime.fromisoformat)
string_expression.extract_json = extracted
ID = "0123456789abcdef0123456789abcdef"
EVENT = {"request_id": "r", "entitlement": "e", "principal": "p", "duration": "PT4H"}


@mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}})
class Schedules(unittest.TestCase):
    def deployed(self, workflow, function):
        """A workflow, with what it needs; its function does nothing."""
        stack, package = Stack(), io.BytesIO()
        group = stack.properties("ElasticEnds")
        boto3.client("scheduler").create_schedule_group(**group)
        boto3.client("events").create_event_bus(Name="rollcall")
        role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        with zipfile.ZipFile(package, "w") as file:
            file.writestr("bootstrap", "")
        code = {"ZipFile": package.getvalue()}
        boto3.client("lambda").create_function(FunctionName=f"rollcall-elastic-{function}", Runtime="provided.al2023", Role=role, Handler="bootstrap", Code=code)
        definition = stack.definition(f"Elastic{workflow}Workflow")
        machine = boto3.client("stepfunctions").create_state_machine(name=workflow, definition=definition, roleArn=role)
        return machine["stateMachineArn"], group["Name"]

    def run_with(self, machine, sent, *answers):
        """An execution with this input, whose function gives these answers."""
        answers = {"results": [json.dumps(answer) for answer in answers]}
        requests.post("http://motoapi.amazonaws.com/moto-api/static/lambda-simple/response", json=answers)
        states, others = boto3.client("stepfunctions"), set(threading.enumerate())
        execution = states.start_execution(stateMachineArn=machine, name=uuid.uuid4().hex, input=json.dumps(sent))["executionArn"]
        for thread in set(threading.enumerate()) - others:
            thread.join(30)
        return states.describe_execution(executionArn=execution)

    def status(self, machine, answer):
        return self.run_with(machine, {"detail-type": "elastic-grant", "detail": EVENT}, answer)["status"]

    def test_a_later_end_changes_the_schedule_of_the_first(self):
        machine, group = self.deployed("Provision", "grant")
        scheduler = boto3.client("scheduler")
        for at in ("2099-12-01T08:00:00Z", "2099-12-02T09:30:00Z"):
            answer = {"outcome": "granted", "dry_run": False, "resume_at": None, "expires_at": at, "expiration": ID}
            self.assertEqual(self.status(machine, answer), "SUCCEEDED")
            (name,) = [s["Name"] for s in scheduler.list_schedules(GroupName=group)["Schedules"]]
            schedule = scheduler.get_schedule(Name=name, GroupName=group)
            self.assertEqual((name, schedule["ScheduleExpression"]), (ID, f"at({at.removesuffix('Z')})"))
            self.assertEqual((schedule["ActionAfterCompletion"], schedule["FlexibleTimeWindow"]), ("DELETE", {"Mode": "OFF"}))
            self.assertEqual(json.loads(schedule["Target"]["Input"]), {"connection": "default", "expiration": ID})

    def test_an_end_in_the_past_and_a_grant_without_one_are_not_scheduled(self):
        machine, group = self.deployed("Provision", "grant")
        for at in ("2020-01-01T00:00:00Z", None):
            answer = {"outcome": "granted", "dry_run": False, "resume_at": None, "expires_at": at, "expiration": at and ID}
            self.assertEqual(self.status(machine, answer), "SUCCEEDED")
            self.assertEqual(boto3.client("scheduler").list_schedules(GroupName=group)["Schedules"], [])

    def test_a_sweep_puts_a_request_for_each_end_on_the_bus(self):
        machine, _ = self.deployed("Sweep", "revoke")
        sqs, events = boto3.client("sqs"), boto3.client("events")
        queue = sqs.create_queue(QueueName="requests")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        # The pattern of the rule that starts the workflow for changes.
        pattern = json.dumps(Stack().properties("ElasticRequests")["EventPattern"])
        events.put_rule(Name="requests", EventBusName="rollcall", EventPattern=pattern)
        events.put_targets(Rule="requests", EventBusName="rollcall", Targets=[{"Id": "1", "Arn": arn}])
        ids = [f"{n:032x}" for n in range(3)]
        execution = self.run_with(machine, {"connections": ["acme"]}, {"connection": "acme", "expirations": ids, "overdue": 3})
        self.assertEqual(execution["status"], "SUCCEEDED", execution)
        arrived = [json.loads(m["Body"]) for m in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]]
        self.assertEqual([(e["source"], e["detail-type"]) for e in arrived], [("rollcall.provision", "elastic-revoke")] * 3)
        self.assertEqual(sorted(e["detail"]["expiration"] for e in arrived), ids)
        self.assertEqual({e["detail"]["connection"] for e in arrived}, {"acme"})
