//! What can go wrong between the API and a snapshot: people without accounts and with several addresses, ids that change,
//! things that vanish during a sync, and lists that do not end as they should.

use rollcall_connector::{Chain, Error};
use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{
    Denial, ENGINEERING_ID, Email, OPERATIONS_ID, Permission, TEST_TOKEN, World,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

pub(crate) const DEVELOPERS: &str = "/v1/org-roles/developer/members";

/// Addresses, and whether they are verified.
type Addresses = &'static [(&'static str, Option<bool>)];

async fn desk_of(world: World) -> Desk {
    Desk::around(Simulated::of(world).await)
}

pub(crate) async fn small() -> Desk {
    desk_of(World::worked_example()).await
}

/// The small organization with a change.
pub(crate) async fn small_with(change: impl FnOnce(&mut World)) -> Desk {
    let mut world = World::worked_example();
    change(&mut world);
    desk_of(world).await
}

pub(crate) fn engineers() -> String {
    format!("/v1/directory-groups/{ENGINEERING_ID}/members")
}

/// A sync that must fail, and publish nothing.
pub(crate) async fn failure(desk: &Desk, what: &str) -> Error {
    let error = match desk.sync().await {
        Ok(answer) => panic!("{what}: it succeeded: {answer:#}"),
        Err(error) => error,
    };
    assert!(!desk.is_published(), "{what}: something was published");
    error
}

pub(crate) fn fault(desk: &Desk, path: &str, kind: FaultKind) {
    let fault = Fault::matching("GET", path, kind).exactly();
    desk.vendor.sim.set_faults(vec![fault]);
}

/// The queries with which a path was asked.
fn queries(desk: &Desk, path: &str) -> Vec<String> {
    let requests = desk.vendor.sim.requests().into_iter();
    requests
        .filter(|r| r.path == path)
        .map(|r| r.query)
        .collect()
}

