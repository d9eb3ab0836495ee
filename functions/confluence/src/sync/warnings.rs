//! What an operator should know of rows that are not as documented.

use rollcall_connector::{Code, StepOutput};

use super::Step;
use crate::access;
use crate::api::{Hit, Role};

/// What there is to say of a row of the user search that shows no account.
pub(super) fn unreadable_hit(hit: &Hit) -> String {
    let name = hit.user.get().map(|person| &*person.display_name);
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("a row of the user search, `{name}`, has no account id"),
        None => "a row of the user search shows no account".into(),
    }
}

/// A kind of principal that appears for the first time is told of where somebody of that kind holds something.
pub(super) fn warn_of_kind(out: &mut StepOutput<Step>, kind: &str) {
    if !access::is_known_kind(kind) {
        out.warn(
            Code::UnknownValue,
            format!(
                "access is held by principals of the kind `{kind}`, which Rollcall does not know: they are shown as access classes"
            ),
        );
    }
}

/// So is a role that the site does not list.
pub(super) fn warn_of_role(out: &mut StepOutput<Step>, space: &str, id: &str, roles: &[Role]) {
    if !roles.iter().any(|role| role.id == id) {
        out.warn(
            Code::DanglingReference,
            format!(
                "somebody has the role {id} on space {space}, which is not among the site's roles: what it allows is not known"
            ),
        );
    }
}
