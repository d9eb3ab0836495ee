//! Rows and how they are shown, also in undocumented forms: fields without access are left out and reported, and
//! identity and rights are never guessed.

use rollcall_harness::conformance::Subject;
use rollcall_harness::lines::{line, profile, status};
use rollcall_harness::shown::Shown;
use rollcall_simulators::FaultKind;
use rollcall_simulators::northflank::{ENGINEERING_ID, OPERATIONS_ID, World};
use serde_json::{Value, json};

use crate::world::{
    DEVELOPERS, Desk, ENGINEERS, GROUPS, MEMBERS, ROLES, asked, at, desk_of, nobody, said,
    sync_fails,
};

async fn answered(path: &str, kind: FaultKind) -> Desk {
    let desk = Desk::small().await;
    desk.vendor.set_faults([at(path, kind)]);
    desk
}

/// The first verified address counts, otherwise the first valid one, and each once; without a name, the address is
/// shown. An account that is not set up already has its access: there is nothing to approve. Missing values are left
/// out.
#[tokio::test]
async fn people_are_shown_by_what_their_rows_say_and_nothing_is_made_up() {
    let table = json!([
        [{"emails": [{"address": "a@x.io", "verified": true}, {"address": "b@x.io", "verified": true}]}, "a@x.io | enabled | a@x.io | email=a@x.io email_verified=true"],
        [{"emails": [{"address": "a@x.io", "verified": false}, {"address": "b@x.io", "verified": true}]}, "b@x.io | enabled | b@x.io | email=b@x.io email_verified=true"],
        [{"emails": [{"address": "a@x.io"}, {"address": "b@x.io", "verified": false}]}, "a@x.io | enabled | a@x.io | email=a@x.io email_verified=false"],
        [{"emails": [{"address": "", "verified": true}, {"address": "none", "verified": true}, {"address": "b@x.io"}]}, "b@x.io | enabled | b@x.io | email=b@x.io email_verified=false"],
        [{"emails": [{"address": "@x.io", "verified": true}, {"address": "a@", "verified": true}, {"address": "a b@x.io"}]}, "ID | enabled |"],
        [{"emails": [{"address": " a@x.io ", "verified": true}]}, "a@x.io | enabled | a@x.io | email=a@x.io email_verified=true"],
        // The same address, which is verified in one of its rows.
        [{"emails": [{"address": "A@x.io", "verified": false}, {"address": "b@x.io", "verified": true}, {"address": "a@X.io", "verified": true}]}, "A@x.io | enabled | A@x.io | email=A@x.io email_verified=true"],
        [{"name": "Ada"}, "Ada | enabled | display_name=Ada first_name=Ada"],
        [{"name": " Ada  King Lovelace ", "finalized": true}, "Ada  King Lovelace | enabled | display_name=Ada  King Lovelace finalized=true first_name=Ada last_name= King Lovelace"],
        [{"name": "", "finalized": false, "emails": []}, "ID | enabled account setup not finished | finalized=false"],
        [{}, "ID | enabled |"],
    ]);
    let mut rows: Vec<(Value, String)> = serde_json::from_value(table).expect("rows");
    for (n, (row, _)) in rows.iter_mut().enumerate() {
        row["id"] = format!("p-{n}").into();
    }
    let members: Vec<&Value> = rows.iter().map(|(row, _)| row).collect();
    let list = json!({"data": {"members": members}, "pagination": {"hasNextPage": false}});
    let desk = desk_of(nobody()).await;
    desk.vendor.set_faults([at(MEMBERS, said(200, list))]);
    let shown = Shown::by(&desk).await;
    for (n, (_, expected)) in rows.iter().enumerate() {
        let id = format!("p-{n}");
        let person = shown.resource(&format!("user:{id}"));
        let (name, emails) = (person.display_name.clone(), person.emails.join(","));
        let found = line([name, status(person), emails, profile(person)]);
        let ids = format!(" user_id={id} username={id}");
        assert_eq!(found.replace(&ids, ""), expected.replace("ID", &id));
    }
}

/// The answer of a list in the small organization, with another value for a field of the first row.
fn with(path: &str, field: &str, value: &Value) -> FaultKind {
    let mut data = json!({
        MEMBERS: {"members": [{"id": "alice-w"}, {"id": "bob-k"}, {"id": "carol-p"}]},
        ROLES: {"roles": [{"id": "developer", "directoryGroups": [ENGINEERING_ID]}, {"id": "org-admin"}]},
        GROUPS: {"directoryGroups": [{"id": ENGINEERING_ID}, {"id": OPERATIONS_ID}]},
        DEVELOPERS: {"members": [
            {"id": "alice-w", "type": "implicit"}, {"id": "bob-k", "type": "explicit"}, {"id": "carol-p", "type": "implicit"},
        ]},
        ENGINEERS: {"members": [{"id": "alice-w"}, {"id": "carol-p"}]},
    })[path]
        .take();
    let mut rows = data.as_object_mut().expect("data").values_mut();
    rows.next().expect("rows")[0][field] = value.clone();
    said(200, json!({"data": data, "pagination": {"hasNextPage": false}}))
}

