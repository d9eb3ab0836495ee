//! The program, snapshot files, and a simulated vendor.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use rollcall_model::encode::GrantEncoder;
use rollcall_model::proto::{GrantSource, GrantSources};
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Grant, Purpose, Resource, ResourceId, ResourceTrait,
    State, encode,
};
use rollcall_simulators::temporalcloud::{Options, TEST_KEY, TemporalCloud, World};
use rusqlite::{Connection, params};
use serde_json::Value;
use tempfile::TempDir;

/// How a run of the program ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }

    /// Checks the exit code, and shows everything if it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }

    /// What follows `label` in the messages, to the end of its line.
    #[track_caller]
    pub(crate) fn after(&self, label: &str) -> String {
        let line = self.err.lines().find_map(|line| line.split_once(label));
        line.unwrap_or_else(|| panic!("no `{label}` in: {}", self.err)).1.to_owned()
    }

    /// The command in the message that begins with `label`.
    #[track_caller]
    pub(crate) fn command(&self, label: &str) -> String {
        let rest = self.after(label);
        let (_, command) = rest.split_once(": ").expect("a command");
        command.to_owned()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

/// A place to run the program in: a folder of its own, which is the store too.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), variables: Vec::new() }
    }

    /// A place whose environment leads to this vendor.
    pub(crate) fn with(vendor: &Vendor) -> Self {
        Self::new().var("BATON_API_KEY", TEST_KEY).var("BATON_BASE_URL", &vendor.url)
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A fresh place with the same variables and one more, or another value for it.
    pub(crate) fn clone_with(&self, name: &str, value: &str) -> Self {
        let mut fresh = Self::new();
        fresh.variables = self.variables.clone();
        fresh.var(name, value)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.env_clear().current_dir(self.folder.path());
        command.envs(self.variables.iter().cloned());
        command
    }

    /// Runs the program with these arguments, quoted as for a shell.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        self.run_with(arguments, "")
    }

    /// Runs the program with this text on its standard input.
    pub(crate) fn run_with(&self, arguments: &str, input: &str) -> Ran {
        let mut command = self.command();
        command.args(shlex::split(arguments).expect("words"));
        finish(command, input)
    }

    /// Runs a line that the program printed, as a shell does.
    pub(crate) fn shell(&self, line: &str) -> Ran {
        let program = Path::new(env!("CARGO_BIN_EXE_rollcall"));
        let folder = program.parent().expect("a folder").display();
        let mut command = Command::new("/bin/sh");
        command.env_clear().current_dir(self.folder.path());
        command.envs(self.variables.iter().cloned());
        command.env("PATH", format!("{folder}:/usr/bin:/bin"));
        command.args(["-c", line]);
        finish(command, "")
    }

    /// What the doctor says, which must hold these texts.
    #[track_caller]
    pub(crate) fn doctor(&self, code: i32, texts: &[&str]) -> String {
        let out = self.run("doctor temporalcloud").expect(code).out;
        for text in texts {
            assert!(out.contains(text), "{text}: {out}");
        }
        out
    }
}

fn finish(mut command: Command, input: &str) -> Ran {
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("started");
    let mut stdin = child.stdin.take().expect("an input");
    // A program that does not read its input has closed it: no concern of ours.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("ended").into()
}

/// A vendor on a thread of its own, as long as the test runs.
pub(crate) struct Vendor {
    pub(crate) url: String,
    world: mpsc::Sender<Change>,
    done: mpsc::Receiver<()>,
}

type Change = Box<dyn FnOnce(&TemporalCloud) + Send>;

impl Vendor {
    pub(crate) fn start(world: World) -> Self {
        let (tell, told) = mpsc::channel();
        let (changes, wanted) = mpsc::channel::<Change>();
        let (ready, done) = mpsc::channel();
        thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            let runtime = runtime.worker_threads(1).enable_all().build();
            let runtime = runtime.expect("a runtime");
            let cloud = runtime.block_on(TemporalCloud::start(world, Options::default()));
            let cloud = cloud.expect("a vendor");
            tell.send(cloud.base_url()).expect("heard");
            for change in wanted {
                change(&cloud);
                ready.send(()).expect("heard");
            }
        });
        Self { url: told.recv().expect("a vendor"), world: changes, done }
    }

    /// Changes the vendor's world.
    pub(crate) fn world(&self, change: impl FnOnce(&mut World) + Send + 'static) {
        self.change(|cloud| cloud.with_world(change));
    }

    /// Changes the vendor, and returns when it is changed.
    pub(crate) fn change(&self, change: impl FnOnce(&TemporalCloud) + Send + 'static) {
        self.world.send(Box::new(change)).expect("a vendor");
        self.done.recv().expect("a vendor");
    }
}

/// A snapshot file made by hand: two people in `g1`, which is in `g2`, which may write to `n1`. Not expanded, but for
/// the grants in `derived`.
pub(crate) struct Handmade {
    pub(crate) resources: Vec<Resource>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) derived: Vec<(Grant, &'static str)>,
}

