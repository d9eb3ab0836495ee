//! Sample worlds: the worked example, one with every oddity, and generated ones of any size.

use serde_json::{Value, json};

use super::world::World;
use crate::random::{Random, stretch};

/// When everything began.
pub const SINCE: &str = "2023-02-14T08:30:00.000Z";
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
        world
            .add_member("alice-w", "Alice Wu", "")
            .add_email("alice-w", "alice.old@acme.test", false)
            .add_email("alice-w", "alice@acme.test", true)
            .add_member("bob-k", "Bob K", "bob@acme.test")
            .edit_member("bob-k", |bob| bob["joinedAt"] = json!("2022-03-01T09:00:00.000Z"))
            .add_member("carol-p", "", "carol@acme.test")
            .unfinalize("carol-p")
            .add_group(ENGINEERING_ID, "Engineering", "00g-eng-7")
            .join(ENGINEERING_ID, "alice-w")
            .join(ENGINEERING_ID, "carol-p")
            .add_group(OPERATIONS_ID, "Operations", "00g-ops-8")
            .join(OPERATIONS_ID, "bob-k")
            .add_without_account(OPERATIONS_ID, "Dan Future", "dan@acme.test")
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

    /// Every oddity of the API once. The names say what is odd.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example();
        world.rich_members();
        world.rich_groups();
        world.rich_roles();
        world.crowd();
        world
    }

    fn rich_members(&mut self) {
        let odd = "Zoë \"Q\" O'Néill <root> / 你好: +50 %, & Söhne\\";
        for (id, name, address) in [
            ("nobody", "", ""),
            ("bare", "", ""),
            ("odd-name", odd, "zoë+nf@acme.test"),
            ("one-word", "Cher", "cher@acme.test"),
            ("Case", "Upper Case", "upper@acme.test"),
            ("case", "Lower Case", "lower@acme.test"),
            ("in-both-ways", "Dave Double", "dave@acme.test"),
            ("in-two-groups", "Erin Twice", "erin@acme.test"),
            ("64b0c0ffee64b0c0ffee64b9", "Frank Unfinished", "frank@acme.test"),
            ("in-hidden-group", "Gil Hidden", "gil@acme.test"),
            ("no-addresses", "Nora None", ""),
            ("many-addresses", "Mia Many", ""),
        ] {
            self.add_member(id, name, address);
        }
        self.unfinalize("64b0c0ffee64b0c0ffee64b9")
            .edit_member("bare", |row| *row = json!({}))
            .edit_member("no-addresses", |row| row["emails"] = json!([]))
            .edit_member("many-addresses", |row| {
                row["emails"] = json!([
                    {"address": "first-unverified@acme.test", "verified": false},
                    {"address": "Mia@Acme.test", "verified": true},
                    {"address": "mia@acme.test", "verified": true},
                    {"address": "", "verified": true},
                    {"address": "not an address", "verified": true},
                    {"address": "mia.second@acme.test", "verified": true},
                    {},
                    {"address": "mia.unsaid@acme.test"},
                ]);
            });
    }

    fn rich_groups(&mut self) {
        let [bare, empty, hidden, future] =
            ["01BARE", "01EMPTY", "01HIDDEN", "01FUTURE"].map(directory_group_id);
        self.join(ENGINEERING_ID, "in-both-ways")
            .join(ENGINEERING_ID, "in-two-groups")
            .join(OPERATIONS_ID, "in-two-groups")
            .add_group(&bare, "", "")
            .edit_group(&bare, |group| {
                group.row = json!({});
                group.members.push(json!(
                    {"id": "not-a-member", "name": "Stan Stranger", "emails": ["stan@elsewhere.test"]}
                ));
            })
            .add_group(&empty, "Empty: \"nobody\" / 0 %", "CN=Empty,OU=Groups,DC=acme,DC=test")
            .add_group(&hidden, "Hidden", "00g-hid-9")
            .edit_group(&hidden, |group| group.listed = false)
            .join(&hidden, "in-hidden-group")
            .add_group(&future, "Future", "00g-fut-1")
            .add_without_account(&future, "", "")
            .add_without_account(&future, "Same Name", "one@acme.test")
            .add_without_account(&future, "Same Name", "two@acme.test");
    }

    fn rich_roles(&mut self) {
        let [bare, empty, hidden, gone] =
            ["01BARE", "01EMPTY", "01HIDDEN", "01GONE"].map(directory_group_id);
        self.add_role("empty", "Nobody has it")
            .edit_role("empty", |role| role.row["directoryGroups"] = json!([]))
            .add_role("bare", "Bare")
            .edit_role("bare", |role| role.row = json!({"name": "Bare"}))
            .assign("bare", "bare")
            .add_role("odd-name", "R&D / \"Ops\": 你好, 50 % <b>")
            .describe("odd-name", "Line one\nline two, and a tab\t.")
            .assign("odd-name", "odd-name")
            .assign("odd-name", "nobody")
            .add_role("restricted", "Restricted")
            .restrict(
                "restricted",
                json!([
                    {"teamId": "web", "restrictions": {"enabled": true, "projects": ["shop", "blog"], "restrictionMode": "notIn"}},
                    {"teamId": "data", "restrictions": {"enabled": false}},
                    {"teamId": "infra"},
                ]),
            )
            .assign("restricted", "Case")
            .assign("restricted", "case")
            .add_role("reaches-nothing", "Reaches nothing")
            .restrict("reaches-nothing", json!([]))
            .assign("reaches-nothing", "many-addresses")
            .assign("developer", "in-both-ways")
            .link("developer", &gone)
            .add_role("two-groups", "Two groups")
            .link("two-groups", ENGINEERING_ID)
            .link("two-groups", OPERATIONS_ID)
            .link("two-groups", ENGINEERING_ID)
            .add_role("hidden-link", "Hidden link")
            .link("hidden-link", &hidden)
            .add_role("strangers", "Strangers")
            .link("strangers", &bare)
            .link("strangers", &empty)
            .assign("strangers", "left-long-ago");
    }

    /// More than fit on a page.
    fn crowd(&mut self) {
        let all = directory_group_id("01CROWD");
        self.add_group(&all, "Crowd", "00g-all-0")
            .add_role("crowd", "Crowd")
            .add_role("crowd-by-group", "Crowd by group")
            .link("crowd-by-group", &all);
        for i in 0..105 {
            let id = format!("crowd-{i:03}");
            self.add_member(&id, &format!("Crowd {i}"), &format!("{id}@acme.test"))
                .assign("crowd", &id)
                .join(&all, &id);
        }
    }
}

