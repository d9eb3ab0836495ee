"""Each role allows exactly what its functions ask of AWS: recorded from their real binaries and the official SDK in front
of moto, which ROLLCALL_RECORDINGS says where to find."""

import json
import os
import re
import unittest
from pathlib import Path
from urllib.parse import unquote, urlsplit

import policy
from template import ACCOUNT, REGION, Stack, listed

VIA = {service: ("kms:ViaService", f"{service}.{REGION}.amazonaws.com") for service in ("s3", "secretsmanager")}


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
        name = json.loads(decoded(entry))["SecretId"]
        secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-Ab12Cd"
        return [(f"secretsmanager:{action}", secret, ()), ("kms:Decrypt", "key", VIA[service])]
    url = urlsplit(entry["url"])
    bucket, _, key = unquote(url.path).lstrip("/").partition("/")
    if service != "s3" or not key:
        raise ValueError(f"not understood: {entry['method']} {entry['url']}")
    action, of_key = {
        "GET": ("s3:GetObject", "kms:Decrypt"),
        "PUT": ("s3:PutObject", "kms:GenerateDataKey"),
    }[entry["method"]]
    condition = ("s3:if-none-match", headers["if-none-match"]) if "if-none-match" in headers else ()
    found = [(action, f"arn:aws:s3:::{bucket}/{key}", condition), (of_key, "key", VIA[service])]
    if action == "s3:GetObject":
        # Asked by S3 itself, when there is no such object, to choose between 404 and 403: there is no prefix then.
        found.append(("s3:ListBucket", f"arn:aws:s3:::{bucket}", ()))
    return found


def decoded(entry):
    import base64

    return base64.b64decode(entry["body"]) if entry["body_encoded"] else entry["body"]


@unittest.skipUnless(os.environ.get("ROLLCALL_RECORDINGS"), "no recordings: run tests/run")
class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.asked = requests()

    def played(self, stack, audit):
        """The requests of each function, where audit records lie as in this stack."""
        key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/rollcall-key"
        by_function = {}
        for function, action, resource, condition in self.asked:
            if "/audit/" in resource and (f":::{audit}/" not in resource):
                continue
            if resource.endswith(":::rollcall-auditbucket") and audit != "rollcall-auditbucket":
                continue
            one = (action, key if resource == "key" else resource, dict([condition] if condition else []))
            by_function.setdefault(function, []).append(one)
        return by_function

    def roles(self, stack):
        functions = stack.of_type("AWS::Lambda::Function").values()
        return {f["FunctionName"].removeprefix("rollcall-"): stack.role(f["Role"]) for f in functions}

    def variants(self):
        for stack, audit in ((Stack(), "rollcall-bucket"), (Stack(AuditLockDays=30), "rollcall-auditbucket")):
            self.denied = [s for p in stack.of_type("AWS::S3::BucketPolicy").values() for s in p["PolicyDocument"]["Statement"]]
            yield self.roles(stack), self.played(stack, audit)

    def test_every_function_was_played(self):
        for roles, played in self.variants():
            self.assertEqual(set(roles), set(played))

    def test_all_that_a_function_asks_is_allowed(self):
        for roles, played in self.variants():
            for function, requests in played.items():
                for action, resource, context in requests:
                    self.assertTrue(
                        policy.allows(roles[function] + self.denied, action, resource, context),
                        f"{function} may not {action} {resource} {context}",
                    )

    def test_all_that_is_allowed_is_asked(self):
        # Writing logs is Lambda's doing with the function's role.
        for roles, played in self.variants():
            for function, allowed in roles.items():
                for statement in allowed:
                    if statement["Sid"] == "Log":
                        continue
                    for action in listed(statement["Action"]):
                        for resource in listed(statement["Resource"]):
                            narrow = {**statement, "Action": action, "Resource": resource}
                            self.assertTrue(
                                any(policy.matches(narrow, *request) for request in played[function]),
                                f"{function} never asks for {action} on {resource}",
                            )

    def test_the_key_is_used_through_s3_and_secrets_manager_alone(self):
        for roles, _ in self.variants():
            for function, allowed in roles.items():
                key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/rollcall-key"
                self.assertFalse(policy.allows(allowed, "kms:Decrypt", key, {}), function)
                self.assertFalse(policy.allows(allowed, "kms:Decrypt", key, {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}))

    def test_nothing_of_another_connector_can_be_listed(self):
        for roles, _ in self.variants():
            for function, allowed in roles.items():
                connector = function.split("-")[0]
                for prefix, good in ((f"latest/{connector}/acme", True), ("latest/another/acme", False), ("", False)):
                    context = {"s3:prefix": prefix}
                    self.assertEqual(policy.allows(allowed, "s3:ListBucket", "arn:aws:s3:::rollcall-bucket", context), good)


if __name__ == "__main__":
    unittest.main()
