//! The workflows of the template, their very definitions, around the functions of a connector: what Lambda and EventBridge do
//! for them. Time is virtual.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use rollcall_connector::clock::{Clock, between};
use rollcall_connector::{Chain, Error};
use rollcall_engine::runtime::function::Operation;
use serde_json::{Value, json};

use crate::conformance::{Bench, Subject};
use crate::function::{Environment, PLENTY};
use crate::runtime_api::Answer;
use crate::states::{Execution, Failure, Machine, Schedules, Services};

const SYNC: &str = include_str!("../../../infra/workflows/sync.asl.json");
pub const PROVISION: &str = include_str!("../../../infra/workflows/provision.asl.json");
pub const SWEEP: &str = include_str!("../../../infra/workflows/sweep.asl.json");
const FUNCTIONS: &str = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:rollcall-";
const PARTITION: (&str, &str) = ("Partition", "aws-us-gov");
const BUS: &str = "arn:aws-us-gov:events:us-gov-west-1:123456789012:event-bus/rollcall";

/// Lambda, EventBridge and its Scheduler, as the workflows see them.
pub struct Aws<'a, S> {
    desk: &'a Bench<S>,
    /// The real binary of the function; without it, its handler is called in this process.
    pub real: Option<Environment>,
    /// The events before each call of a function, by its number, from 1.
    before: Box<dyn Fn(usize) + Send + Sync + 'a>,
    /// How the first calls end, instead of being answered.
    pub errors: Vec<&'static str>,
    /// What the calls after those answer, instead of the function.
    pub answers: Vec<Value>,
    /// How the next events that are put on the bus end; the last one is next.
    pub refuses: Mutex<Vec<&'static str>>,
    /// The ends of temporary grants.
    pub schedules: Schedules,
    calls: Mutex<Vec<Value>>,
    put: Mutex<Vec<Value>>,
}

impl<'a, S: Subject> Aws<'a, S> {
    pub fn around(desk: &'a Bench<S>) -> Self {
        Self::before_each(desk, |_| {})
    }

    pub fn before_each(desk: &'a Bench<S>, before: impl Fn(usize) + Send + Sync + 'a) -> Self {
        let (calls, put, errors, answers, refuses, schedules) = Default::default();
        let (real, before) = (None, Box::new(before));
        Self { desk, real, before, errors, answers, refuses, schedules, calls, put }
    }

    pub fn events(&self) -> Vec<Value> {
        std::mem::take(&mut *self.calls.lock().expect("calls"))
    }

    pub fn outcome(&self) -> Value {
        let put = self.put();
        assert_eq!(put.len(), 1, "{put:#?}");
        put[0].clone()
    }

    /// All that was put on the bus.
    pub fn put(&self) -> Vec<Value> {
        std::mem::take(&mut *self.put.lock().expect("outcomes"))
    }

    pub async fn sync(&self, names: &[&str]) -> Execution {
        let function = Self::function(Operation::Sync);
        let name = S::entry().about.name;
        let given =
            [PARTITION, ("SyncFunction", &function), ("Bus", "rollcall"), ("Connector", name)];
        let machine = Machine::parse(SYNC, &given).expect("a definition");
        let input = json!({"connections": names});
        machine.run(input, self, self.desk.clock.now()).await
    }

    pub async fn synced(&self) -> Value {
        self.sync(&["default"]).await.result.expect("a success")["connections"][0].clone()
    }

    pub async fn change(&self, operation: Operation, detail: &Value) -> Execution {
        let revoke = Self::request(Operation::Revoke);
        let given = [
            PARTITION,
            ("FunctionPrefix", FUNCTIONS),
            ("Bus", "rollcall"),
            ("BusArn", BUS),
            ("RevokeRequest", &revoke),
            ("EndsGroup", "rollcall-ends"),
            ("EndsRole", "arn:aws-us-gov:iam::123456789012:role/ends"),
            ("DeadLetters", "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:dead-letters"),
        ];
        let machine = Machine::parse(PROVISION, &given).expect("a definition");
        let event = json!({
            "version": "0", "id": "e1", "account": "123456789012", "region": "us-east-1", "resources": [],
            "time": "2026-01-01T00:00:00Z", "source": "rollcall.provision",
            "detail-type": Self::request(operation), "detail": detail,
        });
        machine.run(event, self, self.desk.clock.now()).await
    }

    pub async fn sweep(&self, names: &[&str]) -> Execution {
        let (function, request) =
            (Self::function(Operation::Revoke), Self::request(Operation::Revoke));
        let given = [
            PARTITION,
            ("RevokeFunction", &function),
            ("Bus", "rollcall"),
            ("RevokeRequest", &request),
        ];
        let machine = Machine::parse(SWEEP, &given).expect("a definition");
        machine.run(json!({"connections": names}), self, self.desk.clock.now()).await
    }

