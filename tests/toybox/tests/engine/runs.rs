//! What becomes of runs that are killed, fail, wait or are overtaken: a made-up vendor with one list, whose answers a test
//! plans.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rollcall_connector::Code;
use serde_json::json;
use tokio::sync::Notify;

use rollcall_connector::clock::{Clock, Manual};
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::event::{Reason, SyncAnswer, SyncEvent, SyncStatus};
use rollcall_connector::http::{Session, Transport};
use rollcall_connector::{
    About, Connector, Error, ErrorType, Identity, StepOutput, Syncer, Tallies, Warning,
    stale_cursor,
};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::context::secrets::Files;
use rollcall_engine::context::{Context, Settings};
use rollcall_engine::store::folder::Folder;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Body, Object, PutError, PutMode, Store, Version, get_json};
use rollcall_model::{AccountType, Resource, ResourceId, ResourceTrait, ResourceType, TraitKind};

/// What a request is answered with.
#[derive(Clone)]
pub(super) enum Reply {
    Good,
    Fails(ErrorType),
    StaleCursor,
    /// Never, unless the test says so.
    Waits(Arc<Notify>),
    /// Well, and from then on the store fails.
    Breaks((&'static str, usize)),
}

/// A list of people, one to a page, and how it is answered.
#[derive(Default)]
pub(super) struct Plan {
    people: usize,
    tenant: &'static str,
    is_incomplete: bool,
    /// For each request, who we are first; then all are good.
    replies: VecDeque<Reply>,
    /// The pages that were asked for; `None`: who we are.
    asked: Vec<Option<usize>>,
    /// What [`Reply::Breaks`] breaks.
    store: Option<Arc<Breakable>>,
}

/// Plans by the name in the configuration.
static PLANS: LazyLock<Mutex<BTreeMap<String, Plan>>> = LazyLock::new(Mutex::default);

static ABOUT: About = About {
    name: "planned",
    display_name: "Planned",
    resource_types: &[ResourceType {
        id: "user",
        display_name: "User",
        description: "",
        trait_kind: TraitKind::User,
        no_entitlements: true,
        capabilities: &[],
    }],
    blind_spots: &[],
    fields: &[Field {
        key: "plan",
        display_name: "Plan",
        description: "",
        kind: FieldKind::Text,
        required: true,
        default: None,
    }],
    reports_credential_end: false,
    limit_window: None,
};

pub(super) struct Planned(String);

impl Planned {
    pub(super) fn plan<T>(&self, change: impl FnOnce(&mut Plan) -> T) -> T {
        change(
            PLANS
                .lock()
                .expect("plans")
                .entry(self.0.clone())
                .or_default(),
        )
    }

    async fn ask(&self, page: Option<usize>) -> Result<(), Error> {
        let reply = self.plan(|plan| {
            plan.asked.push(page);
            plan.replies.pop_front().unwrap_or(Reply::Good)
        });
        match reply {
            Reply::Good => Ok(()),
            Reply::Fails(kind) => Err(Error::new(
                kind,
                Code::UnexpectedAnswer,
                "as planned",
                "Nothing.",
            )),
            Reply::StaleCursor => Err(stale_cursor("as planned")),
            Reply::Waits(until) => {
                until.notified().await;
                Ok(())
            }
            Reply::Breaks(broken) => {
                let store = self.plan(|plan| plan.store.clone()).expect("a store");
                *store.broken.lock().expect("a lock") = broken;
                Ok(())
            }
        }
    }
}

#[async_trait]
impl Connector for Planned {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, _: Session) -> Result<Self, Error> {
        Ok(Self(config.required("plan")?.to_owned()))
    }

    async fn identify(&self) -> Result<Identity, Error> {
        self.ask(None).await?;
        Ok(Identity {
            tenant: self.plan(|plan| plan.tenant.to_owned()),
            caller: ResourceId::new("user", "0"),
            caller_name: String::new(),
            rights: String::new(),
            credential_expires_at: None,
            warnings: Vec::new(),
        })
    }
}

#[async_trait]
impl Syncer for Planned {
    type Step = usize;
    const CONCURRENCY: usize = 1;

    fn start(&self, _: &Identity) -> Vec<usize> {
        vec![0]
    }

    async fn run(&self, _: &Identity, page: &usize) -> Result<StepOutput<usize>, Error> {
        self.ask(Some(*page)).await?;
        let people = self.plan(|plan| plan.people);
        let mut out = StepOutput::with_next(Some(page + 1).filter(|next| *next < people));
        let resource_trait = ResourceTrait::account(AccountType::Human, None);
        let id = ResourceId::new("user", page.to_string());
        out.records
            .resources
            .push(Resource::new(id, "", resource_trait));
        Ok(out)
    }

