//! Wrong input, each with its message, its fix and its exit code.

use crate::support::{Handmade, Place};

const USAGE: &str = "
 => Usage: rollcall
sync => <CONNECTOR>
sync nosuch => possible values: temporalcloud,
create-account confluence --email a@b => possible values: temporalcloud]
snapshot access temporalcloud => the principal is missing
grant temporalcloud => --entitlement
grant temporalcloud --entitlement a:b:c => --principal
grant temporalcloud --event - --principal a:b => cannot be used with
sync temporalcloud --sync-id a --accept b => cannot be used with
create-account temporalcloud --email a@b --profile x => is not KEY=VALUE
create-account temporalcloud --email a@b --profile 'x:={' => does not hold JSON
offboard => <EMAIL>
offboard ada => `ada` is not an e-mail address
offboard a@b --plan plan.json => cannot be used with
offboard --plan plan.json --out x => cannot be used with
offboard a@b --yes => --apply
review => Usage: rollcall review
review new => --out
review new --connector nosuch --out x => invalid value 'nosuch'
review apply => <DIR>
review apply x --yes => --apply
snapshot stats s3://bucket => names a bucket and no object
snapshot stats good.c1z -o xml => possible values: table, json, csv
snapshot unexpand good.c1z => --out
export good.c1z => --out
export good.c1z --out x --table people => possible values: resources, entitlements, grants, changes]
export good.c1z --out x --format xml => invalid value 'xml'
export good.c1z --out x --partitioned => needs a snapshot in a store";

const FAILS: &str = "
snapshot stats cut.c1z => truncated
snapshot stats empty.c1z => is empty
snapshot stats other.c1z => not a .c1z file
snapshot stats v3.c1z => version 3
snapshot stats nowhere.c1z => could not open nowhere.c1z
snapshot diff good.c1z cut.c1z => cut.c1z is truncated
snapshot stats => there is no snapshot yet
access a@b => there is no snapshot yet
offboard a@b => there is no snapshot yet
review new --out x => there is no snapshot yet
review verify ../x => the store has no review `../x`
offboard a@b --connection 'No Good' => is not a valid connection name
offboard --plan nowhere.json => could not read the plan nowhere.json
offboard --plan text.json => text.json is not a plan
offboard --plan field.json --apply => unknown field `entitlement`
offboard --plan altered.json --apply => the plan altered.json was altered
snapshot stats temporalcloud => there is no snapshot yet: ./rollcall-data/latest/temporalcloud/default.json
snapshot stats 2Zk0000000000000000000000AA => there is no snapshot of sync 2Zk
snapshot access good.c1z user:nobody => has no principal `user:nobody`
snapshot grants good.c1z --principal nobody => has no principal `nobody`
snapshot grants good.c1z --entitlement x => `x` is not a valid entitlement id
snapshot resources good.c1z --resource x => `x` is not a valid resource id
snapshot manifest good.c1z => could not read the manifest good.json
snapshot unexpand good.c1z --out no/such/x.c1z => could not write no/such/x.c1z
snapshot unexpand good.c1z --out good.c1z => Choose another name
export good.c1z --out good.c1z/x => could not write good.c1z/x/resources.parquet
sync temporalcloud --connection acme => no secret for connection `acme`
sync temporalcloud --connection 'No Good' => is not a valid connection name
sync temporalcloud --store ftp://x => must be a folder or s3://
grant temporalcloud --event nowhere.json => could not read the event from nowhere.json
grant temporalcloud --event list.json => is JSON, but not an object
grant temporalcloud --event text.json => is not JSON
grant temporalcloud --event field.json => unknown field `dryrun`
grant temporalcloud --entitlement x --principal a:b => `x` is not a valid entitlement id
grant temporalcloud --entitlement a:b:c --principal x => `x` is not `type:id`, and temporalcloud/default has no snapshot";

