//! Who carries a plan out: a writer that sends it, or one that only records it.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::audit::Record;
use super::{Progress, Proposal, Provisioner};
use crate::clock::after;
use crate::connector::Identity;
use crate::context::Context;
use crate::error::Error;
use crate::store::lease::Lease;

/// What is left at least for looking again and answering.
pub(super) const RESERVE: Duration = Duration::from_secs(5);

/// What came of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// Carried out.
    Done(Option<String>),
    /// What was read has changed: plan again.
    Overtaken,
    /// The vendor is still at it: ask again then.
    Later(Timestamp),
    /// The vendor cannot tell whether it was.
    Unclear,
    /// Only recorded.
    Rehearsed,
}

/// Carries proposals out.
#[async_trait]
pub(super) trait Writer<C>: Send {
    /// Carries `proposal` out.
    async fn carry_out(&mut self, proposal: &Proposal<C>) -> Result<Written, Error>;
}

/// Sends nothing.
pub(super) struct Rehearsal;

#[async_trait]
impl<C: Serialize + Sync> Writer<C> for Rehearsal {
    async fn carry_out(&mut self, proposal: &Proposal<C>) -> Result<Written, Error> {
        tracing::info!(proposal = %to_json(proposal)?, "dry run: nothing is sent");
        Ok(Written::Rehearsed)
    }
}

/// Sends, waits, and keeps track in the lease and the audit record.
pub(super) struct Live<'a, P: Provisioner> {
    pub cx: &'a Context,
    pub connector: &'a P,
    pub identity: &'a Identity,
    pub record: &'a Record<'a>,
    pub lease: &'a mut Lease<Proposal<P::Change>>,
}

#[async_trait]
impl<P: Provisioner> Writer<P::Change> for Live<'_, P> {
    async fn carry_out(&mut self, proposal: &Proposal<P::Change>) -> Result<Written, Error> {
        self.record
            .intend(self.identity, &to_json(proposal)?)
            .await?;
        // From here on a retry must find what was sent, wherever this process ends.
        let (store, clock) = (&*self.cx.store, &*self.cx.clock);
        self.lease
            .update(store, clock, self.cx.lease(), proposal.clone())
            .await?;
        let progress = self.connector.send(&proposal.change).await?;
        self.wait(&proposal.change, progress).await
    }
}

impl<P: Provisioner> Live<'_, P> {
    /// Goes on with a write that an earlier call sent, or was about to send.
    pub(super) async fn go_on(&mut self, proposal: &Proposal<P::Change>) -> Result<Written, Error> {
        let progress = self.connector.poll(&proposal.change).await?;
        self.wait(&proposal.change, progress).await
    }

    /// Waits while there is time.
    async fn wait(&self, change: &P::Change, mut progress: Progress) -> Result<Written, Error> {
        let clock = &self.cx.clock;
        let patience = self
            .cx
            .settings
            .max_operation
            .min(self.cx.remaining().saturating_sub(RESERVE));
        let until = after(clock.now(), patience);
        loop {
            match progress {
                Progress::Done(id) => return Ok(Written::Done(id)),
                Progress::Overtaken | Progress::Unknown => return Ok(Written::Overtaken),
                Progress::Unclear => return Ok(Written::Unclear),
                Progress::Pending(delay) => {
                    let next = after(clock.now(), delay);
                    if next > until {
                        return Ok(Written::Later(next));
                    }
                    clock.sleep(delay).await;
                    progress = self.connector.poll(change).await?;
                }
            }
        }
    }
}

/// A proposal, for the record.
pub(super) fn to_json<C: Serialize>(proposal: &Proposal<C>) -> Result<serde_json::Value, Error> {
    serde_json::to_value(proposal)
        .map_err(|e| Error::internal("NotJson", "a proposal has no JSON form").with_source(e))
}