    /// Delivers all requests that were put on the bus, as its rule does.
    pub async fn deliver(&self) -> Vec<Execution> {
        let mut executions = Vec::new();
        for request in self.put() {
            let kind = (&request["EventBusName"], &request["Source"], &request["DetailType"]);
            let revoke = json!(Self::request(Operation::Revoke));
            assert_eq!(kind, (&json!("rollcall"), &json!("rollcall.provision"), &revoke));
            executions.push(self.change(Operation::Revoke, &request["Detail"]).await);
        }
        executions
    }

    /// Lets the time of the next schedule come, and carries out what it puts on the bus.
    pub async fn run_next(&self) -> Option<Execution> {
        let next = self.schedules.next()?;
        let Value::String(input) = &next.target["Input"] else { panic!("{next:?}") };
        let put =
            json!({"Source": "rollcall.provision", "DetailType": Self::request(Operation::Revoke)});
        assert_eq!(
            (&next.target["EventBridgeParameters"], &next.target["Arn"]),
            (&put, &BUS.into())
        );
        let clock = &self.desk.clock;
        clock.advance(between(clock.now(), next.at));
        let detail = serde_json::from_str(input).expect("JSON");
        Some(self.change(Operation::Revoke, &detail).await)
    }

    fn function(operation: Operation) -> String {
        format!("{FUNCTIONS}{}", Self::request(operation))
    }

    /// The detail type of requests for this operation.
    fn request(operation: Operation) -> String {
        format!("{}-{}", S::entry().about.name, operation.as_str())
    }

    async fn invoke(&self, with: &Value, now: Timestamp) -> Result<Value, Failure> {
        let event = with["Payload"].clone();
        self.calls.lock().expect("calls").push(event.clone());
        let number = self.calls.lock().expect("calls").len();
        (self.before)(number);
        if let Some(error) = self.errors.get(number - 1) {
            return Err(Failure::new(*error, r#"{"errorMessage":"{}"}"#));
        }
        if let Some(answer) = self.answers.get(number - 1 - self.errors.len()) {
            return Ok(json!({"Payload": answer}));
        }
        let arn = with["FunctionName"].as_str().expect("a name");
        let mut operations = S::entry().operations.iter().copied();
        let Some(operation) = operations.find(|one| Self::function(*one) == arn) else {
            return Err(Failure::new("Lambda.ResourceNotFoundException", arn));
        };
        let answer = match &self.real {
            Some(function) => function.ask(event, PLENTY).await,
            None => {
                let clock = &self.desk.clock;
                clock.advance(between(clock.now(), now));
                let invoked = self.desk.invoke(operation, event).await;
                invoked.map_or_else(|e| reported(&e), Answer::Response)
            }
        };
        match answer {
            Answer::Response(answer) => {
                // AWS would come too early.
                let at = answer["resume_at"].as_str().unwrap_or_default();
                assert!(!at.contains('.'), "{at} is no whole second");
                Ok(json!({"ExecutedVersion": "$LATEST", "StatusCode": 200, "Payload": answer}))
            }
            Answer::Error(body) => {
                Err(Failure::new(body["errorType"].as_str().unwrap_or_default(), body.to_string()))
            }
        }
    }
}

fn reported(e: &Error) -> Answer {
    let message = json!({"code": e.code(), "message": Chain(e).to_string(), "fix": e.fix()});
    let (kind, message) = (e.kind().as_str(), message.to_string());
    Answer::Error(json!({"errorType": kind, "errorMessage": message, "stackTrace": []}))
}

#[async_trait]
impl<S: Subject> Services for Aws<'_, S> {
    async fn call(&self, resource: &str, with: Value, now: Timestamp) -> Result<Value, Failure> {
        match resource {
            "arn:aws-us-gov:states:::lambda:invoke" => self.invoke(&with, now).await,
            "arn:aws-us-gov:states:::events:putEvents" => {
                if let Some(error) = self.refuses.lock().expect("errors").pop() {
                    return Err(Failure::new(error, "no"));
                }
                let entries = with["Entries"].as_array().expect("entries");
                self.put.lock().expect("outcomes").extend_from_slice(entries);
                Ok(json!({"Entries": [{"EventId": "1"}], "FailedEntryCount": 0}))
            }
            "arn:aws-us-gov:states:::aws-sdk:scheduler:createSchedule" => {
                self.schedules.put(true, &with, now)
            }
            "arn:aws-us-gov:states:::aws-sdk:scheduler:updateSchedule" => {
                self.schedules.put(false, &with, now)
            }
            other => panic!("nobody is behind {other}"),
        }
    }
}
