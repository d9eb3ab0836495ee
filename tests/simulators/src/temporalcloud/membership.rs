//! The members of groups.

use serde_json::{Map, Value};

use super::{
    operations::Change,
    options::MemberRepeat,
    refusal::{Code, Refusal},
    routes::{Context, Reply},
    schema,
    state::text,
};

/// *Unknown*: whether the members of Google groups can be listed. Taken: those of every kind can.
pub(crate) fn list(context: &mut Context<'_>, group: &str) -> Reply {
    let query = context.query(&["pageSize", "pageToken"])?;
    let world = &context.inner.world;
    if !world.groups.contains_key(group) {
        return Err(Refusal::not_found("user group", group));
    }
    let items = world
        .members
        .get(group)
        .into_iter()
        .flat_map(|members| members.values().cloned())
        .collect();
    context.page(items, "members", &query, &schema::LIST_MEMBERS)
}

/// Adds or removes a member. These calls carry no version.
pub(crate) fn change(context: &mut Context<'_>, group: &str, add: bool) -> Reply {
    let body = context.body(&schema::CHANGE_MEMBER)?;
    let action = if add {
        "cloud.usergroup.addMember"
    } else {
        "cloud.usergroup.removeMember"
    };
    context
        .caller
        .require(&context.inner.world, action, group)?;
    let write = match context.write(body.get("asyncOperationId").and_then(Value::as_str), &body)? {
        Ok(write) => write,
        Err(known) => return Ok((&schema::GET_OPERATION, known)),
    };
    let user = body
        .get("memberId")
        .map(|member| text(member, "/userId"))
        .unwrap_or_default()
        .to_owned();
    let world = &context.inner.world;
    let found = world
        .groups
        .get(group)
        .ok_or_else(|| Refusal::not_found("user group", group))?;
    if user.is_empty() {
        return Err(Refusal::invalid("memberId.userId is required"));
    }
    // *Unknown*: the code. Service accounts cannot be members, so that their ids are unknown here too.
    if found.pointer("/spec/cloudGroup").is_none() {
        return Err(Refusal::new(
            Code::FailedPrecondition,
            "the members of this group are managed by the identity provider",
        ));
    }
    if add && !world.users.contains_key(&user) {
        return Err(Refusal::not_found("user", &user));
    }
    if world.is_member(group, &user) == add {
        return Err(match (context.inner.options.member_repeat, add) {
            (MemberRepeat::NothingToChange, _) => Refusal::nothing_to_change(),
            (MemberRepeat::Conflict, true) => Refusal::new(
                Code::AlreadyExists,
                format!("user {user} is already a member"),
            ),
            (MemberRepeat::Conflict, false) => Refusal::not_found("member", &user),
        });
    }
    let group = group.to_owned();
    let change = if add {
        Change::AddMember { group, user }
    } else {
        Change::RemoveMember { group, user }
    };
    context.begin(write, change, Map::new(), &schema::GET_OPERATION)
}
