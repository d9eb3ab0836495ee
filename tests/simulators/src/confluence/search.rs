//! Searching for people: never more than 100 on a page, nobody who is deactivated, and nothing that tells the end.

use serde_json::{Value, json};

use super::{
    cql::{self, Bad, Clause},
    paging, people,
    refusal::Refusal,
    routes::{Context, Good, Reply, one_of, required},
    world::User,
};
use crate::lists::{cursor, read_cursor};

/// The most rows of a page, whatever `limit` says.
const MOST: usize = 100;
/// The rows of a page without a `limit`.
const DEFAULT: usize = 25;

/// `GET /wiki/rest/api/search/user`
pub(crate) fn users(context: &mut Context<'_>) -> Reply {
    let by_cursor = context.inner.options.search_by_cursor;
    let query = context.query(&[
        "cql",
        "start",
        "limit",
        "expand",
        "sitePermissionTypeFilter",
        // Without a link that has one, nobody knows of any.
        if by_cursor { "cursor" } else { "cql" },
    ])?;
    let expand = people::expand(&query)?;
    let filter = one_of(
        &query,
        "sitePermissionTypeFilter",
        &["none", "externalCollaborator", "all"],
    )?;
    let start = paging::number(&query, "start", 0)?;
    let limit = paging::limit(&query, DEFAULT)?;
    let text = required(&query, "cql")?;
    let clauses = cql::parse(text).map_err(|bad| match bad {
        Bad::Malformed => Refusal::violation(format!("Could not parse cql : {text}")),
        Bad::Breaks => Refusal::new(500, "Internal server error").wrong(),
    })?;
    for clause in &clauses {
        if let Clause::Unknown(field) = clause {
            context.notes.push(format!("cql knows no field {field}"));
        }
    }
    let options = &context.inner.options;
    let mut found: Vec<&User> = context
        .inner
        .world
        .users
        .values()
        .filter(|user| context.is_searchable(user, filter.unwrap_or("none")))
        .filter(|user| clauses.iter().all(|clause| meets(user, clause)))
        .collect();
    options.ordering.arrange(&mut found);
    found.truncate(options.search_total);
    let size = limit
        .min(MOST)
        .min(options.force_page_size.unwrap_or(MOST))
        .max(1);
    let from = match query.get("cursor") {
        Some(text) => read_cursor(text).ok_or_else(paging::bad_cursor)?.1,
        None if by_cursor || context.is_stuck() => 0,
        None => start,
    };
    let more = by_cursor && from + size < found.len();
    let rows = found.into_iter().skip(from).take(size);
    let results: Vec<Value> = rows
        .map(|user| {
            let name = context.name(user, false);
            json!({
                "user": context.v1_user(user, false, &expand), "title": name, "excerpt": "",
                "url": format!("/people/{}", user.account_id), "breadcrumbs": [], "entityType": "user",
                "iconCssClass": "aui-icon content-type-profile", "lastModified": "2025-02-18T04:08:03.579Z", "score": 0.0,
            })
        })
        .collect();
    let base = format!("{}/wiki", context.inner.world.site);
    let mut links = json!({"base": base, "context": "/wiki"});
    if more {
        let cursor = cursor("search", from + size);
        links["next"] = Value::from(format!(
            "/rest/api/search/user?next=true&cursor={cursor}&limit={limit}&start={}&cql=type%3Duser",
            from + size
        ));
    }
    Ok(Good::ok(json!({
        "start": start, "limit": limit, "size": results.len(), "totalSize": results.len(),
        "results": results, "cqlQuery": text, "searchDuration": 12,
        "_links": links,
    })))
}

fn meets(user: &User, clause: &Clause) -> bool {
    match clause {
        Clause::Type(kind) => kind == "user",
        Clause::Name(pattern) => cql::matches(&user.display_name, pattern),
        Clause::Unknown(_) => false,
    }
}

impl Context<'_> {
    fn is_searchable(&self, user: &User, filter: &str) -> bool {
        let options = &self.inner.options;
        let kind = match user.account_type.as_str() {
            "app" => options.search_apps,
            _ => user.licensed || options.search_unlicensed,
        };
        let class = match filter {
            "externalCollaborator" => user.guest,
            "all" => true,
            _ => !user.guest,
        };
        user.indexed && !matches!(user.status.as_str(), "inactive" | "closed") && kind && class
    }
}
