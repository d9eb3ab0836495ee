"""The workflow that carries out changes, run by moto's own interpreter: the schedule of a temporary grant's end, read back."""

import datetime
import io
import json
import threading
import unittest
import zipfile

import boto3
import requests
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.implementations.is_operator import IsTimestamp
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import _SERVICE_ERROR_NAMES

from template import Stack

# moto does not know how AWS calls the errors of this service, and does not read the times that it writes itself.
_SERVICE_ERROR_NAMES["scheduler"] = "Scheduler"
IsTimestamp.string_to_timestamp = staticmethod(datetime.datetime.fromisoformat)
ID, FUNCTION = "0123456789abcdef0123456789abcdef", "rollcall-elastic-grant"
EVENT = {"request_id": "r", "entitlement": "e", "principal": "p", "duration": "PT4H"}


@mock_aws(config={"stepfunctions": {"execute_state_machine": True}, "lambda": {"use_docker": False}})
class Schedules(unittest.TestCase):
    def deployed(self):
        """The workflow, with what it needs; its function does nothing."""
        stack, package = Stack(), io.BytesIO()
        group = stack.properties("ElasticEnds")
        boto3.client("scheduler").create_schedule_group(**group)
        boto3.client("events").create_event_bus(Name="rollcall")
        role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        with zipfile.ZipFile(package, "w") as file:
            file.writestr("bootstrap", "")
        code = {"ZipFile": package.getvalue()}
        boto3.client("lambda").create_function(FunctionName=FUNCTION, Runtime="provided.al2023", Role=role, Handler="bootstrap", Code=code)
        definition = stack.definition("ElasticProvisionWorkflow")
        machine = boto3.client("stepfunctions").create_state_machine(name="provision", definition=definition, roleArn=role)
        return machine["stateMachineArn"], group["Name"]

    def run_with(self, machine, answer):
        """The status of an execution whose function gives this answer."""
        requests.post("http://motoapi.amazonaws.com/moto-api/static/lambda-simple/response", json={"results": [json.dumps(answer)]})
        states, event = boto3.client("stepfunctions"), {"detail-type": FUNCTION.removeprefix("rollcall-"), "detail": EVENT}
        others = set(threading.enumerate())
        execution = states.start_execution(stateMachineArn=machine, name=f"at-{answer['expires_at']}"[:13], input=json.dumps(event))["executionArn"]
        for thread in set(threading.enumerate()) - others:
            thread.join(30)
        return states.describe_execution(executionArn=execution)["status"]

    def test_a_later_end_changes_the_schedule_of_the_first(self):
        machine, group = self.deployed()
        scheduler = boto3.client("scheduler")
        for at in ("2099-12-01T08:00:00Z", "2099-12-02T09:30:00Z"):
            answer = {"outcome": "granted", "dry_run": False, "resume_at": None, "expires_at": at, "expiration": ID}
            self.assertEqual(self.run_with(machine, answer), "SUCCEEDED")
            (name,) = [s["Name"] for s in scheduler.list_schedules(GroupName=group)["Schedules"]]
            schedule = scheduler.get_schedule(Name=name, GroupName=group)
            self.assertEqual((name, schedule["ScheduleExpression"]), (ID, f"at({at.removesuffix('Z')})"))
            self.assertEqual((schedule["ActionAfterCompletion"], schedule["FlexibleTimeWindow"]), ("DELETE", {"Mode": "OFF"}))
            self.assertEqual(json.loads(schedule["Target"]["Input"]), {"connection": "default", "expiration": ID})

    def test_an_end_in_the_past_and_a_grant_without_one_are_not_scheduled(self):
        machine, group = self.deployed()
        for at in ("2020-01-01T00:00:00Z", None):
            answer = {"outcome": "granted", "dry_run": False, "resume_at": None, "expires_at": at, "expiration": at and ID}
            self.assertEqual(self.run_with(machine, answer), "SUCCEEDED")
            self.assertEqual(boto3.client("scheduler").list_schedules(GroupName=group)["Schedules"], [])
