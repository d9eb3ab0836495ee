//! Scripts: a request to the connector, the vendor's behaviour in between, and the result, one per line.

use rollcall_connector::{Chain, Error};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::changes::ids;
use rollcall_harness::conformance::Subject;
use rollcall_harness::script::{lines, request_id, variants};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Deserializer, Map, Value, json};

use crate::{Desk, answer, edit, spec};

/// Plays a script in worlds with one of everything.
pub(crate) async fn plays(script: &str) {
    for script in variants(script) {
        play(&Desk::new().await, &script.join("\n")).await;
    }
}

/// Plays a script. A line is `grant … to …`, `revoke … from …`, `create …` or `delete …`, each a new request, or `sync`;
/// then what is unusual while it runs; then `=` and how it ends:
///
/// - `with {"api-key": "owner-key"}`: the secret has these keys.
/// - `! 404 /cloud/users/u2`: looks at this path are answered with this status, this JSON, or both: all, the first two
///   (`x2`), or the second and later ones (`+2`). A path after its method is the beginning of many.
/// - The end is the type and code of a failure; or the outcome and what the answer names: what the principal is granted
///   now, what was replaced and removed, the account and its status; or the status of a sync, of which complete ones show
///   the `same` as the first or something `other`. After each `~` is a part of what the failure or answer says.
///
/// `u2 is DELETED` sets the state of an object, and `u2 has {…}` is the access of a principal at the vendor. `2 writes` and
/// `2 calls` are what was sent since the last such line. In account `a1b23`, `role:read` is short for
/// `account-role:a1b23-read:member`, and `demo:read` for `namespace:demo.a1b23:read`.
pub(crate) async fn play(desk: &Desk, script: &str) {
    let (mut found, mut expected, mut digest) = (Vec::new(), Vec::new(), Value::Null);
    for line in lines(script) {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        found.push(run(desk, &line, &mut digest).await);
        expected.push(line);
    }
    assert_eq!(found, expected);
}

/// Runs a line, and returns it with the actual result.
async fn run(desk: &Desk, line: &str, digest: &mut Value) -> String {
    let Some((step, end)) = line.split_once(" = ") else {
        return besides(desk, line);
    };
    let (asked, faults) = step.split_once(" ! ").unwrap_or((step, ""));
    let (asked, keys) = asked.split_once(" with ").unwrap_or((asked, "{}"));
    if asked != step {
        desk.vendor.set_faults(faults.split(" ! ").filter_map(fault));
        desk.set_keys(&keys.parse().expect("JSON"));
    }
    let (is, says) = match asked {
        "sync" => sync(desk, digest).await,
        asked => ended(asked, ask(desk, asked).await),
    };
    if asked != step {
        desk.vendor.set_faults([]);
        desk.set_keys(&Value::Object(Map::new()));
    }
    let parts = end.split(" ~ ").skip(1);
    let parts = parts.map(|part| if says.contains(part) { part } else { &says });
    let parts: String = parts.map(|part| format!(" ~ {part}")).collect();
    format!("{step} = {is}{parts}")
}

fn besides(desk: &Desk, line: &str) -> String {
    if let Some((id, state)) = line.split_once(" is ") {
        let state = format!("RESOURCE_STATE_{state}");
        edit(desk, |w| w.set_state(id, &state));
        return line.to_owned();
    }
    if let Some((id, access)) = line.split_once(" has ") {
        let is = spec(desk, id)["access"].clone();
        let is_so = access.parse::<Value>().is_ok_and(|access| access == is);
        let has = if is_so { access.into() } else { is.to_string() };
        return format!("{id} has {has}");
    }
    let (_, what) = line.split_once(' ').expect("how many requests");
    let sent = match what {
        "writes" => desk.writes(),
        _ => desk.vendor.requests(),
    };
    desk.vendor.clear_requests();
    format!("{} {what}", sent.len())
}

/// Sends a line's request, as a new one.
pub(crate) async fn ask(desk: &Desk, line: &str) -> Result<Value, Error> {
    ask_as(desk, &request_id(), line).await
}

/// Sends it with this request id.
pub(crate) async fn ask_as(desk: &Desk, request: &str, line: &str) -> Result<Value, Error> {
    let (operation, mut event) = event(line);
    event["request_id"] = request.into();
    desk.invoke(operation, event).await
}

