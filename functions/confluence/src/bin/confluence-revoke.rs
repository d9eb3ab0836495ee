//! The Lambda function `confluence-revoke`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::revoke::<rollcall_confluence::Confluence>()
}
