//! A small world with one of everything. The names say what is odd.

use jiff::Timestamp;

use super::{
    samples::{ADA_ID, BEN_ID, CLEO_ID, ORGANIZATION},
    tokens::{DOCUMENTED_SCOPES, WIDE_TOKEN},
    world::World,
};

/// The slug of the other organization of the rich world.
pub const SECOND_ORGANIZATION: &str = "globex";
/// The team of the rich world that takes more than one page.
pub const LARGE_TEAM_ID: &str = "f0000000-0000-4000-8000-000000000010";

const ORG: &str = ORGANIZATION;
/// So many people have nothing odd about them and are in the large team.
const CROWD: usize = 130;

/// The id of a person.
fn person(number: usize) -> String {
    format!("d0000000-0000-4000-8000-{number:012x}")
}

/// The id of a team.
fn group(number: usize) -> String {
    format!("f0000000-0000-4000-8000-{number:012x}")
}

impl World {
    /// Every oddity of organizations and teams once.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example();
        world.rich_members();
        world.rich_teams();
        world.rich_names();
        world.rich_crowd();
        world.rich_second();
        world
    }

    fn rich_members(&mut self) {
        for (number, name, email, role) in [
            (1, "", "blank.name@example.com", "member"),
            (2, " ", "", "member"),
            (3, "Upper Case", "Upper.Case@Example.COM", "member"),
            (4, "Odd Role", "odd.role@example.com", "owner_of_the_future"),
            (5, "Same Name", "same1@example.com", "member"),
            (6, "Same Name", "same2@example.com", "member"),
            (7, "Zoë \"Zed\" O'Connor-李", "zoe@example.com", "admin"),
            (8, "ci-machine", "ci@example.com", "member"),
            (9, "Vendor Bot", "bot@example.com", "member"),
            (10, "No Address", "not an address", "member"),
        ] {
            let id = person(number);
            self.add_user(&id, name, email).add_member(ORG, &id, role);
        }
        self.edit_user(&person(8), |user| user.machine_user = true)
            .edit_member(ORG, &person(8), |one| one.sso_mode = "optional".to_owned())
            .edit_user(&person(9), |user| user.bot = true)
            .edit_member(ORG, &person(9), |one| one.complimentary = true)
            .edit_member(ORG, &person(7), |one| {
                one.sso_mode = "mode_of_the_future".to_owned();
                one.two_factor = true;
                one.last_seen_at = Some("2026-09-01T00:00:00Z".to_owned());
            });
        // Somebody who has left, and whom some teams still mention.
        self.add_user(&person(11), "Gone Gal", "gone@example.com");
    }

    fn rich_teams(&mut self) {
        for (number, slug, name) in [
            (3, "empty", "Empty"),
            (4, "blank-name", ""),
            (5, "secret-of-cleo", "Secret of Cleo"),
            (6, "secret-and-empty", "Secret and empty"),
            (7, "odd-members", "Odd members"),
            (8, "creator-gone", "Creator gone"),
            (9, "other-dates", "Other dates"),
        ] {
            self.add_team(ORG, &group(number), slug, name);
        }
        self.add_to_team(ORG, &group(4), BEN_ID, "member")
            .make_secret(ORG, &group(5))
            .add_to_team(ORG, &group(5), CLEO_ID, "maintainer")
            .add_to_team(ORG, &group(5), ADA_ID, "member")
            .make_secret(ORG, &group(6))
            // Who has left, whom nobody knows, and a role that nobody knows.
            .add_to_team(ORG, &group(7), &person(11), "maintainer")
            .add_to_team(ORG, &group(7), &person(12), "member")
            .add_to_team(ORG, &group(7), &person(4), "observer_of_the_future")
            .add_to_team(ORG, &group(7), &person(1), "member")
            .edit_team(ORG, &group(8), |team| {
                team.created_by = Some(person(11));
                team.default = true;
                team.default_member_role = "maintainer".to_owned();
            })
            .add_to_team(ORG, &group(9), BEN_ID, "maintainer")
            .edit_team(ORG, &group(9), |team| {
                team.created_at = "2023-03-14 00:45:16 UTC".to_owned();
                team.description = Some("First line\nsecond, with \"quotes\"".to_owned());
                for member in &mut team.members {
                    member.created_at = "2023-03-14 00:49:55 UTC".to_owned();
                }
            });
    }

    fn rich_names(&mut self) {
        for (number, slug, name) in [
            (0x20, "sre-and-r-and-d", "SRE & R/D <\"all\">"),
            (0x21, "rockets", "🚀 Ráketen: 100%"),
            (0x22, "spaces", "  two  spaces  "),
            (0x23, "same", "Same"),
            (0x24, "same-1", "Same"),
        ] {
            let id = group(number);
            self.add_team(ORG, &id, slug, name)
                .add_to_team(ORG, &id, CLEO_ID, "member");
        }
    }

    fn rich_crowd(&mut self) {
        self.add_team(ORG, LARGE_TEAM_ID, "large", "Large");
        for i in 0..CROWD {
            let id = person(0x100 + i);
            let role = if i % 50 == 0 { "maintainer" } else { "member" };
            self.add_user(&id, &format!("Person {i}"), &format!("p{i}@example.com"))
                .add_member(ORG, &id, "member")
                .add_to_team(ORG, LARGE_TEAM_ID, &id, role);
        }
    }

    /// Ada is an admin of the first organization and a plain member of the second, where there is a team of the same
    /// slug.
    fn rich_second(&mut self) {
        let org = SECOND_ORGANIZATION;
        let team = "f1000000-0000-4000-8000-000000000001";
        self.add_organization("22222222-2222-4222-8222-222222222222", org, "Globex & Sons")
            .add_user(&person(0x500), "Olga Other", "olga@globex.example")
            .add_member(org, &person(0x500), "admin")
            .add_member(org, ADA_ID, "member")
            .add_team(org, team, "everyone", "Everyone")
            .add_to_team(org, team, &person(0x500), "maintainer")
            .add_to_team(org, team, ADA_ID, "member")
            .add_token(WIDE_TOKEN, ADA_ID, &DOCUMENTED_SCOPES, &[ORG, org])
            .edit_token(WIDE_TOKEN, |token| {
                // 2100-01-01.
                token.expires_at = Timestamp::from_second(4_102_444_800).ok();
            });
    }
}
