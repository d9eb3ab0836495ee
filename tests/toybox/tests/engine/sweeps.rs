//! The search for ends that are due, at the vendor of [`rollcall_harness::planned`].

use std::time::Duration;

use rollcall_engine::runtime::function::Operation;
use rollcall_engine::store::{PutMode, get_json, put_json};
use rollcall_harness::planned::{Desk, Fate, KEYS};
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);

/// A grant of `slug` that lasts four hours. Returns the id of its end.
async fn grant(desk: &Desk, slug: &str) -> String {
    let event = json!({
        "request_id": slug, "entitlement": format!("space:s:{slug}"), "principal": "user:b", "duration": "PT4H",
    });
    let answer = desk.write(Operation::Grant, &event).await.expect("an answer");
    answer["expiration"].as_str().expect("an id").to_owned()
}

async fn sweep(desk: &Desk, connection: &str) -> Value {
    let event = json!({"connection": connection, "overdue": true});
    desk.write(Operation::Revoke, &event).await.expect("an answer")
}

/// Copies a record: to another key, with these fields.
async fn copy(desk: &Desk, id: &str, key: &str, fields: Value) {
    let found = get_json::<Value>(&*desk.store, &KEYS.expiration(id)).await.expect("readable");
    let (mut record, _) = found.expect("a record");
    record.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
    put_json(&*desk.store, key, &record, PutMode::Create).await.expect("written");
}

#[tokio::test]
async fn a_sweep_lists_what_is_due_in_the_order_of_ends_and_changes_nothing() {
    let desk = Desk::fated([]);
    let (write, read) = (grant(&desk, "write").await, KEYS.expiration_id("space:s:read:user:b"));
    assert!(read < write, "in the order of keys, what `write` needs would come first");
    let (due, sent) = (vec![write, read], desk.sent());
    let mut passed = Duration::ZERO;
    for (after, is_due, overdue) in [
        (4 * HOUR - Duration::from_secs(1), false, 0),
        (4 * HOUR, true, 0),
        (5 * HOUR, true, 0),
        (5 * HOUR + Duration::from_secs(1), true, 2),
    ] {
        desk.clock.advance(after - passed);
        passed = after;
        let (due, oldest) = match is_due {
            true => (json!(due), json!("2026-06-01T16:00:00Z")),
            false => (json!([]), Value::Null),
        };
        let expected = json!({"connection": "default", "expirations": due, "more": false, "oldest_end": oldest, "overdue": overdue});
        assert_eq!(sweep(&desk, "default").await, expected, "{after:?}");
    }
    assert_eq!(desk.sent(), sent);
}

#[tokio::test]
async fn a_sweep_leaves_out_what_has_ended_and_what_is_of_another_connection() {
    let desk = Desk::fated([]);
    let id = grant(&desk, "admin").await;
    for folder in ["planned/default-2", "planned/a", "another/default"] {
        copy(&desk, &id, &format!("expirations/{folder}/{id}.json"), json!({})).await;
    }
    desk.clock.advance(4 * HOUR);
    for connection in ["default", "default-2"] {
        assert_eq!(sweep(&desk, connection).await["expirations"], json!([id]), "{connection}");
    }
    desk.write(Operation::Revoke, &json!({"expiration": id})).await.expect("an end");
    for (connection, expected) in
        [("default", json!([])), ("default-2", json!([id])), ("unknown", json!([]))]
    {
        assert_eq!(sweep(&desk, connection).await["expirations"], expected, "{connection}");
    }
}

#[tokio::test]
async fn a_sweep_lists_the_first_hundred_ends_and_counts_all() {
    let desk = Desk::fated([]);
    let id = grant(&desk, "admin").await;
    // The later the end, the smaller the id: keys and ends are in opposite orders.
    let name = |n: usize| format!("{:032x}", 9_999 - n);
    for n in 0..100 {
        let ends_at = format!("2026-06-01T15:{:02}:{:02}Z", n / 60, n % 60);
        let fields = json!({"id": name(n), "ends_at": ends_at});
        copy(&desk, &id, &KEYS.expiration(&name(n)), fields).await;
    }
    desk.clock.advance(4 * HOUR);
    let swept = sweep(&desk, "default").await;
    let first: Vec<_> = (0..100).map(name).collect();
    assert_eq!((&swept["expirations"], &swept["more"]), (&json!(first), &json!(true)));
    // Those of exactly an hour ago are not overdue, yet.
    assert_eq!(
        (&swept["oldest_end"], &swept["overdue"]),
        (&json!("2026-06-01T15:00:00Z"), &json!(0))
    );
    desk.clock.advance(2 * HOUR);
    assert_eq!(sweep(&desk, "default").await["overdue"], 101);
}

#[tokio::test]
async fn an_end_that_the_vendor_refuses_is_overdue_until_it_succeeds() {
    let desk = Desk::fated([Fate::Done, Fate::Refused]);
    let id = grant(&desk, "admin").await;
    desk.clock.advance(6 * HOUR);
    let event = json!({"expiration": id});
    let due = (json!([id]), json!(1));
    for (expected, is_refused) in
        [(due.clone(), true), (due, false), ((json!([]), json!(0)), false)]
    {
        let swept = sweep(&desk, "default").await;
        assert_eq!((swept["expirations"].clone(), swept["overdue"].clone()), expected);
        assert_eq!(desk.write(Operation::Revoke, &event).await.is_err(), is_refused);
    }
}
