//! Lists: resources, entitlements, grants.

use jiff::Timestamp;
use rollcall_connector::{Code, Error, event};
use rollcall_engine::expiration::Ends;
use rollcall_model::ResourceId;
use rollcall_snapshot::{Entitlement, Filter, Grant, Names, Resource, Snapshot};
use serde::Serialize;

use super::Only;
use crate::failure::Failure;
use crate::output::Row;

/// The filter of these options.
pub(super) fn filter(only: &Only, entitlement: Option<String>) -> Result<Filter, Failure> {
    if let Some(id) = &entitlement {
        event::entitlement(id)?;
    }
    let resource = only.resource.as_deref().map(|text| {
        ResourceId::parse(text).ok_or_else(|| {
            Error::invalid(
                Code::UnknownResource,
                format!("`{text}` is not a valid resource id"),
                "Use `type:id`, as `rollcall snapshot resources` lists them.",
            )
        })
    });
    Ok(Filter {
        resource_type: only.resource_type.clone(),
        resource: resource.transpose()?,
        entitlement,
        principal: None,
    })
}

/// The principal to which grants are limited, from its id or what [`Snapshot::principal`] finds.
pub(super) fn principal(
    snapshot: &Snapshot,
    text: Option<&str>,
) -> Result<Option<ResourceId>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    match ResourceId::parse(text) {
        Some(id) => Ok(Some(id)),
        None => Ok(ResourceId::parse(&snapshot.principal(text)?.id)),
    }
}

/// A grant, with the names of who has it and of the resource that it is on.
#[derive(Serialize)]
pub(super) struct NamedGrant {
    #[serde(flatten)]
    grant: Grant,
    principal_name: String,
    resource_name: String,
    /// When it ends, if it is temporary.
    until: Option<Timestamp>,
}

impl NamedGrant {
    pub(super) fn new(grant: Grant, names: &mut Names<'_>, ends: &Ends) -> Result<Self, Error> {
        let principal_name = names.get(&grant.principal)?;
        let resource_name = names.get(&grant.resource)?;
        let until = ends.of(&grant.entitlement, &grant.principal).filter(|_| grant.direct);
        Ok(Self { grant, principal_name, resource_name, until })
    }
}

impl Row for Resource {
    const COLUMNS: &'static [&'static str] =
        &["ID", "Display name", "Type", "Status", "E-mail", "Parent"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.display_name.clone(),
            self.resource_type.clone(),
            self.status.unwrap_or_default().to_owned(),
            self.emails.join(" "),
            self.parent.clone().unwrap_or_default(),
        ]
    }
}

impl Row for Entitlement {
    const COLUMNS: &'static [&'static str] =
        &["ID", "Display name", "Resource", "Slug", "Purpose", "Immutable"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.display_name.clone(),
            self.resource.clone(),
            self.slug.clone(),
            self.purpose.unwrap_or_default().to_owned(),
            mark(self.immutable, "immutable"),
        ]
    }
}

impl Row for NamedGrant {
    const COLUMNS: &'static [&'static str] = &[
        "Principal",
        "Principal name",
        "Entitlement",
        "Resource name",
        "Kind",
        "Through",
        "Until",
    ];

    fn cells(&self) -> Vec<String> {
        let Grant { principal, entitlement, sources, .. } = &self.grant;
        let kind = match self.grant.direct {
            true => "direct",
            false => "inherited",
        };
        let marks =
            [(self.grant.immutable, "immutable"), (self.grant.expandable.is_some(), "expandable")];
        let marks = marks.iter().filter(|(is_so, _)| *is_so).map(|(_, word)| *word);
        let kind: Vec<_> = std::iter::once(kind).chain(marks).collect();
        let through = sources.keys().filter(|id| *id != entitlement).map(String::as_str);
        vec![
            principal.clone(),
            self.principal_name.clone(),
            entitlement.clone(),
            self.resource_name.clone(),
            kind.join(" "),
            through.collect::<Vec<_>>().join(" "),
            self.until.map(|at| at.to_string()).unwrap_or_default(),
        ]
    }
}

fn mark(yes: bool, word: &str) -> String {
    if yes { word.to_owned() } else { String::new() }
}
