//! The protocol's messages, each field with its number. What no connector of this repository sends is left out, and
//! therefore refused: credentials for machines, and the content of tickets, events and actions.

#![expect(missing_docs, reason = "names and fields are those of the protocol")]

use std::collections::BTreeMap;

use prost_types::{Any, Duration, Struct, Timestamp};

use super::strict;

/// The messages of a package. After `known NAME`, also the function that reads one of them by its full name.
macro_rules! messages {
    (known $known:ident $package:literal $($name:ident {$($field:tt)*})*) => {
        messages! { $package $($name {$($field)*})* }

        /// Reads a message of this full name; `None` if the package has none.
        pub(super) fn $known(name: &str, bytes: &[u8]) -> Option<Result<(), String>> {
            match name {
                $(concat!($package, ".", stringify!($name)) => {
                    Some(strict::shallow::<$name>(bytes).map(drop))
                })*
                _ => None,
            }
        }
    };
    ($package:literal $($name:ident {$([$tag:tt $($kind:tt)*] $field:ident: $type:ty),* $(,)?})*) => {$(
        #[derive(Clone, PartialEq, prost::Message)]
        pub struct $name {$(
            #[prost($($kind)*, tag = $tag)]
            pub $field: $type,
        )*}

        impl prost::Name for $name {
            const NAME: &'static str = stringify!($name);
            const PACKAGE: &'static str = $package;
        }
    )*};
}

messages! { known known_rpc "google.rpc"
    Status { [1 int32] code: i32, [2 string] message: String, [3 message, repeated] details: Vec<Any> }
    ErrorInfo {
        [1 string] reason: String, [2 string] domain: String,
        [3 btree_map = "string, string"] metadata: BTreeMap<String, String>,
    }
    RetryInfo { [1 message, optional] retry_delay: Option<Duration> }
}

