//! Nothing missing and nothing wrong: the snapshot against what the simulated organization itself says.

use std::collections::BTreeSet;

use rollcall_harness::conformance::Subject;
use rollcall_harness::shown::Shown;
use rollcall_simulators::Ordering;
use rollcall_simulators::buildkite::{
    MEMBER_TOKEN, ORGANIZATION, ORGANIZATION_ID, PLATFORM_ID, SECOND_ORGANIZATION, TEST_TOKEN,
    WIDE_TOKEN, World,
};
use serde_json::json;

use crate::world::{desk_of, entries, generated};

const ACME: [&str; 2] = [ORGANIZATION, ORGANIZATION_ID];
const GLOBEX: [&str; 2] = [SECOND_ORGANIZATION, "22222222-2222-4222-8222-222222222222"];
/// The secret teams that Cleo is not in.
const SECRET: &[&str] = &[PLATFORM_ID, "f0000000-0000-4000-8000-000000000006"];
const CLEO: &str = "MayNotBeAdministrator: nothing shows that Cleo Coder administers the organization: if they do not, secret teams that they are not in are missing";
/// She administers the first organization alone.
const ADA: &str = "MayNotBeAdministrator: nothing shows that Ada Admin administers the organization: if they do not, secret teams that they are not in are missing";
const IN_ACME: &str = "UnknownValue: 1 member of the organization with a role that Rollcall does not know, shown as `member`";
const IN_TEAMS: &str = "UnknownValue: 1 membership in teams with a role that Rollcall does not know, shown as `member`";

/// The public connector shows maintainers as members, or members and maintainers and nothing of the organization. Ada is in
/// both organizations, and both have a team called Everyone.
#[tokio::test]
async fn an_organization_is_shown_completely_and_no_other_one_is_read() {
    let (rich, large) = (World::rich, || generated([230, 20, 30]));
    let (none, odd): ([&str; 0], [&str; 2]) = ([], [IN_ACME, IN_TEAMS]);
    let (none, odd, cleo) = (&none[..], &odd[..], &[CLEO, IN_ACME, IN_TEAMS]);
    for (world, token, [slug, id], page, hidden, told) in [
        (rich(), TEST_TOKEN, ACME, None, none, odd),
        (rich(), MEMBER_TOKEN, ACME, None, SECRET, cleo),
        (rich(), WIDE_TOKEN, ACME, None, none, odd),
        (rich(), WIDE_TOKEN, GLOBEX, Some(1), none, &[ADA]),
        (large(), TEST_TOKEN, ACME, Some(7), none, none),
        (large(), TEST_TOKEN, ACME, Some(99), none, none),
    ] {
        let desk = desk_of(world, |options| {
            options.force_page_size = page;
            if page > Some(1) {
                options.ordering = Ordering::Shuffled(3);
            }
        })
        .await;
        desk.set_keys(&json!({"api-token": token, "organization": slug}));
        let shown = Shown::by(&desk).await;
        let view = &desk.vendor.view()["organizations"][slug];
        let on = format!("organization:{id}");
        let mut entitlements = BTreeSet::from(["admin", "member"].map(|e| format!("{on}:{e}")));
        let (mut grants, mut resources) = (BTreeSet::new(), BTreeSet::new());
        for (user, role) in entries(&view["members"]) {
            resources.insert(format!("user:{user}"));
            grants.insert(format!("{on}:member:user:{user}"));
            grants.extend((role == "admin").then(|| format!("{on}:admin:user:{user}")));
        }
        resources.insert(on);
        let teams = entries(&view["teams"]);
        for (team, members) in teams.filter(|(team, _)| !hidden.contains(&team.as_str())) {
            let on = format!("team:{team}");
            entitlements.extend(["maintainer", "member"].map(|e| format!("{on}:{e}")));
            for (user, role) in entries(members) {
                // A role that nobody knows is membership: to drop it would hide access.
                let role = role.as_str().filter(|role| *role == "maintainer");
                grants.insert(format!("{on}:{}:user:{user}", role.unwrap_or("member")));
                resources.insert(format!("user:{user}"));
            }
            resources.insert(on);
        }
        shown.states(&grants);
        assert_eq!(shown.grants.len(), grants.len());
        assert!(shown.resources.keys().eq(&resources), "{resources:?}");
        assert!(shown.entitlements.keys().eq(&entitlements));
        assert_eq!(shown.warnings(), told);
        let requests = desk.vendor.requests();
        let mut slugs = requests.iter().filter_map(|r| r.path.split('/').nth(3));
        assert!(slugs.all(|asked| asked == slug), "{slug}");
    }
}
