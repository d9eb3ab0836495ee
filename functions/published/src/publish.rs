//! Makes everything that follows a published snapshot, once.

use jiff::Timestamp;
use rollcall_connector::{Chain, Code, Error, ErrorType};
use rollcall_engine::context::Context;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::lease::{Acquired, Lease, LeaseRequest};
use rollcall_engine::store::{PutMode, get_json, put_json};

use crate::bus::Bus;
use crate::changes::Changes;
use crate::event::{Products, PublishedAnswer, PublishedEvent};
use crate::report;
use crate::source::Published;
use crate::tables;

impl Products {
    /// Everything.
    pub const ALL: Self = Self { changes: true, report: true, tables: true };

    /// What `ROLLCALL_PUBLISH` names: `changes`, `report`, `tables`, separated by commas, or `none`. Unset: everything.
    pub fn from_environment() -> Result<Self, Error> {
        match std::env::var("ROLLCALL_PUBLISH").ok().filter(|text| !text.is_empty()) {
            Some(text) => Self::parse(&text),
            None => Ok(Self::ALL),
        }
    }

    /// Reads such a list.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut products = Self::default();
        for name in text.split(',').map(str::trim).filter(|name| *name != "none") {
            match name {
                "changes" => products.changes = true,
                "report" => products.report = true,
                "tables" => products.tables = true,
                _ => {
                    return Err(Error::new(
                        ErrorType::Misconfigured,
                        Code::BadEnvironment,
                        format!("ROLLCALL_PUBLISH contains `{name}`"),
                        "Use `changes`, `report` and `tables`, separated by commas, or `none`.",
                    ));
                }
            }
        }
        Ok(products)
    }
}

/// Makes what follows the snapshot that the event names, as far as that was not made before.
pub async fn publish(
    cx: &Context,
    event: &PublishedEvent,
    products: Products,
    bus: Option<&Bus>,
) -> Result<PublishedAnswer, Error> {
    event.check()?;
    if products == Products::default() {
        let PublishedEvent { connector, connection, sync_id } = event.clone();
        return Ok(PublishedAnswer {
            connector,
            connection,
            sync_id,
            ..PublishedAnswer::default()
        });
    }
    let keys = Keys { connector: &event.connector, connection: &event.connection };
    let (store, clock, record) = (&*cx.store, &*cx.clock, keys.published(&event.sync_id));
    if let Some((answer, _)) = get_json::<PublishedAnswer>(store, &record).await?
        && answer.missing(products, bus) == Missing::default()
    {
        return Ok(answer);
    }
    // Two deliveries at once would put every change onto the bus twice.
    let (owner, ttl) = (&*event.sync_id, cx.lease_duration());
    let request = LeaseRequest { owner, floor: 0, ttl };
    let lease = Lease::<()>::acquire(store, clock, &keys.publishing_lease(), &request).await?;
    let lease = match lease {
        Acquired::Held(lease) => lease,
        Acquired::Busy(holder) => return Err(busy(&holder.owner, holder.expires_at)),
    };
    let made = under_lease(cx, event, products, bus, &record).await;
    lease.give_back(store, clock).await;
    made
}

/// Makes what is missing, and records it, whether all of it succeeds or not.
async fn under_lease(
    cx: &Context,
    event: &PublishedEvent,
    products: Products,
    bus: Option<&Bus>,
    record: &str,
) -> Result<PublishedAnswer, Error> {
    let found = get_json::<PublishedAnswer>(&*cx.store, record).await?;
    let mut answer = found.as_ref().map(|(answer, _)| answer.clone()).unwrap_or_default();
    let missing = answer.missing(products, bus);
    if missing == Missing::default() && found.is_some() {
        return Ok(answer);
    }
    let published = Published::open(&*cx.store, event).await?;
    published.check_status(&*cx.store).await?;
    let manifest = &published.manifest;
    answer.connector.clone_from(&manifest.connector);
    answer.connection.clone_from(&manifest.connection);
    answer.sync_id.clone_from(&manifest.sync_id);
    answer.previous_sync_id.clone_from(&manifest.previous_sync_id);
    answer.warnings.clear();
    let made = make(cx, &published, missing, bus, &mut answer).await;
    let mode = match &found {
        Some((_, version)) => PutMode::Update(version),
        None => PutMode::Create,
    };
    let put = put_json(&*cx.store, record, &answer, mode).await;
    put.map_err(|e| e.into_error("what was made of the snapshot"))?;
    made.map(|()| answer)
}

/// What is wanted and was not made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Missing {
    products: Products,
    /// The changes are not on the bus.
    bus: bool,
}

impl PublishedAnswer {
    fn missing(&self, wanted: Products, bus: Option<&Bus>) -> Missing {
        Missing {
            products: Products {
                changes: wanted.changes && !self.made.changes,
                report: wanted.report && !self.made.report,
                tables: wanted.tables && !self.made.tables,
            },
            bus: wanted.changes
                && bus.is_some_and(|bus| !self.buses.iter().any(|b| b == bus.name())),
        }
    }

    fn add(&mut self, keys: impl IntoIterator<Item = String>) {
        let new = keys.into_iter().filter(|key| !self.written.contains(key)).collect::<Vec<_>>();
        self.written.extend(new);
    }
}

/// Makes each product, and enters it into the answer. One that fails does not stop the others; the bus comes last.
async fn make(
    cx: &Context,
    published: &Published,
    missing: Missing,
    bus: Option<&Bus>,
    answer: &mut PublishedAnswer,
) -> Result<(), Error> {
    let mut failures = Vec::new();
    let mut changes = None;
    if missing.products.changes || missing.bus {
        match Changes::write(cx, published).await {
            Ok(Ok(written)) => {
                answer.add([written.key.clone()]);
                changes = Some(written);
                answer.made.changes = true;
            }
            Ok(Err(warning)) => {
                answer.warnings.push(warning);
                answer.made.changes = true;
            }
            Err(e) => failures.push(e),
        }
    }
    if missing.products.report {
        match report::write(&*cx.store, published).await {
            Ok(keys) => {
                answer.add(keys);
                answer.made.report = true;
            }
            Err(e) => failures.push(e),
        }
    }
    if missing.products.tables {
        match tables::store(cx, published).await {
            Ok(keys) => {
                answer.add(keys);
                answer.made.tables = true;
            }
            Err(e) => failures.push(e),
        }
    }
    if let (true, Some(bus)) = (missing.bus && answer.made.changes, bus) {
        let sent = match &changes {
            Some(changes) => changes.send(bus, &published.manifest).await,
            None => Ok(()),
        };
        match sent {
            Ok(()) => answer.buses.push(bus.name().to_owned()),
            Err(e) => failures.push(e),
        }
    }
    for e in failures.iter().skip(1) {
        tracing::error!(code = e.code().as_str(), error = %Chain(e), "failed, too");
    }
    failures.into_iter().next().map_or(Ok(()), Err)
}

fn busy(owner: &str, until: Timestamp) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::PublishingBusy,
        format!("what follows snapshot {owner} of this connection is being made at this moment"),
        "Send the same event, or run the command, again later.",
    )
    .with_retry_at(until)
}
