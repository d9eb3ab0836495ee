//! Organizations: who is in them, which roles they have there, and who is invited.

use std::collections::BTreeSet;

use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::elastic::{
    MAIN_ID, ORGANIZATION_ID, SECOND_ID, SECOND_ORGANIZATION_ID, WIDE_CLOUD_KEY,
};
use serde_json::{Value, json};

use super::{assigned, code, small, small_with};
use crate::Desk;

/// The grants of one resource, without its id.
fn on(shown: &Shown, resource: &str) -> BTreeSet<(String, String)> {
    let grants = shown.grants.values().filter(|g| g.resource == resource);
    grants
        .map(|g| {
            let slug = g.entitlement.strip_prefix(resource).expect("a slug");
            (slug[1..].to_owned(), g.principal.clone())
        })
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    let pairs = expected.iter();
    pairs
        .map(|(slug, who)| ((*slug).to_owned(), format!("user:{who}")))
        .collect()
}

/// The public connector lists all organizations whatever is configured, and gives each the members of the one.
#[tokio::test]
async fn an_organization_id_limits_organizations_and_members() {
    let desk = Desk::new().await;
    desk.set_keys(&json!({"api-key": WIDE_CLOUD_KEY, "organization-id": SECOND_ORGANIZATION_ID}));
    let shown = Shown::by(&desk).await;
    let organization = format!("organization:{SECOND_ORGANIZATION_ID}");
    assert_eq!(shown.count("organization"), 1);
    assert_eq!(shown.count("user"), 2);
    assert_eq!(shown.count("invitation"), 0);
    assert_eq!(
        on(&shown, &organization),
        pairs(&[
            ("member", "2001"),
            ("organization-admin", "2001"),
            ("member", "1001"),
        ])
    );
    let olga = shown.resource("user:2001");
    assert_eq!(olga.parent.as_deref(), Some(organization.as_str()));
    let asked = desk.vendor.sim.cloud_requests();
    assert!(
        asked
            .iter()
            .all(|r| r.path.contains(SECOND_ORGANIZATION_ID))
    );
    for (id, expected) in [
        (ORGANIZATION_ID, "AnotherTenant"),
        ("198583657199", "UnknownOrganization"),
    ] {
        desk.set_keys(&json!({"api-key": WIDE_CLOUD_KEY, "organization-id": id}));
        assert_eq!(code(desk.sync().await), expected);
    }
    let desk = Desk::new().await;
    desk.set_keys(&json!({"organization-id": SECOND_ORGANIZATION_ID}));
    assert_eq!(code(desk.sync().await), "CredentialTooWeak");
}

/// The same with a key of both: the public connector makes everybody a member of every organization.
#[tokio::test]
async fn every_organization_has_its_own_members() {
    let desk = Desk::new().await;
    desk.set_keys(&json!({"api-key": WIDE_CLOUD_KEY}));
    let shown = Shown::by(&desk).await;
    let of = |organization: &str| {
        let held = on(&shown, &format!("organization:{organization}"));
        let members = held.into_iter().filter(|(slug, _)| slug == "member");
        members.map(|(_, who)| who).collect::<BTreeSet<_>>()
    };
    assert_eq!(of(SECOND_ORGANIZATION_ID).len(), 2);
    assert_eq!(of(ORGANIZATION_ID).len(), 7);
    assert!(!of(ORGANIZATION_ID).contains("user:2001"));
    assert!(!of(SECOND_ORGANIZATION_ID).contains("user:1003"));
}

/// The public connector shows no roles. A row of a member may say something of another organization, too.
#[tokio::test]
async fn a_role_counts_in_the_organization_that_it_is_in() {
    let elsewhere = |kind: &str, role: &str, mut more: Value| {
        more["organization_id"] = SECOND_ORGANIZATION_ID.into();
        assigned(kind, role, more)
    };
    let desk = small_with(|world| {
        let all = json!({"all": true});
        world
            .assign(
                ORGANIZATION_ID,
                "1002",
                elsewhere("organization", "organization-admin", json!({})),
            )
            .assign(
                ORGANIZATION_ID,
                "1002",
                elsewhere("deployment", "deployment-admin", all.clone()),
            )
            .assign(
                ORGANIZATION_ID,
                "1002",
                json!({"project": elsewhere("security", "security-admin", all)}),
            );
    })
    .await;
    let shown = Shown::by(&desk).await;
    let member = format!("organization:{ORGANIZATION_ID}:member");
    assert_eq!(shown.held_directly("user:1002"), [member.as_str()]);
    // An owner of something else does not prove that the key sees everything.
    desk.vendor.sim.with_world(|world| {
        world.edit_member(ORGANIZATION_ID, "1001", |ada| ada.assignments.clear());
    });
    assert_eq!(code(desk.sync().await), "CredentialTooWeak");
}

