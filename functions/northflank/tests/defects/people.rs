//! People without accounts and with several addresses, and ids that change.

use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{ENGINEERING_ID, Email, OPERATIONS_ID, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{DEVELOPERS, engineers, failure, fault, queries, small, small_with};

/// Addresses, and whether they are verified.
type Addresses = &'static [(&'static str, Option<bool>)];

/// Unverified addresses are anybody's.
#[tokio::test]
async fn somebody_of_the_directory_without_an_account_is_counted_and_never_taken_for_a_member() {
    let desk = small_with(|w| {
        w.add_without_account(ENGINEERING_ID, "Bob K", "bob@acme.test")
            .add_without_account(OPERATIONS_ID, "Alice Wu", "alice@acme.test")
            .add_without_account(OPERATIONS_ID, "", "");
    })
    .await;
    let shown = Shown::by(&desk).await;
    assert_eq!(
        shown.held_directly("user:bob-k"),
        [
            format!("group:{OPERATIONS_ID}:member").as_str(),
            "role:developer:assigned"
        ]
    );
    assert!(
        !shown
            .grants
            .contains_key(&format!("group:{OPERATIONS_ID}:member:user:alice-w"))
    );
    assert_eq!((shown.count("user"), shown.grants.len()), (3, 8));
    assert_eq!(
        shown.warnings(),
        [
            "MembersWithoutAccount: 4 members of directory groups have no account in Northflank, and no access"
        ]
    );
}

#[tokio::test]
async fn the_first_verified_address_counts_else_the_first_that_is_one() {
    let rows: [(Addresses, &str, &str); 9] = [
        (
            &[("a@x.io", Some(true)), ("b@x.io", Some(true))],
            "a@x.io",
            "true",
        ),
        (
            &[("a@x.io", Some(false)), ("b@x.io", Some(true))],
            "b@x.io",
            "true",
        ),
        (
            &[("a@x.io", None), ("b@x.io", Some(false))],
            "a@x.io",
            "false",
        ),
        (
            &[("", Some(true)), ("none", Some(true)), ("b@x.io", None)],
            "b@x.io",
            "false",
        ),
        (
            &[
                ("@x.io", Some(true)),
                ("a@", Some(true)),
                ("a b@x.io", Some(true)),
            ],
            "",
            "",
        ),
        (&[(" a@x.io ", Some(true))], "a@x.io", "true"),
        // The same address, which is verified in one of its rows.
        (
            &[
                ("A@x.io", Some(false)),
                ("b@x.io", Some(true)),
                ("a@X.io", Some(true)),
            ],
            "A@x.io",
            "true",
        ),
        (
            &[("a@x.io", Some(true)), ("a@x.io", Some(false))],
            "a@x.io",
            "true",
        ),
        (&[], "", ""),
    ];
    for (addresses, primary, verified) in rows {
        let desk = small_with(|w| {
            w.edit_member("carol-p", |carol| {
                let email = |(address, verified): &(&str, Option<bool>)| Email {
                    address: Some((*address).to_owned()),
                    verified: *verified,
                };
                carol.emails = Some(addresses.iter().map(email).collect());
            });
        })
        .await;
        let shown = Shown::by(&desk).await;
        let carol = shown.resource("user:carol-p");
        let emails: Vec<&str> = carol.emails.iter().map(String::as_str).collect();
        let expected: Vec<&str> = [primary].into_iter().filter(|p| !p.is_empty()).collect();
        assert_eq!(emails, expected, "{addresses:?}");
        // Without a name, an address is what people know.
        let name = if primary.is_empty() {
            "carol-p"
        } else {
            primary
        };
        assert_eq!(carol.display_name, name, "{addresses:?}");
        let profile = |key: &str| carol.profile.get(key).cloned();
        let some = |text: &str| (!text.is_empty()).then(|| Value::from(text));
        assert_eq!(profile("email"), some(primary), "{addresses:?}");
        let verified = some(verified).map(|v| Value::from(v == "true"));
        assert_eq!(profile("email_verified"), verified, "{addresses:?}");
    }
}

