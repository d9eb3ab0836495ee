//! What a client must not send.

use rollcall_simulators::northflank::{ENGINEERING_ID, Northflank, TEST_TOKEN, World};

use crate::{
    client::{DEVELOPERS, PROPER, Reply, get, sim, sim_with},
    wire::exchange,
};

async fn send(
    sim: &Northflank,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let token = format!("Bearer {TEST_TOKEN}");
    let mut all = vec![("authorization", token.as_str())];
    all.extend_from_slice(headers);
    exchange(&sim.base_url(), method, path, &all, body)
        .await
        .unwrap()
}

/// One violation, and a fresh start.
fn one_violation(sim: &Northflank, what: &str) {
    let violations = sim.violations();
    assert_eq!(violations.len(), 1, "{what}: {violations:?}");
    sim.clear_requests();
}

#[tokio::test]
async fn unknown_addresses_are_not_found() {
    let sim = sim(World::worked_example()).await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/org-members",
        "/v2/org-members",
        "/v1/v1/org-members",
        "//v1/org-members",
        "/v1/org-members/",
        "/v1/org-members/alice-w",
        "/v1/org-roles/",
        "/v1/org-roles//members",
        "/v1/org-roles/developer/members/bob-k",
        "/v1/directory-groups/members",
        "/v1/teams",
        "/v1/tokens",
    ] {
        let reply = get(&sim, path).await;
        assert_eq!(
            (reply.status, reply.id()),
            (404, "nf-sim-not-found"),
            "{path}"
        );
        one_violation(&sim, path);
    }
}

#[tokio::test]
async fn what_is_gone_is_not_found_and_no_violation() {
    let sim = sim(World::worked_example()).await;
    for path in [
        "/v1/org-roles/gone",
        "/v1/org-roles/gone/members",
        "/v1/org-roles/Developer/members",
        "/v1/directory-groups/gone/members",
    ] {
        let reply = get(&sim, path).await;
        assert_eq!(
            (reply.status, reply.id()),
            (404, "nf-sim-not-found"),
            "{path}"
        );
    }
    assert_eq!(sim.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_written() {
    let sim = sim(World::worked_example()).await;
    let before = sim.access_view();
    for (method, path, body, status) in [
        ("POST", DEVELOPERS, "{\"userId\":\"alice-w\"}", 405),
        ("DELETE", "/v1/org-roles/developer/members/bob-k", "", 404),
        ("DELETE", "/v1/org-roles/developer", "", 405),
        (
            "PATCH",
            "/v1/org-roles/developer",
            "{\"directoryGroups\":[]}",
            405,
        ),
        ("PUT", "/v1/org-roles", "{\"name\":\"New\"}", 405),
        ("POST", "/v1/org-roles", "{\"name\":\"New\"}", 405),
        ("POST", "/v1/org-members", "{}", 405),
        ("OPTIONS", "/v1/auth", "", 405),
    ] {
        let reply = send(&sim, method, path, &PROPER, body).await;
        assert_eq!(reply.status, status, "{method} {path}");
        one_violation(&sim, path);
    }
    assert_eq!(sim.access_view(), before);
}

#[tokio::test]
async fn unknown_parameters_and_bad_values_are_refused() {
    let sim = sim(World::worked_example()).await;
    let groups = format!("/v1/directory-groups/{ENGINEERING_ID}/members");
    for query in [
        "/v1/org-members?limit=10",
        "/v1/org-members?type=explicit",
        "/v1/org-members?perPage=10",
        "/v1/org-roles/developer?per_page=10",
        "/v1/directory-groups?per_page=10",
        "/v1/directory-groups?cursor=x",
        "/v1/auth?x=1",
        "/v1/org-members?per_page=1&per_page=2",
        "/v1/org-members?per_page=0",
        "/v1/org-members?per_page=101",
        "/v1/org-members?per_page=-1",
        "/v1/org-members?per_page=%2B1",
        "/v1/org-members?per_page=1.5",
        "/v1/org-members?per_page=all",
        "/v1/org-members?per_page=",
        "/v1/org-members?per_page",
        "/v1/org-members?page=0",
        "/v1/org-members?page=x",
        "/v1/org-members?cursor=x",
        "/v1/org-members?cursor=nf%2B%2F00%3D%3D",
        "/v1/org-members?cursor=%",
        &format!("{DEVELOPERS}?type=both"),
        &format!("{DEVELOPERS}?type="),
        &format!("{DEVELOPERS}?userIds="),
        &format!("{DEVELOPERS}?userId=bob-k"),
        &format!("{DEVELOPERS}?type=explicit&type=implicit"),
        &format!("{groups}?type=explicit"),
    ] {
        let reply = get(&sim, query).await;
        assert_eq!(
            (reply.status, reply.id()),
            (400, "nf-sim-invalid"),
            "{query}"
        );
        one_violation(&sim, query);
    }
    let reply = get(&sim, "/v1/org-members?per_page=0").await;
    assert!(reply.json["error"]["details"]["per_page"][0].is_string());
}

#[tokio::test]
async fn headers_must_be_the_usual_ones() {
    let sim = sim_with(|options| options.extra_headers = vec!["x-trace".to_owned()]).await;
    let [accept, kind] = PROPER;
    for (headers, status) in [
        (vec![kind], 406),
        (vec![kind, ("accept", "*/*")], 406),
        (vec![kind, ("accept", "text/html")], 406),
        (vec![accept], 415),
        (vec![accept, ("content-type", "text/plain")], 415),
        (vec![accept, kind, ("x-what", "1")], 400),
        (vec![accept, kind, ("cookie", "a=b")], 400),
        (vec![accept, accept, kind], 400),
    ] {
        let reply = send(&sim, "GET", "/v1/org-members", &headers, "").await;
        assert_eq!(reply.status, status, "{headers:?}");
        one_violation(&sim, &format!("{headers:?}"));
    }
    let more = [accept, kind, ("x-trace", "1"), ("user-agent", "rollcall")];
    assert_eq!(
        send(&sim, "GET", "/v1/org-members", &more, "").await.status,
        200
    );
    sim.set_options(|options| options.content_type_required = false);
    assert_eq!(
        send(&sim, "GET", "/v1/org-members", &[accept], "")
            .await
            .status,
        200
    );
    assert_eq!(sim.violations(), Vec::<String>::new());
    let plain = [accept, ("content-type", "text/plain")];
    assert_eq!(
        send(&sim, "GET", "/v1/org-members", &plain, "")
            .await
            .status,
        415
    );
}

#[tokio::test]
async fn a_get_has_no_body() {
    let sim = sim(World::worked_example()).await;
    let reply = send(&sim, "GET", "/v1/org-members", &PROPER, "{}").await;
    assert_eq!(reply.status, 400);
    one_violation(&sim, "body");
}

#[tokio::test]
async fn sizes_that_are_not_good_can_be_clamped_and_are_violations_still() {
    use rollcall_simulators::northflank::PageSizes;
    let sim = sim(World::rich()).await;
    sim.set_options(|options| options.page_sizes = PageSizes::Clamped);
    for (size, rows) in [("0", 1), ("101", 100), ("5000", 100)] {
        let reply = get(&sim, &format!("/v1/org-members?per_page={size}")).await;
        assert_eq!((reply.status, reply.rows().len()), (200, rows));
        one_violation(&sim, size);
    }
    assert_eq!(get(&sim, "/v1/org-members?per_page=x").await.status, 400);
}
