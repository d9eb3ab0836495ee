//! Means: pure functions from Northflank's objects to resources, entitlements and grants.
//!
//! Roles: <https://northflank.com/docs/v1/application/collaborate/use-role-based-access-control>.

use std::collections::BTreeSet;

use rollcall_connector::Records;
use rollcall_model::{
    AccountType, Entitlement, EntitlementId, Expandable, Grant, Purpose, Resource, ResourceId,
    ResourceTrait, State, brief, put, put_time,
};

use crate::api::{Email, Group, GroupMember, Member, Role, RoleMember, text, time};

pub(crate) const USER: &str = "user";
pub(crate) const GROUP: &str = "group";
pub(crate) const ROLE: &str = "role";

/// Being in a group.
pub(crate) fn member_of(group: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(GROUP, group), "member")
}

/// Having a role.
pub(crate) fn assigned(role: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(ROLE, role), "assigned")
}

/// Somebody in the organization.
pub(crate) fn user(member: &Member) -> Resource {
    let emails = addresses(member.emails());
    let primary = emails
        .iter()
        .find(|email| email.verified)
        .or(emails.first());
    let address = primary.map(|email| email.address.clone());
    let resource_trait =
        ResourceTrait::account(AccountType::Human, address.clone()).with_login(&member.id);
    let told = text(&member.name);
    let name = [told, address.as_deref().unwrap_or_default(), &member.id];
    let name = name.into_iter().find(|name| !name.is_empty());
    let id = ResourceId::new(USER, &member.id);
    let mut resource = Resource::new(id, name.unwrap_or_default(), resource_trait);
    resource.created_at = time(&member.joined_at);
    // There is no state in which somebody is listed and has no access: an account that is not set up has it already.
    resource.state = State::Enabled;
    if member.finalized.get() == Some(&false) {
        resource.state_details = "account setup not finished".into();
    }
    let (first, last) = told.split_once(' ').unwrap_or((told, ""));
    let profile = &mut resource.profile;
    put(profile, "user_id", &member.id);
    put(profile, "username", &member.id);
    put(profile, "display_name", told);
    put(profile, "first_name", first);
    put(profile, "last_name", last);
    if let Some(primary) = primary {
        put(profile, "email", &primary.address);
        profile.insert("email_verified".into(), primary.verified.into());
    }
    if let Some(finalized) = member.finalized.get() {
        profile.insert("finalized".into(), (*finalized).into());
    }
    put_time(profile, "joined_at", time(&member.joined_at));
    resource
}

/// The addresses that are some, each once, and verified if it is so anywhere.
fn addresses<'a>(emails: impl Iterator<Item = &'a Email>) -> Vec<Email> {
    let mut found: Vec<Email> = Vec::new();
    for email in emails {
        let address = email.address.trim();
        let parts = address.split_once('@');
        let valid = parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
            && !address.contains(char::is_whitespace);
        let same = |known: &&mut Email| known.address.to_lowercase() == address.to_lowercase();
        match found.iter_mut().find(same) {
            Some(known) => known.verified |= email.verified,
            None if valid => found.push(Email {
                address: address.to_owned(),
                verified: email.verified,
            }),
            None => {}
        }
    }
    found
}

/// A group, and being in it.
pub(crate) fn group(group: &Group) -> Records {
    let name = or_id(text(&group.name), &group.id);
    let mut resource = Resource::new(
        ResourceId::new(GROUP, &group.id),
        name,
        ResourceTrait::Group,
    );
    resource.state = State::Enabled;
    resource.created_at = time(&group.created_at);
    let profile = &mut resource.profile;
    put(profile, "group_id", &group.id);
    put(profile, "group_name", text(&group.name));
    put(profile, "idp_id", text(&group.idp_id));
    put_time(profile, "created_at", time(&group.created_at));
    put_time(profile, "updated_at", time(&group.updated_at));
    let entitlement = Entitlement {
        id: member_of(&group.id),
        display_name: format!("{name} group member"),
        description: format!("Member of the directory group {name} in Northflank"),
        grantable_to: &[USER],
        purpose: Purpose::Assignment,
        // The identity provider keeps who is in it.
        immutable: true,
        exclusive: None,
        v1_identifier: None,
    };
    Records {
        resources: vec![resource],
        entitlements: vec![entitlement],
        ..Records::default()
    }
}

