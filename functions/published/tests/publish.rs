//! What follows a snapshot is made once, of published snapshots alone.

use rollcall_connector::{Error, ErrorType};
use rollcall_engine::store::Store;
use rollcall_harness::planned::Desk;
use rollcall_published::{Products, PublishedAnswer, PublishedEvent, publish};
use serde_json::Value;

async fn follow(desk: &Desk, sync_id: &Value) -> Result<PublishedAnswer, Error> {
    follow_by(desk, sync_id, Products::ALL).await
}

async fn follow_by(
    desk: &Desk,
    sync_id: &Value,
    products: Products,
) -> Result<PublishedAnswer, Error> {
    let event = PublishedEvent {
        connector: "planned".into(),
        connection: "default".into(),
        sync_id: sync_id.as_str().expect("an id").into(),
    };
    publish(&desk.cx, &event, products, None).await
}

async fn written(desk: &Desk) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for key in desk.store.list("").await.expect("a list") {
        // A lease carries a number of its own.
        if !key.starts_with("locks/") {
            let object = desk.store.get(&key).await.expect("read").expect("an object");
            all.push((key, object.bytes));
        }
    }
    all
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_gets_the_same_answer_and_writes_nothing_again() {
    let desk = Desk::new(4);
    let first = desk.complete(()).await;
    desk.vendor(|vendor| vendor.people = 5);
    let second = desk.complete(()).await;
    assert_eq!(second["previous_sync_id"], first["sync_id"]);

    let answer = follow(&desk, &second["sync_id"]).await.expect("made");
    assert_eq!(answer.previous_sync_id.as_deref(), first["sync_id"].as_str());
    let all = written(&desk).await;
    assert!(answer.written.iter().all(|key| all.iter().any(|(one, _)| one == key)), "{answer:?}");
    assert_eq!(follow(&desk, &second["sync_id"]).await.expect("made"), answer);
    assert_eq!(written(&desk).await, all);
}

#[tokio::test]
async fn whatever_cannot_be_written_the_same_event_makes_the_rest() {
    let whole = {
        let desk = Desk::new(4);
        let id = desk.complete(()).await["sync_id"].clone();
        follow(&desk, &id).await.expect("made").written.len()
    };
    for class in ["changes/", "reports/", "tables/", "published/", "locks/"] {
        let desk = Desk::new(4);
        let id = desk.complete(()).await["sync_id"].clone();
        *desk.store.broken.lock().expect("a lock") = (class, 1);
        let failed = follow(&desk, &id).await.expect_err("a broken store");
        assert_eq!(failed.kind(), ErrorType::Unavailable, "{class}: {failed}");
        if !["published/", "locks/"].contains(&class) {
            for other in ["changes/", "reports/", "tables/"] {
                let is_there = !desk.store.list(other).await.expect("a list").is_empty();
                // The report and the tables are of several objects, of which the first could not be written.
                assert!(is_there || other == class, "{class} keeps none from {other}");
            }
        }
        let answer = follow(&desk, &id).await.expect("made");
        assert_eq!(answer.written.len(), whole, "{class}");
    }
}

#[tokio::test]
async fn what_was_left_out_is_made_later_and_what_was_made_is_not_made_again() {
    let desk = Desk::new(4);
    let id = desk.complete(()).await["sync_id"].clone();
    let only = |changes, report, tables| Products { changes, report, tables };
    let mut made = Vec::new();
    for products in [only(false, true, false), only(true, true, false), Products::ALL] {
        made.push(follow_by(&desk, &id, products).await.expect("made"));
        let last = &made[made.len() - 1];
        assert_eq!(last.made, products);
        let before = written(&desk).await;
        assert_eq!(follow_by(&desk, &id, products).await.expect("made"), *last);
        assert_eq!(written(&desk).await, before);
    }
    assert!(made.windows(2).all(|two| two[1].written.starts_with(&two[0].written)), "{made:#?}");
}

#[tokio::test]
async fn nothing_follows_a_quarantined_snapshot_until_it_is_accepted() {
    let desk = Desk::new(40);
    desk.complete(()).await;
    desk.vendor(|vendor| vendor.people = 2);
    let held = desk.slice((), "loss").await["sync_id"].clone();
    assert_eq!(follow(&desk, &held).await.expect_err("refused").code(), "NotPublished");
    desk.accept(&held).await.expect("accepted");
    // Later snapshots are compared with it.
    desk.complete(()).await;
    follow(&desk, &held).await.expect("made");
}

#[tokio::test]
async fn an_event_that_names_no_snapshot_is_refused_and_writes_nothing() {
    let desk = Desk::new(4);
    let id = desk.complete(()).await["sync_id"].clone();
    let before = written(&desk).await;
    let good = serde_json::json!({"connector": "planned", "connection": "default", "sync_id": id});
    for (field, value, code) in [
        ("connector", "../planned", "UnknownConnector"),
        ("connector", "", "UnknownConnector"),
        ("connection", "No Name", "BadConnectionName"),
        ("sync_id", "../../latest/planned/default", "BadSyncId"),
        ("sync_id", "2zzzzzzzzzzzzzzzzzzzzzzzzzz", "SnapshotNotFound"),
    ] {
        let mut event = good.clone();
        event[field] = value.into();
        let event = serde_json::from_value(event).expect("an event");
        let failed = publish(&desk.cx, &event, Products::ALL, None).await.expect_err("refused");
        assert_eq!(failed.code(), code, "{field} {value}: {failed}");
    }
    assert_eq!(written(&desk).await, before);
}
