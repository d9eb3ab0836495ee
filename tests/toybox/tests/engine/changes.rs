//! What becomes of changes that are killed, fail half way or meet others, at the vendor of [`super::planned`].

use std::time::Duration;

use rollcall_connector::ErrorType;
use rollcall_connector::clock::{Clock, after};
use rollcall_connector::event::{Outcome, Reason};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::Operation;
use serde_json::json;

use super::planned::{Desk, Fate};

#[tokio::test]
async fn a_killed_change_is_known_as_its_own_whoever_was_there_meanwhile() {
    let desk = Desk::fated([Fate::Killed]);
    desk.kill("a", "+read").await;
    desk.send("b", "+admin").await.expect("granted");
    assert_eq!(desk.outcome("a", "+read").await, Outcome::Granted);
    assert_eq!(desk.sent(), ["+read", "+admin"], "nothing is sent again");
    assert_eq!(desk.recorded("a"), ["intended.json", "observed.json"]);
}

#[tokio::test]
async fn a_killed_grant_is_not_sent_again_after_another_request_revoked_it() {
    let desk = Desk::fated([Fate::Killed]);
    desk.kill("a", "+read").await;
    desk.send("b", "-read").await.expect("revoked");
    desk.is_down(true);
    let answer = desk.send("a", "+read").await.expect("an answer");
    assert_eq!(answer.reason, Some(Reason::Unavailable));
    desk.is_down(false);
    for _ in 0..2 {
        let error = desk.send("a", "+read").await.expect_err("it was undone");
        assert_eq!(error.code(), "ChangedMeanwhile");
    }
    assert_eq!(desk.sent(), ["+read", "-read"]);
}

#[tokio::test]
async fn a_killed_grant_is_sent_again_where_others_only_looked() {
    let desk = Desk::fated([Fate::Killed]);
    desk.kill("a", "+read").await;
    desk.planned.vendor(|vendor| vendor.held.clear());
    assert_eq!(desk.outcome("b", "-admin").await, Outcome::AlreadyRevoked);
    assert_eq!(desk.outcome("a", "+read").await, Outcome::Granted);
    assert_eq!(desk.sent(), ["+read", "+read"]);
}

#[tokio::test]
async fn what_nobody_confirms_is_tried_again_six_times_and_then_fails() {
    let desk = Desk::fated([Fate::Lost; 99]);
    let (code, waits) = desk.follow_change("a", "+read").await;
    assert_eq!((code.as_str(), waits.len()), ("NotConfirmed", 6));
    let is_busy = desk.send("b", "-admin").await.expect("an answer").reason;
    assert_eq!(is_busy, None, "a request that failed keeps nobody away");
}

#[tokio::test]
async fn an_outage_is_tried_again_six_times_in_a_row_and_keeps_nobody_away_where_nothing_was_sent()
{
    let desk = Desk::fated([]);
    desk.is_down(true);
    for request in ["a", "b"] {
        let (code, waits) = desk.follow_change(request, "+read").await;
        assert_eq!(code, "UnexpectedAnswer");
        for (wait, least) in waits.iter().zip([5, 10, 20, 40, 80, 160]) {
            assert!((least..2 * least).contains(wait), "{waits:?}");
        }
        assert_eq!((waits.len(), desk.recorded(request).len()), (6, 7));
    }
    assert_eq!(desk.outcome("c", "+read").await, Outcome::InProgress);
    desk.is_down(false);
    for request in ["d", "c", "a"] {
        let outcome = desk.outcome(request, "+read").await;
        assert_ne!(outcome, Outcome::InProgress, "{request}");
    }
    // Much later it is another row.
    desk.clock.advance(Duration::from_secs(2 * 3600));
    desk.is_down(true);
    assert_eq!(desk.outcome("b", "+read").await, Outcome::InProgress);
}

