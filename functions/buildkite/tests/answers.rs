//! Answers of a form that is not documented.

use std::time::Duration;

use rollcall_connector::clock::{Clock as _, between};
use rollcall_harness::shown::Shown;
use rollcall_simulators::FaultKind;
use rollcall_simulators::buildkite::{
    ADA_ID, BEN_ID, CLEO_ID, DOCUMENTED_SCOPES, EVERYONE_ID, ORGANIZATION, ORGANIZATION_ID,
    PLATFORM_ID, TEST_TOKEN, TokenDates, World,
};
use serde_json::{Value, json};

use crate::world::{Desk, MEMBERS, ORGANIZATIONS, TEAMS, answered, desk_of, said, sync_fails};

const TOKEN: &str = "/v2/access-token";
const EVERYONE: &str =
    "/v2/organizations/acme-inc/teams/e0000000-0000-4000-8000-000000000001/members";

/// What a call answers for the small organization, with another value for a field of the first row.
fn with(path: &str, field: &str, value: &Value) -> FaultKind {
    let mut rows = json!({
        TOKEN: [{"scopes": DOCUMENTED_SCOPES, "user": {"name": "Ada Admin"}}],
        ORGANIZATIONS: [{"id": ORGANIZATION_ID, "name": "Acme Inc", "slug": ORGANIZATION}],
        // Two have the name of the token's owner.
        MEMBERS: [
            {"id": ADA_ID, "name": "Ada Admin", "role": "admin"}, {"id": BEN_ID, "name": "Ada Admin", "role": "member"},
            {"id": CLEO_ID, "name": "Cleo", "role": "member"},
        ],
        TEAMS: [{"id": EVERYONE_ID, "name": "Everyone", "slug": "everyone"}, {"id": PLATFORM_ID, "name": "P", "slug": "p"}],
        EVERYONE: [
            {"user_id": ADA_ID, "role": "maintainer"}, {"user_id": BEN_ID, "role": "member"},
            {"user_id": CLEO_ID, "role": "member"},
        ],
    })[path]
        .take();
    rows[0][field] = value.clone();
    said(200, if path == TOKEN { rows[0].take() } else { rows })
}

/// One row of an unknown form must not keep everybody else from being shown, nor be dropped for it.
#[tokio::test]
async fn an_unreadable_field_without_access_does_not_fail_the_sync_and_is_reported() {
    let whole = Shown::by(&Desk::small().await).await;
    for (path, fields, is_text) in [
        (TOKEN, "expires_at user", false),
        (ORGANIZATIONS, "created_at", false),
        (ORGANIZATIONS, "name", true),
        (MEMBERS, "name email sso_mode", true),
        (TEAMS, "created_at created_by default", false),
        (TEAMS, "name slug description", true),
        (TEAMS, "privacy default_member_role", true),
        (EVERYONE, "user_name", true),
    ] {
        for field in fields.split(' ') {
            for value in [json!("soon"), json!([7]), json!(null)] {
                let what = format!("`{field}` of {path} is {value}");
                let shown = Shown::by(&answered(path, with(path, field, &value)).await).await;
                assert_eq!(shown.direct(), whole.direct(), "{what}");
                let mut told = shown.warnings();
                told.retain(|w| w.starts_with("UnreadableField"));
                let is_odd = value.is_array() || (value.is_string() && !is_text);
                assert_eq!(told.len(), usize::from(is_odd), "{what}: {told:?}");
                assert!(told.iter().all(|w| w.contains(&format!("`{field}` of "))), "{told:?}");
            }
        }
    }
}

/// Who somebody is, and what they may do, is never guessed; nor is a list that is an object an empty one.
#[tokio::test]
async fn a_row_whose_id_or_role_is_of_another_form_publishes_nothing() {
    let lists = [ORGANIZATIONS, MEMBERS, TEAMS, EVERYONE].into_iter();
    let lists = lists.map(|path| (path, said(200, json!({"items": []}))));
    let rows = [
        (TOKEN, "scopes", json!(null)),
        (TOKEN, "scopes", json!("read_teams")),
        (ORGANIZATIONS, "id", json!(null)),
        (ORGANIZATIONS, "slug", json!(null)),
        (MEMBERS, "id", json!(7)),
        (MEMBERS, "role", json!(["admin"])),
        (TEAMS, "id", json!(7)),
        (EVERYONE, "user_id", json!(null)),
        (EVERYONE, "role", json!(7)),
    ];
    let rows = rows.map(|(path, field, value)| (path, with(path, field, &value)));
    for (path, kind) in lists.chain(rows) {
        let what = format!("{kind:?} at {path}");
        sync_fails(&answered(path, kind).await, "UnexpectedAnswer", "", &what).await;
    }
}

/// A new token ends after seven days unless somebody picks another time, and the public connector then stops. The simulator
/// looks at the real date: the moment must be in the future.
#[tokio::test]
async fn a_token_that_expires_soon_is_reported_with_the_time_in_either_spelling() {
    let end = "2100-01-01T00:00:00Z".parse().expect("a time");
    let mut world = World::worked_example();
    world.edit_token(TEST_TOKEN, |token| token.expires_at = Some(end));
    let soon = ["KeyEndsSoon: the key expires at 2100-01-01T00:00:00Z"];
    for dates in [TokenDates::Spaced, TokenDates::Rfc3339] {
        for (hours, told) in [(14 * 24 - 1, soon.as_slice()), (14 * 24, &[])] {
            let desk = desk_of(world.clone(), |o| o.token_dates = dates).await;
            desk.clock.advance(between(desk.clock.now(), end) - Duration::from_secs(hours * 3600));
            assert_eq!(Shown::by(&desk).await.warnings(), told, "{dates:?}");
        }
    }
}
