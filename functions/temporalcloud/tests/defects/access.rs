//! The access in a snapshot.

use rollcall_harness::shown::Shown;
use rollcall_harness::{lines, script};
use rollcall_snapshot::Grant;
use serde_json::json;

use crate::script::short;
use crate::{Desk, edit};

async fn rich() -> Shown {
    Shown::by(&Desk::new().await).await
}

/// Every account and group, its state, and its own access; `!` is immutable.
const HOLDERS: &str = "
group:g-cloud | enabled | role:developer orders:write project:prj_2:admin
group:g-empty | enabled |
group:g-finance | enabled | role:finance-admin!
group:g-google | enabled | role:admin
group:g-scim | enabled | custom-role:cr_1:assigned
service-account:sa-deploy | enabled | role:developer orders:admin
service-account:sa-finance | enabled | role:finance-admin!
service-account:sa-metrics | enabled | role:metrics-read
service-account:sa-nameless | enabled | role:read
service-account:sa-ns | enabled | role:read orders:write
service-account:sa-prj | enabled | project:prj_1:write
service-account:sa0 | enabled | role:admin
service-account:sa1 | enabled | role:read
user:u-admin | enabled | role:admin
user:u-capital | enabled | role:read
user:u-custom | enabled | custom-role:cr_1:assigned custom-role:cr_2:assigned group:g-scim:member!
user:u-deleting | deleted deleting | role:read
user:u-everything | enabled | role:developer custom-role:cr_1:assigned group:g-google:member! billing:read orders:admin project:prj_1:read project:prj_2:contribute
user:u-expired | disabled expired | role:read
user:u-finance | enabled | role:finance-admin! group:g-finance:member
user:u-future | enabled | role:future!
user:u-invited | enabled invited | role:read
user:u-no-access | enabled | group:g-cloud:member group:g-scim:member!
user:u-no-role | enabled | orders:read
user:u-no-time | enabled | role:read
user:u-odd-permission | enabled | role:read
user:u-odd-state | - future | role:read
user:u-read | enabled | role:read group:g-cloud:member
user:u-suspended | disabled suspended | role:developer group:g-cloud:member
user:u-unspecified | enabled |
user:u-update-failed | disabled update failed | role:read
user:u1 | enabled | role:owner!
user:u2 | enabled | role:developer group:g-cloud:member demo:write
";

#[tokio::test]
async fn every_account_is_shown_with_its_state_and_all_that_it_holds_by_itself() {
    let shown = rich().await;
    let kinds = ["user", "service-account", "group"];
    let mut found = Vec::new();
    for r in shown.resources.values() {
        let is_held = |g: &&Grant| g.direct && g.principal == r.id;
        let mut line = format!("{} | {} |", r.id, lines::status(r));
        for grant in shown.grants.values().filter(is_held) {
            let mark = if grant.immutable { "!" } else { "" };
            line += &format!(" {}{mark}", short(&grant.entitlement, ""));
        }
        if kinds.contains(&&*r.resource_type) {
            found.push(line);
        }
    }
    assert_eq!(found, HOLDERS.lines().skip(1).collect::<Vec<_>>());
    let names = ["custom-role:cr_1", "project:prj_1"].map(|id| &*shown.resource(id).display_name);
    assert_eq!(names, ["NsReader", "Payments"]);
    assert_eq!(shown.resource("user:u-no-time").created_at, None);
    let invited = "account_role=read invitation_expires_at=2099-01-01T00:00:00Z \
        invited_at=2026-01-01T00:00:00Z state=activating user_id=u-invited";
    assert_eq!(lines::profile(shown.resource("user:u-invited")), invited);
}

