//! The changes between two snapshots, of the simulated tenants.

mod bus;
mod desk;
mod ocsf;

use rollcall_published::PublishedAnswer;
use rollcall_simulators::{buildkite, confluence, elastic, northflank, temporalcloud};
use serde_json::{Value, json};
use temporalcloud::{TemporalCloud, World};

use desk::Desk;

/// The changes at each simulated vendor, and what the second snapshot's file says of them.
macro_rules! each_connector {
    ($($vendor:ident::$sim:ident, $change:expr, $expected:expr;)*) => {$(
        #[tokio::test]
        async fn $vendor() {
            let vendor = $vendor::$sim::start($vendor::World::worked_example(), Default::default());
            let vendor = vendor.await.expect("a vendor");
            let desk = Desk::of(stringify!($vendor), &vendor.configuration());
            let first = desk.sync().await;
            vendor.with_world($change);
            let second = desk.sync().await;
            the_file_has_what_changed(&desk, [&first, &second], &$expected).await;
        }
    )*};
}

each_connector! {
    temporalcloud::TemporalCloud, |world| {
        world.remove_principal("u2");
        world.add_namespace("orders").add_user("u3", "new@example.com", "ROLE_READ");
        world.add_group("g1", "ops", "ROLE_ADMIN", &["u3"]);
        world.edit("sa1", |access| access["accountAccess"]["role"] = json!("ROLE_DEVELOPER"));
    }, [
        "Create group:g1",
        "Create namespace:orders.a1b23",
        "Update service-account:sa1",
        "Delete user:u2",
        "Create user:u3",
        "Create group:g1:member",
        "Create namespace:orders.a1b23:admin",
        "Create namespace:orders.a1b23:read",
        "Create namespace:orders.a1b23:write",
        "Assign Privileges account-role:a1b23-admin:member:group:g1",
        "Assign Privileges account-role:a1b23-admin:member:user:u3 derived",
        "Assign Privileges account-role:a1b23-developer:member:service-account:sa1",
        "Revoke Privileges account-role:a1b23-developer:member:user:u2",
        "Revoke Privileges account-role:a1b23-read:member:service-account:sa1",
        "Assign Privileges account-role:a1b23-read:member:user:u3",
        "Assign Privileges group:g1:member:user:u3",
        "Assign Privileges namespace:demo.a1b23:admin:group:g1 derived",
        "Assign Privileges namespace:demo.a1b23:admin:user:u3 derived",
        "Revoke Privileges namespace:demo.a1b23:write:user:u2",
        "Assign Privileges namespace:orders.a1b23:admin:account-role:a1b23-admin",
        "Assign Privileges namespace:orders.a1b23:admin:account-role:a1b23-owner",
        "Assign Privileges namespace:orders.a1b23:admin:group:g1 derived",
        "Assign Privileges namespace:orders.a1b23:admin:service-account:sa0 derived",
        "Assign Privileges namespace:orders.a1b23:admin:user:u1 derived",
        "Assign Privileges namespace:orders.a1b23:admin:user:u3 derived",
    ];
    buildkite::Buildkite, |world| {
        let org = buildkite::ORGANIZATION;
        world.remove_member(org, buildkite::BEN_ID).remove_from_team(org, buildkite::EVERYONE_ID, buildkite::BEN_ID);
        world.edit_member(org, buildkite::CLEO_ID, |row| row["role"] = json!("admin"));
    }, [
        "Update user:b0000000-0000-4000-8000-00000000000b",
        "Update user:c0000000-0000-4000-8000-00000000000c",
        "Assign Privileges organization:11111111-1111-4111-8111-111111111111:admin:user:c0000000-0000-4000-8000-00000000000c",
        "Revoke Privileges organization:11111111-1111-4111-8111-111111111111:member:user:b0000000-0000-4000-8000-00000000000b",
        "Revoke Privileges team:e0000000-0000-4000-8000-000000000001:member:user:b0000000-0000-4000-8000-00000000000b",
    ];
    elastic::Elastic, |world| {
        world.disable("main", "jacknich");
        world.edit_user("main", "svc", |user| user.row["roles"] = json!(["superuser"]));
        world.add_member(elastic::ORGANIZATION_ID, "1003", "New Person", "new@acme.io");
    }, [
        "Disable deploymentUser:jacknich",
        "Create user:1003",
        "Assign Privileges organization:198583657190:member:user:1003",
        "Assign Privileges role:superuser:member:deploymentUser:svc",
        "Revoke Privileges role:viewer:member:deploymentUser:svc",
    ];
    northflank::Northflank, |world| {
        world.assign("org-admin", "bob-k").remove_member("carol-p");
    }, [
        "Delete user:carol-p",
        "Revoke Privileges group:directory_group_01ENG00000000000000000000A:member:user:carol-p",
        "Revoke Privileges role:developer:assigned:user:carol-p derived",
        "Assign Privileges role:org-admin:assigned:user:bob-k",
    ];
    confluence::Confluence, |world| {
        world.add_user("712020:new", "New Person", "new@acme.io").add_member("22-eng", "712020:new");
        world.grant(98310, "user", "712020:c3", "administer/space");
        world.edit_user("557058:b2", |user| user["accountStatus"] = json!("active"));
    }, [
        "Enable user:557058:b2",
        "Create user:712020:new",
        "Assign Privileges group:22-eng:member:user:712020:new",
        "Assign Privileges space:98310:administer-space:user:712020:c3",
        "Assign Privileges space:98310:delete-space:user:712020:new derived",
        "Assign Privileges space:98310:read-space:user:712020:new derived",
    ];
}

