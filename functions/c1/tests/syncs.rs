//! A sync by ConductorOne: its heartbeats, its end, and what happens when something else happens.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rollcall_c1::{AgentStatus, FunctionFailure, Functions};
use rollcall_connector::clock::{after, between};
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::operation::Operation;
use rollcall_simulators::c1::messages::*;
use rollcall_simulators::c1::{C1, CallEffect, CallFault, NewTask, Rpc};
use serde_json::{Value, json};

use crate::world::{Desk, HEARTBEAT, Script, sync_answer};

fn in_minutes(desk: &Desk, minutes: i64) -> Option<Timestamp> {
    Some(desk.cx.clock.now() + SignedDuration::from_mins(minutes))
}

#[tokio::test]
async fn a_sync_of_two_hours_beats_as_often_as_it_is_told() {
    let (desk, _vendor) = Desk::temporal_cloud().await;
    for (told, hours) in [(30.0, 2), (300.0, 2), (60.0, 1), (7.0, 0), (0.5, 0)] {
        let told = Duration::from_secs_f64(told);
        desk.c1.set_options(|options| options.next_heartbeat = told);
        let id = desk.c1.give(SyncFullTask::default());
        let waits = (1..=1 + hours * 12).map(|n| in_minutes(&desk, n * 5));
        let waits = waits.map(|at| Ok(sync_answer("continue", at, Some("rate_limit"))));
        let script = Script::new(waits.collect::<Vec<_>>()).then(desk.functions());
        desk.until_idle(&script).await;
        assert!(desk.c1.finish(&id).expect("finished").success, "{}", desk.notes.text());
        let gap = desk.longest_gap(&id);
        assert!(gap <= told.max(Duration::from_secs(1)), "{gap:?} between two heartbeats");
        let events: Vec<_> = script
            .calls()
            .into_iter()
            .map(|(operation, event)| (operation.as_str(), event))
            .collect();
        let same = json!({"connection": "default", "start_as": id});
        assert!(events.iter().all(|call| *call == ("sync", same.clone())), "{events:?}");
    }
}

#[tokio::test]
async fn a_call_that_takes_long_is_accompanied_by_heartbeats() {
    let mut desk = Desk::scripted().await;
    desk.cx.clock = desk.clock.clone();
    let id = desk.c1.give(SyncFullTask::default());
    let slow = Slow(&desk.c1);
    desk.until_idle(&slow).await;
    assert!(desk.longest_gap(&id) <= HEARTBEAT);
}

/// A function that takes ten heartbeats, and fails.
struct Slow<'a>(&'a C1);

#[async_trait]
impl Functions for Slow<'_> {
    async fn call(&self, _: Operation, _: &Value) -> Result<Value, FunctionFailure> {
        self.0.arrival(Rpc::Heartbeat, 10).await;
        let refused = Error::refused(Code::ImmutableRole, "no", "Look.");
        Err(refused.into())
    }
}

#[tokio::test]
async fn the_first_heartbeat_comes_before_the_first_call_of_the_function() {
    let desk = Desk::scripted().await;
    let id = desk.c1.give(NewTask::from(SyncFullTask::default()).cancelled_at(1));
    let script = Script::new([Ok(sync_answer("cancelled", None, None))]);
    desk.until_idle(&script).await;
    assert_eq!(script.calls(), [(Operation::Sync, json!({"connection": "default", "cancel": id}))]);
}

#[tokio::test]
async fn a_sync_that_is_cancelled_stops_and_frees_its_state() {
    let (desk, vendor) = Desk::temporal_cloud().await;
    let id = desk.c1.give(NewTask::from(SyncFullTask::default()).cancelled_at(2));
    let waits = [Ok(sync_answer("continue", in_minutes(&desk, 60), Some("rate_limit")))];
    let script = Script::new(waits).then(desk.functions());
    desk.until_idle(&script).await;
    let finish = desk.c1.finish(&id).expect("finished");
    assert_eq!((finish.code, finish.non_retryable, desk.c1.assets().len()), (1, false, 0));
    assert_eq!(script.calls().last().expect("a call").1["cancel"], *id);
    assert!(vendor.requests().is_empty());
    // Nothing keeps the next one away.
    let next = desk.c1.give(SyncFullTask::default());
    desk.until_idle(&desk.functions()).await;
    assert!(desk.c1.finish(&next).expect("finished").success);
}

