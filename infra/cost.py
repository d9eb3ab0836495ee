#!/usr/bin/env python3
"""The monthly cost of Rollcall, and the tables of infra/README.md.

    infra/cost.py                                       the tables; `infra/cost.py c1`: what ConductorOne adds;
                                                        `infra/cost.py follows`: of this, what follows a snapshot
    infra/cost.py buildkite=1 northflank=2              the cost of these connectors, with that many connections each
    infra/cost.py confluence=2,60,1,40                  the same, with the seconds and slices of a sync and the megabytes of a
                                                        snapshot; defaults are those of the medium size
    infra/cost.py elastic=1 syncs=24 changes=100        with that many syncs a day (default 4) and changes a month (default none)
    infra/cost.py elastic=1 temporary=1000              with that many temporary grants a month besides, each with its end
    infra/cost.py elastic=1 Tables=no                   without tables; so for Changes and Reports
    infra/cost.py elastic=1 c1=1                        with ConductorOne, asked for tasks every minute; it requests those syncs
"""

import json
import math
import re
import sys
from pathlib import Path
from typing import NamedTuple

# US dollars in us-east-1, without any free tier or discount: the price lists of 2025, each with the page of today's. They
# are assumptions, written down on 2026-11-21 and not checked that day: check them before you rely on them.
PRICES = {
    "lambda_request": (0.20 / 1e6, "https://aws.amazon.com/lambda/pricing/"),
    "lambda_gb_second_arm": (0.0000133334, "https://aws.amazon.com/lambda/pricing/"),
    "states_transition": (0.025 / 1e3, "https://aws.amazon.com/step-functions/pricing/"),
    "states_express_request": (1.00 / 1e6, "https://aws.amazon.com/step-functions/pricing/"),
    "states_express_gb_second": (0.06 / 3600, "https://aws.amazon.com/step-functions/pricing/"),
    "scheduler_invocation": (1.00 / 1e6, "https://aws.amazon.com/eventbridge/pricing/"),
    "bus_event": (1.00 / 1e6, "https://aws.amazon.com/eventbridge/pricing/"),
    "s3_write": (0.005 / 1e3, "https://aws.amazon.com/s3/pricing/"),
    "s3_read": (0.0004 / 1e3, "https://aws.amazon.com/s3/pricing/"),
    "s3_gb_month": (0.023, "https://aws.amazon.com/s3/pricing/"),
    "secret_month": (0.40, "https://aws.amazon.com/secrets-manager/pricing/"),
    "secret_call": (0.05 / 1e4, "https://aws.amazon.com/secrets-manager/pricing/"),
    "key_month": (1.00, "https://aws.amazon.com/kms/pricing/"),
    "key_call": (0.03 / 1e4, "https://aws.amazon.com/kms/pricing/"),
    "metric_month": (0.30, "https://aws.amazon.com/cloudwatch/pricing/"),
    "alarm_metric_month": (0.10, "https://aws.amazon.com/cloudwatch/pricing/"),
    "log_gb": (0.50, "https://aws.amazon.com/cloudwatch/pricing/"),
    "internet_gb": (0.09, "https://aws.amazon.com/ec2/pricing/on-demand/"),
    "fargate_vcpu_hour": (0.04048, "https://aws.amazon.com/fargate/pricing/"),
    "fargate_gb_hour": (0.004445, "https://aws.amazon.com/fargate/pricing/"),
}
PRICE = {name: dollars for name, (dollars, _) in PRICES.items()}


class Connector(NamedTuple):
    """The facts about a connector in the template."""

    title: str
    changing: int  # functions that change access
    key_ends: bool  # whether the vendor reports when a key expires: one more metric and alarm
    slices_an_hour: float = math.inf  # as the vendor's rate limit interrupts a sync


