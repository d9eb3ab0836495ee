//! Makes everything that follows a published snapshot, once.

use jiff::Timestamp;
use rollcall_connector::{Chain, Code, Error, ErrorType};
use rollcall_engine::context::Context;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::lease::{Acquired, Lease, LeaseRequest};
use rollcall_engine::store::{PutError, PutMode, get_json, put_json};

use crate::bus::Bus;
use crate::changes;
use crate::event::{PublishedAnswer, PublishedEvent};
use crate::report;
use crate::source::Published;
use crate::tables;

/// What is made of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Products {
    pub changes: bool,
    pub report: bool,
    pub tables: bool,
}

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
        let mut products = Self { changes: false, report: false, tables: false };
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

/// Makes what follows the snapshot that the event names. If it was made before, the stored answer is returned.
pub async fn publish(
    cx: &Context,
    event: &PublishedEvent,
    products: Products,
    bus: Option<&Bus>,
) -> Result<PublishedAnswer, Error> {
    event.check()?;
    let keys = Keys { connector: &event.connector, connection: &event.connection };
    let (store, clock) = (&*cx.store, &*cx.clock);
    let record = keys.published(&event.sync_id);
    if let Some((answer, _)) = get_json(store, &record).await? {
        return Ok(answer);
    }
    // Two deliveries at once would put every change onto the bus twice.
    let (request, key) = (
        LeaseRequest { owner: &event.sync_id, floor: 0, ttl: cx.lease_duration() },
        keys.publishing_lease(),
    );
    let lease = match Lease::<()>::acquire(store, clock, &key, &request).await? {
        Acquired::Held(lease) => lease,
        Acquired::Busy(holder) => return Err(busy(&holder.owner, holder.expires_at)),
    };
    let made = make(cx, event, products, bus).await;
    lease.give_back(store, clock).await;
    let answer = made?;
    match put_json(store, &record, &answer, PutMode::Create).await {
        Ok(_) | Err(PutError::Condition(_)) => Ok(answer),
        Err(e) => Err(e.into_error("what was made of the snapshot")),
    }
}

/// Makes each product, by one open snapshot. Each is written so that making it again changes nothing.
async fn make(
    cx: &Context,
    event: &PublishedEvent,
    products: Products,
    bus: Option<&Bus>,
) -> Result<PublishedAnswer, Error> {
    let published = Published::open(&*cx.store, event).await?;
    let manifest = &published.manifest;
    let mut answer = PublishedAnswer {
        connector: manifest.connector.clone(),
        connection: manifest.connection.clone(),
        sync_id: manifest.sync_id.clone(),
        previous_sync_id: manifest.previous_sync_id.clone(),
        ..PublishedAnswer::default()
    };
    // One that fails keeps none from the others, and is made when the event is repeated.
    let mut failures = Vec::new();
    if products.changes {
        let made = changes::make(cx, &published, bus, &mut answer).await;
        failures.extend(made.err());
    }
    if products.report {
        match report::write(&*cx.store, &published).await {
            Ok(keys) => answer.written.extend(keys),
            Err(e) => failures.push(e),
        }
    }
    if products.tables {
        match tables::store(cx, &published).await {
            Ok(keys) => answer.written.extend(keys),
            Err(e) => failures.push(e),
        }
    }
    for e in failures.iter().skip(1) {
        tracing::error!(code = e.code().as_str(), error = %Chain(e), "failed, too");
    }
    failures.into_iter().next().map_or(Ok(answer), Err)
}

fn busy(owner: &str, until: Timestamp) -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::PublishingBusy,
        format!("what follows snapshot {owner} of this connection is being made at this moment"),
        "Send the same event again later.",
    )
    .with_retry_at(until)
}
