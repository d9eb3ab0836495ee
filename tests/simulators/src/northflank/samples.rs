//! Sample worlds: the worked example, one with every oddity, and generated ones of any size.

use serde_json::{Value, json};

use super::world::World;
use crate::{
    paging::patch,
    random::{Random, stretch},
};

/// When everything began.
pub const SINCE: &str = "2023-02-14T08:30:00.000Z";
/// The group `Engineering` of all samples.
pub const ENGINEERING_ID: &str = "directory_group_01ENG00000000000000000000A";
/// The group `Operations` of all samples.
pub const OPERATIONS_ID: &str = "directory_group_01OPS00000000000000000000B";

/// An id like those of groups: 26 upper-case letters and digits, these and zeros between them and the `A` at the end.
#[must_use]
pub fn directory_group_id(begin: &str) -> String {
    match begin {
        "01OPS" => OPERATIONS_ID.to_owned(),
        _ => format!("directory_group_{begin:0<25}A"),
    }
}

/// What is added: `member`, `group`, `role`, somebody in a group `without` an account, or `more` of what is there; its id,
/// of groups how it begins; its name; an address, the id in the directory or a description; who is in the group or has the
/// role, `@` being groups that are linked to it; and other fields, of which `null` takes one away.
const WORKED_EXAMPLE: &str = r#"
- member | alice-w | Alice Wu | | | {"emails": [{"address": "alice.old@acme.test", "verified": false}, {"address": "alice@acme.test", "verified": true}]}
- member | bob-k | Bob K | bob@acme.test | | {"joinedAt": "2022-03-01T09:00:00.000Z"}
- member | carol-p | | | | {"emails": [{"address": "carol@acme.test", "verified": false}], "finalized": false}
- group | 01ENG | Engineering | 00g-eng-7 | alice-w carol-p | {}
- group | 01OPS | Operations | 00g-ops-8 | bob-k | {}
- without | 01OPS | Dan Future | dan@acme.test | | {}
- role | org-admin | Org Admin | | alice-w | {}
- role | developer | Developer | Ships the shop | bob-k @01ENG | {"restrictions": {"enabled": true, "teams": [
        {"teamId": "web", "restrictions": {"enabled": true, "projects": ["shop"], "restrictionMode": "in"}}]}}"#;

const RICH: &str = r#"
- member | nobody | | | | {}
- member | bare | | | | {"joinedAt": null, "finalized": null}
- member | odd-name | Zoë "Q" O'Néill <root> / 你好: +50 %, & Söhne\ | zoë+nf@acme.test | | {}
- member | one-word | Cher | cher@acme.test | | {}
- member | Case | Upper Case | upper@acme.test | | {}
- member | case | Lower Case | lower@acme.test | | {}
- member | in-both-ways | Dave Double | dave@acme.test | | {}
- member | in-two-groups | Erin Twice | erin@acme.test | | {}
- member | 64b0c0ffee64b0c0ffee64b9 | Frank Unfinished | | | {"emails": [{"address": "frank@acme.test", "verified": false}], "finalized": false}
- member | in-hidden-group | Gil Hidden | gil@acme.test | | {}
- member | no-addresses | Nora None | | | {"emails": []}
- member | many-addresses | Mia Many | | | {"emails": [{"address": "first-unverified@acme.test", "verified": false},
        {"address": "Mia@Acme.test", "verified": true}, {"address": "mia@acme.test", "verified": true},
        {"address": "", "verified": true}, {"address": "not an address", "verified": true},
        {"address": "mia.second@acme.test", "verified": true}, {}, {"address": "mia.unsaid@acme.test"}]}
- more | 01ENG | | | in-both-ways in-two-groups | {}
- more | 01OPS | | | in-two-groups | {}
- group | 01BARE | | | | {"createdAt": null, "updatedAt": null}
- without | 01BARE | Stan Stranger | stan@elsewhere.test | | {"id": "not-a-member"}
- group | 01EMPTY | Empty: "nobody" / 0 % | CN=Empty,OU=Groups,DC=acme,DC=test | | {}
- group | 01HIDDEN | Hidden | 00g-hid-9 | in-hidden-group | {}
- group | 01FUTURE | Future | 00g-fut-1 | | {}
- without | 01FUTURE | | | | {}
- without | 01FUTURE | Same Name | one@acme.test | | {}
- without | 01FUTURE | Same Name | two@acme.test | | {}
- role | empty | Nobody has it | | | {"directoryGroups": []}
- role | bare | Bare | | bare | {"restrictions": null, "createdAt": null, "updatedAt": null}
- role | odd-name | R&D / "Ops": 你好, 50 % <b> | | odd-name nobody | {"description": "Line one\nline two, and a tab\t."}
- role | restricted | Restricted | | Case case | {"restrictions": {"enabled": true, "teams": [
        {"teamId": "web", "restrictions": {"enabled": true, "projects": ["shop", "blog"], "restrictionMode": "notIn"}},
        {"teamId": "data", "restrictions": {"enabled": false}}, {"teamId": "infra"}]}}
- role | reaches-nothing | Reaches nothing | | many-addresses | {"restrictions": {"enabled": true, "teams": []}}
- more | developer | | | in-both-ways @01GONE | {}
- role | two-groups | Two groups | | @01ENG @01OPS @01ENG | {}
- role | hidden-link | Hidden link | | @01HIDDEN | {}
- role | strangers | Strangers | | left-long-ago @01BARE @01EMPTY | {}
- group | 01CROWD | Crowd | 00g-all-0 | | {}
- role | crowd | Crowd | | | {}
- role | crowd-by-group | Crowd by group | | @01CROWD | {}"#;

