"""Each role allows exactly what its functions ask of AWS: recorded from their real binaries and the official SDK in front
of moto, and calls of functions in front of the harness; ROLLCALL_RECORDINGS says where to find that."""

import base64
import json
import os
import re
import unittest
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import policy
from template import ACCOUNT, REGION, Stack, listed

VIA = {service: ("kms:ViaService", f"{service}.{REGION}.amazonaws.com") for service in ("s3", "secretsmanager", "sqs")}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/rollcall-key"


def requests():
    """What each function asked, as (function, action, resource, context); a set, for most is asked again and again."""
    asked = set()
    for file in Path(os.environ["ROLLCALL_RECORDINGS"]).glob("*.jsonl"):
        for line in file.read_text().splitlines():
            entry = json.loads(line)
            headers = {k.lower(): v for k, v in entry["headers"].items()}
            credential = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", headers.get("authorization", ""))
            if credential and credential[1] != "test":
                asked.update((credential[1], *one) for one in understood(credential[2], entry, headers))
    return asked


def understood(service, entry, headers):
    """The action, the resource and the context of a recorded request, and what its service asks of the key for it."""
    if service == "secretsmanager":
        action = headers["x-amz-target"].removeprefix("secretsmanager.")
        name = json.loads(base64.b64decode(entry["body"]) if entry["body_encoded"] else entry["body"])["SecretId"]
        secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-Ab12Cd"
        return [(f"secretsmanager:{action}", secret, ()), ("kms:Decrypt", KEY, VIA[service])]
    if service == "events":
        body = json.loads(base64.b64decode(entry["body"]) if entry["body_encoded"] else entry["body"])
        action = headers["x-amz-target"].removeprefix("AWSEvents.")
        bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/rollcall"  # each test has its own
        return [(f"events:{action}", bus, ("events:source", e["Source"])) for e in body["Entries"]]
    url = urlsplit(entry["url"])
    if service == "lambda":
        (called,) = re.fullmatch(r"/2015-03-31/functions/([^/]+)/invocations", unquote(url.path)).groups()
        return [("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{called}", ())]
    bucket, _, key = unquote(url.path).lstrip("/").partition("/")
    query = parse_qs(url.query)
    if service == "s3" and not key and entry["method"] == "GET" and query.get("list-type") == ["2"]:
        return [("s3:ListBucket", f"arn:aws:s3:::{bucket}", ("s3:prefix", query["prefix"][0]))]
    if service != "s3" or not key:
        raise ValueError(f"not understood: {entry['method']} {entry['url']}")
    action, of_key = {"GET": ("s3:GetObject", "kms:Decrypt"), "PUT": ("s3:PutObject", "kms:GenerateDataKey")}[entry["method"]]
    condition = ("s3:if-none-match", headers["if-none-match"]) if "if-none-match" in headers else ()
    found = [(action, f"arn:aws:s3:::{bucket}/{key}", condition), (of_key, KEY, VIA[service])]
    if action == "s3:GetObject":
        # Asked by S3 itself, when there is no such object, to choose between 404 and 403: there is no prefix then.
        found.append(("s3:ListBucket", f"arn:aws:s3:::{bucket}", ()))
    return found


def played_by_all(asked, functions):
    """What every function asked. The agent for ConductorOne is one program for all connectors: what it asked for one, it asks for each,
    except for functions that the other connector does not have."""
    names = {f"rollcall-{f}" for f in functions}
    for function, action, resource, condition in asked:
        own, agent = re.fullmatch(r"(\w+)(-c1)?.*", function).groups()
        for connector in [f.removesuffix("-c1") for f in functions if f.endswith("-c1")] if agent else [own]:
            renamed = resource.replace(f"/{own}/", f"/{connector}/").replace(f":rollcall-{own}-", f":rollcall-{connector}-")
            if action != "lambda:InvokeFunction" or renamed.rpartition(":")[2] in names:
                yield function.replace(own, connector, 1), action, renamed, condition


@unittest.skipUnless(os.environ.get("ROLLCALL_RECORDINGS"), "no recordings: run tests/run")
class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """For records in the bucket, and in one of their own: the statements of each function's role, what it asked, and the denials."""
        cls.variants, asked = [], requests()
        for stack, audit, other in ((Stack(), "bucket", "auditbucket"), (Stack(AuditLockDays=30), "auditbucket", "bucket")):
            functions = stack.of_type("AWS::Lambda::Function").values()
            roles = {f["FunctionName"].removeprefix("rollcall-"): stack.role(f["Role"]) for f in functions}
            played = {}
            for function, action, resource, condition in played_by_all(asked, roles):
                elsewhere = resource == "arn:aws:s3:::rollcall-auditbucket" and audit == "bucket"
                if not elsewhere and not resource.startswith(f"arn:aws:s3:::rollcall-{other}/audit/"):
                    played.setdefault(function, []).append((action, resource, dict([condition] if condition else [])))
            denied = [s for p in stack.of_type("AWS::S3::BucketPolicy").values() for s in p["PolicyDocument"]["Statement"]]
            cls.variants.append((roles, played, denied))

    def test_all_that_a_function_asks_is_allowed(self):
        for roles, played, denied in self.variants:
            for function, requests in played.items():
                for request in requests:
                    self.assertTrue(policy.allows(roles[function] + denied, *request), f"{function} may not {request}")

    def test_all_that_is_allowed_is_asked(self):
        # Writing logs, and giving up an event, is Lambda's doing with the function's role. The functions that change access share one: only two of them
        # know of temporary grants.
        for roles, played, _ in self.variants:
            for function, allowed in roles.items():
                for statement in (s for s in allowed if s["Sid"] not in ("Log", "SendDeadLetters")):
                    for action in listed(statement["Action"]):
                        for resource in listed(statement["Resource"]):
                            narrow = {**statement, "Action": action, "Resource": resource}
                            # The functions that change access share a role.
                            same = [f for f, other in roles.items() if other == allowed]
                            asked = any(policy.matches(narrow, *request) for f in same for request in played.get(f, []))
                            self.assertTrue(asked, f"{function} never asks for {action} on {resource}")

    def test_the_key_is_used_through_s3_and_secrets_manager_alone_and_no_others_keys_are_listed(self):
        for roles, _, _ in self.variants:
            for function, allowed in roles.items():
                connector = function.split("-")[0]
                for context in ({}, dict([VIA["sqs"]])):
                    self.assertFalse(policy.allows(allowed, "kms:Decrypt", KEY, context), function)
                known = "c1" if function.endswith("-c1") else "latest"
                every = function == "snapshot-published"  # one function for all connectors
                for prefix, good in ((f"{known}/{connector}/acme", True), (f"{known}/another/acme", every), ("", False)):
                    listing = policy.allows(allowed, "s3:ListBucket", "arn:aws:s3:::rollcall-bucket", {"s3:prefix": prefix})
                    self.assertEqual(listing, good, (function, prefix))
