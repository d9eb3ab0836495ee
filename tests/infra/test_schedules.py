"""The workflow that carries out changes, run by moto's own interpreter: the schedule of a temporary grant's end, read back."""

import datetime
import io
import json
import time
import unittest
import zipfile

import boto3
import requests
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.implementations.is_operator import IsTimestamp
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import StateTaskServiceAwsSdk

from template import ACCOUNT, Stack

ID, WORKFLOW = "0123456789abcdef0123456789abcdef", "ElasticProvisionWorkflow"
# moto does not know how AWS names the errors of this service, and does not read the times that it writes itself.
StateTaskServiceAwsSdk._normalise_service_error_name = staticmethod(str.title)
IsTimestamp.string_to_timestamp = staticmethod(lambda text: datetime.datetime.fromisoformat(text))
