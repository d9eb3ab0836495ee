//! From a request to an answer: the checks every call goes through, and the table of calls.

use serde_json::{Map, Value};

use super::{assigning, caller::Caller, deployments, organizations, projects, refusal::Refusal};
use crate::{
    address::{self, Query},
    elastic::Inner,
    head,
    server::{Answer, Call},
};

/// One request on its way.
pub(crate) struct Context<'a> {
    pub(crate) inner: &'a mut Inner,
    pub(crate) call: &'a Call,
    pub(crate) caller: Caller,
}

/// The body of a 200.
pub(crate) type Reply = Result<Value, Refusal>;

/// Answers a request.
pub(crate) fn answer(inner: &mut Inner, call: &Call) -> Answer {
    // *Unknown*: whether a request with a bad key counts. Taken: all do.
    let (mut headers, passed) = inner.meter.pass(&inner.options.quota);
    let reply = passed.and_then(|()| checked(inner, call, &mut headers));
    let mut answer = match reply {
        Ok(body) => Answer {
            status: 200,
            headers: Vec::new(),
            body,
            violations: Vec::new(),
        },
        Err(refusal) => refusal.answer(),
    };
    answer.headers.extend(headers);
    answer
}

fn checked(inner: &mut Inner, call: &Call, headers: &mut Vec<(String, String)>) -> Reply {
    head::headers(call, &[], &inner.options.extra_headers).map_err(Refusal::violation)?;
    let caller = Caller::identify(call, &inner.world)?;
    headers.extend(caller.headers.iter().cloned());
    // *Unknown*: the answer to a client that does not take JSON. Taken: 406.
    head::accept(call)
        .map_err(|reason| Refusal::new(406, "root.not_acceptable", reason).wrong())?;
    let segments = address::segments(&call.path).map_err(Refusal::violation)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let mut context = Context {
        inner,
        call,
        caller,
    };
    context.route(&segments)
}

impl Context<'_> {
    fn route(&mut self, segments: &[&str]) -> Reply {
        let ["api", "v1", path @ ..] = segments else {
            return Err(self.unknown());
        };
        if path.iter().any(|segment| segment.is_empty()) {
            return Err(self.unknown());
        }
        match path {
            ["organizations"] => self.get(organizations::list),
            ["organizations", id] => self.get(|c| organizations::by_id(c, id)),
            ["organizations", id, "members"] => self.get(|c| organizations::members(c, id)),
            ["organizations", id, "invitations"] => self.get(|c| organizations::invitations(c, id)),
            ["users", id, "role_assignments"] => match self.call.method.as_str() {
                "POST" => assigning::assign(self, id),
                "DELETE" => assigning::take(self, id),
                _ => Err(self.wrong_method()),
            },
            ["deployments", "_search"] if self.call.method == "POST" => deployments::search(self),
            ["deployments", "_search"] => Err(self.wrong_method()),
            ["deployments", id] => self.get(|c| deployments::by_id(c, id)),
            ["serverless", "projects", kind] if projects::KINDS.contains(kind) => {
                self.get(|c| projects::list(c, kind))
            }
            ["serverless", "projects", kind, id, "roles"] if projects::KINDS.contains(kind) => {
                self.get(|c| projects::roles(c, kind, id))
            }
            _ => Err(self.unknown()),
        }
    }

    /// A call that reads, without parameters and without a body.
    fn get(&mut self, read: impl FnOnce(&Self) -> Reply) -> Reply {
        if self.call.method != "GET" {
            return Err(self.wrong_method());
        }
        self.query(&[])?;
        head::no_body(self.call).map_err(Refusal::violation)?;
        read(self)
    }

    /// *Unknown*: the answer. Taken: 405.
    fn wrong_method(&self) -> Refusal {
        let message = format!("{} is not for this address", self.call.method);
        Refusal::new(405, "root.method_not_allowed", message).wrong()
    }

    fn unknown(&self) -> Refusal {
        let message = format!("The resource {} was not found", self.call.path);
        Refusal::new(404, "root.resource_not_found", message).wrong()
    }

    /// The query, with only these parameters.
    pub(crate) fn query(&self, allowed: &[&'static str]) -> Result<Query, Refusal> {
        Query::parse(&self.call.query, allowed, str::to_owned).map_err(Refusal::violation)
    }

    /// The body, an object with only these fields.
    pub(crate) fn body(&self, fields: &[&str]) -> Result<Map<String, Value>, Refusal> {
        // *Unknown*: the answer to a body that does not say what it is. Taken: 415.
        head::content_type(self.call)
            .map_err(|reason| Refusal::new(415, "root.unsupported_media_type", reason).wrong())?;
        let body = head::json(self.call).map_err(Refusal::bad_body)?;
        let body = head::object(&body, "the body", fields).map_err(Refusal::bad_body)?;
        Ok(body.clone())
    }
}
