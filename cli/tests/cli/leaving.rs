//! A person at several vendors: what they have, and how it is taken away.

use rollcall_harness::moto::Moto;
use rollcall_model::{AccountType, Resource, ResourceId, ResourceTrait};
use rollcall_simulators::{Simulator, confluence, temporalcloud};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{Handmade, Place, Ran};

/// Lee is at Confluence, in a group of the site and in one of an identity provider, and at Temporal Cloud.
pub(crate) struct Vendors {
    pub(crate) confluence: Simulator<confluence::Vendor>,
    pub(crate) cloud: Simulator<temporalcloud::Vendor>,
    pub(crate) place: Place,
    runtime: Runtime,
}

impl Vendors {
    pub(crate) fn start() -> Self {
        Self::start_in(Place::new())
    }

    /// With the snapshots in the store of this place.
    pub(crate) fn start_in(place: Place) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let mut site = confluence::World::worked_example();
        site.add_user("712020:lee", "Lee Leaver", "lee@acme.io");
        site.add_group("44-docs", "docs", &["712020:a1", "712020:lee"]);
        site.add_member("22-eng", "712020:lee");
        // The default configuration does not show permissions on pages.
        for pair in ["read/space", "administer/space", "create/page", "export/space"] {
            site.grant(98310, "user", "712020:lee", pair);
        }
        let mut account = temporalcloud::World::worked_example();
        account.add_user("u9", "Lee@Acme.io", "ROLE_DEVELOPER");
        account.add_user("u8", "lee@elsewhere.io", "ROLE_READ");
        let confluence = Simulator::start(site, confluence::Options::default());
        let confluence = runtime.block_on(confluence).expect("a vendor");
        let cloud = Simulator::start(account, temporalcloud::Options::default());
        let cloud: Simulator<temporalcloud::Vendor> = runtime.block_on(cloud).expect("a vendor");
        cloud.set_options(|options| options.operations.polls = 0);
        let place = place.var("ROLLCALL_SECRETS", "file:secrets");
        let secrets = place.path("secrets");
        confluence.configuration().write(&secrets, "confluence", "default").expect("written");
        cloud.configuration().write(&secrets, "temporalcloud", "default").expect("written");
        for connector in ["confluence", "temporalcloud"] {
            place.run(&format!("sync {connector}")).expect(0);
        }
        Self { confluence, cloud, place, runtime }
    }

    pub(crate) fn state(&self) -> (Value, Value) {
        (
            self.confluence.with_world(|w| w.access_view()),
            self.cloud.with_world(|w| w.access_view()),
        )
    }
}

