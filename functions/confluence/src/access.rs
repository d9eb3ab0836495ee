//! Pure functions from Confluence's objects to resources, entitlements and grants.
//!
//! Ids and slugs are those of the public Baton connector; the README's table says what is different and why. Access
//! model: <https://support.atlassian.com/confluence-cloud/docs/what-are-space-permissions/>.

mod names;

use std::collections::BTreeMap;

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Exclusive, Grant, Purpose, Rank, Resource, ResourceId,
    ResourceTrait, State, brief, name_or_id, put,
};
use serde_json::{Value, json};

use crate::api::{Account, Assignment, Group, Permission, Role, Space, Text};

pub use names::AccessMode;
pub(crate) use names::*;

/// The permissions that the configuration selects.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) nouns: Vec<&'static str>,
    pub(crate) verbs: Vec<&'static str>,
}

impl Selection {
    fn has(&self, verb: &str, noun: &str) -> bool {
        self.verbs.contains(&verb) && self.nouns.contains(&noun)
    }
}

/// An account as the API v1 shows it, in the search or as a member, without its state.
pub(crate) fn person(account: &Account) -> Resource {
    let mut account = account.clone();
    account.account_status = Text::default();
    let mut resource = user(&account);
    resource.rank = Rank::Member;
    resource
}

/// An account.
pub(crate) fn user(account: &Account) -> Resource {
    // The address is "" if its owner hides it.
    let email = Some(account.email.to_string()).filter(|email| !email.is_empty());
    let kind = match &*account.account_type {
        "app" => AccountType::Service,
        "atlassian" | "customer" => AccountType::Human,
        _ => AccountType::Unknown,
    };
    let login = email.clone().unwrap_or_default();
    let resource_trait = ResourceTrait::account(kind, email).with_login(login);
    let name = name_or_id(&account.public_name, &account.account_id);
    let name = name_or_id(&account.display_name, name);
    let id = ResourceId::new(USER, &account.account_id);
    let mut resource = Resource::new(id, name, resource_trait);
    (resource.state, resource.state_details) = match &*account.account_status {
        "active" => (State::Enabled, String::new()),
        "inactive" | "closed" => (State::Disabled, account.account_status.to_string()),
        other => (State::Unknown, other.to_owned()),
    };
    let profile = &mut resource.profile;
    put(profile, "id", &account.account_id);
    put(profile, "user_name", &*account.display_name);
    put(profile, "public_name", &*account.public_name);
    put(profile, "email", &*account.email);
    put(profile, "account_type", &*account.account_type);
    put(profile, "account_status", &*account.account_status);
    profile.insert("is_guest".into(), account.is_guest().into());
    resource
}

/// A resource that has no other state.
fn enabled(id: ResourceId, name: &str, resource_trait: ResourceTrait) -> Resource {
    let mut resource = Resource::new(id, name, resource_trait);
    resource.state = State::Enabled;
    resource
}

/// An entitlement for users and groups.
fn entitlement(
    id: EntitlementId,
    name: String,
    description: String,
    purpose: Purpose,
) -> Entitlement {
    Entitlement { description, purpose, ..Entitlement::new(id, name, HOLDERS) }
}

/// Whether an identity provider manages the group's members.
pub(crate) fn is_external(group: &Group) -> bool {
    group.managed_by.eq_ignore_ascii_case("EXTERNAL")
}

/// A group.
pub(crate) fn group(group: &Group) -> Records {
    let name = name_or_id(&group.name, &group.id);
    let mut resource = enabled(ResourceId::new(GROUP, &group.id), name, ResourceTrait::Group);
    let profile = &mut resource.profile;
    put(profile, "group_id", &group.id);
    put(profile, "group_name", &*group.name);
    put(profile, "group_type", "group");
    put(profile, "managed_by", &*group.managed_by);
    put(profile, "usage_type", &*group.usage_type);
    let description = format!("Is member of the {name} group in Confluence");
    let title = format!("{name} Group Member");
    let entitlement = Entitlement {
        grantable_to: &[USER],
        immutable: is_external(group),
        ..entitlement(member(&group.id), title, description, Purpose::Assignment)
    };
    Records { resources: vec![resource], entitlements: vec![entitlement], ..Records::default() }
}

/// A membership in a group.
pub(crate) fn membership(group: &str, account: &Account) -> Records {
    let resource = person(account);
    Records {
        grants: vec![Grant::new(member(group), resource.id.clone())],
        resources: vec![resource],
        ..Records::default()
    }
}

