//! Organizations: their members, the invitations to them, and the roles that members have.
//!
//! Roles: <https://www.elastic.co/docs/deploy-manage/users-roles/cloud-organization/user-roles>.

use std::collections::{BTreeMap, BTreeSet};

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Grant, Resource, ResourceId, ResourceTrait, State,
    name_or_id, put, put_time,
};

use super::names::{
    DEPLOYMENT, INVITATION, ORGANIZATION, OWNER, PROJECT, USER, assignment, in_organization,
    put_names, slug,
};
use crate::api::{Assignment, Assignments, Invitation, Member, Organization};

/// The roles that are always shown; others are shown when somebody has them.
const ORGANIZATION_ROLES: [&str; 2] = [OWNER, "billing-admin"];
const DEPLOYMENT_ROLES: [&str; 3] = ["deployment-admin", "deployment-editor", "deployment-viewer"];

/// An organization.
pub(crate) fn organization(organization: &Organization) -> Records {
    let id = ResourceId::new(ORGANIZATION, &organization.id);
    let name = organization.name();
    let mut resource = Resource::new(id, name, ResourceTrait::None);
    resource.state = State::Enabled;
    let member = assignment(
        in_organization(&organization.id),
        format!("{name} Organization member"),
        format!("Member of {name} Elastic organization"),
    );
    let mut entitlements = vec![member];
    entitlements.extend(ORGANIZATION_ROLES.map(|role| role_in(organization, role)));
    Records { resources: vec![resource], entitlements, ..Records::default() }
}

/// Whether somebody owns the organization.
pub(crate) fn is_owner(organization: &Organization, member: &Member) -> bool {
    let mut roles = member.role_assignments.organization.iter();
    roles.any(|role| role.role_id == OWNER && role.is_in(&organization.id))
}

/// A member of an organization with all roles there.
pub(crate) fn member(organization: &Organization, member: &Member) -> Records {
    let resource = user(organization, member);
    let principal = resource.id.clone();
    let membership = Grant::new(in_organization(&organization.id), principal.clone());
    let mut records =
        Records { resources: vec![resource], grants: vec![membership], ..Records::default() };
    let roles = &member.role_assignments;
    let in_it = roles.organization.iter();
    let in_it = in_it.filter(|role| role.is_in(&organization.id));
    for role in roles.platform.iter().chain(in_it) {
        let entitlement = role_in(organization, &role.role_id);
        hold(&mut records, entitlement, &principal);
    }
    for role in &roles.deployment {
        hold_on_places(&mut records, organization, None, role, &principal);
    }
    for (kind, roles) in roles.on_projects() {
        for role in &roles {
            hold_on_places(&mut records, organization, Some(kind), role, &principal);
        }
    }
    records
}

fn user(organization: &Organization, member: &Member) -> Resource {
    let id = ResourceId::new(USER, &member.user_id);
    let (name, email) = (member.name.verbatim(), member.email.verbatim());
    let shown = name_or_id(name, name_or_id(email, &member.user_id));
    let address = Some(email.to_owned()).filter(|email| !email.is_empty());
    let resource_trait = ResourceTrait::account(AccountType::Human, address).with_login(email);
    let mut resource = Resource::new(id, shown, resource_trait);
    resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
    resource.state = State::Enabled;
    let profile = &mut resource.profile;
    put_names(profile, name);
    put(profile, "login", email);
    put(profile, "user_id", &member.user_id);
    put(profile, "org_id", &organization.id);
    put_time(profile, "member_since", member.member_since.value());
    resource
}

/// A member's roles that are not shown: those of unknown kinds, and those on no object.
pub(crate) fn not_shown(assignments: &Assignments) -> BTreeSet<String> {
    let mut not_shown: BTreeSet<String> = assignments.unknown_kinds().collect();
    let mut check = |role: &Assignment, ids: &[String], place| {
        if !role.all && ids.is_empty() {
            not_shown.insert(format!("{} on no {place}", role.role_id));
        }
    };
    for role in &assignments.deployment {
        check(role, &role.deployment_ids, "deployment");
    }
    for role in assignments.on_projects().iter().flat_map(|(_, roles)| roles) {
        check(role, &role.project_ids, "project");
    }
    not_shown
}

/// Adds a role on deployments, or on projects of a kind, and the custom roles that come with it.
fn hold_on_places(
    records: &mut Records,
    organization: &Organization,
    project_kind: Option<&str>,
    role: &Assignment,
    principal: &ResourceId,
) {
    if !role.is_in(&organization.id) {
        return;
    }
    let (id, name) = (&organization.id, organization.name());
    let (resource_type, ids, all) = match project_kind {
        None => {
            let all = (format!("all-{id}"), format!("All deployments of {name}"));
            (DEPLOYMENT, &role.deployment_ids, all)
        }
        Some(kind) => {
            let name = format!("All {kind} projects of {name}");
            (PROJECT, &role.project_ids, (format!("all-{kind}-{id}"), name))
        }
    };
    let places = match role.all {
        true => vec![all],
        // Only another API knows their names.
        false => ids.iter().map(|id| (id.clone(), id.clone())).collect(),
    };
    for (id, name) in places {
        let id = ResourceId::new(resource_type, id);
        let mut resource = Resource::new(id.clone(), &name, ResourceTrait::None);
        resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
        match project_kind {
            Some(kind) => put(&mut resource.profile, "project_type", kind),
            None => {
                let usual = DEPLOYMENT_ROLES.map(|role| role_on(&id, &name, role));
                records.entitlements.extend(usual);
            }
        }
        records.resources.push(resource);
        hold(records, role_on(&id, &name, &role.role_id), principal);
        for role in &role.application_roles {
            hold(records, custom_role_on(&id, &name, role), principal);
        }
    }
}

