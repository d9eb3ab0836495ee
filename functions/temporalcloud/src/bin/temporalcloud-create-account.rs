//! The Lambda function `temporalcloud-create-account`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::create_account::<rollcall_temporalcloud::TemporalCloud>()
}
