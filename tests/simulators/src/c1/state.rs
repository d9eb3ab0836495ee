//! The service's state, and what each call does with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use prost::Message;
use prost_types::Any;

use super::{
    Asset, CallFault, CallRecord, FinishedTask, Options, Rpc, TaskRecord,
    messages::{
        Annotated, FinishTaskRequest, GetTaskRequest, HeartbeatRequest, HeartbeatResponse,
        HelloRequest, NothingTask, UploadMetadata,
    },
    strict,
    task::{GetTaskResponse, Kind, NewTask, Task, TaskEnd},
    token::RegisteredClient,
};
use crate::random::Random;

/// A refused call.
#[derive(Debug)]
pub(super) struct RefusedCall {
    /// gRPC status; from 100 on an HTTP status.
    pub(super) code: u16,
    pub(super) message: String,
    /// Whether a well-behaved client would not have sent the call.
    pub(super) violation: bool,
}

impl RefusedCall {
    pub(super) fn of(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), violation: false }
    }

    pub(super) fn violation(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), violation: true }
    }
}

/// What is wrong with a message: an invalid argument.
impl From<String> for RefusedCall {
    fn from(message: String) -> Self {
        Self::violation(3, message)
    }
}

fn ensure(holds: bool, otherwise: impl Into<String>) -> Result<(), RefusedCall> {
    if holds { Ok(()) } else { Err(otherwise.into().into()) }
}

fn few(annotations: &[Any]) -> Result<(), RefusedCall> {
    ensure(annotations.len() <= 16, "there are more than 16 annotations")
}

/// A task and what became of it.
pub(super) struct Ordered {
    task: Task,
    /// Deliveries that are made whatever becomes of the task.
    due: usize,
    cancelled_at: Option<usize>,
    /// When it was delivered, or its worker last called.
    last_sign: Timestamp,
    done: bool,
    /// Answers to a proper end that were lost: it may come again.
    lost_answers: usize,
    record: TaskRecord,
}

pub(super) struct ServiceState {
    pub(super) options: Options,
    pub(super) client: RegisteredClient,
    host_id: Option<String>,
    nonces: BTreeSet<String>,
    /// Tokens and their ends; without one if the service forgot it.
    pub(super) tokens: BTreeMap<String, Option<Timestamp>>,
    pub(super) tasks: Vec<Ordered>,
    pub(super) faults: Vec<CallFault>,
    pub(super) log: Vec<CallRecord>,
    pub(super) violations: Vec<String>,
    pub(super) finishes: Vec<FinishedTask>,
    pub(super) assets: Vec<Asset>,
    pub(super) hellos: Vec<HelloRequest>,
    /// The connections in the order of their beginning, each with a handle that closes it.
    pub(super) connections: Vec<(SocketAddr, TcpStream)>,
    random: Random,
}

impl ServiceState {
    pub(super) fn new(options: Options, client: RegisteredClient) -> Self {
        Self {
            options,
            client,
            host_id: None,
            nonces: BTreeSet::new(),
            tokens: BTreeMap::new(),
            tasks: Vec::new(),
            faults: Vec::new(),
            log: Vec::new(),
            violations: Vec::new(),
            finishes: Vec::new(),
            assets: Vec::new(),
            hellos: Vec::new(),
            connections: Vec::new(),
            random: Random::new(1),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.options.clock)()
    }

