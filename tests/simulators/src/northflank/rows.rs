//! How people, roles and groups look in lists. What is `None` is left out.

use serde_json::{Map, Value, json};

use super::world::{Email, Group, GroupMember, Member, Role};

fn put(row: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        row.insert(name.to_owned(), value.into());
    }
}

fn email(email: &Email) -> Value {
    let mut row = Map::new();
    put(&mut row, "address", email.address.as_deref());
    put(&mut row, "verified", email.verified);
    Value::Object(row)
}

/// <https://northflank.com/docs/v1/api/org/org-members/list-org-members>
pub(crate) fn member(id: &str, member: &Member) -> Value {
    let mut row = Map::new();
    put(&mut row, "id", Some(id));
    put(&mut row, "name", member.name.as_deref());
    let emails = member.emails.as_deref();
    put(
        &mut row,
        "emails",
        emails.map(|emails| emails.iter().map(email).collect::<Vec<_>>()),
    );
    put(&mut row, "joinedAt", member.joined_at.as_deref());
    put(&mut row, "finalized", member.finalized);
    Value::Object(row)
}

/// <https://northflank.com/docs/v1/api/org/org-roles/list-org-roles>
pub(crate) fn role(id: &str, role: &Role) -> Value {
    let mut row = Map::new();
    put(&mut row, "id", Some(id));
    put(&mut row, "name", Some(role.name.as_str()));
    put(&mut row, "description", role.description.as_deref());
    let restrictions = Some(&role.restrictions).filter(|value| !value.is_null());
    put(&mut row, "restrictions", restrictions.cloned());
    put(&mut row, "directoryGroups", role.directory_groups.clone());
    put(&mut row, "createdAt", role.created_at.as_deref());
    put(&mut row, "updatedAt", role.updated_at.as_deref());
    Value::Object(row)
}

/// The role as the call for it alone has it.
pub(crate) fn whole_role(id: &str, the: &Role) -> Value {
    let mut row = role(id, the);
    let may = &the.permissions;
    row["permissions"] =
        json!({"orgScope": may.organization, "teamScope": may.team, "projectScope": may.project});
    row
}

/// <https://northflank.com/docs/v1/api/org/org-roles/list-directory-groups>
pub(crate) fn group(id: &str, group: &Group) -> Value {
    let mut row = Map::new();
    put(&mut row, "id", Some(id));
    put(&mut row, "name", group.name.as_deref());
    put(&mut row, "idpId", group.idp_id.as_deref());
    put(&mut row, "createdAt", group.created_at.as_deref());
    put(&mut row, "updatedAt", group.updated_at.as_deref());
    Value::Object(row)
}

/// Somebody in a group, whose `id` is there even if it is null, and whose `emails` are plain texts.
pub(crate) fn group_member(member: &GroupMember) -> Value {
    let mut row = Map::new();
    row.insert("id".to_owned(), json!(member.id));
    put(&mut row, "name", member.name.as_deref());
    put(&mut row, "emails", member.emails.clone());
    Value::Object(row)
}
