//! Changes that are killed, fail halfway or meet others, at the vendor of [`rollcall_harness::planned`].

use std::time::Duration;

use rollcall_connector::ErrorType;
use rollcall_connector::clock::{Clock, after};
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::planned::{Desk, Fate};
use serde_json::{Value, json};

#[tokio::test]
async fn a_killed_change_is_known_as_its_own_whoever_was_there_meanwhile() {
    let desk = Desk::fated([Fate::Killed]);
    desk.kill("a", "+read").await;
    desk.comes_to("b", "+admin", "granted").await;
    desk.comes_to("a", "+read", "granted").await;
    assert_eq!(desk.sent(), ["+read", "+admin"], "nothing is sent again");
    assert_eq!(desk.recorded("a").await, ["intended", "observed"]);
}

#[tokio::test]
async fn a_killed_grant_is_not_sent_again_after_another_request_revoked_it() {
    let desk = Desk::fated([Fate::Killed]);
    desk.kill("a", "+read").await;
    desk.comes_to("b", "-read", "revoked").await;
    desk.is_down(true);
    assert_eq!(desk.comes_to("a", "+read", "in_progress").await["reason"], "unavailable");
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
    desk.vendor(|vendor| vendor.held.clear());
    desk.comes_to("b", "-admin", "already_revoked").await;
    desk.comes_to("a", "+read", "granted").await;
    assert_eq!(desk.sent(), ["+read", "+read"]);
}

#[tokio::test]
async fn what_nobody_confirms_is_tried_again_six_times_and_then_fails() {
    let desk = Desk::fated([Fate::Lost; 99]);
    let (end, waits) = desk.follow(async |_| desk.send("a", "+read").await).await;
    assert_eq!((end.expect_err("unclear").code().as_str(), waits.len()), ("NotConfirmed", 6));
    // A failed request does not block others.
    desk.comes_to("b", "-admin", "already_revoked").await;
}

#[tokio::test]
async fn an_outage_is_tried_again_six_times_in_a_row_and_keeps_nobody_away_where_nothing_was_sent()
{
    let desk = Desk::fated([]);
    desk.is_down(true);
    for request in ["a", "b"] {
        let (end, waits) = desk.follow(async |_| desk.send(request, "+read").await).await;
        assert_eq!(end.expect_err("an outage").code(), "UnexpectedAnswer");
        for (wait, least) in waits.iter().zip([5, 10, 20, 40, 80, 160]) {
            assert!((least..2 * least).contains(wait), "{waits:?}");
        }
        assert_eq!((waits.len(), desk.recorded(request).await.len()), (6, 7));
    }
    desk.comes_to("c", "+read", "in_progress").await;
    desk.is_down(false);
    desk.comes_to("d", "+read", "granted").await;
    for request in ["c", "a"] {
        desk.comes_to(request, "+read", "already_granted").await;
    }
    // Much later it is another row.
    desk.clock.advance(Duration::from_secs(2 * 3600));
    desk.is_down(true);
    desk.comes_to("b", "+read", "in_progress").await;
}

#[tokio::test]
async fn a_request_id_is_good_for_one_request_and_leaves_nothing_in_its_record() {
    let desk = Desk::fated([Fate::Done, Fate::Killed]);
    let first = desk.comes_to("a", "+read", "granted").await;
    desk.kill("b", "+admin").await;
    let before = desk.recorded("a").await;
    // The principal may be busy with `b`: `a` was another request all the same.
    for other in [
        r#"grant {"entitlement": "space:s:admin", "principal": "user:u"}"#,
        r#"grant {"entitlement": "space:s:read", "principal": "user:v"}"#,
        r#"grant {"entitlement": "space:s:read", "principal": "user:u", "reason": "other"}"#,
        r#"revoke {"entitlement": "space:s:read", "principal": "user:u"}"#,
        r#"create-account {"account": {"email": "a@example.com"}}"#,
        r#"delete-account {"principal": "user:u"}"#,
    ] {
        let (name, event) = other.split_once(' ').expect("an event");
        let operation = Operation::ALL.into_iter().find(|one| one.as_str() == name);
        let mut event: Value = serde_json::from_str(event).expect("JSON");
        event["request_id"] = json!("a");
        let error = desk.write(operation.expect("known"), &event).await.expect_err("a used id");
        let found = (error.kind(), error.code().as_str());
        assert_eq!(found, (ErrorType::Conflict, "RequestIdUsed"), "{event}");
        let message = error.to_string();
        assert!(message.contains("was used at 2026-06-01T"), "{message}");
    }
    assert_eq!(desk.recorded("a").await, before);
    // The same request in another spelling is not another one.
    let spelled = json!({
        "principal": "user:u", "entitlement": "space:s:read", "request_id": "a",
        "connection": "default", "dry_run": false, "allow": [], "reason": null,
    });
    assert_eq!(desk.write(Operation::Grant, &spelled).await.expect("the recorded answer"), first);
    assert_eq!(desk.sent(), ["+read", "+admin"]);
}

