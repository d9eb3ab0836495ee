//! From a request to an answer: the checks every call goes through, and the table of calls.

use serde_json::{Value, json};

use super::{
    Inner,
    caller::Caller,
    grants, groups, head, membership, people, permissions,
    refusal::{Family, Refusal},
    roles, search, spaces,
    tokens::Need,
};
use crate::{
    address::{self, Query},
    server::{Answer, Call},
};

/// One request on its way.
pub(crate) struct Context<'a> {
    pub(crate) inner: &'a mut Inner,
    pub(crate) call: &'a Call,
    pub(crate) caller: Caller,
    /// Violations that do not stop the request.
    pub(crate) notes: Vec<String>,
}

/// A request that is carried out.
#[derive(Debug)]
pub(crate) struct Good {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Good {
    pub(crate) fn ok(body: Value) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body,
        }
    }

    /// 204, which has no body.
    pub(crate) fn nothing() -> Self {
        Self {
            status: 204,
            headers: Vec::new(),
            body: Value::Null,
        }
    }
}

pub(crate) type Reply = Result<Good, Refusal>;

/// What a path can do with a method: what it needs, and how it is done.
type Way<'w> = (&'w str, Need, &'w dyn Fn(&mut Context<'_>) -> Reply);

/// Answers a request.
pub(crate) fn answer(inner: &mut Inner, call: &Call) -> Answer {
    let newer = inner.options.newer_errors;
    let limits = match inner.limiter.pass(&inner.options, call.running) {
        Ok(headers) => headers,
        Err(refusal) => return refusal.answer(Family::of(call), newer),
    };
    let mut notes = Vec::new();
    let mut answer = match checked(inner, call, &mut notes) {
        Ok(good) => Answer {
            status: good.status,
            headers: good.headers,
            body: good.body,
            violations: Vec::new(),
        },
        Err(refusal) => refusal.answer(Family::of(call), newer),
    };
    answer.headers.extend(limits);
    answer.violations.extend(notes);
    answer
}

fn checked(inner: &mut Inner, call: &Call, notes: &mut Vec<String>) -> Reply {
    head::headers(call, &inner.options)?;
    let segments = address::segments(&call.path).map_err(Refusal::violation)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if segments == ["_edge", "tenant_info"] {
        Query::parse(&call.query, &[], str::to_owned).map_err(Refusal::violation)?;
        if call.method != "GET" {
            return Err(wrong_method(call));
        }
        return Ok(Good::ok(json!({"cloudId": inner.world.cloud_id})));
    }
    let (gateway, path) = match segments.as_slice() {
        ["ex", "confluence", cloud, rest @ ..] => {
            if *cloud != inner.world.cloud_id {
                return Err(Refusal::no_route(&call.path));
            }
            (true, rest)
        }
        path => (false, path),
    };
    // *Unknown*: whether credentials or the rest is looked at first. Taken: credentials.
    let caller = Caller::identify(call, &inner.world, &inner.options, gateway)?;
    let mut context = Context {
        inner,
        call,
        caller,
        notes: Vec::new(),
    };
    let reply = context.route(path);
    notes.append(&mut context.notes);
    reply
}

fn wrong_method(call: &Call) -> Refusal {
    Refusal::new(405, format!("{} is not for this address", call.method)).wrong()
}

/// *Unknown*: what an address that means nothing is answered. Taken: 404, in v2 the one that says nothing.
fn unknown(call: &Call) -> Refusal {
    match Family::of(call) {
        Family::V1 => Refusal::not_found(format!("null for uri: {}", call.path)).wrong(),
        Family::V2 => Refusal::bare_not_found().wrong(),
    }
}

