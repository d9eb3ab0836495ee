//! Principals as tables, and the rows that are made of them.

use std::collections::BTreeSet;

use super::*;
use crate::offboard::plan::{Abilities, HolderKind, PlannedAccount};

/// `type:id:slug`, with marks: `!` goes with another grant, `#` kept elsewhere, `<` inherited, `+` also inherited.
pub(in super::super) fn principal(
    id: &str,
    email: &str,
    abilities: &str,
    holds: &[&str],
) -> Principal {
    let held = |text: &&str| {
        let (id, marks) = text.split_once(' ').unwrap_or((text, ""));
        Held {
            entitlement: id.into(),
            display_name: String::new(),
            resource_name: String::new(),
            resource_type: id.split(':').next().unwrap_or_default().into(),
            kind: if id.starts_with("group") { HolderKind::Group } else { HolderKind::Thing },
            direct: !marks.contains('<'),
            immutable: marks.contains(['!', '#', '<']),
            kept_elsewhere: marks.contains('#'),
            through: Vec::new(),
        }
    };
    let types = |mark| {
        let all = abilities.split(' ').filter_map(move |word| word.strip_prefix(mark));
        all.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let paths = |text: &&str| {
        let id = text.split(' ').next().unwrap_or_default();
        let count = if text.contains('+') { 2 } else { 1 };
        (id.to_owned(), vec![format!("→ {id}"); count])
    };
    let account = PlannedAccount {
        connector: "c".into(),
        connection: "d".into(),
        id: id.into(),
        display_name: "Ada".into(),
    };
    Principal {
        holder: Holder {
            account,
            abilities: Abilities {
                vendor: "Vendor".into(),
                deletes: types("delete="),
                revokes: types("revoke="),
                types: BTreeMap::new(),
            },
            holds: holds.iter().map(held).collect(),
        },
        kind: "person".into(),
        is_account: id.starts_with("user"),
        email: email.into(),
        status: None,
        last_login: None,
        paths: holds.iter().map(paths).collect(),
    }
}

/// Each row as `entitlement|flags|done_by`.
fn words(of: &Principal, selection: &Selection) -> Vec<String> {
    let rows = rows(of, selection, &Ends::new(), Some("x.io"));
    let words = rows.iter();
    words.map(|r| format!("{}|{}|{}", r.entitlement, r.flags.join("; "), r.done_by)).collect()
}

#[test]
fn a_row_is_an_account_or_a_direct_grant_with_who_can_take_it_away() {
    let (admin, keeper) =
        ("an administrator of Vendor", "an administrator of the identity provider");
    for (abilities, id, holds, expected) in [
        (
            "delete=user revoke=x",
            "user:u1",
            &["x:1:read"] as &[&str],
            vec!["||rollcall".to_owned(), "x:1:read||rollcall".to_owned()],
        ),
        (
            "revoke=x",
            "user:u1",
            &["x:1:read <", "x:2:read !", "x:3:read +", "group:g:member #"],
            vec![
                format!("||{admin}"),
                "x:3:read|held twice|rollcall".to_owned(),
                format!("group:g:member||{keeper}"),
            ],
        ),
        ("", "group:g", &["x:1:read"], vec![format!("x:1:read||{admin}")]),
    ] {
        let of = principal(id, "a@x.io", abilities, holds);
        assert_eq!(words(&of, &Selection::default()), expected, "{id} {holds:?}");
    }
}

#[test]
fn flags_come_from_the_account_its_domain_and_what_the_store_knows() {
    let key = ("user:u1".to_owned(), "x:1:read".to_owned());
    let ends = Ends::from([(key, Timestamp::UNIX_EPOCH)]);
    let mut of = principal("user:u1", "a@Y.io", "", &["x:1:read", "x:2:read"]);
    of.status = Some("disabled");
    let all = rows(&of, &Selection::default(), &ends, Some("x.io"));
    let flags: Vec<_> = all.iter().map(|row| row.flags.join("; ")).collect();
    let account = "account disabled; other domain";
    let temporary = format!("{account}; temporary until 1970-01-01 00:00 UTC");
    assert_eq!(flags, [account, &temporary, account]);
    for (email, status, usual, expected) in [
        ("a@X.IO", Some("enabled"), Some("x.io"), ""),
        ("", None, Some("x.io"), ""),
        ("a@y.io", Some("deleted"), None, "account deleted"),
    ] {
        let of = Principal { email: email.into(), status, ..of.clone() };
        let rows = rows(&of, &Selection::default(), &ends, usual);
        assert_eq!(rows[0].flags.join("; "), expected, "{email}");
    }
}

#[test]
fn the_usual_domain_is_that_of_more_than_half() {
    for (emails, expected) in [
        (&["a@x.io", "b@X.io", "c@y.io"] as &[&str], Some("x.io")),
        (&["a@x.io", "b@y.io"], None),
        (&["a@x.io", "", "no address", "b@x.io", "c@y.io"], Some("x.io")),
        (&[], None),
    ] {
        let all: Vec<_> = emails.iter().map(|email| principal("user:u", email, "", &[])).collect();
        assert_eq!(usual_domain(all.iter()).as_deref(), expected, "{emails:?}");
    }
}

#[test]
fn a_selection_limits_rows_by_type_and_entitlement() {
    let of = principal("user:u1", "", "", &["x:1:read", "x:1:write", "y:1:read"]);
    let list = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    for (types, entitlements, expected) in [
        (&[] as &[&str], &[] as &[&str], &["", "x:1:read", "x:1:write", "y:1:read"] as &[&str]),
        (&["user"], &[], &[""]),
        (&["user", "y"], &[], &["", "y:1:read"]),
        (&[], &["x:1:read", "y:1:read"], &["x:1:read", "y:1:read"]),
        (&["x"], &["y:1:read"], &[]),
    ] {
        let selection = Selection {
            types: list(types),
            entitlements: list(entitlements),
            ..Selection::default()
        };
        let rows = rows(&of, &selection, &Ends::new(), None);
        let found: Vec<_> = rows.iter().map(|row| row.entitlement.as_str()).collect();
        assert_eq!(found, expected, "{types:?} {entitlements:?}");
    }
}

#[test]
fn times_are_no_differences_and_all_else_is() {
    let of = principal("user:u1", "", "", &["x:1:read"]);
    let row = |of: &Principal| rows(of, &Selection::default(), &Ends::new(), None).remove(0);
    let before = row(&of);
    let later = Principal { last_login: Some(Timestamp::UNIX_EPOCH), ..of.clone() };
    let later = ReviewRow { seen_since: Some(Timestamp::UNIX_EPOCH), ..row(&later) };
    let times = ["1970-01-01 00:00 UTC"; 2];
    assert_eq!(&later.cells()[10..12], times);
    assert!(before.differences(&later).is_empty());
    let disabled = Principal { status: Some("disabled"), ..of };
    let expected = ["flags was `` and is `account disabled`"];
    assert_eq!(before.differences(&row(&disabled)), expected);
}