/// Owners of the organization look to the public connector like everybody else.
#[tokio::test]
async fn every_role_in_the_organization_is_shown_where_it_is_held() {
    let shown = Shown::by(&Desk::new().await).await;
    let organization = format!("organization:{ORGANIZATION_ID}");
    let mut expected = pairs(&[
        ("organization-admin", "1001"),
        ("billing-admin", "1004"),
        ("platform-viewer", "1006"),
    ]);
    for id in 1001..=1007 {
        expected.extend(pairs(&[("member", &id.to_string())]));
    }
    assert_eq!(on(&shown, &organization), expected);
    for (place, expected) in [
        (
            format!("deployment:{MAIN_ID}"),
            pairs(&[
                ("deployment-editor", "1003"),
                ("application-logs_reader", "1003"),
                ("deployment-of-the-future", "1005"),
            ]),
        ),
        (
            format!("deployment:{SECOND_ID}"),
            pairs(&[("deployment-admin", "1005")]),
        ),
        (
            "deployment:00000000000000000000000000000000".to_owned(),
            pairs(&[("deployment-admin", "1005")]),
        ),
        (
            format!("deployment:all-{ORGANIZATION_ID}"),
            pairs(&[("deployment-viewer", "1003")]),
        ),
        (
            "project:c866244b611442d585e23a0cc8c9434c".to_owned(),
            pairs(&[("elasticsearch-developer", "1003")]),
        ),
        (
            "project:b2c3d4e5f60718293a4b5c6d7e8f90a1".to_owned(),
            pairs(&[
                ("security-t1-analyst", "1007"),
                ("application-hunters", "1007"),
            ]),
        ),
        (
            format!("project:all-observability-{ORGANIZATION_ID}"),
            pairs(&[("observability-editor", "1007")]),
        ),
        (
            format!("project:all-project_of_the_future-{ORGANIZATION_ID}"),
            pairs(&[("future-viewer", "1007")]),
        ),
    ] {
        assert_eq!(on(&shown, &place), expected, "{place}");
        let parent = shown.resource(&place).parent.as_deref();
        assert_eq!(parent, Some(organization.as_str()), "{place}");
    }
    assert_eq!((shown.count("deployment"), shown.count("project")), (4, 4));
    // What cannot be shown is at least named, and whose it is.
    let warnings = shown.warnings().join("\n");
    assert!(
        warnings.contains("(connected_cluster, something_new): members 1006"),
        "{warnings}"
    );
}

/// The public connector shows no roles. One on nothing that is known would be lost without a word.
#[tokio::test]
async fn a_role_on_nothing_is_named_at_least() {
    let nothing = json!({"all": false, "deployment_ids": []});
    let new = json!({"region_ids": ["us-east-1"]});
    let desk = small_with(|world| {
        world
            .assign(
                ORGANIZATION_ID,
                "1002",
                assigned("deployment", "deployment-viewer", nothing),
            )
            .assign(
                ORGANIZATION_ID,
                "1002",
                json!({"project": assigned("security", "security-admin", new)}),
            );
    })
    .await;
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.held_directly("user:1002").len(), 1);
    let warnings = shown.warnings().join("\n");
    assert!(
        warnings.contains("deployment-viewer on no deployment, security-admin on no project"),
        "{warnings}"
    );
}

/// The public connector shows no roles. A new kind of roles comes with an empty list for everybody, and with more for
/// some.
#[tokio::test]
async fn roles_of_a_new_kind_are_a_blind_spot_only_where_somebody_has_one() {
    let some = json!({"region": [{"role_id": "x"}], "project": {"stream": {"role_id": "y"}}});
    for (assignments, expected) in [
        (
            json!({"region": [], "fleet": {}, "tag": null, "project": {"stream": {"all": []}}}),
            None,
        ),
        (
            some,
            Some(
                "Acme: 1 members have roles of kinds that Rollcall does not know, and that are not shown (project/stream, region): members 1002",
            ),
        ),
    ] {
        let desk = small_with(|world| {
            world.assign(ORGANIZATION_ID, "1002", assignments);
        })
        .await;
        let shown = Shown::by(&desk).await;
        let expected: Vec<String> = expected
            .iter()
            .map(|text| format!("BlindSpot: {text}"))
            .collect();
        assert_eq!(shown.warnings(), expected);
        let spots = desk.manifest(&shown.answer)["blind_spots"].to_string();
        assert_eq!(spots.contains("project/stream"), !expected.is_empty());
    }
}

