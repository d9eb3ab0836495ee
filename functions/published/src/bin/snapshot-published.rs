//! The function that follows published snapshots.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_published::lambda()
}
