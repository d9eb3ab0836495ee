//! A run: from the event to the answer.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::checkpoint::{self, Log};
use super::commit::{Commit, Kind};
use super::finish::{self, Finished};
use super::frontier::{self, Stop};
use super::manifest::{Manifest, Status};
use super::publish::{self, Before, Publication};
use super::scratch;
use super::work::Work;
use crate::clock::{after, between, ksuid};
use crate::connector::{Identity, Syncer, Warning};
use crate::context::{Context, Extent};
use crate::error::{Chain, Error, ErrorType};
use crate::event::{self, Counts, Reason, SyncAnswer, SyncEvent, SyncStatus};
use crate::http::limit::{Meter, Usage};
use crate::store::keys::Keys;
use crate::store::lease::{self, Acquired, Asked, Lease};
use crate::store::{get_json, tenant};

/// How long a run that waits to be gone on with keeps others away, after the time it asked to be called at.
const PATIENCE: Duration = Duration::from_secs(900);
/// How many rows a small function finishes in a second, by a cautious estimate.
const ROWS_PER_SECOND: u64 = 25_000;

/// A run of which finishing takes longer is saved before it.
const WORTH_SAVING: Duration = Duration::from_secs(10);

/// What is kept of a run between two slices, in its lease.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Saved {
    /// The version of Rollcall that began it.
    version: String,
    started_at: Timestamp,
    tenant: String,
    /// The parts of its checkpoint, in order.
    parts: Vec<String>,
    usage: Usage,
}

/// Syncs a connection, or goes on with it.
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
            "MalformedEvent",
            "an event either goes on with a run or accepts one",
            "Send `sync_id` or `accept`, not both.",
        )),
        (Some(held), None) => {
            let manifest = publish::accept(&*cx.store, keys, held).await?;
            cx.gauges.snapshot_is_of(manifest.ended_at);
            Ok(answer(&manifest, SyncStatus::Complete))
        }
        (None, Some(sync_id)) => {
            match get_json::<Manifest>(&*cx.store, &keys.manifest(sync_id)).await? {
                // Asked again after the end: the same answer again.
                Some((manifest, _)) => {
                    publish::republish(&*cx.store, &manifest).await?;
                    Ok(finished(&manifest))
                }
                None => take::<C>(cx, keys, sync_id, true).await,
            }
        }
        (None, None) => take::<C>(cx, keys, &ksuid(&*cx.clock), false).await,
    }
}

fn check_sync_id(id: &str) -> Result<(), Error> {
    if id.len() == 27 && id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Error::invalid(
        "BadSyncId",
        format!("`{id}` is no sync id"),
        "Use the `sync_id` of an earlier answer.",
    ))
}

/// Takes the lease and works under it.
async fn take<C: Syncer>(
    cx: &Context,
    keys: Keys<'_>,
    sync_id: &str,
    resume: bool,
) -> Result<SyncAnswer, Error> {
    // Somebody else's unfinished run must not suffer from a mistyped id: look before taking anything.
    if resume {
        let found = lease::peek(&*cx.store, &keys.lease()).await?;
        if found.is_none_or(|lease| lease.owner != sync_id) {
            return Err(unknown_run(sync_id));
        }
    }
    let before = Before::read(&*cx.store, keys).await?;
    if let Some(at) = before.ended_at() {
        cx.gauges.snapshot_is_of(at);
    }
    let asked = Asked {
        key: keys.lease(),
        owner: sync_id,
        floor: before.generation(),
    };
    let acquired = Lease::<Saved>::acquire(&*cx.store, &*cx.clock, asked, cx.lease()).await?;
    let lease = match acquired {
        Acquired::Held(lease) => lease,
        // The run that is asked for is at work, or died and keeps its lease a little longer.
        Acquired::Busy(until) if resume => {
            return Ok(unfinished(keys, sync_id, Reason::Lease, until));
        }
        Acquired::Busy(until) => return Ok(busy(keys.connection, until)),
    };
    let saved = lease.state().cloned();
    let outdated = |s: &Saved| {
        let age = between(s.started_at, cx.clock.now());
        age > cx.settings.max_run_age || s.version != env!("CARGO_PKG_VERSION")
    };
    match saved {
        None if resume => {
            lease.give_back(&*cx.store, &*cx.clock).await;
            Err(unknown_run(sync_id))
        }
        Some(saved) if outdated(&saved) => {
            // Half of what it has may no longer be true, or was made by other rules.
            tracing::warn!(sync_id, started_at = %saved.started_at, "the run is outdated and starts again");
            lease.release(&*cx.store, &*cx.clock).await?;
            Box::pin(take::<C>(cx, keys, &ksuid(&*cx.clock), false)).await
        }
        saved => work::<C>(cx, (keys, sync_id), lease, saved, &before).await,
    }
}

