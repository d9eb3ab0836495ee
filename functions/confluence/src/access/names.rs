//! Names: resource types, permissions, slugs and ids.

use rollcall_model::{EntitlementId, ResourceId};
use serde::{Deserialize, Serialize};

/// How a site gives access to spaces (`GET /wiki/api/v2/space-role-mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessMode {
    /// Only through rows of permissions.
    Rows,
    /// Either through rows or through a role, for each principal and space.
    Both,
    /// Only through roles.
    Roles,
}

impl AccessMode {
    pub(crate) fn has_roles(self) -> bool {
        self != Self::Rows
    }
}

pub(crate) const USER: &str = "user";
pub(crate) const GROUP: &str = "group";
pub(crate) const SPACE: &str = "space";
pub(crate) const ROLE: &str = "space_role";
pub(crate) const ASSIGNMENT: &str = "space_role_assignment";
/// A class of people without a list of members: everybody with a licence, everybody at all.
pub(crate) const CLASS: &str = "access_class";

/// The slug of membership in a group.
pub(crate) const MEMBER: &str = "member";
/// The slug of a role on a space.
pub(crate) const ASSIGNED: &str = "assigned";

/// The types of principals that can be granted access to a space.
pub(crate) const HOLDERS: &[&str] = &[USER, GROUP];

/// The nouns of permissions, in the public connector's order.
pub(crate) const NOUNS: &[&str] = &["attachment", "blogpost", "comment", "page", "space"];
/// The verbs of permissions, in the public connector's order.
pub(crate) const VERBS: &[&str] =
    &["administer", "archive", "create", "delete", "export", "read", "restrict_content", "update"];

/// A permission on a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpacePermission {
    pub(crate) verb: &'static str,
    pub(crate) noun: &'static str,
    /// Its name on the permissions screen.
    pub(crate) title: &'static str,
    /// Only on sites that have roles.
    of_role_era: bool,
}

const fn pair(verb: &'static str, noun: &'static str, title: &'static str) -> SpacePermission {
    SpacePermission { verb, noun, title, of_role_era: false }
}

/// The permissions that exist: verb and noun cannot be combined freely. Sources: the list in the reference of
/// `POST /wiki/rest/api/space/{spaceKey}/permission`, and, for the last two, what sites with roles accept.
pub(crate) const PERMISSIONS: [SpacePermission; 16] = [
    pair("create", "attachment", "add attachments"),
    pair("delete", "attachment", "delete anyone's attachments"),
    pair("create", "blogpost", "add blog posts"),
    pair("delete", "blogpost", "delete anyone's blog posts"),
    pair("create", "comment", "add comments"),
    pair("delete", "comment", "delete anyone's comments"),
    pair("archive", "page", "archive pages"),
    pair("create", "page", "add pages"),
    pair("delete", "page", "delete anyone's pages"),
    pair("administer", "space", "administer the space"),
    // Despite its name, it does not delete the space.
    pair("delete", "space", "delete own content"),
    pair("export", "space", "export the space"),
    pair("read", "space", "view the space"),
    pair("restrict_content", "space", "add and remove restrictions"),
    SpacePermission { of_role_era: true, ..pair("update", "blogpost", "edit blog posts") },
    SpacePermission { of_role_era: true, ..pair("update", "page", "edit pages") },
];

/// The permission to view a space, which every other one requires.
pub(crate) const READ: (&str, &str) = ("read", "space");
/// The permission that somebody must have on every space.
pub(crate) const ADMINISTER: (&str, &str) = ("administer", "space");

impl SpacePermission {
    /// Finds a permission.
    pub(crate) fn find(verb: &str, noun: &str) -> Option<Self> {
        let mut all = PERMISSIONS.into_iter();
        all.find(|permission| permission.pair() == (verb, noun))
    }

    /// Reads a slug: a verb may have an underscore, and neither has a dash.
    pub(crate) fn of_slug(slug: &str) -> Option<Self> {
        let (verb, noun) = slug.split_once('-')?;
        Self::find(verb, noun)
    }

    /// Its verb and noun.
    pub(crate) fn pair(&self) -> (&'static str, &'static str) {
        (self.verb, self.noun)
    }

