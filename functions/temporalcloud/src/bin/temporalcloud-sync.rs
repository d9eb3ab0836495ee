//! The Lambda function `temporalcloud-sync`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::sync::<rollcall_temporalcloud::TemporalCloud>()
}
