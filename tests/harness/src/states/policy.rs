//! What happens after an error: `Retry` and `Catch`.

use std::time::Duration;

use serde_json::Value;

use super::execution::Failure;
use super::fields::{Fields, Invalid, Result};
use super::path::Path;
use super::random::Random;
use super::time::LONGEST;

/// The names that AWS has given away. What else begins with `States.` is a mistake.
const RESERVED: [&str; 11] = [
    ALL,
    TASK_FAILED,
    TIMEOUT,
    DATA_LIMIT,
    "States.BranchFailed",
    "States.HeartbeatTimeout",
    "States.IntrinsicFailure",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.ResultPathMatchFailure",
];
const ALL: &str = "States.ALL";
const TASK_FAILED: &str = "States.TaskFailed";
pub(super) const TIMEOUT: &str = "States.Timeout";
pub(super) const DATA_LIMIT: &str = "States.DataLimitExceeded";

/// The retriers and catchers of a state, in order.
#[derive(Debug, Default)]
pub(super) struct Policy {
    retriers: Vec<Retrier>,
    pub(super) catchers: Vec<Catcher>,
}

#[derive(Debug)]
struct Retrier {
    errors: Errors,
    interval: u64,
    attempts: u64,
    rate: f64,
    longest: Option<u64>,
    jitter: bool,
}

/// Where an error leads.
#[derive(Debug)]
pub(super) struct Catcher {
    errors: Errors,
    /// Where the error is put; `None` drops it.
    pub(super) result: Option<Path>,
    pub(super) next: String,
}

/// How often each retrier was used in this visit of the state.
#[derive(Debug, Default)]
pub(super) struct Used(Vec<u64>);

impl Policy {
    pub(super) fn take(fields: &mut Fields) -> Result<Self> {
        let retriers = objects(fields, "Retry", Retrier::parse)?;
        let catchers = objects(fields, "Catch", Catcher::parse)?;
        alone_and_last(
            retriers.iter().map(|retrier| &retrier.errors),
            &fields.at("Retry"),
        )?;
        alone_and_last(
            catchers.iter().map(|catcher| &catcher.errors),
            &fields.at("Catch"),
        )?;
        Ok(Self { retriers, catchers })
    }

    /// How long to wait before another attempt, if there is to be one.
    pub(super) fn retry(
        &self,
        failure: &Failure,
        used: &mut Used,
        random: &mut Random,
    ) -> Option<Duration> {
        used.0.resize(self.retriers.len(), 0);
        let (retrier, used) = self
            .retriers
            .iter()
            .zip(&mut used.0)
            .find(|(retrier, _)| retrier.errors.match_with(failure))?;
        if *used == retrier.attempts {
            return None;
        }
        *used += 1;
        Some(retrier.delay(*used, random))
    }

    pub(super) fn catcher(&self, failure: &Failure) -> Option<&Catcher> {
        self.catchers
            .iter()
            .find(|catcher| catcher.errors.match_with(failure))
    }
}

/// The objects of an array that need not be there.
fn objects<T>(
    fields: &mut Fields,
    name: &str,
    parse: impl Fn(Fields) -> Result<T>,
) -> Result<Vec<T>> {
    if !fields.has(name) {
        return Ok(Vec::new());
    }
    fields
        .list(name)?
        .into_iter()
        .map(|(place, value)| Fields::new(value, &place).and_then(&parse))
        .collect()
}

fn alone_and_last<'a>(all: impl DoubleEndedIterator<Item = &'a Errors>, place: &str) -> Result<()> {
    if all.rev().skip(1).any(Errors::have_all) {
        return Err(Invalid::new(place, format!("must have {ALL} last")));
    }
    Ok(())
}

