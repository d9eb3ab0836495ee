"""What moto's CloudFormation only pretends to create, created through each service's own API from the same resources."""

import json

import boto3
from moto.cloudformation.parsing import clean_json


def create(stack):
    """Creates what is missing of a stack's resources."""
    names = {}  # of resources whose type moto's CloudFormation does not know
    wanted = [(name, spec) for name, spec in stack.template_dict["Resources"].items() if spec["Type"] in CREATORS]
    for name, spec in sorted(wanted, key=lambda one: list(CREATORS).index(one[1]["Type"])):
        condition = spec.get("Condition")
        if not condition or stack.resource_map.lazy_condition_map[condition]:
            properties = present(clean_json(referred(spec["Properties"], names), stack.resource_map))
            CREATORS[spec["Type"]](stack, name, properties)
            names[name] = properties.get("DatabaseInput", properties).get("Name")


def referred(value, names):
    """A value with these names in place of references to them."""
    if isinstance(value, list):
        return [referred(v, names) for v in value]
    if not isinstance(value, dict):
        return value
    return names[value["Ref"]] if names.get(value.get("Ref")) else {k: referred(v, names) for k, v in value.items()}


def present(value):
    """A value without what is `AWS::NoValue`: moto leaves a None in its place."""
    if isinstance(value, dict):
        return {k: present(v) for k, v in value.items() if v is not None}
    return [present(v) for v in value if v is not None] if isinstance(value, list) else value


def call(service, operation, **arguments):
    """Calls an API with values of a template, where numbers and truths may be strings, in the types that it wants."""
    client = boto3.client(service)
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    return getattr(client, operation)(**typed(shape, arguments))


def typed(shape, value):
    if shape.type_name == "structure":
        return {k: typed(shape.members[k], v) for k, v in value.items()}
    if shape.type_name == "list":
        return [typed(shape.member, v) for v in value]
    convert = {"integer": int, "long": int, "double": float, "float": float, "boolean": lambda v: v in (True, "true")}
    return convert.get(shape.type_name, lambda v: v)(value)


def role(stack, name, p):
    """moto keeps the policies as they are, and not as IAM does; the boundary it forgets."""
    iam, name = boto3.client("iam"), stack.resource_map[name].name
    for policy in p["Policies"]:
        iam.put_role_policy(RoleName=name, PolicyName=policy["PolicyName"], PolicyDocument=json.dumps(policy["PolicyDocument"]))
    if "PermissionsBoundary" in p:
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=p["PermissionsBoundary"])


def by(service, operation):
    """What is created by one call with the resource's own properties."""
    return lambda _stack, _name, p: call(service, operation, **p)


def resource_policy(_stack, _name, p):
    policy = {"Policy": json.dumps(p["PolicyDocument"])}
    if "Bucket" in p:
        boto3.client("s3").put_bucket_policy(Bucket=p["Bucket"], **policy)
    for url in p.get("Queues", []):
        boto3.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=policy)


def bucket(stack, name, p):
    """moto makes the bucket and its encryption, and nothing else of it."""
    created = stack.resource_map[name]
    if p.get("ObjectLockEnabled") in (True, "true"):
        created.object_lock_enabled = True  # can only be chosen when a bucket is made
    if "LifecycleConfiguration" in p:
        p["LifecycleConfiguration"] = {"Rules": [rule(r) for r in p["LifecycleConfiguration"]["Rules"]]}
    for operation, aspect in (
        ("put_bucket_versioning", "VersioningConfiguration"), ("put_public_access_block", "PublicAccessBlockConfiguration"),
        ("put_bucket_ownership_controls", "OwnershipControls"), ("put_object_lock_configuration", "ObjectLockConfiguration"),
        ("put_bucket_lifecycle_configuration", "LifecycleConfiguration"),
    ):
        if aspect in p:
            call("s3", operation, Bucket=created.name, **{aspect: p[aspect]})


def rule(r):
    """A lifecycle rule in the words of S3's API."""
    expiration = {"Expiration": {"Days": r["ExpirationInDays"]}} if "ExpirationInDays" in r else {}
    same = {k: r[k] for k in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload") if k in r}
    return {"ID": r["Id"], "Status": r["Status"], "Filter": {"Prefix": r["Prefix"]}, **expiration, **same}


def workgroup(_stack, _name, p):
    """The API has another word for the settings, and the deletion is none of the creation's business."""
    renamed = {"Name": p["Name"], "Description": p["Description"], "Configuration": p["WorkGroupConfiguration"]}
    call("athena", "create_work_group", **renamed)


# In the order in which they refer to each other.
CREATORS = {
    "AWS::IAM::Role": role,
    "AWS::SNS::Subscription": by("sns", "subscribe"),
    "AWS::Scheduler::ScheduleGroup": by("scheduler", "create_schedule_group"),
    "AWS::Scheduler::Schedule": by("scheduler", "create_schedule"),
    "AWS::CloudWatch::Alarm": by("cloudwatch", "put_metric_alarm"),
    "AWS::S3::BucketPolicy": resource_policy,
    "AWS::SQS::QueuePolicy": resource_policy,
    "AWS::S3::Bucket": bucket,
    "AWS::Lambda::EventInvokeConfig": by("lambda", "put_function_event_invoke_config"),
    "AWS::Glue::Database": by("glue", "create_database"),
    "AWS::Glue::Table": by("glue", "create_table"),
    "AWS::Athena::WorkGroup": workgroup,
    "AWS::Athena::NamedQuery": by("athena", "create_named_query"),
}
