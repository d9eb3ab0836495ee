//! A run: from the event to the answer.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::Code;
use serde::{Deserialize, Serialize};

use super::answer;
use super::checkpoint::{self, Log};
use super::commit::{Commit, Kind};
use super::finish::{self, Finished};
use super::frontier::{self, Stop};
use super::publish::{self, Baseline, Publication};
use super::work::Work;
use super::workdir::WorkDir;
use crate::catalog::manifest::{Manifest, Status};
use crate::catalog::tenant;
use crate::context::{Context, Extent};
use crate::store::keys::Keys;
use crate::store::lease::{Acquired, Lease, LeaseRequest};
use crate::store::{get_json, lease};
use rollcall_connector::clock::{after, between, ksuid};
use rollcall_connector::event::{Reason, SyncAnswer, SyncEvent, SyncStatus};
use rollcall_connector::http::limit::{Meter, Usage};
use rollcall_connector::{Chain, Error, ErrorType, Identity, Syncer, Warning, event};
use rollcall_snapshot::scratch;

/// How long a run that waits to be gone on with keeps others away, after the time it asked to be called at.
const RESUME_GRACE: Duration = Duration::from_secs(900);
/// How many rows a small function finishes in a second, by a cautious estimate.
const ROWS_PER_SECOND: u64 = 25_000;

/// A run of which finishing takes longer is saved before it.
const WORTH_SAVING: Duration = Duration::from_secs(10);

/// What is kept of a run between two slices, in its lease.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Saved {
    /// The version of Rollcall that began it.
    version: String,
    pub(super) started_at: Timestamp,
    /// `None`: the vendor has not yet said who we are.
    pub(super) tenant: Option<String>,
    /// The parts of its checkpoint, in order. Without any, the run has yet to begin.
    pub(super) parts: Vec<String>,
    usage: Usage,
    /// How often in a row it met an outage and did no step in between.
    #[serde(default)]
    pub(super) failures: u32,
}

impl Saved {
    fn new(now: Timestamp) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            started_at: now,
            tenant: None,
            parts: Vec::new(),
            usage: Usage::default(),
            failures: 0,
        }
    }

    /// Whether half of it may no longer be true, or was made by other rules.
    fn is_outdated(&self, cx: &Context) -> bool {
        let age = between(self.started_at, cx.clock.now());
        age > cx.settings.max_run_age || self.version != env!("CARGO_PKG_VERSION")
    }
}

/// Syncs a connection, or resumes a run.
pub async fn run<C: Syncer>(cx: &Context, event: &SyncEvent) -> Result<SyncAnswer, Error> {
    event::check_connection(&event.connection)?;
    let keys = Keys {
        connector: C::ABOUT.name,
        connection: &event.connection,
    };
    for id in event.sync_id.iter().chain(&event.accept) {
        check_sync_id(id)?;
    }
    match (&event.accept, &event.sync_id) {
        (Some(_), Some(_)) => Err(Error::invalid(
            Code::MalformedEvent,
            "an event either resumes a run or accepts a snapshot",
            "Send `sync_id` or `accept`, not both.",
        )),
        (Some(held), None) => {
            let manifest = publish::accept(&*cx.store, keys, held).await?;
            cx.gauges.snapshot_is_of(manifest.ended_at);
            Ok(answer::with_status(&manifest, SyncStatus::Complete))
        }
        (None, Some(sync_id)) => {
            // Called again after the end: the same answer again.
            match published(cx, keys, sync_id).await? {
                Some(answer) => Ok(answer),
                None => take::<C>(cx, keys, Some(sync_id)).await,
            }
        }
        (None, None) => take::<C>(cx, keys, None).await,
    }
}

fn check_sync_id(id: &str) -> Result<(), Error> {
    if id.len() == 27 && id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Error::invalid(
        Code::BadSyncId,
        format!("`{id}` is not a sync id"),
        "Use the `sync_id` of an earlier answer.",
    ))
}