async fn the_file_has_what_changed(desk: &Desk, [first, second]: [&str; 2], expected: &[&str]) {
    // The first snapshot is where changes begin.
    let key = |id: &str| format!("changes/{}/default/{id}.jsonl", desk.event(id).connector);
    let answer = desk.publish(first).await.expect("published");
    let baseline = PublishedAnswer { written: vec![key(first)], ..answer.clone() };
    assert_eq!((answer, desk.text(first)), (baseline, String::new()));

    let answer = desk.publish(second).await.expect("published");
    assert_eq!(
        (&answer.written, answer.previous_sync_id.as_deref()),
        (&vec![key(second)], Some(first))
    );
    let (lines, text) = (desk.lines(second), desk.text(second));
    let in_short = |line: &Value| {
        let rollcall = &line["unmapped"]["rollcall"];
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut short = format!("{} {}", word(&line["activity_name"]), word(&rollcall["id"]));
        if rollcall["kind"] == "derived" {
            short.push_str(" derived");
        }
        short
    };
    assert_eq!(lines.iter().map(in_short).collect::<Vec<_>>(), expected);
    for (n, line) in (1..).zip(&lines) {
        assert_eq!(ocsf::faults(line), Vec::<String>::new(), "{line:#}");
        let rollcall = &line["unmapped"]["rollcall"];
        assert_eq!(
            (&rollcall["sync_id"], &rollcall["previous_sync_id"]),
            (&json!(second), &json!(first))
        );
        assert_eq!((&line["metadata"]["sequence"], &line["time"]), (&json!(n), &lines[0]["time"]));
        let day = line["time"].as_i64().zip(line["start_time"].as_i64());
        assert!(day.is_some_and(|(time, start)| time - start >= 24 * 60 * 60 * 1000), "{line:#}");
    }
    // Made again, by a function that was killed before it was done: the same bytes, and so the same ids.
    desk.forget(second);
    desk.publish(second).await.expect("published");
    assert_eq!(desk.text(second), text);
}

async fn temporal_cloud() -> (TemporalCloud, Desk) {
    let vendor = TemporalCloud::start(World::worked_example(), Default::default()).await;
    let vendor = vendor.expect("a vendor");
    let desk = Desk::of("temporalcloud", &vendor.configuration());
    (vendor, desk)
}

