//! Pure functions from Temporal Cloud's objects to resources, entitlements and grants.
//!
//! Ids and names are those of the public Baton connector where those are right; the README's table lists the
//! differences. Access model: <https://docs.temporal.io/cloud/manage-access/roles-and-permissions>.

mod names;

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Exclusive, Grant, Purpose, Resource, ResourceId,
    ResourceTrait, State, brief, name_or_id, put, put_time,
};

use crate::api::{
    Access, AccessHolder, ApiEnum, ApiObject, CustomRole, Group, GroupKind, Namespace, Permission,
    Project, ProjectRole, ResourceState, Role, ServiceAccount, User,
};

pub(crate) use names::*;
use names::{custom_role_assigned, project_role, title};

/// The records of an object.
#[derive(Default)]
pub(crate) struct ObjectRecords {
    pub(crate) records: Records,
    /// Names of rights that the vendor has added since.
    pub(crate) unknown_rights: Vec<String>,
}

impl From<Records> for ObjectRecords {
    fn from(records: Records) -> Self {
        Self { records, ..Self::default() }
    }
}

/// The built-in account roles.
pub(crate) fn account_roles(account: &str) -> Records {
    let mut records = Records::default();
    for role in Role::ALL {
        records.extend(account_role(account, role));
    }
    records
}

fn account_role(account: &str, role: &Role) -> Records {
    let id = role_member(account, role);
    let name = format!("Account {}", title(&role.slug()));
    let mut resource = Resource::new(id.resource.clone(), name.clone(), ResourceTrait::Role);
    resource.state = State::Enabled;
    resource.v1_identifier = Some(format!("{ACCOUNT_ROLE}:{}", role.slug()));
    if *role == Role::FinanceAdmin {
        // The public connector's name for it.
        resource.aliases = vec![format!("{account}-finance-_-admin")];
    }
    let entitlement = Entitlement {
        grantable_to: match role {
            Role::MetricsRead => &[SERVICE_ACCOUNT],
            Role::Owner => &[USER],
            _ => PRINCIPALS,
        },
        immutable: is_immutable(role),
        exclusive: order_of(role).map(|order| Exclusive {
            group: format!("{account}:account-role"),
            order,
            per_resource: false,
        }),
        v1_identifier: Some(format!("membership:{}", id.resource.id)),
        ..entitlement(
            id,
            format!("{name} Role Member"),
            format!("Has the {name} role in Temporal Cloud"),
        )
    };
    Records { resources: vec![resource], entitlements: vec![entitlement], ..Records::default() }
}

/// The position of a right in its enum, least right first.
fn order_of<T: ApiEnum + PartialEq>(right: &T) -> Option<u32> {
    let place = T::ALL.iter().rev().position(|other| other == right)?;
    u32::try_from(place).ok()
}

/// An entitlement that is assigned individually to principals.
fn entitlement(id: EntitlementId, display_name: String, description: String) -> Entitlement {
    Entitlement { description, ..Entitlement::new(id, display_name, PRINCIPALS) }
}

/// An object in use.
fn resource<T: ApiObject>(object: &T, name: &str, resource_trait: ResourceTrait) -> Resource {
    let id = ResourceId::new(T::KIND, object.id());
    let mut resource = Resource::new(id, name_or_id(name, object.id()), resource_trait);
    resource.state = State::Enabled;
    resource.created_at = object.created_at();
    put(&mut resource.profile, "state", object.state().to_string());
    resource
}

/// The same for a principal.
fn account<T: AccessHolder>(holder: &T, resource_trait: ResourceTrait, invited: bool) -> Resource {
    let mut resource = resource(holder, holder.name(), resource_trait);
    (resource.state, resource.state_details) = account_state(&holder.state(), invited);
    resource
}

/// A user and its access.
pub(crate) fn user(tenant: &str, user: &User) -> ObjectRecords {
    let email = Some(user.name().to_owned()).filter(|email| !email.trim().is_empty());
    let invitation = user.invitation.get();
    let resource_trait = ResourceTrait::account(AccountType::Human, email.clone());
    let mut resource = account(user, resource_trait, invitation.is_some());
    resource.v1_identifier = email.map(|email| format!("{USER}:{email}"));
    let profile = &mut resource.profile;
    put(profile, "user_id", user.id());
    put_time(profile, "last_modified", user.last_modified_time.time());
    if let Some(invitation) = invitation {
        put_time(profile, "invited_at", invitation.created_time.time());
        let expires = invitation.expired_time.time();
        put_time(profile, "invitation_expires_at", expires);
    }
    if let Some(role) = user.access().and_then(|access| access.role()) {
        put(profile, "account_role", role.slug());
    }
    holding(tenant, user, resource, None)
}

