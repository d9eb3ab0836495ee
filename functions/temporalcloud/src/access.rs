//! Means: pure functions from Temporal Cloud's objects to resources, entitlements and grants.
//!
//! Ids and names are those of the public Baton connector where those are right; the README's table says where not.
//! Access model: <https://docs.temporal.io/cloud/manage-access/roles-and-permissions>.

mod names;

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Exclusive, Grant, Purpose, Resource, ResourceId,
    ResourceTrait, State, brief, put, put_time,
};

use crate::api::{
    Access, CustomRole, Group, GroupKind, Namespace, Permission, Project, ResourceState, Role,
    ServiceAccount, User, label_description, label_name, text,
};

pub(crate) use names::*;
use names::{PROJECT_ROLES, capitalized, custom_role_assigned, project_role, role_title};

/// The account roles that every account has.
pub(crate) fn account_roles(account: &str) -> Records {
    let mut records = Records::default();
    for role in &ROLES {
        records.extend(account_role(account, role));
    }
    records
}

fn account_role(account: &str, role: &Role) -> Records {
    let id = role_id(account, role);
    let slug = role_slug(role);
    let name = format!("Account {}", role_title(role));
    let mut resource = Resource::new(id.clone(), name.clone(), ResourceTrait::Role);
    resource.state = State::Enabled;
    resource.v1_identifier = Some(format!("{ACCOUNT_ROLE}:{slug}"));
    if *role == Role::FinanceAdmin {
        // What the public connector calls it.
        resource.aliases = vec![format!("{account}-finance-_-admin")];
    }
    let entitlement = Entitlement {
        display_name: format!("{name} Role Member"),
        description: format!("Has the {name} role in Temporal Cloud"),
        grantable_to: match role {
            Role::MetricsRead => &[SERVICE_ACCOUNT],
            Role::Owner => &[USER],
            _ => PRINCIPALS,
        },
        purpose: Purpose::Assignment,
        immutable: is_immutable(role),
        exclusive: ROLES
            .iter()
            .rev()
            .position(|r| r == role)
            .map(|order| Exclusive {
                group: format!("{account}:account-role"),
                order: u32::try_from(order).unwrap_or_default(),
                per_resource: false,
            }),
        v1_identifier: Some(format!("membership:{}", id.id)),
        id: EntitlementId::new(id, MEMBER),
    };
    Records {
        resources: vec![resource],
        entitlements: vec![entitlement],
        ..Records::default()
    }
}

/// A user and all that it holds, and names of rights that we do not know.
pub(crate) fn user(account: &str, user: &User) -> (Records, Vec<String>) {
    let id = ResourceId::new(USER, &user.id);
    if user.state() == ResourceState::Deleted {
        return (Records::not_found(id), Vec::new());
    }
    let email = Some(user.spec.email.clone()).filter(|e| !e.trim().is_empty());
    let name = email.clone().unwrap_or_else(|| user.id.clone());
    let resource_trait = ResourceTrait::account(AccountType::Human, email.clone());
    let mut resource = Resource::new(id.clone(), name, resource_trait);
    resource.v1_identifier = email.map(|email| format!("{USER}:{email}"));
    resource.created_at = user.created_time.get().copied();
    let invitation = user.invitation.get();
    (resource.state, resource.state_details) = account_state(&user.state(), invitation.is_some());
    let profile = &mut resource.profile;
    put(profile, "user_id", &user.id);
    put(profile, "state", user.state().to_string());
    let last_modified = user.last_modified_time.get().copied();
    put_time(profile, "last_modified", last_modified);
    if let Some(invitation) = invitation {
        let (created, expires) = (&invitation.created_time, &invitation.expired_time);
        put_time(profile, "invited_at", created.get().copied());
        put_time(profile, "invitation_expires_at", expires.get().copied());
    }
    if let Some(role) = user.spec.access.as_ref().and_then(Access::role) {
        put(profile, "account_role", role_slug(&role));
    }
    let mut records = Records {
        resources: vec![resource],
        ..Records::default()
    };
    let unknown = held(&mut records, account, &id, user.spec.access.as_ref(), None);
    (records, unknown)
}

