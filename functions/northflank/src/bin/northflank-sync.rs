//! The Lambda function `northflank-sync`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::sync::<rollcall_northflank::Northflank>()
}