TEMPLATE = Path(__file__).with_name("template.yaml").read_text()
CONNECTORS = {name: Connector(**json.loads(facts)) for name, facts in re.findall(r'(?m)^    (\w+): (\{ "title": .*\})$', TEMPLATE)}
# Metrics of each connector, for alarms: the age of the newest snapshot, and whether one is held. Alarms use them,
# and the age once more, for whether it is reported at all. One alarm for all connectors: dead letters.
METRICS, ALARMS, ALARMS_OF_ALL = 2, 3, 1
# Of each connector that changes something, besides: how many ends are overdue.
SWEEP_METRICS, SWEEP_ALARMS = 1, 1

DAYS, HOURS = 30.4, 730
MEMORY_GB, CHANGE_MEMORY_GB = 0.5, 0.25  # SyncMemory; of functions that change
KEPT_DAYS = 90 + 7  # SnapshotDays, and what the bucket keeps of an expired object
# The states that the workflow enters: around all connections, for each one, and for each slice after the first. AWS may
# count the start and the end as well.
TRANSITIONS, TRANSITIONS_OF_CONNECTION, TRANSITIONS_A_SLICE, TRANSITIONS_OF_CHANGE = 3, 3, 3, 6
SLICE_SECONDS = 840  # a longer sync is resumed in another slice
# Of the store, by a sync: lease, snapshot, manifest, pointer; by each slice after the first: lease, and the parts of the
# checkpoint, of which a slice reads all (three on average, in a sync of six slices); by a change: lease and record.
WRITES, WRITES_A_SLICE, WRITES_OF_CHANGE = 8, 3, 5
READS, READS_A_SLICE, READS_OF_CHANGE = 3, 7, 7
# Of a temporary grant, besides two changes, it and its end: the states that schedule the end, and the record of the end.
TRANSITIONS_TO_SCHEDULE, WRITES_OF_TEMPORARY, READS_OF_TEMPORARY = 4, 4, 4
# The daily sweep (SweepSchedule) has as many states as a sync, and requests nothing if all schedules have done their work. It lists the
# records of temporary grants, and reads them all. A record stays, and is used again if the same grant is made again: at most, there
# is one for each grant of RECORD_MONTHS months. Whatever their number, the lists are counted as one request.
SWEEPS_A_DAY, SWEEP_SECONDS, RECORD_MONTHS = 1, 1, 12
LOG_KB = 4  # of an invocation
# Where requests to S3 come one after the other, a bucket key makes a call of KMS rarer: one in ten requests is a guess (AWS: "up to 99
# percent" less).
KEY_CALLS = 0.1
# With ConductorOne: one invocation of the agent in a warm environment, which has the secret for five minutes; its workflow,
# in steps of 100 ms and 64 MB. It takes its lease and gives it back in one object.
C1_MEMORY_GB, C1_SECONDS, C1_POLL_SECONDS, C1_POLL_GB, C1_SECRET_MINUTES = 0.25, 0.4, 0.5, 64 / 1024, 5
C1_WRITES, C1_READS, C1_LOG_KB, C1_ALARMS = 2, 1, 4, 1
# While a sync waits for the vendor, the agent reports to ConductorOne as often as that says, as seen: every 30 s. The states
# of the workflow that calls it; the seconds after which an invocation hands over to it.
C1_BEAT_SECONDS, C1_TRANSITIONS, C1_TASK_SECONDS = 30, 3, 210
# The same workflow puts the events of snapshots on the bus: its first state, and the others for each, with one more call.
C1_TRANSITIONS_TO_START, C1_TRANSITIONS_OF_SNAPSHOT = 1, 6
# After each snapshot: one state that puts its event on the bus; one function, which has the memory of a sync. It takes a lease
# and gives it back, and writes its record; it reads two snapshots with their manifests, the record and the lease.
TRANSITIONS_TO_FOLLOW, FOLLOW_SECONDS, FOLLOW_WRITES, FOLLOW_READS = 1, 0.5, 3, 6
CHANGES_A_SYNC = 10  # events on the bus, on average: each is an object that changed
TABLE_DAYS = 400 + 7  # TableDays, and what the bucket keeps of an expired object
POD_VCPU, POD_GB = 0.25, 0.5  # the smallest that Fargate has