impl Handmade {
    pub(crate) fn new() -> Self {
        let group = |id, name| {
            let id = ResourceId::new("group", id);
            Resource::new(id, name, ResourceTrait::Group)
        };
        let namespace = ResourceId::new("namespace", "n1");
        Self {
            resources: vec![
                group("g1", "Inner"),
                group("g2", "Outer, \"big\""),
                Resource::new(namespace, "Production", ResourceTrait::None),
                user("u1", "Ada"),
                user("u2", "Grace"),
            ],
            grants: vec![
                grant("group:g1:member", "user:u1"),
                grant("group:g1:member", "user:u2"),
                grant("group:g2:member", "group:g1").through(id("group:g1:member")),
                grant("namespace:n1:write", "group:g2").through(id("group:g2:member")),
            ],
            derived: vec![],
        }
    }

    pub(crate) fn write(&self, path: &Path) {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("db");
        let db = Connection::open(&database).expect("a database");
        db.execute_batch(SCHEMA).expect("valid");
        db.execute_batch("BEGIN").expect("begun");
        for r in &self.resources {
            let sql = "INSERT INTO v1_resources VALUES (NULL, ?1, ?2, NULL, NULL, ?3, 's', '')";
            let row = params![r.id.resource_type, r.id.to_string(), encode::resource(r)];
            db.execute(sql, row).expect("written");
        }
        for text in ["group:g1:member", "group:g2:member", "namespace:n1:write"] {
            let e = entitlement(text);
            let sql = "INSERT INTO v1_entitlements VALUES (NULL, ?1, ?2, ?3, ?4, 's', '')";
            let (on, data) = (&e.id.resource, encode::entitlement(&e, &[]));
            let row = params![on.resource_type, on.id, text, data];
            db.execute(sql, row).expect("written");
        }
        for g in &self.grants {
            insert(&db, g, None);
        }
        for (g, source) in &self.derived {
            insert(&db, g, Some(source));
        }
        db.execute_batch("COMMIT").expect("written");
        db.close().expect("closed");
        let content = std::fs::read(&database).expect("readable");
        let packed = zstd::encode_all(content.as_slice(), 1).expect("packed");
        std::fs::write(path, [b"C1ZF\0".as_slice(), &packed].concat()).expect("written");
    }
}

const SCHEMA: &str = "
CREATE TABLE v1_resource_types (id integer primary key, external_id text, data blob, sync_id text, discovered_at text);
CREATE TABLE v1_resources (id integer primary key, resource_type_id text, external_id text,
    parent_resource_type_id text, parent_resource_id text, data blob, sync_id text, discovered_at text);
CREATE TABLE v1_entitlements (id integer primary key, resource_type_id text, resource_id text, external_id text,
    data blob, sync_id text, discovered_at text);
CREATE TABLE v1_grants (id integer primary key, resource_type_id text, resource_id text, entitlement_id text,
    principal_resource_type_id text, principal_resource_id text, external_id text, expansion blob,
    needs_expansion integer, data blob, sync_id text, discovered_at text);
CREATE TABLE v1_sync_runs (id integer primary key, sync_id text, started_at text, ended_at text, sync_type text);
INSERT INTO v1_sync_runs VALUES (1, 's', '2026-01-02 03:04:05', '2026-01-02 03:04:06', 'full');
";

fn insert(db: &Connection, g: &Grant, source: Option<&str>) {
    let entitlement = g.entitlement.to_string();
    let on = &g.entitlement.resource;
    let (mut id, mut data) = (String::new(), Vec::new());
    let (kind, principal) = (&g.principal.resource_type, &g.principal.id);
    let annotations = encode::grant_annotations(g);
    let encoder = GrantEncoder::new(&entitlement, on);
    encoder.encode(kind, principal, &annotations, &mut id, &mut data);
    if let Some(source) = source {
        let sources = [(source.to_owned(), GrantSource { is_direct: true })].into();
        encode::append_sources(&mut data, GrantSources { sources });
    }
    let expansion = g.expandable.as_ref().map(encode::expansion);
    let sql = "INSERT INTO v1_grants VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, 's', '')";
    let on = (&on.resource_type, &on.id);
    let row = params![on.0, on.1, entitlement, kind, principal, id, expansion, data];
    db.execute(sql, row).expect("written");
}

pub(crate) fn user(id: &str, name: &str) -> Resource {
    let resource_trait = ResourceTrait::User {
        email: Some(format!("{id}@example.com")),
        login: None,
        account_type: AccountType::Human,
        last_login: None,
        mfa: None,
    };
    let mut user = Resource::new(ResourceId::new("user", id), name, resource_trait);
    user.state = State::Enabled;
    user
}

pub(crate) fn id(text: &str) -> EntitlementId {
    EntitlementId::parse(text).expect("an entitlement id")
}

pub(crate) fn grant(entitlement: &str, principal: &str) -> Grant {
    let principal = ResourceId::parse(principal).expect("a principal");
    Grant::new(id(entitlement), principal)
}

fn entitlement(text: &str) -> Entitlement {
    Entitlement {
        id: id(text),
        display_name: format!("Name of {text}"),
        description: String::new(),
        grantable_to: &[],
        purpose: Purpose::Permission,
        immutable: false,
        exclusive: None,
        v1_identifier: None,
    }
}
