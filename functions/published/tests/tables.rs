//! The tables of every simulated tenant, and of hostile records, read back.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use rollcall_connector::Error;
use rollcall_connector::http::Transport;
use rollcall_engine::context::Context;
use rollcall_engine::expiration::Ends;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::surroundings;
use rollcall_harness::stored::is_current;
use rollcall_model::{AccountType, Resource, ResourceId, ResourceTrait, encode};
use rollcall_published::tables::{Origin, Table, Tables, write_parquet};
use rollcall_published::{Products, PublishedEvent, publish};
use rollcall_simulators::{Configuration, Simulator};
use rollcall_snapshot::{Filter, Snapshot, SnapshotWriter, pack};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The rows of a table: the text of each column that has a value.
type Rows = Vec<BTreeMap<String, String>>;

fn rows(file: &Path) -> Rows {
    let reader = SerializedFileReader::new(File::open(file).expect("a file")).expect("Parquet");
    let text = |field: &Field| match field {
        Field::Null => None,
        Field::Str(text) => Some(text.clone()),
        Field::TimestampMillis(_) | Field::Bool(_) => Some(field.to_string()),
        other => panic!("{other}"),
    };
    let row = |row: parquet::record::Row| {
        let columns = row.get_column_iter();
        columns.filter_map(|(name, field)| Some((name.clone(), text(field)?))).collect()
    };
    reader.get_row_iter(None).expect("rows").map(|r| row(r.expect("a row"))).collect()
}

/// A connection to a simulated vendor, and its store.
struct Desk {
    connector: &'static str,
    cx: Context,
    folder: TempDir,
}

impl Desk {
    fn new(connector: &'static str, configuration: &Configuration) -> Self {
        let transport = Transport::new(None).expect("TLS");
        let (cx, _, folder) = surroundings(connector, &json!({}), transport);
        let secrets = folder.path().join("secrets");
        configuration.write(&secrets, connector, "default").expect("written");
        Self { connector, cx, folder }
    }

    fn file(&self, key: &str) -> PathBuf {
        self.folder.path().join("store").join(key)
    }

    async fn invoke(&self, operation: Operation, event: Value) -> Value {
        let entry = rollcall_functions::all().into_iter().find(|e| e.about.name == self.connector);
        let answer = entry.expect("a connector").invoke(&self.cx, operation, &event).await;
        answer.expect("an answer")
    }

    /// Syncs, and makes the tables.
    async fn publish(&self) -> (Snapshot, BTreeMap<&'static str, PathBuf>) {
        let answer = self.invoke(Operation::Sync, json!({})).await;
        assert_eq!(answer["status"], "complete", "{answer}");
        let text = |name: &str| answer[name].as_str().expect("text").to_owned();
        let snapshot = Snapshot::open(&self.file(&text("snapshot"))).expect("readable");
        (snapshot, self.tables(&text("sync_id")).await)
    }

    async fn tables(&self, sync_id: &str) -> BTreeMap<&'static str, PathBuf> {
        let event = PublishedEvent {
            connector: self.connector.into(),
            connection: "default".into(),
            sync_id: sync_id.into(),
        };
        let products = Products { changes: false, report: false, tables: true };
        let answer = publish(&self.cx, &event, products, None).await.expect("published");
        let place = format!("connector={}/day=2026-06-01/connection=default", self.connector);
        let keys = Table::ALL
            .map(|t| (t.name(), format!("tables/{}/{place}/{sync_id}.parquet", t.name())));
        assert_eq!(answer.written, keys.clone().map(|(_, key)| key));
        keys.map(|(name, key)| (name, self.file(&key))).into()
    }
}

macro_rules! connectors {
    ($($name:ident),* $(,)?) => { $(
        #[tokio::test]
        async fn $name() {
            use rollcall_simulators::$name::{Options, Vendor, World};
            let simulator = Simulator::<Vendor>::start(World::rich(), Options::default());
            let simulator = simulator.await.expect("a vendor");
            holds(&Desk::new(stringify!($name), &simulator.configuration())).await;
        }
    )* };
}

mod the_tables_of_every_tenant_have_a_row_for_each_record_and_the_same_bytes_again {
    use super::*;
    include!("../../connectors.rs");
}

async fn holds(desk: &Desk) {
    let (snapshot, files) = desk.publish().await;
    let (stats, sync_id) = (snapshot.stats().expect("counts"), &snapshot.sync().sync_id);
    let tables: BTreeMap<_, _> = files.iter().map(|(name, file)| (*name, rows(file))).collect();
    let counts = ["resources", "entitlements", "grants", "changes"].map(|t| tables[t].len() as u64);
    assert_eq!(counts, [stats.resources, stats.entitlements, stats.grants, 0]);
    assert!(stats.grants > 5 && tables.values().flatten().all(|row| row["sync_id"] == *sync_id));

    let (mut names, all) = (BTreeMap::new(), &Filter::default());
    let read = snapshot.resources(all, |r| {
        names.insert(r.id, (r.display_name, r.emails));
        Ok::<_, Error>(())
    });
    read.expect("readable");
    let mut rows = tables["grants"].iter();
    let read = snapshot.grants_by_entitlement(|grant| {
        let row = rows.next().expect("a row");
        let kind = if grant.direct { "direct" } else { "derived" };
        let through: Vec<_> = grant.sources.keys().filter(|id| **id != grant.entitlement).collect();
        let (name, emails) = &names[&grant.principal];
        for (column, expected) in [
            ("connector", desk.connector),
            ("entitlement", &*grant.entitlement),
            ("resource", &grant.resource),
            ("resource_name", &names[&grant.resource].0),
            ("principal", &grant.principal),
            ("principal_name", name),
            ("principal_email", emails.first().map_or("", String::as_str)),
            ("kind", kind),
            ("immutable", &grant.immutable.to_string()),
            (
                "through",
                &if through.is_empty() { String::new() } else { json!(through).to_string() },
            ),
        ] {
            assert_eq!(row.get(column).map_or("", String::as_str), expected, "{column}: {row:?}");
        }
        Ok::<_, Error>(())
    });
    read.expect("readable");

    let bytes =
        || files.values().map(|file| std::fs::read(file).expect("a file")).collect::<Vec<_>>();
    let before = bytes();
    std::fs::remove_dir_all(desk.file("published")).expect("records");
    desk.tables(sync_id).await;
    assert!(bytes() == before);
    let (again, files) = desk.publish().await;
    assert!(again.sync().sync_id != *sync_id && rows_of(&files, "changes").is_empty());
}

