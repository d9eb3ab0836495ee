//! What becomes of changes that are killed, fail half way or meet others: a made-up vendor where `write` takes `read`
//! first, and whose answers a test plans.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rollcall_connector::Code;
use serde_json::{Value, json};

use rollcall_connector::clock::{Clock, Manual, after, between};
use rollcall_connector::config::{Config, Field, FieldKind};
use rollcall_connector::event::{ChangeAnswer, Outcome, Reason};
use rollcall_connector::http::{Session, Transport};
use rollcall_connector::provision::{
    AccessState, Action, Plan, Proposal, Provisioner, Request, WriteProgress,
};
use rollcall_connector::{About, Connector, Error, ErrorType, Identity};
use rollcall_engine::context::Context;
use rollcall_engine::context::secrets::Files;
use rollcall_engine::provision::Order;
use rollcall_engine::runtime::function::Operation;
use rollcall_engine::store::folder::Folder;
use rollcall_model::ResourceId;

/// What becomes of a write.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Done,
    /// It is carried out, and the function is killed before it hears of it.
    Killed,
    Refused,
    /// It never arrives, and the vendor cannot tell.
    Lost,
    /// The vendor takes it as an operation; asking for it meets a rate limit.
    Limited,
    /// The vendor takes it as an operation, and needs hours.
    Slow,
}

#[derive(Default)]
struct Vendor {
    held: BTreeSet<String>,
    /// The fates of the next writes; then all are done.
    fates: VecDeque<Fate>,
    sent: Vec<String>,
    is_down: bool,
}

/// Vendors by the name in the configuration.
static VENDORS: LazyLock<Mutex<BTreeMap<String, Vendor>>> = LazyLock::new(Mutex::default);

static ABOUT: About = About {
    name: "planned",
    display_name: "Planned",
    resource_types: &[],
    blind_spots: &[],
    fields: &[Field::required("vendor", "Vendor", "", FieldKind::Text)],
    reports_credential_end: false,
    limit_window: None,
};

struct Planned(String);

impl Planned {
    fn vendor<T>(&self, change: impl FnOnce(&mut Vendor) -> T) -> T {
        let mut all = VENDORS.lock().expect("vendors");
        change(all.entry(self.0.clone()).or_default())
    }
}

#[async_trait]
impl Connector for Planned {
    const ABOUT: &'static About = &ABOUT;

    fn connect(config: &Config, _: Session) -> Result<Self, Error> {
        Ok(Self(config.required("vendor")?.to_owned()))
    }

    async fn identify(&self) -> Result<Identity, Error> {
        if self.vendor(|vendor| vendor.is_down) {
            return Err(Error::new(
                ErrorType::Unavailable,
                Code::VendorUnavailable,
                "as planned",
                "",
            ));
        }
        Ok(Identity {
            tenant: "t".into(),
            caller: ResourceId::new("user", "0"),
            caller_name: String::new(),
            rights: String::new(),
            credential_expires_at: None,
            warnings: Vec::new(),
        })
    }
}

#[async_trait]
impl Provisioner for Planned {
    type Change = String;

    async fn plan(&self, _: &Identity, request: &Request) -> Result<Plan<String>, Error> {
        let (grants, slug) = match &request.action {
            Action::Grant { entitlement, .. } => (true, entitlement.slug.as_str()),
            Action::Revoke { entitlement, .. } => (false, entitlement.slug.as_str()),
            _ => unreachable!("only these are asked for"),
        };
        let held = self.vendor(|vendor| vendor.held.clone());
        let has = |slug: &str| held.contains(slug);
        let change = match grants {
            true if slug == "write" && !has("read") => "+read".to_owned(),
            true if !has(slug) => format!("+{slug}"),
            false if has(slug) => format!("-{slug}"),
            _ => return Ok(Plan::Already(AccessState::default())),
        };
        Ok(Plan::Change(Proposal {
            change,
            read: json!(held),
            replaced: Vec::new(),
            removed: Vec::new(),
            then: AccessState::default(),
        }))
    }

