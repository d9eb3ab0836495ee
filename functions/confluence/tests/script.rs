//! Tests as scripts: a site, what is odd about it, what is asked of the connector, and what must come of it.
//!
//! Each line is a step ([`Stage::step`]). `on rows both` begins anew with each of these sites. A word such as `bot` stands for an
//! id ([`id`]).

use rollcall_connector::{Chain, Error};
use rollcall_engine::runtime::function::Operation::{Grant, Revoke};
use rollcall_harness::answers::at;
use rollcall_harness::changes::{ids, result_of};
use rollcall_harness::conformance::Subject;
use rollcall_harness::script::{lines, request_id, variants};
use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::{ALL_SCOPES, RoleMode, SCOPED_TOKEN, World};
use rollcall_simulators::{EmptyPage, Fault, FaultKind};
use serde_json::{Value, json};

use crate::{Desk, Simulated};

pub(crate) async fn play(script: &str) {
    for script in variants(script) {
        for part in script.chunk_by(|_, next| !next.starts_with("on ")) {
            for site in part[0].split(' ').skip(1) {
                let mut stage = Stage::on(site).await;
                stage.play(&part[1..].join("\n")).await;
            }
        }
    }
}

/// The id that a word stands for: one of these, an id as it is, or else a permission on the space 98310.
fn id(word: &str) -> String {
    let known = match word {
        "ada" => "user:712020:a1",
        "bob" => "user:557058:b2",
        "bot" => "user:712020:c3",
        "new" => "user:712020:new",
        "rita" => "user:712020:reader",
        "carl" => "user:712020:capital",
        "nobody" => "user:712020:never-was",
        "eng" => "group:22-eng",
        "in-adm" => "group:11-adm:member",
        "in-eng" => "group:22-eng:member",
        "in-open" => "group:34-open:member",
        "admin" => "space_role_assignment:98310:r1:assigned",
        "viewer" => "space_role_assignment:98310:r2:assigned",
        _ if word.contains(':') => word,
        _ => return format!("space:98310:{word}"),
    };
    known.to_owned()
}

/// A site, the connector, and what came of the last steps.
pub(crate) struct Stage {
    pub(crate) desk: Desk,
    faults: Vec<Fault>,
    shown: Option<Shown>,
    error: Option<Error>,
}

impl Stage {
    /// A stage with the small site with rows, roles or both; or with a rich one.
    pub(crate) async fn on(site: &str) -> Self {
        let mut world = match site {
            "rows" => World::worked_example(),
            "both" | "roles" => World::with_roles(),
            "rich" => World::rich(),
            _ => panic!("no site: {site}"),
        };
        if site == "roles" {
            world.set_mode(RoleMode::Roles);
        }
        Self::of(world).await
    }

    /// A stage with this site.
    pub(crate) async fn of(world: World) -> Self {
        Self {
            desk: Desk::around(Simulated::of(world).await),
            faults: Vec::new(),
            shown: None,
            error: None,
        }
    }

    pub(crate) fn shown(&self) -> &Shown {
        self.shown.as_ref().expect("a sync")
    }

    /// Plays steps. What begins with a bracket belongs to the line before it.
    pub(crate) async fn play(&mut self, steps: &str) {
        let steps = lines(steps).collect::<Vec<_>>().join("\n");
        for line in steps.replace("\n{", " {").replace("\n]", " ]").lines() {
            let (step, rest) = line.split_once(' ').unwrap_or((line, ""));
            let words: Vec<&str> = rest.split_whitespace().collect();
            self.step(line, step, rest, &words).await;
        }
        assert_eq!(self.desk.vendor.sim.violations(), Vec::<String>::new());
    }

