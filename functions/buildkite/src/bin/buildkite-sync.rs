//! The Lambda function `buildkite-sync`.

fn main() -> Result<(), rollcall_engine::runtime::lambda::RuntimeError> {
    rollcall_engine::runtime::lambda::sync::<rollcall_buildkite::Buildkite>()
}
