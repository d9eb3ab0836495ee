//! The end of a temporary grant: takes back what the grant changed, if nobody changed it since.
//!
//! The writes are ordinary changes, each with an audit record of its own and a request id that is derived from the
//! expiration: an event that is delivered twice, or after this process was killed, does each of them once.

use jiff::Timestamp;
use rollcall_connector::event::{self, ChangeAnswer, ChangeEvent, EndEvent, Outcome, Reason};
use rollcall_connector::provision::Provisioner;
use rollcall_connector::{Code, Error, ErrorType, Warning};

use super::Order;
use super::audit::Record;
use super::run::{Carried, acquire, carry_out};
use crate::context::Context;
use crate::expiration::{
    Expiration, How, Ledger, close, close_merged, merge_due, put_under, revoke_first, steps,
    was_held_before,
};
use crate::store::keys::Keys;
use crate::store::lease::Lease;

/// How often an end begins anew because others changed the principal, or what it puts back no longer exists.
const ATTEMPTS: usize = 8;

/// Ends a temporary grant whose time has come.
pub async fn end<P: Provisioner>(cx: &Context, event: &EndEvent) -> Result<ChangeAnswer, Error> {
    event::check_connection(&event.connection)?;
    check_id(&event.expiration)?;
    let keys = Keys { connector: P::ABOUT.name, connection: &event.connection };
    let id = event.expiration.as_str();
    let mut answer = ChangeAnswer {
        expiration: Some(id.to_owned()),
        ..ChangeAnswer::new(Outcome::AlreadyRevoked, format!("end-{id}"))
    };
    for _ in 0..ATTEMPTS {
        let mut ending = Ending { cx, ledger: Ledger::new(&*cx.store, keys), lease: None, answer };
        let ended = ending.all::<P>(id).await;
        let Ending { lease, answer: so_far, .. } = ending;
        if let Some(lease) = lease {
            lease.give_back(&*cx.store, &*cx.clock).await;
        }
        match ended? {
            Ended::Answered => return Ok(so_far),
            Ended::InProgress(waiting) => {
                return Ok(ChangeAnswer { expiration: so_far.expiration, ..*waiting });
            }
            Ended::Again => answer = so_far,
        }
    }
    Err(Error::new(
        ErrorType::Conflict,
        Code::Contended,
        "other requests keep changing the access of this principal",
        "Send the same event again when nothing else changes it.",
    ))
}

fn check_id(id: &str) -> Result<(), Error> {
    let is_valid =
        id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    is_valid.then_some(()).ok_or_else(|| {
        Error::invalid(
            Code::UnknownExpiration,
            format!("`{id}` is not the id of a temporary grant"),
            "Use the `expiration` in the answer to the grant.",
        )
    })
}

/// The result of an attempt.
enum Ended {
    Answered,
    InProgress(Box<ChangeAnswer>),
    /// What is to be done has changed.
    Again,
}

/// An end that is being carried out.
struct Ending<'a> {
    cx: &'a Context,
    ledger: Ledger<'a>,
    lease: Option<Lease<()>>,
    answer: ChangeAnswer,
}

