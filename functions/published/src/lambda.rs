//! The Lambda function `snapshot-published`.

use rollcall_connector::Error;
use rollcall_connector::event::parse;
use rollcall_engine::runtime::lambda::{RuntimeError, serve};

use crate::bus::Bus;
use crate::event::Products;
use crate::publish::publish;

/// Serves the function. `ROLLCALL_PUBLISH` names what it makes, `ROLLCALL_BUS` the bus for changes.
pub fn run() -> Result<(), RuntimeError> {
    serve("snapshot", "published", async |cx, event| {
        let event = parse(&event)?;
        let products = Products::from_environment()?;
        let bus = Bus::from_environment(&cx).await;
        let answer = publish(&cx, &event, products, bus.as_ref()).await?;
        serde_json::to_value(answer).map_err(Error::not_json)
    })
}
