//! As much of the query language as finds people.

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    /// `type = user`
    Type(String),
    /// `user.fullname ~ "…"`
    Name(String),
    /// A field that does not exist: nothing has it.
    Unknown(String),
}

/// A query that cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// It is not a query.
    Malformed,
    /// The vendor fails on it.
    Breaks,
}

/// Reads conditions joined by `and`.
pub(crate) fn parse(text: &str) -> Result<Vec<Clause>, Bad> {
    let mut rest = text.trim();
    let mut clauses = Vec::new();
    loop {
        let (clause, after) = clause(rest)?;
        clauses.push(clause);
        let after = after.trim_start();
        if after.is_empty() {
            return Ok(clauses);
        }
        let and = after
            .get(..3)
            .filter(|word| word.eq_ignore_ascii_case("and"));
        let next = after.get(3..).filter(|next| next.starts_with(' '));
        rest = and.and(next).ok_or(Bad::Malformed)?.trim_start();
    }
}

fn clause(text: &str) -> Result<(Clause, &str), Bad> {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_'))
        .ok_or(Bad::Malformed)?;
    let (field, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let operator = rest.chars().next().filter(|c| matches!(c, '=' | '~'));
    let operator = operator
        .filter(|_| !field.is_empty())
        .ok_or(Bad::Malformed)?;
    let (value, rest) = value(rest.get(1..).unwrap_or_default().trim_start())?;
    let clause = match (field.to_ascii_lowercase().as_str(), operator) {
        ("type", '=') => Clause::Type(value.to_ascii_lowercase()),
        ("user.fullname", '~') if value.is_empty() => return Err(Bad::Breaks),
        ("user.fullname", '~') => Clause::Name(value.to_lowercase()),
        ("type" | "user.fullname", _) => return Err(Bad::Malformed),
        _ => Clause::Unknown(field.to_owned()),
    };
    Ok((clause, rest))
}

/// A value in quotes, or a word.
fn value(text: &str) -> Result<(&str, &str), Bad> {
    let found = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"'),
        None => {
            let end = text.find(' ').unwrap_or(text.len());
            Some(text.split_at(end)).filter(|(word, _)| !word.is_empty() && !word.contains('"'))
        }
    };
    found.ok_or(Bad::Malformed)
}

/// Whether every word asked for is one of the name's; `a*` is any word that begins so.
pub(crate) fn matches(name: &str, pattern: &str) -> bool {
    let name = name.to_lowercase();
    pattern.split_whitespace().all(|wanted| {
        let mut words = name.split_whitespace();
        words.any(|word| match wanted.strip_suffix('*') {
            Some(start) => word.starts_with(start),
            None => word == wanted,
        })
    })
}