class Sync(NamedTuple):
    """The syncs of a connector: how many connections, and what each takes."""

    connections: int
    seconds: float  # of computing, in all slices; waiting between them costs nothing
    slices: int
    megabytes: float  # of a snapshot
    what: str = ""  # the vendor has


class Product(NamedTuple):
    """What is made of each snapshot, by the parameter that switches it off."""

    seconds: float  # of computing, for each megabyte of the snapshot
    objects: int  # that are written
    megabytes: float  # of these together, for each megabyte of the snapshot
    days: int  # for which they are kept


# Assumptions: the seconds are not measured in AWS, the size of changes not at all.
PRODUCTS = {
    "Changes": Product(0.5, 1, 0.01, KEPT_DAYS),
    "Reports": Product(0.5, 1, 0.07, KEPT_DAYS),  # of 9 MB it has 0.6 MB, of 115 MB 5.4 MB
    "Tables": Product(1, 4, 0.15, TABLE_DAYS),  # of 115 MB, with 1,370,370 grants, they have 13 MB
}


def of_connector(connector, sync, syncs_a_day):
    """The parts of a month's cost of a connector, in dollars."""
    runs = syncs_a_day * DAYS
    syncs = runs * sync.connections
    more = sync.slices - 1
    invocations = syncs * sync.slices
    transitions = runs * TRANSITIONS + syncs * (TRANSITIONS_OF_CONNECTION + TRANSITIONS_A_SLICE * more)
    writes = syncs * (WRITES + WRITES_A_SLICE * more)
    reads = syncs * (READS + READS_A_SLICE * more)
    kept = syncs_a_day * sync.connections * KEPT_DAYS * sync.megabytes / 1024
    # A metric is paid for in the hours in which it is reported.
    hours = min(1, syncs_a_day * (1 + more / connector.slices_an_hour) / 24)
    return {
        "Lambda": invocations * PRICE["lambda_request"] + syncs * sync.seconds * MEMORY_GB * PRICE["lambda_gb_second_arm"],
        "Step Functions": transitions * PRICE["states_transition"],
        "EventBridge": runs * PRICE["scheduler_invocation"],
        "S3": writes * PRICE["s3_write"] + reads * PRICE["s3_read"] + kept * PRICE["s3_gb_month"],
        "Secrets Manager": sync.connections * PRICE["secret_month"] + invocations * PRICE["secret_call"],
        "KMS": (writes + reads + invocations) * PRICE["key_call"],
        "CloudWatch metrics": hours * (METRICS + connector.key_ends) * PRICE["metric_month"],
        "CloudWatch alarms": (ALARMS + connector.key_ends) * PRICE["alarm_metric_month"],
        "CloudWatch logs": invocations * LOG_KB / 1024 / 1024 * PRICE["log_gb"],
    }


def of_followed(sync, syncs_a_day, products=PRODUCTS):
    """The same of what follows a connector's snapshots, if these products are made of them."""
    syncs = syncs_a_day * DAYS * sync.connections
    announced = {"Step Functions": syncs * TRANSITIONS_TO_FOLLOW * PRICE["states_transition"], "EventBridge": syncs * PRICE["bus_event"]}
    if not products:
        return announced
    made = [PRODUCTS[name] for name in products]
    seconds = FOLLOW_SECONDS + sync.megabytes * sum(product.seconds for product in made)
    writes = syncs * (FOLLOW_WRITES + sum(product.objects for product in made))
    reads = syncs * FOLLOW_READS
    kept = syncs_a_day * sync.connections * sync.megabytes / 1024 * sum(product.megabytes * product.days for product in made)
    return added(
        announced,
        {
            "Lambda": syncs * (PRICE["lambda_request"] + seconds * MEMORY_GB * PRICE["lambda_gb_second_arm"]),
            "EventBridge": syncs * CHANGES_A_SYNC * ("Changes" in products) * PRICE["bus_event"],
            "S3": writes * PRICE["s3_write"] + reads * PRICE["s3_read"] + kept * PRICE["s3_gb_month"],
            "KMS": (writes + reads) * PRICE["key_call"],
            "CloudWatch logs": syncs * LOG_KB / 1024 / 1024 * PRICE["log_gb"],
        },
    )


