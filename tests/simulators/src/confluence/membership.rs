//! Who is in a group.

use serde_json::{Value, json};

use super::{
    head,
    options::{AddMemberAgain, ExternalGroups},
    paging, people,
    refusal::Refusal,
    routes::{Context, Good, Reply, one_of, required},
    world::Group,
};

/// `GET /wiki/rest/api/group/{groupId}/membersByGroupId`. A group nobody has heard of has no members.
pub(crate) fn list(context: &mut Context<'_>, group: &str) -> Reply {
    let query = context.query(&["start", "limit", "next", "shouldReturnTotalSize", "expand"])?;
    one_of(&query, "shouldReturnTotalSize", &["true", "false"])?;
    let expand = people::expand(&query)?;
    if !context.inner.options.members_visible {
        return Err(Refusal::denied("not permitted to view users"));
    }
    let world = &context.inner.world;
    let members = world.groups.get(group).map(|group| &group.members);
    let members: Vec<&String> = members
        .into_iter()
        .flatten()
        .filter(|id| {
            let deactivated = world
                .users
                .get(*id)
                .is_some_and(|user| user.status != "active");
            !(deactivated && context.inner.options.hide_deactivated_members)
        })
        .collect();
    let reply = context.v1_list(members, &query, paging::V1_MOST, |id| {
        match world.users.get(*id) {
            Some(user) => context.v1_user(user, false, &expand),
            None => json!({"type": "unknown", "accountId": id, "accountType": "", "email": "", "publicName": "", "displayName": ""}),
        }
    });
    for id in context.lost_rows(&reply, |world, id| world.is_member(group, id)) {
        for group in context.inner.world.groups.values_mut() {
            group.members.remove(&id);
        }
    }
    reply
}

/// `POST /wiki/rest/api/group/userByGroupId?groupId=`
pub(crate) fn add(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["groupId"])?;
    let group = required(&query, "groupId")?;
    let body = head::json(context.call)?;
    let body = head::object(&body, "the body", &["accountId"])?;
    let user = head::text(body, "the body", "accountId")?;
    let again = context.inner.options.add_member_again;
    let answered = context.inner.options.member_added_text.clone();
    let members = &mut context.writable(group, user)?.members;
    if !members.insert(user.to_owned()) {
        match again {
            AddMemberAgain::Created => {}
            AddMemberAgain::BadRequest => {
                return Err(Refusal::invalid("User is already a member of the group"));
            }
            AddMemberAgain::Conflict => {
                return Err(Refusal::new(409, "User is already a member of the group"));
            }
        }
    }
    let mut good = Good {
        status: 201,
        headers: Vec::new(),
        body: Value::Null,
    };
    if !answered.is_empty() {
        good.headers
            .push(("content-type".to_owned(), "text/plain".to_owned()));
        good.body = Value::from(answered);
    }
    Ok(good)
}

/// `DELETE /wiki/rest/api/group/userByGroupId?groupId=&accountId=`
pub(crate) fn remove(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["groupId", "accountId"])?;
    let group = required(&query, "groupId")?;
    let user = required(&query, "accountId")?;
    context.writable(group, user)?.members.remove(user);
    Ok(Good::nothing())
}

impl Context<'_> {
    /// The group, if the caller may let this user in and out.
    fn writable(&mut self, group: &str, user: &str) -> Result<&mut Group, Refusal> {
        if !self.caller.site_admin {
            return Err(Refusal::denied(
                "only site administrators may change groups",
            ));
        }
        let external = self.inner.options.external_groups;
        let world = &mut self.inner.world;
        let found = world
            .groups
            .get_mut(group)
            .ok_or_else(|| Refusal::not_found(format!("No group found with id: {group}")))?;
        if !world.users.contains_key(user) {
            return Err(Refusal::not_found(format!("No user found with id: {user}")));
        }
        let elsewhere = "the group is managed by an external directory";
        match external {
            _ if found.managed_by.as_deref() != Some("EXTERNAL") => Ok(found),
            ExternalGroups::Writable => Ok(found),
            ExternalGroups::Forbidden => Err(Refusal::denied(elsewhere)),
            ExternalGroups::BadRequest => Err(Refusal::invalid(elsewhere)),
        }
    }
}
