//! The calls that read.
//!
//! *Unknown*: what a caller without an account role may list. Taken: everything except other users' access, as for
//! every role the vendor documents.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    incoming::Query,
    options::EmailFilter,
    refusal::Refusal,
    routes::{Context, Reply},
    schema::{self, Message},
    state::{ApiKey, Kind, World, text},
};

const PAGING: [&str; 2] = ["pageSize", "pageToken"];

pub(crate) fn account(context: &mut Context<'_>) -> Reply {
    context.query(&[])?;
    let id = &context.inner.world.account_id;
    let account = json!({
        "id": id, "resourceVersion": "account-1", "state": "RESOURCE_STATE_ACTIVE", "spec": {},
        "metrics": {"uri": format!("https://{id}.tmprl.cloud/prometheus")},
    });
    Ok((&schema::GET_ACCOUNT, json!({"account": account})))
}

pub(crate) fn identity(context: &mut Context<'_>) -> Reply {
    context.query(&[])?;
    let key = &context.caller.key;
    let owner = context
        .inner
        .world
        .principals(key.owner_kind)
        .get(&key.owner_id)
        .cloned()
        .unwrap_or_default();
    let field = if key.owner_kind == Kind::User {
        "user"
    } else {
        "serviceAccount"
    };
    Ok((
        &schema::GET_IDENTITY,
        json!({field: owner, "principalApiKey": key_object(key)}),
    ))
}

pub(crate) fn operation(context: &mut Context<'_>, id: &str) -> Reply {
    context.query(&[])?;
    let inner = &mut *context.inner;
    Ok((
        &schema::GET_OPERATION,
        inner
            .operations
            .poll(id, &mut inner.world, &inner.options)?,
    ))
}

fn owner_type(key: &ApiKey) -> &'static str {
    if key.owner_kind == Kind::User {
        "OWNER_TYPE_USER"
    } else {
        "OWNER_TYPE_SERVICE_ACCOUNT"
    }
}

fn key_object(key: &ApiKey) -> Value {
    let spec = json!({"ownerId": key.owner_id, "ownerType": owner_type(key), "displayName": key.display_name, "expiryTime": key.expiry, "disabled": key.disabled});
    json!({"id": key.id, "resourceVersion": "key-1", "state": "RESOURCE_STATE_ACTIVE", "spec": spec, "createdTime": super::builder::CREATED})
}

/// *Unknown*: whose keys a caller who is no admin sees. Taken: its own.
pub(crate) fn api_keys(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["pageSize", "pageToken", "ownerId", "ownerType"])?;
    let caller = &context.caller;
    let mut keys: Vec<&ApiKey> = context.inner.world.api_keys.iter().collect();
    keys.retain(|key| caller.admin || key.owner_id == caller.key.owner_id);
    keys.retain(|key| {
        query
            .get("ownerId")
            .is_none_or(|owner| owner == key.owner_id)
    });
    keys.retain(|key| {
        query
            .get("ownerType")
            .is_none_or(|kind| kind == owner_type(key))
    });
    keys.sort_by(|a, b| a.id.cmp(&b.id));
    let items = keys.into_iter().map(key_object).collect();
    context.page(items, "apiKeys", &query, &schema::LIST_API_KEYS)
}

/// Whether a principal is one that the `namespace` filter selects. *Unknown*: whether those with implicit access
/// are among them; groups do not count.
fn on_namespace(context: &Context<'_>, id: &str, query: &Query) -> bool {
    let world = &context.inner.world;
    query.get("namespace").is_none_or(|namespace| {
        let implicit = matches!(
            world.account_role(id).as_deref(),
            Some("ROLE_OWNER" | "ROLE_ADMIN")
        );
        world.namespace_permission(id, namespace).is_some()
            || (implicit && context.inner.options.namespace_filter_implicit)
    })
}

pub(crate) fn users(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["pageSize", "pageToken", "email", "namespace"])?;
    let selected = |user: &Value| {
        query.get("email").is_none_or(|wanted| {
            let email = text(user, "/spec/email");
            match context.inner.options.email_filter {
                EmailFilter::IgnoreCase => email.eq_ignore_ascii_case(wanted),
                EmailFilter::Exact => email == wanted,
                EmailFilter::Contains => email.to_lowercase().contains(&wanted.to_lowercase()),
            }
        })
    };
    let users = context
        .inner
        .world
        .users
        .iter()
        .filter(|(id, user)| selected(user) && on_namespace(context, id, &query));
    let items = users
        .map(|(_, user)| context.caller.view_of_user(user))
        .collect();
    context.page(items, "users", &query, &schema::LIST_USERS)
}

pub(crate) fn service_accounts(context: &mut Context<'_>) -> Reply {
    let query = context.query(&PAGING)?;
    let all = context.inner.options.scoped_on_main_list;
    let listed = |account: &&Value| all || account.pointer("/spec/projectScopedAccess").is_none();
    let accounts = context.inner.world.service_accounts.values();
    let items = accounts.filter(listed).cloned().collect();
    context.page(
        items,
        "serviceAccount",
        &query,
        &schema::LIST_SERVICE_ACCOUNTS,
    )
}

