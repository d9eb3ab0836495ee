//! Users, one by one and in bulk.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    head,
    options::{HiddenEmail, NameTails},
    paging,
    refusal::Refusal,
    routes::{Context, Good, Reply, required},
    world::{Space, User},
};
use crate::address::Query;

/// What `expand` can name for a user.
const EXPANDABLE: [&str; 2] = ["operations", "personalSpace"];

/// The fields to expand.
pub(crate) fn expand(query: &Query) -> Result<BTreeSet<&str>, Refusal> {
    let names: BTreeSet<&str> = query.get("expand").unwrap_or_default().split(',').collect();
    match names
        .iter()
        .find(|name| !name.is_empty() && !EXPANDABLE.contains(name))
    {
        Some(name) => Err(Refusal::violation(format!("expand must not name {name:?}"))),
        None => Ok(names),
    }
}

/// `GET /wiki/rest/api/user/current`
pub(crate) fn current(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["expand"])?;
    let expand = expand(&query)?;
    let id = context.caller.account_id.clone();
    Ok(Good::ok(context.user_with_status(&id, &expand)?))
}

/// `GET /wiki/rest/api/user?accountId=`
pub(crate) fn by_id(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["accountId", "expand"])?;
    let expand = expand(&query)?;
    let id = required(&query, "accountId")?;
    Ok(Good::ok(context.user_with_status(id, &expand)?))
}

/// `GET /wiki/rest/api/user/bulk?accountId=…`, repeated. *Unknown*: an id nobody has heard of. Taken: it is left out.
pub(crate) fn bulk(context: &mut Context<'_>) -> Reply {
    let query = context.query(&["accountId*", "expand", "limit", "start"])?;
    let expand = expand(&query)?;
    let ids: BTreeSet<&str> = query.all("accountId").collect();
    if ids.is_empty() || ids.len() > paging::V1_MOST {
        return Err(Refusal::violation(format!(
            "accountId must be given 1 to {} times",
            paging::V1_MOST
        )));
    }
    let users = ids
        .into_iter()
        .filter_map(|id| context.inner.world.users.get(id));
    let users: Vec<&User> = users.collect();
    context.v1_list(users, &query, paging::V1_MOST, |user| {
        context.v1_user(user, true, &expand)
    })
}

/// `POST /wiki/api/v2/users-bulk`
pub(crate) fn users_bulk(context: &mut Context<'_>) -> Reply {
    context.query(&[])?;
    let body = head::json(context.call)?;
    let body = head::object(&body, "the body", &["accountIds"])?;
    let ids = body.get("accountIds").and_then(Value::as_array);
    let ids: Option<Vec<&str>> = ids.and_then(|ids| ids.iter().map(Value::as_str).collect());
    let ids = ids
        .filter(|ids| (1..=250).contains(&ids.len()))
        .ok_or_else(|| Refusal::violation("accountIds must be 1 to 250 texts"))?;
    let mut seen = BTreeSet::new();
    let ids = ids.into_iter().filter(|id| seen.insert(*id));
    let users = ids.filter_map(|id| context.inner.world.users.get(id));
    let results: Vec<Value> = users.map(|user| context.v2_user(user)).collect();
    Ok(Good::ok(json!({"results": results, "_links": {}})))
}

impl Context<'_> {
    fn user_with_status(&self, id: &str, expand: &BTreeSet<&str>) -> Result<Value, Refusal> {
        let user = self.inner.world.users.get(id);
        let user =
            user.ok_or_else(|| Refusal::not_found(format!("No user found with id: {id}")))?;
        let mut value = self.v1_user(user, true, expand);
        value["accountStatus"] = Value::from(user.status.as_str());
        value["locale"] = Value::from("en_US");
        value["timeZone"] = Value::Null;
        Ok(value)
    }

    /// A user as v1 shows them.
    pub(crate) fn v1_user(&self, user: &User, by_id: bool, expand: &BTreeSet<&str>) -> Value {
        let kind = match user.account_type.as_str() {
            "customer" if !self.inner.options.v1_customers => "",
            kind => kind,
        };
        let site = &self.inner.world.site;
        let mut value = json!({
            "type": "known", "accountId": user.account_id, "accountType": kind,
            "publicName": user.public_name, "displayName": self.name(user, by_id),
            "profilePicture": picture(user),
            "isExternalCollaborator": user.guest, "isGuest": user.guest,
            "_links": {"self": format!("{site}/wiki/rest/api/user?accountId={}", user.account_id)},
        });
        self.put_email(user, &mut value);
        let mut hidden = Map::new();
        for name in EXPANDABLE {
            if !expand.contains(name) {
                hidden.insert(name.to_owned(), Value::from(""));
            } else if name == "operations" {
                value[name] = operations(user);
            } else if let Some(space) = self.personal_space(user) {
                value[name] = json!({"id": space.id, "key": space.key, "name": space.name, "type": space.kind, "status": space.status});
            }
        }
        value["_expandable"] = Value::Object(hidden);
        value
    }

    fn v2_user(&self, user: &User) -> Value {
        let kind = if user.account_type.is_empty() {
            "unknown"
        } else {
            &user.account_type
        };
        let mut value = json!({
            "accountId": user.account_id, "accountType": kind, "accountStatus": user.status,
            "publicName": user.public_name, "displayName": self.name(user, true), "timeZone": null,
            "personalSpaceId": self.personal_space(user).map(|space| space.id.to_string()),
            "isExternalCollaborator": user.guest, "profilePicture": picture(user),
        });
        self.put_email(user, &mut value);
        value
    }

    /// The display name, with the tail that tells a user who cannot come in.
    pub(crate) fn name(&self, user: &User, by_id: bool) -> String {
        let shown = match self.inner.options.name_tails {
            NameTails::WhereAskedById => by_id,
            NameTails::Everywhere => true,
            NameTails::Nowhere => false,
        };
        let tail = match user.status.as_str() {
            "inactive" if shown => " (Deactivated)",
            "active" if shown && !user.licensed && user.account_type == "atlassian" => {
                " (Unlicensed)"
            }
            _ => "",
        };
        format!("{}{tail}", user.display_name)
    }

    fn put_email(&self, user: &User, value: &mut Value) {
        let options = &self.inner.options;
        let hidden =
            (user.email_hidden || options.hide_emails) && user.account_id != self.caller.account_id;
        match options.hidden_email {
            _ if !hidden => value["email"] = Value::from(user.email.as_str()),
            HiddenEmail::Empty => value["email"] = Value::from(""),
            HiddenEmail::Null => value["email"] = Value::Null,
            HiddenEmail::Absent => {}
        }
    }

    fn personal_space(&self, user: &User) -> Option<&Space> {
        let mut spaces = self.inner.world.spaces.values();
        spaces.find(|space| space.kind == "personal" && space.author == user.account_id)
    }
}

fn operations(user: &User) -> Value {
    if user.licensed {
        json!([{"operation": "use", "targetType": "application"}])
    } else {
        json!([])
    }
}

fn picture(user: &User) -> Value {
    json!({"path": format!("/wiki/aa-avatar/{}", user.account_id), "width": 48, "height": 48, "isDefault": false})
}
