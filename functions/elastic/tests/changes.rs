//! Grants and revocations: a write changes only the one role; and concurrent writes of the same user.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rollcall_harness::changes::{ids, result_of};
use rollcall_harness::conformance::{Bench, Subject};
use rollcall_simulators::Fault;
use rollcall_simulators::elastic::World;
use serde_json::{Map, Value, json};

use crate::world::{ADMIN, SVC, begin_again, change, fault, small_pair};
use crate::{Desk, Several, rows};

/// A user of a deployment: whether of the one whose ids have its name in them, the name, the roles, full name and address
/// (null if empty), metadata, whether enabled; and a role to grant and revoke.
type Sample = (bool, String, Vec<String>, [String; 2], Map<String, Value>, bool, String);

/// A user, the roles that the user has, and the one that is granted and revoked: names with a meaning in paths, lists
/// and patterns, which lead the public connector to another user, to the endpoint itself, or to two users.
const NAMES: &str = "
svc                |                      | admin
space in name      | viewer               | logs reader
a/b                | viewer               | a/b
a:b                | viewer               | admin
100%               | viewer               | 100%
50%25              | viewer               | r:w
one,two            | viewer               | one,two
svc,jacknich       | viewer               | a,b
svc,               | viewer               | nobody's
ann@example.com    | viewer               | a+b
q?x=1#y            | viewer               | q?x=1#y
..b                | viewer               | ...
...                | viewer               | .
_enable            | viewer               | _privileges
1003               | viewer               | role:admin:member
the last one       | viewer               | viewer
there twice        | viewer admin viewer  | viewer
not defined        | role-that-was Viewer | Viewer
";

