//! The rows of a review: pure functions from what principals hold to what can be decided.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::offboard::plan::{self, Basis, Held, Holder, hash};

/// A review. Its JSON is `review.json`, and what the store keeps of what was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Review {
    /// A hash of all the rest.
    pub(super) id: String,
    pub(super) made_at: Timestamp,
    /// The snapshots that it was made of.
    pub(super) snapshots: Vec<Basis>,
    /// The connections whose snapshots could not be read.
    pub(super) unreadable: Vec<String>,
    pub(super) selection: Selection,
    pub(super) rows: Vec<ReviewRow>,
}

/// What a review is about. An empty list excludes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    pub(super) connection: Option<String>,
    pub(super) connectors: Vec<String>,
    /// Types of accounts, and of the resources that entitlements are on.
    pub(super) types: Vec<String>,
    /// Entitlements; accounts are then left out.
    pub(super) entitlements: Vec<String>,
}

/// What can be decided: an account, or a direct grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewRow {
    /// A hash of connection, account and entitlement, after a letter: spreadsheets take some hashes for numbers.
    pub(super) id: String,
    pub(super) connector: String,
    pub(super) connection: String,
    /// `type:id`.
    pub(super) account: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) email: String,
    /// The entitlement; empty: the account itself.
    pub(super) entitlement: String,
    pub(super) entitlement_name: String,
    pub(super) resource: String,
    /// Every path to the entitlement.
    pub(super) path: String,
    /// The oldest snapshot, of those that were looked at, since which each has it. `None`: none was looked at.
    pub(super) seen_since: Option<Timestamp>,
    pub(super) last_login: Option<Timestamp>,
    pub(super) flags: Vec<String>,
    /// Who carries a revoke out.
    pub(super) done_by: String,
}

/// The columns of [`ReviewRow::cells`].
pub(super) const COLUMNS: [&str; 14] = [
    "row",
    "connection",
    "account",
    "name",
    "kind",
    "email",
    "entitlement",
    "entitlement_name",
    "resource",
    "path",
    "seen_since",
    "last_login",
    "flags",
    "done_by",
];

/// The columns that say what is decided on.
pub(super) const IDS: [&str; 4] = ["row", "connection", "account", "entitlement"];

/// What [`ReviewRow::done_by`] is if this program can do it.
const THIS_PROGRAM: &str = "rollcall";

/// A principal with its direct grants.
#[derive(Debug, Clone)]
pub(super) struct Principal {
    pub(super) holder: Holder,
    /// `person`, `service account`, `group` …
    pub(super) kind: String,
    pub(super) is_account: bool,
    /// The primary address, or the empty text.
    pub(super) email: String,
    pub(super) status: Option<&'static str>,
    pub(super) last_login: Option<Timestamp>,
    /// The paths to each entitlement of a direct grant, for people.
    pub(super) paths: BTreeMap<String, Vec<String>>,
}

/// An entitlement of an account, or, if that is empty, the account itself.
pub(super) type Key = (String, String);

/// When the temporary grants of a connection end.
pub(super) type Ends = BTreeMap<Key, Timestamp>;

impl Review {
    /// A review of these rows.
    pub(super) fn new(
        made_at: Timestamp,
        snapshots: Vec<Basis>,
        unreadable: Vec<String>,
        selection: Selection,
        rows: Vec<ReviewRow>,
    ) -> Self {
        let id = String::new();
        let mut review = Self { id, made_at, snapshots, unreadable, selection, rows };
        review.id = review.hash();
        review
    }

    /// Whether the id is that of the rest.
    pub(super) fn is_whole(&self) -> bool {
        self.id == self.hash()
    }

    fn hash(&self) -> String {
        let Self { id: _, made_at, snapshots, unreadable, selection, rows } = self;
        // A value of texts, lists and times always has a JSON text.
        let text = serde_json::to_string(&(made_at, snapshots, unreadable, selection, rows));
        let text = text.unwrap_or_default();
        hash(&[&text])[..32].to_owned()
    }
}

impl ReviewRow {
    /// The cells for people, one for each of [`COLUMNS`].
    pub(super) fn cells(&self) -> [String; COLUMNS.len()] {
        // With a unit, no spreadsheet takes it for a date, to write it in another form.
        let time = |at: Option<Timestamp>| {
            at.map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default()
        };
        [
            self.id.clone(),
            format!("{}/{}", self.connector, self.connection),
            self.account.clone(),
            self.name.clone(),
            self.kind.clone(),
            self.email.clone(),
            self.entitlement.clone(),
            self.entitlement_name.clone(),
            self.resource.clone(),
            self.path.clone(),
            time(self.seen_since),
            time(self.last_login),
            self.flags.join("; "),
            self.done_by.clone(),
        ]
    }

    /// What is different now, for people; times are left out, since each snapshot has others.
    pub(super) fn differences(&self, now: &Self) -> Vec<String> {
        let times = ["seen_since", "last_login"];
        let cells = self.cells().into_iter().zip(now.cells()).zip(COLUMNS);
        let different = cells.filter(|((a, b), name)| a != b && !times.contains(name));
        different.map(|((a, b), name)| format!("{name} was `{a}` and is `{b}`")).collect()
    }

    /// Whether this program carries a revoke out.
    pub(super) fn is_done_here(&self) -> bool {
        self.done_by == THIS_PROGRAM
    }

