//! The Lambda function `elastic-sync`.

rollcall_engine::function!(rollcall_elastic::Elastic, Sync);
