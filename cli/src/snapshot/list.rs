//! Lists: resources, entitlements, grants.

use rollcall_connector::{Code, Error, event};
use rollcall_model::ResourceId;
use rollcall_snapshot::{Entitlement, Filter, Grant, Resource, Snapshot};

use crate::failure::{Exit, Failure};
use crate::output::{Format, Listing, Row};

/// The filter of these options.
pub(super) fn filter(
    resource_type: Option<String>,
    resource: Option<String>,
    entitlement: Option<String>,
    principal: Option<String>,
) -> Result<Filter, Failure> {
    if let Some(id) = &entitlement {
        event::entitlement(id)?;
    }
    Ok(Filter {
        resource_type,
        resource: resource.as_deref().map(resource_id).transpose()?,
        entitlement,
        principal: principal.as_deref().map(event::principal).transpose()?,
    })
}

fn resource_id(text: &str) -> Result<ResourceId, Error> {
    ResourceId::parse(text).ok_or_else(|| {
        Error::invalid(
            Code::UnknownResource,
            format!("`{text}` is no resource id"),
            "Use `type:id`, as `rollcall snapshot resources` lists them.",
        )
    })
}

impl Row for Resource {
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

/// Lists resources.
pub(super) fn resources(
    snapshot: &Snapshot,
    filter: &Filter,
    format: Format,
) -> Result<Exit, Failure> {
    let mut list = Listing::new(
        format,
        &["ID", "Display name", "Type", "Status", "E-mail", "Parent"],
    );
    snapshot.resources(filter, |r| list.row(&r))?;
    list.finish()?;
    Ok(Exit::Done)
}

impl Row for Entitlement {
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

/// Lists entitlements.
pub(super) fn entitlements(
    snapshot: &Snapshot,
    filter: &Filter,
    format: Format,
) -> Result<Exit, Failure> {
    let mut list = Listing::new(
        format,
        &[
            "ID",
            "Display name",
            "Resource",
            "Slug",
            "Purpose",
            "Immutable",
        ],
    );
    snapshot.entitlements(filter, |e| list.row(&e))?;
    list.finish()?;
    Ok(Exit::Done)
}

impl Row for Grant {
    fn cells(&self) -> Vec<String> {
        let sources = self.sources.keys().filter(|id| **id != self.entitlement);
        vec![
            self.principal.clone(),
            self.entitlement.clone(),
            if self.direct { "direct" } else { "derived" }.to_owned(),
            mark(self.immutable, "immutable"),
            mark(self.expandable.is_some(), "expandable"),
            sources.map(String::as_str).collect::<Vec<_>>().join(" "),
        ]
    }
}

/// Lists grants.
pub(super) fn grants(
    snapshot: &Snapshot,
    filter: &Filter,
    format: Format,
) -> Result<Exit, Failure> {
    let columns = &[
        "Principal",
        "Entitlement",
        "Kind",
        "Immutable",
        "Expandable",
        "Through",
    ];
    let mut list = Listing::new(format, columns);
    snapshot.grants(filter, |g| list.row(&g))?;
    list.finish()?;
    Ok(Exit::Done)
}

fn mark(yes: bool, word: &str) -> String {
    if yes { word.to_owned() } else { String::new() }
}
