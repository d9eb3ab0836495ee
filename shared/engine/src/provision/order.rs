//! An event of a write function, reduced to what the engine needs.

use rollcall_connector::event::{self, ChangeEvent, CreateEvent, DeleteEvent};
use rollcall_connector::provision::{Action, Request};
use rollcall_connector::{Code, Error};
use rollcall_model::{EntitlementId, ResourceId};
use serde::Serialize;
use serde_json::Value;

/// An event of a write function, reduced to what the engine needs.
#[derive(Debug, Clone)]
pub struct Order {
    /// Which connection.
    pub connection: String,
    /// What to do.
    pub request: Request,
    /// Only look.
    pub dry_run: bool,
    /// The event itself, for the audit record and to recognize it again.
    pub event: Value,
}

impl Order {
    /// Reads the event of the grant function.
    pub fn grant(event: &Value) -> Result<Self, Error> {
        Self::change(event, |entitlement, principal| Action::Grant {
            entitlement,
            principal,
        })
    }

    /// Reads the event of the revoke function.
    pub fn revoke(event: &Value) -> Result<Self, Error> {
        Self::change(event, |entitlement, principal| Action::Revoke {
            entitlement,
            principal,
        })
    }

    fn change(
        event: &Value,
        action: fn(EntitlementId, ResourceId) -> Action,
    ) -> Result<Self, Error> {
        let change: ChangeEvent = event::parse(event)?;
        let action = action(
            event::entitlement(&change.entitlement)?,
            event::principal(&change.principal)?,
        );
        let (connection, request_id) = (&change.connection, &change.request_id);
        let mut order = Self::new(&change, connection, request_id, action, change.dry_run)?;
        order.request.allow = change.allow;
        Ok(order)
    }

    /// Reads the event of the create-account function.
    pub fn create(event: &Value) -> Result<Self, Error> {
        let create: CreateEvent = event::parse(event)?;
        let action = Action::Create {
            account: create.account.clone(),
        };
        Self::new(
            &create,
            &create.connection,
            &create.request_id,
            action,
            create.dry_run,
        )
    }

    /// Reads the event of the delete-account function.
    pub fn delete(event: &Value) -> Result<Self, Error> {
        let delete: DeleteEvent = event::parse(event)?;
        let action = Action::Delete {
            principal: event::principal(&delete.principal)?,
        };
        Self::new(
            &delete,
            &delete.connection,
            &delete.request_id,
            action,
            delete.dry_run,
        )
    }

    fn new<E: Serialize>(
        event: &E,
        connection: &str,
        request_id: &str,
        action: Action,
        dry_run: bool,
    ) -> Result<Self, Error> {
        event::check_connection(connection)?;
        event::check_request_id(request_id)?;
        // Written out again, defaults included: two spellings of one event are the same event.
        let event = serde_json::to_value(event).map_err(|e| {
            Error::internal(Code::NotJson, "an event has no JSON form").with_source(e)
        })?;
        Ok(Self {
            connection: connection.to_owned(),
            request: Request {
                id: request_id.to_owned(),
                action,
                allow: Vec::new(),
            },
            dry_run,
            event,
        })
    }
}
