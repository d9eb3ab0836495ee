//! The Lambda function `temporalcloud-revoke`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::revoke::<rollcall_temporalcloud::TemporalCloud>()
}
