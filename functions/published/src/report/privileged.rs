//! Which access counts as privileged. No vendor's flag is in a snapshot, so names decide, and the page shows the reason.

use rollcall_snapshot::{Entitlement, Resource};

/// What a word of a privileged name begins with, or is.
const BEGINNINGS: &[&str] = &["admin", "owner", "superuser", "superadmin"];
const WORDS: &[&str] = &["root", "super"];

/// The rule for people.
pub(super) const RULE: &str = "Chosen by name: a word in the name of the entitlement or of its role begins with admin, owner or superuser, or is root or super; or the connector marks it as ownership. Names of people, groups and other resources do not count.";

/// Why every entitlement on this resource is privileged, if it is a role whose name says so.
pub(super) fn of_role(resource: &Resource) -> Option<String> {
    if !resource.traits.contains(&"role") {
        return None;
    }
    let (_, id) = resource.id.split_once(':')?;
    let word = word(&resource.display_name).or_else(|| word(id))?;
    Some(format!("The role’s name contains “{word}”"))
}

/// Why an entitlement on a resource with this name is privileged, if its own name says so.
pub(super) fn of_entitlement(entitlement: &Entitlement, on: &str) -> Option<String> {
    if entitlement.purpose == Some("ownership") {
        return Some("The connector marks it as ownership".to_owned());
    }
    // The name of an entitlement often contains that of its resource, which says nothing about the right.
    let name = match on {
        "" => entitlement.display_name.clone(),
        on => entitlement.display_name.replace(on, " "),
    };
    let word = word(&entitlement.slug).or_else(|| word(&name))?;
    Some(format!("Its name contains “{word}”"))
}

/// The first word of a name that stands for privileges, in lower case.
fn word(name: &str) -> Option<String> {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.find(|word| {
        let begins = BEGINNINGS.iter().any(|beginning| word.starts_with(beginning));
        begins || WORDS.contains(&word.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decide_and_not_parts_of_words() {
        for (name, expected) in [
            ("Account Owner", Some("owner")),
            ("kibana_admin", Some("admin")),
            ("Administrator", Some("administrator")),
            ("space:administer", Some("administer")),
            ("superuser", Some("superuser")),
            ("super-user", Some("super")),
            ("root", Some("root")),
            ("rooted", None),
            ("supervisor", None),
            ("downer", None),
            ("read", None),
            ("", None),
        ] {
            assert_eq!(word(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn the_name_of_the_resource_does_not_count() {
        let entitlement = |slug: &str, name: &str, purpose| Entitlement {
            id: format!("namespace:admin-tools:{slug}"),
            resource: "namespace:admin-tools".into(),
            display_name: name.into(),
            description: "admin".into(),
            slug: slug.into(),
            purpose,
            immutable: false,
            grantable_to: Vec::new(),
            exclusion_group: None,
            v1_identifier: None,
        };
        let of =
            |slug, name, purpose| of_entitlement(&entitlement(slug, name, purpose), "Admin Tools");
        assert_eq!(of("read", "Admin Tools read", None), None);
        let by_name = Some("Its name contains “admin”".to_owned());
        assert_eq!(of("admin", "Admin Tools", None), by_name);
        assert_eq!(of("x", "Admin Tools Admin", None), by_name);
        assert!(of("read", "read", Some("ownership")).is_some_and(|why| why.contains("ownership")));
    }
}