crate::sizes! {
    /// Members of the organization.
    members 60
    /// Roles.
    roles 8
    /// Groups of the directory.
    groups 6
    /// Most people who have a role by hand.
    members_per_role 5
    /// Most people in a group.
    members_per_group 15
    /// Most groups a role is linked to.
    groups_per_role 2
}

const FIRST: [&str; 6] = ["Aiko", "Bruno", "Carla", "Diego", "Elif", "Farah"];
const LAST: [&str; 6] = ["Aydin", "Bauer", "Cruz", "Diallo", "Evans", "Fontana"];
const AREA: [&str; 6] = ["Web", "Data", "Mobile", "Platform", "Payments", "Support"];
const JOB: [&str; 4] = ["Admin", "Developer", "Viewer", "Operator"];

impl World {
    /// A realistic organization; the same sizes and seed always give the same one. The tokens are those of the samples.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let (mut world, mut random) = (Self::empty(), Random::new(seed));
        let (mut members, mut groups) = (Vec::new(), Vec::new());
        for i in 0..sizes.members {
            let name = format!("{} {}", random.word(&FIRST), random.word(&LAST));
            let id = format!("{}-{i}", name.to_lowercase().replace(' ', "-"));
            let address = format!("{}@acme.test", id.replace('-', "."));
            let shown = if random.chance(5) { "" } else { &name };
            world.add_member(&id, shown, &address);
            match random.below(20) {
                0 => world.unfinalize(&id),
                1 => world.add_email(&id, &format!("{id}@home.test"), false),
                _ => &mut world,
            };
            members.push(id);
        }
        for i in 0..sizes.groups {
            let id = directory_group_id(&format!("01{i:08X}"));
            let idp_id = format!("00g-{:08x}", random.next_u64() >> 32);
            world.add_group(&id, &format!("{} {i}", random.word(&AREA)), &idp_id);
            for user in stretch(&mut random, &members, sizes.members_per_group) {
                match random.chance(4) {
                    true => world.add_without_account(&id, user, &format!("{user}@future.test")),
                    false => world.join(&id, user),
                };
            }
            groups.push(id);
        }
        for i in 0..sizes.roles {
            let area = random.word(&AREA);
            let name = format!("{area} {} {i}", random.word(&JOB));
            let id = name.to_lowercase().replace(' ', "-");
            world.add_role(&id, &name);
            if random.chance(60) {
                world.describe(&id, &format!("Everybody who works on {area}"));
            }
            if random.chance(30) {
                let teams: Value = json!([{"teamId": area.to_lowercase()}]);
                world.restrict(&id, teams);
            }
            for user in stretch(&mut random, &members, sizes.members_per_role) {
                world.assign(&id, user);
            }
            for group in stretch(&mut random, &groups, sizes.groups_per_role) {
                world.link(&id, group);
            }
        }
        world
    }
}
