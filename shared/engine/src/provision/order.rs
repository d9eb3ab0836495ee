//! An event of a function that changes access, checked.

use rollcall_connector::event::{self, ChangeEvent, CreateEvent, DeleteEvent, GrantEvent};
use rollcall_connector::provision::{Action, Request};
use rollcall_connector::{Code, Error};
use serde::Serialize;
use serde_json::Value;

use crate::expiration::Lifetime;
use crate::operation::Operation;

/// An event of a function that changes access, checked.
#[derive(Debug, Clone)]
pub struct Order {
    /// The connection's name.
    pub connection: String,
    /// The change.
    pub request: Request,
    /// Whether it is a dry run.
    pub dry_run: bool,
    /// The event itself, for the audit record and to recognize a repetition.
    pub event: Value,
    /// When the grant is to end.
    pub(super) lifetime: Option<Lifetime>,
    /// The ids of the grants that its first write must replace; `None`: whatever it replaces.
    pub(super) replaces: Option<Vec<String>>,
}

impl Order {
    /// Reads the event of a function that changes access.
    pub fn parse(operation: Operation, event: &Value) -> Result<Self, Error> {
        match operation {
            Operation::Grant => {
                let e: GrantEvent = event::parse(event)?;
                let entitlement = event::entitlement(&e.entitlement)?;
                let principal = event::principal(&e.principal)?;
                let action = Action::Grant { entitlement, principal };
                let mut order = Self::new(&e, &e.connection, &e.request_id, action, e.dry_run)?;
                order.lifetime = Lifetime::parse(e.expires_at, e.duration.as_deref())?;
                order.request.allow = e.allow;
                Ok(order)
            }
            Operation::Revoke => Self::change(event::parse(event)?, false),
            Operation::CreateAccount => {
                let e: CreateEvent = event::parse(event)?;
                let account = e.account.clone();
                let action = Action::Create { account };
                Self::new(&e, &e.connection, &e.request_id, action, e.dry_run)
            }
            Operation::DeleteAccount => {
                let e: DeleteEvent = event::parse(event)?;
                let principal = event::principal(&e.principal)?;
                let action = Action::Delete { principal };
                Self::new(&e, &e.connection, &e.request_id, action, e.dry_run)
            }
            Operation::Sync => {
                Err(Error::internal(Code::UnknownOperation, "a sync changes no access"))
            }
        }
    }

    /// A revocation, or a grant without an end.
    pub(super) fn change(e: ChangeEvent, grants: bool) -> Result<Self, Error> {
        let entitlement = event::entitlement(&e.entitlement)?;
        let principal = event::principal(&e.principal)?;
        let action = match grants {
            true => Action::Grant { entitlement, principal },
            false => Action::Revoke { entitlement, principal },
        };
        let mut order = Self::new(&e, &e.connection, &e.request_id, action, e.dry_run)?;
        order.request.allow = e.allow;
        Ok(order)
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
        // Serialized again, including defaults: two spellings of one event are the same event.
        let event = serde_json::to_value(event).map_err(Error::not_json)?;
        Ok(Self {
            connection: connection.to_owned(),
            request: Request { id: request_id.to_owned(), action, allow: Vec::new() },
            dry_run,
            event,
            lifetime: None,
            replaces: None,
        })
    }
}
