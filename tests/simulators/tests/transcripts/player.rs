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
//! 200 GET /path => /pointer = 1         one of the above on the line itself
//!     /pointer/into/body -> word        from here on `{word}` in a path or a body is this text; in a path it is escaped
//! ++ 3600                               the simulator's clock goes forward by so many seconds
//! ```

use std::{collections::BTreeMap, time::Duration};

use rollcall_simulators::{Server, Simulator, kit::Api};
use serde_json::Value;

use crate::wire::{Reply, exchange};

/// What a vendor's transcripts are played against.
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

/// Plays it. Every failure names the line.
pub(crate) async fn play<S: Stage>(transcript: &str) {
    let mut sim = None;
    let mut words = BTreeMap::new();
    let mut lines = transcript.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let at = format!("line {}: {line}", number + 1);
        if line.is_empty() || line.starts_with('#') {
        } else if let Some(setup) = line.strip_prefix("== ") {
            sim = Some(S::start(setup).await);
        } else if let Some(seconds) = line.strip_prefix("++ ") {
            let seconds = seconds.parse().expect("seconds");
            let sim: &Simulator<S::Api> = sim.as_ref().expect("a setup");
            sim.advance(Duration::from_secs(seconds));
        } else {
            let (line, same) = line.split_once(" => ").unwrap_or((line, ""));
            let mut expected = vec![same];
            while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with("    ")) {
                expected.push(line.trim());
            }
            let sim = sim.as_ref().expect("a setup");
            let reply = request::<S>(sim, &fill(line, &words), &words, &at).await;
            check(&reply, &expected, &mut words, &at);
        }
    }
}

/// The text with the values of these words.
fn fill(text: &str, words: &BTreeMap<String, String>) -> String {
    let fill = |text: String, (word, value): (&String, &String)| {
        text.replace(&format!("{{{word}}}"), value)
    };
    words.iter().fold(text.to_owned(), fill)
}

async fn request<S: Stage>(
    sim: &Simulator<S::Api>,
    line: &str,
    words: &BTreeMap<String, String>,
    at: &str,
) -> Reply {
    let (line, body) = line.split_once(" < ").unwrap_or((line, ""));
    let (line, with) = line.split_once(" with ").unwrap_or((line, ""));
    let (line, who) = line.split_once(" as ").unwrap_or((line, ""));
    let [status, method, path] = line.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{at}: is not `STATUS METHOD PATH`");
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
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let (server, path) = S::host(sim, path);
    sim.clear_requests();
    let reply = exchange(&server.url(), method, path, &headers, &fill(body, words)).await;
    let reply = reply.unwrap_or_else(|| panic!("{at}: no answer"));
    let (status, is_wrong) = match status.strip_suffix('!') {
        Some(status) => (status, true),
        None => (status, false),
    };
    assert_eq!(reply.status.to_string(), status, "{at}\n{}", reply.text);
    let violations = sim.violations();
    assert_eq!(!violations.is_empty(), is_wrong, "{at}: {violations:?}");
    reply
}

fn check(reply: &Reply, expected: &[&str], words: &mut BTreeMap<String, String>, at: &str) {
    let mut body = String::new();
    let part = |pointer: &str| reply.json.pointer(pointer).cloned();
    for line in expected {
        if let Some((pointer, word)) = line.split_once(" -> ") {
            let value = part(pointer).and_then(|value| value.as_str().map(escaped));
            let value = value.unwrap_or_else(|| panic!("{at}: no text {pointer}\n{}", reply.text));
            words.insert(word.to_owned(), value);
        } else if let (true, Some((pointer, value))) =
            (line.starts_with('/'), line.split_once(" = "))
        {
            let value: Value =
                serde_json::from_str(value).unwrap_or_else(|e| panic!("{at}: {value}: {e}"));
            let found = part(pointer).unwrap_or_default();
            assert_eq!(found, value, "{at}: {pointer}\n{}", reply.text);
        } else if line.starts_with(|c: char| c.is_ascii_lowercase()) && body.is_empty() {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            let found = reply.headers.get(name).map(String::as_str);
            assert_eq!(found.unwrap_or_default(), value, "{at}: header {name}");
        } else {
            body.push_str(line);
        }
    }
    if !body.is_empty() {
        let body: Value =
            serde_json::from_str(&body).unwrap_or_else(|e| panic!("{at}: {body}: {e}"));
        assert_eq!(reply.json, body, "{at}\n{}", reply.text);
    }
}

/// A text as it is in a query.
fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}
