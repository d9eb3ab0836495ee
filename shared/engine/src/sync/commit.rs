//! What a step leaves behind, as one message: it is applied to the working database in one transaction, and a checkpoint
//! is nothing but the commits so far. Replaying them gives the same database.

use std::collections::BTreeMap;

use prost::Message;
use rollcall_connector::Code;

use rollcall_connector::{About, Error, StepOutput, Syncer, Warning};
use rollcall_model::{EntitlementId, encode};

/// One change of the working database.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Commit {
    #[prost(enumeration = "Kind", tag = "1")]
    pub kind: i32,
    /// The step that is done, or whose list starts over.
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(message, repeated, tag = "3")]
    pub resources: Vec<ResourceRow>,
    #[prost(message, repeated, tag = "4")]
    pub entitlements: Vec<EntitlementRow>,
    #[prost(message, repeated, tag = "5")]
    pub grants: Vec<GrantRow>,
    /// Resources that are no more unless a list shows them; for [`Kind::Asked`], the ones that were asked for.
    #[prost(message, repeated, tag = "6")]
    pub names: Vec<Name>,
    #[prost(message, optional, tag = "7")]
    pub next: Option<StepRow>,
    #[prost(message, repeated, tag = "8")]
    pub spawn: Vec<StepRow>,
    #[prost(btree_map = "string, uint64", tag = "9")]
    pub tallies: BTreeMap<String, u64>,
    #[prost(message, repeated, tag = "10")]
    pub warnings: Vec<WarningRow>,
    /// For [`Kind::Asked`].
    #[prost(uint32, tag = "11")]
    pub phase: u32,
    /// Resources that are no more, whatever a list shows.
    #[prost(message, repeated, tag = "12")]
    pub deleted_during_sync: Vec<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum Kind {
    /// The first steps of a run.
    Start = 0,
    /// A step is done.
    Done = 1,
    /// The list of a step starts over.
    Restart = 2,
    /// Missing principals were asked for.
    Asked = 3,
}

