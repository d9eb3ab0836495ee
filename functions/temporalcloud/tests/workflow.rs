//! The workflows of the template, their very definitions, around the real functions. Time is the workflow's, and virtual:
//! nobody waits.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use rollcall_connector::ErrorType;
use rollcall_engine::runtime::function::Operation;
use rollcall_harness::conformance::Subject;
use rollcall_harness::function::{Environment, Local};
use rollcall_harness::lambda::Functions;
use rollcall_harness::runtime_api::{Answer, Deadline};
use rollcall_harness::states::{Execution, Failure, Machine, Services};
use rollcall_simulators::fault::{Fault, FaultKind};
use rollcall_simulators::temporalcloud::World;
use serde_json::{Value, json};

use crate::Simulated;
use crate::lambda::simulator;

const SYNC: &str = include_str!("../../../infra/workflows/sync.asl.json");
const PROVISION: &str = include_str!("../../../infra/workflows/provision.asl.json");
const FUNCTIONS: &str = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:rollcall-";
const PARTITION: (&str, &str) = ("Partition", "aws-us-gov");

/// What happens before each call of a function: by its number, from 1.
type Before<'a> = Box<dyn Fn(usize) + Send + Sync + 'a>;

/// Lambda and EventBridge, as the workflows see them.
struct Aws<'a> {
    functions: BTreeMap<&'static str, Environment>,
    before: Before<'a>,
    /// How the first calls end, instead of being answered.
    errors: Vec<&'static str>,
    deadline: Deadline,
    /// The events that functions were called with.
    calls: Mutex<Vec<Value>>,
    /// What was put on the bus.
    put: Mutex<Vec<Value>>,
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
            before: Box::new(|_| {}),
            errors: Vec::new(),
            deadline: Deadline::In(60_000),
            calls: Mutex::default(),
            put: Mutex::default(),
        }
    }

    fn before_each(self, before: impl Fn(usize) + Send + Sync + 'a) -> Self {
        let before = Box::new(before);
        Self { before, ..self }
    }

    /// The events that functions were called with.
    fn events(&self) -> Vec<Value> {
        self.calls.lock().expect("calls").clone()
    }

    /// The one outcome that was put on the bus.
    fn outcome(&self) -> Value {
        let mut put = self.put.lock().expect("outcomes");
        assert_eq!(put.len(), 1, "{put:#?}");
        put.remove(0)
    }

    async fn sync(&self, names: &[&str]) -> Execution {
        let function = format!("{FUNCTIONS}temporalcloud-sync");
        let machine = Machine::parse(SYNC, &[PARTITION, ("SyncFunction", &function)]);
        let input = json!({"connections": names});
        let machine = machine.expect("a definition");
        machine.run(input, self, Timestamp::now()).await
    }

    /// What became of the one connection that was synced.
    async fn synced(&self) -> Value {
        let execution = self.sync(&["default"]).await;
        execution.result.expect("a success")["connections"][0].clone()
    }

    async fn change(&self, operation: Operation, detail: &Value) -> Execution {
        let given = [
            PARTITION,
            ("FunctionPrefix", FUNCTIONS),
            ("Bus", "rollcall"),
        ];
        let machine = Machine::parse(PROVISION, &given).expect("a definition");
        let event = json!({
            "version": "0", "id": "e1", "account": "123456789012", "region": "us-east-1", "resources": [],
            "time": "2026-01-01T00:00:00Z", "source": "rollcall.provision",
            "detail-type": format!("temporalcloud-{}", operation.as_str()), "detail": detail,
        });
        machine.run(event, self, Timestamp::now()).await
    }

    async fn invoke(&self, with: &Value, now: Timestamp) -> Result<Value, Failure> {
        let number = {
            let mut calls = self.calls.lock().expect("calls");
            calls.push(with["Payload"].clone());
            calls.len()
        };
        (self.before)(number);
        if let Some(error) = self.errors.get(number - 1) {
            return Err(Failure::new(*error, "not JSON"));
        }
        let arn = with["FunctionName"].as_str().expect("a name");
        let name = arn.strip_prefix(&format!("{FUNCTIONS}temporalcloud-"));
        let Some(function) = name.and_then(|name| self.functions.get(name)) else {
            return Err(Failure::new("Lambda.ResourceNotFoundException", arn));
        };
        match function.ask(with["Payload"].clone(), self.deadline).await {
            Answer::Response(mut answer) => {
                shift(&mut answer["resume_at"], now);
                Ok(json!({"ExecutedVersion": "$LATEST", "StatusCode": 200, "Payload": answer}))
            }
            Answer::Error {
                error_type, body, ..
            } => Err(Failure::new(error_type, body.to_string())),
        }
    }
}

