//! The common reads and checks of all plans.

use std::time::Duration;

use rollcall_connector::provision::{Plan, Request};
use rollcall_connector::{Code, Error, ErrorType, Identity};
use rollcall_model::ResourceId;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Builder;

use super::principal::Principal;
use crate::access::{GROUP, SERVICE_ACCOUNT, USER};
use crate::api::{
    AccessHolder, ApiObject, Group, OperationState, ResourceState, ServiceAccount, User, WriteCall,
};
use crate::connect::TemporalCloud;

/// The wait for another change of the same object.
pub(super) const BUSY_RETRY_DELAY: Duration = Duration::from_secs(2);

/// The plan of a request, or the reason of its refusal.
pub(super) type Planned = Result<Plan<WriteCall>, Error>;

/// A request that is being planned.
#[derive(Clone, Copy)]
pub(super) struct Planner<'a> {
    pub(super) connector: &'a TemporalCloud,
    pub(super) identity: &'a Identity,
    pub(super) request: &'a Request,
}

impl Planner<'_> {
    /// Reads a principal; `None` if the vendor shows it as deleted, or if both it (404) and the list show that it does
    /// not exist.
    pub(super) async fn principal(self, id: &ResourceId) -> Result<Option<Principal>, Error> {
        match id.resource_type.as_str() {
            USER => self.read::<User>(id).await,
            SERVICE_ACCOUNT => self.read::<ServiceAccount>(id).await,
            GROUP => self.read::<Group>(id).await,
            other => Err(Error::invalid(
                Code::UnknownPrincipal,
                format!("`{id}` cannot be granted access: `{other}` is not a type of principal"),
                "Use a user, a service-account or a group.",
            )),
        }
    }

    async fn read<T: AccessHolder>(self, id: &ResourceId) -> Result<Option<Principal>, Error> {
        let look = self.connector.unless_absent::<T, Value>(self.identity, &id.id);
        let principal = match look.await? {
            Some(raw) => Principal::of::<T>(id, &raw)?,
            None => return Ok(None),
        };
        Ok(Some(principal).filter(|p| p.state != ResourceState::Deleted))
    }

    /// The same for a principal that must exist.
    pub(super) async fn required(self, id: &ResourceId) -> Result<Principal, Error> {
        self.principal(id).await?.ok_or_else(|| {
            Error::new(
                ErrorType::NotFound,
                Code::UnknownPrincipal,
                format!("there is no {id} in Temporal Cloud"),
                "Use a principal id from the newest snapshot.",
            )
        })
    }

    /// Whether the vendor is applying another change to this principal, which must end before ours begins. *Unknown*:
    /// whether the API stops naming an operation once it has ended; if not, its name alone would block us forever. So
    /// the operation is polled, and a forgotten one (404) has ended.
    pub(super) async fn is_busy(self, principal: &Principal) -> Result<bool, Error> {
        if matches!(principal.state, ResourceState::Updating | ResourceState::Deleting) {
            return Ok(true);
        }
        if principal.operation.is_empty() {
            return Ok(false);
        }
        match self.connector.api.operation(&principal.operation).await {
            Ok(operation) => {
                let state = operation.state();
                Ok(!state.as_ref().is_some_and(OperationState::has_ended))
            }
            Err(e) if e.is_not_found() => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    /// Changing one's own rights can lock the connector out.
    pub(super) fn not_oneself(self, principal: &ResourceId) -> Result<(), Error> {
        if self.identity.caller != *principal {
            return Ok(());
        }
        Err(Error::refused(
            Code::OwnAccess,
            format!(
                "`{}` ({principal}) is the account that this connector itself uses",
                self.identity.caller_name
            ),
            "Have another administrator change it in Temporal Cloud.",
        ))
    }

    /// Fails if `leaving` is the last person who can administer the account. Machine accounts do not count: an account
    /// that only a key can administer is one that no person can.
    pub(super) async fn not_the_last_admin(self, leaving: &Principal) -> Result<(), Error> {
        if leaving.id.resource_type != USER || !leaving.access.is_admin() {
            return Ok(());
        }
        let another = self.connector.find::<User>(|user| {
            let active = matches!(user.state(), ResourceState::Active | ResourceState::Updating);
            user.id() != leaving.id.id
                && active
                && user.access().is_some_and(|access| access.is_admin())
        });
        if another.await?.is_some() {
            return Ok(());
        }
        Err(Error::refused(
            Code::LastAdmin,
            format!("{} is the last person who can administer the account", leaving.name),
            "Make someone else Global Admin first.",
        ))
    }

    /// The id that makes a repetition of a write recognizable: it is derived from the request, the action and what was
    /// read, so that a retry repeats it, but neither a new request nor a new state of the object does. *Unknown*: which
    /// characters the vendor accepts; its own clients send UUIDs. Ours are marked as version 5, "made of a hash".
    pub(super) fn operation_id(self, parts: &[&str]) -> String {
        let (tenant, request) = (self.identity.tenant.as_str(), self.request);
        let mut name = vec![tenant, &request.id, request.action.name()];
        name.extend(parts);
        let mut half = [0; 16];
        half.copy_from_slice(&Sha256::digest(name.join("\n"))[..16]);
        Builder::from_sha1_bytes(half).into_uuid().to_string()
    }
}
