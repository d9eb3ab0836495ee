//! Searching for people: never more than 100 on a page, nobody who is deactivated, and nothing that tells the end.

use serde_json::{Value, json};

use super::{
    cql::{self, Bad, Clause},
    paging, people,
    refusal::Refusal,
    routes::{Context, Good, Reply, one_of, required},
    world::User,
};

/// The most rows of a page, whatever `limit` says.
const MOST: usize = 100;
/// The rows of a page without a `limit`.
const DEFAULT: usize = 25;

/// `GET /wiki/rest/api/search/user`
pub(crate) fn users(context: &mut Context<'_>) -> Reply {
    let query = context.query(&[
        "cql",
        "start",
        "limit",
        "expand",
        "sitePermissionTypeFilter",
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
    let rows = found.into_iter().skip(start).take(size);
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
    Ok(Good::ok(json!({
        "start": start, "limit": limit, "size": results.len(), "totalSize": results.len(),
        "results": results, "cqlQuery": text, "searchDuration": 12,
        "_links": {"base": base, "context": "/wiki"},
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
