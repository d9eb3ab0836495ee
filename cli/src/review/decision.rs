//! Decisions: reads them, and checks a filled file against the review that it belongs to.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rollcall_connector::{Code, Error};
use serde::{Serialize, Serializer};

use super::row::{COLUMNS, IDS, Review, ReviewRow};
use super::sheet::{Filled, is_same};

/// How many findings an error lists.
const LISTED: usize = 10;

/// What a reviewer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Keep,
    Revoke,
    /// Revokes on this day, in UTC, or later.
    RevokeOn(Date),
}

/// A row with its decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Decided<'a> {
    #[serde(serialize_with = "id")]
    pub(super) row: &'a ReviewRow,
    /// `None`: the account goes with all it holds, and nothing else was decided.
    pub(super) decision: Option<Decision>,
    pub(super) comment: String,
}

fn id<S: Serializer>(row: &ReviewRow, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&row.id)
}

impl Decision {
    /// The decision that a text stands for; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["keep"] => Some(Self::Keep),
            ["revoke"] => Some(Self::Revoke),
            ["revoke", "on", date] => self::date(date).map(Self::RevokeOn),
            _ => None,
        }
    }

    /// The day on which it takes something away, at the earliest.
    fn first_day(self) -> Date {
        match self {
            Self::Keep => Date::MAX,
            Self::Revoke => Date::MIN,
            Self::RevokeOn(date) => date,
        }
    }

    /// Whether it takes something away at this time.
    pub(super) fn is_due(self, now: Timestamp) -> bool {
        match self {
            Self::Keep => false,
            Self::Revoke => true,
            Self::RevokeOn(date) => now.to_zoned(TimeZone::UTC).date() >= date,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Revoke => f.write_str("revoke"),
            Self::RevokeOn(date) => write!(f, "revoke on {date}"),
        }
    }
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `2026-12-31` or `31.12.2026`. With slashes, day and month cannot be told apart.
fn date(text: &str) -> Option<Date> {
    if let [day, month, year] = text.split('.').collect::<Vec<_>>()[..] {
        let is_year = year.len() == 4;
        let day = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
        return is_year.then_some(day);
    }
    let is_whole = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.parse().ok().filter(|_| is_whole)
}

/// The decision on each row of the review, in its order. Fails with everything that is wrong with the file.
pub(super) fn check<'a>(review: &'a Review, filled: &[Filled]) -> Result<Vec<Decided<'a>>, Error> {
    let rows: BTreeMap<&str, &ReviewRow> = review.rows.iter().map(|r| (&*r.id, r)).collect();
    let mut found: BTreeMap<&str, &Filled> = BTreeMap::new();
    let mut wrong = Vec::new();
    for one in filled {
        let (line, id) = (one.line, one.cells.first().map_or("", |id| id.trim()));
        let Some(row) = rows.get(id) else {
            wrong.push(format!("line {line}: `{id}` is not a row of this review"));
            continue;
        };
        wrong.extend(edits(row, one));
        match found.insert(&row.id, one) {
            Some(other) if !decide_the_same(one, other) => {
                let other = other.line;
                let label = row.label();
                wrong.push(format!("lines {other} and {line} decide differently on {label}"));
            }
            _ => {}
        }
    }
    let mut decided = Vec::with_capacity(review.rows.len());
    let mut undecided = Vec::new();
    for row in &review.rows {
        let Some(one) = found.get(&*row.id) else {
            wrong.push(format!("the row {} is missing ({})", row.id, row.label()));
            continue;
        };
        let decision = Decision::parse(&one.decision);
        match (decision, one.decision.trim()) {
            (None, "") => undecided.push((one.line, row)),
            (None, text) => wrong.push(format!("line {}: `{text}` is not a decision", one.line)),
            _ => {}
        }
        decided.push(Decided { row, decision, comment: one.comment.trim().to_owned() });
    }
    if !filled.is_empty() && decided.iter().all(|one| one.decision.is_none()) && wrong.is_empty() {
        return Err(error(vec!["no row has a decision".to_owned()]));
    }
    let deleted = deleted(&decided);
    undecided.retain(|(_, row)| !deleted.contains_key(&account(row)));
    let undecided = undecided.into_iter();
    wrong.extend(
        undecided.map(|(line, row)| format!("line {line}: no decision on {}", row.label())),
    );
    for one in &decided {
        if let (Some(own), Some(of_account)) = (one.decision, deleted.get(&account(one.row)))
            && own.first_day() > of_account.first_day()
        {
            let label = one.row.label();
            wrong.push(format!(
                "`{own}` on {label}, but `{of_account}` on its account takes all it holds"
            ));
        }
    }
    match wrong.is_empty() {
        true => Ok(decided),
        false => Err(error(wrong)),
    }
}

/// What identifies a row's account.
pub(super) fn account(row: &ReviewRow) -> (&str, &str, &str) {
    (&row.connector, &row.connection, &row.account)
}

/// The accounts that are deleted by this program, now or later.
fn deleted<'a>(decided: &[Decided<'a>]) -> BTreeMap<(&'a str, &'a str, &'a str), Decision> {
    let accounts = decided.iter().filter(|one| one.row.entitlement.is_empty());
    let deleted = accounts.filter(|one| one.row.is_done_here()).filter_map(|one| {
        let decision = one.decision.filter(|decision| *decision != Decision::Keep);
        decision.map(|decision| (account(one.row), decision))
    });
    deleted.collect()
}

fn decide_the_same(one: &Filled, other: &Filled) -> bool {
    match (Decision::parse(&one.decision), Decision::parse(&other.decision)) {
        (None, None) => one.decision.trim() == other.decision.trim(),
        (one, other) => one == other,
    }
}

/// The ids of a row that are not those that were written. A spreadsheet writes dates and numbers in another form: other
/// columns are only shown, and nothing is made of them.
fn edits(row: &ReviewRow, filled: &Filled) -> Vec<String> {
    let cells = row.cells().into_iter().zip(&filled.cells).zip(COLUMNS);
    let cells = cells.filter(|(_, name)| IDS.contains(name));
    let edited = cells.filter(|((written, found), _)| !is_same(written, found));
    let edited = edited.map(|((written, found), name)| {
        format!("line {}: {name} was `{written}` and is `{found}`", filled.line)
    });
    edited.collect()
}

fn error(wrong: Vec<String>) -> Error {
    let mut text = wrong.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join("; ");
    if let more @ 1.. = wrong.len().saturating_sub(LISTED) {
        text.push_str(&format!("; and {more} more"));
    }
    Error::invalid(
        Code::WrongDecisions,
        format!("review.csv cannot be used: {text}"),
        "Write keep, revoke or `revoke on 2030-01-31` into `decision` of each row, and change nothing else but comments.",
    )
}

#[cfg(test)]
#[path = "decision_tests.rs"]
pub(super) mod tests;