pub(crate) fn groups(context: &mut Context<'_>) -> Reply {
    let query = context.query(&[
        "pageSize",
        "pageToken",
        "namespace",
        "displayName",
        "googleGroup.emailAddress",
        "scimGroup.idpId",
    ])?;
    let same = |parameter: &str, group: &Value, pointer: &str| {
        query
            .get(parameter)
            .is_none_or(|wanted| text(group, pointer) == wanted)
    };
    let groups = context.inner.world.groups.iter().filter(|(id, group)| {
        same("displayName", group, "/spec/displayName")
            && same(
                "googleGroup.emailAddress",
                group,
                "/spec/googleGroup/emailAddress",
            )
            && same("scimGroup.idpId", group, "/spec/scimGroup/idpId")
            && on_namespace(context, id, &query)
    });
    let mut items: Vec<Value> = groups.map(|(_, group)| group.clone()).collect();
    items.sort_by(|a, b| text(a, "/spec/displayName").cmp(text(b, "/spec/displayName")));
    context.page(items, "groups", &query, &schema::LIST_GROUPS)
}

pub(crate) fn namespaces(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["pageSize", "pageToken", "name", "projectId"])?;
    // *Unknown*: whether `name` is the name or the id. Taken: either.
    let selected = |namespace: &&Value| {
        query.get("name").is_none_or(|name| {
            text(namespace, "/spec/name") == name || text(namespace, "/namespace") == name
        }) && query
            .get("projectId")
            .is_none_or(|project| text(namespace, "/projectId") == project)
    };
    let mut items: Vec<Value> = context
        .inner
        .world
        .namespaces
        .values()
        .filter(selected)
        .cloned()
        .collect();
    items.sort_by(|a, b| text(a, "/spec/name").cmp(text(b, "/spec/name")));
    context.page(items, "namespaces", &query, &schema::LIST_NAMESPACES)
}

pub(crate) fn custom_roles(context: &mut Context<'_>) -> Reply {
    let query = context.query(&PAGING)?;
    let items = context.inner.world.custom_roles.values().cloned().collect();
    context.page(items, "customRoles", &query, &schema::LIST_CUSTOM_ROLES)
}

pub(crate) fn projects(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["pageSize", "pageToken", "projectIds*"])?;
    let wanted: Vec<&str> = query.all("projectIds").collect();
    let selected = |project: &&Value| wanted.is_empty() || wanted.contains(&text(project, "/id"));
    let items = context
        .inner
        .world
        .projects
        .values()
        .filter(selected)
        .cloned()
        .collect();
    context.page(items, "projects", &query, &schema::LIST_PROJECTS)
}

pub(crate) fn project_service_accounts(context: &mut Context<'_>, project: &str) -> Reply {
    let query = context.query(&PAGING)?;
    let world = &context.inner.world;
    if !world.projects.contains_key(project) {
        return Err(Refusal::not_found("project", project));
    }
    let scoped = world
        .service_accounts
        .values()
        .filter(|account| text(account, "/spec/projectScopedAccess/projectId") == project);
    let items = scoped.cloned().collect();
    context.page(
        items,
        "serviceAccounts",
        &query,
        &schema::LIST_SCOPED_SERVICE_ACCOUNTS,
    )
}

fn single(
    context: &Context<'_>,
    map: fn(&World) -> &BTreeMap<String, Value>,
    what: &str,
    id: &str,
    message: &'static Message,
) -> Reply {
    context.query(&[])?;
    let object = map(&context.inner.world)
        .get(id)
        .cloned()
        .ok_or_else(|| Refusal::not_found(what, id))?;
    let field = message
        .fields
        .first()
        .map(|field| field.name)
        .unwrap_or_default();
    Ok((
        message,
        Value::Object(Map::from_iter([(field.to_owned(), object)])),
    ))
}

pub(crate) fn namespace(context: &mut Context<'_>, id: &str) -> Reply {
    single(
        context,
        |world| &world.namespaces,
        "namespace",
        id,
        &schema::GET_NAMESPACE,
    )
}

pub(crate) fn custom_role(context: &mut Context<'_>, id: &str) -> Reply {
    single(
        context,
        |world| &world.custom_roles,
        "custom role",
        id,
        &schema::GET_CUSTOM_ROLE,
    )
}

pub(crate) fn project(context: &mut Context<'_>, id: &str) -> Reply {
    single(
        context,
        |world| &world.projects,
        "project",
        id,
        &schema::GET_PROJECT,
    )
}

pub(crate) fn principal(context: &mut Context<'_>, kind: Kind, id: &str) -> Reply {
    match kind {
        Kind::User => {
            let (message, mut value) =
                single(context, |world| &world.users, "user", id, &schema::GET_USER)?;
            value["user"] = context.caller.view_of_user(&value["user"]);
            Ok((message, value))
        }
        Kind::ServiceAccount => single(
            context,
            |world| &world.service_accounts,
            "service account",
            id,
            &schema::GET_SERVICE_ACCOUNT,
        ),
        Kind::Group => single(
            context,
            |world| &world.groups,
            "user group",
            id,
            &schema::GET_GROUP,
        ),
    }
}