impl World {
    /// Adds what these lines say.
    fn read(mut self, text: &str) -> Self {
        for entry in text.split("\n- ").skip(1) {
            let fields: Vec<&str> = entry.splitn(6, '|').map(str::trim).collect();
            let [kind, id, name, note, who, odd] = fields[..] else { unreachable!("{entry}") };
            let group = directory_group_id(id);
            match kind {
                "member" => _ = self.add_member(id, name, note),
                "group" => _ = self.add_group(&group, name, note),
                "role" => _ = self.add_role(id, name),
                "without" => _ = self.add_without_account(&group, name, note),
                _ => {}
            }
            let described = json!({"description": Some(note).filter(|note| !note.is_empty())});
            let odd: Value = serde_json::from_str(odd).unwrap_or_default();
            match (kind, self.groups.get_mut(&group), self.roles.get_mut(id)) {
                ("without", Some(group), _) => {
                    group.members.last_mut().into_iter().for_each(|row| patch(row, &odd));
                }
                (_, Some(group), _) => patch(&mut group.row, &odd),
                ("role", _, Some(role)) => {
                    [described, odd].iter().for_each(|odd| patch(&mut role.row, odd))
                }
                _ => _ = self.edit_member(id, |row| patch(row, &odd)),
            }
            for word in who.split_whitespace() {
                match word.strip_prefix('@') {
                    Some(group) => self.link(id, &directory_group_id(group)),
                    None if self.groups.contains_key(&group) => self.join(&group, word),
                    None => self.assign(id, word),
                };
            }
        }
        self
    }

    /// Three people, one without a name whose account is not set up; the roles `org-admin` and `developer`, the latter
    /// linked to the group `Engineering`; the group `Operations`, with somebody in it who has no account.
    #[must_use]
    pub fn worked_example() -> Self {
        Self::empty().read(WORKED_EXAMPLE)
    }

    /// Every oddity of the API once, and more than fit on a page. The names describe the oddities.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example().read(RICH);
        world.edit_group(&directory_group_id("01HIDDEN"), |group| group.listed = false);
        for i in 0..105 {
            let id = format!("crowd-{i:03}");
            world.add_member(&id, &format!("Crowd {i}"), &format!("{id}@acme.test"));
            world.assign("crowd", &id).join(&directory_group_id("01CROWD"), &id);
        }
        world
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

const AREA: [&str; 6] = ["Web", "Data", "Mobile", "Platform", "Payments", "Support"];
const JOB: [&str; 4] = ["Admin", "Developer", "Viewer", "Operator"];

impl World {
    /// A realistic organization; the same sizes and seed always give the same one. The tokens are those of the samples.
    #[must_use]
    pub fn generate(sizes: &Sizes, seed: u64) -> Self {
        let (mut text, mut random) = (String::new(), Random::new(seed));
        let (mut members, mut groups) = (Vec::new(), Vec::new());
        for i in 0..sizes.members {
            let name = random.person();
            let id = format!("{}-{i}", name.to_lowercase().replace(' ', "-"));
            let address = format!("{}@acme.test", id.replace('-', "."));
            let shown = if random.chance(5) { "" } else { &name };
            let email = |address, verified| json!({"address": address, "verified": verified});
            let odd = match random.below(20) {
                0 => json!({"finalized": false, "emails": [email(address.clone(), false)]}),
                1 => {
                    json!({"emails": [email(address.clone(), true), email(format!("{id}@home.test"), false)]})
                }
                _ => json!({}),
            };
            text += &format!("\n- member | {id} | {shown} | {address} | | {odd}");
            members.push(id);
        }
        for i in 0..sizes.groups {
            let id = format!("01{i:08X}");
            let idp_id = format!("00g-{:08x}", random.next_u64() >> 32);
            let area = random.word(&AREA);
            text += &format!("\n- group | {id} | {area} {i} | {idp_id} | | {{}}");
            for user in stretch(&mut random, &members, sizes.members_per_group) {
                text += &match random.chance(4) {
                    true => format!("\n- without | {id} | {user} | {user}@future.test | | {{}}"),
                    false => format!("\n- more | {id} | | | {user} | {{}}"),
                };
            }
            groups.push(id);
        }
        for i in 0..sizes.roles {
            let area = random.word(&AREA);
            let name = format!("{area} {} {i}", random.word(&JOB));
            let id = name.to_lowercase().replace(' ', "-");
            let note = match random.chance(60) {
                true => format!("Everybody who works on {area}"),
                false => String::new(),
            };
            let odd = match random.chance(30) {
                true => {
                    json!({"restrictions": {"enabled": true, "teams": [{"teamId": area.to_lowercase()}]}})
                }
                false => json!({}),
            };
            let held = stretch(&mut random, &members, sizes.members_per_role).into_iter().cloned();
            let linked = stretch(&mut random, &groups, sizes.groups_per_role).into_iter();
            let who: Vec<String> = held.chain(linked.map(|group| format!("@{group}"))).collect();
            text += &format!("\n- role | {id} | {name} | {note} | {} | {odd}", who.join(" "));
        }
        Self::empty().read(&text)
    }
}
