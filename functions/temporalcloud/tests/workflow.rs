//! The workflows of the template, their very definitions, around the real functions. Time is the workflow's, and virtual:
//! nobody waits.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rollcall_connector::ErrorType;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::Subject;
use rollcall_harness::function::{Environment, Local};
use rollcall_harness::lambda::Functions;
use rollcall_harness::runtime_api::{Answer, Deadline};
use rollcall_harness::states::{Execution, Machine, Reply, Services, Status};
use rollcall_simulators::fault::{Fault, FaultKind};
use rollcall_simulators::temporalcloud::World;
use serde_json::{Value, json};

use crate::Simulated;
use crate::lambda::simulator;

const SYNC: &str = include_str!("../../../infra/workflows/sync.asl.json");
const PROVISION: &str = include_str!("../../../infra/workflows/provision.asl.json");
const FUNCTIONS: &str = "arn:aws:lambda:us-east-1:123456789012:function:rollcall-";

fn sync_workflow() -> Machine {
    let function = format!("{FUNCTIONS}temporalcloud-sync");
    Machine::parse(SYNC, &[("SyncFunction", &function)]).expect("a definition")
}

fn provision_workflow() -> Machine {
    let given = [("FunctionPrefix", FUNCTIONS), ("Bus", "rollcall")];
    Machine::parse(PROVISION, &given).expect("a definition")
}

/// What happens before each call of a function: by its number, from 1, and how many have failed.
type Before<'a> = Box<dyn Fn(usize, usize) + Send + Sync + 'a>;

/// Lambda and EventBridge, as the workflows see them.
struct Aws<'a> {
    functions: BTreeMap<&'static str, Environment>,
    before: Before<'a>,
    /// How the first call is killed, if it is.
    kill: Option<&'static str>,
    deadline: Deadline,
    /// The events that functions were called with.
    calls: Mutex<Vec<Value>>,
    /// How often a function failed.
    failures: AtomicUsize,
    /// What was put on the bus.
    told: Mutex<Vec<Value>>,
}

impl<'a> Aws<'a> {
    async fn around(local: &Local, operations: &[Operation]) -> Self {
        let mut functions = BTreeMap::new();
        for operation in operations {
            functions.insert(
                operation.as_str(),
                Simulated::function(*operation, local).await,
            );
        }
        Self {
            functions,
            before: Box::new(|_, _| {}),
            kill: None,
            deadline: Deadline::In(60_000),
            calls: Mutex::default(),
            failures: AtomicUsize::new(0),
            told: Mutex::default(),
        }
    }

    fn before_each(self, before: impl Fn(usize, usize) + Send + Sync + 'a) -> Self {
        Self {
            before: Box::new(before),
            ..self
        }
    }

    fn events(&self) -> Vec<Value> {
        self.calls.lock().expect("calls").clone()
    }

    fn told(&self) -> Vec<Value> {
        self.told.lock().expect("told").clone()
    }

    async fn invoke(&self, parameters: &Value, now: Timestamp) -> Reply {
        let arn = parameters["FunctionName"].as_str().expect("a name");
        let name = arn
            .strip_prefix(FUNCTIONS)
            .and_then(|name| name.strip_prefix("temporalcloud-"));
        let number = {
            let mut calls = self.calls.lock().expect("calls");
            calls.push(parameters["Payload"].clone());
            calls.len()
        };
        (self.before)(number, self.failures.load(Ordering::Relaxed));
        if let Some(error) = self.kill.filter(|_| number == 1) {
            return Reply::failed(error, "killed");
        }
        let Some(function) = name.and_then(|name| self.functions.get(name)) else {
            return Reply::failed("Lambda.ResourceNotFoundException", arn);
        };
        let answer = function.ask(parameters["Payload"].clone(), self.deadline);
        let reply = match answer.await {
            Answer::Response(mut answer) => {
                shift(&mut answer["resume_at"], now);
                let answer =
                    json!({"ExecutedVersion": "$LATEST", "StatusCode": 200, "Payload": answer});
                Reply::new(answer)
            }
            Answer::Error {
                error_type,
                error_message,
                mut body,
            } => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                let mut said: Value = serde_json::from_str(&error_message).expect("JSON");
                if said.get("retry_at").is_some() {
                    shift(&mut said["retry_at"], now);
                }
                body["errorMessage"] = said.to_string().into();
                Reply::failed(error_type, body.to_string())
            }
        };
        reply.after(Duration::from_secs(1))
    }
}

