//! The log of requests, shared by a simulator's servers.

use std::net::SocketAddr;

use serde_json::Value;

use crate::server::Call;

/// A request in the log, in order of arrival.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Upper-case method.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query without its question mark, still percent-encoded; empty if there is none.
    pub query: String,
    /// The status answered; 0 if there was no answer (yet).
    pub status: u16,
    /// The body if it was JSON.
    pub body: Option<Value>,
    /// Header names (lower case) and values.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `METHOD /path?query`, handy in assertions.
    #[must_use]
    pub fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{mark}{}", self.method, self.path, self.query)
    }
}

/// A request, its number and the server it came to.
pub(crate) struct Entry {
    number: u64,
    server: SocketAddr,
    request: Request,
}

/// The log.
#[derive(Default)]
pub(crate) struct Log {
    next: u64,
    pub(crate) entries: Vec<Entry>,
    /// Violations: what a well-behaved client would not have sent.
    pub(crate) violations: Vec<String>,
    running: usize,
    /// The maximum number of concurrent requests.
    pub(crate) peak: usize,
}

impl Log {
    /// Enters a request that arrived at a server. Returns its number, and how many are under way with it.
    pub(crate) fn arrived(&mut self, server: SocketAddr, request: &Request) -> (u64, usize) {
        self.next += 1;
        self.running += 1;
        self.peak = self.peak.max(self.running);
        self.entries.push(Entry { number: self.next, server, request: request.clone() });
        (self.next, self.running)
    }

    /// Enters the status a request was answered with.
    pub(crate) fn answered(&mut self, number: u64, status: u16) {
        let found = self.entries.iter_mut().find(|entry| entry.number == number);
        if let Some(entry) = found {
            entry.request.status = status;
        }
    }

    /// A request is no longer in flight.
    pub(crate) fn ended(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// Enters what a well-behaved client would not have sent.
    pub(crate) fn violated(&mut self, call: &Call, violations: &[String]) {
        let found = violations
            .iter()
            .map(|violation| format!("{} {}: {violation}", call.method, call.path));
        self.violations.extend(found);
    }

    /// Empties the log, the violations and the peak.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.violations.clear();
        self.peak = self.running;
    }

    /// The requests in order of arrival: all, or those of one server.
    pub(crate) fn requests(&self, server: Option<SocketAddr>) -> Vec<Request> {
        self.entries
            .iter()
            .filter(|entry| server.is_none_or(|server| server == entry.server))
            .map(|entry| entry.request.clone())
            .collect()
    }
}
