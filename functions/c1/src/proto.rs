//! The messages of ConductorOne's connector service (package `c1.connectorapi.baton.v1`) and those of
//! `c1.connector.v2` that it carries, as the Baton SDK publishes them: the fields that the agent writes or reads.

use std::collections::BTreeMap;

use prost::{Message, Oneof};
use prost_types::{Any, Duration, Struct};
use rollcall_model::proto::{
    Annotation, Email, Entitlement, Grant, Resource, ResourceId, ResourceType,
};

// ── Hello

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HelloRequest {
    #[prost(string, tag = "1")]
    pub(crate) host_id: String,
    #[prost(string, tag = "2")]
    pub(crate) task_id: String,
    #[prost(message, optional, tag = "3")]
    pub(crate) build_info: Option<BuildInfo>,
    #[prost(message, optional, tag = "4")]
    pub(crate) os_info: Option<OsInfo>,
    #[prost(message, optional, tag = "5")]
    pub(crate) connector_metadata: Option<ConnectorMetadata>,
}

/// A message of which nothing is read.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Unread {}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct BuildInfo {
    #[prost(string, tag = "1")]
    pub(crate) lang_version: String,
    #[prost(string, tag = "2")]
    pub(crate) package: String,
    #[prost(string, tag = "3")]
    pub(crate) package_version: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct OsInfo {
    #[prost(string, tag = "1")]
    pub(crate) hostname: String,
    #[prost(string, tag = "2")]
    pub(crate) os: String,
    #[prost(string, tag = "3")]
    pub(crate) platform: String,
    #[prost(string, tag = "4")]
    pub(crate) platform_version: String,
    #[prost(string, tag = "5")]
    pub(crate) platform_family: String,
    #[prost(string, tag = "6")]
    pub(crate) kernel_version: String,
    #[prost(string, tag = "7")]
    pub(crate) kernel_arch: String,
    #[prost(string, tag = "8")]
    pub(crate) virtualization_system: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ConnectorMetadata {
    #[prost(string, tag = "1")]
    pub(crate) display_name: String,
    #[prost(string, tag = "7")]
    pub(crate) description: String,
    #[prost(message, optional, tag = "8")]
    pub(crate) capabilities: Option<ConnectorCapabilities>,
    #[prost(message, optional, tag = "9")]
    pub(crate) account_creation_schema: Option<AccountCreationSchema>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ConnectorCapabilities {
    #[prost(message, repeated, tag = "1")]
    pub(crate) resource_type_capabilities: Vec<ResourceTypeCapability>,
    #[prost(int32, repeated, tag = "2")]
    pub(crate) connector_capabilities: Vec<i32>,
    #[prost(message, optional, tag = "3")]
    pub(crate) credential_details: Option<CredentialDetails>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ResourceTypeCapability {
    #[prost(message, optional, tag = "1")]
    pub(crate) resource_type: Option<ResourceType>,
    #[prost(int32, repeated, tag = "2")]
    pub(crate) capabilities: Vec<i32>,
    #[prost(message, optional, tag = "3")]
    pub(crate) permissions: Option<Unread>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct CredentialDetails {
    #[prost(message, optional, tag = "1")]
    pub(crate) capability_account_provisioning: Option<CredentialOptions>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct CredentialOptions {
    #[prost(int32, repeated, tag = "1")]
    pub(crate) supported_credential_options: Vec<i32>,
    #[prost(int32, tag = "2")]
    pub(crate) preferred_credential_option: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AccountCreationSchema {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(crate) field_map: BTreeMap<String, AccountField>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AccountField {
    #[prost(string, tag = "1")]
    pub(crate) display_name: String,
    #[prost(bool, tag = "2")]
    pub(crate) required: bool,
    #[prost(string, tag = "3")]
    pub(crate) description: String,
    #[prost(string, tag = "4")]
    pub(crate) placeholder: String,
    #[prost(int32, tag = "5")]
    pub(crate) order: i32,
    #[prost(oneof = "AccountFieldKind", tags = "100, 101, 102, 103")]
    pub(crate) kind: Option<AccountFieldKind>,
}

#[derive(Clone, Copy, PartialEq, Eq, Oneof)]
pub(crate) enum AccountFieldKind {
    #[prost(message, tag = "100")]
    Text(Unread),
    #[prost(message, tag = "101")]
    Flag(Unread),
    #[prost(message, tag = "102")]
    TextList(Unread),
    #[prost(message, tag = "103")]
    Integer(Unread),
}

// ── Tasks

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct GetTaskRequest {
    #[prost(string, tag = "1")]
    pub(crate) host_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetTaskResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) task: Option<Task>,
    #[prost(message, optional, tag = "2")]
    pub(crate) next_poll: Option<Duration>,
    #[prost(message, optional, tag = "3")]
    pub(crate) next_heartbeat: Option<Duration>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Task {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(
        oneof = "TaskKind",
        tags = "100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, \
                120, 121, 122, 123"
    )]
    pub(crate) kind: Option<TaskKind>,
}

/// The kinds of tasks. Of those that are refused in any case nothing is read.
#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum TaskKind {
    #[prost(message, tag = "100")]
    None(Unread),
    #[prost(message, tag = "101")]
    Hello(Unread),
    #[prost(message, tag = "102")]
    SyncFull(SyncFull),
    #[prost(message, tag = "103")]
    Grant(GrantTask),
    #[prost(message, tag = "104")]
    Revoke(RevokeTask),
    #[prost(message, tag = "105")]
    CreateAccount(CreateAccountTask),
    #[prost(message, tag = "106")]
    CreateResource(Unread),
    #[prost(message, tag = "107")]
    DeleteResource(DeleteResourceTask),
    #[prost(message, tag = "108")]
    RotateCredentials(Unread),
    #[prost(message, tag = "109")]
    EventFeed(Unread),
    #[prost(message, tag = "110")]
    CreateTicket(Unread),
    #[prost(message, tag = "111")]
    ListTicketSchemas(Unread),
    #[prost(message, tag = "112")]
    GetTicket(Unread),
    #[prost(message, tag = "113")]
    BulkCreateTickets(Unread),
    #[prost(message, tag = "114")]
    BulkGetTickets(Unread),
    #[prost(message, tag = "115")]
    ActionListSchemas(Unread),
    #[prost(message, tag = "116")]
    ActionGetSchema(Unread),
    #[prost(message, tag = "117")]
    ActionInvoke(Unread),
    #[prost(message, tag = "118")]
    ActionStatus(Unread),
    #[prost(message, tag = "119")]
    CreateSyncDiff(Unread),
    #[prost(message, tag = "120")]
    CompactSyncs(Unread),
    #[prost(message, tag = "121")]
    ListEventFeeds(Unread),
    #[prost(message, tag = "122")]
    ListEvents(Unread),
    #[prost(message, tag = "123")]
    IssueCredential(Unread),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SyncFull {
    #[prost(bool, tag = "2")]
    pub(crate) skip_expand_grants: bool,
    #[prost(bool, tag = "3")]
    pub(crate) skip_entitlements_and_grants: bool,
    #[prost(message, repeated, tag = "4")]
    pub(crate) targeted_sync_resources: Vec<Resource>,
    #[prost(string, repeated, tag = "5")]
    pub(crate) sync_resource_type_ids: Vec<String>,
    #[prost(bool, tag = "6")]
    pub(crate) skip_grants: bool,
    #[prost(string, tag = "7")]
    pub(crate) storage_engine: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GrantTask {
    #[prost(message, optional, tag = "1")]
    pub(crate) entitlement: Option<Entitlement>,
    #[prost(message, optional, tag = "2")]
    pub(crate) principal: Option<Resource>,
    #[prost(message, optional, tag = "4")]
    pub(crate) duration: Option<Duration>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RevokeTask {
    #[prost(message, optional, tag = "1")]
    pub(crate) grant: Option<Grant>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CreateAccountTask {
    #[prost(message, optional, tag = "1")]
    pub(crate) account_info: Option<AccountInfo>,
    #[prost(string, tag = "4")]
    pub(crate) resource_type_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AccountInfo {
    #[prost(message, repeated, tag = "1")]
    pub(crate) emails: Vec<Email>,
    #[prost(string, tag = "2")]
    pub(crate) login: String,
    #[prost(message, optional, tag = "4")]
    pub(crate) profile: Option<Struct>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct DeleteResourceTask {
    #[prost(message, optional, tag = "1")]
    pub(crate) resource_id: Option<ResourceId>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct HeartbeatRequest {
    #[prost(string, tag = "1")]
    pub(crate) host_id: String,
    #[prost(string, tag = "2")]
    pub(crate) task_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct HeartbeatResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) next_heartbeat: Option<Duration>,
    #[prost(bool, tag = "2")]
    pub(crate) cancelled: bool,
}

// ── Results

#[derive(Clone, PartialEq, Message)]
pub(crate) struct FinishTaskRequest {
    #[prost(string, tag = "1")]
    pub(crate) host_id: String,
    #[prost(string, tag = "2")]
    pub(crate) task_id: String,
    #[prost(message, optional, tag = "3")]
    pub(crate) status: Option<Status>,
    #[prost(oneof = "Conclusion", tags = "100, 101")]
    pub(crate) conclusion: Option<Conclusion>,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Status {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) details: Vec<Any>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Conclusion {
    #[prost(message, tag = "100")]
    Error(FinishError),
    #[prost(message, tag = "101")]
    Success(FinishSuccess),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct FinishError {
    #[prost(bool, tag = "1")]
    pub(crate) non_retryable: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct FinishSuccess {
    #[prost(message, repeated, tag = "1")]
    pub(crate) annotations: Vec<Any>,
    #[prost(message, optional, tag = "2")]
    pub(crate) response: Option<Any>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct UploadAssetRequest {
    #[prost(oneof = "UploadPart", tags = "100, 101, 102")]
    pub(crate) part: Option<UploadPart>,
}

#[derive(Clone, PartialEq, Eq, Oneof)]
pub(crate) enum UploadPart {
    #[prost(message, tag = "100")]
    Metadata(UploadMetadata),
    #[prost(message, tag = "101")]
    Data(UploadData),
    #[prost(message, tag = "102")]
    Eof(UploadEof),
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct UploadMetadata {
    #[prost(string, tag = "1")]
    pub(crate) host_id: String,
    #[prost(string, tag = "2")]
    pub(crate) task_id: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct UploadData {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) data: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct UploadEof {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) sha256_checksum: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GrantManagerServiceGrantResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) annotations: Vec<Any>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) grants: Vec<Grant>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct GrantManagerServiceRevokeResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) annotations: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CreateAccountResponse {
    #[prost(oneof = "AccountResult", tags = "100, 102, 103")]
    pub(crate) result: Option<AccountResult>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) annotations: Vec<Any>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum AccountResult {
    #[prost(message, tag = "100")]
    Success(CreatedAccount),
    #[prost(message, tag = "102")]
    AlreadyExists(CreatedAccount),
    #[prost(message, tag = "103")]
    InProgress(CreatedAccount),
}

/// The variants of an account's result: the field that the agent writes is the same in all of them.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CreatedAccount {
    #[prost(message, optional, tag = "1")]
    pub(crate) resource: Option<Resource>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DeleteResourceResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) annotations: Vec<Any>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct ListActionSchemasResponse {}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct ListEventFeedsResponse {}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct GrantAlreadyExists {}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct GrantAlreadyRevoked {}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct RequestId {
    #[prost(string, tag = "1")]
    pub(crate) request_id: String,
}

macro_rules! carried {
    ($($name:ident),* $(,)?) => {
        $(impl Annotation for $name { const NAME: &'static str = stringify!($name); })*
    };
}

carried!(
    GrantManagerServiceGrantResponse,
    GrantManagerServiceRevokeResponse,
    CreateAccountResponse,
    DeleteResourceResponse,
    ListActionSchemasResponse,
    ListEventFeedsResponse,
    GrantAlreadyExists,
    GrantAlreadyRevoked,
    RequestId,
);

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ErrorInfo {
    #[prost(string, tag = "1")]
    pub(crate) reason: String,
    #[prost(string, tag = "2")]
    pub(crate) domain: String,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(crate) retry_delay: Option<Duration>,
}
