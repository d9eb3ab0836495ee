//! The report on each simulated tenant, decoded again; and the page over all connections.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use rollcall_connector::Error;
use rollcall_connector::clock::System;
use rollcall_connector::http::Transport;
use rollcall_engine::context::Context;
use rollcall_engine::context::secrets::Files;
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_engine::store::folder::Folder;
use rollcall_engine::store::{Body, Object, PutError, PutMode, Store, Version};
use rollcall_published::{Published, PublishedEvent, report};
use rollcall_simulators::Simulator;
use rollcall_simulators::temporalcloud;
use rollcall_snapshot::{Content, Filter, Resource, Snapshot, reduce};
use serde_json::{Value, json};
use tempfile::TempDir;

const HOSTILE: &str =
    "</script><script>alert(1)</script><!-- \"><img src=x onerror=alert(2)>\u{202e}{{data}}";

/// A store with a connection, to be synced.
struct Tenant {
    entry: Entry,
    cx: Context,
    folder: TempDir,
}

impl Tenant {
    fn new(entry: Entry, configure: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        configure(&folder.path().join("secrets"));
        let store = Arc::new(Folder::new(folder.path().join("store")));
        let secrets = Arc::new(Files::new(folder.path().join("secrets")));
        let transport = Transport::new(None).expect("TLS");
        Self { entry, cx: Context::new(store, secrets, Arc::new(System), transport), folder }
    }

    async fn sync(&self) -> Published {
        let answer = self.entry.invoke(&self.cx, Operation::Sync, &json!({})).await;
        let answer = answer.expect("a snapshot");
        self.open(answer["sync_id"].as_str().expect("an id")).await
    }

    async fn open(&self, sync_id: &str) -> Published {
        let (connector, connection) = (self.entry.about.name.into(), "default".into());
        let event = PublishedEvent { connector, connection, sync_id: sync_id.into() };
        Published::open(&*self.cx.store, &event).await.expect("published")
    }

    async fn page(&self, published: &Published) -> Page {
        Page(report::of_published(&*self.cx.store, published).await.expect("a page"))
    }
}

struct Page(String);

impl Page {
    /// What is in the script element with this id.
    fn element(&self, id: &str) -> &str {
        let (_, rest) = self.0.split_once(&format!("<script id=\"{id}\"")).expect("the element");
        let (content, _) = rest.split_once("</script>").expect("its end");
        content.split_once('>').expect("its content").1
    }

    fn summary(&self) -> Value {
        serde_json::from_str(self.element("summary")).expect("JSON")
    }

