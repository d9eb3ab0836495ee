//! `rollcall template`: the SAM template of some connectors, from the YAML in `infra/template`.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use rollcall_connector::{Code, Error};
use rollcall_engine::runtime::capabilities::metadata;
use rollcall_engine::runtime::function::{Entry, Operation};

const C1: &str = include_str!("../../infra/template/c1.yaml.j2");
const CONNECTOR: &str = include_str!("../../infra/template/connector.yaml.j2");
const SWEEP: &str = include_str!("../../infra/template/sweep.yaml.j2");
const NETWORK: &str = include_str!("../../infra/template/network.yaml.j2");
const PUBLISHED: &str = include_str!("../../infra/template/published.yaml.j2");
const TABLES: &str = include_str!("../../infra/template/tables.yaml.j2");
const TEMPLATE: &str = include_str!("../../infra/template/template.yaml.j2");

/// The columns of the tables, by table.
const COLUMNS: &str = include_str!("../../infra/tables.json");

/// The queries that Athena offers, by the names of their files.
const QUERIES: [(&str, &str); 4] = [
    ("admins", include_str!("../../infra/queries/admins.sql")),
    ("held-on-a-day", include_str!("../../infra/queries/held-on-a-day.sql")),
    ("grown-access", include_str!("../../infra/queries/grown-access.sql")),
    ("unused-accounts", include_str!("../../infra/queries/unused-accounts.sql")),
];

/// The template that deploys these connectors. That of one connector leaves rare parameters out unless they are wanted:
/// `sam deploy --guided` asks for every parameter there is.
pub(crate) fn render(entries: &[Entry], all_parameters: bool) -> Result<String, Error> {
    filled(entries, all_parameters || entries.len() != 1).map_err(|e| {
        Error::internal(Code::TemplateNotRendered, "the template could not be rendered")
            .with_source(e)
    })
}

fn filled(entries: &[Entry], rare: bool) -> Result<String, minijinja::Error> {
    let mut files = Environment::new();
    files.set_undefined_behavior(UndefinedBehavior::Strict);
    files.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    files.add_template("c1.yaml.j2", C1)?;
    files.add_template("connector.yaml.j2", CONNECTOR)?;
    files.add_template("sweep.yaml.j2", SWEEP)?;
    files.add_template("network.yaml.j2", NETWORK)?;
    files.add_template("published.yaml.j2", PUBLISHED)?;
    files.add_template("tables.yaml.j2", TABLES)?;
    files.add_template("template.yaml.j2", TEMPLATE)?;
    let connectors: Vec<_> = entries.iter().map(connector).collect();
    let tables = tables()?;
    let queries = QUERIES.map(query);
    files.get_template("template.yaml.j2")?.render(context! { connectors, rare, tables, queries })
}

/// The tables, with their columns.
fn tables() -> Result<Vec<Value>, minijinja::Error> {
    let unreadable = |e: serde_json::Error| {
        minijinja::Error::new(minijinja::ErrorKind::BadSerialization, "infra/tables.json")
            .with_source(e)
    };
    let all: BTreeMap<String, Vec<BTreeMap<String, String>>> =
        serde_json::from_str(COLUMNS).map_err(unreadable)?;
    let table = |(name, mut columns): (String, Vec<BTreeMap<String, String>>)| {
        for column in &mut columns {
            column.entry("comment".into()).and_modify(|text| *text = text.replace('\'', "''"));
        }
        context! { id => id(&name), name, columns }
    };
    Ok(all.into_iter().map(table).collect())
}

/// A query. Its file begins with its description, in comments.
fn query((name, sql): (&str, &str)) -> Value {
    let about = sql.lines().map_while(|line| line.strip_prefix("-- ")).collect::<Vec<_>>();
    let lines = sql.lines().map(|line| format!("        {line}").trim_end().to_owned());
    context! {
        id => id(name),
        name,
        description => about.join(" ").replace('\'', "''"),
        text => lines.collect::<Vec<_>>().join("\n"),
    }
}

/// What the template knows of a connector.
fn connector(entry: &Entry) -> Value {
    let about = entry.about;
    let all = || entry.operations.iter().copied();
    let changes = all().filter(|o| *o != Operation::Sync);
    context! {
        name => about.name,
        title => about.display_name,
        prefix => about.display_name.replace(' ', ""),
        functions => all().map(function).collect::<Vec<_>>(),
        writes => changes.map(function).collect::<Vec<_>>(),
        metadata => quoted(&metadata(entry).to_string()),
        key_ends => about.reports_credential_end,
        slices_an_hour => about.limit_window.map(|window| 3600 / window.as_secs()),
    }
}

/// A text as it stands within single quotes of YAML, as an argument of `!Sub`.
fn quoted(text: &str) -> String {
    text.replace('\'', "''").replace("${", "${!")
}

/// A function, by its own name (`create-account`) and as in the names of resources (`CreateAccount`).
fn function(operation: Operation) -> Value {
    let operation = operation.as_str();
    context! { operation, id => id(operation) }
}

/// A name as in the names of resources: `CreateAccount` of `create-account`.
fn id(name: &str) -> String {
    name.split('-').map(|w| w[..1].to_uppercase() + &w[1..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_in_the_repository_is_that_of_every_connector() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/template.yaml");
        let current = render(&rollcall_functions::all(), false).expect("a template");
        if std::env::var_os("ROLLCALL_ACCEPT").is_some() {
            std::fs::write(path, &current).expect("written");
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(stored == current, "{path} is not current: run `just accept`");
    }

    #[test]
    fn a_text_is_quoted_for_yaml_and_for_a_substitution() {
        assert_eq!(quoted(r#"{"it's":"${x}"}"#), r#"{"it''s":"${!x}"}"#);
    }

    #[test]
    fn every_query_in_the_repository_is_offered_with_a_description() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/queries");
        let files =
            std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
        let mut names: Vec<_> =
            files.map(|path| path.file_stem().expect("a name").display().to_string()).collect();
        names.sort();
        let mut offered = QUERIES.map(|(name, _)| name);
        offered.sort();
        assert_eq!(names, offered);
        for (name, sql) in QUERIES {
            assert!(sql.starts_with("-- "), "{name} begins with what it answers");
        }
    }

    #[test]
    fn guided_asks_at_most_a_dozen_questions_for_one_connector() {
        for entry in rollcall_functions::all() {
            let template = render(&[entry], false).expect("a template");
            let parameters = template.split("\nParameters:\n").nth(1);
            let parameters = parameters.and_then(|rest| rest.split("\nConditions:\n").next());
            let names = parameters.expect("parameters").lines();
            let names: Vec<_> = names
                .filter(|line| line.starts_with("  ") && !line[2..].starts_with([' ', '#']))
                .collect();
            assert!((8..=12).contains(&names.len()), "{names:?}");
        }
    }
}
