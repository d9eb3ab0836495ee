//! Rows of a form that the documentation does not have: what decides nothing is left out and told of, and what says who
//! somebody is or what they may do is never guessed.

use rollcall_harness::shown::Shown;
use rollcall_simulators::FaultKind;
use rollcall_simulators::northflank::{ENGINEERING_ID, OPERATIONS_ID};
use serde_json::{Value, json};

use crate::defects::{DEVELOPERS, engineers, failure, fault, small, small_with};

/// What a list answers in the small organization, with another value for a field of the first row.
fn with(path: &str, field: &str, value: &Value) -> FaultKind {
    let roles = || {
        json!([
            {"id": "developer", "name": "Developer", "directoryGroups": [ENGINEERING_ID]},
            {"id": "org-admin", "name": "Org Admin"},
        ])
    };
    let mut data = match path {
        "/v1/org-members" => {
            json!({"members": [{"id": "alice-w"}, {"id": "bob-k"}, {"id": "carol-p"}]})
        }
        "/v1/org-roles" => json!({"roles": roles()}),
        "/v1/directory-groups" => {
            json!({"directoryGroups": [{"id": ENGINEERING_ID}, {"id": OPERATIONS_ID}]})
        }
        DEVELOPERS => json!({"members": [
            {"id": "alice-w", "type": "implicit"}, {"id": "bob-k", "type": "explicit"}, {"id": "carol-p", "type": "implicit"},
        ]}),
        _ => json!({"members": [{"id": "alice-w"}, {"id": "carol-p"}]}),
    };
    let mut rows = data.as_object_mut().expect("data").values_mut();
    rows.next().expect("rows")[0][field] = value.clone();
    FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(json!({"data": data, "pagination": {"hasNextPage": false, "count": 1}})),
    }
}

/// One row of an unknown form must not keep everybody else from being shown, nor be dropped for it.
#[tokio::test]
async fn a_field_that_decides_nothing_fails_nothing_in_any_form_and_is_reported() {
    let whole = Shown::by(&small().await).await;
    let dates = [json!(""), json!("soon"), json!(7)];
    let others = [json!(7), json!([7])];
    for (path, field, odd) in [
        ("/v1/org-members", "joinedAt", dates.as_slice()),
        ("/v1/org-members", "name", &others),
        (
            "/v1/org-members",
            "emails",
            &[json!("a@x.io"), json!(["a@x.io"]), json!([{"address": 7}])],
        ),
        ("/v1/org-members", "finalized", &[json!("yes"), json!(1)]),
        ("/v1/org-roles", "createdAt", &dates),
        ("/v1/org-roles", "updatedAt", &dates),
        ("/v1/org-roles", "name", &others),
        ("/v1/org-roles", "description", &others),
        (
            "/v1/org-roles",
            "restrictions",
            &[json!("none"), json!({"enabled": "no"})],
        ),
        ("/v1/directory-groups", "createdAt", &dates),
        ("/v1/directory-groups", "updatedAt", &dates),
        ("/v1/directory-groups", "name", &others),
        ("/v1/directory-groups", "idpId", &others),
    ] {
        for value in odd.iter().chain([&json!(null)]) {
            let what = format!("{field} of {path} is {value}");
            let desk = small().await;
            // What is written here leaves the links of a role to groups as they are.
            let value = value.clone();
            fault(&desk, path, with(path, field, &value));
            let shown = Shown::by(&desk).await;
            assert_eq!(shown.direct(), whole.direct(), "{what}");
            let told = shown.warnings().into_iter();
            let told: Vec<String> = told.filter(|w| w.starts_with("UnreadableField")).collect();
            assert_eq!(
                told.len(),
                usize::from(!value.is_null()),
                "{what}: {told:?}"
            );
            assert!(
                told.iter().all(|w| w.contains(&format!("`{field}` of "))),
                "{told:?}"
            );
        }
    }
}

/// Who somebody is, and what they may do, is never guessed. Whoever has no account has `null` for an id.
#[tokio::test]
async fn a_row_whose_id_or_right_is_of_another_form_publishes_nothing() {
    for (path, field, value) in [
        ("/v1/org-members", "id", json!(null)),
        ("/v1/org-roles", "id", json!(7)),
        ("/v1/org-roles", "directoryGroups", json!("all")),
        ("/v1/org-roles", "directoryGroups", json!([null])),
        ("/v1/directory-groups", "id", json!(null)),
        (DEVELOPERS, "id", json!(null)),
        (DEVELOPERS, "type", json!(["explicit"])),
        (&engineers(), "id", json!(7)),
    ] {
        let desk = small().await;
        fault(&desk, path, with(path, field, &value));
        let error = failure(&desk, field).await;
        assert_eq!(
            error.code(),
            "UnexpectedAnswer",
            "{field} of {path} is {value}: {error}"
        );
    }
    let desk = small().await;
    fault(&desk, &engineers(), FaultKind::without("data/members/*/id"));
    let error = failure(&desk, "no id").await;
    assert_eq!(error.code(), "UnexpectedAnswer", "{error}");
}

/// To drop it would hide access; to take it for `implicit` could, too.
#[tokio::test]
async fn a_way_to_have_a_role_that_nobody_knows_is_a_grant_of_its_own_and_counted() {
    let desk = small().await;
    fault(
        &desk,
        DEVELOPERS,
        with(DEVELOPERS, "type", &json!("inherited")),
    );
    let shown = Shown::by(&desk).await;
    assert!(shown.grant("role:developer:assigned:user:alice-w").direct);
    let told = "UnknownValue: 1 members of roles have them in a way";
    let warnings = shown.warnings();
    assert!(warnings.iter().any(|w| w.starts_with(told)), "{warnings:?}");
}

#[tokio::test]
async fn a_name_of_blanks_is_replaced_by_the_id_in_entitlements_too() {
    let desk = small_with(|w| {
        w.edit_group(OPERATIONS_ID, |group| group.name = Some("  ".to_owned()))
            .add_role("blank", " ")
            .edit_member("bob-k", |bob| bob.name = Some(" Bob  K ".to_owned()));
    })
    .await;
    let shown = Shown::by(&desk).await;
    for (id, name) in [
        (
            format!("group:{OPERATIONS_ID}:member"),
            format!("{OPERATIONS_ID} group member"),
        ),
        ("role:blank:assigned".to_owned(), "blank role".to_owned()),
    ] {
        assert_eq!(shown.entitlement(&id).display_name, name);
    }
    assert_eq!(shown.resource("user:bob-k").profile["first_name"], "Bob");
}
