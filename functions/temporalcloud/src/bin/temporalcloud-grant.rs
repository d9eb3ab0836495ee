//! The Lambda function `temporalcloud-grant`.

rollcall_engine::function!(rollcall_temporalcloud::TemporalCloud, Grant);
