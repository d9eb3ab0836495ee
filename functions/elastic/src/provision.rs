//! Writes: grant and revoke of a deployment's roles to its native users.
//!
//! There is no call for one role: a user is written as a whole, and whatever is left out is erased, or, of `enabled`, set.
//! So everything goes back as it was read. The API has no versions: two writers at once can lose one of two changes.
//! Among ours that is kept out by a lease for each user. Others are noticed by a second look right before the write;
//! whoever writes between that look and the write is not.

use async_trait::async_trait;
use rollcall_connector::Code;
use rollcall_connector::event::GrantRef;
use rollcall_connector::provision::{
    Action, Plan, Progress, Proposal, Provisioner, Request, State,
};
use rollcall_connector::{Error, ErrorType, Identity};
use rollcall_model::{EntitlementId, ResourceId};
use serde_json::json;

use crate::access::{DEPLOYMENT_USER, MEMBER, ROLE, ROLE_MAPPING, split};
use crate::api::{User, Write};
use crate::connect::{Cluster, Elastic};

#[async_trait]
impl Provisioner for Elastic {
    type Change = Write;

    /// Only deployments count, and the first answer will say whether one takes its key.
    async fn identify_for(&self, request: &Request) -> Result<Identity, Error> {
        // What makes no sense is refused before anything else.
        Change::of(self, request)?;
        Ok(self.identity_at_deployments())
    }

    async fn plan(&self, _: &Identity, request: &Request) -> Result<Plan<Write>, Error> {
        let change = Change::of(self, request)?;
        match change.grants {
            true => change.grant().await,
            false => change.revoke().await,
        }
    }

    async fn send(&self, write: &Write) -> Result<Progress, Error> {
        let cluster = cluster(self, write.deployment.as_deref())?;
        let now = cluster.user(&write.user).await?;
        if !now.is_some_and(|user| write.is_up_to_date(&user)) {
            return Ok(Progress::Overtaken);
        }
        match cluster.api.write(write).await {
            Ok(()) => Ok(Progress::Done(None)),
            // Somebody else wrote the same user.
            Err(e) if e.status() == Some(409) => Ok(Progress::Overtaken),
            // The user is gone since it was read: what is written would be a new one, without a password.
            Err(e) if e.says("password must be specified") => Ok(Progress::Overtaken),
            Err(e) if e.is_never_sent() => Ok(Progress::Overtaken),
            Err(e) if e.is_unclear() => Ok(Progress::Unclear),
            Err(e) => match e.patience() {
                Some(delay) => Ok(Progress::Pending(delay)),
                None => Err(e.into()),
            },
        }
    }

    /// Elasticsearch keeps no record of writes: looking again tells whether this one arrived. One that met a rate limit
    /// did not, and is planned anew.
    async fn poll(&self, _: &Write) -> Result<Progress, Error> {
        Ok(Progress::Unclear)
    }
}

/// What is asked for, and where.
struct Change<'a> {
    cluster: &'a Cluster,
    entitlement: &'a EntitlementId,
    principal: &'a ResourceId,
    role: String,
    user: String,
    grants: bool,
}

impl<'a> Change<'a> {
    fn of(connector: &'a Elastic, request: &'a Request) -> Result<Self, Error> {
        if let Some(effect) = request.allow.first() {
            return Err(Error::invalid(
                Code::UnknownSideEffect,
                format!("nothing here has a side effect called `{effect}`"),
                "Leave `allow` out.",
            ));
        }
        let (entitlement, principal, grants) = match &request.action {
            Action::Grant {
                entitlement,
                principal,
            } => (entitlement, principal, true),
            Action::Revoke {
                entitlement,
                principal,
            } => (entitlement, principal, false),
            Action::Create { .. } | Action::Delete { .. } => return Err(no_accounts()),
        };
        check_kinds(entitlement, principal)?;
        let (deployment, role) = split(&entitlement.resource.id);
        let (of_user, user) = split(&principal.id);
        let cluster = cluster(connector, deployment)?;
        if deployment != of_user {
            return Err(Error::invalid(
                Code::OtherDeployment,
                format!("`{entitlement}` and `{principal}` are of different deployments"),
                "A user of a deployment can have only that deployment's roles.",
            ));
        }
        Ok(Self {
            cluster,
            entitlement,
            principal,
            role,
            user,
            grants,
        })
    }

    async fn grant(&self) -> Result<Plan<Write>, Error> {
        let user = self.changeable().await?.ok_or_else(|| self.no_user())?;
        let then = State {
            grants: vec![self.grant_ref()],
            resource: None,
        };
        if user.roles.contains(&self.role) {
            return Ok(Plan::Already(then));
        }
        // Elasticsearch would take a role that does not exist, and give it when somebody makes it.
        if !self.cluster.has_role(&self.role).await? {
            return Err(Error::new(
                ErrorType::NotFound,
                Code::UnknownEntitlement,
                format!(
                    "there is no role `{}` in {}",
                    self.role,
                    self.cluster.api.place()
                ),
                "Use the id of a role of the newest snapshot that is defined there.",
            ));
        }
        let mut roles = user.roles.clone();
        roles.push(self.role.clone());
        self.change(&user, &roles, Vec::new(), then)
    }