/// Whoever has no name has none in the public connector, and nobody has a day on which they came.
#[tokio::test]
async fn every_member_has_a_name_and_a_beginning() {
    let shown = Shown::by(&Desk::new().await).await;
    for (id, name, first, last, emails) in [
        (
            "1001",
            "Ada Lovelace",
            "Ada",
            "Lovelace",
            ["ada@acme.io"].as_slice(),
        ),
        ("1002", "bob@acme.io", "", "", &["bob@acme.io"]),
        ("1004", "1004", "", "", &[]),
        ("1005", "Dana", "Dana", "", &[]),
        (
            "1006",
            "Eve  Double Space",
            "Eve",
            " Double Space",
            &["Eve.Capital@Acme.io"],
        ),
    ] {
        let member = shown.resource(&format!("user:{id}"));
        assert_eq!(member.display_name, name);
        assert_eq!(member.profile["first_name"], first, "{id}");
        assert_eq!(member.profile["last_name"], last, "{id}");
        assert_eq!(member.profile["org_id"], ORGANIZATION_ID);
        assert_eq!(member.emails, emails, "{id}");
        assert_eq!(member.status, Some("enabled"));
    }
    assert_eq!(
        shown.resource("user:1002").profile["member_since"],
        "2024-01-02T00:00:00Z"
    );
}

/// The public connector does not show who may come in. The token of an invitation lets whoever has it in.
#[tokio::test]
async fn invitations_are_shown_without_what_opens_the_door() {
    let desk = Desk::new().await;
    let shown = Shown::by(&desk).await;
    let ids: Vec<&String> = shown
        .resources
        .values()
        .filter(|r| r.resource_type == "invitation")
        .map(|r| &r.id)
        .collect();
    let id = |address: &str| format!("invitation:{ORGANIZATION_ID}/{address}");
    // Cy has accepted, and is a member.
    assert_eq!(ids, [&id("late@acme.io"), &id("new@acme.io")]);
    let new = shown.resource(&id("new@acme.io"));
    assert_eq!((new.status, new.status_details.as_str()), (None, "invited"));
    assert_eq!(new.profile["expires_at"], "2025-01-04T00:00:00Z");
    let roles = new.profile["role_assignments"].as_str().expect("roles");
    assert!(roles.contains("billing-admin"), "{roles}");
    let late = shown.resource(&id("late@acme.io"));
    assert_eq!(late.status, Some("disabled"));
    assert!(shown.held_directly(&new.id).is_empty());
    let tokens = ["t0k\"", "exp1red", "acc3pted"].map(String::from);
    assert_eq!(desk.leak(&tokens), None);
    assert!(desk.vendor.tokens().ends_with(&tokens));
}

/// The public connector shows none. One that has expired stays beside the one that replaces it.
#[tokio::test]
async fn of_several_invitations_of_one_person_the_one_that_holds_is_shown() {
    // Names of tokens decide on the order of the list.
    for (old, new) in [("a-old", "b-new"), ("b-old", "a-new")] {
        let desk = small_with(|world| {
            world
                .invite(ORGANIZATION_ID, old, "New@acme.io", json!({}))
                .edit_invitation(ORGANIZATION_ID, old, |one| one.expired = true)
                .invite(
                    ORGANIZATION_ID,
                    new,
                    "new@acme.io",
                    assigned("organization", "billing-admin", json!({})),
                );
        })
        .await;
        let shown = Shown::by(&desk).await;
        assert_eq!(shown.count("invitation"), 1);
        let one = shown.resource(&format!("invitation:{ORGANIZATION_ID}/new@acme.io"));
        assert_eq!(one.status_details, "invited");
        assert!(one.profile.contains_key("role_assignments"));
    }
}

/// The public connector offers organizations for membership without being able to change it.
#[tokio::test]
async fn what_is_of_the_organization_is_refused_to_a_change() {
    let desk = small().await;
    for (n, what) in ["member", "organization-admin"].iter().enumerate() {
        let what = format!("organization:{ORGANIZATION_ID}:{what}");
        let refused = super::grant(&desk, &format!("r{n}"), &what, "user:1002").await;
        assert_eq!(code(refused), "UnknownEntitlement");
    }
    assert!(desk.vendor.sim.requests().is_empty());
}
