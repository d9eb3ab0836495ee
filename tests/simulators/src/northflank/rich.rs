//! A small world with one of everything. The names say what is odd.

use serde_json::{Value, json};

use super::{
    samples::{ENGINEERING_ID, OPERATIONS_ID, directory_group_id},
    world::{Email, GroupMember, World},
};

/// How many are in the crowd: more than fit on a page.
const CROWD: usize = 105;

impl World {
    /// Every oddity of the API once.
    #[must_use]
    pub fn rich() -> Self {
        let mut world = Self::worked_example();
        world.rich_members();
        world.rich_addresses();
        world.rich_groups();
        world.rich_roles();
        world.rich_links();
        world.crowd();
        world
    }

    fn rich_members(&mut self) {
        self.add_member("nobody", "", "")
            .add_member("bare", "", "")
            .edit_member("bare", |bare| {
                bare.joined_at = None;
                bare.finalized = None;
            })
            .add_member(
                "odd-name",
                "Zoë \"Q\" O'Néill <root> / 你好: +50 %, & Söhne\\",
                "zoë+nf@acme.test",
            )
            .add_member("one-word", "Cher", "cher@acme.test")
            .add_member("Case", "Upper Case", "upper@acme.test")
            .add_member("case", "Lower Case", "lower@acme.test")
            .add_member("in-both-ways", "Dave Double", "dave@acme.test")
            .add_member("in-two-groups", "Erin Twice", "erin@acme.test")
            .add_member(
                "64b0c0ffee64b0c0ffee64b9",
                "Frank Unfinished",
                "frank@acme.test",
            )
            .unfinalize("64b0c0ffee64b0c0ffee64b9")
            .add_member("in-hidden-group", "Gil Hidden", "gil@acme.test");
    }

    fn rich_addresses(&mut self) {
        self.add_member("no-addresses", "Nora None", "")
            .edit_member("no-addresses", |nora| nora.emails = Some(Vec::new()))
            .add_member("many-addresses", "Mia Many", "");
        for (address, verified) in [
            ("first-unverified@acme.test", false),
            ("Mia@Acme.test", true),
            ("mia@acme.test", true),
            ("", true),
            ("not an address", true),
            ("mia.second@acme.test", true),
        ] {
            self.add_email("many-addresses", address, verified);
        }
        self.edit_member("many-addresses", |mia| {
            let emails = mia.emails.get_or_insert_default();
            emails.push(Email::default());
            emails.push(Email {
                address: Some("mia.unsaid@acme.test".to_owned()),
                verified: None,
            });
        });
    }

    fn rich_groups(&mut self) {
        let [bare, empty, hidden, future] =
            ["01BARE", "01EMPTY", "01HIDDEN", "01FUTURE"].map(directory_group_id);
        self.join(ENGINEERING_ID, "in-both-ways")
            .join(ENGINEERING_ID, "in-two-groups")
            .join(OPERATIONS_ID, "in-two-groups");
        self.add_group(&bare, "", "")
            .edit_group(&bare, |group| {
                group.created_at = None;
                group.updated_at = None;
                group.members.push(GroupMember {
                    id: Some("not-a-member".to_owned()),
                    name: Some("Stan Stranger".to_owned()),
                    emails: Some(vec!["stan@elsewhere.test".to_owned()]),
                });
            })
            .add_group(
                &empty,
                "Empty: \"nobody\" / 0 %",
                "CN=Empty,OU=Groups,DC=acme,DC=test",
            )
            .add_group(&hidden, "Hidden", "00g-hid-9")
            .edit_group(&hidden, |group| group.listed = false)
            .join(&hidden, "in-hidden-group")
            .add_group(&future, "Future", "00g-fut-1")
            .add_without_account(&future, "", "")
            .add_without_account(&future, "Same Name", "one@acme.test")
            .add_without_account(&future, "Same Name", "two@acme.test");
    }

    fn rich_roles(&mut self) {
        self.add_role("empty", "Nobody has it")
            .edit_role("empty", |role| role.directory_groups = Some(Vec::new()))
            .add_role("bare", "Bare")
            .edit_role("bare", |role| {
                role.restrictions = Value::Null;
                role.created_at = None;
                role.updated_at = None;
            })
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
            .assign("reaches-nothing", "many-addresses");
    }

    fn rich_links(&mut self) {
        let [bare, empty, hidden, gone] =
            ["01BARE", "01EMPTY", "01HIDDEN", "01GONE"].map(directory_group_id);
        self.assign("developer", "in-both-ways")
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

    fn crowd(&mut self) {
        let all = directory_group_id("01CROWD");
        self.add_group(&all, "Crowd", "00g-all-0")
            .add_role("crowd", "Crowd")
            .add_role("crowd-by-group", "Crowd by group")
            .link("crowd-by-group", &all);
        for i in 0..CROWD {
            let id = format!("crowd-{i:03}");
            self.add_member(&id, &format!("Crowd {i}"), &format!("{id}@acme.test"))
                .assign("crowd", &id)
                .join(&all, &id);
        }
    }
}
