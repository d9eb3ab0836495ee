//! Filled files as tables: what they contain, and what is wrong.

use super::super::row::Selection;
use super::super::sheet;
use super::*;

/// A review of an account that can be deleted, `user:a`, with two grants, and of one that cannot, `user:b`, with one.
pub(in super::super) fn review() -> Review {
    let row = |account: &str, entitlement: &str, done_by: &str| {
        let at = crate::offboard::plan::PlannedAccount {
            connector: "c".into(),
            connection: "d".into(),
            id: account.into(),
            display_name: String::new(),
        };
        ReviewRow {
            id: super::super::row::row_id(&at, entitlement),
            connector: "c".into(),
            connection: "d".into(),
            account: account.into(),
            name: "=HYPERLINK(1)".into(),
            kind: "person".into(),
            email: String::new(),
            entitlement: entitlement.into(),
            entitlement_name: String::new(),
            resource: String::new(),
            path: String::new(),
            seen_since: Some(Timestamp::UNIX_EPOCH),
            last_login: None,
            flags: Vec::new(),
            done_by: done_by.into(),
        }
    };
    let rows = vec![
        row("user:a", "", "rollcall"),
        row("user:a", "x:1:read", "rollcall"),
        row("user:a", "x:1:write", "rollcall"),
        row("user:b", "", "an administrator of C"),
        row("user:b", "x:1:read", "rollcall"),
    ];
    let at = Timestamp::UNIX_EPOCH;
    Review::new(at, Vec::new(), Vec::new(), Selection::default(), rows)
}

/// The file with these decisions, in the order of the rows.
pub(in super::super) fn filled(review: &Review, decisions: &[&str]) -> Vec<Filled> {
    let written = sheet::write(review).expect("written");
    let mut rows = sheet::read(&written).expect("read");
    rows.iter_mut().zip(decisions).for_each(|(row, text)| row.decision = (*text).to_owned());
    rows
}

#[test]
fn a_decision_is_one_of_three_and_its_day_is_unambiguous() {
    let at = "2026-12-31T00:00:00Z".parse().expect("a time");
    for (text, shown, is_due) in [
        ("keep", "keep", false),
        (" KEEP ", "keep", false),
        ("Revoke", "revoke", true),
        ("revoke on 2026-12-31", "revoke on 2026-12-31", true),
        ("revoke  on 31.12.2026", "revoke on 2026-12-31", true),
        ("revoke on 2027-01-01", "revoke on 2027-01-01", false),
        ("revoke on 1.1.2027", "revoke on 2027-01-01", false),
    ] {
        let decision = Decision::parse(text).expect(text);
        assert_eq!((&*decision.to_string(), decision.is_due(at)), (shown, is_due), "{text}");
    }
    for text in [
        "",
        "yes",
        "revoke on",
        "revoke 2026-12-31",
        "revoke on 12/11/2026",
        "revoke on 31.12.26",
        "revoke on 2026-02-30",
        "revoke on 2026-12-31T00:00",
        "keep on 2026-12-31",
    ] {
        assert_eq!(Decision::parse(text), None, "{text}");
    }
}

