//! What holds for any user: whatever they are called and whatever is kept about them, a change of their roles changes
//! their roles, and nothing else of anybody.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rollcall_harness::changes::{grant, ids, outcome, revoke};
use rollcall_harness::conformance::{Bench, Subject};
use rollcall_simulators::elastic::{User, World};
use serde_json::{Map, Value, json};

use crate::Several;

/// A user of a deployment, and a role to give and take.
#[derive(Debug, Clone)]
struct Sample {
    /// In the deployment whose ids have its name in them, or in the other.
    marked: bool,
    name: String,
    user: User,
    role: String,
}

/// Printable ASCII without blanks at the ends: what Elasticsearch takes for users and roles.
fn name() -> impl Strategy<Value = String> {
    let names = prop_oneof![
        4 => "[!-~]([ -~]{0,14}[!-~])?",
        // What means something in paths, lists, ids and patterns.
        1 => prop_oneof![
            Just("."), Just(".."), Just(","), Just("a,b"), Just("/"), Just("%2F"), Just("*"), Just("_enable"), Just(":"),
            Just("member"), Just("role:admin:member"), Just("\"\\"),
        ]
        .prop_map(str::to_owned),
    ];
    // There are users and roles of these names already.
    names.prop_filter("new", |name| !name.contains("kibana"))
}

/// Names of people: any text, or none.
fn text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(prop_oneof![
        3 => "\\PC{0,12}",
        1 => Just("\"\u{1F600}\\ \n\u{0}\u{2028}".to_owned()),
    ])
}

/// Numbers that a detour through floating point would change, among others.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(12_345_678_901_234_567_890_u64)),
        Just(json!(i64::MIN)),
        // Exact in every form that the server may print them in.
        (-4_000_000_i32..4_000_000).prop_map(|n| json!(f64::from(n) / 8.0)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("\\PC{0,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn metadata() -> impl Strategy<Value = Map<String, Value>> {
    // Names that begin with `_` are the server's own.
    let key = "\\PC{0,6}".prop_map(|key| key.trim_start_matches('_').to_owned());
    proptest::collection::btree_map(key, value(), 0..5).prop_map(|map| map.into_iter().collect())
}

fn sample() -> impl Strategy<Value = Sample> {
    let roles = proptest::collection::vec(
        prop_oneof![
            2 => prop_oneof![Just("viewer"), Just("admin"), Just("role-that-was")].prop_map(str::to_owned),
            1 => name(),
        ],
        0..6,
    );
    let user = (roles, text(), text(), metadata(), any::<bool>());
    let user = user.prop_map(|(roles, full_name, email, metadata, enabled)| User {
        roles,
        full_name,
        email,
        metadata,
        enabled,
        password: "kept".to_owned(),
    });
    let role = prop_oneof![1 => Just("viewer".to_owned()), 2 => name()];
    // What has no place in a path cannot be written: `bad_input` has those.
    let of_user = name().prop_filter("sayable", |name| !matches!(name.as_str(), "." | ".."));
    (any::<bool>(), of_user, user, role).prop_map(|(marked, name, user, role)| Sample {
        marked,
        name,
        user,
        role,
    })
}

/// Runs a test of this many samples before one simulated world, in which each is put.
fn for_all(cases: u32, check: impl AsyncFn(&Bench<Several>, &Sample, u32)) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let desk = runtime.block_on(Bench::<Several>::new());
    let n = Cell::new(0);
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::with_cases(cases)
    };
    let result = TestRunner::new(config).run(&sample(), |sample| {
        n.set(n.get() + 1);
        desk.vendor.sim.with_world(|world| put(world, &sample));
        desk.vendor.clear_requests();
        runtime.block_on(check(&desk, &sample, n.get()));
        Ok(())
    });
    if let Err(e) = result {
        panic!("{e}");
    }
}

