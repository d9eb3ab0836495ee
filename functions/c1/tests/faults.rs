//! What goes wrong at ConductorOne costs no task.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rollcall_c1::Agent;
use rollcall_connector::Error;
use rollcall_connector::clock::{Manual, between};
use rollcall_simulators::c1::messages::*;
use rollcall_simulators::c1::{CallEffect, CallFault, Rpc};

use crate::world::{Desk, Script};

#[tokio::test]
async fn whatever_goes_wrong_once_with_a_call_the_task_ends_once() {
    use CallEffect::{Cut, Disconnect, LoseAnswer, Status};
    let faults = [
        (Rpc::Heartbeat, vec![Status(14), Status(8), Disconnect, LoseAnswer, Status(503)]),
        (Rpc::UploadAsset, vec![Status(14), Status(8), Disconnect, LoseAnswer, Cut(1000)]),
        (Rpc::FinishTask, vec![Status(14), Status(8), Disconnect, Status(502)]),
        (Rpc::GetTask, vec![Disconnect]),
        (Rpc::Hello, vec![Disconnect]),
    ];
    let (desk, _vendor) = Desk::temporal_cloud().await;
    for (rpc, effect) in
        faults.into_iter().flat_map(|(rpc, all)| all.into_iter().map(move |e| (rpc, e)))
    {
        let id = desk.c1.give(SyncFullTask::default());
        desk.c1.set_faults([CallFault::once(rpc, effect.clone())]);
        desk.until_idle(&desk.functions()).await;
        let finish =
            desk.c1.finish(&id).unwrap_or_else(|| panic!("{rpc:?} {effect:?}: not finished"));
        assert!(finish.success, "{rpc:?} {effect:?}: {}", finish.message);
        assert_eq!(desk.c1.task(&id).expect("a task").ends, 1, "{rpc:?} {effect:?}");
        assert!(desk.c1.task(&id).expect("a task").assets >= 1);
    }
}

#[tokio::test]
async fn a_result_is_reported_until_it_is_taken_by_the_next_agent_too() {
    for code in [14, 16] {
        let desk = Desk::scripted().await;
        let id = desk.c1.give(CreateResourceTask::default());
        let fault = CallFault::once(Rpc::FinishTask, CallEffect::Status(code)).times(12);
        desk.c1.set_faults([fault]);
        desk.until_idle(&Script::new([])).await;
        assert_eq!(desk.c1.finish(&id).unwrap_or_else(|| panic!("{code}: lost")).code, 12);
        assert_eq!(desk.c1.calls_to(Rpc::FinishTask).len(), 13);
    }
}

#[tokio::test]
async fn a_result_that_is_not_taken_for_a_day_makes_room_for_other_tasks() {
    let desk = Desk::scripted().await;
    desk.c1.give(CreateResourceTask::default());
    let fault = CallFault::once(Rpc::FinishTask, CallEffect::Status(13)).times(usize::MAX);
    desk.c1.set_faults([fault]);
    let answer = desk.run(&Script::new([])).await.expect("an answer");
    let wait = between(desk.cx.clock.now(), answer.resume_at.expect("a time"));
    assert!(wait >= Duration::from_secs(60), "again after {wait:?}");
    desk.clock.advance(Duration::from_secs(86400));
    // The service gives the task again, as a new one.
    let reports = desk.run(&Script::new([])).await.expect("an answer").tasks;
    assert!(reports[0].outcome.contains("does not take the result"), "{reports:?}");
}

#[tokio::test]
async fn an_upload_is_tried_three_times_from_its_first_byte_on() {
    let (desk, _vendor) = Desk::temporal_cloud().await;
    let id = desk.c1.give(SyncFullTask::default());
    desk.c1.set_faults([CallFault::once(Rpc::UploadAsset, CallEffect::Cut(100)).times(3)]);
    desk.until_idle(&desk.functions()).await;
    let finish = desk.c1.finish(&id).expect("finished");
    assert_eq!((finish.code, finish.non_retryable), (14, false), "{finish:?}");
    assert_eq!((desk.c1.calls_to(Rpc::UploadAsset).len(), desk.c1.assets().len()), (3, 0));
}

