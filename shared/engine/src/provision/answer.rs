//! The answers of a change.

use jiff::Timestamp;

use super::Order;
use super::audit::Record;
use rollcall_connector::event::{ChangeAnswer, Outcome, Reason};

/// The request is not finished: the same event resumes it from `at` on. Without a reason, the vendor is still applying the
/// change.
pub(super) fn in_progress(
    order: &Order,
    record: &Record<'_>,
    at: Timestamp,
    reason: Option<Reason>,
) -> ChangeAnswer {
    ChangeAnswer { resume_at: Some(at), reason, ..blank(order, record, Outcome::InProgress) }
}

/// An answer with only this content.
pub(super) fn blank(order: &Order, record: &Record<'_>, outcome: Outcome) -> ChangeAnswer {
    ChangeAnswer {
        outcome,
        request_id: order.request.id.clone(),
        dry_run: order.dry_run,
        grants: Vec::new(),
        replaced: Vec::new(),
        removed: Vec::new(),
        resource: None,
        vendor_request_id: None,
        resume_at: None,
        reason: None,
        expires_at: None,
        expiration: None,
        warnings: Vec::new(),
        audit: Some(record.key()),
    }
}
