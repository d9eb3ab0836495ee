//! Events that ask for what cannot be, or must not.

use rollcall_engine::runtime::function::Operation::{Grant, Revoke};
use rollcall_harness::bad_input::{Failure, Inputs, fails, failure};
use serde_json::json;

use crate::{Desk, Simulated};

const ENTITLEMENT: Failure = failure(
    "InvalidRequest",
    "UnknownEntitlement",
    "Confluence has no entitlement",
    "space:<id>:<verb>-<noun>",
);
const HOLDER: Failure = failure(
    "InvalidRequest",
    "UnknownPrincipal",
    "cannot be given",
    "a user or a group",
);
const PRINCIPAL: Failure = failure(
    "NotFound",
    "UnknownPrincipal",
    "in Confluence",
    "a principal of the newest snapshot",
);
const SPACE: Failure = failure("NotFound", "UnknownEntitlement", "can see", "may view it");
const GROUP: Failure = failure(
    "NotFound",
    "UnknownEntitlement",
    "in Confluence",
    "a group of the newest snapshot",
);
const NO_ROLES: Failure = failure(
    "Refused",
    "PermissionsOnly",
    "by permissions, not by roles",
    "Grant permissions",
);

#[tokio::test]
async fn a_side_effect_that_does_not_exist_cannot_be_allowed() {
    let desk = Desk::new().await;
    let expected = failure(
        "InvalidRequest",
        "UnknownSideEffect",
        "is not a side effect of this connector",
        "`cascade`",
    );
    for operation in [Grant, Revoke] {
        for allow in [
            json!(["everything"]),
            json!(["cascade", "Cascade"]),
            json!([""]),
        ] {
            let mut event = Simulated::good(operation);
            event["allow"] = allow;
            fails(&desk, operation, event, "allow", expected).await;
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_granted() {
    let (reader, export, open) = (
        "user:712020:reader",
        "space:98320:export-space",
        "group:34-open:member",
    );
    let rows: &[(&str, &str, Failure)] = &[
        ("space:98320:create-space", reader, ENTITLEMENT),
        ("space:98320:administer-page", reader, ENTITLEMENT),
        ("space:98320:Export-space", reader, ENTITLEMENT),
        ("space:98320:export/space", reader, ENTITLEMENT),
        ("group:34-open:admin", reader, ENTITLEMENT),
        ("user:712020:reader:member", reader, ENTITLEMENT),
        (
            "access_class:all-licensed-users:member",
            reader,
            ENTITLEMENT,
        ),
        ("space_role_assignment:98320:assigned", reader, ENTITLEMENT),
        (export, "access_class:all-licensed-users", HOLDER),
        (export, "space:98320", HOLDER),
        (open, "group:22-eng", HOLDER),
        (export, "user:712020:never-was", PRINCIPAL),
        (export, "group:99-never-was", PRINCIPAL),
        (open, "user:712020:never-was", PRINCIPAL),
        ("space:7:export-space", reader, SPACE),
        // A key is no id.
        ("space:OPS:export-space", reader, ENTITLEMENT),
        ("group:never-was:member", reader, GROUP),
        (
            "space_role_assignment:98320:role-viewer:assigned",
            reader,
            NO_ROLES,
        ),
    ];
    let desk = Desk::new().await;
    for (entitlement, principal, expected) in rows {
        for dry_run in [false, true] {
            let event = json!({"request_id": "r1", "entitlement": entitlement, "principal": principal, "dry_run": dry_run});
            fails(&desk, Grant, event, "for nothing", *expected).await;
        }
    }
}
