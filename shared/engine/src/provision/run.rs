//! A request: from the event to the answer.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::Code;
use serde_json::Value;

use super::Order;
use super::answer::{blank, in_progress};
use super::audit::Record;
use super::postpone;
use super::writer::{DryRunWriter, LiveWriter, RequestHistory, Writer, Written, to_json};
use crate::catalog::tenant;
use crate::context::Context;
use crate::expiration::{Term, close_all};
use crate::store::keys::Keys;
use crate::store::lease::{Acquired, Lease, LeaseRequest};
use rollcall_connector::clock::after;
use rollcall_connector::event::{ChangeAnswer, Reason};
use rollcall_connector::provision::{AccessState, Action, Plan, Proposal, Provisioner};
use rollcall_connector::{Chain, Error, ErrorType, Identity};

/// How often a request is planned again because the vendor's state changed, or does not show a change yet.
const ATTEMPTS: u32 = 4;
/// Carries a request out, or resumes it.
pub async fn run<P: Provisioner>(cx: &Context, order: &Order) -> Result<ChangeAnswer, Error> {
    let keys = Keys { connector: P::ABOUT.name, connection: &order.connection };
    order.request.check_allow(P::ABOUT.side_effects)?;
    let record = Record::new(&*cx.audit, keys, P::ABOUT, order, cx.clock.now());
    if order.dry_run {
        return rehearse::<P>(cx, keys, order, &record).await;
    }
    if let Some(answer) = record.answered().await? {
        return Ok(answer);
    }
    if order.lifetime.is_some() {
        // An end that is refused is refused before the vendor is asked for anything.
        Term::open(cx, keys, &order.request, order.lifetime).await?;
    }
    let lease = match acquire(cx, keys, &order.request.action.subject(), &order.request.id).await {
        Ok(lease) => lease,
        Err(e) => {
            let trail = RequestHistory::default();
            return postpone::postpone(cx, (order, &record), None, trail, e).await;
        }
    };
    match carry_out::<P>(cx, keys, (order, &record), lease, true).await? {
        Carried::Answered(answer, lease) => {
            // The answer is already recorded, whether the lease can be released or not.
            lease.give_back(&*cx.store, &*cx.clock).await;
            Ok(*answer)
        }
        Carried::InProgress(answer) => Ok(*answer),
        Carried::Differs(..) => {
            Err(Error::internal(Code::ChangedMeanwhile, "nothing was expected"))
        }
    }
}

/// The result of a call of a request, and its lease if that is still held.
pub(super) enum Carried {
    Answered(Box<ChangeAnswer>, Lease<()>),
    InProgress(Box<ChangeAnswer>),
    /// Nothing was sent: the write would replace these grants, which were not expected.
    Differs(Vec<String>, Lease<()>),
}

/// Carries a request out, or resumes it, under the lease of its principal.
pub(super) async fn carry_out<P: Provisioner>(
    cx: &Context,
    keys: Keys<'_>,
    (order, record): (&Order, &Record<'_>),
    mut lease: Lease<()>,
    keeps_terms: bool,
) -> Result<Carried, Error> {
    let mut trail = RequestHistory::default();
    let (lease_, trail_) = (&mut lease, &mut trail);
    let settled = under_lease::<P>(cx, keys, order, record, lease_, trail_, keeps_terms).await;
    let in_progress = match settled {
        Ok(RequestResult::Answered(answer, ..)) => return Ok(Carried::Answered(answer, lease)),
        Ok(RequestResult::Differs(ids)) => return Ok(Carried::Differs(ids, lease)),
        Ok(RequestResult::Waiting(at)) if trail.has_time(at) => {
            let at = postpone::wait_outside(cx, lease, &trail, at).await;
            let stopped = cx.interrupt.is_raised().then_some(Reason::Interrupted);
            in_progress(order, record, at, stopped)
        }
        Ok(RequestResult::Waiting(at)) => {
            let e = still_in_progress(at);
            return Err(postpone::give_up(cx, record, Some(lease), &trail, e).await);
        }
        Err(e) => postpone::postpone(cx, (order, record), Some(lease), trail, e).await?,
    };
    Ok(Carried::InProgress(Box::new(in_progress)))
}

/// Returns what a request would do. Nothing is written, not even a record, so only waits with a known end are answered.
async fn rehearse<P: Provisioner>(
    cx: &Context,
    keys: Keys<'_>,
    order: &Order,
    record: &Record<'_>,
) -> Result<ChangeAnswer, Error> {
    let settled = async {
        let (connector, identity) = connect::<P>(cx, keys, order).await?;
        let attempt = Attempt::new(cx, order, record, &connector, &identity);
        attempt.settle(&mut DryRunWriter, Sent::Nothing).await
    };
    let mut term = Term::open(cx, keys, &order.request, order.lifetime).await?;
    let answer = match settled.await? {
        RequestResult::Answered(mut answer, _, further) => {
            if let Some(term) = &mut term {
                term.settle(cx.clock.now(), &mut answer, &further).await?;
            }
            *answer
        }
        RequestResult::Waiting(at) => in_progress(order, record, at, None),
        RequestResult::Differs(_) => blank(order, record, order.request.action.outcome(false)),
    };
    Ok(ChangeAnswer { audit: None, ..answer })
}

/// The vendor has not carried out a write of this request, and Rollcall stopped waiting.
fn still_in_progress(at: Timestamp) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::StillInProgress,
        "the vendor has not finished this change, and Rollcall stopped waiting",
        "Check the change in the vendor's web interface. Once it is finished there, send the same event again: it reports the result.",
    )
    .with_retry_at(at)
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
pub(super) async fn acquire(
    cx: &Context,
    keys: Keys<'_>,
    subject: &str,
    owner: &str,
) -> Result<Lease<()>, Error> {
    let key = keys.principal_lease(subject);
    let request = LeaseRequest { owner, floor: 0, ttl: cx.lease_duration() };
    match Lease::acquire(&*cx.store, &*cx.clock, &key, &request).await? {
        Acquired::Held(lease) => Ok(lease),
        Acquired::Busy(holder) => {
            let (id, until) = (holder.owner, holder.expires_at);
            Err(Error::new(
                ErrorType::Unavailable,
                Code::PrincipalBusy,
                format!(
                    "request {id} is already changing {subject}, until {until:.0} at the latest"
                ),
                "Send the same event again at that time.",
            )
            .with_retry_at(until))
        }
    }
}