#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub(super) struct Name {
    #[prost(string, tag = "1")]
    pub resource_type: String,
    #[prost(string, tag = "2")]
    pub id: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct StepRow {
    #[prost(uint32, tag = "1")]
    pub phase: u32,
    /// JSON.
    #[prost(string, tag = "2")]
    pub body: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct WarningRow {
    #[prost(string, tag = "1")]
    pub code: String,
    #[prost(string, tag = "2")]
    pub message: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct ResourceRow {
    #[prost(message, required, tag = "1")]
    pub name: Name,
    #[prost(message, optional, tag = "2")]
    pub parent: Option<Name>,
    #[prost(uint32, tag = "3")]
    pub rank: u32,
    #[prost(bytes = "vec", tag = "4")]
    pub data: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct EntitlementRow {
    #[prost(string, tag = "1")]
    pub id: String,
    #[prost(message, required, tag = "2")]
    pub resource: Name,
    #[prost(bytes = "vec", tag = "3")]
    pub data: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct GrantRow {
    #[prost(string, tag = "1")]
    pub entitlement: String,
    /// The entitlement's resource.
    #[prost(message, required, tag = "2")]
    pub resource: Name,
    #[prost(message, required, tag = "3")]
    pub principal: Name,
    #[prost(bytes = "vec", tag = "4")]
    pub annotations: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub expansion: Option<Vec<u8>>,
    /// It is left out if the principal holds one of these: a list in JSON.
    #[prost(string, optional, tag = "6")]
    pub implied_by: Option<String>,
}

impl Commit {
    /// A commit that only adds steps.
    pub(super) fn steps<C: Syncer>(kind: Kind, steps: &[C::Step]) -> Result<Self, Error> {
        Ok(Self {
            kind: kind as i32,
            spawn: steps.iter().map(step_row::<C>).collect::<Result<_, _>>()?,
            ..Self::default()
        })
    }

    /// A list starts over.
    pub(super) fn restart(step: i64) -> Self {
        Self {
            kind: Kind::Restart as i32,
            step,
            ..Self::default()
        }
    }

    /// What step `step` brought.
    pub(super) fn done<C: Syncer>(step: i64, brought: StepOutput<C::Step>) -> Result<Self, Error> {
        let about: &About = C::ABOUT;
        let records = brought.records;
        records.entitlements.iter().try_for_each(check_id)?;
        let resources = records.resources.iter().map(|r| ResourceRow {
            name: Name::from(&r.id),
            parent: r.parent.as_ref().map(Name::from),
            rank: r.rank as u32,
            data: encode::resource(r),
        });
        let entitlements = records.entitlements.iter().map(|e| EntitlementRow {
            id: e.id.to_string(),
            resource: Name::from(&e.id.resource),
            data: encode::entitlement(e, about.resource_types),
        });
        let grants = records.grants.iter().map(|g| GrantRow {
            entitlement: g.entitlement.to_string(),
            resource: Name::from(&g.entitlement.resource),
            principal: Name::from(&g.principal),
            annotations: encode::grant_annotations(g),
            expansion: g.expandable.as_ref().map(encode::expansion),
            implied_by: g.implied_by.as_deref().map(ids),
        });
        Ok(Self {
            kind: Kind::Done as i32,
            step,
            resources: resources.collect(),
            entitlements: entitlements.collect(),
            grants: grants.collect(),
            names: records.not_found.iter().map(Name::from).collect(),
            next: brought.next.as_ref().map(step_row::<C>).transpose()?,
            spawn: brought
                .spawn
                .iter()
                .map(step_row::<C>)
                .collect::<Result<_, _>>()?,
            tallies: brought.tallies,
            warnings: brought.warnings.into_iter().map(WarningRow::from).collect(),
            phase: 0,
            deleted_during_sync: records.deleted_during_sync.iter().map(Name::from).collect(),
        })
    }
}

impl Commit {
    /// Whether a page produced nothing at all, not even a count of rows that were left out.
    pub(super) fn is_empty_page(&self) -> bool {
        self.resources.is_empty()
            && self.entitlements.is_empty()
            && self.grants.is_empty()
            && self.names.is_empty()
            && self.deleted_during_sync.is_empty()
            && self.spawn.is_empty()
            && self.tallies.is_empty()
            && self.warnings.is_empty()
    }
}

/// An id that cannot be taken apart again would be granted and revoked as another one.
fn check_id(entitlement: &rollcall_model::Entitlement) -> Result<(), Error> {
    let id = &entitlement.id;
    if id.slug.is_empty() || id.slug.contains(':') || id.resource.resource_type.contains(':') {
        return Err(Error::internal(
            Code::BadEntitlementId,
            format!(
                "`{id}` cannot be taken apart again: its slug or type is empty or holds a colon"
            ),
        ));
    }
    Ok(())
}

/// The ids of entitlements, as a list in JSON: so the database reads it.
fn ids(entitlements: &[EntitlementId]) -> String {
    let ids = entitlements.iter().map(ToString::to_string);
    serde_json::Value::from_iter(ids).to_string()
}

fn step_row<C: Syncer>(step: &C::Step) -> Result<StepRow, Error> {
    let body = serde_json::to_string(step)
        .map_err(|e| Error::internal(Code::NotJson, "a step has no JSON form").with_source(e))?;
    Ok(StepRow {
        phase: C::phase(step).into(),
        body,
    })
}

impl From<&rollcall_model::ResourceId> for Name {
    fn from(id: &rollcall_model::ResourceId) -> Self {
        Self {
            resource_type: id.resource_type.clone(),
            id: id.id.clone(),
        }
    }
}

impl From<Warning> for WarningRow {
    fn from(w: Warning) -> Self {
        Self {
            code: w.code,
            message: w.message,
        }
    }
}
