use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::json;

use super::super::retry::{Postponed, Retry, RetryListener, given_up};
use super::super::transport::Transport;
use super::*;
use crate::clock::{Manual, after};
use crate::interrupt::Interrupt;
use crate::{Chain, ErrorType};

const SECRET: &str = "hunter2-hunter2";

/// A vendor that gives these answers, one for each connection, and then none.
fn vendor(answers: Vec<String>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for (stream, answer) in listener.incoming().zip(answers) {
            let mut stream = stream.expect("a connection");
            read_request(&mut stream);
            stream.write_all(answer.as_bytes()).expect("written");
        }
    });
    let base = format!("http://127.0.0.1:{port}");
    base.parse().expect("an address")
}

/// Reads a request to its end: closing a connection with unread bytes would discard the answer.
fn read_request(stream: &mut TcpStream) {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer).expect("a request");
        text.extend_from_slice(&buffer[..n]);
        let so_far = String::from_utf8_lossy(&text).to_lowercase();
        if let Some((head, body)) = so_far.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1);
            let length = length.map_or(0, |l| {
                let digits = l.lines().next().unwrap_or_default();
                digits.parse().expect("a length")
            });
            if body.len() >= length {
                return;
            }
        }
        assert!(n > 0, "half a request: {so_far}");
    }
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = match status {
        204 => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{length}{headers}\r\n{body}")
}

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("a time")
}

fn client(answers: Vec<String>) -> Http {
    let headers = vec![
        ("authorization", Header::Secret("Bearer ", SECRET.into())),
        ("X-Version", Header::Plain("1")),
    ];
    Http::new(session(), at(vendor(answers), headers)).expect("a client")
}

fn session() -> Session {
    Session::new(Transport::new(None).expect("TLS"), Arc::new(Manual::at(now())))
}

