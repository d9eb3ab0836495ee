//! The Lambda function `temporalcloud-create-account`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::create_account::<rollcall_temporalcloud::TemporalCloud>()
}
