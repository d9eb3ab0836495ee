//! Finds a principal by id, e-mail address, login or display name.

use rollcall_model::{Code, Error, ErrorType};

use crate::person::{is_named, is_same};
use crate::read::Snapshot;
use crate::record::Resource;
use crate::rows::Filter;

/// How many candidates the message about an ambiguous name lists.
const LISTED: usize = 10;

impl Snapshot {
    /// Finds a principal by `type:id`, by an e-mail address or login, or else by the display name of a user or group.
    /// Case is ignored. Fails if several match: guessing would change the access of somebody else.
    pub fn principal(&self, text: &str) -> Result<Resource, Error> {
        if let Some(found) = self.resource(text)? {
            return Ok(found);
        }
        let wanted = text.to_lowercase();
        let (mut by_address, mut by_name) = (Vec::new(), Vec::new());
        self.resources(&Filter::default(), |r| {
            if is_named(&r, &wanted) {
                by_address.push(r);
            } else if is_same(&r.display_name, &wanted) && is_principal(&r) {
                by_name.push(r);
            }
            Ok::<_, Error>(())
        })?;
        let mut matching = if by_address.is_empty() { by_name } else { by_address };
        match matching.len() {
            0 => Err(self.no_principal(text)),
            1 => Ok(matching.remove(0)),
            _ => Err(ambiguous(text, &matching)),
        }
    }

    fn no_principal(&self, text: &str) -> Error {
        Error::new(
            ErrorType::NotFound,
            Code::UnknownPrincipal,
            format!("{} has no principal `{text}`", self.name),
            "Use `type:id` as `rollcall snapshot resources` lists it, or an e-mail address, login or display name.",
        )
    }
}

fn is_principal(r: &Resource) -> bool {
    r.traits.iter().any(|name| ["user", "group"].contains(name))
}

fn ambiguous(text: &str, matching: &[Resource]) -> Error {
    let listed = matching.iter().take(LISTED).map(|r| format!("{} ({})", r.id, r.display_name));
    let mut listed = listed.collect::<Vec<_>>().join(", ");
    if let more @ 1.. = matching.len().saturating_sub(LISTED) {
        listed.push_str(&format!(", and {more} more"));
    }
    Error::invalid(
        Code::AmbiguousPrincipal,
        format!("`{text}` matches several principals: {listed}"),
        "Use the id of one of them.",
    )
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn a_principal_is_found_by_id_address_or_name_if_only_one_matches() {
        let mut world = testing::world();
        world
            .resources
            .extend([testing::user("u3", "Grace"), testing::user("u4", "u1@EXAMPLE.com")]);
        let snapshot = testing::open(&world);
        for (text, expected) in [
            ("user:u1", Ok("user:u1")),
            ("U1@example.com", Ok("user:u1")),
            ("ada", Ok("user:u1")),
            ("Inner", Ok("group:g1")),
            ("Grace", Err("AmbiguousPrincipal")),
            ("Production", Err("UnknownPrincipal")),
            ("user:nobody", Err("UnknownPrincipal")),
            ("", Err("UnknownPrincipal")),
        ] {
            let found = snapshot.principal(text);
            let found = found.as_ref().map(|r| r.id.as_str()).map_err(|e| e.code().as_str());
            assert_eq!(found, expected, "{text}");
        }
        let error = snapshot.principal("Grace").expect_err("ambiguous").to_string();
        assert!(error.ends_with(": user:u2 (Grace), user:u3 (Grace)"), "{error}");
    }
}
