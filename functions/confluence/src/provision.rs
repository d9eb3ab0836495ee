//! Writes: grant and revoke, of group membership, of permissions on spaces, and of roles on spaces.
//!
//! A permission needs the permission to view the space, which is granted first; taking that away takes everything else
//! along, and so is refused unless the event allows it (`"allow":["cascade"]`). What is there is always read again, with
//! no cache in between, before a write and after it.
//!
//! That something is not held is said only by a list that shows others: a single 404, or an empty list, is what the vendor
//! answers for other reasons as well.

use async_trait::async_trait;
use rollcall_connector::event::GrantRef;
use rollcall_connector::provision::{Action, Plan, Progress, Provisioner, Request};
use rollcall_connector::{Code, Error, ErrorType, Identity};
use rollcall_model::{EntitlementId, ResourceId};

use crate::Confluence;
use crate::access::{GROUP, USER};
use crate::api::{Failure, Write};
use target::Target;

mod group;
mod role;
mod space;
mod target;

/// The side effect of taking away the permission to view a space.
const CASCADE: &str = "cascade";

#[async_trait]
impl Provisioner for Confluence {
    type Change = Write;

    async fn plan(&self, identity: &Identity, request: &Request) -> Result<Plan<Write>, Error> {
        if let Some(unknown) = request.allow.iter().find(|allowed| *allowed != CASCADE) {
            return Err(Error::invalid(
                Code::UnknownSideEffect,
                format!("nothing here has a side effect called `{unknown}`"),
                "The only one is `cascade`: revoking read-space takes all other permissions on the space along.",
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
        let target = Target::parse(entitlement)?;
        let change = Change {
            connector: self,
            identity,
            entitlement,
            principal,
            cascades: request.allow.iter().any(|allowed| allowed == CASCADE),
        };
        match (target, grants) {
            (Target::Group(id), true) => group::grant(&change, &id).await,
            (Target::Group(id), false) => group::revoke(&change, &id).await,
            (Target::Space(id, pair), true) => space::grant(&change, &id, pair).await,
            (Target::Space(id, pair), false) => space::revoke(&change, &id, pair).await,
            (Target::Role(space, role), true) => role::grant(&change, &space, &role).await,
            (Target::Role(space, role), false) => role::revoke(&change, &space, &role).await,
        }
    }

    async fn send(&self, change: &Write) -> Result<Progress, Error> {
        match self.api.write(change).await {
            Ok(()) => Ok(Progress::Done(None)),
            // Looking again tells. No write does harm when it is sent twice: the vendor refuses the second of a permission,
            // and of a row that is gone, and does nothing for a membership or a role that is as it was to become.
            Err(e) if e.is_unclear() => Ok(Progress::Unclear),
            Err(e) => match (change, e.is_absent()) {
                (Write::SetRole { space, .. }, true) => self.unsettable_role(space, e).await,
                _ => refused_write(e),
            },
        }
    }

    /// The vendor keeps no record of writes: looking again tells whether this one arrived.
    async fn poll(&self, _: &Write) -> Result<Progress, Error> {
        Ok(Progress::Unclear)
    }
}

impl Confluence {
    /// The API v2 answers with 404 to whoever may not change what it shows.
    async fn unsettable_role(&self, space: &str, answer: Failure) -> Result<Progress, Error> {
        match self.api.space(space).await {
            Ok(_) => Err(may_not_change(answer.into())),
            Err(e) if e.is_absent() => Ok(Progress::Overtaken),
            Err(e) => Err(e.into()),
        }
    }
}

/// What is asked for, with what it takes to find out about it.
struct Change<'a> {
    connector: &'a Confluence,
    identity: &'a Identity,
    entitlement: &'a EntitlementId,
    principal: &'a ResourceId,
    /// Side effects on other permissions are accepted.
    cascades: bool,
}

impl Change<'_> {
    fn grant(&self) -> GrantRef {
        GrantRef::new(self.entitlement, self.principal)
    }

    /// The principal, as the vendor sees it, if it exists.
    async fn check_principal(&self) -> Result<Principal, Error> {
        let api = &self.connector.api;
        let id = &self.principal.id;
        let found = match self.principal.resource_type.as_str() {
            USER => api.user(id).await.map(|person| Principal {
                kind: "user",
                is_guest: person.is_guest(),
            }),
            GROUP => api.group(id).await.map(|_| Principal {
                kind: "group",
                is_guest: false,
            }),
            other => return Err(cannot_hold(other, self.entitlement)),
        };
        match found {
            Ok(principal) => Ok(principal),
            Err(e) if e.is_unknown_id() => Err(Error::new(
                ErrorType::NotFound,
                Code::UnknownPrincipal,
                format!("there is no {} in Confluence", self.principal),
                "Use the id of a principal of the newest snapshot.",
            )
            .with_source(e)),
            Err(e) => Err(e.into()),
        }
    }

    /// What takes our own access away cannot be mended from here.
    fn not_oneself(&self) -> Result<(), Error> {
        if *self.principal != self.identity.caller {
            return Ok(());
        }
        Err(Error::refused(
            Code::OwnAccess,
            format!("{} is the account of Rollcall's own token", self.principal),
            "Change it in Confluence, as somebody else.",
        ))
    }
}

/// Who is to be given something.
struct Principal {
    /// As the vendor calls it.
    kind: &'static str,
    /// A guest, who can hold little.
    is_guest: bool,
}

fn cannot_hold(kind: &str, entitlement: &EntitlementId) -> Error {
    Error::invalid(
        Code::UnknownPrincipal,
        format!("a {kind} cannot be given `{entitlement}`"),
        "Name a user or a group of the newest snapshot (only users can be members of groups).",
    )
}

fn no_accounts() -> Error {
    Error::invalid(
        Code::UnknownOperation,
        "accounts are managed by Atlassian's administration, not by Confluence",
        "Invite and remove people at admin.atlassian.com.",
    )
}

/// What an error to a write means. The state was read a moment ago: what contradicts it has changed since.
fn refused_write(e: Failure) -> Result<Progress, Error> {
    match e.status() {
        Some(404) if e.is_absent() => Ok(Progress::Overtaken),
        Some(400 | 409) if e.says("already") => Ok(Progress::Overtaken),
        Some(400) if e.says("invalidrbacoperation") || e.says("roles-only") => Err(Error::refused(
            Code::RolesOnly,
            "this site gives access to spaces by roles alone",
            "Grant a role instead: an entitlement `space_role_assignment:<space>:<role>:assigned`.",
        )
        .with_source(e)),
        Some(400) => Err(Error::new(
            ErrorType::Refused,
            Code::VendorRefused,
            e.to_string(),
            "Confluence does not do this: its own words say why.",
        )),
        Some(403) => {
            let failure: Error = e.into();
            // Whatever else a 403 comes from has a code of its own.
            if failure.code() != "VendorDenied" {
                return Err(failure);
            }
            Err(may_not_change(failure))
        }
        _ => Err(e.into()),
    }
}

fn may_not_change(cause: Error) -> Error {
    Error::new(
        ErrorType::PermissionDenied,
        Code::CredentialTooWeak,
        "the token's account may not change this",
        "Groups are changed by a site administrator, permissions and roles on a space by an administrator of that space: give the account that right.",
    )
    .with_source(cause)
}
