//! The Lambda function `buildkite-sync`.

rollcall_engine::function!(rollcall_buildkite::Buildkite, Sync);
