//! Sample worlds: the worked example, one with every oddity, both with roles too, and generated ones of any size.

use serde_json::json;

use super::world::{RoleMode, World, make_odd};
use crate::random::{Random, stretch};

/// The address that goes with [`TEST_TOKEN`] and [`SCOPED_TOKEN`].
pub const TEST_EMAIL: &str = "ada@acme.io";
/// A classic token of the administrator's, for the site and the gateway.
pub const TEST_TOKEN: &str = "test-token";
/// A scoped token of the administrator's, for the gateway only, with all scopes that are needed.
pub const SCOPED_TOKEN: &str = "scoped-token";
/// A service account's token, for the gateway only, sent as `Bearer`, with all scopes that are needed.
pub const BEARER_TOKEN: &str = "bearer-token";
/// A classic token of a user who administers nothing, in the rich worlds.
pub const READER_TOKEN: &str = "reader-token";
/// The address that goes with [`READER_TOKEN`].
pub const READER_EMAIL: &str = "reader@acme.io";
/// The granular scopes that are enough for every call.
pub const ALL_SCOPES: [&str; 8] = [
    "read:content-details:confluence",
    "read:group:confluence",
    "read:user:confluence",
    "write:group:confluence",
    "read:space:confluence",
    "read:space.permission:confluence",
    "write:space.permission:confluence",
    "read:configuration:confluence",
];

/// The account id of the administrator.
const ADA: &str = "712020:a1";

const WORKED_EXAMPLE: &str = "
    person | 557058:b2 | Bob | bob@acme.io | hidden inactive
    person | 712020:c3 | Bot | | app
    group | 22-eng | eng | EXTERNAL | 712020:a1 557058:b2 712020:c3
    space | 98310 | ENG | Engineering | global
    row | 1001 | 98310 | user:712020:a1 | administer/space
    row | 1002 | 98310 | user:712020:a1 | read/space
    row | 1003 | 98310 | group:22-eng | read/space
    row | 1004 | 98310 | group:22-eng | create/page
    row | 1005 | 98310 | user:712020:c3 | read/space
    row | 1006 | 98310 | access-class:all-licensed-users | read/space
    row | 1007 | 98310 | group:22-eng | delete/space
    space | 98311 | ~ada | Ada | personal
    row | 1101 | 98311 | user:712020:a1 | administer/space
    row | 1102 | 98311 | user:712020:a1 | read/space";

const ROLES: &str = "
    roles
    role | r1 | SYSTEM | Admin | read/space administer/space export/space create/page update/page delete/page manage_users/space
    role | r2 | SYSTEM | Viewer | read/space
    holds | 98310 | user:712020:a1 | r1
    holds | 98310 | group:22-eng, access-class:all-licensed-users | r2";

const RICH: &str = "
    person | 712020:reader | Rita Reader | reader@acme.io |
    person | 712020:deactivated | Dora Gone | dora@acme.io | inactive
    person | 712020:closed | Former user | | closed unindexed
    person | 712020:odd-status | Uma Unknown | uma@acme.io | unknown
    person | 712020:unlicensed | Lev Less | lev@acme.io | unlicensed
    person | 712020:hidden | Hana H | hana@acme.io | hidden
    person | 712020:capital | Carl Capital | Carl.Capital@Acme.io |
    person | plain-id-without-colon | Old Otto | otto@acme.io |
    person | 712020:unindexed | Ines Index | ines@acme.io | unindexed
    person | 712020:guest | Gus Guest | gus@example.com | guest
    person | 712020:app | Deploy App | | app
    person | qm:customer | Cleo Customer | cleo@example.com | unlicensed unindexed customer
    person | 712020:no-type | Nadia None | nadia@acme.io | typeless
    group | 33-team | team-apollo | TEAM_MEMBERS | 712020:reader 712020:hidden
    group | 34-open | open door | OPEN | 712020:capital
    group | 35-bare | bare | | 712020:reader 712020:unlicensed 712020:unindexed
    group | 36-empty | empty | ADMINS |
    group | 37-ghosts | ghosts | ADMINS | 712020:reader 712020:never-was-member
    group | 38/odd id | odd: id & name | ADMINS | plain-id-without-colon
    group | 39-hr | hr | EXTERNAL | 712020:capital
    space | 98320 | OPS | Operations | global
    grant | 98320 | user:712020:a1, group:11-adm | read/space administer/space
    grant | 98320 | user:712020:deactivated | read/space export/space
    grant | 98320 | user:712020:never-was, user:712020:guest, user:712020:app, user:712020:unindexed | read/space
    grant | 98320 | user:plain-id-without-colon, user:712020:reader, group:38/odd id, group:99-never-was | read/space
    grant | 98320 | access-class:ALL_LICENSED_USERS, access-class:ALL_PRODUCT_ADMINS, anonymous:anonymous, role:role-from-the-future, device:toaster | read/space
    grant | 98320 | group:33-team | read/space purge/whiteboard
    grant | 98320 | user:712020:hidden | read/space delete/space export/space restrict_content/space create/page delete/page archive/page
    grant | 98320 | user:712020:hidden | create/blogpost delete/blogpost create/comment delete/comment create/attachment delete/attachment
    space | 98321 | OLD | Old things | knowledge_base archived
    grant | 98321 | user:712020:a1, group:22-eng | read/space
    space | 98322 | ~712020reader | Rita Reader | personal
    grant | 98322 | user:712020:reader | read/space administer/space
    grant | 98322 | group:11-adm | read/space
    space | 98323 | SECRET | Nobody's business | global
    grant | 98323 | user:712020:capital | read/space administer/space
    space | 98324 | ONE | One administrator | collaboration
    grant | 98324 | user:712020:a1 | read/space administer/space
    space | 98325 | FUTURE | | holographic
    grant | 98325 | access-class:all-licensed-users | read/space";

