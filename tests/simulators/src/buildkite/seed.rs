//! Generated worlds of any size.

use super::{
    ids::random_uuid,
    samples::{ADA_ID, CLEO_ID, EVERYONE_ID, ORGANIZATION},
    world::World,
};
use crate::random::Random;

/// How much of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Members of the organization; not fewer than two, to whom the tokens belong.
    pub users: usize,
    /// Teams.
    pub teams: usize,
    /// Members of a team, on average.
    pub members_per_team: usize,
    /// Whether the first team is the one that all members are in.
    pub everyone: bool,
    /// How many in a hundred teams are secret.
    pub secret_percent: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            users: 40,
            teams: 8,
            members_per_team: 6,
            everyone: true,
            secret_percent: 20,
        }
    }
}

const FIRST: [&str; 12] = [
    "Anouk", "Bram", "Chidi", "Dunja", "Emil", "Fatou", "Gita", "Hugo", "Ilse", "Jiro", "Kaja",
    "Leon",
];
const LAST: [&str; 12] = [
    "Adler", "Bakker", "Castro", "Diallo", "Engel", "Farkas", "Grant", "Horvat", "Iyer", "Jonker",
    "Klein", "Lund",
];
const AREA: [&str; 8] = [
    "Mobile", "Release", "Payments", "Web", "Data", "Security", "Tools", "Design",
];

struct Generator {
    world: World,
    random: Random,
    users: Vec<String>,
}

impl World {
    /// A realistic organization; the same sizes and seed always give the same one. The tokens are those of the samples.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let mut generator = Generator {
            world: Self::with_tokens(),
            random: Random::new(seed),
            users: vec![ADA_ID.to_owned(), CLEO_ID.to_owned()],
        };
        generator.users(sizes);
        for number in 0..sizes.teams {
            if number == 0 && sizes.everyone {
                generator.everyone();
            } else {
                generator.team(number, sizes);
            }
        }
        generator.world
    }
}

impl Generator {
    fn pick(&mut self, items: &[&'static str]) -> &'static str {
        self.random.pick(items).copied().unwrap_or_default()
    }

    fn users(&mut self, sizes: &Sizes) {
        for number in 2..sizes.users {
            let id = random_uuid(&mut self.random);
            let name = format!("{} {}", self.pick(&FIRST), self.pick(&LAST));
            let email = format!(
                "{}{number}@example.com",
                name.to_lowercase().replace(' ', ".")
            );
            let role = if self.random.chance(4) {
                "admin"
            } else {
                "member"
            };
            self.world
                .add_user(&id, &name, &email)
                .add_member(ORGANIZATION, &id, role);
            if self.random.chance(10) {
                self.world.edit_member(ORGANIZATION, &id, |one| {
                    one.sso_mode = "optional".to_owned()
                });
            }
            self.users.push(id);
        }
    }

    fn everyone(&mut self) {
        self.world
            .add_team(ORGANIZATION, EVERYONE_ID, "everyone", "Everyone")
            .edit_team(ORGANIZATION, EVERYONE_ID, |team| {
                team.default = true;
                team.created_by = Some(ADA_ID.to_owned());
            });
        for (i, user) in self.users.iter().enumerate() {
            let role = if i == 0 { "maintainer" } else { "member" };
            self.world
                .add_to_team(ORGANIZATION, EVERYONE_ID, user, role);
        }
    }

    fn team(&mut self, number: usize, sizes: &Sizes) {
        let id = random_uuid(&mut self.random);
        let area = self.pick(&AREA);
        let slug = format!("{}-{number}", area.to_lowercase());
        let creator = self.random.pick(&self.users).cloned();
        self.world
            .add_team(ORGANIZATION, &id, &slug, &format!("{area} {number}"))
            .edit_team(ORGANIZATION, &id, |team| {
                team.created_by = creator;
                team.description = Some(format!("The people of {area}"));
            });
        if self.random.chance(sizes.secret_percent) {
            self.world.make_secret(ORGANIZATION, &id);
        }
        for user in self.some_users(sizes.members_per_team) {
            let role = if self.random.chance(15) {
                "maintainer"
            } else {
                "member"
            };
            self.world.add_to_team(ORGANIZATION, &id, &user, role);
        }
    }

    /// Different users: so many on average, none at all and twice as many included.
    fn some_users(&mut self, average: usize) -> Vec<String> {
        let count = self.random.below(2 * average + 1).min(self.users.len());
        let start = self.random.below(self.users.len());
        let around = self.users.iter().cycle().skip(start);
        around.take(count).cloned().collect()
    }
}
