//! The smallest HTTP client that will do, so that nothing between the tests and the wire is lenient.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) json: Value,
}

/// Sends a request with exactly these headers; `None` if the connection closes without an answer.
pub(crate) async fn exchange(
    base: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Reply> {
    let address = base.replace("http://", "");
    let (address, _) = address.split_once('/').unwrap_or((address.as_str(), ""));
    let mut stream = TcpStream::connect(address).await.expect("HTTP");
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.expect("HTTP");
    let mut answer = Vec::new();
    // A reset is as good as a close here.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).expect("HTTP");
    let (head, text) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status =
        lines.next().expect("HTTP").split(' ').nth(1).expect("HTTP").parse().expect("HTTP");
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Some(Reply {
        status,
        headers,
        text: text.to_owned(),
        json: serde_json::from_str(text).unwrap_or_default(),
    })
}
