//! What the body of a user can look like. Whatever is wrong first is what is answered.

use rollcall_simulators::elastic::World;
use serde_json::json;

use crate::client::{get, put, put_text, sim};

#[tokio::test]
async fn each_field_has_its_kinds_of_values() {
    let sim = sim(World::worked_example()).await;
    let before = sim.access_view();
    for (i, (body, kind, reason)) in [
        (
            r#"{"roles":null}"#,
            "parse_exception",
            "could not parse [roles] field. expected a string array but found null value instead",
        ),
        (
            r#"{"roles":7}"#,
            "parse_exception",
            "could not parse [roles] field",
        ),
        (
            r#"{"roles":{}}"#,
            "parse_exception",
            "could not parse [roles] field",
        ),
        (
            r#"{"roles":["a",null]}"#,
            "parse_exception",
            "could not parse [roles] field",
        ),
        (
            r#"{"roles":[],"full_name":7}"#,
            "parse_exception",
            "expected field [full_name] to be of type string, but found [VALUE_NUMBER] instead",
        ),
        (
            r#"{"roles":[],"email":[]}"#,
            "parse_exception",
            "expected field [email] to be of type string",
        ),
        (
            r#"{"roles":[],"metadata":null}"#,
            "parse_exception",
            "expected field [metadata] to be of type object, but found [VALUE_NULL] instead",
        ),
        (
            r#"{"roles":[],"metadata":[]}"#,
            "parse_exception",
            "expected field [metadata]",
        ),
        (
            r#"{"roles":[],"enabled":"true"}"#,
            "parse_exception",
            "expected field [enabled] to be of type boolean",
        ),
        (
            r#"{"roles":[],"enabled":null}"#,
            "parse_exception",
            "expected field [enabled] to be of type boolean",
        ),
        (
            r#"{"roles":[],"username":null}"#,
            "parse_exception",
            "expected field [username] to be of type string",
        ),
        (
            r#"{"roles":[],"password":1234567}"#,
            "parse_exception",
            "expected field [password] to be of type string",
        ),
        (
            r#"{"roles":[],"profile_uid":"u_1"}"#,
            "parse_exception",
            "failed to parse add user request. unexpected field [profile_uid]",
        ),
        (
            r#"{"roles":[],"username":"jack"}"#,
            "illegal_argument_exception",
            "[username] in source does not match the username provided [jacknich]",
        ),
        (
            r#"{"roles":[],"roles":["admin"]}"#,
            "x_content_parse_exception",
            "Duplicate field 'roles'",
        ),
        (r#"["admin"]"#, "x_content_parse_exception", ""),
        (r#"{"roles":["#, "x_content_parse_exception", ""),
        ("", "parse_exception", "request body is required"),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = put_text(&sim, "jacknich", body).await;
        assert_eq!((reply.status, reply.error().0), (400, kind), "{body}");
        assert!(reply.error().1.contains(reason), "{}", reply.text);
        assert_eq!(reply.json["status"], 400);
        assert_eq!(reply.json["error"]["root_cause"][0]["type"], kind);
        assert_eq!(sim.violations().len(), i + 1, "{body}");
    }
    assert_eq!(sim.access_view(), before);
}

#[tokio::test]
async fn fields_are_read_in_the_order_sent() {
    let sim = sim(World::worked_example()).await;
    for (body, reason) in [
        (
            r#"{"surprise":1,"roles":null}"#,
            "unexpected field [surprise]",
        ),
        (r#"{"roles":null,"surprise":1}"#, "could not parse [roles]"),
        (
            r#"{"username":"x","enabled":1}"#,
            "[username] in source does not match",
        ),
        (
            r#"{"enabled":1,"username":"x"}"#,
            "expected field [enabled]",
        ),
        (
            r#"{"password":"short","enabled":1}"#,
            "passwords must be at least [6] characters long",
        ),
        (
            r#"{"enabled":1,"password":"short"}"#,
            "expected field [enabled]",
        ),
    ] {
        let reply = put_text(&sim, "jacknich", body).await;
        assert_eq!(reply.status, 400);
        assert!(reply.error().1.contains(reason), "{}", reply.text);
    }
}

/// Parsing, then what the request lacks, then the reserved ones, then who cannot be created.
#[tokio::test]
async fn checks_are_made_in_the_documented_order() {
    let sim = sim(World::rich()).await;
    let before = sim.access_view();
    let both = "Validation Failed: 1: roles are missing;2: metadata keys may not start with [_];";
    let reserved =
        "Validation Failed: 1: user [elastic] is reserved and only the password can be changed;";
    for (name, body, kind, reason) in [
        (
            "elastic",
            json!({"metadata": {"_reserved": true}, "extra": 1}),
            "parse_exception",
            "failed to parse add user request. unexpected field [extra]",
        ),
        (
            "elastic",
            json!({"metadata": {"_reserved": true}}),
            "action_request_validation_exception",
            both,
        ),
        (
            "elastic",
            json!({"roles": ["superuser"], "metadata": {"_reserved": true}}),
            "action_request_validation_exception",
            "Validation Failed: 1: metadata keys may not start with [_];",
        ),
        (
            "nobody",
            json!({}),
            "action_request_validation_exception",
            "Validation Failed: 1: roles are missing;",
        ),
        (
            "elastic",
            json!({"roles": ["superuser"]}),
            "action_request_validation_exception",
            reserved,
        ),
        (
            "elastic",
            json!({"roles": ["superuser"], "password": "changeme", "metadata": {}}),
            "action_request_validation_exception",
            reserved,
        ),
        (
            "nobody",
            json!({"roles": [], "metadata": {"deep": {"_fine": 1}}}),
            "validation_exception",
            "Validation Failed: 1: password must be specified unless you are updating an existing user;",
        ),
    ] {
        let reply = put(&sim, name, &body).await;
        assert_eq!(
            (reply.status, reply.error()),
            (400, (kind, reason)),
            "{body}"
        );
    }
    assert_eq!(sim.access_view(), before);
    assert_eq!(sim.violations().len(), 4, "{:?}", sim.violations());
}

#[tokio::test]
async fn names_are_printable_and_roles_need_not_exist() {
    let sim = sim(World::worked_example()).await;
    for role in ["", " viewer", "viewer ", "rôle", "a\nb", &"x".repeat(508)] {
        let reply = put(&sim, "svc", &json!({"roles": [role]})).await;
        assert_eq!(
            (reply.status, reply.error().0),
            (400, "action_request_validation_exception"),
            "{role:?}"
        );
    }
    for name in ["%20svc", "svc%20", "%C3%BC"] {
        let body = json!({"roles": [], "password": "long enough"});
        assert_eq!(put(&sim, name, &body).await.status, 400, "{name}");
    }
    for role in ["no-such-role", "a/b", "one,two", "100%", &"x".repeat(507)] {
        let reply = put(&sim, "svc", &json!({"roles": [role]})).await;
        assert_eq!(reply.status, 200, "{role}");
        let user = get(&sim, "/user/svc").await;
        assert_eq!(user.json["svc"]["roles"], json!([role]));
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}