#[tokio::test]
async fn a_snapshot_that_lost_too_much_is_not_uploaded_and_the_task_says_what_was_lost() {
    let desk = Desk::scripted().await;
    let id = desk.c1.give(SyncFullTask::default());
    let mut held = sync_answer("held", None, Some("loss"));
    held["warnings"] =
        json!([{"code": "SuddenLoss", "message": "grants on namespace: 500 before, 3 now"}]);
    desk.until_idle(&Script::new([Ok(held)])).await;
    let finish = desk.c1.finish(&id).expect("finished");
    assert_eq!((finish.code, finish.non_retryable, desk.c1.assets().len()), (9, true, 0));
    for part in ["500 before, 3 now", "--accept 0ujtsYcgvSTl8PAuAdqWYSMnLOv"] {
        assert!(finish.message.contains(part), "{}", finish.message);
    }
}

#[tokio::test]
async fn the_answer_of_a_sync_that_published_a_snapshot_is_reported_with_the_end_of_its_task() {
    let (desk, _vendor) = Desk::temporal_cloud().await;
    // It is kept as long as the result of the task.
    let fault = CallFault::once(Rpc::FinishTask, CallEffect::Status(14)).times(12);
    desk.c1.set_faults([fault]);
    let (mut ids, mut published) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        ids.push(desk.c1.give(SyncFullTask::default()));
        loop {
            let answer = desk.run(&desk.functions()).await.expect("an answer");
            published.extend(answer.published);
            let Some(at) = answer.resume_at else { break };
            desk.wait_until(at);
        }
    }
    assert_eq!(
        published.iter().map(|one| one.sync_id.clone()).collect::<Option<Vec<_>>>(),
        Some(ids.clone())
    );
    assert_eq!(
        published.iter().map(|one| one.previous_sync_id.as_ref()).collect::<Vec<_>>(),
        [None, Some(&ids[0])]
    );
    assert!(published.iter().all(|one| one.snapshot.is_some() && one.counts.grants > 0));

    let quarantined = Script::new([Ok(sync_answer("held", None, Some("loss")))]);
    desk.c1.give(SyncFullTask::default());
    let answer = desk.run(&quarantined).await.expect("an answer");
    assert_eq!((answer.tasks.len(), answer.published), (1, vec![]));
}

#[tokio::test]
async fn a_task_that_is_delivered_twice_is_done_once() {
    let (desk, vendor) = Desk::temporal_cloud().await;
    let id = desk.c1.give(NewTask::from(SyncFullTask::default()).twice());
    desk.until_idle(&desk.functions()).await;
    let calls = vendor.requests().len();
    // Again after it was finished, as if the result had been lost.
    desk.c1.give(NewTask::from(SyncFullTask::default()).id(&id));
    desk.until_idle(&desk.functions()).await;
    assert_eq!(vendor.requests().len(), calls, "the vendor was read again");
    let same = desk.c1.assets().windows(2).all(|pair| pair[0].bytes == pair[1].bytes);
    assert!(same && !desk.c1.assets().is_empty());
}

