//! Means: pure functions from Confluence's objects to resources, entitlements and grants.
//!
//! Ids and slugs are those of the public Baton connector; the README's table says what is different and why. Access
//! model: <https://support.atlassian.com/confluence-cloud/docs/what-are-space-permissions/>.

mod names;

use std::collections::BTreeMap;

use rollcall_connector::Records;
use rollcall_connector::http::lenient::Lenient;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Exclusive, Grant, Profile, Purpose, Rank, Resource,
    ResourceId, ResourceTrait, State, brief, put,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::{Account, Assignment, Group, Permission, Person, Role, Space, Text};

pub(crate) use names::*;

/// How a site gives access to spaces (`GET /wiki/api/v2/space-role-mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By rows of permissions alone.
    Rows,
    /// Either by rows or by a role, for each principal and space.
    Both,
    /// By roles alone.
    Roles,
}

impl Mode {
    pub(crate) fn has_roles(self) -> bool {
        self != Self::Rows
    }
}

/// What of the site's permissions is shown.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) nouns: Vec<&'static str>,
    pub(crate) verbs: Vec<&'static str>,
}

impl Selection {
    /// Whether a permission is wanted.
    pub(crate) fn has(&self, verb: &str, noun: &str) -> bool {
        self.verbs.contains(&verb) && self.nouns.contains(&noun)
    }

    /// The permissions that are wanted and exist.
    fn pairs(&self, mode: Mode) -> impl Iterator<Item = Pair> {
        let exists = move |pair: &Pair| mode.has_roles() || !pair.of_role_era;
        PAIRS
            .into_iter()
            .filter(exists)
            .filter(|pair| self.has(pair.verb, pair.noun))
    }
}

/// An account as the API v1 shows it, in the search or as a member: whether it is active is not told.
pub(crate) fn person(person: &Person) -> Resource {
    let account = Account {
        account_id: person.account_id.clone(),
        account_type: person.account_type.clone(),
        account_status: Text::default(),
        email: person.email.clone(),
        display_name: person.display_name.clone(),
        public_name: person.public_name.clone(),
        is_external_collaborator: Lenient::Read(person.is_guest()),
    };
    let mut resource = user(&account);
    resource.rank = Rank::Member;
    resource
}

/// An account.
pub(crate) fn user(account: &Account) -> Resource {
    // The address is "" where its owner hides it.
    let email = Some(account.email.to_string()).filter(|email| !email.is_empty());
    let kind = match &*account.account_type {
        "app" => AccountType::Service,
        "atlassian" | "customer" => AccountType::Human,
        _ => AccountType::Unknown,
    };
    let resource_trait = ResourceTrait::User {
        login: email.clone(),
        email,
        account_type: kind,
        last_login: None,
        mfa: None,
    };
    let name = or_id(&account.public_name, &account.account_id);
    let name = or_id(&account.display_name, name);
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
    let is_guest = account.is_external_collaborator.get() == Some(&true);
    profile.insert("is_guest".into(), is_guest.into());
    resource
}

/// Whether a group's members are kept elsewhere, by an identity provider.
pub(crate) fn is_external(group: &Group) -> bool {
    group.managed_by.eq_ignore_ascii_case("EXTERNAL")
}

/// A group.
pub(crate) fn group(group: &Group) -> Records {
    let name = or_id(&group.name, &group.id);
    let id = ResourceId::new(GROUP, &group.id);
    let mut resource = Resource::new(id, name, ResourceTrait::Group);
    resource.state = State::Enabled;
    let profile = &mut resource.profile;
    put(profile, "group_id", &group.id);
    put(profile, "group_name", &*group.name);
    put(profile, "group_type", "group");
    put(profile, "managed_by", &*group.managed_by);
    put(profile, "usage_type", &*group.usage_type);
    let entitlement = Entitlement {
        id: member(&group.id),
        display_name: format!("{name} Group Member"),
        description: format!("Is member of the {name} group in Confluence"),
        grantable_to: &[USER],
        purpose: Purpose::Assignment,
        immutable: is_external(group),
        exclusive: None,
        v1_identifier: None,
    };
    Records {
        resources: vec![resource],
        entitlements: vec![entitlement],
        ..Records::default()
    }
}

/// Somebody is in a group.
pub(crate) fn membership(group: &str, person: &Person) -> Records {
    let resource = self::person(person);
    Records {
        grants: vec![Grant::new(member(group), resource.id.clone())],
        resources: vec![resource],
        ..Records::default()
    }
}

