//! `rollcall export`.

use crate::support::{Handmade, Place, user};

fn place() -> Place {
    let (place, mut handmade) = (Place::new(), Handmade::new());
    handmade.resources.push(user("u7", "=cmd\u{202e}\u{1b}[2J"));
    handmade.write(&place.path("x.c1z"));
    place
}

#[test]
fn a_name_acts_neither_in_a_spreadsheet_nor_on_a_terminal_that_shows_the_file() {
    let place = place();
    let read = |format: &str| {
        place.run(&format!("export x.c1z --out o --format {format}")).expect(0);
        std::fs::read_to_string(place.path(&format!("o/resources.{format}"))).expect("a file")
    };
    let csv = read("csv");
    assert!(csv.contains(r",user:u7,user,'=cmd\u{202e}\u{1b}[2J,,"), "{csv}");
    let jsonl = read("jsonl");
    let line = jsonl.lines().last().expect("a line");
    assert!(!jsonl.contains('\u{202e}') && line.contains(r"=cmd\u202e\u001b[2J"), "{line}");
    let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(
        (&row["display_name"], &row["traits"]),
        (&"=cmd\u{202e}\u{1b}[2J".into(), &serde_json::json!(["user"]))
    );
    assert!(row["connector"].is_null() && row["synced_at"] == "2026-01-02T03:04:05.000Z", "{line}");
}

#[test]
fn only_the_given_tables_are_written_and_files_are_replaced_only_on_demand() {
    let place = place();
    let out = place.run("export x.c1z --table grants --table changes --out a/b").expect(0).out;
    assert_eq!(out, "a/b/grants.parquet: 4 rows\na/b/changes.parquet: 0 rows\n");
    let names = || std::fs::read_dir(place.path("a/b")).expect("a folder").count();
    assert_eq!(names(), 2);
    std::fs::write(place.path("a/b/grants.parquet"), "mine").expect("written");
    let err = place.run("export x.c1z --out a/b").expect(1).err;
    assert!(err.contains("error[TableNotWritten]: could not write a/b/grants.parquet"), "{err}");
    assert!(err.contains("fix: Name another folder with --out, or use --replace."), "{err}");
    assert_eq!(std::fs::read(place.path("a/b/grants.parquet")).expect("a file"), b"mine");
    assert_eq!(names(), 2);
    place.run("export x.c1z --out a/b --replace").expect(0);
    assert_eq!(names(), 4);
    assert!(std::fs::read(place.path("a/b/grants.parquet")).expect("a file").starts_with(b"PAR1"));
}
