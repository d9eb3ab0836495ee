//! Role assignments: the server keeps one for each role and resource, and shows several resources in one entry.

use serde_json::{Map, Value, json};

use super::refusal::Refusal;

/// The roles of a kind of resource, and where the resources are named.
pub(crate) struct Kind {
    /// The field of `role_assignments`, or the field of `project`.
    pub(crate) name: &'static str,
    /// Whether it is below `project`.
    project: bool,
    /// The field with the resources; none for the organization itself.
    ids: Option<&'static str>,
    /// `role_id`s.
    roles: &'static [&'static str],
}

/// <https://www.elastic.co/docs/deploy-manage/users-roles/cloud-organization/user-roles>
pub(crate) const KINDS: [Kind; 5] = [
    Kind {
        name: "organization",
        project: false,
        ids: None,
        roles: &["organization-admin", "billing-admin"],
    },
    Kind {
        name: "deployment",
        project: false,
        ids: Some("deployment_ids"),
        roles: &["deployment-admin", "deployment-editor", "deployment-viewer"],
    },
    Kind {
        name: "elasticsearch",
        project: true,
        ids: Some("project_ids"),
        roles: &[
            "elasticsearch-admin",
            "elasticsearch-developer",
            "elasticsearch-viewer",
        ],
    },
    Kind {
        name: "observability",
        project: true,
        ids: Some("project_ids"),
        roles: &[
            "observability-admin",
            "observability-editor",
            "observability-viewer",
        ],
    },
    Kind {
        name: "security",
        project: true,
        ids: Some("project_ids"),
        roles: &[
            "security-admin",
            "security-editor",
            "security-viewer",
            "security-t1-analyst",
            "security-t2-analyst",
            "security-t3-analyst",
            "security-threat-intel-analyst",
            "security-rule-author",
            "security-soc-manager",
            "security-endpoint-operations-analyst",
            "security-platform-engineer",
            "security-detections-admin",
            "security-endpoint-policy-manager",
        ],
    },
];

/// What a role is assigned on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The organization.
    Organization,
    /// All resources of the kind, whichever there will be.
    All,
    /// One resource.
    One(String),
}

/// One assignment.
pub(crate) struct Row {
    pub(crate) kind: &'static Kind,
    pub(crate) role: String,
    pub(crate) organization: String,
    pub(crate) target: Target,
    application_roles: Vec<String>,
}

/// The assignments in an entry of a request.
pub(crate) fn rows(kind: &'static Kind, entry: &Value) -> Result<Vec<Row>, Refusal> {
    let what = format!("an assignment of {}", kind.name);
    let mut fields = vec!["role_id", "organization_id"];
    if let Some(ids) = kind.ids {
        fields.extend(["all", ids, "application_roles"]);
    }
    let bad = Refusal::bad_body;
    let entry = crate::head::object(entry, &what, &fields).map_err(bad)?;
    let role = crate::head::text(entry, &what, "role_id").map_err(bad)?;
    let organization = crate::head::text(entry, &what, "organization_id").map_err(bad)?;
    // *Unknown*: the answer to a role nobody has heard of. Taken: 400.
    if !kind.roles.contains(&role) {
        return Err(bad(format!("{role} is not a role of {}", kind.name)));
    }
    let texts = |field: &str| match entry.get(field) {
        None => Ok(Vec::new()),
        Some(value) => texts(value).ok_or_else(|| bad(format!("{field} is not a list of texts"))),
    };
    let targets = match (kind.ids, entry.get("all")) {
        (None, _) => vec![Target::Organization],
        (Some(ids), Some(Value::Bool(true))) if texts(ids)?.is_empty() => vec![Target::All],
        (Some(ids), None | Some(Value::Bool(false))) if !texts(ids)?.is_empty() => {
            texts(ids)?.into_iter().map(Target::One).collect()
        }
        (Some(ids), _) => return Err(bad(format!("either all must be true or {ids} be given"))),
    };
    let application_roles = texts("application_roles")?;
    let row = |target| Row {
        kind,
        role: role.to_owned(),
        organization: organization.to_owned(),
        target,
        application_roles: application_roles.clone(),
    };
    Ok(targets.into_iter().map(row).collect())
}

fn texts(value: &Value) -> Option<Vec<String>> {
    let texts = value.as_array()?.iter();
    texts.map(|text| text.as_str().map(str::to_owned)).collect()
}

impl Row {
    /// Whether an entry is of the same role.
    fn same_role(&self, entry: &Value) -> bool {
        entry["role_id"] == self.role && entry["organization_id"] == self.organization
    }

