//! ConductorOne's connector service.
//!
//! ```text
//! == title                              a new service
//! 200 token                             a token request, and its status; its token is used from here on
//! 401! token /claims/aud = ["a"]        with another value in header, claims or form, or none if it is `null`
//! give sync                             a task, which from here on is `{sync}`
//! 0 Hello 1:"h" | 2:"t"                 a call with its messages, in the notation of `grpc.rs`
//! 3! Hello with te: x < 1:"h"           with another header, or without it if there is no value
//!     1{1:7}                            the whole answer
//! :: word = text                        from here on `{word}` is this text
//! forget                                the service forgets its tokens
//! ++ 3600                               the clock goes forward by so many seconds
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jiff::Timestamp;
use rollcall_simulators::c1::{
    C1, CallEffect, CallFault, Credential, NewTask, Options, Rpc, messages::*,
};
use serde_json::{Value, json};

use crate::{
    grpc::{Answer, Wire, message},
    player::{alternatives, fill},
    wire::exchange,
};

const START: i64 = 1_780_000_000;
const HASH: &str = "7d1a54127b222502f5b79b5fb0803061152a44f92b37e23c6527baf665d4da9a"; // of abcdefg
const UPLOAD: &str =
    "100{1:\"h\" 2:\"{sync}\"} | 101{1:\"abc\"} | 101{1:\"defg\"} | 102{1:#{hash}}";

/// A service, and a client with one connection.
struct Stage {
    c1: C1,
    wire: Wire,
    now: Arc<Mutex<i64>>,
    nonces: u64,
    words: BTreeMap<String, String>,
}

impl Stage {
    async fn start() -> Self {
        let now = Arc::new(Mutex::new(START));
        let clock = Arc::clone(&now);
        let clock = move || Timestamp::from_second(*clock.lock().expect("a time")).expect("a time");
        let options = Options { clock: Arc::new(clock), ..Options::default() };
        let c1 = C1::start(options).await.expect("a service");
        let wire = Wire::connect(&c1.url()).await;
        let words = [("hash", HASH), ("upload", UPLOAD), ("token", "")];
        let words = words.map(|(word, text)| (word.to_owned(), text.to_owned())).into();
        Self { c1, wire, now, nonces: 0, words }
    }

    /// A service whose client has a token.
    async fn authenticated() -> Self {
        let mut stage = Self::start().await;
        assert_eq!(stage.token("", &stage.c1.credential()).await, Some(200));
        stage
    }

    fn give(&mut self, name: &str) {
        let task = match name {
            "sync" => SyncFullTask::default().into(),
            "hello" => HelloTask::default().into(),
            "grant" => GrantTask::default().into(),
            "nothing" => NothingTask::default().into(),
            "events" => ListEventsTask::default().into(),
            "empty" => NewTask::empty(),
            "undocumented" => NewTask::undocumented(),
            "twice" => NewTask::from(GrantTask::default()).twice(),
            "cancelled" => NewTask::from(SyncFullTask::default()).cancelled_at(2).debug(),
            "named" => NewTask::empty().id("NamedNamedNamedNamedNamed01"),
            name => panic!("unknown task {name}"),
        };
        self.words.insert(name.to_owned(), self.c1.give(task));
    }