def of_changes(changes):
    """The same of a month's changes."""
    return {
        "Lambda": changes * (PRICE["lambda_request"] + 1.0 * CHANGE_MEMORY_GB * PRICE["lambda_gb_second_arm"]),
        "Step Functions": changes * TRANSITIONS_OF_CHANGE * PRICE["states_transition"],
        "EventBridge": 2 * changes * PRICE["bus_event"],
        "S3": changes * (WRITES_OF_CHANGE * PRICE["s3_write"] + READS_OF_CHANGE * PRICE["s3_read"]),
        "Secrets Manager": changes * PRICE["secret_call"],
        "KMS": changes * (WRITES_OF_CHANGE + READS_OF_CHANGE + 1) * PRICE["key_call"],
        "CloudWatch logs": changes * LOG_KB / 1024 / 1024 * PRICE["log_gb"],
    }


def of_temporary(grants):
    """The same of a month's temporary grants, each with its end, and its record in each sweep."""
    writes, reads = WRITES_OF_TEMPORARY * grants, READS_OF_TEMPORARY * grants
    swept = RECORD_MONTHS * grants * SWEEPS_A_DAY * DAYS
    return added(
        of_changes(2 * grants),
        {
            "Step Functions": grants * TRANSITIONS_TO_SCHEDULE * PRICE["states_transition"],
            "EventBridge": grants * PRICE["scheduler_invocation"],
            "S3": writes * PRICE["s3_write"] + (reads + swept) * PRICE["s3_read"],
            "KMS": (writes + reads + swept * KEY_CALLS) * PRICE["key_call"],
        },
    )


def of_sweeps(connections):
    """The same of the daily sweeps of a connector, without the records that they read."""
    runs = SWEEPS_A_DAY * DAYS
    sweeps = runs * connections
    return {
        "Lambda": sweeps * (PRICE["lambda_request"] + SWEEP_SECONDS * CHANGE_MEMORY_GB * PRICE["lambda_gb_second_arm"]),
        "Step Functions": (runs * TRANSITIONS + sweeps * TRANSITIONS_OF_CONNECTION) * PRICE["states_transition"],
        "EventBridge": runs * PRICE["scheduler_invocation"],
        "S3": sweeps * PRICE["s3_write"],
        "CloudWatch metrics": min(1, SWEEPS_A_DAY / 24) * SWEEP_METRICS * PRICE["metric_month"],
        "CloudWatch alarms": SWEEP_ALARMS * PRICE["alarm_metric_month"],
        "CloudWatch logs": sweeps * LOG_KB / 1024 / 1024 * PRICE["log_gb"],
    }


def of_agent(invocations, seconds):
    """The parts of the cost of the agent's invocations, without their secrets, in this many seconds of computing in all."""
    writes, reads = C1_WRITES * invocations, C1_READS * invocations
    return {
        "Lambda": invocations * PRICE["lambda_request"] + seconds * C1_MEMORY_GB * PRICE["lambda_gb_second_arm"],
        "S3": writes * PRICE["s3_write"] + reads * PRICE["s3_read"],
        "KMS": (writes + reads) * KEY_CALLS * PRICE["key_call"],
        "CloudWatch logs": invocations * C1_LOG_KB / 1024 / 1024 * PRICE["log_gb"],
    }


def of_polls(connections, minutes):
    """The same of a month in which ConductorOne is asked for tasks that often and has none."""
    workflows = DAYS * 24 * 60 / minutes
    polls = workflows * connections
    secrets = DAYS * 24 * 60 / max(minutes, C1_SECRET_MINUTES) * connections
    return added(
        of_agent(polls, polls * C1_SECONDS),
        {
            "Step Functions": workflows * (PRICE["states_express_request"] + C1_POLL_SECONDS * C1_POLL_GB * PRICE["states_express_gb_second"]),
            "EventBridge": workflows * PRICE["scheduler_invocation"],
            "Secrets Manager": secrets * PRICE["secret_call"],
            "KMS": secrets * PRICE["key_call"],
            "CloudWatch alarms": C1_ALARMS * PRICE["alarm_metric_month"],
        },
    )


