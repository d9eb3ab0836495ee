//! Tests of events that do not match their schema.

use super::*;
use serde_json::json;

#[test]
fn a_field_too_many_is_an_error() {
    let event =
        json!({"request_id": "r", "entitlement": "a:b:c", "principal": "d:e", "dryrun": true});
    let error = parse::<ChangeEvent>(&event).expect_err("malformed");
    assert!(error.to_string().contains("dryrun"), "{error}");
}

#[test]
fn a_list_is_no_event() {
    for event in [json!([]), json!(["default", "r", "a:b:c", "d:e"]), json!("default"), json!(null)]
    {
        assert!(parse::<ChangeEvent>(&event).is_err(), "{event}");
        assert!(parse::<SyncEvent>(&event).is_err(), "{event}");
    }
    let event = json!({"request_id": "r", "account": ["a@b"]});
    assert!(parse::<CreateEvent>(&event).is_err());
}

#[test]
fn names_that_become_keys_are_checked() {
    for good in ["default", "a", "0-x", &"a".repeat(63)] {
        assert!(check_connection(good).is_ok(), "{good}");
    }
    for bad in ["", "-a", "A", "a/b", "..", "a b", &"a".repeat(64)] {
        assert!(check_connection(bad).is_err(), "{bad}");
    }
    for bad in ["", "a/b", "..", "a b", &"a".repeat(65)] {
        assert!(check_request_id(bad).is_err(), "{bad}");
    }
}
