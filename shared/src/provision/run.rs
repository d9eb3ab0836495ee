//! A request: from the event to the answer.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::audit::Record;
use super::writer::{Live, RESERVE, Rehearsal, Writer, Written, to_json};
use super::{Order, Plan, Proposal, Provisioner, State};
use crate::clock::after;
use crate::connector::Identity;
use crate::context::Context;
use crate::error::{Error, ErrorType};
use crate::event::{ChangeAnswer, Outcome};
use crate::store::keys::Keys;
use crate::store::lease::{Acquired, Asked, Lease};
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
    let record = Record::new(&*cx.audit, keys, P::ABOUT, order, cx.clock.now());
    if order.dry_run {
        let (connector, identity) = connect::<P>(cx, keys, order).await?;
        let attempt = Attempt::new(cx, order, &record, &connector, &identity);
        let settled = attempt.settle(&mut Rehearsal, Sent::Nothing).await?;
        let mut answer = settled.into_answer();
        // Nothing is written, no record either.
        answer.audit = None;
        return Ok(answer);
    }
    if let Some(answer) = record.answered().await? {
        return Ok(answer);
    }
    let mut lease = lease::<P>(cx, keys, order).await?;
    match under_lease::<P>(cx, keys, order, &record, &mut lease).await {
        Ok(Settled::Answered(answer, _) | Settled::Waiting(answer, None)) => {
            // The answer is on record already, whether the lease can be given back or not.
            lease.give_back(&*cx.store, &*cx.clock).await;
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
            lease.give_back(&*cx.store, &*cx.clock).await;
            match e.retry_at() {
                // Never pay to wait: what was sent, if anything, is in the lease.
                Some(at) if e.kind() == ErrorType::RateLimited => {
                    Ok(in_progress(order, &record, at))
                }
                _ => Err(e),
            }
        }
    }
}

