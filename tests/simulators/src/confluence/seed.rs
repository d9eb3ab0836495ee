//! Generated worlds of any size.

use super::{samples::ADA, world::World};
use crate::random::Random;

/// How much of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// People, the administrator included; some of them deactivated, unlicensed or guests.
    pub users: usize,
    /// Apps, besides.
    pub apps: usize,
    /// Groups, the administrators' included.
    pub groups: usize,
    /// Most members of a group.
    pub members_per_group: usize,
    /// Spaces that are nobody's own.
    pub spaces: usize,
    /// Personal spaces, besides: the first so many people have one.
    pub personal_spaces: usize,
    /// Most principals with permissions in a space, besides its administrators.
    pub principals_per_space: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            users: 50,
            apps: 3,
            groups: 8,
            members_per_group: 12,
            spaces: 15,
            personal_spaces: 5,
            principals_per_space: 6,
        }
    }
}

const FIRST: [&str; 12] = [
    "Bela", "Chidi", "Dana", "Emil", "Fatima", "Goran", "Hana", "Ivo", "Jun", "Kofi", "Lena",
    "Mara",
];
const LAST: [&str; 12] = [
    "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Sato", "Torres", "Usman", "Vega",
    "Weber", "Yilmaz",
];
const AREA: [&str; 8] = [
    "Orders", "Billing", "Search", "Ledger", "Shipping", "Fraud", "Catalog", "Mail",
];
const PAIRS: [&str; 12] = [
    "create/page",
    "create/comment",
    "create/attachment",
    "create/blogpost",
    "delete/page",
    "archive/page",
    "delete/comment",
    "delete/blogpost",
    "delete/attachment",
    "delete/space",
    "export/space",
    "restrict_content/space",
];

struct Generator {
    world: World,
    random: Random,
    people: Vec<String>,
    apps: Vec<String>,
    groups: Vec<String>,
}

impl World {
    /// A realistic site with permissions; the same sizes and seed always give the same one. The tokens are those of the
    /// samples.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let mut generator = Generator {
            world: Self::with_ada(),
            random: Random::new(seed),
            people: vec![ADA.to_owned()],
            apps: Vec::new(),
            groups: Vec::new(),
        };
        generator.people(sizes);
        generator.groups(sizes);
        generator.spaces(sizes);
        generator.world
    }
}

impl Generator {
    fn pick(&mut self, items: &[&'static str]) -> &'static str {
        self.random.pick(items).copied().unwrap_or_default()
    }

    fn uuid(&mut self) -> String {
        let hex = self.random.hex32();
        format!(
            "{}-{}-4{}-8{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..]
        )
    }

    fn people(&mut self, sizes: &Sizes) {
        for i in 1..sizes.users {
            let id = format!("712020:{}", self.uuid());
            let (first, last) = (self.pick(&FIRST), self.pick(&LAST));
            let email = format!("{first}.{last}{i}@example.com").to_lowercase();
            self.world
                .add_user(&id, &format!("{first} {last} {i}"), &email);
            let dice = self.random.below(100);
            let hidden = self.random.chance(15);
            self.world.edit_user(&id, |user| {
                user.email_hidden = hidden;
                match dice {
                    0..5 => user.status = "inactive".to_owned(),
                    5..8 => user.guest = true,
                    _ => {}
                }
                user.licensed = !matches!(dice, 0..5 | 8..10);
            });
            self.people.push(id);
        }
        for i in 0..sizes.apps {
            let id = format!("712020:{}", self.uuid());
            let name = format!("{} App {i}", self.pick(&AREA));
            self.world.add_app(&id, &name);
            self.apps.push(id);
        }
    }

    fn groups(&mut self, sizes: &Sizes) {
        for i in 0..sizes.groups {
            let id = self.uuid();
            if i == 0 {
                self.world
                    .add_group(&id, "site-admins", &[ADA])
                    .set_site_admins(&id);
            } else {
                let name = format!("{}-team-{i}", self.pick(&AREA).to_lowercase());
                self.world.add_group(&id, &name, &[]);
                for _ in 0..self.random.below(sizes.members_per_group + 1) {
                    self.member(&id);
                }
            }
            match i % 4 {
                1 => self.world.set_managed_by(&id, "EXTERNAL"),
                3 => self.world.edit_group(&id, |group| {
                    group.usage_type = Some("TEAM_COLLABORATION".to_owned());
                    group.managed_by = Some("TEAM_MEMBERS".to_owned());
                }),
                _ => &mut self.world,
            };
            self.groups.push(id);
        }
    }

    /// Lets somebody into the group; the deactivated and guests are in none.
    fn member(&mut self, group: &str) {
        if let Some(id) = self.random.pick(&self.people) {
            let user = self.world.users.get(id);
            if user.is_some_and(|user| user.status == "active" && !user.guest) {
                self.world.add_member(group, id);
            }
        }
    }

    fn spaces(&mut self, sizes: &Sizes) {
        for i in 0..sizes.spaces {
            let id = self.id_of_space(i);
            let area = self.pick(&AREA);
            let kind = self.pick(&["global", "global", "collaboration", "knowledge_base"]);
            let key = format!("{}{i}", area.to_uppercase().get(..3).unwrap_or(area));
            self.world.add_space(id, &key, &format!("{area} {i}"), kind);
            self.administrator(id, ADA);
            if self.random.chance(10) {
                self.world.archive(id);
            }
            if self.random.chance(30) {
                self.world
                    .grant(id, "access-class", "ALL_LICENSED_USERS", "read/space");
            }
            if self.random.chance(5) {
                self.world.grant(id, "anonymous", "anonymous", "read/space");
            }
            for _ in 0..self.random.below(sizes.principals_per_space + 1) {
                self.principal(id);
            }
        }
        for i in 0..sizes.personal_spaces.min(self.people.len()) {
            let Some(owner) = self.people.get(i).cloned() else {
                continue;
            };
            let name = self
                .world
                .users
                .get(&owner)
                .map(|user| user.display_name.clone());
            let id = self.id_of_space(sizes.spaces + i);
            let key = format!("~{}", owner.replace([':', '-'], ""));
            self.world
                .add_space(id, &key, &name.unwrap_or_default(), "personal");
            self.administrator(id, &owner);
            // Anybody licensed can look in.
            self.world
                .grant(id, "access-class", "ALL_LICENSED_USERS", "read/space");
        }
    }

    fn id_of_space(&self, i: usize) -> u64 {
        98_304 + 32 * u64::try_from(i).unwrap_or(u64::MAX / 64)
    }

    fn administrator(&mut self, space: u64, who: &str) {
        self.world
            .edit_space(space, |space| space.author = who.to_owned());
        for pair in ["read/space", "administer/space"] {
            self.world.grant(space, "user", who, pair);
        }
    }

    /// Gives somebody a few permissions: mostly a group.
    fn principal(&mut self, space: u64) {
        let (kind, ids) = match self.random.below(100) {
            0..60 => ("group", &self.groups),
            60..95 => ("user", &self.people),
            _ => ("user", &self.apps),
        };
        let Some(who) = self.random.pick(ids).cloned() else {
            return;
        };
        // Guests are in one space only, and that is not worth arranging.
        if self.world.users.get(&who).is_some_and(|user| user.guest) {
            return;
        }
        self.world.grant(space, kind, &who, "read/space");
        for pair in PAIRS {
            if self.random.chance(25) {
                self.world.grant(space, kind, &who, pair);
            }
        }
    }
}