impl Context<'_> {
    fn route(&mut self, path: &[&str]) -> Reply {
        if path.iter().any(|segment| segment.is_empty()) {
            return Err(unknown(self.call));
        }
        match path {
            ["wiki", "rest", "api", rest @ ..] => self.v1(rest),
            ["wiki", "api", "v2", rest @ ..] => self.v2(rest),
            _ => Err(unknown(self.call)),
        }
    }

    fn v1(&mut self, path: &[&str]) -> Reply {
        match path {
            ["user"] => self.by(&[("GET", Need::User, &people::by_id)]),
            ["user", "current"] => self.by(&[("GET", Need::User, &people::current)]),
            ["user", "bulk"] => self.by(&[("GET", Need::User, &people::bulk)]),
            ["user", "memberof"] => self.by(&[("GET", Need::Members, &groups::of_user)]),
            ["user", "email", ..] => Err(Refusal::violation(
                "only approved apps may ask for addresses",
            )),
            ["search", "user"] => self.by(&[("GET", Need::Search, &search::users)]),
            ["group"] => self.by(&[("GET", Need::Groups, &groups::list)]),
            ["group", "by-id"] => self.by(&[("GET", Need::Groups, &groups::by_id)]),
            ["group", "userByGroupId"] => self.by(&[
                ("POST", Need::SetMembers, &membership::add),
                ("DELETE", Need::SetMembers, &membership::remove),
            ]),
            ["group", id, "membersByGroupId"] => {
                self.by(&[("GET", Need::Members, &|c| membership::list(c, id))])
            }
            ["space", key, "permission"] => {
                self.by(&[("POST", Need::Grant, &|c| grants::grant(c, key))])
            }
            ["space", key, "permission", id] => {
                self.by(&[("DELETE", Need::Revoke, &|c| grants::revoke(c, key, id))])
            }
            _ => Err(unknown(self.call)),
        }
    }

    fn v2(&mut self, path: &[&str]) -> Reply {
        match path {
            ["spaces"] => self.by(&[("GET", Need::Spaces, &spaces::list)]),
            ["spaces", id] => self.by(&[("GET", Need::Spaces, &|c| spaces::by_id(c, id))]),
            ["spaces", id, "permissions"] => {
                self.by(&[("GET", Need::Spaces, &|c| permissions::list(c, id))])
            }
            ["spaces", id, "role-assignments"] => self.by(&[
                ("GET", Need::Roles, &|c| roles::assignments(c, id)),
                ("POST", Need::SetRoles, &|c| roles::assign(c, id)),
            ]),
            ["users-bulk"] => self.by(&[("POST", Need::Users, &people::users_bulk)]),
            ["space-role-mode"] => self.by(&[("GET", Need::Mode, &roles::mode)]),
            ["space-roles"] => self.by(&[("GET", Need::Roles, &roles::list)]),
            ["space-permissions"] => self.by(&[("GET", Need::Roles, &roles::catalogue)]),
            _ => Err(unknown(self.call)),
        }
    }

    /// Goes the way of the request's method, if there is one and everything about the request is in order.
    fn by(&mut self, ways: &[Way<'_>]) -> Reply {
        let way = ways.iter().find(|(method, ..)| *method == self.call.method);
        let (_, need, handle) = way.ok_or_else(|| wrong_method(self.call))?;
        if self
            .caller
            .scopes
            .as_ref()
            .is_some_and(|scopes| !need.met_by(scopes))
        {
            return Err(Refusal::no_scope());
        }
        head::accept(self.call)?;
        head::cross_site(self.call, Family::of(self.call))?;
        head::body_kind(self.call)?;
        handle(self)
    }

    /// The query, with only these parameters.
    pub(crate) fn query(&self, allowed: &[&'static str]) -> Result<Query, Refusal> {
        Query::parse(&self.call.query, allowed, str::to_owned).map_err(Refusal::violation)
    }
}

/// A parameter that must be there.
pub(crate) fn required<'q>(query: &'q Query, name: &str) -> Result<&'q str, Refusal> {
    query
        .get(name)
        .ok_or_else(|| Refusal::violation(format!("query parameter {name} is missing")))
}

/// A parameter that must have one of these values, if it is there.
pub(crate) fn one_of<'q>(
    query: &'q Query,
    name: &str,
    values: &[&str],
) -> Result<Option<&'q str>, Refusal> {
    match query.get(name) {
        Some(value) if !values.contains(&value) => {
            Err(Refusal::violation(format!("{name} must not be {value:?}")))
        }
        value => Ok(value),
    }
}
