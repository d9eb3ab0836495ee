//! An event bus of EventBridge.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use rollcall_connector::{Code, Error, ErrorType};
use rollcall_engine::aws;
use rollcall_engine::context::Context;

/// The largest number of entries in a request, and their largest size together, in bytes
/// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
pub(crate) const MAX_ENTRIES: usize = 10;
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// What EventBridge counts for an entry besides its texts: its time.
const OVERHEAD: usize = 14;

/// An event for the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// Who reports it, such as `rollcall.change`.
    pub source: &'static str,
    /// What it is.
    pub detail_type: String,
    /// Its content: a JSON object.
    pub detail: String,
}

impl BusEvent {
    /// The size that counts for the limit, in bytes.
    pub fn size(&self) -> usize {
        OVERHEAD + self.source.len() + self.detail_type.len() + self.detail.len()
    }
}

/// A bus.
#[derive(Debug)]
pub struct Bus {
    client: Client,
    name: String,
}

impl Bus {
    /// The bus with this name in the account of the environment's credentials.
    pub async fn named(cx: &Context, name: impl Into<String>) -> Self {
        Self { client: Client::new(cx.aws.config().await), name: name.into() }
    }

    /// The bus that `ROLLCALL_BUS` names, if it does.
    pub async fn from_environment(cx: &Context) -> Option<Self> {
        let name = std::env::var("ROLLCALL_BUS").ok().filter(|name| !name.is_empty())?;
        Some(Self::named(cx, name).await)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts events onto the bus, in their order. After a failure, some of them may be there.
    pub async fn put(&self, events: &[BusEvent]) -> Result<(), Error> {
        let mut rest = events;
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(fitting(rest));
            self.put_batch(batch).await?;
            rest = others;
        }
        Ok(())
    }

    async fn put_batch(&self, batch: &[BusEvent]) -> Result<(), Error> {
        let entries = batch.iter().map(|event| {
            PutEventsRequestEntry::builder()
                .event_bus_name(&self.name)
                .source(event.source)
                .detail_type(&event.detail_type)
                .detail(&event.detail)
                .build()
        });
        let put = self.client.put_events().set_entries(Some(entries.collect())).send().await;
        let what = format!("put events onto the bus {}", self.name);
        let put = put.map_err(|e| aws::error(Code::EventNotSent, &what, e))?;
        // The request succeeds although entries fail.
        let failed = put.entries().iter().find(|entry| entry.error_code().is_some());
        match failed {
            None => Ok(()),
            Some(entry) => Err(Error::new(
                ErrorType::Unavailable,
                Code::EventNotSent,
                format!(
                    "could not {what} ({}): {}",
                    entry.error_code().unwrap_or_default(),
                    entry.error_message().unwrap_or_default()
                ),
                "Send the same event again: what was sent already keeps its id.",
            )),
        }
    }
}

/// How many of these events one request can hold. One that is too large by itself is sent by itself, and refused.
fn fitting(events: &[BusEvent]) -> usize {
    let mut bytes = 0;
    let fits = |event: &&BusEvent| {
        bytes += event.size();
        bytes <= MAX_BYTES
    };
    events.iter().take(MAX_ENTRIES).take_while(fits).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_holds_ten_events_and_256_kilobytes() {
        let event = |bytes: usize| BusEvent {
            source: "rollcall.change",
            detail_type: "x".into(),
            detail: "d".repeat(bytes - OVERHEAD - 16),
        };
        assert_eq!(event(1000).size(), 1000);
        for (sizes, expected) in [
            (vec![1000; 25], 10),
            (vec![MAX_BYTES / 4; 9], 4),
            (vec![MAX_BYTES, 1000], 1),
            (vec![MAX_BYTES - 999, 1000], 1),
            (vec![MAX_BYTES * 2, 1000], 1),
            (vec![1000], 1),
        ] {
            let events: Vec<_> = sizes.iter().map(|bytes| event(*bytes)).collect();
            assert_eq!(fitting(&events), expected, "{sizes:?}");
        }
    }
}