def of_tasks(connector, sync, syncs_a_day):
    """The same of what the agent adds to a month's syncs: it waits for the function, reports in between, and uploads the snapshot."""
    syncs = syncs_a_day * DAYS * sync.connections
    waiting = (sync.slices - 1) * 3600 / connector.slices_an_hour
    beats = math.floor(waiting / C1_BEAT_SECONDS) + math.floor(sync.seconds / C1_TASK_SECONDS)
    # A short task needs no workflow of its own before its snapshot is published.
    transitions = C1_TRANSITIONS_OF_SNAPSHOT + (C1_TRANSITIONS_TO_START + C1_TRANSITIONS * (beats + 1) if beats else 0)
    return added(
        of_agent(syncs * (beats + 1), syncs * (sync.seconds + (beats + 1) * C1_SECONDS)),
        {
            "Step Functions": syncs * transitions * PRICE["states_transition"],
            "Data transfer": syncs * sync.megabytes / 1024 * PRICE["internet_gb"],
        },
    )


def added(*bills):
    return {part: sum(bill.get(part, 0) for bill in bills) for bill in bills for part in bill}


def of_all():
    """The same for what exists once."""
    return {"KMS": PRICE["key_month"], "CloudWatch alarms": ALARMS_OF_ALL * PRICE["alarm_metric_month"]}


def month(syncs, syncs_a_day=4, changes=0, c1=None, temporary=0, products=PRODUCTS):
    """The parts of a month's cost of connectors, in dollars; `c1`: the minutes between two polls of ConductorOne."""
    bills = [of_connector(CONNECTORS[name], sync, syncs_a_day) for name, sync in syncs.items()]
    bills += [of_followed(sync, syncs_a_day, products) for sync in syncs.values()]
    bills += [of_changes(changes), of_temporary(temporary), of_all()]
    if changes or temporary:
        bills += [of_sweeps(sync.connections) for name, sync in syncs.items() if CONNECTORS[name].changing]
    if c1:
        bills += [of_c1(CONNECTORS[name], sync, syncs_a_day, c1) for name, sync in syncs.items()]
    return added(*bills)


def of_c1(connector, sync, syncs_a_day, minutes):
    """What ConductorOne adds to a connector's cost."""
    return added(of_polls(sync.connections, minutes), of_tasks(connector, sync, syncs_a_day))


# AWS's permanent free tier of each month, as far as nothing else in the account uses it up.
FREE = {
    "Lambda": 1e6 * PRICE["lambda_request"] + 400_000 * PRICE["lambda_gb_second_arm"],
    "Step Functions": 4000 * PRICE["states_transition"],
    "EventBridge": 14e6 * PRICE["scheduler_invocation"],
    "KMS": 20_000 * PRICE["key_call"],
    "CloudWatch metrics": 10 * PRICE["metric_month"],
    "CloudWatch alarms": 10 * PRICE["alarm_metric_month"],
    "CloudWatch logs": 5 * PRICE["log_gb"],
}


def after_free(parts):
    """The remaining cost. Of the key, only its calls have an allowance."""
    kept = {"KMS": PRICE["key_month"]}
    return sum(max(kept.get(p, 0), dollars - FREE.get(p, 0)) for p, dollars in parts.items())


def by_use(parts):
    return sum(parts[p] for p in ("Lambda", "Step Functions", "EventBridge", "S3", "CloudWatch metrics", "CloudWatch logs"))


def pods(syncs):
    """A month of one always-on pod per connection, and of its secret."""
    hour = POD_VCPU * PRICE["fargate_vcpu_hour"] + POD_GB * PRICE["fargate_gb_hour"]
    return sum(sync.connections for sync in syncs.values()) * (hour * HOURS + PRICE["secret_month"])


class Size(NamedTuple):
    name: str
    changes: int
    syncs: dict
    syncs_a_day: int = 4