/// Adds an entitlement with its grant. An entitlement that is added several times is stored once.
fn hold(records: &mut Records, entitlement: Entitlement, principal: &ResourceId) {
    let grant = Grant::new(entitlement.id.clone(), principal.clone());
    records.grants.push(grant);
    records.entitlements.push(entitlement);
}

fn role_in(organization: &Organization, role: &str) -> Entitlement {
    let name = organization.name();
    let means = match role {
        OWNER => "Owner of the organization: everything, and superuser in every deployment",
        "billing-admin" => "May see and change what the organization pays",
        _ => "Has a role in the Elastic organization",
    };
    let id = EntitlementId::new(ResourceId::new(ORGANIZATION, &organization.id), slug(role));
    assignment(id, format!("{name} {role}"), means.into())
}

fn role_on(place: &ResourceId, name: &str, role: &str) -> Entitlement {
    let means = match role {
        "deployment-admin" => "superuser in the deployment, and its administration",
        "deployment-editor" => "editor in the deployment, and changes of it",
        "deployment-viewer" => "viewer in the deployment, and a look at it",
        _ => "a role of Elastic Cloud",
    };
    let id = EntitlementId::new(place.clone(), slug(role));
    assignment(id, format!("{name} {role}"), format!("Has {means}"))
}

/// A role that a deployment itself defines and that an Elastic Cloud role includes. *Unknown*: whether it adds to the
/// usual role there or replaces it; both are shown.
fn custom_role_on(place: &ResourceId, name: &str, role: &str) -> Entitlement {
    let id = EntitlementId::new(place.clone(), format!("application-{}", slug(role)));
    let means = format!("Has the custom role {role} there after signing in through Elastic Cloud");
    assignment(id, format!("{name} custom role {role}"), means)
}

/// The pending invitations; of several to one person, the one that lasts longest.
pub(crate) fn invitations(organization: &Organization, all: &[Invitation]) -> Vec<Resource> {
    let lasts = |one: &Invitation| {
        let times = [one.expires_at.value(), one.created_at.value()];
        (one.expired.value() != Some(true), times)
    };
    let mut pending: BTreeMap<String, &Invitation> = BTreeMap::new();
    for invitation in all.iter().filter(|one| !one.is_accepted()) {
        let address = invitation.email.to_lowercase();
        let known = pending.entry(address).or_insert(invitation);
        if lasts(invitation) > lasts(known) {
            *known = invitation;
        }
    }
    let pending = pending.iter();
    pending.map(|(address, one)| invited(organization, address, one)).collect()
}

/// Somebody who was invited. The invitation's token gives access to the organization and is not kept; its roles are not
/// grants before it is accepted.
fn invited(organization: &Organization, address: &str, invitation: &Invitation) -> Resource {
    let id = ResourceId::new(INVITATION, format!("{}/{address}", organization.id));
    let resource_trait = ResourceTrait::account(AccountType::Human, Some(invitation.email.clone()));
    let mut resource = Resource::new(id, &invitation.email, resource_trait);
    resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
    resource.created_at = invitation.created_at.value();
    (resource.state, resource.state_details) = match invitation.expired.value() {
        Some(true) => (State::Disabled, "the invitation has expired".into()),
        _ => (State::Unknown, "invited".into()),
    };
    let profile = &mut resource.profile;
    put(profile, "email", &invitation.email);
    put(profile, "org_id", &organization.id);
    put_time(profile, "expires_at", invitation.expires_at.value());
    if let Some(roles) = &invitation.role_assignments {
        put(profile, "role_assignments", roles.get());
    }
    resource
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// An expired one stays next to the one that replaces it.
    #[test]
    fn of_several_invitations_of_one_person_the_one_that_can_be_accepted_longest_is_shown() {
        let acme = json!({"id": "1", "name": "Acme"});
        let acme: Organization = serde_json::from_value(acme).expect("an organization");
        let one = |email: &str, expired: bool, until: &str| json!({"email": email, "expired": expired, "expires_at": format!("{until}T00:00:00Z")});
        let good = one("new@acme.io", false, "2025-06-04");
        for other in [
            one("new@acme.io", true, "2025-01-04"),
            one("new@acme.io", true, "2025-12-04"),
            one("NEW@acme.io", true, "2025-12-04"),
            one("New@acme.io", false, "2025-06-03"),
        ] {
            for list in [json!([good, other]), json!([other, good])] {
                let list: Vec<Invitation> = serde_json::from_value(list).expect("invitations");
                let [shown] = &invitations(&acme, &list)[..] else {
                    panic!("not one: {list:?}");
                };
                assert_eq!(shown.id, ResourceId::new(INVITATION, "1/new@acme.io"));
                assert_eq!(shown.state_details, "invited");
                assert_eq!(shown.profile["expires_at"], "2025-06-04T00:00:00Z");
            }
        }
    }
}
