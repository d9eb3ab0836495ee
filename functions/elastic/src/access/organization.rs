//! Organizations: who is in them, who is invited, and the roles that people have in them.
//!
//! Roles: <https://www.elastic.co/docs/deploy-manage/users-roles/cloud-organization/user-roles>.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Grant, Profile, Purpose, Resource, ResourceId,
    ResourceTrait, State, put, put_time,
};

use super::first_and_last;
use super::names::{
    DEPLOYMENT, INVITATION, ORGANIZATION, OWNER, PROJECT, USER, in_organization, slug,
};
use crate::api::{Assignments, Invitation, Member, Organization, Scoped};

/// The organization's roles that are always shown; others when somebody has them.
const ROLES: [&str; 2] = [OWNER, "billing-admin"];
/// The same of a deployment.
const ON_DEPLOYMENTS: [&str; 3] = ["deployment-admin", "deployment-editor", "deployment-viewer"];

/// An organization.
pub(crate) fn organization(organization: &Organization) -> Records {
    let id = ResourceId::new(ORGANIZATION, &organization.id);
    let name = organization.name();
    let mut resource = Resource::new(id, name, ResourceTrait::None);
    resource.state = State::Enabled;
    let member = entitlement(
        in_organization(&organization.id),
        format!("{name} Organization member"),
        format!("Member of {name} Elastic organization"),
    );
    let mut entitlements = vec![member];
    entitlements.extend(ROLES.map(|role| has_in(organization, role)));
    Records {
        resources: vec![resource],
        entitlements,
        ..Records::default()
    }
}

/// Whether somebody owns the organization.
pub(crate) fn is_owner(organization: &Organization, member: &Member) -> bool {
    let mut roles = member.role_assignments.organization.iter();
    roles.any(|role| role.role_id == OWNER && role.is_of(&organization.id))
}

/// Somebody in an organization, with all roles there. Those that somebody has in another organization are shown with that
/// one.
pub(crate) fn member(organization: &Organization, member: &Member) -> Records {
    let resource = user(organization, member);
    let principal = resource.id.clone();
    let mut records = Records {
        resources: vec![resource],
        grants: vec![Grant::new(
            in_organization(&organization.id),
            principal.clone(),
        )],
        ..Records::default()
    };
    let Assignments {
        platform,
        organization: on_it,
        deployment,
        ..
    } = &member.role_assignments;
    let on_it = on_it.iter().filter(|role| role.is_of(&organization.id));
    for role in platform.iter().chain(on_it) {
        hold(
            &mut records,
            has_in(organization, &role.role_id),
            &principal,
        );
    }
    let on_deployments = deployment.iter();
    for scoped in on_deployments.filter(|scoped| scoped.is_of(&organization.id)) {
        let reached = Reached::deployments(organization, scoped);
        records.extend(reached.held_by(organization, scoped, &principal));
    }
    for (kind, scoped) in member.role_assignments.on_projects() {
        let scoped = scoped.iter();
        for scoped in scoped.filter(|scoped| scoped.is_of(&organization.id)) {
            let reached = Reached::projects(organization, kind, scoped);
            records.extend(reached.held_by(organization, scoped, &principal));
        }
    }
    records
}

fn user(organization: &Organization, member: &Member) -> Resource {
    let id = ResourceId::new(USER, &member.user_id);
    let name = [member.name(), member.email(), &member.user_id];
    let name = name.into_iter().find(|name| !name.is_empty());
    let email = Some(member.email().to_owned()).filter(|email| !email.is_empty());
    let resource_trait =
        ResourceTrait::account(AccountType::Human, email).with_login(member.email());
    let mut resource = Resource::new(id, name.unwrap_or_default(), resource_trait);
    resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
    resource.state = State::Enabled;
    let profile = &mut resource.profile;
    names(profile, member.name());
    put(profile, "login", member.email());
    put(profile, "user_id", &member.user_id);
    put(profile, "org_id", &organization.id);
    put_time(profile, "member_since", member.member_since.get().copied());
    resource
}

/// What is not shown of somebody's roles: the kinds of which nothing is known but the name, and roles that are on nothing.
pub(crate) fn unknown(assignments: &Assignments) -> BTreeSet<String> {
    let mut unknown: BTreeSet<String> = assignments.unknown_kinds().collect();
    let nowhere = |scoped: &Scoped, ids: &[String]| !scoped.all && ids.is_empty();
    for scoped in &assignments.deployment {
        if nowhere(scoped, &scoped.deployment_ids) {
            unknown.insert(format!("{} on no deployment", scoped.role_id));
        }
    }
    for (_, scoped) in assignments.on_projects() {
        let nowhere = scoped.iter().filter(|one| nowhere(one, &one.project_ids));
        unknown.extend(nowhere.map(|one| format!("{} on no project", one.role_id)));
    }
    unknown
}

/// Deployments or projects that a role is on.
struct Reached {
    resource_type: &'static str,
    /// Id and name of each.
    places: Vec<(String, String)>,
    /// For the profile.
    kind: Option<String>,
}

impl Reached {
    fn deployments(organization: &Organization, scoped: &Scoped) -> Self {
        let all = || {
            let name = format!("All deployments of {}", organization.name());
            (format!("all-{}", organization.id), name)
        };
        Self {
            resource_type: DEPLOYMENT,
            places: places(scoped, &scoped.deployment_ids, all),
            kind: None,
        }
    }

    fn projects(organization: &Organization, kind: &str, scoped: &Scoped) -> Self {
        let all = || {
            let name = format!("All {kind} projects of {}", organization.name());
            (format!("all-{kind}-{}", organization.id), name)
        };
        Self {
            resource_type: PROJECT,
            places: places(scoped, &scoped.project_ids, all),
            kind: Some(kind.to_owned()),
        }
    }

