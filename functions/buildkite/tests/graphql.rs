//! Who is in the teams, by a token that is good for GraphQL: the same as over REST, and sooner. The pure rule, with all its
//! figures, is held in `choice`; here it is held that it is gone by.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::Chain;
use rollcall_connector::clock::{Clock as _, between};
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::{Bench, Subject, answer_of};
use rollcall_harness::function::{Environment, Local};
use rollcall_harness::shown::Shown;
use rollcall_simulators::buildkite::{
    ADA_ID, Clock, EVERYONE_ID, GRAPHQL_TOKEN, LARGE_TEAM_ID, Limits, ORGANIZATION, Options,
    PLATFORM_ID, Sizes, TEST_TOKEN, World, html_page,
};
use rollcall_simulators::{Fault, FaultKind, Ordering};
use serde_json::{Value, json};

use crate::{Simulated, WithGraphQl};

type Desk = Bench<WithGraphQl>;

const GRAPHQL: &str = "/v1";

async fn desk_of(world: World, change: impl FnOnce(&mut Options)) -> Desk {
    let desk = Desk::around(WithGraphQl::of(world).await);
    desk.vendor.sim.set_options(change);
    desk
}

/// So many teams of so many, none of them of everybody and none of nobody.
fn teams(teams: usize, members: usize) -> World {
    let sizes = Sizes {
        users: 300,
        teams,
        members_per_team: members,
        everyone: false,
        ..Sizes::default()
    };
    let mut world = World::generate(&sizes, 5);
    for team in world.organizations[ORGANIZATION].teams.clone() {
        if team.members.is_empty() {
            world.add_to_team(ORGANIZATION, &team.id, ADA_ID, "member");
        }
    }
    world
}

fn empty_teams(world: &World) -> usize {
    let teams = world.organizations[ORGANIZATION].teams.iter();
    teams.filter(|team| team.members.is_empty()).count()
}

/// The digest of what REST alone tells of this organization.
async fn by_rest(world: World) -> Value {
    let desk = Bench::around(Simulated::<false>::of(world).await);
    let digest = desk.complete().await["content_digest"].clone();
    assert_eq!(queries(&desk), 0, "a token without the scope");
    digest
}

fn asked<const GRAPHQL: bool>(
    desk: &Bench<Simulated<GRAPHQL>>,
    path: impl Fn(&str) -> bool,
) -> usize {
    let requests = desk.vendor.sim.requests();
    requests.iter().filter(|r| path(&r.path)).count()
}

/// How many queries were sent.
fn queries<const GRAPHQL: bool>(desk: &Bench<Simulated<GRAPHQL>>) -> usize {
    asked(desk, |path| path == self::GRAPHQL)
}

/// How often REST was asked who is in a team.
fn one_by_one(desk: &Desk) -> usize {
    asked(desk, |path| path.contains("/teams/"))
}

#[tokio::test]
async fn the_same_is_shown_over_graphql_and_over_rest_however_lists_are_split_and_ordered() {
    for (world, name) in [
        (World::worked_example(), "small"),
        (World::rich(), "rich"),
        (teams(120, 4), "120 teams"),
    ] {
        let expected = by_rest(world.clone()).await;
        for size in [None, Some(1), Some(7)] {
            for ordering in [Ordering::Documented, Ordering::Shuffled(3)] {
                let what = format!("{name}, {size:?}, {ordering:?}");
                let desk = desk_of(world.clone(), |options| {
                    options.force_page_size = size;
                    options.ordering = ordering;
                })
                .await;
                let answer = desk.complete().await;
                assert_eq!(answer["content_digest"], expected, "{what}");
                assert!(queries(&desk) > 0, "{what}");
                assert_eq!(desk.vendor.sim.violations(), Vec::<String>::new(), "{what}");
            }
        }
    }
}

