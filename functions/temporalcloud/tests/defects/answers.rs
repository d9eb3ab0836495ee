//! Answers in every form that the vendor may give them, and accounts that lack a feature.

use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::{Casing, Defaults, Feature, Options, World};
use rollcall_simulators::{Fault, FaultKind};

use super::{always, code, desk_of, grant, outcome, revoke, shown_once, spec, stored};
use crate::Desk;

const ABSENT: [Feature; 3] = [
    Feature::Forbidden,
    Feature::NotFound,
    Feature::Unimplemented,
];

/// The public connector speaks the binary protocol, where the question does not arise.
#[tokio::test]
async fn answers_mean_the_same_in_every_spelling() {
    let mut desk = Desk::new().await;
    let mut digests = Vec::new();
    for casing in [Casing::Camel, Casing::Snake] {
        for defaults in [Defaults::Omitted, Defaults::Emitted, Defaults::Null] {
            desk.afresh();
            desk.vendor
                .sim
                .set_options(|o| (o.casing, o.defaults) = (casing, defaults));
            digests.push(desk.complete().await["content_digest"].clone());
        }
    }
    assert_eq!(digests.len(), 6);
    assert!(
        digests
            .iter()
            .all(|digest| digest.is_string() && *digest == digests[0]),
        "{digests:?}"
    );
}