fn place() -> Place {
    let place = Place::new().var("BATON_API_KEY", "k").var("BATON_BASE_URL", "http://127.0.0.1:9");
    Handmade::new().write(&place.path("good.c1z"));
    let good = std::fs::read(place.path("good.c1z")).expect("readable");
    let field = br#"{"entitlement":"a:b:c","principal":"d:e","dryrun":true}"#;
    let plan = br#"{"id":"0","person":"a@b","snapshots":[],"unreadable":[],"accounts":[],"steps":[],"elsewhere":[],"inherited":[]}"#;
    for (name, content) in [
        ("cut.c1z", &good[..good.len() / 2]),
        ("empty.c1z", b""),
        ("other.c1z", b"PK something else"),
        ("v3.c1z", b"C1Z3\0more"),
        ("list.json", b"[]"),
        ("text.json", b"hello"),
        ("field.json", field),
        ("altered.json", plan),
    ] {
        std::fs::write(place.path(name), content).expect("written");
    }
    place
}

#[test]
fn wrong_input_says_what_is_wrong_and_what_to_do() {
    let place = place();
    for (table, code) in [(USAGE, 2), (FAILS, 1)] {
        for row in table.lines().skip(1) {
            let (arguments, message) = row.split_once(" => ").expect("a message");
            let err = place.run(arguments).expect(code).err;
            assert!(err.contains(message), "{row}: {err}");
            let has = |start: &str| err.lines().any(|line| line.starts_with(start));
            let is_told = code == 2 || (has("error[") && has("fix: "));
            assert!(is_told, "{row}: {err}");
        }
    }
}

#[test]
fn an_error_has_its_code_and_is_json_where_results_are() {
    let place = place();
    let err = place.run("snapshot stats cut.c1z").expect(1).err;
    let json = place.run("snapshot stats cut.c1z -o json").expect(1).err;
    let last = json.lines().last().expect("a line");
    let error: serde_json::Value = serde_json::from_str(last).expect("JSON");
    let text = |key: &str| error[key].as_str().expect("text");
    assert_eq!(err.lines().next(), Some(&*format!("error[{}]: {}", text("code"), text("message"))));
    assert!(err.contains(&format!("fix: {}", text("fix"))), "{err}");
    assert_eq!(text("type"), "InvalidRequest");
    assert!(error["retry_at"].is_null() && error["sync_id"].is_null());

    std::fs::write(place.path("field.json"), r#"{"connection":"b"}"#).expect("written");
    let ran = place.run("grant temporalcloud --event field.json --connection a -o json");
    let err = ran.expect(2).err;
    assert!(err.contains(r#""code":"WrongUsage""#), "{err}");
    let err = place.run("sync nosuch -o json").expect(2).err;
    let error: serde_json::Value = serde_json::from_str(&err).expect("JSON");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("nosuch") && text.ends_with(']')),
        "{err}"
    );
}

#[test]
fn an_empty_store_is_the_same_error_however_it_is_given() {
    let by_option = place().run("sync temporalcloud --store ''").expect(1).err;
    let by_variable = place().var("ROLLCALL_STORE", "").run("sync temporalcloud").expect(1).err;
    assert_eq!(by_option, by_variable);
}

#[test]
fn every_command_explains_itself_on_one_screen() {
    let place = place().var("COLUMNS", "80");
    let commands = "sync grant revoke create-account delete-account access offboard review snapshot export serve doctor";
    for command in commands.split(' ').chain(["review new", "review apply", "review verify", ""]) {
        let help = place.run(&format!("{command} --help")).expect(0).out;
        assert!(
            help.contains("Examples:") && help.contains("ROLLCALL_STORE"),
            "{command:?}: {help}"
        );
        let widest = help.lines().map(|line| line.chars().count()).max();
        // The variables of all commands are in the help of the program.
        let screen = if command.is_empty() { 56 } else { 40 };
        assert!(help.lines().count() <= screen && widest <= Some(80), "{command:?}: {help}");
        assert!(!help.contains("--max-steps"), "what is for tests is hidden");
    }
}
