//! Permissions on spaces: granting and revoking.

use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::{RoleMode, World};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::json;

use super::{cascade, code, desk_of, desk_with, grant, held, ids, outcome, revoke, sent};
use crate::Desk;

const BOT: &str = "user:712020:c3";
const ADA: &str = "user:712020:a1";
const ENG: &str = "group:22-eng";

/// The public connector sends the space's id where its key belongs, to a path that Confluence Cloud does not have, and
/// takes the answers of success for failures. It lets groups alone be granted permissions.
#[tokio::test]
async fn a_permission_is_granted_and_revoked_by_the_key_of_the_space() {
    for (principal, kind, id) in [(BOT, "user", "712020:c3"), (ENG, "group", "22-eng")] {
        let desk = desk_of(World::worked_example()).await;
        let what = "space:98310:export-space";
        let answer = outcome(grant(&desk, "r1", what, principal).await, "granted");
        assert!(ids(&answer, "grants").contains(&format!("{what}:{principal}").as_str()));
        assert!(
            held(&desk, "98310", principal)
                .to_string()
                .contains("export/space")
        );
        let answer = outcome(revoke(&desk, "r2", what, principal).await, "revoked");
        assert_eq!(ids(&answer, "removed"), [format!("{what}:{principal}")]);
        assert!(
            !held(&desk, "98310", principal)
                .to_string()
                .contains("export/space")
        );
        let sent = desk.writes();
        assert_eq!(sent[0].path, "/wiki/rest/api/space/ENG/permission");
        let body = json!({"subject": {"type": kind, "identifier": id}, "operation": {"key": "export", "target": "space"}});
        assert_eq!(sent[0].body, Some(body));
        assert!(
            sent[1]
                .path
                .starts_with("/wiki/rest/api/space/ENG/permission/"),
            "{sent:?}"
        );
        assert_eq!((sent.len(), sent[1].method.as_str()), (2, "DELETE"));
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    }
}

/// The public connector fails in both cases.
#[tokio::test]
async fn what_is_so_already_is_no_failure() {
    let desk = desk_of(World::worked_example()).await;
    outcome(
        grant(&desk, "r1", "space:98310:read-space", BOT).await,
        "already_granted",
    );
    outcome(
        revoke(&desk, "r2", "space:98310:export-space", BOT).await,
        "already_revoked",
    );
    outcome(
        revoke(
            &desk,
            "r4",
            "space:98310:read-space",
            "user:712020:never-was",
        )
        .await,
        "already_revoked",
    );
    assert!(desk.writes().is_empty());
    // The first look comes before somebody else's grant: the vendor says that the permission exists.
    desk.vendor.sim.with_world(|w| {
        w.grant(98310, "user", "712020:c3", "export/space");
    });
    let before = json!({"results": [{"id": "1005", "principal": {"type": "user", "id": "712020:c3"}, "operation": {"key": "read", "targetType": "space"}}], "_links": {}});
    let kind = FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(before),
    };
    desk.vendor.sim.set_faults(vec![Fault::nth_matching(
        1,
        "GET",
        "/wiki/api/v2/spaces/98310/permissions",
        kind,
    )]);
    outcome(
        grant(&desk, "r5", "space:98310:export-space", BOT).await,
        "already_granted",
    );
    assert_eq!(desk.writes().len(), 1);
}

/// The public connector fails: all else needs the permission to view the space.
#[tokio::test]
async fn viewing_the_space_is_granted_first_and_named() {
    let desk = desk_of(World::worked_example()).await;
    desk.vendor.sim.with_world(|w| {
        w.add_user("712020:new", "Nia New", "nia@acme.io");
    });
    let answer = outcome(
        grant(&desk, "r1", "space:98310:create-page", "user:712020:new").await,
        "granted",
    );
    let mut named = ids(&answer, "grants");
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "space:98310:create-page:user:712020:new",
            "space:98310:read-space:user:712020:new"
        ]
    );
    assert_eq!(
        held(&desk, "98310", "user:712020:new"),
        json!(["create/page", "read/space"])
    );
    let sent: Vec<_> = desk
        .writes()
        .iter()
        .map(|r| r.body.clone().expect("a body")["operation"].clone())
        .collect();
    assert_eq!(
        sent,
        [
            json!({"key": "read", "target": "space"}),
            json!({"key": "create", "target": "page"})
        ]
    );
}

