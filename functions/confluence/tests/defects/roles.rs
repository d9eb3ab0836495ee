//! Roles on spaces.

use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::{RoleMode, World};
use serde_json::json;

use super::{code, desk_of, grant, held, ids, modes_unsaid, outcome, revoke, sent};
use crate::Desk;

const ENG: &str = "group:22-eng";
const BOT: &str = "user:712020:c3";
const ADMIN: &str = "space_role_assignment:98310:r1:assigned";
const VIEWER: &str = "space_role_assignment:98310:r2:assigned";

fn role(desk: &Desk, principal: &str) -> serde_json::Value {
    desk.vendor.sim.access_view()["spaces"]["98310"]["roles"][principal].clone()
}

/// The public connector gives a role, then says that it is taken already, and leaves it.
#[tokio::test]
async fn a_role_that_was_just_given_can_be_taken() {
    for mode in [RoleMode::Transition, RoleMode::Roles] {
        let mut world = World::with_roles();
        world.set_mode(mode);
        world.add_user("712020:new", "N", "");
        let (desk, new) = (desk_of(world).await, "user:712020:new");
        outcome(grant(&desk, "r1", VIEWER, new).await, "granted");
        assert_eq!(role(&desk, new), "r2");
        outcome(grant(&desk, "r2", VIEWER, new).await, "already_granted");
        outcome(revoke(&desk, "r3", VIEWER, new).await, "revoked");
        assert_eq!(role(&desk, new), json!(null));
        outcome(revoke(&desk, "r4", VIEWER, new).await, "already_revoked");
        let path = "POST /wiki/api/v2/spaces/98310/role-assignments";
        assert_eq!(sent(&desk), [path, path]);
    }
}

/// The public connector does not say that another role, or permissions of one's own, gave way.
#[tokio::test]
async fn what_gives_way_to_a_role_is_named() {
    let desk = desk_of(World::with_roles()).await;
    let answer = outcome(grant(&desk, "r1", ADMIN, ENG).await, "granted");
    let before = format!("{VIEWER}:{ENG}");
    assert_eq!(
        (ids(&answer, "replaced"), ids(&answer, "removed")),
        (vec![before.as_str()], vec![before.as_str()])
    );
    assert_eq!(role(&desk, ENG), "r1");
    let answer = outcome(grant(&desk, "r2", VIEWER, BOT).await, "granted");
    assert_eq!(
        ids(&answer, "replaced"),
        ["space:98310:read-space:user:712020:c3"]
    );
    // A role that is not held is not taken, and nothing else in its place.
    outcome(revoke(&desk, "r3", ADMIN, BOT).await, "already_revoked");
    assert_eq!(role(&desk, BOT), "r2");
    let shown = Shown::by(&desk).await;
    let groups = [ADMIN, VIEWER].map(|id| shown.entitlement(id).exclusion_group.clone());
    assert!(groups[0].is_some() && groups[0] == groups[1], "{groups:?}");
}

/// The public connector has a switch, and shows and changes only what the switch says.
#[tokio::test]
async fn permissions_are_not_changed_where_a_role_gives_them() {
    let desk = desk_of(World::with_roles()).await;
    for (request, result) in [
        (
            "grant",
            grant(&desk, "r1", "space:98310:export-space", ENG).await,
        ),
        (
            "revoke",
            revoke(&desk, "r2", "space:98310:read-space", ENG).await,
        ),
    ] {
        let error = result.expect_err(request);
        assert_eq!(error.code(), "HoldsRole");
        assert!(error.fix().contains(VIEWER), "{}", error.fix());
    }
    desk.vendor.sim.with_world(|w| {
        w.set_mode(RoleMode::Roles);
    });
    let error = grant(&desk, "r3", "space:98310:export-space", ENG)
        .await
        .expect_err("roles only");
    assert_eq!(error.code(), "RolesOnly");
    assert!(error.fix().contains(ADMIN), "{}", error.fix());
    assert!(desk.writes().is_empty());
    // And the other way round.
    let desk = desk_of(World::worked_example()).await;
    assert_eq!(
        code(grant(&desk, "r4", VIEWER, ENG).await),
        "PermissionsOnly"
    );
}

/// The public connector leaves the classes of people out, of a role that only they have everything.
#[tokio::test]
async fn the_roles_of_classes_of_people_are_shown() {
    let shown = Shown::by(&desk_of(World::rich_with_roles()).await).await;
    for id in [
        "space_role_assignment:98330:role-viewer:assigned:access_class:all-licensed-users",
        "space_role_assignment:98330:role-viewer:assigned:access_class:anonymous-users",
        "space_role_assignment:98331:role-viewer:assigned:access_class:all-licensed-users",
    ] {
        shown.grant(id);
    }
    // A role that nobody has is shown as well, and custom access beside roles.
    shown.resource("space_role:role-unused");
    shown.grant("space:98330:export-space:user:712020:capital");
    assert!(
        !shown
            .grant("space:98330:export-space:user:712020:capital")
            .immutable
    );
    assert!(
        shown
            .grant("space:98330:read-space:group:33-team")
            .immutable
    );
}

/// The public connector stops where the feature is not there, or shows a site without roles as one that has none.
#[tokio::test]
async fn a_site_without_roles_is_shown_by_its_permissions_however_it_says_so() {
    let mut digests = Vec::new();
    for mode in [None]
        .into_iter()
        .chain(modes_unsaid().into_iter().map(Some))
    {
        for before in [
            Some("Space roles are not available"),
            Some("Not Found"),
            None,
        ] {
            let desk = Desk::new().await;
            desk.vendor.sim.set_options(|o| o.before_roles = before);
            desk.vendor.sim.set_faults(mode.iter().cloned().collect());
            digests.push(desk.complete().await["content_digest"].clone());
        }
    }
    assert!(
        digests.iter().all(|digest| *digest == digests[0]),
        "{digests:?}"
    );
}

/// The public connector reads a list for each role on each space, and the roles of a site as one page.
#[tokio::test]
async fn roles_are_read_once_for_a_site_and_once_for_a_space() {
    let mut world = World::with_roles();
    for n in 0..300 {
        world.add_role(&format!("x{n}"), "CUSTOM", "X", &["read/space"]);
    }
    let desk = desk_of(world).await;
    let shown = Shown::by(&desk).await;
    let count = |end: &str| {
        desk.vendor
            .sim
            .requests()
            .iter()
            .filter(|r| r.path.ends_with(end))
            .count()
    };
    // Three hundred and two are two pages; there are two spaces.
    assert_eq!((count("/space-roles"), count("/role-assignments")), (2, 2));
    assert_eq!(
        shown
            .resources
            .values()
            .filter(|r| r.resource_type == "space_role")
            .count(),
        302
    );
}

/// On a site with roles alone the last administrator has that by a role.
#[tokio::test]
async fn the_last_who_has_a_role_that_administers_keeps_it() {
    let mut world = World::with_roles();
    world.set_mode(RoleMode::Roles);
    world.edit_space(98310, |space| space.roles.clear());
    world.set_role(98310, "user", "712020:c3", "r1");
    world.set_role(98310, "user", "712020:a1", "r2");
    let desk = desk_of(world).await;
    assert_eq!(code(revoke(&desk, "r1", ADMIN, BOT).await), "LastAdmin");
    assert_eq!(code(grant(&desk, "r2", VIEWER, BOT).await), "LastAdmin");
    assert_eq!(
        code(revoke(&desk, "r3", VIEWER, "user:712020:a1").await),
        "OwnAccess"
    );
    assert!(desk.writes().is_empty());
    assert_eq!(held(&desk, "98310", "user:712020:a1"), json!(null));
}
