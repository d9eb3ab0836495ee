//! Organizations, who is in them, and who is invited. None of these lists has pages.

use serde_json::{Map, Value, json};

use super::{
    refusal::Refusal,
    routes::{Context, Reply},
};
use crate::elastic::world::{Invitation, Member, Organization};

/// `GET /organizations`. A key sees the organizations it is of: today's keys exactly one.
pub(crate) fn list(context: &Context<'_>) -> Reply {
    let organizations = context.inner.world.organizations.values();
    let seen = organizations.filter(|org| context.caller.reaches(&org.id));
    let mut body = json!({"organizations": context.arranged(seen.map(organization))});
    if let Some(cursor) = &context.inner.options.next_page {
        body["next_page"] = Value::from(cursor.as_str());
    }
    Ok(body)
}

/// `GET /organizations/{id}`
pub(crate) fn by_id(context: &Context<'_>, id: &str) -> Reply {
    let found = context.inner.world.organizations.get(id);
    let found = found.ok_or_else(|| Refusal::no_organization(id))?;
    if !context.caller.reaches(id) {
        let message = "You are not a member of this organization";
        return Err(Refusal::new(403, "organization.invalid_access", message));
    }
    Ok(organization(found))
}

/// `GET /organizations/{id}/members`
pub(crate) fn members(context: &Context<'_>, id: &str) -> Reply {
    let organization = context.caller.organization(&context.inner.world, id)?;
    let members = organization.members.values();
    let members = members.map(|one| member(context, id, one));
    Ok(json!({"members": context.arranged(members)}))
}

/// `GET /organizations/{id}/invitations`
pub(crate) fn invitations(context: &Context<'_>, id: &str) -> Reply {
    let found = context.caller.organization(&context.inner.world, id)?;
    let invitations = found.invitations.values();
    let invitations = invitations.map(|one| invitation(context, found, one));
    Ok(json!({"invitations": context.arranged(invitations)}))
}

impl Context<'_> {
    /// Rows in the order that is asked for.
    pub(crate) fn arranged(&self, rows: impl Iterator<Item = Value>) -> Vec<Value> {
        let mut rows: Vec<Value> = rows.collect();
        self.inner.options.ordering.arrange(&mut rows);
        rows
    }

    /// Puts the assignments the key sees into a row, if there are any.
    fn put_assignments(&self, assignments: &Map<String, Value>, row: &mut Value) {
        let visible = self.caller.visible(assignments);
        if !visible.is_empty() {
            row["role_assignments"] = Value::Object(visible);
        }
    }
}

fn organization(organization: &Organization) -> Value {
    let mut value = organization.extra.clone();
    value.insert("id".to_owned(), json!(organization.id));
    value.insert("name".to_owned(), json!(organization.name));
    Value::Object(value)
}

fn member(context: &Context<'_>, organization: &str, member: &Member) -> Value {
    let mut row = json!({
        "organization_id": organization, "user_id": member.user_id, "member_since": member.member_since,
    });
    for (field, text) in [("name", &member.name), ("email", &member.email)] {
        if let Some(text) = text {
            row[field] = json!(text);
        }
    }
    context.put_assignments(&member.assignments, &mut row);
    row
}

fn invitation(context: &Context<'_>, of: &Organization, invitation: &Invitation) -> Value {
    let mut row = json!({
        "token": invitation.token, "email": invitation.email, "created_at": invitation.created_at,
        "expires_at": invitation.expires_at, "expired": invitation.expired, "organization": organization(of),
    });
    if let Some(at) = &invitation.accepted_at {
        row["accepted_at"] = json!(at);
    }
    context.put_assignments(&invitation.assignments, &mut row);
    row
}
