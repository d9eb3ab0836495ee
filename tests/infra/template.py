"""The template of infra/ as data: translated from SAM to CloudFormation by AWS's own translator, then with its
conditions decided and its references resolved, as a deployment with the given parameters would have it."""

import copy
import functools
import logging
import os
import re
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the translator asks for the partition

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)  # it has nobody to publish its own metrics to

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "infra" / "template.yaml"
ACCOUNT, REGION, STACK = "123456789012", "us-east-1", "rollcall"
URL_SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
NO_VALUE = object()
# Where a resource has its name in its service; its ARN up to that name, with `@` for region and account.
NAMES = {
    "AWS::Lambda::Function": "FunctionName", "AWS::StepFunctions::StateMachine": "StateMachineName", "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName", "AWS::Logs::LogGroup": "LogGroupName", "AWS::Events::EventBus": "Name", "AWS::Events::Rule": "Name",
    "AWS::Scheduler::Schedule": "Name", "AWS::Scheduler::ScheduleGroup": "Name", "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::Glue::Database": "DatabaseInput", "AWS::Glue::Table": "TableInput", "AWS::Athena::WorkGroup": "Name", "AWS::Athena::NamedQuery": "Name",
}
ARNS = {
    "AWS::S3::Bucket": "s3:::", "AWS::IAM::Role": f"iam::{ACCOUNT}:role/", "AWS::Lambda::Function": "lambda:@:function:",
    "AWS::StepFunctions::StateMachine": "states:@:stateMachine:", "AWS::SQS::Queue": "sqs:@:", "AWS::SNS::Topic": "sns:@:",
    "AWS::Logs::LogGroup": "logs:@:log-group:", "AWS::Events::EventBus": "events:@:event-bus/", "AWS::KMS::Key": "kms:@:key/",
    "AWS::Events::Rule": f"events:@:rule/{STACK}/",  # those whose ARN is used are on the stack's bus
}
# AWS's own policies, of which the template uses none: the translator must not ask IAM for them.
NO_MANAGED_POLICIES = type("NoManagedPolicies", (), {"load": lambda self: {}})()
parsed = functools.cache(yaml_parse)


def source(text=None):
    """The template as it is written, or another one."""
    return copy.deepcopy(parsed(text or SOURCE.read_text()))


def parameters(text=None, **values):
    """All parameters: these values, and the defaults of the others."""
    declared = source(text)["Parameters"]
    if not set(values) <= set(declared):
        raise ValueError(f"no such parameters: {sorted(set(values) - set(declared))}")
    return {name: str(values.get(name, spec["Default"])) for name, spec in declared.items()}


def connectors():
    """The connectors, as their parameters begin."""
    return [facts["title"].replace(" ", "") for facts in source()["Metadata"]["Rollcall"].values()]


def translate(template, values):
    """CloudFormation of SAM. Local code must have been put somewhere already."""
    return transform(template, dict(values), NO_MANAGED_POLICIES)