    async fn step(&mut self, line: &str, step: &str, rest: &str, words: &[&str]) {
        let sim = &self.desk.vendor.sim;
        match step {
            "world" => self.edit(words),
            "set" => self.set(words[0], rest.split_once(' ').unwrap_or_default().1),
            "answer" => self.fault(fault(rest)),
            "keys" => {
                let keys = rest.replace("GATEWAY", &sim.gateway_url());
                self.desk.set_keys(&serde_json::from_str(&keys).expect(line));
            }
            // Must be complete. `sync same`: and show what the one before showed.
            "sync" => {
                let now = Shown::by(&self.desk).await;
                let before = self.shown.as_ref().filter(|_| rest == "same");
                let digest = |shown: &Shown| shown.answer["content_digest"].clone();
                assert_eq!(before.map_or(digest(&now), digest), digest(&now), "{line}");
                self.shown = Some(now);
            }
            // A sync, with this code, and publishes nothing. `fails EndlessList anew`: the run is not to be resumed.
            "fails" => {
                let error = self.desk.sync().await.expect_err(line);
                assert_eq!(error.code(), words[0], "{line}: {error}");
                assert!(!self.desk.is_published(), "{line}");
                assert!(words.len() < 2 || error.restarts_run(), "{line}");
                self.failed(error);
            }
            // The last error, of this type, in its message or in what to do.
            "says" => {
                let error = self.error.as_ref().expect("an error");
                let text = format!("{}: {}. {}", error.kind(), Chain(error), error.fix());
                assert!(text.contains(rest), "{line}: {text}");
            }
            "warns" | "warns-not" => {
                let warnings = self.shown().warnings();
                let warns = warnings.iter().any(|warning| warning.starts_with(rest));
                assert_eq!(warns, step == "warns", "{line}: {warnings:?}");
            }
            // A resource, entitlement or grant, whose line begins so (see `worked_example`); no line with this.
            "shows" => {
                let lines = rollcall_harness::lines::all(self.shown());
                let is_it = |l: &&String| l.split(" |").next() == rest.split(" |").next();
                let found = lines.iter().find(is_it);
                assert!(found.is_some_and(|l| l.starts_with(rest)), "{line}: {found:?}");
            }
            "lacks" => {
                let lines = rollcall_harness::lines::all(self.shown());
                assert_eq!(lines.iter().find(|l| l.contains(rest)), None);
            }
            // Whoever is in the group in the simulated world is shown to be.
            "members" => {
                let view = sim.with_world(|w| w.access_view());
                let members = view["groups"][rest].as_array().expect(line).iter();
                for member in members.filter_map(Value::as_str) {
                    let grant = format!("group:{rest}:member:user:{member}");
                    self.shown().grant(&grant);
                }
            }
            // On the space 98310 in the simulated world, by itself: these permissions and this role.
            "holds" => {
                let space = &sim.with_world(|w| w.access_view())["spaces"]["98310"];
                let [rows, role] = ["permissions", "roles"].map(|what| &space[what][id(words[0])]);
                let rows = rows.as_array().into_iter().flatten();
                let held: Vec<_> = rows.chain(role.as_str().map(|_| role)).collect();
                assert_eq!(json!(held), json!(words[1..]), "{line}");
            }
            // So many requests have a path that ends so.
            "calls" | "at-most" => {
                let end = words.get(1).copied().unwrap_or_default();
                let requests = sim.requests();
                let found = requests.iter().filter(|r| r.path.ends_with(end)).count();
                let is_less = step == "at-most" && found < number(words[0]);
                assert!(found == number(words[0]) || is_less, "{line}: {found}");
            }
            // All that can be granted on the space 98310.
            "offers" => {
                let all = self.shown().entitlements.values();
                let of_space = all.filter(|e| e.resource == "space:98310");
                assert_eq!(of_space.map(|e| &e.slug).collect::<Vec<_>>(), words);
            }
            _ => self.change(line, step, words).await,
        }
    }

    fn failed(&mut self, error: Error) {
        let text = format!("{error:?} {} {}", Chain(&error), error.fix());
        let shows = |token: &&&str| text.contains(**token);
        assert_eq!(Simulated::TOKENS.iter().find(shows), None, "{text}");
        self.error = Some(error);
    }

