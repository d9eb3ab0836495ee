//! The Lambda function `<connector>-c1`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_c1::lambda()
}
