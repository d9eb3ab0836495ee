//! The Lambda function `temporalcloud-revoke`.

rollcall_engine::function!(rollcall_temporalcloud::TemporalCloud, Revoke);
