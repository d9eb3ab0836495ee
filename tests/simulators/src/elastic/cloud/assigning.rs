//! Giving and taking role assignments.

use serde_json::{Map, Value, json};

use super::{
    assignments::{self, KINDS, Kind, Row, Target},
    refusal::Refusal,
    routes::{Context, Reply},
};
use crate::elastic::{keys::Scope, options::RepeatedAssignment, world::Member};

/// `POST /users/{user_id}/role_assignments`
pub(crate) fn assign(context: &mut Context<'_>, user: &str) -> Reply {
    context.query(&[])?;
    let rows = context.checked_rows(user)?;
    context.refuse_repetition(user, &rows, |row, held| row.is_in(held))?;
    for row in &rows {
        let member = context.member(user, row)?;
        row.put(&mut member.assignments);
    }
    Ok(json!({}))
}

/// `DELETE /users/{user_id}/role_assignments`, with a body like the one that assigns.
pub(crate) fn take(context: &mut Context<'_>, user: &str) -> Reply {
    let query = context.query(&["force"])?;
    // *Unknown*: what is forced. Taken: nothing.
    if let Some(force) = query.get("force")
        && !["true", "false"].contains(&force)
    {
        return Err(Refusal::violation(format!("force must not be {force:?}")));
    }
    let rows = context.checked_rows(user)?;
    context.refuse_repetition(user, &rows, |row, held| !row.is_held(held))?;
    for row in &rows {
        let member = context.member(user, row)?;
        row.remove(&mut member.assignments);
    }
    Ok(json!({}))
}

impl Context<'_> {
    /// The assignments in the body, all of which the key may write and the user may have: nothing is done by halves.
    fn checked_rows(&mut self, user: &str) -> Result<Vec<Row>, Refusal> {
        let body = self.body(&["platform", "organization", "deployment", "project"])?;
        let rows = rows(&body)?;
        for row in &rows {
            self.authorize(row)?;
            self.member(user, row)?;
        }
        Ok(rows)
    }

    /// Whether the key may write it. Every resource is looked at; one that does not exist, or is not there any more,
    /// cannot be written to.
    fn authorize(&self, row: &Row) -> Result<(), Refusal> {
        let world = &self.inner.world;
        let of = &row.organization;
        let allowed = match &row.target {
            Target::Organization | Target::All => self.caller.scope == Scope::Owner,
            Target::One(id) if row.kind.name == "deployment" => {
                let mut clusters = world.deployments.values();
                let found =
                    clusters.any(|one| one.id == *id && one.organization == *of && !one.hidden);
                found && self.caller.sees_deployment(id)
            }
            Target::One(id) => {
                let project = world.projects.get(id);
                let found =
                    project.is_some_and(|one| one.kind == row.kind.name && one.organization == *of);
                found && self.caller.scope == Scope::Owner
            }
        };
        if allowed && self.caller.reaches(of) {
            return Ok(());
        }
        let message = format!("You are not authorized to assign {}", row.role);
        Err(Refusal::new(
            403,
            "role_assignments.unauthorized_role_assignments",
            message,
        ))
    }

    /// The user, who must be in the organization of the assignment.
    fn member(&mut self, user: &str, row: &Row) -> Result<&mut Member, Refusal> {
        let org = self.inner.world.organizations.get_mut(&row.organization);
        org.and_then(|org| org.members.get_mut(user))
            .ok_or_else(|| {
                let message = format!("User [{user}] cannot have role assignments");
                let code = "role_assignments.invalid_target_user_id";
                Refusal::new(400, code, message).field("user_id")
            })
    }

    fn refuse_repetition(
        &mut self,
        user: &str,
        rows: &[Row],
        repeats: impl Fn(&Row, &Map<String, Value>) -> bool,
    ) -> Result<(), Refusal> {
        if self.inner.options.repeated_assignment == RepeatedAssignment::Done {
            return Ok(());
        }
        for row in rows {
            if repeats(row, &self.member(user, row)?.assignments) {
                let message = "There is nothing to change";
                return Err(Refusal::new(400, "root.invalid_data", message));
            }
        }
        Ok(())
    }
}

/// All assignments in a body. *Unknown*: the answer to none at all. Taken: it is refused.
fn rows(body: &Map<String, Value>) -> Result<Vec<Row>, Refusal> {
    if body.contains_key("platform") {
        return Err(Refusal::bad_body("there is no platform to assign roles on"));
    }
    let project = match body.get("project") {
        None => Map::new(),
        Some(value) => {
            let kinds = ["elasticsearch", "observability", "security"];
            let project = crate::head::object(value, "project", &kinds);
            project.map_err(Refusal::bad_body)?.clone()
        }
    };
    let mut all = Vec::new();
    for kind in &KINDS {
        all.append(&mut of_kind(kind, body)?);
        all.append(&mut of_kind(kind, &project)?);
    }
    if all.is_empty() {
        return Err(Refusal::bad_body("there is no assignment in the body"));
    }
    Ok(all)
}

fn of_kind(kind: &'static Kind, holder: &Map<String, Value>) -> Result<Vec<Row>, Refusal> {
    let Some(value) = holder.get(kind.name) else {
        return Ok(Vec::new());
    };
    let entries = value
        .as_array()
        .ok_or_else(|| Refusal::bad_body(format!("{} is not a list", kind.name)))?;
    let mut all = Vec::new();
    for entry in entries {
        all.append(&mut assignments::rows(kind, entry)?);
    }
    Ok(all)
}