/// A function's clock is the real one, and the workflow's is ahead of it by what was waited: the distance counts.
fn shift(time: &mut Value, now: Timestamp) {
    if let Some(at) = time.as_str() {
        let at: Timestamp = at.parse().expect("a time");
        assert_eq!(at.subsec_nanosecond(), 0, "AWS would come too early");
        let at = now + at.duration_since(Timestamp::now());
        *time = at.to_string().into();
    }
}

#[async_trait]
impl Services for Aws<'_> {
    async fn call(&self, resource: &str, with: Value, now: Timestamp) -> Result<Value, Failure> {
        match resource {
            "arn:aws-us-gov:states:::lambda:invoke" => self.invoke(&with, now).await,
            "arn:aws-us-gov:states:::events:putEvents" => {
                let entries = with["Entries"].as_array().expect("entries");
                self.put
                    .lock()
                    .expect("outcomes")
                    .extend_from_slice(entries);
                Ok(json!({"Entries": [{"EventId": "1"}], "FailedEntryCount": 0}))
            }
            other => panic!("nobody is behind {other}"),
        }
    }
}

/// From now on the vendor answers the list of users so, which every sync needs, after others that it has read.
fn answers(sim: &Simulated, code: u16, headers: Vec<(String, String)>) {
    let kind = FaultKind::Status {
        code,
        headers,
        body: None,
    };
    sim.set_faults(vec![Fault::matching("GET", "/cloud/users", kind)]);
}

/// A rate limit that outlasts the patience of a function.
fn limited(sim: &Simulated, seconds: u32) {
    answers(sim, 429, vec![("Retry-After".into(), seconds.to_string())]);
}

fn waits(execution: &Execution) -> Vec<i64> {
    execution.waits.iter().map(|(_, time)| *time).collect()
}

#[tokio::test]
async fn a_sync_that_completes_at_once_takes_one_call_and_six_transitions() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let execution = aws.sync(&["default"]).await;
    let latest = local.json("latest/temporalcloud/default.json");
    assert_eq!(
        execution.result.expect("a success")["connections"][0],
        json!({
            "connection": "default", "status": "complete", "reason": null, "resume_at": null,
            "sync_id": latest["sync_id"], "snapshot": latest["snapshot"],
        })
    );
    let event = json!({"connection": "default", "sync_id": null});
    assert_eq!(aws.events(), [event]);
    // What infra/cost.py counts with: three around the connection, and three for it.
    let entered = [
        "Connections",
        "Sync",
        "Answered",
        "Done",
        "Did all succeed?",
        "Succeeded",
    ];
    assert_eq!(execution.entered, entered);
}

#[tokio::test]
async fn a_sync_that_waits_is_resumed_when_it_said_so() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let aws = aws.before_each(|call| match call {
        1..=3 => limited(&sim, 600),
        _ => sim.set_faults(Vec::new()),
    });
    let execution = aws.sync(&["default"]).await;
    let waits = waits(&execution);
    let as_said = waits.iter().all(|wait| (590..=610).contains(wait));
    assert!(as_said && waits.len() == 3, "{waits:?}");
    let synced = &execution.result.expect("a success")["connections"][0];
    assert_eq!(synced["status"], "complete");
    let (event, sync_id) = (
        |id: Value| json!({"connection": "default", "sync_id": id}),
        &synced["sync_id"],
    );
    let resumed = || event(sync_id.clone());
    assert_eq!(
        aws.events(),
        [event(Value::Null), resumed(), resumed(), resumed()]
    );
}

#[tokio::test]
async fn an_outage_is_waited_out_and_the_run_resumed() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let mut aws = aws.before_each(|call| match call {
        1 => answers(&sim, 500, vec![]),
        _ => sim.set_faults(Vec::new()),
    });
    // Not long enough for the function's own patience.
    aws.deadline = Deadline::In(3_000);
    let synced = aws.synced().await;
    assert_eq!(synced["status"], "complete");
    let events = aws.events();
    assert_eq!(events.last().expect("a call")["sync_id"], synced["sync_id"]);
}

