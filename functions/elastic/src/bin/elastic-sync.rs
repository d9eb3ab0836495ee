//! The Lambda function `elastic-sync`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::sync::<rollcall_elastic::Elastic>()
}
