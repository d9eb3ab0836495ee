//! The part of the Open Cybersecurity Schema Framework 1.5.0 that changes use, written down from its pages
//! (<https://schema.ocsf.io/1.5.0/classes/user_access>), and a check of events by it. What is not listed is not allowed.

use serde_json::{Value, json};

/// Attributes and their types. `!`: required; `[]`: a list; `any`: an object of our own.
const EVENT: &str = "activity_id! integer, activity_name string, category_uid! integer, category_name string, \
    class_uid! integer, class_name string, end_time integer, message string, metadata! metadata, \
    severity_id! integer, severity string, start_time integer, status_id integer, status string, time! integer, \
    type_uid! integer, unmapped any";

/// Classes: number, name, attributes of their own, activities.
const CLASSES: [(u64, &str, &str, &str); 3] = [
    (
        3001,
        "Account Change",
        "user! user, user_result user",
        "0 Unknown, 1 Create, 2 Enable, 3 Password Change, 4 Password Reset, 5 Disable, 6 Delete, 7 Attach Policy, \
         8 Detach Policy, 9 Lock, 10 MFA Factor Enable, 11 MFA Factor Disable, 12 Unlock, 99 Other",
    ),
    (
        3004,
        "Entity Management",
        "entity! managed_entity, entity_result managed_entity",
        "0 Unknown, 1 Create, 2 Read, 3 Update, 4 Delete, 5 Move, 6 Enroll, 7 Unenroll, 8 Enable, 9 Disable, \
         10 Activate, 11 Deactivate, 12 Suspend, 13 Resume, 99 Other",
    ),
    (
        3005,
        "User Access Management",
        "privileges! string[], resources resource_details[], user! user",
        "0 Unknown, 1 Assign Privileges, 2 Revoke Privileges, 99 Other",
    ),
];

/// Objects: name, attributes, and those of which there must be one.
const OBJECTS: [(&str, &str, &[&str]); 5] = [
    (
        "metadata",
        "log_name string, log_provider string, product! product, sequence integer, tenant_uid string, uid string, \
         version! string",
        &[],
    ),
    ("product", "name string, uid string, vendor_name string, version string", &["name", "uid"]),
    (
        "user",
        "display_name string, email_addr string, has_mfa boolean, name string, type string, type_id integer, \
         uid string, uid_alt string",
        &["account", "name", "uid"],
    ),
    ("resource_details", "name string, type string, uid string, uid_alt string", &["name", "uid"]),
    (
        "managed_entity",
        "data any, name string, type string, type_id integer, uid string, version string",
        &["name", "uid", "device", "group", "org", "policy", "user"],
    ),
];

/// Attributes with a closed list of values.
const ENUMS: [(&str, &str, &[u64]); 4] = [
    ("event", "severity_id", &[0, 1, 2, 3, 4, 5, 6, 99]),
    ("event", "status_id", &[0, 1, 2, 99]),
    ("user", "type_id", &[0, 1, 2, 3, 99]),
    ("managed_entity", "type_id", &[0, 1, 2, 3, 4, 5, 6, 7, 99]),
];

/// What is wrong with an event.
pub(crate) fn faults(event: &Value) -> Vec<String> {
    let class = CLASSES.iter().find(|(uid, ..)| event["class_uid"] == *uid);
    let Some((uid, name, own, activities)) = class else {
        return vec![format!("class_uid: {}", event["class_uid"])];
    };
    let mut faults = Vec::new();
    attributes("event", event, &format!("{EVENT}, {own}"), &[], &mut faults);
    let id = event["activity_id"].as_u64().unwrap_or(1000);
    let number = format!("{id} ");
    let caption = activities.split(", ").find_map(|one| one.strip_prefix(&number));
    let equal = |field: &str, expected: Value| event[field] == expected;
    for (is_right, what) in [
        (caption.is_some(), "activity_id"),
        (id == 99 || equal("activity_name", json!(caption)), "activity_name"),
        (equal("class_name", json!(name)), "class_name"),
        (equal("category_uid", json!(3)), "category_uid"),
        (equal("category_name", json!("Identity & Access Management")), "category_name"),
        (equal("type_uid", json!(uid * 100 + id)), "type_uid"),
        (event["metadata"]["version"] == "1.5.0", "version"),
    ] {
        if !is_right {
            faults.push(what.to_owned());
        }
    }
    faults
}

