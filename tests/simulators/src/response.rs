//! From an answer to what goes over the wire, whole or broken.

use std::{io, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use futures::{StreamExt, stream};
use serde_json::Value;

use crate::server::Answer;

/// Whether the vendor sets the content type itself.
fn has_content_type(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, _)| name == "content-type")
}

/// The body as it is sent.
fn text_of(answer: &Answer) -> String {
    match &answer.body {
        Value::Null => String::new(),
        Value::String(text) if has_content_type(answer) => text.clone(),
        body => body.to_string(),
    }
}

/// The answer as it is.
pub(crate) fn plain(answer: &Answer) -> (u16, Response) {
    let text = text_of(answer);
    let length = text.len();
    build(answer, Body::from(text), length)
}

fn build(answer: &Answer, body: Body, length: usize) -> (u16, Response) {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if length > 0 && !has_content_type(answer) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    // 204 has no body, and therefore no length.
    if answer.status != 204 {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) =
            (header::HeaderName::try_from(name), HeaderValue::try_from(value))
        {
            headers.append(name, value);
        }
    }
    (answer.status, response)
}

/// The right status and length, and a text that is not JSON. An answer that can have no body stays as it is.
pub(crate) fn spoiled(answer: &Answer) -> (u16, Response) {
    if answer.status == 204 {
        return plain(answer);
    }
    let mut text = text_of(answer);
    text.pop();
    text.push_str(",,");
    let length = text.len();
    build(answer, Body::from(text), length)
}

/// The right length, and half of the body before the connection breaks.
pub(crate) fn cut(answer: &Answer) -> (u16, Response) {
    let text = text_of(answer);
    let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
    let end = async {
        // Gives what was written time to leave before the error closes the connection.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    };
    let body = stream::iter([Ok(half)]).chain(stream::once(end));
    build(answer, Body::from_stream(body), text.len())
}

/// No answer at all. An error in the place of a body closes the connection before the head has left.
pub(crate) fn broken() -> (u16, Response) {
    let error = io::Error::from(io::ErrorKind::ConnectionAborted);
    let body = stream::iter([Err::<Bytes, _>(error)]);
    (0, Response::new(Body::from_stream(body)))
}

/// Removes what a path like `data/members/*/name` leads to. What is not there stays away.
pub(crate) fn leave_out(body: &mut Value, path: &str) {
    match path.split_once('/') {
        None => {
            if let Some(object) = body.as_object_mut() {
                object.remove(path);
            }
        }
        Some(("*", rest)) => {
            for element in body.as_array_mut().into_iter().flatten() {
                leave_out(element, rest);
            }
        }
        Some((name, rest)) => {
            if let Some(inner) = body.get_mut(name) {
                leave_out(inner, rest);
            }
        }
    }
}
