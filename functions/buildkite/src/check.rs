//! Looks at the whole: is it what the token should see?

use rollcall_connector::{Code, Error, ErrorType, Identity, Tallies, Warning};

pub(crate) const MEMBERS: &str = "members";
pub(crate) const TEAMS: &str = "teams";
pub(crate) const UNKNOWN_ROLES: &str = "unknown roles";
pub(crate) const UNKNOWN_ORGANIZATION_ROLES: &str = "unknown roles in the organization";
/// The rows of our token's owner, by the role that they tell.
pub(crate) const OWNER_ADMIN: &str = "owner: admin";
pub(crate) const OWNER_MEMBER: &str = "owner: member";
pub(crate) const OWNER_UNTOLD: &str = "owner: untold";
/// The rows of the list that have the address or at least the name of our token's owner.
pub(crate) const OWNER_LISTED: &str = "owner: listed";
/// The rows of others that tell how they sign in.
pub(crate) const SSO_OF_OTHERS: &str = "how others sign in";

/// Fails where the lists cannot be whole; and what an operator should know of their numbers.
pub(crate) fn check(
    identity: &Identity,
    owner_is_known: bool,
    tallies: &Tallies,
) -> Result<Vec<Warning>, Error> {
    let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
    check_members(owner_is_known, count)?;
    let mut warnings = Vec::new();
    if !sees_all(count) {
        warnings.push(Warning::new(
            Code::MayNotBeAdministrator,
            format!(
                "nothing says that {} administers the organization: secret teams that they are not in are missing then",
                identity.caller_name
            ),
        ));
    }
    if count(UNKNOWN_ORGANIZATION_ROLES) > 0 {
        warnings.push(Warning::new(
            Code::UnknownValue,
            format!(
                "{} members of the organization have a role that Rollcall does not know, and are shown as `member`",
                count(UNKNOWN_ORGANIZATION_ROLES)
            ),
        ));
    }
    if count(TEAMS) == 0 {
        warnings.push(Warning::new(
            Code::EmptyList,
            "the API shows no team: there is none, teams are switched off, or all are hidden from the token's owner",
        ));
    }
    if count(UNKNOWN_ROLES) > 0 {
        warnings.push(Warning::new(
            Code::UnknownValue,
            format!(
                "{} memberships in teams have a role that Rollcall does not know, and are shown as `member`",
                count(UNKNOWN_ROLES)
            ),
        ));
    }
    Ok(warnings)
}

/// Whoever owns a token is a member of every organization that it reaches: a list without them is not whole. Their
/// name will do, where the list has another address of theirs.
fn check_members(owner_is_known: bool, count: impl Fn(&str) -> u64) -> Result<(), Error> {
    if count(MEMBERS) == 0 {
        return Err(Error::new(
            ErrorType::PermissionDenied,
            Code::EmptyList,
            "the API shows no member of the organization, and there is one at least: the token's owner",
            "Let somebody make the token who may see the organization's members.",
        ));
    }
    if !owner_is_known || count(OWNER_LISTED) > 0 {
        return Ok(());
    }
    Err(Error::new(
        ErrorType::Unavailable,
        Code::CallerNotListed,
        "the API's list of the organization's members lacks the token's owner, who is one of them: it is not whole",
        "Run again; if it persists, let somebody who administers the organization make the token.",
    ))
}

/// Whether the owner of our token sees every team, as administrators do. Where the API does not tell their role, it tells
/// by what it says of others: administrators alone see how they sign in.
fn sees_all(count: impl Fn(&str) -> u64) -> bool {
    if count(OWNER_ADMIN) + count(OWNER_MEMBER) > 0 {
        return count(OWNER_ADMIN) > 0;
    }
    // Without a row that is known to be the owner's, one of these is.
    let own = u64::from(count(OWNER_UNTOLD) == 0);
    count(SSO_OF_OTHERS) > own
}
