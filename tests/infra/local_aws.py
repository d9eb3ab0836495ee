"""A simulated AWS on this machine: moto's server, on a free port, with what moto lacks and a deployment needs: CloudFormation
understands SAM templates (by AWS's own translator) and workflows whose definition lies in S3, and creates what moto itself
only pretends to create."""

import contextlib
import json
import logging
import os
import re
import threading
import warnings

import boto3
from moto.cloudformation.models import CloudFormationBackend
from moto.iam.access_control import PermissionResult
from moto.logs.models import LogGroup
from moto.moto_api._internal.recorder.models import Recorder
from moto.s3.models import FakeBucket
from moto.server import ThreadedMotoServer
from samtranslator.yaml_helper import yaml_parse

import missing
from template import translate


def processed(template, parameters):
    """A template as CloudFormation has it after its transforms."""
    template = yaml_parse(template) if isinstance(template, str) else template
    if template.pop("Transform", None) == "AWS::Serverless-2016-10-31":
        defaults = {n: str(spec["Default"]) for n, spec in template.get("Parameters", {}).items() if "Default" in spec}
        template = translate(template, {**defaults, **parameters})
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::StepFunctions::StateMachine":  # moto looks for the definition in the resource
                properties = resource["Properties"]
                text = boto3.client("s3").get_object(**properties.pop("DefinitionS3Location"))["Body"].read().decode()
                given = properties.pop("DefinitionSubstitutions")
                # Not by Fn::Sub, because moto's turns the two dollars of a context object into one.
                pieces = [given[piece] if place % 2 else piece for place, piece in enumerate(re.split(r"\$\{(\w+)\}", text))]
                properties["DefinitionString"] = {"Fn::Join": ["", pieces]}
    return json.dumps(template)


def understand_serverless():
    original = CloudFormationBackend.create_change_set

    def create(self, *, template, parameters, **others):
        return original(self, template=processed(template, parameters), parameters=parameters, **others)

    CloudFormationBackend.create_change_set = create


def create_all():
    """Lets moto create the stack of a change set as it creates any stack, with its conditions and outputs, and then all
    that moto leaves out."""
    original = CloudFormationBackend.execute_change_set

    def execute(self, change_set_name, stack_name=None):
        found = [c for i, c in self.change_sets.items() if change_set_name in (i, c.change_set_name)][-1]
        stack = self.stacks[found.stack_id]
        if found.change_set_type == "CREATE":
            stack.template = found.template
            stack._parse_template()
            stack.resource_map = stack._create_resource_map()
            stack.create_resources()
            missing.create(stack)
            found.execution_status = "EXECUTE_COMPLETE"
        else:
            original(self, change_set_name, stack_name)
            stack._parse_template()
        stack.output_map = stack._create_output_map()

    CloudFormationBackend.execute_change_set = execute


def record_one_request_at_a_time():
    """moto's threads write into one file, a long request in several pieces."""
    lock, original = threading.Lock(), Recorder._record_request

    def record(self, *args, **kwargs):
        with lock:
            return original(self, *args, **kwargs)

    Recorder._record_request = record


def main():
    # What they complain of is what is done here.
    logging.getLogger("moto").setLevel(logging.ERROR)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
    warnings.filterwarnings("ignore", message="Tried to parse")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    # moto takes templates from localhost, not from 127.0.0.1.
    access = {"AWS_ENDPOINT_URL": f"http://localhost:{server.get_host_and_port()[1]}", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    access |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    os.environ.update(access)  # this process is its own client
    understand_serverless()
    create_all()
    # moto ignores the conditions of a bucket's policy: what forbids access without TLS would forbid it to all.
    FakeBucket.get_permission = lambda _self, _action, _resource: PermissionResult.NEUTRAL
    LogGroup.get_cfn_attribute = lambda self, _attribute: f"{self.arn}:*"  # moto leaves out the part for its streams
    record_one_request_at_a_time()
    boto3.client("s3").create_bucket(Bucket="rollcall-test")
    print("A simulated AWS, until Ctrl-C. To use it in another terminal:\n")
    print("export", *(f"{name}={value}" for name, value in access.items()), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server._thread.join()


if __name__ == "__main__":
    main()
