//! Spaces, and what can be held on them.

use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::{RoleMode, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use super::{EVERY_NOUN, EVERY_VERB, desk_of, desk_with};
use crate::Desk;

/// The public connector shows every verb with every noun, and can only let groups have any.
#[tokio::test]
async fn what_is_shown_can_be_granted_to_users_and_groups() {
    let desk = desk_with(json!({"noun": EVERY_NOUN, "verb": EVERY_VERB})).await;
    for (mode, expected) in [(RoleMode::PreRoles, 14), (RoleMode::Transition, 16)] {
        desk.vendor.sim.with_world(|w| {
            w.set_mode(mode);
        });
        let shown = Shown::by(&desk).await;
        let of_space = shown
            .entitlements
            .values()
            .filter(|e| e.resource == "space:98310");
        let of_space: Vec<_> = of_space.collect();
        assert_eq!(of_space.len(), expected, "{mode:?}");
        for entitlement in of_space {
            assert_eq!(
                entitlement.grantable_to,
                ["user", "group"],
                "{}",
                entitlement.id
            );
            let mut world = World::worked_example();
            world.set_mode(mode);
            world.add_user("712020:new", "N", "");
            let event = (entitlement.id.as_str(), "user:712020:new");
            let desk = desk_of(world).await;
            super::outcome(super::grant(&desk, "r1", event.0, event.1).await, "granted");
        }
    }
}

/// The public connector's own default is everything, other than its documentation says.
#[tokio::test]
async fn without_nouns_and_verbs_the_documented_ones_are_shown() {
    let plain = Shown::by(&desk_with(json!({})).await).await;
    let keys =
        json!({"noun": "space", "verb": "restrict_content, read,export delete,create,administer"});
    let told = Shown::by(&desk_with(keys).await).await;
    assert_eq!(
        plain.answer["content_digest"],
        told.answer["content_digest"]
    );
    let slugs = plain
        .entitlements
        .values()
        .filter(|e| e.resource == "space:98310");
    assert_eq!(slugs.count(), 5);
    // Not to grant what nobody can have: it was a default of the public connector.
    assert!(!plain.entitlements.contains_key("space:98310:create-space"));
}

/// The public connector says "can delete-space" and "read space the X space".
#[tokio::test]
async fn permissions_are_called_what_they_are() {
    let shown = Shown::by(&desk_with(json!({})).await).await;
    let delete = shown.entitlement("space:98310:delete-space");
    assert_eq!(
        delete.display_name,
        "Engineering: delete own content (delete-space)"
    );
    assert_eq!(
        delete.description,
        "Can delete own content in the space Engineering in Confluence"
    );
    let read = shown.entitlement("space:98310:read-space");
    assert_eq!(
        read.description,
        "Can view everything that is not restricted in the space Engineering in Confluence"
    );
}

/// The public connector shows the id and the name.
#[tokio::test]
async fn a_space_has_its_key_its_type_and_its_state() {
    let shown = Shown::by(&Desk::new().await).await;
    for (id, key, kind, status) in [
        ("space:98310", "ENG", "global", "current"),
        ("space:98311", "~ada", "personal", "current"),
        ("space:98321", "OLD", "knowledge_base", "archived"),
        ("space:98325", "FUTURE", "holographic", "current"),
    ] {
        // The last one can be seen by everybody with a licence.
        let space = shown.resource(id);
        let profile =
            ["space_key", "space_type", "space_status"].map(|field| space.profile[field].as_str());
        assert_eq!(profile, [Some(key), Some(kind), Some(status)], "{id}");
        let details = if status == "current" { "" } else { status };
        assert_eq!(
            (space.status, space.status_details.as_str()),
            (Some("enabled"), details),
            "{id}"
        );
    }
    // A space without a name has its key for one.
    assert_eq!(shown.resource("space:98325").display_name, "FUTURE");
}

/// The public connector leaves out, without a word, whoever is neither a user nor a group.
#[tokio::test]
async fn what_everybody_may_do_is_shown() {
    for twice in [false, true] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_options(|o| o.repeat_class_rows = twice);
        let shown = Shown::by(&desk).await;
        for class in [
            "all-licensed-users",
            "all-product-admins",
            "role:anonymous",
            "role:role-from-the-future",
            "device:toaster",
        ] {
            shown.resource(&format!("access_class:{class}"));
            shown.grant(&format!("space:98320:read-space:access_class:{class}"));
        }
    }
}