    /// Requests a change: what, for whom, and then the outcome, or the code of the error. Fields of the answer can follow,
    /// with the entitlements of the grants that they name (`removed=create-page,update-page`), and how many requests are sent
    /// (`calls=11`), how many of them writes (`writes=2`): if that is not said, one if something is granted or revoked. What is
    /// neither `grant` nor `revoke` is a revocation that is allowed to have this side effect.
    async fn change(&mut self, line: &str, step: &str, words: &[&str]) {
        let (what, whom) = (id(words[0]), id(words[1]));
        let mut event = json!({"request_id": request_id(), "entitlement": what, "principal": whom});
        let operation = if step == "grant" { Grant } else { Revoke };
        if !["grant", "revoke"].contains(&step) {
            event["allow"] = json!([step]);
        }
        let desk = &self.desk;
        let before = (desk.vendor.sim.requests().len(), desk.writes().len());
        let result = desk.invoke(operation, event).await;
        let calls = desk.vendor.sim.requests().len() - before.0;
        let found = result_of(&result);
        assert_eq!(found, words[2], "{line}: {result:?}");
        let mut writes = usize::from(found == "granted" || found == "revoked");
        for field in &words[3..] {
            match field.split_once('=').expect(line) {
                ("writes", n) => writes = number(n),
                ("calls", n) => assert_eq!(calls, number(n), "{line}"),
                (field, named) => {
                    let named = named.split(',').map(|word| format!("{}:{whom}", id(word)));
                    let answer = result.as_ref().expect(line);
                    assert_eq!(ids(answer, field), named.collect::<Vec<_>>(), "{line}");
                }
            }
        }
        assert_eq!(desk.writes().len() - before.1, writes, "{line}");
        if let Err(error) = result {
            self.failed(error);
        }
    }

    fn edit(&self, words: &[&str]) {
        let who = id(words.last().expect("who"));
        let (kind, who) = who.split_once(':').expect("an id");
        let space = words[1].parse().unwrap_or(98310);
        let is_left = |scope: &&str| scope.trim_end_matches(":confluence") != words[1];
        let scopes: Vec<&str> = ALL_SCOPES.into_iter().filter(is_left).collect();
        self.desk.vendor.sim.with_world(|w| {
            match words[0] {
                "user" => w.add_user(who, "N", ""),
                "guest" => w.add_guest(who, "N", ""),
                "group" => w.add_group(words[1], words[1], &[who]),
                "member" => w.add_member(words[1], who),
                "unindexed" => w.edit_user(who, |user| user["indexed"] = json!(false)),
                // `crowd 450`: so many people. `crowd 450 44-all`: who are all in this group.
                "crowd" => {
                    for id in names(&format!("0..{}", words[1])) {
                        w.add_user(&id, "N", "");
                        w.add_member(words[words.len() - 1], &id);
                    }
                    w
                }
                "grant" => w.grant(space, kind, who, words[2]),
                "role" => w.set_role(space, kind, who, words[1]),
                "mode" => w.set_mode(RoleMode::Transition),
                "empty" => w.edit_space(space, |space| {
                    space.permissions.clear();
                    space.roles.clear();
                }),
                "scopes-without" => w.set_scopes(SCOPED_TOKEN, &scopes),
                _ => panic!("no change of the world: {words:?}"),
            };
        });
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
        self.desk.vendor.sim.set_faults(self.faults.clone());
    }

