//! Finds the accounts of a person by e-mail address or login, and the accounts that only look like theirs.

use std::collections::BTreeSet;

use rollcall_model::Error;
use serde::Serialize;

use crate::read::Snapshot;
use crate::record::Resource;
use crate::rows::Filter;

/// Why an account is taken for a person's, or only looks like theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// It has this e-mail address.
    Address,
    /// Its login is this text.
    Login,
    /// It has this address, but the vendor has not verified it: anybody may have entered it.
    UnverifiedAddress,
    /// Its address or login has the same part before the `@`.
    SameLocalPart,
    /// An account of the person has the same display name.
    SameDisplayName,
}

impl Likeness {
    /// Whether the account is the person's.
    pub fn is_match(self) -> bool {
        matches!(self, Self::Address | Self::Login)
    }

    /// The reason for people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Address => "same address",
            Self::Login => "same login",
            Self::UnverifiedAddress => "same address, not verified",
            Self::SameLocalPart => "same name before the @",
            Self::SameDisplayName => "same display name",
        }
    }
}

impl Snapshot {
    /// The accounts that have the address or login `text`, and those that look like it, in the file's order. `names`:
    /// the display names of the person's accounts, in lower case.
    pub fn accounts_like(
        &self,
        text: &str,
        names: &BTreeSet<String>,
    ) -> Result<Vec<(Resource, Likeness)>, Error> {
        let wanted = text.to_lowercase();
        let mut found = Vec::new();
        self.resources(&Filter::default(), |r| {
            let likeness = likeness(&r, &wanted, names);
            found.extend(likeness.map(|likeness| (r, likeness)));
            Ok::<_, Error>(())
        })?;
        Ok(found)
    }
}

/// Whether two accounts that match `text` belong to one person, as far as a vendor shows it: they share an address, or
/// neither has an address that contradicts this one.
pub fn are_one_person(text: &str, one: &Resource, other: &Resource) -> bool {
    let shared =
        |address: &String| other.emails.iter().any(|e| is_same(e, &address.to_lowercase()));
    let wanted = text.to_lowercase();
    let fits = |r: &Resource| r.emails.is_empty() || r.emails.iter().any(|e| is_same(e, &wanted));
    one.emails.iter().any(shared) || (text.contains('@') && fits(one) && fits(other))
}

/// Whether a resource has this address or login, in lower case.
pub(crate) fn is_named(r: &Resource, wanted: &str) -> bool {
    is_same(&r.login, wanted) || r.emails.iter().any(|email| is_same(email, wanted))
}

/// Whether a name is this one, in lower case.
pub(crate) fn is_same(name: &str, wanted: &str) -> bool {
    !name.is_empty() && name.to_lowercase() == wanted
}

fn likeness(r: &Resource, wanted: &str, names: &BTreeSet<String>) -> Option<Likeness> {
    if !r.traits.contains(&"user") {
        return None;
    }
    // OpenID Connect's name for it, which connectors use: it is about the primary address.
    let is_unverified = r.profile.get("email_verified") == Some(&false.into());
    let mut addresses = r.emails.iter().skip(usize::from(is_unverified));
    if addresses.any(|email| is_same(email, wanted)) {
        return Some(Likeness::Address);
    }
    if is_same(&r.login, wanted) {
        return Some(Likeness::Login);
    }
    if is_named(r, wanted) {
        return Some(Likeness::UnverifiedAddress);
    }
    let mut own = r.emails.iter().chain([&r.login]).map(|name| local_part(name));
    if own.any(|part| is_same(part, local_part(wanted))) {
        return Some(Likeness::SameLocalPart);
    }
    let name = r.display_name.to_lowercase();
    (name == wanted || names.contains(&name)).then_some(Likeness::SameDisplayName)
}

fn local_part(name: &str) -> &str {
    name.split_once('@').map_or(name, |(local, _)| local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use rollcall_model::{AccountType, Resource as Written, ResourceId, ResourceTrait};

    fn account(id: &str, name: &str, emails: &[&str], login: &str) -> Written {
        let mut emails = emails.iter().map(|&email| email.to_owned());
        let account = ResourceTrait::account(AccountType::Human, emails.next());
        let account = account.with_other_emails(emails.collect()).with_login(login);
        Written::new(ResourceId::new("user", id), name, account)
    }

    #[test]
    fn an_account_matches_by_address_or_login_and_all_else_only_looks_alike() {
        let mut unverified = account("unverified", "C", &["ada@x.io"], "");
        unverified.profile.insert("email_verified".into(), false.into());
        let mut group = testing::resource("group:ada", "Ada", ResourceTrait::Group);
        group.profile.insert("email".into(), "ada@x.io".into());
        let mut world = testing::world();
        world.resources = vec![
            account("primary", "A", &["ADA@x.io"], ""),
            account("second", "B", &["a@x.io", "ada@x.io"], ""),
            account("login", "B", &["b@x.io"], "Ada@X.io"),
            unverified,
            account("local", "D", &["ada@y.io"], ""),
            account("native", "E", &[], "ada"),
            account("namesake", "ADA L.", &["al@x.io"], ""),
            account("other", "F", &["adam@x.io"], "x"),
            group,
        ];
        let names = BTreeSet::from(["ada l.".to_owned()]);
        let found = testing::open(&world).accounts_like("Ada@x.io", &names).expect("readable");
        let found: Vec<_> = found.iter().map(|(r, how)| (r.id.as_str(), *how)).collect();
        let expected = [
            ("user:primary", Likeness::Address),
            ("user:second", Likeness::Address),
            ("user:login", Likeness::Login),
            ("user:unverified", Likeness::UnverifiedAddress),
            ("user:local", Likeness::SameLocalPart),
            ("user:native", Likeness::SameLocalPart),
            ("user:namesake", Likeness::SameDisplayName),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn accounts_with_contradicting_addresses_are_of_different_people() {
        let read = |written: &Written| {
            let data = rollcall_model::encode::resource(written);
            crate::record::resource(&data).expect("a resource")
        };
        let one = |text: &str, other: (&[&str], &str)| {
            let [a, b] = [(&["a@x.io"] as &[&str], "a"), other]
                .map(|(emails, login)| read(&account("u", "U", emails, login)));
            are_one_person(text, &a, &b) && are_one_person(text, &b, &a)
        };
        for (text, other, expected) in [
            ("a@x.io", (&["A@x.io"] as &[&str], ""), true),
            ("a@x.io", (&[], "a@x.io"), true),
            ("a@x.io", (&["b@x.io"], "a@x.io"), false),
            ("a", (&["b@x.io", "a@x.io"], "a"), true),
            ("a", (&["b@x.io"], "a"), false),
            ("a", (&[], "a"), false),
        ] {
            assert_eq!(one(text, other), expected, "{text} {other:?}");
        }
    }
}