    fn data(&self) -> Value {
        let packed = STANDARD.decode(self.element("data")).expect("base64");
        let mut text = String::new();
        GzDecoder::new(&*packed).read_to_string(&mut text).expect("gzip");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// What the page says that each resource holds, by id.
fn held(data: &Value) -> BTreeMap<String, u64> {
    let kind = |row: &Value| data["types"][row[0].as_u64().expect("a type") as usize][0].clone();
    let rows = data["resources"].as_array().expect("rows").iter();
    let id = |row: &Value| {
        format!("{}:{}", kind(row).as_str().expect("a type"), row[1].as_str().expect("an id"))
    };
    rows.map(|row| (id(row), row[11].as_u64().expect("a count"))).collect()
}

fn resources(snapshot: &Snapshot) -> Vec<Resource> {
    let mut resources = Vec::new();
    let read = snapshot.resources(&Filter::default(), |resource| {
        resources.push(resource);
        Ok::<_, Error>(())
    });
    read.expect("readable");
    resources
}

async fn says_what_the_snapshot_says(tenant: Tenant) {
    tenant.sync().await;
    let published = tenant.sync().await;
    let page = tenant.page(&published).await;
    assert!(page.0 == tenant.page(&published).await.0, "the same bytes again");
    assert!(page.0.len() < 200_000, "{}", page.0.len());

    let (stats, data, summary) =
        (published.snapshot.stats().expect("readable"), page.data(), page.summary());
    let length = |list: &str| data[list].as_array().expect("a list").len() as u64;
    assert_eq!(length("resources"), stats.resources);
    assert_eq!(length("entitlements"), stats.entitlements);
    assert_eq!(length("principals"), stats.direct_grants);
    assert_eq!((length("stated"), &summary["dangling"]), (0, &json!(0)));
    let counts = &summary["counts"];
    assert_eq!(counts["grants"], stats.grants);
    assert_eq!(counts["inherited"], stats.derived_grants);
    assert_eq!(summary["changes"]["direct"], json!({"created": 0, "deleted": 0, "changed": 0}));
    assert_eq!(summary["history"].as_array().expect("a list").len(), 2);
    assert_eq!(page.0.matches("<svg").count(), 2);

    let held = held(&data);
    for resource in resources(&published.snapshot) {
        let access = published.snapshot.access(&resource.id).expect("readable");
        assert_eq!(held[&resource.id], access.holds.len() as u64, "{}", resource.id);
    }
    let unexpanded = tenant.folder.path().join("unexpanded.c1z");
    reduce(&published.snapshot, Content::Unexpanded, &unexpanded).expect("reduced");
    let unexpanded = Snapshot::open(&unexpanded).expect("readable");
    let of_file = Page(report::of_file(&unexpanded, None).expect("a page"));
    assert_eq!(of_file.data(), data);
    assert_eq!(&of_file.summary()["counts"], counts);
    assert_eq!(
        (&of_file.summary()["ends"], &of_file.summary()["changes"]),
        (&json!(null), &json!(null))
    );
}

macro_rules! connectors {
    ($($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                use rollcall_simulators::$name::{Options, Vendor, World};
                let vendor = Simulator::<Vendor>::start(World::worked_example(), Options::default());
                let vendor = vendor.await.expect("a vendor");
                let tenant = Tenant::new(rollcall_functions::$name::entry(), |folder| {
                    vendor.configuration().write(folder, stringify!($name), "default").expect("written");
                });
                says_what_the_snapshot_says(tenant).await;
            }
        )*
    };
}

mod the_report_says_what_the_snapshot_says {
    use super::*;