/// A function's clock is the real one, and the workflow's is ahead of it by what was waited: the distance counts.
fn shift(time: &mut Value, now: Timestamp) {
    if let Some(at) = time.as_str() {
        let at: Timestamp = at.parse().expect("a time");
        *time = (now + at.duration_since(Timestamp::now()))
            .to_string()
            .into();
    }
}

#[async_trait]
impl Services for Aws<'_> {
    async fn call(&self, resource: &str, parameters: Value, now: Timestamp) -> Reply {
        match resource {
            "arn:aws:states:::lambda:invoke" => self.invoke(&parameters, now).await,
            "arn:aws:states:::events:putEvents" => {
                let entries = parameters["Entries"].as_array().expect("entries");
                self.told
                    .lock()
                    .expect("told")
                    .extend(entries.iter().cloned());
                Reply::new(json!({"Entries": [{"EventId": "1"}], "FailedEntryCount": 0}))
            }
            other => panic!("nobody is behind {other}"),
        }
    }
}

async fn run(machine: &Machine, input: Value, aws: &Aws<'_>) -> Execution {
    machine.run(input, aws, Timestamp::now(), 7).await
}

fn connections(execution: &Execution) -> &Value {
    match &execution.output() {
        Some(output) => &output["connections"],
        None => panic!("{:#?}", execution.status),
    }
}

/// A rate limit that outlasts the patience of a function, at the second request and what follows.
fn limited(sim: &Simulated, seconds: u32) {
    let kind = FaultKind::Status {
        code: 429,
        headers: vec![("Retry-After".into(), seconds.to_string())],
        body: None,
    };
    sim.set_faults(vec![Fault::matching("GET", "/cloud/users", kind)]);
}

/// An outage of a part that every sync needs, after others that it has read.
fn down(sim: &Simulated) {
    let kind = FaultKind::Status {
        code: 500,
        headers: vec![],
        body: None,
    };
    sim.set_faults(vec![Fault::matching("GET", "/cloud/users", kind)]);
}

#[tokio::test]
async fn a_sync_that_completes_at_once_takes_one_call_and_six_transitions() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let execution = run(&sync_workflow(), json!({"connections": ["default"]}), &aws).await;
    let latest = local.json("latest/temporalcloud/default.json");
    assert_eq!(
        connections(&execution)[0],
        json!({
            "connection": "default", "status": "complete", "reason": null,
            "sync_id": latest["sync_id"], "snapshot": latest["snapshot"],
        })
    );
    assert_eq!(aws.events(), [json!({"connection": "default"})]);
    assert_eq!(execution.path(&[0]), ["Sync", "Answered", "Done"]);
    // What infra/cost.py counts with: three around the connection, and three for it.
    assert_eq!(execution.transitions(), 6);
}

#[tokio::test]
async fn a_sync_that_is_told_to_wait_is_gone_on_with_when_it_said_so() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let aws = aws.before_each(|call, _| match call {
        1..=3 => limited(&sim, 600),
        _ => sim.set_faults(Vec::new()),
    });
    let execution = run(&sync_workflow(), json!({"connections": ["default"]}), &aws).await;
    assert_eq!(connections(&execution)[0]["status"], "complete");
    let waits: Vec<_> = execution.waits().map(|(_, time)| time.as_secs()).collect();
    assert_eq!(waits.len(), 3);
    assert!(
        waits.iter().all(|wait| (590..=610).contains(wait)),
        "{waits:?}"
    );
    let events = aws.events();
    let sync_id = &connections(&execution)[0]["sync_id"];
    assert_eq!(events[0], json!({"connection": "default"}));
    for event in &events[1..] {
        assert_eq!(*event, json!({"connection": "default", "sync_id": sync_id}));
    }
    assert_eq!(events.len(), 4);
}

