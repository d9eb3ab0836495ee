//! Accounts: inviting a person, and deleting one.

use rollcall_connector::event::{Account, ResourceRef};
use rollcall_connector::provision::{Plan, Proposal, Request, State};
use rollcall_connector::{Code, Error, ErrorType, Identity};
use rollcall_model::ResourceId;
use serde_json::json;

use super::principal::{
    BUSY_RETRY_DELAY, Principal, find_user, is_past, not_oneself, not_the_last_admin, operation_id,
};
use crate::TemporalCloud;
use crate::access::{USER, account_state, grant_ids, is_immutable, role_slug};
use crate::api::{ResourceState, User, Write};

/// Invites a person, unless the address has an account already.
pub(super) async fn create(
    connector: &TemporalCloud,
    identity: &Identity,
    request: &Request,
    account: &Account,
) -> Result<Plan<Write>, Error> {
    let email = account.email.trim();
    check_account(email, account)?;
    if let Some(user) = find(connector, email).await? {
        return existing(connector, &user);
    }
    let role = &connector.default_role;
    let spec = json!({"email": email, "access": {"accountAccess": {"role": role.api_name()}}});
    let parts = [email.to_lowercase(), role_slug(role)];
    Ok(Plan::Change(Proposal {
        change: Write {
            path: vec!["cloud".into(), "users".into()],
            body: Some(json!({"spec": spec})),
            resource_version: String::new(),
            operation_id: operation_id(identity, request, &[&parts[0], &parts[1]]),
        },
        read: json!({"email": email, "found": null}),
        replaced: Vec::new(),
        removed: Vec::new(),
        then: State {
            grants: Vec::new(),
            resource: Some(ResourceRef {
                id: format!("{USER}:(to be given)"),
                display_name: email.to_owned(),
                status: "invited".into(),
            }),
        },
    }))
}

fn check_account(email: &str, account: &Account) -> Result<(), Error> {
    if let Some(key) = account.profile.keys().next() {
        return Err(Error::invalid(
            Code::UnknownProfileKey,
            format!("an account in Temporal Cloud has no `{key}`"),
            "Send an empty `profile`: an account is made of its e-mail address.",
        ));
    }
    let parts: Vec<&str> = email.split('@').collect();
    let plausible = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
    if plausible && !email.contains(char::is_whitespace) {
        return Ok(());
    }
    Err(Error::invalid(
        Code::BadEmail,
        format!("`{email}` is no e-mail address"),
        "Send the address that the invitation shall go to.",
    ))
}

/// The user of an address, whatever the case of its letters. *Unknown*: whether the API's own filter by address minds
/// that; if it does, it misses the account that stands in the way of the new one. So the list is read.
async fn find(connector: &TemporalCloud, email: &str) -> Result<Option<User>, Error> {
    let of_address = |user: &User| {
        user.spec.email.eq_ignore_ascii_case(email) && user.state() != ResourceState::Deleted
    };
    find_user(connector, of_address).await
}

fn existing(connector: &TemporalCloud, user: &User) -> Result<Plan<Write>, Error> {
    let state = user.state();
    let invitation_ended = user
        .invitation
        .get()
        .is_some_and(|i| is_past(connector, i.expired_time.get().copied()));
    if state == ResourceState::Expired || invitation_ended {
        return Err(Error::refused(
            Code::InvitationExpired,
            format!(
                "{} ({USER}:{}) was invited, and the invitation has expired",
                user.spec.email, user.id
            ),
            format!(
                "Delete the account {USER}:{} first, then create it again: whether to do so is your decision.",
                user.id
            ),
        ));
    }
    if state == ResourceState::Deleting {
        return Ok(Plan::Later(BUSY_RETRY_DELAY));
    }
    let (_, details) = account_state(&state, user.invitation.get().is_some());
    Ok(Plan::Already(State {
        grants: Vec::new(),
        resource: Some(ResourceRef {
            id: format!("{USER}:{}", user.id),
            display_name: user.spec.email.clone(),
            status: if details.is_empty() {
                "enabled".into()
            } else {
                details
            },
        }),
    }))
}

/// Deletes a person's account, and with it all that it holds.
pub(super) async fn delete(
    connector: &TemporalCloud,
    identity: &Identity,
    request: &Request,
    principal: &ResourceId,
) -> Result<Plan<Write>, Error> {
    if principal.resource_type != USER {
        return Err(Error::new(
            ErrorType::InvalidRequest,
            Code::UnknownPrincipal,
            format!("only users can be deleted from here, and `{principal}` is none"),
            "Delete it in Temporal Cloud.",
        ));
    }
    not_oneself(identity, principal)?;
    let Some(user) = Principal::read(connector, identity, principal).await? else {
        return Ok(Plan::Already(State::default()));
    };
    let role = user.access.role();
    if let Some(role) = role.as_ref().filter(|role| is_immutable(role)) {
        return Err(Error::refused(
            Code::ImmutableRole,
            format!(
                "{} holds the role {}, and such an account is not deleted from here",
                user.name,
                role_slug(role)
            ),
            "Owners are changed by Temporal's support, finance admins by an owner in Temporal Cloud.",
        ));
    }
    if user.is_busy(connector).await? {
        return Ok(Plan::Later(BUSY_RETRY_DELAY));
    }
    not_the_last_admin(connector, &user).await?;
    let version = &user.resource_version;
    Ok(Plan::Change(Proposal {
        change: Write {
            path: ["cloud", "users", &principal.id].map(String::from).into(),
            body: None,
            resource_version: version.clone(),
            operation_id: operation_id(identity, request, &[&principal.id, version]),
        },
        read: user.read_value(),
        replaced: Vec::new(),
        removed: grant_ids(&identity.tenant, principal, &user.access),
        then: State::default(),
    }))
}
