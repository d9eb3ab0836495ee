//! The program `simulate`.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

fn simulate(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulate"));
    command.args(arguments.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn all_vendors_run_side_by_side_with_one_configuration_until_ctrl_c() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("simulated");
    let arguments = format!("all --sample small --port 0 --config {}", folder.display());
    let mut running = simulate(&arguments).spawn().expect("started");
    let mut out = BufReader::new(running.stdout.take().expect("an output"));
    let (mut text, export) =
        (String::new(), format!("\nexport ROLLCALL_SECRETS=\"file:{}\"\n", folder.display()));
    while !text.ends_with(&export) && out.read_line(&mut text).expect("a line") > 0 {}
    assert_eq!(text.matches(" simulator at http://127.0.0.1:").count(), 5, "{text}");
    for connector in ["buildkite", "confluence", "elastic", "northflank", "temporalcloud"] {
        let file = folder.join(connector).join("default.json");
        let mode = fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{connector}");
        let file = fs::read_to_string(&file).expect("text");
        let urls = file.split('"').filter(|word| word.starts_with("http://"));
        let origin = |url: &str| url.split('/').take(3).collect::<Vec<_>>().join("/");
        assert!(urls.map(origin).any(|url| text.contains(&url)), "{file}");
    }
    Command::new("kill").args(["-INT", &running.id().to_string()]).status().expect("a signal");
    assert!(running.wait().expect("ended").success());
    out.read_to_string(&mut text).expect("text");
    assert_eq!(text.matches(": 0 requests, 0 of which are not as documented").count(), 5, "{text}");
}

#[test]
fn c1_is_a_service_of_its_own_with_a_new_credential_each_time() {
    let mut running = simulate("c1 --port 0").spawn().expect("started");
    let out = BufReader::new(running.stdout.take().expect("an output"));
    let mut lines = out.lines().map(|line| line.expect("a line"));
    let mut next = |begin: &str| {
        let line = lines.next().expect("a line");
        line.strip_prefix(begin).unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    let address = next("ConductorOne simulator at http://");
    next(&format!("export BATON_CLIENT_ID=rollcall@{address}/"));
    next("export BATON_CLIENT_SECRET=secret-token:conductorone.com:v1:");
    Command::new("kill").args(["-INT", &running.id().to_string()]).status().expect("a signal");
    next("ConductorOne: 0 requests, 0 of which are not as documented");
    assert!(running.wait().expect("ended").success());
}

#[test]
fn a_port_that_is_in_use_is_named_with_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = other.local_addr().expect("an address").port();
    for vendor in ["northflank", "all", "c1"] {
        let ran = simulate(&format!("{vendor} --port {port}")).output().expect("ended");
        let err = String::from_utf8(ran.stderr).expect("text");
        assert_eq!(err, format!("error: port {port} is in use: choose another with --port\n"));
        assert_eq!(ran.status.code(), Some(1));
    }
}
