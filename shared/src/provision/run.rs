//! A request: from the event to the answer.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::audit::Record;
use super::writer::{Live, Rehearsal, Writer, Written};
use super::{Order, Plan, Proposal, Provisioner, State};
use crate::clock::after;
use crate::connector::Identity;
use crate::context::Context;
use crate::error::{Chain, Error, ErrorType};
use crate::event::{ChangeAnswer, Outcome};
use crate::http::limit::Meter;
use crate::store::keys::Keys;
use crate::store::lease::{Acquired, Lease};
use crate::store::tenant;

/// How often a plan is made again because the vendor's state changed, or does not show a change yet.
const ATTEMPTS: u32 = 4;
/// How long a request that waits to be gone on with keeps others away, after the time it asked to be called at.
const PATIENCE: Duration = Duration::from_secs(900);

/// Carries a request out, or goes on with it.
pub async fn run<P: Provisioner>(cx: &Context, order: &Order) -> Result<ChangeAnswer, Error> {
    let keys = Keys {
        connector: P::ABOUT.name,
        connection: &order.connection,
    };
    let record = Record::new(&*cx.store, keys, P::ABOUT, order, cx.clock.now());
    if order.dry_run {
        let (connector, identity) = connect::<P>(cx, keys).await?;
        let attempt = Attempt::new(cx, order, &record, &connector, &identity);
        return attempt
            .settle(&mut Rehearsal, None)
            .await
            .map(Settled::into_answer);
    }
    if let Some(answer) = record.answered().await? {
        return Ok(answer);
    }
    let mut lease = lease::<P>(cx, keys, order).await?;
    match under_lease::<P>(cx, keys, order, &record, &mut lease).await {
        Ok(Settled::Answered(answer) | Settled::Waiting(answer, None)) => {
            lease.release(&*cx.store, &*cx.clock).await?;
            Ok(answer)
        }
        Ok(Settled::Waiting(answer, Some(proposal))) => {
            let at = answer.resume_at.unwrap_or_else(|| cx.clock.now());
            lease
                .suspend(&*cx.store, after(at, PATIENCE), *proposal)
                .await?;
            Ok(answer)
        }
        Err(e) => {
            if let Err(lost) = lease.release(&*cx.store, &*cx.clock).await {
                tracing::warn!(error = %Chain(&lost), "the lease could not be given back, and ends by itself");
            }
            Err(e)
        }
    }
}

async fn connect<P: Provisioner>(cx: &Context, keys: Keys<'_>) -> Result<(P, Identity), Error> {
    let session = cx.session(Arc::<Meter>::default());
    let connector = cx.connect::<P>(keys.connection, session).await?.connector;
    let identity = connector.identify().await?;
    tenant::check(&*cx.store, keys, &identity.tenant).await?;
    Ok((connector, identity))
}

/// One change of a principal at a time: a vendor that replaces whole objects would lose one of two.
async fn lease<P: Provisioner>(
    cx: &Context,
    keys: Keys<'_>,
    order: &Order,
) -> Result<Lease<Proposal<P::Change>>, Error> {
    let subject = order.request.action.subject();
    let key = keys.principal_lease(&subject);
    match Lease::acquire(
        &*cx.store,
        &*cx.clock,
        key,
        &order.request.id,
        cx.settings.lease,
    )
    .await?
    {
        Acquired::Held(lease) => Ok(lease),
        Acquired::Busy(until) => Err(Error::new(
            ErrorType::Unavailable,
            "PrincipalBusy",
            format!("another change of {subject} is under way"),
            "Send the same event again at the time given.",
        )
        .with_retry_at(until)),
    }
}

/// How far a request came.
enum Settled<C> {
    /// To its end.
    Answered(ChangeAnswer),
    /// The vendor is still at it: at this proposal, or at what somebody else asked for.
    Waiting(ChangeAnswer, Option<Box<Proposal<C>>>),
}

impl<C> Settled<C> {
    fn into_answer(self) -> ChangeAnswer {
        match self {
            Self::Answered(answer) | Self::Waiting(answer, _) => answer,
        }
    }
}

