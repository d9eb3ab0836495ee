//! Roles and who has them.

use rollcall_simulators::confluence::{BeforeRoles, ModeAnswer, RoleMode, World};
use serde_json::{Value, json};

use crate::client::{READER, get, post, send, sim};

const MODE: &str = "/wiki/api/v2/space-role-mode";
const ROLES: &str = "/wiki/api/v2/space-roles";

fn given(space: u64) -> String {
    format!("/wiki/api/v2/spaces/{space}/role-assignments")
}

#[tokio::test]
async fn the_mode_tells_how_far_a_site_has_come() {
    let sim = sim(World::worked_example()).await;
    for (mode, name) in [
        (RoleMode::PreRoles, "PRE_ROLES"),
        (RoleMode::Transition, "ROLES_TRANSITION"),
        (RoleMode::Roles, "ROLES"),
    ] {
        sim.with_world(|world| world.mode = mode);
        assert_eq!(get(&sim, MODE).await.json, json!({"mode": name}));
    }
    sim.set_options(|options| options.mode_answer = ModeAnswer::Missing);
    assert_eq!(get(&sim, MODE).await.json, json!({}));
    sim.set_options(|options| options.mode_answer = ModeAnswer::NotFound);
    assert_eq!(get(&sim, MODE).await.status, 404);
}

#[tokio::test]
async fn before_there_are_roles_their_calls_find_nothing() {
    let sim = sim(World::worked_example()).await;
    for (answer, status, title) in [
        (BeforeRoles::NotFound, 404, "Space roles are not available"),
        (BeforeRoles::BareNotFound, 404, "Not Found"),
        (BeforeRoles::Empty, 200, ""),
    ] {
        sim.set_options(|options| options.before_roles = answer);
        for path in [ROLES, &given(98310)] {
            let reply = get(&sim, path).await;
            assert_eq!(
                (reply.status, reply.reason().as_str()),
                (status, title),
                "{path}"
            );
            assert!(reply.rows().is_empty());
        }
        assert_eq!(post(&sim, &given(98310), &json!([])).await.status, 404);
    }
}

#[tokio::test]
async fn roles_and_assignments_are_listed_and_filtered() {
    let sim = sim(World::rich_with_roles()).await;
    let all = get(&sim, &format!("{ROLES}?limit=250")).await;
    assert_eq!(
        all.all("/name"),
        [
            "Admin",
            "Manager",
            "Collaborator",
            "Viewer",
            "Archivist",
            "Nobody's"
        ]
    );
    assert_eq!(
        all.rows()[3],
        json!({"id": "role-viewer", "type": "SYSTEM", "name": "Viewer", "description": "Viewer of a space", "spacePermissions": ["read/space"]})
    );
    for (query, ids) in [
        ("role-type=CUSTOM", vec!["role-archivist", "role-unused"]),
        (
            "principal-type=GROUP&principal-id=33-team",
            vec!["role-archivist"],
        ),
        (
            "space-id=98331&principal-type=GROUP&principal-id=33-team",
            vec![],
        ),
    ] {
        assert_eq!(
            get(&sim, &format!("{ROLES}?{query}")).await.all("/id"),
            ids,
            "{query}"
        );
    }
    let list = get(&sim, &given(98330)).await;
    assert_eq!(list.rows().len(), 8);
    assert_eq!(
        list.rows()[0],
        json!({"principal": {"principalType": "ACCESS_CLASS", "principalId": "all-licensed-users"}, "roleId": "role-viewer"})
    );
    for (query, rows) in [
        ("role-id=role-viewer", 3),
        ("role-type=CUSTOM", 1),
        ("principal-type=USER&principal-id=712020%3Areader", 1),
        (
            "principal-type=ACCESS_CLASS&principal-id=ALL_LICENSED_USERS",
            1,
        ),
        ("principal-type=USER&principal-id=33-team", 0),
    ] {
        assert_eq!(
            get(&sim, &format!("{}?{query}", given(98330)))
                .await
                .rows()
                .len(),
            rows,
            "{query}"
        );
    }
    assert!(
        get(&sim, "/wiki/api/v2/space-permissions?limit=250")
            .await
            .all("/id")
            .contains(&"create/page")
    );
    assert_eq!(get(&sim, &given(98323)).await.status, 404);
    assert_eq!(sim.violations(), Vec::<String>::new());
    for query in [
        "principal-id=33-team",
        "principal-type=GROUP",
        "principal-type=BOT&principal-id=1",
        "role-type=OTHER",
    ] {
        assert_eq!(
            get(&sim, &format!("{}?{query}", given(98330))).await.status,
            400,
            "{query}"
        );
    }
    assert_eq!(sim.violations().len(), 4);
}

