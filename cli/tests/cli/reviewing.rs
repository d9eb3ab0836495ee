//! Access reviews: a file is filled in, its decisions are carried out once, and all of it is evidence.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::leaving::{Vendors, store, values};
use crate::support::{Handmade, Place};

/// Writes a decision into each row of `review.csv`: by the pattern, which is part of account and entitlement, or `keep`.
pub(crate) fn decide(folder: &Path, decisions: &[(&str, &str)]) {
    let file = folder.join("review.csv");
    let mut read = csv::Reader::from_path(&file).expect("a file");
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(read.headers().expect("a header")).expect("written");
    for row in read.records() {
        let row = row.expect("a row");
        let label = format!("{} {}", &row[2], &row[6]);
        let decision = decisions.iter().find(|(pattern, _)| label.contains(pattern));
        let decision = decision.map_or("keep", |(_, decision)| decision);
        let cells = row.iter().take(14).chain([decision, "as agreed"]);
        out.write_record(cells).expect("written");
    }
    // As Excel writes it.
    let text = String::from_utf8(out.into_inner().expect("written")).expect("text");
    std::fs::write(file, format!("\u{feff}{}", text.replace('\n', "\r\n"))).expect("written");
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

/// The records of a review, whose chain of digests is whole.
fn evidence(place: &Place, id: &str) -> Vec<Value> {
    let folder = place.path(&format!("rollcall-data/reviews/{id}"));
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort();
    let mut previous = Value::Null;
    for file in &files {
        assert_eq!(read(file)["previous"], previous, "{}", file.display());
        previous = hex::encode(Sha256::digest(std::fs::read(file).expect("a file"))).into();
    }
    files.iter().map(|file| read(file)).collect()
}

#[test]
fn a_review_over_two_connectors_is_carried_out_once_and_leaves_evidence() {
    let vendors = Vendors::start();
    let place = &vendors.place;
    vendors.confluence.with_world(|world| {
        world.grant(98310, "user", "712020:lee", "delete/space");
    });
    place.run("sync confluence").expect(0);
    let made = place.run("review new --out q -o json").expect(0).json();
    let id = made["id"].as_str().expect("an id");
    let review = read(&place.path("q/review.json"));
    let seen = |entitlement: &str| {
        let mut rows = review["rows"].as_array().expect("rows").iter();
        let is_wanted =
            |row: &&Value| row["account"] == "user:712020:lee" && row["entitlement"] == entitlement;
        let row = rows.find(is_wanted).unwrap_or_else(|| panic!("no {entitlement} in {review}"));
        row["seen_since"].as_str().expect("a time").to_owned()
    };
    assert!(seen("space:98310:read-space") < seen("space:98310:delete-space"), "{review}");

    let file = place.path("q");
    let decisions = [
        ("user:712020:lee group:22-eng:member", "revoke"),
        ("user:712020:lee space:98310:export-space", "Revoke"),
        ("user:712020:lee space:98310:read-space", "revoke on 31.12.2999"),
        ("user:u9 account", ""),
        ("user:u9 ", "revoke"),
    ];
    let undecided = place.run("review apply q").expect(1).err;
    assert!(undecided.contains("no row has a decision"), "{undecided}");
    decide(&file, &decisions);
    let before = vendors.state();
    let planned = place.run("review apply q -o json").expect(0);
    let find = |list: &Value, account: &str, entitlement: &str| {
        let mut items = list.as_array().expect("a list").iter();
        let is_wanted = |i: &&Value| i["account"] == account && i["entitlement"] == entitlement;
        let item = items.find(is_wanted).unwrap_or_else(|| panic!("no {entitlement}: {list}"));
        item["result"].as_str().expect("text").to_owned()
    };
    let results = |list: &Value| {
        let lee = |entitlement| find(list, "user:712020:lee", entitlement);
        let site = ["group:22-eng:member", "space:98310:export-space", "space:98310:read-space"];
        let cloud = ["", "account-role:a1b23-developer:member"].map(|e| find(list, "user:u9", e));
        [site.map(lee).to_vec(), cloud.to_vec()].concat()
    };
    let expected = ["left_to_others", "planned", "not_due", "planned", "planned"];
    assert_eq!(results(&planned.json()), expected, "{}", planned.out);
    assert!(planned.err.contains("not due yet: apply again on their days: 1"), "{}", planned.err);
    let err = place.run("review apply q --apply").expect(1).err;
    assert!(err.contains("ConfirmationNeeded") && err.contains("in 2 steps"), "{err}");
    assert!(vendors.state() == before && evidence(place, id).len() == 1, "nothing is done");

    let apply = "review apply q --apply --yes --reviewer 'Grace H.' -o json";
    let done = place.run(apply).expect(0);
    let expected = ["left_to_others", "done", "not_due", "done", "done"];
    assert_eq!(results(&done.json()), expected, "{}", done.out);
    assert!(vendors.cloud.with_world(|world| world.principal("u9").is_none()));
    let after = vendors.state();
    let mut site = before.0.clone();
    let rights = site["spaces"]["98310"]["permissions"]["user:712020:lee"].as_array_mut();
    rights.expect("rights").retain(|right| right != "export/space");
    assert_eq!(after.0, site, "nothing else is taken away");

    let again = place.run(apply).expect(0);
    let expected = ["left_to_others", "already_so", "not_due", "already_so", "already_so"];
    assert_eq!(results(&again.json()), expected, "{}", again.out);
    assert!(again.out.contains("this review was applied before") && vendors.state() == after);
    let records = evidence(place, id);
    let what: Vec<_> =
        records.iter().map(|record| record["what"].as_str().expect("text")).collect();
    assert_eq!(what, ["shown", "decided", "done", "decided", "done"]);
    assert_eq!(records[0]["content"], review);
    assert_eq!(records[1]["by"]["reviewer"], "Grace H.");
    assert!(records[1]["by"]["user"].as_str().is_some_and(|user| !user.is_empty()));
    let digest =
        hex::encode(Sha256::digest(std::fs::read(file.join("review.csv")).expect("a file")));
    assert_eq!(records[1]["file_sha256"], json!(digest));
    assert_eq!(
        records[1]["content"].as_array().map(Vec::len),
        review["rows"].as_array().map(Vec::len)
    );

    let verified = place.run("review verify q -o json").expect(0);
    assert_eq!(values(&verified, "what"), what);
    let last = place.path(&format!("rollcall-data/reviews/{id}/0004.json"));
    let text = std::fs::read_to_string(&last).expect("a file");
    let digest = hex::encode(Sha256::digest(&text));
    assert!(again.err.contains(&digest) && verified.err.contains(&digest), "{}", verified.err);
    std::fs::write(&last, text.replace("left_to_others", "done")).expect("written");
    for command in [&format!("review verify {id}"), apply] {
        let err = place.run(command).expect(1).err;
        let what = "0004.json does not have its own digest";
        assert!(err.contains("EvidenceAltered") && err.contains(what), "{command}: {err}");
    }
    std::fs::write(&last, text).expect("written");
    assert_eq!(evidence(place, id).len(), 5, "nothing is added to evidence that was altered");

    place.run("sync confluence").expect(0);
    place.run("sync temporalcloud").expect(0);
    let later = place.run(apply).expect(0);
    let expected = ["left_to_others", "no_longer_there", "not_due"];
    assert_eq!(results(&later.json())[..3], expected, "{}", later.out);
}

#[test]
fn what_has_changed_since_needs_yes_and_side_effects_are_refused() {
    let vendors = Vendors::start();
    let place = &vendors.place;
    place
        .run("review new --connector confluence --entitlement space:98310:read-space --out q")
        .expect(0);
    decide(&place.path("q"), &[("lee", "revoke")]);
    vendors.confluence.with_world(|world| {
        world.edit_space(98310, |space| space.row["name"] = json!("<script>"));
    });
    place.run("sync confluence").expect(0);
    let before = vendors.state();
    let err = place.run("review apply q --apply").expect(1).err;
    assert!(err.contains("ReviewOutdated") && err.contains("and is `<script>`"), "{err}");
    // Without sight of the space, Lee would lose permissions that nobody has decided on.
    let ran = place.run("review apply q --apply --yes -o json").expect(1);
    assert_eq!(values(&ran, "result"), ["refused"], "{}", ran.out);
    assert!(ran.out.contains("Cascade") && vendors.state() == before, "{}", ran.out);
}

#[test]
fn a_review_is_bound_to_its_files_its_store_and_its_rows() {
    let place = store(&[("northflank", &Handmade::new()), ("elastic", &Handmade::new())]);
    for folder in ["a", "other", "cut", "text", "altered"] {
        let table =
            place.run(&format!("review new --connector northflank --out {folder}")).expect(0);
        assert!(table.out.contains("northflank/default 2026-01-02T03:04:05Z"), "{}", table.out);
        decide(&place.path(folder), &[("u2 group:g1", "revoke")]);
    }
    let expiration = json!({
        "id": "x", "connector": "elastic", "connection": "default", "entitlement": "group:g1:member",
        "principal": "user:u2", "request_id": "r", "extended_by": [], "granted_at": "2026-01-02T03:04:05Z",
        "ends_at": "2030-01-02T03:04:05Z", "puts_back": [], "further": [], "covered_by": null,
        "is_confirmed": true, "steps": [], "closed": null,
    });
    let folder = place.path("rollcall-data/expirations/elastic/default");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("x.json"), expiration.to_string()).expect("written");
    place.run("review new --connector elastic --out until --type group").expect(0);
    let until = std::fs::read_to_string(place.path("until/review.csv")).expect("a file");
    assert!(
        until.contains("temporary until 2030-01-02 03:04 UTC") && !until.contains("namespace:"),
        "{until}"
    );

    let sheet = std::fs::read(place.path("cut/review.csv")).expect("a file");
    std::fs::write(place.path("cut/review.csv"), &sheet[..sheet.len() / 2]).expect("written");
    std::fs::write(place.path("text/review.json"), "hello").expect("written");
    let binding = std::fs::read_to_string(place.path("altered/review.json")).expect("a file");
    let binding = binding.replace("user:u2", "user:u1");
    std::fs::write(place.path("altered/review.json"), binding).expect("written");
    std::fs::copy(place.path("until/review.csv"), place.path("other/review.csv")).expect("copied");
    for (arguments, code, text) in [
        ("review apply a", 0, "the connector only reads; who can: an administrator of Northflank"),
        ("review apply a --apply -o csv", 0, "left to others: 1"),
        ("review apply nowhere", 1, "nowhere/review.json cannot be read"),
        ("review apply text", 1, "text/review.json is not a review"),
        ("review apply altered", 1, "altered/review.json was altered"),
        ("review apply cut", 1, "could not read review.csv: "),
        ("review apply other", 1, "is not a row of this review"),
        ("review apply a --store elsewhere", 1, "the store has no review"),
        ("review new --out a", 1, "could not write a/review.csv"),
        ("review new --out b --type nothing", 1, "have nothing to decide with these options"),
    ] {
        let ran = place.run(arguments).expect(code);
        let all = format!("{}{}", ran.out, ran.err);
        assert!(all.contains(text), "{arguments}: {all}");
    }
    std::fs::write(place.path("rollcall-data/elastic.c1z"), "cut").expect("written");
    let ran = place.run("review new --out part").expect(1);
    assert!(ran.err.contains("elastic/default") && place.path("part/review.csv").exists());
}

#[test]
fn whoever_runs_a_review_has_a_name_in_its_evidence() {
    let at = |name: &str, value: &str| {
        // An image without a shell has no `id`.
        store(&[("northflank", &Handmade::new())]).var("PATH", "nowhere").var(name, value)
    };
    let place = at("USER", "");
    let err = place.run("review new --out q").expect(2).err;
    assert!(err.contains("set the variable USER, or add --reviewer"), "{err}");
    assert!(!place.path("q").exists());
    let user = |place: &Place, command: &str| {
        place.run(command).expect(0);
        let verified = place.run("review verify q -o json").expect(0).json();
        verified.as_array().and_then(|all| all.last()).map(|last| last["by"].clone())
    };
    for name in ["USER", "LOGNAME"] {
        let place = at(name, "ada");
        let by = user(&place, "review new --out q");
        assert_eq!(by, Some(json!({"user": "ada", "reviewer": null})));
        decide(&place.path("q"), &[]);
        let nobody = place.var(name, "");
        nobody.run("review apply q --apply").expect(2);
        let by = user(&nobody, "review apply q --apply --reviewer Grace");
        assert_eq!(by, Some(json!({"user": null, "reviewer": "Grace"})));
    }
}