async fn under_lease<P: Provisioner>(
    cx: &Context,
    keys: Keys<'_>,
    order: &Order,
    record: &Record<'_>,
    lease: &mut Lease<Proposal<P::Change>>,
) -> Result<Settled<P::Change>, Error> {
    // A second delivery may have been answered while we waited for the lease.
    if let Some(answer) = record.answered().await? {
        return Ok(Settled::Answered(answer));
    }
    let (connector, identity) = connect::<P>(cx, keys).await?;
    let sent = lease.state().cloned();
    let mut live = Live {
        cx,
        connector: &connector,
        identity: &identity,
        record,
        lease,
    };
    let attempt = Attempt::new(cx, order, record, &connector, &identity);
    let mut carried = None;
    if let Some(proposal) = sent {
        match live.go_on(&proposal).await? {
            Some(Written::Later(at)) => {
                return Ok(Settled::Waiting(
                    attempt.in_progress(at),
                    Some(Box::new(proposal)),
                ));
            }
            Some(Written::Done(id)) => carried = Some((proposal, id)),
            Some(Written::Overtaken | Written::Rehearsed) | None => {}
        }
    }
    let settled = attempt.settle(&mut live, carried).await?;
    if let Settled::Answered(answer) = &settled {
        record.observe(answer, cx.clock.now()).await?;
    }
    Ok(settled)
}

struct Attempt<'a, P: Provisioner> {
    cx: &'a Context,
    order: &'a Order,
    record: &'a Record<'a>,
    connector: &'a P,
    identity: &'a Identity,
}

impl<'a, P: Provisioner> Attempt<'a, P> {
    fn new(
        cx: &'a Context,
        order: &'a Order,
        record: &'a Record<'a>,
        connector: &'a P,
        identity: &'a Identity,
    ) -> Self {
        Self {
            cx,
            order,
            record,
            connector,
            identity,
        }
    }

    /// Plans and carries out until there is nothing left to do.
    async fn settle(
        &self,
        writer: &mut dyn Writer<P::Change>,
        mut carried: Option<(Proposal<P::Change>, Option<String>)>,
    ) -> Result<Settled<P::Change>, Error> {
        for attempt in 0..ATTEMPTS {
            let proposal = match self
                .connector
                .plan(self.identity, &self.order.request)
                .await?
            {
                Plan::Already(state) => return Ok(Settled::Answered(self.answer(state, carried))),
                Plan::Later(delay) => {
                    let at = after(self.cx.clock.now(), delay);
                    if attempt + 1 == ATTEMPTS || self.cx.deadline.is_some_and(|end| end <= at) {
                        return Ok(Settled::Waiting(self.in_progress(at), None));
                    }
                    self.cx.clock.sleep(delay).await;
                    continue;
                }
                Plan::Change(proposal) => proposal,
            };
            // A change that is carried out and does not show yet: reads may lag behind writes.
            if carried.is_none() {
                match writer.carry_out(&proposal).await? {
                    Written::Done(id) => {
                        carried = Some((proposal, id));
                        continue;
                    }
                    Written::Later(at) => {
                        return Ok(Settled::Waiting(
                            self.in_progress(at),
                            Some(Box::new(proposal)),
                        ));
                    }
                    Written::Rehearsed => {
                        let then = proposal.then.clone();
                        return Ok(Settled::Answered(self.answer(then, Some((proposal, None)))));
                    }
                    Written::Overtaken => {}
                }
            }
            self.cx.clock.sleep(Duration::from_secs(1 << attempt)).await;
        }
        Err(self.unsettled(carried.is_some()))
    }

    fn unsettled(&self, carried: bool) -> Error {
        let what = self.order.request.action.name();
        match carried {
            true => Error::new(
                ErrorType::Unavailable,
                "NotObserved",
                format!("the vendor says that the {what} is carried out, but it does not show"),
                "Send the same event again: it looks once more before it changes anything.",
            ),
            false => Error::new(
                ErrorType::Conflict,
                "Contended",
                format!("somebody else keeps changing what this {what} is about"),
                "Send the same event again when it is quiet.",
            ),
        }
    }

    fn answer<C>(
        &self,
        state: State,
        carried: Option<(Proposal<C>, Option<String>)>,
    ) -> ChangeAnswer {
        let action = &self.order.request.action;
        let mut answer = self.blank(action.outcome(carried.is_some()));
        answer.grants = state.grants;
        answer.resource = state.resource;
        if let Some((proposal, id)) = carried {
            answer.replaced = proposal.replaced;
            answer.removed = proposal.removed;
            answer.vendor_request_id = id;
        }
        answer
    }

    fn in_progress(&self, at: Timestamp) -> ChangeAnswer {
        let mut answer = self.blank(Outcome::InProgress);
        answer.resume_at = Some(at);
        answer
    }

    fn blank(&self, outcome: Outcome) -> ChangeAnswer {
        ChangeAnswer {
            outcome,
            request_id: self.order.request.id.clone(),
            dry_run: self.order.dry_run,
            grants: Vec::new(),
            replaced: Vec::new(),
            removed: Vec::new(),
            resource: None,
            vendor_request_id: None,
            resume_at: None,
            audit: self.record.key(),
        }
    }
}
