#!/usr/bin/env python3
"""What Rollcall costs a month: the formula of infra/README.md, and the tables there.

    infra/cost.py                       the tables
    infra/cost.py 3 4 40 30 2           connections, syncs a day, seconds a sync, megabytes a snapshot, connectors
"""

import sys

# US dollars in us-east-1, without any free tier or discount: the price lists of 2025, with the page that has today's. They
# are assumptions, written down on 2026-11-21 and not looked up that day: look before you rely on them.
PRICES = {
    "lambda_request": (0.20 / 1e6, "https://aws.amazon.com/lambda/pricing/"),
    "lambda_gb_second_arm": (0.0000133334, "https://aws.amazon.com/lambda/pricing/"),
    "states_transition": (0.025 / 1e3, "https://aws.amazon.com/step-functions/pricing/"),
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
    "fargate_vcpu_hour": (0.04048, "https://aws.amazon.com/fargate/pricing/"),
    "fargate_gb_hour": (0.004445, "https://aws.amazon.com/fargate/pricing/"),
}
PRICE = {name: dollars for name, (dollars, _) in PRICES.items()}

DAYS, HOURS = 30.4, 730
MEMORY_GB = 0.5  # SyncMemory
KEPT_DAYS = 90  # SnapshotDays
# The states that the workflow enters for one connection: three around it, three for it, and four more for each slice after
# the first. Counted by a test; AWS may count the start and the end as well.
TRANSITIONS, TRANSITIONS_A_SLICE = 6, 4
SLICE_SECONDS = 840
WRITES, READS = 6, 6  # objects of a sync in one slice: lease, snapshot, manifest, pointer
METRICS, METRICS_OF_CONNECTOR = 13, 3  # of a connection; of a connector, for alarms
ALARM_METRICS, ALARM_METRICS_OF_ALL = 8, 1  # of a connector with provisioning; dead letters
LOG_KB = 4  # of an invocation
POD_VCPU, POD_GB = 0.25, 0.5  # the smallest that Fargate has


def month(connections, syncs_a_day, seconds, megabytes, connectors, changes=0):
    """The parts of a month's cost, in dollars."""
    syncs = connections * syncs_a_day * DAYS
    slices = -(-seconds // SLICE_SECONDS)
    invocations = syncs * slices + changes
    # A metric is paid for in the hours in which it is told.
    told = min(1, syncs_a_day / 24)
    objects = (WRITES + READS) * syncs
    return {
        "Lambda": invocations * PRICE["lambda_request"]
        + (syncs * seconds * MEMORY_GB + changes * 1.0 * 0.25) * PRICE["lambda_gb_second_arm"],
        "Step Functions": (syncs * (TRANSITIONS + TRANSITIONS_A_SLICE * (slices - 1)) + changes * 5) * PRICE["states_transition"],
        "EventBridge": connectors * syncs_a_day * DAYS * PRICE["scheduler_invocation"] + 2 * changes * PRICE["bus_event"],
        "S3": syncs * (WRITES * PRICE["s3_write"] + READS * PRICE["s3_read"])
        + connections * syncs_a_day * KEPT_DAYS * megabytes / 1024 * PRICE["s3_gb_month"],
        "Secrets Manager": connections * PRICE["secret_month"] + invocations * PRICE["secret_call"],
        "KMS": PRICE["key_month"] + (objects + invocations) * PRICE["key_call"],
        "CloudWatch metrics": told * (connections * METRICS + connectors * METRICS_OF_CONNECTOR) * PRICE["metric_month"],
        "CloudWatch alarms": (connectors * ALARM_METRICS + ALARM_METRICS_OF_ALL) * PRICE["alarm_metric_month"],
        "CloudWatch logs": invocations * LOG_KB / 1024 / 1024 * PRICE["log_gb"],
    }


# What AWS gives every account for nothing, each month and for good, as far as nothing else there uses it up.
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
    """What is left to pay. Of the key, only its calls have an allowance."""
    kept = {"KMS": PRICE["key_month"]}
    return sum(max(kept.get(p, 0), dollars - FREE.get(p, 0)) for p, dollars in parts.items())


def pods(connections):
    """A month of one pod a connection that is always on, and of its secret."""
    hour = POD_VCPU * PRICE["fargate_vcpu_hour"] + POD_GB * PRICE["fargate_gb_hour"]
    return connections * (hour * HOURS + PRICE["secret_month"])


# name, what it is, and the arguments of `month`
SIZES = [
    ("small", "one connection: 500 people, 50 namespaces", (1, 4, 1, 1, 1)),
    ("medium", "five connectors, one connection each: 1,000 people, 300 groups, 2,000 spaces", (5, 4, 10, 10, 5, 500)),
    ("large", "five connectors, two connections each: 10,000 people × 5,000 spaces", (10, 4, 400, 120, 5, 5000)),
]


def tables():
    lines = ["| | " + " | ".join(name for name, _, _ in SIZES) + " |", "|---|" + "---:|" * len(SIZES)]
    months = [month(*arguments) for _, _, arguments in SIZES]
    for part in months[0]:
        lines.append(f"| {part} | " + " | ".join(f"{m[part]:.2f}" for m in months) + " |")
    lines.append("| **Rollcall, a month** | " + " | ".join(f"**{sum(m.values()):.2f}**" for m in months) + " |")
    lines.append("| the same after AWS's lasting free allowances | " + " | ".join(f"{after_free(m):.2f}" for m in months) + " |")
    lines.append("| by use, the rest is for being there | " + " | ".join(f"{by_use(m):.2f}" for m in months) + " |")
    lines.append("| pods that are always on | " + " | ".join(f"{pods(a[0]):.2f}" for _, _, a in SIZES) + " |")
    lines.append("")
    for name, what, (connections, syncs, seconds, megabytes, connectors, *changes) in SIZES:
        lines.append(
            f"- *{name}*: {what}; {connections} × {syncs} syncs a day of {seconds} s and {megabytes} MB, "
            f"{changes[0] if changes else 0} changes a month."
        )
    return "\n".join(lines)


def by_use(parts):
    return sum(parts[p] for p in ("Lambda", "Step Functions", "EventBridge", "S3", "CloudWatch logs"))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        parts = month(*(float(a) for a in sys.argv[1:]))
        for part, dollars in parts.items():
            print(f"{part:20} {dollars:8.2f}")
        print(f"{'in all':20} {sum(parts.values()):8.2f}")
    else:
        print(tables())
