//! Groups of the directory and who is in them: <https://northflank.com/docs/v1/api/org/org-roles>.

use serde_json::{Value, json};

use super::{
    refusal::Refusal,
    routes::{Context, Reply},
    rows,
    world::GroupMember,
};
use crate::address::Query;

pub(crate) fn list(context: &mut Context<'_>, query: &Query) -> Reply {
    let groups = context.inner.world.groups.iter();
    let listed = groups.filter(|(_, group)| group.listed);
    let mut rows: Vec<Value> = listed.map(|(id, group)| rows::group(id, group)).collect();
    if context.inner.options.paged_groups {
        return context.page("directoryGroups", rows, query);
    }
    context.inner.options.ordering.arrange(&mut rows);
    Ok(json!({"data": {"directoryGroups": rows}}))
}

pub(crate) fn members(context: &mut Context<'_>, id: &str, query: &Query) -> Reply {
    let group = context.inner.world.listed_group(id);
    let group = group.ok_or_else(|| Refusal::not_found("directory group"))?;
    let mut members: Vec<&GroupMember> = group.members.iter().collect();
    members.sort_by_key(|member| (member.id.is_none(), member.id.as_deref()));
    let rows = members.into_iter().map(rows::group_member).collect();
    context.page("members", rows, query)
}
