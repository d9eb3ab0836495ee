//! Who is in the teams, by a token that is good for GraphQL: the same as over REST, and sooner. The pure rule, with all its
//! figures, is held in `choice`; here it is held that it is gone by.

use std::collections::BTreeMap;
use std::time::Duration;

use rollcall_harness::conformance::{Bench, Subject};
use rollcall_harness::function::Environment;
use rollcall_harness::shown::Shown;
use rollcall_simulators::buildkite::{
    ADA_ID, EVERYONE_ID, GRAPHQL_TOKEN, Limits, ORGANIZATION, Options, PLATFORM_ID, World,
    html_page,
};
use rollcall_simulators::{Fault, FaultKind, Ordering};
use serde_json::{Value, json};

use crate::WithGraphQl;
use crate::limits::waited;
use crate::world::{digest_of, entries, generated};

type Desk = Bench<WithGraphQl>;

async fn desk_of(world: World, change: impl FnOnce(&mut Options)) -> Desk {
    Desk::around(WithGraphQl::at(world, change).await)
}

/// So many teams of so many, none of them of everybody and none of nobody.
fn teams(teams: usize, members: usize) -> World {
    let mut world = generated([300, teams + 1, members]);
    world.remove_team(ORGANIZATION, EVERYONE_ID);
    let view = &world.access_view()["organizations"][ORGANIZATION];
    let empty = entries(&view["teams"]).filter(|(_, members)| entries(members).count() == 0);
    for (team, _) in empty {
        world.add_to_team(ORGANIZATION, team, ADA_ID, "member");
    }
    world
}

/// How many queries were sent, and how often REST was asked who is in a team.
fn asked(desk: &Desk) -> [usize; 2] {
    let requests = desk.vendor.requests();
    ["/v1", "/v2/organizations/acme-inc/teams/"]
        .map(|path| requests.iter().filter(|r| r.path.starts_with(path)).count())
}

/// A query is for as many teams as there are points for if all are full; small ones leave points for the next. A team too
/// large for a query goes over REST as a whole, and so does one of nobody, and one that is left over.
#[tokio::test]
async fn the_same_is_shown_over_graphql_and_over_rest_by_as_many_queries_as_can_be_paid_for() {
    for (world, page, expected) in [
        (World::worked_example(), None, Some([1, 0])),
        // Two pages of the large team, and three of nobody.
        (World::rich(), None, Some([1, 2 + 3])),
        (World::rich(), Some(7), None),
        (teams(1, 4), None, Some([0, 1])),
        (teams(2, 4), None, Some([1, 0])),
        (teams(51, 4), None, Some([1, 1])),
        (teams(52, 4), None, Some([2, 0])),
        (teams(103, 4), None, Some([3, 0])),
    ] {
        let desk = desk_of(world.clone(), |options| {
            options.graphql = Limits::GRAPHQL;
            options.force_page_size = page;
            if page.is_some() {
                options.ordering = Ordering::Shuffled(3);
            }
        })
        .await;
        let answer = desk.complete().await;
        let [queries, by_rest] = asked(&desk);
        assert_eq!(answer["content_digest"], digest_of(world).await);
        assert_eq!([queries, by_rest], expected.unwrap_or([queries.max(1), by_rest]));
    }
}

/// Small teams go by GraphQL until its points are spent, and REST does the others; large ones go by REST, as without.
#[tokio::test]
async fn a_sync_waits_no_longer_than_over_rest_alone_and_mostly_not_at_all() {
    let real = [Limits::REST, Limits::GRAPHQL];
    let mut soon = real;
    (soon[0].per_user, soon[1].per_user) = (10, 300);
    soon[1].window = Duration::from_secs(90);
    for (number, members, limits, expected) in [
        (40, 4, real, [0, 0]),
        (120, 4, real, [120, 0]),
        (250, 8, real, [300, 0]),
        (500, 8, real, [660, 360]),
        (120, 60, real, [180, 120]),
        // Where GraphQL will have points sooner than REST has requests enough, it is waited for.
        (70, 4, soon, [540, 90]),
    ] {
        let world = || teams(number, members);
        let (rest, over_rest, _) = waited::<false>(world(), limits).await;
        let (answer, with_graphql, _) = waited::<true>(world(), limits).await;
        assert_eq!([over_rest, with_graphql], expected, "{number} of {members}");
        assert_eq!(answer["content_digest"], rest["content_digest"]);
        assert_eq!(answer["warnings"], json!([]));
    }
}