fn unknown_run(sync_id: &str) -> Error {
    Error::new(
        ErrorType::NotFound,
        "UnknownRun",
        format!("there is no unfinished run {sync_id}"),
        "Start a new run: send the event without `sync_id`.",
    )
}

async fn work<C: Syncer>(
    cx: &Context,
    (keys, sync_id): (Keys<'_>, &str),
    lease: Lease<Saved>,
    saved: Option<Saved>,
    before: &Before,
) -> Result<SyncAnswer, Error> {
    let scratch = match Scratch::new(cx) {
        Ok(scratch) => scratch,
        Err(e) => {
            lease.give_back(&*cx.store, &*cx.clock).await;
            return Err(e);
        }
    };
    let mut run = Run::new(cx, keys, sync_id, lease, scratch);
    match run.slice::<C>(saved, before).await {
        Ok(Ended::Published(manifest)) => {
            // What is published is published, whether that succeeds or not.
            run.lease.give_back(&*cx.store, &*cx.clock).await;
            cx.gauges.wrote(manifest.snapshot.bytes);
            if manifest.status == Status::Published {
                cx.gauges.snapshot_is_of(manifest.ended_at);
            }
            Ok(finished(&manifest))
        }
        Ok(Ended::Waiting(reason, at)) => run.suspend(reason, at).await,
        Err(e) => Err(run.give_up(e).await),
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
    folder: TempDir,
    log: Log,
    meter: Arc<Meter>,
    /// What earlier slices used.
    before: Usage,
    saved: Option<Saved>,
    saved_at: Timestamp,
}

/// The files of a run in this process.
struct Scratch {
    folder: TempDir,
    work: Work,
    log: Log,
}

impl Scratch {
    fn new(cx: &Context) -> Result<Self, Error> {
        let folder = match &cx.settings.scratch {
            Some(path) => TempDir::with_prefix_in("rollcall-", path),
            None => TempDir::with_prefix("rollcall-"),
        };
        let folder = folder.map_err(scratch)?;
        let work = Work::create(&folder.path().join("work.db"), cx.settings.max_pages)?;
        let log = Log::create(&folder.path().join("log.zst"))?;
        Ok(Self { folder, work, log })
    }
}

impl<'a> Run<'a> {
    fn new(
        cx: &'a Context,
        keys: Keys<'a>,
        sync_id: &'a str,
        lease: Lease<Saved>,
        scratch: Scratch,
    ) -> Self {
        Self {
            cx,
            work: scratch.work,
            keys,
            sync_id,
            lease,
            folder: scratch.folder,
            log: scratch.log,
            meter: Arc::default(),
            before: Usage::default(),
            saved: None,
            saved_at: cx.clock.now(),
        }
    }

    async fn slice<C: Syncer>(
        &mut self,
        saved: Option<Saved>,
        before: &Before,
    ) -> Result<Ended, Error> {
        let cx = self.cx;
        let resumed = saved.is_some();
        self.before = saved.as_ref().map_or_else(Usage::default, |s| s.usage);
        self.saved = saved;
        let session = cx.session();
        self.meter = session.meter.clone();
        let connected = cx.connect::<C>(self.keys.connection, session).await?;
        let connector = connected.connector;
        let identity = match connector.identify().await {
            // Where a limit stopped the slice before, it may still hold.
            Err(e) if resumed && e.kind() == ErrorType::RateLimited => {
                let at = e.retry_at().unwrap_or_else(|| cx.clock.now());
                return Ok(Ended::Waiting(Reason::RateLimit, at));
            }
            identity => identity?,
        };
        cx.gauges.credential_expires(identity.credential_expires_at);
        before.check_tenant(self.keys, &identity.tenant)?;
        self.begin::<C>(&connector, &identity).await?;

        let slice_began = self.work.extent()?.steps_done;
        match frontier::drain(self, &connector, &identity).await? {
            Some(Stop::RateLimit(at)) => return Ok(Ended::Waiting(Reason::RateLimit, at)),
            Some(Stop::Deadline) => return Ok(Ended::Waiting(Reason::Deadline, cx.clock.now())),
            None => {}
        }
        let noticed = connector.check(&identity, &self.work.tallies()?)?;
        let did_something = self.work.extent()?.steps_done > slice_began;
        let estimate = self.estimate()?;
        if did_something && cx.remaining() < estimate {
            return Ok(Ended::Waiting(Reason::Finishing, cx.clock.now()));
        }
        let mut warnings = connected.warnings;
        warnings.extend(identity.warnings.iter().cloned());
        warnings.extend(identity.ends_soon(cx.clock.now()));
        warnings.extend(noticed);
        let manifest = self
            .finish::<C>(before, &identity, warnings, estimate)
            .await?;
        Ok(Ended::Published(Box::new(manifest)))
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
        if let Some(saved) = &self.saved {
            tenant::same(self.keys, &saved.tenant, &identity.tenant)?;
            return checkpoint::replay(&*self.cx.store, &saved.parts, &mut self.work).await;
        }
        self.saved = Some(Saved {
            version: env!("CARGO_PKG_VERSION").into(),
            started_at: self.cx.clock.now(),
            tenant: identity.tenant.clone(),
            parts: Vec::new(),
            usage: Usage::default(),
        });
        let steps = connector.start(identity);
        self.commit(&Commit::steps::<C>(Kind::Start, &steps)?)
    }

    async fn finish<C: Syncer>(
        &mut self,
        before: &Before,
        identity: &Identity,
        warnings: Vec<Warning>,
        estimate: Duration,
    ) -> Result<Manifest, Error> {
        let cx = self.cx;
        let started_at = self.started_at();
        self.tell(true)?;
        if estimate > WORTH_SAVING {
            self.save().await?;
        }
        // Nobody renews the lease while the snapshot is written.
        let (store, clock) = (&*cx.store, &*cx.clock);
        self.lease
            .renew(store, clock, cx.lease().max(estimate * 2))
            .await?;
        let finished = self.write::<C>(started_at).await?;
        // Before each thing that others will see: are we still the one?
        self.lease.renew(store, clock, cx.lease()).await?;
        publish::store_snapshot(store, self.keys, self.sync_id, &finished.file).await?;
        self.lease.renew(store, clock, cx.lease()).await?;
        let publication = Publication {
            about: C::ABOUT,
            keys: self.keys,
            sync_id: self.sync_id,
            generation: self.lease.generation(),
            identity,
            started_at,
            ended_at: cx.clock.now(),
            usage: self.usage(),
            warnings,
        };
        publish::publish(&*cx.store, before, publication, &finished).await
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
            Error::internal("FinishPanicked", "writing the snapshot panicked").with_source(e)
        })?
    }

    fn started_at(&self) -> Timestamp {
        self.saved.as_ref().map_or(self.saved_at, |s| s.started_at)
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

    /// Tells how far the run is.
    pub(super) fn tell(&self, finishing: bool) -> Result<(), Error> {
        if let Some(progress) = &self.cx.progress {
            let extent = self.work.extent()?;
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
    pub(super) async fn keep(&mut self) -> Result<(), Error> {
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
        let Some(saved) = self.upload().await? else {
            return Ok(());
        };
        let (store, clock) = (&*self.cx.store, &*self.cx.clock);
        self.lease
            .update(store, clock, self.cx.lease(), saved)
            .await
    }

    async fn upload(&mut self) -> Result<Option<Saved>, Error> {
        self.saved_at = self.cx.clock.now();
        let usage = self.usage();
        let Some(saved) = self.saved.as_mut() else {
            return Ok(None);
        };
        let key = checkpoint::next_part(
            self.keys,
            self.lease.generation(),
            self.sync_id,
            &saved.parts,
        );
        if self.log.upload(&*self.cx.store, &key).await? {
            saved.parts.push(key);
        }
        saved.usage = usage;
        Ok(Some(saved.clone()))
    }

    /// Saves the run for a later slice.
    async fn suspend(mut self, reason: Reason, at: Timestamp) -> Result<SyncAnswer, Error> {
        let Some(saved) = self.upload().await? else {
            return Err(Error::internal(
                "NothingToSave",
                "a run stopped before it began",
            ));
        };
        let mut answer = unfinished(self.keys, self.sync_id, reason, at);
        answer.calls = saved.usage.calls;
        self.lease
            .suspend(&*self.cx.store, after(at, PATIENCE), saved)
            .await?;
        Ok(answer)
    }

    /// Saves what can be saved of a run that failed, for a retry with its `sync_id`, and lets others go ahead.
    async fn give_up(mut self, failure: Error) -> Error {
        let kept = match self.save().await {
            Ok(()) => self.saved.is_some(),
            Err(e) => {
                tracing::warn!(error = %Chain(&e), "the failed run could not be saved");
                false
            }
        };
        let failure = match kept {
            true => failure.with_run(self.sync_id),
            false => failure,
        };
        let (store, clock) = (&*self.cx.store, &*self.cx.clock);
        self.lease.give_back(store, clock).await;
        failure
    }
}

fn finished(manifest: &Manifest) -> SyncAnswer {
    let status = match manifest.status {
        Status::Published => SyncStatus::Complete,
        Status::Held => SyncStatus::Held,
    };
    answer(manifest, status)
}

fn answer(manifest: &Manifest, status: SyncStatus) -> SyncAnswer {
    let mut warnings = manifest.warnings.clone();
    let losses = manifest
        .losses
        .iter()
        .filter(|_| status == SyncStatus::Held);
    warnings.extend(losses.map(|loss| Warning::new("SuddenLoss", loss.to_string())));
    SyncAnswer {
        status,
        connection: manifest.connection.clone(),
        sync_id: Some(manifest.sync_id.clone()),
        resume_at: None,
        reason: (status == SyncStatus::Held).then_some(Reason::Loss),
        snapshot: Some(manifest.snapshot.key.clone()),
        content_digest: Some(manifest.digests.content.clone()),
        counts: manifest.counts,
        calls: manifest.usage.calls,
        warnings,
    }
}

fn busy(connection: &str, until: Timestamp) -> SyncAnswer {
    waiting(SyncStatus::Busy, connection, None, Reason::Lease, until)
}

fn unfinished(keys: Keys<'_>, sync_id: &str, reason: Reason, at: Timestamp) -> SyncAnswer {
    let id = Some(sync_id.to_owned());
    waiting(SyncStatus::Continue, keys.connection, id, reason, at)
}

fn waiting(
    status: SyncStatus,
    connection: &str,
    sync_id: Option<String>,
    reason: Reason,
    at: Timestamp,
) -> SyncAnswer {
    SyncAnswer {
        status,
        connection: connection.into(),
        sync_id,
        resume_at: Some(at),
        reason: Some(reason),
        snapshot: None,
        content_digest: None,
        counts: Counts::default(),
        calls: 0,
        warnings: Vec::new(),
    }
}
