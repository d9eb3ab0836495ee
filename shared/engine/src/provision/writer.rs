//! The writers that carry out a plan: one sends it, the other only records it.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::audit::Record;
use crate::context::Context;
use crate::expiration::{Effects, Term};
use crate::store::lease::Lease;
use rollcall_connector::clock::after;
use rollcall_connector::provision::{Proposal, Provisioner, WriteProgress};
use rollcall_connector::{Error, Identity};

/// The maximum age of a request that waits. The workflow ends after 24 hours, and then the outcome would be lost.
pub(super) const MAX_AGE: Duration = Duration::from_secs(6 * 3600);

/// The result of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// Carried out.
    Done(Option<String>),
    /// The state has changed since it was read: plan again.
    Overtaken,
    /// The vendor is still applying the change: poll again then.
    Later(Timestamp),
    /// The vendor does not show whether it was carried out.
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
pub(super) struct DryRunWriter;

#[async_trait]
impl<C: Serialize + Sync> Writer<C> for DryRunWriter {
    async fn carry_out(&mut self, proposal: &Proposal<C>) -> Result<Written, Error> {
        tracing::info!(proposal = %to_json(proposal)?, "dry run: nothing is sent");
        Ok(Written::Rehearsed)
    }
}

/// Sends, waits, and keeps the audit record.
pub(super) struct LiveWriter<'a, P: Provisioner> {
    pub cx: &'a Context,
    pub connector: &'a P,
    pub identity: &'a Identity,
    pub record: &'a Record<'a>,
    pub lease: &'a mut Lease<()>,
    pub trail: &'a mut RequestHistory,
    /// The records of temporary grants; none for what an end sends.
    pub term: Option<Term<'a>>,
}

/// What a request sent.
#[derive(Debug, Default)]
pub(super) struct RequestHistory {
    /// The number of recorded writes, of this call and of earlier ones.
    pub intended: usize,
    /// Whether this call sent anything, or found that an earlier one had.
    pub sent: bool,
    /// The writes that this call saw carried out.
    pub carried_out: Vec<serde_json::Value>,
    /// When the first write or failure of this request was recorded.
    pub since: Option<Timestamp>,
    /// Whether the failure of this call is recorded.
    pub is_failure_on_record: bool,
}

impl RequestHistory {
    /// Whether the request may still wait until `at`.
    pub(super) fn has_time(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| at <= after(since, MAX_AGE))
    }
}

#[async_trait]
impl<P: Provisioner> Writer<P::Change> for LiveWriter<'_, P> {
    async fn carry_out(&mut self, proposal: &Proposal<P::Change>) -> Result<Written, Error> {
        // Is this request still the one that changes this principal?
        let (store, clock) = (&*self.cx.store, &*self.cx.clock);
        let ttl = self.cx.lease_duration();
        self.lease.renew_to_send(store, clock, ttl).await?;
        if let Some(term) = &mut self.term {
            let Proposal { replaced, removed, further, then, .. } = proposal;
            let effects = Effects { grants: &then.grants, replaced, removed, further };
            term.prepare(clock.now(), effects).await?;
        }
        // From here on a retry must find what was sent, wherever this process ends.
        let on_record = to_json(proposal)?;
        let number = self.trail.intended + 1;
        self.record.intend(number, self.identity, &on_record).await?;
        self.trail.intended = number;
        self.trail.since.get_or_insert(clock.now());
        self.trail.sent = true;
        let progress = self.connector.send(&proposal.change).await?;
        self.wait(proposal, progress).await
    }
}

impl<P: Provisioner> LiveWriter<'_, P> {
    /// Finds out whether a write that an earlier call sent, or was about to send, was carried out.
    pub(super) async fn resume(
        &mut self,
        proposal: &Proposal<P::Change>,
    ) -> Result<Written, Error> {
        self.trail.sent = true;
        let progress = self.connector.poll(&proposal.change).await?;
        self.wait(proposal, progress).await
    }

    /// Waits while there is time.
    async fn wait(
        &mut self,
        proposal: &Proposal<P::Change>,
        mut progress: WriteProgress,
    ) -> Result<Written, Error> {
        let clock = &self.cx.clock;
        let patience = self
            .cx
            .settings
            .max_operation
            .min(self.cx.remaining().saturating_sub(self.cx.shutdown_reserve()));
        let until = after(clock.now(), patience);
        loop {
            match progress {
                WriteProgress::Done(id) => {
                    self.trail.carried_out.push(to_json(proposal)?);
                    return Ok(Written::Done(id));
                }
                WriteProgress::Overtaken | WriteProgress::Unknown => return Ok(Written::Overtaken),
                WriteProgress::Unclear => return Ok(Written::Unclear),
                WriteProgress::Pending(delay) => {
                    let next = after(clock.now(), delay);
                    if next > until || !self.cx.pause(delay).await {
                        return Ok(Written::Later(next));
                    }
                    progress = self.connector.poll(&proposal.change).await?;
                }
            }
        }
    }
}

/// A proposal, for the record.
pub(super) fn to_json<C: Serialize>(proposal: &Proposal<C>) -> Result<serde_json::Value, Error> {
    serde_json::to_value(proposal).map_err(Error::not_json)
}
