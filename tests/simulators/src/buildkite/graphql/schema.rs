//! Which fields there are, and what they take: those of the two queries and no others.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::parser::{Argument, Document, Node};

/// A field that is selected and exists, with what it takes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) first: Option<usize>,
    pub(crate) after: Option<String>,
    pub(crate) selection: Vec<Field>,
}

/// The most rows of a list, and as many as there are without `first`.
pub(crate) const MOST: usize = 500;

/// The type of a field; nothing if there is no such field. Types in capitals are those of plain values.
fn type_of(parent: &str, field: &str) -> Option<&'static str> {
    Some(match (parent, field) {
        ("Query", "organization") => "Organization",
        ("Query", "team") | ("TeamEdge", "node") => "Team",
        ("Organization", "teams") => "TeamConnection",
        ("Organization", "members") => "OrganizationMemberConnection",
        ("TeamConnection", "edges") => "TeamEdge",
        ("Team", "members") => "TeamMemberConnection",
        ("TeamMemberConnection", "edges") => "TeamMemberEdge",
        ("TeamMemberEdge", "node") => "TeamMember",
        ("OrganizationMemberConnection", "edges") => "OrganizationMemberEdge",
        ("OrganizationMemberEdge", "node") => "OrganizationMember",
        ("OrganizationMember", "security") => "OrganizationMemberSecurity",
        ("OrganizationMember", "sso") => "OrganizationMemberSSO",
        ("TeamMember" | "OrganizationMember", "user") => "User",
        (
            "TeamConnection" | "TeamMemberConnection" | "OrganizationMemberConnection",
            "pageInfo",
        ) => "PageInfo",
        (
            "Team",
            "uuid" | "name" | "slug" | "description" | "privacy" | "isDefaultTeam"
            | "defaultMemberRole" | "createdAt",
        )
        | ("TeamMember", "role" | "createdAt")
        | ("OrganizationMember", "role" | "createdAt" | "lastSeenAt" | "complimentary")
        | ("OrganizationMemberSecurity", "twoFactorEnabled")
        | ("OrganizationMemberSSO", "mode")
        | ("User", "uuid" | "name" | "email" | "bot" | "machineUser")
        | ("PageInfo", "hasNextPage" | "endCursor") => "PLAIN",
        _ => return None,
    })
}

/// The arguments of a field and their types.
fn arguments_of(parent: &str, field: &str) -> &'static [(&'static str, &'static str)] {
    match (parent, field) {
        ("Query", "organization" | "team") => &[("slug", "ID!")],
        ("Organization", "teams" | "members") | ("Team", "members") => {
            &[("first", "Int"), ("after", "String")]
        }
        _ => &[],
    }
}

struct Checker<'a> {
    document: &'a Document,
    variables: &'a Map<String, Value>,
    used: BTreeSet<&'a str>,
}

/// Checks a query and puts its variables in. Errors say what is wrong.
pub(crate) fn check(
    document: &Document,
    variables: &Map<String, Value>,
) -> Result<Vec<Field>, String> {
    let unknown = |name: &&String| !document.variables.contains_key(*name);
    if let Some(name) = variables.keys().find(unknown) {
        return Err(format!("Variable ${name} is not declared by the query"));
    }
    let mut checker = Checker {
        document,
        variables,
        used: BTreeSet::new(),
    };
    let fields = checker.selection("Query", &document.selection)?;
    let mut declared = document.variables.keys();
    match declared.find(|name| !checker.used.contains(name.as_str())) {
        Some(name) => Err(format!("Variable ${name} is declared but not used")),
        None => Ok(fields),
    }
}

impl<'a> Checker<'a> {
    fn selection(&mut self, parent: &str, nodes: &'a [Node]) -> Result<Vec<Field>, String> {
        nodes.iter().map(|node| self.field(parent, node)).collect()
    }

    fn field(&mut self, parent: &str, node: &'a Node) -> Result<Field, String> {
        let name = &node.name;
        let of = type_of(parent, name)
            .ok_or_else(|| format!("Field '{name}' doesn't exist on type '{parent}'"))?;
        if (of == "PLAIN") != node.selection.is_empty() {
            return Err(format!(
                "Field '{name}' must have selections if it is an object, and none if it is not"
            ));
        }
        let mut field = Field {
            name: name.clone(),
            ..Field::default()
        };
        let allowed = arguments_of(parent, name);
        for (argument, value) in &node.arguments {
            let (_, of) = allowed
                .iter()
                .find(|(known, _)| known == argument)
                .ok_or_else(|| format!("Field '{name}' doesn't accept argument '{argument}'"))?;
            let value = self.value(argument, of, value)?;
            field.take(argument, &value)?;
        }
        if allowed.iter().any(|(known, _)| *known == "slug") && field.slug.is_empty() {
            return Err(format!(
                "Field '{name}' is missing required arguments: slug"
            ));
        }
        field.selection = self.selection(of, &node.selection)?;
        Ok(field)
    }

    /// The value of an argument; a variable must be of its type, or of the one without null.
    fn value(&mut self, name: &str, of: &str, given: &'a Argument) -> Result<Value, String> {
        let variable = match given {
            Argument::Literal(value) => return Ok(value.clone()),
            Argument::Variable(variable) => variable,
        };
        self.used.insert(variable);
        let declared = self
            .document
            .variables
            .get(variable)
            .ok_or_else(|| format!("Variable ${variable} is used but not declared"))?;
        if declared != of && declared.trim_end_matches('!') != of {
            return Err(format!(
                "Type mismatch on variable ${variable} and argument {name} ({declared} / {of})"
            ));
        }
        let value = self.variables.get(variable).cloned().unwrap_or_default();
        if declared.ends_with('!') && value.is_null() {
            return Err(format!(
                "Variable ${variable} of type {declared} was provided invalid value"
            ));
        }
        Ok(value)
    }
}

impl Field {
    /// Takes an argument. *Unknown*: what becomes of a `first` out of range. Taken: an error.
    fn take(&mut self, argument: &str, value: &Value) -> Result<(), String> {
        let wrong = || {
            format!(
                "Argument '{argument}' on Field '{}' has an invalid value",
                self.name
            )
        };
        match (argument, value) {
            ("slug", Value::String(slug)) => self.slug.clone_from(slug),
            ("first" | "after", Value::Null) => {}
            ("first", Value::Number(number)) => {
                let number = number.as_u64().and_then(|n| usize::try_from(n).ok());
                let number = number.filter(|number| (1..=MOST).contains(number));
                self.first = Some(number.ok_or_else(wrong)?);
            }
            ("after", Value::String(cursor)) => self.after = Some(cursor.clone()),
            _ => return Err(wrong()),
        }
        Ok(())
    }
}
