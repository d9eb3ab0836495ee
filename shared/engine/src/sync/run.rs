//! A run: from the event to the answer.

use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::clock::ksuid;
use rollcall_connector::event::{Reason, SyncAnswer, SyncEvent, SyncStatus};
use rollcall_connector::{Code, Error, ErrorType, Identity, Syncer, Warning, event};

use super::answer;
use super::checkpoint;
use super::commit::{Commit, CommitKind};
use super::finish::{self, Finished};
use super::frontier::{self, Stop};
use super::journal::{Files, Journal, SavedRun};
use super::publish;
use super::work::Work;
use crate::catalog::latest::{self, Baseline};
use crate::catalog::manifest::{Manifest, Status};
use crate::catalog::{accept, tenant};
use crate::context::Context;
use crate::store::get_json;
use crate::store::keys::Keys;
use crate::store::lease::{self, Acquired, Found, Lease, LeaseRequest};

/// The number of rows that a small function finishes in a second, by a conservative estimate.
const ROWS_PER_SECOND: u64 = 25_000;

/// A run that takes longer to finish is saved first.
const WORTH_SAVING: Duration = Duration::from_secs(10);

/// Syncs a connection, or resumes a run.
pub async fn run<C: Syncer>(cx: &Context, event: &SyncEvent) -> Result<SyncAnswer, Error> {
    event::check_connection(&event.connection)?;
    let keys = Keys { connector: C::ABOUT.name, connection: &event.connection };
    let ids = [&event.sync_id, &event.start_as, &event.cancel, &event.accept];
    if ids.iter().filter(|id| id.is_some()).count() > 1 {
        return Err(Error::invalid(
            Code::MalformedEvent,
            "the event names more than one run or snapshot",
            "Send only one of `sync_id`, `start_as`, `cancel` and `accept`.",
        ));
    }
    for id in ids.into_iter().flatten() {
        event::check_sync_id(id)?;
    }
    if let Some(held) = &event.accept {
        let manifest = accept::accept(&*cx.store, keys, held).await?;
        cx.gauges.snapshot_is_of(manifest.ended_at);
        return Ok(answer::with_status(&manifest, SyncStatus::Complete));
    }
    if let Some(id) = &event.cancel {
        return cancel(cx, keys, id).await;
    }
    let wanted = match (&event.sync_id, &event.start_as) {
        (Some(id), _) => Wanted::Unfinished(id),
        (None, Some(id)) => Wanted::StartAs(id),
        (None, None) => Wanted::Next,
    };
    take::<C>(cx, keys, wanted).await
}

