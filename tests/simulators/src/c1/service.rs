//! The service over HTTP: the head of every call, gRPC's framing, and the effects of faults.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json,
    body::{Body, BodyDataStream, Bytes},
    extract::{ConnectInfo, Request, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use futures::StreamExt;
use http_body_util::{BodyExt, Full};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use prost::Message;
use serde_json::json;
use tokio::sync::Notify;

use super::{
    Asset, CallEffect, CallRecord, Rpc,
    messages::{Status, UploadAssetRequest},
    state::{RefusedCall, ServiceState},
    strict,
};
use crate::{response::broken, server::lock};

/// The most that a message may have.
const MAX_MESSAGE: usize = 4 << 20;

/// The most that a message of an upload may carry.
const MAX_DATA: usize = 1 << 20;

pub(super) struct Service {
    pub(super) state: Mutex<ServiceState>,
    /// Notified when a call arrives.
    pub(super) arrivals: Notify,
}

/// Answers a call.
pub(super) async fn handle(
    Shared(service): Shared<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let rpc = Rpc::at(head.uri.path());
    let (number, effect) = service.arrived(&head, rpc, peer);
    let result = match &effect {
        Some(CallEffect::Hang) => std::future::pending().await,
        Some(CallEffect::Disconnect) => {
            let state = service.state();
            state.disconnect(state.log[number].connection);
            return broken().1;
        }
        Some(CallEffect::Status(code)) => Err(RefusedCall::of(*code, "a fault")),
        _ => service.answer(number, rpc, &head, body, effect.as_ref()).await,
    };
    service.respond(number, rpc, result, effect)
}

impl Service {
    pub(super) fn state(&self) -> MutexGuard<'_, ServiceState> {
        lock(&self.state)
    }

    /// Enters a call into the log. Returns its number, and what goes wrong with it.
    fn arrived(
        &self,
        head: &Parts,
        rpc: Option<Rpc>,
        peer: SocketAddr,
    ) -> (usize, Option<CallEffect>) {
        let mut state = self.state();
        let connection = state.connections.iter().rposition(|(address, _)| *address == peer);
        let timeout = text(&head.headers, "grpc-timeout");
        let record = CallRecord {
            at: state.now(),
            rpc,
            path: head.uri.path().to_owned(),
            task_id: String::new(),
            connection: connection.unwrap_or_default(),
            timeout: parse_timeout(timeout).ok().flatten(),
            code: None,
        };
        state.log.push(record);
        self.arrivals.notify_waiters();
        let mut faults = state.faults.iter_mut();
        let fault = faults.find_map(|fault| {
            rpc.is_some_and(|rpc| fault.takes(rpc)).then(|| fault.effect.clone())
        });
        (state.log.len() - 1, fault)
    }

    async fn answer(
        &self,
        number: usize,
        rpc: Option<Rpc>,
        head: &Parts,
        body: Body,
        effect: Option<&CallEffect>,
    ) -> Result<Vec<u8>, RefusedCall> {
        let rpc = rpc.ok_or_else(|| RefusedCall::violation(12, "there is no such method"))?;
        if rpc == Rpc::Token {
            check_form_head(head)?;
            let form = axum::body::to_bytes(body, 1 << 16).await;
            let form = form.map_err(|e| RefusedCall::violation(400, e.to_string()))?;
            let (token, seconds) = self.state().issue(&form)?;
            let body =
                json!({"access_token": token, "token_type": "Bearer", "expires_in": seconds});
            return Ok(body.to_string().into_bytes());
        }
        check_head(head)?;
        self.state().authenticate(text(&head.headers, "authorization"))?;
        let mut frames = Frames { body: body.into_data_stream(), buffer: Vec::new() };
        if rpc == Rpc::UploadAsset {
            let cut = match effect {
                Some(CallEffect::Cut(bytes)) => *bytes,
                _ => usize::MAX,
            };
            return self.upload(number, frames, cut).await;
        }
        let message = frames.next().await?.ok_or_else(|| "there is no message".to_owned())?;
        if frames.next().await?.is_some() {
            return Err("there is more than one message".to_owned().into());
        }
        let mut state = self.state();
        match rpc {
            Rpc::Hello => state.hello(number, &message),
            Rpc::GetTask => state.get_task(number, &message),
            Rpc::Heartbeat => state.heartbeat(number, &message),
            Rpc::FinishTask => state.finish(number, &message),
            _ => Err(RefusedCall::of(12, "this simulator does not have it")),
        }
    }

    async fn upload(
        &self,
        number: usize,
        mut frames: Frames,
        cut: usize,
    ) -> Result<Vec<u8>, RefusedCall> {
        let mut next = async || -> Result<Option<UploadAssetRequest>, RefusedCall> {
            let frame = frames.next().await?;
            Ok(frame.map(|frame| strict::read(&frame)).transpose()?)
        };
        let first = next().await?.unwrap_or_default();
        let UploadAssetRequest { metadata: Some(metadata), data: None, eof: None } = first else {
            return Err("the stream does not begin with metadata".to_owned().into());
        };
        let mut asset =
            Asset { task_id: self.state().begin_upload(number, metadata)?, ..Asset::default() };
        let sha256 = loop {
            let message = next().await?.ok_or_else(|| "the stream ends without eof".to_owned())?;
            match (message.metadata, message.data, message.eof) {
                (None, Some(data), None) if (1..=MAX_DATA).contains(&data.data.len()) => {
                    asset.bytes.extend(&data.data);
                    asset.messages.push(data.data.len());
                }
                (None, None, Some(eof)) => break eof.sha256_checksum,
                _ => {
                    return Err("a message is neither 1 byte to 1 MiB of data nor eof"
                        .to_owned()
                        .into());
                }
            }
            if asset.bytes.len() >= cut {
                return Err(RefusedCall::of(0, "cut"));
            }
        };
        if next().await?.is_some() {
            return Err("there is something after eof".to_owned().into());
        }
        self.state().end_upload(number, asset, &sha256)
    }

    /// Enters the end of a call into the log, and answers.
    fn respond(
        &self,
        number: usize,
        rpc: Option<Rpc>,
        result: Result<Vec<u8>, RefusedCall>,
        effect: Option<CallEffect>,
    ) -> Response {
        let mut state = self.state();
        let is_token = rpc == Some(Rpc::Token);
        let body = match result {
            Err(refusal) if refusal.code == 0 => return broken().1,
            Err(refusal) => {
                if refusal.violation {
                    let path = &state.log[number].path;
                    let violation = format!("{path}: {}", refusal.message);
                    state.violations.push(violation);
                }
                state.log[number].code = Some(refusal.code);
                return refused(&refusal);
            }
            Ok(body) => body,
        };
        let body = match effect {
            Some(CallEffect::LoseAnswer) => {
                state.excuse(number);
                if is_token {
                    state.disconnect(state.log[number].connection);
                }
                return broken().1;
            }
            Some(CallEffect::Malformed) => b"{,".to_vec(),
            Some(CallEffect::Empty) if is_token => {
                br#"{"access_token": "", "token_type": "Bearer", "expires_in": 300}"#.to_vec()
            }
            Some(CallEffect::Empty) => Vec::new(),
            _ => body,
        };
        state.log[number].code = Some(if is_token { 200 } else { 0 });
        match is_token {
            true => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            false => answered(&body),
        }
    }
}