/// Acquires the lease and works under it: on the run of this id, or, without one, on a run that was killed or never
/// resumed, or else on a new one.
async fn take<C: Syncer>(
    cx: &Context,
    keys: Keys<'_>,
    resumed: Option<&str>,
) -> Result<SyncAnswer, Error> {
    let now = cx.clock.now();
    let found = lease::peek(&*cx.store, &keys.lease()).await?;
    let sync_id = match (resumed, found) {
        // Somebody else's unfinished run must not suffer from a mistyped id: look before taking anything.
        (Some(id), Some(lease)) if lease.owner == id => lease.owner,
        (Some(id), _) => return Err(unknown_run(id)),
        (None, Some(lease)) if lease.is_abandoned(now) => lease.owner,
        (None, _) => ksuid(&*cx.clock),
    };
    let before = Baseline::read(&*cx.store, keys).await?;
    if let Some(at) = before.ended_at() {
        cx.gauges.snapshot_is_of(at);
    }
    let request = LeaseRequest {
        key: keys.lease(),
        owner: &sync_id,
        floor: before.generation(),
    };
    let lease = match Lease::<Saved>::acquire(&*cx.store, &*cx.clock, request, cx.lease()).await? {
        Acquired::Held(lease) => lease,
        // The run of this id is at work, or was killed and keeps its lease a little longer.
        Acquired::Busy(holder) if resumed.is_some() => {
            let (reason, until) = (Reason::Lease, holder.expires_at);
            return Ok(answer::unfinished(keys.connection, &sync_id, reason, until));
        }
        Acquired::Busy(holder) => return Ok(answer::busy(keys.connection, &holder)),
    };
    let saved = lease.state().cloned();
    if saved.is_some()
        && let Some(answer) = published(cx, keys, &sync_id).await?
    {
        lease.release(&*cx.store, &*cx.clock).await?;
        return match resumed {
            Some(_) => Ok(answer),
            None => Box::pin(take::<C>(cx, keys, None)).await,
        };
    }
    match saved {
        Some(saved) if saved.is_outdated(cx) => {
            tracing::warn!(sync_id, started_at = %saved.started_at, "the run is outdated and starts again");
            lease.release(&*cx.store, &*cx.clock).await?;
            Box::pin(take::<C>(cx, keys, None)).await
        }
        saved => work::<C>(cx, (keys, &sync_id), lease, saved, &before).await,
    }
}

/// The answer of a run that was killed after its manifest was written: all that is left to do is to see to the pointer.
async fn published(
    cx: &Context,
    keys: Keys<'_>,
    sync_id: &str,
) -> Result<Option<SyncAnswer>, Error> {
    let manifest = get_json::<Manifest>(&*cx.store, &keys.manifest(sync_id)).await?;
    let Some((manifest, _)) = manifest else {
        return Ok(None);
    };
    publish::republish(&*cx.store, &manifest).await?;
    Ok(Some(answer::finished(&manifest)))
}

fn unknown_run(sync_id: &str) -> Error {
    Error::new(
        ErrorType::NotFound,
        Code::UnknownRun,
        format!("there is no unfinished run {sync_id}"),
        "Start a new run: send the event without `sync_id`.",
    )
}

