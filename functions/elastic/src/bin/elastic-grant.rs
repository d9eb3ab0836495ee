//! The Lambda function `elastic-grant`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::grant::<rollcall_elastic::Elastic>()
}
