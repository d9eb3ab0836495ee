//! Sample worlds: the worked example, one with every oddity, both with roles too, and generated ones of any size.

use serde_json::json;

use super::world::{RoleMode, Token, World};
use crate::random::{Random, stretch};

/// The address that goes with [`TEST_TOKEN`] and [`SCOPED_TOKEN`].
pub const TEST_EMAIL: &str = "ada@acme.io";
/// A classic token of the administrator's, for the site and the gateway.
pub const TEST_TOKEN: &str = "test-token";
/// A scoped token of the administrator's, for the gateway only, with all scopes that are needed.
pub const SCOPED_TOKEN: &str = "scoped-token";
/// A service account's token, for the gateway only, sent as `Bearer`, with all scopes that are needed.
pub const BEARER_TOKEN: &str = "bearer-token";
/// A classic token of somebody who administers nothing, in the rich worlds.
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

/// The group of site administrators of all samples.
const ADMINS: &str = "
    group | 11-adm | site-admins | ADMINS | 712020:a1";

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
    role | r1 | SYSTEM | Admin | read/space administer/space export/space create/page update/page delete/page manage_users/space
    role | r2 | SYSTEM | Viewer | read/space
    holds | 98310 | user:712020:a1 | r1
    holds | 98310 | group:22-eng, access-class:all-licensed-users | r2";

const RICH: &str = "
    person | 712020:reader | Rita Reader | reader@acme.io |
    person | 712020:deactivated | Dora Gone | dora@acme.io | inactive
    person | 712020:closed | Former user | | closed
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
    grant | 98320 | access-class:ALL_LICENSED_USERS, access-class:ALL_PRODUCT_ADMINS, anonymous:anonymous | read/space
    grant | 98320 | role:role-from-the-future, device:toaster | read/space
    grant | 98320 | group:33-team | read/space purge/whiteboard
    grant | 98320 | user:712020:hidden | read/space create/page delete/page archive/page create/blogpost delete/blogpost
    grant | 98320 | user:712020:hidden | create/comment delete/comment create/attachment delete/attachment
    grant | 98320 | user:712020:hidden | delete/space export/space restrict_content/space
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

/// Custom access beside roles; and a space in which a class holds nothing but a role.
const RICH_ROLES: &str = "
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
    /// A site with its administrator, and with the tokens of all samples.
    fn with_ada() -> Self {
        let tokens = [
            (TEST_TOKEN, ADA, false),
            (SCOPED_TOKEN, ADA, true),
            (BEARER_TOKEN, ADA, true),
            (READER_TOKEN, "712020:reader", false),
        ];
        let mut world = Self {
            cloud_id: "5f6e7d8c-0000-4000-8000-00000000acde".to_owned(),
            tokens: Vec::from(tokens.map(|(secret, owner, is_scoped)| Token {
                secret: secret.to_owned(),
                owner: owner.to_owned(),
                bearer: secret == BEARER_TOKEN,
                scopes: is_scoped.then(|| ALL_SCOPES.map(str::to_owned).into()),
            })),
            next_permission: 2001,
            ..Self::default()
        };
        world.add_user(ADA, "Ada Admin", TEST_EMAIL);
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
                    self.edit_user(id, |user| words.iter().for_each(|odd| user.become_odd(odd)));
                }
                ["group", id, name, managed_by, _] => {
                    self.add_group(id, name, &words);
                    self.groups
                        .entry(id.to_owned())
                        .and_modify(|group| group.be_managed_by(managed_by));
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
                [verb, _, all, _] => {
                    let all = all.split(", ").filter_map(|who| who.split_once(':'));
                    for ((kind, who), word) in
                        all.flat_map(|who| words.iter().map(move |w| (who, w)))
                    {
                        match verb {
                            "grant" => self.grant(number(1), kind, who, word),
                            _ => self.set_role(number(1), kind, who, word),
                        };
                    }
                }
                _ => unreachable!("{line}"),
            }
        }
        self
    }

    /// The site `acme`, with permissions: an administrator, a deactivated user whose address is hidden and who is still
    /// in a group, an app; two groups; a space and a personal one.
    #[must_use]
    pub fn worked_example() -> Self {
        Self::with_ada().read(ADMINS).read(WORKED_EXAMPLE)
    }

    /// The same site on its way to roles: in `ENG` the administrator has one role, the group and all licensed users
    /// another; the app and the personal space still have permissions. [`World::set_mode`] takes it all the way.
    #[must_use]
    pub fn with_roles() -> Self {
        let mut world = Self::worked_example().read(ROLES);
        world.mode = RoleMode::Transition;
        world
    }

    /// Every oddity of a site with permissions once: kinds and states of accounts, kinds of groups and spaces, kinds of
    /// principals. The ids say what is odd.
    #[must_use]
    pub fn rich() -> Self {
        Self::worked_example().read(RICH)
    }

    /// The same on the way to roles: system and custom roles, held by people, groups and classes beside permissions.
    #[must_use]
    pub fn rich_with_roles() -> Self {
        let mut world = Self::rich().read(RICH_ROLES);
        world.mode = RoleMode::Transition;
        world
    }
}

