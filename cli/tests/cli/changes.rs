//! Grants, revokes and accounts by the command line, against a simulated vendor.

use std::time::Duration;

use rollcall_simulators::temporalcloud::World;
use serde_json::json;

use crate::support::{Place, Vendor};

const WRITE: &str = "--entitlement namespace:demo.a1b23:write --principal user:u9";

fn vendor() -> Vendor {
    let mut world = World::worked_example();
    world.add_user("u9", "nine@example.com", "ROLE_READ");
    Vendor::start(world)
}

fn change(place: &Place, operation: &str, more: &str) -> serde_json::Value {
    let arguments = format!("{operation} temporalcloud {WRITE} {more} -o json");
    place.run(&arguments).expect(0).json()
}

#[test]
fn access_is_granted_and_revoked_and_a_dry_run_does_neither() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let dry = change(&place, "grant", "--dry-run");
    assert_eq!(
        (&dry["outcome"], &dry["dry_run"]),
        (&json!("granted"), &json!(true))
    );
    let done = change(&place, "grant", "--request-id r1 --reason JIRA-1");
    assert_eq!(
        (&done["outcome"], &done["dry_run"]),
        (&json!("granted"), &json!(false))
    );
    assert_eq!(
        change(&place, "grant", "--request-id r1 --reason JIRA-1"),
        done,
        "done once"
    );
    assert_eq!(
        change(&place, "grant", "")["outcome"],
        json!("already_granted")
    );
    assert_eq!(change(&place, "revoke", "")["outcome"], json!("revoked"));
    assert_eq!(
        change(&place, "revoke", "")["outcome"],
        json!("already_revoked")
    );
}

#[test]
fn the_audit_record_that_is_named_is_there() {
    let vendor = vendor();
    for (variable, folder) in [
        ("UNUSED", "rollcall-data"),
        ("ROLLCALL_AUDIT_STORE", "records"),
    ] {
        let place = Place::with(&vendor).var(variable, "records");
        let arguments = format!("grant temporalcloud {WRITE} --request-id r1 -o table");
        let out = place.run(&arguments).expect(0).out;
        let audit = out.lines().find_map(|line| line.strip_prefix("audit"));
        let path = audit.unwrap_or_else(|| panic!("{out}")).trim();
        assert!(path.contains(folder) && place.path(path).exists(), "{path}");
    }
}

#[test]
fn an_event_comes_from_a_file_or_from_standard_input() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let event = json!({"entitlement": "namespace:demo.a1b23:read", "principal": "user:u9"});
    std::fs::write(place.path("event.json"), event.to_string()).expect("written");
    let run = place
        .run("grant temporalcloud --event event.json")
        .expect(0);
    assert!(
        run.out.contains("granted") && run.out.contains("user:u9 → namespace:demo.a1b23:read"),
        "{}",
        run.out
    );
    let id = run.after("request ");
    assert_eq!(id.len(), 27, "a new request has an id: {id}");

    let mut again = event.clone();
    again["request_id"] = json!("r2");
    let run = place.run_with(
        "revoke temporalcloud --event - --dry-run -o json",
        &again.to_string(),
    );
    let answer = run.expect(0).json();
    assert_eq!(
        (&answer["request_id"], &answer["dry_run"]),
        (&json!("r2"), &json!(true))
    );
    let other = place
        .run("revoke temporalcloud --event event.json --connection acme")
        .expect(1);
    assert!(other.err.contains("`acme`"), "{}", other.err);
}

#[test]
fn accounts_are_created_and_deleted() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let created = place
        .run("create-account temporalcloud --email fresh@example.com -o json")
        .expect(0);
    let created = created.json();
    assert_eq!(created["outcome"], json!("created"));
    let id = created["resource"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let deleted = place
        .run(&format!(
            "delete-account temporalcloud --principal {id} -o json"
        ))
        .expect(0)
        .json();
    assert_eq!(deleted["outcome"], json!("deleted"));
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
    let arguments = format!("grant temporalcloud --no-wait {WRITE} -o json");
    let begun = place.run(&arguments).expect(3);
    assert_eq!(begun.json()["outcome"], json!("in_progress"));
    let line = begun.command("to resume");
    let again = place
        .shell(&format!("{line} --no-wait -o json"))
        .expect(3)
        .json();
    assert_eq!(
        again["request_id"],
        begun.json()["request_id"],
        "the same request: {line}"
    );
}

#[test]
fn a_refusal_says_which_rule_and_what_to_do() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let refused = place
        .run("grant temporalcloud --entitlement namespace:none.a1b23:write --principal user:u9");
    let refused = refused.expect(1);
    assert!(
        refused.err.contains("error[") && refused.err.contains("fix: "),
        "{}",
        refused.err
    );
}