fn at(base: Url, headers: Vec<(&'static str, Header)>) -> Vendor {
    Vendor { base, headers, pace: None, budgets: Vec::new(), concurrency: None }
}

fn cautious(base: Url, start: usize, max: usize) -> Http {
    let vendor = Vendor { concurrency: Some(Concurrency { start, max }), ..at(base, Vec::new()) };
    Http::new(session(), vendor).expect("a client")
}

async fn failure(http: &Http, call: &Call) -> Error {
    http.send::<Value>(call).await.expect_err("a failure")
}

#[tokio::test]
async fn an_answer_without_a_body_is_null() {
    let http = client(vec![answer(204, "", ""), answer(200, "", ""), answer(202, "", " \r\n")]);
    for _ in 0..3 {
        let read: Option<u32> = http.send(&Call::get(&["x"])).await.expect("an answer");
        assert_eq!(read, None);
    }
    assert_eq!(http.session.meter.usage().retries, 0);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_taken_for_an_empty_one() {
    let broken = "HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 10\r\n\r\n";
    let http = client(vec![broken.into(), answer(200, "", "7")]);
    let read: Option<u32> = http.send(&Call::get(&["x"])).await.expect("an answer");
    assert_eq!((read, http.session.meter.usage().retries), (Some(7), 1));
}

#[tokio::test]
async fn a_vendor_that_quotes_the_credential_does_not_make_us_show_it() {
    let location = format!("location: /login/{SECRET}?key={SECRET}#{SECRET}\r\n");
    let id = format!("x-request-id: {SECRET}\r\n");
    let sentence = format!("no such key: Bearer {SECRET}");
    let odd = json!({"n": {SECRET: SECRET}}).to_string();
    let http = client(vec![
        answer(401, &id, &json!({"message": sentence}).to_string()),
        answer(401, &id, &sentence),
        answer(307, &location, ""),
        answer(200, "", &odd),
    ]);
    let call = Call::get(&["x"]);
    let mut shown = Vec::new();
    for _ in 0..3 {
        shown.push(failure(&http, &call).await);
    }
    #[derive(Debug, serde::Deserialize)]
    struct Numbers {
        #[expect(dead_code, reason = "it cannot be read")]
        n: std::collections::BTreeMap<String, u32>,
    }
    shown.push(http.send::<Numbers>(&call).await.expect_err("no number"));
    let texts: Vec<String> = shown.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts[..3],
        [
            "GET /x was answered with 401: no such key: Bearer … (request id …)",
            "GET /x was answered with 401: no such key: Bearer … (request id …)",
            "GET /x was answered with a redirect to `/login/…`, which is not followed",
        ]
    );
    assert!(texts[3].contains("`n.…`"), "{}", texts[3]);
    for error in shown {
        let inner = format!("{error} {error:?} {}", Chain(&error));
        let outer = crate::Error::from(error);
        let outer = format!("{outer} {outer:?} {} {}", Chain(&outer), outer.fix());
        assert!(!inner.contains(SECRET) && !outer.contains(SECRET), "{outer}");
    }
    assert!(!http.quote(&sentence).contains(SECRET));
}

#[tokio::test]
async fn a_vendors_sentence_has_three_hundred_characters_at_most() {
    let long = "word ".repeat(1000);
    let http = client(vec![
        answer(400, "", &json!({"message": long}).to_string()),
        answer(400, "", &long),
    ]);
    for _ in 0..2 {
        let error = failure(&http, &Call::get(&["x"])).await;
        let message = error.vendor_message().expect("a message");
        assert_eq!(message.chars().count(), 300);
        assert!(message.starts_with("word word") && message.ends_with('…'));
    }
}

#[tokio::test]
async fn the_vendors_id_of_a_request_is_a_part_of_the_message() {
    let http = client(vec![
        answer(403, "x-request-id: abc-1\r\n", r#"{"message":"no"}"#),
        answer(403, "", r#"{"message":"no"}"#),
    ]);
    let call = Call::get(&["x"]);
    let outer = crate::Error::from(failure(&http, &call).await);
    assert_eq!(outer.to_string(), "GET /x was answered with 403: no (request id abc-1)");
    let outer = failure(&http, &call).await.to_string();
    assert_eq!(outer, "GET /x was answered with 403: no");
}

#[tokio::test]
async fn a_wait_longer_than_max_wait_is_handed_to_the_caller() {
    for status in [429, 503] {
        let http = client(vec![answer(status, "retry-after: 3600\r\n", "")]);
        let outer = crate::Error::from(failure(&http, &Call::get(&["x"])).await);
        assert_eq!(outer.kind(), ErrorType::RateLimited, "{status}");
        let hour = after(now(), Duration::from_secs(3600));
        assert_eq!(outer.retry_at(), Some(hour), "{status}");
        assert_eq!(http.session.meter.usage().waits, 0, "{status}");
    }
}

#[tokio::test]
async fn a_limit_that_outlasts_a_few_retries_postpones_every_other_request_too() {
    let http = client(vec![answer(429, "retry-after: 1\r\n", ""); 20]);
    let call = Call::get(&["x"]);
    for _ in 0..3 {
        let error = failure(&http, &call).await;
        let minute = after(http.session.clock.now(), Duration::from_secs(60));
        assert!(
            matches!(error, Error::RateLimited { retry_at, .. } if retry_at == minute),
            "what the vendor gave did not help"
        );
        assert_eq!(http.session.meter.usage().calls, 5);
    }
    http.session.clock.sleep(Duration::from_secs(60)).await;
    failure(&http, &call).await;
    assert_eq!(http.session.meter.usage().calls, 10, "then it is tried again");
}

/// Another request may have met a rate limit while this one was in flight.
#[test]
fn a_failure_while_the_vendor_postpones_requests_is_a_rate_limit_if_it_is_worth_a_retry() {
    let (session, postponed, call) = (session(), Postponed::default(), Call::get(&["x"]));
    let hour = after(now(), Duration::from_secs(3600));
    postponed.postpone(hour);
    for (status, expected) in [(502, Some(hour)), (404, None)] {
        let (message, retry_after) = Default::default();
        let (call_name, request_id) = (call.name(), None);
        let failed = Error::Status {
            call: call_name,
            status,
            message,
            is_json: true,
            retry_after,
            request_id,
        };
        let given = crate::Error::from(given_up(&session, &postponed, &call, failed));
        assert_eq!(given.retry_at(), expected, "{status}");
    }
}

#[tokio::test]
async fn an_outage_without_an_announced_end_stays_an_outage() {
    for headers in ["", "retry-after: 2\r\n", "retry-after: soon\r\n"] {
        let http = client(vec![answer(503, headers, ""); 7]);
        let outer = crate::Error::from(failure(&http, &Call::get(&["x"])).await);
        assert_eq!(outer.kind(), ErrorType::Unavailable, "{headers}");
        assert_eq!(http.session.meter.usage().calls, 7, "{headers}");
    }
}

#[tokio::test]
async fn a_read_sent_by_post_is_sent_again_and_a_write_is_not() {
    let answers = || vec![answer(500, "", ""), answer(200, "", "7")];
    for question in
        [Call::post(&["search"], json!({"q": "me"})).read_only(), Call::graphql("{me}", json!({}))]
    {
        let read: u32 = client(answers()).send(&question).await.expect("an answer");
        assert_eq!(read, 7);
    }
    for write in [Call::put(&["x"], json!({})), Call::patch(&["x"], json!({})).repeatable()] {
        let error = failure(&client(answers()), &write).await;
        assert_eq!(error.status(), Some(500), "{write:?}");
    }
}

/// A vendor that answers once this many requests are in flight, round by round. It returns how many more there were.
fn rounds(sizes: &'static [usize]) -> (Url, std::thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || {
        let mut more = 0;
        for size in sizes {
            listener.set_nonblocking(false).expect("a mode");
            let accepted = listener.incoming().take(*size);
            let mut streams: Vec<TcpStream> = accepted.map(|s| s.expect("a connection")).collect();
            streams.iter_mut().for_each(read_request);
            listener.set_nonblocking(true).expect("a mode");
            more += usize::from(listener.accept().is_ok());
            for mut stream in streams {
                let answer = answer(200, "", "7");
                stream.write_all(answer.as_bytes()).expect("written");
            }
        }
        more
    });
    let base = format!("http://127.0.0.1:{port}");
    (base.parse().expect("an address"), server)
}

#[tokio::test]
async fn as_many_requests_are_in_flight_as_good_answers_allow_and_never_more() {
    let (base, server) = rounds(&[2, 3, 4, 4]);
    let http = cautious(base, 2, 4);
    let call = Call::get(&["x"]);
    let all = (0..13).map(|_| http.send::<u32>(&call));
    let read = futures::future::join_all(all).await;
    assert!(read.iter().all(|answer| matches!(answer, Ok(7))));
    assert_eq!(server.join().expect("a server"), 0);
}

#[tokio::test]
async fn a_request_that_was_limited_waits_once_and_pauses_the_others() {
    let limited = answer(429, "retry-after: 30\r\n", "");
    let http = cautious(vendor(vec![limited, answer(200, "", "7"), answer(200, "", "8")]), 1, 1);
    let call = Call::get(&["x"]);
    let (one, other) = futures::join!(http.send::<u32>(&call), http.send::<u32>(&call));
    let mut read = [one.expect("an answer"), other.expect("an answer")];
    read.sort_unstable();
    let usage = http.session.meter.usage();
    assert_eq!((read, usage.calls, usage.retries), ([7, 8], 3, 1));
    let waited = between(now(), http.session.clock.now());
    assert_eq!(waited, Duration::from_secs(30));
}

#[tokio::test]
async fn a_request_that_waits_for_the_pace_is_paused_too() {
    let vendor = Vendor {
        pace: Some(1),
        concurrency: Some(Concurrency { start: 2, max: 2 }),
        ..at(vendor(Vec::new()), Vec::new())
    };
    let http = Http::new(session(), vendor).expect("a client");
    let call = Call::get(&["x"]);
    http.turn(&call).await.expect("a turn");
    let sent = http.turn(&call).await.expect("a turn").expect("a place");
    let mut paced = Box::pin(http.turn(&call));
    assert!(futures::poll!(paced.as_mut()).is_pending());
    let wait = HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, 30.into())]);
    let second = http.session.clock.now();
    sent.learn(reqwest::StatusCode::TOO_MANY_REQUESTS, &wait, second);
    drop(sent);
    paced.await.expect("a turn").expect("a place");
    assert_eq!(between(second, http.session.clock.now()).as_secs(), 30);
}

