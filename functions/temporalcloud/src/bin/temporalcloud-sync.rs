//! The Lambda function `temporalcloud-sync`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::sync::<rollcall_temporalcloud::TemporalCloud>()
}