/// How much of everything.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Sizes {
    /// People, the administrator included; some of them deactivated, unlicensed or guests.
    #[arg(long, default_value_t = 50)]
    pub users: usize,
    /// Apps, besides.
    #[arg(long, default_value_t = 3)]
    pub apps: usize,
    /// Groups, the administrators' included.
    #[arg(long, default_value_t = 8)]
    pub groups: usize,
    /// Most members of a group.
    #[arg(long, default_value_t = 12)]
    pub members_per_group: usize,
    /// Spaces that are nobody's own.
    #[arg(long, default_value_t = 15)]
    pub spaces: usize,
    /// Personal spaces, besides: the first so many people have one.
    #[arg(long, default_value_t = 5)]
    pub personal_spaces: usize,
    /// Most principals with permissions in a space, besides its administrators.
    #[arg(long, default_value_t = 6)]
    pub principals_per_space: usize,
}

crate::default_from_arguments!(Sizes);

const FIRST: [&str; 6] = ["Bela", "Chidi", "Dana", "Emil", "Fatima", "Goran"];
const AREA: [&str; 5] = ["Orders", "Billing", "Search", "Ledger", "Mail"];
/// What principals may have besides the view of a space.
const PAIRS: &str = "create/page create/comment create/attachment create/blogpost delete/page archive/page \
    delete/comment delete/blogpost delete/attachment delete/space export/space restrict_content/space";

impl World {
    /// A realistic site with permissions; the same sizes and seed always give the same one. The tokens are those of the
    /// samples. The deactivated and guests are in no group, guests in no space.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let (mut text, mut random) = (ADMINS.to_owned(), Random::new(seed));
        let (mut active, mut holders) = (vec![ADA.to_owned()], vec![format!("user:{ADA}")]);
        for i in 1..sizes.users + sizes.apps {
            let (id, name) = (format!("712020:{}", random.uuid()), random.word(&FIRST));
            let odd = match random.below(100) {
                _ if i >= sizes.users => "app",
                0..5 => "inactive",
                5..8 => "guest",
                8..10 => "unlicensed",
                10..25 => "hidden",
                _ => "atlassian",
            };
            text += &format!("\nperson | {id} | {name} {i} | {name}{i}@example.com | {odd}");
            if odd != "guest" {
                holders.push(format!("user:{id}"));
                active.extend((odd != "inactive").then_some(id));
            }
        }
        let mut groups = vec!["group:11-adm".to_owned()];
        for i in 1..sizes.groups {
            let (id, area) = (random.uuid(), random.word(&AREA).to_lowercase());
            let managed_by = ["ADMINS", "EXTERNAL", "OPEN", "TEAM_MEMBERS"][i % 4];
            let members = stretch(&mut random, &active, sizes.members_per_group);
            let members: String = members.iter().map(|id| format!("{id} ")).collect();
            text += &format!("\ngroup | {id} | {area}-team-{i} | {managed_by} | {members}");
            groups.push(format!("group:{id}"));
        }
        for i in 0..sizes.spaces + sizes.personal_spaces.min(holders.len()) {
            let (id, area, own) = (
                98_304 + 32 * i,
                random.word(&AREA),
                i.checked_sub(sizes.spaces),
            );
            let shared = ["global", "collaboration", "global archived"][i % 3];
            let (tilde, kind) = own.map_or(("", shared), |_| ("~", "personal"));
            let admin = &holders[own.unwrap_or_default()];
            text += &format!("\nspace | {id} | {tilde}{area}{i} | {area} {i} | {kind}");
            text += &format!("\ngrant | {id} | {admin} | read/space administer/space");
            if own.is_some() || random.chance(30) {
                text += &format!("\ngrant | {id} | access-class:all-licensed-users | read/space");
            }
            if random.chance(5) {
                text += &format!("\ngrant | {id} | anonymous:anonymous | read/space");
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
