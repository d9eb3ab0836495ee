//! The Lambda function `elastic-sync`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::sync::<rollcall_elastic::Elastic>()
}