messages! { known known_connector "c1.connector.v2"
    // What a snapshot is made of.
    ResourceType {
        [1 string] id: String, [2 string] display_name: String, [3 int32, repeated] traits: Vec<i32>,
        [4 message, repeated] annotations: Vec<Any>, [5 string] description: String,
        [6 bool] sourced_externally: bool,
    }
    ResourceId { [1 string] resource_type: String, [2 string] resource: String, [3 bool] baton_resource: bool }
    ResourceStatus { [1 int32] status: i32, [2 string] details: String }
    AssetRef { [1 string] id: String }
    Resource {
        [1 message, optional] id: Option<ResourceId>, [2 message, optional] parent_resource_id: Option<ResourceId>,
        [3 string] display_name: String, [4 message, repeated] annotations: Vec<Any>,
        [5 string] description: String, [6 bool] baton_resource: bool,
        [9 message, optional] profile: Option<Struct>, [10 message, optional] icon: Option<AssetRef>,
        [11 message, optional] status: Option<ResourceStatus>,
        [12 message, optional] created_at: Option<Timestamp>,
    }
    Entitlement {
        [1 message, optional] resource: Option<Resource>, [2 string] id: String, [3 string] display_name: String,
        [4 string] description: String, [5 message, repeated] grantable_to: Vec<ResourceType>,
        [6 message, repeated] annotations: Vec<Any>, [7 int32] purpose: i32, [8 string] slug: String,
    }
    Grant {
        [1 message, optional] entitlement: Option<Entitlement>, [2 message, optional] principal: Option<Resource>,
        [3 string] id: String, [4 message, repeated] annotations: Vec<Any>,
        [5 message, optional] sources: Option<GrantSources>,
    }
    GrantSources { [1 btree_map = "string, message"] sources: BTreeMap<String, GrantSource> }
    GrantSource { [1 bool] is_direct: bool }

    // Annotations.
    UserTrait {
        [1 message, repeated] emails: Vec<Email>, [2 message, optional] status: Option<ResourceStatus>,
        [3 message, optional] profile: Option<Struct>, [4 message, optional] icon: Option<AssetRef>,
        [5 int32] account_type: i32, [6 string] login: String, [7 string, repeated] login_aliases: Vec<String>,
        [8 message, optional] created_at: Option<Timestamp>, [9 message, optional] last_login: Option<Timestamp>,
        [10 message, optional] mfa_status: Option<Flag>, [11 message, optional] sso_status: Option<Flag>,
        [12 message, optional] structured_name: Option<StructuredName>,
        [13 string, repeated] employee_ids: Vec<String>,
    }
    Email { [1 string] address: String, [2 bool] is_primary: bool }
    Flag { [1 bool] enabled: bool }
    StructuredName {
        [1 string] given_name: String, [2 string] family_name: String,
        [3 string, repeated] middle_names: Vec<String>, [4 string] prefix: String, [5 string] suffix: String,
    }
    GroupTrait {
        [1 message, optional] icon: Option<AssetRef>, [2 message, optional] profile: Option<Struct>,
        [3 string] group_source_type: String, [4 string] raw_group_source_type: String,
    }
    RoleTrait { [1 message, optional] profile: Option<Struct> }
    AppTrait {
        [1 string] help_url: String, [2 message, optional] icon: Option<AssetRef>,
        [3 message, optional] logo: Option<AssetRef>, [4 message, optional] profile: Option<Struct>,
        [5 int32, repeated] flags: Vec<i32>, [6 string] app_source_type: String,
        [7 string] raw_app_source_type: String,
    }
    SkipEntitlementsAndGrants {}
    SkipGrants {}
    SkipEntitlements {}
    InsertResourceGrants {}
    ChildResourceType { [1 string] resource_type_id: String }
    GrantExpandable {
        [1 string, repeated] entitlement_ids: Vec<String>, [2 bool] shallow: bool,
        [3 string, repeated] resource_type_ids: Vec<String>,
    }
    GrantImmutable { [1 string] source_id: String, [2 message, optional] metadata: Option<Struct> }
    EntitlementImmutable { [1 string] source_id: String, [2 message, optional] metadata: Option<Struct> }
    EntitlementExclusionGroup {
        [1 string] exclusion_group_id: String, [2 uint32] order: u32, [3 bool] is_default: bool,
        [4 bool] scope_to_resource: bool,
    }
    GrantMetadata { [1 message, optional] metadata: Option<Struct> }
    GrantReplaced { [1 string] replaced_grant_id: String }
    GrantAlreadyExists {}
    GrantAlreadyRevoked {}
    ResourceDoesNotExist {}
    ResourceDeleted { [1 message, optional] resource_id: Option<ResourceId> }
    ExternalLink { [1 string] url: String }
    V1Identifier { [1 string] id: String }
    RawId { [1 string] id: String }
    Aliases { [1 string, repeated] ids: Vec<String> }
    RequestId { [1 string] request_id: String }
    RateLimitDescription {
        [1 int32] status: i32, [2 int64] limit: i64, [3 int64] remaining: i64,
        [4 message, optional] reset_at: Option<Timestamp>,
    }
    RateLimitWaitReport { [1 int64] wait_ms: i64 }
    CapabilityPermissions { [1 message, repeated] permissions: Vec<CapabilityPermission> }
    CapabilityPermission { [1 string] permission: String }

    // What a connector says about itself.
    ConnectorMetadata {
        [1 string] display_name: String, [2 string] help_url: String, [3 message, optional] icon: Option<AssetRef>,
        [4 message, optional] logo: Option<AssetRef>, [5 message, optional] profile: Option<Struct>,
        [6 message, repeated] annotations: Vec<Any>, [7 string] description: String,
        [8 message, optional] capabilities: Option<ConnectorCapabilities>,
        [9 message, optional] account_creation_schema: Option<AccountCreationSchema>,
    }
    ConnectorCapabilities {
        [1 message, repeated] resource_type_capabilities: Vec<ResourceTypeCapability>,
        [2 int32, repeated] connector_capabilities: Vec<i32>,
        [3 message, optional] credential_details: Option<CredentialDetails>,
    }
    ResourceTypeCapability {
        [1 message, optional] resource_type: Option<ResourceType>, [2 int32, repeated] capabilities: Vec<i32>,
        [3 message, optional] permissions: Option<CapabilityPermissions>, [4 bool] opt_in_required: bool,
        [5 bool] skip_sync_anomaly_detection: bool, [7 bool] deprecated: bool,
    }
    CredentialDetails {
        [1 message, optional] capability_account_provisioning: Option<CredentialDetail>,
        [2 message, optional] capability_credential_rotation: Option<CredentialDetail>,
    }
    CredentialDetail {
        [1 int32, repeated] supported_credential_options: Vec<i32>, [2 int32] preferred_credential_option: i32,
    }
    AccountCreationSchema { [1 btree_map = "string, message"] field_map: BTreeMap<String, AccountField> }
    AccountField {
        [1 string] display_name: String, [2 bool] required: bool, [3 string] description: String,
        [4 string] placeholder: String, [5 int32] order: i32, [6 bool] deprecated: bool,
        [100 message, optional] string_field: Option<StringField>,
        [101 message, optional] bool_field: Option<BoolField>,
        [102 message, optional] string_list_field: Option<StringListField>,
        [103 message, optional] int_field: Option<IntField>,
    }
    StringField { [1 string, optional] default_value: Option<String> }
    BoolField { [1 bool, optional] default_value: Option<bool> }
    StringListField { [1 string, repeated] default_value: Vec<String> }
    IntField { [1 int32, optional] default_value: Option<i32> }

    // Provisioning.
    AccountInfo {
        [1 message, repeated] emails: Vec<Email>, [2 string] login: String,
        [3 string, repeated] login_aliases: Vec<String>, [4 message, optional] profile: Option<Struct>,
    }
    CredentialOptions {
        [1 bool] force_change_at_next_login: bool, [100 message, optional] random_password: Option<RandomPassword>,
        [101 message, optional] no_password: Option<NoPassword>, [102 message, optional] sso: Option<Sso>,
        [103 message, optional] encrypted_password: Option<EncryptedPassword>,
    }
    RandomPassword { [1 int64] length: i64 }
    NoPassword {}
    Sso { [1 string] sso_provider: String }
    EncryptedPassword { [1 message, repeated] encrypted_passwords: Vec<EncryptedData> }
    EncryptionConfig {
        [1 message, optional] principal: Option<Resource>, [2 string] provider: String, [3 string] key_id: String,
        [100 message, optional] jwk_public_key_config: Option<JwkPublicKeyConfig>,
        [101 message, optional] age_recipient_config: Option<AgeRecipientConfig>,
    }
    JwkPublicKeyConfig { [1 bytes = "vec"] pub_key: Vec<u8> }
    AgeRecipientConfig { [1 string] recipient: String }
    EncryptedData {
        [1 string] provider: String, [2 string] key_id: String, [3 string] name: String,
        [4 string] description: String, [5 string] schema: String, [6 bytes = "vec"] encrypted_bytes: Vec<u8>,
        [7 string, repeated] key_ids: Vec<String>,
    }
    GrantManagerServiceGrantResponse {
        [1 message, repeated] annotations: Vec<Any>, [2 message, repeated] grants: Vec<Grant>,
    }
    GrantManagerServiceRevokeResponse { [1 message, repeated] annotations: Vec<Any> }
    CreateAccountResponse {
        [100 message, optional] success: Option<AccountCreated>,
        [101 message, optional] action_required: Option<AccountActionRequired>,
        [102 message, optional] already_exists: Option<AccountOutcome>,
        [103 message, optional] in_progress: Option<AccountOutcome>,
        [2 message, repeated] encrypted_data: Vec<EncryptedData>, [3 message, repeated] annotations: Vec<Any>,
    }
    AccountCreated {
        [1 message, optional] resource: Option<Resource>, [2 bool] is_create_account_result: bool,
        [3 message, optional] invitation_expires_at: Option<Timestamp>,
    }
    AccountActionRequired {
        [1 message, optional] resource: Option<Resource>, [2 string] message: String,
        [3 bool] is_create_account_result: bool,
    }
    AccountOutcome { [1 message, optional] resource: Option<Resource>, [2 bool] is_create_account_result: bool }
    CreateResourceResponse {
        [1 message, optional] created: Option<Resource>, [2 message, repeated] annotations: Vec<Any>,
    }
    DeleteResourceResponse { [1 message, repeated] annotations: Vec<Any> }
    RotateCredentialResponse {
        [1 message, repeated] encrypted_data: Vec<EncryptedData>, [2 message, optional] resource_id: Option<ResourceId>,
        [3 message, repeated] annotations: Vec<Any>,
    }
    IssueCredentialResponse {
        [1 message, optional] secret: Option<Resource>, [2 message, repeated] encrypted_data: Vec<EncryptedData>,
        [3 message, repeated] annotations: Vec<Any>, [4 int32] resource_mode: i32, [5 string] request_id: String,
    }
    TicketsServiceCreateTicketResponse { [2 message, repeated] annotations: Vec<Any>, [3 string] error: String }
    TicketsServiceGetTicketResponse { [2 message, repeated] annotations: Vec<Any>, [3 string] error: String }
    TicketsServiceListTicketSchemasResponse {
        [2 string] next_page_token: String, [3 message, repeated] annotations: Vec<Any>,
    }
    TicketsServiceBulkCreateTicketsResponse {}
    TicketsServiceBulkGetTicketsResponse {}
    ListActionSchemasResponse { [2 message, repeated] annotations: Vec<Any> }
    GetActionSchemaResponse { [2 message, repeated] annotations: Vec<Any> }
    InvokeActionResponse {
        [1 string] id: String, [2 int32] status: i32, [3 message, repeated] annotations: Vec<Any>,
        [4 message, optional] response: Option<Struct>, [5 string] name: String,
    }
    GetActionStatusResponse {
        [1 string] name: String, [2 string] id: String, [3 int32] status: i32,
        [4 message, repeated] annotations: Vec<Any>, [5 message, optional] response: Option<Struct>,
    }
    ListEventFeedsResponse { [2 message, repeated] annotations: Vec<Any> }
    ListEventsResponse {
        [2 string] cursor: String, [3 bool] has_more: bool, [4 message, repeated] annotations: Vec<Any>,
    }
}

