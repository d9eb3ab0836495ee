//! From a task to the event that everybody else sends, and from the answer to the task's result: pure functions.

use prost_types::value::Kind as JsonKind;
use prost_types::{Any, Struct, Value as JsonValue};
use rollcall_connector::Error;
use rollcall_connector::event::{
    Account, ChangeAnswer, ChangeEvent, CreateEvent, DeleteEvent, Outcome as Did,
};
use rollcall_engine::operation::Operation;
use rollcall_model::proto::{
    Annotation, Email, Entitlement, Grant, Resource, ResourceId, UserTrait,
};
use rollcall_model::{EntitlementId, grant_id};
use serde::Serialize;
use serde_json::{Map, Value};
use tonic::Code;

use crate::outcome::TaskOutcome;
use crate::proto::{
    AccountResult, ConnectorMetadata, CreateAccountResponse, CreateAccountTask, CreatedAccount,
    DeleteResourceResponse, GrantAlreadyExists, GrantAlreadyRevoked,
    GrantManagerServiceGrantResponse, GrantManagerServiceRevokeResponse, ListActionSchemasResponse,
    ListEventFeedsResponse, RequestId, SyncFull, Task, TaskKind,
};

/// What there is to do for a task.
#[derive(Debug)]
pub(crate) enum TaskWork {
    /// Introduce the connector again.
    Hello,
    /// Sync, and upload the snapshot.
    Sync(SyncFull),
    /// Change access.
    Change(Box<ChangeTask>),
    /// Nothing but to report this.
    Report(TaskOutcome),
}

/// A change of access.
#[derive(Debug)]
pub(crate) struct ChangeTask {
    pub(crate) operation: Operation,
    pub(crate) event: Value,
    subject: Subject,
}

/// What the response to a change repeats of its task.
#[derive(Debug)]
enum Subject {
    Grant(Box<Grant>),
    Revoke,
    Account { email: String },
    Resource,
}

/// What ConductorOne may have done: the connector's capabilities, if changes are allowed.
#[derive(Debug)]
pub(crate) struct Offer<'a> {
    pub(crate) metadata: &'a ConnectorMetadata,
    pub(crate) provisioning: bool,
    pub(crate) connection: &'a str,
}

/// The numbers of capabilities.
const PROVISION: i32 = 1;
const ACCOUNT_PROVISIONING: i32 = 5;
const RESOURCE_DELETE: i32 = 8;

/// The kind of a task, for people.
pub(crate) fn name(kind: Option<&TaskKind>) -> &'static str {
    match kind {
        None => "unknown",
        Some(TaskKind::None(_)) => "none",
        Some(TaskKind::Hello(_)) => "hello",
        Some(TaskKind::SyncFull(_)) => "sync",
        Some(TaskKind::Grant(_)) => "grant",
        Some(TaskKind::Revoke(_)) => "revoke",
        Some(TaskKind::CreateAccount(_)) => "create-account",
        Some(TaskKind::CreateResource(_)) => "create-resource",
        Some(TaskKind::DeleteResource(_)) => "delete-account",
        Some(TaskKind::RotateCredentials(_)) => "rotate-credentials",
        Some(TaskKind::EventFeed(_)) => "event-feed",
        Some(TaskKind::CreateTicket(_)) => "create-ticket",
        Some(TaskKind::ListTicketSchemas(_)) => "list-ticket-schemas",
        Some(TaskKind::GetTicket(_)) => "get-ticket",
        Some(TaskKind::BulkCreateTickets(_)) => "bulk-create-tickets",
        Some(TaskKind::BulkGetTickets(_)) => "bulk-get-tickets",
        Some(TaskKind::ActionListSchemas(_)) => "action-list-schemas",
        Some(TaskKind::ActionGetSchema(_)) => "action-get-schema",
        Some(TaskKind::ActionInvoke(_)) => "action-invoke",
        Some(TaskKind::ActionStatus(_)) => "action-status",
        Some(TaskKind::CreateSyncDiff(_)) => "create-sync-diff",
        Some(TaskKind::CompactSyncs(_)) => "compact-syncs",
        Some(TaskKind::ListEventFeeds(_)) => "list-event-feeds",
        Some(TaskKind::ListEvents(_)) => "list-events",
        Some(TaskKind::IssueCredential(_)) => "issue-credential",
    }
}