// People.

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
async fn an_account_that_is_not_set_up_is_enabled_and_told_of() {
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
async fn who_is_in_no_list_is_shown_by_the_id_alone_and_told_of() {
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

// What vanishes.

/// The list has shown it, and some of those who held it: it is gone all the same, and so are they.
#[tokio::test]
async fn a_role_that_is_deleted_during_a_sync_is_not_shown_and_told_of() {
    let desk = small().await;
    desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
    desk.vendor.sim.before(DEVELOPERS, |w| {
        w.remove_role("developer");
    });
    let shown = Shown::by(&desk).await;
    let told = "Vanished: role developer was deleted during the sync";
    assert!(shown.warnings().contains(&told.to_owned()));
    assert!(!shown.resources.contains_key("role:developer"));
    assert!(
        !shown
            .grants
            .keys()
            .any(|id| id.starts_with("role:developer"))
    );
    assert!(
        shown
            .grants
            .contains_key("role:org-admin:assigned:user:alice-w")
    );
    // It was looked for in the list: a 404 to the role itself would say no more than the first one.
    assert_eq!(
        queries(&desk, "/v1/org-roles/developer"),
        Vec::<String>::new()
    );

    let next = Shown::by(&desk).await;
    assert_eq!(
        next.answer["content_digest"],
        shown.answer["content_digest"]
    );
    assert!(
        !next
            .warnings()
            .iter()
            .any(|w| w.starts_with("DeletedDuringSync"))
    );
}

#[tokio::test]
async fn a_group_that_is_deleted_during_a_sync_has_and_holds_nothing_and_is_told_of() {
    let desk = small().await;
    desk.vendor.sim.before(&engineers(), |w| {
        w.unlink("developer", ENGINEERING_ID)
            .remove_group(ENGINEERING_ID);
    });
    let shown = Shown::by(&desk).await;
    let told = format!("Vanished: group {ENGINEERING_ID} was deleted during the sync");
    assert!(shown.warnings().contains(&told));
    // A role that was read before names it still.
    let group = format!("group:{ENGINEERING_ID}");
    assert!(!shown.resources.contains_key(&group));
    assert!(!shown.grants.keys().any(|id| id.ends_with(&group)));
    let inside = format!("{group}:member:");
    assert!(!shown.grants.keys().any(|id| id.starts_with(&inside)));
    // Whoever was given roles by hand has them.
    assert!(shown.grant("role:developer:assigned:user:bob-k").direct);
    assert!(shown.grant("role:org-admin:assigned:user:alice-w").direct);

    let next = Shown::by(&desk).await;
    assert!(!next.resources.contains_key(&group));
}

/// Its members keep the role as far as the vendor still lists them, and now without a group to explain it.
#[tokio::test]
async fn a_group_that_vanishes_from_the_list_alone_takes_nobodys_role() {
    let desk = small().await;
    desk.vendor.sim.before(&engineers(), |w| {
        w.edit_group(ENGINEERING_ID, |group| group.listed = false);
    });
    let shown = Shown::by(&desk).await;
    for user in ["alice-w", "carol-p"] {
        let grant = shown.grant(&format!("role:developer:assigned:user:{user}"));
        assert!(grant.direct && grant.immutable, "{user}");
    }
    assert!(
        shown
            .warnings()
            .iter()
            .any(|w| w.starts_with("UnexplainedGrants: the vendor shows 2 grants")),
        "{:?}",
        shown.warnings()
    );
}

/// A 404 may be how the vendor refuses.
#[tokio::test]
async fn a_404_for_something_that_is_listed_still_is_no_deletion() {
    for path in [DEVELOPERS.to_owned(), engineers()] {
        let desk = small().await;
        fault(&desk, &path, FaultKind::status(404));
        let error = failure(&desk, &path).await;
        assert_eq!(error.code(), "NotAvailable", "{path}: {error}");
        // Nor is it one if the list has nothing at all any more, which may be a hiccup as well.
        let (list, rows) = match path.contains("role") {
            true => ("/v1/org-roles", json!({"roles": []})),
            false => ("/v1/directory-groups", json!({"directoryGroups": []})),
        };
        let empty = FaultKind::Status {
            code: 200,
            headers: Vec::new(),
            body: Some(json!({"data": rows, "pagination": {"hasNextPage": false, "count": 0}})),
        };
        desk.vendor.sim.set_faults(vec![
            Fault::matching("GET", &path, FaultKind::status(404)).exactly(),
            Fault::matching("GET", list, empty).exactly().from(2),
        ]);
        let error = failure(&desk, &path).await;
        assert_eq!(error.code(), "NotAvailable", "{path}: {error}");
        // Nor is a page for people.
        fault(
            &desk,
            &path,
            rollcall_simulators::northflank::html_page(404),
        );
        failure(&desk, &path).await;
    }
}

/// If it is for a permission that was taken away meanwhile, every look at roles is a 404, and no role is gone for that.
#[tokio::test]
async fn a_permission_that_is_taken_away_during_a_sync_is_no_deletion() {
    for denial in [Denial::NotFound, Denial::Forbidden, Denial::Unauthorized] {
        for (path, permission, part) in [
            (
                DEVELOPERS.to_owned(),
                Permission::RolesRead,
                "organization roles",
            ),
            (engineers(), Permission::MembersRead, "organization members"),
        ] {
            let desk = small().await;
            desk.vendor.sim.set_options(|o| o.no_permission = denial);
            desk.vendor.sim.before(&path, move |w| {
                w.edit_token(TEST_TOKEN, |token| {
                    token.permissions.remove(&permission);
                });
            });
            let error = failure(&desk, &path).await;
            let expected = match denial {
                Denial::NotFound => "NotAvailable",
                _ => "CredentialTooWeak",
            };
            let chain = Chain(&error).to_string();
            assert_eq!(error.code(), expected, "{denial:?} {path}: {chain}");
            assert!(chain.contains(part), "{denial:?} {path}: {chain}");
        }
    }
}

#[tokio::test]
async fn a_refusal_at_the_second_page_of_a_list_publishes_nothing_and_names_the_permission() {
    for (path, part) in [
        ("/v1/org-members", "Members > Read"),
        ("/v1/org-roles", "Roles > Read"),
        (DEVELOPERS, "Roles > Read"),
        (engineers().as_str(), "Members > Read"),
    ] {
        for status in [401, 403] {
            let desk = small().await;
            desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
            let fault = Fault::matching("GET", path, FaultKind::status(status)).exactly();
            desk.vendor.sim.set_faults(vec![fault.from(2)]);
            let error = failure(&desk, path).await;
            assert_eq!(
                error.code(),
                "CredentialTooWeak",
                "{path} {status}: {error}"
            );
            assert!(error.to_string().contains(part), "{path}: {error}");
        }
    }
}

// Lists that do not end as they should.

/// The vendor's client stops there; the number of the page goes on.
#[tokio::test]
async fn a_list_that_goes_on_without_a_cursor_goes_on_by_number() {
    let desk = small().await;
    let whole = desk.complete().await;
    desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
    desk.vendor.sim.clear_requests();
    desk.vendor
        .sim
        .set_faults(vec![Fault::every(FaultKind::without("pagination/cursor"))]);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.answer["content_digest"], whole["content_digest"]);
    assert_eq!(
        queries(&desk, DEVELOPERS),
        ["per_page=100", "per_page=100&page=2", "per_page=100&page=3"]
    );
    assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_full_page_that_does_not_say_whether_it_is_the_last_publishes_nothing() {
    for (rows, good) in [(99, true), (100, false), (101, false)] {
        let desk = small_with(|w| {
            w.members.clear();
            w.roles.clear();
            w.groups.clear();
            for i in 0..rows {
                w.add_member(&format!("p-{i}"), "", "");
            }
        })
        .await;
        fault(&desk, "/v1/org-members", FaultKind::without("pagination"));
        if good {
            assert_eq!(Shown::by(&desk).await.count("user"), rows);
        } else {
            let error = failure(&desk, "a full page").await;
            assert_eq!(error.code(), "UnexpectedAnswer", "{error}");
            assert!(error.to_string().contains("whether it is the last"));
        }
    }
}

#[tokio::test]
async fn a_cursor_that_leads_back_to_its_page_publishes_nothing() {
    for path in ["/v1/org-members", "/v1/org-roles", DEVELOPERS, &engineers()] {
        let desk = small().await;
        desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
        fault(&desk, path, FaultKind::RepeatCursor);
        let error = failure(&desk, path).await;
        assert_eq!(error.code(), "EndlessList", "{path}: {error}");
        assert!(queries(&desk, path).len() <= 3, "{path}");
    }
    let desk = small().await;
    desk.vendor.sim.set_options(|o| {
        o.force_page_size = Some(1);
        o.paged_groups = true;
    });
    fault(&desk, "/v1/directory-groups", FaultKind::RepeatCursor);
    let error = failure(&desk, "groups").await;
    assert_eq!(error.code(), "EndlessList", "{error}");
}

/// The first page was read by whoever asked whether the token may: it is read anew, since its cursor is the one that was
/// lost.
#[tokio::test]
async fn a_list_whose_cursor_is_lost_is_asked_for_from_its_first_page() {
    let desk = small().await;
    let whole = desk.complete().await;
    for path in ["/v1/org-members", "/v1/org-roles", DEVELOPERS, &engineers()] {
        let desk = small().await;
        desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
        let stale = Fault::matching("GET", path, FaultKind::StaleCursor).exactly();
        desk.vendor.sim.set_faults(vec![stale.times(1)]);
        let shown = Shown::by(&desk).await;
        assert_eq!(
            shown.answer["content_digest"], whole["content_digest"],
            "{path}"
        );
        let first = queries(&desk, path);
        let first = first.iter().filter(|q| !q.contains("cursor")).count();
        assert_eq!(first, 2, "{path}");
    }
}

#[tokio::test]
async fn a_list_that_never_keeps_its_cursors_publishes_nothing() {
    let desk = small().await;
    desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
    fault(&desk, "/v1/org-members", FaultKind::StaleCursor);
    let error = failure(&desk, "stale cursors").await;
    assert_eq!(error.code(), "EndlessList", "{error}");
}

/// A page without rows does not end a list that goes on, but neither does a list go on for ever for them.
#[tokio::test]
async fn empty_pages_that_point_to_others_are_followed_as_long_as_lists_end() {
    let desk = small().await;
    let whole = desk.complete().await;
    for empty_pages in [1, 2, 9] {
        desk.vendor.sim.set_options(|o| {
            o.empty_pages = empty_pages;
            o.paged_groups = true;
        });
        let answer = desk.complete().await;
        assert_eq!(answer["content_digest"], whole["content_digest"]);
    }
    for paged_groups in [true, false] {
        let desk = small().await;
        desk.vendor.sim.set_options(|o| {
            o.empty_pages = 1_000;
            o.paged_groups = paged_groups;
        });
        let error = failure(&desk, "a list without an end").await;
        assert_eq!(error.code(), "EndlessList", "{error}");
    }
}

/// Rows move to the next page when somebody is added before them.
#[tokio::test]
async fn a_row_that_is_on_two_pages_is_there_once() {
    let desk = small().await;
    desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
    desk.vendor.sim.before(DEVELOPERS, |_| {});
    desk.vendor.sim.before(DEVELOPERS, |w| {
        w.add_member("aaron-a", "Aaron", "")
            .assign("developer", "aaron-a");
    });
    let shown = Shown::by(&desk).await;
    // Aaron came in before those who were on the page that had been read; the last of them is seen twice.
    assert_eq!(queries(&desk, DEVELOPERS).len(), 4);
    let held: Vec<&str> = shown
        .grants
        .values()
        .filter(|g| g.entitlement == "role:developer:assigned")
        .map(|g| g.principal.as_str())
        .collect();
    assert_eq!(
        held,
        [
            format!("group:{ENGINEERING_ID}").as_str(),
            "user:alice-w",
            "user:bob-k",
            "user:carol-p"
        ]
    );
}

/// Whoever breaks in after everything was checked finds nothing of a token.
#[tokio::test]
async fn a_failure_says_what_the_vendor_said_and_no_token() {
    let desk = small().await;
    let body =
        json!({"error": {"status": 403, "message": format!("no: Bearer {TEST_TOKEN}"), "id": "x"}});
    let kind = FaultKind::Status {
        code: 403,
        headers: Vec::new(),
        body: Some(body),
    };
    fault(&desk, DEVELOPERS, kind);
    let error = failure(&desk, "a refusal").await;
    let chain = Chain(&error).to_string();
    assert!(chain.contains("403: no: "), "{chain}");
    assert!(
        !format!("{chain} {error:?}").contains(TEST_TOKEN),
        "{chain}"
    );
}