    fn check(&self, _: &Identity, _: &Tallies) -> Result<Vec<Warning>, Error> {
        match self.plan(|plan| plan.is_incomplete) {
            true => Err(Error::new(
                ErrorType::PermissionDenied,
                Code::IncompleteAnswer,
                "no",
                "",
            )),
            false => Ok(Vec::new()),
        }
    }
}

/// A store of which a test breaks a part.
pub(super) struct Breakable {
    folder: Folder,
    /// Writes to keys that begin so fail, as often as that.
    broken: Mutex<(&'static str, usize)>,
    /// The keys of all reads.
    reads: Mutex<Vec<String>>,
}

#[async_trait]
impl Store for Breakable {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        self.reads.lock().expect("a lock").push(key.to_owned());
        self.folder.get(key).await
    }

    async fn put(&self, key: &str, body: Body<'_>, mode: PutMode<'_>) -> Result<Version, PutError> {
        let fails = {
            let mut broken = self.broken.lock().expect("a lock");
            let fails = broken.1 > 0 && key.starts_with(broken.0);
            broken.1 -= usize::from(fails);
            fails
        };
        if fails {
            let e = Error::new(
                ErrorType::Unavailable,
                Code::VendorUnavailable,
                "as planned",
                "",
            );
            return Err(e.into());
        }
        self.folder.put(key, body, mode).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error> {
        self.folder.list(prefix).await
    }

    fn place(&self, key: &str) -> String {
        self.folder.place(key)
    }
}

/// A store, a vendor and a clock.
pub(super) struct Desk {
    pub(super) cx: Context,
    pub(super) clock: Arc<Manual>,
    store: Arc<Breakable>,
    pub(super) planned: Planned,
    _folder: tempfile::TempDir,
}

static TRANSPORT: LazyLock<Transport> = LazyLock::new(|| Transport::new(None).expect("TLS"));
const KEYS: Keys<'static> = Keys {
    connector: "planned",
    connection: "default",
};

impl Desk {
    pub(super) fn new(people: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let name = folder.path().display().to_string();
        let secrets = folder.path().join("planned");
        std::fs::create_dir(&secrets).expect("a folder");
        let secret = json!({"plan": name}).to_string();
        std::fs::write(secrets.join("default.json"), secret).expect("written");
        let clock = Arc::new(Manual::at("2026-06-01T00:00:00Z".parse().expect("a time")));
        let store = Arc::new(Breakable {
            folder: Folder::new(folder.path().join("store")),
            broken: Mutex::new(("", 0)),
            reads: Mutex::default(),
        });
        let desk = Self {
            cx: Context {
                settings: Settings {
                    // After every step.
                    checkpoint_every: Duration::ZERO,
                    scratch: Some(folder.path().to_owned()),
                    ..Settings::default()
                },
                ..Context::new(
                    store.clone(),
                    Arc::new(Files::new(folder.path())),
                    clock.clone(),
                    TRANSPORT.clone(),
                )
            },
            clock,
            store,
            planned: Planned(name),
            _folder: folder,
        };
        desk.planned.plan(|plan| {
            plan.people = people;
            plan.tenant = "t1";
            plan.store = Some(desk.store.clone());
        });
        desk
    }

    /// Plans the answers to the next requests: `n` good ones, then these.
    pub(super) fn after(&self, n: usize, replies: impl IntoIterator<Item = Reply>) {
        let good = std::iter::repeat_n(Reply::Good, n);
        self.planned
            .plan(|plan| plan.replies = good.chain(replies).collect());
    }

    /// The pages that were asked for since the last time.
    pub(super) fn pages(&self) -> Vec<usize> {
        let asked = self.planned.plan(|plan| std::mem::take(&mut plan.asked));
        asked.into_iter().flatten().collect()
    }

    pub(super) async fn sync(&self, sync_id: Option<&str>) -> Result<SyncAnswer, Error> {
        let event = SyncEvent {
            connection: "default".into(),
            sync_id: sync_id.map(str::to_owned),
            accept: None,
        };
        rollcall_engine::sync::run::<Planned>(&self.cx, &event).await
    }

    pub(super) async fn complete(&self, sync_id: Option<&str>) -> SyncAnswer {
        let answer = self.sync(sync_id).await.expect("a sync");
        assert_eq!(answer.status, SyncStatus::Complete, "{answer:?}");
        answer
    }

