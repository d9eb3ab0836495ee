//! A sync by the command line, against a simulated vendor.

use std::process::{Command, Stdio};
use std::time::Duration;

use rollcall_simulators::temporalcloud::{TEST_KEY, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{Place, Ran, Vendor};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn vendor() -> Vendor {
    Vendor::start(World::worked_example())
}

#[test]
fn a_sync_leaves_a_snapshot_that_the_other_commands_find() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let sync = place.run("sync temporalcloud").expect(0);
    assert!(
        sync.out.contains("status") && sync.out.contains("complete"),
        "{}",
        sync.out
    );

    let newest = place.run("snapshot stats -o json").expect(0).json();
    let id = newest["sync_id"].as_str().expect("an id").to_owned();
    let by_id = place
        .run(&format!("snapshot stats {id} -o json"))
        .expect(0)
        .json();
    assert_eq!(newest, by_id);
    let key = format!("snapshots/temporalcloud/default/{id}-1.c1z");
    for file in [key.clone(), format!("rollcall-data/{key}")] {
        let manifest = place
            .run(&format!("snapshot manifest {file} -o json"))
            .expect(0)
            .json();
        assert_eq!(manifest["sync_id"], json!(id));
    }
    let access = place
        .run("snapshot access dev@example.com -o csv")
        .expect(0)
        .out;
    assert!(
        access.contains("user:u2 → namespace:demo.a1b23:write"),
        "{access}"
    );

    vendor.change(|cloud| {
        cloud.with_world(|world| {
            world.add_user("u9", "new@example.com", "ROLE_READ");
        });
    });
    let second = place.run("sync temporalcloud -o json").expect(0).json();
    assert_eq!(second["status"], json!("complete"));
    let diff = place
        .run(&format!("snapshot diff {id} -o csv"))
        .expect(0)
        .out;
    assert!(diff.contains("created,resource,user:u9"), "{diff}");
}

#[test]
fn a_run_that_is_cut_prints_the_command_that_resumes_it_and_ends_the_same() {
    let vendor = vendor();
    let whole = Place::with(&vendor)
        .run("sync temporalcloud -o json")
        .expect(0)
        .json();

    let place = Place::with(&vendor);
    let cut = place
        .run("sync temporalcloud --no-wait --max-steps 1 --store 'a store'")
        .expect(3);
    assert!(cut.out.contains("not finished"), "{}", cut.out);
    let line = cut.command("to resume");
    assert!(
        line.contains("--sync-id") && line.contains("--store 'a store'"),
        "{line}"
    );
    let end = place.shell(&format!("{line} -o json")).expect(0).json();
    assert_eq!(end["content_digest"], whole["content_digest"]);

    // Without --no-wait the slices follow each other by themselves.
    let slices = Place::with(&vendor)
        .run("sync temporalcloud --max-steps 1 -o json")
        .expect(0);
    assert_eq!(slices.json()["content_digest"], whole["content_digest"]);
}