    /// Closes a connection, by its number.
    pub(super) fn disconnect(&self, connection: usize) {
        if let Some((_, stream)) = self.connections.get(connection) {
            // It may be closed already.
            _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Orders a task. Returns its id.
    pub(super) fn order(&mut self, new: NewTask) -> String {
        let id = match new.id.is_empty() {
            true => self.random.hex32()[..27].to_owned(),
            false => new.id,
        };
        // Status 3 is RUNNING.
        let task = Task { id: id.clone(), status: 3, debug: new.debug, kind: new.kind };
        self.tasks.push(Ordered {
            task,
            due: new.deliveries,
            cancelled_at: new.cancelled_at,
            last_sign: self.now(),
            done: false,
            lost_answers: 0,
            record: TaskRecord { id: id.clone(), ..TaskRecord::default() },
        });
        id
    }

    /// The answer to a call was lost. What it ended may be ended again.
    pub(super) fn excuse(&mut self, number: usize) {
        let record = &self.log[number];
        let is_end = record.rpc == Some(Rpc::FinishTask);
        let id = record.task_id.clone();
        let tasks = self.tasks.iter_mut().filter(|task| is_end && task.task.id == id);
        tasks.for_each(|task| task.lost_answers += 1);
    }

    pub(super) fn records(&self) -> Vec<TaskRecord> {
        let record =
            |task: &Ordered| TaskRecord { open: task.due > 0 || !task.done, ..task.record.clone() };
        self.tasks.iter().map(record).collect()
    }

    /// Issues a token to a client that proves who it is.
    pub(super) fn issue(&mut self, form: &[u8]) -> Result<(String, u64), RefusedCall> {
        let now = self.now();
        let nonce = self.client.verify(form, now.as_second());
        let nonce = nonce.map_err(|wrong| RefusedCall::violation(401, wrong))?;
        if !self.nonces.insert(nonce) {
            return Err(RefusedCall::violation(401, "the nonce was used before"));
        }
        let token = self.random.hex32();
        let end = now.saturating_add(self.options.token_lifetime);
        self.tokens.insert(token.clone(), end.ok());
        Ok((token, self.options.token_lifetime.as_secs()))
    }

    pub(super) fn authenticate(&self, authorization: &str) -> Result<(), RefusedCall> {
        let token = authorization.strip_prefix("Bearer ").and_then(|token| self.tokens.get(token));
        match token {
            None => Err(RefusedCall::violation(16, "no such token was issued")),
            Some(None) => Err(RefusedCall::of(16, "the token is not known any more")),
            Some(Some(end)) if *end <= self.now() => {
                Err(RefusedCall::violation(16, "the token has expired"))
            }
            Some(Some(_)) => Ok(()),
        }
    }

    fn host(&mut self, host_id: &str) -> Result<(), RefusedCall> {
        ensure((1..=256).contains(&host_id.chars().count()), "host_id is empty or too long")?;
        let first = self.host_id.get_or_insert_with(|| host_id.to_owned());
        ensure(first == host_id, format!("host_id is {host_id:?} and was {first:?}"))
    }

    /// A task that was delivered.
    pub(super) fn task(&mut self, number: usize, id: &str) -> Result<&mut Ordered, RefusedCall> {
        id.clone_into(&mut self.log[number].task_id);
        let found = self.tasks.iter_mut().find(|task| task.task.id == id);
        let found = found.filter(|task| task.record.deliveries > 0);
        found.ok_or_else(|| RefusedCall::violation(5, format!("task {id:?} was not handed out")))
    }

    pub(super) fn hello(&mut self, number: usize, bytes: &[u8]) -> Result<Vec<u8>, RefusedCall> {
        let hello: HelloRequest = strict::read(bytes)?;
        self.host(&hello.host_id)?;
        check_hello(&hello)?;
        if !hello.task_id.is_empty() {
            let task = self.task(number, &hello.task_id)?;
            let is_hello = matches!(task.task.kind, Some(Kind::Hello(_)));
            ensure(is_hello && !task.done, "the task does not wait for a Hello")?;
            task.done = true;
            task.record.ends += 1;
        }
        self.hellos.push(hello);
        Ok(Annotated::default().encode_to_vec())
    }

    pub(super) fn get_task(&mut self, number: usize, bytes: &[u8]) -> Result<Vec<u8>, RefusedCall> {
        let request: GetTaskRequest = strict::read(bytes)?;
        self.host(&request.host_id)?;
        let (now, lease) = (self.now(), self.options.lease);
        let silent = |task: &Ordered| now.duration_since(task.last_sign).unsigned_abs() >= lease;
        let due = self.tasks.iter().position(|task| task.due > 0);
        let due = due.or_else(|| self.tasks.iter().position(|task| !task.done && silent(task)));
        let task = due.map(|due| {
            let task = &mut self.tasks[due];
            task.due = task.due.saturating_sub(1);
            task.record.deliveries += 1;
            task.last_sign = now;
            task.done = matches!(task.task.kind, Some(Kind::Nothing(_)));
            task.task.clone()
        });
        if let Some(task) = &task {
            task.id.clone_into(&mut self.log[number].task_id);
        }
        let nothing = || {
            let kind = Some(Kind::Nothing(NothingTask::default()));
            self.options.nothing_is_a_task.then(|| Task { kind, ..Task::default() })
        };
        let answer = GetTaskResponse {
            task: task.or_else(nothing),
            next_poll: duration(self.options.next_poll),
            next_heartbeat: duration(self.options.next_heartbeat),
        };
        Ok(answer.encode_to_vec())
    }

    pub(super) fn heartbeat(
        &mut self,
        number: usize,
        bytes: &[u8],
    ) -> Result<Vec<u8>, RefusedCall> {
        let request: HeartbeatRequest = strict::read(bytes)?;
        self.host(&request.host_id)?;
        few(&request.annotations)?;
        let now = self.now();
        let mut beat = |id: &String| -> Result<bool, RefusedCall> {
            let task = self.task(number, id)?;
            // A heartbeat may cross the end of its task: that is nobody's mistake.
            if task.done {
                return Err(RefusedCall::of(5, format!("task {id:?} is finished")));
            }
            task.last_sign = now;
            task.record.heartbeats.push(now);
            Ok(task.cancelled_at.is_some_and(|at| task.record.heartbeats.len() >= at))
        };
        let alone = request.task_ids.is_empty();
        ensure(alone != request.task_id.is_empty(), "give either task_id or task_ids")?;
        let cancelled = alone && beat(&request.task_id)?;
        let mut cancelled_task_ids = Vec::new();
        for id in request.task_ids {
            if beat(&id)? {
                cancelled_task_ids.push(id);
            }
        }
        let next_heartbeat = duration(self.options.next_heartbeat);
        let answer = HeartbeatResponse {
            next_heartbeat,
            cancelled,
            cancelled_task_ids,
            annotations: Vec::new(),
        };
        Ok(answer.encode_to_vec())
    }

    /// Checks the beginning of an upload. Returns the task's id.
    pub(super) fn begin_upload(
        &mut self,
        number: usize,
        metadata: UploadMetadata,
    ) -> Result<String, RefusedCall> {
        self.host(&metadata.host_id)?;
        few(&metadata.annotations)?;
        let task = self.task(number, &metadata.task_id)?;
        let is_sync = task.task.kind.as_ref().is_some_and(|kind| kind.end() == TaskEnd::Asset);
        ensure(is_sync && !task.done, "the task does not wait for an asset")?;
        ensure(!task.record.heartbeats.is_empty(), "the upload comes before the first heartbeat")?;
        Ok(metadata.task_id)
    }

    pub(super) fn end_upload(
        &mut self,
        number: usize,
        mut asset: Asset,
        sha256: &[u8],
    ) -> Result<Vec<u8>, RefusedCall> {
        let found = digest(&SHA256, &asset.bytes);
        ensure(found.as_ref() == sha256, "sha256_checksum is not that of the data")?;
        asset.at = self.now();
        let task = self.task(number, &asset.task_id)?;
        task.last_sign = asset.at;
        task.record.assets += 1;
        self.assets.push(asset);
        Ok(Annotated::default().encode_to_vec())
    }

    pub(super) fn finish(&mut self, number: usize, bytes: &[u8]) -> Result<Vec<u8>, RefusedCall> {
        let request: FinishTaskRequest = strict::read(bytes)?;
        self.host(&request.host_id)?;
        let at = self.now();
        let task = self.task(number, &request.task_id)?;
        let end = task.task.kind.as_ref().map_or(TaskEnd::Error, Kind::end);
        let finish = read_finish(at, request)?;
        check_end(end, &finish)?;
        let needs_asset = finish.success && end == TaskEnd::Asset;
        ensure(!needs_asset || task.record.assets > 0, "a sync ends in success without an asset")?;
        if task.record.ends >= task.record.deliveries + task.lost_answers {
            return Err(RefusedCall::violation(9, "the task was finished before"));
        }
        task.done = true;
        task.record.ends += 1;
        self.finishes.push(finish);
        Ok(Annotated::default().encode_to_vec())
    }
}

fn duration(of: Duration) -> Option<prost_types::Duration> {
    of.try_into().ok()
}

fn check_hello(hello: &HelloRequest) -> Result<(), RefusedCall> {
    few(&hello.annotations)?;
    let build = hello.build_info.clone().unwrap_or_default();
    let build = [build.lang_version, build.package, build.package_version];
    ensure(!build.iter().any(String::is_empty), "build_info has an empty text")?;
    let os = hello.os_info.clone().unwrap_or_default();
    let (platform, kernel) = (
        [os.platform, os.platform_version, os.platform_family],
        [os.kernel_version, os.kernel_arch],
    );
    let other = [os.hostname, os.os, os.virtualization_system];
    let mut texts = platform.iter().chain(&kernel).chain(&other);
    ensure(!texts.any(String::is_empty), "os_info has an empty text")?;
    let metadata = hello.connector_metadata.as_ref();
    let metadata = metadata.ok_or_else(|| "connector_metadata is missing".to_owned())?;
    ensure(!metadata.display_name.is_empty(), "the connector has no display_name")?;
    let capabilities = metadata.capabilities.as_ref();
    let capabilities =
        capabilities.ok_or_else(|| "the connector has no capabilities".to_owned())?;
    let types = &capabilities.resource_type_capabilities;
    let id = |index: usize| types[index].resource_type.as_ref().map(|kind| &*kind.id);
    let sorted = (1..types.len()).all(|index| id(index - 1) < id(index));
    let named = (0..types.len()).all(|index| id(index).is_some_and(|id| !id.is_empty()));
    ensure(sorted && named, "resource types are not sorted by id")?;
    let known = |found: &[i32]| found.iter().all(|found| (1..=14).contains(found));
    let first =
        types.iter().all(|kind| kind.capabilities.first() == Some(&2) && known(&kind.capabilities));
    ensure(first, "the first capability of a resource type is not SYNC, or one is unknown")?;
    let all = &capabilities.connector_capabilities;
    ensure(
        all.is_sorted_by(|a, b| a < b) && known(all),
        "connector_capabilities are not sorted, or one is unknown",
    )
}

fn read_finish(at: Timestamp, request: FinishTaskRequest) -> Result<FinishedTask, RefusedCall> {
    let status = request.status.unwrap_or_default();
    let (success, non_retryable, annotations, response) = match (request.success, request.error) {
        (Some(success), None) => (true, false, success.annotations, success.response),
        (None, Some(error)) => (false, error.non_retryable, error.annotations, error.response),
        _ => return Err("give either success or error".to_owned().into()),
    };
    few(&annotations)?;
    let codes = if success { 0..=0 } else { 1..=16 };
    ensure(codes.contains(&status.code), format!("code {} is not one of {codes:?}", status.code))?;
    let (task_id, code, message, details) =
        (request.task_id, status.code, status.message, status.details);
    Ok(FinishedTask {
        at,
        task_id,
        success,
        code,
        message,
        details,
        non_retryable,
        annotations,
        response,
    })
}

fn check_end(end: TaskEnd, finish: &FinishedTask) -> Result<(), RefusedCall> {
    let response =
        finish.response.as_ref().map(|any| any.type_url.rsplit('.').next().unwrap_or_default());
    let proper = match (end, response) {
        (TaskEnd::None, _) => return Err("a task of this kind is not finished".to_owned().into()),
        (TaskEnd::Error, None) => !finish.success,
        (TaskEnd::Asset, None) => true,
        (TaskEnd::Response(_), None) => !finish.success,
        (TaskEnd::Response(expected), Some(found)) => expected == found,
        (TaskEnd::Error | TaskEnd::Asset, Some(_)) => false,
    };
    let (outcome, response) =
        (if finish.success { "success" } else { "an error" }, response.unwrap_or("none"));
    ensure(
        proper,
        format!("a task of this kind does not end in {outcome} with response {response}"),
    )
}