/// A service account and all that it holds.
pub(crate) fn service_account(account: &str, sa: &ServiceAccount) -> (Records, Vec<String>) {
    let id = ResourceId::new(SERVICE_ACCOUNT, &sa.id);
    if sa.state() == ResourceState::Deleted {
        return (Records::not_found(id), Vec::new());
    }
    let name = name_or_id(text(&sa.spec.name), &sa.id);
    let resource_trait = ResourceTrait::account(AccountType::Service, None);
    let mut resource = Resource::new(id.clone(), name, resource_trait);
    resource.description = brief(text(&sa.spec.description));
    resource.v1_identifier = Some(format!("{SERVICE_ACCOUNT}:{}", sa.id));
    resource.created_at = sa.created_time.get().copied();
    (resource.state, resource.state_details) = account_state(&sa.state(), false);
    let scope = match (
        &sa.spec.namespace_scoped_access,
        &sa.spec.project_scoped_access,
    ) {
        (Some(_), _) => "namespace",
        (None, Some(_)) => "project",
        (None, None) => "account",
    };
    put(&mut resource.profile, "user_id", &sa.id);
    put(&mut resource.profile, "scope", scope);
    put(&mut resource.profile, "state", sa.state().to_string());
    let last_modified = sa.last_modified_time.get().copied();
    put_time(&mut resource.profile, "last_modified", last_modified);
    let mut records = Records {
        resources: vec![resource],
        ..Records::default()
    };
    let unknown = held(&mut records, account, &id, sa.spec.access().as_ref(), None);
    (records, unknown)
}

/// A group, and all that it holds for its members.
pub(crate) fn group(account: &str, group: &Group) -> (Records, Vec<String>) {
    let id = ResourceId::new(GROUP, &group.id);
    if group.state() == ResourceState::Deleted {
        return (Records::not_found(id), Vec::new());
    }
    let name = name_or_id(text(&group.spec.display_name), &group.id);
    let mut resource = Resource::new(id.clone(), name, ResourceTrait::Group);
    resource.created_at = group.created_time.get().copied();
    (resource.state, resource.state_details) = account_state(&group.state(), false);
    let profile = &mut resource.profile;
    put(profile, "state", group.state().to_string());
    match group.spec.kind() {
        GroupKind::Cloud => put(profile, "kind", "cloud"),
        GroupKind::Google => {
            let google = group.spec.google_group.get();
            put(profile, "kind", "google");
            put(
                profile,
                "email",
                google.map_or("", |g| text(&g.email_address)),
            );
        }
        GroupKind::Scim => {
            let scim = group.spec.scim_group.get();
            put(profile, "kind", "scim");
            put(profile, "idp_id", scim.map_or("", |g| text(&g.idp_id)));
        }
        GroupKind::Unknown => {}
    }
    let member = group_member(&group.id);
    let entitlement = Entitlement {
        display_name: format!("{name} Group Member"),
        description: format!("Is a member of the group {name} in Temporal Cloud"),
        grantable_to: &[USER],
        purpose: Purpose::Assignment,
        immutable: is_kept_elsewhere(group.spec.kind()),
        exclusive: None,
        v1_identifier: None,
        id: member.clone(),
    };
    let mut records = Records {
        resources: vec![resource],
        entitlements: vec![entitlement],
        ..Records::default()
    };
    let unknown = held(
        &mut records,
        account,
        &id,
        group.spec.access.as_ref(),
        Some(member),
    );
    (records, unknown)
}

/// Whether somebody else than Temporal Cloud decides who is in a group: its members can be changed there alone
/// (<https://docs.temporal.io/cloud/scim>). A kind that we do not know is taken for such a one.
fn is_kept_elsewhere(kind: GroupKind) -> bool {
    kind != GroupKind::Cloud
}

/// A user is a member of a group.
pub(crate) fn membership(group: &str, kind: GroupKind, user: &str) -> Grant {
    let mut grant = Grant::new(group_member(group), ResourceId::new(USER, user));
    grant.immutable = is_kept_elsewhere(kind);
    grant
}

