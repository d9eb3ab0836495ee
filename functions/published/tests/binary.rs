//! The real binary in front of a Runtime API, after syncs by real functions: as in AWS, or with a store in a folder where
//! there is no simulated AWS.

use std::collections::BTreeSet;
use std::path::Path;

use rollcall_harness::function::{Environment, Refusal};
use rollcall_harness::moto::Moto;
use rollcall_simulators::temporalcloud::{TemporalCloud, World};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The bucket as the template's checks call it.
const STORE: &str = "rollcall-bucket";

/// What each product of `ROLLCALL_PUBLISH` writes.
const PRODUCTS: [(&str, &str); 3] =
    [("changes", "changes/"), ("report", "reports/"), ("tables", "tables/")];

/// A store with the snapshots of a connection, and the connector's vendor.
struct Desk {
    moto: Option<Moto>,
    connection: String,
    folder: TempDir,
    tokens: Vec<String>,
    _vendor: TemporalCloud,
}

impl Desk {
    async fn new() -> Self {
        let vendor = TemporalCloud::start(World::worked_example(), Default::default()).await;
        let vendor = vendor.expect("a vendor");
        vendor.set_options(|options| options.operations.polls = 0);
        let configuration = vendor.configuration();
        let pairs = configuration.variables().map(|(key, value)| (key, Value::from(value)));
        let secret: Value = pairs.collect();
        let tokens = secret["BATON_API_KEY"].as_str().map(str::to_owned).into_iter().collect();
        let (moto, folder) = (Moto::shared(), tempfile::tempdir().expect("a folder"));
        let connection = moto.as_ref().map_or("default".into(), |_| Moto::name());
        match &moto {
            Some(moto) => {
                moto.create_bucket(STORE).await;
                // The bus has the connection's name.
                moto.create_bus(&connection).await;
                moto.create_secret(&format!("rollcall/temporalcloud/{connection}"), &secret).await;
            }
            None => {
                let secrets = folder.path().join("secrets/temporalcloud");
                std::fs::create_dir_all(&secrets).expect("a folder");
                let file = secrets.join("default.json");
                std::fs::write(file, secret.to_string()).expect("written");
            }
        }
        Self { moto, connection, folder, tokens, _vendor: vendor }
    }

    fn variables(&self, function: &str) -> Vec<(String, String)> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let (mut variables, own) = match &self.moto {
            Some(moto) => {
                let store = ("ROLLCALL_STORE", format!("s3://{STORE}"));
                (moto.variables(function), [store, ("ROLLCALL_BUS", self.connection.clone())])
            }
            None => {
                let secrets = ("ROLLCALL_SECRETS", format!("file:{}", path("secrets")));
                (vec![], [("ROLLCALL_STORE", path("store")), secrets])
            }
        };
        variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        variables
    }

    /// The answer of a function of the connector.
    async fn call(&self, function: &str, mut event: Value) -> Value {
        let path = Path::new(env!("CARGO_BIN_EXE_snapshot-published")).with_file_name(function);
        assert!(path.exists(), "build it first: cargo build --bin {function}");
        let path = path.display().to_string();
        let function = Environment::start(&path, self.variables(function)).await;
        event["connection"] = self.connection.as_str().into();
        let answer = function.answer(event).await;
        function.end(&self.tokens).await;
        answer
    }

    /// Syncs, and returns the event for what follows.
    async fn sync(&self) -> Value {
        let synced = self.call("temporalcloud-sync", json!({})).await;
        assert_eq!(synced["status"], "complete", "{synced:#}");
        json!({"connector": "temporalcloud", "connection": self.connection, "sync_id": synced["sync_id"]})
    }

    /// The function, with these products instead of all.
    async fn function(&self, products: Option<&str>) -> Environment {
        let mut variables = self.variables("snapshot-published");
        variables.extend(products.map(|text| ("ROLLCALL_PUBLISH".to_owned(), text.to_owned())));
        Environment::start(env!("CARGO_BIN_EXE_snapshot-published"), variables).await
    }

    async fn object(&self, key: &str) -> Option<Vec<u8>> {
        match &self.moto {
            Some(moto) => moto.object(STORE, key).await,
            None => std::fs::read(self.folder.path().join("store").join(key)).ok(),
        }
    }

    /// The events in this queue since the last time.
    async fn put(&self, queue: Option<&str>) -> Vec<Value> {
        match (&self.moto, queue) {
            (Some(moto), Some(queue)) => moto.received(queue).await,
            _ => Vec::new(),
        }
    }

    async fn record(&self, event: &Value) -> Option<Value> {
        let id = event["sync_id"].as_str().expect("an id");
        let key = format!("published/temporalcloud/{}/{id}.json", self.connection);
        self.object(&key).await.map(|object| serde_json::from_slice(&object).expect("JSON"))
    }

    async fn refused(&self, products: Option<&str>, event: &Value) -> Refusal {
        let function = self.function(products).await;
        let refusal = function.refusal(event.clone()).await;
        function.end(&self.tokens).await;
        refusal
    }
}

