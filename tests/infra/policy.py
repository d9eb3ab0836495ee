"""What a role's policies allow: as much of IAM's evaluation as the template uses. Anything else is an error."""

import re

from template import listed


def like(pattern, text):
    """IAM's wildcards: * and ?, a slash is a character like others."""
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def holds(condition, context):
    """Whether a statement's condition holds for a request with this context."""
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            value = context.get(key)
            if operator.endswith("IfExists"):
                if value is None:
                    continue
            match operator.removesuffix("IfExists"):
                case "StringEquals":
                    good = value in listed(wanted)
                case "StringLike" | "ArnLike":
                    good = value is not None and any(like(w, value) for w in listed(wanted))
                case "Null":
                    good = (value is None) == (wanted == "true")
                case "Bool":
                    good = value == wanted
                case _:
                    raise ValueError(f"unknown operator {operator}")
            if not good:
                return False
    return True


def matches(statement, action, resource, context):
    """Whether a statement is about a request."""
    if statement["Effect"] not in ("Allow", "Deny") or {"NotAction", "NotResource"} & set(statement):
        raise ValueError(f"not understood: {statement}")
    return (
        any(like(a, action) for a in listed(statement["Action"]))
        and any(like(r, resource) for r in listed(statement["Resource"]))
        and holds(statement.get("Condition", {}), context)
    )


def allows(statements, action, resource, context=None):
    """Whether these statements allow a request: one does, and none denies it."""
    effects = {s["Effect"] for s in statements if matches(s, action, resource, context or {})}
    return effects == {"Allow"}