    async fn send(&self, change: &String) -> Result<WriteProgress, Error> {
        let fate = self.vendor(|vendor| {
            vendor.sent.push(change.clone());
            let fate = vendor.fates.pop_front().unwrap_or(Fate::Done);
            if !matches!(fate, Fate::Refused | Fate::Lost) {
                match change.split_at(1) {
                    ("+", slug) => vendor.held.insert(slug.to_owned()),
                    (_, slug) => vendor.held.remove(slug),
                };
            }
            fate
        });
        match fate {
            Fate::Done => Ok(WriteProgress::Done(None)),
            Fate::Limited | Fate::Slow => Ok(WriteProgress::Pending(Duration::from_secs(1))),
            Fate::Lost => Ok(WriteProgress::Unclear),
            Fate::Refused => Err(Error::refused(Code::VendorRefused, "no", "Ask for less.")),
            Fate::Killed => std::future::pending().await,
        }
    }

    async fn poll(&self, _: &String) -> Result<WriteProgress, Error> {
        let at = "2026-06-01T01:00:00Z".parse().expect("a time");
        let limited = Error::new(ErrorType::RateLimited, Code::RateLimited, "slow down", "");
        match self.vendor(|vendor| vendor.fates.pop_front()) {
            Some(Fate::Limited) => Err(limited.with_retry_at(at)),
            Some(Fate::Slow) => Ok(WriteProgress::Pending(Duration::from_secs(7200))),
            _ => Ok(WriteProgress::Unclear),
        }
    }
}

struct Desk {
    cx: Context,
    clock: Arc<Manual>,
    planned: Planned,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new(fates: impl IntoIterator<Item = Fate>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let name = folder.path().display().to_string();
        let secrets = folder.path().join("planned");
        std::fs::create_dir(&secrets).expect("a folder");
        let secret = json!({"vendor": name}).to_string();
        std::fs::write(secrets.join("default.json"), secret).expect("written");
        let clock = Arc::new(Manual::at("2026-06-01T00:00:00Z".parse().expect("a time")));
        let cx = Context::new(
            Arc::new(Folder::new(folder.path())),
            Arc::new(Files::new(folder.path())),
            clock.clone(),
            Transport::new(None).expect("TLS"),
        );
        let planned = Planned(name);
        planned.vendor(|vendor| vendor.fates = fates.into_iter().collect());
        Self {
            cx,
            clock,
            planned,
            folder,
        }
    }

    /// Sends a request, `+slug` or `-slug`.
    async fn send(&self, id: &str, what: &str) -> Result<ChangeAnswer, Error> {
        let (sign, slug) = what.split_at(1);
        let event = json!({
            "request_id": id,
            "entitlement": format!("space:s:{slug}"),
            "principal": "user:u",
        });
        let order = match sign {
            "+" => Order::parse(Operation::Grant, &event),
            _ => Order::parse(Operation::Revoke, &event),
        };
        rollcall_engine::provision::run::<Planned>(&self.cx, &order.expect("an order")).await
    }

    /// Sends a request as its answers say until it fails; with the waits in between, in seconds.
    async fn follow(&self, id: &str, what: &str) -> (Error, Vec<u64>) {
        let mut waits = Vec::new();
        loop {
            let answer = match self.send(id, what).await {
                Ok(answer) => answer,
                Err(e) => return (e, waits),
            };
            assert_eq!(answer.outcome, Outcome::InProgress);
            let wait = between(self.clock.now(), answer.resume_at.expect("a time"));
            self.clock.advance(wait);
            waits.push(wait.as_secs());
        }
    }

    /// Sends a request that is killed while the vendor carries it out; its lease ends.
    async fn kill(&self, id: &str, what: &str) {
        let mut run = Box::pin(self.send(id, what));
        let before = self.sent().len();
        while self.sent().len() == before {
            assert!(futures::poll!(run.as_mut()).is_pending());
        }
        drop(run);
        self.clock.advance(self.cx.settings.lease);
    }

    fn sent(&self) -> Vec<String> {
        self.planned.vendor(|vendor| vendor.sent.clone())
    }

    fn audit(&self, id: &str) -> PathBuf {
        self.folder.path().join("audit/planned/default").join(id)
    }