/// The value of a header, empty if it is not there.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// What is wrong with headers, if one is not of these names or there twice.
fn check_headers(headers: &HeaderMap, allowed: &[&str]) -> Result<(), RefusedCall> {
    if text(headers, "user-agent").is_empty() {
        return Err("there is no user-agent".to_owned().into());
    }
    let wrong = |name: &&HeaderName| {
        !allowed.contains(&name.as_str()) || headers.get_all(*name).iter().count() > 1
    };
    match headers.keys().find(wrong) {
        Some(name) => Err(format!("header {name} is unknown or repeated").into()),
        None => Ok(()),
    }
}

fn check_form_head(head: &Parts) -> Result<(), RefusedCall> {
    const ALLOWED: &[&str] = &[
        "host",
        "content-type",
        "user-agent",
        "content-length",
        "accept",
        "accept-encoding",
        "connection",
    ];
    let form = text(&head.headers, "content-type") == "application/x-www-form-urlencoded";
    if head.method != Method::POST || head.uri.query().is_some() || !form {
        return Err(RefusedCall::violation(400, "this is not the POST of a form"));
    }
    check_headers(&head.headers, ALLOWED).map_err(|wrong| RefusedCall { code: 400, ..wrong })
}

fn check_head(head: &Parts) -> Result<(), RefusedCall> {
    const ALLOWED: &[&str] = &[
        "content-type",
        "user-agent",
        // Metadata that HTTP clients send with every request.
        "accept",
        "te",
        "authorization",
        "grpc-accept-encoding",
        "grpc-encoding",
        "grpc-timeout",
        "content-length",
    ];
    let headers = &head.headers;
    let is_grpc =
        ["application/grpc", "application/grpc+proto"].contains(&text(headers, "content-type"));
    if head.version != Version::HTTP_2
        || head.method != Method::POST
        || !is_grpc
        || head.uri.query().is_some()
    {
        return Err(RefusedCall::violation(415, "this is not gRPC"));
    }
    check_headers(headers, ALLOWED)?;
    if text(headers, "te") != "trailers" {
        return Err("te is not trailers".to_owned().into());
    }
    if !["", "identity"].contains(&text(headers, "grpc-encoding")) {
        return Err(RefusedCall::violation(12, "compression is not known"));
    }
    parse_timeout(text(headers, "grpc-timeout")).map(drop).map_err(RefusedCall::from)
}