    /// Requests a token with this part of the request changed. Returns the status.
    async fn token(&mut self, change: &str, credential: &Credential) -> Option<u16> {
        let (id, now) = (&credential.client_id, *self.now.lock().expect("a time"));
        self.nonces += 1;
        let mut parts = json!({
            "header": {"alg": "EdDSA", "nonce": format!("{:032x}", self.nonces)},
            "claims": {"iss": id, "sub": id, "aud": "127.0.0.1", "iat": now, "nbf": now - 120, "exp": now + 120},
            "form": {"client_id": id, "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
        });
        if let Some((pointer, value)) = change.split_once(" = ") {
            let (part, name) = pointer[1..].split_once('/').expect("a part");
            let part = parts[part].as_object_mut().expect("an object");
            match serde_json::from_str(value).expect("a value") {
                Value::Null => _ = part.remove(name),
                value => _ = part.insert(name.to_owned(), value),
            }
        }
        let encoded = |part: &str| BASE64.encode(parts[part].to_string());
        let signed = format!("{}.{}", encoded("header"), encoded("claims"));
        let signature = BASE64.encode(key(credential).sign(signed.as_bytes()));
        let mut form = format!("client_assertion={signed}.{signature}");
        for (name, value) in parts["form"].as_object().expect("a form") {
            form += &format!("&{name}={}", value.as_str().expect("text").replace('+', "%2B"));
        }
        let headers =
            [("user-agent", "test"), ("content-type", "application/x-www-form-urlencoded")];
        let reply = exchange(&self.c1.url(), "POST", "/auth/v1/token", &headers, &form).await?;
        if let Some(token) = reply.json["access_token"].as_str() {
            assert_eq!(
                (&reply.json["token_type"], &reply.json["expires_in"]),
                (&json!("Bearer"), &json!(300))
            );
            self.words.insert("token".to_owned(), token.to_owned());
        }
        Some(reply.status)
    }

    /// Sends a call: its name, other headers after `with`, and after `<` its messages.
    async fn call(&self, line: &str) -> Answer {
        let line = fill(&fill(line, &self.words), &self.words);
        let (head, messages) =
            line.split_once(" < ").or(line.split_once(' ')).unwrap_or((&line, ""));
        let (rpc, with) = head.split_once(" with ").unwrap_or((head, ""));
        let token = format!("Bearer {}", self.words["token"]);
        let mut headers = vec![
            ("content-type", "application/grpc"),
            ("user-agent", "test"),
            ("te", "trailers"),
            ("authorization", &token),
        ];
        if let Some((name, value)) = with.split_once(':') {
            headers.retain(|(known, _)| *known != name);
            headers.extend(Some((name, value.trim())).filter(|(_, value)| !value.is_empty()));
        }
        let path = format!("/c1.connectorapi.baton.v1.BatonService/{rpc}");
        let messages: Vec<_> = messages.split(" | ").map(message).collect();
        self.wire.call(&path, &headers, &messages).await
    }

    fn advance(&self, seconds: i64) {
        *self.now.lock().expect("a time") += seconds;
    }
}

fn key(credential: &Credential) -> Ed25519KeyPair {
    let jwk = credential
        .client_secret
        .strip_prefix("secret-token:conductorone.com:v1:")
        .expect("a secret");
    let decode = |text: &str| BASE64.decode(text).expect("base64url");
    let jwk: Value = serde_json::from_slice(&decode(jwk)).expect("a JWK");
    let part = |name: &str| decode(jwk[name].as_str().expect("text"));
    assert_eq!((&jwk["kty"], &jwk["crv"]), (&json!("OKP"), &json!("Ed25519")));
    Ed25519KeyPair::from_seed_and_public_key(&part("d"), &part("x")).expect("a key pair")
}

#[tokio::test]
async fn c1_answers_as_documented() {
    let mut stage = Stage::start().await;
    let mut wrong = Vec::new();
    let mut lines = include_str!("c1.txt").lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        if line.is_empty() || line.starts_with('#') {
        } else if line.starts_with("== ") {
            stage = Stage::start().await;
        } else if line == "forget" {
            stage.c1.forget_tokens();
        } else if let Some(name) = line.strip_prefix("give ") {
            stage.give(name);
        } else if let Some(seconds) = line.strip_prefix("++ ") {
            stage.advance(seconds.parse().expect("seconds"));
        } else if let Some((word, text)) =
            line.strip_prefix(":: ").and_then(|line| line.split_once(" = "))
        {
            stage.words.insert(word.to_owned(), text.to_owned());
        } else {
            let expected = lines.next_if(|(_, line)| line.starts_with("    "));
            for line in alternatives(line) {
                let (status, call) = line.split_once(' ').expect("a status");
                let before = stage.c1.violations().len();
                let answer = match call.strip_prefix("token") {
                    Some(change) => {
                        let code = stage.token(change.trim(), &stage.c1.credential()).await;
                        Answer { code, message: Vec::new() }
                    }
                    None => stage.call(call).await,
                };
                let violations = stage.c1.violations().split_off(before);
                let mark = if violations.is_empty() { "" } else { "!" };
                let found = format!("{}{mark}", answer.code.unwrap_or_default());
                if found != status {
                    wrong.push(format!("line {}: {line}: {found} {violations:?}", number + 1));
                }
                if let Some((_, expected)) = expected {
                    let expected = message(&fill(expected, &stage.words));
                    if answer.message != expected {
                        let text = String::from_utf8_lossy(&answer.message);
                        wrong.push(format!("line {}: {line}: {text:?}", number + 1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_kind_of_task_has_its_tag_and_its_response() {
    let stage = Stage::authenticated().await;
    let kinds: [(NewTask, u32, &str); 17] = [
        (GrantTask::default().into(), 103, "GrantManagerServiceGrantResponse"),
        (RevokeTask::default().into(), 104, "GrantManagerServiceRevokeResponse"),
        (CreateAccountTask::default().into(), 105, "CreateAccountResponse"),
        (CreateResourceTask::default().into(), 106, "CreateResourceResponse"),
        (DeleteResourceTask::default().into(), 107, "DeleteResourceResponse"),
        (RotateCredentialsTask::default().into(), 108, "RotateCredentialResponse"),
        (CreateTicketTask::default().into(), 110, "TicketsServiceCreateTicketResponse"),
        (ListTicketSchemasTask::default().into(), 111, "TicketsServiceListTicketSchemasResponse"),
        (GetTicketTask::default().into(), 112, "TicketsServiceGetTicketResponse"),
        (BulkCreateTicketsTask::default().into(), 113, "TicketsServiceBulkCreateTicketsResponse"),
        (BulkGetTicketsTask::default().into(), 114, "TicketsServiceBulkGetTicketsResponse"),
        (ActionListSchemasTask::default().into(), 115, "ListActionSchemasResponse"),
        (ActionGetSchemaTask::default().into(), 116, "GetActionSchemaResponse"),
        (ActionInvokeTask::default().into(), 117, "InvokeActionResponse"),
        (ActionStatusTask::default().into(), 118, "GetActionStatusResponse"),
        (ListEventFeedsTask::default().into(), 121, "ListEventFeedsResponse"),
        (IssueCredentialTask::default().into(), 123, "IssueCredentialResponse"),
    ];
    let unhandled = [
        (EventFeedTask::default().into(), 109, ""),
        (CreateSyncDiffTask::default().into(), 119, ""),
        (CompactSyncsTask::default().into(), 120, ""),
    ];
    for (task, tag, response) in kinds.into_iter().chain(unhandled) {
        let id = stage.c1.give(task);
        let task = message(&format!("1{{1:\"{id}\" 2:3 {tag}{{}}}} 2{{1:10}} 3{{1:30}}"));
        assert_eq!(stage.call("GetTask 1:\"h\"").await.message, task, "{tag}");
        let response = format!("1:\"type.googleapis.com/c1.connector.v2.{response}\"");
        let success = format!("FinishTask 1:\"h\" 2:\"{id}\" 101{{2{{{response}}}}}");
        let code = if [109, 119, 120].contains(&tag) { 3 } else { 0 };
        assert_eq!(stage.call(&success).await.code, Some(code), "{tag}");
    }
}

#[tokio::test]
async fn what_a_client_did_can_be_read() {
    let mut stage = Stage::authenticated().await;
    for task in ["cancelled", "grant"] {
        stage.give(task);
        stage.call("GetTask 1:\"h\"").await;
    }
    stage.words.insert("sync".to_owned(), stage.words["cancelled"].clone());
    for _ in 0..3 {
        stage.advance(30);
        stage.call("Heartbeat with grpc-timeout: 20S < 1:\"h\" 2:\"{sync}\"").await;
    }
    stage.call("UploadAsset {upload}").await;
    let any = |name: &str, value: &str| format!("{{1:\"type.googleapis.com/{name}\" {value}}}");
    let held = any("c1.connector.v2.GrantAlreadyExists", "");
    let response =
        any("c1.connector.v2.GrantManagerServiceGrantResponse", &format!("2{{1{held}}}"));
    let detail = any("google.rpc.ErrorInfo", "2{1:\"grant_cancelled\"}");
    let success = format!("FinishTask 1:\"h\" 2:\"{{grant}}\" 101{{1{held} 2{response}}}");
    assert_eq!(stage.call(&success).await.code, Some(0));
    let error =
        format!("FinishTask 1:\"h\" 2:\"{{sync}}\" 3{{1:1 2:\"ended\" 3{detail}}} 100{{1:1}}");
    assert_eq!(stage.call(&error).await.code, Some(0));
    let c1 = &stage.c1;
    assert_eq!((c1.violations(), c1.open_tasks(), c1.connections()), (Vec::new(), 0, 2));
    let granted = c1.finish(&stage.words["grant"]).expect("a finish");
    assert_eq!((granted.success, granted.annotation()), (true, Some(GrantAlreadyExists {})));
    assert_eq!(
        granted.response::<GrantManagerServiceGrantResponse>().expect("a response").annotations,
        granted.annotations
    );
    let sync = c1.finish(&stage.words["sync"]).expect("a finish");
    assert_eq!((sync.code, &*sync.message, sync.non_retryable), (1, "ended", true));
    assert_eq!(sync.detail::<ErrorInfo>().expect("a detail").reason, "grant_cancelled");
    let asset = c1.assets().remove(0);
    assert_eq!((&*asset.bytes, &*asset.messages), (&b"abcdefg"[..], &[3, 4][..]));
    let beats = c1.task(&stage.words["sync"]).expect("a task").heartbeats;
    let gaps: Vec<_> =
        beats.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_secs()).collect();
    assert_eq!(gaps, [30, 30]);
    let beat = &c1.calls_to(Rpc::Heartbeat)[0];
    assert_eq!(
        (beat.timeout, beat.code, beat.connection),
        (Some(Duration::from_secs(20)), Some(0), 0)
    );
}

#[tokio::test]
async fn a_fault_takes_the_calls_it_names_and_no_others() {
    let mut stage = Stage::authenticated().await;
    stage.give("sync");
    let all = [
        "GetTask 1:\"h\"",
        "Heartbeat 1:\"h\" 2:\"{sync}\"",
        "UploadAsset {upload}",
        "Heartbeat 1:\"h\" 2:\"{sync}\"",
    ];
    for (fault, codes) in [
        (
            CallFault::once(Rpc::GetTask, CallEffect::Status(14)),
            [Some(14), Some(5), Some(5), Some(5)],
        ),
        (
            CallFault::once(Rpc::Heartbeat, CallEffect::Status(503)).after(1),
            [Some(0), Some(0), Some(0), Some(503)],
        ),
        (
            CallFault::once(Rpc::Heartbeat, CallEffect::Status(8)).times(2),
            [Some(0), Some(8), Some(0), Some(8)],
        ),
        (CallFault::once(Rpc::UploadAsset, CallEffect::Cut(4)), [Some(0), Some(0), None, Some(0)]),
        (
            CallFault::once(Rpc::UploadAsset, CallEffect::LoseAnswer),
            [Some(0), Some(0), None, Some(0)],
        ),
        (
            CallFault::once(Rpc::GetTask, CallEffect::Malformed),
            [Some(0), Some(0), Some(0), Some(0)],
        ),
        (CallFault::once(Rpc::UploadAsset, CallEffect::Disconnect), [Some(0), Some(0), None, None]),
    ] {
        let assets = stage.c1.assets().len();
        stage.c1.set_faults([fault.clone()]);
        let mut found = Vec::new();
        for call in all {
            found.push(stage.call(call).await.code);
        }
        assert_eq!(found, codes, "{fault:?}");
        let stored = found[2] == Some(0) || fault.effect == CallEffect::LoseAnswer;
        assert_eq!(stage.c1.assets().len() - assets, usize::from(stored), "{fault:?}");
    }
    // Only what came before the task was handed out.
    assert_eq!(stage.c1.violations().len(), 3);
}

#[tokio::test]
async fn a_poll_that_hangs_and_a_closed_connection_can_be_survived() {
    let mut stage = Stage::authenticated().await;
    stage.c1.set_faults([CallFault::once(Rpc::GetTask, CallEffect::Hang)]);
    let mut poll = Box::pin(stage.call("GetTask 1:\"h\""));
    tokio::select! {
        answer = &mut poll => panic!("{answer:?}"),
        () = stage.c1.arrival(Rpc::GetTask, 1) => {}
    }
    assert_eq!(stage.c1.calls_to(Rpc::GetTask)[0].code, None);
    stage.c1.close_connections();
    assert_eq!(poll.await.code, None);
    stage.wire = Wire::connect(&stage.c1.url()).await;
    stage.c1.set_options(|options| options.nothing_is_a_task = false);
    assert_eq!(stage.call("GetTask 1:\"h\"").await.message, message("2{1:10} 3{1:30}"));
    assert_eq!(stage.c1.calls_to(Rpc::GetTask)[1].connection, 2);
}

#[tokio::test]
async fn a_token_can_be_refused_in_every_way() {
    let mut stage = Stage::start().await;
    let credential = stage.c1.credential();
    let faults = [
        CallEffect::Status(429),
        CallEffect::Malformed,
        CallEffect::Empty,
        CallEffect::Disconnect,
        CallEffect::LoseAnswer,
    ];
    stage.c1.set_faults(faults.map(|effect| CallFault::once(Rpc::Token, effect)));
    for expected in [Some(429), Some(200), Some(200), None, None, Some(200)] {
        assert_eq!(stage.token("", &credential).await, expected);
    }
    let wrong = stage.c1.credential_with_wrong_key().expect("a key");
    assert_eq!(stage.token("", &wrong).await, Some(401));
    assert_eq!(stage.c1.violations().len(), 1);
}
