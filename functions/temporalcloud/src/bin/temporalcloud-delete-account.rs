//! The Lambda function `temporalcloud-delete-account`.

rollcall_engine::function!(rollcall_temporalcloud::TemporalCloud, DeleteAccount);