/// The run that an event asks for.
#[derive(Debug, Clone, Copy)]
enum Wanted<'a> {
    /// One that was killed or never resumed, otherwise a new one.
    Next,
    /// The unfinished run with this id.
    Unfinished(&'a str),
    /// The run with this id, which is a new one if it is unknown.
    StartAs(&'a str),
}

/// Acquires the lease and works under it.
async fn take<C: Syncer>(
    cx: &Context,
    keys: Keys<'_>,
    mut wanted: Wanted<'_>,
) -> Result<SyncAnswer, Error> {
    let (store, clock) = (&*cx.store, &*cx.clock);
    loop {
        let found = lease::look::<SavedRun>(store, keys.lease()).await?;
        let sync_id = match wanted {
            Wanted::Next => abandoned(cx, keys, &found).await?.unwrap_or_else(|| ksuid(clock)),
            Wanted::Unfinished(id) | Wanted::StartAs(id) => {
                if let Some(answer) = over(cx, keys, id, &found).await? {
                    return Ok(answer);
                }
                // A mistyped id must not harm another unfinished run.
                if matches!(wanted, Wanted::Unfinished(_)) && !found.is_of(id) {
                    return Err(unknown_run(id));
                }
                id.to_owned()
            }
        };
        let before = Baseline::read(store, keys).await?;
        if let Some(at) = before.ended_at() {
            cx.gauges.snapshot_is_of(at);
        }
        let request =
            LeaseRequest { owner: &sync_id, floor: before.generation(), ttl: cx.lease_duration() };
        let lease = match found.acquire(store, clock, &request).await? {
            Some(Acquired::Held(lease)) => lease,
            // The run with this id is in progress, or was killed and keeps its lease a little longer.
            Some(Acquired::Busy(holder)) if holder.owner == sync_id => {
                let (reason, until) = (Reason::Lease, holder.expires_at);
                return Ok(answer::unfinished(keys.connection, &sync_id, reason, until));
            }
            Some(Acquired::Busy(holder)) => return Ok(answer::busy(keys.connection, &holder)),
            // Another process has written the lease since it was read.
            None => continue,
        };
        let saved = lease.state().cloned();
        let Some(outdated) = saved.as_ref().filter(|saved| saved.is_outdated(cx)) else {
            return work::<C>(cx, (keys, &sync_id), lease, saved, &before).await;
        };
        tracing::warn!(sync_id, started_at = %outdated.started_at, "the run is too old or from another version, and starts again");
        if matches!(wanted, Wanted::StartAs(_)) {
            return work::<C>(cx, (keys, &sync_id), lease.without_state(), None, &before).await;
        }
        lease.release(store, clock).await?;
        wanted = Wanted::Next;
    }
}

/// The run that was killed or never resumed, unless its snapshot is stored.
async fn abandoned(
    cx: &Context,
    keys: Keys<'_>,
    found: &Found<SavedRun>,
) -> Result<Option<String>, Error> {
    let Some(lease) = found.peek().filter(|lease| lease.is_abandoned(cx.clock.now())) else {
        return Ok(None);
    };
    let is_over = published(cx, keys, &lease.owner).await?.is_some();
    Ok(Some(lease.owner).filter(|_| !is_over))
}

/// Ends a run for good. A process that is storing its manifest at this moment may still publish it.
async fn cancel(cx: &Context, keys: Keys<'_>, sync_id: &str) -> Result<SyncAnswer, Error> {
    loop {
        let found = lease::look::<SavedRun>(&*cx.store, keys.lease()).await?;
        if let Some(answer) = over(cx, keys, sync_id, &found).await? {
            return Ok(answer);
        }
        if !found.is_of(sync_id) {
            return Err(unknown_run(sync_id));
        }
        if found.close(&*cx.store, &*cx.clock).await? {
            // Since it was looked for, a process that was at work may have stored the snapshot.
            let stored = published(cx, keys, sync_id).await?;
            return Ok(stored.unwrap_or_else(|| answer::cancelled(keys.connection, sync_id)));
        }
    }
}

/// The answer of a run that is over: its snapshot is stored, or it was cancelled.
async fn over(
    cx: &Context,
    keys: Keys<'_>,
    sync_id: &str,
    found: &Found<SavedRun>,
) -> Result<Option<SyncAnswer>, Error> {
    let holder = found.peek().filter(|lease| lease.owner == sync_id);
    let Some(answer) = published(cx, keys, sync_id).await? else {
        let is_cancelled = holder.is_some_and(|lease| lease.closed);
        return Ok(is_cancelled.then(|| answer::cancelled(keys.connection, sync_id)));
    };
    // A run that was suspended while it moved the pointer has nothing left to do.
    if holder.is_some_and(|lease| !lease.active && !lease.ended) {
        found.close(&*cx.store, &*cx.clock).await?;
    }
    Ok(Some(answer))
}

/// The answer of a run whose manifest is written. The run may have been killed before it moved the pointer.
async fn published(
    cx: &Context,
    keys: Keys<'_>,
    sync_id: &str,
) -> Result<Option<SyncAnswer>, Error> {
    let manifest = get_json::<Manifest>(&*cx.store, &keys.manifest(sync_id)).await?;
    let Some((manifest, _)) = manifest else {
        return Ok(None);
    };
    latest::republish(&*cx.store, &manifest).await?;
    Ok(Some(answer::finished(&manifest)))
}

fn unknown_run(sync_id: &str) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::UnknownRun,
        format!("there is no unfinished run {sync_id}"),
        "Check the id, or start a new run: send the event without `sync_id` and `cancel`.",
    )
}

