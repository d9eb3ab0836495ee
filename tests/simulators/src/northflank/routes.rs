//! From a request to an answer: the checks every call goes through, and the table of calls.

use serde_json::Value;

use super::{
    Inner, auth, caller, groups, paging,
    refusal::Refusal,
    roles, rows,
    tokens::{Permission, Token},
};
use crate::{
    address::{self, Query},
    head,
    server::{Answer, Call},
};

/// One request on its way.
pub(crate) struct Context<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) call: &'a Call,
    pub(crate) token: Token,
    /// What a well-behaved client would not have sent and is carried out all the same.
    pub(crate) violations: Vec<String>,
}

/// The body of a 200.
pub(crate) type Reply = Result<Value, Refusal>;

/// Answers a request.
pub(crate) fn answer(inner: &mut Inner, call: &Call) -> Answer {
    let now = inner.clock.running();
    let (headers, passed) = inner.meter.pass(&inner.options.rate_limit, now);
    let reply = passed.and_then(|()| {
        inner.let_others_go_first(call);
        checked(inner, call)
    });
    let mut answer = match reply {
        Ok((body, violations)) => Answer {
            status: 200,
            headers: Vec::new(),
            body,
            violations,
        },
        Err(refusal) => refusal.answer(inner.options.errors),
    };
    answer.headers.extend(headers);
    answer
}

fn checked(inner: &Inner, call: &Call) -> Result<(Value, Vec<String>), Refusal> {
    head::headers(call, &[], &inner.options.extra_headers).map_err(Refusal::violation)?;
    let token = caller::identify(call, &inner.world, inner.clock.now())?;
    // *Unknown*: the answer to a client that does not take JSON. Taken: 406.
    head::accept(call).map_err(|reason| Refusal::new(406, reason).wrong())?;
    if inner.options.content_type_required || call.header("content-type").is_some() {
        // *Unknown*: the answer to a request that does not say it. Taken: 415.
        head::content_type(call).map_err(|reason| Refusal::new(415, reason).wrong())?;
    }
    let segments = address::segments(&call.path).map_err(Refusal::violation)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let mut context = Context {
        inner,
        call,
        token,
        violations: Vec::new(),
    };
    let body = context.route(&segments)?;
    Ok((body, context.violations))
}

impl Context<'_> {
    fn route(&mut self, segments: &[&str]) -> Reply {
        use Permission::{MembersRead, RolesRead};
        let ["v1", path @ ..] = segments else {
            return Err(self.unknown());
        };
        if path.iter().any(|segment| segment.is_empty()) {
            return Err(self.unknown());
        }
        match path {
            // A client may well ask whether there is such a call.
            ["auth"] if !self.inner.options.auth => Err(Refusal::not_found("this call")),
            ["auth"] => self.get(None, &[], |c, _| Ok(auth::describe(c))),
            ["org-members"] => self.get(Some(MembersRead), &paging::PARAMETERS, |c, query| {
                let rows = c.inner.world.members.iter();
                let rows = rows.map(|(id, member)| rows::member(id, member)).collect();
                c.page("members", rows, query)
            }),
            ["org-roles"] => self.get(Some(RolesRead), &paging::PARAMETERS, roles::list),
            ["org-roles", id] => self.get(Some(RolesRead), &[], |c, _| roles::by_id(c, id)),
            ["org-roles", id, "members"] => {
                self.get(Some(RolesRead), &roles::MEMBER_PARAMETERS, |c, query| {
                    roles::members(c, id, query)
                })
            }
            ["directory-groups"] => {
                let paged = self.inner.options.paged_groups;
                let parameters = if paged { &paging::PARAMETERS[..] } else { &[] };
                self.get(Some(RolesRead), parameters, groups::list)
            }
            ["directory-groups", id, "members"] => {
                self.get(Some(MembersRead), &paging::PARAMETERS, |c, query| {
                    groups::members(c, id, query)
                })
            }
            _ => Err(self.unknown()),
        }
    }

    /// A call that reads: with these parameters and no body, by whoever has the permission. All others, which the
    /// vendor has for roles and their members, nobody has a reason to send here.
    fn get(
        &mut self,
        permission: Option<Permission>,
        parameters: &[&'static str],
        read: impl FnOnce(&mut Self, &Query) -> Reply,
    ) -> Reply {
        if self.call.method != "GET" {
            let message = format!("{} is not for this address", self.call.method);
            return Err(Refusal::new(405, message).wrong());
        }
        if let Some(permission) = permission {
            caller::allow(&self.token, permission, &self.inner.options)?;
        }
        head::no_body(self.call).map_err(Refusal::violation)?;
        let query = self.query(parameters)?;
        read(self, &query)
    }

    /// The query, with only these parameters, each of which says something.
    fn query(&self, allowed: &[&'static str]) -> Result<Query, Refusal> {
        let mut pairs = self.call.query.split('&').filter(|pair| !pair.is_empty());
        let says_nothing = |pair: &&str| {
            pair.split_once('=')
                .is_none_or(|(_, value)| value.is_empty())
        };
        if let Some(pair) = pairs.find(says_nothing) {
            return Err(Refusal::violation(format!("{pair:?} has no value")));
        }
        Query::parse(&self.call.query, allowed, str::to_owned).map_err(Refusal::violation)
    }

    fn unknown(&self) -> Refusal {
        Refusal::not_found(&self.call.path).wrong()
    }
}