    include!("../../connectors.rs");
}

/// A tenant of Temporal Cloud, some of whose names are hostile.
async fn hostile() -> (Tenant, Simulator<temporalcloud::Vendor>) {
    let mut world = temporalcloud::World::worked_example();
    world.add_service_account("hostile", HOSTILE, "admin");
    let vendor =
        Simulator::<temporalcloud::Vendor>::start(world, temporalcloud::Options::default());
    let vendor = vendor.await.expect("a vendor");
    let tenant = Tenant::new(rollcall_functions::temporalcloud::entry(), |folder| {
        vendor.configuration().write(folder, "temporalcloud", "default").expect("written");
    });
    (tenant, vendor)
}

#[tokio::test]
async fn a_vendors_text_stays_text_and_only_the_own_script_may_run() {
    let (tenant, _vendor) = hostile().await;
    let page = tenant.page(&tenant.sync().await).await;
    assert!(page.summary().to_string().contains("onerror"), "it is among the privileged accounts");
    assert!(page.data().to_string().contains("onerror"));
    for (tag, expected) in [("<script", 3), ("</script>", 3), ("<style", 1), ("<!--", 0)] {
        assert_eq!(page.0.matches(tag).count(), expected, "{tag}");
    }
    let (_, script) = page.0.rsplit_once("<script>").expect("the script");
    let (script, _) = script.split_once("</script>").expect("its end");
    let hash = rollcall_published::html::policy_hash(script);
    assert!(page.0.contains(&format!("default-src 'none'; script-src 'sha256-{hash}'")));
    for word in
        ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch(", "import("]
    {
        assert!(!page.0.contains(word), "{word}");
    }
    assert!(!page.0.contains(" style=") && !page.0.contains(" onclick"), "the policy blocks them");
}

/// Lets another process write the first time that the page over all connections is written.
struct Contended {
    inner: Arc<dyn Store>,
    is_taken: AtomicBool,
}

#[async_trait]
impl Store for Contended {
    async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        self.inner.get(key).await
    }

    async fn download(&self, key: &str, to: &Path) -> Result<Option<u64>, Error> {
        self.inner.download(key, to).await
    }

    async fn put(&self, key: &str, body: Body<'_>, mode: PutMode<'_>) -> Result<Version, PutError> {
        if key == "reports/index.html" && !self.is_taken.swap(true, Ordering::Relaxed) {
            let latest = self.inner.get("latest/temporalcloud/default.json").await?.expect("one");
            let other = "latest/temporalcloud/other.json";
            self.inner.put(other, Body::Bytes(&latest.bytes), PutMode::Overwrite).await?;
            self.inner.put(key, Body::Bytes(b"with the other"), PutMode::Overwrite).await?;
        }
        self.inner.put(key, body, mode).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error> {
        self.inner.list(prefix).await
    }

    fn place(&self, key: &str) -> String {
        self.inner.place(key)
    }
}

#[tokio::test]
async fn two_functions_at_once_lose_no_row_of_the_index_and_a_held_snapshot_is_shown() {
    let (mut tenant, _vendor) = hostile().await;
    let published = tenant.sync().await;
    tenant.cx.store = Arc::new(Contended { inner: tenant.cx.store, is_taken: false.into() });
    let store = &*tenant.cx.store;
    let keys = report::write(store, &published).await.expect("written");
    let id = &published.manifest.sync_id;
    assert_eq!(
        keys,
        [format!("reports/temporalcloud/default/{id}.html"), "reports/index.html".into()]
    );
    let index = async || {
        let object = store.get("reports/index.html").await.expect("readable").expect("written");
        String::from_utf8(object.bytes).expect("text")
    };
    let page = index().await;
    assert!(page.contains(&format!("href=\"temporalcloud/default/{id}.html\"")), "{page}");
    assert!(page.contains("</span> other"), "{page}");
    assert!(!page.contains("<script") && !page.contains("held back"), "{page}");

    let mut held = serde_json::to_value(&published.manifest).expect("JSON");
    held["status"] = "held".into();
    held["generation"] = 99.into();
    held["losses"] =
        json!([{"what": "grants", "resource_type": "namespace", "before": 9, "now": 0}]);
    let file = "snapshots/temporalcloud/default/3ZkPbV7yQ3aXn5GdJ8mRtLwC1fH";
    for (key, bytes) in [
        (format!("{file}-99.c1z"), Vec::new()),
        (format!("{file}.json"), held.to_string().into_bytes()),
    ] {
        store.put(&key, Body::Bytes(&bytes), PutMode::Create).await.expect("written");
    }
    report::write(store, &published).await.expect("written");
    assert!(index().await.contains("held back"));
    let losses = json!(["grants on namespace fell from 9 to 0"]);
    let completeness = &tenant.page(&published).await.summary()["completeness"];
    assert_eq!(
        (&completeness["waiting"]["losses"], &completeness["held"]),
        (&losses, &json!(null))
    );
    let mut published = published;
    published.manifest = serde_json::from_value(held).expect("a manifest");
    published.manifest.sync_id = "3ZkPbV7yQ3aXn5GdJ8mRtLwC1fH".into();
    let completeness = &tenant.page(&published).await.summary()["completeness"];
    assert_eq!(
        (&completeness["held"]["losses"], &completeness["waiting"]),
        (&losses, &json!(null))
    );
}

#[tokio::test]
async fn changes_are_lines_for_people_direct_grants_first() {
    let (tenant, vendor) = hostile().await;
    tenant.sync().await;
    vendor.with_world(|world| {
        world.add_user("new", "new@example.com", "owner");
        world.set_namespace_permission("u2", "demo.a1b23", "PERMISSION_ADMIN");
    });
    let summary = tenant.page(&tenant.sync().await).await.summary();
    let changes = &summary["changes"];
    assert_eq!(changes["resources"]["created"], 1, "{changes}");
    let first = &changes["lines"][0];
    assert_eq!((&first["object"], &first["is_direct"]), (&json!("grant"), &json!(true)));
    let lines = changes["lines"].as_array().expect("lines");
    let has = |who: &str, change: &str| {
        lines
            .iter()
            .any(|l| l["subject"]["id"] == who && l["change"] == change && l["object"] == "grant")
    };
    assert!(has("user:new", "created") && has("user:u2", "created"), "{changes:#}");
}
