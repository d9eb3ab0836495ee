//! The Lambda function `buildkite-sync`.

fn main() -> Result<(), rollcall::lambda::RuntimeError> {
    rollcall::lambda::sync::<rollcall_buildkite::Buildkite>()
}