/// Custom access in addition to roles; and a space in which a class has only a role.
const RICH_ROLES: &str = "
    roles
    role | role-admin | SYSTEM | Admin | read/space administer/space export/space create/page update/page delete/page manage_users/space
    role | role-manager | SYSTEM | Manager | read/space create/page update/page delete/page manage_content/space
    role | role-collaborator | SYSTEM | Collaborator | read/space create/page update/page create/comment
    role | role-viewer | SYSTEM | Viewer | read/space
    role | role-archivist | CUSTOM | Archivist | read/space archive/page export/space
    role | role-unused | CUSTOM | Nobody's | read/space
    space | 98330 | ROLES | Roles | collaboration
    grant | 98330 | user:712020:capital | read/space export/space
    holds | 98330 | user:712020:a1 | role-admin
    holds | 98330 | user:712020:reader, group:22-eng | role-collaborator
    holds | 98330 | user:712020:deactivated | role-manager
    holds | 98330 | group:33-team | role-archivist
    holds | 98330 | user:712020:never-was, access-class:all-licensed-users, access-class:anonymous-users | role-viewer
    space | 98331 | CLASS | Everybody's | collaboration
    holds | 98331 | access-class:all-licensed-users | role-viewer";

impl World {
    /// A site with its administrator in a group of such, and with the tokens of all samples.
    fn with_ada() -> Self {
        let scopes = ALL_SCOPES.join(" ");
        let tokens = json!({
            (TEST_TOKEN): {"owner": ADA}, (READER_TOKEN): {"owner": "712020:reader"},
            (SCOPED_TOKEN): {"owner": ADA, "scopes": scopes}, (BEARER_TOKEN): {"owner": ADA, "scopes": scopes},
        });
        let mut world = Self {
            cloud_id: "5f6e7d8c-0000-4000-8000-00000000acde".to_owned(),
            tokens: serde_json::from_value(tokens).unwrap_or_default(),
            next_permission: 2001,
            ..Self::default()
        };
        world.add_user(ADA, "Ada Admin", TEST_EMAIL).add_group("11-adm", "site-admins", &[ADA]);
        world
    }

    /// Adds what these lines say.
    fn read(mut self, text: &str) -> Self {
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            let number = |n: usize| fields[n].parse().unwrap_or_default();
            let words: Vec<&str> = fields[fields.len() - 1].split_whitespace().collect();
            match fields[..] {
                ["person", id, name, email, _] => {
                    self.add_user(id, name, email);
                    self.edit_user(id, |user| words.iter().for_each(|odd| make_odd(user, odd)));
                }
                ["group", id, name, managed_by, _] => {
                    self.add_group(id, name, &words);
                    if let Some(group) = self.groups.get_mut(id) {
                        group.be_managed_by(managed_by);
                    }
                }
                ["space", _, key, name, _] => {
                    self.add_space(number(1), key, name, words[0]);
                    let status = words.get(1).copied().unwrap_or("current");
                    self.edit_space(number(1), |space| space.row["status"] = json!(status));
                }
                ["role", id, kind, name, _] => drop(self.add_role(id, kind, name, &words)),
                ["row", _, _, who, pair] => {
                    self.edit_space(number(2), |space| space.add(number(1), who, pair));
                }
                ["roles"] => self.mode = RoleMode::Transition,
                [verb, _, all, _] => {
                    for who in all.split(", ").filter_map(|who| who.split_once(':')) {
                        for word in &words {
                            match verb {
                                "grant" => self.grant(number(1), who.0, who.1, word),
                                _ => self.set_role(number(1), who.0, who.1, word),
                            };
                        }
                    }
                }
                _ => unreachable!("{line}"),
            }
        }
        self
    }

    /// The site `acme`, with permissions: three accounts, one of them deactivated and one an app, two groups, two spaces.
    #[must_use]
    pub fn worked_example() -> Self {
        Self::with_ada().read(WORKED_EXAMPLE)
    }

    /// The same site on its way to roles: those in `ENG` have some, but for the app; the personal space has none.
    #[must_use]
    pub fn with_roles() -> Self {
        Self::worked_example().read(ROLES)
    }

    /// Every oddity of accounts, groups, spaces and principals on a site with permissions once. Ids describe the
    /// oddities.
    #[must_use]
    pub fn rich() -> Self {
        Self::worked_example().read(RICH)
    }

    /// The same in transition to roles: system and custom roles of people, groups and classes, in addition to
    /// permissions.
    #[must_use]
    pub fn rich_with_roles() -> Self {
        Self::rich().read(RICH_ROLES)
    }
}