/// A query is for as many teams as there are points for if all are full; small ones leave points for the next.
#[tokio::test]
async fn a_query_is_for_as_many_teams_as_can_be_paid_for() {
    for (teams_, members, expected) in [
        // A team is one request either way.
        (0, 4, 0),
        (1, 4, 0),
        (2, 4, 1),
        (50, 4, 1),
        (51, 4, 1),
        (52, 4, 2),
        (250, 4, 6),
    ] {
        let desk = desk_of(teams(teams_, members), |o| o.graphql = Limits::GRAPHQL).await;
        let answer = desk.complete().await;
        assert_eq!(queries(&desk), expected, "{teams_} teams");
        // One that is left over is asked for alone.
        let alone = usize::from(matches!(teams_, 1 | 51));
        assert_eq!(one_by_one(&desk), alone, "{teams_} teams");
        let others = 2 + 4 + teams_.div_ceil(100).max(1);
        assert_eq!(answer["calls"], others + expected + alone, "{teams_} teams");
    }
}

/// What a sync took: its last answer, and how long it waited altogether.
async fn waited(desk: &Desk) -> (Value, Duration) {
    let clock = desk.clock.clone();
    let began = clock.now();
    desk.vendor.sim.set_options(|options| {
        options.clock = Clock::Given(Arc::new(move || between(began, clock.now())));
    });
    let mut event = json!({});
    loop {
        let answer = answer_of(desk.invoke(Operation::Sync, event).await);
        let refused = desk.vendor.sim.requests();
        assert!(
            refused.iter().all(|r| r.status != 429),
            "a limit was reached"
        );
        // Two hundred are left to others.
        assert!(desk.vendor.sim.points_used() <= 4_800);
        if answer["status"] == "complete" {
            return (answer, between(began, desk.clock.now()));
        }
        assert_eq!(answer["reason"], "rate_limit", "{answer:#}");
        let at: Timestamp = answer["resume_at"]
            .as_str()
            .and_then(|at| at.parse().ok())
            .expect("a time");
        desk.clock.advance(between(desk.clock.now(), at));
        event = json!({"sync_id": answer["sync_id"]});
    }
}