#[tokio::test]
async fn a_name_is_split_at_its_first_blank_and_what_is_missing_is_left_out() {
    for (name, first, last) in [
        ("Ada", Some("Ada"), None),
        ("Ada King Lovelace", Some("Ada"), Some("King Lovelace")),
        ("", None, None),
    ] {
        let desk = small_with(|w| {
            w.edit_member("bob-k", |bob| bob.name = Some(name.to_owned()));
        })
        .await;
        let shown = Shown::by(&desk).await;
        let profile = &shown.resource("user:bob-k").profile;
        let text = |key: &str| profile.get(key).map(|v| v.as_str().expect("text"));
        assert_eq!((text("first_name"), text("last_name")), (first, last));
        assert!(profile.values().all(|v| !v.is_null()));
    }
}

/// The account has its access already: there is nothing that anybody would still have to approve.
#[tokio::test]
async fn an_account_that_is_not_set_up_is_enabled_and_its_details_say_so() {
    for (finalized, details, shown_as) in [
        (Some(true), "", Some(json!(true))),
        (
            Some(false),
            "account setup not finished",
            Some(json!(false)),
        ),
        (None, "", None),
    ] {
        let desk = small_with(|w| {
            w.edit_member("bob-k", |bob| bob.finalized = finalized);
        })
        .await;
        let shown = Shown::by(&desk).await;
        let bob = shown.resource("user:bob-k");
        assert_eq!(bob.status, Some("enabled"), "{finalized:?}");
        assert_eq!(bob.status_details, details, "{finalized:?}");
        assert_eq!(bob.profile.get("finalized").cloned(), shown_as);
    }
}

/// The vendor's own examples leave out what its schema requires.
#[tokio::test]
async fn fields_that_the_examples_leave_out_are_not_needed() {
    let desk = small().await;
    let without =
        |path: &str, what: &str| Fault::matching("GET", path, FaultKind::without(what)).exactly();
    for (path, what) in [
        ("/v1/org-members", "data/members/*/finalized"),
        ("/v1/org-members", "data/members/*/emails"),
        ("/v1/org-members", "data/members/*/joinedAt"),
        ("/v1/org-roles", "data/roles/*/restrictions"),
        ("/v1/org-roles", "data/roles/*/name"),
        ("/v1/directory-groups", "data/directoryGroups/*/name"),
        ("/v1/directory-groups", "data/directoryGroups/*/idpId"),
        (DEVELOPERS, "data/members/*/emails"),
        (DEVELOPERS, "data/members/*/finalized"),
        ("/v1/org-members", "pagination/count"),
    ] {
        desk.vendor.sim.set_faults(vec![without(path, what)]);
        let shown = Shown::by(&desk).await;
        assert_eq!(shown.grants.len(), 8, "{path} without {what}");
    }
    fault(
        &desk,
        "/v1/directory-groups",
        FaultKind::without("data/directoryGroups/*/name"),
    );
    let shown = Shown::by(&desk).await;
    let name = &shown
        .resource(&format!("group:{ENGINEERING_ID}"))
        .display_name;
    assert_eq!(name, ENGINEERING_ID);
}

/// A row that does not say how somebody has a role is one of its own: nobody's access is left out.
#[tokio::test]
async fn a_member_of_a_role_without_a_type_holds_it_by_themselves() {
    let desk = small().await;
    fault(&desk, DEVELOPERS, FaultKind::without("data/members/*/type"));
    let shown = Shown::by(&desk).await;
    for user in ["alice-w", "bob-k", "carol-p"] {
        let grant = shown.grant(&format!("role:developer:assigned:user:{user}"));
        assert!(grant.direct && !grant.immutable, "{user}");
    }
}

