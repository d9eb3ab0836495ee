//! The permissions of a space, row by row.

use serde_json::{Value, json};

use super::{
    options::AnonymousRow,
    routes::{Context, Reply},
    world::{Permission, Space},
};

/// `GET /wiki/api/v2/spaces/{id}/permissions`
pub(crate) fn list(context: &mut Context<'_>, id: &str) -> Reply {
    let query = context.query(&["cursor", "limit"])?;
    let rows = context.permission_rows(context.viewed(id)?);
    context.v2_list(rows, &query, Value::clone)
}

impl Context<'_> {
    /// All rows by id, those that roles come down to among them if they are shown.
    pub(crate) fn permission_rows(&self, space: &Space) -> Vec<Value> {
        let mut rows = space.permissions.clone();
        if self.inner.options.rows_of_roles {
            rows.extend(self.inner.world.rows_of_roles(space));
        }
        rows.sort_by_key(|row| row.id);
        let twice = self.inner.options.repeat_class_rows;
        let copies = |row: &Permission| {
            let class = matches!(row.principal.kind.as_str(), "access-class" | "anonymous");
            if twice && class { 2 } else { 1 }
        };
        rows.iter()
            .flat_map(|row| vec![self.permission(row); copies(row)])
            .collect()
    }

    fn permission(&self, row: &Permission) -> Value {
        let principal = match (
            row.principal.kind.as_str(),
            self.inner.options.anonymous_row,
        ) {
            ("anonymous", AnonymousRow::Role) => json!({"type": "role", "id": "anonymous"}),
            ("anonymous", AnonymousRow::RoleWithoutId) => json!({"type": "role"}),
            ("anonymous", AnonymousRow::User) => json!({"type": "user", "id": "anonymous"}),
            ("anonymous", AnonymousRow::AccessClass) => {
                json!({"type": "access-class", "id": "ANONYMOUS_USERS"})
            }
            ("access-class", _) => {
                let id = row.principal.id.to_uppercase().replace('-', "_");
                json!({"type": "access-class", "id": id})
            }
            (kind, _) => json!({"type": kind, "id": row.principal.id}),
        };
        json!({
            "id": row.id.to_string(), "principal": principal,
            "operation": {"key": row.verb, "targetType": row.noun},
        })
    }
}
