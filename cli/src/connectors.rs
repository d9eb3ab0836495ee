//! Connectors by name.

use clap::builder::PossibleValuesParser;
use rollcall_connector::{Code, Error};
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_functions::all;

/// Accepts the name of a connector; the message about any other name lists all connectors.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(all().iter().map(|entry| entry.about.name))
}

/// Accepts the name of a connector that supports this operation.
pub(crate) fn supporting(operation: Operation) -> PossibleValuesParser {
    let able = all().into_iter().filter(|entry| entry.operations.contains(&operation));
    PossibleValuesParser::new(able.map(|entry| entry.about.name))
}

/// Whether this is the name of a connector.
pub(crate) fn is_name(text: &str) -> bool {
    all().iter().any(|entry| entry.about.name == text)
}

/// The connector of this name, which [`names`] accepted.
pub(crate) fn find(name: &str) -> Result<Entry, Error> {
    let found = all().into_iter().find(|entry| entry.about.name == name);
    found.ok_or_else(|| {
        Error::internal(Code::UnknownConnector, format!("there is no connector `{name}`"))
    })
}

/// The connectors of these names, in the order of the list; all of them if there is none.
pub(crate) fn some(names: &[String]) -> Vec<Entry> {
    let mut found = all();
    found.retain(|entry| names.is_empty() || names.iter().any(|n| n == entry.about.name));
    found
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use rollcall_model::Capability;

    use super::*;

    fn functions() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions")
    }

    /// The paths of all files in a folder, whatever folder they are in.
    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let inside = paths.map(|path| if path.is_dir() { files(&path) } else { vec![path] });
        inside.flatten().collect()
    }

    #[test]
    fn each_operation_of_a_connector_has_a_binary_and_no_other_does() {
        for Entry { about, operations, .. } in all() {
            let folder = functions().join(about.name).join("src/bin");
            let mut found: Vec<_> = files(&folder)
                .iter()
                .map(|path| path.file_stem().expect("a name").display().to_string())
                .collect();
            found.sort();
            let names = operations.iter().map(|operation| operation.as_str());
            let mut expected: Vec<_> = names.map(|name| format!("{}-{name}", about.name)).collect();
            expected.sort();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn only_a_connector_that_creates_accounts_has_account_fields_and_requires_an_email() {
        for Entry { about, .. } in all() {
            let mut capabilities = about.resource_types.iter().flat_map(|kind| kind.capabilities);
            let creates = capabilities.any(|one| *one == Capability::AccountProvisioning);
            let mut fields = about.account_fields.iter();
            let has_email = fields.any(|field| field.key == "email" && field.required);
            let found = (has_email, about.account_fields.is_empty());
            assert_eq!(found, (creates, !creates), "{}", about.name);
        }
    }

    #[test]
    fn only_the_entry_and_the_binaries_of_a_connector_name_the_engine() {
        for Entry { about, .. } in all() {
            let src = functions().join(about.name).join("src");
            for path in files(&src) {
                let names_it =
                    fs::read_to_string(&path).expect("a source file").contains("rollcall_engine");
                let may = path == src.join("lib.rs") || path.starts_with(src.join("bin"));
                assert!(may || !names_it, "{} names the engine", path.display());
            }
        }
    }

    /// A test's name is long; what else a README has in such a form is not.
    fn names_a_test(word: &&str) -> bool {
        let is_name = word.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c));
        is_name && word.matches('_').count() > 3
    }

    #[test]
    fn each_test_that_the_readme_of_a_connector_names_is_there() {
        let folders = [functions(), functions().join("../shared"), functions().join("../tests")];
        let sources = folders.iter().flat_map(|folder| files(folder));
        let sources = sources.filter(|path| path.extension().is_some_and(|end| end == "rs"));
        let read = |path| fs::read_to_string(path).expect("a source file");
        let tests: String = sources.map(read).collect();
        for Entry { about, .. } in all() {
            let path = functions().join(about.name).join("README.md");
            let readme = fs::read_to_string(path).expect("a README");
            for name in readme.split(['`', ':', ' ']).filter(names_a_test) {
                let ways = [format!("fn {name}"), format!(" {name}:"), format!("\n{name}:")];
                let is_there = ways.iter().any(|way| tests.contains(way.as_str()));
                assert!(is_there, "{}: there is no test {name}", about.name);
            }
        }
    }
}
