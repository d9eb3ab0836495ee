//! A made-up vendor with one list of people, one to a page, whose answers a test plans.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rollcall_connector::Code;
use serde_json::json;
use tokio::sync::Notify;

use rollcall_connector::clock::Manual;
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::event::{SyncAnswer, SyncEvent, SyncStatus};
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
use rollcall_model::{AccountType, Resource, ResourceId, ResourceTrait, ResourceType};

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
    pub(super) people: usize,
    pub(super) tenant: &'static str,
    pub(super) is_incomplete: bool,
    /// For each request, who we are first; then all are good.
    pub(super) replies: VecDeque<Reply>,
    /// The pages that were asked for; `None`: who we are.
    pub(super) asked: Vec<Option<usize>>,
    /// What [`Reply::Breaks`] breaks.
    pub(super) store: Option<Arc<Breakable>>,
}

/// Plans by the name in the configuration.
static PLANS: LazyLock<Mutex<BTreeMap<String, Plan>>> = LazyLock::new(Mutex::default);

static ABOUT: About = About {
    name: "planned",
    display_name: "Planned",
    resource_types: &[ResourceType::account("user", "User", "")],
    blind_spots: &[],
    fields: &[Field::required("plan", "Plan", "", FieldKind::Text)],
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

    pub(super) async fn ask(&self, page: Option<usize>) -> Result<(), Error> {
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
    pub(super) folder: Folder,
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
    pub(super) store: Arc<Breakable>,
    pub(super) planned: Planned,
    pub(super) _folder: tempfile::TempDir,
}

pub(super) static TRANSPORT: LazyLock<Transport> =
    LazyLock::new(|| Transport::new(None).expect("TLS"));
pub(super) const KEYS: Keys<'static> = Keys {
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
    pub(super) async fn killed_at(&self, page: usize) {
        let never = Arc::new(Notify::new());
        self.after(1 + page, [Reply::Waits(never)]);
        let mut run = Box::pin(self.sync(None));
        while !self.planned.plan(|plan| plan.asked.contains(&Some(page))) {
            assert!(futures::poll!(run.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
    }

    pub(super) async fn latest(&self) -> Latest {
        let latest = get_json(&*self.store, &KEYS.latest()).await;
        latest.expect("readable").expect("a pointer").0
    }
}
