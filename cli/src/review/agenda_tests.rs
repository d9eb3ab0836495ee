//! Decisions as tables, and what becomes of them with what the newest snapshots have.

use super::super::decision::check;
use super::super::decision::tests::filled;
use super::super::row::tests::principal;
use super::super::row::{Ends, Review, Selection, rows};
use super::*;

/// Each decision as its result, and the entitlements of the steps in their order; a deletion is `-`.
fn words(shown: &Principal, now: Option<&Principal>, decisions: &[&str]) -> [String; 3] {
    let rows_of = |of: &Principal| rows(of, &Selection::default(), &Ends::new(), None);
    let at: Timestamp = "2026-12-31T12:00:00Z".parse().expect("a time");
    let review = Review::new(at, Vec::new(), Vec::new(), Selection::default(), rows_of(shown));
    let filled = filled(&review, decisions);
    let decided = check(&review, &filled).expect("valid");
    let rows = now.map(rows_of).unwrap_or_default();
    let principals: Vec<_> = now.cloned().into_iter().collect();
    let looked_at = BTreeSet::from(["c/d".to_owned()]);
    let agenda = agenda(&decided, &rows, &principals, &looked_at, at);
    let items = agenda.items.iter();
    let results: Vec<_> = items.clone().map(|item| item.result.name()).collect();
    let changes: Vec<_> = items.flat_map(|item| &item.changes).map(String::as_str).collect();
    let steps = agenda.steps.iter().map(|step| match step.action.entitlement() {
        "" => "-",
        entitlement => entitlement,
    });
    [results.join(", "), steps.collect::<Vec<_>>().join(" "), changes.join(" ")]
}

#[test]
fn a_decision_becomes_a_step_or_says_why_not() {
    let some = "delete=user revoke=x revoke=group";
    let all = ["group:g:member", "x:1:read", "x:1:write"];
    let reads_only = "revoke=y";
    for (abilities, holds, decisions, results, steps) in [
        (some, &all as &[&str], &["keep"; 4] as &[&str], "kept, kept, kept, kept", ""),
        // In the order of an offboarding: what changes a thing, what shows it, groups.
        (
            some,
            &all,
            &["keep", "revoke", "revoke", "revoke"],
            "kept, planned, planned, planned",
            "x:1:write x:1:read group:g:member",
        ),
        (some, &all, &["keep", "keep", "revoke", "keep"], "kept, kept, planned, kept", "x:1:read"),
        (some, &all, &["revoke", "", "", "revoke"], "planned, planned, planned, planned", "-"),
        (
            some,
            &all,
            &["revoke on 2027-01-01", "", "revoke on 2026-12-31", "revoke on 2027-01-01"],
            "not due, not due, planned, not due",
            "x:1:read",
        ),
        (
            some,
            &["group:g:member #", "x:1:read"],
            &["revoke", "", ""],
            "planned, left to others, planned",
            "-",
        ),
        (reads_only, &["x:1:read"], &["revoke", "revoke"], "left to others, left to others", ""),
    ] {
        let of = principal("user:u1", "", abilities, holds);
        let expected = [results, steps, ""];
        assert_eq!(words(&of, Some(&of), decisions), expected, "{holds:?} {decisions:?}");
    }
}

#[test]
fn what_has_gone_or_changed_since_is_said() {
    let of = |holds: &[&str]| principal("user:u1", "", "revoke=x", holds);
    let shown = of(&["x:1:read", "x:1:write"]);
    for (now, results, changes) in [
        (None, "kept, no longer there, no longer there", ""),
        (Some(of(&["x:1:read"])), "kept, planned, no longer there", ""),
        (
            Some(of(&["x:1:read +", "x:1:write"])),
            "kept, planned, planned",
            "path was `→ x:1:read` and is `→ x:1:read; → x:1:read` flags was `` and is `held twice`",
        ),
    ] {
        let found = words(&shown, now.as_ref(), &["keep", "revoke", "revoke"]);
        assert_eq!((&*found[0], &*found[2]), (results, changes));
    }
}
