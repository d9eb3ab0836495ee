//! The data of the page: everything that its views of persons and resources need, compressed. It contains the grants that
//! the vendor stated; the page derives the others, as `Snapshot::access` does.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use rollcall_connector::Error;
use rollcall_engine::expiration::Expiration;
use rollcall_snapshot::{Filter, Snapshot};
use serde::Serialize;

use super::holders::Holders;
use super::records::Records;

/// The largest size of the compressed data, in bytes: beyond it the page has the first view alone. Three million grants
/// are below it.
const LIMIT: usize = 24 << 20;

/// The columns and rows. Numbers refer to the places in these lists.
#[derive(Serialize)]
struct Data<'a> {
    /// Id, name, and whether such resources are accounts.
    types: Vec<(&'a str, &'a str, bool)>,
    resources: Vec<ResourceRow>,
    entitlements: Vec<EntitlementRow<'a>>,
    /// How many grants each entitlement has that the vendor stated.
    counts: Vec<u32>,
    /// The principals of these grants, in the order of entitlements; each but an entitlement's first as the difference
    /// to the one before.
    principals: Vec<u32>,
    /// From, to, shallow, types.
    edges: Vec<(u32, u32, u8, &'a [u32])>,
    /// Entitlement, principal, sources.
    stated: Vec<(u32, u32, &'a [u32])>,
    /// Entitlement, principal, end.
    ends: Vec<(u32, u32, Timestamp)>,
}

/// A resource.
#[derive(Serialize)]
struct ResourceRow(
    /// Its type.
    u32,
    /// Its id without the type.
    String,
    /// Name.
    String,
    /// Status, and its reason.
    Option<&'static str>,
    String,
    /// E-mail addresses, login, kind of account.
    Vec<String>,
    String,
    Option<&'static str>,
    /// The resource that contains it.
    Option<u32>,
    /// Last login, second factor.
    Option<String>,
    Option<bool>,
    /// How many entitlements it holds; how many accounts hold one of it.
    u32,
    u32,
);

/// An entitlement: resource, the rest of its id after that, whether that is the whole id instead; name, slug, why it is
/// privileged.
#[derive(Serialize)]
struct EntitlementRow<'a>(u32, &'a str, u8, &'a str, &'a str, Option<&'a str>);

/// The data as base64 of gzip of JSON. `None`: it would be larger than a browser should load.
pub(super) fn packed(
    snapshot: &Snapshot,
    records: &Records,
    holders: &Holders,
    ends: &[Expiration],
) -> Result<Option<String>, Error> {
    let ids = records.ids();
    let (counts, principals) = columns(records);
    let data = Data {
        types: types(records),
        resources: resources(snapshot, records, holders)?,
        entitlements: entitlements(records, &ids),
        counts,
        principals,
        edges: records
            .edges
            .iter()
            .map(|edge| (edge.from, edge.to, edge.shallow.into(), &*edge.kinds))
            .collect(),
        stated: records
            .stated
            .iter()
            .map(|stated| (stated.entitlement, stated.principal, &*stated.sources))
            .collect(),
        ends: ends
            .iter()
            .filter_map(|end| {
                let entitlement = records.entitlement(&end.entitlement)?;
                Some((entitlement, records.resource(&end.principal)?, end.ends_at))
            })
            .collect(),
    };
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    serde_json::to_writer(&mut packed, &data).map_err(Error::not_json)?;
    let packed = packed.flush().and_then(|()| packed.finish());
    let packed = packed.map_err(|e| Error::not_json(serde_json::Error::io(e)))?;
    Ok((packed.len() <= LIMIT).then(|| STANDARD.encode(packed)))
}

fn types(records: &Records) -> Vec<(&str, &str, bool)> {
    let is_account = |kind: usize| {
        let mut of_kind = records.resources.iter().filter(|r| r.kind as usize == kind);
        of_kind.any(|resource| resource.account.is_some())
    };
    let types = records.types.iter().enumerate();
    types.map(|(n, kind)| (&*kind.id, &*kind.display_name, is_account(n))).collect()
}

fn resources(
    snapshot: &Snapshot,
    records: &Records,
    holders: &Holders,
) -> Result<Vec<ResourceRow>, Error> {
    let mut rows = Vec::with_capacity(records.resources.len());
    snapshot.resources(&Filter::default(), |r| {
        let number = rows.len();
        let id = r.id.get(r.resource_type.len() + 1..).unwrap_or_default().to_owned();
        let parent = r.parent.and_then(|parent| records.resource(&parent));
        rows.push(ResourceRow(
            records.resources[number].kind,
            id,
            r.display_name,
            r.status,
            r.status_details,
            r.emails,
            r.login,
            r.account_type,
            parent,
            r.last_login,
            r.mfa,
            holders.held[number],
            holders.reach[number],
        ));
        Ok::<_, Error>(())
    })?;
    Ok(rows)
}

fn entitlements<'a>(records: &'a Records, ids: &[&str]) -> Vec<EntitlementRow<'a>> {
    let rows = records.entitlements.iter().map(|e| {
        let rest = e.id.strip_prefix(ids[e.resource as usize]);
        let rest = rest.and_then(|rest| rest.strip_prefix(':'));
        let is_whole = u8::from(rest.is_none());
        let (rest, reason) = (rest.unwrap_or(&e.id), e.privileged.as_deref());
        EntitlementRow(e.resource, rest, is_whole, e.title(), &e.slug, reason)
    });
    rows.collect()
}

/// How many stated grants each entitlement has, and the differences between their principals.
fn columns(records: &Records) -> (Vec<u32>, Vec<u32>) {
    let mut counts = vec![0; records.entitlements.len()];
    let mut principals = Vec::with_capacity(records.direct.len());
    let mut before = (u32::MAX, 0);
    for (entitlement, principal) in &records.direct {
        counts[*entitlement as usize] += 1;
        let is_first = before.0 != *entitlement;
        principals.push(if is_first { *principal } else { principal - before.1 });
        before = (*entitlement, *principal);
    }
    (counts, principals)
}
