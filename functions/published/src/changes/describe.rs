//! Describes the difference between two records as an event.

use jiff::Timestamp;
use rollcall_connector::Error;
use rollcall_engine::catalog::manifest::Manifest;
use rollcall_snapshot::{
    DifferenceKind, FieldDifference, Grant, Pair, Record, Resource, Sides, Snapshot,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::lookup::Lookup;
use super::ocsf::{
    ACCOUNT_CHANGED, ACCOUNT_CREATED, ACCOUNT_DELETED, ACCOUNT_DISABLED, ACCOUNT_ENABLED, ASSIGNED,
    Activity, Details, ENTITY_CHANGED, ENTITY_CREATED, ENTITY_DELETED, Event, MFA_DISABLED,
    MFA_ENABLED, Metadata, Period, REVOKED, Rollcall, Subject,
};
use super::sentence::{changed, listed, named, plain};
use super::subjects::{GrantNames, entity, user};

/// Describes the differences of two snapshots, one after the other.
pub(super) struct Describer<'a> {
    manifest: &'a Manifest,
    previous_sync_id: &'a str,
    period: Period,
    old: Lookup<'a>,
    new: Lookup<'a>,
    sequence: u64,
}

/// What is special about one event.
struct Description {
    activity: Activity,
    subject: Subject,
    /// Without the place and the full stop.
    sentence: String,
    details: Details,
}

impl<'a> Describer<'a> {
    pub(super) fn new(manifest: &'a Manifest, old: &'a Snapshot, new: &'a Snapshot) -> Self {
        let period = Period {
            time: manifest.started_at.as_millisecond(),
            start_time: old.sync().started_at.map(Timestamp::as_millisecond),
            end_time: manifest.ended_at.as_millisecond(),
        };
        let previous_sync_id = &*old.sync().sync_id;
        let (old, new) = (Lookup::new(old), Lookup::new(new));
        Self { manifest, previous_sync_id, period, old, new, sequence: 0 }
    }

