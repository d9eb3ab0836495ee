//! One-time schedules that a workflow makes.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Failure;

/// A one-time schedule.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduled {
    pub at: Timestamp,
    pub group: String,
    pub target: Value,
}

/// The schedules of EventBridge Scheduler by their names
/// (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>).
#[derive(Debug, Default)]
pub struct Schedules {
    all: Mutex<BTreeMap<String, Scheduled>>,
    /// How the next calls end; the last one is next.
    pub errors: Mutex<Vec<&'static str>>,
}

impl Schedules {
    /// Performs `createSchedule`, or `updateSchedule`, with these evaluated `Parameters`. Only what ends by itself is known
    /// here: everything else about a schedule has one good value.
    pub fn put(&self, is_new: bool, with: &Value, now: Timestamp) -> Result<Value, Failure> {
        let invalid = || Failure::new("Scheduler.ValidationException", with.to_string());
        let name = super::text(&with["Name"]).to_owned();
        let scheduled = read(with, now).filter(|_| is_name(&name)).ok_or_else(invalid)?;
        if let Some(error) = self.errors.lock().expect("errors").pop() {
            return Err(Failure::new(error, name));
        }
        let arn = format!("arn:aws:scheduler:us-east-1:1:schedule/{}/{name}", scheduled.group);
        let mut all = self.all.lock().expect("schedules");
        match (all.contains_key(&name), is_new) {
            (true, true) => return Err(Failure::new("Scheduler.ConflictException", name)),
            (false, false) => {
                return Err(Failure::new("Scheduler.ResourceNotFoundException", name));
            }
            _ => all.insert(name, scheduled),
        };
        Ok(json!({"ScheduleArn": arn}))
    }

    /// All that are still to come.
    pub fn all(&self) -> BTreeMap<String, Scheduled> {
        self.all.lock().expect("schedules").clone()
    }

    /// Takes the next one, which has run.
    pub fn next(&self) -> Option<Scheduled> {
        let mut all = self.all.lock().expect("schedules");
        let name = all.iter().min_by_key(|(_, one)| one.at)?.0.clone();
        all.remove(&name)
    }
}

fn is_name(text: &str) -> bool {
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=64).contains(&text.len()) && text.chars().all(is_good)
}

/// `None` if something is wrong. It is unknown whether AWS accepts a time in the past: here it does not.
fn read(with: &Value, now: Timestamp) -> Option<Scheduled> {
    let fixed = json!({
        "ActionAfterCompletion": "DELETE", "FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpressionTimezone": "UTC", "State": "ENABLED",
    });
    let is_fixed = fixed.as_object()?.iter().all(|(name, value)| with[name] == *value);
    let time = super::text(&with["ScheduleExpression"]).strip_prefix("at(")?.strip_suffix(')')?;
    let is_whole = time.len() == "2026-01-01T00:00:00".len();
    let at = time.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let (group, target) = (super::text(&with["GroupName"]).to_owned(), with["Target"].clone());
    let parts = ["Arn", "RoleArn", "Input"].iter().all(|part| target[part].is_string());
    (is_fixed && is_whole && at > now && is_name(&group) && parts).then_some(Scheduled {
        at,
        group,
        target,
    })
}
