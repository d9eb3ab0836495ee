//! A definition, read field by field: the states and what each is to do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::choice::Condition;
use super::expression::Expression;
use super::fields::{Fields, Invalid, Result};
use super::flow::Flow;
use super::path::Path;
use super::policy::Policy;
use super::template::Template;
use super::time::{LONGEST, timestamp};

/// How many items AWS works on at once when nothing else is said.
const LANES: usize = 40;
/// How long a name may be.
const NAME: usize = 80;

/// States that lead to each other: those of the machine, or those of a Map state.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) start: String,
    pub(super) states: BTreeMap<String, State>,
}

/// A state.
#[derive(Debug)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) work: Work,
    pub(super) flow: Flow,
    pub(super) policy: Policy,
    /// `None` ends the branch; of no meaning for Choice and Fail.
    pub(super) next: Option<String>,
}

/// What a state does.
#[derive(Debug)]
pub(super) enum Work {
    Task {
        resource: String,
        timeout: Option<Duration>,
    },
    Map {
        items: Items,
        processor: Graph,
    },
    Pass(Option<Value>),
    Wait(Until),
    Choice {
        rules: Vec<(Condition, String)>,
        default: Option<String>,
    },
    Succeed,
    Fail {
        error: Said,
        cause: Said,
    },
}

/// The items of a Map state.
#[derive(Debug)]
pub(super) struct Items {
    pub(super) path: Path,
    pub(super) selector: Option<Template>,
    /// How many are worked on at once.
    pub(super) lanes: usize,
}

/// When a Wait state ends.
#[derive(Debug)]
pub(super) enum Until {
    Seconds(u64),
    SecondsPath(Path),
    Timestamp(Timestamp),
    TimestampPath(Path),
}

