//! The world most tests begin with.

use serde_json::json;

use super::world::World;

/// The group `Engineering` of all samples.
pub const ENGINEERING_ID: &str = "directory_group_01ENG00000000000000000000A";
/// The group `Operations` of all samples.
pub const OPERATIONS_ID: &str = "directory_group_01OPS00000000000000000000B";

/// An id like those of groups: 26 upper-case letters and digits, these and zeros between them and the `A` at the end.
#[must_use]
pub fn directory_group_id(begin: &str) -> String {
    format!("directory_group_{begin:0<25}A")
}

impl World {
    /// Three people, one without a name whose account is not set up; the roles `org-admin` and `developer`, the latter
    /// linked to the group `Engineering`; the group `Operations`, with somebody in it who has no account.
    #[must_use]
    pub fn worked_example() -> Self {
        let mut world = Self::empty();
        world.add_test_tokens();
        world
            .add_member("alice-w", "Alice Wu", "")
            .add_email("alice-w", "alice.old@acme.test", false)
            .add_email("alice-w", "alice@acme.test", true)
            .add_member("bob-k", "Bob K", "bob@acme.test")
            .edit_member("bob-k", |bob| {
                bob.joined_at = Some("2022-03-01T09:00:00.000Z".to_owned());
            })
            .add_member("carol-p", "", "carol@acme.test")
            .unfinalize("carol-p");
        world
            .add_group(ENGINEERING_ID, "Engineering", "00g-eng-7")
            .join(ENGINEERING_ID, "alice-w")
            .join(ENGINEERING_ID, "carol-p")
            .add_group(OPERATIONS_ID, "Operations", "00g-ops-8")
            .join(OPERATIONS_ID, "bob-k")
            .add_without_account(OPERATIONS_ID, "Dan Future", "dan@acme.test");
        world
            .add_role("org-admin", "Org Admin")
            .assign("org-admin", "alice-w")
            .add_role("developer", "Developer")
            .describe("developer", "Ships the shop")
            .restrict(
                "developer",
                json!([{
                    "teamId": "web",
                    "restrictions": {"enabled": true, "projects": ["shop"], "restrictionMode": "in"},
                }]),
            )
            .link("developer", ENGINEERING_ID)
            .assign("developer", "bob-k");
        world
    }
}
