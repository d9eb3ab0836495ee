//! The Lambda function `confluence-sync`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::sync::<rollcall_confluence::Confluence>()
}
