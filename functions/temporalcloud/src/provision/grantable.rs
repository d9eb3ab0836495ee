//! The meaning of an entitlement id.

use rollcall_connector::{Code, Error};
use rollcall_model::EntitlementId;

use crate::access::{ACCOUNT_ROLE, MEMBER, NAMESPACE};
use crate::api::{ApiEnum, Permission, Role};

/// What can be granted and revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grantable {
    /// A permission on a namespace.
    Namespace(String, Permission),
    /// An account role.
    Role(Role),
}

impl Grantable {
    /// Reads an entitlement id of the account `account`.
    pub(super) fn parse(account: &str, id: &EntitlementId) -> Result<Self, Error> {
        let target = match id.resource.resource_type.as_str() {
            NAMESPACE => by_slug(&id.slug).map(|p| Self::Namespace(id.resource.id.clone(), p)),
            ACCOUNT_ROLE if id.slug == MEMBER => role(account, &id.resource.id).map(Self::Role),
            ACCOUNT_ROLE => None,
            other => {
                return Err(Error::refused(
                    Code::NotProvisioned,
                    format!(
                        "Rollcall shows entitlements on a {other} but does not change them: `{id}`"
                    ),
                    "Change it in Temporal Cloud. Rollcall changes permissions on namespaces and account roles.",
                ));
            }
        };
        target.ok_or_else(|| {
            Error::invalid(
                Code::UnknownEntitlement,
                format!("account {account} has no entitlement `{id}`"),
                "Use an entitlement id from the newest snapshot.",
            )
        })
    }
}

fn by_slug<T: ApiEnum + Clone>(slug: &str) -> Option<T> {
    T::ALL.iter().find(|value| value.slug() == slug).cloned()
}

/// The role of a resource id: exactly `<account>-<slug>`. Two other spellings of the public connector are also
/// accepted: `<account>-finance-_-admin`, and for admin the legacy `<domain>-<account>`, where the domain has a dot.
fn role(account: &str, id: &str) -> Option<Role> {
    let own = id.strip_prefix(account).and_then(|id| id.strip_prefix('-'));
    if let Some(slug) = own {
        return match slug {
            "finance-_-admin" => Some(Role::FinanceAdmin),
            slug => by_slug(slug),
        };
    }
    let domain = id.strip_suffix(account)?.strip_suffix('-')?;
    let (name, end) = domain.rsplit_once('.')?;
    (!name.is_empty() && !end.is_empty() && !domain.contains(':')).then_some(Role::Admin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access;

    #[test]
    fn every_role_comes_back_from_its_own_id() {
        for wanted in Role::ALL {
            let id = access::role_member("a1b23", wanted);
            assert_eq!(
                Grantable::parse("a1b23", &id).expect("a target"),
                Grantable::Role(wanted.clone())
            );
        }
    }

    #[test]
    fn ids_are_compared_exactly() {
        for (id, expected) in [
            ("a1b23-finance-_-admin", Some(Role::FinanceAdmin)),
            ("example.com-a1b23", Some(Role::Admin)),
            ("a1b23", None),
            ("-a1b23", None),
            ("examplea1b23", None),
            ("example-a1b23", None),
            (".com-a1b23", None),
            ("example.-a1b23", None),
            ("other-admin", None),
            ("xa1b23-admin", None),
            ("a1b23-", None),
            ("a1b23-Admin", None),
            ("a1b23-god", None),
        ] {
            assert_eq!(role("a1b23", id), expected, "{id}");
        }
    }
}