/// The result of a call of a request.
enum RequestResult {
    /// The request is answered. The value is the last change that was sent; the ids are those of further grants that
    /// were made.
    Answered(Box<ChangeAnswer>, Option<Value>, Vec<String>),
    /// Nothing was sent: the write would replace these grants instead of [`Order::replaces`].
    Differs(Vec<String>),
    /// The vendor is still applying the change: retry at this time.
    Waiting(Timestamp),
}

async fn under_lease<P: Provisioner>(
    cx: &Context,
    keys: Keys<'_>,
    order: &Order,
    record: &Record<'_>,
    lease: &mut Lease<()>,
    trail: &mut RequestHistory,
    keeps_terms: bool,
) -> Result<RequestResult, Error> {
    // A second delivery may have been answered while we waited for the lease.
    if let Some(answer) = record.answered().await? {
        return Ok(RequestResult::Answered(Box::new(answer), None, Vec::new()));
    }
    let (since, intentions) = record.intentions::<P::Change>().await?;
    trail.since = since;
    trail.intended = intentions.len();
    trail.sent = !intentions.is_empty();
    let (connector, identity) = connect::<P>(cx, keys, order).await?;
    let term = match keeps_terms {
        true => Term::open(cx, keys, &order.request, order.lifetime).await?,
        false => None,
    };
    let (connector_, identity_) = (&connector, &identity);
    let mut live =
        LiveWriter { cx, connector: connector_, identity: identity_, record, lease, trail, term };
    let attempt = Attempt {
        is_contested: live.lease.last_sender().is_some_and(|sender| sender != live.lease.owner()),
        carried_before: before_the_last(&intentions),
        ..Attempt::new(cx, order, record, &connector, &identity)
    };
    let mut settled = match resume(&mut live, intentions).await? {
        Resumed::Later(at) => Ok(RequestResult::Waiting(at)),
        Resumed::Known(sent) => attempt.settle(&mut live, *sent).await,
    };
    let LiveWriter { mut term, trail, .. } = live;
    let now = cx.clock.now();
    match (&mut settled, &mut term) {
        (Ok(RequestResult::Answered(answer, sent, further)), term) => {
            if let Some(term) = term {
                term.settle(now, answer, further).await?;
            }
            if let Action::Delete { principal } = &order.request.action {
                close_all(&*cx.store, keys, &principal.to_string(), now).await?;
            }
            record.observe(answer, sent.clone(), now).await?;
        }
        (Err(e), Some(term)) if e.kind() == ErrorType::Refused && trail.carried_out.is_empty() => {
            if let Err(e) = term.withdraw(now).await {
                tracing::warn!(error = %Chain(&e), "the end of a grant that was refused is still recorded");
            }
        }
        _ => {}
    }
    settled
}

