//! The world most tests begin with.

use super::world::World;

/// The slug of the organization of all samples.
pub const ORGANIZATION: &str = "acme-inc";
/// Its id.
pub const ORGANIZATION_ID: &str = "11111111-1111-4111-8111-111111111111";
/// Ada, an admin, to whom most tokens belong.
pub const ADA_ID: &str = "a0000000-0000-4000-8000-00000000000a";
/// Ben, a member.
pub const BEN_ID: &str = "b0000000-0000-4000-8000-00000000000b";
/// Cleo, a member, to whom [`MEMBER_TOKEN`](super::MEMBER_TOKEN) belongs.
pub const CLEO_ID: &str = "c0000000-0000-4000-8000-00000000000c";
/// The team of all three.
pub const EVERYONE_ID: &str = "e0000000-0000-4000-8000-000000000001";
/// The secret team that Ben maintains.
pub const PLATFORM_ID: &str = "f0000000-0000-4000-8000-000000000002";

impl World {
    /// The organization with Ada and Cleo, who have tokens.
    pub(crate) fn with_tokens() -> Self {
        let mut world = Self::empty();
        world
            .add_organization(ORGANIZATION_ID, ORGANIZATION, "Acme Inc")
            .edit_organization(ORGANIZATION, |org| {
                org.created_at = "2021-05-09T21:05:59.874Z".to_owned();
            })
            .add_user(ADA_ID, "Ada Admin", "ada@example.com")
            .edit_user(ADA_ID, |ada| {
                ada.created_at = "2022-01-18T02:51:30.983Z".to_owned();
            })
            .add_user(CLEO_ID, "Cleo Coder", "cleo@example.com")
            .add_member(ORGANIZATION, ADA_ID, "admin")
            .add_member(ORGANIZATION, CLEO_ID, "member")
            .add_test_tokens(ORGANIZATION, ADA_ID, CLEO_ID);
        world
    }

    /// `Acme Inc`: an admin and two members; a team of all of them and a secret team of one.
    #[must_use]
    pub fn worked_example() -> Self {
        let mut world = Self::with_tokens();
        world
            .add_user(BEN_ID, "Ben Builder", "ben@example.com")
            .add_member(ORGANIZATION, BEN_ID, "member")
            .edit_member(ORGANIZATION, BEN_ID, |ben| {
                ben.sso_mode = "optional".to_owned();
            })
            .edit_organization(ORGANIZATION, |org| {
                org.members.sort_by(|a, b| a.user.cmp(&b.user));
            })
            .add_team(ORGANIZATION, EVERYONE_ID, "everyone", "Everyone")
            .edit_team(ORGANIZATION, EVERYONE_ID, |team| {
                team.default = true;
                team.description = Some(String::new());
                team.created_by = Some(ADA_ID.to_owned());
            })
            .add_to_team(ORGANIZATION, EVERYONE_ID, ADA_ID, "maintainer")
            .add_to_team(ORGANIZATION, EVERYONE_ID, BEN_ID, "member")
            .add_to_team(ORGANIZATION, EVERYONE_ID, CLEO_ID, "member")
            .add_team(ORGANIZATION, PLATFORM_ID, "platform", "Platform")
            .make_secret(ORGANIZATION, PLATFORM_ID)
            .add_to_team(ORGANIZATION, PLATFORM_ID, BEN_ID, "maintainer")
            .edit_team(ORGANIZATION, PLATFORM_ID, |team| {
                team.description = Some("Runs CI".to_owned());
                team.created_by = Some(ADA_ID.to_owned());
                team.created_at = "2023-03-14T00:45:16.215Z".to_owned();
                for member in &mut team.members {
                    member.created_at = "2023-03-14T00:49:55.534Z".to_owned();
                }
            });
        world
    }
}
