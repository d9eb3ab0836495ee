//! A small organization and every line of its snapshot: Alice, who has `developer` through the group Engineering and
//! `org-admin` directly; Bob, who was given `developer`; Carol, whose account is not set up, in Engineering; and Dan,
//! who is only in the directory.

use rollcall_harness::lines;
use rollcall_harness::shown::Shown;
use rollcall_simulators::northflank::{ENGINEERING_ID, OPERATIONS_ID};

use crate::world::Desk;

/// The lines of these texts, of each kind in the order of the ids, which are written out.
fn expected(texts: &[&str]) -> Vec<String> {
    lines::expected(texts, &[("G1", ENGINEERING_ID), ("G2", OPERATIONS_ID)])
}

#[tokio::test]
async fn the_small_organization_is_shown_line_by_line() {
    let shown = Shown::by(&Desk::small().await).await;
    assert_eq!(lines::all(&shown), expected(&[STATED, FOLLOWING]));
    let warning = "MembersWithoutAccount: 1 directory group member without an account in Northflank, and without access";
    assert_eq!(shown.warnings(), [warning]);
}

/// What the vendor states, without derived grants.
#[tokio::test]
async fn before_expansion_the_small_organization_has_six_grants() {
    let mut desk = Desk::small().await;
    desk.cx.settings.expand = false;
    let shown = Shown::by(&desk).await;
    assert_eq!(lines::all(&shown), expected(&[STATED]));
    // The group's grant expands only to people, and only to direct members of the group.
    let through = shown.grant(&format!("role:developer:assigned:group:{ENGINEERING_ID}"));
    let expandable = through.expandable.as_ref().expect("passed on");
    assert!(expandable.shallow);
    assert_eq!(expandable.resource_types, ["user"]);
}

const STATED: &str = r#"
# Resources
user:alice-w | ‘Alice Wu’ | user | enabled | human | alice@acme.test | signs in as alice-w | since 2023-02-14T08:30:00Z | display_name=Alice Wu email=alice@acme.test email_verified=true finalized=true first_name=Alice joined_at=2023-02-14T08:30:00Z last_name=Wu user_id=alice-w username=alice-w
user:bob-k | ‘Bob K’ | user | enabled | human | bob@acme.test | signs in as bob-k | since 2022-03-01T09:00:00Z | display_name=Bob K email=bob@acme.test email_verified=true finalized=true first_name=Bob joined_at=2022-03-01T09:00:00Z last_name=K user_id=bob-k username=bob-k
user:carol-p | ‘carol@acme.test’ | user | enabled account setup not finished | human | carol@acme.test | signs in as carol-p | since 2023-02-14T08:30:00Z | email=carol@acme.test email_verified=false finalized=false joined_at=2023-02-14T08:30:00Z user_id=carol-p username=carol-p
group:G1 | ‘Engineering’ | group | enabled | since 2024-05-02T10:00:00Z | created_at=2024-05-02T10:00:00Z group_id=G1 group_name=Engineering idp_id=00g-eng-7 updated_at=2024-05-02T10:00:00Z
group:G2 | ‘Operations’ | group | enabled | since 2024-05-02T10:00:00Z | created_at=2024-05-02T10:00:00Z group_id=G2 group_name=Operations idp_id=00g-ops-8 updated_at=2024-05-02T10:00:00Z
role:developer | ‘Developer’ | Ships the shop | role | enabled | since 2023-02-14T08:30:00Z | created_at=2023-02-14T08:30:00Z description=Ships the shop directory_group_ids=["G1"] restricted=true restricted_team_ids=["web"] role_id=developer role_name=Developer updated_at=2023-02-14T08:30:00Z
role:org-admin | ‘Org Admin’ | role | enabled | since 2023-02-14T08:30:00Z | created_at=2023-02-14T08:30:00Z restricted=false role_id=org-admin role_name=Org Admin updated_at=2023-02-14T08:30:00Z
# Entitlements
role:org-admin:assigned | assignment | ‘Org Admin role’ | ‘Has the role Org Admin in the organization in Northflank’ | to user,group
role:developer:assigned | assignment | ‘Developer role’ | ‘Has the role Developer in the organization in Northflank’ | to user,group
group:G1:member | assignment | ‘Engineering group member’ | ‘Member of the directory group Engineering in Northflank’ | to user | immutable
group:G2:member | assignment | ‘Operations group member’ | ‘Member of the directory group Operations in Northflank’ | to user | immutable
# Grants
role:org-admin:assigned:user:alice-w
role:developer:assigned:user:bob-k
role:developer:assigned:group:G1 | passed on to group:G1:member
group:G1:member:user:alice-w | immutable
group:G1:member:user:carol-p | immutable
group:G2:member:user:bob-k | immutable
"#;

const FOLLOWING: &str = "
# Grants
role:developer:assigned:user:alice-w | immutable | from group:G1:member
role:developer:assigned:user:carol-p | immutable | from group:G1:member
";
