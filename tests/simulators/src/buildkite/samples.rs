//! Sample worlds: the worked example, one with every oddity, and generated ones of any size.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{DOCUMENTED_SCOPES, WIDE_TOKEN, world::World};
use crate::{
    paging::patch,
    random::{Random, stretch},
};

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
/// The team of the rich world with more than one page.
pub const LARGE_TEAM_ID: &str = "f0000000-0000-4000-8000-000000000010";

const ORG: &str = ORGANIZATION;

/// An id by its two parts: `a-a` is Ada's.
fn id_of(short: &str) -> String {
    let (kind, number) = short.split_once('-').unwrap_or_default();
    format!("{kind:0<8}-0000-4000-8000-{number:0>12}")
}

/// What is added: a `user` with a name, an address and, in the organization, a role; or a `team` with a slug, a name and its
/// members, their roles and since when they are in it. Then other fields: those of the membership, or of the team.
const WORKED_EXAMPLE: &str = r#"
- user | b-b | Ben Builder | ben@example.com | member | {"sso_mode": "optional"}
- team | e-1 | everyone | Everyone | a-a maintainer, b-b member, c-c member | {"default": true, "description": "", "created_by": "a-a"}
- team | f-2 | platform | Platform | b-b maintainer 2023-03-14T00:49:55.534Z | {"privacy": "secret", "description": "Runs CI", "created_by": "a-a",
    "created_at": "2023-03-14T00:45:16.215Z"}"#;

/// Of the members of odd teams one has left, one is unknown, and one has an unknown role.
const RICH: &str = r#"
- user | d-1 | | blank.name@example.com | member | {}
- user | d-2 | | | member | {}
- user | d-3 | Upper Case | Upper.Case@Example.COM | member | {}
- user | d-4 | Odd Role | odd.role@example.com | owner_of_the_future | {}
- user | d-5 | Same Name | same1@example.com | member | {}
- user | d-6 | Same Name | same2@example.com | member | {}
- user | d-7 | Zoë "Zed" O'Connor-李 | zoe@example.com | admin | {"sso_mode": "mode_of_the_future"}
- user | d-8 | ci-machine | ci@example.com | member | {"sso_mode": "optional"}
- user | d-a | No Address | not an address | member | {}
- user | d-b | Gone Gal | gone@example.com | | {}
- team | f-3 | empty | Empty | | {}
- team | f-4 | blank-name | | b-b member | {}
- team | f-5 | secret-of-cleo | Secret of Cleo | c-c maintainer, a-a member | {"privacy": "secret"}
- team | f-6 | secret-and-empty | Secret and empty | | {"privacy": "secret"}
- team | f-7 | odd-members | Odd members | d-b maintainer, d-c member, d-4 observer_of_the_future, d-1 member | {}
- team | f-8 | creator-gone | Creator gone | | {"created_by": "d-b", "default": true, "default_member_role": "maintainer"}
- team | f-9 | other-dates | Other dates | b-b maintainer 2023-03-14 00:49:55 UTC | {"created_at": "2023-03-14 00:45:16 UTC",
    "description": "First line\nsecond, with \"quotes\""}
