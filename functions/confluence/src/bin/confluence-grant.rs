//! The Lambda function `confluence-grant`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::grant::<rollcall_confluence::Confluence>()
}
