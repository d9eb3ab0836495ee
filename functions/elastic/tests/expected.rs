//! What a snapshot must show of a simulated world: worked out from the vendor's rules, and not from the connector.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Everything that must be shown, by id.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) resources: BTreeSet<String>,
    pub(crate) entitlements: BTreeSet<String>,
    /// What the vendor states.
    pub(crate) direct: BTreeSet<String>,
    /// What follows for those whom a role mapping covers.
    pub(crate) following: BTreeSet<String>,
    /// The ids of the members of all organizations.
    members: BTreeSet<String>,
}

impl Expected {
    fn holds(&mut self, entitlement: &str, principal: &str) {
        self.entitlements.insert(entitlement.to_owned());
        self.direct.insert(format!("{entitlement}:{principal}"));
    }

    /// An organization: its part of the access view, and who of those invited has not come in yet.
    pub(crate) fn organization(&mut self, id: &str, view: &Value, invited: &[String]) {
        let organization = format!("organization:{id}");
        self.resources.insert(organization.clone());
        for slug in ["member", "organization-admin", "billing-admin"] {
            self.entitlements.insert(format!("{organization}:{slug}"));
        }
        for (member, assignments) in entries(&view["members"]) {
            let user = format!("user:{member}");
            self.members.insert(member.clone());
            self.resources.insert(user.clone());
            self.holds(&format!("{organization}:member"), &user);
            for assignment in list(assignments) {
                self.assignment(id, text(assignment), &user);
            }
        }
        let invited = invited.iter();
        let invited = invited.map(|email| format!("invitation:{id}/{email}"));
        self.resources.extend(invited);
    }

    /// `<kind> <role> of <organization>[ on <id>| on all][ with <roles>]`, or something that nobody knows.
    fn assignment(&mut self, organization: &str, row: &str, user: &str) {
        let Some((head, tail)) = row.split_once(" of ") else {
            return;
        };
        let (kind, role) = head.split_once(' ').expect("a kind and a role");
        let (tail, custom) = match tail.split_once(" with ") {
            Some((tail, roles)) => (tail, serde_json::from_str(roles).expect("a list")),
            None => (tail, Vec::<String>::new()),
        };
        let place = tail.split_once(" on ").map(|(_, place)| place);
        let resource = match (kind, place) {
            ("organization" | "platform", None) => format!("organization:{organization}"),
            ("deployment", Some("all")) => format!("deployment:all-{organization}"),
            ("deployment", Some(id)) => format!("deployment:{id}"),
            (project, Some(place)) if project.starts_with("project/") => {
                match (place, project.trim_start_matches("project/")) {
                    ("all", kind) => format!("project:all-{kind}-{organization}"),
                    (id, _) => format!("project:{id}"),
                }
            }
            // Connected clusters, and whatever comes.
            _ => return,
        };
        if kind == "deployment" {
            for usual in ["admin", "editor", "viewer"] {
                let id = format!("{resource}:deployment-{usual}");
                self.entitlements.insert(id);
            }
        }
        self.resources.insert(resource.clone());
        self.holds(&format!("{resource}:{role}"), user);
        for role in custom {
            self.holds(&format!("{resource}:application-{role}"), user);
        }
    }

    /// A deployment: its part of the access view, and what stands before the names in its ids.
    pub(crate) fn deployment(&mut self, view: &Value, mark: &str) {
        for (role, _) in entries(&view["roles"]) {
            self.role(mark, role);
        }
        for (name, user) in entries(&view["users"]) {
            let principal = format!("deploymentUser:{mark}{name}");
            self.resources.insert(principal.clone());
            for role in list(&user["roles"]) {
                let role = self.role(mark, text(role));
                self.holds(&role, &principal);
            }
        }
        for (name, mapping) in entries(&view["mappings"]) {
            self.mapping(mark, name, mapping);
        }
    }

    /// A role, defined or not. Gives its entitlement.
    fn role(&mut self, mark: &str, name: &str) -> String {
        let resource = format!("role:{mark}{name}");
        let entitlement = format!("{resource}:member");
        self.resources.insert(resource);
        self.entitlements.insert(entitlement.clone());
        entitlement
    }

