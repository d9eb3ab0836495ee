//! From a request to an answer: the checks every call goes through, and the table of calls.

use serde_json::Value;

use super::{
    Inner,
    caller::Caller,
    graphql,
    meter::{Headers, Payer},
    reading,
    refusal::{Api, Refusal},
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
    pub(crate) caller: Caller,
}

/// A 200.
#[derive(Debug)]
pub(crate) struct Good {
    pub(crate) body: Value,
    pub(crate) headers: Headers,
}

impl Good {
    pub(crate) fn ok(body: Value) -> Self {
        Self {
            body,
            headers: Headers::new(),
        }
    }

    pub(crate) fn answer(self) -> Answer {
        Answer {
            status: 200,
            headers: self.headers,
            body: self.body,
            violations: Vec::new(),
        }
    }
}

/// What becomes of a request.
pub(crate) type Reply = Result<Good, Refusal>;

/// Answers a request.
pub(crate) fn answer(inner: &mut Inner, call: &Call) -> Answer {
    inner.answered += 1;
    inner.let_others_go_first(call);
    match Api::of(&call.path) {
        Api::Rest => rest(inner, call),
        Api::GraphQl => graphql::answer(inner, call),
    }
}

/// *Unknown*: who pays for requests with a bad token, and whether they are ever told to wait. Taken: nobody known, and
/// they are not.
fn rest(inner: &mut Inner, call: &Call) -> Answer {
    let caller = Caller::identify(inner, call, Api::Rest);
    let payer = caller.as_ref().map_or_else(
        |_| Payer::default(),
        |caller| caller.payer(call.path.split('/').nth(3)),
    );
    let now = inner.time.now(&inner.options.clock);
    let readings = inner.rest.spend(Api::Rest, &inner.options, now, &payer, 1);
    let passed = readings.check(&inner.options);
    if caller.is_ok() && passed.is_err() {
        inner.rest.refuse();
    }
    let reply = caller.and_then(|caller| {
        passed?;
        checked(inner, call, caller)
    });
    let mut answer = match reply {
        Ok(good) => good.answer(),
        Err(refusal) => refusal.answer(Api::Rest),
    };
    answer.headers.extend(readings.headers());
    inner.let_vanish(&answer.body);
    answer
}

impl Inner {
    /// Deletes the team that is to go once a list has shown it.
    fn let_vanish(&mut self, body: &Value) {
        let shown = |id: &mut String| reading::shows(body, id);
        if let Some(id) = self.options.team_vanishes.take_if(shown) {
            for org in self.world.organizations.values_mut() {
                org.teams.retain(|team| team.id != id);
            }
        }
    }
}

/// *Unknown*: the answer to a client that does not take JSON. Taken: 406.
pub(crate) fn accept(call: &Call) -> Result<(), Refusal> {
    head::accept(call).map_err(|reason| Refusal::new(406, reason).wrong())
}

fn checked(inner: &Inner, call: &Call, caller: Caller) -> Reply {
    head::headers(call, &[], &inner.options.extra_headers).map_err(Refusal::violation)?;
    accept(call)?;
    let segments = address::segments(&call.path).map_err(Refusal::violation)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let context = Context {
        inner,
        call,
        caller,
    };
    context.route(&segments)
}

impl Context<'_> {
    /// Everything that is read. Whatever writes is unknown here, not least `DELETE /v2/access-token`, which would revoke
    /// the token in use.
    fn route(&self, segments: &[&str]) -> Reply {
        let ["v2", path @ ..] = segments else {
            return Err(self.unknown());
        };
        if self.call.method != "GET" || path.iter().any(|segment| segment.is_empty()) {
            return Err(self.unknown());
        }
        head::no_body(self.call).map_err(Refusal::violation)?;
        match path {
            ["access-token"] => reading::access_token(self),
            ["user"] => reading::user(self),
            ["organizations"] => reading::organizations(self),
            ["organizations", slug] => reading::organization(self, slug),
            ["organizations", slug, "members"] => reading::members(self, slug),
            ["organizations", slug, "members", user] => reading::member(self, slug, user),
            ["organizations", slug, "teams"] => reading::teams(self, slug),
            ["organizations", slug, "teams", id] => reading::team(self, slug, id),
            ["organizations", slug, "teams", id, "members"] => {
                reading::team_members(self, slug, id)
            }
            ["organizations", slug, "teams", id, "members", user] => {
                reading::team_member(self, slug, id, user)
            }
            _ => Err(self.unknown()),
        }
    }

    fn unknown(&self) -> Refusal {
        Refusal::not_found().wrong()
    }

    /// The query, with only these parameters.
    pub(crate) fn query(&self, allowed: &[&'static str]) -> Result<Query, Refusal> {
        Query::parse(&self.call.query, allowed, str::to_owned).map_err(Refusal::violation)
    }
}
