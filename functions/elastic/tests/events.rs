//! Events that request something impossible or forbidden.

use rollcall_engine::runtime::function::Operation::{Grant, Revoke};
use rollcall_harness::bad_input::{Failure, fails, fails_unasked, told, unusable};
use rollcall_harness::changes::result_of;
use rollcall_harness::conformance::{Bench, Subject};
use serde_json::{Value, json};

use crate::world::{ADMIN, change, small_pair};
use crate::{Desk, Several, Simulated};

/// A table of failures, each followed by the requests that fail like this.
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

/// Requests that no connection could carry out: nothing is sent. It is `main` that is listed with bare ids. The public
/// connector changes role mappings, and ruins them: rules are flattened, a disabled mapping is enabled, and its roles
/// become the principal's own; and it offers membership of organizations without being able to change it.
const NEVER: &str = "
InvalidRequest | UnknownEntitlement | this connector cannot change | role:<role>:member
    role:admin:owner | deploymentUser:svc
    Role:admin:member | deploymentUser:svc
    deploymentUser:svc:member | deploymentUser:svc
    organization:198583657190:member | user:1002
    deployment:ce03a623751b4fc98d48400fec58b9c0:deployment-viewer | user:1002
InvalidRequest | UnknownPrincipal | cannot be granted to a principal of type | deploymentUser:<name>
    role:admin:member | user:1001
    role:viewer:member | externalUser:bob
    role:viewer:member | roleMapping:member
    role:admin:member | deploymentuser:svc
Refused | NotProvisioned | does not change role mappings | in Kibana
    roleMapping:one-name:member | deploymentUser:svc
    roleMapping:one-name:member | externalUser:bob
    roleMapping:disabled:member | user:1001
    roleMapping:never-was:member | deploymentUser:svc
NotFound | UnknownEntitlement | the configuration has no deployment `third` | add the deployment to `deployments`
    role:third›admin:member | deploymentUser:third›svc
    role:third›admin:member | deploymentUser:svc
NotFound | UnknownEntitlement | no deployment `main` | newest snapshot
    role:main›viewer:member | deploymentUser:main›svc
InvalidRequest | OtherDeployment | belong to different deployments | only that deployment's roles
    role:admin:member | deploymentUser:second›svc
    role:second›editor:member | deploymentUser:svc
    role:admin:member | deploymentUser:third›svc
";

const RESERVED: &str =
    "Refused | ReservedUser | reserves the user | The roles of reserved users cannot be changed";

fn event(entitlement: &str, principal: &str, dry_run: bool) -> Value {
    json!({"request_id": "r1", "entitlement": entitlement, "principal": principal, "dry_run": dry_run})
}

#[tokio::test]
async fn only_roles_of_native_users_are_granted_and_revoked() {
    let desk = Bench::around(Several::of(small_pair()).await);
    for (operation, dry_run) in [(Grant, false), (Revoke, true), (Revoke, false)] {
        for (expected, [what, whom]) in failures(NEVER) {
            fails_unasked(&desk, operation, event(what, whom, dry_run), "", expected).await;
        }
        for what in [ADMIN, "role:superuser:member"] {
            let event = event(what, "deploymentUser:elastic", dry_run);
            fails(&desk, operation, event, "", told(RESERVED)).await;
        }
    }
}

/// Users and roles that do not exist: nothing is granted, and there is nothing to revoke. The public connector reports
/// both as granted: nothing happens for a missing user, and a role that does not exist is stored and takes effect if
/// somebody defines it one day.
const ABSENT: &str = "
NotFound | UnknownPrincipal | there is no native user | the id of a deployment user from the newest snapshot
    role:admin:member | deploymentUser:nobody
    role:admin:member | deploymentUser:Svc
    role:admin:member | deploymentUser:svc,jacknich
    role:admin:member | deploymentUser:svc/_disable
    role:admin:member | deploymentUser:..
    role:admin:member | deploymentUser:*
    role:admin:member | deploymentUser:1001
    role:second›editor:member | deploymentUser:second›olduser
    role:second›editor:member | deploymentUser:second›
NotFound | UnknownEntitlement | there is no role | the id of a role from the newest snapshot
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
async fn missing_roles_and_users_are_not_granted_and_revoking_from_them_is_already_done() {
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

/// Such a user can exist, but no client can send such a path: every URL parser resolves `..`, also that of the public
/// connector.
#[tokio::test]
async fn a_name_of_dots_is_shown_and_cannot_be_written() {
    let desk = Desk::small().await;
    let expected = told("InvalidRequest | UnusableName | is not valid in a path | change it there");
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
            // It is not known that nothing was sent before the failure, so the request stays open.
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
