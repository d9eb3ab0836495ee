//! Role assignments: the server keeps one for each role and resource, and shows several resources in one entry.
//! <https://www.elastic.co/docs/deploy-manage/users-roles/cloud-organization/user-roles>

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::cloud::bad_body;
use crate::{head, refusal::Refusal};

/// The roles of a kind of resource, and where the resources are named.
pub(super) struct Kind {
    /// The field of `role_assignments`, or of `project`.
    pub(super) name: &'static str,
    /// The field with the resources; none for the organization itself.
    ids: Option<&'static str>,
    /// What the `role_id`s begin with, and how they end.
    roles: (&'static str, &'static str),
}

const SECURITY: &str = "admin editor viewer t1-analyst t2-analyst t3-analyst threat-intel-analyst rule-author soc-manager \
    endpoint-operations-analyst platform-engineer detections-admin endpoint-policy-manager";
const ON_PROJECTS: Option<&str> = Some("project_ids");

macro_rules! kinds {
    ($($name:literal $ids:expr, $begin:literal $ends:expr;)*) => {
        &[$(Kind { name: $name, ids: $ids, roles: ($begin, $ends) }),*]
    };
}

static KINDS: &[Kind] = kinds! {
    "organization" None, "" "organization-admin billing-admin";
    "deployment" Some("deployment_ids"), "deployment-" "admin editor viewer";
    "elasticsearch" ON_PROJECTS, "elasticsearch-" "admin developer viewer";
    "observability" ON_PROJECTS, "observability-" "admin editor viewer";
    "security" ON_PROJECTS, "security-" SECURITY;
};

/// Kinds of projects.
pub(super) const PROJECTS: [&str; 3] = ["elasticsearch", "observability", "security"];

/// What a role is assigned on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The organization.
    Organization,
    /// All resources of the kind, whichever there will be.
    All,
    /// One resource.
    One(String),
}

/// One assignment.
pub(super) struct Row {
    pub(super) kind: &'static Kind,
    pub(super) role: String,
    pub(super) organization: String,
    pub(super) target: Target,
    application_roles: Vec<Value>,
}

/// All assignments in a body. *Unknown*: the answer to none at all. Taken: it is refused.
pub(super) fn rows(body: &Map<String, Value>) -> Result<Vec<Row>, Refusal> {
    if body.contains_key("platform") {
        return Err(bad_body("there is no platform to assign roles on"));
    }
    let project = body.get("project").cloned().unwrap_or_else(|| json!({}));
    let project = head::object(&project, "project", &PROJECTS).map_err(bad_body)?;
    let mut all = Vec::new();
    for kind in KINDS {
        let holder = if kind.is_project() { project } else { body };
        let Some(entries) = holder.get(kind.name) else {
            continue;
        };
        let entries = entries.as_array();
        let entries = entries.ok_or_else(|| bad_body(format!("{} is not a list", kind.name)))?;
        for entry in entries {
            all.append(&mut kind.rows(entry)?);
        }
    }
    match all.is_empty() {
        true => Err(bad_body("there is no assignment in the body")),
        false => Ok(all),
    }
}

impl Kind {
    fn is_project(&self) -> bool {
        PROJECTS.contains(&self.name)
    }

    /// The assignments in an entry of a request.
    fn rows(&'static self, entry: &Value) -> Result<Vec<Row>, Refusal> {
        let what = format!("an assignment of {}", self.name);
        let mut fields = vec!["role_id", "organization_id"];
        fields.extend(self.ids.iter().flat_map(|ids| ["all", ids, "application_roles"]));
        let entry = head::object(entry, &what, &fields).map_err(bad_body)?;
        let role = head::text(entry, &what, "role_id").map_err(bad_body)?;
        let organization = head::text(entry, &what, "organization_id").map_err(bad_body)?;
        // *Unknown*: the answer to an unknown role. Taken: 400.
        let (begin, ends) = self.roles;
        if !role.strip_prefix(begin).is_some_and(|end| ends.split(' ').any(|known| known == end)) {
            return Err(bad_body(format!("{role} is not a role of {}", self.name)));
        }
        let texts = |field: &str| match entry.get(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(texts)) if texts.iter().all(Value::is_string) => Ok(texts.clone()),
            Some(_) => Err(bad_body(format!("{field} is not a list of texts"))),
        };
        let named = self.ids.map_or(Ok(Vec::new()), texts)?;
        let one = |id: &Value| Target::One(id.as_str().unwrap_or_default().to_owned());
        let targets = match (self.ids, entry.get("all"), named.is_empty()) {
            (None, _, _) => vec![Target::Organization],
            (Some(_), Some(Value::Bool(true)), true) => vec![Target::All],
            (Some(_), None | Some(Value::Bool(false)), false) => named.iter().map(one).collect(),
            (Some(ids), _, _) => {
                return Err(bad_body(format!("either all must be true or {ids} be given")));
            }
        };
        let application_roles = texts("application_roles")?;
        let row = |target| Row {
            kind: self,
            role: role.to_owned(),
            organization: organization.to_owned(),
            target,
            application_roles: application_roles.clone(),
        };
        Ok(targets.into_iter().map(row).collect())
    }
}