#[tokio::test]
async fn an_outage_is_tried_again_later_and_goes_on_with_what_was_saved() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let mut aws = aws.before_each(|_, failures| match failures {
        0 => down(&sim),
        _ => sim.set_faults(Vec::new()),
    });
    // Not long enough for the function's own patience.
    aws.deadline = Deadline::In(3_000);
    let execution = run(&sync_workflow(), json!({"connections": ["default"]}), &aws).await;
    assert_eq!(connections(&execution)[0]["status"], "complete");
    let events = aws.events();
    assert_eq!(
        events.last().expect("a call")["sync_id"],
        connections(&execution)[0]["sync_id"],
        "the run began anew"
    );
    let backoff: Vec<_> = execution
        .waits()
        .filter(|(visit, _)| visit.state == "Back off")
        .map(|(_, time)| time.as_secs())
        .collect();
    assert!(
        backoff.len() == 1 && (10..=20).contains(&backoff[0]),
        "{backoff:?}"
    );
}

#[tokio::test]
async fn a_failure_that_no_retry_mends_fails_at_once_and_stops_nobody_else() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    local.write_secret(
        "wrong",
        &json!({"api-key": "nobody's", "base-url": sim.sim.base_url()}),
    );
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let names = json!({"connections": ["wrong", "default", "unknown"]});
    let execution = run(&sync_workflow(), names, &aws).await;
    let Status::Failed(failure) = &execution.status else {
        panic!("{:#?}", execution.status);
    };
    assert_eq!(failure.error, "ConnectionsFailed");
    let told: Value = serde_json::from_str(&failure.cause).expect("JSON");
    let failures = told.as_array().expect("a list").iter();
    let named: Vec<_> = failures.map(|f| (&f["connection"], &f["error"])).collect();
    assert_eq!(
        named,
        [
            (&json!("wrong"), &json!("Unauthenticated")),
            (&json!("unknown"), &json!("Misconfigured")),
        ]
    );
    let latest = local.json("latest/temporalcloud/default.json");
    assert!(latest["snapshot"].is_string(), "the third is published");
    // What to do is in it.
    assert!(told[1]["cause"].as_str().expect("a cause").contains("fix"));
    assert_eq!(aws.events().len(), 3, "a hopeless call was tried again");
    assert_eq!(execution.waits().count(), 0);
}

#[tokio::test]
async fn a_sync_that_never_ends_is_ended_after_six_hours() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let aws = aws.before_each(|_, _| limited(&sim, 3_000));
    let execution = run(&sync_workflow(), json!({"connections": ["default"]}), &aws).await;
    assert_eq!(execution.status, Status::TimedOut);
    assert_eq!(execution.duration(), Duration::from_secs(6 * 3600));
    assert_eq!(aws.events().len(), 8);
}

#[tokio::test]
async fn a_function_that_is_down_for_good_is_given_up_after_six_more_attempts() {
    let local = simulator(World::rich()).await.beside();
    // The simulator is gone: nobody listens there any more.
    let mut aws = Aws::around(&local, &[Operation::Sync]).await;
    aws.deadline = Deadline::In(1_500);
    let execution = run(&sync_workflow(), json!({"connections": ["default"]}), &aws).await;
    let Status::Failed(failure) = &execution.status else {
        panic!("{:#?}", execution.status);
    };
    assert!(failure.cause.contains("Unavailable"), "{}", failure.cause);
    assert_eq!(aws.events().len(), 7);
}

