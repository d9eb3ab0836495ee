//! Grant, revoke, create and delete account.
//!
//! Permissions on namespaces go through `Set…NamespaceAccess`, which changes one entry and cannot erase anything else.
//! Account roles have no such call: the whole spec is read raw, one value in it is changed, and all of it is sent back,
//! including unknown fields. Every write carries an `asyncOperationId` derived from the request and from what was read:
//! the vendor recognizes a repetition.

use std::time::Duration;

use async_trait::async_trait;
use rollcall_connector::clock::after;
use rollcall_connector::provision::{Action, Plan, Provisioner, Request, WriteProgress};
use rollcall_connector::{Code, Error, ErrorType, Identity, http};

use crate::api::{ApiEnum, AsyncOperation, OperationState, WriteCall};
use crate::connect::TemporalCloud;
use grantable::Grantable;
use planner::Planner;

mod account;
mod grantable;
mod namespace;
mod planner;
mod principal;
mod role;

/// The delay between polls if the vendor gives none, as in its own clients.
const DEFAULT_DELAY: f64 = 2.0;
/// The shortest and the longest delay, whatever the vendor says.
const DELAYS: (f64, f64) = (1.0, 30.0);
/// The delay while the account has as many changes in progress as the vendor allows.
const BUSY_DELAY: Duration = Duration::from_secs(30);

#[async_trait]
impl Provisioner for TemporalCloud {
    type Change = WriteCall;

    async fn plan(&self, identity: &Identity, request: &Request) -> Result<Plan<WriteCall>, Error> {
        let planner = Planner { connector: self, identity, request };
        let target = |entitlement| Grantable::parse(&identity.tenant, entitlement);
        match &request.action {
            Action::Grant { entitlement, principal } => match target(entitlement)? {
                Grantable::Namespace(id, p) => planner.grant_permission(&id, &p, principal).await,
                Grantable::Role(role) => planner.grant_role(&role, principal).await,
            },
            Action::Revoke { entitlement, principal } => match target(entitlement)? {
                Grantable::Namespace(id, p) => planner.revoke_permission(&id, &p, principal).await,
                Grantable::Role(role) => planner.revoke_role(&role, principal).await,
            },
            Action::Create { account } => planner.create(account).await,
            Action::Delete { principal } => planner.delete(principal).await,
        }
    }

    async fn send(&self, change: &WriteCall) -> Result<WriteProgress, Error> {
        match self.api.write(change).await {
            Ok(operation) => progress(&operation),
            Err(e) => self.refused_write(e),
        }
    }

    async fn poll(&self, change: &WriteCall) -> Result<WriteProgress, Error> {
        match self.api.operation(&change.operation_id).await {
            Ok(operation) => progress(&operation),
            Err(e) if e.is_not_found() => Ok(WriteProgress::Unknown),
            Err(e) => Err(e.into()),
        }
    }
}

/// The state of an operation, for the engine.
fn progress(operation: &AsyncOperation) -> Result<WriteProgress, Error> {
    let state = operation.state();
    match state.filter(OperationState::has_ended) {
        Some(OperationState::Fulfilled) => Ok(WriteProgress::Done(Some(operation.id.clone()))),
        None => {
            let seconds = operation.check_after().unwrap_or(DEFAULT_DELAY);
            let seconds = seconds.clamp(DELAYS.0, DELAYS.1);
            Ok(WriteProgress::Pending(Duration::from_secs_f64(seconds)))
        }
        Some(bad) => Err(Error::refused(
            Code::OperationFailed,
            format!(
                "the vendor's operation {} ended as {}: {}",
                operation.id,
                bad.slug(),
                operation.failure_reason()
            ),
            "Read the vendor's message, then send a new request with a new `request_id`.",
        )),
    }
}

impl TemporalCloud {
    /// The meaning of a write's error. *Unknown*: how the API reports a stale `resourceVersion`; a 409, or a 400 that
    /// mentions a version, is taken for that. "nothing to change" (400) means that the state is as requested, or that
    /// the server dropped the request: reading again shows which.
    fn refused_write(&self, e: http::error::Error) -> Result<WriteProgress, Error> {
        let message = e.vendor_message().unwrap_or_default().to_lowercase();
        match e.status() {
            Some(400 | 409) if is_too_many(&message) => {
                let at = after(self.session.clock.now(), BUSY_DELAY);
                Err(Error::new(
                    ErrorType::RateLimited,
                    Code::RateLimited,
                    e.to_string(),
                    "Send the same event again at the time given.",
                )
                .with_retry_at(at))
            }
            Some(404 | 409) => Ok(WriteProgress::Overtaken),
            Some(400) if message.contains("version") || message.contains("nothing to change") => {
                Ok(WriteProgress::Overtaken)
            }
            Some(400) => Err(Error::new(
                ErrorType::Refused,
                Code::VendorRefused,
                e.to_string(),
                "Temporal Cloud refuses this change; its quoted message says why.",
            )),
            _ => Err(e.into()),
        }
    }
}

/// Whether the vendor reports too many changes at once. An account may have ten in progress
/// (<https://docs.temporal.io/cloud/limits>). *Unknown*: the answer to a further one; a 429 is a rate limit anyway.
fn is_too_many(message: &str) -> bool {
    let of_work = ["operation", "request", "change", "mutation"];
    let too_many = message.contains("too many") && of_work.iter().any(|w| message.contains(w));
    let phrases = [
        "rate limit",
        "resource exhausted",
        "resource_exhausted",
        "retry later",
        "concurrent operations",
    ];
    too_many || phrases.iter().any(|phrase| message.contains(phrase))
}