/// What there is to do for a task. Tasks that no connector here can do are refused with the codes of the public
/// connectors.
pub(crate) fn plan(task: Task, offer: &Offer<'_>) -> TaskWork {
    let what = name(task.kind.as_ref());
    let refuse =
        |code, text: &str, is_final| TaskWork::Report(TaskOutcome::error(code, text, is_final));
    match task.kind {
        Some(TaskKind::Hello(_)) => TaskWork::Hello,
        Some(TaskKind::SyncFull(options)) => match &*options.storage_engine {
            // `pebble` is another format of the file, which nobody has to write.
            "" | "sqlite" | "pebble" => TaskWork::Sync(options),
            other => {
                refuse(Code::Unknown, &format!("the storage engine `{other}` is unknown"), false)
            }
        },
        Some(
            kind @ (TaskKind::Grant(_)
            | TaskKind::Revoke(_)
            | TaskKind::CreateAccount(_)
            | TaskKind::DeleteResource(_)),
        ) => {
            if !offer.provisioning {
                return refuse(
                    Code::FailedPrecondition,
                    "provisioning is not enabled: set `provisioning` to true in the connection's secret, and deploy the functions that change access",
                    true,
                );
            }
            match change(&task.id, kind, offer) {
                Ok(change) => TaskWork::Change(Box::new(change)),
                Err(Malformed(code, text)) => refuse(code, &text, true),
            }
        }
        Some(
            TaskKind::CreateResource(_)
            | TaskKind::RotateCredentials(_)
            | TaskKind::IssueCredential(_),
        ) => refuse(Code::Unimplemented, &format!("this connector does not support {what}"), true),
        Some(
            TaskKind::ListTicketSchemas(_)
            | TaskKind::GetTicket(_)
            | TaskKind::CreateTicket(_)
            | TaskKind::BulkCreateTickets(_)
            | TaskKind::BulkGetTickets(_),
        ) => refuse(Code::Unknown, "ticketing is not enabled", false),
        Some(
            TaskKind::ActionGetSchema(_) | TaskKind::ActionInvoke(_) | TaskKind::ActionStatus(_),
        ) => refuse(Code::NotFound, "this connector has no actions", false),
        Some(TaskKind::ActionListSchemas(_)) => TaskWork::Report(TaskOutcome::response(
            "no actions",
            &ListActionSchemasResponse {},
            Vec::new(),
        )),
        Some(TaskKind::ListEventFeeds(_)) => TaskWork::Report(TaskOutcome::response(
            "no event feeds",
            &ListEventFeedsResponse {},
            Vec::new(),
        )),
        Some(TaskKind::ListEvents(_)) => {
            refuse(Code::Unimplemented, "this connector has no event feeds", true)
        }
        Some(
            TaskKind::EventFeed(_)
            | TaskKind::CreateSyncDiff(_)
            | TaskKind::CompactSyncs(_)
            | TaskKind::None(_),
        )
        | None => refuse(Code::Unknown, "unsupported task type", false),
    }
}

/// What is wrong with a task.
struct Malformed(Code, String);

fn malformed(text: impl Into<String>) -> Malformed {
    Malformed(Code::InvalidArgument, text.into())
}

fn change(task_id: &str, kind: TaskKind, offer: &Offer<'_>) -> Result<ChangeTask, Malformed> {
    let request = Request { id: task_id, connection: offer.connection };
    match kind {
        TaskKind::Grant(task) => {
            let missing = || malformed("the task lacks its entitlement or its principal");
            let (entitlement, principal) =
                task.entitlement.zip(task.principal).ok_or_else(missing)?;
            let event = request.access(&entitlement, &principal, offer)?;
            let id = grant_id(&event.entitlement, &model_id(principal.id.as_ref())?);
            let grant = Grant {
                id,
                entitlement: Some(entitlement),
                principal: Some(principal),
                ..Grant::default()
            };
            ChangeTask::new(Operation::Grant, &event, Subject::Grant(Box::new(grant)))
        }
        TaskKind::Revoke(task) => {
            let missing =
                || malformed("the task lacks its grant, or the grant its entitlement or principal");
            let grant = task.grant.ok_or_else(missing)?;
            let (entitlement, principal) =
                grant.entitlement.zip(grant.principal).ok_or_else(missing)?;
            let event = request.access(&entitlement, &principal, offer)?;
            let id = grant_id(&event.entitlement, &model_id(principal.id.as_ref())?);
            if !grant.id.is_empty() && grant.id != id {
                return Err(malformed(format!(
                    "the grant `{}` is not that of its entitlement and principal, `{id}`",
                    grant.id
                )));
            }
            ChangeTask::new(Operation::Revoke, &event, Subject::Revoke)
        }
        TaskKind::CreateAccount(task) => {
            offer.needs_some(ACCOUNT_PROVISIONING, "creating accounts")?;
            if !task.resource_type_id.is_empty() {
                offer.needs(ACCOUNT_PROVISIONING, &task.resource_type_id, "creating accounts")?;
            }
            let account = account(task)?;
            let email = account.email.clone();
            ChangeTask::new(
                Operation::CreateAccount,
                &request.create(account),
                Subject::Account { email },
            )
        }
        TaskKind::DeleteResource(task) => {
            let id = model_id(task.resource_id.as_ref())?;
            offer.needs(RESOURCE_DELETE, &id.resource_type, "deletion")?;
            ChangeTask::new(
                Operation::DeleteAccount,
                &request.delete(id.to_string()),
                Subject::Resource,
            )
        }
        _ => Err(malformed("the task is not a change")),
    }
}

