//! Pure functions from Northflank's objects to resources, entitlements and grants.
//!
//! Roles: <https://northflank.com/docs/v1/application/collaborate/use-role-based-access-control>.

use std::collections::BTreeSet;

use rollcall_connector::Records;
use rollcall_connector::http::lenient::Lenient;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Expandable, Grant, Resource, ResourceId,
    ResourceTrait, State, brief, name_or_id, put, put_time,
};

use crate::api::{Email, Group, GroupMember, Member, Role, RoleMember};

pub(crate) const USER: &str = "user";
pub(crate) const GROUP: &str = "group";
pub(crate) const ROLE: &str = "role";

/// Membership in a group.
pub(crate) fn member_of(group: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(GROUP, group), "member")
}

/// A role assignment.
pub(crate) fn assigned(role: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(ROLE, role), "assigned")
}

/// A member of the organization.
pub(crate) fn user(member: &Member) -> Records {
    let emails = addresses(member.emails.get().into_iter().flatten());
    let primary = emails.iter().find(|email| email.verified).or(emails.first());
    let address = primary.map(|email| email.address.clone());
    let others =
        emails.iter().filter(|email| email.verified && Some(&email.address) != address.as_ref());
    let resource_trait = ResourceTrait::account(AccountType::Human, address.clone())
        .with_other_emails(others.map(|email| email.address.clone()).collect())
        .with_login(&member.id);
    let full_name = member.name.text();
    let name = [full_name, address.as_deref().unwrap_or_default()];
    let name = name.into_iter().find(|name| !name.is_empty());
    let name = name.unwrap_or(&member.id);
    let id = ResourceId::new(USER, &member.id);
    let mut resource = Resource::new(id, name, resource_trait);
    resource.created_at = member.joined_at.time();
    // Listed people have access even before the account is set up.
    resource.state = State::Enabled;
    if member.finalized.value() == Some(false) {
        resource.state_details = "account setup not finished".into();
    }
    let (first, last) = full_name.split_once(' ').unwrap_or((full_name, ""));
    let profile = &mut resource.profile;
    put(profile, "user_id", &member.id);
    put(profile, "username", &member.id);
    put(profile, "display_name", full_name);
    put(profile, "first_name", first);
    put(profile, "last_name", last);
    if let Some(primary) = primary {
        put(profile, "email", &primary.address);
        profile.insert("email_verified".into(), primary.verified.into());
    }
    if let Some(finalized) = member.finalized.value() {
        profile.insert("finalized".into(), finalized.into());
    }
    put_time(profile, "joined_at", member.joined_at.time());
    Records { resources: vec![resource], ..Records::default() }
}

/// The valid addresses, each once, and verified if any row says so.
fn addresses<'a>(emails: impl Iterator<Item = &'a Lenient<Email>>) -> Vec<Email> {
    let mut found: Vec<Email> = Vec::new();
    for email in emails.filter_map(Lenient::get) {
        let address = email.address.trim();
        let parts = address.split_once('@');
        let valid = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
            && !address.contains(char::is_whitespace);
        let same = |known: &&mut Email| known.address.to_lowercase() == address.to_lowercase();
        match found.iter_mut().find(same) {
            Some(known) => known.verified |= email.verified,
            None if valid => {
                found.push(Email { address: address.to_owned(), verified: email.verified })
            }
            None => {}
        }
    }
    found
}

/// A group, and its membership.
pub(crate) fn group(group: &Group) -> Records {
    let name = name_or_id(group.name.text(), &group.id);
    let id = ResourceId::new(GROUP, &group.id);
    let mut resource = Resource::new(id, name, ResourceTrait::Group);
    resource.created_at = group.created_at.time();
    let profile = &mut resource.profile;
    put(profile, "group_id", &group.id);
    put(profile, "group_name", group.name.text());
    put(profile, "idp_id", group.idp_id.text());
    put_time(profile, "updated_at", group.updated_at.time());
    let entitlement = Entitlement {
        description: format!("Member of the directory group {name} in Northflank"),
        // The identity provider manages its members.
        immutable: true,
        ..Entitlement::new(member_of(&group.id), format!("{name} group member"), &[USER])
    };
    records(resource, entitlement, Vec::new())
}

