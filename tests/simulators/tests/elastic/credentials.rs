//! Keys: what each is good for, and where it has no business.

use rollcall_simulators::elastic::{
    BARE_DEPLOYMENT_KEY, EXPIRED_CLOUD_KEY, EXPIRED_DEPLOYMENT_KEY, READ_DEPLOYMENT_KEY,
    SECOND_DEPLOYMENT_KEY, TEST_CLOUD_KEY, TEST_DEPLOYMENT_KEY, World,
};
use serde_json::json;

use crate::{
    client::{cloud, cloud_as, es, es_as, get, sim},
    wire::exchange,
};

/// `nobody:nothing`
const UNKNOWN: &str = "bm9ib2R5Om5vdGhpbmc=";

#[tokio::test]
async fn a_key_on_the_other_host_is_a_leak() {
    let sim = sim(World::rich()).await;
    let leaked = es_as(&sim, TEST_CLOUD_KEY, "GET", "/user", None).await;
    assert_eq!(leaked.status, 401);
    assert_eq!(
        sim.violations(),
        ["GET /_security/user: a key of the Cloud API was sent to a deployment"]
    );
    let leaked = cloud_as(&sim, TEST_DEPLOYMENT_KEY, "GET", "/organizations", None).await;
    assert_eq!(
        (leaked.status, leaked.code()),
        (401, "root.unauthenticated")
    );
    assert_eq!(sim.violations().len(), 2);
    let leaked = es_as(&sim, SECOND_DEPLOYMENT_KEY, "GET", "/user", None).await;
    assert_eq!(leaked.status, 401);
    assert!(sim.violations()[2].contains("the key of deployment second was sent to main"));
    // Whatever was sent where can be looked up.
    let cloud: Vec<_> = sim.cloud_requests();
    let main = sim.deployment_requests("main");
    assert_eq!((cloud.len(), main.len(), sim.calls()), (1, 2, 3));
    assert_eq!(
        main[0].header("authorization").unwrap(),
        format!("ApiKey {TEST_CLOUD_KEY}")
    );
    assert!(sim.deployment_requests("second").is_empty());
    assert!(sim.deployment_requests("third").is_empty());
}

#[tokio::test]
async fn bad_keys_are_refused_in_the_words_of_each_host() {
    let sim = sim(World::worked_example()).await;
    for key in [EXPIRED_CLOUD_KEY, "essu_unknown", UNKNOWN] {
        let reply = cloud_as(&sim, key, "GET", "/organizations", None).await;
        assert_eq!((reply.status, reply.code()), (401, "root.unauthenticated"));
        assert_eq!(reply.headers["x-cloud-error-codes"], "root.unauthenticated");
    }
    for key in [EXPIRED_DEPLOYMENT_KEY, UNKNOWN] {
        let reply = es_as(&sim, key, "GET", "/user", None).await;
        assert_eq!(reply.status, 401);
        assert_eq!(
            reply.error(),
            (
                "security_exception",
                "unable to authenticate with provided credentials and anonymous access is not allowed for this request"
            )
        );
        assert!(reply.json["error"]["header"]["WWW-Authenticate"].is_array());
        assert!(reply.headers.contains_key("www-authenticate"));
    }
    for key in ["essu_unknown", "not base64!", "bm9jb2xvbg=="] {
        let reply = es_as(&sim, key, "GET", "/user", None).await;
        assert_eq!(
            reply.error().1,
            "missing authentication credentials for REST request [/_security/user]"
        );
    }
    sim.set_options(|options| options.name_bad_key = true);
    let named = es_as(&sim, UNKNOWN, "GET", "/user", None).await;
    assert!(
        named
            .error()
            .1
            .ends_with("for this request, api key id [nobody]")
    );
    assert_eq!(sim.violations(), Vec::<String>::new(), "a user's mistakes");
}

