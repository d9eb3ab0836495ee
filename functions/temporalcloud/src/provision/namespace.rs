//! Permissions on namespaces: one at most per principal and namespace.

use rollcall_connector::provision::{Plan, Proposal, Request, State};
use rollcall_connector::{Code, Error, ErrorType, Identity};
use rollcall_model::ResourceId;
use serde_json::{Value, json};

use super::principal::{BUSY_RETRY_DELAY, Principal, kind_of, operation_id};
use crate::TemporalCloud;
use crate::absence::{self, List};
use crate::access::{namespace_permission, permission_slug};
use crate::api::{Permission, Write};

/// Gives a permission. Another one that is held gives way, and the answer names it.
pub(super) async fn grant(
    connector: &TemporalCloud,
    identity: &Identity,
    request: &Request,
    namespace: &str,
    wanted: Permission,
    principal: &ResourceId,
) -> Result<Plan<Write>, Error> {
    let principal = Principal::required(connector, identity, principal).await?;
    let entitlement = namespace_permission(namespace, wanted);
    let then = State {
        grants: vec![principal.grant(&entitlement)],
        resource: None,
    };
    let held = principal.access.namespace(namespace);
    if principal.is_admin_everywhere() {
        // The server takes an explicit entry and drops it without a word: none is sent.
        return match wanted {
            Permission::Admin => Ok(Plan::Already(then)),
            _ => Err(implicit(
                &principal,
                namespace,
                "needs no other permission on it",
            )),
        };
    }
    if held == Some(wanted) {
        return Ok(Plan::Already(then));
    }
    if principal.scoped {
        return Err(Error::refused(
            Code::ScopedServiceAccount,
            format!(
                "{} is a scoped service account: its scope cannot be widened",
                principal.id
            ),
            "Use another service account, or change this one in Temporal Cloud.",
        ));
    }
    namespace_exists(connector, identity, namespace).await?;
    if principal.is_busy(connector).await? {
        return Ok(Plan::Later(BUSY_RETRY_DELAY));
    }
    let replaced = held.map(|held| principal.grant(&namespace_permission(namespace, held)).id);
    let access = json!({"permission": wanted.api_name()});
    Ok(Plan::Change(Proposal {
        change: set_access(identity, request, &principal, namespace, Some(access)),
        read: principal.read_value(),
        removed: replaced.iter().cloned().collect(),
        replaced: replaced.into_iter().collect(),
        then,
    }))
}

/// Takes a permission, if it is the one that is held.
pub(super) async fn revoke(
    connector: &TemporalCloud,
    identity: &Identity,
    request: &Request,
    namespace: &str,
    unwanted: Permission,
    principal: &ResourceId,
) -> Result<Plan<Write>, Error> {
    kind_of(principal)?;
    let Some(principal) = Principal::read(connector, identity, principal).await? else {
        return Ok(Plan::Already(State::default()));
    };
    let held = principal.access.namespace(namespace);
    let entitlement = namespace_permission(namespace, unwanted);
    if held != Some(unwanted) {
        if principal.is_admin_everywhere() && unwanted == Permission::Admin {
            return Err(implicit(
                &principal,
                namespace,
                "which cannot be taken away by itself",
            ));
        }
        let kept = held.map(|held| principal.grant(&namespace_permission(namespace, held)));
        return Ok(Plan::Already(State {
            grants: kept.into_iter().collect(),
            resource: None,
        }));
    }
    if principal.scoped {
        return Err(Error::refused(
            Code::ScopedServiceAccount,
            format!("{} exists for this scope alone", principal.id),
            "Delete the service account in Temporal Cloud.",
        ));
    }
    if principal.is_busy(connector).await? {
        return Ok(Plan::Later(BUSY_RETRY_DELAY));
    }
    Ok(Plan::Change(Proposal {
        change: set_access(identity, request, &principal, namespace, None),
        read: principal.read_value(),
        replaced: Vec::new(),
        removed: vec![principal.grant(&entitlement).id],
        then: State::default(),
    }))
}

fn implicit(principal: &Principal, namespace: &str, why: &str) -> Error {
    Error::refused(
        Code::ImplicitAccess,
        format!(
            "{} is admin of {namespace} by its account role, {why}",
            principal.id
        ),
        "Change the account role instead.",
    )
}

async fn namespace_exists(
    connector: &TemporalCloud,
    identity: &Identity,
    namespace: &str,
) -> Result<(), Error> {
    let look = || connector.api.namespace(namespace);
    let found = absence::unless_absent(connector, identity, List::Namespaces, namespace, look)
        .await?
        .filter(|n| !n.state().is_going());
    found.map(|_| ()).ok_or_else(|| {
        Error::new(
            ErrorType::NotFound,
            Code::UnknownEntitlement,
            format!("there is no namespace `{namespace}`, or it is being deleted"),
            "Use an entitlement id of the newest snapshot.",
        )
    })
}

/// `POST /cloud/namespaces/{namespace}/{users|service-accounts|user-groups}/{id}/access`; without an `access` it removes
/// the entry. (*Inferred* for users from the documentation of groups: the engine looks again afterwards.)
fn set_access(
    identity: &Identity,
    request: &Request,
    principal: &Principal,
    namespace: &str,
    access: Option<Value>,
) -> Write {
    let permission = principal
        .access
        .namespace(namespace)
        .map_or("none", permission_slug);
    let version = &principal.resource_version;
    let wanted = access.as_ref().map(Value::to_string).unwrap_or_default();
    let parts = [
        &principal.id.to_string(),
        namespace,
        permission,
        version,
        &wanted,
    ];
    let mut body = json!({"resourceVersion": version});
    if let Some(access) = access {
        body["access"] = access;
    }
    Write {
        path: [
            "cloud",
            "namespaces",
            namespace,
            principal.kind.path(),
            &principal.id.id,
            "access",
        ]
        .map(String::from)
        .into(),
        body: Some(body),
        resource_version: version.clone(),
        operation_id: operation_id(identity, request, &parts),
    }
}
