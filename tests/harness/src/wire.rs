//! One plain HTTP request.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends the lines of a head, the first of which lacks its version, and a body; returns status, head and body of the answer.
/// HTTP/1.0: the answer is not chunked.
pub async fn exchange(address: &str, lines: &str, body: &str) -> (u16, String, Vec<u8>) {
    let address = address.trim_start_matches("http://");
    let (first, rest) = lines.split_once('\n').unwrap_or((lines, ""));
    let head = format!("{first} HTTP/1.0\nhost: {address}\ncontent-length: {}\n{rest}", body.len());
    let head = format!("{}\r\n\r\n", head.trim_end().replace('\n', "\r\n"));
    let mut stream = TcpStream::connect(address).await.expect("a server");
    stream.write_all((head + body).as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let (body, head) = (answer.split_off(end + 4), String::from_utf8(answer).expect("text"));
    (head.split(' ').nth(1).expect("a status").parse().expect("a number"), head, body)
}