#[tokio::test]
async fn a_request_id_is_good_for_one_request_and_leaves_nothing_in_its_record() {
    let desk = Desk::fated([Fate::Done, Fate::Killed]);
    let first = desk.send("a", "+read").await.expect("granted");
    desk.kill("b", "+admin").await;
    let before = desk.recorded("a");
    // The principal may be busy with `b`: `a` was another request all the same.
    for (what, event) in [
        (
            Operation::Grant,
            json!({"entitlement": "space:s:admin", "principal": "user:u"}),
        ),
        (
            Operation::Grant,
            json!({"entitlement": "space:s:read", "principal": "user:v"}),
        ),
        (
            Operation::Grant,
            json!({"entitlement": "space:s:read", "principal": "user:u", "reason": "other"}),
        ),
        (
            Operation::Revoke,
            json!({"entitlement": "space:s:read", "principal": "user:u"}),
        ),
        (
            Operation::CreateAccount,
            json!({"account": {"email": "a@example.com"}}),
        ),
        (Operation::DeleteAccount, json!({"principal": "user:u"})),
    ] {
        let mut event = event;
        event["request_id"] = json!("a");
        let error = desk.order(what, &event).await.expect_err("a used id");
        let found = (error.kind(), error.code().as_str());
        assert_eq!(found, (ErrorType::Conflict, "RequestIdUsed"), "{event}");
        assert!(
            error.to_string().contains("was used at 2026-06-01T"),
            "{error}"
        );
    }
    assert_eq!(desk.recorded("a"), before);
    // The same request, however it is spelled, is no other one.
    let spelled = json!({
        "principal": "user:u", "entitlement": "space:s:read", "request_id": "a",
        "connection": "default", "dry_run": false, "allow": [], "reason": null,
    });
    let again = desk.order(Operation::Grant, &spelled).await;
    assert_eq!(again.expect("the recorded answer"), first);
    assert_eq!(desk.sent(), ["+read", "+admin"]);
}

#[tokio::test]
async fn a_dry_run_of_which_nothing_is_kept_fails_at_once_in_an_outage() {
    let desk = Desk::fated([]);
    desk.is_down(true);
    let event = json!({
        "request_id": "a", "entitlement": "space:s:read", "principal": "user:u", "dry_run": true,
    });
    let error = desk.order(Operation::Grant, &event).await;
    let kind = error.expect_err("an outage").kind();
    assert_eq!(kind, ErrorType::Unavailable);
    assert!(!desk.audit("a").exists());
}

#[tokio::test]
async fn a_change_that_the_vendor_does_not_finish_in_six_hours_fails() {
    let desk = Desk::fated([Fate::Slow; 9]);
    let (code, waits) = desk.follow_change("a", "+read").await;
    assert_eq!((code.as_str(), waits.len()), ("StillInProgress", 2));
    desk.planned.vendor(|vendor| vendor.fates.clear());
    let outcome = desk.outcome("a", "+read").await;
    assert_eq!(outcome, Outcome::Granted, "it goes on where it is");
    assert_eq!(desk.sent(), ["+read"], "the vendor was told once");
}

#[tokio::test]
async fn every_write_of_a_change_is_on_record_and_a_failure_names_what_stays() {
    let desk = Desk::fated([Fate::Done, Fate::Refused]);
    let error = desk.send("a", "+write").await.expect_err("refused");
    assert_eq!(error.code(), "VendorRefused");
    assert!(error.fix().starts_with("Ask for less. 1 of its writes"));
    let names = ["failed.json", "intended-2.json", "intended.json"];
    assert_eq!(desk.recorded("a"), names);
    let second = desk.object("a", "intended-2.json");
    assert_eq!(second["proposal"]["change"], "+write");
    let failed = desk.object("a", "failed.json");
    let found = (&failed["code"], &failed["carried_out"][0]["change"]);
    assert_eq!(found, (&json!("VendorRefused"), &json!("+read")));

    assert_eq!(desk.outcome("a", "+write").await, Outcome::Granted);
    assert_eq!(desk.sent(), ["+read", "+write", "+write"]);
    assert!(desk.recorded("a").contains(&"intended-3.json".to_owned()));
}

#[tokio::test]
async fn a_rate_limit_while_the_vendor_is_at_it_keeps_others_away_and_says_until_when() {
    let desk = Desk::fated([Fate::Limited, Fate::Limited]);
    let answer = desk.send("a", "+read").await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::InProgress);
    for _ in 0..9 {
        let busy = desk.send("b", "-read").await.expect("an answer");
        assert_eq!(busy.reason, Some(Reason::Lease));
        assert!(busy.resume_at > answer.resume_at && busy.resume_at > Some(desk.clock.now()));
    }
    assert_eq!(desk.recorded("b"), ["failed.json"], "it says since when");
    let message = desk.object("b", "failed.json")["message"].to_string();
    assert!(message.contains("request a is changing user:u, until 2026-06-01T13:15:00Z"));
    assert_eq!(desk.outcome("a", "+read").await, Outcome::Granted);
}

#[test]
fn no_request_lasts_until_the_function_ends() {
    let desk = Desk::fated([]);
    let now = desk.clock.now();
    for (left, used) in [(60, 55), (6, 5)] {
        let deadline = Some(after(now, Duration::from_secs(left)));
        let cx = Context {
            deadline,
            ..desk.cx.clone()
        };
        let end = cx.session().deadline.expect("a deadline");
        assert_eq!(end, after(now, Duration::from_secs(used)));
    }
}
