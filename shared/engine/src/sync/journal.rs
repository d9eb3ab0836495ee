//! A run in this process: its working database, the log of its commits, and its lease.

use std::sync::Arc;

use jiff::Timestamp;
use rollcall_connector::clock::{after, between};
use rollcall_connector::event::{Reason, SyncAnswer};
use rollcall_connector::http::limit::{Meter, Usage};
use rollcall_connector::{Chain, Code, Error};
use rollcall_snapshot::{ScratchError, WorkDir};
use serde::{Deserialize, Serialize};

use super::answer;
use super::checkpoint::Log;
use super::commit::Commit;
use super::work::Work;
use crate::context::{Context, SyncProgress};
use crate::store::keys::Keys;
use crate::store::lease::{Lease, RESUME_GRACE};

/// The state of a run in the lease between two slices.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SavedRun {
    /// The version of Rollcall that began it.
    version: String,
    pub started_at: Timestamp,
    /// `None`: the vendor has not identified the credential yet.
    pub tenant: Option<String>,
    /// The parts of its checkpoint, in order. If there are none, the run begins with its first steps.
    pub parts: Vec<String>,
    usage: Usage,
    /// The number of consecutive outages, without a finished step in between.
    #[serde(default)]
    pub failures: u32,
    /// The time of the last outage.
    #[serde(default)]
    pub failed_at: Option<Timestamp>,
}

impl SavedRun {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            started_at: now,
            tenant: None,
            parts: Vec::new(),
            usage: Usage::default(),
            failures: 0,
            failed_at: None,
        }
    }

    /// Whether its first half may be out of date, or was made by another version.
    pub(super) fn is_outdated(&self, cx: &Context) -> bool {
        let age = between(self.started_at, cx.clock.now());
        age > cx.settings.max_run_age || self.version != env!("CARGO_PKG_VERSION")
    }
}

/// A run in this process.
pub(super) struct Journal<'a> {
    pub cx: &'a Context,
    pub work: Work,
    pub keys: Keys<'a>,
    pub sync_id: &'a str,
    pub lease: Lease<SavedRun>,
    pub folder: WorkDir,
    pub log: Log,
    pub meter: Arc<Meter>,
    /// When requests are aborted; `None`: never.
    pub requests_end: Option<Timestamp>,
    pub saved: SavedRun,
    /// The number of finished steps at the beginning of this slice.
    pub steps_before: u64,
    /// The usage of earlier slices.
    before: Usage,
    saved_at: Timestamp,
}

/// The files of a run in this process.
pub(super) struct Files {
    folder: WorkDir,
    work: Work,
    log: Log,
}

impl Files {
    pub(super) fn create(cx: &Context) -> Result<Self, ScratchError> {
        let parent = cx.settings.scratch.clone();
        let folder = WorkDir::create(&parent.unwrap_or_else(std::env::temp_dir))?;
        let work = Work::create(&folder.path().join("work.db"), cx.settings.max_pages)?;
        let log = Log::create(folder.path())?;
        Ok(Self { folder, work, log })
    }
}

impl<'a> Journal<'a> {
    pub(super) fn new(
        cx: &'a Context,
        keys: Keys<'a>,
        sync_id: &'a str,
        lease: Lease<SavedRun>,
        files: Files,
        saved: SavedRun,
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

    pub(super) fn usage(&self) -> Usage {
        self.before + self.meter.usage()
    }

    /// Applies a commit to the working database, and adds it to the checkpoint.
    pub(super) fn commit(&mut self, commit: &Commit) -> Result<(), Error> {
        if self.work.apply(commit)? {
            self.log.add(commit)?;
        }
        Ok(())
    }

    /// Reports the progress of the run.
    pub(super) fn report_progress(&self, finishing: bool) -> Result<(), Error> {
        if let Some(listener) = &self.cx.progress {
            let steps = self.work.counts();
            listener.at(SyncProgress {
                steps_done: steps.done,
                steps_known: steps.known,
                records: self.work.rows()?,
                usage: self.usage(),
                finishing,
            });
        }
        Ok(())
    }

    /// Renews the lease, and saves the run at intervals.
    pub(super) async fn heartbeat(&mut self) -> Result<(), Error> {
        let now = self.cx.clock.now();
        if between(self.saved_at, now) >= self.cx.settings.checkpoint_every {
            return self.save().await;
        }
        if between(now, self.lease.expires_at()) < self.cx.settings.lease / 2 {
            let (store, clock) = (&*self.cx.store, &*self.cx.clock);
            self.lease.renew(store, clock, self.cx.lease_duration()).await?;
        }
        Ok(())
    }

    /// Uploads new commits, and records that in the lease.
    pub(super) async fn save(&mut self) -> Result<(), Error> {
        self.upload().await?;
        let (store, clock) = (&*self.cx.store, &*self.cx.clock);
        self.lease.update(store, clock, self.cx.lease_duration(), self.saved.clone()).await
    }

    async fn upload(&mut self) -> Result<(), Error> {
        self.saved_at = self.cx.clock.now();
        let number = self.saved.parts.len() + 1;
        let key = self.keys.part(self.lease.generation(), self.sync_id, number);
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

    /// Saves a failed run as far as possible, for a retry with its `sync_id`, and releases the lease.
    pub(super) async fn give_up(mut self, failure: Error) -> Error {
        let (store, clock) = (&*self.cx.store, &*self.cx.clock);
        if failure.restarts_run() {
            self.lease.without_state().give_back(store, clock).await;
            return failure;
        }
        if let Err(e) = self.save().await {
            tracing::warn!(error = %Chain(&e), "the failed run could not be saved");
            if e.code() == Code::LeaseLost {
                return failure;
            }
        }
        let is_free = self.lease.give_back(store, clock).await;
        // If the lease still names the run, only its id gets past it.
        if is_free && self.saved.parts.is_empty() {
            return failure;
        }
        failure.with_resumable_sync_id(self.sync_id)
    }
}
