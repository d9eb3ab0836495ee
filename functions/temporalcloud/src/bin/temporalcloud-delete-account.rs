//! The Lambda function `temporalcloud-delete-account`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::delete_account::<rollcall_temporalcloud::TemporalCloud>()
}
