//! What a write leaves as it was: everything but the one role.

use rollcall_simulators::Fault;
use serde_json::{Value, json};

use super::{
    ADMIN, VIEWER, code, elasticsearch_says, grant, ids, outcome, revoke, sent, small, small_with,
    user,
};
use crate::Desk;

/// The bodies of all changes that were sent.
fn bodies(desk: &Desk) -> Vec<Value> {
    let writes = desk.writes().into_iter();
    writes.map(|r| r.body.expect("a body")).collect()
}

/// The public connector turns numbers of metadata into others, null names into empty ones, and writes what must not be
/// written.
#[tokio::test]
async fn a_grant_changes_the_roles_of_one_user_and_nothing_else() {
    for name in [
        "numbers",
        "svc",
        "jacknich",
        "disabled",
        "olduser",
        "only role",
        "dangling",
        "twice",
        "a:b",
    ] {
        let desk = Desk::new().await;
        let whom = format!("deploymentUser:{name}");
        let what = "role:logs reader:member";
        let before = desk.vendor.sim.access_view();
        let mut expected = before.clone();
        let roles = &mut expected["deployments"]["main"]["users"][name]["roles"];
        roles
            .as_array_mut()
            .expect("roles")
            .push("logs reader".into());
        outcome(grant(&desk, "r1", what, &whom).await, "granted");
        assert_eq!(desk.vendor.sim.access_view(), expected, "{name}");
        let document = &expected["deployments"]["main"]["users"][name];
        let body = json!({
            "roles": document["roles"], "full_name": document["full_name"], "email": document["email"],
            "metadata": document["metadata"], "enabled": document["enabled"],
        });
        assert_eq!(bodies(&desk), [body], "{name}");
        outcome(revoke(&desk, "r2", what, &whom).await, "revoked");
        assert_eq!(desk.vendor.sim.access_view(), before, "{name}");
        assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new());
    }
}

/// Of `12345678901234567` the public connector makes `12345678901234568`.
#[tokio::test]
async fn metadata_go_back_digit_by_digit() {
    let metadata = r#"{"big":123456789012345678901234567890,"cents":1.10,"power":1E+2,"tiny":0.1000000000000000055,"b":{"z":1,"a":[ 1.0 ]},"text":"ü\u00fc\/"}"#;
    let desk = small().await;
    let document = format!(
        r#"{{"svc":{{"username":"svc","roles":["viewer"],"full_name":null,"email":"\u0061@b.c","metadata":{metadata},"enabled":true}}}}"#
    );
    let read = elasticsearch_says(&document);
    let twice = Fault::matching("GET", "/_security/user/svc", read).times(2);
    desk.vendor.sim.set_faults(vec![twice]);
    let answer = outcome(
        grant(&desk, "r1", ADMIN, "deploymentUser:svc").await,
        "granted",
    );
    // The body is sent as it stands in the record.
    let audit = answer["audit"].as_str().expect("a key");
    let intended = std::fs::read(desk.file(&format!("{audit}/intended.json"))).expect("a record");
    let intended: Value = serde_json::from_slice(&intended).expect("JSON");
    assert_eq!(
        intended["proposal"]["change"]["body"],
        format!(
            r#"{{"roles":["viewer","admin"],"full_name":null,"email":"\u0061@b.c","metadata":{metadata},"enabled":true}}"#
        )
    );
    let desk = Desk::new().await;
    outcome(
        grant(&desk, "r1", ADMIN, "deploymentUser:numbers").await,
        "granted",
    );
    let sent = &bodies(&desk)[0]["metadata"];
    assert_eq!(sent["big"].as_u64(), Some(12_345_678_901_234_567_890));
    assert_eq!(sent["unsafe"].as_u64(), Some(9_007_199_254_740_993));
    assert_eq!(sent["nested"]["a"]["b"]["c"], 12_345_678_901_234_567_u64);
}

