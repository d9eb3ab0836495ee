//! The Lambda function `temporalcloud-sync`.

rollcall_engine::function!(rollcall_temporalcloud::TemporalCloud, Sync);
