//! Spaces: only those that the caller can view.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    refusal::Refusal,
    routes::{Context, Good, Reply, one_of},
    world::Space,
};
use crate::address::Query;

const TYPES: [&str; 7] = [
    "global",
    "collaboration",
    "knowledge_base",
    "personal",
    "system",
    "onboarding",
    "xflow_sample_space",
];
/// The most rows of what is included in a space.
const INCLUDED: usize = 50;

/// `GET /wiki/api/v2/spaces`
pub(crate) fn list(context: &mut Context<'_>) -> Reply {
    let query = context.query(&[
        "ids*",
        "keys*",
        "type",
        "status",
        "labels*",
        "sort",
        "include-icon",
        "description-format",
        "cursor",
        "limit",
    ])?;
    let kind = one_of(&query, "type", &TYPES)?;
    let status = one_of(&query, "status", &["current", "archived"])?;
    let sort = one_of(
        &query,
        "sort",
        &["id", "-id", "key", "-key", "name", "-name"],
    )?;
    shown(&query)?;
    let ids = many(&query, "ids")?;
    if let Some(id) = ids.iter().flatten().find(|id| id.parse::<u64>().is_err()) {
        return Err(Refusal::violation(format!(
            "{id:?} is not the id of a space"
        )));
    }
    let keys = many(&query, "keys")?;
    let labels = many(&query, "labels")?;
    let archived_by_default = context.inner.options.archived_by_default;
    let world = &context.inner.world;
    let mut spaces: Vec<&Space> = world
        .spaces
        .values()
        .filter(|space| kind.is_none_or(|kind| space.kind == kind))
        .filter(|space| match status {
            Some(status) => space.status == status,
            None => archived_by_default || space.status != "archived",
        })
        .filter(|space| {
            ids.as_ref()
                .is_none_or(|ids| ids.contains(&space.id.to_string()))
        })
        .filter(|space| {
            keys.as_ref().is_none_or(|keys| {
                keys.iter()
                    .any(|key| key.to_lowercase() == space.key.to_lowercase())
            })
        })
        .filter(|space| {
            labels
                .as_ref()
                .is_none_or(|labels| !labels.is_disjoint(&space.labels))
        })
        .filter(|space| context.caller.views(world, space))
        .collect();
    match sort.unwrap_or("id").trim_start_matches('-') {
        "key" => spaces.sort_by(|a, b| a.key.cmp(&b.key)),
        "name" => spaces.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id))),
        _ => {}
    }
    if sort.is_some_and(|sort| sort.starts_with('-')) {
        spaces.reverse();
    }
    context.v2_list(spaces, &query, |space| render(space))
}

/// `GET /wiki/api/v2/spaces/{id}`
pub(crate) fn by_id(context: &mut Context<'_>, id: &str) -> Reply {
    const INCLUDE: [&str; 5] = [
        "include-operations",
        "include-properties",
        "include-permissions",
        "include-role-assignments",
        "include-labels",
    ];
    let query = context.query(&[
        "include-icon",
        "description-format",
        INCLUDE[0],
        INCLUDE[1],
        INCLUDE[2],
        INCLUDE[3],
        INCLUDE[4],
    ])?;
    shown(&query)?;
    let space = context.viewed(id)?;
    let mut value = render(space);
    for name in INCLUDE {
        if one_of(&query, name, &["true", "false"])? != Some("true") {
            continue;
        }
        let rows: Vec<Value> = match name {
            "include-permissions" => context.permission_rows(space),
            "include-role-assignments" => context.assignment_rows(space),
            _ => Vec::new(),
        };
        let more = rows.len() > INCLUDED;
        let rows: Vec<Value> = rows.into_iter().take(INCLUDED).collect();
        let field = match name {
            "include-role-assignments" => "roleAssignments",
            name => name.trim_start_matches("include-"),
        };
        value[field] = json!({"results": rows, "meta": {"hasMore": more}, "_links": {}});
    }
    Ok(Good::ok(value))
}

/// The parameters that say how a space is shown. Whatever they say, there is no icon and no description.
fn shown(query: &Query) -> Result<(), Refusal> {
    one_of(query, "include-icon", &["true", "false"])?;
    one_of(query, "description-format", &["plain", "view"])?;
    Ok(())
}

/// Values separated by commas or given several times, at most 250.
fn many(query: &Query, name: &str) -> Result<Option<BTreeSet<String>>, Refusal> {
    let values: BTreeSet<String> = query
        .all(name)
        .flat_map(|values| values.split(','))
        .map(str::to_owned)
        .collect();
    match values.len() {
        0 => Ok(None),
        1..=250 => Ok(Some(values)),
        n => Err(Refusal::violation(format!("{n} {name} are more than 250"))),
    }
}

fn render(space: &Space) -> Value {
    json!({
        "id": space.id.to_string(), "key": space.key, "name": space.name, "type": space.kind, "status": space.status,
        "authorId": space.author, "createdAt": "2025-01-02T03:04:05.678Z", "homepageId": (space.id + 90).to_string(),
        "description": null, "icon": null, "currentActiveAlias": space.key,
        "_links": {"webui": format!("/spaces/{}", space.key)},
    })
}

impl Context<'_> {
    /// The space with that id, if the caller can view it; a 404 says what was not found.
    pub(crate) fn viewed(&self, id: &str) -> Result<&Space, Refusal> {
        let world = &self.inner.world;
        let id: u64 = id
            .parse()
            .map_err(|_| Refusal::violation(format!("{id:?} is not the id of a space")))?;
        let space = world.spaces.get(&id);
        space
            .filter(|space| self.caller.views(world, space))
            .ok_or_else(|| Refusal::not_found(format!("Cannot find a space with id [{id}]")))
    }
}
