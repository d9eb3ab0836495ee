//! A sync by the command line, against a simulated vendor.

use std::time::Duration;

use rollcall_simulators::temporalcloud::World;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{Place, Sign, Vendor};

const GRANT: &str =
    "grant temporalcloud --entitlement namespace:demo.a1b23:write --principal user:u2";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn vendor() -> Vendor {
    Vendor::start(World::worked_example())
}

#[test]
fn a_sync_leaves_a_snapshot_that_the_other_commands_find() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let sync = place.run("sync temporalcloud").expect(0);
    assert!(sync.out.contains("complete") && sync.out.contains(" stated, "), "{}", sync.out);
    assert!(sync.err.contains(" calls, "), "a summary: {}", sync.err);
    let show = |arguments: &str| place.run(&format!("snapshot {arguments}")).expect(0);

    let newest = show("stats -o json").json();
    let id = newest["sync_id"].as_str().expect("an id").to_owned();
    for name in [&id, "temporalcloud"] {
        assert_eq!(show(&format!("stats {name} -o json")).json(), newest);
    }
    std::fs::write(place.path("temporalcloud"), "").expect("written");
    assert!(place.run("snapshot stats ./temporalcloud").expect(1).err.contains("is empty"));
    let key = format!("snapshots/temporalcloud/default/{id}-1.c1z");
    for folder in ["", "rollcall-data/"] {
        assert_eq!(show(&format!("manifest {folder}{key} -o json")).json()["sync_id"], id);
    }
    let access = show("access temporalcloud dev@example.com -o csv").out;
    assert!(access.contains("user:u2 → namespace:demo.a1b23:write"), "{access}");

    vendor.world(|world| {
        world.add_user("u9", "new@example.com", "ROLE_READ");
    });
    assert_eq!(place.run("sync temporalcloud -o json").expect(0).json()["status"], "complete");
    for names in [&id, "temporalcloud", ""] {
        let diff = show(&format!("diff {names} -o csv")).out;
        assert!(diff.contains("created,resource,user:u9"), "{diff}");
    }
}

#[test]
fn a_run_that_is_cut_prints_the_command_that_resumes_it_and_ends_the_same() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    // Without --no-wait the slices follow each other by themselves.
    let whole = place.run("sync temporalcloud --max-steps 6 -o json").expect(0).json();

    let place = Place::with(&vendor);
    let cut = place.run("sync temporalcloud --no-wait --max-steps 1 --store 'a store'");
    let cut = cut.expect(3);
    assert!(cut.out.contains("not finished"), "{}", cut.out);
    let line = cut.command("to resume");
    assert!(line.contains("--sync-id") && line.contains("--store 'a store'"), "{line}");
    let end = place.shell(&format!("{line} -o json")).expect(0).json();
    assert_eq!(end["content_digest"], whole["content_digest"]);
}

#[test]
fn a_sudden_loss_is_held_until_it_is_accepted() {
    let vendor = vendor();
    let many = || (0..30).map(|n| format!("many-{n}"));
    vendor.world(move |world| {
        for id in many() {
            world.add_user(&id, &format!("{id}@example.com"), "ROLE_READ");
        }
    });
    let place = Place::with(&vendor);
    place.run("sync temporalcloud").expect(0);
    let newest = || place.run("snapshot stats -o json").expect(0).json();
    let before = newest();
    vendor.world(move |world| {
        for id in many() {
            world.remove_principal(&id);
        }
    });
    let held = place.run("sync temporalcloud").expect(1);
    assert_eq!(newest(), before, "the pointer did not move");
    let look = place.shell(&held.command("to see what was lost"));
    let look = look.expect(0).out;
    assert!(look.contains("fell from"), "{look}");
    place.shell(&held.command("to publish it anyway")).expect(0);
    assert_ne!(newest(), before);
}

