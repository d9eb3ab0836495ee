//! Ids: what is written can be read back, and nothing else is taken for it.

use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::temporalcloud::World;

use super::{code, desk_of, grant, outcome, spec};
use crate::Desk;

/// The public connector calls the role `finance-_-admin`, cannot read that back, shows none of its holders, and does not
/// mark it as immutable.
#[tokio::test]
async fn finance_admin_has_an_id_that_reads_back_and_its_holders_are_shown() {
    let desk = Desk::new().await;
    let shown = Shown::by(&desk).await;
    let id = "account-role:a1b23-finance-admin:member";
    assert!(shown.entitlement(id).immutable);
    for holder in [
        "user:u-finance",
        "service-account:sa-finance",
        "group:g-finance",
    ] {
        let grant = shown.grant(&format!("{id}:{holder}"));
        assert!(grant.immutable && grant.direct, "{grant:?}");
    }
    let role = shown.resource("account-role:a1b23-finance-admin");
    assert_eq!(role.aliases, ["a1b23-finance-_-admin"]);
    // Its old id is understood, and means the same.
    desk.vendor.sim.clear_requests();
    for (request, id) in [
        ("r1", id),
        ("r2", "account-role:a1b23-finance-_-admin:member"),
    ] {
        assert_eq!(
            code(grant(&desk, request, id, "user:u-read").await),
            "ImmutableRole"
        );
    }
    let held = outcome(
        grant(
            &desk,
            "r3",
            "account-role:a1b23-finance-_-admin:member",
            "user:u-finance",
        )
        .await,
        "already_granted",
    );
    assert_eq!(held["grants"][0]["entitlement"], id);
    assert_eq!(desk.writes().len(), 0);
}

/// The public connector shows everybody without an account role as a finance admin.
#[tokio::test]
async fn who_has_no_account_role_is_shown_in_none() {
    let shown = Shown::by(&Desk::new().await).await;
    for user in ["u-no-access", "u-no-role", "u-unspecified", "u-custom"] {
        let id = format!("user:{user}");
        let roles: Vec<&str> = shown
            .held_directly(&id)
            .into_iter()
            .filter(|e| e.starts_with("account-role:"))
            .collect();
        assert_eq!(roles, Vec::<&str>::new(), "{user}");
    }
}

/// With an empty account id, the public connector takes every role for admin: granting `read` makes an admin.
#[tokio::test]
async fn an_account_id_that_is_no_plain_word_fails_everything() {
    for id in ["", "a-b", "a:b", "A1B23", "a.b"] {
        let desk = desk_of(World::worked_example()).await;
        desk.vendor
            .sim
            .with_world(|world| world.account_id = id.into());
        let error = desk.sync().await.expect_err("a bad id");
        assert_eq!(
            (error.code().as_str(), error.fix().is_empty()),
            ("UnexpectedAnswer", false),
            "{id:?}"
        );
        assert!(!desk.is_published());
        let result = grant(&desk, "r1", "account-role:a1b23-read:member", "user:u2").await;
        assert_eq!(code(result), "UnexpectedAnswer", "{id:?}");
        assert_eq!(desk.writes().len(), 0);
    }
}

/// The public connector takes every id that ends in the account's for admin, and half reads ids of other accounts.
#[tokio::test]
async fn a_role_of_another_account_or_of_no_account_is_refused() {
    let desk = Desk::new().await;
    let ids = [
        "zz999-read",
        "xa1b23",
        "a1b23",
        "-a1b23",
        "read",
        "a1b23-",
        "a1b23-Read",
        "domain-a1b23",
        "zz999-a1b23-read",
    ];
    for (n, id) in ids.iter().enumerate() {
        let result = grant(
            &desk,
            &format!("r{n}"),
            &format!("account-role:{id}:member"),
            "user:u2",
        )
        .await;
        assert_eq!(code(result), "UnknownEntitlement", "{id}");
    }
    assert_eq!(desk.writes().len(), 0);
    // One old form of the admin role is known to be in use: a domain before the account's id.
    let legacy = "account-role:example.com-a1b23:member";
    let answer = outcome(
        grant(&desk, "legacy", legacy, "user:u-read").await,
        "granted",
    );
    assert_eq!(
        answer["grants"][0]["entitlement"],
        "account-role:a1b23-admin:member"
    );
    assert_eq!(
        spec(&desk, "u-read")["access"]["accountAccess"]["role"],
        "ROLE_ADMIN"
    );
}

/// The public connector's `base-url` is no URL but a host and a port, and with `allow-insecure` it sends the key
/// readable for everyone on the way.
#[tokio::test]
async fn the_base_url_is_a_url_and_the_key_leaves_this_machine_encrypted_only() {
    let desk = Desk::new().await;
    let base = desk.vendor.sim.base_url();
    for good in [
        base.clone(),
        format!("{base}/"),
        base.replace("127.0.0.1", "localhost"),
    ] {
        let mut secret = desk.vendor.secret();
        secret["base-url"] = good.into();
        desk.write_secret(&secret);
        desk.complete().await;
    }
    let host = base.trim_start_matches("http://");
    for bad in [
        host,
        "http://saas-api.tmprl.cloud",
        "http://10.0.0.1:7233",
        "saas-api.tmprl.cloud:443",
    ] {
        let mut secret = desk.vendor.secret();
        secret["base-url"] = bad.into();
        secret["allow-insecure"] = true.into();
        desk.write_secret(&secret);
        let error = desk.sync().await.expect_err("a bad address");
        assert_eq!(error.kind().as_str(), "Misconfigured", "{bad}: {error}");
        assert!(error.to_string().contains("base-url"), "{error}");
    }
}

/// The public connector gives service accounts neither an identifier, nor a description, nor a scope.
#[tokio::test]
async fn service_accounts_have_an_identifier_a_description_and_a_scope() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| {
        let ci = world.principal_mut("sa1").expect("ci-bot");
        ci["spec"]["description"] = "builds things".into();
    });
    let shown = Shown::by(&desk).await;
    for (id, name, scope) in [
        ("sa1", "ci-bot", "account"),
        ("sa-ns", "orders-worker", "namespace"),
        ("sa-prj", "payments-worker", "project"),
        ("sa-nameless", "sa-nameless", "account"),
    ] {
        let full = format!("service-account:{id}");
        let resource = shown.resource(&full);
        assert_eq!(resource.display_name, name);
        assert_eq!(resource.v1_identifier.as_ref(), Some(&full));
        assert_eq!(
            (resource.account_type, &resource.profile["scope"]),
            (Some("service"), &scope.into())
        );
    }
    assert_eq!(
        shown.resource("service-account:sa1").description,
        "builds things"
    );
}
