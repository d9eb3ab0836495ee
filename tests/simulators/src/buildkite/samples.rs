//! Sample worlds: the worked example, one with every oddity, and generated ones of any size.

use jiff::Timestamp;
use serde_json::json;

use super::{DOCUMENTED_SCOPES, WIDE_TOKEN, world::World};
use crate::random::{Random, stretch};

/// When everything began.
pub const SINCE: &str = "2022-01-01T00:00:00.000Z";
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
/// The slug of the other organization of the rich world.
pub const SECOND_ORGANIZATION: &str = "globex";
/// The team of the rich world that takes more than one page.
pub const LARGE_TEAM_ID: &str = "f0000000-0000-4000-8000-000000000010";

const ORG: &str = ORGANIZATION;

/// The id of a person.
fn person(number: usize) -> String {
    format!("d0000000-0000-4000-8000-{number:012x}")
}

/// The id of a team.
fn group(number: usize) -> String {
    format!("f0000000-0000-4000-8000-{number:012x}")
}

impl World {
    /// Nothing at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// The organization with Ada, an admin, and Cleo, who have tokens.
    fn with_tokens() -> Self {
        let mut world = Self::empty();
        world
            .add_organization(ORGANIZATION_ID, ORG, "Acme Inc")
            .edit_organization(ORG, |org| org.created_at = "2021-05-09T21:05:59.874Z".to_owned())
            .add_user(ADA_ID, "Ada Admin", "ada@example.com")
            .add_user(CLEO_ID, "Cleo Coder", "cleo@example.com")
            .add_member(ORG, ADA_ID, "admin")
            .add_member(ORG, CLEO_ID, "member")
            .add_test_tokens(ORG, ADA_ID, CLEO_ID);
        world.users.entry(ADA_ID.to_owned()).and_modify(|ada| {
            ada["created_at"] = json!("2022-01-18T02:51:30.983Z");
        });
        world
    }

    /// `Acme Inc`: an admin and two members; a team of all of them and a secret team of one.
    #[must_use]
    pub fn worked_example() -> Self {
        let mut world = Self::with_tokens();
        world
            .add_user(BEN_ID, "Ben Builder", "ben@example.com")
            .add_member(ORG, BEN_ID, "member")
            .edit_member(ORG, BEN_ID, |ben| ben["sso_mode"] = json!("optional"))
            .edit_organization(ORG, |org| {
                org.members.sort_by_key(|member| member["user"].to_string());
            })
            .add_team(ORG, EVERYONE_ID, "everyone", "Everyone")
            .edit_team(ORG, EVERYONE_ID, |team| {
                team.row["default"] = json!(true);
                team.row["description"] = json!("");
                team.row["created_by"] = json!(ADA_ID);
            })
            .add_to_team(ORG, EVERYONE_ID, ADA_ID, "maintainer")
            .add_to_team(ORG, EVERYONE_ID, BEN_ID, "member")
            .add_to_team(ORG, EVERYONE_ID, CLEO_ID, "member")
            .add_team(ORG, PLATFORM_ID, "platform", "Platform")
            .make_secret(ORG, PLATFORM_ID)
            .add_to_team(ORG, PLATFORM_ID, BEN_ID, "maintainer")
            .edit_team(ORG, PLATFORM_ID, |team| {
                team.row["description"] = json!("Runs CI");
                team.row["created_by"] = json!(ADA_ID);
                team.row["created_at"] = json!("2023-03-14T00:45:16.215Z");
                team.members[0]["created_at"] = json!("2023-03-14T00:49:55.534Z");
            });
        world
    }

