//! Accounts: inviting a person, and deleting one.

use rollcall_connector::event::{Account, ResourceRef};
use rollcall_connector::provision::{AccessState, Plan, Proposal};
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_model::ResourceId;
use serde_json::json;

use super::planner::{BUSY_RETRY_DELAY, Planned, Planner};
use super::role::IMMUTABLE_ROLES;
use crate::access::{USER, account_state, grant_ids, is_immutable};
use crate::api::{AccessHolder, ApiEnum, ApiObject, ResourceState, User, WriteCall};

impl Planner<'_> {
    /// Invites a person, unless the address has an account already.
    pub(super) async fn create(self, account: &Account) -> Planned {
        let email = account.email.trim();
        check_account(email, account)?;
        // *Unknown*: whether the API's own filter by address is case-sensitive; if so, it misses the existing account.
        // So the list is read.
        let found = self.connector.find::<User>(|user| {
            user.name().eq_ignore_ascii_case(email) && user.state() != ResourceState::Deleted
        });
        if let Some(user) = found.await? {
            return self.existing(&user);
        }
        let role = &self.connector.default_role;
        let spec = json!({"email": email, "access": {"accountAccess": {"role": role.api_name()}}});
        Ok(Plan::Change(Proposal {
            change: WriteCall {
                path: vec!["cloud".into(), User::PATH.into()],
                body: Some(json!({"spec": spec})),
                resource_version: String::new(),
                operation_id: self.operation_id(&[&email.to_lowercase(), &role.slug()]),
            },
            read: json!({"email": email, "found": null}),
            replaced: Vec::new(),
            removed: Vec::new(),
            further: Vec::new(),
            then: state("(assigned at creation)", email, "invited".into()),
        }))
    }

    fn existing(self, user: &User) -> Planned {
        let (name, id, status) = (user.name(), user.id(), user.state());
        let invitation = user.invitation.get();
        let ends = invitation.and_then(|invitation| invitation.expired_time.time());
        let has_ended = ends.is_some_and(|end| end <= self.connector.session.clock.now());
        if status == ResourceState::Expired || has_ended {
            return Err(Error::refused(
                Code::InvitationExpired,
                format!("{name} ({USER}:{id}) was invited, and the invitation has expired"),
                format!(
                    "To invite the address again, delete the account {USER}:{id} first, then create it again."
                ),
            ));
        }
        if status == ResourceState::Deleting {
            return Ok(Plan::Later(BUSY_RETRY_DELAY));
        }
        let (_, details) = account_state(&status, invitation.is_some());
        let details = match details.is_empty() {
            true => "enabled".into(),
            false => details,
        };
        Ok(Plan::Already(state(id, name, details)))
    }

    /// Deletes a person's account with all of its access.
    pub(super) async fn delete(self, id: &ResourceId) -> Planned {
        if id.resource_type != USER {
            return Err(Error::new(
                ErrorType::InvalidRequest,
                Code::UnknownPrincipal,
                format!("`{id}` is not a user, and Rollcall can delete only users"),
                "Delete it in Temporal Cloud.",
            ));
        }
        self.not_oneself(id)?;
        let Some(user) = self.principal(id).await? else {
            return Ok(Plan::Already(AccessState::default()));
        };
        if let Some(role) = user.access.role().filter(is_immutable) {
            let (name, role) = (&user.name, role.slug());
            return Err(Error::refused(
                Code::ImmutableRole,
                format!("{name} has the role {role}, and Rollcall does not delete such accounts"),
                IMMUTABLE_ROLES,
            ));
        }
        if self.is_busy(&user).await? {
            return Ok(Plan::Later(BUSY_RETRY_DELAY));
        }
        self.not_the_last_admin(&user).await?;
        let version = user.resource_version.as_str();
        Ok(Plan::Change(Proposal {
            change: WriteCall {
                path: ["cloud", User::PATH, &id.id].map(String::from).into(),
                body: None,
                resource_version: version.into(),
                operation_id: self.operation_id(&[&id.id, version]),
            },
            read: user.read_value(),
            replaced: Vec::new(),
            removed: grant_ids(&self.identity.tenant, id, &user.access),
            further: Vec::new(),
            then: AccessState::default(),
        }))
    }
}

/// The state with this account.
fn state(id: &str, name: &str, status: String) -> AccessState {
    AccessState {
        grants: Vec::new(),
        resource: Some(ResourceRef {
            id: format!("{USER}:{id}"),
            display_name: name.to_owned(),
            status,
        }),
    }
}

fn check_account(email: &str, account: &Account) -> Result<(), Error> {
    if let Some(key) = account.profile.keys().next() {
        return Err(Error::invalid(
            Code::UnknownProfileKey,
            format!("an account in Temporal Cloud has no `{key}`"),
            "Send an empty `profile`: an account is created from its e-mail address alone.",
        ));
    }
    let parts: Vec<&str> = email.split('@').collect();
    let plausible = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
    if plausible && !email.contains(char::is_whitespace) {
        return Ok(());
    }
    Err(Error::invalid(
        Code::BadEmail,
        format!("`{email}` is not an e-mail address"),
        "Send the address to invite.",
    ))
}
