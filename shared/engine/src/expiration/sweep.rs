//! Finds the ends that are due: for a caller that requests them, in case their schedules did not, or they have none.

use std::time::Duration;

use rollcall_connector::Error;
use rollcall_connector::clock::after;
use rollcall_connector::event::{self, SweepAnswer, SweepEvent};

use super::ledger::open;
use super::rules::due;
use crate::context::Context;
use crate::store::keys::Keys;

/// The maximum number of ids in an answer. The workflow that requests these ends has nine events for each, and all
/// connections of a connector share the 25,000 events of its execution: 27 of them may have as many as this.
const MAX_IDS: usize = 100;
/// An end that has been due for longer is overdue: a schedule is precise to a minute, and retries take minutes.
const GRACE: Duration = Duration::from_secs(3600);

/// Finds the temporary grants of a connection whose end is due. Changes nothing.
///
/// Reads every record, closed ones too: there is one for each distinct grant that was ever temporary, so reading them
/// once a day is cheap (`infra/cost.py`).
pub(crate) async fn sweep(
    cx: &Context,
    connector: &str,
    event: &SweepEvent,
) -> Result<SweepAnswer, Error> {
    event::check_connection(&event.connection)?;
    let keys = Keys { connector, connection: &event.connection };
    let now = cx.clock.now();
    let due = due(open(&*cx.store, &keys.expirations()).await?, now);
    let overdue = due.iter().filter(|one| after(one.ends_at, GRACE) < now).count();
    Ok(SweepAnswer {
        connection: event.connection.clone(),
        oldest_end: due.iter().map(|one| one.ends_at).min(),
        more: due.len() > MAX_IDS,
        overdue: overdue as u64,
        expirations: due.into_iter().map(|one| one.id).take(MAX_IDS).collect(),
    })
}
