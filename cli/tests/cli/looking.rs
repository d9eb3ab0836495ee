//! Commands that show snapshot files.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rollcall_model::State;
use serde_json::{Value, json};

use crate::support::{Handmade, Place, grant, user};

fn place_with(handmade: &Handmade) -> Place {
    let place = Place::new();
    handmade.write(&place.path("x.c1z"));
    place
}

#[test]
fn lists_come_as_table_json_and_csv() {
    let place = place_with(&Handmade::new());
    let show = |arguments: &str| place.run(&format!("snapshot {arguments}")).expect(0);
    let table = show("resources x.c1z").out;
    assert!(table.contains("Display name") && table.contains("Grace"), "{table}");

    let json = show("resources x.c1z -o json --type user");
    let lines: Vec<_> = json.out.lines().collect();
    let found = (lines[0], lines.len(), lines[3]);
    assert_eq!(found, ("[", 4, "]"), "one element a line: {}", json.out);
    assert_eq!(json.json()[0]["emails"], json!(["u1@example.com"]));

    let expected = "id,display_name,type,status,e-mail,parent\n\
                    group:g1,Inner,group,,,\n\
                    group:g2,\"Outer, \"\"big\"\"\",group,,,\n";
    assert_eq!(show("-o csv resources x.c1z --type group").out, expected);

    assert_eq!(show("grants x.c1z --principal user:nobody -o json").json(), json!([]));
    let grants = show("grants x.c1z --entitlement group:g1:member -o json").json();
    assert_eq!(grants.as_array().map(Vec::len), Some(2));
    let all = show("entitlements x.c1z --resource namespace:n1").out;
    assert!(all.contains("namespace:n1:write") && !all.contains("group:g1:member"));
}

#[test]
fn grants_have_the_names_of_who_has_them_and_fit_a_narrow_terminal() {
    let place = place_with(&Handmade::new());
    let json = place.run("snapshot grants x.c1z --principal ADA -o json").expect(0).json();
    assert_eq!(
        (&json[0]["principal_name"], &json[0]["resource_name"]),
        (&json!("Ada"), &json!("Inner"))
    );
    for (columns, line) in [("60", "user:u1    Ada"), ("20", "Principal name")] {
        let place = place_with(&Handmade::new()).var("COLUMNS", columns);
        let table = place.run("snapshot grants x.c1z").expect(0).out;
        let width: usize = columns.parse().expect("a number");
        assert!(table.lines().all(|line| line.chars().count() <= width), "{table}");
        assert!(table.contains(line) && !table.contains("Through"), "{table}");
    }
}

#[test]
fn a_name_acts_neither_on_a_terminal_nor_in_a_spreadsheet() {
    let (mut handmade, name) = (Handmade::new(), "=cmd\u{202e}\u{1b}[2J\0");
    handmade.resources.push(user("u7", name));
    let place = place_with(&handmade);
    let list = |format| {
        place.run(&format!("snapshot resources x.c1z --resource user:u7 -o {format}")).expect(0)
    };
    for format in ["table", "csv", "json"] {
        let out = list(format).out;
        assert!(!out.contains(['\u{202e}', '\u{1b}', '\0']), "{out}");
    }
    assert!(list("csv").out.contains(r"user:u7,'=cmd\u{202e}\u{1b}[2J\u{0},user"));
    assert_eq!(list("json").json()[0]["display_name"], json!(name));
}

#[test]
fn access_shows_every_path_and_how_many_were_derived() {
    let place = place_with(&Handmade::new());
    let access = place.run("snapshot access x.c1z grace").expect(0);
    let path = "user:u2 → group:g1 (member) → group:g2 (member) → namespace:n1:write";
    assert!(access.out.contains(path), "{}", access.out);
    assert!(access.err.contains("imply 2 of these entitlements"), "{}", access.err);
    let ways = place.run("snapshot access x.c1z user:u2 -o json");
    let ways = ways.expect(0).json();
    let kinds = ways.as_array().expect("a list").iter();
    let kinds: Vec<_> = kinds.map(|way| &way["kind"]).collect();
    assert_eq!(kinds, ["direct", "implied", "implied"]);
    let via = json!(["group:g1:member", "group:g2:member", "namespace:n1:write"]);
    assert_eq!(ways[2]["via"], via);
}

#[test]
fn a_difference_names_what_changed_and_is_no_failure() {
    let (place, mut new) = (place_with(&Handmade::new()), Handmade::new());
    new.resources[3].state = State::Disabled;
    new.resources.pop();
    new.resources.push(user("u3", "Edsger"));
    new.grants[1] = grant("group:g1:member", "user:u3");
    new.write(&place.path("y.c1z"));

    let diff = place.run("snapshot diff x.c1z y.c1z -o json").expect(0);
    let changes: Vec<Value> = serde_json::from_value(diff.json()).expect("a list");
    let text = |c: &Value, field: &str| c[field].as_str().unwrap_or_default().to_owned();
    let short = |c| format!("{} {}", text(c, "change"), text(c, "id"));
    let expected = [
        "changed user:u1",
        "deleted user:u2",
        "created user:u3",
        "deleted group:g1:member:user:u2",
        "created group:g1:member:user:u3",
    ];
    assert_eq!(changes.iter().map(short).collect::<Vec<_>>(), expected);
    let fields = json!([{"name": "status", "old": "enabled", "new": "disabled"}]);
    assert_eq!(changes[0]["fields"], fields);
    assert_eq!(diff.err.trim(), "2 created, 2 deleted, 1 changed");
    let table = place.run("snapshot diff x.c1z y.c1z").expect(0).out;
    assert!(table.contains("status: enabled → disabled"), "{table}");
    assert_eq!(place.run("snapshot diff x.c1z x.c1z -o json").expect(0).json(), json!([]));
}

#[test]
fn an_expansion_is_taken_back() {
    let mut expanded = Handmade::new();
    let derived = grant("group:g2:member", "user:u1").immutable();
    expanded.derived = vec![(derived, "group:g1:member")];
    let place = place_with(&expanded);
    let written = place.run("snapshot unexpand x.c1z --out plain.c1z -o json").expect(0).json();
    assert_eq!(written["dropped"], 1);
    let stats = place.run("snapshot stats plain.c1z -o json");
    let stats = stats.expect(0).json();
    let found = ["grants", "derived_grants", "expandable_grants"].map(|name| &stats[name]);
    assert_eq!(found, [4, 0, 2]);
}

#[test]
fn a_long_list_is_printed_while_it_is_read() {
    let mut many = Handmade::new();
    many.resources.extend((0..5000).map(|n| user(&format!("many-{n:05}"), "One of many")));
    let place = place_with(&many);
    let all = place.run("snapshot resources x.c1z").expect(0).out;
    assert_eq!(all.lines().count(), 5006, "a header and a line for each");
    assert!(all.lines().all(|line| line.split('\t').count() == 6), "by tabs");

    // A reader may stop early.
    let mut command = place.command();
    command.args(["snapshot", "resources", "x.c1z", "-o", "csv"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let (mut child, mut first) = (command.spawn().expect("started"), String::new());
    BufReader::new(child.stdout.take().expect("an output")).read_line(&mut first).expect("a line");
    let output = child.wait_with_output().expect("ended");
    let found = (first.as_str(), output.status.code());
    assert_eq!(found, ("id,display_name,type,status,e-mail,parent\n", Some(0)));
    assert!(output.stderr.is_empty());
}
