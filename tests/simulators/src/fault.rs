//! Faults: what to do wrong, and with which requests.

use std::{collections::HashSet, time::Duration};

use serde_json::Value;

use crate::server::Call;

/// One fault: which requests it takes, and what happens to them.
///
/// Without a method and with an empty path prefix every request matches. Of the matching requests, counted from the
/// moment the faults were set, the fault takes `times` in a row beginning with number `from`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Only this method, if given.
    pub method: Option<String>,
    /// Only paths that begin like this.
    pub path_prefix: String,
    /// Only the path itself, nothing below it.
    pub exact: bool,
    /// The first matching request to take, counted from 1.
    pub from: usize,
    /// How many matching requests to take; `None` is for ever.
    pub times: Option<usize>,
    /// Only the first of requests that have the same method, path, query and body.
    pub first_of_each: bool,
    /// The effect.
    pub kind: FaultKind,
}

/// The effect on a request.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// Answers like this; the vendor's logic never sees the request.
    Status {
        /// HTTP status.
        code: u16,
        /// Extra headers, such as `Retry-After`.
        headers: Vec<(String, String)>,
        /// The body; `None` is the vendor's usual error body for the status.
        body: Option<Value>,
    },
    /// Handles the request, declares the full length of the answer, sends half of it and closes.
    CutBody,
    /// Handles the request and waits before answering.
    Slow(Duration),
    /// Closes without an answer; the request has no effect.
    Disconnect,
    /// Handles the request, then closes without an answer: the client cannot know that it took effect.
    LoseAnswer,
    /// The answer's cursor is the one the request came with, so the list never ends.
    RepeatCursor,
    /// A request with a cursor is answered that the cursor is invalid. Requests without one are not affected or
    /// counted.
    StaleCursor,
    /// Handles the request and leaves this out of the body: names with `/` between them, `*` being all elements of a
    /// list. `data/members/*/name` takes the name from every member.
    Without(String),
    /// Answers with the right status and a text that is not JSON.
    InvalidJson,
    /// Answers 307 with this `Location`.
    Redirect {
        /// The target.
        to: String,
    },
}

impl Fault {
    fn new(method: Option<&str>, path_prefix: &str, kind: FaultKind) -> Self {
        Self {
            method: method.map(str::to_owned),
            path_prefix: path_prefix.to_owned(),
            exact: false,
            from: 1,
            times: None,
            first_of_each: false,
            kind,
        }
    }

    /// Every request, for ever.
    #[must_use]
    pub fn every(kind: FaultKind) -> Self {
        Self::new(None, "", kind)
    }

    /// Each request once: the same request is answered when it is sent again.
    #[must_use]
    pub fn each_once(kind: FaultKind) -> Self {
        Self { first_of_each: true, ..Self::every(kind) }
    }

    /// The `n`-th request of all (from 1), once.
    #[must_use]
    pub fn nth(n: usize, kind: FaultKind) -> Self {
        Self::new(None, "", kind).from(n).times(1)
    }

    /// Every request with this method whose path begins so, for ever.
    #[must_use]
    pub fn matching(method: &str, path_prefix: &str, kind: FaultKind) -> Self {
        Self::new(Some(method), path_prefix, kind)
    }

    /// The `n`-th request (from 1) with this method whose path begins so, once.
    #[must_use]
    pub fn nth_matching(n: usize, method: &str, path_prefix: &str, kind: FaultKind) -> Self {
        Self::matching(method, path_prefix, kind).from(n).times(1)
    }

    /// Takes this many requests and then no more.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets the first `from - 1` matching requests through.
    #[must_use]
    pub fn from(mut self, from: usize) -> Self {
        self.from = from;
        self
    }

    /// Matches the path itself only, nothing below it.
    #[must_use]
    pub fn exactly(mut self) -> Self {
        self.exact = true;
        self
    }

    fn matches(&self, call: &Call, has_cursor: bool) -> bool {
        let is_path = match self.exact {
            true => call.path == self.path_prefix,
            false => call.path.starts_with(&self.path_prefix),
        };
        let is_method = self.method.as_ref().is_none_or(|method| *method == call.method);
        is_path && is_method && (has_cursor || self.kind != FaultKind::StaleCursor)
    }
}

impl FaultKind {
    /// An error status with the vendor's usual body.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status { code, headers: Vec::new(), body: None }
    }

    /// An answer without this: see [`FaultKind::Without`].
    #[must_use]
    pub fn without(path: &str) -> Self {
        Self::Without(path.to_owned())
    }

    /// 429 with or without a `Retry-After` in seconds.
    #[must_use]
    pub fn too_many_requests(retry_after: Option<u64>) -> Self {
        let headers = retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
        Self::Status { code: 429, headers: headers.into_iter().collect(), body: None }
    }
}

/// The faults in force, with what each has seen.
#[derive(Default)]
pub(crate) struct Faults(Vec<(Fault, Seen)>);

/// The requests that a fault matched.
#[derive(Default)]
struct Seen {
    count: usize,
    /// The key that distinguishes them, for [`Fault::first_of_each`].
    requests: HashSet<String>,
}

impl Faults {
    pub(crate) fn set(&mut self, faults: Vec<Fault>) {
        let unseen = |fault| (fault, Seen::default());
        self.0 = faults.into_iter().map(unseen).collect();
    }

    /// Counts the request for every fault; the first one that takes it wins.
    pub(crate) fn take(&mut self, call: &Call, has_cursor: bool) -> Option<FaultKind> {
        let mut taken = None;
        for (fault, seen) in &mut self.0 {
            if !fault.matches(call, has_cursor) {
                continue;
            }
            let (path, query) = (&call.path, &call.query);
            let request = || format!("{} {path}?{query} {:?}", call.method, call.bytes);
            if fault.first_of_each && !seen.requests.insert(request()) {
                continue;
            }
            seen.count += 1;
            let last = fault
                .times
                .map_or(usize::MAX, |times| fault.from.saturating_add(times).saturating_sub(1));
            if taken.is_none() && (fault.from..=last).contains(&seen.count) {
                taken = Some(fault.kind.clone());
            }
        }
        taken
    }
}
