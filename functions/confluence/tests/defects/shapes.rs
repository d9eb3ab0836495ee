//! Rows that are not as documented: none of them costs the others.

use rollcall_connector::ErrorType;
use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::World;
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{code, desk_of, page, says};
use crate::Desk;

const ROWS: &str = "/wiki/api/v2/spaces/98310/permissions";

fn row(id: &str, principal: Value, operation: Value) -> Value {
    json!({"id": id, "principal": principal, "operation": operation})
}

fn read() -> Value {
    json!({"key": "read", "targetType": "space"})
}

/// A desk before the small site, which answers this to one request.
async fn answering(path: &str, kind: FaultKind) -> Desk {
    let desk = desk_of(World::worked_example()).await;
    let fault = Fault::matching("GET", path, kind).exactly();
    desk.vendor.sim.set_faults(vec![fault]);
    desk
}

fn told(shown: &Shown, warning: &str) {
    let warnings = shown.warnings();
    assert!(
        warnings.iter().any(|w| w.starts_with(warning)),
        "{warning}: {warnings:?}"
    );
}

#[tokio::test]
async fn a_principal_without_an_id_and_a_permission_without_a_name_cost_no_other_row() {
    let rows = json!([
        row("1", json!({"type": "role", "id": null}), read()),
        row("2", json!({"type": "user", "id": null}), read()),
        row(
            "3",
            json!({"type": "user", "id": "712020:c3"}),
            json!({"key": "fly"})
        ),
        row(
            "4",
            json!({"type": "user", "id": "712020:c3"}),
            json!({"key": "fly", "targetType": "kite"})
        ),
        row("5", json!({"type": "toaster", "id": 7}), read()),
        row("6", json!({"type": "user", "id": "712020:a1"}), read()),
    ]);
    let shown = Shown::by(&answering(ROWS, page(rows)).await).await;
    for holder in [
        "access_class:role",
        "access_class:user",
        "access_class:toaster:7",
        "user:712020:a1",
    ] {
        shown.grant(&format!("space:98310:read-space:{holder}"));
    }
    told(
        &shown,
        "UnknownPermission: row 3 of space 98310 does not say what user:712020:c3 may do",
    );
    told(&shown, "ExcludedByConfiguration: 1 ");
    told(
        &shown,
        "UnknownValue: access is held by principals of the kind `toaster`",
    );
}

/// What nobody holds is nobody's concern.
#[tokio::test]
async fn a_role_that_the_site_does_not_list_is_told_of_where_somebody_has_it() {
    let desk = desk_of(World::with_roles()).await;
    desk.vendor.sim.with_world(|w| {
        w.set_role(98310, "user", "712020:c3", "r9");
    });
    let shown = Shown::by(&desk).await;
    told(
        &shown,
        "DanglingReference: somebody has the role r9 on space 98310",
    );
    shown.grant("space_role_assignment:98310:r9:assigned:user:712020:c3");
    let quiet = Shown::by(&desk_of(World::with_roles()).await).await;
    assert!(
        !quiet
            .warnings()
            .iter()
            .any(|w| w.starts_with("DanglingReference") || w.starts_with("Unknown")),
        "{:?}",
        quiet.warnings()
    );
}

#[tokio::test]
async fn a_row_of_the_search_without_an_account_costs_nobody_else() {
    let rows = json!([
        {"title": "?"},
        {"user": null},
        {"user": "712020:x"},
        {"user": {"type": "anonymous", "displayName": "Anonymous"}},
        {"user": {"accountId": "712020:odd", "displayName": {"text": "O"}, "isGuest": "no"}},
    ]);
    let desk = desk_of(World::worked_example()).await;
    let found = says(200, json!({"results": rows, "_links": {}}));
    let path = "/wiki/rest/api/search/user";
    desk.vendor
        .sim
        .set_faults(vec![Fault::nth_matching(1, "GET", path, found)]);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.resource("user:712020:odd").display_name, "712020:odd");
    told(
        &shown,
        "UnreadableRow: a row of the user search shows no account; a row of the user search, `Anonymous`, has no account id",
    );
    told(&shown, "UnreadableField: `displayName` of user 712020:odd");
    shown.resource("user:712020:a1");
}

#[tokio::test]
async fn what_decides_nothing_may_have_any_form() {
    let space = |id: &str, created: Value| json!({"id": id, "key": format!("K{id}"), "name": 5, "type": [], "status": {}, "createdAt": created, "_links": {"webui": 1}});
    let spaces = json!([
        space("98310", json!("")),
        space("98311", json!("03/01/2026")),
        space("5", json!({"epoch": 1})),
        space("6", Value::Null),
    ]);
    let desk = answering("/wiki/api/v2/spaces", page(spaces)).await;
    desk.vendor.sim.with_world(|w| {
        for id in [5, 6] {
            w.add_space(id, "K", "K", "global");
            w.grant(id, "user", "712020:a1", "read/space");
        }
    });
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.count("space"), 4);
    told(&shown, "UnreadableField: ");
    shown.grant("space:98311:read-space:user:712020:a1");
    let groups = json!([{"id": "22-eng", "name": 7, "managedBy": [], "usageType": {}}]);
    let shown = Shown::by(&answering("/wiki/rest/api/group", page(groups)).await).await;
    assert_eq!(shown.resource("group:22-eng").display_name, "22-eng");
}

/// Who somebody is and what they may do is not guessed.
#[tokio::test]
async fn identity_and_rights_of_another_form_fail_the_run() {
    let principal = json!({"type": "user", "id": "712020:a1"});
    for (path, rows) in [
        (ROWS, json!([row("1", Value::Null, read())])),
        (ROWS, json!([row("1", json!({"id": "712020:a1"}), read())])),
        (
            ROWS,
            json!([row(
                "1",
                json!({"type": "user", "id": ["712020:a1"]}),
                read()
            )]),
        ),
        (ROWS, json!([row("1", principal, Value::Null)])),
        ("/wiki/rest/api/group", json!([{"name": "eng"}])),
        (
            "/wiki/rest/api/group/22-eng/membersByGroupId",
            json!([{"displayName": "Ada"}]),
        ),
        ("/wiki/api/v2/spaces", json!([{"key": "ENG"}])),
    ] {
        let desk = answering(path, page(rows.clone())).await;
        let error = desk.sync().await.expect_err(path);
        assert_eq!(error.kind(), ErrorType::Internal, "{path} {rows}: {error}");
        assert!(!desk.is_published());
    }
}

/// Every site has groups, and the token's account is somewhere.
#[tokio::test]
async fn lists_that_cannot_be_empty_are_not_taken_for_the_truth() {
    let none = || page(json!([]));
    let desk = answering("/wiki/rest/api/group", none()).await;
    assert_eq!(code(desk.sync().await), "EmptyList");
    assert!(!desk.is_published());
    let desk = desk_of(World::worked_example()).await;
    desk.vendor.sim.with_world(|w| {
        w.edit_user("712020:a1", |ada| ada["indexed"] = false.into());
        for group in w.groups.values_mut() {
            group.members.remove("712020:a1");
        }
        w.edit_space(98311, |space| space.permissions.clear());
        w.edit_space(98310, |space| {
            space.permissions.retain(|row| row.who != "user:712020:a1")
        });
    });
    told(&Shown::by(&desk).await, "CallerNotListed: ");
}