#[tokio::test]
async fn two_agents_at_once_take_no_task_twice() {
    let (desk, vendor) = Desk::temporal_cloud().await;
    let ids: Vec<_> = (0..3).map(|_| desk.c1.give(SyncFullTask::default())).collect();
    let functions = desk.functions();
    let (one, two) = tokio::join!(desk.run(&functions), desk.run(&functions));
    let answers = [one, two].map(|answer| answer.expect("an answer"));
    let busy = answers.iter().find(|answer| answer.status == AgentStatus::Busy).expect("one");
    let wait = between(desk.cx.clock.now(), busy.resume_at.expect("a time"));
    assert!(wait <= HEARTBEAT, "{wait:?} without a look at the heartbeats");
    desk.until_idle(&functions).await;
    for id in ids {
        assert_eq!(desk.c1.task(&id).expect("a task").deliveries, 1);
        assert_eq!(desk.c1.task(&id).expect("a task").ends, 1);
    }
    assert_eq!(vendor.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_agent_that_is_killed_at_any_call_leaves_a_task_that_the_next_one_ends_once() {
    let write = "namespace:demo.a1b23:write";
    for tasks in ["sync", "grant"] {
        for (rpc, steps) in
            [(Rpc::GetTask, 2), (Rpc::Heartbeat, 2), (Rpc::UploadAsset, 1), (Rpc::FinishTask, 1)]
        {
            for skip in 0..steps {
                let (desk, vendor) = Desk::temporal_cloud().await;
                let entitlement =
                    Entitlement::new(Resource::new("namespace", "demo.a1b23", "demo"), write);
                let (entitlement, principal) =
                    (Some(entitlement), Some(Resource::new("service-account", "sa1", "build")));
                let id = match tasks {
                    "sync" => desk.c1.give(SyncFullTask::default()),
                    _ => desk.c1.give(GrantTask { entitlement, principal, ..Default::default() }),
                };
                // The call hangs until the agent is killed: `LoseAnswer` would be a fault that it survives.
                desk.c1.set_faults([CallFault::once(rpc, CallEffect::Hang).after(skip)]);
                let functions = desk.functions();
                let killed = desk.c1.arrival(rpc, skip + 1);
                tokio::select! {
                    biased;
                    ended = desk.run(&functions) => { ended.expect("an answer"); }
                    () = killed => {}
                }
                desk.c1.set_faults([]);
                desk.clock.advance(Duration::from_secs(1000));
                desk.until_idle(&functions).await;
                let finish = desk
                    .c1
                    .finish(&id)
                    .unwrap_or_else(|| panic!("{tasks}, {rpc:?} {skip}: {}", desk.notes.text()));
                assert!(finish.success, "{tasks}, {rpc:?} {skip}: {}", finish.message);
                assert_eq!(desk.c1.task(&id).expect("a task").ends, 1, "{tasks}, {rpc:?} {skip}");
                let writes =
                    vendor.requests().iter().filter(|request| request.method != "GET").count();
                assert_eq!(writes, usize::from(tasks == "grant"), "{tasks}, {rpc:?} {skip}");
            }
        }
    }
}

#[tokio::test]
async fn a_function_that_is_cut_off_is_called_again_a_few_times() {
    let desk = Desk::scripted().await;
    let cut = || {
        let killed = Error::new(ErrorType::Unavailable, Code::FunctionKilled, "killed", "Look.");
        Err(FunctionFailure { was_cut: true, ..killed.into() })
    };
    let id = desk.c1.give(SyncFullTask::default());
    let script = Script::new((0..5).map(|_| cut()));
    desk.until_idle(&script).await;
    assert_eq!(desk.c1.finish(&id).expect("finished").code, 14);
    assert_eq!(script.calls().len(), 5);
    assert!(desk.longest_gap(&id) <= HEARTBEAT);
}

#[tokio::test]
async fn a_sync_that_fails_says_why_and_may_be_repeated() {
    let (desk, vendor) = Desk::temporal_cloud().await;
    let id = desk.c1.give(SyncFullTask::default());
    vendor.set_faults(vec![rollcall_simulators::Fault::nth(
        1,
        rollcall_simulators::FaultKind::status(403),
    )]);
    desk.until_idle(&desk.functions()).await;
    let finish = desk.c1.finish(&id).expect("finished");
    assert_eq!(
        (finish.code, finish.non_retryable, desk.c1.assets().len()),
        (7, false, 0),
        "{finish:?}"
    );
}

#[tokio::test]
async fn what_is_due_later_is_left_to_the_caller() {
    let desk = Desk::scripted().await;
    let id = desk.c1.give(SyncFullTask::default());
    let wait = in_minutes(&desk, 60);
    let script: Script<'_> = Script::new([Ok(sync_answer("continue", wait, Some("rate_limit")))]);
    let answer = desk.run(&script as &dyn Functions).await.expect("an answer");
    assert_eq!((answer.status, answer.task.as_deref()), (AgentStatus::Continue, Some(&*id)));
    let soon = answer.resume_at.expect("a time");
    assert!(
        soon <= desk.cx.clock.now() + SignedDuration::try_from(HEARTBEAT).expect("short"),
        "{soon}"
    );
    let json: Value = serde_json::to_value(&answer).expect("JSON");
    assert_eq!(json["status"], "continue");
}

#[tokio::test]
async fn an_invocation_ends_a_minute_before_its_deadline() {
    let mut desk = Desk::scripted().await;
    desk.c1.set_options(|options| options.next_heartbeat = Duration::from_secs(4));
    desk.c1.give(SyncFullTask::default());
    let deadline = after(desk.cx.clock.now(), Duration::from_secs(240));
    desk.cx.deadline = Some(deadline);
    let wait = Ok(sync_answer("continue", in_minutes(&desk, 60), Some("rate_limit")));
    let answer = desk.run(&Script::new([wait])).await.expect("an answer");
    assert_eq!(answer.status, AgentStatus::Continue);
    let left = between(desk.cx.clock.now(), deadline);
    assert!(left >= Duration::from_secs(55), "{left:?} left");
}