#[test]
fn a_sudden_loss_is_held_until_it_is_accepted() {
    let vendor = vendor();
    vendor.change(|cloud| {
        cloud.with_world(|world| {
            for n in 0..30 {
                world.add_user(
                    &format!("many-{n}"),
                    &format!("many-{n}@example.com"),
                    "ROLE_READ",
                );
            }
        });
    });
    let place = Place::with(&vendor);
    place.run("sync temporalcloud").expect(0);
    let before = place.run("snapshot stats -o json").expect(0).json();
    vendor.change(|cloud| {
        cloud.with_world(|world| {
            for n in 0..30 {
                world.remove_principal(&format!("many-{n}"));
            }
        });
    });
    let held = place.run("sync temporalcloud").expect(3);
    let newest = |place: &Place| place.run("snapshot stats -o json").expect(0).json();
    assert_eq!(newest(&place), before, "the pointer did not move");
    let look = place
        .shell(&held.command("to see what was lost"))
        .expect(0)
        .out;
    assert!(look.contains("fell from"), "{look}");
    place.shell(&held.command("to publish it anyway")).expect(0);
    assert_ne!(newest(&place), before);
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
    let busy = place.run("sync temporalcloud").expect(3);
    assert!(busy.err.contains("run another is at work"), "{}", busy.err);
    let doctor = place.run("doctor temporalcloud").expect(0).out;
    assert!(
        doctor.contains("warn  lease: acquired by run another"),
        "{doctor}"
    );
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let fresh = place.run("doctor temporalcloud").expect(0).out;
    for line in [
        "ok    configuration",
        "ok    identity: rollcall",
        "ok    rights",
        "ok    store",
        "ok    lease: free",
    ] {
        assert!(fresh.contains(line), "{line}: {fresh}");
    }
    assert!(
        fresh.contains("warn  newest snapshot: there is none yet"),
        "{fresh}"
    );
    place.run("sync temporalcloud").expect(0);
    let synced = place.run("doctor temporalcloud").expect(0).out;
    assert!(
        synced.contains("ok    newest snapshot") && !synced.contains("warn"),
        "{synced}"
    );

    vendor.change(|cloud| {
        cloud.with_world(|world| {
            let end = jiff::Timestamp::now().saturating_add(DAY * 9 + DAY / 2);
            let end = end.expect("a time").to_string();
            world.set_field(TEST_KEY, "expiryTime", end.into());
        });
    });
    let ending = place.run("doctor temporalcloud").expect(0).out;
    assert!(
        ending.contains("warn  key expiry: the key ends in 9 days"),
        "{ending}"
    );

    let wrong = Place::new()
        .var("BATON_API_KEY", "hunter2")
        .var("BATON_BASE_URL", &vendor.url);
    let out = wrong.run("doctor temporalcloud").expect(1).out;
    assert!(out.contains("fail  identity"), "{out}");
    assert!(!out.contains("hunter2"), "a key is never shown: {out}");
    let none = Place::new().run("doctor temporalcloud").expect(1).out;
    assert!(
        none.contains("fail  configuration") && none.contains("`api-key` is missing"),
        "{none}"
    );
    std::fs::write(place.path("a-file"), "").expect("written");
    let no_store = place
        .run("doctor temporalcloud --store a-file")
        .expect(1)
        .out;
    assert!(no_store.contains("fail  store"), "{no_store}");
}

#[test]
fn the_doctor_takes_every_tenant_that_a_sync_takes() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    place.run("sync temporalcloud").expect(0);
    let pointer = place.path("rollcall-data/latest/temporalcloud/default.json");
    let doctor = |tenant: &str, code: i32| {
        let text = std::fs::read(&pointer).expect("a pointer");
        let mut latest: Value = serde_json::from_slice(&text).expect("JSON");
        latest["tenant"] = json!(tenant);
        std::fs::write(&pointer, latest.to_string()).expect("written");
        place.run("doctor temporalcloud").expect(code).out
    };
    // What an older snapshot does not say cannot be compared.
    assert!(doctor("", 0).contains("ok    newest snapshot"));
    let out = doctor("another", 1);
    assert!(
        out.contains("fail  newest snapshot: AnotherTenant: "),
        "{out}"
    );
}

#[test]
fn this_machine_is_reached_directly_whatever_the_proxy() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let place = place.clone_with(name, "http://127.0.0.1:9");
        place.run("doctor temporalcloud").expect(0);
    }
}

#[test]
fn capabilities_and_configuration_keys_are_shown_without_any_configuration() {
    let place = Place::new();
    let can = place.run("capabilities temporalcloud").expect(0).json();
    assert!(
        can["resourceTypeCapabilities"]
            .as_array()
            .is_some_and(|types| !types.is_empty())
    );
    let schema = place.run("config-schema temporalcloud").expect(0).json();
    let names: Vec<&Value> = schema["fields"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| &f["name"])
        .collect();
    assert!(names.contains(&&json!("api-key")), "{schema}");
}

#[test]
fn ctrl_c_saves_the_run_frees_its_lease_and_prints_the_command_that_resumes_it() {
    let vendor = vendor();
    let place = Place::with(&vendor);
    let hangs = Fault::every(FaultKind::Slow(Duration::from_secs(600)));
    vendor.change(|cloud| cloud.set_faults(vec![hangs]));
    let mut command = place.command();
    command.args(["sync", "temporalcloud"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.expect("started");
    let lease = place.path("rollcall-data/locks/temporalcloud/default.json");
    while !lease.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let signal = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(signal.expect("a signal").success());
    let stopped = Ran::from(child.wait_with_output().expect("ended")).expect(3);
    assert!(
        stopped.err.contains("the records read so far are saved"),
        "{}",
        stopped.err
    );

    vendor.change(|cloud| cloud.set_faults(Vec::new()));
    let resume = stopped.command("to resume");
    assert!(resume.contains("--sync-id"), "{resume}");
    place.shell(&resume).expect(0);
}