/// A service account and its access.
pub(crate) fn service_account(tenant: &str, sa: &ServiceAccount) -> ObjectRecords {
    let resource_trait = ResourceTrait::account(AccountType::Service, None);
    let mut resource = account(sa, resource_trait, false);
    resource.description = brief(sa.spec.description.verbatim());
    resource.v1_identifier = Some(resource.id.to_string());
    let profile = &mut resource.profile;
    put(profile, "user_id", sa.id());
    put(profile, "scope", sa.spec.scope());
    put_time(profile, "last_modified", sa.last_modified_time.time());
    holding(tenant, sa, resource, None)
}

/// A group, and its members' access through it.
pub(crate) fn group(tenant: &str, group: &Group) -> ObjectRecords {
    let mut resource = account(group, ResourceTrait::Group, false);
    let (google, scim) = (group.spec.google_group.get(), group.spec.scim_group.get());
    let profile = &mut resource.profile;
    match group.spec.kind() {
        GroupKind::Cloud => put(profile, "kind", "cloud"),
        GroupKind::Google => {
            put(profile, "kind", "google");
            put(profile, "email", google.map_or("", |g| g.email_address.verbatim()));
        }
        GroupKind::Scim => {
            put(profile, "kind", "scim");
            put(profile, "idp_id", scim.map_or("", |g| g.idp_id.verbatim()));
        }
        GroupKind::Unknown => {}
    }
    let name = &resource.display_name;
    let member = Entitlement {
        grantable_to: &[USER],
        immutable: is_kept_elsewhere(group.spec.kind()),
        ..entitlement(
            group_member(group.id()),
            format!("{name} Group Member"),
            format!("Is a member of the group {name} in Temporal Cloud"),
        )
    };
    holding(tenant, group, resource, Some(member))
}

/// Whether a group is managed outside Temporal Cloud: its members can only be changed there
/// (<https://docs.temporal.io/cloud/scim>). Unknown kinds count as such.
fn is_kept_elsewhere(kind: GroupKind) -> bool {
    kind != GroupKind::Cloud
}

/// A user is a member of a group.
pub(crate) fn membership(group: &str, kind: GroupKind, user: &str) -> Grant {
    let mut grant = Grant::new(group_member(group), ResourceId::new(USER, user));
    grant.immutable = is_kept_elsewhere(kind);
    grant
}

/// A namespace, its permissions, and their implicit holders: owners, admins and, if the account has projects, the roles
/// of its project.
pub(crate) fn namespace(account: &str, namespace: &Namespace, with_project: bool) -> Records {
    let name = namespace.id();
    let mut resource = resource(namespace, name, ResourceTrait::None);
    resource.v1_identifier = Some(resource.id.to_string());
    let profile = &mut resource.profile;
    put(profile, "region", namespace.active_region.verbatim());
    put(profile, "project_id", &namespace.project_id);
    for (tag, value) in namespace.tags.get().into_iter().flatten() {
        put(profile, &format!("tag:{tag}"), value.verbatim());
    }
    let entitlements = Permission::ALL.iter().map(|permission| {
        let id = namespace_permission(name, permission);
        Entitlement {
            purpose: Purpose::Permission,
            exclusive: order_of(permission).map(|order| Exclusive {
                group: format!("{NAMESPACE}:{name}"),
                order,
                per_resource: true,
            }),
            v1_identifier: Some(id.to_string()),
            ..entitlement(
                id,
                format!("Namespace {name} {}", title(&permission.slug())),
                format!("Access to {name} namespace in Temporal Cloud"),
            )
        }
    });
    let mut grants: Vec<Grant> = [Role::Owner, Role::Admin]
        .iter()
        .map(|role| {
            let admin = namespace_permission(name, &Permission::Admin);
            inherited(admin, role_member(account, role))
        })
        .collect();
    if with_project && !namespace.project_id.is_empty() {
        // <https://docs.temporal.io/cloud/projects>: a project's admin, write and read apply to the namespaces inside.
        for role in [ProjectRole::Admin, ProjectRole::Write, ProjectRole::Read] {
            let permission = namespace_permission(name, &Permission::of(role.name()));
            grants.push(inherited(permission, project_role(&namespace.project_id, &role)));
        }
    }
    records(namespace, resource, entitlements.collect(), grants)
}

/// A project, its roles, and their holders by account role: admins (and, *inferred*, owners) are its admins, developers
/// its developers.
pub(crate) fn project(account: &str, project: &Project) -> Records {
    let label = project.spec.get();
    let name = label.map_or("", |label| label.name.verbatim());
    let mut resource = resource(project, name, ResourceTrait::None);
    resource.description = brief(label.map_or("", |label| label.description.verbatim()));
    let name = &resource.display_name;
    let entitlements = ProjectRole::ALL.iter().map(|role| Entitlement {
        purpose: Purpose::Permission,
        // It is only inherited from the account.
        immutable: *role == ProjectRole::Developer,
        ..entitlement(
            project_role(project.id(), role),
            format!("{name} {}", title(&role.slug())),
            format!("Has the role {} in the project {name} in Temporal Cloud", role.slug()),
        )
    });
    let grants = [
        (Role::Owner, ProjectRole::Admin),
        (Role::Admin, ProjectRole::Admin),
        (Role::Developer, ProjectRole::Developer),
    ];
    let grants = grants.map(|(from, role)| {
        inherited(project_role(project.id(), &role), role_member(account, &from))
    });
    let entitlements = entitlements.collect();
    records(project, resource, entitlements, grants.into())
}