fn attributes(of: &str, object: &Value, known: &str, one_of: &[&str], faults: &mut Vec<String>) {
    let Some(fields) = object.as_object() else {
        return faults.push(format!("{of} is no object"));
    };
    let known: Vec<(&str, &str)> =
        known.split(", ").filter_map(|one| one.split_once(' ')).collect();
    for (name, _) in known.iter().filter(|(name, _)| name.ends_with('!')) {
        if !fields.contains_key(name.trim_end_matches('!')) {
            faults.push(format!("{of}.{name} is missing"));
        }
    }
    if !one_of.is_empty() && !one_of.iter().any(|name| fields.contains_key(*name)) {
        faults.push(format!("{of} has none of {one_of:?}"));
    }
    for (name, value) in fields {
        let found = known.iter().find(|(known, _)| known.trim_end_matches('!') == name);
        match found {
            None => faults.push(format!("{of}.{name} is unknown")),
            Some((_, kind)) => typed(&format!("{of}.{name}"), value, kind, faults),
        }
        let listed =
            ENUMS.iter().find(|(object, attribute, _)| (*object, *attribute) == (of, &**name));
        if let Some((.., values)) = listed
            && !value.as_u64().is_some_and(|value| values.contains(&value))
        {
            faults.push(format!("{of}.{name}: {value}"));
        }
    }
}

fn typed(what: &str, value: &Value, kind: &str, faults: &mut Vec<String>) {
    if let Some(kind) = kind.strip_suffix("[]") {
        let Some(entries) = value.as_array() else {
            return faults.push(format!("{what} is no list"));
        };
        return entries.iter().for_each(|entry| typed(what, entry, kind, faults));
    }
    let is_right = match kind {
        "string" => value.as_str().is_some_and(|text| !text.is_empty()),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "any" => value.is_object(),
        object => {
            let known = OBJECTS.iter().find(|(name, ..)| *name == object).expect("an object");
            return attributes(object, value, known.1, known.2, faults);
        }
    };
    if !is_right {
        faults.push(format!("{what}: {value}"));
    }
}

#[test]
fn the_check_of_events_can_fail() {
    let user = json!({"uid": "user:u1", "type_id": 1});
    let event = json!({
        "activity_id": 1, "activity_name": "Assign Privileges", "category_uid": 3,
        "category_name": "Identity & Access Management", "class_uid": 3005, "class_name": "User Access Management",
        "metadata": {"version": "1.5.0", "product": {"name": "x"}}, "privileges": ["p"], "severity_id": 1, "time": 1,
        "type_uid": 300_501, "user": user, "resources": [{"uid": "x:y"}],
    });
    assert_eq!(faults(&event), Vec::<String>::new());
    for (path, value) in [
        ("/activity_id", json!(5)),
        ("/activity_name", json!("Assign Role")),
        ("/class_uid", json!(3006)),
        ("/class_name", json!("x")),
        ("/type_uid", json!(1)),
        ("/severity_id", json!(7)),
        ("/time", json!("2026-01-01")),
        ("/privileges", json!("p")),
        ("/privileges/0", json!("")),
        ("/metadata", json!({})),
        ("/metadata/version", json!("1.4.0")),
        ("/metadata/product", json!({"vendor_name": "x"})),
        ("/user", json!({"type_id": 1})),
        ("/user/type_id", json!(9)),
        ("/resources/0", json!({"uid": "x", "colour": "red"})),
    ] {
        let mut wrong = event.clone();
        *wrong.pointer_mut(path).expect("a field") = value;
        assert!(!faults(&wrong).is_empty(), "{path}");
    }
    for name in ["user", "privileges", "time", "metadata"] {
        let mut wrong = event.clone();
        wrong.as_object_mut().expect("an object").remove(name);
        assert!(!faults(&wrong).is_empty(), "{name}");
    }
}
