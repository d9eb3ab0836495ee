//! Plays a transcript against a simulator.
//!
//! ```text
//! # What follows, for readers.
//! == setup                              a new simulator, which the vendor's `start` knows by this name
//! 200 GET /path?query                   a proper request and the status of its answer
//!     {"body": [1, 2]}                  the whole body, over as many lines as it takes
//! 404! GET /path                        with `!` the simulator finds something wrong with the request, else nothing
//! 401 GET /path as NAME                 by somebody else
//! 415! GET /path with name: value       with another header, or without it if there is no value
//! 400! POST /path < {"body": 1}         with a body
//!     /pointer/into/body = 1            a part of the body, by its JSON pointer
//!     name: value                       a header of the answer
//!     /pointer/into/body -> word        from here on `{word}` in a path or a body is this text; in a path it is escaped
//!     /pointer/into/body => word        the same, as it is: an address that the answer leads to
//!     /pointer = 1 ;; /pointer = 2      several of these
//! 200 GET /path >> /pointer = 1         with them on the same line
//! :: word = text                        from here on `{word}` is this text, everywhere
//! 404! GET /((path | other/path))       several requests with the same answer, one after the other
//! ++ 3600                               the simulator's clock goes forward by so many seconds
//! ```

use std::{collections::BTreeMap, time::Duration};

use rollcall_simulators::{Server, Simulator, kit::Api};
use serde_json::Value;

use crate::wire::{Reply, exchange};

/// The simulator for a vendor's transcripts.
pub(crate) trait Stage {
    /// The vendor.
    type Api: Api;

    /// A simulator by the name of its setup.
    async fn start(setup: &str) -> Simulator<Self::Api>;
    /// The headers of a proper request by somebody: the `authorization` is that of `who`, which is empty for whoever may
    /// do everything.
    fn headers(who: &str) -> Vec<(&'static str, String)>;
    /// The host that a request goes to, and the rest of its path.
    fn host<'a>(sim: &'a Simulator<Self::Api>, path: &'a str) -> (&'a Server, &'a str) {
        (sim, path)
    }
}

/// Plays it to its end, and then fails with every line that was answered otherwise.
pub(crate) async fn play<S: Stage>(transcript: &str) {
    let mut sim = None;
    let mut words = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut lines = transcript.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let definition = line.strip_prefix(":: ").and_then(|line| line.split_once(" = "));
        if line.is_empty() || line.starts_with('#') {
        } else if let Some(setup) = line.strip_prefix("== ") {
            sim = Some(S::start(setup).await);
        } else if let Some((word, text)) = definition {
            words.insert(word.to_owned(), text.to_owned());
        } else if let Some(seconds) = line.strip_prefix("++ ") {
            let seconds = seconds.parse().expect("seconds");
            let sim: &Simulator<S::Api> = sim.as_ref().expect("a setup");
            sim.advance(Duration::from_secs(seconds));
        } else {
            let sim = sim.as_ref().expect("a setup");
            let (line, check_here) = line.split_once(" >> ").unwrap_or((line, ""));
            let mut expected = vec![fill(check_here, &words)];
            while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with("    ")) {
                expected.push(fill(line.trim(), &words));
            }
            for one in alternatives(&fill(line, &words)) {
                let (reply, mut problems) = request::<S>(sim, &one).await;
                problems.extend(check(&reply, &expected, &mut words));
                let at = format!("line {}: {one}", number + 1);
                wrong.extend(problems.iter().map(|problem| format!("{at}\n    {problem}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text with the values of these words.
pub(crate) fn fill(text: &str, words: &BTreeMap<String, String>) -> String {
    let fill = |text: String, (word, value): (&String, &String)| {
        text.replace(&format!("{{{word}}}"), value)
    };
    words.iter().fold(text.to_owned(), fill)
}

/// The requests that a line stands for.
pub(crate) fn alternatives(line: &str) -> Vec<String> {
    let parts = line.split_once("((").and_then(|(before, rest)| {
        let (inside, after) = rest.split_once("))")?;
        Some((before, inside, after))
    });
    let Some((before, inside, after)) = parts else {
        return vec![line.to_owned()];
    };
    let each = inside.split(" | ").map(|one| format!("{before}{one}{after}"));
    each.flat_map(|line| alternatives(&line)).collect()
}

/// The answer, and what is wrong with its status.
async fn request<S: Stage>(sim: &Simulator<S::Api>, line: &str) -> (Reply, Vec<String>) {
    let (request, body) = line.split_once(" < ").unwrap_or((line, ""));
    let (request, with) = request.split_once(" with ").unwrap_or((request, ""));
    let (request, who) = request.split_once(" as ").unwrap_or((request, ""));
    let [status, method, path] = request.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{line}: is not `STATUS METHOD PATH`");
    };
    let mut headers = S::headers(who);
    if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
        headers.push(("content-type", "application/json".to_owned()));
    }
    for header in with.split(" and ").filter(|header| !header.is_empty()) {
        let (name, value) = header.split_once(": ").unwrap_or((header, ""));
        headers.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            headers.push((name.to_owned().leak(), value.to_owned()));
        }
    }
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
    let (server, path) = S::host(sim, path);
    sim.clear_requests();
    let reply = exchange(&server.url(), method, path, &headers, body).await;
    let reply = reply.unwrap_or_else(|| panic!("{line}: no answer"));
    let violations = sim.violations();
    let mark = if violations.is_empty() { "" } else { "!" };
    let mut problems = Vec::new();
    if format!("{}{mark}", reply.status) != status {
        problems.push(format!("{}{mark} {violations:?} {}", reply.status, reply.text));
    }
    (reply, problems)
}

/// The differences from what is expected.
fn check(reply: &Reply, expected: &[String], words: &mut BTreeMap<String, String>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut same = |what: &str, found: &Value, expected: &str| {
        let expected: Value =
            serde_json::from_str(expected).unwrap_or_else(|e| panic!("{what}: {expected}: {e}"));
        if *found != expected {
            problems.push(format!("{what} is {found}\n    in {}", reply.text));
        }
    };
    let mut body = String::new();
    let part = |pointer: &str| reply.json.pointer(pointer).cloned().unwrap_or_default();
    for line in expected.iter().flat_map(|line| line.split(" ;; ")) {
        if let Some((pointer, word)) = line.split_once(" => ") {
            let value = part(pointer).as_str().map(str::to_owned);
            words.insert(word.to_owned(), value.unwrap_or_default());
        } else if let Some((pointer, word)) = line.split_once(" -> ") {
            let value = part(pointer).as_str().map(escaped);
            words.insert(word.to_owned(), value.unwrap_or_default());
        } else if let (true, Some((pointer, value))) =
            (line.starts_with('/'), line.split_once(" = "))
        {
            same(pointer, &part(pointer), value);
        } else if line.starts_with(|c: char| c.is_ascii_lowercase()) && body.is_empty() {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let found = reply.headers.get(name).cloned().unwrap_or_default();
            same(name, &Value::from(found), &Value::from(value.trim()).to_string());
        } else {
            body.push_str(line);
        }
    }
    if !body.is_empty() {
        same("the body", &reply.json, &body);
    }
    problems
}

/// A text as it is in a query.
fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}
