//! The connectors that this program knows: one line each.

use clap::builder::PossibleValuesParser;
use rollcall_connector::Code;
use rollcall_connector::Error;
use rollcall_engine::runtime::function::Entry;

/// Every connector.
pub(crate) fn all() -> Vec<Entry> {
    vec![
        rollcall_buildkite::entry(),
        rollcall_confluence::entry(),
        rollcall_elastic::entry(),
        rollcall_northflank::entry(),
        rollcall_temporalcloud::entry(),
    ]
}

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