/// The keys in an answer.
fn written(answer: &Value) -> Vec<&str> {
    let keys = answer["written"].as_array().expect("keys").iter();
    keys.map(|key| key.as_str().expect("a key")).collect()
}

#[tokio::test]
async fn a_snapshot_is_followed_once_however_often_its_event_is_delivered() {
    let desk = Desk::new().await;
    let first = desk.sync().await;
    let grant = json!({
        "request_id": "r1", "entitlement": "namespace:demo.a1b23:write", "principal": "service-account:sa1", "duration": "PT8H",
    });
    assert_eq!(desk.call("temporalcloud-grant", grant).await["outcome"], "granted");
    let second = desk.sync().await;
    let function = desk.function(None).await;
    let queue = match &desk.moto {
        Some(moto) => {
            Some(moto.watch(&desk.connection, &json!({"source": ["rollcall.change"]})).await)
        }
        None => None,
    };
    for (event, previous) in [(&first, &Value::Null), (&second, &first["sync_id"])] {
        let answer = function.answer(event.clone()).await;
        assert_eq!(&answer["previous_sync_id"], previous, "{answer:#}");
        for field in ["connector", "connection", "sync_id"] {
            assert_eq!(answer[field], event[field], "{answer:#}");
        }
        let is_own = |key: &&str| key.contains(&format!("/{}/", desk.connection));
        let keys: Vec<_> = written(&answer).into_iter().filter(is_own).collect();
        let mut objects = Vec::new();
        for key in &keys {
            objects.push(desk.object(key).await.unwrap_or_else(|| panic!("{key} is not there")));
        }
        assert_eq!(desk.record(event).await.as_ref(), Some(&answer));
        let put = desk.put(queue.as_deref()).await;
        assert!(previous.is_string() || put.is_empty(), "the first snapshot changes nothing");
        assert_eq!(function.answer(event.clone()).await, answer);
        assert_eq!(desk.put(queue.as_deref()).await, Vec::<Value>::new(), "put again");
        for (key, object) in keys.iter().zip(objects) {
            assert!(desk.object(key).await.as_deref() == Some(&*object), "{key} was written again");
        }
    }
    let output = function.end(&desk.tokens).await;
    assert_eq!(output.summaries().len(), 4);
}

#[tokio::test]
async fn only_the_products_that_the_environment_names_are_made() {
    let desk = Desk::new().await;
    for products in ["none", "changes", "report", "tables", "changes,tables"] {
        let event = desk.sync().await;
        let function = desk.function(Some(products)).await;
        let answer = function.answer(event.clone()).await;
        function.end(&desk.tokens).await;
        let names: BTreeSet<_> = products.split(',').collect();
        let wanted = PRODUCTS.into_iter().filter(|(name, _)| names.contains(name));
        let prefixes: Vec<_> = wanted.map(|(_, prefix)| prefix).collect();
        for key in written(&answer) {
            assert!(prefixes.iter().any(|prefix| key.starts_with(prefix)), "{products}: {key}");
        }
        let record = (products != "none").then_some(answer);
        assert_eq!(desk.record(&event).await, record);
    }
    let refusal = desk.refused(Some("changes,reports"), &desk.sync().await).await;
    assert_eq!((&*refusal.kind, refusal.text("code")), ("Misconfigured", "BadEnvironment"));
    assert!(refusal.text("message").contains("`reports`"), "{refusal:?}");
    assert!(refusal.text("fix").contains("`report`"), "{refusal:?}");
}

#[tokio::test]
async fn an_event_that_is_wrong_is_refused_with_what_to_do_and_leaves_no_record() {
    let desk = Desk::new().await;
    let good = desk.sync().await;
    for (field, value, kind, code, message, fix) in [
        ("snapshot", json!("x"), "InvalidRequest", "MalformedEvent", "`snapshot`", "fields"),
        ("sync_id", json!(7), "InvalidRequest", "MalformedEvent", "string", "fields"),
        ("connection", json!("A/b"), "InvalidRequest", "BadConnectionName", "A/b", "lower-case"),
        ("connection", json!(""), "InvalidRequest", "BadConnectionName", "connection", "1 to 63"),
        ("sync_id", json!("2Zk"), "InvalidRequest", "BadSyncId", "2Zk", "27 letters"),
        ("connection", json!("nobody"), "NotFound", "SnapshotNotFound", "nobody", "Check"),
        ("connector", json!("jira"), "NotFound", "SnapshotNotFound", "jira", "Check"),
    ] {
        let mut event = good.clone();
        event[field] = value;
        let refusal = desk.refused(None, &event).await;
        assert_eq!((&*refusal.kind, refusal.text("code")), (kind, code), "{event}");
        assert!(refusal.text("message").contains(message), "{refusal:?}");
        assert!(refusal.text("fix").contains(fix), "{refusal:?}");
    }
    assert_eq!(desk.record(&good).await, None);
    let answer = desk.function(None).await.answer(good.clone()).await;
    assert_eq!(desk.record(&good).await, Some(answer), "the good event is followed afterwards");
}
