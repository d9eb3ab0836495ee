//! The output of a run: JSON logs, a summary line, and a line with its numbers, which CloudWatch turns into metrics for
//! alarms.

use std::io::Write;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::context::gauges::Gauges;
use crate::runtime::function::Operation;
use rollcall_connector::clock::between;
use rollcall_connector::{Chain, Error};

/// Logs as JSON on standard output, at the levels of `RUST_LOG` (default `info`).
pub fn init() {
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false);
    // A second initialization, as in tests, changes nothing.
    let default = Targets::new().with_default(LevelFilter::INFO);
    let _ = tracing_subscriber::registry().with(levels(default)).with(json).try_init();
}

/// The levels that `RUST_LOG` names, such as `debug` or `warn,rollcall=debug`; `default` if it is unset or unreadable.
pub fn levels(default: Targets) -> Targets {
    let wanted = std::env::var("RUST_LOG").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A running invocation.
pub(crate) struct Invocation {
    connector: String,
    operation: &'static str,
    connection: String,
    request_id: Option<String>,
    began: Instant,
}

impl Invocation {
    pub(crate) fn begin(connector: &str, operation: &'static str, event: &Value) -> Self {
        let text = |key| event.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            connector: connector.to_owned(),
            operation,
            connection: text("connection").unwrap_or_else(|| "default".into()),
            request_id: text("request_id"),
            began: Instant::now(),
        }
    }

    /// The id of the request, if the event has one.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Writes the summary and the metrics.
    pub(crate) fn end(&self, outcome: &Result<Value, Error>, gauges: &Gauges) {
        let operation = self.operation;
        let (connector, connection) = (self.connector.as_str(), self.connection.as_str());
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match outcome {
            Ok(answer) => {
                tracing::info!(connector, connection, operation, ms, %answer, "done");
            }
            Err(e) => {
                let (kind, code, fix) = (e.kind().as_str(), e.code().as_str(), e.fix());
                tracing::error!(connector, connection, operation, ms, kind, code, error = %Chain(e), fix, "failed");
            }
        }
        let line = numbers(self, outcome, gauges, ms, Timestamp::now());
        // Standard output is the only place to report to.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

/// The metrics: the numbers that alarms use, only by connector, since a template cannot know the names of connections.
/// Every metric costs money: all other numbers are read from the line itself. The last is of a sweep, the others of a sync.
const ALARMING: [&str; 4] = ["CredentialDaysLeft", "Held", "SnapshotAge", "Overdue"];

/// A number: its name, its unit in CloudWatch's words, its value.
type Number = (&'static str, &'static str, u64);

/// The numbers of an invocation as one line, in CloudWatch's embedded metric format
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
fn numbers(
    invocation: &Invocation,
    outcome: &Result<Value, Error>,
    gauges: &Gauges,
    ms: u64,
    now: Timestamp,
) -> Value {
    let mut values = common(outcome, gauges, ms, now);
    if let Ok(answer) = outcome {
        values.extend(of_answer(invocation.operation, answer));
    }
    let mut line = json!({
        "Connector": invocation.connector,
        "Connection": invocation.connection,
        "Operation": invocation.operation,
    });
    let mut alarming = Vec::new();
    let is_sync = invocation.operation == Operation::Sync.as_str();
    for (name, unit, value) in values {
        line[name] = value.into();
        if ALARMING.contains(&name) && (is_sync || name == "Overdue") {
            alarming.push(json!({"Name": name, "Unit": unit}));
        }
    }
    if !alarming.is_empty() {
        line["_aws"] = json!({"Timestamp": now.as_millisecond(), "CloudWatchMetrics": [{
            "Namespace": "Rollcall",
            "Dimensions": [["Connector"]],
            "Metrics": alarming,
        }]});
    }
    line
}

/// The numbers of every invocation, whether it succeeds or not.
fn common(outcome: &Result<Value, Error>, gauges: &Gauges, ms: u64, now: Timestamp) -> Vec<Number> {
    let usage = gauges.usage();
    let mut values = vec![
        ("Duration", "Milliseconds", ms),
        ("Failures", "Count", outcome.is_err().into()),
        ("Calls", "Count", usage.calls),
        ("Retries", "Count", usage.retries),
        ("WaitTime", "Milliseconds", usage.wait_ms),
    ];
    if let Some(at) = gauges.snapshot_at() {
        values.push(("SnapshotAge", "Seconds", between(at, now).as_secs()));
    }
    if let Some(at) = gauges.credential_expires_at() {
        let days = between(now, at).as_secs() / (24 * 3600);
        values.push(("CredentialDaysLeft", "None", days));
    }
    if let Some(bytes) = gauges.snapshot_bytes() {
        values.push(("SnapshotSize", "Bytes", bytes));
    }
    values
}

/// The numbers in an answer. An unfinished slice of a sync has none.
fn of_answer(operation: &str, answer: &Value) -> Vec<Number> {
    if operation != Operation::Sync.as_str() {
        // Of a sweep. Zero is a value, too: it ends an alarm.
        let overdue = answer["overdue"].as_u64().map(|number| ("Overdue", "Count", number));
        return Vec::from_iter(overdue);
    }
    let mut values = vec![("Held", "Count", u64::from(answer["status"] == "held"))];
    let counts = [
        ("Resources", "/counts/resources"),
        ("Entitlements", "/counts/entitlements"),
        ("Grants", "/counts/grants"),
        ("ExpandedGrants", "/counts/expanded"),
    ];
    if !answer["snapshot"].is_null() {
        let read = |place| answer.pointer(place).and_then(Value::as_u64);
        values.extend(
            counts.into_iter().filter_map(|(name, place)| Some((name, "Count", read(place)?))),
        );
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(operation: Operation, outcome: Result<Value, Error>, gauges: &Gauges) -> Value {
        let run = Invocation::begin("c", operation.as_str(), &json!({"connection": "acme"}));
        let now = "2026-06-01T00:00:00Z".parse().expect("a time");
        numbers(&run, &outcome, gauges, 12, now)
    }

    #[test]
    fn every_number_stands_on_the_line() {
        let answer =
            json!({"status": "complete", "snapshot": "k", "calls": 7, "counts": {"grants": 3}});
        let line = line(Operation::Sync, Ok(answer), &Gauges::default());
        assert_eq!(
            (&line["Calls"], &line["Grants"], &line["Duration"]),
            (&json!(0), &json!(3), &json!(12))
        );
        for name in ["Failures", "Retries", "WaitTime", "Held"] {
            assert!(line[name].is_u64(), "{line}");
        }
    }

    #[test]
    fn only_what_alarms_use_is_a_metric_and_by_connector_alone() {
        let gauges = Gauges::default();
        gauges.snapshot_is_of("2026-05-31T22:00:00Z".parse().expect("a time"));
        gauges.credential_expires("2026-06-14T23:00:00Z".parse().ok());
        let failed = line(
            Operation::Sync,
            Err(Error::internal(rollcall_connector::Code::UnexpectedAnswer, "x")),
            &gauges,
        );
        assert_eq!(
            failed["_aws"]["CloudWatchMetrics"],
            json!([{
                "Namespace": "Rollcall",
                "Dimensions": [["Connector"]],
                "Metrics": [
                    {"Name": "SnapshotAge", "Unit": "Seconds"},
                    {"Name": "CredentialDaysLeft", "Unit": "None"},
                ],
            }])
        );
        assert_eq!(
            (&failed["SnapshotAge"], &failed["CredentialDaysLeft"], &failed["Failures"]),
            (&json!(7200), &json!(13), &json!(1))
        );
        let held = json!({"status": "held", "snapshot": "k"});
        assert_eq!(line(Operation::Sync, Ok(held), &Gauges::default())["Held"], 1);
        let granted = line(Operation::Grant, Ok(json!({})), &gauges);
        assert_eq!(granted.get("_aws"), None, "a change knows no snapshot");
    }

    #[test]
    fn a_sweep_reports_how_much_is_overdue_even_if_nothing_is() {
        for overdue in [0, 3] {
            let answer = json!({"connection": "acme", "expirations": [], "overdue": overdue});
            let gauges = Gauges::default();
            gauges.credential_expires("2026-06-14T23:00:00Z".parse().ok());
            let swept = line(Operation::Revoke, Ok(answer), &gauges);
            let metrics = &swept["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(
                (&swept["Overdue"], &metrics["Dimensions"]),
                (&json!(overdue), &json!([["Connector"]]))
            );
            assert_eq!(metrics["Metrics"], json!([{"Name": "Overdue", "Unit": "Count"}]));
        }
    }

    #[test]
    fn an_unfinished_slice_counts_no_records() {
        let answer = json!({"status": "continue", "snapshot": null, "counts": {"grants": 0}});
        let line = line(Operation::Sync, Ok(answer), &Gauges::default());
        assert_eq!(line.get("Grants"), None);
    }
}
