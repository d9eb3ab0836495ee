//! The calls that create, update and delete principals, and what all writes have in common.

use serde_json::{Map, Value, json};

use super::{
    decode::{preserve, prune},
    operations::Change,
    options::StaleVersion,
    refusal::{Code, Refusal},
    routes::{Context, Reply},
    rules,
    schema::{self, Message},
    state::{Kind, text},
};

fn spec_message(kind: Kind) -> &'static Message {
    match kind {
        Kind::User => &schema::USER_SPEC,
        Kind::ServiceAccount => &schema::SERVICE_ACCOUNT_SPEC,
        Kind::Group => &schema::GROUP_SPEC,
    }
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "user",
        Kind::ServiceAccount => "service account",
        Kind::Group => "user group",
    }
}

/// The action of a custom role that allows a call on this kind, where there is one.
fn action(kind: Kind, verb: &str) -> String {
    match kind {
        Kind::User => format!("cloud.user.{verb}"),
        Kind::ServiceAccount => format!("cloud.serviceaccount.{verb}"),
        Kind::Group => format!("cloud.usergroup.{verb}"),
    }
}

/// Identity of a write: the same id with anything else is another write.
pub(crate) struct Write {
    pub(crate) id: String,
    fingerprint: String,
}

impl Context<'_> {
    /// Reads the operation id of a write. A write seen before gets the answer it got then, with the operation's
    /// present state.
    pub(crate) fn write(
        &mut self,
        id: Option<&str>,
        body: &Map<String, Value>,
    ) -> Result<Result<Write, Value>, Refusal> {
        let id = match id.filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => {
                if self.inner.options.require_operation_id {
                    return Err(Refusal::violation("asyncOperationId is missing"));
                }
                self.inner.operations.new_id()
            }
        };
        let fingerprint = format!(
            "{} {}?{} {}",
            self.call.method,
            self.call.path,
            self.call.query,
            Value::Object(body.clone())
        );
        Ok(match self.inner.operations.replay(&id, &fingerprint)? {
            Some(answer) => Err(answer),
            None => Ok(Write { id, fingerprint }),
        })
    }

    /// Accepts a write.
    pub(crate) fn begin(
        &mut self,
        write: Write,
        change: Change,
        extra: Map<String, Value>,
        message: &'static Message,
    ) -> Reply {
        let inner = &mut *self.inner;
        let answer = inner.operations.begin(
            &write.id,
            write.fingerprint,
            change,
            extra,
            &mut inner.world,
            &inner.options,
        )?;
        Ok((message, answer))
    }

    /// The object a write is about, if the write comes at a good time: nothing else is running on it, and it is the
    /// version the client saw. *Unknown*: code and text of the former.
    pub(crate) fn current(
        &self,
        kind: Kind,
        id: &str,
        version: Option<&str>,
    ) -> Result<Value, Refusal> {
        let object = self
            .inner
            .world
            .principals(kind)
            .get(id)
            .ok_or_else(|| Refusal::not_found(noun(kind), id))?;
        let running = text(object, "/asyncOperationId");
        if !running.is_empty() {
            return Err(Refusal::new(
                Code::FailedPrecondition,
                format!(
                    "{} {id} is being changed by operation {running}",
                    noun(kind)
                ),
            ));
        }
        if version != Some(text(object, "/resourceVersion")) {
            let code = match self.inner.options.stale_version {
                StaleVersion::Aborted => Code::Aborted,
                StaleVersion::FailedPrecondition => Code::FailedPrecondition,
                StaleVersion::InvalidArgument => Code::InvalidArgument,
            };
            let given = version.unwrap_or_default();
            return Err(Refusal::new(
                code,
                format!(
                    "resource version {given:?} of {} {id} is not the current version",
                    noun(kind)
                ),
            ));
        }
        Ok(object.clone())
    }

    /// Checks the new spec of an existing object and begins the update.
    pub(crate) fn replace(
        &mut self,
        kind: Kind,
        id: &str,
        object: &Value,
        mut spec: Map<String, Value>,
        write: Write,
    ) -> Reply {
        let message = spec_message(kind);
        let stored = Value::Object(prune(message, &object["spec"]));
        rules::normalise(&mut spec);
        let spec = Value::Object(prune(message, &Value::Object(spec)));
        rules::check(kind, &stored, &spec, &self.inner.world, &self.caller)?;
        if spec == stored {
            return Err(Refusal::nothing_to_change());
        }
        self.begin(
            write,
            Change::Update {
                id: id.to_owned(),
                spec,
            },
            Map::new(),
            &schema::GET_OPERATION,
        )
    }
}

pub(crate) fn string<'a>(body: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    body.get(field).and_then(Value::as_str)
}

fn spec_of(body: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let spec = body.get("spec").and_then(Value::as_object);
    spec.cloned()
        .ok_or_else(|| Refusal::invalid("spec is required"))
}

/// Which namespace alone a scoped service account is about, if its administrator may handle it.
fn scoped_to_own(context: &Context<'_>, spec: &Value) -> bool {
    let namespace = text(spec, "/namespaceScopedAccess/namespace");
    !namespace.is_empty()
        && context
            .caller
            .administers_namespace(&context.inner.world, namespace)
}