    /// The event for a record that differs.
    pub(super) fn event(&mut self, pair: &Pair<'_>) -> Result<Event<'a>, Error> {
        let records = pair.records()?;
        let fields = match records.change() {
            DifferenceKind::Changed => pair.difference()?.fields,
            DifferenceKind::Created | DifferenceKind::Deleted => Vec::new(),
        };
        let description = match (&records, accounts(&records)) {
            (_, Some(accounts)) => account(&accounts, &fields),
            (Sides::New(Record::Grant(grant)), _) => self.access(grant, ASSIGNED)?,
            (Sides::Old(Record::Grant(grant)), _) => self.access(grant, REVOKED)?,
            (records, None) => self.entity(records, &fields)?,
        };
        let Manifest { connector, connection, tenant, sync_id, .. } = self.manifest;
        let Description { activity, subject, sentence, details } = description;
        let (object, id) = (pair.kind(), pair.id()?.to_owned());
        self.sequence += 1;
        let uid = uid(&(connector, connection, sync_id, object, &id, activity.activity_id))?;
        let metadata = Metadata::new(uid, self.sequence, (connector, connection, tenant));
        let message = format!("{sentence} at {connector}/{connection}.");
        let previous_sync_id = self.previous_sync_id;
        let rollcall = Rollcall {
            connector,
            connection,
            sync_id,
            previous_sync_id,
            object,
            id,
            details,
            fields,
        };
        Ok(Event::new(activity, self.period, metadata, message, subject, rollcall))
    }

    /// A grant that is new or gone.
    fn access(&mut self, grant: &Grant, activity: Activity) -> Result<Description, Error> {
        let (lookup, verb) = match activity == REVOKED {
            true => (&mut self.old, "no longer has"),
            false => (&mut self.new, "now has"),
        };
        let GrantNames { user, on, privilege, details } = GrantNames::of(grant, lookup)?;
        let (who, place) = (named(&user.display_name, &user.uid), named(&on.name, &on.uid));
        let mut sentence = format!("{who} {verb} {} on {place}", plain(&privilege));
        if !grant.direct {
            sentence.push_str(", derived from ");
            sentence.push_str(&listed(details.sources.iter().map(String::as_str)));
        }
        let subject = Subject::Access { user, privileges: [privilege], resources: [on] };
        Ok(Description { activity, subject, sentence, details })
    }

    /// Any other record. A changed grant is one: its principal has the privilege as before.
    fn entity(
        &mut self,
        records: &Sides<Record>,
        fields: &[FieldDifference],
    ) -> Result<Description, Error> {
        let (activity, what, entity, entity_result) = match records {
            Sides::New(one) => {
                (ENTITY_CREATED, "is new".to_owned(), entity(one, &mut self.new)?, None)
            }
            Sides::Old(one) => {
                (ENTITY_DELETED, "is gone".to_owned(), entity(one, &mut self.old)?, None)
            }
            Sides::Both(old, new) => {
                let (old, new) = (entity(old, &mut self.old)?, entity(new, &mut self.new)?);
                (ENTITY_CHANGED, changed(fields), old, Some(new))
            }
        };
        let latest = entity_result.as_ref().unwrap_or(&entity);
        let name = named(&latest.name, &latest.uid);
        let sentence = format!("The {} {name} {what}", plain(&latest.kind));
        let details = match records.latest() {
            Record::Grant(grant) => GrantNames::of(grant, &mut self.new)?.details,
            Record::Entitlement(entitlement) => Details::of_entitlement(entitlement),
            Record::Resource(_) | Record::ResourceType(_) => Details::default(),
        };
        let subject = Subject::Entity { entity, entity_result };
        Ok(Description { activity, subject, sentence, details })
    }
}

/// The id of an event: the same whenever the event is made again.
fn uid(parts: &impl Serialize) -> Result<String, Error> {
    let parts = serde_json::to_vec(parts).map_err(Error::not_json)?;
    let mut uid = hex::encode(Sha256::digest(parts));
    uid.truncate(32);
    Ok(uid)
}

/// The records as resources, if they are of an account.
fn accounts(records: &Sides<Record>) -> Option<Sides<&Resource>> {
    let resources = records.map(|record| match record {
        Record::Resource(resource) => Ok(&**resource),
        _ => Err(()),
    });
    resources.ok().filter(|resources| resources.latest().traits.contains(&"user"))
}

fn account(accounts: &Sides<&Resource>, fields: &[FieldDifference]) -> Description {
    let (activity, what) = match *accounts {
        Sides::New(_) => (ACCOUNT_CREATED, "is new".to_owned()),
        Sides::Old(_) => (ACCOUNT_DELETED, "is gone".to_owned()),
        Sides::Both(old, new) => match activity((old.status, old.mfa), (new.status, new.mfa)) {
            ACCOUNT_ENABLED => (ACCOUNT_ENABLED, "is enabled now".to_owned()),
            ACCOUNT_DISABLED => (ACCOUNT_DISABLED, "is disabled now".to_owned()),
            ACCOUNT_DELETED => (ACCOUNT_DELETED, "is marked as deleted".to_owned()),
            activity => (activity, changed(fields)),
        },
    };
    let latest = *accounts.latest();
    let (first, user_result) = match *accounts {
        Sides::New(one) | Sides::Old(one) => (one, None),
        Sides::Both(old, new) => (old, Some(user(&new.id, Some(new)))),
    };
    Description {
        activity,
        subject: Subject::Account { user: user(&first.id, Some(first)), user_result },
        sentence: format!("The account {} {what}", named(&latest.display_name, &latest.id)),
        details: Details { status: latest.status, ..Details::default() },
    }
}

/// The activity that status and MFA of a changed account show. A record is one event: the first that applies.
fn activity(old: (Option<&str>, Option<bool>), new: (Option<&str>, Option<bool>)) -> Activity {
    match (old.0, new.0) {
        (was, is) if was == is => {}
        (_, Some("deleted")) => return ACCOUNT_DELETED,
        (_, Some("disabled")) => return ACCOUNT_DISABLED,
        (Some(_), Some("enabled")) => return ACCOUNT_ENABLED,
        _ => {}
    }
    match (old.1, new.1) {
        (Some(false), Some(true)) => MFA_ENABLED,
        (Some(true), Some(false)) => MFA_DISABLED,
        _ => ACCOUNT_CHANGED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_then_mfa_decide_what_happened_to_an_account() {
        let (on, off, gone) = (Some("enabled"), Some("disabled"), Some("deleted"));
        let (with, without) = (Some(true), Some(false));
        for (old, new, expected) in [
            ((on, None), (off, None), ACCOUNT_DISABLED),
            ((None, None), (off, None), ACCOUNT_DISABLED),
            ((off, with), (on, without), ACCOUNT_ENABLED),
            ((gone, None), (on, None), ACCOUNT_ENABLED),
            ((on, None), (gone, None), ACCOUNT_DELETED),
            ((on, without), (on, with), MFA_ENABLED),
            ((on, with), (None, without), MFA_DISABLED),
            // What was not reported before is no change.
            ((None, None), (on, with), ACCOUNT_CHANGED),
            ((on, with), (on, None), ACCOUNT_CHANGED),
        ] {
            assert_eq!(activity(old, new), expected, "{old:?} {new:?}");
        }
    }
}
