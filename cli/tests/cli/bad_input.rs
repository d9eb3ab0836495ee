//! Wrong input, each with its message, its fix and its exit code.

use crate::support::{Handmade, Place};

fn place() -> Place {
    let place = Place::new()
        .var("BATON_API_KEY", "k")
        .var("BATON_BASE_URL", "http://127.0.0.1:9");
    Handmade::new().write(&place.path("good.c1z"));
    let good = std::fs::read(place.path("good.c1z")).expect("readable");
    std::fs::write(place.path("cut.c1z"), &good[..good.len() / 2]).expect("written");
    std::fs::write(place.path("empty.c1z"), "").expect("written");
    std::fs::write(place.path("other.c1z"), "PK something else").expect("written");
    std::fs::write(place.path("v3.c1z"), "C1Z3\0more").expect("written");
    std::fs::write(place.path("list.json"), "[]").expect("written");
    std::fs::write(place.path("text.json"), "hello").expect("written");
    std::fs::write(
        place.path("field.json"),
        r#"{"entitlement":"a:b:c","principal":"d:e","dryrun":true}"#,
    )
    .expect("written");
    place
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    let place = place();
    let cases = [
        ("", "Usage: rollcall"),
        ("sync", "<CONNECTOR>"),
        ("sync nosuch", "possible values: temporalcloud, "),
        (
            "snapshot stats --connector nosuch",
            "possible values: temporalcloud, ",
        ),
        ("grant temporalcloud", "--entitlement"),
        ("grant temporalcloud --entitlement a:b:c", "--principal"),
        (
            "grant temporalcloud --event - --principal a:b",
            "cannot be used with",
        ),
        (
            "sync temporalcloud --sync-id a --accept b",
            "cannot be used with",
        ),
        (
            "create-account temporalcloud --email a@b --profile x",
            "is not KEY=VALUE",
        ),
        (
            "create-account temporalcloud --email a@b --profile 'x:={'",
            "does not hold JSON",
        ),
        ("snapshot stats s3://bucket", "names a bucket and no object"),
        (
            "snapshot stats good.c1z -o xml",
            "possible values: table, json, csv",
        ),
        ("snapshot unexpand good.c1z", "--out"),
    ];
    for (arguments, message) in cases {
        let ran = place.run(arguments).expect(2);
        assert!(ran.err.contains(message), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn what_fails_ends_with_1_and_says_what_to_do() {
    let place = place();
    let cases = [
        ("snapshot stats cut.c1z", "truncated"),
        ("snapshot stats empty.c1z", "is empty"),
        ("snapshot stats other.c1z", "not a .c1z file"),
        ("snapshot stats v3.c1z", "version 3"),
        ("snapshot stats nowhere.c1z", "could not open nowhere.c1z"),
        ("snapshot diff good.c1z cut.c1z", "cut.c1z is truncated"),
        ("snapshot stats", "there is no snapshot yet"),
        (
            "snapshot stats 2Zk0000000000000000000000AA",
            "there is no snapshot sync 2Zk",
        ),
        (
            "snapshot access user:nobody good.c1z",
            "has no principal `user:nobody`",
        ),
        (
            "snapshot grants good.c1z --principal nobody",
            "`nobody` is not a valid principal id",
        ),
        (
            "snapshot grants good.c1z --entitlement x",
            "`x` is not a valid entitlement id",
        ),
        (
            "snapshot resources good.c1z --resource x",
            "`x` is not a resource id",
        ),
        (
            "snapshot manifest good.c1z",
            "could not read the manifest good.json",
        ),
        (
            "snapshot unexpand good.c1z --out no/such/x.c1z",
            "could not write no/such/x.c1z",
        ),
        (
            "sync temporalcloud --connection acme",
            "no secret for connection `acme`",
        ),
        (
            "sync temporalcloud --connection 'No Good'",
            "is not a valid connection name",
        ),
        (
            "sync temporalcloud --store ftp://x",
            "must be a folder or s3://",
        ),
        (
            "grant temporalcloud --event nowhere.json",
            "could not read the event from nowhere.json",
        ),
        (
            "grant temporalcloud --event list.json",
            "is JSON, but not an object",
        ),
        ("grant temporalcloud --event text.json", "is not JSON"),
        (
            "grant temporalcloud --event field.json",
            "unknown field `dryrun`",
        ),
        (
            "grant temporalcloud --entitlement x --principal a:b",
            "`x` is not a valid entitlement id",
        ),
        (
            "grant temporalcloud --entitlement a:b:c --principal x",
            "`x` is not a valid principal id",
        ),
    ];
    for (arguments, message) in cases {
        let ran = place.run(arguments).expect(1);
        assert!(ran.err.contains(message), "{arguments:?}: {}", ran.err);
        assert!(
            ran.err.lines().any(|line| line.starts_with("error[")),
            "{arguments:?}: {}",
            ran.err
        );
        assert!(
            ran.err.lines().any(|line| line.starts_with("fix: ")),
            "{arguments:?}: {}",
            ran.err
        );
    }
}

#[test]
fn an_error_has_its_code_and_is_json_where_results_are() {
    let place = place();
    let ran = place.run("snapshot stats cut.c1z").expect(1);
    let for_people = ran.err.lines().next().expect("a line").to_owned();
    let json = place.run("snapshot stats cut.c1z -o json").expect(1);
    let last = json.err.lines().last().expect("a line");
    let error: serde_json::Value = serde_json::from_str(last).expect("JSON");
    let text = |key: &str| {
        error[key]
            .as_str()
            .unwrap_or_else(|| panic!("no {key}: {last}"))
    };
    assert_eq!(
        for_people,
        format!("error[{}]: {}", text("code"), text("message"))
    );
    assert!(
        ran.err.contains(&format!("fix: {}", text("fix"))),
        "{}",
        ran.err
    );
    assert!(!text("type").is_empty() && error["retry_at"].is_null() && error["sync_id"].is_null());

    std::fs::write(place.path("field.json"), r#"{"connection":"b"}"#).expect("written");
    let ran = place.run("grant temporalcloud --event field.json --connection a -o json");
    let ran = ran.expect(2);
    assert!(ran.err.contains(r#""code":"WrongUsage""#), "{}", ran.err);
}

#[test]
fn every_command_explains_itself() {
    let place = place();
    for command in [
        "",
        "sync",
        "grant",
        "revoke",
        "create-account",
        "delete-account",
        "snapshot",
        "doctor",
    ] {
        let help = place.run(&format!("{command} --help")).expect(0).out;
        assert!(help.contains("Examples:"), "{command:?}: {help}");
        assert!(!help.contains("--max-steps"), "what is for tests is hidden");
    }
}