#[tokio::test]
async fn a_failure_that_no_retry_mends_fails_at_once_and_stops_nobody_else() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let secret = json!({"api-key": "nobody's", "base-url": sim.sim.base_url()});
    local.write_secret("wrong", &secret);
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let execution = aws.sync(&["wrong", "default", "unknown"]).await;
    let failure = execution.result.expect_err("a failure");
    assert_eq!(failure.error, "ConnectionsFailed");
    let failures: Value = serde_json::from_str(&failure.cause).expect("JSON");
    let named = failures.as_array().expect("a list").iter();
    let named: Vec<_> = named
        .map(|f| json!([f["connection"], f["error"]]))
        .collect();
    assert_eq!(
        named,
        [
            json!(["wrong", "Unauthenticated"]),
            json!(["unknown", "Misconfigured"])
        ]
    );
    let latest = local.json("latest/temporalcloud/default.json");
    assert!(latest["snapshot"].is_string(), "the third is published");
    // What to do is in it.
    let cause = failures[1]["cause"].as_str().expect("a cause");
    assert!(cause.contains("fix"), "{cause}");
    assert_eq!((aws.events().len(), execution.waits), (3, vec![]));
}

#[tokio::test]
async fn a_sync_that_never_ends_is_ended_after_six_hours() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    let aws = aws.before_each(|_| limited(&sim, 3_000));
    let execution = aws.sync(&["default"]).await;
    assert_eq!(
        execution.result.expect_err("a failure").error,
        "States.Timeout"
    );
    assert_eq!((execution.seconds, aws.events().len()), (6 * 3600, 8));
}

#[tokio::test]
async fn a_vendor_that_is_down_for_good_fails_the_sync_after_six_more_attempts() {
    let local = simulator(World::rich()).await.beside();
    // The simulator is gone: nobody listens there any more.
    let mut aws = Aws::around(&local, &[Operation::Sync]).await;
    aws.deadline = Deadline::In(1_500);
    let execution = aws.sync(&["default"]).await;
    let failure = execution.result.expect_err("a failure");
    assert!(failure.cause.contains("Unavailable"), "{}", failure.cause);
    assert_eq!((aws.events().len(), execution.waits.len()), (10, 9));
}

#[tokio::test]
async fn a_sync_beside_another_and_one_that_lost_too_much_end_with_their_own_result() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Sync]).await;
    assert_eq!(aws.synced().await["status"], "complete");
    sim.sim.with_world(|world| {
        *world = World::empty(&world.account_id.clone());
        world.add_user("u1", "ada@example.com", "ROLE_OWNER");
        world.add_api_key(rollcall_simulators::temporalcloud::TEST_KEY, "u1");
    });
    let held = aws.synced().await;
    assert_eq!(
        (&held["status"], &held["reason"]),
        (&json!("held"), &json!("loss"))
    );

    limited(&sim, 600);
    let other = aws.functions["sync"].answer(json!({"connection": "default"}));
    assert_eq!(other.await["status"], "continue");
    assert_eq!(aws.synced().await["status"], "busy");
}

#[tokio::test]
async fn a_change_that_came_over_the_bus_is_carried_out_and_its_outcome_put_back() {
    for operation in [
        Operation::Grant,
        Operation::Revoke,
        Operation::CreateAccount,
        Operation::DeleteAccount,
    ] {
        let sim = simulator(World::rich()).await;
        let local = sim.beside();
        let aws = Aws::around(&local, &[operation]).await;
        let event = Simulated::sample(operation);
        let execution = aws.change(operation, &event).await;
        let put = aws.outcome();
        let answer = &put["Detail"]["answer"];
        assert_eq!(answer["request_id"], event["request_id"]);
        assert_eq!(
            put,
            json!({
                "EventBusName": "rollcall",
                "Source": "rollcall.outcome",
                "DetailType": format!("temporalcloud-{}", operation.as_str()),
                "Detail": {"status": "done", "request": event, "answer": answer},
            })
        );
        // What infra/cost.py counts with.
        assert_eq!(
            (execution.result.is_ok(), execution.entered.len()),
            (true, 6)
        );
    }
}

#[tokio::test]
async fn a_change_that_takes_the_vendor_its_time_is_sent_again_until_it_is_done() {
    let sim = simulator(World::rich()).await;
    sim.sim
        .set_options(|options| options.operations.polls = usize::MAX);
    let local = sim.beside();
    let aws = Aws::around(&local, &[Operation::Grant]).await;
    let mut aws = aws.before_each(|call| {
        if call == 4 {
            sim.sim.finish_operations();
        }
    });
    aws.deadline = Deadline::In(4_000);
    let event = Simulated::sample(Operation::Grant);
    let execution = aws.change(Operation::Grant, &event).await;
    assert_eq!(aws.outcome()["Detail"]["answer"]["outcome"], "granted");
    assert_eq!(aws.events(), vec![event; 4]);
    assert_eq!(execution.waits.len(), 3);
}