    /// Somebody has the role on all of them, and the roles that come with it.
    fn held_by(self, organization: &Organization, scoped: &Scoped, who: &ResourceId) -> Records {
        let mut records = Records::default();
        for (id, name) in &self.places {
            let id = ResourceId::new(self.resource_type, id);
            let mut resource = Resource::new(id.clone(), name, ResourceTrait::None);
            resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
            if let Some(kind) = &self.kind {
                put(&mut resource.profile, "project_type", kind);
            }
            records.resources.push(resource);
            if self.resource_type == DEPLOYMENT {
                let usual = ON_DEPLOYMENTS.map(|role| has_on(&id, name, role));
                records.entitlements.extend(usual);
            }
            hold(&mut records, has_on(&id, name, &scoped.role_id), who);
            for role in &scoped.application_roles {
                hold(&mut records, has_custom_on(&id, name, role), who);
            }
        }
        records
    }
}

fn places(
    scoped: &Scoped,
    ids: &[String],
    all: impl FnOnce() -> (String, String),
) -> Vec<(String, String)> {
    match scoped.all {
        true => vec![all()],
        // Their names are known to another API only.
        false => ids.iter().map(|id| (id.clone(), id.clone())).collect(),
    }
}

/// The entitlement comes along: one that everybody has alike is kept once.
fn hold(records: &mut Records, entitlement: Entitlement, who: &ResourceId) {
    records
        .grants
        .push(Grant::new(entitlement.id.clone(), who.clone()));
    records.entitlements.push(entitlement);
}

fn has_in(organization: &Organization, role: &str) -> Entitlement {
    let name = organization.name();
    let means = match role {
        OWNER => "Owner of the organization: everything, and superuser in every deployment",
        "billing-admin" => "May see and change what the organization pays",
        _ => "Has a role in the Elastic organization",
    };
    let id = EntitlementId::new(ResourceId::new(ORGANIZATION, &organization.id), slug(role));
    entitlement(id, format!("{name} {role}"), means.into())
}

fn has_on(place: &ResourceId, name: &str, role: &str) -> Entitlement {
    let means = match role {
        "deployment-admin" => "superuser in the deployment, and its administration",
        "deployment-editor" => "editor in the deployment, and changes of it",
        "deployment-viewer" => "viewer in the deployment, and a look at it",
        _ => "a role of Elastic Cloud",
    };
    let id = EntitlementId::new(place.clone(), slug(role));
    entitlement(id, format!("{name} {role}"), format!("Has {means}"))
}

/// A role of the place's own, which comes with one of Elastic Cloud. *Unknown*: whether beside or instead of the usual
/// role there; both are shown.
fn has_custom_on(place: &ResourceId, name: &str, role: &str) -> Entitlement {
    let id = EntitlementId::new(place.clone(), format!("application-{}", slug(role)));
    let means = format!("Has the custom role {role} there after signing in through Elastic Cloud");
    entitlement(id, format!("{name} custom role {role}"), means)
}

fn entitlement(id: EntitlementId, display_name: String, description: String) -> Entitlement {
    Entitlement {
        id,
        display_name,
        description,
        grantable_to: &[USER],
        purpose: Purpose::Assignment,
        immutable: false,
        exclusive: None,
        v1_identifier: None,
    }
}

/// Those who were invited and are not in yet. Of several invitations of one person the one counts that lasts longest.
pub(crate) fn invitations(organization: &Organization, all: &[Invitation]) -> Vec<Resource> {
    let mut pending: BTreeMap<String, &Invitation> = BTreeMap::new();
    for invitation in all.iter().filter(|one| !one.is_accepted()) {
        let lasts = |one: &Invitation| {
            let times = [&one.expires_at, &one.created_at].map(|time| time.get().copied());
            (one.expired.get() != Some(&true), times)
        };
        let address = invitation.email.to_lowercase();
        let known = pending.entry(address).or_insert(invitation);
        if lasts(invitation) > lasts(known) {
            *known = invitation;
        }
    }
    let pending = pending.iter();
    pending
        .map(|(address, one)| self::invitation(organization, address, one))
        .collect()
}

/// Somebody who was invited and is not in yet. The invitation's token is as good as a key, and is not kept; roles come
/// with acceptance, and are no grants before.
fn invitation(organization: &Organization, address: &str, invitation: &Invitation) -> Resource {
    let id = ResourceId::new(INVITATION, format!("{}/{address}", organization.id));
    let resource_trait = ResourceTrait::account(AccountType::Human, Some(invitation.email.clone()));
    let mut resource = Resource::new(id, &invitation.email, resource_trait);
    resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
    resource.created_at = invitation.created_at.get().copied();
    (resource.state, resource.state_details) = match invitation.expired.get() {
        Some(true) => (State::Disabled, "the invitation has expired".into()),
        _ => (State::Unknown, "invited".into()),
    };
    let profile = &mut resource.profile;
    put(profile, "email", &invitation.email);
    put(profile, "org_id", &organization.id);
    put_time(profile, "expires_at", invitation.expires_at.get().copied());
    if let Some(roles) = &invitation.role_assignments {
        put(profile, "role_assignments", roles.get());
    }
    resource
}

/// The names as the public connector has them, empty ones included.
pub(super) fn names(profile: &mut Profile, name: &str) {
    let (first, last) = first_and_last(name);
    profile.insert("first_name".into(), first.into());
    profile.insert("last_name".into(), last.into());
}
