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

use crate::outcome::Outcome;
use crate::proto::{
    AccountResult, ConnectorMetadata, CreateAccountResponse, CreateAccountTask, CreatedAccount,
    DeleteResourceResponse, GrantAlreadyExists, GrantAlreadyRevoked,
    GrantManagerServiceGrantResponse, GrantManagerServiceRevokeResponse, Kind,
    ListActionSchemasResponse, ListEventFeedsResponse, RequestId, SyncFull, Task,
};

/// What there is to do for a task.
#[derive(Debug)]
pub(crate) enum Work {
    /// Introduce the connector again.
    Hello,
    /// Sync, and upload the snapshot.
    Sync(SyncFull),
    /// Change access.
    Change(Box<Change>),
    /// Nothing but to report this.
    Report(Outcome),
}

/// A change of access.
#[derive(Debug)]
pub(crate) struct Change {
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
pub(crate) fn name(kind: Option<&Kind>) -> &'static str {
    match kind {
        None => "unknown",
        Some(Kind::None(_)) => "none",
        Some(Kind::Hello(_)) => "hello",
        Some(Kind::SyncFull(_)) => "sync",
        Some(Kind::Grant(_)) => "grant",
        Some(Kind::Revoke(_)) => "revoke",
        Some(Kind::CreateAccount(_)) => "create-account",
        Some(Kind::CreateResource(_)) => "create-resource",
        Some(Kind::DeleteResource(_)) => "delete-account",
        Some(Kind::RotateCredentials(_)) => "rotate-credentials",
        Some(Kind::EventFeed(_)) => "event-feed",
        Some(Kind::CreateTicket(_)) => "create-ticket",
        Some(Kind::ListTicketSchemas(_)) => "list-ticket-schemas",
        Some(Kind::GetTicket(_)) => "get-ticket",
        Some(Kind::BulkCreateTickets(_)) => "bulk-create-tickets",
        Some(Kind::BulkGetTickets(_)) => "bulk-get-tickets",
        Some(Kind::ActionListSchemas(_)) => "action-list-schemas",
        Some(Kind::ActionGetSchema(_)) => "action-get-schema",
        Some(Kind::ActionInvoke(_)) => "action-invoke",
        Some(Kind::ActionStatus(_)) => "action-status",
        Some(Kind::CreateSyncDiff(_)) => "create-sync-diff",
        Some(Kind::CompactSyncs(_)) => "compact-syncs",
        Some(Kind::ListEventFeeds(_)) => "list-event-feeds",
        Some(Kind::ListEvents(_)) => "list-events",
        Some(Kind::IssueCredential(_)) => "issue-credential",
    }
}

/// What there is to do for a task. Tasks that no connector here can do are refused with the codes of the public
/// connectors.
pub(crate) fn plan(task: Task, offer: &Offer<'_>) -> Work {
    let what = name(task.kind.as_ref());
    let refuse = |code, text: &str, is_final| Work::Report(Outcome::error(code, text, is_final));
    match task.kind {
        Some(Kind::Hello(_)) => Work::Hello,
        Some(Kind::SyncFull(options)) => match &*options.storage_engine {
            // `pebble` is another format of the file, which nobody has to write.
            "" | "sqlite" | "pebble" => Work::Sync(options),
            other => {
                refuse(Code::Unknown, &format!("the storage engine `{other}` is unknown"), false)
            }
        },
        Some(
            kind @ (Kind::Grant(_)
            | Kind::Revoke(_)
            | Kind::CreateAccount(_)
            | Kind::DeleteResource(_)),
        ) => {
            if !offer.provisioning {
                return refuse(
                    Code::FailedPrecondition,
                    "provisioning is not enabled: set `provisioning` to true in the connection's secret, and deploy the functions that change access",
                    true,
                );
            }
            match change(&task.id, kind, offer) {
                Ok(change) => Work::Change(Box::new(change)),
                Err(Malformed(code, text)) => refuse(code, &text, true),
            }
        }
        Some(Kind::CreateResource(_) | Kind::RotateCredentials(_) | Kind::IssueCredential(_)) => {
            refuse(Code::Unimplemented, &format!("this connector does not support {what}"), true)
        }
        Some(
            Kind::ListTicketSchemas(_)
            | Kind::GetTicket(_)
            | Kind::CreateTicket(_)
            | Kind::BulkCreateTickets(_)
            | Kind::BulkGetTickets(_),
        ) => refuse(Code::Unknown, "ticketing is not enabled", false),
        Some(Kind::ActionGetSchema(_) | Kind::ActionInvoke(_) | Kind::ActionStatus(_)) => {
            refuse(Code::NotFound, "this connector has no actions", false)
        }
        Some(Kind::ActionListSchemas(_)) => {
            Work::Report(Outcome::response("no actions", &ListActionSchemasResponse {}, Vec::new()))
        }
        Some(Kind::ListEventFeeds(_)) => Work::Report(Outcome::response(
            "no event feeds",
            &ListEventFeedsResponse {},
            Vec::new(),
        )),
        Some(Kind::ListEvents(_)) => {
            refuse(Code::Unimplemented, "this connector has no event feeds", true)
        }
        Some(
            Kind::EventFeed(_) | Kind::CreateSyncDiff(_) | Kind::CompactSyncs(_) | Kind::None(_),
        )
        | None => refuse(Code::Unknown, "unsupported task type", false),
    }
}

/// What is wrong with a task.
struct Malformed(Code, String);

fn malformed(text: impl Into<String>) -> Malformed {
    Malformed(Code::InvalidArgument, text.into())
}

fn change(task_id: &str, kind: Kind, offer: &Offer<'_>) -> Result<Change, Malformed> {
    let request = Request { id: task_id, connection: offer.connection };
    match kind {
        Kind::Grant(task) => {
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
            Change::new(Operation::Grant, &event, Subject::Grant(Box::new(grant)))
        }
        Kind::Revoke(task) => {
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
            Change::new(Operation::Revoke, &event, Subject::Revoke)
        }
        Kind::CreateAccount(task) => {
            offer.needs_some(ACCOUNT_PROVISIONING, "creating accounts")?;
            if !task.resource_type_id.is_empty() {
                offer.needs(ACCOUNT_PROVISIONING, &task.resource_type_id, "creating accounts")?;
            }
            let account = account(task)?;
            let email = account.email.clone();
            Change::new(
                Operation::CreateAccount,
                &request.create(account),
                Subject::Account { email },
            )
        }
        Kind::DeleteResource(task) => {
            let id = model_id(task.resource_id.as_ref())?;
            offer.needs(RESOURCE_DELETE, &id.resource_type, "deletion")?;
            Change::new(
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

impl Change {
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
    pub(crate) fn outcome(self, answer: &ChangeAnswer) -> Outcome {
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
                Outcome::response(
                    summary,
                    &GrantManagerServiceGrantResponse { annotations, grants },
                    beside,
                )
            }
            Subject::Revoke => Outcome::response(
                summary,
                &GrantManagerServiceRevokeResponse { annotations },
                beside,
            ),
            Subject::Resource => {
                Outcome::response(summary, &DeleteResourceResponse { annotations }, beside)
            }
            Subject::Account { email } => {
                let account = CreatedAccount { resource: resource(answer, email) };
                let result = match answer.outcome {
                    Did::AlreadyExists => AccountResult::AlreadyExists(account),
                    Did::InProgress => AccountResult::InProgress(account),
                    _ => AccountResult::Success(account),
                };
                let response = CreateAccountResponse { result: Some(result), annotations };
                Outcome::response(summary, &response, beside)
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