crate::sizes! {
    /// People, the administrator included; some of them deactivated, unlicensed or guests.
    users 50
    /// Additional apps.
    apps 3
    /// Groups, the administrators' included.
    groups 8
    /// Most members of a group.
    members_per_group 12
    /// Spaces that are not personal.
    spaces 15
    /// Additional personal spaces: this many people have one.
    personal_spaces 5
    /// The maximum number of principals with permissions in a space, without its administrators.
    principals_per_space 6
}

/// The possible permissions in addition to viewing a space.
const PAIRS: &str = "create/page create/comment create/attachment create/blogpost delete/page archive/page \
    delete/comment delete/blogpost delete/attachment delete/space export/space restrict_content/space";

impl World {
    /// A realistic site with permissions; the same sizes and seed always give the same one. The tokens are those of the
    /// samples. The deactivated and guests are in no group, guests in no space.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let (mut text, mut random) = (String::new(), Random::new(seed));
        let (mut active, mut holders) = (vec![ADA.to_owned()], vec![format!("user:{ADA}")]);
        for i in 1..sizes.users + sizes.apps {
            let id = format!("712020:{}", random.uuid());
            let odd = match random.below(100) {
                _ if i >= sizes.users => "app",
                0..5 => "inactive",
                5..8 => "guest",
                8..10 => "unlicensed",
                10..25 => "hidden",
                _ => "atlassian",
            };
            text += &format!("\nperson | {id} | Person {i} | person.{i}@example.com | {odd}");
            if odd != "guest" {
                holders.push(format!("user:{id}"));
                active.extend((odd != "inactive").then_some(id));
            }
        }
        let mut groups = vec!["group:11-adm".to_owned()];
        for i in 1..sizes.groups {
            let id = random.uuid();
            let managed_by = ["ADMINS", "EXTERNAL", "OPEN", "TEAM_MEMBERS"][i % 4];
            let members = stretch(&mut random, &active, sizes.members_per_group);
            let members: String = members.iter().map(|id| format!("{id} ")).collect();
            text += &format!("\ngroup | {id} | team-{i} | {managed_by} | {members}");
            groups.push(format!("group:{id}"));
        }
        for i in 0..sizes.spaces + sizes.personal_spaces {
            let id = 98_304 + 32 * i;
            let (tilde, kind) = match i {
                _ if i >= sizes.spaces => ("~", "personal"),
                _ if i % 10 == 9 => ("", "global archived"),
                _ => ("", "collaboration"),
            };
            text += &format!("\nspace | {id} | {tilde}S{i} | Space {i} | {kind}");
            text += &format!("\ngrant | {id} | user:{ADA} | read/space administer/space");
            let everybody = ["access-class:all-licensed-users", "anonymous:anonymous"];
            for who in everybody.iter().filter(|_| random.chance(20)) {
                text += &format!("\ngrant | {id} | {who} | read/space");
            }
            for _ in 0..random.below(sizes.principals_per_space + 1) {
                let list = [&groups, &groups, &holders][random.below(3)];
                let who = random.pick(list).cloned().unwrap_or_default();
                let pairs = PAIRS.split_whitespace().filter(|_| random.chance(25));
                let pairs = pairs.fold("read/space".to_owned(), |all, pair| all + " " + pair);
                text += &format!("\ngrant | {id} | {who} | {pairs}");
            }
        }
        Self::with_ada().read(&text)
    }
}
