//! A change of the working database as one message: it is applied in one transaction, and a checkpoint is the list of
//! commits. Replaying them gives the same database.

use std::collections::BTreeMap;

use prost::Message;
use rollcall_connector::{Code, Error, StepOutput, Syncer, Warning};
use rollcall_model::proto::ResourceId;
use rollcall_model::{Entitlement, EntitlementId, encode};

/// One change of the working database.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Commit {
    #[prost(enumeration = "CommitKind", tag = "1")]
    pub kind: i32,
    /// The step that is done, or whose list is restarted.
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(message, repeated, tag = "3")]
    pub resources: Vec<NewResource>,
    #[prost(message, repeated, tag = "4")]
    pub entitlements: Vec<NewEntitlement>,
    #[prost(message, repeated, tag = "5")]
    pub grants: Vec<NewGrant>,
    /// Resources that do not exist unless listed; for [`CommitKind::LookedUp`], the names that were looked up.
    #[prost(message, repeated, tag = "6")]
    pub names: Vec<ResourceId>,
    #[prost(message, optional, tag = "7")]
    pub next: Option<NewStep>,
    #[prost(message, repeated, tag = "8")]
    pub spawn: Vec<NewStep>,
    #[prost(btree_map = "string, uint64", tag = "9")]
    pub tallies: BTreeMap<String, u64>,
    #[prost(message, repeated, tag = "10")]
    pub warnings: Vec<NewWarning>,
    /// For [`CommitKind::LookedUp`].
    #[prost(uint32, tag = "11")]
    pub phase: u32,
    /// Resources that do not exist, even if a list shows them.
    #[prost(message, repeated, tag = "12")]
    pub deleted_during_sync: Vec<ResourceId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum CommitKind {
    /// The first steps of a run.
    Start = 0,
    /// A step is done.
    Done = 1,
    /// The list of a step is restarted.
    Restart = 2,
    /// Missing principals were looked up.
    LookedUp = 3,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct NewStep {
    #[prost(uint32, tag = "1")]
    pub phase: u32,
    /// JSON.
    #[prost(string, tag = "2")]
    pub body: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct NewWarning {
    #[prost(string, tag = "1")]
    pub code: String,
    #[prost(string, tag = "2")]
    pub message: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct NewResource {
    #[prost(message, required, tag = "1")]
    pub id: ResourceId,
    #[prost(message, optional, tag = "2")]
    pub parent: Option<ResourceId>,
    #[prost(uint32, tag = "3")]
    pub rank: u32,
    #[prost(bytes = "vec", tag = "4")]
    pub data: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct NewEntitlement {
    #[prost(string, tag = "1")]
    pub id: String,
    #[prost(message, required, tag = "2")]
    pub resource: ResourceId,
    #[prost(bytes = "vec", tag = "3")]
    pub data: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct NewGrant {
    #[prost(string, tag = "1")]
    pub entitlement: String,
    /// The entitlement's resource.
    #[prost(message, required, tag = "2")]
    pub resource: ResourceId,
    #[prost(message, required, tag = "3")]
    pub principal: ResourceId,
    #[prost(bytes = "vec", tag = "4")]
    pub annotations: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub expansion: Option<Vec<u8>>,
    /// It is left out if the principal has one of these: a list in JSON.
    #[prost(string, optional, tag = "6")]
    pub implied_by: Option<String>,
}

impl Commit {
    /// A commit that only adds steps.
    pub(super) fn steps<C: Syncer>(kind: CommitKind, steps: &[C::Step]) -> Result<Self, Error> {
        Ok(Self { kind: kind as i32, spawn: new_steps::<C>(steps)?, ..Self::default() })
    }

    /// A list is restarted.
    pub(super) fn restart(step: i64) -> Self {
        Self { kind: CommitKind::Restart as i32, step, ..Self::default() }
    }

    /// The output of step `step`.
    pub(super) fn done<C: Syncer>(step: i64, output: StepOutput<C::Step>) -> Result<Self, Error> {
        let records = output.records;
        records.entitlements.iter().try_for_each(check_id)?;
        let resources = records.resources.iter().map(|r| NewResource {
            id: proto_id(&r.id),
            parent: r.parent.as_ref().map(proto_id),
            rank: r.rank as u32,
            data: encode::resource(r),
        });
        let entitlements = records.entitlements.iter().map(|e| NewEntitlement {
            id: e.id.to_string(),
            resource: proto_id(&e.id.resource),
            data: encode::entitlement(e, C::ABOUT.resource_types),
        });
        let grants = records.grants.iter().map(|g| NewGrant {
            entitlement: g.entitlement.to_string(),
            resource: proto_id(&g.entitlement.resource),
            principal: proto_id(&g.principal),
            annotations: encode::grant_annotations(g),
            expansion: g.expandable.as_ref().map(encode::expansion),
            implied_by: g.implied_by.as_deref().map(ids),
        });
        Ok(Self {
            kind: CommitKind::Done as i32,
            step,
            resources: resources.collect(),
            entitlements: entitlements.collect(),
            grants: grants.collect(),
            names: records.not_found.iter().map(proto_id).collect(),
            next: output.next.as_ref().map(new_step::<C>).transpose()?,
            spawn: new_steps::<C>(&output.spawn)?,
            tallies: output.tallies,
            warnings: output.warnings.into_iter().map(new_warning).collect(),
            phase: 0,
            deleted_during_sync: records.deleted_during_sync.iter().map(proto_id).collect(),
        })
    }

    /// Whether a page produced nothing, not even a count of omitted rows.
    pub(super) fn is_empty_page(&self) -> bool {
        let rest =
            Self { kind: self.kind, step: self.step, next: self.next.clone(), ..Self::default() };
        *self == rest
    }
}

/// Refuses an id that cannot be parsed: it would be granted and revoked as another one.
fn check_id(entitlement: &Entitlement) -> Result<(), Error> {
    let id = &entitlement.id;
    if id.slug.is_empty() || id.slug.contains(':') || id.resource.resource_type.contains(':') {
        return Err(Error::internal(
            Code::BadEntitlementId,
            format!(
                "`{id}` is not a valid entitlement id: its slug or type is empty or contains a colon"
            ),
        ));
    }
    Ok(())
}

/// The ids of entitlements, as a JSON list for SQLite.
fn ids(entitlements: &[EntitlementId]) -> String {
    let ids = entitlements.iter().map(ToString::to_string);
    serde_json::Value::from_iter(ids).to_string()
}

fn new_steps<C: Syncer>(steps: &[C::Step]) -> Result<Vec<NewStep>, Error> {
    steps.iter().map(new_step::<C>).collect()
}

fn new_step<C: Syncer>(step: &C::Step) -> Result<NewStep, Error> {
    let body = serde_json::to_string(step).map_err(Error::not_json)?;
    let phase = C::phase(step).into();
    Ok(NewStep { phase, body })
}

fn proto_id(id: &rollcall_model::ResourceId) -> ResourceId {
    ResourceId { resource_type: id.resource_type.clone(), resource: id.id.clone() }
}

fn new_warning(Warning { code, message }: Warning) -> NewWarning {
    NewWarning { code, message }
}
