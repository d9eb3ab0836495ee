//! Checks by the tallies of a finished sync whether it is what the token should see.

use rollcall_connector::{Code, Error, Identity, StepOutput, Tallies, Warning, counted};
use rollcall_model::ResourceId;

use super::Step;
use crate::api::no_groups;

pub(super) const NOT_SELECTED: &str = "rows that are not selected";
pub(super) const PERSONAL: &str = "personal spaces";
pub(super) const SPACES: &str = "spaces";
pub(super) const GROUPS: &str = "groups";
/// The number of steps that found the token's own account.
const CALLER: &str = "the caller";

/// Counts a step that found the token's own account.
pub(super) fn count_caller(out: &mut StepOutput<Step>, caller: &ResourceId) {
    let records = &out.records;
    if records.resources.iter().any(|r| r.id == *caller)
        || records.grants.iter().any(|g| g.principal == *caller)
    {
        out.tally(CALLER, 1);
    }
}

/// Fails if the lists cannot be complete; returns warnings about their numbers.
pub(super) fn check(identity: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
    let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
    if count(GROUPS) == 0 {
        return Err(no_groups());
    }
    let (unselected, personal) = (count(NOT_SELECTED), count(PERSONAL));
    let caller = &identity.caller.id;
    let mut warnings = Vec::new();
    let mut warn = |is_due: bool, code, message: String| {
        if is_due {
            warnings.push(Warning::new(code, message));
        }
    };
    warn(
        unselected > 0,
        Code::ExcludedByConfiguration,
        format!(
            "{} not shown: the configuration excludes the noun or the verb",
            counted(unselected, "permission")
        ),
    );
    warn(
        personal > 0,
        Code::ExcludedByConfiguration,
        format!("{} not shown: excluded by the configuration", counted(personal, "personal space")),
    );
    warn(
        count(SPACES) == 0,
        Code::EmptyList,
        "the token's account cannot see any space: being a site administrator is not enough to view a space".into(),
    );
    warn(
        count(CALLER) == 0,
        Code::CallerNotListed,
        format!(
            "the token's own account {caller} is in neither the user search nor any group or space: others may be missing as well"
        ),
    );
    Ok(warnings)
}