/// Small teams go by GraphQL until its points are spent, and REST does the others; large ones go by REST, as without.
#[tokio::test]
async fn a_sync_waits_no_longer_than_over_rest_alone_and_mostly_not_at_all() {
    for (teams_, members, over_rest, expected) in [
        (40, 4, 0, 0),
        (120, 4, 120, 0),
        (250, 4, 300, 0),
        (250, 8, 300, 0),
        (500, 8, 660, 360),
        (120, 60, 180, 120),
    ] {
        let what = format!("{teams_} teams of {members}");
        let world = teams(teams_, members);
        let limits = |options: &mut Options| {
            options.rest = Limits::REST;
            options.graphql = Limits::GRAPHQL;
        };
        let desk = desk_of(world.clone(), limits).await;
        let (answer, with_graphql) = waited(&desk).await;
        assert_eq!(
            answer["content_digest"],
            by_rest(world.clone()).await,
            "{what}"
        );
        assert_eq!(answer["warnings"], json!([]), "{what}");
        let desk = desk_of(world, limits).await;
        desk.set_keys(&json!({"api-token": TEST_TOKEN}));
        let (_, rest_alone) = waited(&desk).await;
        assert_eq!(
            (rest_alone.as_secs(), with_graphql.as_secs()),
            (over_rest, expected),
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_team_too_large_for_a_query_goes_over_rest_as_a_whole_and_so_does_one_of_nobody() {
    let desk = desk_of(World::rich(), |_| {}).await;
    desk.complete().await;
    assert_eq!(queries(&desk), 1);
    let large = |path: &str| path.contains(LARGE_TEAM_ID);
    let empty = empty_teams(&World::rich());
    assert!(empty > 0);
    assert_eq!((asked(&desk, large), one_by_one(&desk)), (2, 2 + empty));
}

/// GraphQL is a shorter way and nothing else: whatever becomes of it, REST tells all, and a warning tells why.
#[tokio::test]
async fn whatever_graphql_does_not_tell_rest_is_asked_for() {
    let said = |code: u16, body: Value| FaultKind::Status {
        code,
        headers: Vec::new(),
        body: Some(body),
    };
    let world = || teams(60, 4);
    let expected = by_rest(world()).await;
    for (kind, why) in [
        (
            said(
                200,
                json!({"errors": [{"message": "Query has complexity of 60000"}]}),
            ),
            "complexity",
        ),
        // Data with an error beside it may be half of it.
        (
            said(
                200,
                json!({"data": {"organization": {"teams": {"pageInfo": {"hasNextPage": false, "endCursor": null}, "edges": []}}}, "errors": [{"message": "Timed out"}]}),
            ),
            "Timed out",
        ),
        (said(200, json!({"data": null})), "no such organization"),
        (
            said(200, json!({"data": {"organization": {"teams": null}}})),
            "unknown form",
        ),
        (
            said(200, json!({"data": {"organization": {"teams": []}}})),
            "unknown form",
        ),
        (FaultKind::status(403), "403"),
        (html_page(404), "404"),
        (FaultKind::status(502), "502"),
        (FaultKind::CutBody, "not"),
        (FaultKind::Disconnect, "not answered"),
    ] {
        for nth in [1, 2] {
            let what = format!("{kind:?} from the query {nth} on");
            let desk = desk_of(world(), |_| {}).await;
            let fault = Fault::matching("POST", GRAPHQL, kind.clone()).from(nth);
            desk.vendor.sim.set_faults(vec![fault]);
            let shown = Shown::by(&desk).await;
            assert_eq!(shown.answer["content_digest"], expected, "{what}");
            let left = if nth == 1 { 60 } else { 10 };
            assert_eq!(one_by_one(&desk), left, "{what}");
            let warnings = shown.warnings();
            let begins = format!("GraphQlFailed: who is in {left} teams is asked of REST");
            assert!(
                warnings.len() == 1
                    && warnings[0].starts_with(&begins)
                    && warnings[0].contains(why),
                "{what}: {warnings:?}"
            );
            assert!(!warnings[0].contains(GRAPHQL_TOKEN));
        }
    }
}

/// Where the organization is missing for GraphQL, in either form; and where it may be that our token sees nobody.
#[tokio::test]
async fn what_graphql_shows_as_nothing_is_asked_of_rest() {
    let said = |body: Value| FaultKind::Status {
        code: 200,
        headers: Vec::new(),
        body: Some(json!({"data": body})),
    };
    let page = |edges: Value| json!({"pageInfo": {"hasNextPage": false, "endCursor": null}, "edges": edges});
    let nobody = |team: &str| json!({"node": {"uuid": team, "members": page(json!([]))}});
    let hidden = json!([nobody(EVERYONE_ID), nobody(PLATFORM_ID)]);
    let expected = by_rest(World::worked_example()).await;
    for (kind, failed) in [
        (said(json!({"organization": null})), true),
        (
            said(json!({"organization": {"teams": page(json!([]))}})),
            false,
        ),
        (
            said(json!({"organization": {"teams": page(hidden)}})),
            false,
        ),
    ] {
        let desk = desk_of(World::worked_example(), |_| {}).await;
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("POST", GRAPHQL, kind.clone())]);
        let shown = Shown::by(&desk).await;
        assert_eq!(shown.answer["content_digest"], expected, "{kind:?}");
        assert_eq!((queries(&desk), one_by_one(&desk)), (1, 2), "{kind:?}");
        assert_eq!(shown.warnings().len(), usize::from(failed), "{kind:?}");
    }
}

/// A list that leads to itself brings nothing new, and is left.
#[tokio::test]
async fn a_list_of_graphql_that_does_not_move_on_is_left_for_rest() {
    let expected = by_rest(teams(60, 4)).await;
    for kind in [FaultKind::RepeatCursor, FaultKind::StaleCursor] {
        let desk = desk_of(teams(60, 4), |_| {}).await;
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("POST", GRAPHQL, kind.clone())]);
        let answer = desk.complete().await;
        assert_eq!(answer["content_digest"], expected, "{kind:?}");
        assert!(queries(&desk) <= 3, "{kind:?}: {}", queries(&desk));
    }
}