impl Sample {
    fn deployment(&self) -> &'static str {
        if self.marked { "second" } else { "main" }
    }

    fn id(&self, kind: &str, name: &str) -> String {
        let mark = if self.marked { "second›" } else { "" };
        format!("{kind}:{mark}{name}")
    }

    /// What a snapshot has as ids.
    fn ids(&self) -> (String, String) {
        let role = self.id("role", &self.role);
        (
            format!("{role}:member"),
            self.id("deploymentUser", &self.name),
        )
    }
}

/// Both deployments have the user, and the role: only one may change.
fn put(world: &mut World, sample: &Sample) {
    for deployment in ["main", "second"] {
        world.add_role(deployment, &sample.role, json!({}));
        world.edit_cluster(deployment, |cluster| {
            cluster
                .users
                .insert(sample.name.clone(), sample.user.clone());
        });
    }
}

/// The view, in which this user of the sample has these roles.
fn with_roles(view: &Value, sample: &Sample, roles: &[&String]) -> Value {
    let mut view = view.clone();
    let user = &mut view["deployments"][sample.deployment()]["users"][&sample.name];
    user["roles"] = json!(roles);
    view
}

/// The public connector writes a role twice that is there already, null names as empty ones, and large numbers as others;
/// it cannot take the last role.
#[test]
fn a_grant_adds_the_role_and_a_revocation_takes_every_trace_of_it_and_nothing_else() {
    for_all(64, async |desk, sample, n| {
        let (entitlement, principal) = sample.ids();
        let before = desk.vendor.view();
        let held = sample.user.roles.contains(&sample.role);
        let mut roles: Vec<&String> = sample.user.roles.iter().collect();
        if !held {
            roles.push(&sample.role);
        }
        let given = with_roles(&before, sample, &roles);
        roles.retain(|role| **role != sample.role);
        let taken = with_roles(&before, sample, &roles);

        let id = format!("{entitlement}:{principal}");
        let mut writes = 0;
        for (step, expected) in [
            (1, if held { "already_granted" } else { "granted" }),
            (2, "already_granted"),
        ] {
            let answer = grant(desk, &format!("g{n}-{step}"), &entitlement, &principal).await;
            let answer = outcome(answer, expected);
            assert_eq!(ids(&answer, "grants"), [id.as_str()]);
            assert_eq!(desk.vendor.view(), given);
            writes += usize::from(expected == "granted");
            assert_eq!(desk.writes().len(), writes);
        }
        for (step, expected, removed) in [
            (1, "revoked", vec![id.as_str()]),
            (2, "already_revoked", Vec::new()),
        ] {
            let answer = revoke(desk, &format!("r{n}-{step}"), &entitlement, &principal).await;
            let answer = outcome(answer, expected);
            assert_eq!(ids(&answer, "removed"), removed);
            assert_eq!(desk.vendor.view(), taken);
            writes += usize::from(expected == "revoked");
            assert_eq!(desk.writes().len(), writes);
        }
        if !held {
            assert_eq!(taken, before, "as if nothing had been");
        }
        assert_eq!(desk.vendor.violations(), Vec::<String>::new());
    });
}

/// A revocation before a grant: the user ends up with the role once and last, however often and wherever it was before.
#[test]
fn a_role_that_is_taken_and_given_back_is_held_once() {
    for_all(24, async |desk, sample, n| {
        let (entitlement, principal) = sample.ids();
        let before = desk.vendor.view();
        let held = sample.user.roles.contains(&sample.role);
        let expected = if held { "revoked" } else { "already_revoked" };
        let answer = revoke(desk, &format!("r{n}"), &entitlement, &principal).await;
        outcome(answer, expected);
        let answer = grant(desk, &format!("g{n}"), &entitlement, &principal).await;
        outcome(answer, "granted");
        let rest = sample.user.roles.iter();
        let mut roles: Vec<&String> = rest.filter(|role| **role != sample.role).collect();
        roles.push(&sample.role);
        assert_eq!(desk.vendor.view(), with_roles(&before, sample, &roles));
    });
}
