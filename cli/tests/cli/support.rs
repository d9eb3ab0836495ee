//! The program, snapshot files, and a simulated vendor.

use std::io::{BufRead, BufReader, Write};
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
use rollcall_snapshot::{GrantColumns, SnapshotWriter, pack};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}{}", self.out, self.err))
    }

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
        self.after(label).split_once(": ").expect("a command").1.to_owned()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let [out, err] =
            [output.stdout, output.stderr].map(|b| String::from_utf8(b).expect("text"));
        Self { code: output.status.code(), out, err }
    }
}

/// A folder to run the program in, which is the store too.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), variables: Vec::new() }
    }

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
        self.start(env!("CARGO_BIN_EXE_rollcall"))
    }

    fn start(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.folder.path());
        command.envs(self.variables.iter().cloned());
        command
    }

    /// Runs the program with these arguments, quoted as for a shell.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &str, input: &str) -> Ran {
        let mut command = self.command();
        command.args(shlex::split(arguments).expect("words"));
        finish(command, input)
    }

    pub(crate) fn shell(&self, line: &str) -> Ran {
        let program = Path::new(env!("CARGO_BIN_EXE_rollcall"));
        let folder = program.parent().expect("a folder").display();
        let mut command = self.start("/bin/sh");
        command.env("PATH", format!("{folder}:/usr/bin:/bin"));
        command.args(["-c", line]);
        finish(command, "")
    }

    /// Runs the program, and sends it Ctrl-C at each of these signs.
    pub(crate) fn interrupted_at(&self, arguments: &str, signs: &[Sign]) -> Ran {
        let mut command = self.command();
        command.args(shlex::split(arguments).expect("words"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        let lines = BufReader::new(child.stderr.take().expect("messages")).lines();
        let mut lines = lines.map(|line| line.expect("a line") + "\n");
        let mut err = String::new();
        for sign in signs {
            match sign {
                Sign::File(name) => {
                    while !self.path(name).exists() {
                        thread::yield_now();
                    }
                }
                Sign::Line(text) => {
                    while !err.contains(text) {
                        err += &lines.next().unwrap_or_else(|| panic!("no `{text}` in: {err}"));
                    }
                }
            }
            let mut kill = Command::new("kill");
            let signal = kill.args(["-INT", &child.id().to_string()]).status();
            assert!(signal.expect("a signal").success());
        }
        err.extend(lines);
        Ran { err, ..child.wait_with_output().expect("ended").into() }
    }

    #[track_caller]
    pub(crate) fn doctor(&self, code: i32, texts: &[&str]) -> String {
        let out = self.run("doctor temporalcloud").expect(code).out;
        for text in texts {
            assert!(out.contains(text), "{text}: {out}");
        }
        out
    }
}

/// What a test waits for: a file, or a message.
pub(crate) enum Sign {
    File(&'static str),
    Line(&'static str),
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

    pub(crate) fn world(&self, change: impl FnOnce(&mut World) + Send + 'static) {
        self.change(|cloud| cloud.with_world(change));
    }

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
        let resource = |kind, id, name, what| Resource::new(ResourceId::new(kind, id), name, what);
        Self {
            resources: vec![
                resource("group", "g1", "Inner", ResourceTrait::Group),
                resource("group", "g2", "Outer, \"big\"", ResourceTrait::Group),
                resource("namespace", "n1", "Production", ResourceTrait::None),
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
        let at = "2026-01-02T03:04:05Z".parse().expect("a time");
        let mut db = SnapshotWriter::create(&database, "s", at).expect("a database");
        for r in &self.resources {
            let written = db.resource(parts(&r.id), None, &encode::resource(r));
            written.expect("written");
        }
        for text in ["group:g1:member", "group:g2:member", "namespace:n1:write"] {
            let e = entitlement(text);
            let written =
                db.entitlement(text, parts(&e.id.resource), &encode::entitlement(&e, &[]));
            written.expect("written");
        }
        let stated = self.grants.iter().map(|g| (g, None));
        let derived = self.derived.iter().map(|(g, source)| (g, Some(*source)));
        stated.chain(derived).for_each(|(g, source)| insert(&mut db, g, source));
        db.finish(at).expect("finished");
        pack(&database, path).expect("packed");
    }
}

fn parts(id: &ResourceId) -> (&str, &str) {
    (&id.resource_type, &id.id)
}

fn insert(db: &mut SnapshotWriter, g: &Grant, source: Option<&str>) {
    let (entitlement, resource) = (g.entitlement.to_string(), parts(&g.entitlement.resource));
    let (mut id, mut data) = (String::new(), Vec::new());
    let (principal, annotations) = (parts(&g.principal), encode::grant_annotations(g));
    let encoder = GrantEncoder::new(&entitlement, &g.entitlement.resource);
    encoder.encode(principal.0, principal.1, &annotations, &mut id, &mut data);
    if let Some(source) = source {
        let sources = [(source.to_owned(), GrantSource { is_direct: true })].into();
        encode::append_sources(&mut data, GrantSources { sources });
    }
    let expansion = g.expandable.as_ref().map(encode::expansion);
    let (id, entitlement, expansion) = (&*id, &*entitlement, expansion.as_deref());
    let row = GrantColumns { id, entitlement, resource, principal, expansion, data: &data };
    db.derived(&row).expect("written");
}

pub(crate) fn user(id: &str, name: &str) -> Resource {
    let account = ResourceTrait::account(AccountType::Human, Some(format!("{id}@example.com")));
    let mut user = Resource::new(ResourceId::new("user", id), name, account);
    user.state = State::Enabled;
    user
}

pub(crate) fn id(text: &str) -> EntitlementId {
    EntitlementId::parse(text).expect("an entitlement id")
}

pub(crate) fn grant(entitlement: &str, principal: &str) -> Grant {
    Grant::new(id(entitlement), ResourceId::parse(principal).expect("a principal"))
}

fn entitlement(text: &str) -> Entitlement {
    let name = format!("Name of {text}");
    Entitlement { purpose: Purpose::Permission, ..Entitlement::new(id(text), name, &[]) }
}
