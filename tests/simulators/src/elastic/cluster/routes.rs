//! From a request to an answer: the checks every call goes through, and the table of calls.

use serde_json::{Value, json};

use super::{
    caller::{Action, Caller},
    named,
    refusal::Refusal,
    text, users, write,
};
use crate::{
    address::{self, Query},
    elastic::{Inner, world::Cluster},
    head,
    random::Random,
    server::{Answer, Call},
};

/// One request on its way.
pub(crate) struct Context<'a> {
    pub(crate) inner: &'a mut Inner,
    pub(crate) call: &'a Call,
    pub(crate) caller: Caller,
    pub(crate) deployment: &'a str,
}

/// What a 200 says.
pub(crate) enum Good {
    /// This.
    Body(Value),
    /// An object that is keyed by name.
    Keyed(Vec<(String, Value)>),
}

pub(crate) type Reply = Result<Good, Refusal>;

/// What a path can do with a method: what that needs, and how it is done.
type Way<'w> = (&'w str, Action, &'w dyn Fn(&mut Context<'_>) -> Reply);

/// Answers a request.
pub(crate) fn answer(inner: &mut Inner, deployment: &str, call: &Call) -> Answer {
    let reply = checked(inner, deployment, call);
    let product = reply.as_ref().err().is_none_or(|refusal| refusal.product);
    let mut answer = match reply {
        Ok(good) => good.answer(inner),
        Err(refusal) => refusal.answer(),
    };
    inner.answered += 1;
    let id = Random::new(inner.answered).hex32();
    let mut add = |name: &str, value: &str| {
        answer.headers.push((name.to_owned(), value.to_owned()));
    };
    add("x-cloud-request-id", id.get(..22).unwrap_or_default());
    if product {
        add("x-elastic-product", "Elasticsearch");
        let cluster = inner.world.deployments.get(deployment);
        let id = cluster
            .map(|cluster| cluster.id.as_str())
            .unwrap_or_default();
        add("x-found-handling-cluster", id);
        add("x-found-handling-instance", "instance-0000000000");
    }
    answer
}

impl Good {
    fn answer(self, inner: &Inner) -> Answer {
        let (headers, body) = match self {
            Self::Body(body) => (Vec::new(), body),
            Self::Keyed(mut pairs) => {
                inner.options.ordering.arrange(&mut pairs);
                let kind = ("content-type".to_owned(), "application/json".to_owned());
                let text = text::keyed(&pairs, inner.options.numbers);
                (vec![kind], Value::from(text))
            }
        };
        Answer {
            status: 200,
            headers,
            body,
            violations: Vec::new(),
        }
    }
}

fn checked(inner: &mut Inner, deployment: &str, call: &Call) -> Reply {
    let cluster = inner.world.deployments.get(deployment);
    let cluster = cluster.filter(|cluster| !cluster.gone);
    let serverless = cluster.ok_or_else(Refusal::no_cluster)?.serverless;
    head::headers(call, &[], &inner.options.extra_headers).map_err(Refusal::violation)?;
    // *Unknown*: whether the key or the rest is looked at first. Taken: the key.
    let caller = Caller::identify(call, inner, deployment)?;
    head::accept(call).map_err(not_supported)?;
    let segments = address::segments(&call.path).map_err(Refusal::violation)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if serverless
        && !matches!(
            segments.as_slice(),
            ["_security", "_authenticate" | "role", ..]
        )
    {
        return Err(not_in_serverless(call));
    }
    let mut context = Context {
        inner,
        call,
        caller,
        deployment,
    };
    context.route(&segments)
}

/// *Unknown*: whether roles can be read in serverless projects. Taken: they can, as custom roles are documented there.
fn not_in_serverless(call: &Call) -> Refusal {
    let reason = format!(
        "Request for uri [{}] with method [{}] exists but is not available when running in serverless mode",
        call.path, call.method
    );
    Refusal::new(410, "api_not_available_exception", reason)
}

fn not_supported(reason: String) -> Refusal {
    Refusal::bare(406, json!({"error": reason, "status": 406})).wrong(reason)
}

