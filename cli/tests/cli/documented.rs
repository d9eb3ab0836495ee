//! Every command in a README, a help text or a fix works as it is pasted, or a table has the reason why it does not run here.

use std::collections::BTreeSet;
use std::path::Path;

use rollcall_simulators::Simulator;
use tokio::runtime::Runtime;

use crate::support::Place;

/// How commands begin that do not run here; without `^`, what those contain of which only the arguments are checked.
const EXCEPTIONS: &str = "
^aws => needs a stack in AWS
^sam => needs credentials for AWS
^infra/build => needs Cargo Lambda and minutes; `tests/run` builds and deploys
^cargo lambda => needs Cargo Lambda
^cargo install => takes minutes
^docker => needs Docker
^kubectl => needs a cluster
^rollcall serve => needs ConductorOne, and serves until Ctrl-C; a test runs it
^man => finds only pages beside a folder of the path
^cargo run --bin demo => `tests/run` runs the tour
^cargo run --bin simulate => serves until Ctrl-C; a test of the simulators runs it
^./tests/run => runs this test
^tests/python => needs packages from the network; `tests/run` uses it
^pip install => needs the network
^rustup => changes the toolchain
s3:// => needs a bucket
rollcall review apply => needs decisions
-id ID => stands for an unfinished run
-accept ID => stands for a quarantined snapshot";

#[test]
fn every_documented_command_works_as_it_is_pasted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let place = Place::new().var("ROLLCALL_SECRETS", "file:secrets").var("HOME", ".");
    let place = place.var("AWS_EC2_METADATA_DISABLED", "true");
    let _vendors = vendors(&place.path("secrets"));
    let setup = "rollcall sync temporalcloud && cp rollcall-data/snapshots/*/*/*.c1z old.c1z && cp old.c1z new.c1z && mkdir infra";
    place.shell(&format!("{setup} && ln -s '{}/tests' tests", root.display())).expect(0);
    let rows = EXCEPTIONS.lines().skip(1).map(|row| row.split_once(" => ").expect("a reason").0);
    let (rows, mut used, mut wrong) = (Vec::from_iter(rows), BTreeSet::new(), String::new());
    for (command, source) in commands(&root, &place) {
        let row = rows.iter().find(|row| format!("^{command}").contains(**row));
        used.extend(row);
        if row.is_some_and(|row| row.starts_with('^')) {
            continue;
        }
        // The snapshots of a second connector would make `rollcall snapshot` ambiguous.
        let store = CONNECTORS[1..].iter().find(|other| command.contains(**other));
        let store = format!("export ROLLCALL_STORE={}", store.unwrap_or(&"rollcall-data"));
        let ran = place.shell(&format!("{store}; {command}"));
        if ran.code != Some(0) && (row.is_none() || ran.code == Some(2)) {
            wrong += &format!("\n{source}: {command}\n{:?} {}{}", ran.code, ran.out, ran.err);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(used, rows.iter().copied().collect(), "each exception is needed");
}

macro_rules! connectors {
    ($($name:ident),* $(,)?) => {
        const CONNECTORS: &[&str] = &[$(stringify!($name)),*];

        /// Serves the small sample of every vendor while the runtime exists, and writes the configurations into `folder`.
        fn vendors(folder: &Path) -> Runtime {
            let runtime = Runtime::new().expect("a runtime");
            $({
                use rollcall_simulators::$name::{Options, Vendor, World};
                let simulator = Simulator::<Vendor>::start(World::worked_example(), Options::default());
                let simulator = runtime.block_on(simulator).expect("a vendor");
                simulator.configuration().write(folder, stringify!($name), "default").expect("written");
                std::mem::forget(simulator);
            })*
            runtime
        }
    };
}
include!("../../../functions/connectors.rs");

/// All commands, each once, with the file or the help text that has it.
fn commands(root: &Path, place: &Place) -> Vec<(String, String)> {
    let mut found = Vec::<(String, String)>::new();
    let mut add = |command: &str, source: &str| {
        // An explanation follows a gap; `jq` may not be installed.
        let command = command.trim().split("   ").flat_map(|command| command.split(" | jq"));
        let command = command.take(1).collect::<String>();
        let command = command.replace("{}", "temporalcloud").replace("CONNECTOR", "temporalcloud");
        if !command.is_empty() && !found.iter().any(|(known, _)| *known == command) {
            found.push((command, source.to_owned()));
        }
    };
    let find = r"find * \( -name target -o -name tests -o -name CHANGELOG.md -o -name codes.md \) -prune -o -name '*.md' -print -o -name '*.rs' -print";
    let files = place.shell(&format!("cd '{}' && {find}", root.display())).expect(0).out;
    for source in files.lines() {
        let text = std::fs::read_to_string(root.join(source)).expect("text");
        let (is_page, mut block) = (source.ends_with(".md"), None::<String>);
        for line in text.lines() {
            match (line.trim(), &mut block) {
                ("```sh", _) if is_page => block = Some(String::new()),
                ("```", Some(_)) => block = None,
                (_, Some(command)) => {
                    *command += &format!("\n{line}");
                    if shlex::split(command).is_some() {
                        add(&std::mem::take(command), source);
                    }
                }
                (comment, None) if comment.starts_with("//") => {}
                (_, None) => {
                    // A page may name a command without its arguments; a message may not.
                    let is_whole = |code: &&str| !is_page || code.matches(' ').count() > 1;
                    let code = line.split('`').skip(1).step_by(2).filter(is_whole);
                    let code = code.filter(|code| code.starts_with("rollcall "));
                    code.for_each(|code| add(code, source));
                }
            }
        }
    }
    for (command, help) in helps(place, "") {
        let examples = help.split("\nExamples:\n").nth(1).unwrap_or_default();
        let examples = examples.split("\n\n").next().unwrap_or_default();
        let examples = examples.replace("\\\n     ", "").replace("|\n     ", "|");
        examples.lines().for_each(|example| add(example, &format!("rollcall{command} --help")));
    }
    found
}

/// The help of a command and of all below it.
fn helps(place: &Place, command: &str) -> Vec<(String, String)> {
    let help = place.run(&format!("{command} --help")).expect(0).out;
    let below = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let names = below.lines().map_while(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help");
    let below: Vec<_> = names.flat_map(|n| helps(place, &format!("{command} {n}"))).collect();
    [(command.to_owned(), help)].into_iter().chain(below).collect()
}