fn rows_of(files: &BTreeMap<&'static str, PathBuf>, table: &str) -> Rows {
    rows(&files[table])
}

#[tokio::test]
async fn a_temporary_grant_is_among_the_changes_and_shows_its_end() {
    use rollcall_simulators::temporalcloud::{Options, Vendor, World};
    let simulator = Simulator::<Vendor>::start(World::worked_example(), Options::default());
    let simulator = simulator.await.expect("a vendor");
    let desk = Desk::new("temporalcloud", &simulator.configuration());
    let (first, _) = desk.publish().await;
    let event = json!({
        "request_id": "r1", "entitlement": "namespace:demo.a1b23:read", "principal": "service-account:sa1", "duration": "PT4H",
    });
    let answer = desk.invoke(Operation::Grant, event).await;
    assert_eq!(answer["outcome"], "granted", "{answer}");
    let (_, files) = desk.publish().await;
    let of_grants = |row: &&BTreeMap<String, String>| {
        row["entitlement"] == "namespace:demo.a1b23:read"
            && row["principal"] == "service-account:sa1"
    };
    let (grants, changes) = (rows_of(&files, "grants"), rows_of(&files, "changes"));
    let until = &grants.iter().find(of_grants).expect("the grant")["until"];
    let created: Vec<_> = changes.iter().filter(|row| row["object"] == "grant").collect();
    assert_eq!(created.len(), 1, "{changes:?}");
    for (column, expected) in [
        ("change", "created"),
        ("previous_sync_id", &*first.sync().sync_id),
        ("id", "namespace:demo.a1b23:read:service-account:sa1"),
        ("resource_name", "demo.a1b23"),
        ("slug", "read"),
        ("principal_type", "service-account"),
        ("principal_name", "ci-bot"),
        ("until", until),
    ] {
        assert_eq!(created[0][column], expected, "{column}");
    }
}

/// A snapshot of these accounts.
fn snapshot_of(accounts: &[Resource]) -> Snapshot {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, file) = (folder.path().join("db"), folder.path().join("x.c1z"));
    let at = "2026-01-02T03:04:05.678901Z".parse().expect("a time");
    let mut writer = SnapshotWriter::create(&database, "s", at).expect("a writer");
    for r in accounts {
        let id = (&*r.id.resource_type, &*r.id.id);
        writer.resource(id, None, &encode::resource(r)).expect("written");
    }
    writer.finish(at).expect("finished");
    pack(&database, &file).expect("packed");
    Snapshot::open(&file).expect("readable")
}

#[test]
fn hostile_texts_come_back_as_they_are() {
    let long = "x".repeat(1 << 20);
    let texts = [
        "=1+1",
        "a\"b,c",
        "two\r\nlines\t\0",
        "\u{202e}evil",
        "🦀 ß",
        "{\"a\": 1}",
        " ",
        "NULL",
        &long,
    ];
    let account = |text: &&str| {
        let what = ResourceTrait::account(AccountType::Human, Some(format!("{text}@x")));
        let mut account = Resource::new(ResourceId::new("user", *text), *text, what);
        account.profile = [((*text).to_owned(), json!([text, {"deep": [null, 1.5]}]))].into();
        account
    };
    let accounts: Vec<_> = texts.iter().map(account).collect();
    let (snapshot, ends) = (snapshot_of(&accounts), Ends::default());
    let tables =
        Tables { snapshot: &snapshot, previous: None, ends: &ends, origin: Origin::default() };
    let file = tempfile::NamedTempFile::new().expect("a file");
    write_parquet(&tables, Table::Resources, file.as_file()).expect("written");
    let rows = rows(file.path());
    for (text, row) in texts.iter().zip(&rows) {
        assert_eq!(
            (&row["display_name"], &row["id"]),
            (&(*text).to_owned(), &format!("user:{text}"))
        );
        let json = |column: &str| serde_json::from_str::<Value>(&row[column]).expect("JSON");
        assert_eq!(json("emails"), json!([format!("{text}@x")]));
        assert_eq!(json("profile"), json!({*text: [text, {"deep": [null, 1.5]}]}));
        assert_eq!(row["synced_at"], "2026-01-02 03:04:05.678 +00:00");
        assert!(!row.contains_key("connector") && !row.contains_key("parent"));
    }
    assert_eq!(rows.len(), texts.len());
}

/// `ROLLCALL_ACCEPT=1 cargo test -p rollcall-published --test published tables` writes it.
#[test]
fn the_columns_for_athena_in_the_repository_are_current() {
    let current = format!("{:#}\n", Table::catalog());
    is_current("infra/tables.json", &current);
    // Of the Glue API: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html
    let columns = Table::ALL.into_iter().flat_map(Table::columns);
    assert!(columns.clone().all(|c| c.name.len() <= 255 && c.doc.len() <= 255));
    for table in Table::ALL {
        let mut names: Vec<_> = table.columns().iter().map(|c| c.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), table.columns().len(), "{table:?}: a name is used twice");
    }
}