    /// A run that is killed when it asks for page `page`.
    async fn killed_at(&self, page: usize) {
        let never = Arc::new(Notify::new());
        self.after(1 + page, [Reply::Waits(never)]);
        let mut run = Box::pin(self.sync(None));
        while !self.planned.plan(|plan| plan.asked.contains(&Some(page))) {
            assert!(futures::poll!(run.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
    }

    async fn latest(&self) -> Latest {
        let latest = get_json(&*self.store, &KEYS.latest()).await;
        latest.expect("readable").expect("a pointer").0
    }
}

#[tokio::test]
async fn a_killed_run_is_resumed_by_the_next_event_under_its_own_id() {
    let desk = Desk::new(6);
    desk.killed_at(4).await;
    let busy = desk.sync(None).await.expect("an answer");
    assert_eq!(busy.status, SyncStatus::Busy);
    let id = busy.sync_id.expect("whose lease it is");
    assert_eq!(busy.warnings[0].code, "RunAtWork");
    assert!(busy.warnings[0].message.contains(&id));

    desk.clock.advance(desk.cx.settings.lease);
    let answer = desk.complete(None).await;
    assert_eq!(answer.sync_id, Some(id.clone()));
    assert_eq!(desk.pages(), [0, 1, 2, 3, 4, 4, 5]);
    let key = answer.snapshot.expect("a snapshot");
    assert!(
        key.ends_with(&format!("{id}-2.c1z")),
        "{key}: its generation"
    );
}

#[tokio::test]
async fn a_killed_run_that_is_too_old_starts_again_under_a_new_id() {
    let desk = Desk::new(2);
    desk.killed_at(1).await;
    let busy = desk.sync(None).await.expect("an answer");
    desk.clock.advance(desk.cx.settings.max_run_age * 2);
    let answer = desk.complete(None).await;
    assert_ne!(answer.sync_id, busy.sync_id);
    assert_eq!(desk.pages(), [0, 1, 0, 1]);
}

#[tokio::test]
async fn a_run_that_failed_is_resumed_only_by_its_id() {
    let desk = Desk::new(4);
    let fail = || desk.after(3, [Reply::Fails(ErrorType::Internal)]);
    fail();
    let error = desk.sync(None).await.expect_err("as planned");
    let id = error
        .resumable_sync_id()
        .expect("a run to resume")
        .to_owned();
    let resumed = desk.complete(Some(&id)).await;
    assert_eq!(desk.pages(), [0, 1, 2, 2, 3]);
    assert_eq!(resumed.sync_id.as_deref(), Some(id.as_str()));
    fail();
    let error = desk.sync(None).await.expect_err("as planned");
    let other = desk.complete(None).await;
    assert_ne!(other.sync_id.as_deref(), error.resumable_sync_id());
    assert_eq!(desk.pages(), [0, 1, 2, 0, 1, 2, 3]);
}

#[tokio::test]
async fn a_run_that_cannot_be_saved_fails_with_its_id_unless_a_new_one_does_as_well() {
    // Neither the checkpoint nor, as it was free of it, the lease can be written.
    let all_fails = (("", 9), Some(vec![0, 1, 2, 3]));
    let runs_fail = (("runs/", 9), None);
    for (broken, resumed) in [all_fails, runs_fail] {
        let mut desk = Desk::new(4);
        desk.cx.settings.max_steps = Some(2);
        desk.cx.settings.checkpoint_every = Duration::MAX;
        desk.after(2, [Reply::Breaks(broken)]);
        let error = desk.sync(None).await.expect_err("no checkpoint");
        *desk.store.broken.lock().expect("a lock") = ("", 0);
        assert_eq!(desk.pages(), [0, 1]);
        desk.cx.settings.max_steps = None;
        assert_eq!(
            error.resumable_sync_id().is_some(),
            resumed.is_some(),
            "{broken:?}"
        );
        if broken.0.is_empty() {
            // The lease ends by itself.
            desk.clock.advance(desk.cx.settings.lease);
        }
        let answer = desk.complete(error.resumable_sync_id()).await;
        let again = resumed.unwrap_or_else(|| vec![0, 1, 2, 3]);
        assert_eq!(desk.pages(), again, "{broken:?}");
        assert_eq!(answer.counts.resources, 4);
    }
}

#[tokio::test]
async fn a_failure_that_stands_in_the_checkpoint_starts_a_new_run() {
    let desk = Desk::new(3);
    desk.planned.plan(|plan| plan.is_incomplete = true);
    let error = desk.sync(None).await.expect_err("an incomplete tenant");
    assert_eq!(
        (error.code().as_str(), error.resumable_sync_id()),
        ("IncompleteAnswer", None)
    );
    desk.planned.plan(|plan| plan.is_incomplete = false);
    desk.pages();
    desk.complete(None).await;
    assert_eq!(desk.pages(), [0, 1, 2]);
}

#[tokio::test]
async fn a_rate_limit_on_the_first_request_is_waited_out_like_any_other() {
    let desk = Desk::new(1);
    desk.after(0, [Reply::Fails(ErrorType::RateLimited)]);
    let answer = desk.sync(None).await.expect("an answer");
    assert_eq!(
        (answer.status, answer.reason),
        (SyncStatus::Continue, Some(Reason::RateLimit))
    );
    assert!(answer.resume_at > Some(desk.clock.now()));
    desk.complete(answer.sync_id.as_deref()).await;
}

#[tokio::test]
async fn an_interrupted_run_frees_its_lease_and_the_next_event_resumes_it() {
    let mut desk = Desk::new(4);
    desk.after(3, [Reply::Waits(Arc::new(Notify::new()))]);
    let (answer, ()) = futures::join!(desk.sync(None), async {
        while !desk.planned.plan(|plan| plan.asked.contains(&Some(2))) {
            tokio::task::yield_now().await;
        }
        desk.cx.interrupt.raise();
    });
    let answer = answer.expect("an answer");
    assert_eq!(
        (answer.status, answer.reason),
        (SyncStatus::Continue, Some(Reason::Interrupted))
    );
    desk.cx.interrupt = Default::default();
    assert_eq!(desk.complete(None).await.sync_id, answer.sync_id);
    assert_eq!(desk.pages(), [0, 1, 2, 2, 3]);
}

#[tokio::test]
async fn a_run_that_was_killed_after_its_manifest_was_written_is_published_and_not_finished_again()
{
    for broken in ["latest/", "locks/"] {
        let desk = Desk::new(2);
        desk.complete(None).await;
        // The second run is killed before the pointer moves, or before it frees its lease.
        let lease = desk.store.get(&KEYS.lease()).await.expect("readable");
        let pointer = desk.store.get(&KEYS.latest()).await.expect("readable");
        let second = desk.complete(None).await;
        let id = second.sync_id.clone().expect("an id");
        let mut record: serde_json::Value =
            serde_json::from_slice(&lease.expect("a lease").bytes).expect("JSON");
        (record["owner"], record["ended"]) = (json!(id), json!(false));
        let mut writes = vec![(KEYS.lease(), record.to_string().into_bytes())];
        if broken == "latest/" {
            writes.push((KEYS.latest(), pointer.expect("a pointer").bytes));
        }
        for (key, bytes) in writes {
            let written = desk
                .store
                .put(&key, Body::Bytes(&bytes), PutMode::Overwrite)
                .await;
            written.expect("written");
        }
        let third = desk.complete(None).await;
        assert_ne!(third.sync_id, second.sync_id, "{broken}: a new run");
        let again = desk.complete(Some(&id)).await;
        assert_eq!(again, second, "{broken}");
    }
}

#[tokio::test]
async fn what_was_accepted_while_a_run_was_at_work_counts_for_it() {
    let desk = Desk::new(40);
    desk.complete(None).await;
    desk.planned.plan(|plan| plan.people = 2);
    let held = desk.sync(None).await.expect("an answer");
    assert_eq!(held.status, SyncStatus::Held);
    let accepted = Arc::new(Notify::new());
    desk.after(2, [Reply::Waits(accepted.clone())]);
    let accept = async {
        let event = SyncEvent {
            connection: "default".into(),
            sync_id: None,
            accept: held.sync_id.clone(),
        };
        rollcall_engine::sync::run::<Planned>(&desk.cx, &event)
            .await
            .expect("taken");
        accepted.notify_one();
    };
    let (answer, ()) = futures::join!(desk.complete(None), accept);
    assert_eq!(desk.latest().await.sync_id, answer.sync_id.expect("an id"));
}

#[tokio::test]
async fn the_tenants_pin_outlives_a_run_that_was_not_told_who_we_are() {
    let desk = Desk::new(1);
    for tenant in ["o=1 a=x", "", "o=1"] {
        desk.planned.plan(|plan| plan.tenant = tenant);
        desk.complete(None).await;
        assert_eq!(desk.latest().await.tenant, "o=1 a=x");
    }
    desk.planned.plan(|plan| plan.tenant = "o=1 a=other");
    let error = desk.sync(None).await.expect_err("another tenant");
    assert_eq!(error.code().as_str(), "AnotherTenant");
}

#[tokio::test]
async fn a_resumed_run_reads_its_lease_and_its_manifest_once() {
    let mut desk = Desk::new(2);
    desk.cx.settings.max_steps = Some(1);
    let slice = desk.sync(None).await.expect("a slice");
    desk.store.reads.lock().expect("a lock").clear();
    desk.cx.settings.max_steps = None;
    let answer = desk.complete(slice.sync_id.as_deref()).await;
    let reads = desk.store.reads.lock().expect("a lock");
    for key in [KEYS.lease(), KEYS.manifest(&answer.sync_id.expect("an id"))] {
        assert_eq!(
            reads.iter().filter(|read| **read == key).count(),
            1,
            "{key}"
        );
    }
}
