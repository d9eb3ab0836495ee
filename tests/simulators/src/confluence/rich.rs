//! Two small worlds with one of everything.

use super::{
    samples::{ADA, ADMIN_ROLE},
    tokens::TokenKind,
    world::{RoleMode, World},
};

/// A classic token of somebody who administers nothing, in the rich worlds.
pub const READER_TOKEN: &str = "reader-token";
/// The address that goes with [`READER_TOKEN`].
pub const READER_EMAIL: &str = "reader@acme.io";

impl World {
    /// Every oddity of a site with permissions once: kinds and states of accounts, kinds of groups and spaces, kinds of
    /// principals. The ids say what is odd.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example();
        world.rich_people();
        world.rich_groups();
        world.rich_spaces();
        world
    }

    /// The same on the way to roles: system and custom roles, held by people, groups and classes beside permissions.
    #[must_use]
    pub fn rich_with_roles() -> Self {
        let mut world = Self::rich();
        world.set_mode(RoleMode::Transition);
        world.add_role("role-admin", "SYSTEM", "Admin", &ADMIN_ROLE);
        world.add_role(
            "role-manager",
            "SYSTEM",
            "Manager",
            &[
                "read/space",
                "create/page",
                "update/page",
                "delete/page",
                "manage_content/space",
            ],
        );
        world.add_role(
            "role-collaborator",
            "SYSTEM",
            "Collaborator",
            &["read/space", "create/page", "update/page", "create/comment"],
        );
        world.add_role("role-viewer", "SYSTEM", "Viewer", &["read/space"]);
        world.add_role(
            "role-archivist",
            "CUSTOM",
            "Archivist",
            &["read/space", "archive/page", "export/space"],
        );
        world.add_role("role-unused", "CUSTOM", "Nobody's", &["read/space"]);
        world.add_space(98330, "ROLES", "Roles", "collaboration");
        world.set_role(98330, "user", ADA, "role-admin");
        world.set_role(98330, "user", "712020:reader", "role-collaborator");
        world.set_role(98330, "user", "712020:deactivated", "role-manager");
        world.set_role(98330, "user", "712020:never-was", "role-viewer");
        world.set_role(98330, "group", "33-team", "role-archivist");
        world.set_role(98330, "group", "22-eng", "role-collaborator");
        world.set_role(98330, "access-class", "all-licensed-users", "role-viewer");
        world.set_role(98330, "access-class", "anonymous-users", "role-viewer");
        // Custom access beside the roles.
        world.grant(98330, "user", "712020:capital", "read/space");
        world.grant(98330, "user", "712020:capital", "export/space");
        // A space in which a class holds nothing but a role.
        world.add_space(98331, "CLASS", "Everybody's", "collaboration");
        world.set_role(98331, "access-class", "all-licensed-users", "role-viewer");
        world
    }

    fn rich_people(&mut self) {
        self.add_user("712020:reader", "Rita Reader", READER_EMAIL);
        self.add_token(READER_TOKEN, TokenKind::Classic, "712020:reader");
        self.add_user("712020:deactivated", "Dora Gone", "dora@acme.io")
            .deactivate("712020:deactivated");
        self.add_user("712020:closed", "Former user", "");
        self.edit_user("712020:closed", |user| {
            user.status = "closed".to_owned();
            user.licensed = false;
        });
        self.add_user("712020:odd-status", "Uma Unknown", "uma@acme.io");
        self.edit_user("712020:odd-status", |user| {
            user.status = "unknown".to_owned()
        });
        self.add_user("712020:unlicensed", "Lev Less", "lev@acme.io");
        self.edit_user("712020:unlicensed", |user| user.licensed = false);
        self.add_user("712020:hidden", "Hana H", "hana@acme.io")
            .hide_email("712020:hidden");
        self.add_user("712020:capital", "Carl Capital", "Carl.Capital@Acme.io");
        self.add_user("plain-id-without-colon", "Old Otto", "otto@acme.io");
        self.add_user("712020:unindexed", "Ines Index", "ines@acme.io");
        self.edit_user("712020:unindexed", |user| user.indexed = false);
        self.add_guest("712020:guest", "Gus Guest", "gus@example.com");
        self.add_app("712020:app", "Deploy App");
        self.add_user("qm:customer", "Cleo Customer", "cleo@example.com");
        self.edit_user("qm:customer", |user| {
            user.account_type = "customer".to_owned();
            user.licensed = false;
            user.indexed = false;
        });
        self.add_user("712020:no-type", "Nadia None", "nadia@acme.io");
        self.edit_user("712020:no-type", |user| user.account_type.clear());
    }

    fn rich_groups(&mut self) {
        self.add_group(
            "33-team",
            "team-apollo",
            &["712020:reader", "712020:hidden"],
        );
        self.edit_group("33-team", |group| {
            group.usage_type = Some("TEAM_COLLABORATION".to_owned());
            group.managed_by = Some("TEAM_MEMBERS".to_owned());
        });
        self.add_group("34-open", "open door", &["712020:capital"])
            .set_managed_by("34-open", "OPEN");
        self.add_group(
            "35-bare",
            "bare",
            &["712020:reader", "712020:unlicensed", "712020:unindexed"],
        );
        self.edit_group("35-bare", |group| {
            group.usage_type = None;
            group.managed_by = None;
        });
        self.add_group("36-empty", "empty", &[]);
        self.add_group(
            "37-ghosts",
            "ghosts",
            &["712020:reader", "712020:never-was-member"],
        );
        self.add_group("38/odd id", "odd: id & name", &["plain-id-without-colon"]);
        self.add_group("39-hr", "hr", &["712020:capital"])
            .set_managed_by("39-hr", "EXTERNAL");
    }

    fn rich_spaces(&mut self) {
        self.add_space(98320, "OPS", "Operations", "global");
        for pair in ["read/space", "administer/space"] {
            self.grant(98320, "user", ADA, pair);
            self.grant(98320, "group", "11-adm", pair);
        }
        for (kind, who) in [
            ("user", "712020:deactivated"),
            ("user", "712020:never-was"),
            ("user", "712020:guest"),
            ("user", "712020:app"),
            ("user", "712020:hidden"),
            ("user", "712020:unindexed"),
            ("user", "plain-id-without-colon"),
            ("group", "33-team"),
            ("group", "38/odd id"),
            ("group", "99-never-was"),
            ("access-class", "ALL_LICENSED_USERS"),
            ("access-class", "ALL_PRODUCT_ADMINS"),
            ("anonymous", "anonymous"),
            ("role", "role-from-the-future"),
            ("device", "toaster"),
        ] {
            self.grant(98320, kind, who, "read/space");
        }
        for pair in [
            "create/page",
            "delete/page",
            "archive/page",
            "create/blogpost",
            "delete/blogpost",
            "create/comment",
            "delete/comment",
            "create/attachment",
            "delete/attachment",
            "delete/space",
            "export/space",
            "restrict_content/space",
        ] {
            self.grant(98320, "user", "712020:hidden", pair);
        }
        self.grant(98320, "user", "712020:deactivated", "export/space");
        self.grant(98320, "group", "33-team", "purge/whiteboard");
        self.grant(98320, "user", "712020:reader", "read/space");

        self.add_space(98321, "OLD", "Old things", "knowledge_base")
            .archive(98321);
        self.grant(98321, "user", ADA, "read/space")
            .grant(98321, "group", "22-eng", "read/space");
        self.add_space(98322, "~712020reader", "Rita Reader", "personal");
        self.edit_space(98322, |space| space.author = "712020:reader".to_owned());
        for pair in ["read/space", "administer/space"] {
            self.grant(98322, "user", "712020:reader", pair);
        }
        self.grant(98322, "group", "11-adm", "read/space");
        self.add_space(98323, "SECRET", "Nobody's business", "global");
        self.grant(98323, "user", "712020:capital", "read/space")
            .grant(98323, "user", "712020:capital", "administer/space");
        self.add_space(98324, "ONE", "One administrator", "collaboration");
        self.grant(98324, "user", ADA, "read/space")
            .grant(98324, "user", ADA, "administer/space");
        self.add_space(98325, "FUTURE", "", "holographic");
        self.grant(98325, "access-class", "all-licensed-users", "read/space");
    }
}