/// What every event of a change says.
struct Request<'a> {
    id: &'a str,
    connection: &'a str,
}

impl Request<'_> {
    /// The reason in the audit record.
    fn reason(&self) -> Option<String> {
        Some(format!("ConductorOne task {}", self.id))
    }

    fn access(
        &self,
        entitlement: &Entitlement,
        principal: &Resource,
        offer: &Offer<'_>,
    ) -> Result<ChangeEvent, Malformed> {
        let text = &entitlement.id;
        let id = EntitlementId::parse(text)
            .ok_or_else(|| malformed(format!("`{text}` is not a valid entitlement id")))?;
        let resource = entitlement.resource.as_ref().and_then(|resource| resource.id.as_ref());
        let is_same =
            |r: &ResourceId| *text == format!("{}:{}:{}", r.resource_type, r.resource, id.slug);
        if let Some(resource) = resource.filter(|r| !is_same(r)) {
            let ResourceId { resource_type, resource } = resource;
            return Err(malformed(format!(
                "the entitlement `{text}` is not one of its resource `{resource_type}:{resource}`"
            )));
        }
        offer.needs(PROVISION, &id.resource.resource_type, "granting and revoking")?;
        Ok(ChangeEvent {
            connection: self.connection.to_owned(),
            request_id: self.id.to_owned(),
            entitlement: text.clone(),
            principal: model_id(principal.id.as_ref())?.to_string(),
            dry_run: false,
            reason: self.reason(),
            allow: Vec::new(),
        })
    }

    fn create(&self, account: Account) -> CreateEvent {
        let (connection, request_id) = (self.connection.to_owned(), self.id.to_owned());
        CreateEvent { connection, request_id, account, dry_run: false, reason: self.reason() }
    }

    fn delete(&self, principal: String) -> DeleteEvent {
        let (connection, request_id) = (self.connection.to_owned(), self.id.to_owned());
        DeleteEvent { connection, request_id, principal, dry_run: false, reason: self.reason() }
    }
}

fn model_id(id: Option<&ResourceId>) -> Result<rollcall_model::ResourceId, Malformed> {
    let id = id.filter(|id| !id.resource_type.is_empty() && !id.resource.is_empty());
    let id = id.ok_or_else(|| malformed("the task lacks the id of a resource"))?;
    let text = format!("{}:{}", id.resource_type, id.resource);
    rollcall_model::ResourceId::parse(&text)
        .filter(|read| read.resource_type == id.resource_type)
        .ok_or_else(|| malformed(format!("`{text}` is not a valid resource id")))
}

impl Offer<'_> {
    fn types(&self) -> impl Iterator<Item = (&str, &[i32])> {
        let types = self.metadata.capabilities.iter().flat_map(|c| &c.resource_type_capabilities);
        types.filter_map(|t| Some((&*t.resource_type.as_ref()?.id, &*t.capabilities)))
    }

    fn needs(&self, capability: i32, resource_type: &str, what: &str) -> Result<(), Malformed> {
        let has = self.types().any(|(id, all)| id == resource_type && all.contains(&capability));
        let text = || {
            format!("the connector does not support {what} for the resource type `{resource_type}`")
        };
        has.then_some(()).ok_or_else(|| Malformed(Code::Unimplemented, text()))
    }

    fn needs_some(&self, capability: i32, what: &str) -> Result<(), Malformed> {
        let has = self.types().any(|(_, all)| all.contains(&capability));
        has.then_some(()).ok_or_else(|| {
            Malformed(Code::Unimplemented, format!("the connector does not support {what}"))
        })
    }
}

