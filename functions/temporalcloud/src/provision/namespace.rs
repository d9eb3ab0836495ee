//! Permissions on namespaces: one at most per principal and namespace.

use rollcall_connector::provision::{AccessState, Plan, Proposal};
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_model::ResourceId;
use serde_json::json;

use super::planner::{BUSY_RETRY_DELAY, Planned, Planner};
use super::principal::Principal;
use crate::access::namespace_permission;
use crate::api::{ApiEnum, ApiObject, Namespace, Permission, WriteCall};

impl Planner<'_> {
    /// Grants a permission. It replaces another one, which the answer names.
    pub(super) async fn grant_permission(
        self,
        namespace: &str,
        wanted: &Permission,
        principal: &ResourceId,
    ) -> Planned {
        let principal = self.required(principal).await?;
        let then = principal.holding(Some(namespace_permission(namespace, wanted)));
        let held = principal.access.namespace(namespace);
        if principal.access.is_admin() {
            // The server accepts an explicit entry and silently drops it: none is sent.
            let why = "which includes every other permission on it";
            return match wanted {
                Permission::Admin => Ok(Plan::Already(then)),
                _ => Err(implicit(&principal, namespace, why)),
            };
        }
        if held.as_ref() == Some(wanted) {
            return Ok(Plan::Already(then));
        }
        if principal.scoped {
            let what = "is a scoped service account: its scope cannot be widened";
            return Err(Error::refused(
                Code::ScopedServiceAccount,
                format!("{} {what}", principal.id),
                "Use another service account, or change this one in Temporal Cloud.",
            ));
        }
        self.namespace_exists(namespace).await?;
        if self.is_busy(&principal).await? {
            return Ok(Plan::Later(BUSY_RETRY_DELAY));
        }
        let replaced = held.map(|held| namespace_permission(namespace, &held));
        let replaced: Vec<String> = replaced.iter().map(|id| principal.grant_id(id)).collect();
        Ok(Plan::Change(Proposal {
            change: self.set_access(&principal, namespace, Some(wanted)),
            read: principal.read_value(),
            removed: replaced.clone(),
            replaced,
            further: Vec::new(),
            then,
        }))
    }

    /// Revokes a permission, if the principal has exactly this one.
    pub(super) async fn revoke_permission(
        self,
        namespace: &str,
        unwanted: &Permission,
        principal: &ResourceId,
    ) -> Planned {
        let Some(principal) = self.principal(principal).await? else {
            return Ok(Plan::Already(AccessState::default()));
        };
        let held = principal.access.namespace(namespace);
        if held.as_ref() != Some(unwanted) {
            if principal.access.is_admin() && *unwanted == Permission::Admin {
                let why = "which cannot be revoked separately";
                return Err(implicit(&principal, namespace, why));
            }
            let kept = held.map(|held| namespace_permission(namespace, &held));
            return Ok(Plan::Already(principal.holding(kept)));
        }
        if principal.scoped {
            return Err(Error::refused(
                Code::ScopedServiceAccount,
                format!("{} is a service account that is scoped to this namespace", principal.id),
                "Delete the service account in Temporal Cloud.",
            ));
        }
        if self.is_busy(&principal).await? {
            return Ok(Plan::Later(BUSY_RETRY_DELAY));
        }
        let removed = principal.grant_id(&namespace_permission(namespace, unwanted));
        Ok(Plan::Change(Proposal {
            change: self.set_access(&principal, namespace, None),
            read: principal.read_value(),
            replaced: Vec::new(),
            removed: vec![removed],
            further: Vec::new(),
            then: AccessState::default(),
        }))
    }

    async fn namespace_exists(self, namespace: &str) -> Result<(), Error> {
        let look = self.connector.unless_absent::<Namespace, Namespace>(self.identity, namespace);
        match look.await? {
            Some(found) if !found.is_going() => Ok(()),
            _ => Err(Error::new(
                ErrorType::NotFound,
                Code::UnknownEntitlement,
                format!("there is no namespace `{namespace}`, or it is being deleted"),
                "Use an entitlement id from the newest snapshot.",
            )),
        }
    }

    /// `POST /cloud/namespaces/{namespace}/{users|service-accounts|user-groups}/{id}/access`; without an `access` it
    /// removes the entry. (*Inferred* for users from the documentation of groups: the engine reads again afterwards.)
    fn set_access(
        self,
        principal: &Principal,
        namespace: &str,
        wanted: Option<&Permission>,
    ) -> WriteCall {
        let (id, version) = (principal.id.to_string(), &principal.resource_version);
        let held = principal.access.namespace(namespace);
        let held = held.map_or_else(|| "none".into(), |held| held.slug());
        let access = wanted.map(|wanted| json!({"permission": wanted.api_name()}));
        let text = access.as_ref().map(|access| access.to_string());
        let parts = [&id, namespace, &held, version, &text.unwrap_or_default()];
        let operation_id = self.operation_id(&parts);
        let mut body = json!({"resourceVersion": version});
        if let Some(access) = access {
            body["access"] = access;
        }
        let (path, id) = (principal.path, &principal.id.id);
        let path = ["cloud", Namespace::PATH, namespace, path, id, "access"];
        WriteCall {
            path: path.map(String::from).into(),
            body: Some(body),
            resource_version: version.clone(),
            operation_id,
        }
    }
}

fn implicit(principal: &Principal, namespace: &str, why: &str) -> Error {
    let id = &principal.id;
    Error::refused(
        Code::ImplicitAccess,
        format!("{id} is admin of {namespace} by its account role, {why}"),
        "Change the account role instead.",
    )
}