#[tokio::test]
async fn a_refusal_is_an_outcome_and_a_failure_is_one_that_somebody_must_look_at() {
    let sim = simulator(World::rich()).await;
    let local = sim.beside();
    for (field, value, error, is_answer) in [
        ("principal", "user:nobody", "NotFound", true),
        ("principal", "nobody", "InvalidRequest", true),
        ("connection", "unknown", "Misconfigured", false),
    ] {
        let aws = Aws::around(&local, &[Operation::Grant]).await;
        let mut event = Simulated::sample(Operation::Grant);
        event[field] = value.into();
        let execution = aws.change(Operation::Grant, &event).await;
        let detail = aws.outcome()["Detail"].clone();
        assert!(detail["error"]["fix"].is_string(), "{detail:#}");
        assert_eq!(
            detail,
            json!({"status": "failed", "request": event, "type": error, "error": detail["error"]})
        );
        match execution.result {
            Ok(_) => assert!(is_answer, "{error}"),
            Err(failure) => assert_eq!((failure.error.as_str(), is_answer), (error, false)),
        }
        assert_eq!(aws.events().len(), 1);
    }
}

#[tokio::test]
async fn a_function_that_does_not_answer_is_an_outcome_too() {
    let sim = simulator(World::rich()).await;
    let aws = Aws::around(&sim.beside(), &[]).await;
    let execution = aws
        .change(Operation::Grant, &Simulated::sample(Operation::Grant))
        .await;
    let failure = execution.result.expect_err("a failure");
    assert_eq!(failure.error, "Lambda.ResourceNotFoundException");
    assert_eq!(aws.outcome()["Detail"]["error"]["code"], "FunctionFailed");
}

#[tokio::test]
async fn a_killed_function_is_called_again_with_the_same_event_when_its_lease_has_ended() {
    // The other errors are Lambda's own: it is idle for weeks, or just deployed.
    for (error, wait) in [
        ("Sandbox.Timedout", true),
        ("Runtime.ExitError", true),
        ("Lambda.Unknown", true),
        ("States.Timeout", true),
        ("Lambda.CodeArtifactUserPendingException", false),
        ("Lambda.ResourceConflictException", false),
        ("Lambda.ResourceNotReadyException", false),
        ("Lambda.TooManyRequestsException", false),
        // What a function could not count, since its store failed.
        ("Unavailable", false),
        ("RateLimited", false),
    ] {
        let sim = simulator(World::rich()).await;
        let local = sim.beside();
        let mut aws = Aws::around(&local, &[Operation::Sync, Operation::Grant]).await;
        aws.errors = vec![error];
        let execution = aws.sync(&["default"]).await;
        // A lease outlasts its function, which has 15 minutes, by 15 seconds.
        assert_eq!(waits(&execution) >= vec![915], wait, "{error}");
        assert!(execution.result.is_ok(), "{error}");
        let events = std::mem::take(&mut *aws.calls.lock().expect("calls"));
        assert_eq!((events.len(), &events[0]), (2, &events[1]));

        let grant = Simulated::sample(Operation::Grant);
        let execution = aws.change(Operation::Grant, &grant).await;
        assert_eq!(waits(&execution) >= vec![135], wait, "{error}");
        assert_eq!(aws.outcome()["Detail"]["status"], "done", "{error}");
        assert_eq!(aws.events(), vec![grant; 2]);
    }
}

#[tokio::test]
async fn a_change_during_an_outage_is_tried_again_and_then_fails() {
    let local = simulator(World::rich()).await.beside();
    let mut aws = Aws::around(&local, &[Operation::Grant]).await;
    aws.deadline = Deadline::In(1_500);
    let grant = Simulated::sample(Operation::Grant);
    let execution = aws.change(Operation::Grant, &grant).await;
    let failure = execution.result.expect_err("a failure");
    assert_eq!(failure.error, "Unavailable");
    assert_eq!((aws.events().len(), execution.waits.len()), (10, 9));
    assert_eq!(aws.outcome()["Detail"]["type"], "Unavailable");
}

#[test]
fn the_workflow_knows_every_type_of_error() {
    let definition: Value = serde_json::from_str(PROVISION).expect("JSON");
    let caught = &definition["States"]["Change"]["Catch"][0]["ErrorEquals"];
    let all: Vec<_> = ErrorType::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(*caught, json!(all));
}
