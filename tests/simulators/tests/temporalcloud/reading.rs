//! Identity, lists, paging, filters and what a caller may see.

use rollcall_simulators::temporalcloud::{Feature, Options, Ordering, Sizes, TemporalCloud, World};

use crate::client::{VERSION, get, quick, send};

async fn all(sim: &TemporalCloud, path: &str, list: &str) -> (Vec<String>, usize) {
    let (mut ids, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let mark = if path.contains('?') { '&' } else { '?' };
        let query = if token.is_empty() {
            String::new()
        } else {
            format!("{mark}pageToken={token}")
        };
        let reply = get(sim, &format!("{path}{query}")).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        ids.extend(reply.ids(list));
        pages += 1;
        token = reply.json["nextPageToken"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if token.is_empty() {
            return (ids, pages);
        }
    }
}

#[tokio::test]
async fn account_and_identity() {
    let sim = quick(World::worked_example()).await;
    assert_eq!(
        get(&sim, "/cloud/account").await.json["account"]["id"],
        "a1b23"
    );
    let identity = get(&sim, "/cloud/current-identity").await.json;
    assert_eq!(identity["serviceAccount"]["id"], "sa0");
    assert_eq!(
        identity["principalApiKey"]["spec"]["ownerType"],
        "OWNER_TYPE_SERVICE_ACCOUNT"
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
    assert_eq!(sim.calls(), 2);
    assert_eq!(sim.requests()[0].line(), "GET /cloud/account");
    assert_eq!(sim.requests()[1].status, 200);
    assert_eq!(
        sim.requests()[1].header("temporal-cloud-api-version"),
        Some(VERSION)
    );
}

#[tokio::test]
async fn worked_example_lists() {
    let sim = quick(World::worked_example()).await;
    let users = get(&sim, "/cloud/users?pageSize=1000").await;
    assert_eq!(users.ids("users"), ["u1", "u2"]);
    assert_eq!(
        users.json["users"][1]["spec"]["access"]["namespaceAccesses"]["demo.a1b23"]["permission"],
        "PERMISSION_WRITE"
    );
    assert_eq!(
        get(&sim, "/cloud/service-accounts")
            .await
            .ids("serviceAccount"),
        ["sa0", "sa1"]
    );
    assert_eq!(
        get(&sim, "/cloud/namespaces").await.json["namespaces"][0]["namespace"],
        "demo.a1b23"
    );
    assert_eq!(
        get(&sim, "/cloud/namespaces/demo.a1b23").await.json["namespace"]["spec"]["name"],
        "demo"
    );
    assert_eq!(get(&sim, "/cloud/users/nobody").await.status, 404);
}

#[tokio::test]
async fn pages_cover_the_list_however_it_is_cut() {
    let sim = quick(World::generate(
        &Sizes {
            users: 230,
            ..Sizes::default()
        },
        7,
    ))
    .await;
    let (ids, pages) = all(&sim, "/cloud/users", "users").await;
    assert_eq!((ids.len(), pages), (230, 3));
    assert!(ids.is_sorted());
    assert_eq!(
        all(&sim, "/cloud/users?pageSize=1000", "users").await,
        (ids.clone(), 1)
    );
    sim.set_options(|options| options.force_page_size = Some(100));
    assert_eq!(
        all(&sim, "/cloud/users?pageSize=1000", "users").await,
        (ids.clone(), 3)
    );
    sim.set_options(|options| options.empty_page_with_token = true);
    assert_eq!(
        all(&sim, "/cloud/users?pageSize=1000", "users").await,
        (ids.clone(), 4)
    );
    for ordering in [Ordering::Reversed, Ordering::Shuffled(3)] {
        sim.set_options(|options| options.ordering = ordering);
        let (mut other, _) = all(&sim, "/cloud/users", "users").await;
        assert_ne!(other, ids);
        other.sort();
        assert_eq!(other, ids);
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn tokens_belong_to_their_list_and_sizes_are_capped() {
    let sim = quick(World::generate(&Sizes::default(), 1)).await;
    let token = get(&sim, "/cloud/users?pageSize=10").await.json["nextPageToken"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        get(
            &sim,
            &format!("/cloud/users?page_token={token}&page_size=10")
        )
        .await
        .status,
        200
    );
    assert_eq!(get(&sim, "/cloud/users?pageToken=zz").await.status, 400);
    assert_eq!(
        get(&sim, &format!("/cloud/namespaces?pageToken={token}"))
            .await
            .status,
        400
    );
    sim.clear_requests();
    assert_eq!(get(&sim, "/cloud/users?pageSize=1001").await.status, 200);
    assert_eq!(sim.violations().len(), 1);
}

#[tokio::test]
async fn filters() {
    let sim = quick(World::rich()).await;
    assert_eq!(
        get(&sim, "/cloud/users?email=mixed.case%40example.com")
            .await
            .ids("users"),
        ["u-capital"]
    );
    assert_eq!(
        get(&sim, "/cloud/users?namespace=demo.a1b23")
            .await
            .ids("users"),
        ["u2"]
    );
    sim.set_options(|options| options.namespace_filter_implicit = true);
    assert_eq!(
        get(&sim, "/cloud/users?namespace=demo.a1b23")
            .await
            .ids("users"),
        ["u-admin", "u1", "u2"]
    );
    assert_eq!(
        get(&sim, "/cloud/user-groups?scimGroup.idpId=idp-7")
            .await
            .ids("groups"),
        ["g-scim"]
    );
    assert_eq!(
        get(&sim, "/cloud/user-groups").await.ids("groups"),
        ["g-cloud", "g-finance", "g-google", "g-empty", "g-scim"]
    );
    assert_eq!(
        get(&sim, "/cloud/projects?projectIds=prj_2&projectIds=prj_1")
            .await
            .ids("projects"),
        ["prj_1", "prj_2"]
    );
    assert_eq!(
        get(&sim, "/cloud/projects/prj_1/service-accounts")
            .await
            .ids("serviceAccounts"),
        ["sa-prj"]
    );
    for all in [true, false] {
        sim.set_options(|o| o.scoped_on_main_list = all);
        let ids = get(&sim, "/cloud/service-accounts")
            .await
            .ids("serviceAccount");
        assert_eq!(ids.iter().any(|id| id == "sa-prj"), all);
        assert!(ids.iter().any(|id| id == "sa-ns"));
    }
    assert_eq!(
        get(&sim, "/cloud/api-keys?ownerId=sa0").await.json["apiKeys"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn access_of_others_is_hidden_from_whoever_is_no_admin() {
    let sim = quick(World::rich()).await;
    // The third one is an admin through a group only, and sees everything.
    for (key, sees_all) in [
        ("read-key", false),
        ("developer-key", false),
        ("namespace-admin-key", true),
        ("owner-key", true),
    ] {
        let users = send(
            &sim,
            key,
            VERSION,
            "GET",
            "/cloud/users?pageSize=1000",
            None,
        )
        .await;
        assert_eq!(users.status, 200);
        let users = users.json["users"].as_array().unwrap().clone();
        let with_access = users
            .iter()
            .filter(|user| user["spec"].get("access").is_some())
            .count();
        let invited = users
            .iter()
            .filter(|user| user.get("invitation").is_some())
            .count();
        assert_eq!(
            (with_access > 1, invited > 0),
            (sees_all, sees_all),
            "{key}"
        );
        assert_eq!(with_access.min(1), 1, "{key} sees itself");
    }
    let one = send(&sim, "read-key", VERSION, "GET", "/cloud/users/u2", None).await;
    assert!(one.json["user"]["spec"].get("access").is_none());
    let account = send(
        &sim,
        "read-key",
        VERSION,
        "GET",
        "/cloud/service-accounts/sa-ns",
        None,
    )
    .await;
    assert_eq!(
        account.json["serviceAccount"]["spec"]["namespaceScopedAccess"]["access"]["permission"],
        "PERMISSION_WRITE"
    );
}

#[tokio::test]
async fn assignments_show_inherited_access() {
    let sim = quick(World::rich()).await;
    let reply = get(
        &sim,
        "/cloud/namespaces/orders.a1b23/user-assignments?pageSize=1000",
    )
    .await;
    let find = |id: &str| {
        reply.json["users"]
            .as_array()
            .unwrap()
            .iter()
            .find(|user| user["id"] == id)
            .cloned()
    };
    assert_eq!(find("u1").unwrap()["inheritedAccess"], true);
    assert_eq!(
        find("u-everything").unwrap()["namespaceAccess"]["permission"],
        "PERMISSION_ADMIN"
    );
    assert!(find("u-read").is_none());
    let accounts = get(
        &sim,
        "/cloud/namespaces/orders.a1b23/service-account-assignments",
    )
    .await;
    assert_eq!(
        accounts.ids("serviceAccounts"),
        ["sa-deploy", "sa-ns", "sa-prj", "sa0"]
    );
    assert_eq!(
        get(
            &sim,
            "/cloud/namespaces/orders.a1b23/user-group-assignments"
        )
        .await
        .ids("groups"),
        ["g-cloud", "g-google"]
    );
    assert_eq!(
        get(&sim, "/cloud/projects/prj_2/user-group-assignments")
            .await
            .json["groups"][0]["projectAccess"]["role"],
        "PROJECT_ROLE_ADMIN"
    );
    assert_eq!(
        send(
            &sim,
            "read-key",
            VERSION,
            "GET",
            "/cloud/namespaces/orders.a1b23/user-assignments",
            None
        )
        .await
        .status,
        403
    );
}

#[tokio::test]
async fn features_can_be_missing() {
    let options = Options {
        projects: Feature::Unimplemented,
        custom_roles: Feature::Forbidden,
        groups: Feature::NotFound,
        ..Options::default()
    };
    let sim = TemporalCloud::start(World::rich(), options).await.unwrap();
    assert_eq!(get(&sim, "/cloud/projects").await.status, 501);
    assert_eq!(get(&sim, "/cloud/custom-roles").await.status, 403);
    assert_eq!(get(&sim, "/cloud/user-groups").await.status, 404);
    assert_eq!(get(&sim, "/cloud/users").await.status, 200);
}