    /// Its slug.
    pub(super) fn slug(&self) -> String {
        slug(self.pair())
    }

    /// Whether sites in this mode have it.
    pub(crate) fn exists_in(&self, mode: AccessMode) -> bool {
        mode.has_roles() || !self.of_role_era
    }

    /// What it allows, followed by "in a space".
    pub(super) fn in_a_space(&self) -> &'static str {
        match self.pair() {
            READ => "view everything that is not restricted",
            ADMINISTER => "administer everything, permissions included,",
            ("export", "space") => "export everything",
            _ => self.title,
        }
    }
}

/// The slug of a permission (verb and noun).
pub(crate) fn slug((verb, noun): (&str, &str)) -> String {
    format!("{verb}-{noun}")
}

/// Membership in a group.
pub(crate) fn member(group: &str) -> EntitlementId {
    EntitlementId::new(ResourceId::new(GROUP, group), MEMBER)
}

/// A permission (verb and noun) on a space.
pub(crate) fn permission(space: &str, pair: (&str, &str)) -> EntitlementId {
    EntitlementId::new(ResourceId::new(SPACE, space), slug(pair))
}

/// The resource of a role on a space.
pub(crate) fn assignment_id(space: &str, role: &str) -> ResourceId {
    ResourceId::new(ASSIGNMENT, format!("{space}:{role}"))
}

/// A role on a space.
pub(crate) fn assigned(space: &str, role: &str) -> EntitlementId {
    EntitlementId::new(assignment_id(space, role), ASSIGNED)
}

/// The principal that a row or an assignment names. One API writes `ALL_LICENSED_USERS`, the other
/// `all-licensed-users`; any other kind of principal is a class of people under its own kind, so that no access is
/// lost.
pub(crate) fn principal(kind: &str, id: &str) -> ResourceId {
    let spelled = |text: &str| text.to_lowercase().replace('_', "-");
    match spelled(kind).as_str() {
        // *Unknown*: whether the rows use the same name for everybody on the internet as the write does.
        "user" if id == "anonymous" => ResourceId::new(CLASS, "anonymous-users"),
        // It is nobody's account but still access: shown under its kind, below.
        "user" | "group" | "access-class" if id.is_empty() => ResourceId::new(CLASS, spelled(kind)),
        "user" => ResourceId::new(USER, id),
        "group" => ResourceId::new(GROUP, id),
        "access-class" => ResourceId::new(CLASS, spelled(id)),
        other if id.is_empty() => ResourceId::new(CLASS, other),
        other => ResourceId::new(CLASS, format!("{other}:{id}")),
    }
}

/// Whether this kind of principal is known. *Unknown*: the meaning of the kind `role`; probably everybody.
pub(crate) fn is_known_kind(kind: &str) -> bool {
    let kind = kind.to_lowercase().replace('_', "-");
    matches!(&*kind, "user" | "group" | "access-class" | "role")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_those_of_real_permissions_and_come_back() {
        for permission in PERMISSIONS {
            assert_eq!(SpacePermission::of_slug(&permission.slug()), Some(permission));
            assert!(NOUNS.contains(&permission.noun) && VERBS.contains(&permission.verb));
        }
        for impossible in
            ["create-space", "update-space", "administer-page", "read", "-", "read-space-x"]
        {
            assert_eq!(SpacePermission::of_slug(impossible), None, "{impossible}");
        }
        let possible = NOUNS.len() * VERBS.len();
        assert_eq!((possible, PERMISSIONS.len()), (40, 16));
    }

    #[test]
    fn a_principal_is_the_same_in_both_spellings() {
        let class = ResourceId::new(CLASS, "all-licensed-users");
        assert_eq!(principal("access-class", "ALL_LICENSED_USERS"), class);
        assert_eq!(principal("ACCESS_CLASS", "all-licensed-users"), class);
        assert_eq!(principal("USER", "712020:A1"), ResourceId::new(USER, "712020:A1"));
        assert_eq!(principal("role", "anonymous"), ResourceId::new(CLASS, "role:anonymous"));
        assert_eq!(principal("user", ""), ResourceId::new(CLASS, "user"));
    }
}
