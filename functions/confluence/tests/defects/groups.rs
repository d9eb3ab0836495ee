//! Membership in groups.

use rollcall_harness::shown::Shown;
use rollcall_simulators::confluence::World;
use rollcall_simulators::{Fault, FaultKind};

use super::{code, desk_of, grant, ids, outcome, revoke, sent};
use crate::Desk;

const OPEN: &str = "group:34-open:member";
const RITA: &str = "user:712020:reader";

/// The public connector was known to take an answer without JSON for a failure.
#[tokio::test]
async fn a_member_is_added_and_removed_whatever_the_body_of_the_answer() {
    for text in ["", "Created", "<html></html>"] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_options(|o| o.member_added_text = text);
        let answer = outcome(grant(&desk, "r1", OPEN, RITA).await, "granted");
        assert_eq!(
            ids(&answer, "grants"),
            ["group:34-open:member:user:712020:reader"]
        );
        assert!(
            desk.vendor
                .sim
                .with_world(|w| w.is_member("34-open", "712020:reader"))
        );
        outcome(grant(&desk, "r2", OPEN, RITA).await, "already_granted");
        outcome(revoke(&desk, "r3", OPEN, RITA).await, "revoked");
        assert!(
            !desk
                .vendor
                .sim
                .with_world(|w| w.is_member("34-open", "712020:reader"))
        );
        outcome(revoke(&desk, "r4", OPEN, RITA).await, "already_revoked");
        let path = "/wiki/rest/api/group/userByGroupId";
        assert_eq!(
            sent(&desk),
            [format!("POST {path}"), format!("DELETE {path}")]
        );
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    }
}

/// Unknown is what Confluence says to somebody being added who is there; each way of saying it is understood.
#[tokio::test]
async fn a_member_who_was_added_by_somebody_else_meanwhile_is_a_member() {
    for again in [201, 400, 409] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_options(|o| o.add_member_again = again);
        // The first look at the user's groups, and at the group's members, comes before somebody else adds the user.
        let none =
            serde_json::json!({"results": [], "start": 0, "limit": 200, "size": 0, "_links": {}});
        let kind = FaultKind::Status {
            code: 200,
            headers: Vec::new(),
            body: Some(none),
        };
        let look = |path: &str| Fault::nth_matching(1, "GET", path, kind.clone());
        let looks = vec![
            look("/wiki/rest/api/user/memberof"),
            look("/wiki/rest/api/group/34-open/membersByGroupId"),
        ];
        desk.vendor.sim.with_world(|w| {
            w.add_member("34-open", "712020:reader");
        });
        desk.vendor.sim.set_faults(looks);
        let answer = grant(&desk, "r1", OPEN, RITA).await.expect("no failure");
        assert!(
            matches!(
                answer["outcome"].as_str(),
                Some("granted" | "already_granted")
            ),
            "{again:?}: {answer}"
        );
        assert_eq!(desk.writes().len(), 1, "{again:?}");
    }
}

/// The public connector does not know such groups, and passes the vendor's refusal on.
#[tokio::test]
async fn the_members_of_a_group_that_is_kept_elsewhere_are_left_alone() {
    let (desk, external) = (Desk::new().await, "group:22-eng:member");
    assert_eq!(
        code(grant(&desk, "r1", external, RITA).await),
        "ExternalGroup"
    );
    assert_eq!(
        code(revoke(&desk, "r2", external, "user:557058:b2").await),
        "ExternalGroup"
    );
    assert!(desk.writes().is_empty());
    let shown = Shown::by(&Desk::new().await).await;
    assert!(shown.entitlement("group:22-eng:member").immutable);
    assert!(!shown.entitlement(OPEN).immutable);
}

/// The public connector fails.
#[tokio::test]
async fn a_revoke_from_a_group_or_of_a_user_that_is_gone_is_done() {
    for status in [404, 400] {
        let desk = Desk::new().await;
        desk.vendor
            .sim
            .set_options(|o| o.unknown_group_status = status);
        for (request, group, user) in [
            ("r1", "group:never-was:member", RITA),
            ("r2", OPEN, "user:712020:never-was"),
        ] {
            outcome(revoke(&desk, request, group, user).await, "already_revoked");
        }
        assert!(desk.writes().is_empty());
    }
}

/// Asking for more than two hundred members at once is refused, and was what the public connector did.
#[tokio::test]
async fn a_group_of_many_has_all_its_members() {
    let mut world = World::worked_example();
    let ids: Vec<String> = (0..450).map(|n| format!("712020:n{n:03}")).collect();
    for id in &ids {
        world.add_user(id, "N", "");
    }
    world.add_group(
        "44-all",
        "all",
        &ids.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let shown = Shown::by(&desk_of(world).await).await;
    let members = shown
        .grants
        .values()
        .filter(|g| g.entitlement == "group:44-all:member");
    assert_eq!(members.count(), 450);
}
