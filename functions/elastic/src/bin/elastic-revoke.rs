//! The Lambda function `elastic-revoke`.

rollcall_engine::function!(rollcall_elastic::Elastic, Revoke);