/// Reads `grpc-timeout`: at most eight digits and a unit.
fn parse_timeout(value: &str) -> Result<Option<Duration>, String> {
    let Some((digits, unit)) = value.split_at_checked(value.len().saturating_sub(1)) else {
        return Err("grpc-timeout is not ASCII".to_owned());
    };
    let number = digits.parse::<u32>().ok().filter(|_| digits.len() <= 8);
    Ok(match (unit, number) {
        ("", _) => None,
        ("H", Some(n)) => Some(Duration::from_secs(3600) * n),
        ("M", Some(n)) => Some(Duration::from_secs(60) * n),
        ("S", Some(n)) => Some(Duration::from_secs(1) * n),
        ("m", Some(n)) => Some(Duration::from_millis(1) * n),
        ("u", Some(n)) => Some(Duration::from_micros(1) * n),
        ("n", Some(n)) => Some(Duration::from_nanos(1) * n),
        _ => return Err(format!("grpc-timeout is {value:?}")),
    })
}

/// The messages in a body.
struct Frames {
    body: BodyDataStream,
    buffer: Vec<u8>,
}

impl Frames {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, RefusedCall> {
        loop {
            if let Some((&[flag, a, b, c, d], rest)) = self.buffer.split_first_chunk() {
                let length = u32::from_be_bytes([a, b, c, d]) as usize;
                if flag != 0 {
                    return Err("a message is compressed".to_owned().into());
                }
                if length > MAX_MESSAGE {
                    return Err(RefusedCall::violation(8, format!("a message has {length} bytes")));
                }
                if let Some((message, rest)) = rest.split_at_checked(length) {
                    let (message, rest) = (message.to_vec(), rest.to_vec());
                    self.buffer = rest;
                    return Ok(Some(message));
                }
            }
            match self.body.next().await {
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                // Who hangs up may do so.
                Some(Err(e)) => return Err(RefusedCall::of(1, e.to_string())),
                None if self.buffer.is_empty() => return Ok(None),
                None => return Err("the body ends within a message".to_owned().into()),
            }
        }
    }
}

/// A message, and that all is well.
fn answered(message: &[u8]) -> Response {
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).unwrap_or_default().to_be_bytes());
    frame.extend(message);
    let trailers = HeaderMap::from_iter([(
        HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let body = Full::new(Bytes::from(frame)).with_trailers(async { Some(Ok(trailers)) });
    ([(header::CONTENT_TYPE, "application/grpc")], Body::new(body)).into_response()
}

/// A status other than OK.
fn refused(refusal: &RefusedCall) -> Response {
    let RefusedCall { code, message, .. } = refusal;
    if *code >= 100 {
        let status = axum::http::StatusCode::from_u16(*code).unwrap_or_default();
        return (status, Json(json!({"error": "refused", "error_description": message})))
            .into_response();
    }
    let status = Status { code: i32::from(*code), message: message.clone(), details: Vec::new() };
    let headers = [
        ("content-type", "application/grpc".to_owned()),
        ("grpc-status", code.to_string()),
        ("grpc-message", utf8_percent_encode(message, NON_ALPHANUMERIC).to_string()),
        ("grpc-status-details-bin", BASE64_STANDARD_NO_PAD.encode(status.encode_to_vec())),
    ];
    let headers = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_static(name), HeaderValue::try_from(value).ok()?))
    });
    (HeaderMap::from_iter(headers), ()).into_response()
}
