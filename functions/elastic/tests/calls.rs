//! The number of requests. No list has pages, and none is read twice: it depends only on the numbers of organizations
//! and deployments.

use rollcall_harness::changes::result_of;
use rollcall_harness::conformance::{Bench, Subject};
use rollcall_harness::shown::Shown;
use rollcall_simulators::Request;
use rollcall_simulators::elastic::{Sizes, World};
use serde_json::{Value, json};

use crate::world::{begin_again, change, small_pair};
use crate::{Desk, Several, rows};

/// Keys of the secret, and the calls of a sync: the list of organizations or the given one, members and invitations of
/// each, and the lists of each deployment.
const SYNCS: &str = r#"
{}                                           | organizations 198583657190/members 198583657190/invitations user role role_mapping
{"api-key": null}                            | user role role_mapping
{$NO_DEPLOYMENT}                             | organizations 198583657190/members 198583657190/invitations
{"api-key": "$wide_key"}                     | organizations 198583657190/members 198583657190/invitations 198583657191/members 198583657191/invitations user role role_mapping
{"api-key": "$wide_key", "organization-id": "198583657191"} | 198583657191 198583657191/members 198583657191/invitations user role role_mapping
{$ONLY_LISTED: [$MAIN_BARE, $SECOND]}        | organizations 198583657190/members 198583657190/invitations user role role_mapping user role role_mapping
"#;

/// The public connector takes 6 + 2·O and one more for every role and every role mapping, 288 for the large world, and
/// downloads all users 231 times.
#[tokio::test]
async fn every_list_is_read_once_however_much_is_in_it() {
    let sizes = Sizes { members: 100, users: 100, roles: 200, mappings: 50, ..Sizes::default() };
    let mut desk = Desk::new().await;
    let mut worlds = vec![World::generate(&sizes, 7)];
    for [keys, expected] in rows(desk.vendor.written_out(SYNCS)) {
        begin_again(&mut desk, worlds.pop().unwrap_or_else(World::rich));
        let keys: Value = serde_json::from_str(keys).expect("JSON");
        desk.set_keys(&keys);
        let shown = Shown::by(&desk).await;
        let expected = expected.split(' ').map(|call| match call {
            "user" | "role" | "role_mapping" => format!("GET /_security/{call}"),
            "organizations" => "GET /api/v1/organizations".to_owned(),
            of => format!("GET /api/v1/organizations/{of}"),
        });
        let mut expected: Vec<String> = expected.collect();
        expected.sort();
        let mut found = lines(&desk);
        found.sort();
        assert_eq!(found, expected, "{keys}");
        assert_eq!(shown.answer["calls"], found.len(), "{keys}");
    }
}

fn lines<S: Subject>(desk: &Bench<S>) -> Vec<String> {
    desk.vendor.requests().iter().map(Request::line).collect()
}

/// A change, its outcome, and its calls: methods and objects. A slow part of a cluster looks as if nobody existed, so
/// the list decides. Commas separate names: users with a comma in theirs are looked for in the list.
const CHANGES: &str = "
grant  | role:admin:member         | deploymentUser:svc      | granted         | GET user/svc, GET role/admin, GET user/svc, PUT user/svc, GET user/svc
grant  | role:viewer:member        | deploymentUser:svc      | already_granted | GET user/svc
revoke | role:viewer:member        | deploymentUser:svc      | revoked         | GET user/svc, GET user/svc, PUT user/svc, GET user/svc
revoke | role:admin:member         | deploymentUser:svc      | already_revoked | GET user/svc
revoke | role:never-was:member     | deploymentUser:svc      | already_revoked | GET user/svc
revoke | role:admin:member         | deploymentUser:nobody   | already_revoked | GET user/nobody, GET user
revoke | role:role-that-was:member | deploymentUser:dangling | revoked         | GET user/dangling, GET user/dangling, PUT user/dangling, GET user/dangling
grant  | role:one,two:member       | deploymentUser:one,two  | granted         | GET user, GET role, GET user, PUT user/one%2Ctwo, GET user
revoke | role:admin:member         | deploymentUser:no,body  | already_revoked | GET user, GET user
";

/// The public connector takes two calls for each change, writes whether it is needed or not, and never checks.
#[tokio::test]
async fn a_change_looks_twice_before_and_once_after_and_takes_no_call_more() {
    let mut desk = Desk::new().await;
    for [operation, what, whom, outcome, calls] in rows(CHANGES) {
        begin_again(&mut desk, World::rich());
        let result = change(&desk, operation, "r1", (what, whom)).await;
        assert_eq!(result_of(&result), outcome, "{operation} {what} {whom}");
        let found = lines(&desk).join(", ").replace("/_security/", "");
        assert_eq!(found, calls, "{operation} {what} {whom}");
    }
}

/// Nor does it need any key but that of its deployment.
#[tokio::test]
async fn a_change_needs_nothing_of_other_hosts() {
    let desk = Bench::around(Several::of(small_pair()).await);
    for (name, other, mark, key) in
        [("second", "main", "second›", json!("hunter2")), ("main", "second", "", json!(null))]
    {
        desk.set_keys(&json!({"api-key": key}));
        desk.vendor.clear_requests();
        let what = format!("role:{mark}editor:member");
        let whom = format!("deploymentUser:{mark}svc");
        let result = change(&desk, "grant", name, (&what, &whom)).await;
        assert_eq!(result_of(&result), "granted", "{result:?}");
        let sim = &desk.vendor.sim;
        assert_eq!(sim.deployment_requests(name).len(), 5, "{name}");
        assert!(sim.deployment_requests(other).is_empty(), "{name}");
        assert!(sim.cloud_requests().is_empty(), "{name}");
        desk.vendor.each_host_saw_its_own_key(name);
    }
}
