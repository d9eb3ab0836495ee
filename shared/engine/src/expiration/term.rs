//! The end that a request gives to a grant: read from the event, and recorded with the grant.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use rollcall_connector::clock::whole_second;
use rollcall_connector::event::{ChangeAnswer, GrantRef, Outcome};
use rollcall_connector::provision::{Action, Request};
use rollcall_connector::{Code, Error, Warning};

use super::Ledger;
use super::record::{Book, Closed, How};
use super::rules::{Grants, close};
use crate::context::Context;
use crate::store::keys::Keys;

/// When a grant is to end, as an event says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    At(Timestamp),
    For(SignedDuration),
}

impl Lifetime {
    /// Reads `expires_at` and `duration` of an event.
    pub(crate) fn parse(
        expires_at: Option<Timestamp>,
        duration: Option<&str>,
    ) -> Result<Option<Self>, Error> {
        match (expires_at, duration) {
            (None, None) => Ok(None),
            (Some(at), None) => Ok(Some(Self::At(at))),
            (None, Some(text)) => Ok(Some(Self::For(hours(text)?))),
            (Some(_), Some(_)) => {
                Err(bad("the event has both `expires_at` and `duration`", "Send only one of them."))
            }
        }
    }

    /// The end of a grant that is made now.
    fn end(self, now: Timestamp, max_days: u16) -> Result<Timestamp, Error> {
        let lasts = match self {
            Self::At(at) => at.duration_since(now),
            Self::For(duration) => duration,
        };
        if lasts <= SignedDuration::ZERO {
            let what = match self {
                Self::At(at) => format!("`expires_at` ({at}) is in the past"),
                Self::For(_) => "`duration` is not longer than zero".to_owned(),
            };
            return Err(bad(what, "Choose an end in the future."));
        }
        if lasts > SignedDuration::from_hours(24 * i64::from(max_days)) {
            return Err(bad(
                format!("a temporary grant may last {max_days} days, and this one would be longer"),
                "Choose an earlier end, or raise the limit: ROLLCALL_MAX_GRANT_DAYS, in AWS the parameter MaxGrantDays.",
            ));
        }
        Ok(whole_second(now.saturating_add(lasts).unwrap_or(Timestamp::MAX)))
    }
}

/// Reads an ISO 8601 duration. Months and years have no fixed length.
fn hours(text: &str) -> Result<SignedDuration, Error> {
    let malformed = || {
        bad(
            format!("`{text}` is not a valid `duration`"),
            "Use an ISO 8601 duration of weeks, days, hours, minutes or seconds, such as PT4H or P7D.",
        )
    };
    // The library also reads other forms than ISO 8601, such as `4h`.
    if !text.trim_start_matches(['+', '-']).starts_with(['P', 'p']) {
        return Err(malformed());
    }
    let span: Span = text.parse().map_err(|_| malformed())?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| malformed())
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>, fix: &'static str) -> Error {
    Error::invalid(Code::BadExpiry, message.into(), fix)
}

/// The records that a grant or revoke changes.
pub(crate) struct Term<'a> {
    ledger: Ledger<'a>,
    request_id: &'a str,
    grant: GrantRef,
    is_grant: bool,
    ends_at: Option<Timestamp>,
    /// The records before the first write of this call.
    before: Option<Book>,
}

impl<'a> Term<'a> {
    /// The records for a request; `None` if it changes an account. Refuses an end that the grant cannot have. A request
    /// that was killed keeps its end.
    pub(crate) async fn open(
        cx: &'a Context,
        keys: Keys<'a>,
        request: &'a Request,
        lifetime: Option<Lifetime>,
    ) -> Result<Option<Self>, Error> {
        let (grant, is_grant) = match &request.action {
            Action::Grant { entitlement, principal } => {
                (GrantRef::new(entitlement, principal), true)
            }
            Action::Revoke { entitlement, principal } => {
                (GrantRef::new(entitlement, principal), false)
            }
            Action::Create { .. } | Action::Delete { .. } => return Ok(None),
        };
        let mut ledger = Ledger::new(&*cx.store, keys);
        let mut ends_at = None;
        if let Some(lifetime) = lifetime {
            let id = keys.expiration_id(&grant.id);
            ledger.load(vec![id.clone()]).await?;
            let ours = ledger.book.get(&id).filter(|r| r.is_open() && r.is_of(&request.id));
            ends_at = Some(match ours {
                Some(record) => record.ends_at,
                None => lifetime.end(cx.clock.now(), cx.settings.max_grant_days)?,
            });
        }
        Ok(Some(Self { ledger, request_id: &request.id, grant, is_grant, ends_at, before: None }))
    }