/// A space and its entitlements. `base` is the URL of the site's web pages.
pub(crate) fn space(space: &Space, base: &str, selection: &Selection, mode: AccessMode) -> Records {
    let name = name_or_id(&space.name, &space.key);
    let id = ResourceId::new(SPACE, &space.id);
    let mut resource = enabled(id, name, ResourceTrait::None);
    if &*space.status != "current" {
        resource.state_details = space.status.to_string();
    }
    resource.created_at = space.created_at.value();
    let profile = &mut resource.profile;
    put(profile, "space_key", &space.key);
    put(profile, "space_type", &*space.kind);
    put(profile, "space_status", &*space.status);
    let page = space.links.get().and_then(|links| links.webui.as_deref());
    if let Some(page) = page.filter(|page| !base.is_empty() && !page.is_empty()) {
        put(profile, "web_url", format!("{base}{page}"));
    }
    let selected = PERMISSIONS.into_iter().filter(|permission| {
        permission.exists_in(mode) && selection.has(permission.verb, permission.noun)
    });
    let entitlements = selected.map(|permission| {
        let title = format!("{name}: {} ({})", permission.title, permission.slug());
        let allows = permission.in_a_space();
        let description = format!("Can {allows} in the space {name} in Confluence");
        let id = self::permission(&space.id, permission.pair());
        Entitlement {
            // On sites with only roles, the remaining rows can be neither granted nor revoked.
            immutable: mode == AccessMode::Roles,
            ..entitlement(id, title, description, Purpose::Permission)
        }
    });
    Records {
        entitlements: entitlements.collect(),
        resources: vec![resource],
        ..Records::default()
    }
}

/// The meaning of a row of a space's permissions.
#[derive(Debug)]
pub(crate) enum RowMeaning {
    Shown(Records),
    /// Its noun or verb is excluded by the configuration.
    NotSelected,
    /// It does not say what it allows.
    Unnamed,
}

/// A row of a space's permissions. `by_role`: a role gives it, so it cannot be revoked separately.
pub(crate) fn row(
    space: &str,
    row: &Permission,
    selection: &Selection,
    mode: AccessMode,
    by_role: bool,
) -> RowMeaning {
    let (verb, noun) = (&*row.operation.key, &*row.operation.target_type);
    if verb.is_empty() || noun.is_empty() {
        return RowMeaning::Unnamed;
    }
    if !selection.has(verb, noun) {
        return RowMeaning::NotSelected;
    }
    let id = permission(space, (verb, noun));
    let mut records = grant_to(holder_of(row), &id);
    if by_role || mode == AccessMode::Roles {
        for grant in &mut records.grants {
            grant.immutable = true;
        }
    }
    // The site may be newer than the table of permissions: no access is lost because of that.
    if SpacePermission::find(verb, noun).is_none_or(|permission| !permission.exists_in(mode)) {
        let title = id.slug.clone();
        let description = format!("Has the permission {title} in Confluence");
        records.entitlements.push(Entitlement {
            immutable: true,
            ..entitlement(id, title, description, Purpose::Permission)
        });
    }
    RowMeaning::Shown(records)
}

/// A grant to a principal: a person, a group with its members, or a class of people, which is a resource of its own.
fn grant_to(principal: ResourceId, entitlement: &EntitlementId) -> Records {
    let mut records = Records::default();
    let mut grant = Grant::new(entitlement.clone(), principal.clone());
    match principal.resource_type.as_str() {
        GROUP => grant = grant.through(member(&principal.id)),
        // Nobody can be added to such a class, and its permissions are set on the site, not through this API.
        CLASS => records.resources.push(class(principal)),
        _ => {}
    }
    records.grants.push(grant);
    records
}

fn class(id: ResourceId) -> Resource {
    let class = id.id.clone();
    let name = match class.as_str() {
        "all-licensed-users" => "Everybody with a licence",
        "all-product-admins" => "All product administrators",
        "anonymous-users" => "Anybody on the internet",
        "authenticated-users" => "Everybody who is signed in",
        "jsm-project-admins" => "All administrators of service projects",
        other => other,
    };
    let mut resource = enabled(id, name, ResourceTrait::Group);
    put(&mut resource.profile, "access_class", &class);
    resource
}

/// A role that can be given on spaces.
pub(crate) fn role(role: &Role) -> Resource {
    let id = ResourceId::new(ROLE, &role.id);
    let name = name_or_id(&role.name, &role.id);
    let mut resource = enabled(id, name, ResourceTrait::Role);
    resource.description = brief(&role.description);
    let profile = &mut resource.profile;
    put(profile, "description", &*role.description);
    let mut permissions = role.space_permissions.clone();
    permissions.sort();
    profile.insert("space_permissions".into(), json!(permissions));
    resource
}