/// What the vendor is known to refuse is refused before the permission to view the space is given for it.
#[tokio::test]
async fn what_a_site_or_a_guest_cannot_have_is_refused_before_anything_is_written() {
    let mut world = World::worked_example();
    world.add_user("712020:new", "N", "");
    world.add_guest("712020:guest", "Gus", "gus@example.com");
    let desk = desk_of(world).await;
    for (slug, whom, expected) in [
        ("update-page", "user:712020:new", "UnknownEntitlement"),
        ("update-blogpost", "user:712020:new", "UnknownEntitlement"),
        ("administer-space", "user:712020:guest", "GuestLimit"),
        ("export-space", "user:712020:guest", "GuestLimit"),
        ("restrict_content-space", "user:712020:guest", "GuestLimit"),
    ] {
        let what = format!("space:98310:{slug}");
        assert_eq!(
            code(grant(&desk, slug, &what, whom).await),
            expected,
            "{slug}"
        );
        let event = json!({"request_id": format!("{slug}-dry"), "entitlement": what, "principal": whom, "dry_run": true});
        let dry = desk
            .invoke(rollcall_engine::runtime::function::Operation::Grant, event)
            .await;
        assert_eq!(code(dry), expected, "{slug}");
    }
    assert!(desk.writes().is_empty());
    let guest = grant(&desk, "g", "space:98310:create-page", "user:712020:guest").await;
    outcome(guest, "granted");
    desk.vendor.sim.with_world(|w| {
        w.set_mode(RoleMode::Transition);
    });
    let update = grant(&desk, "u", "space:98310:update-page", "user:712020:new").await;
    outcome(update, "granted");
}

/// The public connector takes everything, and says nothing of it.
#[tokio::test]
async fn taking_the_view_of_a_space_takes_all_else_only_if_that_is_allowed_and_names_it() {
    let desk = desk_of(World::worked_example()).await;
    let read = "space:98310:read-space";
    let error = revoke(&desk, "r1", read, ENG).await.expect_err("refused");
    assert_eq!(error.code(), "Cascade");
    for id in [
        "space:98310:create-page:group:22-eng",
        "space:98310:delete-space:group:22-eng",
    ] {
        assert!(error.to_string().contains(id), "{error}");
    }
    assert!(
        error.fix().contains("\"allow\":[\"cascade\"]"),
        "{}",
        error.fix()
    );
    assert!(desk.writes().is_empty());
    let answer = outcome(cascade(&desk, "r2", read, ENG).await, "revoked");
    let expected = ["create-page", "delete-space", "read-space"]
        .map(|slug| format!("space:98310:{slug}:group:22-eng"));
    assert_eq!(ids(&answer, "removed"), expected);
    assert_eq!(held(&desk, "98310", ENG), json!(null));
    // Who holds nothing else needs no leave.
    outcome(revoke(&desk, "r3", read, BOT).await, "revoked");
}

/// The public connector does not say what goes along.
#[tokio::test]
async fn a_companion_that_goes_along_is_named() {
    let mut world = World::worked_example();
    world.set_mode(RoleMode::Transition);
    let desk = desk_of(world).await;
    let create = "space:98310:create-page";
    outcome(grant(&desk, "r1", create, BOT).await, "granted");
    assert!(
        held(&desk, "98310", BOT)
            .to_string()
            .contains("update/page")
    );
    let answer = outcome(revoke(&desk, "r2", create, BOT).await, "revoked");
    let expected = ["create-page", "update-page"].map(|slug| format!("space:98310:{slug}:{BOT}"));
    assert_eq!(ids(&answer, "removed"), expected);
}

/// The public connector answers from an hour-old memory: it says that access is gone which it gave a moment ago.
#[tokio::test]
async fn what_is_there_is_read_again_before_every_change() {
    let desk = desk_of(World::worked_example()).await;
    let what = "space:98310:export-space";
    for round in 0..2 {
        outcome(
            grant(&desk, &format!("g{round}"), what, BOT).await,
            "granted",
        );
        outcome(
            revoke(&desk, &format!("v{round}"), what, BOT).await,
            "revoked",
        );
    }
    // Somebody else grants it, with another row.
    desk.vendor.sim.with_world(|w| {
        w.grant(98310, "user", "712020:c3", "export/space");
    });
    outcome(revoke(&desk, "v2", what, BOT).await, "revoked");
    assert_eq!(held(&desk, "98310", BOT), json!(["read/space"]));
}