fn records(mut resource: Resource, entitlement: Entitlement, grants: Vec<Grant>) -> Records {
    resource.state = State::Enabled;
    put_time(&mut resource.profile, "created_at", resource.created_at);
    Records {
        resources: vec![resource],
        entitlements: vec![entitlement],
        grants,
        ..Records::default()
    }
}

/// A member of a group. `None`: a person of the directory without an account, who is not matched by address.
pub(crate) fn membership(group: &str, member: &GroupMember) -> Option<Grant> {
    let id = member.id.as_deref()?;
    Some(Grant::new(member_of(group), ResourceId::new(USER, id)).immutable())
}

/// A role with its entitlement and the `known` groups whose members have it; and the ids of unknown linked groups.
pub(crate) fn role<'a>(role: &'a Role, known: &BTreeSet<&str>) -> (Records, Vec<&'a str>) {
    let name = name_or_id(role.name.text(), &role.id);
    let mut resource = Resource::new(ResourceId::new(ROLE, &role.id), name, ResourceTrait::Role);
    resource.created_at = role.created_at.time();
    resource.description = brief(role.description.text());
    let linked: BTreeSet<&str> = role.directory_groups.iter().map(String::as_str).collect();
    let profile = &mut resource.profile;
    put(profile, "role_id", &role.id);
    put(profile, "role_name", role.name.text());
    put(profile, "description", role.description.text());
    let restrictions = role.restrictions.get();
    // Unreadable values are not shown as `false`.
    if !role.restrictions.is_unreadable() {
        let enabled = restrictions.is_some_and(|restrictions| restrictions.enabled);
        profile.insert("restricted".into(), enabled.into());
    }
    let teams = restrictions.into_iter().flat_map(|r| &r.teams);
    let teams: BTreeSet<&str> = teams.map(|team| team.team_id.as_str()).collect();
    for (key, ids) in [("restricted_team_ids", &teams), ("directory_group_ids", &linked)] {
        if !ids.is_empty() {
            let ids: Vec<&str> = ids.iter().copied().collect();
            profile.insert(key.into(), ids.into());
        }
    }
    put_time(profile, "updated_at", role.updated_at.time());
    let entitlement = Entitlement {
        description: format!("Has the role {name} in the organization in Northflank"),
        ..Entitlement::new(assigned(&role.id), format!("{name} role"), &[USER, GROUP])
    };
    let (known, unknown): (Vec<&str>, Vec<&str>) =
        linked.into_iter().partition(|group| known.contains(group));
    let grants = known.into_iter().map(|group| through(&role.id, group));
    (records(resource, entitlement, grants.collect()), unknown)
}

/// A group has a role, and so does each of its members.
fn through(role: &str, group: &str) -> Grant {
    let mut grant = Grant::new(assigned(role), ResourceId::new(GROUP, group));
    grant.expandable = Some(Expandable {
        sources: vec![member_of(group).to_string()],
        shallow: true,
        resource_types: vec![USER.into()],
    });
    grant
}

/// Somebody has a role: directly, or through one of the linked groups. The latter is implied by the group's membership;
/// if it is not, it is a grant of its own, so that no access is lost. Also returns whether the row's type is known.
/// Unknown types count as direct.
pub(crate) fn holder(role: &str, groups: &[String], member: &RoleMember) -> (Grant, bool) {
    let grant = Grant::new(assigned(role), ResourceId::new(USER, &member.id));
    match member.kind.as_str() {
        "implicit" => {
            let groups = groups.iter().map(|group| member_of(group));
            (grant.immutable().implied_by(groups.collect()), true)
        }
        // The vendor's examples omit it.
        kind => (grant, matches!(kind, "explicit" | "")),
    }
}