#[tokio::test]
async fn assignments_are_set_one_per_principal() {
    let sim = sim(World::with_roles()).await;
    let entry = |kind: &str, id: &str, role: &str| json!({"principal": {"principalType": kind, "principalId": id}, "roleId": role});
    let body = json!([
        entry("USER", "712020:c3", "r1"),
        entry("ACCESS_CLASS", "ALL_LICENSED_USERS", "r1")
    ]);
    assert_eq!(post(&sim, &given(98310), &body).await.status, 200);
    let space = sim.access_view()["spaces"]["98310"].clone();
    assert_eq!(
        space,
        json!({"roles": {"access-class:all-licensed-users": "r1", "group:22-eng": "r2", "user:712020:a1": "r1", "user:712020:c3": "r1"}}),
        "the app's permissions have given way to its role"
    );
    let before = sim.access_view();
    for (body, wrong) in [
        (json!([entry("USER", "nobody", "r1")]), false),
        (json!([entry("GROUP", "22-eng", "r9")]), false),
        (json!([entry("ACCESS_CLASS", "everybody", "r1")]), false),
        (
            json!([
                entry("GROUP", "22-eng", "r1"),
                entry("USER", "712020:a1", "r9")
            ]),
            false,
        ),
        (json!(entry("GROUP", "22-eng", "r1")), true),
        (
            json!([
                entry("GROUP", "22-eng", "r1"),
                entry("GROUP", "22-eng", "r2")
            ]),
            true,
        ),
        (
            json!([{"principal": {"principalType": "GROUP", "principalId": "22-eng"}, "roleId": null}]),
            true,
        ),
        (
            json!([{"principal": {"type": "GROUP", "id": "22-eng"}}]),
            true,
        ),
        (json!([{"roleId": "r1"}]), true),
    ] {
        sim.clear_requests();
        assert_eq!(post(&sim, &given(98310), &body).await.status, 400, "{body}");
        assert_eq!(!sim.violations().is_empty(), wrong, "{body}");
    }
    let large = Value::from(" ".repeat(5 << 20));
    assert_eq!(post(&sim, &given(98310), &large).await.status, 413);
    assert_eq!(sim.access_view(), before);
    let gone = json!([{"principal": {"principalType": "GROUP", "principalId": "22-eng"}}]);
    for _ in 0..2 {
        assert_eq!(post(&sim, &given(98310), &gone).await.rows().len(), 3);
    }
}

#[tokio::test]
async fn roles_make_spaces_visible_and_who_administers_none_sets_none() {
    let sim = sim(World::rich_with_roles()).await;
    let entry = json!([{"principal": {"principalType": "USER", "principalId": "712020:reader"}, "roleId": "role-admin"}]);
    let refused = send(&sim, READER, "POST", &given(98330), Some(&entry)).await;
    assert_eq!(
        (refused.status, refused.reason() == "Not Found"),
        (404, false)
    );
    let path = "/wiki/api/v2/spaces?keys=ROLES";
    assert_eq!(send(&sim, READER, "GET", path, None).await.rows().len(), 1);
    sim.with_world(|world| world.edit_space(98330, |space| space.roles.clear()).mode);
    assert_eq!(send(&sim, READER, "GET", path, None).await.rows().len(), 0);
}