    /// Whether an entry names the same resource in the same way. *Unknown*: how one assignment on all resources and one on
    /// a single resource meet. Taken: they are kept side by side, and neither is the other.
    fn covers(&self, entry: &Value) -> bool {
        match (&self.target, self.kind.ids) {
            (Target::Organization, _) => true,
            (Target::All, _) => entry["all"] == true,
            (Target::One(id), Some(ids)) => {
                entry["all"] != true && list(entry, ids).iter().any(|other| other == id)
            }
            (Target::One(_), None) => false,
        }
    }

    fn same_application_roles(&self, entry: &Value) -> bool {
        let held = list(entry, "application_roles");
        held.len() == self.application_roles.len()
            && self
                .application_roles
                .iter()
                .all(|role| held.contains(&json!(role)))
    }

    /// Whether exactly this is assigned.
    pub(crate) fn is_in(&self, assignments: &Map<String, Value>) -> bool {
        let entries = self.entries(assignments).unwrap_or_default();
        entries.iter().any(|entry| {
            self.same_role(entry) && self.covers(entry) && self.same_application_roles(entry)
        })
    }

    /// Whether the role is assigned there, whatever application roles come with it.
    pub(crate) fn is_held(&self, assignments: &Map<String, Value>) -> bool {
        let entries = self.entries(assignments).unwrap_or_default();
        entries
            .iter()
            .any(|entry| self.same_role(entry) && self.covers(entry))
    }

    fn entries<'m>(&self, assignments: &'m Map<String, Value>) -> Option<&'m [Value]> {
        let holder = if self.kind.project {
            assignments.get("project")?.as_object()?
        } else {
            assignments
        };
        holder.get(self.kind.name)?.as_array().map(Vec::as_slice)
    }

    fn entries_mut<'m>(
        &self,
        assignments: &'m mut Map<String, Value>,
    ) -> Option<&'m mut Vec<Value>> {
        let holder = if self.kind.project {
            let project = assignments.entry("project").or_insert_with(|| json!({}));
            project.as_object_mut()?
        } else {
            assignments
        };
        let list = holder.entry(self.kind.name).or_insert_with(|| json!([]));
        list.as_array_mut()
    }

    /// Assigns it. *Unknown*: what becomes of application roles that were there. Taken: they are replaced.
    pub(crate) fn put(&self, assignments: &mut Map<String, Value>) {
        if self.is_in(assignments) {
            return;
        }
        self.remove(assignments);
        let Some(entries) = self.entries_mut(assignments) else {
            return;
        };
        if let (Target::One(id), Some(ids)) = (&self.target, self.kind.ids) {
            let fits = |entry: &&mut Value| {
                self.same_role(entry) && entry["all"] != true && self.same_application_roles(entry)
            };
            let entry = entries.iter_mut().find(fits);
            let list = entry.and_then(|entry| entry[ids].as_array_mut());
            if let Some(list) = list {
                list.push(json!(id));
                return;
            }
        }
        entries.push(self.entry());
    }

    fn entry(&self) -> Value {
        let mut entry = json!({"role_id": self.role, "organization_id": self.organization});
        match (&self.target, self.kind.ids) {
            (Target::All, _) => entry["all"] = json!(true),
            (Target::One(id), Some(ids)) => {
                entry["all"] = json!(false);
                entry[ids] = json!([id]);
            }
            _ => {}
        }
        if !self.application_roles.is_empty() {
            entry["application_roles"] = json!(self.application_roles);
        }
        entry
    }

    /// Takes it away, whatever application roles come with it.
    pub(crate) fn remove(&self, assignments: &mut Map<String, Value>) {
        if !self.is_held(assignments) {
            return;
        }
        let Some(entries) = self.entries_mut(assignments) else {
            return;
        };
        for entry in entries.iter_mut() {
            let concerned = self.same_role(entry) && self.covers(entry);
            if let (true, Target::One(id), Some(ids)) = (concerned, &self.target, self.kind.ids)
                && let Some(list) = entry[ids].as_array_mut()
            {
                list.retain(|other| other != id);
            }
        }
        let empty = |entry: &Value| match (&self.target, self.kind.ids) {
            (Target::One(_), Some(ids)) => entry["all"] != true && list(entry, ids).is_empty(),
            _ => self.covers(entry),
        };
        entries.retain(|entry| !(self.same_role(entry) && empty(entry)));
        self.tidy(assignments);
    }

    /// Lists without anything in them are not kept.
    fn tidy(&self, assignments: &mut Map<String, Value>) {
        let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        if !self.kind.project {
            if assignments.get(self.kind.name).is_some_and(empty) {
                assignments.remove(self.kind.name);
            }
        } else if let Some(Value::Object(project)) = assignments.get_mut("project") {
            if project.get(self.kind.name).is_some_and(empty) {
                project.remove(self.kind.name);
            }
            if project.is_empty() {
                assignments.remove("project");
            }
        }
    }
}

fn list<'e>(entry: &'e Value, field: &str) -> &'e [Value] {
    entry[field]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}