/// These grants are shown like this, and no others of the kind, in the order of their ids.
fn shows(shown: &Shown, kind: impl Fn(&Grant) -> bool, expected: &str) {
    let grants = shown.grants.values().filter(|g| kind(g));
    let expected: Vec<_> = script::lines(expected).collect();
    assert_eq!(grants.map(lines::grant).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn owners_and_admins_are_shown_as_admins_of_every_namespace() {
    let expected = "
        namespace:odd-state.a1b23:admin:account-role:a1b23-admin | immutable | passed on to account-role:a1b23-admin:member
        namespace:odd-state.a1b23:admin:account-role:a1b23-owner | immutable | passed on to account-role:a1b23-owner:member
        namespace:odd-state.a1b23:admin:group:g-google | immutable | from account-role:a1b23-admin:member
        namespace:odd-state.a1b23:admin:service-account:sa0 | immutable | from account-role:a1b23-admin:member
        namespace:odd-state.a1b23:admin:user:u-admin | immutable | from account-role:a1b23-admin:member
        namespace:odd-state.a1b23:admin:user:u-everything | immutable | from account-role:a1b23-admin:member
        namespace:odd-state.a1b23:admin:user:u1 | immutable | from account-role:a1b23-owner:member";
    shows(&rich().await, |g| g.entitlement == "namespace:odd-state.a1b23:admin", expected);
}

/// Of groups, of the roles of groups, and of the projects that namespaces are in.
#[tokio::test]
async fn what_a_group_has_is_shown_of_the_group_and_of_its_members() {
    let shown = rich().await;
    let expected = "
        account-role:a1b23-developer:member:user:u-no-access | immutable | from group:g-cloud:member
        custom-role:cr_1:assigned:user:u-no-access | immutable | from group:g-scim:member
        group:g-cloud:member:user:u-no-access
        group:g-scim:member:user:u-no-access | immutable
        namespace:demo.a1b23:admin:user:u-no-access | immutable | from project:prj_2:admin
        namespace:orders.a1b23:write:user:u-no-access | immutable | from group:g-cloud:member
        project:prj_1:developer:user:u-no-access | immutable | from account-role:a1b23-developer:member
        project:prj_2:admin:user:u-no-access | immutable | from group:g-cloud:member
        project:prj_2:developer:user:u-no-access | immutable | from account-role:a1b23-developer:member";
    shows(&shown, |g| g.principal == "user:u-no-access", expected);
    let kinds = ["g-cloud", "g-google", "g-scim"];
    let kinds = kinds.map(|id| &shown.resource(&format!("group:{id}")).profile["kind"]);
    assert_eq!(kinds, ["cloud", "google", "scim"]);
}

#[tokio::test]
async fn nothing_is_shown_on_missing_resources() {
    let shown = rich().await;
    let (resources, entitlements) = (shown.resources.keys(), shown.entitlements.keys());
    for id in resources.chain(entitlements).chain(shown.grants.keys()) {
        let gone = ["leaving", "gone", "never-was"].map(|name| format!("namespace:{name}."));
        assert!(!gone.iter().any(|name| id.starts_with(name)), "{id}");
    }
    // What is new at the vendor is not lost without a word.
    let warnings = shown.warnings().join("\n");
    for part in ["PERMISSION_FUTURE", "ROLE_FUTURE", "LeftOut: 2 grants"] {
        assert!(warnings.contains(part), "{warnings}");
    }
}

/// Who is in a group of Google's or of an identity provider's is decided there.
#[tokio::test]
async fn membership_that_others_decide_is_immutable() {
    let desk = Desk::new().await;
    // A kind of the future.
    let (new, members) = ("g-new", ["u2"]);
    edit(&desk, |w| w.add_group_of(new, new, "", json!({}), &members));
    let shown = Shown::by(&desk).await;
    for (group, is) in [("cloud", false), ("google", true), ("scim", true), ("new", true)] {
        let member = format!("group:g-{group}:member");
        let mut grants = shown.grants.values().filter(|g| g.entitlement == member);
        assert!(grants.all(|g| g.immutable == is), "{group}");
        assert_eq!(shown.entitlement(&member).immutable, is, "{group}");
    }
}

#[tokio::test]
async fn service_accounts_have_an_identifier_a_description_and_a_scope() {
    let desk = Desk::new().await;
    let spec = json!({"name": "ci-bot", "description": "builds things"});
    edit(&desk, |w| w.set_field("sa1", "spec", spec));
    let shown = Shown::by(&desk).await;
    let found = ["sa1", "sa-ns", "sa-prj", "sa-nameless"].map(|id| {
        let r = shown.resource(&format!("service-account:{id}"));
        let v1 = r.v1_identifier.as_deref().unwrap_or_default();
        format!("{v1} | {} | {} | {}", r.display_name, r.description, r.profile["scope"])
    });
    let expected = [
        "service-account:sa1 | ci-bot | builds things | \"account\"",
        "service-account:sa-ns | orders-worker |  | \"namespace\"",
        "service-account:sa-prj | payments-worker |  | \"project\"",
        "service-account:sa-nameless | sa-nameless |  | \"account\"",
    ];
    assert_eq!(found, expected);
}
