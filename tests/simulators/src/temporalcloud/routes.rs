//! From a request to an answer: the checks every call goes through, and the table of calls.

use serde_json::{Map, Value};

use super::{
    Inner, access, assignments,
    caller::Caller,
    decode::Decoder,
    encode::Encoder,
    incoming::{self, Query},
    membership,
    options::Feature,
    paging, reading,
    refusal::{Code, Refusal},
    schema::Message,
    state::Kind,
    version::Pinned,
    writing,
};
use crate::server::{Answer, Call};

/// One request on its way.
pub(crate) struct Context<'a> {
    pub(crate) inner: &'a mut Inner,
    pub(crate) call: &'a Call,
    pub(crate) caller: Caller,
    pub(crate) pinned: Pinned,
    /// Violations that do not stop the request.
    pub(crate) notes: Vec<String>,
}

/// A good answer in the stored form, with its type.
pub(crate) type Reply = Result<(&'static Message, Value), Refusal>;

/// Answers a request.
pub(crate) fn answer(inner: &mut Inner, call: &Call) -> Answer {
    let (casing, defaults) = (inner.options.casing, inner.options.defaults);
    let mut notes = Vec::new();
    let reply = checked(inner, call, &mut notes);
    let mut answer = match reply {
        Ok((pinned, message, value)) => {
            let body = Encoder {
                casing,
                defaults,
                pinned,
            }
            .message(message, &value);
            Answer {
                status: 200,
                headers: Vec::new(),
                body,
                violations: Vec::new(),
            }
        }
        Err(refusal) => refusal.answer(),
    };
    answer.violations.extend(notes);
    answer
}

fn checked(
    inner: &mut Inner,
    call: &Call,
    notes: &mut Vec<String>,
) -> Result<(Pinned, &'static Message, Value), Refusal> {
    incoming::headers(call, &inner.options)?;
    // *Unknown*: whether the key or the version is looked at first. Taken: the key.
    let caller = Caller::identify(call, &inner.world)?;
    let pinned = incoming::version(call, &inner.options)?;
    let segments = incoming::segments(call)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if call.method != "POST" {
        incoming::no_body(call)?;
    }
    let mut context = Context {
        inner,
        call,
        caller,
        pinned,
        notes: Vec::new(),
    };
    let reply = context.route(&segments);
    notes.append(&mut context.notes);
    let (message, value) = reply?;
    Ok((pinned, message, value))
}

impl Context<'_> {
    fn route(&mut self, segments: &[&str]) -> Reply {
        let Some(("cloud", path)) = segments.split_first().map(|(first, rest)| (*first, rest))
        else {
            return Err(self.unknown());
        };
        if segments.iter().any(|segment| segment.is_empty()) {
            return Err(self.unknown());
        }
        self.features(path)?;
        match (self.call.method.as_str(), path) {
            ("GET", ["account"]) => reading::account(self),
            ("GET", ["current-identity"]) => reading::identity(self),
            ("GET", ["operations", id]) => reading::operation(self, id),
            ("GET", ["api-keys"]) => reading::api_keys(self),
            ("GET", ["users"]) => reading::users(self),
            ("GET", ["service-accounts"]) => reading::service_accounts(self),
            ("GET", ["user-groups"]) => reading::groups(self),
            ("GET", ["namespaces"]) => reading::namespaces(self),
            ("GET", ["custom-roles"]) => reading::custom_roles(self),
            ("GET", ["projects"]) => reading::projects(self),
            ("GET", ["projects", id, "service-accounts"]) => {
                reading::project_service_accounts(self, id)
            }
            ("GET", ["namespaces", id]) => reading::namespace(self, id),
            ("GET", ["custom-roles", id]) => reading::custom_role(self, id),
            ("GET", ["projects", id]) => reading::project(self, id),
            ("GET", ["user-groups", group, "members"]) => membership::list(self, group),
            ("POST", ["user-groups", group, "members"]) => membership::change(self, group, true),
            ("POST", ["user-groups", group, "remove-member"]) => {
                membership::change(self, group, false)
            }
            ("GET", ["namespaces", id, list]) if assignments::kind(list).is_some() => {
                assignments::namespace(self, id, list)
            }
            ("GET", ["projects", id, list]) if assignments::kind(list).is_some() => {
                assignments::project(self, id, list)
            }
            ("POST", ["namespaces", namespace, kind, id, "access"]) => {
                let kind = self.kind(kind)?;
                access::set_namespace_access(self, kind, id, namespace)
            }
            ("POST", ["projects", project, kind, id, "access"]) => {
                let kind = self.kind(kind)?;
                access::set_project_access(self, kind, id, project)
            }
            (method, [kind]) => {
                let kind = self.kind(kind)?;
                if method == "POST" {
                    writing::create(self, kind)
                } else {
                    Err(self.unknown())
                }
            }
            (method, [kind, id]) => {
                let kind = self.kind(kind)?;
                match method {
                    "GET" => reading::principal(self, kind, id),
                    "POST" => writing::update(self, kind, id),
                    "DELETE" => writing::delete(self, kind, id),
                    _ => Err(self.unknown()),
                }
            }
            _ => Err(self.unknown()),
        }
    }

    fn kind(&self, segment: &str) -> Result<Kind, Refusal> {
        match segment {
            "users" => Ok(Kind::User),
            "service-accounts" => Ok(Kind::ServiceAccount),
            "user-groups" => Ok(Kind::Group),
            _ => Err(self.unknown()),
        }
    }

    fn unknown(&self) -> Refusal {
        Refusal::violation(format!(
            "unknown call {} {}",
            self.call.method, self.call.path
        ))
    }

    /// Refuses the calls of features the account does not have.
    fn features(&self, path: &[&str]) -> Result<(), Refusal> {
        let options = &self.inner.options;
        let on_groups = path
            .iter()
            .any(|segment| matches!(*segment, "user-groups" | "user-group-assignments"));
        let features = [
            (
                path.first() == Some(&"projects"),
                options.projects,
                "projects",
            ),
            (
                path.first() == Some(&"custom-roles"),
                options.custom_roles,
                "custom roles",
            ),
            (on_groups, options.groups, "user groups"),
        ];
        let Some((_, feature, name)) = features
            .into_iter()
            .find(|(asked, feature, _)| *asked && *feature != Feature::Enabled)
        else {
            return Ok(());
        };
        let code = match feature {
            Feature::NotFound => Code::NotFound,
            Feature::Unimplemented => Code::Unimplemented,
            Feature::Forbidden | Feature::Enabled => Code::PermissionDenied,
        };
        Err(Refusal::new(
            code,
            format!("{name} are not enabled for this account"),
        ))
    }

    /// The query, with only these parameters.
    pub(crate) fn query(&self, allowed: &[&'static str]) -> Result<Query, Refusal> {
        incoming::query(self.call, allowed)
    }

    /// The body, in the stored form.
    pub(crate) fn body(&mut self, message: &Message) -> Result<Map<String, Value>, Refusal> {
        self.query(&[])?;
        let mut decoder = Decoder {
            version: self.pinned.version,
            notes: Vec::new(),
        };
        let body = decoder.body(message, &incoming::body(self.call)?);
        self.notes.append(&mut decoder.notes);
        body
    }

    /// One page of a list.
    pub(crate) fn page(
        &mut self,
        items: Vec<Value>,
        field: &str,
        query: &Query,
        message: &'static Message,
    ) -> Reply {
        let (value, mut notes) = paging::page(items, field, self.call, query, &self.inner.options)?;
        self.notes.append(&mut notes);
        Ok((message, value))
    }
}