/// The values of a key in a list of objects.
pub(crate) fn values(ran: &Ran, key: &str) -> Vec<String> {
    let list = ran.json();
    let all = list.as_array().expect("a list").iter();
    all.map(|row| row[key].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_person_is_offboarded_over_two_connectors_once() {
    let vendors = Vendors::start();
    let place = &vendors.place;
    let access = place.run("access LEE@acme.io -o json").expect(0);
    let mut matches = values(&access, "match");
    assert_eq!(matches.pop().as_deref(), Some("same_local_part"), "{}", access.out);
    assert!(matches.iter().all(|how| how == "address"), "{matches:?}");
    for entitlement in
        ["space:98310:read-space", "group:22-eng:member", "account-role:a1b23-developer:member"]
    {
        assert!(values(&access, "entitlement").iter().any(|e| e == entitlement), "{}", access.out);
    }
    let table = place.run("access lee@acme.io").expect(0).out;
    assert!(table.contains("not counted, looks alike: temporalcloud/default/user:u8"), "{table}");

    let plan = place.run("offboard lee@acme.io --out plan.json").expect(0);
    for text in
        ["delete account", "Group eng, in the identity provider behind Confluence", "goes along"]
    {
        assert!(plan.out.contains(text), "{text}: {}", plan.out);
    }
    let err = place.run("offboard lee@acme.io --apply").expect(1).err;
    assert!(
        err.contains("ConfirmationNeeded") && err.contains("what lee@acme.io has, in 5 steps"),
        "{err}"
    );
    let before = vendors.state();

    let apply = "offboard --plan plan.json --apply -o json";
    let done = place.run(apply).expect(0);
    let entitlements = [
        "space:98310:administer-space",
        "space:98310:export-space",
        "space:98310:read-space",
        "group:44-docs:member",
        "",
    ];
    assert_eq!(values(&done, "entitlement"), entitlements);
    assert_eq!(values(&done, "result"), ["done"; 5], "{}", done.out);
    assert!(
        done.out.contains("also removed: space:98310:create-page:user:712020:lee"),
        "{}",
        done.out
    );
    let after = vendors.state();
    let site = &after.0;
    assert!(site["spaces"]["98310"]["permissions"].get("user:712020:lee").is_none(), "{site}");
    assert_eq!(site["groups"]["44-docs"], json!(["712020:a1"]));
    assert_eq!(site["groups"]["22-eng"], before.0["groups"]["22-eng"], "kept elsewhere");
    assert!(vendors.cloud.with_world(|world| world.principal("u9").is_none()));
    assert!(vendors.cloud.with_world(|world| world.principal("u8").is_some()), "somebody else");

    // The same plan, from the file or made again of the same snapshots.
    for again in [apply, "offboard lee@acme.io --apply --yes -o json"] {
        let again = place.run(again).expect(0);
        assert_eq!(values(&again, "result"), ["already_so"; 5], "{}", again.out);
        assert!(again.out.contains("applied before") && vendors.state() == after);
    }
    place.run("sync confluence").expect(0);
    let err = place.run(apply).expect(1).err;
    assert!(err.contains("PlanOutdated") && err.contains("of confluence/default"), "{err}");
    place.run(&format!("{apply} --yes")).expect(0);
}

/// The requests that arrive at a bus: function name and event. The functions of its stack would carry them out.
fn carried_out(vendors: &Vendors, requests: &[Value]) {
    for request in requests {
        let function = request["detail-type"].as_str().expect("a function");
        let (connector, operation) = function.split_once('-').expect("a connector");
        let run = format!("{operation} {connector} --event -");
        vendors.place.run_with(&run, &request["detail"].to_string()).expect(0);
    }
}

#[test]
fn a_plan_whose_requests_go_onto_a_bus_is_carried_out_there_once() {
    let Some(moto) = Moto::shared() else { return };
    let (bus, mut vendors) = (Moto::name(), Vendors::start());
    let queue = vendors.runtime.block_on(async {
        moto.create_bus(&bus).await;
        moto.watch(&bus, &json!({"source": ["rollcall.provision"]})).await
    });
    for (name, value) in moto.variables("test") {
        vendors.place = vendors.place.var(&name, &value);
    }
    let place = &vendors.place;
    place.run("offboard lee@acme.io --out plan.json").expect(0);
    let apply = format!("offboard --plan plan.json --apply --yes --bus {bus} -o json");
    let before = vendors.state();
    let ran = place.run(&apply).expect(3);
    assert_eq!(values(&ran, "result"), ["requested"; 5], "{}", ran.out);
    assert!(
        ran.err.contains("(rollcall.outcome); to see which steps are answered, later: "),
        "{}",
        ran.err
    );
    assert_eq!(vendors.state(), before, "nothing is carried out here");

    let requests = vendors.runtime.block_on(moto.received(&queue));
    assert_eq!(requests.len(), 5);
    // The bus keeps no order: the permission to see the space may go before the others.
    let reversed: Vec<_> = requests.into_iter().rev().collect();
    carried_out(&vendors, &reversed);
    assert!(vendors.cloud.with_world(|world| world.principal("u9").is_none()));
    let again = place.run(&apply).expect(0);
    assert_eq!(values(&again, "result"), ["already_so"; 5], "{}", again.out);
    assert_eq!(vendors.runtime.block_on(moto.received(&queue)), Vec::<Value>::new());
}

#[test]
fn a_refused_step_says_why_and_the_others_are_carried_out() {
    let vendors = Vendors::start();
    // Since the snapshot, Lee has become the only administrator.
    let ada = "user:712020:a1";
    vendors.confluence.with_world(|world| {
        world.edit_space(98310, |space| space.permissions.retain(|row| row.who != ada));
    });
    let run = vendors.place.run("offboard lee@acme.io --apply --yes -o json").expect(1);
    let refused = values(&run, "result").iter().filter(|result| *result == "refused").count();
    assert!(refused > 0 && run.out.contains("LastAdmin"), "{}", run.out);
    assert!(vendors.cloud.with_world(|world| world.principal("u9").is_none()), "{}", run.out);
}

/// A store with these snapshots.
pub(crate) fn store(snapshots: &[(&str, &Handmade)]) -> Place {
    let place = Place::new();
    for (connector, handmade) in snapshots {
        let folder = place.path(&format!("rollcall-data/latest/{connector}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let key = format!("{connector}.c1z");
        handmade.write(&place.path("rollcall-data").join(&key));
        let none = json!({"resources": {}, "entitlements": {}, "grants": {}});
        let latest = json!({
            "sync_id": "s", "generation": 1, "tenant": "t", "snapshot": key, "manifest": "m",
            "content_digest": "d", "by_resource_type": none, "ended_at": "2026-01-02T03:04:05Z",
        });
        std::fs::write(folder.join("default.json"), latest.to_string()).expect("written");
    }
    place
}

#[test]
fn whoever_is_meant_is_one_person_or_an_error() {
    let (mut two, one) = (Handmade::new(), Handmade::new());
    let account = ResourceTrait::account(AccountType::Human, Some("eve@example.com".into()));
    let account = account.with_login("u1@example.com");
    two.resources.push(Resource::new(ResourceId::new("user", "u9"), "Eve", account));
    let account = ResourceTrait::account(AccountType::Human, Some("u2@elsewhere.org".into()));
    two.resources.push(Resource::new(ResourceId::new("user", "u8"), "Grace H.", account));
    let place = store(&[("northflank", &two), ("buildkite", &one)]);
    for (arguments, code, text) in [
        (
            "access who@example.com",
            1,
            "no account has the address or login `who@example.com` in the newest snapshots of buildkite/default, northflank/default",
        ),
        (
            "access u2@other.io",
            1,
            "these look alike: buildkite/default/user:u2 (Grace: same name before the @)",
        ),
        (
            "access u1@example.com",
            1,
            "different people: northflank/default/user:u1 (Ada: same address), northflank/default/user:u9 (Eve: same login)",
        ),
        ("offboard u1@example.com", 1, "as in: --account northflank/default/user:u1"),
        ("access u1@example.com --account user:u2", 1, "`user:u2` is none of the accounts"),
        (
            "access U1@example.com --account northflank/default/user:u1",
            0,
            "northflank/default/user:u1 Ada (enabled), same address; snapshot of 2026-01-02T03:04:05Z",
        ),
        ("access eve@example.com --connection other", 1, "there is no snapshot yet"),
        (
            "offboard u2@example.com -o csv",
            0,
            "user:u2,left to others,Name of group:g1:member,\"the connector only reads; who can: an administrator of Northflank; where: Group Inner, in Northflank\"",
        ),
        ("offboard u2@example.com --apply --yes", 0, "left to others (see the plan): 4"),
        ("offboard u2@example.com", 0, "alike (--account adds one): northflank/default/user:u8"),
        // It adds to the match at the same connection.
        (
            "offboard u2@example.com --account user:u8 --apply --yes",
            0,
            "left to others (see the plan): 5",
        ),
        ("access U1@example.com --account user:u9", 0, "looks alike: northflank/default/user:u1"),
        (
            "snapshot access u1@example.com",
            1,
            "rollcall snapshot access buildkite u1@example.com; or see a person's access at all of them: rollcall access u1@example.com",
        ),
        ("snapshot stats", 1, "as in: rollcall snapshot stats buildkite"),
    ] {
        let ran = place.run(arguments).expect(code);
        assert!(
            format!("{}{}", ran.out, ran.err).contains(text),
            "{arguments}: {}{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn a_snapshot_that_cannot_be_read_is_named_and_hides_no_other() {
    let one = Handmade::new();
    let place = store(&[("northflank", &one), ("elastic", &one)]);
    std::fs::write(place.path("rollcall-data/elastic.c1z"), "cut").expect("written");
    for command in
        ["access u2@example.com", "offboard u2@example.com", "offboard u2@example.com --apply"]
    {
        let ran = place.run(command).expect(1);
        assert!(
            ran.err.contains("elastic/default") && ran.out.contains("user:u2"),
            "{command}: {}{}",
            ran.out,
            ran.err
        );
    }
}
