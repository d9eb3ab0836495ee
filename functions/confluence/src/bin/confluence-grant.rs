//! The Lambda function `confluence-grant`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::grant::<rollcall_confluence::Confluence>()
}
