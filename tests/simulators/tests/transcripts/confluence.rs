//! Confluence Cloud. A setup is the name of a world, and after commas what else is so.

use rollcall_simulators::{
    Fault, FaultKind, Ordering, Simulator,
    confluence::{
        self, BEARER_TOKEN, Confluence, EmptyPage, Options, RateLimit, RoleMode, SCOPED_TOKEN,
        World,
    },
};
use serde_json::{Value, json};

use crate::player::{Stage, play};

struct Vendor;

impl Stage for Vendor {
    type Api = confluence::Vendor;

    async fn start(setup: &str) -> Simulator<Self::Api> {
        let mut parts = setup.split(", ");
        let mut world = match parts.next() {
            Some("roles") => World::with_roles(),
            Some("every oddity") => World::rich(),
            Some("every oddity with roles") => World::rich_with_roles(),
            _ => World::worked_example(),
        };
        let (mut o, mut faults) = (Options::default(), Vec::new());
        for part in parts {
            let (name, value) = part.split_once(": ").unwrap_or((part, ""));
            let number = || value.parse().expect("a number");
            let empty = match value {
                "first" => EmptyPage::First,
                "last" => EmptyPage::Last,
                "between" => EmptyPage::Between,
                _ => EmptyPage::All,
            };
            match name {
                "nothing but roles" => world.mode = RoleMode::Roles,
                "scopes" => {
                    let scopes: Vec<&str> = value.split(' ').collect();
                    world.set_scopes(SCOPED_TOKEN, &scopes);
                }
                "revoked" => drop(world.tokens.remove(value)),
                "inactive" => drop(world.edit_user(value, |u| u["accountStatus"] = json!(name))),
                "a crowd" => {
                    for n in 0..201 {
                        world.add_user(&format!("712020:n{n}"), "N", "");
                        world.add_member("22-eng", &format!("712020:n{n}"));
                    }
                }
                "rows a page" => o.force_page_size = Some(number()),
                "reversed" => o.ordering = Ordering::Reversed,
                "empty pages" => (o.v1_empty_page, o.v2_empty_page) = (empty, empty),
                "stuck" => o.stuck_list = Some(value.to_owned().leak()),
                "circles" => faults.push(Fault::every(FaultKind::RepeatCursor)),
                "lost cursors" => faults.push(Fault::every(FaultKind::StaleCursor)),
                "left out" => drop(o.v1_left_out.insert(value.to_owned())),
                "none at once" => o.rate_limit = Some(RateLimit { most: 0, retry_after: 7 }),
                "search by cursor" => o.search_by_cursor = true,
                "search finds" => o.search_total = number(),
                "hidden addresses" => o.hidden_email = (value == "null").then_some(Value::Null),
                "unknown groups" => o.unknown_group_status = 400,
                "members again" => o.add_member_again = 409,
                "members are added with" => o.member_added_text = value.to_owned().leak(),
                "no rows of roles" => o.rows_of_roles = false,
                "classes twice" => o.repeat_class_rows = true,
                "anonymous" => o.anonymous_row = json!({"type": value}),
                "before roles" => o.before_roles = (value == "bare").then_some("Not Found"),
                _ => panic!("unknown part {part}"),
            }
        }
        let sim = Confluence::start(world, o).await.expect("a simulator");
        sim.set_faults(faults);
        sim
    }

    fn headers(who: &str) -> Vec<(&'static str, String)> {
        let authorization = match who {
            "" => "Basic YWRhQGFjbWUuaW86dGVzdC10b2tlbg==".to_owned(),
            "READER" => "Basic cmVhZGVyQGFjbWUuaW86cmVhZGVyLXRva2Vu".to_owned(),
            "SCOPED" => "Basic YWRhQGFjbWUuaW86c2NvcGVkLXRva2Vu".to_owned(),
            _ => format!("Bearer {BEARER_TOKEN}"),
        };
        vec![
            ("authorization", authorization),
            ("accept", "application/json".to_owned()),
            ("x-atlassian-token", "no-check".to_owned()),
        ]
    }
}

#[tokio::test]
async fn confluence_answers_as_documented() {
    play::<Vendor>(include_str!("confluence.txt")).await;
}
