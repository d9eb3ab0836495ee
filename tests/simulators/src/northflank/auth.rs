//! What a token is: <https://northflank.com/docs/v1/api/miscellaneous/auth>.

use serde_json::{Value, json};

use super::{builder::SINCE, routes::Context, tokens::Entity};

/// *Unknown*: how permissions are written. Taken: the lists are empty, so that nobody relies on what is in them.
pub(crate) fn describe(context: &Context<'_>) -> Value {
    let (world, token) = (&context.inner.world, &context.token);
    let (role_id, role_name) = &token.role;
    let mut data = json!({
        "tokenKind": "api", "id": token.id, "name": token.name,
        "permissions": {"orgScope": [], "teamScope": [], "projectScope": []},
        "creatorEmail": "it@acme.test", "createdAt": SINCE,
    });
    let kind = match &token.entity {
        Entity::Organization => {
            data["entityId"] = json!(world.organization_id);
            data["entityUid"] = json!(world.organization_uid);
            "org"
        }
        Entity::Team { id, uid } => {
            data["entityId"] = json!(id);
            data["entityUid"] = json!(uid);
            data["orgId"] = json!(world.organization_id);
            data["orgUid"] = json!(world.organization_uid);
            "team"
        }
    };
    data["entityType"] = Value::from(kind);
    data["role"] =
        json!({"name": role_name, "roleId": role_id, "roleType": kind, "entityType": kind});
    if let Some(end) = token.expires_at {
        data["expiresAt"] = Value::from(end.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string());
    }
    json!({ "data": data })
}