/// The fate of the writes of earlier calls.
enum Resumed<C> {
    /// The vendor is still applying the last one.
    Later(Timestamp),
    Known(Box<Sent<C>>),
}

/// Polls the last write of earlier calls that arrived: a later write shows that the ones before were carried out.
async fn resume<P: Provisioner>(
    live: &mut LiveWriter<'_, P>,
    intentions: Vec<Proposal<P::Change>>,
) -> Result<Resumed<P::Change>, Error> {
    let known = |sent| Resumed::Known(Box::new(sent));
    for proposal in intentions.into_iter().rev() {
        match live.resume(&proposal).await? {
            Written::Later(at) => return Ok(Resumed::Later(at)),
            Written::Done(id) => return Ok(known(Sent::Carried(proposal, id))),
            Written::Unclear => return Ok(known(Sent::Maybe(proposal))),
            Written::Overtaken | Written::Rehearsed => {}
        }
    }
    Ok(known(Sent::Nothing))
}

/// What this request is known to have sent.
enum Sent<C> {
    Nothing,
    /// The vendor does not show whether this arrived.
    Maybe(Proposal<C>),
    /// This was carried out, by the vendor's operation of this id.
    Carried(Proposal<C>, Option<String>),
}

impl<C> Sent<C> {
    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

struct Attempt<'a, P: Provisioner> {
    cx: &'a Context,
    order: &'a Order,
    record: &'a Record<'a>,
    connector: &'a P,
    identity: &'a Identity,
    /// Whether another request was the last to send something that changes the same principal.
    is_contested: bool,
    /// The effects of all but the last write of earlier calls: they were carried out.
    carried_before: Option<Effects>,
}

impl<'a, P: Provisioner> Attempt<'a, P> {
    fn new(
        cx: &'a Context,
        order: &'a Order,
        record: &'a Record<'a>,
        connector: &'a P,
        identity: &'a Identity,
    ) -> Self {
        Self { cx, order, record, connector, identity, is_contested: false, carried_before: None }
    }

    /// Plans and carries out writes until none is left.
    async fn settle(
        &self,
        writer: &mut dyn Writer<P::Change>,
        mut sent: Sent<P::Change>,
    ) -> Result<RequestResult, Error> {
        let (mut busy, mut sent_here, mut overtaken) = (false, false, false);
        for attempt in 0..ATTEMPTS {
            let plan = self.connector.plan(self.identity, &self.order.request).await?;
            let mut pause = Duration::from_secs(1 << attempt);
            busy = matches!(plan, Plan::Later(_));
            match plan {
                Plan::Already(state) => return self.answered(state, sent),
                Plan::Later(delay) => pause = delay,
                Plan::Change(_) if self.is_contested && !sent_here && !sent.is_nothing() => {
                    return Err(self.undone());
                }
                Plan::Change(proposal) if sent.is_nothing() && !self.expects(&proposal) => {
                    return Ok(RequestResult::Differs(proposal.replaced));
                }
                Plan::Change(_) if self.cx.interrupt.is_raised() => {
                    return Ok(RequestResult::Waiting(self.cx.clock.now()));
                }
                // The change was carried out but is not visible yet: reads may lag behind writes.
                Plan::Change(proposal) if is_same(&sent, &proposal) => {}
                Plan::Change(proposal) => {
                    let proposal = self.following(&sent, proposal);
                    sent_here = true;
                    match writer.carry_out(&proposal).await? {
                        Written::Done(id) => {
                            sent = Sent::Carried(proposal, id);
                            continue;
                        }
                        Written::Later(at) => return Ok(RequestResult::Waiting(at)),
                        Written::Rehearsed => {
                            let then = proposal.then.clone();
                            return self.answered(then, Sent::Carried(proposal, None));
                        }
                        // If the state is as planned, this write caused it.
                        Written::Unclear => {
                            overtaken = false;
                            sent = Sent::Maybe(proposal);
                        }
                        Written::Overtaken => overtaken = true,
                    }
                }
            }
            let at = after(self.cx.clock.now(), pause);
            let has_time = pause + self.cx.shutdown_reserve() <= self.cx.remaining();
            match has_time && self.cx.pause(pause).await {
                true => {}
                false if busy => return Err(object_busy(at)),
                // It takes longer than this invocation, or the operator, waits.
                false => return Ok(RequestResult::Waiting(at)),
            }
        }
        if busy {
            let at = after(self.cx.clock.now(), Duration::from_secs(2));
            return Err(object_busy(at));
        }
        Err(self.unsettled(&sent, overtaken))
    }

    fn expects(&self, proposal: &Proposal<P::Change>) -> bool {
        self.order.replaces.as_ref().is_none_or(|ids| *ids == proposal.replaced)
    }

