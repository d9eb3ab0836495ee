//! Grant and revoke of a deployment's roles to its native users.
//!
//! Elasticsearch has no call for one role: a write replaces the user, and what it omits is erased or, for `enabled`,
//! set. So everything else is sent back as it was read. The API has no versions: of two simultaneous writes one can be
//! lost. A lease for each user serializes Rollcall's own writes; a second read right before the write detects others. A
//! write between that read and ours goes unnoticed.

use async_trait::async_trait;
use rollcall_connector::event::GrantRef;
use rollcall_connector::provision::{
    AccessChange, AccessState, Plan, Proposal, Provisioner, Request, WriteProgress,
};
use rollcall_connector::{Code, Error, ErrorType, Identity};
use serde_json::json;

use crate::access::{DEPLOYMENT_USER, MEMBER, ROLE, ROLE_MAPPING, split};
use crate::api::{User, UserUpdate};
use crate::connect::{Cluster, Elastic};

#[async_trait]
impl Provisioner for Elastic {
    type Change = UserUpdate;

    /// No call: the first answer to the change shows whether the deployment accepts its key.
    async fn identify_for(&self, request: &Request) -> Result<Identity, Error> {
        RoleChange::of(self, request)?;
        Ok(self.identity(None))
    }

    async fn plan(&self, _: &Identity, request: &Request) -> Result<Plan<UserUpdate>, Error> {
        let change = RoleChange::of(self, request)?;
        match change.access.grants {
            true => change.grant().await,
            false => change.revoke().await,
        }
    }

    async fn send(&self, update: &UserUpdate) -> Result<WriteProgress, Error> {
        let cluster = cluster(self, update.deployment.as_deref())?;
        let now = cluster.user(&update.user).await?;
        if !now.is_some_and(|user| update.is_up_to_date(&user)) {
            return Ok(WriteProgress::Overtaken);
        }
        match cluster.api.write(update).await {
            Ok(()) => Ok(WriteProgress::Done(None)),
            Err(e) if e.is_overtaken() => Ok(WriteProgress::Overtaken),
            Err(e) if e.is_unclear() => Ok(WriteProgress::Unclear),
            Err(e) => match e.retry_after() {
                Some(delay) => Ok(WriteProgress::Pending(delay)),
                None => Err(e.into()),
            },
        }
    }

    /// Elasticsearch keeps no record of writes: the next plan shows whether this one arrived. One that hit a rate limit
    /// did not, and is planned again.
    async fn poll(&self, _: &UserUpdate) -> Result<WriteProgress, Error> {
        Ok(WriteProgress::Unclear)
    }
}

/// A role of a deployment to grant to, or to revoke from, one of its native users.
struct RoleChange<'a> {
    cluster: &'a Cluster,
    access: AccessChange<'a>,
    role: String,
    user: String,
}

impl<'a> RoleChange<'a> {
    fn of(connector: &'a Elastic, request: &'a Request) -> Result<Self, Error> {
        let access = request.action.access(
            "Invite people in the Elastic Cloud console; create and delete native users in Kibana.",
        )?;
        check_kinds(&access)?;
        let (entitlement, principal) = (access.entitlement, access.principal);
        let (deployment, role) = split(&entitlement.resource.id);
        let (of_user, user) = split(&principal.id);
        let cluster = cluster(connector, deployment)?;
        if deployment != of_user {
            return Err(Error::invalid(
                Code::OtherDeployment,
                format!("`{entitlement}` and `{principal}` belong to different deployments"),
                "A user of a deployment can have only that deployment's roles.",
            ));
        }
        Ok(Self { cluster, access, role, user })
    }

    async fn grant(&self) -> Result<Plan<UserUpdate>, Error> {
        let place = &self.cluster.api.place;
        let user = self.changeable_user().await?.ok_or_else(|| {
            Error::new(
                ErrorType::NotFound,
                Code::UnknownPrincipal,
                format!("there is no native user `{}` in {place}", self.user),
                "Use the id of a deployment user from the newest snapshot. People who sign in through an identity provider get roles through role mappings.",
            )
        })?;
        let then = AccessState { grants: vec![self.grant_ref()], resource: None };
        if user.roles.contains(&self.role) {
            return Ok(Plan::Already(then));
        }
        // Elasticsearch would accept a role that does not exist, and give its rights as soon as somebody defines it.
        if !self.cluster.has_role(&self.role).await? {
            return Err(Error::new(
                ErrorType::NotFound,
                Code::UnknownEntitlement,
                format!("there is no role `{}` in {place}", self.role),
                "Use the id of a role from the newest snapshot that is defined in the deployment.",
            ));
        }
        let mut roles = user.roles.clone();
        roles.push(self.role.clone());
        self.update(&user, &roles, Vec::new(), then)
    }