/// Printable ASCII without blanks at the ends: what Elasticsearch takes for users and roles.
fn name() -> impl Strategy<Value = String> {
    // Users and roles with these names already exist; and dots are not valid in a path.
    let new = |name: &String| !name.contains("kibana") && !matches!(name.as_str(), "." | "..");
    "[!-~]([ -~]{0,14}[!-~])?".prop_filter("new", new)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        // Numbers that a detour through floating point would change, among others.
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Exact in every form that the server may print them in.
        (-4_000_000_i32..4_000_000).prop_map(|n| json!(f64::from(n) / 8.0)),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let fields = proptest::collection::btree_map("\\PC{0,6}", inner.clone(), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            fields.prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn sample() -> impl Strategy<Value = Sample> {
    let usual = prop_oneof![Just("viewer"), Just("admin"), Just("role-that-was")];
    let role = || prop_oneof![2 => usual.clone().prop_map(str::to_owned), 1 => name()];
    // Names that begin with `_` are the server's own.
    let key = "\\PC{0,6}".prop_map(|key| key.trim_start_matches('_').to_owned());
    let metadata = proptest::collection::btree_map(key, value(), 0..5);
    let metadata = metadata.prop_map(|map| map.into_iter().collect());
    let roles = proptest::collection::vec(role(), 0..6);
    let names = ["\\PC{0,12}", "\\PC{0,12}"];
    (any::<bool>(), name(), roles, names, metadata, any::<bool>(), role())
}

/// Both deployments have the user, and the role: only one may change.
fn put((_, name, roles, names, metadata, enabled, role): &Sample, world: &mut World) {
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    for deployment in ["main", "second"] {
        world
            .add_role(deployment, role, json!({}))
            .add_user(deployment, name, &roles)
            .set_names(deployment, name, &names[0], &names[1])
            .set_metadata(deployment, name, json!(metadata));
        if !enabled {
            world.disable(deployment, name);
        }
    }
}

/// Granted twice, revoked twice and granted again, against a simulated world. `n` is new for each sample.
async fn try_on(desk: &Bench<Several>, sample: &Sample, n: usize) {
    desk.vendor.sim.with_world(|world| put(sample, world));
    desk.vendor.clear_requests();
    let before = desk.vendor.view();
    let (marked, name, roles, .., role) = sample;
    let (deployment, mark) = if *marked { ("second", "second›") } else { ("main", "") };
    let (what, whom) =
        (format!("role:{mark}{role}:member"), format!("deploymentUser:{mark}{name}"));
    let others: Vec<&String> = roles.iter().filter(|other| *other != role).collect();
    let again = [&others[..], &[role]].concat();
    let (granted, first) = match roles.contains(role) {
        true => ("already_granted", roles.iter().collect()),
        false => ("granted", again.clone()),
    };
    let mut writes = 0;
    for (step, operation, expected, roles) in [
        (1, "grant", granted, &first),
        (2, "grant", "already_granted", &first),
        (3, "revoke", "revoked", &others),
        (4, "revoke", "already_revoked", &others),
        (5, "grant", "granted", &again),
    ] {
        let result = change(desk, operation, &format!("r{n}-{step}"), (&what, &whom)).await;
        assert_eq!(result_of(&result), expected, "{sample:?}: {result:?}");
        names_what_was_seen(&result.expect("an answer"), &format!("{what}:{whom}"));
        let mut view = before.clone();
        view["deployments"][deployment]["users"][name]["roles"] = json!(roles);
        assert_eq!(desk.vendor.view(), view, "{sample:?}");
        writes += usize::from(!expected.starts_with("already"));
        assert_eq!(desk.writes().len(), writes, "{sample:?}");
    }
}

/// An answer names only this grant.
fn names_what_was_seen(answer: &Value, grant: &str) {
    let found = ["grants", "removed", "replaced"].map(|field| ids(answer, field));
    let expected = match answer["outcome"].as_str().expect("an outcome") {
        "granted" | "already_granted" => [vec![grant], vec![], vec![]],
        "revoked" => [vec![], vec![grant], vec![]],
        _ => [vec![], vec![], vec![]],
    };
    assert_eq!(found, expected, "{answer:#}");
}

/// Any names and any data of users. The public connector writes an existing role twice, null names as empty ones, and
/// large numbers as others; it does not revoke the last role, but reports that it did.
#[test]
fn a_grant_adds_the_role_and_a_revocation_takes_every_trace_of_it_and_nothing_else() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let desk = Bench::around(runtime.block_on(Several::of(small_pair())));
    let n = Cell::new(0);
    let try_on = |sample: &Sample| {
        n.set(n.get() + 1);
        runtime.block_on(try_on(&desk, sample, n.get()));
    };
    let numbers =
        json!({"big": 12_345_678_901_234_567_890_u64, "large": 1.5e10, "least": i64::MIN});
    let numbers = numbers.as_object().expect("an object");
    for [name, roles, role] in rows(NAMES) {
        let roles = roles.split_whitespace().map(str::to_owned).collect();
        let marked = n.get().is_multiple_of(2);
        let (names, numbers) = (Default::default(), numbers.clone());
        try_on(&(marked, name.into(), roles, names, numbers, false, role.into()));
    }
    let config =
        Config { failure_persistence: None, max_shrink_iters: 200, ..Config::with_cases(20) };
    let tried = |sample| {
        try_on(&sample);
        Ok(())
    };
    TestRunner::new(config).run(&sample(), tried).unwrap_or_else(|e| panic!("{e}"));
}

/// Lets these things happen, as tables have them: `read 2 disable` is done to `svc` by somebody else after the second read,
/// `PUT 1 lost` is what becomes of the first write, and `PUTs 409` of all; so many reads find nobody (`hiccups`), so many
/// writes are answered well and have no effect (`forgotten`).
fn let_happen(desk: &Desk, what: &str) {
    let mut faults = Vec::new();
    for part in what.split("; ") {
        let (word, rest) = part.split_once(' ').expect("two words");
        let (count, act) = rest.split_once(' ').unwrap_or((rest, ""));
        let number = || count.parse().expect("a number");
        let (path, sim) = ("/_security/user/svc", &desk.vendor.sim);
        match word {
            "read" => {
                (0..number()).for_each(|_| sim.before(path, |_| {}));
                sim.before(path, by_somebody_else(act));
            }
            "hiccups" => sim.set_options(|o| o.hiccups = number()),
            "forgotten" => sim.set_options(|o| o.forgotten_writes = number()),
            "PUT" => faults.push(Fault::nth_matching(number(), "PUT", path, fault(act))),
            "PUTs" => faults.push(Fault::matching("PUT", path, fault(rest))),
            path => faults.push(Fault::matching("GET", path, fault(rest)).exactly()),
        }
    }
    desk.vendor.set_faults(faults);
}

fn by_somebody_else(act: &str) -> impl FnOnce(&mut World) + use<> {
    let (verb, role) = act.split_once(' ').unwrap_or((act, ""));
    let (verb, role) = (verb.to_owned(), json!(role));
    move |world| {
        world.edit_cluster("main", |main| {
            let svc = &mut main.users.get_mut("svc").expect("svc").row;
            let roles = svc["roles"].as_array_mut().expect("a list");
            match &*verb {
                "add" => roles.push(role),
                "drop" => roles.retain(|held| *held != role),
                "note" => svc["metadata"]["n"] = json!(1),
                "reserve" => svc["metadata"]["_reserved"] = json!(true),
                "disable" => svc["enabled"] = json!(false),
                _ => drop(main.users.remove("svc")),
            }
        });
    }
}

/// The state of `svc` afterwards: its roles, and everything that changed.
fn svc(desk: &Desk) -> String {
    let view = desk.vendor.view();
    let user = &view["deployments"]["main"]["users"]["svc"];
    let Some(roles) = user["roles"].as_array() else {
        return "deleted".to_owned();
    };
    let mut words: Vec<&str> = roles.iter().filter_map(Value::as_str).collect();
    let metadata = user["metadata"].to_string();
    if user["enabled"] == false {
        words.push("disabled");
    }
    if metadata != "{}" {
        words.push(&metadata);
    }
    words.join(" ")
}

/// Tries a table: what happens meanwhile; `grant` of `admin` or `revoke` of `viewer` to or from `svc`, who has `viewer`; what
/// that comes to, with a part of the message; what the user is afterwards; and how many writes were sent.
async fn all_end_so(table: &str) {
    let mut desk = Desk::small().await;
    for [meanwhile, operation, expected, afterwards, writes] in rows(table) {
        begin_again(&mut desk, World::worked_example());
        let_happen(&desk, meanwhile);
        let what = match operation {
            "grant" => ADMIN,
            _ => "role:viewer:member",
        };
        let result = change(&desk, operation, "r1", (what, SVC)).await;
        let case = format!("{meanwhile}: {operation}: {result:?}");
        let (expected, part) = expected.split_once(": ").unwrap_or((expected, ""));
        assert_eq!(result_of(&result), expected, "{case}");
        match result {
            Ok(answer) => names_what_was_seen(&answer, &format!("{what}:{SVC}")),
            Err(error) => assert!(error.to_string().contains(part), "{case}"),
        }
        assert_eq!(svc(&desk), afterwards, "{case}");
        assert_eq!(desk.writes().len().to_string(), writes, "{case}");
        assert_eq!(desk.vendor.violations(), Vec::<String>::new(), "{case}");
    }
}

/// The public connector takes any JSON for success, even a conflict, and does not check the result of a write.
#[tokio::test]
async fn a_write_that_is_refused_or_has_no_effect_fails() {
    all_end_so(
        "PUTs 400             | grant  | VendorRefused      | viewer               | 1
         PUTs 401             | grant  | CredentialRejected | viewer               | 1
         PUTs 403             | grant  | CredentialTooWeak  | viewer               | 1
         PUTs 404             | grant  | WrongAddress       | viewer               | 1
         PUTs 410             | grant  | Serverless         | viewer               | 1
         PUTs 409             | grant  | Contended          | viewer               | 4
         PUTs 409             | revoke | Contended          | viewer               | 4
         forgotten 100        | grant  | NotObserved        | viewer               | 1
         forgotten 100        | revoke | NotObserved        | viewer               | 1",
    )
    .await;
}

/// The API has no versions: what somebody else writes between a read and the write that follows it can be lost. So the last
/// read comes right before the write: what is different then is planned anew, and only what is written after that look can
/// be lost, except additions to metadata. The public connector writes everything back as it had read it some time ago.
#[tokio::test]
async fn a_concurrent_change_before_the_write_is_never_overwritten() {
    all_end_so(
        r#"read 1 disable                     | grant  | granted          | viewer admin disabled   | 1
           read 1 note                        | grant  | granted          | viewer admin {"n":1}    | 1
           read 1 add superuser               | grant  | granted          | viewer superuser admin  | 1
           read 1 drop viewer                 | grant  | granted          | admin                   | 1
           read 1 disable                     | revoke | revoked          | disabled                | 1
           read 1 add admin                   | grant  | already_granted  | viewer admin            | 0
           read 2 add admin                   | grant  | granted          | viewer admin            | 1
           read 1 drop viewer                 | revoke | already_revoked  |                         | 0
           read 2 drop viewer                 | revoke | revoked          |                         | 1
           read 2 add superuser               | grant  | granted          | viewer admin            | 1
           read 2 note                        | grant  | granted          | viewer admin {"n":1}    | 1
           read 1 add superuser; PUT 1 409    | grant  | granted          | viewer superuser admin  | 2
           read 2 disable; PUT 1 409          | grant  | granted          | viewer admin disabled   | 2
           read 2 note; forgotten 1           | grant  | granted          | viewer admin {"n":1}    | 2
           read 2 disable; PUT 1 429 5        | grant  | granted          | viewer admin disabled   | 2
           read 2 disable; PUT 1 429          | grant  | granted          | viewer admin disabled   | 2
           read 2 disable; PUT 1 disconnect   | grant  | granted          | viewer admin disabled   | 2
           read 1 delete                      | grant  | UnknownPrincipal | deleted                 | 0
           read 2 delete                      | grant  | UnknownPrincipal | deleted                 | 1
           read 1 delete                      | revoke | already_revoked  | deleted                 | 0
           read 2 delete                      | revoke | already_revoked  | deleted                 | 1
           read 1 reserve                     | grant  | ReservedUser     | viewer {"_reserved":true} | 0
           read 2 reserve                     | grant  | ReservedUser     | viewer {"_reserved":true} | 1"#,
    )
    .await;
    // Whoever keeps changing is left alone.
    let desk = Desk::small().await;
    let faults = (1..=8).map(|n| {
        let user = format!(r#"{{"svc": {{"roles": ["viewer"], "full_name": "{n}", "email": null, "metadata": {{}}, "enabled": true}}}}"#);
        Fault::nth_matching(n, "GET", "/_security/user/svc", fault(&format!("elasticsearch {user}")))
    });
    desk.vendor.set_faults(faults);
    let result = change(&desk, "grant", "r1", (ADMIN, SVC)).await;
    assert_eq!((result_of(&result), desk.writes().len()), ("Contended", 0));
}

/// The public connector fails, even if the change was made.
#[tokio::test]
async fn a_change_whose_answer_is_lost_is_made_once() {
    all_end_so(
        "PUT 1 lost           | grant  | granted            | viewer admin         | 1
         PUT 1 lost           | revoke | revoked            |                      | 1
         PUT 1 disconnect     | grant  | granted            | viewer admin         | 2
         PUT 1 503            | revoke | revoked            |                      | 2
         PUT 1 429 1          | grant  | granted            | viewer admin         | 2",
    )
    .await;
}

/// An unreachable part of a cluster makes a user look missing, and so does an empty object. Elasticsearch erases what a
/// write omits: what a read did not show cannot be written back. The public connector writes what it read.
#[tokio::test]
async fn an_overlooked_user_is_found_and_an_incomplete_one_is_not_written() {
    all_end_so(
        r#"hiccups 1                               | grant  | granted        | viewer admin | 1
           hiccups 5                               | grant  | granted        | viewer admin | 1
           hiccups 5                               | revoke | revoked        |              | 1
           /_security/user/svc elasticsearch {}    | revoke | revoked        |              | 1
           /_security/role/admin elasticsearch {}  | grant  | granted        | viewer admin | 1
           /_security/user/svc 404 {"ok": false, "message": "Unknown resource."}    | revoke | WrongAddress | viewer | 0
           /_security/user/svc elasticsearch {}; /_security/user elasticsearch {}   | grant  | EmptyList | viewer | 0
           /_security/user/svc elasticsearch {}; /_security/user elasticsearch {}   | revoke | EmptyList | viewer | 0
           /_security/role/admin elasticsearch {}; /_security/role elasticsearch {} | grant  | EmptyList | viewer | 0
           /_security/user/svc elasticsearch {"svc": {"roles": ["viewer"], "email": null, "metadata": {}, "enabled": true}}     | grant  | IncompleteUser: (full_name) | viewer | 0
           /_security/user/svc elasticsearch {"svc": {"roles": ["viewer"], "full_name": null, "metadata": {}, "enabled": true}} | revoke | IncompleteUser: (email) | viewer | 0
           /_security/user/svc elasticsearch {"svc": {"roles": ["viewer"], "full_name": null, "email": null, "enabled": true}}  | grant  | IncompleteUser: (metadata) | viewer | 0
           /_security/user/svc elasticsearch {"svc": {"roles": ["viewer"], "full_name": null, "email": null, "metadata": {}}}   | revoke | IncompleteUser: (enabled) | viewer | 0"#,
    )
    .await;
}

/// The public connector loses one of them.
#[tokio::test]
async fn two_changes_of_one_user_at_the_same_time_are_both_made() {
    let desk = Desk::small().await;
    let (admin, superuser) = ((ADMIN, SVC), ("role:superuser:member", SVC));
    let grant = |request, ids| change(&desk, "grant", request, ids);
    let (one, two) = tokio::join!(grant("r1", admin), grant("r2", superuser));
    for (request, ids, result) in [("r1", admin, one), ("r2", superuser, two)] {
        if result.expect("an answer")["reason"] == "lease" {
            assert_eq!(result_of(&grant(request, ids).await), "granted");
        }
    }
    let after = svc(&desk);
    assert!(["viewer admin superuser", "viewer superuser admin"].contains(&&*after), "{after}");
}