/// It is deleted when the list has shown it, so that GraphQL tells nothing of it.
#[tokio::test]
async fn a_team_that_vanishes_before_the_query_is_gone_by_the_word_of_rest() {
    let mut without = World::worked_example();
    without.remove_team(ORGANIZATION, PLATFORM_ID);
    let expected = by_rest(without).await;
    let desk = desk_of(World::worked_example(), |options| {
        options.team_vanishes = Some(PLATFORM_ID.to_owned());
    })
    .await;
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.answer["content_digest"], expected);
    let told =
        format!("DeletedDuringSync: team {PLATFORM_ID} was deleted or hidden during the sync");
    assert_eq!(shown.warnings(), [told]);
    assert_eq!((queries(&desk), one_by_one(&desk)), (1, 1));
}

/// A team that GraphQL shows as null is not gone for that, nor for a 404 of REST: the list of teams says whether it is.
#[tokio::test]
async fn a_team_that_graphql_shows_as_null_is_gone_only_if_the_list_of_teams_says_so() {
    let expected = by_rest(World::worked_example()).await;
    let said = |code: u16, body: Value| FaultKind::Status {
        code,
        headers: Vec::new(),
        body: Some(body),
    };
    let teams = json!({"pageInfo": {"hasNextPage": false, "endCursor": null}, "edges": [{"node": null}, {"node": null}]});
    let null = said(200, json!({"data": {"organization": {"teams": teams}}}));
    let null = Fault::matching("POST", GRAPHQL, null);
    let desk = desk_of(World::worked_example(), |_| {}).await;
    desk.vendor.sim.set_faults(vec![null.clone()]);
    assert_eq!(desk.complete().await["content_digest"], expected);
    assert_eq!(one_by_one(&desk), 2);

    let desk = desk_of(World::worked_example(), |_| {}).await;
    let path = format!("/v2/organizations/{ORGANIZATION}/teams/{PLATFORM_ID}/members");
    let absent = Fault::matching("GET", &path, FaultKind::status(404));
    desk.vendor.sim.set_faults(vec![null, absent]);
    let error = desk.sync().await.expect_err("a 404");
    assert_eq!(error.code(), "ContradictoryAnswers", "{}", Chain(&error));
    assert!(!desk.is_published());
}