# Assumptions, rounded up; the large ones are extrapolated. Seconds: what README.md measured, three times, since the memory of
# a sync comes with a third of a processor; five for a slice of Buildkite; for Northflank 100 ms a request, four at a time.
# Slices: requests by what the rate limit leaves to one, 46 a minute and 946 an hour. Megabytes: as of simulated tenants.
SIZES = [
    Size("small", 0, {"temporalcloud": Sync(1, 1, 1, 1, "500 users, 50 namespaces")}),
    Size(
        "medium",
        500,
        {
            "temporalcloud": Sync(1, 3, 1, 5, "1,000 users, 200 namespaces, 50 groups"),
            "confluence": Sync(1, 21, 1, 6, "1,000 users, 300 groups, 2,000 spaces"),
            "elastic": Sync(1, 1, 1, 1, "500 members, 500 users of a deployment"),
            "buildkite": Sync(1, 30, 6, 1, "1,000 members, 250 teams, over REST"),
            "northflank": Sync(1, 30, 2, 1, "1,000 members, 150 roles, 900 groups"),
        },
    ),
    Size(
        "large",
        5000,
        {
            "temporalcloud": Sync(2, 30, 1, 80, "10,000 users, 500 namespaces, 100 groups"),
            "confluence": Sync(2, 80, 1, 60, "10,000 users, 1,000 groups, 5,000 spaces"),
            "elastic": Sync(2, 10, 1, 4, "10,000 members, 10,000 users of a deployment"),
            "buildkite": Sync(2, 125, 25, 6, "10,000 members, 1,000 teams, over REST"),
            "northflank": Sync(2, 80, 4, 3, "10,000 members, 300 roles, 2,500 groups"),
        },
    ),
]
MEDIUM = next(size for size in SIZES if size.name == "medium")
UNKNOWN = Sync(1, 30, 1, 5)  # a connector that no size names


def row(name, values, bold=""):
    return f"| {bold}{name}{bold} | " + " | ".join(f"{bold}{value:.2f}{bold}" for value in values) + " |"


def costs():
    lines = ["| | " + " | ".join(size.name for size in SIZES) + " |", "|---|" + "---:|" * len(SIZES)]
    months = [month(size.syncs, size.syncs_a_day, size.changes) for size in SIZES]
    lines += [row(part, [m[part] for m in months]) for part in months[0]]
    lines.append(row("Rollcall, a month", [sum(m.values()) for m in months], "**"))
    lines.append(row("after AWS's permanent free tier", map(after_free, months)))
    lines.append(row("of this, usage-based (the rest is fixed)", map(by_use, months)))
    lines.append(row("for comparison: pods that always run", [pods(size.syncs) for size in SIZES]))
    return lines


def sizes():
    lines = ["| | | connections | seconds a sync | slices a sync | megabytes |", "|---|---|---:|---:|---:|---:|"]
    for size in SIZES:
        label = f"*{size.name}*: {size.syncs_a_day} syncs a day, {size.changes or 'no'} changes a month"
        for name, (*numbers, what) in size.syncs.items():
            lines.append(f"| {label} | {CONNECTORS[name].title}: {what} | " + " | ".join(map(str, numbers)) + " |")
            label = ""
    return lines


def with_c1():
    """What ConductorOne adds to the medium size, polled every minute."""
    months = {"idle": of_polls(1, 1)}
    months |= {CONNECTORS[name].title: of_c1(CONNECTORS[name], sync, MEDIUM.syncs_a_day, 1) for name, sync in MEDIUM.syncs.items()}
    lines = ["| | " + " | ".join(months) + " |", "|---|" + "---:|" * len(months)]
    lines += [row(part, [m.get(part, 0) for m in months.values()]) for part in added(*months.values())]
    return [*lines, row("ConductorOne, a month and connection", [sum(m.values()) for m in months.values()], "**")]


