//! Who is in the organization, and as what.

use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::answer_of;
use rollcall_harness::shown::Shown;
use rollcall_simulators::buildkite::{
    ADA_ID, BEN_ID, CLEO_ID, EVERYONE_ID, MEMBER_TOKEN, ORGANIZATION, ORGANIZATION_ID, Options,
    PLATFORM_ID, SsoMode, TEST_TOKEN, World,
};
use rollcall_simulators::{Fault, FaultKind};
use serde_json::{Value, json};

use super::{desk_of, person_id, small_with, team_id};

fn person(id: &str) -> String {
    format!("user:{id}")
}

/// One line of the public connector knows no roles and shows maintainers as members.
#[tokio::test]
async fn a_membership_has_the_one_role_that_it_has() {
    let desk = small_with(|world| {
        world.add_to_team(ORGANIZATION, PLATFORM_ID, CLEO_ID, "member");
    })
    .await;
    let shown = Shown::by(&desk).await;
    for (team, user, role, other) in [
        (EVERYONE_ID, ADA_ID, "maintainer", "member"),
        (EVERYONE_ID, BEN_ID, "member", "maintainer"),
        (PLATFORM_ID, BEN_ID, "maintainer", "member"),
        (PLATFORM_ID, CLEO_ID, "member", "maintainer"),
    ] {
        shown.grant(&format!("team:{team}:{role}:user:{user}"));
        let not = format!("team:{team}:{other}:user:{user}");
        assert!(!shown.grants.contains_key(&not), "{not}");
    }
}

/// To drop it would hide access; to guess more would invent some.
#[tokio::test]
async fn a_role_in_a_team_that_nobody_knows_is_shown_as_membership_and_counted() {
    for role in ["observer", "Maintainer", ""] {
        let desk = small_with(|world| {
            world.edit_team(ORGANIZATION, EVERYONE_ID, |team| {
                team.members[1].role = role.to_owned();
                team.members[2].role = role.to_owned();
            });
        })
        .await;
        let shown = Shown::by(&desk).await;
        for user in [BEN_ID, CLEO_ID] {
            let held = shown.held_directly(&person(user));
            let everyone = format!("team:{EVERYONE_ID}:member");
            assert!(held.contains(&everyone.as_str()), "{role}: {held:?}");
            let more = format!("team:{EVERYONE_ID}:maintainer");
            assert!(!held.contains(&more.as_str()), "{role}: {held:?}");
        }
        assert_eq!(
            shown.warnings(),
            [
                "UnknownValue: 2 memberships in teams have a role that Rollcall does not know, and are shown as `member`"
            ],
            "{role}"
        );
    }
}

/// The public connector shows nobody who administers the organization, who can do everything in every team.
#[tokio::test]
async fn administrators_are_shown_and_belong_to_the_organization_as_well() {
    let desk = small_with(|world| {
        world
            .edit_member(ORGANIZATION, BEN_ID, |ben| ben.role = "admin".into())
            .edit_member(ORGANIZATION, CLEO_ID, |cleo| cleo.role = "owner".into());
    })
    .await;
    let shown = Shown::by(&desk).await;
    let on = |slug: &str| format!("organization:{ORGANIZATION_ID}:{slug}");
    for (user, admin) in [(ADA_ID, true), (BEN_ID, true), (CLEO_ID, false)] {
        let held = shown.held_directly(&person(user));
        assert!(held.contains(&on("member").as_str()), "{held:?}");
        assert_eq!(held.contains(&on("admin").as_str()), admin, "{held:?}");
    }
    // A role of the future may be more than membership.
    assert_eq!(
        shown.resource(&person(CLEO_ID)).profile["org_role"],
        "owner"
    );
    assert_eq!(
        shown.warnings(),
        [
            "UnknownValue: 1 members of the organization have a role that Rollcall does not know, and are shown as `member`"
        ]
    );
}

/// Until July 2026 the API told no roles.
#[tokio::test]
async fn without_roles_everybody_belongs_to_the_organization_and_nobody_administers_it() {
    let desk = desk_of(World::worked_example(), |o| o.omit_role = true).await;
    let shown = Shown::by(&desk).await;
    for user in [ADA_ID, BEN_ID, CLEO_ID] {
        let member = format!("organization:{ORGANIZATION_ID}:member:user:{user}");
        shown.grant(&member);
        let admin = format!("organization:{ORGANIZATION_ID}:admin:user:{user}");
        assert!(!shown.grants.contains_key(&admin));
        let profile = &shown.resource(&person(user)).profile;
        assert!(!profile.contains_key("org_role"), "{profile:?}");
    }
}