class Stack:
    """The resources that a deployment with these parameters has, with every reference resolved. All that can be switched on is on,
    unless the parameters say otherwise."""

    def __init__(self, text=None, partition="aws", **values):
        template = source(text)
        switches = {name: "yes" for name, spec in template["Parameters"].items() if spec.get("AllowedValues") == ["yes", "no"]}
        self.parameters = parameters(text, **{**switches, **values})
        convert = {"CommaDelimitedList": lambda value: value.split(","), "Number": int}
        self.values = {
            "AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::StackName": STACK, "AWS::Partition": partition,
            "AWS::URLSuffix": URL_SUFFIXES[partition], "AWS::NoValue": NO_VALUE,
            **{name: convert.get(template["Parameters"][name]["Type"], str)(value) for name, value in self.parameters.items()},
        }
        for properties in (resource.get("Properties", {}) for resource in template["Resources"].values()):
            for key in {"CodeUri", "DefinitionUri"} & set(properties):  # made-up places
                properties[key] = {"Bucket": "packaged", "Key": properties[key]}
        self.raw = translate(template, self.parameters)
        kept = ("Type", "DeletionPolicy", "UpdateReplacePolicy")
        self.resources = {
            name: {**{k: spec[k] for k in kept if k in spec}, "Properties": self.resolve(spec.get("Properties", {}))}
            for name, spec in self.raw["Resources"].items() if self._is_there(spec)
        }

    def of_type(self, kind):
        return {n: r["Properties"] for n, r in self.resources.items() if r["Type"] == kind}

    def properties(self, name):
        return self.resources[name]["Properties"]

    def role(self, arn):
        (found,) = (r for n, r in self.of_type("AWS::IAM::Role").items() if self._attribute(n, "Arn") == arn)
        return statements(found)

    def definition(self, machine):
        """The definition of a workflow, from the file that the template names, with its substitutions made."""
        written = source()["Resources"][machine]["Properties"]["DefinitionUri"]
        given = self.properties(machine)["DefinitionSubstitutions"]
        return re.sub(r"\$\{(\w+)\}", lambda m: given[m[1]], (SOURCE.parent / written).read_text())

    def _is_there(self, spec):
        return "Condition" not in spec or self.condition(spec["Condition"])

    @functools.cache
    def condition(self, name):
        return self.resolve(self.raw["Conditions"][name])

    def resolve(self, node):
        if isinstance(node, list):
            return [v for v in map(self.resolve, node) if v is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        function, *others = node or [""]
        if not others and (function in ("Ref", "Condition") or function.startswith("Fn::")):
            return self._call(function, node[function])
        resolved = {k: self.resolve(v) for k, v in node.items()}
        return {k: v for k, v in resolved.items() if v is not NO_VALUE}

    def _call(self, function, argument):
        match function:
            case "Ref":
                return self.values[argument] if argument in self.values else self._ref(argument)
            case "Fn::GetAtt":
                return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
            case "Condition":
                return self.condition(argument)
            case "Fn::If":
                condition, yes, no = argument
                return self.resolve(yes if self.condition(condition) else no)
            case "Fn::Equals":
                return len({str(one) for one in self.resolve(argument)}) == 1
            case "Fn::Not":
                return not self.resolve(argument[0])
            case "Fn::And":
                return all(self.resolve(argument))
            case "Fn::Or":
                return any(self.resolve(argument))
            case "Fn::Join":
                separator, parts = argument
                return separator.join(str(p) for p in self.resolve(parts))
            case "Fn::Split":
                separator, text = argument
                return self.resolve(text).split(separator)
            case "Fn::Sub":
                text, extra = argument if isinstance(argument, list) else (argument, {})

                def named(match):
                    name = match[1]
                    return str(self.resolve(extra.get(name, {"Fn::GetAtt" if "." in name else "Ref": name})))

                return re.sub(r"\$\{([^!}]+)\}", named, text).replace("${!", "${")
        raise ValueError(f"unknown function {function}")

    def _ref(self, name):
        by_arn = self._existing(name)["Type"] in ("AWS::StepFunctions::StateMachine", "AWS::SNS::Topic")
        return self._attribute(name, "Arn") if by_arn else self.physical(name)

    def _existing(self, name):
        spec = self.raw["Resources"][name]
        if not self._is_there(spec):
            raise ValueError(f"a resource that is deployed refers to {name}, which is not")
        return spec

    def physical(self, name):
        """The name of a resource in its service."""
        spec = self._existing(name)
        given = self.resolve(spec["Properties"].get(NAMES.get(spec["Type"])))
        return (given["Name"] if isinstance(given, dict) else given) or f"{STACK}-{name}".lower()

    def _attribute(self, name, attribute):
        spec, physical = self._existing(name), self.physical(name)
        if attribute in ("Name", "QueueName"):
            return physical
        if attribute != "Arn":
            raise ValueError(f"unknown attribute {name}.{attribute}")
        arn = ARNS[spec["Type"]].replace("@", f"{REGION}:{ACCOUNT}")
        return f"arn:{self.values['AWS::Partition']}:{arn}{physical}" + (":*" if spec["Type"] == "AWS::Logs::LogGroup" else "")


def listed(value):
    """A value that may stand alone or in a list."""
    return value if isinstance(value, list) else [value]


def statements(role):
    return [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
