//! What becomes of each decision: a pure function of the decisions and the newest snapshots.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::decision::{Decided, Decision, account};
use super::row::{Principal, ReviewRow};
use crate::offboard::apply::{StepOutcome, StepResult};
use crate::offboard::plan::{self, Abilities, Elsewhere, Holder, Step};
use crate::output::Row;

/// The decisions with what becomes of them, and the steps that this program carries out.
pub(super) struct Agenda<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) steps: Vec<Step>,
}

/// A decision with what becomes of it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Item<'a> {
    row: &'a str,
    connection: String,
    account: &'a str,
    entitlement: &'a str,
    decision: String,
    pub(super) result: ItemResult,
    why: String,
    /// The ids of the grants that were removed.
    removed: Vec<String>,
    request_id: Option<String>,
    comment: &'a str,
    /// What is different from what was shown.
    #[serde(skip)]
    pub(super) changes: Vec<String>,
}

/// What becomes, or became, of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ItemResult {
    Kept,
    /// `--apply` does it.
    Planned,
    /// The day of the decision has not come.
    NotDue,
    LeftToOthers,
    /// The newest snapshot does not have it any more.
    NoLongerThere,
    /// There is no newest snapshot that can be read.
    NotLookedAt,
    Done,
    AlreadySo,
    Refused,
    Failed,
    NotFinished,
}

impl ItemResult {
    fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Planned => "planned",
            Self::NotDue => "not due",
            Self::LeftToOthers => "left to others",
            Self::NoLongerThere => "no longer there",
            Self::NotLookedAt => "not looked at",
            Self::Done => StepOutcome::Done.name(),
            Self::AlreadySo => StepOutcome::AlreadySo.name(),
            Self::Refused => StepOutcome::Refused.name(),
            Self::Failed => StepOutcome::Failed.name(),
            Self::NotFinished => StepOutcome::NotFinished.name(),
        }
    }
}

impl From<StepOutcome> for ItemResult {
    fn from(outcome: StepOutcome) -> Self {
        match outcome {
            StepOutcome::Done => Self::Done,
            StepOutcome::AlreadySo => Self::AlreadySo,
            StepOutcome::Refused => Self::Refused,
            StepOutcome::Failed => Self::Failed,
            // A review waits for its functions: nothing is only requested.
            StepOutcome::Requested | StepOutcome::NotFinished => Self::NotFinished,
        }
    }
}

impl Row for Item<'_> {
    const COLUMNS: &'static [&'static str] =
        &["Row", "Connection", "Account", "Entitlement", "Decision", "Result", "Why"];

    fn cells(&self) -> Vec<String> {
        let entitlement = match self.entitlement {
            "" => "the account itself",
            entitlement => entitlement,
        };
        let (result, why) = (self.result.name(), &self.why);
        [self.row, &self.connection, self.account, entitlement, &self.decision, result, why]
            .map(str::to_owned)
            .into()
    }
}

/// What is due for one account.
struct Due {
    /// Whether this program deletes it.
    deletes: bool,
    steps: Vec<Step>,
    /// By entitlement; the empty one is the account itself.
    elsewhere: BTreeMap<String, Elsewhere>,
}

/// The agenda. `rows` and `principals` are those of the newest snapshots of the connections `looked_at`.
pub(super) fn agenda<'a>(
    decided: &'a [Decided<'a>],
    rows: &[ReviewRow],
    principals: &[Principal],
    looked_at: &BTreeSet<String>,
    now: Timestamp,
) -> Agenda<'a> {
    let present: BTreeMap<&str, &ReviewRow> = rows.iter().map(|row| (&*row.id, row)).collect();
    let accounts = decided.iter().filter(|one| one.row.entitlement.is_empty());
    let accounts: BTreeMap<_, _> = accounts.map(|one| (account(one.row), one.decision)).collect();
    // Where nothing was decided, the decision on the account counts.
    let decision_on = |one: &Decided<'_>| {
        one.decision.or_else(|| accounts.get(&account(one.row)).copied().flatten())
    };
    let mut wanted: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for one in decided {
        let is_due = decision_on(one).is_some_and(|decision| decision.is_due(now));
        if is_due && present.contains_key(&*one.row.id) {
            wanted.entry(account(one.row)).or_default().insert(&one.row.entitlement);
        }
    }
    let mut all_due = BTreeMap::new();
    let mut steps = Vec::new();
    for principal in principals {
        let at = &principal.holder.account;
        let key = (&*at.connector, &*at.connection, &*at.id);
        if let Some(wanted) = wanted.get(&key) {
            let due = due(&principal.holder, wanted);
            steps.extend(due.steps.iter().cloned());
            all_due.insert(key, due);
        }
    }
    let items = decided.iter().map(|one| {
        let key = account(one.row);
        let decision = decision_on(one);
        let mut item = Item::new(one, decision);
        let now_row = present.get(&*one.row.id);
        (item.result, item.why) = match (decision, now_row) {
            (None | Some(Decision::Keep), _) => (ItemResult::Kept, String::new()),
            (Some(Decision::RevokeOn(date)), _) if !Decision::RevokeOn(date).is_due(now) => {
                (ItemResult::NotDue, format!("not before {date}, in UTC: apply again then"))
            }
            _ if !looked_at.contains(&item.connection) => {
                let why = "there is no newest snapshot of the connection that can be read";
                (ItemResult::NotLookedAt, why.to_owned())
            }
            (_, None) => {
                let why = "the newest snapshot does not have it any more";
                (ItemResult::NoLongerThere, why.to_owned())
            }
            (_, Some(row)) => {
                item.changes = one.row.differences(row);
                fate(one.row, all_due.get(&key))
            }
        };
        item
    });
    Agenda { items: items.collect(), steps }
}

