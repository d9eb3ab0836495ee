//! Names of any kind: the public connector builds addresses from them as they are.

use rollcall_simulators::elastic::World;
use serde_json::json;

use super::{ADMIN, code, desk_of, grant, outcome, revoke, sent, small_with, user};
use crate::Desk;

/// `a/b` leads the public connector to another place, and with `100%` it asks for the endpoint itself.
#[tokio::test]
async fn a_name_of_any_kind_leads_to_its_own_user_and_nobody_else() {
    for (name, path) in [
        ("space in name", "space%20in%20name"),
        ("a/b", "a%2Fb"),
        ("100%", "100%25"),
        ("50%25", "50%2525"),
        ("one,two", "one%2Ctwo"),
        ("ann@example.com", "ann%40example.com"),
        ("a:b", "a%3Ab"),
        ("a+b", "a%2Bb"),
        ("q?x=1#y", "q%3Fx%3D1%23y"),
        ("1003", "1003"),
    ] {
        let desk = Desk::new().await;
        let whom = format!("deploymentUser:{name}");
        let before = desk.vendor.sim.access_view();
        let mut expected = before.clone();
        expected["deployments"]["main"]["users"][name]["roles"] = json!(["viewer", "admin"]);
        outcome(grant(&desk, "r1", ADMIN, &whom).await, "granted");
        assert_eq!(desk.vendor.sim.access_view(), expected, "{name}");
        outcome(revoke(&desk, "r2", ADMIN, &whom).await, "revoked");
        assert_eq!(desk.vendor.sim.access_view(), before, "{name}");
        let write = format!("PUT /_security/user/{path}");
        assert_eq!(sent(&desk), [write.clone(), write], "{name}");
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    }
}

/// The same of roles, of which the public connector shows an id that it cannot read again.
#[tokio::test]
async fn a_role_of_any_name_is_granted_and_revoked() {
    let desk = Desk::new().await;
    let roles = [
        "a/b",
        "100%",
        "r:w",
        "one,two",
        "a+b",
        "nobody's",
        "logs reader",
    ];
    for (n, role) in roles.iter().enumerate() {
        let what = format!("role:{role}:member");
        let whom = "deploymentUser:svc";
        outcome(grant(&desk, &format!("g{n}"), &what, whom).await, "granted");
        assert_eq!(user(&desk, "svc")["roles"], json!(["viewer", role]));
        let back = revoke(&desk, &format!("r{n}"), &what, whom).await;
        assert_eq!(
            outcome(back, "revoked")["removed"][0],
            format!("{what}:{whom}")
        );
    }
    assert_eq!(user(&desk, "svc")["roles"], json!(["viewer"]));
}

/// Of a name with a comma the public connector asks for two users, and changes the first.
#[tokio::test]
async fn a_name_with_a_comma_is_one_name() {
    let mut world = World::worked_example();
    world
        .add_user("main", "svc,jacknich", &["viewer"])
        .add_user("main", "svc,", &["viewer"]);
    let desk = desk_of(world).await;
    for (n, name) in ["svc,jacknich", "svc,"].iter().enumerate() {
        let whom = format!("deploymentUser:{name}");
        outcome(
            grant(&desk, &format!("r{n}"), ADMIN, &whom).await,
            "granted",
        );
        assert_eq!(user(&desk, name)["roles"], json!(["viewer", "admin"]));
    }
    assert_eq!(user(&desk, "svc")["roles"], json!(["viewer"]));
    let unknown = grant(&desk, "x", ADMIN, "deploymentUser:jacknich,svc").await;
    assert_eq!(code(unknown), "UnknownPrincipal");
}

/// A name of dots leads the public connector one step up.
#[tokio::test]
async fn a_name_of_dots_is_shown_and_cannot_be_written() {
    let desk = small_with(|world| {
        world
            .add_user("main", ".", &["viewer"])
            .add_user("main", "..", &["viewer"])
            .add_user("main", "...", &["viewer"]);
    })
    .await;
    for (n, name) in [".", ".."].iter().enumerate() {
        let whom = format!("deploymentUser:{name}");
        let refused = grant(&desk, &format!("r{n}"), ADMIN, &whom).await;
        assert_eq!(code(refused), "UnusableName");
    }
    assert!(sent(&desk).is_empty());
    outcome(
        grant(&desk, "three", ADMIN, "deploymentUser:...").await,
        "granted",
    );
    desk.complete().await;
}
