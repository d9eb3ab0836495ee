//! A small account, and every line of its snapshot: an owner, a developer who may write to the one namespace, a service
//! account, and the admin service account whose key the connector uses.

use rollcall_harness::lines;
use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::World;

use crate::desk_of;

#[tokio::test]
async fn the_small_account_is_shown_line_by_line() {
    let shown = Shown::by(&desk_of(World::worked_example()).await).await;
    assert_eq!(lines::all(&shown), lines::expected(&[EXPECTED], &[]));
}

const EXPECTED: &str = "
# Resources
account-role:a1b23-admin | ‘Account Admin’ | role | enabled | v1 account-role:admin
account-role:a1b23-developer | ‘Account Developer’ | role | enabled | v1 account-role:developer
account-role:a1b23-finance-admin | ‘Account Finance Admin’ | role | enabled | v1 account-role:finance-admin | alias a1b23-finance-_-admin
account-role:a1b23-metrics-read | ‘Account Metrics Read’ | role | enabled | v1 account-role:metrics-read
account-role:a1b23-owner | ‘Account Owner’ | role | enabled | v1 account-role:owner
account-role:a1b23-read | ‘Account Read’ | role | enabled | v1 account-role:read
namespace:demo.a1b23 | ‘demo.a1b23’ | enabled | since 2026-01-01T00:00:00Z | v1 namespace:demo.a1b23 | region=aws-us-east-1 state=active
service-account:sa0 | ‘rollcall’ | user | enabled | service | since 2026-01-01T00:00:00Z | v1 service-account:sa0 | scope=account state=active user_id=sa0
service-account:sa1 | ‘ci-bot’ | user | enabled | service | since 2026-01-01T00:00:00Z | v1 service-account:sa1 | scope=account state=active user_id=sa1
user:u1 | ‘owner@example.com’ | user | enabled | human | owner@example.com | since 2026-01-01T00:00:00Z | v1 user:owner@example.com | account_role=owner state=active user_id=u1
user:u2 | ‘dev@example.com’ | user | enabled | human | dev@example.com | since 2026-01-01T00:00:00Z | v1 user:dev@example.com | account_role=developer last_modified=2026-02-01T00:00:00Z state=active user_id=u2

# Entitlements
account-role:a1b23-admin:member | assignment | ‘Account Admin Role Member’ | ‘Has the Account Admin role in Temporal Cloud’ | to user,service-account,group | one of a1b23:account-role | v1 membership:a1b23-admin
account-role:a1b23-developer:member | assignment | ‘Account Developer Role Member’ | ‘Has the Account Developer role in Temporal Cloud’ | to user,service-account,group | one of a1b23:account-role | v1 membership:a1b23-developer
account-role:a1b23-finance-admin:member | assignment | ‘Account Finance Admin Role Member’ | ‘Has the Account Finance Admin role in Temporal Cloud’ | to user,service-account,group | one of a1b23:account-role | v1 membership:a1b23-finance-admin | immutable
account-role:a1b23-metrics-read:member | assignment | ‘Account Metrics Read Role Member’ | ‘Has the Account Metrics Read role in Temporal Cloud’ | to service-account | one of a1b23:account-role | v1 membership:a1b23-metrics-read
account-role:a1b23-owner:member | assignment | ‘Account Owner Role Member’ | ‘Has the Account Owner role in Temporal Cloud’ | to user | one of a1b23:account-role | v1 membership:a1b23-owner | immutable
account-role:a1b23-read:member | assignment | ‘Account Read Role Member’ | ‘Has the Account Read role in Temporal Cloud’ | to user,service-account,group | one of a1b23:account-role | v1 membership:a1b23-read
namespace:demo.a1b23:admin | permission | ‘Namespace demo.a1b23 Admin’ | ‘Access to demo.a1b23 namespace in Temporal Cloud’ | to user,service-account,group | one of namespace:demo.a1b23 | v1 namespace:demo.a1b23:admin
namespace:demo.a1b23:read | permission | ‘Namespace demo.a1b23 Read’ | ‘Access to demo.a1b23 namespace in Temporal Cloud’ | to user,service-account,group | one of namespace:demo.a1b23 | v1 namespace:demo.a1b23:read
namespace:demo.a1b23:write | permission | ‘Namespace demo.a1b23 Write’ | ‘Access to demo.a1b23 namespace in Temporal Cloud’ | to user,service-account,group | one of namespace:demo.a1b23 | v1 namespace:demo.a1b23:write

# Grants
account-role:a1b23-admin:member:service-account:sa0 | v1 grant:membership:a1b23-admin:sa0
account-role:a1b23-developer:member:user:u2 | v1 grant:membership:a1b23-developer:u2
account-role:a1b23-owner:member:user:u1 | immutable | v1 grant:membership:a1b23-owner:u1
account-role:a1b23-read:member:service-account:sa1 | v1 grant:membership:a1b23-read:sa1
namespace:demo.a1b23:admin:account-role:a1b23-admin | immutable | passed on to account-role:a1b23-admin:member
namespace:demo.a1b23:admin:account-role:a1b23-owner | immutable | passed on to account-role:a1b23-owner:member
namespace:demo.a1b23:admin:service-account:sa0 | immutable | from account-role:a1b23-admin:member
namespace:demo.a1b23:admin:user:u1 | immutable | from account-role:a1b23-owner:member
namespace:demo.a1b23:write:user:u2 | v1 grant:namespace:demo.a1b23:write:u2
";