messages! { "c1.connectorapi.baton.v1"
    HelloRequest {
        [1 string] host_id: String, [2 string] task_id: String, [3 message, optional] build_info: Option<BuildInfo>,
        [4 message, optional] os_info: Option<OsInfo>,
        [5 message, optional] connector_metadata: Option<ConnectorMetadata>,
        [6 message, repeated] annotations: Vec<Any>,
    }
    BuildInfo { [1 string] lang_version: String, [2 string] package: String, [3 string] package_version: String }
    OsInfo {
        [1 string] hostname: String, [2 string] os: String, [3 string] platform: String,
        [4 string] platform_version: String, [5 string] platform_family: String, [6 string] kernel_version: String,
        [7 string] kernel_arch: String, [8 string] virtualization_system: String,
    }
    GetTaskRequest { [1 string] host_id: String }
    HeartbeatRequest {
        [1 string] host_id: String, [2 string] task_id: String, [3 message, repeated] annotations: Vec<Any>,
        [4 string, repeated] task_ids: Vec<String>,
    }
    HeartbeatResponse {
        [1 message, optional] next_heartbeat: Option<Duration>, [2 bool] cancelled: bool,
        [3 message, repeated] annotations: Vec<Any>, [4 string, repeated] cancelled_task_ids: Vec<String>,
    }
    FinishTaskRequest {
        [1 string] host_id: String, [2 string] task_id: String, [3 message, optional] status: Option<Status>,
        [100 message, optional] error: Option<FinishError>, [101 message, optional] success: Option<FinishSuccess>,
    }
    FinishError {
        [1 bool] non_retryable: bool, [2 message, repeated] annotations: Vec<Any>,
        [3 message, optional] response: Option<Any>,
    }
    FinishSuccess { [1 message, repeated] annotations: Vec<Any>, [2 message, optional] response: Option<Any> }
    UploadAssetRequest {
        [100 message, optional] metadata: Option<UploadMetadata>, [101 message, optional] data: Option<UploadData>,
        [102 message, optional] eof: Option<UploadEof>,
    }
    UploadMetadata {
        [1 string] host_id: String, [2 string] task_id: String, [4 message, repeated] annotations: Vec<Any>,
    }
    UploadData { [1 bytes = "vec"] data: Vec<u8> }
    UploadEof { [1 bytes = "vec"] sha256_checksum: Vec<u8>, [2 message, repeated] annotations: Vec<Any> }
    Annotated { [1 message, repeated] annotations: Vec<Any> }

    // The bodies of tasks.
    NothingTask { [1 message, repeated] annotations: Vec<Any> }
    HelloTask { [1 message, repeated] annotations: Vec<Any> }
    SyncFullTask {
        [1 message, repeated] annotations: Vec<Any>, [2 bool] skip_expand_grants: bool,
        [3 bool] skip_entitlements_and_grants: bool, [4 message, repeated] targeted_sync_resources: Vec<Resource>,
        [5 string, repeated] sync_resource_type_ids: Vec<String>, [6 bool] skip_grants: bool,
        [7 string] storage_engine: String,
    }
    GrantTask {
        [1 message, optional] entitlement: Option<Entitlement>, [2 message, optional] principal: Option<Resource>,
        [3 message, repeated] annotations: Vec<Any>, [4 message, optional] duration: Option<Duration>,
    }
    RevokeTask { [1 message, optional] grant: Option<Grant>, [2 message, repeated] annotations: Vec<Any> }
    CreateAccountTask {
        [1 message, optional] account_info: Option<AccountInfo>,
        [2 message, optional] credential_options: Option<CredentialOptions>,
        [3 message, repeated] encryption_configs: Vec<EncryptionConfig>, [4 string] resource_type_id: String,
    }
    CreateResourceTask { [1 message, optional] resource: Option<Resource> }
    DeleteResourceTask {
        [1 message, optional] resource_id: Option<ResourceId>,
        [2 message, optional] parent_resource_id: Option<ResourceId>,
    }
    RotateCredentialsTask {
        [1 message, optional] resource_id: Option<ResourceId>,
        [2 message, optional] credential_options: Option<CredentialOptions>,
        [3 message, repeated] encryption_configs: Vec<EncryptionConfig>,
    }
    EventFeedTask {}
    CreateTicketTask {}
    ListTicketSchemasTask {}
    GetTicketTask { [1 string] ticket_id: String }
    BulkCreateTicketsTask {}
    BulkGetTicketsTask {}
    ActionListSchemasTask { [1 message, repeated] annotations: Vec<Any>, [2 string] resource_type_id: String }
    ActionGetSchemaTask { [1 string] name: String, [2 message, repeated] annotations: Vec<Any> }
    ActionInvokeTask {
        [1 string] name: String, [2 message, optional] args: Option<Struct>,
        [3 message, repeated] annotations: Vec<Any>, [4 string] resource_type_id: String,
    }
    ActionStatusTask { [1 string] name: String, [2 string] id: String, [3 message, repeated] annotations: Vec<Any> }
    CreateSyncDiffTask {}
    CompactSyncsTask {}
    ListEventFeedsTask {}
    ListEventsTask { [2 string] cursor: String, [4 string] event_feed_id: String, [5 uint32] page_size: u32 }
    IssueCredentialTask {
        [1 message, optional] identity_id: Option<ResourceId>,
        [2 message, optional] credential_options: Option<CredentialIssueOptions>,
        [3 message, repeated] encryption_configs: Vec<EncryptionConfig>,
        [4 message, optional] expires_at: Option<Timestamp>,
    }
    CredentialIssueOptions { [100 message, optional] api_key: Option<ApiKey> }
    ApiKey { [1 string, repeated] scopes: Vec<String> }
    UndocumentedTask { [1 string] text: String }
}

impl Resource {
    /// A resource of which only id and name are known.
    #[must_use]
    pub fn new(resource_type: &str, resource: &str, display_name: &str) -> Self {
        let id = ResourceId {
            resource_type: resource_type.to_owned(),
            resource: resource.to_owned(),
            ..ResourceId::default()
        };
        Self { id: Some(id), display_name: display_name.to_owned(), ..Self::default() }
    }
}

impl Entitlement {
    /// An entitlement of which only resource and id are known.
    #[must_use]
    pub fn new(resource: Resource, id: &str) -> Self {
        Self { resource: Some(resource), id: id.to_owned(), ..Self::default() }
    }
}
