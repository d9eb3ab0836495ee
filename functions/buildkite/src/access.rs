//! Pure functions from Buildkite's objects to resources, entitlements and grants.
//!
//! Roles in teams: <https://buildkite.com/docs/platform/team-management/permissions>.

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Exclusive, Grant, Purpose, Rank, Resource, ResourceId,
    ResourceTrait, State, brief, name_or_id, put, put_time,
};

use crate::api::{Member, Membership, Organization, Team};

pub(crate) const ORGANIZATION: &str = "organization";
pub(crate) const TEAM: &str = "team";
pub(crate) const USER: &str = "user";

pub(crate) const MEMBER: &str = "member";
const MAINTAINER: &str = "maintainer";
pub(crate) const ADMIN: &str = "admin";

/// An entitlement for users: `slug` on the resource `on`.
fn entitlement(on: &ResourceId, slug: &str, name: String, description: String) -> Entitlement {
    let id = EntitlementId::new(on.clone(), slug);
    Entitlement { description, ..Entitlement::new(id, name, &[USER]) }
}

/// The organization.
pub(crate) fn organization(organization: &Organization) -> Records {
    let id = ResourceId::new(ORGANIZATION, &organization.id);
    let name = name_or_id(organization.name.text(), &organization.slug);
    let belongs = format!("Belongs to the {name} organization in Buildkite");
    let administers = format!(
        "Administers the {name} organization in Buildkite: all teams, pipelines and settings"
    );
    let entitlements = vec![
        entitlement(&id, MEMBER, format!("{name} Org Member"), belongs),
        Entitlement {
            purpose: Purpose::Permission,
            ..entitlement(&id, ADMIN, format!("{name} Org Admin"), administers)
        },
    ];
    let mut resource = Resource::new(id, name, ResourceTrait::None);
    resource.state = State::Enabled;
    resource.created_at = organization.created_at.time();
    put(&mut resource.profile, "slug", &organization.slug);
    Records { resources: vec![resource], entitlements, ..Records::default() }
}

/// A member of the organization. An administrator is also a member.
pub(crate) fn member(organization: &Organization, member: &Member) -> Records {
    let resource = user(organization, member);
    let on = ResourceId::new(ORGANIZATION, &organization.id);
    let holds = |slug| Grant::new(EntitlementId::new(on.clone(), slug), resource.id.clone());
    let mut grants = vec![holds(MEMBER)];
    if member.role == ADMIN {
        grants.push(holds(ADMIN));
    }
    Records { resources: vec![resource], grants, ..Records::default() }
}

fn user(organization: &Organization, member: &Member) -> Resource {
    let (name, email) = (member.name.text(), member.email.text());
    let address = Some(email).filter(|email| email.contains('@'));
    let resource_trait = ResourceTrait::account(AccountType::Human, address.map(str::to_owned))
        .with_login(address.unwrap_or_default());
    let title = name_or_id(name_or_id(name, email), &member.id);
    let mut resource = Resource::new(ResourceId::new(USER, &member.id), title, resource_trait);
    resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
    // There is no other state: listed users can sign in.
    resource.state = State::Enabled;
    let profile = &mut resource.profile;
    put(profile, "user_id", &member.id);
    put(profile, "name", name);
    put(profile, "email", email);
    put(profile, "org_role", &member.role);
    put(profile, "sso_mode", member.sso_mode.text());
    resource
}

/// A team, and the roles in it.
pub(crate) fn team(organization: &Organization, team: &Team) -> Records {
    let name = name_or_id(name_or_id(team.name.text(), team.slug.text()), &team.id);
    let id = ResourceId::new(TEAM, &team.id);
    let role = |slug: &str, title: &str, order| Entitlement {
        // A membership has one role.
        exclusive: Some(Exclusive { group: "team-role".into(), order, per_resource: true }),
        ..entitlement(
            &id,
            slug,
            format!("{name} Team {title}"),
            format!("{title} of the {name} team in Buildkite"),
        )
    };
    let entitlements = vec![role(MEMBER, "Member", 0), role(MAINTAINER, "Maintainer", 1)];
    let mut resource = Resource::new(id, name, ResourceTrait::Group);
    resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
    resource.state = State::Enabled;
    resource.created_at = team.created_at.time();
    resource.description = brief(team.description.text());
    let profile = &mut resource.profile;
    put(profile, "slug", team.slug.text());
    put(profile, "description", team.description.text());
    put(profile, "privacy", team.privacy.text());
    // A value that could not be read is not shown as `false`.
    if !team.default.is_unreadable() {
        let is_default = team.default.value().unwrap_or_default();
        profile.insert("is_default_team".into(), is_default.into());
    }
    put_time(profile, "created_at", team.created_at.time());
    if let Some(creator) = team.created_by.get() {
        put(profile, "created_by_id", &creator.id);
        put(profile, "created_by_email", &creator.email);
    }
    let role = team.default_member_role.text();
    put(profile, "default_member_role", role);
    Records { resources: vec![resource], entitlements, ..Records::default() }
}

/// Whether this is one of the documented roles in a team.
pub(crate) fn is_team_role(role: &str) -> bool {
    matches!(role, MEMBER | MAINTAINER)
}

/// A member of a team. An unknown role counts as membership, so that no access is missed.
pub(crate) fn membership(team: &str, membership: &Membership) -> Records {
    let slug = match membership.role.as_str() {
        MAINTAINER => MAINTAINER,
        _ => MEMBER,
    };
    let id = ResourceId::new(USER, &membership.user_id);
    let user_name = membership.user_name.text();
    // A user on no list of the organization's members is looked up; this is shown if they are not found.
    let mut person = Resource::new(
        id.clone(),
        name_or_id(user_name, &membership.user_id),
        ResourceTrait::account(AccountType::Human, None),
    );
    person.rank = Rank::Member;
    person.state_details = "in a team, not among the organization's members".into();
    put(&mut person.profile, "user_id", &membership.user_id);
    put(&mut person.profile, "name", user_name);
    let on = EntitlementId::new(ResourceId::new(TEAM, team), slug);
    Records { resources: vec![person], grants: vec![Grant::new(on, id)], ..Records::default() }
}