/// Who asks, at what vendor, with which token, and whether they are warned.
type Row = (&'static str, fn(&mut Options), &'static str, bool);

/// The public connector shows a secret team as if it did not exist, and nobody knows. Where the API tells no roles, it tells
/// administrators alone how others sign in.
#[tokio::test]
async fn whether_secret_teams_may_be_missing_is_told_wherever_it_can_be_known() {
    let older = |o: &mut Options| o.omit_role = true;
    let much_older = |o: &mut Options| {
        o.omit_role = true;
        o.sso_mode = SsoMode::Nobody;
    };
    let rows: [Row; 6] = [
        ("an administrator", |_| {}, TEST_TOKEN, false),
        ("a member", |_| {}, MEMBER_TOKEN, true),
        ("an administrator, untold", older, TEST_TOKEN, false),
        ("a member, untold", older, MEMBER_TOKEN, true),
        (
            "an administrator, quite untold",
            much_older,
            TEST_TOKEN,
            true,
        ),
        ("a member, quite untold", much_older, MEMBER_TOKEN, true),
    ];
    for (what, change, token, warned) in rows {
        // The owner may be alone on a page, or on another one than everybody else.
        for size in [None, Some(1), Some(2)] {
            let desk = desk_of(World::worked_example(), |options| {
                change(options);
                options.force_page_size = size;
            })
            .await;
            desk.set_keys(&json!({"api-token": token}));
            let warnings = Shown::by(&desk).await.warnings();
            let hidden = warnings
                .iter()
                .any(|w| w.starts_with("MayNotBeAdministrator"));
            assert_eq!(hidden, warned, "{what}, pages of {size:?}: {warnings:?}");
        }
    }
}

/// How somebody signs in says nothing of whether they use single sign-on: it says `required` where there is none.
#[tokio::test]
async fn how_somebody_signs_in_is_passed_on_and_nothing_is_made_of_it() {
    let desk = desk_of(World::worked_example(), |_| {}).await;
    let shown = Shown::by(&desk).await;
    for (user, mode) in [(ADA_ID, "required"), (BEN_ID, "optional")] {
        let resource = shown.resource(&person(user));
        assert_eq!(resource.profile["sso_mode"], mode);
        assert_eq!((resource.sso, resource.mfa), (None, None));
    }
}

#[tokio::test]
async fn a_blank_name_is_stood_in_for_by_the_address_and_that_by_the_id() {
    for (name, email, shown_as, emails) in [
        (
            "Dee",
            "dee@example.com",
            "Dee",
            ["dee@example.com"].as_slice(),
        ),
        (
            "",
            "dee@example.com",
            "dee@example.com",
            &["dee@example.com"],
        ),
        (
            "  ",
            "dee@example.com",
            "dee@example.com",
            &["dee@example.com"],
        ),
        ("", "", person_id(1).as_str(), &[]),
        (" ", " ", person_id(1).as_str(), &[]),
        // What is no address is none.
        ("", "dee", "dee", &[]),
        ("Dee", "not an address", "Dee", &[]),
    ] {
        let id = person_id(1);
        let desk = small_with(|world| {
            world
                .add_user(&id, name, email)
                .add_member(ORGANIZATION, &id, "member");
        })
        .await;
        let shown = Shown::by(&desk).await;
        let resource = shown.resource(&person(&id));
        let what = format!("{name:?} {email:?}");
        assert_eq!(resource.display_name, shown_as, "{what}");
        assert_eq!(resource.emails, emails, "{what}");
        assert_eq!(resource.status, Some("enabled"), "{what}");
    }
}

/// Somebody who has left the organization, and whom its teams still name.
fn with_a_leaver(world: &mut World) {
    let id = person_id(2);
    world
        .add_user(&id, "Gone Gal", "gone@example.com")
        .add_to_team(ORGANIZATION, EVERYONE_ID, &id, "maintainer")
        .add_to_team(ORGANIZATION, PLATFORM_ID, &id, "member");
}

#[tokio::test]
async fn whoever_is_in_a_team_and_not_in_the_organization_keeps_what_the_team_says() {
    let desk = small_with(with_a_leaver).await;
    let shown = Shown::by(&desk).await;
    let id = person(&person_id(2));
    let resource = shown.resource(&id);
    assert_eq!(resource.display_name, "Gone Gal");
    // Nothing is made up: whether they can sign in, nobody says.
    assert_eq!(resource.status, None);
    assert_eq!(
        resource.status_details,
        "in a team, not among the organization's members"
    );
    assert_eq!(resource.emails, Vec::<String>::new());
    let mut held = shown.held_directly(&id);
    held.sort_unstable();
    let expected = [
        format!("team:{EVERYONE_ID}:maintainer"),
        format!("team:{PLATFORM_ID}:member"),
    ];
    assert_eq!(held, expected);
    // They were looked for, once.
    let path = format!("/v2/organizations/{ORGANIZATION}/members/{}", person_id(2));
    let requests = desk.vendor.sim.requests();
    let statuses: Vec<u16> = requests
        .iter()
        .filter(|r| r.path == path)
        .map(|r| r.status)
        .collect();
    assert_eq!(statuses, [404]);
}