    /// The names of a request's audit objects, sorted.
    fn recorded(&self, id: &str) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(self.audit(id))
            .expect("a record")
            .map(|entry| entry.expect("an entry").file_name().into_string())
            .collect::<Result<_, _>>()
            .expect("names");
        names.sort();
        names
    }

    fn object(&self, id: &str, name: &str) -> Value {
        let text = std::fs::read(self.audit(id).join(name)).expect("an object");
        serde_json::from_slice(&text).expect("JSON")
    }
}

#[tokio::test]
async fn a_killed_change_is_known_as_its_own_whoever_was_there_meanwhile() {
    let desk = Desk::new([Fate::Killed]);
    desk.kill("a", "+read").await;
    desk.send("b", "+admin").await.expect("granted");
    let answer = desk.send("a", "+read").await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::Granted);
    assert_eq!(desk.sent(), ["+read", "+admin"], "nothing is sent again");
    assert_eq!(desk.recorded("a"), ["intended.json", "observed.json"]);
}

#[tokio::test]
async fn a_killed_grant_is_not_sent_again_after_another_request_revoked_it() {
    let desk = Desk::new([Fate::Killed]);
    desk.kill("a", "+read").await;
    desk.send("b", "-read").await.expect("revoked");
    desk.planned.vendor(|vendor| vendor.is_down = true);
    let answer = desk.send("a", "+read").await.expect("an answer");
    assert_eq!(answer.reason, Some(Reason::Unavailable));
    desk.planned.vendor(|vendor| vendor.is_down = false);
    for _ in 0..2 {
        let error = desk.send("a", "+read").await.expect_err("it was undone");
        assert_eq!(error.code().as_str(), "ChangedMeanwhile");
    }
    assert_eq!(desk.sent(), ["+read", "-read"]);
}

#[tokio::test]
async fn a_killed_grant_is_sent_again_where_others_only_looked() {
    let desk = Desk::new([Fate::Killed]);
    desk.kill("a", "+read").await;
    desk.planned.vendor(|vendor| vendor.held.clear());
    let looked = desk.send("b", "-admin").await.expect("nothing to do");
    assert_eq!(looked.outcome, Outcome::AlreadyRevoked);
    let answer = desk.send("a", "+read").await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::Granted);
    assert_eq!(desk.sent(), ["+read", "+read"]);
}

#[tokio::test]
async fn what_nobody_confirms_is_tried_again_six_times_and_then_fails() {
    let desk = Desk::new([Fate::Lost; 99]);
    let (error, waits) = desk.follow("a", "+read").await;
    assert_eq!((error.code().as_str(), waits.len()), ("NotConfirmed", 6));
    let is_busy = desk.send("b", "-admin").await.expect("an answer").reason;
    assert_eq!(is_busy, None, "a request that failed keeps nobody away");
}

#[tokio::test]
async fn an_outage_is_tried_again_six_times_and_keeps_nobody_away_where_nothing_was_sent() {
    let desk = Desk::new([]);
    desk.planned.vendor(|vendor| vendor.is_down = true);
    for request in ["a", "b"] {
        let (error, waits) = desk.follow(request, "+read").await;
        assert_eq!(
            (error.code().as_str(), error.kind()),
            ("VendorUnavailable", ErrorType::Unavailable)
        );
        for (wait, least) in waits.iter().zip([5, 10, 20, 40, 80, 160]) {
            assert!((least..2 * least).contains(wait), "{waits:?}");
        }
        assert_eq!((waits.len(), desk.recorded(request).len()), (6, 7));
    }
    let first = desk.send("c", "+read").await.expect("an answer");
    assert_eq!(first.outcome, Outcome::InProgress);
    desk.planned.vendor(|vendor| vendor.is_down = false);
    for request in ["d", "c", "a"] {
        let answer = desk.send(request, "+read").await.expect("an answer");
        assert_ne!(answer.outcome, Outcome::InProgress, "{request}");
    }
}

#[tokio::test]
async fn outages_are_counted_in_a_row_and_not_for_good() {
    let desk = Desk::new([]);
    desk.planned.vendor(|vendor| vendor.is_down = true);
    let (_, waits) = desk.follow("a", "+read").await;
    assert_eq!(waits.len(), 6);
    desk.clock.advance(Duration::from_secs(2 * 3600));
    let answer = desk.send("a", "+read").await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::InProgress);
}

