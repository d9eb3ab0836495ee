//! The Lambda function `elastic-grant`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::grant::<rollcall_elastic::Elastic>()
}