#[tokio::test]
async fn a_token_that_the_service_has_forgotten_is_replaced_once() {
    let desk = Desk::scripted().await;
    let agent = connect(&desk).await.expect("an agent");
    agent.say_hello().await.expect("a Hello");
    agent.say_hello().await.expect("a Hello");
    assert_eq!(desk.c1.calls_to(Rpc::Token).len(), 1);
    desk.c1.forget_tokens();
    agent.say_hello().await.expect("a Hello");
    assert_eq!(desk.c1.calls_to(Rpc::Token).len(), 2);
    // It is renewed before its end.
    desk.clock.advance(Duration::from_secs(291));
    agent.say_hello().await.expect("a Hello");
    assert_eq!(desk.c1.calls_to(Rpc::Token).len(), 3);
    assert_eq!(desk.c1.connections(), 2, "one for tokens, one for calls");
}

#[tokio::test]
async fn a_connection_that_died_is_opened_again() {
    let desk = Desk::scripted().await;
    let agent = connect(&desk).await.expect("an agent");
    agent.say_hello().await.expect("a Hello");
    desk.c1.close_connections();
    agent.say_hello().await.expect("a Hello");
}

async fn connect(desk: &Desk) -> Result<Agent<'_>, Error> {
    let functions: &'static Script<'static> = Box::leak(Box::new(Script::new([])));
    let name = desk.entry.about.name;
    let agent = Agent::connect(&desk.cx, functions, name, &desk.event, &desk.notes).await?;
    Ok(agent.expect("credentials"))
}

#[tokio::test]
async fn why_there_is_no_token_is_said() {
    for (effect, code) in [
        (CallEffect::Status(401), "C1CredentialsRefused"),
        (CallEffect::Status(429), "C1Unavailable"),
        (CallEffect::Status(500), "C1Unavailable"),
        (CallEffect::Malformed, "C1Unavailable"),
        (CallEffect::Empty, "C1CredentialsRefused"),
        (CallEffect::Disconnect, "C1Unavailable"),
    ] {
        let desk = Desk::scripted().await;
        desk.c1.set_faults([CallFault::once(Rpc::Token, effect.clone()).times(5)]);
        let error = desk.run(&Script::new([])).await.expect_err("no token");
        assert_eq!(error.code(), code, "{effect:?}: {error}");
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_ten_minutes_off_is_named() {
    for (minutes, words) in [(-10, "10 min behind"), (10, "10 min ahead of")] {
        let mut desk = Desk::scripted().await;
        // The service answers with the real time.
        desk.c1.set_options(|options| options.clock = Arc::new(Timestamp::now));
        let off = Timestamp::now() + SignedDuration::from_mins(minutes);
        desk.cx.clock = Arc::new(Manual::at(off));
        let error = desk.run(&Script::new([])).await.expect_err("refused");
        assert_eq!(error.code(), "C1CredentialsRefused");
        let text = format!("this machine's clock is {words} ConductorOne's");
        assert!(error.to_string().contains(&text), "{error}");
    }
}

#[tokio::test]
async fn polls_that_fail_leave_the_open_tasks_to_be_worked_on() {
    let (desk, _vendor) = Desk::temporal_cloud().await;
    let id = desk.c1.give(SyncFullTask::default());
    desk.c1.set_faults([CallFault::once(Rpc::GetTask, CallEffect::Status(14)).after(1)]);
    let answer = desk.run(&desk.functions()).await;
    assert!(answer.is_err() || desk.c1.finish(&id).is_some());
    desk.until_idle(&desk.functions()).await;
    assert!(desk.c1.finish(&id).expect("finished").success);
    assert_eq!(desk.c1.task(&id).expect("a task").ends, 1);
}
