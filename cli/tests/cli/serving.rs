//! `rollcall serve` in front of a simulated ConductorOne.

use std::time::Duration;

use rollcall_simulators::c1::messages::{Entitlement, GrantTask, Resource, SyncFullTask};
use rollcall_simulators::c1::{C1, Options};
use rollcall_simulators::temporalcloud::World;
use rollcall_simulators::{Fault, FaultKind};
use tokio::runtime::Runtime;

use crate::support::{Place, Sign, Vendor};

/// A service on a runtime of its own.
fn conductorone() -> (C1, Runtime) {
    let runtime = Runtime::new().expect("a runtime");
    let options = Options { next_poll: Duration::ZERO, ..Options::default() };
    (runtime.block_on(C1::start(options)).expect("a service"), runtime)
}

fn place(vendor: &Vendor, c1: &C1) -> Place {
    let credential = c1.credential();
    let place = Place::with(vendor).var("BATON_CLIENT_ID", &credential.client_id);
    place.var("BATON_CLIENT_SECRET", &credential.client_secret).var("BATON_PROVISIONING", "true")
}

#[test]
fn tasks_are_done_until_a_signal_comes() {
    let (vendor, (c1, _runtime)) = (Vendor::start(World::worked_example()), conductorone());
    let id = "namespace:demo.a1b23:write";
    let entitlement = Some(Entitlement::new(Resource::new("namespace", "demo.a1b23", ""), id));
    let principal = Some(Resource::new("service-account", "sa1", ""));
    let sync = c1.give(SyncFullTask::default());
    let grant = c1.give(GrantTask { entitlement, principal, ..Default::default() });
    let granted = [Sign::Line("(grant): granted")];
    let served = place(&vendor, &c1).interrupted_at("serve temporalcloud", &granted);
    let text = served.expect(0).err;
    for id in [&sync, &grant] {
        assert!(c1.finish(id).expect("finished").success, "{text}");
    }
    assert_eq!(c1.violations(), Vec::<String>::new());
    let secret = c1.credential().client_secret;
    assert!(!text.contains(&secret), "a key is never shown: {text}");
}

#[test]
fn a_sync_under_way_is_handed_back_when_a_signal_comes_and_keeps_nobody_away() {
    let (vendor, (c1, _runtime)) = (Vendor::start(World::worked_example()), conductorone());
    let limit = FaultKind::too_many_requests(Some(3600));
    vendor.change(|cloud| cloud.set_faults(vec![Fault::nth(2, limit)]));
    let sync = c1.give(SyncFullTask::default());
    let place = place(&vendor, &c1);
    place.interrupted_at("serve temporalcloud", &[Sign::Line("waits until")]).expect(0);
    let finish = c1.finish(&sync).expect("finished");
    assert_eq!((finish.code, finish.non_retryable), (14, false), "{finish:?}");
    vendor.change(|cloud| cloud.set_faults(Vec::new()));
    place.run("sync temporalcloud").expect(0);
}

#[test]
fn the_doctor_checks_the_credentials_for_conductorone_and_takes_no_task() {
    let (vendor, (c1, _runtime)) = (Vendor::start(World::worked_example()), conductorone());
    c1.give(SyncFullTask::default());
    let place = place(&vendor, &c1);
    place.doctor(
        0,
        &["ok    conductorone: connected as rollcall-temporalcloud-default; changes are allowed"],
    );
    assert_eq!(c1.open_tasks(), 1);
    let other = c1.credential_with_wrong_key().expect("a key").client_secret;
    for (secret, text) in
        [(&*other, "does not accept the client id"), ("hunter2", "must begin with")]
    {
        let out = place
            .clone_with("BATON_CLIENT_SECRET", secret)
            .doctor(1, &["fail  conductorone", text]);
        assert!(!out.contains("hunter2"), "a key is never shown: {out}");
    }
    let without = Place::with(&vendor);
    let message = without.run("serve temporalcloud").expect(1).err;
    assert!(message.contains("no credentials for ConductorOne"), "{message}");
}
