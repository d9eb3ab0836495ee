//! What a run tells the outside: JSON logs, one summary line, and CloudWatch metrics in the embedded format.

use std::io::Write;
use std::time::Instant;

use serde_json::{Map, Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::{Chain, Error};
use crate::function::Operation;

/// Logs as JSON on standard output, at the levels of `RUST_LOG` (default `info`).
pub fn init() {
    let json = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false);
    // A second initialization, as in tests, changes nothing.
    let _ = tracing_subscriber::registry()
        .with(levels(LevelFilter::INFO))
        .with(json)
        .try_init();
}

/// The levels that `RUST_LOG` names, such as `debug` or `warn,rollcall=debug`; `default` if it is unset or unreadable.
pub fn levels(default: LevelFilter) -> Targets {
    let wanted = std::env::var("RUST_LOG").ok();
    let parsed = wanted.and_then(|text| text.parse().ok());
    parsed.unwrap_or_else(|| Targets::new().with_default(default))
}

/// An invocation that is under way.
pub(crate) struct Run {
    connector: &'static str,
    operation: Operation,
    connection: String,
    request_id: Option<String>,
    began: Instant,
}

impl Run {
    /// Notes the beginning.
    pub(crate) fn begin(connector: &'static str, operation: Operation, event: &Value) -> Self {
        let text = |key| event.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            connector,
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
    pub(crate) fn end(&self, outcome: &Result<Value, Error>) {
        let operation = self.operation.as_str();
        let (connector, connection) = (self.connector, self.connection.as_str());
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match outcome {
            Ok(answer) => {
                tracing::info!(connector, connection, operation, ms, %answer, "done");
            }
            Err(e) => {
                let (kind, code, fix) = (e.kind().as_str(), e.code(), e.fix());
                tracing::error!(connector, connection, operation, ms, kind, code, error = %Chain(e), fix, "failed");
            }
        }
        let line = metrics(self, outcome, ms, jiff::Timestamp::now().as_millisecond());
        // Metrics that cannot be written have nobody left to be told to.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

/// One line in CloudWatch's embedded metric format.
fn metrics(run: &Run, outcome: &Result<Value, Error>, ms: u64, now_ms: i64) -> Value {
    let mut values = Map::from_iter([
        ("Duration".to_owned(), ms.into()),
        ("Failures".to_owned(), u64::from(outcome.is_err()).into()),
    ]);
    if let Ok(answer) = outcome {
        if run.operation == Operation::Sync {
            // What an alarm goes by: a snapshot that waits for somebody to look.
            values.insert(
                "Held".to_owned(),
                u64::from(answer["status"] == "held").into(),
            );
        }
        let numbers = [
            ("Calls", "/calls"),
            ("Resources", "/counts/resources"),
            ("Entitlements", "/counts/entitlements"),
            ("Grants", "/counts/grants"),
            ("ExpandedGrants", "/counts/expanded"),
        ];
        for (name, place) in numbers {
            if let Some(n) = answer.pointer(place).and_then(Value::as_u64) {
                values.insert(name.to_owned(), n.into());
            }
        }
    }
    let names: Vec<Value> = values
        .keys()
        .map(|name| json!({"Name": name, "Unit": if name == "Duration" { "Milliseconds" } else { "Count" }}))
        .collect();
    let mut line = json!({
        "_aws": {"Timestamp": now_ms, "CloudWatchMetrics": [{
            "Namespace": "Rollcall",
            "Dimensions": [["Connector", "Connection", "Operation"]],
            "Metrics": names,
        }]},
        "Connector": run.connector,
        "Connection": run.connection,
        "Operation": run.operation.as_str(),
    });
    for (name, value) in values {
        line[name] = value;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_name_what_they_hold() {
        let run = Run::begin("c", Operation::Sync, &json!({"connection": "acme"}));
        let answer = Ok(json!({"calls": 7, "counts": {"grants": 3}}));
        let line = metrics(&run, &answer, 12, 0);
        assert_eq!(
            (&line["Calls"], &line["Grants"], &line["Duration"]),
            (&json!(7), &json!(3), &json!(12))
        );
        let named = line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            .as_array()
            .expect("a list");
        assert!(
            named
                .iter()
                .all(|m| line.get(m["Name"].as_str().expect("a name")).is_some())
        );
        assert_eq!(named.len(), 5);
    }
}
