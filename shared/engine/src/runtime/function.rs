//! The handlers of a connector's operations, for Lambda and the command line: a JSON event in, a JSON answer out.

use futures::future::BoxFuture;
use rollcall_connector::provision::Provisioner;
use rollcall_connector::{About, Code, Connector, Error, Identity, Syncer, Warning, event};
use serde::Serialize;
use serde_json::Value;

use crate::context::Context;
use crate::expiration;
pub use crate::operation::Operation;
use crate::provision::{self, Order};

/// Syncs a connection.
pub async fn sync<C: Syncer>(cx: &Context, event: &Value) -> Result<Value, Error> {
    to_json(crate::sync::run::<C>(cx, &event::parse(event)?).await?)
}

/// Changes access: any operation but [`Operation::Sync`].
pub async fn write<C: Provisioner>(
    cx: &Context,
    operation: Operation,
    event: &Value,
) -> Result<Value, Error> {
    let is_about = |field| operation == Operation::Revoke && event.get(field).is_some();
    if is_about("expiration") {
        return to_json(provision::end::<C>(cx, &event::parse(event)?).await?);
    }
    if is_about("overdue") {
        return to_json(expiration::sweep(cx, C::ABOUT.name, &event::parse(event)?).await?);
    }
    let order = Order::parse(operation, event)?;
    to_json(provision::run::<C>(cx, &order).await?)
}

fn to_json(answer: impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(answer).map_err(Error::not_json)
}

type Invoke = for<'a> fn(&'a Context, Operation, &'a Value) -> BoxFuture<'a, Result<Value, Error>>;
type Identify =
    for<'a> fn(&'a Context, &'a str) -> BoxFuture<'a, Result<(Identity, Vec<Warning>), Error>>;

/// A connector as a value: its operations, callable without its type.
pub struct Entry {
    /// Name, resource types and configuration.
    pub about: &'static About,
    /// The operations of the connector. Each is a function of its own.
    pub operations: &'static [Operation],
    invoke: Invoke,
    identify: Identify,
}

impl Entry {
    /// A connector that syncs and provisions, accounts included.
    pub fn with_accounts<C: Syncer + Provisioner>() -> Self {
        Self::provisioning::<C>(&Operation::ALL)
    }

    /// A connector that syncs, grants and revokes, but does not manage accounts.
    pub fn with_access_changes<C: Syncer + Provisioner>() -> Self {
        Self::provisioning::<C>(&[Operation::Sync, Operation::Grant, Operation::Revoke])
    }

    /// A connector that only syncs.
    pub fn read_only<C: Syncer>() -> Self {
        Self {
            about: C::ABOUT,
            operations: &[Operation::Sync],
            // [`Entry::invoke`] refuses all other operations.
            invoke: |cx, _, event| Box::pin(sync::<C>(cx, event)),
            identify: |cx, connection| Box::pin(identify::<C>(cx, connection)),
        }
    }

    fn provisioning<C: Syncer + Provisioner>(operations: &'static [Operation]) -> Self {
        Self {
            operations,
            invoke: |cx, operation, event| match operation {
                Operation::Sync => Box::pin(sync::<C>(cx, event)),
                _ => Box::pin(write::<C>(cx, operation, event)),
            },
            ..Self::read_only::<C>()
        }
    }

    /// Runs an operation: the very handler that Lambda runs.
    pub async fn invoke(
        &self,
        cx: &Context,
        operation: Operation,
        event: &Value,
    ) -> Result<Value, Error> {
        if !self.operations.contains(&operation) {
            let (name, operation) = (self.about.display_name, operation.as_str());
            return Err(Error::invalid(
                Code::UnknownOperation,
                format!("{name} does not support {operation}"),
                format!("See what it supports: `rollcall capabilities {}`.", self.about.name),
            ));
        }
        (self.invoke)(cx, operation, event).await
    }

    /// Asks the vendor whom the credential belongs to.
    pub async fn identify(
        &self,
        cx: &Context,
        connection: &str,
    ) -> Result<(Identity, Vec<Warning>), Error> {
        (self.identify)(cx, connection).await
    }
}

async fn identify<C: Connector>(
    cx: &Context,
    connection: &str,
) -> Result<(Identity, Vec<Warning>), Error> {
    event::check_connection(connection)?;
    let connected = cx.connect::<C>(connection, cx.session()).await?;
    let identity = connected.connector.identify().await?;
    Ok((identity, connected.warnings))
}
