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
        dry_run: order.dry_run,
        audit: Some(record.key()),
        ..ChangeAnswer::new(outcome, &order.request.id)
    }
}
