//! The changes on an event bus of a simulated AWS, put there by the real function.

use rollcall_harness::function::Environment;
use rollcall_harness::moto::Moto;
use rollcall_simulators::elastic::{self, Elastic};
use serde_json::{Value, json};

use super::desk::Desk;
use super::temporal_cloud;

/// A bus, and a queue of what a rule with a pattern finds on it.
struct Watched {
    moto: Moto,
    bus: String,
    queue: String,
}

impl Watched {
    async fn start(pattern: Value) -> Option<Self> {
        let (moto, bus) = (Moto::shared()?, Moto::name());
        moto.create_bus(&bus).await;
        let queue = moto.watch(&bus, &pattern).await;
        Some(Self { moto, bus, queue })
    }

    async fn everything() -> Option<Self> {
        Self::start(json!({"source": ["rollcall.change"]})).await
    }

    /// The function, with this bus.
    async fn function(&self, desk: &Desk, bus: &str) -> Environment {
        let mut variables = self.moto.variables("test");
        let store = desk.store().display().to_string();
        let own =
            [("ROLLCALL_STORE", &*store), ("ROLLCALL_PUBLISH", "changes"), ("ROLLCALL_BUS", bus)];
        variables.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        Environment::start(env!("CARGO_BIN_EXE_snapshot-published"), variables).await
    }

    /// The events after a snapshot is published.
    async fn publish(&self, desk: &Desk, sync_id: &str) -> Vec<Value> {
        let function = self.function(desk, &self.bus).await;
        function.answer(json!(desk.event(sync_id))).await;
        function.end(&[""; 0]).await;
        self.moto.received(&self.queue).await
    }
}

fn details(events: &[Value]) -> Vec<&Value> {
    events.iter().map(|event| &event["detail"]).collect()
}

#[tokio::test]
async fn a_repetition_puts_the_lines_of_the_file_onto_the_bus_with_the_same_ids() {
    let Some(watched) = Watched::everything().await else { return };
    let (vendor, desk) = temporal_cloud().await;
    let first = desk.sync().await;
    assert!(watched.publish(&desk, &first).await.is_empty());
    vendor.with_world(|world| {
        for n in 0..5 {
            world.add_user(&format!("n{n}"), &format!("n{n}@example.com"), "ROLE_READ");
        }
        world.remove_principal("u2");
    });
    let second = desk.sync().await;

    // The function ends between the file and the bus.
    let function = watched.function(&desk, "nowhere").await;
    let refusal = function.refusal(json!(desk.event(&second))).await;
    assert_eq!(refusal.text("code"), "EventNotSent");
    let lines = desk.lines(&second);
    assert!(lines.len() > 10, "more than one request");

    let events = watched.publish(&desk, &second).await;
    assert_eq!(details(&events), lines.iter().collect::<Vec<_>>());
    for (event, line) in events.iter().zip(&lines) {
        assert_eq!(
            (&event["detail-type"], &event["source"]),
            (&line["class_name"], &json!("rollcall.change"))
        );
    }
    // The function ends between the bus and its record; and then it is only called again.
    desk.forget(&second);
    assert_eq!(details(&watched.publish(&desk, &second).await), details(&events));
    assert!(watched.publish(&desk, &second).await.is_empty());
}

#[tokio::test]
async fn more_than_a_thousand_changes_are_one_event_that_names_the_file() {
    let Some(watched) = Watched::everything().await else { return };
    let (vendor, desk) = temporal_cloud().await;
    desk.sync().await;
    vendor.with_world(|world| {
        for n in 0..501 {
            world.add_user(&format!("n{n}"), &format!("n{n}@example.com"), "ROLE_READ");
        }
    });
    let second = desk.sync().await;
    let events = watched.publish(&desk, &second).await;
    let [event] = events.try_into().expect("one event");
    let (detail, lines) = (&event["detail"], desk.lines(&second));
    assert!(lines.len() > 1000, "{}", lines.len());
    assert_eq!(
        (&event["detail-type"], &detail["changes"]),
        (&json!("Changes"), &json!(lines.len()))
    );
    assert_eq!(detail["key"], json!(format!("changes/temporalcloud/default/{second}.jsonl")));
    for count in detail["counts"].as_array().expect("counts") {
        let same =
            |line: &&Value| ["class_uid", "activity_id"].iter().all(|key| line[key] == count[key]);
        assert_eq!(count["count"], json!(lines.iter().filter(same).count()), "{count}");
    }
    assert_eq!(detail["counts"][0]["class_name"], "Account Change");
}

#[tokio::test]
async fn the_pattern_of_the_readme_finds_who_became_an_administrator() {
    let readme = include_str!("../../README.md");
    let block = readme.split("```json").find(|block| block.contains("\"privileges\""));
    let pattern = block.and_then(|block| block.split("```").next()).expect("a pattern");
    let pattern = serde_json::from_str(pattern).expect("JSON");
    let Some(watched) = Watched::start(pattern).await else { return };
    let (vendor, desk) = temporal_cloud().await;
    desk.sync().await;
    vendor.with_world(|world| {
        world.add_user("n1", "reader@example.com", "ROLE_READ");
        world.add_user("n2", "admin@example.com", "ROLE_ADMIN");
        world.set_namespace_permission("u2", "demo.a1b23", "PERMISSION_ADMIN");
        world.remove_principal("u1");
    });
    let second = desk.sync().await;
    let events = watched.publish(&desk, &second).await;
    let who: Vec<_> = details(&events).into_iter().map(|detail| &detail["message"]).collect();
    let expected = [
        "admin@example.com (user:n2) now has Account Admin Role Member on Account Admin (account-role:a1b23-admin) \
         at temporalcloud/default.",
        "admin@example.com (user:n2) now has Namespace demo.a1b23 Admin on demo.a1b23 (namespace:demo.a1b23), \
         derived from account-role:a1b23-admin:member at temporalcloud/default.",
        "dev@example.com (user:u2) now has Namespace demo.a1b23 Admin on demo.a1b23 (namespace:demo.a1b23) \
         at temporalcloud/default.",
    ];
    assert_eq!(who, expected);
}

#[tokio::test]
async fn a_change_that_is_too_large_for_the_bus_is_shortened_there() {
    let Some(watched) = Watched::everything().await else { return };
    let vendor = Elastic::start(elastic::World::worked_example(), Default::default()).await;
    let vendor = vendor.expect("a vendor");
    let desk = Desk::of("elastic", &vendor.configuration());
    desk.sync().await;
    let long = "x".repeat(300_000);
    vendor
        .with_world(|world| _ = world.set_names("main", "jacknich", &long, "jacknich@example.com"));
    let second = desk.sync().await;
    let events = watched.publish(&desk, &second).await;
    let [line] = desk.lines(&second).try_into().expect("one change");
    let [event] = events.try_into().expect("one event");
    let fields = |of: &Value| of["unmapped"]["rollcall"]["fields"].clone();
    assert_eq!(fields(&line)[0]["new"], long);
    assert_eq!(fields(&event["detail"])[0], json!({"name": fields(&line)[0]["name"]}));
    assert_eq!(event["detail"]["unmapped"]["rollcall"]["shortened"], true);
    assert_eq!(event["detail"]["metadata"], line["metadata"]);
}
