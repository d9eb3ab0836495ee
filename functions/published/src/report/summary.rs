//! The first view: the counts and short lists that the page shows before it decodes the rest.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rollcall_connector::{Error, Warning};
use rollcall_engine::catalog::manifest::{Manifest, Status};
use rollcall_engine::expiration::Expiration;
use rollcall_snapshot::{Names, Snapshot};
use serde::Serialize;

use super::Sources;
use super::changes::Changes;
use super::holders::Holders;
use super::privileged;
use super::records::{Account, Records};

/// The lengths of the lists. The page's other views have everything.
const RANKED: usize = 10;
const PRIVILEGED: usize = 100;
const ENDS: usize = 20;

/// A record with its name.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
}

/// The first view.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    connector: Option<String>,
    connection: Option<String>,
    tenant: Option<String>,
    sync_id: String,
    sync_type: String,
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    counts: Counts,
    kinds: Vec<Kind>,
    completeness: Option<Completeness>,
    /// Grants that name what the snapshot does not have.
    dangling: u64,
    history: Vec<Point>,
    most_holding: Vec<Ranked>,
    most_held: Vec<Ranked>,
    privileged: Privileged,
    changes: Option<Changes>,
    /// `None`: no store was asked.
    ends: Option<Ends>,
}

/// What the manifest says about the snapshot's completeness.
#[derive(Debug, Serialize)]
struct Completeness {
    warnings: Vec<Warning>,
    blind_spots: Vec<String>,
    /// Principals that only their ids show.
    stubs: u64,
    credential_expires_at: Option<Timestamp>,
    requests: u64,
    duration_ms: u64,
    /// The newer snapshot that waits to be accepted.
    waiting: Option<Held>,
    /// This snapshot, if it was held back when it was made and is not known to be accepted.
    held: Option<Held>,
}

#[derive(Debug, Serialize)]
struct Held {
    sync_id: String,
    ended_at: Timestamp,
    losses: Vec<String>,
}

/// The counts.
#[derive(Debug, Default, Serialize)]
struct Counts {
    people: u64,
    services: u64,
    resources: u64,
    entitlements: u64,
    grants: u64,
    direct: u64,
    inherited: u64,
    /// Accounts that are disabled and still hold something.
    disabled_holding: u64,
}

/// A resource type with its counts.
#[derive(Debug, Serialize)]
struct Kind {
    id: String,
    name: String,
    /// Whether its resources are accounts.
    accounts: bool,
    resources: u64,
    entitlements: u64,
    grants: u64,
}

/// A snapshot in the chart.
#[derive(Debug, Serialize)]
pub(super) struct Point {
    pub(super) at: Timestamp,
    sync_id: String,
    pub(super) accounts: u64,
    pub(super) grants: u64,
}

/// A resource with a count.
#[derive(Debug, Serialize)]
struct Ranked {
    id: String,
    name: String,
    kind: String,
    count: u32,
}

#[derive(Debug, Serialize)]
struct Privileged {
    rule: &'static str,
    /// How many people, and how many accounts for programs, hold privileged entitlements.
    people: u64,
    services: u64,
    accounts: Vec<Ranked>,
    entitlements: Vec<PrivilegedEntitlement>,
    all_entitlements: u64,
}

#[derive(Debug, Serialize)]
struct PrivilegedEntitlement {
    name: String,
    on: Named,
    reason: String,
    accounts: u64,
}

#[derive(Debug, Serialize)]
struct Ends {
    all: usize,
    next: Vec<End>,
}

#[derive(Debug, Serialize)]
struct End {
    who: Named,
    entitlement: String,
    at: Timestamp,
}