#[test]
fn a_connection_that_is_being_synced_is_busy() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let lease = json!({
        "generation": 7, "owner": "another", "active": true, "expires_at": "2999-01-01T00:00:00Z", "state": null,
    });
    let folder = place.path("rollcall-data/locks/temporalcloud");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("default.json"), lease.to_string()).expect("written");
    let busy = place.run("sync temporalcloud").expect(3).err;
    assert!(busy.contains("run another is in progress"), "{busy}");
    place.doctor(0, &["warn  lease: acquired by run another"]);
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let out = place.doctor(0, &["warn  newest snapshot: there is none yet"]);
    for good in ["configuration", "identity: rollcall", "rights", "store", "lease: free"] {
        assert!(out.contains(&format!("ok    {good}")), "{good}: {out}");
    }
    place.run("sync temporalcloud").expect(0);
    let synced = place.doctor(0, &["ok    newest snapshot"]);
    assert!(!synced.contains("warn"), "{synced}");

    vendor.world(|world| {
        let end = jiff::Timestamp::now().saturating_add(DAY * 9 + DAY / 2);
        for key in world.api_keys.values_mut() {
            key["expiryTime"] = json!(end.as_ref().expect("a time").to_string());
        }
    });
    place.doctor(0, &["warn  key expiry: the key expires in 9 days"]);

    let out = place.clone_with("BATON_API_KEY", "hunter2").doctor(1, &["fail  identity"]);
    assert!(!out.contains("hunter2"), "a key is never shown: {out}");
    Place::new().doctor(1, &["fail  configuration", "`api-key` is missing"]);
    let contradiction = Place::new().var("BATON_ORGANIZATION_ID", "1").run("doctor elastic");
    let out = contradiction.expect(1).out;
    assert!(out.starts_with("fail  configuration: ") && !out.contains("identity"), "{out}");
    let json = Place::new().run("doctor temporalcloud -o json").expect(1).out;
    let found: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&found[0]["status"], &found[0]["code"]),
        (&json!("fail"), &json!("BadConfiguration"))
    );
    assert!(found[0]["fix"].as_str().is_some_and(|fix| fix.contains("BATON_API_KEY")), "{json}");
    assert_eq!((&found[1]["check"], &found[1]["fix"]), (&json!("store"), &Value::Null));
    let no_store = place.clone_with("ROLLCALL_STORE", "a-file");
    std::fs::write(no_store.path("a-file"), "").expect("written");
    no_store.doctor(1, &["fail  store"]);
}

#[test]
fn the_doctor_takes_every_tenant_that_a_sync_takes() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    place.run("sync temporalcloud").expect(0);
    let pointer = place.path("rollcall-data/latest/temporalcloud/default.json");
    let text = std::fs::read(&pointer).expect("a pointer");
    let mut latest: Value = serde_json::from_slice(&text).expect("JSON");
    for (tenant, code, line) in [
        // What an older snapshot does not say cannot be compared.
        ("", 0, "ok    newest snapshot"),
        ("another", 1, "fail  newest snapshot: AnotherTenant: "),
    ] {
        latest["tenant"] = json!(tenant);
        std::fs::write(&pointer, latest.to_string()).expect("written");
        place.doctor(code, &[line]);
    }
}

#[test]
fn this_machine_is_reached_directly_whatever_the_proxy() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        place.clone_with(name, "http://127.0.0.1:9").doctor(0, &[]);
    }
}

#[test]
fn capabilities_and_configuration_keys_are_shown_without_any_configuration() {
    let place = Place::new();
    let can = place.run("capabilities temporalcloud").expect(0).json();
    assert!(!can["resourceTypeCapabilities"].as_array().expect("a list").is_empty());
    let schema = place.run("config-schema temporalcloud").expect(0).json();
    let mut fields = schema["fields"].as_array().expect("a list").iter();
    assert!(fields.any(|field| field["name"] == "api-key"), "{schema}");
}

#[test]
fn ctrl_c_saves_the_run_frees_its_lease_and_prints_the_command_that_resumes_it() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    vendor.change(|cloud| cloud.set_faults(vec![Fault::every(FaultKind::Slow(DAY))]));
    let lease = Sign::File("rollcall-data/locks/temporalcloud/default.json");
    let stopped = place.interrupted_at("sync temporalcloud", &[lease]).expect(3);
    assert!(stopped.err.contains("the records read so far are saved"), "{}", stopped.err);

    vendor.change(|cloud| cloud.set_faults(Vec::new()));
    let resume = stopped.command("to resume");
    assert!(resume.contains("--sync-id"), "{resume}");
    place.shell(&resume).expect(0);
}

#[test]
fn an_unreachable_vendor_is_named_at_each_retry_by_one_line_and_by_the_doctor_at_once() {
    let place = Place::with(&vendor()).clone_with("BATON_BASE_URL", "http://127.0.0.1:9");
    let first = "cannot reach 127.0.0.1:9 (connection refused), trying again in 1 s (1 of 6)";
    for command in ["sync temporalcloud", &format!("{GRANT} --yes")] {
        let stopped = place.interrupted_at(command, &[Sign::Line(first)]).expect(3);
        assert!(!stopped.err.contains("WARN"), "{}", stopped.err);
        stopped.command("to resume");
    }
    let out = place.doctor(1, &["fail  identity: VendorUnreachable: ", "by 127.0.0.1:9: "]);
    assert!(!out.contains("trying again"), "{out}");
}

#[test]
fn a_second_ctrl_c_ends_a_change_at_once() {
    let vendor = vendor();
    vendor.change(|cloud| cloud.set_faults(vec![Fault::every(FaultKind::Slow(DAY))]));
    let locks = Sign::File("rollcall-data/locks/temporalcloud/default");
    let grant = format!("{GRANT} --yes");
    Place::with(&vendor).interrupted_at(&grant, &[locks, Sign::Line("stopping: ")]).expect(130);
}