/// A space, and what can be held on it.
pub(crate) fn space(space: &Space, selection: &Selection, mode: Mode) -> Records {
    let id = ResourceId::new(SPACE, &space.id);
    let name = or_id(&space.name, &space.key);
    let mut resource = Resource::new(id, name, ResourceTrait::None);
    resource.state = State::Enabled;
    if &*space.status != "current" {
        resource.state_details = space.status.to_string();
    }
    resource.created_at = space.created_at.get().copied();
    let profile = &mut resource.profile;
    put(profile, "space_key", &space.key);
    put(profile, "space_type", &*space.kind);
    put(profile, "space_status", &*space.status);
    put(profile, "web_url", &space.web_url);
    let pairs = selection.pairs(mode);
    Records {
        resources: vec![resource],
        entitlements: pairs
            .map(|pair| space_entitlement(&space.id, name, &pair, mode))
            .collect(),
        ..Records::default()
    }
}

fn space_entitlement(space: &str, name: &str, pair: &Pair, mode: Mode) -> Entitlement {
    Entitlement {
        id: permission(space, pair.verb, pair.noun),
        display_name: format!("{name}: {} ({})", pair.title, pair.slug()),
        description: format!("Can {} in the space {name} in Confluence", in_a_space(pair)),
        grantable_to: HOLDERS,
        purpose: Purpose::Permission,
        // Where there are only roles, what is left of rows can be neither given nor taken.
        immutable: mode == Mode::Roles,
        exclusive: None,
        v1_identifier: None,
    }
}

fn in_a_space(pair: &Pair) -> String {
    match (pair.verb, pair.noun) {
        ("read", "space") => "view everything that is not restricted".into(),
        ("administer", "space") => "administer everything, permissions included,".into(),
        ("export", "space") => "export everything".into(),
        _ => pair.title.into(),
    }
}

/// What became of a row of a space's permissions.
#[derive(Debug)]
pub(crate) enum Row {
    /// It is shown.
    Shown(Records),
    /// It is of a noun or verb that the configuration leaves out.
    NotSelected,
    /// It does not say what it allows.
    Unnamed,
}

/// A row of a space's permissions. `by_role`: it follows from a role, and cannot be taken by itself.
pub(crate) fn row(
    space: &str,
    row: &Permission,
    selection: &Selection,
    mode: Mode,
    by_role: bool,
) -> Row {
    let (verb, noun) = (
        row.operation.key.as_str(),
        row.operation.target_type.as_str(),
    );
    if !row.operation.is_named() {
        return Row::Unnamed;
    }
    if !selection.has(verb, noun) {
        return Row::NotSelected;
    }
    let id = permission(space, verb, noun);
    let mut records = holder(&id, &row.principal.kind, &row.principal.id);
    if by_role || mode == Mode::Roles {
        for grant in &mut records.grants {
            grant.immutable = true;
        }
    }
    // The lists of what exists are older than the site may be: nobody's access is lost for that.
    if Pair::find(verb, noun).is_none_or(|pair| pair.of_role_era && !mode.has_roles()) {
        records.entitlements.push(unlisted(id));
    }
    Row::Shown(records)
}

/// An entitlement of a permission that the space did not come with.
fn unlisted(id: EntitlementId) -> Entitlement {
    Entitlement {
        display_name: id.slug.clone(),
        description: format!("Has the permission {} in Confluence", id.slug),
        grantable_to: HOLDERS,
        purpose: Purpose::Permission,
        immutable: true,
        exclusive: None,
        v1_identifier: None,
        id,
    }
}

/// A grant to whoever it is: people, groups with their members, and classes of people, which are resources of their own.
fn holder(entitlement: &EntitlementId, kind: &str, id: &str) -> Records {
    let principal = principal(kind, id);
    let mut records = Records::default();
    let mut grant = Grant::new(entitlement.clone(), principal.clone());
    match principal.resource_type.as_str() {
        GROUP => grant = grant.through(member(&principal.id)),
        CLASS => {
            // Nobody can be put into such a class, and what it may do is set on the site, not through this API.
            records.resources.push(class(&principal));
        }
        _ => {}
    }
    records.grants.push(grant);
    records
}

fn class(id: &ResourceId) -> Resource {
    let name = match id.id.as_str() {
        "all-licensed-users" => "Everybody with a licence".to_owned(),
        "all-product-admins" => "All product administrators".to_owned(),
        "anonymous-users" => "Anybody on the internet".to_owned(),
        "authenticated-users" => "Everybody who is signed in".to_owned(),
        "jsm-project-admins" => "All administrators of service projects".to_owned(),
        other => other.to_owned(),
    };
    let mut resource = Resource::new(id.clone(), name, ResourceTrait::Group);
    resource.state = State::Enabled;
    put(&mut resource.profile, "access_class", &id.id);
    resource
}

/// A role that can be given on spaces.
pub(crate) fn role(role: &Role) -> Resource {
    let id = ResourceId::new(ROLE, &role.id);
    let mut resource = Resource::new(id, or_id(&role.name, &role.id), ResourceTrait::Role);
    resource.state = State::Enabled;
    resource.description = brief(&role.description);
    let profile: &mut Profile = &mut resource.profile;
    put(profile, "description", &*role.description);
    let mut permissions = role.space_permissions.clone();
    permissions.sort();
    profile.insert("space_permissions".into(), json!(permissions));
    resource
}

