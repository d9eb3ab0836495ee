//! The Lambda function `elastic-revoke`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::revoke::<rollcall_elastic::Elastic>()
}
