//! An agent that serves until it is stopped: `rollcall serve`.

use std::time::Duration;

use async_trait::async_trait;
use rollcall_c1::{AgentStatus, FunctionFailure, Functions, Lifetime};
use rollcall_connector::clock::between;
use rollcall_engine::operation::Operation;
use rollcall_simulators::c1::messages::*;
use rollcall_simulators::c1::{CallEffect, CallFault, Rpc};
use serde_json::Value;
use tokio::sync::Barrier;

use crate::world::{Desk, Script, change_answer};

/// A function that takes longer than a lease lasts without renewal.
struct Long<'a> {
    desk: &'a Desk,
    /// Waits until so many tasks are worked on.
    all: Barrier,
    is_stopped: bool,
}

#[async_trait]
impl Functions for Long<'_> {
    async fn call(&self, _: Operation, _: &Value) -> Result<Value, FunctionFailure> {
        self.all.wait().await;
        if self.is_stopped {
            self.desk.cx.interrupt.raise();
        }
        let begun = self.desk.cx.clock.now();
        for _ in 0..10_000 {
            if between(begun, self.desk.cx.clock.now()) > Duration::from_secs(240) {
                let other = self.desk.run(&Script::new([])).await.expect("an answer");
                assert_eq!(other.status, AgentStatus::Busy);
                self.desk.cx.interrupt.raise();
                return Ok(change_answer("already_deleted", None));
            }
            tokio::task::yield_now().await;
        }
        panic!("the process does nothing but look up");
    }
}

#[tokio::test]
async fn a_process_keeps_others_away_until_its_last_task_has_ended() {
    for (tasks, is_stopped) in [(3, false), (1, true)] {
        let mut desk = Desk::scripted().await;
        desk.cx.clock = desk.clock.clone();
        let long = Duration::from_secs(100_000_000);
        desk.c1.set_options(|options| {
            options.next_poll = Duration::ZERO;
            (options.token_lifetime, options.lease) = (long, long);
        });
        let user = Resource::new("user", "u1", "").id;
        let task = DeleteResourceTask { resource_id: user, ..Default::default() };
        let ids: Vec<_> = (0..tasks).map(|_| desk.c1.give(task.clone())).collect();
        let functions = Long { desk: &desk, all: Barrier::new(tasks), is_stopped };
        let answer = desk.run_for(Lifetime::Process, &functions).await.expect("an answer");
        assert_eq!(answer.status, AgentStatus::Idle);
        assert!(ids.iter().all(|id| desk.c1.finish(id).expect("finished").success));
    }
}

#[tokio::test]
async fn a_process_polls_at_most_once_a_second_and_does_not_end_with_its_token() {
    let desk = Desk::scripted().await;
    desk.c1.set_options(|options| options.next_poll = Duration::ZERO);
    desk.c1.set_faults([CallFault::once(Rpc::GetTask, CallEffect::Status(16)).times(4)]);
    let begun = desk.cx.clock.now();
    let stop = async {
        desk.c1.arrival(Rpc::GetTask, 24).await;
        desk.cx.interrupt.raise();
    };
    let functions = Script::new([]);
    let (answer, ()) = tokio::join!(desk.run_for(Lifetime::Process, &functions), stop);
    assert_eq!(answer.expect("an answer").status, AgentStatus::Idle);
    let time = between(begun, desk.cx.clock.now());
    assert!(time >= Duration::from_secs(19), "{time:?}");
}
