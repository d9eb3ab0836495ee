//! What changed since the snapshot before, in lines for people.

use rollcall_connector::Error;
use rollcall_snapshot::{
    Difference, DifferenceKind, Grant, Names, Record, RecordKind, Snapshot, Totals, each_pair,
};
use serde::Serialize;

use super::summary::Named;

/// The number of lines that the page shows.
const LINES: usize = 200;

/// What changed.
#[derive(Debug, Serialize)]
pub(super) struct Changes {
    /// When the snapshot before ended.
    since: Option<jiff::Timestamp>,
    sync_id: String,
    /// Grants that the vendor states.
    direct: Totals,
    /// Grants that others imply.
    inherited: Totals,
    /// Accounts, groups and all other resources.
    resources: Totals,
    entitlements: Totals,
    lines: Vec<Line>,
    /// How many lines are left out.
    more: u64,
}

/// A difference.
#[derive(Debug, Serialize)]
struct Line {
    object: RecordKind,
    change: DifferenceKind,
    is_direct: bool,
    /// The record, or the principal of a grant.
    subject: Named,
    /// Of a grant: the entitlement's name, and its resource.
    entitlement: Option<String>,
    on: Option<Named>,
    /// The fields that differ.
    fields: Vec<String>,
}

impl Changes {
    /// Compares two snapshots. Direct grants come first, those that others imply last.
    pub(super) fn between(old: &Snapshot, new: &Snapshot) -> Result<Self, Error> {
        let mut changes = Self {
            since: old.sync().ended_at,
            sync_id: old.sync().sync_id.clone(),
            direct: Totals::default(),
            inherited: Totals::default(),
            resources: Totals::default(),
            entitlements: Totals::default(),
            lines: Vec::new(),
            more: 0,
        };
        let [mut direct, mut others, mut inherited] = [const { Vec::new() }; 3];
        let (mut old_names, mut new_names) = (old.names(), new.names());
        let mut total = 0_u64;
        each_pair(old, new, |pair| {
            let records = pair.records()?;
            let change = records.change();
            let (totals, lines) = match records.latest() {
                Record::ResourceType(_) => return Ok(()),
                Record::Resource(_) => (&mut changes.resources, &mut others),
                Record::Entitlement(_) => (&mut changes.entitlements, &mut others),
                Record::Grant(grant) if grant.direct => (&mut changes.direct, &mut direct),
                Record::Grant(_) => (&mut changes.inherited, &mut inherited),
            };
            total += 1;
            count(totals, change);
            if lines.len() == LINES {
                return Ok(());
            }
            let (snapshot, names) = match change {
                DifferenceKind::Deleted => (old, &mut old_names),
                DifferenceKind::Created | DifferenceKind::Changed => (new, &mut new_names),
            };
            let difference = pair.difference()?;
            lines.push(match records.latest() {
                Record::Grant(grant) => Line::of_grant(difference, grant, snapshot, names)?,
                _ => Line::of_record(difference),
            });
            Ok::<_, Error>(())
        })?;
        changes.lines = direct;
        changes.lines.append(&mut others);
        changes.lines.append(&mut inherited);
        changes.lines.truncate(LINES);
        changes.more = total.saturating_sub(changes.lines.len() as u64);
        Ok(changes)
    }
}

impl Line {
    fn of_record(difference: Difference) -> Self {
        Self {
            object: difference.object,
            change: difference.change,
            is_direct: true,
            subject: Named { id: difference.id, name: difference.display_name },
            entitlement: None,
            on: None,
            fields: difference.fields.into_iter().map(|field| field.name).collect(),
        }
    }

    fn of_grant(
        difference: Difference,
        grant: &Grant,
        snapshot: &Snapshot,
        names: &mut Names<'_>,
    ) -> Result<Self, Error> {
        let entitlement = snapshot.entitlement(&grant.entitlement)?.map(|found| found.display_name);
        let mut named = |id: &str| -> Result<Named, Error> {
            Ok(Named { id: id.to_owned(), name: names.get(id)? })
        };
        Ok(Self {
            is_direct: grant.direct,
            subject: named(&grant.principal)?,
            on: Some(named(&grant.resource)?),
            entitlement: Some(entitlement.unwrap_or_else(|| grant.entitlement.clone())),
            ..Self::of_record(difference)
        })
    }
}

fn count(totals: &mut Totals, change: DifferenceKind) {
    match change {
        DifferenceKind::Created => totals.created += 1,
        DifferenceKind::Deleted => totals.deleted += 1,
        DifferenceKind::Changed => totals.changed += 1,
    }
}