/// The account that a task describes. The address stands in the profile, as the connector's schema of accounts has it,
/// or among the addresses, or is the login.
fn account(task: CreateAccountTask) -> Result<Account, Malformed> {
    let info = task.account_info.ok_or_else(|| malformed("the task lacks its account"))?;
    let mut profile = json_object(info.profile.unwrap_or_default());
    let of_profile = profile.remove("email").and_then(|value| value.as_str().map(str::to_owned));
    let primary = info.emails.iter().find(|e| e.is_primary).or(info.emails.first());
    let candidates = [of_profile, primary.map(|e| e.address.clone()), Some(info.login)];
    let email = candidates.into_iter().flatten().find(|text| !text.is_empty());
    let email = email.ok_or_else(|| malformed("the account has no e-mail address"))?;
    Ok(Account { email, profile: profile.into_iter().collect() })
}

fn json_object(from: Struct) -> Map<String, Value> {
    from.fields.into_iter().map(|(key, value)| (key, json(value))).collect()
}

fn json(from: JsonValue) -> Value {
    match from.kind {
        None | Some(JsonKind::NullValue(_)) => Value::Null,
        Some(JsonKind::BoolValue(flag)) => flag.into(),
        Some(JsonKind::NumberValue(number)) => number.into(),
        Some(JsonKind::StringValue(text)) => text.into(),
        Some(JsonKind::ListValue(list)) => list.values.into_iter().map(json).collect(),
        Some(JsonKind::StructValue(object)) => json_object(object).into(),
    }
}

impl ChangeTask {
    fn new(
        operation: Operation,
        event: &impl Serialize,
        subject: Subject,
    ) -> Result<Self, Malformed> {
        let event =
            serde_json::to_value(event).map_err(|e| malformed(Error::not_json(e).to_string()))?;
        Ok(Self { operation, event, subject })
    }

    /// The result of the task whose change was answered like this.
    pub(crate) fn outcome(self, answer: &ChangeAnswer) -> TaskOutcome {
        let summary = summary(answer);
        let vendor_id = answer.vendor_request_id.iter();
        let mut annotations: Vec<Any> =
            vendor_id.map(|id| RequestId { request_id: id.clone() }.to_any()).collect();
        match answer.outcome {
            Did::AlreadyGranted => annotations = vec![GrantAlreadyExists {}.to_any()],
            Did::AlreadyRevoked => annotations = vec![GrantAlreadyRevoked {}.to_any()],
            _ => {}
        }
        let beside = annotations.clone();
        match self.subject {
            Subject::Grant(grant) => {
                let is_new = answer.outcome == Did::Granted;
                let grants = is_new.then_some(*grant).into_iter().collect();
                TaskOutcome::response(
                    summary,
                    &GrantManagerServiceGrantResponse { annotations, grants },
                    beside,
                )
            }
            Subject::Revoke => TaskOutcome::response(
                summary,
                &GrantManagerServiceRevokeResponse { annotations },
                beside,
            ),
            Subject::Resource => {
                TaskOutcome::response(summary, &DeleteResourceResponse { annotations }, beside)
            }
            Subject::Account { email } => {
                let account = CreatedAccount { resource: resource(answer, email) };
                let result = match answer.outcome {
                    Did::AlreadyExists => AccountResult::AlreadyExists(account),
                    Did::InProgress => AccountResult::InProgress(account),
                    _ => AccountResult::Success(account),
                };
                let response = CreateAccountResponse { result: Some(result), annotations };
                TaskOutcome::response(summary, &response, beside)
            }
        }
    }
}

fn summary(answer: &ChangeAnswer) -> String {
    let word = match answer.outcome {
        Did::Granted => "granted",
        Did::AlreadyGranted => "already granted",
        Did::Revoked => "revoked",
        Did::AlreadyRevoked => "already revoked",
        Did::Created => "created",
        Did::AlreadyExists => "already exists",
        Did::Deleted => "deleted",
        Did::AlreadyDeleted => "already deleted",
        Did::NotDue => "not due",
        Did::Unchanged => "unchanged",
        Did::InProgress => "in progress",
    };
    match answer.replaced.as_slice() {
        [] => word.into(),
        replaced => format!("{word}, which replaced {}", replaced.join(", ")),
    }
}

fn resource(answer: &ChangeAnswer, email: String) -> Option<Resource> {
    let account = answer.resource.as_ref()?;
    let id = rollcall_model::ResourceId::parse(&account.id)?;
    let of_user = UserTrait {
        emails: vec![Email { address: email, is_primary: true }],
        ..UserTrait::default()
    };
    Some(Resource {
        id: Some(ResourceId { resource_type: id.resource_type, resource: id.id }),
        display_name: account.display_name.clone(),
        annotations: vec![of_user.to_any()],
        ..Resource::default()
    })
}
