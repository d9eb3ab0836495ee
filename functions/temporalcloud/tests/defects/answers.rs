//! Answers in every form that the vendor may give them, and accounts that lack a feature.

use rollcall_simulators::temporalcloud::{Casing, Defaults, Feature, Options, World};

use super::{desk_of, grant, outcome, revoke, spec};
use crate::shown::{Desk, Shown};

const ABSENT: [Feature; 3] = [Feature::Forbidden, Feature::NotFound, Feature::Unimplemented];

/// The public connector speaks the binary protocol, where the question does not arise.
#[tokio::test]
async fn answers_mean_the_same_in_every_spelling() {
    let mut desk = Desk::new().await;
    let mut digests = Vec::new();
    for casing in [Casing::Camel, Casing::Snake] {
        for defaults in [Defaults::Omitted, Defaults::Emitted, Defaults::Null] {
            desk.afresh();
            desk.vendor.sim.set_options(|o| (o.casing, o.defaults) = (casing, defaults));
            digests.push(desk.complete().await["content_digest"].clone());
        }
    }
    assert_eq!(digests.len(), 6);
    assert!(digests.iter().all(|digest| digest.is_string() && *digest == digests[0]), "{digests:?}");
}

/// The public connector sends back the fields that it knows, in its own spelling.
#[tokio::test]
async fn a_change_leaves_everything_else_as_it_was_in_every_spelling() {
    for casing in [Casing::Camel, Casing::Snake] {
        for defaults in [Defaults::Omitted, Defaults::Emitted, Defaults::Null] {
            let desk = Desk::new().await;
            desk.vendor.sim.set_options(|o| (o.casing, o.defaults) = (casing, defaults));
            let mut expected = spec(&desk, "u-everything");
            for (request, entitlement) in [("r1", "account-role:a1b23-read:member"), ("r2", "namespace:demo.a1b23:write")] {
                outcome(grant(&desk, request, entitlement, "user:u-everything").await, "granted");
            }
            outcome(revoke(&desk, "r3", "namespace:billing.a1b23:read", "user:u-everything").await, "revoked");
            expected["access"]["accountAccess"]["role"] = "ROLE_READ".into();
            let entries = expected["access"]["namespaceAccesses"].as_object_mut().unwrap();
            entries.remove("billing.a1b23");
            entries.insert("demo.a1b23".into(), serde_json::json!({"permission": "PERMISSION_WRITE"}));
            assert_eq!(spec(&desk, "u-everything"), expected, "{casing:?} {defaults:?}");
            assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
        }
    }
}

/// The public connector asks for none of them.
#[tokio::test]
async fn an_account_without_projects_or_custom_roles_is_shown_without_them() {
    for absent in ABSENT {
        let desk = desk_of(World::worked_example()).await;
        desk.vendor.sim.with_world(|world| {
            // A namespace may name a project that the account cannot see.
            world.set_namespace_project("demo.a1b23", "prj_default");
        });
        desk.vendor.sim.set_options(|o| (o.projects, o.custom_roles) = (absent, absent));
        let shown = Shown::by(&desk).await;
        let kinds = ["project", "custom-role"];
        assert!(!shown.resources.values().any(|r| kinds.contains(&r.resource_type.as_str())), "{absent:?}");
        assert!(shown.grant("namespace:demo.a1b23:write:user:u2").direct);
        assert!(shown.grants.values().all(|g| !g.principal.starts_with("project:")));
    }
}

/// The public connector shows neither, whoever has them.
#[tokio::test]
async fn a_list_that_is_refused_although_its_things_are_in_use_publishes_nothing() {
    type Change = fn(&mut Options, Feature);
    let changes: [Change; 2] = [|o, absent| o.projects = absent, |o, absent| o.custom_roles = absent];
    for change in changes {
        for absent in ABSENT {
            let desk = Desk::new().await;
            desk.vendor.sim.set_options(|o| change(o, absent));
            let error = desk.sync().await.expect_err("refused");
            assert!(!error.fix().is_empty(), "{absent:?}: {error}");
            assert!(!desk.is_published());
        }
    }
}

/// The public connector knows no groups. Here a list of groups that is refused ends the sync: nothing else would show
/// how many people have lost what they have by them.
#[tokio::test]
async fn groups_that_are_refused_publish_nothing() {
    for absent in ABSENT {
        let desk = Desk::new().await;
        desk.vendor.sim.set_options(|o| o.groups = absent);
        let error = desk.sync().await.expect_err("refused");
        assert!(error.to_string().contains("/cloud/user-groups") && !error.fix().is_empty(), "{absent:?}: {error}");
        assert!(!desk.is_published());
    }
}