    fn set(&mut self, option: &str, value: &str) {
        let pages = match value {
            "first" => EmptyPage::First,
            "last" => EmptyPage::Last,
            "between" => EmptyPage::Between,
            _ => EmptyPage::All,
        };
        let refused = FaultKind::status(401);
        let mute = FaultKind::without("results/*/spacePermissions");
        match (option, value) {
            ("leaving", _) => return self.leave(value),
            ("gateway", "401") => return self.fault(Fault::matching("GET", "/ex/", refused)),
            ("roles", "mute") => return self.fault(at("/wiki/api/v2/space-roles", mute)),
            _ => {}
        }
        let left_out = || value.split_whitespace().flat_map(names).collect();
        self.desk.vendor.sim.set_options(|o| match (option, value) {
            (_, "default") => {}
            ("page-size", size) => o.force_page_size = Some(number(size)),
            ("empty-pages-of-v1", _) => o.v1_empty_page = pages,
            ("empty-pages-of-v2", _) => o.v2_empty_page = pages,
            ("stuck-list", list) => o.stuck_list = Some(list.to_owned().leak()),
            ("search", "by-cursor") => o.search_by_cursor = true,
            ("left-out", _) => o.v1_left_out = left_out(),
            ("hidden-email", "null") => o.hidden_email = Some(Value::Null),
            ("hidden-email", "absent") => o.hidden_email = None,
            ("anonymous-row", row) => o.anonymous_row = row.parse().expect("JSON"),
            ("class-rows", "twice") => o.repeat_class_rows = true,
            ("unknown-group", "400") => o.unknown_group_status = 400,
            ("member-added", text) => o.member_added_text = text.to_owned().leak(),
            ("member-again", status) => o.add_member_again = status.parse().expect("a status"),
            ("rows-of-roles", _) => o.rows_of_roles = value == "shown",
            ("before-roles", "bare-404") => o.before_roles = Some("Not Found"),
            ("before-roles", "empty") => o.before_roles = None,
            _ => panic!("no option: {option} {value}"),
        });
    }

    /// After each page of the members of the group `44-all`, the next of these leave it.
    fn leave(&self, ranges: &str) {
        let path = "/wiki/rest/api/group/44-all/membersByGroupId";
        let sim = &self.desk.vendor.sim;
        sim.before(path, |_| {});
        for leaving in ranges.split_whitespace().map(names) {
            sim.before(path, move |w| {
                let group = w.groups.get_mut("44-all").expect("the group");
                group.members.retain(|member| !leaving.contains(member));
            });
        }
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// The account ids of a part of a crowd, such as `0..9`.
fn names(range: &str) -> Vec<String> {
    let (first, end) = range.split_once("..").expect("a range");
    (number(first)..number(end)).map(|n| format!("712020:n{n:03}")).collect()
}

/// An answer instead of the vendor's own: to the first request of this path, or to all but that; of one method or of all; of
/// what is below the path if that ends with `*`. After the status: a body, the rows of a page, `html` for a page for people,
/// nothing for the vendor's usual body, or the title of an error of the API v2, which says what was not found. `lost`, `cut`
/// or `gone` for a status: no answer, half of one, or a request that did not arrive.
fn fault(text: &str) -> Fault {
    let mut words = text.split_whitespace().peekable();
    let when = words.next_if(|word| ["first", "later"].contains(word));
    let method = words.next_if(|word| word.chars().all(char::is_uppercase));
    let call = words.next().expect("a call").replace("v1/", "rest/api/");
    let status = words.next().expect("a status");
    let text = words.collect::<Vec<_>>().join(" ");
    let json = || serde_json::from_str::<Value>(&text).expect("JSON");
    let body = match text.chars().next() {
        None => None,
        Some('{') => Some(json()),
        Some('[') => Some(json!({"results": json(), "_links": {}})),
        Some(_) if text == "html" => Some("<!doctype html><html></html>".into()),
        Some(_) => Some(json!({"errors": [{"code": "NOT_FOUND", "title": text, "detail": null}]})),
    };
    let html = (text == "html").then(|| ("content-type".into(), "text/html".into()));
    let mut fault = Fault::every(match status {
        "lost" => FaultKind::LoseAnswer,
        "cut" => FaultKind::CutBody,
        "gone" => FaultKind::Disconnect,
        _ => FaultKind::Status {
            code: status.parse().expect("a status"),
            headers: html.into_iter().collect(),
            body,
        },
    });
    fault.method = method.map(str::to_owned);
    fault.exact = !call.ends_with('*');
    let call = call.replace("v2/", "api/v2/");
    fault.path_prefix = format!("/wiki/{}", call.trim_end_matches('*'));
    match when {
        Some("first") => fault.times(1),
        Some(_) => fault.from(2),
        None => fault,
    }
}
