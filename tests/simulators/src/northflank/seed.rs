//! Generated worlds of any size.

use serde_json::json;

use super::{samples::directory_group_id, world::World};
use crate::random::Random;

/// How much of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Members of the organization.
    pub members: usize,
    /// Roles.
    pub roles: usize,
    /// Groups of the directory.
    pub groups: usize,
    /// Most people who have a role by hand.
    pub members_per_role: usize,
    /// Most people in a group.
    pub members_per_group: usize,
    /// Most groups a role is linked to.
    pub groups_per_role: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            members: 60,
            roles: 8,
            groups: 6,
            members_per_role: 5,
            members_per_group: 15,
            groups_per_role: 2,
        }
    }
}

const FIRST: [&str; 12] = [
    "Aiko", "Bruno", "Carla", "Diego", "Elif", "Farah", "Gustav", "Hana", "Igor", "Julia", "Kofi",
    "Lena",
];
const LAST: [&str; 12] = [
    "Aydin", "Bauer", "Cruz", "Diallo", "Evans", "Fontana", "Greene", "Hoang", "Ivanov", "Jensen",
    "Keller", "Lindt",
];
const AREA: [&str; 8] = [
    "Web", "Data", "Mobile", "Platform", "Payments", "Support", "Search", "Security",
];
const JOB: [&str; 4] = ["Admin", "Developer", "Viewer", "Operator"];

struct Generator {
    world: World,
    random: Random,
    members: Vec<String>,
    groups: Vec<String>,
}

impl World {
    /// A realistic organization; the same sizes and seed always give the same one. The tokens are those of the samples.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let mut world = Self::empty();
        world.add_test_tokens();
        let mut generator = Generator {
            world,
            random: Random::new(seed),
            members: Vec::new(),
            groups: Vec::new(),
        };
        generator.members(sizes);
        generator.groups(sizes);
        generator.roles(sizes);
        generator.world
    }
}

impl Generator {
    fn pick(&mut self, items: &[&'static str]) -> &'static str {
        self.random.pick(items).copied().unwrap_or_default()
    }

    fn members(&mut self, sizes: &Sizes) {
        for i in 0..sizes.members {
            let name = format!("{} {}", self.pick(&FIRST), self.pick(&LAST));
            let id = format!("{}-{i}", name.to_lowercase().replace(' ', "-"));
            let address = format!("{}@acme.test", id.replace('-', "."));
            let shown = if self.random.chance(5) { "" } else { &name };
            self.world.add_member(&id, shown, &address);
            match self.random.below(20) {
                0 => self.world.unfinalize(&id),
                1 => self.world.add_email(&id, &format!("{id}@home.test"), false),
                _ => &mut self.world,
            };
            self.members.push(id);
        }
    }

    fn groups(&mut self, sizes: &Sizes) {
        for i in 0..sizes.groups {
            let id = directory_group_id(&format!("01{i:08X}"));
            let name = format!("{} {i}", self.pick(&AREA));
            let idp_id = format!("00g-{:08x}", self.random.next_u64() >> 32);
            self.world.add_group(&id, &name, &idp_id);
            for user in self.some_members(sizes.members_per_group) {
                if self.random.chance(4) {
                    let address = format!("{user}@future.test");
                    self.world.add_without_account(&id, &user, &address);
                } else {
                    self.world.join(&id, &user);
                }
            }
            self.groups.push(id);
        }
    }

    fn roles(&mut self, sizes: &Sizes) {
        for i in 0..sizes.roles {
            let area = self.pick(&AREA);
            let name = format!("{area} {} {i}", self.pick(&JOB));
            let id = name.to_lowercase().replace(' ', "-");
            self.world.add_role(&id, &name);
            if self.random.chance(60) {
                let description = format!("Whoever works on {area}");
                self.world.describe(&id, &description);
            }
            if self.random.chance(30) {
                self.world
                    .restrict(&id, json!([{"teamId": area.to_lowercase()}]));
            }
            for user in self.some_members(sizes.members_per_role) {
                self.world.assign(&id, &user);
            }
            for group in self.some_groups(sizes.groups_per_role) {
                self.world.link(&id, &group);
            }
        }
    }

    fn some_members(&mut self, most: usize) -> Vec<String> {
        some(&mut self.random, &self.members, most)
    }

    fn some_groups(&mut self, most: usize) -> Vec<String> {
        some(&mut self.random, &self.groups, most)
    }
}

/// At most so many, each once: a stretch that begins anywhere, which is fast however many there are.
fn some(random: &mut Random, all: &[String], most: usize) -> Vec<String> {
    let count = random.below(most.saturating_add(1)).min(all.len());
    let from = random.below(all.len());
    all.iter().cycle().skip(from).take(count).cloned().collect()
}