/// Somebody has a role on a space. `roles` are the site's, weakest first.
pub(crate) fn assignment(space: &Space, assignment: &Assignment, roles: &[Role]) -> Records {
    let place = roles.iter().position(|role| role.id == assignment.role_id);
    let known = place.map(|place| &roles[place]);
    let role_name = known.map_or(assignment.role_id.as_str(), |role| {
        or_id(&role.name, &role.id)
    });
    let name = format!("{role_name} on {}", or_id(&space.name, &space.key));
    let scope = ResourceId::new(SPACE, &space.id);
    let resource_trait = ResourceTrait::ScopeBinding {
        role: ResourceId::new(ROLE, &assignment.role_id),
        scope: scope.clone(),
    };
    let mut resource = Resource::new(
        assignment_id(&space.id, &assignment.role_id),
        &name,
        resource_trait,
    );
    resource.state = State::Enabled;
    resource.parent = Some(scope);
    let id = assigned(&space.id, &assignment.role_id);
    let mut records = holder(
        &id,
        &assignment.principal.principal_type,
        &assignment.principal.principal_id,
    );
    records.resources.push(resource);
    records.entitlements.push(Entitlement {
        id,
        display_name: name,
        description: format!("Has the role {role_name} on this space in Confluence"),
        grantable_to: HOLDERS,
        purpose: Purpose::Assignment,
        immutable: false,
        // A principal has one role on a space: another one takes its place.
        exclusive: Some(Exclusive {
            group: format!("space-role:{}", space.id),
            order: u32::try_from(place.unwrap_or(roles.len())).unwrap_or(u32::MAX),
            per_resource: false,
        }),
        v1_identifier: None,
    });
    if known.is_none() {
        let unknown = Role {
            id: assignment.role_id.clone(),
            ..Role::default()
        };
        let mut unknown = role(&unknown);
        unknown.rank = Rank::Stub;
        records.resources.push(unknown);
    }
    records
}

/// Who holds a row of permissions.
pub(crate) fn holder_of(row: &Permission) -> ResourceId {
    principal(&row.principal.kind, &row.principal.id)
}

/// Who has a role.
pub(crate) fn assignee(assignment: &Assignment) -> ResourceId {
    let holder = &assignment.principal;
    principal(&holder.principal_type, &holder.principal_id)
}

/// What a row of a space's permissions grants.
pub(crate) fn permission_of(space: &str, row: &Permission) -> EntitlementId {
    permission(space, &row.operation.key, &row.operation.target_type)
}

/// Roles in the order of what they allow.
pub(crate) fn by_strength(mut roles: Vec<Role>) -> Vec<Role> {
    roles.sort_by(|a, b| {
        (a.space_permissions.len(), &a.id).cmp(&(b.space_permissions.len(), &b.id))
    });
    roles
}

/// Who administers a space; `None` where what somebody holds does not tell. What counts is what is in force: whoever has a
/// role has what that role includes, whether the vendor shows rows for it or not; who has none, what rows give, unless
/// there are only roles and somebody is shown to have one. `roles` are the site's.
pub(crate) fn administrators(
    mode: Mode,
    rows: &[Permission],
    assignments: &[Assignment],
    roles: &[Role],
) -> BTreeMap<ResourceId, Option<bool>> {
    let by_role = |held: &Assignment| {
        let role = roles.iter().find(|role| role.id == held.role_id)?;
        let is_shown = !role.space_permissions.is_empty();
        is_shown.then(|| includes(role, "administer", "space"))
    };
    let mut all: BTreeMap<ResourceId, Option<bool>> = assignments
        .iter()
        .filter(|_| mode.has_roles())
        .map(|held| (assignee(held), by_role(held)))
        .collect();
    let administers = |row: &&Permission| {
        (&*row.operation.key, &*row.operation.target_type) == ("administer", "space")
    };
    let rows_count = mode != Mode::Roles || assignments.is_empty();
    for row in rows.iter().filter(administers).filter(|_| rows_count) {
        all.entry(holder_of(row)).or_insert(Some(true));
    }
    all
}

/// Whether a role includes a permission.
pub(crate) fn includes(role: &Role, verb: &str, noun: &str) -> bool {
    role.space_permissions
        .iter()
        .any(|id| *id == format!("{verb}/{noun}"))
}

fn or_id<'a>(name: &'a str, id: &'a str) -> &'a str {
    if name.is_empty() { id } else { name }
}

/// What was read, for an audit record.
pub(crate) fn shown(rows: &[Permission]) -> Value {
    let rows = rows.iter().map(|row| {
        json!({
            "id": row.id,
            "principal": {"type": row.principal.kind, "id": row.principal.id},
            "operation": slug(&row.operation.key, &row.operation.target_type),
        })
    });
    rows.collect()
}
