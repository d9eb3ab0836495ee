//! What is kept by name: roles and role mappings, all of them or some.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    refusal::Refusal,
    routes::{Context, Good, Reply},
};

/// `GET /_security/role`, and `/{names}` below it.
pub(crate) fn roles(context: &mut Context<'_>, names: &[&str]) -> Reply {
    context.plain()?;
    listed(&context.cluster()?.roles, names)
}

/// `GET /_security/role_mapping`, and `/{names}` below it.
pub(crate) fn mappings(context: &mut Context<'_>, names: &[&str]) -> Reply {
    context.plain()?;
    listed(&context.cluster()?.mappings, names)
}

fn listed(all: &BTreeMap<String, Value>, names: &[&str]) -> Reply {
    let wanted = names.first().map(|names| split(names));
    let found: Vec<(String, Value)> = all
        .iter()
        .filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if wanted.is_some() && found.is_empty() {
        return Err(Refusal::nothing());
    }
    Ok(Good::Keyed(found))
}

/// The names in a path. A comma separates them, escaped or not, so that a name with a comma in it cannot be asked for.
pub(crate) fn split(names: &str) -> Vec<String> {
    let names = names.split(',').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}
