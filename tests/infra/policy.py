"""What a role's policies allow: as much of IAM's evaluation as the template uses. Anything else is an error."""

import fnmatch

from template import listed


def like(pattern, text):
    """IAM's wildcards: * and ?, a slash is a character like others."""
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def holds(operator, wanted, value):
    """Whether a condition holds for a request with this value in its context."""
    if operator.endswith("IfExists") and value is None:
        return True
    match operator.removesuffix("IfExists"):
        case "StringEquals":
            return value in listed(wanted)
        case "StringLike" | "ArnLike":
            return value is not None and any(like(w, value) for w in listed(wanted))
        case "Null":
            return (value is None) == (wanted == "true")
        case "Bool":
            return value == wanted
    raise ValueError(f"unknown operator {operator}")


def matches(statement, action, resource, context):
    if statement["Effect"] not in ("Allow", "Deny") or {"NotAction", "NotResource"} & set(statement):
        raise ValueError(f"not understood: {statement}")
    return (
        any(like(a, action) for a in listed(statement["Action"]))
        and any(like(r, resource) for r in listed(statement["Resource"]))
        and all(holds(operator, wanted, context.get(key)) for operator, keys in statement.get("Condition", {}).items() for key, wanted in keys.items())
    )


def allows(statements, action, resource, context=None):
    """Whether these statements allow a request: one does, and none denies it."""
    return {s["Effect"] for s in statements if matches(s, action, resource, context or {})} == {"Allow"}