async fn connect<P: Provisioner>(
    cx: &Context,
    keys: Keys<'_>,
    order: &Order,
) -> Result<(P, Identity), Error> {
    let connected = cx.connect::<P>(keys.connection, cx.session()).await?;
    let connector = connected.connector;
    let identity = connector.identify_for(&order.request).await?;
    cx.gauges.credential_expires(identity.credential_expires_at);
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
    let asked = Asked {
        key: keys.principal_lease(&subject),
        owner: &order.request.id,
        floor: 0,
    };
    match Lease::acquire(&*cx.store, &*cx.clock, asked, cx.lease()).await? {
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
    /// To its end, by what was sent last.
    Answered(ChangeAnswer, Option<Value>),
    /// The vendor is still at it: at this proposal, or at what somebody else asked for.
    Waiting(ChangeAnswer, Option<Box<Proposal<C>>>),
}

impl<C> Settled<C> {
    fn into_answer(self) -> ChangeAnswer {
        match self {
            Self::Answered(answer, _) | Self::Waiting(answer, _) => answer,
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
        return Ok(Settled::Answered(answer, None));
    }
    let (connector, identity) = connect::<P>(cx, keys, order).await?;
    let sent = lease.state().cloned();
    let mut live = Live {
        cx,
        connector: &connector,
        identity: &identity,
        record,
        lease,
    };
    let attempt = Attempt::new(cx, order, record, &connector, &identity);
    let before = match sent {
        None => Sent::Nothing,
        Some(proposal) => match live.go_on(&proposal).await? {
            Written::Later(at) => {
                let answer = in_progress(order, record, at);
                return Ok(Settled::Waiting(answer, Some(Box::new(proposal))));
            }
            Written::Done(id) => Sent::Carried(proposal, id),
            Written::Unclear => Sent::Maybe(proposal),
            Written::Overtaken | Written::Rehearsed => Sent::Nothing,
        },
    };
    let settled = attempt.settle(&mut live, before).await?;
    if let Settled::Answered(answer, sent) = &settled {
        let now = cx.clock.now();
        record.observe(answer, sent.clone(), now).await?;
    }
    Ok(settled)
}

/// What this request is known to have sent.
enum Sent<C> {
    Nothing,
    /// This, or not: the vendor cannot tell.
    Maybe(Proposal<C>),
    /// This, and by the vendor's operation of this id it is carried out.
    Carried(Proposal<C>, Option<String>),
}

impl<C> Sent<C> {
    fn is_carried(&self) -> bool {
        matches!(self, Self::Carried(..))
    }
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
        mut sent: Sent<P::Change>,
    ) -> Result<Settled<P::Change>, Error> {
        let mut busy = false;
        for attempt in 0..ATTEMPTS {
            let plan = self
                .connector
                .plan(self.identity, &self.order.request)
                .await?;
            let mut pause = Duration::from_secs(1 << attempt);
            busy = matches!(plan, Plan::Later(_));
            match plan {
                Plan::Already(state) => return self.answered(state, sent),
                Plan::Later(delay) => pause = delay,
                // A change that is carried out and does not show yet: reads may lag behind writes.
                Plan::Change(proposal) if is_same(&sent, &proposal) => {}
                Plan::Change(proposal) => {
                    let proposal = following(&sent, proposal);
                    match writer.carry_out(&proposal).await? {
                        Written::Done(id) => {
                            sent = Sent::Carried(proposal, id);
                            continue;
                        }
                        Written::Later(at) => {
                            let answer = in_progress(self.order, self.record, at);
                            return Ok(Settled::Waiting(answer, Some(Box::new(proposal))));
                        }
                        Written::Rehearsed => {
                            let then = proposal.then.clone();
                            return self.answered(then, Sent::Carried(proposal, None));
                        }
                        // If the state is found as it was to become, it is this that did it.
                        Written::Unclear => sent = Sent::Maybe(proposal),
                        Written::Overtaken => {}
                    }
                }
            }
            if pause + RESERVE > self.cx.remaining() {
                return Ok(self.wait_outside(pause, sent));
            }
            self.cx.clock.sleep(pause).await;
        }
        if busy {
            return Ok(self.wait_outside(Duration::from_secs(2), sent));
        }
        Err(self.unsettled(sent.is_carried()))
    }

    /// It takes longer than this invocation can wait.
    fn wait_outside(&self, pause: Duration, sent: Sent<P::Change>) -> Settled<P::Change> {
        let answer = in_progress(self.order, self.record, after(self.cx.clock.now(), pause));
        match sent {
            Sent::Nothing => Settled::Waiting(answer, None),
            Sent::Maybe(proposal) | Sent::Carried(proposal, _) => {
                Settled::Waiting(answer, Some(Box::new(proposal)))
            }
        }
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
                format!(
                    "what this {what} is about keeps changing, or the vendor keeps dropping it"
                ),
                "Look at it in the vendor's own interface; send the same event again when it is quiet.",
            ),
        }
    }

    fn answered(&self, state: State, sent: Sent<P::Change>) -> Result<Settled<P::Change>, Error> {
        let (proposal, id) = match sent {
            Sent::Nothing => (None, None),
            Sent::Maybe(proposal) => (Some(proposal), None),
            Sent::Carried(proposal, id) => (Some(proposal), id),
        };
        let outcome = self.order.request.action.outcome(proposal.is_some());
        let on_record = proposal.as_ref().map(to_json).transpose()?;
        let (replaced, removed) = proposal
            .map(|proposal| (proposal.replaced, proposal.removed))
            .unwrap_or_default();
        let answer = ChangeAnswer {
            grants: state.grants,
            resource: state.resource,
            replaced,
            removed,
            vendor_request_id: id,
            ..blank(self.order, self.record, outcome)
        };
        Ok(Settled::Answered(answer, on_record))
    }
}

/// Whether a write is the one that was carried out already.
fn is_same<C: PartialEq>(sent: &Sent<C>, next: &Proposal<C>) -> bool {
    match sent {
        Sent::Carried(proposal, _) => proposal.change == next.change,
        Sent::Nothing | Sent::Maybe(_) => false,
    }
}

/// A write that follows another one of the same request brings about what both do.
fn following<C>(sent: &Sent<C>, mut next: Proposal<C>) -> Proposal<C> {
    if let Sent::Carried(before, _) = sent {
        next.replaced.splice(0..0, before.replaced.iter().cloned());
        next.removed.splice(0..0, before.removed.iter().cloned());
    }
    next
}

fn in_progress(order: &Order, record: &Record<'_>, at: Timestamp) -> ChangeAnswer {
    ChangeAnswer {
        resume_at: Some(at),
        ..blank(order, record, Outcome::InProgress)
    }
}

fn blank(order: &Order, record: &Record<'_>, outcome: Outcome) -> ChangeAnswer {
    ChangeAnswer {
        outcome,
        request_id: order.request.id.clone(),
        dry_run: order.dry_run,
        grants: Vec::new(),
        replaced: Vec::new(),
        removed: Vec::new(),
        resource: None,
        vendor_request_id: None,
        resume_at: None,
        audit: Some(record.key()),
    }
}
