//! `rollcall report`. What the page shows is tested with the crate that makes it, and in a browser.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use rollcall_simulators::temporalcloud::World;

use crate::support::{Handmade, Place, Vendor};

#[test]
fn a_report_is_named_after_its_snapshot_or_as_it_is_wished_and_only_its_owner_may_read_it() {
    let vendor = Vendor::start(World::worked_example());
    let place = Place::with(&vendor);
    let sync = place.run("sync temporalcloud -o json").expect(0).json();
    let id = sync["sync_id"].as_str().expect("an id");
    let name = format!("temporalcloud-default-{id}.html");
    assert_eq!(place.run("report").expect(0).out, format!("{name}\n"));
    fs::write(place.path("a.html"), "older").expect("written");
    for snapshot in ["temporalcloud", id, sync["snapshot"].as_str().expect("a key")] {
        place.run(&format!("report {snapshot} --out a.html")).expect(0);
        let [one, other] =
            [&name, "a.html"].map(|name| fs::read(place.path(name)).expect("a file"));
        assert!(one == other, "{snapshot}");
    }
    let mode = fs::metadata(place.path("a.html")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    Handmade::new().write(&place.path("bare.c1z"));
    assert_eq!(place.run("report bare.c1z").expect(0).out, "bare.html\n");
    let failed = place.run("report bare.c1z --out nowhere/a.html").expect(1);
    assert!(failed.err.contains("could not write nowhere/a.html"), "{}", failed.err);
}

#[test]
#[cfg(target_os = "linux")]
fn a_report_is_opened_by_the_program_for_it_without_a_shell() {
    let place = Place::new();
    Handmade::new().write(&place.path("x.c1z"));
    let opener = place.path("xdg-open");
    fs::write(&opener, "#!/bin/sh\nprintf %s \"$1\" > opened\n").expect("written");
    fs::set_permissions(&opener, Permissions::from_mode(0o755)).expect("executable");
    let path = place.path("").display().to_string();
    let open = |path: &str, code: i32| {
        let mut command = place.command();
        command.args(["report", "x.c1z", "--open", "--out=-a $(b);.html"]).env("PATH", path);
        let ran = command.output().expect("started");
        assert_eq!(ran.status.code(), Some(code), "{ran:?}");
        String::from_utf8(ran.stderr).expect("text")
    };
    open(&path, 0);
    let opened = fs::read_to_string(place.path("opened")).expect("opened");
    assert!(opened.starts_with('/') && opened.ends_with("/-a $(b);.html"), "{opened}");
    assert!(open("/nowhere", 1).contains("there is no program `xdg-open`"));
}