/// What a Fail state says.
#[derive(Debug)]
pub(super) enum Said {
    Fixed(String),
    Found(&'static str, Expression),
}

impl Graph {
    /// Takes `StartAt` and `States`. Names are unique in the whole machine, those of Map states included.
    pub(super) fn take(fields: &mut Fields, names: &mut BTreeSet<String>) -> Result<Self> {
        let start = fields.required_text("StartAt")?;
        let place = fields.at("States");
        let all = Fields::new(fields.required("States")?, &place)?;
        let mut states = BTreeMap::new();
        for (name, value) in all.rest() {
            let fields = Fields::new(value, &format!("{place}.{name}"))?;
            if name.is_empty() || name.chars().count() > NAME {
                return Err(Invalid::new(
                    fields.place(),
                    "must have a name of 1 to 80 characters",
                ));
            }
            if !names.insert(name.clone()) {
                return Err(Invalid::new(
                    fields.place(),
                    "has the name of another state",
                ));
            }
            states.insert(name.clone(), State::parse(name, fields, names)?);
        }
        Ok(Self { start, states })
    }
}

impl State {
    fn parse(name: String, mut fields: Fields, names: &mut BTreeSet<String>) -> Result<Self> {
        fields.text("Comment")?;
        only_json_path(&mut fields)?;
        let written = fields.required_text("Type")?;
        let kind = ["Task", "Map", "Pass", "Wait", "Choice", "Succeed", "Fail"]
            .into_iter()
            .find(|kind| *kind == written)
            .ok_or_else(|| fields.invalid("Type", format!("{written:?} is not known here")))?;
        let flow = Flow::take(&mut fields, kind)?;
        let policy = match kind {
            "Task" | "Map" => Policy::take(&mut fields)?,
            _ => Policy::default(),
        };
        let next = match kind {
            "Choice" | "Succeed" | "Fail" => None,
            _ => next(&mut fields)?,
        };
        let work = match kind {
            "Task" => task(&mut fields)?,
            "Map" => map(&mut fields, names)?,
            "Pass" => Work::Pass(result(&mut fields, &flow)?),
            "Wait" => Work::Wait(until(&mut fields)?),
            "Choice" => choice(&mut fields)?,
            "Fail" => Work::Fail {
                error: said(&mut fields, "Error", "ErrorPath")?,
                cause: said(&mut fields, "Cause", "CausePath")?,
            },
            _ => Work::Succeed,
        };
        fields.done()?;
        Ok(Self {
            name,
            kind,
            work,
            flow,
            policy,
            next,
        })
    }
}

/// JSONata is another language.
pub(super) fn only_json_path(fields: &mut Fields) -> Result<()> {
    match fields.text("QueryLanguage")?.as_deref() {
        None | Some("JSONPath") => Ok(()),
        Some(_) => Err(fields.invalid("QueryLanguage", "must be JSONPath")),
    }
}

fn next(fields: &mut Fields) -> Result<Option<String>> {
    match (fields.text("Next")?, fields.take("End")) {
        (Some(next), None) => Ok(Some(next)),
        (None, Some(Value::Bool(true))) => Ok(None),
        _ => Err(Invalid::new(
            fields.place(),
            "must have either `Next` or `\"End\": true`",
        )),
    }
}

fn task(fields: &mut Fields) -> Result<Work> {
    let resource = fields.required_text("Resource")?;
    let last = resource
        .rsplit(':')
        .find(|part| part.len() > 1)
        .unwrap_or_default();
    if !resource.starts_with("arn:") || last.contains(".sync") || last.contains(".waitForTaskToken")
    {
        return Err(fields.invalid(
            "Resource",
            "must be an ARN that is called and answers at once",
        ));
    }
    let timeout = fields.whole("TimeoutSeconds", 1..=LONGEST)?;
    Ok(Work::Task {
        resource,
        timeout: timeout.map(Duration::from_secs),
    })
}

fn map(fields: &mut Fields, names: &mut BTreeSet<String>) -> Result<Work> {
    let items = Items {
        path: definite(fields, "ItemsPath")?.unwrap_or_else(Path::whole),
        selector: fields
            .take("ItemSelector")
            .map(|value| Template::parse(value, &fields.at("ItemSelector")))
            .transpose()?,
        lanes: match fields.whole("MaxConcurrency", 0..=LONGEST)? {
            None | Some(0) => LANES,
            Some(lanes) => usize::try_from(lanes).map_or(LANES, |lanes| lanes.min(LANES)),
        },
    };
    let place = fields.at("ItemProcessor");
    let mut processor = Fields::new(fields.required("ItemProcessor")?, &place)?;
    processor.text("Comment")?;
    if let Some(config) = processor.take("ProcessorConfig") {
        let mut config = Fields::new(config, &processor.at("ProcessorConfig"))?;
        if config.text("Mode")?.is_some_and(|mode| mode != "INLINE") {
            return Err(config.invalid("Mode", "must be INLINE"));
        }
        config.done()?;
    }
    let graph = Graph::take(&mut processor, names)?;
    processor.done()?;
    Ok(Work::Map {
        items,
        processor: graph,
    })
}

/// AWS would ignore `Parameters` where there is a `Result`.
fn result(fields: &mut Fields, flow: &Flow) -> Result<Option<Value>> {
    let result = fields.take("Result");
    if result.is_some() && flow.has_parameters() {
        return Err(fields.invalid("Result", "cannot stand beside `Parameters`"));
    }
    Ok(result)
}

fn until(fields: &mut Fields) -> Result<Until> {
    let seconds = fields.whole("Seconds", 0..=LONGEST)?.map(Until::Seconds);
    let seconds_path = definite(fields, "SecondsPath")?.map(Until::SecondsPath);
    let moment = match fields.text("Timestamp")? {
        None => None,
        Some(text) => {
            let moment = timestamp(&text)
                .ok_or_else(|| fields.invalid("Timestamp", "must be a timestamp of RFC 3339"))?;
            Some(Until::Timestamp(moment))
        }
    };
    let moment_path = definite(fields, "TimestampPath")?.map(Until::TimestampPath);
    let mut given = [seconds, seconds_path, moment, moment_path]
        .into_iter()
        .flatten();
    match (given.next(), given.next()) {
        (Some(until), None) => Ok(until),
        _ => Err(Invalid::new(
            fields.place(),
            "must have one of `Seconds`, `SecondsPath`, `Timestamp` and `TimestampPath`",
        )),
    }
}

fn definite(fields: &mut Fields, name: &str) -> Result<Option<Path>> {
    fields
        .text(name)?
        .map(|text| Path::definite(&text).map_err(|problem| fields.invalid(name, problem)))
        .transpose()
}

fn choice(fields: &mut Fields) -> Result<Work> {
    let rules = fields
        .list("Choices")?
        .into_iter()
        .map(|(place, value)| {
            let mut rule = Fields::new(value, &place)?;
            rule.text("Comment")?;
            let next = rule.required_text("Next")?;
            Ok((Condition::parse(rule)?, next))
        })
        .collect::<Result<_>>()?;
    let default = fields.text("Default")?;
    Ok(Work::Choice { rules, default })
}

fn said(fields: &mut Fields, name: &str, by_path: &'static str) -> Result<Said> {
    match (fields.text(name)?, fields.text(by_path)?) {
        (fixed, None) => Ok(Said::Fixed(fixed.unwrap_or_default())),
        (None, Some(text)) => {
            let found = Expression::parse(&text)
                .and_then(Expression::for_text)
                .map_err(|problem| fields.invalid(by_path, problem))?;
            Ok(Said::Found(by_path, found))
        }
        _ => Err(fields.invalid(by_path, format!("cannot stand beside `{name}`"))),
    }
}
