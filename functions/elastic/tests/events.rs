//! Events that ask for what cannot be, or must not.

use rollcall_engine::runtime::function::Operation::{Grant, Revoke};
use rollcall_harness::bad_input::{Failure, fails, fails_unasked, told, unusable};
use rollcall_harness::changes::result_of;
use rollcall_harness::conformance::{Bench, Subject};
use serde_json::{Value, json};

use crate::world::{ADMIN, change, small_pair};
use crate::{Desk, Several, Simulated};

/// A table of failures, each with those below it that fail so: what, and for whom.
fn failures(table: &'static str) -> impl Iterator<Item = (Failure, [&'static str; 2])> {
    let mut expected = unusable("");
    let lines = table.lines().filter(|line| !line.is_empty());
    lines.filter_map(move |line| match line.trim().split(" | ").collect::<Vec<_>>()[..] {
        [what, whom] => Some((expected, [what, whom])),
        _ => {
            expected = told(line);
            None
        }
    })
}

/// What no connection could change: nobody is asked. It is `main` that is listed with bare ids. The public connector changes
/// role mappings, and ruins them: rules are flattened, a disabled mapping is enabled, and its roles become the principal's
/// own; and it offers membership of organizations without being able to change it.
const NEVER: &str = "
InvalidRequest | UnknownEntitlement | this connector cannot change | role:<role>:member
    role:admin:owner | deploymentUser:svc
    Role:admin:member | deploymentUser:svc
    deploymentUser:svc:member | deploymentUser:svc
    organization:198583657190:member | user:1002
    deployment:ce03a623751b4fc98d48400fec58b9c0:deployment-viewer | user:1002
InvalidRequest | UnknownPrincipal | cannot be given `role: | deploymentUser:<name>
    role:admin:member | user:1001
    role:viewer:member | externalUser:bob
    role:viewer:member | roleMapping:member
    role:admin:member | deploymentuser:svc
Refused | NotProvisioned | role mappings are not changed | in Kibana
    roleMapping:one-name:member | deploymentUser:svc
    roleMapping:one-name:member | externalUser:bob
    roleMapping:disabled:member | user:1001
    roleMapping:never-was:member | deploymentUser:svc
NotFound | UnknownEntitlement | the configuration has no deployment `third` | add the deployment to `deployments`
    role:third›admin:member | deploymentUser:third›svc
    role:third›admin:member | deploymentUser:svc
NotFound | UnknownEntitlement | no deployment `main` | newest snapshot
    role:main›viewer:member | deploymentUser:main›svc
InvalidRequest | OtherDeployment | are of different deployments | only that deployment's roles
    role:admin:member | deploymentUser:second›svc
    role:second›editor:member | deploymentUser:svc
    role:admin:member | deploymentUser:third›svc
";

const RESERVED: &str =
    "Refused | ReservedUser | keeps the user | The roles of reserved users cannot be changed";

fn event(entitlement: &str, principal: &str, dry_run: bool) -> Value {
    json!({"request_id": "r1", "entitlement": entitlement, "principal": principal, "dry_run": dry_run})
}

#[tokio::test]
async fn what_is_no_role_of_a_native_user_is_neither_granted_nor_revoked() {
    let desk = Bench::around(Several::of(small_pair()).await);
    for (operation, dry_run) in [(Grant, false), (Revoke, true), (Revoke, false)] {
        for (expected, [what, whom]) in failures(NEVER) {
            fails_unasked(&desk, operation, event(what, whom, dry_run), "", expected).await;
        }
        for what in [ADMIN, "role:superuser:member"] {
            let event = event(what, "deploymentUser:elastic", dry_run);
            fails(&desk, operation, event, "", told(RESERVED)).await;
        }
        let event = Several::with(operation, "allow", json!(["everything"]));
        let expected = "InvalidRequest | UnknownSideEffect | is not a side effect of this connector | Leave `allow` out";
        fails_unasked(&desk, operation, event, "there is none", told(expected)).await;
    }
}

/// Users and roles that do not exist: nothing is granted, and there is nothing to revoke. The public connector reports both
/// as granted: nothing happens for somebody who is not there, and a role that does not exist is stored, to be had by whoever
/// defines it one day.
const ABSENT: &str = "
NotFound | UnknownPrincipal | there is no native user | the id of a deployment user of the newest snapshot
    role:admin:member | deploymentUser:nobody
    role:admin:member | deploymentUser:Svc
    role:admin:member | deploymentUser:svc,jacknich
    role:admin:member | deploymentUser:svc/_disable
    role:admin:member | deploymentUser:..
    role:admin:member | deploymentUser:*
    role:admin:member | deploymentUser:1001
    role:second›editor:member | deploymentUser:second›olduser
    role:second›editor:member | deploymentUser:second›
NotFound | UnknownEntitlement | there is no role | the id of a role of the newest snapshot
    role:never-was:member | deploymentUser:svc
    role:Admin:member | deploymentUser:svc
    role:admin,viewer:member | deploymentUser:svc
    role:*:member | deploymentUser:svc
    role:.:member | deploymentUser:svc
    role:role-that-was:member | deploymentUser:svc
    role:second›admin:member | deploymentUser:second›svc
    role:second›:member | deploymentUser:second›svc
    role:second››viewer:member | deploymentUser:svc
";

#[tokio::test]
async fn what_does_not_exist_is_not_granted_and_nothing_is_to_be_revoked_from_it() {
    let desk = Bench::around(Several::of(small_pair()).await);
    for (n, (expected, [what, whom])) in failures(ABSENT).enumerate() {
        fails(&desk, Grant, event(what, whom, n % 2 == 0), "", expected).await;
        let view = desk.vendor.view();
        let result = change(&desk, "revoke", &format!("x{n}"), (what, whom)).await;
        assert_eq!(result_of(&result), "already_revoked", "{what} {whom}");
        assert_eq!(desk.vendor.view(), view, "{what} {whom}");
    }
    assert_eq!(desk.vendor.violations(), Vec::<String>::new());
}

/// There can be such a user, and no client can say such a path: `..` is a direction to every reader of addresses, the public
/// connector among them.
#[tokio::test]
async fn a_name_of_dots_is_shown_and_cannot_be_written() {
    let desk = Desk::small().await;
    let expected =
        told("InvalidRequest | UnusableName | have no place in a path | change it there");
    desk.vendor.sim.with_world(|world| {
        for name in [".", ".."] {
            world.add_user("main", name, &["viewer"]);
        }
    });
    desk.complete().await;
    for name in [".", ".."] {
        for (operation, role) in [(Grant, "admin"), (Revoke, "viewer")] {
            let (what, whom) = (format!("role:{role}:member"), format!("deploymentUser:{name}"));
            let mut event = event(&what, &whom, false);
            // Nothing is known to be sent before it fails, so that the request stays open.
            event["request_id"] = format!("{role}-{}", name.len()).into();
            fails(&desk, operation, event, name, expected).await;
        }
    }
}

#[tokio::test]
async fn where_no_deployment_has_bare_ids_one_is_not_guessed() {
    let desk = Desk::new().await;
    let expected =
        told("NotFound | UnknownEntitlement | no deployment with bare ids | <deployment>›<name>");
    for keys in ["{$ONLY_LISTED: [$SECOND]}", "{$NO_DEPLOYMENT}"] {
        let keys = desk.vendor.written_out(keys);
        desk.set_keys(&serde_json::from_str(keys).expect("JSON"));
        for operation in [Grant, Revoke] {
            fails_unasked(&desk, operation, <Simulated>::good(operation), keys, expected).await;
        }
    }
}