/// An empty page that points to another is followed, and after some in a row REST is asked.
#[tokio::test]
async fn empty_pages_of_graphql_are_followed_and_too_many_are_left_for_rest() {
    let expected = by_rest(teams(20, 4)).await;
    for (empty_pages, queries_, rest) in [(1, 2, 0), (5, 6, 0), (6, 6, 20)] {
        let desk = desk_of(teams(20, 4), |o| o.empty_pages = empty_pages).await;
        let answer = desk.complete().await;
        assert_eq!(answer["content_digest"], expected, "{empty_pages}");
        let asked = (queries(&desk), one_by_one(&desk));
        // Over REST each list has its empty pages, too.
        let rest = rest * (empty_pages + 1);
        assert_eq!(asked, (queries_, rest), "{empty_pages}");
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_before_a_query_publishes_nothing() {
    let desk = desk_of(teams(60, 4), |_| {}).await;
    let fault = Fault::matching("POST", GRAPHQL, FaultKind::status(401)).from(2);
    desk.vendor.sim.set_faults(vec![fault]);
    let error = desk.sync().await.expect_err("a revoked token");
    assert_eq!(error.code(), "CredentialRejected", "{}", Chain(&error));
    assert!(!desk.is_published());
}

/// If somebody else has spent the points, REST is asked as far as that is sooner, and where GraphQL is put off for a reason
/// that its limits do not show.
#[tokio::test]
async fn what_graphql_puts_off_is_asked_of_rest_where_that_is_sooner() {
    let refused = |code: u16, headers: &[(&str, &str)]| FaultKind::Status {
        code,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: Some(
            json!({"errors": [{"message": "You have exceeded your per-user limit of 5000 complexity points."}]}),
        ),
    };
    let points = |remaining| {
        [
            ("ratelimit-user-remaining", remaining),
            ("ratelimit-user-limit", "5000"),
            ("ratelimit-user-reset", "280"),
        ]
    };
    let expected = by_rest(teams(60, 4)).await;
    for kind in [
        refused(429, &points("-3")),
        refused(429, &points("4000")),
        refused(429, &[("retry-after", "3600")]),
        refused(429, &[]),
        refused(503, &[("retry-after", "3600")]),
    ] {
        let desk = desk_of(teams(60, 4), |options| options.graphql = Limits::GRAPHQL).await;
        desk.vendor
            .sim
            .set_faults(vec![Fault::matching("POST", GRAPHQL, kind.clone())]);
        let answer = desk.complete().await;
        assert_eq!(answer["content_digest"], expected, "{kind:?}");
        assert_eq!(one_by_one(&desk), 60, "{kind:?}");
        let warnings = answer["warnings"].to_string();
        assert!(warnings.contains("GraphQlFailed"), "{kind:?}: {warnings}");
    }
}

/// Where GraphQL will have points sooner than REST has requests enough.
#[tokio::test]
async fn what_graphql_can_tell_sooner_than_rest_is_waited_for() {
    let expected = by_rest(teams(240, 4)).await;
    let desk = desk_of(teams(240, 4), |options| {
        options.rest = Limits::REST;
        options.graphql = Limits {
            per_user: 1_300,
            window: Duration::from_secs(90),
            ..Limits::GRAPHQL
        };
    })
    .await;
    let (answer, waited) = waited(&desk).await;
    assert_eq!(answer["content_digest"], expected);
    assert!((90..240).contains(&waited.as_secs()), "{waited:?}");
}

/// A token must not go to Buildkite's own GraphQL where somebody has put another address before its REST API.
#[tokio::test]
async fn without_an_address_of_graphql_beside_another_rest_only_rest_is_asked() {
    let desk = desk_of(World::worked_example(), |_| {}).await;
    let mut secret = desk.vendor.secret();
    secret.as_object_mut().expect("keys").remove("graphql-url");
    desk.write_secret(&secret);
    let shown = Shown::by(&desk).await;
    assert_eq!(shown.warnings(), Vec::<String>::new());
    assert_eq!((queries(&desk), one_by_one(&desk)), (0, 2));
    assert!(shown.resources.contains_key(&format!("user:{ADA_ID}")));
}

/// By the real binary, in the log that an operator sees.
#[tokio::test]
async fn the_choice_and_what_it_was_made_for_are_in_the_log() {
    let vendor = WithGraphQl::of(teams(60, 4)).await;
    let local = Local::new("buildkite", &vendor.secret());
    let binary = env!("CARGO_BIN_EXE_buildkite-sync");
    let function = Environment::start(binary, local.variables()).await;
    assert_eq!(function.answer(json!({})).await["status"], "complete");
    let output = function.end(&vendor.tokens()).await;
    let log = output.log().into_iter();
    let choices: Vec<Value> = log
        .filter(|line| line["message"] == "how the members of teams are read")
        .map(|line| {
            json!([
                line["way"],
                line["teams"],
                line["points_per_team"],
                line["wait_for_rest_s"],
                line["wait_for_graphql_s"]
            ])
        })
        .collect();
    let points = choices[1][2].as_u64().expect("a number");
    assert!((8..=16).contains(&points), "{choices:?}");
    assert_eq!(
        choices,
        [
            // Nothing is known yet: all could be as large as a query tells.
            json!(["GraphQl(50)", 60, 54, 0, 0]),
            json!(["GraphQl(10)", 10, points, 0, 0]),
        ]
    );
}
