//! Grants, revokes and accounts by the command line, against a simulated vendor.

use std::time::Duration;

use rollcall_simulators::temporalcloud::World;
use serde_json::{Value, json};

use crate::support::{Place, Vendor};

const WRITE: &str = "--entitlement namespace:demo.a1b23:write --principal user:u9";

/// A vendor that finishes every operation at once: time is real.
fn vendor() -> Vendor {
    let mut world = World::worked_example();
    world.add_user("u9", "nine@example.com", "ROLE_READ");
    let vendor = Vendor::start(world);
    vendor.change(|cloud| cloud.set_options(|options| options.operations.polls = 0));
    vendor
}

#[test]
fn access_is_granted_and_revoked_and_a_dry_run_does_neither() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let change = |arguments: &str, outcome: &str, is_dry: bool| {
        let (operation, more) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let line = format!("{operation} temporalcloud {WRITE} {more} -o json");
        let answer = place.run(&line).expect(0).json();
        assert_eq!(answer["outcome"], outcome, "{arguments}");
        assert_eq!(answer["dry_run"], is_dry, "{arguments}");
        answer
    };
    change("grant --dry-run", "granted", true);
    let done = change("grant --request-id r1 --reason JIRA-1", "granted", false);
    let again = change("grant --request-id r1 --reason JIRA-1", "granted", false);
    assert_eq!(again, done, "done once");
    change("grant", "already_granted", false);
    change("revoke", "revoked", false);
    change("revoke", "already_revoked", false);
}

#[test]
fn the_audit_record_that_is_named_is_there() {
    let vendor = vendor();
    for (variable, folder) in [("UNUSED", "rollcall-data"), ("ROLLCALL_AUDIT_STORE", "records")] {
        let place = Place::with(&vendor).var(variable, "records");
        let arguments = format!("grant temporalcloud {WRITE} --request-id r1 -o table");
        let out = place.run(&arguments).expect(0).out;
        let audit = out.lines().find_map(|line| line.strip_prefix("audit"));
        let path = audit.unwrap_or_else(|| panic!("{out}")).trim();
        assert!(path.contains(folder) && place.path(path).exists(), "{path}");
        let again = place.run(&arguments).expect(0);
        assert!(again.err.contains("request r1 was carried out before"), "{}", again.err);
    }
}

#[test]
fn a_grant_that_replaces_another_needs_a_yes_where_nobody_can_be_asked() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let replaced = "namespace:demo.a1b23:write:user:u9";
    place.run(&format!("grant temporalcloud {WRITE}")).expect(0);
    let lower = format!("grant temporalcloud {} -o json", WRITE.replace("write", "read"));
    let err = place.run(&lower).expect(1).err;
    let message = format!("this grant replaces {replaced}");
    assert!(err.contains("ConfirmationNeeded") && err.contains(&message), "{err}");
    let granted = place.run(&format!("{lower} --yes")).expect(0).json();
    assert_eq!(granted["replaced"], json!([replaced]));
}

#[test]
fn a_temporary_grant_is_listed_shown_and_ended() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let json = |line: &str| place.run(&format!("{line} -o json")).expect(0).json();
    let granted = json(&format!("grant temporalcloud {WRITE} --for 4h"));
    place.run("sync temporalcloud").expect(0);
    let listed = json("expirations temporalcloud");
    let until = &granted["expires_at"];
    assert_eq!((&listed[0]["ends_at"], &listed[0]["is_overdue"]), (until, &json!(false)));
    for line in ["grants temporalcloud --principal user:u9", "access temporalcloud user:u9"] {
        let rows = json(&format!("snapshot {line}"));
        let rows = rows.as_array().expect("a list").iter();
        let rows: Vec<_> = rows.map(|row| (row["entitlement"].as_str(), &row["until"])).collect();
        assert!(rows.contains(&(Some("namespace:demo.a1b23:write"), until)), "{rows:?}");
        assert!(rows.iter().any(|(_, until)| until.is_null()), "{rows:?}");
    }
    assert_eq!(json("expirations --apply"), json!([]), "nothing is overdue");

    let id = granted["expiration"].as_str().expect("an id");
    let file = place.path(&format!("rollcall-data/expirations/temporalcloud/default/{id}.json"));
    let record = std::fs::read_to_string(&file).expect("a record");
    let past = record.replace(until.as_str().expect("a time"), "2026-01-01T00:00:00Z");
    std::fs::write(&file, past).expect("written");
    assert!(place.run("expirations").expect(0).out.contains("overdue"));
    // The end of a connector that this build does not have keeps none from the others.
    let other = std::fs::read_to_string(&file).expect("a record");
    let other = other.replace("temporalcloud", "retired").replace("2026-01-01", "2025-01-01");
    let folder = place.path("rollcall-data/expirations/retired/default");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(format!("{id}.json")), other).expect("written");
    let ended = place.run("expirations --apply -o json").expect(1).json();
    let message = ended[0]["message"].as_str().expect("a message");
    assert!(message.contains("UnknownConnector") && message.contains("`retired`"), "{message}");
    assert_eq!((&ended[0]["outcome"], &ended[1]["outcome"]), (&Value::Null, &json!("revoked")));
    std::fs::remove_dir_all(folder).expect("removed");
    assert_eq!(json("expirations"), json!([]));
    assert_eq!(json(&format!("revoke temporalcloud {WRITE}"))["outcome"], "already_revoked");
}

