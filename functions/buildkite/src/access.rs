//! Means: pure functions from Buildkite's objects to resources, entitlements and grants.
//!
//! Roles in teams: <https://buildkite.com/docs/platform/team-management/permissions>.

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Exclusive, Grant, Purpose, Rank, Resource, ResourceId,
    ResourceTrait, State, brief, put, put_time,
};

use crate::api::{Member, Membership, Organization, Team, text, time};

pub(crate) const ORGANIZATION: &str = "organization";
pub(crate) const TEAM: &str = "team";
pub(crate) const USER: &str = "user";

pub(crate) const MEMBER: &str = "member";
const MAINTAINER: &str = "maintainer";
pub(crate) const ADMIN: &str = "admin";

/// The organization.
pub(crate) fn organization(organization: &Organization) -> Records {
    let id = ResourceId::new(ORGANIZATION, &organization.id);
    let name = or(text(&organization.name), &organization.slug);
    let mut resource = Resource::new(id.clone(), name, ResourceTrait::None);
    resource.state = State::Enabled;
    resource.created_at = time(&organization.created_at);
    put(&mut resource.profile, "slug", &organization.slug);
    let of = |slug: &str, title: &str, purpose, means: String| Entitlement {
        id: EntitlementId::new(id.clone(), slug),
        display_name: format!("{name} Org {title}"),
        description: means,
        grantable_to: &[USER],
        purpose,
        immutable: false,
        exclusive: None,
        v1_identifier: None,
    };
    Records {
        resources: vec![resource],
        entitlements: vec![
            of(
                MEMBER,
                "Member",
                Purpose::Assignment,
                format!("Belongs to the {name} organization in Buildkite"),
            ),
            of(
                ADMIN,
                "Admin",
                Purpose::Permission,
                format!(
                    "Administers the {name} organization in Buildkite: all teams, pipelines and settings"
                ),
            ),
        ],
        ..Records::default()
    }
}

/// Somebody in the organization. An administrator belongs to it as well.
pub(crate) fn member(organization: &Organization, member: &Member) -> Records {
    let resource = user(organization, member);
    let on = ResourceId::new(ORGANIZATION, &organization.id);
    let holds = |slug| Grant::new(EntitlementId::new(on.clone(), slug), resource.id.clone());
    let mut grants = vec![holds(MEMBER)];
    if member.role == ADMIN {
        grants.push(holds(ADMIN));
    }
    Records {
        resources: vec![resource],
        grants,
        ..Records::default()
    }
}

fn user(organization: &Organization, member: &Member) -> Resource {
    let email = Some(text(&member.email)).filter(|email| email.contains('@'));
    let resource_trait = ResourceTrait::account(AccountType::Human, email.map(str::to_owned))
        .with_login(email.unwrap_or_default());
    let name = or(or(text(&member.name), text(&member.email)), &member.id);
    let mut resource = Resource::new(ResourceId::new(USER, &member.id), name, resource_trait);
    resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
    // There is no other state: who is listed can sign in.
    resource.state = State::Enabled;
    let profile = &mut resource.profile;
    put(profile, "user_id", &member.id);
    put(profile, "name", text(&member.name));
    put(profile, "email", text(&member.email));
    put(profile, "org_role", &member.role);
    put(profile, "sso_mode", text(&member.sso_mode));
    resource
}

/// A team, and what one can be in it.
pub(crate) fn team(organization: &Organization, team: &Team) -> Records {
    let name = or(or(text(&team.name), text(&team.slug)), &team.id);
    let mut resource = Resource::new(ResourceId::new(TEAM, &team.id), name, ResourceTrait::Group);
    resource.parent = Some(ResourceId::new(ORGANIZATION, &organization.id));
    resource.state = State::Enabled;
    resource.created_at = time(&team.created_at);
    resource.description = brief(text(&team.description));
    let profile = &mut resource.profile;
    put(profile, "slug", text(&team.slug));
    put(profile, "description", text(&team.description));
    put(profile, "privacy", text(&team.privacy));
    // What could not be read is not claimed to be `false`.
    if !team.default.is_unreadable() {
        let is_default = team.default.get().copied().unwrap_or_default();
        profile.insert("is_default_team".into(), is_default.into());
    }
    put_time(profile, "created_at", time(&team.created_at));
    if let Some(creator) = team.created_by.get() {
        put(profile, "created_by_id", &creator.id);
        put(profile, "created_by_email", &creator.email);
    }
    put(
        profile,
        "default_member_role",
        text(&team.default_member_role),
    );
    Records {
        resources: vec![resource],
        entitlements: vec![
            role_in(&team.id, name, MEMBER, "Member", 0),
            role_in(&team.id, name, MAINTAINER, "Maintainer", 1),
        ],
        ..Records::default()
    }
}

fn role_in(team: &str, name: &str, slug: &str, title: &str, order: u32) -> Entitlement {
    Entitlement {
        id: EntitlementId::new(ResourceId::new(TEAM, team), slug),
        display_name: format!("{name} Team {title}"),
        description: format!("{title} of the {name} team in Buildkite"),
        grantable_to: &[USER],
        purpose: Purpose::Assignment,
        immutable: false,
        // A membership has one role.
        exclusive: Some(Exclusive {
            group: "team-role".into(),
            order,
            per_resource: true,
        }),
        v1_identifier: None,
    }
}

/// Somebody in a team; and whether the role is one that is known. Any other counts as membership: access must not be
/// missed for its name.
pub(crate) fn membership(team: &str, membership: &Membership) -> (Records, bool) {
    let slug = match membership.role.as_str() {
        MAINTAINER => MAINTAINER,
        _ => MEMBER,
    };
    let id = ResourceId::new(USER, &membership.user_id);
    let name = or(text(&membership.user_name), &membership.user_id);
    // Who is in no list of the organization's members is looked up, and if that fails, known by name at least.
    let mut person = Resource::new(
        id.clone(),
        name,
        ResourceTrait::account(AccountType::Human, None),
    );
    person.rank = Rank::Member;
    person.state_details = "in a team, not among the organization's members".into();
    put(&mut person.profile, "user_id", &membership.user_id);
    put(&mut person.profile, "name", text(&membership.user_name));
    let on = EntitlementId::new(ResourceId::new(TEAM, team), slug);
    let records = Records {
        resources: vec![person],
        grants: vec![Grant::new(on, id)],
        ..Records::default()
    };
    let known = matches!(membership.role.as_str(), MEMBER | MAINTAINER);
    (records, known)
}

fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}
