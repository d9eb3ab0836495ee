//! The Lambda function `temporalcloud-create-account`.

rollcall_engine::function!(rollcall_temporalcloud::TemporalCloud, CreateAccount);
