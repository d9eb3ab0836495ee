//! The Lambda function `temporalcloud-revoke`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::revoke::<rollcall_temporalcloud::TemporalCloud>()
}