impl Ending<'_> {
    /// Ends a grant, and then those that only it needed.
    async fn all<P: Provisioner>(&mut self, id: &str) -> Result<Ended, Error> {
        self.ledger.load(vec![id.to_owned()]).await?;
        let Some(record) = self.ledger.book.get(id).cloned() else {
            return Err(Error::new(
                ErrorType::NotFound,
                Code::UnknownExpiration,
                format!("there is no temporary grant with the id {id}"),
                "List them: `rollcall expirations`.",
            ));
        };
        let now = self.cx.clock.now();
        if record.is_open() && !record.is_due(now) {
            self.answer.outcome = Outcome::NotDue;
            self.answer.expires_at = Some(record.ends_at);
            return Ok(Ended::Answered);
        }
        if record.closed.as_ref().is_some_and(|closed| closed.how == How::Permanent) {
            self.unchanged(&record, "it was granted again, without an end");
            return Ok(Ended::Answered);
        }
        let owner = format!("end-{id}");
        let keys = self.ledger.keys;
        match acquire(self.cx, keys, &record.principal, &owner).await {
            Ok(lease) => self.lease = Some(lease),
            Err(e) => match e.retry_at().filter(|_| e.code() == Code::PrincipalBusy) {
                Some(at) => return Ok(Ended::InProgress(Box::new(self.busy_until(at)))),
                None => return Err(e),
            },
        }
        // Another request may have written them before the lease was acquired.
        self.ledger = Ledger::new(&*self.cx.store, keys);
        self.ledger.load(vec![id.to_owned()]).await?;
        let further = self.ledger.book.get(id).map(|record| record.further.clone());
        for (id, is_further) in std::iter::once((id.to_owned(), false))
            .chain(further.into_iter().flatten().map(|id| (id, true)))
        {
            match self.one::<P>(&id, is_further, now).await? {
                Ended::Answered => {}
                other => return Ok(other),
            }
        }
        Ok(Ended::Answered)
    }

    fn busy_until(&self, at: Timestamp) -> ChangeAnswer {
        ChangeAnswer {
            outcome: Outcome::InProgress,
            resume_at: Some(at),
            reason: Some(Reason::Lease),
            ..self.answer.clone()
        }
    }

    /// Ends one grant, if it is due.
    async fn one<P: Provisioner>(
        &mut self,
        id: &str,
        is_further: bool,
        now: Timestamp,
    ) -> Result<Ended, Error> {
        let keys = self.ledger.keys;
        if !self.ledger.book.get(id).is_some_and(|record| record.is_due(now)) {
            return Ok(Ended::Answered);
        }
        merge_due(keys, &mut self.ledger.book, id, now);
        let Some(record) = self.ledger.book.get_mut(id) else { return Ok(Ended::Answered) };
        if record.steps.is_empty() {
            record.steps = steps(record);
        }
        let record = record.clone();
        if was_held_before(&record) {
            self.unchanged(&record, "the principal held it before, without an end");
            close_merged(keys, &mut self.ledger.book, id, now);
        }
        self.ledger.save().await?;
        if !self.ledger.book.get(id).is_some_and(Expiration::is_open) {
            return Ok(Ended::Answered);
        }
        for number in 0..record.steps.len() {
            let took_effect = match self.step::<P>(&record, number, now).await {
                Ok(Stepped::Done(took_effect)) => took_effect,
                Ok(Stepped::InProgress(waiting)) => return Ok(Ended::InProgress(waiting)),
                Err(e) => return self.failed(&record, number, is_further, now, e).await,
            };
            if !took_effect && record.steps[number].takes() {
                let book = &mut self.ledger.book;
                let is_merged = close_merged(keys, book, id, now);
                close(book, id, now, How::Changed);
                self.ledger.save().await?;
                self.unchanged(
                    &record,
                    match is_merged {
                        true => {
                            "another temporary grant replaced it, and its end does not put it back"
                        }
                        false => "the principal no longer holds it, so somebody changed it",
                    },
                );
                return Ok(Ended::Answered);
            }
        }
        close(&mut self.ledger.book, id, now, How::Ended);
        self.ledger.save().await?;
        Ok(Ended::Answered)
    }

    /// Sends one write, and adds its effects to the answer. It has none if the principal no longer holds what the grant
    /// left.
    async fn step<P: Provisioner>(
        &mut self,
        record: &Expiration,
        number: usize,
        now: Timestamp,
    ) -> Result<Stepped, Error> {
        let (cx, keys) = (self.cx, self.ledger.keys);
        let (Some(step), Some(request_id), Some(lease)) =
            (record.steps.get(number), record.step_id(number), self.lease.take())
        else {
            return Err(Error::internal(Code::LeaseLost, "the end of a grant has no lease"));
        };
        let change = ChangeEvent {
            connection: record.connection.clone(),
            request_id,
            entitlement: step.entitlement.clone(),
            principal: record.principal.clone(),
            dry_run: false,
            reason: Some(format!("the end of the grant of request {}", record.request_id)),
            allow: Vec::new(),
        };
        let mut order = Order::change(change, step.grants)?;
        order.replaces = step.grants.then(|| step.replaces.clone());
        let audit = Record::new(&*cx.audit, keys, P::ABOUT, &order, cx.clock.now());
        let carried = carry_out::<P>(cx, keys, (&order, &audit), lease, false).await?;
        let (answer, instead, lease) = match carried {
            Carried::InProgress(waiting) => return Ok(Stepped::InProgress(waiting)),
            Carried::Answered(answer, lease) => (Some(answer), Vec::new(), lease),
            Carried::Differs(instead, lease) => (None, instead, lease),
        };
        self.lease = Some(lease);
        if !step.takes() {
            let mut ids = vec![keys.expiration_id(&record.grant_id_of(&step.entitlement))];
            ids.extend(instead.iter().map(|grant| keys.expiration_id(grant)));
            self.ledger.load(ids).await?;
            put_under(keys, &mut self.ledger.book, record, &step.entitlement, &instead, now);
        }
        let done =
            answer.filter(|answer| matches!(answer.outcome, Outcome::Granted | Outcome::Revoked));
        let took_effect = done.is_some();
        if let Some(answer) = done {
            self.answer.outcome = Outcome::Revoked;
            self.answer.vendor_request_id = answer.vendor_request_id;
            self.answer.audit.get_or_insert(audit.key());
            // A write of an earlier attempt is read again.
            let (removed, grants) = (&mut self.answer.removed, &mut self.answer.grants);
            let (taken, back) = (record.grant_id(), record.grant_of(&step.entitlement));
            if step.takes() && !removed.contains(&taken) {
                removed.push(taken);
            }
            if step.grants && !grants.contains(&back) {
                grants.push(back);
            }
        }
        Ok(Stepped::Done(took_effect))
    }

    /// A write failed. The lease is released.
    async fn failed(
        &mut self,
        record: &Expiration,
        number: usize,
        is_further: bool,
        now: Timestamp,
        e: Error,
    ) -> Result<Ended, Error> {
        let (keys, book) = (self.ledger.keys, &mut self.ledger.book);
        let puts_back = record.steps.get(number).is_some_and(|step| step.grants);
        match e.code() {
            // The write was interrupted, and others changed the principal since: look again.
            Code::ChangedMeanwhile => {
                let step = book.get_mut(&record.id).and_then(|r| r.steps.get_mut(number));
                step.into_iter().for_each(|step| step.attempt += 1);
            }
            // What is to be put back was deleted: at least the grant is taken.
            Code::UnknownEntitlement if puts_back && number == 0 => {
                let steps = revoke_first(record, 1);
                book.get_mut(&record.id).into_iter().for_each(|r| r.steps.clone_from(&steps));
            }
            // What else is to be put back was deleted: the rest is put back without it.
            Code::UnknownEntitlement if puts_back => {
                let steps = book.get_mut(&record.id).map(|r| &mut r.steps);
                let lost = steps.map(|steps| steps.remove(number).entitlement);
                let message = format!("{} is not put back: {e}", lost.unwrap_or_default());
                self.answer.warnings.push(Warning::new(Code::ChangedMeanwhile, message));
            }
            // Under a later temporary grant, the vendor may refuse what that one includes.
            _ if number == 0
                && e.kind() == ErrorType::Refused
                && close_merged(keys, book, &record.id, now) => {}
            // Other access needs this grant: somebody gave it since.
            Code::Cascade if is_further => {
                close(book, &record.id, now, How::Changed);
                let message = format!("{} stays: {e}", record.grant_id());
                self.answer.warnings.push(Warning::new(Code::ChangedMeanwhile, message));
            }
            _ => return Err(e),
        }
        self.ledger.save().await?;
        Ok(Ended::Again)
    }

    /// Answers that nothing was taken back, unless something was.
    fn unchanged(&mut self, record: &Expiration, why: &str) {
        if self.answer.outcome == Outcome::AlreadyRevoked {
            self.answer.outcome = Outcome::Unchanged;
        }
        let message = format!("nothing was taken back at the end of {}: {why}", record.grant_id());
        self.answer.warnings.push(Warning::new(Code::ChangedMeanwhile, message));
    }
}

/// The result of a write.
enum Stepped {
    /// Whether it took effect.
    Done(bool),
    InProgress(Box<ChangeAnswer>),
}
