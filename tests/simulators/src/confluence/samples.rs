//! Two small worlds made by hand.

use super::{
    tokens::{BEARER_TOKEN, SCOPED_TOKEN, TEST_EMAIL, TEST_TOKEN, TokenKind},
    world::{RoleMode, World},
};

/// The site's address in the links of all sample and generated worlds.
pub const SITE: &str = "https://acme.atlassian.net";
/// The site's id at the gateway in all sample and generated worlds.
pub const CLOUD_ID: &str = "5f6e7d8c-0000-4000-8000-00000000acde";

/// The account id of the administrator that the tokens belong to.
pub(crate) const ADA: &str = "712020:a1";

/// What the role `Admin` comes down to.
pub(crate) const ADMIN_ROLE: [&str; 7] = [
    "read/space",
    "administer/space",
    "export/space",
    "create/page",
    "update/page",
    "delete/page",
    "manage_users/space",
];

impl World {
    /// A site with its administrator, who has all the tokens, and nobody else.
    pub(crate) fn with_ada() -> Self {
        let mut world = Self::empty(SITE, CLOUD_ID);
        world.add_user(ADA, "Ada Admin", TEST_EMAIL);
        world.add_token(TEST_TOKEN, TokenKind::Classic, ADA);
        world.add_token(SCOPED_TOKEN, TokenKind::Scoped, ADA);
        world.add_token(BEARER_TOKEN, TokenKind::Service, ADA);
        world
    }

    /// The site `acme`, with permissions: an administrator, a deactivated user whose address is hidden and who is still
    /// in a group, an app; two groups; a space and a personal one.
    #[must_use]
    pub fn worked_example() -> Self {
        let mut world = Self::with_ada();
        world
            .add_user("557058:b2", "Bob", "bob@acme.io")
            .hide_email("557058:b2");
        world.edit_user("557058:b2", |bob| {
            bob.status = "inactive".to_owned();
            bob.licensed = false;
        });
        world.add_app("712020:c3", "Bot");
        world
            .add_group("22-eng", "eng", &[ADA, "557058:b2", "712020:c3"])
            .set_managed_by("22-eng", "EXTERNAL");
        world
            .add_group("11-adm", "site-admins", &[ADA])
            .set_site_admins("11-adm");
        world.add_space(98310, "ENG", "Engineering", "global");
        world.add_space(98311, "~ada", "Ada", "personal");
        for space in [98310, 98311] {
            world.edit_space(space, |space| space.author = ADA.to_owned());
        }
        for (id, kind, who, pair) in [
            (1001, "user", ADA, "administer/space"),
            (1002, "user", ADA, "read/space"),
            (1003, "group", "22-eng", "read/space"),
            (1004, "group", "22-eng", "create/page"),
            (1005, "user", "712020:c3", "read/space"),
            (1006, "access-class", "ALL_LICENSED_USERS", "read/space"),
            (1007, "group", "22-eng", "delete/space"),
        ] {
            world.row(98310, id, kind, who, pair);
        }
        world.row(98311, 1101, "user", ADA, "administer/space");
        world.row(98311, 1102, "user", ADA, "read/space");
        world
    }

    /// The same site on its way to roles: in `ENG` the administrator has one role, the group and all licensed users
    /// another; the app and the personal space still have permissions. [`World::set_mode`] takes it all the way.
    #[must_use]
    pub fn with_roles() -> Self {
        let mut world = Self::worked_example();
        world.set_mode(RoleMode::Transition);
        world.add_role("r1", "SYSTEM", "Admin", &ADMIN_ROLE);
        world.add_role("r2", "SYSTEM", "Viewer", &["read/space"]);
        world.set_role(98310, "user", ADA, "r1");
        world.set_role(98310, "group", "22-eng", "r2");
        world.set_role(98310, "access-class", "all-licensed-users", "r2");
        world
    }
}