/// The public connector sends whatever it is asked for; Confluence refuses the first, and does the second.
#[tokio::test]
async fn a_space_keeps_an_administrator_and_the_connector_its_own_access() {
    let mut world = World::rich();
    world.grant(98322, "user", "712020:a1", "read/space").grant(
        98322,
        "user",
        "712020:a1",
        "export/space",
    );
    let desk = desk_of(world).await;
    let rita = "user:712020:reader";
    assert_eq!(
        code(revoke(&desk, "r1", "space:98322:administer-space", rita).await),
        "LastAdmin"
    );
    assert_eq!(
        code(cascade(&desk, "r2", "space:98322:read-space", rita).await),
        "LastAdmin"
    );
    for (request, what) in [
        ("r3", "space:98322:export-space"),
        ("r4", "space:98324:administer-space"),
        ("r5", "group:11-adm:member"),
    ] {
        assert_eq!(code(revoke(&desk, request, what, ADA).await), "OwnAccess");
    }
    assert!(desk.writes().is_empty());
    // Of two administrators, one can go.
    let mut world = World::worked_example();
    world.grant(98310, "user", "712020:c3", "administer/space");
    let desk = desk_of(world).await;
    outcome(
        revoke(&desk, "r6", "space:98310:administer-space", BOT).await,
        "revoked",
    );
}

/// The public connector leaves personal spaces out of what it shows, and changes them all the same.
#[tokio::test]
async fn what_is_left_out_is_not_changed_either() {
    let desk = desk_with(json!({"skip-personal-spaces": "true"})).await;
    assert_eq!(
        code(grant(&desk, "r1", "space:98311:read-space", BOT).await),
        "ExcludedByConfiguration"
    );
    desk.vendor.sim.with_world(|w| {
        w.grant(98311, "user", "712020:c3", "read/space");
    });
    assert_eq!(
        code(revoke(&desk, "r2", "space:98311:read-space", BOT).await),
        "ExcludedByConfiguration"
    );
    assert!(desk.writes().is_empty());
    let desk = desk_with(json!({})).await;
    outcome(
        grant(&desk, "r1", "space:98311:read-space", BOT).await,
        "granted",
    );
    assert_eq!(sent(&desk), ["POST /wiki/rest/api/space/~ada/permission"]);
}

/// The public connector panics when it is given back a grant as it showed it.
#[tokio::test]
async fn every_grant_can_be_revoked_by_what_is_shown_of_it() {
    let desk = desk_of(World::with_roles()).await;
    let shown = Shown::by(&desk).await;
    let mut seen = 0;
    for (n, grant) in shown
        .grants
        .values()
        .filter(|g| g.direct && !g.immutable)
        .enumerate()
    {
        let event = json!({"request_id": format!("r{n}"), "entitlement": grant.entitlement, "principal": grant.principal, "dry_run": true, "allow": ["cascade"]});
        match desk
            .invoke(rollcall_engine::runtime::function::Operation::Revoke, event)
            .await
        {
            Ok(answer) => assert_eq!(answer["outcome"], "revoked", "{}", grant.id),
            Err(error) => assert!(
                matches!(
                    error.code().as_str(),
                    "OwnAccess" | "ExternalGroup" | "UnknownPrincipal"
                ),
                "{}: {error}",
                grant.id
            ),
        }
        seen += 1;
    }
    assert!(seen > 8, "{seen}");
    assert!(desk.writes().is_empty());
}

/// The public connector says what the vendor said, or that a request failed.
#[tokio::test]
async fn who_may_not_change_a_space_is_told_what_is_missing() {
    let desk = Desk::new().await;
    let error = grant(
        &desk,
        "r1",
        "space:98322:export-space",
        "user:712020:capital",
    )
    .await
    .expect_err("denied");
    assert_eq!(error.code(), "CredentialTooWeak");
    assert!(
        error.fix().contains("administrator of that space"),
        "{}",
        error.fix()
    );
    let error = grant(&desk, "r2", "space:98323:read-space", BOT)
        .await
        .expect_err("hidden");
    assert_eq!(error.code(), "UnknownEntitlement");
    assert!(error.fix().contains("may view it"), "{}", error.fix());
}