impl Context<'_> {
    fn route(&mut self, segments: &[&str]) -> Reply {
        if segments.iter().any(|segment| segment.is_empty()) {
            return Err(self.no_handler());
        }
        match segments {
            ["_security", "_authenticate"] if self.call.method == "GET" => {
                self.plain()?;
                Ok(Good::Body(authenticated(&self.caller)))
            }
            ["_security", "_authenticate"] => Err(self.wrong_method(&["GET"])),
            ["_security", "user"] => self.by(&[("GET", Action::GetUsers, &users::list)]),
            ["_security", "user", name] => self.by(&[
                ("GET", Action::GetUsers, &|c| users::by_name(c, name)),
                ("PUT", Action::PutUser, &|c| write::put(c, name)),
                ("POST", Action::PutUser, &|c| write::put(c, name)),
                ("DELETE", Action::DeleteUser, &|c| users::delete(c, name)),
            ]),
            ["_security", "user", name, "_enable"] => self.toggle(name, true),
            ["_security", "user", name, "_disable"] => self.toggle(name, false),
            ["_security", "role", names @ ..] if names.len() < 2 => {
                self.only_read("roles")?;
                self.by(&[("GET", Action::GetRoles, &|c| named::roles(c, names))])
            }
            ["_security", "role_mapping", names @ ..] if names.len() < 2 => {
                self.only_read("role mappings")?;
                self.by(&[("GET", Action::GetMappings, &|c| named::mappings(c, names))])
            }
            _ => Err(self.no_handler()),
        }
    }

    fn toggle(&mut self, name: &str, enabled: bool) -> Reply {
        let toggle = |context: &mut Context<'_>| users::set_enabled(context, name, enabled);
        self.by(&[
            ("PUT", Action::SetEnabled, &toggle),
            ("POST", Action::SetEnabled, &toggle),
        ])
    }

    /// Goes the way of the request's method, if there is one and the key may.
    fn by(&mut self, ways: &[Way<'_>]) -> Reply {
        let way = ways.iter().find(|(method, ..)| *method == self.call.method);
        let (_, action, handle) = way.ok_or_else(|| {
            let allowed: Vec<&str> = ways.iter().map(|(method, ..)| *method).collect();
            self.wrong_method(&allowed)
        })?;
        self.caller.require(self.inner, *action)?;
        handle(self)
    }

    /// What decides what whole groups of people may do is read and never written: a bad role template or rule locks
    /// everybody out.
    fn only_read(&self, what: &str) -> Result<(), Refusal> {
        if self.call.method == "GET" {
            return Ok(());
        }
        Err(Refusal::violation(format!("{what} must not be written")))
    }

    fn no_handler(&self) -> Refusal {
        let reason = format!(
            "no handler found for uri [{}] and method [{}]",
            self.call.path, self.call.method
        );
        Refusal::bare(400, json!({"error": reason})).wrong(reason)
    }

    fn wrong_method(&self, allowed: &[&str]) -> Refusal {
        let reason = format!(
            "Incorrect HTTP method for uri [{}] and method [{}], allowed: [{}]",
            self.call.path,
            self.call.method,
            allowed.join(", ")
        );
        Refusal::bare(405, json!({"error": reason, "status": 405})).wrong(reason)
    }

    /// The query, with only these parameters.
    pub(crate) fn query(&self, allowed: &[&'static str]) -> Result<Query, Refusal> {
        Query::parse(&self.call.query, allowed, str::to_owned).map_err(|reason| {
            let path = &self.call.path;
            Refusal::violation(format!(
                "request [{path}] contains unrecognized parameter: {reason}"
            ))
        })
    }

    /// A parameter that must have one of these values, if it is there.
    pub(crate) fn one_of(&self, name: &'static str, values: &[&str]) -> Result<(), Refusal> {
        match self.query(&[name])?.get(name) {
            Some(value) if !values.contains(&value) => Err(Refusal::violation(format!(
                "Unknown value for {name}: [{value}]."
            ))),
            _ => Ok(()),
        }
    }

    /// Refuses a body.
    pub(crate) fn no_body(&self) -> Result<(), Refusal> {
        head::no_body(self.call).map_err(|_| {
            let (method, path) = (&self.call.method, &self.call.path);
            Refusal::violation(format!(
                "request [{method} {path}] does not support having a body"
            ))
        })
    }

    /// Refuses parameters and a body.
    pub(crate) fn plain(&self) -> Result<(), Refusal> {
        self.query(&[])?;
        self.no_body()
    }

    /// A body must say that it is JSON.
    pub(crate) fn json_body(&self) -> Result<&[u8], Refusal> {
        if self.call.body.is_empty() {
            return Err(Refusal::parse("request body is required"));
        }
        head::content_type(self.call).map_err(|_| {
            let kind = self.call.header("content-type").unwrap_or_default();
            not_supported(format!("Content-Type header [{kind}] is not supported"))
        })?;
        Ok(&self.call.body)
    }

    /// The deployment's cluster.
    pub(crate) fn cluster(&mut self) -> Result<&mut Cluster, Refusal> {
        let cluster = self.inner.world.deployments.get_mut(self.deployment);
        cluster.ok_or_else(Refusal::no_cluster)
    }
}

/// Who the key is of. The user may be nobody of this realm: a number, if they came in from Elastic Cloud.
fn authenticated(caller: &Caller) -> Value {
    let realm = json!({"name": "_es_api_key", "type": "_es_api_key"});
    json!({
        "username": caller.key.owner, "roles": [], "full_name": null, "email": null, "metadata": {}, "enabled": true,
        "authentication_realm": realm, "lookup_realm": realm, "authentication_type": "api_key",
        "api_key": {"id": caller.key.id(), "name": caller.key.name, "managed_by": "elasticsearch"},
    })
}