#[tokio::test]
async fn requests_that_cannot_wait_for_the_end_of_a_pause_fail() {
    let http = cautious(vendor(vec![answer(429, "retry-after: 3600\r\n", "")]), 4, 4);
    let hour = after(now(), Duration::from_secs(3600));
    for _ in 0..2 {
        let error = failure(&http, &Call::get(&["x"])).await;
        assert!(matches!(error, Error::RateLimited { retry_at, .. } if retry_at == hour));
    }
    assert_eq!(http.session.meter.usage().calls, 1);
}

#[tokio::test]
async fn a_request_that_is_dropped_gives_its_place_back() {
    let http = cautious(vendor(Vec::new()), 1, 1);
    let call = Call::get(&["x"]);
    let mut dropped = Box::pin(http.send::<u32>(&call));
    assert!(futures::poll!(dropped.as_mut()).is_pending());
    let mut next = Box::pin(http.send::<u32>(&call));
    assert!(futures::poll!(next.as_mut()).is_pending());
    assert_eq!(http.session.meter.usage().calls, 1, "the other one waits");
    drop(dropped);
    assert!(futures::poll!(next.as_mut()).is_pending());
    assert_eq!(http.session.meter.usage().calls, 2, "it is sent");
}

fn basic_header(user: &str, password: &str) -> (&'static str, Header) {
    let (user, password) = (user.to_owned(), password.into());
    ("Authorization", Header::Basic { user, password })
}

