//! Routes as a table, and the checks that every request goes through.

use serde_json::Value;

use crate::{
    address::{self, Query},
    head,
    kit::{Api, Tenant},
    refusal::Refusal,
    server::{Answer, Call},
};

/// A vendor's handling of requests, apart from its routes.
pub(crate) trait Desk: Api {
    /// The caller.
    type Caller;
    /// A route's requirement for the caller.
    type Need: Copy + 'static;
    /// Header names (lower case) of the vendor's own.
    const HEADERS: &'static [&'static str] = &[];

    /// Its calls.
    fn routes() -> &'static [Route<Self>];
    /// Finds out who calls.
    fn identify(tenant: &Tenant<Self>, call: &Call) -> Result<Self::Caller, Refusal>;
    /// Checks what else every request must have, such as `Accept`.
    fn check(_tenant: &Tenant<Self>, call: &Call) -> Result<(), Refusal> {
        head::accept(call).map_err(|reason| Refusal::new(406, reason).wrong())
    }
    /// Whether the caller may use a route.
    fn allow(request: &Request<'_, Self>, need: Self::Need) -> Result<(), Refusal>;
    /// Whether a request may have a body.
    fn has_body(call: &Call) -> bool {
        !matches!(call.method.as_str(), "GET" | "DELETE")
    }
    /// The refusal of an address that means nothing.
    fn unknown(call: &Call) -> Refusal {
        Refusal::new(404, format!("{} not found", call.path)).wrong()
    }
    /// The refusal of a method that an address does not have; these it has.
    fn wrong_method(call: &Call, _allowed: &[&str]) -> Refusal {
        Refusal::new(405, format!("{} is not for this address", call.method)).wrong()
    }
}

/// A call of the API.
pub(crate) struct Route<D: Desk> {
    pub(crate) method: &'static str,
    /// The path; `{}` stands for any segment.
    pub(crate) path: &'static str,
    /// The parameters that it may have, each once; several times if the name ends in `*`.
    pub(crate) parameters: &'static [&'static str],
    pub(crate) need: D::Need,
    pub(crate) run: fn(&mut Request<'_, D>) -> Reply,
}

/// A table of routes, one a line: `GET "/path/{}" ["parameter"] NEED function;`.
macro_rules! routes {
    ($($method:ident $path:literal $parameters:tt $need:tt $run:path;)*) => {
        &[$($crate::routes::Route {
            method: stringify!($method),
            path: $path,
            parameters: &$parameters,
            need: $need,
            run: $run,
        }),*]
    };
}
pub(crate) use routes;

/// One request on its way.
pub(crate) struct Request<'a, D: Desk> {
    pub(crate) tenant: &'a mut Tenant<D>,
    pub(crate) call: &'a Call,
    pub(crate) caller: D::Caller,
    pub(crate) query: Query,
    /// The values of the `{}` in the path.
    pub(crate) ids: Vec<String>,
    /// What a well-behaved client would not have sent and is carried out all the same.
    pub(crate) violations: Vec<String>,
}

impl From<Value> for Answer {
    /// A 200; a 204 if it is `null`.
    fn from(body: Value) -> Self {
        let status = if body.is_null() { 204 } else { 200 };
        Self { status, headers: Vec::new(), body, violations: Vec::new() }
    }
}

/// The result of a request.
pub(crate) type Reply = Result<Answer, Refusal>;

/// A good answer.
pub(crate) fn ok(body: Value) -> Reply {
    Ok(body.into())
}

/// Answers a request by the table, if it has `passed` the vendor's limits.
pub(crate) fn answer<D: Desk>(
    tenant: &mut Tenant<D>,
    call: &Call,
    passed: Result<(), Refusal>,
) -> Answer {
    let mut violations = Vec::new();
    let reply = passed.and_then(|()| carry_out(tenant, call, &mut violations));
    let mut answer = reply.unwrap_or_else(|refusal| tenant.refuse(call, &refusal));
    answer.violations.extend(violations);
    answer
}

