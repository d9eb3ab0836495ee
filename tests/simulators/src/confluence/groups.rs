//! Groups.

use serde_json::{Value, json};

use super::{
    paging,
    refusal::Refusal,
    routes::{Context, Good, Reply, one_of, required},
    world::Group,
};

/// `GET /wiki/rest/api/group`
pub(crate) fn list(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["start", "limit", "next", "accessType"])?;
    let access = one_of(&query, "accessType", &["user", "admin", "site-admin"])?;
    let groups = context.inner.world.groups.values();
    let groups = groups.filter(|group| access.is_none_or(|access| group.access.contains(access)));
    let most = if context.inner.options.large_group_pages {
        usize::MAX
    } else {
        paging::V1_MOST
    };
    let reply = context.v1_list(by_name(groups), &query, most, |group| context.group(group));
    for id in context.lost_rows(&reply, |world, id| world.groups.contains_key(id)) {
        context.inner.world.groups.remove(&id);
    }
    reply
}

/// `GET /wiki/rest/api/group/by-id?id=`
pub(crate) fn by_id(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["id"])?;
    let id = required(&query, "id")?;
    match context.inner.world.groups.get(id) {
        Some(group) => Ok(Good::ok(context.group(group))),
        None => Err(Refusal::new(
            context.inner.options.unknown_group_status,
            format!("No group found with id: {id}"),
        )),
    }
}

/// `GET /wiki/rest/api/user/memberof?accountId=`. *Unknown*: a user nobody has heard of. Taken: 404.
pub(crate) fn of_user(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["accountId", "start", "limit", "next"])?;
    let id = required(&query, "accountId")?;
    let world = &context.inner.world;
    if !world.users.contains_key(id) {
        return Err(Refusal::not_found(format!("No user found with id: {id}")));
    }
    let groups = world
        .groups
        .values()
        .filter(|group| group.members.contains(id));
    context.v1_list(by_name(groups), &query, paging::V1_MOST, |group| {
        context.group(group)
    })
}

fn by_name<'a>(groups: impl Iterator<Item = &'a Group>) -> Vec<&'a Group> {
    let mut groups: Vec<&Group> = groups.collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    groups
}

impl Context<'_> {
    fn group(&self, group: &Group) -> Value {
        let world = &self.inner.world;
        let mut value = json!({
            "type": "group", "name": group.name, "id": group.id,
            "resourceAri": format!("ari:cloud:identity::group/{}", group.id),
            "_links": {"self": format!("{}/wiki/rest/api/group/by-id?id={}", world.site, group.id)},
        });
        for (name, field) in [
            ("usageType", &group.usage_type),
            ("managedBy", &group.managed_by),
        ] {
            if let Some(text) = field {
                value[name] = Value::from(text.as_str());
            }
        }
        value
    }
}