/// A namespace, its permissions, and who has them everywhere: owners, admins and, where the account has projects, the
/// roles of its project.
pub(crate) fn namespace(account: &str, namespace: &Namespace, with_project: bool) -> Records {
    let id = ResourceId::new(NAMESPACE, &namespace.namespace);
    if namespace.state().is_going() {
        return Records::not_found(id);
    }
    let name = &namespace.namespace;
    let mut resource = Resource::new(id, name, ResourceTrait::None);
    resource.v1_identifier = Some(format!("{NAMESPACE}:{name}"));
    resource.state = State::Enabled;
    resource.created_at = namespace.created_time.get().copied();
    let profile = &mut resource.profile;
    put(profile, "state", namespace.state().to_string());
    put(profile, "region", text(&namespace.active_region));
    put(profile, "project_id", &namespace.project_id);
    for (tag, value) in namespace.tags.get().into_iter().flatten() {
        put(profile, &format!("tag:{tag}"), text(value));
    }
    let entitlements = PERMISSIONS.iter().enumerate().map(|(order, permission)| {
        let id = namespace_permission(name, *permission);
        Entitlement {
            display_name: format!(
                "Namespace {name} {}",
                capitalized(permission_slug(*permission))
            ),
            description: format!("Access to {name} namespace in Temporal Cloud"),
            grantable_to: PRINCIPALS,
            purpose: Purpose::Permission,
            immutable: false,
            exclusive: Some(Exclusive {
                group: format!("{NAMESPACE}:{name}"),
                order: u32::try_from(PERMISSIONS.len() - 1 - order).unwrap_or_default(),
                per_resource: true,
            }),
            v1_identifier: Some(id.to_string()),
            id,
        }
    });
    let entitlements = entitlements.collect();
    let admin = namespace_permission(name, Permission::Admin);
    let mut grants: Vec<Grant> = [Role::Owner, Role::Admin]
        .iter()
        .map(|role| inherited(admin.clone(), role_member(account, role)))
        .collect();
    if with_project && !namespace.project_id.is_empty() {
        // <https://docs.temporal.io/cloud/projects>: a project's admin, write and read reach the namespaces inside.
        let from_project = PERMISSIONS.iter().map(|permission| {
            let source = project_role(&namespace.project_id, permission_slug(*permission));
            inherited(namespace_permission(name, *permission), source)
        });
        grants.extend(from_project);
    }
    Records {
        resources: vec![resource],
        entitlements,
        grants,
        ..Records::default()
    }
}

/// A project, its roles, and who has them by account role: admins (and, *inferred*, owners) are its admins, developers
/// its developers.
pub(crate) fn project(account: &str, project: &Project) -> Records {
    let id = ResourceId::new(PROJECT, &project.id);
    if project.state().is_going() {
        return Records::not_found(id);
    }
    let name = name_or_id(label_name(&project.spec), &project.id);
    let mut resource = Resource::new(id, name, ResourceTrait::None);
    resource.description = brief(label_description(&project.spec));
    resource.state = State::Enabled;
    resource.created_at = project.created_time.get().copied();
    put(&mut resource.profile, "state", project.state().to_string());
    let entitlements = PROJECT_ROLES.iter().map(|role| Entitlement {
        id: project_role(&project.id, role),
        display_name: format!("{name} {}", capitalized(role)),
        description: format!("Has the role {role} in the project {name} in Temporal Cloud"),
        grantable_to: PRINCIPALS,
        purpose: Purpose::Permission,
        immutable: *role == "developer",
        exclusive: None,
        v1_identifier: None,
    });
    let inherits = [
        (Role::Owner, "admin"),
        (Role::Admin, "admin"),
        (Role::Developer, "developer"),
    ];
    let grants = inherits
        .iter()
        .map(|(role, slug)| inherited(project_role(&project.id, slug), role_member(account, role)));
    Records {
        resources: vec![resource],
        entitlements: entitlements.collect(),
        grants: grants.collect(),
        ..Records::default()
    }
}

/// A custom role, which can be assigned.
pub(crate) fn custom_role(role: &CustomRole) -> Records {
    let id = ResourceId::new(CUSTOM_ROLE, &role.id);
    if role.state().is_going() {
        return Records::not_found(id);
    }
    let name = name_or_id(label_name(&role.spec), &role.id);
    let mut resource = Resource::new(id, name, ResourceTrait::Role);
    resource.description = brief(label_description(&role.spec));
    resource.state = State::Enabled;
    resource.created_at = role.created_time.get().copied();
    put(&mut resource.profile, "state", role.state().to_string());
    let entitlement = Entitlement {
        id: custom_role_assigned(&role.id),
        display_name: format!("{name} Assigned"),
        description: format!("Has the custom role {name} in Temporal Cloud"),
        grantable_to: PRINCIPALS,
        purpose: Purpose::Assignment,
        immutable: false,
        exclusive: None,
        v1_identifier: None,
    };
    Records {
        resources: vec![resource],
        entitlements: vec![entitlement],
        ..Records::default()
    }
}