impl Summary {
    pub(super) fn of(
        sources: &Sources<'_>,
        records: &Records,
        holders: &Holders,
    ) -> Result<Self, Error> {
        let (snapshot, manifest) = (sources.snapshot, sources.manifest);
        let ids = records.ids();
        let mut names = snapshot.names();
        let mut ranked = |(number, count): (u32, u32)| {
            let id = ids[number as usize];
            let kind = records.resources[number as usize].kind;
            let kind = records.types[kind as usize].display_name.clone();
            Ok::<_, Error>(Ranked { id: id.to_owned(), name: names.get(id)?, kind, count })
        };
        let accounts = |number: &u32| records.resources[*number as usize].account.is_some();
        let most_holding = top(&holders.held, RANKED, accounts);
        let most_held = top(&holders.reach, RANKED, |_| true);
        let ended_at = snapshot.sync().ended_at;
        Ok(Self {
            connector: manifest.map(|m| m.connector.clone()),
            connection: manifest.map(|m| m.connection.clone()),
            tenant: manifest.map(|m| m.tenant.clone()).filter(|tenant| !tenant.is_empty()),
            sync_id: snapshot.sync().sync_id.clone(),
            sync_type: snapshot.sync().sync_type.clone(),
            started_at: snapshot.sync().started_at,
            ended_at: manifest.map(|m| m.ended_at).or(ended_at),
            counts: counts(records, holders),
            kinds: kinds(records, holders),
            completeness: manifest.map(|m| Completeness::of(m, sources)),
            dangling: records.dangling,
            history: sources.history.iter().map(|m| Point::of(m, records)).collect(),
            most_holding: most_holding.into_iter().map(&mut ranked).collect::<Result<_, _>>()?,
            most_held: most_held.into_iter().map(&mut ranked).collect::<Result<_, _>>()?,
            privileged: Privileged::of(records, holders, snapshot, &mut ranked)?,
            changes: sources.previous.map(|old| Changes::between(old, snapshot)).transpose()?,
            ends: match sources.ends {
                Some(ends) => Some(Ends::of(ends, records, &mut snapshot.names())?),
                None => None,
            },
        })
    }

    /// The snapshots in the chart, the oldest first.
    pub(super) fn history(&self) -> &[Point] {
        &self.history
    }
}

impl Completeness {
    fn of(manifest: &Manifest, sources: &Sources<'_>) -> Self {
        let is_held = manifest.status == Status::Held && !sources.is_latest;
        Self {
            warnings: manifest.warnings.clone(),
            blind_spots: manifest.blind_spots.clone(),
            stubs: manifest.stubs.values().sum(),
            credential_expires_at: manifest.credential_expires_at,
            requests: manifest.usage.calls,
            duration_ms: manifest.duration_ms,
            waiting: sources.waiting.map(Held::of),
            held: is_held.then(|| Held::of(manifest)),
        }
    }
}