#[tokio::test]
async fn a_used_request_id_leaves_nothing_in_the_record_of_the_first_request() {
    let desk = Desk::new([Fate::Killed, Fate::Killed]);
    desk.kill("a", "+read").await;
    desk.clock.advance(Duration::from_secs(3600));
    let mut other = Box::pin(desk.send("b", "+admin"));
    while desk.sent().len() < 2 {
        assert!(futures::poll!(other.as_mut()).is_pending());
    }
    drop(other);
    // The principal is busy with `b`, and `a` was another request.
    let before = desk.recorded("a");
    let error = desk.send("a", "-read").await.expect_err("a used id");
    assert_eq!(error.code(), "RequestIdUsed");
    assert_eq!(desk.recorded("a"), before);
}

#[tokio::test]
async fn a_dry_run_of_which_nothing_is_kept_fails_at_once_in_an_outage() {
    let desk = Desk::new([]);
    desk.planned.vendor(|vendor| vendor.is_down = true);
    let event = json!({
        "request_id": "a", "entitlement": "space:s:read", "principal": "user:u", "dry_run": true,
    });
    let order = Order::parse(Operation::Grant, &event).expect("an order");
    let error = rollcall_engine::provision::run::<Planned>(&desk.cx, &order).await;
    assert_eq!(error.expect_err("an outage").code(), "VendorUnavailable");
    assert!(!desk.audit("a").exists());
}

#[tokio::test]
async fn a_change_that_the_vendor_does_not_finish_in_six_hours_fails() {
    let desk = Desk::new([Fate::Slow; 9]);
    let (error, waits) = desk.follow("a", "+read").await;
    assert_eq!((error.code().as_str(), waits.len()), ("StillInProgress", 2));
    desk.planned.vendor(|vendor| vendor.fates.clear());
    let answer = desk.send("a", "+read").await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::Granted, "it goes on where it is");
}

#[tokio::test]
async fn every_write_of_a_change_is_on_record_and_a_failure_names_what_stays() {
    let desk = Desk::new([Fate::Done, Fate::Refused]);
    let error = desk.send("a", "+write").await.expect_err("refused");
    assert_eq!(error.code().as_str(), "VendorRefused");
    assert!(error.fix().starts_with("Ask for less. 1 of its writes"));
    assert_eq!(
        desk.recorded("a"),
        ["failed.json", "intended-2.json", "intended.json"]
    );
    assert_eq!(
        desk.object("a", "intended-2.json")["proposal"]["change"],
        "+write"
    );
    let failed = desk.object("a", "failed.json");
    assert_eq!(
        (&failed["code"], &failed["carried_out"][0]["change"]),
        (&json!("VendorRefused"), &json!("+read"))
    );

    let answer = desk.send("a", "+write").await.expect("granted");
    assert_eq!(answer.outcome, Outcome::Granted);
    assert_eq!(desk.sent(), ["+read", "+write", "+write"]);
    assert!(desk.recorded("a").contains(&"intended-3.json".to_owned()));
}

#[tokio::test]
async fn a_rate_limit_while_the_vendor_is_at_it_keeps_others_away_and_says_until_when() {
    let desk = Desk::new([Fate::Limited, Fate::Limited]);
    let answer = desk.send("a", "+read").await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::InProgress);
    for _ in 0..9 {
        let busy = desk.send("b", "-read").await.expect("an answer");
        assert_eq!(busy.reason, Some(Reason::Lease));
        let until = busy.resume_at.expect("a time");
        assert!(until > answer.resume_at.expect("a time") && until > desk.clock.now());
    }
    assert_eq!(desk.recorded("b"), ["failed.json"], "it says since when");
    let message = desk.object("b", "failed.json")["message"].to_string();
    assert!(message.contains("request a is changing user:u, until 2026-06-01T01:15:00Z"));
    let answer = desk.send("a", "+read").await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::Granted);
}

#[test]
fn no_request_lasts_until_the_function_ends() {
    let desk = Desk::new([]);
    let now = desk.clock.now();
    for (left, used) in [(60, 55), (6, 5)] {
        let cx = Context {
            deadline: Some(after(now, Duration::from_secs(left))),
            ..desk.cx.clone()
        };
        let end = cx.session().deadline.expect("a deadline");
        assert_eq!(end, after(now, Duration::from_secs(used)));
    }
}