- team | f-20 | sre-and-r-and-d | SRE & R/D <"all"> | c-c member | {}
- team | f-21 | rockets | 🚀 Ráketen: 100% | c-c member | {}
- team | f-22 | spaces | | c-c member | {"name": "  two  spaces  "}
- team | f-23 | same | Same | c-c member | {}
- team | f-24 | same-1 | Same | c-c member | {}
- team | f-10 | large | Large | | {}"#;

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

    /// Adds what these lines say.
    fn read(mut self, text: &str) -> Self {
        for entry in text.split("\n- ").skip(1) {
            let fields: Vec<&str> = entry.splitn(6, '|').map(str::trim).collect();
            let [kind, id, one, two, who, odd] = fields[..] else { unreachable!("{entry}") };
            let id = id_of(id);
            let mut odd: Value = serde_json::from_str(odd).unwrap_or_default();
            if kind == "user" {
                self.add_user(&id, one, two);
                if !who.is_empty() {
                    self.add_member(ORG, &id, who).edit_member(ORG, &id, |row| patch(row, &odd));
                }
                continue;
            }
            if let Some(creator) = odd["created_by"].as_str().map(id_of) {
                odd["created_by"] = json!(creator);
            }
            self.add_team(ORG, &id, one, two).edit_team(ORG, &id, |team| {
                patch(&mut team.row, &odd);
                for member in who.split(", ").filter(|who| !who.is_empty()) {
                    let mut words = member.splitn(3, ' ');
                    let [user, role, since] = [(); 3].map(|()| words.next().unwrap_or(SINCE));
                    team.members
                        .push(json!({"user_id": id_of(user), "role": role, "created_at": since}));
                }
            });
        }
        self
    }

    /// `Acme Inc`: an admin and two members; a team of all of them and a secret team of one.
    #[must_use]
    pub fn worked_example() -> Self {
        let mut world = Self::with_tokens().read(WORKED_EXAMPLE);
        world.edit_organization(ORG, |org| {
            org.members.sort_by_key(|member| member["user"].to_string());
        });
        world
    }

    /// Every oddity of organizations and teams once, and a team of more people than fit on a page. The names describe
    /// the oddities. Ada is a plain member of the second organization, where there is a team of the same slug.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example().read(RICH);
        world.users.entry(id_of("d-2")).and_modify(|user| user["name"] = json!(" "));
        for i in 0..130 {
            let id = id_of(&format!("d-{:x}", 0x100 + i));
            let role = if i % 50 == 0 { "maintainer" } else { "member" };
            world
                .add_user(&id, &format!("Person {i}"), &format!("p{i}@example.com"))
                .add_member(ORG, &id, "member")
                .add_to_team(ORG, LARGE_TEAM_ID, &id, role);
        }
        let (org, olga, team) = (SECOND_ORGANIZATION, id_of("d-500"), id_of("f1-1"));
        world
            .add_organization("22222222-2222-4222-8222-222222222222", org, "Globex & Sons")
            .add_user(&olga, "Olga Other", "olga@globex.example")
            .add_member(org, &olga, "admin")
            .add_member(org, ADA_ID, "member")
            .add_team(org, &team, "everyone", "Everyone")
            .add_to_team(org, &team, &olga, "maintainer")
            .add_to_team(org, &team, ADA_ID, "member")
            .add_token(WIDE_TOKEN, ADA_ID, &DOCUMENTED_SCOPES, &[ORG, org])
            // 2100-01-01.
            .edit_token(WIDE_TOKEN, |token| {
                token.expires_at = Some(Timestamp::constant(4_102_444_800, 0));
            });
        world
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

const AREA: [&str; 6] = ["Mobile", "Release", "Payments", "Web", "Data", "Security"];

impl World {
    /// A realistic organization; the same sizes and seed always give the same one. The tokens are those of the samples.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let (mut world, mut random) = (Self::with_tokens(), Random::new(seed));
        let mut users = vec![ADA_ID.to_owned(), CLEO_ID.to_owned()];
        for number in 2..sizes.users {
            let (id, name) = (random.uuid(), random.person());
            let email = format!("{}{number}@example.com", name.to_lowercase().replace(' ', "."));
            let role = if random.chance(4) { "admin" } else { "member" };
            world.add_user(&id, &name, &email).add_member(ORG, &id, role);
            if random.chance(10) {
                world.edit_member(ORG, &id, |one| one["sso_mode"] = json!("optional"));
            }
            users.push(id);
        }
        if sizes.teams > 0 {
            let everyone = world.add_team(ORG, EVERYONE_ID, "everyone", "Everyone");
            let odd = json!({"default": true, "created_by": ADA_ID});
            everyone.edit_team(ORG, EVERYONE_ID, |team| patch(&mut team.row, &odd));
            for (i, user) in users.iter().enumerate() {
                let role = if i == 0 { "maintainer" } else { "member" };
                world.add_to_team(ORG, EVERYONE_ID, user, role);
            }
        }
        for number in 1..sizes.teams {
            let (id, area) = (random.uuid(), random.word(&AREA));
            let slug = format!("{}-{number}", area.to_lowercase());
            let creator = random.pick(&users).cloned();
            let odd =
                json!({"created_by": creator, "description": format!("The people of {area}")});
            let world = world.add_team(ORG, &id, &slug, &format!("{area} {number}"));
            world.edit_team(ORG, &id, |team| patch(&mut team.row, &odd));
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
