//! The columns of the tables: the one description from which come the Parquet schema, the headers of CSV files, the keys
//! of JSON lines, and the tables of Athena.

use jiff::Timestamp;
use rollcall_snapshot::{DifferenceKind, RecordKind, Resource, ScopeBinding};
use serde_json::json;

use super::column::Column;
use super::named::{Change, Holding, NamedEntitlement, Sync};

/// The first columns of every table.
pub(super) const SYNC: &[Column<Sync>] = &[
    Column::text("connector", "The connector.", |s| &s.origin.connector),
    Column::text("connection", "The connection.", |s| &s.origin.connection),
    Column::text("sync_id", "The sync that made the snapshot.", |s| &s.run.sync_id),
    Column::time("synced_at", "When the sync began. The column day is its day, in UTC.", |s| {
        s.run.started_at
    }),
];

pub(super) const RESOURCES: &[Column<Resource>] = &[
    Column::text(
        "id",
        "The resource, `type:id`: a `resource` or `principal` of other tables.",
        |r| &r.id,
    ),
    Column::text("resource_type", "Its type.", |r| &r.resource_type),
    Column::text("display_name", "Its name.", |r| &r.display_name),
    Column::text("description", "Its description.", |r| &r.description),
    Column::json(
        "traits",
        "What it is: a JSON list of traits, such as `user` (an account), `group` or `role`.",
        |r| json!(r.traits),
    ),
    Column::text("parent", "The resource that contains it.", |r| {
        r.parent.as_deref().unwrap_or_default()
    }),
    Column::text("status", "`enabled`, `disabled` or `deleted`.", |r| r.status.unwrap_or_default()),
    Column::text("status_details", "The reason for the status.", |r| &r.status_details),
    Column::text("account_type", "Of an account: `human`, `service` or `system`.", |r| {
        r.account_type.unwrap_or_default()
    }),
    Column::text("email", "Of an account: its primary e-mail address.", email),
    Column::json(
        "emails",
        "Of an account: a JSON list of its e-mail addresses, the primary one first.",
        |r| json!(r.emails),
    ),
    Column::text("login", "Of an account: its login name, if it is not the e-mail address.", |r| {
        &r.login
    }),
    Column::time("created_at", "When it was created.", |r| time(r.created_at.as_deref())),
    Column::time("last_login", "Of an account: its last login.", |r| time(r.last_login.as_deref())),
    Column::flag("mfa", "Of an account: whether it uses a second factor.", |r| r.mfa),
    Column::flag("sso", "Of an account: whether it logs in by single sign-on.", |r| r.sso),
    Column::text("bound_role", "Of a role that is limited to a scope: the role.", |r| {
        binding(r).and_then(|b| b.role.as_deref()).unwrap_or_default()
    }),
    Column::text(
        "bound_scope",
        "Of a role that is limited to a scope: the resource that is the scope.",
        |r| binding(r).and_then(|b| b.scope.as_deref()).unwrap_or_default(),
    ),
    Column::json("profile", "What else the vendor states: a JSON object.", |r| json!(r.profile)),
];

pub(super) const ENTITLEMENTS: &[Column<NamedEntitlement>] = &[
    Column::text(
        "id",
        "The entitlement, `type:resource:slug`: an `entitlement` of other tables.",
        |e| &e.entitlement.id,
    ),
    Column::text("resource", "The resource that it is on.", |e| &e.entitlement.resource),
    Column::text("resource_type", "The type of that resource.", |e| {
        type_of(&e.entitlement.resource)
    }),
    Column::text("resource_name", "The name of that resource.", |e| &e.resource.name),
    Column::text("slug", "Its name among the entitlements of the resource.", |e| {
        &e.entitlement.slug
    }),
    Column::text("display_name", "Its name.", |e| &e.entitlement.display_name),
    Column::text("description", "Its description.", |e| &e.entitlement.description),
    Column::text("purpose", "`assignment`, `permission` or `ownership`.", |e| {
        e.entitlement.purpose.unwrap_or_default()
    }),
    Column::flag("immutable", "Whether it can be neither granted nor revoked.", |e| {
        Some(e.entitlement.immutable)
    }),
    Column::json("grantable_to", "The types of resources that may hold it: a JSON list.", |e| {
        json!(e.entitlement.grantable_to)
    }),
    Column::text(
        "exclusion_group",
        "The set of entitlements of which one account holds one at a time.",
        |e| e.entitlement.exclusion_group.as_deref().unwrap_or_default(),
    ),
];