#[tokio::test]
async fn neither_a_password_nor_its_encoded_form_shows() {
    let password = "open sesame";
    let encoded = "QWxhZGRpbjpvcGVuIHNlc2FtZQ";
    let all = format!("{password}, Basic {encoded}==, {encoded}, /{encoded}%3D%3D");
    let vendor = at(
        vendor(vec![
            answer(401, "", &json!({"message": all}).to_string()),
            answer(401, "", &all),
            answer(401, "", &format!("<html><title>{all}</title>")),
        ]),
        vec![basic_header("Aladdin", password)],
    );
    let shown = format!("{vendor:?} {:?}", vendor.headers);
    let http = Http::new(session(), vendor).expect("a client");
    for before in ["", "", "an HTML page: "] {
        let error = failure(&http, &Call::get(&["x"])).await;
        let expected = format!("{before}…, Basic …, …, /…");
        assert_eq!(error.vendor_message(), Some(expected.as_str()));
        assert!(!format!("{error:?}").contains(encoded));
    }
    let shown = format!("{shown} {:?}", http.headers);
    assert!(!shown.contains(password) && !shown.contains(encoded), "{shown}");
}

#[tokio::test]
async fn a_404_means_that_something_is_not_there_only_if_an_api_gave_it() {
    let not_found = r#"{"errors":[{"status":404,"code":"NOT_FOUND","title":"Cannot find a page with id [1]","detail":null}]}"#;
    for (body, is_not_found, message) in [
        (not_found, true, "Cannot find a page with id [1]"),
        ("<html><title>Sign in</title>", false, "an HTML page: Sign in"),
        ("", false, "(no message)"),
    ] {
        let error = failure(&client(vec![answer(404, "", body)]), &Call::get(&["x"])).await;
        let found = (error.is_not_found(), error.vendor_message());
        assert_eq!(found, (is_not_found, Some(message)));
    }
}