    async fn revoke(&self) -> Result<Plan<Write>, Error> {
        let found = self.changeable().await?;
        let Some(user) = found.filter(|user| user.roles.contains(&self.role)) else {
            return Ok(Plan::Already(State::default()));
        };
        let stays = |role: &&String| **role != self.role;
        let roles: Vec<String> = user.roles.iter().filter(stays).cloned().collect();
        let removed = vec![self.grant_ref().id];
        self.change(&user, &roles, removed, State::default())
    }

    /// The user, if there is one; a reserved one is refused early.
    async fn changeable(&self) -> Result<Option<User>, Error> {
        let user = self.cluster.user(&self.user).await?;
        if user.as_ref().is_some_and(User::is_reserved) {
            return Err(Error::refused(
                Code::ReservedUser,
                format!("Elasticsearch keeps the user `{}` for itself", self.user),
                "Reserved users cannot be given or denied roles.",
            ));
        }
        Ok(user)
    }

    fn change(
        &self,
        user: &User,
        roles: &[String],
        removed: Vec<String>,
        then: State,
    ) -> Result<Plan<Write>, Error> {
        let deployment = self.cluster.within().0.map(str::to_owned);
        let documents = (user.document(roles), user.document(&user.roles));
        let (Some(body), Some(read)) = documents else {
            return Err(self.incomplete(user));
        };
        Ok(Plan::Change(Proposal {
            change: Write {
                deployment,
                user: self.user.clone(),
                body,
                read,
            },
            read: json!({"user": self.user, "roles": user.roles, "enabled": user.enabled.get()}),
            replaced: Vec::new(),
            removed,
            then,
        }))
    }

    fn incomplete(&self, user: &User) -> Error {
        Error::refused(
            Code::IncompleteUser,
            format!(
                "Elasticsearch of {} does not show all of the user `{}` ({}), and a write would erase what is missing",
                self.cluster.api.place(),
                self.user,
                user.unreadable().join(", ")
            ),
            "Change the user's roles in Kibana, and report this message.",
        )
    }

    fn grant_ref(&self) -> GrantRef {
        GrantRef::new(self.entitlement, self.principal)
    }

    fn no_user(&self) -> Error {
        Error::new(
            ErrorType::NotFound,
            Code::UnknownPrincipal,
            format!(
                "there is no native user `{}` in {}",
                self.user,
                self.cluster.api.place()
            ),
            "Use the id of a deployment user of the newest snapshot. Whoever signs in through an identity provider gets roles by role mappings.",
        )
    }
}

fn check_kinds(entitlement: &EntitlementId, principal: &ResourceId) -> Result<(), Error> {
    match (
        entitlement.resource.resource_type.as_str(),
        entitlement.slug.as_str(),
    ) {
        (ROLE, MEMBER) => {}
        (ROLE_MAPPING, _) => {
            return Err(Error::refused(
                Code::NotProvisioned,
                "role mappings are shown, and not changed: their rules are written as a whole, and a wrong one locks people out",
                "Change the mapping in Kibana, or the person's groups at the identity provider.",
            ));
        }
        _ => {
            return Err(Error::invalid(
                Code::UnknownEntitlement,
                format!("`{entitlement}` cannot be changed from here"),
                "Use an entitlement id of the newest snapshot: role:<role>:member. Roles of the organization are changed in the Elastic Cloud console.",
            ));
        }
    }
    if principal.resource_type == DEPLOYMENT_USER {
        return Ok(());
    }
    Err(Error::invalid(
        Code::UnknownPrincipal,
        format!(
            "a {} cannot be given `{entitlement}`",
            principal.resource_type
        ),
        "Name a deployment user of the newest snapshot: deploymentUser:<name>.",
    ))
}

fn cluster<'a>(connector: &'a Elastic, name: Option<&str>) -> Result<&'a Cluster, Error> {
    connector.cluster(name).ok_or_else(|| match name {
        Some(name) => Error::new(
            ErrorType::NotFound,
            Code::UnknownEntitlement,
            format!("the configuration has no deployment `{name}`"),
            "Use an id of the newest snapshot, or add the deployment to `deployments` in the secret.",
        ),
        None => Error::new(
            ErrorType::NotFound,
            Code::UnknownEntitlement,
            "the configuration has no deployment with bare ids",
            "Set `deployment-endpoint` and `deployment-api-key`; or with several deployments, write the id with its deployment: <deployment>›<name>.",
        ),
    })
}

fn no_accounts() -> Error {
    Error::invalid(
        Code::UnknownOperation,
        "accounts are not made or deleted from here",
        "Invite people in the Elastic Cloud console; native users are made in Kibana.",
    )
}
