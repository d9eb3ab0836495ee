//! A connector for Toybox, a fictional vendor with users and groups. `docs/adding-a-connector.md` explains it.

mod access;
mod api;
mod connect;
mod provision;
mod sync;

use rollcall_connector::About;
use rollcall_connector::config::{Field, FieldKind};
use rollcall_engine::runtime::function::Entry;
use rollcall_model::{Capability, ResourceType, TraitKind};

pub use api::Write;
pub use connect::Toybox;
pub use sync::Step;

/// The connector's entry in a list of connectors.
pub fn entry() -> Entry {
    Entry::with_access_changes::<Toybox>()
}

static ABOUT: About = About {
    name: "toybox",
    display_name: "Toybox",
    resource_types: &[
        ResourceType::account(access::USER, "User", "Somebody who plays"),
        ResourceType::new(access::GROUP, "Group", "Users and groups", TraitKind::Group)
            .with(&[Capability::Provision]),
    ],
    blind_spots: &["Toys are not shown."],
    account_fields: &[],
    side_effects: &[],
    reports_credential_end: false,
    limit_window: None,
    fields: &[
        Field::required("api-key", "API key", "A key of Toybox", FieldKind::Secret),
        Field::optional("base-url", "Base URL", "The URL of the API", FieldKind::Url)
            .with_default("https://api.toybox.example"),
    ],
};