/// *Unknown* of each vendor: whether credentials or the rest is looked at first. Taken: credentials.
fn carry_out<D: Desk>(tenant: &mut Tenant<D>, call: &Call, violations: &mut Vec<String>) -> Reply {
    head::headers(call, D::HEADERS, &tenant.options.extra_headers)?;
    let caller = D::identify(tenant, call)?;
    D::check(tenant, call)?;
    let (route, ids) = find::<D>(call)?;
    let mut request =
        Request { tenant, call, caller, query: Query::default(), ids, violations: Vec::new() };
    D::allow(&request, route.need)?;
    request.query = Query::parse(&call.query, route.parameters)?;
    if !D::has_body(call) {
        head::no_body(call)?;
    }
    let reply = (route.run)(&mut request);
    violations.append(&mut request.violations);
    reply
}

fn find<D: Desk>(call: &Call) -> Result<(&'static Route<D>, Vec<String>), Refusal> {
    let segments = address::segments(&call.path)?;
    let ways: Vec<_> = D::routes()
        .iter()
        .filter_map(|route| Some((route, matching(route.path, &segments)?)))
        .collect();
    if ways.is_empty() {
        return Err(D::unknown(call));
    }
    let allowed: Vec<&str> = ways.iter().map(|(route, _)| route.method).collect();
    let way = ways.into_iter().find(|(route, _)| route.method == call.method);
    way.ok_or_else(|| D::wrong_method(call, &allowed))
}

/// The values of the `{}` of a path with these segments.
fn matching(path: &str, segments: &[String]) -> Option<Vec<String>> {
    let path = path.trim_start_matches('/').split('/');
    if path.clone().count() != segments.len() {
        return None;
    }
    let mut ids = Vec::new();
    for (expected, segment) in path.zip(segments) {
        match expected {
            "{}" if !segment.is_empty() => ids.push(segment.clone()),
            _ if expected == segment => {}
            _ => return None,
        }
    }
    Some(ids)
}

impl<D: Desk> Request<'_, D> {
    /// The value of the `n`-th `{}` of the path.
    pub(crate) fn id(&self, n: usize) -> &str {
        self.ids.get(n).map(String::as_str).unwrap_or_default()
    }

    /// The body as an object that has these fields and no others; a body must be declared as JSON.
    pub(crate) fn body(&self, fields: &[&str]) -> Result<Value, Refusal> {
        let body = head::content_type(self.call).and_then(|()| {
            let body = head::json(self.call)?;
            head::object(&body, "the body", fields)?;
            Ok(body)
        });
        body.map_err(Refusal::violation)
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        let value = self.query.get(name);
        value.ok_or_else(|| Refusal::violation(format!("query parameter {name} is missing")))
    }

    /// A parameter that must have one of these values, if it is there.
    pub(crate) fn one_of(&self, name: &str, values: &[&str]) -> Result<Option<&str>, Refusal> {
        match self.query.get(name) {
            Some(value) if !values.contains(&value) => {
                Err(Refusal::violation(format!("{name} must not be {value:?}")))
            }
            value => Ok(value),
        }
    }

    /// A parameter that must be a whole number, if it is there.
    pub(crate) fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.query.get(name) else {
            return Ok(None);
        };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        let number = number.ok_or_else(|| Refusal::violation(format!("{name} is not a number")));
        number.map(Some)
    }

    /// A parameter that must be a number from 1 to `most`, if it is there.
    pub(crate) fn up_to(&self, name: &str, most: usize) -> Result<Option<usize>, Refusal> {
        match self.number(name)? {
            Some(number) if !(1..=most).contains(&number) => {
                Err(Refusal::violation(format!("{name} is not from 1 to {most}")))
            }
            number => Ok(number),
        }
    }

    /// An identifier in the path that must be a number.
    pub(crate) fn number_id(&self, n: usize) -> Result<u64, Refusal> {
        let id = self.id(n);
        id.parse().map_err(|_| Refusal::violation(format!("{id:?} is not a number")))
    }
}
