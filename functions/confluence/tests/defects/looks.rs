//! One look is not enough to say that access is gone.

use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::{RoleMode, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use super::{absent, code, desk_of, grant, modes_unsaid, outcome, page, revoke, says};
use crate::Desk;

const ENG: &str = "group:22-eng";
const BOT: &str = "user:712020:c3";
const CARL: &str = "user:712020:capital";
const ADMIN: &str = "space_role_assignment:98310:r1:assigned";
const VIEWER: &str = "space_role_assignment:98310:r2:assigned";

/// The public connector fails at the first two, and takes the last for the truth.
#[tokio::test]
async fn a_membership_that_one_answer_does_not_show_is_revoked() {
    let gone = || {
        says(
            404,
            json!({"statusCode": 404, "message": "…NotFoundException: No group found with id: 34-open"}),
        )
    };
    let nothing = json!({"results": [], "start": 0, "limit": 200, "size": 0, "_links": {}});
    for (place, kind) in [
        ("/wiki/rest/api/group/by-id", gone()),
        ("/wiki/rest/api/user/memberof", gone()),
        ("/wiki/rest/api/user/memberof", says(200, nothing.clone())),
    ] {
        let desk = Desk::new().await;
        let fault = Fault::nth_matching(1, "GET", place, kind);
        desk.vendor.sim.set_faults(vec![fault]);
        outcome(
            revoke(&desk, "r1", "group:34-open:member", CARL).await,
            "revoked",
        );
        let is_member = |w: &mut World| w.is_member("34-open", "712020:capital");
        assert!(!desk.vendor.sim.with_world(is_member), "{place}");
    }
    // A list of all groups that has none says nothing of one of them.
    let desk = Desk::new().await;
    desk.vendor.sim.set_faults(vec![
        Fault::matching("GET", "/wiki/rest/api/group/by-id", gone()),
        Fault::matching("GET", "/wiki/rest/api/group", says(200, nothing)).exactly(),
    ]);
    assert_eq!(
        code(revoke(&desk, "r1", "group:34-open:member", CARL).await),
        "EmptyList"
    );
}

/// The vendor has one answer for what is deleted and what is hidden from us.
#[tokio::test]
async fn access_to_a_space_that_cannot_be_viewed_is_not_taken_for_gone() {
    let desk = Desk::new().await;
    assert_eq!(
        code(revoke(&desk, "r1", "space:98323:read-space", CARL).await),
        "UnknownEntitlement"
    );
    let desk = desk_of(World::with_roles()).await;
    let hidden = absent("a space with id [98310]");
    let fault = Fault::nth_matching(1, "GET", "/wiki/api/v2/spaces/98310", hidden).exactly();
    desk.vendor.sim.set_faults(vec![fault]);
    assert_eq!(
        code(revoke(&desk, "r1", VIEWER, ENG).await),
        "UnknownEntitlement"
    );
    // A failure is not on record: the same request succeeds later.
    outcome(revoke(&desk, "r1", VIEWER, ENG).await, "revoked");
}

#[tokio::test]
async fn an_empty_list_of_who_is_on_a_space_is_not_taken_for_the_truth() {
    for (mode, what) in [
        (RoleMode::PreRoles, "space:98310:delete-space"),
        (RoleMode::Transition, "space:98310:delete-space"),
        (RoleMode::Transition, VIEWER),
        (RoleMode::Roles, VIEWER),
    ] {
        let mut world = match mode {
            RoleMode::PreRoles => World::worked_example(),
            _ => World::with_roles(),
        };
        world.set_mode(mode);
        let desk = desk_of(world).await;
        let lists = ["permissions", "role-assignments"];
        let empty = |list| {
            let path = format!("/wiki/api/v2/spaces/98310/{list}");
            Fault::matching("GET", &path, page(json!([])))
        };
        desk.vendor.sim.set_faults(lists.map(empty).into());
        let failed = revoke(&desk, "r1", what, ENG).await;
        assert_eq!(code(failed), "EmptyList", "{mode:?} {what}");
        // A sync shows the others, and says of which space it shows nobody.
        let shown = Shown::by(&desk).await;
        let told = "Space 98310 is listed, and nobody is shown to have access to it.";
        assert!(
            shown.warnings().contains(&format!("BlindSpot: {told}")),
            "{:?}",
            shown.warnings()
        );
    }
}

/// Whether rows show what a role gives is not documented.
#[tokio::test]
async fn what_a_role_gives_is_no_missing_permission_whether_rows_show_it_or_not() {
    for (mode, expected) in [
        (RoleMode::Transition, ["HoldsRole", "HoldsRole"]),
        (RoleMode::Roles, ["RolesOnly", "HoldsRole"]),
    ] {
        for (shown, expected) in [true, false].into_iter().zip(expected) {
            let mut world = World::with_roles();
            world.set_mode(mode);
            let desk = desk_of(world).await;
            desk.vendor.sim.set_options(|o| o.rows_of_roles = shown);
            let read = revoke(&desk, "r1", "space:98310:read-space", ENG).await;
            assert_eq!(code(read), expected, "{mode:?}, shown: {shown}");
            // What it does not include is not there.
            let export = revoke(&desk, "r2", "space:98310:export-space", ENG).await;
            outcome(export, "already_revoked");
        }
    }
}

/// Nor is the last administrator another one for that.
#[tokio::test]
async fn the_last_administrator_is_known_by_roles_whether_rows_show_them_or_not() {
    for mode in [RoleMode::Transition, RoleMode::Roles] {
        for shown in [true, false] {
            let mut world = World::with_roles();
            world.set_mode(mode);
            world.edit_space(98310, |space| {
                space.roles.clear();
                space.permissions.clear();
            });
            world.set_role(98310, "user", "712020:c3", "r1");
            world.set_role(98310, "user", "712020:a1", "r2");
            let desk = desk_of(world).await;
            desk.vendor.sim.set_options(|o| o.rows_of_roles = shown);
            let what = format!("{mode:?}, shown: {shown}");
            assert_eq!(
                code(revoke(&desk, "r1", ADMIN, BOT).await),
                "LastAdmin",
                "{what}"
            );
            assert_eq!(
                code(grant(&desk, "r2", VIEWER, BOT).await),
                "LastAdmin",
                "{what}"
            );
            // An empty list of roles is no reason to take anybody for no administrator.
            let roles = "/wiki/api/v2/spaces/98310/role-assignments";
            desk.vendor
                .sim
                .set_faults(vec![Fault::matching("GET", roles, page(json!([])))]);
            let expected = if shown { "LastAdmin" } else { "EmptyList" };
            assert_eq!(
                code(grant(&desk, "r0", VIEWER, BOT).await),
                expected,
                "{what}"
            );
            desk.vendor.sim.clear_faults();
            // Where neither roles nor rows show what they include, nothing is said of who is the last.
            let mute = |w: &mut World| w.roles[0]["spacePermissions"] = json!([]);
            desk.vendor.sim.with_world(mute);
            desk.vendor.sim.with_world(|w| {
                w.set_role(98310, "group", "22-eng", "r1");
            });
            assert_eq!(
                code(revoke(&desk, "r3", ADMIN, BOT).await),
                "AdministratorsNotShown",
                "{what}"
            );
            assert!(desk.writes().is_empty());
        }
    }
    // On the way to roles, an administrator by permissions and one by a role are two.
    let mut world = World::with_roles();
    world.grant(98310, "user", "712020:c3", "administer/space");
    let desk = desk_of(world).await;
    desk.vendor.sim.set_options(|o| o.rows_of_roles = false);
    outcome(
        revoke(&desk, "r1", "space:98310:administer-space", BOT).await,
        "revoked",
    );
}

/// Where no role shows what it allows, rows tell who administers; without them nothing does, and nothing is taken.
#[tokio::test]
async fn a_role_that_does_not_show_what_it_allows_is_taken_if_rows_show_another_administrator() {
    for mode in [RoleMode::Transition, RoleMode::Roles] {
        for (shown, ada, expected) in [
            // Ada administers as well.
            (true, "r1", ["revoked", "revoked"]),
            (true, "r2", ["LastAdmin", "revoked"]),
            (false, "r1", ["AdministratorsNotShown"; 2]),
        ] {
            let mut world = World::with_roles();
            world.set_mode(mode);
            world.edit_space(98310, |space| {
                space.roles.clear();
                space.permissions.clear();
            });
            world.set_role(98310, "user", "712020:c3", "r1");
            world.set_role(98310, "user", "712020:a1", ada);
            world.set_role(98310, "group", "22-eng", "r2");
            let desk = desk_of(world).await;
            desk.vendor.sim.set_options(|o| o.rows_of_roles = shown);
            let mute = FaultKind::without("results/*/spacePermissions");
            let mute = Fault::matching("GET", "/wiki/api/v2/space-roles", mute);
            desk.vendor.sim.set_faults(vec![mute]);
            let found = [
                revoke(&desk, "r1", ADMIN, BOT).await,
                revoke(&desk, "r2", VIEWER, ENG).await,
            ];
            let found = found.map(|result| match result {
                Ok(answer) => answer["outcome"].as_str().unwrap_or_default().to_owned(),
                Err(e) => e.code().as_str().to_owned(),
            });
            assert_eq!(found, expected, "{mode:?}, shown: {shown}, Ada: {ada}");
        }
    }
}

/// The public connector takes any 404 there for a site without roles.
#[tokio::test]
async fn a_site_that_does_not_say_its_mode_and_has_roles_is_shown_with_them() {
    for mode in modes_unsaid() {
        let desk = desk_of(World::with_roles()).await;
        desk.vendor.sim.set_faults(vec![mode.clone()]);
        let shown = Shown::by(&desk).await;
        shown.grant(&format!("{VIEWER}:{ENG}"));
        assert!(
            shown
                .warnings()
                .iter()
                .any(|w| w.starts_with("UnknownRoleMode")),
            "{mode:?}: {:?}",
            shown.warnings()
        );
        outcome(revoke(&desk, "r1", VIEWER, ENG).await, "revoked");
    }
}

/// Nothing says that such a site has roles: what it withholds of them is told of, and costs no snapshot.
#[tokio::test]
async fn a_site_that_does_not_say_its_mode_and_withholds_its_roles_is_shown_by_its_permissions() {
    let none = absent("role assignments");
    let bare = says(
        404,
        json!({"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null}]}),
    );
    let forbidden = says(
        403,
        json!({"errors": [{"status": 403, "title": "Forbidden"}]}),
    );
    let (roles, held) = (
        "/wiki/api/v2/space-roles",
        "/wiki/api/v2/spaces/98310/role-assignments",
    );
    for (path, kind, told) in [
        (roles, forbidden.clone(), Some("does not show its roles")),
        (
            roles,
            FaultKind::status(501),
            Some("does not show its roles"),
        ),
        (held, none, Some("who has a role on space 98310")),
        (held, bare, Some("who has a role on space 98310")),
        (held, forbidden, None),
    ] {
        for says_its_mode in [false, true] {
            let desk = desk_of(World::with_roles()).await;
            let mut faults = vec![Fault::matching("GET", path, kind.clone())];
            if !says_its_mode {
                faults.extend(modes_unsaid().pop());
            }
            desk.vendor.sim.set_faults(faults);
            let Some(told) = told.filter(|_| !says_its_mode) else {
                desk.sync().await.expect_err(path);
                assert!(!desk.is_published(), "{path}");
                continue;
            };
            let shown = Shown::by(&desk).await;
            shown.grant(&format!("space:98310:read-space:{ENG}"));
            let is_told = |w: &String| w.starts_with("BlindSpot: ") && w.contains(told);
            assert!(
                shown.warnings().iter().any(is_told),
                "{:?}",
                shown.warnings()
            );
        }
    }
}

/// The space is listed, it can be looked up, and yet who has access to it cannot be found.
#[tokio::test]
async fn a_space_does_not_vanish_by_one_answer() {
    for part in ["permissions", "role-assignments"] {
        let desk = desk_of(World::with_roles()).await;
        let path = format!("/wiki/api/v2/spaces/98310/{part}");
        let fault = Fault::matching("GET", &path, absent("a space with id [98310]"));
        desk.vendor.sim.set_faults(vec![fault]);
        assert_eq!(code(desk.sync().await), "ContradictoryAnswers", "{part}");
        assert!(!desk.is_published());
    }
}