/// A custom role, which can be assigned.
pub(crate) fn custom_role(role: &CustomRole) -> Records {
    let label = role.spec.get();
    let name = label.map_or("", |label| label.name.verbatim());
    let mut resource = resource(role, name, ResourceTrait::Role);
    resource.description = brief(label.map_or("", |label| label.description.verbatim()));
    let name = &resource.display_name;
    let assigned = entitlement(
        custom_role_assigned(role.id()),
        format!("{name} Assigned"),
        format!("Has the custom role {name} in Temporal Cloud"),
    );
    records(role, resource, vec![assigned], Vec::new())
}

/// An object with its entitlements and their grants.
fn records<T: ApiObject>(
    object: &T,
    resource: Resource,
    entitlements: Vec<Entitlement>,
    grants: Vec<Grant>,
) -> Records {
    if object.is_going() {
        return Records::not_found(resource.id);
    }
    Records { resources: vec![resource], entitlements, grants, ..Records::default() }
}

/// An immutable grant of `entitlement` to the resource of `source`, and through it to every holder of `source`.
fn inherited(entitlement: EntitlementId, source: EntitlementId) -> Grant {
    Grant::new(entitlement, source.resource.clone()).immutable().through(source)
}

/// A principal with its access, which its `members` inherit.
fn holding<T: AccessHolder>(
    account: &str,
    holder: &T,
    resource: Resource,
    members: Option<Entitlement>,
) -> ObjectRecords {
    if holder.state() == ResourceState::Deleted {
        return Records::not_found(resource.id).into();
    }
    let id = resource.id.clone();
    let mut shown =
        ObjectRecords::from(Records { resources: vec![resource], ..Records::default() });
    if let Some(access) = holder.access() {
        give(&mut shown, account, &id, &access);
    }
    if let Some(members) = members {
        let grants = std::mem::take(&mut shown.records.grants).into_iter();
        shown.records.grants = grants.map(|g| g.through(members.id.clone())).collect();
        shown.records.entitlements.push(members);
    }
    shown
}

/// Ids of all grants in an `access` object.
pub(crate) fn grant_ids(account: &str, id: &ResourceId, access: &Access) -> Vec<String> {
    let mut shown = ObjectRecords::default();
    give(&mut shown, account, id, access);
    shown.records.grants.iter().map(Grant::id).collect()
}

/// Adds all grants of an `access` object to a principal.
fn give(shown: &mut ObjectRecords, account: &str, id: &ResourceId, access: &Access) {
    let (records, unknown) = (&mut shown.records, &mut shown.unknown_rights);
    let grant = |entitlement| Grant::new(entitlement, id.clone());
    if let Some(role) = access.role() {
        if let Role::Unknown(_) = role {
            // A separate role, so that no access is lost.
            records.extend(account_role(account, &role));
            unknown.push(role.api_name());
        }
        let member = role_member(account, &role);
        let v1 = format!("grant:membership:{}:{}", member.resource.id, id.id);
        let mut grant = grant(member).with_v1(v1);
        grant.immutable = is_immutable(&role);
        records.grants.push(grant);
    }
    let custom_roles = access.custom_roles().iter();
    let custom_roles = custom_roles.map(|role| grant(custom_role_assigned(role)));
    records.grants.extend(custom_roles);
    for (namespace, permission) in access.namespaces() {
        if let Permission::Unknown(_) = permission {
            unknown.push(permission.api_name());
            continue;
        }
        let permission = namespace_permission(namespace, &permission);
        let v1 = format!("grant:{permission}:{}", id.id);
        records.grants.push(grant(permission).with_v1(v1));
    }
    for (project, role) in access.projects() {
        match role {
            ProjectRole::Unknown(_) => unknown.push(role.api_name()),
            role => records.grants.push(grant(project_role(project, &role))),
        }
    }
}

/// Whether an account is in use, and why not.
pub(crate) fn account_state(state: &ResourceState, invited: bool) -> (State, String) {
    let shown = match state {
        ResourceState::Active | ResourceState::Updating if !invited => State::Enabled,
        ResourceState::Active | ResourceState::Updating | ResourceState::Activating => {
            return (State::Enabled, "invited".into());
        }
        ResourceState::Suspended
        | ResourceState::Expired
        | ResourceState::ActivationFailed
        | ResourceState::UpdateFailed
        | ResourceState::DeleteFailed => State::Disabled,
        ResourceState::Deleting | ResourceState::Deleted => State::Deleted,
        ResourceState::Unknown(_) => State::Unknown,
    };
    let details = match shown {
        State::Enabled => String::new(),
        _ => state.to_string(),
    };
    (shown, details)
}