    fn mapping(&mut self, mark: &str, name: &str, mapping: &Value) {
        let resource = format!("roleMapping:{mark}{name}");
        let entitlement = format!("{resource}:member");
        self.resources.insert(resource.clone());
        self.entitlements.insert(entitlement.clone());
        let enabled = mapping["enabled"] == true;
        let rules = &mapping["rules"];
        let mut covered = BTreeSet::new();
        if enabled {
            covered = self.covered(mark, rules);
            if covers_others(rules) {
                covered.insert(format!("externalClass:{mark}{name}"));
            }
        }
        for principal in &covered {
            self.resources.insert(principal.clone());
            self.holds(&entitlement, principal);
        }
        for role in list(&mapping["roles"]) {
            let role = self.role(mark, text(role));
            if enabled {
                self.holds(&role, &resource);
                let each = covered.iter().map(|who| format!("{role}:{who}"));
                self.following.extend(each);
            }
        }
    }

    /// The principals for whom rules are true whatever else is so.
    fn covered(&self, mark: &str, rules: &Value) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        literals(rules, &mut named);
        let covered = named.into_iter();
        let covered = covered.filter(|(field, value)| truth(rules, field, value) == Some(true));
        covered
            .map(|(field, value)| match field.as_str() {
                "username" if self.members.contains(&value) => format!("user:{value}"),
                "username" => format!("externalUser:{mark}{value}"),
                _ => format!("externalGroup:{mark}{value}"),
            })
            .collect()
    }
}

/// The user names and groups in rules that stand for themselves.
fn literals(rule: &Value, into: &mut BTreeSet<(String, String)>) {
    let Some((key, value)) = entries(rule).next() else {
        return;
    };
    match key.as_str() {
        "any" | "all" => list(value).iter().for_each(|rule| literals(rule, into)),
        "except" => literals(value, into),
        _ => {
            let (field, value) = entries(value).next().expect("a field");
            if ["username", "groups"].contains(&field.as_str()) {
                let texts = values(value).into_iter().filter_map(Value::as_str);
                let plain = texts.filter(|text| !text.contains(['*', '?', '/']));
                into.extend(plain.map(|text| (field.clone(), text.to_owned())));
            }
        }
    }
}

/// What a field says of somebody, by its name and values.
type Leaf<'a> = &'a dyn Fn(&str, &[&Value]) -> Option<bool>;

/// Whether a rule is true of somebody; what nobody can tell is `None`.
fn judge(rule: &Value, leaf: Leaf<'_>) -> Option<bool> {
    let (key, value) = entries(rule).next()?;
    let each = || list(value).iter().map(|rule| judge(rule, leaf));
    let known = |result: bool| match each().all(|truth| truth.is_some()) {
        true => Some(result),
        false => None,
    };
    match key.as_str() {
        "any" if each().any(|truth| truth == Some(true)) => Some(true),
        "any" => known(false),
        "all" if each().any(|truth| truth == Some(false)) => Some(false),
        "all" => known(true),
        "except" => judge(value, leaf).map(|is| !is),
        _ => {
            let (field, value) = entries(value).next()?;
            leaf(field, &values(value))
        }
    }
}

/// Whether a rule is true of somebody of whom one thing is known: the name, or a group.
fn truth(rule: &Value, known: &str, as_what: &str) -> Option<bool> {
    judge(rule, &|field, values| {
        if field != known {
            return None;
        }
        if values.iter().any(|value| **value == as_what) {
            return Some(true);
        }
        // A person has one name, and any number of groups; numbers may or may not be names.
        let undecided = values.iter().any(|v| v.is_number() || v.is_boolean());
        assert!(
            !values
                .iter()
                .any(|v| v.as_str().is_some_and(|v| v.contains('*'))),
            "no world has a pattern beside a name"
        );
        (field == "username" && !undecided).then_some(false)
    })
}

/// Whether rules cover, or may cover, somebody who is not shown by a name or a group.
fn covers_others(rules: &Value) -> bool {
    let mut named = BTreeSet::new();
    literals(rules, &mut named);
    let open = |name: Option<&str>| {
        let truth = judge(rules, &|field, values| match field {
            "username"
                if values
                    .iter()
                    .any(|v| **v == "*" || name.is_some_and(|n| **v == n)) =>
            {
                Some(true)
            }
            "username" => {
                let plain = |v: &&Value| match v.as_str() {
                    Some(text) => !text.contains(['*', '?', '/']),
                    None => v.is_null(),
                };
                values.iter().all(plain).then_some(false)
            }
            "groups" => {
                let shown = |v: &&Value| {
                    let group = v.as_str().unwrap_or_default();
                    truth(rules, "groups", group) == Some(true)
                };
                values.iter().all(shown).then_some(false)
            }
            _ => None,
        });
        truth != Some(false)
    };
    let names = named.iter().filter(|(field, _)| field == "username");
    let mut perhaps = names.filter(|(field, name)| truth(rules, field, name).is_none());
    open(None) || perhaps.any(|(_, name)| open(Some(name)))
}

fn values(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}

pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}