#[tokio::test]
async fn a_request_without_a_key_is_a_client_s_mistake() {
    let sim = sim(World::worked_example()).await;
    let accept = ("accept", "application/json");
    for (i, value) in [
        None,
        Some("ApiKey "),
        Some("ApiKey"),
        Some("Basic ZWxhc3RpYzpjaGFuZ2VtZQ=="),
        Some(TEST_CLOUD_KEY),
    ]
    .into_iter()
    .enumerate()
    {
        let mut headers = vec![accept];
        headers.extend(value.map(|value| ("authorization", value)));
        let hosts = [
            (sim.cloud_url(), "/api/v1/organizations"),
            (sim.deployment_url("main"), "/_security/user"),
        ];
        for (base, path) in hosts {
            let reply = exchange(&base, "GET", path, &headers, "").await.unwrap();
            assert_eq!(reply.status, 401, "{value:?}");
        }
        assert_eq!(sim.violations().len(), 2 * i + 2);
    }
}

#[tokio::test]
async fn a_key_says_until_when_it_is_good() {
    let sim = sim(World::worked_example()).await;
    let header = "x-elastic-api-key-expiration";
    let reply = cloud(&sim, "/organizations").await;
    assert!(!reply.headers.contains_key(header));
    sim.with_world(|world| {
        world.edit_cloud_key(TEST_CLOUD_KEY, |key| {
            key.expires = Some("2999-01-02T03:04:05Z".parse().unwrap());
        });
    });
    for path in ["/organizations", "/organizations/1"] {
        let reply = cloud(&sim, path).await;
        assert_eq!(reply.headers[header], "2999-01-02T03:04:05Z");
    }
}

#[tokio::test]
async fn privileges_decide_what_is_allowed() {
    let sim = sim(World::worked_example()).await;
    let before = sim.access_view();
    let body = json!({"roles": []});
    let put = es_as(&sim, READ_DEPLOYMENT_KEY, "PUT", "/user/svc", Some(&body)).await;
    assert_eq!(put.status, 403);
    let (kind, reason) = put.error();
    assert_eq!(kind, "security_exception");
    assert_eq!(
        reason,
        "action [cluster:admin/xpack/security/user/put] is unauthorized for API key id [ReAdOnLyCdbkQm-e5aOx] of user [1234567890], this action is granted by the cluster privileges [manage_security,all]"
    );
    for (method, path, action) in [
        ("PUT", "/user/svc/_enable", "user/set_enabled"),
        ("DELETE", "/user/svc", "user/delete"),
        ("GET", "/role_mapping", "role_mapping/get"),
    ] {
        let reply = es_as(&sim, READ_DEPLOYMENT_KEY, method, path, None).await;
        assert_eq!(reply.status, 403);
        assert!(reply.error().1.contains(action), "{}", reply.text);
    }
    for path in ["/user", "/user/svc", "/role"] {
        let read = es_as(&sim, READ_DEPLOYMENT_KEY, "GET", path, None).await;
        assert_eq!(read.status, 200);
        let bare = es_as(&sim, BARE_DEPLOYMENT_KEY, "GET", path, None).await;
        assert_eq!(bare.status, 403);
    }
    sim.set_options(|options| options.mappings_need_manage_security = false);
    let mappings = es_as(&sim, READ_DEPLOYMENT_KEY, "GET", "/role_mapping", None).await;
    assert_eq!(mappings.status, 200);
    assert_eq!(sim.access_view(), before);
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn any_good_key_can_ask_whose_it_is() {
    let sim = sim(World::worked_example()).await;
    let reply = get(&sim, "/_authenticate").await;
    assert_eq!(
        (reply.status, reply.json),
        (
            200,
            json!({
                "username": "1234567890", "roles": [], "full_name": null, "email": null, "metadata": {}, "enabled": true,
                "authentication_realm": {"name": "_es_api_key", "type": "_es_api_key"},
                "lookup_realm": {"name": "_es_api_key", "type": "_es_api_key"},
                "authentication_type": "api_key",
                "api_key": {"id": "VuaCfGcBCdbkQm-e5aOx", "name": "governance", "managed_by": "elasticsearch"},
            })
        )
    );
    let bare = es_as(&sim, BARE_DEPLOYMENT_KEY, "GET", "/_authenticate", None).await;
    assert_eq!(bare.status, 200);
    let old = es_as(&sim, EXPIRED_DEPLOYMENT_KEY, "GET", "/_authenticate", None).await;
    assert_eq!(old.status, 401);
    assert_eq!(es(&sim, "POST", "/_authenticate", None).await.status, 405);
}