    /// The row in a few words.
    pub(super) fn label(&self) -> String {
        let entitlement = match self.entitlement.as_str() {
            "" => "the account itself",
            entitlement => entitlement,
        };
        format!("{}/{}/{}, {entitlement}", self.connector, self.connection, self.account)
    }
}

impl Selection {
    /// Whether the connection is part of the review.
    pub(super) fn has_connection(&self, connector: &str) -> bool {
        self.connectors.is_empty() || self.connectors.iter().any(|one| one == connector)
    }

    fn has_account(&self, kind: &str) -> bool {
        self.entitlements.is_empty() && self.has_type(kind)
    }

    fn has(&self, held: &Held) -> bool {
        let listed = &self.entitlements;
        let is_listed = listed.is_empty() || listed.contains(&held.entitlement);
        is_listed && self.has_type(&held.resource_type)
    }

    fn has_type(&self, kind: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|one| one == kind)
    }
}

/// The id of the row of an account's entitlement.
pub(super) fn row_id(at: &plan::PlannedAccount, entitlement: &str) -> String {
    let hash = hash(&[&at.connector, &at.connection, &at.id, entitlement]);
    format!("r{}", &hash[..20])
}

/// The domain of more than half of the accounts that have an address.
pub(super) fn usual_domain<'a>(accounts: impl Iterator<Item = &'a Principal>) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    accounts.filter_map(domain).for_each(|domain| *counts.entry(domain).or_default() += 1);
    let all: usize = counts.values().sum();
    counts.into_iter().find(|(_, count)| count * 2 > all).map(|(domain, _)| domain)
}

fn domain(of: &Principal) -> Option<String> {
    let (_, domain) = of.email.rsplit_once('@')?;
    of.is_account.then(|| domain.to_lowercase())
}

/// The rows of a principal, without `seen_since`: first the account itself, then its direct grants by entitlement.
/// Access that goes with another grant cannot be decided.
pub(super) fn rows(
    of: &Principal,
    selection: &Selection,
    ends: &Ends,
    usual_domain: Option<&str>,
) -> Vec<ReviewRow> {
    let doers = Doers::new(&of.holder);
    let mut flags = Vec::new();
    if let Some(status @ ("disabled" | "deleted")) = of.status {
        flags.push(format!("account {status}"));
    }
    if domain(of).is_some_and(|own| usual_domain.is_some_and(|usual| usual != own)) {
        flags.push("other domain".to_owned());
    }
    let kind = of.holder.account.id.split(':').next().unwrap_or_default();
    let mut rows = Vec::new();
    if of.is_account && selection.has_account(kind) {
        let by = doers.of("");
        rows.push(row(of, None, flags.clone(), by));
    }
    for held in &of.holder.holds {
        if !can_be_decided(held) || !selection.has(held) {
            continue;
        }
        let mut flags = flags.clone();
        if of.paths.get(&held.entitlement).is_some_and(|paths| paths.len() > 1) {
            flags.push("held twice".to_owned());
        }
        let key = (of.holder.account.id.clone(), held.entitlement.clone());
        if let Some(until) = ends.get(&key) {
            flags.push(format!("temporary until {}", until.strftime("%Y-%m-%d %H:%M UTC")));
        }
        rows.push(row(of, Some(held), flags, doers.of(&held.entitlement)));
    }
    rows
}

/// Whether a grant is a decision of its own: others go with the grant that gives them.
fn can_be_decided(held: &Held) -> bool {
    held.direct && (!held.immutable || held.kept_elsewhere)
}

fn row(of: &Principal, held: Option<&Held>, flags: Vec<String>, done_by: String) -> ReviewRow {
    let account = &of.holder.account;
    let text = |get: fn(&Held) -> &String| held.map(get).cloned().unwrap_or_default();
    let entitlement = text(|held| &held.entitlement);
    let paths = of.paths.get(&entitlement).map(|paths| paths.join("; "));
    ReviewRow {
        id: row_id(account, &entitlement),
        connector: account.connector.clone(),
        connection: account.connection.clone(),
        account: account.id.clone(),
        name: account.display_name.clone(),
        kind: of.kind.clone(),
        email: of.email.clone(),
        entitlement_name: text(|held| &held.display_name),
        resource: text(|held| &held.resource_name),
        path: paths.unwrap_or_default(),
        seen_since: None,
        last_login: of.last_login,
        flags,
        done_by,
        entitlement,
    }
}

/// Who takes away each of a principal's entitlements, where this program cannot.
struct Doers(BTreeMap<String, String>);

impl Doers {
    fn new(holder: &Holder) -> Self {
        let kind = holder.account.id.split(':').next().unwrap_or_default();
        let deletes = holder.abilities.deletes.contains(kind);
        let mut revokes = holder.clone();
        revokes.abilities.deletes.clear();
        let plan = plan::plan("", Vec::new(), Vec::new(), &[revokes]);
        let others = plan.elsewhere.into_iter();
        let others = others.filter(|left| left.entitlement.is_some() || !deletes);
        Self(others.map(|left| (left.entitlement.unwrap_or_default(), left.who)).collect())
    }

    fn of(&self, entitlement: &str) -> String {
        self.0.get(entitlement).cloned().unwrap_or_else(|| THIS_PROGRAM.to_owned())
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
pub(super) mod tests;