/// The steps that take away what is wanted of an account, in the order of an offboarding.
fn due(holder: &Holder, wanted: &BTreeSet<&str>) -> Due {
    let kind = holder.account.id.split(':').next().unwrap_or_default();
    let deletes = wanted.contains("") && holder.abilities.deletes.contains(kind);
    let mut holder = holder.clone();
    if !deletes {
        holder.abilities = Abilities { deletes: BTreeSet::new(), ..holder.abilities };
        holder.holds.retain(|held| wanted.contains(&*held.entitlement));
    }
    let plan = plan::plan("", Vec::new(), Vec::new(), &[holder]);
    let elsewhere = plan.elsewhere.into_iter();
    let elsewhere = elsewhere.map(|left| (left.entitlement.clone().unwrap_or_default(), left));
    Due { deletes, steps: plan.steps, elsewhere: elsewhere.collect() }
}

fn fate(row: &ReviewRow, due: Option<&Due>) -> (ItemResult, String) {
    let Some(due) = due else {
        return (ItemResult::Kept, String::new());
    };
    if let Some(Elsewhere { why, who, place, .. }) = due.elsewhere.get(&row.entitlement) {
        let why = format!("{why}; who can: {who}; where: {place}");
        return (ItemResult::LeftToOthers, why);
    }
    let why = match (due.deletes, row.entitlement.is_empty()) {
        (true, true) => "deletes the account, with all it holds",
        (true, false) => "goes with the account",
        _ => "revokes it",
    };
    (ItemResult::Planned, why.to_owned())
}

impl<'a> Item<'a> {
    fn new(one: &'a Decided<'a>, decision: Option<Decision>) -> Self {
        let row = one.row;
        Self {
            row: &row.id,
            connection: format!("{}/{}", row.connector, row.connection),
            account: &row.account,
            entitlement: &row.entitlement,
            decision: decision.map(|decision| decision.to_string()).unwrap_or_default(),
            result: ItemResult::Kept,
            why: String::new(),
            removed: Vec::new(),
            request_id: None,
            comment: &one.comment,
            changes: Vec::new(),
        }
    }

    /// The row in a few words.
    pub(super) fn label(&self) -> String {
        format!("{} ({}/{})", self.row, self.connection, self.account)
    }
}

impl Agenda<'_> {
    /// Enters what became of the steps.
    pub(super) fn enter(&mut self, results: &[StepResult<'_>]) {
        let results: BTreeMap<(&str, &str, &str), &StepResult<'_>> = results
            .iter()
            .map(|result| ((&*result.connection, result.account, result.entitlement), result))
            .collect();
        for item in self.items.iter_mut().filter(|item| item.result == ItemResult::Planned) {
            let key = |entitlement| (&*item.connection, item.account, entitlement);
            if let Some(own) = results.get(&key(item.entitlement)) {
                item.result = own.result.into();
                item.why.clone_from(&own.why);
                item.removed.clone_from(&own.removed);
                item.request_id = Some(own.request_id.clone());
            } else if let Some(of_account) = results.get(&key("")) {
                item.result = of_account.result.into();
                item.why = "with the account".to_owned();
            }
        }
    }

    /// Whether some decision has one of these results.
    pub(super) fn has(&self, wanted: &[ItemResult]) -> bool {
        self.items.iter().any(|item| wanted.contains(&item.result))
    }

    pub(super) fn count(&self, wanted: ItemResult) -> usize {
        self.items.iter().filter(|item| item.result == wanted).count()
    }
}

#[cfg(test)]
#[path = "agenda_tests.rs"]
mod tests;