impl Held {
    fn of(manifest: &Manifest) -> Self {
        Self {
            sync_id: manifest.sync_id.clone(),
            ended_at: manifest.ended_at,
            losses: manifest.losses.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Point {
    fn of(manifest: &Manifest, records: &Records) -> Self {
        let accounts = records.types.iter().filter(|kind| kind.traits.contains(&"user"));
        let count = |id: &String| manifest.by_resource_type.resources.get(id).copied();
        Self {
            at: manifest.ended_at,
            sync_id: manifest.sync_id.clone(),
            accounts: accounts.filter_map(|kind| count(&kind.id)).sum(),
            grants: manifest.counts.grants + manifest.counts.expanded,
        }
    }
}

impl Privileged {
    fn of(
        records: &Records,
        holders: &Holders,
        snapshot: &Snapshot,
        ranked: &mut impl FnMut((u32, u32)) -> Result<Ranked, Error>,
    ) -> Result<Self, Error> {
        let ids = records.ids();
        let mut names = snapshot.names();
        let mut held: BTreeMap<u32, (u32, Account)> = BTreeMap::new();
        let mut entitlements = Vec::new();
        for (number, entitlement) in (0..).zip(&records.entitlements) {
            let Some(reason) = &entitlement.privileged else { continue };
            let accounts = holders.accounts(records, number);
            for (account, kind) in &accounts {
                held.entry(*account).or_insert((0, *kind)).0 += 1;
            }
            entitlements.push((accounts.len() as u64, entitlement, reason));
        }
        entitlements.sort_by_key(|(accounts, ..)| std::cmp::Reverse(*accounts));
        let count = |kind: Account| held.values().filter(|(_, of)| *of == kind).count() as u64;
        let (people, services) = (count(Account::Person), count(Account::Service));
        let mut accounts: Vec<_> = held.into_iter().map(|(n, (count, _))| (n, count)).collect();
        accounts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        accounts.truncate(PRIVILEGED);
        let all_entitlements = entitlements.len() as u64;
        entitlements.truncate(PRIVILEGED);
        let listed = entitlements.into_iter().map(|(accounts, entitlement, reason)| {
            let id = ids[entitlement.resource as usize].to_owned();
            Ok::<_, Error>(PrivilegedEntitlement {
                name: entitlement.title().to_owned(),
                on: Named { name: names.get(&id)?, id },
                reason: reason.clone(),
                accounts,
            })
        });
        let entitlements = listed.collect::<Result<_, _>>()?;
        let accounts = accounts.into_iter().map(ranked).collect::<Result<_, _>>()?;
        let rule = privileged::RULE;
        Ok(Self { rule, people, services, accounts, entitlements, all_entitlements })
    }
}

impl Ends {
    fn of(ends: &[Expiration], records: &Records, names: &mut Names<'_>) -> Result<Self, Error> {
        let next = ends.iter().take(ENDS).map(|end| {
            let known = records.entitlement(&end.entitlement);
            let known = known.map(|number| records.entitlements[number as usize].title());
            Ok::<_, Error>(End {
                who: Named { id: end.principal.clone(), name: names.get(&end.principal)? },
                entitlement: known.unwrap_or(&end.entitlement).to_owned(),
                at: end.ends_at,
            })
        });
        Ok(Self { all: ends.len(), next: next.collect::<Result<_, _>>()? })
    }
}

fn counts(records: &Records, holders: &Holders) -> Counts {
    let accounts = |kind| records.resources.iter().filter(move |r| r.account == Some(kind));
    let disabled = records.resources.iter().zip(&holders.held);
    let disabled = disabled.filter(|(r, held)| r.account.is_some() && r.is_disabled && **held > 0);
    let direct = records.direct.len() as u64;
    Counts {
        people: accounts(Account::Person).count() as u64,
        services: accounts(Account::Service).count() as u64,
        resources: records.resources.len() as u64,
        entitlements: records.entitlements.len() as u64,
        grants: holders.grants,
        direct,
        inherited: holders.grants - direct,
        disabled_holding: disabled.count() as u64,
    }
}

fn kinds(records: &Records, holders: &Holders) -> Vec<Kind> {
    let kinds = records.types.iter().map(|kind| Kind {
        id: kind.id.clone(),
        name: kind.display_name.clone(),
        accounts: false,
        resources: 0,
        entitlements: 0,
        grants: 0,
    });
    let mut kinds: Vec<_> = kinds.collect();
    for resource in &records.resources {
        let kind = &mut kinds[resource.kind as usize];
        kind.resources += 1;
        kind.accounts |= resource.account.is_some();
    }
    for (number, entitlement) in (0..).zip(&records.entitlements) {
        let kind = &mut kinds[records.resources[entitlement.resource as usize].kind as usize];
        kind.entitlements += 1;
        kind.grants += holders.of_entitlement(records, number).count() as u64;
    }
    kinds
}

/// The resources with the highest counts above zero.
fn top(counts: &[u32], length: usize, admits: impl Fn(&u32) -> bool) -> Vec<(u32, u32)> {
    let counted = (0..).zip(counts.iter().copied());
    let mut counted: Vec<_> = counted.filter(|(n, count)| *count > 0 && admits(n)).collect();
    counted.sort_by_key(|(number, count)| (std::cmp::Reverse(*count), *number));
    counted.truncate(length);
    counted
}