#[tokio::test]
async fn a_sync_beside_another_and_one_that_lost_too_much_end_with_their_own_result() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let input = json!({"connections": ["default"]});
    let first = run(&sync_workflow(), input.clone(), &aws).await;
    assert_eq!(connections(&first)[0]["status"], "complete");
    sim.sim
        .with_world(|world| *world = World::empty(&world.account_id.clone()));
    sim.sim.with_world(|world| {
        world.add_user("u1", "ada@example.com", "ROLE_OWNER");
        world.add_api_key(rollcall_simulators::temporalcloud::TEST_KEY, "u1");
    });
    let held = run(&sync_workflow(), input.clone(), &aws).await;
    assert_eq!(connections(&held)[0]["status"], "held");
    assert_eq!(connections(&held)[0]["reason"], "loss");

    limited(&sim, 600);
    let other = aws.functions["sync"].answer(json!({"connection": "default"}));
    assert_eq!(other.await["status"], "continue");
    let busy = run(&sync_workflow(), input, &aws).await;
    assert_eq!(connections(&busy)[0]["status"], "busy");
}

fn request(operation: Operation, detail: Value) -> Value {
    json!({
        "version": "0", "id": "e1", "account": "123456789012", "region": "us-east-1", "resources": [],
        "time": "2026-01-01T00:00:00Z", "source": "rollcall.provision",
        "detail-type": format!("temporalcloud-{}", operation.as_str()), "detail": detail,
    })
}

const WRITES: [Operation; 4] = [
    Operation::Grant,
    Operation::Revoke,
    Operation::CreateAccount,
    Operation::DeleteAccount,
];

#[tokio::test]
async fn a_change_that_came_over_the_bus_is_carried_out_and_its_outcome_put_back() {
    for operation in WRITES {
        let sim = simulator(World::rich()).await;
        let local = sim.beside();
        let aws = Aws::around(&local, &[operation]).await;
        let detail = Simulated::sample(operation);
        let execution = run(
            &provision_workflow(),
            request(operation, detail.clone()),
            &aws,
        )
        .await;
        assert!(matches!(execution.status, Status::Succeeded(_)));
        let [told] = &aws.told()[..] else {
            panic!("{:#?}", aws.told());
        };
        assert_eq!(told["EventBusName"], "rollcall");
        assert_eq!(told["Source"], "rollcall.outcome");
        assert_eq!(
            told["DetailType"],
            format!("temporalcloud-{}", operation.as_str())
        );
        assert_eq!(
            (&told["Detail"]["status"], &told["Detail"]["request"]),
            (&json!("done"), &detail)
        );
        assert_eq!(told["Detail"]["answer"]["request_id"], detail["request_id"]);
    }
}

#[tokio::test]
async fn a_change_that_the_vendor_takes_its_time_for_is_asked_for_until_it_is_done() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    sim.sim
        .set_options(|options| options.operations.polls = usize::MAX);
    let aws = Aws::around(&local, &[Operation::Grant]).await;
    let mut aws = aws.before_each(|call, _| {
        if call == 4 {
            sim.sim.finish_operations();
        }
    });
    aws.deadline = Deadline::In(4_000);
    let detail = Simulated::sample(Operation::Grant);
    let execution = run(
        &provision_workflow(),
        request(Operation::Grant, detail.clone()),
        &aws,
    )
    .await;
    assert_eq!(
        aws.told()[0]["Detail"]["answer"]["outcome"],
        "granted",
        "{:#?}",
        execution.status
    );
    assert_eq!(aws.events(), vec![detail; 4]);
    assert_eq!(execution.waits().count(), 3);
}