/// Somebody in a group. None: somebody of the directory who has no account. Whether that is anybody of the same address is
/// not for us to say.
pub(crate) fn membership(group: &str, member: &GroupMember) -> Option<Grant> {
    let id = member.id.as_deref()?;
    Some(Grant::new(member_of(group), ResourceId::new(USER, id)).immutable())
}

/// A role, and having it; and the groups whose members have it. `known` are the groups that there are. A group that there
/// is not comes back by its id.
pub(crate) fn role<'a>(role: &'a Role, known: &BTreeSet<String>) -> (Records, Vec<&'a str>) {
    let name = or_id(text(&role.name), &role.id);
    let mut resource = Resource::new(ResourceId::new(ROLE, &role.id), name, ResourceTrait::Role);
    resource.state = State::Enabled;
    resource.created_at = time(&role.created_at);
    resource.description = brief(text(&role.description));
    let linked: BTreeSet<&str> = role.directory_groups.iter().map(String::as_str).collect();
    let profile = &mut resource.profile;
    put(profile, "role_id", &role.id);
    put(profile, "role_name", text(&role.name));
    put(profile, "description", text(&role.description));
    let restrictions = role.restrictions.get();
    // What could not be read is not claimed to be `false`.
    if !role.restrictions.is_unreadable() {
        let enabled = restrictions.is_some_and(|restrictions| restrictions.enabled);
        profile.insert("restricted".into(), enabled.into());
    }
    let teams = restrictions.into_iter().flat_map(|r| &r.teams);
    let teams: BTreeSet<&str> = teams.map(|team| team.team_id.as_str()).collect();
    for (key, ids) in [
        ("restricted_team_ids", &teams),
        ("directory_group_ids", &linked),
    ] {
        if !ids.is_empty() {
            let ids: Vec<&str> = ids.iter().copied().collect();
            profile.insert(key.into(), ids.into());
        }
    }
    put_time(profile, "created_at", time(&role.created_at));
    put_time(profile, "updated_at", time(&role.updated_at));
    let entitlement = Entitlement {
        id: assigned(&role.id),
        display_name: format!("{name} role"),
        description: format!("Has the role {name} in the organization in Northflank"),
        grantable_to: &[USER, GROUP],
        purpose: Purpose::Assignment,
        immutable: false,
        exclusive: None,
        v1_identifier: None,
    };
    let (there, missing): (Vec<&str>, Vec<&str>) =
        linked.into_iter().partition(|group| known.contains(*group));
    let records = Records {
        resources: vec![resource],
        entitlements: vec![entitlement],
        grants: there.into_iter().map(|g| through(&role.id, g)).collect(),
        ..Records::default()
    };
    (records, missing)
}

/// A group has a role, and with it each of its members.
fn through(role: &str, group: &str) -> Grant {
    let mut grant = Grant::new(assigned(role), ResourceId::new(GROUP, group));
    grant.expandable = Some(Expandable {
        sources: vec![member_of(group).to_string()],
        shallow: true,
        resource_types: vec![USER.into()],
    });
    grant
}

/// Somebody has a role: by themselves, or through one of the linked groups. The latter follows from the group's members; only
/// where it does not is it a grant of its own, so that no access is lost. And whether the way is one that is known: any
/// other counts as the former.
pub(crate) fn holder(role: &str, groups: &[String], member: &RoleMember) -> (Grant, bool) {
    let id = ResourceId::new(USER, &member.id);
    let grant = Grant::new(assigned(role), id);
    match member.kind.as_str() {
        "implicit" => {
            let groups = groups.iter().map(|group| member_of(group));
            (grant.immutable().implied_by(groups.collect()), true)
        }
        // The vendor's examples leave it out.
        kind => (grant, matches!(kind, "explicit" | "")),
    }
}

fn or_id<'a>(name: &'a str, id: &'a str) -> &'a str {
    if name.is_empty() { id } else { name }
}
