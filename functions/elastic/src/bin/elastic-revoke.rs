//! The Lambda function `elastic-revoke`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::revoke::<rollcall_elastic::Elastic>()
}