#[test]
fn every_row_is_checked() {
    type Edit = fn(&mut Vec<Filled>);
    let none: Edit = |_| {};
    let all_keep = ["keep"; 5];
    let table: [(&[&str], Edit, &str); 19] = [
        (&all_keep, none, ""),
        (&["revoke", "", "", "keep", "keep"], none, ""),
        (&["keep", "keep", "revoke", "revoke", "keep"], none, ""),
        (&all_keep, |rows| rows.push(rows[1].clone()), ""),
        (&[], none, "no row has a decision"),
        (&all_keep, |rows| rows.clear(), "is missing"),
        (&all_keep[..4], none, "line 6: no decision on c/d/user:b, x:1:read"),
        (&["keep", "keep", "remove", "keep", "keep"], none, "line 4: `remove` is not a decision"),
        (
            &["revoke", "", "keep", "keep", "keep"],
            none,
            "`keep` on c/d/user:a, x:1:write, but `revoke` on its account takes all it holds",
        ),
        (
            &["revoke", "", "revoke on 2027-02-01", "keep", "keep"],
            none,
            "`revoke on 2027-02-01` on c/d/user:a, x:1:write, but `revoke` on its account",
        ),
        (
            &["revoke on 2027-01-31", "", "revoke on 2027-02-01", "keep", "keep"],
            none,
            "x:1:write, but `revoke on 2027-01-31` on its account",
        ),
        (&["revoke on 2027-02-01", "revoke", "revoke on 2027-02-01", "keep", "keep"], none, ""),
        (&["revoke", "revoke", "revoke", "keep", "keep"], none, ""),
        // Only its grants are taken away here: each on a day of its own.
        (&["keep", "keep", "keep", "revoke", "revoke on 2027-02-01"], none, ""),
        (&["keep", "keep", "keep", "revoke", ""], none, "line 6: no decision"),
        (&all_keep, |rows| drop(rows.pop()), "is missing (c/d/user:b, x:1:read)"),
        (&all_keep, |rows| rows[1].cells[0] = "r1".into(), "line 3: `r1` is not a row"),
        (
            &all_keep,
            |rows| rows[1].cells[2] = "user:b".into(),
            "line 3: account was `user:a` and is `user:b`",
        ),
        (
            &all_keep,
            |rows| {
                let other = Filled { decision: "revoke".into(), line: 7, ..rows[1].clone() };
                rows.push(other);
            },
            "lines 3 and 7 decide differently on c/d/user:a, x:1:read",
        ),
    ];
    let review = review();
    for (decisions, edit, expected) in table {
        let mut rows = filled(&review, decisions);
        edit(&mut rows);
        match check(&review, &rows) {
            Ok(decided) => assert!(expected.is_empty() && decided.len() == 5, "{expected}"),
            Err(e) => {
                let text = e.to_string();
                assert!(!expected.is_empty() && text.contains(expected), "{expected}: {text}");
            }
        }
    }
}

#[test]
fn what_a_spreadsheet_writes_in_another_form_is_no_edit_but_an_id_is_compared() {
    let mut review = review();
    let at = Timestamp::UNIX_EPOCH;
    for (row, name) in review.rows.iter_mut().zip(["André → é", "007", "1-2", "1E5", "a"]) {
        row.name = name.to_owned();
        row.path = "user:a → x:1:read".to_owned();
        row.last_login = Some(at);
    }
    let review = Review::new(at, Vec::new(), Vec::new(), Selection::default(), review.rows);
    let written = String::from_utf8(sheet::write(&review).expect("written")).expect("text");
    for text in ["\u{feff}row,", "André → é", ",007,", ",1-2,", ",1E5,", "1970-01-01 00:00 UTC"]
    {
        assert!(written.contains(text), "{text}: {written}");
    }
    let mut text = written.replace(",,\n", ",keep,\n");
    for (from, to) in [
        ("André → é", "Andr_ ? _"),
        (",007,", ",7,"),
        (",1-2,", ",02. Jan,"),
        (",1E5,", ",100000,"),
        ("user:a → x:1:read", "user:a ? x:1:read"),
        ("1970-01-01 00:00 UTC", "01.01.70 00:00"),
    ] {
        text = text.replace(from, to);
    }
    let check = |text: &str| {
        let filled = sheet::read(text.as_bytes()).expect("read");
        check(&review, &filled).map(|decided| decided.len()).map_err(|e| e.to_string())
    };
    assert_eq!(check(&text), Ok(5), "{text}");
    for (from, to, column) in [
        (",c/d,", ",c/e,", "connection was `c/d`"),
        (",user:b,", ",user:B,", "account was `user:b`"),
        (",x:1:write,", ",x:1:read,", "entitlement was `x:1:write`"),
    ] {
        let wrong = check(&text.replace(from, to)).expect_err(column);
        assert!(wrong.contains(column), "{column}: {wrong}");
    }
}

#[test]
fn a_review_whose_rows_were_altered_has_another_id() {
    let mut altered = review();
    assert!(altered.is_whole());
    altered.rows[1].account = "user:b".into();
    assert!(!altered.is_whole());
}
