//! Connectors by name.

use clap::builder::PossibleValuesParser;
use rollcall_connector::{Code, Error};
use rollcall_engine::runtime::function::Entry;
use rollcall_functions::all;

/// Accepts the name of a connector; the message for any other lists those that there are.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(all().iter().map(|entry| entry.about.name))
}

/// The connector of this name, which [`names`] has let pass.
pub(crate) fn find(name: &str) -> Result<Entry, Error> {
    let found = all().into_iter().find(|entry| entry.about.name == name);
    found.ok_or_else(|| {
        Error::internal(
            Code::UnknownConnector,
            format!("there is no connector `{name}`"),
        )
    })
}

/// The connectors of these names, in the order of the list; all of them if there is none.
pub(crate) fn some(names: &[String]) -> Vec<Entry> {
    let mut found = all();
    found.retain(|entry| names.is_empty() || names.iter().any(|n| n == entry.about.name));
    found
}