/// A principal has a role on the space with this id and name. `roles` are the site's, weakest first.
pub(crate) fn assignment(
    space: &str,
    space_name: &str,
    assignment: &Assignment,
    roles: &[Role],
) -> Records {
    let role_id = &assignment.role_id;
    let place = roles.iter().position(|role| role.id == *role_id);
    let role_name = place.map_or(role_id.as_str(), |place| name_or_id(&roles[place].name, role_id));
    let name = format!("{role_name} on {space_name}");
    let scope = ResourceId::new(SPACE, space);
    let resource_trait =
        ResourceTrait::ScopeBinding { role: ResourceId::new(ROLE, role_id), scope: scope.clone() };
    let mut resource = enabled(assignment_id(space, role_id), &name, resource_trait);
    resource.parent = Some(scope);
    let id = assigned(space, role_id);
    let mut records = grant_to(assignee(assignment), &id);
    records.resources.push(resource);
    let description = format!("Has the role {role_name} on this space in Confluence");
    records.entitlements.push(Entitlement {
        // A principal has one role on a space: another one replaces it.
        exclusive: Some(Exclusive {
            group: format!("space-role:{space}"),
            order: u32::try_from(place.unwrap_or(roles.len())).unwrap_or(u32::MAX),
            per_resource: false,
        }),
        ..entitlement(id, name, description, Purpose::Assignment)
    });
    if place.is_none() {
        let mut unlisted = role(&Role { id: role_id.clone(), ..Role::default() });
        unlisted.rank = Rank::Stub;
        records.resources.push(unlisted);
    }
    records
}

/// The principal of a row.
pub(crate) fn holder_of(row: &Permission) -> ResourceId {
    principal(&row.principal.kind, &row.principal.id)
}

/// Who has a role.
pub(crate) fn assignee(assignment: &Assignment) -> ResourceId {
    let holder = &assignment.principal;
    principal(&holder.principal_type, &holder.principal_id)
}

/// The permission of a row of a space's permissions.
pub(crate) fn permission_of(space: &str, row: &Permission) -> EntitlementId {
    permission(space, (&row.operation.key, &row.operation.target_type))
}

/// Roles in the order of their power.
pub(crate) fn by_strength(mut roles: Vec<Role>) -> Vec<Role> {
    roles.sort_by(|a, b| {
        (a.space_permissions.len(), &a.id).cmp(&(b.space_permissions.len(), &b.id))
    });
    roles
}

/// The administrators of a space; `None` if a principal's access does not show it. Effective access counts: a principal
/// with a role has what the role includes, whether the vendor shows rows for it or not; one without a role has what
/// rows give, unless the site has only roles and somebody is shown to have one. `roles` are the site's.
pub(crate) fn administrators(
    mode: AccessMode,
    rows: &[Permission],
    assignments: &[Assignment],
    roles: &[Role],
) -> BTreeMap<ResourceId, Option<bool>> {
    let by_role = |held: &Assignment| {
        let role = roles.iter().find(|role| role.id == held.role_id)?;
        let is_shown = !role.space_permissions.is_empty();
        is_shown.then(|| includes(role, ADMINISTER))
    };
    let assignments = assignments.iter().filter(|_| mode.has_roles());
    let mut all: BTreeMap<_, _> = assignments.map(|held| (assignee(held), by_role(held))).collect();
    if mode != AccessMode::Roles || all.is_empty() {
        for row in rows.iter().filter(|row| is(row, ADMINISTER)) {
            all.entry(holder_of(row)).or_insert(Some(true));
        }
    }
    all
}

/// Whether a role includes a permission (verb and noun).
pub(crate) fn includes(role: &Role, (verb, noun): (&str, &str)) -> bool {
    let id = format!("{verb}/{noun}");
    role.space_permissions.contains(&id)
}

/// Whether a row is of this permission (verb and noun).
pub(crate) fn is(row: &Permission, (verb, noun): (&str, &str)) -> bool {
    row.operation.key == verb && row.operation.target_type == noun
}

/// The rows that were read, for an audit record.
pub(crate) fn shown(rows: &[Permission]) -> Value {
    let rows = rows.iter().map(|row| {
        json!({
            "id": row.id,
            "principal": {"type": row.principal.kind, "id": row.principal.id},
            "operation": slug((&row.operation.key, &row.operation.target_type)),
        })
    });
    rows.collect()
}