#[tokio::test]
async fn who_is_gone_is_named_as_the_older_snapshot_does_and_no_change_is_an_empty_file() {
    let (vendor, desk) = temporal_cloud().await;
    let lines = desk.changes(|| vendor.with_world(|world| world.remove_principal("u2"))).await;
    let activities: Vec<_> = lines.iter().map(|line| line["activity_name"].clone()).collect();
    assert_eq!(activities, ["Delete", "Revoke Privileges", "Revoke Privileges"]);
    for line in &lines {
        let user = json!({
            "uid": "user:u2", "uid_alt": "u2", "name": "dev@example.com", "display_name": "dev@example.com",
            "email_addr": "dev@example.com", "type_id": 1, "type": "User",
        });
        assert_eq!(line["user"], user, "{line:#}");
    }
    assert_eq!(desk.changes(|| {}).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_grant_that_differs_but_was_there_before_is_an_update() {
    let (vendor, desk) = temporal_cloud().await;
    vendor.with_world(|world| _ = world.add_group("g1", "devs", "", &["u2"]));
    let on = |world: &mut World| {
        world.set_namespace_permission("g1", "demo.a1b23", "PERMISSION_WRITE");
    };
    let lines = desk.changes(|| vendor.with_world(on)).await;
    let of_the_developer = |line: &&Value| line["unmapped"]["rollcall"]["principal"] == "user:u2";
    let line = lines.iter().find(of_the_developer).expect("a change");
    let seen = ["class_uid", "activity_id"].map(|field| &line[field]);
    assert_eq!((seen, &line["entity"]["type"]), ([&json!(3004), &json!(3)], &json!("grant")));
    let rollcall = &line["unmapped"]["rollcall"];
    assert_eq!(
        (&rollcall["kind"], &rollcall["sources"]),
        (&json!("direct"), &json!(["group:g1:member"]))
    );
    assert_eq!(ocsf::faults(line), Vec::<String>::new());
}

#[tokio::test]
async fn without_the_snapshot_before_there_is_a_warning_and_no_file() {
    type Breaking = fn(&Desk, &str);
    let breakings: [Breaking; 4] = [
        |desk, first| std::fs::remove_file(desk.file("snapshots", first, "json")).expect("removed"),
        |desk, first| {
            std::fs::write(desk.file("snapshots", first, "json"), "{").expect("written");
        },
        |desk, first| std::fs::remove_file(desk.snapshot(first)).expect("removed"),
        |desk, first| std::fs::write(desk.snapshot(first), "C1").expect("written"),
    ];
    let (_vendor, desk) = temporal_cloud().await;
    for (n, breaking) in breakings.into_iter().enumerate() {
        let first = desk.sync().await;
        let second = desk.sync().await;
        breaking(&desk, &first);
        let answer = desk.publish(&second).await.expect("published");
        let [warning] = answer.warnings.try_into().expect("one warning");
        assert_eq!(warning.code, "NothingToCompare", "case {n}");
        assert!(warning.message.contains(&first), "{}", warning.message);
        assert!(answer.written.is_empty() && !desk.file("changes", &second, "jsonl").exists());
    }
}

#[tokio::test]
async fn a_name_stays_within_its_line_and_its_sentence() {
    let names = [
        "<script>alert(1)</script>".to_owned(),
        "\u{202e}nimda\u{2066}".to_owned(),
        "ä".repeat(300),
        "two\nlines\u{2028}three\u{85}four\r".to_owned(),
    ];
    let (vendor, desk) = temporal_cloud().await;
    let lines = desk
        .changes(|| {
            vendor.with_world(|world| {
                for (n, name) in names.iter().enumerate() {
                    world.add_group(&format!("g{n}"), name, "ROLE_READ", &[]);
                }
            })
        })
        .await;
    let ends = [
        '\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}',
        '\u{2029}',
    ];
    let groups = lines.iter().filter(|line| line["entity"]["type"] == "Group");
    for (name, line) in names.iter().zip(groups) {
        assert_eq!(line["entity"]["name"], json!(name));
        let message = line["message"].as_str().expect("a sentence");
        assert!(message.chars().count() < 250 && !message.contains(ends), "{message}");
        assert!(!message.contains(['\u{202e}', '\u{2066}']), "{message}");
        assert_eq!(ocsf::faults(line), Vec::<String>::new());
    }
    let latest = std::fs::read_dir(desk.store().join("changes/temporalcloud/default"));
    for file in latest.expect("a folder") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
        assert!(
            text.split_terminator('\n').count() == lines.len()
                && !text.replace('\n', "").contains(ends)
        );
    }
}
