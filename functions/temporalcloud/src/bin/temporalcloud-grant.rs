//! The Lambda function `temporalcloud-grant`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::grant::<rollcall_temporalcloud::TemporalCloud>()
}