async fn work<C: Syncer>(
    cx: &Context,
    (keys, sync_id): (Keys<'_>, &str),
    lease: Lease<Saved>,
    saved: Option<Saved>,
    before: &Baseline,
) -> Result<SyncAnswer, Error> {
    // A run that is killed can say nothing later: its id stands in the log from the start.
    let (resumed, generation) = (saved.is_some(), lease.generation());
    tracing::info!(sync_id, resumed, generation, "the run begins");
    let files = match Files::new(cx) {
        Ok(files) => files,
        Err(e) => {
            lease.give_back(&*cx.store, &*cx.clock).await;
            return Err(e);
        }
    };
    let saved = saved.unwrap_or_else(|| Saved::new(cx.clock.now()));
    let mut run = Run::new(cx, keys, sync_id, lease, files, saved);
    let ended = run.slice::<C>(before).await;
    // A run that starts over does the same steps again: that is no progress.
    if run.has_progressed() && !ended.as_ref().is_err_and(Error::restarts_run) {
        run.saved.failures = 0;
    }
    let stopped = match ended {
        Ok(Ended::Published(manifest)) => {
            // What is published is published, whether that succeeds or not.
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
        Err(e) => run.postpone(e).await,
    }
}

/// How a slice ended.
enum Ended {
    Published(Box<Manifest>),
    Waiting(Reason, Timestamp),
}

/// A run in this process.
pub(super) struct Run<'a> {
    pub(super) cx: &'a Context,
    pub(super) work: Work,
    keys: Keys<'a>,
    sync_id: &'a str,
    lease: Lease<Saved>,
    folder: WorkDir,
    pub(super) log: Log,
    meter: Arc<Meter>,
    /// When requests end, whatever the vendor does; `None`: never.
    pub(super) requests_end: Option<Timestamp>,
    pub(super) saved: Saved,
    /// How many steps were done when this slice began to do some.
    steps_before: u64,
    /// What earlier slices used.
    before: Usage,
    saved_at: Timestamp,
}

/// The files of a run in this process.
struct Files {
    folder: WorkDir,
    work: Work,
    log: Log,
}

impl Files {
    fn new(cx: &Context) -> Result<Self, Error> {
        let parent = cx.settings.scratch.clone();
        let parent = parent.unwrap_or_else(std::env::temp_dir);
        let folder = WorkDir::create(&parent).map_err(scratch)?;
        let work = Work::create(&folder.path().join("work.db"), cx.settings.max_pages)?;
        let log = Log::create(folder.path())?;
        Ok(Self { folder, work, log })
    }
}

impl<'a> Run<'a> {
    fn new(
        cx: &'a Context,
        keys: Keys<'a>,
        sync_id: &'a str,
        lease: Lease<Saved>,
        files: Files,
        saved: Saved,
    ) -> Self {
        Self {
            cx,
            work: files.work,
            keys,
            sync_id,
            lease,
            folder: files.folder,
            log: files.log,
            meter: Arc::default(),
            requests_end: None,
            before: saved.usage,
            saved,
            steps_before: u64::MAX,
            saved_at: cx.clock.now(),
        }
    }

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

        self.steps_before = self.work.extent().steps_done;
        match frontier::drain(self, &connector, &identity).await? {
            Some(Stop::RateLimit(at)) => return Ok(Ended::Waiting(Reason::RateLimit, at)),
            Some(Stop::Deadline) => return Ok(Ended::Waiting(Reason::Deadline, cx.clock.now())),
            Some(Stop::Interrupted) => return Ok(self.interrupted()),
            None => {}
        }
        let noticed = connector.check(&identity, &self.work.tallies()?);
        // What is wrong with the whole is in the checkpoint, too.
        let noticed = noticed.map_err(Error::restarting_run)?;
        let estimate = self.estimate()?;
        if self.has_progressed() && cx.remaining() < estimate {
            return Ok(Ended::Waiting(Reason::Finishing, cx.clock.now()));
        }
        let mut warnings = connected.warnings;
        warnings.extend(identity.warnings.iter().cloned());
        warnings.extend(identity.ends_soon(cx.clock.now()));
        warnings.extend(noticed);
        let manifest = self.finish::<C>(&identity, warnings, estimate).await?;
        Ok(Ended::Published(Box::new(manifest)))
    }

    /// Whether this slice did any step.
    fn has_progressed(&self) -> bool {
        self.work.extent().steps_done > self.steps_before
    }

    /// The operator asked to stop: the run waits, and whoever syncs next resumes it.
    fn interrupted(&self) -> Ended {
        Ended::Waiting(Reason::Interrupted, self.cx.clock.now())
    }

    /// How long finishing may take: most of it is writing and indexing rows, and expansion makes more of them.
    fn estimate(&self) -> Result<Duration, Error> {
        let rows = self.work.rows()?;
        let expands = self.cx.settings.expand && self.work.expands()?;
        let rows = if expands {
            rows.saturating_mul(3)
        } else {
            rows
        };
        Ok(Duration::from_secs(2 + rows / ROWS_PER_SECOND))
    }

    /// Begins a run, or brings this process to where an earlier slice stopped.
    async fn begin<C: Syncer>(&mut self, connector: &C, identity: &Identity) -> Result<(), Error> {
        if let Some(tenant) = &self.saved.tenant {
            tenant::same(self.keys, tenant, &identity.tenant).map_err(Error::restarting_run)?;
        }
        if !self.saved.parts.is_empty() {
            return checkpoint::replay(&*self.cx.store, &self.saved.parts, &mut self.work).await;
        }
        self.saved.tenant = Some(identity.tenant.clone());
        let steps = connector.start(identity);
        self.commit(&Commit::steps::<C>(Kind::Start, &steps)?)
    }

    async fn finish<C: Syncer>(
        &mut self,
        identity: &Identity,
        warnings: Vec<Warning>,
        estimate: Duration,
    ) -> Result<Manifest, Error> {
        let cx = self.cx;
        let started_at = self.saved.started_at;
        self.report_progress(true)?;
        if estimate > WORTH_SAVING {
            self.save().await?;
        }
        // Nobody renews the lease while the snapshot is written.
        let (store, clock) = (&*cx.store, &*cx.clock);
        self.lease
            .renew(store, clock, cx.lease().max(estimate * 2))
            .await?;
        let finished = self.write::<C>(started_at).await?;
        // Baseline each thing that others will see: are we still the one?
        self.lease.renew(store, clock, cx.lease()).await?;
        let snapshot = self.keys.snapshot(self.sync_id, self.lease.generation());
        publish::store_snapshot(store, &snapshot, &finished.file).await?;
        self.lease.renew(store, clock, cx.lease()).await?;
        // Read now: a quarantined snapshot may have been accepted since the slice began.
        let before = Baseline::read(store, self.keys).await?;
        before.check_tenant(self.keys, &identity.tenant)?;
        let publication = Publication {
            about: C::ABOUT,
            keys: self.keys,
            sync_id: self.sync_id,
            generation: self.lease.generation(),
            snapshot,
            identity,
            started_at,
            ended_at: cx.clock.now(),
            usage: self.usage(),
            warnings,
        };
        publish::publish(store, &before, publication, &finished).await
    }

    /// Writes the snapshot file on a thread of its own: it is all computing.
    async fn write<C: Syncer>(&mut self, started_at: Timestamp) -> Result<Finished, Error> {
        let folder = self.folder.path().to_owned();
        let work = std::mem::replace(&mut self.work, Work::spent()?);
        let (sync_id, expand) = (self.sync_id.to_owned(), self.cx.settings.expand);
        let ended_at = self.cx.clock.now();
        let write = move || {
            let plan = finish::Plan {
                about: C::ABOUT,
                sync_id: &sync_id,
                started_at,
                expand,
                folder: &folder,
            };
            finish::finish(&work, &plan, ended_at)
        };
        tokio::task::spawn_blocking(write).await.map_err(|e| {
            Error::internal(Code::FinishPanicked, "writing the snapshot panicked").with_source(e)
        })?
    }

    fn usage(&self) -> Usage {
        self.before + self.meter.usage()
    }

    /// Applies a commit to the working database, and keeps it for the checkpoint.
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<(), Error> {
        if self.work.apply(commit)? {
            self.log.add(commit)?;
        }
        Ok(())
    }

    /// Reports how far the run is.
    pub(super) fn report_progress(&self, finishing: bool) -> Result<(), Error> {
        if let Some(progress) = &self.cx.progress {
            let extent = self.work.extent();
            progress.at(Extent {
                steps_done: extent.steps_done,
                steps_known: extent.steps_known,
                records: self.work.rows()?,
                usage: self.usage(),
                finishing,
            });
        }
        Ok(())
    }

    /// Keeps the lease, and saves the run from time to time.
    pub(super) async fn heartbeat(&mut self) -> Result<(), Error> {
        let now = self.cx.clock.now();
        if between(self.saved_at, now) >= self.cx.settings.checkpoint_every {
            return self.save().await;
        }
        if between(now, self.lease.expires_at()) < self.cx.settings.lease / 2 {
            let (store, clock) = (&*self.cx.store, &*self.cx.clock);
            self.lease.renew(store, clock, self.cx.lease()).await?;
        }
        Ok(())
    }

    /// Uploads what is new, and remembers it in the lease.
    async fn save(&mut self) -> Result<(), Error> {
        self.upload().await?;
        let (store, clock) = (&*self.cx.store, &*self.cx.clock);
        self.lease
            .update(store, clock, self.cx.lease(), self.saved.clone())
            .await
    }

    async fn upload(&mut self) -> Result<(), Error> {
        self.saved_at = self.cx.clock.now();
        let number = self.saved.parts.len() + 1;
        let key = self
            .keys
            .part(self.lease.generation(), self.sync_id, number);
        if self.log.upload(&*self.cx.store, &key).await? {
            self.saved.parts.push(key);
        }
        self.saved.usage = self.usage();
        Ok(())
    }

    /// Saves the run for a later slice.
    pub(super) async fn suspend(
        &mut self,
        reason: Reason,
        at: Timestamp,
    ) -> Result<SyncAnswer, Error> {
        self.upload().await?;
        let until = match reason {
            Reason::Interrupted => at,
            _ => after(at, RESUME_GRACE),
        };
        let saved = self.saved.clone();
        let calls = saved.usage.calls;
        self.lease.suspend(&*self.cx.store, until, saved).await?;
        let answer = answer::unfinished(self.keys.connection, self.sync_id, reason, at);
        Ok(SyncAnswer { calls, ..answer })
    }

    /// Saves what can be saved of a run that failed, for a retry with its `sync_id`, and lets others go ahead.
    pub(super) async fn give_up(mut self, failure: Error) -> Error {
        let (store, clock) = (&*self.cx.store, &*self.cx.clock);
        if failure.restarts_run() {
            self.lease.without_state().give_back(store, clock).await;
            return failure;
        }
        let is_lost = match self.save().await {
            Ok(()) => false,
            Err(e) => {
                tracing::warn!(error = %Chain(&e), "the failed run could not be saved once more");
                e.code() == lease::LOST
            }
        };
        if is_lost {
            return failure;
        }
        let is_free = self.lease.give_back(store, clock).await;
        // Where the lease still names the run, only its id gets past it.
        if is_free && self.saved.parts.is_empty() {
            return failure;
        }
        failure.with_resumable_sync_id(self.sync_id)
    }
}
