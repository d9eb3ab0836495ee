//! Roles and who holds them: <https://northflank.com/docs/v1/api/org/org-roles>.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    holders::Holding,
    options::Both,
    refusal::Refusal,
    routes::{Context, Reply},
    rows,
    world::Role,
};
use crate::address::Query;

/// The parameters of the list of who holds a role.
pub(crate) const MEMBER_PARAMETERS: [&str; 5] = ["per_page", "page", "cursor", "type", "userIds*"];

const EXPLICIT: &str = "explicit";
const IMPLICIT: &str = "implicit";

pub(crate) fn list(context: &mut Context<'_>, query: &Query) -> Reply {
    let roles = context.inner.world.roles.iter();
    let rows = roles.map(|(id, role)| rows::role(id, role)).collect();
    context.page("roles", rows, query)
}

pub(crate) fn by_id(context: &Context<'_>, id: &str) -> Reply {
    let role = find(context, id)?;
    Ok(json!({"data": rows::whole_role(id, role)}))
}

fn find<'c>(context: &Context<'c>, id: &str) -> Result<&'c Role, Refusal> {
    let role = context.inner.world.roles.get(id);
    role.ok_or_else(|| Refusal::not_found("role"))
}

/// *Unknown*: what `type` finds of those who hold a role in both ways. Taken: the rows that are listed with that type.
pub(crate) fn members(context: &mut Context<'_>, id: &str, query: &Query) -> Reply {
    let kind = query.get("type");
    if kind.is_some_and(|kind| kind != EXPLICIT && kind != IMPLICIT) {
        let problem = format!("is neither {EXPLICIT} nor {IMPLICIT}");
        return Err(Refusal::parameter("type", problem));
    }
    let wanted: BTreeSet<&str> = query.all("userIds").collect();
    let role = find(context, id)?;
    let world = &context.inner.world;
    let mut rows = Vec::new();
    for (id, holding) in world.holders(role) {
        if !wanted.is_empty() && !wanted.contains(id) {
            continue;
        }
        let person = rows::member(id, &world.person(id, holding));
        let kinds = kinds(holding, context.inner.options.both).iter();
        for listed in kinds.filter(|listed| kind.is_none_or(|kind| kind == **listed)) {
            let mut row = person.clone();
            row["type"] = Value::from(*listed);
            rows.push(row);
        }
    }
    context.page("members", rows, query)
}

fn kinds(holding: Holding<'_>, both: Both) -> &'static [&'static str] {
    match (holding.explicit, holding.implicit.is_some(), both) {
        (true, false, _) | (true, true, Both::Explicit) => &[EXPLICIT],
        (true, true, Both::TwoRows) => &[EXPLICIT, IMPLICIT],
        (false, _, _) | (true, true, Both::Implicit) => &[IMPLICIT],
    }
}