    /// What an earlier call sent, or may have sent, is not in effect, and another request changed this principal later.
    fn undone(&self) -> Error {
        let what = self.order.request.action.name();
        Error::new(
            ErrorType::Conflict,
            Code::ChangedMeanwhile,
            format!(
                "this {what} was interrupted, and another request changed the same principal afterwards"
            ),
            "Nothing was sent again. Check what the principal holds now; if the change is still wanted, send a new request.",
        )
    }

    fn unsettled(&self, sent: &Sent<P::Change>, overtaken: bool) -> Error {
        let what = self.order.request.action.name();
        match sent {
            Sent::Carried(..) => Error::new(
                ErrorType::Unavailable,
                Code::NotObserved,
                format!("the vendor confirmed the {what}, but it is not visible"),
                "Send the same event again: it reads the current state before it changes anything.",
            ),
            Sent::Maybe(_) if !overtaken => Error::new(
                ErrorType::Unavailable,
                Code::NotConfirmed,
                format!(
                    "the vendor neither confirms nor shows the {what}: it limits writes or has an outage"
                ),
                "Send the same event again later: it reads the current state before it changes anything.",
            ),
            Sent::Nothing | Sent::Maybe(_) => Error::new(
                ErrorType::Conflict,
                Code::Contended,
                format!(
                    "the object of this {what} keeps changing, or the vendor keeps discarding the write"
                ),
                "Check it in the vendor's web interface; send the same event again when nothing else is changing it.",
            ),
        }
    }

    /// The effects of a write that follows others of the same request include theirs.
    fn following(
        &self,
        sent: &Sent<P::Change>,
        mut next: Proposal<P::Change>,
    ) -> Proposal<P::Change> {
        let before = match sent {
            Sent::Carried(before, _) => Some(Effects::of(before)),
            // Whether this one was carried out is unknown.
            Sent::Maybe(_) => self.carried_before.clone(),
            Sent::Nothing => None,
        };
        if let Some(Effects { replaced, removed, further }) = before {
            prepend(&mut next.replaced, replaced);
            prepend(&mut next.removed, removed);
            prepend(&mut next.further, further);
        }
        next
    }

    fn answered(&self, state: AccessState, sent: Sent<P::Change>) -> Result<RequestResult, Error> {
        let (proposal, id) = match sent {
            Sent::Nothing => (None, None),
            Sent::Maybe(proposal) => (Some(proposal), None),
            Sent::Carried(proposal, id) => (Some(proposal), id),
        };
        let outcome = self.order.request.action.outcome(proposal.is_some());
        let on_record = proposal.as_ref().map(to_json).transpose()?;
        let Effects { replaced, removed, further } =
            proposal.as_ref().map(Effects::of).unwrap_or_default();
        let answer = ChangeAnswer {
            grants: state.grants,
            resource: state.resource,
            replaced,
            removed,
            vendor_request_id: id,
            ..blank(self.order, self.record, outcome)
        };
        Ok(RequestResult::Answered(Box::new(answer), on_record, further))
    }
}

/// Whether a write is the one that was already carried out.
fn is_same<C: PartialEq>(sent: &Sent<C>, next: &Proposal<C>) -> bool {
    match sent {
        Sent::Carried(proposal, _) => proposal.change == next.change,
        Sent::Nothing | Sent::Maybe(_) => false,
    }
}

/// Ids of grants that writes removed, or made besides the requested one.
#[derive(Debug, Clone, Default)]
struct Effects {
    replaced: Vec<String>,
    removed: Vec<String>,
    further: Vec<String>,
}

impl Effects {
    fn of<C>(proposal: &Proposal<C>) -> Self {
        let Proposal { replaced, removed, further, .. } = proposal;
        let [replaced, removed, further] = [replaced, removed, further].map(Clone::clone);
        Self { replaced, removed, further }
    }
}

/// The effects of the intention before the last one, which names those of all before it.
fn before_the_last<C>(intentions: &[Proposal<C>]) -> Option<Effects> {
    let (_, before) = intentions.split_last()?;
    before.last().map(Effects::of)
}

/// Puts `earlier` before `ids`, each once.
fn prepend(ids: &mut Vec<String>, mut earlier: Vec<String>) {
    earlier.retain(|id| !ids.contains(id));
    ids.splice(0..0, earlier);
}

/// The vendor is applying another change to the same object.
fn object_busy(at: Timestamp) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::ObjectBusy,
        "the vendor is still applying another change to the same object",
        "Send the same event again at that time.",
    )
    .with_retry_at(at)
}
