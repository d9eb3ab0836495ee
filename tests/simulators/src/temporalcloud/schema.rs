//! The message types of the API as data: one table drives the strict parsing of requests, the preserve-or-clear
//! rule of versions, and the casing and default values of answers.

use super::version::{CUSTOM_ROLES, FIRST, PROJECTS, Version};

/// A message type.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) fields: &'static [Field],
}

/// A field, named in lowerCamelCase.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) since: Version,
}

/// What a field holds.
#[derive(Debug)]
pub(crate) enum Kind {
    Text,
    Int,
    Bool,
    /// A timestamp or a duration: text that is never empty, so that its default is `null`.
    Time,
    Enum(&'static Enumeration),
    /// A message whose emptiness means the same as its absence.
    Part(&'static Message),
    /// A message whose presence says something even when it is empty.
    Form(&'static Message),
    /// A member of a `oneof`: like a form, but never emitted when unset, not even as `null`.
    Choice(&'static Message),
    List(&'static Kind),
    Map(&'static Kind),
    /// Passed through as it is.
    Any,
}

/// An enum with its numbers and its deprecated strings (`<field>Deprecated`).
#[derive(Debug)]
pub(crate) struct Enumeration {
    /// By number.
    pub(crate) names: &'static [&'static str],
    /// By number; empty if there is no string twin.
    pub(crate) twins: &'static [&'static str],
    /// A name no published version has, as a later one might add it.
    pub(crate) future: &'static str,
}

const fn f(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        since: FIRST,
    }
}

const fn since(name: &'static str, since: Version, kind: Kind) -> Field {
    Field { name, kind, since }
}

macro_rules! messages {
    ($($name:ident { $($field:expr),* $(,)? })*) => {
        $(pub(crate) static $name: Message = Message { fields: &[$($field),*] };)*
    };
}

use Kind::{Any, Bool, Choice, Enum, Form, Int, List, Map, Part, Text, Time};

pub(crate) static ROLE: Enumeration = Enumeration {
    names: &[
        "ROLE_UNSPECIFIED",
        "ROLE_OWNER",
        "ROLE_ADMIN",
        "ROLE_DEVELOPER",
        "ROLE_FINANCE_ADMIN",
        "ROLE_READ",
        "ROLE_METRICS_READ",
    ],
    twins: &[
        "",
        "owner",
        "admin",
        "developer",
        "financeadmin",
        "read",
        "metricsread",
    ],
    future: "ROLE_FUTURE",
};
pub(crate) static PERMISSION: Enumeration = Enumeration {
    names: &[
        "PERMISSION_UNSPECIFIED",
        "PERMISSION_ADMIN",
        "PERMISSION_WRITE",
        "PERMISSION_READ",
    ],
    twins: &["", "admin", "write", "read"],
    future: "PERMISSION_FUTURE",
};
pub(crate) static PROJECT_ROLE: Enumeration = Enumeration {
    names: &[
        "PROJECT_ROLE_UNSPECIFIED",
        "PROJECT_ROLE_ADMIN",
        "PROJECT_ROLE_WRITE",
        "PROJECT_ROLE_READ",
        "PROJECT_ROLE_LIST",
        "PROJECT_ROLE_CONTRIBUTE",
        "PROJECT_ROLE_MEMBER",
        "PROJECT_ROLE_DEVELOPER",
    ],
    twins: &[],
    future: "PROJECT_ROLE_FUTURE",
};
pub(crate) static RESOURCE_STATE: Enumeration = Enumeration {
    names: &[
        "RESOURCE_STATE_UNSPECIFIED",
        "RESOURCE_STATE_ACTIVATING",
        "RESOURCE_STATE_ACTIVATION_FAILED",
        "RESOURCE_STATE_ACTIVE",
        "RESOURCE_STATE_UPDATING",
        "RESOURCE_STATE_UPDATE_FAILED",
        "RESOURCE_STATE_DELETING",
        "RESOURCE_STATE_DELETE_FAILED",
        "RESOURCE_STATE_DELETED",
        "RESOURCE_STATE_SUSPENDED",
        "RESOURCE_STATE_EXPIRED",
    ],
    twins: &[
        "",
        "activating",
        "activationfailed",
        "active",
        "updating",
        "updatefailed",
        "deleting",
        "deletefailed",
        "deleted",
        "suspended",
        "expired",
    ],
    future: "RESOURCE_STATE_FUTURE",
};
pub(crate) static OPERATION_STATE: Enumeration = Enumeration {
    names: &[
        "STATE_UNSPECIFIED",
        "STATE_PENDING",
        "STATE_IN_PROGRESS",
        "STATE_FAILED",
        "STATE_CANCELLED",
        "STATE_FULFILLED",
        "STATE_REJECTED",
    ],
    // *Unknown*: the string of REJECTED, which came after the strings were retired. Taken: like its siblings.
    twins: &[
        "",
        "pending",
        "in_progress",
        "failed",
        "cancelled",
        "fulfilled",
        "rejected",
    ],
    future: "STATE_FUTURE",
};
pub(crate) static OWNER_TYPE: Enumeration = Enumeration {
    names: &[
        "OWNER_TYPE_UNSPECIFIED",
        "OWNER_TYPE_USER",
        "OWNER_TYPE_SERVICE_ACCOUNT",
    ],
    twins: &["", "user", "service-account"],
    future: "OWNER_TYPE_FUTURE",
};

messages! {
    EMPTY {}

    // Access.
    ACCOUNT_ACCESS { f("role", Enum(&ROLE)), since("customRoles", CUSTOM_ROLES, List(&Text)) }
    NAMESPACE_ACCESS { f("permission", Enum(&PERMISSION)) }
    PROJECT_ACCESS { f("role", Enum(&PROJECT_ROLE)) }
    ACCESS {
        f("accountAccess", Part(&ACCOUNT_ACCESS)),
        f("namespaceAccesses", Map(&Part(&NAMESPACE_ACCESS))),
        since("projectAccesses", PROJECTS, Map(&Part(&PROJECT_ACCESS))),
    }

    // Users.
    USER_SPEC { f("email", Text), f("access", Part(&ACCESS)) }
    INVITATION { f("createdTime", Time), f("expiredTime", Time) }
    USER {
        f("id", Text), f("resourceVersion", Text), f("spec", Part(&USER_SPEC)), f("state", Enum(&RESOURCE_STATE)),
        f("asyncOperationId", Text), f("invitation", Part(&INVITATION)), f("createdTime", Time), f("lastModifiedTime", Time),
    }

    // Service accounts.
    NAMESPACE_SCOPED { f("namespace", Text), f("access", Part(&NAMESPACE_ACCESS)) }
    PROJECT_SCOPED { f("projectId", Text), f("access", Part(&PROJECT_ACCESS)), f("namespaceAccesses", Map(&Part(&NAMESPACE_ACCESS))) }
    SERVICE_ACCOUNT_SPEC {
        f("name", Text), f("description", Text), f("access", Form(&ACCESS)), f("namespaceScopedAccess", Form(&NAMESPACE_SCOPED)),
        since("projectScopedAccess", PROJECTS, Form(&PROJECT_SCOPED)),
    }
    SERVICE_ACCOUNT {
        f("id", Text), f("resourceVersion", Text), f("spec", Part(&SERVICE_ACCOUNT_SPEC)), f("state", Enum(&RESOURCE_STATE)),
        f("asyncOperationId", Text), f("createdTime", Time), f("lastModifiedTime", Time),
    }

    // Groups.
    GOOGLE_GROUP { f("emailAddress", Text) }
    SCIM_GROUP { f("idpId", Text) }
    GROUP_SPEC {
        f("displayName", Text), f("access", Part(&ACCESS)), f("googleGroup", Choice(&GOOGLE_GROUP)), f("scimGroup", Choice(&SCIM_GROUP)),
        f("cloudGroup", Choice(&EMPTY)),
    }
    GROUP {
        f("id", Text), f("resourceVersion", Text), f("spec", Part(&GROUP_SPEC)), f("state", Enum(&RESOURCE_STATE)),
        f("asyncOperationId", Text), f("createdTime", Time), f("lastModifiedTime", Time),
    }
    MEMBER_ID { f("userId", Text) }
    MEMBER { f("memberId", Part(&MEMBER_ID)), f("createdTime", Time) }

    // Namespaces, custom roles, projects, the account, keys.
    API_KEY_AUTH { f("enabled", Bool) }
    NAMESPACE_SPEC { f("name", Text), f("regions", List(&Text)), f("retentionDays", Int), f("apiKeyAuth", Part(&API_KEY_AUTH)) }
    ENDPOINTS { f("webAddress", Text), f("grpcAddress", Text) }
    NAMESPACE {
        f("namespace", Text), f("resourceVersion", Text), f("spec", Part(&NAMESPACE_SPEC)), f("state", Enum(&RESOURCE_STATE)),
        f("asyncOperationId", Text), f("endpoints", Part(&ENDPOINTS)), f("activeRegion", Text), f("createdTime", Time),
        f("lastModifiedTime", Time), f("tags", Map(&Text)), since("projectId", PROJECTS, Text),
    }
    ROLE_RESOURCES { f("resourceType", Text), f("resourceIds", List(&Text)), f("allowAll", Bool) }
    ROLE_PERMISSION { f("resources", Part(&ROLE_RESOURCES)), f("actions", List(&Text)) }
    CUSTOM_ROLE_SPEC { f("name", Text), f("description", Text), f("permissions", List(&Part(&ROLE_PERMISSION))) }
    CUSTOM_ROLE {
        f("id", Text), f("resourceVersion", Text), f("spec", Part(&CUSTOM_ROLE_SPEC)), f("state", Enum(&RESOURCE_STATE)),
        f("asyncOperationId", Text), f("createdTime", Time), f("lastModifiedTime", Time),
    }
    LIFECYCLE { f("enableDeleteProtection", Bool) }
    PROJECT_SPEC { f("displayName", Text), f("description", Text), f("lifecycle", Part(&LIFECYCLE)) }
    PROJECT {
        f("id", Text), f("spec", Part(&PROJECT_SPEC)), f("resourceVersion", Text), f("state", Enum(&RESOURCE_STATE)),
        f("asyncOperationId", Text), f("createdTime", Time), f("lastModifiedTime", Time),
    }
    METRICS { f("uri", Text) }
    ACCOUNT {
        f("id", Text), f("spec", Any), f("resourceVersion", Text), f("state", Enum(&RESOURCE_STATE)), f("asyncOperationId", Text),
        f("metrics", Part(&METRICS)),
    }
    API_KEY_SPEC {
        f("ownerId", Text), f("ownerType", Enum(&OWNER_TYPE)), f("displayName", Text), f("description", Text), f("expiryTime", Time),
        f("disabled", Bool),
    }
    API_KEY {
        f("id", Text), f("resourceVersion", Text), f("spec", Part(&API_KEY_SPEC)), f("state", Enum(&RESOURCE_STATE)),
        f("asyncOperationId", Text), f("createdTime", Time),
    }
    OPERATION {
        f("id", Text), f("state", Enum(&OPERATION_STATE)), f("checkDuration", Time), f("operationType", Text), f("operationInput", Any),
        f("failureReason", Text), f("startedTime", Time), f("finishedTime", Time),
    }

    // Answers.
    GET_ACCOUNT { f("account", Part(&ACCOUNT)) }
    GET_IDENTITY { f("user", Choice(&USER)), f("serviceAccount", Choice(&SERVICE_ACCOUNT)), f("principalApiKey", Part(&API_KEY)) }
    GET_USER { f("user", Part(&USER)) }
    GET_SERVICE_ACCOUNT { f("serviceAccount", Part(&SERVICE_ACCOUNT)) }
    GET_GROUP { f("group", Part(&GROUP)) }
    GET_NAMESPACE { f("namespace", Part(&NAMESPACE)) }
    GET_CUSTOM_ROLE { f("customRole", Part(&CUSTOM_ROLE)) }
    GET_PROJECT { f("project", Part(&PROJECT)) }
    GET_OPERATION { f("asyncOperation", Part(&OPERATION)) }
    LIST_USERS { f("users", List(&Part(&USER))), f("nextPageToken", Text) }
    // The field of this list is singular.
    LIST_SERVICE_ACCOUNTS { f("serviceAccount", List(&Part(&SERVICE_ACCOUNT))), f("nextPageToken", Text) }
    LIST_SCOPED_SERVICE_ACCOUNTS { f("serviceAccounts", List(&Part(&SERVICE_ACCOUNT))), f("nextPageToken", Text) }
    LIST_GROUPS { f("groups", List(&Part(&GROUP))), f("nextPageToken", Text) }
    LIST_MEMBERS { f("members", List(&Part(&MEMBER))), f("nextPageToken", Text) }
    LIST_NAMESPACES { f("namespaces", List(&Part(&NAMESPACE))), f("nextPageToken", Text) }
    LIST_CUSTOM_ROLES { f("customRoles", List(&Part(&CUSTOM_ROLE))), f("nextPageToken", Text) }
    LIST_PROJECTS { f("projects", List(&Part(&PROJECT))), f("nextPageToken", Text) }
    LIST_API_KEYS { f("apiKeys", List(&Part(&API_KEY))), f("nextPageToken", Text) }
    CREATED_USER { f("userId", Text), f("asyncOperation", Part(&OPERATION)) }
    CREATED_SERVICE_ACCOUNT { f("serviceAccountId", Text), f("asyncOperation", Part(&OPERATION)) }
    CREATED_GROUP { f("groupId", Text), f("asyncOperation", Part(&OPERATION)) }

    // Assignments: the account, namespace and project level of one principal on one object.
    USER_ASSIGNMENT {
        f("id", Text), f("email", Text), f("namespaceAccess", Choice(&NAMESPACE_ACCESS)), f("projectAccess", Choice(&PROJECT_ACCESS)),
        f("inheritedAccess", Bool), f("resourceVersion", Text),
    }
    SERVICE_ACCOUNT_ASSIGNMENT {
        f("id", Text), f("name", Text), f("namespaceAccess", Choice(&NAMESPACE_ACCESS)), f("projectAccess", Choice(&PROJECT_ACCESS)),
        f("inheritedAccess", Bool), f("resourceVersion", Text),
    }
    GROUP_ASSIGNMENT {
        f("id", Text), f("displayName", Text), f("namespaceAccess", Choice(&NAMESPACE_ACCESS)), f("projectAccess", Choice(&PROJECT_ACCESS)),
        f("inheritedAccess", Bool), f("resourceVersion", Text),
    }
    LIST_USER_ASSIGNMENTS { f("users", List(&Part(&USER_ASSIGNMENT))), f("nextPageToken", Text) }
    LIST_SERVICE_ACCOUNT_ASSIGNMENTS { f("serviceAccounts", List(&Part(&SERVICE_ACCOUNT_ASSIGNMENT))), f("nextPageToken", Text) }
    LIST_GROUP_ASSIGNMENTS { f("groups", List(&Part(&GROUP_ASSIGNMENT))), f("nextPageToken", Text) }

    // Requests.
    CREATE_USER { f("spec", Part(&USER_SPEC)), f("asyncOperationId", Text) }
    CREATE_SERVICE_ACCOUNT { f("spec", Part(&SERVICE_ACCOUNT_SPEC)), f("asyncOperationId", Text) }
    CREATE_GROUP { f("spec", Part(&GROUP_SPEC)), f("asyncOperationId", Text) }
    UPDATE_USER { f("spec", Part(&USER_SPEC)), f("resourceVersion", Text), f("asyncOperationId", Text) }
    UPDATE_SERVICE_ACCOUNT { f("spec", Part(&SERVICE_ACCOUNT_SPEC)), f("resourceVersion", Text), f("asyncOperationId", Text) }
    UPDATE_GROUP { f("spec", Part(&GROUP_SPEC)), f("resourceVersion", Text), f("asyncOperationId", Text) }
    SET_NAMESPACE_ACCESS { f("access", Part(&NAMESPACE_ACCESS)), f("resourceVersion", Text), f("asyncOperationId", Text) }
    SET_PROJECT_ACCESS { f("access", Part(&PROJECT_ACCESS)), f("resourceVersion", Text), f("asyncOperationId", Text) }
    CHANGE_MEMBER { f("memberId", Part(&MEMBER_ID)), f("asyncOperationId", Text) }
}