/// The public connector writes empty names where there are none.
#[tokio::test]
async fn a_name_that_is_null_stays_null_and_an_empty_one_empty() {
    let desk = small_with(|world| {
        world.edit_user("main", "olduser", |old| old.email = Some(String::new()));
    })
    .await;
    outcome(
        grant(&desk, "r1", ADMIN, "deploymentUser:svc").await,
        "granted",
    );
    outcome(
        grant(&desk, "r2", ADMIN, "deploymentUser:olduser").await,
        "granted",
    );
    let bodies = bodies(&desk);
    assert_eq!(
        (&bodies[0]["full_name"], &bodies[0]["email"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(bodies[1]["email"], "");
    assert_eq!(user(&desk, "svc")["full_name"], Value::Null);
}

/// Elasticsearch enables whoever is written without a word on that; the public connector says what it read.
#[tokio::test]
async fn a_disabled_user_stays_disabled() {
    let desk = Desk::new().await;
    let whom = "deploymentUser:disabled";
    outcome(revoke(&desk, "r1", ADMIN, whom).await, "revoked");
    assert_eq!(user(&desk, "disabled")["enabled"], false);
    outcome(grant(&desk, "r2", ADMIN, whom).await, "granted");
    assert_eq!(user(&desk, "disabled")["enabled"], false);
    assert!(bodies(&desk).iter().all(|body| body["enabled"] == false));
}

/// The public connector sends `null` for the last role: Elasticsearch refuses, the role stays, and all went well.
#[tokio::test]
async fn the_last_role_is_taken_as_well() {
    let desk = small().await;
    let before = user(&desk, "svc");
    let answer = outcome(
        revoke(&desk, "r1", VIEWER, "deploymentUser:svc").await,
        "revoked",
    );
    assert_eq!(
        ids(&answer, "removed"),
        ["role:viewer:member:deploymentUser:svc"]
    );
    assert_eq!(bodies(&desk)[0]["roles"], json!([]));
    let mut expected = before;
    expected["roles"] = json!([]);
    assert_eq!(user(&desk, "svc"), expected);
}

/// The public connector adds a role that is held a second time, and writes the list anew where nothing is to be taken.
#[tokio::test]
async fn what_is_so_already_is_not_written() {
    let desk = Desk::new().await;
    for (n, whom) in ["jacknich", "twice", "disabled"].iter().enumerate() {
        let whom = format!("deploymentUser:{whom}");
        outcome(
            grant(&desk, &format!("g{n}"), VIEWER, &whom).await,
            "already_granted",
        );
        let what = "role:editor:member";
        outcome(
            revoke(&desk, &format!("r{n}"), what, &whom).await,
            "already_revoked",
        );
    }
    assert!(sent(&desk).is_empty());
}

/// Of a role that is there twice the public connector leaves none, as it should, and of one that is granted twice it makes
/// two.
#[tokio::test]
async fn a_role_that_is_there_twice_is_taken_at_once() {
    let desk = Desk::new().await;
    outcome(
        revoke(&desk, "r1", VIEWER, "deploymentUser:twice").await,
        "revoked",
    );
    assert_eq!(user(&desk, "twice")["roles"], json!(["admin"]));
    assert_eq!(sent(&desk).len(), 1);
}

/// The public connector writes a user without a name, is refused, and says that all went well.
#[tokio::test]
async fn a_user_that_does_not_exist_is_no_success() {
    let desk = Desk::new().await;
    for (n, name) in ["nobody", "JackNich", "no,body", "1001"].iter().enumerate() {
        let whom = format!("deploymentUser:{name}");
        let error = grant(&desk, &format!("g{n}"), ADMIN, &whom)
            .await
            .expect_err("nobody");
        assert_eq!(error.code(), "UnknownPrincipal", "{name}");
        assert!(error.to_string().contains(name), "{error}");
        outcome(
            revoke(&desk, &format!("r{n}"), ADMIN, &whom).await,
            "already_revoked",
        );
    }
    assert!(sent(&desk).is_empty());
}

/// A part of a cluster that cannot be reached makes a user look like none. The public connector writes a user without a
/// name.
#[tokio::test]
async fn a_user_that_is_overlooked_for_a_while_is_found() {
    for hiccups in [1, 2, 5] {
        let desk = small().await;
        desk.vendor.sim.set_options(|o| o.hiccups = hiccups);
        outcome(
            revoke(&desk, "r1", VIEWER, "deploymentUser:svc").await,
            "revoked",
        );
        desk.vendor.sim.set_options(|o| o.hiccups = hiccups);
        outcome(
            grant(&desk, "r2", VIEWER, "deploymentUser:svc").await,
            "granted",
        );
        assert_eq!(user(&desk, "svc")["roles"], json!(["viewer"]));
    }
}

/// An object without anything in it says as little of a user as a 404. The public connector writes a user without a name.
#[tokio::test]
async fn an_empty_answer_is_no_word_on_a_user_or_a_role() {
    let nothing = || elasticsearch_says("{}");
    let by_name = |path| Fault::matching("GET", path, nothing());
    let desk = small().await;
    desk.vendor.sim.set_faults(vec![
        by_name("/_security/user/svc"),
        by_name("/_security/role/admin"),
    ]);
    outcome(
        grant(&desk, "r1", ADMIN, "deploymentUser:svc").await,
        "granted",
    );
    outcome(
        revoke(&desk, "r2", ADMIN, "deploymentUser:svc").await,
        "revoked",
    );
    // Where the list is empty as well, nobody can tell.
    for (path, expected) in [
        ("/_security/user", "EmptyList"),
        ("/_security/role", "EmptyList"),
    ] {
        let desk = small().await;
        desk.vendor.sim.set_faults(vec![by_name(path)]);
        let granted = grant(&desk, "r1", ADMIN, "deploymentUser:svc").await;
        assert_eq!(code(granted), expected);
        let revoked = revoke(&desk, "r2", VIEWER, "deploymentUser:svc").await;
        match path {
            "/_security/user" => assert_eq!(code(revoked), expected),
            _ => drop(outcome(revoked, "revoked")),
        }
    }
}

/// Elasticsearch erases what is left out of a write: what it did not show cannot be written back. The public connector
/// writes whatever it has.
#[tokio::test]
async fn a_user_of_whom_something_is_not_shown_is_not_written() {
    let whole = json!({
        "username": "svc", "roles": ["viewer"], "full_name": null, "email": null, "metadata": {}, "enabled": true,
    });
    for missing in ["full_name", "email", "metadata", "enabled"] {
        let mut svc = whole.clone();
        svc.as_object_mut().expect("an object").remove(missing);
        let desk = small().await;
        let read = elasticsearch_says(&json!({"svc": svc}).to_string());
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("GET", "/_security/user/svc", read)]);
        let error = grant(&desk, "r1", ADMIN, "deploymentUser:svc")
            .await
            .expect_err(missing);
        assert_eq!(error.code(), "IncompleteUser");
        assert!(error.to_string().contains(missing), "{error}");
        let revoked = revoke(&desk, "r2", VIEWER, "deploymentUser:svc").await;
        assert_eq!(code(revoked), "IncompleteUser");
        assert!(sent(&desk).is_empty());
    }
}

/// A 404 of something else than Elasticsearch is no word on a user.
#[tokio::test]
async fn only_elasticsearch_says_that_a_user_is_gone() {
    use rollcall_simulators::FaultKind;
    use rollcall_simulators::elastic::html_page;
    let nothing = FaultKind::Status {
        code: 404,
        headers: Vec::new(),
        body: Some(json!({})),
    };
    let proxy = FaultKind::Status {
        code: 404,
        headers: Vec::new(),
        body: Some(json!({"ok": false, "message": "Unknown resource."})),
    };
    let gone = html_page(404);
    for kind in [nothing, proxy, gone] {
        let desk = small().await;
        let fault = Fault::matching("GET", "/_security/", kind.clone());
        desk.vendor.sim.set_faults(vec![fault]);
        for result in [
            revoke(&desk, "r1", VIEWER, "deploymentUser:svc").await,
            grant(&desk, "r2", ADMIN, "deploymentUser:svc").await,
        ] {
            assert_eq!(code(result), "WrongAddress", "{kind:?}");
        }
        assert!(sent(&desk).is_empty());
    }
    // The proxy does not know the cluster any more.
    let desk = small_with(|world| {
        world.edit_cluster("main", |main| main.gone = true);
    })
    .await;
    let revoked = revoke(&desk, "r1", VIEWER, "deploymentUser:svc").await;
    assert_eq!(code(revoked), "WrongAddress");
    // It is a serverless project, which has no users.
    let desk = small_with(|world| {
        world.edit_cluster("main", |main| main.serverless = true);
    })
    .await;
    let revoked = revoke(&desk, "r1", VIEWER, "deploymentUser:svc").await;
    assert_eq!(code(revoked), "Serverless");
    assert_eq!(code(desk.sync().await), "Serverless");
}