    /// Records the grant before it is sent: it ends even if this process is killed, and nobody sends the event again.
    pub(crate) async fn prepare(
        &mut self,
        now: Timestamp,
        effects: Effects<'_>,
    ) -> Result<(), Error> {
        if self.ends_at.is_none() {
            return Ok(());
        }
        let grants = self.read(now, true, false, effects).await?;
        self.before.get_or_insert_with(|| self.ledger.book.clone());
        grants.enter(&mut self.ledger.book);
        self.ledger.save().await
    }

    /// Records the answer, and puts the grant's end into it. A dry run saves nothing.
    pub(crate) async fn settle(
        &mut self,
        now: Timestamp,
        answer: &mut ChangeAnswer,
        further: &[String],
    ) -> Result<(), Error> {
        let ChangeAnswer { grants, replaced, removed, .. } = &*answer;
        let effects = Effects { grants, replaced, removed, further };
        let is_new = answer.outcome == Outcome::Granted;
        let read = self.read(now, is_new, true, effects).await?;
        if self.is_grant {
            answer.expires_at = read.enter(&mut self.ledger.book);
            answer.expiration = answer.expires_at.map(|_| read.keys.expiration_id(&self.grant.id));
        } else {
            let gone = read.removes.iter().map(|one| format!("{one}:{}", self.grant.principal));
            for grant in gone.chain([self.grant.id.clone()]) {
                close(&mut self.ledger.book, &read.keys.expiration_id(&grant), now, How::Revoked);
            }
        }
        if self.ends_at.is_some() && answer.expires_at.is_none() {
            let message = format!(
                "{} had this entitlement before, without an end: it keeps it, and nothing ends",
                self.grant.principal
            );
            answer.warnings.push(Warning::new(Code::HeldWithoutEnd, message));
        }
        match answer.dry_run {
            true => Ok(()),
            false => self.ledger.save().await,
        }
    }

    /// The vendor refused the grant: the records are as before.
    pub(crate) async fn withdraw(&mut self, now: Timestamp) -> Result<(), Error> {
        let Some(before) = self.before.take() else { return Ok(()) };
        for (id, record) in &mut self.ledger.book {
            match before.get(id) {
                Some(old) => *record = old.clone(),
                None => record.closed = Some(Closed { at: now, how: How::NotGranted }),
            }
        }
        self.ledger.save().await
    }

    /// Reads the records that a grant or revoke with these effects changes.
    async fn read(
        &mut self,
        now: Timestamp,
        is_new: bool,
        is_confirmed: bool,
        effects: Effects<'_>,
    ) -> Result<Grants<'a>, Error> {
        let (keys, grant) = (self.ledger.keys, self.grant.clone());
        let needs = effects.grants.iter().filter(|other| other.id != grant.id);
        let needs: Vec<_> =
            needs.map(|other| (other.clone(), effects.further.contains(&other.id))).collect();
        let mut ids: Vec<&String> = effects.replaced.iter().collect();
        ids.extend(effects.removed.iter().filter(|id| !effects.replaced.contains(id)));
        let of_principal = format!(":{}", grant.principal);
        let removes = ids.iter().filter(|id| ***id != grant.id);
        let removes: Vec<_> =
            removes.filter_map(|id| id.strip_suffix(&of_principal)).map(str::to_owned).collect();
        let all = ids.into_iter().chain([&grant.id]).chain(needs.iter().map(|(need, _)| &need.id));
        self.ledger.load(all.map(|id| keys.expiration_id(id)).collect()).await?;
        let (request_id, ends_at) = (self.request_id, self.ends_at);
        Ok(Grants { keys, request_id, now, ends_at, is_confirmed, grant, is_new, removes, needs })
    }
}

/// The effects of a write, or of all writes of a request.
#[derive(Clone, Copy)]
pub(crate) struct Effects<'a> {
    /// The requested grant and those that it needs.
    pub(crate) grants: &'a [GrantRef],
    pub(crate) replaced: &'a [String],
    pub(crate) removed: &'a [String],
    pub(crate) further: &'a [String],
}