    /// Every oddity of organizations and teams once. The names say what is odd.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example();
        world.rich_members();
        world.rich_teams();
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
            (10, "No Address", "not an address", "member"),
        ] {
            let id = person(number);
            self.add_user(&id, name, email).add_member(ORG, &id, role);
        }
        self.edit_member(ORG, &person(8), |one| one["sso_mode"] = json!("optional"))
            .edit_member(ORG, &person(7), |one| one["sso_mode"] = json!("mode_of_the_future"))
            // Somebody who has left, and whom some teams still mention.
            .add_user(&person(11), "Gone Gal", "gone@example.com");
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
            (0x20, "sre-and-r-and-d", "SRE & R/D <\"all\">"),
            (0x21, "rockets", "🚀 Ráketen: 100%"),
            (0x22, "spaces", "  two  spaces  "),
            (0x23, "same", "Same"),
            (0x24, "same-1", "Same"),
        ] {
            self.add_team(ORG, &group(number), slug, name);
            if number >= 0x20 {
                self.add_to_team(ORG, &group(number), CLEO_ID, "member");
            }
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
                team.row["created_by"] = json!(person(11));
                team.row["default"] = json!(true);
                team.row["default_member_role"] = json!("maintainer");
            })
            .add_to_team(ORG, &group(9), BEN_ID, "maintainer")
            .edit_team(ORG, &group(9), |team| {
                team.row["created_at"] = json!("2023-03-14 00:45:16 UTC");
                team.row["description"] = json!("First line\nsecond, with \"quotes\"");
                team.members[0]["created_at"] = json!("2023-03-14 00:49:55 UTC");
            });
    }

    /// More people than fit on a page, with nothing odd about them, all in the large team.
    fn rich_crowd(&mut self) {
        self.add_team(ORG, LARGE_TEAM_ID, "large", "Large");
        for i in 0..130 {
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
        let (org, olga) = (SECOND_ORGANIZATION, person(0x500));
        let team = "f1000000-0000-4000-8000-000000000001";
        self.add_organization("22222222-2222-4222-8222-222222222222", org, "Globex & Sons")
            .add_user(&olga, "Olga Other", "olga@globex.example")
            .add_member(org, &olga, "admin")
            .add_member(org, ADA_ID, "member")
            .add_team(org, team, "everyone", "Everyone")
            .add_to_team(org, team, &olga, "maintainer")
            .add_to_team(org, team, ADA_ID, "member")
            .add_token(WIDE_TOKEN, ADA_ID, &DOCUMENTED_SCOPES, &[ORG, org])
            // 2100-01-01.
            .edit_token(WIDE_TOKEN, |token| {
                token.expires_at = Some(Timestamp::constant(4_102_444_800, 0));
            });
    }
}

crate::sizes! {
    /// Members of the organization; not fewer than two, to whom the tokens belong.
    users 40
    /// Teams; everybody is in the first one.
    teams 8
    /// Members of a team, on average.
    members_per_team 6
    /// How many in a hundred teams are secret.
    secret_percent 20
}

const FIRST: [&str; 6] = ["Anouk", "Bram", "Chidi", "Dunja", "Emil", "Fatou"];
const LAST: [&str; 6] = ["Adler", "Bakker", "Castro", "Diallo", "Engel", "Farkas"];
const AREA: [&str; 6] = ["Mobile", "Release", "Payments", "Web", "Data", "Security"];

impl World {
    /// A realistic organization; the same sizes and seed always give the same one. The tokens are those of the samples.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let (mut world, mut random) = (Self::with_tokens(), Random::new(seed));
        let mut users = vec![ADA_ID.to_owned(), CLEO_ID.to_owned()];
        for number in 2..sizes.users {
            let id = random.uuid();
            let name = format!("{} {}", random.word(&FIRST), random.word(&LAST));
            let email = format!("{}{number}@example.com", name.to_lowercase().replace(' ', "."));
            let role = if random.chance(4) { "admin" } else { "member" };
            world.add_user(&id, &name, &email).add_member(ORG, &id, role);
            if random.chance(10) {
                world.edit_member(ORG, &id, |one| one["sso_mode"] = json!("optional"));
            }
            users.push(id);
        }
        for number in 0..sizes.teams {
            if number == 0 {
                world.add_team(ORG, EVERYONE_ID, "everyone", "Everyone").edit_team(
                    ORG,
                    EVERYONE_ID,
                    |team| {
                        team.row["default"] = json!(true);
                        team.row["created_by"] = json!(ADA_ID);
                    },
                );
                for (i, user) in users.iter().enumerate() {
                    let role = if i == 0 { "maintainer" } else { "member" };
                    world.add_to_team(ORG, EVERYONE_ID, user, role);
                }
                continue;
            }
            let (id, area) = (random.uuid(), random.word(&AREA));
            let slug = format!("{}-{number}", area.to_lowercase());
            let creator = random.pick(&users).cloned();
            world.add_team(ORG, &id, &slug, &format!("{area} {number}")).edit_team(
                ORG,
                &id,
                |team| {
                    team.row["created_by"] = json!(creator);
                    team.row["description"] = json!(format!("The people of {area}"));
                },
            );
            if random.chance(sizes.secret_percent) {
                world.make_secret(ORG, &id);
            }
            // So many on average, none at all and twice as many included.
            for user in stretch(&mut random, &users, 2 * sizes.members_per_team) {
                let role = if random.chance(15) { "maintainer" } else { "member" };
                world.add_to_team(ORG, &id, user, role);
            }
        }
        world
    }
}