impl Retrier {
    fn parse(mut fields: Fields) -> Result<Self> {
        let errors = Errors::take(&mut fields)?;
        let interval = fields.whole("IntervalSeconds", 1..=LONGEST)?.unwrap_or(1);
        let attempts = fields.whole("MaxAttempts", 0..=LONGEST)?.unwrap_or(3);
        let rate = match fields.take("BackoffRate") {
            None => 2.0,
            Some(rate) => rate
                .as_f64()
                .filter(|rate| *rate >= 1.0)
                .ok_or_else(|| fields.invalid("BackoffRate", "must be a number from 1 on"))?,
        };
        let longest = fields.whole("MaxDelaySeconds", interval + 1..=31_622_399)?;
        let jitter = match fields.text("JitterStrategy")?.as_deref() {
            None | Some("NONE") => false,
            Some("FULL") => true,
            Some(_) => return Err(fields.invalid("JitterStrategy", "must be FULL or NONE")),
        };
        fields.done()?;
        Ok(Self {
            errors,
            interval,
            attempts,
            rate,
            longest,
            jitter,
        })
    }

    /// The delay before the retry of this number, counted from one.
    fn delay(&self, number: u64, random: &mut Random) -> Duration {
        let power = i32::try_from(number - 1).unwrap_or(i32::MAX);
        let longest = Duration::from_secs(self.longest.unwrap_or(LONGEST));
        let grown = Duration::from_secs(self.interval).as_secs_f64() * self.rate.powi(power);
        let delay = Duration::try_from_secs_f64(grown).map_or(longest, |delay| delay.min(longest));
        if !self.jitter {
            return delay;
        }
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX - 1);
        Duration::from_millis(random.below(milliseconds + 1))
    }
}

impl Catcher {
    fn parse(mut fields: Fields) -> Result<Self> {
        fields.text("Comment")?;
        let catcher = Self {
            errors: Errors::take(&mut fields)?,
            result: target(&mut fields, "ResultPath")?,
            next: fields.required_text("Next")?,
        };
        fields.done()?;
        Ok(catcher)
    }
}

/// Where a result is put: everywhere when nothing is said, nowhere (`None`) when null is.
pub(super) fn target(fields: &mut Fields, name: &str) -> Result<Option<Path>> {
    match fields.take(name) {
        None => Ok(Some(Path::whole())),
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Path::target(&text)
            .map(Some)
            .map_err(|problem| fields.invalid(name, problem)),
        Some(_) => Err(fields.invalid(name, "must be a path or null")),
    }
}

/// The names of errors.
#[derive(Debug)]
struct Errors(Vec<String>);

impl Errors {
    fn take(fields: &mut Fields) -> Result<Self> {
        let names = fields
            .list("ErrorEquals")?
            .into_iter()
            .map(|(place, value)| match value {
                Value::String(name) => known(name).map_err(|problem| Invalid::new(place, problem)),
                _ => Err(Invalid::new(place, "must be a string")),
            })
            .collect::<Result<Vec<_>>>()?;
        let errors = Self(names);
        if errors.have_all() && errors.0.len() > 1 {
            return Err(fields.invalid("ErrorEquals", format!("must have {ALL} alone")));
        }
        Ok(errors)
    }

    fn have_all(&self) -> bool {
        self.0.iter().any(|name| name == ALL)
    }

    /// `States.Runtime` ends every execution; the limit of data is only found by its own name.
    fn match_with(&self, failure: &Failure) -> bool {
        let error = failure.error.as_str();
        self.0.iter().any(|name| match (name.as_str(), error) {
            (_, "States.Runtime") => false,
            (ALL | TASK_FAILED, DATA_LIMIT) | (TASK_FAILED, TIMEOUT) => false,
            (ALL | TASK_FAILED, _) => true,
            (name, error) => name == error,
        })
    }
}

fn known(name: String) -> std::result::Result<String, String> {
    match name.as_str() {
        "" => Err("is empty".to_owned()),
        "States.Runtime" => Err("States.Runtime cannot be caught".to_owned()),
        reserved if reserved.starts_with("States.") && !RESERVED.contains(&reserved) => {
            Err(format!("there is no {reserved}"))
        }
        _ => Ok(name),
    }
}