#[tokio::test]
async fn a_dry_run_of_which_nothing_is_kept_fails_at_once_in_an_outage() {
    let desk = Desk::fated([]);
    desk.is_down(true);
    let event = json!({
        "request_id": "a", "entitlement": "space:s:read", "principal": "user:u", "dry_run": true,
    });
    let error = desk.write(Operation::Grant, &event).await.expect_err("an outage");
    assert_eq!(error.kind(), ErrorType::Unavailable);
    assert!(desk.recorded("a").await.is_empty());
}

#[tokio::test]
async fn a_change_that_the_vendor_does_not_finish_in_six_hours_fails() {
    let desk = Desk::fated([Fate::Slow; 9]);
    let (end, waits) = desk.follow(async |_| desk.send("a", "+read").await).await;
    assert_eq!((end.expect_err("too late").code().as_str(), waits.len()), ("StillInProgress", 2));
    // It is resumed where it is.
    desk.vendor(|vendor| vendor.fates.clear());
    desk.comes_to("a", "+read", "granted").await;
    assert_eq!(desk.sent(), ["+read"], "the vendor was told once");
}

#[tokio::test]
async fn every_write_of_a_change_is_on_record_and_a_failure_names_what_stays() {
    let desk = Desk::fated([Fate::Done, Fate::Refused]);
    let error = desk.send("a", "+write").await.expect_err("refused");
    assert_eq!(error.code(), "VendorRefused");
    assert!(error.fix().starts_with("Ask for less. 1 write already"));
    assert_eq!(desk.recorded("a").await, ["failed", "intended-2", "intended"]);
    assert_eq!(desk.object("a", "intended-2").await["proposal"]["change"], "+write");
    let failed = desk.object("a", "failed").await;
    let found = (&failed["code"], &failed["carried_out"][0]["change"]);
    assert_eq!(found, (&json!("VendorRefused"), &json!("+read")));

    desk.comes_to("a", "+write", "granted").await;
    assert_eq!(desk.sent(), ["+read", "+write", "+write"]);
    assert!(desk.recorded("a").await.contains(&"intended-3".to_owned()));
}

#[tokio::test]
async fn a_rate_limit_while_the_vendor_is_at_it_keeps_others_away_and_says_until_when() {
    let desk = Desk::fated([Fate::Limited, Fate::Limited]);
    let answer = desk.comes_to("a", "+read", "in_progress").await;
    for _ in 0..9 {
        let busy = desk.comes_to("b", "-read", "in_progress").await;
        assert_eq!(busy["reason"], "lease");
        assert!(busy["resume_at"].as_str() > answer["resume_at"].as_str());
    }
    assert_eq!(desk.recorded("b").await, ["failed"], "it says since when");
    let message = desk.object("b", "failed").await["message"].to_string();
    assert!(message.contains("request a is already changing user:u, until 2026-06-01T13:15:00Z"));
    desk.comes_to("a", "+read", "granted").await;
}

#[test]
fn no_request_lasts_until_the_function_ends() {
    let desk = Desk::fated([]);
    let after = |seconds| Some(after(desk.clock.now(), Duration::from_secs(seconds)));
    for (left, used) in [(60, 55), (6, 5)] {
        let cx = Context { deadline: after(left), ..desk.cx.clone() };
        assert_eq!(cx.session().deadline, after(used));
    }
}

#[tokio::test]
async fn an_interrupted_change_sends_nothing_and_the_same_event_resumes_it() {
    let mut desk = Desk::fated([]);
    desk.cx.interrupt.raise();
    assert_eq!(desk.comes_to("a", "+read", "in_progress").await["reason"], "interrupted");
    assert!(desk.sent().is_empty());
    desk.cx.interrupt = Default::default();
    desk.comes_to("a", "+read", "granted").await;
}