fn list<'e>(entry: &'e Value, field: &str) -> &'e [Value] {
    entry[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

impl Row {
    fn same_role(&self, entry: &Value) -> bool {
        entry["role_id"] == self.role && entry["organization_id"] == self.organization
    }

    /// Whether an entry of the same role has the same target. *Unknown*: what becomes of it when a role on all and one on a
    /// single resource meet. Taken: they are kept side by side, and neither is the other.
    fn covers(&self, entry: &Value) -> bool {
        match (&self.target, self.kind.ids) {
            (Target::One(id), Some(ids)) => {
                entry["all"] != true && list(entry, ids).iter().any(|other| other == id)
            }
            (Target::All, _) => entry["all"] == true,
            _ => true,
        }
    }

    /// The list of the kind, which is put there if it is not there.
    fn entries<'m>(&self, assignments: &'m mut Map<String, Value>) -> Option<&'m mut Vec<Value>> {
        let holder = match self.kind.is_project() {
            true => assignments.entry("project").or_insert_with(|| json!({})).as_object_mut()?,
            false => assignments,
        };
        holder.entry(self.kind.name).or_insert_with(|| json!([])).as_array_mut()
    }

    /// Assigns it. *Unknown*: what becomes of application roles that were there. Taken: they are replaced.
    pub(super) fn put(&self, assignments: &mut Map<String, Value>) {
        self.remove(assignments);
        let ids = self.kind.ids.unwrap_or_default();
        let mut entry = json!({"role_id": self.role, "organization_id": self.organization});
        match &self.target {
            Target::Organization => {}
            Target::All => entry["all"] = json!(true),
            Target::One(id) => (entry["all"], entry[ids]) = (json!(false), json!([id])),
        }
        if !self.application_roles.is_empty() {
            entry["application_roles"] = json!(self.application_roles);
        }
        let Some(entries) = self.entries(assignments) else {
            return;
        };
        // Resources with the same role and the same application roles are in one entry.
        let roles = |entry: &Value| list(entry, "application_roles").to_vec();
        let is_beside = |held: &&mut Value| {
            self.same_role(held) && held["all"] != true && roles(held) == self.application_roles
        };
        let held = entries.iter_mut().find(is_beside);
        let held = held.and_then(|held| held.get_mut(ids)?.as_array_mut());
        match (&self.target, held) {
            (Target::One(id), Some(list)) => list.push(json!(id)),
            _ => entries.push(entry),
        }
    }

    /// Takes it away, whatever application roles come with it. Lists without anything in them are not kept.
    pub(super) fn remove(&self, assignments: &mut Map<String, Value>) {
        let ids = self.kind.ids.unwrap_or_default();
        if let Some(entries) = self.entries(assignments) {
            entries.retain_mut(|entry| {
                if !self.same_role(entry) || !self.covers(entry) {
                    return true;
                }
                match (&self.target, entry[ids].as_array_mut()) {
                    (Target::One(id), Some(list)) => {
                        list.retain(|other| other != id);
                        !list.is_empty()
                    }
                    _ => false,
                }
            });
        }
        let is_empty = |value: &Value| {
            value.as_array().is_some_and(Vec::is_empty)
                || value.as_object().is_some_and(Map::is_empty)
        };
        if let Some(Value::Object(project)) = assignments.get_mut("project") {
            project.retain(|_, list| !is_empty(list));
        }
        assignments.retain(|_, list| !is_empty(list));
    }
}

/// Assignments one by one, in a form in which two ways to write the same are the same: `deployment deployment-viewer of
/// 198583657190 on ce03…`. What nobody knows stays as it is.
pub(super) fn flat(assignments: &Value) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for (kind, value) in assignments.as_object().into_iter().flatten() {
        match value {
            Value::Array(entries) => flatten(kind, entries, &mut rows),
            Value::Object(kinds) if kind == "project" => {
                for (kind, value) in kinds {
                    let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
                    flatten(&format!("project/{kind}"), entries, &mut rows);
                }
            }
            other => {
                rows.insert(format!("{kind}: {other}"));
            }
        }
    }
    rows
}

fn flatten(kind: &str, entries: &[Value], rows: &mut BTreeSet<String>) {
    for entry in entries {
        let text = |name: &str| entry[name].as_str().unwrap_or("-");
        let head = format!("{kind} {} of {}", text("role_id"), text("organization_id"));
        let tail = match list(entry, "application_roles") {
            [] => String::new(),
            roles => format!(" with {}", json!(roles)),
        };
        let ids = ["deployment_ids", "project_ids"];
        let ids = ids.iter().flat_map(|name| list(entry, name)).filter_map(Value::as_str);
        let mut wheres: Vec<String> = ids.map(|id| format!(" on {id}")).collect();
        if entry["all"] == true {
            wheres.push(" on all".to_owned());
        } else if wheres.is_empty() {
            wheres.push(String::new());
        }
        rows.extend(wheres.into_iter().map(|on| format!("{head}{on}{tail}")));
    }
}