def with_followers():
    """What follows the snapshots of each size, by product: what the month costs less without it."""
    def total(size, *without):
        products = [name for name in PRODUCTS if name not in without]
        return sum(sum(of_followed(sync, size.syncs_a_day, products).values()) for sync in size.syncs.values())

    def gigabytes(size, product):
        return sum(sync.connections * sync.megabytes for sync in size.syncs.values()) * size.syncs_a_day * product.days * product.megabytes / 1024

    lines = ["| | " + " | ".join(size.name for size in SIZES) + " |", "|---|" + "---:|" * len(SIZES)]
    lines += [row(f"`{name}`", [total(size) - total(size, name) for size in SIZES]) for name in PRODUCTS]
    lines.append(row("What follows snapshots, a month", [total(size) for size in SIZES], "**"))
    return [*lines, *(row(f"gigabytes kept by `{name}`", [gigabytes(size, product) for size in SIZES]) for name, product in PRODUCTS.items())]


def tables():
    return "\n".join([*costs(), "", *sizes()])


def number(text, what, least, kind):
    """A number of the command line."""
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not least <= value <= 1e9:
        raise ValueError(f"{what}: a {'whole ' if kind is int else ''}number from {least} on, not {text!r}")
    return value


def sync_of(name, text):
    """A connector's syncs, from the command line, with defaults."""
    kinds = [("connections", 1, int), ("seconds", 0, float), ("slices", 1, int), ("megabytes", 0, float)]
    texts = text.split(",")
    if len(texts) > len(kinds):
        raise ValueError(f"{name}: connections,seconds,slices,megabytes and no more, not {text!r}")
    given = [number(t, f"{what} of {name}", least, kind) for t, (what, least, kind) in zip(texts, kinds)]
    sync = Sync(*given, *MEDIUM.syncs.get(name, UNKNOWN)[len(given) : len(kinds)])
    return sync._replace(slices=max(sync.slices, math.ceil(sync.seconds / SLICE_SECONDS)))


def asked(arguments):
    """The arguments of `month`, from the command line."""
    syncs, others = {}, {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals or name not in [*CONNECTORS, *PRODUCTS, "syncs", "changes", "temporary", "c1"]:
            raise ValueError(f"{argument!r} is none of {'=…, '.join([*CONNECTORS, *PRODUCTS])}=…, syncs=…, changes=…, temporary=… and c1=…")
        if name in syncs or name in others:
            raise ValueError(f"{name} is there twice")
        if name in CONNECTORS:
            syncs[name] = sync_of(name, text)
        elif name in PRODUCTS:
            if text not in ("yes", "no"):
                raise ValueError(f"{name}: yes or no, not {text!r}")
            others[name] = text
        else:
            others[name] = number(text, name, int(name == "c1"), float if name == "syncs" else int)
    if not syncs:
        raise ValueError(f"name a connector: {', '.join(CONNECTORS)}")
    changes, temporary = others.get("changes", 0), others.get("temporary", 0)
    if (changes or temporary) and not any(CONNECTORS[name].changing for name in syncs):
        raise ValueError(f"{' and '.join(syncs)} cannot change anything: leave out changes and temporary")
    return syncs, others.get("syncs", 4), changes, others.get("c1"), temporary, [name for name in PRODUCTS if others.get(name) != "no"]


def main(arguments):
    if not arguments:
        print(tables())
        return 0
    if arguments in (["c1"], ["follows"]):
        print("\n".join(with_c1() if arguments == ["c1"] else with_followers()))
        return 0
    if arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    try:
        syncs, syncs_a_day, changes, c1, temporary, products = asked(arguments)
    except ValueError as wrong:
        print(f"cost.py: {wrong}", file=sys.stderr)
        return 2
    for name, (connections, seconds, slices, megabytes, _) in syncs.items():
        print(f"{CONNECTORS[name].title}: connections {connections}, seconds {seconds:g}, slices {slices}, megabytes {megabytes:g}")
    print(f"syncs a day {syncs_a_day:g}, changes a month {changes}" + f", temporary grants a month {temporary}" * bool(temporary) + f", minutes between polls {c1}" * bool(c1))
    print(f"of each snapshot: {', '.join(products) or 'nothing'}\n")
    parts = month(syncs, syncs_a_day, changes, c1, temporary, products)
    for part, price in parts.items():
        print(f"{part:20} {price:8.2f}")
    print(f"{'in all':20} {sum(parts.values()):8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