/// One row in an unknown form must neither hide everybody else nor be dropped. The vendor's own examples omit what its
/// schema requires.
#[tokio::test]
async fn an_unreadable_field_without_access_fails_no_sync_and_is_reported() {
    let whole = Shown::by(&Desk::small().await).await;
    let (dates, others) = (json!(["", "soon", 7, null]), json!([7, [7], null]));
    let emails = json!(["a@x.io", ["a@x.io"], [{"address": 7}], null]);
    let restrictions = json!(["none", {"enabled": "no"}, null]);
    for (path, fields, odd) in [
        (MEMBERS, "joinedAt", &dates),
        (MEMBERS, "name", &others),
        (MEMBERS, "emails", &emails),
        (MEMBERS, "finalized", &json!(["yes", 1, null])),
        (ROLES, "createdAt updatedAt", &dates),
        (ROLES, "name description", &others),
        (ROLES, "restrictions", &restrictions),
        (GROUPS, "createdAt updatedAt", &dates),
        (GROUPS, "name idpId", &others),
    ] {
        for field in fields.split(' ') {
            for value in odd.as_array().into_iter().flatten() {
                let what = format!("`{field}` of {path} is {value}");
                let shown = Shown::by(&answered(path, with(path, field, value)).await).await;
                assert_eq!(shown.direct(), whole.direct(), "{what}");
                let mut told = shown.warnings();
                told.retain(|w| w.starts_with("UnreadableField"));
                assert_eq!(told.len(), usize::from(!value.is_null()), "{what}: {told:?}");
                assert!(told.iter().all(|w| w.contains(&format!("`{field}` of "))), "{told:?}");
            }
        }
    }
}

/// Identity and rights are never guessed, and an answer without its list is not an empty list. People without an
/// account have `null` as id. An id of ours with a colon or a line end could not be parsed.
#[tokio::test]
async fn a_row_whose_id_or_right_is_of_another_form_publishes_nothing() {
    let without = FaultKind::without;
    let mut answers = vec![
        (MEMBERS, without("data/members")),
        (ROLES, without("data/roles")),
        (GROUPS, without("data")),
        (GROUPS, without("data/directoryGroups")),
        (DEVELOPERS, without("data/members")),
        (ENGINEERS, without("data/members")),
        (ENGINEERS, without("data/members/*/id")),
    ];
    for (path, field, values) in [
        (MEMBERS, "id", json!([null, "a:b"])),
        (ROLES, "id", json!([7, ""])),
        (ROLES, "directoryGroups", json!(["all", [null]])),
        (GROUPS, "id", json!([null, "a\nb"])),
        (DEVELOPERS, "id", json!([null, "a:b"])),
        (DEVELOPERS, "type", json!([["explicit"]])),
        (ENGINEERS, "id", json!([7, "a\nb"])),
    ] {
        let values = values.as_array().into_iter().flatten();
        answers.extend(values.map(|value| (path, with(path, field, value))));
    }
    for (path, kind) in answers {
        let what = format!("{path}: {kind:?}");
        sync_fails(&answered(path, kind).await, "UnexpectedAnswer", "", &what).await;
    }
}

/// Dropping a row with a missing or unknown kind of membership would hide access; taking it for `implicit` could, too.
#[tokio::test]
async fn an_unknown_way_to_have_a_role_is_a_separate_grant_and_counted() {
    for (way, told) in [(json!("inherited"), true), (json!(null), false)] {
        let shown = Shown::by(&answered(DEVELOPERS, with(DEVELOPERS, "type", &way)).await).await;
        let grant = shown.grant("role:developer:assigned:user:alice-w");
        assert!(grant.direct && !grant.immutable, "{way}");
        let warnings = shown.warnings().join("; ");
        let unknown = "UnknownValue: 1 role member of a kind";
        assert_eq!(warnings.contains(unknown), told, "{warnings}");
    }
}

#[tokio::test]
async fn a_name_of_blanks_is_replaced_by_the_id_in_entitlements_too() {
    let mut world = World::worked_example();
    world.add_group(OPERATIONS_ID, "  ", "");
    world.add_role("blank", " ");
    let shown = Shown::by(&desk_of(world).await).await;
    let name = |id: &str| shown.entitlement(id).display_name.clone();
    assert_eq!(name("role:blank:assigned"), "blank role");
    let group = name(&format!("group:{OPERATIONS_ID}:member"));
    assert_eq!(group, format!("{OPERATIONS_ID} group member"));
}

fn finalize(world: &mut World) {
    world.finalize("carol-p", "carol-pike");
}

#[tokio::test]
async fn completing_an_account_changes_the_id_and_keeps_the_address() {
    let desk = Desk::small().await;
    let before = Shown::by(&desk).await;
    desk.vendor.sim.with_world(finalize);
    let after = Shown::by(&desk).await;
    let ids = |shown: &Shown| format!("{:?} {:?}", shown.resources.keys(), shown.direct());
    assert_eq!(ids(&before).replace("carol-p", "carol-pike"), ids(&after));
    let (carol, pike) = (before.resource("user:carol-p"), after.resource("user:carol-pike"));
    assert_eq!(carol.emails, pike.emails);
    assert_eq!(pike.status_details, "");
}

/// The members were read before: people with an unknown id are looked for in the whole list, once, however many they
/// are and in whichever list.
#[tokio::test]
async fn people_who_join_or_complete_an_account_during_a_sync_are_looked_up_once() {
    let desk = Desk::small().await;
    desk.vendor.sim.before(ENGINEERS, finalize);
    desk.vendor.sim.before(DEVELOPERS, |w| {
        let world = w.add_member("zara", "Zara New", "zara@acme.test");
        world.assign("developer", "zara");
    });
    let shown = Shown::by(&desk).await;
    let emails = |id: &str| shown.resource(id).emails.join(",");
    assert_eq!(emails("user:carol-pike"), "carol@acme.test");
    assert_eq!(emails("user:zara"), "zara@acme.test");
    shown.grant(&format!("group:{ENGINEERING_ID}:member:user:carol-pike"));
    assert_eq!(asked(&desk, MEMBERS), 2);
}
