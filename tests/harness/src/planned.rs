//! A fictional vendor whose answers a test plans. It has one list of people, one per page, and access to a space, where
//! `write` requires `read` first. Tests the engine's handling of answers without a connector.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rollcall_connector::clock::{Clock, Manual, between};
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::event::GrantRef;
use rollcall_connector::http::{Session, Transport};
use rollcall_connector::provision::{
    AccessState, Plan, Proposal, Provisioner, Request, WriteProgress,
};
use rollcall_connector::{
    About, Code, Connector, Error, ErrorType, Identity, StepOutput, Syncer, Tallies, Warning,
    stale_cursor,
};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::{self, Operation};
use rollcall_engine::store::folder::Folder;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{Body, Object, PutError, PutMode, Store, Version, get_json};
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Resource, ResourceId, ResourceTrait, ResourceType,
};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::conformance::surroundings;

#[derive(Clone)]
pub enum Reply {
    Good,
    Fails(ErrorType),
    StaleCursor,
    Waits(Arc<Notify>),
    Takes(Duration),
    /// Well, and from then on the store fails.
    Breaks((&'static str, usize)),
}

#[derive(Clone, Copy, PartialEq)]
pub enum Fate {
    Done,
    /// It is carried out, and the function is killed before it hears of it.
    Killed,
    Refused,
    /// It never arrives, and the vendor does not show that.
    Lost,
    /// The vendor accepts it as an operation; polling meets a rate limit.
    Limited,
    /// The vendor accepts it as an operation that takes hours.
    Slow,
}

#[derive(Default)]
pub struct Vendor {
    pub people: usize,
    pub tenant: &'static str,
    pub is_incomplete: bool,
    pub is_down: bool,
    /// For each request of a sync, who we are first; then all are good.
    replies: VecDeque<Reply>,
    asked: Vec<usize>,
    pub held: BTreeSet<String>,
    /// The fates of the next writes; then all are done.
    pub fates: VecDeque<Fate>,
    sent: Vec<String>,
    /// The state that answers change.
    around: Option<(Arc<Manual>, Arc<Breakable>)>,
}

static VENDORS: LazyLock<Mutex<BTreeMap<String, Vendor>>> = LazyLock::new(Mutex::default);

static ABOUT: About = about(
    "planned",
    &[ResourceType::account("user", "User", "")],
    &[Field::required("vendor", "Vendor", "", FieldKind::Text)],
);

pub const fn about(
    name: &'static str,
    resource_types: &'static [ResourceType],
    fields: &'static [Field],
) -> About {
    About {
        name,
        display_name: name,
        resource_types,
        blind_spots: &[],
        fields,
        account_fields: &[],
        side_effects: &[],
        reports_credential_end: false,
        limit_window: None,
    }
}

pub struct Planned(String);

pub fn us(tenant: &str) -> Identity {
    let (tenant, caller) = (tenant.into(), ResourceId::new("user", "0"));
    let (caller_name, rights, credential_expires_at, warnings) = Default::default();
    Identity { tenant, caller, caller_name, rights, credential_expires_at, warnings }
}

pub fn person(id: ResourceId) -> Resource {
    Resource::new(id, "Person", ResourceTrait::account(AccountType::Human, None))
}

pub fn entitlement(id: EntitlementId) -> Entitlement {
    let name = id.slug.clone();
    Entitlement::new(id, name, &["user", "group"])
}

fn planned(kind: ErrorType) -> Error {
    Error::new(kind, Code::UnexpectedAnswer, "as planned", "Nothing.")
}

impl Planned {
    fn vendor<T>(&self, change: impl FnOnce(&mut Vendor) -> T) -> T {
        let mut all = VENDORS.lock().expect("vendors");
        change(all.entry(self.0.clone()).or_default())
    }

    async fn reply(&self) -> Result<(), Error> {
        let (reply, around) = self.vendor(|v| (v.replies.pop_front(), v.around.clone()));
        let (clock, store) = around.expect("a desk");
        match reply.unwrap_or(Reply::Good) {
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
        self.reply().await?;
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
        self.vendor(|vendor| vendor.asked.push(*page));
        self.reply().await?;
        let people = self.vendor(|vendor| vendor.people);
        let mut out = StepOutput::with_next(Some(page + 1).filter(|next| *next < people));
        out.records.resources.push(person(ResourceId::new("user", page.to_string())));
        Ok(out)
    }

    fn check(&self, _: &Identity, _: &Tallies) -> Result<Vec<Warning>, Error> {
        match self.vendor(|vendor| vendor.is_incomplete) {
            true => Err(planned(ErrorType::PermissionDenied)),
            false => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl Provisioner for Planned {
    type Change = String;

    async fn plan(&self, _: &Identity, request: &Request) -> Result<Plan<String>, Error> {
        let change = request.action.access("as planned")?;
        let slug = change.entitlement.slug.as_str();
        let held = self.vendor(|vendor| vendor.held.clone());
        let has = |slug: &str| held.contains(slug);
        let grant = |slug| {
            let id = EntitlementId::new(change.entitlement.resource.clone(), slug);
            GrantRef::new(&id, change.principal)
        };
        let needs = if slug == "write" { vec![slug, "read"] } else { vec![slug] };
        let grants = Vec::from_iter(needs.into_iter().filter(|_| change.grants).map(grant));
        let then = AccessState { grants, resource: None };
        let mut further = Vec::new();
        let change = match change.grants {
            true if slug == "write" && !has("read") => {
                further.push(grant("read").id);
                "+read".to_owned()
            }
            true if !has(slug) => format!("+{slug}"),
            false if has(slug) => format!("-{slug}"),
            _ => return Ok(Plan::Already(then)),
        };
        let (read, (replaced, removed)) = (json!(held), Default::default());
        Ok(Plan::Change(Proposal { change, read, replaced, removed, further, then }))
    }

    async fn send(&self, change: &String) -> Result<WriteProgress, Error> {
        let fate = self.vendor(|vendor| {
            vendor.sent.push(change.clone());
            let fate = vendor.fates.pop_front().unwrap_or(Fate::Done);
            match change.split_at(1) {
                _ if [Fate::Refused, Fate::Lost].contains(&fate) => false,
                ("+", slug) => vendor.held.insert(slug.to_owned()),
                (_, slug) => vendor.held.remove(slug),
            };
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

pub struct Breakable {
    folder: Folder,
    /// Writes to keys that begin so fail, as often as that.
    pub broken: Mutex<(&'static str, usize)>,
    pub reads: Mutex<Vec<String>>,
}

#[async_trait]
impl Store for Breakable {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        self.reads.lock().expect("a lock").push(key.to_owned());
        self.folder.get(key).await
    }

    async fn download(&self, key: &str, to: &Path) -> Result<Option<u64>, Error> {
        self.folder.download(key, to).await
    }

    async fn put(&self, key: &str, body: Body<'_>, mode: PutMode<'_>) -> Result<Version, PutError> {
        if let (prefix, times @ 1..) = &mut *self.broken.lock().expect("a lock")
            && key.starts_with(*prefix)
        {
            *times -= 1;
            return Err(planned(ErrorType::Unavailable).into());
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

/// A store, a vendor and a clock. Answers are JSON, as from functions; a run is given by its id, a new one by `()`.
pub struct Desk {
    pub cx: Context,
    pub clock: Arc<Manual>,
    pub store: Arc<Breakable>,
    planned: Planned,
    _folder: TempDir,
}

pub type Answered = Result<Value, Error>;

pub static TRANSPORT: LazyLock<Transport> = LazyLock::new(|| Transport::new(None).expect("TLS"));
pub const KEYS: Keys<'static> = Keys { connector: "planned", connection: "default" };

impl Desk {
    pub fn new(people: usize) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let planned = Planned(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
        let secret = json!({"vendor": planned.0});
        let (mut cx, clock, _folder) = surroundings("planned", &secret, TRANSPORT.clone());
        let (broken, reads) = Default::default();
        let folder = Folder::new(_folder.path().join("store"));
        let store = Arc::new(Breakable { folder, broken, reads });
        (cx.store, cx.audit) = (store.clone(), store.clone());
        // After every step.
        cx.settings.checkpoint_every = Duration::ZERO;
        planned.vendor(|vendor| {
            (vendor.people, vendor.tenant) = (people, "t1");
            vendor.around = Some((clock.clone(), store.clone()));
        });
        Self { cx, clock, store, planned, _folder }
    }

    /// One for changes: the fates of the next writes.
    pub fn fated(fates: impl IntoIterator<Item = Fate>) -> Self {
        let desk = Self::new(1);
        desk.vendor(|vendor| vendor.fates = fates.into_iter().collect());
        desk
    }

    pub fn vendor<T>(&self, change: impl FnOnce(&mut Vendor) -> T) -> T {
        self.planned.vendor(change)
    }

    pub fn is_down(&self, is_down: bool) {
        self.vendor(|vendor| vendor.is_down = is_down);
    }

    /// Plans the answers to the next requests: `n` good ones, then these.
    pub fn after(&self, n: usize, replies: impl IntoIterator<Item = Reply>) {
        let good = std::iter::repeat_n(Reply::Good, n);
        self.vendor(|vendor| vendor.replies = good.chain(replies).collect());
    }

    pub fn pages(&self) -> Vec<usize> {
        self.vendor(|vendor| std::mem::take(&mut vendor.asked))
    }

    pub async fn sync(&self, id: impl Serialize) -> Answered {
        self.name("sync_id", id).await
    }

    pub async fn accept(&self, id: &Value) -> Answered {
        self.name("accept", id).await
    }

    /// Sends a sync event with one of the fields that name a run.
    pub async fn name(&self, field: &str, id: impl Serialize) -> Answered {
        function::sync::<Planned>(&self.cx, &json!({field: id})).await
    }

    pub async fn slice(&self, id: impl Serialize, reason: &str) -> Value {
        let answer = self.sync(id).await.expect("an answer");
        assert_eq!(answer["reason"], reason, "{answer:#}");
        answer
    }

    /// The first step of a new run.
    pub async fn cut(&mut self) -> Value {
        self.cx.settings.max_steps = Some(1);
        let answer = self.slice((), "deadline").await;
        self.cx.settings.max_steps = None;
        answer
    }

    pub async fn complete(&self, id: impl Serialize) -> Value {
        let answer = self.sync(id).await.expect("a sync");
        assert_eq!(answer["status"], "complete", "{answer:#}");
        answer
    }

    pub fn is_asked_for(&self, page: usize) -> bool {
        self.vendor(|vendor| vendor.asked.contains(&page))
    }

    pub async fn killed_at(&self, page: usize) {
        self.killed("sync_id", (), page).await;
    }

    /// Lets a run that this field names get as far as this page.
    pub async fn killed(&self, field: &str, id: impl Serialize, page: usize) {
        self.after(1 + page, [Reply::Waits(Arc::default())]);
        killed(self.name(field, id), || self.is_asked_for(page)).await;
    }

    pub async fn latest(&self) -> [Value; 2] {
        let latest = self.json(&KEYS.latest()).await;
        ["sync_id", "tenant"].map(|field| latest[field].clone())
    }

    /// Sends a request, `+slug` or `-slug`.
    pub async fn send(&self, id: &str, what: &str) -> Answered {
        let operation = if what.starts_with('+') { Operation::Grant } else { Operation::Revoke };
        let what = format!("space:s:{}", &what[1..]);
        let event = json!({"request_id": id, "entitlement": what, "principal": "user:u"});
        self.write(operation, &event).await
    }

    pub async fn write(&self, operation: Operation, event: &Value) -> Answered {
        function::write::<Planned>(&self.cx, operation, event).await
    }

    pub async fn comes_to(&self, id: &str, what: &str, outcome: &str) -> Value {
        let answer = self.send(id, what).await.expect("an answer");
        assert_eq!(answer["outcome"], outcome, "{answer:#}");
        answer
    }

    /// Asks again as the answers say, while they wait for the vendor; with the waits in between, in seconds.
    pub async fn follow(&self, again: impl AsyncFn(&Value) -> Answered) -> (Answered, Vec<u64>) {
        let (mut last, mut waits) = (Value::Null, Vec::new());
        loop {
            let answered = again(&last).await;
            let answer = answered.as_ref().unwrap_or(&Value::Null);
            if answer["outcome"] != "in_progress" && answer["reason"] != "unavailable" {
                return (answered, waits);
            }
            let at = answer["resume_at"].as_str().expect("a time");
            let wait = between(self.clock.now(), at.parse().expect("a time"));
            self.clock.advance(wait);
            waits.push(wait.as_secs());
            last = answer.clone();
        }
    }

    /// Sends a request that is killed while the vendor carries it out; its lease ends.
    pub async fn kill(&self, id: &str, what: &str) {
        let before = self.sent().len();
        killed(self.send(id, what), || self.sent().len() > before).await;
        self.clock.advance(self.cx.settings.lease);
    }

    /// The same for any event.
    pub async fn kill_write(&self, operation: Operation, event: &Value) {
        let before = self.sent().len();
        killed(self.write(operation, event), || self.sent().len() > before).await;
        self.clock.advance(self.cx.settings.lease);
    }

    pub fn sent(&self) -> Vec<String> {
        self.vendor(|vendor| vendor.sent.clone())
    }

    pub async fn recorded(&self, id: &str) -> Vec<String> {
        let folder = format!("audit/planned/default/{id}/");
        let keys = self.store.list(&folder).await.expect("a list").into_iter();
        keys.map(|key| key.replace(&folder, "").replace(".json", "")).collect()
    }

    pub async fn object(&self, id: &str, name: &str) -> Value {
        self.json(&format!("audit/planned/default/{id}/{name}.json")).await
    }

    async fn json(&self, key: &str) -> Value {
        get_json(&*self.store, key).await.expect("readable").expect("an object").0
    }
}

/// Lets something run until this is so, and goes no further: its process is killed.
async fn killed<T>(run: impl Future<Output = T>, when: impl Fn() -> bool) {
    let mut run = Box::pin(run);
    while !when() {
        assert!(futures::poll!(run.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
}