#[test]
fn an_end_that_cannot_be_understood_is_wrong_usage() {
    let place = Place::new();
    for end in ["--for soon", "--until soon", "--for 4h --until 2026-12-24T18:00Z", "--for -4h"] {
        place.run(&format!("grant temporalcloud {WRITE} {end}")).expect(2);
    }
}

#[test]
fn a_principal_is_found_by_its_address_in_the_newest_snapshot() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    place.run("sync temporalcloud").expect(0);
    let by_address = WRITE.replace("user:u9", "NINE@example.com");
    let granted = place.run(&format!("grant temporalcloud {by_address}")).expect(0);
    assert!(granted.out.contains("user:u9 → namespace:demo.a1b23:write"), "{}", granted.out);
    assert!(granted.err.contains("principal: user:u9 (nine@example.com), from snapshot "));
    for (who, code) in [("user:nobody", 0), ("nobody", 1)] {
        let ran =
            place.run(&format!("delete-account temporalcloud --principal {who}")).expect(code);
        assert!(format!("{}{}", ran.out, ran.err).contains("no such account: "), "{who}");
    }
}

#[test]
fn an_event_comes_from_a_file_or_from_standard_input() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let mut event = json!({"entitlement": "namespace:demo.a1b23:read", "principal": "user:u9"});
    std::fs::write(place.path("event.json"), event.to_string()).expect("written");
    let run = place.run("grant temporalcloud --event event.json").expect(0);
    let shown = "user:u9 → namespace:demo.a1b23:read";
    assert!(run.out.contains("granted") && run.out.contains(shown), "{}", run.out);
    let id = run.after("request ");
    assert_eq!(id.len(), 27, "a new request has an id: {id}");

    event["request_id"] = json!("r2");
    let line = "revoke temporalcloud --event - --dry-run -o json";
    let answer = place.run_with(line, &event.to_string()).expect(0).json();
    assert_eq!((&answer["request_id"], &answer["dry_run"]), (&json!("r2"), &json!(true)));
    let err = place.run("revoke temporalcloud --event event.json --connection acme").expect(1).err;
    assert!(err.contains("`acme`"), "{err}");
}

#[test]
fn accounts_are_created_and_deleted() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let change = |line: &str| -> Value { place.run(line).expect(0).json() };
    let created = change("create-account temporalcloud --email fresh@example.com -o json");
    assert_eq!(created["outcome"], "created");
    let id = created["resource"]["id"].as_str().expect("an id");
    let line = format!("delete-account temporalcloud --principal {id} -o json");
    assert_eq!(change(&line)["outcome"], "deleted");
}

#[test]
fn a_change_that_the_vendor_has_not_finished_is_resumed_by_the_printed_command() {
    let vendor = vendor();
    vendor.change(|cloud| {
        cloud.set_options(|options| {
            options.operations.polls = usize::MAX;
            options.operations.check_duration = Some(Duration::from_secs(3600));
        });
    });
    let place = Place::with(&vendor);
    let begun = place.run(&format!("grant temporalcloud --no-wait {WRITE} -o json")).expect(3);
    assert_eq!(begun.json()["outcome"], "in_progress");
    let line = begun.command("to resume");
    let again = place.shell(&format!("{line} --no-wait -o json")).expect(3);
    let same = (&again.json()["request_id"], &begun.json()["request_id"]);
    assert_eq!(same.0, same.1, "the same request: {line}");
}