#[tokio::test]
async fn a_refusal_is_an_outcome_and_a_failure_is_one_that_somebody_must_look_at() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Grant]).await;
    let mut nonsense = Simulated::sample(Operation::Grant);
    nonsense["principal"] = "user:nobody".into();
    let refused = run(
        &provision_workflow(),
        request(Operation::Grant, nonsense.clone()),
        &aws,
    )
    .await;
    assert!(
        matches!(refused.status, Status::Succeeded(_)),
        "{:#?}",
        refused.status
    );
    let detail = aws.told()[0]["Detail"].clone();
    assert_eq!(
        (&detail["status"], &detail["request"], &detail["type"]),
        (&json!("failed"), &nonsense, &json!("NotFound"))
    );
    assert!(detail["error"]["fix"].is_string(), "{detail:#}");

    let mut unknown = Simulated::sample(Operation::Grant);
    unknown["connection"] = "unknown".into();
    let failed = run(
        &provision_workflow(),
        request(Operation::Grant, unknown),
        &aws,
    )
    .await;
    let Status::Failed(failure) = &failed.status else {
        panic!("{:#?}", failed.status);
    };
    assert_eq!(failure.error, "Misconfigured");
    assert_eq!(aws.told()[1]["Detail"]["type"], "Misconfigured");
    assert_eq!(aws.events().len(), 2);
}

#[tokio::test]
async fn a_function_that_does_not_answer_is_told_of_too() {
    let sim = simulator(World::rich()).await;
    let aws = Aws::around(&sim.beside(), &[]).await;
    let execution = run(
        &provision_workflow(),
        request(Operation::Grant, Simulated::sample(Operation::Grant)),
        &aws,
    )
    .await;
    let Status::Failed(failure) = &execution.status else {
        panic!("{:#?}", execution.status);
    };
    assert_eq!(failure.error, "Lambda.ResourceNotFoundException");
    assert_eq!(aws.told()[0]["Detail"]["error"]["code"], "FunctionFailed");
}

#[tokio::test]
async fn a_function_that_is_killed_is_called_again_with_the_same_event_when_its_lease_has_ended() {
    for error in ["Sandbox.Timedout", "Runtime.ExitError", "Lambda.Unknown"] {
        let sim = simulator(World::rich()).await;
        let local = sim.beside();
        let mut aws = Aws::around(&local, &[Operation::Sync, Operation::Grant]).await;
        aws.kill = Some(error);
        let execution = run(&sync_workflow(), json!({"connections": ["default"]}), &aws).await;
        assert_eq!(connections(&execution)[0]["status"], "complete", "{error}");
        let events = aws.events();
        assert_eq!((events.len(), &events[0]), (2, &events[1]));

        aws.calls.lock().expect("calls").clear();
        let grant = request(Operation::Grant, Simulated::sample(Operation::Grant));
        let execution = run(&provision_workflow(), grant, &aws).await;
        assert_eq!(aws.told()[0]["Detail"]["status"], "done", "{execution:#?}");
        let events = aws.events();
        assert_eq!((events.len(), &events[0]), (2, &events[1]));
    }
}

#[tokio::test]
async fn a_change_during_an_outage_is_tried_again_and_then_told_of() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    drop(sim);
    let mut aws = Aws::around(&local, &[Operation::Grant]).await;
    aws.deadline = Deadline::In(1_500);
    let execution = run(
        &provision_workflow(),
        request(Operation::Grant, Simulated::sample(Operation::Grant)),
        &aws,
    )
    .await;
    assert_eq!(aws.events().len(), 7, "{:#?}", execution.status);
    assert_eq!(aws.told()[0]["Detail"]["type"], "Unavailable");
}

#[test]
fn the_workflows_know_every_type_of_error() {
    let definition: Value = serde_json::from_str(PROVISION).expect("JSON");
    let caught = &definition["States"]["Change"]["Catch"][0]["ErrorEquals"];
    let all: Vec<_> = ErrorType::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(*caught, json!(all));
    let sync: Value = serde_json::from_str(SYNC).expect("JSON");
    let processor = &sync["States"]["Connections"]["ItemProcessor"]["States"]["Sync"];
    let retried: Vec<_> = ErrorType::ALL
        .iter()
        .filter(|kind| kind.is_retryable())
        .map(|kind| kind.as_str())
        .collect();
    assert_eq!(processor["Catch"][0]["ErrorEquals"], json!(retried));
}
