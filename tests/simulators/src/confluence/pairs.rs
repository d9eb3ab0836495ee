//! Which permissions there are, and which come along with others.

use serde_json::{Value, json};

use super::world::{Permission, Principal, RoleMode};

/// What can be granted on any site (`POST /wiki/rest/api/space/{spaceKey}/permission`).
const ALWAYS: [(&str, &str); 14] = [
    ("read", "space"),
    ("administer", "space"),
    ("delete", "space"),
    ("export", "space"),
    ("restrict_content", "space"),
    ("create", "page"),
    ("delete", "page"),
    ("archive", "page"),
    ("create", "blogpost"),
    ("delete", "blogpost"),
    ("create", "comment"),
    ("delete", "comment"),
    ("create", "attachment"),
    ("delete", "attachment"),
];

/// What can be granted besides on a site with roles.
const WITH_ROLES: [(&str, &str); 12] = [
    ("update", "page"),
    ("update", "blogpost"),
    ("export_content", "space"),
    ("manage_content", "space"),
    ("manage_templates", "space"),
    ("manage_look_and_feel", "space"),
    ("manage_users", "space"),
    ("manage_nonlicensed_users", "space"),
    ("manage_public_links", "space"),
    ("manage_guest_users", "space"),
    ("delete_space", "space"),
    ("archive_space", "space"),
];

/// Whether a permission can be granted on a site of this kind.
pub(crate) fn writable(mode: RoleMode, verb: &str, noun: &str) -> bool {
    ALWAYS.contains(&(verb, noun))
        || (mode != RoleMode::PreRoles && WITH_ROLES.contains(&(verb, noun)))
}

/// Whether there is a site on which the permission can be granted.
pub(crate) fn known(verb: &str, noun: &str) -> bool {
    writable(RoleMode::Roles, verb, noun)
}

/// What comes and goes with a permission on a site with roles. *Unknown*: what comes along with `create/comment` and
/// `update/blogpost`. Taken: nothing.
pub(crate) fn companion(
    mode: RoleMode,
    verb: &str,
    noun: &str,
) -> Option<(&'static str, &'static str)> {
    match (mode, verb, noun) {
        (RoleMode::PreRoles, ..) => None,
        (_, "read", "space") => Some(("export_content", "space")),
        (_, "create", "page") => Some(("update", "page")),
        (_, "administer", "space") => Some(("manage_users", "space")),
        _ => None,
    }
}

/// Whether a guest can hold the permission: not administration, export or restrictions.
pub(crate) fn for_guests(verb: &str) -> bool {
    !matches!(verb, "administer" | "export" | "restrict_content")
}

/// The first id of the rows that come from roles, which no granted row reaches.
pub(crate) const FIRST_OF_ROLES: u64 = 1 << 40;

/// The row that a role comes down to: its id is the same as long as somebody holds the role.
pub(crate) fn row_of_role(space: u64, principal: &Principal, verb: &str, noun: &str) -> Permission {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let text = format!("{space}|{}|{}|{verb}|{noun}", principal.kind, principal.id);
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    Permission {
        id: FIRST_OF_ROLES + hash % FIRST_OF_ROLES,
        principal: principal.clone(),
        verb: verb.to_owned(),
        noun: noun.to_owned(),
    }
}

/// The permissions a role can have (`GET /wiki/api/v2/space-permissions`).
pub(crate) fn catalogue() -> Vec<Value> {
    let pairs = ALWAYS.iter().chain(&WITH_ROLES);
    pairs
        .map(|(verb, noun)| {
            let required: &[&str] = if (*verb, *noun) == ("read", "space") {
                &[]
            } else {
                &["read/space"]
            };
            json!({
                "id": format!("{verb}/{noun}"),
                "displayName": format!("{verb} {noun}"),
                "description": format!("May {verb} {noun}"),
                "requiredPermissionIds": required,
            })
        })
        .collect()
}