#[tokio::test]
async fn who_completes_the_account_has_another_id_in_the_next_snapshot_and_the_same_address() {
    let desk = small().await;
    let before = Shown::by(&desk).await;
    desk.vendor.sim.with_world(|w| {
        w.finalize("carol-p", "carol-pike");
    });
    let after = Shown::by(&desk).await;
    assert!(!after.resources.contains_key("user:carol-p"));
    assert_eq!(
        before.resource("user:carol-p").emails,
        after.resource("user:carol-pike").emails
    );
    assert_eq!(after.resource("user:carol-pike").status_details, "");
    let renamed = |ids: std::collections::BTreeSet<String>| -> Vec<String> {
        let ids = ids.into_iter();
        let mut ids: Vec<String> = ids
            .map(|id| {
                if id.ends_with(":carol-p") {
                    format!("{id}ike")
                } else {
                    id
                }
            })
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(renamed(before.direct()), renamed(after.direct()));
}

/// The members were read before: whoever is named by an id that none of them has is looked for in the list once more.
#[tokio::test]
async fn who_completes_the_account_during_a_sync_is_found_by_the_new_id() {
    let desk = small().await;
    desk.vendor.sim.before(&engineers(), |w| {
        w.finalize("carol-p", "carol-pike");
    });
    let shown = Shown::by(&desk).await;
    assert_eq!(
        shown.resource("user:carol-pike").emails,
        ["carol@acme.test"]
    );
    assert!(
        shown
            .grants
            .contains_key(&format!("group:{ENGINEERING_ID}:member:user:carol-pike"))
    );
    assert_eq!(queries(&desk, "/v1/org-members").len(), 2);
}

/// However many they are, and in whichever list: once.
#[tokio::test]
async fn who_joins_during_a_sync_is_looked_for_in_the_whole_list_once() {
    let desk = small().await;
    let join = |id: &'static str| {
        move |w: &mut World| {
            w.add_member(id, "Zara New", "zara@acme.test")
                .join(ENGINEERING_ID, id)
                .assign("org-admin", id)
                .assign("developer", id);
        }
    };
    desk.vendor.sim.before(&engineers(), join("zara-1"));
    desk.vendor.sim.before(DEVELOPERS, join("zara-2"));
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.resource("user:zara-1").display_name, "Zara New");
    assert_eq!(shown.resource("user:zara-2").display_name, "Zara New");
    assert_eq!(queries(&desk, "/v1/org-members").len(), 2);
    assert!(!shown.warnings().iter().any(|w| w.contains("Unresolved")));
}

/// Nobody's access is dropped because no list has them.
#[tokio::test]
async fn who_is_in_no_list_is_shown_by_the_id_alone_and_is_reported() {
    let desk = small_with(|w| {
        w.assign("org-admin", "ghost")
            .join(OPERATIONS_ID, "spectre");
    })
    .await;
    let shown = Shown::by(&desk).await;
    for id in ["ghost", "spectre"] {
        assert_eq!(shown.resource(&format!("user:{id}")).display_name, id);
    }
    assert!(
        shown
            .grants
            .contains_key("role:org-admin:assigned:user:ghost")
    );
    let warning =
        "UnresolvedPrincipals: grants name principals that the vendor does not show: 2 user";
    assert!(
        shown.warnings().contains(&warning.to_owned()),
        "{:?}",
        shown.warnings()
    );
    assert_eq!(queries(&desk, "/v1/org-members").len(), 2);
}

/// An id of ours could not be taken apart again.
#[tokio::test]
async fn an_id_that_the_documentation_rules_out_publishes_nothing() {
    for id in ["a:b", "", "a\nb"] {
        for n in 0..5 {
            let desk = small_with(|w| {
                match n {
                    0 => w.add_member(id, "A", ""),
                    1 => w.add_role(id, "A"),
                    2 => w.add_group(id, "A", ""),
                    3 => w.assign("org-admin", id),
                    _ => w.join(OPERATIONS_ID, id),
                };
            })
            .await;
            let error = failure(&desk, id).await;
            assert_eq!(error.code(), "UnexpectedAnswer", "{n} {id:?}: {error}");
        }
    }
}
