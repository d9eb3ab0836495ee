//! Plans as tables: what an account holds at a connector with these abilities, and what becomes of it.

use super::*;

/// `type:id:slug`, with marks: `!` grant immutable, `#` kept elsewhere, `<x` inherited through x, `+x` also through x.
fn held(text: &str) -> Held {
    let (id, marks) = text.split_once(' ').unwrap_or((text, ""));
    let (resource_type, rest) = id.split_once(':').expect("an entitlement");
    let through = marks.split(['<', '+']).nth(1).map(str::to_owned);
    Held {
        entitlement: id.to_owned(),
        display_name: String::new(),
        resource_name: rest.to_owned(),
        resource_type: resource_type.to_owned(),
        kind: match resource_type {
            "group" => HolderKind::Group,
            "role" => HolderKind::Role,
            _ => HolderKind::Thing,
        },
        direct: !marks.contains('<'),
        immutable: marks.contains(['!', '#', '<']),
        kept_elsewhere: marks.contains('#'),
        through: through.into_iter().collect(),
    }
}

fn basis(sync_id: &str) -> Basis {
    Basis {
        connector: "c".into(),
        connection: "d".into(),
        sync_id: sync_id.into(),
        content_digest: "x".into(),
        taken_at: Timestamp::UNIX_EPOCH,
    }
}

fn of(abilities: &str, holds: &[&str]) -> Plan {
    let types = |mark| {
        let all = abilities.split(' ').filter_map(move |word| word.strip_prefix(mark));
        all.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let account = PlannedAccount {
        connector: "c".into(),
        connection: "d".into(),
        id: "user:u1".into(),
        display_name: "Ada".into(),
    };
    let vendor = if abilities == "unknown" { "" } else { "Vendor" };
    let abilities = Abilities {
        vendor: vendor.into(),
        deletes: types("delete="),
        revokes: types("revoke="),
        types: [("role".to_owned(), "Role".to_owned())].into(),
    };
    let holds = holds.iter().map(|text| held(text)).collect();
    plan("a@x.io", vec![basis("s1")], Vec::new(), &[Holder { account, abilities, holds }])
}

/// The plan in words: steps, `elsewhere` without the account itself, and what goes along.
fn words(plan: &Plan) -> [String; 3] {
    let steps = plan.steps.iter().map(|step| match &step.action {
        Action::DeleteAccount => format!("delete {}", step.account),
        Action::Revoke(entitlement) => entitlement.clone(),
    });
    let elsewhere = plan.elsewhere.iter().filter_map(|left| left.entitlement.clone());
    let inherited = plan.inherited.iter();
    let inherited = inherited.map(|one| format!("{}<{}", one.entitlement, one.through.join("+")));
    [steps.collect::<Vec<_>>(), elsewhere.collect(), inherited.collect()].map(|all| all.join(" "))
}

#[test]
fn each_grant_is_revoked_left_to_others_or_goes_along() {
    let some = "revoke=space revoke=group revoke=role";
    for (abilities, holds, expected) in [
        // The order: what changes a thing, what shows it, roles, groups.
        (
            some,
            &[
                "group:g:member",
                "role:r:assigned",
                "space:1:read-space",
                "space:1:administer-space",
                "space:2:create-page",
                "space:0:view",
            ] as &[&str],
            [
                "space:1:administer-space space:2:create-page space:0:view space:1:read-space role:r:assigned group:g:member",
                "",
                "",
            ],
        ),
        (
            some,
            &["group:g:member #", "role:owner:member #!"],
            ["", "group:g:member role:owner:member", ""],
        ),
        (some, &["space:1:read !"], ["", "", "space:1:read<"]),
        (
            some,
            &["group:g:member", "space:1:read <group:g:member"],
            ["group:g:member", "", "space:1:read<group:g:member"],
        ),
        (
            some,
            &["group:g:member", "space:1:read +group:g:member"],
            ["space:1:read group:g:member", "", "space:1:read<group:g:member"],
        ),
        ("revoke=role", &["org:o:owner", "role:r:member"], ["role:r:member", "org:o:owner", ""]),
        ("", &["role:r:member"], ["", "role:r:member", ""]),
        ("unknown", &["role:r:member"], ["", "role:r:member", ""]),
        // A deletion takes all, but a group that others fill may bring the account back.
        (
            "delete=user revoke=space",
            &[
                "space:1:read",
                "role:owner:member #!",
                "group:g:member #",
                "space:2:read <group:g:member",
            ],
            ["delete user:u1", "group:g:member", ""],
        ),
        ("delete=bot revoke=space", &["space:1:read"], ["space:1:read", "", ""]),
        (some, &[], ["", "", ""]),
    ] {
        assert_eq!(words(&of(abilities, holds)), expected, "{abilities}: {holds:?}");
    }
}

#[test]
fn what_is_left_to_others_says_who_can_do_it_and_where() {
    for (abilities, held, who, place) in [
        ("", "role:r:m", "an administrator of Vendor", "Role r:m, in Vendor"),
        ("unknown", "role:r:m", "an administrator of c", "Role r:m, in c"),
        ("revoke=role", "role:r:m #", "an owner or administrator of Vendor", "Role r:m, in Vendor"),
        ("revoke=group", "group:g:m #", "the identity provider", "group g:m"),
    ] {
        let plan = of(abilities, &[held]);
        let [left, account] = &plan.elsewhere[..] else {
            panic!("not two: {plan:?}");
        };
        assert!(left.who.contains(who) && left.place.contains(place), "{left:?}");
        assert!(account.entitlement.is_none() && account.what.contains("Ada"), "{account:?}");
    }
}

#[test]
fn a_request_id_belongs_to_one_step_of_one_plan() {
    let all = ["space:1:read", "group:g:member"];
    let some = "revoke=space revoke=group";
    let (plan, again) = (of(some, &all), of(some, &all));
    let ids = |plan: &Plan| -> Vec<String> {
        plan.steps.iter().map(|step| request_id("offboard", &plan.id, step)).collect()
    };
    assert_eq!(ids(&plan), ids(&again));
    let other = self::plan("a@x.io", vec![basis("s2")], Vec::new(), &[]);
    let others = Plan { steps: plan.steps.clone(), ..other };
    let different: BTreeSet<_> = [ids(&plan), ids(&others)].concat().into_iter().collect();
    assert_eq!(different.len(), 4);
    for id in different {
        rollcall_connector::event::check_request_id(&id).expect("a request id");
    }
}

#[test]
fn steps_may_be_removed_from_a_plan_but_nothing_else_changed() {
    let plan = of("revoke=space", &["space:1:read", "space:1:write"]);
    type Edit = fn(&mut Plan);
    let changes: [(Edit, bool); 5] = [
        (|_| {}, true),
        (|plan| drop(plan.steps.pop()), true),
        (|plan| plan.person = "b@x.io".into(), false),
        (|plan| plan.snapshots[0].content_digest = "y".into(), false),
        (|plan| plan.steps[0].account = "user:u2".into(), false),
    ];
    for (n, (change, expected)) in changes.into_iter().enumerate() {
        let mut changed = plan.clone();
        change(&mut changed);
        assert_eq!(changed.is_whole(), expected, "change {n}");
    }
}
