//! The smallest gRPC client that will do, and a notation for messages in which everything can be wrong.

use axum::{
    body::Bytes,
    http::{Request, Version},
};
use h2::client::{SendRequest, handshake};
use tokio::net::TcpStream;

/// A connection.
pub(crate) struct Wire(SendRequest<Bytes>);

/// What came back: status, and the message if there is one. Without a status the call was broken off.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) code: Option<u16>,
    pub(crate) message: Vec<u8>,
}

impl Wire {
    pub(crate) async fn connect(url: &str) -> Self {
        let stream = TcpStream::connect(url.replace("http://", "")).await.expect("a connection");
        let (send, connection) = handshake(stream).await.expect("HTTP/2");
        tokio::spawn(connection);
        Self(send)
    }

    /// Sends a call with these headers and messages.
    pub(crate) async fn call(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        messages: &[Vec<u8>],
    ) -> Answer {
        self.try_call(path, headers, messages)
            .await
            .unwrap_or(Answer { code: None, message: Vec::new() })
    }

    async fn try_call(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        messages: &[Vec<u8>],
    ) -> Result<Answer, h2::Error> {
        let uri = format!("http://c1.test{path}");
        let mut request = Request::post(uri).version(Version::HTTP_2);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut send = self.0.clone().ready().await?;
        let (answer, mut body) = send.send_request(request.body(()).expect("a request"), false)?;
        for message in messages {
            let length = u32::try_from(message.len()).expect("a length").to_be_bytes();
            let frame = [&[0], &length[..], message].concat();
            // Whoever was refused early cannot send any more.
            _ = body.send_data(frame.into(), false);
        }
        _ = body.send_data(Bytes::new(), true);
        let (head, mut body) = answer.await?.into_parts();
        let mut message = Vec::new();
        while let Some(data) = body.data().await {
            message.extend(data?);
        }
        let trailers = body.trailers().await?.unwrap_or_default();
        let status = head.headers.get("grpc-status").or_else(|| trailers.get("grpc-status"));
        let code = match (head.status.as_u16(), status) {
            (200, Some(status)) => status.to_str().expect("text").parse().expect("a status"),
            (status, _) => status,
        };
        Ok(Answer { code: Some(code), message: message.split_off(message.len().min(5)) })
    }
}

/// Writes a message. `1:"text"`, `1:7`, `1:*7` (so many bytes), `1:#00ff` (hexadecimal) and `1{…}` are fields, with their
/// tags; there is a space between two of them.
pub(crate) fn message(notation: &str) -> Vec<u8> {
    let mut rest = notation.trim();
    let message = fields(&mut rest);
    assert_eq!(rest, "", "{notation}");
    message
}

fn fields(rest: &mut &str) -> Vec<u8> {
    let mut message = Vec::new();
    while !rest.is_empty() && !rest.starts_with('}') {
        let end = rest.find([':', '{']).unwrap_or_else(|| panic!("{rest}: no field"));
        let tag: u64 = rest[..end].parse().expect("a tag");
        let (mark, after) = rest[end..].split_at(1);
        let bytes = if mark == "{" {
            *rest = after;
            let inner = fields(rest);
            *rest = rest.strip_prefix('}').expect("a closing brace");
            inner
        } else if let Some(text) = after.strip_prefix('"') {
            let (text, after) = text.split_once('"').expect("a closing quote");
            *rest = after;
            text.as_bytes().to_vec()
        } else {
            let (value, _) = after.split_once([' ', '}']).unwrap_or((after, ""));
            *rest = &after[value.len()..];
            match (value.strip_prefix('*'), value.strip_prefix('#')) {
                (Some(count), _) => vec![7; count.parse().expect("a count")],
                (_, Some(digits)) => hex::decode(digits).expect("hexadecimal"),
                _ => {
                    message.extend(varint(tag << 3));
                    message.extend(varint(value.parse().expect("a number")));
                    *rest = rest.trim_start();
                    continue;
                }
            }
        };
        message.extend(varint(tag << 3 | 2));
        message.extend(varint(bytes.len() as u64));
        message.extend(bytes);
        *rest = rest.trim_start();
    }
    message
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