pub(super) const GRANTS: &[Column<Holding>] = &[
    Column::text("entitlement", "The entitlement, `type:resource:slug`.", |h| &h.grant.entitlement),
    Column::text("entitlement_name", "The name of the entitlement.", |h| &h.entitlement.name),
    Column::text("slug", "The name of the entitlement among those of its resource.", |h| {
        h.grant.entitlement.rsplit_once(':').map_or("", |(_, slug)| slug)
    }),
    Column::text("resource", "The resource that the entitlement is on.", |h| &h.grant.resource),
    Column::text("resource_type", "The type of that resource.", |h| type_of(&h.grant.resource)),
    Column::text("resource_name", "The name of that resource.", |h| &h.resource.name),
    Column::text("principal", "Who holds the entitlement: a resource.", |h| &h.grant.principal),
    Column::text("principal_type", "The type of the principal.", |h| type_of(&h.grant.principal)),
    Column::text("principal_name", "The name of the principal.", |h| &h.principal.name),
    Column::text("principal_email", "The primary e-mail address of the principal.", |h| {
        &h.principal.email
    }),
    Column::text(
        "kind",
        "`direct`: the vendor states the grant; `derived`: it follows from others.",
        |h| {
            if h.grant.direct { "direct" } else { "derived" }
        },
    ),
    Column::json("through", "The entitlements that the grant follows from: a JSON list.", |h| {
        let others = h.grant.sources.keys().filter(|id| **id != h.grant.entitlement);
        others.map(String::as_str).collect()
    }),
    Column::flag("expandable", "Whether others get the entitlement through this principal.", |h| {
        Some(h.grant.expandable.is_some())
    }),
    Column::flag("immutable", "Whether the grant cannot be revoked separately.", |h| {
        Some(h.grant.immutable)
    }),
    Column::time(
        "until",
        "When a temporary grant ends, as known when the table was written.",
        |h| h.until,
    ),
];

/// Those of [`GRANTS`] follow.
pub(super) const CHANGES: &[Column<Change>] = &[
    Column::text("previous_sync_id", "The sync of the snapshot before.", |c| &c.previous_sync_id),
    Column::text("change", "`created`, `deleted` or `changed` since the snapshot before.", |c| {
        match c.difference.change {
            DifferenceKind::Created => "created",
            DifferenceKind::Deleted => "deleted",
            DifferenceKind::Changed => "changed",
        }
    }),
    Column::text(
        "object",
        "What it is: `resource_type`, `resource`, `entitlement` or `grant`.",
        |c| match c.difference.object {
            RecordKind::ResourceType => "resource_type",
            RecordKind::Resource => "resource",
            RecordKind::Entitlement => "entitlement",
            RecordKind::Grant => "grant",
        },
    ),
    Column::text("id", "Its id.", |c| &c.difference.id),
    Column::text("display_name", "Its name.", |c| &c.difference.display_name),
    Column::json(
        "fields",
        "The fields that differ: a JSON list of `name`, `old` and `new`.",
        |c| json!(c.difference.fields),
    ),
];

fn email(resource: &Resource) -> &str {
    resource.emails.first().map_or("", String::as_str)
}

fn binding(resource: &Resource) -> Option<&ScopeBinding> {
    resource.scope_binding.as_ref()
}

/// The type in the id of a resource.
fn type_of(id: &str) -> &str {
    id.split_once(':').map_or("", |(resource_type, _)| resource_type)
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}