/// Unknown is how Confluence shows what everybody on the internet may do; no way of showing it gets lost, or looks like
/// an account.
#[tokio::test]
async fn what_anybody_on_the_internet_may_do_is_shown_however_it_comes() {
    for (row, class) in [
        (json!({"type": "role", "id": "anonymous"}), "role:anonymous"),
        (
            json!({"type": "access-class", "id": "ANONYMOUS_USERS"}),
            "anonymous-users",
        ),
        (
            json!({"type": "user", "id": "anonymous"}),
            "anonymous-users",
        ),
        (json!({"type": "role"}), "role"),
    ] {
        let desk = Desk::new().await;
        desk.vendor
            .sim
            .set_options(|o| o.anonymous_row = row.clone());
        let shown = Shown::by(&desk).await;
        shown.resource(&format!("access_class:{class}"));
        shown.grant(&format!("space:98320:read-space:access_class:{class}"));
        assert!(!shown.resources.contains_key("user:anonymous"), "{row:?}");
    }
}

/// The public connector drops them without a word.
#[tokio::test]
async fn rows_of_what_is_not_selected_are_counted() {
    let desk = Desk::new().await;
    let counted = |shown: &Shown| {
        let warnings = shown.warnings();
        let warning = warnings
            .iter()
            .find_map(|w| w.strip_prefix("ExcludedByConfiguration: "));
        warning.map(|w| w.split(' ').next().expect("a number").to_owned())
    };
    // Nine of Hana's, the group's, and one of a noun that nobody knows.
    assert_eq!(counted(&Shown::by(&desk).await).as_deref(), Some("11"));
    desk.set_keys(&json!({"noun": EVERY_NOUN, "verb": EVERY_VERB}));
    assert_eq!(counted(&Shown::by(&desk).await).as_deref(), Some("1"));
}

/// Wherever its absence shows: where its roles are asked for, its first permissions, or some more of them.
#[tokio::test]
async fn a_space_that_is_deleted_during_a_sync_is_not_shown_and_told_of() {
    let absent = FaultKind::Status {
        code: 404,
        headers: Vec::new(),
        body: Some(
            json!({"errors": [{"status": 404, "code": "NOT_FOUND", "title": "No space found with id: 98310"}]}),
        ),
    };
    for (mode, part, nth) in [
        (RoleMode::PreRoles, "permissions", 1),
        (RoleMode::PreRoles, "permissions", 2),
        (RoleMode::Transition, "role-assignments", 1),
        (RoleMode::Transition, "role-assignments", 2),
        (RoleMode::Transition, "permissions", 1),
        (RoleMode::Transition, "permissions", 2),
    ] {
        let what = format!("{mode:?}, {part} {nth}");
        let mut world = match mode {
            RoleMode::PreRoles => World::worked_example(),
            _ => World::with_roles(),
        };
        world.set_mode(mode);
        let desk = desk_of(world).await;
        desk.vendor.sim.set_options(|o| o.force_page_size = Some(2));
        let path = format!("/wiki/api/v2/spaces/98310/{part}");
        let fault = Fault::matching("GET", &path, absent.clone()).from(nth);
        let space = "/wiki/api/v2/spaces/98310";
        let itself = Fault::matching("GET", space, absent.clone()).exactly();
        desk.vendor.sim.set_faults(vec![fault, itself]);
        let shown = Shown::by(&desk).await;
        let told = "DeletedDuringSync: space 98310 was deleted during the sync".to_owned();
        assert!(
            shown.warnings().contains(&told),
            "{what}: {:?}",
            shown.warnings()
        );
        assert!(!shown.resources.contains_key("space:98310"), "{what}");
        // Neither what is on it nor what is inside: the roles that somebody has there.
        let on_it = |id: &&String| id.contains(":98310:");
        assert_eq!(shown.resources.keys().find(on_it), None, "{what}");
        assert_eq!(shown.entitlements.keys().find(on_it), None, "{what}");
        assert_eq!(shown.grants.keys().find(on_it), None, "{what}");
        assert!(shown.count("space") > 0, "{what}: the others are there");
    }
}
