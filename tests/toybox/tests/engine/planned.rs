//! A made-up vendor whose answers a test plans. It has one list of people, one to a page; and access to a space, where
//! `write` takes `read` first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rollcall_connector::clock::Manual;
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::event::{ChangeAnswer, Outcome, Reason, SyncAnswer, SyncEvent, SyncStatus};
use rollcall_connector::http::{Session, Transport};
use rollcall_connector::provision::{
    AccessState, Action, Plan, Proposal, Provisioner, Request, WriteProgress,
};
use rollcall_connector::{
    About, Code, Connector, Error, ErrorType, Identity, StepOutput, Syncer, Tallies, Warning,
    stale_cursor,
};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::context::Context;
use rollcall_engine::provision::Order;
use rollcall_engine::runtime::function::Operation;
use rollcall_engine::store::folder::Folder;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Body, Object, PutError, PutMode, Store, Version, get_json};
use rollcall_harness::conformance::surroundings;
use rollcall_model::{ResourceId, ResourceType};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{person, us, wait_until};

/// What a request of a sync is answered with.
#[derive(Clone)]
pub(super) enum Reply {
    Good,
    Fails(ErrorType),
    StaleCursor,
    /// Never, unless the test says so.
    Waits(Arc<Notify>),
    /// After so long, by the clock.
    Takes(Duration),
    /// Well, and from then on the store fails.
    Breaks((&'static str, usize)),
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Done,
    /// It is carried out, and the function is killed before it hears of it.
    Killed,
    Refused,
    /// It never arrives, and the vendor cannot tell.
    Lost,
    /// The vendor takes it as an operation; asking for it meets a rate limit.
    Limited,
    /// The vendor takes it as an operation, and needs hours.
    Slow,
}

/// A vendor, and how it answers.
#[derive(Default)]
pub(super) struct Vendor {
    pub(super) people: usize,
    pub(super) tenant: &'static str,
    pub(super) is_incomplete: bool,
    pub(super) is_down: bool,
    /// For each request of a sync, who we are first; then all are good.
    pub(super) replies: VecDeque<Reply>,
    /// The pages that were asked for; `None`: who we are.
    pub(super) asked: Vec<Option<usize>>,
    /// What a principal has in the space.
    pub(super) held: BTreeSet<String>,
    /// The fates of the next writes; then all are done.
    pub(super) fates: VecDeque<Fate>,
    pub(super) sent: Vec<String>,
    /// What the answers move and break.
    around: Option<(Arc<Manual>, Arc<Breakable>)>,
}

/// Vendors by the name in the configuration.
static VENDORS: LazyLock<Mutex<BTreeMap<String, Vendor>>> = LazyLock::new(Mutex::default);

static ABOUT: About = About {
    name: "planned",
    display_name: "Planned",
    resource_types: &[ResourceType::account("user", "User", "")],
    blind_spots: &[],
    fields: &[Field::required("vendor", "Vendor", "", FieldKind::Text)],
    reports_credential_end: false,
    limit_window: None,
};

pub(super) struct Planned(String);

fn planned(kind: ErrorType) -> Error {
    Error::new(kind, Code::UnexpectedAnswer, "as planned", "Nothing.")
}

impl Planned {
    pub(super) fn vendor<T>(&self, change: impl FnOnce(&mut Vendor) -> T) -> T {
        let mut all = VENDORS.lock().expect("vendors");
        change(all.entry(self.0.clone()).or_default())
    }

    async fn ask(&self, page: Option<usize>) -> Result<(), Error> {
        let (reply, around) = self.vendor(|vendor| {
            vendor.asked.push(page);
            let reply = vendor.replies.pop_front().unwrap_or(Reply::Good);
            (reply, vendor.around.clone())
        });
        let (clock, store) = around.expect("a desk");
        match reply {
            Reply::Good => {}
            Reply::Fails(kind) => return Err(planned(kind)),
            Reply::StaleCursor => return Err(stale_cursor("as planned")),
            Reply::Waits(until) => until.notified().await,
            Reply::Takes(time) => clock.advance(time),
            Reply::Breaks(broken) => *store.broken.lock().expect("a lock") = broken,
        }
        Ok(())
    }
}

#[async_trait]
impl Connector for Planned {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, _: Session) -> Result<Self, Error> {
        Ok(Self(config.required("vendor")?.to_owned()))
    }

    async fn identify(&self) -> Result<Identity, Error> {
        if self.vendor(|vendor| vendor.is_down) {
            return Err(planned(ErrorType::Unavailable));
        }
        self.ask(None).await?;
        Ok(us(self.vendor(|vendor| vendor.tenant)))
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
        let people = self.vendor(|vendor| vendor.people);
        let mut out = StepOutput::with_next(Some(page + 1).filter(|next| *next < people));
        let one = person(ResourceId::new("user", page.to_string()));
        out.records.resources.push(one);
        Ok(out)
    }

    fn check(&self, _: &Identity, _: &Tallies) -> Result<Vec<Warning>, Error> {
        let denied = ErrorType::PermissionDenied;
        match self.vendor(|vendor| vendor.is_incomplete) {
            true => Err(Error::new(denied, Code::IncompleteAnswer, "no", "")),
            false => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl Provisioner for Planned {
    type Change = String;

    async fn plan(&self, _: &Identity, request: &Request) -> Result<Plan<String>, Error> {
        let (grants, slug) = match &request.action {
            Action::Grant { entitlement, .. } => (true, entitlement.slug.as_str()),
            Action::Revoke { entitlement, .. } => (false, entitlement.slug.as_str()),
            _ => unreachable!("only these are asked for"),
        };
        let held = self.vendor(|vendor| vendor.held.clone());
        let has = |slug: &str| held.contains(slug);
        let change = match grants {
            true if slug == "write" && !has("read") => "+read".to_owned(),
            true if !has(slug) => format!("+{slug}"),
            false if has(slug) => format!("-{slug}"),
            _ => return Ok(Plan::Already(AccessState::default())),
        };
        Ok(Plan::Change(Proposal {
            change,
            read: json!(held),
            replaced: Vec::new(),
            removed: Vec::new(),
            then: AccessState::default(),
        }))
    }

    async fn send(&self, change: &String) -> Result<WriteProgress, Error> {
        let fate = self.vendor(|vendor| {
            vendor.sent.push(change.clone());
            let fate = vendor.fates.pop_front().unwrap_or(Fate::Done);
            if !matches!(fate, Fate::Refused | Fate::Lost) {
                match change.split_at(1) {
                    ("+", slug) => vendor.held.insert(slug.to_owned()),
                    (_, slug) => vendor.held.remove(slug),
                };
            }
            fate
        });
        match fate {
            Fate::Done => Ok(WriteProgress::Done(None)),
            Fate::Limited | Fate::Slow => Ok(WriteProgress::Pending(Duration::from_secs(1))),
            Fate::Lost => Ok(WriteProgress::Unclear),
            Fate::Refused => Err(Error::refused(Code::VendorRefused, "no", "Ask for less.")),
            Fate::Killed => std::future::pending().await,
        }
    }

    async fn poll(&self, _: &String) -> Result<WriteProgress, Error> {
        let at = "2026-06-01T13:00:00Z".parse().expect("a time");
        match self.vendor(|vendor| vendor.fates.pop_front()) {
            Some(Fate::Limited) => Err(planned(ErrorType::RateLimited).with_retry_at(at)),
            Some(Fate::Slow) => Ok(WriteProgress::Pending(Duration::from_secs(7200))),
            _ => Ok(WriteProgress::Unclear),
        }
    }
}

/// A store of which a test breaks a part.
pub(super) struct Breakable {
    folder: Folder,
    /// Writes to keys that begin so fail, as often as that.
    pub(super) broken: Mutex<(&'static str, usize)>,
    /// The keys of all reads.
    pub(super) reads: Mutex<Vec<String>>,
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
        match fails {
            true => Err(planned(ErrorType::Unavailable).into()),
            false => self.folder.put(key, body, mode).await,
        }
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
    pub(super) store: Arc<Breakable>,
    pub(super) planned: Planned,
    folder: tempfile::TempDir,
}

pub(super) static TRANSPORT: LazyLock<Transport> =
    LazyLock::new(|| Transport::new(None).expect("TLS"));
pub(super) const KEYS: Keys<'static> = Keys {
    connector: "planned",
    connection: "default",
};

impl Desk {
    pub(super) fn new(people: usize) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let planned = Planned(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
        let secret = json!({"vendor": planned.0});
        let (mut cx, clock, folder) = surroundings("planned", &secret, TRANSPORT.clone());
        let store = Arc::new(Breakable {
            folder: Folder::new(folder.path().join("store")),
            broken: Mutex::new(("", 0)),
            reads: Mutex::default(),
        });
        (cx.store, cx.audit) = (store.clone(), store.clone());
        // After every step.
        cx.settings.checkpoint_every = Duration::ZERO;
        planned.vendor(|vendor| {
            (vendor.people, vendor.tenant) = (people, "t1");
            vendor.around = Some((clock.clone(), store.clone()));
        });
        Self {
            cx,
            clock,
            store,
            planned,
            folder,
        }
    }

    /// One for changes: the fates of the next writes.
    pub(super) fn fated(fates: impl IntoIterator<Item = Fate>) -> Self {
        let desk = Self::new(1);
        let fates = fates.into_iter().collect();
        desk.planned.vendor(|vendor| vendor.fates = fates);
        desk
    }

    pub(super) fn is_down(&self, is_down: bool) {
        self.planned.vendor(|vendor| vendor.is_down = is_down);
    }

    /// Plans the answers to the next requests: `n` good ones, then these.
    pub(super) fn after(&self, n: usize, replies: impl IntoIterator<Item = Reply>) {
        let good = std::iter::repeat_n(Reply::Good, n);
        let replies = good.chain(replies).collect();
        self.planned.vendor(|vendor| vendor.replies = replies);
    }

    /// The pages that were asked for since the last time.
    pub(super) fn pages(&self) -> Vec<usize> {
        let asked = |vendor: &mut Vendor| std::mem::take(&mut vendor.asked);
        self.planned.vendor(asked).into_iter().flatten().collect()
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

    pub(super) fn is_asked_for(&self, page: usize) -> bool {
        self.planned
            .vendor(|vendor| vendor.asked.contains(&Some(page)))
    }

    /// A run that is killed when it asks for page `page`.
    pub(super) async fn killed_at(&self, page: usize) {
        self.after(1 + page, [Reply::Waits(Arc::default())]);
        let mut run = Box::pin(self.sync(None));
        while !self.is_asked_for(page) {
            assert!(futures::poll!(run.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
    }

    /// Syncs until it is complete or fails, through all outages; with the waits in between, in seconds.
    pub(super) async fn follow_sync(&self) -> (Result<SyncAnswer, Error>, Vec<u64>) {
        let (mut id, mut waits) = (None, Vec::new());
        loop {
            match self.sync(id.as_deref()).await {
                Ok(answer) if answer.reason == Some(Reason::Unavailable) => {
                    waits.push(wait_until(&self.clock, answer.resume_at));
                    id = answer.sync_id;
                }
                end => return (end, waits),
            }
        }
    }

    pub(super) async fn latest(&self) -> Latest {
        let latest = get_json(&*self.store, &KEYS.latest()).await;
        latest.expect("readable").expect("a pointer").0
    }

    /// Sends a request, `+slug` or `-slug`.
    pub(super) async fn send(&self, id: &str, what: &str) -> Result<ChangeAnswer, Error> {
        let (sign, slug) = what.split_at(1);
        let operation = match sign {
            "+" => Operation::Grant,
            _ => Operation::Revoke,
        };
        let entitlement = format!("space:s:{slug}");
        let event = json!({"request_id": id, "entitlement": entitlement, "principal": "user:u"});
        self.order(operation, &event).await
    }

    pub(super) async fn order(
        &self,
        what: Operation,
        event: &Value,
    ) -> Result<ChangeAnswer, Error> {
        let order = Order::parse(what, event).expect("an order");
        rollcall_engine::provision::run::<Planned>(&self.cx, &order).await
    }

    /// Sends a request that comes to this outcome.
    pub(super) async fn outcome(&self, id: &str, what: &str) -> Outcome {
        self.send(id, what).await.expect("an answer").outcome
    }

    /// Sends a request as its answers say until it fails: the code, and the waits in between, in seconds.
    pub(super) async fn follow_change(&self, id: &str, what: &str) -> (Code, Vec<u64>) {
        let mut waits = Vec::new();
        loop {
            match self.send(id, what).await {
                Ok(answer) => {
                    assert_eq!(answer.outcome, Outcome::InProgress);
                    waits.push(wait_until(&self.clock, answer.resume_at));
                }
                Err(e) => return (e.code(), waits),
            }
        }
    }

    /// Sends a request that is killed while the vendor carries it out; its lease ends.
    pub(super) async fn kill(&self, id: &str, what: &str) {
        let mut run = Box::pin(self.send(id, what));
        let before = self.sent().len();
        while self.sent().len() == before {
            assert!(futures::poll!(run.as_mut()).is_pending());
        }
        drop(run);
        self.clock.advance(self.cx.settings.lease);
    }

    pub(super) fn sent(&self) -> Vec<String> {
        self.planned.vendor(|vendor| vendor.sent.clone())
    }

    pub(super) fn audit(&self, id: &str) -> PathBuf {
        let store = self.folder.path().join("store");
        store.join("audit/planned/default").join(id)
    }

    /// The names of a request's audit objects, sorted.
    pub(super) fn recorded(&self, id: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.audit(id)).expect("a record");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        };
        let mut names: Vec<_> = entries.map(name).collect();
        names.sort();
        names
    }

    pub(super) fn object(&self, id: &str, name: &str) -> Value {
        let text = std::fs::read(self.audit(id).join(name)).expect("an object");
        serde_json::from_slice(&text).expect("JSON")
    }
}