/// The event of the request, without a request id.
pub(crate) fn event(line: &str) -> (Operation, Value) {
    let change = |what, whom| json!({"entitlement": long(what), "principal": whom});
    match line.split(' ').collect::<Vec<_>>()[..] {
        ["grant", what, "to", whom] => (Operation::Grant, change(what, whom)),
        ["revoke", what, "from", whom] => (Operation::Revoke, change(what, whom)),
        ["create", email] => (Operation::CreateAccount, json!({"account": {"email": email}})),
        ["delete", whom] => (Operation::DeleteAccount, json!({"principal": whom})),
        _ => panic!("`{line}` asks for nothing"),
    }
}

/// The result of a sync with its message. One that fails publishes nothing.
async fn sync(desk: &Desk, digest: &mut Value) -> (String, String) {
    let before = desk.published();
    let answer = match desk.sync().await {
        Ok(answer) => answer,
        Err(error) => {
            assert!(desk.published() == before, "{error}");
            return failed(&error);
        }
    };
    let status = match (answer["status"].as_str(), &*digest) {
        (Some("complete"), Value::Null) => {
            *digest = answer["content_digest"].clone();
            "complete"
        }
        (Some("complete"), digest) if *digest == answer["content_digest"] => "same",
        (Some("complete"), _) => "other",
        (status, _) => status.expect("a status"),
    };
    (status.to_owned(), answer.to_string())
}

/// The result of a change with its message.
fn ended(asked: &str, result: Result<Value, Error>) -> (String, String) {
    let answer = match result {
        Ok(answer) => answer,
        Err(error) => return failed(&error),
    };
    let whom = asked.rsplit(' ').next().unwrap_or_default();
    let mut end = answer["outcome"].as_str().expect("an outcome").to_owned();
    for (before, field) in [("", "grants"), (", replaced", "replaced"), (", removed", "removed")] {
        for (n, id) in ids(&answer, field).into_iter().enumerate() {
            end += if n == 0 { before } else { "" };
            end += &format!(" {}", short(id, whom));
        }
    }
    for field in ["id", "status"] {
        let text = answer["resource"][field].as_str();
        end += &text.map(|text| format!(" {text}")).unwrap_or_default();
    }
    (end, answer.to_string())
}

fn failed(error: &Error) -> (String, String) {
    assert!(error.fix().len() > 10, "{error}");
    let end = format!("{} {}", error.kind(), error.code());
    (end, format!("{} {}", Chain(error), error.fix()))
}

fn fault(text: &str) -> Option<Fault> {
    let mut values = Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next()?.expect("a status, or JSON");
    let kind = match value.as_u64().and_then(|status| status.try_into().ok()) {
        Some(status) => match values.next() {
            Some(Ok(body)) => answer(status, body),
            _ => FaultKind::status(status),
        },
        None => answer(200, value),
    };
    let mut words = text[values.byte_offset()..].split_whitespace();
    let first = words.next().expect("a path");
    let fault = match first.starts_with('/') {
        true => Fault::matching("GET", first, kind).exactly(),
        false => Fault::matching(first, words.next().expect("a path"), kind),
    };
    Some(words.fold(fault, |fault, word| match word.split_at(1) {
        ("x", times) => fault.times(times.parse().expect("a number")),
        (_, from) => fault.from(from.parse().expect("a number")),
    }))
}

/// The entitlement's id, written out.
fn long(entitlement: &str) -> String {
    match entitlement.split(':').collect::<Vec<_>>()[..] {
        ["role", role] => format!("account-role:a1b23-{role}:member"),
        [namespace, permission] => format!("namespace:{namespace}.a1b23:{permission}"),
        _ => entitlement.to_owned(),
    }
}

/// The entitlement of a grant to this principal, in its short form.
pub(crate) fn short(grant: &str, whom: &str) -> String {
    let id = grant.strip_suffix(whom).unwrap_or(grant);
    match id.trim_end_matches(':').split(':').collect::<Vec<_>>()[..] {
        ["account-role", role, "member"] => role.replace("a1b23-", "role:"),
        ["namespace", name, permission] => name.replace(".a1b23", ":") + permission,
        _ => id.trim_end_matches(':').to_owned(),
    }
}