/// The name, or the id where the name is blank.
fn name_or_id<'a>(name: &'a str, id: &'a str) -> &'a str {
    if name.trim().is_empty() { id } else { name }
}

/// An immutable grant of `entitlement` to the resource of `source`, and through it to whoever holds `source`.
fn inherited(entitlement: EntitlementId, source: EntitlementId) -> Grant {
    Grant::new(entitlement, source.resource.clone())
        .immutable()
        .through(source)
}

/// Ids of all grants that an `access` object makes.
pub(crate) fn grant_ids(account: &str, id: &ResourceId, access: &Access) -> Vec<String> {
    let mut records = Records::default();
    held(&mut records, account, id, Some(access), None);
    records.grants.iter().map(Grant::id).collect()
}

/// All that an `access` object gives to a principal.
fn held(
    records: &mut Records,
    account: &str,
    id: &ResourceId,
    access: Option<&Access>,
    through: Option<EntitlementId>,
) -> Vec<String> {
    let Some(access) = access else {
        return Vec::new();
    };
    let mut holder = Holder::new(records, account, id, through);
    if let Some(role) = access.role() {
        holder.role(&role);
    }
    for role in access.custom_roles() {
        holder.grant(Grant::new(custom_role_assigned(role), id.clone()));
    }
    for (namespace, permission) in access.namespaces() {
        holder.permission(namespace, permission);
    }
    for (project, role) in access.projects() {
        holder.project(project, &role);
    }
    holder.unknown
}

/// A principal that is being given what it holds.
struct Holder<'a> {
    records: &'a mut Records,
    account: &'a str,
    id: &'a ResourceId,
    /// Who gets it too: the members of a group.
    through: Option<EntitlementId>,
    /// Rights that the vendor has added since.
    unknown: Vec<String>,
}

impl<'a> Holder<'a> {
    fn new(
        records: &'a mut Records,
        account: &'a str,
        id: &'a ResourceId,
        through: Option<EntitlementId>,
    ) -> Self {
        Self {
            records,
            account,
            id,
            through,
            unknown: Vec::new(),
        }
    }

    fn grant(&mut self, grant: Grant) {
        let grant = match &self.through {
            Some(source) => grant.through(source.clone()),
            None => grant,
        };
        self.records.grants.push(grant);
    }

    fn role(&mut self, role: &Role) {
        if let Role::Unknown(_) = role {
            // A role of its own, so that nobody's access is lost.
            self.records.extend(account_role(self.account, role));
            self.unknown.push(role.api_name());
        }
        let entitlement = role_member(self.account, role);
        let v1 = format!(
            "grant:membership:{}:{}",
            entitlement.resource.id, self.id.id
        );
        let mut grant = Grant::new(entitlement, self.id.clone()).with_v1(v1);
        grant.immutable = is_immutable(role);
        self.grant(grant);
    }

    fn permission(&mut self, namespace: &str, permission: Result<Permission, String>) {
        match permission {
            Ok(permission) => {
                let entitlement = namespace_permission(namespace, permission);
                let v1 = format!("grant:{entitlement}:{}", self.id.id);
                self.grant(Grant::new(entitlement, self.id.clone()).with_v1(v1));
            }
            Err(name) => self.unknown.push(format!("PERMISSION_{name}")),
        }
    }

    fn project(&mut self, project: &str, role: &str) {
        if PROJECT_ROLES.contains(&role) {
            self.grant(Grant::new(project_role(project, role), self.id.clone()));
        } else {
            self.unknown
                .push(format!("PROJECT_ROLE_{}", role.to_uppercase()));
        }
    }
}

/// Whether an account is in use, and why not.
pub(crate) fn account_state(state: &ResourceState, invited: bool) -> (State, String) {
    match state {
        ResourceState::Active | ResourceState::Updating if !invited => {
            (State::Enabled, String::new())
        }
        ResourceState::Active | ResourceState::Updating | ResourceState::Activating => {
            (State::Enabled, "invited".into())
        }
        ResourceState::Suspended
        | ResourceState::Expired
        | ResourceState::ActivationFailed
        | ResourceState::UpdateFailed
        | ResourceState::DeleteFailed => (State::Disabled, state.to_string()),
        ResourceState::Deleting | ResourceState::Deleted => (State::Deleted, state.to_string()),
        ResourceState::Unspecified | ResourceState::Unknown(_) => {
            (State::Unknown, state.to_string())
        }
    }
}
