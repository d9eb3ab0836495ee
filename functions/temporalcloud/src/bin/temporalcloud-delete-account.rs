//! The Lambda function `temporalcloud-delete-account`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::delete_account::<rollcall_temporalcloud::TemporalCloud>()
}