/// GraphQL only saves time: if it fails, REST returns everything, and a warning says why. The same holds if another client has
/// spent the points, and if it is refused for a reason that its limits do not show. If the token may see no members at all,
/// there is no warning.
#[tokio::test]
async fn what_graphql_does_not_return_is_read_over_rest() {
    // Four teams of one, two of which are on a page.
    let mut world = World::worked_example();
    world.remove_team(ORGANIZATION, EVERYONE_ID);
    for n in 3..6 {
        let team = format!("f0000000-0000-4000-8000-00000000000{n}");
        let world = world.add_team(ORGANIZATION, &team, &team, "Team");
        world.add_to_team(ORGANIZATION, &team, ADA_ID, "member");
    }
    let desk = || desk_of(world.clone(), |options| options.force_page_size = Some(2));
    let expected = digest_of(world.clone()).await;
    let page = |edges: Value| json!({"pageInfo": {"hasNextPage": false, "endCursor": null}, "edges": edges});
    let none = page(json!([]));
    let table = json!([
        [200, {}, {"errors": [{"message": "Query has complexity of 60000"}]}, "complexity"],
        // Data with an error beside it may be half of it.
        [200, {}, {"data": {"organization": {"teams": none}}, "errors": [{"message": "Timed out"}]}, "Timed out"],
        [200, {}, {"data": null}, "organization was not found"],
        [200, {}, {"data": {"organization": null}}, "organization was not found"],
        [200, {}, {"data": {"organization": {"teams": null}}}, "unknown form"],
        [200, {}, {"data": {"organization": {"teams": []}}}, "unknown form"],
        [403, {}, {"message": "Forbidden"}, "403"],
        [502, {}, {}, "502"],
        [429, {"ratelimit-user-remaining": "-3", "ratelimit-user-limit": "5000", "ratelimit-user-reset": "280"}, {}, ""],
        [429, {"ratelimit-user-remaining": "4000", "ratelimit-user-limit": "5000", "ratelimit-user-reset": "280"}, {}, ""],
        [429, {"retry-after": "3600"}, {}, ""],
        [429, {}, {}, ""],
        [503, {"retry-after": "3600"}, {}, ""],
        [200, {}, {"data": {"organization": {"teams": none}}}, null],
        [200, {}, {"data": {"organization": {"teams": page(json!([{"node": {"uuid": PLATFORM_ID, "members": none}}]))}}}, null],
        // A team that GraphQL shows as null is not gone for that.
        [200, {}, {"data": {"organization": {"teams": page(json!([{"node": null}, {"node": null}]))}}}, null],
    ]);
    type Row = (u16, BTreeMap<String, String>, Value, Option<String>);
    let rows: Vec<Row> = serde_json::from_value(table).expect("rows");
    let answers = rows.into_iter().map(|(code, headers, body, why)| {
        let (headers, body) = (headers.into_iter().collect(), Some(body));
        (FaultKind::Status { code, headers, body }, why)
    });
    let others = [
        (html_page(404), Some("404".to_owned())),
        (FaultKind::CutBody, Some("not".to_owned())),
        (FaultKind::Disconnect, Some("not answered".to_owned())),
    ];
    for (kind, why) in answers.chain(others) {
        for (nth, left) in [(1, 4), (2, 2)] {
            let (desk, what) = (desk().await, format!("{kind:?} from query {nth} on"));
            desk.vendor.set_faults([Fault::matching("POST", "/v1", kind.clone()).from(nth)]);
            let shown = Shown::by(&desk).await;
            assert_eq!(shown.answer["content_digest"], expected, "{what}");
            assert_eq!(asked(&desk)[1], left, "{what}");
            let begin = format!(
                "GraphQlFailed: GraphQL failed, so the members of {left} teams are read over REST"
            );
            let is_told = |w: &String| {
                let why = why.as_deref().expect("nothing to warn of");
                w.starts_with(&begin) && w.contains(why) && !w.contains(GRAPHQL_TOKEN)
            };
            let warnings = shown.warnings();
            assert!(warnings.iter().all(is_told), "{what}: {warnings:?}");
            assert_eq!(warnings.len(), usize::from(why.is_some()), "{what}");
        }
    }
    // A list that leads to itself, and empty pages that point to others: some are followed, over REST each list has its own.
    for (kind, empty_pages, expected_calls) in [
        (Some(FaultKind::RepeatCursor), 0, [2, 2]),
        (Some(FaultKind::StaleCursor), 0, [2, 2]),
        (None, 1, [3, 0]),
        (None, 5, [7, 0]),
        (None, 6, [6, 4 * 7]),
    ] {
        let desk = desk().await;
        desk.vendor.set_faults(kind.map(|kind| Fault::matching("POST", "/v1", kind)));
        desk.vendor.sim.set_options(|o| o.empty_pages = empty_pages);
        assert_eq!(desk.complete().await["content_digest"], expected);
        assert_eq!(asked(&desk), expected_calls);
    }
}

/// By the real binary, in the log that an operator sees.
#[tokio::test]
async fn the_choice_and_what_it_was_made_for_are_in_the_log() {
    let desk = Bench::around(WithGraphQl::of(teams(60, 4)).await);
    let function = Environment::start(env!("CARGO_BIN_EXE_buildkite-sync"), desk.variables()).await;
    assert_eq!(function.answer(json!({})).await["status"], "complete");
    let mut log = function.end(&desk.vendor.tokens()).await.log();
    log.retain(|line| line["message"] == "how the members of teams are read");
    let fields = "way teams points_per_team wait_for_rest_s wait_for_graphql_s";
    let choice = |line: &Value| fields.split(' ').map(|f| line[f].clone()).collect();
    let choices: Vec<Value> = log.iter().map(choice).collect();
    let points = choices[1][2].as_u64().expect("a number");
    assert!((8..=16).contains(&points), "{points}");
    // Nothing is known at first: all could be as large as a query tells.
    let expected = json!([["GraphQl(50)", 60, 54, 0, 0], ["GraphQl(10)", 10, points, 0, 0]]);
    assert_eq!(json!(choices), expected);
}