/// Somebody who joined after the members were listed.
#[tokio::test]
async fn whoever_joins_during_a_sync_is_shown_as_a_member_like_any_other() {
    let id = person_id(3);
    let mut desk = small_with(|world| {
        world.add_user(&id, "Joining Joe", "joe@example.com");
    })
    .await;
    desk.cx.settings.max_steps = Some(3);
    let first = desk.invoke(Operation::Sync, json!({})).await;
    let first = answer_of(first);
    assert_eq!(first["status"], "continue");
    desk.vendor.sim.with_world(|world| {
        world.add_member(ORGANIZATION, &id, "admin").add_to_team(
            ORGANIZATION,
            EVERYONE_ID,
            &id,
            "member",
        );
    });
    desk.cx.settings.max_steps = None;
    let answer = desk.finish(json!({"sync_id": first["sync_id"]})).await;
    let answer = answer_of(answer);
    assert_eq!(answer["status"], "complete");
    let shown = Shown::by(&desk).await;
    // That one, and one of a sync that began afterwards, say the same.
    assert_eq!(shown.answer["content_digest"], answer["content_digest"]);
    let joe = shown.resource(&person(&id));
    assert_eq!(joe.profile["org_role"], Value::from("admin"));
    assert_eq!(joe.emails, ["joe@example.com"]);
}

/// Two people may have the same name; ids tell them apart.
#[tokio::test]
async fn people_and_teams_of_the_same_name_are_told_apart() {
    let desk = small_with(|world| {
        for n in [4, 5] {
            let id = person_id(n);
            world
                .add_user(&id, "Same Name", &format!("same{n}@example.com"))
                .add_member(ORGANIZATION, &id, "member")
                .add_team(ORGANIZATION, &team_id(n), &format!("same-{n}"), "Same")
                .add_to_team(ORGANIZATION, &team_id(n), &id, "member");
        }
    })
    .await;
    let shown = Shown::by(&desk).await;
    for (n, other) in [(4, 5), (5, 4)] {
        shown.grant(&format!("team:{}:member:user:{}", team_id(n), person_id(n)));
        let not = format!("team:{}:member:user:{}", team_id(n), person_id(other));
        assert!(!shown.grants.contains_key(&not));
    }
}

/// Whoever owns a token is in the organization that it reaches: a list without anybody, or without them, is not whole.
#[tokio::test]
async fn a_list_of_members_without_the_tokens_owner_publishes_nothing() {
    let row = |id: &str, name: &str, email: &str| json!({"id": id, "name": name, "email": email, "role": "member"});
    let ben = row(BEN_ID, "Ben Builder", "ben@example.com");
    let ada = |name: &str, email: &str| json!([ben, row(ADA_ID, name, email)]);
    for (rows, code) in [
        (json!([]), Some("EmptyList")),
        (json!([ben]), Some("CallerNotListed")),
        (ada("A. Admin", "a@example.com"), Some("CallerNotListed")),
        // She is known by one of the two, in any case of letters.
        (ada("A. Admin", "ADA@example.com"), None),
        (ada("Ada Admin", "a@example.com"), None),
        (ada("Ada Admin", ""), None),
    ] {
        let desk = desk_of(World::worked_example(), |_| {}).await;
        let path = format!("/v2/organizations/{ORGANIZATION}/members");
        let kind = FaultKind::Status {
            code: 200,
            headers: Vec::new(),
            body: Some(rows.clone()),
        };
        let fault = Fault::matching("GET", &path, kind).exactly();
        desk.vendor.sim.set_faults(vec![fault]);
        let ended = desk.sync().await;
        let error = ended.as_ref().err().map(|e| e.code().as_str());
        assert_eq!(error, code, "{rows}");
        assert_eq!(desk.is_published(), code.is_none(), "{rows}");
    }
}

/// Where nothing says who owns the token, nobody is missed.
#[tokio::test]
async fn a_token_without_an_owner_needs_nobody_in_the_list() {
    let desk = small_with(|_| {}).await;
    desk.vendor.sim.set_faults(vec![Fault::matching(
        "GET",
        "/v2/access-token",
        FaultKind::without("user"),
    )]);
    desk.complete().await;
}
