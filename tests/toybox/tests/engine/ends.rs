//! Temporary grants at the vendor of [`rollcall_harness::planned`].

use std::time::Duration;

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::planned::{Desk, Fate};
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);

/// A grant of `slug` that lasts `hours`.
async fn grant(desk: &Desk, id: &str, slug: &str, hours: u64) -> Value {
    let event = event(id, slug, &format!("PT{hours}H"));
    desk.write(Operation::Grant, &event).await.expect("an answer")
}

fn event(id: &str, slug: &str, duration: &str) -> Value {
    let entitlement = format!("space:s:{slug}");
    json!({"request_id": id, "entitlement": entitlement, "principal": "user:u", "duration": duration})
}

async fn end(desk: &Desk, answer: &Value) -> Value {
    let event = json!({"expiration": answer["expiration"]});
    desk.write(Operation::Revoke, &event).await.expect("an end")
}

#[tokio::test]
async fn an_end_takes_back_what_the_grant_made_with_what_it_needed() {
    let desk = Desk::fated([]);
    let granted = grant(&desk, "a", "write", 4).await;
    assert_eq!(granted["expires_at"], "2026-06-01T16:00:00Z");
    assert_eq!(end(&desk, &granted).await["outcome"], "not_due");
    desk.clock.advance(4 * HOUR);
    let ended = end(&desk, &granted).await;
    assert_eq!(ended["outcome"], "revoked", "{ended:#}");
    let removed = json!(["space:s:write:user:u", "space:s:read:user:u"]);
    assert_eq!(ended["removed"], removed);
    assert_eq!(end(&desk, &granted).await["outcome"], "already_revoked");
    assert_eq!(desk.sent(), ["+read", "+write", "-write", "-read"]);
}

/// What happened to a temporary grant of four hours before its end, what the end answers, and what is held then.
#[tokio::test]
async fn whoever_changed_a_grant_since_wins() {
    for (before, change, outcome, held) in [
        ("", "", "revoked", ""),
        ("admin", "", "unchanged", "admin"),
        ("", "grant", "unchanged", "admin"),
        ("", "revoke", "already_revoked", ""),
        ("", "revoke, then grant", "already_revoked", "admin"),
        ("", "elsewhere", "unchanged", ""),
    ] {
        let desk = Desk::fated([]);
        desk.vendor(|vendor| {
            vendor.held.extend([before].iter().filter(|s| !s.is_empty()).map(|s| s.to_string()))
        });
        let granted = grant(&desk, "a", "admin", 4).await;
        match change {
            "grant" => _ = desk.comes_to("b", "+admin", "already_granted").await,
            "revoke" => _ = desk.comes_to("b", "-admin", "revoked").await,
            "revoke, then grant" => {
                desk.comes_to("b", "-admin", "revoked").await;
                desk.comes_to("c", "+admin", "granted").await;
            }
            "elsewhere" => desk.vendor(|vendor| vendor.held.clear()),
            _ => {}
        }
        desk.clock.advance(4 * HOUR);
        if before.is_empty() {
            let ended = end(&desk, &granted).await;
            assert_eq!(ended["outcome"], outcome, "{change}: {ended:#}");
            let is_explained = ended["warnings"][0]["code"] == "ChangedMeanwhile";
            assert_eq!(is_explained, outcome == "unchanged", "{change}");
        } else {
            let warned = (&granted["expires_at"], &granted["warnings"][0]["code"]);
            assert_eq!(warned, (&Value::Null, &json!("HeldWithoutEnd")));
        }
        let held_now = desk.vendor(|vendor| vendor.held.iter().cloned().collect::<Vec<_>>());
        assert_eq!(held_now.join(" "), held, "{before} {change}");
    }
}

#[tokio::test]
async fn what_another_temporary_grant_needs_lasts_as_long_as_that() {
    let desk = Desk::fated([]);
    let write = grant(&desk, "a", "write", 2).await;
    let read = grant(&desk, "b", "read", 5).await;
    assert_eq!(read["outcome"], "already_granted");
    desk.clock.advance(2 * HOUR);
    assert_eq!(end(&desk, &write).await["removed"], json!(["space:s:write:user:u"]));
    desk.clock.advance(3 * HOUR);
    assert_eq!(end(&desk, &read).await["outcome"], "revoked");
}

#[tokio::test]
async fn an_end_that_the_vendor_refuses_fails_and_stays() {
    let desk = Desk::fated([Fate::Done, Fate::Refused]);
    let granted = grant(&desk, "a", "admin", 4).await;
    desk.clock.advance(4 * HOUR);
    let event = json!({"expiration": granted["expiration"]});
    let error = desk.write(Operation::Revoke, &event).await.expect_err("refused");
    assert_eq!(error.code(), "VendorRefused");
    assert_eq!(end(&desk, &granted).await["outcome"], "revoked");
}

#[tokio::test]
async fn a_grant_that_the_vendor_refuses_has_no_end() {
    let desk = Desk::fated([Fate::Refused]);
    desk.write(Operation::Grant, &event("a", "admin", "PT4H")).await.expect_err("refused");
    let open = rollcall_engine::expiration::open(&*desk.store, "expirations/").await;
    assert!(open.expect("a list").is_empty());
}

#[tokio::test]
async fn a_killed_end_is_not_repeated_over_what_somebody_granted_since() {
    let desk = Desk::fated([Fate::Done, Fate::Killed]);
    let granted = grant(&desk, "a", "admin", 4).await;
    desk.clock.advance(4 * HOUR);
    let event = json!({"expiration": granted["expiration"]});
    desk.kill_write(Operation::Revoke, &event).await;
    desk.comes_to("b", "+admin", "granted").await;
    assert_eq!(end(&desk, &granted).await["outcome"], "unchanged");
    assert_eq!(desk.sent(), ["+admin", "-admin", "+admin"]);
}
