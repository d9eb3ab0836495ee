//! Lists: resources, entitlements, grants.

use rollcall_connector::{Code, Error, event};
use rollcall_model::ResourceId;
use rollcall_snapshot::{Entitlement, Filter, Grant, Resource};

use super::Only;
use crate::failure::Failure;
use crate::output::Row;

/// The filter of these options.
pub(super) fn filter(
    only: &Only,
    entitlement: Option<String>,
    principal: Option<String>,
) -> Result<Filter, Failure> {
    if let Some(id) = &entitlement {
        event::entitlement(id)?;
    }
    let resource = only.resource.as_deref().map(|text| {
        ResourceId::parse(text).ok_or_else(|| {
            Error::invalid(
                Code::UnknownResource,
                format!("`{text}` is not a resource id"),
                "Use `type:id`, as `rollcall snapshot resources` lists them.",
            )
        })
    });
    Ok(Filter {
        resource_type: only.resource_type.clone(),
        resource: resource.transpose()?,
        entitlement,
        principal: principal.as_deref().map(event::principal).transpose()?,
    })
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

impl Row for Grant {
    const COLUMNS: &'static [&'static str] =
        &["Principal", "Entitlement", "Kind", "Immutable", "Expandable", "Through"];

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

fn mark(yes: bool, word: &str) -> String {
    if yes { word.to_owned() } else { String::new() }
}
