//! The template's workflows for ConductorOne around an agent that answers by a script. Time is virtual.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rollcall_harness::states::{Execution, Executions, Failure, Machine, Services};
use serde_json::{Value, json};

const POLL: &str = include_str!("../../../infra/workflows/c1-poll.asl.json");
const WORK: &str = include_str!("../../../infra/workflows/c1-work.asl.json");
const PARTITION: (&str, &str) = ("Partition", "aws");
const AGENT: (&str, &str) = ("AgentFunction", "agent");
const WORK_ARN: (&str, &str) = ("WorkWorkflow", "stateMachine:work");
const TASK: &str = "2aBcDeFgHiJkLmNoPqRsTuVwXyZ";
const NEXT: &str = "3aBcDeFgHiJkLmNoPqRsTuVwXyZ";

/// An agent that answers one call after the other, by these words: a status, the seconds until it wants to be called again, and
/// `next` if another task is open, `published` if it published a snapshot; or an error. The last one is repeated.
struct Agent {
    script: Mutex<VecDeque<&'static str>>,
    calls: Mutex<Vec<(Timestamp, Value)>>,
    executions: Executions,
    /// What was put on the bus; none is accepted while `refuses`.
    put: Mutex<Vec<Value>>,
    refuses: bool,
}

impl Agent {
    fn new(script: &[&'static str]) -> Self {
        let (calls, executions, put) = Default::default();
        let script = Mutex::new(script.iter().copied().collect());
        Self { script, calls, executions, put, refuses: false }
    }

    async fn run(&self, definition: &str, given: &[(&str, &str)], mut input: Value) -> Execution {
        input["metadata"] = metadata();
        let machine = Machine::parse(definition, given).expect("a definition");
        machine.run(input, self, start()).await
    }

    async fn poll(&self, connections: &[&str]) {
        let given = [PARTITION, AGENT, WORK_ARN];
        let polled = self.run(POLL, &given, json!({"connections": connections})).await;
        assert!(polled.result.is_ok(), "{polled:?}");
    }

    async fn work(&self) -> Execution {
        self.work_on(json!({"connection": "acme", "task": TASK, "published": []})).await
    }

    async fn work_on(&self, input: Value) -> Execution {
        let given = [PARTITION, AGENT, WORK_ARN, ("Bus", "rollcall"), ("Connector", "toybox")];
        self.run(WORK, &given, input).await
    }

    /// The names of the executions that were started.
    fn started(&self) -> Vec<String> {
        self.executions.all().into_iter().map(|one| one.name).collect()
    }

    /// The seconds at which it was called, always with the same event.
    fn beats(&self) -> Vec<i64> {
        let calls = self.calls.lock().expect("calls");
        let event = json!({"connection": "acme", "metadata": metadata()});
        assert!(calls.iter().all(|(_, with)| *with == event), "{calls:#?}");
        calls.iter().map(|(at, _)| at.duration_since(start()).as_secs()).collect()
    }
}

fn metadata() -> Value {
    json!({"displayName": "Toybox"})
}

/// The answer of a sync.
fn published() -> Value {
    json!({
        "status": "complete", "connection": "acme", "sync_id": NEXT, "previous_sync_id": null, "snapshot": "a key",
        "content_digest": "00", "counts": {"resources": 1}, "calls": 1, "reason": null, "resume_at": null, "warnings": [],
    })
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("a time")
}

#[async_trait]
impl Services for Agent {
    async fn call(&self, resource: &str, with: Value, now: Timestamp) -> Result<Value, Failure> {
        if resource == "arn:aws:states:::states:startExecution" {
            return self.executions.start(&with);
        }
        if resource == "arn:aws:states:::events:putEvents" {
            if self.refuses {
                return Err(Failure::new("EventBridge.FailedEntry", "InternalFailure"));
            }
            let entries = with["Entries"].as_array().expect("entries");
            self.put.lock().expect("events").extend_from_slice(entries);
            return Ok(json!({"Entries": [{"EventId": "1"}], "FailedEntryCount": 0}));
        }
        assert_eq!(
            (resource, &with["FunctionName"]),
            ("arn:aws:states:::lambda:invoke", &json!("agent"))
        );
        self.calls.lock().expect("calls").push((now, with["Payload"].clone()));
        let mut script = self.script.lock().expect("a script");
        let word = script.pop_front().expect("an answer");
        if script.is_empty() {
            script.push_back(word);
        }
        let mut words = word.split(' ');
        let [status, seconds, task] = [(); 3].map(|()| words.next().unwrap_or_default());
        let resume_at =
            seconds.parse().ok().map(|s| (now + SignedDuration::from_secs(s)).to_string());
        if !["idle", "continue", "busy"].contains(&status) {
            return Err(Failure::new(status, "not JSON"));
        }
        let published = word.ends_with("published").then(published);
        let published: Vec<_> = published.into_iter().collect();
        let task = (status == "continue").then_some(if task == "next" { NEXT } else { TASK });
        let connection = &with["Payload"]["connection"];
        Ok(json!({"StatusCode": 200, "Payload": {
            "status": status, "connection": connection, "task": task, "resume_at": resume_at, "tasks": [],
            "published": published,
        }}))
    }
}

#[tokio::test]
async fn a_poll_starts_the_workflow_of_an_open_task_once() {
    let agent = Agent::new(&["idle", "busy 30", "continue 30"]);
    for polls in 1..=5 {
        agent.poll(&["acme"]).await;
        assert_eq!(agent.started().len(), usize::from(polls >= 3), "{polls}");
        if polls == 4 {
            // The workflow has ended: its name is not used again.
            agent.executions.end();
        }
    }
    assert_eq!(agent.beats(), [0; 5]);
    let [started] = &agent.executions.all()[..] else { panic!("one workflow") };
    assert_eq!([&started.machine, &started.name], ["stateMachine:work", TASK]);
    let input =
        json!({"connection": "acme", "metadata": metadata(), "task": TASK, "published": []});
    assert_eq!(started.input, input);
}

#[tokio::test]
async fn the_workflow_of_long_tasks_puts_every_snapshot_on_the_bus_whoever_called_the_agent() {
    let event = json!({
        "EventBusName": "rollcall", "Source": "rollcall.snapshot", "DetailType": "toybox-sync",
        "Detail": {
            "connector": "toybox", "connection": "acme", "sync_id": NEXT, "previous_sync_id": null,
            "snapshot": "a key", "content_digest": "00", "counts": {"resources": 1},
        },
    });
    // A poll, which the agent answered at once, and another one beside it.
    let mut agent = Agent::new(&["idle 0 published", "idle 0 published", "idle"]);
    agent.poll(&["acme"]).await;
    agent.poll(&["acme"]).await;
    assert_eq!(agent.started(), [format!("{NEXT}-published")]);
    let input = agent.executions.end().remove(0).input;
    assert!(agent.work_on(input.clone()).await.result.is_ok());
    assert_eq!(*agent.put.lock().expect("events"), std::slice::from_ref(&event));
    agent.refuses = true;
    let failure = agent.work_on(input).await.result.expect_err("it is reported");
    assert_eq!(failure.error, "EventBridge.FailedEntry");

    // The workflow itself called the agent, which has more to do.
    let agent = Agent::new(&["continue 30 published", "continue 30", "idle"]);
    let worked = agent.work().await;
    assert_eq!((worked.result.is_ok(), agent.beats()), (true, vec![0, 0, 30]));
    assert_eq!(*agent.put.lock().expect("events"), [event]);
    // The numbers in infra/cost.py: one before the first call, and six for the snapshot.
    let entered = "Put snapshots on the bus, Work, Answered, Take its snapshots, Put snapshots on the bus, \
        Put it on the bus, Put, Work, Answered, Wait, Work, Answered, Done";
    assert_eq!(worked.entered.join(", "), entered);
}

#[tokio::test]
async fn an_agent_that_fails_for_one_connection_stops_no_other_and_is_not_called_again() {
    for (error, calls) in [
        ("Unauthenticated", 2),
        ("Unavailable", 2),
        ("Sandbox.Timedout", 2),
        ("Runtime.ExitError", 2),
        ("States.Timeout", 2),
        ("Lambda.ResourceNotFoundException", 2),
        // Lambda's own: the agent was not called.
        ("Lambda.TooManyRequestsException", 3),
        ("Lambda.ServiceException", 3),
    ] {
        let agent = Agent::new(&[error, "continue 30"]);
        agent.poll(&["acme", "beta"]).await;
        assert_eq!(agent.calls.lock().expect("calls").len(), calls, "{error}");
        assert_eq!(agent.started(), [TASK], "{error}");
    }
}

#[tokio::test]
async fn a_long_task_is_reported_when_the_agent_said_so_until_it_is_done() {
    let agent = Agent::new(&["continue 30", "busy 20", "continue 3600", "continue 0", "idle"]);
    let worked = agent.work().await;
    assert_eq!(agent.beats(), [0, 30, 50, 3650, 3650]);
    assert_eq!(worked.result.expect("a success")["answer"]["Payload"]["status"], "idle");
    assert_eq!(agent.started(), [""; 0]);
}

#[tokio::test]
async fn the_next_task_gets_its_own_workflow_and_one_that_had_it_is_kept_up_by_the_other() {
    let agent = Agent::new(&["continue 30", "continue 30 next", "continue 30 next", "idle"]);
    assert!(agent.work().await.result.is_ok());
    assert_eq!((agent.beats(), agent.started()), (vec![0, 30], vec![NEXT.to_owned()]));
    agent.executions.end();
    assert!(agent.work().await.result.is_ok());
    assert_eq!((agent.beats(), agent.started()), (vec![0, 30, 0, 30], vec![NEXT.to_owned()]));
}

#[tokio::test]
async fn a_killed_agent_is_called_again_when_its_lease_has_ended() {
    // A lease outlasts its function, which has 4 minutes, by 15 seconds.
    for (error, least, most) in [
        ("Sandbox.Timedout", 255, 300),
        ("Runtime.ExitError", 255, 300),
        ("Lambda.Unknown", 255, 300),
        ("States.Timeout", 255, 300),
        ("Lambda.TooManyRequestsException", 0, 60),
        ("RateLimited", 0, 60),
        ("Unavailable", 0, 60),
    ] {
        let agent = Agent::new(&[error, "idle"]);
        let worked = agent.work().await;
        assert!(worked.result.is_ok(), "{error}");
        let [0, again] = agent.beats()[..] else { panic!("{error}: {:?}", agent.beats()) };
        assert!((least..=most).contains(&again), "{error}: {again}");
    }
}

#[tokio::test]
async fn what_no_repetition_mends_fails_at_once_and_what_never_ends_after_a_day() {
    for (word, error, seconds, calls) in [
        ("Unauthenticated", "Unauthenticated", 0, 1),
        ("Misconfigured", "Misconfigured", 0, 1),
        ("Sandbox.Timedout", "Sandbox.Timedout", 540, 3),
        ("continue 3600", "States.Timeout", 86_400, 25),
    ] {
        let agent = Agent::new(&[word]);
        let worked = agent.work().await;
        let failure = worked.result.expect_err("a failure").error;
        assert_eq!(
            (failure.as_str(), worked.seconds, agent.beats().len()),
            (error, seconds, calls)
        );
    }
}
