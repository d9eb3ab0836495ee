//! Checks by the tallies of a finished sync whether it is what the token should see.

use rollcall_connector::{Code, Error, ErrorType, Identity, Tallies, Warning, counted};

pub(super) const MEMBERS: &str = "members";
pub(super) const TEAMS: &str = "teams";
pub(super) const UNKNOWN_ROLES: &str = "unknown roles";
pub(super) const UNKNOWN_ORGANIZATION_ROLES: &str = "unknown roles in the organization";
/// The rows of our token's owner, by the role that they show.
pub(super) const OWNER_ADMIN: &str = "owner: admin";
pub(super) const OWNER_MEMBER: &str = "owner: member";
pub(super) const OWNER_WITHOUT_ROLE: &str = "owner: without role";
/// The rows of the list that have the address or at least the name of our token's owner.
pub(super) const OWNER_LISTED: &str = "owner: listed";
/// The rows of others that show how they sign in.
pub(super) const SSO_OF_OTHERS: &str = "how others sign in";

/// Fails if the lists cannot be complete; returns warnings about their numbers.
pub(super) fn check(
    identity: &Identity,
    owner_is_known: bool,
    tallies: &Tallies,
) -> Result<Vec<Warning>, Error> {
    let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
    check_members(owner_is_known, count)?;
    let owner = &identity.caller_name;
    let (in_teams, in_organization) = (count(UNKNOWN_ROLES), count(UNKNOWN_ORGANIZATION_ROLES));
    let mut warnings = Vec::new();
    let mut warn = |is_due: bool, code, message: String| {
        if is_due {
            warnings.push(Warning::new(code, message));
        }
    };
    warn(
        !sees_all(count),
        Code::MayNotBeAdministrator,
        format!(
            "nothing shows that {owner} administers the organization: if they do not, secret teams that they are not in are missing"
        ),
    );
    warn(
        in_organization > 0,
        Code::UnknownValue,
        format!(
            "{} of the organization with a role that Rollcall does not know, shown as `member`",
            counted(in_organization, "member")
        ),
    );
    warn(
        count(TEAMS) == 0,
        Code::EmptyList,
        "the API returns no teams: there are none, teams are switched off, or all are hidden from the token's owner".into(),
    );
    warn(
        in_teams > 0,
        Code::UnknownValue,
        format!(
            "{} in teams with a role that Rollcall does not know, shown as `member`",
            counted(in_teams, "membership")
        ),
    );
    Ok(warnings)
}

/// A token's owner is a member of every organization that it can access: a list without them is incomplete. Their name
/// is enough, since the list may have another address of theirs.
fn check_members(owner_is_known: bool, count: impl Fn(&str) -> u64) -> Result<(), Error> {
    if count(MEMBERS) == 0 {
        return Err(Error::new(
            ErrorType::PermissionDenied,
            Code::EmptyList,
            "the API returns no members of the organization, which has at least one: the token's owner",
            "Use a token of a user who can see the organization's members.",
        ));
    }
    if !owner_is_known || count(OWNER_LISTED) > 0 {
        return Ok(());
    }
    Err(Error::new(
        ErrorType::Unavailable,
        Code::CallerNotListed,
        "the list of the organization's members is incomplete: it lacks the token's owner, who is a member",
        "Run again; if it persists, use a token of an organization administrator.",
    ))
}

/// Whether the owner of our token sees every team, as administrators do. If the API does not show their role, it shows
/// it indirectly: only administrators see how others sign in.
fn sees_all(count: impl Fn(&str) -> u64) -> bool {
    if count(OWNER_ADMIN) + count(OWNER_MEMBER) > 0 {
        return count(OWNER_ADMIN) > 0;
    }
    // Without a row that is known to be the owner's, one of these is.
    let own = u64::from(count(OWNER_WITHOUT_ROLE) == 0);
    count(SSO_OF_OTHERS) > own
}