pub(crate) fn create(context: &mut Context<'_>, kind: Kind) -> Reply {
    let (request, answer, id_field) = match kind {
        Kind::User => (&schema::CREATE_USER, &schema::CREATED_USER, "userId"),
        Kind::ServiceAccount => (
            &schema::CREATE_SERVICE_ACCOUNT,
            &schema::CREATED_SERVICE_ACCOUNT,
            "serviceAccountId",
        ),
        Kind::Group => (&schema::CREATE_GROUP, &schema::CREATED_GROUP, "groupId"),
    };
    let body = context.body(request)?;
    let mut spec = spec_of(&body)?;
    if !scoped_to_own(context, &Value::Object(spec.clone())) {
        context
            .caller
            .require(&context.inner.world, &action(kind, "create"), "account")?;
    }
    let write = match context.write(string(&body, "asyncOperationId"), &body)? {
        Ok(write) => write,
        Err(known) => return Ok((answer, known)),
    };
    rules::shape(kind, &spec)?;
    rules::normalise(&mut spec);
    let spec = Value::Object(prune(spec_message(kind), &Value::Object(spec)));
    rules::check(
        kind,
        &json!({}),
        &spec,
        &context.inner.world,
        &context.caller,
    )?;
    scope_exists(context, &spec)?;
    if kind == Kind::Group && spec.get("scimGroup").is_some() {
        return Err(Refusal::new(
            Code::FailedPrecondition,
            "SCIM groups are created by the identity provider",
        ));
    }
    unique(context, kind, &spec)?;
    let id = context.inner.operations.new_id();
    let extra = Map::from_iter([(id_field.to_owned(), Value::from(id.as_str()))]);
    context.begin(write, Change::Create { kind, id, spec }, extra, answer)
}

fn scope_exists(context: &Context<'_>, spec: &Value) -> Result<(), Refusal> {
    if let Some(scoped) = spec.get("namespaceScopedAccess") {
        rules::namespace_entry(
            &context.inner.world,
            text(scoped, "/namespace"),
            text(scoped, "/access/permission"),
        )?;
    }
    if let Some(scoped) = spec.get("projectScopedAccess") {
        rules::project_entry(
            &context.inner.world,
            text(scoped, "/projectId"),
            text(scoped, "/access/role"),
        )?;
    }
    Ok(())
}

/// One address, one user; one name, one group (*unknown* for the latter). Letters' case does not count. Creations
/// under way count.
fn unique(context: &Context<'_>, kind: Kind, spec: &Value) -> Result<(), Refusal> {
    let pointer = match kind {
        Kind::User => "/email",
        Kind::Group => "/displayName",
        Kind::ServiceAccount => return Ok(()),
    };
    let name = text(spec, pointer);
    let stored = context
        .inner
        .world
        .principals(kind)
        .values()
        .filter_map(|object| object.get("spec"));
    let creating = context
        .inner
        .operations
        .creating()
        .filter(|(of, _)| *of == kind)
        .map(|(_, spec)| spec);
    if stored
        .chain(creating)
        .any(|other| text(other, pointer).eq_ignore_ascii_case(name))
    {
        return Err(Refusal::new(
            Code::AlreadyExists,
            format!("{} {name} already exists", noun(kind)),
        ));
    }
    Ok(())
}

pub(crate) fn update(context: &mut Context<'_>, kind: Kind, id: &str) -> Reply {
    let request = match kind {
        Kind::User => &schema::UPDATE_USER,
        Kind::ServiceAccount => &schema::UPDATE_SERVICE_ACCOUNT,
        Kind::Group => &schema::UPDATE_GROUP,
    };
    let body = context.body(request)?;
    let mut spec = spec_of(&body)?;
    let stored = context
        .inner
        .world
        .principals(kind)
        .get(id)
        .map(|object| object["spec"].clone())
        .unwrap_or_default();
    // There is no custom-role action for updates.
    if !context.caller.admin && !scoped_to_own(context, &stored) {
        return Err(Refusal::denied(format!(
            "permission denied: update of {} {id}",
            noun(kind)
        )));
    }
    let write = match context.write(string(&body, "asyncOperationId"), &body)? {
        Ok(write) => write,
        Err(known) => return Ok((&schema::GET_OPERATION, known)),
    };
    let object = context.current(kind, id, string(&body, "resourceVersion"))?;
    preserve(
        spec_message(kind),
        &stored,
        &mut spec,
        context.pinned.version,
    );
    rules::shape(kind, &spec)?;
    rules::immutable(kind, &stored, &spec)?;
    context.replace(kind, id, &object, spec, write)
}

pub(crate) fn delete(context: &mut Context<'_>, kind: Kind, id: &str) -> Reply {
    let query = context.query(&["resourceVersion", "asyncOperationId"])?;
    let stored = context
        .inner
        .world
        .principals(kind)
        .get(id)
        .map(|object| object["spec"].clone())
        .unwrap_or_default();
    if !scoped_to_own(context, &stored) {
        context
            .caller
            .require(&context.inner.world, &action(kind, "delete"), id)?;
    }
    let write = match context.write(query.get("asyncOperationId"), &Map::new())? {
        Ok(write) => write,
        Err(known) => return Ok((&schema::GET_OPERATION, known)),
    };
    let object = context.current(kind, id, query.get("resourceVersion"))?;
    if text(&object, "/spec/access/accountAccess/role") == "ROLE_OWNER" {
        return Err(Refusal::invalid("account owner cannot be deleted"));
    }
    if object.pointer("/spec/scimGroup").is_some() {
        return Err(Refusal::new(
            Code::FailedPrecondition,
            "SCIM groups are deleted by the identity provider",
        ));
    }
    // *Unknown*: whether a principal may delete itself. Taken: it may.
    context.begin(
        write,
        Change::Delete { id: id.to_owned() },
        Map::new(),
        &schema::GET_OPERATION,
    )
}
