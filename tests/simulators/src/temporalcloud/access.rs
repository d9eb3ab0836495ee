//! The calls that set one entry of a principal's access, on a namespace or on a project.

use serde_json::Value;

use super::{
    refusal::{Code, Refusal},
    routes::{Context, Reply},
    schema,
    state::{Kind, text},
    writing::string,
};

pub(crate) fn set_namespace_access(
    context: &mut Context<'_>,
    kind: Kind,
    id: &str,
    namespace: &str,
) -> Reply {
    let body = context.body(&schema::SET_NAMESPACE_ACCESS)?;
    let world = &context.inner.world;
    if !context.caller.administers_namespace(world, namespace) {
        let action = match kind {
            Kind::User => "cloud.namespace.setUserAccess",
            Kind::ServiceAccount => "cloud.namespace.setServiceAccountAccess",
            Kind::Group => "cloud.namespace.setUserGroupAccess",
        };
        context.caller.require(world, action, namespace)?;
    }
    let write = match context.write(string(&body, "asyncOperationId"), &body)? {
        Ok(write) => write,
        Err(known) => return Ok((&schema::GET_OPERATION, known)),
    };
    if !context.inner.world.namespaces.contains_key(namespace) {
        return Err(Refusal::not_found("namespace", namespace));
    }
    let object = context.current(kind, id, string(&body, "resourceVersion"))?;
    let mut spec = object["spec"].clone();
    let access = body.get("access");
    match (spec.get("namespaceScopedAccess"), access) {
        (Some(scoped), Some(access)) if text(scoped, "/namespace") == namespace => {
            spec["namespaceScopedAccess"]["access"] = access.clone();
        }
        // *Unknown*: the answer to anything else on a scoped account.
        (Some(_), _) => {
            return Err(Refusal::new(
                Code::FailedPrecondition,
                "the service account is scoped to one namespace",
            ));
        }
        (None, _) => {
            let at = if spec.get("projectScopedAccess").is_some() {
                "projectScopedAccess"
            } else {
                "access"
            };
            set_entry(&mut spec, at, "namespaceAccesses", namespace, access);
        }
    }
    owner_is_untouchable(&object)?;
    context.replace(
        kind,
        id,
        &object,
        spec.as_object().cloned().unwrap_or_default(),
        write,
    )
}

/// An entry for an owner is dropped like one for an admin, before anything is said about owners.
fn owner_is_untouchable(object: &Value) -> Result<(), Refusal> {
    if text(object, "/spec/access/accountAccess/role") == "ROLE_OWNER" {
        return Err(Refusal::nothing_to_change());
    }
    Ok(())
}

/// Sets or, without an access, removes one entry.
fn set_entry(spec: &mut Value, at: &str, map: &str, key: &str, access: Option<&Value>) {
    match access {
        Some(access) => spec[at][map][key] = access.clone(),
        None => {
            if let Some(map) = spec
                .pointer_mut(&format!("/{at}/{map}"))
                .and_then(Value::as_object_mut)
            {
                map.remove(key);
            }
        }
    }
}

pub(crate) fn set_project_access(
    context: &mut Context<'_>,
    kind: Kind,
    id: &str,
    project: &str,
) -> Reply {
    let body = context.body(&schema::SET_PROJECT_ACCESS)?;
    if !context
        .caller
        .administers_project(&context.inner.world, project)
    {
        return Err(Refusal::denied(format!(
            "permission denied on project {project}"
        )));
    }
    let write = match context.write(string(&body, "asyncOperationId"), &body)? {
        Ok(write) => write,
        Err(known) => return Ok((&schema::GET_OPERATION, known)),
    };
    if !context.inner.world.projects.contains_key(project) {
        return Err(Refusal::not_found("project", project));
    }
    let object = context.current(kind, id, string(&body, "resourceVersion"))?;
    let mut spec = object["spec"].clone();
    if spec.get("namespaceScopedAccess").is_some() || spec.get("projectScopedAccess").is_some() {
        return Err(Refusal::new(
            Code::FailedPrecondition,
            "the service account is scoped to one object",
        ));
    }
    set_entry(
        &mut spec,
        "access",
        "projectAccesses",
        project,
        body.get("access"),
    );
    context.replace(
        kind,
        id,
        &object,
        spec.as_object().cloned().unwrap_or_default(),
        write,
    )
}