/// The public connector sends back the fields that it knows, in its own spelling.
#[tokio::test]
async fn a_change_leaves_everything_else_as_it_was_in_every_spelling() {
    for casing in [Casing::Camel, Casing::Snake] {
        for defaults in [Defaults::Omitted, Defaults::Emitted, Defaults::Null] {
            let desk = Desk::new().await;
            desk.vendor
                .sim
                .set_options(|o| (o.casing, o.defaults) = (casing, defaults));
            let mut expected = spec(&desk, "u-everything");
            for (request, entitlement) in [
                ("r1", "account-role:a1b23-read:member"),
                ("r2", "namespace:demo.a1b23:write"),
            ] {
                outcome(
                    grant(&desk, request, entitlement, "user:u-everything").await,
                    "granted",
                );
            }
            outcome(
                revoke(
                    &desk,
                    "r3",
                    "namespace:billing.a1b23:read",
                    "user:u-everything",
                )
                .await,
                "revoked",
            );
            expected["access"]["accountAccess"]["role"] = "ROLE_READ".into();
            let entries = expected["access"]["namespaceAccesses"]
                .as_object_mut()
                .expect("an object");
            entries.remove("billing.a1b23");
            entries.insert(
                "demo.a1b23".into(),
                serde_json::json!({"permission": "PERMISSION_WRITE"}),
            );
            assert_eq!(
                spec(&desk, "u-everything"),
                expected,
                "{casing:?} {defaults:?}"
            );
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
        desk.vendor.sim.set_options(|o| {
            o.projects = absent;
            o.custom_roles = absent;
        });
        let shown = Shown::by(&desk).await;
        let kinds = ["project", "custom-role"];
        assert!(
            !shown
                .resources
                .values()
                .any(|r| kinds.contains(&r.resource_type.as_str())),
            "{absent:?}"
        );
        assert!(shown.grant("namespace:demo.a1b23:write:user:u2").direct);
        assert!(
            shown
                .grants
                .values()
                .all(|g| !g.principal.starts_with("project:"))
        );
    }
}

/// The public connector shows neither, whoever has them.
#[tokio::test]
async fn a_list_that_is_refused_although_its_things_are_in_use_publishes_nothing() {
    type Change = fn(&mut Options, Feature);
    let changes: [Change; 2] = [
        |o, absent| o.projects = absent,
        |o, absent| o.custom_roles = absent,
    ];
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

/// The public connector knows no projects. Here the namespaces would be shown without those of their project.
#[tokio::test]
async fn a_list_of_projects_that_is_refused_although_there_are_some_publishes_nothing() {
    let refused = |status| {
        let kind = FaultKind::status(status);
        Fault::matching("GET", "/cloud/projects", kind).exactly()
    };
    for (status, kind, expected) in [
        (403, "PermissionDenied", "CredentialTooWeak"),
        (404, "Unavailable", "ContradictoryAnswers"),
        (501, "Unavailable", "ContradictoryAnswers"),
    ] {
        // Somebody has a role in one.
        let desk = Desk::new().await;
        desk.vendor.sim.set_faults(vec![refused(status)]);
        let error = desk.sync().await.expect_err("refused");
        assert_eq!(
            (error.kind().as_str(), error.code().as_str()),
            (kind, expected),
            "{error}"
        );
        assert!(error.to_string().contains("list of projects"), "{error}");
        assert!(!desk.is_published());
        // Nobody has, and a namespace that is looked up is in one.
        let desk = desk_of(World::worked_example()).await;
        desk.vendor.sim.with_world(|world| {
            world.add_project("prj_1", "Payments");
            world.set_namespace_project("demo.a1b23", "prj_1");
        });
        let nothing = serde_json::json!({"namespaces": []});
        let hidden = shown_once(1, "/cloud/namespaces", nothing);
        desk.vendor.sim.set_faults(vec![refused(status), hidden]);
        assert_eq!(code(desk.sync().await), expected);
        assert!(!desk.is_published());
    }
}

/// The public connector shows no custom roles.
#[tokio::test]
async fn custom_roles_that_are_looked_up_lose_nothing_by_a_list_that_is_refused() {
    let desk = Desk::new().await;
    let whole = desk.complete().await;
    for status in [403, 404, 501] {
        let kind = FaultKind::status(status);
        let list = Fault::matching("GET", "/cloud/custom-roles", kind).exactly();
        desk.vendor.sim.set_faults(vec![list]);
        assert_eq!(
            desk.complete().await["content_digest"],
            whole["content_digest"],
            "{status}"
        );
    }
}

/// The public connector shows no custom roles.
#[tokio::test]
async fn custom_roles_that_are_neither_listed_nor_found_publish_nothing() {
    for (status, expected) in [
        (403, "CredentialTooWeak"),
        (404, "ContradictoryAnswers"),
        (501, "ContradictoryAnswers"),
    ] {
        let desk = Desk::new().await;
        let not_found = Fault::matching("GET", "/cloud/custom-roles/", FaultKind::status(404));
        let list = always("/cloud/custom-roles", status);
        desk.vendor.sim.set_faults(vec![list, not_found]);
        assert_eq!(code(desk.sync().await), expected);
        assert!(!desk.is_published());
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
        assert!(
            error.to_string().contains("/cloud/user-groups") && !error.fix().is_empty(),
            "{absent:?}: {error}"
        );
        assert!(!desk.is_published());
    }
}

/// The public connector knows no groups. Whether Google's groups can be listed is not documented: if not, it is said.
#[tokio::test]
async fn members_that_the_vendor_does_not_list_are_announced_or_end_the_sync() {
    let members = |group: &str| format!("/cloud/user-groups/{group}/members");
    let refused =
        |group: &str, status| Fault::matching("GET", &members(group), FaultKind::status(status));
    for status in [400, 501] {
        let desk = Desk::new().await;
        desk.vendor
            .sim
            .set_faults(vec![refused("g-google", status)]);
        let shown = Shown::by(&desk).await;
        assert!(
            shown
                .warnings()
                .iter()
                .any(|w| w.starts_with("BlindSpot") && w.contains("g-google"))
        );
        // What the group itself has is there.
        assert!(
            shown
                .grant("account-role:a1b23-admin:member:group:g-google")
                .direct
        );
    }
    for (group, status) in [
        ("g-google", 403),
        ("g-cloud", 400),
        ("g-scim", 403),
        ("g-cloud", 501),
    ] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_faults(vec![refused(group, status)]);
        let error = desk.sync().await.expect_err("refused");
        assert!(
            error.to_string().contains(&members(group)),
            "{group}, {status}: {error}"
        );
        assert!(!desk.is_published());
    }
}

/// The public connector knows no groups.
#[tokio::test]
async fn a_group_is_taken_for_deleted_only_where_the_group_itself_says_so() {
    let group = "/cloud/user-groups/g-cloud";
    let members = "/cloud/user-groups/g-cloud/members";
    let refused = |path: &str, status| Fault::matching("GET", path, FaultKind::status(status));
    let vanished = |shown: &Shown| {
        let mut warnings = shown.warnings().into_iter();
        let left = shown.resources.contains_key("group:g-cloud")
            || (shown.grants.values()).any(|g| g.principal == "group:g-cloud");
        warnings.any(|w| w.starts_with("DeletedDuringSync") && w.contains("g-cloud")) && !left
    };
    // It is gone, whichever page of its members we were at: the list does not have it any more.
    for (page_size, page) in [(None, 1), (Some(1), 2)] {
        let desk = Desk::new().await;
        desk.vendor
            .sim
            .set_options(|o| o.force_page_size = page_size);
        let groups = |groups: Vec<serde_json::Value>| {
            let body = serde_json::json!({ "groups": groups });
            shown_once(1, "/cloud/user-groups", body).exactly()
        };
        let all = desk
            .vendor
            .sim
            .with_world(|w| w.groups.values().cloned().collect());
        desk.vendor.sim.set_faults(vec![
            refused(members, 404).from(page),
            refused(group, 404).exactly(),
            groups(all),
            groups(Vec::new()).from(2),
        ]);
        assert!(vanished(&Shown::by(&desk).await), "{page_size:?}");
    }
    // It is going.
    for state in ["RESOURCE_STATE_DELETING", "RESOURCE_STATE_DELETED"] {
        let desk = Desk::new().await;
        let mut going = stored(&desk, "g-cloud");
        going["state"] = state.into();
        let kind = FaultKind::Status {
            code: 200,
            headers: Vec::new(),
            body: Some(serde_json::json!({"group": going})),
        };
        let faults = vec![
            refused(members, 404),
            Fault::matching("GET", group, kind).exactly(),
        ];
        desk.vendor.sim.set_faults(faults);
        assert!(vanished(&Shown::by(&desk).await), "{state}");
    }
    // It is there, or nobody knows.
    let contradictory = ("Unavailable", "ContradictoryAnswers");
    for (faults, expected) in [
        (vec![refused(members, 404)], contradictory),
        (vec![refused(members, 404).from(2)], contradictory),
        (
            vec![refused(members, 404), refused(group, 403).exactly()],
            ("PermissionDenied", "VendorDenied"),
        ),
    ] {
        let desk = Desk::new().await;
        desk.vendor.sim.set_options(|o| o.force_page_size = Some(1));
        desk.vendor.sim.set_faults(faults);
        let error = desk.sync().await.expect_err("a list that breaks off");
        assert_eq!(
            (error.kind().as_str(), error.code().as_str()),
            expected,
            "{error}"
        );
        assert!(error.to_string().contains("g-cloud"), "{error}");
        assert!(!desk.is_published());
    }
    // The list has it.
    let desk = Desk::new().await;
    let faults = vec![refused(members, 404), refused(group, 404).exactly()];
    desk.vendor.sim.set_faults(faults);
    assert_eq!(code(desk.sync().await), "ContradictoryAnswers");
    assert!(!desk.is_published());
    let desk = Desk::new().await;
    let google = refused("/cloud/user-groups/g-google/members", 404);
    desk.vendor.sim.set_faults(vec![google]);
    assert_eq!(code(desk.sync().await), "ContradictoryAnswers");
}

/// The public connector names a version of 2024: newer fields are neither shown nor kept by its updates.
#[tokio::test]
async fn every_request_names_the_version_that_it_was_written_for() {
    let desk = Desk::new().await;
    desk.complete().await;
    outcome(
        grant(&desk, "r1", "namespace:demo.a1b23:read", "user:u-read").await,
        "granted",
    );
    for request in desk.vendor.sim.requests() {
        assert_eq!(
            request.header("temporal-cloud-api-version"),
            Some("v0.19.1"),
            "{}",
            request.path
        );
    }
}
