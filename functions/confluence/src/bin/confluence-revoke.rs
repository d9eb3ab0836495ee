//! The Lambda function `confluence-revoke`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::revoke::<rollcall_confluence::Confluence>()
}
