//! Every connector is introduced, synced and changed by ConductorOne's tasks.

use rollcall_engine::operation::Operation;
use rollcall_simulators::c1::messages::*;
use rollcall_simulators::{buildkite, confluence, elastic, northflank, temporalcloud};
use serde_json::Value;

use crate::world::{Desk, entry, secret};

/// Each connector with a simulated vendor, and a change that can be made there: entitlement and principal.
macro_rules! each_connector {
    ($check:ident: $($vendor:ident::$sim:ident, $change:expr;)*) => {
        $(
            #[tokio::test]
            async fn $vendor() {
                let vendor = $vendor::$sim::start($vendor::World::worked_example(), Default::default());
                let vendor = vendor.await.expect("a vendor");
                $check(stringify!($vendor), secret(&vendor.configuration()), $change).await;
                assert_eq!(vendor.violations(), Vec::<String>::new());
            }
        )*
    };
}

each_connector! { works_for_conductorone:
    temporalcloud::TemporalCloud, Some(("namespace", "demo.a1b23", "write", "service-account", "sa1"));
    confluence::Confluence, Some(("space", "98310", "restrict_content-space", "user", "712020:c3"));
    elastic::Elastic, Some(("role", "admin", "member", "deploymentUser", "svc"));
    buildkite::Buildkite, None;
    northflank::Northflank, None;
}

type Change = (&'static str, &'static str, &'static str, &'static str, &'static str);

async fn works_for_conductorone(name: &str, secret: Value, change: Option<Change>) {
    let desk = Desk::of(entry(name), secret).await;
    let sync = desk.c1.give(SyncFullTask::default());
    desk.until_idle(&desk.functions()).await;
    let finish = desk.c1.finish(&sync).expect("finished");
    assert!(finish.success && finish.response.is_none(), "{finish:?}");

    let hello = desk.c1.hellos().pop().expect("a Hello");
    let metadata = hello.connector_metadata.expect("metadata");
    assert_eq!(metadata.display_name, desk.entry.about.display_name);
    let manages_accounts = desk.entry.operations.contains(&Operation::CreateAccount);
    assert_eq!(metadata.account_creation_schema.is_some(), manages_accounts);

    let asset = desk.c1.assets().pop().expect("an asset");
    let folder = desk.folder.path().join("store/snapshots").join(name).join("default");
    let stored =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let stored = stored.into_iter().find(|path| path.extension().is_some_and(|e| e == "c1z"));
    assert_eq!(asset.bytes, std::fs::read(stored.expect("a snapshot")).expect("readable"));

    let Some((resource_type, resource, slug, principal_type, principal)) = change else {
        let grant = desk.c1.give(GrantTask::default());
        desk.until_idle(&desk.functions()).await;
        assert!(!desk.c1.finish(&grant).expect("finished").success);
        return;
    };
    let id = format!("{resource_type}:{resource}:{slug}");
    let entitlement = Entitlement::new(Resource::new(resource_type, resource, ""), &id);
    let principal = Resource::new(principal_type, principal, "");
    let grant_task = || GrantTask {
        entitlement: Some(entitlement.clone()),
        principal: Some(principal.clone()),
        ..Default::default()
    };
    let run = async |id: String| {
        desk.until_idle(&desk.functions()).await;
        let finish = desk.c1.finish(&id).expect("finished");
        assert!(finish.success, "{finish:?}");
        finish
    };
    let granted = run(desk.c1.give(grant_task())).await;
    let response = granted.response::<GrantManagerServiceGrantResponse>().expect("a response");
    let [grant] = response.grants.try_into().expect("one grant");
    assert_eq!(grant.principal.as_ref(), Some(&principal));
    let again = run(desk.c1.give(grant_task())).await;
    assert!(again.annotation::<GrantAlreadyExists>().is_some(), "{again:?}");
    assert!(
        again.response::<GrantManagerServiceGrantResponse>().expect("a response").grants.is_empty()
    );
    let revoke = || RevokeTask { grant: Some(grant.clone()), ..Default::default() };
    let revoked = run(desk.c1.give(revoke())).await;
    assert!(revoked.response::<GrantManagerServiceRevokeResponse>().is_some(), "{revoked:?}");
    let again = run(desk.c1.give(revoke())).await;
    assert!(again.annotation::<GrantAlreadyRevoked>().is_some(), "{again:?}");
}
