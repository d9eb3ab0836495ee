//! Events of the Open Cybersecurity Schema Framework, as far as changes of access need them
//! (<https://schema.ocsf.io/1.5.0/classes/user_access>, `account_change`, `entity_management`).

use rollcall_snapshot::{Entitlement, FieldDifference, RecordKind};
use serde::Serialize;

/// The version of the schema.
const VERSION: &str = "1.5.0";

/// Class and activity of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Activity {
    class_uid: u32,
    class_name: &'static str,
    pub(super) activity_id: u32,
    activity_name: &'static str,
}

const fn account(activity_id: u32, activity_name: &'static str) -> Activity {
    Activity { class_uid: 3001, class_name: "Account Change", activity_id, activity_name }
}

const fn entity(activity_id: u32, activity_name: &'static str) -> Activity {
    Activity { class_uid: 3004, class_name: "Entity Management", activity_id, activity_name }
}

const fn access(activity_id: u32, activity_name: &'static str) -> Activity {
    Activity { class_uid: 3005, class_name: "User Access Management", activity_id, activity_name }
}

pub(super) const ACCOUNT_CREATED: Activity = account(1, "Create");
pub(super) const ACCOUNT_ENABLED: Activity = account(2, "Enable");
pub(super) const ACCOUNT_DISABLED: Activity = account(5, "Disable");
pub(super) const ACCOUNT_DELETED: Activity = account(6, "Delete");
pub(super) const MFA_ENABLED: Activity = account(10, "MFA Factor Enable");
pub(super) const MFA_DISABLED: Activity = account(11, "MFA Factor Disable");
/// The schema has no number for other changes of an account: its name is ours.
pub(super) const ACCOUNT_CHANGED: Activity = account(99, "Update");
pub(super) const ENTITY_CREATED: Activity = entity(1, "Create");
pub(super) const ENTITY_CHANGED: Activity = entity(3, "Update");
pub(super) const ENTITY_DELETED: Activity = entity(4, "Delete");
pub(super) const ASSIGNED: Activity = access(1, "Assign Privileges");
pub(super) const REVOKED: Activity = access(2, "Revoke Privileges");

/// An event.
#[derive(Debug, Serialize)]
pub(super) struct Event<'a> {
    #[serde(flatten)]
    pub(super) activity: Activity,
    type_uid: u32,
    #[serde(flatten)]
    constant: Constant,
    #[serde(flatten)]
    period: Period,
    metadata: Metadata<'a>,
    message: String,
    #[serde(flatten)]
    subject: Subject,
    unmapped: Unmapped<'a>,
}

impl<'a> Event<'a> {
    pub(super) fn new(
        activity: Activity,
        period: Period,
        metadata: Metadata<'a>,
        message: String,
        subject: Subject,
        rollcall: Rollcall<'a>,
    ) -> Self {
        let type_uid = activity.class_uid * 100 + activity.activity_id;
        let unmapped = Unmapped { rollcall };
        Self {
            activity,
            type_uid,
            constant: CONSTANT,
            period,
            metadata,
            message,
            subject,
            unmapped,
        }
    }
}

/// The attributes that have the same value in every event.
#[derive(Debug, Clone, Copy, Serialize)]
struct Constant {
    category_uid: u32,
    category_name: &'static str,
    severity_id: u32,
    severity: &'static str,
    status_id: u32,
    status: &'static str,
}

const CONSTANT: Constant = Constant {
    category_uid: 3,
    category_name: "Identity & Access Management",
    severity_id: 1,
    severity: "Informational",
    status_id: 1,
    status: "Success",
};

/// The time of a change, in milliseconds since 1970: it was seen at `time`, and happened after `start_time` and before
/// `end_time`.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Period {
    pub(super) time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_time: Option<i64>,
    pub(super) end_time: i64,
}

/// Who reports the event.
#[derive(Debug, Serialize)]
pub(super) struct Metadata<'a> {
    version: &'static str,
    uid: String,
    /// The number of the line in the file.
    sequence: u64,
    product: Product,
    /// The connector.
    log_provider: &'a str,
    /// The connection.
    log_name: &'a str,
    tenant_uid: &'a str,
}

#[derive(Debug, Serialize)]
struct Product {
    name: &'static str,
    vendor_name: &'static str,
}

impl<'a> Metadata<'a> {
    pub(super) fn new(
        uid: String,
        sequence: u64,
        (connector, connection, tenant): (&'a str, &'a str, &'a str),
    ) -> Self {
        let product = Product { name: "Rollcall", vendor_name: "Rollcall" };
        let (log_provider, log_name, tenant_uid) = (connector, connection, tenant);
        Self { version: VERSION, uid, sequence, product, log_provider, log_name, tenant_uid }
    }
}

/// The object of a change; `…_result` is its state after a change.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Subject {
    Account {
        user: User,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_result: Option<User>,
    },
    Entity {
        entity: Entity,
        #[serde(skip_serializing_if = "Option::is_none")]
        entity_result: Option<Entity>,
    },
    Access {
        user: User,
        privileges: [String; 1],
        resources: [ResourceDetails; 1],
    },
}

/// An account, or another principal.
#[derive(Debug, Serialize)]
pub(super) struct User {
    /// `type:id`.
    pub(super) uid: String,
    /// The vendor's id.
    pub(super) uid_alt: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) display_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email_addr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) has_mfa: Option<bool>,
    pub(super) type_id: u32,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// A record that is no account.
#[derive(Debug, Serialize)]
pub(super) struct Entity {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) type_id: u32,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// The resource that a privilege is on.
#[derive(Debug, Serialize)]
pub(super) struct ResourceDetails {
    /// `type:id`.
    pub(super) uid: String,
    /// The vendor's id.
    pub(super) uid_alt: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Debug, Serialize)]
struct Unmapped<'a> {
    rollcall: Rollcall<'a>,
}

/// What the schema has no attribute for.
#[derive(Debug, Serialize)]
pub(super) struct Rollcall<'a> {
    pub(super) connector: &'a str,
    pub(super) connection: &'a str,
    pub(super) sync_id: &'a str,
    pub(super) previous_sync_id: &'a str,
    pub(super) object: RecordKind,
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) details: Details,
    /// The fields that differ, if it was changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fields: Vec<FieldDifference>,
}

/// What only some records have. The ids are those that events to grant and revoke take.
#[derive(Debug, Default, Serialize)]
pub(super) struct Details {
    /// `direct`: the vendor states the grant; `derived`: it follows from others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entitlement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slug: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) principal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) immutable: Option<bool>,
    /// The entitlements that a grant is derived from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sources: Vec<String>,
    /// The status of an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<&'static str>,
}

impl Details {
    pub(super) fn of_entitlement(entitlement: &Entitlement) -> Self {
        Self {
            slug: Some(entitlement.slug.clone()),
            resource: Some(entitlement.resource.clone()),
            immutable: Some(entitlement.immutable),
            ..Self::default()
        }
    }
}