async fn work<C: Syncer>(
    cx: &Context,
    (keys, sync_id): (Keys<'_>, &str),
    lease: Lease<SavedRun>,
    saved: Option<SavedRun>,
    before: &Baseline,
) -> Result<SyncAnswer, Error> {
    // A run that is killed logs nothing later, so its id is in the log from the start.
    let (resumed, generation) = (saved.is_some(), lease.generation());
    tracing::info!(sync_id, resumed, generation, "the run begins");
    let files = match Files::create(cx) {
        Ok(files) => files,
        Err(e) => {
            lease.give_back(&*cx.store, &*cx.clock).await;
            return Err(e.into());
        }
    };
    let saved = saved.unwrap_or_else(|| SavedRun::new(cx.clock.now()));
    let mut run = Journal::new(cx, keys, sync_id, lease, files, saved);
    let stopped = match run.slice::<C>(before).await {
        Ok(Ended::Published(manifest)) => {
            // The snapshot is published, whether that succeeds or not.
            run.lease.give_back(&*cx.store, &*cx.clock).await;
            cx.gauges.wrote(manifest.snapshot.bytes);
            if manifest.status == Status::Published {
                cx.gauges.snapshot_is_of(manifest.ended_at);
            }
            return Ok(answer::finished(&manifest));
        }
        Ok(Ended::Waiting(reason, at)) => run.suspend(reason, at).await,
        Err(e) => Err(e),
    };
    match stopped {
        Ok(answer) => Ok(answer),
        Err(e) if e.code() == Code::LeaseLost && is_cancelled(cx, keys, sync_id).await => {
            Ok(answer::cancelled(keys.connection, sync_id))
        }
        Err(e) => run.postpone(e).await,
    }
}

/// Whether an event has cancelled the run. If the lease cannot be read, that is not known.
async fn is_cancelled(cx: &Context, keys: Keys<'_>, sync_id: &str) -> bool {
    let holder = lease::peek(&*cx.store, &keys.lease()).await;
    matches!(holder, Ok(Some(lease)) if lease.owner == sync_id && lease.closed)
}

/// The result of a slice.
enum Ended {
    Published(Box<Manifest>),
    Waiting(Reason, Timestamp),
}

impl Journal<'_> {
    async fn slice<C: Syncer>(&mut self, before: &Baseline) -> Result<Ended, Error> {
        let cx = self.cx;
        let session = cx.session();
        self.meter = session.meter.clone();
        self.requests_end = session.deadline;
        let connected = cx.connect::<C>(self.keys.connection, session).await?;
        let connector = connected.connector;
        let identified = tokio::select! {
            biased;
            () = cx.interrupt.raised() => return Ok(self.interrupted()),
            identified = connector.identify() => identified,
        };
        let identity = identified?;
        cx.gauges.credential_expires(identity.credential_expires_at);
        before.check_tenant(self.keys, &identity.tenant)?;
        self.begin::<C>(&connector, &identity).await?;

        self.steps_before = self.work.counts().done;
        let drained = frontier::drain(self, &connector, &identity).await;
        // A run that restarts repeats the same steps, which is not progress.
        if !drained.as_ref().is_err_and(Error::restarts_run) {
            self.count_progress();
        }
        match drained? {
            Some(Stop::RateLimit(at)) => return Ok(Ended::Waiting(Reason::RateLimit, at)),
            Some(Stop::Deadline) => return Ok(Ended::Waiting(Reason::Deadline, cx.clock.now())),
            Some(Stop::Interrupted) => return Ok(self.interrupted()),
            None => {}
        }
        let noticed = connector.check(&identity, &self.work.tallies()?);
        // What is wrong with the whole is also in the checkpoint.
        let noticed = noticed.map_err(Error::with_run_restart)?;
        let estimate = self.estimate()?;
        if self.has_progressed() && cx.remaining() < estimate {
            return Ok(Ended::Waiting(Reason::Finishing, cx.clock.now()));
        }
        let mut warnings = connected.warnings;
        warnings.extend(identity.warnings.iter().cloned());
        warnings.extend(identity.expiry_warning(cx.clock.now()));
        warnings.extend(noticed);
        Ok(match self.finish::<C>(&identity, warnings, estimate).await? {
            Some(manifest) => Ended::Published(Box::new(manifest)),
            None => self.interrupted(),
        })
    }

    /// Only consecutive outages count: a finished step resets the count.
    fn count_progress(&mut self) {
        if self.has_progressed() {
            self.saved.failures = 0;
        }
    }

    /// Whether this slice finished any step.
    fn has_progressed(&self) -> bool {
        self.work.counts().done > self.steps_before
    }

    /// The operator requested a stop: the run waits, and the next sync resumes it.
    fn interrupted(&self) -> Ended {
        Ended::Waiting(Reason::Interrupted, self.cx.clock.now())
    }

    /// How long finishing may take: most of it is writing and indexing rows, and expansion makes more of them.
    fn estimate(&self) -> Result<Duration, Error> {
        let rows = self.work.rows()?;
        let expands = self.cx.settings.expand && self.work.expands()?;
        let rows = rows.saturating_mul(if expands { 3 } else { 1 });
        Ok(Duration::from_secs(2 + rows / ROWS_PER_SECOND))
    }

    /// Begins a run, or restores the state in which an earlier slice stopped.
    async fn begin<C: Syncer>(&mut self, connector: &C, identity: &Identity) -> Result<(), Error> {
        if let Some(tenant) = &self.saved.tenant {
            tenant::check_same(self.keys, tenant, &identity.tenant)
                .map_err(Error::with_run_restart)?;
        }
        if !self.saved.parts.is_empty() {
            return checkpoint::replay(&*self.cx.store, &self.saved.parts, &mut self.work).await;
        }
        self.saved.tenant = Some(identity.tenant.clone());
        let steps = connector.start(identity);
        self.commit(&Commit::steps::<C>(CommitKind::Start, &steps)?)
    }

    /// Writes and publishes the snapshot; `None` if the operator asked to stop before it was written.
    async fn finish<C: Syncer>(
        &mut self,
        identity: &Identity,
        warnings: Vec<Warning>,
        estimate: Duration,
    ) -> Result<Option<Manifest>, Error> {
        let cx = self.cx;
        let started_at = self.saved.started_at;
        self.report_progress(true)?;
        if estimate > WORTH_SAVING {
            self.save().await?;
        }
        // Nobody renews the lease while the snapshot is written.
        let (store, clock) = (&*cx.store, &*cx.clock);
        self.lease.renew(store, clock, cx.lease_duration().max(estimate * 2)).await?;
        let finished = tokio::select! {
            biased;
            () = cx.interrupt.raised() => return Ok(None),
            finished = self.write::<C>(started_at) => finished?,
        };
        // Before anything becomes visible to others: is the lease still ours?
        self.lease.renew(store, clock, cx.lease_duration()).await?;
        let snapshot = self.keys.snapshot(self.sync_id, self.lease.generation());
        publish::store_snapshot(store, &snapshot, &finished.file).await?;
        self.lease.renew(store, clock, cx.lease_duration()).await?;
        // Read now: a quarantined snapshot may have been accepted since the slice began.
        let before = Baseline::read(store, self.keys).await?;
        before.check_tenant(self.keys, &identity.tenant)?;
        let about = C::ABOUT;
        let manifest =
            publish::manifest(self, about, identity, &before, warnings, snapshot, &finished);
        latest::publish(store, &manifest).await?;
        Ok(Some(manifest))
    }

    /// Writes the snapshot file on a thread of its own, since it only computes.
    async fn write<C: Syncer>(&mut self, started_at: Timestamp) -> Result<Finished, Error> {
        let folder = self.folder.path().to_owned();
        let work = std::mem::replace(&mut self.work, Work::spent()?);
        let (sync_id, expand) = (self.sync_id.to_owned(), self.cx.settings.expand);
        let ended_at = self.cx.clock.now();
        let write = move || {
            let options = finish::SnapshotOptions {
                about: C::ABOUT,
                sync_id: &sync_id,
                started_at,
                expand,
                folder: &folder,
            };
            finish::finish(&work, &options, ended_at)
        };
        tokio::task::spawn_blocking(write).await.map_err(|e| {
            Error::internal(Code::FinishPanicked, "writing the snapshot panicked").with_source(e)
        })?
    }
}
