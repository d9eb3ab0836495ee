//! The Lambda function `northflank-sync`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::sync::<rollcall_northflank::Northflank>()
}