    async fn revoke(&self) -> Result<Plan<UserUpdate>, Error> {
        let found = self.changeable_user().await?;
        let Some(user) = found.filter(|user| user.roles.contains(&self.role)) else {
            return Ok(Plan::Already(AccessState::default()));
        };
        let mut roles = user.roles.clone();
        roles.retain(|role| *role != self.role);
        let removed = vec![self.grant_ref().id];
        self.update(&user, &roles, removed, AccessState::default())
    }

    /// The user, if it exists. Reserved users are refused.
    async fn changeable_user(&self) -> Result<Option<User>, Error> {
        let user = self.cluster.user(&self.user).await?;
        if user.as_ref().is_some_and(User::is_reserved) {
            return Err(Error::refused(
                Code::ReservedUser,
                format!("Elasticsearch reserves the user `{}`", self.user),
                "The roles of reserved users cannot be changed.",
            ));
        }
        Ok(user)
    }

    fn update(
        &self,
        user: &User,
        roles: &[String],
        removed: Vec<String>,
        then: AccessState,
    ) -> Result<Plan<UserUpdate>, Error> {
        let documents = (user.document(roles), user.document(&user.roles));
        let (Some(body), Some(read)) = documents else {
            return Err(Error::refused(
                Code::IncompleteUser,
                format!(
                    "Elasticsearch of {} does not return all of the user `{}` ({}), and a write would erase what is missing",
                    self.cluster.api.place,
                    self.user,
                    user.unreadable().join(", ")
                ),
                "Change the user's roles in Kibana, and report this message.",
            ));
        };
        Ok(Plan::Change(Proposal {
            change: UserUpdate {
                deployment: self.cluster.scope().0.map(str::to_owned),
                user: self.user.clone(),
                body,
                read,
            },
            read: json!({"user": self.user, "roles": user.roles, "enabled": user.enabled.get()}),
            replaced: Vec::new(),
            removed,
            further: Vec::new(),
            then,
        }))
    }

    fn grant_ref(&self) -> GrantRef {
        GrantRef::new(self.access.entitlement, self.access.principal)
    }
}

fn check_kinds(access: &AccessChange<'_>) -> Result<(), Error> {
    let (entitlement, principal) = (access.entitlement, access.principal);
    match (
        entitlement.resource.resource_type.as_str(),
        entitlement.slug.as_str(),
        principal.resource_type.as_str(),
    ) {
        (ROLE, MEMBER, DEPLOYMENT_USER) => Ok(()),
        (ROLE, MEMBER, other) => Err(Error::invalid(
            Code::UnknownPrincipal,
            format!("`{entitlement}` cannot be granted to a principal of type `{other}`"),
            "Use the id of a deployment user from the newest snapshot: deploymentUser:<name>.",
        )),
        (ROLE_MAPPING, ..) => Err(Error::refused(
            Code::NotProvisioned,
            "Rollcall does not change role mappings: their rules can only be written as a whole, and a wrong one locks people out",
            "Change the mapping in Kibana, or the person's groups at the identity provider.",
        )),
        _ => Err(Error::invalid(
            Code::UnknownEntitlement,
            format!("this connector cannot change `{entitlement}`"),
            "Use an entitlement id from the newest snapshot: role:<role>:member. Roles of the organization are changed in the Elastic Cloud console.",
        )),
    }
}

fn cluster<'a>(connector: &'a Elastic, name: Option<&str>) -> Result<&'a Cluster, Error> {
    connector.cluster(name).ok_or_else(|| {
        let (message, fix) = match name {
            Some(name) => (
                format!("the configuration has no deployment `{name}`"),
                "Use an id from the newest snapshot, or add the deployment to `deployments` in the secret.",
            ),
            None => (
                "the configuration has no deployment with bare ids".into(),
                "Set `deployment-endpoint` and `deployment-api-key`; or with several deployments, write the id with its deployment: <deployment>›<name>.",
            ),
        };
        Error::new(ErrorType::NotFound, Code::UnknownEntitlement, message, fix)
    })
}