/// Its data may be out of date when a limit has passed.
#[tokio::test]
async fn a_write_that_is_based_on_a_read_is_sent_once() {
    let http = client(vec![answer(429, "retry-after: 1\r\n", "{}"), answer(200, "", "{}")]);
    let error = failure(&http, &Call::put(&["x"], json!({})).once()).await;
    assert_eq!(error.status(), Some(429));
    assert_eq!(http.session.meter.usage().calls, 1);
}

#[tokio::test]
async fn the_headers_of_an_answer_can_be_read() {
    let expiry = "X-Key-Expiration: 2026-02-01T00:00:00Z\r\n";
    let http = client(vec![answer(200, expiry, "[1]")]);
    let call = Call::get(&["x"]);
    let answer = http.ask::<Vec<u8>>(&call).await.expect("an answer");
    assert_eq!(answer.body, [1]);
    let found = ["x-key-expiration", "x-other"].map(|name| answer.header(name));
    assert_eq!(found, [Some("2026-02-01T00:00:00Z"), None]);
}

#[tokio::test]
async fn a_name_that_would_lead_elsewhere_is_not_sent() {
    let http = client(Vec::new());
    for name in ["", ".", ".."] {
        let error = failure(&http, &Call::get(&["users", name, "roles"])).await;
        assert!(matches!(error, Error::InvalidPathSegment { .. }), "{name}: {error}");
    }
}

/// The meaning of a 404 for somebody's access depends on its text.
#[tokio::test]
async fn half_a_404_is_requested_again() {
    let json = "content-type: application/json\r\n";
    let http = client(vec![
        answer(404, json, r#"{"message":"no such gro"#),
        answer(404, json, r#"{"message":"no such group"}"#),
        answer(404, json, ""),
        answer(404, json, "{}"),
    ]);
    let error = failure(&http, &Call::get(&["x"])).await;
    let found = (error.is_not_found(), error.vendor_message());
    assert_eq!(found, (true, Some("no such group")));
    let error = failure(&http, &Call::get(&["x"])).await;
    assert!(error.is_not_found(), "{error}");
}

/// Writes down each retry, and asks to stop at the one of this number.
struct Heard(Mutex<Vec<String>>, Interrupt, u32);

impl RetryListener for Heard {
    fn retrying(&self, retry: &Retry) {
        self.0.lock().expect("a lock").push(retry.to_string());
        if retry.number == self.2 {
            self.1.raise();
        }
    }
}

#[tokio::test]
async fn retries_are_reported_in_words_and_end_with_the_attempts_or_at_an_interrupt() {
    let [down, busy] = [(503, ""), (429, "retry-after: 8\r\n")].map(|(n, h)| answer(n, h, ""));
    let two = ["answers with 503, trying again in 1 s (1 of 2)", "trying again in 8 s (2 of 2)"];
    for (answers, attempts, stops_at, expected) in [
        (vec![down.clone(), busy.clone(), down.clone()], 3, 0, &two[..]),
        (vec![busy; 5], 9, 0, &["(1 of 4)", "(2 of 4)", "(3 of 4)", "(4 of 4)"]),
        (vec![down.clone(); 2], 1, 0, &[]),
        (vec![down; 2], 9, 1, &["(1 of 8)"]),
    ] {
        let interrupt = Interrupt::default();
        let heard = Arc::new(Heard(Mutex::default(), interrupt.clone(), stops_at));
        let session = Session { attempts, retries: Some(heard.clone()), interrupt, ..session() };
        let http = Http::new(session, at(vendor(answers), Vec::new())).expect("a client");
        failure(&http, &Call::get(&["x"])).await;
        let heard = heard.0.lock().expect("a lock").clone();
        let fits = |(line, end): (&String, &&str)| line.ends_with(end);
        assert!(heard.len() == expected.len() && heard.iter().zip(expected).all(fits), "{heard:?}");
    }
}
